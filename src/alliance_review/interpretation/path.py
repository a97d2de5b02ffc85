"""The adherence path: how much of the association could run through taking the medicine?"""

from dataclasses import dataclass

import numpy as np

SEED = 20261122
DRAWS = 40_000


@dataclass(frozen=True)
class Path:
    """Standardised effects on the correlation scale; ``share`` is indirect over total."""

    relationship_adherence: float
    adherence_outcome: float
    relationship_outcome: float
    indirect: float
    direct: float
    share: float


@dataclass(frozen=True)
class Interval:
    """Median and central interval of a simulated quantity."""

    median: float
    low: float
    high: float


def decompose(r_xm: float, r_my: float, r_xy: float) -> Path:
    """Indirect and direct standardised effect in a three-variable path model [1]_.

    ``X`` relationship, ``M`` adherence, ``Y`` outcome; all arguments are correlations in (-1, 1).
    The path from M to Y holds X constant: ``b = (r_my - r_xm * r_xy) / (1 - r_xm^2)``; the direct
    effect is ``(r_xy - r_xm * r_my) / (1 - r_xm^2)`` and the indirect effect ``r_xm * b``; they
    add up to ``r_xy``. The three correlations come from different studies, so the result is a
    what-if under a causal reading that the data cannot confirm.

    Raises
    ------
    ValueError
        If a value is outside (-1, 1) or the three cannot be correlations of the same people.

    References
    ----------
    .. [1] Wright (1934), doi:10.1214/aoms/1177732676
    """
    for value in (r_xm, r_my, r_xy):
        if not -1 < value < 1:
            raise ValueError(f"a correlation must lie between -1 and 1, not {value}")
    determinant = 1 + 2 * r_xm * r_my * r_xy - r_xm**2 - r_my**2 - r_xy**2
    if determinant <= 0:
        raise ValueError("the three correlations cannot belong to the same people")
    rest = 1 - r_xm**2
    indirect = r_xm * (r_my - r_xm * r_xy) / rest
    direct = (r_xy - r_xm * r_my) / rest
    share = indirect / r_xy if r_xy else float("nan")
    return Path(r_xm, r_my, r_xy, indirect, direct, share)


def full_mediation_correlation(r_xm: float, r_xy: float) -> float:
    """Adherence-outcome correlation at which the direct effect vanishes: ``r_xy / r_xm``.

    May exceed 1, which means that adherence cannot carry all of the association.
    """
    if r_xm == 0:
        raise ValueError("a relationship unrelated to adherence cannot act through it")
    return r_xy / r_xm


def simulate(
    z_xm: tuple[float, float], z_my: tuple[float, float], z_xy: tuple[float, float]
) -> dict[str, Interval]:
    """Uncertainty of the decomposition from independent normal errors on Fisher z.

    Parameters
    ----------
    z_xm, z_my, z_xy : (estimate, standard error)
        Fisher z. A standard error of zero holds a value fixed. The errors are independent because
        the three correlations come from separate literatures.

    Returns
    -------
    dict
        ``indirect``, ``direct``, ``share``: median and central 95 % interval over ``DRAWS`` draws
        with a fixed seed. Draws whose three correlations are impossible together are left out.
    """
    rng = np.random.default_rng(SEED)
    noise = rng.standard_normal((3, DRAWS))
    xm, my, xy = (
        np.tanh(est + se * e) for (est, se), e in zip((z_xm, z_my, z_xy), noise, strict=True)
    )
    possible = 1 + 2 * xm * my * xy - xm**2 - my**2 - xy**2 > 0
    xm, my, xy = xm[possible], my[possible], xy[possible]
    rest = 1 - xm**2
    draws = {
        "indirect": xm * (my - xm * xy) / rest,
        "direct": (xy - xm * my) / rest,
        "share": xm * (my - xm * xy) / rest / xy,
    }
    return {
        name: Interval(*(float(q) for q in np.quantile(values, [0.5, 0.025, 0.975])))
        for name, values in draws.items()
    }
