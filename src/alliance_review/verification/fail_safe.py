"""Fail-safe numbers, against metafor."""

from collections.abc import Iterator

from alliance_review.synthesis.bias.fail_safe import fail_safe_n

from . import fixtures
from .cells import Cell

TOPIC = "fail_safe"
DIFFERS = (
    (
        "Orwin's number in later versions of metafor",
        "they weight the mean by inverse variance wherever variances are given; version 3.8-1, "
        "the reference here, takes the plain mean unless told otherwise. Both are compared.",
    ),
)

VARIANTS = {
    "Rosenthal": {"kind": "rosenthal"},
    "Orwin": {"kind": "orwin"},
    "Orwin_weighted": {"kind": "orwin", "weighted": True},
    "Orwin_target_005": {"kind": "orwin", "target": 0.05},
    "Rosenberg": {"kind": "rosenberg"},
}


def cells() -> Iterator[Cell]:
    """Five numbers for every set."""
    for name, content in fixtures.load(TOPIC).items():
        y, v = fixtures.effects(name)
        for key, theirs in content.items():
            where, options = f"{name}, {key.replace('_', ' ')}", dict(VARIANTS[key])
            if "target" in options:
                options["target"] = theirs["target"]  # with the sign of the mean
            ours = fail_safe_n(y, v, **options)
            yield Cell("fail-safe number", where, ours.number, theirs["number"], "exact")
            yield Cell("p value before", where, ours.p_value, theirs["p_value"], "tail area")
            yield Cell("mean undone", where, ours.mean, theirs["mean"], "closed form")
            yield Cell("target", where, ours.target, theirs["target"], "closed form")
