"""Weight functions of selection models, with exact derivatives.

A study with effect y and sampling variance v has z = y / sqrt(v) and a p value against an effect
of zero; the weight w(p) says how probable such a result is to be seen, relative to others. All
weights here depend on z alone. The z axis is cut into pieces where w is constant, and fixed
Gauss-Legendre points where it is not.

Sources: Hedges (1992), Vevea & Hedges (1995) for steps; Citkowicz & Vevea (2017) for beta;
Preston, Ashby & Smyth (2004) and Dear & Begg (1992) for weights that fall with p.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import erf, expit

from ..distributions import ndtr, ndtri

KINDS = ("step", "beta", "half_normal", "negative_exponential", "logistic", "power")
#: Parameters of each family with their values when there is no selection.
FAMILIES = {
    "beta": (1.0, 1.0),
    "half_normal": (0.0,),
    "negative_exponential": (0.0,),
    "logistic": (0.0,),
    "power": (0.0,),
}
#: p is held between this and 1 minus this. For beta and power the weight or its logarithm has no
#: limit at p = 0 or 1: without the floor A is infinite once a <= t / (v + t), and one effect with
#: p = 1e-20 would decide the fit. For the others the floor is far below any rounding.
FLOORS = {"beta": 1e-5, "power": 1e-5}
#: Panels over the z axis, points in each, and ratio of panels that shrink towards z = 0.
RULES = {"search": (2, 24, 4.0), "final": (8, 20, 2.0), "check": (12, 24, 1.6)}


class Logs(NamedTuple):
    """log w at n places: ``value`` (B, n), ``first`` (B, n, d), ``second`` (B, n, d, d)."""

    value: np.ndarray
    first: np.ndarray
    second: np.ndarray


@dataclass(frozen=True)
class Weighting:
    """A weight function on the z axis.

    ``logs(parameters, places)`` gives log w; ``places`` are rows of an array whose meaning is the
    family's own. The z axis is cut at ``edges``; w is constant on the pieces ``pieces``, where
    ``piece_places`` says which weight; ``z`` and ``share`` are the points and factors of the
    integration between them. ``lower`` are bounds of the d parameters, ``start`` no selection.
    """

    logs: Callable
    edges: np.ndarray
    pieces: np.ndarray
    piece_places: np.ndarray
    z: np.ndarray
    share: np.ndarray
    z_places: np.ndarray
    observed: np.ndarray
    lower: np.ndarray
    start: np.ndarray


def p_values(y, v, two_sided: bool):
    """p value of every effect, and one minus it: one-sided towards large y, or two-sided."""
    z = y / np.sqrt(v)
    return _both_tails(z) if two_sided else (ndtr(-z), ndtr(z))


def _both_tails(z):
    return 2 * ndtr(-abs(z)), erf(abs(z) / np.sqrt(2))


def step_weighting(p, steps, two_sided: bool, fixed=None) -> Weighting:
    """Steps at the p values ``steps``: d log-weights relative to the first interval.

    With ``fixed`` weights of all intervals there are no parameters.
    """
    steps = np.asarray(steps, dtype=float)
    count = steps.size
    if two_sided:
        cut = -ndtri(steps / 2)
        edges = np.concatenate([-cut, cut[::-1]])
        interval = np.concatenate([np.arange(count), [count], np.arange(count)[::-1]])
    else:
        edges, interval = -ndtri(steps)[::-1], np.arange(count + 1)[::-1]
    given = np.zeros(count + 1) if fixed is None else np.log(np.asarray(fixed, dtype=float))
    free = np.eye(count + 1)[:, 1:] if fixed is None else np.zeros((count + 1, 0))
    d = free.shape[1]

    def logs(parameters, places):
        first = free[places]
        second = np.zeros((1, len(places), d, d))
        return Logs(given[places] + parameters @ first.T, first[None], second)

    return Weighting(
        logs=logs,
        edges=edges,
        pieces=np.arange(interval.size),
        piece_places=interval,
        z=np.zeros(0),
        share=np.zeros(0),
        z_places=np.zeros(0, dtype=int),
        observed=np.searchsorted(steps, p, side="left"),
        lower=np.full(d, -np.inf),
        start=np.zeros(d),
    )


def smooth_weighting(kind, p, q, two_sided: bool, rule: str = "search") -> Weighting:
    """A weight that is a smooth function of p; ``q`` = 1 - p. Parameters as ``FAMILIES``.

    ``rule`` names the integration: "search" is quick and rough where w is steep, "final" is exact
    to rounding for every weight that data can call for, "check" confirms it.
    """
    panels, points, ratio = RULES[rule]
    floor = _floor(kind)
    often, seldom = [floor, 1 - floor], [1 - floor, floor]  # (p, 1 - p) at the ends
    outer = -ndtri(floor / 2) if two_sided else -ndtri(floor)
    ends = np.linspace(-outer, outer, panels + 1)
    edges, pieces = np.array([-outer, outer]), np.array([0, 2])
    piece_places = [often, often] if two_sided else [seldom, often]
    if two_sided and kind in FLOORS:
        # near z = 0 the weight goes like a power of abs(z): panels that shrink towards it
        inner = -ndtri((1 - floor) / 2)
        half = np.geomspace(inner, outer, int(np.ceil(np.log(outer / inner) / np.log(ratio))) + 1)
        ends = np.concatenate([-half[::-1], half])
        edges, pieces = np.array([-outer, -inner, inner, outer]), np.array([0, 2, 4])
        piece_places = [often, seldom, often]
    z, share = _panels(ends, points)
    z_places = np.stack(_both_tails(z) if two_sided else (ndtr(-z), ndtr(z)), axis=1)
    if pieces.size == 3:  # the middle panel is a piece of constant weight
        kept = np.abs(z) > inner
        z, share, z_places = z[kept], share[kept], z_places[kept]
    d = len(FAMILIES[kind])
    return Weighting(
        logs=smooth_logs(kind),
        edges=edges,
        pieces=pieces,
        piece_places=np.array(piece_places),
        z=z,
        share=share,
        z_places=z_places,
        observed=held_places(kind, p, q),
        lower=np.zeros(d),
        start=np.array(FAMILIES[kind]),
    )


def _floor(kind):
    return FLOORS.get(kind, 1e-16)


def held_places(kind, p, q):
    """p and 1 - p, both held within the floor of the family: the places of its log w, (n, 2)."""
    return np.clip(np.stack([p, q], axis=1), _floor(kind), 1 - _floor(kind))


def smooth_logs(kind) -> Callable:
    """log w of a family and its derivatives: takes parameters (B, d) and places (n, 2)."""
    return _LOGS[kind]


def _panels(ends, points):
    at, factor = np.polynomial.legendre.leggauss(points)
    half = 0.5 * np.diff(ends)[:, None]
    middle = 0.5 * (ends[1:] + ends[:-1])[:, None]
    return (middle + half * at).ravel(), (half * factor).ravel()


def _linear(statistics, offset=0.0):
    """log w = (parameters - offset) . statistics(p, q)"""

    def logs(parameters, places):
        first = statistics(places[:, 0], places[:, 1])
        d = first.shape[1]
        return Logs((parameters - offset) @ first.T, first[None], np.zeros((1, len(places), d, d)))

    return logs


def _logistic(parameters, places):
    """w = 2 exp(-d p) / (1 + exp(-d p))"""
    p = places[:, 0]
    x = parameters * p
    tail = expit(-x)
    first, second = -p * (1 - tail), -p * p * tail * (1 - tail)
    return Logs(np.log(2) - np.logaddexp(0, x), first[..., None], second[..., None, None])


_LOGS = {
    "beta": _linear(lambda p, q: np.stack([np.log(p), np.log(q)], axis=1), offset=1.0),
    "half_normal": _linear(lambda p, q: -(p * p)[:, None]),
    "negative_exponential": _linear(lambda p, q: -p[:, None]),
    "logistic": _logistic,
    "power": _linear(lambda p, q: np.log(q)[:, None]),
}
