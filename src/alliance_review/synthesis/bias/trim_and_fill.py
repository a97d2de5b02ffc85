"""Trim and fill: how many studies would make the funnel symmetric, and the result with them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks
from ..pooling import Pooled, checked_options, pool
from ..results import Result, frame
from .line import fit_line

ESTIMATORS = ("L0", "R0", "Q0")


@dataclass(frozen=True, repr=False, eq=False)
class TrimAndFill(Result):
    """A funnel made symmetric.

    Attributes
    ----------
    missing : int
        Number of effects judged missing.
    side : str
        Where: "left" or "right".
    filled, filled_variances : ndarray, shape (missing,)
        The effects put in, mirrored about the centre, and their variances.
    pooled : Pooled
        The result of all effects, with those filled in.
    estimator : str
    missing_se : float
        Standard error of the number missing, at the estimate before rounding (for R0 at the
        number itself); ``nan`` where its formula has no value, which can happen when that
        estimate is below 0.
    p_value : float
        Probability of at least this many where none are missing; for R0 alone, otherwise
        ``nan``.
    """

    missing: int
    side: str
    filled: np.ndarray
    filled_variances: np.ndarray
    pooled: Pooled
    estimator: str = "L0"
    missing_se: float = float("nan")
    p_value: float = float("nan")

    _shown: ClassVar = (
        *("missing", "side", "estimator", "missing_se", "estimate", ("ci_low", "ci_high")),
    )
    _rows: ClassVar = ("filled", "filled_variances")

    def to_frame(self):
        """One line: how many are missing and where, and the result with them (``pooled``).

        ``missing_p`` is the field ``p_value``; ``p_value`` is that of the pooled effect.
        ``entries()`` has the effects filled in, no line where none is missing.
        """
        found = {"missing": self.missing, "side": self.side, "estimator": self.estimator}
        found |= {"missing_se": self.missing_se, "missing_p": self.p_value}
        return frame([found | self.pooled._plain()])

    @property
    def estimate(self) -> float:
        """The pooled effect with those filled in."""
        return self.pooled.estimate

    @property
    def ci_low(self) -> float:
        """Lower end of its confidence interval."""
        return self.pooled.ci_low

    @property
    def ci_high(self) -> float:
        """Upper end of its confidence interval."""
        return self.pooled.ci_high


def trim_and_fill(y, v, *, estimator="L0", side="auto", **pool_options) -> TrimAndFill:
    """Trim and fill (Duval & Tweedie 2000a, 2000b).

    The effects are ranked by their distance from the centre, with the sign of the side they are
    on. With n effects, Wilcoxon's T the sum of the ranks above the centre, and g the number of
    effects above it that are all further away than any below,

        L0 = (4 T - n (n + 1)) / (2 n - 1)
        R0 = g - 1
        Q0 = n - 1/2 - sqrt(2 n**2 - 4 T + 1/4)

    estimate how many are missing below. The outermost of that many are trimmed, the centre is
    found anew, and so on until the number stays. Then the trimmed effects are mirrored.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        k >= 3.
    estimator : {"L0", "R0", "Q0"}
        L0 is the usual choice. R0 is robust against outlying centres but not against a single
        outlying effect; Q0 is defined only where its root is.
    side : {"auto", "left", "right"}
        Where effects are thought to be missing. "auto": left where the meta-regression on the
        standard error, by the same tau2 method, has a slope of 0 or more (small studies have
        larger effects), otherwise right.
    **pool_options
        As for ``pool``; the same model is used to trim and for the result.

    Raises
    ------
    ValueError
        Fewer than three effects, an unknown estimator or side, "auto" where all variances are
        equal, Q0 where it is not defined, trimming that does not settle, and as ``pool``.
    """
    y, v = checks.effects(y, v, minimum=3)
    checks.choice("estimator", estimator, ESTIMATORS)
    checks.choice("side", side, ("auto", "left", "right"))
    options = checked_options(**pool_options)
    if side == "auto":
        if np.ptp(v) == 0:
            raise ValueError(
                "the variances are all equal: they cannot tell the side; give it as left or right"
            )
        line = fit_line(y, v, np.sqrt(v), options["tau2"], "z", 0.95)
        side = "left" if line.estimate[1] >= 0 else "right"
    sign = 1.0 if side == "left" else -1.0
    order = np.argsort(sign * y, kind="stable")
    effects, variances = sign * y[order], v[order]
    k, missing, before = y.size, 0, set()
    while missing not in before:
        before.add(missing)
        kept = slice(0, k - missing)
        centre = pool(effects[kept], variances[kept], **options).estimate
        estimate, se = _number_missing(effects - centre, estimator)
        # at least two effects must be left to find the centre
        found = min(max(0, round(estimate)), k - 2)
        if found == missing:
            break
        missing = found
    else:
        raise ValueError("trimming does not settle on these effects: the number goes round")
    filled = sign * (2 * centre - effects[k - missing :])
    filled_variances = variances[k - missing :].copy()
    every = np.concatenate([y, filled]), np.concatenate([v, filled_variances])
    for array in (filled, filled_variances):
        array.flags.writeable = False
    return TrimAndFill(
        missing=missing,
        side=side,
        filled=filled,
        filled_variances=filled_variances,
        pooled=pool(*every, **options),
        estimator=estimator,
        missing_se=se,
        p_value=0.5 ** (missing + 1) if estimator == "R0" else float("nan"),
    )


def _number_missing(distance: np.ndarray, estimator: str) -> tuple[float, float]:
    """Estimate before rounding, and its standard error, from distances to the centre.

    The variance of T with m missing is Duval & Tweedie's (2000b).
    """
    n = distance.size
    # rounding must not decide which of two equal distances is the larger, nor the side of 0
    distance = np.round(distance / (np.abs(distance).max() or 1.0), 12)
    rank = np.empty(n)
    rank[np.argsort(np.abs(distance), kind="stable")] = np.arange(1, n + 1)
    above = distance > 0
    if estimator == "R0":
        m = float(n - rank[~above].max(initial=0.0) - 1)
        return m, float(np.sqrt(2 * max(m, 0.0) + 2))
    total = float(rank[above].sum())
    if estimator == "L0":
        m = (4 * total - n * (n + 1)) / (2 * n - 1)
    else:
        inside = 2 * n**2 - 4 * total + 0.25
        if inside < 0:
            raise ValueError("Q0 is not defined for these effects: too many lie on one side")
        m = n - 0.5 - inside**0.5
    variance = n * (n + 1) * (2 * n + 1) + 10 * m**3 + 27 * m**2 + 17 * m
    variance = (variance - 18 * n * m**2 - 18 * n * m + 6 * n**2 * m) / 24
    if variance < 0:
        return m, float("nan")
    if estimator == "L0":
        return m, 4 * variance**0.5 / (2 * n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt((n - 0.5) ** 2 - m * (2 * n - m - 1))
        return m, float(2 * np.sqrt(variance) / root)
