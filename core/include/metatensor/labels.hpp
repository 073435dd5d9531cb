#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "errors.hpp"
#include "io_fwd.hpp"

namespace metatensor {

/// Tag to create `Labels` without checking that the entries are unique.
struct assume_unique {};

/// Set of unique entries, each made of one 32-bit integer for each of the named dimensions.
///
/// Labels are immutable and reference-counted: copies are cheap and share everything. Labels which
/// have been moved from or released are empty: they have no names and a size of zero, can be
/// destroyed and assigned, and throw in all other functions.
class Labels final {
public:
    /// Create labels from an array of values, without copying it.
    ///
    /// @param dimensions names of the dimensions, made of ASCII letters, digits and underscores
    /// @param values array of 32-bit integers with shape `(count, dimensions.size())`, on any
    ///               device. It is always consumed.
    Labels(const std::vector<std::string>& dimensions, MtsArray values)
        : Labels(OwnedPointer(create(mts_labels, dimensions, std::move(values)))) {}

    /// Same as above, but the caller guarantees that the entries are unique.
    Labels(const std::vector<std::string>& dimensions, MtsArray values, assume_unique)
        : Labels(OwnedPointer(create(mts_labels_assume_unique, dimensions, std::move(values)))) {}

    /// Create labels from a list of entries, with as many values as there are dimensions:
    /// `Labels({"system", "atom"}, {{0, 1}, {0, 2}})`.
    Labels(
        const std::vector<std::string>& dimensions,
        std::initializer_list<std::initializer_list<int32_t>> entries
    )
        : Labels(dimensions, copy_entries(dimensions.size(), entries)) {}

    /// Create labels without entries.
    explicit Labels(const std::vector<std::string>& dimensions)
        : Labels(dimensions, copy_entries(dimensions.size(), nullptr, 0)) {}

    /// Create labels with a copy of the `count` entries at `values`, one after the other.
    Labels(const std::vector<std::string>& dimensions, const int32_t* values, size_t count)
        : Labels(dimensions, copy_entries(dimensions.size(), values, count)) {}

    /// Same as above, but the caller guarantees that the entries are unique.
    Labels(
        const std::vector<std::string>& dimensions,
        const int32_t* values,
        size_t count,
        assume_unique tag
    )
        : Labels(dimensions, copy_entries(dimensions.size(), values, count), tag) {}

    ~Labels() { mts_labels_free(labels_); }

    Labels(const Labels& other) : labels_(mts_labels_clone(other.as_mts_labels_t())) {
        details::check_pointer(labels_);
    }

    Labels& operator=(const Labels& other) {
        if (this != &other) {
            *this = Labels(other);
        }
        return *this;
    }

    Labels(Labels&& other) noexcept : labels_(std::exchange(other.labels_, nullptr)) {}

    Labels& operator=(Labels&& other) noexcept {
        Labels moved(std::move(other));
        std::swap(labels_, moved.labels_);
        return *this;
    }

    /// Names of the dimensions. The pointers are valid as long as the labels.
    std::vector<const char*> names() const {
        if (labels_ == nullptr) {
            return {};
        }

        const char* const* names = nullptr;
        uintptr_t count = 0;
        details::check_status(mts_labels_dimensions(labels_, &names, &count));
        return {names, names + count};
    }

    /// Number of entries.
    size_t count() const {
        const auto shape = this->mts_array().shape();
        return shape.empty() ? 0 : shape[0];
    }

    /// Number of dimensions.
    size_t size() const { return this->names().size(); }

    /// Device where the values live.
    DLDevice device() const { return this->mts_array().device(); }

    /// Index of the given entry, or `nullopt` if it is not part of these labels. Throws if the
    /// entry does not contain `size()` values.
    std::optional<size_t> position(std::initializer_list<int32_t> entry) const {
        return this->position(entry.begin(), entry.size());
    }

    template <size_t N>
    std::optional<size_t> position(const std::array<int32_t, N>& entry) const {
        return this->position(entry.data(), entry.size());
    }

    std::optional<size_t> position(const std::vector<int32_t>& entry) const {
        return this->position(entry.data(), entry.size());
    }

    std::optional<size_t> position(const int32_t* entry, size_t length) const {
        // the pointer of an empty entry can be null, which is not the error to report
        const int32_t no_values = 0;
        int64_t result = -1;
        details::check_status(mts_labels_position(
            this->as_mts_labels_t(), length == 0 ? &no_values : entry, length, &result
        ));
        return optional_index(result);
    }

    /// View of the array containing the values, valid as long as the labels.
    MtsArray mts_array() const {
        mts_array_t array = {};
        details::check_status(mts_labels_values(this->as_mts_labels_t(), &array));
        return MtsArray(array);
    }

    /// Values of the labels on `device`, with shape `(count, size)`. The result keeps the data
    /// alive. `stream` is the stream on which the data will be used, as defined by DLPack.
    DLPackArray<int32_t>
    values(DLDevice device = details::CPU_DEVICE, const int64_t* stream = nullptr) const {
        return this->mts_array().as_dlpack_array<int32_t>(
            device, stream, details::SUPPORTED_DLPACK_VERSION
        );
    }

    /// Read-only view of the values in CPU memory, with shape `(count, size)`, valid as long as the
    /// labels. If the values are not contiguous in CPU memory, they are copied there only once.
    NDArray<int32_t> values_cpu() const {
        const int32_t* values = nullptr;
        uintptr_t count = 0;
        uintptr_t size = 0;
        details::check_status(
            mts_labels_values_cpu(this->as_mts_labels_t(), &values, &count, &size)
        );
        return NDArray<int32_t>(values, {count, size});
    }

    /// Union: the entries of these labels in order, then the new entries of `other` in order.
    /// All the set operations need the same dimensions in the same order.
    ///
    /// @param other other set of labels
    /// @param first if not null, filled with the position in the result of each of the
    ///              `first_count` entries of these labels
    /// @param second if not null, filled with the position in the result of each of the
    ///               `second_count` entries of `other`
    Labels set_union(
        const Labels& other,
        int64_t* first = nullptr,
        size_t first_count = 0,
        int64_t* second = nullptr,
        size_t second_count = 0
    ) const {
        const mts_labels_t* result = nullptr;
        details::check_status(mts_labels_union(
            this->as_mts_labels_t(),
            other.as_mts_labels_t(),
            &result,
            first,
            first_count,
            second,
            second_count
        ));
        return Labels(OwnedPointer(result));
    }

    /// Same as above. A mapping is only computed if the vector is not empty; its size must then be
    /// the number of entries of the corresponding labels.
    Labels
    set_union(const Labels& other, std::vector<size_t>& first, std::vector<size_t>& second) const {
        Mapping first_mapping(first.size());
        Mapping second_mapping(second.size());
        auto result = this->set_union(
            other,
            first_mapping.data(),
            first_mapping.size(),
            second_mapping.data(),
            second_mapping.size()
        );
        first_mapping.copy_to(first);
        second_mapping.copy_to(second);
        return result;
    }

    /// Intersection: the common entries, in the order of the labels with fewer entries, or of these
    /// ones if there are as many in both.
    ///
    /// The arguments are those of `set_union`, with -1 as position of the unused entries.
    Labels set_intersection(
        const Labels& other,
        int64_t* first = nullptr,
        size_t first_count = 0,
        int64_t* second = nullptr,
        size_t second_count = 0
    ) const {
        const mts_labels_t* result = nullptr;
        details::check_status(mts_labels_intersection(
            this->as_mts_labels_t(),
            other.as_mts_labels_t(),
            &result,
            first,
            first_count,
            second,
            second_count
        ));
        return Labels(OwnedPointer(result));
    }

    /// Same as above, with `nullopt` as position of the unused entries. A mapping is only computed
    /// if the vector is not empty.
    Labels set_intersection(
        const Labels& other,
        std::vector<std::optional<size_t>>& first,
        std::vector<std::optional<size_t>>& second
    ) const {
        Mapping first_mapping(first.size());
        Mapping second_mapping(second.size());
        auto result = this->set_intersection(
            other,
            first_mapping.data(),
            first_mapping.size(),
            second_mapping.data(),
            second_mapping.size()
        );
        first_mapping.copy_to(first);
        second_mapping.copy_to(second);
        return result;
    }

    /// Difference: the entries of these labels which are not in `other`, in order.
    ///
    /// @param other other set of labels
    /// @param first if not null, filled with the position in the result, or -1, of each of the
    ///              `first_count` entries of these labels
    Labels
    set_difference(const Labels& other, int64_t* first = nullptr, size_t first_count = 0) const {
        const mts_labels_t* result = nullptr;
        details::check_status(mts_labels_difference(
            this->as_mts_labels_t(), other.as_mts_labels_t(), &result, first, first_count
        ));
        return Labels(OwnedPointer(result));
    }

    /// Same as above, with `nullopt` as position of the unused entries. The mapping is only
    /// computed if the vector is not empty.
    Labels set_difference(const Labels& other, std::vector<std::optional<size_t>>& first) const {
        Mapping mapping(first.size());
        auto result = this->set_difference(other, mapping.data(), mapping.size());
        mapping.copy_to(first);
        return result;
    }

    /// Find the entries matching any entry of `selection`, whose dimensions must be some of the
    /// dimensions of these labels. The result is in the order of `selection` if it has exactly the
    /// same dimensions, and in the order of these labels otherwise.
    ///
    /// @param selection entries to look for
    /// @param selected filled with the index of the selected entries
    /// @param selected_count size of `selected`, which must be `count()`; then set to the number of
    ///                       selected entries
    void select(const Labels& selection, uint64_t* selected, size_t* selected_count) const {
        details::check_status(mts_labels_select(
            this->as_mts_labels_t(), selection.as_mts_labels_t(), selected, selected_count
        ));
    }

    /// Same as above, returning the index of the selected entries.
    std::vector<uint64_t> select(const Labels& selection) const {
        std::vector<uint64_t> selected(this->count());
        size_t selected_count = selected.size();
        this->select(selection, selected.data(), &selected_count);
        selected.resize(selected_count);
        return selected;
    }

    /// Load labels from a file, see `io::load_labels`.
    static Labels load(const std::string& path) { return io::load_labels(path); }

    /// Load labels from memory, see `io::load_labels_buffer`.
    static Labels load_buffer(const uint8_t* buffer, size_t buffer_count) {
        return io::load_labels_buffer(buffer, buffer_count);
    }

    template <typename Buffer>
    static Labels load_buffer(const Buffer& buffer) {
        return io::load_labels_buffer(buffer);
    }

    /// Save these labels to a file, see `io::save`.
    void save(const std::string& path) const { io::save(path, *this); }

    /// Save these labels to memory, see `io::save_buffer`.
    std::vector<uint8_t> save_buffer() const { return io::save_buffer(*this); }

    template <typename Buffer>
    Buffer save_buffer() const {
        return io::save_buffer<Buffer>(*this);
    }

    /// Pointer to the C labels, still owned by this instance.
    const mts_labels_t* as_mts_labels_t() const {
        if (labels_ == nullptr) {
            throw Error("these Labels have been released or moved from, they can not be used");
        }
        return labels_;
    }

    /// Take ownership of one reference to C labels.
    static Labels unsafe_from_ptr(const mts_labels_t* labels) {
        return Labels(OwnedPointer(labels));
    }

    /// Give the C labels to the caller, who must use `mts_labels_free`. This returns null if they
    /// have already been released.
    const mts_labels_t* release() { return std::exchange(labels_, nullptr); }

private:
    /// A constructor taking a bare pointer would be selected by `Labels({})`.
    struct OwnedPointer {
        explicit OwnedPointer(const mts_labels_t* pointer) : labels(pointer) {}
        const mts_labels_t* labels;
    };

    explicit Labels(OwnedPointer pointer) : labels_(pointer.labels) {}

    /// Create C labels with the given function.
    template <typename Function>
    static const mts_labels_t*
    create(Function create_labels, const std::vector<std::string>& dimensions, MtsArray values) {
        std::vector<const char*> names;
        names.reserve(dimensions.size());
        for (const auto& name : dimensions) {
            names.push_back(name.c_str());
        }

        const auto* labels = create_labels(names.data(), names.size(), std::move(values).release());
        details::check_pointer(labels);
        return labels;
    }

    static MtsArray copy_entries(size_t size, const int32_t* values, size_t count) {
        if (values == nullptr && count * size != 0) {
            throw Error("got a null pointer as values of labels with entries");
        }
        return copy_entries(size, count, std::vector<int32_t>(values, values + count * size));
    }

    static MtsArray
    copy_entries(size_t size, std::initializer_list<std::initializer_list<int32_t>> entries) {
        std::vector<int32_t> values;
        values.reserve(size * entries.size());
        for (const auto& entry : entries) {
            if (entry.size() != size) {
                throw Error(
                    "invalid entry in Labels: expected " + std::to_string(size) +
                    " values, one for each dimension, got " + std::to_string(entry.size())
                );
            }
            values.insert(values.end(), entry.begin(), entry.end());
        }
        return copy_entries(size, entries.size(), std::move(values));
    }

    static MtsArray copy_entries(size_t size, size_t count, std::vector<int32_t> values) {
        std::vector<uintptr_t> shape = {count, size};
        return DataArrayBase::to_mts_array(
            std::make_unique<SimpleDataArray<int32_t>>(std::move(shape), std::move(values))
        );
    }

    static std::optional<size_t> optional_index(int64_t index) {
        if (index < 0) {
            return std::nullopt;
        }
        return static_cast<size_t>(index);
    }

    /// Mapping from the entries of labels to the result of a set operation, as the C functions
    /// give it. It is not requested when it is empty.
    class Mapping {
    public:
        explicit Mapping(size_t count) : mapping_(count) {}

        int64_t* data() { return mapping_.empty() ? nullptr : mapping_.data(); }
        size_t size() const { return mapping_.size(); }

        void copy_to(std::vector<size_t>& output) const {
            std::transform(mapping_.begin(), mapping_.end(), output.begin(), [](int64_t index) {
                return static_cast<size_t>(index);
            });
        }

        void copy_to(std::vector<std::optional<size_t>>& output) const {
            std::transform(mapping_.begin(), mapping_.end(), output.begin(), optional_index);
        }

    private:
        std::vector<int64_t> mapping_;
    };

    const mts_labels_t* labels_ = nullptr;
    [[maybe_unused]] std::array<unsigned char, 24> reserved_ = {};
};

/// Labels are equal if they have the same dimensions and the same entries, all in the same order.
inline bool operator==(const Labels& first, const Labels& second) {
    if (first.as_mts_labels_t() == second.as_mts_labels_t()) {
        return true;
    }

    const auto first_names = first.names();
    const auto second_names = second.names();
    const bool same_names = std::equal(
        first_names.begin(),
        first_names.end(),
        second_names.begin(),
        second_names.end(),
        [](const char* a, const char* b) { return std::strcmp(a, b) == 0; }
    );
    return same_names && first.count() == second.count() &&
           first.values_cpu() == second.values_cpu();
}

inline bool operator!=(const Labels& first, const Labels& second) {
    return !(first == second);
}

} // namespace metatensor
