#pragma once

#include "conversion.hpp"

namespace script_objects {

/// Replace the slots of these types, which Python uses for `object.name`, `method(...)`,
/// `len(object)`, `object[key]`, `==` and `Class(...)`, by functions that are quicker for our
/// classes, and pass everything else on to the previous functions. This can be done once; there is
/// a Python TypeError, and nothing changes, if the types do not have these slots.
void replace_slots(const TorchTypes& types);

} // namespace script_objects
