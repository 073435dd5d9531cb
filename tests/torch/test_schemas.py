"""
The names, arguments and types of everything that TorchScript archives refer to.

Archives contain calls with all the arguments, in this order; nothing here can ever change.
"""

import re

import pytest
import torch

TO = (
    "Any _0=None, Any _1=None, ScalarType? dtype=None, Device? device=None, "
    "str? arrays=None, bool non_blocking=False"
)
MERGE = "Any keys_to_move, Scalar fill_value=0, bool sort_samples=True"

CLASSES = {
    "LabelsEntry": """
        __str__() -> str
        __repr__() -> str
        __len__() -> int
        __getitem__(Any index) -> int
        __eq__(LabelsEntry other) -> bool
        __ne__(LabelsEntry other) -> bool
        print() -> str
        names_getter() -> str[]
        values_getter() -> Tensor
        device_getter() -> Device
    """,
    "Labels": """
        __init__(Any names, Tensor values, bool assume_unique=False) -> NoneType
        __str__() -> str
        __repr__() -> str
        __len__() -> int
        __contains__(Any entry) -> bool
        __eq__(Labels other) -> bool
        __ne__(Labels other) -> bool
        __getitem__(Any index) -> Any
        __getstate__() -> Tensor
        __setstate__(Tensor _1) -> NoneType
        save(str file) -> NoneType
        save_buffer() -> Tensor
        release() -> int
        as_mts_labels_t() -> int
        entry(int index) -> LabelsEntry
        column(str dimension) -> Tensor
        names_getter() -> str[]
        values_getter() -> Tensor
        device_getter() -> Device
        append(str name, Tensor values) -> Labels
        insert(int index, str name, Tensor values) -> Labels
        permute(int[] dimensions_indexes) -> Labels
        remove(str name) -> Labels
        rename(str old, str new) -> Labels
        to(Any device, bool non_blocking=False) -> Labels
        position(Any entry) -> int?
        print(int max_entries, int indent=0) -> str
        union(Labels other) -> Labels
        intersection(Labels other) -> Labels
        difference(Labels other) -> Labels
        union_and_mapping(Labels other) -> (Labels, Tensor, Tensor)
        intersection_and_mapping(Labels other) -> (Labels, Tensor, Tensor)
        difference_and_mapping(Labels other) -> (Labels, Tensor)
        select(Labels selection) -> Tensor
    """,
    "TensorBlock": """
        __init__(Tensor values, Labels samples, Labels[] components, Labels properties) -> NoneType
        __str__() -> str
        __repr__() -> str
        __len__() -> int
        __getstate__() -> Tensor
        __setstate__(Tensor _1) -> NoneType
        copy(bool deep=True) -> TensorBlock
        values_getter() -> Tensor
        values_setter(Tensor _1) -> NoneType
        samples_getter() -> Labels
        components_getter() -> Labels[]
        properties_getter() -> Labels
        shape_getter() -> int[]
        add_gradient(str parameter, TensorBlock gradient) -> NoneType
        gradients_list() -> str[]
        has_gradient(str parameter) -> bool
        gradient(str parameter) -> TensorBlock
        gradients() -> (str, TensorBlock)[]
        device_getter() -> Device
        dtype_getter() -> ScalarType
        is_view_getter() -> bool
        to(TO) -> TensorBlock
        save(str file) -> NoneType
        save_buffer() -> Tensor
        release() -> int
        as_mts_block_t() -> int
    """,
    "TensorMap": """
        __init__(Labels keys, TensorBlock[] blocks) -> NoneType
        __str__() -> str
        __repr__() -> str
        __len__() -> int
        __getitem__(Any selection) -> TensorBlock
        __getstate__() -> Tensor
        __setstate__(Tensor _1) -> NoneType
        copy(bool deep=True) -> TensorMap
        save(str file) -> NoneType
        save_buffer() -> Tensor
        release() -> int
        as_mts_tensormap_t() -> int
        items() -> (LabelsEntry, TensorBlock)[]
        keys_getter() -> Labels
        block_by_id(int index) -> TensorBlock
        blocks_by_id(int[] indices) -> TensorBlock[]
        block(Any selection=None) -> TensorBlock
        blocks(Any selection=None) -> TensorBlock[]
        keys_to_samples(MERGE) -> TensorMap
        keys_to_properties(MERGE) -> TensorMap
        components_to_properties(Any dimensions) -> TensorMap
        set_info(str key, str value) -> NoneType
        get_info(str key) -> str?
        info() -> Dict(str, str)
        sample_names_getter() -> str[]
        component_names_getter() -> str[]
        property_names_getter() -> str[]
        device_getter() -> Device
        dtype_getter() -> ScalarType
        is_view_getter() -> bool
        to(TO) -> TensorMap
        print(int max_keys) -> str
    """,
}

PROPERTIES = {
    "LabelsEntry": {"names", "values", "device"},
    "Labels": {"names", "values", "device"},
    "TensorBlock": {
        *("values", "samples", "components", "properties", "shape", "device", "dtype", "is_view"),
    },
    "TensorMap": {
        *("keys", "sample_names", "component_names", "property_names"),
        *("device", "dtype", "is_view"),
    },
}

# as torch prints them when they are called in the wrong way
STATIC_METHODS = {
    "Labels": """
        single() -> Labels
        empty(Any _0) -> Labels
        range(str _0, int _1) -> Labels
        load(str _0) -> Labels
        load_buffer(Tensor _0) -> Labels
        unsafe_from_ptr(int _0) -> Labels
    """,
    "TensorBlock": """
        load(str _0) -> TensorBlock
        load_buffer(Tensor _0) -> TensorBlock
        unsafe_from_ptr(int _0) -> TensorBlock
        unsafe_view_from_ptr(int _0, Any _1) -> TensorBlock
    """,
    "TensorMap": """
        load(str _0) -> TensorMap
        load_buffer(Tensor _0) -> TensorMap
        unsafe_from_ptr(int _0) -> TensorMap
        unsafe_view_from_ptr(int _0, Any _1) -> TensorMap
    """,
}

OPERATORS = {
    "version": "metatensor::version() -> str",
    "dtype_name": "metatensor::dtype_name(ScalarType dtype) -> str",
    "load": "metatensor::load(str file) -> TensorMap",
    "load_block": "metatensor::load_block(str file) -> TensorBlock",
    "load_labels": "metatensor::load_labels(str file) -> Labels",
    "load_buffer": "metatensor::load_buffer(Tensor buffer) -> TensorMap",
    "load_block_buffer": "metatensor::load_block_buffer(Tensor buffer) -> TensorBlock",
    "load_labels_buffer": "metatensor::load_labels_buffer(Tensor buffer) -> Labels",
    "save": "metatensor::save.save(str file, Any data) -> ()",
    "save_buffer": "metatensor::save_buffer(Any data) -> Tensor",
}


def readable(schema: object) -> str:
    """A schema without the prefixes of types, and with unnamed results."""
    text = str(schema).replace("__torch__.torch.classes.metatensor.", "")
    arguments, result = text.rsplit(" -> ", 1)
    result = re.sub(r" _\d+", "", result)
    # tuples, and lists of tuples, have one more pair of parentheses
    result = re.sub(r"^\((\(.*\)(\[\])?)\)$", r"\1", result)
    return f"{arguments} -> {result}"


def lines(text: str) -> set[str]:
    return {line.strip() for line in text.strip().splitlines()}


@pytest.fixture
def objects(labels, block, tensor):
    return {o._type().name(): o for o in (labels, labels[0], block, tensor)}


@pytest.mark.parametrize("name", CLASSES)
def test_methods(name, objects):
    methods = map(objects[name]._get_method, objects[name]._method_names())
    schemas = {readable(method.schema) for method in methods}
    # the object itself comes first
    schemas = {s.replace(f"({name} _0, ", "(").replace(f"({name} _0)", "()") for s in schemas}
    assert schemas == lines(
        CLASSES[name].replace("(TO)", f"({TO})").replace("(MERGE)", f"({MERGE})")
    )


@pytest.mark.parametrize("name", CLASSES)
def test_properties(name, objects):
    script_object = objects[name]
    assert {p.name for p in script_object._properties()} == PROPERTIES[name]
    for p in script_object._properties():
        assert str(getattr(script_object, f"{p.name}_getter")()) == str(
            getattr(script_object, p.name)
        )
    assert script_object._type().qualified_name() == f"__torch__.torch.classes.metatensor.{name}"


@pytest.mark.parametrize("name", STATIC_METHODS)
def test_static_methods(name):
    script_class = getattr(torch.classes.metatensor, name)
    for schema in lines(STATIC_METHODS[name]):
        with pytest.raises(RuntimeError) as error:
            getattr(script_class, schema[: schema.index("(")])(*[object()] * 5)
        declaration = str(error.value).split("Declaration: ")[1].splitlines()[0]
        assert readable(declaration) == schema


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name):
    operator = getattr(torch.ops.metatensor, name)
    (overload,) = operator.overloads()
    assert readable(getattr(operator, overload)._schema) == OPERATORS[name]


def save(path: str, value: torch.Tensor) -> None:
    labels = torch.classes.metatensor.Labels(["a"], value)
    torch.ops.metatensor.save(path, labels)


def test_saving_is_not_removed_as_dead_code(tmp_path):
    path = str(tmp_path / "labels.mts")
    script = torch.jit.script(save)
    assert "ops.metatensor.save(" in script.code
    frozen = script.inlined_graph.copy()
    torch._C._jit_pass_dce(frozen)
    assert "metatensor::save" in str(frozen)
    script(path, torch.tensor([[3]]))
    assert torch.ops.metatensor.load_labels(path).values.tolist() == [[3]]
