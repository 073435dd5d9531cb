#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "errors.hpp"
#include "handles.hpp"
#include "metadata.hpp"
#include "strings.hpp"

namespace bindings {

BlockObject::BlockObject(mts_block_t* block, nb::object owner, std::string gradient_path)
    : block_(block), owner_(std::move(owner)), gradient_path_(std::move(gradient_path)) {
    if (is_uninitialized(owner_)) {
        raise(PyExc_TypeError, "the owner of a TensorBlock was never initialized");
    }
    if (nb::isinstance<BlockObject>(owner_)) {
        owner_block_ = nb::inst_ptr<BlockObject>(owner_);
    } else if (nb::isinstance<TensorObject>(owner_)) {
        owner_tensor_ = nb::inst_ptr<TensorObject>(owner_);
    }
}

BlockObject::~BlockObject() {
    if (!is_view()) {
        mts_block_free(block_);
    }
}

bool BlockObject::is_released() const noexcept {
    return block_ == nullptr || (owner_block_ != nullptr && owner_block_->is_released()) ||
           (owner_tensor_ != nullptr && owner_tensor_->is_released());
}

mts_block_t* BlockObject::get() const {
    if (is_released()) {
        raise(
            PyExc_ValueError,
            "this TensorBlock was released or moved inside of a TensorMap or of another "
            "TensorBlock: "
            "it does not contain anything anymore"
        );
    }
    return block_;
}

mts_block_t* BlockObject::release() {
    auto* block = get();
    if (is_view()) {
        raise(
            PyExc_RuntimeError,
            "can not release or move a TensorBlock that is part of a TensorMap or of another "
            "TensorBlock, use `block.copy()` first"
        );
    }
    block_ = nullptr;
    return block;
}

nb::object new_block_view(mts_block_t* block, nb::object owner, std::string gradient_path) {
    auto object = nb::inst_alloc(python_objects().TensorBlock);
    new (nb::inst_ptr<BlockObject>(object))
        BlockObject(block, std::move(owner), std::move(gradient_path));
    nb::inst_mark_ready(object);
    return object;
}

nb::object new_block(mts_block_t* block) {
    auto object = nb::object();
    try {
        check_pointer(block);
        object = nb::inst_alloc(python_objects().TensorBlock);
    } catch (...) {
        mts_block_free(block);
        throw;
    }
    new (nb::inst_ptr<BlockObject>(object)) BlockObject(block);
    nb::inst_mark_ready(object);
    return object;
}

BlockObject& block_object(nb::handle block) {
    BlockObject* object = nullptr;
    if (!nb::try_cast(block, object) || object == nullptr) {
        raise(PyExc_TypeError, "expected a TensorBlock, got '%s'", Py_TYPE(block.ptr())->tp_name);
    }
    return *object;
}

namespace {

/// `TensorBlock.__init__`, with arguments that have the right types
void init_block(
    BlockObject* self,
    nb::handle values,
    const LabelsObject& samples,
    const nb::list& components,
    const LabelsObject& properties
) {
    const auto* samples_handle = samples.get();
    const auto* properties_handle = properties.get();
    auto component_handles = std::vector<const mts_labels_t*>();
    component_handles.reserve(components.size());
    for (auto component : components) {
        component_handles.push_back(labels_object(component).get());
    }

    auto is_mts_array = PyObject_IsInstance(values.ptr(), python_objects().mts_array_t.ptr()) == 1;
    auto* block = mts_block(
        is_mts_array ? from_ctypes(values) : wrap_python_array(values),
        samples_handle,
        component_handles.data(),
        component_handles.size(),
        properties_handle
    );
    new (self) BlockObject(check_pointer(block));
}

nb::object axis_labels(const BlockObject& self, uintptr_t axis) {
    return new_labels(mts_block_labels(self.get(), axis));
}

nb::object components(const BlockObject& self) {
    auto count = axes_count(self.get()) - 2;
    auto result = nb::steal(PyList_New(static_cast<Py_ssize_t>(count)));
    for (uintptr_t i = 0; i < count; i++) {
        PyList_SET_ITEM(
            result.ptr(), static_cast<Py_ssize_t>(i), axis_labels(self, i + 1).release().ptr()
        );
    }
    return result;
}

/// A new block with other values but the same labels. No check is done in Python, and those of
/// libmetatensor do not depend on the number of entries.
nb::object with_values(const BlockObject& self, nb::handle values) {
    self.get(); // the error about released blocks comes first
    auto array = ArrayGuard(wrap_python_array(values));
    return new_block(new_block_like(self.get(), array));
}

nb::list gradients_list(const BlockObject& self) {
    auto result = nb::list();
    for (const auto* parameter : gradient_parameters(self.get())) {
        result.append(nb::str(parameter));
    }
    return result;
}

bool has_gradient(const BlockObject& self, nb::handle parameter) {
    auto name = std::string_view(c_string(parameter, "parameter"));
    return std::ranges::any_of(gradient_parameters(self.get()), [&](const char* existing) {
        return name == existing;
    });
}

nb::object gradient(nb::handle self, nb::handle parameter) {
    const auto* name = c_string(parameter, "parameter");
    const auto& object = block_object(self);
    mts_block_t* result = nullptr;
    check_status(mts_block_gradient(object.get(), name, &result));
    auto path = object.gradient_path();
    if (!path.empty()) {
        path += '/';
    }
    return new_block_view(result, nb::borrow(self), path + name);
}

void add_gradient(BlockObject& self, nb::handle parameter, BlockObject& gradient) {
    const auto* name = c_string(parameter, "parameter");
    auto* block = self.get();
    if (&self == &gradient) {
        raise(PyExc_ValueError, "a TensorBlock can not be a gradient of itself");
    }
    // from here on, the gradient belongs to libmetatensor, on success and on failure
    check_status(mts_block_add_gradient(block, name, gradient.release()));
}

nb::object copy(const BlockObject& self) {
    const auto* block = self.get();
    mts_block_t* result = nullptr;
    {
        nb::gil_scoped_release no_gil;
        result = mts_block_copy(block);
    }
    return new_block(result);
}

} // namespace

void bind_block(nb::module_& m) {
    nb::class_<BlockObject>(m, "TensorBlock", nb::is_weak_referenceable())
        .def(
            "__init__",
            init_block,
            nb::arg("values").none(),
            nb::arg("samples"),
            nb::arg("components"),
            nb::arg("properties")
        )
        .def_static(
            "_from_address",
            [](uintptr_t address) { return new_block(reinterpret_cast<mts_block_t*>(address)); },
            nb::arg("address"),
            "Takes ownership of a ``mts_block_t*``"
        )
        .def_static(
            "_view_from_address",
            [](uintptr_t address, nb::object owner) {
                return new_block_view(reinterpret_cast<mts_block_t*>(address), std::move(owner));
            },
            nb::arg("address"),
            nb::arg("owner"),
            "A view of a ``mts_block_t*``, which keeps ``owner`` alive"
        )
        .def_prop_ro(
            "_address",
            [](const BlockObject& self) { return reinterpret_cast<uintptr_t>(self.get()); },
            "The ``mts_block_t*``"
        )
        .def(
            "_release",
            [](BlockObject& self) { return reinterpret_cast<uintptr_t>(self.release()); }
        )
        .def_prop_ro(
            "_is_released",
            [](nb::handle self) {
                return is_uninitialized(self) || block_object(self).is_released();
            }
        )
        .def_prop_ro("_gradient_path", &BlockObject::gradient_path)
        .def_prop_ro(
            "_raw_values",
            [](const BlockObject& self) { return to_ctypes(values_array(self.get())); },
            "The values as a ``mts_array_t``, which this block owns"
        )
        .def("_with_values", with_values, nb::arg("values").none())
        .def("_add_gradient", add_gradient, nb::arg("parameter").none(), nb::arg("gradient"))
        .def("_copy", copy)
        .def_prop_ro(
            "is_view",
            &BlockObject::is_view,
            "Is this block part of a TensorMap or of another TensorBlock? Then it can not be moved "
            "to "
            "another one, and gradients can not be added to it."
        )
        .def_prop_rw(
            "values",
            [](nb::handle self) { return to_python(values_array(block_object(self).get()), self); },
            [](nb::handle /* self */, nb::handle /* values */) {
                raise(
                    PyExc_AttributeError,
                    "can not replace the values of a TensorBlock, change them in place with "
                    "`block.values[:] = new_values`"
                );
            },
            "The values: the very array that was used to create this block, with the shape "
            "``(samples, "
            "components..., properties)``"
        )
        .def_prop_ro(
            "samples",
            [](const BlockObject& self) { return axis_labels(self, 0); },
            "Labels of the first axis of the values"
        )
        .def_prop_ro(
            "components",
            components,
            "List of Labels, one for each axis between the first and the last"
        )
        .def_prop_ro(
            "properties",
            [](const BlockObject& self) { return axis_labels(self, axes_count(self.get()) - 1); },
            "Labels of the last axis of the values"
        )
        .def(
            "gradients_list",
            gradients_list,
            "Parameters of the gradients, in the order of insertion"
        )
        .def(
            "has_gradient",
            has_gradient,
            nb::arg("parameter").none(),
            "Is there a gradient with respect to this parameter?"
        )
        .def(
            "gradient",
            gradient,
            nb::arg("parameter").none(),
            "The gradient with respect to a parameter: a TensorBlock that is a view inside of this "
            "one"
        );
}

} // namespace bindings
