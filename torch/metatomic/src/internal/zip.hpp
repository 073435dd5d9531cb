#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace metatomic_torch::details {

/// Write a ZIP archive in memory, without compression. The bytes only depend on the content: all
/// timestamps are the first one that ZIP can represent.
class ZipWriter {
public:
    /// Add a file to the archive
    void add(const std::string& name, std::string_view content);

    /// Finish the archive and get all its bytes
    std::vector<uint8_t> finish() &&;

private:
    struct Entry {
        std::string name;
        uint32_t crc32;
        uint64_t size;
        uint64_t header_offset;
    };

    void write_central_header(const Entry& entry);

    std::vector<uint8_t> buffer_;
    std::vector<Entry> entries_;
};

/// Read a ZIP archive without compression. The `archive` must outlive the reader. All sizes and
/// offsets in the archive are checked before being used.
class ZipReader {
public:
    /// @throws std::runtime_error if this is not a valid ZIP archive
    explicit ZipReader(std::string_view archive);

    bool contains(const std::string& name) const { return files_.count(name) != 0; }

    /// Get the content of a file in the archive
    /// @throws std::runtime_error if there is no such file
    std::string_view read(const std::string& name) const;

    /// All the files of the archive, sorted by name
    const std::map<std::string, std::string_view>& files() const { return files_; }

private:
    std::map<std::string, std::string_view> files_;
};

} // namespace metatomic_torch::details
