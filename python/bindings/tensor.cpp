#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "errors.hpp"
#include "handles.hpp"
#include "metadata.hpp"
#include "strings.hpp"

namespace bindings {

TensorObject::~TensorObject() {
    if (!is_view()) {
        mts_tensormap_free(tensor_);
    }
}

mts_tensormap_t* TensorObject::get() const {
    if (tensor_ == nullptr) {
        raise(
            PyExc_ValueError, "this TensorMap was released: it does not contain anything anymore"
        );
    }
    return tensor_;
}

mts_tensormap_t* TensorObject::release() {
    auto* tensor = get();
    if (is_view()) {
        raise(
            PyExc_RuntimeError,
            "can not release a TensorMap that is a view of another object, use `tensor.copy()` "
            "first"
        );
    }
    tensor_ = nullptr;
    return tensor;
}

std::size_t TensorObject::size() const {
    if (size_ == UNKNOWN_SIZE) {
        const auto* keys = check_pointer(mts_tensormap_keys(get()));
        auto values = mts_array_t{};
        const uintptr_t* shape = nullptr;
        uintptr_t ndim = 0;
        auto status = mts_labels_values(keys, &values);
        if (status == MTS_SUCCESS) {
            status = values.shape(values.ptr, &shape, &ndim);
        }
        if (status == MTS_SUCCESS) {
            size_ = shape[0];
        }
        mts_labels_free(keys);
        check_status(status);
    }
    return size_;
}

nb::object new_tensor(mts_tensormap_t* tensor) {
    auto object = nb::object();
    try {
        check_pointer(tensor);
        object = nb::inst_alloc(python_objects().TensorMap);
    } catch (...) {
        mts_tensormap_free(tensor);
        throw;
    }
    new (nb::inst_ptr<TensorObject>(object)) TensorObject(tensor);
    nb::inst_mark_ready(object);
    return object;
}

nb::object new_tensor_view(mts_tensormap_t* tensor, nb::object owner) {
    auto object = nb::inst_alloc(python_objects().TensorMap);
    new (nb::inst_ptr<TensorObject>(object)) TensorObject(tensor, std::move(owner));
    nb::inst_mark_ready(object);
    return object;
}

TensorObject& tensor_object(nb::handle tensor) {
    TensorObject* object = nullptr;
    if (!nb::try_cast(tensor, object) || object == nullptr) {
        raise(PyExc_TypeError, "expected a TensorMap, got '%s'", Py_TYPE(tensor.ptr())->tp_name);
    }
    return *object;
}

namespace {

/// The blocks of a new tensor map, freed if libmetatensor does not take them
class BlocksList {
public:
    explicit BlocksList(size_t size) { handles_.reserve(size); }
    BlocksList(const BlocksList&) = delete;
    ~BlocksList() {
        for (auto* handle : handles_) {
            mts_block_free(handle);
        }
    }
    void add(mts_block_t* block) { handles_.push_back(block); }
    /// The pointers in this list become NULL when libmetatensor takes the blocks
    mts_tensormap_t* to_tensor(const mts_labels_t* keys) {
        return check_pointer(mts_tensormap(keys, handles_.data(), handles_.size()));
    }

private:
    std::vector<mts_block_t*> handles_;
};

/// `TensorMap.__init__`
void init_tensor(TensorObject* self, const LabelsObject& keys, const nb::list& blocks) {
    const auto* keys_handle = keys.get();
    auto objects = std::vector<BlockObject*>();
    objects.reserve(blocks.size());
    for (auto block : blocks) {
        objects.push_back(&block_object(block));
    }

    auto taken = BlocksList(objects.size());
    for (auto* object : objects) {
        taken.add(object->release());
    }
    new (self) TensorObject(taken.to_tensor(keys_handle));
}

nb::object block_by_id(nb::handle self, Py_ssize_t index) {
    const auto& tensor = tensor_object(self);
    auto* handle = tensor.get();
    auto size = tensor.size();
    if (index < 0) {
        PyErr_SetObject(
            python_objects().MetatensorError.ptr(),
            python_objects()
                .MetatensorError(
                    nb::steal(PyUnicode_FromFormat(
                        "invalid parameter: block index can not be negative, got %zd", index
                    ))
                )
                .ptr()
        );
        throw nb::python_error();
    }
    if (static_cast<size_t>(index) >= size) {
        raise(
            PyExc_IndexError,
            "block index %zd is out of range for a TensorMap with %zu blocks",
            index,
            size
        );
    }
    mts_block_t* block = nullptr;
    check_status(mts_tensormap_block_by_id(handle, &block, static_cast<uintptr_t>(index)));
    return new_block_view(block, nb::borrow(self));
}

mts_block_t* block_at(const TensorObject& self, size_t index) {
    mts_block_t* block = nullptr;
    check_status(mts_tensormap_block_by_id(self.get(), &block, index));
    return block;
}

/// The values of all blocks
nb::object all_values(nb::handle self) {
    const auto& tensor = tensor_object(self);
    tensor.get();
    auto count = static_cast<Py_ssize_t>(tensor.size());
    auto result = nb::steal(PyList_New(count));
    for (Py_ssize_t i = 0; i < count; i++) {
        auto array = values_array(block_at(tensor, static_cast<size_t>(i)));
        PyList_SET_ITEM(result.ptr(), i, to_python(array, self).release().ptr());
    }
    return result;
}

bool has_same_metadata(const TensorObject& self, const TensorObject& other) {
    return equal_metadata(self.get(), other.get());
}

/// One of the arrays for the blocks of a new tensor map. All the functions of this array that can
/// run Python code are called here, such that no pointer to a block is held in the meantime.
mts_array_t array_for_block(const nb::list& arrays, size_t index) {
    auto* item = PyList_GetItem(arrays.ptr(), static_cast<Py_ssize_t>(index));
    if (item == nullptr) {
        throw nb::python_error();
    }
    auto array = ArrayGuard(wrap_python_array(nb::borrow(item)));
    auto dtype = DLDataType{};
    check_status(array.get().dtype(array.get().ptr, &dtype));
    return array.release();
}

/// Gradients for the new block at `index`, in the order of the gradients of the block that is
/// there in `tensor`
void add_gradients(
    mts_block_t* block, const TensorObject& tensor, size_t index, const nb::dict& arrays
) {
    auto parameters = std::vector<std::string>();
    for (const auto* parameter : gradient_parameters(block_at(tensor, index))) {
        parameters.emplace_back(parameter);
    }
    for (const auto& parameter : parameters) {
        auto values =
            ArrayGuard(array_for_block(nb::cast<nb::list>(arrays[parameter.c_str()]), index));
        mts_block_t* initial = nullptr;
        auto* parent = block_at(tensor, index);
        check_status(mts_block_gradient(parent, parameter.c_str(), &initial));
        auto* gradient = new_block_like(initial, values);
        check_status(mts_block_add_gradient(block, parameter.c_str(), gradient));
    }
}

/// A tensor map with the metadata of another one and new arrays: the values of all blocks, and for
/// each parameter the values of all gradients. There are no gradients if this dict is empty.
nb::object
with_arrays(const TensorObject& self, const nb::list& values, const nb::dict& gradients) {
    self.get();
    auto count = self.size();
    auto blocks = BlocksList(count);
    for (size_t i = 0; i < count; i++) {
        auto array = ArrayGuard(array_for_block(values, i));
        auto* block = new_block_like(block_at(self, i), array);
        blocks.add(block);
        if (gradients.size() != 0) {
            add_gradients(block, self, i, gradients);
        }
    }
    auto keys = OwnedLabels(check_pointer(mts_tensormap_keys(self.get())));
    return new_tensor(blocks.to_tensor(keys.get()));
}

using KeysTo = decltype(&mts_tensormap_keys_to_samples);

template <KeysTo FUNCTION>
nb::object keys_to(
    const TensorObject& self,
    const LabelsObject& keys_to_move,
    nb::handle fill_value,
    bool sort_samples
) {
    const auto* tensor = self.get();
    const auto* keys = keys_to_move.get();
    // libmetatensor refuses to do anything without blocks, before it looks at the fill value
    auto fill = fill_value.is_none() ? mts_array_t{} : wrap_python_array(fill_value);
    mts_tensormap_t* result = nullptr;
    {
        nb::gil_scoped_release no_gil;
        result = FUNCTION(tensor, keys, fill, sort_samples);
    }
    return new_tensor(result);
}

nb::object components_to_properties(const TensorObject& self, const nb::list& dimensions) {
    auto names = c_strings(dimensions, "dimensions");
    const auto* tensor = self.get();
    mts_tensormap_t* result = nullptr;
    {
        nb::gil_scoped_release no_gil;
        result = mts_tensormap_components_to_properties(tensor, names.data(), names.size());
    }
    return new_tensor(result);
}

nb::object copy(const TensorObject& self) {
    const auto* tensor = self.get();
    mts_tensormap_t* result = nullptr;
    {
        nb::gil_scoped_release no_gil;
        result = mts_tensormap_copy(tensor);
    }
    return new_tensor(result);
}

nb::object get_info_value(const TensorObject& self, const char* key) {
    const char* value = nullptr;
    check_status(mts_tensormap_get_info(self.get(), key, &value));
    return value == nullptr ? nb::none() : nb::object(nb::str(value));
}

nb::dict info(const TensorObject& self) {
    const char* const* keys = nullptr;
    uintptr_t count = 0;
    check_status(mts_tensormap_info_keys(self.get(), &keys, &count));
    auto result = nb::dict();
    for (uintptr_t i = 0; i < count; i++) {
        result[nb::str(keys[i])] = get_info_value(self, keys[i]);
    }
    return result;
}

} // namespace

void bind_tensor(nb::module_& m) {
    nb::class_<TensorObject>(m, "TensorMap", nb::is_weak_referenceable())
        .def("__init__", init_tensor, nb::arg("keys"), nb::arg("blocks"))
        .def_static(
            "_from_address",
            [](uintptr_t address) {
                return new_tensor(reinterpret_cast<mts_tensormap_t*>(address));
            },
            nb::arg("address"),
            "Takes ownership of a ``mts_tensormap_t*``"
        )
        .def_static(
            "_view_from_address",
            [](uintptr_t address, nb::object owner) {
                return new_tensor_view(
                    reinterpret_cast<mts_tensormap_t*>(address), std::move(owner)
                );
            },
            nb::arg("address"),
            nb::arg("owner"),
            "A view of a ``mts_tensormap_t*``, which keeps ``owner`` alive"
        )
        .def_prop_ro(
            "_address",
            [](const TensorObject& self) { return reinterpret_cast<uintptr_t>(self.get()); },
            "The ``mts_tensormap_t*``"
        )
        .def(
            "_release",
            [](TensorObject& self) { return reinterpret_cast<uintptr_t>(self.release()); }
        )
        .def_prop_ro(
            "_is_released",
            [](nb::handle self) {
                return is_uninitialized(self) || tensor_object(self).is_released();
            }
        )
        .def_prop_ro(
            "is_view", &TensorObject::is_view, "Does another object own the data of this TensorMap?"
        )
        .def_prop_ro(
            "keys",
            [](const TensorObject& self) { return new_labels(mts_tensormap_keys(self.get())); },
            "Labels of the blocks: one entry for each block"
        )
        .def(
            "__len__",
            [](const TensorObject& self) {
                self.get();
                return self.size();
            }
        )
        .def(
            "block_by_id",
            block_by_id,
            nb::arg("index"),
            "The block at a position in the keys: a TensorBlock that is a view inside of this "
            "TensorMap.\n\n"
            "Raises ``IndexError`` if there are not enough blocks, and ``MetatensorError`` for "
            "negative "
            "values."
        )
        .def("_block_values", all_values)
        .def("_has_same_metadata", has_same_metadata, nb::arg("other"))
        .def("_with_arrays", with_arrays, nb::arg("values"), nb::arg("gradients"))
        .def(
            "_keys_to_properties",
            keys_to<mts_tensormap_keys_to_properties>,
            nb::arg("keys_to_move"),
            nb::arg("fill_value").none(),
            nb::arg("sort_samples")
        )
        .def(
            "_keys_to_samples",
            keys_to<mts_tensormap_keys_to_samples>,
            nb::arg("keys_to_move"),
            nb::arg("fill_value").none(),
            nb::arg("sort_samples")
        )
        .def("_components_to_properties", components_to_properties, nb::arg("dimensions"))
        .def("_copy", copy)
        .def(
            "set_info",
            [](const TensorObject& self, nb::handle key, nb::handle value) {
                auto* tensor = self.get();
                const auto* key_string = c_string(key, "key");
                check_status(mts_tensormap_set_info(tensor, key_string, c_string(value, "value")));
            },
            nb::arg("key").none(),
            nb::arg("value").none(),
            "Adds global information, or replaces what was stored with the same key; both are str"
        )
        .def(
            "get_info",
            [](const TensorObject& self, nb::handle key) {
                return get_info_value(self, c_string(key, "key"));
            },
            nb::arg("key").none(),
            "The information that was stored with this key, ``None`` if there is none"
        )
        .def("info", info, "All the global information, as a dict from str to str");
}

} // namespace bindings
