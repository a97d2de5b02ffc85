"""Subgroup analysis against metafor."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis.subgroups import subgroup_analysis

from . import fixtures
from .cells import Cell

TOPIC = "subgroups"
QUANTITIES = {
    "estimate": "pooled effects of groups",
    "se": "standard errors of groups",
    "statistic": "test statistics of groups",
    "ci_low": "lower limits of groups",
    "ci_high": "upper limits of groups",
}

#: What metafor gives otherwise, and why.
DIFFERS = ()


def cells() -> Iterator[Cell]:
    """Groups of two effects and more: each pooled, with separate and with common tau squared."""
    for name, theirs in fixtures.load(TOPIC).items():
        y, v = fixtures.effects(name)
        counts = Counter(theirs["groups"])
        chosen = [i for i, g in enumerate(theirs["groups"]) if g is not None and counts[g] > 1]
        y, v, groups = y[chosen], v[chosen], [theirs["groups"][i] for i in chosen]
        for method in theirs["separate"]:
            ours = subgroup_analysis(y, v, groups, tau2=method, test="z")
            yield from _separate(ours, theirs, method, f"{name}, {method}")
        ours = subgroup_analysis(y, v, groups, tau2="REML", test="z", common_tau2=True)
        yield from _common(ours, theirs["common"], f"{name}, common REML")


def _pooled(ours, theirs, kind, where):
    for key, quantity in QUANTITIES.items():
        scale = 1.0 if key == "statistic" else ours.se.min()
        yield Cell(quantity, where, getattr(ours, key), theirs[key], kind, scale=scale)
    yield Cell("p values of groups", where, ours.p_value, theirs["p_value"], "tail area")


def _between(ours, q, df, p, kind, where):
    yield Cell("Q between groups", where, ours.q_between, q, kind, scale=1.0)
    yield Cell("df between groups", where, ours.q_between_df, df, "exact")
    yield Cell("p of Q between groups", where, ours.q_between_p, p, "tail area")


def _separate(ours, theirs, method, where):
    kind = "iterated" if method == "REML" else "closed form"
    rows = [theirs["each"][group][method] for group in ours.groups]
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    yield from _pooled(ours, columns, kind, where)
    yield Cell("tau squared of groups", where, ours.tau2, columns["tau2"], kind, scale=1e-4)
    yield Cell("I squared of groups", where, ours.i2, columns["i2"], kind, scale=1.0)
    yield Cell("Q within groups", where, ours.q, columns["q"], "closed form")
    yield Cell("p of Q within groups", where, ours.q_p, columns["q_p"], "tail area")
    yield Cell("sizes of groups", where, ours.k, columns["k"], "exact")
    between = theirs["separate"][method]
    yield from _between(
        ours, between["q_between"], between["df"], between["p_value"], kind, where
    )


def _common(ours, theirs, where):
    order = [theirs["names"].index(group) for group in ours.groups]
    sorted_ = {key: np.array(theirs[key])[order] for key in (*QUANTITIES, "p_value")}
    yield from _pooled(ours, sorted_, "iterated", where)
    yield Cell("common tau squared", where, ours.tau2[0], theirs["tau2"], "iterated", scale=1e-4)
    yield Cell("I squared of groups", where, ours.i2[0], theirs["i2"], "iterated", scale=1.0)
    yield Cell("R squared of groups", where, ours.r2, theirs["r2"], "iterated", scale=1.0)
    yield Cell("Q within all groups", where, ours.q_within, theirs["q_within"], "closed form")
    yield from _between(
        ours, theirs["q_between"], theirs["q_df"], theirs["q_p"], "iterated", where
    )
