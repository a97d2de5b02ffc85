"""Profile-likelihood limits: how far one coordinate can go before the likelihood falls too low.

A search pushes one coordinate outwards while the others stay at their best. ``edges`` moves all of
them together on the quadratic through the present point, which takes a few steps and may fail;
``safe_edges`` follows the profile with brackets.
"""

from typing import NamedTuple

import numpy as np

from ..roots import bracketed_newton
from .climbs import LONGEST, LOOSE, TOLERANCE, Landscape, ascend, free_to_move, solver

STEPS = 25
ROUNDS = 6


class Search(NamedTuple):
    """Searches, one a row: coordinate ``fixed`` of ``frame`` is pushed to the side of ``sign``."""

    fixed: np.ndarray
    frame: np.ndarray
    sign: np.ndarray

    def at(self, rows) -> "Search":
        """Some of them, by position."""
        return Search(*(part[rows] for part in self))

    def pushed(self, y) -> np.ndarray:
        """The coordinate that is pushed, of points (B, d)."""
        return y[np.arange(len(y)), self.fixed]


def limits(land: Landscape, search: Search, places, best, floor: float) -> np.ndarray:
    """Where the profiles fall to ``floor``, (P,).

    Parameters
    ----------
    land : Landscape
    search : Search
    places : ndarray, shape (S, P, d)
        Where each search begins, S times; the farthest limit counts.
    best : ndarray, shape (d,)
        The parameters at the maximum.
    floor : float
        A log-likelihood below that at the maximum.
    """
    times, count, _ = places.shape
    every = Search(*(np.tile(part, times) for part in search))
    flat = places.reshape(times * count, -1)
    where, found = edges(land, every, flat, floor)
    outward = np.where(found, every.sign * where, -np.inf).reshape(times, count).max(axis=0)
    # what lies inside of a place known to be above the floor is no limit
    above = land.seen(flat, every.frame).value >= floor
    inner = np.where(above, every.sign * every.pushed(flat), -np.inf).reshape(times, count)
    peak = np.broadcast_to(best, places.shape[1:])[..., None]
    peak = np.linalg.solve(land.frames[search.frame], peak)
    known = np.concatenate([places, peak[None, ..., 0]])
    inner = np.vstack([inner, search.sign * search.pushed(peak[..., 0])])
    farthest = inner.argmax(axis=0), np.arange(count)
    known, inner = known[farthest], inner[farthest]
    lost = ~(outward >= inner - 1e-9 * (1 + np.abs(inner)))
    ends = search.sign * np.where(lost, 0.0, outward)
    if lost.any():
        ends[lost] = safe_edges(land, search.at(lost), known[lost], floor)
    return ends


def edges(land: Landscape, search: Search, start, floor: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the profiles fall to ``floor``, (P,), and whether each search found such a place."""
    y, found = np.array(start, dtype=float), np.zeros(len(start), dtype=bool)
    active = np.arange(len(y))
    for _ in range(STEPS):
        some, at = search.at(active), y[active]
        here = land.seen(at, some.frame)
        new, done, lost = _step(land, some, at, here, floor)
        # at its bound a coordinate can go no further: the limit, if that is above the floor
        stopped = (some.sign < 0) & (some.pushed(at) <= land.low[some.fixed])
        stopped &= here.value >= floor
        y[active] = np.where(stopped[:, None], at, new)
        found[active] = stopped | (done & ~lost)
        active = active[~found[active] & ~lost]
        if not active.size:
            break
    return search.pushed(y), found


def _step(land, search, y, here, floor):
    """The next points; whether a search ends there; whether it is lost.

    With the slope s and the bend B of the other coordinates, these are best a step B^-1 s away;
    what that gains, and how the profile goes on from there, says how far to push.
    """
    rows, fixed, sign = np.arange(len(y)), search.fixed, search.sign
    scale = land.scales(y, search.frame)
    own = scale[rows, fixed]
    # what moves when the fixed coordinate does, in units of its scale
    tied = land.tied(y, search.frame, fixed, here.score)
    along = np.where(tied, own[:, None] / scale, 0.0)
    along[rows, fixed] = 1.0
    slope, bend = land.unitless(y, search.frame, here)
    free = np.arange(y.shape[1]) != fixed[:, None]
    moving = free_to_move(land, y, search.frame, free, here.score) & (along == 0)
    inverse = solver(bend, moving)
    cross = np.einsum("bij,bj->bi", bend, along)
    best, answer = (np.einsum("bij,bj->bi", inverse, part) for part in (slope, cross))
    gain = 0.5 * (slope * best).sum(axis=1)
    height = here.value + gain - floor
    ahead = (slope * along).sum(axis=1) - (cross * best).sum(axis=1)
    own_bend = (cross * along).sum(axis=1) - (cross * answer).sum(axis=1)
    push = _outward(height, ahead, own_bend, sign)
    move = best - answer * push[:, None]
    longest = np.maximum(np.abs(move).max(axis=1), np.abs(push)) / LONGEST
    move += along * push[:, None]
    new = land.moved(y, search.frame, move / np.maximum(longest, 1.0)[:, None])
    new = np.where(tied, land.high(new, search.frame), new)
    near = (np.abs(height) < 1e-8) & (gain < 1e-9) & (longest < 1e-4) & (sign * ahead < 0)
    return new, near, ~np.isfinite(new).all(axis=1)


def _outward(height, slope, bend, sign):
    """How far to go until the parabola falls to zero; to its top where it does not reach zero."""
    side = sign * slope
    root = np.sqrt(np.maximum(slope * slope + 2 * bend * height, 0.0))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        falling = 2 * height / (root - side)  # without a difference where it falls
        rising = (side + root) / bend
        straight = -height / side
    concave = np.where(side < 0, falling, rising)
    way = np.where(bend > 0, concave, np.where(side < 0, straight, 1.0))
    return sign * np.nan_to_num(way, nan=1.0, posinf=1.0, neginf=-1.0)


def safe_edges(land: Landscape, search: Search, start, floor: float) -> np.ndarray:
    """Where the profiles fall to ``floor``, from points above it, (P,).

    Outwards to a place below the floor, with climbs from all of ``land.starts``, and then to the
    root between; where another of those climbs is above the floor there, on from it.
    """
    state, ends = start.copy(), search.pushed(start)
    left = np.arange(len(start))
    for _ in range(ROUNDS):
        some = search.at(left)
        state[left], near, far = _bracket(land, some, state[left], floor)
        state[left] = _root(land, some, state[left], near, far, floor)
        ends[left] = some.pushed(state[left])
        found = _highest(land, some, state[left])
        above = found.points.value > floor + 1e-7 * (1 + abs(floor))
        left = left[above]
        state[left] = found.y[above]
        if not left.size:
            break
    return ends


def _bracket(land, search, state, floor):
    """Points above the floor, where they are, and where it is below, outwards."""
    state, near = state.copy(), search.pushed(state)
    far, low = near.copy(), land.low[search.fixed]
    step = 0.5 * land.scales(state, search.frame)[np.arange(len(state)), search.fixed]
    left = np.arange(len(state))
    while left.size:
        some = search.at(left)
        at = np.maximum(near[left] + some.sign * step[left], low[left])
        found = _highest(land, some, land.held(state[left], some.frame, some.fixed, at))
        above = found.points.value >= floor
        far[left] = at
        state[left[above]], near[left[above]] = found.y[above], at[above]
        step[left] *= 2
        left = left[above & (at > low[left])]
    return state, near, far


def _root(land, search, state, near, far, floor):
    """Points on the floor between."""
    rows = np.arange(len(state))

    def excess(distance):
        nonlocal state
        at = land.held(state, search.frame, search.fixed, near + search.sign * distance)
        found = _climb(land, search, at, TOLERANCE)
        state, score = found.y, found.points.score
        # where another coordinate is bounded by the fixed one, it goes along
        tied = land.tied(state, search.frame, search.fixed, score)
        slope = score[rows, search.fixed] + np.where(tied, score, 0.0).sum(axis=1)
        return found.points.value - floor, search.sign * slope

    width = np.abs(far - near)
    distance = bracketed_newton(
        excess, np.zeros(width.size), width, 0.5 * width, relative=1e-9, absolute=1e-10 * width
    )
    return land.held(state, search.frame, search.fixed, near + search.sign * distance)


def _climb(land, search, y, tolerance):
    free = np.arange(y.shape[1]) != search.fixed[:, None]
    return ascend(land, y, search.frame, free, tolerance)


def _highest(land, search, y):
    places = land.starts(y, search.frame, search.fixed)
    every = Search(*(np.tile(part, len(places)) for part in search))
    found = _climb(land, every, np.concatenate(places), LOOSE)
    best = found.points.value.reshape(len(places), -1).argmax(axis=0)
    return found.at(best * len(y) + np.arange(len(y)))
