"""The way back from a correlation: every conversion there and back, and by independent routes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alliance_review import effect_sizes as es

few = settings(max_examples=60, deadline=None, derandomize=True)
inside = st.floats(-0.99, 0.99)
sizes = st.integers(4, 5000)
degrees = st.integers(1, 5000)
ses = st.floats(1e-3, 50)


def close(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


@few
@given(inside, degrees, ses)
def test_tests_and_coefficients_there_and_back(r, df, se):
    assert es.from_t(es.to_t(r, df), df) == close(r)
    assert es.from_f(es.to_f(r, df), df, np.copysign(1, r)) == close(r)
    assert es.from_r_squared(es.to_r_squared(r), np.copysign(1, r)) == close(r)
    assert es.from_coefficient(es.to_coefficient(r, se, df), se, df) == close(r)
    b, low, high = es.to_coefficient_interval(r, se, df, 0.9)
    assert es.from_coefficient_interval(b, low, high, df, 0.9) == close(r)


@few
@given(inside, sizes, st.sampled_from([1, 2]), st.booleans())
def test_p_and_wald_there_and_back(r, n, tails, bounded):
    sign = np.copysign(1, r) if tails == 2 else 1
    z = es.to_wald_z(r, n, bounded)
    assert es.from_wald_z(z, n, bounded) == close(r)
    # one-sided p of a large opposite effect is 1 to all digits: nothing is left to come back from
    if abs(z) < (6 if tails == 1 else 35):
        there = es.to_p_normal(r, n, sign, tails, bounded)
        assert es.from_p_normal(there, n, sign, tails, bounded) == pytest.approx(r, abs=1e-7)
        assert es.from_p(es.to_p(r, n, sign, tails), n, sign, tails) == pytest.approx(r, abs=1e-7)


@few
@given(inside, st.integers(1, 900), st.integers(1, 900))
def test_groups_there_and_back(r, n1, n2):
    assert es.from_d(es.to_d(r, n1, n2), n1, n2) == close(r)
    assert es.from_d(es.to_d(r)) == close(r)
    if abs(es.to_d(r, n1, n2)) < 300:
        assert es.from_odds_ratio(es.to_odds_ratio(r, n1, n2), n1, n2) == close(r)


@few
@given(st.floats(-0.9, 0.9), sizes, st.floats(1e-3, 5), st.floats(0.01, 1), st.floats(0, 0.9))
def test_models_there_and_back(r, n, se, variance, other):
    events = max(1, n // 3)
    for bounded in (True, False):
        ratio, low, high = es.to_ratio_interval(r, min(n, 900), se, 0.99, bounded)
        z = es.wald_z_of_ratio(ratio, low, high, 0.99)
        assert es.from_wald_z(z, min(n, 900), bounded) == close(r)
    hazard = es.to_hazard_ratio_events(r, events, n, variance)
    assert es.from_hazard_ratio_events(hazard, events, n, variance) == close(r)
    assert es.from_standardised(es.to_standardised(r, other), other) == close(r)


@pytest.mark.parametrize("name", sorted(es.CONVERSIONS))
@pytest.mark.parametrize("r", [-0.6, 0.05, 0.31])
def test_every_named_conversion_has_its_way_back(name, r):
    n, df, se = 120, 118, 0.3
    value = es.to_statistic(name, r, df=df, n=n, se=se)
    needed = es.CONVERSIONS[name][0]
    reported = {"value": value, "se": se, "df": df, "n": n, "p_value": value}
    half = 1.959963984540054 * se
    if "ratio" in name or "wald" in name:
        reported |= {"ci_low": value * math.exp(-half), "ci_high": value * math.exp(half)}
    else:
        reported |= {"ci_low": value - half, "ci_high": value + half}
    # F, p and R squared have lost the sign
    lost = name in {"f-to-r", "p-to-r", "p-to-z-root-n", "root-r-squared", "variance_to_r"}
    sign = (1 if r > 0 else -1) if lost else None
    reported = {k: v for k, v in reported.items() if k in needed}
    assert es.from_statistic(name, sign=sign, **reported) == close(r)


def test_the_two_registers_hold_the_same_names():
    assert set(es.BACK) == set(es.CONVERSIONS)


@few
@given(st.integers(0, 10_000))
def test_the_way_back_gives_what_other_software_reports(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 60))
    x, y = rng.normal(size=(2, n))
    r, p = stats.pearsonr(x, y)
    fit = stats.linregress(x, y)
    assert es.to_p(r, n) == pytest.approx(p, rel=1e-8)
    assert es.to_t(r, n - 2) == close(fit.slope / fit.stderr)
    assert es.to_coefficient(r, fit.stderr, n - 2) == close(fit.slope)
    assert es.to_standardised(r) == close(fit.slope * x.std() / y.std())
    one_sided = stats.pearsonr(x, y, alternative="greater").pvalue
    assert es.to_p(r, n, 1, tails=1) == pytest.approx(one_sided, rel=1e-8)
    assert es.to_p(r, n, -1, tails=1) == pytest.approx(1 - one_sided, rel=1e-8)


def test_a_standardised_coefficient_beside_others_is_a_semipartial_correlation():
    rng = np.random.default_rng(4)
    x, w = rng.normal(size=(2, 80))
    w = w + 0.6 * x
    y = 0.4 * x - 0.3 * w + rng.normal(size=80)
    x, w, y = ((a - a.mean()) / a.std() for a in (x, w, y))
    beta = np.linalg.lstsq(np.column_stack([x, w]), y, rcond=None)[0][0]
    own = x - w * (x @ w) / (w @ w)  # what w does not explain of x
    expected = np.corrcoef(own, y)[0, 1]
    assert es.from_standardised(beta, (x @ w / 80) ** 2) == close(expected)


def test_values_worked_by_hand():
    # Borenstein et al. (2009), chapter 7: r = 0.50 is d = 1.1547; ln OR 0.9069 is d = 0.5000
    assert es.to_d(0.50) == pytest.approx(1.1547, abs=5e-5)
    assert es.to_odds_ratio(es.from_d(0.5000)) == pytest.approx(math.exp(0.9069), rel=1e-4)
    # r = .3 from 103 people, 80 events, two equal groups: z = 3.1916, ln HR = z * 2 / sqrt(80)
    z = 0.3 * math.sqrt(103 / 0.91)
    assert es.to_hazard_ratio_events(0.3, 80, 103) == pytest.approx(math.exp(2 * z / math.sqrt(80)))


def test_a_hazard_ratio_from_simulated_survival():
    """1/(events V) against the information of a Cox model with one group indicator, effect 0."""
    rng = np.random.default_rng(11)
    n, scores = 400, []
    for _ in range(300):
        group = np.repeat([0, 1], n // 2)
        time, censored = rng.exponential(size=n), rng.exponential(2.0, size=n)
        event = (time <= censored)[np.argsort(np.minimum(time, censored))]
        group = group[np.argsort(np.minimum(time, censored))]
        share = np.cumsum(group[::-1])[::-1] / np.arange(n, 0, -1)  # of those still at risk
        information = (share * (1 - share))[event].sum()
        scores.append(es.from_ratios.event_information(event.sum(), n) / information)
    assert np.mean(scores) == pytest.approx(1, abs=0.02)


REFUSED = [
    (es.to_t, (1, 10), "r must be above -1 and below 1, got 1"),
    (es.to_t, (0.5, 0), "df must be at least 1"),
    (es.to_p, (math.nan, 10), "r must be finite"),
    (es.to_p, (0.1, 3), "n must be at least 4"),
    (es.to_p, (0.1, 10, 0), "sign must be 1 or -1"),
    (es.to_p_normal, (0.1, 10, 1, 3), "tails must be 1 or 2"),
    (es.to_r_squared, (-1.0,), "r must be above -1"),
    (es.to_d, (0.2, 10), "n1 and n2 must be given together"),
    (es.to_odds_ratio, (1 - 1e-12,), "the odds ratio lies beyond"),
    (es.to_ratio_interval, (0.2, 50, 0), "se must be above 0"),
    (es.to_ratio_interval, (0.2, 50, 0.1, 2), "level must be between 0 and 1"),
    (es.to_hazard_ratio_events, (0.2, 60, 50), "events must be at most n"),
    (es.from_hazard_ratio_events, (1.2, 0.5, 50), "events must be at least 1"),
    (es.from_hazard_ratio_events, (-1.2, 5, 50), "hazard ratio must be above 0"),
    (es.to_coefficient, (0.2, -1, 50), "se must be above 0"),
    (es.to_standardised, (0.2, 1), "R squared of the predictor must be at least 0 and below 1"),
    (es.from_standardised, (1.2,), "beta sqrt(1 - R_x^2) must be above -1 and below 1"),
    (es.to_statistic, ("magic", 0.2), "conversion must be one of"),
]


@pytest.mark.parametrize(("function", "arguments", "words"), REFUSED)
def test_values_out_of_range_are_refused_in_words(function, arguments, words):
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    assert words in str(caught.value)


def test_what_the_way_back_needs_is_named():
    with pytest.raises(ValueError, match="the way back of b-se-to-r needs se, df"):
        es.to_statistic("b-se-to-r", 0.2)
    with pytest.raises(ValueError, match="conversion b-se-to-r needs value, se, df"):
        es.from_statistic("b-se-to-r")
