#include "data_movement.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "plain_tensors.hpp"

namespace metatensor_torch::details {

namespace {

/// Are the values consecutive increasing integers?
bool is_range(const std::vector<int64_t>& values) {
    for (size_t i = 1; i < values.size(); i++) {
        if (values[i] != values[i - 1] + 1) {
            return false;
        }
    }
    return true;
}

/// `narrow`, which is not free even if it changes nothing.
torch::Tensor part(const torch::Tensor& tensor, int64_t axis, int64_t start, int64_t length) {
    auto is_whole = start == 0 && length == tensor.size(axis);
    return is_whole ? tensor : tensor.narrow(axis, start, length);
}

torch::Tensor index_tensor(const std::vector<int64_t>& indices, const torch::Tensor& indexed) {
    return plain_tensor(indices).to(indexed.device());
}

auto properties_range(const mts_data_movement_t& move) {
    return std::tie(move.properties_start_out, move.properties_start_in, move.properties_length);
}

} // namespace

torch::Tensor DataMovement::properties() const {
    return part(input, -1, first_property_in, n_properties);
}

std::vector<DataMovement>
group_movements(const torch::Tensor& input, std::vector<mts_data_movement_t> moves) {
    auto before = [](const auto& a, const auto& b) {
        return properties_range(a) < properties_range(b);
    };
    if (!std::is_sorted(moves.begin(), moves.end(), before)) {
        std::stable_sort(moves.begin(), moves.end(), before);
    }

    auto result = std::vector<DataMovement>();
    for (auto first = moves.begin(); first != moves.end();) {
        auto last = std::find_if(first, moves.end(), [&](const auto& move) {
            return properties_range(move) != properties_range(*first);
        });
        auto& movement = result.emplace_back(
            DataMovement{
                input,
                {},
                {},
                static_cast<int64_t>(first->properties_start_in),
                static_cast<int64_t>(first->properties_start_out),
                static_cast<int64_t>(first->properties_length)
            }
        );
        movement.samples_in.reserve(last - first);
        movement.samples_out.reserve(last - first);
        for (; first != last; ++first) {
            movement.samples_in.push_back(static_cast<int64_t>(first->sample_in));
            movement.samples_out.push_back(static_cast<int64_t>(first->sample_out));
        }
    }
    return result;
}

void move_into(const torch::Tensor& output, const DataMovement& movement) {
    const auto& samples_in = movement.samples_in;
    const auto& samples_out = movement.samples_out;
    auto count = static_cast<int64_t>(samples_in.size());

    auto source = movement.properties();
    source = is_range(samples_in) ? part(source, 0, samples_in[0], count)
                                  : source.index_select(0, index_tensor(samples_in, source));

    auto target = part(output, -1, movement.first_property_out, movement.n_properties);
    if (is_range(samples_out)) {
        part(target, 0, samples_out[0], count).copy_(source);
    } else {
        target.index_copy_(0, index_tensor(samples_out, target), source);
    }
}

namespace {

/// Concatenation along the properties: each movement fills some properties of all samples.
///
/// @param movements sorted by properties of the output
/// @returns nothing if the movements are not of this kind
std::optional<torch::Tensor>
concatenate_properties(const torch::Tensor& initial, const std::vector<DataMovement>& movements) {
    auto n_samples = initial.size(0);
    auto pieces = std::vector<torch::Tensor>();
    auto end = int64_t(0);
    auto keep_initial_until = [&](int64_t start) {
        if (start > end) {
            pieces.push_back(initial.narrow(-1, end, start - end));
        }
    };

    for (const auto& movement : movements) {
        auto count = static_cast<int64_t>(movement.samples_out.size());
        if (movement.first_property_out < end || count != n_samples ||
            movement.samples_out[0] != 0 || !is_range(movement.samples_out) ||
            !is_range(movement.samples_in)) {
            return std::nullopt;
        }
        keep_initial_until(movement.first_property_out);
        pieces.push_back(part(movement.properties(), 0, movement.samples_in[0], count));
        end = movement.first_property_out + movement.n_properties;
    }
    keep_initial_until(initial.size(-1));
    return torch::cat(pieces, -1);
}

/// Concatenation along the samples: each movement fills the next samples, with all properties.
///
/// @returns nothing if the movements are not of this kind
std::optional<torch::Tensor>
concatenate_samples(const torch::Tensor& initial, const std::vector<DataMovement>& movements) {
    auto pieces = std::vector<torch::Tensor>();
    auto end = int64_t(0);
    for (const auto& movement : movements) {
        if (movement.n_properties != initial.size(-1) || movement.samples_out[0] != end ||
            !is_range(movement.samples_out) || !is_range(movement.samples_in)) {
            return std::nullopt;
        }
        auto count = static_cast<int64_t>(movement.samples_out.size());
        pieces.push_back(part(movement.properties(), 0, movement.samples_in[0], count));
        end += count;
    }
    return end == initial.size(0) ? std::optional(torch::cat(pieces, 0)) : std::nullopt;
}

/// Above this number of elements for each movement, one more copy of all data costs more than the
/// few operations of torch for each movement that it saves.
constexpr int64_t MAXIMUM_AVERAGE_NUMEL = 4096;

/// Can `select_samples` execute these movements, and is this faster than one after the other?
bool can_select_samples(const torch::Tensor& initial, const std::vector<DataMovement>& movements) {
    auto length = movements[0].n_properties;
    auto n_movements = static_cast<int64_t>(movements.size());
    return length != 0 && initial.size(-1) % length == 0 &&
           initial.numel() <= MAXIMUM_AVERAGE_NUMEL * n_movements &&
           std::all_of(movements.begin(), movements.end(), [&](const auto& movement) {
               return movement.n_properties == length && movement.first_property_out % length == 0;
           });
}

/// Concatenation of the samples of all inputs, from which each sample of the output then takes the
/// one that belongs there. If the properties of the output are several ranges, all of the same
/// length, the same is done for each range.
torch::Tensor
select_samples(const torch::Tensor& initial, const std::vector<DataMovement>& movements) {
    constexpr int64_t NONE = -1;
    auto length = movements[0].n_properties;
    auto n_ranges = initial.size(-1) / length;
    auto selected = std::vector<int64_t>(initial.size(0) * n_ranges, NONE);
    auto pieces = std::vector<torch::Tensor>();
    auto n_samples = int64_t(0);
    for (const auto& movement : movements) {
        auto range = movement.first_property_out / length;
        pieces.push_back(movement.properties());
        for (size_t i = 0; i < movement.samples_in.size(); i++) {
            TORCH_CHECK_INDEX(
                movement.samples_in[i] < pieces.back().size(0),
                "there is no sample ",
                movement.samples_in[i],
                " in values with shape ",
                movement.input.sizes()
            );
            selected.at(movement.samples_out[i] * n_ranges + range) =
                n_samples + movement.samples_in[i];
        }
        n_samples += pieces.back().size(0);
    }

    // where nothing is moved, select one more sample
    pieces.push_back(initial.narrow(0, 0, 1).narrow(-1, 0, length));
    std::replace(selected.begin(), selected.end(), NONE, n_samples);

    auto samples = torch::cat(pieces, 0);
    auto result = samples.index_select(0, index_tensor(selected, samples));
    auto shape = result.sizes().vec();
    shape[0] = n_ranges;
    shape.insert(shape.begin(), initial.size(0));
    return result.reshape(shape).movedim(1, -2).reshape(initial.sizes());
}

/// All movements with few operations of torch, however many there are.
///
/// @returns nothing if this is not possible
std::optional<torch::Tensor>
moved_at_once(const torch::Tensor& initial, std::vector<DataMovement>& movements) {
    if (movements.empty()) {
        return std::nullopt;
    }
    auto before = [](const auto& a, const auto& b) {
        return a.first_property_out < b.first_property_out;
    };
    std::stable_sort(movements.begin(), movements.end(), before);
    if (auto result = concatenate_properties(initial, movements)) {
        return result;
    }
    if (auto result = concatenate_samples(initial, movements)) {
        return result;
    }
    if (can_select_samples(initial, movements)) {
        return select_samples(initial, movements);
    }
    return std::nullopt;
}

} // namespace

torch::Tensor moved(const torch::Tensor& initial, std::vector<DataMovement> movements) {
    auto result = moved_at_once(initial, movements);
    if (!result) {
        // not `contiguous()`, which can share the data
        result = initial.clone(at::MemoryFormat::Contiguous);
        for (const auto& movement : movements) {
            move_into(*result, movement);
        }
    }
    TORCH_CHECK(
        result->sizes() == initial.sizes() && result->scalar_type() == initial.scalar_type(),
        "the shape or dtype of the values of a block changed after the block was created"
    );
    return result->contiguous();
}

} // namespace metatensor_torch::details
