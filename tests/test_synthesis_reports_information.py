"""What each report tells, and whether the forms of the reports fit the model."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alliance_review.synthesis import (
    Report,
    check_forms,
    critical_z,
    leave_one_out_reports,
    pool_reports,
    profile,
    report_information,
)
from alliance_review.synthesis.reports.record.kinds import (
    class_probability,
    count_distribution,
    count_p,
    observed_class,
    place_in_kind,
)

MIXED = [
    Report("exact", 40, z=0.65),
    Report("exact", 120, z=0.10),
    Report("exact", 813, z=0.05),
    Report("significant", 30, sign=1),
    Report("significant", 150, sign=1),
    Report("null", 35),
    Report("null", 200),
    Report("null", 60, sign=1, tails=1),
    Report("sign", 90, sign=-1),
    Report("null", (67, 88)),
]
NUMBERS = [Report("exact", n, z=z) for n, z in ((20, 0.5), (55, 0.1), (100, 0.3), (700, 0.2))]


def brute_log(report, mu, tau):
    """Log-likelihood of one report by the normal law of SciPy and a plain mean over n."""
    sizes = range(report.n[0], report.n[1] + 1) if isinstance(report.n, tuple) else [report.n]
    total = 0.0
    for n in sizes:
        law = stats.norm(mu, np.hypot((n - 3) ** -0.5, tau))
        c = critical_z(n, report.alpha, report.tails)
        sign = report.sign or 1
        if report.form == "exact":
            value = law.pdf(report.z)
        elif report.form == "significant":
            value = law.sf(c) if sign == 1 else law.cdf(-c)
        elif report.form == "sign":
            value = law.sf(0) if sign == 1 else law.cdf(0)
        elif report.tails == 2:
            value = law.cdf(c) - law.cdf(-c)
        else:
            value = law.cdf(c) if sign == 1 else law.sf(-c)
        total += value / len(sizes)
    return np.log(total)


def second(function, x, h=2e-4):
    return (function(x + h) - 2 * function(x) + function(x - h)) / h**2


# ------------------------------------------------------------------------------- information


def test_information_is_the_curvature_of_each_report():
    fit = pool_reports(MIXED)
    found = report_information(MIXED, fit)
    expected = [
        -second(lambda mu, r=r: brute_log(r, mu, fit.tau), fit.estimate) for r in MIXED
    ]
    assert found.information == pytest.approx(expected, rel=2e-4, abs=1e-4)
    assert found.share == pytest.approx(fit.weights, rel=1e-9)
    assert found.se == pytest.approx(fit.se, rel=1e-9)
    assert found.total == pytest.approx(found.information.sum())


def test_numbers_are_their_own_equivalent():
    found = report_information(NUMBERS)
    assert found.equivalent_n.tolist() == [20, 55, 100, 700]
    assert found.efficiency == pytest.approx(np.ones(4))
    v = 1 / (np.array([20, 55, 100, 700]) - 3)
    assert found.information == pytest.approx(1 / (v + found.tau**2))


def test_equivalent_n_is_a_number_of_the_same_information():
    found = report_information(MIXED)
    n = found.equivalent_n
    assert 1 / (1 / (n - 3) + found.tau**2) == pytest.approx(found.information, rel=1e-9)


@given(
    st.lists(
        st.builds(
            Report,
            st.sampled_from(["significant", "null", "sign"]),
            st.integers(4, 3000),
            sign=st.sampled_from([-1, 1]),
            tails=st.sampled_from([1, 2]),
        ),
        min_size=2,
        max_size=5,
    )
)
@settings(max_examples=30, derandomize=True, deadline=None)
def test_words_never_count_for_more_than_their_number(words):
    reports = [*words, Report("exact", 60, z=0.2)]
    found = report_information(reports)
    n = np.array([report.n for report in reports])
    assert (found.equivalent_n >= 3).all() and (found.equivalent_n <= n).all()
    assert (found.efficiency <= 1 + 1e-9).all() and (found.efficiency >= -1e-9).all()
    assert (found.expected_efficiency <= 1 + 1e-9).all()
    assert found.share.sum() == pytest.approx(1)


def test_a_narrow_interval_keeps_everything_and_a_wide_one_nothing():
    anchor = [Report("exact", 100, z=0.1), Report("exact", 90, z=0.8), Report("exact", 80, z=-0.8)]
    # a null of a huge study is almost the number 0: v is nothing beside tau
    narrow = report_information([*anchor, Report("null", 3_000_000)])
    assert narrow.efficiency[-1] > 0.9999
    # hardly any correlation is significant in four people: the words exclude nothing
    wide = report_information([*anchor, Report("null", 4, alpha=1e-4)])
    assert wide.equivalent_n[-1] == pytest.approx(3, abs=1e-3)


def test_expected_information_of_words():
    fit = pool_reports(MIXED)
    found = report_information(MIXED, fit)
    h = 1e-5
    for i in (0, 3, 5, 7):  # any form: what counts is n and the test
        report = MIXED[i]
        up, at, down = (
            class_probability([report], fit.estimate + shift, fit.tau**2)[0] for shift in (h, 0, -h)
        )
        some = at > 1e-300
        slope = (up - down)[some] / (2 * h)
        assert found.expected_words[i] == pytest.approx((slope**2 / at[some]).sum(), rel=1e-6)


def test_spread_information_is_the_curvature_of_the_profile():
    fit = pool_reports(MIXED)
    assert fit.tau > 0.01
    found = report_information(MIXED, fit)
    h = 1e-3
    grid = fit.estimate + h * np.array([-1, 0, 1])
    low, at, high = profile(MIXED, grid).log_likelihood
    assert found.total_spread == pytest.approx(-(low - 2 * at + high) / h**2, rel=1e-3)
    assert found.information_spread.sum() == pytest.approx(found.total_spread)
    assert found.total_spread < found.total


def test_influence_is_what_leaving_out_does():
    fit = pool_reports(MIXED)
    found = report_information(MIXED)
    for i, left in enumerate(leave_one_out_reports(MIXED)):
        assert found.shift[i] == pytest.approx(left.estimate - fit.estimate, abs=1e-7)
        assert found.shift_tau[i] == pytest.approx(left.tau - fit.tau, abs=1e-5)
        assert found.shift_se[i] == pytest.approx(found.shift[i] / fit.se, abs=1e-6)
        there = sum(brute_log(r, left.estimate, left.tau) for r in MIXED)
        assert found.deviance[i] == pytest.approx(2 * (fit.log_likelihood - there), abs=1e-6)
    assert (found.deviance >= 0).all()


def test_influence_where_nothing_is_left():
    words = [Report("significant", n, sign=1) for n in (30, 60)]
    found = report_information([Report("exact", 50, z=0.4), *words])
    assert np.isnan(found.shift).tolist() == [True, False, False]
    assert np.isnan(report_information(NUMBERS[:2]).shift).all()


def test_the_fit_decides_where_the_information_is_taken():
    words = [*NUMBERS, Report("significant", 200, sign=1)]
    elsewhere = pool_reports([*words, Report("exact", 4000, z=-0.4)])
    found = report_information(words, elsewhere)
    assert found.estimate == elsewhere.estimate and found.tau == elsewhere.tau
    # words that contradict the mean weigh more
    assert found.efficiency[-1] > report_information(words).efficiency[-1]


def test_order_does_not_matter():
    order = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]
    found, turned = report_information(MIXED), report_information([MIXED[i] for i in order])
    for name in ("information", "equivalent_n", "shift", "information_spread", "deviance"):
        assert getattr(turned, name) == pytest.approx(getattr(found, name)[order], abs=1e-6)
    assert len(found.to_frame()) == len(MIXED) and found.to_dict()["k_exact"] == 3


# ------------------------------------------------------------------------------------- forms


@pytest.mark.parametrize(
    "report, kind",
    [
        (Report("significant", 30, sign=1), 0),
        (Report("significant", 30, sign=-1), 2),
        (Report("null", 30), 1),
        (Report("sign", 30, sign=1), -1),
        (Report("exact", 30, z=critical_z(30) + 1e-9), 0),
        (Report("exact", 30, z=critical_z(30) - 1e-9), 1),
        (Report("exact", 30, z=-critical_z(30) - 1e-9), 2),
        (Report("exact", 30, z=critical_z(30, tails=1) + 1e-9, tails=1, sign=1), 0),
        (Report("exact", 30, z=-0.9, tails=1), 2),
        # critical z falls from 0.18 at 120 to 0.06 at 1000: most sizes make it significant
        (Report("exact", (120, 1000), z=0.15), 0),
    ],
)
def test_what_a_report_says(report, kind):
    assert observed_class(report) == kind


def test_probabilities_of_the_kinds():
    reports = [Report("null", 50), Report("null", 50, sign=-1, tails=1), Report("null", (20, 22))]
    found = class_probability(reports, 0.1, 0.04)
    law = stats.norm(0.1, np.sqrt(1 / 47 + 0.04))
    c, one = critical_z(50), critical_z(50, tails=1)
    assert found[0] == pytest.approx([law.sf(c), law.cdf(c) - law.cdf(-c), law.cdf(-c)])
    assert found[1] == pytest.approx([0, law.sf(-one), law.cdf(-one)])
    each = [class_probability([Report("null", n)], 0.1, 0.04)[0] for n in (20, 21, 22)]
    assert found[2] == pytest.approx(np.mean(each, axis=0))
    assert found.sum(axis=1) == pytest.approx(np.ones(3))


def test_distribution_of_a_count_by_enumeration():
    p = np.array([0.1, 0.5, 0.7, 0.9, 0.35])
    share = np.zeros(6)
    for outcome in product((0, 1), repeat=5):
        share[sum(outcome)] += np.where(outcome, p, 1 - p).prod()
    assert count_distribution(p) == pytest.approx(share)
    assert count_p(1, p) == pytest.approx(share[share <= share[1]].sum())
    assert count_p(0, [0.0, 0.0]) == 1
    # binomial: the two-sided exact test of SciPy uses the same definition
    assert count_p(8, [0.4] * 10) == pytest.approx(stats.binomtest(8, 10, 0.4).pvalue)


@pytest.mark.parametrize("z", [-0.9, -0.3, -0.05, 0.1, 0.26, 0.31, 1.2])
def test_place_among_values_of_one_kind(z):
    law, c = stats.norm(0.15, np.sqrt(1 / 47 + 0.01)), critical_z(50)
    if z >= c:
        expected = (law.cdf(z) - law.cdf(c)) / law.sf(c)
    elif z <= -c:
        expected = 1 - law.cdf(z) / law.cdf(-c)
    else:
        expected = (law.cdf(z) - law.cdf(-c)) / (law.cdf(c) - law.cdf(-c))
    found = place_in_kind(*(np.array([x]) for x in (z, -c, c, 1 / 47)), 0.15, 0.01)
    assert found == pytest.approx([expected])


def test_counts_residuals_and_places_of_a_fit():
    fit = pool_reports(MIXED)
    found = check_forms(MIXED, fit, draws=20)
    # 0.65 at n = 40 is significant; 0.10 at 120 and 0.05 at 813 (below 0.069) are not
    assert found.observed.tolist() == [3, 6, 0]
    assert found.k == 10 and found.k_judged == 9
    judged = found.observed_class >= 0
    share = class_probability(MIXED, fit.estimate, fit.tau**2)
    assert found.predicted == pytest.approx(share[judged].sum(axis=0))
    own = share[judged, found.observed_class[judged]]
    assert found.deviance == pytest.approx(-2 * np.log(own).sum())
    gap = found.observed - found.predicted
    assert found.chi_square == pytest.approx((gap**2 / found.predicted).sum())
    v = 1 / np.array([37, 117, 810])
    residual = (np.array([0.65, 0.10, 0.05]) - fit.estimate) / np.sqrt(v + fit.tau**2)
    assert found.residual[:3] == pytest.approx(residual)
    assert np.isnan(found.residual[3:]).all() and np.isnan(found.position[3:]).all()
    assert found.position_mean == found.position[0]  # the one significant number
    words = check_forms([*MIXED[1:]], draws=20)
    assert np.isnan(words.position_mean) and np.isnan(words.position_p)
    expected = [count_p(o, p) for o, p in zip(found.observed, share[judged].T, strict=True)]
    assert found.p_value == pytest.approx(expected)


def simulated(seed, k=24, mu=0.2, tau=0.1):
    """Reports as the model has them, every third result a number."""
    rng = np.random.default_rng(seed)
    out = []
    for i, n in enumerate(rng.integers(20, 400, k)):
        z, c = rng.normal(mu, np.hypot(tau, (n - 3) ** -0.5)), critical_z(int(n))
        if i % 3 == 0:
            out.append(Report("exact", int(n), z=z))
        elif abs(z) < c:
            out.append(Report("null", int(n)))
        else:
            out.append(Report("significant", int(n), sign=int(np.sign(z))))
    return out


def test_reports_of_the_model_pass_and_planted_faults_do_not():
    good = simulated(5)
    found = check_forms(good, draws=100)
    assert min(found.deviance_p, found.chi_square_p, found.position_p) > 0.05
    # small samples significant, large ones not: no mean and spread make that likely
    wrong = [Report("significant", 25, sign=1)] * 9 + [Report("null", 900)] * 9
    wrong += [Report("exact", n, z=0.05 + n / 1e5) for n in (60, 70, 80)]
    assert check_forms(wrong, draws=100).deviance_p < 0.02


def test_numbers_that_are_printed_because_they_are_large_are_noticed():
    rng = np.random.default_rng(3)
    reports = []
    for n in rng.integers(60, 200, 60):
        z, c = rng.normal(0.3, np.hypot(0.1, (n - 3) ** -0.5)), critical_z(int(n))
        if z < c:
            reports.append(Report("null", int(n)))
        elif z > 0.42:
            reports.append(Report("exact", int(n), z=z))
        else:
            reports.append(Report("significant", int(n), sign=1))
    found = check_forms(reports, draws=100)
    assert found.position_mean > 0.6 and found.position_p < 0.05


def test_the_bootstrap_depends_on_the_seed_alone():
    good = simulated(5)
    found = check_forms(good, draws=30, seed=4)
    turned = check_forms(good[::-1], draws=30, seed=4)
    assert found.deviance_p == turned.deviance_p and found.draws_used == 30
    assert check_forms(good, draws=30, seed=9).deviance_p != found.deviance_p
    assert found.to_frame().shape[0] == len(good)


def test_a_draw_without_a_maximum_is_not_used():
    # with the number's help the fit exists; draws whose words all lie on one side have none
    reports = [Report("null", 8, sign=1, tails=1), Report("null", 200),
               Report("significant", 20, sign=1)]  # fmt: skip
    found = check_forms(reports, draws=60)
    assert 0 < found.draws_used < 60 and 0 < found.deviance_p <= 1


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"draws": 2.5}, {"seed": -1}, {"seed": None}])
def test_what_cannot_be_drawn_is_refused(wrong):
    with pytest.raises(ValueError, match="whole number"):
        check_forms(NUMBERS, **wrong)


def test_too_few_reports_are_refused():
    for function in (check_forms, report_information):
        with pytest.raises(ValueError, match="at least 2 reports"):
            function(NUMBERS[:1])
