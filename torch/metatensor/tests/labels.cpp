#include <metatensor/torch.hpp>

#include "expect.hpp"

using namespace metatensor_torch;

namespace {

torch::Tensor int32(std::vector<int32_t> values, std::vector<int64_t> shape) {
    return torch::tensor(values, torch::kInt32).reshape(shape);
}

} // namespace

TEST(labels, layout) {
    EXPECT(sizeof(LabelsHolder) == 112);
    EXPECT(sizeof(LabelsEntryHolder) == 64);
}

TEST(labels, create) {
    auto labels = LabelsHolder::create({"a", "b"}, {{1, 2}, {3, 4}, {5, 6}});
    EXPECT(labels->names() == std::vector<std::string>{"a", "b"});
    EXPECT(labels->count() == 3 && labels->size() == 2);
    EXPECT(torch::equal(labels->values(), int32({1, 2, 3, 4, 5, 6}, {3, 2})));
    EXPECT(labels->device().is_cpu());

    auto empty = LabelsHolder::create({}, {});
    EXPECT(empty->count() == 0 && empty->size() == 0);

    EXPECT_THROWS(c10::ValueError, "2 value(s)", LabelsHolder::create({"a", "b"}, {{1, 2}, {3}}));
    EXPECT_THROWS(metatensor::Error, "a", LabelsHolder::create({"a", "a"}, {}));
    EXPECT_THROWS(metatensor::Error, "1", LabelsHolder::create({"a"}, {{1}, {1}}));
}

TEST(labels, values_are_not_copied) {
    auto values = int32({0, 1, 2, 3}, {2, 2}).t();
    auto labels = torch::make_intrusive<LabelsHolder>(std::vector<std::string>{"a", "b"}, values);
    EXPECT(labels->values().is_same(values));

    auto core = labels->as_metatensor();
    EXPECT(LabelsHolder::from_metatensor(core)->values().is_same(values));
    EXPECT(
        core.values_cpu() == metatensor::NDArray<int32_t>(std::vector<int32_t>{0, 2, 1, 3}, {2, 2})
    );
}

TEST(labels, from_core) {
    auto core = metatensor::Labels({"a", "b"}, {{1, 2}, {3, 4}});
    auto values = LabelsHolder(core).values();
    EXPECT(torch::equal(values, int32({1, 2, 3, 4}, {2, 2})));
    auto core_values = core.values();
    EXPECT(values.const_data_ptr<int32_t>() == core_values.data());

    // the tensor keeps the memory of the labels alive
    core = metatensor::Labels(std::vector<std::string>{"a"});
    EXPECT(torch::equal(values, int32({1, 2, 3, 4}, {2, 2})));
}

TEST(labels, compare) {
    auto first = LabelsHolder::create({"a"}, {{1}, {2}});
    auto second = LabelsHolder::create({"a"}, {{1}, {2}});
    EXPECT(first != second);
    EXPECT(*first == *second);
    EXPECT(*first == second->as_metatensor());
    EXPECT(first->as_metatensor() == *second);
    EXPECT(*first != *LabelsHolder::create({"a"}, {{2}, {1}}));
    EXPECT(LabelsHolder(*first) == *first);
}

TEST(labels, release) {
    auto labels = LabelsHolder::create({"a"}, {{1}, {2}});
    auto core = labels->release();
    EXPECT(core.count() == 2);
    EXPECT(labels->count() == 2 && labels->names()[0] == "a");
    EXPECT_THROWS(metatensor::Error, "released", labels->as_metatensor());
}

TEST(labels, entries) {
    auto labels = LabelsHolder::create({"a", "b"}, {{1, 2}, {3, 4}});
    auto entry = LabelsEntryHolder(labels, 1);
    EXPECT(entry.size() == 2);
    EXPECT(entry[0] == 3 && entry["b"] == 4);
    EXPECT(entry.print() == "(a=3, b=4)");
    EXPECT(entry == LabelsEntryHolder(labels, -1));
    EXPECT(entry != LabelsEntryHolder(labels, 0));
    EXPECT_THROWS(c10::IndexError, "[2, 2]", LabelsEntryHolder(labels, 2));
    EXPECT_THROWS(c10::ValueError, "'c'", entry["c"]);
    EXPECT(labels->position(std::vector<int64_t>{3, 4}) == 1);
    EXPECT(!labels->position(std::vector<int64_t>{3, 3}).has_value());
}

TEST(labels, set_operations) {
    auto first = LabelsHolder::create({"a"}, {{1}, {2}});
    auto second = LabelsHolder::create({"a"}, {{2}, {3}, {4}});

    auto [all, first_mapping, second_mapping] = first->union_and_mapping(second);
    EXPECT(torch::equal(all->values(), int32({1, 2, 3, 4}, {4, 1})));
    EXPECT(torch::equal(first_mapping, torch::tensor({0, 1}, torch::kInt64)));
    EXPECT(torch::equal(second_mapping, torch::tensor({1, 2, 3}, torch::kInt64)));

    EXPECT(*first->set_intersection(second) == *LabelsHolder::create({"a"}, {{2}}));
    EXPECT(*first->set_difference(second) == *LabelsHolder::create({"a"}, {{1}}));
    EXPECT(torch::equal(first->select(second), torch::tensor({1}, torch::kInt64)));

    auto other = LabelsHolder::create({"b"}, {{1}});
    EXPECT_THROWS(c10::Error, "union", first->set_union(other));
}
