#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

// Counts the memory that this program and the libraries that it uses have, by replacing `new` and
// `delete`. To be included in one file of the program.

namespace memory_use {

inline std::atomic<size_t> live_bytes = 0;
inline std::atomic<size_t> peak_bytes = 0;

inline void* allocate(size_t size) {
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    auto live = live_bytes += malloc_usable_size(memory);
    if (live > peak_bytes) {
        peak_bytes = live;
    }
    return memory;
}

inline void release(void* memory) {
    live_bytes -= malloc_usable_size(memory);
    std::free(memory);
}

/// The most memory that `function` has at any time, in addition to what existed before
template <typename Function>
size_t peak_of(Function function) {
    auto before = live_bytes.load();
    peak_bytes = before;
    function();
    return peak_bytes - before;
}

} // namespace memory_use

void* operator new(size_t size) {
    return memory_use::allocate(size);
}
void operator delete(void* memory) noexcept {
    memory_use::release(memory);
}
void operator delete(void* memory, size_t) noexcept {
    memory_use::release(memory);
}
