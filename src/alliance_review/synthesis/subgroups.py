"""Subgroup analysis: groups of effects pooled and compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks
from .distributions import chi2_tail, two_sided_p
from .labels import labels as checked_labels
from .pooled_sets import pool_sets
from .pooling import checked_options, pool, ratio
from .regression.fit import meta_regression
from .results import Result

_PER_GROUP = tuple(
    "k estimate se ci_low ci_high statistic df p_value tau2 i2 q q_df q_p".split()
) + ("prediction_low", "prediction_high")


@dataclass(frozen=True, repr=False, eq=False)
class SubgroupAnalysis(Result):
    """Pooled effects of g groups and the test of their differences, on the scale of the effects.

    Attributes
    ----------
    groups : tuple of str, length g
        The groups, sorted.
    k : ndarray, shape (g,)
        Number of effects.
    estimate, se, ci_low, ci_high, statistic, df, p_value : ndarray, shape (g,)
        Pooled effect of each group and its test.
    tau2, i2 : ndarray, shape (g,)
        Variance of the true effects and I squared in per cent, of each group, or the same for
        all where it is common.
    q, q_df, q_p : ndarray, shape (g,)
        Cochran's Q within each group; 0 with p value 1 in a group of one effect.
    prediction_low, prediction_high : ndarray, shape (g,)
        Where the true effect of a new setting of the group is expected.
    q_between, q_between_df, q_between_p : float
        Test of the differences. With tau squared of each group a chi-square; with a common one
        the test of moderators of the meta-regression on groups (F for Hartung-Knapp).
    q_within, q_within_df, q_within_p : float
        Heterogeneity left within the groups: the sum of ``q``.
    r2 : float
        Share of tau squared explained by a common-tau2 model, in per cent; ``nan`` otherwise.
    common_tau2 : bool
    level : float
    tau2_method, test : str
    """

    _shown: ClassVar = (
        *("q_between", "q_between_df", "q_between_p", "q_within", "q_within_df", "q_within_p"),
        *("common_tau2", "tau2_method", "test"),
    )
    _rows: ClassVar = ("groups", *_PER_GROUP)

    groups: tuple[str, ...]
    k: np.ndarray
    estimate: np.ndarray
    se: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    statistic: np.ndarray
    df: np.ndarray
    p_value: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    q: np.ndarray
    q_df: np.ndarray
    q_p: np.ndarray
    prediction_low: np.ndarray
    prediction_high: np.ndarray
    q_between: float
    q_between_df: int
    q_between_p: float
    q_within: float
    q_within_df: int
    q_within_p: float
    r2: float
    common_tau2: bool
    level: float
    tau2_method: str
    test: str


def subgroup_analysis(
    y, v, groups: Sequence, *, common_tau2: bool = False, tau2="REML", test="hksj", level=0.95
) -> SubgroupAnalysis:
    """Pool the effects of each group and test whether the groups differ.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances.
    groups : sequence of length k
        The group of each effect: text, numbers or other hashable values, none of them missing.
    common_tau2 : bool
        Whether all groups share one tau squared, estimated from all of them (steadier where
        groups are small), or each has its own.
    tau2, test, level
        As for ``pool``.

    Raises
    ------
    ValueError
        What ``pool`` refuses; labels that are no sequence of single values, or of another length
        than the effects; an effect without a group (None, blank text, nan, NaT or pandas.NA, by
        its position); fewer than two groups; a common tau squared with no more effects than
        groups.

    Notes
    -----
    With tau squared of each group, the difference is tested by the weighted sum of squares of
    the pooled effects about their weighted mean, weights 1/se^2, chi-square with one degree of
    freedom fewer than groups. The standard errors there are the unscaled ones whatever ``test``
    is, because the Hartung-Knapp one of two or three effects can be near zero by chance.

    Where tau squared is that of each group, a group of one effect is as the first step of
    ``cumulative``: its own value, tau2 = 0, q_p = 1 and, for the Hartung-Knapp tests, no standard
    error, test or interval (``nan``). Its tau squared is not estimated, so it is left out of
    the test of differences, except by the common-effect model; ``nan`` where fewer than two
    groups remain. A common tau squared gives it a standard error as it does every group.

    Sources: Hedges & Olkin (1985); Borenstein et al. (2009), chapter 19.
    """
    y, v = checks.effects(y, v)
    checked_options(tau2=tau2, test=test, level=level)
    labels, member = _membership(groups, y.size)
    options = {"tau2": tau2, "test": test, "level": level}
    if common_tau2:
        columns, between = _common(y, v, member, options)
    else:
        columns, between = _separate(y, v, member, options)
    within, within_df = float(columns["q"].sum()), int(columns["q_df"].sum())
    arrays = {name: np.array(columns[name]) for name in _PER_GROUP}
    for array in arrays.values():
        array.flags.writeable = False
    return SubgroupAnalysis(
        groups=labels,
        **arrays,
        **between,
        q_within=within,
        q_within_df=within_df,
        q_within_p=float(chi2_tail(within, within_df)),
        common_tau2=bool(common_tau2),
        level=float(level),
        tau2_method=tau2,
        test=test,
    )


def _membership(groups, k):
    groups = checked_labels("groups", groups, k)
    try:
        distinct = sorted(set(groups))
    except TypeError:  # labels of several types
        distinct = sorted(set(groups), key=str)
    if len(distinct) < 2:
        raise ValueError("at least two groups are needed")
    if len({str(label) for label in distinct}) < len(distinct):
        raise ValueError("two groups have the same name")
    member = np.array([[group == label for group in groups] for label in distinct])
    return tuple(str(label) for label in distinct), member


def _separate(y, v, member, options):
    rows = [_one_group(y[chosen], v[chosen], options) for chosen in member]
    columns = {name: np.array([row[name] for row in rows]) for name in _PER_GROUP}
    compared = (columns["k"] > 1) | (options["tau2"] == "FE")
    precision = np.array([row["precision"] for row in rows])[compared]
    estimate = columns["estimate"][compared]
    df = max(int(compared.sum()) - 1, 0)
    value = float("nan")
    if df:
        estimate = estimate - estimate[0]  # equal ones stay exactly equal
        mean = precision @ estimate / precision.sum()
        value = float(precision @ (estimate - mean) ** 2)
    return columns, {
        "q_between": value,
        "q_between_df": df,
        "q_between_p": float(chi2_tail(value, df)) if df else float("nan"),
        "r2": float("nan"),
    }


def _one_group(y, v, options) -> dict:
    if y.size > 1:
        pooled = pool(y, v, **options)
    else:  # ``pool`` refuses a single effect
        alone = np.ones((1, 1), dtype=bool)
        pooled = pool_sets(y[:, None], v[:, None], alone, checked_options(**options))[0]
    row = {name: getattr(pooled, name) for name in _PER_GROUP}
    return row | {"precision": float((1 / (v + pooled.tau2)).sum())}


def _common(y, v, member, options):
    dummies = member.T.astype(float)
    origin = y[0]  # measured from one of them, equal effects leave exactly no residual
    y = y - origin
    fit = meta_regression(y, v, dummies, intercept=False, **options)
    test = meta_regression(y, v, dummies[:, 1:], **options)
    weights = member / v
    mean = (weights @ y) / weights.sum(axis=1)
    q = (weights * (y - mean[:, None]) ** 2).sum(axis=1)
    size = member.sum(axis=1)
    predicted = fit.predict(np.eye(size.size))
    moved = ("estimate", "ci_low", "ci_high")
    columns = {name: getattr(fit, name) + origin for name in moved} | {"se": fit.se}
    columns["statistic"] = ratio(columns["estimate"], fit.se)
    columns["p_value"] = two_sided_p(columns["statistic"], fit.df)
    shared = {"df": fit.df, "tau2": fit.tau2, "i2": fit.i2}
    columns |= {name: np.full(size.shape, value) for name, value in shared.items()}
    columns |= {"k": size, "q": q, "q_df": size - 1}
    columns["q_p"] = chi2_tail(q, size - 1)
    limits = ("prediction_low", "prediction_high")
    columns |= {name: getattr(predicted, name) + origin for name in limits}
    return columns, {
        "q_between": test.q_moderators,
        "q_between_df": test.q_moderators_df,
        "q_between_p": test.q_moderators_p,
        "r2": test.r2,
    }
