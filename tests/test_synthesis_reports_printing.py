"""What the pool would be if printing depended on size, or if results were never published."""

from functools import lru_cache

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.special import expit, ndtr

from alliance_review.synthesis import (
    NoMaximum,
    Report,
    critical_z,
    pool_reports,
    pool_reports_selected,
    pool_reports_tilted,
    report_bounds,
    selection_model,
    selection_test,
)
from alliance_review.synthesis.distributions import chi2_upper
from alliance_review.synthesis.reports.record import mean_limits
from alliance_review.synthesis.reports.record import search as record_search
from alliance_review.synthesis.reports.record import selection_test as selection_module
from alliance_review.synthesis.reports.record.form_draws import Drawn
from alliance_review.synthesis.reports.record.landscape import highest
from alliance_review.synthesis.reports.record.printing import printing_of
from alliance_review.synthesis.reports.record.recorded import Record
from alliance_review.synthesis.reports.record.search import highest_values
from alliance_review.synthesis.reports.record.sets import record_sets
from alliance_review.synthesis.reports.record.tilted_fits import tilted_landscape
from alliance_review.synthesis.reports.record.withheld import withheld

MIXED = [
    Report("exact", 40, z=0.55),
    Report("exact", 120, z=0.25),
    Report("exact", 813, z=0.09),
    Report("exact", 90, z=0.02),
    Report("significant", 30, sign=1),
    Report("significant", 60, sign=1, alpha=0.01),
    Report("significant", 150, sign=1),
    Report("significant", 110, sign=-1),
    Report("significant", 70, sign=1, tails=1),
    Report("null", 35),
    Report("null", 200),
    Report("null", 60, sign=1, tails=1),
    Report("sign", 90, sign=-1),
]
RANGES = [*MIXED, Report("null", (67, 70)), Report("significant", (15, 19), sign=1)]
NUMBERS = [Report("exact", 50, z=z) for z in (0.05, 0.2, 0.31, 0.35, 0.42, 0.55, 0.3, -0.1)]
SHARED = "estimate ci_low ci_high tau tau_ci_low tau_ci_high log_likelihood".split()


def sizes(report):
    return range(report.n[0], report.n[1] + 1) if isinstance(report.n, tuple) else [report.n]


bound = lru_cache(critical_z)


def edges(report, n):
    """What the report's own test calls not significant lies between these."""
    c = bound(n, report.alpha, report.tails)
    if report.tails == 2:
        return -c, c
    sign = report.sign or (1 if report.z >= 0 else -1)
    return (-np.inf, c) if sign == 1 else (-c, np.inf)


class Law:
    """A normal law; that of SciPy's statistics takes a hundred times longer to make."""

    def __init__(self, mu, s):
        self.mu, self.s = mu, s

    def cdf(self, x):
        return ndtr((x - self.mu) / self.s)

    def sf(self, x):
        return ndtr((self.mu - x) / self.s)

    def pdf(self, x):
        return np.exp(-0.5 * ((x - self.mu) / self.s) ** 2) / (self.s * (2 * np.pi) ** 0.5)


def law(mu, tau, n):
    return Law(mu, np.hypot((n - 3) ** -0.5, tau))


def same_fit(a, b, tolerance=1e-7):
    for name in SHARED:
        assert getattr(a, name) == pytest.approx(getattr(b, name), abs=tolerance), name


def brute_maximum(function, starts):
    """Highest value of a function of (mu, log tau, ...) from several starts."""
    found = [
        optimize.minimize(lambda x: -function(*x), start, method="Nelder-Mead",
                          options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000})
        for start in starts
    ]  # fmt: skip
    best = min(found, key=lambda fit: fit.fun)
    return best.x, -best.fun


# ----------------------------------------------------------------------------- publication


def brute_selected(reports, mu, tau, weight, selection):
    """Log-likelihood of reports given that they are in the record, by pieces of the normal law."""
    total = 0.0
    for report in reports:
        said = recorded = 0.0
        for n in sizes(report):
            low, high = edges(report, n)
            normal = law(mu, tau, n)
            below = weight if selection == "positive" else 1.0
            pieces = [(-np.inf, low, below), (low, high, weight), (high, np.inf, 1.0)]
            recorded += sum(w * (normal.cdf(b) - normal.cdf(a)) for a, b, w in pieces)
            if report.form == "exact":
                w = 1.0 if report.z >= high else below if report.z <= low else weight
                said += w * normal.pdf(report.z)
                continue
            start, end = {"significant": (high, np.inf), "null": (low, high),
                          "sign": (0, np.inf)}[report.form]  # fmt: skip
            if report.sign == -1 and report.form != "null":
                start, end = -np.inf, low if report.form == "significant" else 0
            said += sum(w * max(0.0, normal.cdf(min(b, end)) - normal.cdf(max(a, start)))
                        for a, b, w in pieces)  # fmt: skip
        total += np.log(said / recorded)
    return total


@pytest.mark.parametrize("selection", ["two-sided", "positive"])
def test_without_selection_it_is_the_usual_pool(selection):
    same_fit(pool_reports_selected(RANGES, 1, selection=selection), pool_reports(RANGES), 1e-6)


@pytest.mark.parametrize("selection", ["two-sided", "positive"])
@pytest.mark.parametrize("weight", [0.6, 0.15])
def test_selection_by_brute_force(selection, weight):
    found = pool_reports_selected(RANGES, weight, selection=selection)
    here = brute_selected(RANGES, found.estimate, found.tau, weight, selection)
    assert found.log_likelihood == pytest.approx(here, abs=1e-8)

    def value(mu, log_tau):
        return brute_selected(RANGES, mu, np.exp(log_tau), weight, selection)

    x, top = brute_maximum(value, [(0.1, -2.0)])
    assert found.log_likelihood == pytest.approx(top, abs=1e-7)
    assert found.estimate == pytest.approx(x[0], abs=1e-4)
    assert found.tau == pytest.approx(np.exp(x[1]), abs=1e-4)


def test_limits_of_selection_by_brute_force():
    weight, selection = 0.3, "two-sided"
    found = pool_reports_selected(MIXED, weight, level=0.9)
    floor = found.log_likelihood - 0.5 * chi2_upper(0.1, 1)

    def over_tau(mu):
        fit = optimize.minimize_scalar(
            lambda s: -brute_selected(MIXED, mu, s, weight, selection), bounds=(0, 2),
            method="bounded", options={"xatol": 1e-9})  # fmt: skip
        return max(-fit.fun, brute_selected(MIXED, mu, 0.0, weight, selection))

    def over_mu(tau):
        fit = optimize.minimize_scalar(
            lambda m: -brute_selected(MIXED, m, tau, weight, selection), bounds=(-1, 1),
            method="bounded", options={"xatol": 1e-9})  # fmt: skip
        return -fit.fun

    assert over_tau(found.ci_low) == pytest.approx(floor, abs=1e-6)
    assert over_tau(found.ci_high) == pytest.approx(floor, abs=1e-6)
    assert over_mu(found.tau_ci_high) == pytest.approx(floor, abs=1e-6)
    assert over_mu(found.tau_ci_low) >= floor - 1e-6
    assert found.ci_low < found.estimate < found.ci_high


@pytest.mark.parametrize("selection, alternative", [("two-sided", "two-sided"),
                                                    ("positive", "greater")])  # fmt: skip
@pytest.mark.parametrize("weight", [0.5, 0.2])
def test_numbers_alone_are_a_step_selection_model(selection, alternative, weight):
    # an alpha at which the t test of 50 people has the bound of the normal test at .05
    bound = 1.959963984540054 / 47**0.5
    alpha = optimize.brentq(lambda a: critical_z(50, a) - bound, 0.01, 0.2, xtol=1e-15)
    reports = [Report("exact", 50, z=r.z, alpha=alpha) for r in NUMBERS]
    found = pool_reports_selected(reports, weight, selection=selection)
    steps = [0.05] if selection == "two-sided" else [0.025]
    model = selection_model([r.z for r in NUMBERS], np.full(8, 1 / 47), steps=steps,
                            weights=[1, weight], alternative=alternative)  # fmt: skip
    assert found.estimate == pytest.approx(model.estimate, abs=1e-6)
    assert found.tau**2 == pytest.approx(model.tau2, abs=1e-6)
    assert found.log_likelihood == pytest.approx(model.log_likelihood, abs=1e-7)


def test_the_unseen():
    found = pool_reports_selected(MIXED, (1.0, 0.25))
    assert found.unseen[0] == 0 and found.unseen_counted[0] == 0
    mu, tau = found.estimate[1], found.tau[1]
    expected = 0.0
    for report in MIXED:
        low, high = edges(report, report.n)
        missed = law(mu, tau, report.n).cdf(high) - law(mu, tau, report.n).cdf(low)
        expected += 0.75 * missed / (1 - 0.75 * missed)
    assert found.unseen[1] == pytest.approx(expected, rel=1e-8)
    # not significant: 0.02 and the three in words; a direction alone is not counted
    assert found.disfavoured == 4 and found.unseen_counted[1] == pytest.approx(4 * 3)
    positive = pool_reports_selected(MIXED, 0.25, selection="positive")
    assert positive.disfavoured == 5


def test_selection_pulls_towards_zero_the_more_the_smaller_the_weight():
    found = pool_reports_selected(RANGES, [1, 0.5, 0.25, 0.1])
    assert (np.diff(found.estimate) < 0).all()
    assert (np.diff(found.unseen) > 0).all()
    assert found.to_frame().shape == (4, 12) and found.problem == ("",) * 4
    single = pool_reports_selected(RANGES, 0.25)
    assert single.estimate == found.estimate[2] and single.ci_low == found.ci_low[2]


def test_a_one_tailed_test_against_the_favoured_direction_is_never_favoured():
    against = [*MIXED[:4], Report("significant", 70, sign=-1, tails=1),
               Report("null", 70, sign=-1, tails=1)]  # fmt: skip
    found = pool_reports_selected(against, 0.2, selection="positive")
    here = brute_selected(against, found.estimate, found.tau, 0.2, "positive")
    assert found.log_likelihood == pytest.approx(here, abs=1e-9)
    # each stands for one in five
    alone = pool_reports_selected(against[:4], 0.2, selection="positive")
    assert found.unseen > 8 and alone.unseen > 0


def test_a_weight_that_leaves_only_sizes_leaves_the_mean_to_them():
    # numbers that crowd at the critical value look like the end of a tail: the mean goes far below
    close = [Report("exact", 50, z=critical_z(50) + d) for d in (0.001, 0.002, 0.004, 0.012)]
    found = pool_reports_selected(close, 1e-9, selection="positive")
    assert found.estimate < -0.3 and found.log_likelihood == pytest.approx(
        brute_selected(close, found.estimate, found.tau, 1e-9, "positive"), abs=1e-6)  # fmt: skip


def test_where_there_is_no_maximum():
    # no spread of correlations is as large as this
    apart = [Report("exact", 50, z=z) for z in (-19.0, 19.0)]
    with pytest.raises(NoMaximum, match="run off"):
        pool_reports_selected(apart, 0.5)
    words = [Report("significant", 50, sign=1), Report("significant", 80, sign=1)]
    several = pool_reports_selected(words, (1.0, 0.5))
    assert np.isnan(several.estimate).all() and "one side only" in several.problem[1]
    with pytest.raises(NoMaximum, match="one side only"):
        pool_reports_selected(words, 0.5)
    with pytest.raises(NoMaximum, match="one side only"):
        pool_reports_tilted(words, 0.5)


@pytest.mark.parametrize("weight", [0, -0.1, 1.01, np.nan, "1", [], [[0.5]], None])
def test_weights_that_are_none(weight):
    with pytest.raises(ValueError, match="weight"):
        pool_reports_selected(MIXED, weight)


def test_other_refusals():
    with pytest.raises(ValueError, match="selection must be one of"):
        pool_reports_selected(MIXED, 0.5, selection="negative")
    with pytest.raises(ValueError, match="level"):
        pool_reports_selected(MIXED, 0.5, level=1)
    with pytest.raises(ValueError, match="level"):
        pool_reports_tilted(MIXED, 0.5, level=0)


def published(rng, k, mu, tau, weight, selection="two-sided"):
    """A record of k studies that disfavoured results enter with chance ``weight``."""
    out = []
    while len(out) < k:
        n = int(np.exp(rng.uniform(np.log(25), np.log(1500))))
        z = rng.normal(mu, np.hypot(tau, (n - 3) ** -0.5))
        favoured = (z if selection == "positive" else abs(z)) >= critical_z(n)
        if not favoured and rng.random() > weight:
            continue
        if len(out) % 3 == 0:
            out.append(Report("exact", n, z=z))
        elif abs(z) < critical_z(n):
            out.append(Report("null", n))
        else:
            out.append(Report("significant", n, sign=int(np.sign(z))))
    return out


def test_selection_is_found_where_it_was_and_not_where_it_was_not():
    rng = np.random.default_rng(8)
    complete, gaps = published(rng, 40, 0.2, 0.05, 1), published(rng, 40, 0.12, 0.05, 0.05)
    found = selection_test(gaps, 0.1, draws=25)
    assert found.p_value < 0.05 and found.best == 0.1 and found.draws_used == 25
    assert selection_test(complete, 0.1, draws=25).p_value > 0.1


@pytest.mark.parametrize("selection", ["two-sided", "positive"])
def test_the_selected_fit_removes_the_bias_of_missing_studies(selection):
    rng, truth, usual, right = np.random.default_rng(11), 0.12, [], []
    for _ in range(30):
        reports = published(rng, 40, truth, 0.1, 0.1, selection)
        usual.append(pool_reports(reports).estimate)
        right.append(highest(Record(reports, 0.1, selection).landscape).mu)
    usual, right = np.array(usual), np.array(right)
    error = right.std() / len(right) ** 0.5
    assert usual.mean() - truth > 5 * error
    assert abs(right.mean() - truth) < 2.5 * error


def test_the_statistic_is_twice_the_gain_in_likelihood():
    weights = (0.5, 0.2)
    found = selection_test(MIXED, weights, selection="positive", draws=10)
    fits = pool_reports_selected(MIXED, [1.0, *weights], selection="positive")
    assert found.gain == pytest.approx(2 * (fits.log_likelihood[1:] - fits.log_likelihood[0]))
    assert found.estimate == pytest.approx(fits.estimate[1:], abs=1e-7)
    assert found.statistic == max(0, found.gain.max())
    assert found.best in (1.0, *weights) and 1 / 11 <= found.p_value <= 1
    again = selection_test(MIXED[::-1], weights, selection="positive", draws=10)
    assert again.p_value == found.p_value
    assert found.to_frame().shape == (2, 3)


def test_where_no_weight_fits_better_the_record_is_taken_as_complete():
    # every large study not significant, and most small ones: nothing is missing
    plain = [Report("null", n) for n in (30, 40, 50, 900)] + [Report("exact", 60, z=0.05)]
    found = selection_test(plain, draws=10)
    assert found.statistic == 0 and found.best == 1 and found.p_value == 1
    with pytest.raises(NoMaximum, match="one side only"):
        selection_test([Report("significant", 50, sign=1)] * 3)


def test_draws_say_what_the_same_tests_would_have_said():
    drawn = Drawn(RANGES, 0.1, 0.05, 50, np.random.default_rng(2))
    low, high = drawn.bounds()
    for b in range(50):
        for i, report in enumerate(drawn.reports(b)):
            template = RANGES[i]
            assert (report.alpha, report.tails) == (template.alpha, template.tails)
            assert report.n in sizes(template)
            assert report_bounds(report) == pytest.approx((low[i, b], high[i, b]))
            assert (report.form == "exact") == (template.form == "exact")
    against = [Report("exact", 20, z=0.1, sign=1, tails=1), Report("null", 30)]
    forms = {Drawn(against, -2.0, 0.01, 1, np.random.default_rng(s)).reports(0)[0].form
             for s in range(5)}  # fmt: skip
    assert forms == {"null"}  # far on the side that the test does not look at


ONE_TAILED = [
    Report("exact", 40, z=0.3, tails=1),
    Report("exact", 45, z=0.1, tails=1, sign=1),
    Report("exact", (30, 60), z=0.2),
    Report("significant", 50, sign=-1, tails=1),
    Report("null", (20, 400), sign=-1, tails=1),
    Report("sign", 50, sign=1, tails=1),
    Report("sign", (50, 60), sign=-1),
]
EVERY = [*RANGES, *ONE_TAILED]
KINDS = ["two-sided", "positive"]


def drawn_from(reports, selection, draws, seed=3):
    peak = highest(Record(reports, 1.0, selection).landscape)
    return Drawn(reports, peak.mu, peak.t, draws, np.random.default_rng(seed)), peak.mu


def single_value(reports, weight, selection):
    try:
        return highest(Record(reports, weight, selection).landscape).value
    except NoMaximum:
        return np.nan


@pytest.mark.parametrize("selection", KINDS)
def test_drawn_records_have_the_likelihood_of_single_ones(selection):
    rng, draws = np.random.default_rng(4), 40
    drawn, middle = drawn_from(EVERY, selection, draws)
    sets = record_sets(drawn, selection)
    # the rare cases are there: a number that became words, and both directions of a one-tailed test
    numbers = [[r.form for r in drawn.reports(b)].count("exact") for b in range(draws)]
    assert len(set(numbers)) > 1
    for weight in (1.0, 0.3, 0.01):
        mu, t = rng.normal(middle, 0.5, draws), rng.choice([0.0, 0.003, 0.1, 4.0], draws)
        found = sets.take(np.arange(draws), np.full(draws, weight)).terms(mu, t)
        lattice = np.sort(mu[:3]), np.array([0.0, 0.02])
        tables = next(sets.on_lattice(*lattice, [weight]))
        for b in range(draws):
            record = Record(drawn.reports(b), weight, selection)
            for name, part in record.terms(mu[b : b + 1], t[b : b + 1])._asdict().items():
                tolerance = 1e-9 * max(1.0, abs(part[0]))
                assert getattr(found, name)[b] == pytest.approx(part[0], abs=tolerance), name
            values = record.values(np.repeat(lattice[0], 2), np.tile(lattice[1], 3))
            assert tables[b].ravel() == pytest.approx(values, rel=1e-9)


@pytest.mark.parametrize("selection", KINDS)
def test_the_statistics_of_all_draws_are_those_of_single_fits(selection):
    weights, draws = (0.5, 0.1), 50
    drawn, middle = drawn_from(EVERY, selection, draws)
    found = selection_module.drawn_statistics(drawn, weights, selection, middle)
    assert (found > 0.1).sum() > 10
    sets = record_sets(drawn, selection)
    _, sure = highest_values(sets, (1.0, *weights), middle)
    assert sure.mean() > 0.95  # it was not the single fits that found them
    for b in range(draws):
        whole, *others = (single_value(drawn.reports(b), w, selection) for w in (1.0, *weights))
        expected = max(0.0, *(2 * (other - whole) for other in others))
        assert found[b] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("selection, weight, b", [("two-sided", 0.25, 701),
                                                  ("positive", 0.5, 789)])  # fmt: skip
def test_of_two_modes_the_higher_one_is_found(selection, weight, b, monkeypatch):
    # on a rough lattice the lower of two modes seems to be the higher one
    drawn, middle = drawn_from(RANGES, selection, 1000)
    sets, lattice = record_sets(drawn, selection), record_search._lattice

    def rough(*arguments):
        mu, t = lattice(*arguments)
        return mu[::3], t

    def highest_alone(value, mu):
        place = value.reshape(len(value), -1).argmax(axis=1)
        i, j = np.unravel_index(place, value.shape[1:])
        return np.array([np.arange(len(value)), mu[i], j], dtype=float)

    monkeypatch.setattr(record_search, "_lattice", rough)
    expected = single_value(drawn.reports(b), weight, selection)
    value, sure = highest_values(sets, [weight], middle)
    assert sure[0, b] and value[0, b] == pytest.approx(expected, abs=1e-6)
    monkeypatch.setattr(record_search, "_starts", highest_alone)
    lower, _ = highest_values(sets, [weight], middle)
    assert lower[0, b] < expected - 1e-3


def test_draws_that_are_in_doubt_are_fitted_one_by_one(monkeypatch):
    drawn, middle = drawn_from(MIXED, "two-sided", 4)
    sure = selection_module.drawn_statistics(drawn, [0.2], "two-sided", middle)

    def nothing(sets, weights, middle):
        shape = len(weights), sets.weight.size
        return np.full(shape, -np.inf), np.zeros(shape, dtype=bool)

    monkeypatch.setattr(selection_module, "highest_values", nothing)
    doubtful = selection_module.drawn_statistics(drawn, [0.2], "two-sided", middle)
    assert doubtful == pytest.approx(sure, abs=1e-6)


def test_draws_without_a_maximum_are_left_out():
    # the only number may fall against its test: then all is words that bound one side
    reports = [Report("exact", 20, z=0.1, tails=1, sign=1),
               Report("significant", 30, sign=1, tails=1),
               Report("significant", 25, sign=-1, tails=1)]  # fmt: skip
    drawn, middle = drawn_from(reports, "two-sided", 40)
    found = selection_module.drawn_statistics(drawn, [0.5], "two-sided", middle)
    numbers = [drawn.reports(b)[0].form == "exact" for b in range(40)]
    assert 0 < sum(numbers) < 40 and np.isfinite(found).tolist() == numbers
    result = selection_test(reports, [0.5], draws=40)
    assert 0 < result.draws_used < result.draws


# -------------------------------------------------------------------------------- printing


@pytest.mark.parametrize("tilt", [-3.0, -0.2, 0.0, 0.4, 1.0, 6.0])
@pytest.mark.parametrize("n, mu, t, a", [(10, 0.3, 0.0, 0.5), (300, 0.1, 0.02, -3.0),
                                         (3000, 0.25, 0.05, 2.0), (60, -0.6, 0.3, 0.0),
                                         (60, 1.5, 0.001, -8.0)])  # fmt: skip
def test_the_integral_of_what_is_withheld(tilt, n, mu, t, a):
    c, v = critical_z(n), 1 / (n - 3)
    s = np.sqrt(v + t)

    def integrand(z):
        return np.exp(-np.logaddexp(0, a + tilt * (z - c) / np.sqrt(v))) * stats.norm.pdf(z, mu, s)

    near = [mu, mu - 3 * s, mu + 3 * s, c + np.sqrt(v), c + 5 * np.sqrt(v)]
    near += [c - a * np.sqrt(v) / tilt] if tilt else []
    cuts = sorted({c, *(x for x in near if x > c), max(c, mu) + 12 * s})
    pieces = [integrate.quad(integrand, *pair, epsabs=0, epsrel=1e-13, limit=400)[0]
              for pair in zip(cuts[:-1], cuts[1:], strict=True)]  # fmt: skip
    row = (np.array([[x]]) for x in (c, v, 1.0))
    found = withheld(*row, *(np.array([x]) for x in (mu, t, a)), tilt)
    assert found.log[0, 0] == pytest.approx(np.log(sum(pieces)), abs=1e-10)
    # seen in a mirror nothing changes but the sign of odd derivatives
    row = (np.array([[x]]) for x in (c, v, -1.0))
    turned = withheld(*row, *(np.array([x]) for x in (-mu, t, a)), tilt)
    assert turned.log == pytest.approx(found.log) and turned.m1 == pytest.approx(-found.m1)


@pytest.mark.parametrize("tilt", [-0.4, 0.3, 2.0])
def test_derivatives_by_differences(tilt):
    printing = printing_of(RANGES, tilt)
    mu, t, h = 0.17, 0.03, 1e-4

    def terms(m, x):
        return printing.terms(np.array([m]), np.array([x]))

    at = terms(mu, t)
    right, left, up, down = terms(mu + h, t), terms(mu - h, t), terms(mu, t + h), terms(mu, t - h)
    for first, second, names in ((right, left, ("m", "mm", "mt")), (up, down, ("t", "mt", "tt"))):
        for name, of in zip(names, ("value", "m", "t"), strict=True):
            slope = (getattr(first, of) - getattr(second, of)) / (2 * h)
            assert getattr(at, name) == pytest.approx(slope, rel=2e-4, abs=1e-4), name


@pytest.mark.parametrize("reports", [MIXED, RANGES])
def test_without_tilt_it_is_the_usual_pool(reports):
    usual = pool_reports(reports)
    same_fit(pool_reports_tilted(reports, 0), usual, 1e-6)
    # and by way of all the integrals
    near = pool_reports_tilted(reports, 1e-10)
    same_fit(near, usual, 1e-6)
    # 3 numbers are significant, and all significant words count
    words = sum(r.form == "significant" for r in reports)
    assert (near.numbers, near.words) == (3, words)
    assert near.chance == pytest.approx(3 / (3 + words), abs=1e-6)


def test_where_printing_tells_nothing():
    numbers = [r for r in MIXED if r.form != "significant"]
    words = [r for r in MIXED if r.form != "exact" or abs(r.z) < 0.05]
    for reports in (numbers, words):
        same_fit(pool_reports_tilted(reports, 2.0), pool_reports(reports), 1e-6)


def brute_tilted(reports, mu, tau, a, tilt):
    """Log-likelihood with printing, by SciPy's quadrature; less that of printing at any size."""
    total, numbers, words = 0.0, 0, 0
    for report in reports:
        value = 0.0
        for n in sizes(report):
            low, high = edges(report, n)
            normal, root = law(mu, tau, n), (n - 3) ** 0.5
            if report.form == "exact":
                beyond = max(report.z - high, low - report.z)
                value += normal.pdf(report.z) * (expit(a + tilt * beyond * root) if beyond >= 0
                                                 else 1)  # fmt: skip
            elif report.form == "significant":
                side, c = report.sign, high if report.sign == 1 else -low

                def inside(x, side=side, c=c, root=root, normal=normal):
                    return expit(-a - tilt * x * root) * normal.pdf(side * (c + x))

                value += integrate.quad(inside, 0, 4, epsrel=1e-11, limit=200,
                                        points=(0.05, 0.3, 1))[0]  # fmt: skip
            elif report.form == "sign":
                value += normal.sf(0) if report.sign == 1 else normal.cdf(0)
            else:
                value += normal.cdf(high) - normal.cdf(low)
        if report.form == "exact":
            low, high = edges(report, report.n)
            numbers += not low < report.z < high
        words += report.form == "significant"
        total += np.log(value / len(sizes(report)))
    share = numbers / (numbers + words)
    return total - numbers * np.log(share) - words * np.log(1 - share)


@pytest.mark.parametrize("tilt", [-0.3, 0.8])
def test_tilt_by_brute_force(tilt):
    found = pool_reports_tilted(MIXED, tilt)
    intercept = np.log(found.chance / (1 - found.chance))
    at = found.estimate, found.tau, intercept
    assert found.log_likelihood == pytest.approx(brute_tilted(MIXED, *at, tilt), abs=1e-7)

    def value(mu, log_tau, a):
        return brute_tilted(MIXED, mu, np.exp(log_tau), a, tilt)

    start = found.estimate + 0.02, np.log(max(found.tau, 0.05)) + 0.2, intercept - 0.3
    near = optimize.minimize(lambda x: -value(*x), start, method="BFGS", options={"gtol": 1e-5})
    assert found.log_likelihood == pytest.approx(-near.fun, abs=1e-6)
    assert found.estimate == pytest.approx(near.x[0], abs=1e-3)


def test_limits_of_tilt_by_brute_force():
    tilt = 0.5
    found = pool_reports_tilted(MIXED, tilt, level=0.8)
    floor = found.log_likelihood - 0.5 * chi2_upper(0.2, 1)
    for mu in (found.ci_low, found.ci_high):
        fit = optimize.minimize(
            lambda x, mu=mu: -brute_tilted(MIXED, mu, abs(x[0]), x[1], tilt), (found.tau, -1.0),
            method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-7})  # fmt: skip
        assert -fit.fun == pytest.approx(floor, abs=1e-5)


def test_the_fast_search_for_limits_finds_what_the_slow_one_does(monkeypatch):
    fast = pool_reports_tilted(MIXED, 0.5), pool_reports_selected(MIXED, 0.2)
    monkeypatch.setattr(mean_limits, "_by_newton", lambda *arguments: None)
    slow = pool_reports_tilted(MIXED, 0.5), pool_reports_selected(MIXED, 0.2)
    for a, b in zip(fast, slow, strict=True):
        assert (a.ci_low, a.ci_high) == pytest.approx((b.ci_low, b.ci_high), abs=1e-6)


@pytest.mark.parametrize("reports", [MIXED, RANGES])
def test_a_tilt_among_others_is_that_tilt_alone(reports):
    # with several, each search begins where the one at the neighbouring tilt ended
    tilts = [2.0, -0.5, 0.3, 0.0]
    found = pool_reports_tilted(reports, tilts)
    for i, tilt in enumerate(tilts):
        alone = pool_reports_tilted(reports, tilt)
        for name in (*SHARED, "se", "chance"):
            assert getattr(found, name)[i] == pytest.approx(getattr(alone, name), abs=1e-7), name


@pytest.mark.parametrize("reports, weight, wrong", [
    ([Report("null", 109), Report("significant", 77, sign=1), Report("exact", 24, z=0.751)],
     0.05, 0.024853),
    ([Report("null", 362), Report("exact", 83, z=-0.421)], 0.005, 0.010310),
])  # fmt: skip
def test_a_limit_that_another_tau_passes_is_none(reports, weight, wrong, monkeypatch):
    # Newton's method ends at ``wrong`` with tau held or free, while another tau reaches farther
    found = pool_reports_selected(reports, weight, level=0.8)
    monkeypatch.setattr(mean_limits, "_by_newton", lambda *arguments: None)
    slow = pool_reports_selected(reports, weight, level=0.8)
    limits = found.ci_low, found.ci_high
    assert limits == pytest.approx((slow.ci_low, slow.ci_high), abs=1e-6)
    assert min(abs(limit - wrong) for limit in limits) > 1e-4


def test_printing_of_larger_results_pulls_towards_zero():
    found = pool_reports_tilted(MIXED, [-0.2, 0, 0.2, 1])
    assert (np.diff(found.estimate) < 0).all() and (np.diff(found.chance) < 0).all()
    assert found.to_frame().shape == (4, 11) and found.tilt.tolist() == [-0.2, 0, 0.2, 1]


def printed_when_large(rng, k, mu, tau, tilt, chance):
    """A review whose significant results are printed the more readily the larger they are."""
    out = []
    for n in rng.integers(30, 200, k).tolist():
        z, c = rng.normal(mu, np.hypot(tau, (n - 3) ** -0.5)), critical_z(n)
        if abs(z) < c:
            out.append(Report("exact", n, z=z) if rng.random() < 0.2 else Report("null", n))
            continue
        odds = np.log(chance / (1 - chance)) + tilt * (abs(z) - c) * (n - 3) ** 0.5
        sign = int(np.sign(z))
        numbered = rng.random() < expit(odds)
        out.append(Report("exact", n, z=z) if numbered else Report("significant", n, sign=sign))
    return out


def test_the_tilted_fit_removes_the_bias_of_tilted_printing():
    rng, truth, tilt = np.random.default_rng(20), 0.25, 1.0
    usual, right = [], []
    for _ in range(40):
        reports = printed_when_large(rng, 40, truth, 0.1, tilt, 0.15)
        usual.append(pool_reports(reports).estimate)
        right.append(highest(tilted_landscape(reports, tilt)[0]).mu)
    usual, right = np.array(usual), np.array(right)
    error = right.std() / len(right) ** 0.5
    assert usual.mean() - truth > 5 * error
    assert abs(right.mean() - truth) < 2.5 * error


@pytest.mark.parametrize("tilt", [np.nan, 21, "0", [], [[0.1]], None])
def test_tilts_that_are_none(tilt):
    with pytest.raises(ValueError, match="tilt"):
        pool_reports_tilted(MIXED, tilt)


def test_order_does_not_matter():
    for function, value in ((pool_reports_tilted, 0.5), (pool_reports_selected, 0.3)):
        same_fit(function(RANGES[::-1], value), function(RANGES, value), 1e-7)
