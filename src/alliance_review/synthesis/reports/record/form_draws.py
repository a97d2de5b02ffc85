"""Simulated sets of reports: what the figures of a form check would be if the model held."""

import numpy as np

from ..report import Report, n_range
from ..sets import pool_report_sets
from .kinds import NEGATIVE, NOT, POSITIVE, insignificant, kind_of, place_in_kind, probabilities


class Drawn:
    """Sets of reports drawn from a fit, one in each of ``draws`` columns.

    Same sizes (of a range of n one size in each draw) and tests; a number where there was one, a
    direction where there was one, words where there were. ``z`` are the drawn values, ``low`` and
    ``high`` what the tests call not significant, ``kinds`` what the values are.
    """

    def __init__(self, reports, mean: float, t: float, draws: int, generator):
        self.n, self.z, self.low, self.high = (np.empty((len(reports), draws)) for _ in range(4))
        # sorted, so that the draws do not depend on the order of the reports
        for i in sorted(range(len(reports)), key=lambda i: repr(reports[i])):
            smallest, largest = n_range(reports[i])
            self.n[i] = n = generator.integers(smallest, largest + 1, draws)
            self.z[i] = mean + generator.standard_normal(draws) * np.sqrt(1 / (n - 3) + t)
            sizes, place = np.unique(n, return_inverse=True)
            self.low[i], self.high[i] = (end[place] for end in insignificant(reports[i], sizes))
        self.templates = reports
        form = np.array([report.form for report in reports])[:, None]
        self.signs, self.numbers = form == "sign", form == "exact"
        self.kinds = kind_of(self.z, self.low, self.high)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the observed values as the reports would give them, (k, draws) each."""
        above, below = self.kinds == POSITIVE, self.kinds == NEGATIVE
        start = np.where(above, self.high, np.where(below, -np.inf, self.low))
        end = np.where(above, np.inf, np.where(below, self.low, self.high))
        start = np.where(self.signs, np.where(self.z > 0, 0.0, -np.inf), start)
        end = np.where(self.signs, np.where(self.z > 0, np.inf, 0.0), end)
        return np.where(self.numbers, self.z, start), np.where(self.numbers, self.z, end)

    def reports(self, b: int) -> list[Report]:
        """The reports of draw ``b``."""
        return [
            _as_reported(report, int(n), float(z), kind)
            for report, n, z, kind in zip(
                self.templates, self.n[:, b], self.z[:, b], self.kinds[:, b], strict=True
            )
        ]


def _as_reported(report, n, z, kind) -> Report:
    """What a report of the same form and test says of another value."""
    sign = 1 if z > 0 else -1
    test = {"alpha": report.alpha, "tails": report.tails}
    if report.form == "sign":
        return Report("sign", n, sign=sign, **test)
    against = report.tails == 1 and report.sign and report.sign != sign
    if report.form == "exact" and not against:
        return Report("exact", n, z=z, sign=report.sign and sign, **test)
    if kind == NOT:
        return Report("null", n, sign=report.sign, **test)
    return Report("significant", n, sign=sign, **test)


def figures(kinds, probability, position):
    """Chi-square of the counts, deviance of the studies and mean place of significant numbers.

    Kinds and places are (k, B), probabilities (3, k, B); the answer is (3, B).
    """
    judged = kinds >= 0
    of_kind = np.arange(3)[:, None, None] == kinds
    expected, counts = (probability * judged).sum(axis=1), of_kind.sum(axis=1)
    numbers = np.isfinite(position) & (kinds != NOT)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.where(expected > 0, (counts - expected) ** 2 / expected, 0.0)
        own = np.log(np.where(judged, np.where(of_kind, probability, 0).sum(axis=0), 1.0))
        place = np.where(numbers, position, 0.0).sum(axis=0) / numbers.sum(axis=0)
    return np.stack([gap.sum(axis=0), -2 * own.sum(axis=0), place])


def drawn_figures(reports, mean, t, draws, generator) -> np.ndarray:
    """The three figures of every draw, fitted anew, (3, draws); nan where it has no maximum."""
    drawn = Drawn(reports, mean, t, draws, generator)
    fits = pool_report_sets(*drawn.bounds(), drawn.n, intervals=False, progress=_quiet)
    at = drawn.low, drawn.high, 1 / (drawn.n - 3), fits.estimate, fits.tau**2
    position = np.where(drawn.numbers, place_in_kind(drawn.z, *at), np.nan)
    kinds = np.where(drawn.signs, -1, drawn.kinds)
    found = figures(kinds, probabilities(*at), position)
    return np.where(np.isfinite(fits.estimate), found, np.nan)


def _quiet(done, total):
    """A few hundred fits have nothing to tell on the way."""
