"""Influence of single effects, predicted true effects and the Baujat plot, against definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import deletion, pool
from alliance_review.synthesis.baujat import baujat
from alliance_review.synthesis.blup import blup
from alliance_review.synthesis.heterogeneity import METHODS
from alliance_review.synthesis.influence import influence
from alliance_review.synthesis.regression.fit import meta_regression
from alliance_review.verification import fixtures

TESTS = ("z", "hksj", "hksj_adhoc")
MEASURES = (
    "rstandard", "rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "q_del", "hat", "weight",
    "dfbetas", "influential",
)  # fmt: skip
CALM = settings(derandomize=True, max_examples=30, deadline=None)


def close(a, b, tolerance=1e-9):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@st.composite
def effects(draw, smallest=5, largest=12):
    """Effects and variances that are neither equal nor wildly unlike."""
    k = draw(st.integers(smallest, largest))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    v = random.uniform(0.005, 0.05, k)
    return random.normal(0.2, np.sqrt(v + draw(st.sampled_from([0.0, 0.02, 0.2])))), v


# --- by hand ----------------------------------------------------------------------------------


def test_three_effects_of_equal_variance_by_hand():
    # mean 2, variance of the mean 1/3; without the first effect the mean is 3, its variance 1/2
    i = influence([0.0, 1.0, 5.0], [1.0, 1.0, 1.0], "FE")
    close(i.rstandard[0], -2 / np.sqrt(2 / 3))
    close(i.rstudent[0], -3 / np.sqrt(1 + 1 / 2))
    close(i.dffits[0], -1 / np.sqrt(1 / 3))
    close(i.cook_d[0], 1 / (1 / 3))
    close(i.cov_r, [1.5, 1.5, 1.5])
    close(i.q_del, [8.0, 12.5, 0.5])
    close(i.hat, [1 / 3] * 3)
    close(i.weight, [100 / 3] * 3)
    close(i.dfbetas[0], [-np.sqrt(3)])
    # 3 sqrt(1/2) = 2.12 is passed by no dffits but the third, -(2 - 0.5) sqrt(3) = 2.6
    close(i.dffits[2], 1.5 * np.sqrt(3))
    assert i.influential.tolist() == [True, True, True]  # cook_d 3, 0.75 and 6.75 > 0.455
    assert (i.k, i.p, i.names, i.tau2) == (3, 1, ("intercept",), 0.0)


def test_baujat_of_three_effects_by_hand():
    b = baujat([0.0, 1.0, 5.0], [1.0, 1.0, 1.0])
    close(b.contribution, [4.0, 1.0, 9.0])
    close(b.influence, [1 / 0.5, 0.25 / 0.5, 2.25 / 0.5])


# --- against fits made one by one -------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("test", TESTS)
def test_measures_are_those_of_k_separate_pools(method, test):
    y, v = fixtures.effects("molloy2014")
    i = influence(y, v, method, test=test)
    full = pool(y, v, tau2=method, test=test)
    plain = pool(y, v, tau2=method, test="z")
    for j in range(y.size):
        keep = np.arange(y.size) != j
        without = pool(y[keep], v[keep], tau2=method, test=test)
        factor = (without.se / pool(y[keep], v[keep], tau2=method, test="z").se) ** 2
        change, own = full.estimate - without.estimate, v[j] + without.tau2
        close(i.tau2_del[j], without.tau2)
        close(i.q_del[j], without.q)
        close(i.cook_d[j], change**2 / full.se**2)
        close(i.cov_r[j], without.se**2 / full.se**2)
        close(i.rstudent[j], (y[j] - without.estimate) / np.sqrt(factor * own + without.se**2))
        close(i.dffits[j], change / np.sqrt(factor * plain.weights[j] * own))
        spread = factor / np.sum(1 / (v + without.tau2))
        close(i.dfbetas[j, 0], change / np.sqrt(spread))
    close(i.hat, plain.weights)
    close(i.weight, 100 * plain.weights)
    residual = y - full.estimate
    close(i.rstandard, residual / np.sqrt(v + full.tau2 - plain.se**2))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("test", TESTS)
def test_measures_are_those_of_k_separate_regressions(method, test):
    y, v = fixtures.effects("raudenbush1985")
    X = np.column_stack([np.arange(19) % 5, np.linspace(1970, 1990, 19) ** 2])
    i = influence(y, v, method, X=X, test=test, names=["weeks", "year"])
    options = {"tau2": method, "test": test}
    full = meta_regression(y, v, X, **options)
    design = np.column_stack([np.ones(19), X])
    plain = meta_regression(y, v, X, tau2=method, test="z").covariance
    for j in range(19):
        keep = np.arange(19) != j
        without = meta_regression(y[keep], v[keep], X[keep], **options)
        base = meta_regression(y[keep], v[keep], X[keep], tau2=method, test="z").covariance
        factor = without.covariance[0, 0] / base[0, 0]
        change, own = full.estimate - without.estimate, v[j] + without.tau2
        shift = design[j] @ change
        close(i.tau2_del[j], without.tau2)
        close(i.q_del[j], without.q)
        close(i.cook_d[j], change @ np.linalg.solve(full.covariance, change), 1e-5)
        ratio = np.linalg.det(without.covariance) / np.linalg.det(full.covariance)
        close(i.cov_r[j], ratio, 1e-5)
        spread = factor * (own + design[j] @ base @ design[j])
        close(i.rstudent[j], (y[j] - design[j] @ without.estimate) / np.sqrt(spread), 1e-7)
        close(i.dffits[j], shift / np.sqrt(factor * i.hat[j] * own), 1e-7)
        w = 1 / (v + without.tau2)
        inverse = np.linalg.inv(design.T @ (w[:, None] * design))
        close(i.dfbetas[j], change / np.sqrt(factor * np.diag(inverse)), 1e-5)
    hat = np.einsum("ij,jk,ik->i", design, plain, design) / (v + full.tau2)
    close(i.hat, hat, 1e-7)
    assert i.names == ("intercept", "weeks", "year")
    assert i.dfbetas.shape == (19, 3)


def test_blocks_of_deletions_change_nothing(monkeypatch):
    y, v = fixtures.effects("bcg")
    X = np.arange(13) % 4
    whole = [influence(y, v, X=x) for x in (None, X)]
    monkeypatch.setattr(deletion, "BLOCK", 30)  # two deletions at a time
    for x, first in zip((None, X), whole, strict=True):
        again = influence(y, v, X=x)
        for name in MEASURES:
            close(getattr(again, name), getattr(first, name), 1e-12)


# --- properties -------------------------------------------------------------------------------


@CALM
@given(effects())
def test_with_known_variances_the_measures_are_one_another(data):
    # without tau squared: deleted and standardised residual are equal, and so are dffits and
    # dfbetas, whose square is Cook's distance (Cook & Weisberg 1982)
    i = influence(*data, "FE")
    close(i.rstudent, i.rstandard)
    close(i.dfbetas[:, 0], i.dffits)
    close(i.cook_d, i.dffits**2)
    b = baujat(*data)
    close(b.contribution.sum(), pool(*data, tau2="FE").q)


@CALM
@given(effects(), st.sampled_from(METHODS), st.sampled_from(TESTS), st.booleans())
def test_order_shift_and_scale(data, method, test, moderated):
    y, v = data
    k = y.size
    X = np.arange(k) % 3 if moderated else None
    i = influence(y, v, method, X=X, test=test)
    close(i.hat.sum(), i.p)
    close(i.weight.sum(), 100)
    order = np.random.default_rng(k).permutation(k)
    turned = influence(y[order], v[order], method, X=None if X is None else X[order], test=test)
    scaled = influence(7 * y + 3, 49 * v, method, X=X, test=test)
    for name in MEASURES:
        factor = 49 if name == "tau2_del" else 1
        if name == "influential" and near_a_cut_off(i):
            continue
        close(getattr(turned, name), getattr(i, name)[order], 1e-6)
        close(getattr(scaled, name), factor * getattr(i, name), 1e-6)


def near_a_cut_off(i):
    values = [
        np.abs(i.dffits) / (3 * np.sqrt(i.p / (i.k - i.p))),
        i.cook_d / {1: 0.454936423119572, 2: 2 * np.log(2)}[i.p],
        i.hat / (3 * i.p / i.k),
        np.abs(i.dfbetas).max(axis=1),
    ]
    return any((np.abs(v - 1) < 1e-5).any() for v in values)


@CALM
@given(effects(6))
def test_moderators_may_be_measured_on_any_scale(data):
    y, v = data
    X = np.arange(y.size) % 3
    first, second = influence(y, v, X=X), influence(y, v, X=1e5 - 12 * X)
    for name in ("rstandard", "rstudent", "dffits", "cook_d", "cov_r", "hat", "tau2_del"):
        close(getattr(second, name), getattr(first, name), 1e-6)
    close(second.dfbetas[:, 1], -first.dfbetas[:, 1], 1e-6)


# --- flags ------------------------------------------------------------------------------------


def test_an_outlier_and_a_giant_are_flagged_and_calm_effects_are_not():
    y = np.array([0.10, 0.12, 0.08, 0.11, 0.09, 0.10, 0.13, 0.07, 0.10, 0.11])
    v = np.full(10, 0.01)
    assert influence(y, v).flagged == ()
    outlier = y.copy()
    outlier[3] = 2.0
    i = influence(outlier, v)
    assert i.flagged == (3,) and np.abs(i.dfbetas[3, 0]) > 1
    giant = v.copy()
    giant[6] = 0.001
    y[6] = 0.1
    i = influence(y, giant, "FE")
    assert i.flagged == (6,)
    assert i.hat[6] > 0.3 and i.cook_d[6] < 0.01 and np.abs(i.dffits[6]) < 1


def test_the_limit_of_cooks_distance_is_the_median_of_chi_square():
    # one effect moves the mean by sqrt(0.455) standard errors: 0.67449 is the normal quartile
    for reach, flagged in ((0.67440, False), (0.67455, True)):
        y = np.zeros(10)
        y[0] = reach * np.sqrt(10)  # the mean is y/10 with variance 1/10, and 0 without it
        i = influence(y, np.ones(10), "FE")
        close(i.cook_d[0], reach**2)
        assert i.influential[0] == flagged


def test_an_effect_that_alone_informs_a_coefficient():
    y, v = fixtures.effects("molloy2014")
    alone = np.zeros(16)
    alone[4] = 1.0
    i = influence(y, v, X=alone)
    for name in ("rstandard", "rstudent", "dffits", "cook_d", "cov_r", "tau2_del", "q_del"):
        assert np.flatnonzero(np.isnan(getattr(i, name))).tolist() == [4], name
    assert np.isnan(i.dfbetas[4]).all()
    close(i.hat[4], 1)
    assert i.influential[4]  # by its hat value
    # the others are fitted as if it were not there
    rest = np.arange(16) != 4
    close(i.rstudent[rest], influence(y[rest], v[rest]).rstudent)


def test_equal_effects():
    y, v = np.full(6, 0.1 + 0.2), np.linspace(0.01, 0.05, 6)
    i = influence(y, v)
    for name in ("rstandard", "rstudent", "dffits", "cook_d", "tau2_del", "q_del"):
        assert (getattr(i, name) == 0).all(), name
    i = influence(y, v, test="hksj")
    assert np.isnan(i.dffits).all() and not i.influential.any()
    assert (influence(y, v, test="hksj_adhoc").dffits == 0).all()


# --- predicted true effects -------------------------------------------------------------------


@CALM
@given(effects(), st.sampled_from(["DL", "REML", "SJ"]), st.booleans())
def test_predictions_solve_the_mixed_model_equations(data, method, moderated):
    y, v = data
    X = np.arange(y.size) % 3 if moderated else None
    b = blup(y, v, method, X=X)
    if b.tau2 < 1e-6:
        return
    design = np.ones((y.size, 1)) if X is None else np.column_stack([np.ones(y.size), X])
    k, p = design.shape
    both = np.column_stack([design, np.eye(k)])  # coefficients, then random effects
    precision = both.T @ (both / v[:, None])
    precision[p:, p:] += np.eye(k) / b.tau2
    covariance = np.linalg.inv(precision)
    solution = covariance @ both.T @ (y / v)
    close(b.estimate, both @ solution, 1e-6)
    close(b.random_effect, solution[p:], 1e-6)
    close(b.se, np.sqrt(np.einsum("ij,jk,ik->i", both, covariance, both)), 1e-6)


def test_predictions_between_the_observed_and_the_fitted():
    y, v = fixtures.effects("molloy2014")
    b = blup(y, v)
    pooled = pool(y, v, test="z")
    close(b.fitted, pooled.estimate)
    close(b.reliability, pooled.tau2 / (pooled.tau2 + v))
    close(b.estimate - b.fitted, b.reliability * (y - b.fitted))
    close(b.prediction_high - b.estimate, 1.959963984540054 * b.se)
    t = blup(y, v, test="hksj")
    close((t.prediction_high - t.estimate) / t.se, 2.131449545559323)
    close(t.estimate, b.estimate)
    common = blup(y, v, "FE")
    close(common.estimate, pool(y, v, tau2="FE").estimate)
    assert (common.random_effect == 0).all() and (common.random_effect_se == 0).all()


def test_large_studies_keep_their_value():
    y = np.array([0.1, 0.5, -0.3, 0.8])
    b = blup(y, np.full(4, 1e-9))
    close(b.estimate, y, 1e-6)
    close(b.se, np.sqrt(1e-9), 1e-6)


# --- refusals and shape of results ------------------------------------------------------------


@pytest.mark.parametrize("function", [influence, baujat])
def test_two_effects_are_too_few(function):
    with pytest.raises(ValueError, match="at least 3 effects"):
        function([0.1, 0.2], [0.01, 0.02])


@pytest.mark.parametrize("function", [influence, baujat, blup])
def test_what_cannot_be_done_is_refused(function):
    y, v = [0.1, 0.2, 0.3, 0.2], [0.01, 0.02, 0.01, 0.03]
    with pytest.raises(ValueError, match="tau2 must be one of"):
        function(y, v, "reml")
    with pytest.raises(ValueError, match="variances must be positive; number 3 is 0"):
        function(y, [0.01, 0.02, 0, 0.03])
    with pytest.raises(ValueError, match="differ in length"):
        function(y, v[:3])
    with pytest.raises(ValueError, match="must be finite"):
        function([0.1, np.nan, 0.3, 0.2], v)


@pytest.mark.parametrize("function", [influence, blup])
def test_only_ones_are_the_intercept(function):
    y, v = fixtures.effects("bcg")
    x = np.arange(13.0) % 4
    ones = function(y, v, X=np.column_stack([x, np.ones(13)]), names=["x", "one"])
    assert ones.names == function(y, v, X=x, names=["x"]).names == ("intercept", "x")
    with pytest.raises(ValueError, match="'x2' is the same for all effects"):
        function(y, v, X=np.column_stack([x, np.full(13, 2.0)]))


@pytest.mark.parametrize("function", [influence, blup])
def test_moderators_and_options_are_checked(function):
    y, v = np.linspace(0, 1, 8), np.full(8, 0.02)
    with pytest.raises(ValueError, match="collinear"):
        function(y, v, X=np.column_stack([np.arange(8), 2 * np.arange(8) + 1]))
    with pytest.raises(ValueError, match="differ in length"):
        function(y, v, X=np.arange(7))
    with pytest.raises(ValueError, match="test must be one of"):
        function(y, v, test="t")


def test_deletion_needs_a_degree_of_freedom():
    X = [0.0, 1.0, 3.0]
    with pytest.raises(ValueError, match="at least 4 effects are needed for 2 coefficients"):
        influence([0.1, 0.2, 0.4], [0.01] * 3, X=X)


def test_results_are_frozen_and_become_frames():
    y, v = fixtures.effects("bcg")
    i = influence(y, v, X=np.arange(13) % 4)
    for name in MEASURES:
        with pytest.raises(ValueError, match="read-only"):
            getattr(i, name)[0] = 1
    frame = i.to_frame()
    assert len(frame) == 13 and {"cook_d", "dfbetas_1", "dfbetas_2"} <= set(frame.columns)
    assert len(baujat(y, v).to_frame()) == len(blup(y, v).to_frame()) == 13
    assert "flagged" in repr(i) and "cook_d" in i._repr_html_()
