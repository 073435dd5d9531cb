#include "row_sort.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <numeric>
#include <utility>

#include "row_packing.hpp"

namespace mts {

namespace {

/// A row packed in one integer, and its position
struct PackedRow {
    std::uint64_t key;
    std::size_t position;
};

/// Sorts by key, in linear time: one stable pass for each digit of 11 bits, starting with the last
void radix_sort(std::vector<PackedRow>& rows, std::uint64_t capacity) {
    constexpr int DIGIT_BITS = 11;
    constexpr std::uint64_t DIGIT_MASK = (1U << DIGIT_BITS) - 1;

    std::vector<PackedRow> output(rows.size());
    const int key_bits = std::bit_width(capacity - 1);
    for (int shift = 0; shift < key_bits; shift += DIGIT_BITS) {
        std::array<std::size_t, DIGIT_MASK + 1> start = {};
        for (const PackedRow& row : rows) {
            start[(row.key >> shift) & DIGIT_MASK]++;
        }
        std::exclusive_scan(start.begin(), start.end(), start.begin(), std::size_t{0});
        for (const PackedRow& row : rows) {
            output[start[(row.key >> shift) & DIGIT_MASK]++] = row;
        }
        rows.swap(output);
    }
}

std::vector<std::size_t> sorted_order(Rows rows, const RowPacking& packing) {
    std::vector<PackedRow> packed(rows.count);
    with_static_width(rows.size, [&](auto width) {
        for (std::size_t i = 0; i < rows.count; i++) {
            packed[i] = {packing.key<width()>(rows[i]), i};
        }
    });

    // counting digits only pays off if there are enough rows
    constexpr std::size_t RADIX_SORT_MINIMUM = 512;
    if (rows.count >= RADIX_SORT_MINIMUM) {
        radix_sort(packed, packing.capacity());
    } else {
        std::sort(packed.begin(), packed.end(), [](const PackedRow& a, const PackedRow& b) {
            return std::pair(a.key, a.position) < std::pair(b.key, b.position);
        });
    }

    std::vector<std::size_t> order(rows.count);
    std::transform(packed.begin(), packed.end(), order.begin(), [](const PackedRow& row) {
        return row.position;
    });
    return order;
}

} // namespace

std::vector<std::size_t> sorted_order(Rows rows) {
    const RowPacking packing(rows);
    if (packing.capacity() != 0) {
        return sorted_order(rows, packing);
    }

    std::vector<std::size_t> order(rows.count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return compare_rows<0>(rows[a], rows[b], rows.size) < 0;
    });
    return order;
}

} // namespace mts
