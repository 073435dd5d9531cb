#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "handles.hpp"
#include "info.hpp"
#include "io/content_kind.hpp"
#include "io/file.hpp"
#include "io/source.hpp"
#include "io/zip_reader.hpp"
#include "mapping.hpp"
#include "stored_block.hpp"

namespace mts::files {

/// An open file. Everything can be done by several threads at the same time.
class OpenFile {
public:
    explicit OpenFile(std::string path);

    const std::string& path() const { return file_->path(); }
    io::ContentKind kind() const { return kind_; }
    /// Keys of a tensor map
    const LabelsHandle& keys() const { return keys_; }
    /// Number of blocks
    size_t blocks_count() const;
    /// Global information of a tensor map
    Info info() const;

    /// One of the blocks; the only one of files with a block is number 0
    const StoredBlock& block(size_t index) const;

    /// A new reader of the bytes of the file, to be used by one thread
    io::FileSource source() const;
    /// The archive, to be used with `through` a new source
    const io::ZipReader& archive() const { return *archive_; }
    /// The file itself, for reading at any position
    const io::File& file() const { return *file_; }
    /// The memory of the file
    std::shared_ptr<const Mapping> mapping() const;

private:
    void read_directory();

    std::shared_ptr<const io::File> file_;
    uint64_t size_ = 0;
    io::FileSource directory_source_;
    io::ContentKind kind_ = io::ContentKind::Labels;
    /// not for files with labels
    std::optional<io::ZipReader> archive_;
    LabelsHandle keys_;

    /// protects what is below, which is made when it is first needed
    mutable std::mutex mutex_;
    mutable std::map<size_t, StoredBlock> blocks_;
    mutable std::shared_ptr<const Mapping> mapping_;
};

} // namespace mts::files
