// The class Labels.

#include "cpp_api.hpp"

#include <array>
#include <cstring>
#include <optional>

using namespace metatensor;

constexpr DLDevice CPU = {kDLCPU, 0};
using OptionalIndexes = std::vector<std::optional<size_t>>;

static std::vector<std::string> names(const Labels& labels) {
    const auto names = labels.names();
    return {names.begin(), names.end()};
}

static MtsArray values_array(std::vector<uintptr_t> shape, std::vector<int32_t> values) {
    return DataArrayBase::to_mts_array(
        std::make_unique<SimpleDataArray<int32_t>>(std::move(shape), std::move(values))
    );
}

static void test_constructors() {
    const auto expected = Labels({"a", "b"}, {{1, 2}, {3, 4}, {5, -6}});
    CHECK(names(expected) == std::vector<std::string>({"a", "b"}));
    CHECK(expected.count() == 3);
    CHECK(expected.size() == 2);
    CHECK(expected.device().device_type == kDLCPU);

    const std::vector<int32_t> list = {1, 2, 3, 4, 5, -6};
    CHECK(Labels({"a", "b"}, list.data(), 3) == expected);
    CHECK(Labels({"a", "b"}, list.data(), 3, assume_unique{}) == expected);
    CHECK(Labels({"a", "b"}, values_array({3, 2}, list)) == expected);
    CHECK(Labels({"a", "b"}, values_array({3, 2}, list), assume_unique{}) == expected);

    // no copy of the array
    auto array = values_array({3, 2}, list);
    const auto* pointer = array.as_mts_array_t().ptr;
    const auto labels = Labels({"a", "b"}, std::move(array));
    CHECK(labels.mts_array().as_mts_array_t().ptr == pointer);
    CHECK(labels.mts_array().as_mts_array_t().destroy == nullptr);

    // without entries, and without dimensions
    for (const auto& empty : {Labels({"a"}, {}), Labels({"a"}), Labels({"a"}, nullptr, 0)}) {
        CHECK(empty.count() == 0 && empty.size() == 1);
        CHECK(empty == Labels(std::vector<std::string>{"a"}));
        const auto values = empty.values();
        CHECK(values.shape() == std::vector<size_t>({0, 1}));
    }
    const auto no_dimensions = Labels(std::vector<std::string>{});
    CHECK(no_dimensions.count() == 0 && no_dimensions.size() == 0);
    CHECK(no_dimensions == Labels({}));
    CHECK(no_dimensions != Labels({"a"}));
}

static void test_invalid() {
    CHECK_THROWS(Labels({"not an ident"}), "not an ident");
    CHECK_THROWS(Labels({"a", "a"}), "a");
    CHECK_THROWS(Labels({"a"}, {{0}, {1}, {0}}), "");
    CHECK_THROWS(Labels({"a", "b"}, {{1, 2}, {3}}), "expected 2 values");
    CHECK_THROWS(Labels({"a", "b"}, {{1, 2}, {3, 4, 5}}), "got 3");
    CHECK_THROWS(Labels({"a"}, nullptr, 1), "null pointer");
    CHECK_THROWS(Labels({"a"}, values_array({1, 2}, {1, 2})), "");
    CHECK_THROWS(Labels({"a"}, MtsArray({})), "");

    auto floats = std::make_unique<SimpleDataArray<float>>(std::vector<uintptr_t>{1, 1});
    CHECK_THROWS(Labels({"a"}, DataArrayBase::to_mts_array(std::move(floats))), "");
}

static void test_position() {
    const auto labels = Labels({"a", "b"}, {{1, 2}, {3, 4}, {5, 6}});
    CHECK(labels.position({3, 4}) == 1);
    CHECK(labels.position({4, 3}) == std::nullopt);
    CHECK(labels.position(std::array<int32_t, 2>{5, 6}) == 2);
    CHECK(labels.position(std::vector<int32_t>{1, 2}) == 0);
    const int32_t entry[] = {5, 6};
    CHECK(labels.position(entry, 2) == 2);
    CHECK_THROWS(labels.position({1}), "2");
    CHECK_THROWS(labels.position(std::vector<int32_t>{}), "0");
    CHECK_THROWS(labels.position(std::vector<int32_t>{1, 2, 3}), "3");
}

static void test_values() {
    auto labels = std::make_unique<Labels>(
        std::vector<std::string>{"a", "b"}, values_array({2, 2}, {1, 2, 3, 4})
    );
    const auto values_cpu = labels->values_cpu();
    CHECK(values_cpu == NDArray<int32_t>({1, 2, 3, 4}, {2, 2}));
    CHECK(values_cpu.is_view());
    auto not_const = labels->values_cpu();
    CHECK_THROWS(not_const(0, 0), "read-only");

    // the DLPack array keeps the data alive
    const auto values = labels->values(CPU);
    labels.reset();
    CHECK(values == SimpleDataArray<int32_t>({2, 2}, {1, 2, 3, 4}));

    // values in another order in memory
    auto array = values_array({2, 3}, {1, 2, 3, 4, 5, 6});
    array.swap_axes(0, 1);
    const auto transposed = Labels({"a", "b"}, std::move(array));
    CHECK(transposed == Labels({"a", "b"}, {{1, 4}, {2, 5}, {3, 6}}));
}

static void test_comparison() {
    const auto labels = Labels({"a", "b"}, {{1, 2}, {3, 4}});
    const auto copy = labels;
    CHECK(copy == labels);
    CHECK(copy.as_mts_labels_t() == labels.as_mts_labels_t());
    CHECK(labels == Labels({"a", "b"}, {{1, 2}, {3, 4}}));
    CHECK(labels != Labels({"a", "b"}, {{3, 4}, {1, 2}}));
    CHECK(labels != Labels({"a", "c"}, {{1, 2}, {3, 4}}));
    CHECK(labels != Labels({"a", "b"}, {{1, 2}}));
    CHECK(labels != Labels({"a", "b", "c"}, {}));
    CHECK(Labels({"a", "b"}) != Labels({"b", "a"}));
}

static void test_union() {
    const auto first = Labels({"a"}, {{0}, {1}, {2}});
    const auto second = Labels({"a"}, {{5}, {1}});
    const auto expected = Labels({"a"}, {{0}, {1}, {2}, {5}});
    CHECK(first.set_union(second) == expected);

    std::vector<int64_t> first_mapping(3);
    std::vector<int64_t> second_mapping(2);
    CHECK(first.set_union(second, first_mapping.data(), 3, second_mapping.data(), 2) == expected);
    CHECK(first_mapping == std::vector<int64_t>({0, 1, 2}));
    CHECK(second_mapping == std::vector<int64_t>({3, 1}));
    CHECK_THROWS(first.set_union(second, first_mapping.data(), 2), "");

    std::vector<size_t> none;
    std::vector<size_t> mapping(2);
    CHECK(first.set_union(second, none, mapping) == expected);
    CHECK(mapping == std::vector<size_t>({3, 1}));
    CHECK(none.empty());
    mapping.resize(1);
    CHECK_THROWS(first.set_union(second, none, mapping), "");
    CHECK_THROWS(first.set_union(Labels({"b"})), "");

    // the values of the result have the same origin as the ones of the first labels
    CHECK(expected.mts_array().origin() == first.set_union(second).mts_array().origin());
    const auto empty = Labels({"a"});
    CHECK(empty.set_union(first) == first && first.set_union(empty) == first);
}

static void test_intersection() {
    const auto first = Labels({"a"}, {{0}, {1}, {2}});
    const auto second = Labels({"a"}, {{2}, {1}});
    // in the order of the smallest labels
    const auto expected = Labels({"a"}, {{2}, {1}});
    CHECK(first.set_intersection(second) == expected);
    CHECK(second.set_intersection(first) == expected);

    std::vector<int64_t> raw_mapping(3);
    CHECK(first.set_intersection(second, raw_mapping.data(), 3) == expected);
    CHECK(raw_mapping == std::vector<int64_t>({-1, 1, 0}));

    OptionalIndexes first_mapping(3);
    OptionalIndexes none;
    CHECK(first.set_intersection(second, first_mapping, none) == expected);
    CHECK(first_mapping == OptionalIndexes({std::nullopt, 1, 0}));

    OptionalIndexes second_mapping(2);
    CHECK(first.set_intersection(Labels({"a"}, {{2}, {9}}), none, second_mapping).count() == 1);
    CHECK(second_mapping == OptionalIndexes({0, std::nullopt}));
    CHECK(first.set_intersection(Labels({"a"})).count() == 0);
}

static void test_difference() {
    const auto first = Labels({"a"}, {{0}, {1}, {2}});
    const auto second = Labels({"a"}, {{7}, {1}});
    const auto expected = Labels({"a"}, {{0}, {2}});
    CHECK(first.set_difference(second) == expected);

    std::vector<int64_t> raw_mapping(3);
    CHECK(first.set_difference(second, raw_mapping.data(), 3) == expected);
    CHECK(raw_mapping == std::vector<int64_t>({0, -1, 1}));

    OptionalIndexes mapping(3);
    CHECK(first.set_difference(second, mapping) == expected);
    CHECK(mapping == OptionalIndexes({0, std::nullopt, 1}));
}

static void test_select() {
    const auto labels = Labels({"a", "b"}, {{1, 1}, {1, 2}, {2, 1}, {3, 1}});
    using Indexes = std::vector<uint64_t>;
    CHECK(labels.select(Labels({"a"}, {{3}, {1}, {9}})) == Indexes({0, 1, 3}));
    CHECK(labels.select(Labels({"a", "b"}, {{3, 1}, {9, 9}, {1, 2}})) == Indexes({3, 1}));
    CHECK(labels.select(Labels({"b", "a"}, {{1, 3}, {2, 1}})) == Indexes({1, 3}));
    CHECK(labels.select(Labels({})) == Indexes({0, 1, 2, 3}));
    CHECK(labels.select(Labels({"a"})).empty());
    CHECK(Labels({"a"}).select(Labels({"a"}, {{1}})).empty());
    CHECK_THROWS(labels.select(Labels({"c"}, {{1}})), "'c'");

    Indexes selected(4);
    size_t count = 4;
    labels.select(Labels({"b"}, {{2}}), selected.data(), &count);
    CHECK(count == 1 && selected[0] == 1);
    CHECK_THROWS(labels.select(labels, selected.data(), &count), "");
    CHECK(count == 1);
}

static void test_ownership() {
    auto labels = Labels({"a"}, {{0}, {1}});
    auto copy = labels;
    auto moved = std::move(labels);
    CHECK(moved == copy);

    const auto* pointer = moved.release();
    CHECK(pointer != nullptr);
    auto again = Labels::unsafe_from_ptr(pointer);
    CHECK(again == copy);

    for (auto* empty : {&labels, &moved}) {
        CHECK(empty->names().empty());
        CHECK(empty->size() == 0);
        CHECK(empty->release() == nullptr);
        CHECK_THROWS(empty->count(), "released");
        CHECK_THROWS(empty->device(), "released");
        CHECK_THROWS(empty->position({0}), "released");
        CHECK_THROWS(empty->values(), "released");
        CHECK_THROWS(empty->values_cpu(), "released");
        CHECK_THROWS(empty->mts_array(), "released");
        CHECK_THROWS(empty->set_union(copy), "released");
        CHECK_THROWS(copy.set_intersection(*empty), "released");
        CHECK_THROWS(empty->set_difference(copy), "released");
        CHECK_THROWS(copy.select(*empty), "released");
        CHECK_THROWS(empty->save_buffer(), "released");
        CHECK_THROWS(empty->as_mts_labels_t(), "released");
        CHECK_THROWS(Labels(*empty), "released");
        CHECK_THROWS(static_cast<void>(*empty == copy), "released");
    }

    labels = copy;
    CHECK(labels == copy);
    const auto& alias = labels;
    labels = alias;
    CHECK(labels == copy);
    moved = std::move(labels);
    CHECK(moved == copy);

    // names are valid as long as any of the copies
    const char* name = nullptr;
    {
        const auto temporary = copy;
        name = temporary.names()[0];
    }
    CHECK(std::strcmp(name, "a") == 0);
}

int main() {
    test_constructors();
    test_invalid();
    test_position();
    test_values();
    test_comparison();
    test_union();
    test_intersection();
    test_difference();
    test_select();
    test_ownership();
    return end_of_tests();
}
