"""Design appraisal by stated rules on coded fields, and certainty by rules on pooled numbers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

CONCERN, CLEAR, UNKNOWN = "concern", "no concern", "not recorded"


@dataclass(frozen=True)
class Rule:
    """One appraisal rule: a question, and how the answer follows from a coded row."""

    key: str
    question: str
    verdict: Callable[[Mapping], str]


def _temporality(row: Mapping) -> str:
    if row["design"] == "cross_sectional" or row["timing"] in {"concurrent", "late"}:
        return CONCERN
    return CLEAR if row["timing"] == "early" else UNKNOWN


def _adjustment(row: Mapping) -> str:
    return {"yes": CLEAR, "no": CONCERN}.get(row["adjusted"], UNKNOWN)


def _rater(row: Mapping) -> str:
    # A patient who rates both the relationship and the outcome may inflate their association; the
    # rater of the outcome is not coded, so a patient-rated relationship cannot be cleared.
    return CLEAR if row["rater"] == "observer" or row.get("blind_outcome") else UNKNOWN


def _size(row: Mapping) -> str:
    if row["n_basis"] != "reported" or row.get("upper_bound"):
        return CONCERN
    return CLEAR


def _withheld(row: Mapping) -> str:
    return CLEAR if row["form"] == "exact" else CONCERN


def _selection(row: Mapping) -> str:
    return CONCERN if row.get("post_hoc") else UNKNOWN


RULES = (
    Rule("temporality", "Was the relationship rated early, not together with or after the "
         "outcome?", _temporality),
    Rule("adjustment", "Was the association adjusted for earlier severity or covariates?",
         _adjustment),
    Rule("same_source", "Did different people rate relationship and outcome?", _rater),
    Rule("selection", "Was the result free of a choice among time points or measures?", _selection),
    Rule("size", "Was the sample size of this association printed?", _size),
    Rule("withheld", "Was the size of the association printed?", _withheld),
)


def appraise(row: Mapping) -> dict[str, str]:
    """Verdict of every rule for one pooled row: ``concern``, ``no concern``, ``not recorded``."""
    return {rule.key: rule.verdict(row) for rule in RULES}


LEVELS = ("very low", "low", "moderate", "high")


@dataclass(frozen=True)
class Downgrade:
    """One GRADE domain: the rule, the number it looked at, and the levels taken off."""

    domain: str
    rule: str
    number: float
    steps: int


def certainty(facts: Mapping[str, float], start: str = "high") -> tuple[str, list[Downgrade]]:
    """Certainty that the association differs from zero and is of the pooled size.

    GRADE for prognostic factors [1]_ [2]_: studies of an association start at ``high``; each
    domain takes off one level by a rule stated here. The rules were written with the first
    results known; they are stated so that a reader can contest them.

    Parameters
    ----------
    facts : mapping
        ``share_clear`` (share of appraised items free of concern), ``share_withheld`` (share
        of samples whose number was not printed), ``prediction_r_low``, ``r_low``, ``r_high``,
        ``share_indirect`` (share of samples that did not rate the relationship early in a
        prospective design).

    Returns
    -------
    level : str
        One of ``LEVELS``.
    downgrades : list of Downgrade
        All five domains, also those with no step.

    References
    ----------
    .. [1] Huguet et al. (2013), doi:10.1186/2046-4053-2-71
    .. [2] Foroutan et al. (2020), Journal of Clinical Epidemiology 121, 62-70
    """
    width = facts["r_high"] - facts["r_low"]
    domains = [
        Downgrade("risk of bias", "fewer than half of the appraised items are known to be free of "
                  "concern",
                  facts["share_clear"], int(facts["share_clear"] < 1 / 2)),
        Downgrade("inconsistency", "prediction interval holds zero",
                  facts["prediction_r_low"], int(facts["prediction_r_low"] <= 0)),
        Downgrade("indirectness", "more than half of the samples did not rate the relationship "
                  "early in a prospective design", facts["share_indirect"],
                  int(facts["share_indirect"] > 1 / 2)),
        Downgrade("imprecision", "interval for r wider than .20", width, int(width > 0.20)),
        Downgrade("reporting bias", "number not printed for more than a third of the samples",
                  facts["share_withheld"], int(facts["share_withheld"] > 1 / 3)),
    ]
    level = max(0, LEVELS.index(start) - sum(d.steps for d in domains))
    return LEVELS[level], domains
