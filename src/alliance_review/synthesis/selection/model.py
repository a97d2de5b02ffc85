"""Selection models: the mean effect when the chance of being seen depends on the p value."""

import numpy as np

from .. import checks
from ..distributions import chi2_tail, quantile, two_sided_p
from ..regression import moderators
from .fit import Fit, Problem, fit, selection_likelihood
from .result import SelectionModel
from .weights import (
    FAMILIES,
    KINDS,
    RULES,
    p_values,
    smooth_weighting,
    step_weighting,
)

ALTERNATIVES = ("greater", "less", "two-sided")
#: An interval with so few effects determines its weight badly.
FEW = 3


def selection_model(
    y,
    v,
    *,
    kind="step",
    steps=None,
    weights=None,
    alternative="greater",
    X=None,
    names=None,
    level=0.95,
) -> SelectionModel:
    """Fit a selection model by maximum likelihood (Iyengar & Greenhouse 1988; Hedges 1992).

    An effect with p value p is seen with probability proportional to w(p), so that its density is
    w(p) f(y) / A with f normal with mean mu and variance v + tau2, and A = E[w(p)] under f.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, one scale.
    kind : str
        "step": constant between the ``steps`` (Vevea & Hedges 1995); one step is the
        three-parameter model. "beta": p^(a-1) (1-p)^(b-1) (Citkowicz & Vevea 2017), with p held
        between 1e-5 and 1 - 1e-5, without which A is infinite for a <= tau2 / (v + tau2).
        "half_normal" exp(-d p^2), "negative_exponential" exp(-d p), "logistic"
        2 exp(-d p) / (1 + exp(-d p)) and "power" (1-p)^d, p as for beta, with d >= 0
        (Preston et al. 2004).
    steps : sequence of float, optional
        For "step" only: rising p values between 0 and 1; 0.025 alone where not given. An interval
        holds its upper end.
    weights : sequence of float, optional
        For "step": fixed positive weights of all len(steps) + 1 intervals (Vevea & Woods 2005).
    alternative : {"greater", "less", "two-sided"}
        Which results have small p: large effects, small (negative) effects, or both.
    X : array_like, shape (k,) or (k, m), optional
        Moderators. A column of ones is put before them unless X has one.
    names : sequence of str, optional
        Of the moderators; where not given, those that ``X`` has, or x1, x2, ...
    level : float
        Of the intervals.

    Raises
    ------
    ValueError
        Fewer effects than parameters, collinear moderators, names of another number, an interval
        without effects whose weight would have to be estimated, steps or weights out of order or
        range, or beside another kind; and
        ``NoMaximum`` where the likelihood has no maximum at a finite place.
    """
    y, v = checks.effects(y, v, minimum=2)
    level = checks.level(level)
    checks.choice("kind", kind, KINDS)
    checks.choice("alternative", alternative, ALTERNATIVES)
    design = moderators.design(X, y.size, names=names)
    count = design.matrix.shape[1]
    two_sided, sign = alternative == "two-sided", -1.0 if alternative == "less" else 1.0
    p, q = p_values(sign * y, v, two_sided)
    steps, fixed = checked_steps(kind, steps, weights)
    counts = counts_by_interval(steps, p, fixed)
    if kind == "step":
        weightings = [step_weighting(p, steps, two_sided, fixed)]
    else:
        weightings = [smooth_weighting(kind, p, q, two_sided, rule) for rule in RULES]
    weighting = weightings[0]
    needed = count + 1 + weighting.lower.size
    if y.size < needed:
        raise ValueError(f"{needed} parameters need at least {needed} effects, {y.size} given")
    problem = Problem(sign * y, v, design.matrix)
    plain, t = problem.without_selection()
    functions = [selection_likelihood(problem, each) for each in weightings]
    best, alike = fit(problem, functions, weighting.lower, weighting.start, t)
    d, half = weighting.lower.size, float(quantile(level, np.inf))
    mean = _mean(best, sign, count, half)
    if X is None:
        mean = {name: float(value[0]) for name, value in mean.items()}
    ratio = 2 * (best.value - plain)
    spread_ratio = max(0.0, 2 * (best.value - alike.value)) if alike else float("nan")
    result = {
        **mean,
        "tau2": best.tau2,
        "tau2_se": float(np.sqrt(best.covariance[count, count])),
        **_weights(kind, best, count, fixed, half),
        "log_likelihood": best.value,
        "lr_statistic": float(max(0.0, ratio) if d else ratio),
        "lr_df": d,
        "lr_p": float(chi2_tail(max(0.0, ratio), d)) if d else float("nan"),
        "tau2_lr_statistic": spread_ratio,
        "tau2_lr_p": boundary_p(spread_ratio),
        "counts": counts,
    }
    for value in result.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    return SelectionModel(
        **result,
        steps=steps,
        kind=kind,
        alternative=alternative,
        names=design.names,
        k=y.size,
        level=level,
        warning=_warning(kind, best, count, steps, counts, fixed),
    )


def boundary_p(ratio: float) -> float:
    """p value of a likelihood ratio for tau squared = 0, the end of its range (Self & Liang 1987):
    half the upper tail of chi-square with 1 df; 1 where the ratio is 0."""
    return 1.0 if ratio == 0 else 0.5 * float(chi2_tail(ratio, 1))


def checked_steps(kind, steps, weights):
    """Steps as a tuple and fixed weights as an array or None; the other kinds have neither."""
    if kind in FAMILIES:
        for name, given in (("steps", steps), ("fixed weights", weights)):
            if given is not None:
                raise ValueError(f'{name} belong to kind="step"')
        return (), None
    try:
        steps = tuple(float(p) for p in np.atleast_1d(0.025 if steps is None else steps))
    except (TypeError, ValueError):
        raise ValueError("steps must be numbers") from None
    if not steps or not all(0 < p < 1 for p in steps):
        raise ValueError("steps must be p values between 0 and 1, at least one")
    if any(a >= b for a, b in zip(steps, steps[1:], strict=False)):
        raise ValueError("steps must rise")
    if weights is None:
        return steps, None
    try:
        fixed = np.array(weights, dtype=float)
    except (TypeError, ValueError):
        raise ValueError("fixed weights must be numbers") from None
    if fixed.shape != (len(steps) + 1,):
        raise ValueError(f"{len(steps)} steps need {len(steps) + 1} fixed weights, one an interval")
    if not (np.isfinite(fixed) & (fixed > 0)).all():
        raise ValueError("fixed weights must be positive")
    return steps, fixed


def counts_by_interval(steps, p, fixed):
    """Number of effects in every p interval; refuses an empty one with a weight to estimate."""
    counts = np.bincount(np.searchsorted(steps, p, side="left"), minlength=len(steps) + 1)
    ends = (0.0, *steps, 1.0)
    if fixed is None and (counts == 0).any():
        empty = int(np.flatnonzero(counts == 0)[0])
        raise ValueError(
            f"no effect has p above {ends[empty]:g} and up to {ends[empty + 1]:g}: the weight of "
            "that interval cannot be estimated; choose other steps or give fixed weights"
        )
    return counts


def _mean(best: Fit, sign: float, count: int, half: float) -> dict:
    beta, se = sign * best.beta, np.sqrt(np.diag(best.covariance)[:count])
    return {
        "estimate": beta,
        "se": se,
        "statistic": beta / se,
        "p_value": two_sided_p(beta / se, np.inf),
        "ci_low": beta - half * se,
        "ci_high": beta + half * se,
    }


def _weights(kind, best: Fit, count: int, fixed, half: float) -> dict:
    value, se = best.parameters, np.sqrt(np.diag(best.covariance)[count + 1 :])
    if fixed is not None:
        value, se = fixed, np.full(fixed.size, np.nan)
    elif kind == "step":  # parameters are logarithms: d exp(x) = exp(x) dx
        value = np.append(1.0, np.exp(value))
        se = value * np.append(np.nan, se)
    low = np.maximum(0.0, value - half * se)
    return {
        "weights": value,
        "weights_se": se,
        "weights_low": low,
        "weights_high": value + half * se,
    }


def _warning(kind, best: Fit, count: int, steps, counts, fixed) -> str:
    bounded = best.bounded[count + 1 :]
    if kind == "beta" and bounded.any():
        return (
            "the likelihood rises until a parameter of the beta weight reaches its bound 0: "
            "there is no maximum inside the range, and standard errors take the bound as given"
        )
    if bounded.any():
        return "the likelihood is highest without selection: the parameter is on its bound 0"
    few = int(counts.min())
    if kind == "step" and fixed is None and few <= FEW:
        at, ends = int(counts.argmin()), (0.0, *steps, 1.0)
        return (
            f"only {few} of the effects have p above {ends[at]:g} and up to {ends[at + 1]:g}: "
            "the weight of that interval is badly determined"
        )
    return ""
