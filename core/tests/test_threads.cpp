// Several threads that use the same labels at the same time
#include "objects.hpp"
#include "threads.hpp"

/// All the different pairs with a first element below `count`, in no order
static Values shuffled(int32_t count) {
    Values values;
    for (int32_t i = 0; i < count; i++) {
        values.insert(values.end(), {(i * 7919) % count, i % 3});
    }
    return values;
}

/// The same labels, with values in an array of the library
static LabelsPtr stored_by_the_library(const LabelsPtr& labels) {
    const LabelsPtr nothing = make_labels(names_of(labels.get()), {});
    const mts_labels_t* result = nullptr;
    CHECK_SUCCESS(mts_labels_difference(labels.get(), nothing.get(), &result, nullptr, 0));
    return LabelsPtr(result);
}

static std::vector<int64_t> positions_of(const mts_labels_t* labels, const Values& entries) {
    std::vector<int64_t> positions;
    for (size_t i = 0; i < entries.size(); i += 2) {
        int64_t position = -2;
        CHECK_SUCCESS(mts_labels_position(labels, &entries[i], 2, &position));
        positions.push_back(position);
    }
    return positions;
}

// The table for lookups is made by the first lookup
static void check_first_lookups(const LabelsPtr& labels, const Values& values) {
    std::vector<int64_t> expected(values.size() / 2);
    std::iota(expected.begin(), expected.end(), 0);
    in_threads([&](int) { CHECK_EQ(positions_of(labels.get(), values), expected); });
}

static void test_first_lookups() {
    for (int32_t count : {3, 17, 500}) {
        const Values values = shuffled(count);
        check_first_lookups(assume_unique({"a", "b"}, values), values);
        check_first_lookups(stored_by_the_library(assume_unique({"a", "b"}, values)), values);
    }

    // too far from each other for a table with all the possible entries
    Values sparse = shuffled(500);
    for (int32_t& value : sparse) {
        value *= 1'000'003;
    }
    check_first_lookups(stored_by_the_library(assume_unique({"a", "b"}, sparse)), sparse);
}

// Values on CPU are copied from the array by the first who needs them
static void test_first_values() {
    for (auto layout : {Layout::RowMajor, Layout::ColumnMajor, Layout::Unaligned}) {
        const Values values = shuffled(100);
        const LabelsPtr labels = make_labels({"a", "b"}, values, layout);
        std::vector<const int32_t*> pointers(THREADS);
        in_threads([&](int index) {
            CHECK_EQ(values_of(labels.get()), values);
            uintptr_t count = 0;
            uintptr_t size = 0;
            CHECK_SUCCESS(mts_labels_values_cpu(
                labels.get(), &pointers[static_cast<size_t>(index)], &count, &size
            ));
        });
        // what was given to the one who lost the race must stay valid: there is only one copy
        CHECK_EQ(pointers, std::vector<const int32_t*>(THREADS, pointers[0]));
    }
}

struct SetResults {
    Values combined;
    Values common;
    Values remaining;
    std::vector<int64_t> mapping;
    std::vector<uint64_t> selected;

    bool operator==(const SetResults&) const = default;
};

static SetResults
combine(const LabelsPtr& first, const LabelsPtr& second, const LabelsPtr& selection) {
    SetResults results;
    const mts_labels_t* labels = nullptr;

    results.mapping.resize(count_of(first.get()));
    CHECK_SUCCESS(mts_labels_union(
        first.get(),
        second.get(),
        &labels,
        results.mapping.data(),
        results.mapping.size(),
        nullptr,
        0
    ));
    results.combined = values_of(LabelsPtr(labels).get());

    CHECK_SUCCESS(
        mts_labels_intersection(first.get(), second.get(), &labels, nullptr, 0, nullptr, 0)
    );
    results.common = values_of(LabelsPtr(labels).get());

    CHECK_SUCCESS(mts_labels_difference(first.get(), second.get(), &labels, nullptr, 0));
    results.remaining = values_of(LabelsPtr(labels).get());

    uintptr_t count = count_of(first.get());
    results.selected.resize(count);
    CHECK_SUCCESS(mts_labels_select(first.get(), selection.get(), results.selected.data(), &count));
    results.selected.resize(count);
    return results;
}

static void test_set_operations() {
    const LabelsPtr selection = make_labels({"b"}, {1});
    auto make_first = [] {
        return stored_by_the_library(assume_unique({"a", "b"}, shuffled(500)));
    };
    auto make_second = [] {
        return stored_by_the_library(assume_unique({"a", "b"}, shuffled(350)));
    };
    const SetResults expected = combine(make_first(), make_second(), selection);
    CHECK(expected.combined.size() > 1000);
    CHECK(!expected.common.empty());
    CHECK(!expected.selected.empty());

    for (int repetition = 0; repetition < 10; repetition++) {
        // new labels, with nothing known about them
        const LabelsPtr first = make_first();
        const LabelsPtr second = make_second();
        in_threads([&](int) { CHECK(combine(first, second, selection) == expected); });
    }
}

// The last one to release the labels is any of the threads
static void test_shared_ownership() {
    for (int repetition = 0; repetition < 50; repetition++) {
        LabelsPtr labels = assume_unique({"a", "b"}, {3, 4, 1, 2});
        std::vector<LabelsPtr> clones;
        for (int i = 0; i < THREADS; i++) {
            clones.emplace_back(CHECK_NOT_NULL(mts_labels_clone(labels.get())));
        }
        labels.reset();
        in_threads([&](int index) {
            LabelsPtr& mine = clones[static_cast<size_t>(index)];
            LabelsPtr again(CHECK_NOT_NULL(mts_labels_clone(mine.get())));
            mine.reset();
            CHECK_EQ(values_of(again.get()), Values({3, 4, 1, 2}));
        });
        CHECK_EQ(TestArray::alive.load(), 0);
    }
}

int main() {
    test_first_lookups();
    test_first_values();
    test_set_operations();
    test_shared_ownership();
    check_no_leak();
}
