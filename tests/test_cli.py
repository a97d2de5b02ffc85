"""The command line: what it says, its exit codes, and that a failed build leaves no trace."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from alliance_review.__main__ import main, parser
from alliance_review.book import cache, html, pipeline
from alliance_review.evidence.read import as_written
from alliance_review.paths import DATA, LOCK, ROOT, SIMULATION, SOURCE

CHAPTER = {
    "nbformat": 4, "nbformat_minor": 5, "metadata": {},
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# One\n\nWords."},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": "print(6 * 7)",
         "outputs": [], "execution_count": None},
    ],
}  # fmt: skip


def run(root, *words):
    environment = {
        **os.environ, "PYTHONPATH": str(SOURCE.parent), "ALLIANCE_REVIEW_ROOT": str(root)
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "alliance_review", *words],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book of two chapters with the review's own data."""
    root = tmp_path_factory.mktemp("cli") / "review"
    (root / "chapters").mkdir(parents=True)
    shutil.copytree(DATA, root / "data")
    shutil.copytree(SIMULATION, root / SIMULATION.relative_to(ROOT))
    for file in (LOCK, ROOT / "_config.yml"):
        shutil.copyfile(file, root / file.name)
    (root / "references.bib").write_text("")
    (root / "index.md").write_text("# Front\n\nr is {n}`pools.core.all_reports.r`.\n")
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- caption: P\n  chapters:\n"
        "  - file: chapters/one\n  - file: chapters/two\n"
    )
    for name in ("one", "two"):
        write(root, name, CHAPTER)
    done = run(root, "build")
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def write(root, name, content):
    (root / "chapters" / f"{name}.ipynb").write_text(json.dumps(content))


def read(root, name):
    return json.loads((root / "chapters" / f"{name}.ipynb").read_text())


def products(root):
    build = root / "_build"
    return [cache.tree_digest(build / name) for name in ("html", "review.pdf", "results.json")]


def test_a_build_makes_site_pdf_and_published_files(book):
    site = book / "_build" / "html"
    for name in ("index.html", "chapters/one.html", "results.json", "data/effects.csv",
                 "review.pdf", "searchindex.js"):  # fmt: skip
        assert (site / name).stat().st_size > 100, name
    assert (book / "_build" / "review.pdf").read_bytes() == (site / "review.pdf").read_bytes()
    front = (site / "index.html").read_text()
    assert re.search(r'data-n="pools.core.all_reports.r">\.\d\d<', front)
    assert "42" in (site / "chapters" / "one.html").read_text()


def test_an_unchanged_book_is_left_alone(book):
    before = products(book)
    done = run(book, "build")
    assert done.returncode == 0
    assert "all 2 unchanged" in done.stdout and "unchanged since they were built" in done.stdout
    assert products(book) == before


def test_prose_is_rebuilt_without_execution_and_only_there(book):
    chapter = read(book, "one")
    chapter["cells"][0]["source"] = ["# One\n", "\n", "Other words."]
    write(book, "one", chapter)
    done = run(book, "build", "--html-only")
    assert done.returncode == 0 and "all 2 unchanged" in done.stdout
    assert "Other words." in (book / "_build" / "html" / "chapters" / "one.html").read_text()


def test_code_is_executed_only_where_it_changed(book):
    chapter = read(book, "two")
    chapter["cells"][1]["source"] = "print(6 * 8)"
    write(book, "two", chapter)
    done = run(book, "build", "--html-only", "--jobs", "1")
    assert "executing 1 of 2, 1 at a time" in done.stdout, done.stdout + done.stderr
    assert re.search(r"\[ 1/1\] +two +1 cells in", done.stdout)
    assert read(book, "two")["cells"][1]["outputs"][0]["text"] == ["48\n"]


def test_edited_outputs_are_executed_again(book):
    chapter = read(book, "two")
    chapter["cells"][1]["outputs"][0]["text"] = ["1000\n"]
    write(book, "two", chapter)
    assert "executing 1 of 2" in run(book, "build", "--html-only").stdout
    assert read(book, "two")["cells"][1]["outputs"][0]["text"] == ["48\n"]


@pytest.mark.parametrize(
    ("where", "source", "message"),
    [
        (1, "1/0", r"chapters/two\.ipynb, cell 2: ZeroDivisionError: division by zero"),
        (0, "# Two\n\n{n}`no.such`", r"chapters/two\.ipynb, cell 1, line 3: .*no 'no'"),
        (0, "# Two\n\n[x](nowhere.md)", r"chapters/two\.ipynb, cell 1, line 3: .*nowhere\.md"),
    ],
)
def test_a_failed_build_names_the_fault_and_replaces_nothing(book, where, source, message):
    chapter, before = read(book, "two"), products(book)
    write(book, "two", {
        **chapter,
        "cells": [{**c, "source": source} if i == where else c
                  for i, c in enumerate(chapter["cells"])],
    })  # fmt: skip
    done = run(book, "build", "--html-only")
    write(book, "two", chapter)
    assert done.returncode == 1
    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stdout + done.stderr
    assert products(book) == before


def test_bad_data_stop_the_build_before_anything_else(book):
    effects, before = book / "data" / "effects.csv", products(book)
    good = effects.read_bytes()
    effects.write_bytes(good.replace(b"effect_id", b"effect-id", 1))
    built, checked = run(book, "build", "--html-only"), run(book, "check")
    effects.write_bytes(good)
    assert (built.returncode, checked.returncode) == (1, 1)
    faults = [line for line in checked.stdout.splitlines() if line.startswith("effects.csv")]
    assert faults and all(fault in built.stderr for fault in faults)
    assert "Traceback" not in built.stderr and "executing" not in built.stdout
    assert products(book) == before


def test_explain_gives_the_value_the_rows_and_their_sources(book):
    done = run(book, "explain", "pools.core.all_reports.r")
    assert done.returncode == 0
    first, *rest = done.stdout.splitlines()
    tree = json.loads((book / "_build" / "results.json").read_text())
    pool = tree["pools"]["core"]
    assert first.startswith(f"pools.core.all_reports.r = {pool['all_reports']['r']}, written .")
    for row in pool["rows"]:
        assert any(line.strip().startswith(row["effect_id"]) for line in rest)
    assert done.stdout.count("http") >= len(pool["rows"]) - done.stdout.count("not recorded")


def test_explain_knows_the_ids_of_the_data(book):
    effect = as_written(book / "data", "effects")[0]
    done = run(book, "explain", effect["effect_id"])
    assert f"sample_id: {effect['sample_id']}" in done.stdout
    done = run(book, "explain", effect["sample_id"])
    assert effect["effect_id"] in done.stdout


def test_explain_refuses_what_it_does_not_know(book):
    done = run(book, "explain", "pools.kernel")
    assert done.returncode == 1
    assert "pools has no 'kernel'" in done.stderr and "Traceback" not in done.stderr


def test_a_second_build_at_the_same_time_is_refused(book, capsys):
    with cache.build_lock(book / "_build" / "lock"):
        assert pipeline.build(book) == 1
    assert "another build" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["build", "--jobs", "0"], ["rebuild"], ["explain"]])
def test_wrong_usage_is_refused(words):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2


def test_only_commands_that_exist_are_offered():
    [commands] = parser()._subparsers._group_actions
    assert list(commands.choices) == ["build", "check", "explain"]


def test_the_table_of_contents_is_read_in_order(tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- caption: A\n  chapters:\n  - file: a\n"
        "    sections:\n    - file: a1\n  - file: b\n- caption: B\n  chapters:\n  - file: c\n"
    )
    assert html.toc_pages(tmp_path) == ["index", "a", "a1", "b", "c"]


def test_the_moment_of_a_build_is_that_of_the_version():
    from alliance_review import __version__

    assert html.epoch() == 1767225600 + (int(__version__.split(".")[0]) - 26) * 31536000
