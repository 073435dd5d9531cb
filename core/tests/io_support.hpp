#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "check.hpp"
#include "metatensor.h"

// Objects to save, and the bytes that they are saved to

namespace io_support {

using Bytes = std::vector<uint8_t>;

/// Number of arrays that exist: every test should end with none
inline std::atomic<int> live_arrays = 0;

/// An array on CPU, with any strides and type
struct TestArray {
    std::vector<uintptr_t> shape;
    /// number of elements between consecutive ones along each axis; empty for row-major arrays
    std::vector<int64_t> strides;
    DLDataType dtype;
    Bytes data;
    /// position of the first element in `data`
    uint64_t byte_offset = 0;
    uint64_t dlpack_flags = 0;

    TestArray(std::vector<uintptr_t> shape_, DLDataType dtype_, Bytes data_)
        : shape(std::move(shape_)), dtype(dtype_), data(std::move(data_)) {
        live_arrays++;
    }
    TestArray(const TestArray&) = delete;
    TestArray& operator=(const TestArray&) = delete;
    ~TestArray() { live_arrays--; }
};

struct DLPackExport {
    DLManagedTensorVersioned tensor;
    std::vector<int64_t> shape;
};

inline DLManagedTensorVersioned* to_dlpack(TestArray& array) {
    auto exported = std::make_unique<DLPackExport>();
    exported->shape.assign(array.shape.begin(), array.shape.end());

    auto& tensor = exported->tensor;
    tensor.version = {1, 0};
    tensor.manager_ctx = exported.get();
    tensor.deleter = [](DLManagedTensorVersioned* self) {
        delete static_cast<DLPackExport*>(self->manager_ctx);
    };
    tensor.flags = array.dlpack_flags;
    tensor.dl_tensor.data = array.data.data();
    tensor.dl_tensor.byte_offset = array.byte_offset;
    tensor.dl_tensor.device = {kDLCPU, 0};
    tensor.dl_tensor.dtype = array.dtype;
    tensor.dl_tensor.ndim = static_cast<int32_t>(array.shape.size());
    tensor.dl_tensor.shape = exported->shape.data();
    tensor.dl_tensor.strides = array.strides.empty() ? nullptr : array.strides.data();
    return &exported.release()->tensor;
}

/// Array for the C interface. Only the functions needed to make and save blocks are there.
inline mts_array_t to_mts_array(std::unique_ptr<TestArray> array) {
    auto result = mts_array_t{};
    result.ptr = array.release();
    result.destroy = [](void* self) { delete static_cast<TestArray*>(self); };
    result.origin = [](const void*, mts_data_origin_t* origin) {
        return mts_register_data_origin("io_support", origin);
    };
    result.device = [](const void*, DLDevice* device) -> mts_status_t {
        *device = {kDLCPU, 0};
        return MTS_SUCCESS;
    };
    result.dtype = [](const void* self, DLDataType* dtype) -> mts_status_t {
        *dtype = static_cast<const TestArray*>(self)->dtype;
        return MTS_SUCCESS;
    };
    result.shape = [](const void* self, const uintptr_t** shape, uintptr_t* count) -> mts_status_t {
        const auto& array = *static_cast<const TestArray*>(self);
        *shape = array.shape.data();
        *count = array.shape.size();
        return MTS_SUCCESS;
    };
    result.as_dlpack = [](void* self,
                          DLManagedTensorVersioned** tensor,
                          DLDevice,
                          const int64_t*,
                          DLPackVersion) -> mts_status_t {
        *tensor = to_dlpack(*static_cast<TestArray*>(self));
        return MTS_SUCCESS;
    };
    return result;
}

/// Number of bytes of an array
inline size_t byte_size(const std::vector<uintptr_t>& shape, DLDataType dtype) {
    size_t size = dtype.bits / 8;
    for (auto axis : shape) {
        size *= axis;
    }
    return size;
}

template <typename T>
DLDataType dtype_of() {
    constexpr auto BITS = static_cast<uint8_t>(8 * sizeof(T));
    if (std::is_same_v<T, bool>) {
        return {kDLBool, BITS, 1};
    }
    if (std::is_floating_point_v<T>) {
        return {kDLFloat, BITS, 1};
    }
    return {static_cast<uint8_t>(std::is_signed_v<T> ? kDLInt : kDLUInt), BITS, 1};
}

template <typename T>
mts_array_t array(std::vector<uintptr_t> shape, const std::vector<T>& values) {
    auto bytes = Bytes(values.size() * sizeof(T));
    if (!bytes.empty()) {
        std::memcpy(bytes.data(), values.data(), bytes.size());
    }
    return to_mts_array(std::make_unique<TestArray>(std::move(shape), dtype_of<T>(), bytes));
}

/// `create_array` for the functions that load objects
inline mts_status_t
create_array(const uintptr_t* shape, uintptr_t count, DLDataType dtype, mts_array_t* result) {
    auto axes = std::vector<uintptr_t>(shape, shape + count);
    auto data = Bytes(byte_size(axes, dtype), 0xcd);
    *result = to_mts_array(std::make_unique<TestArray>(std::move(axes), dtype, std::move(data)));
    return MTS_SUCCESS;
}

using Labels = std::shared_ptr<const mts_labels_t>;
using Block = std::unique_ptr<mts_block_t, decltype(&mts_block_free)>;
using Tensor = std::unique_ptr<mts_tensormap_t, decltype(&mts_tensormap_free)>;

inline Labels own(const mts_labels_t* labels) {
    return {labels, mts_labels_free};
}
inline Block own(mts_block_t* block) {
    return {block, mts_block_free};
}
inline Tensor own(mts_tensormap_t* tensor) {
    return {tensor, mts_tensormap_free};
}

inline Labels labels(const std::vector<const char*>& names, const std::vector<int32_t>& values) {
    auto count = names.empty() ? 0 : values.size() / names.size();
    return own(mts_labels(names.data(), names.size(), array({count, names.size()}, values)));
}

/// Labels with one dimension, and entries 0, 1, ..., count - 1
inline Labels range(const char* name, int32_t count) {
    auto values = std::vector<int32_t>();
    for (int32_t i = 0; i < count; i++) {
        values.push_back(i);
    }
    return labels({name}, values);
}

inline Block block(
    mts_array_t values,
    const Labels& samples,
    const std::vector<Labels>& components,
    const Labels& properties
) {
    auto pointers = std::vector<const mts_labels_t*>();
    for (const auto& component : components) {
        pointers.push_back(component.get());
    }
    return own(
        mts_block(values, samples.get(), pointers.data(), pointers.size(), properties.get())
    );
}

/// A tensor map with a single dimension `key` in the keys, and keys 7, 8, ...
inline Tensor tensor(std::vector<Block> blocks) {
    auto pointers = std::vector<mts_block_t*>();
    auto keys = std::vector<int32_t>();
    for (auto& block : blocks) {
        keys.push_back(7 + static_cast<int32_t>(keys.size()));
        pointers.push_back(block.release());
    }
    return own(mts_tensormap(labels({"key"}, keys).get(), pointers.data(), pointers.size()));
}

inline Block simple_block() {
    return block(array<double>({2, 2}, {1, 2, 3, 4}), range("s", 2), {}, range("p", 2));
}

/// A tensor map with gradients, gradients of gradients, and information
inline Tensor full_tensor() {
    auto properties = range("p", 2);
    auto xyz = range("xyz", 3);
    auto values = block(array<float>({2, 2}, {1, 2, 3, 4}), range("s", 2), {}, properties);

    auto pos = block(
        array<float>({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}),
        labels({"sample", "k"}, {0, 5, 1, -1}),
        {xyz},
        properties
    );
    auto n = block(
        array<float>({1, 3, 2}, std::vector<float>(6)), labels({"sample"}, {0}), {xyz}, properties
    );
    auto a = block(array<float>({1, 2}, {1, 1}), labels({"sample"}, {1}), {}, properties);

    mts_block_add_gradient(pos.get(), "n", n.release());
    mts_block_add_gradient(values.get(), "pos", pos.release());
    mts_block_add_gradient(values.get(), "A", a.release());

    auto blocks = std::vector<Block>();
    blocks.push_back(std::move(values));
    auto result = tensor(std::move(blocks));
    mts_tensormap_set_info(result.get(), "z", "1");
    mts_tensormap_set_info(result.get(), "a", "line\n\"q\" \xc3\xa9");
    return result;
}

inline uint8_t* plain_realloc(void*, uint8_t* buffer, uintptr_t size) {
    return static_cast<uint8_t*>(std::realloc(buffer, size));
}

template <typename Handle, typename Save>
Bytes saved_with(Save save, const Handle* object) {
    uint8_t* buffer = nullptr;
    uintptr_t size = 0;
    auto status = save(&buffer, &size, nullptr, plain_realloc, object);
    auto bytes = status == MTS_SUCCESS ? Bytes(buffer, buffer + size) : Bytes();
    std::free(buffer);
    return bytes;
}

/// The bytes of saved objects; none if saving failed
inline Bytes saved(const Labels& labels) {
    return saved_with(mts_labels_save_buffer, labels.get());
}
inline Bytes saved(const Block& block) {
    return saved_with(mts_block_save_buffer, block.get());
}
inline Bytes saved(const Tensor& tensor) {
    return saved_with(mts_tensormap_save_buffer, tensor.get());
}

inline Labels load_labels(const Bytes& bytes) {
    return own(mts_labels_load_buffer(bytes.data(), bytes.size()));
}
inline Block load_block(const Bytes& bytes) {
    return own(mts_block_load_buffer(bytes.data(), bytes.size(), create_array));
}
inline Tensor load_tensor(const Bytes& bytes) {
    return own(mts_tensormap_load_buffer(bytes.data(), bytes.size(), create_array));
}

/// CRC-32, one byte after the other
inline uint32_t crc32(const Bytes& data) {
    static const auto table = [] {
        auto remainders = std::array<uint32_t, 256>();
        for (uint32_t byte = 0; byte < 256; byte++) {
            auto state = byte;
            for (int bit = 0; bit < 8; bit++) {
                state = (state >> 1) ^ ((state & 1) != 0 ? 0xedb88320 : 0);
            }
            remainders[byte] = state;
        }
        return remainders;
    }();

    uint32_t state = 0xffffffff;
    for (auto byte : data) {
        state = (state >> 8) ^ table[(state ^ byte) & 0xff];
    }
    return ~state;
}

inline uint64_t get(const Bytes& bytes, size_t offset, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value |= uint64_t{bytes.at(offset + i)} << (8 * i);
    }
    return value;
}

inline void set(Bytes& bytes, size_t offset, size_t size, uint64_t value) {
    for (size_t i = 0; i < size; i++) {
        bytes.at(offset + i) = static_cast<uint8_t>(value >> (8 * i));
    }
}

inline void append(Bytes& bytes, size_t size, uint64_t value) {
    bytes.resize(bytes.size() + size);
    set(bytes, bytes.size() - size, size, value);
}

inline void append(Bytes& bytes, const std::string& text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
}

/// A member of an archive, and what its headers say
struct Member {
    std::string name;
    Bytes content;
    uint16_t flags = 0;
    uint16_t method = 0;
    uint64_t uncompressed_size;
    uint32_t crc;
    /// position in the archive, when it was read or written
    uint64_t offset = 0;

    Member(std::string name_, Bytes content_)
        : name(std::move(name_)), content(std::move(content_)), uncompressed_size(content.size()),
          crc(crc32(content)) {}
};

/// A ZIP archive without ZIP64 fields
inline Bytes zip(std::vector<Member> members) {
    auto archive = Bytes();
    auto append_common = [&](const Member& member) {
        append(archive, 2, 20);
        append(archive, 2, member.flags);
        append(archive, 2, member.method);
        append(archive, 4, 0);
        append(archive, 4, member.crc);
        append(archive, 4, member.content.size());
        append(archive, 4, member.uncompressed_size);
        append(archive, 2, member.name.size());
        append(archive, 2, 0);
    };

    for (auto& member : members) {
        member.offset = archive.size();
        append(archive, 4, 0x04034b50);
        append_common(member);
        append(archive, member.name);
        archive.insert(archive.end(), member.content.begin(), member.content.end());
    }
    auto directory = archive.size();
    for (const auto& member : members) {
        append(archive, 4, 0x02014b50);
        append(archive, 2, 20);
        append_common(member);
        append(archive, 6, 0);
        append(archive, 4, 0);
        append(archive, 4, member.offset);
        append(archive, member.name);
    }
    auto directory_size = archive.size() - directory;
    append(archive, 4, 0x06054b50);
    append(archive, 4, 0);
    append(archive, 2, members.size());
    append(archive, 2, members.size());
    append(archive, 4, directory_size);
    append(archive, 4, directory);
    append(archive, 2, 0);
    return archive;
}

/// The members of an archive written by metatensor, in the order of its directory
inline std::vector<Member> unzip(const Bytes& archive) {
    constexpr size_t END_SIZE = 22;
    constexpr size_t LOCAL_SIZE = 30;
    constexpr size_t LOCAL_EXTRA = 20;
    constexpr size_t ENTRY_SIZE = 46;

    auto members = std::vector<Member>();
    auto end = archive.size() - END_SIZE;
    auto entry = get(archive, end + 16, 4);
    for (auto count = get(archive, end + 10, 2); count > 0; count--) {
        auto name_size = get(archive, entry + 28, 2);
        auto size = get(archive, entry + 24, 4);
        auto offset = get(archive, entry + 42, 4);
        auto name = archive.begin() + static_cast<ptrdiff_t>(entry + ENTRY_SIZE);
        auto content =
            archive.begin() + static_cast<ptrdiff_t>(offset + LOCAL_SIZE + name_size + LOCAL_EXTRA);
        auto member = Member(
            std::string(name, name + static_cast<ptrdiff_t>(name_size)),
            Bytes(content, content + static_cast<ptrdiff_t>(size))
        );
        member.crc = static_cast<uint32_t>(get(archive, entry + 16, 4));
        member.offset = offset;
        members.push_back(std::move(member));
        entry += ENTRY_SIZE + name_size;
    }
    return members;
}

/// An NPY file with this text as header, and these bytes as data
inline Bytes npy(std::string header, const Bytes& data) {
    header += '\n';
    auto bytes = Bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    append(bytes, 2, header.size());
    append(bytes, header);
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

/// The kind of the last error of a function that returned NULL
inline mts_status_t last_status() {
    auto message = check::last_error_message();
    if (check::starts_with(message, "invalid parameter: ")) {
        return MTS_INVALID_PARAMETER_ERROR;
    }
    if (check::starts_with(message, "io error: ")) {
        return MTS_IO_ERROR;
    }
    if (check::starts_with(message, "serialization format error: ")) {
        return MTS_SERIALIZATION_ERROR;
    }
    return MTS_INTERNAL_ERROR;
}

/// The bytes between two positions
inline Bytes slice(const Bytes& bytes, size_t start, size_t end) {
    return Bytes(
        bytes.begin() + static_cast<ptrdiff_t>(start), bytes.begin() + static_cast<ptrdiff_t>(end)
    );
}

/// Bytes from their hexadecimal digits, with any spaces between
inline Bytes from_hex(const std::string& text) {
    auto bytes = Bytes();
    auto digits = std::string();
    for (auto character : text) {
        if (character != ' ') {
            digits += character;
        }
        if (digits.size() == 2) {
            bytes.push_back(static_cast<uint8_t>(std::stoi(digits, nullptr, 16)));
            digits.clear();
        }
    }
    return bytes;
}

/// Is this one of the errors for damaged files?
inline bool is_format_error(mts_status_t status) {
    return status == MTS_IO_ERROR || status == MTS_SERIALIZATION_ERROR;
}

/// Load as all kinds of objects; what can be loaded must be possible to save
inline void load_everything(const Bytes& bytes) {
    if (auto labels = load_labels(bytes)) {
        CHECK(!saved(labels).empty());
    }
    if (auto block = load_block(bytes)) {
        CHECK(!saved(block).empty());
    }
    if (auto tensor = load_tensor(bytes)) {
        CHECK(!saved(tensor).empty());
    }
    CHECK_EQ(live_arrays.load(), 0);
}

/// Header for the values of `block_members`
inline const auto VALUES_HEADER =
    std::string("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }");

/// A block with 2 samples and 2 properties, with anything as values
inline std::vector<Member> block_members(const Bytes& values) {
    return {
        Member("values.npy", values),
        Member("samples.npy", saved(range("s", 2))),
        Member("properties.npy", saved(range("p", 2))),
    };
}

} // namespace io_support
