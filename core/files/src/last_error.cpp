#include "last_error.hpp"

#include <string>

namespace mts {

void record_error(const std::string& message) {
    // if this fails there is not enough memory, and nothing else to do
    mts_set_last_error(message.c_str(), "metatensor-files", nullptr, nullptr);
}

// The error stays as the callback has set it: libmetatensor does not give the possibility to add a
// context without losing the data of the error.
void fail_in_callback(std::string_view /*context*/) {
    throw CallbackError();
}

namespace files {

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

} // namespace files

} // namespace mts
