"""Leave-one-out and cumulative analyses, in the order of the data and by year, against metafor."""

from collections.abc import Iterator

from alliance_review.synthesis import cumulative, leave_one_out

from . import fixtures
from .cells import Cell

DIFFERS: tuple[tuple[str, str], ...] = ()

NAMES = {
    "estimate": "estimate",
    "se": "standard error",
    "p_value": "p value",
    "tau2": "tau squared",
    "q": "Q",
    "i2": "I squared",
}


def cells() -> Iterator[Cell]:
    """One cell per set, method and field: an array over the analyses."""
    for name, reference in fixtures.load("sensitivity").items():
        y, v = fixtures.effects(name)
        for key, theirs in reference.items():
            what, method, test = key.split("/")
            if what == "leave_one_out":
                ours, quantity = leave_one_out(y, v, tau2=method, test=test), "leave one out"
            else:
                order = theirs.get("order", range(y.size))
                ours, quantity = cumulative(y, v, order, tau2=method, test=test), "cumulative"
            where = ", ".join([name, method, test, *(["by year"] if "by_year" in what else [])])
            # where the estimate is 0, metafor prints up to 5e-12 of the smallest variance
            scales = {"estimate": float(ours.se.min()), "tau2": float(v.min()), "i2": 1.0}
            closed = "closed form" if method in ("FE", "DL") else "iterated"
            for field, label in NAMES.items():
                if field in theirs:
                    kind = {"p_value": "tail area", "q": "closed form"}.get(field, closed)
                    scale = scales.get(field, 0.0)
                    yield Cell(
                        f"{quantity}: {label}",
                        where,
                        getattr(ours, field),
                        theirs[field],
                        kind,
                        scale,
                    )
