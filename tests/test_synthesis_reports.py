"""Reports in words and numbers, and their pooling."""

import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review import effect_sizes
from alliance_review.synthesis import (
    NoMaximum,
    PooledReports,
    Profile,
    Report,
    ReportSubsets,
    critical_z,
    leave_one_out_reports,
    pool,
    pool_reports,
    profile,
    report_bounds,
    report_subsets,
)
from alliance_review.synthesis.results import Result

INF = float("inf")

MIXED = [
    Report("exact", 40, z=0.30),
    Report("exact", 120, z=0.10),
    Report("exact", 813, z=0.05),
    Report("significant", 30, sign=1),
    Report("significant", 60, sign=1),
    Report("significant", 150, sign=1),
    Report("null", 35),
    Report("null", 200),
    Report("sign", 90, sign=-1),
    Report("null", (67, 88)),
]


# ------------------------------------------------------------------------------ one report


@pytest.mark.parametrize(
    "n, alpha, tails, t",
    # two-sided and one-sided critical values of Student's t from printed tables
    [(12, 0.05, 2, 2.228), (12, 0.01, 2, 3.169), (22, 0.05, 2, 2.086), (22, 0.05, 1, 1.725),
     (122, 0.001, 2, 3.373), (4, 0.05, 2, 4.303)],
)  # fmt: skip
def test_critical_value_is_that_of_the_t_test(n, alpha, tails, t):
    r = t / (n - 2 + t**2) ** 0.5
    assert critical_z(n, alpha, tails) == pytest.approx(np.arctanh(r), rel=3e-4)


NOT_CRITICAL = {
    "n = 1": {"n": 1},
    "n = 3.9": {"n": 3.9},
    "one n of many": {"n": [20, 3, 50]},
    "n nan": {"n": float("nan")},
    "n infinite": {"n": INF},
    "n text": {"n": "many"},
    "n None": {"n": None},
    "alpha 2": {"n": 30, "alpha": 2},
    "alpha 0": {"n": 30, "alpha": 0},
    "alpha negative": {"n": 30, "alpha": -0.05},
    "alpha nan": {"n": 30, "alpha": float("nan")},
    "alpha text": {"n": 30, "alpha": "5 %"},
    "alpha before n": {"n": 1, "alpha": 5},
    "one-tailed alpha 1": {"n": 30, "alpha": [0.5, 1], "tails": 1},
    "least alpha": {"n": 30, "alpha": 1e-308},
    "array of n": {"n": np.array([3, 5])},
    "tails 3": {"n": 30, "tails": 3},
    "tails 0": {"n": 30, "tails": 0},
    "tails text": {"n": 30, "tails": "two"},
    "n before tails": {"n": 1, "tails": 3},
    "a correlation of 1": {"n": 4, "alpha": 1e-300},
}


@pytest.mark.parametrize("case", NOT_CRITICAL)
def test_critical_value_is_refused_in_the_words_of_the_effect_sizes(case):
    with pytest.raises(ValueError) as theirs:
        effect_sizes.critical_z(**NOT_CRITICAL[case])
    with pytest.raises(ValueError) as ours:
        critical_z(**NOT_CRITICAL[case])
    assert str(ours.value) == str(theirs.value)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(4, 10**6), st.floats(1e-4, 1).map(lambda x: x**4), st.sampled_from([1, 2]))
def test_critical_value_is_that_of_the_effect_sizes(n, alpha, tails):
    try:
        theirs = effect_sizes.critical_z(n, alpha, tails)
    except ValueError as refusal:
        with pytest.raises(ValueError) as ours:
            critical_z(n, alpha, tails)
        assert str(ours.value) == str(refusal)
        return
    # atanh(r) loses digits where r is close to 1: z = atanh(r) is known to eps / (1 - r**2)
    known = 1e-13 + 1e-15 * np.cosh(theirs) ** 2
    assert critical_z(n, alpha, tails) == pytest.approx(theirs, rel=1e-11, abs=known)


def test_critical_value_keeps_the_shape():
    assert type(critical_z(30)) is float
    many = critical_z([[10, 20, 30], [40, 50, 60]])
    assert many.shape == (2, 3) and many[1, 2] == critical_z(60)
    assert (critical_z(30, [0.05, 0.01]) == [critical_z(30), critical_z(30, 0.01)]).all()
    assert critical_z(30, 1) == pytest.approx(0, abs=1e-15)


def test_a_tiny_alpha_keeps_its_bound():
    # Student's t with 2 degrees of freedom: its upper tail is 1/(2 t**2) for large t
    t = (1e-20) ** -0.5
    (low, high) = report_bounds(Report("significant", 4, sign=1, alpha=1e-20))
    assert low == pytest.approx(np.arcsinh(t / 2**0.5), rel=1e-12) and high == INF


def test_bounds_of_every_form():
    c = float(critical_z(50))
    assert c == pytest.approx(np.arctanh(0.2787), abs=1e-4)  # the critical r for n = 50
    assert report_bounds(Report("exact", 50, z=0.2)) == (0.2, 0.2)
    assert report_bounds(Report("significant", 50, sign=1)) == (c, INF)
    assert report_bounds(Report("significant", 50, sign=-1)) == (-INF, -c)
    assert report_bounds(Report("null", 50)) == (-c, c)
    assert report_bounds(Report("null", 50, sign=1)) == (-c, c)
    assert report_bounds(Report("sign", 50, sign=1)) == (0, INF)
    assert report_bounds(Report("sign", 50, sign=-1)) == (-INF, 0)
    one = float(critical_z(50, 0.05, 1))
    assert one == float(critical_z(50, 0.10, 2)) < c
    assert report_bounds(Report("significant", 50, sign=1, tails=1)) == (one, INF)
    assert report_bounds(Report("null", 50, sign=1, tails=1)) == (-INF, one)
    assert report_bounds(Report("null", 50, sign=-1, tails=1)) == (-one, INF)
    assert report_bounds(Report("null", 50, alpha=0.01))[1] == float(critical_z(50, 0.01)) > c


def test_bounds_with_a_range_of_n_are_the_widest():
    small, large = float(critical_z(20)), float(critical_z(200))
    assert report_bounds(Report("null", (20, 200))) == (-small, small)
    assert report_bounds(Report("significant", (20, 200), sign=1)) == (large, INF)
    assert report_bounds(Report("significant", (20, 200), sign=-1)) == (-INF, -large)


BAD = {
    "form": ({"form": "p", "n": 20}, "form must be one of"),
    "n": ({"form": "null", "n": 3}, "n must be at least 4"),
    "n float": ({"form": "null", "n": 20.0}, "whole number"),
    "n text": ({"form": "null", "n": "20"}, "whole number"),
    "n bool": ({"form": "null", "n": True}, "whole number"),
    "n missing": ({"form": "null", "n": None}, "whole number"),
    "n three": ({"form": "null", "n": (4, 5, 6)}, "pair"),
    "n backwards": ({"form": "null", "n": (30, 20)}, "backwards"),
    "n low": ({"form": "null", "n": (2, 20)}, "at least 4"),
    "z missing": ({"form": "exact", "n": 20}, "needs a finite z"),
    "z nan": ({"form": "exact", "n": 20, "z": float("nan")}, "needs a finite z"),
    "z text": ({"form": "exact", "n": 20, "z": ".3"}, "needs a finite z"),
    "z far": ({"form": "exact", "n": 20, "z": 1e9}, "beyond 20"),
    "z for words": ({"form": "null", "n": 20, "z": 0.1}, "only an exact report"),
    "sign missing": ({"form": "significant", "n": 20}, "needs sign 1 or -1"),
    "sign 0": ({"form": "sign", "n": 20, "sign": 0}, "needs sign 1 or -1"),
    "sign 2": ({"form": "sign", "n": 20, "sign": 2}, "sign must be"),
    "sign against z": ({"form": "exact", "n": 20, "z": -0.1, "sign": 1}, "contradicts"),
    "one-tailed null": ({"form": "null", "n": 20, "tails": 1}, "one-tailed null"),
    "tails": ({"form": "null", "n": 20, "tails": 3}, "tails must be 1 or 2"),
    "alpha": ({"form": "null", "n": 20, "alpha": 5}, "alpha must lie"),
    "alpha 0": ({"form": "null", "n": 20, "alpha": 0}, "alpha must lie"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_reports_are_refused_in_plain_words(case):
    options, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        Report(**options)


def test_bad_calls_are_refused():
    for call, message in [
        (lambda: pool_reports([]), "at least 2"),
        (lambda: pool_reports(MIXED[:1]), "at least 2"),
        (lambda: pool_reports([MIXED[0], 0.3]), "number 2 is not a Report"),
        (lambda: pool_reports(MIXED, level=95), "between 0 and 1"),
        (lambda: leave_one_out_reports(MIXED[:2]), "at least 3"),
        (lambda: report_subsets(MIXED * 2), "too many; 16 at most"),
        (lambda: pool_reports(None), "must be a list of Report, not NoneType"),
        (lambda: pool_reports(5), "must be a list of Report, not int"),
        (lambda: pool_reports(MIXED[0]), "must be a list of Report, not Report"),
        (lambda: pool_reports("null"), "number 1 is not a Report but str"),
        (lambda: leave_one_out_reports(None), "must be a list of Report, not NoneType"),
        (lambda: leave_one_out_reports(MIXED, level=95), "between 0 and 1"),
        (lambda: leave_one_out_reports(ONE_SIDED["all signs"] * 2, level=2), "between 0 and 1"),
        (lambda: report_subsets(MIXED, level=1), "between 0 and 1"),
        (
            lambda: pool_reports(MIXED, estimator="DL"),
            "estimator must be one of ML, REML, not 'DL'",
        ),
        (lambda: leave_one_out_reports(MIXED, estimator=1), "estimator must be one of ML, REML"),
        (lambda: report_subsets(None), "must be a list of Report, not NoneType"),
        (lambda: report_subsets(MIXED[:1]), "at least 2"),
        (lambda: report_bounds("a"), "of a Report, not of str"),
        (lambda: report_bounds(None), "of a Report, not of NoneType"),
        (lambda: profile(None, [0.0]), "must be a list of Report, not NoneType"),
        (lambda: profile(MIXED, None), "grid of means"),
        (lambda: profile(MIXED, "a"), "grid of means"),
        (lambda: profile(MIXED, [[0.0, 0.1]]), "grid of means"),
        (lambda: profile(MIXED, [[0.0], [0.1, 0.2]]), "grid of means"),
        (lambda: profile(MIXED, []), "grid of means"),
        (lambda: profile(MIXED, [INF]), "grid of means"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


# ------------------------------------------------------------------------------ pooling

numbers = st.builds(
    Report,
    st.just("exact"),
    st.integers(5, 1000),
    z=st.floats(-1.5, 1.5).map(lambda x: round(x, 3)),
)
words = st.one_of(
    st.builds(Report, st.just("null"), st.integers(4, 1000)),
    st.builds(
        Report,
        st.sampled_from(["significant", "sign"]),
        st.integers(4, 1000),
        sign=st.sampled_from([1, -1]),
    ),
)
# the first report anchors the mean, so that a maximum exists
some_reports = st.builds(
    lambda anchor, others: [anchor, *others],
    st.one_of(numbers, st.builds(Report, st.just("null"), st.integers(4, 1000))),
    st.lists(st.one_of(numbers, words), min_size=1, max_size=6),
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(numbers, min_size=2, max_size=8))
def test_numbers_alone_give_ordinary_maximum_likelihood(reports):
    ours = pool_reports(reports)
    z, v = [r.z for r in reports], [1 / (r.n - 3) for r in reports]
    usual = pool(z, v, tau2="ML", test="z")
    assert ours.estimate == pytest.approx(usual.estimate, abs=1e-8)
    assert ours.tau**2 == pytest.approx(usual.tau2, abs=1e-8)
    assert ours.se == pytest.approx(usual.se, rel=1e-6)
    assert ours.prediction_low == pytest.approx(usual.prediction_low, abs=1e-6)
    assert ours.k_exact == ours.k == len(reports)
    np.testing.assert_allclose(ours.weights, usual.weights, atol=1e-6)


def test_profile_intervals_of_numbers_alone():
    from alliance_review.synthesis import tau2_interval

    n, z = [43, 120, 813, 60, 90, 25], [0.30, 0.10, 0.05, 0.62, -0.2, 0.4]
    ours = pool_reports([Report("exact", m, z=x) for m, x in zip(n, z, strict=True)])
    usual = tau2_interval(
        z, [1 / (m - 3) for m in n], "profile_likelihood", likelihood="ML", level=0.95
    )
    assert ours.tau_ci_low**2 == pytest.approx(usual.low, rel=1e-8)
    assert ours.tau_ci_high**2 == pytest.approx(usual.high, rel=1e-8)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(some_reports, st.randoms(use_true_random=False))
def test_order_does_not_matter(reports, random):
    mixed = list(reports)
    random.shuffle(mixed)
    one, other = pool_reports(reports), pool_reports(mixed)
    for name in ("estimate", "ci_low", "ci_high", "tau_ci_high", "prediction_low"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-6, rel=1e-6)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-9)


def flipped(report):
    return Report(
        report.form,
        report.n,
        z=None if report.z is None else -report.z,
        sign=None if report.sign is None else -report.sign,
    )


@settings(max_examples=30, deadline=None, derandomize=True)
@given(some_reports)
def test_turning_every_sign_turns_the_answer(reports):
    one, other = pool_reports(reports), pool_reports([flipped(r) for r in reports])
    for name, mirror, sign in [
        ("estimate", "estimate", -1),
        ("ci_low", "ci_high", -1),
        ("tau", "tau", 1),
        ("tau_ci_high", "tau_ci_high", 1),
        ("log_likelihood", "log_likelihood", 1),
    ]:
        tolerance = {"abs": 2e-5, "rel": 1e-6} if name == "tau" else {"abs": 1e-6, "rel": 1e-6}
        assert getattr(one, name) == pytest.approx(sign * getattr(other, mirror), **tolerance)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(some_reports)
def test_limits_lie_where_the_deviance_says(reports):
    result = pool_reports(reports)
    assert result.ci_low < result.estimate < result.ci_high
    assert result.tau_ci_low <= result.tau < result.tau_ci_high
    assert result.weights.sum() == pytest.approx(1) and (result.weights >= 0).all()
    shape = profile(reports, [result.ci_low, result.estimate, result.ci_high])
    np.testing.assert_allclose(shape.deviance, [3.841458820694124, 0, 3.841458820694124], atol=1e-6)
    grid = profile(reports, np.linspace(result.ci_low - 1, result.ci_high + 1, 101))
    assert grid.log_likelihood.max() <= result.log_likelihood + 1e-9
    inside = (grid.mu >= result.ci_low) & (grid.mu <= result.ci_high)
    assert (grid.deviance[~inside] >= 3.8414).all()


def test_words_count():
    printed = pool_reports(MIXED[:3])
    every = pool_reports(MIXED)
    assert every.k == 10 and every.k_exact == 3
    assert every.estimate > printed.estimate + 0.05  # three significant results in words
    more = pool_reports([*MIXED, Report("significant", 40, sign=1)])
    assert more.estimate > every.estimate
    less = pool_reports([*MIXED, Report("null", 40)])
    assert less.weights[-1] > 0


def test_level_moves_all_three_intervals():
    narrow, wide = pool_reports(MIXED, level=0.8), pool_reports(MIXED, level=0.99)
    assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high
    assert narrow.tau_ci_high < wide.tau_ci_high
    assert wide.prediction_low < narrow.prediction_low
    deviance = profile(MIXED, [narrow.ci_low, narrow.ci_high]).deviance
    np.testing.assert_allclose(deviance, 1.642374415149816, atol=1e-8)


def test_nothing_but_nulls_says_zero():
    result = pool_reports([Report("null", n) for n in (20, 50, 200)])
    assert result.estimate == pytest.approx(0, abs=1e-9)
    assert result.tau == result.tau_ci_low == 0
    assert result.ci_low == pytest.approx(-result.ci_high)
    assert 0 < result.ci_high < 0.5


ONE_SIDED = {
    "all significant": [Report("significant", n, sign=1) for n in (30, 60, 100)],
    "all signs": [Report("sign", n, sign=-1) for n in (30, 60)],
    "both directions": [Report("significant", 30, sign=1), Report("significant", 60, sign=-1)],
    "one-tailed nulls": [Report("null", n, sign=1, tails=1) for n in (30, 60)],
}


@pytest.mark.parametrize("case", ONE_SIDED)
def test_one_sided_reports_have_no_maximum(case):
    with pytest.raises(NoMaximum, match="one side only"):
        pool_reports(ONE_SIDED[case])
    with pytest.raises(ValueError):
        profile(ONE_SIDED[case], [0.0])
    assert np.isnan(report_subsets(ONE_SIDED[case]).estimate).all()
    for anchor in (Report("null", 30), Report("exact", 30, z=0.1)):
        assert np.isfinite(pool_reports([*ONE_SIDED[case], anchor]).ci_high)


EXTREME = {
    "huge n": [
        Report("exact", 10**8, z=0.1),
        Report("null", 10**8),
        Report("significant", 10**9, sign=1),
    ],
    "n = 4": [Report("exact", 4, z=0.5), Report("null", 4), Report("significant", 4, sign=-1)],
    "far apart": [Report("exact", 5000, z=20.0), Report("exact", 5000, z=-20.0)],
    "one zero, ten significant": [
        Report("exact", 100, z=0.0),
        *[Report("significant", 50, sign=1)] * 10,
    ],
    "far from every null": [Report("exact", 10**6, z=5.0), *[Report("null", 10**6)] * 2],
    "any n": [Report("exact", (4, 5000), z=0.1), Report("exact", (4, 5000), z=1.1)],
}


@pytest.mark.parametrize("case", EXTREME)
def test_extremes_stay_finite_and_right(case):
    reports = EXTREME[case]
    with np.errstate(all="raise", under="ignore"):
        result = pool_reports(reports)
    numbers = [v for v in result.to_dict().values() if isinstance(v, float)]
    assert len(numbers) == 11 and np.isfinite(numbers).all()
    shape = profile(reports, [result.ci_low, result.estimate, result.ci_high])
    np.testing.assert_allclose(shape.deviance, [3.841458820694124, 0, 3.841458820694124], atol=1e-6)


def test_result_is_plain_as_a_dict():
    for result in (pool_reports(MIXED), profile(MIXED, [0.0, 0.1]), report_subsets(MIXED[:4])):
        json.dumps(result.to_dict(), allow_nan=False)


MEANS = [0.0, 0.1, 0.2]
RESULTS = {
    "pooled": (lambda: pool_reports(MIXED), PooledReports, 1, ("weights",)),
    "profile": (
        lambda: profile(MIXED, MEANS),
        Profile,
        3,
        ("mu", "tau", "log_likelihood", "deviance"),
    ),
    "subsets": (
        lambda: report_subsets(MIXED[:4]),
        ReportSubsets,
        15,
        ("members", "estimate", "ci_low", "tau", "tau_ci_high", "log_likelihood", "k"),
    ),
}


@pytest.mark.parametrize("case", RESULTS)
def test_results_show_compare_and_stay_as_they_are(case):
    make, kind, lines, arrays = RESULTS[case]
    one, other = make(), make()
    assert isinstance(one, kind) and isinstance(one, Result)
    assert one == one and one != other and len({one, other, one}) == 2
    assert one.to_dict() == other.to_dict()
    assert list(one.to_dict()) == [field.name for field in fields(kind)]
    text = repr(one)
    assert text.startswith(kind.__name__) and text.count("\n") <= 12
    # the names of the columns, in the last line, are as long as they are
    assert "array(" not in text and max(map(len, text.splitlines()[:-1])) < 80
    page = one._repr_html_()
    assert page.startswith("<table>") and page.endswith("</table>")
    assert len(one.to_frame()) == lines
    with pytest.raises(AttributeError):
        one.tau = 0
    for name in arrays:
        with pytest.raises(ValueError, match="read-only"):
            getattr(one, name)[0] = 1


def test_frames_hold_the_numbers():
    result = pool_reports(MIXED)
    line = result.to_frame().iloc[0]
    assert line["estimate"] == result.estimate and line["tau_ci_high"] == result.tau_ci_high
    assert line["k"] == 10 and line["k_exact"] == 3
    assert f"estimate: {result.estimate:.4g}" in repr(result)
    assert f"tau_ci: {result.tau_ci_low:.4g} to {result.tau_ci_high:.4g}" in repr(result)
    frame = profile(MIXED, MEANS).to_frame()
    assert frame["mu"].tolist() == MEANS and (frame["deviance"] >= 0).all()
    frame = report_subsets(MIXED[:3]).to_frame()
    assert frame["k"].tolist() == [1, 1, 2, 1, 2, 2, 3]
    assert frame["members_2"].tolist() == [False, True, True, False, False, True, True]
    assert frame["estimate"].iloc[0] == pytest.approx(0.30)


def test_the_grid_of_the_caller_stays_his_own():
    grid = np.array(MEANS)
    result = profile(MIXED, grid)
    grid[0] = 9.0
    assert result.mu.tolist() == MEANS


# ------------------------------------------------------------------------------ left out


def close(value):
    return pytest.approx(value, abs=1e-9)


def test_leave_one_out_reports():
    left = leave_one_out_reports(MIXED)
    assert len(left) == 10
    for i, one in enumerate(left):
        alone = pool_reports(MIXED[:i] + MIXED[i + 1 :])
        for name, value in alone.to_dict().items():
            assert getattr(one, name) == (value if name == "estimator" else close(value)), name
    hanging = [Report("null", 40), *[Report("significant", 50, sign=1)] * 3]
    assert [r is None for r in leave_one_out_reports(hanging)] == [True, False, False, False]


def test_every_subset_of_reports():
    reports = [MIXED[0], MIXED[3], MIXED[6], MIXED[8], MIXED[9]]
    every = report_subsets(reports)
    assert every.members.shape == (31, 5)
    held = every.members[:, [0, 2, 4]].any(axis=1)
    assert (np.isfinite(every.estimate) == held).all() and held.sum() == 31 - 3
    for i in np.flatnonzero(held):
        chosen = [r for r, m in zip(reports, every.members[i], strict=True) if m]
        if len(chosen) > 1:
            alone = pool_reports(chosen)
            assert every.estimate[i] == pytest.approx(alone.estimate, abs=1e-8)
            assert every.tau[i] == pytest.approx(alone.tau, abs=1e-7)
            assert every.log_likelihood[i] == pytest.approx(alone.log_likelihood, abs=1e-10)
    assert every.estimate[0] == pytest.approx(0.30) and every.tau[0] == 0


def test_every_subset_says_how_far_it_is():
    # two numbers among open reports: the quarter of the subsets with neither has no maximum
    reports = [MIXED[0], *[Report("significant", 30 + 5 * i, sign=1) for i in range(6)]]
    reports += [Report("sign", 50 + 5 * i, sign=-1) for i in range(3)]
    reports += [Report("null", 40, sign=1, tails=1)]
    told = []
    every = report_subsets([*reports, MIXED[1]], progress=lambda *step: told.append(step))
    total = 3 * 2**10
    assert [done for done, _ in told] == sorted({done for done, _ in told}) and len(told) > 1
    assert told[-1] == (total, total) and {step[1] for step in told} == {total}
    assert np.isfinite(every.estimate).sum() == total
    # what is fitted in one block is what is fitted alone, in the first block and in the last
    for row in (2, 2**12 - 2):
        chosen = [r for r, m in zip([*reports, MIXED[1]], every.members[row], strict=True) if m]
        alone = pool_reports(chosen)
        assert every.estimate[row] == pytest.approx(alone.estimate, abs=1e-8)
        assert every.log_likelihood[row] == pytest.approx(alone.log_likelihood, abs=1e-10)
    told.clear()
    report_subsets(ONE_SIDED["all signs"], progress=lambda *step: told.append(step))
    assert told == []
