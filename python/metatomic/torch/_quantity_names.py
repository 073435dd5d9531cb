"""
Current and deprecated spellings of the standard quantities.

Models and engines released over the years use both, and each must keep working with the other.
Only the text before the first ``/`` is a quantity, the rest is the name of a variant:
``features/v`` and ``feature/v`` are the two spellings of one output. All functions here are
compiled by TorchScript and become part of exported models. This is why the table of C++ is here
again: an exported model may only call operators that every release of the library has.
"""


def _deprecated_to_current() -> dict[str, str]:
    return {
        "features": "feature",
        "non_conservative_forces": "non_conservative_force",
        "positions": "position",
        "momenta": "momentum",
        "masses": "mass",
        "velocities": "velocity",
        "charges": "charge",
    }


def _split_variant(name: str) -> tuple[str, str]:
    """Split ``name`` in a quantity and the rest, which is empty or starts with ``/``."""
    slash = name.find("/")
    if slash == -1:
        return name, ""

    return name[:slash], name[slash:]


def is_deprecated(name: str) -> bool:
    """Is ``name`` (with or without variant) the deprecated spelling of a standard quantity?"""
    base, _ = _split_variant(name)
    return base in _deprecated_to_current()


def current_name(name: str) -> str:
    """Current spelling of ``name``; any name without a deprecated spelling is returned as it is."""
    base, variant = _split_variant(name)
    return _deprecated_to_current().get(base, base) + variant


def deprecated_name(name: str) -> str:
    """Deprecated spelling of ``name``, or ``name`` itself when it never had another one."""
    base, variant = _split_variant(name)
    for deprecated, current in _deprecated_to_current().items():
        if base == current:
            return deprecated + variant

    return name


def other_spelling(name: str) -> str:
    """The spelling of ``name`` that is not this one, or ``name`` if there is only one."""
    if is_deprecated(name):
        return current_name(name)

    return deprecated_name(name)
