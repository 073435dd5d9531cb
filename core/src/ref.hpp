#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace mts {

/// Base of the objects that are shared through `Ref`: the count is inside of the object, so that
/// one pointer is enough for a handle in C
class RefCounted {
public:
    RefCounted() = default;
    RefCounted(const RefCounted&) = delete;
    RefCounted& operator=(const RefCounted&) = delete;

    void retain() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    /// Returns true if this was the last reference
    bool release() const noexcept { return count_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

protected:
    ~RefCounted() = default;

private:
    mutable std::atomic<std::size_t> count_{1};
};

/// Shared ownership of a `RefCounted` object
template <typename T>
class Ref {
public:
    Ref() = default;
    Ref(const Ref& other) noexcept : pointer_(other.pointer_) {
        if (pointer_ != nullptr) {
            pointer_->retain();
        }
    }
    Ref(Ref&& other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(pointer_, other.pointer_);
        return *this;
    }
    ~Ref() {
        if (pointer_ != nullptr && pointer_->release()) {
            delete pointer_;
        }
    }

    /// A new object, with this as only reference
    template <typename... Args>
    static Ref make(Args&&... args) {
        return adopt(new T(std::forward<Args>(args)...));
    }
    /// Takes over one reference that was counted already
    static Ref adopt(T* pointer) noexcept {
        Ref result;
        result.pointer_ = pointer;
        return result;
    }
    /// One more reference to an object that is owned somewhere else
    static Ref share(T* pointer) noexcept {
        pointer->retain();
        return adopt(pointer);
    }
    /// Gives the counted reference to the caller
    T* leak() && noexcept { return std::exchange(pointer_, nullptr); }

    T* get() const noexcept { return pointer_; }
    T& operator*() const noexcept { return *pointer_; }
    T* operator->() const noexcept { return pointer_; }
    explicit operator bool() const noexcept { return pointer_ != nullptr; }

private:
    T* pointer_ = nullptr;
};

} // namespace mts
