#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "../errors.hpp"

namespace metatensor {
namespace details {

/// Version of DLPack that this code reads and writes. This is not taken from the macros of
/// `dlpack.h`, since another copy of that header might have been included first.
inline constexpr DLPackVersion SUPPORTED_DLPACK_VERSION = {1, 3};

inline constexpr DLDevice CPU_DEVICE = {kDLCPU, 0};

/// DLPack data type of the arithmetic type `T`.
template <typename T>
DLDataType dtype_of() {
    static_assert(std::is_arithmetic_v<T>, "only arithmetic types have a DLPack data type");

    DLDataTypeCode code = kDLUInt;
    if (std::is_same_v<T, bool>) {
        code = kDLBool;
    } else if (std::is_floating_point_v<T>) {
        code = kDLFloat;
    } else if (std::is_signed_v<T>) {
        code = kDLInt;
    }
    return {static_cast<uint8_t>(code), static_cast<uint8_t>(8 * sizeof(T)), 1};
}

inline bool same_dtype(DLDataType first, DLDataType second) {
    return first.code == second.code && first.bits == second.bits && first.lanes == second.lanes;
}

/// Short name of a data type for error messages: `f64`, `i32`, `bool`, ...
inline std::string dtype_name(DLDataType dtype) {
    std::string name;
    if (dtype.code == kDLBool && dtype.bits == 8) {
        name = "bool";
    } else if (dtype.code == kDLInt) {
        name = "i" + std::to_string(dtype.bits);
    } else if (dtype.code == kDLUInt) {
        name = "u" + std::to_string(dtype.bits);
    } else if (dtype.code == kDLFloat) {
        name = "f" + std::to_string(dtype.bits);
    } else if (dtype.code == kDLComplex) {
        name = "complex" + std::to_string(dtype.bits);
    } else {
        name = "type code " + std::to_string(dtype.code) + " with " + std::to_string(dtype.bits) +
               " bits";
    }

    if (dtype.lanes != 1) {
        name += " with " + std::to_string(dtype.lanes) + " lanes";
    }
    return name;
}

/// Carries a type as the argument of a generic lambda.
template <typename T>
struct TypeTag {
    using type = T;
};

template <typename F>
using DispatchResult = std::invoke_result_t<F, TypeTag<double>>;

template <typename T, typename... Others, typename F>
DispatchResult<F> dispatch_dtype_among(DLDataType dtype, F f) {
    if (same_dtype(dtype, dtype_of<T>())) {
        return f(TypeTag<T>{});
    }
    if constexpr (sizeof...(Others) > 0) {
        return dispatch_dtype_among<Others...>(dtype, f);
    } else {
        throw Error("unsupported dtype: " + dtype_name(dtype));
    }
}

/// Return `f(TypeTag<T>{})` with the C++ type `T` of this `dtype`. Throws for dtypes which do not
/// correspond to `bool`, a 8 to 64-bit integer, `float` or `double`.
template <typename F>
DispatchResult<F> dispatch_dtype(DLDataType dtype, F f) {
    return dispatch_dtype_among<
        double,
        float,
        int8_t,
        int16_t,
        int32_t,
        int64_t,
        uint8_t,
        uint16_t,
        uint32_t,
        uint64_t,
        bool>(dtype, f);
}

} // namespace details
} // namespace metatensor
