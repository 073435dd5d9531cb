#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"

namespace metatomic_torch {

class NeighborListOptionsHolder;
/// Reference-counted handle to `NeighborListOptionsHolder`
using NeighborListOptions = torch::intrusive_ptr<NeighborListOptionsHolder>;

class SystemHolder;
/// Reference-counted handle to `SystemHolder`
using System = torch::intrusive_ptr<SystemHolder>;

/// Options for the calculation of a neighbor list
class METATOMIC_TORCH_EXPORT NeighborListOptionsHolder final : public torch::CustomClassHolder {
public:
    /// @param cutoff spherical cutoff radius, in the length unit of the model
    /// @param full_list whether the list contains both `i -> j` and `j -> i` (full list), or only
    /// one
    ///        of them (half list)
    /// @param strict whether the list is guaranteed to contain only pairs within the cutoff
    /// @param requestor who requested this list, see `requestors`
    NeighborListOptionsHolder(
        double cutoff, bool full_list, bool strict, std::string requestor = ""
    );

    /// Spherical cutoff radius, in the length unit of the model
    double cutoff() const { return cutoff_; }

    /// Length unit of the model, empty if it is not known (yet)
    const std::string& length_unit() const { return length_unit_; }

    /// Set the unit of the cutoff
    /// @throws c10::ValueError if this is not a unit of length
    void set_length_unit(std::string length_unit);

    /// Cutoff radius in the length unit of the engine
    double engine_cutoff(const std::string& engine_length_unit) const;

    /// Does the list contain both `i -> j` and `j -> i` pairs?
    bool full_list() const { return full_list_; }

    /// Is the list guaranteed to contain only pairs within the cutoff?
    bool strict() const { return strict_; }

    /// Names of the parts of a model which use this list
    std::vector<std::string> requestors() const { return requestors_; }

    /// Add a `requestor`, unless it is empty or already there
    void add_requestor(std::string requestor);

    /// Description on multiple lines, with everything
    std::string repr() const;
    /// Description on a single line, with only what identifies a neighbor list
    std::string str() const;

    std::string to_json() const;
    /// @throws std::runtime_error if the JSON does not describe a `NeighborListOptions`
    static NeighborListOptions from_json(const std::string& json);

private:
    double cutoff_;
    std::string length_unit_;
    bool full_list_;
    bool strict_;
    std::vector<std::string> requestors_;
};

/// Do these options describe the same neighbor list? The requestors and the unit are not compared.
inline bool operator==(const NeighborListOptions& lhs, const NeighborListOptions& rhs) {
    return lhs->cutoff() == rhs->cutoff() && lhs->full_list() == rhs->full_list() &&
           lhs->strict() == rhs->strict();
}

inline bool operator!=(const NeighborListOptions& lhs, const NeighborListOptions& rhs) {
    return !(lhs == rhs);
}

/// Order in which the neighbor lists of a system are stored
struct METATOMIC_TORCH_EXPORT nl_options_compare {
    bool operator()(const NeighborListOptions& lhs, const NeighborListOptions& rhs) const;
};

/// A system of atoms: everything a model needs to know to make predictions
class METATOMIC_TORCH_EXPORT SystemHolder final : public torch::CustomClassHolder {
public:
    /// All tensors must be on the same device; tensors are not copied.
    ///
    /// @param types 1D tensor of integers with the types of all atoms, `atomic numbers` for most
    ///        models
    /// @param positions floating point tensor of shape `(n_atoms, 3)`
    /// @param cell floating point tensor of shape `(3, 3)` and the dtype of `positions`. Each row
    /// is
    ///        a cell vector, which must be zero in non-periodic directions
    /// @param pbc tensor of 3 booleans, is the system periodic along each cell vector?
    ///
    /// @throws c10::ValueError if any of the tensors is not as described
    SystemHolder(
        torch::Tensor types, torch::Tensor positions, torch::Tensor cell, torch::Tensor pbc
    );

    /// Types of the atoms, as a 1D tensor of int32
    torch::Tensor types() const { return types_; }
    /// Positions of the atoms, with shape `(n_atoms, 3)`
    torch::Tensor positions() const { return positions_; }
    /// Vectors of the unit cell, as rows of a `(3, 3)` tensor
    torch::Tensor cell() const { return cell_; }
    /// Is the system periodic along each of the cell vectors?
    torch::Tensor pbc() const { return pbc_; }

    /// Replace the corresponding tensor. The new tensor must have the same device, dtype and shape.
    void set_types(torch::Tensor types);
    void set_positions(torch::Tensor positions);
    void set_cell(torch::Tensor cell);
    void set_pbc(torch::Tensor pbc);

    /// Device of all the data in this system
    torch::Device device() const { return types_.device(); }
    /// dtype of all the floating point data in this system
    torch::Dtype scalar_type() const { return positions_.scalar_type(); }
    /// Number of atoms
    int64_t size() const { return types_.size(0); }

    /// Move all the data to the given `dtype` and/or `device`. Integers and booleans are only moved
    /// to the device.
    System
    to(torch::optional<torch::Dtype> dtype = torch::nullopt,
       torch::optional<torch::Device> device = torch::nullopt) const;
    System
    to(torch::optional<torch::Dtype> dtype,
       torch::optional<torch::Device> device,
       bool non_blocking) const;

    /// Same as `to`, with the dtype and device in any order in the positional arguments
    System to_positional(
        torch::IValue positional_1,
        torch::IValue positional_2,
        torch::optional<torch::Dtype> dtype,
        torch::optional<torch::Device> device,
        bool non_blocking
    ) const;

    /// Add a neighbor list to this system. `neighbors` contains the vectors from the first to the
    /// second atom of each pair: samples are `first_atom`, `second_atom`, `cell_shift_a`,
    /// `cell_shift_b`, `cell_shift_c`; there is a single component `xyz` and a single property
    /// `distance`.
    ///
    /// @throws c10::ValueError if the block is not as described, or if there is already a list with
    ///         these options
    void add_neighbor_list(NeighborListOptions options, metatensor_torch::TensorBlock neighbors);

    /// Get the neighbor list with the given options
    /// @throws c10::ValueError if there is no such neighbor list
    metatensor_torch::TensorBlock get_neighbor_list(NeighborListOptions options) const;

    /// Options of all the neighbor lists of this system
    std::vector<NeighborListOptions> known_neighbor_lists() const;

    /// Add custom data to this system.
    ///
    /// @param name name of the data, which follows the same rules as the names of model inputs
    /// @param tensor the data, with the same dtype and device as the system
    /// @param override replace existing data with the same name, instead of being an error
    void add_data(std::string name, metatensor_torch::TensorMap tensor, bool override = false);

    /// Whether `add_data` should warn when using a deprecated name
    struct private_warn_on_deprecated {
        bool do_warning = true;
    };
    void add_data(
        std::string name,
        metatensor_torch::TensorMap tensor,
        bool override,
        private_warn_on_deprecated warn_on_deprecated
    );

    /// Get the custom data with the given name
    /// @throws c10::ValueError if there is no such data
    metatensor_torch::TensorMap get_data(std::string name) const;

    /// Names of all the custom data, in no particular order
    std::vector<std::string> known_data() const;

    /// Description on a single line
    std::string str() const;

private:
    torch::Tensor types_;
    torch::Tensor positions_;
    torch::Tensor cell_;
    torch::Tensor pbc_;
    std::map<NeighborListOptions, metatensor_torch::TensorBlock, nl_options_compare> neighbors_;
    std::unordered_map<std::string, metatensor_torch::TensorMap> data_;
};

/// Attach neighbor vectors to the positions and cell they were computed from, see
/// `register_autograd_neighbors`
class METATOMIC_TORCH_EXPORT NeighborsAutograd
    : public torch::autograd::Function<NeighborsAutograd> {
public:
    static torch::Tensor forward(
        torch::autograd::AutogradContext* ctx,
        torch::Tensor positions,
        torch::Tensor cell,
        metatensor_torch::TensorBlock neighbors,
        bool check_consistency
    );

    static std::vector<torch::Tensor>
    backward(torch::autograd::AutogradContext* ctx, std::vector<torch::Tensor> outputs_grad);
};

/// Make the values of `neighbors` behave, in place and for automatic differentiation, as if they
/// were computed from the positions and cell of the `system`. This can be differentiated any number
/// of times.
///
/// @param system system used to compute the neighbors
/// @param neighbors block that can be given to `SystemHolder::add_neighbor_list`
/// @param check_consistency check the metadata of the block, and that the values are indeed what
/// can
///        be computed with the positions and cell of the system
///
/// @throws c10::ValueError if the values already require gradients or if any check fails
METATOMIC_TORCH_EXPORT void register_autograd_neighbors(
    System system, metatensor_torch::TensorBlock neighbors, bool check_consistency
);

} // namespace metatomic_torch
