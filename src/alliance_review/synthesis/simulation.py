"""Simulated reviews: the parametric bootstrap, and how often an interval holds the truth."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from . import checks
from .blocks import Progress
from .pooled_sets import pool_many
from .pooling import pool
from .power.kernel import scalar
from .results import Result
from .seeds import seed as checked_seed
from .seeds import whole_number


def simulate(mean: float, tau2: float, v, samples: int, *, seed: int = 0) -> np.ndarray:
    """Draw the observed effects of ``samples`` reviews from the random-effects model.

    Effect i of a review is drawn from the normal law N(mean, v_i + tau2): the true effect and the
    sampling error in one step (DerSimonian & Laird 1986).

    Parameters
    ----------
    mean, tau2 : float
        Mean and variance of the true effects, tau2 >= 0.
    v : array_like, shape (k,) or (k, samples)
        Sampling variances of the k >= 2 studies, the same in every review or not.
    samples : int
        Number of reviews, 1 or more.
    seed : int
        From 0 on; the same seed gives the same draws.

    Returns
    -------
    ndarray, shape (k, samples)
        On the scale of ``mean``.

    Raises
    ------
    ValueError
        A mean or tau2 that is no finite number, tau2 below 0, variances of another shape or not
        all positive, fewer than two studies, or samples or a seed that are no such whole number.
    """
    samples, seed = whole_number("samples", samples), checked_seed(seed)
    mean, tau2 = scalar("the mean", mean), scalar("tau2", tau2)
    if tau2 < 0:
        raise ValueError(f"tau2 must not be negative, not {tau2:g}")
    v = checks.floats("variances", v)
    if v.ndim not in (1, 2):
        raise ValueError(
            f"variances must be of shape (k,), or (k, samples), not of shape {v.shape}"
        )
    v = v[:, None] if v.ndim == 1 else v
    _, v = checks.many_effects(np.zeros((v.shape[0], samples)), v)
    noise = np.random.default_rng(seed).standard_normal((v.shape[0], samples))
    return mean + noise * np.sqrt(v + tau2)


@dataclass(frozen=True, repr=False, eq=False)
class Bootstrap(Result):
    """Parametric bootstrap of a pooled effect, on the scale of the effects.

    Attributes
    ----------
    estimate, tau2 : ndarray, shape (samples,)
        Estimates from the simulated data sets.
    ci_low, ci_high, tau2_low, tau2_high : float
        Percentile intervals.
    se : float
        Standard deviation of the simulated estimates.
    bias : float
        Their mean less the estimate they were simulated from.
    samples, seed : int
    level : float
    """

    estimate: np.ndarray
    tau2: np.ndarray
    ci_low: float
    ci_high: float
    tau2_low: float
    tau2_high: float
    se: float
    bias: float
    samples: int
    seed: int
    level: float

    _shown: ClassVar = (
        ("ci_low", "ci_high"), ("tau2_low", "tau2_high"), "se", "bias", "samples", "seed", "level",
    )  # fmt: skip
    _rows: ClassVar = ("estimate", "tau2")


def bootstrap(
    y, v, *, samples: int = 10_000, seed: int = 0, progress: Progress | None = None, **pool_options
) -> Bootstrap:
    """Parametric bootstrap: simulate from the fitted model, fit again (Efron & Tibshirani 1993).

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, k >= 2.
    samples, seed : int
        As for ``simulate``.
    progress : callable, optional
        As for ``pool_many``.
    **pool_options
        As for ``pool``; ``level`` is that of the percentile intervals.

    Raises
    ------
    ValueError
        As ``pool`` and ``simulate``.
    """
    samples, seed = whole_number("samples", samples), checked_seed(seed)
    y, v = checks.effects(y, v)
    fit = pool(y, v, **pool_options)
    draws = simulate(fit.estimate, fit.tau2, v, samples, seed=seed)
    sets = pool_many(draws, v, progress=progress, **pool_options)
    tails = (1 - fit.level) / 2, (1 + fit.level) / 2
    low, high = np.quantile(sets.estimate, tails)
    tau2_low, tau2_high = np.quantile(sets.tau2, tails)
    return Bootstrap(
        estimate=sets.estimate,
        tau2=sets.tau2,
        ci_low=float(low),
        ci_high=float(high),
        tau2_low=float(tau2_low),
        tau2_high=float(tau2_high),
        se=float(sets.estimate.std(ddof=1)) if samples > 1 else float("nan"),
        bias=float(sets.estimate.mean() - fit.estimate),
        samples=samples,
        seed=seed,
        level=fit.level,
    )


@dataclass(frozen=True, repr=False, eq=False)
class Coverage(Result):
    """How an interval does in simulated reviews.

    Attributes
    ----------
    coverage : float
        Share of reviews whose interval holds the true mean; ``coverage_se`` its Monte Carlo
        standard error.
    rejection : float
        Share whose interval leaves out 0: the error of the first kind where the mean is 0, power
        elsewhere.
    width : float
        Mean width of the interval.
    bias, rmse : float
        Of the estimate.
    samples, seed : int
    level : float
    tau2_method, test : str
        What was asked for, as in ``Pooled``.
    """

    coverage: float
    coverage_se: float
    rejection: float
    width: float
    bias: float
    rmse: float
    samples: int
    seed: int
    level: float
    tau2_method: str
    test: str

    _shown: ClassVar = (
        "coverage", "coverage_se", "rejection", "width", "bias", "rmse", "samples", "seed",
        "level", "tau2_method", "test",
    )  # fmt: skip


def coverage(
    mean: float, tau2: float, v, *, method: str = "REML", samples: int = 10_000, seed: int = 0,
    progress: Progress | None = None, **pool_options,
) -> Coverage:  # fmt: skip
    """How often the interval of ``pool`` holds the truth, in simulated reviews.

    Reviews are drawn from the random-effects model with the given mean and tau2, each is pooled,
    and intervals are counted. A share p of B reviews has the standard error
    sqrt(p (1 - p) / B) (Morris, White & Crowther 2019).

    Parameters
    ----------
    mean, tau2 : float
        The truth, on the scale of the effects; tau2 >= 0.
    v : array_like, shape (k,) or (k, samples)
        Sampling variances of the k >= 2 studies, the same in every review or not.
    method : str
        Estimator of tau squared, as the argument ``tau2`` of ``pool``.
    samples, seed : int
        As for ``simulate``.
    progress : callable, optional
        As for ``pool_many``.
    **pool_options
        The other options of ``pool``.

    Raises
    ------
    ValueError
        As ``pool`` and ``simulate``.
    """
    samples, seed = whole_number("samples", samples), checked_seed(seed)
    mean = scalar("the mean", mean)
    draws = simulate(mean, tau2, v, samples, seed=seed)
    sets = pool_many(draws, v, progress=progress, tau2=method, **pool_options)
    share = float(((sets.ci_low <= mean) & (mean <= sets.ci_high)).mean())
    return Coverage(
        coverage=share,
        coverage_se=float(np.sqrt(share * (1 - share) / samples)),
        rejection=float(((sets.ci_low > 0) | (sets.ci_high < 0)).mean()),
        width=float((sets.ci_high - sets.ci_low).mean()),
        bias=float(sets.estimate.mean() - mean),
        rmse=float(np.sqrt(((sets.estimate - mean) ** 2).mean())),
        samples=samples,
        seed=seed,
        level=sets.level,
        tau2_method=sets.tau2_method,
        test=sets.test,
    )
