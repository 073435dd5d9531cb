import re

import pytest
import torch

from metatomic.torch import ModelOutput, pick_device, pick_output, unit_dimension_for_quantity


class TestPickDevice:
    @pytest.mark.parametrize(
        "devices, requested, expected",
        [
            (["cpu"], None, "cpu"),
            (["CPU"], None, "cpu"),
            (["cpu"], "", "cpu"),
            (["cpu"], "cpu", "cpu"),
            (["cpu"], "cpu:0", "cpu:0"),
            (["xla", "cpu"], "cpu", "cpu"),
            # there is no way to know if these are available
            (["xla", "cpu"], None, "xla"),
            (["cpu", "meta"], "meta", "meta"),
            (["cpu", "xpu"], "xpu:3", "xpu:3"),
        ],
    )
    def test_devices(self, devices, requested, expected, capfd):
        assert pick_device(devices, requested) == expected
        assert capfd.readouterr().err == ""

    def test_available(self):
        if torch.cuda.is_available():
            assert pick_device(["cuda", "cpu"]) == "cuda"
            assert pick_device(["cuda", "cpu"], "cuda:0") == "cuda:0"
        else:
            assert pick_device(["cuda", "cpu"]) == "cpu"
            with pytest.raises(RuntimeError, match="'cuda'"):
                pick_device(["cuda", "cpu"], "cuda")

    @pytest.mark.parametrize(
        "devices, requested, message",
        [
            ([], None, "none of the devices"),
            (["foo"], None, r"is available: \[foo\]"),
            (["cpu"], "meta", "'meta'.*not available, or not one of"),
            (["cpu"], "foo", "invalid device 'foo'"),
            (["cpu"], "cpu:", "invalid device 'cpu:'"),
            (["cpu"], "CPU", "CPU"),
        ],
    )
    def test_errors(self, devices, requested, message):
        with pytest.raises(RuntimeError, match=message):
            pick_device(devices, requested_device=requested)

    def test_unknown_devices(self, capfd):
        assert pick_device(["foo", "cpu:0", "cpu"]) == "cpu"
        captured = capfd.readouterr().err
        assert "unknown device 'foo'" in captured
        assert "unknown device 'cpu:0'" in captured


class TestPickOutput:
    OUTPUTS = {
        "energy": ModelOutput(unit="eV", description="default"),
        "energy/a": ModelOutput(unit="eV", description="first"),
        "energy_ensemble": ModelOutput(unit="eV"),
        "feature/long": ModelOutput(description="long feature"),
        "feature/b": ModelOutput(description="other feature"),
    }

    @pytest.mark.parametrize(
        "requested, variant, expected",
        [
            ("energy", None, "energy"),
            ("energy", "a", "energy/a"),
            ("energy_ensemble", None, "energy_ensemble"),
            ("feature", "b", "feature/b"),
        ],
    )
    def test_outputs(self, requested, variant, expected):
        assert pick_output(requested, self.OUTPUTS, desired_variant=variant) == expected

    def test_errors(self):
        with pytest.raises(ValueError, match="'charge'"):
            pick_output("charge", self.OUTPUTS)
        with pytest.raises(ValueError, match="'energy_uncertainty'"):
            pick_output("energy_uncertainty", self.OUTPUTS)
        with pytest.raises(ValueError, match="variant 'missing' of the output 'energy'"):
            pick_output("energy", self.OUTPUTS, "missing")

        expected = " - 'feature/long': long feature\n - 'feature/b'   : other feature\n"
        with pytest.raises(ValueError, match=re.escape(expected)):
            pick_output("feature", self.OUTPUTS)


class TestUnitDimension:
    @pytest.mark.parametrize(
        "name, expected",
        [
            ("energy", "energy"),
            ("energy/variant", "energy"),
            ("energy_ensemble", "energy"),
            ("energy_uncertainty", "energy"),
            ("non_conservative_force", "force"),
            ("non_conservative_stress", "pressure"),
            ("position", "length"),
            ("momentum", "momentum"),
            ("velocity", "velocity"),
            ("mass", "mass"),
            ("charge", "charge"),
            ("heat_flux", "heat_flux"),
            ("feature", "none"),
            ("spin_multiplicity/a/b", "none"),
            ("custom::energy", ""),
        ],
    )
    def test_dimensions(self, name, expected, capfd):
        assert unit_dimension_for_quantity(name) == expected
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("name", ["", "foo", "foo/bar", "energy/", "::a", "a::", "a/b::c"])
    def test_errors(self, name):
        with pytest.raises(ValueError, match=f"invalid name for a quantity: '{name}'"):
            unit_dimension_for_quantity(name)

    def test_deprecated(self, capfd):
        torch.set_warn_always(True)
        try:
            assert unit_dimension_for_quantity("positions") == "length"
            assert unit_dimension_for_quantity("non_conservative_forces/a") == "force"
        finally:
            torch.set_warn_always(False)
        captured = capfd.readouterr().err
        assert "'positions' is deprecated, use 'position'" in captured
        assert "'non_conservative_forces/a', use 'non_conservative_force/a'" in captured
