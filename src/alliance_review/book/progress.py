"""What an author sees while chapters are executed."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from alliance_review.book.execute import Execution

#: What a chapter that never ran on this machine is expected to take: a kernel, then each cell.
START_SECONDS, CELL_SECONDS = 0.7, 0.15
#: A running chapter is named again after this many seconds without news.
HEARTBEAT = 10.0


class ChapterLines:
    """One line when a chapter starts and one when it is finished; those that take long say so.

    Parameters
    ----------
    note
        Prints one line with the time since the start of the build.
    total
        Number of chapters due.
    expected
        Chapter -> seconds it took the last time, None if it never ran; then the number of its
        cells says what to expect.
    """

    def __init__(self, note: Callable[[str], None], total: int, expected: dict[Path, float | None]
    ) -> None:
        self._note, self._total, self._expected = note, total, expected
        self._running: dict[Path, tuple[float, int, int]] = {}
        self._lock, self._end = threading.Lock(), threading.Event()
        self._count = 0

    def progress(self, chapter: Path, cell: int, cells: int) -> None:
        """Note that a chapter has come to a cell; the first time, say that it has started."""
        with self._lock:
            first = chapter not in self._running
            start = time.monotonic() if first else self._running[chapter][0]
            self._running[chapter] = (start, cell, cells)
            if first:
                if not self._expected.get(chapter):
                    self._expected[chapter] = START_SECONDS + CELL_SECONDS * cells
                self._line("", chapter, f"starting, {cells} cells")

    def finished(self, done: Execution) -> None:
        """Print the line of a finished chapter."""
        with self._lock:
            self._count += 1
            self._running.pop(done.chapter, None)
            change = "outputs changed" if done.written else "outputs unchanged"
            self._line(
                f"[{self._count:2}/{self._total}]", done.chapter,
                f"{done.cells} cells in {done.seconds:.1f} s", change,
            )  # fmt: skip

    def _line(self, mark: str, chapter: Path, *words: str) -> None:
        known = self._expected.get(chapter)
        last = f"expected {known:.1f} s" if known else "no cells"
        self._note(f"{mark:9} {chapter.stem:18} {', '.join([*words, last])}")

    def _beat(self) -> None:
        while not self._end.wait(HEARTBEAT):
            with self._lock:
                for chapter, (start, cell, cells) in self._running.items():
                    seconds = time.monotonic() - start
                    if seconds >= HEARTBEAT / 2:
                        self._line("", chapter, f"cell {cell} of {cells}, {seconds:.0f} s so far")

    def __enter__(self) -> "ChapterLines":
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
