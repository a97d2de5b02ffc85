"""The same analysis with some effects left out: one at a time, in order, every subset."""

import numpy as np

from . import checks
from .blocks import Progress
from .pooled_sets import PooledSets, pool_sets
from .pooling import checked_options

MAX_SUBSET_EFFECTS = 20


def leave_one_out(y, v, **pool_options) -> PooledSets:
    """Pool k times, the i-th time without effect i.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, k >= 3.
    **pool_options
        As for ``pool``.

    Raises
    ------
    ValueError
        Fewer than three effects, an option that ``pool`` does not have, and as ``pool``.
    """
    y, v = checks.effects(y, v, minimum=3)
    options = checked_options(**pool_options)
    return pool_sets(y[:, None], v[:, None], ~np.eye(y.size, dtype=bool), options)


def cumulative(y, v, order, **pool_options) -> PooledSets:
    """Pool the first effect, the first two, and so on to all, in the given order.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, k >= 2.
    order : sequence of int, length k
        The positions 0 to k - 1, each once; the years of the studies sorted, for instance.
    **pool_options
        As for ``pool``.

    Raises
    ------
    ValueError
        Positions that are missing or double, and as ``pool``.

    Notes
    -----
    The first step is a single effect: its own value, tau2 = 0 and, for the Hartung-Knapp tests,
    no interval (``nan``). Source: Lau et al. (1992).
    """
    y, v = checks.effects(y, v)
    order = np.asarray(order)
    whole = order.ndim == 1 and np.issubdtype(order.dtype, np.integer)
    if not whole or sorted(order.tolist()) != list(range(y.size)):
        raise ValueError(f"order must list the positions 0 to {y.size - 1}, each once")
    members = np.zeros((y.size, y.size), dtype=bool)
    members[:, order] = np.tri(y.size, dtype=bool)
    return pool_sets(y[:, None], v[:, None], members, checked_options(**pool_options))


def subset_members(k: int) -> np.ndarray:
    """Every non-empty subset of k effects, shape (2**k - 1, k); row c - 1 is the binary code c,
    whose lowest bit is the first effect."""
    if k > MAX_SUBSET_EFFECTS:
        raise ValueError(f"every subset of {k} effects is too many; {MAX_SUBSET_EFFECTS} at most")
    codes = np.arange(1, 1 << k, dtype="<u4")
    bits = np.unpackbits(codes.view(np.uint8).reshape(-1, 4), axis=1, count=k, bitorder="little")
    return bits.view(bool)


def subsets(y, v, *, progress: Progress | None = None, **pool_options) -> PooledSets:
    """Pool every non-empty subset, 2**k - 1 in all (Olkin, Dahabreh & Trikalinos 2012).

    Row c - 1 is the subset whose binary code is c, with the lowest bit for the first effect.
    Subsets of one effect are as the first step of ``cumulative``.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and their sampling variances, k from 2 to 20.
    progress : callable, optional
        As for ``pool_many``.
    **pool_options
        As for ``pool``.

    Raises
    ------
    ValueError
        More than 20 effects (``gosh`` draws a sample of subsets then), and as ``pool``.
    """
    y, v = checks.effects(y, v)
    members = subset_members(y.size)
    options = checked_options(**pool_options)
    return pool_sets(y[:, None], v[:, None], members, options, what="subsets", progress=progress)
