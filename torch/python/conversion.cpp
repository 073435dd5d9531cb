#include "conversion.hpp"

#include <algorithm>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include <torch/csrc/jit/python/pybind_utils.h>

#include "class_members.hpp"

namespace script_objects {

using torch::jit::Object;
using torch::jit::ObjectPtr;

TorchTypes& torch_types() {
    static auto types = TorchTypes();
    return types;
}

ObjectPtr script_object(PyObject* object) {
    if (Py_TYPE(object) != torch_types().script_object) {
        return {};
    }
    const auto* content = cpp_object<Object>(object);
    return content != nullptr ? content->_ivalue() : ObjectPtr();
}

// --- from Python -------------------------------------------------------------------------------

namespace {

/// Items of a list or tuple, nothing for other objects
std::span<PyObject* const> items(PyObject* object) {
    if (!PyList_CheckExact(object) && !PyTuple_CheckExact(object)) {
        return {};
    }
    return {PySequence_Fast_ITEMS(object), static_cast<size_t>(PySequence_Fast_GET_SIZE(object))};
}

/// Is this an object of a type which is known to have no `__torch_function__`?
bool is_plain(PyObject* object) {
    const auto* type = Py_TYPE(object);
    return type == torch_types().script_object || type == &PyUnicode_Type || type == &PyLong_Type ||
           type == &PyFloat_Type || type == &PyBool_Type || object == Py_None ||
           THPVariable_CheckExact(object) || THPDtype_Check(object) || THPDevice_Check(object);
}

bool is_plain_argument(PyObject* object) {
    // torch does not look into dictionaries
    if (PyDict_CheckExact(object)) {
        return true;
    }
    if (PyList_CheckExact(object) || PyTuple_CheckExact(object)) {
        return std::ranges::all_of(items(object), is_plain);
    }
    return is_plain(object);
}

/// Content of an object of exactly this class; `None` if it is anything else
c10::IValue object_of_class(PyObject* object, const c10::Type& type) {
    auto content = script_object(object);
    if (!content || content->type().get() != &type) {
        return {};
    }
    return content;
}

/// List of objects of one class of ours; `None` if it is anything else
c10::IValue list_of_objects(PyObject* object, const c10::TypePtr& type) {
    const auto* class_type = type->castRaw<c10::ClassType>();
    if (!PyList_CheckExact(object) || class_type == nullptr || members_of(*class_type) == nullptr) {
        return {};
    }

    auto list = c10::impl::GenericList(type);
    list.reserve(items(object).size());
    for (auto* item : items(object)) {
        auto content = object_of_class(item, *type);
        if (content.isNone()) {
            return {};
        }
        list.push_back(std::move(content));
    }
    return list;
}

bool is_string(PyObject* object) {
    return Py_TYPE(object) == &PyUnicode_Type;
}

bool is_integer(PyObject* object) {
    return Py_TYPE(object) == &PyLong_Type;
}

/// List of strings, or of integers; `None` for everything else, including empty lists
c10::IValue list_of_plain_values(PyObject* object) {
    const auto values = items(object);
    if (values.empty() || !PyList_CheckExact(object)) {
        return {};
    } else if (std::ranges::all_of(values, is_string)) {
        return py::cast<std::vector<std::string>>(object);
    } else if (std::ranges::all_of(values, is_integer)) {
        return py::cast<std::vector<int64_t>>(object);
    }
    return {};
}

/// Dictionary from strings to integers; `None` for other dictionaries, including empty ones
c10::IValue dict_of_integers(PyObject* object) {
    if (PyDict_GET_SIZE(object) == 0) {
        return {};
    }

    auto dict = c10::impl::GenericDict(c10::StringType::get(), c10::IntType::get());
    Py_ssize_t position = 0;
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    while (PyDict_Next(object, &position, &key, &value)) {
        if (!is_string(key) || !is_integer(value)) {
            return {};
        }
        dict.insert(py::cast<std::string>(key), py::cast<int64_t>(value));
    }
    return dict;
}

/// Value for an argument that can be anything, where torch tries out one type after the other;
/// `None` if torch has to do this
c10::IValue value_of_any_type(PyObject* object) {
    if (is_integer(object)) {
        return py::cast<int64_t>(object);
    } else if (is_string(object)) {
        return py::cast<std::string>(object);
    } else if (PyDict_CheckExact(object)) {
        return dict_of_integers(object);
    }
    auto content = script_object(object);
    if (content && members_of(*content->type()) != nullptr) {
        return content;
    }
    return list_of_plain_values(object);
}

/// The same as `torch::jit::toIValue`, which takes most of the time of a call for our classes
c10::IValue to_ivalue(PyObject* object, const c10::Argument& argument) {
    const auto& type = argument.real_type();
    auto value = c10::IValue();
    if (type->kind() == c10::TypeKind::AnyType) {
        value = value_of_any_type(object);
    } else if (type->kind() == c10::TypeKind::ClassType) {
        value = object_of_class(object, *type);
    } else if (type->kind() == c10::TypeKind::ListType) {
        value = list_of_objects(object, type->expectRef<c10::ListType>().getElementType());
    }
    return value.isNone() ? torch::jit::toIValue(object, type, argument.N()) : value;
}

/// Argument given by keyword, `nullptr` if there is none with this name
PyObject* find_keyword(PyObject* keywords, const std::string& name) {
    return keywords != nullptr ? PyDict_GetItemString(keywords, name.c_str()) : nullptr;
}

bool push_one(torch::jit::Stack& stack, PyObject* object, const c10::Argument& argument) {
    if (!is_plain_argument(object)) {
        return false;
    }
    try {
        stack.push_back(to_ivalue(object, argument));
    } catch (const std::exception&) {
        // torch finds the same error again, and describes it
        PyErr_Clear();
        return false;
    }
    return true;
}

} // namespace

bool push_arguments(
    torch::jit::Stack& stack, const c10::FunctionSchema& schema, const Arguments& arguments
) {
    const auto& expected = schema.arguments();
    const auto first_keyword = arguments.count + 1;
    if (expected.size() < first_keyword) {
        return false;
    }

    for (size_t i = 1; i < first_keyword; i++) {
        const auto& argument = expected[i];
        if (argument.kwarg_only() || !push_one(stack, arguments.values[i - 1], argument)) {
            return false;
        }
    }

    Py_ssize_t n_keywords = 0;
    for (size_t i = first_keyword; i < expected.size(); i++) {
        const auto& argument = expected[i];
        if (auto* object = find_keyword(arguments.keywords, argument.name())) {
            n_keywords += 1;
            if (!push_one(stack, object, argument)) {
                return false;
            }
        } else if (argument.default_value().has_value()) {
            stack.push_back(*argument.default_value());
        } else {
            return false;
        }
    }
    return arguments.keywords == nullptr || PyDict_GET_SIZE(arguments.keywords) == n_keywords;
}

// --- to Python ---------------------------------------------------------------------------------

namespace {

py::object list_to_python(c10::ArrayRef<c10::IValue> values, const c10::Type& type) {
    auto list = py::list(values.size());
    for (size_t i = 0; i < values.size(); i++) {
        list[i] = to_python(values[i], type);
    }
    return list;
}

py::object tuple_to_python(const c10::ivalue::Tuple& values, const c10::TupleType& type) {
    const auto& elements = values.elements();
    TORCH_CHECK(elements.size() == type.elements().size(), "wrong size of a tuple");
    auto tuple = py::tuple(elements.size());
    for (size_t i = 0; i < elements.size(); i++) {
        tuple[i] = to_python(elements[i], *type.elements()[i]);
    }
    return tuple;
}

} // namespace

py::object to_python(c10::IValue value, const c10::Type& type) {
    if (value.isObject() && members_of(*value.toObjectRef().type()) != nullptr) {
        return py::cast(Object(std::move(value).toObject()));
    }
    const auto* list_type = type.castRaw<c10::ListType>();
    if (list_type != nullptr && value.isList()) {
        return list_to_python(value.toListRef(), *list_type->getElementType());
    }
    const auto* tuple_type = type.castRaw<c10::TupleType>();
    // named tuples have a schema
    if (tuple_type != nullptr && tuple_type->schema() == nullptr && value.isTuple()) {
        return tuple_to_python(value.toTupleRef(), *tuple_type);
    }
    return torch::jit::toPyObject(std::move(value));
}

} // namespace script_objects
