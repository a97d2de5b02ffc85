"""The same analysis with some effects left out: one at a time, in order, every subset."""

from dataclasses import dataclass, fields

import numpy as np

from . import checks
from .pooling import Pooled, checked_options, pool_columns, take

MAX_SUBSET_EFFECTS = 16


@dataclass(frozen=True)
class PooledSets:
    """Many meta-analyses of subsets of the same effects, one per position of every array.

    The arrays of shape (B,) are named and defined as in ``Pooled``; ``weights`` has shape (k, B).
    ``members`` (B, k) is true where an effect takes part. ``sets[i]`` is the i-th analysis as a
    ``Pooled``, and iteration goes through all of them.
    """

    members: np.ndarray
    estimate: np.ndarray
    se: np.ndarray
    ci_low: np.ndarray
    ci_high: np.ndarray
    statistic: np.ndarray
    df: np.ndarray
    p_value: np.ndarray
    tau2: np.ndarray
    i2: np.ndarray
    h2: np.ndarray
    q: np.ndarray
    q_df: np.ndarray
    q_p: np.ndarray
    prediction_low: np.ndarray
    prediction_high: np.ndarray
    k: np.ndarray
    weights: np.ndarray
    level: float
    tau2_method: str
    test: str
    prediction: str

    def __len__(self) -> int:
        return self.k.size

    def __getitem__(self, index: int) -> Pooled:
        options = {"level": self.level, "tau2": self.tau2_method, "test": self.test}
        columns = {n: getattr(self, n) for n in Pooled.__dataclass_fields__}
        arrays = {n: a for n, a in columns.items() if isinstance(a, np.ndarray)}
        return take(arrays, range(len(self))[index], options | {"prediction": self.prediction})

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def to_dict(self) -> dict:
        """Plain values without ``weights``, which would be the bulk of it."""
        names = [f.name for f in fields(self) if f.name != "weights"]
        return checks.plain({name: getattr(self, name) for name in names})


def _pool_sets(y, v, members, pool_options) -> PooledSets:
    options = checked_options(**pool_options)
    columns = pool_columns(y, v, members.T.astype(float), **options)
    for array in (*columns.values(), members):
        array.flags.writeable = False
    return PooledSets(
        members=members,
        **columns,
        level=options["level"],
        tau2_method=options["tau2"],
        test=options["test"],
        prediction=options["prediction"],
    )


def leave_one_out(y, v, **pool_options) -> PooledSets:
    """Pool k times, the i-th time without effect i.

    ``pool_options`` are those of ``pool``. Raises ValueError for k < 3, and as ``pool`` does.
    """
    y, v = checks.effects(y, v, minimum=3)
    return _pool_sets(y, v, ~np.eye(y.size, dtype=bool), pool_options)


def cumulative(y, v, order, **pool_options) -> PooledSets:
    """Pool the first effect, the first two, and so on to all, in the given order.

    ``order`` lists the positions 0 to k - 1, each once. The first step is a single effect: its
    own value, tau2 = 0 and, for the Hartung-Knapp tests, no interval (``nan``).
    """
    y, v = checks.effects(y, v)
    order = np.asarray(order)
    whole = order.ndim == 1 and np.issubdtype(order.dtype, np.integer)
    if not whole or sorted(order.tolist()) != list(range(y.size)):
        raise ValueError(f"order must list the positions 0 to {y.size - 1}, each once")
    members = np.zeros((y.size, y.size), dtype=bool)
    members[:, order] = np.tri(y.size, dtype=bool)
    return _pool_sets(y, v, members, pool_options)


def subset_members(k: int) -> np.ndarray:
    """Every non-empty subset of k effects, shape (2**k - 1, k); row c - 1 is the binary code c,
    whose lowest bit is the first effect."""
    if k > MAX_SUBSET_EFFECTS:
        raise ValueError(f"every subset of {k} effects is too many; {MAX_SUBSET_EFFECTS} at most")
    codes = np.arange(1, 1 << k)
    return (codes[:, None] >> np.arange(k) & 1).astype(bool)


def subsets(y, v, **pool_options) -> PooledSets:
    """Pool every non-empty subset, 2**k - 1 in all (Olkin, Dahabreh & Trikalinos 2012).

    Row c - 1 is the subset whose binary code is c, with the lowest bit for the first effect.
    Subsets of one effect are as the first step of ``cumulative``. Raises ValueError for k > 16.
    """
    y, v = checks.effects(y, v)
    return _pool_sets(y, v, subset_members(y.size), pool_options)
