"""Numbers and sentences as figures write them, in the same form as the prose."""

from __future__ import annotations

import re

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MINUS = "\N{MINUS SIGN}"


def clean(text: object) -> str:
    """One line of text without characters that XML forbids."""
    return " ".join(_NOT_XML.sub("", str(text)).split())


def r_text(value: float, digits: int = 2) -> str:
    """Write a correlation as in prose: ``.20``, ``−.05``, ``1.00`` (never ``−.00``)."""
    shown = f"{abs(value):.{digits}f}"
    sign = _MINUS if value < 0 and float(shown) != 0 else ""
    return sign + (shown[1:] if shown.startswith("0.") else shown)


def tick_text(value: float) -> str:
    """Write a tick of a correlation axis: ``−.4``, ``0``, ``.15``."""
    if abs(value) < 1e-9:
        return "0"
    return r_text(value, 1 if abs(value * 10 - round(value * 10)) < 1e-9 else 2)


def interval_text(low: float, high: float) -> str:
    """Write an interval as in a column: ``[.04, .18]``."""
    return f"[{r_text(low)}, {r_text(high)}]"


def range_text(low: float, high: float) -> str:
    """Write an interval as in prose: ``.04 to .18``."""
    return f"{r_text(low)} to {r_text(high)}"


def count_text(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: ``1 sample``, ``11 samples``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def alt_text(*sentences: str | None, limit: int = 900) -> str:
    """Join full sentences, most important first, and stop before ``limit`` characters."""
    text = ""
    for sentence in filter(None, sentences):
        longer = f"{text} {sentence}".strip()
        if len(longer) > limit:
            break
        text = longer
    return clean(text)
