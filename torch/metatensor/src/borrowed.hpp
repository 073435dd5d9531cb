#pragma once

#include <cstddef>
#include <typeinfo>
#include <utility>
#include <vector>

#include <torch/script.h>

// Arguments and results of the methods that TorchScript calls for each block. The declared types
// are the same as with the usual arguments (`torch::intrusive_ptr<Holder>`, ...), but torch
// converts these through a dozen changes of reference counts for each object, and creates a new
// TorchScript object for each result.

namespace metatensor_torch::details {

/// The C++ object inside of a TorchScript object.
///
/// @throws c10::Error if there is none, for example because the constructor failed, or one of
/// another class
template <typename Holder>
Holder* held_by(const c10::ivalue::Object& object) {
    if (object.slots().size() == 1 && object.getSlot(0).isCapsule()) {
        // `toCapsule()` would change the reference count twice
        const auto* pointer = object.getSlot(0).internalToPointer();
        auto* target = static_cast<c10::intrusive_ptr_target*>(const_cast<void*>(pointer));
        if (target != nullptr && typeid(*target) == typeid(Holder)) {
            return static_cast<Holder*>(target);
        }
    }
    TORCH_CHECK(
        false,
        "expected an object of type ",
        torch::getCustomClassType<torch::intrusive_ptr<Holder>>()->annotation_str(),
        ", got ",
        object.type()->annotation_str()
    );
}

/// An object given as argument, which the caller keeps alive during the call.
template <typename Holder>
class Borrowed {
public:
    explicit Borrowed(const torch::IValue& value)
        : object_(&value.toObjectRef()), holder_(held_by<Holder>(*object_)) {}

    Holder* get() const { return holder_; }
    Holder* operator->() const { return holder_; }
    Holder& operator*() const { return *holder_; }

    /// The TorchScript object.
    c10::ivalue::Object& object() const { return *object_; }

private:
    c10::ivalue::Object* object_;
    Holder* holder_;
};

/// A list of objects given as argument, which the caller keeps alive during the call.
template <typename Holder>
class BorrowedList {
public:
    explicit BorrowedList(const torch::IValue& list) : elements_(list.toListRef()) {}

    size_t size() const { return elements_.size(); }
    Borrowed<Holder> operator[](size_t index) const { return Borrowed<Holder>(elements_[index]); }

    std::vector<Holder*> pointers() const {
        auto result = std::vector<Holder*>();
        result.reserve(elements_.size());
        for (const auto& element : elements_) {
            result.push_back(Borrowed<Holder>(element).get());
        }
        return result;
    }

private:
    c10::ArrayRef<torch::IValue> elements_;
};

/// The object to be initialized by a constructor.
template <typename Holder>
class NewObject {
public:
    explicit NewObject(const torch::IValue& value) : object_(&value.toObjectRef()) {}

    void set(torch::intrusive_ptr<Holder> holder) const {
        object_->setSlot(0, torch::IValue::make_capsule(std::move(holder)));
    }

private:
    c10::ivalue::Object* object_;
};

/// A result of type `T` that already is a TorchScript value.
template <typename T>
struct ScriptValue {
    torch::IValue value;

    operator torch::IValue() && { return std::move(value); }
};

} // namespace metatensor_torch::details

// how torch converts these types, and what they are in the declarations of functions

namespace c10::impl {

template <typename Holder, bool AllowDeprecatedTypes>
struct ivalue_to_arg<metatensor_torch::details::Borrowed<Holder>, AllowDeprecatedTypes> final {
    static metatensor_torch::details::Borrowed<Holder> call(IValue& value) {
        return metatensor_torch::details::Borrowed<Holder>(value);
    }
};

template <typename Holder, bool AllowDeprecatedTypes>
struct ivalue_to_arg<metatensor_torch::details::BorrowedList<Holder>, AllowDeprecatedTypes> final {
    static metatensor_torch::details::BorrowedList<Holder> call(IValue& value) {
        return metatensor_torch::details::BorrowedList<Holder>(value);
    }
};

template <typename Holder, bool AllowDeprecatedTypes>
struct ivalue_to_arg<metatensor_torch::details::NewObject<Holder>, AllowDeprecatedTypes> final {
    static metatensor_torch::details::NewObject<Holder> call(IValue& value) {
        return metatensor_torch::details::NewObject<Holder>(value);
    }
};

} // namespace c10::impl

namespace c10::detail {

template <typename Holder, bool fake>
struct getMaybeFakeTypePtr_<metatensor_torch::details::Borrowed<Holder>, fake> final {
    static decltype(auto) call() {
        return getMaybeFakeTypePtr_<c10::intrusive_ptr<Holder>, fake>::call();
    }
};

template <typename Holder, bool fake>
struct getMaybeFakeTypePtr_<metatensor_torch::details::BorrowedList<Holder>, fake> final {
    static decltype(auto) call() {
        return getMaybeFakeTypePtr_<std::vector<c10::intrusive_ptr<Holder>>, fake>::call();
    }
};

template <typename Holder, bool fake>
struct getMaybeFakeTypePtr_<metatensor_torch::details::NewObject<Holder>, fake> final {
    static decltype(auto) call() {
        return getMaybeFakeTypePtr_<c10::intrusive_ptr<Holder>, fake>::call();
    }
};

template <typename T, bool fake>
struct getMaybeFakeTypePtr_<metatensor_torch::details::ScriptValue<T>, fake> final {
    static decltype(auto) call() { return getMaybeFakeTypePtr_<T, fake>::call(); }
};

} // namespace c10::detail
