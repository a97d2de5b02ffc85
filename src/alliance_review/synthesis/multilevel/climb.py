"""Newton's method on the multilevel likelihood, in the quadrant of variances not below zero.

The likelihood of a variance is skew, but that of the cube root of a precision is nearly a
parabola: k (3 log x - s x^3) / 2, of a precision x^3 and a sum of squares k s, has the third
derivative 0 at its peak. So a step is made in x = (tau2 + d)^(-1/3), where d stands for the other
variance in the sums that tau2 is judged by; half as many steps are needed.
"""

from typing import NamedTuple

import numpy as np

from .derivatives import Points, evaluate
from .likelihood import Data

#: Climbers nearer to each other, relative to both variances, are on the way to one peak: the
#: likelihood bends on a scale of 1.
NEAR = 0.02
STEPS = 200  # a few are enough; this ends what rounding would keep going


class Peaks(NamedTuple):
    """Where the climbs ended: variances (B, 2), and the likelihood there."""

    tau2: np.ndarray
    points: Points

    def best(self, among: np.ndarray) -> "Peaks":
        """The highest of some of them, by position; still with a first axis, of length 1."""
        chosen = among[[np.argmax(self.points.value[among])]]
        return Peaks(self.tau2[chosen], self.points.at(chosen))


def climb(
    data: Data, start: np.ndarray, free: np.ndarray, family: np.ndarray,
    points: Points | None = None,
) -> Peaks:  # fmt: skip
    """Go up from each row of ``start`` to a peak in the free variances, neither below zero.

    Of climbers of one ``family`` that meet, the highest goes on; the others stay where they are,
    with minus infinity for their likelihood: near a peak it equals that at the peak but for
    rounding, and the peak is what counts. ``points`` is what is known at ``start``.
    """
    tau2, here = start, evaluate(data, start) if points is None else points
    found = Peaks(start.copy(), Points(*(a.copy() for a in here)))
    active, step = np.arange(len(start)), np.zeros(start.shape)
    fresh, tiny = np.ones(len(start), dtype=bool), 1e-14 * data.v.min()
    for left in reversed(range(STEPS)):
        step = np.where(fresh[:, None], _newton(data, tau2, here, free) - tau2, 0.5 * step)
        there, new = tau2 + step, evaluate(data, tau2 + step)
        fresh = new.value >= here.value - 1e-11 * (1 + np.abs(here.value))
        if not fresh.all():
            for whole, old in zip((there, *new), (tau2, *here), strict=True):
                whole[~fresh] = old[~fresh]
        tau2, here, size = there, new, np.abs(step)
        # Newton's method squares the error with each step: after 3e-6, some 1e-12 is left
        done = fresh & (size <= 3e-6 * tau2 + tiny).all(axis=1) | (size <= tiny).all(axis=1)
        follows = _follows(tau2, here.value, family)
        done |= follows | (left == 0)
        if done.any():
            for whole, part in zip((found.tau2, *found.points), (tau2, *here), strict=True):
                whole[active[done]] = part[done]
            found.points.value[active[follows]] = -np.inf
            on = np.flatnonzero(~done)
            if not on.size:
                break
            active, tau2, here, step = active[on], tau2[on], here.at(on), step[on]
            free, family, fresh = free[on], family[on], fresh[on]
    return found


def _follows(tau2, value, family):
    """Whether one that stands higher is near, of the same family, (B,)."""
    order = np.lexsort((np.arange(len(value)), -value))
    tau2, family = tau2[order], family[order]
    near = np.abs(tau2[:, None] - tau2) <= NEAR * tau2
    near = near[:, :, 0] & near[:, :, 1] & (family[:, None] == family)
    follows = np.empty(len(value), dtype=bool)
    follows[order] = near.argmax(axis=1) < np.arange(len(value))  # each is near itself
    return follows


def _newton(data, tau2, points, free):
    """Where the peaks should be at tau2 >= 0, (B, 2)."""
    score, fisher = points.score, points.fisher
    moving = free & ((tau2 > 0) | (score > 0))
    # an information of nothing but rounding may have either sign
    expected = np.abs(_diagonal(fisher))
    # as many squares as there are clusters and effects, of the size that the information tells
    scale = np.sqrt(np.array([data.starts.size, data.v.size]) / (2 * expected))
    bend = points.observed.copy()
    curve = _diagonal(bend)  # a view
    curve -= (4 / 3) * score / scale
    # the observed information leads to a peak only where the likelihood is concave
    usable = curve > 0.05 * expected
    step = score / np.where(usable, curve, expected)
    rows = np.flatnonzero(moving.all(axis=1))
    if rows.size:
        both = usable[rows].all(axis=1) & (separate(bend[rows]) > 0.02)
        usable[rows] = both[:, None]
        step[rows] = _joint(score[rows], np.where(both[:, None, None], bend[rows], fisher[rows]))
    bent = scale * ((1 - np.minimum(step / (3 * scale), 0.5)) ** -3 - 1)
    target = np.where(moving, tau2 + np.where(usable, bent, step), tau2)
    rows = rows[~(target[rows] >= 0).all(axis=1)]
    if rows.size:
        bend = points.observed[rows]
        both = (_diagonal(bend) > 0.05 * expected[rows]).all(axis=1)
        both &= separate(bend) > 0.02
        bend = np.where(both[:, None, None], bend, fisher[rows])
        target[rows] = _on_edge(tau2[rows], score[rows], bend)
    return np.maximum(target, 0.0)


def _diagonal(matrices):
    """A view of the diagonals, (B, 2)."""
    return np.einsum("bii->bi", matrices)


def _joint(score, bend):
    """Steps to the peaks of quadratics with these slopes and bends."""
    a, b, d = bend[:, 0, 0], bend[:, 0, 1], bend[:, 1, 1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        turned = np.stack([d * score[:, 0] - b * score[:, 1], a * score[:, 1] - b * score[:, 0]])
        return (turned / (a * d - b * b)).T


def _on_edge(tau2, score, bend):
    """Peaks of such quadratics on the edges of the quadrant, where that inside is beyond them."""
    edges, gains = [], []
    for i in (0, 1):
        j = 1 - i
        edge = np.zeros(tau2.shape)
        slope = score[:, j] + bend[:, j, i] * tau2[:, i]
        edge[:, j] = np.maximum(tau2[:, j] + slope / bend[:, j, j], 0.0)
        step = edge - tau2
        edges.append(edge)
        gains.append((score * step).sum(axis=1) - 0.5 * np.einsum("bi,bij,bj->b", step, bend, step))
    return np.where((gains[0] > gains[1])[:, None], *edges)


def separate(matrix):
    """Determinants of correlation forms: 1 where separate, 0 where the same, below: not PD."""
    return 1 - matrix[:, 0, 1] ** 2 / (matrix[:, 0, 0] * matrix[:, 1, 1])
