"""Sphinx: ``nox -s docs``."""

import importlib.metadata
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "extensions"), *(str(HERE.parent / folder) for folder in ("examples", "benchmarks"))]

project = "rnncore"
author = copyright = "the rnncore developers"
release = version = importlib.metadata.version("rnncore")
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "benchmark_tables",
    "classic_figures",
    "mathml",
    "page_of_diagnose",
]
exclude_patterns = ["extensions", "templates"]
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["rnncore.css"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # shapes and types stand in the docstrings
napoleon_google_docstring = False
# "array, (n, n_in)" is no name of a class: types are shown as they are written.
napoleon_use_param = napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style"), ("Raises", "params_style")]
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"torch\.nn\..*")]  # torch's own classes: linking them takes the network

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_title = "rnncore"
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "rnncore"},
    "header_links_before_dropdown": 6,
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"start": [], "citing": [], "changelog": []}

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    # Those that train for minutes are shown, not run; adam.py is imported by others.
    "filename_pattern": r"/(echo_state_network|linear_recursions|memory|torch_drop_in)\.py",
    "ignore_pattern": r"(adam|make_embedded_series)\.py",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "remove_config_comments": True,
    "abort_on_example_error": True,
    "plot_gallery": True,
}


def setup(app):
    app.connect("autodoc-process-docstring", _keep_colons, priority=400)  # before napoleon's


def _keep_colons(app, what, name, obj, options, lines):
    """Of properties napoleon takes what stands before the first line's colon for a type; here it is words."""
    if what in ("property", "attribute"):
        lines[:0] = ["..", ""]  # an empty comment
