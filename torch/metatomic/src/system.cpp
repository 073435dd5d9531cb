#include "metatomic/torch/system.hpp"

#include <algorithm>
#include <cctype>
#include <locale>
#include <set>
#include <sstream>

#include <ATen/Dispatch.h>

#include "internal/dtypes.hpp"
#include "internal/labels_checks.hpp"
#include "internal/plain_data.hpp"
#include "internal/quantity_names.hpp"
#include "internal/text.hpp"

namespace metatomic_torch {

using details::dtype_name;

// ---------------------------------------------------------------------------------------------- //
// validation of the tensors

/// Convert the atomic types to int32
static torch::Tensor convert_types(const torch::Tensor& types, const std::string& what) {
    TORCH_CHECK_VALUE(
        torch::isIntegralType(types.scalar_type(), /* includeBool */ true),
        "the dtype of ",
        what,
        " must be an integer type, got ",
        dtype_name(types.scalar_type())
    );
    return types.to(torch::kInt32);
}

static void check_dimensions(const torch::Tensor& tensor, int64_t dim, const std::string& what) {
    TORCH_CHECK_VALUE(
        tensor.dim() == dim,
        what,
        " must have ",
        dim,
        " dimension(s), got a tensor with shape ",
        tensor.sizes()
    );
}

static void
check_shape(const torch::Tensor& tensor, torch::IntArrayRef shape, const std::string& what) {
    check_dimensions(tensor, static_cast<int64_t>(shape.size()), what);
    TORCH_CHECK_VALUE(
        tensor.sizes() == shape,
        what,
        " must have a shape of ",
        shape,
        ", got a tensor with shape ",
        tensor.sizes()
    );
}

static void check_floating_point(torch::Dtype dtype) {
    TORCH_CHECK_VALUE(
        dtype == torch::kFloat64 || dtype == torch::kFloat32 || dtype == torch::kFloat16 ||
            dtype == torch::kBFloat16,
        "the dtype of `positions` must be a floating point type (torch.float64, torch.float32, "
        "torch.float16 or torch.bfloat16), got ",
        dtype_name(dtype)
    );
}

static void check_bool(const torch::Tensor& pbc, const std::string& what) {
    TORCH_CHECK_VALUE(
        pbc.scalar_type() == torch::kBool,
        "the dtype of ",
        what,
        " must be torch.bool, got ",
        dtype_name(pbc.scalar_type())
    );
}

/// Is there a cell vector which is not zero in a non-periodic direction? Reads memory directly:
/// this is checked for each new system, where each operator costs more than everything else.
static bool has_non_periodic_vector(const torch::Tensor& cell, const torch::Tensor& pbc) {
    auto is_periodic = pbc.accessor<bool, 1>();
    auto is_invalid = false;
    AT_DISPATCH_FLOATING_TYPES_AND2(
        torch::kHalf, torch::kBFloat16, cell.scalar_type(), "check_non_periodic_cell", [&] {
            auto vectors = cell.accessor<scalar_t, 2>();
            for (int64_t abc = 0; abc < 3; abc++) {
                for (int64_t xyz = 0; xyz < 3; xyz++) {
                    is_invalid = is_invalid || (!is_periodic[abc] && vectors[abc][xyz] != 0);
                }
            }
        }
    );
    return is_invalid;
}

/// Cell vectors are zero in non-periodic directions
static void check_non_periodic_cell(const torch::Tensor& cell, const torch::Tensor& pbc) {
    if (!details::has_data(cell) || !details::has_data(pbc)) {
        return;
    }

    bool is_invalid = false;
    if (details::is_plain_data(cell) && details::is_plain_data(pbc)) {
        is_invalid = has_non_periodic_vector(cell, pbc);
    } else {
        auto has_vector = (cell.detach() != 0).any(/* dim */ 1);
        is_invalid = has_vector.logical_and(pbc.logical_not()).any().item<bool>();
    }
    TORCH_CHECK_VALUE(
        !is_invalid,
        "invalid `cell`: the cell vectors must be zero along non-periodic directions (where `pbc` "
        "is False)"
    );
}

SystemHolder::SystemHolder(
    torch::Tensor types, torch::Tensor positions, torch::Tensor cell, torch::Tensor pbc
) {
    TORCH_CHECK_VALUE(
        types.device() == positions.device() && types.device() == cell.device() &&
            types.device() == pbc.device(),
        "`types`, `positions`, `cell`, and `pbc` must be on the same device, got ",
        types.device(),
        ", ",
        positions.device(),
        ", ",
        cell.device(),
        ", and ",
        pbc.device()
    );

    check_dimensions(types, 1, "`types`");
    types_ = convert_types(types, "`types`");

    check_shape(positions, {types.size(0), 3}, "`positions`");
    check_floating_point(positions.scalar_type());

    check_shape(cell, {3, 3}, "`cell`");
    TORCH_CHECK_VALUE(
        cell.scalar_type() == positions.scalar_type(),
        "`cell` must have the same dtype as `positions`, got ",
        dtype_name(cell.scalar_type()),
        " and ",
        dtype_name(positions.scalar_type())
    );

    check_shape(pbc, {3}, "`pbc`");
    check_bool(pbc, "`pbc`");

    check_non_periodic_cell(cell, pbc);

    positions_ = std::move(positions);
    cell_ = std::move(cell);
    pbc_ = std::move(pbc);
}

// ---------------------------------------------------------------------------------------------- //
// setters

static void check_new_device(
    const torch::Tensor& tensor, const torch::Device& device, const std::string& what
) {
    TORCH_CHECK_VALUE(
        tensor.device() == device,
        "the device of ",
        what,
        " (",
        tensor.device(),
        ") must be the same as the device of this System (",
        device,
        ")"
    );
}

static void
check_new_dtype(const torch::Tensor& tensor, torch::Dtype dtype, const std::string& what) {
    TORCH_CHECK_VALUE(
        tensor.scalar_type() == dtype,
        "the dtype of ",
        what,
        " (",
        dtype_name(tensor.scalar_type()),
        ") must be the same as the dtype of this System (",
        dtype_name(dtype),
        ")"
    );
}

void SystemHolder::set_types(torch::Tensor types) {
    static const std::string WHAT = "the new `types`";
    check_new_device(types, device(), WHAT);
    check_shape(types, types_.sizes(), WHAT);
    types_ = convert_types(types, WHAT);
}

void SystemHolder::set_positions(torch::Tensor positions) {
    static const std::string WHAT = "the new `positions`";
    check_new_device(positions, device(), WHAT);
    check_new_dtype(positions, scalar_type(), WHAT);
    check_shape(positions, positions_.sizes(), WHAT);
    positions_ = std::move(positions);
}

void SystemHolder::set_cell(torch::Tensor cell) {
    static const std::string WHAT = "the new `cell`";
    check_new_device(cell, device(), WHAT);
    check_new_dtype(cell, scalar_type(), WHAT);
    check_shape(cell, cell_.sizes(), WHAT);
    cell_ = std::move(cell);
}

void SystemHolder::set_pbc(torch::Tensor pbc) {
    static const std::string WHAT = "the new `pbc`";
    check_new_device(pbc, device(), WHAT);
    check_shape(pbc, pbc_.sizes(), WHAT);
    check_bool(pbc, WHAT);
    check_non_periodic_cell(cell_, pbc);
    pbc_ = std::move(pbc);
}

// ---------------------------------------------------------------------------------------------- //
// dtype and device conversions

System
SystemHolder::to(torch::optional<torch::Dtype> dtype, torch::optional<torch::Device> device) const {
    return this->to(dtype, device, /* non_blocking */ false);
}

System SystemHolder::to(
    torch::optional<torch::Dtype> dtype, torch::optional<torch::Device> device, bool non_blocking
) const {
    check_floating_point(dtype.value_or(scalar_type()));

    auto to_device = [&](const torch::Tensor& tensor) {
        return tensor.to(device.value_or(tensor.device()), tensor.scalar_type(), non_blocking);
    };
    auto to_device_and_dtype = [&](const torch::Tensor& tensor) {
        return tensor.to(
            device.value_or(tensor.device()), dtype.value_or(tensor.scalar_type()), non_blocking
        );
    };

    // a copy does not validate the data again: with `non_blocking`, it might not be there yet
    auto system = torch::make_intrusive<SystemHolder>(*this);
    system->types_ = to_device(types_);
    system->positions_ = to_device_and_dtype(positions_);
    system->cell_ = to_device_and_dtype(cell_);
    system->pbc_ = to_device(pbc_);
    for (auto& [_, neighbors] : system->neighbors_) {
        neighbors = neighbors->to(dtype, device, non_blocking);
    }
    for (auto& [_, tensor] : system->data_) {
        tensor = tensor->to(dtype, device, non_blocking);
    }
    return system;
}

static void set_device(torch::optional<torch::Device>& device, const torch::Device& new_device) {
    TORCH_CHECK_VALUE(
        !device, "the device was given twice in `System.to`: ", *device, " and ", new_device
    );
    device = new_device;
}

static void set_dtype(torch::optional<torch::Dtype>& dtype, torch::Dtype new_dtype) {
    TORCH_CHECK_VALUE(
        !dtype,
        "the dtype was given twice in `System.to`: ",
        dtype_name(*dtype),
        " and ",
        dtype_name(new_dtype)
    );
    dtype = new_dtype;
}

System SystemHolder::to_positional(
    torch::IValue positional_1,
    torch::IValue positional_2,
    torch::optional<torch::Dtype> dtype,
    torch::optional<torch::Device> device,
    bool non_blocking
) const {
    for (const auto& positional : {positional_1, positional_2}) {
        if (positional.isNone()) {
            continue;
        }

        if (positional.isDevice()) {
            set_device(device, positional.toDevice());
        } else if (positional.isString()) {
            set_device(device, torch::Device(positional.toStringRef()));
        } else if (positional.isInt()) {
            set_dtype(dtype, positional.toScalarType());
        } else {
            C10_THROW_ERROR(
                TypeError,
                "the positional arguments of `System.to` must be a dtype or a device, got " +
                    positional.type()->str()
            );
        }
    }
    return this->to(dtype, device, non_blocking);
}

// ---------------------------------------------------------------------------------------------- //
// neighbor lists

static void check_neighbors_metadata(const metatensor_torch::TensorBlock& neighbors) {
    auto sample_names = neighbors->samples()->names();
    TORCH_CHECK_VALUE(
        sample_names == details::neighbors_sample_names(),
        "invalid samples for a neighbor list: expected the names to be ",
        details::format_list(details::neighbors_sample_names()),
        ", got ",
        details::format_list(sample_names)
    );

    auto components = neighbors->components();
    TORCH_CHECK_VALUE(
        components.size() == 1,
        "invalid components for a neighbor list: expected a single component, got ",
        components.size()
    );
    TORCH_CHECK_VALUE(
        details::is_range(components[0], "xyz", 3),
        "invalid components for a neighbor list: expected Labels('xyz', [[0], [1], [2]]), got ",
        details::describe(components[0])
    );

    auto properties = neighbors->properties();
    TORCH_CHECK_VALUE(
        details::is_range(properties, "distance", 1),
        "invalid properties for a neighbor list: expected Labels('distance', [[0]]), got ",
        details::describe(properties)
    );

    auto gradients = neighbors->gradients_list();
    TORCH_CHECK_VALUE(
        gradients.empty(),
        "neighbor lists should not have gradients, got gradients for ",
        details::format_list(gradients)
    );
}

void SystemHolder::add_neighbor_list(
    NeighborListOptions options, metatensor_torch::TensorBlock neighbors
) {
    check_neighbors_metadata(neighbors);

    auto values = neighbors->values();
    TORCH_CHECK_VALUE(
        values.device() == device(),
        "the device of the neighbor list (",
        values.device(),
        ") must be the same as the device of this System (",
        device(),
        ")"
    );
    TORCH_CHECK_VALUE(
        values.scalar_type() == scalar_type(),
        "the dtype of the neighbor list (",
        dtype_name(values.scalar_type()),
        ") must be the same as the dtype of this System (",
        dtype_name(scalar_type()),
        ")"
    );
    TORCH_CHECK_VALUE(
        neighbors_.count(options) == 0, "there is already a neighbor list for ", options->str()
    );

    if ((positions_.requires_grad() || cell_.requires_grad()) && !values.requires_grad()) {
        TORCH_WARN(
            "the positions or cell of this System require gradients, but this neighbor list does "
            "not: gradients will be missing its contribution. Use `register_autograd_neighbors` to "
            "attach the neighbor list to the System before adding it."
        );
    }

    neighbors_.emplace(std::move(options), std::move(neighbors));
}

metatensor_torch::TensorBlock SystemHolder::get_neighbor_list(NeighborListOptions options) const {
    auto it = neighbors_.find(options);
    TORCH_CHECK_VALUE(
        it != neighbors_.end(),
        "there is no neighbor list for ",
        options->str(),
        " in this System; did the model ask for it in `requested_neighbor_lists`?"
    );
    return it->second;
}

std::vector<NeighborListOptions> SystemHolder::known_neighbor_lists() const {
    std::vector<NeighborListOptions> result;
    for (const auto& [options, _] : neighbors_) {
        result.push_back(options);
    }
    return result;
}

// ---------------------------------------------------------------------------------------------- //
// custom data

/// Is this name (in any case) reserved for the data stored in the System itself?
static bool is_reserved_name(std::string name) {
    static const std::set<std::string> RESERVED_NAMES = {
        "types", "position", "positions", "cell", "neighbor", "neighbors"
    };
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return RESERVED_NAMES.count(name) != 0;
}

void SystemHolder::add_data(std::string name, metatensor_torch::TensorMap tensor, bool override) {
    this->add_data(std::move(name), std::move(tensor), override, private_warn_on_deprecated{});
}

void SystemHolder::add_data(
    std::string name,
    metatensor_torch::TensorMap tensor,
    bool override,
    private_warn_on_deprecated warn_on_deprecated
) {
    TORCH_CHECK_VALUE(
        !is_reserved_name(name), "custom data can not be named '", name, "', this name is reserved"
    );
    details::parse_quantity_name(name, "model input", warn_on_deprecated.do_warning);
    TORCH_CHECK_VALUE(
        override || data_.count(name) == 0,
        "there is already some data named '",
        name,
        "' in this System, use `override=True` to replace it"
    );
    TORCH_CHECK_VALUE(
        tensor->device() == device(),
        "the device of the data '",
        name,
        "' (",
        tensor->device(),
        ") must be the same as the device of this System (",
        device(),
        ")"
    );
    TORCH_CHECK_VALUE(
        tensor->scalar_type() == scalar_type(),
        "the dtype of the data '",
        name,
        "' (",
        dtype_name(tensor->scalar_type()),
        ") must be the same as the dtype of this System (",
        dtype_name(scalar_type()),
        ")"
    );

    data_.insert_or_assign(std::move(name), std::move(tensor));
}

metatensor_torch::TensorMap SystemHolder::get_data(std::string name) const {
    TORCH_CHECK_VALUE(
        !is_reserved_name(name),
        "there can be no custom data named '",
        name,
        "', this name is reserved; use the corresponding attribute instead"
    );

    auto it = data_.find(name);
    TORCH_CHECK_VALUE(it != data_.end(), "there is no data named '", name, "' in this System");
    return it->second;
}

std::vector<std::string> SystemHolder::known_data() const {
    std::vector<std::string> names;
    for (const auto& [name, _] : data_) {
        names.push_back(name);
    }
    return names;
}

// ---------------------------------------------------------------------------------------------- //

std::string SystemHolder::str() const {
    std::ostringstream output;
    output.imbue(std::locale::classic());
    output << "System with " << size() << " atoms, ";

    auto cell = cell_.detach().to(torch::kCPU, torch::kFloat64).contiguous();
    const auto* data = cell.data_ptr<double>();
    if (std::all_of(data, data + 9, [](double value) { return value == 0; })) {
        output << "non periodic";
        return output.str();
    }

    output << "periodic cell: [";
    for (size_t i = 0; i < 9; i++) {
        output << (i == 0 ? "" : ", ") << data[i];
    }
    output << "]";
    return output.str();
}

} // namespace metatomic_torch
