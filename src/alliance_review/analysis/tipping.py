"""What would change the answer: a single further study, or several that found nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from alliance_review.analysis.pools import all_reports, to_report
from alliance_review.analysis.robustness import brief
from alliance_review.analysis.t_limits import t_limits
from alliance_review.formats import FORMATS
from alliance_review.synthesis import Report

#: Further reports called not significant: size, how many.
SEVERAL = tuple((n, count) for n in (100, 400, 1600) for count in (1, 2, 4, 8))
#: What a single further study might report: key, in words, and the report of n people.
KINDS: dict[str, tuple[str, Callable[[int], Report]]] = {
    "null": ("not significant", lambda n: Report("null", n)),
    "zero": ("a number, r = .00", lambda n: Report("exact", n, z=0.0)),
    "negative": ("a number, r = −.10", lambda n: Report("exact", n, z=math.atanh(-0.1))),
    "opposite": ("significant, the other way", lambda n: Report("significant", n, sign=-1)),
}
SMALLEST, LARGEST = 10, 100_000
#: Sizes at which the analysis asks what number a single further study would have to print.
NEEDED_AT = (50, 100, 200, 400, 1000, 4000)
HIGHEST_R, LOWEST_R = 20, -95  # hundredths
STEPS_PER_DECADE = 12
DECIMALS = 4


def several_nulls(rows: pd.DataFrame) -> dict:
    """The pool with further reports called not significant, by their size and number."""
    reports = [to_report(row) for row in rows.to_dict("records")]
    steps = [
        {"n": n, "added": count} | brief(all_reports([*reports, *[Report("null", n)] * count]))
        for n, count in SEVERAL
    ]
    return {"steps": steps}


def sizes(low: int = SMALLEST, high: int = LARGEST) -> list[int]:
    """Whole numbers from ``low`` to ``high``, equally spaced on a log scale, both ends held."""
    steps = math.ceil(STEPS_PER_DECADE * math.log10(high / low))
    return sorted({round(float(n)) for n in np.geomspace(low, high, steps + 1)})


def first_true(holds: Callable[[int], bool], grid: Sequence[int]) -> dict:
    """The smallest n of a grid's range at which a condition starts to hold.

    Whether it holds is looked up at every n of the grid, so that it need not be monotone; the
    first change from false to true, and that back, are then narrowed to a whole number by halving.

    Parameters
    ----------
    holds : callable
        The condition at a whole number.
    grid : sequence of int
        Ascending.

    Returns
    -------
    dict
        ``n``: the smallest found, None where it never holds on the grid. ``until``: the last n at
        which it still held, None where it holds up to the end. ``changes``: how often
        the answer changes along the grid; 0 or 1 where it is monotone there.
    """
    found = [bool(holds(n)) for n in grid]
    changes = sum(a != b for a, b in zip(found, found[1:], strict=False))
    if True not in found:
        return {"n": None, "until": None, "changes": changes}
    place = found.index(True)
    first = halved(holds, grid[place - 1], grid[place]) if place else grid[0]
    after = next((i for i in range(place, len(grid)) if not found[i]), None)
    until = None
    if after is not None:
        until = halved(lambda n: not holds(n), grid[after - 1], grid[after]) - 1
    return {"n": first, "until": until, "changes": changes}


def halved(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Where between ``low``, at which a condition fails, and ``high`` it starts to hold."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def single_study(rows: pd.DataFrame, small: float) -> dict:
    """What one further study must report, and how large it must be, to change the conclusion.

    Parameters
    ----------
    rows : DataFrame
        Usable rows of the primary selection.
    small : float
        The r below which the text no longer says small.

    Returns
    -------
    dict
        By kind: ``label``; ``holds_zero``, ``holds_zero_t`` and ``below_small``, each as from
        `first_true`, for the interval that holds zero, the t interval that does, and the pooled r
        below ``small``; ``lowest_limit_t`` over the sizes ``n`` of the curve and the first of
        them, ``lowest_limit_t_n``, at which it is found; ``curve`` with columns
        ``n``, ``r``, ``r_low``, ``r_high``, ``tau``, ``t_low``. ``needed``: by size, the number
        that it would have to print.
    """
    reports = [to_report(row) for row in rows.to_dict("records")]
    grid, out = sizes(), {}
    for kind, (label, report) in KINDS.items():
        fits: dict[int, dict] = {}

        def at(n: int, report=report, fits=fits) -> dict:
            if n not in fits:
                fits[n] = all_reports([*reports, report(n)])
            return fits[n]

        limits: dict[int, float] = {}

        def t_low(n: int, report=report, limits=limits) -> float:
            if n not in limits:
                limits[n] = t_limits([*reports, report(n)])["t_low"]
            return limits[n]

        curve = {"n": grid} | {
            name: [round(float(at(n)[name]), DECIMALS) for n in grid]
            for name in ("r", "r_low", "r_high", "tau")
        }
        curve["t_low"] = [round(float(t_low(n)), DECIMALS) for n in grid]
        out[kind] = {
            "label": label,
            "holds_zero": first_true(lambda n, at=at: at(n)["r_low"] <= 0, grid),
            "holds_zero_t": first_true(lambda n, t_low=t_low: t_low(n) <= 0, grid),
            "below_small": first_true(lambda n, at=at: at(n)["r"] < small, grid),
            "lowest_r": min(curve["r"]),
            "lowest_limit": min(curve["r_low"]),
            "lowest_limit_t": min(t_low(n) for n in grid),
            "lowest_limit_t_n": min(grid, key=t_low),
            "largest_tau": max(curve["tau"]),
            "curve": curve,
        }
    needed = [{"n": n} | needed_number(reports, n, small) for n in NEEDED_AT]
    return {"small": small, "smallest": SMALLEST, "largest": LARGEST, "lowest_r": LOWEST_R / 100,
            "t_df": len(reports), "kinds": out, "needed": needed}  # fmt: skip


def needed_number(reports: Sequence[Report], n: int, small: float) -> dict:
    """The number that one further study of n people would have to print to change the conclusion.

    Returns
    -------
    dict
        ``holds_zero_r`` and ``below_small_r``: the highest correlation, in hundredths from .20
        down to -.95, at which the interval holds zero and at which the pooled r falls below
        ``small``; None where there is none. ``changes`` of both searches: at most 1 where the
        answer is monotone.
    """
    fits: dict[int, dict] = {}

    def at(below: int) -> dict:
        if below not in fits:
            z = math.atanh((HIGHEST_R - below) / 100)
            fits[below] = all_reports([*reports, Report("exact", n, z=z)])
        return fits[below]

    grid = [*range(0, HIGHEST_R - LOWEST_R + 1, 5)]
    zero = first_true(lambda below: at(below)["r_low"] <= 0, grid)
    low = first_true(lambda below: at(below)["r"] < small, grid)
    as_r = [None if f["n"] is None else (HIGHEST_R - f["n"]) / 100 for f in (zero, low)]
    return {"holds_zero_r": as_r[0], "below_small_r": as_r[1],
            "changes": [zero["changes"], low["changes"]]}  # fmt: skip


def sentence(single: dict, tau: float) -> str:
    """What a single further study could and could not do, and what would give way instead.

    ``tau`` is the spread of the pool as it stands.
    """
    r = FORMATS["r"]
    told = [
        said(single, "holds_zero", "bring the interval down to zero"),
        said(single, "below_small", f"bring the pooled r below {r(single['small'])}"),
    ]
    most = max(kind["largest_tau"] for kind in single["kinds"].values())
    if round(most, 2) > round(tau, 2):
        told.append(f"What gives way is the spread between samples: tau is {r(tau)} now and would "
                    f"be up to {r(most)}.")  # fmt: skip
    able = [row for row in single["needed"] if row["holds_zero_r"] is not None]
    if able:
        last = max(able, key=lambda row: row["n"])
        told.append(f"A printed number would have to be r = {r(last['holds_zero_r'])} or lower in "
                    f"{last['n']:,} people to bring the interval down to zero.")  # fmt: skip
    return " ".join(told)


def t_sentence(single: dict) -> str:
    """Which further studies bring the interval down to zero once its limits are those of t."""
    r = FORMATS["r"]
    kinds = list(single["kinds"].values())
    can = [kind for kind in kinds if kind["holds_zero_t"]["n"] is not None]
    cannot = [kind for kind in kinds if kind["holds_zero_t"]["n"] is None]
    with_t = f"With limits of Student’s t ({single['t_df']} degrees of freedom)"
    reach = f"at any size from {single['smallest']:,} to {single['largest']:,}"
    if not can:
        low = min(kind["lowest_limit_t"] for kind in kinds)
        return (f"{with_t}, too, no single further study of these kinds would bring the interval "
                f"down to zero {reach}; the lowest limit is {r(low)}.")  # fmt: skip
    told = "; ".join(
        f"{kind['label']}, in {people(kind['holds_zero_t'])} (lowest limit "
        f"{r(kind['lowest_limit_t'])}, in {kind['lowest_limit_t_n']:,})" for kind in can
    )  # fmt: skip
    out = f"{with_t} a single further study would bring the interval down to zero if it reported: "
    if not cannot:
        return f"{out}{told}."
    low = min(kind["lowest_limit_t"] for kind in cannot)
    names = "; ".join(kind["label"] for kind in cannot)
    return f"{out}{told}. It would not {reach} if it reported: {names} (lowest limit {r(low)})."


def people(found: dict) -> str:
    """The sizes of a study, as from `first_true`: ``15 to 300 people``."""
    if found["until"] is None:
        return f"{found['n']:,} people or more"
    return f"{found['n']:,} to {found['until']:,} people"


def said(single: dict, condition: str, words: str) -> str:
    """One sentence: the kinds of study that meet a condition, with their sizes, and the others."""
    can, cannot = [], []
    for kind in single["kinds"].values():
        found = kind[condition]
        if found["n"] is None:
            cannot.append(kind["label"])
        else:
            stop = f" to {found['until']:,}" if found["until"] else " on"
            can.append(f"{kind['label']} (from n = {found['n']:,}{stop})")
    reach = f"at any size up to {single['largest']:,}"
    if not can:
        return f"No single further study of these kinds would {words} {reach}."
    told = f"A single further study would {words} if it reported: {'; '.join(can)}."
    if cannot:
        told += f" It would not {reach} if it reported: {'; '.join(cannot)}."
    return told
