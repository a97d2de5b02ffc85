"""From the name of a conversion, as a row of the evidence states it, to its formula, and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from . import back
from ._checks import Number, correlation, degrees, plain, positive, require, sign_of
from .correlations import r_to_z, z_to_r
from .from_groups import from_d, from_odds_ratio
from .from_models import (
    from_coefficient,
    from_coefficient_interval,
    from_ratio_interval,
    wald_z_of_ratio,
)
from .from_tests import from_f, from_p, from_p_normal, from_r_squared, from_t, from_wald_z


def _as_printed(r: ArrayLike) -> Number:
    """A correlation that needs no conversion, checked for its range."""
    return plain(correlation(r))


def _odds_ratio_between(ci_low: ArrayLike, ci_high: ArrayLike) -> Number:
    """An odds ratio of which only the interval is printed: the geometric mean of its bounds."""
    low = positive(ci_low, "ci_low")
    high = positive(ci_high, "ci_high")
    require(high > low, "ci_high", "above ci_low", ci_high)
    return from_odds_ratio(np.sqrt(low * high))


def _wald_root_n(ratio: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, n: ArrayLike) -> Number:
    return from_wald_z(wald_z_of_ratio(ratio, ci_low, ci_high), n, bounded=False)


def _p_of_t(p: ArrayLike, df: ArrayLike) -> Number:
    return from_p(p, degrees(df) + 2)


def _p_root_n(p: ArrayLike, n: ArrayLike) -> Number:
    return from_p_normal(p, n, bounded=False)


def _p_of_t_back(r: ArrayLike, df: ArrayLike) -> Number:
    return back.to_p(r, degrees(df) + 2)


def _p_root_n_back(r: ArrayLike, n: ArrayLike) -> Number:
    return back.to_p_normal(r, n, bounded=False)


def _ratio(r: ArrayLike, se: ArrayLike, n: ArrayLike) -> Number:
    return back.to_ratio_interval(r, n, se)[0]


def _ratio_root_n(r: ArrayLike, se: ArrayLike, n: ArrayLike) -> Number:
    return back.to_ratio_interval(r, n, se, bounded=False)[0]


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

BACK: dict[str, tuple[tuple[str, ...], Callable[..., Number]]] = {
    "reported-r": ((), _as_printed),
    "spearman-as-r": ((), _as_printed),
    "root-r-squared": ((), back.to_r_squared),
    "d-to-r": ((), back.to_d),
    "t-to-r": (("df",), back.to_t),
    "f-to-r": (("df",), back.to_f),
    "p-to-r": (("df",), _p_of_t_back),
    "p-to-z-root-n": (("n",), _p_root_n_back),
    "b-se-to-r": (("se", "df"), back.to_coefficient),
    "b-interval-to-r": (("se", "df"), back.to_coefficient),
    "odds-ratio-to-r": ((), back.to_odds_ratio),
    "odds-ratio-from-interval": ((), back.to_odds_ratio),
    "wald-z-root-n": (("se", "n"), _ratio_root_n),
    "wald-z-root-z2-n": (("se", "n"), _ratio),
    "r_as_reported": ((), _as_printed),
    "z_to_r": ((), r_to_z),
    "variance_to_r": ((), back.to_r_squared),
    "d_to_r": ((), back.to_d),
    "or_to_d_to_r": ((), back.to_odds_ratio),
    "risk_difference_to_r": ((), _as_printed),
}
"""By the same names: what the way back needs, and its formula."""


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
    needed, formula = _named(CONVERSIONS, conversion)
    r = float(formula(*_figures(conversion, needed, reported)))
    return r if sign is None else float(sign_of(sign)) * abs(r)


def to_statistic(conversion: str, r: float, **given: float | None) -> float:
    """The statistic that the named conversion would turn into r.

    Parameters
    ----------
    conversion : str
        A name of ``CONVERSIONS``.
    r : float
        Correlation, -1 < r < 1.
    **given : float
        What r does not carry and the conversion needs: df, n, or se (of the coefficient or log
        ratio). What is not needed is ignored.

    Returns
    -------
    float
        The p value for the conversions of p values (two-sided); the centre of the interval for
        those of intervals; R squared, F and p without a direction; otherwise the value with its
        sign.

    Raises
    ------
    ValueError
        As :func:`from_statistic`.
    """
    needed, formula = _named(BACK, conversion)
    return float(formula(r, *_figures(f"the way back of {conversion}", needed, given)))


def _named(table: dict, conversion: str):
    if conversion not in table:
        known = ", ".join(sorted(table))
        raise ValueError(f"conversion must be one of {known}; got {conversion!r}")
    return table[conversion]


def _figures(conversion: str, needed: tuple[str, ...], figures: dict) -> list:
    missing = [name for name in needed if figures.get(name) is None]
    if missing:
        subject = conversion if conversion.startswith("the ") else f"conversion {conversion}"
        raise ValueError(f"{subject} needs {', '.join(missing)}")
    return [figures[name] for name in needed]
