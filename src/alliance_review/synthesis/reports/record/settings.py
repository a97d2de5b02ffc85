"""Fits at several settings of an assumption, as the fields of one result."""

from collections.abc import Sequence

import numpy as np

from ...checks import NoMaximum
from ...results import read_only


def columns_of(
    fits: Sequence[dict], fields: Sequence[str], name: str, values: np.ndarray, *, single: bool
) -> dict:
    """Fields of a result: numbers of the one fit of a single setting, or arrays over all fits.

    Parameters
    ----------
    fits : sequence of dict
        Of every setting ``fields``, and ``problem``: why there is no estimate, or empty.
    fields : sequence of str
    name : str
        What is set, itself a field of the result.
    values : ndarray, shape (S,)
        The settings.
    single : bool
        Whether one setting was asked for by itself.

    Raises
    ------
    NoMaximum
        A single setting has a problem.
    """
    if single and fits[0]["problem"]:
        raise NoMaximum(fits[0]["problem"])
    if single:
        return fits[0] | {name: float(values[0])}
    columns = {field: read_only(np.array([fit[field] for fit in fits])) for field in fields}
    return columns | {name: read_only(values), "problem": tuple(f["problem"] for f in fits)}
