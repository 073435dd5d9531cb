// Source code written for this interface must keep compiling: the exact type of each function, and
// the ways to call functions that the other tests do not use.

#include "cpp_api.hpp"
#include "custom_array.hpp"

#include <cstdio>
#include <string_view>

using namespace metatensor;

/// Does `Class` have a function with exactly this type? `Type` selects one of the overloads.
template <typename Type>
constexpr bool has_type(Type) {
    return true;
}

using Names = std::vector<std::string>;
using Shape = std::vector<uintptr_t>;
using Moves = std::vector<mts_data_movement_t>;
using Bytes = std::vector<uint8_t>;
using Mapping = std::vector<size_t>;
using OptionalMapping = std::vector<std::optional<size_t>>;
using Optional = std::optional<size_t>;
using Data = std::unique_ptr<DataArrayBase>;
using Exported = DLManagedTensorVersioned*;
using CreateArray = mts_create_array_callback_t;

// ---------------------------------------------------------------------------------------------- //
// Errors and helpers

static_assert(has_type<void (*)(mts_status_t)>(&details::check_status));
static_assert(has_type<void (*)(const void*)>(&details::check_pointer));
static_assert(has_type<DLDataType (*)()>(&details::dtype_of<float>));
static_assert(has_type<CreateArray>(&details::default_create_array));
static_assert(has_type<Data (*)(Shape, DLDataType)>(&details::create_empty_array));

// ---------------------------------------------------------------------------------------------- //
// Arrays

static_assert(std::is_constructible_v<MtsArray, mts_array_t>);
static_assert(has_type<mts_array_t (MtsArray::*)() &&>(&MtsArray::release));
static_assert(has_type<mts_array_t (MtsArray::*)() const>(&MtsArray::as_mts_array_t));
static_assert(has_type<mts_data_origin_t (MtsArray::*)() const>(&MtsArray::origin));
static_assert(has_type<DLDevice (MtsArray::*)() const>(&MtsArray::device));
static_assert(has_type<DLDataType (MtsArray::*)() const>(&MtsArray::dtype));
static_assert(
    has_type<Exported (MtsArray::*)(DLDevice, const int64_t*, DLPackVersion)>(&MtsArray::as_dlpack)
);
static_assert(has_type<DLPackArray<float> (MtsArray::*)(DLDevice, const int64_t*, DLPackVersion)>(
    &MtsArray::as_dlpack_array<float>
));
static_assert(has_type<MtsArray (MtsArray::*)(Exported)>(&MtsArray::from_dlpack));
static_assert(has_type<MtsArray (MtsArray::*)(const Shape&, MtsArray) const>(&MtsArray::create));
static_assert(has_type<Shape (MtsArray::*)() const>(&MtsArray::shape));
static_assert(has_type<void (MtsArray::*)(const Shape&)>(&MtsArray::reshape));
static_assert(has_type<void (MtsArray::*)(uintptr_t, uintptr_t)>(&MtsArray::swap_axes));
static_assert(has_type<void (MtsArray::*)(const MtsArray&, Moves)>(&MtsArray::move_data));

using Base = DataArrayBase;
static_assert(std::is_abstract_v<Base> && std::has_virtual_destructor_v<Base>);
static_assert(has_type<mts_data_origin_t (Base::*)() const>(&Base::origin));
static_assert(has_type<DLDevice (Base::*)() const>(&Base::device));
static_assert(has_type<DLDataType (Base::*)() const>(&Base::dtype));
static_assert(
    has_type<Exported (Base::*)(DLDevice, const int64_t*, DLPackVersion)>(&Base::as_dlpack)
);
static_assert(has_type<Data (Base::*)(Exported) const>(&Base::from_dlpack));
static_assert(has_type<Data (Base::*)(DLDevice) const>(&Base::copy));
static_assert(has_type<Data (Base::*)(Shape, MtsArray) const>(&Base::create));
static_assert(has_type<const Shape& (Base::*)() const&>(&Base::shape));
static_assert(has_type<void (Base::*)(const Shape&)>(&Base::reshape));
static_assert(has_type<void (Base::*)(uintptr_t, uintptr_t)>(&Base::swap_axes));
static_assert(has_type<void (Base::*)(const Base&, Moves)>(&Base::move_data));
static_assert(has_type<MtsArray (*)(Data)>(&Base::to_mts_array));

using Simple = SimpleDataArray<bool>;
static_assert(std::is_same_v<Simple::storage_t, uint8_t>);
static_assert(std::is_same_v<SimpleDataArray<double>::storage_t, double>);
static_assert(std::is_constructible_v<Simple, Shape, bool>);
static_assert(std::is_constructible_v<Simple, Shape, std::vector<uint8_t>>);
static_assert(has_type<NDArray<uint8_t> (Simple::*)()>(&Simple::view));
static_assert(has_type<NDArray<uint8_t> (Simple::*)() const>(&Simple::view));
static_assert(has_type<uint8_t* (Simple::*)()>(&Simple::data));
static_assert(has_type<const uint8_t* (Simple::*)() const>(&Simple::data));
static_assert(has_type<const std::vector<int64_t>& (Simple::*)() const>(&Simple::strides));
static_assert(has_type<bool (Simple::*)() const>(&Simple::is_contiguous));
static_assert(has_type<Simple& (*)(MtsArray&)>(&Simple::from_mts_array));
static_assert(has_type<const Simple& (*)(const MtsArray&)>(&Simple::from_mts_array));
static_assert(std::is_base_of_v<DataArrayBase, EmptyDataArray<int8_t>>);

template <typename Array>
constexpr bool is_viewable_array =
    has_type<const std::vector<int64_t>& (Array::*)() const>(&Array::strides) &&
    has_type<bool (Array::*)() const>(&Array::is_contiguous);
static_assert(is_viewable_array<NDArray<double>>);
static_assert(has_type<bool (NDArray<int>::*)() const>(&NDArray<int>::is_view));
static_assert(has_type<bool (DLPackArray<int>::*)() const>(&DLPackArray<int>::is_contiguous));
static_assert(has_type<DLDevice (DLPackArray<int>::*)() const>(&DLPackArray<int>::device));
static_assert(has_type<DLDataType (DLPackArray<int>::*)() const>(&DLPackArray<int>::dtype));

// ---------------------------------------------------------------------------------------------- //
// Labels

static_assert(has_type<std::vector<const char*> (Labels::*)() const>(&Labels::names));
static_assert(has_type<size_t (Labels::*)() const>(&Labels::count));
static_assert(has_type<size_t (Labels::*)() const>(&Labels::size));
static_assert(has_type<DLDevice (Labels::*)() const>(&Labels::device));
static_assert(
    has_type<Optional (Labels::*)(std::initializer_list<int32_t>) const>(&Labels::position)
);
static_assert(has_type<Optional (Labels::*)(const std::vector<int32_t>&) const>(&Labels::position));
static_assert(has_type<Optional (Labels::*)(const int32_t*, size_t) const>(&Labels::position));
static_assert(has_type<MtsArray (Labels::*)() const>(&Labels::mts_array));
static_assert(
    has_type<DLPackArray<int32_t> (Labels::*)(DLDevice, const int64_t*) const>(&Labels::values)
);
static_assert(has_type<NDArray<int32_t> (Labels::*)() const>(&Labels::values_cpu));

using SetOperation = Labels (Labels::*)(const Labels&, int64_t*, size_t, int64_t*, size_t) const;
static_assert(has_type<SetOperation>(&Labels::set_union));
static_assert(has_type<SetOperation>(&Labels::set_intersection));
static_assert(
    has_type<Labels (Labels::*)(const Labels&, Mapping&, Mapping&) const>(&Labels::set_union)
);
static_assert(has_type<Labels (Labels::*)(const Labels&, OptionalMapping&, OptionalMapping&) const>(
    &Labels::set_intersection
));
static_assert(
    has_type<Labels (Labels::*)(const Labels&, int64_t*, size_t) const>(&Labels::set_difference)
);
static_assert(
    has_type<Labels (Labels::*)(const Labels&, OptionalMapping&) const>(&Labels::set_difference)
);
static_assert(has_type<void (Labels::*)(const Labels&, uint64_t*, size_t*) const>(&Labels::select));
static_assert(has_type<std::vector<uint64_t> (Labels::*)(const Labels&) const>(&Labels::select));
static_assert(has_type<Labels (*)(const std::string&)>(&Labels::load));
static_assert(has_type<Labels (*)(const uint8_t*, size_t)>(&Labels::load_buffer));
static_assert(has_type<void (Labels::*)(const std::string&) const>(&Labels::save));
static_assert(has_type<Bytes (Labels::*)() const>(&Labels::save_buffer));
static_assert(has_type<const mts_labels_t* (Labels::*)() const>(&Labels::as_mts_labels_t));
static_assert(has_type<Labels (*)(const mts_labels_t*)>(&Labels::unsafe_from_ptr));
static_assert(has_type<const mts_labels_t* (Labels::*)()>(&Labels::release));

// ---------------------------------------------------------------------------------------------- //
// Blocks

using Block = TensorBlock;
static_assert(std::is_constructible_v<Block, Data, Labels, std::vector<Labels>, Labels>);
static_assert(has_type<Block (Block::*)() const>(&Block::clone));
static_assert(has_type<Block (Block::*)() const>(&Block::clone_metadata_only));
static_assert(has_type<bool (Block::*)() const>(&Block::is_view));
static_assert(has_type<DLDevice (Block::*)() const>(&Block::device));
static_assert(has_type<DLDataType (Block::*)() const>(&Block::dtype));
static_assert(has_type<DLPackArray<double> (Block::*)(DLDevice, const int64_t*)>(&Block::values<>));
static_assert(has_type<MtsArray (Block::*)()>(&Block::mts_array));
static_assert(has_type<Shape (Block::*)() const>(&Block::values_shape));
static_assert(has_type<Labels (Block::*)() const>(&Block::samples));
static_assert(has_type<std::vector<Labels> (Block::*)() const>(&Block::components));
static_assert(has_type<Labels (Block::*)() const>(&Block::properties));
static_assert(has_type<Labels (Block::*)(uintptr_t) const>(&Block::labels));
static_assert(has_type<void (Block::*)(const std::string&, Block)>(&Block::add_gradient));
static_assert(has_type<Names (Block::*)() const>(&Block::gradients_list));
static_assert(has_type<Block (Block::*)(const std::string&) const>(&Block::gradient));
static_assert(has_type<Block (*)(const std::string&, CreateArray)>(&Block::load));
static_assert(has_type<Block (*)(const uint8_t*, size_t, CreateArray)>(&Block::load_buffer));
static_assert(has_type<void (Block::*)(const std::string&) const>(&Block::save));
static_assert(has_type<Bytes (Block::*)() const>(&Block::save_buffer));
static_assert(has_type<mts_block_t* (Block::*)() &>(&Block::as_mts_block_t));
static_assert(has_type<const mts_block_t* (Block::*)() const&>(&Block::as_mts_block_t));
static_assert(has_type<Block (*)(mts_block_t*)>(&Block::unsafe_from_ptr));
static_assert(has_type<Block (*)(mts_block_t*)>(&Block::unsafe_view_from_ptr));
static_assert(has_type<mts_block_t* (Block::*)()>(&Block::release));

// ---------------------------------------------------------------------------------------------- //
// Tensor maps

using Map = TensorMap;
static_assert(std::is_constructible_v<Map, Labels, std::vector<Block>>);
static_assert(!std::is_convertible_v<mts_tensormap_t*, Map>);
static_assert(has_type<Map (Map::*)() const>(&Map::clone));
static_assert(has_type<Map (Map::*)() const>(&Map::clone_metadata_only));
static_assert(has_type<bool (Map::*)() const>(&Map::is_view));
static_assert(has_type<DLDevice (Map::*)() const>(&Map::device));
static_assert(has_type<DLDataType (Map::*)() const>(&Map::dtype));
static_assert(has_type<Labels (Map::*)() const>(&Map::keys));
static_assert(has_type<Block (Map::*)(uintptr_t) &>(&Map::block_by_id));
static_assert(has_type<Map (Map::*)(const Names&) const>(&Map::components_to_properties));
static_assert(has_type<Map (Map::*)(const std::string&) const>(&Map::components_to_properties));
static_assert(has_type<void (Map::*)(const std::string&, const std::string&)>(&Map::set_info));
static_assert(
    has_type<std::optional<std::string> (Map::*)(const std::string&) const>(&Map::get_info)
);
static_assert(has_type<details::TensorMapInfo (Map::*)() const>(&Map::info));
static_assert(has_type<Map (*)(const std::string&, CreateArray)>(&Map::load));
static_assert(has_type<Map (*)(const uint8_t*, size_t, CreateArray)>(&Map::load_buffer));
static_assert(has_type<void (Map::*)(const std::string&) const>(&Map::save));
static_assert(has_type<Bytes (Map::*)() const>(&Map::save_buffer));
static_assert(has_type<mts_tensormap_t* (Map::*)() &>(&Map::as_mts_tensormap_t));
static_assert(has_type<const mts_tensormap_t* (Map::*)() const&>(&Map::as_mts_tensormap_t));
static_assert(has_type<Map (*)(mts_tensormap_t*)>(&Map::unsafe_from_ptr));
static_assert(has_type<Map (*)(mts_tensormap_t*)>(&Map::unsafe_view_from_ptr));
static_assert(has_type<mts_tensormap_t* (Map::*)()>(&Map::release));

// ---------------------------------------------------------------------------------------------- //
// Files

static_assert(has_type<void (*)(const std::string&, const Map&)>(&io::save));
static_assert(has_type<void (*)(const std::string&, const Block&)>(&io::save));
static_assert(has_type<void (*)(const std::string&, const Labels&)>(&io::save));
static_assert(has_type<Bytes (*)(const Map&)>(&io::save_buffer<>));
static_assert(has_type<Bytes (*)(const Block&)>(&io::save_buffer<>));
static_assert(has_type<Bytes (*)(const Labels&)>(&io::save_buffer<>));
static_assert(has_type<Map (*)(const std::string&, CreateArray)>(&io::load));
static_assert(has_type<Map (*)(const uint8_t*, size_t, CreateArray)>(&io::load_buffer));
static_assert(has_type<Block (*)(const std::string&, CreateArray)>(&io::load_block));
static_assert(has_type<Block (*)(const uint8_t*, size_t, CreateArray)>(&io::load_block_buffer));
static_assert(has_type<Labels (*)(const std::string&)>(&io::load_labels));
static_assert(has_type<Labels (*)(const uint8_t*, size_t)>(&io::load_labels_buffer));

// ---------------------------------------------------------------------------------------------- //
// Calls

static TensorMap example_tensor() {
    std::vector<TensorBlock> blocks;
    blocks.emplace_back(make_block(Labels({"s"}, {{0}, {1}}), {}, Labels({"p"}, {{0}})));
    blocks.emplace_back(make_block(Labels({"s"}, {{1}, {2}}), {}, Labels({"p"}, {{0}}), 10));
    return TensorMap(Labels({"k"}, {{0}, {1}}), std::move(blocks));
}

static MtsArray fill_value() {
    return DataArrayBase::to_mts_array(
        std::make_unique<SimpleDataArray<double>>(std::vector<uintptr_t>{}, -1.0)
    );
}

static void test_keys_to_properties() {
    const auto tensor = example_tensor();
    const auto expected = SimpleDataArray<double>({3, 2}, {0, -1, 1, 10, -1, 11});
    auto check = [&](TensorMap merged) { CHECK(merged.block_by_id(0).values() == expected); };
    check(tensor.keys_to_properties("k", -1.0));
    check(tensor.keys_to_properties(Names{"k"}, -1.0, true));
    check(tensor.keys_to_properties(Labels({"k"}), -1.0, true));
    check(tensor.keys_to_properties(Labels({"k"}, {{0}, {1}}), -1.0));
    check(tensor.keys_to_properties("k", fill_value(), true));
    check(tensor.keys_to_properties(Names{"k"}, fill_value(), true));
    check(tensor.keys_to_properties(Labels({"k"}), fill_value(), true));
}

static mts_status_t
create_custom_array(const uintptr_t* shape, uintptr_t shape_count, DLDataType, mts_array_t* array) {
    return details::catch_exceptions([&] {
        auto data = std::make_unique<CustomArray>(Shape(shape, shape + shape_count));
        *array = DataArrayBase::to_mts_array(std::move(data)).release();
    });
}

/// All the ways to load values in arrays of another type.
static void test_create_array() {
    auto check_block = [](TensorBlock block) {
        CHECK(block.mts_array().origin() == CustomArray::custom_origin());
    };
    auto check_tensor = [&](TensorMap tensor) { check_block(tensor.block_by_id(1)); };

    const auto path = std::string("cpp_api_signatures.mts");
    auto tensor = example_tensor();
    tensor.save(path);
    check_tensor(io::load(path, create_custom_array));
    check_tensor(TensorMap::load(path, create_custom_array));
    const auto bytes = tensor.save_buffer<std::string>();
    const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
    check_tensor(io::load_buffer(bytes, create_custom_array));
    check_tensor(io::load_buffer(data, bytes.size(), create_custom_array));
    check_tensor(TensorMap::load_buffer(bytes, create_custom_array));
    check_tensor(TensorMap::load_buffer(data, bytes.size(), create_custom_array));

    tensor.block_by_id(0).save(path);
    check_block(io::load_block(path, create_custom_array));
    check_block(TensorBlock::load(path, create_custom_array));
    const auto block_bytes = tensor.block_by_id(0).save_buffer();
    check_block(io::load_block_buffer(block_bytes, create_custom_array));
    check_block(io::load_block_buffer(block_bytes.data(), block_bytes.size(), create_custom_array));
    check_block(TensorBlock::load_buffer(block_bytes, create_custom_array));
    std::remove(path.c_str());

    const auto labels = tensor.keys().save_buffer<std::vector<char>>();
    CHECK(Labels::load_buffer(labels) == tensor.keys());
    CHECK(io::load_labels_buffer(labels) == tensor.keys());
}

/// Code of programs that were written for older versions of this interface.
static void test_deprecated_constructor() {
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
    auto tensor = TensorMap(example_tensor().release());
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
    CHECK(!tensor.is_view());
    CHECK(tensor.keys().count() == 2);
}

static void test_info_range() {
    auto tensor = example_tensor();
    tensor.set_info("first", "1");
    tensor.set_info("second", "2");

    // iterators are copied and assigned as any others
    const auto info = tensor.info();
    details::TensorMapInfo::iterator iterator;
    iterator = info.begin();
    const auto copy = iterator;
    CHECK(copy == iterator++);
    CHECK(copy != iterator);
    const std::pair<std::string_view, std::string_view> pair = *iterator;
    CHECK(pair.first == "second" && pair.second == "2");
}

/// Derived classes can be copied, moved, and derived from again.
struct NamedArray : SimpleDataArray<double> {
    using SimpleDataArray<double>::SimpleDataArray;
    std::string name;
};
static_assert(std::is_copy_assignable_v<NamedArray>);
static_assert(std::is_nothrow_move_constructible_v<NamedArray>);
static_assert(std::is_nothrow_move_assignable_v<NamedArray>);

static void test_derived_array() {
    auto values = std::make_unique<NamedArray>(Shape{1, 1}, 3.0);
    values->name = "positions";
    auto block = TensorBlock(std::move(values), Labels({"s"}, {{0}}), {}, Labels({"p"}, {{0}}));

    auto array = block.mts_array();
    auto* data = static_cast<DataArrayBase*>(array.as_mts_array_t().ptr);
    CHECK(dynamic_cast<NamedArray&>(*data).name == "positions");
    // the reference stays valid after the end of the view
    const auto& simple = SimpleDataArray<double>::from_mts_array(block.mts_array());
    CHECK(simple.data()[0] == 3.0);
}

static void test_empty_error_record() {
    // texts that are NULL become something else, and never a crash
    mts_set_last_error(nullptr, nullptr, nullptr, nullptr);
    CHECK_THROWS(details::check_pointer(nullptr), "");
    CHECK_THROWS(details::check_status(MTS_IO_ERROR), "");
}

int main() {
    test_keys_to_properties();
    test_create_array();
    test_deprecated_constructor();
    test_info_range();
    test_derived_array();
    test_empty_error_record();
    CHECK(CustomArray::live_count == 0);
    return end_of_tests();
}
