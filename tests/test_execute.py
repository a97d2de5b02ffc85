"""Execution: the same bytes twice, warm or cold, and a clear word when a cell fails."""

import json
import sys

import pytest

from alliance_review.book import execute
from alliance_review.book.warm import WarmInterpreter
from alliance_review.paths import SOURCE

CODE = (
    "import os, random\nimport numpy as np\nimport matplotlib.pyplot as plt",
    "print('a', flush=True); print('b', flush=True)\nprint('c')",
    "import sys; print('note', file=sys.stderr)\nnp.arange(3)",
    "fig, ax = plt.subplots(figsize=(1, 1))\nax.plot([0, 1])\nplt.show()",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'), display_id='moving')",
    "",
    "sorted(k for k in globals() if not k.startswith('_'))",
    "__name__, os.path.basename(os.getcwd()), sys.path[0], plt.get_backend()",
)


def cell(source, kind="code", **more):
    parts = {"outputs": [], "execution_count": 7} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **parts, **more}


def write(path, *cells):
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"x": 1}, "cells": list(cells)}
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    return execute.kernel_environment(tmp_path_factory.mktemp("root"), SOURCE)


@pytest.fixture(scope="module")
def cold(environment):
    return WarmInterpreter(environment, enabled=False)


@pytest.fixture(scope="module")
def warm(environment):
    with WarmInterpreter(environment) as interpreter:
        if not interpreter.ready():
            assert sys.platform != "linux", "on Linux the warm interpreter must come up"
            pytest.skip("no warm interpreter on this platform")
        yield interpreter


@pytest.fixture
def chapter(tmp_path):
    return write(tmp_path / "ch.ipynb", cell("# Title", "markdown"), *map(cell, CODE))


def test_warm_and_cold_and_twice_give_the_same_bytes(chapter, warm, cold, environment):
    first = execute.execute(chapter, warm, environment)
    stored = chapter.read_bytes()
    assert (first.written, first.cells) == (True, len(CODE) - 1)
    for interpreter in (warm, cold):
        again = execute.execute(chapter, interpreter, environment)
        assert chapter.read_bytes() == stored
        assert (again.written, again.outputs) == (False, first.outputs)


def test_what_is_stored(chapter, cold, environment):
    execute.execute(chapter, cold, environment)
    stored = json.loads(chapter.read_text(encoding="utf-8"))
    assert stored["metadata"] == {
        "kernelspec": execute.KERNELSPEC,
        "language_info": execute.LANGUAGE_INFO,
    }
    code = [c for c in stored["cells"] if c["cell_type"] == "code"]
    assert [c["execution_count"] for c in code] == [1, 2, 3, 4, 5, None, 6, 7]
    assert all(c["metadata"] == {} for c in code)
    assert [c["id"] for c in stored["cells"]] == [f"cell-{i:02d}" for i in range(1, 10)]
    [stream] = code[1]["outputs"]
    assert "".join(stream["text"]) == "a\nb\nc\n"
    assert "image/png" in code[3]["outputs"][0]["data"]
    assert code[5]["outputs"] == []
    assert "'__main__'" in "".join(code[7]["outputs"][0]["data"]["text/plain"])


def test_identifiers_of_cells_are_kept_unless_they_repeat():
    notebook = {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [cell("1", id="pool"), cell("2", id="pool"), cell("3", id="forest")],
    }  # fmt: skip
    assert [c["id"] for c in execute.stable(notebook).cells] == ["pool", "cell-02", "forest"]


def test_a_failing_cell_is_named_and_the_file_is_left_alone(tmp_path, warm, environment):
    path = write(tmp_path / "bad.ipynb", cell("# T", "markdown"), cell("x = 1"),
                 cell("def f():\n    raise ValueError('n is missing\\nin two lines')\nf()"),
                 cell("x = 2"))  # fmt: skip
    before = path.read_bytes()
    with pytest.raises(execute.CellFailed) as caught:
        execute.execute(path, warm, environment)
    failure = caught.value
    assert (failure.cell, failure.reason) == (3, "ValueError: n is missing")
    assert "Traceback" in failure.detail and "\x1b" not in failure.detail
    assert path.read_bytes() == before


def test_one_failure_does_not_hide_another(tmp_path, warm, environment):
    paths = [write(tmp_path / f"{name}.ipynb", cell(code))
             for name, code in (("a", "1/0"), ("b", "'fine'"), ("c", "unknown"))]  # fmt: skip
    done = []
    failures = execute.execute_all(paths, warm, environment, jobs=2, finished=done.append)
    assert [(f.chapter.stem, f.reason.split(":")[0]) for f in failures] == [
        ("a", "ZeroDivisionError"), ("c", "NameError"),
    ]  # fmt: skip
    assert [d.chapter.stem for d in done] == ["b"]


def test_a_cell_that_ends_its_kernel_is_named(tmp_path, warm, environment):
    path = write(tmp_path / "gone.ipynb", cell("1"), cell("import os; os._exit(3)"))
    with pytest.raises(execute.CellFailed, match="cell 2: its kernel ended"):
        execute.execute(path, warm, environment)


def test_a_memory_address_in_an_output_is_refused(tmp_path, warm, environment):
    path = write(tmp_path / "address.ipynb", cell("object()"))
    with pytest.raises(execute.CellFailed, match="memory address"):
        execute.execute(path, warm, environment)


def test_forks_do_not_share_one_stream_of_random_numbers(tmp_path, warm, environment):
    code = "import numpy as np, random; print(np.random.random(), random.random())"
    texts = []
    for name in "ab":
        path = write(tmp_path / f"{name}.ipynb", cell(code))
        execute.execute(path, warm, environment)
        texts.append("".join(json.loads(path.read_text())["cells"][0]["outputs"][0]["text"]))
    assert texts[0] != texts[1]


def test_a_module_runs_warm_as_it_runs_cold(warm, cold, environment, tmp_path):
    import subprocess

    (tmp_path / "hello.py").write_text(
        "import sys, os\nprint(__name__, sys.argv[1:], os.environ['X'], input())\nsys.exit(3)"
    )
    results = []
    for interpreter in (warm, cold):
        done = subprocess.run(
            interpreter.command("hello", "a", "b c"), cwd=tmp_path, input="typed\n",
            env={**environment, "X": "1"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        results.append((done.returncode, done.stdout))
    assert results[0] == results[1] == (3, "__main__ ['a', 'b c'] 1 typed\n")


class Broken:
    """A warm interpreter whose kernels end at once."""

    def ready(self):
        return True

    def command(self, *words):
        return [sys.executable, "-c", "raise SystemExit(1)"]


def test_an_ordinary_kernel_stands_in_for_a_warm_one_that_does_not_start(tmp_path, environment):
    path = write(tmp_path / "a.ipynb", cell("6 * 7"))
    done = []
    assert execute.execute_all([path], Broken(), environment, jobs=1, finished=done.append) == []
    assert [d.cells for d in done] == [1]


def test_without_the_server_the_ordinary_command_is_used(environment):
    interpreter = WarmInterpreter({**environment, "PYTHONPATH": "/nowhere"})
    with interpreter:
        assert interpreter.command("json.tool") == [sys.executable, "-m", "json.tool"]
