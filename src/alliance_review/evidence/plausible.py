"""Whether the figures of one effect can stand together: pure predicates, True when they cannot."""

from __future__ import annotations

import math
import re

from .validate import Row

RATIOS = ("odds_ratio", "hazard_ratio")
CORRELATIONS = ("r", "rho")
SIGNED = (*CORRELATIONS, "beta", "b", "t", "d")


def has_statistic(row: Row) -> bool:
    """Whether anything was printed that a correlation can be derived from."""
    return any(row[c] is not None for c in ("value", "ci_low", "p_value"))


def on_log(row: Row, *columns: str) -> list[float] | None:
    """Values on the scale where the interval is symmetric; None if one is missing or refused."""
    values = [row[c] for c in columns]
    if None in values:
        return None
    if row["statistic"] in RATIOS:
        return [math.log(v) for v in values] if min(values) > 0 else None
    return values


def width_denies_se(row: Row) -> bool:
    """The interval's width is not about 3.9 standard errors. An SD entered as an SE is
    sqrt(n) times too large, which is at least twofold for any n this review admits."""
    bounds = on_log(row, "ci_low", "ci_high")
    if bounds is None or not row["se"] or row["se"] <= 0:
        return False
    ratio = (bounds[1] - bounds[0]) / (3.92 * row["se"])
    return not 0.6 < ratio < 1.67


def p_denies_se(row: Row) -> bool:
    """value / SE and the printed p value speak of different test statistics."""
    point = on_log(row, "value")
    if point is None or not row["se"] or row["se"] <= 0 or row["p_value"] is None:
        return False
    p_of_z = math.erfc(abs(point[0]) / row["se"] / math.sqrt(2))
    if row["p_relation"] == "<":
        return p_of_z > 2 * row["p_value"]
    if row["p_relation"] == ">":
        return p_of_z < row["p_value"] / 2
    return abs(math.log(max(p_of_z, 1e-9) / max(row["p_value"], 1e-9))) > math.log(5)


def se_swallows_value(row: Row) -> bool:
    """The standard error is more than 50 times the estimate: a slipped decimal or unit."""
    point = on_log(row, "value")
    if point is None or not row["se"] or not point[0]:
        return False
    return row["se"] > 50 * abs(point[0])


def p_denies_interval(row: Row) -> bool:
    """The interval excludes the null value, or not, against the printed significance."""
    bounds = on_log(row, "ci_low", "ci_high")
    if bounds is None or row["p_value"] is None or row["statistic"] in ("F", "r_squared"):
        return False
    excludes = bounds[0] > 0 or bounds[1] < 0
    if row["p_relation"] == ">":
        return excludes and row["p_value"] >= 0.05
    # near the bound, rounding and the test used can differ: only clear contradictions count
    return (not excludes and row["p_value"] < 0.03) or (
        excludes and row["p_relation"] == "=" and row["p_value"] > 0.08
    )


def sign_of(value: float) -> int:
    """1, 0 or -1."""
    return (value > 0) - (value < 0)


_REVERSED = re.compile(r"\b(?:sign|direction)\b.*\breversed\b", re.IGNORECASE)


def silent_reversal(row: Row) -> bool:
    """The statistic points one way and r the other, and the note does not say why."""
    if row["r_coded"] is None or row["statistic"] not in (*SIGNED, *RATIOS):
        return False
    point = on_log(row, "value")
    if not point or not point[0] or sign_of(row["r_coded"]) != row["sign"]:
        return False  # r against its own sign is another rule
    against = sign_of(point[0]) != sign_of(row["r_coded"])
    return against and not _REVERSED.search(row["note"] or "")


def n_outside(row: Row) -> bool:
    """The sample size lies outside the range stated beside it."""
    return (
        None not in (row["n"], row["n_low"], row["n_high"])
        and row["n_low"] <= row["n_high"]
        and not row["n_low"] <= row["n"] <= row["n_high"]
    )
