"""Means of levels by reports: what the comparison must equal, and its intervals by brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from alliance_review.synthesis import NoMaximum, Report, meta_regression, pool, pool_reports
from alliance_review.synthesis.reports import edges
from alliance_review.synthesis.reports.contrast.model import contrast_reports
from alliance_review.synthesis.reports.likelihood import report_values, rows_of

GROUPS = {
    "patient": [Report("exact", 40, z=0.35), Report("significant", 60, sign=1),
                Report("null", 30), Report("exact", 150, z=0.2)],
    "clinician": [Report("null", 80), Report("null", (40, 160)), Report("exact", 90, z=0.05),
                  Report("significant", 200, sign=1)],
    "observer": [Report("null", 50), Report("sign", 45, sign=1)],
}  # fmt: skip
INTERVALS = ("ci_low", "ci_high", "difference_ci_low", "difference_ci_high", "tau_ci_low",
             "tau_ci_high")  # fmt: skip


@pytest.fixture(scope="module")
def fit():
    return contrast_reports(GROUPS)


def flat(result):
    return np.concatenate([np.atleast_1d(getattr(result, name)) for name in INTERVALS])


def drawn(seed):
    """Numbers of some levels: (z, n, level of each)."""
    rng = np.random.default_rng(seed)
    levels = int(rng.integers(2, 5))
    k = int(rng.integers(levels + 1, 18))
    at = np.concatenate([np.arange(levels), rng.integers(0, levels, k - levels)])
    n = rng.integers(8, 400, k)
    noise = rng.normal(size=k) * (rng.choice([0, 0.3]) + (n - 3.0) ** -0.5)
    return 0.2 * at + noise, n, at


def numbers(z, n, at):
    reports = [Report("exact", int(a), z=float(b)) for a, b in zip(n, z, strict=True)]
    return {f"level {g}": [reports[i] for i in np.flatnonzero(at == g)]
            for g in range(at.max() + 1)}  # fmt: skip


def normal_log_likelihood(z, mean, variance):
    return stats.norm.logpdf(z, mean, np.sqrt(variance)).sum()


# ------------------------------------------------------------------ what it must equal


@pytest.mark.parametrize("seed", range(12))
def test_numbers_alone_are_the_meta_regression(seed):
    z, n, at = drawn(seed)
    v, design = 1 / (n - 3), (at[:, None] == np.arange(at.max() + 1)).astype(float)
    plain = meta_regression(z, v, design, intercept=False, tau2="ML", test="z")
    equal = pool(z, v, tau2="ML", test="z")
    result = contrast_reports(numbers(z, n, at))
    np.testing.assert_allclose(result.estimate, plain.estimate, atol=1e-8)
    assert result.tau**2 == pytest.approx(plain.tau2, abs=1e-8)
    apart = normal_log_likelihood(z, design @ plain.estimate, v + plain.tau2)
    together = normal_log_likelihood(z, equal.estimate, v + equal.tau2)
    assert result.log_likelihood == pytest.approx(apart, abs=1e-8)
    assert result.statistic == pytest.approx(2 * (apart - together), abs=1e-7)
    assert result.df == design.shape[1] - 1
    assert result.p_value == pytest.approx(stats.chi2.sf(result.statistic, result.df), abs=1e-9)


def test_limits_of_numbers_by_scipy():
    z, n, at = drawn(3)
    v, result = 1 / (n - 3), contrast_reports(numbers(z, n, at))
    floor = result.log_likelihood - 0.5 * stats.chi2.ppf(0.95, 1)

    def profile(mean_of, x):
        """Highest log-likelihood where the means are made of x and the others."""

        def loss(free):
            return -normal_log_likelihood(z, mean_of(x, free[1:])[at], v + np.exp(free[0]))

        tries = [optimize.minimize(loss, [t, *result.estimate[1:]], method="Nelder-Mead",
                                   options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 9000}).fun
                 for t in (-2.0, -6.0)]  # fmt: skip
        return -min(tries)

    for limit in (result.ci_low[0], result.ci_high[0]):
        at_limit = profile(lambda x, rest: np.array([x, *rest]), limit)
        assert at_limit == pytest.approx(floor, abs=1e-5)
    for limit in (result.difference_ci_low[0], result.difference_ci_high[0]):
        at_limit = profile(lambda x, rest: np.array([x + rest[0], *rest]), limit)
        assert at_limit == pytest.approx(floor, abs=1e-5)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_one_level_is_pool_reports(level):
    reports = GROUPS["patient"] + GROUPS["clinician"]
    result = contrast_reports({"all": reports}, level=level)
    pooled = pool_reports(reports, level=level)
    for name in ("estimate", "ci_low", "ci_high", "k", "k_exact"):
        assert getattr(result, name).tolist() == [getattr(pooled, name)]
    for name in ("tau", "tau_ci_low", "tau_ci_high", "log_likelihood"):
        assert getattr(result, name) == getattr(pooled, name)
    assert (result.statistic, result.df, result.p_value) == (0.0, 0, 1.0)
    assert result.first == result.second == () and result.difference.size == 0


def test_a_level_far_from_doubt_about_tau_is_as_pooled_alone():
    # a level of many precise numbers fixes tau; the mean of the other is then a fit with that tau
    rng = np.random.default_rng(4)
    many = [Report("exact", 100_000, z=float(z)) for z in 0.2 + 0.1 * rng.normal(size=300)]
    few = GROUPS["clinician"]
    result = contrast_reports({"many": many, "few": few})

    def loss(mu):
        return -report_values(rows_of(few), np.array([mu]), np.array([result.tau**2])).sum()

    best = optimize.minimize_scalar(
        loss, bounds=(-1, 1), method="bounded", options={"xatol": 1e-10}
    )
    assert result.estimate[1] == pytest.approx(best.x, abs=1e-6)
    half = 0.5 * stats.chi2.ppf(0.95, 1)
    for limit in (result.ci_low[1], result.ci_high[1]):
        # tau is not quite fixed, so the profile is a little wider
        assert loss(limit) - best.fun == pytest.approx(half, abs=0.02)


# ------------------------------------------------------------------ words


def by_brute_force(frame, x):
    """Highest log-likelihood of GROUPS over tau and the means, given the mean of the first level
    (``mean``) or its difference from the second (``difference``)."""
    rows = [rows_of(reports) for reports in GROUPS.values()]
    tau2 = np.concatenate([[0], np.geomspace(1e-5, 1.0, 80)])
    mu = np.linspace(-1.2, 1.2, 1201)

    def surface(which):
        at = np.repeat(mu, tau2.size), np.tile(tau2, mu.size)
        return report_values(rows[which], *at).sum(axis=0).reshape(mu.size, tau2.size)

    first, second, third = (surface(g) for g in range(3))
    if frame == "mean":
        fixed = report_values(rows[0], np.full(tau2.size, x), tau2).sum(axis=0)
        return (fixed + second.max(axis=0) + third.max(axis=0)).max()
    shifted = report_values(rows[0], np.repeat(mu + x, tau2.size), np.tile(tau2, mu.size))
    both = shifted.sum(axis=0).reshape(mu.size, tau2.size) + second
    return (both.max(axis=0) + third.max(axis=0)).max()


def test_limits_with_words_by_brute_force(fit):
    floor = fit.log_likelihood - 0.5 * stats.chi2.ppf(0.95, 1)
    # the grid of the brute force is a little below the true profile
    for limit in (fit.ci_low[0], fit.ci_high[0]):
        assert by_brute_force("mean", limit) == pytest.approx(floor, abs=3e-3)
    for limit in (fit.difference_ci_low[0], fit.difference_ci_high[0]):
        assert by_brute_force("difference", limit) == pytest.approx(floor, abs=3e-3)
    assert by_brute_force("mean", fit.estimate[0]) == pytest.approx(fit.log_likelihood, abs=3e-3)


def test_limits_found_at_once_are_those_found_step_by_step(fit, monkeypatch):
    def nothing(land, search, start, floor):
        return np.zeros(len(start)), np.zeros(len(start), dtype=bool)

    monkeypatch.setattr(edges, "edges", nothing)
    np.testing.assert_allclose(flat(contrast_reports(GROUPS)), flat(fit), rtol=1e-6, atol=1e-7)


def test_the_mean_of_a_level_may_have_its_limit_beside_a_second_mode():
    # two values of tau, 0 and one above, fit almost equally well where this mean is low
    groups = {
        "a": [Report("significant", 71, sign=1), Report("exact", 42, z=0.1548), Report("null", 6)],
        "b": [Report("null", (4, 7)), Report("significant", (4, 17), sign=1), Report("null", 23),
              Report("significant", 21615, sign=1), Report("significant", 93, sign=1)],
        "c": [Report("exact", 27, z=0.3139), Report("null", 18), Report("null", 548),
              Report("exact", 279, z=-0.003566)],
        "d": [Report("exact", 27, z=0.1031), Report("significant", 50, sign=-1),
              Report("null", 10), Report("null", 37)],
    }  # fmt: skip
    result = contrast_reports(groups, level=0.999)
    # by climbs from 60 places at these values: the profile is at the floor
    assert result.ci_low[1] == pytest.approx(0.0076, abs=2e-3)
    assert result.difference_ci_low[0] == pytest.approx(-0.991, abs=5e-3)
    assert result.difference_ci_high[3] == pytest.approx(1.162, abs=5e-3)


# ------------------------------------------------------------------ what must hold for any data


@settings(derandomize=True, deadline=None, max_examples=6)
@given(st.permutations(range(3)), st.permutations(range(4)))
def test_order_does_not_matter(levels, within):
    names = list(GROUPS)
    base = contrast_reports(GROUPS)
    moved = {names[g]: [GROUPS[names[g]][i] for i in within if i < len(GROUPS[names[g]])]
             for g in levels}  # fmt: skip
    result = contrast_reports(moved)
    np.testing.assert_allclose(result.estimate, base.estimate[list(levels)], atol=1e-8)
    np.testing.assert_allclose(result.ci_low, base.ci_low[list(levels)], atol=1e-7)
    assert result.tau_ci_high == pytest.approx(base.tau_ci_high, rel=1e-7)
    assert result.statistic == pytest.approx(base.statistic, abs=1e-8)


def test_turning_every_sign_turns_means_and_differences(fit):
    turned = {name: [Report(r.form, r.n, z=None if r.z is None else -r.z, sign=r.sign and -r.sign)
                     for r in reports] for name, reports in GROUPS.items()}  # fmt: skip
    back = contrast_reports(turned)
    np.testing.assert_allclose(back.estimate, -fit.estimate, atol=1e-9)
    np.testing.assert_allclose(back.ci_high, -fit.ci_low, atol=1e-8)
    np.testing.assert_allclose(back.difference_ci_low, -fit.difference_ci_high, atol=1e-8)
    assert back.tau_ci_high == pytest.approx(fit.tau_ci_high, rel=1e-8)


def test_levels_with_the_same_reports_do_not_differ():
    reports = GROUPS["clinician"]
    result, pooled = contrast_reports({"a": reports, "b": reports}), pool_reports(reports * 2)
    assert result.statistic == pytest.approx(0, abs=1e-9) and result.p_value == pytest.approx(1)
    assert result.difference[0] == pytest.approx(0, abs=1e-9)
    assert result.difference_ci_low[0] == pytest.approx(-result.difference_ci_high[0], abs=1e-8)
    assert result.estimate[0] == pytest.approx(pooled.estimate, abs=1e-9)
    assert result.tau == pytest.approx(pooled.tau, abs=1e-8)
    # each half of the reports says less than all of them
    assert result.ci_low[0] < pooled.ci_low and result.ci_high[0] > pooled.ci_high


def test_the_interval_of_a_difference_and_the_test_agree():
    for level in (0.5, 0.8, 0.9, 0.95, 0.99):
        result = contrast_reports({k: GROUPS[k] for k in ("patient", "clinician")}, level=level)
        holds_zero = result.difference_ci_low[0] <= 0 <= result.difference_ci_high[0]
        # of two levels the likelihood ratio is the deviance of a difference of 0
        assert holds_zero == (result.p_value >= 1 - level)


def test_an_interval_that_holds_everything_changes_nothing(fit):
    wide = Report("null", 4, alpha=1e-300)
    more = contrast_reports({name: [*reports, wide] for name, reports in GROUPS.items()})
    np.testing.assert_allclose(flat(more), flat(fit), rtol=1e-7, atol=1e-7)
    assert more.statistic == pytest.approx(fit.statistic, abs=1e-8)


# ------------------------------------------------------------------ the result and what is refused


def test_the_result(fit):
    assert fit.levels == tuple(GROUPS)
    assert fit.k.tolist() == [4, 4, 2] and fit.k_exact.tolist() == [2, 1, 0]
    assert list(zip(fit.first, fit.second, strict=True)) == [
        ("patient", "clinician"), ("patient", "observer"), ("clinician", "observer")]  # fmt: skip
    np.testing.assert_allclose(fit.difference[:2], fit.estimate[0] - fit.estimate[1:], atol=1e-12)
    assert (fit.ci_low < fit.estimate).all() and (fit.estimate < fit.ci_high).all()
    assert (fit.difference_ci_low < fit.difference).all()
    assert (fit.difference < fit.difference_ci_high).all()
    assert fit.statistic == pytest.approx(2 * (fit.log_likelihood - fit.log_likelihood_equal))
    pooled = pool_reports([r for reports in GROUPS.values() for r in reports])
    assert fit.log_likelihood_equal == pytest.approx(pooled.log_likelihood, abs=1e-9)
    assert fit.to_frame()["levels"].tolist() == list(GROUPS)
    assert fit.pairs().shape == (3, 5)
    with pytest.raises(ValueError):
        fit.estimate[0] = 0
    wider = contrast_reports(GROUPS, level=0.99)
    assert (wider.ci_low < fit.ci_low).all() and wider.tau_ci_high > fit.tau_ci_high


def test_refusals():
    one = Report("exact", 50, z=0.1)
    for call, message in [
        (lambda: contrast_reports([one, one]), "must map the name of a level"),
        (lambda: contrast_reports({}), "at least one level"),
        (lambda: contrast_reports({"a": [one, one], "b": []}), "level 'b': at least 1"),
        (lambda: contrast_reports({"a": [one, one], "b": [3]}), "level 'b': number 1 is not"),
        (lambda: contrast_reports({"a": [one, one], "b": None}), "level 'b': reports must be"),
        (lambda: contrast_reports({"a": [one, one], 3: [one]}), "must be text, not 3"),
        (lambda: contrast_reports({"a": [one, one], " ": [one]}), "must be text, not ' '"),
        (lambda: contrast_reports({"a": [one], "b": [one]}), "at least 3 reports, 2 given"),
        (lambda: contrast_reports(GROUPS, level=95), "between 0 and 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


def test_a_level_of_one_sided_reports_is_named():
    sided = [Report("significant", 50, sign=1), Report("sign", 40, sign=1)]
    with pytest.raises(NoMaximum, match="level 'late' has no estimate.*one side only"):
        contrast_reports({"early": GROUPS["patient"], "late": sided})
    with pytest.raises(NoMaximum, match="'x', 'y'"):
        contrast_reports({"x": sided, "y": sided})
    held = contrast_reports({"early": GROUPS["patient"], "late": [*sided, Report("null", 30)]})
    assert np.isfinite(flat(held)).all()
