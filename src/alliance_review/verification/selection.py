"""Selection models and p-uniform*, against metafor, weightr and puniform.

metafor's numbers are where a general optimiser stopped. So most fits have a second reference,
``polished``: the maximum solved in multiple-precision arithmetic, 25 digits. For the step models
that search began at metafor's place; for the other kinds, where metafor also integrates
numerically, it began at ours and took its own integrals, so that it confirms place and height of
the maximum but not that no other is higher.

Quantities whose reference is not metafor begin with its name: "polished: ", "puniform: ",
"weightr: ".
"""

from collections.abc import Iterator
from functools import cache

from alliance_review.synthesis.selection.model import selection_model
from alliance_review.synthesis.selection.p_uniform import p_uniform_star

from . import fixtures
from .cells import Cell

MODELS = {
    "step 0.025": {"steps": (0.025,)},
    "step 0.05": {"steps": (0.05,)},
    "step 0.025 0.5": {"steps": (0.025, 0.5)},
    "fixed weights": {"steps": (0.05, 0.1, 0.5), "weights": (1, 0.9, 0.7, 0.5)},
    "beta": {"kind": "beta"},
    "half_normal": {"kind": "half_normal"},
    "negative_exponential": {"kind": "negative_exponential"},
    "logistic": {"kind": "logistic"},
    "power": {"kind": "power"},
}
STEPS = ("step 0.025", "step 0.05", "step 0.025 0.5")

DIFFERS = (
    (
        "step models with three p intervals: cohen1981, raudenbush1985",
        "tau squared is 0 at the maximum. metafor moves its logarithm and stops at 1e-7 and 2e-8, "
        "with estimates that differ from the fifth digit on; the polished maximum of cohen1981 "
        "lies at a tau squared of -0.0003, outside the range.",
    ),
    (
        "test of tau squared: aloe2013, step 0.025 0.5",
        "with tau squared at 0 metafor stops at a lower peak: its statistic of 18.43 stands for a "
        "log-likelihood of -6.245, and ours of 14.17 for -4.118, which is higher.",
    ),
    (
        "test of tau squared: raudenbush1985, half-normal",
        "with tau squared at 0 the parameter is 0 too, which metafor's logarithm cannot reach: its "
        "log-likelihood there is 0.0002 too low.",
    ),
    (
        "test of tau squared: p value",
        "metafor takes the whole tail of chi-square with 1 df; ours is half of it, because tau "
        "squared cannot be negative (Self & Liang 1987). Twice our p value is compared with "
        "metafor's.",
    ),
    (
        "test against no selection with fixed weights",
        "metafor shows a negative difference of the log-likelihoods as 0; ours keeps its sign.",
    ),
    (
        "estimates of beta, half-normal, negative-exponential, logistic and power models",
        "metafor's optimiser stops where the likelihood is flat, and its integrals hold about five "
        "digits: log-likelihoods agree to 1e-4, estimates to one to five digits. Log-likelihoods "
        "and their ratios are compared with metafor, estimates with the polished maximum.",
    ),
    (
        "half-normal, negative-exponential and logistic: aloe2013, molloy2014",
        "the likelihood is highest at or next to no selection, where the parameter is 0; metafor "
        "moves its logarithm and stops on the way, up to 0.009 below in log-likelihood.",
    ),
    (
        "beta: raudenbush1985",
        "the likelihood rises until the first parameter reaches its bound 0; metafor stops at 1e-4 "
        "and gives no standard error. Ours is on the bound, with a warning.",
    ),
    (
        "beta: bangertdrowns2004",
        "metafor stops at a log-likelihood of -14.572, with a tau squared of 0.324 and no standard "
        "error; the maximum is -13.644, at a tau squared of 0.",
    ),
    (
        "beta: bcg",
        "for alternative = less metafor gives the two parameters in the reverse order: exchanged, "
        "they are ours, and the log-likelihood is the same.",
    ),
    (
        "weightr: weight",
        "its default optimiser leaves the weight right to two to four digits; mean and tau squared "
        "are compared to an absolute 1e-4.",
    ),
    (
        "p-uniform*: raudenbush1985, p value of the test of tau squared",
        "the statistic is 0, and so p is 1; puniform stops at 3e-8 and gives 0.49994.",
    ),
)
#: Fits of which nothing of metafor's is compared, and single tests; see ``DIFFERS``.
LEFT_OUT = frozenset(
    {
        ("cohen1981", "step 0.025 0.5"),
        ("raudenbush1985", "step 0.025 0.5"),
        *(("aloe2013", kind) for kind in ("half_normal", "negative_exponential", "logistic")),
        *(("molloy2014", kind) for kind in ("half_normal", "negative_exponential", "logistic")),
        ("raudenbush1985", "beta"),
        ("bangertdrowns2004", "beta"),
    }
)
OUTSIDE = frozenset({("cohen1981", "step 0.025 0.5")})
LOWER_PEAK = frozenset({("aloe2013", "step 0.025 0.5"), ("raudenbush1985", "half_normal")})


@cache
def model(name: str, key: str):
    """Our fit of one model on one data set."""
    alternative = fixtures.load("selection")[name]["alternative"]
    return selection_model(*fixtures.effects(name), alternative=alternative, **MODELS[key])


def cells() -> Iterator[Cell]:
    """Ours beside the polished maxima, metafor, puniform and weightr, on nine data sets."""
    for name, reference in fixtures.load("selection").items():
        for key, theirs in reference["models"].items():
            polished = None if (name, key) in OUTSIDE else theirs.get("polished")
            if not polished and (name, key) in LEFT_OUT:
                continue
            ours, where = model(name, key), f"{name}, {key}"
            if polished:
                yield from _maximum(where, ours, polished, "optimum", "polished: ")
            if (name, key) in LEFT_OUT:
                continue
            if key == "fixed weights" or (key in STEPS and not polished):
                yield from _maximum(where, ours, theirs, "optimiser")
            if ours.steps:
                yield from _uncertainty(where, ours, theirs)
                yield from _tests(where, ours, theirs, "optimiser", (name, key) in LOWER_PEAK)
            else:
                value, given = ours.log_likelihood, theirs["log_likelihood"]
                yield Cell("log-likelihood", where, value, given, "other package", 1.0)
                yield from _tests(where, ours, theirs, "other package", (name, key) in LOWER_PEAK)
        yield from _p_uniform(name, reference)
        yield from _weightr(name, reference)


def _maximum(where, ours, theirs, kind, by="") -> Iterator[Cell]:
    spread = ours.tau2_se if ours.tau2 > 0 else ours.se**2
    yield Cell(f"{by}estimate", where, ours.estimate, theirs["estimate"], kind, ours.se)
    yield Cell(f"{by}tau squared", where, ours.tau2, theirs["tau2"], kind, spread)
    yield Cell(f"{by}weights", where, ours.weights, theirs["weights"], kind)
    mine, given = ours.log_likelihood, theirs["log_likelihood"]
    yield Cell(f"{by}log-likelihood", where, mine, given, kind, 1.0)


def _uncertainty(where, ours, theirs) -> Iterator[Cell]:
    yield Cell("effects per p interval", where, ours.counts, theirs["counts"], "exact")
    # these move with the place of the maximum, of which metafor has five digits
    kind = "other package"
    yield Cell("standard error", where, ours.se, theirs["se"], kind)
    mine, given = [ours.ci_low, ours.ci_high], [theirs["ci_low"], theirs["ci_high"]]
    yield Cell("confidence interval", where, mine, given, kind, ours.se)
    yield Cell("test statistic", where, ours.statistic, theirs["statistic"], kind, 1.0)
    yield Cell("p value", where, ours.p_value, theirs["p_value"], kind)
    if ours.tau2 > 0:
        mine, given = ours.tau2_se, theirs["tau2_se"]
        yield Cell("standard error of tau squared", where, mine, given, kind)
    if ours.lr_df:
        mine, given = ours.weights_se[1:], theirs["weights_se"][1:]
        yield Cell("standard errors of weights", where, mine, given, kind)
        mine = [*ours.weights_low[1:], *ours.weights_high[1:]]
        given = [*theirs["weights_low"][1:], *theirs["weights_high"][1:]]
        yield Cell("intervals of weights", where, mine, given, kind)


def _tests(where, ours, theirs, kind, lower_peak) -> Iterator[Cell]:
    # metafor shows a ratio below 0 (fixed weights that fit worse than none) as 0
    ratio = max(0.0, ours.lr_statistic)
    yield Cell("test of selection", where, ratio, theirs["lr_statistic"], kind, 1.0)
    yield Cell("degrees of freedom", where, ours.lr_df, theirs["lr_df"], "exact")
    if lower_peak:
        return
    mine, given = ours.tau2_lr_statistic, theirs["tau2_lr_statistic"]
    yield Cell("test of tau squared", where, mine, given, kind, 1.0)
    if ours.steps:
        yield Cell("p value of the test of selection", where, ours.lr_p, theirs["lr_p"], kind)
    if ours.steps and mine > 0:  # theirs is the whole tail of chi-square, ours half of it
        p = 2 * ours.tau2_lr_p
        yield Cell("p value of the test of tau squared", where, p, theirs["tau2_lr_p"], kind)


def _p_uniform(name, reference) -> Iterator[Cell]:
    theirs = reference["p_uniform_star"]
    ours = p_uniform_star(*fixtures.effects(name), side=reference["side"])
    where, kind = f"{name}, p-uniform*", "other package"
    for quantity, field, scale in (
        ("estimate", "estimate", 0.0),
        ("tau squared", "tau2", 0.0),
        ("test of a mean of 0", "statistic", 0.0),
        ("p value of the test of a mean of 0", "p_value", 0.0),
        ("test of tau squared", "tau2_statistic", 1.0),
    ):
        mine, given = getattr(ours, field), theirs[field]
        yield Cell(f"puniform: {quantity}", where, mine, given, kind, scale)
    if ours.tau2 > 0:
        p, quantity = ours.tau2_p_value, "puniform: p value of the test of tau squared"
        yield Cell(quantity, where, p, theirs["tau2_p_value"], kind)
    mine, given = [ours.k, ours.k_significant], [theirs["k"], theirs["k_significant"]]
    yield Cell("puniform: significant effects", where, mine, given, "exact")
    # puniform searches the ends of its intervals to an absolute 1.2e-4
    for quantity, fields in (
        ("confidence interval", ("ci_low", "ci_high")),
        ("interval of tau squared", ("tau2_low", "tau2_high")),
    ):
        mine, given = [getattr(ours, f) for f in fields], [theirs[f] for f in fields]
        yield Cell(f"puniform: {quantity}", where, mine, given, kind, 1.0)


def _weightr(name, reference) -> Iterator[Cell]:
    theirs = reference["weightr"]
    ours = model(name, "step 0.025")
    sign = -1.0 if reference["alternative"] == "less" else 1.0
    where = f"{name}, weightr"
    # its optimiser stops when the likelihood is flat to about 1e-8: absolute digits
    estimate = sign * ours.estimate
    yield Cell("weightr: estimate", where, estimate, theirs["estimate"], "other package", 1.0)
    yield Cell("weightr: tau squared", where, ours.tau2, theirs["tau2"], "other package", 1.0)
