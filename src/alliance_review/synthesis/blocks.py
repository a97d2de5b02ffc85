"""Long runs in blocks: memory that stays bounded, and word of how far a run is."""

import sys
import time
from collections.abc import Callable, Iterator

#: Sets in a block: its arrays stay in the processor's cache, and memory for what lies between
#: does not grow with the number of sets.
BLOCK = 2048
#: Seconds after which a long run begins to say how far it is.
PATIENCE = 2.0

Progress = Callable[[int, int], None]


class Ticker:
    """Says how far a run is: to ``progress`` after every step, as (done, total); without one, on
    the standard error stream, once a second and only in a run of more than two seconds."""

    def __init__(self, what: str, total: int, progress: Progress | None = None):
        self.what, self.total, self.progress = what, total, progress
        self.began = self.said = time.monotonic()

    def __call__(self, done: int) -> None:
        """Note that so many are done."""
        if self.progress is not None:
            self.progress(done, self.total)
            return
        now = time.monotonic()
        if now - self.began > PATIENCE and (now - self.said >= 1 or done == self.total):
            print(f"{self.what}: {done} of {self.total}", file=sys.stderr)
            self.said = now


def blocks(
    count: int, what: str, progress: Progress | None = None, size: int = BLOCK
) -> Iterator[slice]:
    """Slices of ``size`` sets that cover ``count`` of them; a ``Ticker`` tells how far they are."""
    tick = Ticker(what, count, progress)
    for start in range(0, count, size):
        done = min(start + size, count)
        yield slice(start, done)
        tick(done)
