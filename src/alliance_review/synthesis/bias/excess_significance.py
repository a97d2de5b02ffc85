"""Are there more significant results than the power of the studies allows?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import bdtrc, betaln, xlog1py, xlogy

from .. import checks, heterogeneity
from ..distributions import ndtr, ndtri
from ..pooling import pool
from ..results import Result
from ..roots import bracketed_newton

ALTERNATIVES = ("two-sided", "greater", "less")
TESTS = ("auto", "exact", "chi2", "binomial")
EXACT_UP_TO = 1000  # studies; the exact distribution takes k**2 steps


@dataclass(frozen=True, repr=False, eq=False)
class ExcessSignificance(Result):
    """Observed against expected numbers of significant results.

    Attributes
    ----------
    observed : int
        Studies significant at ``alpha``.
    expected : float
        The sum of ``power``.
    p_value : float
        One-sided: of at least as many significant results as observed.
    statistic : float
        Chi-square with 1 degree of freedom; ``nan`` for the other tests.
    power : ndarray, shape (k,)
        Probability of each study to be significant.
    theta, tau2 : float
        Mean and variance of the true effects that the power rests on.
    theta_limit : float
        The mean effect at which the test would just be significant at ``limit_alpha``: with any
        mean nearer to 0 there is an excess. ``nan`` where there is none, or where no mean, however
        far from 0, lifts the p value to that level.
    k : int
    alpha, limit_alpha : float
    alternative, test : str
        Of the tests in the studies; the test of the excess that was used.
    """

    observed: int
    expected: float
    p_value: float
    statistic: float
    power: np.ndarray
    theta: float
    tau2: float
    theta_limit: float
    k: int
    alpha: float
    limit_alpha: float
    alternative: str
    test: str

    _shown: ClassVar = ("observed", "expected", "p_value", "test", "theta", "theta_limit", "k")
    _rows: ClassVar = ("power",)

    def to_frame(self):
        """One line: the test; ``entries()`` has the power of each study."""
        return self.summary()


def excess_significance(
    y, v, *, theta=None, alpha=0.05, alternative="two-sided", test="auto", limit_alpha=0.10
) -> ExcessSignificance:
    """Test of excess significance (Ioannidis & Trikalinos 2007).

    A study of variance v is significant where y / sqrt(v) passes the normal quantile c of
    ``alpha``. With true effects of mean theta and variance tau2, y is normal with variance
    v + tau2, so its power is P(y > c sqrt(v)), and likewise below for two-sided tests.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, k >= 2.
    theta : float or a tau2 method of ``pool``, optional
        A number: the mean true effect, the same in every study (tau2 = 0). A method: mean and
        tau2 as ``pool`` estimates them. Not given is "FE", the common-effect mean.
    alpha : float
        Of the significance tests in the studies.
    alternative : {"two-sided", "greater", "less"}
        Of the significance tests in the studies.
    test : {"auto", "exact", "chi2", "binomial"}
        "exact": the number of significant results is a sum of independent events with unequal
        probabilities (Poisson-binomial). "chi2": (O - E)**2 / E + (O - E)**2 / (k - E), made
        one-sided. "binomial": the events taken as equally likely. "auto": exact up to 1000
        studies, chi2 beyond.
    limit_alpha : float
        Level for ``theta_limit``; 0.10 is the authors' own, as the test has little power.

    Raises
    ------
    ValueError
        As ``pool``; an unknown alternative, test or method.
    """
    y, v = checks.effects(y, v)
    alpha, limit_alpha = checks.level(alpha), checks.level(limit_alpha)
    checks.choice("alternative", alternative, ALTERNATIVES)
    checks.choice("test", test, TESTS)
    theta, tau2 = _true_effects(y, v, theta)
    if test == "auto":
        test = "exact" if y.size <= EXACT_UP_TO else "chi2"
    sides = {"two-sided": (1, -1), "greater": (1,), "less": (-1,)}[alternative]
    bound = -float(ndtri(alpha / len(sides))) * np.sqrt(v)
    observed = int(sum((side * y >= bound).sum() for side in sides))
    spread = np.sqrt(v + tau2)

    def judge(mean):
        """Power, p value, statistic and the derivative of the p value in the mean effect."""
        away = [(side * mean - bound) / spread for side in sides]
        power = sum(ndtr(a) for a in away)
        rise = sum(s * np.exp(-0.5 * a**2) for s, a in zip(sides, away, strict=True))
        return power, *PVALUES[test](observed, power, rise / (spread * np.sqrt(2 * np.pi)))

    power, p, _, statistic = judge(theta)
    power.flags.writeable = False
    # the further theta lies in this direction, the more power: the p value rises
    direction = sides[0] if len(sides) == 1 else (1.0 if theta >= 0 else -1.0)
    reach = float(bound.max() + 40 * spread.max())

    def shortfall(x):
        p, slope = judge(direction * float(x[0]))[1:3]
        return np.array([limit_alpha - p]), np.array([-direction * slope])

    low = np.array([0.0 if len(sides) == 2 else -reach])
    limit = np.nan
    if shortfall(low)[0][0] > 0 >= shortfall([reach])[0][0]:
        start = np.array([min(abs(theta), reach)])
        limit = direction * float(bracketed_newton(shortfall, low, [reach], start)[0])
    return ExcessSignificance(
        observed=observed,
        expected=float(power.sum()),
        p_value=p,
        statistic=statistic,
        power=power,
        theta=theta,
        tau2=tau2,
        theta_limit=limit,
        k=y.size,
        alpha=alpha,
        limit_alpha=limit_alpha,
        alternative=alternative,
        test=test,
    )


def _true_effects(y, v, theta) -> tuple[float, float]:
    if theta is None or isinstance(theta, str):
        method = checks.choice("theta", "FE" if theta is None else theta, heterogeneity.METHODS)
        fit = pool(y, v, tau2=method, test="z")
        return fit.estimate, fit.tau2
    if isinstance(theta, bool) or not isinstance(theta, (int, float, np.number)):
        raise ValueError(f"theta must be a number or a tau2 method, not {theta!r}")
    if not np.isfinite(theta):
        raise ValueError(f"theta must be finite, not {theta!r}")
    return float(theta), 0.0


def _exact_p(observed, power, rise):
    """P(at least as many) from the exact distribution, and its derivative."""
    k = power.size
    share, change = np.zeros(k + 1), np.zeros(k + 1)
    share[0] = 1.0
    for p, dp in zip(power, rise, strict=True):
        # one more event: the count stays with 1 - p, goes up by one with p
        up, up_change = np.append(0.0, share[:-1]), np.append(0.0, change[:-1])
        change = change + p * (up_change - change) + dp * (up - share)
        share = share + p * (up - share)
    p = 1.0 if observed == 0 else min(1.0, float(share[observed:].sum()))
    return p, float(change[observed:].sum()), np.nan


def _chi2_p(observed, power, rise):
    k, expected, rest = power.size, float(power.sum()), float((1 - power).sum())
    # the difference from whichever of both sums is the smaller, and so the more exact
    gap = observed - expected if expected < rest else rest - (k - observed)
    if expected <= 0 or rest <= 0:  # no study, or every study, is sure to be significant
        deviate = np.copysign(np.inf, gap) if gap else 0.0
        return float(ndtr(-deviate)), 0.0, float(deviate**2)
    variance = np.float64(expected * rest / k)
    with np.errstate(all="ignore"):  # far out the derivative is lost; the bracket then halves
        deviate = gap / np.sqrt(variance)
        fall = (expected * (k - observed) + observed * rest) / (2 * k * variance**1.5)
        slope = np.exp(-0.5 * deviate**2) / np.sqrt(2 * np.pi) * fall * rise.sum()
        return float(ndtr(-deviate)), float(slope), float(deviate**2)


def _binomial_p(observed, power, rise):
    k, share = power.size, float(power.mean())
    if observed == 0:
        return 1.0, 0.0, np.nan
    log = xlogy(observed - 1, share) + xlog1py(k - observed, -share)
    slope = np.exp(log - betaln(observed, k - observed + 1)) * rise.mean()
    return float(bdtrc(observed - 1, k, share)), float(slope), np.nan


PVALUES = {"exact": _exact_p, "chi2": _chi2_p, "binomial": _binomial_p}
