import metatensor.torch.learn._backend as torch_backend
import pytest

import metatensor.learn._backend as python_backend


def test_types(twin):
    backend = python_backend if twin.name == "python" else torch_backend
    assert backend.Labels is twin.Labels
    assert backend.TensorMap is twin.TensorMap
    assert not backend.torch_jit_is_scripting()

    labels = twin.labels(["a"], [0])
    assert backend.isinstance_metatensor(labels, "Labels")
    assert not backend.isinstance_metatensor(labels, "TensorMap")
    assert not backend.isinstance_metatensor(3, "Labels")
    with pytest.raises(AssertionError):
        backend.isinstance_metatensor(labels, "LabelsEntry")


def test_types_of_the_other_version(twin):
    labels = twin.labels(["a"], [0])
    if twin.name == "python":
        assert not torch_backend.isinstance_metatensor(labels, "Labels")
    else:
        with pytest.warns(UserWarning, match="metatensor.torch.learn"):
            assert not python_backend.isinstance_metatensor(labels, "Labels")
