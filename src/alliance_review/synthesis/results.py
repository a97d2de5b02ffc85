"""What every result can do: become plain values, a frame, a few readable lines, a small table."""

import html
from dataclasses import fields
from typing import ClassVar

import numpy as np

from . import checks

ROWS_SHOWN = 10


class Result:
    """Base of the frozen dataclasses that the functions of this package return.

    A class names in ``_shown`` what its few lines show: a field, or a pair of fields that are the
    two ends of one interval. A class that holds one array entry per effect (or set, or grid
    point) names those arrays in ``_rows``; its frame has one line per entry.
    """

    _shown: ClassVar[tuple[str | tuple[str, str], ...]] = ()
    _rows: ClassVar[tuple[str, ...]] = ()

    def to_dict(self) -> dict:
        """Fields as dicts, lists, text and numbers; a number that is not finite becomes None."""
        return checks.plain({f.name: getattr(self, f.name) for f in fields(self)})

    def to_frame(self):
        """A ``pandas.DataFrame``: one line per entry of the arrays, or one line of the numbers.

        An array with a second dimension becomes one column per entry of it, numbered from 1.
        """
        # loading pandas takes longer than a hundred thousand fits; only this method needs it
        import pandas as pd

        if not self._rows:
            plain = (str, bool, int, float, np.generic)
            values = {f.name: getattr(self, f.name) for f in fields(self)}
            return pd.DataFrame([{n: v for n, v in values.items() if isinstance(v, plain)}])
        return pd.DataFrame(self._columns())

    def _columns(self) -> dict[str, np.ndarray]:
        columns = {}
        for name in self._rows:
            value = np.asarray(getattr(self, name))
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
                low, high = (_text(getattr(self, name)) for name in item)
                pairs.append((item[0].removesuffix("_low"), f"{low} to {high}"))
            else:
                pairs.append((item, _text(getattr(self, item))))
        return pairs

    def __repr__(self) -> str:
        lines = [type(self).__name__, *(f"  {name}: {text}" for name, text in self._pairs())]
        if self._rows:
            count = len(getattr(self, self._rows[0]))
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
        if not self._rows:
            return table
        columns = self._columns()
        arrays = list(columns.values())
        count = len(arrays[0])
        lines = [row([_text(a[i]) for a in arrays]) for i in range(min(count, ROWS_SHOWN))]
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
        title = f"first {ROWS_SHOWN} of {count}" if count > ROWS_SHOWN else f"{count} entries"
        return (
            f"{table}<table><caption>{title}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(lines)}</tbody></table>"
        )


def _text(value) -> str:
    """Four significant digits; a small array in full, a long one by its size."""
    if isinstance(value, np.ndarray):
        if value.ndim == 1 and value.size <= 6:
            return "[" + ", ".join(_text(item) for item in value) + "]"
        return f"array of shape {value.shape}"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}"
    return str(value)
