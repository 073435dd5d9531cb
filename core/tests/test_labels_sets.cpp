// Union, intersection and difference of labels
#include <algorithm>
#include <map>
#include <random>

#include "objects.hpp"

using Mapping = std::vector<int64_t>;

struct SetResult {
    LabelsPtr labels;
    Mapping first;
    Mapping second;
};

using SetOperation = decltype(mts_labels_union)*;

static SetResult
apply(SetOperation operation, const mts_labels_t* first, const mts_labels_t* second) {
    SetResult result;
    result.first.resize(count_of(first), -42);
    result.second.resize(count_of(second), -42);
    const mts_labels_t* labels = nullptr;
    CHECK_SUCCESS(operation(
        first,
        second,
        &labels,
        result.first.data(),
        result.first.size(),
        result.second.data(),
        result.second.size()
    ));
    result.labels.reset(labels);

    // the same without mappings
    const mts_labels_t* again = nullptr;
    CHECK_SUCCESS(operation(first, second, &again, nullptr, 1234, nullptr, 5678));
    CHECK_EQ(values_of(again), values_of(labels));
    CHECK_SUCCESS(mts_labels_free(again));
    return result;
}

static SetResult apply_difference(const mts_labels_t* first, const mts_labels_t* second) {
    auto operation = [](const mts_labels_t* first,
                        const mts_labels_t* second,
                        const mts_labels_t** result,
                        int64_t* first_mapping,
                        uintptr_t first_count,
                        int64_t*,
                        uintptr_t) {
        return mts_labels_difference(first, second, result, first_mapping, first_count);
    };
    return apply(operation, first, second);
}

static void test_union() {
    const LabelsPtr first = make_labels({"a", "b"}, {3, 1, 0, 2, 5, 5});
    const LabelsPtr second = make_labels({"a", "b"}, {7, 7, 0, 2, -1, 0, 3, 1});
    const SetResult result = apply(mts_labels_union, first.get(), second.get());
    CHECK_EQ(values_of(result.labels.get()), Values({3, 1, 0, 2, 5, 5, 7, 7, -1, 0}));
    CHECK_EQ(result.first, Mapping({0, 1, 2}));
    CHECK_EQ(result.second, Mapping({3, 1, 4, 0}));
    CHECK_EQ(names_of(result.labels.get()), Names({"a", "b"}));
    CHECK_EQ(origin_of(result.labels.get()), "test array");
}

static void test_intersection() {
    const LabelsPtr first = make_labels({"a"}, {3, 1, 0, 2});
    const LabelsPtr second = make_labels({"a"}, {2, 5, 3});
    const LabelsPtr third = make_labels({"a"}, {7, 2, 3, 9});

    // in the order of the one with fewer entries
    SetResult result = apply(mts_labels_intersection, first.get(), second.get());
    CHECK_EQ(values_of(result.labels.get()), Values({2, 3}));
    CHECK_EQ(result.first, Mapping({1, -1, -1, 0}));
    CHECK_EQ(result.second, Mapping({0, -1, 1}));

    result = apply(mts_labels_intersection, second.get(), first.get());
    CHECK_EQ(values_of(result.labels.get()), Values({2, 3}));
    CHECK_EQ(result.first, Mapping({0, -1, 1}));
    CHECK_EQ(result.second, Mapping({1, -1, -1, 0}));

    // or of the first
    result = apply(mts_labels_intersection, first.get(), third.get());
    CHECK_EQ(values_of(result.labels.get()), Values({3, 2}));
    CHECK_EQ(result.first, Mapping({0, -1, -1, 1}));
    CHECK_EQ(result.second, Mapping({-1, 1, 0, -1}));
}

static void test_difference() {
    const LabelsPtr first = make_labels({"a"}, {3, 1, 0, 2});
    const LabelsPtr second = make_labels({"a"}, {2, 5, 3});
    const SetResult result = apply_difference(first.get(), second.get());
    CHECK_EQ(values_of(result.labels.get()), Values({1, 0}));
    CHECK_EQ(result.first, Mapping({-1, 0, 1, -1}));
}

static void test_empty() {
    const LabelsPtr labels = make_labels({"a"}, {3, 1});
    const LabelsPtr empty = make_labels({"a"}, {});
    const LabelsPtr meta_empty = make_labels({"a"}, {}, Layout::RowMajor, META);
    CHECK_EQ(
        values_of(apply(mts_labels_union, labels.get(), empty.get()).labels.get()), Values({3, 1})
    );
    CHECK_EQ(
        values_of(apply(mts_labels_union, empty.get(), labels.get()).labels.get()), Values({3, 1})
    );
    CHECK_EQ(
        values_of(apply(mts_labels_union, labels.get(), meta_empty.get()).labels.get()),
        Values({3, 1})
    );
    CHECK_EQ(
        values_of(apply(mts_labels_intersection, labels.get(), empty.get()).labels.get()), Values()
    );
    CHECK_EQ(values_of(apply_difference(empty.get(), labels.get()).labels.get()), Values());
    CHECK_EQ(values_of(apply_difference(labels.get(), empty.get()).labels.get()), Values({3, 1}));

    const LabelsPtr none = make_labels({}, {});
    for (auto* operation : {mts_labels_union, mts_labels_intersection}) {
        const SetResult result = apply(operation, none.get(), none.get());
        CHECK_EQ(names_of(result.labels.get()), Names());
    }
    CHECK_EQ(names_of(apply_difference(none.get(), none.get()).labels.get()), Names());
}

static void test_backend_and_device() {
    TestArray array = label_values(1, {3, 1});
    array.origin = "other";
    array.device = CUDA;
    const LabelsPtr first(CHECK_NOT_NULL(raw_labels({"a"}, array.to_c())));
    const LabelsPtr second = make_labels({"a"}, {1, 7}, Layout::RowMajor, CUDA);

    const int copies = TestArray::calls("copy");
    const SetResult result = apply(mts_labels_union, first.get(), second.get());
    CHECK_EQ(TestArray::calls("copy"), copies + 2);
    CHECK_EQ(origin_of(result.labels.get()), "other");
    mts_array_t values = {};
    DLDevice device = {};
    CHECK_SUCCESS(mts_labels_values(result.labels.get(), &values));
    CHECK_SUCCESS(values.device(values.ptr, &device));
    CHECK_EQ(device.device_type, kDLCUDA);
    CHECK_EQ(values_of(result.labels.get()), Values({3, 1, 7}));

    const SetResult same = apply(mts_labels_intersection, second.get(), first.get());
    CHECK_EQ(origin_of(same.labels.get()), "test array");
    CHECK_EQ(values_of(same.labels.get()), Values({1}));
}

static void test_errors() {
    const LabelsPtr labels = make_labels({"a", "b"}, {3, 1});
    const LabelsPtr swapped = make_labels({"b", "a"}, {3, 1});
    const LabelsPtr cuda = make_labels({"a", "b"}, {3, 2}, Layout::RowMajor, CUDA);
    const LabelsPtr meta = assume_unique({"a", "b"}, {3, 2}, META);
    const mts_labels_t* const unchanged = labels.get();
    const mts_labels_t* result = unchanged;
    int64_t mapping[2] = {};

    for (auto* operation : {mts_labels_union, mts_labels_intersection}) {
        auto run = [&](const LabelsPtr& a, const LabelsPtr& b) {
            return operation(a.get(), b.get(), &result, nullptr, 0, nullptr, 0);
        };
        CHECK_INVALID(run(labels, swapped), "(a, b) and (b, a)");
        CHECK_INVALID(run(labels, cuda), "CPU:0 and CUDA:0");
        CHECK_INVALID(run(meta, meta), "ExtDev:0");
        CHECK_INVALID(run(nullptr, cuda), "`first`");
        CHECK_INVALID(run(labels, nullptr), "`second`");
        CHECK_INVALID(
            operation(labels.get(), labels.get(), nullptr, nullptr, 0, nullptr, 0), "`result`"
        );
        CHECK_INVALID(
            operation(labels.get(), labels.get(), &result, mapping, 2, nullptr, 0),
            "`first_mapping`"
        );
        CHECK_INVALID(
            operation(labels.get(), labels.get(), &result, mapping, 1, mapping, 0),
            "`second_mapping`"
        );
    }
    CHECK_INVALID(
        mts_labels_difference(labels.get(), swapped.get(), &result, nullptr, 0), "(a, b) and (b, a)"
    );
    CHECK_INVALID(mts_labels_difference(labels.get(), cuda.get(), &result, nullptr, 0), "CUDA:0");
    CHECK_INVALID(mts_labels_difference(nullptr, cuda.get(), &result, nullptr, 0), "`first`");
    CHECK_INVALID(mts_labels_difference(labels.get(), nullptr, &result, nullptr, 0), "`second`");
    CHECK_INVALID(
        mts_labels_difference(labels.get(), labels.get(), nullptr, nullptr, 0), "`result`"
    );
    CHECK_INVALID(
        mts_labels_difference(labels.get(), labels.get(), &result, mapping, 0), "`first_mapping`"
    );

    const LabelsPtr other = make_labels({"a", "b"}, {7, 7});
    TestArray::failing = "from_dlpack";
    CHECK_STATUS(
        mts_labels_union(labels.get(), other.get(), &result, nullptr, 0, nullptr, 0),
        MTS_CALLBACK_ERROR
    );
    CHECK(check::contains(check::last_error_message(), "mts_array_t.from_dlpack: "));
    const LabelsPtr other_cuda = make_labels({"a", "b"}, {7, 7}, Layout::RowMajor, CUDA);
    TestArray::failing = "copy";
    CHECK_STATUS(
        mts_labels_union(cuda.get(), other_cuda.get(), &result, nullptr, 0, nullptr, 0),
        MTS_CALLBACK_ERROR
    );
    TestArray::failing = "";
    CHECK(result == unchanged);
}

/// A set of rows of a reference implementation
struct Reference {
    size_t size;
    std::vector<Values> rows;
    std::map<Values, int64_t> positions;

    Reference(size_t size, const Values& values) : size(size) {
        for (size_t i = 0; i < values.size(); i += size) {
            add(Values(
                values.begin() + static_cast<ptrdiff_t>(i),
                values.begin() + static_cast<ptrdiff_t>(i + size)
            ));
        }
    }

    void add(const Values& row) {
        if (positions.emplace(row, static_cast<int64_t>(rows.size())).second) {
            rows.push_back(row);
        }
    }

    int64_t find(const Values& row) const {
        const auto found = positions.find(row);
        return found == positions.end() ? -1 : found->second;
    }

    Values flat() const {
        Values values;
        for (const Values& row : rows) {
            values.insert(values.end(), row.begin(), row.end());
        }
        return values;
    }

    Mapping mapping_to(const Reference& result) const {
        Mapping mapping;
        for (const Values& row : rows) {
            mapping.push_back(result.find(row));
        }
        return mapping;
    }
};

static void
check_against_reference(size_t size, const Values& first_values, const Values& second_values) {
    const Names names = letters(size);
    const Reference first(size, first_values);
    const Reference second(size, second_values);
    const LabelsPtr first_labels = make_labels(names, first.flat());
    const LabelsPtr second_labels = make_labels(names, second.flat());

    Reference expected(size, first.flat());
    for (const Values& row : second.rows) {
        expected.add(row);
    }
    SetResult result = apply(mts_labels_union, first_labels.get(), second_labels.get());
    CHECK_EQ(values_of(result.labels.get()), expected.flat());
    CHECK_EQ(result.first, first.mapping_to(expected));
    CHECK_EQ(result.second, second.mapping_to(expected));

    const bool second_is_smaller = second.rows.size() < first.rows.size();
    expected = Reference(size, {});
    for (const Values& row : (second_is_smaller ? second : first).rows) {
        if ((second_is_smaller ? first : second).find(row) >= 0) {
            expected.add(row);
        }
    }
    result = apply(mts_labels_intersection, first_labels.get(), second_labels.get());
    CHECK_EQ(values_of(result.labels.get()), expected.flat());
    CHECK_EQ(result.first, first.mapping_to(expected));
    CHECK_EQ(result.second, second.mapping_to(expected));

    expected = Reference(size, {});
    for (const Values& row : first.rows) {
        if (second.find(row) < 0) {
            expected.add(row);
        }
    }
    result = apply_difference(first_labels.get(), second_labels.get());
    CHECK_EQ(values_of(result.labels.get()), expected.flat());
    CHECK_EQ(result.first, first.mapping_to(expected));
}

static void test_random() {
    std::mt19937 generator(0);
    for (size_t size = 1; size <= 5; size++) {
        for (int32_t range : {2, 10, 1 << 30}) {
            for (size_t first_count : {1, 30, 300, 4000}) {
                for (size_t second_count : {1, 40, 200}) {
                    std::uniform_int_distribution<int32_t> value(-range, range);
                    Values first(first_count * size);
                    Values second(second_count * size);
                    std::generate(first.begin(), first.end(), [&] { return value(generator); });
                    std::generate(second.begin(), second.end(), [&] { return value(generator); });
                    // some rows in common, whatever the range
                    std::copy_n(
                        first.begin(),
                        std::min(first.size(), second.size()) / size / 2 * size,
                        second.begin()
                    );
                    check_against_reference(size, first, second);

                    std::sort(first.begin(), first.end());
                    check_against_reference(size, first, second);
                    std::sort(second.begin(), second.end());
                    check_against_reference(size, first, second);
                }
            }
        }
    }
}

int main() {
    test_union();
    test_intersection();
    test_difference();
    test_empty();
    test_backend_and_device();
    test_errors();
    test_random();
    check_no_leak();
}
