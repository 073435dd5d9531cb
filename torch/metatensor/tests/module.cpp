#include <metatensor/torch.hpp>

#include "expect.hpp"

using namespace metatensor_torch;

namespace {

TensorBlock example_block() {
    return torch::make_intrusive<TensorBlockHolder>(
        torch::zeros({1, 1}, torch::kFloat64),
        LabelsHolder::single(),
        std::vector<Labels>{},
        LabelsHolder::single()
    );
}

template <typename T>
torch::TypePtr type_of() {
    return torch::getCustomClassType<T>();
}

template <typename T>
torch::List<T> list_of(std::vector<T> values) {
    return torch::List<T>(values);
}

/// A module with a nested list of blocks, which is declared to contain Labels.
torch::jit::Module legacy_module() {
    auto module = torch::jit::Module("legacy");
    module.register_attribute("block", type_of<TensorBlock>(), example_block());

    auto nested = c10::impl::GenericList(c10::ListType::create(type_of<Labels>()));
    nested.push_back(list_of<TensorBlock>({example_block()}));
    nested.push_back(c10::impl::GenericList(type_of<Labels>()));
    module.register_attribute("nested", nested.elementType(), nested);
    return module;
}

std::vector<std::string> attributes(const torch::jit::Module& module) {
    auto result = std::vector<std::string>();
    for (const auto& attribute : module.named_attributes()) {
        result.emplace_back(attribute.name);
    }
    return result;
}

TensorBlock block_in(const torch::IValue& value) {
    return value.toCustomClass<TensorBlockHolder>();
}

} // namespace

TEST(module, layout) {
    EXPECT(sizeof(Module) == sizeof(torch::jit::Module));
}

TEST(module, registered_attributes) {
    auto module = torch::jit::Module("registered");
    // attributes which are not used can disappear when a module is exported, their names do not
    auto names = list_of<std::string>({"block", "labels", "tuple", "dict", "none", "disappeared"});
    module.register_attribute("_mts_buffer_names", c10::ListType::ofStrings(), names);
    module.register_attribute("block", type_of<TensorBlock>(), example_block());
    module.register_attribute("other", type_of<TensorBlock>(), example_block());
    module.register_attribute("labels", type_of<Labels>(), LabelsHolder::single());
    auto tuple = c10::ivalue::Tuple::create({torch::IValue(example_block()), torch::IValue(3)});
    module.register_attribute("tuple", tuple->type(), tuple);
    auto dict = torch::Dict<std::string, TensorBlock>();
    dict.insert("key", example_block());
    module.register_attribute("dict", torch::IValue(dict).type(), dict);
    auto optional = c10::OptionalType::create(type_of<Labels>());
    module.register_attribute("none", optional, torch::IValue());

    auto before = attributes(module);
    Module(module).to(torch::kMeta, torch::kFloat32);
    EXPECT(attributes(module) == before);

    auto check = [](const torch::IValue& value) {
        auto block = block_in(value);
        EXPECT(block->device().is_meta() && block->scalar_type() == torch::kFloat32);
    };
    check(module.attr("block"));
    check(module.attr("tuple").toTupleRef().elements()[0]);
    EXPECT(module.attr("tuple").toTupleRef().elements()[1].toInt() == 3);
    check(module.attr("dict").toGenericDict().at("key"));
    EXPECT(module.attr("labels").toCustomClass<LabelsHolder>()->device().is_meta());
    EXPECT(module.attr("none").isNone());
    // attributes which are not registered stay where they are
    EXPECT(block_in(module.attr("other"))->device().is_cpu());
}

TEST(module, dtype_only) {
    auto module = Module(legacy_module());
    module.to(torch::kFloat32);
    EXPECT(block_in(module.attr("block"))->scalar_type() == torch::kFloat32);
    module.to(torch::Device(torch::kMeta));
    EXPECT(block_in(module.attr("block"))->scalar_type() == torch::kFloat32);
    EXPECT(block_in(module.attr("block"))->device().is_meta());
}

TEST(module, wrong_declared_types) {
    auto module = torch::jit::Module("parent");
    module.register_module("child", legacy_module());
    auto before = attributes(module);
    Module(module).to(torch::kFloat32);
    EXPECT(attributes(module) == before);

    auto child = module.attr("child").toModule();
    auto nested = child.attr("nested").toList();
    EXPECT(nested.size() == 2);
    EXPECT(block_in(nested.get(0).toList().get(0))->scalar_type() == torch::kFloat32);
    EXPECT(nested.get(1).toList().empty());
    auto actual = c10::ListType::create(c10::ListType::create(type_of<TensorBlock>()));
    EXPECT(*child.type()->getAttribute("nested") == *actual);
}

TEST(module, mixed_containers) {
    auto module = torch::jit::Module("mixed");
    auto mixed = c10::impl::GenericList(c10::AnyType::get());
    mixed.push_back(example_block());
    mixed.push_back(torch::IValue(3));
    module.register_attribute("mixed", c10::ListType::create(c10::AnyType::get()), mixed);
    EXPECT_THROWS(c10::ValueError, "list", Module(module).to(torch::kFloat32));
}
