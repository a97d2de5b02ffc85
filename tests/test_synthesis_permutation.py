"""Permutation tests: by hand, by brute force, and that random draws lead to the exact answer."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis.pooling import pool
from alliance_review.synthesis.regression import arrangements
from alliance_review.synthesis.regression.fit import meta_regression
from alliance_review.synthesis.regression.permutation import permutation_test

Y = np.array([0.30, 0.12, 0.45, -0.10, 0.22, 0.35])
V = np.array([0.010, 0.020, 0.015, 0.030, 0.005, 0.040])
X = np.array([1.0, 2.0, 2.0, 1.0, 3.0, 4.0])
TESTS = ("z", "hksj", "hksj_adhoc")


def shares(values, observed):
    return (np.abs(values) >= np.abs(observed) - 1.5e-8).mean(axis=0)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("tau2", ["FE", "DL", "REML"])
def test_every_sign_flip_by_brute_force(tau2, test):
    flips = [np.array(s) for s in itertools.product([1, -1], repeat=6)]
    values = [pool(s * Y, V, tau2=tau2, test=test).statistic for s in flips]
    ours = permutation_test(Y, V, tau2=tau2, test=test)
    assert (ours.iterations, ours.exact, ours.names) == (64, True, ("intercept",))
    assert ours.statistic[0] == pytest.approx(values[0], rel=1e-9)
    assert ours.p_value[0] == shares(values, values[0])
    assert ours.p_se[0] == 0
    np.testing.assert_allclose(ours.quantiles[0, [0, -1]], [min(values), max(values)], rtol=1e-8)
    assert ours.critical[0] == pytest.approx(np.quantile(np.abs(values), 0.95), rel=1e-8)
    assert np.isnan(ours.q_moderators_p)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("tau2", ["FE", "DL", "REML"])
def test_every_order_of_the_rows_by_brute_force(tau2, test):
    y, v, x = Y[:5], V[:5], np.column_stack([X, [0, 0, 1, 1, 0, 1]])[:5]
    fits = [
        meta_regression(y, v, x[list(order)], tau2=tau2, test=test)
        for order in itertools.permutations(range(5))
    ]
    ours = permutation_test(y, v, x, tau2=tau2, test=test, names=["a", "b"])
    values = np.array([fit.statistic for fit in fits])
    omnibus = np.array([fit.q_moderators for fit in fits])
    assert ours.exact
    assert ours.iterations == 120
    np.testing.assert_allclose(ours.statistic, values[0], rtol=1e-8)
    assert ours.q_moderators == pytest.approx(omnibus[0], rel=1e-8)
    np.testing.assert_allclose(ours.p_value, shares(values, values[0]), rtol=1e-12)
    assert ours.q_moderators_p == pytest.approx(shares(omnibus, omnibus[0]), rel=1e-12)
    assert ours.names == ("intercept", "a", "b")


def test_tied_rows_are_not_told_apart():
    groups = np.array([0, 1, 1, 0, 1, 0])
    every = [
        meta_regression(Y, V, groups[list(order)], test="z", tau2="DL").statistic[1]
        for order in itertools.permutations(range(6))
    ]
    ours = permutation_test(Y, V, groups, tau2="DL")
    assert (ours.iterations, ours.exact) == (20, True)
    assert ours.p_value[1] == pytest.approx(shares(every, every[0]))
    assert ours.q_moderators_p == pytest.approx(ours.p_value[1])


def test_smallest_possible_p_values():
    assert permutation_test(np.full(6, 0.5) + Y / 10, V).p_value[0] == 2 / 64
    steep = permutation_test(np.arange(6.0), np.full(6, 0.01), np.arange(6), tau2="DL")
    assert steep.p_value[1] == 2 / 720  # as observed, and turned round
    for groups, smallest in (([0, 0, 0, 1, 1, 1], 2 / 20), ([0, 0, 1, 1, 1, 1], 1 / 15)):
        apart = permutation_test(np.array(groups) + Y / 10, V, groups, tau2="DL")
        assert apart.p_value[1] == apart.q_moderators_p == pytest.approx(smallest)


def test_no_effect_at_all_is_no_evidence():
    for test in TESTS:
        assert permutation_test(np.zeros(6), V, test=test).p_value[0] == 1


@pytest.mark.parametrize("test", TESTS)
def test_equal_effects_are_no_evidence_for_moderators(test):
    ours = permutation_test(np.full(6, 0.3), V, X, test=test)
    fit = meta_regression(np.full(6, 0.3), V, X, test=test)
    np.testing.assert_allclose(ours.statistic, fit.statistic)
    assert (ours.statistic[1], ours.p_value[1], ours.critical[1]) == (0, 1, 0)
    assert (ours.q_moderators, ours.q_moderators_p) == (0, 1)
    assert not np.isnan(ours.quantiles).any()
    if test == "hksj":
        assert ours.statistic[0] == np.inf
        assert (ours.quantiles[0] == np.inf).all()


def test_an_infinite_statistic_is_the_largest_there_is():
    ours = permutation_test(np.full(6, 0.3), V, test="hksj")
    assert ours.statistic[0] == np.inf
    assert ours.p_value[0] == 2 / 64
    assert ours.quantiles[0, [0, -1]].tolist() == [-np.inf, np.inf]
    assert np.isfinite(ours.quantiles[0, 1:-1]).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-20, 20).map(lambda i: i / 20), min_size=3, max_size=6),
    st.randoms(),
    st.sampled_from(TESTS),
)
def test_order_and_sign_do_not_matter(y, random, test):
    y, v = np.array(y), V[: len(y)]
    order = list(range(len(y)))
    random.shuffle(order)
    first = permutation_test(y, v, tau2="DL", test=test)
    for other in (
        permutation_test(y[order], v[order], tau2="DL", test=test),
        permutation_test(-y, v, tau2="DL", test=test),
    ):
        np.testing.assert_array_equal(other.p_value, first.p_value)
    assert 2 / 2 ** len(y) <= first.p_value[0] <= 1


def test_random_draws_come_near_the_exact_answer():
    exact = permutation_test(Y, V, X)
    assert exact.iterations == 180  # 6! over 2! 2! for the tied rows
    drawn = permutation_test(Y, V, X, iterations=179, seed=4)
    assert not drawn.exact
    rng = np.random.default_rng(8)
    y, v, x = rng.normal(0.1, 0.3, 14), rng.uniform(0.01, 0.1, 14), rng.normal(size=14)
    signs = permutation_test(y, v, tau2="DL")
    random_ = permutation_test(y, v, tau2="DL", iterations=9000, seed=1)
    assert (signs.iterations, signs.exact) == (2**14, True)
    assert (random_.iterations, random_.exact) == (9000, False)
    assert random_.p_se[0] == pytest.approx(
        np.sqrt(random_.p_value[0] * (1 - random_.p_value[0]) / 9000)
    )
    assert abs(random_.p_value[0] - signs.p_value[0]) < 4 * random_.p_se[0]
    rows = permutation_test(y, v, x, tau2="DL")
    assert (rows.iterations, rows.exact) == (10_000, False)


def test_the_seed_alone_decides_the_draws():
    rng = np.random.default_rng(2)
    y, v, x = rng.normal(0.1, 0.3, 12), rng.uniform(0.01, 0.1, 12), rng.normal(size=12)
    options = {"tau2": "DL", "iterations": 3000}
    for moderators in (None, x):
        one, same, other = (
            permutation_test(y, v, moderators, seed=seed, **options) for seed in (5, 5, 6)
        )
        np.testing.assert_array_equal(one.quantiles, same.quantiles)
        np.testing.assert_array_equal(one.p_value, same.p_value)
        assert (one.quantiles != other.quantiles).any()
        np.testing.assert_array_equal(one.statistic, other.statistic)
        assert one.p_value[0] >= 1 / 3000  # the observed data count


def test_progress_is_told():
    calls = []
    permutation_test(
        np.tile(Y, 3), np.tile(V, 3), tau2="DL", iterations=9000,
        progress=lambda done, total: calls.append((done, total)),
    )  # fmt: skip
    assert calls == [(4096, 9000), (8192, 9000), (9000, 9000)]


def test_arrangements_are_all_different_and_complete():
    signs = np.concatenate(list(arrangements.all_signs(13)))
    assert signs.shape == (2**12, 13)
    assert len(np.unique(signs, axis=0)) == 2**12
    assert (signs[0] == 1).all()
    labels = arrangements.row_labels(np.array([[1, 2], [3, 4], [1, 2], [5, 6], [3, 4], [1, 2]]))
    orders = np.concatenate(list(arrangements.all_orders(labels)))
    assert len(orders) == arrangements.row_count(labels) == 60
    assert len(np.unique(labels[orders], axis=0)) == 60
    assert (labels[orders[0]] == labels).all()
    assert (np.sort(labels[orders], axis=1) == np.sort(labels)).all()


def test_random_arrangements_are_even():
    orders = np.concatenate(list(arrangements.random_orders(3, 12_000, 0)))
    assert (orders[0] == [0, 1, 2]).all()
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert counts.size == 6
    assert np.abs(counts - 2000).max() < 200  # five standard deviations
    signs = np.concatenate(list(arrangements.random_signs(4, 16_000, 0)))
    assert (signs[0] == 1).all()
    assert np.abs(np.unique(signs, axis=0, return_counts=True)[1] - 1000).max() < 160


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("iterations", [None, 19])
def test_the_test_of_a_moderator_keeps_its_level(test, iterations):
    """All 20 orders or 19 drawn, with every statistic: p is at most 0.2 at most once in five."""
    rng = np.random.default_rng(3)
    found = [
        permutation_test(
            rng.normal(0.2, 0.3, 6), rng.uniform(0.01, 0.2, 6), [0, 0, 0, 1, 1, 1],
            tau2="DL", test=test, iterations=iterations, seed=i,
        ).q_moderators_p
        for i in range(600)
    ]  # fmt: skip
    assert 0.05 < np.mean(np.array(found) <= 0.2) < 0.25


def test_the_test_keeps_its_level():
    """With effects that differ by chance alone, p is at most 5 per cent once in twenty."""
    rng = np.random.default_rng(3)
    found = [
        permutation_test(rng.normal(0, 0.3, 7), rng.uniform(0.01, 0.2, 7), tau2="DL").p_value[0]
        for _ in range(400)
    ]
    # at most 3/64 can be reached with 64 pairs of flips: 4.7 per cent
    assert 0.02 < np.mean(np.array(found) <= 0.05) < 0.08


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"iterations": 1}, "iterations must be a whole number of at least 2, not 1"),
        ({"iterations": 10.5}, "iterations must be a whole number of at least 2, not 10.5"),
        ({"iterations": True}, "iterations must be a whole number of at least 2, not True"),
        ({"tau2": "XX"}, "tau2 must be one of"),
        ({"test": "t"}, "test must be one of"),
        ({"level": 0}, "level must lie between 0 and 1"),
        ({"X": np.ones(5)}, "moderators and effects differ in length: 5 and 6"),
        ({"X": np.full(6, 3.0)}, "moderator 'x1' is the same for all effects"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        permutation_test(Y, V, **options)
    with pytest.raises(ValueError, match="at least 2 effects are needed"):
        permutation_test([0.1], [0.1])


def test_ways_to_show_it():
    ours = permutation_test(Y, V, X, names=["age"])
    frame = ours.to_frame()
    assert list(frame["names"]) == ["intercept", "age"]
    assert "exact: yes" in repr(ours)
    assert "age" in ours._repr_html_()
    with pytest.raises(ValueError, match="read-only"):
        ours.p_value[0] = 0
