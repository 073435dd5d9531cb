#include "mapped_values.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "dlpack.hpp"
#include "io/archive_members.hpp"
#include "io/array_io.hpp"
#include "mapped_array.hpp"

namespace mts::files {

namespace {

/// Elements of an array, and what has to live as long
struct Elements {
    std::shared_ptr<const void> owner;
    const void* data;
};

struct MappedTensor {
    std::shared_ptr<const void> owner;
    std::vector<int64_t> shape;
    std::vector<int64_t> strides;
    DLManagedTensorVersioned tensor = {};
};

DLManagedTensorVersioned* to_dlpack(Elements elements, const io::ArrayLayout& layout) {
    auto mapped = std::make_unique<MappedTensor>();
    mapped->owner = std::move(elements.owner);
    mapped->shape.assign(layout.shape.begin(), layout.shape.end());
    mapped->strides.resize(layout.shape.size());
    int64_t stride = 1;
    for (auto axis = layout.shape.size(); axis-- > 0;) {
        mapped->strides[axis] = stride;
        stride *= std::max(mapped->shape[axis], int64_t{1});
    }

    auto& tensor = mapped->tensor;
    tensor.version = DLPACK_VERSION;
    tensor.manager_ctx = mapped.get();
    tensor.deleter = [](DLManagedTensorVersioned* self) {
        delete static_cast<MappedTensor*>(self->manager_ctx);
    };
    tensor.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
    tensor.dl_tensor.data = const_cast<void*>(elements.data);
    tensor.dl_tensor.device = CPU_DEVICE;
    tensor.dl_tensor.ndim = static_cast<int32_t>(mapped->shape.size());
    tensor.dl_tensor.dtype = layout.type.dtype;
    tensor.dl_tensor.shape = mapped->shape.data();
    tensor.dl_tensor.strides = mapped->strides.data();
    return &mapped.release()->tensor;
}

Elements read_elements(const OpenFile& file, const StoredArray& stored) {
    const auto& layout = stored.layout;
    auto source = file.source();
    auto elements = std::shared_ptr<uint8_t[]>(new uint8_t[layout.size]);
    io::read_member(file.archive().through(source), stored.member, [&](io::InputStream& input) {
        io::read_npy_header(input);
        input.read(elements.get(), layout.size);
        input.finish();
    });
    io::to_native(layout.type, elements.get(), layout.size / layout.type.size);
    auto* data = elements.get();
    return {std::move(elements), data};
}

Elements find_elements(const OpenFile& file, const StoredArray& stored) {
    const auto& layout = stored.layout;
    if (!stored.position.has_value() || layout.type.swapped) {
        return read_elements(file, stored);
    }
    auto mapping = file.mapping();
    const auto* data = mapping->data() + *stored.position;
    auto is_invalid = [](uint8_t value) { return value > 1; };
    if (layout.type.dtype.code == kDLBool && std::any_of(data, data + layout.size, is_invalid)) {
        return read_elements(file, stored);
    }
    return {std::move(mapping), data};
}

} // namespace

DLManagedTensorVersioned* map_values(const OpenFile& file, const StoredArray& stored) {
    return to_dlpack(find_elements(file, stored), stored.layout);
}

ArrayHandle map_array(
    const OpenFile& file,
    const StoredArray& stored,
    mts_map_array_callback_t map_array,
    void* user_data
) {
    auto* tensor = map_values(file, stored);
    if (map_array == nullptr) {
        return new_mapped_array(tensor);
    }
    auto array = mts_array_t{};
    check_callback(
        map_array(user_data, tensor, &array), "could not create an array with `map_array`"
    );
    return ArrayHandle(array);
}

} // namespace mts::files
