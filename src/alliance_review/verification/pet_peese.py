"""PET and PEESE, four models, against least squares in R and metafor."""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis.bias.pet_peese import pet_peese

from . import fixtures
from .cells import Cell

TOPIC = "pet_peese"
DIFFERS = (
    (
        "the choice between PET and PEESE",
        "metafor has no conditional estimate: both regressions are compared, the rule is tested "
        "by itself.",
    ),
)

FIELDS = {
    "estimate": ("estimate", "bias"),
    "se": ("se", "bias_se"),
    "statistic": ("statistic", "bias_statistic"),
    "p_value": ("p_value", "bias_p"),
    "ci_low": ("ci_low", "bias_low"),
    "ci_high": ("ci_high", "bias_high"),
}
NAMES = {
    "estimate": "intercept and coefficient",
    "se": "standard errors",
    "statistic": "test statistics",
    "p_value": "p values",
    "ci_low": "lower limits",
    "ci_high": "upper limits",
}


def cells() -> Iterator[Cell]:
    """Both regressions under every model of the reference."""
    for name, content in fixtures.load(TOPIC).items():
        y, v = fixtures.effects(name)
        for key, theirs in content.items():
            which, model, test = key.split("/")
            both = pet_peese(y, v, model=model, test=None if model == "lm" else test)
            ours = getattr(both, which.lower())
            yield from _one(ours, theirs, model, v, f"{name}, {which}, {model}, {test}")


def _one(ours, theirs, model, v, where) -> Iterator[Cell]:
    kind = "iterated" if model == "REML" else "closed form"
    for field, own in FIELDS.items():
        scale = 1.0 if field == "statistic" else min(ours.se, ours.bias_se)
        mine = [getattr(ours, f) for f in own]
        if field == "p_value":
            yield Cell(NAMES[field], where, mine, theirs[field], "tail area")
        else:
            yield Cell(NAMES[field], where, mine, theirs[field], kind, scale)
    df = np.inf if theirs["df"] is None else theirs["df"]
    yield Cell("degrees of freedom", where, ours.df, df, "exact")
    scale = 0.01 * float(np.mean(v))  # tau squared may be 0
    yield Cell("tau squared", where, ours.tau2, theirs["tau2"], kind, scale)
