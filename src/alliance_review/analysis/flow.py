"""The flow of records and effects: every count computed from the tables by its stated query."""

import pandas as pd

from alliance_review import evidence
from alliance_review.analysis.pools import plain

# Stages in the drawn flow; the table in the data package holds more detail.
DRAWN = (
    "r1_queries", "r1_records", "r1_reports", "r1_effects", "r2_queries", "r2_results", "r2_pages",
    "r2_pages_new", "r2_reports", "r2_effects", "effects", "core_effects", "adherence_effects",
    "extended_effects", "core_samples", "adherence_samples", "extended_samples",
)  # fmt: skip
# Side counts that a reader needs in order to add up the boxes.
SET_ASIDE = {"r2_pages_known"}


# Codes of the reasons for exclusion, as a reader sees them.
REASONS = {
    "not_prescriber_psychotherapist": "relationship with a psychotherapist",
    "construct_not_alliance": "no rated alliance",
    "outcome_not_clinical_or_adherence": "outcome neither clinical nor adherence",
    "engagement_outcome": "outcome is staying in care or attending",
    "drug_role_psychedelic": "psychedelic-assisted treatment",
    "drug_role_combined": "adherence in combined drug and psychotherapy",
    "unit_duplicate": "same result as another row",
    "unit_component": "part of a total that is coded",
    "unit_not_main_effect": "interaction, mediation or indirect effect",
    "unit_selected_post_hoc": "time point picked for its result",
    "result_not_visible": "result not visible",
    "null_only_implied": "null inferred from silence",
    "outcome_precedes_relationship": "outcome came before the relationship",
}


def reason_words(code: str) -> str:
    """A reason code as a reader sees it; other codes lose their underscores."""
    return REASONS.get(code, code.replace("_", " ").replace("meta analysis", "meta-analysis"))


def count(data: evidence.Evidence, query: str) -> int | dict[str, int]:
    """Answer a counting rule such as ``effects:distinct=sample_id&tier=core``.

    Grammar: ``table:clause&clause``. ``rows`` counts rows, ``distinct=column`` distinct values,
    ``repeats=column`` rows beyond the first of each value, ``by=column`` splits the count by a
    column; any other ``column=value`` keeps the rows that match.

    Raises
    ------
    ValueError
        If the rule names no table, no column of it, or no way of counting.
    """
    name, _, clauses = query.partition(":")
    table = getattr(data, name, None)
    if table is None:
        raise ValueError(f"flow: no table {name!r} in {query!r}")
    how, by = "", None
    for clause in clauses.split("&"):
        column, _, value = clause.partition("=")
        if column == "rows":
            how = "rows"
            continue
        target = value if column in {"distinct", "repeats", "by"} else column
        if target not in table.columns:
            raise ValueError(f"flow: no column {target!r} of {name} in {query!r}")
        if column in {"distinct", "repeats"}:
            how = clause
        elif column == "by":
            by = value
        else:
            table = table[table[column].astype("string") == value]
    if not how:
        raise ValueError(f"flow: nothing to count in {query!r}")

    def number(part: pd.DataFrame) -> int:
        kind, _, column = how.partition("=")
        if kind == "rows":
            return len(part)
        distinct = int(part[column].nunique())
        return distinct if kind == "distinct" else len(part) - distinct

    if by is None:
        return number(table)
    counts = {str(value): number(part) for value, part in table.groupby(by)}
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def drawn_parents(stages: dict[str, dict], name: str) -> list[str]:
    """The parents of a stage; one that is not drawn is replaced by its own parents."""
    out: list[str] = []
    for parent in stages[name]["parent"]:
        out += [parent] if parent in DRAWN else drawn_parents(stages, parent)
    return out


def flow(data: evidence.Evidence, left_out: dict[str, int]) -> dict:
    """All stages with their counts, and the stages as the figure draws them.

    ``left_out``: per tier, the samples that belong to a pool and cannot be used in it.

    ``count`` is None where nothing was counted at the time; it is shown as not recorded.
    """
    table = []
    for row in data.flow.sort_values("order").to_dict("records"):
        counted = row["basis"] == "counted"
        table.append({
            "id": row["stage"], "round": str(row["round"]), "label": row["label"],
            "unit": plain(row["unit"]), "role": row["role"],
            "parent": (plain(row["parent"]) or "").split(";") if plain(row["parent"]) else [],
            "count": count(data, row["query"]) if counted else None,
            "query": plain(row["query"]), "note": plain(row["note"]),
        })  # fmt: skip
    by_id = {stage["id"]: stage for stage in table}
    stages = []
    for name in DRAWN:
        stage = by_id[name]
        removed = [s for s in table if name in s["parent"]
                   and (s["role"] == "removed" or s["id"] in SET_ASIDE)]  # fmt: skip
        excluded = []
        tier = name.removesuffix("_samples")
        if left_out.get(tier) and tier != name:
            excluded.append({"label": "no size and no range", "count": left_out[tier]})
        for item in removed:
            reasons = [s for s in table if s["role"] == "breakdown" and item["id"] in s["parent"]]
            if reasons:
                excluded += [{"label": reason_words(reason), "count": n}
                             for reason, n in reasons[0]["count"].items()]  # fmt: skip
            else:
                excluded.append({"label": item["label"], "count": item["count"]})
        first = name in {"r1_queries", "r2_queries"}
        label = f"Round {stage['round']}: {stage['label'].lower()}" if first else stage["label"]
        stages.append({"id": name, "label": label, "count": stage["count"],
                       "parent": drawn_parents(by_id, name), "excluded": excluded})  # fmt: skip
    return {"table": table, "stages": stages}


# Where one association belongs on the evidence map; the clinical family is split by domain.
COLUMNS = ("symptoms", "remission", "functioning", "hospitalisation", "adherence", "dropout",
           "other")  # fmt: skip


def evidence_map(data: evidence.Evidence) -> dict:
    """Every association of the three pools' tiers: sample, outcome domain, rater, form."""
    rows = data.effects[data.effects["tier"] != "excluded"]
    labels = data.samples.set_index("sample_id")["label"]
    listed = [
        {"effect_id": row["effect_id"], "sample_id": row["sample_id"],
         "label": labels[row["sample_id"]], "rater": row["rater"], "tier": row["tier"],
         "outcome_domain": row["outcome_domain"], "form": row["evidence_form"]}
        for row in rows.to_dict("records")
    ]  # fmt: skip
    present = {row["outcome_domain"] for row in listed}
    return {"columns": [c for c in COLUMNS if c in present], "rows": listed,
            "core": [row for row in listed if row["tier"] == "core"]}  # fmt: skip
