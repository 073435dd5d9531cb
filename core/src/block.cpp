#include "block.hpp"

#include <algorithm>
#include <utility>

#include "checked.hpp"
#include "error.hpp"
#include "origin.hpp"
#include "text.hpp"

namespace mts {

/// More levels of gradients of gradients make no sense, and functions that visit all of them
/// recursively need a limit
constexpr std::size_t MAXIMUM_LEVEL = 64;

static void check_component(const Labels& component) {
    if (component.size() != 1) {
        throw invalid_parameter(
            "component labels must have one dimension, got ",
            component.size(),
            ": (",
            component.names().to_text(),
            ")"
        );
    }
    if (component.count() == 0) {
        throw invalid_parameter(
            "component labels must have at least one entry, got none for '",
            component.names()[0],
            "'"
        );
    }
}

Block::Block(
    Array values, LabelsRef samples, std::vector<LabelsRef> components, LabelsRef properties
)
    : values_(std::move(values)), samples_(std::move(samples)), components_(std::move(components)),
      properties_(std::move(properties)) {
    check_sizes();
    check_devices();
    for (const LabelsRef& component : components_) {
        check_component(*component);
    }
}

static void check_axis(
    std::span<const std::uintptr_t> shape,
    std::size_t axis,
    const Labels& labels,
    std::string_view kind
) {
    if (shape[axis] != labels.count()) {
        throw invalid_parameter(
            "the values of a block do not match its labels: the size of axis ",
            axis,
            " is ",
            shape[axis],
            ", but there are ",
            labels.count(),
            " entries in the ",
            kind,
            " labels (",
            labels.names().to_text(),
            ")"
        );
    }
}

/// Labels with the same names as others before them, or NULL
static const Labels* find_repeated_names(const std::vector<LabelsRef>& all) {
    constexpr std::size_t SMALL_SIZE = 16;
    if (all.size() <= SMALL_SIZE) {
        for (std::size_t i = 0; i < all.size(); i++) {
            for (std::size_t j = 0; j < i; j++) {
                if (all[i]->names() == all[j]->names()) {
                    return &*all[i];
                }
            }
        }
        return nullptr;
    }

    // files can contain arrays with any number of axes
    std::vector<const Labels*> sorted;
    for (const LabelsRef& labels : all) {
        sorted.push_back(&*labels);
    }
    std::sort(sorted.begin(), sorted.end(), [](auto* a, auto* b) {
        return std::ranges::lexicographical_compare(a->names(), b->names());
    });
    const auto repeated = std::adjacent_find(sorted.begin(), sorted.end(), [](auto* a, auto* b) {
        return a->names() == b->names();
    });
    return repeated == sorted.end() ? nullptr : *repeated;
}

void Block::check_sizes() const {
    const auto shape = values_.shape();
    if (shape.size() != components_.size() + 2) {
        throw invalid_parameter(
            "the values of a block do not match its labels: the array has ",
            shape.size(),
            " axes, but there are ",
            components_.size() + 2,
            " sets of labels (samples, ",
            components_.size(),
            " components and properties)"
        );
    }

    check_axis(shape, 0, *samples_, "samples");
    if (const Labels* repeated = find_repeated_names(components_)) {
        throw invalid_parameter(
            "the components of a block must be different, got (",
            repeated->names().to_text(),
            ") twice"
        );
    }
    for (std::size_t i = 0; i < components_.size(); i++) {
        check_axis(shape, i + 1, *components_[i], "components");
    }
    check_axis(shape, shape.size() - 1, *properties_, "properties");
}

void Block::check_devices() const {
    const DLDevice device = values_.device();
    auto check = [device](const Labels& labels, std::string_view kind) {
        if (!same_device(device, labels.device())) {
            throw invalid_parameter(
                "values and labels of a block must be on the same device, got ",
                to_text(device),
                " for the values and ",
                to_text(labels.device()),
                " for the ",
                kind
            );
        }
    };

    check(*samples_, "samples");
    for (const LabelsRef& component : components_) {
        check(*component, "components");
    }
    check(*properties_, "properties");
}

static void
check_gradient_array(std::string_view parameter, const Array& values, const Array& gradient) {
    const mts_data_origin_t values_origin = values.origin();
    const mts_data_origin_t gradient_origin = gradient.origin();
    if (values_origin != gradient_origin) {
        throw invalid_parameter(
            "the gradient with respect to '",
            parameter,
            "' has a different data origin (",
            origin_name(gradient_origin),
            ") than the values (",
            origin_name(values_origin),
            ")"
        );
    }

    const DLDevice values_device = values.device();
    const DLDevice gradient_device = gradient.device();
    if (!same_device(values_device, gradient_device)) {
        throw invalid_parameter(
            "the gradient with respect to '",
            parameter,
            "' is on a different device (",
            to_text(gradient_device),
            ") than the values (",
            to_text(values_device),
            ")"
        );
    }

    const DLDataType values_dtype = values.dtype();
    const DLDataType gradient_dtype = gradient.dtype();
    if (!same_dtype(values_dtype, gradient_dtype)) {
        throw invalid_parameter(
            "the gradient with respect to '",
            parameter,
            "' has a different dtype (",
            to_text(gradient_dtype),
            ") than the values (",
            to_text(values_dtype),
            ")"
        );
    }
}

/// The first column of the samples of gradients is the position of samples in the values
static void check_gradient_samples(const Labels& samples, std::size_t values_count) {
    if (samples.size() == 0 || samples.names()[0] != "sample") {
        throw invalid_parameter(
            "the first dimension of the samples of a gradient must be 'sample', got (",
            samples.names().to_text(),
            ")"
        );
    }
    if (samples.device().device_type == kDLExtDev) {
        return;
    }

    const Rows rows = samples.rows();
    for (std::size_t i = 0; i < rows.count; i++) {
        const std::int32_t sample = rows[i][0];
        if (sample < 0 || static_cast<std::size_t>(sample) >= values_count) {
            throw invalid_parameter(
                "invalid value for 'sample' in the samples of a gradient: got ",
                sample,
                ", but there are ",
                values_count,
                " samples in the values"
            );
        }
    }
}

void Block::check_gradient(std::string_view parameter, const Block& gradient) const {
    if (find_gradient(parameter) != nullptr) {
        throw invalid_parameter("there already is a gradient with respect to '", parameter, "'");
    }
    check_gradient_array(parameter, values_, gradient.values_);
    check_gradient_samples(*gradient.samples_, samples_->count());

    for (const LabelsRef& component : gradient.components_) {
        check_component(*component);
    }
    if (gradient.components_.size() < components_.size()) {
        throw invalid_parameter(
            "the gradient with respect to '",
            parameter,
            "' has fewer components (",
            gradient.components_.size(),
            ") than the values (",
            components_.size(),
            ")"
        );
    }
    if (*gradient.properties_ != *properties_) {
        throw invalid_parameter(
            "the gradient with respect to '",
            parameter,
            "' has different properties than the values"
        );
    }
    const std::size_t extra = gradient.components_.size() - components_.size();
    for (std::size_t i = 0; i < components_.size(); i++) {
        if (*gradient.components_[extra + i] != *components_[i]) {
            throw invalid_parameter(
                "the last components of the gradient with respect to '",
                parameter,
                "' must be those of the values, but they are different for '",
                components_[i]->names()[0],
                "'"
            );
        }
    }

    if (level_ + 1 + gradient.height() > MAXIMUM_LEVEL) {
        throw invalid_parameter(
            "there can be at most ", MAXIMUM_LEVEL, " levels of gradients of gradients"
        );
    }
}

void Block::add_gradient(std::string parameter, std::unique_ptr<Block> gradient) {
    check_gradient(parameter, *gradient);
    attach_gradient(std::move(parameter), std::move(gradient));
}

void Block::attach_gradient(std::string parameter, std::unique_ptr<Block> gradient) {
    parameters_.reserve(gradients_.size() + 1);
    gradients_.push_back({std::move(parameter), std::move(gradient)});
    gradients_.back().block->set_level(level_ + 1);
    gradients_.back().block->set_owned();

    // strings can move when the list grows
    parameters_.clear();
    for (const Gradient& added : gradients_) {
        parameters_.push_back(added.parameter.c_str());
    }
}

Block* Block::find_gradient(std::string_view parameter) const noexcept {
    for (const Gradient& gradient : gradients_) {
        if (gradient.parameter == parameter) {
            return gradient.block.get();
        }
    }
    return nullptr;
}

std::size_t Block::height() const noexcept {
    std::size_t height = 0;
    for (const Gradient& gradient : gradients_) {
        height = std::max(height, gradient.block->height() + 1);
    }
    return height;
}

void Block::set_level(std::size_t level) noexcept {
    level_ = level;
    for (const Gradient& gradient : gradients_) {
        gradient.block->set_level(level + 1);
    }
}

std::unique_ptr<Block> Block::copy() const {
    // Devices are not compared again: copies of torch tensors made inside of function transforms
    // are on a device of their own
    std::unique_ptr<Block> result(new Block());
    result->values_ = values_.copy(values_.device());
    result->samples_ = samples_;
    result->components_ = components_;
    result->properties_ = properties_;
    result->check_sizes();
    for (const Gradient& gradient : gradients_) {
        result->attach_gradient(gradient.parameter, gradient.block->copy());
    }
    return result;
}

std::size_t Block::find_component(std::string_view dimension) const {
    for (std::size_t i = 0; i < components_.size(); i++) {
        if (components_[i]->names()[0] == dimension) {
            return i;
        }
    }
    throw invalid_parameter("there is no component called '", dimension, "' in this block");
}

/// Properties with one more dimension at the start, from a component
static LabelsRef add_component(const Labels& component, const Labels& properties) {
    std::vector<std::string> names = {component.names()[0]};
    names.insert(names.end(), properties.names().begin(), properties.names().end());

    const Rows moved = component.rows();
    const Rows old = properties.rows();
    std::vector<std::int32_t> values;
    values.reserve(checked_multiply(checked_multiply(moved.count, old.count), names.size()));
    for (std::size_t i = 0; i < moved.count; i++) {
        for (std::size_t j = 0; j < old.count; j++) {
            values.push_back(moved[i][0]);
            values.insert(values.end(), old[j], old[j] + old.size);
        }
    }
    return properties.derive(Names(std::move(names)), std::move(values));
}

void Block::component_to_properties(std::string_view dimension) {
    const Labels& component = *components_[find_component(dimension)];
    merge_component(dimension, add_component(component, *properties_));
}

void Block::merge_component(std::string_view dimension, const LabelsRef& new_properties) {
    const std::size_t component = find_component(dimension);
    check_sizes(); // the array could have been reshaped by someone else since it was given to us
    const auto current_shape = values_.shape();
    std::vector<std::uintptr_t> shape(current_shape.begin(), current_shape.end());

    // successive exchanges keep the order of the components in between
    for (std::size_t axis = component + 1; axis + 2 < shape.size(); axis++) {
        values_.swap_axes(axis, axis + 1);
    }
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(component) + 1);
    shape.back() = new_properties->count();
    values_.reshape(shape);

    components_.erase(components_.begin() + static_cast<std::ptrdiff_t>(component));
    properties_ = new_properties;
    for (const Gradient& gradient : gradients_) {
        gradient.block->merge_component(dimension, new_properties);
    }
}

} // namespace mts
