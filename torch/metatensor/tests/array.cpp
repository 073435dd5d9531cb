#include <metatensor/torch.hpp>

#include "expect.hpp"

using metatensor_torch::TorchDataArray;

namespace {

constexpr DLDevice CPU = {kDLCPU, 0};
constexpr DLDevice META = {kDLExtDev, 0};
constexpr DLPackVersion VERSION = {1, 3};

torch::Tensor tensor_of(const std::unique_ptr<metatensor::DataArrayBase>& array) {
    return dynamic_cast<TorchDataArray&>(*array).tensor();
}

metatensor::MtsArray scalar(torch::Tensor value) {
    return metatensor::DataArrayBase::to_mts_array(std::make_unique<TorchDataArray>(value));
}

/// DLPack tensor that is released with its owner
using DLPackOwner = std::unique_ptr<DLManagedTensorVersioned, void (*)(DLManagedTensorVersioned*)>;

DLPackOwner as_dlpack(TorchDataArray& array, DLDevice device = CPU) {
    auto release = [](DLManagedTensorVersioned* managed) { managed->deleter(managed); };
    return {array.as_dlpack(device, nullptr, VERSION), release};
}

const std::vector<torch::ScalarType> DTYPES = {
    torch::kBool,
    torch::kUInt8,
    torch::kInt8,
    torch::kInt16,
    torch::kInt32,
    torch::kInt64,
    torch::kFloat16,
    torch::kFloat32,
    torch::kFloat64,
    torch::kBFloat16,
    torch::kComplexHalf,
    torch::kComplexFloat,
    torch::kComplexDouble,
};

} // namespace

TEST(array, layout) {
    EXPECT(sizeof(TorchDataArray) == 40);
}

TEST(array, metadata) {
    auto tensor = torch::zeros({2, 3, 4}, torch::kFloat32);
    auto array = TorchDataArray(tensor);
    EXPECT(array.tensor().is_same(tensor));
    EXPECT(array.shape() == std::vector<uintptr_t>{2, 3, 4});
    EXPECT(array.device().device_type == kDLCPU && array.device().device_id == 0);
    auto dtype = array.dtype();
    EXPECT(dtype.code == kDLFloat && dtype.bits == 32 && dtype.lanes == 1);

    EXPECT(TorchDataArray(torch::empty({2}, torch::kMeta)).device().device_type == kDLExtDev);
    EXPECT_THROWS(
        c10::Error, "not supported", TorchDataArray(torch::zeros({1}, torch::kUInt16)).dtype()
    );
}

TEST(array, origin) {
    auto origin = TorchDataArray(torch::zeros({1})).origin();
    EXPECT(origin != 0);
    EXPECT(TorchDataArray(torch::zeros({2}, torch::kInt32)).origin() == origin);

    char name[64] = {0};
    mts_get_data_origin(origin, name, sizeof(name));
    EXPECT(std::string(name) == "metatensor_torch::TorchDataArray");
}

TEST(array, copy) {
    auto tensor = torch::rand({2, 3}, torch::TensorOptions().requires_grad(true));
    auto array = TorchDataArray(tensor);
    auto copy = tensor_of(array.copy(CPU));
    EXPECT(copy.data_ptr() != tensor.data_ptr());
    EXPECT(torch::equal(copy, tensor));
    EXPECT(copy.grad_fn() != nullptr);

    EXPECT(tensor_of(array.copy(META)).is_meta());
}

TEST(array, create) {
    for (auto dtype : DTYPES) {
        auto array = TorchDataArray(torch::zeros({2, 3}, dtype));
        auto created = tensor_of(array.create({4, 2}, scalar(torch::ones({}, dtype))));
        EXPECT(created.scalar_type() == dtype);
        EXPECT(created.sizes() == torch::IntArrayRef({4, 2}));
        EXPECT(created.to(torch::kComplexDouble).eq(1).all().item<bool>());
    }

    auto array = TorchDataArray(torch::zeros({2, 3}, torch::kFloat64));
    EXPECT_THROWS(std::runtime_error, "dtype", array.create({1}, scalar(torch::ones({}))));
    auto vector = torch::ones({1}, torch::kFloat64);
    EXPECT_THROWS(std::runtime_error, "0-dimensional", array.create({1}, scalar(vector)));
}

TEST(array, shape_changes) {
    auto tensor = torch::arange(24).reshape({2, 3, 4});
    auto array = TorchDataArray(tensor);
    array.swap_axes(0, 2);
    EXPECT(array.shape() == std::vector<uintptr_t>{4, 3, 2});
    EXPECT(torch::equal(array.tensor(), tensor.transpose(0, 2)));

    array.reshape({4, 6});
    EXPECT(array.shape() == std::vector<uintptr_t>{4, 6});
    EXPECT(torch::equal(array.tensor(), tensor.transpose(0, 2).reshape({4, 6})));
}

TEST(array, dlpack_export) {
    auto tensor = torch::arange(6, torch::kFloat32).reshape({2, 3}).t();
    auto array = std::make_unique<TorchDataArray>(tensor);
    auto exported = as_dlpack(*array);
    EXPECT(exported->version.major == 1 && exported->version.minor <= 3);
    const auto& dl_tensor = exported->dl_tensor;
    EXPECT(dl_tensor.data == tensor.data_ptr());
    EXPECT(dl_tensor.shape[0] == 3 && dl_tensor.shape[1] == 2);
    EXPECT(dl_tensor.strides[0] == 1 && dl_tensor.strides[1] == 3);

    // the export keeps the data alive
    array.reset();
    tensor = torch::Tensor();
    EXPECT(static_cast<const float*>(exported->dl_tensor.data)[5] == 5.0f);
}

TEST(array, dlpack_export_of_lazy_values) {
    auto tensor = torch::tensor({c10::complex<double>(1, 2)});
    auto array = TorchDataArray(torch::conj(tensor));
    auto exported = as_dlpack(array);
    EXPECT(static_cast<const double*>(exported->dl_tensor.data)[1] == -2);
}

TEST(array, dlpack_errors) {
    auto array = TorchDataArray(torch::zeros({2}));
    EXPECT_THROWS(metatensor::Error, "1.3", array.as_dlpack(CPU, nullptr, {2, 0}));
    auto stream = int64_t(1);
    EXPECT_THROWS(c10::ValueError, "stream", array.as_dlpack(CPU, &stream, VERSION));
}

TEST(array, dlpack_import) {
    auto source = TorchDataArray(torch::arange(6).reshape({2, 3}).t());
    auto other = TorchDataArray(torch::zeros({1}, torch::kFloat32));
    auto imported = other.from_dlpack(source.as_dlpack(CPU, nullptr, VERSION));
    EXPECT(torch::equal(tensor_of(imported), source.tensor()));
    EXPECT(tensor_of(imported).data_ptr() == source.tensor().data_ptr());
    EXPECT(tensor_of(imported).strides() == source.tensor().strides());
}

TEST(array, dlpack_round_trip_of_all_dtypes) {
    for (auto dtype : DTYPES) {
        auto source = TorchDataArray(torch::ones({3, 2}, dtype));
        auto imported = tensor_of(source.from_dlpack(source.as_dlpack(CPU, nullptr, VERSION)));
        EXPECT(imported.scalar_type() == dtype);
        EXPECT(imported.data_ptr() == source.tensor().data_ptr());
    }
}

TEST(array, dlpack_without_data) {
    auto array = TorchDataArray(torch::empty({2, 3}, torch::kMeta));
    auto exported = as_dlpack(array, META);
    EXPECT(exported->dl_tensor.data == nullptr);
    EXPECT(exported->dl_tensor.device.device_type == kDLExtDev);
    EXPECT(tensor_of(array.from_dlpack(exported.release())).is_meta());
}

TEST(array, device_conversion) {
    EXPECT(TorchDataArray(torch::zeros({1})).copy(CPU)->device().device_type == kDLCPU);
    auto unknown = DLDevice{kDLWebGPU, 0};
    EXPECT_THROWS(
        c10::ValueError, "DLPack device", TorchDataArray(torch::zeros({1})).copy(unknown)
    );
}

namespace {

/// The definition of a movement, one value at a time.
torch::Tensor moved_one_by_one(
    const torch::Tensor& output,
    const torch::Tensor& input,
    const std::vector<mts_data_movement_t>& moves
) {
    auto result = output.clone();
    for (const auto& move : moves) {
        for (uintptr_t i = 0; i < move.properties_length; i++) {
            auto from = static_cast<int64_t>(move.properties_start_in + i);
            auto to = static_cast<int64_t>(move.properties_start_out + i);
            auto sample = static_cast<int64_t>(move.sample_out);
            result[sample].select(-1, to).copy_(
                input[static_cast<int64_t>(move.sample_in)].select(-1, from)
            );
        }
    }
    return result;
}

void check_moves(const std::vector<mts_data_movement_t>& moves) {
    for (auto dtype : DTYPES) {
        auto input = torch::arange(4 * 2 * 3).reshape({4, 2, 3}).to(dtype);
        auto output = torch::zeros({6, 2, 5}, dtype);
        auto expected = moved_one_by_one(output, input, moves);
        auto array = TorchDataArray(output);
        array.move_data(TorchDataArray(input), moves);
        auto wide = torch::kComplexDouble;
        EXPECT(torch::equal(array.tensor().to(wide), expected.to(wide)));
    }
}

} // namespace

TEST(array, move_data) {
    // contiguous samples on both sides
    check_moves({{0, 2, 0, 2, 3}, {1, 3, 0, 2, 3}, {2, 4, 0, 2, 3}});
    // scattered samples on either side
    check_moves({{0, 5, 0, 1, 3}, {1, 0, 0, 1, 3}, {2, 3, 0, 1, 3}});
    check_moves({{0, 1, 1, 0, 2}, {2, 2, 1, 0, 2}, {3, 3, 1, 0, 2}});
    // different ranges of properties
    check_moves({{0, 0, 0, 3, 1}, {0, 0, 1, 0, 2}, {2, 1, 0, 3, 1}, {3, 5, 1, 0, 2}});
    check_moves({});
}

TEST(array, move_data_is_differentiable) {
    auto input = torch::rand({2, 3}, torch::TensorOptions().requires_grad(true));
    auto array = TorchDataArray(torch::zeros({3, 3}));
    array.move_data(TorchDataArray(input), {{0, 2, 0, 1, 2}, {1, 0, 0, 1, 2}});
    array.tensor().sum().backward();
    EXPECT(torch::equal(input.grad(), torch::tensor({{1.0f, 1.0f, 0.0f}, {1.0f, 1.0f, 0.0f}})));
}

TEST(array, create_torch_array) {
    uintptr_t shape[] = {2, 3};
    mts_array_t c_array = {};
    auto status =
        metatensor_torch::details::create_torch_array(shape, 2, {kDLFloat, 32, 1}, &c_array);
    EXPECT(status == MTS_SUCCESS);
    auto array = metatensor::MtsArray(c_array);
    EXPECT(array.shape() == std::vector<uintptr_t>{2, 3});
    auto values = array.as_dlpack_array<float>(CPU, nullptr, VERSION);
    EXPECT(values(1, 2) == 0);

    status = metatensor_torch::details::create_torch_array(shape, 2, {kDLFloat, 32, 2}, &c_array);
    EXPECT(status != MTS_SUCCESS);
}
