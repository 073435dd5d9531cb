// C functions for labels
#include <span>
#include <utility>

#include "error.hpp"
#include "labels.hpp"
#include "labels_select.hpp"
#include "labels_sets.hpp"

using namespace mts;

static void check_has_data(const Labels& labels) {
    if (labels.device().device_type == kDLExtDev) {
        throw invalid_parameter(
            "the values of labels (",
            labels.names().to_text(),
            ") are not available: there is no data "
            "on the device ",
            to_text(labels.device())
        );
    }
}

const mts_labels_t*
mts_labels(const char* const* dimensions, uintptr_t dimensions_count, mts_array_t array) {
    Array values(array);
    return catch_errors_as_null([&] {
        Names names(dimensions, dimensions_count, "dimensions");
        return to_handle(Labels::create(std::move(names), std::move(values), Uniqueness::Check));
    });
}

const mts_labels_t*
mts_labels_assume_unique(const char* const* names, uintptr_t names_count, mts_array_t array) {
    Array values(array);
    return catch_errors_as_null([&] {
        Names dimensions(names, names_count, "names");
        return to_handle(
            Labels::create(std::move(dimensions), std::move(values), Uniqueness::Known)
        );
    });
}

mts_status_t
mts_labels_dimensions(const mts_labels_t* labels, const char* const** names, uintptr_t* count) {
    return catch_errors([&] {
        check_not_null(labels, "labels");
        check_not_null(names, "names");
        check_not_null(count, "count");
        *names = from_handle(labels).names().c_strings();
        *count = from_handle(labels).size();
    });
}

mts_status_t mts_labels_values(const mts_labels_t* labels, mts_array_t* array) {
    return catch_errors([&] {
        check_not_null(labels, "labels");
        check_not_null(array, "array");
        *array = from_handle(labels).values().view();
    });
}

mts_status_t mts_labels_values_cpu(
    const mts_labels_t* labels, const int32_t** values, uintptr_t* count, uintptr_t* size
) {
    return catch_errors([&] {
        check_not_null(labels, "labels");
        check_not_null(values, "values");
        check_not_null(count, "count");
        check_not_null(size, "size");
        check_has_data(from_handle(labels));
        const Rows rows = from_handle(labels).rows();
        *values = rows.data;
        *count = rows.count;
        *size = rows.size;
    });
}

mts_status_t mts_labels_position(
    const mts_labels_t* labels, const int32_t* values, uintptr_t values_count, int64_t* result
) {
    return catch_errors([&] {
        check_not_null(labels, "labels");
        check_not_null(values, "values");
        check_not_null(result, "result");
        const Labels& searched = from_handle(labels);
        if (searched.size() == 0) {
            throw invalid_parameter("there are no positions in labels without dimensions");
        }
        if (values_count != searched.size()) {
            throw invalid_parameter(
                "expected an entry with ",
                searched.size(),
                " values for the dimensions (",
                searched.names().to_text(),
                "), got ",
                values_count
            );
        }
        check_has_data(searched);
        *result = searched.position(values);
    });
}

const mts_labels_t* mts_labels_clone(const mts_labels_t* labels) {
    return catch_errors_as_null([&] {
        check_not_null(labels, "labels");
        return to_handle(share_handle(labels));
    });
}

/// The memory given for a mapping, which is optional, after checking its size
static std::span<int64_t> check_mapping(
    int64_t* mapping, uintptr_t count, const mts_labels_t* labels, const char* parameter
) {
    if (mapping == nullptr) {
        return {};
    }
    const std::size_t expected = from_handle(labels).count();
    if (count != expected) {
        throw invalid_parameter(
            "`",
            parameter,
            "` must have one element for each entry of these labels (",
            expected,
            "), got ",
            count
        );
    }
    return {mapping, count};
}

/// Union and intersection have the same arguments
static mts_status_t combine(
    decltype(labels_union) operation,
    const mts_labels_t* first,
    const mts_labels_t* second,
    const mts_labels_t** result,
    std::pair<int64_t*, uintptr_t> first_mapping,
    std::pair<int64_t*, uintptr_t> second_mapping
) {
    return catch_errors([&] {
        check_not_null(first, "first");
        check_not_null(second, "second");
        check_not_null(result, "result");
        *result = to_handle(operation(
            from_handle(first),
            from_handle(second),
            check_mapping(first_mapping.first, first_mapping.second, first, "first_mapping"),
            check_mapping(second_mapping.first, second_mapping.second, second, "second_mapping")
        ));
    });
}

mts_status_t mts_labels_union(
    const mts_labels_t* first,
    const mts_labels_t* second,
    const mts_labels_t** result,
    int64_t* first_mapping,
    uintptr_t first_mapping_count,
    int64_t* second_mapping,
    uintptr_t second_mapping_count
) {
    return combine(
        labels_union,
        first,
        second,
        result,
        {first_mapping, first_mapping_count},
        {second_mapping, second_mapping_count}
    );
}

mts_status_t mts_labels_intersection(
    const mts_labels_t* first,
    const mts_labels_t* second,
    const mts_labels_t** result,
    int64_t* first_mapping,
    uintptr_t first_mapping_count,
    int64_t* second_mapping,
    uintptr_t second_mapping_count
) {
    return combine(
        labels_intersection,
        first,
        second,
        result,
        {first_mapping, first_mapping_count},
        {second_mapping, second_mapping_count}
    );
}

mts_status_t mts_labels_difference(
    const mts_labels_t* first,
    const mts_labels_t* second,
    const mts_labels_t** result,
    int64_t* first_mapping,
    uintptr_t first_mapping_count
) {
    return catch_errors([&] {
        check_not_null(first, "first");
        check_not_null(second, "second");
        check_not_null(result, "result");
        *result = to_handle(labels_difference(
            from_handle(first),
            from_handle(second),
            check_mapping(first_mapping, first_mapping_count, first, "first_mapping")
        ));
    });
}

mts_status_t mts_labels_select(
    const mts_labels_t* labels,
    const mts_labels_t* selection,
    uint64_t* selected,
    uintptr_t* selected_count
) {
    return catch_errors([&] {
        check_not_null(labels, "labels");
        check_not_null(selection, "selection");
        check_not_null(selected_count, "selected_count");
        const Labels& all = from_handle(labels);
        if (*selected_count != all.count()) {
            throw invalid_parameter(
                "`selected` must have one element for each entry of the labels (",
                all.count(),
                "), got ",
                *selected_count
            );
        }
        if (all.count() != 0) {
            check_not_null(selected, "selected");
        }
        *selected_count = labels_select(all, from_handle(selection), {selected, all.count()});
    });
}

mts_status_t mts_labels_free(const mts_labels_t* labels) {
    return catch_errors([&] {
        if (labels != nullptr) {
            LabelsRef::adopt(&from_handle(labels));
        }
    });
}
