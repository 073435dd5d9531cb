import importlib

import pytest

import metatensor


@pytest.fixture(autouse=True)
def restore():
    yield
    metatensor.operations._checks._CHECKS_ENABLED = True


def test_default():
    assert metatensor.checks_enabled() is True


def test_construction_is_enough():
    metatensor.unsafe_disable_checks()
    assert metatensor.checks_enabled() is False
    metatensor.unsafe_enable_checks()
    assert metatensor.checks_enabled() is True


def test_context_managers():
    with metatensor.unsafe_disable_checks() as checks:
        assert isinstance(checks, metatensor.unsafe_disable_checks)
        assert not metatensor.checks_enabled()
        with metatensor.unsafe_enable_checks():
            assert metatensor.checks_enabled()
        assert not metatensor.checks_enabled()
    assert metatensor.checks_enabled()


def test_state_before_construction_is_restored():
    checks = metatensor.unsafe_disable_checks()
    metatensor.operations._checks._CHECKS_ENABLED = True
    with checks:
        assert not metatensor.checks_enabled()
    assert metatensor.checks_enabled()


def test_exceptions():
    with pytest.raises(KeyError), metatensor.unsafe_disable_checks():
        raise KeyError("a")
    assert metatensor.checks_enabled()


def test_repr():
    assert repr(metatensor.unsafe_enable_checks()) == "checks enabled"
    assert repr(metatensor.unsafe_disable_checks()) == "checks disabled"


@pytest.mark.parametrize("value", ["true", "TRUE", "1", "yes", "On"])
def test_environment_disables(monkeypatch, value):
    monkeypatch.setenv("METATENSOR_UNSAFE_DISABLE_CHECKS", value)
    importlib.reload(metatensor.operations._checks)
    assert not metatensor.checks_enabled()


@pytest.mark.parametrize("value", ["", "0", "false", "enabled"])
def test_environment_does_not_disable(monkeypatch, value):
    monkeypatch.setenv("METATENSOR_UNSAFE_DISABLE_CHECKS", value)
    importlib.reload(metatensor.operations._checks)
    assert metatensor.checks_enabled()
