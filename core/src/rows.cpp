#include "rows.hpp"

namespace mts {

bool strictly_increasing(Rows rows) noexcept {
    return with_static_width(rows.size, [rows](auto width) {
        for (std::size_t i = 1; i < rows.count; i++) {
            if (compare_rows<width()>(rows[i - 1], rows[i], rows.size) >= 0) {
                return false;
            }
        }
        return true;
    });
}

} // namespace mts
