#include "last_error.hpp"

#include <string>

namespace mts::files {

std::string_view category_tag(mts_status_t status) {
    switch (status) {
    case MTS_INVALID_PARAMETER_ERROR:
        return "invalid parameter";
    case MTS_IO_ERROR:
        return "io error";
    case MTS_SERIALIZATION_ERROR:
        return "serialization format error";
    default:
        return "internal error";
    }
}

void throw_last_error() {
    const char* message = nullptr;
    const char* origin = nullptr;
    void* data = nullptr;
    mts_last_error(&message, &origin, &data);
    if (data != nullptr || std::string_view(origin) != "metatensor-core") {
        throw CallbackError();
    }

    for (auto status :
         {MTS_INVALID_PARAMETER_ERROR, MTS_IO_ERROR, MTS_SERIALIZATION_ERROR, MTS_INTERNAL_ERROR}) {
        auto start = std::string(category_tag(status)) + ": ";
        if (std::string_view(message).starts_with(start)) {
            throw Error(status, std::string(message).substr(start.size()));
        }
    }
    throw CallbackError();
}

} // namespace mts::files
