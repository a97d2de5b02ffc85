"""Do small studies show larger effects? Tests of funnel asymmetry, and trim and fill."""

from dataclasses import dataclass, fields

import numpy as np

from . import checks
from .distributions import ndtr, quantile, two_sided_p
from .pooling import Pooled, pool


class _Plain:
    def to_dict(self) -> dict:
        """Plain values."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in values.items():
            if isinstance(value, Pooled):
                values[name] = value.to_dict()
        return checks.plain(values)


@dataclass(frozen=True)
class EggerTest(_Plain):
    """Egger's regression: ``bias`` is the intercept, ``slope`` the effect of a study without
    sampling error, with its interval; ``statistic`` is t on ``df`` = k - 2."""

    bias: float
    se: float
    statistic: float
    df: int
    p_value: float
    slope: float
    slope_se: float
    slope_low: float
    slope_high: float
    k: int


def egger_test(y, v, *, level=0.95) -> EggerTest:
    """Regress y / sqrt(v) on 1 / sqrt(v) by least squares (Egger et al. 1997).

    ``level`` is that of the interval of the slope. Raises ValueError for k < 3 and for variances
    that are all equal.
    """
    y, v = checks.effects(y, v, minimum=3)
    level = checks.level(level)
    precision = 1 / np.sqrt(v)
    z = y * precision
    centred = precision - precision.mean()
    sxx = centred @ centred
    if sxx <= 1e-24 * (precision @ precision):
        raise ValueError("the variances are all equal: precision cannot explain anything")
    k = y.size
    slope = centred @ z / sxx
    bias = z.mean() - slope * precision.mean()
    residual = z - bias - slope * precision
    s2 = residual @ residual / (k - 2)
    se = np.sqrt(s2 * (1 / k + precision.mean() ** 2 / sxx))
    slope_se = np.sqrt(s2 / sxx)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = bias / se
    half = quantile(level, k - 2) * slope_se
    return EggerTest(
        bias=float(bias),
        se=float(se),
        statistic=float(statistic),
        df=k - 2,
        p_value=float(two_sided_p(statistic, k - 2)),
        slope=float(slope),
        slope_se=float(slope_se),
        slope_low=float(slope - half),
        slope_high=float(slope + half),
        k=k,
    )


@dataclass(frozen=True)
class RankTest(_Plain):
    """Begg and Mazumdar's test: Kendall's ``tau`` (b), its p value, and whether that is exact."""

    tau: float
    p_value: float
    exact: bool
    k: int


def rank_test(y, v) -> RankTest:
    """Rank correlation of standardised effects with their variances (Begg & Mazumdar 1994).

    The p value is exact without ties, otherwise normal with the variance corrected for ties and
    no continuity correction (Kendall 1970). Raises ValueError for k < 3 and where the variances
    or the standardised effects are all equal.
    """
    y, v = checks.effects(y, v, minimum=3)
    k = y.size
    w = 1 / v
    deviate = (y - w @ y / w.sum()) / np.sqrt(v - 1 / w.sum())
    upper = np.triu_indices(k, 1)
    dx, dy = (np.sign(a[:, None] - a[None, :])[upper] for a in (deviate, v))
    pairs, s = k * (k - 1) / 2, float(dx @ dy)
    tx, ty = (np.unique(a, return_counts=True)[1].astype(float) for a in (deviate, v))
    tied_x, tied_y = ((t * (t - 1)).sum() / 2 for t in (tx, ty))
    if tied_x == pairs or tied_y == pairs:
        raise ValueError("all variances or all standardised effects are equal: nothing to rank")
    tau = s / np.sqrt((pairs - tied_x) * (pairs - tied_y))
    exact = tied_x == tied_y == 0
    p = _exact_kendall_p(k, s) if exact else _normal_kendall_p(k, s, tx, ty)
    return RankTest(tau=float(tau), p_value=float(p), exact=bool(exact), k=k)


def _exact_kendall_p(k: int, s: float) -> float:
    """Two-sided p from the distribution of the number of discordant pairs of k! orders."""
    share = np.ones(1)
    for size in range(2, k + 1):
        share = np.convolve(share, np.full(size, 1 / size))
    discordant = round((k * (k - 1) / 2 - s) / 2)
    tail = min(share[: discordant + 1].sum(), share[discordant:].sum())
    return min(1.0, 2 * tail)


def _normal_kendall_p(k: int, s: float, tx: np.ndarray, ty: np.ndarray) -> float:
    def total(power):
        return [float(power(t).sum()) for t in (tx, ty)]

    five = total(lambda t: t * (t - 1) * (2 * t + 5))
    three = total(lambda t: t * (t - 1) * (t - 2))
    two = total(lambda t: t * (t - 1))
    variance = (k * (k - 1) * (2 * k + 5) - sum(five)) / 18
    variance += three[0] * three[1] / (9 * k * (k - 1) * (k - 2))
    variance += two[0] * two[1] / (2 * k * (k - 1))
    return 2 * float(ndtr(-abs(s) / np.sqrt(variance)))


@dataclass(frozen=True)
class TrimAndFill(_Plain):
    """Number of effects judged ``missing`` and on which ``side``, the effects ``filled`` in with
    their ``filled_variances``, and the pooled result with them (``pooled``)."""

    missing: int
    side: str
    filled: np.ndarray
    filled_variances: np.ndarray
    pooled: Pooled


def trim_and_fill(y, v, *, side="auto", **pool_options) -> TrimAndFill:
    """Trim and fill with the estimator L0 (Duval & Tweedie 2000).

    Parameters
    ----------
    y, v : array_like, shape (k,)
        k >= 3.
    side : {"auto", "left", "right"}
        Where effects are thought to be missing. "auto" takes the side that the common-effect
        regression on the standard error points to: left when small studies have larger effects.
    **pool_options
        As for ``pool``; the same model is used to trim and for the result.

    Raises
    ------
    ValueError
        Fewer than three effects, an unknown side, and as ``pool``.
    """
    y, v = checks.effects(y, v, minimum=3)
    checks.choice("side", side, ("auto", "left", "right"))
    if side == "auto":
        w, se = 1 / v, np.sqrt(v)
        side = "left" if (w * (se - w @ se / w.sum())) @ y >= 0 else "right"
    sign = 1.0 if side == "left" else -1.0
    order = np.argsort(sign * y, kind="stable")
    effects, variances = sign * y[order], v[order]
    k, missing = y.size, 0
    for _ in range(100):
        kept = slice(0, k - missing)
        centre = pool(effects[kept], variances[kept], **pool_options).estimate
        distance = effects - centre
        rank = np.empty(k)
        rank[np.argsort(np.abs(distance), kind="stable")] = np.arange(1, k + 1)
        positive = rank[distance > 0].sum()
        estimate = round((4 * positive - k * (k + 1)) / (2 * k - 1))
        # at least two effects must be left to find the centre
        estimate = min(max(0, estimate), k - 2)
        if estimate == missing:
            break
        missing = estimate
    filled = sign * (2 * centre - effects[k - missing :])
    filled_variances = variances[k - missing :]
    every = np.concatenate([y, filled]), np.concatenate([v, filled_variances])
    return TrimAndFill(missing, side, filled, filled_variances, pool(*every, **pool_options))
