"""Effect sizes: formulas against independent ways to the same number, ranges, errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alliance_review import effect_sizes as es

inside = st.floats(-0.999, 0.999)


@given(inside)
def test_fisher_z_and_back(r):
    z = es.r_to_z(r)
    assert z == pytest.approx(0.5 * math.log((1 + r) / (1 - r)), abs=1e-12)
    assert es.z_to_r(z) == pytest.approx(r, abs=1e-12)


def test_a_published_pooled_z_becomes_r():
    assert es.z_to_r(0.30) == pytest.approx(0.2913, abs=5e-5)
    assert es.z_to_r([0.20, 0.39]) == pytest.approx([0.1974, 0.3714], abs=5e-5)


@given(st.integers(0, 10_000))
def test_t_and_p_follow_a_real_correlation(seed):
    """r, its t and its p come from the same data, by a route that shares no code with ours."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 60))
    x, y = rng.normal(size=(2, n))
    r, p = stats.pearsonr(x, y)
    fit = stats.linregress(x, y)
    assert es.from_t(fit.slope / fit.stderr, n - 2) == pytest.approx(r, abs=1e-9)
    assert es.from_coefficient(fit.slope, fit.stderr, n - 2) == pytest.approx(r, abs=1e-9)
    assert es.from_p(p, n, np.sign(r)) == pytest.approx(r, abs=1e-7)
    assert es.from_f((fit.slope / fit.stderr) ** 2, n - 2, np.sign(r)) == pytest.approx(r, abs=1e-9)
    assert es.from_r_squared(r**2, np.sign(r)) == pytest.approx(r, abs=1e-9)


@given(st.integers(0, 10_000))
def test_d_with_group_sizes_is_the_point_biserial_correlation(seed):
    rng = np.random.default_rng(seed)
    n1, n2 = (int(v) for v in rng.integers(4, 40, size=2))
    a, b = rng.normal(0.5, 1, n1), rng.normal(0, 1, n2)
    # the formula is exact when d is standardised by the maximum likelihood pooled variance
    sd = math.sqrt((a.var() * n1 + b.var() * n2) / (n1 + n2))
    r, _ = stats.pearsonr([1] * n1 + [0] * n2, np.concatenate([a, b]))
    assert es.from_d((a.mean() - b.mean()) / sd, n1, n2) == pytest.approx(r, abs=1e-9)


def test_equal_groups_are_the_default_of_d():
    assert es.from_d(0.59) == pytest.approx(es.from_d(0.59, 71, 71))
    assert es.from_d(0.59) == pytest.approx(0.283, abs=5e-4)
    assert es.from_d(0.59, 130, 12) < es.from_d(0.59)


def test_odds_ratio_through_the_logistic_distribution():
    assert es.from_odds_ratio(1) == 0
    assert es.from_odds_ratio(0.49) == pytest.approx(-0.193, abs=5e-4)
    assert es.from_odds_ratio(1 / 0.49) == pytest.approx(-es.from_odds_ratio(0.49))
    d = math.log(3.12) / stats.logistic.std()
    assert es.from_odds_ratio(3.12) == pytest.approx(d / math.hypot(d, 2))


def test_hazard_ratio_with_interval():
    """The standard error is recovered from an interval made with a known one."""
    for log_ratio, se, n in ((0.4, 0.12, 150), (-0.9, 0.3, 60)):
        low, high = (math.exp(log_ratio + k * stats.norm.ppf(0.975) * se) for k in (-1, 1))
        z = es.wald_z_of_ratio(math.exp(log_ratio), low, high)
        assert z == pytest.approx(log_ratio / se)
        r = es.from_hazard_ratio(math.exp(log_ratio), low, high, n)
        assert r == pytest.approx(math.copysign(math.sqrt(z**2 / (z**2 + n)), log_ratio))
        low, high = (math.exp(log_ratio + k * stats.norm.ppf(0.95) * se) for k in (-1, 1))
        assert es.wald_z_of_ratio(math.exp(log_ratio), low, high, 0.90) == pytest.approx(z)


def test_the_unbounded_wald_form_agrees_for_small_z_and_refuses_large_ones():
    assert es.from_wald_z(1, 400, bounded=False) == pytest.approx(0.05)
    assert es.from_wald_z(1, 400) == pytest.approx(0.05, abs=1e-4)
    with pytest.raises(ValueError, match="sqrt"):
        es.from_wald_z(5, 16, bounded=False)


def test_coefficient_with_interval_equals_coefficient_with_its_standard_error():
    half = stats.norm.ppf(0.975) * 0.0382
    by_interval = es.from_coefficient_interval(-0.12, -0.12 - half, -0.12 + half, 394)
    assert by_interval == pytest.approx(es.from_coefficient(-0.12, 0.0382, 394))


def test_p_with_a_normal_reference_is_the_limit_of_the_t_test():
    assert es.from_p_normal(0.0175, 588) == pytest.approx(es.from_p(0.0175, 588), abs=1e-3)
    assert es.from_p_normal(0.05, 100) == pytest.approx(1.959964 / math.hypot(1.959964, 10))


@pytest.mark.parametrize("n", [4, 10, 31, 89, 813])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("tails", [1, 2])
def test_the_critical_r_is_where_the_t_test_reaches_alpha(n, alpha, tails):
    r = es.critical_r(n, alpha, tails)
    p = tails * stats.t.sf(r * math.sqrt((n - 2) / (1 - r**2)), n - 2)
    assert p == pytest.approx(alpha, rel=1e-8)
    assert es.critical_z(n, alpha, tails) == pytest.approx(math.atanh(r))


def test_textbook_critical_values():
    """Two-sided 5 % points of r printed in tables of the correlation coefficient."""
    printed = {12: 0.576, 22: 0.423, 32: 0.349, 102: 0.195}
    for n, r in printed.items():
        assert es.critical_r(n) == pytest.approx(r, abs=6e-4)


def test_small_p_values_keep_their_digits():
    assert 0.99 < es.from_p(1e-40, 40) < 1
    assert es.from_p(1e-10, 200) == pytest.approx(es.from_t(stats.t.isf(5e-11, 198), 198), rel=1e-9)


def test_one_sided_p_above_a_half_points_the_other_way():
    assert es.from_p(0.9, 30, 1, tails=1) == pytest.approx(-es.from_p(0.1, 30, 1, tails=1))


def test_variance_of_fisher_z():
    assert es.z_variance(103) == pytest.approx(0.01)


def test_scalars_give_floats_and_arrays_keep_their_shape():
    assert type(es.r_to_z(0.3)) is float
    assert type(es.critical_z(30)) is float
    grid = np.array([[10, 20, 30], [40, 50, 60]])
    assert es.critical_z(grid).shape == (2, 3)
    assert es.critical_z(grid)[1, 2] == es.critical_z(60)
    assert es.from_p([0.01, 0.02], [30, 40], [1, -1]).shape == (2,)


REFUSED = [
    (es.r_to_z, (1,), "r must be above -1 and below 1, got 1"),
    (es.r_to_z, (-1.2,), "r must be above -1"),
    (es.r_to_z, ([0.1, math.nan],), "r must be finite"),
    (es.r_to_z, ("a",), "r must be a number"),
    (es.z_to_r, (math.inf,), "z must be finite"),
    (es.z_variance, (3,), "n must be at least 4"),
    (es.from_t, (2, 0), "df must be at least 1"),
    (es.from_t, (math.nan, 10), "t must be finite"),
    (es.from_f, (-1, 10), "F must be 0 or more"),
    (es.from_f, (1, 10, 0), "sign must be 1 or -1"),
    (es.from_p, (0, 30), "p must be above 0"),
    (es.from_p, (1.01, 30), "at most 1"),
    (es.from_p, (0.05, 3), "n must be at least 4"),
    (es.from_p, (0.05, 30, 1, 3), "tails must be 1 or 2"),
    (es.from_p, (0.05, 30, 2), "sign must be 1 or -1"),
    (es.from_r_squared, (41,), "R squared must be at least 0 and below 1, got 41"),
    (es.from_d, (0.5, 10), "n1 and n2 must be given together"),
    (es.from_d, (0.5, 0, 10), "n1 must be at least 1"),
    (es.from_odds_ratio, (0,), "odds ratio must be above 0"),
    (es.from_ratio_interval, (1.2, 0, 2, 50), "ci_low must be above 0"),
    (es.from_ratio_interval, (1.2, 2, 1.1, 50), "ci_high must be above ci_low"),
    (es.wald_z_of_ratio, (1.2, 1.1, 1.3, 95), "level must be between 0 and 1"),
    (es.from_coefficient, (1, 0, 30), "se must be above 0"),
    (es.critical_r, (3,), "n must be at least 4"),
    (es.critical_r, (30, 0), "alpha must be above 0"),
    (es.critical_z, (math.nan,), "n must be finite"),
]


@pytest.mark.parametrize(("function", "arguments", "words"), REFUSED)
def test_values_out_of_range_are_refused_in_words(function, arguments, words):
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    assert words in str(caught.value)
