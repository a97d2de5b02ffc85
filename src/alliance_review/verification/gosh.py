"""Summaries of every subset of the first ten effects of each set, against metafor."""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis.gosh import Gosh, gosh

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "H squared of the subsets with the DerSimonian-Laird estimator",
        "metafor takes it from Q here, so it falls below 1 where Q is below its degrees of "
        "freedom; from tau squared, as in every other random-effects result of ours and of "
        "metafor, it is 1 there. I squared is the same both ways, and so is H squared above 1.",
    ),
    (
        "median estimates with and without each effect",
        "metafor does not print them: the reference is worked out from its table of all subsets "
        "(for REML from the global maximum, which is its answer on all of these subsets).",
    ),
)

LABELS = {
    "size": "number of effects",
    "estimate": "estimate",
    "tau2": "tau squared",
    "i2": "I squared",
    "h2": "H squared",
    "q": "Q",
}


def cells() -> Iterator[Cell]:
    """Summaries by data set and method, and what each effect does to the median."""
    for name, reference in fixtures.load("gosh").items():
        y, v = (a[: reference["k"]] for a in fixtures.effects(name))
        for method in ("FE", "DL", "REML"):
            ours = gosh(y, v, tau2=method, test="z")
            where = f"{name}, {method}"
            yield from _summaries(ours, reference[method], where, float(v.min()))


def _summaries(ours: Gosh, theirs: dict, where: str, smallest: float) -> Iterator[Cell]:
    kind = "iterated" if ours.tau2_method == "REML" else "closed form"
    scales = {"estimate": np.sqrt(smallest), "tau2": smallest, "i2": 1.0, "q": 1.0}
    yield Cell("subsets: number", where, ours.subsets, theirs["subsets"], "exact")
    for what in ("quantiles", "means", "sds"):
        for key, value in theirs[what].items():
            if key == "h2" and ours.tau2_method == "DL":
                continue
            closed = "closed form" if key in ("q", "size") else kind
            quantity = f"subsets, {what}: {LABELS[key]}"
            mine = getattr(ours, what)[key]
            yield Cell(quantity, where, mine, value, closed, float(scales.get(key, 0.0)))
    for key, quantity in (("median_with", "with"), ("median_without", "without")):
        label = f"subsets: median estimate {quantity} each effect"
        yield Cell(label, where, getattr(ours, key), theirs[key], kind, float(scales["estimate"]))
