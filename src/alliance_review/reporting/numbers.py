"""Numbers in prose: one path into the results, one way of writing the value.

``render(results, "pools.core.all_reports.r")`` gives ``.20``. Pure: no files, no state. A path
that leads nowhere, a value that is missing and a format that does not fit are errors, so that a
sentence can never be printed without its number.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from alliance_review.formats import FORMATS


def render(results: Mapping[str, Any], expression: str) -> str:
    """Write one value of the results for a reader.

    Parameters
    ----------
    results : mapping
        The tree of ``results.json``.
    expression : str
        ``path`` or ``path|format``. The path is a chain of keys and list positions joined by
        dots (``pools.core.rows.0.n``). Formats: ``r`` (two decimals, no leading zero; default
        for fractions), ``int`` (grouped by commas; default for whole numbers), ``pct`` (0..1 as
        ``31 %``), ``chance`` (the same, never certain by rounding: ``> 99.9 %``), ``odds`` (a
        Bayes factor as ``8.9 to 1``), ``f0`` to ``f3`` (fixed decimals), ``p`` (``.014``,
        ``< .001``), ``word`` (0 to 20 as words), ``none_word`` (the same, with ``none`` for 0),
        ``date`` (an ISO date as ``22 November 2026``), ``text`` (default for text).

    Returns
    -------
    str
        Text with U+2212 as minus. Halves are rounded away from zero, on the shortest decimal
        that stands for the stored value: ``.125`` is ``.13``, as a reader would round it, and a
        rounded zero has no sign.

    Raises
    ------
    KeyError
        If the path leads nowhere.
    ValueError
        If the value is missing or not finite, or the format is unknown or does not fit.

    Examples
    --------
    >>> render({"core": {"r": -0.204, "k": 11}}, "core.r"), render({"k": 11}, "k|word")
    ('−.20', 'eleven')
    """
    path, bar, name = (part.strip() for part in expression.partition("|"))
    value = lookup(results, path)
    if value is None:
        raise ValueError(f"{path}: the results hold no value here")
    if isinstance(value, (Mapping, list)):
        raise ValueError(f"{path}: this is a branch of the results, not a value")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{path}: {value} cannot be printed")
    if bar and name not in FORMATS:
        raise ValueError(f"{path}: unknown format {name!r}; known: {', '.join(FORMATS)}")
    name = name or _default(value)
    try:
        return FORMATS[name](value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: {value!r} cannot be written as {name!r} ({error})") from None


def format_value(value: Any, name: str) -> str:
    """Write one value in a named format, for tables; as in `render`, without a path.

    Raises
    ------
    ValueError
        If the format is unknown or does not fit the value.
    """
    return render({"value": value}, f"value|{name}")


def lookup(results: Any, path: str) -> Any:
    """Return what stands at `path`; a KeyError says how far the path could be followed."""
    here, walked = results, []
    for part in path.split("."):
        try:
            if isinstance(here, Mapping):
                here = here[part]
            elif isinstance(here, Sequence) and not isinstance(here, str):
                if not part.isdecimal():
                    raise KeyError(part)
                here = here[int(part)]
            else:
                raise KeyError(part)
        except (KeyError, IndexError):
            place = ".".join(walked) or "the results"
            raise KeyError(f"{path}: {place} has no {part!r}{_hint(here)}") from None
        walked.append(part)
    return here


def _hint(here: Any) -> str:
    """Name what would have been possible, in one line."""
    if isinstance(here, Mapping):
        names = ", ".join(list(map(str, here))[:12])
        return f" (there is: {names}{', ...' if len(here) > 12 else ''})"
    if isinstance(here, list):
        return f" (a list of {len(here)})"
    return " (a single value)"


def _default(value: Any) -> str:
    if isinstance(value, (bool, str)):
        return "text"
    return "int" if isinstance(value, int) else "r"
