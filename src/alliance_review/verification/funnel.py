"""Tests of funnel asymmetry: Egger's family and the rank test, against metafor and meta."""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis.bias.funnel_tests import egger_test, rank_test

from . import fixtures
from .cells import Cell

TOPIC = "funnel"
DIFFERS = (
    (
        "Begg's test of the R package meta, aloe2013 and bcg",
        "meta takes the normal approximation always; without ties the p value here is exact, as "
        "in metafor. With ties all three agree.",
    ),
    (
        "p value of Thompson and Sharp's test of the R package meta",
        "meta tests the statistic of the normal test by t with k - 2 degrees of freedom, which is "
        "neither of the tests here; coefficient and standard error are compared.",
    ),
    (
        "statistic of Thompson and Sharp's test of the R package meta, molloy2014",
        "meta fits by metafor at its default settings, which end the search for tau squared at an "
        "absolute change of 1e-5: 1.2e-4 off here. Coefficient and standard error are compared, "
        "and all of it with metafor made to converge to 1e-14.",
    ),
)


def cells() -> Iterator[Cell]:
    """Six predictors by five models, the rank test, and meta's versions."""
    for name, content in fixtures.load(TOPIC).items():
        y, v = fixtures.effects(name)
        n = fixtures.sizes(name)
        for key, theirs in content["egger"].items():
            yield from _egger(y, v, n, key, theirs, f"{name}, {key.replace('/', ', ')}")
        rank, theirs = rank_test(y, v), content["rank"]
        yield Cell("rank test: tau", name, rank.tau, theirs["tau"], "closed form", 0.01)
        yield Cell("rank test: p value", name, rank.p_value, theirs["p_value"], "tail area")
        yield Cell("rank test: exact p value", name, rank.exact, theirs["exact"], "exact")
        if "metabias" in content:
            yield from _meta(y, v, rank, content["metabias"], name)


def _egger(y, v, n, key, theirs, where) -> Iterator[Cell]:
    predictor, model, test = key.split("/")
    n = None if predictor in ("sei", "vi") else n
    ours = egger_test(
        y, v, predictor=predictor, model=model, test=None if model == "lm" else test, n=n
    )
    kind = "iterated" if model == "REML" else "closed form"
    yield Cell("regression test: coefficient", where, ours.bias, theirs["bias"], kind, ours.se)
    yield Cell("regression test: standard error", where, ours.se, theirs["se"], kind)
    yield Cell("regression test: statistic", where, ours.statistic, theirs["statistic"], kind, 1.0)
    df = np.inf if theirs["df"] is None else theirs["df"]
    yield Cell("regression test: degrees of freedom", where, ours.df, df, "exact")
    yield Cell("regression test: p value", where, ours.p_value, theirs["p_value"], "tail area")
    limit = [getattr(ours, f"slope{part}") for part in ("", "_low", "_high")]
    reference = [theirs[f"slope{part}"] for part in ("", "_low", "_high")]
    scale = 0.0 if np.isnan(ours.slope_se) else ours.slope_se
    yield Cell("limit estimate and interval", where, limit, reference, kind, scale)
    yield Cell("limit estimate: se", where, ours.slope_se, theirs["slope_se"], kind)
    scale = 0.01 * float(np.mean(v))  # tau squared may be 0
    yield Cell("regression test: tau squared", where, ours.tau2, theirs["tau2"], kind, scale)


def _meta(y, v, rank, theirs, name) -> Iterator[Cell]:
    kind = "other package"
    lm, mixed = egger_test(y, v), egger_test(y, v, model="REML", test="z")
    for label, ours in (("Egger", lm), ("Thompson", mixed)):
        where, reference = f"{name}, {label}", theirs[label]
        yield Cell("meta: coefficient", where, ours.bias, reference["bias"], kind, ours.se)
        yield Cell("meta: standard error", where, ours.se, reference["se"], kind)
    where, reference = f"{name}, Egger", theirs["Egger"]
    yield Cell("meta: statistic", where, lm.statistic, reference["statistic"], kind, 1.0)
    yield Cell("meta: p value", where, lm.p_value, reference["p_value"], kind)
    if not rank.exact:
        yield Cell("meta: p value", f"{name}, Begg", rank.p_value, theirs["Begg"]["p_value"], kind)
