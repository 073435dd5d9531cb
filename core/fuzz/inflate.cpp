// Decompression, which must not depend on the sizes of the pieces that are read or asked for

#include "io/inflate.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "error.hpp"
#include "memory_limit.hpp"

using Bytes = std::vector<uint8_t>;

namespace {

/// At most this much is decompressed, a few times the window of the format
constexpr size_t MAX_OUTPUT = 1 << 18;

/// What is decompressed before the end of the data, or before an error
struct Output {
    Bytes bytes;
    bool failed = false;

    bool operator==(const Output&) const = default;
};

Output inflate(const uint8_t* data, size_t size, size_t input_piece, size_t output_piece) {
    auto inflater = mts::io::Inflater([=](uint8_t* destination, size_t count) mutable {
        count = std::min({count, size, input_piece});
        std::copy_n(data, count, destination);
        data += count;
        size -= count;
        return count;
    });

    auto output = Output();
    auto piece = Bytes(output_piece);
    try {
        while (output.bytes.size() < MAX_OUTPUT) {
            auto count = inflater.read(piece.data(), piece.size());
            output.bytes.insert(
                output.bytes.end(), piece.begin(), piece.begin() + static_cast<ptrdiff_t>(count)
            );
            if (count < output_piece) {
                break;
            }
        }
    } catch (const mts::Error& error) {
        CHECK_EQ(error.status(), MTS_IO_ERROR);
        output.failed = true;
    }
    return output;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr size_t PIECE = 1 << 15;
    constexpr size_t MEMORY_LIMIT = 8 * MAX_OUTPUT;
    constexpr size_t MAX_COMPRESSION_RATIO = 1032;

    auto whole =
        fuzz::with_memory_limit(MEMORY_LIMIT, [&] { return inflate(data, size, size, PIECE); });
    CHECK(whole.bytes.size() <= MAX_COMPRESSION_RATIO * size);
    CHECK(inflate(data, size, 1, PIECE) == whole);
    if (!whole.failed && whole.bytes.size() < MAX_OUTPUT) {
        // when it fails, how much was given before depends on the size of the pieces
        CHECK(inflate(data, size, 7, 257) == whole);
    }
    return 0;
}
