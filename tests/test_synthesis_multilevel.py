"""Three-level models: likelihood against dense matrices, maxima against lattices, hand results."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import pool
from alliance_review.synthesis.distributions import chi2_upper
from alliance_review.synthesis.multilevel.climb import climb
from alliance_review.synthesis.multilevel.clusters import aggregate_effects, clusters
from alliance_review.synthesis.multilevel.derivatives import evaluate
from alliance_review.synthesis.multilevel.intervals import variance_intervals
from alliance_review.synthesis.multilevel.likelihood import prepare, surface, within
from alliance_review.synthesis.multilevel.maximum import grid, maxima
from alliance_review.synthesis.multilevel.model import three_level
from alliance_review.synthesis.multilevel.robust import robust_variance
from alliance_review.synthesis.regression.moderators import design
from alliance_review.verification import fixtures

FEW = settings(max_examples=30, derandomize=True, deadline=None)

# two clusters of two effects and a single one; the restricted likelihood has two modes
TWO_MODES = {
    "cluster": [2, 1, 1, 0, 0],
    "v": [0.06, 0.1024, 0.0472, 0.0003, 0.0013],
    "y": [0.18, 0.45, -0.45, 0.29, 0.34],
}

# without variance within, the likelihood has a mode at 0 and a higher one close to it
BESIDE_ZERO = {
    "cluster": [2, 1, 0, 2, 2, 1, 0, 1, 0],
    "v": [0.01982, 0.01038, 0.02199, 0.007558, 0.02211, 0.1722, 0.002133, 0.002495, 0.001372],
    "y": [0.05261, 0.21524, 0.06428, -0.2774, -0.1024, 0.44794, 0.03439, -0.03597, -0.11823],
    "X": [-0.39, -0.268, 0.753, 2.848, -0.227, -0.492, 0.16, 0.575, -1.381],
}


def example(seed=1, k=30, m=9, p=1):
    """Effects in clusters of uneven size, singles among them, rows in no order."""
    rng = np.random.default_rng(seed)
    cluster = np.concatenate([np.arange(m), rng.integers(0, m - 2, k - m)])
    rng.shuffle(cluster)
    v = rng.uniform(0.01, 0.2, k)
    y = 0.3 + 0.2 * rng.normal(size=m)[cluster] + rng.normal(size=k) * np.sqrt(v + 0.03)
    return y, v, cluster.tolist(), rng.normal(size=(k, p - 1)) if p > 1 else None


def dense(y, v, X, cluster, rho, between, inside, restricted):
    """Log-likelihood, score, average and expected information by k x k matrices."""
    cluster, s = np.array(cluster), np.sqrt(v)
    same = (cluster[:, None] == cluster).astype(float)
    V = same * (rho * np.outer(s, s) + between) + np.diag((1 - rho) * v + inside)
    W = np.linalg.inv(V)
    A = X.T @ W @ X
    P = W - W @ X @ np.linalg.solve(A, X.T @ W)
    k, p = X.shape
    value = k * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + y @ P @ y
    if restricted:
        gain = np.linalg.slogdet(A)[1] - np.linalg.slogdet(X.T @ X)[1]
        value += gain - p * np.log(2 * np.pi)
    T, G, Py = P if restricted else W, (same, np.eye(k)), P @ y
    score = [0.5 * (Py @ g @ Py - np.trace(T @ g)) for g in G]
    average = [[0.5 * Py @ a @ P @ b @ Py for b in G] for a in G]
    fisher = [[0.5 * np.trace(T @ a @ T @ b) for b in G] for a in G]
    return -0.5 * value, score, average, fisher


@pytest.mark.parametrize("rho", [0.0, 0.6, -0.05])
@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("moderators", ["none", "within", "between", "both", "no intercept"])
def test_likelihood_and_derivatives_equal_dense_matrices(rho, restricted, moderators):
    y, v, cluster, X = example(p=3)
    of_clusters = np.random.default_rng(3).normal(size=(9, 1))[cluster]
    X = {"none": None, "between": of_clusters, "both": np.hstack([of_clusters, X])}.get(
        moderators, X
    )
    made = design(X, y.size, intercept=moderators != "no intercept")
    data = prepare(y, v, made.matrix, clusters(cluster, y.size), rho, restricted=restricted)
    tau2 = np.array([[0.0, 0.0], [0.1, 0.05], [0.0, 0.3], [2.0, 0.0]])
    points = evaluate(data, tau2)
    lattice = surface(data, within(data, tau2[:, 1]), tau2[:, 0])
    for i, pair in enumerate(tau2):
        value, *rest = dense(y, v, made.matrix, cluster, rho, *pair, restricted)
        assert points.value[i] == pytest.approx(value, rel=1e-11)
        assert lattice[i, i] == pytest.approx(value, rel=1e-11)
        ours = points.score, 0.5 * (points.observed + points.fisher), points.fisher
        for mine, theirs in zip(ours, rest, strict=True):
            np.testing.assert_allclose(mine[i], theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("restricted", [True, False])
def test_second_derivatives_are_those_of_the_score(restricted):
    y, v, cluster, _ = example()
    groups = clusters(cluster, y.size)
    data = prepare(y, v, np.ones((y.size, 1)), groups, 0.4, restricted=restricted)
    h = 1e-5
    for j in (0, 1):
        pair = np.array([[0.1, 0.05], [0.1, 0.05]])
        pair[:, j] += [h, -h]
        ends = evaluate(data, pair).score
        middle = evaluate(data, np.array([[0.1, 0.05]])).observed[0, j]
        np.testing.assert_allclose((ends[1] - ends[0]) / (2 * h), middle, rtol=1e-6)


def test_balanced_design_is_the_analysis_of_variance():
    """With n effects in every cluster and equal v, REML is the table of mean squares."""
    m, n, v = 6, 4, 0.02
    rng = np.random.default_rng(5)
    y = (rng.normal(size=m)[:, None] + 0.3 * rng.normal(size=(m, n))).round(2)
    between = n * y.mean(axis=1).var(ddof=1)
    inside = ((y - y.mean(axis=1, keepdims=True)) ** 2).sum() / (m * (n - 1))
    fit = three_level(y.ravel(), np.full(m * n, v), np.repeat(np.arange(m), n))
    assert fit.tau2_within == pytest.approx(inside - v, rel=1e-10)
    assert fit.tau2_between == pytest.approx((between - inside) / n, rel=1e-10)
    assert fit.estimate == pytest.approx(y.mean(), rel=1e-12)
    assert fit.se == pytest.approx(np.sqrt(between / (m * n)), rel=1e-10)
    shares = (fit.tau2_between, fit.tau2_within)
    assert fit.i2 == pytest.approx(100 * sum(shares) / (sum(shares) + v), rel=1e-10)
    assert fit.i2 == pytest.approx(fit.i2_between + fit.i2_within, rel=1e-12)
    half = 1.959963984540054 * np.sqrt(sum(shares) + fit.se**2)
    assert fit.prediction_high == pytest.approx(fit.estimate + half, rel=1e-10)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_no_variance_between_is_the_model_without_clusters(method):
    rng = np.random.default_rng(2)
    v = rng.uniform(0.01, 0.05, 24)
    cluster = np.arange(24) % 6
    y = 0.3 + rng.normal(size=24) * np.sqrt(v + 0.05)
    y -= 0.9 * (np.bincount(cluster, y) / 4)[cluster]  # means of clusters nearer than by chance
    fit, plain = three_level(y, v, cluster, method=method), pool(y, v, tau2=method, test="z")
    assert fit.tau2_between == 0
    assert fit.tau2_within == pytest.approx(plain.tau2, rel=1e-9)
    assert (fit.lrt_between, fit.lrt_between_p) == (0.0, 1.0)
    for name in ("estimate", "se", "ci_low", "prediction_high", "i2", "q", "q_p"):
        assert getattr(fit, name) == pytest.approx(getattr(plain, name), rel=1e-9)


def test_no_variance_at_all_is_the_common_effect_model():
    v = np.array([0.1, 0.2, 0.3, 0.1, 0.2])
    fit = three_level([0.1, 0.12, 0.11, 0.09, 0.1], v, ["a", "a", "b", "b", "b"])
    assert (fit.tau2_between, fit.tau2_within, fit.i2) == (0, 0, 0)
    assert (fit.lrt_between_p, fit.lrt_within_p) == (1, 1)
    assert fit.se == pytest.approx((1 / v).sum() ** -0.5)


def test_no_variance_within_when_the_effects_of_a_cluster_are_equal():
    y, cluster = np.repeat([0.1, 0.5, 0.9, 0.2], 3), np.repeat([1, 2, 3, 4], 3)
    fit = three_level(y, np.full(12, 0.03), cluster)
    assert fit.tau2_within == 0
    means = three_level([0.1, 0.5, 0.9, 0.2, 0.2], [0.01, 0.01, 0.01, 0.02, 0.02], [1, 2, 3, 4, 4])
    assert means.tau2_within == 0
    pooled = pool([0.1, 0.5, 0.9, 0.2], [0.01] * 4, test="z")
    for found in (fit, means):
        assert found.tau2_between == pytest.approx(pooled.tau2, rel=1e-9)
        assert found.estimate == pytest.approx(pooled.estimate, rel=1e-9)


def lattice_top(data, largest, points=120):
    axis = np.append(0, np.geomspace(1e-5, largest, points))
    return surface(data, within(data, axis), axis), axis


def test_the_higher_of_two_modes():
    y, v = np.array(TWO_MODES["y"]), np.array(TWO_MODES["v"])
    groups = clusters(TWO_MODES["cluster"], 5)
    data = prepare(y, v, np.ones((5, 1)), groups, 0.0, restricted=True)
    value, axis = lattice_top(data, 10.0)
    # the lower mode: no variance between to speak of, much within
    low = value[:, axis > 0.03][axis < 0.004].max()
    beside = value[:, axis > 0.03][(axis > 0.005) & (axis < 0.03)].max()
    assert low > beside
    fit = three_level(y, v, TWO_MODES["cluster"])
    assert fit.log_likelihood > low + 0.4
    assert fit.log_likelihood == pytest.approx(value.max(), abs=2e-3)
    assert fit.log_likelihood >= value.max()
    assert fit.tau2_between == pytest.approx(0.04698, rel=1e-3)


@FEW
@given(seed=st.integers(0, 10_000), rho=st.sampled_from([0.0, 0.6]), restricted=st.booleans())
def test_nothing_on_a_lattice_is_higher(seed, rho, restricted):
    rng = np.random.default_rng(seed)
    k, m = int(rng.integers(5, 20)), int(rng.integers(2, 5))
    cluster = np.append(np.arange(k - 1) % m, 0)
    v = np.exp(rng.normal(-4, 1.5, k))
    y = 0.3 * rng.normal(size=m)[cluster] + rng.standard_t(2, k) * np.sqrt(v)
    data = prepare(y, v, np.ones((k, 1)), clusters(cluster, k), rho, restricted=restricted)
    value, _ = lattice_top(data, 100 * np.ptp(y) ** 2, 60)
    best, no_between, no_within = maxima(data, grid(data))
    assert best.points.value[0] >= value.max() - 1e-9
    assert no_between.points.value[0] >= value[0].max() - 1e-9
    assert no_within.points.value[0] >= value[:, 0].max() - 1e-9
    score, tau2 = best.points.score[0], best.tau2[0]
    assert ((np.abs(score * tau2) < 1e-6) & ((tau2 > 0) | (score <= 0))).all()


def test_a_mode_between_no_variance_and_the_first_step_of_the_grid():
    y, v = np.array(BESIDE_ZERO["y"]), np.array(BESIDE_ZERO["v"])
    made, cluster = design(BESIDE_ZERO["X"], 9), BESIDE_ZERO["cluster"]
    data = prepare(y, v, made.matrix, clusters(cluster, 9), 0.0, restricted=False)
    view = grid(data)
    axis = np.linspace(0, view.between[1], 200)
    line = surface(data, within(data, np.zeros(1)), axis)[:, 0]
    assert line[0] > line[1] and line[0] > line[-1] and 0 < line.argmax() < 199
    without = maxima(data, view)[2]
    assert without.points.value[0] >= line.max()
    assert without.tau2[0, 0] == pytest.approx(axis[line.argmax()], rel=0.1)


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_climbers_that_meet_end_where_each_would_alone(rho):
    y, v, cluster, _ = example()
    groups = clusters(cluster, y.size)
    data = prepare(y, v, np.ones((y.size, 1)), groups, rho, restricted=True)
    best = maxima(data, grid(data))[0]
    axis = np.append(0, np.geomspace(1e-4, 1, 6))
    start = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    free = np.ones(start.shape, dtype=bool)
    alone = climb(data, start, free, np.arange(len(start)))
    together = climb(data, start, free, np.zeros(len(start), dtype=int))
    np.testing.assert_allclose(alone.tau2, np.tile(best.tau2, (len(start), 1)), rtol=1e-9)
    behind = np.isneginf(together.points.value)
    assert 0 < behind.sum() < len(start)
    np.testing.assert_allclose(together.tau2[~behind], alone.tau2[~behind], rtol=1e-9)
    highest = together.best(np.arange(len(start)))
    np.testing.assert_allclose(highest.tau2, best.tau2, rtol=1e-9)
    np.testing.assert_allclose(highest.points.score * highest.tau2, 0, atol=1e-8)


def test_labels_of_an_array_a_list_and_in_text():
    for labels in ([3, 1, 1, 3, 2], np.array([3, 1, 1, 3, 2]), ["c", "a", "a", "c", "b"],
                   np.array(["c", "a", "a", "c", "b"]), [3.0, 1, True, 3, 2]):  # fmt: skip
        groups = clusters(labels, 5)
        assert groups.labels in ((3, 1, 2), ("c", "a", "b"))
        assert groups.order.tolist() == [0, 3, 1, 2, 4]
        assert groups.code.tolist() == [0, 0, 1, 1, 2]
        assert groups.starts.tolist() == [0, 2, 4] and groups.size.tolist() == [2, 2, 1]


@FEW
@given(seed=st.integers(0, 10_000))
def test_order_and_labels_do_not_matter(seed):
    y, v, cluster, X = example(p=2)
    first = three_level(y, v, cluster, X=X, rho=0.3)
    order = np.random.default_rng(seed).permutation(y.size)
    names = [("cluster", "abcdefghi"[cluster[i]]) for i in order]
    again = three_level(y[order], v[order], names, X=X[order], rho=0.3)
    for name in ("estimate", "se", "tau2_between", "tau2_within", "log_likelihood", "q"):
        np.testing.assert_allclose(getattr(again, name), getattr(first, name), rtol=1e-9)


@pytest.mark.parametrize("seed", [450, 1680])
def test_digits_do_not_depend_on_the_order(seed):
    """Problems in which a start that stays behind ends so near the peak that it looks as high."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(6, 60))
    m = int(rng.integers(2, k // 2))
    cluster = rng.integers(0, m, k)
    v = np.exp(rng.normal(-4, rng.choice([0.3, 1.0]), k))
    y = 0.2 * rng.normal(size=m)[cluster] + rng.normal(size=k) * np.sqrt(v + 0.02)
    rho = float(rng.choice([0, 0.6]))
    first = three_level(y, v, cluster, rho=rho)
    for _ in range(4):
        order = rng.permutation(k)
        again = three_level(y[order], v[order], cluster[order], rho=rho)
        assert again.tau2_within == pytest.approx(first.tau2_within, rel=1e-10)


@FEW
@given(scale=st.floats(-4, 4).map(lambda x: 10**x), shift=st.floats(-5, 5))
def test_scale_and_shift(scale, shift):
    y, v, cluster, _ = example()
    first = three_level(y, v, cluster)
    moved = three_level(scale * y + shift, scale**2 * v, cluster)
    assert moved.estimate == pytest.approx(scale * first.estimate + shift, rel=1e-6, abs=1e-8)
    assert moved.se == pytest.approx(scale * first.se, rel=1e-7)
    for name in ("tau2_between", "tau2_within"):
        expected = scale**2 * getattr(first, name)
        assert getattr(moved, name) == pytest.approx(expected, rel=1e-6)
    assert moved.lrt_between == pytest.approx(first.lrt_between, rel=1e-6)


def test_a_moderator_of_another_unit_has_a_coefficient_of_another_unit():
    y, v, cluster, X = example(p=2)
    first = three_level(y, v, cluster, X=X)
    second = three_level(y, v, cluster, X=1e6 * X + 5)
    assert second.estimate[1] == pytest.approx(1e-6 * first.estimate[1], rel=1e-9)
    assert second.tau2_within == pytest.approx(first.tau2_within, rel=1e-9)
    assert second.q_moderators == pytest.approx(first.q_moderators, rel=1e-9)
    # the constant of the restricted likelihood goes with the unit of no moderator
    assert second.log_likelihood == pytest.approx(first.log_likelihood, rel=1e-9)


def test_numbers_without_moderators_and_arrays_with_them():
    y, v, cluster, X = example(p=3)
    plain, ones = three_level(y, v, cluster), three_level(y, v, cluster, X=np.ones(y.size))
    assert isinstance(plain.estimate, float) and isinstance(plain.df, float)
    assert ones.estimate.shape == (1,) and ones.estimate[0] == pytest.approx(plain.estimate)
    fit = three_level(y, v, cluster, X=X, names=["a", "b"], test="t")
    assert fit.names == ("intercept", "a", "b") and fit.estimate.shape == (3,)
    assert fit.covariance.shape == (3, 3) and not fit.estimate.flags.writeable
    rows = fit.predict(np.vstack([X, [[0, 0]]]))
    assert rows.estimate[-1] == pytest.approx(fit.estimate[0])
    assert rows.ci_low[-1] == pytest.approx(fit.ci_low[0])
    assert list(fit.to_frame()["names"]) == ["intercept", "a", "b"]
    assert "tau2_between" in repr(plain) and "<table>" in fit._repr_html_()
    assert "_design" not in fit.to_dict()


def test_new_values_are_found_by_their_names():
    y, v, cluster, X = example(p=3)
    fit = three_level(y, v, cluster, X=pd.DataFrame(X, columns=["dose", "age"]))
    new = pd.DataFrame({"age": [0.5, 2.0], "dose": [-1.0, 3.0]})
    expected = fit.predict([[-1.0, 0.5], [3.0, 2.0]])
    np.testing.assert_array_equal(fit.predict(new).estimate, expected.estimate)
    np.testing.assert_array_equal(fit.predict(new).se, expected.se)
    with pytest.raises(ValueError, match="has the moderators dose, age, the new values age, x"):
        fit.predict(new.rename(columns={"dose": "x"}))
    assert "_design" not in fit.to_dict() and fit.to_dict()["k"] == y.size


@pytest.mark.parametrize("test", ["z", "t", "contain"])
def test_equal_effects_vary_no_more_than_their_errors(test):
    y, v, cluster, X = example(p=2)
    for value, moderators in ((0.0, None), (0.3, None), (0.0, X), (0.3, X)):
        fit = three_level(np.full(y.size, value), v, cluster, X=moderators, test=test)
        assert (fit.tau2_between, fit.tau2_within, fit.i2) == (0, 0, 0)
        assert (fit.lrt_between_p, fit.lrt_within_p, fit.q_p) == (1, 1, 1)
        first = np.atleast_1d(fit.estimate)
        np.testing.assert_allclose(first, [value, 0.0][: first.size], rtol=1e-14, atol=1e-15)
        assert (np.atleast_1d(fit.se) > 0).all()
        if value == 0 or moderators is not None:
            assert np.atleast_1d(fit.p_value)[-1] == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.5])
def test_variances_may_differ_by_seven_powers_of_ten_and_no_more(rho):
    y, v, cluster, _ = example(k=12, m=4)
    for smallest in ([0], [1, 5], list(range(6))):
        v = np.ones(12)
        v[smallest] = 1e-7
        fit = three_level(y, v, cluster, rho=rho)
        assert np.isfinite([fit.estimate, fit.se, fit.i2, fit.log_likelihood]).all()
        v[smallest] = 0.99e-7
        for function in (three_level, robust_variance, variance_intervals):
            with pytest.raises(ValueError, match="from 9.9e-08 to 1: a three-level model needs"):
                function(y, v, cluster, rho=rho)
    independent = robust_variance(y, v, cluster, working="REML")  # another model
    assert np.isfinite(independent.se)


def test_degrees_of_freedom_of_the_tests():
    y, v, cluster, X = example(p=2)
    m = len(set(cluster))
    of_clusters = np.random.default_rng(0).normal(size=m)[cluster]
    both = np.column_stack([X, of_clusters])
    assert three_level(y, v, cluster, test="t").df == y.size - 1
    assert three_level(y, v, cluster, test="contain").df == m - 1
    fit = three_level(y, v, cluster, X=both, test="contain")
    assert fit.df.tolist() == [m - 3, y.size - 3, m - 3]
    z = three_level(y, v, cluster, X=both)
    assert np.isinf(z.df).all()
    # F with one numerator degree of freedom is the square of t
    one = three_level(y, v, cluster, X=X, test="t")
    assert one.q_moderators == pytest.approx(one.statistic[1] ** 2)
    assert one.q_moderators_p == pytest.approx(one.p_value[1])


def test_p_values_of_the_ratio_tests_are_half_the_tail():
    y, v, cluster, _ = example()
    fit = three_level(y + 2.0 * np.array(cluster), v, cluster)
    assert fit.lrt_between > 20
    critical = chi2_upper(2 * fit.lrt_between_p, 1)
    assert critical == pytest.approx(fit.lrt_between, rel=1e-6)


def in_three_groups():
    y, v, cluster, _ = example(seed=4, k=40, m=8)
    return y + 0.5 * (np.array(cluster) % 3), v, cluster


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("rho", [0.0, 0.6])
@pytest.mark.parametrize("name", ["made up", "crede2010", "konstantopoulos2011"])
def test_profile_limits_lie_where_the_likelihood_has_fallen_enough(name, method, rho):
    if name == "made up":
        y, v, cluster = in_three_groups()
    else:
        y, v = fixtures.effects(name)
        cluster = fixtures.load("multilevel")[name]["cluster"]
    fit = three_level(y, v, cluster, method=method, rho=rho)
    limits = variance_intervals(y, v, cluster, method=method, rho=rho)
    groups = clusters(cluster, y.size)
    data = prepare(y, v, np.ones((y.size, 1)), groups, rho, restricted=method == "REML")
    floor = fit.log_likelihood - 0.5 * chi2_upper(0.05, 1)
    fine = np.append(0, np.geomspace(1e-4, 3, 2000))
    for end in (limits.tau2_between_ci_low, limits.tau2_between_ci_high):
        height = surface(data, within(data, fine), np.array([end])).max()
        assert height == pytest.approx(floor, abs=1e-4) or (end == 0 and height >= floor)
    for end in (limits.tau2_within_ci_low, limits.tau2_within_ci_high):
        height = surface(data, within(data, np.array([end])), fine).max()
        assert height == pytest.approx(floor, abs=1e-4) or (end == 0 and height >= floor)
    assert limits.tau2_between_ci_low < fit.tau2_between < limits.tau2_between_ci_high
    assert limits.tau2_within_ci_low < fit.tau2_within < limits.tau2_within_ci_high
    assert limits.tau2_within == pytest.approx(fit.tau2_within, rel=1e-12)


def test_a_lower_limit_of_zero_where_the_ratio_test_says_so():
    y, v, cluster, _ = example()
    fit = three_level(y, v, cluster)
    level = 0.95
    low = variance_intervals(y, v, cluster, level=level).tau2_between_ci_low
    assert (low == 0) == (fit.lrt_between <= chi2_upper(1 - level, 1))
    y = y + 2.0 * np.array(cluster)
    assert variance_intervals(y, v, cluster).tau2_between_ci_low > 0


def test_correlated_errors_count_for_less():
    """As rho rises the effects of a cluster say less, so the common effect is less certain."""
    v, cluster = np.full(8, 0.04), [1, 1, 1, 1, 2, 2, 2, 2]
    y = [0.1, 0.12, 0.11, 0.13, 0.1, 0.09, 0.12, 0.1]
    se = [three_level(y, v, cluster, rho=rho).se for rho in (0.0, 0.3, 0.9)]
    assert se[0] < se[1] < se[2]
    assert se[1] == pytest.approx(np.sqrt(0.04 * (1 + 3 * 0.3) / 8))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cluster": [1, 1, 2]}, "differ in length: 3 and 4"),
        ({"cluster": "abcd"}, "one label per effect"),
        ({"cluster": [1, 1, None, 2]}, "missing; number 3"),
        ({"cluster": [1, 1, float("nan"), 2]}, "missing; number 3"),
        ({"cluster": np.array([1, 1, 2, np.nan])}, "missing; number 4"),
        ({"cluster": [1, 1, [2], 2]}, "single values.*number 3"),
        ({"cluster": [1, 1, 1, 1]}, "at least 2 clusters"),
        ({"cluster": [1, 2, 3, 4]}, "one effect"),
        ({"v": [0.1, 0.1, 0.0, 0.1]}, "variances must be positive; number 3"),
        ({"y": [0.1, 0.2]}, "differ in length"),
        ({"rho": 1.0}, "below 1"),
        ({"rho": -1.0}, "above -1"),
        ({"rho": float("nan")}, "rho must lie"),
        ({"rho": "0.5"}, "rho must be a number"),
        ({"method": "DL"}, "method must be one of REML, ML"),
        ({"test": "hksj"}, "test must be one of z, t, contain"),
        ({"level": 1.0}, "level"),
        ({"X": [[1, 2], [3, 4], [5, 6], [7, 9]]}, "at least 5 effects"),
        ({"X": [1, 1, 0, 0]}, "cannot be told apart"),
    ],
)
def test_refusals(change, words):
    data = {"y": [0.1, 0.3, 0.2, 0.6], "v": [0.01, 0.02, 0.01, 0.03], "cluster": [1, 1, 2, 2]}
    data |= change
    with pytest.raises(ValueError, match=words):
        three_level(**data)


def test_composites_by_hand():
    y, v, cluster = [0.2, 0.4, 0.9], [0.04, 0.01, 0.02], ["b", "b", "a"]
    plain = aggregate_effects(y, v, cluster, 0.0)
    assert plain.cluster == ("b", "a") and plain.size.tolist() == [2, 1]
    np.testing.assert_allclose(plain.y, [(0.2 / 0.04 + 0.4 / 0.01) / 125, 0.9])
    np.testing.assert_allclose(plain.v, [1 / 125, 0.02])
    mean = aggregate_effects(y, v, cluster, 0.5, weights="mean")
    np.testing.assert_allclose(mean.y, [0.3, 0.9])
    np.testing.assert_allclose(mean.v, [(0.04 + 0.01 + 2 * 0.5 * 0.2 * 0.1) / 4, 0.02])
    V = np.array([[0.04, 0.016], [0.016, 0.01]])  # rho 0.8
    row = np.linalg.solve(V, np.ones(2))
    best = aggregate_effects(y, v, cluster, 0.8)
    assert best.y[0] == pytest.approx(row @ [0.2, 0.4] / row.sum(), rel=1e-12)
    assert best.v[0] == pytest.approx(1 / row.sum(), rel=1e-12)


def test_composites_of_equal_precision_are_means():
    for weights in ("precision", "mean"):
        found = aggregate_effects([0.1, 0.2, 0.6], [0.03] * 3, [7, 7, 7], 0.4, weights=weights)
        assert found.y[0] == pytest.approx(0.3, rel=1e-12)
        assert found.v[0] == pytest.approx(0.03 * (1 + 2 * 0.4) / 3, rel=1e-12)
    with pytest.raises(ValueError, match="weights must be one of"):
        aggregate_effects([0.1], [0.1], [1], 0.4, weights="n")
    with pytest.raises(ValueError, match="clusters of 3"):
        aggregate_effects([0.1, 0.2, 0.6], [0.03] * 3, [7, 7, 7], -0.5)


def test_common_effect_of_composites_is_that_of_the_effects():
    """Precision weights lose nothing: the common effect and its variance stay the same."""
    y, v, cluster, _ = example()
    made = aggregate_effects(y, v, cluster, 0.0)
    both = pool(made.y, made.v, tau2="FE", test="z"), pool(y, v, tau2="FE", test="z")
    assert both[0].estimate == pytest.approx(both[1].estimate, rel=1e-12)
    assert both[0].se == pytest.approx(both[1].se, rel=1e-12)
