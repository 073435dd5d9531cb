#include "slots.hpp"

#include <torch/csrc/Exceptions.h>
#include <torch/csrc/jit/python/python_custom_class.h>

#include "calls.hpp"
#include "class_members.hpp"

namespace script_objects {

using torch::jit::Method;
using torch::jit::ObjectPtr;
using torch::jit::ScriptClass;
using torch::jit::Stack;

namespace {

/// Slots of torch, which these ones replace
struct OriginalSlots {
    getattrofunc get_attribute;
    /// `torch.ScriptObject.__getattr__`, for what is not in the type
    PyObject* get_missing_attribute;
    ternaryfunc call_method;
    ternaryfunc construct;
    lenfunc length;
    binaryfunc get_item;
    ssizeargfunc get_item_at;
    richcmpfunc compare;
};

OriginalSlots original;

/// Names of special methods, and strings used in errors
struct Strings {
    PyObject* torch_function;
    PyObject* torch_function_error;
    PyObject* init;
    PyObject* len;
    PyObject* getitem;
    PyObject* eq;
    PyObject* ne;
};

Strings strings;

constexpr const char* NO_TORCH_FUNCTION =
    "objects of TorchScript classes have no '__torch_function__'";

/// One property or method of an object; `member` is `nullptr` if torch has to find it
struct BoundMember {
    ObjectPtr owner;
    const Member* member = nullptr;

    torch::jit::Function& function() const { return *member->function; }
};

BoundMember find_bound_member(PyObject* self, PyObject* name) {
    auto owner = script_object(self);
    const auto* member = owner ? find_member(*owner->type(), name) : nullptr;
    if (member == nullptr || torch_is_watching()) {
        return {};
    }
    return {std::move(owner), member};
}

/// Result of a special method (`__len__`, ...); `NULL` without an error if torch has to call it
py::object call_special(PyObject* self, PyObject* name, const Arguments& arguments) {
    auto bound = find_bound_member(self, name);
    if (bound.member == nullptr) {
        return {};
    }
    return call(run, bound.function(), std::move(bound.owner), arguments);
}

// --- torch.ScriptObject ------------------------------------------------------------------------

PyObject* get_attribute(PyObject* self, PyObject* name) {
    // what is in the type takes precedence
    auto* type = Py_TYPE(self);
    if (type != torch_types().script_object || _PyType_Lookup(type, name) != nullptr) {
        return original.get_attribute(self, name);
    }
    if (name == strings.torch_function) {
        PyErr_SetObject(PyExc_AttributeError, strings.torch_function_error);
        return nullptr;
    }
    return translate_errors<PyObject*>(nullptr, [&] {
        auto bound = find_bound_member(self, name);
        if (bound.member == nullptr) {
            // these objects have no other attributes: nothing is to be found on the way
            return PyObject_CallFunctionObjArgs(
                original.get_missing_attribute, self, name, nullptr
            );
        }
        if (!bound.member->is_property) {
            return py::cast(Method(std::move(bound.owner), &bound.function())).release().ptr();
        }
        auto stack = Stack{std::move(bound.owner)};
        return run_with_warnings(bound.function(), stack).release().ptr();
    });
}

Py_ssize_t length(PyObject* self) {
    return translate_errors<Py_ssize_t>(-1, [&] {
        const auto result = call_special(self, strings.len, {nullptr, 0});
        return result ? PyNumber_AsSsize_t(result.ptr(), PyExc_OverflowError)
                      : original.length(self);
    });
}

PyObject* get_item(PyObject* self, PyObject* key) {
    return translate_errors<PyObject*>(nullptr, [&] {
        auto result = call_special(self, strings.getitem, {&key, 1});
        return result ? result.release().ptr() : original.get_item(self, key);
    });
}

/// `object[index]` in a loop over the object
PyObject* get_item_at(PyObject* self, Py_ssize_t index) {
    return translate_errors<PyObject*>(nullptr, [&] {
        const auto key = py::int_(index);
        auto* argument = key.ptr();
        auto result = call_special(self, strings.getitem, {&argument, 1});
        return result ? result.release().ptr() : original.get_item_at(self, index);
    });
}

PyObject* compare(PyObject* self, PyObject* other, int operation) {
    if (operation != Py_EQ && operation != Py_NE) {
        return original.compare(self, other, operation);
    }
    return translate_errors<PyObject*>(nullptr, [&] {
        auto* name = operation == Py_EQ ? strings.eq : strings.ne;
        auto result = call_special(self, name, {&other, 1});
        return result ? result.release().ptr() : original.compare(self, other, operation);
    });
}

// --- torch.ScriptMethod and torch.ScriptClass --------------------------------------------------

Arguments arguments_of_call(PyObject* args, PyObject* kwargs) {
    return {PySequence_Fast_ITEMS(args), static_cast<size_t>(PyTuple_GET_SIZE(args)), kwargs};
}

py::object try_call_method(PyObject* self, const Arguments& arguments) {
    const auto* method =
        Py_TYPE(self) == torch_types().script_method ? cpp_object<Method>(self) : nullptr;
    if (method == nullptr || torch_is_watching()) {
        return {};
    }
    auto owner = method->raw_owner();
    if (members_of(*owner->type()) == nullptr) {
        return {};
    }
    return call(run_with_warnings, method->function(), std::move(owner), arguments);
}

PyObject* call_method(PyObject* self, PyObject* args, PyObject* kwargs) {
    return translate_errors<PyObject*>(nullptr, [&] {
        auto result = try_call_method(self, arguments_of_call(args, kwargs));
        return result ? result.release().ptr() : original.call_method(self, args, kwargs);
    });
}

py::object try_construct(PyObject* self, const Arguments& arguments) {
    const auto* script_class =
        Py_TYPE(self) == torch_types().script_class ? cpp_object<ScriptClass>(self) : nullptr;
    if (script_class == nullptr || torch_is_watching()) {
        return {};
    }
    const auto* type = script_class->class_type_.type_->castRaw<c10::ClassType>();
    const auto* init = type != nullptr ? find_member(*type, strings.init) : nullptr;
    if (init == nullptr) {
        return {};
    }

    auto object = c10::ivalue::Object::create(script_class->class_type_, 1);
    if (!call(run, *init->function, object, arguments)) {
        return {};
    }
    return to_python(std::move(object), *type);
}

PyObject* construct(PyObject* self, PyObject* args, PyObject* kwargs) {
    return translate_errors<PyObject*>(nullptr, [&] {
        auto result = try_construct(self, arguments_of_call(args, kwargs));
        return result ? result.release().ptr() : original.construct(self, args, kwargs);
    });
}

// --- replacement -------------------------------------------------------------------------------

PyObject* interned(const char* string) {
    auto* result = PyUnicode_InternFromString(string);
    if (result == nullptr) {
        throw py::error_already_set();
    }
    return result;
}

/// All the slots exist in the types of torch, which have the special methods behind them
void check_slots(const TorchTypes& types) {
    const auto* object = types.script_object;
    const auto* sequence = object->tp_as_sequence;
    const auto* mapping = object->tp_as_mapping;
    if (object->tp_getattro == nullptr || object->tp_richcompare == nullptr ||
        sequence == nullptr || sequence->sq_length == nullptr || sequence->sq_item == nullptr ||
        mapping == nullptr || mapping->mp_subscript == nullptr ||
        types.script_method->tp_call == nullptr || types.script_class->tp_call == nullptr) {
        throw py::type_error("special methods of torch are missing");
    }
}

template <typename T>
void replace(T& slot, T& original_slot, T function) {
    original_slot = slot;
    slot = function;
}

} // namespace

void replace_slots(const TorchTypes& types) {
    check_slots(types);

    const auto object_type = py::handle(reinterpret_cast<PyObject*>(types.script_object));
    original.get_missing_attribute = py::object(object_type.attr("__getattr__")).release().ptr();
    strings = {
        .torch_function = interned("__torch_function__"),
        .torch_function_error = interned(NO_TORCH_FUNCTION),
        .init = interned("__init__"),
        .len = interned("__len__"),
        .getitem = interned("__getitem__"),
        .eq = interned("__eq__"),
        .ne = interned("__ne__"),
    };
    torch_types() = types;

    auto* object = types.script_object;
    replace(object->tp_getattro, original.get_attribute, get_attribute);
    replace(object->tp_as_sequence->sq_length, original.length, length);
    replace(object->tp_as_mapping->mp_subscript, original.get_item, get_item);
    replace(object->tp_as_sequence->sq_item, original.get_item_at, get_item_at);
    replace(object->tp_richcompare, original.compare, compare);
    replace(types.script_method->tp_call, original.call_method, call_method);
    replace(types.script_class->tp_call, original.construct, construct);
}

} // namespace script_objects
