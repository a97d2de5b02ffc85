"""The flow of records and effects, with a reason for everything that was left out."""

from __future__ import annotations

from matplotlib.figure import Figure

from .style import WIDTH, Sheet, text_width, wrap
from .wording import alt_text

_GAP, _GUTTER, _PAD, _LINE = 20.0, 16.0, 7.0, 9.6
_SIZE, _SMALL = 7.6, 7.0


def flow(record: dict) -> tuple[Figure, str]:
    """Draw stages as boxes from top to bottom, with exclusions beside them.

    Parameters
    ----------
    record : dict
        ``stages``: list of dicts with ``id``, ``label``, ``count`` (int, or None: not recorded),
        ``parent`` (id, list of ids where stages meet, or None) and ``excluded`` (list of
        ``label`` and ``count``). Parents come before their children.

    Returns
    -------
    (Figure, str)
        A count that was not recorded is written so, never guessed.
    """
    stages = record["stages"]
    if not stages:
        raise ValueError("a flow needs at least one stage")
    level: dict[str, int] = {}
    for stage in stages:
        missing = [name for name in _parents(stage) if name not in level]
        if missing:
            raise ValueError(f"stage {stage['id']}: parent {missing[0]} is unknown or comes later")
        level[stage["id"]] = 1 + max((level[name] for name in _parents(stage)), default=-1)
    return _draw(stages, level), _describe(stages)


def _parents(stage: dict) -> list[str]:
    parent = stage.get("parent")
    return [parent] if isinstance(parent, str) else list(parent or [])


def _count(value: int | None) -> str:
    return "not recorded" if value is None else f"{value:,}"


def _lanes(stages: list[dict]) -> dict[str, tuple[float, float]]:
    """Give each stage a share of the width: children split their parent's, meeting stages join."""
    roots = [stage["id"] for stage in stages if not _parents(stage)]
    lanes: dict[str, tuple[float, float]] = {}
    for stage in stages:
        above = _parents(stage)
        if len(above) > 1:
            lanes[stage["id"]] = (min(lanes[p][0] for p in above), max(lanes[p][1] for p in above))
            continue
        siblings = (
            [other["id"] for other in stages if _parents(other) == above] if above else roots
        )
        start, stop = lanes[above[0]] if above else (0.0, 1.0)
        part = (stop - start) / len(siblings)
        place = siblings.index(stage["id"])
        lanes[stage["id"]] = (start + place * part, start + (place + 1) * part)
    return lanes


def _draw(stages: list[dict], level: dict[str, int]) -> Figure:
    sheet, lanes = Sheet(), _lanes(stages)
    places: dict[str, tuple[float, float, float]] = {}  # id -> centre x, top, bottom
    y = 1.0
    for depth in range(max(level.values()) + 1):
        bottoms = []
        for stage in (stage for stage in stages if level[stage["id"]] == depth):
            start, stop = lanes[stage["id"]]
            whole = stop - start > 0.99
            left = (WIDTH + _GUTTER) * start + 0.5
            width = (WIDTH + _GUTTER) * (0.5 if whole else stop - start) - _GUTTER - 1
            side = bool(whole and stage.get("excluded"))
            if whole and not side:
                left += (WIDTH + _GUTTER) / 4
            box = _stage_box(sheet, left, y, width, stage, inside=not whole)
            bottoms.append(max(box, _side_box(sheet, left + width, y, stage) if side else y))
            places[stage["id"]] = (left + width / 2, y, box)
        y = max(bottoms) + _GAP
    for stage in stages:
        for name in _parents(stage):
            _connect(sheet, places[name], places[stage["id"]])
    return sheet.finish(y - _GAP + 1)


def _stage_box(sheet, left, top, width, stage, *, inside) -> float:
    known = stage.get("count") is not None
    number = {"size": 8.6, "face": "bold"} if known else {"size": _SMALL, "face": "italic"}
    taken = text_width(_count(stage.get("count")), **number) + 8
    label = wrap(stage["label"], width - 2 * _PAD - taken, _SIZE)
    out = _reasons(stage, width - 2 * _PAD - 34) if inside else []
    height = max(len(label) * _LINE, _LINE) + 2 * _PAD - 2
    extra = sum(len(lines) for lines, _ in out) * 8.8 + (18 if out else 0)
    bottom = top + height + extra
    sheet.box(left, top, left + width, bottom, fill="band", edge="rule", width=0.7,
              gid="stage")  # fmt: skip
    sheet.lines(left + _PAD, top + _PAD + 7, label, _LINE, size=_SIZE)
    sheet.text(left + width - _PAD, top + _PAD + 7, _count(stage.get("count")), align="right",
               color="accent" if known else "soft", **number)  # fmt: skip
    if out:
        _list(sheet, left + _PAD, left + width - _PAD, top + height, out)
    return bottom


def _side_box(sheet, left, top, stage) -> float:
    """Exclusions to the right of a stage that stands alone on its level."""
    out = _reasons(stage, WIDTH - left - _GUTTER - 8 - 2 * _PAD - 34)
    if not out:
        return top
    x0, x1 = left + _GUTTER + 8, WIDTH - 0.5
    height = sum(len(lines) for lines, _ in out) * 8.8 + 22
    sheet.box(x0, top, x1, top + height, edge="rule", width=0.7)
    middle = top + 10.5
    sheet.line((left - 0.5, middle), (x0, middle), color="soft", width=0.7)
    sheet.line((x0 - 3.2, middle - 2.4), (x0, middle), (x0 - 3.2, middle + 2.4), color="soft",
               width=0.8)  # fmt: skip
    _list(sheet, x0 + _PAD, x1 - _PAD, top + 4, out)
    return top + height


def _reasons(stage: dict, width: float) -> list[tuple[list[str], int | None]]:
    return [(wrap(item["label"], width, _SMALL), item["count"])
            for item in stage.get("excluded") or []]  # fmt: skip


def _list(sheet, left, right, top, reasons) -> None:
    counts = [count for _, count in reasons]
    total = "not recorded" if None in counts else f"{sum(counts):,}"
    sheet.text(left, top + 8, "Left out", size=_SMALL, face="bold", color="soft")
    sheet.text(right, top + 8, total, size=_SMALL, face="bold", color="soft", align="right")
    y = top + 17.5
    for lines, count in reasons:
        sheet.text(right, y, "–" if count is None else f"{count:,}", size=_SMALL, color="soft",
                   align="right")  # fmt: skip
        y = sheet.lines(left, y, lines, 8.8, size=_SMALL, color="soft")


def _connect(sheet, parent, child) -> None:
    (x0, _, bottom), (x1, top, _) = parent, child
    turn = top - _GAP / 2
    points = [(x0, bottom), (x0, turn), (x1, turn), (x1, top)] if x0 != x1 else [(x0, bottom),
                                                                                 (x1, top)]
    sheet.line(*points, color="soft", width=0.7)
    sheet.line((x1 - 2.4, top - 3.2), (x1, top), (x1 + 2.4, top - 3.2), color="soft", width=0.8)


def _describe(stages: list[dict]) -> str:
    parts = []
    for stage in stages:
        out = stage.get("excluded") or []
        text = f"{stage['label']}: {_count(stage.get('count'))}"
        if out and all(item["count"] is not None for item in out):
            most = max(out, key=lambda item: item["count"])
            text += (f"; left out: {sum(item['count'] for item in out):,}, most often "
                     f"“{most['label']}” ({most['count']:,})")  # fmt: skip
        parts.append(text + ".")
    return alt_text(f"Flow diagram with {len(stages)} stages.", *parts)
