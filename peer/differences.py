"""Intended differences from the published packages: each one is data, with its reason.

An entry explains the results whose name, environment and outcomes match its patterns (regular
expressions, which match whole texts; outcomes are described in ``compare.summary``). An entry that
explains nothing is reported as an error, so that this list cannot outlive its causes.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    case: str
    result: str
    why: str
    published: str = "returns"
    tested: str = "returns"
    environment: str = ".*"

    def explains(self, result: str, published: str, tested: str) -> bool:
        """Does this entry explain a different result, from the outcomes of the two sides?"""
        return bool(
            re.fullmatch(self.result, result)
            and re.fullmatch(self.published, published)
            and re.fullmatch(self.tested, tested)
        )


_CORE = (
    Difference(
        "core",
        r"Labels pickle .*",
        "labels without dimensions can be saved, and are read again",
        published="raises MetatensorError",
    ),
    Difference(
        "core",
        r"Labels (repr|str|print \d+) \| torch .*",
        "values in torch tensors are printed as plain integers",
        environment="ours",
    ),
    Difference(
        "core",
        r"Labels print 0 \| numpy .*",
        "labels with fewer entries than those that are always shown are printed once, not twice",
        environment="ours",
    ),
    Difference(
        "core",
        r"Labels (insert|remove) .* \| torch .*",
        "no warnings about the conversion of arrays",
        published="warns .*",
        environment="ours",
    ),
    Difference(
        "core",
        r"wrong_labels position \(1099511627776, 1\)",
        "numbers that do not fit in 32 bits are in no entry, instead of being truncated",
        environment="ours",
    ),
    Difference(
        "core",
        r"wrong_labels entry 'a'",
        "an index that is not an integer is a mistake of type",
        published="raises IndexError",
        tested="raises TypeError",
        environment="ours",
    ),
    Difference(
        "core",
        r"wrong_labels entry == (entry|other)",
        "comparisons of entries give a Python bool",
        environment="ours",
    ),
    Difference(
        "core",
        r"TensorMap block none .*|wrong_maps block without selection",
        "asking for the only block of a map that has several is a mistake of value",
        published="raises IndexError",
        tested="raises ValueError",
        environment="ours",
    ),
    Difference(
        "core",
        r"TensorMap components_to_properties (all|reversed|first) .*",
        "no component to move: the result is a copy",
        published="raises MetatensorError",
        environment="ours",
    ),
    Difference(
        "core",
        r"TensorMap (a / a|a \*\* 2) .* no-properties\+gradients .*",
        "gradients without properties are as good as others",
        published="raises (ValueError|RuntimeError)",
        environment="ours",
    ),
    Difference(
        "core",
        r"TensorMap (keys_to_.*|fill .*) \| torch .*",
        "keys_to_samples and keys_to_properties work with torch arrays",
        published="raises TypeError",
        tested="returns|raises MetatensorError",
        environment="ours",
    ),
    Difference(
        "core",
        r"wrong_blocks gradient (parameter not text|array)|wrong_maps set_info number",
        "an argument of a wrong type is reported as such",
        published="raises AttributeError",
        tested="raises TypeError",
        environment="ours",
    ),
    Difference(
        "core",
        r"wrong_maps (info empty value|fill_value None)",
        "an empty text in the info of a map is kept",
        environment="ours",
    ),
    Difference(
        "core",
        r"wrong_maps released (keys|len)",
        "what was released says so in the same way for maps and blocks",
        published="raises MetatensorError",
        tested="raises ValueError",
        environment="ours",
    ),
    Difference(
        "core",
        r"conversions uint(16|32|64) to torch",
        "torch tensors of all unsigned integers can be in a map",
        published="raises ValueError",
        environment="ours",
    ),
)

_OPERATIONS = (
    Difference(
        "operations",
        r"(mean|var|std)_over_properties.* \| .*components.*",
        "averages over properties divide by the sizes of the wrong axis if there are components",
        published=".*",
        tested="returns|.*NotImplementedError.*|raises MetatensorError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(var|std)_over_properties.* \| (torch|script) .*gradients.*",
        "gradients of variances over properties were wrong, or failed, with torch tensors",
        published="returns|raises RuntimeError",
        tested="returns|raises MetatensorError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(mean|var|std)_over_(samples|properties).* \| numpy float32 .*gradients.*",
        "single precision blocks can have gradients",
        published="raises MetatensorError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(mean|var|std)_over_(samples|properties).* \| \S+ (int64|bool) .*",
        "averages of integers and booleans are computed in floating point numbers",
        published="returns|raises (MetatensorError|RuntimeError)",
        tested="returns|raises .*(NotImplementedError|MetatensorError).*",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(sum|mean|var|std)_over_properties.* \| .* no-properties\+gradients .*",
        "gradients of blocks without properties follow their blocks",
        published="raises (MetatensorError|RuntimeError)",
        tested="returns|raises MetatensorError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"sort.* \| .*(sparse|no-blocks|no-properties|no-samples).*",
        "what is empty is sorted already",
        published="raises (IndexError|MetatensorError|RuntimeError)",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(sort|slice) wrong.* \| .* no-blocks .*",
        "wrong axes are refused for maps without blocks as well",
        published="returns|raises (IndexError|RuntimeError)",
        tested=r"raises (ValueError|torch.jit.Error \(ValueError\))",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(multiply|divide|pow|abs) ?.* \| .* no-properties\+gradients .*",
        "gradients without properties are as good as others",
        published="raises (ValueError|RuntimeError)",
        tested="returns|raises .*NotEqualError.*",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(lstsq|solve square).* \| .* (no-properties|no-samples).*",
        "linear systems without equations or unknowns have empty solutions",
        published="(warns .*|raises (ValueError|RuntimeError))",
        tested="returns|warns UserWarning|raises (_?LinAlgError|NotEqualError)",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(add|subtract|multiply|divide) with .* \| .* nested.*",
        "metadata are compared first: two maps that differ are reported before their gradients",
        published="raises .*NotImplementedError.*",
        tested="raises .*NotEqualError.*",
        environment="ours",
    ),
    Difference(
        "operations",
        r"derivative of sort \| .* no-samples.*",
        "empty blocks that were sorted stay in the autograd graph",
        published="returns|raises RuntimeError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"(insert|append)_dimension .* \| torch .*",
        "columns can be added to labels which are torch tensors",
        published="raises ValueError",
        tested="returns|raises (IndexError|MetatensorError)",
        environment="ours",
    ),
    Difference(
        "operations",
        r"remove_dimension .* \| torch .*",
        "no warnings about the conversion of arrays",
        published="warns .*",
        environment="ours",
    ),
    Difference(
        "operations",
        r"\w+ (\w*gradients|sample_names|property_names|dimensions_indexes|name|names|selections?"
        r"|tensor|block|labels|A|X)=.* \| .*",
        "an argument of a wrong type is refused with another error, the one of Python or of NumPy",
        published=r"raises (AttributeError|RuntimeError|TypeError|ValueError)",
        tested=r"raises (AttributeError|IndexError|TypeError|ValueError)",
        environment="ours",
    ),
    Difference(
        "operations",
        r"\w+ \w+=(block|map) \| (numpy|torch) .*",
        "comparing a block or map with a text is an error in both, not of the same class",
        published="raises RuntimeError",
        tested="raises AttributeError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"split(_block)? selections=(vector|integers|booleans) \| script .*"
        r"|(insert|append)_dimension values=(vector|matrix|booleans) \| script .*",
        "the operation refuses arrays with a wrong shape or type",
        published="raises RuntimeError",
        tested=r"raises torch.jit.Error \(ValueError\)",
        environment="ours",
    ),
    Difference(
        "operations",
        r"\w+_block (sample|property)_names=(vector|integers|booleans|matrix) \| .*",
        "elements of arrays are names that blocks do not have",
        published="returns|raises RuntimeError",
        tested="returns|raises ValueError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"unique_metadata(_block)? names=(\[\]|\(\)) \| torch .*",
        "without names, there are no distinct values in torch tensors as well",
        published="raises RuntimeError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"insert_dimension index=True \| .*",
        "True is the integer 1 for Python",
        published="raises AttributeError",
        environment="ours",
    ),
    Difference(
        "operations",
        r"join_blocks blocks=labels \| script .*",
        "torch takes the only entry of labels as a list of one element, which is returned as is",
        published="raises RuntimeError",
        environment="ours",
    ),
    Difference(
        "operations",
        r".* \| numpy bool .*|(abs|lstsq) .*\| .* complex128 no-properties.*"
        r"|random_uniform.* int64 .*",
        "what the type of numbers does not have is found after, or before, other mistakes",
        published="raises (UFuncTypeError|ValueError|RuntimeError|NotImplementedError)",
        tested=r"raises (NotImplementedError|TypeError|MetatensorError)|raises torch.jit.Error .*",
        environment="ours",
    ),
)

_SCRIPT = (
    Difference(
        "script",
        r"(block |\[)(whole|first|absent|labels|entry)\]? \| no-blocks .*",
        "looking for a block in a map without blocks finds none",
        published="raises RuntimeError",
        tested="raises ValueError",
    ),
    Difference(
        "script",
        r"blocks (whole|first|absent|labels|entry) \| no-blocks .*",
        "looking for blocks in a map without blocks finds none",
        published="raises RuntimeError",
    ),
)

_ATOMISTIC = (
    Difference(
        "atomistic",
        r"schemas: NeighborListOptions",
        "the argument of == and != has a name; these methods are called by position only",
    ),
)

_FILES = (
    Difference(
        "files",
        r"info-(unicode|unsorted): numpy writer",
        "both writers write the same info: sorted, and in UTF-8",
        environment="ours",
    ),
    Difference(
        "files",
        r"saving (Fortran order|transposed|torch transposed), numpy writer",
        "both writers write values in C order",
        environment="ours",
    ),
    Difference(
        "files",
        r"saving torch conjugate",
        "conjugated tensors are resolved",
        published="raises BufferError",
        environment="ours",
    ),
    Difference(
        "files",
        r"(bool|u?int8)-.*\.numpy\.mts: (load|load (buffer|file object)|(torch|numpy) arrays)",
        "files in which numpy has written types of one byte are read",
        published="raises MetatensorError",
    ),
)

DIFFERENCES: list[Difference] = [*_CORE, *_OPERATIONS, *_SCRIPT, *_ATOMISTIC, *_FILES]
