"""Execute chapters and store outputs that are the same bytes every time.

A chapter is executed from its first cell to its last in a kernel of its own, several chapters side
by side. Its file is then rewritten with the outputs, without anything that differs from run to
run (times, counts of an earlier kernel, split streams), and only if a byte has changed.
"""

import atexit
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alliance_review.book import cache
from alliance_review.book.warm import WarmInterpreter

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"name": "python"}
#: Longest time one cell may take, in seconds.
CELL_TIMEOUT = 600

_ADDRESS = re.compile(r"<[^<>\n]{1,120} at 0x[0-9a-fA-F]{6,}")

Progress = Callable[[Path, int, int], None]


class CellFailed(Exception):
    """A cell raised an exception.

    Parameters
    ----------
    chapter
        Path of the notebook.
    cell
        Number of the cell, from 1, over cells of every kind.
    reason
        Last line of the exception.
    detail
        Traceback as the kernel printed it, without colours.
    """

    def __init__(self, chapter: Path, cell: int, reason: str, detail: str = "") -> None:
        super().__init__(f"{chapter.name}, cell {cell}: {reason}")
        self.chapter, self.cell, self.reason, self.detail = chapter, cell, reason, detail


@dataclass(frozen=True)
class Execution:
    """What the execution of one chapter did.

    Attributes
    ----------
    chapter
        Path of the notebook.
    cells
        Number of code cells executed.
    seconds
        Wall time, with the start of the kernel.
    written
        True when the file changed.
    outputs
        Digest of the stored outputs (see `cache.outputs_digest`).
    """

    chapter: Path
    cells: int
    seconds: float
    written: bool
    outputs: str


def kernel_environment(root: Path, source: Path) -> dict[str, str]:
    """Return the environment of kernels: this one, minus what could change a number.

    The package is found through ``PYTHONPATH`` (nothing needs installing), a user's own IPython
    profile and start-up files are left out, and linear algebra runs on one thread, because sums
    in another order differ in the last digits.
    """
    scratch = root / "_build" / "ipython"
    paths = [str(source.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(os.pathsep.join(paths).split(os.pathsep))),
        "IPYTHONDIR": str(scratch),
        "JUPYTER_PLATFORM_DIRS": "1",
        "MPLCONFIGDIR": os.environ.get("MPLCONFIGDIR", str(scratch / "matplotlib")),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "ALLIANCE_REVIEW_ROOT": str(root),
    }


def stable(notebook: Any) -> Any:
    """Return a copy of `notebook` holding nothing that differs between two executions.

    Cell identifiers are kept when present and unique (they are part of the source), otherwise
    numbered; execution counts follow the order of the cells; neighbouring pieces of one stream
    are joined; notebook metadata are reduced to the language.
    """
    import nbformat

    notebook = nbformat.from_dict(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: set[str] = set()
    count = 0
    for position, cell in enumerate(notebook.cells, start=1):
        if not cell.get("id") or cell["id"] in seen:
            cell["id"] = f"cell-{position:02d}"
        seen.add(cell["id"])
        for key in ("execution", "collapsed", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.cell_type != "code":
            continue
        executed = bool(cell.source.strip())
        count += executed
        cell.execution_count = count if executed else None
        cell.outputs = _joined(cell.outputs)
        for output in cell.outputs:
            output.pop("transient", None)
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
    kept = {k: v for k, v in notebook.metadata.items() if k in {"mystnb", "title"}}
    notebook.metadata = nbformat.from_dict(
        {**kept, "kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO}
    )
    return notebook


def _joined(outputs: Iterable[Any]) -> list[Any]:
    """Join neighbouring pieces of the same stream; the kernel splits them where it likes."""
    joined: list[Any] = []
    for output in outputs:
        if (
            output.output_type == "stream"
            and joined
            and joined[-1].output_type == "stream"
            and joined[-1].name == output.name
        ):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def read(chapter: Path) -> Any:
    """Read a notebook without inventing identifiers for cells that have none."""
    import json

    import nbformat

    content = json.loads(chapter.read_text(encoding="utf-8"))
    if content.get("nbformat") != 4:
        raise ValueError(f"{chapter.name}: not a notebook of format 4")
    notebook = nbformat.from_dict(content)
    for cell in notebook.cells:
        for part in [cell, *cell.get("outputs", [])]:
            for key in ("source", "text"):
                if isinstance(part.get(key), list):
                    part[key] = "".join(part[key])
        for output in cell.get("outputs", []):
            for mime, value in output.get("data", {}).items():
                if isinstance(value, list) and not mime.endswith("json"):
                    output["data"][mime] = "".join(value)
    return notebook


def code_cells(notebook: Any, upto: int | None = None) -> int:
    """Return the number of cells that will run, of all or of the first `upto`."""
    return sum(c.cell_type == "code" and bool(c.source.strip()) for c in notebook.cells[:upto])


def write(chapter: Path, notebook: Any) -> bool:
    """Write `notebook` in one step, only if its bytes differ; return whether they did."""
    import nbformat

    text = nbformat.writes(notebook, version=nbformat.NO_CONVERT).rstrip("\n") + "\n"
    return cache.replace_bytes(chapter, text.encode("utf-8"))


def _manager_class(warm: WarmInterpreter, environment: dict[str, str]) -> type:
    """Return a kernel manager that starts this interpreter, never a kernel of the user's."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    argv = warm.command("ipykernel_launcher", "-f", "{connection_file}")

    class OwnSpecs(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            names = {key: KERNELSPEC[key] for key in ("display_name", "language")}
            return KernelSpec(argv=argv, **names)

    class OwnManager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _own_specs(self) -> KernelSpecManager:
            return OwnSpecs(parent=self)

        async def _async_start_kernel(self, **kwargs: Any) -> None:
            quiet = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL)
            await super()._async_start_kernel(**{**kwargs, **quiet, "env": dict(environment)})

        start_kernel = _async_start_kernel

    return OwnManager


def execute(
    chapter: Path,
    warm: WarmInterpreter,
    environment: dict[str, str],
    progress: Progress = lambda chapter, cell, cells: None,
) -> Execution:
    """Execute one chapter and store its outputs.

    Raises
    ------
    CellFailed
        When a cell raises, takes longer than `CELL_TIMEOUT`, or ends its kernel. The file is left
        as it was.
    """
    import nbclient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    started = time.monotonic()
    notebook = read(chapter)
    cells, current = code_cells(notebook), 0

    def on_cell(cell: Any, cell_index: int) -> None:
        nonlocal current
        current = cell_index + 1
        progress(chapter, code_cells(notebook, current), cells)

    progress(chapter, 0, cells)
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name=KERNELSPEC["name"],
        kernel_manager_class=_manager_class(warm, environment),
        record_timing=False,
        shutdown_kernel="immediate",
        on_cell_start=on_cell,
        extra_arguments=["--HistoryManager.enabled=False"],
        resources={"metadata": {"path": str(chapter.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        reason = f"{error.ename}: {error.evalue}".strip().splitlines()[0]
        raise CellFailed(chapter, current, reason, _plain(error.traceback)) from None
    except CellTimeoutError:
        raise CellFailed(chapter, current, f"took longer than {CELL_TIMEOUT} s") from None
    except DeadKernelError:
        raise CellFailed(chapter, current, "its kernel ended unexpectedly") from None
    finally:
        atexit.unregister(client._cleanup_kernel)  # else it complains when a kernel never started
    result = stable(notebook)
    place = next(filter(None, map(_address, range(1, len(result.cells) + 1), result.cells)), None)
    if place:
        raise CellFailed(
            chapter, place, "its output holds a memory address, which differs each time: give the "
            "object a __repr__ or show something else"
        )  # fmt: skip
    written = write(chapter, result)
    seconds = time.monotonic() - started
    return Execution(chapter, cells, seconds, written, cache.outputs_digest(result))


def _address(number: int, cell: Any) -> int | None:
    """Return the number of a cell whose output holds a memory address."""
    for output in cell.get("outputs", []):
        texts = [output.get("text", ""), *output.get("data", {}).values()]
        if any(isinstance(text, str) and _ADDRESS.search(text) for text in texts):
            return number
    return None


def _plain(text: str) -> str:
    """Remove terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def execute_all(
    chapters: Iterable[Path],
    warm: WarmInterpreter,
    environment: dict[str, str],
    *,
    jobs: int,
    progress: Progress = lambda chapter, cell, cells: None,
    finished: Callable[[Execution], None] = lambda execution: None,
) -> list[CellFailed]:
    """Execute `chapters`, `jobs` at a time, and return the failures in the order given.

    A chapter that fails does not stop the others: one build shows every fault.
    """
    def one(chapter: Path) -> CellFailed | None:
        for interpreter in (warm, WarmInterpreter(environment, enabled=False)):
            try:
                finished(execute(chapter, interpreter, environment, progress))
            except CellFailed as failure:
                return failure
            except RuntimeError as error:  # the kernel did not start: try an ordinary one
                reason = str(error)
            else:
                return None
        return CellFailed(chapter, 0, f"its kernel did not start ({reason})")

    warm.ready()
    pool = ThreadPoolExecutor(max(1, jobs))
    try:
        return [failure for failure in pool.map(one, chapters) if failure]
    finally:
        pool.shutdown(cancel_futures=True)


def default_jobs() -> int:
    """Return the number of processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
