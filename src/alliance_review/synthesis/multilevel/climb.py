"""Newton's method on the multilevel likelihood, in the quadrant of variances not below zero."""

from typing import NamedTuple

import numpy as np

from .likelihood import Data, Points, evaluate


class Peaks(NamedTuple):
    """Where the climbs ended: variances (B, 2), and the likelihood there."""

    tau2: np.ndarray
    points: Points

    def best(self, among: np.ndarray) -> "Peaks":
        """The highest of some of them, by position; still with a first axis, of length 1."""
        chosen = among[np.argmax(self.points.value[among])]
        return Peaks(self.tau2[[chosen]], Points(*(a[[chosen]] for a in self.points)))


def climb(data: Data, start: np.ndarray, free: np.ndarray, *, steps: int = 200) -> Peaks:
    """Go up from each row of ``start`` to a peak in the free variances, neither below zero.

    With few ``steps`` the peak is neared only.
    """
    tau2, points = start.copy(), evaluate(data, start)
    tiny = 1e-14 * data.v.min()
    active, step = np.arange(len(start)), None
    for _ in range(steps):
        here = Points(*(a[active] for a in points))
        if step is None:
            step, fresh = np.zeros(start.shape), np.ones(active.size, dtype=bool)
        which = active[fresh]
        if which.size:
            target = _newton(tau2[which], Points(*(a[fresh] for a in here)), free[which])
            step[which] = target - tau2[which]
        size = np.abs(step[active])
        still = (size > tiny).any(axis=1)
        active, size = active[still], size[still]
        if not active.size:
            break
        new = evaluate(data, tau2[active] + step[active])
        old = points.value[active]
        fresh = new.value >= old - 1e-11 * (1 + np.abs(old))
        moved = active[fresh]
        # Newton's method doubles the digits with each step: after one of 1e-6, 1e-12 is left
        tau2[moved] += step[moved]
        for whole, part in zip(points, new, strict=True):
            whole[moved] = part[fresh]
        step[active[~fresh]] /= 2
        done = fresh & (size <= 1e-6 * tau2[active] + tiny).all(axis=1)
        active, fresh = active[~done], fresh[~done]
    return Peaks(tau2, points)


def _newton(tau2, points, free):
    """Where the quadratics that fit the likelihood have their peaks at tau2 >= 0, (B, 2)."""
    score, fisher, bend = points.score, points.fisher, points.observed
    moving = free & ((tau2 > 0) | (score > 0))
    curve, expected = (np.diagonal(a, axis1=1, axis2=2) for a in (bend, fisher))
    # the observed information leads to a peak only where the likelihood is concave
    usable = curve > 0.05 * expected
    alone = np.maximum(tau2 + score / np.where(usable, curve, expected), 0.0)
    both = usable.all(axis=1) & (separate(bend) > 0.02)
    bend = np.where(both[:, None, None], bend, fisher)
    joint = tau2 + np.linalg.solve(bend, score[..., None])[..., 0]
    # where that leaves the quadrant, the peak lies on one of its edges
    edges, gains = [], []
    for i in (0, 1):
        j = 1 - i
        edge = np.zeros(tau2.shape)
        slope = score[:, j] + bend[:, j, i] * tau2[:, i]
        edge[:, j] = np.maximum(tau2[:, j] + slope / bend[:, j, j], 0.0)
        step = edge - tau2
        edges.append(edge)
        gains.append((score * step).sum(axis=1) - 0.5 * np.einsum("bi,bij,bj->b", step, bend, step))
    edge = np.where((gains[0] > gains[1])[:, None], *edges)
    joint = np.where((joint >= 0).all(axis=1)[:, None], joint, edge)
    return np.where(moving.all(axis=1)[:, None], joint, np.where(moving, alone, tau2))


def separate(matrix):
    """Determinants of correlation forms: 1 where separate, 0 where the same, below: not PD."""
    return 1 - matrix[:, 0, 1] ** 2 / (matrix[:, 0, 0] * matrix[:, 1, 1])
