"""Formulas as MathML, written when the book is built.

Browsers set MathML themselves: no script, no fonts to fetch, and screen readers can read it. The
TeX source stays beside it in ``alttext``; the PDF is made from that.
"""

from html import escape

import math_core
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

NAME = "mathml"
_LOGGER = logging.getLogger(__name__)
_CONVERTER = math_core.LatexToMathML()


def to_mathml(tex: str, *, display: bool) -> str:
    """Convert one formula.

    Parameters
    ----------
    tex : str
        TeX without delimiters.
    display : bool
        True for a formula on its own line.

    Raises
    ------
    ValueError
        If the formula is not valid TeX.
    """
    try:
        markup = _CONVERTER.convert_with_local_state(tex, displaystyle=display)
    except Exception as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise ValueError(f"formula {tex!r}: {said[0] if said else 'not understood'}") from None
    return markup.replace("<math", f'<math alttext="{escape(tex, quote=True)}"', 1)


def _write(self: HTML5Translator, node: nodes.Element, display: bool) -> None:
    try:
        self.body.append(to_mathml(node.astext(), display=display))
    except ValueError as error:
        _LOGGER.error("%s", error, location=node)


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    self.body.append('<span class="math">')
    _write(self, node, display=False)
    self.body.append("</span>")
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on its own line, with its number if it has one."""
    identifier = f' id="{node["ids"][0]}"' if node.get("ids") else ""
    # A long formula scrolls on a phone: it can be reached by keyboard and has a name.
    self.body.append(
        f'<div class="math"{identifier} tabindex="0" role="group" aria-label="Formula">'
    )
    if node.get("number"):
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})</span>')
    _write(self, node, display=True)
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer; ``html_math_renderer: mathml`` selects it."""
    app.add_html_math_renderer(NAME, (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
