#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

#include "io_support.hpp"
#include "memory_limit.hpp"

// What must be true for any bytes given to the functions that load objects

namespace fuzz {

using io_support::Bytes;

/// A file in memory, with a path
class MemoryFile {
public:
    explicit MemoryFile(const Bytes& content) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
        CHECK(descriptor_ >= 0);
        auto written = ::write(descriptor_, content.data(), content.size());
        CHECK(written == static_cast<ssize_t>(content.size()));
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    ~MemoryFile() { ::close(descriptor_); }

    std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

private:
    int descriptor_;
};

/// Could some part of these bytes be the directory entry of a deflated member?
inline bool can_have_deflated_members(const Bytes& bytes) {
    constexpr size_t METHOD = 10;
    constexpr uint8_t SIGNATURE[] = {'P', 'K', 1, 2};

    auto entry = bytes.begin();
    while (true) {
        entry = std::search(entry, bytes.end(), std::begin(SIGNATURE), std::end(SIGNATURE));
        if (bytes.end() - entry < static_cast<ptrdiff_t>(METHOD + 2)) {
            return false;
        }
        if (entry[METHOD] == 8 && entry[METHOD + 1] == 0) {
            return true;
        }
        entry += 1;
    }
}

/// Memory that loading these bytes can use: some times their size, for example to hold the names of
/// many dimensions, or what DEFLATE can expand them to
inline size_t memory_limit(const Bytes& bytes) {
    constexpr size_t FIXED = 1 << 20;
    constexpr size_t FOR_EACH_BYTE = 64;
    constexpr size_t MAX_COMPRESSION_RATIO = 1032;

    auto for_each_byte = FOR_EACH_BYTE;
    if (can_have_deflated_members(bytes)) {
        for_each_byte *= MAX_COMPRESSION_RATIO;
    }
    return FIXED + for_each_byte * bytes.size();
}

/// The functions that load one kind of objects
struct LabelsLoader {
    static auto from_buffer(const Bytes& bytes) { return io_support::load_labels(bytes); }
    static auto from_file(const std::string& path) {
        return io_support::own(mts_labels_load(path.c_str()));
    }
};

struct BlockLoader {
    static auto from_buffer(const Bytes& bytes) { return io_support::load_block(bytes); }
    static auto from_file(const std::string& path) {
        return io_support::own(mts_block_load(path.c_str(), io_support::create_array));
    }
};

struct TensorLoader {
    static auto from_buffer(const Bytes& bytes) { return io_support::load_tensor(bytes); }
    static auto from_file(const std::string& path) {
        return io_support::own(mts_tensormap_load(path.c_str(), io_support::create_array));
    }
};

/// Load `bytes`: the result is an object that can be saved and loaded again, always to the same
/// bytes, or an error. Files and buffers give the same result.
template <typename Loader>
void check_loader(const Bytes& bytes) {
    auto limit = memory_limit(bytes);
    auto loaded = with_memory_limit(limit, [&] { return Loader::from_buffer(bytes); });
    auto error = loaded ? std::string() : check::last_error_message();
    CHECK(loaded || io_support::last_status() != MTS_INTERNAL_ERROR);

    auto file = MemoryFile(bytes);
    auto from_file = with_memory_limit(limit, [&] { return Loader::from_file(file.path()); });
    CHECK_EQ(from_file != nullptr, loaded != nullptr);
    if (!loaded) {
        auto category = error.substr(0, error.find(':'));
        CHECK(check::starts_with(check::last_error_message(), category));
        return;
    }

    auto saved = io_support::saved(loaded);
    CHECK(!saved.empty());
    CHECK(io_support::saved(from_file) == saved);

    auto again = Loader::from_buffer(saved);
    CHECK(again != nullptr);
    CHECK(io_support::saved(again) == saved);
}

/// Load `bytes` as all kinds of objects
inline void check_all_loaders(const Bytes& bytes) {
    check_loader<LabelsLoader>(bytes);
    check_loader<BlockLoader>(bytes);
    check_loader<TensorLoader>(bytes);
    CHECK_EQ(io_support::live_arrays.load(), 0);
}

} // namespace fuzz
