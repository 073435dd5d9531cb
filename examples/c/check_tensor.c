#include "check_tensor.h"

#include <stdio.h>
#include <string.h>

#include "content.h"

static mts_status_t fail(const char* message) {
    mts_set_last_error(message, "check_tensor", NULL, NULL);
    return MTS_INTERNAL_ERROR;
}

/** Sets the dimensions of `location` that these labels have, from one of their entries */
static mts_status_t read_entry(const mts_labels_t* labels, uintptr_t entry, location_t* location) {
    const char* const* names = NULL;
    const int32_t* values = NULL;
    uintptr_t count = 0;
    uintptr_t size = 0;
    uintptr_t i = 0;
    int dimension = 0;

    mts_status_t status = mts_labels_dimensions(labels, &names, &size);
    if (status == MTS_SUCCESS) {
        status = mts_labels_values_cpu(labels, &values, &count, &size);
    }
    for (i = 0; status == MTS_SUCCESS && i < size; i++) {
        for (dimension = 0; dimension < DIMENSIONS_COUNT; dimension++) {
            if (strcmp(names[i], DIMENSIONS[dimension]) == 0) {
                location->values[dimension] = values[entry * size + i];
            }
        }
    }
    return status;
}

/** Location of the sample of a block to which a sample of one of its gradients belongs */
static mts_status_t read_parent_sample(
    const mts_labels_t* samples,
    const mts_labels_t* parent_samples,
    uintptr_t entry,
    location_t* location
) {
    const int32_t* values = NULL;
    uintptr_t count = 0;
    uintptr_t size = 0;
    const mts_status_t status = mts_labels_values_cpu(samples, &values, &count, &size);
    if (status != MTS_SUCCESS) {
        return status;
    }
    /* `sample` is always the first dimension */
    return read_entry(parent_samples, (uintptr_t)values[entry * size], location);
}

/**
 * Checks one number of a block.
 *
 * @param values the values of the block, on CPU and with any strides
 * @param labels labels of all axes
 * @param parent_samples samples of the block of which this one is a gradient, or NULL
 * @param location values of the keys
 * @param position position of the number, in row-major order
 */
static mts_status_t check_number(
    const DLTensor* values,
    const mts_labels_t* const* labels,
    const mts_labels_t* parent_samples,
    location_t location,
    uintptr_t position
) {
    mts_status_t status = MTS_SUCCESS;
    double expected = FILL_VALUE;
    double actual = 0.0;
    int64_t offset = 0;
    int64_t row_major_stride = 1;
    int32_t axis = 0;

    for (axis = values->ndim - 1; axis >= 0 && status == MTS_SUCCESS; axis--) {
        const uintptr_t size = (uintptr_t)values->shape[axis];
        const uintptr_t entry = position % size;
        offset +=
            (int64_t)entry * (values->strides == NULL ? row_major_stride : values->strides[axis]);
        row_major_stride *= values->shape[axis];
        position /= size;

        if (axis == 0 && parent_samples != NULL) {
            status = read_parent_sample(labels[0], parent_samples, entry, &location);
        } else {
            status = read_entry(labels[axis], entry, &location);
        }
    }
    if (status != MTS_SUCCESS) {
        return status;
    }

    if (content_exists(&location)) {
        expected =
            parent_samples == NULL ? content_value(&location) : content_strain_gradient(&location);
    }
    memcpy(
        &actual,
        (const char*)values->data + values->byte_offset + offset * (int64_t)sizeof(double),
        sizeof(double)
    );
    return actual == expected ? MTS_SUCCESS : fail("a number is not what its labels say");
}

/** Checks all numbers of a block or of a gradient, and adds how many there are to `checked` */
static mts_status_t check_values(
    mts_block_t* block, const mts_labels_t* parent_samples, location_t location, uintptr_t* checked
) {
    const DLDevice cpu = {kDLCPU, 0};
    const DLPackVersion version = {1, 3};
    const mts_labels_t* labels[8] = {NULL};
    DLManagedTensorVersioned* tensor = NULL;
    mts_array_t array = {0};
    uintptr_t count = 1;
    uintptr_t position = 0;
    int32_t axis = 0;

    /* a view of the array, which still belongs to the block */
    mts_status_t status = mts_block_data(block, &array);
    if (status == MTS_SUCCESS) {
        status = array.as_dlpack(array.ptr, &tensor, cpu, NULL, version);
    }
    if (status != MTS_SUCCESS) {
        return status;
    }
    if (tensor->dl_tensor.dtype.code != kDLFloat || tensor->dl_tensor.dtype.bits != 64 ||
        tensor->dl_tensor.ndim > 8) {
        status = fail("expected 64-bit floating point numbers, with at most 8 axes");
        goto cleanup;
    }

    for (axis = 0; axis < tensor->dl_tensor.ndim; axis++) {
        labels[axis] = mts_block_labels(block, (uintptr_t)axis);
        if (labels[axis] == NULL) {
            status = MTS_INTERNAL_ERROR;
            goto cleanup;
        }
        count *= (uintptr_t)tensor->dl_tensor.shape[axis];
    }
    for (position = 0; position < count && status == MTS_SUCCESS; position++) {
        status = check_number(&tensor->dl_tensor, labels, parent_samples, location, position);
    }
    *checked += count;

cleanup:
    for (axis = 0; axis < 8; axis++) {
        mts_labels_free(labels[axis]);
    }
    if (tensor->deleter != NULL) {
        tensor->deleter(tensor);
    }
    return status;
}

static mts_status_t check_block(mts_block_t* block, location_t location, uintptr_t* checked) {
    const char* const* parameters = NULL;
    uintptr_t count = 0;
    uintptr_t i = 0;
    mts_block_t* gradient = NULL;
    const mts_labels_t* samples = NULL;

    mts_status_t status = check_values(block, NULL, location, checked);
    if (status != MTS_SUCCESS) {
        return status;
    }
    samples = mts_block_labels(block, 0);
    if (samples == NULL) {
        return MTS_INTERNAL_ERROR;
    }

    status = mts_block_gradients_list(block, &parameters, &count);
    for (i = 0; i < count && status == MTS_SUCCESS; i++) {
        /* a view, which is not to be released */
        status = mts_block_gradient(block, parameters[i], &gradient);
        if (status == MTS_SUCCESS) {
            status = check_values(gradient, samples, location, checked);
        }
    }
    mts_labels_free(samples);
    return status;
}

mts_status_t check_tensor(mts_tensormap_t* tensor, const char* name) {
    mts_status_t status = MTS_SUCCESS;
    const int32_t* values = NULL;
    uintptr_t count = 0;
    uintptr_t size = 0;
    uintptr_t checked = 0;
    uintptr_t i = 0;
    mts_block_t* block = NULL;
    const mts_labels_t* keys = mts_tensormap_keys(tensor);
    if (keys == NULL) {
        return MTS_INTERNAL_ERROR;
    }

    status = mts_labels_values_cpu(keys, &values, &count, &size);
    for (i = 0; i < count && status == MTS_SUCCESS; i++) {
        location_t location;
        memset(&location, 0, sizeof(location));
        status = read_entry(keys, i, &location);
        if (status == MTS_SUCCESS) {
            status = mts_tensormap_block_by_id(tensor, &block, i);
        }
        if (status == MTS_SUCCESS) {
            status = check_block(block, location, &checked);
        }
    }
    mts_labels_free(keys);
    if (status == MTS_SUCCESS) {
        printf("%s: %d blocks, %d numbers checked\n", name, (int)count, (int)checked);
    }
    return status;
}
