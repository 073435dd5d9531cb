#ifndef CHECK_TENSOR_H
#define CHECK_TENSOR_H

#include <metatensor.h>

/** Value of the numbers that are in a merged block, but in none of the original ones */
#define FILL_VALUE (-1.0)

/**
 * Checks that all numbers of a tensor map, whatever its arrays are, are those that the labels ask
 * for (see content.h). Prints a line that starts with `name`.
 */
mts_status_t check_tensor(mts_tensormap_t* tensor, const char* name);

#endif
