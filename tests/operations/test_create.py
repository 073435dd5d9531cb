"""zeros, ones, random_uniform"""

import numpy as np
import pytest

import metatensor
from metatensor import Labels, MetatensorError

SIZES = ({"type": 2, "other": 2}, {"system": 2, "atom": 3}, {"xyz": 3, "m": 1}, {"n": 4})


@pytest.mark.parametrize("function", [metatensor.zeros, metatensor.ones, metatensor.random_uniform])
def test_metadata(function, library):
    like = library.array([[0.0]], dtype=np.float32)
    tensor = function(*SIZES, gradients={"cell": {}, "positions": {"d": 2, "e": 3}}, like=like)
    assert tensor.keys == Labels(["type", "other"], np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    for block in tensor:
        assert block.samples.names == ["system", "atom"]
        assert block.samples.values.tolist() == [[i // 3, i % 3] for i in range(6)]
        assert block.components == [Labels.range("xyz", 3), Labels.range("m", 1)]
        assert block.properties == Labels.range("n", 4)
        assert block.values.shape == (6, 3, 1, 4)
        assert block.values.dtype == like.dtype
        assert library.owns(block.values)

        assert block.gradients_list() == ["cell", "positions"]
        assert block.gradient("cell").values.shape == (6, 3, 1, 4)
        gradient = block.gradient("positions")
        assert gradient.samples == Labels.range("sample", 6)
        assert [component.names for component in gradient.components] == [
            ["d"],
            ["e"],
            ["xyz"],
            ["m"],
        ]
        assert gradient.values.shape == (6, 2, 3, 3, 1, 4)


def test_values():
    for function, value in ((metatensor.zeros, 0.0), (metatensor.ones, 1.0)):
        tensor = function(*SIZES, gradients={"g": {"d": 2}})
        for block in tensor:
            assert block.values.dtype == np.float64
            assert np.all(block.values == value)
            assert np.all(block.gradient("g").values == value)

    np.random.seed(3)  # noqa: NPY002
    tensor = metatensor.random_uniform(*SIZES)
    generator = np.random.RandomState(3)
    for block in tensor:
        np.testing.assert_array_equal(block.values, generator.rand(6, 3, 1, 4))


def test_empty_axes():
    tensor = metatensor.zeros({"k": 0}, {"s": 1}, {}, {"p": 1})
    assert len(tensor) == 0
    block = metatensor.zeros({"k": 1}, {"s": 0, "t": 4}, {}, {"p": 0}, {"g": {"d": 2}}).block()
    assert block.values.shape == (0, 0)
    assert block.gradient("g").values.shape == (0, 2, 0)


def test_errors():
    with pytest.raises(ValueError, match="negative sizes, the size of 's' is -1"):
        metatensor.zeros({"k": 1}, {"s": -1}, {}, {"p": 1})
    with pytest.raises(MetatensorError):
        metatensor.ones({"k": 1}, {"not valid": 1}, {}, {"p": 1})
    with pytest.raises(MetatensorError):
        metatensor.zeros({"k": 1}, {"s": 1}, {"c": 0}, {"p": 1})


def test_wrong_arguments():
    sizes = {"keys": {"k": 1}, "samples": {"s": 2}, "components": {"c": 2}, "properties": {"p": 3}}
    for function in (metatensor.zeros, metatensor.ones, metatensor.random_uniform):
        for name in sizes:
            for wrong in (None, ["a"], 3, "a"):
                with pytest.raises(
                    TypeError, match=f"`{name}` must be a dictionary.*{type(wrong)}"
                ):
                    function(**{**sizes, name: wrong})
            with pytest.raises(TypeError, match=f"`{name}` must contain integers.*'a'.*'float'"):
                function(**{**sizes, name: {"a": 1.5}})
            if name != "components":
                with pytest.raises(ValueError, match=f"`{name}` must have at least one dimension"):
                    function(**{**sizes, name: {}})
        with pytest.raises(ValueError, match=r"`samples` must have less than 2\^31 entries"):
            function(**{**sizes, "samples": {"a": 2**16, "b": 2**15}})
        for wrong in (["g"], {"g": 3}, {"g": ["xyz"]}):
            with pytest.raises(TypeError, match="`gradients` must be a dictionary"):
                function(**sizes, gradients=wrong)
        with pytest.raises(TypeError, match="`like` must be an array, not <class 'float'>"):
            function(**sizes, like=3.0)
        # the integers of NumPy are integers
        assert function(**{**sizes, "samples": {"s": np.int64(4)}}).block().values.shape == (
            4,
            2,
            3,
        )
