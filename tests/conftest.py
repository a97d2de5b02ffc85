"""Fixtures shared by the tests: the built book and a throw-away copy of the review."""

import os
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import settings
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from alliance_review import analysis, evidence, paths

# The same examples on every machine, however busy it is: no test is a matter of time or of luck.
settings.register_profile("review", deadline=None, derandomize=True)
settings.load_profile("review")

KEPT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "_build", "__pycache__", ".pytest_cache", ".hypothesis", ".ruff_cache"
)


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the built website; `make book` makes it, and CI runs that first."""
    if not (paths.HTML / "index.html").is_file() or not paths.PDF.is_file():
        message = "the book is not built: run `make book` first"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return paths.HTML


@pytest.fixture(scope="session")
def data() -> evidence.Evidence:
    """The review's own evidence."""
    return evidence.load()


@pytest.fixture(scope="session")
def results() -> dict:
    """The review's own results, computed when they are stale. Tests must not change them."""
    return analysis.load()


def copy_review(target: Path) -> Path:
    """Copy the sources of the review, without what is built or installed."""
    shutil.copytree(paths.ROOT, target, ignore=KEPT_OUT)
    return target


def run_review(root: Path, *words: str) -> subprocess.CompletedProcess:
    """Run a command of the review in the copy at ``root``."""
    environment = os.environ | {"PYTHONPATH": str(root / "src")}
    environment.pop("ALLIANCE_REVIEW_ROOT", None)
    return subprocess.run(
        [sys.executable, "-m", "alliance_review", *words], cwd=root, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def text_that_fits(figure: Figure) -> list[str]:
    """The visible text of a figure; fails where it leaves the sheet or two pieces overlap."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [
        (text.get_text(), text.get_window_extent(renderer))
        for text in figure.findobj(Text)
        if text.get_text().strip() and text.get_visible()
    ]
    width, height = figure.get_size_inches() * figure.dpi
    for said, box in boxes:
        assert box.x0 >= -0.6 and box.x1 <= width + 0.6, said
        assert box.y0 >= -0.6 and box.y1 <= height + 0.6, said
    for (a, one), (b, two) in combinations(boxes, 2):
        across = min(one.x1, two.x1) - max(one.x0, two.x0)
        down = min(one.y1, two.y1) - max(one.y0, two.y0)
        assert across <= 0.5 or down <= 0.5, f"{a!r} overlaps {b!r}"
    return [said for said, _ in boxes]
