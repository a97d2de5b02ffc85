"""Effect sizes: from what a paper prints to a correlation, and from r to Fisher's z and back.

Pure functions of numbers and arrays. Every function that returns a correlation returns it on the
r scale, in the open interval (-1, 1); the statistics of the review run on Fisher's z. Inputs
outside their range raise ``ValueError`` with words that say which value is refused and why: a
wrong effect size is worse than none.

Which conversion a row of the evidence uses is stated in the row; ``from_statistic`` is the one
place where a name leads to a formula, and ``data/conversions.csv`` documents the same names.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

Number = float | NDArray[np.float64]

_LOGIT_TO_D = np.sqrt(3.0) / np.pi


def _array(value: ArrayLike, name: str) -> NDArray[np.float64]:
    """``value`` as floats; refuses what is no number, NaN and the infinities."""
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number, got {value!r}") from None
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {value!r}")
    return array


def _require(ok: NDArray[np.bool_] | bool, name: str, rule: str, value: ArrayLike) -> None:
    if not np.all(ok):
        raise ValueError(f"{name} must be {rule}, got {value!r}")


def _plain(array: NDArray[np.float64]) -> Number:
    """A Python float for a scalar, the array itself otherwise."""
    return float(array) if np.ndim(array) == 0 else array


def _signed(sign: ArrayLike) -> NDArray[np.float64]:
    array = _array(sign, "sign")
    _require(np.abs(array) == 1, "sign", "1 or -1", sign)
    return array


def _degrees(df: ArrayLike) -> NDArray[np.float64]:
    array = _array(df, "df")
    _require(array >= 1, "df", "at least 1", df)
    return array


def _sample_size(n: ArrayLike) -> NDArray[np.float64]:
    array = _array(n, "n")
    _require(array >= 4, "n", "at least 4 (the variance 1/(n - 3) exists from there)", n)
    return array


def _probability(p: ArrayLike, name: str = "p") -> NDArray[np.float64]:
    array = _array(p, name)
    _require((array > 0) & (array <= 1), name, "above 0 and at most 1", p)
    return array


def _tails(tails: int) -> int:
    if tails not in (1, 2):
        raise ValueError(f"tails must be 1 or 2, got {tails!r}")
    return tails


def r_to_z(r: ArrayLike) -> Number:
    """Fisher's z of a correlation: ``z = atanh(r)``.

    Parameters
    ----------
    r : float or array
        Correlation, -1 < r < 1.

    Returns
    -------
    float or array of the shape of ``r``
        Fisher's z.

    Raises
    ------
    ValueError
        If |r| >= 1 or r is no finite number.

    References
    ----------
    Fisher RA (1921). On the "probable error" of a coefficient of correlation. Metron 1, 3-32.
    """
    array = _array(r, "r")
    _require(np.abs(array) < 1, "r", "above -1 and below 1", r)
    return _plain(np.arctanh(array))


def z_to_r(z: ArrayLike) -> Number:
    """Correlation of a Fisher z: ``r = tanh(z)``; inverse of :func:`r_to_z`.

    Raises ``ValueError`` if z is no finite number.
    """
    return _plain(np.tanh(_array(z, "z")))


def z_variance(n: ArrayLike) -> Number:
    """Sampling variance of Fisher's z: ``1 / (n - 3)``.

    Parameters
    ----------
    n : int or array
        Sample size, at least 4.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 6.
    """
    return _plain(1.0 / (_sample_size(n) - 3.0))


def from_t(t: ArrayLike, df: ArrayLike) -> Number:
    """(Partial) correlation of a t statistic: ``r = t / sqrt(t^2 + df)``.

    Parameters
    ----------
    t : float or array
        t statistic of one coefficient; its sign becomes the sign of r.
    df : float or array
        Residual degrees of freedom, at least 1 (n - 2 for a zero-order correlation).

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    t_ = _array(t, "t")
    df_ = _degrees(df)
    return _plain(t_ / np.sqrt(t_**2 + df_))


def from_f(f: ArrayLike, df2: ArrayLike, sign: ArrayLike = 1) -> Number:
    """Correlation of an F statistic with one numerator degree of freedom.

    ``r = sign * sqrt(F / (F + df2))``; F with more than one numerator degree of freedom has no
    direction and is no correlation.

    Parameters
    ----------
    f : float or array
        F statistic, at least 0.
    df2 : float or array
        Denominator degrees of freedom, at least 1.
    sign : 1 or -1
        Direction, which F does not carry.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    f_ = _array(f, "F")
    _require(f_ >= 0, "F", "0 or more", f)
    df_ = _degrees(df2)
    return _plain(_signed(sign) * np.sqrt(f_ / (f_ + df_)))


def from_p(p: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2) -> Number:
    """Correlation that would give an exact p value in a t test with n - 2 degrees of freedom.

    ``t = F_t^-1(1 - p / tails; n - 2)``, then ``r = sign * t / sqrt(t^2 + n - 2)``.

    Parameters
    ----------
    p : float or array
        Exact p value, 0 < p <= 1 (a bound such as "p < .05" is no exact p value).
    n : int or array
        Sample size, at least 4.
    sign : 1 or -1
        Direction, which a two-sided p does not carry.
    tails : 1 or 2
        Sides of the test. A one-sided p above .5 points against ``sign``.

    References
    ----------
    Rosenthal R, Rubin DB (2003). r equivalent: a simple effect size indicator. Psychological
    Methods 8, 492-496.
    """
    p_ = _probability(p)
    df = _sample_size(n) - 2.0
    # the lower tail keeps all digits of a small p, where 1 - p would lose them
    t = -stdtrit(df, p_ / _tails(tails))
    return _plain(_signed(sign) * t / np.sqrt(t**2 + df))


def from_p_normal(
    p: ArrayLike, n: ArrayLike, sign: ArrayLike = 1, tails: int = 2, bounded: bool = True
) -> Number:
    """As :func:`from_p` for a test with a normal reference (Wald test, mixed model, GEE).

    ``bounded`` as in :func:`from_wald_z`.
    """
    z = -ndtri(_probability(p) / _tails(tails))
    return from_wald_z(_signed(sign) * z, n, bounded)


def from_r_squared(r_squared: ArrayLike, sign: ArrayLike = 1) -> Number:
    """Correlation of a share of variance explained by this one predictor: ``sign * sqrt(R^2)``.

    Parameters
    ----------
    r_squared : float or array
        Share of variance, 0 <= R^2 < 1 (41 % is 0.41).
    sign : 1 or -1
        Direction, which a share does not carry.

    References
    ----------
    Cohen J, Cohen P, West SG, Aiken LS (2003). Applied Multiple Regression/Correlation Analysis
    for the Behavioral Sciences, chapter 2.
    """
    share = _array(r_squared, "R squared")
    _require((share >= 0) & (share < 1), "R squared", "at least 0 and below 1", r_squared)
    return _plain(_signed(sign) * np.sqrt(share))


def from_d(d: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None) -> Number:
    """Correlation of a standardised mean difference: ``r = d / sqrt(d^2 + a)``.

    ``a = (n1 + n2)^2 / (n1 n2)``, which is 4 for groups of equal size (the assumption made when
    the group sizes are not given).

    Parameters
    ----------
    d : float or array
        Standardised mean difference.
    n1, n2 : int or array, optional
        Group sizes, each at least 1; both or neither.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7.
    """
    d_ = _array(d, "d")
    if (n1 is None) != (n2 is None):
        raise ValueError("n1 and n2 must be given together or not at all")
    a = np.asarray(4.0)
    if n1 is not None:
        n1_, n2_ = _array(n1, "n1"), _array(n2, "n2")
        _require(n1_ >= 1, "n1", "at least 1", n1)
        _require(n2_ >= 1, "n2", "at least 1", n2)
        a = (n1_ + n2_) ** 2 / (n1_ * n2_)
    return _plain(d_ / np.sqrt(d_**2 + a))


def from_odds_ratio(
    odds_ratio: ArrayLike, n1: ArrayLike | None = None, n2: ArrayLike | None = None
) -> Number:
    """Correlation of an odds ratio between two groups, through the logistic distribution.

    ``d = ln(OR) * sqrt(3) / pi``, then :func:`from_d`. For an odds ratio per unit of a scale this
    is wrong (it depends on the unit): use :func:`from_ratio_interval`.

    Parameters
    ----------
    odds_ratio : float or array
        Odds ratio, above 0.
    n1, n2 : int or array, optional
        Sizes of the two groups compared.

    References
    ----------
    Hasselblad V, Hedges LV (1995). Meta-analysis of screening and diagnostic tests. Psychological
    Bulletin 117, 167-178.
    """
    ratio = _array(odds_ratio, "odds ratio")
    _require(ratio > 0, "odds ratio", "above 0", odds_ratio)
    return from_d(np.log(ratio) * _LOGIT_TO_D, n1, n2)


def wald_z_of_ratio(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, level: float = 0.95
) -> Number:
    """Wald z of an odds or hazard ratio, its standard error taken from the interval's width.

    ``z = ln(ratio) / SE`` with ``SE = (ln(high) - ln(low)) / (2 z_(1 - alpha/2))``.

    Raises
    ------
    ValueError
        If a value is not above 0, or the interval is empty.

    References
    ----------
    Altman DG, Bland JM (2011). How to obtain the P value from a confidence interval. BMJ 343,
    d2304.
    """
    ratio_, low, high = (
        _array(ratio, "ratio"),
        _array(ci_low, "ci_low"),
        _array(ci_high, "ci_high"),
    )
    for name, array, value in (
        ("ratio", ratio_, ratio),
        ("ci_low", low, ci_low),
        ("ci_high", high, ci_high),
    ):
        _require(array > 0, name, "above 0", value)
    return _plain(np.log(ratio_) / _standard_error(np.log(low), np.log(high), level))


def _standard_error(low: ArrayLike, high: ArrayLike, level: float) -> NDArray[np.float64]:
    width = _array(high, "ci_high") - _array(low, "ci_low")
    _require(width > 0, "ci_high", "above ci_low", high)
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}")
    return width / (2.0 * ndtri(0.5 + level / 2.0))


def from_wald_z(z: ArrayLike, n: ArrayLike, bounded: bool = True) -> Number:
    """Correlation of a Wald (normal) test statistic: ``r = z / sqrt(z^2 + n)``.

    Parameters
    ----------
    z : float or array
        Wald z; its sign becomes the sign of r.
    n : int or array
        Sample size, at least 4.
    bounded : bool
        False gives ``z / sqrt(n)``, the older form: it agrees for small z and leaves (-1, 1) for
        large ones, which is refused.

    References
    ----------
    Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    z_, n_ = _array(z, "z"), _sample_size(n)
    if bounded:
        return _plain(z_ / np.sqrt(z_**2 + n_))
    _require(np.abs(z_) < np.sqrt(n_), "z", "smaller than sqrt(n) in absolute value", z)
    return _plain(z_ / np.sqrt(n_))


def from_ratio_interval(
    ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, n: ArrayLike, level: float = 0.95
) -> Number:
    """Correlation of an odds or hazard ratio with its interval, through the Wald z.

    Independent of the unit of the predictor; see :func:`wald_z_of_ratio`, :func:`from_wald_z`.
    """
    return from_wald_z(wald_z_of_ratio(ratio, ci_low, ci_high, level), n)


from_hazard_ratio = from_ratio_interval


def from_coefficient(b: ArrayLike, se: ArrayLike, df: ArrayLike) -> Number:
    """Partial correlation of a regression coefficient and its standard error: ``t = b / se``.

    Parameters
    ----------
    b : float or array
        Coefficient (unstandardised or standardised).
    se : float or array
        Its standard error, above 0.
    df : float or array
        Residual degrees of freedom, at least 1.

    References
    ----------
    Aloe AM, Thompson CG (2013). The synthesis of partial effect sizes. Journal of the Society for
    Social Work and Research 4, 390-405.
    """
    b_, se_ = _array(b, "b"), _array(se, "se")
    _require(se_ > 0, "se", "above 0", se)
    return from_t(b_ / se_, df)


def from_coefficient_interval(
    b: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, df: ArrayLike, level: float = 0.95
) -> Number:
    """As :func:`from_coefficient`, the standard error taken from the width of the interval."""
    return from_coefficient(b, _standard_error(ci_low, ci_high, level), df)


def critical_r(n: ArrayLike, alpha: float = 0.05, tails: int = 2) -> Number:
    """Correlation at which the t test with n - 2 degrees of freedom reaches ``alpha``.

    Parameters
    ----------
    n : int or array
        Sample size, at least 4.
    alpha : float
        Significance level, 0 < alpha <= 1.
    tails : 1 or 2
        Sides of the test.

    Returns
    -------
    float or array of the shape of ``n``
        r > 0 for alpha < 1 (two-sided) or alpha < .5 (one-sided).
    """
    return from_p(_probability(alpha, "alpha"), n, 1, tails)


def critical_z(n: ArrayLike, alpha: float = 0.05, tails: int = 2) -> Number:
    """Fisher's z of :func:`critical_r`: the bound of a result reported in words."""
    return r_to_z(critical_r(n, alpha, tails))


def _as_printed(r: ArrayLike) -> Number:
    """A correlation that needs no conversion, checked for its range."""
    return z_to_r(r_to_z(r))


def _odds_ratio_between(ci_low: ArrayLike, ci_high: ArrayLike) -> Number:
    """An odds ratio of which only the interval is printed: the geometric mean of its bounds."""
    low, high = _array(ci_low, "ci_low"), _array(ci_high, "ci_high")
    _require(low > 0, "ci_low", "above 0", ci_low)
    _require(high > low, "ci_high", "above ci_low", ci_high)
    return from_odds_ratio(np.sqrt(low * high))


def _wald_root_n(ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, n: ArrayLike) -> Number:
    return from_wald_z(wald_z_of_ratio(ratio, ci_low, ci_high), n, bounded=False)


def _p_of_t(p: ArrayLike, df: ArrayLike) -> Number:
    return from_p(p, _degrees(df) + 2)


def _p_root_n(p: ArrayLike, n: ArrayLike) -> Number:
    return from_p_normal(p, n, bounded=False)


_VALUE = ("value",)
_RATIO = ("value", "ci_low", "ci_high", "n")

CONVERSIONS: dict[str, tuple[tuple[str, ...], Callable[..., Number]]] = {
    # of effects
    "reported-r": (_VALUE, _as_printed),
    "spearman-as-r": (_VALUE, _as_printed),
    "root-r-squared": (_VALUE, from_r_squared),
    "d-to-r": (_VALUE, from_d),
    "t-to-r": (("value", "df"), from_t),
    "f-to-r": (("value", "df"), from_f),
    "p-to-r": (("p_value", "df"), _p_of_t),
    "p-to-z-root-n": (("p_value", "n"), _p_root_n),
    "b-se-to-r": (("value", "se", "df"), from_coefficient),
    "b-interval-to-r": (("value", "ci_low", "ci_high", "df"), from_coefficient_interval),
    "odds-ratio-to-r": (_VALUE, from_odds_ratio),
    "odds-ratio-from-interval": (("ci_low", "ci_high"), _odds_ratio_between),
    "wald-z-root-n": (_RATIO, _wald_root_n),
    "wald-z-root-z2-n": (_RATIO, from_ratio_interval),
    # of published pooled results
    "r_as_reported": (_VALUE, _as_printed),
    "z_to_r": (_VALUE, z_to_r),
    "variance_to_r": (_VALUE, from_r_squared),
    "d_to_r": (_VALUE, from_d),
    "or_to_d_to_r": (_VALUE, from_odds_ratio),
    # a risk difference between halves of equal size is a correlation of two dichotomies
    "risk_difference_to_r": (_VALUE, _as_printed),
}
"""By name of the conversion (as in ``data/conversions.csv``): what it needs, and its formula."""


def from_statistic(conversion: str, *, sign: int | None = None, **reported: float | None) -> float:
    """Correlation of a reported statistic by the named conversion.

    Parameters
    ----------
    conversion : str
        A name of ``CONVERSIONS``.
    sign : 1 or -1, optional
        Direction of the result: 1 when a better relationship goes with a better outcome. It
        replaces the sign of the statistic, which may be that of a symptom score or of
        non-adherence. Without it the statistic's own sign stands.
    **reported : float
        The figures printed: value, se, ci_low, ci_high, df, p_value, n. Those that the
        conversion does not need are ignored.

    Returns
    -------
    float
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If the conversion is unknown, a figure it needs is missing, or a figure is out of range.
    """
    if conversion not in CONVERSIONS:
        known = ", ".join(sorted(CONVERSIONS))
        raise ValueError(f"conversion must be one of {known}; got {conversion!r}")
    needed, formula = CONVERSIONS[conversion]
    missing = [name for name in needed if reported.get(name) is None]
    if missing:
        raise ValueError(f"conversion {conversion} needs {', '.join(missing)}")
    r = float(formula(*(reported[name] for name in needed)))
    return r if sign is None else float(_signed(sign)) * abs(r)
