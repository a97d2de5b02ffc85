"""Confidence intervals for tau squared against metafor: Q-profile and profile likelihood."""

from collections.abc import Iterator

from alliance_review.synthesis import tau2_interval

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "metafor's Q-profile interval at its default settings",
        "its root search ends at an absolute error of 1.2e-4 in tau squared; the reference here "
        "was made with 1e-15.",
    ),
)


def cells() -> Iterator[Cell]:
    """Three intervals per set, on three scales."""
    for name, reference in fixtures.load("tau_intervals").items():
        y, v = fixtures.effects(name)
        for key, theirs in reference.items():
            method, _, likelihood = key.partition("/")
            ours = tau2_interval(y, v, method, likelihood=likelihood or "REML")
            where = f"{name}, {key.replace('_', ' ').replace('/', ', ')}"
            for quantity, field, mine in (
                ("limits of tau squared", "tau2", (ours.low, ours.high)),
                ("limits of tau", "tau", (ours.tau_low, ours.tau_high)),
                ("limits of I squared", "i2", (ours.i2_low, ours.i2_high)),
            ):
                yield Cell(quantity, where, mine, theirs[field], "bound")
