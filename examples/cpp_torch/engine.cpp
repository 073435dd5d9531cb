// What a simulation program does with a TorchScript model that takes and gives tensor maps: load
// it, give it data which is already somewhere in memory, read the results, and get forces from
// autograd.
//
//     engine MODEL.pt ENERGY.mts [float32|float64]
//
// `export_model.py` creates the model.

#include <metatensor/torch.hpp>
#include <torch/script.h>

#include <array>
#include <cstdint>
#include <exception>
#include <iostream>
#include <map>
#include <string>
#include <vector>

using metatensor_torch::Labels;
using metatensor_torch::LabelsHolder;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorBlockHolder;
using metatensor_torch::TensorMap;
using metatensor_torch::TensorMapHolder;

/// The atoms of one type, as this program stores them.
struct Atoms {
    std::vector<std::array<int32_t, 2>> systems_and_indices;
    std::vector<std::array<double, 3>> positions;
};

using AllAtoms = std::map<int32_t, Atoms>;

/// Two systems: a water molecule, and a single carbon atom.
static AllAtoms create_atoms() {
    AllAtoms atoms;
    atoms[1] = {{{0, 1}, {0, 2}}, {{0.76, 0.0, -0.5}, {-0.76, 0.0, -0.5}}};
    atoms[6] = {{{1, 0}}, {{0.1, 0.2, -0.3}}};
    atoms[8] = {{{0, 0}}, {{0.0, 0.0, 0.1}}};
    return atoms;
}

/// A block which uses the memory of `atoms`, which has to live longer. Derivatives with respect to
/// the values are recorded.
static TensorBlock positions_block(Atoms& atoms) {
    const auto count = static_cast<int64_t>(atoms.positions.size());
    auto values = torch::from_blob(atoms.positions.data(), {count, 3, 1}, torch::kFloat64);
    auto samples = torch::from_blob(atoms.systems_and_indices.data(), {count, 2}, torch::kInt32);
    return torch::make_intrusive<TensorBlockHolder>(
        values.requires_grad_(true),
        // these atoms are different from each other: there is no need to check it at each step
        torch::make_intrusive<LabelsHolder>(
            std::vector<std::string>{"system", "atom"}, samples, metatensor::assume_unique{}
        ),
        std::vector<Labels>{LabelsHolder::create({"xyz"}, {{0}, {1}, {2}})},
        LabelsHolder::create({"position"}, {{0}})
    );
}

/// One block for each type. Types without any atoms would have no block.
static TensorMap positions_map(AllAtoms& atoms) {
    std::vector<int32_t> types;
    std::vector<TensorBlock> blocks;
    for (auto& [type, atoms_of_type] : atoms) {
        types.push_back(type);
        blocks.push_back(positions_block(atoms_of_type));
    }
    auto values = torch::tensor(types, torch::kInt32).reshape({-1, 1});
    auto keys = torch::make_intrusive<LabelsHolder>("atom_type", values);
    // the blocks belong to the map from now on
    return torch::make_intrusive<TensorMapHolder>(keys, blocks);
}

static void print_energies(const TensorMap& energies) {
    for (const auto& [key, block] : TensorMapHolder::items(energies)) {
        const auto samples = block->samples()->values();
        const auto values = block->values().detach();
        for (int64_t i = 0; i < block->len(); i++) {
            std::cout << "type " << key->getitem("atom_type") << ", system "
                      << samples[i][0].item<int32_t>() << ", atom " << samples[i][1].item<int32_t>()
                      << ": energy " << values[i][0].item<double>() << "\n";
        }
    }
}

/// The total energy of one of the systems, by its label
static double energy_of_system(const TensorMap& energy, int32_t system) {
    // the only block
    const auto block = TensorMapHolder::block_by_id(energy, 0);
    const auto position = block->samples()->position(std::vector<int64_t>{system});
    TORCH_CHECK_VALUE(position.has_value(), "there is no system ", system);
    return block->values()[*position][0].item<double>();
}

/// Minus the derivatives of all energies, with respect to the tensors that were given to the model.
static void print_forces(const TensorMap& energy, const TensorMap& positions) {
    TensorMapHolder::block_by_id(energy, 0)->values().sum().backward();
    for (const auto& [key, block] : TensorMapHolder::items(positions)) {
        const auto forces = -block->values().grad();
        for (int64_t i = 0; i < block->len(); i++) {
            std::cout << key->print() << " #" << i << ": force";
            for (int64_t xyz = 0; xyz < 3; xyz++) {
                std::cout << " " << forces[i][xyz][0].item<double>();
            }
            std::cout << "\n";
        }
    }
}

/// The last line of what an error says: the lines before are the functions of the model, and those
/// after are the functions of the program, which only torch is interested in.
static std::string reason(const std::exception& error) {
    const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
    auto text =
        std::string(torch_error == nullptr ? error.what() : torch_error->what_without_backtrace());
    text.erase(text.find_last_not_of('\n') + 1);
    return text.substr(text.find_last_of('\n') + 1);
}

/// What models raise, and wrong types, are exceptions of torch (or of the standard library).
static void show_errors(metatensor_torch::Module& model) {
    auto atoms = create_atoms();
    const auto unknown = torch::make_intrusive<LabelsHolder>("atom_type", torch::tensor({{99}}));
    const auto positions = torch::make_intrusive<TensorMapHolder>(
        unknown, std::vector<TensorBlock>{positions_block(atoms[6])}
    );
    try {
        model.forward({positions});
    } catch (const std::exception& error) {
        std::cout << "expected error: " << reason(error) << "\n";
    }
}

static void run(const std::string& model_path, const std::string& output, torch::Dtype dtype) {
    // `Module` is a `torch::jit::Module` whose function `to` moves metatensor data as well
    auto model = metatensor_torch::Module(torch::jit::load(model_path));
    model.eval();
    model.to(torch::kCPU, dtype);

    auto atoms = create_atoms();
    const auto positions = positions_map(atoms);
    // the graph of autograd goes through this conversion, back to the positions in `atoms`
    const auto inputs = positions->to(dtype);

    const auto outputs = model.forward({inputs}).toGenericDict();
    const auto energies = outputs.at("energies").toCustomClass<TensorMapHolder>();
    const auto energy = outputs.at("energy").toCustomClass<TensorMapHolder>();

    print_energies(energies);
    std::cout << "energy of system 0: " << energy_of_system(energy, 0) << "\n";
    print_forces(energy, positions);

    energy->set_info("unit", "eV");
    metatensor_torch::save(output, energy);
    show_errors(model);
}

int main(int argc, char* argv[]) {
    if (argc < 3) {
        std::cerr << "usage: engine MODEL.pt ENERGY.mts [float32|float64]\n";
        return 2;
    }
    try {
        const auto dtype =
            argc > 3 && std::string(argv[3]) == "float32" ? torch::kFloat32 : torch::kFloat64;
        std::cout << "metatensor_torch " << metatensor_torch::version() << "\n";
        run(argv[1], argv[2], dtype);
    } catch (const std::exception& error) {
        std::cerr << "error: " << reason(error) << "\n";
        return 1;
    }
    return 0;
}
