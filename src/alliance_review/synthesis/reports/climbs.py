"""Newton's method on a log-likelihood of a few parameters, some of them variances not below 0.

Many climbs at once. A log-likelihood says what it is at a point, with its first two derivatives; it
is climbed in coordinates y that are linear in the parameters (``frames``), so that a sum or a
difference of parameters can be held.
"""

from typing import NamedTuple

import numpy as np

#: A climb ends where the quadratic through its last point promises no more than this.
TOLERANCE, LOOSE = 1e-12, 1e-5
STEPS = 100
LONGEST = 1.5  # of a step, in units of ``scales``


class Points(NamedTuple):
    """A log-likelihood and its derivatives at B points of d parameters."""

    value: np.ndarray  # (B,)
    score: np.ndarray  # (B, d)
    bend: np.ndarray  # (B, d, d) second derivatives

    def at(self, rows) -> "Points":
        """Some of the points, by position."""
        return Points(*(part[rows] for part in self))


class Climb(NamedTuple):
    """Where climbs ended, and what the log-likelihood is there; derivatives in y."""

    y: np.ndarray  # (B, d)
    points: Points

    def at(self, rows) -> "Climb":
        """Some of them, by position."""
        return Climb(self.y[rows], self.points.at(rows))


class Landscape:
    """A log-likelihood to climb on.

    Attributes
    ----------
    frames : ndarray, shape (F, d, d)
        Systems of coordinates: the parameters are ``frames[f] @ y``.
    low : ndarray, shape (d,)
        Lower bounds of the coordinates, the same in all frames.
    """

    frames: np.ndarray
    low: np.ndarray

    def evaluate(self, theta) -> Points:
        """At parameters (B, d)."""
        raise NotImplementedError

    def scales(self, y, frame) -> np.ndarray:
        """How far each coordinate goes before the likelihood bends, roughly, (B, d)."""
        raise NotImplementedError

    def curved(self, y, frame) -> np.ndarray:
        """Which coordinates (B, d) are variances that go by steps of log(y + constant), with
        ``scales`` of y + constant: of that the likelihood is nearer to a parabola."""
        return np.zeros(y.shape, dtype=bool)

    def high(self, y, frame) -> np.ndarray:
        """Upper bounds of the coordinates, (B, d)."""
        return np.full(y.shape, np.inf)

    def tied(self, y, frame, fixed, score) -> np.ndarray:
        """Which coordinates (B, d), at their upper bounds, move along with the fixed one."""
        return np.zeros(y.shape, dtype=bool)

    def held(self, y, frame, fixed, values) -> np.ndarray:
        """Points with the coordinate ``fixed`` at other values."""
        y = y.copy()
        y[np.arange(len(y)), fixed] = values
        return y

    def starts(self, y, frame, fixed) -> list[np.ndarray]:
        """Where to begin a search that begins at y: there, and perhaps elsewhere too."""
        return [y]

    def within(self, y, frame) -> np.ndarray:
        """The nearest points inside the bounds."""
        y = np.maximum(y, self.low)
        return np.minimum(y, self.high(y, frame))

    def moved(self, y, frame, step) -> np.ndarray:
        """Where steps (B, d), in units of ``scales``, lead to inside the bounds."""
        curved = self.curved(y, frame)
        step = np.where(curved, np.expm1(np.where(curved, step, 0.0)), step)
        return self.within(y + self.scales(y, frame) * step, frame)

    def unitless(self, y, frame, points: "Points") -> tuple[np.ndarray, np.ndarray]:
        """Slopes (B, d) and minus second derivatives (B, d, d) in units of ``scales``."""
        scale = self.scales(y, frame)
        slope, bend = scale * points.score, -points.bend * scale[:, :, None] * scale[:, None]
        diagonal = np.einsum("bii->bi", bend)  # a view
        diagonal -= np.where(self.curved(y, frame), slope, 0.0)
        return slope, bend

    def seen(self, y, frame) -> Points:
        """At coordinates (B, d), with derivatives in them."""
        turn = self.frames[frame]
        value, score, bend = self.evaluate(np.einsum("bij,bj->bi", turn, y))
        return Points(value, np.einsum("bij,bi->bj", turn, score),
                      np.einsum("bij,bik,bkl->bjl", turn, bend, turn))  # fmt: skip


def solver(bend, moving) -> np.ndarray:
    """Inverses of minus second derivatives (B, d, d) among the coordinates that move.

    Where the likelihood is not concave the sign is turned, so that a step still leads uphill.
    """
    both = moving[:, :, None] & moving[:, None]
    roots, turn = np.linalg.eigh(np.where(both, bend, np.eye(bend.shape[-1])))
    size = np.abs(roots)
    roots = np.maximum(size, 1e-9 * size.max(axis=1, keepdims=True))
    return np.where(both, np.einsum("bij,bj,bkj->bik", turn, 1 / roots, turn), 0.0)


def free_to_move(land: Landscape, y, frame, free, score) -> np.ndarray:
    """Coordinates not at a bound that the likelihood pushes them against, (B, d)."""
    high = land.high(y, frame)
    return free & ((y > land.low) | (score > 0)) & ((y < high) | (score < 0))


def ascend(land: Landscape, start, frame, free, tolerance: float = TOLERANCE) -> Climb:
    """Climb from every row of ``start`` to a peak in its free coordinates.

    Parameters
    ----------
    land : Landscape
    start : ndarray, shape (B, d)
    frame : ndarray of int, shape (B,)
        The system of coordinates of each row.
    free : ndarray of bool, shape (B, d)
        Coordinates that may move. One that another is bounded by must not.
    tolerance : float
        Of the log-likelihood.
    """
    y = np.array(start, dtype=float)
    here = land.seen(y, frame)
    active, cut = np.arange(len(y)), np.ones(len(y))
    for _ in range(STEPS):
        at, points, frames = y[active], here.at(active), frame[active]
        new, gain = _newton(land, at, points, frames, free[active], cut[active])
        there = land.seen(new, frames)
        better = there.value >= points.value - 1e-12 * (1 + np.abs(points.value))
        kept = active[better]
        y[kept] = new[better]
        for whole, part in zip(here, there, strict=True):
            whole[kept] = part[better]
        cut[active] = np.where(better, np.minimum(1.0, 4 * cut[active]), 0.25 * cut[active])
        # a step that promised next to nothing was the last, even if rounding called it worse
        active = active[(gain > tolerance) & (cut[active] > 1e-6)]
        if not active.size:
            break
    return Climb(y, here)


def _newton(land, y, points, frame, free, cut):
    """A step of Newton's method inside the bounds, and what it promises to gain."""
    moving = free_to_move(land, y, frame, free, points.score)
    slope, bend = land.unitless(y, frame, points)
    slope = np.where(moving, slope, 0.0)
    step = np.einsum("bij,bj->bi", solver(bend, moving), slope)
    longest = np.maximum(np.abs(step).max(axis=1) / LONGEST, 1.0)
    new = land.moved(y, frame, step * (cut / longest)[:, None])
    gain = np.where(longest > 1, np.inf, np.abs((points.score * (new - y)).sum(axis=1)))
    return new, gain
