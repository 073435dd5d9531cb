// Errors belong to the thread where they happen; names of data origins to all threads
#include <algorithm>
#include <atomic>

#include "objects.hpp"
#include "threads.hpp"

static std::string numbered(const std::string& text, int number) {
    return text + " " + std::to_string(number);
}

// Each thread sees its own errors only, with their data
static void test_own_errors() {
    static std::atomic<int> deleted;
    deleted = 0;
    constexpr int REPETITIONS = 200;
    in_threads([](int index) {
        for (int i = 0; i < REPETITIONS; i++) {
            const std::string set_here = numbered("error of thread", index);
            auto deleter = [](void* data) {
                delete static_cast<int*>(data);
                deleted++;
            };
            auto* own_data = new int(index);
            CHECK_SUCCESS(mts_set_last_error(set_here.c_str(), "test", own_data, deleter));

            const char* message = nullptr;
            void* data = nullptr;
            CHECK_SUCCESS(mts_last_error(&message, nullptr, &data));
            CHECK_EQ(set_here, message);
            CHECK_EQ(*static_cast<int*>(data), index);
        }
        // data is deleted when the error is replaced, not when its thread ends
        CHECK_SUCCESS(mts_set_last_error(nullptr, nullptr, nullptr, nullptr));
    });
    CHECK_EQ(deleted.load(), THREADS * REPETITIONS);
}

static void test_own_messages() {
    in_threads([](int index) {
        const std::string name = numbered("wrong", index);
        const LabelsPtr labels = make_labels({"a"}, {1, 2, 3});
        for (int i = 0; i < 200; i++) {
            const char* names[] = {name.c_str()};
            CHECK_NULL(mts_labels(names, 1, label_values(1, {1}).to_c()), "'" + name + "'");

            // what succeeds does not change the error
            CHECK_EQ(values_of(labels.get()), Values({1, 2, 3}));
            CHECK(check::contains(check::last_error_message(), "'" + name + "'"));
        }
    });
}

// An error of another thread never appears in a new one
static void test_new_threads() {
    CHECK_SUCCESS(mts_set_last_error("of the main thread", nullptr, nullptr, nullptr));
    in_threads([](int) { CHECK_EQ(check::last_error_message(), ""); });
    CHECK_EQ(check::last_error_message(), "of the main thread");
}

// A failing callback of an array gives its own error, in its own thread
static void test_callbacks() {
    const TestArray array = block_values({2, 2});
    const LabelsPtr samples = range("s", 2);
    const LabelsPtr properties = range("p", 2);
    in_threads([&](int index) {
        for (int i = 0; i < 50; i++) {
            if (index % 2 == 0) {
                const BlockPtr block = make_block(samples, {}, properties);
                const BlockPtr copy(CHECK_NOT_NULL(mts_block_copy(block.get())));
            } else {
                const BlockPtr block = make_block(samples, {}, properties);
                TestArray::failing = "copy";
                CHECK_NULL(mts_block_copy(block.get()), "it did not work");
                TestArray::failing.clear();
            }
        }
    });
}

// The same name is the same origin, whoever registers it first
static void test_origins() {
    constexpr int NAMES = 100;
    std::vector<std::vector<mts_data_origin_t>> origins(THREADS);
    in_threads([&](int index) {
        for (int i = 0; i < NAMES; i++) {
            // not in the same order for all threads
            const std::string name = numbered("origin", (i + 13 * index) % NAMES);
            mts_data_origin_t origin = 0;
            CHECK_SUCCESS(mts_register_data_origin(name.c_str(), &origin));
            char buffer[32];
            CHECK_SUCCESS(mts_get_data_origin(origin, buffer, sizeof(buffer)));
            CHECK_EQ(name, buffer);
            origins[static_cast<size_t>(index)].push_back(origin);
        }
    });

    for (auto& registered : origins) {
        std::sort(registered.begin(), registered.end());
        CHECK_EQ(registered, origins[0]);
        CHECK(std::adjacent_find(registered.begin(), registered.end()) == registered.end());
    }
}

int main() {
    test_own_errors();
    test_own_messages();
    test_new_threads();
    test_callbacks();
    test_origins();
    check_no_leak();
}
