#include <metatomic/torch.hpp>

#include "check.hpp"

using namespace metatomic_torch;
using metatensor_torch::LabelsHolder;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorBlockHolder;
using metatensor_torch::TensorMap;
using metatensor_torch::TensorMapHolder;

static const auto FLOAT64 = torch::TensorOptions(torch::kFloat64);

static System create_system() {
    return torch::make_intrusive<SystemHolder>(
        torch::tensor({1, 8}, torch::kInt32),
        torch::tensor({0.0, 0.0, 0.0, 0.5, 1.0, 1.5}, FLOAT64).reshape({2, 3}),
        3 * torch::eye(3, FLOAT64),
        torch::ones({3}, torch::kBool)
    );
}

/// Neighbors of `create_system`
static TensorBlock create_neighbors() {
    return torch::make_intrusive<TensorBlockHolder>(
        torch::tensor({0.5, 1.0, 1.5, 0.5, 1.0, -1.5}, FLOAT64).reshape({2, 3, 1}),
        LabelsHolder::create(
            {"first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"},
            {{0, 1, 0, 0, 0}, {0, 1, 0, 0, -1}}
        ),
        std::vector<metatensor_torch::Labels>{LabelsHolder::create({"xyz"}, {{0}, {1}, {2}})},
        LabelsHolder::create({"distance"}, {{0}})
    );
}

static TensorMap create_masses() {
    auto block = torch::make_intrusive<TensorBlockHolder>(
        torch::tensor({1.0, 16.0}, FLOAT64).reshape({2, 1}),
        LabelsHolder::create({"system", "atom"}, {{0, 0}, {0, 1}}),
        std::vector<metatensor_torch::Labels>{},
        LabelsHolder::create({"mass"}, {{0}})
    );
    return torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::create({"_"}, {{0}}), std::vector<TensorBlock>{block}
    );
}

static System create_full_system() {
    auto system = create_system();
    auto neighbors = create_neighbors();
    register_autograd_neighbors(system, neighbors, /* check_consistency */ true);
    system->add_neighbor_list(
        torch::make_intrusive<NeighborListOptionsHolder>(2.5, false, true, "tests"), neighbors
    );
    system->add_data("mass", create_masses());
    return system;
}

static void tensors_are_shared() {
    auto types = torch::tensor({1, 8}, torch::kInt32);
    auto positions = torch::zeros({2, 3}, FLOAT64.requires_grad(true));
    auto cell = torch::zeros({3, 3}, FLOAT64);
    auto pbc = torch::zeros({3}, torch::kBool);
    auto system = torch::make_intrusive<SystemHolder>(types, positions, cell, pbc);

    EXPECT(system->types().is_same(types));
    EXPECT(system->positions().is_same(positions));
    EXPECT(system->cell().is_same(cell));
    EXPECT(system->pbc().is_same(pbc));
    EXPECT_EQ(system->size(), 2);
    EXPECT(system->device() == torch::kCPU);
    EXPECT(system->scalar_type() == torch::kFloat64);

    auto converted = system->to(torch::kFloat32, torch::nullopt, /* non_blocking */ false);
    EXPECT(converted->scalar_type() == torch::kFloat32);
    EXPECT(converted->types().is_same(types));
    EXPECT(converted->positions().requires_grad());
}

static void neighbor_lists_order() {
    auto infinity = std::numeric_limits<double>::infinity();
    auto nan = std::numeric_limits<double>::quiet_NaN();

    auto system = create_system();
    for (auto cutoff : {nan, infinity, 1.0, -1.0}) {
        for (auto full_list : {true, false}) {
            for (auto strict : {true, false}) {
                system->add_neighbor_list(
                    torch::make_intrusive<NeighborListOptionsHolder>(cutoff, full_list, strict),
                    create_neighbors()
                );
            }
        }
    }

    auto known = system->known_neighbor_lists();
    EXPECT_EQ(known.size(), 16u);
    auto i = 0;
    for (auto strict : {false, true}) {
        for (auto full_list : {false, true}) {
            for (auto cutoff : {-1.0, 1.0, infinity}) {
                EXPECT_EQ(known[i]->cutoff(), cutoff);
                EXPECT_EQ(known[i]->full_list(), full_list);
                EXPECT_EQ(known[i]->strict(), strict);
                i += 1;
            }
            EXPECT(std::isnan(known[i]->cutoff()));
            i += 1;
        }
    }
}

static void errors() {
    auto system = create_full_system();
    EXPECT_THROWS(
        system->get_data("velocity"), c10::ValueError, "there is no data named 'velocity'"
    );
    EXPECT_THROWS(
        system->add_data("mass", create_masses()),
        c10::ValueError,
        "there is already some data named 'mass'"
    );
    system->add_data("mass", create_masses(), /* override */ true);

    auto options = torch::make_intrusive<NeighborListOptionsHolder>(2.5, true, true);
    EXPECT_THROWS(
        system->get_neighbor_list(options),
        c10::ValueError,
        "there is no neighbor list for NeighborListOptions(cutoff=2.500000, full_list=True, "
        "strict=True)"
    );
    EXPECT_THROWS(
        system->to_positional(1.5, {}, torch::nullopt, torch::nullopt, false),
        c10::TypeError,
        "the positional arguments of `System.to`"
    );
}

static void gradients() {
    auto system = create_system();
    system->positions().requires_grad_(true);
    system->cell().requires_grad_(true);

    auto neighbors = create_neighbors();
    auto values = neighbors->values();
    register_autograd_neighbors(system, neighbors, /* check_consistency */ true);
    EXPECT(neighbors->values().is_same(values));
    EXPECT(values.requires_grad());

    values.pow(2).sum().backward();
    auto expected = 2 * values.detach().sum(0).squeeze(-1);
    EXPECT(torch::allclose(system->positions().grad()[0], -expected));
    EXPECT(torch::allclose(system->positions().grad()[1], expected));
    EXPECT(torch::allclose(system->cell().grad()[2], -2 * values.detach()[1].squeeze(-1)));
    EXPECT_EQ(system->cell().grad()[0].abs().sum().item<double>(), 0);

    EXPECT_THROWS(
        register_autograd_neighbors(system, neighbors, false),
        c10::ValueError,
        "the values of the neighbors already require gradients"
    );
}

static void serialization() {
    auto system = create_full_system();
    auto buffer = save_buffer(system);
    EXPECT(torch::equal(buffer, save_buffer(system)));

    const auto* data = buffer.const_data_ptr<uint8_t>();
    auto size = static_cast<size_t>(buffer.numel());
    for (const auto& loaded :
         {load_system_buffer(buffer),
          load_system_buffer(data, size),
          load_system_buffer(std::vector<uint8_t>(data, data + size))}) {
        EXPECT(torch::equal(loaded->types(), system->types()));
        EXPECT(torch::equal(loaded->positions(), system->positions()));
        EXPECT(torch::equal(loaded->cell(), system->cell()));
        EXPECT(torch::equal(loaded->pbc(), system->pbc()));
        EXPECT_EQ(loaded->known_neighbor_lists()[0]->requestors()[0], "tests");
        EXPECT_EQ(loaded->known_data()[0], "mass");
        EXPECT(torch::equal(save_buffer(loaded), buffer));
    }
}

/// Loading always gives either a valid system or an exception
static void invalid_buffers() {
    auto buffer = save_buffer(create_full_system());
    auto size = buffer.numel();
    auto try_to_load = [](const torch::Tensor& invalid) {
        try {
            auto system = load_system_buffer(invalid);
            EXPECT_EQ(system->size(), 2);
        } catch (const std::exception& error) {
            EXPECT(std::string(error.what()).size() != 0);
        }
    };

    for (int64_t end = 0; end < size; end++) {
        EXPECT_THROWS(load_system_buffer(buffer.slice(0, 0, end)), std::runtime_error, "");
    }

    for (int64_t i = 0; i < size; i++) {
        for (uint8_t value : {0x00, 0x7f, 0x80, 0xff}) {
            auto invalid = buffer.clone();
            invalid.mutable_data_ptr<uint8_t>()[i] = value;
            try_to_load(invalid);
        }
    }
}

int main() {
    tensors_are_shared();
    neighbor_lists_order();
    errors();
    gradients();
    serialization();
    invalid_buffers();
}
