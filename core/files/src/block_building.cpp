#include "block_building.hpp"

#include <cstdint>
#include <utility>

#include "dlpack.hpp"
#include "last_error.hpp"

namespace mts::files {

BlockHandle new_block(
    ArrayHandle values,
    const LabelsHandle& samples,
    const std::vector<LabelsHandle>& components,
    const LabelsHandle& properties
) {
    auto pointers = std::vector<const mts_labels_t*>();
    for (const auto& component : components) {
        pointers.push_back(component.get());
    }
    return BlockHandle(check(mts_block(
        std::move(values).release(),
        samples.get(),
        pointers.data(),
        pointers.size(),
        properties.get()
    )));
}

void add_gradient(mts_block_t* block, const std::string& parameter, BlockHandle gradient) {
    check(mts_block_add_gradient(block, parameter.c_str(), gradient.release()));
}

ArrayHandle created_array(
    std::span<const uintptr_t> shape, DLDataType dtype, mts_create_array_callback_t create_array
) {
    auto created = mts_array_t{};
    auto status = create_array(shape.data(), shape.size(), dtype, &created);
    check_callback(status, "could not create an array with `create_array`");
    return ArrayHandle(created);
}

ArrayHandle shape_only_array(const StoredArray& stored) {
    struct Description {
        std::vector<uintptr_t> shape;
        DLDataType dtype;
    };
    auto array = mts_array_t{};
    array.ptr = new Description{stored.layout.shape, stored.layout.type.dtype};
    array.destroy = [](void* self) { delete static_cast<Description*>(self); };
    array.origin = [](const void*, mts_data_origin_t* origin) {
        return mts_register_data_origin("metatensor::files::ShapeOnly", origin);
    };
    array.device = [](const void*, DLDevice* device) {
        *device = CPU_DEVICE;
        return MTS_SUCCESS;
    };
    array.dtype = [](const void* self, DLDataType* dtype) {
        *dtype = static_cast<const Description*>(self)->dtype;
        return MTS_SUCCESS;
    };
    array.shape = [](const void* self, const uintptr_t** shape, uintptr_t* count) {
        const auto& sizes = static_cast<const Description*>(self)->shape;
        *shape = sizes.data();
        *count = sizes.size();
        return MTS_SUCCESS;
    };
    return ArrayHandle(array);
}

} // namespace mts::files
