#include "class_members.hpp"

#include <string>

#include <pybind11/pybind11.h>
#include <torch/custom_class.h>

namespace script_objects {

namespace {

/// Is this a class of ours? Only classes which were registered from C++ are used: these are never
/// unregistered, and the address of their type is not used again.
bool is_our_class(const c10::ClassType& type) {
    const auto& name = type.name();
    if (!name.has_value()) {
        return false;
    }
    const auto& full_name = name->qualifiedName();
    if (!full_name.starts_with("__torch__.torch.classes.metatensor.") &&
        !full_name.starts_with("__torch__.torch.classes.metatomic.")) {
        return false;
    }
    return torch::getCustomClass(full_name).get() == &type;
}

/// The strings are never released: they are used until the process ends.
PyObject* interned(const std::string& name) {
    auto* string = PyUnicode_InternFromString(name.c_str());
    if (string == nullptr) {
        throw pybind11::error_already_set();
    }
    return string;
}

Members collect_members(const c10::ClassType& type) {
    auto members = Members();
    for (const auto& property : type.properties()) {
        members.emplace(interned(property.name), Member{property.getter, true});
    }
    for (auto* method : type.methods()) {
        members.emplace(interned(method->name()), Member{method, false});
    }
    return members;
}

} // namespace

const Members* members_of(const c10::ClassType& type) {
    // never destroyed: other threads could still be running when the process ends
    static auto& by_class = *new std::unordered_map<const c10::ClassType*, Members>();

    const auto found = by_class.find(&type);
    if (found != by_class.end()) {
        return &found->second;
    }
    if (!is_our_class(type)) {
        return nullptr;
    }
    return &by_class.emplace(&type, collect_members(type)).first->second;
}

const Member* find_member(const c10::ClassType& type, PyObject* name) {
    const auto* members = members_of(type);
    if (members == nullptr) {
        return nullptr;
    }
    const auto found = members->find(name);
    return found != members->end() ? &found->second : nullptr;
}

} // namespace script_objects
