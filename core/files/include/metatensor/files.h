#ifndef METATENSOR_FILES_H
#define METATENSOR_FILES_H

/**
 * @file files.h
 * The C interface of libmetatensor_files: reading parts of files, using the data of files without
 * reading it, and writing files that are made for this.
 *
 * This library is a client of libmetatensor: it makes and takes the objects of `metatensor.h`, and
 * uses nothing but the functions declared there. The rules on errors, ownership and threads stated
 * in that header hold for these functions too: the details of an error are found with
 * mts_last_error().
 *
 * # What is checked
 *
 * Labels are always read completely and checked, as libmetatensor does when it loads a file. So are
 * the sizes and positions of everything in the file. The checksums of arrays of values are only
 * verified when they are read completely; otherwise this would need to read what nobody asked for.
 *
 * # Files that change
 *
 * A file that is replaced by another one (this is what all the functions that save something do,
 * for files with a single name that belong to the user) is no problem: an open file stays what it
 * was. A file that is modified in place can give wrong values. One that is made shorter while it is
 * mapped ends the process (with `SIGBUS`) when the missing data is used, as with any mapped file.
 */

#include <metatensor.h>

#if defined(METATENSOR_FILES_BUILDING_LIBRARY) && defined(__GNUC__) && !defined(_WIN32)
#define METATENSOR_FILES_VISIBILITY_PUSHED
#pragma GCC visibility push(default)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** An open file. What has been read of its directory and of its labels is kept. */
typedef struct mts_file_t mts_file_t;

/** What is in a file. It is a 32-bit signed integer in every language version. */
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
typedef enum mts_file_content_t : int32_t {
#else
enum mts_file_content_t {
#endif
    /** Labels alone, to be read with mts_labels_load() */
    MTS_FILE_LABELS = 0,
    /** One block */
    MTS_FILE_BLOCK = 1,
    /** A tensor map */
    MTS_FILE_TENSORMAP = 2,
#if defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202311L)
} mts_file_content_t;
#else
};
typedef int32_t mts_file_content_t;
#endif

/**
 * Stores in `array` (all zeros at first) an array with the memory of `tensor`, which is consumed:
 * its `deleter` must be called when the memory is not needed anymore, or if this function fails.
 *
 * The tensor is on CPU, contiguous and row-major, and must not be written to. Its elements are in
 * most files *not aligned* (see mts_tensormap_save_aligned()): code that can not use such elements
 * has to copy them.
 *
 * @param user_data what was given together with this function
 * @param tensor memory of the file
 * @param array the new array, with the shape and type of `tensor`
 */
typedef mts_status_t (*mts_map_array_callback_t)(
    void* user_data, DLManagedTensorVersioned* tensor, mts_array_t* array
);

/**
 * Opens a file. The directory of the archive is read, and the keys of tensor maps; this does not
 * depend on the amount of data.
 *
 * The file can be used from several threads at the same time, for all functions below.
 *
 * @param path path of the file, in UTF-8. It must be a regular file (not a pipe)
 * @return an open file, to be released with mts_file_close(); NULL on errors
 */
mts_file_t* mts_file_open(const char* path);

/**
 * Closes a file, which nobody may use at the same time or afterwards. NULL is accepted, and nothing
 * is done. Everything that was obtained from the file stays valid, including mapped arrays.
 */
mts_status_t mts_file_close(mts_file_t* file);

/** Stores in `content` what is in the file */
mts_status_t mts_file_content(const mts_file_t* file, mts_file_content_t* content);

/**
 * The keys of a tensor map.
 *
 * @param file a file with a tensor map
 * @return a handle on the keys, to be released with mts_labels_free(); NULL on errors
 */
const mts_labels_t* mts_file_keys(const mts_file_t* file);

/**
 * Reads parts of a tensor map: some blocks, and some samples and properties in each of them.
 *
 * The result is the same as after loading everything, taking the blocks which match `keys`, and
 * then keeping in each block the samples and properties which match `samples` and `properties`. The
 * rows of gradients stay with their sample, in their original order. Only what is needed is read,
 * except for compressed data, which has to be read from its start to its end.
 *
 * All selections follow the rules of mts_labels_select(): they have some of the dimensions, and
 * match everything if they have no dimensions. It is an error if a dimension does not exist, but
 * not if nothing matches. `NULL` selects everything.
 *
 * @param file a file with a tensor map
 * @param keys selection of blocks, which stay in the order of the file; can be NULL
 * @param samples selection of samples. They are in the order of the selection if this has exactly
 *        the dimensions of the samples, in the same order; otherwise in the order of the file. Can
 * be NULL
 * @param properties selection of properties, which stay in the order of the file; can be NULL
 * @param create_array called to create the arrays of the result, as for mts_tensormap_load()
 * @return new tensor map, to be released with mts_tensormap_free(), or NULL
 */
mts_tensormap_t* mts_file_read_tensormap(
    const mts_file_t* file,
    const mts_labels_t* keys,
    const mts_labels_t* samples,
    const mts_labels_t* properties,
    mts_create_array_callback_t create_array
);

/**
 * Reads parts of a block; see mts_file_read_tensormap().
 *
 * @param file a file with a block
 * @return new block, to be released with mts_block_free(), or NULL
 */
mts_block_t* mts_file_read_block(
    const mts_file_t* file,
    const mts_labels_t* samples,
    const mts_labels_t* properties,
    mts_create_array_callback_t create_array
);

/**
 * Reads one range of samples of one block, and all of its gradients for these samples.
 *
 * This is the fastest way to get a few samples of a large block: no search is needed.
 *
 * @param file a file with a block or a tensor map
 * @param block position of the block in the tensor map, 0 if the file contains a block
 * @param first_sample position of the first sample
 * @param samples_count number of samples. It is an error if there are not that many
 * @param create_array called to create the arrays of the result, as for mts_block_load()
 * @return new block, to be released with mts_block_free(), or NULL
 */
mts_block_t* mts_file_read_samples(
    const mts_file_t* file,
    uintptr_t block,
    uintptr_t first_sample,
    uintptr_t samples_count,
    mts_create_array_callback_t create_array
);

/**
 * A tensor map which uses the data in the file as it is, without reading it: the system reads parts
 * of it when they are used. All processes that use the same file share this memory.
 *
 * Some data can not be used in place, and is read and kept in memory: compressed members, numbers
 * with another byte order, and booleans stored as anything else than 0 and 1 (which is found by
 * looking at all of them). Labels are always in memory.
 *
 * @param file a file with a tensor map
 * @param keys selection of blocks, as for mts_file_read_tensormap(); can be NULL
 * @param map_array called to create the arrays; NULL for arrays of this library. Those have the
 * data origin `metatensor::files::MappedArray`, and can not be written to. Their `as_dlpack` gives
 *        the memory of the file if the elements are aligned, and a copy otherwise. New arrays made
 *        from them (by copying or merging blocks) have their own memory
 * @param user_data first argument of `map_array`; can be NULL
 * @return new tensor map, to be released with mts_tensormap_free(), or NULL
 */
mts_tensormap_t* mts_file_map_tensormap(
    const mts_file_t* file,
    const mts_labels_t* keys,
    mts_map_array_callback_t map_array,
    void* user_data
);

/**
 * A block which uses the data in the file; see mts_file_map_tensormap().
 *
 * @param file a file with a block
 * @return new block, to be released with mts_block_free(), or NULL
 */
mts_block_t*
mts_file_map_block(const mts_file_t* file, mts_map_array_callback_t map_array, void* user_data);

/**
 * A tensor map with all labels of the file, and with arrays that nobody fills: what is in them is
 * decided by `create_array`. No values are read.
 *
 * @param file a file with a tensor map
 * @param keys selection of blocks, as for mts_file_read_tensormap(); can be NULL
 * @param create_array called with the shape and type of each array
 * @return new tensor map, to be released with mts_tensormap_free(), or NULL
 */
mts_tensormap_t* mts_file_tensormap_metadata(
    const mts_file_t* file, const mts_labels_t* keys, mts_create_array_callback_t create_array
);

/**
 * A block with all labels of the file; see mts_file_tensormap_metadata().
 *
 * @param file a file with a block
 * @return new block, to be released with mts_block_free(), or NULL
 */
mts_block_t*
mts_file_block_metadata(const mts_file_t* file, mts_create_array_callback_t create_array);

/**
 * Writes a tensor map to a file, as mts_tensormap_save() does, where the data of each array of
 * values starts at a multiple of 64 bytes. Such a file is a normal file for everybody, which is at
 * most 64 bytes larger for each array, and whose data can be used without copies by all code once
 * it is mapped.
 *
 * Files with labels always have this alignment.
 *
 * @param path path of the file, in UTF-8; an existing file is replaced
 * @param tensor what to write
 */
mts_status_t mts_tensormap_save_aligned(const char* path, const mts_tensormap_t* tensor);

/** Writes a block to a file; see mts_tensormap_save_aligned(). */
mts_status_t mts_block_save_aligned(const char* path, const mts_block_t* block);

#ifdef __cplusplus
} /* extern "C" */
#endif

#ifdef METATENSOR_FILES_VISIBILITY_PUSHED
#undef METATENSOR_FILES_VISIBILITY_PUSHED
#pragma GCC visibility pop
#endif

#endif /* METATENSOR_FILES_H */
