// From C++ exceptions to the errors of the C interface

#include <new>
#include <string>

#include "error.hpp"

namespace mts {

namespace {

mts_status_t record(mts_status_t status, std::string_view details) noexcept {
    try {
        record_error(text(category_tag(status), ": ", details));
    } catch (...) {
        // there is not enough memory to describe the error: the status has to be enough
    }
    return status;
}

} // namespace

std::string_view category_tag(mts_status_t status) {
    switch (status) {
    case MTS_INVALID_PARAMETER_ERROR:
        return "invalid parameter";
    case MTS_IO_ERROR:
        return "io error";
    case MTS_SERIALIZATION_ERROR:
        return "serialization format error";
    case MTS_BUFFER_SIZE_ERROR:
        return "buffer size error";
    default:
        return "internal error";
    }
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
