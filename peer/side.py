"""Run one step of one case in this environment: ``python side.py CASE FOLDER [OTHER_FOLDER]``.

Writes the record in FOLDER. With OTHER_FOLDER, it is the second step of a case that exchanges
files: what the other side left in OTHER_FOLDER is read here.
"""

import importlib
import sys
from pathlib import Path

from record import Record


def main(name: str, folder: str, other: str | None = None) -> None:
    case = importlib.import_module(f"cases.{name}")
    record = Record()
    here = Path(folder)
    here.mkdir(parents=True, exist_ok=True)
    if other is None:
        case.run(record, here)
    else:
        case.exchange(record, here, Path(other))
    record.save(here)


if __name__ == "__main__":
    main(*sys.argv[1:])
