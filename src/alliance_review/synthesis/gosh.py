"""Pool every subset of the effects and sum up (graphical display of study heterogeneity).

Source: Olkin, Dahabreh & Trikalinos (2012).
"""

import numpy as np

from . import checks, seeds
from .blocks import Progress, blocks
from .gosh_result import PROBABILITIES, Gosh
from .pooled_sets import pool_sets
from .pooling import checked_options
from .sensitivity import MAX_SUBSET_EFFECTS, subset_members
from .subset_draw import draw, pack, unpack

__all__ = ["PROBABILITIES", "QUANTITIES", "Gosh", "gosh"]

QUANTITIES = ("estimate", "tau2", "i2", "h2", "q")
#: Most entries of one block of k x B weights (4 MB).
BLOCK = 1 << 19


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
        Effects and their sampling variances, k >= 2; at most 20 without ``sample``.
    tau2 : {"FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
    test : {"z", "hksj", "hksj_adhoc"}
    level : float
        As in ``pool``.
    sample : int, optional
        Number of subsets to draw, each of the 2**k - 1 equally likely and with repetition;
        needed for k > 20. Without it every subset is pooled, and subset c - 1 has binary code c.
    seed : int
        Start of the random numbers; the same seed draws the same subsets of k effects.
    progress : callable, optional
        As for ``pool_many``.

    Returns
    -------
    Gosh

    Raises
    ------
    ValueError
        Fewer than two effects, lengths that differ, a variance not above zero, a value that is
        not finite, an unknown method, a level outside 0 to 1; k > 20 without ``sample``; a
        sample that is not a whole number of at least 2.

    Notes
    -----
    Subsets of a single effect are included, as the first step of ``cumulative``: tau2 = 0, h2 = 1
    and, for the Hartung-Knapp tests, no interval. Subsets are pooled in blocks, so memory beyond
    the results stays bounded. Source: Olkin, Dahabreh & Trikalinos (2012).
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
        packed = draw(y.size, seeds.whole_number("sample", sample, 2), seeds.seed(seed))
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


def _pool_blocks(y, v, packed, options, progress):
    names = (*QUANTITIES, "ci_low", "ci_high", "k")
    parts = []
    for block in blocks(len(packed), "subsets", progress, size=max(1, BLOCK // y.size)):
        members = unpack(packed[block], y.size)
        pooled = pool_sets(y[:, None], v[:, None], members, options, progress=_quiet)
        parts.append([getattr(pooled, name) for name in names])
    columns = dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True))
    columns["size"] = columns.pop("k")
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
