#include "error.hpp"

#include <new>
#include <string>

namespace mts {

namespace {

/// The last error of one thread
struct LastError {
    std::string message;
    std::string origin;
    void* data = nullptr;
    void (*data_deleter)(void*) = nullptr;

    /// Replaces the error, and deletes the data of the previous one
    void replace(LastError&& next) {
        // the deleter can run any code, including code that sets an error: this one is kept
        const LastError previous = std::exchange(*this, LastError());
        if (previous.data_deleter != nullptr) {
            previous.data_deleter(previous.data);
        }
        *this = std::move(next);
    }
};

/// Frees the record when the thread ends. The pointer stays usable afterwards, for errors that
/// happen while other thread-local or static objects are destroyed.
struct LastErrorOwner {
    LastError* record = nullptr;
    ~LastErrorOwner() { delete std::exchange(record, nullptr); }
};

LastError& last_error() {
    thread_local LastErrorOwner owner;
    if (owner.record == nullptr) {
        owner.record = new LastError();
    }
    return *owner.record;
}

const char* category_tag(mts_status_t status) {
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

mts_status_t record(mts_status_t status, std::string_view details) noexcept {
    try {
        last_error().replace({text(category_tag(status), ": ", details), "metatensor-core"});
    } catch (...) {
        // there is not enough memory to describe the error: the status has to be enough
    }
    return status;
}

} // namespace

void fail_in_callback(std::string_view context) {
    LastError& error = last_error();
    error.message = text(context, ": ", error.message);
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

using namespace mts;

mts_status_t mts_last_error(const char** message, const char** origin, void** data) {
    return catch_errors([&] {
        const LastError& error = last_error();
        if (message != nullptr) {
            *message = error.message.c_str();
        }
        if (origin != nullptr) {
            *origin = error.origin.c_str();
        }
        if (data != nullptr) {
            *data = error.data;
        }
    });
}

mts_status_t mts_set_last_error(
    const char* message, const char* origin, void* data, void (*data_deleter)(void*)
) {
    return catch_errors([&] {
        last_error().replace({
            message == nullptr ? "no message was given" : message,
            origin == nullptr ? "unknown origin" : origin,
            data,
            data_deleter,
        });
    });
}
