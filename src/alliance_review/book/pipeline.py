"""From data to website and PDF: the steps of a build, each done only when it is due.

check the data -> analysis -> execute chapters -> pages -> PDF -> put both in place. A step that
fails ends the build; what the last good build left in ``_build`` stays as it was.
"""

import contextlib
import importlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance_review import paths
from alliance_review.book import analyse, cache, execute, html
from alliance_review.book.progress import ChapterLines
from alliance_review.book.warm import WarmInterpreter

#: Imported beside the first steps, in the order in which they are needed.
AHEAD = (
    "nbformat", "nbclient", "sphinx.application", "sphinx.builders.html", "jupyter_book.config",
    "myst_nb.sphinx_ext", "sphinx_book_theme", "sphinxcontrib.bibtex",
    "alliance_review.book.sphinx_extension", "alliance_review.book.pdf",
)  # fmt: skip


class BuildFailed(Exception):
    """The build stopped; the message is for the author, complete and without a traceback."""


@dataclass
class Build:
    """One build of one folder.

    Attributes
    ----------
    root
        The repository, or a changed copy of it.
    jobs
        Chapters executed side by side.
    html_only, force, verbose
        No PDF; take nothing from earlier builds; show details and what Sphinx says.
    """

    root: Path
    jobs: int = field(default_factory=execute.default_jobs)
    html_only: bool = False
    force: bool = False
    verbose: bool = False
    say: Callable[[str], None] = lambda text: print(text, flush=True)

    def __post_init__(self) -> None:
        self.started = time.monotonic()
        self.folder = self.root / "_build"
        self.state_file = self.folder / "state.json"
        self.state = {} if self.force else cache.read_state(self.state_file)
        self.source = paths.SOURCE
        self.environment = execute.kernel_environment(self.root, self.source)

    def run(self) -> None:
        """Build everything that is due.

        Raises
        ------
        BuildFailed
            With one message per fault.
        """
        with cache.build_lock(self.folder / "lock"):
            if self.force:
                for name in ("doctrees", "site", "jupyter_execute"):
                    shutil.rmtree(self.folder / name, ignore_errors=True)
                (self.folder / "results.json").unlink(missing_ok=True)
            self.key = cache.environment_key(self.root, self.source)
            chapters = self.chapters()
            stale = self.stale(chapters)
            due = self.state.get("analysis") != self._results_key()
            with contextlib.closing(
                WarmInterpreter(self.environment, enabled=self._warm())
            ) as warm:
                if stale or due:
                    warm.start()
                    threading.Thread(target=_import_ahead, daemon=True).start()
                if due:
                    self.check_and_analyse()
                else:
                    self.note("data      unchanged since the last check")
                self.execute_chapters(stale, len(chapters), warm)
            self.pages_and_pdf()

    def _warm(self) -> bool:
        return not os.environ.get("ALLIANCE_REVIEW_COLD")

    def note(self, text: str) -> None:
        """Say one line with the time since the start."""
        self.say(f"{time.monotonic() - self.started:6.1f} s  {text}")

    # --- data and analysis ----------------------------------------------------------------

    def _results_key(self) -> str:
        return cache.text_digest([self.key, cache.tree_digest(self.folder / "results.json")])

    def check_and_analyse(self) -> None:
        """Validate the data, then compute the results, in a process of their own."""
        self.note("data      checking, then computing results.json")
        done = subprocess.run(
            [sys.executable, "-m", analyse.__name__],
            env=self.environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        if done.returncode == analyse.FAULTY:
            raise BuildFailed(done.stdout.strip())
        if done.returncode:
            said = f"{done.stdout}{done.stderr}".strip() or f"code {done.returncode}"
            reason = said if self.verbose else said.splitlines()[-1]
            raise BuildFailed(f"the analysis failed: {reason}")
        self.note(f"data      {done.stdout.strip().splitlines()[-1]}")
        self.state["analysis"] = self._results_key()
        self._save()

    # --- chapters -------------------------------------------------------------------------

    def chapters(self) -> list[Path]:
        """Return the notebooks of the table of contents, in its order."""
        found = []
        for name in html.toc_pages(self.root):
            notebook = self.root / f"{name}.ipynb"
            if notebook.is_file():
                found.append(notebook)
            elif not (self.root / f"{name}.md").is_file():
                raise BuildFailed(f"_toc.yml names {name}, but there is no such file")
        return found

    def stale(self, chapters: list[Path]) -> list[Path]:
        """Return the chapters whose stored outputs are not those of this code, data and package.

        The others are put into the form that execution writes: an editor may have saved them with
        other spacing, counts or metadata, and the same chapter should be the same bytes.
        """
        known = self.state.get("chapters", {})
        due = []
        for chapter in chapters:
            try:
                notebook = execute.read(chapter)
            except ValueError as error:
                raise BuildFailed(f"{chapter.name}: not a notebook ({error})") from None
            entry = known.get(chapter.name, {})
            fresh = (cache.chapter_key(notebook, self.key), cache.outputs_digest(notebook))
            same = (entry.get("key"), entry.get("outputs")) == fresh
            if same or not execute.code_cells(notebook):
                execute.write(chapter, execute.stable(notebook))
            else:
                due.append(chapter)
        return due

    def execute_chapters(self, stale: list[Path], total: int, warm: WarmInterpreter) -> None:
        """Execute `stale` chapters side by side, longest first, with a line for each."""
        if not stale:
            self.note(f"chapters  all {total} unchanged since they were executed")
            return
        known = self.state.setdefault("chapters", {})
        for name in known.keys() - {path.name for path in self.chapters()}:
            del known[name]
        expected = {path: known.get(path.name, {}).get("seconds") for path in stale}
        order = sorted(stale, key=lambda path: -(expected[path] or 0))
        self.note(f"chapters  executing {len(stale)} of {total}, {self.jobs} at a time")
        lines = ChapterLines(self.note, len(stale), expected)

        def finished(done: execute.Execution) -> None:
            key = cache.chapter_key(execute.read(done.chapter), self.key)
            known[done.chapter.name] = {
                "key": key, "outputs": done.outputs, "seconds": round(done.seconds, 2)
            }  # fmt: skip
            lines.finished(done)

        with lines:
            failures = execute.execute_all(
                order, warm, self.environment, jobs=self.jobs, progress=lines.progress,
                finished=finished,
            )  # fmt: skip
        self._save()
        if failures:
            failures.sort(key=lambda failure: failure.chapter.name)
            raise BuildFailed("\n".join(self._failure(failure) for failure in failures))

    def _failure(self, failure: execute.CellFailed) -> str:
        place = failure.chapter.relative_to(self.root).as_posix()
        line = f"{place}, cell {failure.cell}: {failure.reason}"
        return f"{line}\n{failure.detail}" if self.verbose and failure.detail else line

    # --- pages and PDF --------------------------------------------------------------------

    def pages_and_pdf(self) -> None:
        """Build website and PDF beside the last ones and put them in place together."""
        site, pdf = self.folder / "html", self.folder / "review.pdf"
        key = self._pages_key()
        known = self.state.get("pages", {})
        built = known.get("key") == key and known.get("html") == cache.tree_digest(site)
        printed = self.html_only or known.get("pdf") == cache.tree_digest(pdf)
        if built and printed and (self.html_only or known.get("pdf")):
            self.note("pages     unchanged since they were built")
        else:
            self._make(site, pdf)
            self.state["pages"] = {
                "key": key,
                "html": cache.tree_digest(site),
                "pdf": None if self.html_only else cache.tree_digest(pdf),
            }
            self._save()
        self.note("done")
        self.say(f"website   {_shown(site / 'index.html')}")
        if not self.html_only:
            self.say(f"PDF       {_shown(pdf)}")

    def _make(self, site: Path, pdf: Path) -> None:
        work, new, new_pdf = (self.folder / n for n in ("site", "html.new", "review.new.pdf"))
        self.note("pages     building the website")
        try:
            count = html.build_site(
                self.root, work, self.folder / "doctrees", epoch=html.epoch(), verbose=self.verbose
            )
        except html.PagesFailed as failed:
            raise BuildFailed("\n".join(failed.messages)) from None
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(work, new, ignore=shutil.ignore_patterns(".doctrees", ".buildinfo*"))
        html.publish(self.root, new)
        if not self.html_only:
            self.note(f"PDF       setting {count} pages")
            self._print(new, new_pdf)
            shutil.copyfile(new_pdf, new / "review.pdf")
            os.replace(new_pdf, pdf)
        cache.replace_folder(new, site)

    def _print(self, site: Path, pdf: Path) -> None:
        from alliance_review.book.pdf import PdfError, build_pdf

        os.environ["SOURCE_DATE_EPOCH"] = str(html.epoch())
        try:
            warnings = build_pdf(self.root, site, pdf)
        except PdfError as error:
            raise BuildFailed(f"PDF: {error}") from None
        for warning in warnings:
            self.note(f"PDF       warning: {warning}")

    def _pages_key(self) -> str:
        """Digest of all that the pages show or are made by."""
        inputs = [
            path
            for path in cache.files(
                *(self.root / n for n in (
                    "_config.yml", "_toc.yml", "_static", "chapters", "data", "references.bib",
                    "requirements.lock", "_build/results.json")),
                *(self.root / f"{name}.md" for name in html.toc_pages(self.root)),
            )
        ]  # fmt: skip
        code = cache.digest(cache.files(self.source), self.source)
        return cache.digest(inputs, self.root, code, cache.python_version())

    def _save(self) -> None:
        cache.write_state(self.state_file, self.state)


def _import_ahead() -> None:
    """Import what later steps need, beside the data check and the analysis.

    Those run in processes of their own and leave a processor idle. A module that fails here fails
    again, with its message, where it is used.
    """
    for name in AHEAD:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _shown(path: Path) -> str:
    """Return a path as short as it can be shown."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


def build(root: Path = paths.ROOT, **options: Any) -> int:
    """Build and report; return the exit code (0 done, 1 not)."""
    try:
        Build(root.resolve(), **options).run()
    except (BuildFailed, cache.Busy) as stop:
        message = f"{stop}\nStopped; the website and the PDF of the last good build stay."
        print(message, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; nothing was replaced.", file=sys.stderr, flush=True)
        return 1
    return 0
