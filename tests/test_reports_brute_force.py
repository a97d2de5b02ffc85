"""Pooling of reports against brute force that shares no line with it.

The likelihood of one report is an integral over the true effect of its study and, for words, over
the observed value: done here by numerical quadrature. The likelihood of a review is searched on
a lattice and from many starts; what is found is polished in 40-digit arithmetic, with slopes by
differences and sums over whole n taken one by one.
"""

from functools import cache
from itertools import product

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtr
from scipy.stats import t as student

from alliance_review.synthesis import Report, bayesian_reports, pool_reports
from alliance_review.synthesis.reports.likelihood import report_values, rows_of
from alliance_review.verification import fixtures, module

DIGITS = 40
CUT_OFF = 3.841458820694124 / 2  # half the 95 % quantile of chi-square, one degree of freedom


def sizes_of(report):
    low, high = report.n if isinstance(report.n, tuple) else (report.n, report.n)
    return range(low, high + 1)


@cache
def critical(n, alpha, tails):
    """Fisher z of the critical correlation, from the beta distribution of its square."""
    with mp.workdps(DIGITS):
        half, tail = mp.mpf(1) / 2, mp.mpf(alpha) * 2 / tails

        def excess(r):
            return mp.betainc((n - 2) * half, half, 0, 1 - r * r, regularized=True) - tail

        near = float(student.isf(alpha / tails, n - 2))
        near /= np.hypot(near, np.sqrt(n - 2))
        return mp.atanh(mp.findroot(excess, (near * (1 - 1e-9), near * (1 + 1e-9))))


def bounds(report, n):
    """Interval of the observed z, as the words say it."""
    if report.form == "sign":
        low, high = mp.mpf(0), mp.inf
    else:
        limit = critical(n, report.alpha, report.tails)
        if report.form == "significant":
            low, high = limit, mp.inf
        else:
            low, high = (-limit if report.tails == 2 else -mp.inf), limit
    return (-high, -low) if report.sign == -1 else (low, high)


# --- one report: the integral itself -----------------------------------------------------------

FORMS = [
    Report("exact", 40, z=0.3),
    Report("exact", (8, 11), z=-0.2),
    Report("significant", 30, sign=1),
    Report("significant", 150, sign=-1, alpha=0.01),
    Report("significant", 4, sign=1, tails=1),
    Report("null", 35),
    Report("null", (5, 7), alpha=0.1),
    Report("null", 60, sign=1, tails=1),
    Report("sign", 90, sign=-1),
]
POINTS = list(product((-0.4, 0.0, 0.25), (0.05, 0.3)))
#: Gauss-Legendre rule on (0, 1), used piece by piece; 13 sd to either side leave out 1e-38.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
NODES, WEIGHTS = 0.5 * (NODES + 1), 0.5 * WEIGHTS
CUTS = np.array([-13, -9, -6, -4, -2.5, -1.2, 0, 1.2, 2.5, 4, 6, 9, 13])


def normal_rule(mean, sd, low=-np.inf, high=np.inf):
    """Nodes and weights for integrals over the part of a normal density between low and high,
    the density left in the integrand; one more axis than ``mean``."""
    ends = np.clip(np.asarray(mean)[..., None] + sd * CUTS, low, high)
    width = np.diff(ends)[..., None]
    nodes = ends[..., :-1, None] + width * NODES
    return (x.reshape(*np.shape(mean), -1) for x in (nodes, width * WEIGHTS))


def density_at(x, mean, sd):
    return np.exp(-0.5 * ((x - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))


def given_truth(report, n, truth):
    """Density or probability of the report for every true effect of its study."""
    sd = (n - 3) ** -0.5
    if report.form == "exact":
        return density_at(report.z, truth, sd)
    z, weights = normal_rule(truth, sd, *map(float, bounds(report, n)))
    return (weights * density_at(z, truth[..., None], sd)).sum(axis=-1)


@pytest.mark.parametrize("report", FORMS, ids=lambda r: f"{r.form} {r.n} {r.tails}")
def test_the_likelihood_of_a_report_is_the_integral_over_truth_and_observation(report):
    rows = rows_of([report])
    for mu, tau in POINTS:
        truth, weights = normal_rule(mu, tau)
        weights = weights * density_at(truth, mu, tau)
        each = [weights @ given_truth(report, n, truth) for n in sizes_of(report)]
        ours = report_values(rows, np.array([mu]), np.array([tau**2]))[0, 0]
        assert np.exp(ours) == pytest.approx(np.mean(each), rel=1e-12)


@pytest.mark.parametrize("report", FORMS, ids=lambda r: f"{r.form} {r.n} {r.tails}")
def test_without_spread_the_likelihood_is_the_integral_over_the_observation(report):
    for mu in (-0.4, 0.0, 0.25):
        each = [given_truth(report, n, np.array(mu)) for n in sizes_of(report)]
        ours = report_values(rows_of([report]), np.array([mu]), np.zeros(1))[0, 0]
        assert np.exp(ours) == pytest.approx(np.mean(each), rel=1e-12)


# --- a whole review: the maximum and the limits ------------------------------------------------


class Review:
    """The log-likelihood of a review twice over: in floats on lattices, in 40 digits at points."""

    def __init__(self, reports):
        self.reports = reports
        self.sizes = [list(sizes_of(r)) for r in reports]
        self.ends = [
            [(mp.mpf(r.z),) * 2 if r.form == "exact" else bounds(r, n) for n in sizes]
            for r, sizes in zip(reports, self.sizes, strict=True)
        ]

    def value(self, mu, t):
        """Float log-likelihood; ``mu`` and ``t`` broadcast."""
        total = 0.0
        for report, sizes, ends in zip(self.reports, self.sizes, self.ends, strict=True):
            each = [
                _float_log(report, float(low), float(high), mu, np.sqrt(t + 1 / (n - 3)))
                for n, (low, high) in zip(sizes, ends, strict=True)
            ]
            total = total + np.logaddexp.reduce(each) - np.log(len(each))
        return total

    def exact_value(self, mu, t):
        """The same in multiple precision."""
        total = mp.mpf(0)
        for report, sizes, ends in zip(self.reports, self.sizes, self.ends, strict=True):
            each = []
            for n, (low, high) in zip(sizes, ends, strict=True):
                s = mp.sqrt(t + mp.mpf(1) / (n - 3))
                a, b = (low - mu) / s, (high - mu) / s
                each.append(mp.npdf(a) / s if report.form == "exact" else _inside(a, b))
            total += mp.log(mp.fsum(each) / len(each))
        return total


def _float_log(report, low, high, mu, s):
    if report.form == "exact":
        return -0.5 * ((low - mu) / s) ** 2 - np.log(s * np.sqrt(2 * np.pi))
    a, b = (low - mu) / s, (high - mu) / s
    if np.isinf(low):
        return log_ndtr(b)
    if np.isinf(high):
        return log_ndtr(-a)
    a, b = np.where(a + b > 0, -b, a), np.where(a + b > 0, -a, b)
    with np.errstate(divide="ignore"):
        return np.log(ndtr(b) - ndtr(a))


def _inside(a, b):
    """Normal probability between a and b."""
    if a + b < 0:
        a, b = -b, -a
    root = mp.sqrt(2)
    upper = mp.erfc(b / root) / 2 if b < mp.inf else mp.mpf(0)
    return (mp.erfc(a / root) / 2 if a > -mp.inf else mp.mpf(1)) - upper


def lattice(review):
    """Means and taus that hold the whole region within the cut-off, and the values there."""
    middle = [float(x) for ends in review.ends for pair in ends for x in pair if mp.isfinite(x)]
    low, high, top = min(middle) - 0.5, max(middle) + 0.5, 1.0
    while True:
        mu = np.linspace(low, high, 161)
        tau = top * np.linspace(0, 1, 101) ** 2
        values = review.value(mu, tau[:, None] ** 2)
        inside = values >= values.max() - 1.3 * CUT_OFF
        wider = low, high, top
        if inside[:, 0].any():
            low -= high - low
        if inside[:, -1].any():
            high += high - low
        if inside[-1].any():
            top *= 2
        if wider == (low, high, top):
            return mu, tau, values


def search(review, mu, tau, values):
    """The highest place that a simplex reaches from every peak of the lattice, and from more."""
    framed = np.pad(values, 1, constant_values=-np.inf)
    around = [framed[1 + i : framed.shape[0] - 1 + i, 1 + j : framed.shape[1] - 1 + j]
              for i, j in product((-1, 0, 1), repeat=2) if (i, j) != (0, 0)]  # fmt: skip
    peaks = np.argwhere((values >= np.max(around, axis=0)) & (values > values.max() - 15))
    starts = [(mu[j], tau[i]) for i, j in peaks[:6]]
    starts += list(product(mu[[40, 80, 120]], tau[[10, 40]]))
    found = [
        minimize(lambda p: -review.value(p[0], p[1] ** 2), start, method="Nelder-Mead",
                 options={"xatol": 1e-6, "fatol": 1e-10})
        for start in starts
    ]  # fmt: skip
    best = min(found, key=lambda f: f.fun)
    return best.x[0], best.x[1] ** 2


def slopes(f, point):
    """Value, gradient and second derivatives of f(mu, t) by central differences, 40 digits."""
    x, y, h = *point, mp.mpf(10) ** -12
    here = f(x, y)
    right, left, up, down = f(x + h, y), f(x - h, y), f(x, y + h), f(x, y - h)
    cross = f(x + h, y + h) - f(x + h, y - h) - f(x - h, y + h) + f(x - h, y - h)
    return (
        here,
        ((right - left) / (2 * h), (up - down) / (2 * h)),
        ((right - 2 * here + left) / h**2, cross / (4 * h**2), (up - 2 * here + down) / h**2),
    )


def newton(f, equations, point, free):
    """Solve ``equations(slopes) -> (residuals, jacobian)`` in mu and t, or in mu alone."""
    point = [mp.mpf(float(p)) for p in point]
    for _ in range(25):
        residuals, jacobian = equations(slopes(f, point))
        if free == "mu":
            step = [residuals[0] / jacobian[0][0], mp.mpf(0)]
        else:
            step = mp.lu_solve(mp.matrix(jacobian), mp.matrix(residuals))
        point = [p - d for p, d in zip(point, step, strict=True)]
        if max(abs(d) for d in step) < mp.mpf(10) ** -16:
            return point
    raise AssertionError("the polishing does not end")


def maximum(review, start):
    """Mean, t and value of the peak next to ``start``; t = 0 where the likelihood falls there."""

    def flat(s):
        (_, (m, t), (mm, mt, tt)) = s
        return (m, t), [[mm, mt], [mt, tt]]

    f = review.exact_value
    if start[1] > 1e-7:
        mu, t = newton(f, flat, start, "both")
        if t > 0:
            return mu, t, f(mu, t)
    mu, t = newton(f, flat, (start[0], 0.0), "mu")
    assert slopes(f, (mu, t))[1][1] <= 0
    return mu, t, f(mu, t)


def limit(review, start, floor, of):
    """Where the edge of the region is farthest: the value is ``floor``, the slope in the other
    parameter 0; at t = 0 the edge alone where the likelihood falls in t."""
    f = review.exact_value

    def edge(s):
        (value, (m, t), (mm, mt, tt)) = s
        other = (t, [mt, tt]) if of == "mu" else (m, [mm, mt])
        return (value - floor, other[0]), [[m, t], other[1]]

    if of == "mu" and start[1] < 1e-7:
        mu, t = newton(f, edge, (start[0], 0.0), "mu")
        if slopes(f, (mu, t))[1][1] <= 0:
            return mu, t
    mu, t = newton(f, edge, start, "both")
    assert t > 0
    return mu, t


def rough_limits(review, mu, tau, values, floor):
    """Farthest points of the region on the lattice, brought nearer on finer and finer ones."""
    found = {}
    for name, sign, axis in (("mu", -1, 1), ("mu", 1, 1), ("t", -1, 0), ("t", 1, 0)):
        xs, ys, surface = mu, tau, values
        for _ in range(6):
            inside = np.argwhere(surface >= floor)
            if not inside.size:
                break
            column = inside[:, axis]
            edge = column.max() if sign > 0 else column.min()
            at = inside[column == edge]
            far = at[surface[tuple(at.T)].argmax()]
            point = xs[far[1]], ys[far[0]]
            wide = xs[1] - xs[0], max(ys[min(far[0] + 1, ys.size - 1)] - ys[far[0]],
                                      ys[far[0]] - ys[max(far[0] - 1, 0)])  # fmt: skip
            xs = np.linspace(point[0] - 2 * wide[0], point[0] + 2 * wide[0], 41)
            ys = np.linspace(max(point[1] - 2 * wide[1], 0.0), point[1] + 2 * wide[1], 41)
            surface = review.value(xs, ys[:, None] ** 2)
        found[name, sign] = point[0], point[1] ** 2
    return found


KEPT = ("core", "two_reports", "only_nulls", "one_number", "both_directions", "four_subjects",
        "surprise", "one_tailed_nulls", "mixed05", "mixed14", "equal06")  # fmt: skip
RANGES = [
    Report("significant", (20, 34), sign=1),
    Report("null", (8, 20)),
    Report("exact", (30, 36), z=0.21),
    Report("null", 70, sign=-1, tails=1),
    Report("sign", (4, 12), sign=-1),
]
REVIEWS = {name: module("reports").reviews()[name] for name in KEPT} | {"ranges": RANGES}


@pytest.mark.parametrize("name", REVIEWS)
def test_a_review_is_pooled_as_brute_force_pools_it(name):
    ours = pool_reports(REVIEWS[name])
    with mp.workdps(DIGITS):
        review = Review(REVIEWS[name])
        mu, tau, values = lattice(review)
        start = search(review, mu, tau, values)
        at, t, top = maximum(review, start)
        assert values.max() <= ours.log_likelihood + 1e-9
        assert float(top) == pytest.approx(ours.log_likelihood, abs=1e-10)
        assert float(at) == pytest.approx(ours.estimate, abs=1e-8)
        assert float(mp.sqrt(t)) == pytest.approx(ours.tau, abs=1e-8)
        curved = -slopes(review.exact_value, (at, t))[2][0]
        assert float(1 / mp.sqrt(curved)) == pytest.approx(ours.se, rel=1e-8)
        floor = top - mp.mpf(CUT_OFF)
        rough = rough_limits(review, mu, tau, values, float(floor))
        ends = {}
        for (of, sign), start in rough.items():
            if (of, sign) == ("t", -1) and start[1] == 0:
                ends[of, sign] = mp.mpf(0)
                continue
            place = limit(review, start, floor, of)
            ends[of, sign] = place[0] if of == "mu" else mp.sqrt(place[1])
        theirs = [float(ends[key]) for key in (("mu", -1), ("mu", 1), ("t", -1), ("t", 1))]
    mine = [ours.ci_low, ours.ci_high, ours.tau_ci_low, ours.tau_ci_high]
    assert mine == pytest.approx(theirs, rel=1e-8, abs=1e-8)


# --- integrals over the mean and tau ------------------------------------------------------------


def integral_over_mean(review, tau, weight=None):
    """log of the integral over mu of the likelihood, times ``weight`` where given, at each tau."""
    ends = [float(x) for each in review.ends for pair in each for x in pair if mp.isfinite(x)]
    mu = np.linspace(min(ends) - 6, max(ends) + 6, 901)
    logs = review.value(mu, np.asarray(tau)[:, None] ** 2)
    logs = logs if weight is None else logs + weight(mu)
    top = logs.max(axis=1)
    # a smooth integrand that vanishes at both ends: equal steps are as good as any rule
    total = np.exp(logs - top[:, None]).sum(axis=1) * (mu[1] - mu[0])
    assert (logs[:, [0, -1]] < top[:, None] - 35).all()
    return top + np.log(total)


@pytest.mark.parametrize("name", ["core", "mixed14", "equal06", "mixed05"])
def test_restricted_likelihood_is_the_integral_over_the_mean(name):
    ours = pool_reports(REVIEWS[name], estimator="REML")
    with mp.workdps(DIGITS):
        review = Review(REVIEWS[name])
    tau = np.linspace(0, 0.8, 33)
    for _ in range(6):
        values = integral_over_mean(review, tau)
        best = int(values.argmax())
        tau = np.linspace(tau[max(best - 1, 0)], tau[min(best + 1, tau.size - 1)], 33)
    assert values.max() == pytest.approx(ours.log_likelihood, abs=1e-9)
    assert tau[16] == pytest.approx(ours.tau, abs=1e-5)
    # the limits: there the integral has fallen by the cut-off, and the likelihood of the mean
    high = integral_over_mean(review, [ours.tau_ci_high])[0]
    assert high == pytest.approx(values.max() - CUT_OFF, abs=1e-7)
    mean = minimize(lambda m: -review.value(m[0], ours.tau**2), [0.1], method="Nelder-Mead",
                    options={"xatol": 1e-8, "fatol": 1e-14})  # fmt: skip
    assert mean.x[0] == pytest.approx(ours.estimate, abs=1e-6)
    for end in (ours.ci_low, ours.ci_high):
        assert review.value(end, ours.tau**2) == pytest.approx(-mean.fun - CUT_OFF, abs=1e-7)


def test_the_posterior_is_the_double_integral():
    reports, centre, sd, scale = REVIEWS["core"], 0.05, 0.6, 0.4
    ours = bayesian_reports(reports, mean_prior=(centre, sd), tau_prior=("half-normal", scale))
    with mp.workdps(DIGITS):
        review = Review(reports)

    def log_prior(mu):
        return np.log(density_at(mu, centre, sd))

    nodes = np.concatenate([a + (b - a) * NODES for a, b in zip(TAU[:-1], TAU[1:], strict=True)])
    weights = np.concatenate([(b - a) * WEIGHTS for a, b in zip(TAU[:-1], TAU[1:], strict=True)])
    logs = integral_over_mean(review, nodes, log_prior)
    mass = weights * np.exp(logs) * 2 * density_at(nodes, 0, scale)
    assert np.log(mass.sum()) == pytest.approx(ours.log_marginal_likelihood, abs=1e-9)
    assert mass @ nodes / mass.sum() == pytest.approx(ours.tau_mean, rel=1e-8)
    moment = integral_over_mean(review, nodes, lambda mu: log_prior(mu) + np.log(mu + 20))
    mean = weights @ (np.exp(moment) * 2 * density_at(nodes, 0, scale)) / mass.sum() - 20
    assert mean == pytest.approx(ours.estimate, abs=1e-8)
    at_zero = weights @ (np.exp(review.value(0.0, nodes**2)) * 2 * density_at(nodes, 0, scale))
    assert at_zero / mass.sum() == pytest.approx(ours.bayes_factor_mu_zero, rel=1e-8)
    no_spread = np.exp(integral_over_mean(review, [0.0], log_prior)[0])
    assert no_spread / mass.sum() == pytest.approx(ours.bayes_factor_tau_zero, rel=1e-8)


#: Ends of the pieces of tau; eight scales leave out 1e-15.
TAU = (0.0, 0.03, 0.08, 0.15, 0.3, 0.6, 1.1, 1.8, 3.2)


# --- the posterior, against a run of JAGS ------------------------------------------------------


def test_the_posterior_lies_within_the_monte_carlo_error_of_the_sampled_one():
    runs = fixtures.load("jags", "survival")["runs"]
    gaps = []
    for run in runs:
        for parameter, answers in module("reports_posterior").ours(run).items():
            theirs = run[parameter]
            for quantity, value in answers.items():
                error = theirs["mcse"][quantity]
                # long enough to tell a difference: an error far below the spread itself
                assert 0 < error < 0.01 * theirs["value"]["sd"]
                gaps.append((value - theirs["value"][quantity]) / error)
    assert len(gaps) == 48 and np.abs(gaps).max() < 4
    # and they scatter as errors do
    assert 0.4 < np.sqrt(np.mean(np.square(gaps))) < 1.7
