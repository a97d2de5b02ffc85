"""Limits of the pooling of reports in which the answer is known, and what must hold for any data.

Not claimed, because it is not so: that one more report narrows an interval, moves tau down, or
moves the mean by less than the last one did.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import (
    Report,
    critical_z,
    pool,
    pool_report_sets,
    pool_reports,
    report_bounds,
    tau2_interval,
)
from alliance_review.synthesis.distributions import chi2_upper
from alliance_review.synthesis.reports.likelihood import make_rows, report_values, rows_of
from alliance_review.synthesis.reports.maximum import best_mu
from alliance_review.synthesis.reports.pooling import pool_rows

BOTH = ("estimate", "se", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high",
        "log_likelihood")  # fmt: skip
FEW = settings(max_examples=25)

sizes = st.integers(4, 3000)
values = st.integers(-120, 120).map(lambda i: i / 100)
alphas = st.sampled_from((0.001, 0.01, 0.05, 0.1))
signs = st.sampled_from((1, -1))
numbers = st.builds(lambda n, z: Report("exact", n, z=z), sizes, values)
words = st.one_of(
    st.builds(lambda n, a: Report("null", n, alpha=a), sizes, alphas),
    st.builds(lambda n, s: Report("sign", n, sign=s), sizes, signs),
    st.builds(
        lambda form, n, s, a, t: Report(form, n, sign=s, alpha=a, tails=t),
        *(st.sampled_from(("significant", "null")), sizes, signs, alphas, st.sampled_from((1, 2))),
    ),
)
#: With two numbers there is a maximum, and a region that ends.
reviews = st.builds(
    lambda a, b: [*a, *b],
    st.lists(numbers, min_size=2, max_size=4),
    st.lists(words, min_size=0, max_size=6),
)


def close(one, other, tolerance=1e-8, names=BOTH):
    for name in names:
        assert getattr(one, name) == pytest.approx(
            getattr(other, name), rel=tolerance, abs=tolerance
        ), name


def as_sets(reviews):
    """Reviews of known n as the columns that ``pool_report_sets`` takes; nan fills up."""
    k = max(map(len, reviews))
    low, high = (np.full((k, len(reviews)), np.nan) for _ in range(2))
    n = np.full(low.shape, 4)
    for b, reports in enumerate(reviews):
        for i, report in enumerate(reports):
            low[i, b], high[i, b] = report_bounds(report)
            n[i, b] = report.n
    return low, high, n


def one_by_one(sets, b):
    """Set ``b`` as an object with the names of a single result."""
    return type("One", (), {name: float(getattr(sets, name)[b]) for name in BOTH})


# --- numbers alone --------------------------------------------------------------------------


@FEW
@given(st.lists(numbers, min_size=2, max_size=12))
def test_numbers_alone_are_ordinary_maximum_likelihood(reports):
    y, v = np.array([r.z for r in reports]), np.array([1 / (r.n - 3) for r in reports])
    ordinary = pool(y, v, tau2="ML", test="z")
    limits = tau2_interval(y, v, method="profile_likelihood", likelihood="ML")
    for ours in (pool_reports(reports), one_by_one(pool_report_sets(*as_sets([reports])), 0)):
        assert ours.estimate == pytest.approx(ordinary.estimate, abs=1e-8)
        assert ours.tau**2 == pytest.approx(ordinary.tau2, abs=1e-8)
        assert ours.se == pytest.approx(ordinary.se, rel=1e-8)
        assert ours.tau_ci_low**2 == pytest.approx(limits.low, rel=1e-8, abs=1e-8)
        assert ours.tau_ci_high**2 == pytest.approx(limits.high, rel=1e-8, abs=1e-8)


def test_numbers_of_one_size_by_hand():
    """With one n the mean is the average and sigma squared the mean square around it; the limits
    of the mean solve k log(1 + d**2 / sigma**2) = 3.84."""
    z, n = np.array([0.9, -0.4, 0.5, -0.2, 0.3]), 53
    ours = pool_reports([Report("exact", n, z=x) for x in z.tolist()])
    spread = z.var()
    assert spread > 1 / (n - 3)
    half = np.sqrt(spread * np.expm1(chi2_upper(0.05, 1) / z.size))
    assert ours.estimate == pytest.approx(z.mean(), abs=1e-12)
    assert ours.tau**2 == pytest.approx(spread - 1 / (n - 3), rel=1e-10)
    assert ours.ci_high == pytest.approx(z.mean() + half, rel=1e-10)
    assert ours.ci_low == pytest.approx(z.mean() - half, rel=1e-10)


# --- words that say nothing -----------------------------------------------------------------

NOTHING = [
    Report("null", 5, alpha=1e-100),
    Report("null", 4, alpha=1e-100, sign=1, tails=1),
    Report("null", 4, alpha=1e-100, sign=-1, tails=1),
]


@pytest.mark.parametrize("empty", NOTHING, ids=lambda r: f"{r.sign} {r.tails}")
def test_a_null_result_that_holds_everything_changes_nothing(empty):
    assert np.abs(np.array(report_bounds(empty))).max() > 75
    reports = [Report("exact", 60, z=0.2), Report("significant", 90, sign=1), Report("null", 50),
               Report("exact", 25, z=-0.3)]  # fmt: skip
    alone, more = pool_reports(reports), pool_reports([*reports, empty, empty])
    close(more, alone, 1e-10)
    assert more.weights[:-2] == pytest.approx(alone.weights, abs=1e-12)
    assert not more.weights[-2:].any()
    close(one_by_one(pool_report_sets(*as_sets([[empty, *reports]])), 0), alone, 1e-10)


def test_a_wider_and_wider_bound_tends_to_nothing():
    reports = [Report("exact", 60, z=0.2), Report("exact", 25, z=-0.3), Report("null", 30)]
    alone, apart = pool_reports(reports), []
    for alpha in (0.05, 1e-3, 1e-6, 1e-12, 1e-24):
        more = pool_reports([*reports, Report("null", 12, sign=1, tails=1, alpha=alpha)])
        apart.append(abs(more.estimate - alone.estimate))
    assert apart[0] > 1e-3 and apart[-1] < 1e-10
    assert apart[:3] == sorted(apart[:3], reverse=True)


# --- intervals narrowed to a point ----------------------------------------------------------

SET = [(0.30, 0.30, 53), (0.55, 0.55, 36), (-0.20, -0.20, 53), (0.1, np.inf, 60), (-0.3, 0.3, 40)]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("path", ["rows", "sets"])
def test_a_narrow_interval_tends_to_its_number_with_the_square_of_its_width(place, path):
    """log of the probability is log(width) + log(density) + width**2 times a bounded term."""

    def answer(width):
        sets = [list(bounds) for bounds in SET]
        sets[place][0] -= width / 2
        sets[place][1] += width / 2
        low, high, n = map(np.array, zip(*sets, strict=True))
        if path == "sets":
            return one_by_one(pool_report_sets(low[:, None], high[:, None], n), 0)
        shape = (n.size, 1)
        rows = make_rows(low.reshape(shape), high.reshape(shape), 1 / (n - 3.0).reshape(shape),
                         np.ones(shape))  # fmt: skip
        return pool_rows(rows, level=0.95)

    at_point = answer(0.0)
    for width in (1e-1, 1e-2, 1e-3, 1e-4, 1e-6):
        narrow = answer(width)
        for name in BOTH[:-1]:
            gap = abs(getattr(narrow, name) - getattr(at_point, name))
            assert gap <= 4 * width**2 + 2e-9, (name, width)
            if width == 1e-1 and name == "estimate":
                assert gap > 1e-6  # it does matter how wide it is
        height = narrow.log_likelihood - np.log(width)
        assert height == pytest.approx(at_point.log_likelihood, abs=4 * width**2 + 1e-8)


@pytest.mark.parametrize("spread", [False, True])
def test_a_null_result_of_a_growing_study_tends_to_the_number_zero(spread):
    """Its interval and its variance shrink together: with true spread it becomes the effect 0,
    known without error. Without any, the mean itself is held at 0."""
    known = (0.5, 0.1, 0.42) if spread else (0.2, 0.22)
    reports = [Report("exact", 200, z=z) for z in known]
    many = [10**power for power in range(2, 10)]
    found = [pool_reports([*reports, Report("null", n)]) for n in many]
    means = [fit.estimate for fit in found]
    assert means == sorted(means, reverse=True)
    last = pool_reports([*reports, Report("exact", 10**9, z=0.0)])
    assert found[-1].estimate == pytest.approx(last.estimate, abs=1e-4)
    assert found[-1].tau == pytest.approx(last.tau, abs=1e-4)


def test_null_results_pull_the_mean_to_zero():
    reports = [Report("exact", 60, z=0.4), Report("significant", 80, sign=1)]
    for n in (15, 60, 400):
        means = [
            pool_reports(reports + [Report("null", n)] * m).estimate for m in (1, 3, 9, 27, 81)
        ]
        assert means == sorted(means, reverse=True) and means[-1] > 0
        assert means[-1] < 0.12


# --- what must hold for any data ------------------------------------------------------------


@FEW
@given(reviews, st.randoms(use_true_random=False))
def test_neither_order_nor_direction_matters(reports, random):
    turned = [
        Report(r.form, r.n, z=None if r.z is None else -r.z, sign=r.sign and -r.sign,
               alpha=r.alpha, tails=r.tails)
        for r in reports
    ]  # fmt: skip
    random.shuffle(turned)
    one, other = pool_reports(reports), pool_reports(turned)
    together = pool_report_sets(*as_sets([turned, reports]))
    for answer in (other, one_by_one(together, 0)):
        assert answer.estimate == pytest.approx(-one.estimate, abs=1e-8)
        assert answer.ci_low == pytest.approx(-one.ci_high, abs=1e-7)
        assert answer.ci_high == pytest.approx(-one.ci_low, abs=1e-7)
        close(answer, one, 1e-7, ("tau", "tau_ci_low", "tau_ci_high", "log_likelihood", "se"))
    close(one_by_one(together, 1), one, 1e-7)


@FEW
@given(reviews)
def test_every_report_twice_is_half_the_deviance(reports):
    """The log-likelihood doubles everywhere: same maximum, and the interval is that of a level
    whose chi-square quantile is half as large."""
    from scipy.special import chdtr

    once, twice = pool_reports(reports), pool_reports(reports * 2)
    assert twice.log_likelihood == pytest.approx(2 * once.log_likelihood, abs=1e-8)
    close(twice, once, 1e-7, ("estimate", "tau"))
    assert twice.se == pytest.approx(once.se / np.sqrt(2), rel=1e-7)
    level = float(chdtr(1, chi2_upper(0.05, 1) / 2))
    close(twice, pool_reports(reports, level=level), 1e-7, BOTH[2:4] + BOTH[5:7])


@FEW
@given(reviews)
def test_intervals_of_higher_levels_hold_those_of_lower_ones(reports):
    fits = [pool_reports(reports, level=level) for level in (0.001, 0.5, 0.8, 0.95, 0.999)]
    for inner, outer in zip(fits, fits[1:], strict=False):
        assert outer.ci_low <= inner.ci_low + 1e-9 and inner.ci_high <= outer.ci_high + 1e-9
        assert outer.tau_ci_low <= inner.tau_ci_low + 1e-9
        assert inner.tau_ci_high <= outer.tau_ci_high + 1e-9
        assert outer.ci_low <= outer.estimate <= outer.ci_high
        assert outer.tau_ci_low <= outer.tau <= outer.tau_ci_high


@FEW
@given(reviews, words)
def test_one_more_worded_report_never_fits_better(reports, more):
    """It multiplies the likelihood by a probability."""
    before, after = pool_reports(reports), pool_reports([*reports, more])
    assert after.log_likelihood <= before.log_likelihood + 1e-9


@FEW
@given(reviews, sizes, alphas)
def test_a_statement_that_says_less_fits_at_least_as_well(reports, n, alpha):
    """Significant at alpha implies significant at more, that implies the sign: the intervals hold
    one another, so the likelihoods do, at every mean and tau."""
    up = [Report("significant", n, sign=1, alpha=a) for a in (alpha / 10, alpha)]
    fits = [pool_reports([*reports, more]) for more in (*up, Report("sign", n, sign=1))]
    heights = [fit.log_likelihood for fit in fits]
    assert heights[0] <= heights[1] + 1e-9 and heights[1] <= heights[2] + 1e-9


@FEW
@given(reviews, sizes, st.sampled_from((0.0, 0.001, 0.05, 0.6)))
def test_at_a_given_tau_a_stricter_test_moves_the_mean_up(reports, n, t):
    """The slope of log P(z > c) in the mean grows with c; the mean then moves with it. Not so for
    tau, and therefore not always for the mean when tau is estimated too."""
    found = []
    for alpha in (0.2, 0.05, 0.01, 1e-4):
        rows = rows_of([*reports, Report("significant", n, sign=1, alpha=alpha)])
        found.append(best_mu(rows, np.ones((rows.first.size, 1)), np.array([t]))[0])
    assert (np.diff(found) >= -1e-9).all()


def test_a_stricter_test_moves_the_mean_up_where_tau_is_small():
    reports = [Report("exact", 100, z=0.1), Report("null", 60), Report("null", 90)]
    means = [
        pool_reports([*reports, Report("significant", 80, sign=1, alpha=alpha)]).estimate
        for alpha in (0.4, 0.1, 0.05, 0.02)
    ]
    assert means == sorted(means) and means[-1] - means[0] > 0.01


@FEW
@given(reviews, st.integers(4, 400), st.integers(1, 60))
def test_a_range_of_n_lies_between_its_sizes(reports, low, width):
    for form in ("significant", "null"):
        whole = [Report(form, n, sign=1) for n in range(low, low + width + 1)]
        mu, t = np.array([-0.3, 0.0, 0.2, 0.8]), np.array([0.0, 0.01, 0.0, 0.3])
        each = np.concatenate([report_values(rows_of([r]), mu, t) for r in whole])
        mean = report_values(rows_of([Report(form, (low, low + width), sign=1)]), mu, t)[0]
        np.testing.assert_allclose(np.exp(mean), np.exp(each).mean(axis=0), rtol=1e-8)
        assert (mean <= each.max(axis=0) + 1e-9).all()
        assert (mean >= each.min(axis=0) - 1e-9).all()
    # a range of one size is that size
    close(pool_reports([*reports, Report("null", (low, low))]),
          pool_reports([*reports, Report("null", low)]), 1e-10)  # fmt: skip


@FEW
@given(st.lists(numbers, min_size=2, max_size=5), st.integers(1, 5), st.floats(0.25, 4))
def test_stretching_the_scale_stretches_the_answer(reports, more, factor):
    """Bounds times c and variances times c squared: everything on the scale of z times c."""
    reports = reports + [Report("significant", 50 + more, sign=1), Report("null", 30 * more)]
    ends = np.array([report_bounds(r) for r in reports])
    v = np.array([1 / (r.n - 3) for r in reports])

    def answer(c):
        low, high, scaled = (a.reshape(-1, 1) for a in (c * ends[:, 0], c * ends[:, 1], c * c * v))
        return pool_rows(make_rows(low, high, scaled, np.ones(low.shape)), level=0.95)

    one, other = answer(1.0), answer(factor)
    for name in BOTH[:-1]:
        expected = factor * getattr(one, name)
        assert getattr(other, name) == pytest.approx(expected, rel=1e-6, abs=1e-7), name
    taken = (len(reports) - 2) * np.log(factor)
    assert other.log_likelihood == pytest.approx(one.log_likelihood - taken, abs=1e-8)


def test_the_level_of_the_test_is_that_of_the_critical_value():
    """Words and a number at the bound meet: the least significant number is on the edge."""
    for n, alpha, tails in ((20, 0.05, 2), (300, 0.01, 1)):
        low, high = report_bounds(Report("significant", n, sign=1, alpha=alpha, tails=tails))
        assert (low, high) == (pytest.approx(critical_z(n, alpha, tails), abs=1e-14), np.inf)
