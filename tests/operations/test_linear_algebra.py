import numpy as np
import pytest
import torch

import metatensor
from metatensor import NotEqualError, TensorBlock, TensorMap


def make_tensor(library, *all_values, components=False, samples="s", properties="p"):
    blocks = []
    for values in all_values:
        values = library.array(values)
        blocks.append(
            TensorBlock(
                values,
                library.make_range(samples, values.shape[0]),
                [library.make_range("c", values.shape[1])] if components else [],
                library.make_range(properties, values.shape[-1]),
            )
        )
    return TensorMap(library.make_range("key", len(blocks)), blocks)


def with_gradient(tensor, library, values):
    """Add gradients for the first samples to the only block."""
    block = tensor.block().copy()
    gradient = TensorBlock(
        library.array(values),
        library.make_range("sample", len(values)),
        block.components,
        block.properties,
    )
    block.add_gradient("g", gradient)
    return TensorMap(tensor.keys, [block])


class TestDot:
    def test_values(self, library, as_numpy):
        rng = np.random.default_rng(0)
        a, b = rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
        result = metatensor.dot(
            make_tensor(library, a), make_tensor(library, b, samples="other")
        ).block()
        np.testing.assert_allclose(as_numpy(result.values), a @ b.T, atol=1e-14)
        assert result.samples == library.make_range("s", 3)
        assert result.properties == library.make_range("other", 2)

    def test_components_and_gradients(self, library, family, check_gradients, as_numpy):
        tensor = family()
        vectors = np.random.default_rng(4).normal(size=(3, 4))
        properties = tensor.block_by_id(0).properties
        other = TensorMap(
            tensor.keys,
            [
                TensorBlock(library.array(vectors + i), library.make_range("s", 3), [], properties)
                for i in range(2)
            ],
        )
        result = metatensor.dot(tensor, other)
        assert result.property_names == ["s"]
        assert result.component_names == ["component"]
        for i in range(2):
            expected = as_numpy(tensor.block_by_id(i).values) @ (vectors + i).T
            np.testing.assert_allclose(as_numpy(result.block_by_id(i).values), expected)
        check_gradients(lambda tensor: metatensor.dot(tensor, other))
        assert tensor @ other == result

    def test_errors(self, library):
        a = make_tensor(library, np.ones((2, 3)))
        with pytest.raises(ValueError, match="properties"):
            metatensor.dot(a, make_tensor(library, np.ones((2, 3)), properties="other"))
        with pytest.raises(ValueError, match="components"):
            metatensor.dot(a, make_tensor(library, np.ones((2, 1, 3)), components=True))
        b = with_gradient(a, library, [[1, 2, 3]])
        with pytest.raises(ValueError, match="gradients"):
            metatensor.dot(a, b)
        with pytest.raises(NotEqualError, match="'dot'.*keys"):
            metatensor.dot(a, metatensor.rename_dimension(a, "keys", "key", "foo"))

    def test_nested_gradients(self, nested):
        with pytest.raises(NotImplementedError):
            metatensor.dot(nested, metatensor.zeros_like(nested, gradients=[]))


class TestLstsq:
    def test_solution(self, library, as_numpy):
        rng = np.random.default_rng(1)
        x, w = rng.normal(size=(6, 3)), rng.normal(size=(2, 3))
        X = make_tensor(library, x, 2 * x)
        Y = make_tensor(library, x @ w.T, x @ w.T, properties="target")
        result = metatensor.lstsq(X, Y, rcond=1e-13)
        np.testing.assert_allclose(as_numpy(result.block_by_id(0).values), w)
        np.testing.assert_allclose(as_numpy(result.block_by_id(1).values), w / 2)
        assert result.keys == X.keys
        block = result.block_by_id(0)
        assert block.samples == library.make_range("target", 2)
        assert block.properties == library.make_range("p", 3)
        assert block.gradients_list() == []

    def test_components_are_equations(self, library, as_numpy):
        rng = np.random.default_rng(2)
        x, w = rng.normal(size=(2, 3, 4)), rng.normal(size=(1, 4))
        X = make_tensor(library, x, components=True)
        Y = make_tensor(library, x @ w.T, components=True)
        result = metatensor.lstsq(X, Y, rcond=1e-13)
        np.testing.assert_allclose(as_numpy(result.block().values), w)
        assert result.block().components == []

    def test_gradients_are_equations(self, library, as_numpy):
        w = np.array([[2.0, -1.0]])
        # one sample is not enough for two unknowns
        X = with_gradient(make_tensor(library, [[1, 0]]), library, [[0, 1]])
        Y = with_gradient(make_tensor(library, [[2]]), library, [[-1]])
        result = metatensor.lstsq(X, Y, rcond=1e-13)
        np.testing.assert_allclose(as_numpy(result.block().values), w)

    def test_default_rcond_warns(self, library, as_numpy):
        X = make_tensor(library, np.eye(2))
        with pytest.warns(UserWarning, match="rcond"):
            result = metatensor.lstsq(X, X, rcond=None)
        np.testing.assert_allclose(as_numpy(result.block().values), np.eye(2), atol=1e-14)

    def test_driver(self, library, as_numpy):
        X = make_tensor(library, np.eye(2))
        result = metatensor.lstsq(X, X, rcond=1e-13, driver="gelsd")
        np.testing.assert_allclose(as_numpy(result.block().values), np.eye(2), atol=1e-14)

    def test_errors(self, library):
        X = make_tensor(library, np.ones((3, 2)))
        with pytest.raises(TypeError):
            metatensor.lstsq(X, X)
        with pytest.raises(NotEqualError, match="'lstsq'.*samples"):
            metatensor.lstsq(X, make_tensor(library, np.ones((2, 2))), rcond=1e-13)
        with pytest.raises(NotEqualError, match="'lstsq'.*gradient"):
            metatensor.lstsq(X, with_gradient(X, library, [[1, 2]]), rcond=1e-13)


class TestSolve:
    def test_solution(self, library, as_numpy):
        rng = np.random.default_rng(3)
        x, w = rng.normal(size=(3, 3)), rng.normal(size=(2, 3))
        result = metatensor.solve(
            make_tensor(library, x), make_tensor(library, x @ w.T, properties="target")
        ).block()
        np.testing.assert_allclose(as_numpy(result.values), w)
        assert result.samples == library.make_range("target", 2)
        assert result.properties == library.make_range("p", 3)

    def test_errors(self, library):
        square = make_tensor(library, np.eye(2))
        with pytest.raises(ValueError, match="square"):
            metatensor.solve(make_tensor(library, np.ones((3, 2))), make_tensor(library, np.eye(3)))
        with pytest.raises(ValueError, match="square"):
            X = make_tensor(library, np.ones((2, 1, 2)), components=True)
            metatensor.solve(X, X)
        with pytest.raises(ValueError, match="samples"):
            metatensor.solve(square, make_tensor(library, np.ones((3, 2))))
        with pytest.raises(ValueError, match="components"):
            Y = make_tensor(library, np.ones((2, 1, 2)), components=True)
            metatensor.solve(square, Y)
        with pytest.raises(NotEqualError, match="'solve'.*keys"):
            metatensor.solve(square, metatensor.rename_dimension(square, "keys", "key", "foo"))
        with pytest.raises(NotEqualError, match="'solve'.*gradient"):
            metatensor.solve(square, with_gradient(square, library, [[1, 2]]))

    def test_not_solvable(self, library):
        error = torch.linalg.LinAlgError if library.values == "torch" else np.linalg.LinAlgError
        with pytest.raises(error):
            singular = make_tensor(library, np.ones((2, 2)))
            metatensor.solve(singular, singular)
        with pytest.raises((RuntimeError, np.linalg.LinAlgError)):
            X = with_gradient(make_tensor(library, np.eye(2)), library, [[1, 2]])
            metatensor.solve(X, X)
