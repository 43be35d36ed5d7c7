"""Sphinx: ``nox -s docs``."""

import importlib.metadata

project = "rnncore"
author = copyright = "the rnncore developers"
release = importlib.metadata.version("rnncore")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_member_order = "bysource"
html_theme = "alabaster"
html_theme_options = {"description": "Long recurrences and their Jacobians", "page_width": "62rem"}
