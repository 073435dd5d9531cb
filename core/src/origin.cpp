#include "origin.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <vector>

#include "error.hpp"

namespace mts {

namespace {

/// Names of the origins; an identifier is the position in this list
struct OriginRegistry {
    std::mutex mutex;
    std::vector<std::string> names = {"unregistered origin"};
};

OriginRegistry& registry() {
    // never destroyed: arrays can outlive the static objects of this library
    static OriginRegistry& registry = *new OriginRegistry();
    return registry;
}

} // namespace

mts_data_origin_t register_origin(std::string_view name) {
    auto& [mutex, names] = registry();
    const std::lock_guard lock(mutex);

    // the name of the identifier zero can be registered like any other
    const auto known = std::find(names.begin() + 1, names.end(), name);
    const auto origin = static_cast<mts_data_origin_t>(known - names.begin());
    if (known == names.end()) {
        names.emplace_back(name);
    }
    return origin;
}

std::string origin_name(mts_data_origin_t origin) {
    auto& [mutex, names] = registry();
    const std::lock_guard lock(mutex);
    return origin < names.size() ? names[origin] : names[0];
}

} // namespace mts

using namespace mts;

mts_status_t mts_register_data_origin(const char* name, mts_data_origin_t* origin) {
    return catch_errors([&] {
        const std::string_view checked_name = check_utf8(name, "name");
        check_not_null(origin, "origin");
        *origin = register_origin(checked_name);
    });
}

mts_status_t mts_get_data_origin(mts_data_origin_t origin, char* buffer, uintptr_t buffer_size) {
    return catch_errors([&] {
        check_not_null(buffer, "buffer");
        const std::string name = origin_name(origin);
        if (buffer_size <= name.size()) {
            throw Error(
                MTS_BUFFER_SIZE_ERROR,
                text("the name of this origin needs ", name.size() + 1, " bytes, got ", buffer_size)
            );
        }
        std::memcpy(buffer, name.c_str(), name.size() + 1);
    });
}
