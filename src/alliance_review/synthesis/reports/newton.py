"""Newton's method in mu and tau squared at once: peaks of the likelihood, ends of its regions.

Tau squared t is moved through x = log(t + scale), in which the likelihood is close to a parabola
near its peak and to a straight line far out. At t = 0, where the likelihood falls with t, t stays.
"""

from typing import NamedTuple

import numpy as np

from .likelihood import Rows, taken, total_terms

ROUNDS = 15
#: A step so short, in standard errors of both and against t, is the last one: the error left is
#: about its square. No step is asked to be shorter than the digits of t.
SHORT, DIGITS = 1e-5, 1e-14
MANY = 64


class Slopes(NamedTuple):
    """Value and derivatives in mu (m) and x (g), and where t stays zero; each (B,)."""

    value: np.ndarray
    m: np.ndarray
    mm: np.ndarray
    g: np.ndarray
    mg: np.ndarray
    gg: np.ndarray
    stays: np.ndarray


class Found(NamedTuple):
    """Points (mu, t), the log-likelihood, its slopes just before the last step, and whether that
    step was short enough; each (B,)."""

    mu: np.ndarray
    t: np.ndarray
    value: np.ndarray
    slopes: Slopes
    done: np.ndarray


def slopes_in_x(terms, t, scale) -> Slopes:
    """Derivatives in x = log(t + scale) from those in t."""
    w = t + scale
    g = terms.t * w
    return Slopes(
        terms.value, terms.m, terms.mm, g, terms.mt * w, terms.tt * w * w + g, (t <= 0) & (g <= 0)
    )


def highest_in_x(s: Slopes):
    """The equation g = 0 as (left side, its slope in mu, in x); t = 0 held where it stays. The
    slope in x is taken as falling, so that the step goes uphill."""
    return (
        np.where(s.stays, 0.0, s.g),
        np.where(s.stays, 0.0, s.mg),
        np.where(s.stays, -1.0, -np.abs(s.gg)),
    )


def settle(rows: Rows, member, mu, t, low, high, scale, unit, equations) -> Found:
    """Solve two equations for every column, from the starts ``mu`` and ``t``.

    ``equations(slopes, columns)`` returns both as (left side, slope in mu, slope in x); ``low``
    and ``high`` bound t; ``unit`` is a standard error of mu. All are (B,).
    """
    columns, found = np.arange(t.size), np.empty((11, t.size))
    # what t means next to the most precise report, however far ``scale`` is from that
    least, near = rows.v.min(axis=0) + np.zeros(t.size), unit**-2
    with np.errstate(all="ignore"):
        for last in range(ROUNDS - 1, -1, -1):
            s = slopes_in_x(total_terms(rows, member, mu, t), t, scale)
            (a, a_m, a_x), (b, b_m, b_x) = equations(s, columns)
            det = a_m * b_x - a_x * b_m
            step = _within((a_x * b - a * b_x) / det, 3 * unit)
            in_x = _within((a * b_m - a_m * b) / det, 1.5)
            new = t + (t + scale) * np.expm1(in_x)
            inside = (new >= low) & (new <= high)
            done = inside & (step * step * np.maximum(near, np.abs(s.mm)) <= SHORT**2)
            wide = new + least
            short = SHORT**2 * new + DIGITS**2 * wide
            done &= (new - t) ** 2 <= wide * short
            done &= in_x * in_x * np.abs(s.gg) <= SHORT**2
            ended = last == 0 or done.all()
            few = not ended and columns.size > MANY and np.count_nonzero(done) > 0.3 * done.size
            if ended or few:
                value = s.value + 0.5 * (s.m * step + s.g * in_x)
                found[:, columns] = mu + step, new, value, done, *s
            if ended:
                break
            # zero may be tried at once: there it shows whether t stays; other ends by halves
            below = np.where(low > 0, 0.5 * (t + low), 0.0)
            new = np.where(inside, new, np.where(new > high, 0.5 * (t + high), below))
            mu, t = mu + step, new
            if few:
                keep = np.flatnonzero(~done)
                rows, member, columns = rows.take(keep), taken(member, keep), columns[keep]
                mu, t, low, high, scale, unit, least, near = (
                    array[keep] for array in (mu, t, low, high, scale, unit, least, near)
                )
    mu, t, value, done, *slopes, stays = found
    return Found(mu, t, value, Slopes(*slopes, stays > 0), done > 0)


def _within(step, longest):
    return np.minimum(np.maximum(step, -longest), longest)
