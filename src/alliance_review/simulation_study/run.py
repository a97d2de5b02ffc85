"""The study itself: every task of every cell, wherever it runs; the same results in any order."""

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from alliance_review import __version__, paths
from alliance_review.synthesis.blocks import Progress, Ticker

from .design import NEEDS_SPREAD, Cell, Design
from .measures import measures
from .methods import METHODS, SLOW_METHODS, Answers
from .regimes import REGIMES, Told, draw_sizes

DIGITS = 6
#: The true values at which the first task of each way of telling is kept apart, for the tests.
SLICE_R, SLICE_TAU = 0.2, 0.1
#: Ways of telling in which the slow methods take part.
WITH_SLOW_METHODS = frozenset({"ours"})
#: Methods whose prediction interval is the one that the book shows.
WITH_PREDICTION = frozenset({"every_report", "every_report_wide", "every_report_reml"})


def task(design: Design, cell: Cell, chunk: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Simulate and pool some reviews of one cell.

    Returns
    -------
    answers : dict of ndarray, shape (7, B)
        The fields of ``Answers`` for every method; slow ones of the first ``design.slow`` reviews.
    told : ndarray, shape (2, B)
        Number of results told of each review, and of those with a number.
    """
    rng = design.generator(cell, chunk)
    reviews = min(design.chunk, design.reviews - chunk * design.chunk)
    n = draw_sizes(rng, design.sizes, reviews)
    parameters = design.regimes[cell.regime]
    told = REGIMES[cell.regime](rng, cell.mu, cell.tau, n, parameters)
    answers = {name: np.stack(method(told, design.level)) for name, method in METHODS.items()}
    if cell.regime in WITH_SLOW_METHODS and design.slow:
        first = Told(*(array[:, : design.slow] for array in told))
        for name, method in SLOW_METHODS.items():
            options = design.options.get(name, {})
            answers[name] = np.stack(method(first, design.level, **options))
    reported = (~np.isnan(told.low)).sum(axis=0)
    return answers, np.stack([reported, told.number.sum(axis=0)])


def rows(cell: Cell, answers: Mapping[str, np.ndarray], told: np.ndarray) -> list[dict]:
    """Lines of the results, one per method, from the reviews of one cell."""
    reports, numbers = map(float, told.mean(axis=1))
    return [
        cell._asdict()
        | {"method": name, "reviews": fields.shape[1], "reports": reports, "numbers": numbers}
        | measures(
            Answers(*fields),
            cell.mu,
            cell.tau,
            predicts=name in WITH_PREDICTION and cell.regime not in NEEDS_SPREAD,
        )
        for name, fields in answers.items()
    ]


def study(
    design: Design, cells: Iterable[Cell] | None = None, progress: Progress | None = None
) -> tuple[list[dict], dict]:
    """Run the cells, in parallel as ``joblib.parallel_config`` says.

    Every task has its own generator, seeded by its place in the design, so that neither the number
    of workers nor the backend (loky, Dask, Ray) changes a digit.

    Parameters
    ----------
    design : Design
    cells : iterable of Cell, optional
        Some of the design's cells; all by default.
    progress : callable, optional
        Told (done, all) after every task; without one, the standard error stream.

    Returns
    -------
    rows : list of dict
        One per cell and method.
    slices : dict
        Way of telling -> method -> measures of the first task at the true values of the slice.
    """
    tasks = [(cell, chunk) for cell in cells or design.cells() for chunk in design.chunks()]
    run = Parallel(return_as="generator")(delayed(task)(design, *place) for place in tasks)
    tick = Ticker("simulated parts", len(tasks), progress)
    lines, slices, done = [], {}, 0
    for cell, places in groupby(tasks, key=lambda place: place[0]):
        parts = []
        for _ in places:
            parts.append(next(run))
            done += 1
            tick(done)
        if (cell.r, cell.tau) == (SLICE_R, SLICE_TAU):
            slices[cell.regime] = {row["method"]: kept(row) for row in rows(cell, *parts[0])}
        answers, told = zip(*parts, strict=True)
        whole = {name: np.concatenate([part[name] for part in answers], axis=1)
                 for name in answers[0]}  # fmt: skip
        lines += rows(cell, whole, np.concatenate(told, axis=1))
    return lines, slices


def kept(row: Mapping) -> dict:
    """A line in the digits that are kept, nan as None."""
    texts = {name: text(value) for name, value in row.items()}
    return {name: (None if not shown else shown if isinstance(row[name], str) else float(shown))
            for name, shown in texts.items()}  # fmt: skip


def text(value) -> str:
    """A value as the results hold it: six significant digits, nothing for nan, no signed zero."""
    if isinstance(value, str):
        return value
    return "" if np.isnan(value) else f"{0.0 if value == 0 else value:.{DIGITS}g}"


def write(design: Design, lines: list[dict], slices: dict, folder: Path) -> None:
    """Write design, results and slices; the same study gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    table = [",".join(lines[0])] + [",".join(map(text, line.values())) for line in lines]
    files = {
        "design.json": design.text(),
        "slices.json": json.dumps(slices, indent=1) + "\n",
        "versions.json": json.dumps(versions(), indent=1) + "\n",
        paths.SIMULATION_RESULTS.name: "\n".join(table) + "\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")


def versions() -> dict[str, str]:
    """What the results were made with."""
    return {"alliance_review": __version__} | {n: version(n) for n in ("numpy", "scipy", "joblib")}
