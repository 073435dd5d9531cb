#include "row_array.h"

#include <string.h>

#include "shared_memory.h"

/* ---------------------------------------------------------------------------------------------- */
/*   Arrays                                                                                       */
/* ---------------------------------------------------------------------------------------------- */

typedef struct {
    DLDataType dtype;
    uintptr_t shape_count;
    uintptr_t* shape;
    uintptr_t row_count;
    /** number of elements of one row */
    uintptr_t row_size;
    unsigned char** rows;
    /** memory of all the rows; NULL if each of them has its own allocation */
    shared_memory_t* memory;
} row_array_t;

static mts_array_t to_mts_array(row_array_t* array);

/**
 * A callback that fails describes the failure for mts_last_error(), and returns anything but
 * MTS_SUCCESS. The function of metatensor that called it then fails with MTS_CALLBACK_ERROR.
 */
static mts_status_t fail(const char* message) {
    mts_set_last_error(message, "row array", NULL, NULL);
    return MTS_CALLBACK_ERROR;
}

static uintptr_t element_bytes(DLDataType dtype) {
    return dtype.bits / 8;
}

static uintptr_t element_count(const row_array_t* array) {
    return array->row_count * array->row_size;
}

/** Number of elements between two neighbors along an axis */
static uintptr_t row_major_stride(const row_array_t* array, uintptr_t axis) {
    uintptr_t stride = 1;
    for (axis = axis + 1; axis < array->shape_count; axis++) {
        stride *= array->shape[axis];
    }
    return stride;
}

/** Address of an element, from its position in row-major order */
static unsigned char* element(const row_array_t* array, uintptr_t position) {
    unsigned char* row = array->rows[position / array->row_size];
    return row + (position % array->row_size) * element_bytes(array->dtype);
}

static void row_array_release(row_array_t* array) {
    uintptr_t row = 0;
    if (array == NULL) {
        return;
    }

    if (array->memory != NULL) {
        shared_memory_release(array->memory);
    } else if (array->rows != NULL) {
        for (row = 0; row < array->row_count; row++) {
            free(array->rows[row]);
        }
    }
    free(array->rows);
    free(array->shape);
    free(array);
    count_live_objects(-1);
}

static mts_status_t set_shape(row_array_t* array, const uintptr_t* shape, uintptr_t shape_count) {
    uintptr_t row_bytes = element_bytes(array->dtype);
    uintptr_t axis = 0;

    array->shape = allocate(shape_count, sizeof(*shape));
    if (array->shape == NULL) {
        return fail("not enough memory for the shape");
    }
    array->shape_count = shape_count;
    array->row_count = shape_count == 0 ? 1 : shape[0];
    array->row_size = 1;
    for (axis = 0; axis < shape_count; axis++) {
        array->shape[axis] = shape[axis];
        if (axis == 0) {
            continue;
        }
        /* shapes can come from a file: check before multiplying */
        if (shape[axis] != 0 && row_bytes > UINTPTR_MAX / shape[axis]) {
            return fail("this shape has too many elements");
        }
        row_bytes *= shape[axis];
        array->row_size *= shape[axis];
    }
    return MTS_SUCCESS;
}

static mts_status_t allocate_rows(row_array_t* array, bool contiguous) {
    const uintptr_t row_bytes = array->row_size * element_bytes(array->dtype);
    uintptr_t row = 0;

    array->rows = allocate(array->row_count, sizeof(*array->rows));
    if (array->rows == NULL) {
        return fail("not enough memory for the rows");
    }
    if (contiguous) {
        array->memory = shared_memory_create(array->row_count, row_bytes);
        if (array->memory == NULL) {
            return fail("not enough memory for the data");
        }
    }

    for (row = 0; row < array->row_count; row++) {
        if (contiguous) {
            array->rows[row] = array->memory->bytes + row * row_bytes;
        } else {
            array->rows[row] = allocate(1, row_bytes);
        }
        if (array->rows[row] == NULL) {
            return fail("not enough memory for a row");
        }
    }
    return MTS_SUCCESS;
}

/** Creates an array; on failure `*output` stays as it is, and everything is released */
static mts_status_t row_array_new(
    const uintptr_t* shape,
    uintptr_t shape_count,
    DLDataType dtype,
    bool contiguous,
    row_array_t** output
) {
    mts_status_t status = MTS_SUCCESS;
    row_array_t* array = NULL;

    if (dtype.lanes != 1 || dtype.bits == 0 || dtype.bits % 8 != 0) {
        return fail("only types made of whole bytes, with a single lane, can be stored in rows");
    }

    array = allocate(1, sizeof(*array));
    if (array == NULL) {
        return fail("not enough memory for an array");
    }
    count_live_objects(1);

    array->dtype = dtype;
    status = set_shape(array, shape, shape_count);
    if (status == MTS_SUCCESS) {
        status = allocate_rows(array, contiguous);
    }
    if (status != MTS_SUCCESS) {
        row_array_release(array);
        return status;
    }
    *output = array;
    return MTS_SUCCESS;
}

mts_status_t row_array_create(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    row_array_t* data = NULL;
    const mts_status_t status = row_array_new(shape, shape_count, dtype, false, &data);
    if (status == MTS_SUCCESS) {
        *array = to_mts_array(data);
    }
    return status;
}

mts_status_t row_array_create_contiguous(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    row_array_t* data = NULL;
    const mts_status_t status = row_array_new(shape, shape_count, dtype, true, &data);
    if (status == MTS_SUCCESS) {
        *array = to_mts_array(data);
    }
    return status;
}

void* row_array_row(const mts_array_t* array, uintptr_t row) {
    return ((const row_array_t*)array->ptr)->rows[row];
}

/* ---------------------------------------------------------------------------------------------- */
/*   The functions of mts_array_t: description                                                    */
/* ---------------------------------------------------------------------------------------------- */

static void row_array_destroy(void* array) {
    row_array_release(array);
}

static mts_status_t row_array_origin(const void* array, mts_data_origin_t* origin) {
    (void)array;
    /* the same name always gives the same identifier, and registering it again is cheap */
    return mts_register_data_origin("example.row_array", origin);
}

static mts_status_t row_array_device(const void* array, DLDevice* device) {
    (void)array;
    device->device_type = kDLCPU;
    device->device_id = 0;
    return MTS_SUCCESS;
}

static mts_status_t row_array_dtype(const void* array, DLDataType* dtype) {
    *dtype = ((const row_array_t*)array)->dtype;
    return MTS_SUCCESS;
}

static mts_status_t
row_array_shape(const void* array, const uintptr_t** shape, uintptr_t* shape_count) {
    const row_array_t* self = array;
    *shape = self->shape;
    *shape_count = self->shape_count;
    return MTS_SUCCESS;
}

/* ---------------------------------------------------------------------------------------------- */
/*   The functions of mts_array_t: exchange                                                       */
/* ---------------------------------------------------------------------------------------------- */

/** A DLPack tensor, and all that it needs to keep */
typedef struct {
    DLManagedTensorVersioned tensor;
    shared_memory_t* memory;
    int64_t* shape;
    int64_t* strides;
} exported_tensor_t;

static void delete_exported_tensor(DLManagedTensorVersioned* tensor) {
    exported_tensor_t* exported = tensor->manager_ctx;
    shared_memory_release(exported->memory);
    free(exported->shape);
    free(exported->strides);
    free(exported);
}

/** The data in one piece of memory: the one of the array if it has one, a copy otherwise */
static shared_memory_t* gather(const row_array_t* array) {
    const uintptr_t row_bytes = array->row_size * element_bytes(array->dtype);
    shared_memory_t* memory = array->memory;
    uintptr_t row = 0;

    if (memory != NULL) {
        shared_memory_retain(memory);
        return memory;
    }

    memory = shared_memory_create(array->row_count, row_bytes);
    for (row = 0; memory != NULL && row < array->row_count; row++) {
        memcpy(memory->bytes + row * row_bytes, array->rows[row], row_bytes);
    }
    return memory;
}

static mts_status_t row_array_as_dlpack(
    void* array,
    DLManagedTensorVersioned** dl_managed_tensor,
    DLDevice device,
    const int64_t* stream,
    DLPackVersion max_version
) {
    const row_array_t* self = array;
    exported_tensor_t* exported = NULL;
    DLTensor* tensor = NULL;
    uintptr_t axis = 0;

    if (device.device_type != kDLCPU) {
        return fail("rows are in CPU memory, they can not be exported to another device");
    }
    if (stream != NULL) {
        return fail("there are no streams on CPU");
    }
    if (max_version.major != 1) {
        return fail("the caller does not understand version 1 of DLPack");
    }

    exported = allocate(1, sizeof(*exported));
    if (exported == NULL) {
        return fail("not enough memory to export an array");
    }
    exported->shape = allocate(self->shape_count, sizeof(int64_t));
    exported->strides = allocate(self->shape_count, sizeof(int64_t));
    exported->memory = gather(self);
    exported->tensor.manager_ctx = exported;
    if (exported->shape == NULL || exported->strides == NULL || exported->memory == NULL) {
        delete_exported_tensor(&exported->tensor);
        return fail("not enough memory to export an array");
    }
    for (axis = 0; axis < self->shape_count; axis++) {
        exported->shape[axis] = (int64_t)self->shape[axis];
        exported->strides[axis] = (int64_t)row_major_stride(self, axis);
    }

    exported->tensor.version.major = 1;
    exported->tensor.version.minor = max_version.minor < 3 ? max_version.minor : 3;
    exported->tensor.deleter = delete_exported_tensor;
    exported->tensor.flags = self->memory == NULL ? DLPACK_FLAG_BITMASK_IS_COPIED : 0;

    tensor = &exported->tensor.dl_tensor;
    tensor->data = exported->memory->bytes;
    tensor->device = device;
    tensor->ndim = (int32_t)self->shape_count;
    tensor->dtype = self->dtype;
    tensor->shape = exported->shape;
    tensor->strides = exported->strides;
    *dl_managed_tensor = &exported->tensor;
    return MTS_SUCCESS;
}

static void release_dlpack(DLManagedTensorVersioned* tensor) {
    if (tensor->deleter != NULL) {
        tensor->deleter(tensor);
    }
}

/** Address of the element at this position (in row-major order) of a tensor with any strides */
static const unsigned char* dlpack_element(const DLTensor* tensor, uintptr_t position) {
    int64_t offset = 0;
    int64_t row_major_stride = 1;
    int32_t axis = 0;

    for (axis = tensor->ndim - 1; axis >= 0; axis--) {
        const uintptr_t size = (uintptr_t)tensor->shape[axis];
        const int64_t stride = tensor->strides == NULL ? row_major_stride : tensor->strides[axis];
        offset += (int64_t)(position % size) * stride;
        position /= size;
        row_major_stride *= (int64_t)size;
    }
    offset *= (int64_t)element_bytes(tensor->dtype);
    return (const unsigned char*)tensor->data + tensor->byte_offset + offset;
}

static mts_status_t row_array_from_dlpack(
    const void* array, DLManagedTensorVersioned* dl_managed_tensor, mts_array_t* new_array
) {
    const DLTensor* tensor = &dl_managed_tensor->dl_tensor;
    mts_status_t status = MTS_SUCCESS;
    row_array_t* result = NULL;
    uintptr_t* shape = NULL;
    uintptr_t position = 0;
    int32_t axis = 0;

    (void)array;
    if (dl_managed_tensor->version.major != 1) {
        status = fail("can not read this version of DLPack");
        goto cleanup;
    }
    if (tensor->device.device_type != kDLCPU) {
        status = fail("can not read a DLPack tensor that is not on CPU");
        goto cleanup;
    }

    shape = allocate((uintptr_t)tensor->ndim, sizeof(*shape));
    if (shape == NULL) {
        status = fail("not enough memory for the shape");
        goto cleanup;
    }
    for (axis = 0; axis < tensor->ndim; axis++) {
        shape[axis] = (uintptr_t)tensor->shape[axis];
    }

    status = row_array_new(shape, (uintptr_t)tensor->ndim, tensor->dtype, false, &result);
    if (status != MTS_SUCCESS) {
        goto cleanup;
    }
    for (position = 0; position < element_count(result); position++) {
        memcpy(
            element(result, position),
            dlpack_element(tensor, position),
            element_bytes(result->dtype)
        );
    }
    *new_array = to_mts_array(result);

cleanup:
    /* the tensor belongs to this function, whatever happened */
    release_dlpack(dl_managed_tensor);
    free(shape);
    return status;
}

/* ---------------------------------------------------------------------------------------------- */
/*   The functions of mts_array_t: changes                                                        */
/* ---------------------------------------------------------------------------------------------- */

/** Gives the content of `other` to `self`, and releases what `self` had */
static void replace(row_array_t* self, row_array_t* other) {
    const row_array_t previous = *self;
    *self = *other;
    *other = previous;
    row_array_release(other);
}

static mts_status_t row_array_reshape(void* array, const uintptr_t* shape, uintptr_t shape_count) {
    row_array_t* self = array;
    row_array_t* reshaped = NULL;
    uintptr_t position = 0;

    /* work on another array: nothing is half-changed if there is an error */
    const mts_status_t status = row_array_new(shape, shape_count, self->dtype, false, &reshaped);
    if (status != MTS_SUCCESS) {
        return status;
    }
    if (element_count(reshaped) != element_count(self)) {
        row_array_release(reshaped);
        return fail("can not reshape to another number of elements");
    }

    for (position = 0; position < element_count(self); position++) {
        memcpy(element(reshaped, position), element(self, position), element_bytes(self->dtype));
    }
    replace(self, reshaped);
    return MTS_SUCCESS;
}

/** Where the element at `position` of an array with two exchanged axes is in `array` */
static uintptr_t position_before_swap(
    const row_array_t* array, uintptr_t axis_1, uintptr_t axis_2, uintptr_t position
) {
    uintptr_t result = 0;
    uintptr_t axis = 0;
    for (axis = array->shape_count; axis-- > 0;) {
        const uintptr_t other = axis == axis_1 ? axis_2 : axis_1;
        const uintptr_t origin = axis == axis_1 || axis == axis_2 ? other : axis;
        result += (position % array->shape[origin]) * row_major_stride(array, origin);
        position /= array->shape[origin];
    }
    return result;
}

static mts_status_t row_array_swap_axes(void* array, uintptr_t axis_1, uintptr_t axis_2) {
    row_array_t* self = array;
    row_array_t* swapped = NULL;
    uintptr_t* shape = NULL;
    mts_status_t status = MTS_SUCCESS;
    uintptr_t position = 0;

    if (axis_1 >= self->shape_count || axis_2 >= self->shape_count) {
        return fail("can not exchange axes that do not exist");
    }

    shape = allocate(self->shape_count, sizeof(*shape));
    if (shape == NULL) {
        return fail("not enough memory for the shape");
    }
    memcpy(shape, self->shape, self->shape_count * sizeof(*shape));
    shape[axis_1] = self->shape[axis_2];
    shape[axis_2] = self->shape[axis_1];
    status = row_array_new(shape, self->shape_count, self->dtype, false, &swapped);
    free(shape);
    if (status != MTS_SUCCESS) {
        return status;
    }

    for (position = 0; position < element_count(swapped); position++) {
        const uintptr_t origin = position_before_swap(self, axis_1, axis_2, position);
        memcpy(element(swapped, position), element(self, origin), element_bytes(self->dtype));
    }
    replace(self, swapped);
    return MTS_SUCCESS;
}

/** Sets all elements to the value of a DLPack tensor without axes */
static mts_status_t fill(row_array_t* array, const DLManagedTensorVersioned* value) {
    const DLTensor* tensor = &value->dl_tensor;
    const DLDataType dtype = tensor->dtype;
    uintptr_t position = 0;

    if (value->version.major != 1 || tensor->device.device_type != kDLCPU || tensor->ndim != 0) {
        return fail("the fill value must be a single number on CPU");
    }
    if (dtype.code != array->dtype.code || dtype.bits != array->dtype.bits || dtype.lanes != 1) {
        return fail("the fill value must have the same type as the array");
    }
    for (position = 0; position < element_count(array); position++) {
        memcpy(element(array, position), dlpack_element(tensor, 0), element_bytes(dtype));
    }
    return MTS_SUCCESS;
}

static mts_status_t row_array_create_filled(
    const void* array,
    const uintptr_t* shape,
    uintptr_t shape_count,
    mts_array_t fill_value,
    mts_array_t* new_array
) {
    const row_array_t* self = array;
    const DLDevice cpu = {kDLCPU, 0};
    const DLPackVersion version = {1, 3};
    DLManagedTensorVersioned* value = NULL;
    row_array_t* result = NULL;

    /* the fill value can be any kind of array: DLPack is the way to read it */
    mts_status_t status = fill_value.as_dlpack(fill_value.ptr, &value, cpu, NULL, version);
    if (status != MTS_SUCCESS) {
        goto cleanup;
    }
    status = row_array_new(shape, shape_count, self->dtype, false, &result);
    if (status != MTS_SUCCESS) {
        goto cleanup;
    }
    status = fill(result, value);
    if (status != MTS_SUCCESS) {
        row_array_release(result);
        goto cleanup;
    }
    *new_array = to_mts_array(result);

cleanup:
    if (value != NULL) {
        release_dlpack(value);
    }
    /* the fill value belongs to this function, whatever happened */
    if (fill_value.destroy != NULL) {
        fill_value.destroy(fill_value.ptr);
    }
    return status;
}

static mts_status_t row_array_copy(const void* array, DLDevice device, mts_array_t* new_array) {
    const row_array_t* self = array;
    row_array_t* copy = NULL;
    mts_status_t status = MTS_SUCCESS;
    uintptr_t row = 0;

    if (device.device_type != kDLCPU) {
        return fail("rows can only be copied to CPU memory");
    }
    status = row_array_new(self->shape, self->shape_count, self->dtype, false, &copy);
    if (status != MTS_SUCCESS) {
        return status;
    }
    for (row = 0; row < self->row_count; row++) {
        memcpy(copy->rows[row], self->rows[row], self->row_size * element_bytes(self->dtype));
    }
    *new_array = to_mts_array(copy);
    return MTS_SUCCESS;
}

static mts_status_t row_array_move_data(
    void* output, const void* input, const mts_data_movement_t* movements, uintptr_t movements_count
) {
    /* metatensor only moves data between arrays of the same origin, so `input` has rows too; types,
     * sizes of the axes in the middle and indexes were checked */
    row_array_t* self = output;
    const row_array_t* source = input;
    const uintptr_t item = element_bytes(self->dtype);
    uintptr_t i = 0;
    uintptr_t component = 0;

    for (i = 0; i < movements_count; i++) {
        const mts_data_movement_t* move = &movements[i];
        const uintptr_t properties_in = source->shape[source->shape_count - 1];
        const uintptr_t properties_out = self->shape[self->shape_count - 1];
        const unsigned char* from = source->rows[move->sample_in];
        unsigned char* to = self->rows[move->sample_out];

        if (move->properties_length == 0) {
            continue;
        }
        for (component = 0; component < self->row_size / properties_out; component++) {
            memcpy(
                to + (component * properties_out + move->properties_start_out) * item,
                from + (component * properties_in + move->properties_start_in) * item,
                move->properties_length * item
            );
        }
    }
    return MTS_SUCCESS;
}

static mts_array_t to_mts_array(row_array_t* array) {
    mts_array_t result = {0};
    result.ptr = array;
    result.destroy = row_array_destroy;
    result.origin = row_array_origin;
    result.device = row_array_device;
    result.dtype = row_array_dtype;
    result.as_dlpack = row_array_as_dlpack;
    result.from_dlpack = row_array_from_dlpack;
    result.shape = row_array_shape;
    result.reshape = row_array_reshape;
    result.swap_axes = row_array_swap_axes;
    result.create = row_array_create_filled;
    result.copy = row_array_copy;
    result.move_data = row_array_move_data;
    return result;
}
