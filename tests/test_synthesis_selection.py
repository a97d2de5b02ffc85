"""Selection models and p-uniform*: derivatives, integrals, maxima, limits, refusals."""

import math
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_ndtr, ndtr, ndtri

from alliance_review.synthesis import pool
from alliance_review.synthesis.selection import fit
from alliance_review.synthesis.selection.fit import NoMaximum
from alliance_review.synthesis.selection.model import selection_model
from alliance_review.synthesis.selection.optimise import maximise
from alliance_review.synthesis.selection.p_uniform import p_uniform_star
from alliance_review.synthesis.selection.weighted_normal import normaliser, weighted_log_likelihood
from alliance_review.synthesis.selection.weights import (
    FAMILIES,
    p_values,
    smooth_weighting,
    step_weighting,
)
from alliance_review.verification import fixtures

SLOW = settings(derandomize=True, max_examples=15, deadline=None)
Y = np.array([0.42, 0.05, 0.61, 0.33, 0.48, 0.18, -0.02, 0.55, 0.29, 0.71])
V = np.array([0.02, 0.012, 0.05, 0.015, 0.03, 0.01, 0.02, 0.04, 0.025, 0.06])
KINDS = ("step", "fixed", *FAMILIES)
SINGLE = tuple(kind for kind in FAMILIES if kind != "beta")


def weighting_of(kind, y, v, two_sided=False, rule="final"):
    p, q = p_values(y, v, two_sided)
    if kind in FAMILIES:
        return smooth_weighting(kind, p, q, two_sided, rule)
    fixed = (1.0, 0.5, 0.2) if kind == "fixed" else None
    return step_weighting(p, (0.025, 0.5), two_sided, fixed)


def likelihood_of(weighting, y, v, basis):
    def function(x):
        p = basis.shape[1]
        mu, s2 = x[:, :p] @ basis.T, v + x[:, p, None]
        law = normaliser(weighting, np.sqrt(v), mu, s2, x[:, p + 1 :])
        seen = weighting.logs(x[:, p + 1 :], weighting.observed)
        return weighted_log_likelihood(y, v, basis, x, seen, law)

    return function


def weight_by_hand(kind, p, parameters):
    """The weight functions as the papers print them."""
    if kind in ("beta", "power"):
        p = min(max(p, 1e-5), 1 - 1e-5)
    if kind == "step":
        return 1.0 if p <= 0.025 else parameters[0] if p <= 0.5 else parameters[1]
    d = parameters[0]
    return {
        "beta": lambda: p ** (d - 1) * (1 - p) ** (parameters[-1] - 1),
        "half_normal": lambda: math.exp(-d * p * p),
        "negative_exponential": lambda: math.exp(-d * p),
        "logistic": lambda: 2 * math.exp(-d * p) / (1 + math.exp(-d * p)),
        "power": lambda: (1 - p) ** d,
    }[kind]()


def log_likelihood_by_hand(kind, y, v, mu, tau2, parameters, two_sided=False):
    """Written afresh, with adaptive integration over pieces of the z axis."""

    def p_of(z):
        return 2 * ndtr(-abs(z)) if two_sided else ndtr(-z)

    cuts = [0.025, 0.5] if kind == "step" else [1e-5, 1 - 1e-5]
    z_cuts = [-ndtri(c / 2) if two_sided else -ndtri(c) for c in cuts]
    total = 0.0
    for yi, vi in zip(y, v, strict=True):
        s, sigma = math.sqrt(vi + tau2), math.sqrt(vi)

        def integrand(z, s=s, sigma=sigma):
            u = (z * sigma - mu) / s
            density = math.exp(-0.5 * u * u) * sigma / (s * math.sqrt(2 * math.pi))
            return weight_by_hand(kind, p_of(z), parameters) * density

        ends = sorted({(mu + side * 12 * s) / sigma for side in (-1, 0, 1)})
        inside = [z for c in z_cuts for z in (c, -c) if ends[0] < z < ends[-1]]
        inside = sorted({*ends, *inside, 0.0} if ends[0] < 0 < ends[-1] else {*ends, *inside})
        mass = sum(
            quad(integrand, a, b, epsabs=0, epsrel=1e-12, limit=200)[0]
            for a, b in zip(inside, inside[1:], strict=False)
        )
        density = math.exp(-0.5 * (yi - mu) ** 2 / s**2) / (s * math.sqrt(2 * math.pi))
        seen = weight_by_hand(kind, p_of(yi / sigma), parameters)
        total += math.log(seen * density / mass)
    return total


# --- the likelihood


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_derivatives_are_those_of_the_likelihood(kind, two_sided):
    rng = np.random.default_rng(3)
    y, v = rng.normal(1, 1.3, 7), rng.uniform(0.5, 2, 7)
    basis = np.column_stack([np.ones(7), rng.normal(size=7)])
    weighting = weighting_of(kind, y, v, two_sided)
    function = likelihood_of(weighting, y, v, basis)
    d = weighting.lower.size
    x = np.array([[0.4, 0.2, 0.7, 0.6, 1.3][: 3 + d], [0.1, -0.2, 1.7, 1.6, 0.3][: 3 + d]])
    _, gradient, hessian = function(x)
    for i, step in enumerate(1e-5 * np.eye(3 + d)):
        up, down = function(x + step), function(x - step)
        slope, bend = (up[0] - down[0]) / 2e-5, (up[1] - down[1]) / 2e-5
        np.testing.assert_allclose(gradient[:, i], slope, rtol=1e-7, atol=1e-7)
        np.testing.assert_allclose(hessian[:, i], bend, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("step", (0.4, 0.15)),
        ("beta", (0.7, 1.8)),
        ("half_normal", (2.5,)),
        ("negative_exponential", (3.0,)),
        ("logistic", (4.0,)),
        ("power", (0.6,)),
    ],
)
def test_the_likelihood_is_that_of_the_papers(kind, parameters, two_sided):
    y, v = Y[:4], V[:4]
    weighting = weighting_of(kind, y, v, two_sided)
    own = np.log(parameters) if kind == "step" else np.array(parameters)
    x = np.array([[0.15, 0.02, *own]])
    ours = likelihood_of(weighting, y, v, np.ones((4, 1)))(x)[0][0]
    by_hand = log_likelihood_by_hand(kind, y, v, 0.15, 0.02, parameters, two_sided)
    assert ours == pytest.approx(by_hand, abs=1e-9)


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize("kind", FAMILIES)
def test_more_points_change_nothing(kind, two_sided):
    steep = {"beta": (4.0, 6.0), "power": (8.0,)}.get(kind, (30.0,))
    mild = {"beta": (0.6, 1.4)}.get(kind, (0.7,))
    x = np.array([[-1.0, 0.0, *steep], [0.5, 3.0, *mild]])
    y, v, basis = Y / 0.1, V / 0.01, np.ones((10, 1))
    final, check = (
        likelihood_of(weighting_of(kind, y, v, two_sided, rule), y, v, basis)(x)
        for rule in ("final", "check")
    )
    for ours, finer in zip(final, check, strict=True):
        np.testing.assert_allclose(ours, finer, rtol=1e-8, atol=1e-9)


# --- the maximum


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
@pytest.mark.parametrize("kind", ["step", *FAMILIES])
def test_no_step_away_raises_the_likelihood(kind, alternative):
    found = selection_model(Y, V, kind=kind, alternative=alternative)
    two_sided = alternative == "two-sided"
    if kind == "step":
        weighting = step_weighting(p_values(Y, V, two_sided)[0], (0.025,), two_sided)
    else:
        weighting = weighting_of(kind, Y, V, two_sided)
    function = likelihood_of(weighting, Y, V, np.ones((10, 1)))
    own = np.log(found.weights[1:]) if kind == "step" else found.weights
    x = np.array([found.estimate, found.tau2, *own])
    value = function(x[None])[0][0]
    assert value == pytest.approx(found.log_likelihood, abs=1e-10)
    lower = np.array([-np.inf, 0.0, *weighting.lower])
    for step in (1e-4, 1e-2, 0.3):
        near = np.maximum(x + step * np.vstack([np.eye(x.size), -np.eye(x.size)]), lower)
        moved = np.abs(near - x).max(axis=1) > 0
        assert (function(near[moved])[0] < value).all()


@pytest.mark.parametrize("name", ["molloy2014", "cohen1981", "raudenbush1985"])
def test_no_other_start_finds_a_higher_maximum(name):
    y, v = fixtures.effects(name)
    found = selection_model(y, v)
    rng = np.random.default_rng(11)
    start = np.column_stack(
        [rng.uniform(-1, 1, 40), rng.exponential(np.var(y), 40), rng.uniform(-4, 2, 40)]
    )
    weighting = step_weighting(p_values(y, v, False)[0], (0.025,), False)
    function = likelihood_of(weighting, y, v, np.ones((y.size, 1)))
    everywhere = maximise(function, start, np.array([-np.inf, 0, -np.inf]), np.ones(3, bool))
    reached = everywhere.value[everywhere.converged]
    assert reached.size > 20
    assert reached.max() == pytest.approx(found.log_likelihood, abs=1e-9)


def test_standard_errors_are_those_of_the_curvature():
    found = selection_model(Y, V)
    def value(x):
        return log_likelihood_by_hand("step", Y, V, x[0], x[1], (x[2], x[2]))

    x = np.array([found.estimate, found.tau2, found.weights[1]])
    scale = np.array([1e-3, 1e-4, 1e-3])
    hessian = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            a, b = scale[i] * np.eye(3)[i], scale[j] * np.eye(3)[j]
            corner = [value(x + s * a + t * b) * s * t for s in (-1, 1) for t in (-1, 1)]
            hessian[i, j] = sum(corner) / (4 * scale[i] * scale[j])
    assert found.tau2 > 2 * scale[1]  # the differences stay inside the range
    se = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    np.testing.assert_allclose([found.se, found.tau2_se, found.weights_se[1]], se, rtol=2e-3)
    assert found.ci_high - found.ci_low == pytest.approx(2 * 1.959963985 * found.se)
    assert found.statistic == pytest.approx(found.estimate / found.se)


def test_selection_that_was_put_in_is_found():
    rng = np.random.default_rng(20)
    v = rng.uniform(0.005, 0.05, 12000)
    y = 0.1 + rng.normal(size=v.size) * np.sqrt(v + 0.02)
    seen = rng.uniform(size=v.size) < np.where(ndtr(-y / np.sqrt(v)) <= 0.025, 1.0, 0.2)
    found = selection_model(y[seen], v[seen])
    assert abs(found.estimate - 0.1) < 3 * found.se < 0.05
    assert abs(found.tau2 - 0.02) < 3 * found.tau2_se
    assert abs(found.weights[1] - 0.2) < 3 * found.weights_se[1]
    assert found.lr_p < 1e-10
    assert pool(y[seen], v[seen]).estimate > 0.2


def test_equal_fixed_weights_are_no_selection():
    found = selection_model(Y, V, steps=(0.05, 0.5), weights=(3, 3, 3))
    plain = pool(Y, V, tau2="ML", test="z")
    assert found.estimate == pytest.approx(plain.estimate, rel=1e-10)
    # here the error of tau squared counts in the error of the mean, so it is a little larger
    assert plain.se < found.se < 1.1 * plain.se
    assert found.tau2 == pytest.approx(plain.tau2, rel=1e-8)
    assert found.lr_statistic == pytest.approx(0, abs=1e-9)
    assert found.lr_df == 0
    assert math.isnan(found.lr_p)


def test_only_the_ratio_of_fixed_weights_counts():
    one = selection_model(Y, V, weights=(1, 0.3))
    other = selection_model(Y, V, weights=(5, 1.5))
    assert one.estimate == pytest.approx(other.estimate, rel=1e-10)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-12)


def test_the_estimated_weight_is_the_best_fixed_one():
    found = selection_model(Y, V)
    again = selection_model(Y, V, weights=found.weights)
    assert again.estimate == pytest.approx(found.estimate, rel=1e-8)
    assert again.log_likelihood == pytest.approx(found.log_likelihood, rel=1e-12)
    for factor in (0.9, 1.1):
        worse = selection_model(Y, V, weights=found.weights * np.array([1, factor]))
        assert worse.log_likelihood < found.log_likelihood


def test_the_tests_are_differences_of_log_likelihoods():
    found = selection_model(Y, V)
    none = selection_model(Y, V, weights=(1, 1))
    ratio = 2 * (found.log_likelihood - none.log_likelihood)
    assert found.lr_statistic == pytest.approx(ratio, abs=1e-9)
    assert found.lr_p == pytest.approx(2 * ndtr(-math.sqrt(ratio)))

    def at_zero(x):
        return -log_likelihood_by_hand("step", Y, V, x[0], 0.0, (math.exp(x[1]),) * 2)

    start = [found.estimate, math.log(found.weights[1])]
    best = minimize(at_zero, start, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9})
    spread = 2 * (found.log_likelihood + best.fun)
    assert found.tau2_lr_statistic == pytest.approx(spread, abs=1e-6)
    assert found.tau2_lr_p == pytest.approx(ndtr(-math.sqrt(spread)), rel=1e-4)


def test_a_spread_of_zero_has_no_error_and_p_1():
    found = selection_model(*fixtures.effects("raudenbush1985"))
    assert found.tau2 == 0
    assert math.isnan(found.tau2_se)
    assert found.tau2_lr_statistic == 0
    assert found.tau2_lr_p == 1
    assert found.se > 0


# --- symmetries

data = st.lists(
    st.tuples(st.floats(-1, 3), st.floats(0.3, 3)), min_size=6, max_size=12
).map(np.array)


def both_sides(rows):
    """Effects and variances with p values on both sides of 0.025."""
    v = rows[:, 1] * 0.02
    y = rows[:, 0] * np.sqrt(v)
    y[:2], y[2:4] = np.sqrt(v[:2]) * (2.3, 2.8), np.sqrt(v[2:4]) * (0.4, 1.1)
    return y, v


def fit_or_none(y, v, **options):
    try:
        return selection_model(y, v, **options)
    except NoMaximum:
        return None


def same(one, other, factor=1.0):
    assert (one is None) == (other is None)
    if one is None:
        return
    height = one.log_likelihood - one.k * math.log(abs(factor))
    assert other.log_likelihood == pytest.approx(height, abs=1e-7)
    assert other.estimate == pytest.approx(factor * one.estimate, rel=1e-5, abs=1e-6 * abs(factor))
    assert other.tau2 == pytest.approx(factor**2 * one.tau2, rel=1e-5, abs=1e-7 * factor**2)
    np.testing.assert_allclose(other.weights, one.weights, rtol=1e-4)


@SLOW
@given(data, st.sampled_from([1e-3, 0.2, 40.0]), st.randoms(use_true_random=False))
def test_order_and_scale_do_not_matter(rows, factor, random):
    y, v = both_sides(rows)
    order = list(range(y.size))
    random.shuffle(order)
    one = fit_or_none(y, v)
    same(one, fit_or_none(y[order], v[order]))
    same(one, fit_or_none(factor * y, factor**2 * v), factor)


@SLOW
@given(data)
def test_less_is_the_mirror_of_greater(rows):
    y, v = both_sides(rows)
    same(fit_or_none(y, v), fit_or_none(-y, v, alternative="less"), -1.0)


@SLOW
@given(data)
def test_two_sided_has_no_side(rows):
    y, v = both_sides(rows)
    one = fit_or_none(y, v, alternative="two-sided", steps=(0.05,))
    same(one, fit_or_none(-y, v, alternative="two-sided", steps=(0.05,)), -1.0)


# --- moderators


def test_moderators():
    y, v = fixtures.effects("bangertdrowns2004")
    x = np.sqrt(v)
    found = selection_model(y, v, X=x)
    assert found.names == ("intercept", "x1")
    assert selection_model(y, v, X=x, names=["error"]).names == ("intercept", "error")
    assert found.estimate.shape == found.ci_low.shape == (2,)
    plain = selection_model(y, v)
    assert found.log_likelihood > plain.log_likelihood
    moved = selection_model(y, v, X=10 * x - 3)  # the same model in other coordinates
    assert moved.log_likelihood == pytest.approx(found.log_likelihood, rel=1e-10)
    assert moved.estimate[1] == pytest.approx(found.estimate[1] / 10, rel=1e-7)
    assert moved.se[1] == pytest.approx(found.se[1] / 10, rel=1e-7)
    intercept = found.estimate[0] + 0.3 * found.estimate[1]
    assert moved.estimate[0] == pytest.approx(intercept, rel=1e-6)
    less = selection_model(-y, v, X=x, alternative="less")
    np.testing.assert_allclose(less.estimate, -found.estimate, rtol=1e-8)
    none = selection_model(y, v, X=x, weights=(1, 1))
    ratio = 2 * (found.log_likelihood - none.log_likelihood)
    assert found.lr_statistic == pytest.approx(ratio, abs=1e-8)


def test_the_frame_of_a_model_with_moderators_has_its_coefficients():
    y, v = fixtures.effects("bangertdrowns2004")
    found = selection_model(y, v, X=np.sqrt(v))
    frame = found.to_frame()
    assert frame["names"].tolist() == ["intercept", "x1"]
    for name in ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value"):
        np.testing.assert_array_equal(frame[name], getattr(found, name))
    assert found.summary().loc[0, "tau2"] == found.tau2 and "estimate" not in found.summary()
    ends = zip(found.ci_low, found.ci_high, strict=True)
    interval = ", ".join(f"{low:.4g} to {high:.4g}" for low, high in ends)
    assert f"ci: [{interval}]" in repr(found)
    plain = selection_model(y, v)
    assert plain.to_frame().loc[0, "estimate"] == plain.estimate
    assert "entries" not in repr(plain)


# --- what the result says


def test_counts_and_warning():
    found = selection_model(Y, V, steps=(0.025, 0.5))
    p = ndtr(-Y / np.sqrt(V))
    assert found.counts.tolist() == [(p <= 0.025).sum(), ((p > 0.025) & (p <= 0.5)).sum(), 1]
    assert "only 1 of the effects have p above 0.5 and up to 1" in found.warning
    assert "warning: only 1" in repr(found)
    silent = selection_model(*fixtures.effects("mcdaniel1994"))
    assert silent.warning == "" and "warning" not in repr(silent)
    assert math.isnan(found.weights_se[0])
    assert (found.weights_low[1:] >= 0).all()
    with pytest.raises(ValueError, match="read-only"):
        found.weights[0] = 2


@pytest.mark.parametrize("kind", FAMILIES)
def test_the_weight_function_of_a_fit(kind):
    found = selection_model(*fixtures.effects("bcg"), kind=kind, alternative="less")
    p = np.array([[0.01, 0.2], [0.6, 0.99]])
    by_hand = [[weight_by_hand(kind, value, found.weights) for value in row] for row in p]
    np.testing.assert_allclose(found.weight(p), by_hand, rtol=1e-12)
    assert found.counts.tolist() == [found.k]


def test_the_weights_of_a_step_model():
    found = selection_model(Y, V, steps=(0.025, 0.5))
    seen = found.weight([0.0, 0.025, 0.026, 0.5, 0.51, 1.0])
    np.testing.assert_array_equal(seen, found.weights[[0, 0, 1, 1, 2, 2]])
    with pytest.raises(ValueError, match="between 0 and 1"):
        found.weight(1.2)


@pytest.mark.parametrize("kind", ["half_normal", "negative_exponential", "logistic"])
def test_where_selection_would_only_lower_the_likelihood(kind):
    y, v = fixtures.effects("konstantopoulos2011")
    found = selection_model(y, v, kind=kind)
    plain = pool(y, v, tau2="ML", test="z")
    assert found.weights.tolist() == [0.0]
    assert "highest without selection" in found.warning
    assert found.estimate == pytest.approx(plain.estimate, rel=1e-10)
    assert found.lr_statistic == pytest.approx(0, abs=1e-9)
    assert found.lr_p == pytest.approx(1, abs=1e-4)
    assert math.isnan(found.weights_se[0])


def test_a_beta_weight_on_its_bound_is_said():
    found = selection_model(*fixtures.effects("raudenbush1985"), kind="beta")
    assert found.weights[0] == 0
    assert "reaches its bound 0" in found.warning
    assert found.se > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": (0.001,), "v": V * 10}, "no effect has p above 0 and up to 0.001"),
        ({"steps": (0.025, 0.99)}, "no effect has p above 0.99 and up to 1"),
        ({"steps": (0.5, 0.025)}, "steps must rise"),
        ({"steps": (0.0,)}, "between 0 and 1"),
        ({"steps": ()}, "at least one"),
        ({"steps": ("a",)}, "steps must be numbers"),
        ({"weights": (1, 0.5, 0.2)}, "1 steps need 2 fixed weights"),
        ({"weights": (1, 0)}, "must be positive"),
        ({"weights": ("x", 1)}, "must be numbers"),
        ({"kind": "beta", "weights": (1, 1)}, 'fixed weights belong to kind="step"'),
        ({"kind": "beta", "steps": (0.025,)}, 'steps belong to kind="step"'),
        ({"X": V, "names": ["a", "b"]}, "1 moderators need as many names, 2 given"),
        ({"names": ["a"]}, "0 moderators need as many names, 1 given"),
        ({"kind": "cubic"}, "kind must be one of"),
        ({"alternative": "both"}, "alternative must be one of"),
        ({"level": 1.0}, "level"),
        ({"y": Y[:2], "v": V[:2]}, "3 parameters need at least 3 effects, 2 given"),
        ({"v": np.append(V[:-1], 0)}, "variances must be positive; number 10 is 0"),
        ({"X": np.ones((10, 1)) * 2}, "the same for all effects"),
    ],
)
def test_refusals(options, message):
    options = {"y": Y, "v": V} | options
    with pytest.raises(ValueError, match=message):
        selection_model(options.pop("y"), options.pop("v"), **options)


def test_a_likelihood_without_maximum_is_refused():
    z = np.array([1.97, 1.98, 2.0, 2.02, 1.99])
    with pytest.raises(NoMaximum, match="too steeply"):
        selection_model(z * np.sqrt(V[:5]), V[:5], kind="negative_exponential")


def test_a_steep_logistic_weight_warns_of_no_overflow():
    y, v = [1.430, 1.674, 2.830, 1.340], [0.1194, 0.1121, 0.2838, 0.00895]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(NoMaximum, match="too steeply"):
            selection_model(y, v, kind="logistic")


# --- many effects


@pytest.mark.parametrize("kind", ["step", "beta", "logistic"])
def test_blocks_of_effects_do_not_change_the_fit(kind, monkeypatch):
    y, v = fixtures.effects("mcdaniel1994")
    whole = selection_model(y, v, kind=kind)
    sizes = []

    def noted(weighting, sigma, *rest):
        sizes.append(sigma.size)
        return normaliser(weighting, sigma, *rest)

    monkeypatch.setattr(fit, "AT_ONCE", 1)
    monkeypatch.setattr(fit, "normaliser", noted)
    parts = selection_model(y, v, kind=kind)
    assert max(sizes) < y.size / 10
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-9)
    assert parts.estimate == pytest.approx(whole.estimate, rel=1e-6)
    np.testing.assert_allclose(parts.weights, whole.weights, rtol=1e-5)
    assert parts.se == pytest.approx(whole.se, rel=1e-5)


def test_memory_does_not_grow_with_the_effects():
    rng = np.random.default_rng(4)
    v = rng.uniform(0.005, 0.05, 600)
    y = 0.2 + rng.normal(size=v.size) * np.sqrt(v + 0.02)
    peaks = []
    for size in (150, 600):
        tracemalloc.start()
        selection_model(y[:size], v[:size], kind="beta")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0] < 40e6


def test_a_long_search_says_how_far_it_is(capsys, monkeypatch):
    clock = iter(range(0, 100, 3))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    selection_model(Y, V)
    said = capsys.readouterr().err.splitlines()
    assert said == [f"selection model, searches: {n} of 3" for n in (1, 2, 3)]


# --- the climb


def test_maximise_stops_at_a_bound_and_says_when_there_is_no_maximum():
    def bowl(x):  # highest at (1, -2), bent between the coordinates
        gap = x - np.array([1.0, -2.0])
        matrix = np.array([[2.0, 0.5], [0.5, 1.0]])
        bend = np.broadcast_to(-matrix, (len(x), 2, 2))
        return -0.5 * np.einsum("bi,ij,bj->b", gap, matrix, gap), -gap @ matrix, bend

    start = np.array([[5.0, 5.0], [-3.0, 0.1]])
    free = np.ones(2, dtype=bool)
    inside = maximise(bowl, start, np.full(2, -np.inf), free)
    np.testing.assert_allclose(inside.x, [[1, -2], [1, -2]], atol=1e-12)
    bounded = maximise(bowl, start, np.array([-np.inf, 0.0]), free)
    np.testing.assert_allclose(bounded.x, [[0.5, 0], [0.5, 0]], atol=1e-12)
    held = maximise(bowl, start, np.full(2, -np.inf), np.array([False, True]))
    np.testing.assert_allclose(held.x[:, 0], start[:, 0])

    def slope(x):
        return x[:, 0], np.ones_like(x), np.zeros((len(x), 1, 1))

    endless = maximise(slope, np.zeros((1, 1)), np.full(1, -np.inf), np.ones(1, dtype=bool))
    assert not endless.converged.any()


# --- p-uniform*


def conditional_log_likelihood(y, v, mu, tau2, alpha=0.05):
    s, critical = np.sqrt(v + tau2), -ndtri(alpha / 2) * np.sqrt(v)
    u = (critical - mu) / s
    mass = np.where(y >= critical, log_ndtr(-u), log_ndtr(u))
    residual = (y - mu) / s
    return float((-0.5 * (math.log(2 * math.pi) + residual**2) - np.log(s) - mass).sum())


def profile(y, v, mu=None, tau2=None):
    """Highest conditional log-likelihood with one of the two given."""
    if mu is None:

        def loss(value):
            return -conditional_log_likelihood(y, v, value, tau2)

        options = {"xatol": 1e-10}
        return -minimize_scalar(loss, bounds=(-3, 3), options=options, method="bounded").fun

    def loss(value):
        return -conditional_log_likelihood(y, v, mu, value)

    best = minimize_scalar(loss, bounds=(0, 2), options={"xatol": 1e-12}, method="bounded")
    return -min(best.fun, loss(0.0))


@pytest.mark.parametrize("name", ["molloy2014", "cohen1981", "bangertdrowns2004"])
def test_p_uniform_star_and_its_intervals(name):
    y, v = fixtures.effects(name)
    found = p_uniform_star(y, v, level=0.9)
    top = conditional_log_likelihood(y, v, found.estimate, found.tau2)
    assert found.log_likelihood == pytest.approx(top, abs=1e-10)
    for mu in found.estimate + np.array([-0.3, -0.01, 0.01, 0.3]):
        assert profile(y, v, mu=mu) < top
    floor = top - 0.5 * 2.705543454095404
    ends = [profile(y, v, mu=found.ci_low), profile(y, v, mu=found.ci_high)]
    ends.append(profile(y, v, tau2=found.tau2_high))
    if found.tau2_low > 0:
        ends.append(profile(y, v, tau2=found.tau2_low))
    else:
        assert profile(y, v, tau2=0.0) >= floor
    np.testing.assert_allclose(ends, floor, atol=1e-7)
    assert found.statistic == pytest.approx(2 * (top - profile(y, v, mu=0.0)), abs=1e-6)
    ratio = 2 * (top - profile(y, v, tau2=0.0))
    assert found.tau2_statistic == pytest.approx(ratio, abs=1e-6)
    assert found.tau2_p_value == pytest.approx(ndtr(-math.sqrt(found.tau2_statistic)))
    critical = 1.959963984540054 * np.sqrt(v)
    assert found.k_significant == (y >= critical).sum()


def test_with_equal_variances_p_uniform_star_is_the_three_parameter_model():
    v = np.full(Y.size, 0.02)
    one, other = p_uniform_star(Y, v), selection_model(Y, v)
    assert one.estimate == pytest.approx(other.estimate, rel=1e-9)
    assert one.tau2 == pytest.approx(other.tau2, rel=1e-8, abs=1e-12)


def test_left_is_the_mirror_of_right():
    right, left = p_uniform_star(Y, V), p_uniform_star(-Y, V, side="left")
    assert left.estimate == pytest.approx(-right.estimate)
    assert (left.ci_low, left.ci_high) == pytest.approx((-right.ci_high, -right.ci_low))
    assert left.tau2_high == pytest.approx(right.tau2_high)


def test_an_interval_that_does_not_end():
    # only just significant: an ever smaller mean with an ever larger spread still fits
    found = p_uniform_star(np.array([1.97, 1.98]) * 0.1, np.array([0.01, 0.01]))
    assert found.ci_low == -math.inf
    assert found.ci_high < 0


def test_alpha_may_be_a_number_of_numpy():
    found = p_uniform_star(Y, V, alpha=np.float32(0.05))
    assert type(found.alpha) is float
    assert found.estimate == pytest.approx(p_uniform_star(Y, V).estimate, rel=1e-6)


def test_p_uniform_star_without_maximum_speaks_of_itself():
    with pytest.raises(NoMaximum, match="p-uniform.* mean and tau squared") as caught:
        p_uniform_star([1.154, 2.934, 0.275], [0.1175, 0.2132, 0.0145])
    assert "weight" not in str(caught.value)


def test_p_uniform_star_refuses():
    with pytest.raises(ValueError, match="no effect is significant on the right side"):
        p_uniform_star(-Y, V)
    with pytest.raises(ValueError, match="side must be one of"):
        p_uniform_star(Y, V, side="up")
    with pytest.raises(ValueError, match="must lie between 0 and 1, not 0"):
        p_uniform_star(Y, V, alpha=0)
    with pytest.raises(ValueError, match="at least 2 effects"):
        p_uniform_star(Y[:1], V[:1])
