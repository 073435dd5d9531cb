#include "row_packing.hpp"

#include <algorithm>
#include <array>

namespace mts {

namespace {

struct Extrema {
    std::int32_t minimum = std::numeric_limits<std::int32_t>::max();
    std::int32_t maximum = std::numeric_limits<std::int32_t>::min();

    void update(std::int32_t value) noexcept {
        minimum = std::min(minimum, value);
        maximum = std::max(maximum, value);
    }
};

} // namespace

static std::vector<Extrema> columns_extrema(Rows rows) {
    std::vector<Extrema> result(rows.size);
    with_static_width(rows.size, [&](auto width) {
        if constexpr (width() != 0) {
            // a local array can stay in registers
            std::array<Extrema, width()> extrema;
            for (std::size_t i = 0; i < rows.count; i++) {
                for (std::size_t column = 0; column < width(); column++) {
                    extrema[column].update(rows[i][column]);
                }
            }
            std::copy(extrema.begin(), extrema.end(), result.begin());
        } else {
            for (std::size_t i = 0; i < rows.count; i++) {
                for (std::size_t column = 0; column < rows.size; column++) {
                    result[column].update(rows[i][column]);
                }
            }
        }
    });
    return result;
}

RowPacking::RowPacking(Rows rows) {
    if (rows.count == 0) {
        return;
    }

    columns_.resize(rows.size);
    const std::vector<Extrema> extrema = columns_extrema(rows);
    std::uint64_t stride = 1;
    for (std::size_t i = rows.size; i-- > 0;) {
        const auto [minimum, maximum] = extrema[i];
        const auto range = static_cast<std::uint64_t>(std::int64_t{maximum} - minimum) + 1;
        columns_[i] = {static_cast<std::uint32_t>(minimum), range, stride};
        if (__builtin_mul_overflow(stride, range, &stride)) {
            return;
        }
    }
    capacity_ = stride;
}

} // namespace mts
