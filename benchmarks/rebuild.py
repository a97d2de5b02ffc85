"""Time of a rebuild, as ratios measured in one run on one machine.

    python benchmarks/rebuild.py [--enforce]

Four builds of a copy of this review in a temporary folder:

- plain: ``jupyter-book build`` with ``execute_notebooks: force``, HTML only (chapters one after
  another, each with a kernel of its own);
- full: ``python -m alliance_review build`` from nothing: data checked, analysis, every chapter
  executed, HTML and PDF;
- unchanged: the same once more;
- prose: one sentence changed in one chapter, then the same.

Printed are seconds, the ratios with their bounds, and the largest memory of the full build with
all its processes. ``--enforce`` makes a broken bound an error; without it the figures are
information, because a busy machine says little.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
BOUNDS = {"full / plain": 0.60, "unchanged / full": 0.15, "prose / full": 0.40}
MEMORY_BOUND = 1.5  # GB
COPIED = ("_config.yml", "_toc.yml", "_static", "chapters", "data", "index.md", "references.bib",
          "requirements.lock", "validation")  # fmt: skip


def copy(target: Path) -> None:
    """Copy what a build reads."""
    target.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        elif source.exists():
            shutil.copyfile(source, target / name)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment in which both kinds of build run."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "ALLIANCE_REVIEW_ROOT": str(folder),
        "IPYTHONDIR": str(folder / "_build" / "ipython"),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Run `command`; return wall time in seconds and the peak of proportional memory in GB."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=output, stderr=subprocess.STDOUT
        )
        peak, end = [0.0], threading.Event()
        watch = threading.Thread(target=_watch, args=(process.pid, peak, end))
        watch.start()
        code = process.wait()
        seconds = time.monotonic() - started
        end.set()
        watch.join()
        if code:
            output.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{output.read().decode()[-4000:]}")
    return seconds, peak[0]


def _watch(pid: int, peak: list[float], end: threading.Event) -> None:
    """Sum the memory of a process and its descendants, shared pages counted once (PSS)."""
    while not end.wait(0.25):
        total = 0
        try:
            family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in family:
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                continue
            total += getattr(memory, "pss", memory.rss)
        peak[0] = max(peak[0], total / 1e9)


def change_prose(folder: Path) -> None:
    """Add one sentence to the first text cell of one chapter."""
    chapter = sorted((folder / "chapters").glob("*.ipynb"))[1]
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if c["cell_type"] == "markdown")
    cell["source"] = "".join(cell["source"]) + "\n\nOne more sentence.\n"
    chapter.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def plain(folder: Path) -> float:
    """Build with jupyter-book alone, executing every chapter."""
    config = (folder / "_config.yml").read_text(encoding="utf-8")
    forced = config.replace('execute_notebooks: "off"', 'execute_notebooks: "force"')
    if forced == config:
        sys.exit("_config.yml no longer says execute_notebooks: \"off\"")
    (folder / "_config.yml").write_text(forced, encoding="utf-8")
    # The role {n} reads the results while pages are read, before a chapter could compute them.
    # Their time belongs to the build all the same; that of starting Python for it does not.
    results = (
        "import time; from alliance_review import analysis; start = time.monotonic(); "
        "analysis.build(); print(time.monotonic() - start)"
    )
    done = subprocess.run(
        [sys.executable, "-c", results], cwd=folder, env=environment(folder), check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    before = float(done.stdout.split()[-1])
    code = "from jupyter_book.cli.main import main; main()"
    seconds, _ = timed([sys.executable, "-c", code, "build", "."], folder)
    return before + seconds


def main() -> int:
    """Measure, print, and judge if asked to."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--enforce", action="store_true", help="exit 1 if a bound is broken")
    enforce = options.parse_args().enforce
    load = os.getloadavg()[0]
    ours = [sys.executable, "-m", "alliance_review", "build"]
    with tempfile.TemporaryDirectory(prefix="review-bench-") as scratch:
        one, two = Path(scratch, "plain"), Path(scratch, "ours")
        copy(one)
        copy(two)
        times = {"plain": plain(one)}
        times["full"], memory = timed(ours, two)
        times["unchanged"], _ = timed(ours, two)
        change_prose(two)
        times["prose"], _ = timed(ours, two)
        count = len(list((two / "chapters").glob("*.ipynb")))
    print(f"{count} chapters, {os.cpu_count()} processors, load before {load:.1f}: above 0.5 the "
          "ratios say little")
    for name, seconds in times.items():
        print(f"{name:16} {seconds:7.1f} s")
    broken = False
    for name, bound in BOUNDS.items():
        above, below = name.split(" / ")
        ratio = times[above] / times[below]
        broken |= ratio > bound
        print(f"{name:16} {ratio:7.2f}    bound {bound:.2f}{'  BROKEN' if ratio > bound else ''}")
    broken |= memory > MEMORY_BOUND
    print(f"{'memory, full':16} {memory:7.2f} GB bound {MEMORY_BOUND:.2f} GB")
    return int(broken and enforce)


if __name__ == "__main__":
    sys.exit(main())
