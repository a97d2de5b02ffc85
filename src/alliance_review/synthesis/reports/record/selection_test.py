"""Do the reports themselves ask for results that never entered the record?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ... import checks
from ...checks import NoMaximum
from ...results import Result, read_only
from ...seeds import seed as checked_seed
from ...seeds import whole_number
from ..maximum import UNBOUNDED
from ..pooling import checked_reports
from ..report import Report
from .form_draws import Drawn
from .landscape import highest
from .recorded import Record
from .search import highest_values
from .selected import SELECTIONS, checked_weights
from .sets import record_sets


@dataclass(frozen=True, repr=False, eq=False)
class SelectionTest(Result):
    """Test of a complete record against several chances of disfavoured results to enter it.

    Attributes
    ----------
    weights : ndarray, shape (W,)
        Chances that were tried, of a disfavoured result relative to a favoured one.
    estimate : ndarray, shape (W,)
        Mean of the true effects at each, Fisher z; ``nan`` where there is no maximum.
    gain : ndarray, shape (W,)
        Twice the log-likelihood above that of the complete record: negative where it fits worse.
    statistic : float
        The largest gain, 0 where there is none.
    best : float
        The weight it belongs to; 1 where no weight fits better than a complete record.
    p_value : float
        Share of sets drawn from the fit of the complete record with at least this statistic.
    selection : str
    draws, draws_used, seed, k : int
    """

    weights: np.ndarray
    estimate: np.ndarray
    gain: np.ndarray
    statistic: float
    best: float
    p_value: float
    selection: str
    draws: int
    draws_used: int
    seed: int
    k: int

    _shown: ClassVar = ("statistic", "best", "p_value", "selection", "draws_used", "k")
    _rows: ClassVar = ("weights", "estimate", "gain")


def selection_test(
    reports: Sequence[Report],
    weights: Sequence[float] = (0.5, 0.25, 0.1),
    *,
    selection: str = "two-sided",
    draws: int = 200,
    seed: int = 1,
) -> SelectionTest:
    """Likelihood-ratio test of a complete record, its p value by a parametric bootstrap.

    Parameters
    ----------
    reports : sequence of Report
        At least two.
    weights : sequence of float
        The alternatives, as for ``pool_reports_selected``.
    selection : {"two-sided", "positive"}
        As for ``pool_reports_selected``.
    draws : int
        Sets of reports drawn from the fit of the complete record, with the same sizes, tests and
        places of numbers; each is fitted at every weight.
    seed : int
        From 0 on.

    Raises
    ------
    NoMaximum
        (A ValueError.) The complete record has no maximum.
    ValueError
        As ``pool_reports_selected``.

    Notes
    -----
    A small p value says that significant results turn up where the fitted mean and spread do not
    lead one to expect them, in the way a step of publication at the critical value would bring
    about. Small studies with truly larger effects, or p values pushed across the threshold, bring
    about much the same. A large one says little: with a dozen reports the test has little power.
    A number from a one-tailed test that falls on the other side in a draw is drawn as words. All
    draws are fitted at once, and those whose highest point is in doubt once more, one by one.

    References
    ----------
    Hedges (1992): the likelihood-ratio test of selection, for numbers.
    """
    reports = checked_reports(reports)
    checks.choice("selection", selection, SELECTIONS)
    weights, _ = checked_weights(weights)
    draws, seed = whole_number("draws", draws), checked_seed(seed)
    whole = _peak(reports, 1.0, selection)
    fits = [_or_none(reports, float(weight), selection) for weight in weights]
    estimate = [np.nan if fit is None else fit.mu for fit in fits]
    gain = np.array([np.nan if fit is None else 2 * (fit.value - whole.value) for fit in fits])
    statistic = max(0.0, float(np.nanmax(gain, initial=0.0)))
    drawn = Drawn(reports, whole.mu, whole.t, draws, np.random.default_rng(seed))
    found = drawn_statistics(drawn, weights, selection, whole.mu)
    found = found[np.isfinite(found)]
    return SelectionTest(
        weights=read_only(weights),
        estimate=read_only(np.array(estimate)),
        gain=read_only(gain),
        statistic=statistic,
        best=float(weights[np.nanargmax(gain)]) if statistic > 0 else 1.0,
        p_value=float((1 + (found >= statistic - 1e-9).sum()) / (1 + found.size)),
        selection=selection,
        draws=draws,
        draws_used=int(found.size),
        seed=seed,
        k=len(reports),
    )


def _peak(reports, weight, selection):
    record = Record(reports, weight, selection)
    if not record.said.anchored.any():
        raise NoMaximum(UNBOUNDED)
    return highest(record.landscape)


def _or_none(reports, weight, selection):
    try:
        return _peak(reports, weight, selection)
    except NoMaximum:
        return None


def drawn_statistics(drawn: Drawn, weights, selection: str, middle: float) -> np.ndarray:
    """The statistic of every draw, (draws,); nan where a complete record has no maximum."""
    sets = record_sets(drawn, selection)
    tried = np.append(1.0, weights)
    value, sure = highest_values(sets, tried, middle)
    value = np.where(sets.anchored, value, np.nan)
    for w, b in np.argwhere(~sure & sets.anchored):
        fit = _or_none(drawn.reports(b), float(tried[w]), selection)
        value[w, b] = np.nan if fit is None else fit.value
    # a weight without a maximum offers no better fit than a complete record
    gain = np.where(np.isnan(value[1:]), 0.0, 2 * (value[1:] - value[0]))
    return np.where(np.isnan(value[0]), np.nan, np.maximum(gain.max(axis=0), 0.0))
