// Several threads that read the same objects at the same time
#include <functional>
#include <thread>

#include "objects.hpp"

/// Runs a function in several threads, several times
static void in_threads(const std::function<void()>& function) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++) {
        threads.emplace_back(function);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

static Values shuffled(int32_t count) {
    Values values;
    for (int32_t i = 0; i < count; i++) {
        values.insert(values.end(), {(i * 7919) % count, i % 3});
    }
    return values;
}

static void test_labels() {
    for (int i = 0; i < 20; i++) {
        // all what is derived from values is computed in these threads
        const Values values = shuffled(500);
        const LabelsPtr labels = assume_unique({"a", "b"}, values);
        const LabelsPtr other = make_labels({"a", "b"}, {1, 2, 3, 4});
        const LabelsPtr selection = make_labels({"b"}, {1});
        in_threads([&] {
            CHECK_EQ(values_of(labels.get()), values);
            int64_t position = 0;
            CHECK_SUCCESS(mts_labels_position(labels.get(), values.data() + 200, 2, &position));
            CHECK_EQ(position, 100);

            const mts_labels_t* result = nullptr;
            CHECK_SUCCESS(
                mts_labels_union(labels.get(), other.get(), &result, nullptr, 0, nullptr, 0)
            );
            CHECK_SUCCESS(mts_labels_free(result));

            std::vector<uint64_t> selected(500);
            uintptr_t count = 500;
            CHECK_SUCCESS(
                mts_labels_select(labels.get(), selection.get(), selected.data(), &count)
            );

            const LabelsPtr clone(CHECK_NOT_NULL(mts_labels_clone(labels.get())));
        });
    }
}

static void test_tensor() {
    const LabelsPtr properties = range("p", 3);
    const LabelsPtr samples = make_labels({"a", "b"}, shuffled(50));
    const TensorPtr tensor = make_tensor(
        make_labels({"k"}, {0, 1}),
        make_block(samples, {}, properties),
        make_block(samples, {}, properties, 100)
    );
    const LabelsPtr moved = make_labels({"k"}, {});
    in_threads([&] {
        const TensorPtr merged(CHECK_NOT_NULL(
            mts_tensormap_keys_to_properties(tensor.get(), moved.get(), scalar(0).to_c(), true)
        ));
        CHECK_EQ(data_of(block_of(merged, 0)).shape, std::vector<uintptr_t>({50, 6}));
        const TensorPtr copy(CHECK_NOT_NULL(mts_tensormap_copy(tensor.get())));
        CHECK_EQ(values_of(labels_of(block_of(tensor, 1), 1).get()), Values({0, 1, 2}));
    });
}

static void test_origins_and_errors() {
    in_threads([&] {
        for (int i = 0; i < 100; i++) {
            const std::string name = "origin " + std::to_string(i);
            mts_data_origin_t origin = 0;
            CHECK_SUCCESS(mts_register_data_origin(name.c_str(), &origin));
            char buffer[32];
            CHECK_SUCCESS(mts_get_data_origin(origin, buffer, sizeof(buffer)));
            CHECK_EQ(name, buffer);
            CHECK_INVALID(mts_labels_dimensions(nullptr, nullptr, nullptr), "`labels`");
        }
    });
}

int main() {
    test_labels();
    test_tensor();
    test_origins_and_errors();
    check_no_leak();
}
