"""Pooled effects: nine estimators of tau squared, three tests, against metafor."""

from collections.abc import Iterator

from alliance_review.synthesis import pool

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "metafor at its default settings",
        "its search for REML, ML and EB ends at an absolute change of 1e-5 in tau squared, and for "
        "PM at 1.2e-4; with tau squared near 0.01, as on the Fisher z scale, four to seven digits "
        "are right. The reference here was made to converge to 1e-14.",
    ),
)

CLOSED = ("FE", "DL", "HE", "HS", "SJ")

#: quantity as the page names it, fields of the reference, fields of ours
QUANTITIES = (
    ("estimate", ("estimate",), ("estimate",)),
    ("standard error", ("se",), ("se",)),
    ("confidence interval", ("ci_low", "ci_high"), ("ci_low", "ci_high")),
    ("test statistic", ("statistic",), ("statistic",)),
    ("degrees of freedom", ("df",), ("df",)),
    ("p value", ("p_value",), ("p_value",)),
    ("tau squared", ("tau2",), ("tau2",)),
    ("I squared", ("i2",), ("i2",)),
    ("H squared", ("h2",), ("h2",)),
    ("Q", ("q",), ("q",)),
    ("p value of Q", ("q_p",), ("q_p",)),
    ("prediction interval", ("prediction_low", "prediction_high"), None),
    ("prediction interval, k - 2", ("riley_low", "riley_high"), None),
)


def cells() -> Iterator[Cell]:
    """Nine sets, nine estimators, three tests."""
    for name, reference in fixtures.load("pooling").items():
        y, v = fixtures.effects(name)
        for key, theirs in reference.items():
            yield from _one_model(name, key, y, v, theirs)


def _one_model(name, key, y, v, theirs) -> Iterator[Cell]:
    method, test = key.split("/")
    ours = pool(y, v, tau2=method, test=test)
    riley = pool(y, v, tau2=method, test=test, prediction="riley")
    kind = "closed form" if method in CLOSED else "iterated"
    # an interval or an estimate may lie near 0: its error is seen against the standard error
    scales = {"estimate": ours.se, "statistic": 1.0, "i2": 1.0}
    scales |= dict.fromkeys(("ci_low", "prediction_low", "riley_low"), ours.se)
    kinds = {"p_value": "tail area", "q_p": "tail area", "q": "closed form", "df": "exact"}
    for quantity, fields, own in QUANTITIES:
        if fields[0] not in theirs:
            continue
        source = riley if fields[0] == "riley_low" else ours
        mine = [getattr(source, f) for f in own or ("prediction_low", "prediction_high")]
        yield Cell(
            quantity,
            f"{name}, {method}, {test}",
            mine,
            [theirs[f] for f in fields],
            kinds.get(fields[0], kind),
            scales.get(fields[0], 0.0),
        )
