"""Does the pooling of every report work? Simulated reviews, told selectively, pooled anew.

    python -m alliance_review.simulation_study --jobs 2

``design`` says what is simulated, ``regimes`` how results are told, ``methods`` how a review then
pools them, ``measures`` how well that does, ``run`` does it all in parallel. What was found is kept
in ``validation/simulation`` and read by ``alliance_review.analysis.simulated``.
"""

from .design import Cell, Design
from .measures import measures
from .methods import METHODS, SLOW_METHODS, Answers
from .regimes import REGIMES, Told

__all__ = ["METHODS", "REGIMES", "SLOW_METHODS", "Answers", "Cell", "Design", "Told", "measures"]
