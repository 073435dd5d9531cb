#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "io/source.hpp"
#include "open_file.hpp"
#include "stored_block.hpp"

namespace mts::files {

/// Access to the bytes of the elements of an array in a file
class DataReader {
public:
    virtual ~DataReader() = default;

    /// Read `count` bytes from `offset`, after what was read before
    virtual void read(uint64_t offset, uint8_t* destination, size_t count) = 0;

    /// To be called at the end: fails if the data turned out to be wrong
    virtual void finish() = 0;
};

/// The best way to read parts of an array. Compressed data is always read from start to end, and
/// its checksum is verified.
std::unique_ptr<DataReader> open_data(const OpenFile& file, const StoredArray& stored);

/// A piece of data to read
struct Piece {
    /// position in the data of the file
    uint64_t from;
    /// position in the result
    size_t to;
    size_t size;
};

/// Reads many pieces, in order of increasing position in the file. Pieces that are close to each
/// other are read together.
class PiecesReader {
public:
    PiecesReader(DataReader& data, uint8_t* result) : data_(data), result_(result) {}

    void add(Piece piece);

    /// To be called after the last piece
    void finish() {
        read_pending();
        data_.finish();
    }

private:
    void read_pending();

    DataReader& data_;
    uint8_t* result_;
    std::vector<Piece> pending_;
    std::vector<uint8_t> buffer_;
};

} // namespace mts::files
