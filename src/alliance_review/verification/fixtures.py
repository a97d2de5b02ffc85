"""Reference results in ``validation/``, made once with other software; its READMEs say how."""

import json
from functools import cache

import numpy as np

from alliance_review import paths


@cache
def load(topic: str, source: str = "metafor") -> dict:
    """The content of ``validation/<source>/<topic>.json``; for metafor one entry per data set."""
    with (paths.VALIDATION / source / f"{topic}.json").open(encoding="utf-8") as file:
        return json.load(file)


def names() -> tuple[str, ...]:
    """The nine data sets of published study results."""
    return tuple(load("effects"))


def effects(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Effects and sampling variances of a data set, as arrays of shape (k,)."""
    data = load("effects")[name]
    return np.array(data["y"]), np.array(data["v"])


def sizes(name: str) -> np.ndarray | None:
    """Sample sizes of a data set, shape (k,), or None where the source does not give them."""
    n = load("effects")[name]["n"]
    return None if n is None else np.array(n, dtype=float)
