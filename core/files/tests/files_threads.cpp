// One open file used by several threads

#include <thread>

#include "files_support.hpp"

using namespace files_support;

constexpr int THREADS = 4;
constexpr int BLOCKS = 20;

int main() {
    auto folder = TemporaryFolder();
    auto blocks = std::vector<Block>();
    for (int i = 0; i < BLOCKS; i++) {
        blocks.push_back(numbered_block<double>());
    }
    auto expected = saved(numbered_block<double>());
    auto file = open(folder.file("tensor", saved(tensor(std::move(blocks)))));

    // labels of all blocks are read by whoever comes first
    auto use_file = [&](int thread) {
        for (int i = 0; i < BLOCKS; i++) {
            auto block = static_cast<uintptr_t>((i * 7 + thread * 5) % BLOCKS);
            auto read = own(mts_file_read_samples(file.get(), block, 0, 4, create_array));
            CHECK_EQ(saved(read), expected);
            auto key = labels({"key"}, {7 + static_cast<int32_t>(block)});
            auto mapped = own(mts_file_map_tensormap(file.get(), key.get(), nullptr, nullptr));
            CHECK(mapped != nullptr);

            CHECK(own(mts_file_read_samples(file.get(), block, 9, 1, create_array)) == nullptr);
            CHECK(check::contains(check::last_error_message(), "from position 9"));
        }
    };
    auto threads = std::vector<std::thread>();
    for (int thread = 0; thread < THREADS; thread++) {
        threads.emplace_back(use_file, thread);
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK_EQ(live_arrays.load(), 0);
}
