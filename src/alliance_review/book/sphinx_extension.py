"""What the pages of this review need beyond Jupyter Book.

- the role ``{n}`path|format` ``: a number from ``results.json``. A wrong path is an error that
  names the page and the line. In headings, captions and labels it is plain text;
- the role ``{site}`words <data/effects.csv>` ``: a link to a file published beside the pages;
- tables of cells as enumerable blocks: caption above, number, ``{numref}``;
- figures of cells as drawings inside the page (see `drawings`);
- formulas as MathML (see `mathml`).
"""

import ast
import dataclasses
import json
import re
from collections.abc import Iterator
from functools import cache as cache_once
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.writers.html5 import HTML5Translator
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

from alliance_review.book import cache, drawings, mathml
from alliance_review.reporting import numbers

LONGEST_NUMBER = 24


def _round() -> BracketStyle:
    return dataclasses.field(default_factory=lambda: BracketStyle(left="(", right=")", sep="; "))


@dataclasses.dataclass
class RoundAuthorYear(AuthorYearReferenceStyle):
    """Author and year in round brackets: ``Totura et al. (2018)``, ``(Totura et al., 2018)``."""

    bracket_parenthetical: BracketStyle = _round()
    bracket_textual: BracketStyle = _round()
    bracket_author: BracketStyle = _round()
    bracket_label: BracketStyle = _round()
    bracket_year: BracketStyle = _round()


register_plugin("sphinxcontrib.bibtex.style.referencing", "author_year_round", RoundAuthorYear)
_LOGGER = logging.getLogger(__name__)
_HERE = Path(__file__).resolve().parent
_TABLE = re.compile(r"<table\b[^>]*>")
_PLAIN_LABEL = re.compile(r'aria-label="Table"')
_PLAIN_PARENTS = (nodes.title, nodes.caption, nodes.term, nodes.reference, addnodes.toctree)
#: Files and folders of the root that are published beside the pages, and what makes them.
PUBLISHED = ("data", "results.json", "review.pdf")


# --- numbers ----------------------------------------------------------------------------------


class number(nodes.inline):
    """A number from the results, with its path in ``data-n``."""


def results_of(app: Sphinx) -> dict[str, Any]:
    """Return the results of this build, read once."""
    if not hasattr(app, "_review_results"):
        place = Path(app.srcdir, app.config.review_results)
        app._review_results = json.loads(place.read_text(encoding="utf-8"))
    return app._review_results


class NumberRole(SphinxRole):
    """``{n}`path|format` ``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Write the number; an error of the build, and ``??``, if there is none."""
        expression = self.text.strip()
        try:
            text = numbers.render(results_of(self.env.app), expression)
        except (KeyError, ValueError, OSError) as error:
            reason = error.args[0] if isinstance(error, KeyError) else error
            _LOGGER.error("{n}: %s", reason, location=self.get_location())
            text = "??"
        path = expression.partition("|")[0].strip()
        return [number(expression, text, path=path, classes=["n"])], []


def visit_number(self: HTML5Translator, node: number) -> None:
    """Open the span of a number."""
    path = escape(node["path"], quote=True)
    # A number is kept on one line; a sentence from the results is not.
    kind = "n" if len(node.astext()) <= LONGEST_NUMBER else "said"
    self.body.append(f'<span class="{kind}" data-n="{path}">')


def depart_number(self: HTML5Translator, node: number) -> None:
    """Close it."""
    self.body.append("</span>")


class PlainNumbers(SphinxTransform):
    """Numbers in titles, captions and labels become text: those are copied to other places."""

    default_priority = 200

    def apply(self, **kwargs: Any) -> None:
        """Replace those numbers."""
        for node in list(self.document.findall(number)):
            if any(isinstance(parent, _PLAIN_PARENTS) for parent in _parents(node)):
                node.parent.replace(node, nodes.Text(node.astext()))


def _parents(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


# --- statements that the data must bear out ---------------------------------------------------


class ClaimRole(SphinxRole):
    """``{claim}`name|words` ``: the words, if the predicate of that name is true.

    Predicates are in the results under ``predicates``. One that is false, or unknown, is an error
    that names the page and the line: the sentence has to be written again.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Write the words, and report an error where the data do not bear them out."""
        name, _, words = (part.strip() for part in self.text.partition("|"))
        known = results_of(self.env.app).get("predicates", {})
        if name not in known:
            _LOGGER.error("{claim}: no predicate %r", name, location=self.get_location())
        elif not known[name]:
            _LOGGER.error(
                "{claim}: the data no longer bear out %r (%s)", " ".join(words.split()), name,
                location=self.get_location(),
            )  # fmt: skip
        return [nodes.inline("", words, classes=["claim"])], []


# --- links to published files -----------------------------------------------------------------


class SiteRole(SphinxRole):
    """``{site}`words <path>` `` or ``{site}`path` ``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Link to the file, relative to the page; an error if it is not published."""
        match = re.fullmatch(r"(.*?)\s*<([^<>]+)>", self.text.strip(), re.S)
        words, path = match.groups() if match else (self.text, self.text)
        first = Path(path).parts[0] if path else ""
        missing = first == "data" and not Path(self.env.srcdir, path).exists()
        if first not in PUBLISHED or missing:
            _LOGGER.error("{site}: %r is not published", path, location=self.get_location())
        up = "../" * self.env.docname.count("/")
        return [nodes.reference("", words, refuri=up + path, internal=True)], []


# --- tables -----------------------------------------------------------------------------------


class table_block(nodes.General, nodes.Element):
    """A table of a cell: a caption and HTML. Numbered together with Sphinx's own tables."""


def _caption_of(node: table_block) -> str | None:
    return next((child.astext() for child in node if isinstance(child, nodes.caption)), None)


class TableBlocks(SphinxTransform):
    """A figure of a cell whose output is an HTML table becomes a table block."""

    default_priority = 210

    def apply(self, **kwargs: Any) -> None:
        """Replace those figures."""
        for figure in list(self.document.findall(nodes.figure)):
            html = [
                raw
                for raw in figure.findall(nodes.raw)
                if "html" in raw.get("format", "").split() and _TABLE.search(raw.astext())
            ]
            if not html or next(figure.findall(nodes.image), None) is not None:
                continue
            block = table_block(html=html[0].astext(), **figure.attributes)
            block.source, block.line = figure.source, figure.line
            block += [child for child in figure if isinstance(child, nodes.caption)]
            figure.replace_self(block)
            for identifier in block["ids"]:
                self.document.ids[identifier] = block


def visit_table_block(self: HTML5Translator, node: table_block) -> None:
    """Write the table with its caption as the first thing inside."""
    html = node["html"]
    start = _TABLE.search(html)
    identifier = node["ids"][0] if node["ids"] else ""
    before, tag, after = html[: start.start()], start[0], html[start.end() :]
    if identifier and ' id="' not in tag:
        tag = f'{tag[:-1]} id="{identifier}">'
    before = _PLAIN_LABEL.sub(f'aria-labelledby="{identifier}-caption"', before)
    self.body.append(before + tag)
    for caption in node:
        self.body.append(f'<caption id="{identifier}-caption">')
        self.add_fignumber(node)
        self.body.append('<span class="caption-text">')
        for child in caption:
            child.walkabout(self)
        self.body.append("</span>")
        self.add_permalink_ref(node, "Link to this table")
        self.body.append("</caption>")
    self.body.append(after + "\n")
    raise nodes.SkipNode


# --- figures ----------------------------------------------------------------------------------


class drawing(nodes.General, nodes.Element):
    """A drawing inside the page: ``svg`` and ``alt``."""


class InlineDrawings(SphinxTransform):
    """SVG outputs of cells become drawings inside the page."""

    default_priority = 220

    def apply(self, **kwargs: Any) -> None:
        """Replace those images; a file that is no usable drawing is an error."""
        taken: set[str] = set()
        output = Path(self.app.outdir).parent / "jupyter_execute"
        for position, image in enumerate(list(self.document.findall(nodes.image))):
            file = Path(self.env.srcdir, image["uri"].lstrip("/"))
            if file.suffix != ".svg" or output.resolve() not in file.resolve().parents:
                continue
            figure = next((p for p in _parents(image) if isinstance(p, nodes.figure)), None)
            names = figure["ids"] if figure is not None else []
            name = names[0] if names else f"drawing-{position + 1}"
            try:
                svg = file.read_text(encoding="utf-8")
                svg = drawings.inline(svg, name, tokens(), taken)
            except (OSError, ValueError) as error:
                _LOGGER.error("%s: %s", name, error, location=image)
                continue
            taken |= drawings.identifiers(svg)
            image.replace_self(drawing(svg=svg, alt=drawings.description(svg)))


@cache_once
def tokens() -> dict[str, tuple[str, str]]:
    """Return the colours of `alliance_review.figures.style` without importing it.

    The import would bring matplotlib, a second that every build of a page would pay.
    """
    source = (_HERE.parent / "figures" / "style.py").read_text(encoding="utf-8")
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and statement.target.id == "TOKENS":
            return ast.literal_eval(statement.value)
    raise LookupError("figures/style.py no longer assigns TOKENS")


def visit_drawing(self: HTML5Translator, node: drawing) -> None:
    """Write the drawing in a region that can scroll."""
    # A drawing is not made smaller than can be read: on a phone it scrolls within this region.
    self.body.append(
        '<div class="ar-drawing ar-scroll" tabindex="0" role="group" aria-label="Figure">'
        f"{node['svg']}</div>\n"
    )
    raise nodes.SkipNode


def visit_as_text(self: Any, node: nodes.Element) -> None:
    """In other formats a drawing is its description and a table its caption."""
    raise nodes.SkipNode


# --- what other extensions write --------------------------------------------------------------

#: A name that hides the words of the button; a role that is no longer part of the standard.
_TIDIED = (
    (' aria-label="Toggle hidden content"', ""),
    ('role="doc-biblioentry"', 'role="listitem"'),
)


def tidy(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Mend what stands between a page and the accessibility rules."""
    if "body" in context:
        for old, new in _TIDIED:
            context["body"] = context["body"].replace(old, new)


# --- set-up -----------------------------------------------------------------------------------


class _Digest:
    """What every page depends on; as a configuration value it makes Sphinx read all again."""

    names: ClassVar = ("book", "reporting", "figures")

    @classmethod
    def of(cls, results: Path) -> str:
        package = _HERE.parent
        code = [
            file
            for file in cache.files(*(package / name for name in cls.names))
            if _HERE / "pdf" not in file.parents
        ]
        stored = results.read_bytes().hex() if results.is_file() else ""
        return cache.digest(code, package, stored)


def configure(app: Sphinx, config: Config) -> None:
    """Fill what follows from other values."""
    config.review_digest = _Digest.of(Path(app.srcdir, config.review_results))
    config.templates_path = [*config.templates_path, str(_HERE / "templates")]
    config.html_context.setdefault("default_mode", "auto")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    app.add_config_value("review_results", "_build/results.json", "env", [str])
    app.add_config_value("review_digest", "", "env", [str])
    app.connect("html-page-context", tidy)
    app.add_role("n", NumberRole())
    app.add_role("claim", ClaimRole())
    app.add_role("site", SiteRole())
    others = {name: (visit_as_text, None) for name in ("latex", "text", "man", "texinfo")}
    app.add_node(number, html=(visit_number, depart_number))
    app.add_enumerable_node(
        table_block, "table", _caption_of, html=(visit_table_block, None), **others
    )
    app.add_node(drawing, html=(visit_drawing, None), **others)
    for transform in (PlainNumbers, TableBlocks, InlineDrawings):
        app.add_transform(transform)
    app.connect("config-inited", configure)
    mathml.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
