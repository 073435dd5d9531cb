#pragma once

/// Labels, blocks and tensor maps for tests, made of `TestArray`

#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "metatensor.h"
#include "test_array.hpp"

struct Free {
    void operator()(const mts_labels_t* labels) const { CHECK_SUCCESS(mts_labels_free(labels)); }
    void operator()(mts_block_t* block) const { CHECK_SUCCESS(mts_block_free(block)); }
    void operator()(mts_tensormap_t* tensor) const { CHECK_SUCCESS(mts_tensormap_free(tensor)); }
};

using LabelsPtr = std::unique_ptr<const mts_labels_t, Free>;
using BlockPtr = std::unique_ptr<mts_block_t, Free>;
using TensorPtr = std::unique_ptr<mts_tensormap_t, Free>;

using Names = std::vector<std::string>;
using Values = std::vector<int32_t>;

inline std::vector<const char*> c_strings(const Names& names) {
    std::vector<const char*> result;
    for (const std::string& name : names) {
        result.push_back(name.c_str());
    }
    return result;
}

/// Names of dimensions: a, b, c...
inline Names letters(size_t count) {
    Names names;
    for (size_t i = 0; i < count; i++) {
        names.emplace_back(1, static_cast<char>('a' + i));
    }
    return names;
}

/// Values of labels, with one column per name
inline TestArray label_values(size_t size, const Values& values) {
    TestArray array;
    array.shape = {size == 0 ? 0 : values.size() / size, size};
    array.data.assign(values.begin(), values.end());
    array.dtype = I32;
    return array;
}

inline const mts_labels_t* raw_labels(const Names& names, mts_array_t array) {
    return mts_labels(c_strings(names).data(), names.size(), array);
}

inline LabelsPtr make_labels(
    const Names& names,
    const Values& values,
    Layout layout = Layout::RowMajor,
    DLDevice device = CPU
) {
    TestArray array = label_values(names.size(), values);
    array.layout = layout;
    array.device = device;
    return LabelsPtr(CHECK_NOT_NULL(raw_labels(names, array.to_c())));
}

inline LabelsPtr assume_unique(const Names& names, const Values& values, DLDevice device = CPU) {
    TestArray array = label_values(names.size(), values);
    array.device = device;
    return LabelsPtr(CHECK_NOT_NULL(
        mts_labels_assume_unique(c_strings(names).data(), names.size(), array.to_c())
    ));
}

/// Labels with a single dimension, and the values 0, 1, ...
inline LabelsPtr range(const std::string& name, int32_t count) {
    Values values(static_cast<size_t>(count));
    std::iota(values.begin(), values.end(), 0);
    return make_labels({name}, values);
}

inline Names names_of(const mts_labels_t* labels) {
    const char* const* names = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_labels_dimensions(labels, &names, &count));
    CHECK_EQ(names == nullptr, count == 0);
    return Names(names, names + count);
}

inline uintptr_t count_of(const mts_labels_t* labels) {
    mts_array_t array = {};
    CHECK_SUCCESS(mts_labels_values(labels, &array));
    const uintptr_t* shape = nullptr;
    uintptr_t shape_count = 0;
    CHECK_SUCCESS(array.shape(array.ptr, &shape, &shape_count));
    return shape[0];
}

inline Values values_of(const mts_labels_t* labels) {
    const int32_t* values = nullptr;
    uintptr_t count = 0;
    uintptr_t size = 0;
    CHECK_SUCCESS(mts_labels_values_cpu(labels, &values, &count, &size));
    return Values(values, values + count * size);
}

inline std::string origin_of(const mts_array_t& array) {
    mts_data_origin_t origin = 0;
    CHECK_SUCCESS(array.origin(array.ptr, &origin));
    char buffer[64];
    CHECK_SUCCESS(mts_get_data_origin(origin, buffer, sizeof(buffer)));
    return buffer;
}

/// Origin of the values of labels
inline std::string origin_of(const mts_labels_t* labels) {
    mts_array_t array = {};
    CHECK_SUCCESS(mts_labels_values(labels, &array));
    CHECK(array.destroy == nullptr);
    return origin_of(array);
}

/// An array with the values `start`, `start + 1`...
inline TestArray block_values(const std::vector<uintptr_t>& shape, double start = 0) {
    TestArray array;
    array.shape = shape;
    array.data.resize(
        std::accumulate(shape.begin(), shape.end(), uintptr_t{1}, std::multiplies<>())
    );
    std::iota(array.data.begin(), array.data.end(), start);
    return array;
}

inline mts_block_t* raw_block(
    mts_array_t array,
    const mts_labels_t* samples,
    const std::vector<const mts_labels_t*>& components,
    const mts_labels_t* properties
) {
    return mts_block(array, samples, components.data(), components.size(), properties);
}

inline BlockPtr make_block(
    const LabelsPtr& samples,
    const std::vector<const mts_labels_t*>& components,
    const LabelsPtr& properties,
    double start = 0
) {
    std::vector<uintptr_t> shape = {count_of(samples.get())};
    for (const mts_labels_t* component : components) {
        shape.push_back(count_of(component));
    }
    shape.push_back(count_of(properties.get()));
    return BlockPtr(CHECK_NOT_NULL(
        raw_block(block_values(shape, start).to_c(), samples.get(), components, properties.get())
    ));
}

inline LabelsPtr labels_of(const mts_block_t* block, uintptr_t axis) {
    return LabelsPtr(CHECK_NOT_NULL(mts_block_labels(block, axis)));
}

inline const TestArray& data_of(mts_block_t* block) {
    mts_array_t array = {};
    CHECK_SUCCESS(mts_block_data(block, &array));
    CHECK(array.destroy == nullptr);
    return TestArray::get(array.ptr);
}

inline mts_block_t* gradient_of(mts_block_t* block, const char* parameter) {
    mts_block_t* gradient = nullptr;
    CHECK_SUCCESS(mts_block_gradient(block, parameter, &gradient));
    return gradient;
}

inline Names gradients_of(const mts_block_t* block) {
    const char* const* names = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_block_gradients_list(block, &names, &count));
    CHECK_EQ(names == nullptr, count == 0);
    return Names(names, names + count);
}

inline TensorPtr make_tensor(const LabelsPtr& keys, std::vector<BlockPtr> blocks) {
    std::vector<mts_block_t*> pointers;
    for (BlockPtr& block : blocks) {
        pointers.push_back(block.release());
    }
    return TensorPtr(CHECK_NOT_NULL(mts_tensormap(keys.get(), pointers.data(), pointers.size())));
}

template <typename... Blocks>
TensorPtr make_tensor(const LabelsPtr& keys, BlockPtr first, Blocks... others) {
    std::vector<BlockPtr> blocks;
    blocks.push_back(std::move(first));
    (blocks.push_back(std::move(others)), ...);
    return make_tensor(keys, std::move(blocks));
}

inline LabelsPtr keys_of(const TensorPtr& tensor) {
    return LabelsPtr(CHECK_NOT_NULL(mts_tensormap_keys(tensor.get())));
}

inline mts_block_t* block_of(const TensorPtr& tensor, uintptr_t index) {
    mts_block_t* block = nullptr;
    CHECK_SUCCESS(mts_tensormap_block_by_id(tensor.get(), &block, index));
    return block;
}

/// Array without axes
inline TestArray scalar(double value, DLDataType dtype = F64) {
    TestArray array;
    array.data = {value};
    array.dtype = dtype;
    return array;
}

/// To be called at the end of each program: everything was released
inline void check_no_leak() {
    CHECK_EQ(TestArray::alive.load(), 0);
    CHECK_EQ(TestArray::exported.load(), 0);
}
