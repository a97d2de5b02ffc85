"""The tables of the audit chapter and the appendices: evidence in, data frames out.

Nothing is computed here but counts; every cell is a cell of the data package or of the results.
A column ``address`` holds where the cell before it leads and is not shown by itself.
"""

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from alliance_review.formats import MINUS
from alliance_review.reporting.tables import words

CHAPTERS = {
    "index": "Front page",
    "01_question": "The question",
    "02_methods": "Methods",
    "03_evidence": "The evidence",
    "04_pooled": "The pooled association",
    "05_robustness": "Robustness",
    "06_moderators": "Moderators",
    "07_mechanisms": "Mechanisms",
    "08_limitations": "Limitations and certainty",
    "09_implications": "Implications for practice and policy",
    "10_claims": "The claims, checked",
    "11_agenda": "Research agenda",
    "a1_verification": "Verification",
    "a10_by_hand": "One result, worked by hand",
    "a11_simulation": "How the method does in simulated reviews",
    "a2_checklists": "Reporting checklists",
    "a3_points": "Points raised, and where they are answered",
    "a4_codebook": "Codebook",
    "a5_measures": "Measures of the relationship",
    "a6_update": "How to update",
    "a7_reexecute": "How to re-execute",
    "a8_history": "Change log of estimates",
    "a9_glossary": "Glossary",
    "references": "References",
}
"""File stem and title of every page, as the files have them (a test compares)."""
SYNONYMS = {"appendix_measures": "a5_measures"}  # stems used in the data

VERDICTS = {
    "supported": "supported",
    "supported_with_caveats": "supported, with caveats",
    "not_checkable": "not checkable here",
    "psychotherapy_only": "about psychotherapy only",
    "source_differs": "source says otherwise",
    "citation_not_as_described": "citation not as described",
}
"""Verdict codes in the order in which they are shown, and their words."""
SHORT = {
    "supported": "Supported",
    "supported_with_caveats": "With caveats",
    "not_checkable": "Not checkable",
    "psychotherapy_only": "Psychotherapy",
    "source_differs": "Source differs",
    "citation_not_as_described": "Citation differs",
}
"""The same as headings of columns."""
STATUS = ("answered", "partly", "not yet")
"""What a point can be, in the order in which it is shown."""

UNREAD = {
    "not_searched": "not searched",
    "not_found": "not found",
    "starting_document": "the document itself",
}
"""What stands for the source of a claim where no other text was read."""


def chapter(stem: str) -> tuple[str, str]:
    """What to call a page in a table, and its address from another page of ``chapters/``.

    Raises
    ------
    KeyError
        If there is no such page.
    """
    stem = SYNONYMS.get(stem, stem)
    title = CHAPTERS[stem]
    if stem == "index":
        return title, "../index.html"
    return (f"{int(stem[:2])} {title}" if stem[:2].isdigit() else title), f"{stem}.html"


def present(value) -> str | None:
    """A cell as text, or None where it is empty."""
    return None if value is None or pd.isna(value) or not str(value).strip() else str(value)


def source(authors: str | None, years: str | None, titles: str | None) -> str | None:
    """Sources as author and year; by their titles where no authors are recorded.

    ``"McCabe R, Priebe S; Chang JG"`` with ``"2004; 2019"`` is ``"McCabe and Priebe 2004; Chang
    2019"``.
    """
    if present(authors) is None:
        return present(titles)
    dates = (present(years) or "").split("; ")
    named = []
    for place, group in enumerate(str(authors).split("; ")):
        people = [re.sub(r"( [A-Z]{1,3})+$", "", p.strip()) for p in group.split(",")]
        if len(people) > 2 or "et al" in group:
            people = [re.sub(r"( [A-Z]{1,3})? et al\.?$", "", people[0]) + " and others"]
        date = dates[place] if place < len(dates) else ""
        named.append(f"{' and '.join(people)} {date}".strip())
    return "; ".join(named)


def claims(data, document: str) -> pd.DataFrame:
    """The claims of one document with what their sources report and the verdict.

    Raises
    ------
    ValueError
        If the document makes no claim.
    """
    rows = data.claims[data.claims["document"] == document].to_dict("records")
    if not rows:
        raise ValueError(f"no claims of document {document!r}")
    return pd.DataFrame(
        {
            "Claim": row["claim_id"],
            "What is said": f"{row['claim']}. Cited: {present(row['cited_source']) or 'nothing'}.",
            "Verdict": VERDICTS[row["verdict"]],
            "Read for the check": source(
                row["source_authors"], row["source_year"], row["source_title"]
            )
            or UNREAD.get(row["seen_as"]),
            "address": (present(row["url"]) or "").split(" ")[0],
            "What it reports, and what limits that": " ".join(
                filter(None, map(present, (row["finding"], row["note"])))
            ),
        }
        for row in rows
    )


def claims_by(data, column: str) -> pd.DataFrame:
    """Claims counted by verdict, one line per document or per kind, and their total."""
    names = data.documents.set_index("document_id")["short_title"]
    heads = {"document": "Document", "kind": "Kind of claim"}
    counts = pd.crosstab(data.claims[column], data.claims["verdict"])
    lines = []
    for value in sorted(counts.index):
        row = {SHORT[v]: int(counts.loc[value].get(v, 0)) for v in VERDICTS}
        name = names[value] if column == "document" else words(value)
        lines.append({heads[column]: name, "All": sum(row.values())} | row)
    table = pd.DataFrame(lines)
    total = {heads[column]: "All"} | {c: int(table[c].sum()) for c in table.columns[1:]}
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)


def points(data, document: str) -> pd.DataFrame:
    """The points one document raises, the answer of the book, and the page that holds it."""
    rows = data.points[data.points["document"] == document].to_dict("records")
    if not rows:
        raise ValueError(f"no points of document {document!r}")
    return pd.DataFrame(
        {"Point": row["point_id"], "Kind": row["kind"], "What is raised": row["point"],
         "Where": chapter(row["chapter"])[0], "address": chapter(row["chapter"])[1],
         "Status": row["status"], "What the book does with it": row["answer"]}
        for row in rows
    )  # fmt: skip


def points_by_status(data) -> pd.DataFrame:
    """Points counted by document and status, and their total."""
    names = data.documents.set_index("document_id")["short_title"]
    counts = pd.crosstab(data.points["document"], data.points["status"])
    table = pd.DataFrame(
        {"Document": names[document]}
        | {status: int(counts.loc[document].get(status, 0)) for status in STATUS}
        | {"all": int(counts.loc[document].sum())}
        for document in counts.index
    )
    total = {"Document": "All"} | {c: int(table[c].sum()) for c in table.columns[1:]}
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)


def points_by_kind(data) -> pd.DataFrame:
    """Points counted by kind and document."""
    names = data.documents.set_index("document_id")["short_title"]
    counts = pd.crosstab(data.points["kind"], data.points["document"])
    table = pd.DataFrame({"Kind": counts.index})
    for document in counts.columns:
        table[names[document]] = [int(n) for n in counts[document]]
    table["All"] = [int(n) for n in counts.sum(axis=1)]
    return table


def codebook_tables(schema: Iterable, sizes: Mapping[str, int]) -> pd.DataFrame:
    """The tables of the data package: what a row is, key, number of fields and rows."""
    return pd.DataFrame(
        {"Table": t.name, "Title": t.title, "What it holds": t.description,
         "Key": ", ".join(t.primary_key), "Fields": len(t.fields),
         "Rows": f"{sizes[t.name]:,}"}
        for t in schema
    )  # fmt: skip


def codebook(table) -> pd.DataFrame:
    """The fields of one table of the data package, from its schema."""
    target = {
        key.columns[0]: f"{key.target[0]} of {key.table}"
        for key in table.foreign_keys
        if len(key.columns) == 1
    }
    return pd.DataFrame(
        {"Field": f.name, "Meaning": f.description,
         "Type, unit": f"{f.type}, {f.unit}" if f.unit else f.type,
         "Allowed": allowed(f, target.get(f.name)), "Needed": "yes" if f.required else "no",
         "Example": f.example}
        for f in table.fields
    )  # fmt: skip


def allowed(field, target: str | None = None) -> str:
    """What a field accepts, in words; codes stand as they are typed."""
    low, high = (None if end is None else str(end).replace("-", MINUS)
                 for end in (field.minimum, field.maximum))  # fmt: skip
    parts = []
    if target:
        parts.append(target)
    if field.enum:
        parts.append(", ".join(field.enum))
    if low is not None and high is not None:
        parts.append(f"{low} to {high}")
    elif low is not None:
        parts.append(f"{low} or more")
    elif high is not None:
        parts.append(f"{high} or less")
    if field.pattern is not None:
        parts.append(f"pattern {field.pattern.pattern}")
    if field.unique:
        parts.append("each once")
    return "; ".join(parts) or "any"


def undescribed(data) -> pd.Series:
    """Which rows of the measures no table can show: neither purpose, nor items, nor raters.

    The page on the measures names them in its text.
    """
    return data.measures[["developed_for", "items", "raters"]].isna().all(axis=1)


def measures(data, kinds: Iterable[str]) -> pd.DataFrame:
    """Measures of the given kinds, as far as anything of them was described."""
    shown = data.measures["kind"].isin(list(kinds)) & ~undescribed(data)
    rows = data.measures[shown].to_dict("records")
    return pd.DataFrame(
        {"Measure": named(row), "address": (present(row["url"]) or "").split(" ")[0],
         "Made for": present(row["developed_for"]),
         "Items": None if pd.isna(row["items"]) else str(int(row["items"])),
         "Rated by": present(row["raters"]), "Parts": present(row["subscales"]),
         "What was seen of its quality": present(row["psychometrics"]),
         "Use, and what to note": " ".join(filter(None, map(present, (row["use"], row["note"])))),
        }
        for row in rows
    )  # fmt: skip


def named(row: Mapping) -> str:
    """A measure by its full name and its abbreviation, as far as it has them."""
    name, short = present(row["name"]), present(row["abbreviation"])
    return f"{name} ({short})" if name and short else name or short or row["measure_id"]


def checklist(data, name: str) -> pd.DataFrame:
    """One reporting checklist: item, status, page, reason."""
    rows = data.checklists[data.checklists["checklist"] == name].to_dict("records")
    if not rows:
        raise ValueError(f"no checklist {name!r}")
    return pd.DataFrame(
        {"Item": row["item_id"].split("-")[-1], "What is asked": row["item"],
         "Status": row["status"], "Where": chapter(row["where"])[0],
         "address": chapter(row["where"])[1], "Why": row["why"]}
        for row in rows
    )  # fmt: skip


def checklist_counts(data) -> pd.DataFrame:
    """Items of each checklist by status."""
    counts = pd.crosstab(data.checklists["checklist"], data.checklists["status"])
    return pd.DataFrame(
        {"Checklist": name} | {s: int(counts.loc[name].get(s, 0)) for s in
                               ("met", "partly", "not met")}
        | {"all": int(counts.loc[name].sum())}
        for name in counts.index
    )  # fmt: skip
