#pragma once

#include <optional>

#include <nanobind/nanobind.h>

#include <metatensor.h>

namespace bindings {

namespace nb = nanobind;

constexpr DLDevice CPU_DEVICE = {kDLCPU, 0};
constexpr DLPackVersion DLPACK_VERSION = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};

inline bool is_same_dtype(DLDataType a, DLDataType b) noexcept {
    return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes;
}

/// Type of the elements of a Python buffer with this format (native byte order only)
std::optional<DLDataType> dtype_from_buffer_format(const char* format, Py_ssize_t itemsize);

/// A Python object that owns `tensor`, and gives access to it with the buffer protocol (on CPU) and
/// with the DLPack protocol: `numpy.asarray(x)` and `torch.from_dlpack(x)` do not copy. It keeps
/// `owner` alive, for tensors that do not own their memory.
nb::object new_dlpack_tensor(DLManagedTensorVersioned* tensor, nb::object owner = {});

/// The tensor inside of a DLPack capsule of any version, owned by the caller. Raises `BufferError`
/// for tensors that do not make sense.
DLManagedTensorVersioned* tensor_from_capsule(nb::handle capsule);

/// Releases a tensor
inline void delete_tensor(DLManagedTensorVersioned* tensor) noexcept {
    if (tensor != nullptr && tensor->deleter != nullptr) {
        tensor->deleter(tensor);
    }
}

/// The content of `array` on the given device, as a new DLPack tensor owned by the caller
DLManagedTensorVersioned* export_array(const mts_array_t& array, DLDevice device);

} // namespace bindings
