"""The effect of a study without sampling error, by two regressions and a rule to choose."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from .. import checks
from ..results import Result, frame
from .line import Line, fit_line


@dataclass(frozen=True, repr=False, eq=False)
class BiasRegression(Result):
    """One of the two regressions.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, statistic, p_value : float
        The intercept: the effect of a study without sampling error, on the scale of the effects.
    bias, bias_se, bias_low, bias_high, bias_statistic, bias_p : float
        The coefficient of the standard error (PET) or of the variance (PEESE).
    df : float
        k - 2, or ``inf`` for the normal test.
    tau2 : float
        Variance of true effects left over; ``nan`` for weighted least squares.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    bias: float
    bias_se: float
    bias_low: float
    bias_high: float
    bias_statistic: float
    bias_p: float
    df: float
    tau2: float

    _shown: ClassVar = (
        *("estimate", ("ci_low", "ci_high"), "p_value", "bias", ("bias_low", "bias_high")),
        "bias_p",
    )


@dataclass(frozen=True, repr=False, eq=False)
class PetPeese(Result):
    """Both regressions and the conditional estimate.

    Attributes
    ----------
    estimate, se, ci_low, ci_high, p_value : float
        Of the regression that was chosen; effect of a study without sampling error.
    chosen : {"PET", "PEESE"}
    pet, peese : BiasRegression
    alpha : float
        Level of the two-sided test of PET's intercept that chooses.
    k : int
    model, test : str
        The method used; ``test`` is "t" for weighted least squares.
    level : float
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    chosen: str
    pet: BiasRegression
    peese: BiasRegression
    alpha: float
    k: int
    model: str
    test: str
    level: float

    _shown: ClassVar = (
        *("chosen", "estimate", ("ci_low", "ci_high"), "p_value", "alpha", "k", "model"),
    )

    def to_frame(self):
        """Two lines, PET and PEESE, with all their numbers, and which of them is ``chosen``."""
        both = {"PET": self.pet, "PEESE": self.peese}
        return frame(
            [
                {"regression": name, "chosen": name == self.chosen, **vars(part)}
                for name, part in both.items()
            ]
        )


def pet_peese(y, v, *, model="lm", test=None, alpha=0.10, level=0.95) -> PetPeese:
    """Precision-effect test and precision-effect estimate with standard error.

    PET regresses the effects on their standard errors, PEESE on their variances, both weighted
    by precision; the intercept is the effect at which a study without sampling error would
    arrive. Where there is no effect PET is nearly unbiased, where there is one it falls short
    and PEESE does better; so the rule of Stanley and Doucouliagos (2014) takes PEESE where PET
    finds an effect, and PET where it does not.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, k >= 3.
    model : {"lm"} or a tau2 method of ``pool``
        "lm", weighted least squares, is the one the authors use. Otherwise a mixed-effects
        meta-regression.
    test : {"z", "hksj", "hksj_adhoc"}, optional
        For the mixed models, "hksj" where not given; "lm" has its t test on k - 2.
    alpha : float
        PEESE is taken where the two-sided p value of PET's intercept is below ``alpha``. The
        default of 0.10 is a one-sided test at 5 % (Stanley 2017), except that an effect against
        expectation counts as well.
    level : float

    Raises
    ------
    ValueError
        k < 3, variances that are all equal, and as ``pool``.

    Notes
    -----
    Where all effects are 0 there is no evidence of an effect: PET's statistic is 0 with p = 1, and
    PET stays. The interval of the conditional estimate is that of the chosen regression; it does
    not allow for the choice. With strong heterogeneity, few studies, or studies of like size
    neither regression is trustworthy (Stanley 2017).
    """
    y, v = checks.effects(y, v, minimum=3)
    level, alpha = checks.level(level), checks.level(alpha)
    lines = [fit_line(y, v, x, model, test, level) for x in (np.sqrt(v), v)]
    pet, peese = map(_regression, lines)
    chosen = peese if pet.p_value < alpha else pet
    return PetPeese(
        *(chosen.estimate, chosen.se, chosen.ci_low, chosen.ci_high, chosen.p_value),
        "PEESE" if chosen is peese else "PET",
        pet,
        peese,
        alpha=alpha,
        k=y.size,
        model=model,
        test=lines[0].test,
        level=level,
    )


def _regression(line: Line) -> BiasRegression:
    parts = (line.estimate, line.se, line.ci_low, line.ci_high, line.statistic, line.p_value)
    both = (float(part[i]) for i in (0, 1) for part in parts)
    return BiasRegression(*both, float(line.df), float(line.tau2))
