#include "dlpack.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>

#include <ATen/DLConvertor.h>

#include "metatensor/torch/array.hpp"

namespace metatensor_torch {

torch::Device dlpack_device_to_torch(DLDevice device) {
    auto index = static_cast<c10::DeviceIndex>(device.device_id);
    switch (device.device_type) {
    case kDLCPU:
    case kDLCUDAHost:
    case kDLROCMHost:
        return {torch::kCPU};
    case kDLCUDA:
    case kDLCUDAManaged:
        return {torch::kCUDA, index};
    case kDLROCM:
        return {torch::kHIP, index};
    case kDLMetal:
        return {torch::kMPS, index};
    case kDLOneAPI:
        return {torch::kXPU, index};
    case kDLTrn:
        return {torch::kXLA, index};
    case kDLVulkan:
        return {torch::kVulkan, index};
    case kDLExtDev:
        return {torch::kMeta};
    default:
        C10_THROW_ERROR(
            ValueError,
            "no torch device corresponds to the DLPack device type " +
                std::to_string(static_cast<int>(device.device_type))
        );
    }
}

namespace details {

DLDevice torch_device_to_dlpack(torch::Device device) {
    auto index = device.has_index() ? static_cast<int32_t>(device.index()) : 0;
    switch (device.type()) {
    case torch::kCPU:
        return DLPACK_CPU;
    case torch::kCUDA:
        return {kDLCUDA, index};
    case torch::kHIP:
        return {kDLROCM, index};
    case torch::kMPS:
        return {kDLMetal, index};
    case torch::kXPU:
        return {kDLOneAPI, index};
    case torch::kXLA:
        return {kDLTrn, index};
    case torch::kVulkan:
        return {kDLVulkan, index};
    case torch::kMeta:
        return {kDLExtDev, 0};
    default:
        C10_THROW_ERROR(ValueError, "can not use data on device '" + device.str() + "'");
    }
}

namespace {

struct DtypePair {
    torch::ScalarType torch;
    DLDataType dlpack;
};

constexpr auto DTYPES = std::array<DtypePair, 13>{{
    {torch::kBool, {kDLBool, 8, 1}},
    {torch::kUInt8, {kDLUInt, 8, 1}},
    {torch::kInt8, {kDLInt, 8, 1}},
    {torch::kInt16, {kDLInt, 16, 1}},
    {torch::kInt32, {kDLInt, 32, 1}},
    {torch::kInt64, {kDLInt, 64, 1}},
    {torch::kFloat16, {kDLFloat, 16, 1}},
    {torch::kFloat32, {kDLFloat, 32, 1}},
    {torch::kFloat64, {kDLFloat, 64, 1}},
    {torch::kBFloat16, {kDLBfloat, 16, 1}},
    {torch::kComplexHalf, {kDLComplex, 32, 1}},
    {torch::kComplexFloat, {kDLComplex, 64, 1}},
    {torch::kComplexDouble, {kDLComplex, 128, 1}},
}};

} // namespace

DLDataType torch_dtype_to_dlpack(torch::ScalarType dtype) {
    for (const auto& pair : DTYPES) {
        if (pair.torch == dtype) {
            return pair.dlpack;
        }
    }
    TORCH_CHECK(false, "data with dtype ", dtype, " is not supported");
}

torch::ScalarType dlpack_dtype_to_torch(DLDataType dtype) {
    for (const auto& pair : DTYPES) {
        if (pair.dlpack.code == dtype.code && pair.dlpack.bits == dtype.bits &&
            pair.dlpack.lanes == dtype.lanes) {
            return pair.torch;
        }
    }
    TORCH_CHECK(
        false,
        "data with the DLPack dtype (code=",
        static_cast<int>(dtype.code),
        ", bits=",
        static_cast<int>(dtype.bits),
        ", lanes=",
        dtype.lanes,
        ") is not supported"
    );
}

bool has_data(const torch::Tensor& tensor) {
    // fake tensors pretend to be on another device than their storage
    return tensor.has_storage() && tensor.storage().device_type() != torch::kMeta;
}

namespace {

/// What a DLPack tensor refers to, as long as its deleter was not called.
struct ExportedTensor {
    torch::Tensor tensor;
    std::vector<int64_t> shape;
    std::vector<int64_t> strides;
    DLManagedTensorVersioned managed;
};

void delete_exported_tensor(DLManagedTensorVersioned* managed) {
    delete static_cast<ExportedTensor*>(managed->manager_ctx);
}

} // namespace

DLManagedTensorVersioned* tensor_to_dlpack(torch::Tensor tensor) {
    // consumers do not know about lazy conjugation and negation
    if (tensor.is_conj()) {
        tensor = tensor.resolve_conj();
    }
    if (tensor.is_neg()) {
        tensor = tensor.resolve_neg();
    }

    auto data_less = !has_data(tensor);
    TORCH_CHECK(
        !data_less || !tensor.has_storage() || tensor.is_meta(),
        "can not access the data of a fake tensor"
    );

    auto exported = std::make_unique<ExportedTensor>();
    exported->shape = tensor.sizes().vec();
    exported->strides = tensor.strides().vec();

    auto& managed = exported->managed;
    managed.version = DLPACK_VERSION;
    managed.manager_ctx = exported.get();
    managed.deleter = delete_exported_tensor;
    managed.flags = 0;
    managed.dl_tensor.data = data_less ? nullptr : tensor.data_ptr();
    managed.dl_tensor.device =
        data_less ? DLDevice{kDLExtDev, 0} : torch_device_to_dlpack(tensor.device());
    managed.dl_tensor.ndim = static_cast<int32_t>(tensor.dim());
    managed.dl_tensor.dtype = at::getDLDataType(tensor);
    managed.dl_tensor.shape = exported->shape.data();
    managed.dl_tensor.strides = exported->strides.data();
    managed.dl_tensor.byte_offset = 0;

    exported->tensor = std::move(tensor);
    return &exported.release()->managed;
}

torch::Tensor tensor_from_dlpack(DLManagedTensorVersioned* dl_tensor) {
    TORCH_CHECK_VALUE(dl_tensor != nullptr, "can not create an array from a null DLPack tensor");
    auto owner =
        std::shared_ptr<DLManagedTensorVersioned>(dl_tensor, [](DLManagedTensorVersioned* managed) {
            if (managed->deleter != nullptr) {
                managed->deleter(managed);
            }
        });
    TORCH_CHECK_VALUE(
        owner->version.major == DLPACK_VERSION.major,
        "can not import data from DLPack version ",
        owner->version.major,
        ".",
        owner->version.minor,
        ", the supported version is ",
        DLPACK_VERSION.major,
        ".",
        DLPACK_VERSION.minor
    );

    const auto& source = owner->dl_tensor;
    auto device = dlpack_device_to_torch(source.device);
    auto options = torch::TensorOptions().dtype(at::toScalarType(source.dtype)).device(device);
    auto sizes = at::IntArrayRef(source.shape, source.ndim);
    if (device.is_meta()) {
        return torch::empty(sizes, options);
    }

    auto* data = static_cast<char*>(source.data) + source.byte_offset;
    auto deleter = [owner](void*) mutable { owner.reset(); };
    if (source.strides == nullptr) {
        return at::from_blob(data, sizes, std::move(deleter), options, device);
    }
    auto strides = at::IntArrayRef(source.strides, source.ndim);
    return at::from_blob(data, sizes, strides, std::move(deleter), options, device);
}

} // namespace details

} // namespace metatensor_torch
