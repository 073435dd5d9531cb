"""slice, split, filter_blocks, drop_blocks, drop_empty_blocks"""

import numpy as np
import pytest

import metatensor
from metatensor import Labels, MetatensorError, TensorBlock, TensorMap

SAMPLES = [[0, 0], [1, 1], [0, 1], [2, 0]]


@pytest.fixture
def block(library):
    block = TensorBlock(
        library.array(np.arange(24).reshape(4, 2, 3)),
        library.make_labels(["system", "atom"], SAMPLES),
        [library.make_range("c", 2)],
        library.make_labels(["n"], [5, 3, 4]),
    )
    gradient = TensorBlock(
        library.array(np.arange(30).reshape(5, 1, 2, 3)),
        library.make_labels(["sample", "cell"], [[2, 0], [0, 9], [3, 1], [0, 1], [2, 8]]),
        [library.make_range("d", 1), library.make_range("c", 2)],
        block.properties,
    )
    block.add_gradient("g", gradient)
    return block


@pytest.fixture
def tensor(block, library):
    return TensorMap(library.make_labels(["key"], [3, 1]), [block.copy(), block.copy()])


class TestSamples:
    def check(self, result, block, rows, gradient_rows, gradient_samples, as_numpy):
        np.testing.assert_array_equal(as_numpy(result.values), as_numpy(block.values)[rows])
        expected = np.array(SAMPLES, dtype=np.int32).reshape(-1, 2)[rows]
        np.testing.assert_array_equal(as_numpy(result.samples.values), expected)
        assert result.components == block.components
        assert result.properties == block.properties

        gradient = result.gradient("g")
        initial = block.gradient("g")
        assert gradient.samples.names == ["sample", "cell"]
        np.testing.assert_array_equal(
            as_numpy(gradient.samples.values), np.array(gradient_samples).reshape(-1, 2)
        )
        np.testing.assert_array_equal(
            as_numpy(gradient.values), as_numpy(initial.values)[gradient_rows]
        )
        assert gradient.components == initial.components

    def test_list_keeps_its_order(self, block, as_numpy):
        result = metatensor.slice_block(block, "samples", [3, 0])
        samples = [[1, 9], [0, 1], [1, 1]]
        self.check(result, block, [3, 0], [1, 2, 3], samples, as_numpy)
        result = metatensor.slice_block(block, "samples", np.array([-1, -4]))
        self.check(result, block, [3, 0], [1, 2, 3], samples, as_numpy)

    def test_full_labels_keep_their_order(self, block, library, as_numpy):
        selection = library.make_labels(["system", "atom"], [[2, 0], [7, 7], [0, 0]])
        result = metatensor.slice_block(block, "samples", selection)
        self.check(result, block, [3, 0], [1, 2, 3], [[1, 9], [0, 1], [1, 1]], as_numpy)

    def test_other_labels_do_not(self, block, library, as_numpy):
        selection = library.make_labels(["system"], [2, 0])
        result = metatensor.slice_block(block, "samples", selection)
        samples = [[1, 0], [0, 9], [2, 1], [0, 1], [1, 8]]
        self.check(result, block, [0, 2, 3], [0, 1, 2, 3, 4], samples, as_numpy)
        selection = library.make_labels(["atom", "system"], [[0, 2], [0, 0]])
        result = metatensor.slice_block(block, "samples", selection)
        self.check(result, block, [0, 3], [1, 2, 3], [[0, 9], [1, 1], [0, 1]], as_numpy)

    @pytest.mark.parametrize("selection", [[], np.array([], dtype=np.int64), "labels"])
    def test_nothing(self, block, library, as_numpy, selection):
        if isinstance(selection, str):
            selection = library.make_labels(["system"], [77])
        result = metatensor.slice_block(block, "samples", selection)
        self.check(result, block, [], [], [], as_numpy)

    def test_no_gradient_left(self, block, library, as_numpy):
        result = metatensor.slice_block(block, "samples", [1])
        self.check(result, block, [1], [], [], as_numpy)


class TestProperties:
    @pytest.mark.parametrize(
        ("selection", "expected"),
        [
            ([2, 0], [0, 2]),
            ([-1], [2]),
            ([1, 1], [1]),
            (np.array([2, 1]), [1, 2]),
            (np.array([True, False, True]), [0, 2]),
            ("labels", [0, 2]),
            ([], []),
        ],
    )
    def test_order_does_not_change(self, block, library, as_numpy, selection, expected):
        if isinstance(selection, str):
            selection = library.make_labels(["n"], [4, 12, 5])
        result = metatensor.slice_block(block, "properties", selection)
        np.testing.assert_array_equal(
            as_numpy(result.values), as_numpy(block.values)[..., expected]
        )
        np.testing.assert_array_equal(
            as_numpy(result.properties.values)[:, 0], np.array([5, 3, 4])[expected]
        )
        np.testing.assert_array_equal(
            as_numpy(result.gradient("g").values),
            as_numpy(block.gradient("g").values)[..., expected],
        )
        assert result.samples == block.samples
        assert result.gradient("g").samples == block.gradient("g").samples


def test_slice_of_tensor(tensor, library):
    selection = library.make_labels(["system"], [0])
    result = metatensor.slice(tensor, "samples", selection)
    assert result.keys == tensor.keys
    for block, initial in zip(result, tensor, strict=True):
        assert block == metatensor.slice_block(initial, "samples", selection)

    empty = metatensor.slice(tensor, "samples", library.make_labels(["system"], [7]))
    assert [len(block) for block in empty] == [0, 0]
    assert metatensor.slice(tensor, "properties", [1]).block_by_id(0).shape[-1] == 1


def test_results_are_copies(block):
    result = metatensor.slice_block(block, "samples", [0, 1, 2, 3])
    result.values[:] = 0
    result.gradient("g").values[:] = 0
    result = metatensor.slice_block(block, "properties", [0, 1, 2])
    result.values[:] = 0
    assert block.values[0, 0, 1] == 1
    assert block.gradient("g").values[0, 0, 0, 1] == 1


def test_split(tensor, library):
    selections = [[1, 2], library.make_labels(["system"], [0]), np.array([1]), []]
    results = metatensor.split(tensor, "samples", selections)
    assert len(results) == 4
    for result, selection in zip(results, selections, strict=True):
        assert result == metatensor.slice(tensor, "samples", selection)

    block = tensor.block_by_id(0)
    results = metatensor.split_block(block, "properties", selections[2:])
    for result, selection in zip(results, selections[2:], strict=True):
        assert result == metatensor.slice_block(block, "properties", selection)
    assert metatensor.split(tensor, "samples", []) == []
    assert metatensor.split_block(block, "samples", []) == []


CALLS = {
    "slice": lambda tensor, axis, selection: metatensor.slice(tensor, axis, selection),
    "slice_block": lambda tensor, axis, selection: metatensor.slice_block(
        tensor.block_by_id(0), axis, selection
    ),
    "split": lambda tensor, axis, selection: metatensor.split(tensor, axis, [selection]),
    "split_block": lambda tensor, axis, selection: metatensor.split_block(
        tensor.block_by_id(0), axis, [selection]
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_slice_and_split_errors(tensor, library, name):
    call = CALLS[name]
    with pytest.raises(ValueError, match="'keys'"):
        call(tensor, "keys", [0])
    with pytest.raises(ValueError, match="1-dimensional"):
        call(tensor, "samples", np.zeros((1, 1), dtype=int))
    for wrong in ((0, 1), 0, "s", None):
        with pytest.raises(TypeError, match=f"Labels.*array.*list.*{type(wrong)}"):
            call(tensor, "samples", wrong)
    for axis in ("samples", "properties"):
        with pytest.raises(ValueError, match="'foo'"):
            call(tensor, axis, library.make_labels(["foo"], [0]))
        for wrong in ([4], [-5], np.array([4]), np.array([0.0, 1.0]), [0.5]):
            with pytest.raises(IndexError):
                call(tensor, axis, wrong)


def test_types_of_slice_and_split(tensor, library):
    block = tensor.block_by_id(0)
    with pytest.raises(TypeError, match="`tensor`.*TensorMap.*<class 'metatensor.TensorBlock'>"):
        metatensor.slice(block, "samples", [0])
    with pytest.raises(TypeError, match="`block`.*TensorBlock.*<class 'metatensor.TensorMap'>"):
        metatensor.slice_block(tensor, "samples", [0])
    with pytest.raises(TypeError, match="`tensor`.*<class 'numpy.ndarray'>"):
        metatensor.split(np.ones(3), "samples", [[0]])
    with pytest.raises(TypeError, match="`block`.*<class 'metatensor.TensorMap'>"):
        metatensor.split_block(tensor, "samples", [[0]])
    for function, value in ((metatensor.split, tensor), (metatensor.split_block, block)):
        with pytest.raises(TypeError, match="`axis`.*<class 'int'>"):
            function(value, 3, [[0]])
        with pytest.raises(TypeError, match="`selections`.*<class 'tuple'>"):
            function(value, "samples", ([0], [1]))
        with pytest.raises(TypeError, match="`selections`.*<class 'metatensor.Labels'>"):
            function(value, "samples", library.make_labels(["system"], [0]))


def test_slice_and_split_need_blocks():
    tensor = TensorMap(Labels.empty(["key"]), [])
    with pytest.raises(IndexError):
        metatensor.slice(tensor, "samples", [0])
    with pytest.raises(IndexError):
        metatensor.split(tensor, "samples", [[0]])


def test_nested_gradients(nested, library):
    keys = library.make_labels(["key"], [0])
    for call in (
        lambda: metatensor.slice(nested, "samples", [0]),
        lambda: metatensor.split(nested, "properties", [[0]]),
        lambda: metatensor.filter_blocks(nested, keys),
        lambda: metatensor.drop_blocks(nested, library.make_labels(["key"], [1])),
        lambda: metatensor.drop_empty_blocks(nested),
    ):
        with pytest.raises(NotImplementedError, match="gradients of gradients"):
            call()

    for result in (
        metatensor.filter_blocks(nested, keys, copy=True),
        metatensor.drop_empty_blocks(nested, copy=True),
    ):
        assert result.block().gradient("a").gradients_list() == ["b"]


class TestWholeBlocks:
    @pytest.fixture
    def many(self, library):
        keys = library.make_labels(["a", "b"], [[2, 0], [0, 1], [1, 0], [0, 0]])
        blocks = []
        for i in range(4):
            block = TensorBlock(
                library.array([[i, i]]),
                library.make_range("s", 1),
                [],
                library.make_range("p", 2),
            )
            blocks.append(block)
        return TensorMap(keys, blocks)

    def ids(self, tensor):
        return [int(block.values[0, 0]) for block in tensor]

    def test_filter(self, many, library):
        def filtered(names, rows):
            result = metatensor.filter_blocks(many, library.make_labels(names, rows))
            assert result.keys.names == ["a", "b"]
            for key, block in result.items():
                assert block == many[key]
            return self.ids(result)

        assert filtered(["a", "b"], [[0, 0], [7, 7], [2, 0]]) == [3, 0]
        assert filtered(["b", "a"], [[0, 0], [0, 2]]) == [0, 3]
        assert filtered(["a"], [[2], [0]]) == [0, 1, 3]
        assert filtered(["b"], [[9]]) == []
        assert filtered(["b"], []) == []

    def test_drop(self, many, library):
        def left(names, rows):
            result = metatensor.drop_blocks(many, library.make_labels(names, rows))
            assert result.keys.names == ["a", "b"]
            return self.ids(result)

        assert left(["a", "b"], [[0, 0], [7, 7], [2, 0]]) == [1, 2]
        assert left(["a"], [[0]]) == [0, 2]
        assert left(["a"], []) == [0, 1, 2, 3]
        assert left(["b"], [[0], [1]]) == []

    def test_drop_empty(self, library):
        blocks = []
        for shape in ((1, 2), (0, 2), (1, 0), (3, 1)):
            block = TensorBlock(
                library.array(np.zeros(shape)),
                library.make_range("s", shape[0]),
                [],
                library.make_range("p", shape[1]),
            )
            blocks.append(block)
        tensor = TensorMap(library.make_range("key", 4), blocks)
        result = metatensor.drop_empty_blocks(tensor)
        assert result.keys == library.make_labels(["key"], [0, 3])
        only_empty = metatensor.filter_blocks(tensor, library.make_labels(["key"], [1, 2]))
        assert len(metatensor.drop_empty_blocks(only_empty)) == 0

    def test_copy(self, tensor, library):
        keys = library.make_labels(["key"], [3, 1])
        none = library.make_labels(["key"], [])
        for function in (
            lambda copy: metatensor.filter_blocks(tensor, keys, copy=copy),
            lambda copy: metatensor.drop_blocks(tensor, none, copy=copy),
            lambda copy: metatensor.drop_empty_blocks(tensor, copy=copy),
        ):
            shared, copied = function(False), function(True)
            assert shared == tensor
            assert copied == tensor
            for i in range(2):
                initial = tensor.block_by_id(i)
                assert shared.block_by_id(i).values is initial.values
                assert copied.block_by_id(i).values is not initial.values
                gradient = initial.gradient("g").values
                assert shared.block_by_id(i).gradient("g").values is gradient
                assert copied.block_by_id(i).gradient("g").values is not gradient

    def test_empty_tensor(self):
        tensor = TensorMap(Labels.empty(["key"]), [])
        keys = Labels(["key"], np.array([[0]]))
        for result in (
            metatensor.filter_blocks(tensor, keys),
            metatensor.drop_blocks(tensor, keys),
            metatensor.drop_empty_blocks(tensor),
        ):
            assert len(result) == 0
            assert result.keys.names == ["key"]

    def test_errors(self, tensor, library):
        for function in (metatensor.filter_blocks, metatensor.drop_blocks):
            with pytest.raises(MetatensorError, match="foo"):
                function(tensor, library.make_labels(["foo"], [0]))
            with pytest.raises(TypeError, match="`tensor`"):
                function(3, tensor.keys)
            with pytest.raises(TypeError, match="`keys`.*Labels.*<class 'metatensor.TensorMap'>"):
                function(tensor, tensor)
            with pytest.raises(TypeError, match="`copy`.*bool.*<class 'int'>"):
                function(tensor, tensor.keys, 1)
        with pytest.raises(TypeError, match="`tensor`"):
            metatensor.drop_empty_blocks(3)
        with pytest.raises(TypeError, match="`copy`"):
            metatensor.drop_empty_blocks(tensor, "yes")
