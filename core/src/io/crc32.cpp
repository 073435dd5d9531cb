#include "io/crc32.hpp"

#include <array>

#include "io/bytes.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

namespace mts::io {

namespace {

// 0x04C11DB7 with its bits in reverse order: in all of this file, the bit for x^0 is the highest
// one
constexpr uint32_t POLYNOMIAL = 0xEDB88320;

constexpr uint32_t times_x(uint32_t remainder) {
    return (remainder >> 1) ^ ((remainder & 1) != 0 ? POLYNOMIAL : 0);
}

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// TABLES[k][b]: effect on the state of the byte `b` followed by `k` zero bytes
constexpr Tables make_tables() {
    auto tables = Tables{};
    for (uint32_t byte = 0; byte < 256; byte++) {
        auto state = byte;
        for (int bit = 0; bit < 8; bit++) {
            state = times_x(state);
        }
        tables[0][byte] = state;
    }
    for (size_t k = 1; k < tables.size(); k++) {
        for (size_t byte = 0; byte < 256; byte++) {
            auto state = tables[k - 1][byte];
            tables[k][byte] = (state >> 8) ^ tables[0][state & 0xff];
        }
    }
    return tables;
}

constexpr Tables TABLES = make_tables();

// The functions `update_*` work on the bare state, which is the complement of the CRC of the data.

uint32_t update_portable(uint32_t state, const uint8_t* data, size_t size) {
    while (size >= 8) {
        auto low = load_little_endian<uint32_t>(data) ^ state;
        auto high = load_little_endian<uint32_t>(data + 4);
        state = TABLES[7][low & 0xff] ^ TABLES[6][(low >> 8) & 0xff] ^
                TABLES[5][(low >> 16) & 0xff] ^ TABLES[4][low >> 24] ^ TABLES[3][high & 0xff] ^
                TABLES[2][(high >> 8) & 0xff] ^ TABLES[1][(high >> 16) & 0xff] ^
                TABLES[0][high >> 24];
        data += 8;
        size -= 8;
    }
    while (size > 0) {
        state = (state >> 8) ^ TABLES[0][(state ^ *data) & 0xff];
        data += 1;
        size -= 1;
    }
    return state;
}

#if defined(__x86_64__)

// Folding (V. Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel
// 2009): 128 bits of message can be moved `distance` bits towards its end by multiplying each half
// with a constant, without changing the remainder of the whole message.

// x^exponent modulo the polynomial, as operand of a carry-less multiplication of reflected numbers
// (where the product is one bit short of the full width, hence the shift)
constexpr int64_t fold_constant(int exponent) {
    uint32_t remainder = 0x80000000;
    for (int i = 0; i < exponent; i++) {
        remainder = times_x(remainder);
    }
    return static_cast<int64_t>(static_cast<uint64_t>(remainder) << 1);
}

static_assert(fold_constant(512 + 32) == 0x154442bd4 && fold_constant(512 - 32) == 0x1c6e41596);

__attribute__((target("pclmul,sse4.1"))) inline __m128i
fold(__m128i message, __m128i constants, __m128i next) {
    auto low = _mm_clmulepi64_si128(message, constants, 0x00);
    auto high = _mm_clmulepi64_si128(message, constants, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

__attribute__((target("pclmul,sse4.1"))) uint32_t
update_pclmul(uint32_t state, const uint8_t* data, size_t size) {
    if (size < 64) {
        return update_portable(state, data, size);
    }

    auto load = [](const uint8_t* address) __attribute__((target("pclmul,sse4.1"))) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(address));
    };

    __m128i lanes[4] = {load(data), load(data + 16), load(data + 32), load(data + 48)};
    lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi32_si128(static_cast<int>(state)));
    data += 64;
    size -= 64;

    const auto by_512_bits = _mm_set_epi64x(fold_constant(512 - 32), fold_constant(512 + 32));
    while (size >= 64) {
        for (int i = 0; i < 4; i++) {
            lanes[i] = fold(lanes[i], by_512_bits, load(data + 16 * i));
        }
        data += 64;
        size -= 64;
    }

    const auto by_128_bits = _mm_set_epi64x(fold_constant(128 - 32), fold_constant(128 + 32));
    auto message = lanes[0];
    for (int i = 1; i < 4; i++) {
        message = fold(message, by_128_bits, lanes[i]);
    }
    while (size >= 16) {
        message = fold(message, by_128_bits, load(data));
        data += 16;
        size -= 16;
    }

    uint8_t folded[16];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(folded), message);
    return update_portable(update_portable(0, folded, sizeof(folded)), data, size);
}

bool has_instructions() {
    return __builtin_cpu_supports("pclmul") != 0 && __builtin_cpu_supports("sse4.1") != 0;
}

constexpr auto* update_with_instructions = &update_pclmul;

#elif defined(__aarch64__)

__attribute__((target("+crc")))
uint32_t update_armv8(uint32_t state, const uint8_t* data, size_t size) {
    while (size >= 8) {
        state = __crc32d(state, load_little_endian<uint64_t>(data));
        data += 8;
        size -= 8;
    }
    while (size > 0) {
        state = __crc32b(state, *data);
        data += 1;
        size -= 1;
    }
    return state;
}

bool has_instructions() {
#if defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
    return true; // part of every other 64-bit ARM platform
#endif
}

constexpr auto* update_with_instructions = &update_armv8;

#else

bool has_instructions() {
    return false;
}

constexpr auto* update_with_instructions = &update_portable;

#endif

} // namespace

uint32_t crc32(uint32_t crc, const void* data, size_t size) {
    static auto* const update = has_instructions() ? update_with_instructions : &update_portable;
    return ~update(~crc, static_cast<const uint8_t*>(data), size);
}

uint32_t crc32_portable(uint32_t crc, const void* data, size_t size) {
    return ~update_portable(~crc, static_cast<const uint8_t*>(data), size);
}

} // namespace mts::io
