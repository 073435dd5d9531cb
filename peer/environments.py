"""Python environments of the comparison, each made once.

``published``
    the published packages, from the package index;
``swapped-...``
    copies of it in which our shared libraries are in the place of the published ones;
``clients``
    this package with published packages that are built on metatensor, found by the ordinary
    dependency resolution of pip.

All of them see numpy, torch, etc. of the environment of this package through a ``.pth`` file.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

PUBLISHED = (
    "metatensor-core==0.2.6",
    "metatensor-operations==0.5.0",
    "metatensor-learn==0.6.2",
    "metatensor-torch==0.10.8",
    "metatomic-torch==0.1.19",
    "metatomic-ase==0.1.4",
)
CLIENTS = ("featomic==0.6.7", "featomic-torch==0.7.6", "sphericart==2.0.4")

# the import packages that this package stands for
OURS = (
    "metatensor",
    "metatensor_operations",
    "metatensor_learn",
    "metatensor_torch",
    "metatomic",
    "metatomic_ase",
)

# the libraries that each swapped environment takes from this package
SWAPPED = {
    "swapped-core": ("libmetatensor.so",),
    "swapped-torch": ("libmetatensor_torch.so",),
    "swapped-metatomic": ("libmetatomic_torch.so",),
    "swapped-all": ("libmetatensor.so", "libmetatensor_torch.so", "libmetatomic_torch.so"),
}


def prepare(needed: set[str], folder: Path, published: str | None, ours: str) -> dict[str, Path]:
    """Make the environments that are missing; returns the Python interpreter of each one."""
    pythons = {"ours": Path(ours)}
    pythons["published"] = Path(published or _make_published(folder / "published", ours))
    for name in sorted(needed - pythons.keys()):
        if name == "clients":
            pythons[name] = _make_clients(folder / name, ours)
        else:
            pythons[name] = _make_swapped(folder / name, pythons["published"], Path(ours))
    return pythons


def _make_published(folder: Path, ours: str) -> Path:
    python = folder / "bin/python"
    if _is_complete(folder):
        return python
    _make_venv(folder, ours)
    # our package is visible: what is wanted must be installed all the same, and nothing else
    _pip(python, "install", "--no-deps", "--ignore-installed", *PUBLISHED, *CLIENTS, "wigners")
    return _complete(folder)


def _make_clients(folder: Path, ours: str) -> Path:
    python = folder / "bin/python"
    if _is_complete(folder):
        return python
    _make_venv(folder, ours)
    compat = sorted((Path(__file__).parents[1] / "compat").iterdir())
    names = [str(path) for path in compat if (path / "pyproject.toml").exists()]
    _pip(python, "install", "--no-build-isolation", *names)
    _pip(python, "install", *CLIENTS)

    installed = {path.name for path in _site_packages(python).iterdir()}
    if not installed.isdisjoint(OURS):
        sys.exit(f"installing {', '.join(CLIENTS)} has brought {installed.intersection(OURS)}")
    return _complete(folder)


def _make_swapped(folder: Path, published: Path, ours: Path) -> Path:
    """Copy the published packages; the libraries are copied anew in each run."""
    python = folder / "bin/python"
    source, target = _site_packages(published), None
    if not _is_complete(folder):
        _make_venv(folder, str(published))
        target = _site_packages(python)
        for path in source.iterdir():
            if path.is_dir() and not (target / path.name).exists():
                shutil.copytree(path, target / path.name, symlinks=True)
        _complete(folder)

    replaced = SWAPPED[folder.name]
    for library in replaced:
        _replace_library(library, _site_packages(python), _site_packages_with(ours, "metatensor"))
    return python


def _replace_library(name: str, target: Path, ours: Path) -> None:
    """Replace the published library for the same version of torch (the folder ``torch-X.Y``)."""
    found = [
        path for package in ("metatensor", "metatomic") for path in (ours / package).rglob(name)
    ]
    if len(found) != 1:
        sys.exit(f"expected one {name} in {ours}, found {len(found)}")
    torch_version = {part for part in found[0].parts if part.startswith("torch-")}
    places = [path for path in target.rglob(name) if torch_version <= set(path.parts)]
    if len(places) != 1:
        sys.exit(f"expected one place for {name} in {target}, found {len(places)}")
    places[0].unlink()
    shutil.copy(found[0], places[0])


def _make_venv(folder: Path, base: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([base, "-m", "venv", folder], check=True)
    shared = [str(path) for path in _search_path(Path(base))]
    (_site_packages(folder / "bin/python") / "shared.pth").write_text("\n".join(shared) + "\n")


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    environment = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, check=True, env=environment)


def _search_path(python: Path) -> list[Path]:
    """All folders of packages that an interpreter sees, its own first."""
    code = "import sys; print('\\n'.join(p for p in sys.path if p.endswith('-packages')))"
    found = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    return [Path(line) for line in found.stdout.split()]


def _site_packages(python: Path) -> Path:
    return _search_path(python)[0]


def _site_packages_with(python: Path, package: str) -> Path:
    return next(path for path in _search_path(python) if (path / package).is_dir())


def _is_complete(folder: Path) -> bool:
    return (folder / ".complete").exists()


def _complete(folder: Path) -> Path:
    (folder / ".complete").touch()
    return folder / "bin/python"


def main() -> None:
    """Make some of the environments, for other programs that compare with them."""
    parser = argparse.ArgumentParser(description="Make environments with the published packages.")
    names = ["published", "clients", *SWAPPED]
    parser.add_argument("names", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--folder", type=Path, default=Path(".venv-peer"), help="where")
    arguments = parser.parse_args()
    prepare(set(arguments.names), arguments.folder, None, sys.executable)


if __name__ == "__main__":
    main()
