"""Rules that span tables: sample sizes, coders, years, orphans, the search log, selection."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from .faults import Fault, shown
from .rules import fault
from .schema import Table
from .validate import Row

CODERS = ("a", "b")
NO_N = "n missing and no range stated"
NO_N_OF_NUMBER = "no sample size for a printed number"

RESULT_COLUMNS = frozenset(
    (
        "r_coded",
        "sign",
        "value",
        "se",
        "ci_low",
        "ci_high",
        "df",
        "p_value",
        "p_relation",
        "evidence_form",
        "reported_as",
        "statistic",
        "conversion",
        "n",
        "n_low",
        "n_high",
    )
)

Tables = dict[str, tuple[Table, list[Row], bool]]


def table_faults(tables: Tables) -> Iterator[Fault]:
    """All faults by the rules of this module; a rule without its tables is not applied."""
    for needed, rule in (
        (("samples", "effects"), _n_within_sample),
        (("effects", "codes"), _both_coders),
        (("effects",), _usable_core_samples),
        (("samples", "effects"), _samples_in_use),
        (("studies", "effects"), _studies_in_use),
        (("studies", "search_queries"), _years),
        (("search_queries", "search_results"), _results_returned),
        (("protocol",), _selection_by_result),
    ):
        if all(name in tables and tables[name][2] for name in needed):
            yield from rule(*(tables[name] for name in needed))


def _n_within_sample(samples: tuple, effects: tuple) -> Iterator[Fault]:
    totals = {row["sample_id"]: row["n_total"] for row in samples[1] if "n_total" not in row.bad}
    table, rows, _ = effects
    for row in rows:
        if not row.bad.isdisjoint(("n", "n_high", "sample_id")):
            continue
        total = totals.get(row["sample_id"])
        for column in ("n", "n_high"):
            if None not in (total, row[column]) and row[column] > total:
                yield fault(
                    table,
                    row,
                    column,
                    f"more than the {total} people of its sample {row['sample_id']}",
                    "Correct n here or n_total in samples.csv.",
                )


def _both_coders(effects: tuple, codes: tuple) -> Iterator[Fault]:
    """Each effect of the first round was coded twice; the second round once, without this table."""
    coded: dict[object, set[object]] = defaultdict(set)
    for row in codes[1]:
        coded[row["effect_id"]].add(row["coder"])
    table, rows, _ = effects
    for row in rows:
        if row.bad.isdisjoint(("effect_id", "round")) and row["round"] == 1:
            for coder in CODERS:
                if coder not in coded[row["effect_id"]]:
                    yield Fault(
                        codes[0].path,
                        0,
                        f"{row['effect_id']}/{coder}",
                        "coder",
                        coder,
                        f"the codes of coder {coder} for effect {row['effect_id']} are missing",
                        "Add the row with this coder's independent codes.",
                    )


def why_not_usable(row: dict) -> str:
    """Why an effect cannot enter a likelihood, or an empty string when it can."""
    if row["evidence_form"] in ("exact", "p_exact") and row["n"] is None:
        return NO_N_OF_NUMBER  # a range of n stands in for words only: a number needs one variance
    if row["n"] is None and row["n_low"] is None:
        return NO_N
    if row["evidence_form"] == "significant" and row["sign"] not in (-1, 1):
        return "significant without a direction"
    if row["evidence_form"] in ("exact", "p_exact") and row["r_coded"] is None:
        return "no r for a printed number"
    if row["evidence_form"] not in ("exact", "p_exact", "significant", "null"):
        return "result not visible"
    return ""


_USABLE_READS = ("n", "n_low", "evidence_form", "sign", "r_coded", "tier", "sample_id")


def _usable_core_samples(effects: tuple) -> Iterator[Fault]:
    table, rows, _ = effects
    by_sample: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        if row["tier"] == "core" or "tier" in row.bad:
            by_sample[row["sample_id"]].append(row)
    for sample, members in by_sample.items():
        if any(r.ragged or not r.bad.isdisjoint(_USABLE_READS) for r in members):
            continue
        reasons = [why_not_usable(r) for r in members]
        # a missing sign or r is reported where it is missing
        if set(reasons) <= {NO_N, NO_N_OF_NUMBER}:
            first = members[0]
            size = "n, or a range in n_low and n_high" if NO_N in reasons else "n"
            yield Fault(
                table.path,
                first.number,
                first.row_id,
                "sample_id",
                shown(sample),
                f"no core effect of this sample can be selected: {reasons[0]}",
                f"Give one of its effects {size}.",
            )


def _samples_in_use(samples: tuple, effects: tuple) -> Iterator[Fault]:
    return _in_use(samples, effects, "sample_id", "sample")


def _studies_in_use(studies: tuple, effects: tuple) -> Iterator[Fault]:
    return _in_use(studies, effects, "study_id", "study")


def _in_use(parents: tuple, effects: tuple, key: str, word: str) -> Iterator[Fault]:
    used = {row[key] for row in effects[1]}
    if any(key in row.bad for row in effects[1]):
        return  # which one a damaged row means is not known
    table, rows, _ = parents
    for row in rows:
        if key not in row.bad and row[key] not in used:
            yield fault(
                table,
                row,
                key,
                f"no effect belongs to this {word}",
                f"Delete the {word}, or give its effects this {key}.",
            )


def _years(studies: tuple, queries: tuple) -> Iterator[Fault]:
    """No study is younger than the search that found it."""
    dates = [row["date"] for row in queries[1] if row.get("date") and "date" not in row.bad]
    if not dates:
        return
    last = int(max(dates)[:4])
    table, rows, _ = studies
    for row in rows:
        if "year" not in row.bad and row["year"] is not None and row["year"] > last:
            yield fault(
                table,
                row,
                "year",
                f"later than the last search ({last})",
                "Check the year against the source.",
            )


def _results_returned(queries: tuple, results: tuple) -> Iterator[Fault]:
    """The log holds every result of every query: a lost row would change the flow's counts."""
    logged = Counter(row["query_id"] for row in results[1])
    if set(logged) - {row["query_id"] for row in queries[1]}:
        return  # a result of an unknown query is reported as such
    table, rows, _ = queries
    for row in rows:
        count = row["results_returned"]
        if row.bad.isdisjoint(("query_id", "results_returned")) and count is not None:
            found = logged[row["query_id"]]
            if found != count:
                yield fault(
                    table,
                    row,
                    "results_returned",
                    f"the log holds {found} results of this query",
                    "Restore the lost rows of search_results.csv, or correct the number.",
                )


def _selection_by_result(protocol: tuple) -> Iterator[Fault]:
    """The hierarchy that picks one effect per sample must not look at results."""
    table, rows, _ = protocol
    for row in rows:
        if row["type"] == "order" and "value" not in row.bad and row["value"]:
            column = row["value"].split("=")[0].strip()
            if column in RESULT_COLUMNS:
                yield fault(
                    table,
                    row,
                    "value",
                    f"effects would be selected by {column}",
                    "Choose by what was measured, in whom, by whom and when.",
                )
