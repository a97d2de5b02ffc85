"""Sampling variances: against exact moments of the sampling distribution, and by hand."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from alliance_review import effect_sizes as es

few = settings(max_examples=60, deadline=None, derandomize=True)


def sample_r(rho, n, draws, seed):
    """Correlations of normal samples, drawn through chi-squares and a normal (no pairs needed)."""
    rng = np.random.default_rng(seed)
    x = np.sqrt(rng.chisquare(n - 1, draws))
    along = rng.normal(size=draws) + rho / math.sqrt(1 - rho**2) * x
    return along / np.hypot(along, np.sqrt(rng.chisquare(n - 2, draws)))


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("n", [5, 8, 30])
def test_the_corrected_r_is_unbiased_and_so_is_its_variance(rho, n):
    r = sample_r(rho, n, 60_000, seed=n)
    grid = np.tanh(np.linspace(-6, 6, 801))  # both are smooth in r: read between 801 points
    corrected = np.interp(r, grid, es.unbiased_r(grid, n))
    noise = corrected.std() / math.sqrt(r.size)
    assert corrected.mean() == pytest.approx(rho, abs=4 * noise)
    variance = np.interp(r, grid, es.unbiased_r_variance(grid, n, "UB"))
    noise = (variance.std() + corrected.std() ** 2) / math.sqrt(r.size) * 4
    assert variance.mean() == pytest.approx(corrected.var(), abs=noise)
    if rho and n < 30:  # the plain r is not: the test could tell
        assert abs(r.mean() - rho) > 4 * r.std() / math.sqrt(r.size)


@few
@given(st.integers(4, 3000), st.floats(1e-6, 0.9999))
def test_the_hypergeometric_function_to_full_precision(n, r):
    with mpmath.workdps(30):
        x = 1 - mpmath.mpf(r) ** 2
        g = r * mpmath.hyp2f1(0.5, 0.5, mpmath.mpf(n - 2) / 2, x)
        rest = (1 if n < 5 else mpmath.mpf(n - 3)) / (n - 2) * x
        variance = g**2 - 1 + rest * mpmath.hyp2f1(1, 1, mpmath.mpf(n) / 2, x)
    assert es.unbiased_r(r, n) == pytest.approx(float(g), rel=1e-12)
    if n >= 5:
        assert es.unbiased_r_variance(r, n, "UB") == pytest.approx(float(variance), rel=1e-9)


def test_zero_stays_zero_and_minus_is_the_mirror():
    n = np.array([4, 5, 374, 1832])
    assert (es.unbiased_r(0.0, n) == 0).all()
    assert es.unbiased_r([-0.3] * 4, n) == pytest.approx(-np.asarray(es.unbiased_r(0.3, n)))
    # Gauss: 2F1(1, 1; c; 1) = (c - 1)/(c - 2), so rho^2 is estimated by -1/(n - 4) at r = 0
    assert es.unbiased_r_variance(0.0, 30, "UB") == pytest.approx(1 / 26)


def test_averaged_variances_share_one_correlation():
    r, n = np.array([0.1, 0.4]), np.array([30, 90])
    mean = (30 * 0.1 + 90 * 0.4) / 120
    assert es.r_variance(r, n, "AV") == pytest.approx((1 - mean**2) ** 2 / (n - 1))
    assert es.r_variance(r, n) == pytest.approx((1 - r**2) ** 2 / (n - 1))
    both = np.asarray(es.unbiased_r(r, n))
    mean = (n * both).sum() / 120
    assert es.unbiased_r_variance(r, n, "AV") == pytest.approx((1 - mean**2) ** 2 / (n - 1))
    assert es.unbiased_r_variance(r, n) == pytest.approx((1 - both**2) ** 2 / (n - 1))


@pytest.mark.parametrize("df", [5, 20, 213])
def test_fisher_z_of_a_partial_correlation_by_its_exact_distribution(df):
    """With no correlation t of the predictor is Student's t: z = asinh(t / sqrt(df))."""
    exact, _ = integrate.quad(
        lambda t: np.arcsinh(t / math.sqrt(df)) ** 2 * stats.t.pdf(t, df), -np.inf, np.inf
    )
    ours = es.partial_z_variance(df)
    # nearer than 1/df, which leaves the predictor itself out of the count
    assert abs(ours / exact - 1) < 0.4 / df**2 + 0.02 / df
    assert abs(ours / exact - 1) < abs(1 / df / exact - 1) / 2
    assert es.partial_z_variance(df) == pytest.approx(es.z_variance(df + 2))


def test_semipartial_correlation_is_the_rise_of_r_squared():
    rng = np.random.default_rng(8)
    n, m = 60, 3
    x = rng.normal(size=(n, m)) + rng.normal(size=(n, 1))
    y = x @ [0.5, -0.2, 0.1] + rng.normal(size=n)

    def r_squared(columns):
        design = np.column_stack([np.ones(n), x[:, columns]])
        residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
        return 1 - residual @ residual / ((y - y.mean()) ** 2).sum()

    design = np.column_stack([np.ones(n), x])
    beta, rest, *_ = np.linalg.lstsq(design, y, rcond=None)
    df = n - m - 1
    se = math.sqrt(rest[0] / df * np.linalg.inv(design.T @ design)[1, 1])
    full, without = r_squared([0, 1, 2]), r_squared([1, 2])
    t = beta[1] / se
    sr, partial = es.semipartial_r(t, df, full), es.from_t(t, df)
    assert sr == pytest.approx(math.sqrt(full - without), rel=1e-9)
    assert partial == pytest.approx(sr / math.sqrt(1 - without), rel=1e-9)
    assert es.semipartial_to_t(sr, df, full) == pytest.approx(t)
    assert es.semipartial_to_partial(sr, full) == pytest.approx(partial)
    assert es.partial_to_semipartial(partial, full) == pytest.approx(sr)


def test_variances_of_partial_effects_are_those_of_simulated_regressions():
    rng = np.random.default_rng(21)
    n, draws = 150, 4000
    x = rng.normal(size=(draws, n, 2))
    x[..., 1] += 0.5 * x[..., 0]
    y = 0.3 * x[..., 0] + 0.2 * x[..., 1] + rng.normal(size=(draws, n))
    x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    gram = np.linalg.inv(np.einsum("dni,dnj->dij", x, x))
    beta = np.einsum("dij,dnj,dn->di", gram, x, y)
    rest = ((y - np.einsum("dni,di->dn", x, beta)) ** 2).sum(1)
    df = n - 3
    t = beta[:, 0] / np.sqrt(gram[:, 0, 0] * rest / df)
    share = 1 - rest / (y**2).sum(1)
    r, sr = es.from_t(t, df), es.semipartial_r(t, df, share)
    assert np.mean(es.partial_variance(r, df)) == pytest.approx(np.var(r), rel=0.06)
    assert np.mean(es.semipartial_variance(sr, n, share)) == pytest.approx(np.var(sr), rel=0.06)
    assert es.partial_z_variance(df) == pytest.approx(np.var(np.arctanh(r)), rel=0.06)


@pytest.mark.parametrize(("n1", "n2", "delta"), [(5, 6, 0.4), (8, 20, 1.2), (40, 40, -0.5)])
def test_g_is_unbiased_and_so_is_its_variance(n1, n2, delta):
    """By the exact distribution: t of the groups is noncentral t."""
    df, scale = n1 + n2 - 2, math.sqrt(1 / n1 + 1 / n2)
    p = (np.arange(20_000) + 0.5) / 20_000
    d = stats.nct.ppf(p, df, delta / scale) * scale
    g = np.asarray(es.d_to_g(d, n1, n2))
    assert g.mean() == pytest.approx(delta, abs=2e-3)
    exact = stats.nct.var(df, delta / scale) * (scale * es.small_sample_factor(df)) ** 2
    assert np.mean(es.g_variance(g, n1, n2, "UB")) == pytest.approx(exact, rel=6e-3)
    if df > 50:
        assert es.g_variance(delta, n1, n2) == pytest.approx(exact, rel=0.03)


def test_the_small_sample_factor():
    for df in (2, 3, 9, 100):
        exact = special.gamma(df / 2) / (math.sqrt(df / 2) * special.gamma((df - 1) / 2))
        assert es.small_sample_factor(df) == pytest.approx(exact, rel=1e-13)
    with mpmath.workdps(60):
        for df in [2, 7.5, 19, 31, 31.999, 32, 33, 90, 1e3, 1e5, 1e6, 1e9, 1e12]:
            half = mpmath.mpf(df) / 2
            ratio = mpmath.exp(mpmath.loggamma(half) - mpmath.loggamma(half - mpmath.mpf(1) / 2))
            exact = ratio / mpmath.sqrt(half)
            assert es.small_sample_factor(df) == pytest.approx(float(exact), rel=1e-15, abs=0)
            # what the unbiased variance takes from the factor is a difference near 0
            n = df / 2 + 1
            share = float(1 - (mpmath.mpf(df) - 2) / (df * exact**2))
            assert es.g_variance(1e3, n, n, "UB") == pytest.approx(2 / n + share * 1e6, rel=1e-12)
    assert es.small_sample_factor(98) == pytest.approx(1 - 3 / 391, abs=1e-5)
    assert es.g_to_d(es.d_to_g(0.7, 9, 12), 9, 12) == pytest.approx(0.7)


def test_worked_example_of_the_textbook():
    """Borenstein et al. (2009), chapters 4, 5 and 7, to the digits printed there."""
    d = es.d_from_means(103, 5.5, 50, 100, 4.5, 50)
    assert d == pytest.approx(0.5970, abs=5e-5)
    assert es.d_variance(d, 50, 50) == pytest.approx(0.0418, abs=5e-5)
    g = es.d_to_g(d, 50, 50)
    assert g == pytest.approx(0.5924, abs=5e-5)
    assert es.g_variance(g, 50, 50) == pytest.approx(0.0411, abs=6e-5)
    log_or, variance = es.log_odds_ratio(5, 95, 10, 90)
    assert (log_or, variance) == pytest.approx((-0.7472, 0.3216), abs=6e-5)
    log_rr, variance = es.log_risk_ratio(5, 95, 10, 90)
    assert (log_rr, variance) == pytest.approx((-0.6931, 0.2800), abs=6e-5)
    assert es.log_odds_to_d(0.9069, 0.0676) == pytest.approx((0.5000, 0.0205), abs=6e-5)
    assert es.d_to_log_odds(0.5000, 0.0205) == pytest.approx((0.9069, 0.0674), abs=6e-5)
    assert es.d_variance_of_r(0.50, 0.0058) == pytest.approx(0.0550, abs=6e-5)


@few
@given(st.floats(-3, 3), st.floats(1e-4, 1), st.integers(2, 99), st.integers(2, 99))
def test_variances_follow_the_slope_of_the_conversion(d, variance, n1, n2):
    step = 1e-5
    slope = (es.from_d(d + step, n1, n2) - es.from_d(d - step, n1, n2)) / (2 * step)
    ours = es.r_variance_of_d(d, variance, n1, n2)
    assert ours == pytest.approx(slope**2 * variance, rel=1e-6)
    r = es.from_d(d, n1, n2)
    assert es.d_variance_of_r(r, ours, n1, n2) == pytest.approx(variance, rel=1e-9)
    assert es.z_variance_of_r(r, ours) == pytest.approx(ours / (1 - r * r) ** 2)
    assert es.t_from_d(es.d_from_t(d, n1, n2), n1, n2) == pytest.approx(d)


def test_d_from_means_is_the_t_test():
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.4, 1, 17), rng.normal(0, 1, 25)
    d = es.d_from_means(a.mean(), a.std(ddof=1), 17, b.mean(), b.std(ddof=1), 25)
    assert es.t_from_d(d, 17, 25) == pytest.approx(stats.ttest_ind(a, b).statistic)


def test_ratios_with_intervals_and_events():
    low, high = math.exp(0.3 - 1.959964 * 0.2), math.exp(0.3 + 1.959964 * 0.2)
    assert es.log_ratio(math.exp(0.3), low, high) == pytest.approx((0.3, 0.04), rel=1e-6)
    assert es.standard_error(0.1, 0.3, 0.9) == pytest.approx(0.1 / 1.644854, rel=1e-6)
    assert es.log_hazard_ratio_variance(100, 300) == pytest.approx(4 / 100)
    table = np.array([[3, 5], [0, 2], [7, 7], [4, 9]])
    log_or, variance = es.log_odds_ratio(*table, add=0.5)
    assert log_or[0] == pytest.approx(math.log(3.5 * 4.5 / (0.5 * 7.5)))
    assert variance[0] == pytest.approx(1 / 3.5 + 1 / 0.5 + 1 / 7.5 + 1 / 4.5)


@pytest.mark.parametrize("measure", [es.log_odds_ratio, es.log_risk_ratio])
def test_only_a_table_with_an_empty_cell_is_corrected(measure):
    table = np.array([[3, 5, 4], [0, 2, 6], [7, 7, 0], [4, 9, 0]])
    with_half = np.array(measure(*table, add=0.5))
    assert with_half[:, 1] == pytest.approx(measure(*table[:, 1]))
    assert with_half[:, [0, 2]] == pytest.approx(np.array(measure(*(table[:, [0, 2]] + 0.5))))
    assert measure(5, 2, 7, 9, add=0.5) == measure(5, 2, 7, 9)


REFUSED = [
    (es.r_variance, (1, 10), "r must be above -1 and below 1"),
    (es.r_variance, (0.1, 3), "n must be at least 4"),
    (es.r_variance, (0.1, 10, "UB"), "kind must be one of LS, AV, got 'UB'"),
    (es.unbiased_r, (0.1, math.nan), "n must be finite"),
    (es.unbiased_r, (-1, 10), "r must be above -1"),
    (es.unbiased_r_variance, (0.1, 4, "UB"), "n must be at least 5 for the unbiased variance"),
    (es.unbiased_r_variance, (0.1, 9, "XX"), "kind must be one of LS, AV, UB"),
    (es.z_variance_of_r, (0.1, 0), "variance must be above 0"),
    (es.partial_variance, (0.1, 0), "df must be at least 1"),
    (es.partial_z_variance, (1,), "df must be at least 2"),
    (es.semipartial_r, (2, 50, 1), "R squared must be at least 0 and below 1"),
    (es.semipartial_r, (9, 50, 0.1), "no less than the square of the semi-partial"),
    (es.semipartial_variance, (0.5, 90, 0.2), "R squared of the model must be no less than"),
    (es.semipartial_variance, (0.1, 3, 0.2), "n must be at least 4"),
    (es.partial_to_semipartial, (0.9, 0.1), "R squared of the model must be no less than"),
    (es.d_from_means, (1, 0, 9, 1, 1, 9), "sd1 must be above 0"),
    (es.d_from_means, (1, 1, 1, 1, 1, 9), "n1 must be at least 2"),
    (es.d_variance, (math.inf, 5, 5), "d must be finite"),
    (es.g_variance, (0.2, 5, 5, "AV"), "kind must be one of LS, UB"),
    (es.small_sample_factor, (1,), "df must be at least 2"),
    (es.r_variance_of_d, (0.2, 0.1, 5), "n1 and n2 must be given together"),
    (es.d_variance_of_r, (1.0, 0.1), "r must be above -1 and below 1"),
    (es.log_odds_ratio, (0, 5, 5, 5), "a must be above 0 (add=0.5"),
    (es.log_odds_ratio, (1, -5, 5, 5), "b must be at least 0"),
    (es.log_odds_ratio, (1, 5, 5, 5, 2), "add must lie between 0 and 1"),
    (es.log_ratio, (1.2, 2, 1.1), "ci_high must be above ci_low, got 1.1"),
    (es.log_ratio, (5, 1, 2), "ratio must lie within its interval, got 5 with ci_low 1 and"),
    (es.standard_error, (-1.7e308, 1.7e308), "ci_high - ci_low must be finite"),
    (es.d_variance, (1e200, 5, 5), "the variance of d lies beyond the range"),
    (es.g_variance, (1e200, 5, 5, "UB"), "the variance of g lies beyond the range"),
    (es.r_variance_of_d, (1e200, 0.1), "d is so large that the correlation rounds"),
    (es.log_odds_ratio, ([1, 0], 5, 5, 5), "a must be above 0 (add=0.5 is the usual correction)"),
    (es.log_hazard_ratio_variance, (60, 50), "events must be at most n"),
    (es.log_odds_to_d, (0.2, -1), "variance must be above 0"),
]


@pytest.mark.parametrize(("function", "arguments", "words"), REFUSED)
def test_values_out_of_range_are_refused_in_words(function, arguments, words):
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    assert words in str(caught.value)
