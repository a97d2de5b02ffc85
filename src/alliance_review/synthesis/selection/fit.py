"""The maximum of the likelihood of a selection model, found from a grid of starting points.

At given mean and tau squared the likelihood of every weight function here but the logistic is
concave in its parameters, so only the mean and tau squared can hide a second maximum: the grid
runs over these two, with the parameters at their best, and every peak of the grid is climbed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..blocks import Ticker
from ..checks import NoMaximum
from ..peaks import peaks
from ..regression.tau import tau_squared_regression
from .optimise import at_bound, maximise
from .weighted_normal import LOG_2PI, normaliser, weighted_log_likelihood
from .weights import Weighting

T_POINTS = 7
SHIFTS = np.array([-6.0, -4.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
PEAKS = 6
#: About as many numbers are in the arrays of a block of effects.
AT_ONCE = 1 << 18
#: A log-weight beyond this has run away.
LARGEST_LOG_WEIGHT = 25.0
NO_MAXIMUM = (
    "the likelihood of the selection model has no maximum at a finite place: mean, tau squared "
    "and weights can move together without end and still fit; a model with fewer weights, or with "
    "fixed weights, is needed"
)


TOO_STEEP = (
    "the likelihood is highest where the weight falls too steeply with p to be integrated: the "
    "data do not determine it"
)


@dataclass(frozen=True)
class Fit:
    """A maximum: ``beta`` (p,), ``tau2``, ``parameters`` of the weights (d,), ``value`` the
    log-likelihood, ``covariance`` (n, n) of (beta, tau2, parameters) by observed information,
    ``nan`` for those on their bound; ``bounded`` (n,) says which are."""

    beta: np.ndarray
    tau2: float
    parameters: np.ndarray
    value: float
    covariance: np.ndarray
    bounded: np.ndarray


class Problem:
    """Data in units of the median standard error and a design with orthogonal columns."""

    def __init__(self, y, v, design):
        self.unit = float(np.sqrt(np.median(v)))
        self.y, self.v, k = y / self.unit, v / self.unit**2, y.size
        q, r = np.linalg.qr(design)
        self.basis = q * np.sqrt(k)
        self.to_beta = self.unit * np.sqrt(k) * np.linalg.inv(r)
        self.constant = self.basis.sum(axis=0) / k  # the coordinates of a shift of every mean

    def weighted_means(self, t):
        """Coordinates of the weighted least-squares mean at every t (T,), and the profile
        log-likelihood without selection."""
        w = 1 / (self.v + t[:, None])
        normal = np.einsum("tk,kp,kq->tpq", w, self.basis, self.basis)
        right = np.einsum("tk,kp,k->tp", w, self.basis, self.y)
        mean = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
        residual = self.y - mean @ self.basis.T
        return mean, 0.5 * (np.log(w) - w * residual * residual - LOG_2PI).sum(axis=1)

    def spread_grid(self, t_guess):
        """Values of t from 0 over what is found without selection to beyond the whole spread."""
        first = 0.1 * max(t_guess, 0.1 * self.v.min(), 0.01)
        last = max(16 * t_guess, np.ptp(self.y) ** 2, 4.0)
        return np.append(0.0, np.geomspace(first, last, T_POINTS))

    def without_selection(self) -> tuple[float, float]:
        """Log-likelihood and t of ordinary maximum likelihood, the highest of all modes."""
        t = tau_squared_regression(self.y, self.v, self.basis, "ML")
        _, value = self.weighted_means(t)
        return float(value[0] - self.y.size * np.log(self.unit)), float(t[0])


def selection_likelihood(problem: Problem, weighting: Weighting) -> Callable:
    """The log-likelihood of x = (coordinates of the mean, t, parameters of the weights), with
    gradient and Hessian: a sum over blocks of effects, so that memory stays bounded."""
    k, p = problem.basis.shape
    # an effect has so many places of the weight, and first and second derivatives
    width = weighting.z.size + weighting.edges.size + 4 * (2 + weighting.lower.size) ** 2

    def part(x, effects):
        y, v, basis = problem.y[effects], problem.v[effects], problem.basis[effects]
        mu, s2 = x[:, :p] @ basis.T, v + x[:, p, None]
        law = normaliser(weighting, np.sqrt(v), mu, s2, x[:, p + 1 :])
        seen = weighting.logs(x[:, p + 1 :], weighting.observed[effects])
        return weighted_log_likelihood(y, v, basis, x, seen, law)

    def function(x):
        size = max(8, AT_ONCE // (len(x) * width))
        parts = [part(x, slice(start, start + size)) for start in range(0, k, size)]
        return tuple(sum(each) for each in zip(*parts, strict=True))

    return function


def fit(problem: Problem, functions: Sequence[Callable], lower, start, t_guess: float):
    """Highest maximum of the likelihood, and the highest with tau squared held at 0.

    Parameters
    ----------
    functions : sequence of callable
        As ``selection_likelihood`` gives them: the likelihood, or three approximations of it, one
        to search with, one to find the maximum of, and one that must agree with it there.
    lower, start : ndarray, shape (d,)
        Bounds of the parameters of the weights, and where to begin.
    t_guess : float
        Size of tau squared to expect, in the problem's unit.

    Returns
    -------
    Fit and Fit, the second None where there is no such maximum.

    Raises
    ------
    NoMaximum
        The likelihood rises towards infinity, or is flat at its highest place.
    """
    t = problem.spread_grid(t_guess)
    tick = Ticker("selection model, searches", 3)
    p, d = problem.basis.shape[1], lower.size
    mean, _ = problem.weighted_means(t)
    shift = (SHIFTS * np.sqrt(1 + t)[:, None])[..., None] * problem.constant
    grid = np.empty((t.size, SHIFTS.size, p + 1 + d))
    grid[..., :p] = mean[:, None, :] + shift
    grid[..., p] = t[:, None]
    grid[..., p + 1 :] = start
    rows = grid.reshape(-1, p + 1 + d)
    coordinate = np.arange(p + 1 + d)
    lower = np.concatenate([np.full(p, -np.inf), [0.0], lower])
    rough = maximise(functions[0], rows, lower, coordinate > p, iterations=3)
    table = np.where(np.isfinite(rough.value), rough.value, -np.inf).reshape(grid.shape[:2])
    tick(1)
    best = _climb(problem, functions, rough.x[_peaks(table)], lower, coordinate >= 0)
    tick(2)
    alike = best
    if best.tau2 > 0:
        at_zero = _peaks(table[:1])  # the first row of the grid has t = 0
        try:
            alike = _climb(problem, functions, rough.x[at_zero], lower, coordinate != p)
        except NoMaximum:
            alike = None
    tick(3)
    return best, alike


def _peaks(table):
    """Places in the flat table that are as high as all their neighbours, the highest first."""
    places = np.ravel_multi_index(peaks(table).T, table.shape)
    return places[np.argsort(-table.ravel()[places], kind="stable")][:PEAKS]


def _climb(problem, functions, start, lower, free) -> Fit:
    p = problem.basis.shape[1]
    for function in functions[:2]:
        found = maximise(function, start, lower, free)
        start = found.x
    value = np.where(np.isnan(found.value), -np.inf, found.value)
    # several starts that reach one place differ by rounding: take one that has converged
    near = found.converged & (value >= value.max() - 1e-9)
    if not near.any():
        raise NoMaximum(NO_MAXIMUM)
    best = int(np.flatnonzero(near)[np.argmax(value[near])])
    x, gradient, hessian = found.x[best], found.gradient[best], found.hessian[best]
    bounded = at_bound(x, gradient, lower) | ~free
    information = -hessian[np.ix_(~bounded, ~bounded)]
    eigenvalues = np.linalg.eigvalsh(information)
    open_ended = np.isinf(lower) & (np.arange(x.size) > p)
    ran_away = np.abs(x[open_ended]) > LARGEST_LOG_WEIGHT
    if ran_away.any() or eigenvalues[0] <= 1e-11 * eigenvalues[-1]:
        raise NoMaximum(NO_MAXIMUM)
    if any(abs(check(x[None])[0][0] - value[best]) > 1e-9 for check in functions[2:]):
        raise NoMaximum(TOO_STEEP)
    to_original = np.eye(x.size)
    to_original[:p, :p], to_original[p, p] = problem.to_beta, problem.unit**2
    covariance = np.zeros((x.size, x.size))
    covariance[np.ix_(~bounded, ~bounded)] = np.linalg.inv(information)
    covariance = to_original @ covariance @ to_original.T
    covariance[bounded], covariance[:, bounded] = np.nan, np.nan
    x = np.where(bounded & free, lower, x)
    return Fit(
        beta=problem.to_beta @ x[:p],
        tau2=float(x[p] * problem.unit**2),
        parameters=x[p + 1 :],
        value=float(value[best] - problem.y.size * np.log(problem.unit)),
        covariance=covariance,
        bounded=bounded,
    )
