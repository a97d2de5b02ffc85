"""The evidence map: what was measured against what was printed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, text_width, wrap
from .wording import alt_text, count_text

#: form of evidence -> (how it is called in the key, in a sentence)
FORMS = {
    "exact": ("number printed", "with a printed number"),
    "significant": ("in words: significant", "in words as significant"),
    "null": ("in words: not significant", "in words as not significant"),
    "unusable": ("measured, result not visible", "measured without a visible result"),
}
_RATERS = {"patient": "P", "clinician": "C", "observer": "O", "other": "M"}
_STEP = 14.0


def evidence_map(evidence: dict) -> tuple[Figure, str]:
    """Draw samples by outcome domain with one mark per reported effect.

    Parameters
    ----------
    evidence : dict
        ``rows``: one dict per effect with ``sample_id``, ``label`` (of the sample), ``rater``
        (patient, clinician, observer, other, unclear), ``outcome_domain`` and ``form`` (exact,
        p_exact, significant, null, sign, unusable). ``columns`` (optional): the outcome domains
        in the order wanted; by default the most reported domain comes first.

    Returns
    -------
    (Figure, str)
        Samples with printed numbers stand first; totals per form stand in the margins.
    """
    effects = evidence["rows"]
    if not effects:
        raise ValueError("an evidence map needs at least one effect")
    counts = Counter(row["outcome_domain"] for row in effects)
    columns = evidence.get("columns") or sorted(counts, key=lambda name: (-counts[name], name))
    unknown = sorted(set(counts) - set(columns))
    if unknown:
        raise ValueError(f"outcome domains without a column: {', '.join(unknown)}")
    samples: dict[str, list[dict]] = {}
    for row in effects:
        samples.setdefault(row["sample_id"], []).append(row)
    ordered = sorted(samples.values(), key=lambda rows: (-_printed(rows), -len(rows),
                                                         rows[0]["label"].casefold()))  # fmt: skip
    return _draw(ordered, columns), _describe(effects, ordered, counts, columns)


def _form(row: dict) -> str:
    form = {"p_exact": "exact", "sign": "significant"}.get(row["form"], row["form"])
    if form not in FORMS:
        raise ValueError(f"unknown form of evidence: {row['form']!r}")
    return form


def _printed(rows: list[dict]) -> int:
    return sum(_form(row) == "exact" for row in rows)


def _draw(samples: list[list[dict]], columns: list[str]) -> Figure:
    sheet = Sheet()
    compact = len(samples) > 24
    line, size, left = (11.0, 7.0, 136.0) if compact else (14.0, 7.6, 136.0)
    edges = _edges(samples, columns, left, WIDTH - 38)
    heads = [
        wrap(name[:1].upper() + name[1:], b - a - 4, 7.2, "bold")
        for name, (a, b) in zip(columns, pairwise(edges), strict=True)
    ]
    style = {"size": 7.2, "color": "soft", "face": "bold"}
    base = 3 + 9 * max(len(head) for head in heads)
    sheet.text(0, base, "Sample", **style)
    for index, head in enumerate(heads):
        sheet.lines(edges[index], base - 9 * (len(head) - 1), head, 9, **style)
    sheet.text(WIDTH, base, "printed", align="right", **style)
    y = base + 6
    sheet.line((0, y), (WIDTH, y), width=0.8)
    mark = 0
    for rows in samples:
        names = wrap(rows[0]["label"], left - 8, size)
        per_line = [max(1, int((b - a) // _STEP)) for a, b in pairwise(edges)]
        cells = [sorted((e for e in rows if e["outcome_domain"] == name), key=_cell_key)
                 for name in columns]  # fmt: skip
        deepest = max(-(-len(cell) // per) for cell, per in zip(cells, per_line, strict=True))
        height = max(line * deepest, 8.6 * len(names) + line - 8.6)
        sheet.lines(0, y + (height - 8.6 * len(names)) / 2 + 6.7, names, 8.6, size=size)
        for index, cell in enumerate(cells):
            for place, effect in enumerate(cell):
                row, column = divmod(place, per_line[index])
                lines = -(-len(cell) // per_line[index])
                top = y + (height - line * lines) / 2 + line * row
                at = edges[index] + 4 + _STEP * column
                _mark(sheet, at, top + line / 2, effect, f"mark-{mark}")
                mark += 1
        total = f"{_printed(rows)} of {len(rows)}"
        sheet.text(WIDTH, y + height / 2 + 2.6, total, size=7.2, align="right",
                   color="accent" if _printed(rows) else "soft")  # fmt: skip
        y += height
        sheet.line((0, y), (WIDTH, y), color="rule", width=0.5)
    sheet.line((0, y), (WIDTH, y), width=0.8)
    effects = [effect for rows in samples for effect in rows]
    for form, (called, _) in FORMS.items():
        members = [effect for effect in effects if _form(effect) == form]
        y += 11.5
        _mark(sheet, 4, y - 2.6, {"form": form}, None)
        sheet.text(12, y, called, size=7.2)
        for index, name in enumerate(columns):
            count = sum(effect["outcome_domain"] == name for effect in members)
            sheet.text(edges[index], y, count or "–", size=7.4,
                       color="ink" if count else "soft")  # fmt: skip
        sheet.text(WIDTH, y, len(members), size=7.4, align="right", face="bold")
    y += 6
    sheet.line((0, y), (WIDTH, y), color="rule", width=0.5)
    used = {effect.get("rater") for effect in effects}
    letters = [f"{letter} {'mixed or another person' if name == 'other' else name}"
               for name, letter in _RATERS.items() if name in used]  # fmt: skip
    if used - set(_RATERS):
        letters.append("? not stated")
    note = "Letter: who rated the relationship. " + " · ".join(letters)
    y = sheet.lines(0, y + 11, wrap(note, WIDTH, 6.8), 9, size=6.8, color="soft")
    return sheet.finish(y - 4)


def _edges(samples: list[list[dict]], columns: list[str], left: float, right: float) -> list[float]:
    """Column borders: each column has room for its heading and, if possible, its fullest cell."""
    need, more = [], []
    for name in columns:
        word = max(text_width(w, 7.2, "bold") for w in (name[:1].upper() + name[1:]).split())
        full = max(sum(e["outcome_domain"] == name for e in rows) for rows in samples)
        need.append(word + 7)
        more.append(max(0.0, _STEP * min(full, 6) + 4 - need[-1]) + 1)
    spare = right - left - sum(need)
    if spare < 0:
        need, spare = [width * (right - left) / sum(need) for width in need], 0.0
    widths = [width + spare * part / sum(more) for width, part in zip(need, more, strict=True)]
    edges = [left]
    for width in widths:
        edges.append(edges[-1] + width)
    return edges


def _cell_key(effect: dict) -> tuple:
    return list(FORMS).index(_form(effect)), str(effect.get("rater"))


def _mark(sheet: Sheet, x: float, y: float, effect: dict, gid: str | None) -> None:
    form = _form(effect)
    if form == "exact":
        sheet.square(x, y, 6.6, fill="accent", gid=gid)
    elif form == "significant":
        sheet.square(x, y, 6.2, fill="word", edge="accent", width=0.9, gid=gid)
    elif form == "null":
        sheet.line((x - 3.6, y), (x + 3.6, y), color="accent", width=1.6, gid=gid)
    else:
        sheet.ring(x, y, 2.9, edge="soft", width=0.9, gid=gid)
    if gid:
        letter = _RATERS.get(effect.get("rater"), "?")
        sheet.text(x + 4.6, y + 2.2, letter, size=6, color="soft")


def _describe(effects: list, samples: list, counts: Counter, columns: list[str]) -> str:
    forms = Counter(_form(effect) for effect in effects)
    some = sum(_printed(rows) > 0 for rows in samples)
    parts = [f"{forms[form]} {said}" for form, (_, said) in FORMS.items() if forms[form]]
    raters = Counter(effect.get("rater") or "unclear" for effect in effects)
    told = ", ".join(f"{n} by {'an unstated rater' if r == 'unclear' else r}"
                     for r, n in sorted(raters.items(), key=lambda p: (-p[1], p[0])))  # fmt: skip
    return alt_text(
        f"Evidence map of {count_text(len(effects), 'effect')} from "
        f"{count_text(len(samples), 'sample')} in {count_text(len(columns), 'outcome domain')}.",
        f"The effects are reported as follows: {', '.join(parts)}.",
        f"{count_text(some, 'sample')} of {len(samples)} "
        + ("prints" if some == 1 else "print") + " at least one number.",
        f"The most reported domain is {max(columns, key=lambda c: counts[c])} "
        f"with {count_text(max(counts.values()), 'effect')}.",
        f"The relationship was rated as follows: {told}.",
    )  # fmt: skip
