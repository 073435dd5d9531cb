import pytest
import torch

PARAMETERS = {"in_features": 2, "eps": 0.1, "elementwise_affine": True, "bias": True, "mean": True}


@pytest.fixture
def layer_norm(twin):
    """The class for one block. Other packages use it, although it is not public."""
    return twin.nn._layer_norm._LayerNorm


@pytest.fixture
def values():
    generator = torch.Generator().manual_seed(0)
    return 3 * torch.randn((5, 3, 4), generator=generator, dtype=torch.float64) + 1


class TestOneBlock:
    def test_same_as_torch(self, layer_norm, values):
        for shape in ((5, 12), (5, 3, 4), (5, 3, 2, 2)):
            input = values.reshape(shape)
            module = layer_norm(shape[-1], eps=0.1, dtype=torch.float64)
            output = module(input)
            torch.testing.assert_close(
                output, torch.nn.functional.layer_norm(input, shape[1:], eps=0.1)
            )
            torch.testing.assert_close(
                output.flatten(1).mean(dim=1), torch.zeros(5, dtype=torch.float64)
            )

        module = layer_norm(12, dtype=torch.float64)
        reference = torch.nn.LayerNorm(12, dtype=torch.float64)
        for parameter in ("weight", "bias"):
            torch.nn.init.normal_(getattr(module, parameter))
        reference.load_state_dict({"weight": module.weight, "bias": module.bias})
        input = values.reshape(5, 12)
        torch.testing.assert_close(module(input), reference(input))

    def test_without_mean(self, layer_norm, values):
        before = values.clone()
        output = layer_norm(4, eps=0.1, mean=False, dtype=torch.float64)(values)
        variance = values.var(dim=(1, 2), correction=0, keepdim=True)
        torch.testing.assert_close(output, values / (variance + 0.1).sqrt())
        assert torch.equal(values, before)

    def test_no_samples(self, layer_norm):
        for mean in (True, False):
            module = layer_norm(4, mean=mean)
            input = torch.zeros(0, 3, 4, requires_grad=True)
            output = module(input)
            output.sum().backward()
            assert output.shape == input.grad.shape == (0, 3, 4)

    def test_complex_values(self, layer_norm, values):
        input = torch.complex(values, values.flip(0).square())
        centered = input - input.mean(dim=(1, 2), keepdim=True)
        variance = input.var(dim=(1, 2), correction=0, keepdim=True)
        for mean, numerator in ((True, centered), (False, input)):
            output = layer_norm(4, eps=0.1, mean=mean, elementwise_affine=False)(input)
            torch.testing.assert_close(output, numerator / (variance + 0.1).sqrt())

    def test_repr(self, layer_norm):
        assert repr(layer_norm(4, eps=0.5, bias=False, mean=False)) == (
            "_LayerNorm(4, eps=0.5, elementwise_affine=True, bias=False, mean=False)"
        )

    def test_parameters(self, layer_norm):
        module = layer_norm(4, dtype=torch.float64)
        assert torch.equal(module.weight, torch.ones(4, dtype=torch.float64))
        assert torch.equal(module.bias, torch.zeros(4, dtype=torch.float64))
        assert layer_norm(4, bias=False).bias is None
        assert layer_norm(4, bias=False).weight is not None
        assert list(layer_norm(4, elementwise_affine=False).parameters()) == []
        assert layer_norm(4, device="meta").weight.device.type == "meta"

    def test_dtypes(self, layer_norm, values):
        for dtype in (torch.float32, torch.float64):
            module = layer_norm(4, dtype=dtype)
            assert module(values.to(torch.float32)).dtype == torch.float32
            assert module(values).dtype == torch.float64

    def test_autograd(self, layer_norm, values):
        for mean in (True, False):
            module = layer_norm(4, mean=mean, dtype=torch.float64)
            torch.nn.init.normal_(module.weight)
            input = values[:2].clone()
            input[1] = 0.0
            input.requires_grad_(True)
            assert torch.autograd.gradcheck(module, [input])
            assert torch.autograd.gradgradcheck(module, [input])


class TestLayerNorm:
    def test_values(self, twin):
        tensor = twin.spherical(5, 2)
        module = twin.nn.LayerNorm(tensor.keys, 2, eps=0.5, dtype=torch.float64)
        result = module(tensor)
        for block, original in zip(result.blocks(), tensor.blocks(), strict=True):
            shape = original.values.shape[1:]
            expected = torch.nn.functional.layer_norm(original.values, shape, eps=0.5)
            torch.testing.assert_close(block.values, expected)
            assert block.samples == original.samples
            assert block.components == original.components
            assert block.properties == twin.labels(["_"], [0, 1])

    def test_parameters_of_each_key(self, twin):
        keys = twin.labels(["key"], [4, 2])
        properties = [twin.labels(["n"], [3, 4]), twin.labels(["n"], [5])]
        module = twin.nn.LayerNorm(
            keys,
            [2, 1],
            properties,
            eps=[0.1, 0.2],
            elementwise_affine=[True, False],
            bias=[False, True],
            mean=[True, False],
        )
        first, second = module.module_map.module_list
        assert (first.eps, second.eps) == (0.1, 0.2)
        assert (first.mean, second.mean) == (True, False)
        assert first.weight.shape == (2,)
        assert first.bias is second.weight is second.bias is None

        tensor = twin.tensor([torch.randn(3, 2), torch.randn(3, 1)], keys=[4, 2])
        assert [block.properties for block in module(tensor).blocks()] == properties

    def test_state_dict(self, twin):
        module = twin.nn.LayerNorm(twin.labels(["key"], [0]), 2)
        prefix = "module_map.module_list.0"
        assert sorted(module.state_dict()) == [
            "_extra_state",
            "_mts_helper",
            "module_map._extra_state",
            "module_map._mts_helper",
            f"{prefix}._extra_state",
            f"{prefix}._mts_helper",
            f"{prefix}.bias",
            f"{prefix}.weight",
        ]

    @pytest.mark.parametrize("name", PARAMETERS)
    def test_errors_of_parameters(self, twin, name):
        keys = twin.labels(["key"], [4, 2])
        wrong_type = 1 if name == "eps" else 1.0
        for create, keys_name in (
            (lambda **k: twin.nn.LayerNorm(keys, **k), "in_keys"),
            (lambda **k: twin.nn.InvariantLayerNorm(keys, invariant_keys=keys, **k), "invariant_k"),
        ):
            for wrong in (wrong_type, (PARAMETERS[name],) * 2, [PARAMETERS[name], wrong_type]):
                with pytest.raises(TypeError, match=f"`{name}`"):
                    create(**{**PARAMETERS, name: wrong})
            with pytest.raises(ValueError, match=f"`{name}`.*`{keys_name}.*3 entries for 2 keys"):
                create(**{**PARAMETERS, name: [PARAMETERS[name]] * 3})

    def test_errors(self, twin):
        for name in ("LayerNorm", "InvariantLayerNorm"):
            create = getattr(twin.nn, name)
            with pytest.raises(TypeError, match="`in_keys`"):
                create([0, 1], 2)

            keys = twin.labels(["o3_lambda", "o3_sigma"], [[0, 1]])
            block = twin.block(torch.ones(2, 2), gradient=torch.ones(1, 2))
            with pytest.raises(ValueError, match=f"^{name}.*remove"):
                create(keys, 2)(twin.TensorMap(keys, [block]))
            assert len(create(keys, 2)(twin.TensorMap(keys.difference(keys), []))) == 0


class TestInvariantLayerNorm:
    def test_values(self, twin):
        tensor = twin.spherical(5, 2, keys=((1, 1), (0, 1), (0, -1)))
        module = twin.nn.InvariantLayerNorm(tensor.keys, 2, dtype=torch.float64)
        blocks = list(zip(module(tensor).blocks(), tensor.blocks(), strict=True))
        for block, original in (blocks[0], blocks[2]):
            assert torch.equal(block.values, original.values)
            assert block.properties == twin.labels(["_"], [0, 1])
        expected = torch.nn.functional.layer_norm(blocks[1][1].values, (1, 2))
        torch.testing.assert_close(blocks[1][0].values, expected)

    def test_lists_are_for_invariant_keys(self, twin):
        keys = twin.labels(["o3_lambda", "o3_sigma"], [[0, 1], [1, 1], [2, 1]])
        selection = twin.labels(["o3_lambda"], [0, 2])
        module = twin.nn.InvariantLayerNorm(
            keys, [3, 7], invariant_keys=selection, eps=[0.25, 0.5], bias=[True, False]
        )
        modules = module.module_map.module_list
        assert isinstance(modules[1], torch.nn.Identity)
        for i, n_features, eps, has_bias in ((0, 3, 0.25, True), (2, 7, 0.5, False)):
            assert modules[i].weight.shape == (n_features,)
            assert modules[i].eps == eps
            assert (modules[i].bias is not None) == has_bias
