"""Sphinx configuration of the documentation."""

import importlib.metadata
import os

project = "metatensor"
author = "the metatensor developers"
release = importlib.metadata.version("metatensor")

# the TorchScript classes have no docstrings: this imports documented stand-ins
os.environ["METATENSOR_IMPORT_FOR_SPHINX"] = "1"
os.environ["METATOMIC_IMPORT_FOR_SPHINX"] = "1"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
autoclass_content = "both"
autodoc_typehints = "description"
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = "metatensor"
exclude_patterns = ["_build"]
