#pragma once

#include <cstddef>
#include <cstdint>

#include <sanitizer/allocator_interface.h>

#include "check.hpp"

// Memory used while something runs, as AddressSanitizer sees it

namespace fuzz {

namespace details {

inline size_t live_bytes = 0;
inline size_t peak_bytes = 0;

inline void count_malloc(const volatile void*, size_t size) {
    live_bytes += size;
    peak_bytes = live_bytes > peak_bytes ? live_bytes : peak_bytes;
}

inline void count_free(const volatile void* pointer) {
    live_bytes -= pointer == nullptr ? 0 : __sanitizer_get_allocated_size((const void*)pointer);
}

inline const int hooks_are_installed =
    __sanitizer_install_malloc_and_free_hooks(count_malloc, count_free);

} // namespace details

/// Result of `function`, which must not have more than `limit` bytes of memory at any time, in
/// addition to what exists already
template <typename Function>
auto with_memory_limit(size_t limit, Function function) {
    CHECK(details::hooks_are_installed != 0);
    auto before = details::live_bytes;
    details::peak_bytes = before;
    auto result = function();
    auto used = details::peak_bytes - before;
    if (used > limit) {
        check::fail(
            __FILE__,
            __LINE__,
            std::to_string(used) + " bytes of memory were used, the limit is " +
                std::to_string(limit)
        );
    }
    return result;
}

} // namespace fuzz
