"""Effect sizes and their sampling variances, against metafor's ``escalc``."""

from collections.abc import Iterator

import numpy as np

from alliance_review import effect_sizes as es

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "corrected correlation and its variances, cohen1981, study 6 (r = -.04, n = 12)",
        "metafor's corrected r is off by a relative 5e-4: -0.042590 where 40-digit arithmetic and "
        "this package give -0.042567; so are LS and UB there, and AV of all studies a little. The "
        "other 292 corrected correlations agree.",
    ),
    (
        "variance of Fisher's z of a partial correlation, aloe2013",
        "metafor 3.8-1 takes 1/(n - m - 1) with m predictors in the model. The exact distribution "
        "(Fisher 1924: that of a correlation from n less the other m - 1 predictors) gives "
        "1/(n - m - 2), which stands here.",
    ),
)

#: Positions left out of the comparison of corrected correlations; see ``DIFFERS``.
INEXACT_THERE = {"cohen1981": [5]}


def cells() -> Iterator[Cell]:
    """Every set with sample sizes and correlations, and the set of partial correlations."""
    for name, reference in fixtures.load("effect_sizes").items():
        if "r" in reference:
            yield from _correlations(name, reference)
        else:
            yield from _partial(name, reference)


def _correlations(name: str, reference: dict) -> Iterator[Cell]:
    r, n = np.array(reference["r"]), np.array(reference["n"], dtype=float)
    kind = "closed form"
    z = np.asarray(es.r_to_z(r))
    yield Cell("Fisher z", name, z, reference["ZCOR"]["y"], kind)
    yield Cell("variance of Fisher z", name, es.z_variance(n), reference["ZCOR"]["v"], kind)
    yield Cell("variance of r, LS", name, es.r_variance(r, n), reference["COR_LS"]["v"], kind)
    averaged = es.r_variance(r, n, "AV")
    yield Cell("variance of r, AV", name, averaged, reference["COR_AV"]["v"], kind)
    skipped = INEXACT_THERE.get(name, [])

    def left(values):
        return np.delete(np.asarray(values, dtype=float), skipped)

    corrected = left(es.unbiased_r(r, n))
    yield Cell("corrected r", name, corrected, left(reference["UCOR_LS"]["y"]), kind)
    for how in es.correlations.UNBIASED:
        if how == "AV" and skipped:  # one mean of all studies: every variance is touched
            continue
        ours = left(es.unbiased_r_variance(r, n, how))
        theirs = left(reference[f"UCOR_{how}"]["v"])
        yield Cell(f"variance of corrected r, {how}", name, ours, theirs, kind)


def _partial(name: str, reference: dict) -> Iterator[Cell]:
    t, n, m, share = (
        np.array(reference[key], dtype=float) for key in ("t", "n", "predictors", "r_squared")
    )
    df = n - m - 1
    kind = "closed form"
    r, sr = es.from_t(t, df), es.semipartial_r(t, df, share)
    yield Cell("partial r", name, r, reference["PCOR"]["y"], kind)
    yield Cell("variance of partial r", name, es.partial_variance(r, df), reference["PCOR"]["v"],
               kind)  # fmt: skip
    yield Cell("Fisher z of partial r", name, es.r_to_z(r), reference["ZPCOR"]["y"], kind)
    yield Cell("semi-partial r", name, sr, reference["SPCOR"]["y"], kind)
    variance = es.semipartial_variance(sr, n, share)
    yield Cell("variance of semi-partial r", name, variance, reference["SPCOR"]["v"], kind)
