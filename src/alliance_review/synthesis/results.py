"""What every result can do: become plain values, a frame, a few readable lines, a small table."""

import html
from dataclasses import fields
from typing import ClassVar

import numpy as np

from . import checks

ROWS_SHOWN = 10
FEW = 6  # entries of an array that are printed in full


def read_only(array: np.ndarray) -> np.ndarray:
    """The same array, which can no longer be changed."""
    array.flags.writeable = False
    return array


def frozen(array) -> np.ndarray:
    """A copy of the array in floats, read-only."""
    return read_only(np.array(array, dtype=float))


class Result:
    """Base of the frozen dataclasses that the functions of this package return.

    A class names in ``_shown`` what its few lines show: a field, or a pair of fields that are the
    two ends of one interval. A class that holds one array entry per effect (or set, or grid
    point) names those arrays in ``_rows``.

    Every result has three frames. ``summary()`` is one line of its plain numbers. ``entries()``
    has one line per entry of the arrays in ``_rows``. ``to_frame()`` holds the answer: the entries
    where there are any, otherwise the summary. A class whose arrays only lead to the answer (the
    power of each study, effects that were filled in) overrides ``to_frame()``.
    """

    _shown: ClassVar[tuple[str | tuple[str, str], ...]] = ()
    _rows: ClassVar[tuple[str, ...]] = ()

    def to_dict(self) -> dict:
        """Fields as dicts, lists, text and numbers; a number that is not finite becomes None."""
        names = [f.name for f in fields(self) if not f.name.startswith("_")]
        return checks.plain({name: getattr(self, name) for name in names})

    def to_frame(self):
        """A ``pandas.DataFrame`` of the answer: ``entries()`` where there are, or ``summary()``."""
        return self.entries() if self._rows else self.summary()

    def summary(self):
        """A ``pandas.DataFrame`` of one line: the fields that are one number, text or yes or no."""
        return frame([self._plain()])

    def entries(self):
        """A ``pandas.DataFrame`` of one line per entry of the arrays; no line where there are none.

        An array with a second dimension becomes one column per entry of it, numbered from 1.
        """
        return frame(self._columns())

    def _plain(self) -> dict:
        plain = (str, bool, int, float, np.generic)
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, plain)}

    def _columns(self) -> dict[str, np.ndarray]:
        columns = {}
        for name in self._rows:
            value = getattr(self, name)
            if isinstance(value, tuple):  # labels, which may be of any kind
                column = np.empty(len(value), dtype=object)
                column[:] = value
                value = column
            value = np.asarray(value)
            if value.ndim == 2:
                names = (f"{name}_{j + 1}" for j in range(value.shape[1]))
                columns.update(zip(names, value.T, strict=True))
            else:
                columns[name] = value
        return columns

    def _pairs(self) -> list[tuple[str, str]]:
        pairs = []
        for item in self._shown:
            if isinstance(item, tuple):
                name = item[0].removesuffix("_low")
                label = f"{name} interval" if name in self._shown else name
                pairs.append((label, _interval(*(getattr(self, end) for end in item))))
            else:
                pairs.append((item, _text(getattr(self, item))))
        return [(label, text) for label, text in pairs if text]

    def __repr__(self) -> str:
        lines = [type(self).__name__, *(f"  {name}: {text}" for name, text in self._pairs())]
        count = len(getattr(self, self._rows[0])) if self._rows else 0
        if count:
            lines.append(f"  {count} entries of {', '.join(self._rows)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def row(cells):
            return f"<tr>{''.join(f'<td>{html.escape(c)}</td>' for c in cells)}</tr>"

        caption = f"<caption>{html.escape(type(self).__name__)}</caption>"
        body = "".join(
            f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(text)}</td></tr>'
            for name, text in self._pairs()
        )
        table = f"<table>{caption}<tbody>{body}</tbody></table>" if body else ""
        columns = self._columns()
        arrays = list(columns.values())
        count = len(arrays[0]) if arrays else 0
        if not count:
            return table
        lines = [row([_text(a[i]) for a in arrays]) for i in range(min(count, ROWS_SHOWN))]
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
        title = f"first {ROWS_SHOWN} of {count}" if count > ROWS_SHOWN else f"{count} entries"
        return (
            f"{table}<table><caption>{title}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table>"
        )


def frame(content):
    """A ``pandas.DataFrame`` of columns by name, or of a list of lines."""
    # loading pandas takes longer than a hundred thousand fits; only frames need it
    import pandas as pd

    return pd.DataFrame(content)


def _interval(low, high) -> str:
    """Both ends, entry by entry where there are a few of them."""
    if isinstance(low, np.ndarray) and low.ndim == 1 and low.size <= FEW:
        return "[" + ", ".join(map(_interval, low, high)) + "]"
    return f"{_text(low)} to {_text(high)}"


def _text(value) -> str:
    """Four significant digits; a small array in full, a long one by its size."""
    if isinstance(value, np.ndarray):
        if value.ndim == 1 and value.size <= FEW:
            return "[" + ", ".join(_text(item) for item in value) + "]"
        return f"array of shape {value.shape}"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    return str(value)
