#pragma once

/// Arrays: what holds the values of blocks and labels, and how to look at them.
///
/// | type                 | purpose                                                          |
/// | -------------------- | ---------------------------------------------------------------- |
/// | `MtsArray`           | owner (or view) of a C `mts_array_t`, whatever its origin        |
/// | `DataArrayBase`      | base class to use your own array type with metatensor            |
/// | `SimpleDataArray<T>` | dense row-major array in CPU memory                              |
/// | `EmptyDataArray<T>`  | shape and dtype without data, for metadata-only blocks           |
/// | `NDArray<T>`         | row-major view of memory, or owner of some                       |
/// | `DLPackArray<T>`     | read-only owner of a DLPack tensor: the values of any array      |

#include "arrays/comparison.hpp"
#include "arrays/data_array.hpp"
#include "arrays/dlpack_array.hpp"
#include "arrays/dlpack_export.hpp"
#include "arrays/dtype.hpp"
#include "arrays/empty_data_array.hpp"
#include "arrays/mts_array.hpp"
#include "arrays/ndarray.hpp"
#include "arrays/shape.hpp"
#include "arrays/simple_data_array.hpp"
