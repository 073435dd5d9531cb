#include "metatensor/torch/labels.hpp"

#include <algorithm>

#include "arguments.hpp"
#include "buffers.hpp"
#include "dlpack.hpp"
#include "plain_tensors.hpp"
#include "text.hpp"
#include "torch_arrays.hpp"

namespace metatensor_torch {

using details::array_to_tensor;
using details::is_instance;
using details::tensor_to_array;
using details::type_name;

namespace {

torch::Tensor normalize_values(torch::Tensor values, size_t n_names) {
    values = details::to_int32(std::move(values), "values");
    TORCH_CHECK_VALUE(
        values.dim() == 2,
        "the `values` of Labels must be a 2-dimensional tensor, got ",
        values.dim(),
        " dimension(s)"
    );
    TORCH_CHECK_VALUE(
        values.size(1) == static_cast<int64_t>(n_names),
        "the `values` of Labels must have one column per name, got ",
        values.size(1),
        " column(s) for ",
        n_names,
        " name(s)"
    );
    return values;
}

metatensor::Labels
core_labels_assume_unique(const std::vector<std::string>& names, const torch::Tensor& values) {
    return metatensor::Labels(names, tensor_to_array(values), metatensor::assume_unique{});
}

metatensor::Labels core_labels(const std::vector<std::string>& names, const torch::Tensor& values) {
    if (!details::has_data(values)) {
        // there is nothing to check
        return core_labels_assume_unique(names, values);
    }
    return metatensor::Labels(names, tensor_to_array(values));
}

/// The tensor behind labels of the core library, or a tensor aliasing their memory.
torch::Tensor core_values(const metatensor::Labels& labels) {
    auto array = labels.mts_array();
    if (const auto* tensor = array_to_tensor(array)) {
        return *tensor;
    }
    return details::tensor_from_dlpack(
        array.as_dlpack(labels.device(), nullptr, details::DLPACK_VERSION)
    );
}

/// One mapping of a set operation, to be filled by the core library.
torch::Tensor new_mapping(int64_t count) {
    return details::plain_empty({count}, torch::kInt64);
}

} // namespace

LabelsHolder::LabelsHolder(torch::IValue names, torch::Tensor values)
    : names_(details::normalize_names(names, "names")),
      values_(normalize_values(std::move(values), names_.size())),
      labels_(core_labels(names_, values_)) {}

LabelsHolder::LabelsHolder(
    torch::IValue names, torch::Tensor values, metatensor::assume_unique /*tag*/
)
    : names_(details::normalize_names(names, "names")),
      values_(normalize_values(std::move(values), names_.size())),
      labels_(core_labels_assume_unique(names_, values_)) {}

LabelsHolder::LabelsHolder(metatensor::Labels labels)
    : names_(details::core_names(labels)), values_(core_values(labels)),
      labels_(std::move(labels)) {}

Labels LabelsHolder::create(
    std::vector<std::string> names, const std::vector<std::initializer_list<int32_t>>& values
) {
    auto n_dimensions = names.size();
    auto data = std::vector<int32_t>();
    for (const auto& row : values) {
        TORCH_CHECK_VALUE(
            row.size() == n_dimensions,
            "each row of Labels must have ",
            n_dimensions,
            " value(s), got a row with ",
            row.size(),
            " value(s)"
        );
        data.insert(data.end(), row.begin(), row.end());
    }
    // inside of `torch.func` transforms, wrap the tensor like any other one created there
    auto tensor = torch::lift_fresh(details::plain_tensor(data));
    auto shape = {static_cast<int64_t>(values.size()), static_cast<int64_t>(n_dimensions)};
    return torch::make_intrusive<LabelsHolder>(std::move(names), tensor.reshape(shape));
}

Labels LabelsHolder::single() {
    return create({"_"}, {{0}});
}

Labels LabelsHolder::empty(torch::IValue names) {
    auto names_list = details::normalize_names(names, "names");
    auto shape = {int64_t(0), static_cast<int64_t>(names_list.size())};
    auto options = torch::TensorOptions().dtype(torch::kInt32).device(torch::kCPU);
    return torch::make_intrusive<LabelsHolder>(std::move(names_list), torch::empty(shape, options));
}

Labels LabelsHolder::range(std::string name, int64_t end) {
    TORCH_CHECK(end >= 0, "the end of a range of Labels can not be negative, got ", end);
    auto options = torch::TensorOptions().dtype(torch::kInt32).device(torch::kCPU);
    return torch::make_intrusive<LabelsHolder>(
        std::move(name), torch::arange(end, options).unsqueeze(1), metatensor::assume_unique{}
    );
}

int64_t LabelsHolder::dimension_index(const std::string& name) const {
    auto found = std::find(names_.begin(), names_.end(), name);
    TORCH_CHECK_VALUE(
        found != names_.end(),
        "there is no dimension named '",
        name,
        "' in these labels, the names are ",
        details::names_to_string(names_)
    );
    return found - names_.begin();
}

torch::Tensor LabelsHolder::column(std::string dimension) {
    return values_.select(1, this->dimension_index(dimension));
}

Labels LabelsHolder::append(std::string name, torch::Tensor values) const {
    return this->insert(static_cast<int64_t>(names_.size()), std::move(name), std::move(values));
}

Labels LabelsHolder::insert(int64_t index, std::string name, torch::Tensor values) const {
    auto n_dimensions = static_cast<int64_t>(names_.size());
    TORCH_CHECK_INDEX(
        0 <= index && index <= n_dimensions,
        "can not insert a dimension at index ",
        index,
        " in labels with ",
        n_dimensions,
        " dimension(s)"
    );
    TORCH_CHECK_VALUE(
        values.dim() == 1,
        "the `values` of a new dimension must be a 1-dimensional tensor, got ",
        values.dim(),
        " dimension(s)"
    );
    TORCH_CHECK_VALUE(
        values.size(0) == this->count(),
        "the `values` of a new dimension must have one element per entry: got ",
        values.size(0),
        " element(s) for ",
        this->count(),
        " entries"
    );

    auto names = names_;
    names.insert(names.begin() + index, std::move(name));
    auto column = details::to_int32(std::move(values), "values").unsqueeze(1);
    auto new_values =
        torch::cat({values_.narrow(1, 0, index), column, values_.slice(1, index)}, /*dim=*/1);
    return torch::make_intrusive<LabelsHolder>(std::move(names), std::move(new_values));
}

Labels LabelsHolder::permute(std::vector<int64_t> dimensions_indexes) const {
    auto n_dimensions = static_cast<int64_t>(names_.size());
    TORCH_CHECK_VALUE(
        dimensions_indexes.size() == names_.size(),
        "the new order of dimensions must have one index per dimension: got ",
        dimensions_indexes.size(),
        " indexes for ",
        n_dimensions,
        " dimension(s)"
    );
    auto names = std::vector<std::string>();
    for (auto& index : dimensions_indexes) {
        TORCH_CHECK_INDEX(
            -n_dimensions <= index && index < n_dimensions,
            "dimension index ",
            index,
            " is out of range for labels with ",
            n_dimensions,
            " dimension(s)"
        );
        if (index < 0) {
            index += n_dimensions;
        }
        names.emplace_back(names_[index]);
    }
    // repeated indexes give duplicated names, which are refused for the new labels
    auto order = details::plain_tensor(dimensions_indexes).to(values_.device());
    return torch::make_intrusive<LabelsHolder>(std::move(names), values_.index_select(1, order));
}

Labels LabelsHolder::remove(std::string name) const {
    auto index = this->dimension_index(name);
    auto names = names_;
    names.erase(names.begin() + index);
    auto new_values =
        torch::cat({values_.narrow(1, 0, index), values_.slice(1, index + 1)}, /*dim=*/1);
    return torch::make_intrusive<LabelsHolder>(std::move(names), std::move(new_values));
}

Labels LabelsHolder::rename(std::string old_name, std::string new_name) const {
    auto names = names_;
    names[this->dimension_index(old_name)] = std::move(new_name);
    return torch::make_intrusive<LabelsHolder>(std::move(names), values_);
}

Labels LabelsHolder::to(torch::IValue device, bool non_blocking) const {
    auto parsed = details::normalize_device(device, "`Labels.to`");
    return this->to(parsed.value_or(values_.device()), non_blocking);
}

Labels LabelsHolder::to(torch::Device device, bool non_blocking) const {
    auto moved = values_.to(device, non_blocking);
    if (moved.is_same(values_)) {
        auto copy = torch::make_intrusive<LabelsHolder>(*this);
        copy->is_shared_ = false;
        return copy;
    }
    return torch::make_intrusive<LabelsHolder>(
        names_, std::move(moved), metatensor::assume_unique{}
    );
}

namespace {

/// Values of an entry, given by any of the types accepted by `Labels.position`.
std::vector<int32_t> entry_values(const torch::IValue& entry) {
    if (entry.isCustomClass()) {
        return details::read_int32(entry.toCustomClass<LabelsEntryHolder>()->values());
    }
    if (entry.isTensor()) {
        const auto& values = entry.toTensor();
        TORCH_CHECK_VALUE(
            values.dim() == 1,
            "an entry must be a 1-dimensional tensor, got ",
            values.dim(),
            " dimension(s)"
        );
        return details::read_int32(details::to_int32(values, "entry"));
    }

    TORCH_CHECK_TYPE(
        entry.isList() || entry.isTuple(),
        "`entry` must be a LabelsEntry, a tensor, or a list or tuple of integers, got ",
        type_name(entry)
    );
    auto result = std::vector<int32_t>();
    for (const auto& value : details::sequence_elements(entry)) {
        TORCH_CHECK_TYPE(
            value.isInt(),
            "`entry` must be a ",
            entry.isTuple() ? "tuple" : "list",
            " of integers, got an element with type ",
            type_name(value)
        );
        result.push_back(static_cast<int32_t>(value.toInt()));
    }
    return result;
}

} // namespace

torch::optional<int64_t> LabelsHolder::position(torch::IValue entry) const {
    auto position = this->as_metatensor().position(entry_values(entry));
    if (!position.has_value()) {
        return torch::nullopt;
    }
    return static_cast<int64_t>(*position);
}

std::string LabelsHolder::print(int64_t max_entries, int64_t indent) const {
    TORCH_CHECK_VALUE(indent >= 0, "`indent` can not be negative, got ", indent);

    // the first `n_first` entries and the last `n_last` ones
    auto n_first = this->count();
    auto n_last = int64_t(0);
    if (max_entries >= 0 && this->count() > max_entries) {
        auto n_printed = std::max<int64_t>(2, max_entries);
        n_last = n_printed / 2;
        n_first = n_printed - n_last;
    }
    auto truncated = n_last != 0;
    auto printed_values = values_;
    if (truncated) {
        printed_values =
            torch::cat({values_.narrow(0, 0, n_first), values_.slice(0, this->count() - n_last)});
    }
    auto table = details::print_table(printed_values);
    details::check_unchanged(names_.size(), table.longest.size());

    auto widths = std::vector<size_t>();
    auto half_width = size_t(0);
    for (size_t i = 0; i < names_.size(); i++) {
        widths.push_back(2 + std::max(names_[i].size(), table.longest[i]));
        half_width += widths.back();
    }
    half_width /= 2;

    auto print_line = [&](const std::vector<std::string>& cells) {
        auto line = std::string();
        for (size_t i = 0; i < cells.size(); i++) {
            line += details::centered(cells[i], widths[i]);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        return line;
    };

    auto margin = std::string(indent, ' ');
    auto result = print_line(names_);
    for (size_t i = 0; i < table.rows.size(); i++) {
        if (truncated && i == static_cast<size_t>(n_first)) {
            auto dots = half_width > 3 ? half_width - 3 : half_width;
            result += "\n" + margin + std::string(1 + dots, ' ') + "...";
        }
        result += "\n" + margin + print_line(table.rows[i]);
    }
    return result;
}

std::string LabelsHolder::str() const {
    return "Labels\n   " + this->print(4, 3);
}

std::string LabelsHolder::repr() const {
    return "Labels\n   " + this->print(-1, 3);
}

const metatensor::Labels& LabelsHolder::as_metatensor() const {
    labels_.as_mts_labels_t(); // throws if these labels were released
    return labels_;
}

metatensor::Labels LabelsHolder::release() {
    if (is_shared_) {
        return labels_;
    }
    return std::move(labels_);
}

Labels LabelsHolder::from_metatensor(metatensor::Labels labels) {
    return torch::make_intrusive<LabelsHolder>(std::move(labels));
}

void LabelsHolder::check_same_set(const Labels& other, const char* operation) const {
    TORCH_CHECK(
        names_ == other->names_,
        "can not take the ",
        operation,
        " of Labels with different names: ",
        details::names_to_string(names_),
        " and ",
        details::names_to_string(other->names_)
    );
    TORCH_CHECK(
        values_.device() == other->values_.device(),
        "can not take the ",
        operation,
        " of Labels on different devices: ",
        values_.device(),
        " and ",
        other->values_.device()
    );
}

Labels LabelsHolder::set_union(const Labels& other) const {
    this->check_same_set(other, "union");
    return from_metatensor(this->as_metatensor().set_union(other->as_metatensor()));
}

Labels LabelsHolder::set_intersection(const Labels& other) const {
    this->check_same_set(other, "intersection");
    return from_metatensor(this->as_metatensor().set_intersection(other->as_metatensor()));
}

Labels LabelsHolder::set_difference(const Labels& other) const {
    this->check_same_set(other, "difference");
    return from_metatensor(this->as_metatensor().set_difference(other->as_metatensor()));
}

std::tuple<Labels, torch::Tensor, torch::Tensor>
LabelsHolder::union_and_mapping(const Labels& other) const {
    this->check_same_set(other, "union");
    auto first = new_mapping(this->count());
    auto second = new_mapping(other->count());
    auto result = this->as_metatensor().set_union(
        other->as_metatensor(),
        first.mutable_data_ptr<int64_t>(),
        first.numel(),
        second.mutable_data_ptr<int64_t>(),
        second.numel()
    );
    auto device = values_.device();
    return {from_metatensor(std::move(result)), first.to(device), second.to(device)};
}

std::tuple<Labels, torch::Tensor, torch::Tensor>
LabelsHolder::intersection_and_mapping(const Labels& other) const {
    this->check_same_set(other, "intersection");
    auto first = new_mapping(this->count());
    auto second = new_mapping(other->count());
    auto result = this->as_metatensor().set_intersection(
        other->as_metatensor(),
        first.mutable_data_ptr<int64_t>(),
        first.numel(),
        second.mutable_data_ptr<int64_t>(),
        second.numel()
    );
    auto device = values_.device();
    return {from_metatensor(std::move(result)), first.to(device), second.to(device)};
}

std::tuple<Labels, torch::Tensor> LabelsHolder::difference_and_mapping(const Labels& other) const {
    this->check_same_set(other, "difference");
    auto first = new_mapping(this->count());
    auto result = this->as_metatensor().set_difference(
        other->as_metatensor(), first.mutable_data_ptr<int64_t>(), first.numel()
    );
    return {from_metatensor(std::move(result)), first.to(values_.device())};
}

torch::Tensor LabelsHolder::select(const Labels& selection) const {
    TORCH_CHECK(
        values_.device() == selection->values_.device(),
        "can not select entries with Labels on a different device: ",
        values_.device(),
        " and ",
        selection->values_.device()
    );
    auto selected = new_mapping(this->count());
    if (this->count() == 0) {
        return selected.to(values_.device());
    }
    auto n_selected = static_cast<size_t>(this->count());
    this->as_metatensor().select(
        selection->as_metatensor(),
        reinterpret_cast<uint64_t*>(selected.mutable_data_ptr<int64_t>()),
        &n_selected
    );
    return selected.slice(0, 0, static_cast<int64_t>(n_selected)).to(values_.device());
}

Labels LabelsHolder::load(const std::string& path) {
    return from_metatensor(metatensor::io::load_labels(path));
}

Labels LabelsHolder::load_buffer(torch::Tensor buffer) {
    auto bytes = details::checked_buffer(buffer);
    return from_metatensor(metatensor::io::load_labels_buffer(bytes.data(), bytes.size()));
}

void LabelsHolder::save(const std::string& path) const {
    metatensor::io::save(path, this->as_metatensor());
}

torch::Tensor LabelsHolder::save_buffer() const {
    return details::buffer_tensor(metatensor::io::save_buffer(this->as_metatensor()));
}

} // namespace metatensor_torch
