#include <algorithm>

#include "arguments.hpp"
#include "metatensor/torch/labels.hpp"
#include "text.hpp"

namespace metatensor_torch {

LabelsEntryHolder::LabelsEntryHolder(Labels labels, int64_t index) : labels_(std::move(labels)) {
    auto values = labels_->values();
    auto count = labels_->count();
    TORCH_CHECK_INDEX(
        -count <= index && index < count,
        "index ",
        index,
        " is out of range for Labels with values of size ",
        values.sizes()
    );
    values_ = values.select(0, index);
}

int32_t LabelsEntryHolder::operator[](const std::string& name) const {
    auto names = labels_->names();
    auto found = std::find(names.begin(), names.end(), name);
    TORCH_CHECK_VALUE(
        found != names.end(),
        "there is no dimension named '",
        name,
        "' in this entry: ",
        this->print()
    );
    return (*this)[found - names.begin()];
}

int64_t LabelsEntryHolder::getitem(torch::IValue index) const {
    if (index.isString()) {
        return (*this)[index.toStringRef()];
    }
    TORCH_CHECK_TYPE(
        index.isInt(),
        "entries can only be indexed by an integer or a string, got ",
        details::type_name(index)
    );
    auto dimension = index.toInt();
    TORCH_CHECK_INDEX(
        -this->size() <= dimension && dimension < this->size(),
        "index ",
        dimension,
        " is out of range for an entry with ",
        this->size(),
        " dimension(s)"
    );
    return (*this)[dimension];
}

std::string LabelsEntryHolder::print() const {
    return details::entry_to_string(labels_->names(), details::read_int32(values_));
}

std::string LabelsEntryHolder::repr() const {
    return "LabelsEntry" + this->print();
}

} // namespace metatensor_torch
