"""From the name of a conversion, as a table of data may state it, to its formula, and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from ._checks import Number, at_least, bounds, correlation, plain, positive, sign_of, single
from .correlations import r_to_z, z_to_r
from .from_coefficients import from_coefficient, from_coefficient_interval
from .from_groups import from_d, from_odds_ratio
from .from_ratios import from_ratio_interval, wald_z_of_ratio
from .from_tests import from_f, from_p, from_r_squared, from_t
from .from_wald import from_p_normal, from_wald_z
from .to_coefficients import to_coefficient
from .to_groups import to_d, to_odds_ratio
from .to_ratios import to_ratio_interval
from .to_tests import to_f, to_p, to_r_squared, to_t
from .to_wald import to_p_normal

FIGURES = ("value", "se", "ci_low", "ci_high", "df", "p_value", "n")
"""What a source may print and :func:`from_statistic` takes."""

GIVEN = ("se", "df", "n")
"""What a correlation does not carry and :func:`to_statistic` takes."""


def _as_printed(r: ArrayLike) -> Number:
    """A correlation that needs no conversion, checked for its range."""
    return plain(correlation(r))


def _odds_ratio_between(ci_low: ArrayLike, ci_high: ArrayLike) -> Number:
    """An odds ratio of which only the interval is printed: the geometric mean of its bounds."""
    low, high = bounds(ci_low, ci_high, positive)
    return from_odds_ratio(np.sqrt(low) * np.sqrt(high))


def _wald_root_n(ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, n: ArrayLike) -> Number:
    return from_wald_z(wald_z_of_ratio(ratio, ci_low, ci_high), n, bounded=False)


def _people(df: ArrayLike) -> Number:
    """Sample size of a zero-order correlation whose test has df degrees of freedom."""
    return plain(at_least(df, "df", 2) + 2)


def _p_of_t(p: ArrayLike, df: ArrayLike) -> Number:
    return from_p(p, _people(df))


def _p_root_n(p: ArrayLike, n: ArrayLike) -> Number:
    return from_p_normal(p, n, bounded=False)


def _p_of_t_back(r: ArrayLike, df: ArrayLike) -> Number:
    return to_p(r, _people(df))


def _p_root_n_back(r: ArrayLike, n: ArrayLike) -> Number:
    return to_p_normal(r, n, bounded=False)


def _ratio(r: ArrayLike, se: ArrayLike, n: ArrayLike) -> Number:
    return to_ratio_interval(r, n, se)[0]


def _ratio_root_n(r: ArrayLike, se: ArrayLike, n: ArrayLike) -> Number:
    return to_ratio_interval(r, n, se, bounded=False)[0]


_VALUE = ("value",)
_RATIO = ("value", "ci_low", "ci_high", "n")

CONVERSIONS: dict[str, tuple[tuple[str, ...], Callable[..., Number]]] = {
    # of the statistics of a study
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
"""By name of the conversion: the figures it needs, and its formula."""

BACK: dict[str, tuple[tuple[str, ...], Callable[..., Number]]] = {
    "reported-r": ((), _as_printed),
    "spearman-as-r": ((), _as_printed),
    "root-r-squared": ((), to_r_squared),
    "d-to-r": ((), to_d),
    "t-to-r": (("df",), to_t),
    "f-to-r": (("df",), to_f),
    "p-to-r": (("df",), _p_of_t_back),
    "p-to-z-root-n": (("n",), _p_root_n_back),
    "b-se-to-r": (("se", "df"), to_coefficient),
    "b-interval-to-r": (("se", "df"), to_coefficient),
    "odds-ratio-to-r": ((), to_odds_ratio),
    "odds-ratio-from-interval": ((), to_odds_ratio),
    "wald-z-root-n": (("se", "n"), _ratio_root_n),
    "wald-z-root-z2-n": (("se", "n"), _ratio),
    "r_as_reported": ((), _as_printed),
    "z_to_r": ((), r_to_z),
    "variance_to_r": ((), to_r_squared),
    "d_to_r": ((), to_d),
    "or_to_d_to_r": ((), to_odds_ratio),
    "risk_difference_to_r": ((), _as_printed),
}
"""By the same names: what the way back needs, and its formula."""


def from_statistic(
    conversion: str, *, sign: int | None = None, **reported: float | None
) -> float:
    """Correlation of a reported statistic by the named conversion.

    Each conversion assumes what its formula assumes: see the function that ``CONVERSIONS`` names.

    Parameters
    ----------
    conversion : str
        A name of ``CONVERSIONS``.
    sign : 1 or -1, optional
        Direction of the result. It replaces the sign of the statistic, which may be that of a
        variable scored the other way round. Without it the statistic's own sign stands.
    **reported : float or None
        The figures printed, single numbers, by the names in ``FIGURES``: value, se, ci_low,
        ci_high, df, p_value, n. Those of them that the conversion does not need are ignored, so
        that all figures of a row can be handed over; any other name is refused.

    Returns
    -------
    float
        r, -1 < r < 1.

    Raises
    ------
    ValueError
        If the conversion or a figure is unknown, a figure the conversion needs is missing, no
        single number or out of range, or the sign is neither 1 nor -1.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7. Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    needed, formula = _named(CONVERSIONS, conversion)
    figures = _figures(f"conversion {conversion}", needed, reported, FIGURES)
    direction = None if sign is None else float(sign_of(single(sign, "sign")))
    r = float(formula(*figures))
    return r if direction is None else direction * abs(r)


def to_statistic(conversion: str, r: float, **given: float | None) -> float:
    """The statistic that the named conversion would turn into r.

    Each conversion assumes what its formula assumes: see the function that ``BACK`` names.

    Parameters
    ----------
    conversion : str
        A name of ``BACK``.
    r : float
        Correlation, -1 < r < 1.
    **given : float or None
        What r does not carry and the conversion needs, single numbers, by the names in ``GIVEN``:
        df, n, or se (of the coefficient or log ratio). Those of them that it does not need are
        ignored; any other name is refused.

    Returns
    -------
    float
        The p value for the conversions of p values (two-sided); the centre of the interval for
        those of intervals; R squared, F and p without a direction; otherwise the value with its
        sign.

    Raises
    ------
    ValueError
        If the conversion or a figure is unknown, a figure the conversion needs is missing, or r
        or a figure is no single number or out of range.

    References
    ----------
    Borenstein M, Hedges LV, Higgins JPT, Rothstein HR (2009). Introduction to Meta-Analysis,
    chapter 7. Rosenthal R (1991). Meta-Analytic Procedures for Social Research, chapter 2.
    """
    needed, formula = _named(BACK, conversion)
    figures = _figures(f"the way back of {conversion}", needed, given, GIVEN)
    return float(formula(single(r, "r"), *figures))


def _named(table: dict, conversion: str):
    if not isinstance(conversion, str) or conversion not in table:
        known = ", ".join(sorted(table))
        raise ValueError(f"conversion must be one of {known}; got {conversion!r}")
    return table[conversion]


def _figures(
    subject: str, needed: tuple[str, ...], figures: dict, known: tuple[str, ...]
) -> list[float]:
    """The figures a formula needs, in its order; a name that means nothing here is refused."""
    strange = [name for name in figures if name not in known]
    if strange:
        raise ValueError(f"unknown figure {', '.join(strange)}: known are {', '.join(known)}")
    missing = [name for name in needed if figures.get(name) is None]
    if missing:
        raise ValueError(f"{subject} needs {', '.join(missing)}")
    return [single(figures[name], name) for name in needed]
