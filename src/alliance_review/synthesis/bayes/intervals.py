"""Intervals of a posterior distribution that knows its density, its CDF and its quantiles."""

import numpy as np

GRID = 17


def equal_tailed(posterior, level: float) -> tuple[float, float]:
    """The interval that leaves out the same probability on both sides."""
    low, high = posterior.quantile(np.array([(1 - level) / 2, (1 + level) / 2]))
    return float(low), float(high)


def shortest(posterior, level: float) -> tuple[float, float]:
    """The shortest interval of the given probability.

    Its ends have equal density, or one of them is the end of the support (tau = 0) and has the
    higher one. Of several such intervals the shortest is taken.
    """
    below = np.linspace(0, 1 - level, GRID)
    near = _near(posterior, np.concatenate([below[1:], below[:-1] + level]))
    left = np.concatenate([[posterior.low], near[: GRID - 1]])
    right = np.concatenate([near[GRID - 1 :], [posterior.high]])
    best = int(np.argmin(right - left))
    for side, p in ((0, level), (GRID - 1, 1 - level)):
        if best == side:
            other = posterior.quantile(np.array([p]))[0]
            a, b = (posterior.low, other) if side == 0 else (other, posterior.high)
            at_left, at_right = posterior.pdf(np.array([a, b]))
            if (at_left >= at_right) == (side == 0):
                return float(a), float(b)
    p_low, p_high = below[max(best - 2, 0)], below[min(best + 2, GRID - 1)]
    found = _by_newton(posterior, level, left[best], right[best])
    if found is not None and p_low <= posterior.cdf(np.array(found[:1]))[0] <= p_high:
        return found
    return _by_halving(posterior, level, p_low, p_high)


def _near(posterior, p) -> np.ndarray:
    """Quantiles to about six digits: a rough look-up and one step of Newton's method."""
    rough = posterior.rough_quantile(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = (p - posterior.cdf(rough)) / posterior.pdf(rough)
    near = np.where(np.abs(step) < 0.1 * np.nanmax(np.abs(rough)), rough + step, rough)
    far = np.isnan(near)
    if far.any():
        near[far] = posterior.quantile(p[far])
    return near


def _by_newton(posterior, level, low, high) -> tuple[float, float] | None:
    """Solve for both ends at once: probability ``level``, equal densities; None where it fails."""
    ends = np.array([low, high])
    for _ in range(15):
        width = ends[1] - ends[0]
        # a hair's breadth to either side, for the slope of the log density
        hair = 1e-5 * width
        if not (np.isfinite(width) and ends[0] - hair > posterior.low
                and ends[1] + hair < posterior.high and width > 0):  # fmt: skip
            return None
        density = posterior.pdf(np.concatenate([ends, ends + hair, ends - hair]))
        if not (density > 0).all():
            return None
        below = posterior.cdf(ends)
        missing, gap = level - (below[1] - below[0]), np.log(density[1] / density[0])
        f0, f1 = density[:2]
        s0, s1 = np.log(density[2:4] / density[4:]) / (2 * hair)
        if not s0 * f1 > s1 * f0:  # not near a minimum of the length
            return None
        step = np.array([missing * s1 + f1 * gap, f0 * gap + s0 * missing]) / (f1 * s0 - f0 * s1)
        ends = ends + step
        if np.abs(step).max() <= 1e-9 * width:
            return float(ends[0]), float(ends[1])
    return None


def _by_halving(posterior, level, p_low, p_high) -> tuple[float, float]:
    """The same by bisection over the probability below the interval, slow and safe.

    The length of the interval as a function of that probability has the derivative
    ``1/f(right) - 1/f(left)``: its sign says on which side the minimum lies.
    """
    for _ in range(50):
        p = 0.5 * (p_low + p_high)
        left, right = posterior.pdf(posterior.quantile(np.array([p, p + level])))
        p_low, p_high = (p, p_high) if right > left else (p_low, p)
    low, high = posterior.quantile(np.array([p, p + level]))
    return float(low), float(high)
