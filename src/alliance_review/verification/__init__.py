"""Our numbers beside those of other software, quantity by quantity.

Each topic module yields ``Cell``s: one number or array of ours with the reference result it must
equal. The tests go through all cells; the verification appendix of the book shows the largest
difference of each quantity. So the page shows what the tests check, and nothing is compared twice.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from .cells import TOLERANCES, Cell


class Row(NamedTuple):
    """The agreement of one quantity within a topic.

    Attributes
    ----------
    topic, quantity : str
    comparisons : int
        How many numbers are compared.
    largest : float
        Largest relative difference among them (see ``Cell.difference``).
    where : str
        Data set and settings at which the largest difference occurs.
    kind : str
        Kind of tolerance, key of ``TOLERANCES``.
    tolerance : float
    agrees : bool
        Whether every number is within the tolerance.
    """

    topic: str
    quantity: str
    comparisons: int
    largest: float
    where: str
    kind: str
    tolerance: float
    agrees: bool


def topics() -> list[str]:
    """Names of the modules of this package that compare something, sorted."""
    modules = (m.name for m in pkgutil.iter_modules(__path__))
    return sorted(name for name in modules if callable(getattr(module(name), "cells", None)))


def module(topic: str):
    """The module of a topic, with ``cells()`` and, where something is left out, ``DIFFERS``."""
    return importlib.import_module(f"{__name__}.{topic}")


@cache
def compare(topic: str) -> tuple[Cell, ...]:
    """All comparisons of a topic, computed once in a process."""
    return tuple(module(topic).cells())


def differs(topic: str) -> tuple[tuple[str, str], ...]:
    """What a topic does not compare, or not with the plain answer of the reference, and why."""
    return tuple(getattr(module(topic), "DIFFERS", ()))


def summary(names: Iterable[str] | None = None) -> list[Row]:
    """One row per topic, quantity and kind of tolerance, in the order of the comparisons.

    ``names`` restricts it to some topics. All of them take some seconds the first time.
    """
    rows = []
    for topic in topics() if names is None else names:
        groups: dict[tuple[str, str], list[Cell]] = {}
        for cell in compare(topic):
            groups.setdefault((cell.quantity, cell.kind), []).append(cell)
        for (quantity, kind), group in groups.items():
            differences = [cell.difference for cell in group]
            largest = max(differences)
            rows.append(
                Row(
                    topic=topic,
                    quantity=quantity,
                    comparisons=sum(cell.count for cell in group),
                    largest=largest,
                    where=group[differences.index(largest)].where,
                    kind=kind,
                    tolerance=TOLERANCES[kind],
                    agrees=all(cell.agrees for cell in group),
                )
            )
    return rows
