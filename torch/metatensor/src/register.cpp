#include <cstdint>

#include <torch/library.h>
#include <torch/script.h>

#include "arguments.hpp"
#include "borrowed.hpp"
#include "join.hpp"
#include "metatensor/torch.hpp"
#include "script_block.hpp"

// Declaration to TorchScript of the classes and operators. Names of functions, properties and
// arguments, the order of arguments and their defaults are all part of the interface, and are
// stored in the models exported by users.

using namespace metatensor_torch;

using torch::arg;
using torch::IValue;
using torch::Tensor;

using details::Borrowed;
using details::BorrowedList;
using details::NewObject;

namespace {

template <typename T>
T* pointer_argument(int64_t pointer) {
    TORCH_CHECK_VALUE(pointer != 0, "got a null pointer");
    return reinterpret_cast<T*>(pointer);
}

template <typename T>
int64_t pointer_result(T* pointer) {
    return reinterpret_cast<int64_t>(pointer);
}

/// State tensors can be on another device, if torch was asked to load everything there.
Tensor state_on_cpu(const Tensor& state) {
    return state.to(torch::kCPU);
}

void register_labels_entry(torch::Library& library) {
    library.class_<LabelsEntryHolder>("LabelsEntry")
        .def("__str__", &LabelsEntryHolder::repr)
        .def("__repr__", &LabelsEntryHolder::repr)
        .def("__len__", &LabelsEntryHolder::size)
        .def("__getitem__", &LabelsEntryHolder::getitem, "", {arg("index")})
        .def(
            "__eq__",
            [](const LabelsEntry& self, const LabelsEntry& other) { return *self == *other; },
            "",
            {arg("other")}
        )
        .def(
            "__ne__",
            [](const LabelsEntry& self, const LabelsEntry& other) { return *self != *other; },
            "",
            {arg("other")}
        )
        .def("print", &LabelsEntryHolder::print)
        .def_property("names", &LabelsEntryHolder::names)
        .def_property("values", &LabelsEntryHolder::values)
        .def_property("device", &LabelsEntryHolder::device);
}

IValue labels_getitem(const Labels& self, const IValue& index) {
    if (index.isString()) {
        return self->column(index.toStringRef());
    }
    TORCH_CHECK_TYPE(
        index.isInt(),
        "Labels can only be indexed by an integer or a string, got ",
        details::type_name(index)
    );
    return torch::make_intrusive<LabelsEntryHolder>(self, index.toInt());
}

void register_labels(torch::Library& library) {
    library.class_<LabelsHolder>("Labels")
        .def(
            torch::init([](IValue names, Tensor values, bool assume_unique) {
                if (assume_unique) {
                    return torch::make_intrusive<LabelsHolder>(
                        std::move(names), std::move(values), metatensor::assume_unique{}
                    );
                }
                return torch::make_intrusive<LabelsHolder>(std::move(names), std::move(values));
            }),
            "",
            {arg("names"), arg("values"), arg("assume_unique") = false}
        )
        .def("__str__", &LabelsHolder::str)
        .def("__repr__", &LabelsHolder::repr)
        .def("__len__", &LabelsHolder::count)
        .def(
            "__contains__",
            [](const Labels& self, IValue entry) {
                return self->position(std::move(entry)).has_value();
            },
            "",
            {arg("entry")}
        )
        .def(
            "__eq__",
            [](const Borrowed<LabelsHolder>& self, const Borrowed<LabelsHolder>& other) {
                return *self == *other;
            },
            "",
            {arg("other")}
        )
        .def(
            "__ne__",
            [](const Borrowed<LabelsHolder>& self, const Borrowed<LabelsHolder>& other) {
                return *self != *other;
            },
            "",
            {arg("other")}
        )
        .def("__getitem__", labels_getitem, "", {arg("index")})
        .def_static("single", &LabelsHolder::single)
        .def_static("empty", &LabelsHolder::empty)
        .def_static("range", &LabelsHolder::range)
        .def("save", &LabelsHolder::save, "", {arg("file")})
        .def("save_buffer", &LabelsHolder::save_buffer)
        .def_static("load", &LabelsHolder::load)
        .def_static("load_buffer", &LabelsHolder::load_buffer)
        .def_static(
            "unsafe_from_ptr",
            [](int64_t pointer) {
                return LabelsHolder::from_metatensor(
                    metatensor::Labels::unsafe_from_ptr(
                        pointer_argument<const mts_labels_t>(pointer)
                    )
                );
            }
        )
        .def(
            "release", [](const Labels& self) { return pointer_result(self->release().release()); }
        )
        .def(
            "as_mts_labels_t",
            [](const Labels& self) {
                return pointer_result(self->as_metatensor().as_mts_labels_t());
            }
        )
        .def(
            "entry",
            [](const Labels& self, int64_t index) {
                return torch::make_intrusive<LabelsEntryHolder>(self, index);
            },
            "",
            {arg("index")}
        )
        .def("column", &LabelsHolder::column, "", {arg("dimension")})
        .def_property("names", &LabelsHolder::names)
        .def_property("values", &LabelsHolder::values)
        .def_property("device", &LabelsHolder::device)
        .def("append", &LabelsHolder::append, "", {arg("name"), arg("values")})
        .def("insert", &LabelsHolder::insert, "", {arg("index"), arg("name"), arg("values")})
        .def("permute", &LabelsHolder::permute, "", {arg("dimensions_indexes")})
        .def("remove", &LabelsHolder::remove, "", {arg("name")})
        .def("rename", &LabelsHolder::rename, "", {arg("old"), arg("new")})
        .def(
            "to",
            [](const Labels& self, IValue device, bool non_blocking) {
                return self->to(std::move(device), non_blocking);
            },
            "",
            {arg("device"), arg("non_blocking") = false}
        )
        .def("position", &LabelsHolder::position, "", {arg("entry")})
        .def("print", &LabelsHolder::print, "", {arg("max_entries"), arg("indent") = 0})
        .def("union", &LabelsHolder::set_union, "", {arg("other")})
        .def("intersection", &LabelsHolder::set_intersection, "", {arg("other")})
        .def("difference", &LabelsHolder::set_difference, "", {arg("other")})
        .def("union_and_mapping", &LabelsHolder::union_and_mapping, "", {arg("other")})
        .def(
            "intersection_and_mapping", &LabelsHolder::intersection_and_mapping, "", {arg("other")}
        )
        .def("difference_and_mapping", &LabelsHolder::difference_and_mapping, "", {arg("other")})
        .def("select", &LabelsHolder::select, "", {arg("selection")})
        .def_pickle(
            [](const Labels& self) { return self->save_buffer(); },
            [](Tensor state) { return LabelsHolder::load_buffer(state_on_cpu(state)); }
        );
}

void register_block(torch::Library& library) {
    library.class_<TensorBlockHolder>("TensorBlock")
        .def(
            "__init__",
            [](const NewObject<TensorBlockHolder>& self,
               const Tensor& values,
               const Borrowed<LabelsHolder>& samples,
               const BorrowedList<LabelsHolder>& components,
               const Borrowed<LabelsHolder>& properties) {
                self.set(details::new_block(values, samples, components, properties));
            },
            "",
            {arg("values"), arg("samples"), arg("components"), arg("properties")}
        )
        .def("__repr__", &TensorBlockHolder::repr)
        .def("__str__", &TensorBlockHolder::repr)
        .def("__len__", &TensorBlockHolder::len)
        .def("copy", &TensorBlockHolder::copy, "", {arg("deep") = true})
        .def_property(
            "values",
            [](const Borrowed<TensorBlockHolder>& self) { return self->values(); },
            [](const TensorBlock& /*self*/, const Tensor& /*values*/) {
                C10_THROW_ERROR(
                    ValueError,
                    "can not replace the values of a TensorBlock, assign to `values[:]` to change "
                    "them in place"
                );
            }
        )
        .def_property("samples", details::samples_object)
        .def_property("components", details::components_objects)
        .def_property("properties", details::properties_object)
        .def_property("shape", [](const TensorBlock& self) { return self->shape().vec(); })
        .def(
            "add_gradient",
            &TensorBlockHolder::add_gradient,
            "",
            {arg("parameter"), arg("gradient")}
        )
        .def("gradients_list", &TensorBlockHolder::gradients_list)
        .def("has_gradient", &TensorBlockHolder::has_gradient, "", {arg("parameter")})
        .def("gradient", &TensorBlockHolder::gradient, "", {arg("parameter")})
        .def("gradients", &TensorBlockHolder::gradients)
        .def_property("device", &TensorBlockHolder::device)
        .def_property("dtype", &TensorBlockHolder::scalar_type)
        .def_property(
            "is_view",
            [](const Borrowed<TensorBlockHolder>& self) {
                return self->is_view() && !self->is_taken();
            }
        )
        .def(
            "to",
            &TensorBlockHolder::to_positional,
            "",
            {arg("_0") = IValue(),
             arg("_1") = IValue(),
             arg("dtype") = IValue(),
             arg("device") = IValue(),
             arg("arrays") = IValue(),
             arg("non_blocking") = false}
        )
        .def("save", &TensorBlockHolder::save, "", {arg("file")})
        .def("save_buffer", &TensorBlockHolder::save_buffer)
        .def_static("load", &TensorBlockHolder::load)
        .def_static("load_buffer", &TensorBlockHolder::load_buffer)
        .def_static(
            "unsafe_from_ptr",
            [](int64_t pointer) {
                return TensorBlockHolder::from_metatensor(
                    metatensor::TensorBlock::unsafe_from_ptr(pointer_argument<mts_block_t>(pointer))
                );
            }
        )
        .def_static(
            "unsafe_view_from_ptr",
            [](int64_t pointer, IValue parent) {
                return TensorBlockHolder::view_from_metatensor(
                    metatensor::TensorBlock::unsafe_view_from_ptr(
                        pointer_argument<mts_block_t>(pointer)
                    ),
                    std::move(parent)
                );
            }
        )
        .def(
            "release",
            [](const TensorBlock& self) { return pointer_result(self->release().release()); }
        )
        .def(
            "as_mts_block_t",
            [](const TensorBlock& self) {
                return pointer_result(self->as_metatensor().as_mts_block_t());
            }
        )
        .def_pickle(
            [](const TensorBlock& self) { return self->save_buffer(); },
            [](Tensor state) { return TensorBlockHolder::load_buffer(state_on_cpu(state)); }
        );
}

void register_tensor(torch::Library& library) {
    library.class_<TensorMapHolder>("TensorMap")
        .def(
            "__init__",
            [](const NewObject<TensorMapHolder>& self,
               const Borrowed<LabelsHolder>& keys,
               const BorrowedList<TensorBlockHolder>& blocks) {
                self.set(TensorMapHolder::create(*keys, blocks.pointers()));
            },
            "",
            {arg("keys"), arg("blocks")}
        )
        .def("__len__", [](const TensorMap& self) { return self->keys()->count(); })
        .def("__repr__", [](const TensorMap& self) { return self->print(-1); })
        .def("__str__", [](const TensorMap& self) { return self->print(7); })
        .def("__getitem__", &TensorMapHolder::block_torch, "", {arg("selection")})
        .def("copy", &TensorMapHolder::copy, "", {arg("deep") = true})
        .def("save", &TensorMapHolder::save, "", {arg("file")})
        .def("save_buffer", &TensorMapHolder::save_buffer)
        .def_static("load", &TensorMapHolder::load)
        .def_static("load_buffer", &TensorMapHolder::load_buffer)
        .def_static(
            "unsafe_from_ptr",
            [](int64_t pointer) {
                return TensorMapHolder::from_metatensor(
                    metatensor::TensorMap::unsafe_from_ptr(
                        pointer_argument<mts_tensormap_t>(pointer)
                    )
                );
            }
        )
        .def_static(
            "unsafe_view_from_ptr",
            [](int64_t pointer, IValue parent) {
                return TensorMapHolder::view_from_metatensor(
                    metatensor::TensorMap::unsafe_view_from_ptr(
                        pointer_argument<mts_tensormap_t>(pointer)
                    ),
                    std::move(parent)
                );
            }
        )
        .def(
            "release",
            [](const TensorMap& self) { return pointer_result(self->release().release()); }
        )
        .def(
            "as_mts_tensormap_t",
            [](const TensorMap& self) {
                return pointer_result(self->as_metatensor().as_mts_tensormap_t());
            }
        )
        .def("items", &TensorMapHolder::items)
        .def_property("keys", &TensorMapHolder::keys)
        .def("block_by_id", &TensorMapHolder::block_by_id, "", {arg("index")})
        .def("blocks_by_id", &TensorMapHolder::blocks_by_id, "", {arg("indices")})
        .def("block", &TensorMapHolder::block_torch, "", {arg("selection") = IValue()})
        .def("blocks", &TensorMapHolder::blocks_torch, "", {arg("selection") = IValue()})
        .def(
            "keys_to_samples",
            &TensorMapHolder::keys_to_samples,
            "",
            {arg("keys_to_move"), arg("fill_value") = 0, arg("sort_samples") = true}
        )
        .def(
            "keys_to_properties",
            &TensorMapHolder::keys_to_properties,
            "",
            {arg("keys_to_move"), arg("fill_value") = 0, arg("sort_samples") = true}
        )
        .def(
            "components_to_properties",
            &TensorMapHolder::components_to_properties,
            "",
            {arg("dimensions")}
        )
        .def("set_info", &TensorMapHolder::set_info, "", {arg("key"), arg("value")})
        .def("get_info", &TensorMapHolder::get_info, "", {arg("key")})
        .def("info", &TensorMapHolder::info)
        .def_property("sample_names", &TensorMapHolder::sample_names)
        .def_property("component_names", &TensorMapHolder::component_names)
        .def_property("property_names", &TensorMapHolder::property_names)
        .def_property("device", &TensorMapHolder::device)
        .def_property("dtype", &TensorMapHolder::scalar_type)
        .def_property("is_view", &TensorMapHolder::is_view)
        .def(
            "to",
            &TensorMapHolder::to_positional,
            "",
            {arg("_0") = IValue(),
             arg("_1") = IValue(),
             arg("dtype") = IValue(),
             arg("device") = IValue(),
             arg("arrays") = IValue(),
             arg("non_blocking") = false}
        )
        .def("print", &TensorMapHolder::print, "", {arg("max_keys")})
        .def_pickle(
            [](const TensorMap& self) { return self->save_buffer(); },
            [](Tensor state) { return TensorMapHolder::load_buffer(state_on_cpu(state)); }
        );
}

/// `torch.float32`, ... The name given to `uint8` is wrong, but exported models may rely on it.
std::string dtype_name(torch::ScalarType dtype) {
    switch (dtype) {
    case torch::kUInt8:
    case torch::kInt8:
        return "torch.int8";
    case torch::kInt16:
        return "torch.int16";
    case torch::kInt32:
        return "torch.int32";
    case torch::kInt64:
        return "torch.int64";
    case torch::kFloat16:
        return "torch.float16";
    case torch::kFloat32:
        return "torch.float32";
    case torch::kFloat64:
        return "torch.float64";
    case torch::kComplexHalf:
        return "torch.complex32";
    case torch::kComplexFloat:
        return "torch.complex64";
    case torch::kComplexDouble:
        return "torch.complex128";
    case torch::kBool:
        return "torch.bool";
    default:
        return torch::toString(dtype);
    }
}

/// Call `function` with any of the data types that can be saved.
template <typename Function>
auto visit_data(const IValue& data, const Function& function) {
    if (details::is_instance<TensorMapHolder>(data)) {
        return function(data.toCustomClass<TensorMapHolder>());
    }
    if (details::is_instance<TensorBlockHolder>(data)) {
        return function(data.toCustomClass<TensorBlockHolder>());
    }
    TORCH_CHECK_TYPE(
        details::is_instance<LabelsHolder>(data),
        "only Labels, TensorBlock and TensorMap can be saved, got ",
        details::type_name(data)
    );
    return function(data.toCustomClass<LabelsHolder>());
}

void register_operators(torch::Library& library) {
    library.def("version() -> str", version);
    library.def("dtype_name(ScalarType dtype) -> str", dtype_name);

    library.def("load(str file) -> __torch__.torch.classes.metatensor.TensorMap", load);
    library.def(
        "load_block(str file) -> __torch__.torch.classes.metatensor.TensorBlock", load_block
    );
    library.def("load_labels(str file) -> __torch__.torch.classes.metatensor.Labels", load_labels);
    library.def(
        "load_buffer(Tensor buffer) -> __torch__.torch.classes.metatensor.TensorMap", load_buffer
    );
    library.def(
        "load_block_buffer(Tensor buffer) -> __torch__.torch.classes.metatensor.TensorBlock",
        load_block_buffer
    );
    library.def(
        "load_labels_buffer(Tensor buffer) -> __torch__.torch.classes.metatensor.Labels",
        load_labels_buffer
    );

    // the result of `save` is never used: make sure that it is not removed as dead code
    library.def(
        torch::schema("save.save(str file, Any data) -> ()", c10::AliasAnalysisKind::CONSERVATIVE),
        [](const std::string& file, const IValue& data) {
            visit_data(data, [&](const auto& object) { object->save(file); });
        }
    );
    library.def("save_buffer(Any data) -> Tensor", [](const IValue& data) {
        return visit_data(data, [](const auto& object) { return object->save_buffer(); });
    });

    // only called from Python: compiled code has to run with the published library too
    library.def("join_similar", &details::join_similar);
}

} // namespace

TORCH_LIBRARY(metatensor, library) {
    register_labels_entry(library);
    register_labels(library);
    register_block(library);
    register_tensor(library);
    register_operators(library);
}
