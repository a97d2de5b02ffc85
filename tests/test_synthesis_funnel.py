"""Tests of funnel asymmetry and trim and fill: by hand, by property, and what is refused."""

import json
import math
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import pool
from alliance_review.synthesis.bias.funnel_tests import (
    _exact_kendall_p,
    _normal_kendall_p,
    _standardised,
    egger_test,
    rank_test,
)
from alliance_review.synthesis.bias.line import LIMIT_AT_ZERO, PREDICTORS
from alliance_review.synthesis.bias.trim_and_fill import trim_and_fill
from alliance_review.synthesis.regression.fit import meta_regression
from alliance_review.verification import fixtures

Y = np.array([0.30, 0.12, 0.45, -0.10, 0.22, 0.61])
N = np.array([103.0, 53.0, 70.0, 36.0, 203.0, 23.0])
V = 1 / (N - 3)

few = settings(max_examples=40, deadline=None, derandomize=True)
values = st.floats(-1.5, 1.5, allow_nan=False).map(lambda x: round(x, 3))
sizes = st.integers(5, 900)
data_sets = st.lists(
    st.tuples(values, sizes), min_size=4, max_size=9, unique_by=lambda pair: pair[1]
)


def sizes_for(predictor, n):
    """The sample sizes where the predictor is made from them; elsewhere they are refused."""
    return None if predictor in ("sei", "vi") else n


def split(data):
    y, n = map(np.array, zip(*data, strict=True))
    return y, 1 / (n - 3), n.astype(float)


# --- the regression tests


def test_egger_by_hand():
    # precisions 1, 2, 4 and standardised effects 1, 4, 4: slope 6/7, intercept 1,
    # residual sum of squares 18/7 on one degree of freedom
    test = egger_test([1.0, 2.0, 1.0], [1.0, 1 / 4, 1 / 16])
    assert test.bias == pytest.approx(1.0, rel=1e-14)
    assert test.se == pytest.approx(math.sqrt(27 / 7), rel=1e-14)
    assert test.slope == pytest.approx(6 / 7, rel=1e-14)
    assert test.slope_se == pytest.approx(math.sqrt(27 / 49), rel=1e-14)
    statistic = math.sqrt(7 / 27)
    assert (test.df, test.k) == (1, 3)
    # Student's t with one degree of freedom is the Cauchy distribution
    assert test.p_value == pytest.approx(1 - 2 / math.pi * math.atan(statistic), rel=1e-12)
    quantile = math.tan(math.pi * 0.475)
    assert test.slope_high == pytest.approx(6 / 7 + quantile * math.sqrt(27 / 49), rel=1e-12)


def test_what_the_default_returns_has_its_former_names():
    names = "bias se statistic df p_value slope slope_se slope_low slope_high k".split()
    plain = json.loads(json.dumps(egger_test(Y, V).to_dict(), allow_nan=False))
    assert list(plain)[:10] == names and list(plain)[-2:] == ["bias_low", "bias_high"]
    assert (plain["predictor"], plain["model"], plain["test"]) == ("sei", "lm", "t")
    assert plain["tau2"] is None
    assert "EggerTest" in repr(egger_test(Y, V)) and len(egger_test(Y, V).to_frame()) == 1


@few
@given(data_sets, st.sampled_from(PREDICTORS))
def test_common_effect_with_hartung_knapp_is_weighted_least_squares(data, predictor):
    y, v, n = split(data)
    n = sizes_for(predictor, n)
    plain = egger_test(y, v, predictor=predictor, n=n)
    other = egger_test(y, v, predictor=predictor, n=n, model="FE", test="hksj")
    scale = plain.se + 1e-12
    assert other.bias == pytest.approx(plain.bias, rel=1e-8, abs=1e-8 * scale)
    assert other.se == pytest.approx(plain.se, rel=1e-7, abs=1e-9)
    assert other.df == plain.df == y.size - 2
    if plain.se > 1e-6:
        assert other.p_value == pytest.approx(plain.p_value, rel=1e-6)
    if predictor in LIMIT_AT_ZERO:
        assert other.slope_low == pytest.approx(plain.slope_low, rel=1e-7, abs=1e-7)


@few
@given(data_sets, st.sampled_from(PREDICTORS), st.sampled_from(["lm", "DL", "REML"]))
def test_order_sign_and_shift(data, predictor, model):
    y, v, n = split(data)

    def run(y, v, n):
        return egger_test(y, v, predictor=predictor, n=sizes_for(predictor, n), model=model)

    first, turned = run(y, v, n), run(y[::-1], v[::-1], n[::-1])
    mirrored, moved = run(-y, v, n), run(y + 2.0, v, n)
    near = {"rel": 1e-6, "abs": 1e-6 * first.se + 1e-10}
    assert turned.bias == pytest.approx(first.bias, **near)
    assert mirrored.bias == pytest.approx(-first.bias, **near)
    assert moved.bias == pytest.approx(first.bias, **near)
    for other in (turned, mirrored, moved):
        assert other.se == pytest.approx(first.se, rel=1e-5, abs=1e-9)
    if predictor in LIMIT_AT_ZERO:
        assert moved.slope == pytest.approx(first.slope + 2, rel=1e-6, abs=1e-6)
        assert mirrored.slope_low == pytest.approx(-first.slope_high, rel=1e-5, abs=1e-6)
    else:
        assert math.isnan(first.slope) and math.isnan(first.slope_high)


@pytest.mark.parametrize("predictor", PREDICTORS)
def test_effects_on_a_line_give_the_line_back(predictor):
    x = {
        "sei": np.sqrt(V), "vi": V, "ni": N, "ninv": 1 / N, "sqrtni": np.sqrt(N),
        "sqrtninv": 1 / np.sqrt(N),
    }[predictor]  # fmt: skip
    test = egger_test(0.25 + 0.5 * x, V, predictor=predictor, n=sizes_for(predictor, N))
    assert test.bias == pytest.approx(0.5, rel=1e-12)
    assert test.se < 1e-12
    if predictor in LIMIT_AT_ZERO:
        assert test.slope == pytest.approx(0.25, rel=1e-12)


def test_mixed_models_are_meta_regressions():
    fit = meta_regression(Y, V, np.sqrt(V), tau2="REML", test="z")
    test = egger_test(Y, V, model="REML", test="z")
    assert test.tau2 == fit.tau2 > 0
    assert (test.bias, test.se, test.p_value) == (fit.estimate[1], fit.se[1], fit.p_value[1])
    assert (test.slope, test.slope_low) == (fit.estimate[0], fit.ci_low[0])
    assert math.isinf(test.df) and test.to_dict()["df"] is None
    knapp = egger_test(Y, V, model="REML")
    assert knapp.test == "hksj" and knapp.df == 4 and knapp.bias == test.bias
    wide = egger_test(Y, V, model="REML", level=0.99)
    assert wide.slope_low < knapp.slope_low < knapp.slope_high < wide.slope_high


@pytest.mark.parametrize(
    "options, message",
    [
        ({"predictor": "se"}, "predictor must be one of sei, vi"),
        ({"predictor": "ni"}, "ni needs the sample sizes"),
        ({"n": N}, "n have no part in the predictor sei"),
        ({"predictor": "vi", "n": N}, "n have no part in the predictor vi"),
        ({"predictor": "ni", "n": ["a"] * 6}, "sample sizes must be numbers"),
        ({"predictor": "ni", "n": N + 1j}, "sample sizes must be numbers"),
        ({"predictor": "ninv", "n": [10, 20]}, r"differ in shape: \(2,\) and \(6,\)"),
        ({"predictor": "ni", "n": [10, 20, 0, 4, 5, 6]}, "positive; number 3 is 0"),
        ({"predictor": "ni", "n": [10, 20, 30, 4, 5, float("nan")]}, "number 6 is nan"),
        ({"predictor": "ni", "n": [9] * 6}, "values of the predictor are all equal"),
        ({"model": "OLS"}, "model must be one of lm, FE, DL"),
        ({"model": "REML", "test": "t"}, "test must be one of z"),
        ({"test": "z"}, "weighted least squares has one test"),
        ({"level": 95}, "between 0 and 1"),
    ],
)
def test_regression_tests_refuse(options, message):
    with pytest.raises(ValueError, match=message):
        egger_test(Y, V, **options)


@pytest.mark.parametrize("model", ["lm", "REML"])
def test_equal_variances_cannot_explain(model):
    with pytest.raises(ValueError, match="the variances are all equal: precision"):
        egger_test(Y, [0.1] * 6, model=model)


@pytest.mark.parametrize("predictor", PREDICTORS)
@pytest.mark.parametrize("model", ["lm", "REML"])
def test_the_coefficient_has_an_interval(predictor, model):
    test = egger_test(Y, V, predictor=predictor, n=sizes_for(predictor, N), model=model, level=0.9)
    half = 2.131846786326649 * test.se  # t with 4 degrees of freedom
    ends = test.bias - half, test.bias + half
    assert (test.bias_low, test.bias_high) == pytest.approx(ends, rel=1e-9)


def test_the_lines_of_a_test_have_different_names():
    test = egger_test(Y, V)
    names = [line.split(":")[0].strip() for line in repr(test).splitlines()[1:]]
    assert len(set(names)) == len(names) and {"slope", "slope interval"} <= set(names)
    assert f"bias interval: {test.bias_low:.4g} to {test.bias_high:.4g}" in repr(test)


@pytest.mark.parametrize("effect", [0.0, 0.3])
@pytest.mark.parametrize("model", ["lm", "FE", "REML"])
def test_equal_effects_are_no_evidence_of_asymmetry(effect, model):
    test = egger_test(np.full(6, effect), V, model=model)
    assert (test.bias, test.statistic, test.p_value) == (0, 0, 1)
    assert test.slope == effect


# --- the rank test


def exact_deviates(y, v):
    """Begg and Mazumdar's standardised effects in fractions; the root is taken last."""
    y, w = [Fraction(x) for x in y], [1 / Fraction(x) for x in v]
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
    gap = [(a - mean, 1 / b - 1 / sum(w)) for a, b in zip(y, w, strict=True)]
    # the square first: its size is within the range of floats, that of its parts is not
    return [math.copysign(math.sqrt(g * g / variance), g) for g, variance in gap]


@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("precise", [1e-14, 3e-9, 0.3])
def test_one_very_precise_study_keeps_its_digits(place, precise):
    y, v = [0.1, 0.2, 0.5, 0.3, -0.4], [1.3, 1.0, 1.1, 1.2, 1.4]
    v[place] = precise
    exact = exact_deviates(y, v)
    found = _standardised(np.array(y), 1 / np.array(v))
    np.testing.assert_allclose(found, exact, rtol=1e-12)
    score = sum(
        np.sign((exact[i] - exact[j]) * (v[i] - v[j])) for i in range(5) for j in range(i)
    )
    assert rank_test(y, v).tau == pytest.approx(score / 10)



def test_exact_p_is_the_share_of_orders():
    def score(order):
        pairs = ((order[i], order[j]) for j in range(6) for i in range(j))
        return sum(1 if b > a else -1 for a, b in pairs)

    scores = np.array([score(p) for p in permutations(range(6))])
    for s in sorted(set(scores)):
        tail = min((scores >= s).mean(), (scores <= s).mean())
        assert _exact_kendall_p(6, s) == pytest.approx(min(1, 2 * tail), rel=1e-13)


@pytest.mark.parametrize("k", [8, 30, 170])
def test_a_perfect_order_has_one_chance_in_k_factorial(k):
    v = np.linspace(0.01, 0.02, k)
    test = rank_test(np.arange(k) * 1.0, v)
    assert test.tau == 1 and test.exact
    assert test.p_value == pytest.approx(2 / math.factorial(k), rel=1e-10)


def test_many_effects_are_ranked_by_the_normal_distribution():
    rng = np.random.default_rng(5)
    k = 501
    test = rank_test(rng.normal(size=k), rng.uniform(0.01, 0.02, k))
    assert not test.exact
    s = round(test.tau * k * (k - 1) / 2)
    assert _exact_kendall_p(k, s) == pytest.approx(test.p_value, rel=2e-3)
    ones = np.ones(20)
    for s in (10, 40, 80):
        normal = _normal_kendall_p(20, s, ones, ones)
        assert abs(_exact_kendall_p(20, s) - normal) < 0.03


@few
@given(data_sets)
def test_rank_test_order_and_sign(data):
    y, v, _ = split(data)
    y = y + np.arange(y.size) * 1e-4  # no two alike
    first, turned, mirrored = rank_test(y, v), rank_test(y[::-1], v[::-1]), rank_test(-y, v)
    assert (turned.tau, turned.p_value) == pytest.approx((first.tau, first.p_value), rel=1e-12)
    assert (mirrored.tau, mirrored.p_value) == pytest.approx((-first.tau, first.p_value), rel=1e-12)


def test_rank_test_refuses():
    with pytest.raises(ValueError, match="nothing to rank"):
        rank_test(Y, [0.1] * 6)
    with pytest.raises(ValueError, match="at least 3"):
        rank_test(Y[:2], V[:2])


# --- trim and fill


def test_a_symmetric_funnel_misses_nothing():
    y = [0.2, 0.1, 0.3, -0.1, 0.5]
    for estimator in ("L0", "R0", "Q0"):
        result = trim_and_fill(y, [0.01, 0.02, 0.02, 0.05, 0.05], estimator=estimator)
        assert (result.missing, result.filled.size) == (0, 0)
        assert result.pooled.estimate == pytest.approx(0.2)


def test_estimators_by_hand():
    # The common-effect centre of all nine is pulled by the last three. Ranks of |distance| with
    # their signs give T; L0, R0 and Q0 follow from it.
    y = np.array([-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.9, 1.1, 1.3])
    v = np.full(9, 0.04)
    first = y - y.mean()  # mean 1/3
    ranks = np.argsort(np.argsort(np.abs(first))) + 1
    assert ranks[first > 0].tolist() == [6, 8, 9]
    # T = 23, L0 = (4 * 23 - 90) / 17 = 0.118, which rounds to 0
    result = trim_and_fill(y, v, side="left", tau2="FE", test="z")
    assert result.missing == 0
    # the two largest distances lie above, the third (rank 7) below: R0 = 2 - 1 = 1; without
    # the largest the centre is 0.2125: above it 0.9 and 1.1, 1.3 have ranks 7, 8, 9: R0 = 2;
    # without two the centre is 0.0857, and R0 = 2 again
    result = trim_and_fill(y, v, side="left", estimator="R0", tau2="FE", test="z")
    assert result.missing == 2 and result.p_value == 0.125
    assert result.missing_se == pytest.approx(math.sqrt(6))
    centre = y[:7].mean()
    np.testing.assert_allclose(np.sort(result.filled), np.sort(2 * centre - y[7:]), rtol=1e-14)
    assert result.pooled.k == 11 and result.estimate == pytest.approx(centre)
    # Q0 of the first round: 9 - 1/2 - sqrt(162 - 92 + 1/4) = 0.118: 0 missing
    result = trim_and_fill(y, v, side="left", estimator="Q0", tau2="FE", test="z")
    assert result.missing == 0 and math.isnan(result.p_value)
    n, m = 9, 8.5 - math.sqrt(70.25)
    variance = n * (n + 1) * (2 * n + 1) + 10 * m**3 + 27 * m**2 + 17 * m
    variance = (variance - 18 * n * m**2 - 18 * n * m + 6 * n**2 * m) / 24
    se = 2 * math.sqrt(variance) / math.sqrt((n - 0.5) ** 2 - m * (2 * n - m - 1))
    assert result.missing_se == pytest.approx(se, rel=1e-9)


def test_studies_that_were_taken_away_are_found():
    rng = np.random.default_rng(11)
    v = rng.uniform(0.002, 0.08, 40)
    y = 0.3 + np.sqrt(v) * rng.normal(size=40)
    keep = np.argsort(y / np.sqrt(v))[10:]  # the ten least convincing results stay unpublished
    before = pool(y, v, tau2="FE").estimate
    biased = pool(y[keep], v[keep], tau2="FE").estimate
    for estimator in ("L0", "R0"):
        result = trim_and_fill(y[keep], v[keep], estimator=estimator, tau2="FE")
        assert result.side == "left" and 2 <= result.missing <= 16
        assert abs(result.estimate - before) < abs(biased - before)


@few
@given(data_sets, st.sampled_from(["FE", "DL"]), st.sampled_from(["L0", "R0"]))
def test_filled_effects_mirror_the_trimmed_ones(data, method, estimator):
    y, v, _ = split(data)
    y = y + np.arange(y.size) * 1e-5
    options = {"estimator": estimator, "tau2": method, "test": "z"}
    try:
        result = trim_and_fill(y, v, side="left", **options)
    except ValueError as error:
        assert "does not settle" in str(error)
        return
    order = np.argsort(y)
    kept, cut = order[: y.size - result.missing], order[y.size - result.missing :]
    centre = pool(y[kept], v[kept], tau2=method, test="z").estimate
    np.testing.assert_allclose((result.filled + y[cut]) / 2, centre, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(result.filled_variances, v[cut])
    other = trim_and_fill(-y, v, side="right", **options)
    assert other.missing == result.missing and other.missing <= y.size - 2
    np.testing.assert_allclose(other.filled, -result.filled, rtol=1e-7, atol=1e-9)
    with pytest.raises(ValueError, match="read-only"):
        result.filled[...] = 0


def test_the_side_comes_from_the_slope_under_the_model():
    # the slope on the standard error is positive by common-effect weights, negative by REML
    y, v = fixtures.effects("konstantopoulos2011")
    assert egger_test(y, v, model="FE").bias > 0 > egger_test(y, v, model="REML").bias
    assert trim_and_fill(y, v, tau2="FE").side == "left"
    assert trim_and_fill(y, v, tau2="REML").side == "right"


def test_the_result_as_a_dict_and_as_text():
    result = trim_and_fill(Y, V, side="left")
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    names = ["missing", "side", "filled", "filled_variances", "pooled"]
    assert list(plain)[:5] == names and plain["pooled"]["k"] == 6 + result.missing
    assert "missing" in repr(result)


def test_the_frame_of_trim_and_fill_is_its_result():
    biased = np.array([-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.9, 1.1, 1.3])
    some = trim_and_fill(biased, [0.04] * 9, side="left", estimator="R0", tau2="FE")
    none = trim_and_fill([0.2, 0.1, 0.3, -0.1, 0.5], [0.01, 0.02, 0.02, 0.05, 0.05])
    assert (some.missing, none.missing) == (2, 0)
    for result in (some, none):
        (line,) = result.to_frame().to_dict("records")
        assert (line["missing"], line["side"], line["k"]) == (
            result.missing, result.side, result.pooled.k,
        )  # fmt: skip
        for name in ("estimate", "ci_low", "ci_high", "p_value", "tau2"):
            assert line[name] == getattr(result.pooled, name)
        assert line["missing_p"] == pytest.approx(result.p_value, nan_ok=True)
        assert result.summary().loc[0, "missing"] == result.missing
        assert result.entries()["filled"].tolist() == result.filled.tolist()
    assert "entries" not in repr(none) and none._repr_html_().count("<table>") == 1
    assert "2 entries of filled" in repr(some)


GOING_ROUND = (
    [0.03, 0.2, 0.33, 0.21, 0.17, 0.18],
    [1 / (n - 3) for n in (267, 12, 93, 208, 187, 162)],
    {"tau2": "DL"},
)

Q0_LEFT = {"estimator": "Q0", "side": "left"}


@pytest.mark.parametrize(
    "y, v, options, message",
    [
        (Y, V, {"estimator": "L1"}, "estimator must be one of L0, R0, Q0"),
        (Y, V, {"side": "up"}, "side must be one of"),
        (Y, V, {"tau2": "X"}, "tau2 must be one of"),
        (Y[:2], V[:2], {}, "at least 3"),
        (Y, [0.1] * 6, {}, "the variances are all equal: they cannot tell the side"),
        # four of five effects lie above the centre
        ([1.0, 2.0, 3.0, 4.0, 5.0], [1e-6, 1, 1, 1, 1], Q0_LEFT, "Q0 is not defined"),
        (*GOING_ROUND, "does not settle"),
    ],
)
def test_trim_and_fill_refuses(y, v, options, message):
    with pytest.raises(ValueError, match=message):
        trim_and_fill(y, v, **options)


def test_equal_variances_do_where_the_side_is_given():
    assert trim_and_fill(Y, [0.1] * 6, side="left").pooled.k >= 6
