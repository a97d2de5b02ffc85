"""Exact permutation tests against metafor."""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis.regression.permutation import permutation_test

from . import fixtures
from .cells import Cell

TOPIC = "permutation"

#: What metafor gives otherwise, and why.
DIFFERS = (
    (
        "moderators that are collinear in the rows used (bcg, alloc; mcdaniel1994, type_struct)",
        "metafor drops redundant moderators; ours refuses them. Compared after dropping them.",
    ),
)


def cells() -> Iterator[Cell]:
    """All sign flips of up to 13 effects, and all orders of the moderators of six effects."""
    for name, content in fixtures.load(TOPIC).items():
        y, v = fixtures.effects(name)
        for label, theirs in content["intercept"].items():
            yield from _compare(y, v, None, theirs, f"{name}, {label.replace('_', ' ')}")
        for label, theirs in content["moderators"].items():
            X = np.column_stack([theirs["moderators"][column] for column in theirs["kept"]])
            where = f"{name}, {label}"
            ours = yield from _compare(y, v, X, theirs, where)
            yield Cell("permutation p of all moderators", where, ours.q_moderators_p,
                       theirs["q_moderators_p"], "closed form")  # fmt: skip


def _compare(y, v, X, theirs, where):
    rows = theirs["rows"]
    ours = permutation_test(y[rows], v[rows], X, tau2=theirs["tau2"], test=theirs["test"])
    yield Cell("number of rearrangements", where, ours.iterations, theirs["iterations"], "exact")
    yield Cell("permutation p", where, ours.p_value, theirs["p_value"], "closed form")
    if theirs["statistic_quantiles"] is not None:
        yield Cell("quantiles of rearranged statistics", where, ours.quantiles,
                   theirs["statistic_quantiles"], "iterated", scale=1.0)  # fmt: skip
    return ours
