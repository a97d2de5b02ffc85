"""Deletion diagnostics, predicted true effects and the Baujat plot, against metafor."""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis.baujat import baujat
from alliance_review.synthesis.blup import blup
from alliance_review.synthesis.influence import influence

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "bcg by latitude and year, without the second effect",
        "metafor gives no answer: with the years as they stand (near 1960, beside an intercept) "
        "rounding moves its Fisher scoring steps by 1e-12, so that they never become as small as "
        "the 1e-14 it was told to reach. Here the design is made orthonormal first. Without this "
        "effect, tau squared is the single root of the score.",
    ),
)

#: The effect for which the reference has no deletion measures.
NOT_GIVEN = {"bcg, ablat_year": 1}

MEASURES = {
    "rstandard": "standardised residual",
    "rstudent": "standardised deleted residual",
    "dffits": "DFFITS",
    "cook_d": "Cook's distance",
    "cov_r": "covariance ratio",
    "tau2_del": "tau squared without the effect",
    "q_del": "Q without the effect",
    "hat": "hat value",
    "weight": "weight",
    "dfbetas": "DFBETAS",
    "influential": "flagged as influential",
}
PREDICTIONS = {
    "blup": ("estimate", "predicted true effect"),
    "blup_se": ("se", "standard error of the predicted true effect"),
    "blup_low": ("prediction_low", "lower limit of the true effect"),
    "blup_high": ("prediction_high", "upper limit of the true effect"),
    "random_effect_se": ("random_effect_se", "variance of the predicted random effect"),
}


def cells() -> Iterator[Cell]:
    """Every measure by data set, moderators, method and test; then the Baujat axes."""
    for name, reference in fixtures.load("influence").items():
        y, v = fixtures.effects(name)
        yield from _fits(y, v, None, reference, name)
        for label, model in reference.get("moderators", {}).items():
            rows = model.get("rows", slice(None))
            X = np.column_stack(list(model["X"].values()))
            yield from _fits(y[rows], v[rows], X, model, f"{name}, {label}")
        for method, theirs in reference["baujat"].items():
            yield from _baujat(y, v, method, theirs, f"{name}, {method}")


def _fits(y, v, X, reference, where) -> Iterator[Cell]:
    for method, test in (("REML", "z"), ("REML", "hksj"), ("DL", "z"), ("FE", "z")):
        theirs = reference.get(f"{method} {test}")
        if theirs is not None:
            yield from _fit(y, v, X, (method, test), theirs, f"{where}, {method}, {test}")


def _fit(y, v, X, options, theirs, where) -> Iterator[Cell]:
    method, test = options
    kind = "iterated" if method == "REML" else "closed form"
    scales = {"tau2_del": float(v.min()), "rstandard": 1.0, "rstudent": 1.0, "dffits": 0.01}
    ours = influence(y, v, method, X=X, test=test)
    left_out = NOT_GIVEN.get(where.removesuffix(f", {method}, {test}"))
    for key, quantity in MEASURES.items():
        if key not in theirs:  # the same as for another method or test, and kept there
            continue
        value, reference = getattr(ours, key).T, np.array(theirs[key], dtype=float)
        if left_out is not None and key not in ("rstandard", "hat", "weight"):
            value, reference = (np.delete(a, left_out, axis=-1) for a in (value, reference))
        own = "exact" if key == "influential" else kind
        yield Cell(quantity, where, value, reference, own, scales.get(key, 0.0))
    if any(key in theirs for key in PREDICTIONS):
        ours = blup(y, v, method, X=X, test=test)
        for key, (field, quantity) in PREDICTIONS.items():
            if key in theirs:
                value, reference = getattr(ours, field), np.array(theirs[key])
                if key == "random_effect_se":  # of a tau squared of 1e-16 the root is 1e-8
                    value, reference = value**2, reference**2
                scale = float(ours.se.min()) if not key.endswith("se") else 0.0
                yield Cell(quantity, where, value, reference, kind, scale)


def _baujat(y, v, method, theirs, where) -> Iterator[Cell]:
    kind = "closed form" if method in ("FE", "DL") else "iterated"
    ours = baujat(y, v, method)
    for field, quantity in (
        ("contribution", "Baujat: contribution to heterogeneity"),
        ("influence", "Baujat: influence on the pooled effect"),
    ):
        yield Cell(quantity, where, getattr(ours, field), theirs[field], kind, 1e-3)
