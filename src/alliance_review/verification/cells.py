"""One comparison of ours with a reference result, and how near the two must be."""

from typing import NamedTuple

import numpy as np

#: Largest relative difference allowed, by kind of quantity; each kind says why it is not tighter.
TOLERANCES = {
    "closed form": 1e-10,  # rounding only
    "fifty digits": 1e-10,  # iterated here, solved in 50-digit arithmetic there
    "iterated": 1e-8,  # iterated on both sides; metafor to an absolute 1e-14 in tau squared
    "bound": 1e-8,  # roots of a profile, on both sides
    "tail area": 1e-8,  # a p value magnifies the rounding of its statistic
    "optimum": 1e-8,  # a likelihood maximum polished to 25 digits on the other side
    "optimiser": 1e-5,  # the reference is as good as a general optimiser in R
    "multilevel": 1e-6,  # metafor's rma.mv, a general optimiser over variance components
    "other package": 1e-4,  # packages at their default control
    "sampled": 0.025,  # of a standard deviation: four Monte Carlo errors, or more, of the reference
    "exact": 0.0,  # counts, sides, flags
}


class Cell(NamedTuple):
    """One quantity of ours beside the reference.

    Attributes
    ----------
    quantity : str
        What is compared, as the verification page names it: "standard error".
    where : str
        Data set and settings, unique among the cells of one quantity: "molloy2014, REML, z".
    ours, theirs : float or array_like
        Equal shapes; ``None`` in ``theirs`` is a quantity that is not defined, ``nan`` in ours.
    kind : str
        Key of ``TOLERANCES``.
    scale : float
        Differences are relative to the reference, or to this where the reference is smaller: the
        standard error for an estimate that may lie near 0, for instance.
    """

    quantity: str
    where: str
    ours: object
    theirs: object
    kind: str
    scale: float = 0.0

    @property
    def difference(self) -> float:
        """Largest relative difference; infinite where one side is undefined or the shapes differ.

        ``scale`` bounds the denominator from below. Where one side is exactly 0, up to 1e-15 on
        the other is rounding; a p value of 1e-20, say, is compared in full.
        """
        ours = np.asarray(self.ours, dtype=float)
        theirs = np.array(self.theirs, dtype=float)
        if ours.shape != theirs.shape or (np.isnan(ours) != np.isnan(theirs)).any():
            return float("inf")
        known = ~np.isnan(theirs)
        ours, theirs = ours[known], theirs[known]
        with np.errstate(invalid="ignore"):  # two equal infinities are equal
            gap = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
        size = np.maximum(np.abs(theirs), self.scale)
        with np.errstate(divide="ignore", invalid="ignore"):
            rounding = (gap <= 1e-15) & ((ours == 0) | (theirs == 0))
            relative = np.where(rounding | (gap == 0), 0.0, gap / size)
        return float(relative.max(initial=0.0))

    @property
    def count(self) -> int:
        """How many numbers are compared; what is undefined on both sides is none."""
        return int((~np.isnan(np.array(self.theirs, dtype=float))).sum())

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the tolerance of its kind."""
        return self.difference <= TOLERANCES[self.kind]
