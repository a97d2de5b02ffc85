"""The evidence loads: typed, complete, in one reading, and valid by an independent judge too."""

import json
import re
import shutil
import subprocess
import sys

import frictionless
import pandas as pd
import pytest

from alliance_review import evidence, paths
from alliance_review.evidence.faults import Fault, shown
from alliance_review.evidence.read import as_written
from alliance_review.evidence.rules import ROW_RULES, tier_of
from alliance_review.evidence.schema import read_schema


@pytest.fixture(scope="module")
def schema():
    tables, faults = read_schema(paths.DATA)
    assert faults == []
    return {table.name: table for table in tables}


def test_every_table_of_the_schema_is_an_attribute(data, schema):
    assert set(evidence.REQUIRED) <= set(schema) <= set(evidence.TABLES)
    for name, table in schema.items():
        frame = getattr(data, name)
        assert tuple(frame.columns) == table.columns
        assert len(frame) or table.may_be_empty


def test_columns_have_the_types_of_the_schema(data, schema):
    kinds = {"integer": "Int64", "year": "Int64", "number": "float64"}
    for name, table in schema.items():
        for field in table.fields:
            dtype = str(getattr(data, name)[field.name].dtype)
            assert dtype == kinds.get(field.type, "string"), (name, field.name)


def test_an_effect_reads_as_it_stands_in_the_file(data):
    row = data.effects.set_index("effect_id").loc["E215"]
    assert (row["value"], row["se"], row["n"], row["sign"]) == (0.3541, 0.1102, 813, 1)
    assert (row["statistic"], row["tier"], row["rater"]) == ("b", "core", "patient")
    assert row["ci_low"] != row["ci_low"]  # NaN: no interval was printed
    assert row["exclusion_reason"] is pd.NA


def test_leading_zeros_survive(data):
    assert set(data.documents["document_id"]) >= {"000", "001"}


def test_all_extracted_effects_are_there_once(data):
    """263 effects of the first round, 22 of the second, 73 pooled results: none got lost."""
    rounds = data.effects["round"].value_counts().to_dict()
    assert rounds[1] >= 263 and rounds[2] >= 22
    assert data.effects["effect_id"].is_unique
    assert len(data.codes) == 2 * rounds[1]
    assert len(data.benchmarks) + (data.omissions["source_table"] == "benchmarks").sum() >= 73


def test_the_tier_rule_reproduces_every_tier_of_consensus_and_coders(data):
    """526 independent codings and the consensus follow the codebook's rule without exception."""
    coded = data.effects[data.effects["construct"].notna()]
    for frame, at_least in ((coded, 263), (data.codes, 526)):
        assert len(frame) >= at_least
        assert [tier_of(row) for row in frame.to_dict("records")] == frame["tier"].tolist()


@pytest.mark.parametrize(
    ("change", "tier"),
    [
        ({}, "core"),
        ({"drug_role": "placebo"}, "core"),
        ({"clinician": "keyworker"}, "extended"),
        ({"clinician": "unclear"}, "extended"),
        ({"drug_role": "combined"}, "extended"),
        ({"drug_role": "background"}, "excluded"),
        ({"drug_role": "psychedelic", "clinician": "unclear"}, "excluded"),
        ({"clinician": "therapist", "drug_role": "combined"}, "excluded"),
        ({"construct": "communication"}, "excluded"),
        ({"outcome_family": "adherence"}, "adherence"),
        ({"outcome_family": "adherence", "construct": "communication"}, "adherence"),
        ({"outcome_family": "adherence", "construct": "other"}, "excluded"),
        ({"outcome_family": "adherence", "drug_role": "combined"}, "excluded"),
        ({"outcome_family": "adherence", "clinician": "therapist"}, "excluded"),
        ({"outcome_family": "engagement"}, "excluded"),
        ({"unit_ok": "no"}, "excluded"),
        ({"evidence_form": "unusable"}, "excluded"),
    ],
)
def test_tier_rule(change, tier):
    core = {
        "construct": "alliance",
        "clinician": "prescriber",
        "drug_role": "sole",
        "outcome_family": "clinical",
        "unit_ok": "yes",
        "evidence_form": "null",
    }
    assert tier_of(core | change) == tier


def test_frictionless_agrees_that_the_package_is_valid(schema):
    """The independent second opinion: the library knows the standard and not this review."""
    report = frictionless.validate(str(paths.PACKAGE))
    assert report.valid, report.flatten(["rowNumber", "fieldName", "type", "note"])[:5]
    assert report.stats["tasks"] == len(schema)


def test_frictionless_refuses_what_we_refuse(tmp_path):
    """The second opinion is worth something only if it can say no."""
    folder = tmp_path / "data"
    shutil.copytree(paths.DATA, folder)
    path = folder / "effects.csv"
    text = path.read_text("utf-8")
    assert ",patient," in text
    path.write_text(text.replace(",patient,", ",patients,", 1), "utf-8")
    assert not frictionless.validate(str(folder / "datapackage.json")).valid
    assert len(evidence.check(folder)) == 1


def test_every_field_is_described_and_its_example_is_valid(schema):
    from alliance_review.evidence.validate import _cell

    for name, table in schema.items():
        assert table.title and table.description
        assert table.primary_key and set(table.primary_key) <= set(table.columns)
        for field in table.fields:
            assert field.title and field.description, (name, field.name)
            assert _cell(field.example, field)[1] is None, (name, field.name, field.example)


def test_missing_values_have_a_label():
    package = json.loads(paths.PACKAGE.read_text("utf-8"))
    for resource in package["resources"]:
        assert resource["schema"]["missingValues"] == [{"value": "", "label": "not recorded"}]


def test_the_package_is_open_and_names_no_person():
    package = json.loads(paths.PACKAGE.read_text("utf-8"))
    assert [licence["name"] for licence in package["licenses"]] == ["CC-BY-4.0"]
    assert package["contributors"] == [{"title": "Contributors to the review"}]
    assert json.dumps(package, indent=2, ensure_ascii=False, sort_keys=True) + "\n" == (
        paths.PACKAGE.read_text("utf-8")
    )


def test_the_digest_is_that_of_the_bytes(tmp_path, data):
    folder = tmp_path / "data"
    shutil.copytree(paths.DATA, folder)
    assert evidence.load(folder).digest == data.digest
    assert re.fullmatch("[0-9a-f]{64}", data.digest)
    note = folder / "conversions.csv"
    note.write_bytes(note.read_bytes().replace(b"printed", b"printed indeed", 1))
    assert evidence.load(folder).digest != data.digest


def test_the_report_ends_with_the_counts(data, schema):
    text, ok = evidence.report()
    assert ok
    last = text.split("\n")[-1]
    start = f"{len(data.effects):,} effects, {len(data.samples):,} samples, "
    assert last.startswith(start) and last.endswith(f"; {len(schema)} tables, no faults.")
    derived = data.effects["r_coded"].notna().sum()
    assert f"{derived} correlations derived again from the reported statistics" in text


def test_loading_is_light():
    """Chapters load the evidence first: nothing slow may come with it."""
    code = (
        "import sys; from alliance_review import evidence; evidence.load(); "
        "print([m for m in ('scipy', 'matplotlib', 'frictionless') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(paths.SOURCE.parent), "ALLIANCE_REVIEW_ROOT": str(paths.ROOT)},
    )
    assert run.stdout.strip() == "[]"


def test_row_rules_speak_of_columns_that_exist(schema):
    for rule in ROW_RULES:
        table = schema[rule.table]
        assert {rule.column, *rule.reads} <= set(table.columns), rule
        assert rule.column in rule.reads, rule


def test_a_fault_is_one_printable_line():
    fault = Fault("a.csv", 3, "E001", "note", shown("two\nlines\x07" + "x" * 100), "rule", "Do it.")
    line = str(fault)
    assert line.startswith("a.csv row 3 (E001), note = 'two\\nlines\\x07xxx")
    assert line.endswith("... (110 characters)': rule. Do it.")
    assert line.isprintable()


def test_rows_can_be_shown_as_they_are_written_whatever_is_wrong_with_them(tmp_path, data):
    whole = as_written(paths.DATA, "effects")
    assert [row["effect_id"] for row in whole] == data.effects["effect_id"].tolist()
    assert as_written(tmp_path, "effects") == []
    huge = "x" * 200_000
    content = f'\ufeffeffect_id,note\nE001,caf\u00e9,beyond\nE002\nE003,"{huge}"\n'
    (tmp_path / "effects.csv").write_bytes(content.encode().replace(b"\xc3\xa9", b"\xe9"))
    assert as_written(tmp_path, "effects") == [
        {"effect_id": "E001", "note": "caf\ufffd"},
        {"effect_id": "E002", "note": ""},
        {"effect_id": "E003", "note": huge},
    ]
