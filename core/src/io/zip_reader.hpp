#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/input_stream.hpp"
#include "io/source.hpp"

namespace mts::io {

/// Reader of ZIP archives: members are stored or compressed with DEFLATE. The directory of the
/// archive is read once, and shared by the readers made from this one.
class ZipReader {
public:
    /// Read the directory of the archive. `source` must outlive the reader.
    explicit ZipReader(Source& source);

    /// Reader of the same archive through another `source`, which must have the same bytes and
    /// outlive the new reader. Readers with different sources can be used at the same time.
    ZipReader through(Source& source) const { return {source, directory_}; }

    struct Member {
        std::string_view name;
        /// position in the directory
        size_t index = 0;
        uint16_t flags = 0;
        uint16_t method = 0;
        uint32_t crc = 0;
        uint64_t compressed_size = 0;
        uint64_t uncompressed_size = 0;
        /// start of the local header
        uint64_t offset = 0;
        /// start of the next member, or of the directory
        uint64_t end = 0;
    };

    bool contains(std::string_view name) const { return find(name) != nullptr; }

    /// Content of a member, which is at most 1032 times the size of the archive. The reader must
    /// outlive the stream.
    std::unique_ptr<InputStream> open(std::string_view name) const;

    /// Position in the source of the content of a member, if it is not compressed
    std::optional<uint64_t> stored_position(std::string_view name) const;

    /// All the members with names that start with `prefix`, ordered by name
    std::span<const Member> starting_with(std::string_view prefix) const;

private:
    struct Directory {
        /// the central directory; names of the members point here
        std::vector<char> bytes;
        /// ordered by name
        std::vector<Member> members;

        explicit Directory(Source& source);
        void read(uint64_t count, uint64_t archive_start, uint64_t directory_start);
        void set_ends(uint64_t directory_start);
        void sort_by_name();
    };

    ZipReader(Source& source, std::shared_ptr<const Directory> directory)
        : source_(source), directory_(std::move(directory)) {}

    const Member* find(std::string_view name) const;
    const Member& find_readable(std::string_view name) const;

    Source& source_;
    std::shared_ptr<const Directory> directory_;
};

} // namespace mts::io
