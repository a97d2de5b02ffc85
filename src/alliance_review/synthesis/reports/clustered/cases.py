"""Reports of samples taken apart: the cases of every sample, and what kind of likelihood each has.

Where the size of a sample is known only as a range, its likelihood is the mean over the sizes: one
case for each (see ``n_ranges``). Reports of a sample with the same range share one unknown size;
reports with different ranges are about different parts of the sample, and each range is averaged
by itself.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from ...multilevel.clusters import Clusters
from ..n_ranges import gauss_sizes
from ..report import Report, interval_at, n_range

#: Most combinations of sizes that a sample may have.
MOST_CASES = 5000
#: Half the length and the step of the sum over the second factor, a standard normal variable.
REACH, STEP = 8.5, 0.8


class Case(NamedTuple):
    """The reports of one sample at given sizes."""

    sample: int
    log_share: float
    low: np.ndarray
    high: np.ndarray
    v: np.ndarray


class Singles(NamedTuple):
    """Cases of one report; arrays (C,)."""

    low: np.ndarray
    high: np.ndarray
    v: np.ndarray


class Numbers(NamedTuple):
    """Cases of nothing but numbers, of one count of reports s; arrays (C, s)."""

    z: np.ndarray
    v: np.ndarray


class Mixed(NamedTuple):
    """All other cases; arrays (R,), one entry for every distinct report of every case.

    ``middle`` is between the standard deviations of the case, ``other`` that of the second of two
    reports (``pair``), ``second`` a value of the second factor where there is one, otherwise 0.
    """

    low: np.ndarray
    high: np.ndarray
    s: np.ndarray
    times: np.ndarray
    middle: np.ndarray
    other: np.ndarray
    pair: np.ndarray
    second: np.ndarray
    starts: np.ndarray  # (C,)


class Data(NamedTuple):
    """Everything the likelihood needs.

    ``numbers`` holds one entry for every count of numbers. The cases are numbered through singles,
    numbers and mixed ones; ``order`` sorts them by sample, ``first`` is where each sample begins
    after sorting, ``log_share`` the log of the weight in its sample of each sorted case.
    """

    singles: Singles
    numbers: tuple[Numbers, ...]
    mixed: Mixed
    order: np.ndarray
    first: np.ndarray
    log_share: np.ndarray
    rho: float
    smallest: float  # smallest sampling variance
    largest: float  # largest one
    pulls: np.ndarray  # (k,) where every report pulls the mean to
    precision: np.ndarray  # (k,) of every report


def take_apart(reports: list[Report], groups: Clusters, rho: float) -> Data:
    """The cases of all samples.

    Raises
    ------
    ValueError
        A sample whose reports have so many different ranges that more than 5000 combinations of
        sizes would have to be looked at.
    """
    ends = np.append(groups.starts, len(reports))
    cases = []
    for sample, label in enumerate(groups.labels):
        members = groups.order[ends[sample] : ends[sample + 1]]
        cases += _cases(sample, label, [reports[i] for i in members])
    # the second of two reports with different variances is a matter of its own, see ``_mixed``
    single = [c for c in cases if c.v.size == 1]
    number = [c for c in cases if c.v.size > 1 and (c.low == c.high).all()]
    other = [c for c in cases if c.v.size > 1 and not (c.low == c.high).all()]
    counts = sorted({c.v.size for c in number})
    number = [[c for c in number if c.v.size == s] for s in counts]
    mixed, other = _mixed(other, rho)
    ordered = [*single, *(c for part in number for c in part), *other]
    sample = np.array([c.sample for c in ordered])
    order = np.argsort(sample, kind="stable")
    sample, share = sample[order], np.array([c.log_share for c in ordered])[order]
    v = np.concatenate([c.v for c in cases])
    low, high = (np.array(a) for a in zip(*map(_widest, reports), strict=True))
    with np.errstate(invalid="ignore"):
        middle = 0.5 * (low + high)
    return Data(
        Singles(*(np.array([float(a[0]) for a in part]) for part in _columns(single))),
        tuple(Numbers(np.array([c.low for c in part]), np.array([c.v for c in part]))
              for part in number),
        mixed,
        order,
        np.searchsorted(sample, np.arange(len(groups.labels))),
        share,
        rho,
        v.min(),
        v.max(),
        np.where(np.isfinite(middle), middle, np.where(np.isfinite(low), low, high)),
        np.array([n_range(report)[0] - 3.0 for report in reports]),
    )  # fmt: skip


def _widest(report):
    low, high = interval_at(report, np.array(n_range(report)))
    return low.min(), high.max()


def _columns(cases):
    return [[c.low for c in cases], [c.high for c in cases], [c.v for c in cases]]


def _cases(sample: int, label, reports: list[Report]) -> list[Case]:
    ranges = list(dict.fromkeys(n_range(report) for report in reports))
    rules = [gauss_sizes(*pair) for pair in ranges]
    which = [ranges.index(n_range(report)) for report in reports]
    count = np.prod([float(sizes.size) for sizes, _ in rules])
    if count > MOST_CASES:
        raise ValueError(
            f"the reports of sample {label!r} have {len(ranges)} different ranges of n: more than "
            f"{MOST_CASES} combinations of sizes; give reports of the same people the same range"
        )
    bounds = [interval_at(report, rules[at][0]) for report, at in zip(reports, which, strict=True)]
    cases = []
    for places in product(*(range(sizes.size) for sizes, _ in rules)):
        picked = [places[at] for at in which]
        share = sum(np.log(weights[i]) for (_, weights), i in zip(rules, places, strict=True))
        low, high = (np.array([pair[end][i] for pair, i in zip(bounds, picked, strict=True)])
                     for end in (0, 1))  # fmt: skip
        n = np.array([rules[at][0][i] for at, i in zip(which, picked, strict=True)])
        cases.append(Case(sample, float(share), low, high, 1 / (n - 3)))
    return cases


def _mixed(cases: list[Case], rho: float) -> tuple[Mixed, list[Case]]:
    """Rows of the cases, and the cases they then are: one for every value of a second factor."""
    rows, starts, after = [], [], []
    for case in cases:
        s = np.sqrt(case.v)
        alike = rho == 0 or np.ptp(s) <= 1e-12 * s[0]
        pair = not alike and s.size == 2
        seconds, weights = (np.zeros(1), np.zeros(1)) if alike or pair else _seconds(s, rho)
        distinct, times = np.unique([case.low, case.high, s], axis=1, return_counts=True)
        low, high, s_distinct = distinct
        middle = np.full(times.size, _middle(s) if rho else 0.0)
        s_distinct = np.where(alike and rho > 0, middle, s_distinct)
        other = s_distinct[::-1] if pair else s_distinct
        for second, weight in zip(seconds, weights, strict=True):
            starts.append(sum(part[0].size for part in rows))
            rows.append((low, high, s_distinct, times, middle, other,
                         np.full(times.size, pair), np.full(times.size, second)))  # fmt: skip
            after.append(case._replace(log_share=case.log_share + float(weight)))
    columns = [np.concatenate(part) for part in zip(*rows, strict=True)] or [np.zeros(0)] * 8
    return Mixed(*columns, np.array(starts, dtype=np.intp)), after


def _middle(s):
    """The value from which the standard deviations differ least, each in units of its own."""
    return (1 / s).sum() / (1 / s**2).sum()


def _seconds(s, rho):
    """Values of a standard normal variable, and log weights, for a sum in place of its integral.

    Its loadings are at most sqrt(rho) |s_i - middle| beside standard deviations of at least
    sqrt(1 - rho) s_i, so nothing depends on it more sharply than a normal density of the precision
    ``sharp``. For such a density Gauss's rule of m nodes errs by (sharp / (2 + sharp))**m; where
    that takes many nodes, a trapezoidal sum takes fewer.
    """
    sharp = rho / (1 - rho) * (((s - _middle(s)) / s) ** 2).sum()
    nodes = 6 + int(np.ceil(26 / np.log1p(2 / sharp)))
    half = int(np.ceil(REACH * np.sqrt(1 + sharp) / STEP))
    if nodes <= 2 * half:
        x, weight = hermegauss(nodes)
        return x, np.log(weight / weight.sum())
    x = REACH * np.linspace(-1, 1, 2 * half + 1)
    log_weight = -0.5 * x * x
    return x, log_weight - np.log(np.exp(log_weight).sum())
