#include "io/inflate.hpp"

#include <algorithm>
#include <cstring>

#include "io/errors.hpp"

namespace mts::io {

namespace {

constexpr uint32_t END_OF_BLOCK = 256;
constexpr size_t LITERAL_SYMBOLS = 286;
constexpr size_t DISTANCE_SYMBOLS = 30;

// RFC 1951, section 3.2.5: smallest length (distance) for each symbol, and number of bits to add

constexpr std::array<uint16_t, 29> LENGTH_BASE = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                                  15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                                  67, 83, 99, 115, 131, 163, 195, 227, 258};
constexpr std::array<uint8_t, 29> LENGTH_BITS = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
constexpr std::array<uint16_t, DISTANCE_SYMBOLS> DISTANCE_BASE = {
    1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
    193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577
};
constexpr std::array<uint8_t, DISTANCE_SYMBOLS> DISTANCE_BITS = {0,  0,  0,  0,  1,  1, 2,  2,
                                                                 3,  3,  4,  4,  5,  5, 6,  6,
                                                                 7,  7,  8,  8,  9,  9, 10, 10,
                                                                 11, 11, 12, 12, 13, 13};

// order in which the lengths of the codes for code lengths are stored
constexpr std::array<uint8_t, 19> CODE_LENGTH_ORDER = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
};

[[noreturn]] void invalid(const char* what) {
    throw io_error("invalid compressed data: ", what);
}

struct Codes {
    HuffmanCode literals;
    HuffmanCode distances;
};

// codes of blocks with fixed codes, section 3.2.6
Codes make_fixed_codes() {
    auto lengths = std::array<uint8_t, 288>{};
    std::fill(lengths.begin(), lengths.begin() + 144, 8);
    std::fill(lengths.begin() + 144, lengths.begin() + 256, 9);
    std::fill(lengths.begin() + 256, lengths.begin() + 280, 7);
    std::fill(lengths.begin() + 280, lengths.end(), 8);

    auto codes = Codes{};
    auto valid = codes.literals.assign(lengths, false);

    std::fill(lengths.begin(), lengths.begin() + 32, 5);
    valid = codes.distances.assign({lengths.data(), 32}, false) && valid;
    if (!valid) {
        throw Error(MTS_INTERNAL_ERROR, "the fixed codes of DEFLATE are not valid");
    }
    return codes;
}

} // namespace

bool HuffmanCode::assign(std::span<const uint8_t> lengths, bool allow_incomplete) {
    counts_.fill(0);
    for (auto length : lengths) {
        counts_[length]++;
    }
    counts_[0] = 0;

    // `available`: number of codes of the current length that are not prefixed by a shorter code
    int available = 1;
    size_t used = 0;
    std::array<uint16_t, MAX_LENGTH + 2> first_index = {};
    std::array<uint32_t, MAX_LENGTH + 2> next_code = {};
    for (size_t length = 1; length <= MAX_LENGTH; length++) {
        available = 2 * available - counts_[length];
        if (available < 0) {
            return false;
        }
        used += counts_[length];
        first_index[length + 1] = static_cast<uint16_t>(used);
        next_code[length + 1] = (next_code[length] + counts_[length]) << 1;
    }
    if (available > 0 && !(allow_incomplete && used == counts_[1])) {
        return false;
    }

    fast_.fill({0, 0});
    for (size_t symbol = 0; symbol < lengths.size(); symbol++) {
        auto length = lengths[symbol];
        if (length == 0) {
            continue;
        }
        symbols_[first_index[length]++] = static_cast<uint16_t>(symbol);
        auto code = next_code[length]++;
        if (length > FAST_LENGTH) {
            continue;
        }
        // codes are stored starting from their highest bit
        uint32_t reversed = 0;
        for (int bit = 0; bit < length; bit++) {
            reversed |= ((code >> bit) & 1) << (length - 1 - bit);
        }
        for (size_t entry = reversed; entry < fast_.size(); entry += size_t{1} << length) {
            fast_[entry] = {static_cast<uint16_t>(symbol), length};
        }
    }
    return true;
}

HuffmanCode::Symbol HuffmanCode::decode_long(uint32_t bits) const {
    // `first`: first code of the current length, `index`: position of its symbol in `symbols_`
    uint32_t code = 0;
    uint32_t first = 0;
    uint32_t index = 0;
    for (uint16_t length = 1; length <= MAX_LENGTH; length++) {
        code |= bits & 1;
        bits >>= 1;
        uint32_t count = counts_[length];
        if (code < first + count) {
            return {symbols_[index + (code - first)], length};
        }
        index += count;
        first = (first + count) << 1;
        code <<= 1;
    }
    return {0, 0};
}

Inflater::Inflater(Input input)
    : input_(std::move(input)), input_buffer_(new uint8_t[INPUT_SIZE]),
      output_(new uint8_t[OUTPUT_SIZE]) {}

size_t Inflater::read(uint8_t* destination, size_t count) {
    size_t copied = 0;
    while (copied < count) {
        if (delivered_ == produced_) {
            fill_output();
            if (delivered_ == produced_) {
                break;
            }
        }
        auto chunk = std::min(count - copied, produced_ - delivered_);
        std::memcpy(destination + copied, output_.get() + delivered_, chunk);
        delivered_ += chunk;
        copied += chunk;
    }
    return copied;
}

// Produce some output, unless the data is finished. All of the previous output has been delivered.
void Inflater::fill_output() {
    slide_window();
    while (state_ != State::Done && OUTPUT_SIZE - produced_ >= MAX_MATCH) {
        switch (state_) {
        case State::BlockHeader:
            start_block();
            break;
        case State::Stored:
            inflate_stored();
            break;
        case State::Compressed:
            inflate_compressed();
            break;
        case State::Done:
            break;
        }
    }
}

void Inflater::slide_window() {
    if (produced_ <= WINDOW_SIZE) {
        return;
    }
    std::memmove(output_.get(), output_.get() + produced_ - WINDOW_SIZE, WINDOW_SIZE);
    produced_ = WINDOW_SIZE;
    delivered_ = WINDOW_SIZE;
}

void Inflater::start_block() {
    if (last_block_) {
        state_ = State::Done;
        return;
    }
    last_block_ = bits(1) != 0;
    switch (bits(2)) {
    case 0:
        start_stored();
        state_ = State::Stored;
        return;
    case 1: {
        static const Codes fixed = make_fixed_codes();
        literals_ = fixed.literals;
        distances_ = fixed.distances;
        break;
    }
    case 2:
        read_dynamic_codes();
        break;
    default:
        invalid("unknown type of block");
    }
    state_ = State::Compressed;
}

void Inflater::start_stored() {
    drop_bits(bit_count_ % 8);
    auto length = bits(16);
    if (bits(16) != (length ^ 0xffff)) {
        invalid("wrong length of a stored block");
    }
    stored_left_ = length;
}

void Inflater::inflate_stored() {
    while (stored_left_ > 0 && bit_count_ >= 8) {
        if (produced_ == OUTPUT_SIZE) {
            return;
        }
        output_[produced_++] = static_cast<uint8_t>(bits(8));
        stored_left_ -= 1;
    }
    while (stored_left_ > 0) {
        if (produced_ == OUTPUT_SIZE) {
            return;
        }
        if (input_position_ == input_size_ && !load_input()) {
            invalid("it ends too early");
        }
        auto chunk =
            std::min({stored_left_, OUTPUT_SIZE - produced_, input_size_ - input_position_});
        std::memcpy(output_.get() + produced_, input_buffer_.get() + input_position_, chunk);
        produced_ += chunk;
        input_position_ += chunk;
        stored_left_ -= chunk;
    }
    state_ = State::BlockHeader;
}

// section 3.2.7
void Inflater::read_dynamic_codes() {
    size_t literals_count = bits(5) + 257;
    size_t distances_count = bits(5) + 1;
    size_t code_lengths_count = bits(4) + 4;
    if (literals_count > LITERAL_SYMBOLS || distances_count > DISTANCE_SYMBOLS) {
        invalid("too many symbols");
    }

    auto lengths = std::array<uint8_t, LITERAL_SYMBOLS + DISTANCE_SYMBOLS>{};
    for (size_t i = 0; i < code_lengths_count; i++) {
        lengths[CODE_LENGTH_ORDER[i]] = static_cast<uint8_t>(bits(3));
    }
    auto code_lengths = HuffmanCode();
    if (!code_lengths.assign({lengths.data(), CODE_LENGTH_ORDER.size()}, false)) {
        invalid("the code for code lengths is not a prefix code");
    }

    lengths.fill(0);
    size_t total = literals_count + distances_count;
    for (size_t i = 0; i < total;) {
        auto length = symbol(code_lengths);
        if (length < 16) {
            lengths[i++] = static_cast<uint8_t>(length);
            continue;
        }
        if (length == 16 && i == 0) {
            invalid("no code length to repeat");
        }
        uint8_t repeated = length == 16 ? lengths[i - 1] : 0;
        size_t repetitions = length == 16 ? bits(2) + 3 : length == 17 ? bits(3) + 3 : bits(7) + 11;
        if (repetitions > total - i) {
            invalid("too many code lengths");
        }
        std::fill_n(lengths.begin() + static_cast<ptrdiff_t>(i), repetitions, repeated);
        i += repetitions;
    }

    if (lengths[END_OF_BLOCK] == 0) {
        invalid("no code for the end of the block");
    }
    if (!literals_.assign({lengths.data(), literals_count}, true)) {
        invalid("the code for literals and lengths is not a prefix code");
    }
    if (!distances_.assign({lengths.data() + literals_count, distances_count}, true)) {
        invalid("the code for distances is not a prefix code");
    }
}

void Inflater::inflate_compressed() {
    while (OUTPUT_SIZE - produced_ >= MAX_MATCH) {
        auto value = symbol(literals_);
        if (value < END_OF_BLOCK) {
            output_[produced_++] = static_cast<uint8_t>(value);
        } else if (value == END_OF_BLOCK) {
            state_ = State::BlockHeader;
            return;
        } else {
            copy_match(value - END_OF_BLOCK - 1);
        }
    }
}

// There is always room for the longest match when this is called.
void Inflater::copy_match(uint32_t length_symbol) {
    if (length_symbol >= LENGTH_BASE.size()) {
        invalid("unknown length symbol");
    }
    size_t length = LENGTH_BASE[length_symbol] + bits(LENGTH_BITS[length_symbol]);

    auto distance_symbol = symbol(distances_);
    if (distance_symbol >= DISTANCE_BASE.size()) {
        invalid("unknown distance symbol");
    }
    size_t distance = DISTANCE_BASE[distance_symbol] + bits(DISTANCE_BITS[distance_symbol]);
    if (distance > produced_) {
        invalid("a distance goes further back than the start of the data");
    }

    auto* output = output_.get() + produced_;
    const auto* match = output - distance;
    if (distance >= length) {
        std::memcpy(output, match, length);
    } else {
        for (size_t i = 0; i < length; i++) {
            output[i] = match[i];
        }
    }
    produced_ += length;
}

bool Inflater::load_input() {
    input_position_ = 0;
    input_size_ = input_(input_buffer_.get(), INPUT_SIZE);
    return input_size_ > 0;
}

// Have at least 56 bits in the buffer, or all the bits that are left
void Inflater::refill() {
    while (bit_count_ <= 56) {
        if (input_position_ == input_size_ && !load_input()) {
            return;
        }
        bit_buffer_ |= uint64_t{input_buffer_[input_position_++]} << bit_count_;
        bit_count_ += 8;
    }
}

void Inflater::drop_bits(unsigned count) {
    bit_buffer_ >>= count;
    bit_count_ -= count;
}

uint32_t Inflater::bits(unsigned count) {
    if (bit_count_ < count) {
        refill();
        if (bit_count_ < count) {
            invalid("it ends too early");
        }
    }
    auto value = static_cast<uint32_t>(bit_buffer_ & ((uint64_t{1} << count) - 1));
    drop_bits(count);
    return value;
}

uint32_t Inflater::symbol(const HuffmanCode& code) {
    if (bit_count_ < HuffmanCode::MAX_LENGTH) {
        refill();
    }
    // bits after the end of the data are seen as 0 by the decoder, and refused here
    auto decoded = code.decode(static_cast<uint32_t>(bit_buffer_));
    if (decoded.length == 0) {
        invalid("unknown code");
    }
    if (decoded.length > bit_count_) {
        invalid("it ends too early");
    }
    drop_bits(decoded.length);
    return decoded.value;
}

} // namespace mts::io
