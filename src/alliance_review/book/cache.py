"""What has been built from what: digests, the state of the last build, safe replacement of files.

The usual notebook caches key on the source of cells alone, so that a changed study would leave
stale numbers on the page. Here a chapter is fresh only if its code, the data, the package, the
locked environment and the stored outputs are all those of the last successful execution. A clone
carries outputs but no state: everything in it is executed.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

#: Version of the state file; another version is read as no state at all.
STATE_VERSION = 1
_SKIPPED = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}


class Busy(Exception):
    """Another build holds the lock."""


def files(*places: Path) -> list[Path]:
    """Return every file at or under `places`, sorted; compiled and hidden clutter left out."""
    found: set[Path] = set()
    for place in places:
        if place.is_file():
            found.add(place)
        elif place.is_dir():
            found.update(
                path
                for path in place.rglob("*")
                if path.is_file() and not _SKIPPED.intersection(path.parts)
            )
    return sorted(found)


def digest(paths: Iterable[Path], root: Path, *extra: str) -> str:
    """Return one digest (SHA-256, hex) of names and contents of `paths` and of `extra` words."""
    total = hashlib.sha256("\0".join(extra).encode())
    for path in paths:
        total.update(path.relative_to(root).as_posix().encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def text_digest(value: Any) -> str:
    """Return the digest of a plain value, written as JSON with sorted keys."""
    return hashlib.sha256(
        json.dumps(value, sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()


def python_version() -> str:
    """Return the version the outputs may depend on, as ``3.11``."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def environment_key(root: Path, source: Path) -> str:
    """Return the digest of all that chapters use besides their own code.

    Data, package, locked requirements, external validation results, bibliography and Python's
    version. The book machinery (``book/``) and the command line are left out: they do not run in
    a chapter.
    """
    inputs = files(root / "data", root / "validation", root / "requirements.lock",
                   root / "references.bib")
    code = [
        path
        for path in files(source)
        if source / "book" not in path.parents and path.name != "__main__.py"
    ]
    return text_digest([digest(inputs, root), digest(code, source), python_version()])


def chapter_key(notebook: Any, environment: str) -> str:
    """Return the digest of a chapter's code cells and of what they run in.

    Prose is not part of it: a changed sentence needs no execution.
    """
    code = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return text_digest([environment, code])


def outputs_digest(notebook: Any) -> str:
    """Return the digest of the stored outputs, so that edited outputs are noticed."""
    outputs = [c["outputs"] for c in notebook["cells"] if c["cell_type"] == "code"]
    return text_digest(outputs)


def tree_digest(folder: Path) -> str:
    """Return the digest of a built folder; of a missing one, of nothing."""
    return digest(files(folder), folder)


def replace_bytes(path: Path, content: bytes) -> bool:
    """Write `content` in one step, only if it differs; return whether it did."""
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def replace_folder(new: Path, old: Path) -> None:
    """Put folder `new` in the place of `old`, keeping `old` whole until `new` stands."""
    aside = old.with_name(f".{old.name}.old")
    shutil.rmtree(aside, ignore_errors=True)
    if old.exists():
        os.replace(old, aside)
    os.replace(new, old)
    shutil.rmtree(aside, ignore_errors=True)


def read_state(path: Path) -> dict[str, Any]:
    """Return the state of the last build; empty when there is none or it cannot be read."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(state, dict) or state.get("version") != STATE_VERSION:
        return {}
    return state


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Save `state` in one step."""
    text = json.dumps({**state, "version": STATE_VERSION}, indent=1, sort_keys=True)
    replace_bytes(path, text.encode() + b"\n")


@contextlib.contextmanager
def build_lock(path: Path) -> Iterator[None]:
    """Hold the lock of one build.

    Raises
    ------
    Busy
        When another build of the same folder is running. The lock ends with its process, so a
        killed build leaves none behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            import fcntl
        except ImportError:  # not on Windows: builds there are not guarded
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Busy(f"another build of {path.parent.parent} is running") from None
        yield
