// The functions of `error.hpp`, for a library which records its errors in libmetatensor

#include "error.hpp"

#include <new>
#include <string>

#include "last_error.hpp"

namespace mts {

namespace {

mts_status_t record(mts_status_t status, std::string_view details) noexcept {
    try {
        auto message = text(files::category_tag(status), ": ", details);
        mts_set_last_error(message.c_str(), files::ERROR_ORIGIN, nullptr, nullptr);
    } catch (...) {
        // there is not enough memory to describe the error: the status has to be enough
    }
    return status;
}

} // namespace

// The error stays as the callback has set it: libmetatensor does not give the possibility to add a
// context without losing the data of the error.
void fail_in_callback(std::string_view /*context*/) {
    throw CallbackError();
}

std::string_view check_utf8(const char* text, std::string_view parameter) {
    check_not_null(text, parameter);
    if (!is_utf8(text)) {
        throw invalid_parameter("the parameter `", parameter, "` is not valid UTF-8");
    }
    return text;
}

mts_status_t record_current_exception() noexcept {
    try {
        throw;
    } catch (const CallbackError&) {
        return MTS_CALLBACK_ERROR;
    } catch (const Error& error) {
        return record(error.status(), error.message());
    } catch (const std::bad_alloc&) {
        return record(MTS_INTERNAL_ERROR, "not enough memory");
    } catch (const std::exception& error) {
        return record(MTS_INTERNAL_ERROR, error.what());
    } catch (...) {
        return record(MTS_INTERNAL_ERROR, "unknown exception");
    }
}

} // namespace mts
