"""What we answer to the questions that other packages were asked (see ``peers``)."""

from functools import cache

import numpy as np

from alliance_review.synthesis import (
    egger_test,
    leave_one_out,
    pool,
    rank_test,
    tau2_interval,
    trim_and_fill,
)
from alliance_review.synthesis.multilevel.robust import robust_variance
from alliance_review.synthesis.regression.fit import meta_regression

from . import fixtures


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Effects and variances of one of the nine sets or of a stress set."""
    if name in fixtures.names():
        return fixtures.effects(name)
    stress = fixtures.load("stress_sets")["sets"][name]
    return np.array(stress["y"]), np.array(stress["v"])


@cache
def answer(name: str, key: str) -> tuple[dict, float]:
    """Our numbers under a key such as "REML/hksj", and a standard error to judge them by.

    Keys are those of ``validation/peers``: a method and a test, or an analysis and its options.
    """
    y, v = data(name)
    what, *options = key.split("/")
    if what in ANALYSES:
        return ANALYSES[what](y, v, *options)
    r = pool(y, v, tau2=what, test=options[0], prediction="riley")
    return {field: getattr(r, field) for field in POOLED}, r.se


POOLED = (
    *("estimate", "se", "ci_low", "ci_high", "p_value", "tau2", "i2", "q", "q_p"),
    *("prediction_low", "prediction_high"),
)


def _heterogeneity(y, v):
    interval, common = tau2_interval(y, v), pool(y, v, tau2="FE")
    limits = {"tau2_low": interval.low, "tau2_high": interval.high}
    return limits | {"q": common.q, "q_p": common.q_p, "i2": common.i2}, common.se


def _regression(y, v, method, test):
    r = meta_regression(y, v, np.sqrt(v), tau2=method, test=test)
    fields = ("estimate", "se", "p_value", "tau2", "q", "q_moderators")
    return {field: getattr(r, field) for field in fields}, float(r.se.min())


def _egger(y, v):
    r = egger_test(y, v)
    return {"statistic": r.statistic, "p_value": r.p_value, "limit": r.slope}, r.slope_se


def _rank(y, v):
    r = rank_test(y, v)
    return {"tau": r.tau, "p_value": r.p_value}, 1.0


def _filled(y, v, method, side):
    r = trim_and_fill(y, v, side=side, tau2=method, test="z")
    numbers = {"missing": r.missing, "estimate": r.pooled.estimate, "tau2": r.pooled.tau2}
    return numbers, r.pooled.se


def _left_out(y, v, method, test):
    r = leave_one_out(y, v, tau2=method, test=test)
    return {field: getattr(r, field) for field in ("estimate", "tau2", "q")}, float(r.se.min())


def _robust(y, v, working):
    # clusters of three in the order of the data and, within them, their mean variance: as asked
    labels = np.arange(y.size) // 3
    level = (np.bincount(labels, v) / np.bincount(labels))[labels]
    r = robust_variance(y, level, labels, working=working)
    return {field: getattr(r, field) for field in ("estimate", "se", "df")}, r.se


ANALYSES = {
    "robust": _robust,
    "heterogeneity": _heterogeneity,
    "interval": _heterogeneity,
    "regression": _regression,
    "egger": _egger,
    "rank": _rank,
    "trim_and_fill": _filled,
    "leave_one_out": _left_out,
}
