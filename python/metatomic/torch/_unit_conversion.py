"""Conversions between the units of engines and the units of models, compiled by TorchScript."""

from metatensor.torch import TensorBlock, TensorMap

from ._classes import ModelOutput, System, unit_conversion_factor


def _convert_systems_units(
    systems: list[System],
    model_length_unit: str,
    system_length_unit: str,
    requested_inputs: dict[str, ModelOutput],
) -> list[System]:
    """
    Copies of ``systems`` in the units of the model, connected to the given ones by autograd.

    Types, periodic boundary conditions and the data that the model did not request are shared with
    the given systems. No length is converted if one of the two units is the empty string.

    :param systems: systems with lengths in ``system_length_unit``, and the unit of each extra input
        in the ``unit`` info of its :py:class:`metatensor.torch.TensorMap`
    :param model_length_unit: unit of length for the new systems
    :param system_length_unit: unit of length of the given systems
    :param requested_inputs: extra inputs, to convert to the unit given here
    :raises ValueError: if two units have different dimensions
    :raises NotImplementedError: if an extra input has gradients of gradients
    """
    factor = unit_conversion_factor(system_length_unit, model_length_unit)

    converted: list[System] = []
    for system in systems:
        new_system = System(
            types=system.types,
            positions=factor * system.positions,
            cell=factor * system.cell,
            pbc=system.pbc,
        )

        for options in system.known_neighbor_lists():
            neighbors = _multiplied(system.get_neighbor_list(options), factor)
            new_system.add_neighbor_list(options, neighbors)

        for name in system.known_data():
            data = system.get_data(name)
            if name in requested_inputs:
                data = _convert_input(name, data, requested_inputs[name].unit)

            new_system.add_data(name, data, override=False, _private_warn_on_deprecated=False)

        converted.append(new_system)

    return converted


def _convert_input(name: str, tensor: TensorMap, unit: str) -> TensorMap:
    tensor_unit = tensor.get_info("unit")
    factor = 1.0
    if tensor_unit is not None:
        factor = unit_conversion_factor(tensor_unit, unit)

    blocks: list[TensorBlock] = []
    for block in tensor.blocks():
        new_block = _multiplied(block, factor)
        for parameter, gradient in block.gradients():
            if len(gradient.gradients_list()) != 0:
                raise NotImplementedError(
                    f"can not convert the unit of the input '{name}': its gradients with respect "
                    f"to '{parameter}' have gradients themselves"
                )

            new_block.add_gradient(parameter, _multiplied(gradient, factor))

        blocks.append(new_block)

    converted = TensorMap(tensor.keys, blocks)
    converted.set_info("unit", unit)
    return converted


def _multiplied(block: TensorBlock, factor: float) -> TensorBlock:
    """New block with the values of ``block`` multiplied by ``factor``, without gradients."""
    return TensorBlock(
        values=factor * block.values,
        samples=block.samples,
        components=block.components,
        properties=block.properties,
    )


def convert_outputs_units(
    outputs: dict[str, TensorMap],
    declared: dict[str, ModelOutput],
    requested: dict[str, ModelOutput],
) -> None:
    """
    Convert ``outputs`` in place, from the units that the model declares to the requested ones.

    Outputs that were not requested, and outputs without a unit on one of the two sides, stay as
    they are.
    """
    for name, tensor in outputs.items():
        model_unit = declared[name].unit
        if name not in requested:
            continue

        factor = unit_conversion_factor(model_unit, requested[name].unit)
        if factor != 1.0:
            _multiply_in_place(tensor, factor)


def _multiply_in_place(tensor: TensorMap, factor: float) -> None:
    pending = tensor.blocks()
    while len(pending) > 0:
        block = pending.pop()
        values = block.values
        values *= factor
        for _, gradient in block.gradients():
            pending.append(gradient)
