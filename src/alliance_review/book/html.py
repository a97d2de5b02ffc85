"""The website: Jupyter Book's own configuration, built in this process, strictly.

The pages are those that ``jupyter-book build .`` makes from the same ``_config.yml``; building
here saves a second start of Python, keeps Sphinx's memory of unchanged pages, and leaves out
extensions that would only add scripts from other servers.
"""

import calendar
import contextlib
import io
import json
import os
import re
import shutil
import traceback
from pathlib import Path
from typing import Any

import yaml

from alliance_review import __version__
from alliance_review.book import cache

#: Extensions of Jupyter Book that this site has no use for: live code and comments need a
#: server, intersphinx the network.
UNUSED = ("sphinx_thebe", "sphinx_comments", "sphinx.ext.intersphinx", "sphinx_copybutton")
_CELL = re.compile(r"(\.ipynb):(\d+)(\d{4}):")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class PagesFailed(Exception):
    """Sphinx gave warnings or stopped; ``messages`` holds them, one per fault."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(f"{len(messages)} fault{'s' if len(messages) != 1 else ''} in the pages")
        self.messages = messages


def configuration(root: Path) -> dict[str, Any]:
    """Return the Sphinx configuration that Jupyter Book derives from ``_config.yml``."""
    from jupyter_book.config import get_final_config

    overrides = {
        "external_toc_path": (root / "_toc.yml").as_posix(),
        "latex_individualpages": False,
        "nitpicky": True,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        config, _ = get_final_config(
            user_yaml=root / "_config.yml", cli_config=overrides, sourcedir=root
        )
    config.pop("comments_config", None)
    config["extensions"] = [name for name in config["extensions"] if name not in UNUSED]
    return config


def build_site(root: Path, site: Path, doctrees: Path, *, epoch: int, verbose: bool = False) -> int:
    """Build the pages into `site`, reading again only what has changed.

    Parameters
    ----------
    root : Path
        Folder with ``_config.yml`` and ``_toc.yml``.
    site : Path
        Working folder of the pages; kept between builds.
    doctrees : Path
        Sphinx's memory; removed on failure, because Sphinx would not repeat its warnings about
        pages it need not read again.
    epoch : int
        Seconds since 1970 that stand for "now" wherever a date is written.
    verbose : bool
        Show what Sphinx says while it works.

    Returns
    -------
    int
        Number of pages.

    Raises
    ------
    PagesFailed
        On any warning or error.
    """
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    for sheet in site.glob("_static/mystnb.*.css"):
        sheet.unlink()  # pages name its checksum only if an earlier build left it: never
    status, warnings = (None if not verbose else _Terminal()), io.StringIO()
    failure = ""
    code, pages = 1, 0
    try:
        with patch_docutils(None), docutils_namespace():
            app = Sphinx(
                srcdir=root,
                confdir=None,
                outdir=site,
                doctreedir=doctrees,
                buildername="html",
                confoverrides=configuration(root),
                status=status,
                warning=warnings,
                warningiserror=True,
                keep_going=True,
                parallel=1,
            )
            app.build(force_all=True)  # titles and labels of one page stand on others
            code = app.statuscode
            pages = len(app.env.found_docs)
    except Exception as error:  # an extension may raise anything; it stops the build all the same
        if verbose:
            traceback.print_exc()
        failure = f"{type(error).__name__}: {error}"
    messages = _messages(warnings.getvalue(), root)
    if code or messages or failure:
        shutil.rmtree(doctrees, ignore_errors=True)
        raise PagesFailed([*messages, *filter(None, [failure])] or ["Sphinx stopped"])
    _prune_search_index(site / "searchindex.js")
    return pages


def _prune_search_index(file: Path) -> None:
    """Drop words that no page holds any more: Sphinx keeps them from build to build."""
    start, end = "Search.setIndex(", ")"
    index = json.loads(file.read_text(encoding="utf-8").removeprefix(start).removesuffix(end))
    for name in ("terms", "titleterms"):
        index[name] = {word: pages for word, pages in index[name].items() if pages != []}
    text = json.dumps(index, separators=(",", ":"), sort_keys=True)
    cache.replace_bytes(file, f"{start}{text}{end}".encode())


def _messages(text: str, root: Path) -> list[str]:
    """Split Sphinx's warnings into one message each, with paths from the root.

    MyST-NB counts lines of notebooks as 10,000 times the cell plus the line in the cell plus one.
    """
    text = _COLOUR.sub("", text).replace(f"{root}{os.sep}", "")
    text = _CELL.sub(lambda m: f"{m[1]}, cell {m[2]}, line {int(m[3]) - 1}:", text)
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return list(dict.fromkeys(line for line in lines if not line.startswith("WARNING: build f")))


class _Terminal(io.TextIOBase):
    """Standard output that Sphinx may not close or colour."""

    def write(self, text: str) -> int:
        print(text, end="", flush=True)
        return len(text)


def toc_pages(root: Path) -> list[str]:
    """Return the pages of ``_toc.yml`` in their order, without suffix."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    pages = [toc["root"]]

    def walk(entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            if "file" in entry:
                pages.append(entry["file"])
            for name in ("chapters", "sections"):
                walk(entry.get(name, []))

    for part in toc.get("parts", [toc]):
        walk(part.get("chapters", []) if "chapters" in part else part.get("sections", []))
    return pages


def publish(root: Path, site: Path) -> None:
    """Put the data and the results beside the pages, where the pages link to them."""
    for file in cache.files(root / "data"):
        target = site / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    shutil.copyfile(root / "_build" / "results.json", site / "results.json")
    (site / ".nojekyll").touch()


def epoch() -> int:
    """Return the moment that stands for "now" in built files: the first day of the version's year.

    A build today and one next year of the same version are the same bytes.
    """
    return calendar.timegm((2000 + int(__version__.split(".")[0]), 1, 1, 0, 0, 0))
