#include "create_tensor.h"

#include <string.h>

#include "content.h"
#include "row_array.h"

static const DLDataType FLOAT64 = {kDLFloat, 64, 1};
static const DLDataType INT32 = {kDLInt, 32, 1};

const mts_labels_t*
create_labels(const char* const* names, uintptr_t size, const int32_t* values, uintptr_t count) {
    const uintptr_t shape[2] = {count, size};
    mts_array_t array = {0};
    uintptr_t row = 0;

    if (row_array_create(shape, 2, INT32, &array) != MTS_SUCCESS) {
        return NULL;
    }
    for (row = 0; row < count; row++) {
        memcpy(row_array_row(&array, row), values + row * size, size * sizeof(int32_t));
    }
    /* the array now belongs to metatensor, even if this function fails */
    return mts_labels(names, size, array);
}

/** Labels with one dimension and the entries `first`, `first + 1`, ... */
static const mts_labels_t* create_range(const char* name, int32_t first, uintptr_t count) {
    int32_t values[8];
    uintptr_t i = 0;
    for (i = 0; i < count && i < 8; i++) {
        values[i] = first + (int32_t)i;
    }
    return create_labels(&name, 1, values, count);
}

/** Location of the numbers of one sample of a block; the other dimensions are set to zero */
static location_t sample_location(const block_content_t* content, uintptr_t sample) {
    location_t location;
    memset(&location, 0, sizeof(location));
    location.values[CENTER_TYPE] = content->center_type;
    location.values[NEIGHBOR_TYPE] = content->neighbor_type;
    location.values[SYSTEM] = content->samples[sample][0];
    location.values[ATOM] = content->samples[sample][1];
    return location;
}

static mts_status_t create_values(const block_content_t* content, mts_array_t* array) {
    const uintptr_t shape[3] = {(uintptr_t)content->samples_count, 3, PROPERTIES_COUNT};
    uintptr_t sample = 0;
    int32_t mu = 0;
    int32_t property = 0;

    const mts_status_t status = row_array_create(shape, 3, FLOAT64, array);
    for (sample = 0; status == MTS_SUCCESS && sample < shape[0]; sample++) {
        double* row = row_array_row(array, sample);
        location_t location = sample_location(content, sample);
        for (mu = -1; mu <= 1; mu++) {
            for (property = 0; property < PROPERTIES_COUNT; property++) {
                location.values[O3_MU] = mu;
                location.values[N] = content->first_n + property;
                *row++ = content_value(&location);
            }
        }
    }
    return status;
}

static mts_status_t create_gradient_values(const block_content_t* content, mts_array_t* array) {
    const uintptr_t shape[5] = {(uintptr_t)content->samples_count, 3, 3, 3, PROPERTIES_COUNT};
    uintptr_t sample = 0;
    int32_t i = 0;

    const mts_status_t status = row_array_create(shape, 5, FLOAT64, array);
    for (sample = 0; status == MTS_SUCCESS && sample < shape[0]; sample++) {
        double* row = row_array_row(array, sample);
        location_t location = sample_location(content, sample);
        for (i = 0; i < 27 * PROPERTIES_COUNT; i++) {
            location.values[N] = content->first_n + i % PROPERTIES_COUNT;
            location.values[O3_MU] = i / PROPERTIES_COUNT % 3 - 1;
            location.values[XYZ_2] = i / PROPERTIES_COUNT / 3 % 3;
            location.values[XYZ_1] = i / PROPERTIES_COUNT / 9;
            *row++ = content_strain_gradient(&location);
        }
    }
    return status;
}

/** Adds the gradient with respect to the strain to a block with these labels */
static mts_status_t add_gradient(
    mts_block_t* block,
    const block_content_t* content,
    const mts_labels_t* mu,
    const mts_labels_t* properties
) {
    mts_status_t status = MTS_SUCCESS;
    mts_array_t values = {0};
    mts_block_t* gradient = NULL;
    const mts_labels_t* samples = create_range("sample", 0, (uintptr_t)content->samples_count);
    const mts_labels_t* xyz_1 = create_range("xyz_1", 0, 3);
    const mts_labels_t* xyz_2 = create_range("xyz_2", 0, 3);
    /* the components of the block itself are the last ones */
    const mts_labels_t* components[3] = {xyz_1, xyz_2, mu};

    if (samples == NULL || xyz_1 == NULL || xyz_2 == NULL) {
        status = MTS_INTERNAL_ERROR;
        goto cleanup;
    }
    status = create_gradient_values(content, &values);
    if (status != MTS_SUCCESS) {
        goto cleanup;
    }
    gradient = mts_block(values, samples, components, 3, properties);
    if (gradient == NULL) {
        status = MTS_INTERNAL_ERROR;
        goto cleanup;
    }
    /* the gradient then belongs to the block, even if this function fails */
    status = mts_block_add_gradient(block, "strain", gradient);

cleanup:
    /* blocks share labels, we have to release our own handles; releasing NULL does nothing */
    mts_labels_free(samples);
    mts_labels_free(xyz_1);
    mts_labels_free(xyz_2);
    return status;
}

static mts_block_t* create_block(const block_content_t* content) {
    static const char* const SAMPLE_NAMES[] = {"system", "atom"};
    mts_status_t status = MTS_INTERNAL_ERROR;
    mts_array_t values = {0};
    mts_block_t* block = NULL;
    const mts_labels_t* samples =
        create_labels(SAMPLE_NAMES, 2, content->samples[0], (uintptr_t)content->samples_count);
    const mts_labels_t* mu = create_range("o3_mu", -1, 3);
    const mts_labels_t* properties = create_range("n", content->first_n, PROPERTIES_COUNT);

    if (samples == NULL || mu == NULL || properties == NULL) {
        goto cleanup;
    }
    status = create_values(content, &values);
    if (status != MTS_SUCCESS) {
        goto cleanup;
    }
    block = mts_block(values, samples, &mu, 1, properties);
    if (block == NULL) {
        status = MTS_INTERNAL_ERROR;
        goto cleanup;
    }
    status = add_gradient(block, content, mu, properties);

cleanup:
    mts_labels_free(samples);
    mts_labels_free(mu);
    mts_labels_free(properties);
    if (status != MTS_SUCCESS) {
        mts_block_free(block);
        return NULL;
    }
    return block;
}

mts_tensormap_t* create_tensor(void) {
    static const char* const KEY_NAMES[] = {"center_type", "neighbor_type"};
    int32_t keys_values[BLOCKS_COUNT][2];
    mts_block_t* blocks[BLOCKS_COUNT] = {NULL};
    const mts_labels_t* keys = NULL;
    mts_tensormap_t* tensor = NULL;
    int i = 0;

    for (i = 0; i < BLOCKS_COUNT; i++) {
        keys_values[i][0] = BLOCKS[i].center_type;
        keys_values[i][1] = BLOCKS[i].neighbor_type;
        blocks[i] = create_block(&BLOCKS[i]);
        if (blocks[i] == NULL) {
            goto cleanup;
        }
    }
    keys = create_labels(KEY_NAMES, 2, keys_values[0], BLOCKS_COUNT);
    if (keys == NULL) {
        goto cleanup;
    }
    tensor = mts_tensormap(keys, blocks, BLOCKS_COUNT);

cleanup:
    mts_labels_free(keys);
    /* mts_tensormap() has set to NULL the pointers to the blocks that it took */
    for (i = 0; i < BLOCKS_COUNT; i++) {
        mts_block_free(blocks[i]);
    }
    return tensor;
}
