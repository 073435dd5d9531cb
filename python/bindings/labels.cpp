#include <cstring>
#include <memory>
#include <vector>

#include <nanobind/nanobind.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "errors.hpp"
#include "handles.hpp"
#include "metadata.hpp"
#include "numpy_arrays.hpp"
#include "strings.hpp"

namespace bindings {

const mts_labels_t* LabelsObject::get() const {
    if (labels_ == nullptr) {
        raise(
            PyExc_RuntimeError, "these Labels were released: they do not contain anything anymore"
        );
    }
    return labels_;
}

const mts_labels_t* LabelsObject::release() {
    const auto* labels = get();
    names(); // they stay available
    labels_ = nullptr;
    return labels;
}

nb::object LabelsObject::names() const {
    if (!names_.is_valid()) {
        const char* const* dimensions = nullptr;
        uintptr_t count = 0;
        check_status(mts_labels_dimensions(get(), &dimensions, &count));
        auto list = nb::steal(PyList_New(static_cast<Py_ssize_t>(count)));
        for (uintptr_t i = 0; i < count; i++) {
            // the same few names are everywhere, and interned strings are compared fast
            auto* name = PyUnicode_InternFromString(dimensions[i]);
            PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), name);
        }
        names_ = std::move(list);
    }
    return names_;
}

nb::object new_labels(const mts_labels_t* labels) {
    auto object = nb::object();
    try {
        check_pointer(labels);
        object = nb::inst_alloc(python_objects().Labels);
    } catch (...) {
        mts_labels_free(labels);
        throw;
    }
    new (nb::inst_ptr<LabelsObject>(object)) LabelsObject(labels);
    nb::inst_mark_ready(object);
    return object;
}

LabelsObject& labels_object(nb::handle labels) {
    LabelsObject* object = nullptr;
    if (!nb::try_cast(labels, object) || object == nullptr) {
        raise(PyExc_TypeError, "expected Labels, got '%s'", Py_TYPE(labels.ptr())->tp_name);
    }
    return *object;
}

namespace {

mts_array_t values_array(const LabelsObject& self) {
    auto array = mts_array_t{};
    check_status(mts_labels_values(self.get(), &array));
    return array;
}

struct Shape {
    size_t count;
    size_t size;
};

Shape shape(const LabelsObject& self) {
    auto array = values_array(self);
    const uintptr_t* sizes = nullptr;
    uintptr_t ndim = 0;
    check_status(array.shape(array.ptr, &sizes, &ndim));
    return {sizes[0], sizes[1]};
}

/// `Labels.__init__`, with arguments that are already converted
void init_labels(LabelsObject* self, const nb::list& names, nb::handle values, bool assume_unique) {
    auto dimensions = c_strings(names, "names");
    auto is_mts_array = PyObject_IsInstance(values.ptr(), python_objects().mts_array_t.ptr()) == 1;
    auto array = is_mts_array ? from_ctypes(values) : wrap_python_array(values);
    auto* create = assume_unique ? mts_labels_assume_unique : mts_labels;
    auto has_empty_values = dimensions.empty() && !is_mts_array;
    new (self) LabelsObject(
        check_pointer(create(dimensions.data(), dimensions.size(), array)),
        has_empty_values ? nb::borrow(values) : nb::object()
    );
}

/// The integers of a sequence, for `Labels.position`. False if one of them is out of range, and so
/// can not be in any labels.
bool read_row(nb::handle entry, std::vector<int32_t>& row) {
    auto sequence =
        nb::steal(PySequence_Fast(entry.ptr(), "expected a LabelsEntry or a sequence of int"));
    if (!sequence.is_valid()) {
        throw nb::python_error();
    }
    auto in_range = true;
    // `__index__` can be any code: the sequence might change during this loop
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sequence.ptr()); i++) {
        auto item = nb::borrow(PySequence_Fast_GET_ITEM(sequence.ptr(), i));
        auto index = nb::steal(PyNumber_Index(item.ptr()));
        if (!index.is_valid()) {
            throw nb::python_error();
        }
        auto overflow = 0;
        auto value = PyLong_AsLongLongAndOverflow(index.ptr(), &overflow);
        in_range = in_range && overflow == 0 && value >= INT32_MIN && value <= INT32_MAX;
        row.push_back(static_cast<int32_t>(value));
    }
    return in_range;
}

nb::object position(const LabelsObject& self, nb::handle entry) {
    auto row = std::vector<int32_t>();
    auto in_range = read_row(entry, row);
    int64_t result = -1;
    check_status(mts_labels_position(self.get(), row.data(), row.size(), &result));
    return result < 0 || !in_range ? nb::none() : nb::object(nb::int_(result));
}

using SetOperation = decltype(&mts_labels_union);

mts_status_t difference(
    const mts_labels_t* first,
    const mts_labels_t* second,
    const mts_labels_t** result,
    int64_t* mapping,
    uintptr_t mapping_count,
    int64_t* /* second_mapping */,
    uintptr_t /* second_mapping_count */
) {
    return mts_labels_difference(first, second, result, mapping, mapping_count);
}

/// Labels only
template <SetOperation OPERATION>
nb::object set_operation(const LabelsObject& self, const LabelsObject& other) {
    const auto* first = self.get();
    const auto* second = other.get();
    const mts_labels_t* result = nullptr;
    auto status = MTS_SUCCESS;
    {
        nb::gil_scoped_release no_gil;
        status = OPERATION(first, second, &result, nullptr, 0, nullptr, 0);
    }
    check_status(status);
    return new_labels(result);
}

/// Labels, and the mappings of the entries of the two operands
template <SetOperation OPERATION>
nb::object set_operation_and_mapping(const LabelsObject& self, const LabelsObject& other) {
    const auto* first = self.get();
    const auto* second = other.get();
    auto first_count = shape(self).count;
    auto second_count = shape(other).count;
    auto first_mapping = new_numpy_array(static_cast<Py_ssize_t>(first_count), "int64");
    auto second_mapping = new_numpy_array(static_cast<Py_ssize_t>(second_count), "int64");
    auto* first_data = static_cast<int64_t*>(numpy_data(first_mapping));
    auto* second_data = static_cast<int64_t*>(numpy_data(second_mapping));

    const mts_labels_t* result = nullptr;
    auto status = MTS_SUCCESS;
    {
        nb::gil_scoped_release no_gil;
        status =
            OPERATION(first, second, &result, first_data, first_count, second_data, second_count);
    }
    check_status(status);
    return nb::make_tuple(new_labels(result), first_mapping, second_mapping);
}

nb::object select(const LabelsObject& self, const LabelsObject& selection) {
    const auto* labels = self.get();
    const auto* selected_labels = selection.get();
    uintptr_t count = shape(self).count;
    // `new` without initialization: usually, very few entries are selected
    auto positions = std::unique_ptr<uint64_t[]>(new uint64_t[count]);
    auto status = MTS_SUCCESS;
    {
        nb::gil_scoped_release no_gil;
        status = mts_labels_select(labels, selected_labels, positions.get(), &count);
    }
    check_status(status);

    auto result = new_numpy_array(static_cast<Py_ssize_t>(count), "uint64");
    std::memcpy(numpy_data(result), positions.get(), count * sizeof(uint64_t));
    return result;
}

} // namespace

void bind_labels(nb::module_& m) {
    nb::class_<LabelsObject>(m, "Labels", nb::is_weak_referenceable())
        .def(
            "__init__",
            init_labels,
            nb::arg("names"),
            nb::arg("values").none(),
            nb::arg("assume_unique") = false
        )
        .def_static(
            "_from_address",
            [](uintptr_t address) {
                return new_labels(reinterpret_cast<const mts_labels_t*>(address));
            },
            nb::arg("address"),
            "Takes ownership of a ``mts_labels_t*``"
        )
        .def_prop_ro(
            "_address",
            [](const LabelsObject& self) { return reinterpret_cast<uintptr_t>(self.get()); },
            "The ``mts_labels_t*``"
        )
        .def(
            "_release",
            [](LabelsObject& self) { return reinterpret_cast<uintptr_t>(self.release()); }
        )
        .def_prop_ro(
            "_is_released",
            [](nb::handle self) {
                return is_uninitialized(self) || labels_object(self).is_released();
            }
        )
        .def_prop_ro(
            "_raw_values",
            [](const LabelsObject& self) { return to_ctypes(values_array(self)); },
            "The values as a ``mts_array_t``, which these labels own"
        )
        .def_prop_ro(
            "names", &LabelsObject::names, "Names of the dimensions; this list must not be modified"
        )
        .def_prop_ro(
            "values",
            [](nb::handle self) {
                const auto& labels = labels_object(self);
                auto array = values_array(labels);
                return labels.empty_values().is_valid() ? labels.empty_values()
                                                        : to_python(array, self);
            },
            "Values of the entries: integers (32-bit) with the shape ``(len(labels), "
            "len(names))``, in the "
            "same kind of array (NumPy, torch...) that was used to create the labels. Read-only."
        )
        .def("__len__", [](const LabelsObject& self) { return shape(self).count; })
        .def(
            "_clone",
            [](const LabelsObject& self) { return new_labels(mts_labels_clone(self.get())); },
            "A new object with the same labels"
        )
        .def("_position", position, nb::arg("entry").none())
        .def(
            "_equal",
            [](const LabelsObject& self, const LabelsObject& other) {
                return equal_labels(self.get(), other.get());
            },
            nb::arg("other")
        )
        .def("_union", set_operation<mts_labels_union>, nb::arg("other"))
        .def("_intersection", set_operation<mts_labels_intersection>, nb::arg("other"))
        .def("_difference", set_operation<difference>, nb::arg("other"))
        .def("_union_and_mapping", set_operation_and_mapping<mts_labels_union>, nb::arg("other"))
        .def(
            "_intersection_and_mapping",
            set_operation_and_mapping<mts_labels_intersection>,
            nb::arg("other")
        )
        .def(
            "_difference_and_mapping",
            [](const LabelsObject& self, const LabelsObject& other) {
                auto result = set_operation_and_mapping<difference>(self, other);
                return nb::make_tuple(result[0], result[1]);
            },
            nb::arg("other")
        )
        .def("_select", select, nb::arg("selection"));
}

} // namespace bindings
