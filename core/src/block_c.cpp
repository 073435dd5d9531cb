// C functions for blocks
#include <memory>
#include <utility>
#include <vector>

#include "block.hpp"
#include "error.hpp"

using namespace mts;

mts_block_t* mts_block(
    mts_array_t data,
    const mts_labels_t* samples,
    const mts_labels_t* const* components,
    uintptr_t components_count,
    const mts_labels_t* properties
) {
    Array values(data);
    return catch_errors_as_null([&] {
        check_not_null(samples, "samples");
        check_not_null(properties, "properties");
        if (components_count != 0) {
            check_not_null(components, "components");
        }
        std::vector<LabelsRef> shared_components;
        for (std::size_t i = 0; i < components_count; i++) {
            check_not_null(components[i], "components");
            shared_components.push_back(share_handle(components[i]));
        }

        return to_handle(
            std::make_unique<Block>(
                std::move(values),
                share_handle(samples),
                std::move(shared_components),
                share_handle(properties)
            )
        );
    });
}

mts_status_t mts_block_free(mts_block_t* block) {
    return catch_errors([&] {
        if (block == nullptr) {
            return;
        }
        if (from_handle(block).is_owned()) {
            throw invalid_parameter(
                "this block is part of another block or of a tensor map, which will release it"
            );
        }
        delete &from_handle(block);
    });
}

mts_block_t* mts_block_copy(const mts_block_t* block) {
    return catch_errors_as_null([&] {
        check_not_null(block, "block");
        return to_handle(from_handle(block).copy());
    });
}

const mts_labels_t* mts_block_labels(const mts_block_t* block, uintptr_t axis) {
    return catch_errors_as_null([&] {
        check_not_null(block, "block");
        const Block& checked = from_handle(block);
        const std::size_t components = checked.components().size();
        if (axis == 0) {
            return to_handle(checked.samples());
        }
        if (axis <= components) {
            return to_handle(checked.components()[axis - 1]);
        }
        if (axis == components + 1) {
            return to_handle(checked.properties());
        }
        throw invalid_parameter(
            "there is no axis ", axis, " in a block with ", components + 2, " axes"
        );
    });
}

mts_status_t mts_block_gradient(mts_block_t* block, const char* parameter, mts_block_t** gradient) {
    return catch_errors([&] {
        check_not_null(block, "block");
        check_not_null(gradient, "gradient");
        const std::string_view name = check_utf8(parameter, "parameter");
        Block* found = from_handle(block).find_gradient(name);
        if (found == nullptr) {
            throw invalid_parameter(
                "there is no gradient with respect to '", name, "' in this block"
            );
        }
        *gradient = to_handle(found);
    });
}

mts_status_t mts_block_data(mts_block_t* block, mts_array_t* data) {
    return catch_errors([&] {
        check_not_null(block, "block");
        check_not_null(data, "data");
        *data = from_handle(block).values().view();
    });
}

mts_status_t
mts_block_add_gradient(mts_block_t* block, const char* parameter, mts_block_t* gradient) {
    return catch_errors([&] {
        check_not_null(block, "block");
        check_not_null(gradient, "gradient");
        const std::string_view name = check_utf8(parameter, "parameter");
        if (gradient == block || from_handle(gradient).is_owned()) {
            throw invalid_parameter(
                "the gradient with respect to '",
                name,
                "' is part of a block or of a tensor map already"
            );
        }
        std::unique_ptr<Block> consumed(&from_handle(gradient));
        from_handle(block).add_gradient(std::string(name), std::move(consumed));
    });
}

mts_status_t mts_block_gradients_list(
    const mts_block_t* block, const char* const** parameters, uintptr_t* parameters_count
) {
    return catch_errors([&] {
        check_not_null(block, "block");
        check_not_null(parameters, "parameters");
        check_not_null(parameters_count, "parameters_count");
        *parameters = from_handle(block).parameters();
        *parameters_count = from_handle(block).gradients().size();
    });
}

mts_status_t mts_block_device(const mts_block_t* block, DLDevice* device) {
    return catch_errors([&] {
        check_not_null(block, "block");
        check_not_null(device, "device");
        *device = from_handle(block).values().device();
    });
}

mts_status_t mts_block_dtype(const mts_block_t* block, DLDataType* dtype) {
    return catch_errors([&] {
        check_not_null(block, "block");
        check_not_null(dtype, "dtype");
        *dtype = from_handle(block).values().dtype();
    });
}
