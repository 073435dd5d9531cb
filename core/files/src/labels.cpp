#include "labels.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "dlpack.hpp"
#include "io/npy.hpp"
#include "last_error.hpp"
#include "names.hpp"

namespace mts::files {

namespace {

/// A matrix of integers as a DLPack tensor
struct Matrix {
    explicit Matrix(std::vector<int32_t> values_, size_t count, size_t size)
        : values(std::move(values_)),
          shape{static_cast<int64_t>(count), static_cast<int64_t>(size)},
          strides{static_cast<int64_t>(size), 1} {}

    std::vector<int32_t> values;
    int64_t shape[2];
    int64_t strides[2];
    DLManagedTensorVersioned tensor = {};
};

DLManagedTensorVersioned* to_dlpack(std::vector<int32_t> values, size_t count, size_t size) {
    auto matrix = std::make_unique<Matrix>(std::move(values), count, size);
    auto& tensor = matrix->tensor;
    tensor.version = DLPACK_VERSION;
    tensor.manager_ctx = matrix.get();
    tensor.deleter = [](DLManagedTensorVersioned* self) {
        delete static_cast<Matrix*>(self->manager_ctx);
    };
    tensor.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
    tensor.dl_tensor.data = matrix->values.data();
    tensor.dl_tensor.device = CPU_DEVICE;
    tensor.dl_tensor.ndim = 2;
    tensor.dl_tensor.dtype = INT32_DTYPE;
    tensor.dl_tensor.shape = matrix->shape;
    tensor.dl_tensor.strides = matrix->strides;
    return &matrix.release()->tensor;
}

/// Some labels made by libmetatensor alone
const mts_labels_t* library_labels() {
    auto file = io::npy_labels_header(Names({"_"}), 0);
    const auto* bytes = reinterpret_cast<const uint8_t*>(file.data());
    return check(mts_labels_load_buffer(bytes, file.size()));
}

/// An array of the kind that libmetatensor makes for the labels that it loads
mts_array_t new_array(std::vector<int32_t> values, size_t count, size_t size) {
    static const auto* some_labels = library_labels();

    auto prototype = mts_array_t{};
    check(mts_labels_values(some_labels, &prototype));
    auto array = mts_array_t{};
    check(prototype.from_dlpack(prototype.ptr, to_dlpack(std::move(values), count, size), &array));
    return array;
}

} // namespace

LabelsHandle new_labels(io::LabelsContent content) {
    auto names = Names(std::move(content.names));
    auto array = new_array(std::move(content.values), content.count, names.size());
    return own(check(mts_labels(names.c_strings(), names.size(), array)));
}

LabelsHandle derived_labels(const mts_labels_t* labels, std::vector<int32_t> values) {
    const char* const* names = nullptr;
    uintptr_t size = 0;
    check(mts_labels_dimensions(labels, &names, &size));
    auto count = size == 0 ? 0 : values.size() / size;
    auto array = new_array(std::move(values), count, size);
    return own(check(mts_labels_assume_unique(names, size, array)));
}

LabelsHandle pick(const mts_labels_t* labels, std::span<const uint64_t> positions) {
    auto all = rows(labels);
    auto picked = std::vector<int32_t>();
    picked.reserve(positions.size() * all.size);
    for (auto position : positions) {
        auto row = all.row(position);
        picked.insert(picked.end(), row.begin(), row.end());
    }
    return derived_labels(labels, std::move(picked));
}

Rows rows(const mts_labels_t* labels) {
    auto result = Rows{};
    check(mts_labels_values_cpu(labels, &result.data, &result.count, &result.size));
    return result;
}

Positions
select(const mts_labels_t* labels, const mts_labels_t* selection, std::string_view parameter) {
    if (selection == nullptr) {
        return std::nullopt;
    }
    auto count = uintptr_t{rows(labels).count};
    auto all_count = count;
    auto positions = std::vector<uint64_t>(count);
    try {
        check(mts_labels_select(labels, selection, positions.data(), &count));
    } catch (const Error& error) {
        throw Error(error.status(), text("in `", parameter, "`: ", error.message()));
    }
    positions.resize(count);

    auto is_everything = count == all_count && std::ranges::is_sorted(positions);
    return is_everything ? std::nullopt : Positions(std::move(positions));
}

Positions select_in_order(
    const mts_labels_t* labels, const mts_labels_t* selection, std::string_view parameter
) {
    auto positions = select(labels, selection, parameter);
    if (positions.has_value()) {
        std::ranges::sort(*positions);
        if (positions->size() == rows(labels).count) {
            return std::nullopt;
        }
    }
    return positions;
}

} // namespace mts::files
