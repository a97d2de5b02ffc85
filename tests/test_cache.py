"""Staleness: what makes a chapter due, and that files are replaced whole."""

import os
import subprocess
import sys

import pytest

from alliance_review.book import cache, execute
from alliance_review.paths import SOURCE


def notebook(code="1 + 1", prose="Words.", outputs=()):
    return {
        "cells": [
            {"cell_type": "markdown", "source": prose},
            {"cell_type": "code", "source": code, "outputs": list(outputs)},
        ]
    }


@pytest.fixture
def root(tmp_path):
    """A repository in small."""
    for name in ("data/effects.csv", "validation/metafor/x.json", "requirements.lock",
                 "references.bib", "package/evidence/read.py", "package/book/html.py",
                 "package/__main__.py", "README.md"):  # fmt: skip
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("one\n")
    return tmp_path


def key(root):
    return cache.environment_key(root, root / "package")


@pytest.mark.parametrize(
    "name",
    ["data/effects.csv", "validation/metafor/x.json", "requirements.lock", "references.bib",
     "package/evidence/read.py"],
)  # fmt: skip
def test_a_change_of_what_chapters_use_changes_the_key(root, name):
    before = key(root)
    (root / name).write_text("two\n")
    assert key(root) != before


@pytest.mark.parametrize("name", ["package/book/html.py", "package/__main__.py", "README.md"])
def test_a_change_of_what_chapters_do_not_use_keeps_the_key(root, name):
    before = key(root)
    (root / name).write_text("two\n")
    assert key(root) == before


def test_a_renamed_or_added_file_changes_the_key_and_clutter_does_not(root):
    before = key(root)
    clutter = root / "package" / "evidence" / "__pycache__"
    clutter.mkdir()
    (clutter / "read.pyc").write_bytes(b"x")
    assert key(root) == before
    (root / "data" / "effects.csv").rename(root / "data" / "others.csv")
    renamed = key(root)
    assert renamed != before
    (root / "data" / "new.csv").write_text("")
    assert key(root) != renamed


def test_pythons_version_is_part_of_the_key(root, monkeypatch):
    before = key(root)
    monkeypatch.setattr(cache, "python_version", lambda: "2.7")
    assert key(root) != before


def test_code_makes_a_chapter_due_and_prose_does_not():
    base = cache.chapter_key(notebook(), "env")
    assert cache.chapter_key(notebook(prose="Other words."), "env") == base
    assert cache.chapter_key(notebook(code="1 + 2"), "env") != base
    assert cache.chapter_key(notebook(), "other env") != base


def test_outputs_edited_by_hand_are_noticed():
    honest = [{"output_type": "stream", "name": "stdout", "text": "r = .20\n"}]
    edited = [{"output_type": "stream", "name": "stdout", "text": "r = .40\n"}]
    assert cache.outputs_digest(notebook(outputs=honest)) != cache.outputs_digest(
        notebook(outputs=edited)
    )


def test_bytes_are_replaced_only_when_they_differ(tmp_path):
    file = tmp_path / "folder" / "a"
    assert cache.replace_bytes(file, b"1") is True
    os.utime(file, (0, 0))
    assert cache.replace_bytes(file, b"1") is False
    assert file.stat().st_mtime == 0
    assert cache.replace_bytes(file, b"2") is True
    assert [p.name for p in file.parent.iterdir()] == ["a"]


def test_a_folder_is_replaced_whole(tmp_path):
    old, new = tmp_path / "html", tmp_path / "html.new"
    old.mkdir()
    (old / "gone.html").write_text("")
    new.mkdir()
    (new / "index.html").write_text("")
    cache.replace_folder(new, old)
    assert [p.name for p in old.iterdir()] == ["index.html"]
    assert [p.name for p in tmp_path.iterdir()] == ["html"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 0, "chapters": {}}'])
def test_a_state_that_cannot_be_read_is_no_state(tmp_path, text):
    file = tmp_path / "state.json"
    file.write_text(text)
    assert cache.read_state(file) == {}


def test_state_is_read_as_it_was_written(tmp_path):
    file = tmp_path / "state.json"
    cache.write_state(file, {"chapters": {"a": {"key": "k"}}})
    assert cache.read_state(file)["chapters"] == {"a": {"key": "k"}}


def test_two_builds_of_one_folder_do_not_run_together(tmp_path):
    pytest.importorskip("fcntl")
    lock = tmp_path / "_build" / "lock"
    code = (
        "import sys; from pathlib import Path; from alliance_review.book import cache\n"
        "try:\n with cache.build_lock(Path(sys.argv[1])): print('built')\n"
        "except cache.Busy as busy: print(busy)"
    )

    def other():
        command = [sys.executable, "-c", code, str(lock)]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        ).stdout

    with cache.build_lock(lock):
        assert "another build" in other()
    assert other() == "built\n"


def test_reading_a_notebook_joins_split_lines(tmp_path):
    file = tmp_path / "a.ipynb"
    file.write_text(
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code", '
        '"metadata": {}, "source": ["a\\n", "b"], "execution_count": null, "outputs": ['
        '{"output_type": "stream", "name": "stdout", "text": ["x\\n", "y"]}]}]}'
    )
    cell = execute.read(file).cells[0]
    assert (cell.source, cell.outputs[0].text) == ("a\nb", "x\ny")
