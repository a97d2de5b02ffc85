"""Effects that belong together: cluster labels as sorted rows, one composite per cluster."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from .. import checks
from ..labels import labels
from ..results import Result

COMPOSITES = ("precision", "mean")


class Clusters(NamedTuple):
    """Rows brought together by cluster; clusters in the order in which they first appear."""

    labels: tuple  # one per cluster
    order: np.ndarray  # (k,) the rows, those of one cluster side by side
    code: np.ndarray  # (k,) number of the cluster of each row, after ordering
    starts: np.ndarray  # (m,) where each cluster begins, after ordering
    size: np.ndarray  # (m,) effects per cluster


def clusters(values, k: int, *, minimum: int = 2) -> Clusters:
    """Number the clusters named by ``values`` (any hashable values), one label per effect.

    Raises
    ------
    ValueError
        What ``labels`` refuses; fewer than ``minimum`` clusters.
    """
    found = labels("cluster", values, k)
    numbers = {label: number for number, label in enumerate(dict.fromkeys(found))}
    if len(numbers) < minimum:
        raise ValueError(f"at least {minimum} clusters are needed, {len(numbers)} given")
    code = np.fromiter(map(numbers.__getitem__, found), dtype=np.intp, count=k)
    order = np.argsort(code, kind="stable")
    size = np.bincount(code)
    return Clusters(tuple(numbers), order, code[order], np.cumsum(size) - size, size)


def sampling_correlation(rho: float, size: np.ndarray) -> float:
    """Return rho if correlated sampling errors exist with it; otherwise raise ValueError."""
    if isinstance(rho, bool) or not isinstance(rho, (int, float, np.number)):
        raise ValueError(f"rho must be a number, not {rho!r}")
    lowest = -1 / (size.max() - 1) if size.max() > 1 else -1.0
    if not lowest < rho < 1:
        raise ValueError(
            f"rho must lie above {lowest:.4g} (clusters of {size.max()}) and below 1, not {rho!r}"
        )
    return float(rho)


@dataclass(frozen=True, repr=False, eq=False)
class Composites(Result):
    """One effect per cluster, on the scale of the effects that went in.

    Attributes
    ----------
    cluster : tuple, length m
        Labels, in the order in which they first appear.
    y, v : ndarray, shape (m,)
        Composite effects and their sampling variances.
    size : ndarray of int, shape (m,)
        Effects per cluster.
    rho : float
        Sampling correlation assumed within a cluster.
    weights : str
        How the effects of a cluster were averaged.
    """

    _shown: ClassVar = ("rho", "weights")
    _rows: ClassVar = ("cluster", "y", "v", "size")

    cluster: tuple
    y: np.ndarray
    v: np.ndarray
    size: np.ndarray
    rho: float
    weights: str


def aggregate_effects(y, v, cluster, rho: float, *, weights: str = "precision") -> Composites:
    """Average the effects of each cluster, given how their sampling errors correlate.

    With the sampling covariance V_j of cluster j, of elements rho sqrt(v_i v_l) off the diagonal,
    the composite is 1'V_j^-1 y / 1'V_j^-1 1 with variance 1 / 1'V_j^-1 1 ("precision"), or the
    plain mean with variance 1'V_j 1 / n_j^2 ("mean").

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, all positive.
    cluster : sequence of hashable, length k
        Which effects belong together.
    rho : float
        Sampling correlation within a cluster, below 1 and above -1/(n - 1) for the largest
        cluster of n effects.
    weights : {"precision", "mean"}
        "precision" can give negative weights where rho is high and the variances differ.

    Raises
    ------
    ValueError
        As ``checks.effects``; labels that are missing or not hashable; rho out of range.

    Notes
    -----
    Sources: Gleser & Olkin (1994) for the precision weights; Borenstein et al. (2009, chapter
    24) for the mean.
    """
    y, v = checks.effects(y, v, minimum=1)
    groups = clusters(cluster, y.size, minimum=1)
    rho = sampling_correlation(rho, groups.size)
    checks.choice("weights", weights, COMPOSITES)
    y, v, starts = y[groups.order], v[groups.order], groups.starts
    if weights == "mean":
        spread = np.add.reduceat(np.sqrt(v), starts)
        mean = np.add.reduceat(y, starts) / groups.size
        total = (1 - rho) * np.add.reduceat(v, starts) + rho * spread**2
        variance = total / groups.size**2
    else:
        # V_j = S ((1 - rho) I + rho 11') S with S = diag(sqrt v): its inverse is known
        scaled = 1 / np.sqrt(v)
        share = rho / (1 + rho * (groups.size - 1))
        total = np.add.reduceat(scaled, starts)
        row = scaled * (scaled - (share * total)[groups.code])  # (1 - rho) V_j^-1 1
        precision = np.add.reduceat(row, starts)
        origin = y[starts]  # keeps equal effects exactly equal
        mean = origin + np.add.reduceat(row * (y - origin[groups.code]), starts) / precision
        variance = (1 - rho) / precision
    size = groups.size.copy()
    for array in (mean, variance, size):
        array.flags.writeable = False
    return Composites(groups.labels, mean, variance, size, rho, weights)
