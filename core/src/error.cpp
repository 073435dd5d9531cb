#include "error.hpp"

#include <string>
#include <utility>

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

} // namespace

void fail_in_callback(std::string_view context) {
    LastError& error = last_error();
    error.message = text(context, ": ", error.message);
    throw CallbackError();
}

void record_error(const std::string& message) {
    last_error().replace({message, "metatensor-core"});
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
