"""Many meta-analyses in one call, as columns of arrays."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import ClassVar

import numpy as np

from . import checks, heterogeneity
from .blocks import Progress, blocks
from .pooling import (
    Pooled,
    checked_options,
    derived,
    knapp_hartung,
    labels,
    tail_areas,
    typical_variance,
)
from .results import Result, read_only
from .sums import dot, weights


@dataclass(frozen=True, repr=False, eq=False)
class PooledSets(Result):
    """Many meta-analyses, one per position of every array.

    Attributes
    ----------
    members : ndarray of bool, shape (B, k)
        True where an effect takes part.
    estimate, se, tau2, q, k : ndarray, shape (B,)
        As in ``Pooled``. Its other quantities (``ci_low``, ``p_value``, ``i2`` ...) are there as
        well, worked out when they are first asked for, and ``weights``, shape (k, B).
    typical_variance : ndarray, shape (B,)
        Of the sampling variances, as I squared and H squared take it.
    variances : ndarray, shape (k, 1) or (k, B)
        The sampling variances that went in.
    level, tau2_method, test, prediction
        As in ``Pooled``.

    ``sets[i]`` is the i-th analysis as a ``Pooled``, and iteration goes through all of them.
    """

    members: np.ndarray
    estimate: np.ndarray
    se: np.ndarray
    tau2: np.ndarray
    q: np.ndarray
    k: np.ndarray
    typical_variance: np.ndarray
    variances: np.ndarray
    level: float
    tau2_method: str
    test: str
    prediction: str

    _shown: ClassVar = ("tau2_method", "test", "level")
    _rows: ClassVar = (
        "k", "estimate", "se", "ci_low", "ci_high", "p_value", "tau2", "i2", "q", "q_p",
        "prediction_low", "prediction_high",
    )  # fmt: skip
    _derived: ClassVar = (
        "ci_low", "ci_high", "statistic", "df", "i2", "h2", "q_df", "prediction_low",
        "prediction_high",
    )  # fmt: skip

    @property
    def _options(self) -> dict:
        return {
            "tau2": self.tau2_method,
            "test": self.test,
            "level": self.level,
            "prediction": self.prediction,
        }

    @cached_property
    def _all(self) -> dict[str, np.ndarray]:
        core = {name: getattr(self, name) for name in ("estimate", "se", "tau2", "q", "k")}
        every = derived(core | {"typical": self.typical_variance}, self._options)
        every = {n: np.broadcast_to(np.asarray(a), self.k.shape) for n, a in every.items()}
        return {n: read_only(a) for n, a in every.items()}

    @cached_property
    def _tails(self) -> dict[str, np.ndarray]:
        found = tail_areas(self.statistic, self.df, self.q, self.k)
        return {name: read_only(np.asarray(array)) for name, array in found.items()}

    def __getattr__(self, name: str):
        if name in type(self)._derived:
            return self._all[name]
        if name in ("p_value", "q_p"):
            return self._tails[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @cached_property
    def weights(self) -> np.ndarray:
        """Shares of each pooled effect, shape (k, B): every column sums to 1."""
        w = weights(self.variances, self.members.T.astype(float), self.tau2)
        return read_only(w / w.sum(axis=0))

    def __len__(self) -> int:
        return self.k.size

    def __getitem__(self, index: int) -> Pooled:
        i = range(len(self))[index]
        names = (f.name for f in fields(Pooled) if f.name not in labels(self._options))
        values = {n: getattr(self, n) for n in names}
        shares = read_only(values.pop("weights")[:, i].copy())
        plain = {n: a[i].item() for n, a in values.items()}
        return Pooled(**plain, **labels(self._options), weights=shares)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def to_dict(self) -> dict:
        """Plain values without ``weights``, which would be the bulk of it."""
        names = [f.name for f in fields(Pooled) if f.name != "weights"]
        return checks.plain({n: getattr(self, n) for n in ("members", *names)})


def pool_sets(y, v, members, options, *, what="sets", progress=None) -> PooledSets:
    """Pool every set of effects named by a row of ``members``, shape (B, k), or every column of
    ``y``; ``y`` and ``v`` are checked arrays (k, 1) or (k, B), ``members`` may be None."""
    count = max(y.shape[1], v.shape[1], 0 if members is None else members.shape[0])
    core = {name: np.empty(count) for name in ("estimate", "se", "tau2", "q", "typical")}
    sizes = np.empty(count, dtype=int)
    # Effects are measured from one of them, so that equal ones stay exactly equal; where all sets
    # share them from a middle one, so that a far-off one takes no digits from sets without it.
    middle = np.argsort(y[:, 0], kind="stable")[y.shape[0] // 2] if y.shape[1] == 1 else 0
    origin = y[middle : middle + 1]
    y = y - origin
    for block in blocks(count, what, progress):
        part = None if members is None else members[block].T.astype(float)
        yb, vb, ob = (a if a.shape[1] == 1 else a[:, block] for a in (y, v, origin))
        found = _pool_block(yb, vb, part, options)
        found["estimate"] = found["estimate"] + ob[0]
        sizes[block] = found.pop("k")
        for name, array in found.items():
            core[name][block] = array
    if members is None:
        members = np.broadcast_to(True, (count, y.shape[0]))
    else:
        read_only(members)
    typical = core.pop("typical")
    arrays = {n: read_only(a) for n, a in core.items()}
    return PooledSets(
        members=members,
        **arrays,
        k=read_only(sizes),
        typical_variance=read_only(typical),
        variances=read_only(v.copy()),
        **labels(options),
    )


def _pool_block(y, v, member, options) -> dict:
    sums = heterogeneity.common_effect_sums(y, v, member)
    k = sums.size
    t2 = heterogeneity.tau_squared(y, v, member, options["tau2"], sums=sums)
    w = weights(v, member, t2)
    total = w.sum(axis=0)
    mean = dot(w, y) / total
    variance = 1 / total
    if options["test"] != "z":
        residual = y - mean
        q_at = dot(w * residual, residual)
        variance = knapp_hartung(q_at, k - 1, options["test"]) / total
    return {
        "estimate": mean,
        "se": np.sqrt(variance),
        "tau2": t2,
        "q": sums.q,
        "k": k,
        "typical": typical_variance(k, sums.unshared),
    }


def pool_many(y, v, *, progress: Progress | None = None, **pool_options) -> PooledSets:
    """Pool every column of ``y``: simulated reviews, bootstrap samples, permutations.

    Parameters
    ----------
    y : array_like, shape (k, B)
        One data set of k >= 2 effects per column.
    v : array_like, shape (k,) or (k, B)
        Sampling variances, shared by all columns or one column each.
    progress : callable, optional
        Told (done, B) after every block; without one, a run of more than two seconds says on the
        standard error stream how far it is.
    **pool_options
        As for ``pool``.

    Raises
    ------
    ValueError
        As ``pool``, and where the shapes do not fit.
    """
    options = checked_options(**pool_options)
    y, v = checks.many_effects(y, v)
    return pool_sets(y, v, None, options, what="data sets", progress=progress)
