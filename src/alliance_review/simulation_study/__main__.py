"""Run the simulation study and keep its results.

    python -m alliance_review.simulation_study [--jobs 2] [--reviews 3000] [--stored]

By default at the sample sizes and reporting rates of the present record; with ``--stored`` at those
that the kept results were made with. ``--regime`` and ``--to`` run a part of it elsewhere.
"""

import argparse
import sys
from pathlib import Path

from joblib import parallel_config

from alliance_review import paths

from . import design as designs
from .run import study, write

REVIEWS, SEED = 3000, 20261122


def main(words: list[str]) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m alliance_review.simulation_study")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--reviews", type=int, default=REVIEWS, help="simulated reviews per cell")
    parser.add_argument("--stored", action="store_true", help="repeat the design that is kept")
    parser.add_argument("--regime", action="append", help="only this way of telling")
    parser.add_argument("--to", type=Path, default=paths.SIMULATION, help="folder of the results")
    asked = parser.parse_args(words)
    design = designs.stored() if asked.stored else designs.from_record(
        designs.present(), reviews=asked.reviews, seed=SEED
    )  # fmt: skip
    unknown = sorted(set(asked.regime or ()) - set(design.regimes))
    if unknown:
        parser.error(f"no way of telling {unknown[0]!r}; there are {', '.join(design.regimes)}")
    if asked.regime and asked.to.resolve() == paths.SIMULATION.resolve():
        parser.error("a part of the study would replace the whole: name a folder with --to")
    cells = [c for c in design.cells() if not asked.regime or c.regime in asked.regime]
    with parallel_config(backend="loky", n_jobs=asked.jobs):
        lines, slices = study(design, cells)
    write(design, lines, slices, asked.to)
    print(f"{len(cells)} cells of {design.reviews} reviews: {asked.to}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
