// Merges of random tensor maps, compared to a naive implementation
#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "objects.hpp"

using Entry = Values;
/// Value of each (sample, property)
using Elements = std::map<std::pair<Entry, Entry>, double>;

/// What a block contains, in no particular order
struct NaiveBlock {
    std::vector<Entry> samples;
    std::vector<Entry> properties;
    Elements values;
    std::vector<Entry> gradient_samples;
    Elements gradients;
};

struct NaiveTensor {
    std::vector<Entry> keys;
    std::vector<NaiveBlock> blocks;
};

static std::mt19937 generator(1234);

static int32_t random_integer(int32_t minimum, int32_t maximum) {
    return std::uniform_int_distribution<int32_t>(minimum, maximum)(generator);
}

/// Random entries, all different
static std::vector<Entry> random_entries(size_t size, int32_t range, int32_t count) {
    std::set<Entry> entries;
    for (int32_t i = 0; i < count; i++) {
        Entry entry(size);
        std::generate(entry.begin(), entry.end(), [&] { return random_integer(-range, range); });
        entries.insert(entry);
    }
    std::vector<Entry> result(entries.begin(), entries.end());
    std::shuffle(result.begin(), result.end(), generator);
    return result;
}

static NaiveBlock random_block() {
    NaiveBlock block;
    block.samples = random_entries(2, 3, random_integer(0, 12));
    block.properties = random_entries(1, 4, random_integer(0, 6));
    for (Entry entry : random_entries(2, 20, block.samples.empty() ? 0 : 20)) {
        if (entry[0] >= 0 && static_cast<size_t>(entry[0]) < block.samples.size()) {
            block.gradient_samples.push_back(entry);
        }
    }
    for (const Entry& property : block.properties) {
        for (const Entry& sample : block.samples) {
            block.values[{sample, property}] = random_integer(0, 1000);
        }
        for (const Entry& sample : block.gradient_samples) {
            block.gradients[{sample, property}] = random_integer(0, 1000);
        }
    }
    return block;
}

static NaiveTensor random_tensor() {
    NaiveTensor tensor;
    tensor.keys = random_entries(3, 1, random_integer(1, 20));
    for (size_t i = 0; i < tensor.keys.size(); i++) {
        tensor.blocks.push_back(random_block());
    }
    return tensor;
}

static Values flat(const std::vector<Entry>& entries) {
    Values values;
    for (const Entry& entry : entries) {
        values.insert(values.end(), entry.begin(), entry.end());
    }
    return values;
}

/// The values of a block, or of its gradients. Missing ones are -1
static TestArray to_array(
    const Elements& elements,
    const std::vector<Entry>& samples,
    const std::vector<Entry>& properties
) {
    TestArray array;
    array.shape = {samples.size(), properties.size()};
    for (const Entry& sample : samples) {
        for (const Entry& property : properties) {
            const auto found = elements.find({sample, property});
            array.data.push_back(found == elements.end() ? -1 : found->second);
        }
    }
    return array;
}

static BlockPtr to_block(const NaiveBlock& naive) {
    const LabelsPtr samples = make_labels({"s", "t"}, flat(naive.samples));
    const LabelsPtr properties = make_labels({"p"}, flat(naive.properties));
    const LabelsPtr gradient_samples = make_labels({"sample", "g"}, flat(naive.gradient_samples));
    const TestArray values = to_array(naive.values, naive.samples, naive.properties);
    const TestArray gradients = to_array(naive.gradients, naive.gradient_samples, naive.properties);

    BlockPtr block(CHECK_NOT_NULL(raw_block(values.to_c(), samples.get(), {}, properties.get())));
    CHECK_SUCCESS(mts_block_add_gradient(
        block.get(),
        "gradient",
        raw_block(gradients.to_c(), gradient_samples.get(), {}, properties.get())
    ));
    return block;
}

static TensorPtr to_tensor(const NaiveTensor& naive) {
    std::vector<BlockPtr> blocks;
    for (const NaiveBlock& block : naive.blocks) {
        blocks.push_back(to_block(block));
    }
    return make_tensor(make_labels({"a", "b", "c"}, flat(naive.keys)), std::move(blocks));
}

static Entry select(const Entry& entry, const std::vector<size_t>& columns) {
    Entry result;
    for (size_t column : columns) {
        result.push_back(entry[column]);
    }
    return result;
}

static Entry join(Entry first, const Entry& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// Adds an entry to a list, unless it is there already. Returns its position
static size_t add_entry(std::vector<Entry>& entries, const Entry& entry) {
    const auto found = std::find(entries.begin(), entries.end(), entry);
    const auto position = static_cast<size_t>(found - entries.begin());
    if (found == entries.end()) {
        entries.push_back(entry);
    }
    return position;
}

enum class Direction { Samples, Properties };

/// Naive merge. With `requested` entries, all blocks have the same properties.
static NaiveTensor merge(
    const NaiveTensor& tensor,
    Direction direction,
    const std::vector<size_t>& moved,
    bool sort,
    const std::optional<std::vector<Entry>>& requested
) {
    std::vector<size_t> remaining;
    for (size_t column : {0, 1, 2}) {
        if (std::find(moved.begin(), moved.end(), column) == moved.end()) {
            remaining.push_back(column);
        }
    }

    NaiveTensor result;
    auto new_sample = [&](size_t i, const Entry& sample) {
        return direction == Direction::Samples ? join(sample, select(tensor.keys[i], moved))
                                               : sample;
    };
    auto new_property = [&](size_t i, const Entry& property) {
        return direction == Direction::Samples ? property
                                               : join(select(tensor.keys[i], moved), property);
    };

    std::vector<size_t> groups;
    for (size_t i = 0; i < tensor.keys.size(); i++) {
        const Entry key = remaining.empty() ? Entry({0}) : select(tensor.keys[i], remaining);
        groups.push_back(add_entry(result.keys, key));
        result.blocks.resize(result.keys.size());
        NaiveBlock& block = result.blocks[groups[i]];
        for (const Entry& sample : tensor.blocks[i].samples) {
            add_entry(block.samples, new_sample(i, sample));
        }
        for (const Entry& property : tensor.blocks[i].properties) {
            if (!requested) {
                add_entry(block.properties, new_property(i, property));
            }
        }
        for (const auto& [position, value] : tensor.blocks[i].values) {
            block.values[{new_sample(i, position.first), new_property(i, position.second)}] = value;
        }
    }

    for (NaiveBlock& block : result.blocks) {
        if (sort) {
            std::sort(block.samples.begin(), block.samples.end());
        }
        for (const Entry& entry : requested.value_or(std::vector<Entry>())) {
            for (const Entry& property : tensor.blocks[0].properties) {
                block.properties.push_back(join(entry, property));
            }
        }
    }

    for (size_t i = 0; i < tensor.keys.size(); i++) {
        NaiveBlock& block = result.blocks[groups[i]];
        auto new_gradient_sample = [&](const Entry& sample) {
            const Entry& original = tensor.blocks[i].samples[static_cast<size_t>(sample[0])];
            const size_t position = add_entry(block.samples, new_sample(i, original));
            return Entry({static_cast<int32_t>(position), sample[1]});
        };
        for (const Entry& sample : tensor.blocks[i].gradient_samples) {
            add_entry(block.gradient_samples, new_gradient_sample(sample));
        }
        for (const auto& [position, value] : tensor.blocks[i].gradients) {
            const Entry sample = new_gradient_sample(position.first);
            block.gradients[{sample, new_property(i, position.second)}] = value;
        }
        std::sort(block.gradient_samples.begin(), block.gradient_samples.end());
    }
    return result;
}

static void check_same(const TensorPtr& tensor, const NaiveTensor& expected) {
    CHECK_EQ(values_of(keys_of(tensor).get()), flat(expected.keys));
    for (size_t i = 0; i < expected.blocks.size(); i++) {
        const NaiveBlock& naive = expected.blocks[i];
        mts_block_t* block = block_of(tensor, i);
        CHECK_EQ(values_of(labels_of(block, 0).get()), flat(naive.samples));
        CHECK_EQ(values_of(labels_of(block, 1).get()), flat(naive.properties));
        CHECK_EQ(data_of(block).data, to_array(naive.values, naive.samples, naive.properties).data);

        mts_block_t* gradient = gradient_of(block, "gradient");
        CHECK_EQ(values_of(labels_of(gradient, 0).get()), flat(naive.gradient_samples));
        CHECK_EQ(
            data_of(gradient).data,
            to_array(naive.gradients, naive.gradient_samples, naive.properties).data
        );
    }
}

static void check_merges(NaiveTensor naive, const std::vector<size_t>& moved) {
    Names names;
    for (size_t column : moved) {
        names.push_back(letters(3)[column]);
    }
    const LabelsPtr names_only = make_labels(names, {});

    for (bool sort : {false, true}) {
        const TensorPtr tensor = to_tensor(naive);
        const TensorPtr samples(CHECK_NOT_NULL(
            mts_tensormap_keys_to_samples(tensor.get(), names_only.get(), scalar(-1).to_c(), sort)
        ));
        check_same(samples, merge(naive, Direction::Samples, moved, sort, std::nullopt));

        const TensorPtr properties(CHECK_NOT_NULL(mts_tensormap_keys_to_properties(
            tensor.get(), names_only.get(), scalar(-1).to_c(), sort
        )));
        check_same(properties, merge(naive, Direction::Properties, moved, sort, std::nullopt));
    }
    if (moved.empty()) {
        return;
    }

    // the same with only some properties, for blocks that all have the same ones
    for (NaiveBlock& block : naive.blocks) {
        block.properties = naive.blocks[0].properties;
        block.values.clear();
        block.gradients.clear();
        for (const Entry& property : block.properties) {
            for (const Entry& sample : block.samples) {
                block.values[{sample, property}] = random_integer(0, 1000);
            }
            for (const Entry& sample : block.gradient_samples) {
                block.gradients[{sample, property}] = random_integer(0, 1000);
            }
        }
    }
    const std::vector<Entry> requested = random_entries(moved.size(), 1, 3);
    const LabelsPtr entries = make_labels(names, flat(requested));
    for (bool sort : {false, true}) {
        const TensorPtr tensor = to_tensor(naive);
        const TensorPtr merged(CHECK_NOT_NULL(
            mts_tensormap_keys_to_properties(tensor.get(), entries.get(), scalar(-1).to_c(), sort)
        ));
        check_same(merged, merge(naive, Direction::Properties, moved, sort, requested));
    }
}

int main() {
    for (int i = 0; i < 30; i++) {
        for (const std::vector<size_t>& moved : std::vector<std::vector<size_t>>{
                 {},
                 {0},
                 {1},
                 {2},
                 {0, 1},
                 {2, 0},
                 {1, 2},
                 {2, 1, 0},
             }) {
            check_merges(random_tensor(), moved);
        }
    }
    check_no_leak();
}
