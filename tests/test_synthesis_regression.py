"""Meta-regression: by hand, by brute force, by exact fractions, and what is refused."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis.blup import blup
from alliance_review.synthesis.heterogeneity import METHODS
from alliance_review.synthesis.heterogeneity import tau_squared as pooled_tau_squared
from alliance_review.synthesis.modes import GRID_FACTOR
from alliance_review.synthesis.pooling import pool
from alliance_review.synthesis.regression.batch import coefficients_of
from alliance_review.synthesis.regression.fit import meta_regression, variance_inflation, wald
from alliance_review.synthesis.regression.likelihood import grid, score
from alliance_review.synthesis.regression.projection import columns
from alliance_review.synthesis.regression.tau import tau_squared_regression
from alliance_review.synthesis.tau_test import tau2_lr_test
from alliance_review.verification import fixtures

Y = np.array([0.30, 0.12, 0.45, -0.10, 0.22, 0.35, 0.05])
V = np.array([0.010, 0.020, 0.015, 0.030, 0.005, 0.040, 0.012])
X = np.array([1.0, 2.0, 3.0, 1.5, 2.5, 4.0, 0.5])
Z = np.array([0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0])
TESTS = ("z", "hksj", "hksj_adhoc")


# a study so large that one weight is nearly all of their sum
GIANT = np.array([1e-14, 1.0, 1.0, 1.0])


def random_data(seed, k=9, m=2):
    rng = np.random.default_rng(seed)
    v = np.exp(rng.uniform(-6, -1, k))
    y = rng.normal(0.2, np.sqrt(v + rng.choice([0.0, 0.01, 0.2])))
    return y, v, np.column_stack([rng.normal(size=k), rng.integers(0, 2, k)])[:, :m]


def usable(x):
    full = np.column_stack([np.ones(len(x)), x])
    return np.linalg.matrix_rank(full) == full.shape[1]


def likelihood(y, v, x, tau2, *, restricted):
    """At every tau2, written out again with normal equations, to check what was optimised."""
    x, t = np.column_stack([np.ones(len(y)), x]), np.atleast_1d(tau2)
    w = 1 / (v + t[:, None])
    a = np.einsum("tk,ki,kj->tij", w, x, x)
    b = np.linalg.solve(a, np.einsum("tk,ki,k->ti", w, x, y)[..., None])[..., 0]
    value = 0.5 * np.log(w).sum(axis=1) - 0.5 * (w * (y - b @ x.T) ** 2).sum(axis=1)
    return value - 0.5 * np.linalg.slogdet(a)[1] if restricted else value


def test_two_groups_by_hand():
    # weights 4 and 4, then 2 and 2: the means are 2 and 5, the difference has variance 1/8 + 1/4
    y, v, x = [1.0, 3.0, 4.0, 6.0], [0.25, 0.25, 0.5, 0.5], [0, 0, 1, 1]
    fit = meta_regression(y, v, x, tau2="FE", test="z")
    np.testing.assert_allclose(fit.estimate, [2, 3])
    np.testing.assert_allclose(fit.se, np.sqrt([1 / 8, 3 / 8]))
    assert fit.q == pytest.approx(4 * 2 + 2 * 2)
    assert (fit.q_df, fit.k, fit.p, fit.names) == (2, 4, 2, ("intercept", "x1"))
    assert fit.q_moderators == pytest.approx(9 / (3 / 8))
    assert fit.h2 == pytest.approx(6)
    assert fit.i2 == pytest.approx(100 * 5 / 6)
    hk = meta_regression(y, v, x, tau2="FE")
    np.testing.assert_allclose(hk.se, np.sqrt(6 * np.array([1 / 8, 3 / 8])))
    assert hk.q_moderators == pytest.approx(9 / (3 / 8) / 6)
    assert hk.q_moderators_p == pytest.approx(hk.p_value[1])
    assert hk.df == 2


def solve(a, b):
    """Gauss-Jordan elimination in fractions."""
    rows = [[*row, x] for row, x in zip(a, b, strict=True)]
    for i in range(len(rows)):
        pivot = next(r for r in range(i, len(rows)) if rows[r][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for r in range(len(rows)):
            if r != i:
                rows[r] = [x - rows[r][i] * z for x, z in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]


def test_exact_fractions_where_a_moderator_is_far_from_zero():
    """DL and HS with the uncentred year of publication, without any rounding."""
    model = fixtures.load("regression")["bcg"]["models"]["ablat_year"]
    y, v = fixtures.effects("bcg")
    x = np.column_stack([np.ones(13), *model["moderators"].values()])
    fy, fw = [Fraction(a) for a in y], [1 / Fraction(a) for a in v]
    fx = [[Fraction(a) for a in row] for row in x]

    def moments(w):
        return [
            [sum(u * r[i] * r[j] for u, r in zip(w, fx, strict=True)) for j in range(3)]
            for i in range(3)
        ]

    a = moments(fw)
    b = solve(a, [sum(u * r[i] * z for u, r, z in zip(fw, fx, fy, strict=True)) for i in range(3)])
    fitted = [sum(c * d for c, d in zip(row, b, strict=True)) for row in fx]
    q = sum(u * (z - f) ** 2 for u, z, f in zip(fw, fy, fitted, strict=True))
    a2 = moments([u * u for u in fw])
    trace = sum(fw) - sum(solve(a, [a2[i][j] for i in range(3)])[j] for j in range(3))
    dl, hs = float((q - 10) / trace), float((q - 13) / sum(fw))
    assert tau_squared_regression(y, v, x, "DL")[0] == pytest.approx(dl, rel=1e-12)
    assert tau_squared_regression(y, v, x, "HS")[0] == pytest.approx(hs, rel=1e-12)
    fit = meta_regression(y, v, x, tau2="FE", test="z")
    np.testing.assert_allclose(fit.estimate, [float(c) for c in b], rtol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_without_moderators_it_is_the_pool(method):
    for test in TESTS:
        pooled = pool(Y, V, tau2=method, test=test)
        fit = meta_regression(Y, V, None, tau2=method, test=test)
        for name in ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value"):
            assert getattr(fit, name)[0] == pytest.approx(getattr(pooled, name), rel=1e-9)
        for name in ("tau2", "i2", "h2", "q", "q_p"):
            assert getattr(fit, name) == pytest.approx(getattr(pooled, name), rel=1e-8, abs=1e-12)
        assert fit.names == ("intercept",)
        assert np.isnan(fit.q_moderators)
        assert np.isnan(fit.r2)
        here = fit.predict(None)
        if method == "FE":
            assert np.isnan(here.prediction_low[0])
        else:
            assert here.prediction_low[0] == pytest.approx(pooled.prediction_low, rel=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_without_moderators_it_is_the_pool_on_hard_sets(method):
    for data in fixtures.load("stress_sets")["sets"].values():
        y, v = np.array(data["y"]), np.array(data["v"])
        ours = tau_squared_regression(y, v, np.ones((y.size, 1)), method)[0]
        pooled = float(pooled_tau_squared(y - y[0], v, None, method))
        assert ours == pytest.approx(pooled, rel=1e-8, abs=1e-10 * v.min())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sampled_from(["ML", "REML"]), st.integers(4, 9))
def test_no_tau2_on_a_fine_grid_is_more_likely(seed, method, k):
    y, v, x = random_data(seed, k, m=1)
    restricted = method == "REML"
    best = meta_regression(y, v, x, tau2=method).tau2
    grid = np.concatenate([[0], np.geomspace(1e-6, 20, 200)])
    values = likelihood(y, v, x, [best, *grid], restricted=restricted)
    assert values[0] >= values[1:].max() - 1e-10


def test_the_highest_of_several_modes_wins():
    rng = np.random.default_rng(11)
    x = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    # three precise effects and two vague ones, all further apart than their variances say
    v = np.array([[1e-3], [1e-3], [1e-3], [1.0], [1.0]]) * rng.uniform(0.8, 1.2, (5, 600))
    y = 2 * rng.standard_normal((5, 600)) * np.sqrt(v)
    tau2 = tau_squared_regression(y, v, np.column_stack([np.ones(5), x]), "REML")
    grid, several = np.concatenate([[0], np.geomspace(1e-5, 50, 200)]), 0
    for b in range(600):
        values = likelihood(y[:, b], v[:, b], x, [tau2[b], *grid], restricted=True)
        assert values[0] >= values[1:].max() - 1e-10
        rises = np.diff(np.concatenate([[-np.inf], values[1:], [-np.inf]])) > 0
        several += (rises[:-1] & ~rises[1:]).sum() > 1
    assert several >= 150


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    st.integers(0, 10_000), st.sampled_from(METHODS), st.sampled_from(TESTS), st.randoms()
)
def test_order_shift_and_scale(seed, method, test, random):
    y, v, x = random_data(seed)
    if not usable(x):
        return
    first = meta_regression(y, v, x, tau2=method, test=test)
    order = list(range(y.size))
    random.shuffle(order)
    turned = meta_regression(y[order], v[order], x[order], tau2=method, test=test)
    moved = meta_regression(y + 3 + 2 * x[:, 0], v, x, tau2=method, test=test)
    larger = meta_regression(10 * y, 100 * v, x, tau2=method, test=test)
    wider = meta_regression(y, v, x * [1000, 1] + [5, 0], tau2=method, test=test)
    tight = {"rtol": 1e-6, "atol": 1e-8}
    for other, factor in ((turned, 1), (moved, 1), (larger, 100), (wider, 1)):
        np.testing.assert_allclose(other.tau2, factor * first.tau2, rtol=1e-6, atol=1e-8 * factor)
    np.testing.assert_allclose(turned.estimate, first.estimate, **tight)
    np.testing.assert_allclose(moved.estimate - [3, 2, 0], first.estimate, **tight)
    np.testing.assert_allclose(moved.se, first.se, **tight)
    np.testing.assert_allclose(larger.estimate, 10 * first.estimate, **tight)
    np.testing.assert_allclose(wider.estimate[1] * 1000, first.estimate[1], **tight)
    np.testing.assert_allclose(wider.statistic[1:], first.statistic[1:], **tight)


def test_many_at_once_are_as_one_by_one():
    rng = np.random.default_rng(3)
    y, v = rng.normal(size=(8, 5)), rng.uniform(0.01, 2, (8, 5))
    designs = np.stack([np.column_stack([np.ones(8), rng.normal(size=8)]) for _ in range(5)])
    for method in METHODS:
        alone = [tau_squared_regression(y[:, b], v[:, b], designs[b], method)[0] for b in range(5)]
        np.testing.assert_allclose(
            tau_squared_regression(y, v, designs, method), alone, rtol=1e-8, atol=1e-12
        )
        shared = [tau_squared_regression(y[:, b], V[0] + v[:, 0], designs[0], method)[0]
                  for b in range(5)]  # fmt: skip
        together = tau_squared_regression(y, V[0] + v[:, 0], designs[0], method)
        np.testing.assert_allclose(together, shared, rtol=1e-8, atol=1e-12)


def test_effects_left_out_by_membership():
    member = 1 - np.eye(7)
    design = np.column_stack([np.ones(7), X])
    for method in METHODS:
        together = tau_squared_regression(Y, V, design, method, member=member)
        for b in range(7):
            kept = member[:, b] == 1
            alone = tau_squared_regression(Y[kept], V[kept], design[kept], method)[0]
            assert together[b] == pytest.approx(alone, rel=1e-8, abs=1e-12)


def test_more_regressions_than_fit_one_chunk():
    y = np.tile(Y[:, None], (1, 12_000))
    tau2 = tau_squared_regression(y, V, np.column_stack([np.ones(7), X]), "REML")
    assert tau2.shape == (12_000,)
    assert np.ptp(tau2) < 1e-15


def test_a_batch_has_the_coefficients_of_each():
    x = np.column_stack([X, Z])
    design = np.column_stack([np.ones(7), x])
    for test in TESTS:
        fit = meta_regression(Y, V, x, test=test)
        batch = coefficients_of(columns(Y, V, design[None]), np.array([fit.tau2]), test)
        for name in ("estimate", "se", "statistic"):
            np.testing.assert_allclose(getattr(batch, name)[:, 0], getattr(fit, name), rtol=1e-9)
        assert batch.q_moderators[0] == pytest.approx(fit.q_moderators, rel=1e-9)


def test_collinear_in_a_batch_is_nan():
    designs = np.stack([np.column_stack([np.ones(7), x]) for x in (X, np.full(7, 3.0))])
    for method in ("DL", "REML", "PM", "HE", "SJ"):
        value = tau_squared_regression(Y, V, designs, method)
        assert np.isnan(value).tolist() == [False, True]


def test_equal_variances_give_ordinary_least_squares():
    v = np.full(7, 0.02)
    fit = meta_regression(Y, v, X)
    slope, intercept = np.polyfit(X, Y, 1)
    np.testing.assert_allclose(fit.estimate, [intercept, slope], rtol=1e-10)
    residual = Y - intercept - slope * X
    s2 = (residual**2).sum() / 5
    assert fit.tau2 == pytest.approx(max(0, s2 - 0.02), rel=1e-9)
    assert fit.se[1] == pytest.approx(np.sqrt(s2 / ((X - X.mean()) ** 2).sum()), rel=1e-9)


def test_inflation_is_that_of_the_weighted_regression_on_the_others():
    fit = meta_regression(Y, V, np.column_stack([X, Z]), names=["a", "b"])
    w = 1 / (V + fit.tau2)
    a, b = X - w @ X / w.sum(), Z - w @ Z / w.sum()
    r2 = (w @ (a * b)) ** 2 / ((w @ (a * a)) * (w @ (b * b)))
    expected = 1 / (1 - r2)
    assert variance_inflation(fit) == pytest.approx({"a": expected, "b": expected})
    assert np.isnan(fit.vif[0])
    assert variance_inflation(meta_regression(Y, V, X)) == pytest.approx({"x1": 1.0})
    assert variance_inflation(meta_regression(Y, V, None)) == {}
    with pytest.raises(ValueError, match="that of a meta-regression"):
        variance_inflation(pool(Y, V))


def test_prediction_at_given_values():
    fit = meta_regression(Y, V, np.column_stack([X, Z]))
    ours = fit.predict([[2.0, 1.0], [0.0, 0.0]])
    row = np.array([1.0, 2.0, 1.0])
    assert ours.estimate[0] == pytest.approx(row @ fit.estimate)
    assert ours.se[0] == pytest.approx(np.sqrt(row @ fit.covariance @ row))
    for name in ("estimate", "se", "ci_low", "ci_high"):
        assert getattr(ours, name)[1] == pytest.approx(getattr(fit, name)[0])
    half = ours.ci_high - ours.estimate
    spread = ours.prediction_high - ours.estimate
    np.testing.assert_allclose((spread / half) ** 2, 1 + fit.tau2 / ours.se**2)
    assert fit.predict([2.0, 1.0]).estimate == pytest.approx(ours.estimate[:1])
    assert meta_regression(Y, V, X).predict([1.0, 2.0, 3.0]).estimate.shape == (3,)
    assert (fit.predict([2, 1], level=0.5).ci_low > ours.ci_low[:1]).all()
    with pytest.raises(ValueError, match="the model has 2 moderators, the new values have 3"):
        fit.predict([1, 2, 3])
    with pytest.raises(ValueError, match="new moderators must be finite"):
        fit.predict([1, np.nan])
    with pytest.raises(ValueError, match="new moderators must be numbers; code categories"):
        fit.predict(["old", "new"])


def test_explained_share():
    fit = meta_regression(Y, V, X, tau2="DL")
    null = pool(Y, V, tau2="DL").tau2
    assert null > 0
    assert fit.r2 == pytest.approx(100 * max(0, 1 - fit.tau2 / null))
    perfect = meta_regression(0.5 * X, V, X)
    assert perfect.tau2 == 0
    assert perfect.r2 == 100
    nothing = meta_regression(np.full(7, 0.2) + 1e-3 * Z, V, X)
    assert np.isnan(nothing.r2)


def test_the_mean_keeps_its_digits_beside_a_giant_study():
    y = np.array([0.1, 1.0, -2.0, 0.9])
    w, fy = [1 / Fraction(a) for a in GIANT], [Fraction(a) for a in y]
    mean = sum(u * z for u, z in zip(w, fy, strict=True)) / sum(w)
    q = sum(u * (z - mean) ** 2 for u, z in zip(w, fy, strict=True))
    free = sum(w) - sum(u * u for u in w) / sum(w)
    tau2, typical = (q - 3) / free, 3 / free
    assert tau2 > 0
    ones = np.ones(4)
    for order in ([0, 1, 2, 3], [2, 3, 0, 1]):
        for x, options in ((None, {}), (ones, {}), (ones, {"intercept": False})):
            fit = meta_regression(y[order], GIANT[order], x, tau2="DL", **options)
            assert fit.tau2 == pytest.approx(float(tau2), rel=1e-12)
            assert fit.i2 == pytest.approx(float(100 * tau2 / (tau2 + typical)), rel=1e-12)
            assert fit.q == pytest.approx(float(q), rel=1e-12)
        assert blup(y[order], GIANT[order], "DL").tau2 == pytest.approx(float(tau2), rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_every_function_of_the_mean_has_the_tau_squared_of_the_pool(method):
    y = np.array([0.9, 1.0, -2.0, 0.1])
    expected = pool(y, GIANT, tau2=method)
    fit = meta_regression(y, GIANT, None, tau2=method)
    for name in ("tau2", "i2", "h2", "q", "q_p"):
        assert getattr(fit, name) == getattr(expected, name)
    assert blup(y, GIANT, method).tau2 == expected.tau2
    if method in ("ML", "REML"):
        assert tau2_lr_test(y, GIANT, tau2=method).tau2 == expected.tau2


def test_a_moderator_without_an_intercept_is_not_the_mean():
    """One column, but not of ones: 2 for all is half the mean, 1 and 2 are not proportional."""
    twice = meta_regression(Y, V, np.full(7, 2.0), intercept=False)
    assert twice.estimate[0] == pytest.approx(pool(Y, V).estimate / 2)
    slope = meta_regression(Y, V, X, intercept=False, tau2="DL")
    w = 1 / V
    q = (w * (Y - X * (w * X * Y).sum() / (w * X * X).sum()) ** 2).sum()
    free = w.sum() - (w * w * X * X).sum() / (w * X * X).sum()
    assert (slope.q, slope.tau2) == pytest.approx((q, (q - 6) / free))


def test_a_column_of_ones_is_the_intercept():
    added = meta_regression(Y, V, X, names=["x"])
    given_ = meta_regression(Y, V, np.column_stack([X, np.ones(7)]), names=["x", "one"])
    assert given_.names == added.names == ("intercept", "x")
    np.testing.assert_allclose(given_.estimate, added.estimate)
    np.testing.assert_allclose(given_.predict([3, 1]).estimate, added.predict(3).estimate)
    through_zero = meta_regression(Y, V, X, intercept=False)
    assert through_zero.names == ("x1",)
    assert through_zero.q_moderators == pytest.approx(through_zero.statistic[0] ** 2)


def test_names_from_a_data_frame():
    frame = pd.DataFrame({"age": X, "inpatient": Z})
    fit = meta_regression(Y, V, frame)
    assert fit.names == ("intercept", "age", "inpatient")
    assert list(fit.to_frame()["names"]) == list(fit.names)
    assert "age" not in repr(fit)
    assert "MetaRegression" in repr(fit)
    assert "inpatient" in fit._repr_html_()
    assert "_design" not in fit.to_dict()
    assert fit.to_dict()["estimate"] == pytest.approx(fit.estimate.tolist())


def test_new_values_are_found_by_their_names():
    frame = pd.DataFrame({"age": X, "inpatient": Z})
    fit = meta_regression(Y, V, frame)
    new = pd.DataFrame({"inpatient": [1.0, 0.0, 1.0], "age": [2.0, 5.0, 3.0]}, index=[4, 9, 2])
    expected = fit.predict([[2.0, 1.0], [5.0, 0.0], [3.0, 1.0]])
    np.testing.assert_array_equal(fit.predict(new).estimate, expected.estimate)
    np.testing.assert_array_equal(fit.predict(new[["age", "inpatient"]]).se, expected.se)
    np.testing.assert_array_equal(fit.predict(new.loc[4]).estimate, expected.estimate[:1])
    np.testing.assert_array_equal(fit.predict(pd.Series([2, 1])).estimate, expected.estimate[:1])
    named = meta_regression(Y, V, np.column_stack([X, Z]), names=["age", "inpatient"])
    np.testing.assert_array_equal(named.predict(new).estimate, expected.estimate)
    for wrong in (new.rename(columns={"age": "years"}), new.assign(more=1.0)[["age", "more"]],
                  new.loc[4].rename({"age": "years"}), new.iloc[:, [0, 0]]):  # fmt: skip
        with pytest.raises(ValueError, match="has the moderators age, inpatient, the new values "):
            fit.predict(wrong)
    with pytest.raises(ValueError, match="the model has 2 moderators, the new values have 3"):
        fit.predict(new.assign(more=1.0))


def test_new_values_by_name_where_a_column_of_ones_was_given():
    frame = pd.DataFrame({"age": X, "inpatient": Z, "one": np.ones(7)})
    fit = meta_regression(Y, V, frame)
    new = pd.DataFrame({"one": [1.0], "inpatient": [0.0], "age": [2.5]})
    assert fit.predict(new).estimate == pytest.approx(fit.estimate @ [1, 2.5, 0], rel=1e-12)
    alone = meta_regression(Y, V, frame[["age"]])
    assert alone.predict(frame[["age"]]).estimate.shape == (7,)
    assert alone.predict(pd.Series([1.0, 2.0, 3.0], index=list("abc"))).estimate.shape == (3,)
    with pytest.raises(ValueError, match="has the moderators age, the new values inpatient"):
        alone.predict(frame[["inpatient"]])


def test_the_name_of_a_series_is_kept():
    for name, expected in (("rater", "rater"), (3, "3"), (None, "x1")):
        for kind in (float, "Float64"):
            column = pd.Series(X, name=name, index=range(5, 12)).astype(kind)
            fit = meta_regression(Y, V, column)
            assert fit.names == ("intercept", expected)
            np.testing.assert_array_equal(fit.estimate, meta_regression(Y, V, X).estimate)
    assert meta_regression(Y, V, pd.Series(X, name="rater"), names=["age"]).names[1] == "age"
    assert meta_regression(Y, V, pd.DataFrame({"age": X})["age"]).names[1] == "age"
    flag = pd.Series(Z == 1, name="inpatient")
    np.testing.assert_array_equal(
        meta_regression(Y, V, flag).estimate, meta_regression(Y, V, Z).estimate
    )


@pytest.mark.parametrize("test", TESTS)
def test_equal_effects_are_no_evidence_for_moderators(test):
    for value in (0.3, 0.0):
        for x in (X, np.column_stack([X, Z])):
            fit = meta_regression(np.full(7, value), V, x, test=test)
            assert (fit.q_moderators, fit.q_moderators_p) == (0, 1)
            assert (fit.statistic[1:] == 0).all()
            assert (fit.p_value[1:] == 1).all()
            assert (fit.estimate[1:] == 0).all()
            if test == "hksj":
                assert (fit.se == 0).all()
                assert (fit.statistic[0], fit.p_value[0]) == ((np.inf, 0) if value else (0, 1))
    # the inflation is that of the design: it does not need residuals
    both = np.column_stack([X, Z])
    noisy = meta_regression(Y, V, both, tau2="FE", test=test)
    none = meta_regression(np.zeros(7), V, both, tau2="FE", test=test)
    np.testing.assert_allclose(none.vif, noisy.vif)


def test_the_test_of_several_coefficients_without_variance():
    s = np.diag([4.0, 0.0, 0.0])
    assert wald(np.array([2.0, 0.0, 0.0]), s) == 1
    assert wald(np.array([2.0, 0.0, 1e-9]), s) == np.inf
    assert wald(np.zeros(2), np.zeros((2, 2))) == 0
    assert wald(np.array([1.0, 2.0]), np.array([[2.0, 1.0], [1.0, 2.0]])) == pytest.approx(2)


def test_the_grid_has_the_steps_of_the_mean():
    """From point to point no weight changes by more than the factor of the one rule."""
    rng = np.random.default_rng(1)
    v, y = np.exp(rng.uniform(-8, 1, (9, 40))), rng.normal(size=(9, 40))
    data = columns(y, v, np.column_stack([np.ones(9), rng.normal(size=9)]))
    tau2 = grid(data)
    assert (tau2[0] == 0).all()
    ratios = (v + tau2[1:, None]) / (v + tau2[:-1, None])
    assert ratios.max() <= GRID_FACTOR * (1 + 1e-12)
    for beyond in (tau2[-1], 10 * tau2[-1]):
        for restricted in (True, False):
            assert (score(data, beyond, restricted=restricted)[0] < 0).all()


def test_results_cannot_be_changed():
    fit = meta_regression(Y, V, X)
    for name in ("estimate", "se", "covariance", "vif"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(fit, name)[0] = 1
    with pytest.raises(AttributeError):
        fit.tau2 = 0


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (X[:6], {}, "moderators and effects differ in length: 6 and 7"),
        (np.where(X == 2, np.nan, X), {"names": ["age"]}, "'age' must be finite; number 2 is nan"),
        (np.column_stack([X, 2 * X]), {"names": ["a", "b"]}, "moderator 'b' is collinear"),
        (np.column_stack([X, Z, 1 - Z]), {}, "moderator 'x3' is collinear"),
        (np.full(7, 4.0), {"names": ["age"]}, "moderator 'age' is the same for all effects"),
        (np.zeros(7), {"names": ["age"]}, "moderator 'age' is the same for all effects"),
        (np.vander(X, 7)[:, :6], {}, "7 coefficients need at least 8 effects, 7 given"),
        (["a"] * 7, {}, "numbers; code categories as 0/1 columns, or use subgroup_analysis"),
        (["1", "2", "3", "4", "5", "6", "8"], {}, "moderators must be numbers; code categories"),
        (pd.Categorical([1, 2, 1, 2, 1, 2, 2]), {}, "moderators must be numbers; code categ"),
        (pd.Series(list("abababb"), name="g"), {}, "moderators must be numbers; code categories"),
        (pd.DataFrame({"a": X, "b": list("abababb")}), {}, "moderators must be numbers; code"),
        (
            pd.DataFrame({"a": X, "b": pd.Categorical([1, 2, 1, 2, 1, 2, 2])}), {},
            "moderators must be numbers; code categories",
        ),
        (pd.date_range("2020-01-01", periods=7), {}, "moderators must be numbers; code"),
        (X + 1j, {}, "moderators must be numbers"),
        ([[1, 2]] * 6 + [[3]], {}, "moderators must be a rectangle of numbers"),
        (
            pd.Series([1, 2, pd.NA, 4, 5, 6, 8], dtype="Int64", name="age"), {},
            "moderator 'age' must be finite; number 3 is nan",
        ),
        ([1, 2, None, 4, 5, 6, 8], {}, "moderator 'x1' must be finite; number 3 is nan"),
        (np.zeros((7, 2, 2)), {}, "one or two dimensions, not 3"),
        (X, {"names": ["a", "b"]}, "1 moderators need as many names, 2 given"),
        (np.column_stack([X, Z]), {"names": ["a", "a"]}, "two moderators have the same name"),
        (X, {"names": ["intercept"]}, "no moderator may be named 'intercept'"),
        (X, {"tau2": "XX"}, "tau2 must be one of"),
        (X, {"test": "t"}, "test must be one of"),
        (X, {"level": 1}, "level must lie between 0 and 1"),
        (None, {"intercept": False}, "needs a moderator or an intercept"),
    ],
)
def test_what_is_refused(x, options, message):
    with pytest.raises(ValueError, match=message):
        meta_regression(Y, V, x, **options)


def test_variances_are_checked():
    with pytest.raises(ValueError, match="variances must be positive"):
        meta_regression(Y, np.where(V == 0.005, 0, V), X)
    with pytest.raises(ValueError, match="tau2 must be one of"):
        tau_squared_regression(Y, V, np.ones((7, 1)), "XX")


def test_likelihood_ratio_of_no_variation():
    found = tau2_lr_test(Y, V, X, tau2="ML")
    top, bottom = likelihood(Y, V, X, [found.tau2, 0.0], restricted=False)
    assert found.statistic == pytest.approx(2 * (top - bottom))
    assert found.tau2 == meta_regression(Y, V, X, tau2="ML").tau2
    alone = tau2_lr_test(np.full(7, 0.2), V)
    assert (alone.statistic, alone.p_value, alone.tau2) == (0, 1, 0)
    # a statistic of 2.706 is the upper tenth of chi-square: half of that is 5 per cent
    y = np.array([-1.0, 1.0, -1.0, 1.0])
    v = [next(v for v in np.linspace(1, 0.1, 20_000) if _statistic(y, v) >= 2.705543454)] * 4
    assert tau2_lr_test(y, v, tau2="ML").p_value == pytest.approx(0.05, abs=1e-4)
    with pytest.raises(ValueError, match="tau2 must be one of REML, ML"):
        tau2_lr_test(Y, V, tau2="DL")


def _statistic(y, v):
    """Equal variances: tau squared is mean(y**2) - v, by hand."""
    s2 = max((y**2).mean(), v)
    return y.size * (np.log(v / s2) + (y**2).mean() * (1 / v - 1 / s2))
