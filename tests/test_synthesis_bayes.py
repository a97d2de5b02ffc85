"""The Bayesian pool: against integration over a plane, simulation, limits; what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from alliance_review.synthesis import pool
from alliance_review.synthesis.bayes.distributions import NormalMixture
from alliance_review.synthesis.bayes.intervals import equal_tailed, shortest
from alliance_review.synthesis.bayes.model import bayesian_pool

few = settings(max_examples=30, deadline=None, derandomize=True)

Y = np.array([0.30, 0.12, 0.45, -0.10, 0.22])
V = np.array([0.010, 0.020, 0.015, 0.030, 0.005])
FLAT = ("uniform", math.inf)
PRIORS = [
    ((0.1, 0.3), ("half-normal", 0.2)),
    ((0.0, 1.0), ("half-cauchy", 0.1)),
    ((0.2, 0.5), ("uniform", 0.4)),
    (None, ("half-normal", 0.5)),
    (None, FLAT),
]

effects = st.lists(
    st.tuples(st.floats(-1, 1).map(lambda x: round(x, 3)), st.integers(5, 900)),
    min_size=3,
    max_size=7,
)


class Plane:
    """Prior times likelihood on a grid over (mu, tau): Gauss-Legendre panels, nothing conjugate."""

    def __init__(self, y, v, mean_prior, tau_prior):
        family, scale = tau_prior
        end = scale if family == "uniform" and scale < 9 else 400.0
        marks = [0, *(x for x in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1, 3, 20) if x < end)]
        tau, tau_weight = gauss([*marks, end], 24)
        mu, mu_weight = gauss(
            [-4000, -100, -20, -3, -1, -0.5, *np.linspace(-0.2, 0.6, 9), 1, 2, 4, 20, 100, 4000], 20
        )
        prior = {
            "half-normal": lambda: stats.halfnorm.pdf(tau, scale=scale),
            "half-cauchy": lambda: stats.halfcauchy.pdf(tau, scale=scale),
            "uniform": lambda: np.full(tau.size, 1 / scale if scale < 9 else 1.0),
        }[family]()
        height = np.log(np.maximum(prior, 1e-300))[:, None] + np.zeros(mu.size)
        if mean_prior is not None:
            height = height + stats.norm.logpdf(mu, *mean_prior)
        for a, b in zip(y, v, strict=True):
            height += stats.norm.logpdf(a, mu, np.sqrt(b + tau**2)[:, None])
        self.mass = np.exp(height) * mu_weight * tau_weight[:, None]
        self.total = self.mass.sum()
        self.mu, self.tau = mu, tau[:, None]

    def mean(self, value):
        return float((self.mass * value).sum() / self.total)


def gauss(marks, points):
    x, w = np.polynomial.legendre.leggauss(points)
    left, right = np.array(marks[:-1]), np.array(marks[1:])
    half = (right - left)[:, None] / 2
    return (half * x + (left + right)[:, None] / 2).ravel(), (half * w).ravel()


@pytest.mark.parametrize(("mean_prior", "tau_prior"), PRIORS)
def test_every_summary_against_integration_over_the_plane(mean_prior, tau_prior):
    ours = bayesian_pool(Y, V, mean_prior=mean_prior, tau_prior=tau_prior)
    plane = Plane(Y, V, mean_prior, tau_prior)
    near = {"rel": 2e-6, "abs": 1e-9}
    assert ours.log_integral == pytest.approx(math.log(plane.total), abs=2e-6)
    assert ours.estimate == pytest.approx(plane.mean(plane.mu), **near)
    assert ours.tau_mean == pytest.approx(plane.mean(plane.tau), rel=2e-4)  # tails end at 400
    if tau_prior != FLAT:
        second = plane.mean(plane.mu**2) - plane.mean(plane.mu) ** 2
        assert ours.sd == pytest.approx(math.sqrt(second), rel=1e-5)
        tau_second = plane.mean(plane.tau**2) - plane.mean(plane.tau) ** 2
        assert ours.tau_sd == pytest.approx(math.sqrt(tau_second), rel=1e-4)
        assert ours.prediction_sd == pytest.approx(math.sqrt(second + plane.mean(plane.tau**2)),
                                                   rel=1e-4)  # fmt: skip
    for x in (-0.1, 0.05, 0.2, 0.31):
        # a smooth function of mu on both sides instead of a step: P(mu > normal noise around x)
        theirs = plane.mean(stats.norm.cdf((plane.mu - x) / 0.05))
        noise, weight = np.polynomial.hermite_e.hermegauss(40)
        above = ours.probability_above(x + 0.05 * noise) @ weight / weight.sum()
        assert above == pytest.approx(theirs, abs=1e-6)
        new = plane.mean(stats.norm.cdf((plane.mu - x) / plane.tau))
        assert ours.probability_new_above(x) == pytest.approx(new, abs=1e-5)
    share = plane.tau**2 / (plane.tau**2 + V[3])
    conditional = share * Y[3] + (1 - share) * plane.mu
    assert ours.effect_mean[3] == pytest.approx(plane.mean(conditional), abs=1e-6)
    second = plane.mean(share * V[3] + conditional**2) - plane.mean(conditional) ** 2
    assert ours.effect_sd[3] == pytest.approx(math.sqrt(second), rel=1e-5)
    spread = np.sqrt(share * V[3])
    below = plane.mean(stats.norm.cdf((ours.effect_low[3] - conditional) / spread))
    above = plane.mean(stats.norm.sf((ours.effect_high[3] - conditional) / spread))
    assert (below, above) == pytest.approx((0.025, 0.025), abs=5e-5)  # as above: 400


@pytest.mark.parametrize("interval", ["shortest", "equal-tailed"])
@pytest.mark.parametrize(("mean_prior", "tau_prior"), PRIORS)
def test_the_intervals_hold_their_probability(mean_prior, tau_prior, interval):
    ours = bayesian_pool(
        Y, V, mean_prior=mean_prior, tau_prior=tau_prior, level=0.9, interval=interval
    )
    for low, high, above in (
        (ours.ci_low, ours.ci_high, ours.probability_above),
        (ours.prediction_low, ours.prediction_high, ours.probability_new_above),
    ):
        assert above(low) - above(high) == pytest.approx(0.9, abs=1e-10)
        if interval == "equal-tailed":
            assert above(high) == pytest.approx(0.05, abs=1e-10)
    if interval == "shortest":
        assert ours.density(ours.ci_low) == pytest.approx(ours.density(ours.ci_high), rel=1e-6)
    x, w = gauss(np.linspace(ours.tau_ci_low, ours.tau_ci_high, 12), 20)
    assert ours.tau_density(x) @ w == pytest.approx(0.9, abs=1e-9)
    x, w = gauss(np.linspace(0, ours.tau_median, 12), 20)
    assert ours.tau_density(x) @ w == pytest.approx(0.5, abs=1e-9)
    assert ours.probability_above(ours.median) == pytest.approx(0.5, abs=1e-10)


@few
@given(effects, st.sampled_from(PRIORS), st.floats(0.5, 0.99))
def test_no_interval_is_shorter_than_the_shortest(data, priors, level):
    y, n = map(np.array, zip(*data, strict=True))
    ours = bayesian_pool(
        y, 1 / (n - 3), mean_prior=priors[0], tau_prior=priors[1], level=level
    )
    tailed = bayesian_pool(
        y, 1 / (n - 3), mean_prior=priors[0], tau_prior=priors[1], level=level,
        interval="equal-tailed",
    )  # fmt: skip
    assert 0 <= ours.tau_ci_low < ours.tau_median
    for name in ("ci", "prediction", "tau_ci"):
        def length(pooled, name=name):
            return getattr(pooled, f"{name}_high") - getattr(pooled, f"{name}_low")

        assert length(ours) <= length(tailed) * (1 + 1e-9)
    mixture = NormalMixture(ours.node_weight, ours.node_mean, ours.node_sd)
    below = np.linspace(0, 1 - level, 42)[1:-1]
    widths = mixture.quantile(below + level) - mixture.quantile(below)
    assert ours.ci_high - ours.ci_low <= widths.min() * (1 + 1e-9)


def test_the_shortest_of_two_heaps():
    """A mixture with two modes: the interval lies around the narrow one where that is enough."""
    weight = np.array([0.6, 0.4])
    two = NormalMixture(weight, np.array([0.0, 10.0]), np.array([0.1, 2.0]))
    low, high = shortest(two, 0.5)
    assert -0.3 < low < 0 < high < 0.3
    assert two.pdf(np.array([low, high]))[0] == pytest.approx(two.pdf(np.array([high]))[0])
    low, high = equal_tailed(two, 0.5)
    assert high > 5


@pytest.mark.parametrize("level", [0.5, 0.95, 0.9999])
def test_intervals_of_a_symmetric_posterior_are_symmetric(level):
    """Equal effects at the prior mean; the half-Cauchy gives the new effect long tails."""
    ours = bayesian_pool([0, 0, 0], [0.5, 0.5, 0.02], mean_prior=(0, 1),
                         tau_prior=("half-cauchy", 0.1), level=level)  # fmt: skip
    assert ours.ci_low == pytest.approx(-ours.ci_high, rel=1e-7)
    assert ours.prediction_low == pytest.approx(-ours.prediction_high, rel=1e-7)
    assert (ours.estimate, ours.median) == pytest.approx((0, 0), abs=1e-12)


def test_tau_starts_at_zero_where_effects_agree():
    ours = bayesian_pool([0.2, 0.21, 0.19], [0.01, 0.01, 0.02])
    assert ours.tau_ci_low == 0
    assert ours.tau_density(0.0) > ours.tau_density(ours.tau_ci_high)
    ours = bayesian_pool([-3, 0.2, 4], [0.01, 0.01, 0.02], tau_prior=("uniform", 1.0))
    assert ours.tau_ci_high == 1.0  # the data ask for more than the prior allows
    assert ours.tau_density([-0.1, 1.1]).tolist() == [0, 0]


@few
@given(effects, st.sampled_from([1e-4, 1e3, 3e7]), st.floats(-3, 3), st.sampled_from(PRIORS[:4]))
def test_scale_shift_sign_and_order(data, unit, shift, priors):
    y, n = map(np.array, zip(*data, strict=True))
    v = 1 / (n - 3)
    mean_prior, (family, scale) = priors

    def fit(y, v, unit=1.0, shift=0.0, sign=1):
        prior = mean_prior and (sign * (mean_prior[0] * unit + shift), mean_prior[1] * unit)
        return bayesian_pool(y, v, mean_prior=prior, tau_prior=(family, scale * unit))

    first = fit(y, v)
    for other, at, by in (
        (fit(y[::-1], v[::-1]), 0.0, 1.0),
        (fit(y * unit, v * unit**2, unit), 0.0, unit),
        (fit(y + shift, v, 1.0, shift), shift, 1.0),
        (fit(-y, v, sign=-1), 0.0, -1.0),
    ):
        tight = {"rel": 1e-7, "abs": 1e-8 * abs(by)}
        assert other.estimate == pytest.approx(at + by * first.estimate, **tight)
        assert other.sd == pytest.approx(abs(by) * first.sd, rel=1e-8)
        ends = sorted((at + by * first.prediction_low, at + by * first.prediction_high))
        found = (other.prediction_low, other.prediction_high)
        assert found == pytest.approx(ends, rel=1e-6, abs=1e-6 * abs(by))
        assert other.tau_median == pytest.approx(abs(by) * first.tau_median, rel=1e-7)
        assert other.bayes_factor_tau_zero == pytest.approx(first.bayes_factor_tau_zero, rel=1e-7)
        expected = first.log_integral - (y.size - (mean_prior is None)) * math.log(abs(by))
        assert other.log_integral == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("scale", [1e-5, 1e-9])
@pytest.mark.parametrize("family", ["half-normal", "half-cauchy", "uniform"])
def test_a_prior_at_zero_gives_the_common_effect(scale, family):
    ours = bayesian_pool(Y, V, tau_prior=(family, scale), interval="equal-tailed")
    common = pool(Y, V, tau2="FE", test="z")
    loose = {"half-cauchy": 2e-3}.get(family, 1e-6)  # whose tails are never at zero
    assert ours.estimate == pytest.approx(common.estimate, rel=loose)
    assert ours.sd == pytest.approx(common.se, rel=loose)
    assert (ours.ci_low, ours.ci_high) == pytest.approx((common.ci_low, common.ci_high), rel=loose)
    assert ours.effect_mean == pytest.approx(np.full(5, common.estimate), rel=5 * loose)
    assert ours.bayes_factor_tau_zero == pytest.approx(1, abs=loose)


def test_a_very_wide_prior_of_the_mean_is_the_flat_one():
    flat = bayesian_pool(Y, V)
    wide = bayesian_pool(Y, V, mean_prior=(0, 1e5))
    assert wide.estimate == pytest.approx(flat.estimate, rel=1e-7)
    assert wide.ci_high == pytest.approx(flat.ci_high, rel=1e-7)
    # the density of the prior, all but constant, is what is between the two integrals
    log_height = stats.norm.logpdf(0, 0, 1e5)
    assert wide.log_marginal_likelihood == pytest.approx(flat.log_integral + log_height, abs=1e-8)


def test_one_effect_with_a_prior_known_in_closed_form():
    """tau next to 0 and one effect: the mean of two normals, and their Bayes factor."""
    ours = bayesian_pool([0.5], [0.04], mean_prior=(0.1, 0.2), tau_prior=("half-normal", 1e-7))
    assert ours.estimate == pytest.approx((0.5 / 0.04 + 0.1 / 0.04) / 50)
    assert ours.sd == pytest.approx(math.sqrt(1 / 50))
    evidence = stats.norm.logpdf(0.5, 0.1, math.sqrt(0.08))
    assert ours.log_marginal_likelihood == pytest.approx(evidence)
    null = stats.norm.pdf(0.5, 0, 0.2)
    assert ours.bayes_factor_mu_zero == pytest.approx(null / math.exp(evidence))
    wide = bayesian_pool([0.5], [0.04], mean_prior=(0.1, 0.2), tau_prior=("half-cauchy", 0.3))
    assert math.isinf(wide.tau_sd) and math.isfinite(wide.tau_mean) and math.isfinite(wide.sd)


@pytest.mark.parametrize(("mean_prior", "tau_prior"), PRIORS[:4])
def test_bayes_factors_are_ratios_of_densities(mean_prior, tau_prior):
    """Savage and Dickey: the density at 0 after the data over the density before."""
    ours = bayesian_pool(Y, V, mean_prior=mean_prior, tau_prior=tau_prior)
    before = {
        "half-normal": stats.halfnorm,
        "half-cauchy": stats.halfcauchy,
        "uniform": stats.uniform,
    }[tau_prior[0]].pdf(0, scale=tau_prior[1])
    assert ours.bayes_factor_tau_zero == pytest.approx(ours.tau_density(0.0) / before, rel=1e-9)
    if mean_prior is None:
        assert math.isnan(ours.bayes_factor_mu_zero)
        assert math.isnan(ours.log_marginal_likelihood)
    else:
        ratio = ours.density(0.0) / stats.norm.pdf(0, *mean_prior)
        assert ours.bayes_factor_mu_zero == pytest.approx(ratio, rel=1e-8)
    improper = bayesian_pool(Y, V, mean_prior=mean_prior, tau_prior=FLAT)
    assert math.isnan(improper.bayes_factor_tau_zero)


def test_evidence_far_out_keeps_its_digits():
    """A Bayes factor far below what the posterior's own nodes could show."""
    y, v = np.full(40, 0.8), np.full(40, 0.01)
    ours = bayesian_pool(y, v, mean_prior=(0, 1), tau_prior=("uniform", 0.01))
    tau = np.linspace(0, 0.01, 2001)
    height = stats.norm.logpdf(0.8, 0, np.sqrt(0.01 + tau**2)) * 40
    null = np.log(np.trapezoid(np.exp(height - height.max()), tau) / 0.01) + height.max()
    assert null < -1200
    assert ours.bayes_factor_mu_zero == 0.0 or math.log(
        ours.bayes_factor_mu_zero
    ) == pytest.approx(null - ours.log_marginal_likelihood, rel=1e-6)
    y = np.full(40, 0.4)
    ours = bayesian_pool(y, v, mean_prior=(0, 1), tau_prior=("uniform", 0.01))
    height = stats.norm.logpdf(0.4, 0, np.sqrt(0.01 + tau**2)) * 40
    null = np.log(np.trapezoid(np.exp(height - height.max()), tau) / 0.01) + height.max()
    expected = null - ours.log_marginal_likelihood
    assert expected < -250
    assert math.log(ours.bayes_factor_mu_zero) == pytest.approx(expected, abs=1e-5)


@few
@given(effects)
def test_with_flat_priors_the_mode_of_tau_is_reml(data):
    y, n = map(np.array, zip(*data, strict=True))
    v = 1 / (n - 3)
    ours = bayesian_pool(y, v, tau_prior=FLAT)
    best = math.sqrt(pool(y, v, tau2="REML").tau2)
    grid = np.concatenate([[0.0], np.geomspace(1e-4, 20, 500)])
    assert ours.tau_density(best) >= ours.tau_density(grid).max() * (1 - 1e-12)


def test_many_studies_leave_little_to_the_prior():
    rng = np.random.default_rng(5)
    k = 600
    v = 1 / rng.integers(20, 200, k)
    y = 0.25 + rng.normal(size=k) * np.sqrt(v + 0.15**2)
    reml = pool(y, v, tau2="REML", test="z")
    for tau_prior in (FLAT, ("half-normal", 0.5)):
        ours = bayesian_pool(y, v, tau_prior=tau_prior)
        assert ours.estimate == pytest.approx(reml.estimate, abs=0.01 * reml.se)
        assert ours.sd == pytest.approx(reml.se, rel=0.01)
        assert ours.tau_median == pytest.approx(math.sqrt(reml.tau2), rel=0.01)


def test_probabilities_are_calibrated_over_the_prior():
    """Truths drawn from the prior: the posterior probability of lying below them is uniform."""
    rng = np.random.default_rng(99)
    means, news, own = [], [], []
    for _ in range(250):
        mu, tau = rng.normal(0.1, 0.3), abs(rng.normal(0, 0.2))
        v = 1 / rng.integers(10, 150, 4)
        theta = mu + tau * rng.normal(size=5)
        y = theta[:4] + np.sqrt(v) * rng.normal(size=4)
        ours = bayesian_pool(y, v, mean_prior=(0.1, 0.3), tau_prior=("half-normal", 0.2))
        means.append(ours.probability_above(mu))
        news.append(ours.probability_new_above(theta[4]))
        own.append(((ours.effect_low < theta[:4]) & (theta[:4] < ours.effect_high)).mean())
    assert stats.kstest(means, "uniform").pvalue > 0.01
    assert stats.kstest(news, "uniform").pvalue > 0.01
    assert np.mean(own) == pytest.approx(0.95, abs=0.03)


def test_moments_that_do_not_exist_are_said_to():
    y, v = [0.1, 0.4, 0.3, 0.2, 0.6, 0.1], [0.02, 0.03, 0.01, 0.02, 0.02, 0.05]
    three = bayesian_pool(y[:3], v[:3], tau_prior=FLAT)
    assert math.isnan(three.estimate) and math.isinf(three.tau_mean) and math.isinf(three.sd)
    assert three.ci_low < three.median < three.ci_high < math.inf
    four = bayesian_pool(y[:4], v[:4], tau_prior=FLAT)
    assert math.isfinite(four.estimate) and math.isfinite(four.tau_mean)
    assert math.isinf(four.sd) and math.isinf(four.prediction_sd)
    assert math.isfinite(bayesian_pool(y[:5], v[:5], tau_prior=FLAT).tau_sd)
    pair = bayesian_pool(y[:2], v[:2], tau_prior=("half-cauchy", 0.3))
    assert math.isfinite(pair.estimate) and math.isinf(pair.sd) and math.isinf(pair.tau_sd)
    pair = bayesian_pool(y[:2], v[:2], mean_prior=(0, 1), tau_prior=FLAT)
    assert math.isfinite(pair.sd) and math.isinf(pair.tau_mean)


def test_what_a_result_can_do():
    ours = bayesian_pool(Y, V, mean_prior=(0, 1))
    assert "estimate" in repr(ours) and "<table>" in ours._repr_html_()
    answer = ours.to_frame().set_index("quantity")
    assert answer.index.tolist() == ["mean effect", "tau", "new effect"]
    assert answer["mean"].tolist() == [ours.estimate, ours.tau_mean, ours.estimate]
    assert answer["high"].tolist() == [ours.ci_high, ours.tau_ci_high, ours.prediction_high]
    assert ours.probability_new_above(answer.loc["new effect", "median"]) == pytest.approx(0.5)
    assert ours.probability_above(answer.loc["mean effect", "median"]) == pytest.approx(0.5)
    assert ours.summary().loc[0, "bayes_factor_mu_zero"] == ours.bayes_factor_mu_zero
    frame = ours.entries()
    assert list(frame.columns) == ["y", "v", "effect_mean", "effect_sd", "effect_low",
                                   "effect_high"]  # fmt: skip
    assert ours.to_dict()["tau_prior"] == ["half-normal", 0.5]
    with pytest.raises(ValueError):
        ours.effect_mean[0] = 1
    assert ours.node_weight.sum() == pytest.approx(1)
    # shrunken towards the mean, and inside the range of the two
    assert (np.abs(ours.effect_mean - ours.estimate) < np.abs(Y - ours.estimate) + 0.05).all()
    assert ours.probability_above([[0.0, 0.1]]).shape == (1, 2)
    assert bayesian_pool(Y, V).to_dict()["bayes_factor_mu_zero"] is None


REFUSED = [
    (([], []), {}, "at least 1 effects are needed, 0 given"),
    (([0.1], [0.1]), {}, "one effect needs proper priors of the mean and of tau"),
    (([0.1], [0.1]), {"mean_prior": (0, 1), "tau_prior": FLAT}, "one effect needs proper priors"),
    (([0.1, 0.2], [0.1, 0.1]), {"tau_prior": FLAT}, "at least 3 effects are needed, 2 given"),
    ((Y, -V), {}, "variances must be positive; number 1 is -0.01"),
    ((Y, V[:3]), {}, "effects and variances differ in length: 5 and 3"),
    (([0.1, math.nan], [1, 1]), {}, "effects must be finite; number 2 is nan"),
    ((Y, V), {"level": 1}, "the level must lie between 0 and 1"),
    ((Y, V), {"interval": "hpd"}, "interval must be one of shortest, equal-tailed, not 'hpd'"),
    ((Y, V), {"mean_prior": 0.5}, "mean_prior must be (mean, sd) or None, not 0.5"),
    ((Y, V), {"mean_prior": (0, 0)}, "the sd of mean_prior must be above 0, not 0"),
    ((Y, V), {"mean_prior": (math.nan, 1)}, "the mean of mean_prior must be a finite number"),
    ((Y, V), {"tau_prior": ("gamma", 1)}, "the family of tau_prior must be one of half-normal"),
    ((Y, V), {"tau_prior": ("half-normal", -1)}, "the scale of tau_prior must be above 0, not -1"),
    ((Y, V), {"tau_prior": ("half-cauchy", math.inf)}, "only the uniform prior of tau may be"),
    ((Y, V), {"tau_prior": ("uniform", math.nan)}, "the scale of tau_prior must be above 0"),
    ((Y, V), {"tau_prior": None}, "tau_prior must be (family, scale), not None"),
]


@pytest.mark.parametrize(("arguments", "options", "words"), REFUSED)
def test_what_cannot_be_done_is_refused_in_words(arguments, options, words):
    with pytest.raises(ValueError) as caught:
        bayesian_pool(*arguments, **options)
    assert words in str(caught.value)
