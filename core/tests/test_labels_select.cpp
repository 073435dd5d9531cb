// Selection of entries of labels
#include "objects.hpp"

using Selected = std::vector<uint64_t>;

static Selected select(const LabelsPtr& labels, const LabelsPtr& selection) {
    uintptr_t count = count_of(labels.get());
    Selected selected(count);
    CHECK_SUCCESS(mts_labels_select(labels.get(), selection.get(), selected.data(), &count));
    selected.resize(count);
    return selected;
}

static void test_same_dimensions() {
    const LabelsPtr labels = make_labels({"a", "b"}, {1, 1, 2, 0, 0, 3, 7, 7});
    // in the order of the selection
    CHECK_EQ(
        select(labels, make_labels({"a", "b"}, {7, 7, 5, 5, 1, 1, 2, 0})), Selected({3, 0, 1})
    );
    CHECK_EQ(select(labels, make_labels({"a", "b"}, {})), Selected());
}

static void test_other_dimensions() {
    const LabelsPtr labels =
        make_labels({"a", "b", "c"}, {1, 1, 0, 2, 0, 0, 1, 3, 0, 2, 1, 0, 2, 2, 9});
    // in the order of the labels
    CHECK_EQ(select(labels, make_labels({"b"}, {3, 1})), Selected({0, 2, 3}));
    CHECK_EQ(select(labels, make_labels({"c"}, {9})), Selected({4}));
    CHECK_EQ(select(labels, make_labels({"b", "a"}, {1, 2, 1, 1, 0, 0})), Selected({0, 3}));
    CHECK_EQ(select(labels, make_labels({"c", "b", "a"}, {9, 2, 2, 0, 1, 1})), Selected({0, 4}));
    CHECK_EQ(select(labels, make_labels({"a"}, {})), Selected());
    CHECK_EQ(select(labels, make_labels({}, {})), Selected({0, 1, 2, 3, 4}));
}

static void test_many_entries() {
    Values values;
    for (int32_t i = 0; i < 5000; i++) {
        values.insert(values.end(), {5000 - i, i % 13});
    }
    const LabelsPtr labels = make_labels({"a", "b"}, values);
    Selected expected;
    for (uint64_t i = 0; i < 5000; i++) {
        if (i % 13 == 4 || i % 13 == 9) {
            expected.push_back(i);
        }
    }
    CHECK_EQ(select(labels, make_labels({"b"}, {9, 4, 100})), expected);
}

static void test_empty() {
    const LabelsPtr empty = make_labels({"a", "b"}, {});
    CHECK_EQ(select(empty, make_labels({"a"}, {1})), Selected());
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_labels_select(empty.get(), empty.get(), nullptr, &count));
    CHECK_EQ(count, 0U);
}

static void test_errors() {
    const LabelsPtr labels = make_labels({"a", "b"}, {1, 1, 2, 0});
    const LabelsPtr selection = make_labels({"a"}, {1});
    uint64_t selected[3] = {};
    auto run = [&](const mts_labels_t* labels, const mts_labels_t* selection, uintptr_t expected) {
        uintptr_t count = expected;
        const mts_status_t status = mts_labels_select(labels, selection, selected, &count);
        CHECK_EQ(count, expected);
        return status;
    };
    CHECK_INVALID(run(labels.get(), selection.get(), 1), "(2), got 1");
    CHECK_INVALID(run(labels.get(), selection.get(), 3), "(2), got 3");
    CHECK_INVALID(run(nullptr, selection.get(), 2), "`labels`");
    CHECK_INVALID(run(labels.get(), nullptr, 2), "`selection`");
    CHECK_INVALID(
        mts_labels_select(labels.get(), selection.get(), selected, nullptr), "`selected_count`"
    );
    uintptr_t count = 2;
    CHECK_INVALID(mts_labels_select(labels.get(), selection.get(), nullptr, &count), "`selected`");

    CHECK_INVALID(run(labels.get(), make_labels({"c"}, {1}).get(), 2), "'c'");
    CHECK_INVALID(run(labels.get(), make_labels({"c"}, {}).get(), 2), "'c'");
    CHECK_INVALID(run(make_labels({"a"}, {}).get(), make_labels({"c"}, {1}).get(), 0), "'c'");
    CHECK_INVALID(
        run(labels.get(), make_labels({"a"}, {1}, Layout::RowMajor, CUDA).get(), 2),
        "CUDA:0 and CPU:0"
    );
    const LabelsPtr meta = assume_unique({"a"}, {1}, META);
    CHECK_INVALID(run(meta.get(), meta.get(), 1), "ExtDev:0");
    CHECK_EQ(select(meta, make_labels({}, {})), Selected({0}));

    // entries that are supposed to be unique, but are not
    const LabelsPtr repeated = assume_unique({"a", "b"}, {1, 1, 1, 1, 1, 1, 1, 1});
    CHECK_INVALID(run(labels.get(), repeated.get(), 2), "more than once");
}

int main() {
    test_same_dimensions();
    test_other_dimensions();
    test_many_entries();
    test_empty();
    test_errors();
    check_no_leak();
}
