#include "data_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "io/archive_members.hpp"
#include "io/errors.hpp"
#include "io/npy.hpp"

namespace mts::files {

namespace {

// Reading this many bytes for nothing takes less time than another call to the system.
constexpr size_t MAX_GAP_BYTES = 4096;

// Pieces are gathered up to this size, which stays in the caches of the processor.
constexpr size_t MAX_BUFFER_BYTES = size_t{1} << 18;

class StoredData final : public DataReader {
public:
    StoredData(const io::File& file, uint64_t start) : file_(file), start_(start) {}

    void read(uint64_t offset, uint8_t* destination, size_t count) override {
        if (file_.read_at(start_ + offset, destination, count) != count) {
            throw io::io_error("'", file_.path(), "' became shorter while it was read");
        }
    }
    void finish() override {}

private:
    const io::File& file_;
    uint64_t start_;
};

class CompressedData final : public DataReader {
public:
    CompressedData(const OpenFile& file, const StoredArray& stored)
        : path_(file.path()), source_(file.source()), archive_(file.archive().through(source_)),
          input_(archive_.open(stored.member)) {
        io::read_npy_header(*input_);
        size_ = input_->remaining();
    }

    void read(uint64_t offset, uint8_t* destination, size_t count) override {
        skip(offset);
        input_->read(destination, count);
    }
    void finish() override {
        skip(size_);
        input_->finish();
    }

private:
    // Read up to this position
    void skip(uint64_t offset) {
        auto position = size_ - input_->remaining();
        if (offset > size_ || offset < position) {
            throw io::io_error("'", path_, "' changed while it was read");
        }
        skipped_.resize(std::min<uint64_t>(offset - position, MAX_BUFFER_BYTES));
        for (; position < offset; position += skipped_.size()) {
            skipped_.resize(std::min<uint64_t>(offset - position, MAX_BUFFER_BYTES));
            input_->read(skipped_.data(), skipped_.size());
        }
    }

    const std::string& path_;
    io::FileSource source_;
    io::ZipReader archive_;
    std::unique_ptr<io::InputStream> input_;
    uint64_t size_ = 0;
    std::vector<uint8_t> skipped_;
};

} // namespace

std::unique_ptr<DataReader> open_data(const OpenFile& file, const StoredArray& stored) {
    if (stored.position.has_value()) {
        return std::make_unique<StoredData>(file.file(), *stored.position);
    }
    return std::make_unique<CompressedData>(file, stored);
}

void PiecesReader::add(Piece piece) {
    if (!pending_.empty()) {
        auto last = pending_.back();
        auto end = last.from + last.size;
        auto is_large = piece.from + piece.size - pending_.front().from > MAX_BUFFER_BYTES;
        if (piece.from == end && piece.to == last.to + last.size) {
            // they are one piece, which is read directly to the result if it becomes large
            pending_.pop_back();
            if (is_large) {
                read_pending();
            }
            piece = {last.from, last.to, last.size + piece.size};
        } else if (is_large || piece.from - end > MAX_GAP_BYTES) {
            read_pending();
        }
    }
    pending_.push_back(piece);
}

void PiecesReader::read_pending() {
    if (pending_.empty()) {
        return;
    }
    auto start = pending_.front().from;
    if (pending_.size() == 1) {
        data_.read(start, result_ + pending_.front().to, pending_.front().size);
    } else {
        buffer_.resize(pending_.back().from + pending_.back().size - start);
        data_.read(start, buffer_.data(), buffer_.size());
        for (const auto& piece : pending_) {
            std::memcpy(result_ + piece.to, buffer_.data() + (piece.from - start), piece.size);
        }
    }
    pending_.clear();
}

} // namespace mts::files
