#include "io/array_io.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "io/bytes.hpp"
#include "io/errors.hpp"
#include "io/strided.hpp"

namespace mts::io {

namespace {

constexpr size_t CHUNK_BYTES = size_t{1} << 18;

std::vector<uintptr_t> shape_of(const DLPackTensor& tensor) {
    auto shape = std::vector<uintptr_t>();
    for (size_t axis = 0; axis < tensor.ndim(); axis++) {
        shape.push_back(tensor.size(axis));
    }
    return shape;
}

// In files as in memory, only one bit of a boolean matters, and it must be the lowest one.
void normalize_bools(uint8_t* values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        values[i] = values[i] != 0 ? 1 : 0;
    }
}

template <typename T>
void swap_all(uint8_t* data, size_t size) {
    for (size_t i = 0; i < size; i += sizeof(T)) {
        T number;
        std::memcpy(&number, data + i, sizeof(T));
        number = byte_swapped(number);
        std::memcpy(data + i, &number, sizeof(T));
    }
}

// Put the bytes of all numbers in reverse order
void swap_bytes(uint8_t* data, size_t size, size_t number_size) {
    switch (number_size) {
    case 2:
        return swap_all<uint16_t>(data, size);
    case 4:
        return swap_all<uint32_t>(data, size);
    case 8:
        return swap_all<uint64_t>(data, size);
    default:
        return; // single bytes
    }
}

void write_data(const DLPackTensor& tensor, size_t element_size, ZipMemberOutput& output) {
    auto is_bool = tensor.dtype().code == kDLBool;
    if (tensor.is_contiguous() && !is_bool) {
        output.write(tensor.data(), tensor.count() * element_size);
        return;
    }

    auto chunk = std::vector<uint8_t>(std::min(tensor.count() * element_size, CHUNK_BYTES));
    auto elements = StridedElements(tensor, element_size);
    while (auto count = elements.gather(chunk.data(), chunk.size() / element_size)) {
        if (is_bool) {
            normalize_bools(chunk.data(), count);
        }
        output.write(chunk.data(), count * element_size);
    }
}

void read_elements(InputStream& input, const NpyType& type, uint8_t* elements, size_t count) {
    input.read(elements, count * type.size);
    to_native(type, elements, count);
}

void read_data(InputStream& input, const NpyType& type, const DLPackTensor& tensor) {
    auto chunk_count = CHUNK_BYTES / type.size;
    if (tensor.is_contiguous()) {
        auto* next = static_cast<uint8_t*>(tensor.data());
        for (auto left = tensor.count(); left > 0;) {
            auto count = std::min(left, chunk_count);
            read_elements(input, type, next, count);
            next += count * type.size;
            left -= count;
        }
        return;
    }

    auto chunk = std::vector<uint8_t>(std::min(tensor.count(), chunk_count) * type.size);
    auto elements = StridedElements(tensor, type.size);
    for (auto left = tensor.count(); left > 0;) {
        auto count = std::min(left, chunk_count);
        read_elements(input, type, chunk.data(), count);
        elements.scatter(chunk.data(), count);
        left -= count;
    }
}

void check_created(const DLPackTensor& tensor, std::span<const uintptr_t> shape, DLDataType dtype) {
    if (!same_dtype(tensor.dtype(), dtype)) {
        throw serialization_error(
            "`create_array` was asked for an array of ",
            to_text(dtype),
            ", and gave one of ",
            to_text(tensor.dtype())
        );
    }
    auto created = shape_of(tensor);
    if (!std::ranges::equal(created, shape)) {
        throw invalid_parameter(
            "`create_array` was asked for an array of shape (",
            to_text(shape),
            "), and gave one of shape (",
            to_text(std::span<const uintptr_t>(created)),
            ")"
        );
    }
    if (tensor.is_read_only()) {
        throw invalid_parameter("`create_array` gave an array that can not be written to");
    }
}

} // namespace

void write_array(
    ZipWriter& archive,
    std::string_view name,
    const Array& array,
    std::span<const uintptr_t> shape,
    size_t alignment
) {
    auto tensor = array.as_dlpack();
    auto tensor_shape = shape_of(tensor);
    if (!std::ranges::equal(tensor_shape, shape)) {
        throw invalid_parameter(
            "the shape of the array for '",
            name,
            "' should be (",
            to_text(shape),
            "), it is (",
            to_text(std::span<const uintptr_t>(tensor_shape)),
            ")"
        );
    }

    auto position = archive.content_position(name);
    auto header = npy_array_header(tensor.dtype(), shape, position, alignment);
    auto element_size = npy_type_size(tensor.dtype());
    archive.add(name, header.size() + tensor.count() * element_size, [&](ZipMemberOutput& output) {
        output.write(header.data(), header.size());
        write_data(tensor, element_size, output);
    });
}

ArrayLayout read_array_layout(InputStream& input, size_t min_axes) {
    auto header = read_npy_header(input);
    auto type = npy_array_type(header);
    if (header.shape.size() < min_axes) {
        throw serialization_error(
            "expected an array with at least ", min_axes, " axes, got ", header.shape.size()
        );
    }
    auto size = npy_data_size(header.shape, type.size, input.remaining());
    return {type, std::move(header.shape), size};
}

void to_native(const NpyType& type, uint8_t* elements, size_t count) {
    if (type.dtype.code == kDLBool) {
        normalize_bools(elements, count);
    } else if (type.swapped) {
        // complex numbers are two numbers
        auto number_size = type.dtype.code == kDLComplex ? type.size / 2 : type.size;
        swap_bytes(elements, count * type.size, number_size);
    }
}

void fill_array(InputStream& input, const ArrayLayout& layout, const Array& array) {
    if (layout.size > 0) {
        read_data(input, layout.type, writable_memory(array, layout.shape, layout.type.dtype));
    }
    input.finish();
}

DLPackTensor
writable_memory(const Array& array, std::span<const uintptr_t> shape, DLDataType dtype) {
    auto tensor = array.as_dlpack();
    check_created(tensor, shape, dtype);
    return tensor;
}

Array read_array(InputStream& input, size_t min_axes, mts_create_array_callback_t create_array) {
    auto layout = read_array_layout(input, min_axes);
    auto created = mts_array_t{};
    auto status =
        create_array(layout.shape.data(), layout.shape.size(), layout.type.dtype, &created);
    check_callback(status, "could not create an array with `create_array`");
    auto array = Array(created);
    fill_array(input, layout, array);
    return array;
}

} // namespace mts::io
