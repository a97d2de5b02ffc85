"""REML, ML and PM, and REML on the stress sets, against solutions in 50-digit arithmetic."""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis import pool
from alliance_review.synthesis.tau_likelihood import log_likelihood

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "Hartung-Knapp standard error of ten equal effects",
        "exactly 0 here; in 50-digit arithmetic 1e-52, its rounding. Counted as equal.",
    ),
)


def cells() -> Iterator[Cell]:
    """Nine sets by REML, ML and PM, then REML on the stress sets."""
    for name, reference in fixtures.load("truth").items():
        y, v = fixtures.effects(name)
        for method, truth in reference.items():
            yield from _fit(f"{name}, {method}", y, v, method, truth)
            if method != "PM":
                yield _likelihood(f"{name}, {method}", y, v, method, truth)
    for name, data in fixtures.load("stress_sets")["sets"].items():
        y, v = np.array(data["y"]), np.array(data["v"])
        yield from _fit(name, y, v, "REML", data["truth"])


def _fit(where, y, v, method, truth) -> Iterator[Cell]:
    ours = pool(y, v, tau2=method, test="z")
    knapp = pool(y, v, tau2=method, test="hksj")
    kind = "fifty digits"
    yield Cell("tau squared", where, ours.tau2, truth["tau2"], kind)
    yield Cell("estimate", where, ours.estimate, truth["estimate"], kind, ours.se)
    yield Cell("standard error", where, ours.se, truth["se"], kind)
    yield Cell("standard error, Hartung-Knapp", where, knapp.se, truth["se_hksj"], kind)


def _likelihood(where, y, v, method, truth) -> Cell:
    tau2, restricted = pool(y, v, tau2=method).tau2, method == "REML"
    ours = log_likelihood(y[:, None], v[:, None], None, tau2, restricted=restricted).item()
    kind = "fifty digits"
    return Cell("log-likelihood", where, ours, truth["log_likelihood"], kind, 1.0)
