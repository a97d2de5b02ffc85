"""Subgroups: by hand, against pools and regressions, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis.distributions import chi2_tail
from alliance_review.synthesis.heterogeneity import METHODS
from alliance_review.synthesis.pooling import pool
from alliance_review.synthesis.regression.fit import meta_regression
from alliance_review.synthesis.sensitivity import cumulative
from alliance_review.synthesis.subgroups import subgroup_analysis

Y = np.array([0.30, 0.12, 0.45, -0.10, 0.22, 0.35, 0.05, 0.50])
V = np.array([0.010, 0.020, 0.015, 0.030, 0.005, 0.040, 0.012, 0.008])
GROUPS = ["child", "adult", "child", "adult", "adult", "child", "adult", "child"]
CHILD = np.array([g == "child" for g in GROUPS])
TESTS = ("z", "hksj", "hksj_adhoc")
SHARED = (
    "estimate se ci_low ci_high statistic df p_value q q_df prediction_low prediction_high k"
).split()


def test_by_hand():
    # means 2 (weight 8) and 5 (weight 4) about 3: 8 + 16
    ours = subgroup_analysis(
        [1, 3, 4, 6], [0.25, 0.25, 0.5, 0.5], [1, 1, 2, 2], tau2="FE", test="z"
    )
    np.testing.assert_allclose(ours.estimate, [2, 5])
    np.testing.assert_allclose(ours.se**2, [1 / 8, 1 / 4])
    assert ours.q_between == pytest.approx(24)
    assert ours.q_between_df == 1
    assert ours.q_between_p == pytest.approx(float(chi2_tail(24, 1)))
    np.testing.assert_allclose(ours.q, [8, 4])
    assert (ours.q_within, ours.q_within_df) == (pytest.approx(12), 2)
    assert ours.groups == ("1", "2")


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("tau2", METHODS)
def test_each_group_is_its_pool(tau2, test):
    ours = subgroup_analysis(Y, V, GROUPS, tau2=tau2, test=test)
    assert ours.groups == ("adult", "child")
    means, weights = [], []
    for i, member in enumerate((~CHILD, CHILD)):
        pooled = pool(Y[member], V[member], tau2=tau2, test=test)
        for name in (*SHARED, "tau2", "i2", "q_p"):
            np.testing.assert_equal(getattr(ours, name)[i], getattr(pooled, name))
        means.append(pooled.estimate)
        weights.append((1 / (V[member] + pooled.tau2)).sum())
    # two groups: the square of their difference over the sum of their variances
    expected = (means[0] - means[1]) ** 2 / (1 / weights[0] + 1 / weights[1])
    assert ours.q_between == pytest.approx(expected)
    assert np.isnan(ours.r2)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("tau2", METHODS)
def test_a_common_tau2_is_the_regression_on_groups(tau2, test):
    ours = subgroup_analysis(Y, V, GROUPS, common_tau2=True, tau2=tau2, test=test)
    fit = meta_regression(Y, V, CHILD.astype(float), tau2=tau2, test=test)
    tight = {"rel": 1e-8, "abs": 1e-12}
    assert ours.tau2 == pytest.approx([fit.tau2] * 2, **tight)
    assert ours.i2 == pytest.approx([fit.i2] * 2, rel=1e-8, abs=1e-9)
    assert ours.estimate[0] == pytest.approx(fit.estimate[0], **tight)
    assert ours.estimate[1] == pytest.approx(fit.estimate.sum(), **tight)
    assert ours.se[0] == pytest.approx(fit.se[0], **tight)
    assert ours.q_between == pytest.approx(fit.q_moderators, **tight)
    assert ours.q_between_p == pytest.approx(fit.q_moderators_p, **tight)
    assert ours.q_within == pytest.approx(fit.q, **tight)
    assert ours.q_within_df == fit.q_df == 6
    assert ours.r2 == pytest.approx(fit.r2, rel=1e-6, abs=1e-6)
    difference = (ours.estimate[1] - ours.estimate[0]) ** 2 / (ours.se**2).sum()
    assert ours.q_between == pytest.approx(difference, **tight)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.randoms(), st.booleans(), st.sampled_from(["FE", "DL", "REML"]))
def test_order_and_labels_do_not_matter(random, common, tau2):
    order = list(range(8))
    random.shuffle(order)
    first = subgroup_analysis(Y, V, GROUPS, common_tau2=common, tau2=tau2)
    turned = subgroup_analysis(
        Y[order], V[order], [GROUPS[i] for i in order], common_tau2=common, tau2=tau2
    )
    renamed = subgroup_analysis(
        Y, V, [{"child": "a", "adult": "b"}[g] for g in GROUPS], common_tau2=common, tau2=tau2
    )
    tight = {"rtol": 1e-7, "atol": 1e-9}
    np.testing.assert_allclose(turned.estimate, first.estimate, **tight)
    np.testing.assert_allclose(renamed.estimate[::-1], first.estimate, **tight)
    for other in (turned, renamed):
        assert other.q_between == pytest.approx(first.q_between, rel=1e-7, abs=1e-9)
        assert other.q_between_p == pytest.approx(first.q_between_p, rel=1e-7, abs=1e-9)


def test_the_parts_of_q_add_up():
    three = ["a", "b", "c", "a", "b", "c", "a", "b"]
    ours = subgroup_analysis(Y, V, three, tau2="FE", test="z")
    whole = pool(Y, V, tau2="FE")
    assert ours.q_between + ours.q_within == pytest.approx(whole.q)
    assert ours.q_between_df + ours.q_within_df == whole.q_df
    together = subgroup_analysis(Y, V, three, tau2="FE", test="z", common_tau2=True)
    assert together.q_between == pytest.approx(ours.q_between)


def test_a_group_of_one_effect():
    groups = ["a", "a", "a", "b", "b", "b", "b", "single"]
    ours = subgroup_analysis(Y, V, groups)
    assert ours.groups[2] == "single"
    assert (ours.estimate[2], ours.k[2], ours.q[2], ours.q_p[2]) == (Y[7], 1, 0, 1)
    for name in ("se", "ci_low", "statistic", "p_value", "prediction_low"):
        assert np.isnan(getattr(ours, name)[2])
    normal = subgroup_analysis(Y, V, groups, test="z")
    assert normal.se[2] == pytest.approx(np.sqrt(V[7]))
    assert normal.ci_high[2] == pytest.approx(Y[7] + 1.959963985 * np.sqrt(V[7]))
    # its tau squared is unknown, so the other two are compared
    without = subgroup_analysis(Y[:7], V[:7], groups[:7])
    assert ours.q_between == without.q_between
    assert ours.q_between_df == 1
    assert subgroup_analysis(Y, V, groups, tau2="FE").q_between_df == 2
    assert subgroup_analysis(Y, V, groups, common_tau2=True).q_between_df == 2
    nothing = subgroup_analysis(Y[:4], V[:4], ["a", "a", "a", "b"])
    assert np.isnan(nothing.q_between)
    assert np.isnan(nothing.q_between_p)
    assert nothing.q_between_df == 0


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("tau2", METHODS)
def test_a_group_of_one_effect_is_the_first_step_of_cumulative(tau2, test):
    ours = subgroup_analysis(Y, V, ["b"] * 7 + ["single"], tau2=tau2, test=test)
    first = cumulative(Y, V, [7, *range(7)], tau2=tau2, test=test)[0]
    for name in (*SHARED, "tau2", "i2", "q_p"):
        np.testing.assert_equal(getattr(ours, name)[1], getattr(first, name), err_msg=name)
    together = subgroup_analysis(
        Y, V, ["b"] * 7 + ["single"], tau2=tau2, test=test, common_tau2=True
    )
    assert (together.q[1], together.q_p[1]) == (0, 1)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("common", [False, True])
def test_equal_effects_are_no_evidence_of_a_difference(common, test):
    for value in (0.3, 0.0):
        ours = subgroup_analysis(np.full(8, value), V, GROUPS, common_tau2=common, test=test)
        assert (ours.q_between, ours.q_between_p, ours.q_within) == (0, 1, 0)
        assert (ours.estimate == value).all()
        if test == "hksj":
            assert (ours.se == 0).all()
            assert (ours.statistic == (np.inf if value else 0)).all()
            assert (ours.p_value == (0 if value else 1)).all()
    # without any spread within groups, a difference between them is beyond doubt
    apart = subgroup_analysis(CHILD.astype(float), V, GROUPS, common_tau2=True, test="hksj")
    assert apart.q_between > 1e12
    assert apart.q_between_p < 1e-12


@pytest.mark.parametrize("common", [False, True])
def test_groups_may_have_any_names(common):
    expected = subgroup_analysis(Y, V, GROUPS, common_tau2=common)
    for first, second in (("intercept", "x1"), (1, "a"), (True, "x"), ((1, 2), (1, 3))):
        names = [{"adult": first, "child": second}[g] for g in GROUPS]
        ours = subgroup_analysis(Y, V, names, common_tau2=common)
        assert set(ours.groups) == {str(first), str(second)}
        assert ours.q_between == pytest.approx(expected.q_between, rel=1e-9)
    column = pd.Series(GROUPS, index=range(10, 18))
    for values in (column, column.astype("category"), np.array(GROUPS)):
        ours = subgroup_analysis(Y, V, values, common_tau2=common)
        assert ours.groups == ("adult", "child")
        assert ours.q_between == expected.q_between


@pytest.mark.parametrize(
    ("groups", "options", "message"),
    [
        (GROUPS[:7], {}, "groups and effects differ in length: 7 and 8"),
        (["a"] * 8, {}, "at least two groups are needed"),
        ([*GROUPS[:7], None], {}, "groups must not be missing; number 8 is None"),
        ([*GROUPS[:7], float("nan")], {}, "groups must not be missing; number 8 is nan"),
        ([*GROUPS[:7], pd.NA], {}, "groups must not be missing; number 8 is <NA>"),
        ([*GROUPS[:7], pd.NaT], {}, "groups must not be missing; number 8 is NaT"),
        (["", *GROUPS[1:]], {}, "groups must not be missing; number 1 is ''"),
        (5, {}, "groups must be a sequence of one label per effect"),
        (np.array([[1], [2]] * 4), {}, "groups must be a sequence of one label per effect"),
        ([[1], [2]] * 4, {}, r"groups must be single values, .* number 1 is \[1\]"),
        ([1, "1", 1, "1", 1, 1, 1, 1], {}, "two groups have the same name"),
        (list("abcdefgh"), {"common_tau2": True}, "8 coefficients need at least 9 effects"),
        (GROUPS, {"tau2": "XX"}, "tau2 must be one of"),
        (GROUPS, {"test": "t"}, "test must be one of"),
        (GROUPS, {"level": 2}, "level must lie between 0 and 1"),
    ],
)
def test_what_is_refused(groups, options, message):
    with pytest.raises(ValueError, match=message):
        subgroup_analysis(Y, V, groups, **options)


def test_ways_to_show_it():
    ours = subgroup_analysis(Y, V, GROUPS)
    assert list(ours.to_frame()["groups"]) == ["adult", "child"]
    assert "q_between" in repr(ours)
    assert "adult" in ours._repr_html_()
    with pytest.raises(ValueError, match="read-only"):
        ours.estimate[0] = 0
