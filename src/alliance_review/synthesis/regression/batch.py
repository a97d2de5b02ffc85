"""Coefficients and tests of many meta-regressions at once."""

from typing import NamedTuple

import numpy as np

from ..pooling import knapp_hartung, ratio
from ..sums import dot
from .projection import Columns, project, weights


class Coefficients(NamedTuple):
    """Of B regressions with p coefficients each.

    ``estimate``, ``se``, ``statistic`` (p, B); ``q_moderators`` (B,) the chi-square or, for the
    Hartung-Knapp tests, F statistic of all coefficients from number ``first`` on. Both statistics
    are 0 where they would be 0/0: no evidence.
    """

    estimate: np.ndarray
    se: np.ndarray
    statistic: np.ndarray
    q_moderators: np.ndarray


def coefficients_of(data: Columns, tau2, test: str, first: int = 1) -> Coefficients:
    """Weighted least squares at given tau squared, shape (B,), for every regression.

    The weighted design is Q R with Q orthonormal, so b = R^-1 Q'y and the squares of Q'y are
    the shares of the fit that each column adds to those before it: the omnibus statistic is
    their sum over the moderators, where the intercept comes first.
    """
    fit = project(data, weights(data, tau2))
    root, p = np.sqrt(fit.w), len(fit.basis)
    shares = np.stack([dot(q, root * data.y) for q in fit.basis])
    triangle = np.zeros((shares.shape[1], p, p))
    for j, column in enumerate(data.design):
        weighted = root * column
        for i in range(j + 1):
            triangle[:, i, j] = dot(fit.basis[i], weighted)
    inverse = np.linalg.inv(triangle)
    estimate = np.einsum("bij,jb->ib", inverse, shares)
    scale = knapp_hartung(fit.q, data.size - p, test)
    se = np.sqrt(scale * np.einsum("bij,bij->ib", inverse, inverse))
    q_moderators = ratio((shares[first:] ** 2).sum(axis=0), scale)
    if test != "z":
        q_moderators = q_moderators / max(p - first, 1)
    return Coefficients(estimate, se, ratio(estimate, se), q_moderators)
