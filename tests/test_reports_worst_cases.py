"""Reviews on which a search for the maximum or for a limit went wrong once."""

import warnings

import numpy as np
import pytest

from alliance_review.synthesis import (
    NoMaximum,
    Report,
    critical_z,
    pool,
    pool_report_sets,
    pool_reports,
)
from alliance_review.synthesis.distributions import chi2_upper
from alliance_review.synthesis.reports import limits_of_sets, mean_search, newton, tau_search, terms
from alliance_review.synthesis.reports.likelihood import report_terms, rows_of, total_values
from alliance_review.synthesis.reports.mean_nodes import span
from alliance_review.synthesis.reports.mean_search import best_mu, climb
from alliance_review.synthesis.reports.rows import make_rows
from alliance_review.synthesis.reports.terms import NARROW

INF = float("inf")
FOUND = ("estimate", "se", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high")


def up(n, alpha=0.05, **more):
    return Report("significant", n, sign=1, alpha=alpha, **more)


def null(n, alpha=0.05):
    return Report("null", n, alpha=alpha)


SMALL_NULLS = {
    "one": [null(4), up(1001), up(2092), Report("sign", 38, sign=1)],
    "two": [null(4, 0.001), up(349, 0.01), up(76), Report("sign", 30, sign=1)],
    "three": [null(42), null(14), null(9), up(4287), up(1507, 0.01), up(152)],
}


@pytest.mark.parametrize("way", ["fast", "safe"])
@pytest.mark.parametrize("name", SMALL_NULLS)
def test_the_edge_of_the_region_may_have_two_peaks_along_tau(name, way, monkeypatch):
    """Small null results beside large significant ones: how far the mean may go first falls with
    tau and then rises again, so that the farthest point is not the first one found."""
    if way == "safe":
        monkeypatch.setattr(newton, "ROUNDS", 1)
    reports = SMALL_NULLS[name]
    fit, rows, member = pool_reports(reports), rows_of(reports), np.ones((len(reports), 1))
    tau = np.append(0, np.geomspace(1e-4, 2 * fit.tau_ci_high, 4001))
    for mean in (fit.ci_low, fit.ci_high):
        on = total_values(rows, member, np.full(tau.shape, mean), tau**2)
        deviance = 2 * (fit.log_likelihood - on.max())
        assert deviance == pytest.approx(chi2_upper(0.05, 1), abs=1e-5)


def test_a_peak_between_the_points_of_a_grid_is_not_overlooked():
    x = np.linspace(-2, 2, 9)
    # peaks at every distance from the points, just high enough and just not
    centre = np.linspace(-0.25, 0.25, 11)
    values = -4 * (x[:, None] - centre) ** 2
    assert tau_search.maybe_highest(values, np.zeros(11)).any(axis=0).all()
    assert not tau_search.maybe_highest(values, np.full(11, 0.5)).any()
    # a fall to both sides of the grid has its peak at the end
    assert tau_search.maybe_highest(-x[:, None], np.full(1, 2.0)).sum() == 1


def test_the_fast_way_leaves_what_it_cannot_rule_out(monkeypatch):
    """A peak of the edge that comes near the floor is for the safe way to decide."""
    reports = [Report("exact", 40, z=0.3), Report("exact", 90, z=0.1), null(30)]
    looked = []

    def planted(values, height):
        looked.append(values.shape)
        return np.ones(values.shape, dtype=bool)

    monkeypatch.setattr(limits_of_sets, "maybe_highest", planted)
    plain = pool_reports(reports)
    monkeypatch.undo()
    again = pool_reports(reports)
    assert len(looked) == 3
    assert plain.ci_low == pytest.approx(again.ci_low, abs=1e-9)
    assert plain.ci_high == pytest.approx(again.ci_high, abs=1e-9)


FAR_OUT = [
    Report("exact", 159169, z=4.062217904456423),
    up(331, 0.1, tails=1), up(3071948, 0.2), up(5), up(12847, 0.1),
    Report("sign", 9, sign=-1), Report("significant", 24, sign=-1, alpha=0.2),
    Report("significant", 117, sign=-1),
]  # fmt: skip


def test_limits_of_a_high_level_that_lie_thousands_apart():
    level = 0.9999
    fit = pool_reports(FAR_OUT, level=level)
    rows, member = rows_of(FAR_OUT), np.ones((len(FAR_OUT), 1))
    floor = fit.log_likelihood - 0.5 * chi2_upper(1 - level, 1)
    for tau, centre in ((fit.tau_ci_low, 1.0), (fit.tau_ci_high, 2151.0)):
        mu = centre + np.sqrt(1 + tau**2) * np.linspace(-1, 1, 4001)
        highest = total_values(rows, member, mu, np.full(mu.shape, tau**2)).max()
        assert highest == pytest.approx(floor, abs=1e-4)


def test_no_start_is_too_far_and_no_search_ends_without_saying_so(monkeypatch):
    rows, member, t = rows_of(FAR_OUT), np.ones((len(FAR_OUT), 1)), np.array([0.0, 0.75, 30.0])
    near = best_mu(rows, member, t)
    np.testing.assert_allclose(best_mu(rows, member, t, np.full(3, -1e4)), near, rtol=1e-9)
    monkeypatch.setattr(mean_search, "HALVING", 0)  # brackets alone find it too
    np.testing.assert_allclose(best_mu(rows, member, t, np.full(3, 1e4)), near, rtol=1e-9)
    monkeypatch.setattr(mean_search, "ROUNDS", 3)
    with pytest.raises(NoMaximum, match="the best mean cannot be told"):
        climb(rows, member, t, np.full(3, 1e4))


SIZES = {
    "seven": (
        [9, 330, 15, 311, 11, 4222676, 751874],
        [-0.0943502, 0.1635837, 0.0841354, 0.1921795, 0.7430811, 0.2005935, 0.204717],
    ),
    "three": ([4, 5, 10**9, 10**9], [0.9, -0.8, 0.2, 0.20008]),
}


@pytest.mark.parametrize("name", SIZES)
def test_numbers_whose_sizes_differ_by_a_factor_of_a_million(name):
    n, z = SIZES[name]
    ours = pool_reports([Report("exact", m, z=x) for m, x in zip(n, z, strict=True)])
    ordinary = pool(z, 1 / (np.array(n) - 3.0), tau2="ML", test="z")
    assert ours.tau**2 == pytest.approx(ordinary.tau2, rel=1e-8)
    assert ours.estimate == pytest.approx(ordinary.estimate, abs=1e-9 * ours.se)


CONFLICT = [
    Report("exact", 169639, z=-0.47334664587431774), Report("exact", 3478352, z=-3.589104019150098),
    up(467156), up(5167006, 0.2), up(222747, 0.001), up(1179880, 0.2), up(38923, tails=1),
    up(1595357, 0.1), up(510049, 0.01), Report("significant", 4586541, sign=-1, alpha=0.01),
    *(Report("sign", n, sign=-1) for n in (67695, 4608044, 39339)),
]  # fmt: skip


def test_giant_studies_that_contradict_one_another_by_restricted_likelihood():
    fit = pool_reports(CONFLICT, estimator="REML")
    assert fit.tau > 0.5 and fit.ci_low < fit.estimate < fit.ci_high


def test_the_mass_in_the_mean_is_found_from_anywhere():
    """The search used to step over a narrow mass, back and forth, for ever."""
    sd, centre = 1e-4, np.linspace(-0.02, 0.02, 4001)
    low, high, log_integral = span(
        lambda mu, at: -0.5 * ((mu - at) / sd) ** 2, centre, np.full(4001, -1e-4), np.zeros(4001)
    )
    assert (low < centre - 8 * sd).all() and (high > centre + 8 * sd).all()
    assert (high - low < 40 * sd).all()
    np.testing.assert_allclose(log_integral, np.log(sd * (2 * np.pi) ** 0.5), atol=0.01)


def test_no_warning_escapes_where_words_say_next_to_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pool_reports([null(5, 1e-12)] * 2).estimate == pytest.approx(0, abs=1e-8)
        low, high = np.array([[-INF], [-3.9]]), np.array([[3.73], [3.9]])
        assert np.isfinite(pool_report_sets(low, high, [423, 96], level=0.9).ci_high[0])
        # bounds of nothing, and studies as large as they may be
        low, high = np.array([[900.0], [-900.0]]), np.array([[INF], [-900 + 1e-9]])
        assert pool_report_sets(low, high, [50, 4]).k[0] == 2
        fit = pool_report_sets([[0.3], [0.2]], [[0.3], [0.2]], [10**10, 10**10])
        assert fit.tau[0] == pytest.approx((0.05**2 - 1 / (10**10 - 3)) ** 0.5)


def test_a_plateau_has_limits():
    """A bounded interval many standard deviations wide and three open ones: for a wide range of
    means the words are all but certain. The limits are then those of the region all the same."""
    low = np.array([[-1.83], [0.1775], [0.0019], [0.0815]])
    high = np.array([[1.83], [INF], [INF], [INF]])
    n = np.array([1749, 411838, 2620, 431])
    rows = make_rows(low, high, 1 / (n[:, None] - 3), np.ones((4, 1)))
    tau = np.append(0, np.geomspace(1e-3, 100, 2001))
    for level in (0.01, 0.95):
        fit = pool_report_sets(low, high, n, level=level)
        assert 0.1775 < fit.estimate[0] < 1.83 and fit.tau[0] == 0
        assert fit.log_likelihood[0] == pytest.approx(0, abs=1e-12)
        for mean in (fit.ci_low[0], fit.ci_high[0]):
            on = total_values(rows, np.ones((4, 1)), np.full(tau.shape, mean), tau**2)
            assert -2 * on.max() == pytest.approx(chi2_upper(1 - level, 1), rel=1e-4)
    # and where nothing at all is left of the information: se is beyond all bounds, not a failure
    flat = pool_report_sets([[-19.0]], [[19.0]], [10**6])
    assert flat.se[0] == INF and -99 < flat.ci_low[0] < 0 < flat.ci_high[0] < 99
    assert pool_reports([null(10**7, 1e-200), null(30)]).ci_high < 10


@pytest.mark.parametrize("way", ["fast", "safe"])
def test_the_best_spread_may_lie_beyond_every_plausible_one(way, monkeypatch):
    """Words that contradict one another beside one wide interval."""
    if way == "safe":
        monkeypatch.setattr(newton, "ROUNDS", 1)
    low = np.array([[-INF], [-0.88293685], [0.23702241]])
    high = np.array([[0.0], [0.88293685], [INF]])
    n = np.array([14, 12, 32])
    rows = make_rows(low, high, 1 / (n[:, None] - 3), np.ones((3, 1)))
    for level in (0.01, 0.5):
        fit = pool_report_sets(low, high, n, level=level)
        assert fit.tau_ci_low[0] < fit.tau[0] < fit.tau_ci_high[0]
        tau = np.array([fit.tau_ci_low[0], fit.tau_ci_high[0]])
        mu = best_mu(rows, np.ones((3, 1)), tau**2)
        fallen = 2 * (fit.log_likelihood[0] - total_values(rows, np.ones((3, 1)), mu, tau**2))
        assert fallen == pytest.approx(chi2_upper(1 - level, 1), rel=1e-6)


def test_an_alpha_without_a_finite_t_is_refused_in_the_words_of_the_critical_value():
    for n in (5, (5, 90)):
        with pytest.raises(ValueError, match="rounds to 1") as ours:
            null(n, 1e-300)
        with pytest.raises(ValueError) as theirs:
            critical_z(5, 1e-300)
        assert str(ours.value) == str(theirs.value)
    assert null(2000, 1e-300).alpha == 1e-300  # there the t is an ordinary one
    alone = [Report("exact", 60, z=0.2), Report("exact", 30, z=0)]
    both = pool_reports([null(4, 1e-100), *alone])
    assert both.estimate == pytest.approx(pool_reports(alone).estimate, abs=1e-10)


def test_sizes_and_bounds_beyond_all_sense_are_refused():
    with pytest.raises(ValueError, match="no size of a study"):
        null(10**11)
    with pytest.raises(ValueError, match="no size of a study"):
        null((10, 10**300))
    with pytest.raises(ValueError, match="not above 1e[+]10; report 2 of set 1"):
        pool_report_sets([[0.1], [0.2]], [[0.1], [0.2]], [50, 1e300])
    for low, high in ((-1e300, 0.2), (0.2, 1e4)):
        with pytest.raises(ValueError, match="not beyond 1000, or infinite; report 1 of set 1"):
            pool_report_sets([[low], [0.2]], [[high], [0.2]], [50, 50])


# ------------------------------------------------------------------- narrow intervals


@pytest.mark.parametrize("width", [1e-3, 1e-6, 1e-9, 1e-12])
def test_an_interval_that_narrows_becomes_a_number(width):
    n = np.array([53, 36, 53, 60, 40])
    low, high = np.array([0.25, 0.5, -0.2, 0.1, -0.3]), np.array([0.25, 0.5, -0.2, INF, 0.3])
    number = pool_report_sets(low[:, None], high[:, None], n)
    low[:2] -= width / 2
    high[:2] += width / 2
    interval = pool_report_sets(low[:, None], high[:, None], n)
    for name in FOUND:
        expected = getattr(number, name)[0]
        assert getattr(interval, name)[0] == pytest.approx(expected, abs=width**2 + 1e-12), name
    shift = np.log(high[:2] - low[:2]).sum()
    away = interval.log_likelihood[0] - shift - number.log_likelihood[0]
    assert abs(away) < 100 * width**2 + 1e-12


@pytest.mark.parametrize("centre", [0.0, 0.4, 1.0, -3.0, 8.0])
def test_both_formulas_for_an_interval_agree_where_they_meet(centre, monkeypatch):
    half = 0.99 * NARROW / max(1.0, abs(centre))
    rows = make_rows(*np.array([[[centre - half]], [[centre + half]], [[0.2]], [[1.0]]]))
    narrow = report_terms(rows, np.zeros(1), np.array([0.8]))
    monkeypatch.setattr(terms, "NARROW", 0.0)
    wide = report_terms(rows, np.zeros(1), np.array([0.8]))
    np.testing.assert_allclose(narrow, wide, rtol=1e-9, atol=1e-10)
    assert narrow.value != wide.value  # they are two
