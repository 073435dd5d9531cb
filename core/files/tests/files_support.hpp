#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <metatensor/files.h>

#include "io_support.hpp"

// Files for the tests of libmetatensor_files

namespace files_support {

using namespace io_support;

/// New folder, removed at the end
class TemporaryFolder {
public:
    TemporaryFolder() {
        auto pattern =
            (std::filesystem::temp_directory_path() / "metatensor-files-XXXXXX").string();
        path_ = CHECK_NOT_NULL(mkdtemp(pattern.data()));
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

    /// A new file with these bytes
    std::string file(const std::string& name, const Bytes& bytes) const {
        auto path = *this / name;
        auto file = std::ofstream(path, std::ios::binary);
        file.write(
            reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())
        );
        return path;
    }

private:
    std::filesystem::path path_;
};

using File = std::unique_ptr<mts_file_t, decltype(&mts_file_close)>;

/// An open file; NULL on errors
inline File open(const std::string& path) {
    return {mts_file_open(path.c_str()), mts_file_close};
}

/// A block with 4 samples, 2 components and 3 properties, where values are 0, 1, 2...
template <typename T>
Block numbered_block(DLDataType dtype = dtype_of<T>()) {
    auto bytes = Bytes(24 * sizeof(T));
    for (int i = 0; i < 24; i++) {
        auto value = static_cast<T>(i);
        std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(T), &value, sizeof(T));
    }
    auto shape = std::vector<uintptr_t>{4, 2, 3};
    auto values = to_mts_array(std::make_unique<TestArray>(shape, dtype, bytes));
    return block(values, range("s", 4), {range("c", 2)}, range("p", 3));
}

/// The elements of an array on CPU, which must be contiguous
template <typename T>
std::vector<T> elements(mts_array_t array) {
    DLManagedTensorVersioned* tensor = nullptr;
    CHECK_SUCCESS(array.as_dlpack(array.ptr, &tensor, {kDLCPU, 0}, nullptr, {1, 3}));
    const auto& content = tensor->dl_tensor;
    size_t count = 1;
    for (int32_t axis = 0; axis < content.ndim; axis++) {
        count *= static_cast<size_t>(content.shape[axis]);
    }
    auto result = std::vector<T>(count);
    if (count > 0) {
        std::memcpy(result.data(), content.data, count * sizeof(T));
    }
    tensor->deleter(tensor);
    return result;
}

inline mts_array_t values_of(const Block& block) {
    auto array = mts_array_t{};
    CHECK_SUCCESS(mts_block_data(block.get(), &array));
    return array;
}

} // namespace files_support
