"""Every number of ours beside its reference: all topics of the verification package."""

import json
import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from alliance_review import paths, verification
from alliance_review.verification import fixtures
from alliance_review.verification.cells import TOLERANCES, Cell

TOPICS = verification.topics()

#: How many numbers each topic compares: a comparison that is lost, or gained, fails here.
COUNTS = {
    "bias_models": 555,
    "effect_sizes": 2346,
    "fail_safe": 126,
    "fifty_digits": 262,
    "funnel": 2056,
    "gosh": 2166,
    "influence": 20455,
    "multilevel": 2576,
    "peers": 17372,
    "permutation": 456,
    "pet_peese": 864,
    "pooling": 3699,
    "published": 150,
    "regression": 9101,
    "reports": 1386,
    "reports_posterior": 48,
    "selection": 1029,
    "sensitivity": 12890,
    "subgroups": 853,
    "subsets": 41075,
    "tau_intervals": 162,
    "trim_and_fill": 4802,
}

#: Reference files that cannot hold all nine data sets, and what they hold instead.
CORRELATIONS = {"aloe2013", "cohen1981", "crede2010", "mcdaniel1994", "molloy2014"}
FEWER_SETS = {
    "effect_sizes": CORRELATIONS,  # the other sets come as effects, not as correlations
    "multilevel": {"crede2010", "konstantopoulos2011"},  # the sets with clusters
    "stress_sets": {"origin", "sets"},
    "subgroups": {  # the sets with a category
        *("bangertdrowns2004", "bcg", "cohen1981", "crede2010", "mcdaniel1994", "molloy2014"),
        "raudenbush1985",
    },
}


@pytest.fixture(scope="module")
def files_read():
    """Run every topic once; the reference files that each of them opened."""
    read = {}
    opening = Path.open
    verification.compare.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        for topic in TOPICS:
            fixtures.load.cache_clear()  # each topic must read its files before our eyes
            opened = read[topic] = set()

            def record(path, *args, opened=opened, **kwargs):
                opened.add(Path(path).resolve())
                return opening(path, *args, **kwargs)

            patch.setattr(Path, "open", record)
            verification.compare(topic)
    return read


@pytest.mark.parametrize("topic", TOPICS)
def test_ours_equals_the_reference(topic):
    cells = verification.compare(topic)
    wrong = sorted((c for c in cells if not c.agrees), key=lambda c: -_size(c.difference))
    lines = [
        f"{c.quantity} | {c.where} | ours {_short(c.ours)} | theirs {_short(c.theirs)} | "
        f"difference {c.difference:.1e}, allowed {TOLERANCES[c.kind]:.0e} ({c.kind})"
        for c in wrong[:15]
    ]
    assert not wrong, f"{len(wrong)} of {len(cells)} comparisons differ:\n" + "\n".join(lines)


def _size(difference):
    return math.inf if math.isnan(difference) else difference


def _short(value):
    text = str(np.asarray(value, dtype=float))
    return text if len(text) <= 60 else text[:57] + "..."


@pytest.mark.parametrize("topic", TOPICS)
def test_no_comparison_is_made_twice(topic):
    twice = Counter((c.quantity, c.where) for c in verification.compare(topic))
    assert [key for key, count in twice.items() if count > 1] == []


def test_the_grid_of_comparisons_is_the_one_counted():
    found = {topic: sum(c.count for c in verification.compare(topic)) for topic in TOPICS}
    assert found == COUNTS, "COUNTS should read: " + json.dumps(found, indent=4)


def test_every_reference_file_is_used(files_read):
    kept = set(paths.VALIDATION.resolve().rglob("*.json"))
    kept.remove(paths.VALIDATION.resolve() / "timings.json")  # times, not results
    kept -= set(paths.SIMULATION.resolve().glob("*.json"))  # our own results, not a reference
    used = set().union(*files_read.values())
    assert sorted(p.name for p in kept - used) == []


def test_the_reference_has_all_nine_sets_and_every_one_is_compared(files_read):
    nine = set(fixtures.names())
    assert len(nine) == 9
    readers = {}
    for topic, opened in files_read.items():
        for path in opened:
            readers.setdefault(path, set()).add(topic)
    for path, names in readers.items():
        if path.parent.name == "metafor" and path.stem != "effects":
            held = set(fixtures.load(path.stem))
            assert held == FEWER_SETS.get(path.stem, nine), path.name
            cells = [c for topic in names for c in verification.compare(topic)]
            missing = (held & nine).difference(*map(_words, cells))
            assert not missing, f"{path.name}: {missing} not compared"


def _words(cell):
    return re.findall(r"\w+", cell.where)


def test_the_stress_sets_are_the_hard_ones():
    stress = fixtures.load("stress_sets")["sets"]
    assert len(stress) == 34
    assert sum(s["truth"]["modes"] > 1 for s in stress.values()) == 6
    named = {c.where for c in verification.compare("fifty_digits")}
    assert set(stress) <= named


def test_a_summary_row_shows_the_largest_difference_of_its_cells():
    rows = verification.summary(["tau_intervals", "fifty_digits"])
    assert {r.topic for r in rows} == {"tau_intervals", "fifty_digits"}
    for topic in ("tau_intervals", "fifty_digits"):
        mine = [r for r in rows if r.topic == topic]
        assert sum(r.comparisons for r in mine) == COUNTS[topic]
        for r in mine:
            cells = [c for c in verification.compare(topic) if c.quantity == r.quantity]
            worst = max(cells, key=lambda c: c.difference)
            assert (r.largest, r.where) == (worst.difference, worst.where)
            assert r.agrees and r.tolerance == TOLERANCES[r.kind]


@pytest.mark.parametrize("topic", TOPICS)
def test_what_is_left_out_says_why(topic):
    for what, why in verification.differs(topic):
        assert what.strip() and len(why) > 20


# --- the comparison itself: it must see a wrong number ---------------------------------------


@pytest.mark.parametrize(
    "ours, theirs",
    [
        (1 + 1e-6, 1.0),
        (np.nan, 1.0),
        (1.0, np.nan),
        (1.0, None),
        (2e-20, 1e-20),
        (0.0, 1e-14),
        (np.inf, 1.0),
        (1.0, np.inf),
        (-np.inf, np.inf),
        ([1.0, 2.0], [1.0]),
        ([1.0], 1.0),
        ([1.0, 2.0], [2.0, 1.0]),
        ([1.0, np.nan], [1.0, 2.0]),
        ([[1.0, 2.0]], [1.0, 2.0]),
        (1e-9, 0.0),
        (0.0, 1e-9),
        (-1.0, 1.0),
    ],
)
def test_a_wrong_number_is_seen(ours, theirs):
    assert not Cell("x", "planted", ours, theirs, "iterated").agrees


@pytest.mark.parametrize(
    "ours, theirs", [(np.nan, None), (np.inf, np.inf), ([1.0, np.nan], [1.0, None]), ([], [])]
)
def test_what_is_undefined_or_infinite_on_both_sides_agrees(ours, theirs):
    assert Cell("x", "planted", ours, theirs, "exact").agrees


def test_the_difference_is_relative_to_the_reference_or_to_the_scale():
    assert Cell("x", "", 2.02, 2.0, "iterated").difference == pytest.approx(0.01)
    assert Cell("x", "", 0.02, 0.0, "iterated", 4.0).difference == pytest.approx(0.005)
    assert Cell("x", "", 10.1, 10.0, "iterated", 4.0).difference == pytest.approx(0.01)
    assert Cell("x", "", [1.0, 2.2], [1.0, 2.0], "iterated").difference == pytest.approx(0.1)
    assert Cell("x", "", [1, 2], [1, 2], "exact").count == 2


@pytest.mark.parametrize("topic", TOPICS)
def test_a_number_planted_in_any_comparison_is_caught(topic):
    for cell in verification.compare(topic):
        theirs = np.array(cell.theirs, dtype=float)
        flat = theirs.ravel().copy()
        known = np.flatnonzero(np.isfinite(flat))
        if not known.size:
            continue
        at = known[np.abs(flat[known]).argmax()]
        size = max(abs(flat[at]), cell.scale)
        if size == 0:
            size = 1.0
        error = 3 * TOLERANCES[cell.kind] * size or 1.0
        flat[at] += error if abs(flat[at]) > 1e-15 else max(error, 3e-15)
        planted = cell._replace(ours=flat.reshape(theirs.shape))
        assert not planted.agrees, (cell.quantity, cell.where)


def test_the_command_prints_the_table(capsys):
    from alliance_review.verification.__main__ import main

    assert main(["fail_safe", "truth"]) == 2 and "no such topic: truth" in capsys.readouterr().err
    assert main(["fail_safe"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"{COUNTS['fail_safe']} numbers compared"
    assert len(lines) == 2 + len(verification.summary(["fail_safe"]))
