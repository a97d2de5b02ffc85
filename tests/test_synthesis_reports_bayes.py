"""The posterior of reports: against bayesian_pool, brute force, and what must hold of any."""

import math
import pickle
from dataclasses import fields

import numpy as np
import pytest
from scipy import integrate
from scipy.special import log_ndtr, ndtr
from scipy.stats import halfcauchy, halfnorm, norm, uniform

from alliance_review.synthesis import (
    BayesianReports,
    NoMaximum,
    Report,
    bayesian_pool,
    bayesian_reports,
    pool_reports,
)
from alliance_review.synthesis.bayes.priors import checked
from alliance_review.synthesis.reports import mean_nodes
from alliance_review.synthesis.reports.likelihood import make_rows
from alliance_review.synthesis.reports.posterior import nodes as posterior_nodes
from alliance_review.synthesis.reports.posterior import tau_nodes
from alliance_review.synthesis.reports.posterior.model import posterior_of_rows
from alliance_review.synthesis.reports.report import interval_at, n_range

INF = math.inf
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
ALL_SIGNIFICANT = [Report("significant", n, sign=1) for n in (33, 66, 99)]
CASES = {
    "mixed": (MIXED, {}),
    "half-Cauchy": (MIXED[:5], {"tau_prior": ("half-cauchy", 0.3)}),
    "uniform": (MIXED[3:], {"tau_prior": ("uniform", 0.4), "mean_prior": (0.2, 0.3)}),
    "flat": (MIXED, {"tau_prior": ("uniform", INF), "mean_prior": None}),
    "all significant": (ALL_SIGNIFICANT, {}),
    "all null": ([Report("null", n) for n in (20, 50, 70)], {"mean_prior": None}),
    "direction only": ([Report("sign", n, sign=1) for n in (20, 3000)], {}),
    "one report": ([Report("null", (10, 40))], {}),
}
NUMBERS = [f.name for f in fields(BayesianReports) if f.type in (float, "float")]


def posterior(case):
    reports, options = CASES[case]
    return bayesian_reports(reports, **options)


def values(found, *, but=()):
    return np.array([getattr(found, name) for name in NUMBERS if name not in but])


def rows_from(low, high, v):
    parts = [[np.array([float(a)]) for a in part] for part in (low, high, v)]
    return make_rows(*parts, [np.ones(1)] * len(v))


# --------------------------------------------------------------------------- with numbers alone

EFFECTS = [
    ([0.30, 0.12, 0.55, 0.21, -0.05], [40, 60, 25, 200, 33]),
    ([0.30, -0.42, 0.55, 0.81, -0.35, 0.1], [400, 600, 250, 200, 330, 80]),
    ([0.2, 0.2, 0.21], [4, 7, 5]),
    ([0.1, 0.4], [50, 30]),
    ([0.35], [50]),
    (np.sin(np.arange(20)) / 4, range(10, 30)),
]
PRIORS = [
    ((0.0, 1.0), ("half-normal", 0.5)),
    ((0.0, 1.0), ("half-normal", 0.02)),
    ((0.3, 0.1), ("half-cauchy", 0.3)),
    (None, ("half-normal", 0.5)),
    (None, ("half-cauchy", 5.0)),
    ((0.0, 1.0), ("uniform", 1.0)),
    ((0.0, 1.0), ("uniform", 0.05)),
    (None, ("uniform", INF)),
]
IN_BOTH = [name for name in NUMBERS if name not in ("level", "prediction_median")]


@pytest.mark.parametrize("effects", EFFECTS, ids=lambda e: f"k = {len(e[0])}")
@pytest.mark.parametrize("mean_prior, tau_prior", PRIORS)
def test_numbers_alone_give_bayesian_pool(effects, mean_prior, tau_prior):
    priors = {"mean_prior": mean_prior, "tau_prior": tau_prior, "level": 0.9}
    y, v = np.array(effects[0]), 1 / (np.array(effects[1]) - 3)
    try:
        pooled = bayesian_pool(y, v, interval="equal-tailed", **priors)
    except ValueError:
        assert y.size < 3  # which of these have a posterior is tested below
        return
    found = bayesian_reports([Report("exact", n, z=z) for z, n in zip(*effects)], **priors)  # noqa: B905
    for name in IN_BOTH:
        expected = getattr(pooled, name)
        assert getattr(found, name) == pytest.approx(expected, rel=1e-8, abs=1e-8, nan_ok=True)
    at = np.linspace(-0.6, 1.2, 19)
    for name in ("probability_above", "probability_new_above", "density", "tau_density"):
        expected = getattr(pooled, name)(at)
        assert getattr(found, name)(at) == pytest.approx(expected, rel=1e-8, abs=1e-8)


# --------------------------------------------------------------------------------- brute force


def log_likelihood(reports, mu, tau):
    """Written down anew; every whole n of a range one by one. Broadcasts."""
    total = 0.0
    for report in reports:
        each = []
        for n in range(n_range(report)[0], n_range(report)[1] + 1):
            low, high = (float(x) for x in interval_at(report, n))
            s = np.sqrt(1 / (n - 3) + tau**2)
            if report.form == "exact":
                each.append(-0.5 * ((low - mu) / s) ** 2 - np.log(s * math.sqrt(2 * math.pi)))
            elif math.isinf(high):
                each.append(log_ndtr((mu - low) / s))
            elif math.isinf(low):
                each.append(log_ndtr((high - mu) / s))
            else:
                with np.errstate(divide="ignore"):
                    each.append(np.log(ndtr((high - mu) / s) - ndtr((low - mu) / s)))
        total = total + np.logaddexp.reduce(each, axis=0) - math.log(len(each))
    return total


def priors_of(case):
    """Densities of the priors of mu and tau, by scipy."""
    options = {"mean_prior": (0.0, 1.0), "tau_prior": ("half-normal", 0.5)} | CASES[case][1]
    family, scale = options["tau_prior"]
    kinds = {"half-normal": halfnorm, "half-cauchy": halfcauchy, "uniform": uniform}
    of_tau = kinds[family](scale=scale).pdf if math.isfinite(scale) else lambda tau: 1.0
    of_mean = norm(*options["mean_prior"]).pdf if options["mean_prior"] else lambda mu: 1.0
    return of_mean, of_tau, scale if family == "uniform" else INF


@pytest.mark.parametrize("family", ["half-normal", "half-cauchy", "uniform"])
def test_the_integral_is_that_of_dblquad(family):
    reports = [Report("exact", 40, z=0.3), Report("null", 30), Report("significant", 20, sign=1)]
    (_, _), (low, high), (least, _) = [map(float, interval_at(r, r.n)) for r in reports]
    prior = {"half-normal": halfnorm, "half-cauchy": halfcauchy, "uniform": uniform}[family]
    prior = prior(scale=0.4).pdf

    def above(bound, mu, s):
        return 0.5 * math.erfc((bound - mu) / s / math.sqrt(2))

    def density(mu, tau, of_tau):
        a, b, c = (math.sqrt(1 / (n - 3) + tau**2) for n in (40, 30, 20))
        null = above(low, mu, b) - above(high, mu, b)
        value = math.exp(-0.5 * ((0.3 - mu) / a) ** 2) / a * null
        return value * above(least, mu, c) * math.exp(-0.5 * mu**2) * of_tau / (2 * math.pi)

    def over_mean(tau):
        return integrate.quad(density, -9, 9, (tau, prior(tau)), points=[0, 0.3], epsabs=1e-13)[0]

    end = 0.4 if family == "uniform" else 4.0
    brute = integrate.quad(over_mean, 0, end, epsabs=1e-11)[0]
    if family == "half-cauchy":
        brute += integrate.quad(over_mean, end, math.inf, epsabs=1e-10)[0]
    else:
        again = integrate.dblquad(
            lambda mu, tau: density(mu, tau, prior(tau)), 0, end, -2, 2, epsabs=1e-6
        )[0]
        assert again == pytest.approx(brute, rel=1e-3)
    found = bayesian_reports(reports, tau_prior=(family, 0.4))
    assert found.log_marginal_likelihood == pytest.approx(math.log(brute), abs=1e-7)


def panels(edges, points=24):
    """Gauss-Legendre nodes and weights on neighbouring intervals, row by row of ``edges``."""
    x, w = np.polynomial.legendre.leggauss(points)
    edges = np.asarray(edges, dtype=float)
    half, middle = np.diff(edges)[..., None] / 2, (edges[..., 1:] + edges[..., :-1])[..., None] / 2
    rows = (*edges.shape[:-1], -1)
    return (middle + half * x).reshape(rows), (half * w).reshape(rows)


@pytest.mark.parametrize("case", ["mixed", "uniform", "flat", "all significant", "one report"])
def test_everything_is_what_brute_force_says(case):
    of_mean, of_tau, upper = priors_of(case)
    reports, found = CASES[case][0], posterior(case)
    end, cuts = (1e5, 28) if case == "flat" else (min(upper, 4.5), 11)
    tau, tau_weight = (a[:, None] for a in panels(np.append(0, np.geomspace(0.02, end, cuts)), 14))
    # where tau is large so may be a mean without a prior
    reach = 9 * (0.5 + tau) if case == "flat" else np.full(tau.shape, 7.0)

    def masses(edges):
        mu, weight = panels(edges, 14)
        mass = np.exp(log_likelihood(reports, mu, tau)) * of_mean(mu) * of_tau(tau)
        return mu, mass * tau_weight * weight

    wide = reach * np.sinh(np.linspace(-3, 3, 24)) / math.sinh(3)
    mu, mass = masses(wide)
    total = mass.sum()
    assert math.log(total) == pytest.approx(found.log_integral, abs=1e-8)
    mass /= total
    estimate, tau_mean = (mass * mu).sum(), (mass * tau).sum()
    variance, square = (mass * (mu - estimate) ** 2).sum(), (mass * tau**2).sum()
    assert found.estimate == pytest.approx(estimate, abs=1e-8)
    if case != "flat":  # its tail is too long for moments by brute force
        assert found.tau_mean == pytest.approx(tau_mean, abs=1e-8)
        assert found.sd == pytest.approx(math.sqrt(variance), abs=1e-8)
        assert found.tau_sd == pytest.approx(math.sqrt(square - tau_mean**2), abs=1e-8)
        assert found.prediction_sd == pytest.approx(math.sqrt(variance + square), abs=1e-8)
    at = math.atanh(0.1)
    expected = {found.prediction_low: 0.975, found.prediction_median: 0.5,
                found.prediction_high: 0.025, at: found.probability_new_above(at)}  # fmt: skip
    for cut, probability in expected.items():
        # as tau goes to 0 the probability of a new effect becomes a step in the mean: panels there
        near = cut + tau * np.linspace(-9, 9, 13)
        mu, mass = masses(np.sort(np.hstack([wide, np.clip(near, -reach, reach)])))
        above = (mass * ndtr((mu - cut) / tau)).sum() / total
        assert above == pytest.approx(probability, abs=1e-8)
    tails = {"tau_ci_low": 0.025, "tau_median": 0.5, "tau_ci_high": 0.975}
    for name, probability in tails.items():
        inner, inner_weight = panels(np.linspace(0, getattr(found, name), 9))
        assert inner_weight @ found.tau_density(inner) == pytest.approx(probability, abs=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_density_and_probabilities_of_the_mean_agree(case):
    of_mean, of_tau, upper = priors_of(case)
    found = posterior(case)
    ends = np.array([found.ci_low, found.median, found.ci_high])
    assert found.probability_above(ends) == pytest.approx([0.975, 0.5, 0.025], abs=1e-8)
    edges = np.linspace(found.ci_low, found.ci_high, 30)
    x, weight = panels(edges, 16)
    assert weight @ found.density(x) == pytest.approx(0.95, abs=1e-8)
    # the density at one mean is an integral over tau alone
    mu, total = found.ci_high, 0.0
    cuts = np.append(0, np.geomspace(0.01, min(upper, 1e4), 40))
    tau, weight = panels(cuts)
    total = weight @ (np.exp(log_likelihood(CASES[case][0], mu, tau)) * of_tau(tau)) * of_mean(mu)
    assert found.density(mu) == pytest.approx(total / math.exp(found.log_integral), rel=1e-6)
    at = min(0.2, upper / 2)
    assert found.tau_density([-0.1, at]) == pytest.approx([0, found.tau_density(at)], rel=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_more_nodes_change_nothing(case, monkeypatch):
    before = posterior(case)
    monkeypatch.setattr(posterior_nodes, "POINTS", 2 * posterior_nodes.POINTS - 1)
    monkeypatch.setattr(tau_nodes, "FEWEST", 10 * tau_nodes.FEWEST)
    monkeypatch.setattr(tau_nodes, "DEPTH", tau_nodes.DEPTH + 2)
    monkeypatch.setattr(mean_nodes, "RESOLVED", 1e-13)
    after = posterior(case)
    assert values(after) == pytest.approx(values(before), rel=1e-8, abs=1e-8, nan_ok=True)
    at = np.linspace(-0.4, 1, 15)
    for name in ("probability_above", "probability_new_above", "density", "tau_density"):
        found, more = getattr(before, name)(at), getattr(after, name)(at)
        assert more == pytest.approx(found, rel=1e-8, abs=2e-8)


# ------------------------------------------------------------------------------- Bayes factors


@pytest.mark.parametrize("case", ["mixed", "half-Cauchy", "uniform", "all significant"])
def test_bayes_factors_are_density_ratios(case):
    # Savage and Dickey: a Bayes factor for a point is posterior over prior density there
    of_mean, of_tau, _ = priors_of(case)
    found = posterior(case)
    assert found.bayes_factor_mu_zero == pytest.approx(found.density(0.0) / of_mean(0), rel=1e-6)
    assert found.bayes_factor_tau_zero == pytest.approx(found.tau_density(0) / of_tau(0), rel=1e-9)


def test_bayes_factor_of_no_mean_by_brute_force():
    reports = CASES["mixed"][0]
    tau, weight = panels(np.append(0, np.geomspace(0.02, 5, 12)))
    null = weight @ (np.exp(log_likelihood(reports, 0.0, tau)) * halfnorm(scale=0.5).pdf(tau))
    found = posterior("mixed")
    ratio = null / math.exp(found.log_marginal_likelihood)
    assert found.bayes_factor_mu_zero == pytest.approx(ratio, rel=1e-9)


def test_improper_priors_have_no_bayes_factor():
    flat = posterior("flat")
    assert math.isnan(flat.bayes_factor_mu_zero) and math.isnan(flat.bayes_factor_tau_zero)
    assert math.isnan(flat.log_marginal_likelihood) and math.isfinite(flat.log_integral)


# ------------------------------------------------------------------------- existence, moments


def test_all_significant_has_a_posterior_but_no_maximum():
    with pytest.raises(NoMaximum):
        pool_reports(ALL_SIGNIFICANT)
    found = posterior("all significant")
    assert 0.1 < found.ci_low < found.estimate < found.ci_high < 3
    assert found.probability_above(0) > 0.99 and found.bayes_factor_mu_zero < 0.1
    # what the words leave open the prior decides
    tight = bayesian_reports(ALL_SIGNIFICANT, mean_prior=(0, 0.2), tau_prior=("half-normal", 0.1))
    assert tight.estimate < found.estimate - 0.05


NUMBER, BOTH = Report("exact", 40, z=0.2), [Report("sign", 40, sign=s) for s in (1, -1)]
REFUSED = {
    "flat mean, one side": (ALL_SIGNIFICANT, None, ("half-normal", 1.0)),
    "flat mean, half-Cauchy, both sides": (BOTH, None, ("half-cauchy", 1.0)),
    "flat tau, no number": (ALL_SIGNIFICANT, (0, 1), ("uniform", INF)),
    "flat tau, one number": ([NUMBER, *BOTH], (0, 1), ("uniform", INF)),
    "all flat, two numbers": ([NUMBER, NUMBER, *BOTH], None, ("uniform", INF)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_no_posterior_is_refused(case):
    reports, mean_prior, tau_prior = REFUSED[case]
    with pytest.raises(ValueError, match="no posterior"):
        bayesian_reports(reports, mean_prior=mean_prior, tau_prior=tau_prior)
    # another number or two make up for what is missing
    more = [NUMBER] * (2 if case == "flat tau, no number" else 1)
    found = bayesian_reports([*more, *reports], mean_prior=mean_prior, tau_prior=tau_prior)
    assert math.isfinite(found.median)


def test_bad_calls_are_refused():
    for reports in ([], "null", [0.3], None):
        with pytest.raises(ValueError):
            bayesian_reports(reports)
    wrong = {"level": 1.0, "mean_prior": (0, -1), "tau_prior": ("gamma", 1.0)}
    for name, value in wrong.items():
        with pytest.raises(ValueError):
            bayesian_reports(MIXED, **{name: value})


@pytest.mark.parametrize(
    "numbers, moments", [(1, 0), (2, 1), (3, 2)], ids=["none", "the mean of tau", "all"]
)
def test_moments_exist_as_far_as_the_tail_allows(numbers, moments):
    # flat mean and half-Cauchy prior: the posterior of tau falls as tau ** -(numbers + 1)
    reports = [Report("exact", 40, z=0.1 * i) for i in range(numbers)] + [*BOTH, *ALL_SIGNIFICANT]
    found = bayesian_reports(reports, mean_prior=None, tau_prior=("half-cauchy", 0.5))
    assert math.isfinite(found.tau_mean) == math.isfinite(found.estimate) == (moments > 0)
    assert math.isfinite(found.tau_sd) == math.isfinite(found.sd) == (moments > 1)
    tau = np.array([1e3, 2e3])
    ratio = np.divide(*found.tau_density(tau))
    assert ratio == pytest.approx(2 ** (numbers + 1), rel=0.01)
    # a proper normal prior of the mean keeps its moments in any case
    proper = bayesian_reports(reports, tau_prior=("half-cauchy", 0.5))
    assert math.isfinite(proper.estimate) and math.isfinite(proper.sd)


# --------------------------------------------------------------------------------- properties


def flipped(report):
    sign = -report.sign if report.sign else report.sign
    z = -report.z if report.z is not None else None
    return Report(report.form, report.n, z=z, sign=sign, alpha=report.alpha, tails=report.tails)


@pytest.mark.parametrize("case", ["mixed", "half-Cauchy", "flat", "all significant", "one report"])
def test_turning_every_sign_and_the_order_of_reports(case):
    reports, options = CASES[case]
    found, back = posterior(case), bayesian_reports(reports[::-1], **options)
    assert values(back) == pytest.approx(values(found), rel=1e-9, abs=1e-9, nan_ok=True)
    turned = bayesian_reports([flipped(r) for r in reports], **options)
    assert turned.estimate == pytest.approx(-found.estimate, abs=1e-9)
    assert turned.ci_low == pytest.approx(-found.ci_high, abs=1e-8)
    assert turned.prediction_low == pytest.approx(-found.prediction_high, abs=1e-8)
    for name in ("sd", "tau_mean", "tau_ci_high", "log_integral", "prediction_sd"):
        assert getattr(turned, name) == pytest.approx(getattr(found, name), abs=1e-8)
    below = 1 - found.probability_above(0.1)
    assert turned.probability_above(-0.1) == pytest.approx(below, abs=1e-8)


def test_a_null_moves_the_mean_towards_zero():
    means = [
        bayesian_reports([Report("exact", 60, z=0.35), *[Report("null", 80)] * extra]).estimate
        for extra in range(4)
    ]
    assert all(0 < after < before for before, after in zip(means, means[1:], strict=False))


DEFAULT = checked((0.0, 1.0), ("half-normal", 0.5))


def test_an_interval_that_holds_everything_changes_nothing():
    y, v = np.array([0.1, 0.35, -0.05]), np.array([0.02, 0.01, 0.03])
    plain = posterior_of_rows(rows_from(y, y, v), DEFAULT, 0.95)
    more = rows_from(np.append(y, -INF), np.append(y, 40.0), np.append(v, 0.02))
    assert values(posterior_of_rows(more, DEFAULT, 0.95)) == pytest.approx(values(plain), abs=1e-9)


def test_a_narrow_interval_tends_to_its_number():
    y, v = np.array([0.1, 0.45, -0.25]), np.array([0.02, 0.01, 0.03])
    skip = ("log_marginal_likelihood", "log_integral")
    plain = posterior_of_rows(rows_from(y, y, v), DEFAULT, 0.95)
    errors = []
    for half in (0.02, 0.01):
        near = posterior_of_rows(rows_from(y - half, y + half, v), DEFAULT, 0.95)
        errors.append(np.abs(values(near, but=skip) - values(plain, but=skip)))
        # a probability is a density times the width
        density = near.log_marginal_likelihood - 3 * math.log(2 * half)
        assert density == pytest.approx(plain.log_marginal_likelihood, abs=100 * half**2)
    assert (errors[0] > 1e-5).any() and errors[1].max() < 1e-3
    assert errors[1] == pytest.approx(errors[0] / 4, rel=0.05, abs=1e-8)


EXTREMES = {
    "n = 4": [Report("exact", 4, z=0.2), Report("null", 4), Report("sign", 4, sign=1)],
    "huge n": [Report("exact", 10**7, z=0.2), Report("null", 10**7), Report("null", 20)],
    "a sharp edge": [Report("sign", 10**6, sign=1), Report("null", 10)],
    "far apart": [Report("exact", 10**5, z=-3.0), Report("exact", 9, z=3.0)],
    "against the prior": [Report("exact", 10**4, z=18.0), Report("exact", 10**4, z=19.0)],
    "many": [Report("exact", 50 + i, z=0.01 * i - 0.3) for i in range(60)] * 3 + MIXED,
}


@pytest.mark.parametrize("case", EXTREMES)
def test_extremes_stay_finite_and_right(case):
    found = bayesian_reports(EXTREMES[case])
    assert np.isfinite(values(found)).all()
    ends = np.array([found.ci_low, found.median, found.ci_high])
    assert found.probability_above(ends) == pytest.approx([0.975, 0.5, 0.025], abs=1e-7)
    assert found.prediction_low <= found.ci_low and found.ci_high <= found.prediction_high
    edges = np.linspace(found.tau_ci_low, found.tau_ci_high, 9)
    tau, weight = panels(edges)
    assert weight @ found.tau_density(tau) == pytest.approx(0.95, abs=1e-7)


# ------------------------------------------------------------------------------------- results


def test_level_moves_all_three_intervals():
    narrow, wide = (bayesian_reports(MIXED, level=level) for level in (0.5, 0.99))
    for name in ("ci", "tau_ci", "prediction"):
        assert getattr(wide, f"{name}_low") < getattr(narrow, f"{name}_low")
        assert getattr(wide, f"{name}_high") > getattr(narrow, f"{name}_high")
    assert (narrow.estimate, narrow.level) == (wide.estimate, 0.5)


def test_the_result_shows_what_it_holds():
    found = posterior("mixed")
    assert (found.k, found.k_exact) == (8, 2)
    frame = found.to_frame()
    assert frame["quantity"].tolist() == ["mean effect", "tau", "new effect"]
    assert frame["median"].tolist() == [found.median, found.tau_median, found.prediction_median]
    assert frame["high"].tolist() == [found.ci_high, found.tau_ci_high, found.prediction_high]
    assert frame["mean"].tolist() == [found.estimate, found.tau_mean, found.estimate]
    plain = found.to_dict()
    assert plain["tau_prior"] == ["half-normal", 0.5] and not any(n[0] == "_" for n in plain)
    assert set(NUMBERS) < set(plain) and "bayes_factor_mu_zero" in repr(found)
    square = np.array([[0.1, 0.2], [0.3, 0.4]])
    assert found.probability_above(square).shape == (2, 2)
    assert isinstance(found.density(0.1), float) and isinstance(found.tau_density(0.1), float)
    again = pickle.loads(pickle.dumps(posterior("mixed")))
    assert np.array_equal(values(again), values(found))
    assert again.tau_density(0.1) == found.tau_density(0.1)
