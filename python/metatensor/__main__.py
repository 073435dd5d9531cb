"""Command line: ``python -m metatensor``."""

import os
import sys

from ._command_line import main

try:
    exit_code = main()
    sys.stdout.flush()
except BrokenPipeError:
    # the reader (`head`, ...) has seen enough, and Python must not write the rest when it ends
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    exit_code = 1
sys.exit(exit_code)
