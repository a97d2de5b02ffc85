"""How well a method does in the simulated reviews of one cell, each with its Monte Carlo error."""

import numpy as np
from scipy.special import ndtr

from alliance_review.analysis.pools import Z95

from .methods import Answers


def share(hits, count: int) -> tuple[float, float]:
    """A share and its Monte Carlo standard error, sqrt(p (1 - p) / count); nan of nothing."""
    if count == 0:
        return np.nan, np.nan
    p = float(np.sum(hits)) / count
    return p, float(np.sqrt(p * (1 - p) / count))


def mean(values) -> tuple[float, float]:
    """A mean and its Monte Carlo standard error; nan of nothing."""
    if values.size < 2:
        return np.nan, np.nan
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))


def prediction(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """Limits for the true effect of a new study, as ``analysis.pools.prediction`` has them."""
    spread = Z95 * answers.tau
    return (answers.estimate - np.hypot(spread, answers.estimate - answers.low),
            answers.estimate + np.hypot(spread, answers.high - answers.estimate))  # fmt: skip


def holds_new(low, high, mu: float, tau: float) -> np.ndarray:
    """Chance that a new true effect, normal with mean ``mu`` and sd ``tau``, lies between limits.

    With ``tau`` 0 it is 1 or 0: the new true effect is the mean itself.
    """
    if tau == 0:
        return ((low <= mu) & (mu <= high)).astype(float)
    return ndtr((high - mu) / tau) - ndtr((low - mu) / tau)


def measures(
    answers: Answers, mu: float, tau: float, *, predicts: bool = False
) -> dict[str, float]:
    """Performance of one method in one cell.

    Bias, empirical standard error, coverage and width are those of the reviews that have an
    answer; ``rejects`` and ``rejects_rightly`` are shares of all reviews, one without an answer
    finding nothing.

    Parameters
    ----------
    answers : Answers
        Of B reviews.
    mu, tau : float
        The truth, on Fisher z.
    predicts : bool
        Whether the method gives a prediction interval and true effects are normal.

    Returns
    -------
    dict
        ``answers`` (number of reviews with one), and pairs of a measure and its Monte Carlo
        standard error ``<name>_mcse``: ``no_answer``, ``bias``, ``empirical_se`` (standard
        deviation of the estimates), ``coverage``, ``above`` and ``below`` (the whole interval
        lies there), ``width``, ``rejects`` (an association is found), ``rejects_rightly`` (of the
        true sign, or where the truth is 0 a positive one), ``tau_bias``, ``tau_coverage``,
        ``prediction_coverage`` (chance that a new true effect lies in the prediction interval,
        averaged over the reviews); and ``median_width``. nan where a method has no such result.

    References
    ----------
    Morris TP, White IR, Crowther MJ (2019). Using simulation studies to evaluate statistical
    methods. Statistics in Medicine 38, 2074-2102: the measures and their standard errors.
    """
    reviews = answers.verdict.size
    has = np.isfinite(answers.estimate)
    count, error = int(has.sum()), answers.estimate[has] - mu
    low, high = answers.low[has], answers.high[has]
    spread = float(error.std(ddof=1)) if count > 1 else np.nan
    tau_has = np.isfinite(answers.tau_low)
    inside = (answers.tau_low <= tau) & (tau <= answers.tau_high)
    new = holds_new(*(end[has] for end in prediction(answers)), mu, tau)
    pairs = {
        "no_answer": share(np.isnan(answers.verdict), reviews),
        "bias": mean(error),
        "empirical_se": (spread, spread / np.sqrt(2 * (count - 1)) if count > 1 else np.nan),
        "coverage": share((low <= mu) & (mu <= high), count),
        "above": share(low > mu, count),
        "below": share(high < mu, count),
        "width": mean(high - low),
        "rejects": share(np.abs(answers.verdict) == 1, reviews),
        "rejects_rightly": share(answers.verdict == (-1 if mu < 0 else 1), reviews),
        "tau_bias": mean(answers.tau[np.isfinite(answers.tau)] - tau),
        "tau_coverage": share(inside[tau_has], int(tau_has.sum())),
        "prediction_coverage": mean(new if predicts else new[:0]),
    }
    out: dict[str, float] = {"answers": int((~np.isnan(answers.verdict)).sum())}
    for name, (value, error) in pairs.items():
        out |= {name: value, f"{name}_mcse": error}
    out["median_width"] = float(np.median(high - low)) if count else np.nan
    return out
