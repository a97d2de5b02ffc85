"""Many sets of reports at once: what is found for each is what is found for it alone."""

import json
from dataclasses import fields

import numpy as np
import pytest

from alliance_review.synthesis import (
    NoMaximum,
    PooledReportSets,
    Report,
    critical_z,
    leave_one_out_reports,
    pool_report_sets,
    pool_reports,
    profile,
    report_bounds,
    report_subsets,
)
from alliance_review.synthesis.reports import fits, maximum, newton
from alliance_review.synthesis.reports.likelihood import rows_of, total_terms, total_values
from alliance_review.synthesis.reports.maximum import maximise
from alliance_review.synthesis.reports.pooling import pool_rows
from alliance_review.synthesis.reports.rows import make_rows

INF = float("inf")
FOUND = (
    "estimate", "se", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high", "log_likelihood",
)  # fmt: skip


def review(rng, *, ranges=True):
    """Reports of every form, sizes from 4 to 20 000, some with a range of n; one is anchored."""
    spread, mean = rng.choice([0.05, 0.2, 0.5, 1.5]), rng.choice([0.0, 0.2, 0.6])
    largest = np.log(rng.choice([60, 800, 20_000]))
    reports = [Report("null", int(rng.integers(4, 300)))]
    for _ in range(int(rng.integers(1, 12))):
        n = int(np.exp(rng.uniform(np.log(4), largest)))
        size = (n, n + int(rng.integers(1, 80))) if ranges and rng.random() < 0.15 else n
        form = str(rng.choice(["exact", "significant", "null", "sign"], p=[0.35, 0.25, 0.3, 0.1]))
        if form == "exact":
            reports.append(Report(form, size, z=float(rng.normal(mean, spread))))
            continue
        sign, tails = int(rng.choice([1, 1, 1, -1])), 1 if rng.random() < 0.1 else 2
        alpha = float(rng.choice([0.05, 0.01, 0.1]))
        reports.append(Report(form, size, sign=sign, tails=tails, alpha=alpha))
    return reports


def values_of(fit):
    return np.array([getattr(fit, name) for name in FOUND])


# ------------------------------------------------------------------- the fast way and the safe


@pytest.fixture
def counted(monkeypatch):
    """How often the safe way is gone: for a maximum, and for limits."""
    count = {"peaks": 0, "limits": 0}

    def counting(module, name, key):
        plain = getattr(module, name)

        def call(*arguments):
            count[key] += 1
            return plain(*arguments)

        monkeypatch.setattr(module, name, call)

    counting(maximum, "_safe_peak", "peaks")
    counting(fits, "_safe_limits", "limits")
    return count


def test_the_fast_way_finds_what_the_safe_way_finds(counted, monkeypatch):
    rng = np.random.default_rng(8)
    reviews = [review(rng) for _ in range(80)]
    fast = np.array([values_of(pool_reports(reports)) for reports in reviews])
    assert counted["peaks"] + counted["limits"] < 0.05 * len(reviews)
    # Newton's method may not even begin: where its start is not the answer, only the safe way is
    # left
    monkeypatch.setattr(newton, "ROUNDS", 1)
    counted.update(peaks=0, limits=0)
    safe = np.array([values_of(pool_reports(reports)) for reports in reviews])
    assert counted["limits"] == len(reviews) and counted["peaks"] > len(reviews) / 2
    np.testing.assert_allclose(fast, safe, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(fast[:, 0], safe[:, 0], rtol=1e-9, atol=1e-9)


#: Sets of ``simulated(4000)`` whose region is farthest in mu at two values of tau, nearly equally
#: far: the search may begin at the wrong one, and only a look at the whole region tells.
TWO_ENDS = [118, 553, 1305, 1311, 1595, 1845, 2696]


def test_the_farther_of_two_ends_is_the_limit():
    low, high, n = simulated(4000)
    sets = pool_report_sets(low[:, TWO_ENDS], high[:, TWO_ENDS], n)
    for i, b in enumerate(TWO_ENDS):
        there = ~np.isnan(low[:, b])
        rows = make_rows(
            *(list(a[there, None]) for a in (low[:, b], high[:, b], 1 / (n - 3.0))),
            [np.ones(1)] * there.sum(),
        )
        tau = np.linspace(0, 1.1 * sets.tau_ci_high[i], 4001)
        for mu in (sets.ci_low[i], sets.ci_high[i]):
            on = total_values(rows, np.ones((there.sum(), 1)), np.full(4001, mu), tau**2)
            fallen = 2 * (sets.log_likelihood[i] - on.max())
            assert fallen == pytest.approx(3.841458820694124, abs=1e-6)


def test_a_second_peak_in_the_mean_is_seen():
    # at tau = 0 either number may be that of a large study, and the other that of a small one
    reports = [Report("exact", (4, 5000), z=0.1), Report("exact", (4, 5000), z=1.1)]
    rows, member = rows_of(reports), np.ones((2, 1))
    ((_, seen, _),) = maximum.summits(rows, member)
    at = total_values(rows, member, np.array([0.1, 0.6, 1.1]), np.zeros(3))
    assert at[1] < at[0] - 1 and seen.second[0] >= at[[0, 2]].min() - 1e-9
    assert seen.top[0] >= at.max()
    # with one size each there is one peak only
    ((_, seen, _),) = maximum.summits(rows_of([Report("exact", 20, z=0.1)] * 2), member)
    assert seen.second[0] == -INF


@pytest.mark.parametrize("doubt", ["top", "second"])
def test_what_the_grid_puts_in_doubt_is_searched_for_the_safe_way(doubt, counted, monkeypatch):
    plain, surface = pool_reports(SOME), maximum.surface
    assert counted == {"peaks": 0, "limits": 0}
    # as if a point of the grid were higher than all modes, or a second peak above the floor
    planted = {"top": plain.log_likelihood + 1, "second": plain.log_likelihood - 1}
    change = {doubt: np.array([planted[doubt]])}
    monkeypatch.setattr(maximum, "surface", lambda *a: surface(*a)._replace(**change))
    again = pool_reports(SOME)
    assert counted == {"peaks": int(doubt == "top"), "limits": int(doubt == "second")}
    assert values_of(again) == pytest.approx(values_of(plain), abs=1e-8)


TWO_MODES = {
    # the numbers are far apart for their sizes, so that tau = 0 and a large tau are both modes
    "in the mean, by a range of n": [
        Report("exact", (4, 5000), z=0.1), Report("exact", (4, 5000), z=1.1),
    ],
    "in the spread": [
        Report("exact", 2000, z=0.1), Report("exact", 2000, z=0.1), Report("exact", 2000, z=0.1),
        Report("exact", 5, z=3.0), Report("exact", 5, z=-3.0), Report("exact", 6, z=3.0),
    ],
    "beside the middle of several nulls": [
        Report("exact", 4, z=0.327), Report("null", 531, sign=1, alpha=0.01, tails=1),
        Report("null", (251, 294)), Report("null", 15), Report("null", 4426),
        Report("exact", 105, z=0.118), Report("sign", 46, sign=1), Report("sign", 23, sign=-1),
        Report("null", 94, alpha=0.01),
    ],
    "just below the highest pull": [
        Report("sign", 3504, sign=1), Report("null", 46, alpha=0.1),
        Report("null", (7, 23), alpha=0.1), Report("sign", 12, sign=1),
        Report("null", (8, 41), sign=-1, tails=1), Report("exact", 4, z=-1.704),
        Report("significant", 234, sign=1, alpha=0.1, tails=1), Report("null", 507),
        Report("null", 23), Report("null", 138), Report("null", (588, 658)),
    ],
}  # fmt: skip


@pytest.mark.parametrize("rounds", [newton.ROUNDS, 1])
@pytest.mark.parametrize("case", TWO_MODES)
def test_hard_likelihoods_by_both_ways_against_a_lattice(case, rounds, monkeypatch):
    monkeypatch.setattr(newton, "ROUNDS", rounds)
    reports = TWO_MODES[case]
    fit, rows = pool_reports(reports), rows_of(reports)
    mu = np.linspace(fit.ci_low - 0.3, fit.ci_high + 0.3, 401)
    tau = np.linspace(0, 1.2 * fit.tau_ci_high + 0.02, 161)
    surface = total_values(
        rows, np.ones((len(reports), 1)), *(a.ravel() for a in np.meshgrid(mu, tau**2))
    ).reshape(161, 401)
    assert surface.max() <= fit.log_likelihood + 1e-9
    inside = surface >= fit.log_likelihood - 3.841458820694124 / 2
    step = mu[1] - mu[0], tau[1] - tau[0]
    in_mu, in_tau = mu[inside.any(axis=0)], tau[inside.any(axis=1)]
    assert -1e-6 <= in_mu[0] - fit.ci_low <= 2 * step[0]
    assert -1e-6 <= fit.ci_high - in_mu[-1] <= 2 * step[0]
    assert -1e-6 <= in_tau[0] - fit.tau_ci_low <= 2 * step[1]
    assert -1e-6 <= fit.tau_ci_high - in_tau[-1] <= 2 * step[1]


def test_at_the_maximum_and_the_limits_the_slopes_vanish():
    rng = np.random.default_rng(3)
    for _ in range(40):
        reports = review(rng)
        fit, rows, member = pool_reports(reports), rows_of(reports), np.ones((len(reports), 1))
        unit = fit.se
        peak = total_terms(rows, member, np.array([fit.estimate]), np.array([fit.tau**2]))
        scale = fit.tau**2 + rows.v.min()
        assert abs(peak.m[0]) * unit < 1e-7
        assert abs(peak.t[0]) * scale < 1e-7 or (fit.tau == 0 and peak.t[0] < 0)
        dev = profile(reports, [fit.ci_low, fit.ci_high]).deviance
        np.testing.assert_allclose(dev, 3.841458820694124, atol=1e-7)


EXTREME = {
    "one number far from every other report": [
        Report("exact", 50, z=0.0), *[Report("significant", 10**6, sign=1, alpha=1e-12)] * 4,
    ],
    "bounds forty standard deviations from the number": [
        Report("exact", 10_003, z=0.4), Report("null", 10_003, alpha=0.4), Report("null", 30),
    ],
    "huge n": [
        Report("exact", 10**7, z=0.1), Report("null", 10**7), Report("significant", 10**7, sign=1),
        Report("exact", 10**7, z=0.1003),
    ],
    "least n": [Report("exact", 4, z=0.5), Report("null", 4), Report("significant", 4, sign=-1)],
    "duplicates": [Report("exact", 50, z=0.2)] * 8,
    "all null": [Report("null", n) for n in (20, 50, 200)],
    "one null among open reports": [
        Report("null", 30), *[Report("significant", 10**6, sign=1)] * 6,
        *[Report("significant", 10**6, sign=-1)] * 6,
    ],
    "many": [
        *[Report("exact", 50 + i, z=0.2 + 0.1 * np.sin(i)) for i in range(100)],
        *[Report("null", 40 + i) for i in range(100)],
        *[Report("significant", 40 + i, sign=1) for i in range(100)],
    ],
}  # fmt: skip


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("case", EXTREME)
def test_extremes_at_every_level(case, level):
    from scipy.special import chdtri

    reports = EXTREME[case]
    with np.errstate(all="raise", under="ignore"):
        fit = pool_reports(reports, level=level)
    assert np.isfinite(values_of(fit)).all()
    dev = profile(reports, [fit.ci_low, fit.estimate, fit.ci_high]).deviance
    cut = float(chdtri(1, 1 - level))
    np.testing.assert_allclose(dev, [cut, 0, cut], rtol=1e-7, atol=1e-7)
    # the profile of tau has fallen by as much at its upper limit, and beyond it falls on
    rows, member = rows_of(reports), np.ones((len(reports), 1))
    tau = fit.tau_ci_high * np.array([1.0, 1.1, 2.0, 10.0])
    mu = maximum.best_mu(rows, member, tau**2)
    fallen = 2 * (fit.log_likelihood - total_values(rows, member, mu, tau**2))
    assert fallen[0] == pytest.approx(cut, rel=1e-7) and (np.diff(fallen) > 0).all()


def test_a_narrow_interval_is_found_as_well():
    # so small a level that the limits all but touch the estimate
    fit = pool_reports([Report("exact", 40, z=0.3), Report("exact", 90, z=0.1)], level=1e-6)
    half = fit.ci_high - fit.estimate
    # the normal quantile of so small a level is half of it over the density at zero
    assert half == pytest.approx(1e-6 / 2 / 0.3989422804 * fit.se, rel=1e-2)


# ------------------------------------------------------------------- sets


def simulated(B, seed=0, mean=0.2, tau=0.12):
    """Reviews of eleven studies: most significant values are printed, few of the others."""
    rng = np.random.default_rng(seed)
    n = np.array([133, 813, 81, 80, 113, 30, 169, 89, 80, 31, 42])
    z = rng.normal(mean, tau, (11, B)) + rng.standard_normal((11, B)) / np.sqrt(n - 3)[:, None]
    cut = critical_z(n)[:, None] * np.ones(B)
    significant = np.abs(z) > cut
    printed = rng.random(z.shape) < np.where(significant, 0.6, 0.1)
    low = np.where(significant, np.where(z > 0, cut, -INF), -cut)
    high = np.where(significant, np.where(z > 0, INF, -cut), cut)
    missing = rng.random(z.shape) < 0.1
    low, high = (np.where(missing, np.nan, np.where(printed, z, b)) for b in (low, high))
    return low, high, n


def alone(low, high, n):
    there = ~np.isnan(low)
    parts = [list(a[there, None]) for a in (low, high, 1 / (n - 3.0))]
    return pool_rows(make_rows(*parts, [np.ones(1)] * there.sum()), level=0.95)


def test_every_set_is_what_it_is_alone():
    low, high, n = simulated(150)
    # open on both sides: a report that says nothing; and one-tailed nulls
    low[0, ::5], high[0, ::5] = -INF, INF
    low[1, ::7], high[1, ::7] = -INF, 0.2
    sets = pool_report_sets(low, high, n)
    assert sets.k.tolist() == (~np.isnan(low)).sum(axis=0).tolist()
    assert sets.k_exact.tolist() == (low == high).sum(axis=0).tolist()
    each = [alone(low[:, b], high[:, b], n) for b in range(150)]
    for name in (*FOUND, "k", "k_exact"):
        expected = np.array([getattr(fit, name) for fit in each])
        np.testing.assert_allclose(getattr(sets, name), expected, rtol=1e-8, atol=1e-8)


def test_sets_of_reports_are_those_of_the_reports():
    rng = np.random.default_rng(6)
    reviews = [review(rng, ranges=False) for _ in range(40)]
    longest = max(map(len, reviews))
    bounds, n = np.full((2, longest, 40), np.nan), np.full((longest, 40), np.nan)
    for b, reports in enumerate(reviews):
        bounds[:, : len(reports), b] = np.array([report_bounds(r) for r in reports]).T
        n[: len(reports), b] = [r.n for r in reports]
    sets = pool_report_sets(*bounds, n, level=0.9)
    expected = np.array([values_of(pool_reports(reports, level=0.9)) for reports in reviews]).T
    for name, values in zip(FOUND, expected, strict=True):
        np.testing.assert_allclose(getattr(sets, name), values, rtol=1e-8, atol=1e-8)


def test_the_order_of_reports_and_of_sets_does_not_matter():
    low, high, n = simulated(60, seed=1)
    one = pool_report_sets(low, high, n)
    rng = np.random.default_rng(0)
    rows, columns = rng.permutation(11), rng.permutation(60)
    other = pool_report_sets(low[rows][:, columns], high[rows][:, columns], n[rows])
    for name in FOUND:
        np.testing.assert_allclose(getattr(one, name)[columns], getattr(other, name), atol=1e-9)


def test_turning_every_sign_turns_every_set():
    low, high, n = simulated(60, seed=2)
    one, other = pool_report_sets(low, high, n), pool_report_sets(-high, -low, n)
    for name, mirror, sign in [
        ("estimate", "estimate", -1), ("ci_low", "ci_high", -1), ("ci_high", "ci_low", -1),
        ("tau", "tau", 1), ("tau_ci_low", "tau_ci_low", 1), ("tau_ci_high", "tau_ci_high", 1),
        ("log_likelihood", "log_likelihood", 1),
    ]:  # fmt: skip
        expected = sign * getattr(other, mirror)
        np.testing.assert_allclose(getattr(one, name), expected, rtol=1e-8, atol=1e-8)


def test_sets_without_a_maximum_are_nan():
    low = np.array([[0.3, 0.3, np.nan, 0.1], [0.2, np.nan, np.nan, -INF]])
    high = np.array([[INF, INF, np.nan, 0.1], [INF, np.nan, np.nan, INF]])
    sets = pool_report_sets(low, high, [30, 40])
    assert np.isnan(sets.estimate).tolist() == [True, True, True, False]
    for name in FOUND:
        assert (np.isnan(getattr(sets, name)) == np.isnan(sets.estimate)).all()
    assert sets.k.tolist() == [2, 1, 0, 2] and sets.k_exact.tolist() == [0, 0, 0, 1]
    # a number alone, beside a report that says nothing
    assert (sets.estimate[3], sets.tau[3], sets.se[3]) == pytest.approx((0.1, 0.0, 27**-0.5))


def test_without_intervals_the_rest_is_the_same():
    low, high, n = simulated(40, seed=4)
    full, bare = pool_report_sets(low, high, n), pool_report_sets(low, high, n, intervals=False)
    for name in FOUND:
        if "ci" in name:
            assert np.isnan(getattr(bare, name)).all()
        else:
            np.testing.assert_allclose(getattr(bare, name), getattr(full, name), atol=1e-9)


def test_sets_say_how_far_they_are():
    low, high, n = simulated(2500)
    told = []
    sets = pool_report_sets(low, high, n, intervals=False, progress=lambda *step: told.append(step))
    assert told == [(2048, 2500), (2500, 2500)]
    for b in (0, 1234, 2499):  # the blocks run over the sets in another order
        assert sets.estimate[b] == pytest.approx(alone(low[:, b], high[:, b], n).estimate)


NOT_SETS = {
    "text": (("a", [[1.0]], 20), "must be numbers"),
    "one row": (([0.1, 0.2], [0.1, 0.2], [20, 30]), "of one shape"),
    "shapes": (([[0.1]], [[0.1], [0.2]], [20]), "of one shape"),
    "nothing": ((np.zeros((0, 3)), np.zeros((0, 3)), []), "of one shape"),
    "n of another length": (([[0.1], [0.2]], [[0.1], [0.2]], [20, 30, 40]), "does not fit"),
    "one nan": (([[0.1]], [[np.nan]], [20]), "both nan"),
    "backwards": (([[0.3]], [[0.1]], [20]), "must not lie above"),
    "infinite number": (([[INF]], [[INF]], [20]), "between -20 and 20"),
    "far number": (([[21.0]], [[21.0]], [20]), "between -20 and 20"),
    "n small": (([[0.1]], [[0.1]], [3]), "from 4 on"),
    "n not whole": (([[0.1]], [[0.1]], [20.5]), "from 4 on"),
    "n nan": (([[0.1]], [[0.1]], [np.nan]), "from 4 on"),
}


@pytest.mark.parametrize("case", NOT_SETS)
def test_bad_sets_are_refused_in_plain_words(case):
    arguments, message = NOT_SETS[case]
    with pytest.raises(ValueError, match=message):
        pool_report_sets(*arguments)
    with pytest.raises(ValueError, match="between 0 and 1"):
        pool_report_sets([[0.1], [0.2]], [[0.1], [0.2]], [20, 30], level=95)


def test_the_refusal_names_the_report_and_the_set():
    low = np.full((3, 4), 0.1)
    high = low.copy()
    high[1, 2] = 0.05
    with pytest.raises(ValueError, match="report 2 of set 3"):
        pool_report_sets(low, high, [20, 30, 40])


def test_sets_are_a_result():
    low, high, n = simulated(30)
    sets = pool_report_sets(low, high, n)
    assert list(sets.to_dict()) == [field.name for field in fields(PooledReportSets)]
    json.dumps(sets.to_dict(), allow_nan=False)
    frame = sets.to_frame()
    assert len(frame) == 30 and (frame["ci_high"] == sets.ci_high).all()
    with pytest.raises(ValueError, match="read-only"):
        sets.ci_low[0] = 0
    assert not np.shares_memory(sets.estimate, low)


# ------------------------------------------------------------------- subsets and reports left out

SOME = [
    Report("exact", 40, z=0.30),
    Report("exact", 813, z=0.05),
    Report("significant", 30, sign=1),
    Report("significant", (15, 58), sign=1),
    Report("null", 80),
    Report("null", (20, 60)),
    Report("sign", 90, sign=-1),
]


def test_every_subset_with_its_intervals_is_what_it_is_alone():
    every = report_subsets(SOME, intervals=True, level=0.9)
    assert every.level == 0.9
    for i in range(0, 127, 4):
        chosen = [r for r, m in zip(SOME, every.members[i], strict=True) if m]
        if len(chosen) < 2:
            continue
        try:
            fit = pool_reports(chosen, level=0.9)
        except NoMaximum:
            assert np.isnan([getattr(every, name)[i] for name in FOUND if name != "se"]).all()
            continue
        for name in FOUND:
            if name != "se":
                assert getattr(every, name)[i] == pytest.approx(getattr(fit, name), abs=1e-8)


def test_a_single_number_has_the_intervals_of_its_normal_law():
    every = report_subsets(SOME[:2], intervals=True)
    # tau = 0 is best, and at the limits of the mean the best tau grows with the distance: with
    # d**2 = v + t the likelihood is -log(d) - 1/2, against -log(s) at the maximum
    s = 37**-0.5
    reach = s * np.exp(0.5 * (3.841458820694124 - 1))
    assert every.ci_high[0] == pytest.approx(0.30 + reach, rel=1e-8)
    assert every.ci_low[0] == pytest.approx(0.30 - reach, rel=1e-8)
    assert every.tau_ci_low[0] == 0
    # the density at the number falls as the standard deviation rises: sqrt(v + t) = s exp(q / 2)
    assert every.tau_ci_high[0] == pytest.approx(s * np.expm1(3.841458820694124) ** 0.5, rel=1e-8)


def test_limits_are_asked_for():
    bare = report_subsets(SOME)
    assert np.isnan([bare.ci_low, bare.ci_high, bare.tau_ci_low, bare.tau_ci_high]).all()


def test_maxima_of_many_sets_are_those_of_each():
    rows = rows_of(SOME)
    rng = np.random.default_rng(5)
    member = (rng.random((len(SOME), 150)) < 0.6).astype(float)
    member[0] = 1.0
    mu, t, value = maximise(rows, member)
    for b in range(0, 150, 10):
        one = [found[0] for found in maximise(rows, member[:, [b]])]
        assert (mu[b], t[b], value[b]) == pytest.approx(tuple(one), abs=1e-9)


def test_restricted_likelihood_is_asked_for_by_name():
    fit = pool_reports(SOME, estimator="REML")
    assert fit.estimator == "REML" and pool_reports(SOME).estimator == "ML"
    assert fit.tau > pool_reports(SOME).tau
    left = leave_one_out_reports(SOME, estimator="REML")
    for i in (0, 5):
        other = pool_reports(SOME[:i] + SOME[i + 1 :], estimator="REML")
        assert values_of(left[i]) == pytest.approx(values_of(other), abs=1e-9)
