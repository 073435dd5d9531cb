#include "partial_reading.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "block_building.hpp"
#include "labels.hpp"
#include "selected_values.hpp"

namespace mts::files {

namespace {

/// The samples to read in a block or in a gradient
struct SelectedSamples {
    Positions positions;
    LabelsHandle labels;
};

/// Where selected samples are in the result, from their position in the file
class NewPositions {
public:
    static constexpr int32_t NOT_SELECTED = -1;

    NewPositions(std::span<const uint64_t> positions, size_t count) : positions_(positions) {
        auto is_next = [](uint64_t a, uint64_t b) { return b != a + 1; };
        is_range_ =
            !positions.empty() && std::ranges::adjacent_find(positions, is_next) == positions.end();
        if (!is_range_) {
            new_positions_.resize(count, NOT_SELECTED);
            for (size_t i = 0; i < positions.size(); i++) {
                new_positions_[positions[i]] = static_cast<int32_t>(i);
            }
        }
    }

    /// Are the selected samples consecutive ones?
    bool is_range() const { return is_range_; }
    int32_t first() const { return static_cast<int32_t>(positions_.front()); }
    int32_t last() const { return static_cast<int32_t>(positions_.back()); }

    int32_t operator[](int32_t position) const {
        if (!is_range_) {
            return new_positions_[static_cast<size_t>(position)];
        }
        return position < first() || position > last() ? NOT_SELECTED : position - first();
    }

private:
    std::span<const uint64_t> positions_;
    bool is_range_;
    /// only if this is not a range
    std::vector<int32_t> new_positions_;
};

/// The rows of a gradient which can belong to selected samples: from the first to before the last
std::pair<size_t, size_t>
candidate_rows(const StoredGradient& gradient, const NewPositions& parents) {
    auto all = rows(gradient.block.samples.get());
    if (!gradient.is_sorted || !parents.is_range()) {
        return {0, all.count};
    }
    // first row for which `is_before` is false
    auto partition_point = [&](auto is_before) {
        size_t start = 0;
        size_t end = all.count;
        while (start < end) {
            auto middle = start + (end - start) / 2;
            if (is_before(all[middle][0])) {
                start = middle + 1;
            } else {
                end = middle;
            }
        }
        return start;
    };
    return {
        partition_point([&](auto sample) { return sample < parents.first(); }),
        partition_point([&](auto sample) { return sample <= parents.last(); }),
    };
}

/// The samples of a gradient that belong to selected samples of its block
SelectedSamples
select_gradient(const StoredGradient& gradient, const Positions& parents, size_t parents_count) {
    const auto& samples = gradient.block.samples;
    if (!parents.has_value()) {
        return {std::nullopt, samples};
    }
    auto new_parents = NewPositions(*parents, parents_count);
    auto all = rows(samples.get());

    auto positions = std::vector<uint64_t>();
    auto values = std::vector<int32_t>();
    auto [first, last] = candidate_rows(gradient, new_parents);
    for (auto row = first; row < last; row++) {
        auto parent = new_parents[all[row][0]];
        if (parent != NewPositions::NOT_SELECTED) {
            positions.push_back(row);
            values.push_back(parent);
            values.insert(values.end(), all[row] + 1, all[row] + all.size);
        }
    }
    auto labels = derived_labels(samples.get(), std::move(values));
    auto is_everything = positions.size() == all.count;
    return {is_everything ? std::nullopt : Positions(std::move(positions)), std::move(labels)};
}

class BlockReader {
public:
    BlockReader(
        const OpenFile& file,
        const StoredBlock& stored,
        Positions properties,
        mts_create_array_callback_t create_array
    )
        : file_(file), properties_(std::move(properties)), create_array_(create_array) {
        auto all = stored.properties;
        new_properties_ = properties_.has_value() ? pick(all.get(), *properties_) : std::move(all);
    }

    BlockHandle read(const StoredBlock& stored, const SelectedSamples& samples) const {
        auto values =
            read_values(file_, stored.values, samples.positions, properties_, create_array_);
        auto block =
            new_block(std::move(values), samples.labels, stored.components, new_properties_);
        for (const auto& gradient : stored.gradients) {
            auto count = rows(stored.samples.get()).count;
            auto selected = select_gradient(gradient, samples.positions, count);
            add_gradient(block.get(), gradient.parameter, read(gradient.block, selected));
        }
        return block;
    }

private:
    const OpenFile& file_;
    Positions properties_;
    LabelsHandle new_properties_;
    mts_create_array_callback_t create_array_;
};

} // namespace

BlockHandle read_block(
    const OpenFile& file,
    const StoredBlock& stored,
    const Selections& selections,
    mts_create_array_callback_t create_array
) {
    auto samples = SelectedSamples();
    samples.positions = select(stored.samples.get(), selections.samples, "samples");
    samples.labels = samples.positions.has_value() ? pick(stored.samples.get(), *samples.positions)
                                                   : stored.samples;
    auto properties = select_in_order(stored.properties.get(), selections.properties, "properties");
    return BlockReader(file, stored, std::move(properties), create_array).read(stored, samples);
}

BlockHandle read_samples(
    const OpenFile& file,
    const StoredBlock& stored,
    uint64_t first,
    uint64_t count,
    mts_create_array_callback_t create_array
) {
    auto total = rows(stored.samples.get()).count;
    if (first > total || count > total - first) {
        throw invalid_parameter(
            "can not read ", count, " samples from position ", first, ": there are ", total
        );
    }
    auto samples = SelectedSamples();
    if (count != total) {
        samples.positions.emplace(count);
        std::iota(samples.positions->begin(), samples.positions->end(), first);
    }
    samples.labels = samples.positions.has_value() ? pick(stored.samples.get(), *samples.positions)
                                                   : stored.samples;
    return BlockReader(file, stored, std::nullopt, create_array).read(stored, samples);
}

} // namespace mts::files
