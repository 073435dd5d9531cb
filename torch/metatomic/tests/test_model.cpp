#include <metatomic/torch.hpp>

#include "check.hpp"

using namespace metatomic_torch;
using Outputs = torch::Dict<std::string, ModelOutput>;

/// Compiled code of other projects reads these members directly: this can not change
static void layouts() {
    constexpr auto BASE = sizeof(torch::CustomClassHolder);
    constexpr auto STRING = sizeof(std::string);
    constexpr auto STRINGS = sizeof(std::vector<std::string>);
    constexpr auto DICT = sizeof(Outputs);
    constexpr auto BOOL_AND_PADDING = sizeof(void*);

    EXPECT_EQ(
        sizeof(NeighborListOptionsHolder),
        BASE + sizeof(double) + STRING + BOOL_AND_PADDING + STRINGS
    );
    EXPECT_EQ(
        sizeof(SystemHolder),
        BASE + 4 * sizeof(torch::Tensor) +
            sizeof(
                std::map<NeighborListOptions, metatensor_torch::TensorBlock, nl_options_compare>
            ) +
            sizeof(std::unordered_map<std::string, metatensor_torch::TensorMap>)
    );
    EXPECT_EQ(
        sizeof(ModelOutputHolder),
        BASE + STRING + BOOL_AND_PADDING + STRINGS + 2 * STRING +
            sizeof(torch::optional<std::string>)
    );
    EXPECT_EQ(
        sizeof(ModelCapabilitiesHolder),
        BASE + sizeof(std::vector<int64_t>) + sizeof(double) + STRINGS + DICT + 2 * STRING
    );
    EXPECT_EQ(
        sizeof(ModelEvaluationOptionsHolder),
        BASE + DICT + STRING + sizeof(torch::optional<metatensor_torch::Labels>)
    );
    EXPECT_EQ(sizeof(ModelMetadataHolder), BASE + 2 * STRING + STRINGS + 2 * DICT);
}

static void versions() {
    EXPECT_EQ(version(), std::string(METATOMIC_TORCH_VERSION));
    auto expected = std::to_string(METATOMIC_TORCH_VERSION_MAJOR) + "." +
                    std::to_string(METATOMIC_TORCH_VERSION_MINOR) + "." +
                    std::to_string(METATOMIC_TORCH_VERSION_PATCH);
    EXPECT_EQ(version(), expected);
}

static void model_output() {
    auto output = torch::make_intrusive<ModelOutputHolder>();
    EXPECT_EQ(output->sample_kind(), "system");

    // engines read and write `per_atom` directly
    output->per_atom = true;
    EXPECT_EQ(output->sample_kind(), "atom");
    output->per_atom = false;
    EXPECT_EQ(output->sample_kind(), "system");

    output->set_sample_kind("atom");
    EXPECT(output->per_atom);
    output->per_atom = false;
    EXPECT_EQ(output->sample_kind(), "system");

    output->set_sample_kind("atom_pair");
    EXPECT(!output->per_atom);
    EXPECT_EQ(output->sample_kind(), "atom_pair");
    output->set_sample_kind("system");
    EXPECT_EQ(output->sample_kind(), "system");

    EXPECT_THROWS(
        output->set_sample_kind("bond"),
        c10::ValueError,
        "invalid sample kind for ModelOutput: 'bond', supported sample kinds are [atom atom_pair "
        "system]"
    );
    EXPECT_THROWS(output->set_unit("foo"), c10::ValueError, "unknown unit 'foo'");
}

static void model_output_constructors() {
    const std::vector<std::string> gradients = {"positions"};

    auto from_literal = ModelOutputHolder("", "eV", "atom", gradients, "some energy");
    EXPECT_EQ(from_literal.sample_kind(), "atom");
    EXPECT_EQ(from_literal.unit(), "eV");
    EXPECT(from_literal.explicit_gradients == gradients);
    EXPECT_EQ(from_literal.description, "some energy");

    EXPECT_EQ(
        ModelOutputHolder("", "", std::string("atom_pair"), {}, "").sample_kind(), "atom_pair"
    );
    EXPECT_EQ(ModelOutputHolder("", "", true, {}, "").sample_kind(), "atom");
    EXPECT_EQ(ModelOutputHolder("", "", false, {}, "").sample_kind(), "system");

    using torch::nullopt;
    auto sample_kind = [](const torch::IValue& positional,
                          torch::optional<bool> per_atom,
                          torch::optional<std::string> sample_kind) {
        return ModelOutputHolder("", "", positional, {}, "", per_atom, sample_kind).sample_kind();
    };
    EXPECT_EQ(sample_kind({}, nullopt, nullopt), "system");
    EXPECT_EQ(sample_kind({}, true, nullopt), "atom");
    EXPECT_EQ(sample_kind({}, nullopt, "atom_pair"), "atom_pair");
    EXPECT_EQ(sample_kind("atom", nullopt, nullopt), "atom");
    EXPECT_EQ(sample_kind("atom", false, nullopt), "atom");
    EXPECT_EQ(sample_kind(true, nullopt, "system"), "atom");
    EXPECT_THROWS(sample_kind({}, true, "atom"), c10::ValueError, "only one of");
    EXPECT_THROWS(sample_kind(true, true, nullopt), c10::ValueError, "`per_atom` was given twice");
    EXPECT_THROWS(
        sample_kind("atom", nullopt, "atom"), c10::ValueError, "`sample_kind` was given twice"
    );
    EXPECT_THROWS(
        sample_kind(3, nullopt, nullopt), c10::ValueError, "the third positional argument"
    );
}

static void capabilities() {
    auto outputs = Outputs();
    outputs.insert(
        "energy",
        torch::make_intrusive<ModelOutputHolder>("", "eV", "system", std::vector<std::string>(), "")
    );

    auto capabilities = torch::make_intrusive<ModelCapabilitiesHolder>(
        outputs,
        std::vector<int64_t>{1, 8},
        1.5,
        "nm",
        std::vector<std::string>{"cuda", "cpu"},
        "float32"
    );
    EXPECT_EQ(capabilities->engine_interaction_range("angstrom"), 15.0);
    EXPECT_EQ(capabilities->engine_interaction_range(""), 1.5);

    auto copy = ModelCapabilitiesHolder::from_json(capabilities->to_json());
    EXPECT_EQ(copy->to_json(), capabilities->to_json());
    EXPECT_EQ(copy->outputs().at("energy")->unit(), "eV");
    EXPECT_EQ(copy->interaction_range, 1.5);
    EXPECT_EQ(copy->dtype(), "float32");

    outputs.insert_or_assign(
        "energy",
        torch::make_intrusive<ModelOutputHolder>("", "nm", "system", std::vector<std::string>(), "")
    );
    EXPECT_THROWS(
        capabilities->set_outputs(outputs),
        c10::ValueError,
        "invalid unit for the output 'energy': 'nm' has dimension L, expected the dimension of "
        "energy (L^2 T^-2 M)"
    );
    EXPECT_THROWS(
        ModelCapabilitiesHolder::from_json("{"),
        std::runtime_error,
        "invalid JSON for ModelCapabilities"
    );
}

static void evaluation_options() {
    auto options = torch::make_intrusive<ModelEvaluationOptionsHolder>();
    options->set_length_unit("bohr");
    options->outputs.insert("energy", torch::make_intrusive<ModelOutputHolder>());
    options->set_selected_atoms(
        metatensor_torch::LabelsHolder::create({"system", "atom"}, {{0, 1}, {0, 3}})
    );

    auto copy = ModelEvaluationOptionsHolder::from_json(options->to_json());
    EXPECT_EQ(copy->length_unit(), "bohr");
    EXPECT(copy->outputs.contains("energy"));
    EXPECT(*copy->get_selected_atoms().value() == *options->get_selected_atoms().value());

    EXPECT_THROWS(
        options->set_selected_atoms(metatensor_torch::LabelsHolder::create({"atom"}, {{0}})),
        c10::ValueError,
        "invalid names for the `selected_atoms` labels"
    );
}

static void select_device() {
    EXPECT(pick_device({"cpu", "mps"}) == torch::DeviceType::CPU);
    EXPECT(pick_device({"cpu"}, "cpu:0") == torch::DeviceType::CPU);
    EXPECT(pick_device({"CPU"}, "") == torch::DeviceType::CPU);
    EXPECT_THROWS(pick_device({}), c10::ValueError, "none of the devices supported by the model");
    EXPECT_THROWS(
        pick_device({"cpu"}, "meta"), c10::ValueError, "can not use the requested device"
    );
    EXPECT_THROWS(pick_device({"cpu"}, "foo"), c10::ValueError, "invalid device 'foo'");
}

int main() {
    layouts();
    versions();
    model_output();
    model_output_constructors();
    capabilities();
    evaluation_options();
    select_device();
}
