#ifndef ROW_ARRAY_H
#define ROW_ARRAY_H

/**
 * @file row_array.h
 * Arrays of a program that stores its data as a table of pointers to rows, one row for each sample:
 * `double** rows`, as many programs in C do. The rows can be anywhere in memory.
 *
 * No DLPack tensor can describe such memory, so the functions behind `mts_array_t` have to copy
 * when somebody asks for all of the data. Nothing else is copied: metatensor moves pieces of rows
 * with `move_data`, and never needs to know where they are.
 */

#include <metatensor.h>

/**
 * Creates an array in `array`, with all bytes set to zero and each row in its own allocation.
 *
 * @param shape size of each axis; the first one is the number of rows. An array without axes has a
 *        single row with a single element
 * @param shape_count number of axes
 * @param dtype type of the elements: any type made of whole bytes, with one lane
 * @param array new array, to be given to metatensor or released with its `destroy`
 */
mts_status_t row_array_create(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
);

/**
 * Same as row_array_create(), but with all rows in one piece of memory, which `as_dlpack` then
 * shares instead of copying. This is what the functions that load data need, since they write to
 * the memory that `as_dlpack` gives: use it as their `create_array`.
 */
mts_status_t row_array_create_contiguous(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
);

/** Memory of one row of an array made by one of the functions above; valid as long as the array */
void* row_array_row(const mts_array_t* array, uintptr_t row);

#endif
