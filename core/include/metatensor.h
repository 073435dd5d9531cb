#ifndef METATENSOR_H
#define METATENSOR_H

/**
 * @file metatensor.h
 * The C interface of libmetatensor: everything that the library offers is declared here, and
 * nothing else is exported. All other languages are built on these functions.
 *
 * A *tensor map* is a list of blocks, each one identified by an entry of its keys. A *block* is an
 * array of values with metadata on each axis: samples for the first one, properties for the last
 * one, and components for those between. A block can contain gradients of its values with respect
 * to named parameters; each one is again a block. All metadata is stored as *labels*: named
 * dimensions and a two-dimensional array of unique rows of 32-bit integers.
 *
 * # Rules that hold for every function
 *
 * **Errors.** Functions that return ::mts_status_t return `MTS_SUCCESS` or the kind of error.
 * Functions that return a pointer return `NULL` on errors. The details are then available from
 * mts_last_error() on the same thread. A `NULL` pointer given for an argument that is not
 * documented as optional is a `MTS_INVALID_PARAMETER_ERROR`. Unless documented otherwise, output
 * parameters are left unchanged on errors. C++ exceptions never leave the library. Wrong arguments
 * are a `MTS_INVALID_PARAMETER_ERROR`; the other kinds of errors are explained with ::mts_status_t.
 * Any function that uses arrays or callbacks of the user can fail with `MTS_CALLBACK_ERROR`.
 *
 * **Ownership.** What is returned through a non-const pointer to a block or a tensor map, or
 * through `const mts_labels_t*`, must be released with the matching `mts_*_free`, unless documented
 * as a view. A ::mts_array_t passed by value is always consumed: the library calls its `destroy`
 * exactly once, when the function succeeds (at the end of life of the object that holds the array)
 * and when it fails (before it returns). Strings and lists returned by the library belong to the
 * library.
 *
 * **Threads.** Different objects can be used from different threads at the same time. Functions
 * that take a `const` object, and the functions that give access to parts of one (mts_block_data(),
 * mts_block_gradient(), mts_tensormap_block_by_id()), can be called at the same time on the same
 * object. mts_block_add_gradient(), mts_tensormap_set_info(), mts_block_free() and
 * mts_tensormap_free() need exclusive access. Handles on the same labels can be released from
 * different threads at the same time. The last error is private to each thread, the registry of
 * data origins is shared and locked.
 *
 * **Sizes.** All counts are numbers of elements (of entries, of axes, of blocks...); counts of
 * buffers of `uint8_t` are thus in bytes.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "metatensor/dlpack/dlpack.h"
#include "metatensor/version.h"

/* The library itself is compiled with hidden visibility, except for the functions declared here */
#if defined(METATENSOR_BUILDING_LIBRARY) && defined(__GNUC__) && !defined(_WIN32)
#define METATENSOR_VISIBILITY_PUSHED
#pragma GCC visibility push(default)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ============================================================================================== */
/*   Types                                                                                        */
/* ============================================================================================== */

/**
 * Status of a function: zero for success, anything else is a failure. Callbacks of users can return
 * values that are not listed here.
 *
 * Functions that return a pointer do not give a status: look at how the message of mts_last_error()
 * starts.
 *
 * It is a 32-bit signed integer in every language version.
 */
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
typedef enum mts_status_t : int32_t {
#else
enum mts_status_t {
#endif
    /** The function succeeded */
    MTS_SUCCESS = 0,
    /** An argument is wrong, or arguments are inconsistent with each other. Also for files that
     * contain impossible labels, blocks or tensor maps. Message: `invalid parameter: ...` */
    MTS_INVALID_PARAMETER_ERROR = 1,
    /** A file or stream could not be opened, read or written, or the end of it is missing, or its
     * checksums are wrong. Message: `io error: ...` */
    MTS_IO_ERROR = 2,
    /** The content of a file or buffer does not follow the format, or there is an array of a type
     * that the format can not store. Message: `serialization format error: ...` */
    MTS_SERIALIZATION_ERROR = 3,
    /** The buffer given by the caller is too small */
    MTS_BUFFER_SIZE_ERROR = 4,
    /** A callback given by the user failed. Message, origin and data of mts_last_error() are those
     * of the callback; the library only puts some context in front of the message */
    MTS_CALLBACK_ERROR = 254,
    /** Something unexpected happened inside of the library, for example there was no memory left;
     * or an array does not have a function that is needed */
    MTS_INTERNAL_ERROR = 255,
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
} mts_status_t;
#else
};
typedef int32_t mts_status_t;
#endif

/** Labels: named dimensions and unique rows of integers; immutable and reference counted */
typedef struct mts_labels_t mts_labels_t;

/** Block: values, the labels of each of their axes, and gradients */
typedef struct mts_block_t mts_block_t;

/** Tensor map: keys, one block for each of them, and global information */
typedef struct mts_tensormap_t mts_tensormap_t;

/**
 * Identifier of the kind of an array (which library or language made it), obtained from
 * mts_register_data_origin(). Zero means "not registered".
 */
typedef uint64_t mts_data_origin_t;

/**
 * One piece of the data to move between two arrays with `mts_array_t.move_data`:
 *
 *     output[sample_out, ..., properties_start_out + x] =
 *         input[sample_in, ..., properties_start_in + x]
 *
 * for all `x` smaller than `properties_length`.
 */
typedef struct mts_data_movement_t {
    /** index along the first axis of the input */
    uintptr_t sample_in;
    /** index along the first axis of the output */
    uintptr_t sample_out;
    /** first index along the last axis of the input */
    uintptr_t properties_start_in;
    /** first index along the last axis of the output */
    uintptr_t properties_start_out;
    /** number of elements to move along the last axis */
    uintptr_t properties_length;
} mts_data_movement_t;

/**
 * An array of any kind: a pointer, and the functions that the library uses to manipulate it.
 *
 * All functions except for `destroy` return `MTS_SUCCESS` or any other value on failure; they
 * should describe the failure with mts_set_last_error(). They must be thread-safe, and must not let
 * exceptions out. Output parameters are initialized with zeros by the library, and should only be
 * set on success.
 *
 * Any of these functions can be `NULL`: what needs it then fails. The library only calls the
 * functions that an operation needs:
 *
 * - `origin`, `device`, `dtype`, `shape`: creating blocks, adding gradients, creating tensor maps.
 *   The data is never accessed there;
 * - `as_dlpack`: reading the values of labels, loading, saving;
 * - `copy`: functions whose name ends with `_copy`, mts_tensormap_components_to_properties();
 * - `create`, `move_data`: mts_tensormap_keys_to_properties(), mts_tensormap_keys_to_samples();
 * - `swap_axes`, `reshape`: mts_tensormap_components_to_properties();
 * - `from_dlpack`, and `copy` if they are not on CPU: values of labels, when the library makes new
 *   labels from existing ones.
 */
typedef struct mts_array_t {
    /** Data of the implementation, passed as the first argument of all functions */
    void* ptr;

    /** Releases `ptr`. It can be `NULL`: then nothing is released. */
    void (*destroy)(void* array);

    /** Stores in `origin` the identifier given by mts_register_data_origin() for this kind of
     * array. Arrays with the same origin can exchange data with `move_data` */
    mts_status_t (*origin)(const void* array, mts_data_origin_t* origin);

    /** Stores in `device` the device where the data is; `{kDLExtDev, 0}` for arrays without data */
    mts_status_t (*device)(const void* array, DLDevice* device);

    /** Stores in `dtype` the type of the elements */
    mts_status_t (*dtype)(const void* array, DLDataType* dtype);

    /**
     * Stores in `dl_managed_tensor` a DLPack tensor with the data of this array, which the caller
     * releases with its `deleter`, from any thread and possibly after the end of this array. The
     * memory can be shared with this array, or be a copy.
     *
     * The library always asks for the device `{kDLCPU, 0}`, no stream (`NULL`), and version 1.3 as
     * `max_version`; the major version of the result must be 1. If the data is somewhere else, it
     * must be copied. Any strides are accepted; a strides pointer of `NULL` means row-major and
     * contiguous data. The library only writes to the memory of arrays that it is loading.
     *
     * Other programs can ask for other devices, and give the stream on which they will use the
     * data, as defined by DLPack.
     */
    mts_status_t (*as_dlpack)(
        void* array,
        DLManagedTensorVersioned** dl_managed_tensor,
        DLDevice device,
        const int64_t* stream,
        DLPackVersion max_version
    );

    /**
     * Stores in `new_array` an array of the same kind (origin) as this one, with the content of
     * `dl_managed_tensor`. The DLPack tensor is consumed on success and on failure. Type and device
     * of the elements can be different from those of this array.
     */
    mts_status_t (*from_dlpack)(
        const void* array,
        DLManagedTensorVersioned* dl_managed_tensor,
        struct mts_array_t* new_array
    );

    /**
     * Stores in `shape` a pointer to the size of each axis, and in `shape_count` the number of
     * axes. The pointer must stay valid until the array is reshaped or destroyed; it can be `NULL`
     * if there are no axes.
     */
    mts_status_t (*shape)(const void* array, const uintptr_t** shape, uintptr_t* shape_count);

    /** Changes the shape, in place, keeping the order of the elements (row-major) */
    mts_status_t (*reshape)(void* array, const uintptr_t* shape, uintptr_t shape_count);

    /** Exchanges two axes, in place */
    mts_status_t (*swap_axes)(void* array, uintptr_t axis_1, uintptr_t axis_2);

    /**
     * Stores in `new_array` a new array of the same origin, type and device as this one, with the
     * given shape. All elements are `fill_value`, an array with a single element and no axes, which
     * is consumed: its `destroy` must be called, if there is one.
     */
    mts_status_t (*create)(
        const void* array,
        const uintptr_t* shape,
        uintptr_t shape_count,
        struct mts_array_t fill_value,
        struct mts_array_t* new_array
    );

    /** Stores in `new_array` an independent copy of this array, on the given device */
    mts_status_t (*copy)(const void* array, DLDevice device, struct mts_array_t* new_array);

    /**
     * Moves pieces of the data of `input` to `output`, see ::mts_data_movement_t. Both have the
     * same origin, type and number of axes, and the same sizes of the axes between first and last
     * one; all indexes are inside of the arrays. Movements are in order of increasing `sample_in`,
     * then of increasing `properties_start_in`; `movements` can be any pointer if there are none.
     */
    mts_status_t (*move_data)(
        void* output,
        const void* input,
        const struct mts_data_movement_t* movements,
        uintptr_t movements_count
    );
} mts_array_t;

/**
 * Changes the size of the buffer `ptr` (which can be `NULL`: no memory yet) to `new_size` bytes,
 * and returns the new pointer, or `NULL` on failure (then the old pointer stays valid). `user_data`
 * is the pointer given together with this function.
 *
 * The library doubles the size each time, starting with 1024 bytes if there was no memory.
 */
typedef uint8_t* (*mts_realloc_buffer_t)(void* user_data, uint8_t* ptr, uintptr_t new_size);

/**
 * Stores in `array` (all zeros at first) a new array on CPU, with exactly the given shape and type;
 * its `as_dlpack` must give access to memory that the library can write to. The elements do not
 * need to be initialized. Returns `MTS_SUCCESS`, or anything else on failure.
 *
 * It is called by the functions that load data, on the same thread: once for the values of each
 * block and once for those of each gradient, but not for labels.
 */
typedef mts_status_t (*mts_create_array_callback_t)(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, struct mts_array_t* array
);

/* ============================================================================================== */
/*   Library                                                                                      */
/* ============================================================================================== */

/** Version of the library, equal to `METATENSOR_VERSION`. The string lives forever. */
const char* mts_version(void);

/**
 * Asks the library not to print anything when an unexpected error happens inside of it. This
 * library never prints: errors are only reported through statuses and mts_last_error().
 */
void mts_disable_panic_printing(void);

/* ============================================================================================== */
/*   Errors                                                                                       */
/* ============================================================================================== */

/**
 * The last error that happened on the current thread.
 *
 * Errors of the library have a message that starts with the kind of error (`invalid parameter: `,
 * `io error: `, `serialization format error: `, ...), the origin `metatensor-core` and no data.
 * When a callback fails (`MTS_CALLBACK_ERROR`), origin and data are those that the callback gave to
 * mts_set_last_error(), and its message comes after a context added by the library.
 *
 * Calls that succeed do not clear the last error. Before any error, both strings are empty.
 *
 * @param message the message; can be NULL, if it is not needed
 * @param origin what set the error; can be NULL, if it is not needed
 * @param data data of the one who set the error, not owned by the caller; can be NULL, if it is not
 *        needed
 *
 * The strings and the data stay valid until the next error on this thread.
 */
mts_status_t mts_last_error(const char** message, const char** origin, void** data);

/**
 * Sets the last error of the current thread. To be used by callbacks that fail, before they return.
 *
 * @param message what went wrong, copied; NULL for a generic message
 * @param origin who sets the error (for example the programming language), copied; NULL for a
 *        generic name
 * @param data anything that helps to handle this error, for example an exception; can be NULL
 * @param data_deleter called with `data` when this error is replaced by another one (but not at the
 *        end of the thread); can be NULL
 *
 * `mts_set_last_error(NULL, NULL, NULL, NULL)` releases the data of the previous error.
 */
mts_status_t mts_set_last_error(
    const char* message, const char* origin, void* data, void (*data_deleter)(void*)
);

/* ============================================================================================== */
/*   Data origins                                                                                 */
/* ============================================================================================== */

/**
 * Registers a kind of array. A name that is already known keeps its identifier.
 *
 * @param name name of the origin: any UTF-8 string, for example `python.numpy`
 * @param origin identifier of this origin, the same in the whole process; never zero
 */
mts_status_t mts_register_data_origin(const char* name, mts_data_origin_t* origin);

/**
 * Name of a data origin, as given to mts_register_data_origin(). The name of unknown identifiers,
 * including zero, is `unregistered origin`.
 *
 * @param origin identifier of the origin
 * @param buffer where the name is written, with a NUL byte at the end
 * @param buffer_size size of the buffer, in bytes. If it is too small, nothing is written and the
 *        function returns `MTS_BUFFER_SIZE_ERROR`
 */
mts_status_t mts_get_data_origin(mts_data_origin_t origin, char* buffer, uintptr_t buffer_size);

/* ============================================================================================== */
/*   Labels                                                                                       */
/* ============================================================================================== */

/**
 * Creates labels from the names of their dimensions and an array of values.
 *
 * @param dimensions names of the dimensions: `dimensions_count` different strings made of ASCII
 *        letters, digits and underscores, and that do not start with a digit. Can be NULL if
 *        `dimensions_count` is 0
 * @param dimensions_count number of dimensions
 * @param array values, consumed: 32-bit signed integers with the shape `(count, dimensions_count)`,
 *        on any device. All rows must be different. Without dimensions the array must be empty, and
 *        it is replaced with an array of the library, with the shape `(0, 0)`
 * @return new labels, to be released with mts_labels_free(), or NULL. It is an error if there are
 *         rows but no data (device `kDLExtDev`)
 *
 * The values must not be modified afterwards.
 */
const mts_labels_t*
mts_labels(const char* const* dimensions, uintptr_t dimensions_count, mts_array_t array);

/**
 * Same as mts_labels(), but the caller guarantees that all rows of `array` are different: the
 * values are not read, and do not need to exist (device `kDLExtDev`).
 */
const mts_labels_t*
mts_labels_assume_unique(const char* const* names, uintptr_t names_count, mts_array_t array);

/**
 * Names of the dimensions.
 *
 * @param labels some labels
 * @param names list of names, valid as long as the labels; NULL if there are no dimensions
 * @param count number of names
 */
mts_status_t
mts_labels_dimensions(const mts_labels_t* labels, const char* const** names, uintptr_t* count);

/**
 * The array that stores the values, as given to the function that created the labels.
 *
 * @param labels some labels
 * @param array view of the array, valid as long as the labels: its `destroy` is NULL. What the
 * struct contained before is overwritten
 */
mts_status_t mts_labels_values(const mts_labels_t* labels, mts_array_t* array);

/**
 * The values as contiguous row-major integers on CPU. If the labels are not stored like this, a
 * copy is made by the first call.
 *
 * @param labels some labels. Labels without data (device `kDLExtDev`) are an error
 * @param values the values, valid as long as the labels; unspecified if there are none
 * @param count number of rows (entries)
 * @param size number of columns (dimensions)
 */
mts_status_t mts_labels_values_cpu(
    const mts_labels_t* labels, const int32_t** values, uintptr_t* count, uintptr_t* size
);

/**
 * Position of an entry in the labels. The first call can take a time proportional to the number of
 * entries.
 *
 * @param labels some labels with at least one dimension, and with data
 * @param values the entry: one value for each dimension
 * @param values_count number of values, which must be the number of dimensions
 * @param result index of the entry, or -1 if it is not in the labels
 */
mts_status_t mts_labels_position(
    const mts_labels_t* labels, const int32_t* values, uintptr_t values_count, int64_t* result
);

/**
 * A new handle on the same labels (it may be the same pointer), which must be released too. NULL on
 * errors.
 */
const mts_labels_t* mts_labels_clone(const mts_labels_t* labels);

/**
 * Union of two sets of labels: all entries of `first`, followed by the entries of `second` that are
 * not in `first`, both in their original order.
 *
 * Both sets must have the same dimensions in the same order and, if they are not empty, be on the
 * same device. The values of the result have the same data origin and device as those of `first`.
 *
 * @param first some labels
 * @param second some other labels
 * @param result new labels, to be released with mts_labels_free()
 * @param first_mapping filled with the position in the result of each entry of `first`. Can be
 * NULL. Unspecified on errors, as the other mapping
 * @param first_mapping_count number of entries of `first`; not used if `first_mapping` is NULL
 * @param second_mapping filled with the position in the result of each entry of `second`. Can be
 * NULL
 * @param second_mapping_count number of entries of `second`; not used if `second_mapping` is NULL
 */
mts_status_t mts_labels_union(
    const mts_labels_t* first,
    const mts_labels_t* second,
    const mts_labels_t** result,
    int64_t* first_mapping,
    uintptr_t first_mapping_count,
    int64_t* second_mapping,
    uintptr_t second_mapping_count
);

/**
 * Intersection of two sets of labels: the entries that are in both, in the order of the input with
 * fewer entries (of `first`, if they have the same number). Conditions and parameters are those of
 * mts_labels_union(); entries that are not in the result have -1 in the mappings.
 */
mts_status_t mts_labels_intersection(
    const mts_labels_t* first,
    const mts_labels_t* second,
    const mts_labels_t** result,
    int64_t* first_mapping,
    uintptr_t first_mapping_count,
    int64_t* second_mapping,
    uintptr_t second_mapping_count
);

/**
 * Difference of two sets of labels: the entries of `first` that are not in `second`, in their
 * original order. Conditions and parameters are those of mts_labels_union(); entries that are not
 * in the result have -1 in the mapping.
 */
mts_status_t mts_labels_difference(
    const mts_labels_t* first,
    const mts_labels_t* second,
    const mts_labels_t** result,
    int64_t* first_mapping,
    uintptr_t first_mapping_count
);

/**
 * Finds the entries of `labels` that match one of the entries of `selection`.
 *
 * If both have the same dimensions in the same order, these are the positions in `labels` of the
 * entries of `selection`, in the order of `selection`. Otherwise, the dimensions of `selection`
 * must be some of those of `labels`, in any order, and these are the positions of the entries which
 * have, for these dimensions, the values of one entry of `selection`, in increasing order. A
 * selection without dimensions selects everything, a selection with dimensions but without entries
 * nothing. If both are not empty, they must be on the same device.
 *
 * @param labels some labels
 * @param selection what to select
 * @param selected room for one position for each entry of `labels`; can be NULL if there are none.
 *        Unspecified on errors
 * @param selected_count number of entries of `labels` on input, number of positions on output
 */
mts_status_t mts_labels_select(
    const mts_labels_t* labels,
    const mts_labels_t* selection,
    uint64_t* selected,
    uintptr_t* selected_count
);

/** Releases one handle on labels. NULL is accepted, and nothing is done. */
mts_status_t mts_labels_free(const mts_labels_t* labels);

/**
 * Reads labels from a file. Their values are an array of the library, on CPU.
 *
 * @param path path of the file, in UTF-8
 * @return new labels, to be released with mts_labels_free(), or NULL
 */
const mts_labels_t* mts_labels_load(const char* path);

/**
 * Same as mts_labels_load(), but reads the content of a file from memory.
 *
 * @param buffer content of a file, only used during this call
 * @param buffer_count number of bytes
 */
const mts_labels_t* mts_labels_load_buffer(const uint8_t* buffer, uintptr_t buffer_count);

/**
 * Writes labels to a file.
 *
 * @param path path of the file, in UTF-8; an existing file is replaced
 * @param labels what to write
 */
mts_status_t mts_labels_save(const char* path, const mts_labels_t* labels);

/**
 * Writes labels to memory; the bytes are those that mts_labels_save() writes.
 *
 * @param buffer pointer to the memory to write to, or to NULL. The pointer is updated each time the
 *        buffer grows, and belongs to the caller in all cases
 * @param buffer_count size of the buffer on input, which must be 0 if `*buffer` is NULL; number of
 *        bytes written on output. Unchanged on errors
 * @param realloc_user_data first argument of `realloc`; can be NULL
 * @param realloc function used to make the buffer larger
 * @param labels what to write
 */
mts_status_t mts_labels_save_buffer(
    uint8_t** buffer,
    uintptr_t* buffer_count,
    void* realloc_user_data,
    mts_realloc_buffer_t realloc,
    const mts_labels_t* labels
);

/* ============================================================================================== */
/*   Blocks                                                                                       */
/* ============================================================================================== */

/**
 * Creates a block, without gradients.
 *
 * @param data values, consumed. The array must have one axis for the samples, one for each
 * component and one for the properties, with as many elements as the corresponding labels have
 * entries. It must be on the same device as all labels. Its elements are not accessed
 * @param samples labels of the first axis. These and all other labels are shared with the block,
 * the caller still has to release its own handles
 * @param components labels of the axes between the first and the last one. Each one must have one
 *        dimension and at least one entry, and all names must be different. Can be NULL if
 *        `components_count` is 0
 * @param components_count number of components
 * @param properties labels of the last axis
 * @return new block, to be released with mts_block_free() or to be given to mts_tensormap() or to
 *         mts_block_add_gradient(); NULL on errors
 */
mts_block_t* mts_block(
    mts_array_t data,
    const mts_labels_t* samples,
    const mts_labels_t* const* components,
    uintptr_t components_count,
    const mts_labels_t* properties
);

/**
 * Releases a block that is not part of another block or of a tensor map (that is an error). NULL is
 * accepted, and nothing is done.
 */
mts_status_t mts_block_free(mts_block_t* block);

/**
 * Copy of a block: values and gradients are copied with `mts_array_t.copy` on the device where they
 * are, labels are shared.
 *
 * @return new block, to be released with mts_block_free(), or NULL
 */
mts_block_t* mts_block_copy(const mts_block_t* block);

/**
 * Labels of one axis of a block.
 *
 * @param block some block
 * @param axis 0 for the samples, then one number for each component; the last axis is for
 * properties
 * @return a new handle on these labels, to be released with mts_labels_free(), or NULL
 */
const mts_labels_t* mts_block_labels(const mts_block_t* block, uintptr_t axis);

/**
 * Gradient of a block with respect to a parameter.
 *
 * @param block some block
 * @param parameter name of the parameter. It is an error if there is no such gradient
 * @param gradient view of the gradient, not to be released, and valid until the block is released
 * or gets another gradient
 */
mts_status_t mts_block_gradient(mts_block_t* block, const char* parameter, mts_block_t** gradient);

/**
 * Values of a block.
 *
 * @param block some block
 * @param data view of the array, valid as long as the block: its `destroy` is NULL. What the struct
 *        contained before is overwritten
 */
mts_status_t mts_block_data(mts_block_t* block, mts_array_t* data);

/**
 * Adds a gradient to a block.
 *
 * The gradient needs arrays of the same origin, device and type as the block. Its samples must have
 * `sample` as first dimension: the position in the samples of `block` of the entry of which it is
 * the gradient. Its components must be those of `block`, possibly preceded by others, and its
 * properties those of `block`.
 *
 * @param block some block, changed by this function
 * @param parameter name of the parameter: any UTF-8 string that is not the name of another gradient
 *        of this block
 * @param gradient the gradient, consumed: it is released if the function fails, unless that is
 *        because of a bad pointer or a bad `parameter`, or because the gradient is already part of
 *        another block or of a tensor map
 */
mts_status_t
mts_block_add_gradient(mts_block_t* block, const char* parameter, mts_block_t* gradient);

/**
 * Names of the parameters for which a block has gradients, in the order in which they were added.
 *
 * @param block some block
 * @param parameters list of names, valid until the block is released or gets another gradient; NULL
 *        if there are none
 * @param parameters_count number of names
 */
mts_status_t mts_block_gradients_list(
    const mts_block_t* block, const char* const** parameters, uintptr_t* parameters_count
);

/** Device of the values of a block */
mts_status_t mts_block_device(const mts_block_t* block, DLDevice* device);

/** Type of the values of a block */
mts_status_t mts_block_dtype(const mts_block_t* block, DLDataType* dtype);

/**
 * Reads a block from a file.
 *
 * @param path path of the file, in UTF-8
 * @param create_array called to create the array of the values of the block, and of each gradient
 * @return new block, to be released with mts_block_free(), or NULL
 */
mts_block_t* mts_block_load(const char* path, mts_create_array_callback_t create_array);

/**
 * Same as mts_block_load(), but reads the content of a file from memory.
 *
 * @param buffer content of a file, only used during this call
 * @param buffer_count number of bytes
 * @param create_array see mts_block_load()
 */
mts_block_t* mts_block_load_buffer(
    const uint8_t* buffer, uintptr_t buffer_count, mts_create_array_callback_t create_array
);

/**
 * Writes a block to a file. The values are obtained with `mts_array_t.as_dlpack`.
 *
 * @param path path of the file, in UTF-8; an existing file is replaced
 * @param block what to write
 */
mts_status_t mts_block_save(const char* path, const mts_block_t* block);

/** Writes a block to memory; see mts_labels_save_buffer() for the parameters. */
mts_status_t mts_block_save_buffer(
    uint8_t** buffer,
    uintptr_t* buffer_count,
    void* realloc_user_data,
    mts_realloc_buffer_t realloc,
    const mts_block_t* block
);

/* ============================================================================================== */
/*   Tensor maps                                                                                  */
/* ============================================================================================== */

/**
 * Creates a tensor map.
 *
 * All arrays of values must have the same origin, device and type, and be on the same device as the
 * keys. All blocks must have the same names of dimensions for samples, components and properties,
 * and the same gradients, for which the same holds.
 *
 * @param keys one entry for each block; shared with the tensor map, the caller still has to release
 *        its own handle
 * @param blocks list of blocks, consumed: all pointers are set to NULL, and the blocks are released
 *        if the function fails. Only if a pointer is NULL, if the same block is used twice, or if a
 *        block is part of another block or tensor map, nothing is changed. Can be NULL if
 *        `blocks_count` is 0
 * @param blocks_count number of blocks
 * @return new tensor map, to be released with mts_tensormap_free(), or NULL
 */
mts_tensormap_t*
mts_tensormap(const mts_labels_t* keys, mts_block_t** blocks, uintptr_t blocks_count);

/** Releases a tensor map and all its blocks. NULL is accepted, and nothing is done. */
mts_status_t mts_tensormap_free(mts_tensormap_t* tensor);

/**
 * Copy of a tensor map: blocks are copied as with mts_block_copy(), keys are shared, information is
 * copied.
 *
 * @return new tensor map, to be released with mts_tensormap_free(), or NULL
 */
mts_tensormap_t* mts_tensormap_copy(const mts_tensormap_t* tensor);

/** A new handle on the keys, to be released with mts_labels_free(); NULL on errors. */
const mts_labels_t* mts_tensormap_keys(const mts_tensormap_t* tensor);

/**
 * One block of a tensor map.
 *
 * @param tensor some tensor map
 * @param block view of the block, not to be released, and valid as long as the tensor map
 * @param index position of the block, smaller than the number of keys
 */
mts_status_t
mts_tensormap_block_by_id(mts_tensormap_t* tensor, mts_block_t** block, uintptr_t index);

/**
 * Merges the blocks that differ only by the values of some dimensions of the keys, along the
 * properties: the new properties have these dimensions first, followed by the original ones.
 *
 * Samples (and samples of gradients) that are in several blocks are merged. All blocks that are
 * merged must have the same components, also in their gradients; use
 * mts_tensormap_components_to_properties() first if they have not. Gradients of gradients are an
 * error. The remaining dimensions of the keys are those of the
 * result, with their entries in order of first appearance; if none remain, the result has a single
 * block, with the dimension `_` and the value 0 as key. The global information is copied.
 *
 * @param tensor some tensor map with at least one block, on a device with data
 * @param keys_to_move dimensions of the keys to move. If it has entries, they are those for which
 * the result has properties, in this order and for each block; all blocks that are merged must then
 * have the same properties. Otherwise the properties are those of the merged blocks, one block
 * after the other
 * @param fill_value value of the elements that are in none of the merged blocks, consumed: an array
 *        on CPU with a single element and no axes, with the type of the values
 * @param sort_samples whether to sort the new samples; otherwise they are in order of first
 *        appearance. The samples of gradients are always sorted
 * @return new tensor map, to be released with mts_tensormap_free(), or NULL
 */
mts_tensormap_t* mts_tensormap_keys_to_properties(
    const mts_tensormap_t* tensor,
    const mts_labels_t* keys_to_move,
    mts_array_t fill_value,
    bool sort_samples
);

/**
 * Moves components to the properties, in a copy of the tensor map. Keys, samples and global
 * information do not change.
 *
 * Dimensions are moved one after the other, to the front of the properties: the last one of
 * `dimensions` becomes the first dimension of the new properties. The same happens in all
 * gradients.
 *
 * @param tensor some tensor map
 * @param dimensions names of the components to move, which all blocks must have
 * @param dimensions_count number of names, at least one
 * @return new tensor map, to be released with mts_tensormap_free(), or NULL
 */
mts_tensormap_t* mts_tensormap_components_to_properties(
    const mts_tensormap_t* tensor, const char* const* dimensions, uintptr_t dimensions_count
);

/**
 * Merges the blocks that differ only by the values of some dimensions of the keys, along the
 * samples: the new samples have the original dimensions first, followed by the moved ones.
 *
 * The new properties are the union of those of the merged blocks. See
 * mts_tensormap_keys_to_properties() for the other conditions and parameters.
 *
 * @param keys_to_move dimensions of the keys to move; these labels must not have entries
 */
mts_tensormap_t* mts_tensormap_keys_to_samples(
    const mts_tensormap_t* tensor,
    const mts_labels_t* keys_to_move,
    mts_array_t fill_value,
    bool sort_samples
);

/**
 * Sets one piece of global information of a tensor map.
 *
 * @param tensor some tensor map, changed by this function
 * @param key name of the information, in UTF-8. If it already exists, its value is replaced
 * @param value the information; in UTF-8 if the tensor map is to be saved
 */
mts_status_t mts_tensormap_set_info(mts_tensormap_t* tensor, const char* key, const char* value);

/**
 * One piece of global information of a tensor map.
 *
 * @param tensor some tensor map
 * @param key name of the information, in UTF-8
 * @param value the information, valid until this key is set again or the tensor map is released;
 * NULL if there is no such key
 */
mts_status_t
mts_tensormap_get_info(const mts_tensormap_t* tensor, const char* key, const char** value);

/**
 * Names of all global information of a tensor map, in the order in which they were first set. In
 * tensor maps that come from a file, from mts_tensormap_keys_to_samples() or from
 * mts_tensormap_keys_to_properties(), they are sorted.
 *
 * @param tensor some tensor map
 * @param keys list of names, valid until a new key is set or the tensor map is released; NULL if
 * there are none
 * @param keys_count number of names
 */
mts_status_t mts_tensormap_info_keys(
    const mts_tensormap_t* tensor, const char* const** keys, uintptr_t* keys_count
);

/** Device of the values of all blocks; CPU without blocks */
mts_status_t mts_tensormap_device(const mts_tensormap_t* tensor, DLDevice* device);

/** Type of the values of all blocks; 64-bit floating point without blocks */
mts_status_t mts_tensormap_dtype(const mts_tensormap_t* tensor, DLDataType* dtype);

/**
 * Reads a tensor map from a file.
 *
 * @param path path of the file, in UTF-8
 * @param create_array called to create the array of the values of each block, and of each gradient
 * @return new tensor map, to be released with mts_tensormap_free(), or NULL
 */
mts_tensormap_t* mts_tensormap_load(const char* path, mts_create_array_callback_t create_array);

/**
 * Same as mts_tensormap_load(), but reads the content of a file from memory.
 *
 * @param buffer content of a file, only used during this call
 * @param buffer_count number of bytes
 * @param create_array see mts_tensormap_load()
 */
mts_tensormap_t* mts_tensormap_load_buffer(
    const uint8_t* buffer, uintptr_t buffer_count, mts_create_array_callback_t create_array
);

/**
 * Writes a tensor map to a file. The values are obtained with `mts_array_t.as_dlpack`.
 *
 * @param path path of the file, in UTF-8; an existing file is replaced
 * @param tensor what to write
 */
mts_status_t mts_tensormap_save(const char* path, const mts_tensormap_t* tensor);

/** Writes a tensor map to memory; see mts_labels_save_buffer() for the parameters. */
mts_status_t mts_tensormap_save_buffer(
    uint8_t** buffer,
    uintptr_t* buffer_count,
    void* realloc_user_data,
    mts_realloc_buffer_t realloc,
    const mts_tensormap_t* tensor
);

#ifdef __cplusplus
} /* extern "C" */
#endif

#ifdef METATENSOR_VISIBILITY_PUSHED
#undef METATENSOR_VISIBILITY_PUSHED
#pragma GCC visibility pop
#endif

#endif /* METATENSOR_H */
