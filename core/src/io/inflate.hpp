#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace mts::io {

/// Canonical Huffman code of RFC 1951 (DEFLATE), for decoding
class HuffmanCode {
public:
    static constexpr int MAX_LENGTH = 15;

    /// Codes of up to this many bits are found with one look in a table
    static constexpr int FAST_LENGTH = 10;

    /// Define the code from the length in bits of the code of each symbol, 0 for unused ones.
    /// Returns false if there is no such code. As an exception to the completeness of codes, a
    /// code made of a single symbol of length 1 or of no symbol is accepted if
    /// `allow_incomplete` is set.
    [[nodiscard]] bool assign(std::span<const uint8_t> lengths, bool allow_incomplete);

    struct Symbol {
        uint16_t value;
        /// length of the code in bits, 0 if the bits are not the start of any code
        uint16_t length;
    };

    /// Decode the first symbol of `bits`, given lowest bit first
    Symbol decode(uint32_t bits) const {
        auto symbol = fast_[bits & ((1U << FAST_LENGTH) - 1)];
        return symbol.length != 0 ? symbol : decode_long(bits);
    }

private:
    Symbol decode_long(uint32_t bits) const;

    std::array<Symbol, 1 << FAST_LENGTH> fast_;
    /// number of codes of each length
    std::array<uint16_t, MAX_LENGTH + 1> counts_;
    /// symbols ordered by code
    std::array<uint16_t, 288> symbols_;
};

/// Decompression of RFC 1951 (DEFLATE) data. Any sequence of bytes is safe to decompress.
class Inflater {
public:
    /// Copies up to the given number of compressed bytes to the given address, and returns how
    /// many were copied; 0 at the end of the data.
    using Input = std::function<size_t(uint8_t*, size_t)>;

    explicit Inflater(Input input);

    /// Decompress up to `count` bytes to `destination`. Returns how many there were: fewer than
    /// `count` only at the end of the data. Invalid or truncated data is an IO error.
    size_t read(uint8_t* destination, size_t count);

private:
    enum class State { BlockHeader, Stored, Compressed, Done };

    static constexpr size_t WINDOW_SIZE = 32768;
    static constexpr size_t OUTPUT_SIZE = 4 * WINDOW_SIZE;
    static constexpr size_t INPUT_SIZE = 65536;
    static constexpr size_t MAX_MATCH = 258;

    void fill_output();
    void slide_window();
    void start_block();
    void start_stored();
    void read_dynamic_codes();
    void inflate_stored();
    void inflate_compressed();
    void copy_match(uint32_t length_symbol);

    void refill();
    bool load_input();
    uint32_t bits(unsigned count);
    uint32_t symbol(const HuffmanCode& code);
    void drop_bits(unsigned count);

    Input input_;
    std::unique_ptr<uint8_t[]> input_buffer_;
    size_t input_position_ = 0;
    size_t input_size_ = 0;

    /// bits read from the input and not used yet, lowest bit first
    uint64_t bit_buffer_ = 0;
    unsigned bit_count_ = 0;

    /// decompressed bytes: up to `WINDOW_SIZE` old ones, then those between `delivered_` and
    /// `produced_` which have not been returned yet
    std::unique_ptr<uint8_t[]> output_;
    size_t produced_ = 0;
    size_t delivered_ = 0;

    State state_ = State::BlockHeader;
    bool last_block_ = false;
    size_t stored_left_ = 0;
    HuffmanCode literals_;
    HuffmanCode distances_;
};

} // namespace mts::io
