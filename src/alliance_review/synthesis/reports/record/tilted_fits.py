"""Fits at several tilts of the printing, each search begun near the one at a neighbouring tilt."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...checks import NoMaximum
from ...distributions import chi2_upper
from ..likelihood import rows_of, total_terms, total_values
from ..maximum import UNBOUNDED, best_mu
from ..report import Report
from .kinds import NOT, observed_class
from .landscape import Landscape, highest, lattices, t_limits
from .mean_limits import mu_limits
from .printing import Printing, printing_of
from .withheld import printed

FIELDS = (
    "estimate", "se", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high", "log_likelihood",
    "chance",
)  # fmt: skip


def counts(reports: Sequence[Report]) -> tuple[int, int]:
    """Significant results printed as numbers, and in words."""
    numbers = sum(r.form == "exact" and observed_class(r) != NOT for r in reports)
    return numbers, sum(r.form == "significant" for r in reports)


class Near(NamedTuple):
    """What a search found at a tilt, from which that at another one may begin."""

    printing: Printing
    profile: tuple[np.ndarray, ...]


def tilted_landscape(
    reports: list[Report], tilt: float, near: Near | None = None
) -> tuple[Landscape, Printing | None]:
    """The landscape to search, and the printing behind it (None where it is that of
    ``pool_reports``)."""
    rows = rows_of(reports)
    printing = printing_of(reports, tilt, near and near.printing) if tilt else None
    mu, t = lattices(rows)
    member = np.ones((len(reports), 1))
    if printing is None:
        return Landscape(
            lambda m, t: total_values(rows, member, m, t),
            lambda m, t: total_terms(rows, member, m, t),
            mu, t, concave=not rows.mixed,
        ), None  # fmt: skip

    def start(t):
        return np.interp(t, *near.profile[:2]) if near else best_mu(rows, member, t)

    # with known n concave in mean and intercept together at every t, as all integrands are
    return Landscape(
        printing.values, printing.terms_for_newton, mu, t[::3], concave=True, start=start
    ), printing  # fmt: skip


def fit_tilts(reports: list[Report], tilts: np.ndarray, level: float) -> list[dict]:
    """The fit at every tilt; from small ones to large ones, each begins near the one before."""
    fits: list = [None] * tilts.size
    known: dict[float, Near] = {}
    for i in np.argsort(np.abs(tilts), kind="stable"):
        tilt = float(tilts[i])
        near = known[min(known, key=lambda other: abs(other - tilt))] if known else None
        fits[i], found = _fit(reports, tilt, level, near)
        if found:
            known[tilt] = found
    return fits


def _fit(reports, tilt, level, near) -> tuple[dict, Near | None]:
    out = dict.fromkeys(FIELDS, float("nan"))
    if not rows_of(reports).anchored.any():
        return out | {"problem": UNBOUNDED}, None
    landscape, printing = tilted_landscape(reports, tilt, near)
    try:
        peak = _highest(landscape, printing)
    except NoMaximum as reason:
        return out | {"problem": str(reason)}, None
    floor = peak.value - 0.5 * chi2_upper(1 - level, 1)
    at = np.array([peak.mu]), np.array([peak.t])
    numbers, words = counts(reports)
    chance, terms = float("nan"), landscape.terms
    if numbers + words:
        chance = numbers / (numbers + words)
    if printing:
        chance, terms = float(printed(printing.intercept(*at))[1][0]), printing.terms
    t_low, t_high = t_limits(landscape, peak, floor)
    low, high = mu_limits(landscape, peak, floor, (t_low, t_high))
    return {
        "estimate": peak.mu,
        "se": float(-terms(*at).mm[0]) ** -0.5,
        "ci_low": low,
        "ci_high": high,
        "tau": peak.t**0.5,
        "tau_ci_low": t_low**0.5,
        "tau_ci_high": t_high**0.5,
        "log_likelihood": peak.value,
        "chance": chance,
        "problem": "",
    }, printing and Near(printing, peak.profile)


def _highest(landscape, printing):
    """The highest point; with a range of n a coarse look all round makes sure of it."""
    peak = highest(landscape)
    if printing is None or printing.first.size == printing.share.shape[0]:
        return peak
    middle = landscape.mu[np.abs(landscape.mu - peak.mu) < 1.0]
    # the mean over sizes bends a likelihood most where it is narrow
    mu, t = np.linspace(middle[0], middle[-1], 7), np.unique([landscape.t[1], peak.t])
    look = landscape.values(np.repeat(mu, t.size), np.tile(t, mu.size))
    return peak if look.max() <= peak.value else highest(replace(landscape, concave=False))
