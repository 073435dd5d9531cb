/**
 * A tour of metatensor from C, with the arrays of row_array.h: create a tensor map with gradients,
 * merge its blocks, save and load it, and handle errors.
 *
 *     tour FILE.mts
 *
 * Every function that can fail returns a status, or NULL in place of a pointer. Whoever fails
 * describes the error with mts_set_last_error(), as metatensor itself does; all the others only
 * release what they own and give the failure to their caller. main() prints the error.
 */

#include <metatensor.h>

#include <stdio.h>
#include <string.h>

#include "check_tensor.h"
#include "create_tensor.h"
#include "row_array.h"
#include "shared_memory.h"

static mts_status_t fail(const char* message) {
    mts_set_last_error(message, "tour", NULL, NULL);
    return MTS_INTERNAL_ERROR;
}

/** Checks a tensor map that a function has just returned, and releases it. NULL is an error. */
static mts_status_t check_and_free(mts_tensormap_t* tensor, const char* name) {
    mts_status_t status = MTS_INTERNAL_ERROR;
    if (tensor != NULL) {
        status = check_tensor(tensor, name);
    }
    mts_tensormap_free(tensor);
    return status;
}

/* ---------------------------------------------------------------------------------------------- */
/*   Merging blocks                                                                               */
/* ---------------------------------------------------------------------------------------------- */

/** What is put where there is no data: an array without axes. It can be any kind of array. */
static mts_status_t create_fill_value(mts_array_t* array) {
    const DLDataType dtype = {kDLFloat, 64, 1};
    const double value = FILL_VALUE;
    const mts_status_t status = row_array_create(NULL, 0, dtype, array);
    if (status == MTS_SUCCESS) {
        memcpy(row_array_row(array, 0), &value, sizeof(value));
    }
    return status;
}

/** Moves one dimension of the keys to the properties, or to the samples; NULL on errors */
static mts_tensormap_t*
move_key(const mts_tensormap_t* tensor, const char* dimension, bool to_properties) {
    mts_array_t fill_value = {0};
    mts_tensormap_t* result = NULL;
    /* without entries: take whatever values there are */
    const mts_labels_t* keys_to_move = create_labels(&dimension, 1, NULL, 0);

    if (keys_to_move != NULL && create_fill_value(&fill_value) == MTS_SUCCESS) {
        /* the fill value then belongs to metatensor, even if the function fails */
        result = to_properties
                     ? mts_tensormap_keys_to_properties(tensor, keys_to_move, fill_value, true)
                     : mts_tensormap_keys_to_samples(tensor, keys_to_move, fill_value, true);
    }
    mts_labels_free(keys_to_move);
    return result;
}

static mts_status_t merge_blocks(const mts_tensormap_t* tensor) {
    const char* const component = "o3_mu";

    mts_status_t status =
        check_and_free(move_key(tensor, "neighbor_type", true), "keys_to_properties");
    if (status == MTS_SUCCESS) {
        status = check_and_free(move_key(tensor, "center_type", false), "keys_to_samples");
    }
    if (status == MTS_SUCCESS) {
        status = check_and_free(
            mts_tensormap_components_to_properties(tensor, &component, 1),
            "components_to_properties"
        );
    }
    return status;
}

/* ---------------------------------------------------------------------------------------------- */
/*   Copies                                                                                       */
/* ---------------------------------------------------------------------------------------------- */

/** Changes a copy: the original must not change */
static mts_status_t change_a_copy(mts_tensormap_t* tensor) {
    mts_block_t* block = NULL;
    mts_array_t values = {0};
    mts_status_t status = MTS_INTERNAL_ERROR;
    mts_tensormap_t* copy = mts_tensormap_copy(tensor);
    if (copy == NULL) {
        return status;
    }

    status = mts_tensormap_block_by_id(copy, &block, 0);
    if (status == MTS_SUCCESS) {
        status = mts_block_data(block, &values);
    }
    if (status == MTS_SUCCESS) {
        /* we know that these are row arrays; others are read and written through `as_dlpack` */
        *(double*)row_array_row(&values, 0) += 1.0;
        if (check_tensor(copy, "changed copy") == MTS_SUCCESS) {
            status = fail("the copy was not changed");
        }
    }
    mts_tensormap_free(copy);
    return status == MTS_SUCCESS ? check_tensor(tensor, "original of the copy") : status;
}

/* ---------------------------------------------------------------------------------------------- */
/*   Labels                                                                                       */
/* ---------------------------------------------------------------------------------------------- */

static mts_status_t compare_samples(void) {
    static const char* const NAMES[] = {"system", "atom"};
    static const int32_t FIRST[3][2] = {{0, 1}, {0, 2}, {1, 0}};
    static const int32_t SECOND[2][2] = {{1, 0}, {3, 4}};
    static const int32_t ADDED[2] = {3, 4};
    const mts_labels_t* first = create_labels(NAMES, 2, FIRST[0], 3);
    const mts_labels_t* second = create_labels(NAMES, 2, SECOND[0], 2);
    const mts_labels_t* all = NULL;
    int64_t mapping[2] = {-1, -1};
    int64_t position = -1;
    mts_status_t status = MTS_INTERNAL_ERROR;

    if (first != NULL && second != NULL) {
        /* the values of the result are another row array, made with `from_dlpack` */
        status = mts_labels_union(first, second, &all, NULL, 0, mapping, 2);
    }
    if (status == MTS_SUCCESS && (mapping[0] != 2 || mapping[1] != 3)) {
        status = fail("these are not the positions of the entries in the union");
    }
    if (status == MTS_SUCCESS) {
        status = mts_labels_position(all, ADDED, 2, &position);
    }
    if (status == MTS_SUCCESS && position != 3) {
        status = fail("this is not the position of the last entry");
    }
    mts_labels_free(first);
    mts_labels_free(second);
    mts_labels_free(all);
    return status;
}

/* ---------------------------------------------------------------------------------------------- */
/*   Files                                                                                        */
/* ---------------------------------------------------------------------------------------------- */

static uint8_t* grow_buffer(void* user_data, uint8_t* buffer, uintptr_t new_size) {
    (void)user_data;
    return realloc(buffer, new_size);
}

/** Does this file contain exactly these bytes? */
static bool file_contains(const char* path, const uint8_t* bytes, uintptr_t count) {
    uintptr_t i = 0;
    FILE* file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    for (i = 0; i < count && fgetc(file) == bytes[i]; i++) {
    }
    if (i == count && fgetc(file) != EOF) {
        i = 0;
    }
    fclose(file);
    return i == count;
}

static mts_status_t save_and_load(mts_tensormap_t* tensor, const char* path) {
    uint8_t* buffer = NULL;
    uintptr_t count = 0;

    mts_status_t status = mts_tensormap_set_info(tensor, "created by", "the tour of metatensor");
    if (status == MTS_SUCCESS) {
        status = mts_tensormap_save(path, tensor);
    }
    if (status == MTS_SUCCESS) {
        status = check_and_free(mts_tensormap_load(path, row_array_create_contiguous), "file");
    }

    if (status == MTS_SUCCESS) {
        status = mts_tensormap_save_buffer(&buffer, &count, NULL, grow_buffer, tensor);
    }
    if (status == MTS_SUCCESS && !file_contains(path, buffer, count)) {
        status = fail("the file and the buffer are not the same");
    }
    if (status == MTS_SUCCESS) {
        status = check_and_free(
            mts_tensormap_load_buffer(buffer, count, row_array_create_contiguous), "buffer"
        );
    }
    free(buffer);
    return status;
}

/* ---------------------------------------------------------------------------------------------- */
/*   Errors                                                                                       */
/* ---------------------------------------------------------------------------------------------- */

/** What the callback below has to say when it fails */
typedef struct {
    uintptr_t axes;
} refusal_t;

/** For the programs that can not use arrays with more than three axes */
static mts_status_t create_small_array(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    refusal_t* refusal = NULL;
    if (shape_count <= 3) {
        return row_array_create_contiguous(shape, shape_count, dtype, array);
    }

    refusal = malloc(sizeof(*refusal));
    if (refusal != NULL) {
        refusal->axes = shape_count;
    }
    /* `free` is called when this error is replaced by the next one */
    mts_set_last_error("this program needs at most 3 axes", "small arrays", refusal, free);
    return MTS_CALLBACK_ERROR;
}

/** An error of metatensor: the message says what is wrong */
static mts_status_t wrong_name(const mts_tensormap_t* tensor) {
    const char* message = NULL;
    mts_tensormap_t* merged = move_key(tensor, "neighbour_type", true);
    if (merged != NULL) {
        mts_tensormap_free(merged);
        return fail("moving a dimension that does not exist should be an error");
    }

    mts_last_error(&message, NULL, NULL);
    if (strncmp(message, "invalid parameter: ", 19) != 0) {
        return MTS_INTERNAL_ERROR;
    }
    printf("expected error: %s\n", message);
    return MTS_SUCCESS;
}

/** An error of our own callback: we find our own data again, behind the functions of metatensor */
static mts_status_t refused_array(const char* path) {
    const char* message = NULL;
    const char* origin = NULL;
    void* data = NULL;
    mts_tensormap_t* loaded = mts_tensormap_load(path, create_small_array);
    if (loaded != NULL) {
        mts_tensormap_free(loaded);
        return fail("the array of the gradients should have been refused");
    }

    mts_last_error(&message, &origin, &data);
    if (strcmp(origin, "small arrays") != 0 || data == NULL) {
        return MTS_INTERNAL_ERROR;
    }
    printf("expected error: %s, got %d\n", message, (int)((const refusal_t*)data)->axes);
    return MTS_SUCCESS;
}

/* ---------------------------------------------------------------------------------------------- */

static mts_status_t tour(const char* path) {
    mts_status_t status = MTS_INTERNAL_ERROR;
    mts_tensormap_t* tensor = create_tensor();
    if (tensor == NULL) {
        return status;
    }

    status = check_tensor(tensor, "created");
    if (status == MTS_SUCCESS) {
        status = merge_blocks(tensor);
    }
    if (status == MTS_SUCCESS) {
        status = change_a_copy(tensor);
    }
    if (status == MTS_SUCCESS) {
        status = compare_samples();
    }
    if (status == MTS_SUCCESS) {
        status = save_and_load(tensor, path);
    }
    if (status == MTS_SUCCESS) {
        status = wrong_name(tensor);
    }
    if (status == MTS_SUCCESS) {
        status = refused_array(path);
    }
    mts_tensormap_free(tensor);
    return status;
}

int main(int argc, char** argv) {
    const char* message = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE.mts\n", argv[0]);
        return EXIT_FAILURE;
    }

    if (tour(argv[1]) != MTS_SUCCESS) {
        mts_last_error(&message, NULL, NULL);
        fprintf(stderr, "error: %s\n", message);
        return EXIT_FAILURE;
    }

    /* the last error stays until the next one, and so does its data: release it */
    mts_set_last_error(NULL, NULL, NULL, NULL);
    if (count_live_objects(0) != 0) {
        fprintf(stderr, "error: %ld arrays were not released\n", count_live_objects(0));
        return EXIT_FAILURE;
    }
    printf("all arrays are released\n");
    return EXIT_SUCCESS;
}
