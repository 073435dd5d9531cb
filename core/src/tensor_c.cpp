// C functions for tensor maps
#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "error.hpp"
#include "keys_to_properties.hpp"
#include "keys_to_samples.hpp"
#include "tensor.hpp"

using namespace mts;

/// Throws if some of these blocks can not be given to a tensor map
static void check_blocks(std::span<mts_block_t* const> blocks) {
    for (mts_block_t* block : blocks) {
        check_not_null(block, "blocks");
        if (from_handle(block).is_owned()) {
            throw invalid_parameter("a block is already part of another block or of a tensor map");
        }
    }

    std::vector<mts_block_t*> sorted(blocks.begin(), blocks.end());
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
        throw invalid_parameter("the same block is used more than once in a tensor map");
    }
}

mts_tensormap_t*
mts_tensormap(const mts_labels_t* keys, mts_block_t** blocks, uintptr_t blocks_count) {
    return catch_errors_as_null([&] {
        check_not_null(keys, "keys");
        if (blocks_count != 0) {
            check_not_null(blocks, "blocks");
        }
        const std::span<mts_block_t*> handles(blocks, blocks_count);
        check_blocks(handles);

        std::vector<std::unique_ptr<Block>> owned;
        owned.reserve(handles.size());
        for (mts_block_t*& handle : handles) {
            owned.emplace_back(&from_handle(std::exchange(handle, nullptr)));
        }
        return to_handle(std::make_unique<TensorMap>(share_handle(keys), std::move(owned)));
    });
}

mts_status_t mts_tensormap_free(mts_tensormap_t* tensor) {
    return catch_errors([&] {
        if (tensor != nullptr) {
            delete &from_handle(tensor);
        }
    });
}

mts_tensormap_t* mts_tensormap_copy(const mts_tensormap_t* tensor) {
    return catch_errors_as_null([&] {
        check_not_null(tensor, "tensor");
        return to_handle(from_handle(tensor).copy());
    });
}

const mts_labels_t* mts_tensormap_keys(const mts_tensormap_t* tensor) {
    return catch_errors_as_null([&] {
        check_not_null(tensor, "tensor");
        return to_handle(from_handle(tensor).keys());
    });
}

mts_status_t
mts_tensormap_block_by_id(mts_tensormap_t* tensor, mts_block_t** block, uintptr_t index) {
    return catch_errors([&] {
        check_not_null(tensor, "tensor");
        check_not_null(block, "block");
        const auto& blocks = from_handle(tensor).blocks();
        if (index >= blocks.size()) {
            throw invalid_parameter(
                "there is no block with index ",
                index,
                " in a tensor map with ",
                blocks.size(),
                " blocks"
            );
        }
        *block = to_handle(blocks[index].get());
    });
}

mts_tensormap_t* mts_tensormap_keys_to_properties(
    const mts_tensormap_t* tensor,
    const mts_labels_t* keys_to_move,
    mts_array_t fill_value,
    bool sort_samples
) {
    const Array fill(fill_value);
    return catch_errors_as_null([&] {
        check_not_null(tensor, "tensor");
        check_not_null(keys_to_move, "keys_to_move");
        const Labels& moved = from_handle(keys_to_move);
        return to_handle(keys_to_properties(from_handle(tensor), moved, fill, sort_samples));
    });
}

mts_tensormap_t* mts_tensormap_components_to_properties(
    const mts_tensormap_t* tensor, const char* const* dimensions, uintptr_t dimensions_count
) {
    return catch_errors_as_null([&] {
        check_not_null(tensor, "tensor");
        check_not_null(dimensions, "dimensions");
        if (dimensions_count == 0) {
            throw invalid_parameter("`dimensions` must contain at least one component");
        }
        std::vector<std::string_view> names;
        for (std::size_t i = 0; i < dimensions_count; i++) {
            names.push_back(check_utf8(dimensions[i], "dimensions"));
        }
        return to_handle(from_handle(tensor).components_to_properties(names));
    });
}

mts_tensormap_t* mts_tensormap_keys_to_samples(
    const mts_tensormap_t* tensor,
    const mts_labels_t* keys_to_move,
    mts_array_t fill_value,
    bool sort_samples
) {
    const Array fill(fill_value);
    return catch_errors_as_null([&] {
        check_not_null(tensor, "tensor");
        check_not_null(keys_to_move, "keys_to_move");
        const Labels& moved = from_handle(keys_to_move);
        return to_handle(keys_to_samples(from_handle(tensor), moved, fill, sort_samples));
    });
}

mts_status_t mts_tensormap_set_info(mts_tensormap_t* tensor, const char* key, const char* value) {
    return catch_errors([&] {
        check_not_null(tensor, "tensor");
        check_not_null(value, "value");
        from_handle(tensor).info().set(check_utf8(key, "key"), value);
    });
}

mts_status_t
mts_tensormap_get_info(const mts_tensormap_t* tensor, const char* key, const char** value) {
    return catch_errors([&] {
        check_not_null(tensor, "tensor");
        check_not_null(value, "value");
        const std::string* found = from_handle(tensor).info().find(check_utf8(key, "key"));
        *value = found == nullptr ? nullptr : found->c_str();
    });
}

mts_status_t mts_tensormap_info_keys(
    const mts_tensormap_t* tensor, const char* const** keys, uintptr_t* keys_count
) {
    return catch_errors([&] {
        check_not_null(tensor, "tensor");
        check_not_null(keys, "keys");
        check_not_null(keys_count, "keys_count");
        *keys = from_handle(tensor).info().keys();
        *keys_count = from_handle(tensor).info().size();
    });
}

mts_status_t mts_tensormap_device(const mts_tensormap_t* tensor, DLDevice* device) {
    return catch_errors([&] {
        check_not_null(tensor, "tensor");
        check_not_null(device, "device");
        *device = from_handle(tensor).device();
    });
}

mts_status_t mts_tensormap_dtype(const mts_tensormap_t* tensor, DLDataType* dtype) {
    return catch_errors([&] {
        check_not_null(tensor, "tensor");
        check_not_null(dtype, "dtype");
        *dtype = from_handle(tensor).dtype();
    });
}
