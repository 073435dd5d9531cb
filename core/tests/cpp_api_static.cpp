// What must hold at compile time: sizes of the classes, which are part of the interface between
// separately compiled libraries, and the functions that must not compile for some values.

#include "cpp_api.hpp"

#include <type_traits>

using namespace metatensor;

template <typename T>
constexpr size_t ndarray_size =
    sizeof(void*) + sizeof(std::vector<size_t>) + sizeof(std::vector<int64_t>) + 8 + sizeof(void*) +
    sizeof(std::function<void(void*)>) + 16;

template <typename T>
constexpr size_t simple_array_size =
    sizeof(void*) + sizeof(std::vector<uintptr_t>) + sizeof(std::vector<int64_t>) +
    sizeof(std::shared_ptr<std::vector<T>>) + 16;

template <typename T>
constexpr size_t dlpack_array_size =
    2 * sizeof(void*) + sizeof(std::vector<size_t>) + sizeof(std::vector<int64_t>) + 16;

static_assert(sizeof(mts_array_t) == 104);
static_assert(sizeof(MtsArray) == 128);
static_assert(sizeof(DataArrayBase) == 8);
static_assert(sizeof(NDArray<double>) == ndarray_size<double>);
static_assert(sizeof(NDArray<bool>) == ndarray_size<bool>);
static_assert(sizeof(SimpleDataArray<double>) == simple_array_size<double>);
static_assert(sizeof(SimpleDataArray<bool>) == simple_array_size<bool>);
static_assert(sizeof(DLPackArray<double>) == dlpack_array_size<double>);
static_assert(sizeof(DLPackArray<bool>) == dlpack_array_size<bool>);
static_assert(sizeof(Labels) == 32);
static_assert(sizeof(TensorBlock) == 32);
static_assert(sizeof(TensorMap) == 32);
static_assert(sizeof(details::TensorMapInfo) == 32);

template <typename T>
constexpr bool is_move_only =
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;

template <typename T>
constexpr bool is_copyable =
    std::is_copy_constructible_v<T> && std::is_copy_assignable_v<T> &&
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T>;

static_assert(is_move_only<TensorMap> && is_move_only<TensorBlock>);
static_assert(is_move_only<NDArray<double>> && is_move_only<DLPackArray<double>>);
static_assert(is_copyable<MtsArray> && is_copyable<Labels>);
static_assert(is_copyable<SimpleDataArray<double>> && is_copyable<EmptyDataArray<>>);

static_assert(!std::is_default_constructible_v<MtsArray>);
static_assert(!std::is_default_constructible_v<Labels>);
static_assert(!std::is_default_constructible_v<TensorBlock>);
static_assert(!std::is_default_constructible_v<TensorMap>);
static_assert(std::is_nothrow_default_constructible_v<NDArray<double>>);
static_assert(std::is_nothrow_default_constructible_v<DLPackArray<double>>);

static_assert(std::is_final_v<MtsArray> && std::is_final_v<Labels>);
static_assert(std::is_final_v<TensorBlock> && std::is_final_v<TensorMap>);
static_assert(!std::is_final_v<SimpleDataArray<double>>);
static_assert(std::is_base_of_v<std::runtime_error, Error>);
static_assert(std::is_convertible_v<std::string, Error>);
static_assert(std::is_convertible_v<std::vector<uintptr_t>, SimpleDataArray<double>>);
static_assert(std::is_convertible_v<std::vector<uintptr_t>, EmptyDataArray<>>);
static_assert(!std::is_convertible_v<mts_array_t, MtsArray>);
static_assert(!std::is_convertible_v<std::vector<std::string>, Labels>);

/// Does `expression` compile when `value` is a `T`?
#define DEFINE_COMPILES(name, expression)                                                          \
    template <typename T, typename = void>                                                         \
    struct name : std::false_type {};                                                              \
    template <typename T>                                                                          \
    struct name<T, std::void_t<decltype(expression)>> : std::true_type {};

DEFINE_COMPILES(can_index, std::declval<T>()(0, 0))
DEFINE_COMPILES(has_data, std::declval<T>().data())
DEFINE_COMPILES(has_shape, std::declval<T>().shape())
DEFINE_COMPILES(has_block_by_id, std::declval<T>().block_by_id(0))
DEFINE_COMPILES(has_block_pointer, std::declval<T>().as_mts_block_t())
DEFINE_COMPILES(has_tensor_pointer, std::declval<T>().as_mts_tensormap_t())
DEFINE_COMPILES(can_release, std::declval<T>().release())
DEFINE_COMPILES(has_values, std::declval<T>().values())

template <typename T>
constexpr bool only_on_lvalues_array =
    can_index<T&>::value && can_index<const T&>::value && !can_index<T>::value &&
    has_data<T&>::value && has_data<const T&>::value && !has_data<T>::value &&
    has_shape<T&>::value && has_shape<const T&>::value && !has_shape<T>::value;

static_assert(only_on_lvalues_array<NDArray<double>>);
static_assert(only_on_lvalues_array<DLPackArray<double>>);
static_assert(has_shape<const DataArrayBase&>::value && !has_shape<DataArrayBase>::value);
static_assert(!has_shape<SimpleDataArray<double>>::value);

static_assert(has_block_by_id<TensorMap&>::value && !has_block_by_id<TensorMap>::value);
static_assert(!has_block_by_id<const TensorMap&>::value);
static_assert(has_block_pointer<TensorBlock&>::value && !has_block_pointer<TensorBlock>::value);
static_assert(has_tensor_pointer<TensorMap&>::value && !has_tensor_pointer<TensorMap>::value);

// taking the array out of a MtsArray is explicit; the values of blocks need mutable access
static_assert(can_release<MtsArray>::value && !can_release<MtsArray&>::value);
static_assert(has_values<TensorBlock&>::value && !has_values<const TensorBlock&>::value);
static_assert(has_values<const Labels&>::value);

// pointers keep the constness of the objects
static_assert(std::is_same_v<
              decltype(std::declval<const TensorBlock&>().as_mts_block_t()),
              const mts_block_t*>);
static_assert(
    std::is_same_v<decltype(std::declval<TensorMap&>().as_mts_tensormap_t()), mts_tensormap_t*>
);

// boolean fill values are not taken for the `sort_samples` argument
template <typename T, typename = void>
struct can_fill_with : std::false_type {};
template <typename T>
struct can_fill_with<
    T,
    std::void_t<decltype(std::declval<const TensorMap&>().keys_to_samples("key", T{}))>>
    : std::true_type {};

static_assert(can_fill_with<double>::value && can_fill_with<float>::value);
static_assert(can_fill_with<int32_t>::value && !can_fill_with<bool>::value);

using InfoIterator = decltype(std::declval<const details::TensorMapInfo&>().begin());
using InfoTraits = std::iterator_traits<InfoIterator>;
using InfoPair = std::pair<std::string_view, std::string_view>;
static_assert(std::is_same_v<InfoTraits::value_type, InfoPair>);
static_assert(std::is_same_v<InfoTraits::reference, InfoPair>);
static_assert(std::is_same_v<InfoTraits::iterator_category, std::forward_iterator_tag>);

int main() {
    return 0;
}
