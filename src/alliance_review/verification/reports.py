"""Reports in words and numbers, pooled: against censored regression, and metafor on numbers.

At a fixed tau pooling reports is a censored normal regression, which survreg of the R package
survival fits; with one n for all it estimates mean and spread at once. The reviews are seeded,
or chosen at the edge of what can be pooled, or the pools of this review as they were when the
files were made; they are kept as worded, so survreg was given bounds that R worked out itself.
"""

from collections.abc import Iterator

import numpy as np

from alliance_review.synthesis import Report, pool_reports
from alliance_review.synthesis.reports.likelihood import rows_of, total_terms
from alliance_review.synthesis.reports.maximum import best_mu

from . import fixtures
from .cells import Cell

DIFFERS = (
    (
        "reports with a range of n in the pools of this review, by survreg alone",
        "a censored regression has one variance for each observation. They are left out where "
        "survreg stands alone; where the sum over the range is named, it was added to the "
        "log-likelihood of survreg with the normal probabilities of R.",
    ),
    (
        "mean and spread estimated together, where that spread is below the sampling variance",
        "survreg does not know that tau squared cannot be negative. There tau must be 0 here, and "
        "that is what is compared.",
    ),
    (
        "interval of the mean by ML, metafor",
        "that is a Wald interval, ours a profile-likelihood interval. By REML both hold tau fixed, "
        "are the same with numbers alone, and are compared.",
    ),
)

#: Published sets with known n, whose effects are Fisher z with variance 1/(n - 3).
FISHER_Z = ("cohen1981", "crede2010", "mcdaniel1994", "molloy2014")


def cells() -> Iterator[Cell]:
    """All reviews by survreg, then four published sets of numbers by metafor and 50 digits."""
    answers = fixtures.load("survreg", "survival")["reviews"]
    for name, reports in reviews().items():
        theirs = answers[name]
        known = [r for r in reports if not isinstance(r.n, tuple)]
        yield from _at_given_tau(name, known, theirs["given_tau"])
        yield from _pooled("survreg", name, known, theirs["best"])
        if "with_ranges" in theirs:
            yield from _pooled("survreg and sums over n", name, reports, theirs["with_ranges"])
        if "scale_free" in theirs:
            yield from _one_size(name, known, theirs["scale_free"])
    for name in FISHER_Z:
        yield from _numbers_alone(name)


def reviews() -> dict[str, list[Report]]:
    """The kept reviews by name."""
    kept = fixtures.load("cases", "survival")
    return {
        name: [_report(dict(zip(kept["fields"], values, strict=True))) for values in reports]
        for name, reports in kept["reviews"].items()
    }


def _report(fields: dict) -> Report:
    if isinstance(fields["n"], list):
        fields["n"] = tuple(fields["n"])
    return Report(**fields)


def _at_given_tau(name, reports, theirs) -> Iterator[Cell]:
    rows, t = rows_of(reports), np.array(theirs["tau"]) ** 2
    member = np.ones((len(reports), 1))
    mu = best_mu(rows, member, t)
    terms = total_terms(rows, member, mu, t)
    se, what = (-terms.mm) ** -0.5, "survreg, tau given: "
    # each mean is set against its own standard error
    gap = (mu - np.array(theirs["estimate"])) / se
    yield Cell(what + "mean", name, gap, np.zeros(mu.shape), "iterated", 1.0)
    yield Cell(what + "standard error", name, se, theirs["se"], "iterated")
    yield Cell(what + "log-likelihood", name, terms.value, theirs["log_likelihood"],
               "iterated", 1.0)  # fmt: skip


def _pooled(who, name, reports, theirs) -> Iterator[Cell]:
    ours = pool_reports(reports)
    widths = {"estimate": ours.ci_high - ours.ci_low, "tau": ours.tau_ci_high}
    # the place of a peak is found to half the digits of its height
    for quantity, kind in (("estimate", "optimiser"), ("tau", "optimiser")):
        words = "mean" if quantity == "estimate" else "tau"
        yield Cell(f"{who}: {words}", name, getattr(ours, quantity), theirs[quantity], kind,
                   widths[quantity])  # fmt: skip
    yield Cell(f"{who}: log-likelihood", name, ours.log_likelihood, theirs["log_likelihood"],
               "iterated", 1.0)  # fmt: skip
    yield Cell(f"{who}: profile interval of the mean", name, [ours.ci_low, ours.ci_high],
               theirs["ci"], "bound", widths["estimate"])  # fmt: skip
    yield Cell(f"{who}: profile interval of tau", name, [ours.tau_ci_low, ours.tau_ci_high],
               theirs["tau_ci"], "bound")  # fmt: skip


def _one_size(name, reports, theirs) -> Iterator[Cell]:
    ours, v, what = pool_reports(reports), 1 / (reports[0].n - 3), "survreg, one n: "
    if theirs["scale"] ** 2 <= v:
        yield Cell(what + "tau at its floor", name, ours.tau, 0.0, "exact")
        return
    yield Cell(what + "mean", name, ours.estimate, theirs["estimate"], "iterated", ours.se)
    yield Cell(what + "spread", name, (ours.tau**2 + v) ** 0.5, theirs["scale"], "iterated")
    yield Cell(what + "log-likelihood", name, ours.log_likelihood, theirs["log_likelihood"],
               "iterated", 1.0)  # fmt: skip


def _numbers_alone(name) -> Iterator[Cell]:
    y, _ = fixtures.effects(name)
    sizes = fixtures.sizes(name).astype(int).tolist()
    reports = [Report("exact", n, z=z) for n, z in zip(sizes, y.tolist(), strict=True)]
    intervals, truth = fixtures.load("tau_intervals")[name], fixtures.load("truth")[name]
    for method in ("ML", "REML"):
        ours, where = pool_reports(reports, estimator=method), f"{name}, {method}"
        theirs = fixtures.load("pooling")[name][f"{method}/z"]
        for quantity, mine, fields, scale in (
            ("mean", ours.estimate, "estimate", ours.se),
            ("standard error", ours.se, "se", 0.0),
            ("tau squared", ours.tau**2, "tau2", 0.0),
            ("prediction interval", [ours.prediction_low, ours.prediction_high],
             ("prediction_low", "prediction_high"), ours.se),
        ):  # fmt: skip
            value = theirs[fields] if isinstance(fields, str) else [theirs[f] for f in fields]
            yield Cell(f"metafor: {quantity}", where, mine, value, "iterated", scale)
        if method == "REML":
            mean = [ours.ci_low, ours.ci_high]
            value = [theirs["ci_low"], theirs["ci_high"]]
            yield Cell("metafor: interval of the mean", where, mean, value, "iterated", ours.se)
        tau = [ours.tau_ci_low, ours.tau_ci_high]
        theirs = intervals[f"profile_likelihood/{method}"]["tau"]
        yield Cell("metafor: profile interval of tau", where, tau, theirs, "bound")
        height, theirs = ours.log_likelihood, truth[method]["log_likelihood"]
        yield Cell("fifty digits: log-likelihood", where, height, theirs, "fifty digits", 1.0)
