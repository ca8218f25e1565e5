"""How Sphinx builds these pages: `make docs`, without a network; what it says is an error (`-W`)."""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

project = "DLGMM"
author = "The DLGMM authors"
copyright = author
html_title = "DLGMM"
html_theme = "furo"
html_show_sphinx = False
html_copy_source = False
extensions = ["myst_parser", "sphinx.ext.apidoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "modules/modules.rst", "modules/dlgmm_core.rst"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

apidoc_modules = [
    {
        "path": "../dlgmm_core",
        "destination": "modules",
        "exclude_patterns": ["**/assets", "**/__main__.py"],
        "separate_modules": True,
        "module_first": True,
        "automodule_options": ["members", "show-inheritance"],
    }
]
autodoc_member_order = "bysource"
autodoc_default_options = {"no-value": True}
autosummary_generate = False
napoleon_use_ivar = True
default_role = "code"
math_numfig = False
html_math_renderer = "mathml"


def _as_plain_text(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """In docstrings `|` and `*` are mathematical signs, p(z|x) and (*shape, B), unless in code or in formulas."""
    if what == "data":
        lines[0] = lines[0].replace(": ", ", ", 1)  # what is before a colon would be taken for a type
    indent = None  # of a displayed formula or an example, in which nothing is changed
    for number, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        if indent is not None and line.strip() and depth <= indent:
            indent = None
        if line.lstrip().startswith((".. math::", ">>> ")):
            indent = depth if ".." in line else depth - 1
        if indent is None:
            pieces = re.split(r"(:math:`[^`]*`|`+[^`]*`+)", line)
            lines[number] = "".join(
                p if p.startswith(("`", ":math:")) else re.sub(r"([*|])", r"\\\1", p) for p in pieces
            )


def _without_links_out(app: Sphinx, name: str, source: list[str]) -> None:
    """Links to files beside `docs`, which only the repository has, become their paths."""
    source[0] = re.sub(r"(?<!!)\[([^\]]+)\]\(\.\./([^)#]+)[^)]*\)", r"\1 (`\2`)", source[0])


def _formula(self: Any, node: nodes.math | nodes.math_block) -> None:
    """Writes a formula as MathML, which browsers draw by themselves."""
    block = isinstance(node, nodes.math_block)
    self.body.append(tex2mathml(node.astext(), as_block=block))
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Registers the functions above."""
    app.connect("source-read", _without_links_out)
    app.connect("autodoc-process-docstring", _as_plain_text, priority=100)  # before napoleon reads sections
    app.add_html_math_renderer("mathml", (_formula, None), (_formula, None))
