"""Log-likelihood of reports when the size of a significant result decides whether it is printed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..likelihood import Rows, rows_of, total_terms
from ..n_ranges import gauss_sizes
from ..report import Report, n_range
from ..terms import Terms
from .kinds import NOT, insignificant, observed_class
from .withheld import Ratios, printed, withheld

#: Most points (mu, t) in one go: the integrals of more would leave the processor's cache.
COLUMNS = 64
#: The longest step of the intercept, and the one that may be left, as its part is added.
LONGEST, LEFT = 4.0, 1e-5


class Full(NamedTuple):
    """Log-likelihood and its derivatives in mu (m), t and the intercept a."""

    value: np.ndarray
    m: np.ndarray
    mm: np.ndarray
    t: np.ndarray
    mt: np.ndarray
    tt: np.ndarray
    a: np.ndarray
    aa: np.ndarray
    am: np.ndarray
    at: np.ndarray


class Seen:
    """Points (mu, t) where the best intercept is known, with its slopes in both: (5, points)."""

    def __init__(self, points, unit: float):
        self.points, self.unit = points, unit

    def guess(self, mu, t) -> np.ndarray:
        """The intercept at (B,) points, from the nearest known one and its slopes."""
        at_mu, at_t = self.points[:2]
        spread = np.sqrt(self.unit + t)[:, None]
        apart = np.abs(mu[:, None] - at_mu) / spread
        apart += np.abs(np.log((self.unit + at_t) / (self.unit + t[:, None])))
        at_mu, at_t, a, in_mu, in_t = self.points[:, apart.argmin(axis=1)]
        return a + np.clip(in_mu * (mu - at_mu) + in_t * (t - at_t), -1.0, 1.0)

    def add(self, *points):
        """Remember some more, and forget the oldest of many."""
        self.points = np.concatenate([self.points, points], axis=1)[:, -200:]


@dataclass(frozen=True)
class Printing:
    """Reports parted by what their printing says; ``tilt`` is the slope of its log odds.

    ``rows``: all but significant words, as in ``pool_reports`` (there is a number among them).
    ``beyond``: distance of every significant number from its critical value, in standard errors of
    its study. ``critical``, ``v``, ``side``, ``share``: rows of significant words, (m, 1);
    ``first`` the first row of each of their reports.
    """

    rows: Rows
    beyond: np.ndarray
    critical: np.ndarray
    v: np.ndarray
    side: np.ndarray
    share: np.ndarray
    first: np.ndarray
    tilt: float
    #: Points where the best intercept was found, from which the next search begins.
    seen: Seen

    def terms(self, mu, t, left=LEFT) -> Terms:
        """Log-likelihood and derivatives at (B,) points, with the best intercept at each.

        Less the log-likelihood of printing regardless of size, so that tilt 0 is ``pool_reports``.
        The intercept may be a step of ``left`` from the best one: the value is then wrong by its
        third power, slopes by its square.
        """
        mu, t = np.broadcast_arrays(np.asarray(mu, dtype=float), np.asarray(t, dtype=float))
        spans = [slice(i, i + COLUMNS) for i in range(0, mu.size, COLUMNS)]
        parts = [self._terms(mu[span], t[span], left) for span in spans]
        return Terms(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def values(self, mu, t) -> np.ndarray:
        """Log-likelihood alone."""
        return self.terms(mu, t, 1e-3).value

    def terms_for_newton(self, mu, t) -> Terms:
        """The same for a search: at a single point with a rough intercept, since Newton's method
        in mu and t is then one in all three at once, and ends where no step is left to any."""
        return self.terms(mu, t, 0.05 if np.size(mu) == 1 else 1e-3)

    def intercept(self, mu, t) -> np.ndarray:
        """The best log odds of printing at the critical value, (B,)."""
        _, step, a = self._settled(mu, t, LEFT)
        return a + step

    def _settled(self, mu, t, left):
        """The terms near the best intercept, the step left to it, and the intercept they are at."""
        # concave in the intercept: log p is, and so is the integral of a log-concave function
        reach = 60 + abs(self.tilt) * (60 + self.beyond.max())
        low, high = np.full(mu.shape, -reach), np.full(mu.shape, reach)
        a, found, at = self.seen.guess(mu, t), np.empty((12, mu.size)), np.arange(mu.size)
        for _ in range(60):
            full = self.full(mu[at], t[at], a)
            low, high = np.where(full.a > 0, a, low), np.where(full.a > 0, high, a)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = -full.a / full.aa
            found[:, at] = (*full, step, a)
            new = a + np.clip(step, -LONGEST, LONGEST)
            a = np.where((new > low) & (new < high), new, 0.5 * (low + high))
            keep = ~(np.abs(step) < left)
            if not keep.any():
                break
            at, a, low, high = at[keep], a[keep], low[keep], high[keep]
        full, step, a = Full(*found[:10]), found[10], found[11]
        self.seen.add(mu, t, a + step, -full.am / full.aa, -full.at / full.aa)
        return full, step, a

    def full(self, mu, t, a) -> Full:
        """Significant reports alone, at a given intercept: words, and the printing of numbers."""
        log, p, rest = printed(a + self.tilt * self.beyond[:, None])
        parts = withheld(self.critical, self.v, self.side, mu, t, a, self.tilt)
        words = _log_derivatives(_over_sizes(parts, self.share, self.first))
        sums = Full(*(part.sum(axis=0) for part in words))
        return sums._replace(
            value=sums.value + log.sum(axis=0),
            a=sums.a + rest.sum(axis=0),
            aa=sums.aa - (p * rest).sum(axis=0),
        )

    def _terms(self, mu, t, left):
        full, step, _ = self._settled(mu, t, left)
        others = total_terms(self.rows, np.ones((self.rows.first.size, 1)), mu, t)
        numbers, words = self.beyond.size, self.first.size
        share = numbers / (numbers + words)
        usual = numbers * np.log(share) + words * np.log1p(-share)
        # the last step is small: its first order is left in value and slopes; and the
        # intercept follows mu and t, which takes its part off the second derivatives
        return Terms(
            value=others.value + full.value + 0.5 * full.a * step - usual,
            m=others.m + full.m + full.am * step,
            mm=others.mm + full.mm - full.am**2 / full.aa,
            t=others.t + full.t + full.at * step,
            mt=others.mt + full.mt - full.am * full.at / full.aa,
            tt=others.tt + full.tt - full.at**2 / full.aa,
        )


def _over_sizes(parts: Ratios, share, first) -> Ratios:
    """Mean over the sizes of every report, (reports, B)."""
    if first.size == share.shape[0]:
        return parts
    owner = np.repeat(np.arange(first.size), np.diff(np.append(first, share.shape[0])))
    logs = parts.log + np.log(share)
    top = np.maximum.reduceat(logs, first, axis=0)
    weight = np.exp(logs - top[owner])
    mass = np.add.reduceat(weight, first, axis=0)
    weight /= mass[owner]
    means = (np.add.reduceat(weight * part, first, axis=0) for part in parts[1:])
    return Ratios(top + np.log(mass), *means)


def _log_derivatives(parts: Ratios) -> Full:
    t = 0.5 * parts.m2
    return Full(
        value=parts.log,
        m=parts.m1,
        mm=parts.m2 - parts.m1**2,
        t=t,
        mt=0.5 * parts.m3 - parts.m1 * t,
        tt=0.25 * parts.m4 - t * t,
        a=parts.a,
        aa=parts.aa - parts.a**2,
        am=parts.am - parts.a * parts.m1,
        at=0.5 * parts.amm - parts.a * t,
    )


def printing_of(reports: list[Report], tilt: float, near=None) -> Printing | None:
    """Reports parted; None where no significant result is in words or none is a number, so that
    nothing can be seen of what decides the printing.

    ``near``: the printing at another tilt, whose intercepts serve as first guesses.
    """
    beyond, others, words = [], [], []
    for report in reports:
        n, share = gauss_sizes(*n_range(report))
        if report.form == "significant":
            low, high = insignificant(report, n)
            critical = high if report.sign == 1 else -low
            words.append((critical, 1 / (n - 3), np.full(n.shape, float(report.sign)), share))
            continue
        others.append(report)
        if report.form == "exact" and observed_class(report) != NOT:
            beyond.append(float(share @ _distance(report, n)))
    if not beyond or not words:
        return None
    sizes = [share.size for *_, share in words]
    usual = np.log(len(beyond) / len(words))
    middle = min(1.0, np.median(beyond))
    if near is None:
        points = np.array([[0.0], [0.0], [usual - tilt * middle], [0.0], [0.0]])
    else:
        points = near.seen.points.copy()
        points[2] -= (tilt - near.tilt) * middle
    critical, v, side, share = (np.concatenate(part)[:, None] for part in zip(*words, strict=True))
    return Printing(
        rows_of(others), np.array(beyond), critical, v, side, share,
        first=np.cumsum([0, *sizes[:-1]]), tilt=tilt, seen=Seen(points, float(v.min())),
    )  # fmt: skip


def _distance(report, n):
    """Of a significant number from the critical value on its side, in standard errors."""
    low, high = insignificant(report, n)
    away = np.maximum(report.z - high, low - report.z)
    return np.maximum(away, 0.0) * np.sqrt(n - 3)
