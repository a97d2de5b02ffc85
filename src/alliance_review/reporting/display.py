"""Show figures and tables in a notebook: one representation each, the same bytes every time."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Format = str | Callable[[Any], str]


class Shown:
    """A mime bundle that notebooks display as it is."""

    def __init__(self, bundle: Mapping[str, str]) -> None:
        self.bundle = dict(bundle)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return self.bundle


def show_figure(drawn: tuple[Any, str], title: str = "") -> Shown:
    """Show what a figure function returned, as SVG.

    Parameters
    ----------
    drawn : (Figure, str)
        The figure and its description.
    title : str
        Short name; by default the first sentence of the description.

    Returns
    -------
    Shown
        ``image/svg+xml`` with title and description inside, ``text/plain`` the description.
    """
    # Imported here: pages and the command line use this package without drawing anything.
    from alliance_review.figures.svg import to_svg

    figure, alt = drawn
    return Shown({"image/svg+xml": to_svg(figure, alt, title), "text/plain": alt})


def show_table(
    frame: Any,
    *,
    numeric: Iterable[str] | str = (),
    wrap: Iterable[str] = (),
    formats: Mapping[str, Format] | None = None,
    headers: Mapping[str, str] | None = None,
    links: Mapping[str, str] | Iterable[str] = (),
    missing: str | Mapping[str, str] = "not recorded",
    row_headers: bool = True,
    label: str = "Table",
) -> Shown:
    """Show a table as plain, escaped HTML.

    Parameters
    ----------
    frame : DataFrame or list of dict
        The rows; the index of a frame is not shown.
    numeric : iterable of str, "all" or "all-but-first"
        Columns set right with figures of equal width.
    wrap : iterable of str
        Columns of long text that get room to wrap, beside those whose text is long anyway.
    formats : mapping
        Column -> function of the value, or a format specification such as ``".2f"``.
    headers : mapping
        Column -> heading; other columns are headed by their name.
    links : iterable or mapping
        Columns that hold an address, or column -> column that holds its address (the latter is
        then not shown by itself). Only http, https and pages of the book (``name.html``) become
        links.
    missing : str or mapping
        What stands for a missing value (None, NaN, NA, empty text), for all or by column.
    row_headers : bool
        The first column names the row (``th scope="row"``).
    label : str
        Name of the scrolling region that holds the table.

    Returns
    -------
    Shown
        ``text/html`` and ``text/plain``.
    """
    columns, rows = _rows(frame)
    if not columns:
        raise ValueError("a table needs at least one column")
    if isinstance(numeric, str):
        if numeric not in ("all", "all-but-first"):
            raise ValueError(f'numeric is columns, "all" or "all-but-first", not {numeric!r}')
        numeric = columns if numeric == "all" else columns[1:]
    address = dict(links) if isinstance(links, Mapping) else {name: name for name in links}
    named = {"numeric": list(numeric), "wrap": list(wrap), "formats": list(formats or {}),
             "headers": list(headers or {}), "links": [*address, *address.values()]}  # fmt: skip
    for argument, names in named.items():
        unknown = [name for name in names if name not in columns]
        if unknown:
            raise ValueError(f"{argument}: the table has no column {unknown[0]!r}")
    hidden = {target for name, target in address.items() if name != target}
    shown = [name for name in columns if name not in hidden]
    heads = [str((headers or {}).get(name, name)) for name in shown]

    def text(row: Mapping, name: str) -> str | None:
        value = row[name]
        return None if is_missing(value) else _format(value, (formats or {}).get(name))

    def blank(name: str) -> str:
        return missing if isinstance(missing, str) else missing.get(name, "not recorded")

    right, long = set(named["numeric"]), set(named["wrap"])
    filled = {n: [blank(n) if (v := text(row, n)) is None else v for row in rows] for n in shown}
    classes = {n: "num" if n in right else _width(filled[n], n in long) for n in shown}
    body, plain = [], ["\t".join(heads)]
    for row in rows:
        cells, words = [], []
        for place, name in enumerate(shown):
            value = text(row, name)
            words.append(" ".join((blank(name) if value is None else value).split()))
            inner = _breakable(html.escape(blank(name) if value is None else value))
            if value is not None and name in address:
                inner = _link(row[address[name]], inner)
            kind = " ".join(filter(None, (classes[name], "missing" if value is None else "")))
            tag, scope = ("th", ' scope="row"') if row_headers and place == 0 else ("td", "")
            style = f' class="{kind}"' if kind else ""
            cells.append(f"<{tag}{scope}{style}>{inner}</{tag}>")
        body.append(f"<tr>{''.join(cells)}</tr>")
        plain.append("\t".join(words))
    top = "".join(
        f'<th scope="col"{f" class={chr(34)}{classes[name]}{chr(34)}" if classes[name] else ""}>'
        f"{html.escape(head)}</th>"
        for name, head in zip(shown, heads, strict=True)
    )
    table = "\n".join([
        f'<div class="ar-scroll" tabindex="0" role="region" aria-label="{html.escape(label)}">',
        '<table class="ar-table">', f"<thead><tr>{top}</tr></thead>", "<tbody>", *body, "</tbody>",
        "</table>", "</div>",
    ])  # fmt: skip
    return Shown({"text/html": table, "text/plain": "\n".join(plain)})


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT, NA or empty text."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, str):
        return not value.strip()
    try:
        return math.isnan(value)
    except TypeError:
        return False


def _rows(frame: Any) -> tuple[list[str], list[Mapping]]:
    if hasattr(frame, "to_dict"):
        columns = [str(name) for name in frame.columns]
        values = frame.itertuples(index=False, name=None)
        return columns, [dict(zip(columns, row, strict=True)) for row in values]
    rows = list(frame)
    return list(rows[0]) if rows else [], rows


def _format(value: Any, how: Format | None) -> str:
    if callable(how):
        return str(how(value))
    return format(value, how) if how else str(value)


#: Longest text, in characters, that keeps a column narrow, and that a column holds unwrapped.
_SHORT, _LONG = 14, 48


def _width(texts: list[str], wrap: bool) -> str:
    """Class of a column of text, by its longest cell: ``short``, ``wrap`` or none."""
    longest = max(map(len, texts), default=0)
    if wrap or longest > _LONG:
        return "wrap"
    return "short" if longest <= _SHORT else ""


#: A word too long for a narrow column, and the marks after which it may break.
_WORD = re.compile(r"\S{19,}")
_MARK = re.compile(r"(&gt;|[_/|,])(?=[^\s_/|,])")


def _breakable(escaped: str) -> str:
    """Escaped text whose long codes and addresses may break after a mark, without a hyphen."""
    return _WORD.sub(lambda word: _MARK.sub(r"\1<wbr>", word[0]), escaped)


#: A page of the book beside the one that shows the table.
_PAGE = re.compile(r"(\.\./)?[a-z0-9_]+\.html")


def _link(address: Any, inner: str) -> str:
    target = "" if is_missing(address) else str(address).strip()
    if _PAGE.fullmatch(target):
        return f'<a href="{target}">{inner}</a>'
    if not target.lower().startswith(("http://", "https://")):
        return inner
    if inner == _breakable(html.escape(target)):
        inner = _breakable(html.escape(target.split("://", 1)[1].rstrip("/")))
    return f'<a href="{html.escape(target)}" rel="noopener">{inner}</a>'
