"""Profile-likelihood limits of a mean and of tau squared, where neither has a closed form."""

import numpy as np

from ..roots import bracketed_newton
from .optimise import maximise

#: How far limits are searched for, in units of the distance that a normal law would give.
REACH = np.array([0.0, 0.3, 0.6, 0.9, 1.2, 1.6, 2.2, 3.0, 4.5, 7.0, 12.0, 25.0, 60.0, 200.0])
#: The same towards tau squared = 0, as shares of the estimate.
SHARES = np.append(np.geomspace(1.0, 1e-4, REACH.size - 1), 0.0)
#: Values of t to try at a mean far off, as shares of its squared distance from the estimate.
RIDGE = np.array([1e-4, 1e-3, 1e-2, 0.1])


class Profile:
    """The likelihood of one of (mu, t) with the other at its best."""

    def __init__(self, function, best, top, problem):
        self.function, self.best, self.top = function, best, top
        self.lower = np.array([-np.inf, 0.0])
        reach = np.sqrt(1 + best[1])
        centre = problem.weighted_means(best[1:])[0][0, 0]
        self.starts = (
            np.concatenate([[best[0], centre], best[0] + reach * np.array([-4.0, -1.5, 1.5])]),
            np.append(best[1], problem.spread_grid(best[1])),
        )

    def at(self, axis: int, value):
        """Profile at the values (B,) of one coordinate, and its slope there."""
        others = np.tile(self.starts[1 - axis], (value.size, 1))
        if axis == 0:  # far out, mu and t rise together along a ridge
            others = np.hstack([others, RIDGE * (value[:, None] - self.best[0]) ** 2])
        x = np.empty((*others.shape, 2))
        x[..., axis], x[..., 1 - axis] = value[:, None], others
        free = np.arange(2) != axis
        values = self.function(x.reshape(-1, 2))[0].reshape(value.size, -1)
        order = np.argsort(-np.nan_to_num(values, nan=-np.inf), axis=1, kind="stable")[:, :2]
        x = np.take_along_axis(x, order[..., None], axis=1)
        found = maximise(self.function, x.reshape(-1, 2), self.lower, free)
        top = np.nan_to_num(found.value, nan=-np.inf).reshape(value.size, -1)
        best = top.argmax(axis=1) + np.arange(value.size) * top.shape[1]
        return found.value[best], found.gradient[best, axis]

    def limits(self, axis: int, floor: float) -> tuple[float, float]:
        """Where the profile falls to ``floor`` below and above the best value, for good; the end
        of the range, or infinity, where it does not."""
        start = self.best[axis]
        curvature = -self.function(self.best[None])[2][0, axis, axis]
        unit = np.sqrt(1 / curvature) if curvature > 0 else 0.0
        unit = max(unit, 0.05 * (1 + abs(start))) * np.sqrt(2 * (self.top - floor))
        below = start * SHARES if axis == 1 else start - unit * REACH
        places = np.stack([below, start + unit * REACH])
        value = self.at(axis, places.ravel())[0].reshape(places.shape)
        value[:, 0] = self.top
        reached = value.shape[1] - 1 - (value[:, ::-1] >= floor).argmax(axis=1)
        open_end = reached == value.shape[1] - 1
        way = np.array([-1.0, 1.0])
        side = np.arange(2)
        near = way * (places[side, reached] - start)
        far = way * (places[side, np.minimum(reached + 1, value.shape[1] - 1)] - start)

        def excess(distance):
            height, slope = self.at(axis, start + way * distance)
            return np.where(open_end, 0.0, height - floor), way * slope

        distance = bracketed_newton(excess, near, far, 0.5 * (near + far), relative=1e-10)
        ends = np.where(open_end, way * np.inf, start + way * distance)
        if axis == 1 and open_end[0]:
            ends[0] = 0.0
        return float(ends[0]), float(ends[1])
