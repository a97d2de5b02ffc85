"""From true values to what a reader of abstracts gets: one small function per way of telling.

Each takes a random generator, the true mean ``mu`` and spread ``tau`` on Fisher z, the sample
sizes ``n``, shape (k, B) for B reviews of k studies, and the parameters of the way of telling. It
returns what is told. The words are read as this review reads them: "significant" as a two-sided
test at .05, of the sign that is told. The ways that go beyond "none", "ours", "eligible" and
"extreme" break one rule each; the reader does not know.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from alliance_review.synthesis import critical_z

READ_ALPHA = 0.05


class Told(NamedTuple):
    """What is told of k studies in each of B reviews, as ``pool_report_sets`` takes it.

    ``low`` and ``high`` bound the observed Fisher z: equal for a number, both nan where nothing is
    told. ``n`` are the sample sizes. All of shape (k, B).
    """

    low: np.ndarray
    high: np.ndarray
    n: np.ndarray

    @property
    def number(self) -> np.ndarray:
        """Whether a number is told."""
        return self.low == self.high

    @property
    def null(self) -> np.ndarray:
        """Whether all that is told is "not significant"."""
        return np.isfinite(self.low) & np.isfinite(self.high) & ~self.number

    @property
    def sign(self) -> np.ndarray:
        """Direction of a number or of a significant result in words; 0 where none is told."""
        with np.errstate(invalid="ignore"):
            direction = np.where(self.low > 0, 1, np.where(self.high < 0, -1, 0))
        return np.where(self.null, 0, direction)


def draw_sizes(rng: np.random.Generator, sizes, reviews: int) -> np.ndarray:
    """Sample sizes (k, B): uniform between the ends of each range, the same ones where known."""
    low, high = np.array(sizes).T[:, :, None]
    return rng.integers(low, high, (len(sizes), reviews), endpoint=True)


def observed(rng, theta, n) -> np.ndarray:
    """Observed Fisher z around true effects: normal with variance 1/(n - 3)."""
    return theta + rng.standard_normal(theta.shape) / np.sqrt(n - 3.0)


def normal_effects(rng, mu: float, tau: float, shape) -> np.ndarray:
    """True effects, normal."""
    return mu + tau * rng.standard_normal(shape)


def judged(z, n, alpha=READ_ALPHA, tails: int = 2) -> np.ndarray:
    """What the authors' test says: 1 or -1 where it is significant, 0 where it is not.

    A one-sided test looks for positive associations only.
    """
    critical = critical_z(n, alpha, tails)
    return (z >= critical).astype(int) - ((z <= -critical) if tails == 2 else 0)


def told(rng, z, sign, n, p: Mapping, printed=None) -> Told:
    """Print some results as numbers and put the others into words.

    Parameters
    ----------
    z, sign, n : ndarray, shape (k, B)
        Observed values, what their tests said, sample sizes.
    p : mapping
        ``significant``, ``not_significant``: chance of a printed number.
    printed : ndarray, optional
        Chances of a printed number in place of those in ``p``.
    """
    if printed is None:
        printed = np.where(sign != 0, p["significant"], p["not_significant"])
    number = rng.random(z.shape) < printed
    critical = critical_z(n, READ_ALPHA)
    low = np.where(sign > 0, critical, np.where(sign < 0, -np.inf, -critical))
    high = np.where(sign > 0, np.inf, np.where(sign < 0, -critical, critical))
    return Told(np.where(number, z, low), np.where(number, z, high), n)


def none(rng, mu, tau, n, p) -> Told:
    """Every result is printed as a number."""
    z = observed(rng, normal_effects(rng, mu, tau, n.shape), n)
    return Told(z, z, n)


def ours(rng, mu, tau, n, p) -> Told:
    """Numbers for some, words for the others; the chance depends on significance alone."""
    z = observed(rng, normal_effects(rng, mu, tau, n.shape), n)
    return told(rng, z, judged(z, n), n, p)


def size(rng, mu, tau, n, p) -> Told:
    """A significant result far beyond its critical value is printed more often than one near it."""
    z = observed(rng, normal_effects(rng, mu, tau, n.shape), n)
    far = np.abs(z) >= p["beyond"] * critical_z(n, READ_ALPHA)
    sign = judged(z, n)
    beyond = np.where(far, p["far"], p["near"])
    return told(rng, z, sign, n, p, np.where(sign != 0, beyond, p["not_significant"]))


def one_sided(rng, mu, tau, n, p) -> Told:
    """A share of the studies tests one-sided, for a positive association; read as two-sided."""
    z = observed(rng, normal_effects(rng, mu, tau, n.shape), n)
    one = rng.random(n.shape) < p["share"]
    sign = np.where(one, judged(z, n, tails=1), judged(z, n))
    return told(rng, z, sign, n, p)


def correlated(rng, theta, n, count: int, correlation: float) -> np.ndarray:
    """``count`` observed values of each true effect, shape (count, k, B), whose sampling errors
    correlate."""
    shared = np.sqrt(correlation) * rng.standard_normal(theta.shape)
    own = np.sqrt(1 - correlation) * rng.standard_normal((count, *theta.shape))
    return theta + (shared + own) / np.sqrt(n - 3.0)


def p_hacking(rng, mu, tau, n, p) -> Told:
    """Unless the first outcome is significant and positive, the largest of several is told."""
    theta = normal_effects(rng, mu, tau, n.shape)
    tries = correlated(rng, theta, n, p["outcomes"], p["correlation"])
    z = np.where(judged(tries[0], n) == 1, tries[0], tries.max(axis=0))
    return told(rng, z, judged(z, n), n, p)


def picked(rng, mu, tau, n, p) -> Told:
    """The largest of several correlated ratings (time points, raters) is told, always."""
    theta = normal_effects(rng, mu, tau, n.shape)
    z = correlated(rng, theta, n, p["ratings"], p["correlation"]).max(axis=0)
    return told(rng, z, judged(z, n), n, p)


def wrong_alpha(rng, mu, tau, n, p) -> Told:
    """A share of the studies calls significant what reaches a laxer level; read as .05."""
    z = observed(rng, normal_effects(rng, mu, tau, n.shape), n)
    alpha = np.where(rng.random(n.shape) < p["share"], p["alpha"], READ_ALPHA)
    return told(rng, z, judged(z, n, alpha), n, p)


def direction(rng, mu, tau, n, p) -> Told:
    """A share of the significant results, numbers or words, is read with the wrong sign."""
    z = observed(rng, normal_effects(rng, mu, tau, n.shape), n)
    sign = judged(z, n)
    turned = np.where((sign != 0) & (rng.random(n.shape) < p["share"]), -1, 1)
    return told(rng, turned * z, turned * sign, n, p)


def skewed(rng, mu, tau, n, p) -> Told:
    """True effects have a long tail upwards (exponential, skewness 2)."""
    theta = mu + tau * (rng.standard_exponential(n.shape) - 1)
    z = observed(rng, theta, n)
    return told(rng, z, judged(z, n), n, p)


def two_point(rng, mu, tau, n, p) -> Told:
    """True effects have two values: a share of the studies a large one, the others a small one."""
    share = p["share"]
    high, low = np.sqrt((1 - share) / share), -np.sqrt(share / (1 - share))
    theta = mu + tau * np.where(rng.random(n.shape) < share, high, low)
    z = observed(rng, theta, n)
    return told(rng, z, judged(z, n), n, p)


def unpublished(rng, mu, tau, n, p) -> Told:
    """A share of the results that are not significant is never published; what is read is the rest.

    Each study is drawn anew at its size, true effect and all, until one is published: a review has
    as many studies to read as under the other ways of telling.
    """
    z = np.empty(n.shape)
    missing = np.ones(n.shape, dtype=bool)
    while missing.any():
        size = n[missing]
        drawn = observed(rng, normal_effects(rng, mu, tau, size.shape), size)
        gone = (judged(drawn, size) == 0) & (rng.random(size.shape) < p["share"])
        z[missing] = drawn
        missing[missing] = gone
    return told(rng, z, judged(z, n), n, p)


REGIMES: dict[str, Callable[..., Told]] = {
    "none": none,
    "ours": ours,
    "eligible": ours,  # the same with other rates
    "extreme": ours,
    "size": size,
    "one_sided": one_sided,
    "p_hacking": p_hacking,
    "picked": picked,
    "wrong_alpha": wrong_alpha,
    "direction": direction,
    "skewed": skewed,
    "two_point": two_point,
    "unpublished": unpublished,
}
"""Every way of telling by name, in the order of the results."""
