"""The command ``python -m metatensor``."""

import argparse
import sys
from collections.abc import Sequence

from ._inspect import describe_file
from ._status import MetatensorError


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    :param arguments: arguments of the command, those of the process by default
    :return: exit code of the process: 0, or 1 if one of the files could not be read
    """
    parser = argparse.ArgumentParser(
        prog="python -m metatensor", description="Tools for .mts files"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    inspect = commands.add_parser(
        "inspect",
        help="show what is in files, without reading the values",
        description="Show what is in files with a TensorMap, a TensorBlock or Labels. The values "
        "of blocks are not read.",
    )
    inspect.add_argument("files", nargs="+", metavar="FILE", help="path of a file")
    inspect.add_argument(
        "--blocks", action="store_true", help="show the labels and gradients of each block"
    )
    parsed = parser.parse_args(arguments)
    return _inspect(parsed.files, parsed.blocks)


def _inspect(files: Sequence[str], blocks: bool) -> int:
    separator, exit_code = "", 0
    for file in files:
        try:
            description = describe_file(file, blocks)
        except (MetatensorError, OSError, ValueError) as error:
            print(f"error: {error}", file=sys.stderr)
            exit_code = 1
            continue
        print(f"{separator}{description}")
        separator = "\n"
    return exit_code
