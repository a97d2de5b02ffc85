"""Pooling of effects: what must hold for any data, and what is refused."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import (
    cumulative,
    egger_test,
    leave_one_out,
    pool,
    rank_test,
    subsets,
    tau2_interval,
    trim_and_fill,
)

Y = [0.30, 0.12, 0.45, -0.10, 0.22]
V = [0.010, 0.020, 0.015, 0.030, 0.005]
METHODS = ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")

values = st.floats(-1.5, 1.5, allow_nan=False).map(lambda x: round(x, 4))
variances = st.integers(4, 2000).map(lambda n: 1 / (n - 3))
data_sets = st.lists(st.tuples(values, variances), min_size=2, max_size=8)


def likelihood(y, v, tau2, *, restricted):
    """Written out again, one study at a time, to check the one that was optimised."""
    w = [1 / (x + tau2) for x in v]
    mean = sum(a * b for a, b in zip(w, y, strict=True)) / sum(w)
    total = 0.5 * sum(np.log(a) - a * (b - mean) ** 2 for a, b in zip(w, y, strict=True))
    return total - 0.5 * np.log(sum(w)) if restricted else total


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data_sets, st.sampled_from(["ML", "REML"]))
def test_no_tau2_on_a_fine_grid_is_more_likely(data, method):
    y, v = zip(*data, strict=True)
    best = pool(y, v, tau2=method).tau2
    restricted = method == "REML"
    grid = np.concatenate([[0], np.geomspace(1e-6, 20, 400)])
    highest = max(likelihood(y, v, t, restricted=restricted) for t in grid)
    assert likelihood(y, v, best, restricted=restricted) >= highest - 1e-10


@settings(max_examples=40, deadline=None, derandomize=True)
@given(data_sets, st.sampled_from(METHODS), st.sampled_from(["z", "hksj", "hksj_adhoc"]))
def test_order_sign_and_shift(data, method, test):
    y, v = map(np.array, zip(*data, strict=True))
    first = pool(y, v, tau2=method, test=test)
    turned = pool(y[::-1], v[::-1], tau2=method, test=test)
    mirrored = pool(-y, v, tau2=method, test=test)
    moved = pool(y + 0.5, v, tau2=method, test=test)
    tight = {"rel": 1e-7, "abs": 1e-9}
    for other in (turned, mirrored, moved):
        for quantity in ("se", "tau2", "i2", "q", "h2"):
            assert getattr(other, quantity) == pytest.approx(getattr(first, quantity), **tight)
    assert turned.estimate == pytest.approx(first.estimate, **tight)
    assert mirrored.estimate == pytest.approx(-first.estimate, **tight)
    assert mirrored.ci_low == pytest.approx(-first.ci_high, **tight)
    assert moved.estimate == pytest.approx(first.estimate + 0.5, **tight)
    np.testing.assert_allclose(turned.weights[::-1], first.weights, rtol=1e-6, atol=1e-9)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(data_sets)
def test_relations_between_results(data):
    y, v = zip(*data, strict=True)
    result = pool(y, v, test="z")
    assert result.weights.sum() == pytest.approx(1)
    assert (result.weights > 0).all()
    assert min(y) - 1e-9 <= result.estimate <= max(y) + 1e-9
    assert result.prediction_low <= result.ci_low <= result.estimate <= result.ci_high
    assert 0 <= result.i2 < 100 and result.h2 >= 1
    assert result.i2 == pytest.approx(100 * (1 - 1 / result.h2), abs=1e-9)
    adhoc = pool(y, v, test="hksj_adhoc")
    assert adhoc.se >= result.se * (1 - 1e-12)
    wide = pool(y, v, test="z", level=0.99)
    assert wide.ci_low <= result.ci_low and wide.ci_high >= result.ci_high


def test_common_effect_model_by_hand():
    result = pool([0.1, 0.4], [0.01, 0.03], tau2="FE", test="z")
    assert result.estimate == pytest.approx((100 * 0.1 + 0.4 / 0.03) / (100 + 1 / 0.03))
    assert result.se == pytest.approx((100 + 1 / 0.03) ** -0.5)
    assert result.q == pytest.approx(0.3**2 / 0.04)
    assert result.tau2 == 0 and np.isnan(result.prediction_low)
    assert result.to_dict()["prediction_low"] is None


def test_equal_effects_leave_no_spread():
    for method in METHODS:
        result = pool([0.2] * 4, [0.01, 0.02, 0.03, 0.04], tau2=method)
        assert (result.tau2, result.se, result.q, result.p_value) == (0, 0, 0, 0)
        assert result.ci_low == result.ci_high == 0.2
    assert pool([0.2] * 4, [0.01, 0.02, 0.03, 0.04], test="hksj_adhoc").se > 0.05


def test_two_studies_have_no_interval_with_k_minus_2_degrees_of_freedom():
    result = pool(Y[:2], V[:2], prediction="riley")
    assert np.isnan(result.prediction_low) and np.isfinite(result.ci_low)


def test_result_is_frozen_and_plain_as_a_dict():
    result = pool(Y, V)
    with pytest.raises(AttributeError):
        result.estimate = 0
    with pytest.raises(ValueError):
        result.weights[0] = 1
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["k"] == 5 and plain["tau2_method"] == "REML" and len(plain["weights"]) == 5
    for other in (tau2_interval(Y, V), leave_one_out(Y, V), subsets(Y, V), egger_test(Y, V),
                  rank_test(Y, V), trim_and_fill(Y, V), cumulative(Y, V, range(5))):  # fmt: skip
        json.dumps(other.to_dict(), allow_nan=False)


BAD = {
    "one effect": (([0.1], [0.1]), {}, "at least 2"),
    "one effect, common-effect model": (([0.1], [0.1]), {"tau2": "FE"}, "at least 2"),
    "none": (([], []), {}, "at least 2"),
    "lengths": ((Y, V[:4]), {}, "differ in length: 5 and 4"),
    "zero variance": ((Y, [*V[:4], 0]), {}, "number 5 is 0"),
    "negative variance": ((Y, [-0.1, *V[1:]]), {}, "number 1 is -0.1"),
    "not a number": (([*Y[:4], float("nan")], V), {}, "effects must be finite; number 5"),
    "infinite": ((Y, [*V[:4], float("inf")]), {}, "variances must be finite; number 5"),
    "words": ((["a", "b"], [1, 1]), {}, "effects must be numbers"),
    "matrix": (([Y, Y], [V, V]), {}, "one-dimensional"),
    "overflow": (([1e200, 0], [1, 1]), {}, "1e30"),
    "method": ((Y, V), {"tau2": "reml"}, "tau2 must be one of FE, DL.*'reml'"),
    "test": ((Y, V), {"test": "t"}, "test must be one of"),
    "prediction": ((Y, V), {"prediction": None}, "prediction must be one of"),
    "level 95": ((Y, V), {"level": 95}, "between 0 and 1, not 95"),
    "level 0": ((Y, V), {"level": 0}, "between 0 and 1"),
    "level nan": ((Y, V), {"level": float("nan")}, "between 0 and 1"),
    "level text": ((Y, V), {"level": "0.95"}, "must be a number"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_plain_words(case):
    arguments, options, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        pool(*arguments, **options)


def test_other_functions_refuse_too():
    refusals = [
        (lambda: tau2_interval(Y, V, "bootstrap"), "method must be one of"),
        (lambda: tau2_interval(Y, V, level=1), "between 0 and 1"),
        (lambda: leave_one_out(Y[:2], V[:2]), "at least 3"),
        (lambda: leave_one_out(Y, V, tau2="X"), "tau2 must be"),
        (lambda: cumulative(Y, V, [0, 1, 2, 3, 3]), "each once"),
        (lambda: cumulative(Y, V, [1, 2, 3, 4, 5]), "each once"),
        (lambda: cumulative(Y, V, [0.0, 1.0, 2.0, 3.0, 4.0]), "each once"),
        (lambda: subsets(Y * 5, V * 5), "too many"),
        (lambda: egger_test(Y, [0.1] * 5), "all equal"),
        (lambda: egger_test(Y[:2], V[:2]), "at least 3"),
        (lambda: rank_test([0.1] * 5, V), "nothing to rank"),
        (lambda: trim_and_fill(Y, V, side="up"), "side must be one of"),
    ]
    for call, message in refusals:
        with pytest.raises(ValueError, match=message):
            call()


def test_q_profile_is_empty_where_effects_agree_too_well():
    interval = tau2_interval([0.2, 0.2001, 0.2, 0.2001], [0.1] * 4)
    assert (interval.low, interval.high) == (0, 0)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(data_sets)
def test_intervals_for_tau2_hold_what_they_promise(data):
    y, v = map(np.array, zip(*data, strict=True))
    estimate = pool(y, v).tau2
    interval = tau2_interval(y, v, "profile_likelihood")
    assert interval.low <= estimate + 1e-12 and estimate <= interval.high
    best = likelihood(y, v, estimate, restricted=True)
    for end in {interval.low, interval.high} - {0.0}:
        fall = 2 * (best - likelihood(y, v, end, restricted=True))
        assert fall == pytest.approx(3.841458820694124, abs=1e-6)
    narrow = tau2_interval(y, v, level=0.5)
    wide = tau2_interval(y, v, level=0.99)
    assert wide.low <= narrow.low and narrow.high <= wide.high


@pytest.mark.parametrize("method", METHODS)
def test_subsets_are_what_pool_gives(method):
    every = subsets(Y, V, tau2=method)
    assert len(every) == 31 and every.members.shape == (31, 5)
    assert [tuple(row) for row in every.members[:3].astype(int)] == [
        (1, 0, 0, 0, 0),
        (0, 1, 0, 0, 0),
        (1, 1, 0, 0, 0),
    ]
    for i, members in enumerate(every.members):
        if members.sum() == 1:
            assert every.estimate[i] == pytest.approx(np.array(Y)[members][0])
            assert every.tau2[i] == 0 and np.isnan(every.ci_low[i])
            continue
        alone, here = pool(np.array(Y)[members], np.array(V)[members], tau2=method), every[i]
        for quantity in ("estimate", "se", "tau2", "i2", "q", "p_value", "ci_low", "k"):
            assert getattr(here, quantity) == pytest.approx(
                getattr(alone, quantity), rel=1e-9, abs=1e-12
            )
        np.testing.assert_allclose(here.weights[members], alone.weights, rtol=1e-9)
        assert (here.weights[~members] == 0).all()


def test_leaving_out_and_adding_up():
    left = leave_one_out(Y, V, test="z")
    assert [p.k for p in left] == [4] * 5
    for i, result in enumerate(left):
        keep = [j for j in range(5) if j != i]
        expected = pool([Y[j] for j in keep], [V[j] for j in keep], test="z")
        assert result.estimate == pytest.approx(expected.estimate, rel=1e-12)
    order = [3, 1, 4, 0, 2]
    added = cumulative(Y, V, order)
    assert added.k.tolist() == [1, 2, 3, 4, 5]
    assert added.estimate[0] == pytest.approx(Y[3], rel=1e-14)
    assert added[-1].ci_low == pytest.approx(pool(Y, V).ci_low, rel=1e-12)
    assert added.members[1].tolist() == [False, True, False, True, False]


def test_exact_kendall_p_values_by_counting_orders():
    from itertools import permutations

    from alliance_review.synthesis.bias.funnel_tests import _exact_kendall_p

    def score(order):
        return sum(
            1 if order[j] > order[i] else -1 for i in range(len(order)) for j in range(i + 1, 5)
        )

    scores = np.array([score(p) for p in permutations(range(5))])
    for s in sorted(set(scores)):
        tail = min((scores >= s).mean(), (scores <= s).mean())
        assert _exact_kendall_p(5, s) == pytest.approx(min(1, 2 * tail))


def test_importing_loads_no_heavy_package():
    code = (
        "import sys, alliance_review.synthesis; "
        "print([m for m in ('scipy.stats', 'pandas', 'statsmodels', 'matplotlib') "
        "if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": ":".join(p for p in sys.path if p)},
    )  # fmt: skip
    assert run.stdout.strip() == "[]"
