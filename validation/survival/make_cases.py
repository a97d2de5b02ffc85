"""Write ``cases.json``: seeded reviews, and the pools of this review as they stand.

    PYTHONPATH=src .venv/bin/python validation/survival/make_cases.py

A report is kept as it is worded - form, n, z, sign, alpha, tails - and not as an interval, so
that whoever reads the file has to find the critical values too.
"""

import json
from pathlib import Path

import numpy as np

from alliance_review import analysis, evidence
from alliance_review.analysis import pools
from alliance_review.synthesis import Report, critical_z

SEED = 20261125
HERE = Path(__file__).parent


def worded(rng, n: int, z: float, shown: float) -> Report:
    """What a study with this result might have printed; its number with probability ``shown``."""
    alpha = float(rng.choice([0.05, 0.05, 0.05, 0.01, 0.1, 0.001]))
    tails = int(rng.choice([2, 2, 2, 1]))
    sign = 1 if tails == 1 and rng.random() < 0.8 else int(np.sign(z))
    draw = rng.random()
    if draw < shown:
        return Report("exact", n, z=round(z, 6))
    if draw > 0.9:
        return Report("sign", n, sign=int(np.sign(z)))
    reached = (sign if tails == 1 else np.sign(z)) * z >= critical_z(n, alpha, tails)
    if reached:
        return Report("significant", n, sign=sign, alpha=alpha, tails=tails)
    return Report("null", n, sign=sign if tails == 1 else None, alpha=alpha, tails=tails)


def review(rng, sizes, shown: float) -> list[Report]:
    """Studies around a random mean with a random spread."""
    mean, tau = rng.uniform(-0.1, 0.5), rng.choice([0.0, 0.1, 0.2, 0.35])
    z = rng.normal(rng.normal(mean, tau, len(sizes)), (np.array(sizes) - 3.0) ** -0.5)
    return [worded(rng, int(n), float(x), shown) for n, x in zip(sizes, z, strict=True)]


def holds_both_sides(reports) -> bool:
    """Whether a number or a two-sided interval is among them."""
    return any(r.form == "exact" or (r.form == "null" and r.tails == 2) for r in reports)


def seeded() -> dict[str, list[Report]]:
    """Twenty reviews of mixed n, ten of one n each."""
    rng, found = np.random.default_rng(SEED), {}
    for name, count, one_n in (("mixed", 20, False), ("equal", 10, True)):
        while sum(key.startswith(name) for key in found) < count:
            k = int(rng.integers(2, 26)) if not one_n else int(rng.integers(5, 41))
            top = np.log(float(rng.choice([60, 600, 6000])))
            sizes = np.exp(rng.uniform(np.log(4), top, k)).astype(int).clip(4)
            if one_n:
                sizes[:] = int(rng.choice([8, 20, 60, 250]))
            reports = review(rng, sizes, float(rng.choice([0.0, 0.2, 0.5])))
            if holds_both_sides(reports):
                found[f"{name}{sum(key.startswith(name) for key in found) + 1:02d}"] = reports
    return found


def exact(n, z):
    """A printed number."""
    return Report("exact", n, z=z)


def null(n, **more):
    """Not significant."""
    return Report("null", n, **more)


def up(n, **more):
    """Significant and positive."""
    return Report("significant", n, sign=1, **more)


def chosen() -> dict[str, list[Report]]:
    """Reviews at the edge of what can be pooled."""
    down = Report("significant", 120, sign=-1)
    return {
        "two_reports": [null(40), up(60)],
        "only_nulls": [null(n) for n in (12, 30, 45, 80, 200)],
        "one_number": [exact(50, 0.3), up(40), up(90), Report("sign", 30, sign=-1)],
        "both_directions": [up(100), down, exact(80, 0.05), null(60)],
        "four_subjects": [exact(4, 0.8), exact(5, -0.2), null(4), up(6), null(7)],
        "huge": [exact(200_000, 0.101), up(1_000_000), null(50), null(3000), exact(400, 0.21)],
        "surprise": [exact(900, 0.02), exact(700, 0.01), null(800), up(25, alpha=0.001)],
        "one_tailed_nulls": [null(n, sign=1, tails=1) for n in (30, 60, 90)] + [exact(70, 0.1)],
    }


def real() -> dict[str, list[Report]]:
    """The three pools of this review."""
    data, found = evidence.load(), {}
    for tier in analysis.TIERS:
        rows = pools.selected(data, tier)
        rows = rows[rows["usable"] == "yes"]
        found[tier] = [pools.to_report(row) for row in rows.to_dict("records")]
    return found


def as_text(cases) -> str:
    """One line per review, in a form that changes only where a review does."""
    fields = ("form", "n", "z", "sign", "alpha", "tails")
    lines = [
        json.dumps(name) + ": " + json.dumps([[getattr(r, f) for f in fields] for r in reports])
        for name, reports in cases.items()
    ]
    head = {"seed": SEED, "fields": fields}
    return json.dumps(head)[:-1] + ', "reviews": {\n' + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    (HERE / "cases.json").write_text(as_text(seeded() | chosen() | real()), encoding="utf-8")
