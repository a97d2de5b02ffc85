"""Power: against simulated reviews, closed forms and inverse identities; what is refused."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alliance_review.interpretation import planning
from alliance_review.synthesis.power.heterogeneity import (
    power_of_q,
    power_of_q_fixed,
    required_studies_q,
    smallest_tau2,
)
from alliance_review.synthesis.power.mean import (
    power_of_mean,
    required_n_per_study,
    required_studies,
    required_variance,
    smallest_effect,
)
from alliance_review.synthesis.power.moderators import (
    power_of_slope,
    power_of_subgroups,
    smallest_slope,
)
from alliance_review.synthesis.power.q_distribution import q_tail

few = settings(max_examples=40, deadline=None, derandomize=True)
V = 1 / np.array([17.0, 30, 57, 80, 110, 41])
sizes = st.lists(st.integers(5, 3000), min_size=2, max_size=12)
powers = st.floats(0.2, 0.995)
alphas = st.sampled_from([0.01, 0.05, 0.1])


def reviews(mean, v, tau2, draws, seed):
    rng = np.random.default_rng(seed)
    return mean + rng.normal(size=(draws, len(v))) * np.sqrt(v + tau2)


def near(share, draws):
    """Four standard errors of a simulated share."""
    return pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / draws) + 1e-4)


@pytest.mark.parametrize(("mean", "tau2"), [(0.0, 0.0), (0.1, 0.0), (0.15, 0.03), (-0.2, 0.02)])
@pytest.mark.parametrize("sides", [1, 2])
def test_power_of_the_mean_is_the_share_of_significant_reviews(mean, tau2, sides):
    y = reviews(mean, V, tau2, 40_000, seed=1)
    w = 1 / (V + tau2)
    z = (y @ w) / math.sqrt(w.sum())
    found = (np.abs(z) if sides == 2 else z) > stats.norm.isf(0.05 / sides)
    assert found.mean() == near(power_of_mean(mean, V, tau2=tau2, sides=sides), 40_000)


@pytest.mark.parametrize("sides", [1, 2])
def test_power_of_the_hartung_knapp_test_of_equal_studies_is_exact(sides):
    v, tau2, k = np.full(6, 0.02), 0.03, 6
    y = reviews(0.2, v, tau2, 40_000, seed=2)
    t = y.mean(1) / (y.std(1, ddof=1) / math.sqrt(k))
    found = (np.abs(t) if sides == 2 else t) > stats.t.isf(0.05 / sides, k - 1)
    ours = power_of_mean(0.2, v, tau2=tau2, sides=sides, test="hksj")
    assert found.mean() == near(ours, 40_000)
    assert ours < power_of_mean(0.2, v, tau2=tau2, sides=sides)


def test_power_of_the_mean_worked_by_hand():
    # ten studies of 43 people, r = .1 on the z scale: se = sqrt(1/400) = .05, shift 2.0067
    shift = math.atanh(0.1) * 20
    by_hand = stats.norm.sf(1.959964 - shift) + stats.norm.cdf(-1.959964 - shift)
    assert power_of_mean(math.atanh(0.1), np.full(10, 1 / 40)) == pytest.approx(by_hand, rel=1e-6)
    assert by_hand == pytest.approx(0.5186, abs=1e-4)
    # no effect: the level itself, whichever the test
    for test in ("z", "hksj"):
        for sides in (1, 2):
            found = power_of_mean(0.0, V, alpha=0.03, test=test, sides=sides)
            assert found == pytest.approx(0.03, abs=1e-9)


def test_one_study_is_the_plan_of_one_study():
    for r, n in ((0.3, 85), (-0.1, 400), (0.05, 20)):
        ours = power_of_mean(math.atanh(r), [1 / (n - 3)])
        assert ours == pytest.approx(planning.power_of(r, n), rel=1e-12)
    for power in (0.5, 0.8, 0.95):
        alone = required_n_per_study(math.atanh(0.2), 1, power=power)
        assert alone == planning.required_n(0.2, power=power)


@few
@given(sizes, st.floats(0, 0.2), powers, alphas, st.sampled_from([1, 2]),
       st.sampled_from(["z", "hksj"]))  # fmt: skip
def test_the_smallest_effect_has_exactly_the_power(n, tau2, power, alpha, sides, test):
    v = 1 / np.array(n, dtype=float)
    how = {"tau2": tau2, "alpha": alpha, "sides": sides, "test": test}
    effect = smallest_effect(v, power=power, **how)
    assert power_of_mean(effect, v, **how) == pytest.approx(power, abs=1e-9)
    curve = power_of_mean(np.array([0.5, 0.9, 1, 1.1, 1.5]) * effect, v, **how)
    assert (np.diff(curve) > 0).all()
    if sides == 2:
        assert power_of_mean(-effect, v, **how) == pytest.approx(power, abs=1e-9)


@few
@given(st.floats(0.05, 0.6), st.floats(0.002, 0.2), st.floats(0, 0.1), powers,
       st.sampled_from(["z", "hksj"]))  # fmt: skip
def test_required_studies_are_enough_and_one_fewer_is_not(effect, v, tau2, power, test):
    k = required_studies(effect, v, tau2=tau2, power=power, test=test)
    least = 2 if test == "hksj" else 1
    assert power_of_mean(effect, np.full(k, v), tau2=tau2, test=test) >= power - 1e-9
    if k > least:
        fewer = power_of_mean(effect, np.full(k - 1, v), tau2=tau2, test=test)
        assert fewer < power


@few
@given(st.floats(0.1, 0.8), st.integers(2, 60), st.floats(0, 0.01), powers)
def test_required_variance_and_sample_size(effect, k, tau2, power):
    try:
        v = required_variance(effect, k, tau2=tau2, power=power)
    except ValueError as refusal:
        least = int(str(refusal).split("at least ")[1].split()[0])
        assert least > k
        assert required_variance(effect, least, tau2=tau2, power=power) > 0
        assert power_of_mean(effect, np.full(k, 1e-15), tau2=tau2) <= power + 1e-9
        return
    assert power_of_mean(effect, np.full(k, v), tau2=tau2) == pytest.approx(power, abs=1e-9)
    n = required_n_per_study(effect, k, tau2=tau2, power=power)
    assert power_of_mean(effect, np.full(k, 1 / (n - 3)), tau2=tau2) >= power - 1e-9
    if n > 4:
        assert power_of_mean(effect, np.full(k, 1 / (n - 4)), tau2=tau2) < power


@pytest.mark.parametrize("tau2", [0.0, 0.01, 0.05, 0.4])
def test_power_of_q_is_the_share_of_significant_reviews(tau2):
    y = reviews(0.2, V, tau2, 60_000, seed=4)
    w = 1 / V
    q = ((y - (y @ w / w.sum())[:, None]) ** 2) @ w
    found = (q > stats.chi2.isf(0.05, V.size - 1)).mean()
    assert found == near(power_of_q(V, tau2), 60_000)
    fixed = np.array([0.1, 0.3, 0.2, -0.1, 0.2, 0.4])
    y = fixed + reviews(0, V, 0, 60_000, seed=5)
    q = ((y - (y @ w / w.sum())[:, None]) ** 2) @ w
    found = (q > stats.chi2.isf(0.05, V.size - 1)).mean()
    assert found == near(power_of_q_fixed(fixed, V), 60_000)


@pytest.mark.parametrize("df", [1, 2, 7, 40, 900])
@pytest.mark.parametrize("tau2", [0.0, 0.03, 5.0])
def test_q_of_equal_studies_is_a_chi_square(df, tau2):
    v = np.full(df + 1, 0.02)
    for tail in (0.999, 0.5, 0.3, 0.05, 1e-8, 1e-25):
        value = stats.chi2.isf(tail, df) * (1 + tau2 / 0.02)
        exact = stats.chi2.sf(value / (1 + tau2 / 0.02), df)
        assert q_tail(value, v, tau2) == pytest.approx(exact, rel=1e-11, abs=1e-14)


@few
@given(st.lists(st.floats(-4, 1), min_size=2, max_size=9), st.floats(-4, 1), st.floats(0.1, 6))
def test_q_against_a_sum_of_chi_squares_by_imhof(logs, log_tau2, times):
    """By the weights of the sum (eigenvalues) and Imhof's oscillating integral, on a fine grid."""
    v, tau2 = 10.0 ** np.array([*logs, -0.5, 0.3, -1, 0]), 10.0**log_tau2  # k >= 6: it converges
    share = (1 / v) / (1 / v).sum()
    d = 1 + tau2 / v
    weights = np.linalg.eigvalsh(np.diag(d) - np.sqrt(np.outer(share * d, share * d)))[1:]
    value = times * weights.sum()
    scaled, x = weights / weights.max(), value / weights.max()
    # nodes of tanh-sinh would be finer; sixty thousand points of a log grid are enough for 1e-5
    u = np.concatenate([np.linspace(1e-9, 40, 60_001), np.geomspace(40, 4e4, 400_000)[1:]])
    angle = 0.5 * np.arctan(np.outer(scaled, u)).sum(0) - 0.5 * x * u
    size = np.exp(0.25 * np.log1p(np.outer(scaled, u) ** 2).sum(0))
    exact = 0.5 + np.trapezoid(np.sin(angle) / (u * size), u) / np.pi
    assert q_tail(value, v, tau2) == pytest.approx(exact, abs=2e-4)


@few
@given(sizes, powers, alphas)
def test_the_smallest_tau2_has_exactly_the_power(n, power, alpha):
    v = 1 / np.array(n, dtype=float)
    tau2 = smallest_tau2(v, power=power, alpha=alpha)
    assert power_of_q(v, tau2, alpha=alpha) == pytest.approx(power, abs=1e-9)
    curve = power_of_q(v, np.array([0, 0.5, 1, 2]) * tau2, alpha=alpha)
    assert curve[0] == pytest.approx(alpha, abs=1e-10)
    assert (np.diff(curve) > 0).all()
    # units of the effects do not matter
    assert power_of_q(v * 9e6, tau2 * 9e6, alpha=alpha) == pytest.approx(power, abs=1e-9)


@few
@given(st.floats(0.005, 0.5), st.floats(0.005, 0.2), powers)
def test_required_studies_of_q(tau2, v, power):
    k = required_studies_q(tau2, v, power=power)
    assert power_of_q(np.full(k, v), tau2) >= power - 1e-9
    if k > 2:
        assert power_of_q(np.full(k - 1, v), tau2) < power


def test_fixed_differences_of_two_studies_are_a_normal_test():
    v = [0.02, 0.03]
    shift = 0.4 / math.sqrt(0.05)
    by_hand = stats.norm.sf(1.959964 - shift) + stats.norm.cdf(-1.959964 - shift)
    assert power_of_q_fixed([0.1, 0.5], v) == pytest.approx(by_hand, rel=1e-6)
    assert power_of_q_fixed([0.3, 0.3], v, alpha=0.1) == pytest.approx(0.1)


@pytest.mark.parametrize("tau2", [0.0, 0.02])
def test_power_of_subgroups_and_slopes_by_simulation(tau2):
    group = np.array(list("aabbbc"))
    truth = {"a": 0.1, "b": 0.4, "c": 0.25}
    w = 1 / (V + tau2)
    y = np.array([truth[g] for g in group]) + reviews(0, V, tau2, 40_000, seed=7)
    member = (group == np.array([["a"], ["b"], ["c"]])).astype(float)
    total = member @ w
    means = (y * w) @ member.T / total
    between = (total * (means - (y @ w / w.sum())[:, None]) ** 2).sum(1)
    found = (between > stats.chi2.isf(0.05, 2)).mean()
    assert found == near(power_of_subgroups(truth, V, group, tau2=tau2), 40_000)
    x = np.array([0.1, 0.4, 1.0, 0.2, 0.9, 0.5])
    design = np.column_stack([np.ones(6), x])
    covariance = np.linalg.inv(design.T @ (design * w[:, None]))
    y = 0.2 + 0.3 * x + reviews(0, V, tau2, 40_000, seed=8)
    slope = (y * w) @ design @ covariance[:, 1]
    found = (np.abs(slope) / math.sqrt(covariance[1, 1]) > 1.959964).mean()
    assert found == near(power_of_slope(0.3, x, V, tau2=tau2), 40_000)


def test_two_subgroups_are_a_slope_between_0_and_1():
    group = ["old", "new", "old", "new", "new", "old"]
    x = [float(g == "new") for g in group]
    for tau2 in (0.0, 0.05):
        by_group = power_of_subgroups({"old": 0.1, "new": 0.35}, V, group, tau2=tau2)
        assert by_group == pytest.approx(power_of_slope(0.25, x, V, tau2=tau2), rel=1e-10)
    # true effects of the studies: only their weighted means count
    effects = np.array([0.1, 0.35, 0.1, 0.35, 0.35, 0.1])
    by_study = power_of_subgroups(effects, V, group, tau2=0.05)
    assert by_study == pytest.approx(by_group, rel=1e-12)
    assert power_of_subgroups(np.full(6, 0.2), V, group) == pytest.approx(0.05)


def test_a_series_of_effects_is_one_per_study():
    # its index, here the very labels of the subgroups, is not looked at
    effects, group = [0.1, 0.35, 0.2, 0.4, 0.3, 0.0], [0, 1, 0, 1, 1, 0]
    expected = power_of_subgroups(effects, V, group)
    assert power_of_subgroups(pd.Series(effects), V, group) == expected
    assert power_of_subgroups(pd.Series(effects, index=group), V, group) == expected
    with pytest.raises(ValueError, match="differ in length: 2 and 6"):
        power_of_subgroups(pd.Series({0: 0.1, 1: 0.4}), V, group)


@few
@given(powers, alphas, st.floats(0, 0.1), st.sampled_from([1, 2]))
def test_the_smallest_slope_has_exactly_the_power(power, alpha, tau2, sides):
    x = [1.0, 2, 3, 5, 8, 13]
    how = {"tau2": tau2, "alpha": alpha, "sides": sides}
    slope = smallest_slope(x, V, power=power, **how)
    assert power_of_slope(slope, x, V, **how) == pytest.approx(power, abs=1e-10)
    # doubling the unit of the moderator doubles the slope; moving its origin does nothing
    other = smallest_slope(np.array(x) / 2 + 100, V, power=power, **how)
    assert other == pytest.approx(2 * slope, rel=1e-9)


def test_shapes_and_plain_numbers():
    assert type(power_of_mean(0.1, V)) is float
    assert power_of_mean([[0.1, 0.2]], V, test="hksj").shape == (1, 2)
    assert type(power_of_q(V, 0.1)) is float
    assert power_of_q(V, [0.0, 0.1, 0.2]).shape == (3,)
    assert type(smallest_tau2(V)) is float
    assert type(required_studies(0.2, 0.02)) is int
    assert type(required_studies_q(0.02, 0.02)) is int
    assert power_of_slope([0.1, 0.2], [1, 2, 3, 4, 5, 6], V).shape == (2,)


REFUSED = [
    (power_of_mean, (0.1, []), {}, "at least 1 effects are needed"),
    (power_of_mean, (0.1, [0.1]), {"test": "hksj"}, "at least 2 effects are needed, 1 given"),
    (power_of_mean, (0.1, [0.1, 0]), {}, "variances must be positive; number 2 is 0"),
    (power_of_mean, (math.nan, V), {}, "the effect must be finite"),
    (power_of_mean, (0.1, V), {"tau2": -0.1}, "tau2 must be 0 or more, not -0.1"),
    (power_of_mean, (0.1, V), {"alpha": 1}, "alpha must lie between 0 and 1, not 1"),
    (power_of_mean, (0.1, V), {"sides": 3}, "sides must be 1 or 2, not 3"),
    (power_of_mean, (0.1, V), {"test": "t"}, "test must be one of z, hksj, not 't'"),
    (smallest_effect, (V,), {"power": 0.05}, "power must be above alpha = 0.05, not 0.05"),
    (smallest_effect, (V,), {"power": 1}, "power must lie between 0 and 1, not 1"),
    (required_studies, (0, 0.1), {}, "the effect must not be 0, not 0"),
    (required_studies, (-0.1, 0.1), {"sides": 1}, "the effect must be above 0, not -0.1"),
    (required_studies, (0.1, -1), {}, "variances must be positive"),
    (required_studies, (0.1, 0.1), {"test": "hksj", "power": 0.01}, "power must be above alpha"),
    (required_studies, (1e-9, 0.1), {"test": "hksj"}, "more than 1000000000 studies"),
    (required_variance, (0.1, 0), {}, "k must be a whole number of at least 1, not 0"),
    (required_variance, (0.1, 2), {"tau2": 0.1}, "2 studies do not reach a power of 0.8 however"),
    (power_of_mean, (0.2, V), {"alpha": "x"}, "alpha must be a number, not 'x'"),
    (power_of_mean, (0.2, V), {"alpha": [0.05]}, "alpha must be one number, not [0.05]"),
    (power_of_mean, (0.2, V), {"tau2": [0.1, 0.2]}, "tau2 must be one number, not [0.1, 0.2]"),
    (power_of_mean, (0.2, V), {"tau2": {}}, "tau2 must be a number, not {}"),
    (power_of_mean, (0.2, V), {"sides": [1, 2]}, "sides must be 1 or 2, not [1, 2]"),
    (power_of_mean, (0.2, V), {"test": ["z"]}, "test must be one of z, hksj, not ['z']"),
    (power_of_mean, ("a", V), {}, "the effect must be a number, not 'a'"),
    (power_of_mean, (0.2, ["a"]), {}, "variances must be numbers"),
    (power_of_mean, (0.2, ["0.1", "0.2"]), {}, "variances must be numbers"),
    (power_of_mean, (0.2, [0.1 + 0.5j, 0.2]), {}, "variances must be numbers"),
    (power_of_mean, ("0.2", V), {}, "the effect must be a number, not '0.2'"),
    (power_of_mean, (np.array([0.1, "0.2"], dtype=object), V), {}, "the effect must be a number"),
    (power_of_mean, (0.2 + 0.1j, V), {}, "the effect must be a number, not (0.2+0.1j)"),
    (power_of_mean, (0.2, V), {"tau2": "0.1"}, "tau2 must be a number, not '0.1'"),
    (power_of_mean, (0.2, V), {"tau2": np.datetime64("2020-01-01")}, "tau2 must be a number"),
    (required_studies, (0.1, "0.1"), {}, "variances must be numbers"),
    (power_of_mean, (0.2, [[1], [1, 2]]), {}, "variances must be numbers"),
    (power_of_mean, (0.2, 0.1), {}, "variances must be one-dimensional"),
    (smallest_effect, (V,), {"power": None}, "power must be finite, not None"),
    (required_studies, ([0.1, 0.2], 0.1), {}, "the effect must be one number, not [0.1, 0.2]"),
    (required_studies, (0.1, [0.1, 0.2]), {}, "variances must be one-dimensional"),
    (required_studies, (0.1, 0.1), {"test": "t"}, "test must be one of z, hksj, not 't'"),
    (required_variance, (0.2, None), {}, "k must be a whole number of at least 1, not None"),
    (required_variance, (0.2, math.nan), {}, "k must be a whole number of at least 1, not nan"),
    (required_variance, (0.2, "a"), {}, "k must be a whole number of at least 1, not 'a'"),
    (required_variance, (0.2, True), {}, "k must be a whole number of at least 1, not True"),
    (required_n_per_study, (0.2, 2.5), {}, "k must be a whole number of at least 1, not 2.5"),
    (q_tail, ([10, 11], V), {}, "the value must be one number, not [10, 11]"),
    (smallest_tau2, (V,), {"power": "x"}, "power must be a number, not 'x'"),
    (required_studies_q, ([0.1], 0.1), {}, "tau2 must be one number, not [0.1]"),
    (power_of_subgroups, ([0.1] * 6, V, 6), {}, "group must be a sequence of one label"),
    (power_of_subgroups, ([0.1] * 6, V, [[1]] * 6), {}, "group must be single values"),
    (power_of_subgroups, ({"a": "x", "b": 1}, V, list("aaaaab")), {}, "effects must be numbers"),
    (power_of_slope, ("x", range(6), V), {}, "the slope must be a number, not 'x'"),
    (smallest_slope, (range(6), V), {"tau2": "x"}, "tau2 must be a number, not 'x'"),
    (power_of_q, ([0.1], 0.1), {}, "at least 2 effects are needed"),
    (power_of_q, (V, -0.1), {}, "tau2 must be 0 or more"),
    (power_of_q, (V, math.inf), {}, "tau2 must be finite"),
    (q_tail, (0, V), {}, "the value must be above 0"),
    (power_of_q_fixed, ([0.1, 0.2], [0.1]), {}, "differ in length: 2 and 1"),
    (smallest_tau2, (V,), {"power": 0.04}, "power must be above alpha"),
    (required_studies_q, (0, 0.1), {}, "tau2 must be above 0"),
    (power_of_subgroups, ({"a": 1}, V, list("aaaaaa")), {}, "at least two subgroups are needed"),
    (power_of_subgroups, ({"a": 1}, V, list("aaaaab")), {}, "no effect is given for subgroup 'b'"),
    (power_of_subgroups, ({"a": 1}, V, list("ab")), {}, "differ in length: 2 and 6"),
    (power_of_slope, (0.1, [2.0] * 6, V), {}, "the moderator has the same value in all studies"),
    (power_of_slope, (0.1, [1, 2], [1, 1]), {}, "at least 3 effects are needed"),
    (smallest_slope, ([1, 2, 3], [1, 1, 1]), {"power": 0.01}, "power must be above alpha"),
]


@pytest.mark.parametrize(("function", "arguments", "options", "words"), REFUSED)
def test_what_cannot_be_done_is_refused_in_words(function, arguments, options, words):
    with pytest.raises(ValueError) as caught:
        function(*arguments, **options)
    assert words in str(caught.value)
