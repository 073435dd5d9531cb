#pragma once

#include <torch/csrc/python_headers.h>

#include <unordered_map>

#include <ATen/core/function.h>
#include <ATen/core/jit_type.h>

namespace script_objects {

/// The function behind the name of a property or method
struct Member {
    torch::jit::Function* function;
    bool is_property;
};

/// Members of one class, by name: an interned string, which is compared by address
using Members = std::unordered_map<PyObject*, Member>;

/// Properties and methods of a class of metatensor or metatomic, `nullptr` for all other classes.
/// They are looked up for the first object of each class; the caller holds the interpreter lock.
const Members* members_of(const c10::ClassType& type);

/// Member with this name; `nullptr` if there is none, or if the class is of another library
const Member* find_member(const c10::ClassType& type, PyObject* name);

} // namespace script_objects
