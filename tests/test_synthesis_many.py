"""Thousands of fits in one call: each equals the fit made alone, and the modes are all found."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import leave_one_out, modes, pool, subsets
from alliance_review.synthesis.blocks import BLOCK, blocks
from alliance_review.synthesis.pooled_sets import pool_many
from alliance_review.synthesis.roots import bracketed_newton, bracketed_newton_single
from alliance_review.synthesis.simulation import bootstrap, coverage, simulate
from alliance_review.synthesis.sums import dot, fit_mean, total
from alliance_review.synthesis.tau_likelihood import log_likelihood, score

METHODS = ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
QUANTITIES = ("estimate", "se", "tau2", "i2", "h2", "q", "q_p", "p_value", "ci_low", "ci_high",
              "prediction_low", "prediction_high", "df", "k")  # fmt: skip


def data_sets(seed, k, count, *, own_variances=True):
    rng = np.random.default_rng(seed)
    v = 1 / (rng.integers(8, 400, (k, count if own_variances else 1)) - 3)
    return rng.normal(0.2, 0.15, (k, count)) + rng.standard_normal((k, count)) * np.sqrt(v), v


@pytest.mark.parametrize("own_variances", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_every_column_equals_the_fit_alone(method, own_variances):
    y, v = data_sets(5, 6, 40, own_variances=own_variances)
    for test in ("z", "hksj", "hksj_adhoc"):
        many = pool_many(y, v if own_variances else v[:, 0], tau2=method, test=test)
        for i in range(0, 40, 3):
            alone = pool(y[:, i], v[:, i if own_variances else 0], tau2=method, test=test)
            for name in QUANTITIES:
                np.testing.assert_allclose(
                    getattr(many, name)[i], getattr(alone, name), rtol=1e-9, atol=1e-13,
                    err_msg=name,
                )  # fmt: skip
            np.testing.assert_allclose(many.weights[:, i], alone.weights, rtol=1e-9)
            assert many[i].estimate == pytest.approx(alone.estimate, rel=1e-9)


def test_more_sets_than_a_block_holds_and_the_order_of_the_columns():
    y, v = data_sets(6, 4, BLOCK + 37)
    order = np.random.default_rng(1).permutation(BLOCK + 37)
    many, turned = pool_many(y, v), pool_many(y[:, order], v[:, order])
    assert len(many) == BLOCK + 37
    np.testing.assert_allclose(turned.tau2, many.tau2[order], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(turned.ci_high, many.ci_high[order], rtol=1e-9)


def test_every_subset_equals_the_subset_alone():
    y, v = data_sets(7, 11, 1)
    every = subsets(y[:, 0], v[:, 0])
    assert every.members.shape == (2047, 11)
    for i in np.random.default_rng(2).choice(2047, 60, replace=False):
        inside = every.members[i]
        if inside.sum() > 1:
            alone = pool(y[inside, 0], v[inside, 0])
            assert every.tau2[i] == pytest.approx(alone.tau2, rel=1e-9, abs=1e-14)
            assert every.se[i] == pytest.approx(alone.se, rel=1e-9)


def hard_sets(seed, k, count):
    """Heavy tails and variances over six orders of magnitude: many likelihoods have two modes."""
    rng = np.random.default_rng(seed)
    v = 10 ** rng.uniform(-5, 1, (k, count))
    return rng.standard_t(2, (k, count)) * 10 ** rng.uniform(-3, 1, count), v


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("k", [2, 3, 5, 8, 14])
def test_no_point_of_a_dense_grid_is_more_likely(k, restricted):
    y, v = hard_sets(k, k, 1500)
    found = pool_many(y, v, tau2="REML" if restricted else "ML").tau2
    y = y - y[:1]
    best = log_likelihood(y, v, None, found, restricted=restricted)
    points = np.concatenate([[0.0], np.geomspace(1e-7, 1e4, 500)])
    dense = [log_likelihood(y, v, None, t, restricted=restricted) for t in points]
    assert (np.max(dense, axis=0) <= best + 1e-8 * np.maximum(1, np.abs(best))).all()


def test_the_hard_sets_do_have_two_modes_and_one_fit_finds_the_same():
    y, v = hard_sets(5, 5, 6000)
    y = y - y[:1]
    scores = modes.scores_on_grid(y, v, None, modes.grid(y, v, None), restricted=True)
    count = ((scores[:-1] > 0) & (scores[1:] <= 0)).sum(axis=0) + (scores[0] <= 0)
    two = np.flatnonzero(count > 1)
    assert two.size > 10 and (scores[-1] <= 0).all()
    many = pool_many(y, v)
    for i in two[:25]:
        assert pool(y[:, i], v[:, i]).tau2 == pytest.approx(many.tau2[i], rel=1e-9, abs=1e-15)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(2, 9), st.booleans())
def test_the_likelihood_falls_beyond_the_upper_limit(seed, k, restricted):
    y, v = hard_sets(seed, k, 8)
    limit = modes.upper_limit(y, v, None)
    for factor in (1.0, 1.7, 30.0, 1e4):
        slope, _ = score(y, v, None, factor * limit * (1 + 1e-12), restricted=restricted)
        assert (slope < 0).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.floats(1e-6, 2), st.booleans())
def test_slopes_are_the_derivatives_of_the_likelihood(seed, tau2, restricted):
    (y, v), step = data_sets(seed, 6, 1), 1e-5 * (tau2 + 0.01)
    one = y[:, 0], v[:, 0], None
    value, slope = score(*one, tau2, restricted=restricted)
    up, down = (log_likelihood(*one, tau2 + s, restricted=restricted) for s in (step, -step))
    rise = (up - down) / step
    assert value == pytest.approx(rise, rel=1e-4, abs=1e-4 * (1 + abs(value)))
    high, low = (score(*one, tau2 + s, restricted=restricted)[0] for s in (step, -step))
    assert slope == pytest.approx((high - low) / (2 * step), rel=1e-4, abs=1e-3)


def test_sums_have_one_meaning_in_every_shape():
    y, v = data_sets(9, 70, 3)
    member = (np.arange(70)[:, None] % 3 != np.arange(3)).astype(float)
    many = fit_mean(y, v, member, np.array([0.0, 0.01, 0.3]))
    for j, t in enumerate((0.0, 0.01, 0.3)):
        inside = member[:, j] > 0
        alone = fit_mean(y[inside, j], v[inside, j], None, t)
        assert many.mean[j] == pytest.approx(alone.mean) and many.q[j] == pytest.approx(alone.q)
        assert many.total[j] == pytest.approx(alone.total)
    assert total(y[:, 0]) == pytest.approx(y[:, 0].sum())  # more numbers than the short cut takes
    assert total(y[:9, 0]) == pytest.approx(y[:9, 0].sum())
    np.testing.assert_allclose(dot(y, v[:, :1]), (y * v[:, :1]).sum(axis=0))


def test_both_root_finders_agree_and_stay_inside():
    def function(x):
        return 2 - x**3, -3 * x**2

    one = bracketed_newton_single(function, 0.0, 5.0, 4.9)
    columns = bracketed_newton(
        lambda x: (np.array([2.0, 7.0]) - x**3, -3 * x**2), [0, 0], [5, 5], [4.9, 0.0]
    )
    assert one == pytest.approx(2 ** (1 / 3), rel=1e-14)
    np.testing.assert_allclose(columns, [2 ** (1 / 3), 7 ** (1 / 3)], rtol=1e-14)
    # a slope of the wrong sign sends Newton out of the bracket: bisection takes over
    steep = bracketed_newton_single(lambda x: (1 - np.exp(5 * (x - 3)), 1.0), 0.0, 10.0, 9.0)
    assert steep == pytest.approx(3, rel=1e-8)


def test_a_step_of_rounding_past_the_end_of_the_bracket_is_an_answer():
    calls = []

    def function(x):
        calls.append(1)
        return np.where(x < 1, 1e-17, -1e-17), -np.ones_like(x)

    found = bracketed_newton(function, [0.5], [1.0], [1.0])
    assert found[0] == pytest.approx(1) and len(calls) < 4


def test_columns_that_are_done_are_left_alone():
    seen = []

    def narrow(left):
        seen.append(left.size)
        goal = np.linspace(1, 50, 50)[left]
        return lambda x: (goal - x**2, -2 * x)

    starts = np.sqrt(np.linspace(1, 50, 50))
    starts[40:] = 1e-3
    found = bracketed_newton(narrow(np.arange(50)), np.zeros(50), np.full(50, 60.0), starts,
                             narrow=narrow)  # fmt: skip
    np.testing.assert_allclose(found, np.sqrt(np.linspace(1, 50, 50)), rtol=1e-12)
    assert seen[0] == 50 and seen[-1] <= 10


def test_blocks_cover_everything_and_tell_how_far_they_are(capsys, monkeypatch):
    said = []
    slices = list(blocks(10, "x", lambda *now: said.append(now), size=4))
    assert [(s.start, s.stop) for s in slices] == [(0, 4), (4, 8), (8, 10)]
    assert said == [(4, 10), (8, 10), (10, 10)]
    list(blocks(10, "short", size=4))
    assert capsys.readouterr().err == ""
    clock = iter(range(0, 100, 3))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    list(blocks(10, "long", size=4))
    assert capsys.readouterr().err.splitlines() == ["long: 4 of 10", "long: 8 of 10",
                                                    "long: 10 of 10"]  # fmt: skip


BAD = {
    "one row": ((np.zeros((1, 3)), np.ones(1)), "at least 2 effects"),
    "no column": ((np.zeros((3, 0)), np.ones(3)), "at least 2 effects"),
    "vector": ((np.zeros(3), np.ones(3)), r"of shape \(k, B\)"),
    "rows differ": ((np.zeros((3, 2)), np.ones(4)), "do not fit"),
    "columns differ": ((np.zeros((3, 2)), np.ones((3, 5))), "do not fit"),
    "nan": (([[0, 0], [0, np.nan]], np.ones(2)), "number 2 of data set 2 is nan"),
    "zero variance": ((np.zeros((2, 3)), [1, 0]), "variances must be positive; number 2 is 0"),
    "too large": (([[1e31, 0], [0, 0]], [1, 1]), "beyond 1e30"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_sets_are_refused(case):
    arguments, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        pool_many(*arguments)


V = 1 / (np.array([20, 50, 30, 80, 44, 100, 60, 25]) - 3)


def test_simulated_effects_have_the_mean_and_variance_asked_for():
    y = simulate(0.3, 0.04, V, 40_000, seed=3)
    assert y.shape == (8, 40_000)
    np.testing.assert_allclose(y.mean(axis=1), 0.3, atol=0.01)
    np.testing.assert_allclose(y.var(axis=1), V + 0.04, rtol=0.03)
    assert (y == simulate(0.3, 0.04, V, 40_000, seed=3)).all()
    assert (y != simulate(0.3, 0.04, V, 40_000, seed=4)).any()


def test_whole_numbers_of_numpy_are_numbers():
    drawn = simulate(0.3, 0.04, V, np.int64(7), seed=np.uint8(3))
    assert drawn.shape == (8, 7) and (drawn == simulate(0.3, 0.04, V, 7, seed=3)).all()
    again = bootstrap(drawn[:, 0], V, samples=np.int16(5), seed=np.int64(2))
    assert type(again.seed) is type(again.samples) is int


def test_coverage_of_known_cases():
    """With tau2 = 0 and the common-effect model the normal interval is exact."""
    exact = coverage(0.2, 0.0, V, method="FE", test="z", samples=20_000)
    assert abs(exact.coverage - 0.95) < 4 * exact.coverage_se
    null = coverage(0.0, 0.03, V, samples=4000)
    assert null.rejection == pytest.approx(1 - null.coverage)
    assert 0.93 < null.coverage < 0.97  # Hartung-Knapp
    normal = coverage(0.0, 0.03, V, test="z", samples=4000)
    assert normal.coverage < null.coverage and normal.width < null.width
    assert abs(null.bias) < 0.01 and null.rmse < 0.1


def test_coverage_says_what_was_asked_for():
    found = coverage(0.2, 0.01, V, method="DL", test="z", level=0.9, samples=50, seed=4)
    assert (found.samples, found.seed, found.level) == (50, 4, 0.9)
    assert (found.tau2_method, found.test) == ("DL", "z")
    again = coverage(0.2, 0.01, V, method="DL", test="z", level=0.9, samples=50, seed=found.seed)
    assert again.to_dict() == found.to_dict()


def test_bootstrap_follows_the_fit():
    y = simulate(0.3, 0.04, V, 1, seed=1)[:, 0]
    fit, drawn = pool(y, V, test="z"), bootstrap(y, V, samples=4000, test="z")
    assert drawn.se == pytest.approx(fit.se, rel=0.1)
    assert drawn.ci_low == pytest.approx(fit.ci_low, abs=0.02)
    assert abs(drawn.bias) < 0.01 and drawn.tau2_low <= fit.tau2 <= drawn.tau2_high
    narrow = bootstrap(y, V, samples=4000, test="z", level=0.5)
    assert drawn.ci_low < narrow.ci_low < narrow.ci_high < drawn.ci_high


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: simulate(0, -1, V, 10), "tau2 must not be negative, not -1"),
        (lambda: simulate(0.3, 0.02, 0.1, 5), r"or \(k, samples\), not of shape \(\)"),
        (lambda: coverage(0.3, 0.02, 0.1), r"not of shape \(\)"),
        (lambda: simulate(0, 0.1, np.ones((3, 4, 5)), 5), r"not of shape \(3, 4, 5\)"),
        (lambda: simulate(0, 0.1, np.ones((3, 4)), 5), "do not fit"),
        (lambda: simulate(0, 0.1, ["a", "b"], 5), "variances must be numbers"),
        (lambda: simulate("x", 0.1, V, 5), "the mean must be a number, not 'x'"),
        (lambda: simulate(0, [0.1, 0.2], V, 5), "tau2 must be one number"),
        (lambda: simulate("0.5", 0.1, V, 5), "the mean must be a number, not '0.5'"),
        (lambda: coverage("0.5", 0.1, V, samples=5), "the mean must be a number, not '0.5'"),
        (lambda: simulate(0, "0.1", V, 5), "tau2 must be a number, not '0.1'"),
        (lambda: simulate(0, 0.1j, V, 5), "tau2 must be a number, not 0.1j"),
        (lambda: simulate(0, 0.1, V + 1j, 5), "variances must be numbers"),
        (lambda: coverage(0, 0.1, V + 1j, samples=5), "variances must be numbers"),
        (lambda: simulate(0, 0.1, ["0.1", "0.2"], 5), "variances must be numbers"),
        (lambda: simulate(0, 0.1, V, 5, seed=None), "the seed must be a whole number .* not None"),
        (lambda: bootstrap(V, V, samples=5, seed=None), "seed must be a whole number .* not None"),
        (lambda: bootstrap(V, V, samples=5, seed="a"), "seed must be a whole number .* not 'a'"),
        (lambda: coverage(0, 0.1, V, samples=5, seed=-1), "seed must .* at least 0, not -1"),
        (lambda: coverage(0, 0.1, V, samples=5, seed=1.0), "the seed must be .* not 1.0"),
        (lambda: coverage(0, 0.1, V, samples=5, seed=True), "the seed must be .* not True"),
        (lambda: simulate(0, 0.1, V, 0), "samples must be a whole number"),
        (lambda: simulate(0, 0.1, V, 2.5), "samples must be a whole number"),
        (lambda: simulate(np.nan, 0.1, V, 5), "finite"),
        (lambda: bootstrap([0.1], [0.1]), "at least 2"),
    ],
)
def test_impossible_simulations_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_far_off_effect_takes_no_digits_from_sets_without_it():
    y, v = data_sets(3, 6, 1)
    far = np.concatenate([[1e6], y[:, 0]]), np.concatenate([[0.01], v[:, 0]])
    every = subsets(*far, tau2="DL", test="z")
    without = every[int("1111110", 2) - 1]
    alone = pool(y[:, 0], v[:, 0], tau2="DL", test="z")
    assert without.q == pytest.approx(alone.q, rel=1e-12)
    assert without.tau2 == pytest.approx(alone.tau2, rel=1e-11)


def test_sets_of_one_effect_have_no_heterogeneity():
    for method in ("FE", "DL", "REML"):
        every = subsets([0.1, 0.9], [0.01, 0.02], tau2=method)
        assert every.h2[:2].tolist() == [1, 1] and every.i2[:2].tolist() == [0, 0]
        assert np.isnan(every.ci_low[:2]).all() and np.isfinite(every.ci_low[2])


def exact_dl(y, v):
    """DerSimonian-Laird in fractions, and Q."""
    y, v = ([Fraction(float(x)) for x in column] for column in (y, v))
    w = [1 / x for x in v]
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
    q = sum(a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
    c = sum(w) - sum(a * a for a in w) / sum(w)
    return float(max(0, (q - (len(y) - 1)) / c)), float(q), float((len(y) - 1) / c)


@pytest.mark.parametrize("giant", [1e-4, 1e-7, 1e-10, 1e-13])
def test_one_giant_study_takes_no_digits(giant):
    y, v = data_sets(8, 6, 1)
    y, v = y[:, 0] * 3, np.array([giant, *v[1:, 0]])
    tau2, q, typical = exact_dl(y, v)
    for k in (0, 3):  # whether it stands first or in the middle
        order = np.roll(np.arange(6), k)
        fit = pool(y[order], v[order], tau2="DL")
        assert fit.tau2 == pytest.approx(tau2, rel=1e-10)
        assert fit.h2 == pytest.approx(1 + tau2 / typical, rel=1e-10)
        left = leave_one_out(y[order], v[order], tau2="DL")
        for i in range(6):
            keep = [j for j in order if j != order[i]]
            tau2_left, q_left, _ = exact_dl(y[keep], v[keep])
            assert left.q[i] == pytest.approx(q_left, rel=1e-10)
            assert left.tau2[i] == pytest.approx(tau2_left, rel=1e-10, abs=1e-18)
    assert pool(y, v, tau2="DL").q == pytest.approx(q, rel=1e-12)


def test_zero_over_zero_is_no_evidence():
    zero = pool(np.zeros(5), [0.1, 0.2, 0.3, 0.4, 0.5])
    assert (zero.statistic, zero.p_value, zero.se) == (0, 1, 0)
    assert pool(np.full(5, 0.2), [0.1, 0.2, 0.3, 0.4, 0.5]).p_value == 0
    many = pool_many(np.zeros((5, 3)), [0.1, 0.2, 0.3, 0.4, 0.5])
    assert many.p_value.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "y, v, message",
    [
        ([0, 1, 2], [1e-9, 1, 1e9], "from 1e-09 to 1e\\+09: beyond a factor of 1e15"),
        ([0, 1, 2], [1e-41, 1e-41, 1e-41], "outside 1e-40"),
        ([0, 1j, 2], [1, 1, 1], "effects must be numbers"),
        ([0, 1, 2], [1, 1j, 1], "variances must be numbers"),
    ],
)
def test_numbers_that_leave_no_digits_are_refused(y, v, message):
    with pytest.raises(ValueError, match=message):
        pool(y, v)
    with pytest.raises(ValueError, match=message):
        pool_many(np.array(y)[:, None], v)


@pytest.mark.parametrize("method", METHODS)
def test_the_extremes_that_are_allowed_can_be_computed(method):
    for y, v in (([1e30, -1e30, 0], [1e-40, 1e-30, 1e-26]), ([0, 1e-40, 1], [1e40, 1e40, 1e35])):
        with np.errstate(all="raise", under="ignore"):
            fit = pool(y, v, tau2=method)
        assert np.isfinite([fit.estimate, fit.tau2, fit.q, fit.p_value]).all()


def test_an_unknown_option_is_named():
    for call in (lambda: leave_one_out(V, V, tau="DL"), lambda: subsets(V, V, alpha=1),
                 lambda: pool_many(V[:, None], V, tau="DL")):  # fmt: skip
        with pytest.raises(ValueError, match="no such option: (tau|alpha); there are tau2, test"):
            call()
