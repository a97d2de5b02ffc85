"""Pooling of reports by restricted likelihood: against REML, brute force and its own definition."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import ndtr
from scipy.stats import chi2, norm

from alliance_review.paths import ROOT
from alliance_review.synthesis import NoMaximum, Report, pool, pool_reports, tau2_interval
from alliance_review.synthesis.reports.likelihood import make_rows, rows_of, total_values
from alliance_review.synthesis.reports.report import interval_at, n_range
from alliance_review.synthesis.reports.restricted import pool_rows_restricted
from alliance_review.synthesis.reports.restricted_likelihood import (
    endless_spread,
    restricted_terms,
)

MIXED = [
    Report("exact", 40, z=0.30),
    Report("exact", 120, z=-0.10),
    Report("significant", 30, sign=1),
    Report("significant", 150, sign=1, tails=1),
    Report("null", 35),
    Report("null", 200, sign=1, tails=1),
    Report("sign", 90, sign=-1),
    Report("null", (57, 66)),
]
WORDS = [Report("null", 30), Report("null", 80), Report("significant", 60, sign=1)]
SPREAD = [Report("exact", n, z=z) for n, z in ((50, -0.4), (60, 0.5), (40, 0.1))] + WORDS
CASES = {"mixed": MIXED, "words": WORDS, "spread": SPREAD}
FIELDS = ("estimate", "se", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high",
          "prediction_low", "prediction_high", "log_likelihood")  # fmt: skip


def fit(reports, level=0.95):
    return pool_rows_restricted(rows_of(reports), level=level)


def numbers(y, v):
    parts = [[np.array([float(a)]) for a in part] for part in (y, y, v)]
    return make_rows(*parts, [np.ones(1)] * len(y))


def intervals(low, high, v):
    parts = [[np.array([float(a)]) for a in part] for part in (low, high, v)]
    return make_rows(*parts, [np.ones(1)] * len(v))


def likelihood(reports, mu, tau):
    """The likelihood written down anew, every whole n of a range one by one."""
    value = 1.0
    for report in reports:
        sizes = np.arange(n_range(report)[0], n_range(report)[1] + 1)
        low, high = interval_at(report, sizes)
        s = np.sqrt(1 / (sizes - 3.0) + tau**2)
        if report.form == "exact":
            value *= norm.pdf(low, mu, s).mean()
        else:
            value *= (ndtr((high - mu) / s) - ndtr((low - mu) / s)).mean()
    return value


def check_against_reml(rows, y, v):
    ours, reml = pool_rows_restricted(rows, level=0.9), pool(y, v, test="z", level=0.9)
    of_tau = tau2_interval(y, v, "profile_likelihood", 0.9, likelihood="REML")
    size = max(1.0, float(np.abs(y).max()))
    for name in ("estimate", "se", "ci_low", "ci_high", "prediction_low", "prediction_high"):
        assert getattr(ours, name) == pytest.approx(getattr(reml, name), abs=1e-8 * size)
    assert ours.tau**2 == pytest.approx(reml.tau2, rel=1e-8, abs=1e-10)
    assert ours.tau_ci_low**2 == pytest.approx(of_tau.low, rel=1e-8, abs=1e-10)
    assert ours.tau_ci_high**2 == pytest.approx(of_tau.high, rel=1e-8)
    assert ours.weights == pytest.approx(reml.weights, abs=1e-9)
    total = np.array(v) + reml.tau2
    least = (1 / total).sum()
    q = ((np.array(y) - reml.estimate) ** 2 / total).sum()
    # the restricted log-likelihood in closed form
    closed = -0.5 * (np.log(total).sum() + q + math.log(least) + (len(y) - 1) * math.log(2 * np.pi))
    assert ours.log_likelihood == pytest.approx(closed, rel=1e-9, abs=1e-8)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(4, 2000), st.floats(-1.5, 1.5)), min_size=2, max_size=12))
def test_numbers_alone_give_reml(effects):
    reports = [Report("exact", n, z=z) for n, z in effects]
    y, v = [z for _, z in effects], [1 / (n - 3) for n, _ in effects]
    check_against_reml(rows_of(reports), y, v)


STRESS = json.loads((ROOT / "validation/metafor/stress_sets.json").read_text())["sets"]


def test_stress_sets_give_the_global_maximum():
    assert sum(each["truth"]["modes"] > 1 for each in STRESS.values()) >= 3
    for each in STRESS.values():
        rows = numbers(each["y"], each["v"])
        check_against_reml(rows, each["y"], each["v"])
        truth = each["truth"]["tau2"]
        tau2 = pool_rows_restricted(rows, level=0.95).tau ** 2
        assert tau2 == pytest.approx(truth, rel=1e-8, abs=1e-10 * max(each["v"]))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("tau", [0.0, 0.07, 0.8, 20.0])
def test_the_integral_is_that_of_brute_force(case, tau):
    reports = CASES[case]
    reach = 12 * math.hypot(0.3, tau)
    points = np.linspace(-reach, reach, 13)[1:-1]
    brute = integrate.quad(
        lambda mu: likelihood(reports, mu, tau),
        -reach, reach, points=points, epsabs=0, epsrel=1e-11, limit=400,
    )[0]  # fmt: skip
    found = restricted_terms(rows_of(reports), np.array([tau**2])).value[0]
    assert found == pytest.approx(math.log(brute), abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_derivatives_are_those_of_the_value(case):
    rows, t = rows_of(CASES[case]), np.array([0.003, 0.05, 1.0, 30.0])
    terms, hair = restricted_terms(rows, t), 1e-4 * t
    above, below = restricted_terms(rows, t + hair), restricted_terms(rows, t - hair)
    assert terms.slope == pytest.approx((above.value - below.value) / (2 * hair), rel=1e-6)
    assert terms.curvature == pytest.approx((above.slope - below.slope) / (2 * hair), rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_no_tau_is_better(case):
    rows, found = rows_of(CASES[case]), fit(CASES[case])
    values = restricted_terms(rows, np.append(0.0, np.geomspace(1e-5, 1e4, 400))).value
    assert values.max() <= found.log_likelihood + 1e-10
    own = restricted_terms(rows, np.array([found.tau**2])).value[0]
    assert found.log_likelihood == pytest.approx(own, abs=1e-11)
    assert found.estimator == "REML"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999999])
def test_limits_lie_where_their_definition_says(case, level):
    rows, found = rows_of(CASES[case]), fit(CASES[case], level)
    drop = chi2.ppf(level, 1)
    for tau in (found.tau_ci_low, found.tau_ci_high):
        value = restricted_terms(rows, np.array([tau**2])).value[0]
        fallen = 2 * (found.log_likelihood - value)
        assert fallen == pytest.approx(drop, abs=1e-7) or (tau == 0 and fallen < drop)
    means = np.array([found.estimate, found.ci_low, found.ci_high])
    member = np.ones((len(CASES[case]), 1))
    best, *ends = total_values(rows, member, means, np.full(3, found.tau**2))
    assert 2 * (best - np.array(ends)) == pytest.approx(drop, abs=1e-7)
    beside = total_values(rows, member, means[[0]] + [-1e-4, 1e-4], np.full(2, found.tau**2))
    assert (beside < best).all() and found.ci_low < found.estimate < found.ci_high


def test_the_pooling_of_reports_offers_it():
    asked, own = pool_reports(SPREAD, estimator="REML"), fit(SPREAD)
    assert [getattr(asked, name) for name in FIELDS] == [getattr(own, name) for name in FIELDS]
    # the mean costs a degree of freedom, which maximum likelihood does not count
    assert own.tau > pool_reports(SPREAD).tau > 0


def flipped(report):
    sign = -report.sign if report.sign else report.sign
    z = -report.z if report.z is not None else None
    return Report(report.form, report.n, z=z, sign=sign, alpha=report.alpha, tails=report.tails)


@pytest.mark.parametrize("case", CASES)
def test_turning_every_sign_and_the_order_of_reports(case):
    found = fit(CASES[case])
    turned, back = fit([flipped(r) for r in CASES[case]]), fit(CASES[case][::-1])
    for name in FIELDS:
        assert getattr(back, name) == pytest.approx(getattr(found, name), abs=1e-8)
    assert turned.estimate == pytest.approx(-found.estimate, abs=1e-9)
    assert turned.ci_low == pytest.approx(-found.ci_high, abs=1e-8)
    assert turned.prediction_high == pytest.approx(-found.prediction_low, abs=1e-8)
    for name in ("tau", "tau_ci_low", "tau_ci_high", "log_likelihood"):
        assert getattr(turned, name) == pytest.approx(getattr(found, name), abs=1e-8)


def test_a_null_moves_the_mean_towards_zero():
    some = [Report("exact", 60, z=0.35), Report("exact", 90, z=0.28)]
    means = [fit(some + [Report("null", 80)] * extra).estimate for extra in range(4)]
    assert all(0 < after < before for before, after in zip(means, means[1:], strict=False))


def test_an_interval_that_holds_everything_changes_nothing():
    y, v = np.array([0.1, 0.35, 0.3, -0.05]), np.array([0.02, 0.01, 0.05, 0.03])
    plain = pool_rows_restricted(numbers(y, v), level=0.95)
    low, high = np.append(y, -np.inf), np.append(y, 40.0)
    more = pool_rows_restricted(intervals(low, high, np.append(v, 0.02)), level=0.95)
    for name in FIELDS:
        assert getattr(more, name) == pytest.approx(getattr(plain, name), abs=1e-8)


def test_a_narrow_interval_tends_to_its_number():
    y, v = np.array([0.1, 0.45, 0.3, -0.25]), np.array([0.02, 0.01, 0.05, 0.03])
    plain = pool_rows_restricted(numbers(y, v), level=0.95)
    errors = []
    for half in (0.04, 0.02, 0.01):
        near = pool_rows_restricted(intervals(y - half, y + half, v), level=0.95)
        errors.append([abs(getattr(near, name) - getattr(plain, name)) for name in FIELDS[:-1]])
        value = near.log_likelihood - 4 * math.log(2 * half)
        assert value == pytest.approx(plain.log_likelihood, abs=500 * half**2)
    errors = np.array(errors)
    assert (errors[0] > 1e-6).any() and errors[-1].max() < 1e-3
    # the error is that of a midpoint: halving the interval leaves a quarter
    assert errors[2] == pytest.approx(errors[1] / 4, rel=0.05, abs=1e-7)


# --------------------------------------------------------------------- where it is not defined


@pytest.mark.parametrize(
    "signs", [(1, 1, 1), (1, -1, 1)], ids=["an infinite integral", "growing with tau"]
)
def test_words_on_one_side_alone_are_refused(signs):
    with pytest.raises(NoMaximum, match="on one side only"):
        fit([Report("significant", 50, sign=sign) for sign in signs])


def one_number(z, signs):
    return [Report("exact", 50, z=z)] + [Report("sign", 50, sign=sign) for sign in signs]


@pytest.mark.parametrize("signs", [(1,), (1, 1, 1), (1, -1, 1, 1), (-1, -1)])
def test_the_value_of_an_endless_spread(signs):
    rows = rows_of(one_number(0.2, signs))
    far = restricted_terms(rows, np.array([1e14])).value[0]
    assert endless_spread(rows) == pytest.approx(far, abs=1e-6)
    wide = rows_of([Report("null", (20, 90)), *one_number(0.2, signs)[1:]])
    far = restricted_terms(wide, np.array([1e14])).value[0]
    assert endless_spread(wide) == pytest.approx(far, abs=1e-6)
    assert endless_spread(rows_of(MIXED)) == -math.inf


def test_one_report_that_holds_the_mean_may_do():
    # a number of .5 and four times "positive": tau = 0 explains all; any spread is not ruled out
    found = fit(one_number(0.5, (1,) * 4))
    assert (found.tau, found.tau_ci_low, found.tau_ci_high) == (0, 0, math.inf)
    assert found.estimate == pytest.approx(0.5, abs=0.01)
    # with more of them an endless spread becomes unlikely: its likelihood is 1 / (signs + 1)
    assert fit(one_number(0.5, (1,) * 12)).tau_ci_high < math.inf
    # a negative number and six times "positive": nothing fits as well as an endless spread
    with pytest.raises(NoMaximum, match="only one report holds the mean"):
        fit(one_number(-0.5, (1,) * 6))


EXTREMES = {
    "n = 4": [Report("exact", 4, z=0.2), Report("null", 4), Report("sign", 4, sign=1)],
    "huge n": [Report("exact", 10**7, z=0.2), Report("null", 10**7), Report("null", 20)],
    "all null": [Report("null", n) for n in (10, 20, 3000)],
    "far apart": [Report("exact", 10**6, z=-3.0), Report("exact", 9, z=3.0), *WORDS],
    "wide n": [Report("null", (4, 800)), Report("exact", (10, 300), z=0.4)],
}


@pytest.mark.parametrize("case", EXTREMES)
def test_extremes_stay_finite_and_right(case):
    found = fit(EXTREMES[case])
    assert np.isfinite([getattr(found, name) for name in FIELDS]).all()
    rows, t = rows_of(EXTREMES[case]), np.append(0.0, np.geomspace(1e-9, 1e3, 50))
    assert restricted_terms(rows, t).value.max() <= found.log_likelihood + 1e-9
    assert found.ci_low < found.estimate < found.ci_high
    assert found.tau_ci_low <= found.tau <= found.tau_ci_high
    assert found.weights.sum() == pytest.approx(1) and not found.weights.flags.writeable
