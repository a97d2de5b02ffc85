"""What every subset of the effects gives, summed up (graphical display of study heterogeneity).

Source: Olkin, Dahabreh & Trikalinos (2012).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks
from .blocks import Progress, blocks
from .pooling import checked_options
from .results import Result
from .sensitivity import MAX_SUBSET_EFFECTS, pool_sets, subset_members
from .subset_draw import draw, pack, unpack

QUANTITIES = ("estimate", "tau2", "i2", "h2", "q")
PROBABILITIES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
#: Most entries of one block of k x B weights (4 MB).
BLOCK = 1 << 19


@dataclass(frozen=True, repr=False, eq=False)
class Gosh(Result):
    """Meta-analyses of B subsets and their summaries, named and scaled as in ``Pooled``.

    Attributes
    ----------
    estimate, ci_low, ci_high, tau2, i2, h2, q : ndarray, shape (B,)
        Result of each subset; the limits are ``nan`` for a single effect with a Hartung-Knapp
        test.
    size : ndarray of int, shape (B,)
        Number of effects in each subset.
    packed : ndarray of uint8, shape (B, ceil(k / 8))
        Which effects are in each subset, eight to a byte, the first in the lowest bit;
        ``members`` unpacks it.
    probabilities : ndarray, shape (9,)
        Those of ``quantiles``.
    quantiles : dict of ndarray, shape (9,)
        Quantiles over the subsets of "size", "estimate", "tau2", "i2", "h2" and "q", with linear
        interpolation (definition 7 of Hyndman & Fan 1996).
    means, sds : dict of float
        Means and standard deviations (divisor B - 1) of the same.
    median_with, median_without : ndarray, shape (k,)
        Median estimate of the subsets with and without each effect; ``nan`` where there are none.
    k, subsets : int
        Number of effects, and of subsets, B.
    complete : bool
        Whether these are all 2**k - 1 subsets; otherwise they were drawn at random.
    level : float
    tau2_method, test : str
    """

    estimate: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    h2: np.ndarray
    q: np.ndarray
    size: np.ndarray
    packed: np.ndarray
    probabilities: np.ndarray
    quantiles: dict[str, np.ndarray]
    means: dict[str, float]
    sds: dict[str, float]
    median_with: np.ndarray
    median_without: np.ndarray
    k: int
    subsets: int
    complete: bool
    level: float
    tau2_method: str
    test: str

    _shown: ClassVar = ("k", "subsets", "complete", "tau2_method", "test", "median", "range")
    _rows: ClassVar = ("size", "estimate", "ci_low", "ci_high", "tau2", "i2", "h2", "q")

    @property
    def members(self) -> np.ndarray:
        """Whether each effect is in each subset, shape (B, k)."""
        return unpack(self.packed, self.k)

    @property
    def median(self) -> float:
        """Median of the estimates."""
        return float(self.quantiles["estimate"][4])

    @property
    def range(self) -> np.ndarray:
        """Smallest and largest estimate."""
        return self.quantiles["estimate"][[0, -1]]

    @property
    def contrast(self) -> np.ndarray:
        """Median estimate with each effect less that without it, shape (k,)."""
        return self.median_with - self.median_without

    def share_above(self, value: float) -> float:
        """Share of the subsets whose estimate is above a value, 0 to 1."""
        return float((self.estimate > value).mean())

    def share_below(self, value: float) -> float:
        """Share of the subsets whose estimate is below a value, 0 to 1."""
        return float((self.estimate < value).mean())

    def share_excluding(self, value: float = 0.0) -> float:
        """Share of the subsets with a confidence interval in which a value does not lie.

        Subsets without an interval are left out of the count.
        """
        known = ~np.isnan(self.ci_low)
        outside = (self.ci_low[known] > value) | (self.ci_high[known] < value)
        return float(outside.mean()) if outside.size else float("nan")


def gosh(
    y,
    v,
    *,
    tau2="REML",
    test="hksj",
    level=0.95,
    sample: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Gosh:
    """Pool every subset of the effects, or a random sample of the subsets, and sum up.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances.
    tau2, test, level
        As in ``pool``.
    sample : int, optional
        Number of subsets to draw, each of the 2**k - 1 equally likely and with repetition;
        needed for k > 20. Without it every subset is pooled, and subset c - 1 has binary code c.
    seed : int
        Start of the random numbers; the same seed draws the same subsets of k effects.
    progress : callable, optional
        Told (done, B) now and then.

    Raises
    ------
    ValueError
        k > 20 without ``sample``, a sample that is not a number of at least 2, and as ``pool``
        does.

    Notes
    -----
    Subsets of a single effect are included, with tau2 = 0 and h2 = 1. Subsets are pooled in
    blocks, so memory beyond the results stays bounded.
    """
    y, v = checks.effects(y, v)
    options = checked_options(tau2=tau2, test=test, level=level)
    if sample is None:
        if y.size > MAX_SUBSET_EFFECTS:
            raise ValueError(
                f"every subset of {y.size} effects is too many; give the number of subsets to"
                " draw as sample"
            )
        packed = pack(subset_members(y.size))
    else:
        packed = draw(y.size, _count(sample), seed)
    columns = _pool_blocks(y, v, packed, options, progress)
    medians = _medians(columns["estimate"], packed, y.size)
    quantiles, means, sds = _summaries(columns)
    probabilities = np.array(PROBABILITIES)
    arrays = (packed, probabilities, *columns.values(), *quantiles.values(), medians)
    for array in arrays:
        array.flags.writeable = False
    return Gosh(
        **columns,
        packed=packed,
        probabilities=probabilities,
        quantiles=quantiles,
        means=means,
        sds=sds,
        median_with=medians[0],
        median_without=medians[1],
        k=y.size,
        subsets=len(packed),
        complete=sample is None,
        level=options["level"],
        tau2_method=options["tau2"],
        test=options["test"],
    )


def _count(sample):
    if isinstance(sample, bool) or not isinstance(sample, (int, np.integer)) or sample < 2:
        raise ValueError(f"sample must be a number of subsets, 2 or more, not {sample!r}")
    return int(sample)


def _pool_blocks(y, v, packed, options, progress):
    names = (*QUANTITIES, "ci_low", "ci_high", "k")
    parts = []
    for block in blocks(len(packed), "subsets", progress, size=max(1, BLOCK // y.size)):
        members = unpack(packed[block], y.size)
        pooled = pool_sets(y[:, None], v[:, None], members, options, progress=_quiet)
        parts.append([getattr(pooled, name) for name in names])
    columns = dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True))
    columns["size"] = columns.pop("k")
    columns["h2"] = np.where(columns["size"] > 1, columns["h2"], 1.0)
    return columns


def _quiet(done, count):
    """The blocks of the sample already say how far the run is."""


def _summaries(columns):
    names = ("size", *QUANTITIES)
    values = np.stack([columns[name] for name in names])
    quantiles = np.quantile(values, PROBABILITIES, axis=1).T.copy()
    sds = values.std(axis=1, ddof=1)
    return (
        dict(zip(names, quantiles, strict=True)),
        dict(zip(names, values.mean(axis=1).tolist(), strict=True)),
        dict(zip(names, sds.tolist(), strict=True)),
    )


def _medians(estimate, packed, k):
    """Median estimate with and without each effect, (2, k), from a single sorting."""
    order = np.argsort(estimate)
    estimate, packed = estimate[order], packed[order]
    medians = np.full((2, k), np.nan)
    for j in range(k):
        present = (packed[:, j // 8] >> j % 8 & 1).astype(bool)
        for row, chosen in enumerate((present, ~present)):
            ranked = estimate[chosen]
            if ranked.size:
                middle = ranked[[(ranked.size - 1) // 2, ranked.size // 2]]
                medians[row, j] = middle.mean()
    return medians
