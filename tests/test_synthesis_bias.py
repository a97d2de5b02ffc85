"""Fail-safe numbers, PET-PEESE, Henmi-Copas, excess significance: by hand and by property."""

import json
import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import pool
from alliance_review.synthesis.bias.excess_significance import _exact_p, excess_significance
from alliance_review.synthesis.bias.fail_safe import fail_safe_n
from alliance_review.synthesis.bias.funnel_tests import egger_test
from alliance_review.synthesis.bias.henmi_copas import _moments_of_q, henmi_copas
from alliance_review.synthesis.bias.pet_peese import pet_peese
from alliance_review.synthesis.distributions import ndtr, ndtri
from alliance_review.verification import fixtures

Y = np.array([0.30, 0.12, 0.45, -0.10, 0.22, 0.61])
V = 1 / (np.array([103.0, 53.0, 70.0, 36.0, 203.0, 23.0]) - 3)
SETS = tuple(fixtures.load("bias_models"))

few = settings(max_examples=40, deadline=None, derandomize=True)
values = st.floats(-1.5, 1.5, allow_nan=False).map(lambda x: round(x, 3))
data_sets = st.lists(
    st.tuples(values, st.integers(5, 900)), min_size=3, max_size=9, unique_by=lambda pair: pair[1]
)


def split(data):
    y, n = map(np.array, zip(*data, strict=True))
    return y, 1 / (n - 3)


def frozen_plain(result):
    with pytest.raises(AttributeError):
        result.k = 0
    assert type(result).__name__ in repr(result)
    assert "<table>" in result._repr_html_() and len(result.to_frame())
    return json.loads(json.dumps(result.to_dict(), allow_nan=False))


# --- fail-safe numbers


def test_fail_safe_numbers_by_hand():
    y, v = [0.2, 0.4, 0.2, 0.4], [0.01, 0.04, 0.01, 0.04]  # every z is 2
    rosenthal = fail_safe_n(y, v)
    # (8 / 1.644854)**2 - 4 = 19.65
    assert rosenthal.unrounded == pytest.approx(64 / 1.6448536269514722**2 - 4, rel=1e-12)
    assert rosenthal.number == 20
    assert rosenthal.p_value == pytest.approx(float(ndtr(-4.0)), rel=1e-14)
    orwin = fail_safe_n(y, v, "orwin", target=0.1)
    assert (orwin.number, orwin.mean) == (8, pytest.approx(0.3))  # 4 (0.3 - 0.1) / 0.1
    weighted = fail_safe_n(y, v, "orwin", target=0.1, weighted=True)
    # mean (100 * 0.2 + 25 * 0.4) / 125 = 0.24; 4 * 0.14 / 0.1 = 5.6
    assert (weighted.number, weighted.mean) == (6, pytest.approx(0.24))
    rosenberg = fail_safe_n(y, v, "rosenberg")
    z = 0.24 * math.sqrt(250)
    assert rosenberg.unrounded == pytest.approx(4 * (z / 1.959963984540054) ** 2 - 4, rel=1e-12)
    plain = frozen_plain(rosenberg)
    assert plain["number"] == rosenberg.number and plain["target"] is None


@few
@given(data_sets, st.sampled_from([0.01, 0.05, 0.2]))
def test_rosenthal_studies_undo_the_combined_p(data, alpha):
    y, v = split(data)
    result = fail_safe_n(y, v, alpha=alpha)

    def p(number):
        return float(ndtr(-abs((y / np.sqrt(v)).sum()) / math.sqrt(y.size + number)))

    assert p(result.number) >= alpha * (1 - 1e-9)
    assert result.number == 0 or p(result.number - 1) < alpha * (1 + 1e-9)


@few
@given(data_sets)
def test_rosenberg_studies_undo_the_common_effect(data):
    y, v = split(data)
    result = fail_safe_n(y, v, "rosenberg")

    def p(number):
        added = np.full(number, y.size / (1 / v).sum())  # of the average weight
        more = np.concatenate([y, 0 * added]), np.concatenate([v, added])
        return pool(*more, tau2="FE", test="z").p_value

    if result.number < 20000:
        assert p(result.number) >= 0.05 * (1 - 1e-9)
        assert result.number == 0 or p(result.number - 1) < 0.05 * (1 + 1e-9)
        assert result.p_value == pytest.approx(p(0), rel=1e-9)


@few
@given(data_sets, st.floats(0.05, 0.95), st.booleans())
def test_orwin_studies_bring_the_mean_to_the_target(data, share, weighted):
    y, v = split(data)
    mean = (1 / v) @ y / (1 / v).sum() if weighted else y.mean()
    if abs(mean) < 1e-6:
        return
    result = fail_safe_n(y, v, "orwin", target=share * mean, weighted=weighted)
    k, slack = y.size, 1 + 1e-9
    assert k * abs(mean) / (k + result.number) <= share * abs(mean) * slack
    assert k * abs(mean) / (k + result.number - 1) >= share * abs(mean) / slack
    assert fail_safe_n(y, v, "orwin", weighted=weighted).number == k  # half the mean
    assert fail_safe_n(-y, v, "orwin", weighted=weighted).number == k
    assert fail_safe_n(y, v, "orwin", target=2 * mean, weighted=weighted).number == 0


@pytest.mark.parametrize(
    "y, kind, options, message",
    [
        (Y, "orwins", {}, "kind must be one of rosenthal, orwin, rosenberg"),
        (Y, "rosenthal", {"target": 0.1}, "not of rosenthal"),
        (Y, "rosenberg", {"weighted": True}, "not of rosenberg"),
        (Y, "rosenthal", {"alpha": 5}, "between 0 and 1"),
        (Y, "rosenthal", {"alpha": 0.5}, "below 0.5"),
        (Y, "orwin", {"target": 0}, "cannot be reached"),
        (Y, "orwin", {"target": -0.1}, "must have the sign of the mean"),
        (Y, "orwin", {"target": "small"}, "must be a number"),
        (0 * Y, "orwin", {}, "the mean effect is 0"),
    ],
)
def test_fail_safe_numbers_refuse(y, kind, options, message):
    with pytest.raises(ValueError, match=message):
        fail_safe_n(y, V, kind, **options)


# --- PET-PEESE


def test_regressions_on_exact_lines():
    pet = pet_peese(0.2 + 1.5 * np.sqrt(V), V).pet
    assert (pet.estimate, pet.bias) == (pytest.approx(0.2), pytest.approx(1.5))
    peese = pet_peese(0.2 + 1.5 * V, V).peese
    assert (peese.estimate, peese.bias) == (pytest.approx(0.2), pytest.approx(1.5))


@pytest.mark.parametrize("model, test", [("lm", None), ("FE", "z"), ("REML", "hksj")])
def test_the_regressions_are_those_of_the_egger_family(model, test):
    both = pet_peese(Y, V, model=model, test=test, level=0.9)
    for ours, predictor in ((both.pet, "sei"), (both.peese, "vi")):
        line = egger_test(Y, V, predictor=predictor, model=model, test=test, level=0.9)
        assert (ours.estimate, ours.ci_low, ours.ci_high) == (
            line.slope, line.slope_low, line.slope_high,
        )  # fmt: skip
        assert (ours.bias, ours.bias_p, ours.df) == (line.bias, line.p_value, line.df)


def test_the_rule_takes_peese_where_pet_finds_an_effect():
    first = pet_peese(Y, V)
    p = first.pet.p_value
    assert first.alpha == 0.10
    for alpha, chosen in ((p * 0.999, "PET"), (p * 1.001, "PEESE")):
        result = pet_peese(Y, V, alpha=alpha)
        regression = result.pet if chosen == "PET" else result.peese
        assert result.chosen == chosen
        for name in ("estimate", "se", "ci_low", "ci_high", "p_value"):
            assert getattr(result, name) == getattr(regression, name)
    # with no effect at all PET stays, with a strong one PEESE is taken
    v = np.linspace(0.002, 0.1, 60)
    noise = np.sqrt(v) * np.tile([1.0, -1.0], 30)
    assert pet_peese(np.sqrt(v) + noise, v).chosen == "PET"
    assert pet_peese(0.8 + noise, v).chosen == "PEESE"
    plain = frozen_plain(first)
    assert plain["pet"]["estimate"] == first.pet.estimate and plain["pet"]["tau2"] is None


def test_the_frame_of_pet_peese_has_both():
    result = pet_peese(Y, V)
    frame = result.to_frame()
    assert frame["regression"].tolist() == ["PET", "PEESE"]
    assert frame["chosen"].tolist() == [result.chosen == "PET", result.chosen == "PEESE"]
    for line, part in zip(frame.to_dict("records"), (result.pet, result.peese), strict=True):
        assert line["estimate"] == part.estimate and line["bias_high"] == part.bias_high
    assert result.summary().loc[0, "estimate"] == result.estimate


@pytest.mark.parametrize("model", ["lm", "FE", "REML"])
def test_no_effect_at_all_is_no_evidence(model):
    result = pet_peese(np.zeros(6), V, model=model)
    assert (result.chosen, result.estimate, result.p_value) == ("PET", 0, 1)
    for part in (result.pet, result.peese):
        assert (part.statistic, part.p_value, part.bias_statistic, part.bias_p) == (0, 1, 0, 1)
    sure = pet_peese(np.full(6, 0.3), V)  # equal effects but 0 leave no doubt
    assert (sure.chosen, sure.p_value, sure.pet.bias_p) == ("PEESE", 0, 1)


def test_pet_peese_refuses():
    for options, message in (
        ({"model": "WLS"}, "model must be one of lm"),
        ({"test": "hksj"}, "one test"),
        ({"alpha": 10}, "between 0 and 1"),
    ):
        with pytest.raises(ValueError, match=message):
            pet_peese(Y, V, **options)
    with pytest.raises(ValueError, match="variances are all equal"):
        pet_peese(Y, [0.1] * 6)
    with pytest.raises(ValueError, match="at least 3"):
        pet_peese(Y[:2], V[:2])


# --- Henmi and Copas


def test_moments_of_q_by_matrices():
    w, tau2 = 1 / V, 0.03
    d = np.diag(V + tau2)
    a = np.diag(w) - np.outer(w, w) / w.sum()
    g = w / w.sum()
    variance = g @ d @ g
    c = d @ g / math.sqrt(variance)
    s = d - np.outer(c, c)
    mean0, mean2, var0, var2 = _moments_of_q(w, tau2)
    for r in (0.0, 0.7, 2.5):
        m = r * c
        assert mean0 + mean2 * r**2 == pytest.approx(np.trace(a @ s) + m @ a @ m, rel=1e-11)
        expected = 2 * np.trace(a @ s @ a @ s) + 4 * m @ a @ s @ a @ m
        assert var0 + var2 * r**2 == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("place", [0, 3])
@pytest.mark.parametrize("precise", [1e-6, 1e-8, 1e-12])
def test_moments_of_q_beside_a_precise_study(precise, place):
    v = np.insert([0.7, 1.3, 0.9], place, precise)
    w, k, tau2 = 1 / v, range(4), 0.25
    exact = [Fraction(x) for x in w]
    total, d = sum(exact), [1 / x + Fraction(tau2) for x in exact]
    a = [[exact[i] * (i == j) - exact[i] * exact[j] / total for j in k] for i in k]
    squared = sum(x * x * y for x, y in zip(exact, d, strict=True))  # V times the squared total
    wd = [x * y for x, y in zip(exact, d, strict=True)]  # c times the root of that
    image = [sum(a[i][j] * wd[j] for j in k) for i in k]
    ac = sum(image[i] * wd[i] for i in k) / squared
    ada = sum(image[i] ** 2 * d[i] for i in k) / squared
    trace = sum(a[i][i] * d[i] for i in k)
    trace2 = sum(a[i][j] * d[j] * a[j][i] * d[i] for i in k for j in k)
    expected = trace - ac, ac, 2 * (trace2 - 2 * ada + ac**2), 4 * (ada - ac**2)
    found = _moments_of_q(w, tau2)
    np.testing.assert_allclose(found[:3], [float(x) for x in expected[:3]], rtol=1e-13)
    # the last is the difference of two moments: right beside the variance it is added to
    assert found[3] == pytest.approx(float(expected[3]), abs=1e-13 * float(expected[2]))


def test_the_quantile_beside_a_precise_study_grows_as_its_precision():
    # the error of the mean is all but that of the precise study, whose part in Q vanishes
    quantile = {
        s: henmi_copas([0.1, 1, 3, -2], [s, 0.7, 1.3, 0.9]).quantile * math.sqrt(s)
        for s in (1e-6, 1e-8, 1e-10, 1e-12)
    }
    assert quantile[1e-6] == pytest.approx(quantile[1e-12], rel=1e-5)
    assert quantile[1e-8] == pytest.approx(quantile[1e-12], rel=1e-7)
    assert quantile[1e-10] == pytest.approx(quantile[1e-12], rel=1e-9)


def test_the_quantile_by_simulation():
    # with equal variances Q and the mean are independent and Q is a chi-square: no approximation
    v, k = 0.02, 6
    y = np.array([0.1, 0.5, 0.2, -0.2, 0.4, 0.3])
    result = henmi_copas(y, np.full(k, v), level=0.9)
    rng = np.random.default_rng(1)
    draws = 400_000
    total = v + result.tau2
    error = math.sqrt(total / k) * rng.normal(size=draws)
    q = total / v * rng.chisquare(k - 1, size=draws)
    estimated = np.maximum(0, v * (q - (k - 1)) / (k - 1))
    share = (error / np.sqrt((v + estimated) / k) > result.quantile).mean()
    assert share == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / draws))


@few
@given(data_sets, st.sampled_from([0.5, 0.95]))
def test_interval_moves_with_the_effects(data, level):
    y, v = split(data)
    first = henmi_copas(y, v, level)
    common = pool(y, v, tau2="FE", test="z")
    assert first.estimate == pytest.approx(common.estimate, rel=1e-12, abs=1e-12)
    assert first.se >= common.se * (1 - 1e-12)
    assert first.tau2 == pytest.approx(pool(y, v, tau2="DL").tau2, rel=1e-9, abs=1e-14)
    turned, moved = henmi_copas(y[::-1], v[::-1], level), henmi_copas(y + 1, v, level)
    scaled = henmi_copas(-3 * y, 9 * v, level)
    near = {"rel": 1e-7, "abs": 1e-9}
    assert turned.ci_low == pytest.approx(first.ci_low, **near)
    assert moved.ci_low == pytest.approx(first.ci_low + 1, **near)
    assert scaled.ci_low == pytest.approx(-3 * first.ci_high, **near)
    wider = henmi_copas(y, v, 0.99)
    assert wider.ci_low < first.ci_low < first.ci_high < wider.ci_high


def test_quantile_nears_the_normal_one_with_many_studies():
    rng = np.random.default_rng(2)
    n = rng.integers(20, 60, 3000)
    y = rng.normal(0.2, np.sqrt(1 / (n - 3) + 0.02))
    assert henmi_copas(y, 1 / (n - 3)).quantile == pytest.approx(1.96, abs=0.01)
    assert frozen_plain(henmi_copas(Y, V))["k"] == 6


def test_henmi_copas_refuses():
    with pytest.raises(ValueError, match="at least 2"):
        henmi_copas([0.1], [0.1])
    with pytest.raises(ValueError, match="number 2 is 0"):
        henmi_copas([0.1, 0.2], [0.1, 0.0])
    with pytest.raises(ValueError, match="between 0 and 1"):
        henmi_copas(Y, V, 1.0)


# --- excess significance


def test_exact_distribution_by_enumeration():
    power = np.array([0.05, 0.3, 0.5, 0.81, 0.99, 0.12])
    rise = np.array([0.1, 0.2, 0.3, 0.4, 0.05, 0.0])

    def tail(power, least):
        return sum(
            math.prod(p if hit else 1 - p for p, hit in zip(power, hits, strict=True))
            for hits in product((0, 1), repeat=6)
            if sum(hits) >= least
        )

    for observed in range(7):
        p, slope, _ = _exact_p(observed, power, rise)
        assert p == pytest.approx(tail(power, observed), rel=1e-13)
        step = (tail(power + 1e-6 * rise, observed) - tail(power - 1e-6 * rise, observed)) / 2e-6
        assert slope == pytest.approx(step, rel=1e-6, abs=1e-9)


def test_power_and_excess_by_hand():
    y, v = [0.5, 0.1, 0.45, 0.6], [0.04] * 4
    result = excess_significance(y, v, theta=0.3, test="chi2")
    # the bound is 0.392; 0.3 lies 0.46 standard errors below it, and 3.46 above minus it
    one = float(ndtr(1.5 - 1.959963984540054) + ndtr(-1.5 - 1.959963984540054))
    np.testing.assert_allclose(result.power, one, rtol=1e-12)
    expected = 4 * one
    assert (result.observed, result.expected) == (3, pytest.approx(expected))
    chi2 = (3 - expected) ** 2 * (1 / expected + 1 / (4 - expected))
    assert result.statistic == pytest.approx(chi2, rel=1e-12)
    assert result.p_value == pytest.approx(float(ndtr(-math.sqrt(chi2))), rel=1e-12)
    # with equal power the exact and the binomial test are one
    exact = excess_significance(y, v, theta=0.3, test="exact")
    binomial = excess_significance(y, v, theta=0.3, test="binomial")
    by_hand = 4 * one**3 * (1 - one) + one**4
    assert exact.p_value == pytest.approx(by_hand, rel=1e-12)
    assert binomial.p_value == pytest.approx(by_hand, rel=1e-12)
    assert binomial.theta_limit == pytest.approx(exact.theta_limit, rel=1e-10)
    one_sided = excess_significance(y, v, theta=0.3, alternative="greater")
    np.testing.assert_allclose(one_sided.power, float(ndtr(1.5 + ndtri(0.05))), rtol=1e-12)
    none = excess_significance(y, v, theta=0.3, alternative="less")
    assert (none.observed, none.p_value) == (0, 1.0) and math.isnan(none.theta_limit)


def test_chi_square_where_every_study_is_sure_to_be_significant():
    sure = excess_significance([5.0, 6.0, 7.0], [0.01] * 3, test="chi2")
    assert (sure.observed, sure.expected, sure.p_value, sure.statistic) == (3, 3.0, 0.5, 0.0)
    missed = excess_significance([5.0, 6.0, 0.0], [0.01] * 3, theta=6.0, test="chi2")
    assert missed.p_value == 1 and missed.to_dict()["statistic"] is None
    options = {"theta": -9.0, "alternative": "greater", "test": "chi2"}
    assert excess_significance([5.0, -1.0], [0.01] * 2, **options).p_value == 0


def test_heterogeneity_enters_the_power():
    fit = pool(Y, V, tau2="REML", test="z")
    result = excess_significance(Y, V, theta="REML")
    assert (result.theta, result.tau2) == (fit.estimate, fit.tau2) and fit.tau2 > 0
    rng = np.random.default_rng(6)
    draws = rng.normal(fit.estimate, np.sqrt(V + fit.tau2), size=(200_000, 6))
    share = (np.abs(draws) / np.sqrt(V) > 1.959963984540054).mean(axis=0)
    np.testing.assert_allclose(result.power, share, atol=0.005)
    plain = frozen_plain(result)
    assert plain["test"] == "exact" and plain["statistic"] is None and len(plain["power"]) == 6
    (line,) = result.to_frame().to_dict("records")
    assert (line["observed"], line["p_value"]) == (result.observed, result.p_value)
    assert result.entries()["power"].tolist() == result.power.tolist()


@pytest.mark.parametrize("test", ["exact", "chi2", "binomial"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_limit_effect_is_where_the_p_value_is_the_limit(test, alternative):
    found = 0
    for name in SETS:
        y, v = fixtures.effects(name)
        options = {"test": test, "alternative": alternative}
        limit = excess_significance(y, v, **options).theta_limit
        if math.isnan(limit):
            low = 0.0 if alternative == "two-sided" else {"greater": -9.0, "less": 9.0}[alternative]
            none = excess_significance(y, v, theta=low, **options)
            assert none.observed == 0 or none.p_value >= 0.1
            continue
        found += 1
        at_limit = excess_significance(y, v, theta=limit, **options)
        assert at_limit.p_value == pytest.approx(0.1, rel=1e-9)
        nearer = limit * 0.99 if alternative == "two-sided" else limit - 0.01 * (
            1 if alternative == "greater" else -1
        )  # fmt: skip
        assert excess_significance(y, v, theta=nearer, **options).p_value < 0.1
    assert found >= {"two-sided": 9, "greater": 8, "less": 4}[alternative]


def test_no_limit_effect_where_no_effect_reaches_the_level():
    # all are significant: with ever more power the p value of chi-square rises to a half only
    y, v = [1.0, 1.2, 0.9], [0.01, 0.02, 0.01]
    assert math.isnan(excess_significance(y, v, test="chi2", limit_alpha=0.6).theta_limit)
    limit = excess_significance(y, v, test="chi2", limit_alpha=0.4).theta_limit
    at_limit = excess_significance(y, v, theta=limit, test="chi2")
    assert at_limit.p_value == pytest.approx(0.4, rel=1e-9)


@few
@given(data_sets, st.sampled_from(["FE", "DL"]), st.sampled_from(["exact", "chi2", "binomial"]))
def test_excess_order_sign_and_scale(data, theta, test):
    y, v = split(data)
    first = excess_significance(y, v, theta=theta, test=test)
    assert first.observed == int((np.abs(y) / np.sqrt(v) >= 1.959963984540054).sum())
    for other in (
        excess_significance(y[::-1], v[::-1], theta=theta, test=test),
        excess_significance(-y, v, theta=theta, test=test),
        excess_significance(3 * y, 9 * v, theta=theta, test=test),
    ):
        assert other.observed == first.observed
        assert other.expected == pytest.approx(first.expected, rel=1e-7)
        assert other.p_value == pytest.approx(first.p_value, rel=1e-5, abs=1e-12)
    assert 0 <= first.p_value <= 1


@pytest.mark.parametrize("name", SETS)
def test_the_known_shortcuts_of_the_reference(name):
    """metafor's power leaves out 6e-7 of the true effects; its limit effect is good to 1e-4."""
    y, v = fixtures.effects(name)
    theirs = fixtures.load("bias_models")[name]["excess_significance"]
    ours = excess_significance(y, v, theta="REML", test=theirs["REML"]["test"])
    assert ours.tau2 > 0
    node, weight = np.polynomial.legendre.leggauss(200)
    z, weight = 5 * node, 5 * weight * np.exp(-12.5 * node**2) / math.sqrt(2 * math.pi)
    deviate = (ours.theta + z * math.sqrt(ours.tau2))[:, None] / np.sqrt(v)
    cut = weight @ (ndtr(deviate - 1.959963984540054) + ndtr(-deviate - 1.959963984540054))
    np.testing.assert_allclose(cut, theirs["REML"]["power"], rtol=5e-9)
    np.testing.assert_allclose(ours.power, theirs["REML"]["power"], rtol=0, atol=6e-7)
    assert ours.p_value == pytest.approx(theirs["REML"]["p_value"], abs=1e-5)
    limit = theirs["default"]["theta_limit"]
    ours = excess_significance(y, v, test=theirs["default"]["test"])
    assert abs(ours.theta_limit - limit) < 1e-4
    at_theirs = excess_significance(y, v, theta=limit, test=theirs["default"]["test"])
    assert 1e-6 < abs(at_theirs.p_value - 0.1) < 2e-4


def test_more_than_a_thousand_studies_are_tested_by_chi_square():
    y, v = np.tile([0.1, 0.3], 501), np.full(1002, 0.02)
    result = excess_significance(y, v)
    assert result.test == "chi2" and result.k == 1002
    exact = excess_significance(y[:1000], v[:1000])
    assert exact.test == "exact"
    same = excess_significance(y[:1000], v[:1000], test="chi2")
    assert exact.p_value == pytest.approx(same.p_value, rel=0.05, abs=1e-3)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"test": "fisher"}, "test must be one of auto, exact"),
        ({"alternative": "two.sided"}, "alternative must be one of"),
        ({"theta": "RE"}, "theta must be one of FE, DL"),
        ({"theta": float("nan")}, "theta must be finite"),
        ({"theta": [0.1, 0.2]}, "theta must be a number or a tau2 method"),
        ({"alpha": 0}, "between 0 and 1"),
        ({"limit_alpha": 10}, "between 0 and 1"),
    ],
)
def test_excess_significance_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        excess_significance(Y, V, **options)
