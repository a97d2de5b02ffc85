"""The posterior of reports against a long run of JAGS, which samples what is integrated here.

In JAGS the observed value of a worded result is a latent variable held inside its interval, and
an unknown n one drawn from its range; the answer has a Monte Carlo error, which is kept with it.
"""

from collections.abc import Iterator

from alliance_review.effect_sizes import r_to_z
from alliance_review.synthesis import bayesian_reports

from . import fixtures
from .cells import Cell
from .reports import reviews

DIFFERS = (
    (
        "more digits of the posterior",
        "two million draws leave a Monte Carlo error of a thousandth of the standard deviation in "
        "means and six thousandths in the ends of intervals. A difference is in units of that "
        "standard deviation here; the tests hold each to four Monte Carlo errors of its own.",
    ),
)

#: Name in the kept runs -> name on the page; the parameter comes first.
PARAMETERS = {"mu": "mean", "tau": "tau", "new": "effect of a new study"}
QUANTITIES = {
    "mean": "posterior mean",
    "sd": "posterior standard deviation",
    "low": "lower end of the interval",
    "high": "upper end of the interval",
    "median": "posterior median",
    "above_zero": "probability above 0",
    "above_tenth": "probability above r = 0.1",
}


def cells() -> Iterator[Cell]:
    """Three reviews, each with its own priors; ours less theirs in posterior standard deviations,
    probabilities as they are."""
    for run in fixtures.load("jags", "survival")["runs"]:
        for parameter, answers in ours(run).items():
            theirs = run[parameter]
            for quantity, value in answers.items():
                unit = 1.0 if quantity.startswith("above") else theirs["value"]["sd"]
                yield Cell(
                    f"{PARAMETERS[parameter]}: {QUANTITIES[quantity]}",
                    f"{run['review']}, {run['tau_prior'][0]}",
                    (value - theirs["value"][quantity]) / unit,
                    0.0,
                    "sampled",
                    1.0,
                )


def ours(run: dict) -> dict[str, dict[str, float]]:
    """What a kept run holds, by integration: parameter -> quantity -> value."""
    fit = bayesian_reports(
        reviews()[run["review"]],
        mean_prior=tuple(run["mean_prior"]),
        tau_prior=tuple(run["tau_prior"]),
    )
    tenth = float(r_to_z(0.1))
    return {
        "mu": {
            "mean": fit.estimate,
            "sd": fit.sd,
            "low": fit.ci_low,
            "median": fit.median,
            "high": fit.ci_high,
            "above_zero": fit.probability_above(0.0),
            "above_tenth": fit.probability_above(tenth),
        },
        "tau": {
            "mean": fit.tau_mean,
            "sd": fit.tau_sd,
            "low": fit.tau_ci_low,
            "median": fit.tau_median,
            "high": fit.tau_ci_high,
        },
        "new": {
            "low": fit.prediction_low,
            "high": fit.prediction_high,
            "above_zero": fit.probability_new_above(0.0),
            "above_tenth": fit.probability_new_above(tenth),
        },
    }
