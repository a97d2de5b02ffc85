"""Henmi and Copas's interval and the test of excess significance, against metafor."""

from collections.abc import Iterator

from alliance_review.synthesis.bias.excess_significance import excess_significance
from alliance_review.synthesis.bias.henmi_copas import henmi_copas

from . import fixtures
from .cells import Cell

TOPIC = "bias_models"
DIFFERS = (
    (
        "the test of excess that is chosen by itself",
        "metafor chooses chi-square on the sets of 48 effects and more; here the exact "
        "distribution serves up to 1000 studies, as convolution finds it fast. The test that "
        "metafor used is compared.",
    ),
    (
        "power with heterogeneity (REML), and what follows from it",
        "metafor integrates the power over true effects within five tau of their mean, which "
        "leaves out 6e-7 of them, where the closed form here has all. The tests find metafor's "
        "numbers again when they leave out the same.",
    ),
    (
        "limit effect",
        "metafor's search for it ends at an error of about 1e-4, its root finder's default; here "
        "it is found to full precision.",
    ),
)


def cells() -> Iterator[Cell]:
    """The interval, and the excess of significance by two tests."""
    for name, content in fixtures.load(TOPIC).items():
        y, v = fixtures.effects(name)
        ours, theirs = henmi_copas(y, v), content["henmi_copas"]
        for field, label in (("estimate", "mean"), ("se", "standard error"), ("tau2", "tau2")):
            mine, reference = getattr(ours, field), theirs[field]
            yield Cell(f"Henmi-Copas: {label}", name, mine, reference, "closed form")
        mine, reference = [ours.ci_low, ours.ci_high], [theirs["ci_low"], theirs["ci_high"]]
        yield Cell("Henmi-Copas: interval", name, mine, reference, "bound", ours.se)
        for key, theirs in content["excess_significance"].items():
            if key != "REML":
                ours = excess_significance(y, v, test=theirs["test"])
                yield from _excess(ours, theirs, f"{name}, {key}")


def _excess(ours, theirs, where) -> Iterator[Cell]:
    kind = "closed form"
    yield Cell("significant: observed", where, ours.observed, theirs["observed"], "exact")
    yield Cell("significant: expected", where, ours.expected, theirs["expected"], kind)
    yield Cell("excess: p value", where, ours.p_value, theirs["p_value"], "tail area")
    yield Cell("excess: chi-square", where, ours.statistic, theirs["statistic"], kind, 1.0)
    if "power" in theirs:
        yield Cell("power of each study", where, ours.power, theirs["power"], kind)
        yield Cell("effect the power rests on", where, ours.theta, theirs["theta"], kind)
