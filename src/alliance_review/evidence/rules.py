"""The rules of this review that span columns or tables, each stated once, as data.

A row rule reads one row of one table; it is skipped for rows in which a column it reads is
already reported, so that one mistake gives one message. ``ROW_RULES`` is the list a reader can
go through. Rules across tables follow it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .faults import Fault, shown
from .plausible import (
    CORRELATIONS,
    RATIOS,
    has_statistic,
    n_outside,
    p_denies_interval,
    p_denies_se,
    se_swallows_value,
    sign_of,
    silent_reversal,
    width_denies_se,
)
from .schema import Table
from .validate import Row

NUMERIC = ("exact", "p_exact")


@dataclass(frozen=True)
class RowRule:
    """``broken(row)`` is True when the rule is broken; ``column`` is the one to look at."""

    table: str
    column: str
    reads: tuple[str, ...]
    broken: Callable[[Row], bool]
    rule: str
    remedy: str


def tier_of(row: dict) -> str:
    """Tier that the codebook's rule gives to the coded fields of a row.

    Parameters
    ----------
    row : mapping
        With construct, clinician, drug_role, outcome_family, unit_ok and evidence_form.

    Returns
    -------
    str
        core, adherence, extended or excluded.
    """
    if row["unit_ok"] != "yes" or row["evidence_form"] == "unusable":
        return "excluded"
    construct, clinician = row["construct"], row["clinician"]
    role, family = row["drug_role"], row["outcome_family"]
    if family == "adherence":
        fits = (
            construct in ("alliance", "communication")
            and clinician in ("prescriber", "keyworker", "unclear")
            and role in ("sole", "dominant", "background")
        )
        return "adherence" if fits else "excluded"
    if construct != "alliance" or family != "clinical":
        return "excluded"
    if clinician == "prescriber" and role in ("sole", "dominant", "placebo"):
        return "core"
    if clinician == "therapist" or role == "psychedelic":
        return "excluded"
    if clinician in ("keyworker", "unclear") or role == "combined":
        return "extended"
    return "excluded"


CODED = ("construct", "clinician", "drug_role", "outcome_family", "unit_ok", "evidence_form")


def _tier_differs(row: Row) -> bool:
    return None not in (row[c] for c in CODED) and tier_of(row) != row["tier"]


def _effect(
    column: str, reads: str, broken: Callable[[Row], bool], rule: str, remedy: str
) -> RowRule:
    return RowRule("effects", column, tuple(reads.split()), broken, rule, remedy)


def _interval(table: str, column: str, low: str, high: str) -> tuple[RowRule, RowRule]:
    return (
        RowRule(
            table,
            low,
            (low, high),
            lambda r: None not in (r[low], r[high]) and r[low] > r[high],
            "the lower bound is above the upper bound",
            "Exchange or correct the bounds.",
        ),
        RowRule(
            table,
            column,
            (column, low, high),
            lambda r: (
                None not in (r[column], r[low], r[high])
                and r[low] <= r[high]
                and not r[low] <= r[column] <= r[high]
            ),
            "the interval does not contain the value",
            "Check the value and both bounds against the source.",
        ),
    )


ROW_RULES: tuple[RowRule, ...] = (
    _effect(
        "value",
        "statistic value",
        lambda r: (
            r["value"] is not None and r["statistic"] in CORRELATIONS and abs(r["value"]) >= 1
        ),
        "a correlation lies between -1 and 1",
        "Check the value, or name another statistic.",
    ),
    _effect(
        "value",
        "statistic value",
        lambda r: (
            r["value"] is not None and r["statistic"] == "r_squared" and not 0 <= r["value"] < 1
        ),
        "a share of variance lies between 0 and 1",
        "Write 41 % as 0.41.",
    ),
    _effect(
        "value",
        "statistic value",
        lambda r: r["value"] is not None and r["statistic"] in RATIOS and r["value"] <= 0,
        "a ratio is above 0",
        "Check the value, or name another statistic.",
    ),
    _effect(
        "ci_low",
        "ci_low ci_high",
        lambda r: (r["ci_low"] is None) != (r["ci_high"] is None),
        "an interval has two bounds",
        "Fill in the other bound, or leave both empty.",
    ),
    _effect(
        "se",
        "se",
        lambda r: r["se"] is not None and r["se"] <= 0,
        "a standard error is above 0",
        "Check the value, or leave it empty.",
    ),
    _effect(
        "se",
        "statistic se ci_low ci_high value",
        width_denies_se,
        "the standard error and the width of the confidence interval disagree",
        "Check both; a standard deviation may have been entered as a standard error.",
    ),
    _effect(
        "se",
        "statistic value se p_value p_relation",
        p_denies_se,
        "value / standard error and the p value disagree",
        "Check all three; a standard deviation may have been entered as a standard error.",
    ),
    _effect(
        "se",
        "statistic value se",
        se_swallows_value,
        "the standard error is more than 50 times the value",
        "Check both; a standard deviation may have been entered as a standard error.",
    ),
    _effect(
        "p_value",
        "statistic p_value p_relation ci_low ci_high value",
        p_denies_interval,
        "the p value and the confidence interval disagree",
        "Check both against the source.",
    ),
    _effect(
        "p_relation",
        "p_value p_relation",
        lambda r: (r["p_value"] is None) != (r["p_relation"] is None),
        "a p value and its relation (=, <, >) belong together",
        "Fill in the other one, or leave both empty.",
    ),
    _effect(
        "n_basis",
        "n n_basis",
        lambda r: (r["n"] is None) != (r["n_basis"] == "missing"),
        "n_basis is missing exactly when n is empty",
        "Fill in n, or set n_basis to missing.",
    ),
    _effect(
        "n_low",
        "n_low n_high",
        lambda r: (r["n_low"] is None) != (r["n_high"] is None),
        "a range of n has two ends",
        "Fill in the other end, or leave both empty.",
    ),
    _effect(
        "n_low",
        "n_low n_high",
        lambda r: None not in (r["n_low"], r["n_high"]) and r["n_low"] > r["n_high"],
        "the range of n is upside down",
        "Exchange the two ends.",
    ),
    _effect(
        "n_low",
        "n_basis n_low",
        lambda r: r["n_basis"] == "reported" and r["n_low"] is not None,
        "a reported n needs no range",
        "Remove the range, or set n_basis to assumed.",
    ),
    _effect(
        "n", "n n_low n_high", n_outside, "n lies outside its own range", "Correct n or the range."
    ),
    _effect(
        "r_coded",
        "evidence_form r_coded sign",
        lambda r: r["evidence_form"] in NUMERIC and r["r_coded"] is None and r["sign"] is not None,
        "an effect with a number carries the coder's r",
        "Derive r, or change evidence_form to what was printed.",
    ),
    _effect(
        "r_coded",
        "evidence_form r_coded",
        lambda r: r["evidence_form"] not in NUMERIC and r["r_coded"] is not None,
        "a result reported in words has no r",
        "Remove r, or change evidence_form.",
    ),
    _effect(
        "evidence_form",
        "evidence_form statistic value ci_low p_value",
        lambda r: (
            r["evidence_form"] == "exact" and (r["statistic"] == "words" or not has_statistic(r))
        ),
        "exact means that a statistic was printed",
        "Fill in the statistic and its value, or change evidence_form.",
    ),
    _effect(
        "p_value",
        "evidence_form p_value p_relation",
        lambda r: (
            r["evidence_form"] == "p_exact" and (r["p_value"] is None or r["p_relation"] != "=")
        ),
        "p_exact means that an exact p value was printed",
        "Fill in p_value with p_relation =, or change evidence_form.",
    ),
    _effect(
        "conversion",
        "evidence_form conversion r_coded",
        lambda r: (
            (r["r_coded"] is not None and r["conversion"] is None)
            if r["evidence_form"] in NUMERIC
            else r["conversion"] is not None
        ),
        "r and the conversion that gives it belong together",
        "Name the conversion (conversions.csv), or remove it where there is no r.",
    ),
    _effect(
        "sign",
        "sign evidence_form",
        lambda r: r["evidence_form"] == "unusable" and r["sign"] is not None,
        "an unusable result has no sign",
        "Leave sign empty.",
    ),
    _effect(
        "sign",
        "sign evidence_form",
        lambda r: r["sign"] == 0 and r["evidence_form"] not in ("null", "unusable"),
        "sign 0 means a null result without direction",
        "Give the direction (1 or -1), or leave it empty.",
    ),
    _effect(
        "sign",
        "sign evidence_form tier",
        lambda r: (
            r["sign"] is None and r["evidence_form"] != "unusable" and r["tier"] != "excluded"
        ),
        "an effect that enters a pool has a sign",
        "Give the direction: 1 when a better relationship goes with a better outcome.",
    ),
    _effect(
        "sign",
        "sign r_coded",
        lambda r: (
            r["r_coded"] is not None
            and r["sign"] is not None
            and sign_of(r["r_coded"]) not in (0, r["sign"])
        ),
        "sign and r point in different directions",
        "Correct one: positive means that a better relationship goes with a better outcome.",
    ),
    _effect(
        "r_coded",
        "statistic value r_coded sign note",
        silent_reversal,
        "r points against the reported value, and no reversal is stated",
        "Correct the sign of r, or say in the note that the sign is reversed, and why.",
    ),
    _effect(
        "exclusion_reason",
        "tier exclusion_reason",
        lambda r: (r["tier"] == "excluded") != (r["exclusion_reason"] is not None),
        "an excluded effect has a reason, an included one has none",
        "Give the first rule that fails, or remove the reason.",
    ),
    *(
        _effect(
            column,
            f"{column} round tier",
            lambda r, c=column: r[c] is None and (r["round"] == 1 or r["tier"] != "excluded"),
            "an effect of the first round, or in a pool, is coded in full",
            "Code it by the codebook; unclear is a code where the field has it.",
        )
        for column in (*CODED, "adjusted", "timing")
    ),
    _effect(
        "tier",
        " ".join((*CODED, "tier")),
        _tier_differs,
        "the tier does not follow from the coded fields",
        "Correct the coded field or the tier; the rule is in the methods chapter.",
    ),
    _effect(
        "round",
        "effect_id round",
        lambda r: (
            r["effect_id"] is not None
            and {"E": 1, "S": 2}.get(r["effect_id"][0], r["round"]) != r["round"]
        ),
        "effects of round 1 are E..., of round 2 S...",
        "Correct the id or the round.",
    ),
    RowRule(
        "codes",
        "tier",
        (*CODED, "tier"),
        _tier_differs,
        "the coder's tier does not follow from the coder's fields",
        "Restore this coder's independent codes as they were made.",
    ),
    *(
        rule
        for table, column, low, high in (
            ("effects", "value", "ci_low", "ci_high"),
            ("benchmarks", "value", "ci_low", "ci_high"),
            ("benchmarks", "r", "r_low", "r_high"),
            ("policy", "value", "low", "high"),
            ("history", "r", "r_low", "r_high"),
        )
        for rule in _interval(table, column, low, high)
    ),
    *(
        RowRule(
            "search_results",
            reason,
            (decision, reason),
            lambda r, d=decision, w=reason: (r[d] == "excluded") != (r[w] is not None),
            "an excluded result has a reason, a kept one has none",
            "Give the reason, or remove it.",
        )
        for decision, reason in (("decision", "reason"), ("page_decision", "page_reason"))
    ),
)


def row_faults(tables: dict[str, tuple[Table, list[Row], bool]]) -> Iterator[Fault]:
    """Faults by ``ROW_RULES``. A rule whose columns a table does not have is not applied."""
    for rule in ROW_RULES:
        if rule.table not in tables:
            continue
        table, rows, _ = tables[rule.table]
        if not set(rule.reads) <= set(table.columns):
            continue
        for row in rows:
            if not row.ragged and row.bad.isdisjoint(rule.reads) and rule.broken(row):
                yield fault(table, row, rule.column, rule.rule, rule.remedy)


def fault(table: Table, row: Row, column: str, rule: str, remedy: str) -> Fault:
    """A fault at one cell of a row."""
    return Fault(table.path, row.number, row.row_id, column, shown(row.texts[column]), rule, remedy)
