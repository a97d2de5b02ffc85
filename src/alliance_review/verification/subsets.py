"""Every subset of the first ten effects of each set (all 31 of the set of five)."""

from collections.abc import Iterator

from alliance_review.synthesis import subsets

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "subsets whose restricted likelihood has two modes",
        "metafor takes the mode its search comes to; the reference for REML is the global maximum, "
        "found by a search of all modes. On these subsets the two are the same.",
    ),
)


def cells() -> Iterator[Cell]:
    """One cell per set and method: an array over all subsets by binary code."""
    # the reference keeps 11 digits, so 5e-11 is the least difference that can be seen
    for name, theirs in fixtures.load("subsets").items():
        y, v = (a[:10] for a in fixtures.effects(name))
        for method in ("FE", "DL", "REML"):
            ours = subsets(y, v, tau2=method, test="z")
            kind = "iterated" if method == "REML" else "closed form"
            scale = float(ours.se.min())
            yield Cell(
                "every subset: estimate",
                f"{name}, {method}",
                ours.estimate,
                theirs[f"{method} estimate"],
                kind,
                scale,
            )
        where = f"{name}, REML"
        yield Cell("every subset: tau squared", where, ours.tau2, theirs["REML tau2"], kind)
        yield Cell("every subset: Q", name, ours.q, theirs["q"], "closed form")
