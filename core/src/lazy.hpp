#pragma once

#include <atomic>
#include <memory>

namespace mts {

/// A value that is computed when it is needed for the first time, from any thread.
///
/// There is no lock: computing a value can call back to code of users, which can wait for locks of
/// its own (the global lock of Python...). If several threads come first, all of them compute the
/// value, and the first result is kept.
template <typename T>
class Lazy {
public:
    Lazy() = default;
    Lazy(const Lazy&) = delete;
    Lazy& operator=(const Lazy&) = delete;
    ~Lazy() { delete value_.load(std::memory_order_acquire); }

    /// The value, or NULL if it is not known yet
    const T* get() const noexcept { return value_.load(std::memory_order_acquire); }

    /// The value, computed by `compute` if it is not known yet
    template <typename Function>
    const T& get_or(Function&& compute) const {
        if (const T* known = get()) {
            return *known;
        }
        return set(std::make_unique<const T>(compute()));
    }

    /// Sets the value, unless it is known already. Returns the value that is kept.
    const T& set(std::unique_ptr<const T> value) const noexcept {
        const T* expected = nullptr;
        if (value_.compare_exchange_strong(
                expected, value.get(), std::memory_order_acq_rel, std::memory_order_acquire
            )) {
            return *value.release();
        }
        return *expected;
    }

private:
    mutable std::atomic<const T*> value_{nullptr};
};

} // namespace mts
