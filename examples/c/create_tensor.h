#ifndef CREATE_TENSOR_H
#define CREATE_TENSOR_H

#include <metatensor.h>

/** Labels from `count` rows of `size` integers, which are copied to a row array; NULL on errors */
const mts_labels_t*
create_labels(const char* const* names, uintptr_t size, const int32_t* values, uintptr_t count);

/** Tensor map with the blocks of content.h, and their gradients, in row arrays; NULL on errors */
mts_tensormap_t* create_tensor(void);

#endif
