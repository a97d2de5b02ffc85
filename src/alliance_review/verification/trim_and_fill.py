"""Trim and fill with three estimators of the number missing, against metafor."""

from collections.abc import Iterator

from alliance_review.synthesis.bias.trim_and_fill import trim_and_fill

from . import fixtures
from .cells import Cell

TOPIC = "trim_and_fill"
DIFFERS = ()


def cells() -> Iterator[Cell]:
    """Three models by three estimators by three sides."""
    for name, content in fixtures.load(TOPIC).items():
        y, v = fixtures.effects(name)
        for key, theirs in content.items():
            method, estimator, side = key.split("/")
            ours = trim_and_fill(y, v, estimator=estimator, side=side, tau2=method, test="z")
            yield from _one(ours, theirs, method, f"{name}, {key.replace('/', ', ')}")


def _one(ours, theirs, method, where) -> Iterator[Cell]:
    kind = "iterated" if method == "REML" else "closed form"
    yield Cell("number missing", where, ours.missing, theirs["missing"], "exact")
    left = theirs["side"] == "left"
    yield Cell("side is left", where, ours.side == "left", left, "exact")
    yield Cell("number missing: se", where, ours.missing_se, theirs["missing_se"], "closed form")
    yield Cell("number missing: p value", where, ours.p_value, theirs["p_value"], "closed form")
    pooled = ours.pooled
    yield Cell("effects filled in", where, ours.filled, theirs["filled"], kind, pooled.se)
    mine, reference = ours.filled_variances, theirs["filled_variances"]
    yield Cell("variances filled in", where, mine, reference, "closed form")
    for field, label in (("estimate", "estimate"), ("ci_low", "lower limit"),
                         ("ci_high", "upper limit")):  # fmt: skip
        mine, reference = getattr(pooled, field), theirs[field]
        yield Cell(f"filled: {label}", where, mine, reference, kind, pooled.se)
    yield Cell("filled: standard error", where, pooled.se, theirs["se"], kind)
    yield Cell("filled: tau squared", where, pooled.tau2, theirs["tau2"], kind)
    yield Cell("filled: I squared", where, pooled.i2, theirs["i2"], kind, 1.0)
    yield Cell("filled: Q", where, pooled.q, theirs["q"], kind)
