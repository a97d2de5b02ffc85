"""Several reports of one sample: the likelihood by brute force, its maximum and its intervals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize
from scipy.special import log_ndtr, ndtr

from alliance_review.synthesis import NoMaximum, Report, critical_z, pool_reports, three_level
from alliance_review.synthesis.multilevel.clusters import clusters
from alliance_review.synthesis.reports import edges
from alliance_review.synthesis.reports.clustered import integral
from alliance_review.synthesis.reports.clustered.cases import take_apart
from alliance_review.synthesis.reports.clustered.integral import integrals
from alliance_review.synthesis.reports.clustered.likelihood import evaluate
from alliance_review.synthesis.reports.clustered.model import three_level_reports
from alliance_review.synthesis.reports.clustered.rows import Rows
from alliance_review.synthesis.reports.likelihood import report_values, rows_of

INF = np.inf

MIXED = [
    Report("exact", 40, z=0.35),
    Report("significant", 40, sign=1),
    Report("null", 80),
    Report("significant", 50, sign=1),
    Report("exact", 120, z=0.10),
    Report("null", 90),
    Report("null", 90),
    Report("sign", 90, sign=1),
    Report("significant", (30, 45), sign=1),
    Report("significant", (30, 45), sign=1),
    Report("exact", 60, z=-0.05),
]
SAMPLES = [1, 1, 2, 2, 3, 4, 4, 4, 5, 5, 6]


def data_of(reports, samples, rho=0.0):
    return take_apart(reports, clusters(samples, len(reports)), rho)


def value(reports, samples, theta, rho=0.0):
    return evaluate(data_of(reports, samples, rho), np.array([theta], dtype=float)).value[0]


# ------------------------------------------------------------------ the integral over one factor


def problems(seed, count):
    """Rows of anything: numbers, boxes and open ends, tiny and huge samples, any factor."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        rows, loading, mean = [], 10 ** rng.uniform(-3, 0.7), 0.3 * rng.normal()
        for _ in range(rng.integers(2, 5)):
            n = int(10 ** rng.uniform(0.9, 6))
            sd, c = np.hypot((n - 3.0) ** -0.5, rng.choice([0, 0.05, 0.3])), float(critical_z(n))
            z = 0.3 * rng.normal()
            ends = [(z, z), (-c, c), (c, INF), (-INF, -c)][rng.integers(4)]
            rows.append((*ends, mean, sd, loading * rng.choice([1, 0.8]), int(rng.integers(1, 4))))
        made.append(rows)
    return made


def summed(made):
    rows = Rows(*(np.array(part) for part in zip(*(r for p in made for r in p), strict=True)))
    return integrals(rows, np.cumsum([0] + [len(p) for p in made])[:-1])


def by_quadrature(rows):
    """The same by scipy, in pieces around the peak and all places where something happens."""
    low, high, mean, sd, loading, times = (np.array(part) for part in zip(*rows, strict=True))
    number = low == high

    def log_f(x):
        u, w = (low - mean - loading * x) / sd, (high - mean - loading * x) / sd
        flip = u > 0
        a, b = log_ndtr(np.where(flip, -w, u)), log_ndtr(np.where(flip, -u, w))
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = b + np.log1p(-np.exp(a - b))
        each = np.where(number, -0.5 * u * u - np.log(sd * np.sqrt(2 * np.pi)), inside)
        return (times * each).sum() - 0.5 * x * x - 0.5 * np.log(2 * np.pi)

    grid = np.linspace(-12, 12, 4001)
    near = grid[np.argmax([log_f(x) for x in grid])]
    peak = optimize.minimize_scalar(
        lambda x: -log_f(x), bounds=(near - 0.01, near + 0.01), method="bounded",
        options={"xatol": 1e-12},
    ).x  # fmt: skip
    top, scale = log_f(peak), (1 + (times * (loading / sd) ** 2).sum()) ** -0.5
    steps = np.array([-7, -4, -2, -1, 0, 1, 2, 4, 7])
    marks = [(end - mean) / loading + j * sd / loading for end in (low, high) for j in steps]
    marks += [peak + scale * steps, peak + 4 * scale * steps, np.linspace(-12, 12, 33)]
    cuts = np.unique(np.clip(np.nan_to_num(np.concatenate(marks)), -12, 12))
    parts = [integrate.quad(lambda x: np.exp(log_f(x) - top), a, b, epsabs=1e-14, epsrel=1e-11)[0]
             for a, b in zip(cuts[:-1], cuts[1:], strict=True)]  # fmt: skip
    return top + np.log(sum(parts))


def test_integral_is_that_of_scipy():
    # far in the tails the brute force has no digits
    made = problems(11, 30)
    found = summed(made).value
    near = [(rows, got) for rows, got in zip(made, found, strict=True) if got > -40]
    assert len(near) >= 15
    for rows, got in near:
        assert got == pytest.approx(by_quadrature(rows), abs=1e-8)


def test_integral_does_not_change_with_finer_steps(monkeypatch):
    made = problems(12, 400)
    found = summed(made)
    monkeypatch.setattr(integral, "STEP", 0.2)
    monkeypatch.setattr(integral, "DROP", 40.0)
    finer = summed(made)
    error = np.abs(found.value - finer.value)
    assert error.max() < 1e-9 * (1 + np.abs(finer.value)).max()
    assert np.median(error) < 1e-13
    assert np.quantile(np.abs(found.dd - finer.dd) / (1 + np.abs(finer.dd)), 0.95) < 1e-8
    monkeypatch.setattr(integral, "STEP", 3.0)  # and the check can fail
    assert np.abs(summed(made).value - finer.value).max() > 1e-6


def test_integral_of_nulls_with_a_wide_factor_by_hand():
    # the factor is so wide that its density is flat over the box: P(box | x) integrates alone
    sd, c, tau = 0.01, 0.0196, 50.0
    rows = [(-c, c, 0.0, sd, tau, 3)]
    x = np.linspace(-0.15, 0.15, 20001)
    inside = (ndtr((c - x) / sd) - ndtr((-c - x) / sd)) ** 3
    flat = integrate.simpson(inside, x=x) / (tau * np.sqrt(2 * np.pi))
    assert summed([rows]).value[0] == pytest.approx(np.log(flat), abs=1e-7)


# ------------------------------------------------------------------ the likelihood of a sample


def by_two_factors(rows, mu, between, within, rho, nodes=150):
    """P of one sample by a fixed product rule over u and the shared sampling error."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = 9 * x, 9 * w * np.exp(-40.5 * x * x) / np.sqrt(2 * np.pi)
    u, s = np.sqrt(between) * x[:, None], x[None, :]
    product = np.ones((nodes, nodes))
    for low, high, v in rows:
        mean, sd = mu + u + np.sqrt(rho * v) * s, np.sqrt(within + (1 - rho) * v)
        if low == high:
            product = product * np.exp(-0.5 * ((low - mean) / sd) ** 2) / sd / np.sqrt(2 * np.pi)
        else:
            product = product * (ndtr((high - mean) / sd) - ndtr((low - mean) / sd))
    return np.log(w @ product @ w)


def bounds(form, n, z=0.0):
    c = float(critical_z(n))
    ends = {"exact": (z, z), "null": (-c, c), "significant": (c, INF), "sign": (0.0, INF)}
    return (*ends[form], 1 / (n - 3))


SHAPES = {
    "two of one size": [("null", 50), ("significant", 50)],
    "two sizes": [("null", 80), ("significant", 40)],
    "a number and words": [("exact", 60, 0.3), ("null", 60), ("significant", 35)],
    "two numbers and words": [("exact", 60, 0.3), ("exact", 45, 0.1), ("null", 30)],
    "three sizes": [("null", 80), ("significant", 40), ("sign", 25)],
    "nulls": [("null", 80), ("null", 80), ("null", 60), ("null", 80)],
    "numbers": [("exact", 60, 0.3), ("exact", 45, 0.1), ("exact", 20, 0.2)],
}


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.9])
@pytest.mark.parametrize("shape", SHAPES)
def test_likelihood_of_a_sample_by_brute_force(shape, rho):
    items = SHAPES[shape]
    reports = [Report(f, n, z=z[0] if z else None, sign=None if f == "exact" else 1)
               for f, n, *z in items]  # fmt: skip
    reports.append(Report("exact", 100, z=0.2))
    samples = ["a"] * len(items) + ["b"]
    for mu, between, within in [(0.1, 0.03, 0.01), (-0.1, 0.02, 0), (0.4, 0, 0.02), (0.2, 0, 0)]:
        alone = by_two_factors([bounds("exact", 100, 0.2)], mu, between, within, 0.0)
        brute = alone + by_two_factors(
            [bounds(f, n, *z) for f, n, *z in items], mu, between, within, rho
        )
        assert value(reports, samples, (mu, between, within), rho) == pytest.approx(brute, abs=1e-8)


def test_reports_of_one_range_share_the_unknown_size():
    theta = (0.1, 0.03, 0.01)
    reports = [Report("significant", (20, 24), sign=1), Report("null", (20, 24)),
               Report("exact", 50, z=0.1)]  # fmt: skip
    each = [by_two_factors([bounds("significant", n), bounds("null", n)], *theta, 0.3)
            for n in range(20, 25)]  # fmt: skip
    alone = by_two_factors([bounds("exact", 50, 0.1)], *theta, 0.0)
    shared = np.log(np.mean(np.exp(each))) + alone
    assert value(reports, [1, 1, 2], theta, 0.3) == pytest.approx(shared, abs=1e-9)
    # different ranges are different unknown sizes, each with its own mean
    reports[1] = Report("null", (30, 32))
    each = [by_two_factors([bounds("significant", n), bounds("null", m)], *theta, 0.3)
            for n in range(20, 25) for m in (30, 31, 32)]  # fmt: skip
    apart = np.log(np.mean(np.exp(each))) + alone
    assert value(reports, [1, 1, 2], theta, 0.3) == pytest.approx(apart, abs=1e-9)


def test_without_variance_between_samples_reports_are_independent():
    for mu, t in [(0.1, 0.02), (-0.2, 0.0), (0.3, 0.5)]:
        alone = report_values(rows_of(MIXED), np.array([mu]), np.array([t]))[:, 0]
        # reports with one range share their size here, so these two are taken out
        kept = [i for i in range(len(MIXED)) if i not in (8, 9)]
        reports, samples = [MIXED[i] for i in kept], [SAMPLES[i] for i in kept]
        assert value(reports, samples, (mu, 0, t)) == pytest.approx(alone[kept].sum(), abs=1e-10)


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_derivatives_are_those_of_the_value(rho):
    extra = [Report("null", 45), Report("exact", (30, 45), z=0.3)]
    data = data_of([*MIXED, *extra], [*SAMPLES, 2, 5], rho)
    at, step = np.array([0.12, 0.03, 0.02]), 1e-5
    here = evaluate(data, at[None])
    shifted = np.concatenate([at + step * np.eye(3), at - step * np.eye(3)])
    there = evaluate(data, shifted)
    slope = (there.value[:3] - there.value[3:]) / (2 * step)
    bend = (there.score[:3] - there.score[3:]) / (2 * step)
    np.testing.assert_allclose(here.score[0], slope, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(here.bend[0], bend, rtol=2e-5, atol=1e-4)
    rough = evaluate(data, at[None], rough=True)
    assert rough.value[0] == pytest.approx(here.value[0], abs=1e-3)


# ------------------------------------------------------------------ what it must equal


@pytest.mark.parametrize("seed", range(8))
def test_numbers_alone_are_the_three_level_model(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(5, 16))
    samples = [0, 0, 1, *rng.integers(0, k // 2, k - 3).tolist()]
    n = rng.integers(10, 400, k)
    shared = rng.normal(size=k)[samples] * rng.choice([0, 0.2])
    z = 0.2 + shared + rng.normal(size=k) * (rng.choice([0, 0.1]) + (n - 3.0) ** -0.5)
    rho = float(rng.choice([0, 0.3, 0.8]))
    reports = [Report("exact", int(a), z=float(b)) for a, b in zip(n, z, strict=True)]
    fit = three_level_reports(reports, samples, rho=rho)
    plain = three_level(z, 1 / (n - 3), samples, rho=rho, method="ML")
    assert fit.estimate == pytest.approx(plain.estimate, abs=1e-8)
    assert fit.se == pytest.approx(plain.se, abs=1e-8)
    assert fit.tau_between**2 == pytest.approx(plain.tau2_between, abs=1e-8)
    assert fit.tau_within**2 == pytest.approx(plain.tau2_within, abs=1e-8)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    assert fit.prediction_low == pytest.approx(plain.prediction_low, abs=1e-8)
    assert fit.k == fit.k_exact == k and fit.clusters == len(set(samples))


def test_variance_intervals_are_those_of_the_three_level_model():
    from alliance_review.synthesis import variance_intervals

    n = np.array([30, 30, 55, 80, 80, 25, 140, 60, 60])
    z = np.array([0.6, 0.3, 0.1, 0.45, 0.5, -0.2, 0.1, 0.05, 0.35])
    samples = [1, 1, 2, 3, 3, 4, 5, 6, 6]
    reports = [Report("exact", int(a), z=float(b)) for a, b in zip(n, z, strict=True)]
    for level in (0.8, 0.95):
        fit = three_level_reports(reports, samples, level=level)
        plain = variance_intervals(z, 1 / (n - 3), samples, method="ML", level=level)
        got = [fit.tau_between_ci_low, fit.tau_between_ci_high, fit.tau_within_ci_low,
               fit.tau_within_ci_high]  # fmt: skip
        wanted = [plain.tau2_between_ci_low, plain.tau2_between_ci_high,
                  plain.tau2_within_ci_low, plain.tau2_within_ci_high]  # fmt: skip
        np.testing.assert_allclose(np.square(got), wanted, rtol=1e-7, atol=1e-10)


def test_one_report_a_sample_is_pool_reports():
    fit = three_level_reports(MIXED, range(len(MIXED)), rho=0.5)
    pooled = pool_reports(MIXED)
    for name in ("estimate", "se", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high",
                 "prediction_low", "prediction_high", "log_likelihood", "k_exact"):  # fmt: skip
        assert getattr(fit, name) == getattr(pooled, name), name
    assert fit.tau_between == fit.tau and fit.tau_within == 0
    assert (fit.tau_between_ci_low, fit.tau_within_ci_low) == (0, 0)
    assert fit.tau_between_ci_high == fit.tau_within_ci_high == fit.tau_ci_high
    assert "one report" in fit.warning
    assert three_level_reports(MIXED, SAMPLES).warning == ""


def test_the_likelihood_knows_only_the_sum_where_samples_have_one_report():
    samples = range(len(MIXED))
    pooled = report_values(rows_of(MIXED), np.array([0.1]), np.array([0.05])).sum()
    for share in (0, 0.3, 1):
        theta = (0.1, 0.05 * share, 0.05 * (1 - share))
        assert value(MIXED, samples, theta) == pytest.approx(pooled, abs=1e-9)


# ------------------------------------------------------------------ the maximum and the intervals


@pytest.fixture(scope="module", params=[0.0, 0.6])
def fitted(request):
    return request.param, three_level_reports(MIXED, SAMPLES, rho=request.param)


def highest(rho, fixed):
    """The highest log-likelihood by scipy, from several starts; ``fixed`` maps (mu, a, b), of which
    some are held, to parameters."""
    data = data_of(MIXED, SAMPLES, rho)

    def loss(x):
        shifts = 1e-6 * np.eye(3)
        turn = np.array([np.subtract(fixed(*(x + d)), fixed(*(x - d))) for d in shifts]) / 2e-6
        points = evaluate(data, np.maximum(np.array([fixed(*x)]), [-9, 0, 0]))
        return -points.value[0], -turn @ points.score[0]

    starts = [(0.2, 0.1, 0.0), (0.1, 0.0, 0.1)]
    bound = [(-2, 2), (0, 4), (0, 4)]
    options = {"jac": True, "bounds": bound, "method": "L-BFGS-B"}
    return max(-optimize.minimize(loss, x, **options).fun for x in starts)


def test_no_higher_likelihood_is_found_by_scipy(fitted):
    rho, fit = fitted
    best = highest(rho, lambda mu, a, b: (mu, a, b))
    assert fit.log_likelihood >= best - 1e-9
    assert fit.log_likelihood == pytest.approx(best, abs=1e-5)


def test_limits_are_where_the_profile_has_fallen(fitted):
    rho, fit = fitted
    floor = fit.log_likelihood - 0.5 * 3.841458820694124
    held = {
        "ci_low": (fit.ci_low, lambda x: lambda mu, a, b: (x, a, b)),
        "ci_high": (fit.ci_high, lambda x: lambda mu, a, b: (x, a, b)),
        "tau_between_ci_high": (fit.tau_between_ci_high, lambda x: lambda mu, a, b: (mu, x * x, b)),
        "tau_ci_high": (
            fit.tau_ci_high,
            lambda x: lambda mu, a, b: (mu, min(a, 1.0) * x * x, (1 - min(a, 1.0)) * x * x),
        ),
    }
    for name, (limit, at) in held.items():
        assert highest(rho, at(limit)) == pytest.approx(floor, abs=2e-5), name


def test_limits_found_at_once_are_those_found_step_by_step(fitted, monkeypatch):
    rho, fit = fitted

    def nothing(land, search, start, floor):
        return np.zeros(len(start)), np.zeros(len(start), dtype=bool)

    monkeypatch.setattr(edges, "edges", nothing)
    slow = three_level_reports(MIXED, SAMPLES, rho=rho)
    names = [f"{name}_{end}" for name in ("ci", "tau_between_ci", "tau_within_ci", "tau_ci")
             for end in ("low", "high")]  # fmt: skip
    for name in names:
        assert getattr(fit, name) == pytest.approx(getattr(slow, name), rel=1e-6, abs=1e-6), name


def test_a_total_whose_limit_lies_on_the_other_side():
    # most of the variance may lie between samples though the best fit has none there
    reports = [Report("exact", 8, z=-0.1068), Report("significant", 86, sign=1),
               Report("significant", 52, sign=1), Report("exact", 80, z=0.5871)]  # fmt: skip
    fit = three_level_reports(reports, [0, 1, 1, 1], rho=0.9, level=0.999)
    assert fit.tau_ci_high >= fit.tau_between_ci_high * (1 - 1e-9) > fit.tau_within_ci_high


# ------------------------------------------------------------------ what must hold for any data


def fields(fit):
    names = ("estimate", "ci_low", "ci_high", "tau_between", "tau_between_ci_high", "tau_within",
             "tau_within_ci_high", "tau_ci_high", "log_likelihood")  # fmt: skip
    return [getattr(fit, name) for name in names]


@settings(derandomize=True, deadline=None, max_examples=2)
@given(st.permutations(range(len(MIXED))))
def test_order_and_names_do_not_matter(order):
    fit = three_level_reports(MIXED, SAMPLES)
    names = {s: f"sample {9 - s}" for s in SAMPLES}
    moved = three_level_reports([MIXED[i] for i in order], [names[SAMPLES[i]] for i in order])
    np.testing.assert_allclose(fields(moved), fields(fit), rtol=1e-7, atol=1e-7)


def test_turning_every_sign_turns_the_mean():
    turned = [Report(r.form, r.n, z=None if r.z is None else -r.z, sign=r.sign and -r.sign)
              for r in MIXED]  # fmt: skip
    fit, back = (three_level_reports(r, SAMPLES, rho=0.4) for r in (MIXED, turned))
    assert back.estimate == pytest.approx(-fit.estimate, abs=1e-9)
    assert (back.ci_low, back.ci_high) == pytest.approx((-fit.ci_high, -fit.ci_low), abs=1e-9)
    assert back.tau_between == pytest.approx(fit.tau_between, abs=1e-7)
    assert back.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-10)


def test_an_interval_that_holds_everything_changes_nothing():
    fit = three_level_reports(MIXED, SAMPLES)
    wide = Report("null", 4, alpha=1e-300)
    more = three_level_reports([*MIXED, wide, wide], [*SAMPLES, 1, 4])
    np.testing.assert_allclose(fields(more), fields(fit), rtol=1e-7, atol=1e-7)
    assert more.k == fit.k + 2


def test_a_null_of_a_huge_sample_is_the_number_zero():
    n = 10**9
    width = 2 * float(critical_z(n))
    for theta in [(0.1, 0.04, 0.01), (0.3, 0.0, 0.02), (-0.1, 0.05, 0.001)]:
        words = value([*MIXED, Report("null", n)], [*SAMPLES, 2], theta, 0.5)
        number = value([*MIXED, Report("exact", n, z=0.0)], [*SAMPLES, 2], theta, 0.5)
        assert words - np.log(width) == pytest.approx(number, abs=1e-5)


def test_nearly_equal_sizes_are_nearly_equal():
    # one factor, two reports with two sizes, three reports with a second factor: all meet
    for forms in (["null", "significant"], ["null", "significant", "significant"]):
        equal = [Report(f, 10_000, sign=1) for f in forms] + [Report("exact", 100, z=0.1)]
        near = [Report(forms[0], 10_001, sign=1), *equal[1:]]
        samples, theta = ["a"] * len(forms) + ["b"], (0.02, 0.0004, 0.0001)
        assert value(near, samples, theta, 0.5) == pytest.approx(
            value(equal, samples, theta, 0.5), abs=1e-3
        )


def test_several_nulls_of_a_sample_say_less_than_of_several_samples():
    together = [Report("null", 50)] * 4 + [Report("exact", 50, z=0.5), Report("exact", 60, z=0.4)]
    one = three_level_reports(together, [1, 1, 1, 1, 2, 3])
    apart = pool_reports(together)
    assert one.estimate > apart.estimate
    assert one.ci_high > apart.ci_high


def test_correlated_sampling_errors_leave_more_variance_within():
    n, samples = [50] * 6, [1, 1, 2, 2, 3, 3]
    z = [0.5, 0.1, 0.3, 0.6, 0.0, 0.4]
    reports = [Report("exact", a, z=b) for a, b in zip(n, z, strict=True)]
    within = [three_level_reports(reports, samples, rho=r).tau_within for r in (0, 0.5, 0.9)]
    assert within[0] < within[1] < within[2]


# ------------------------------------------------------------------ the result and what is refused


def test_the_result():
    fit = three_level_reports(MIXED, SAMPLES, level=0.9)
    assert fit.tau == pytest.approx(np.hypot(fit.tau_between, fit.tau_within))
    assert fit.share_between == pytest.approx(fit.tau_between**2 / fit.tau**2)
    assert fit.ci_low < fit.estimate < fit.ci_high
    half = 1.6448536269514722 * np.hypot(fit.tau, fit.se)
    assert fit.prediction_high == pytest.approx(fit.estimate + half)
    assert (fit.k, fit.k_exact, fit.clusters, fit.level) == (11, 3, 6, 0.9)
    assert "tau_within interval" in repr(fit) or "tau_within_ci" in repr(fit)
    assert len(fit.to_frame()) == 1
    wider = three_level_reports(MIXED, SAMPLES, level=0.99)
    assert wider.ci_low < fit.ci_low and wider.ci_high > fit.ci_high
    nothing = three_level_reports([Report("exact", 50, z=0.1)] * 3, [1, 1, 2])
    assert nothing.tau == 0 and np.isnan(nothing.share_between)


def test_refusals():
    for call, message in [
        (lambda: three_level_reports(None, [1]), "must be a list of Report"),
        (lambda: three_level_reports(MIXED[:1], [1]), "at least 2"),
        (lambda: three_level_reports(MIXED, SAMPLES[:-1]), "differ in length"),
        (lambda: three_level_reports(MIXED, [None, *SAMPLES[1:]]), "must not be missing"),
        (lambda: three_level_reports(MIXED, [1] * 11), "at least 2 clusters"),
        (lambda: three_level_reports(MIXED, SAMPLES, rho=-0.1), "between 0 and 1"),
        (lambda: three_level_reports(MIXED, SAMPLES, rho=1.0), "below 1"),
        (lambda: three_level_reports(MIXED, SAMPLES, rho="high"), "rho must be a number"),
        (lambda: three_level_reports(MIXED, SAMPLES, level=95), "between 0 and 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    ranges = [Report("null", (10 + i, 400)) for i in range(4)]
    with pytest.raises(ValueError, match="'x' have 4 different ranges of n"):
        three_level_reports([*ranges, MIXED[0]], [*["x"] * 4, "y"])


def test_one_sided_reports_alone_have_no_maximum():
    reports = [Report("significant", 40, sign=1), Report("sign", 40, sign=1),
               Report("null", 50, sign=1, tails=1)]  # fmt: skip
    with pytest.raises(NoMaximum, match="one side only"):
        three_level_reports(reports, [1, 1, 2])
    assert np.isfinite(three_level_reports([*reports, Report("null", 40)], [1, 1, 2, 1]).ci_high)
