#pragma once

#include <barrier>
#include <thread>
#include <vector>

inline constexpr int THREADS = 8;

/// Call `function(index)` in `THREADS` threads that start at the same time. Nothing else in here
/// synchronizes them: a data race in what they do is left for ThreadSanitizer to see.
template <typename Function>
void in_threads(Function function) {
    auto start = std::barrier(THREADS);
    auto threads = std::vector<std::thread>();
    for (int index = 0; index < THREADS; index++) {
        threads.emplace_back([&, index] {
            start.arrive_and_wait();
            function(index);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
}
