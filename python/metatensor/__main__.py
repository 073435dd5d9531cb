"""Command line: ``python -m metatensor``."""

import sys

from ._command_line import main

sys.exit(main())
