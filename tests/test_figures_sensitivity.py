"""Pools under missing results and under tilted printing: what is drawn and what is said of it.

All values here are made up for the tests; none is a result of the review.
"""

from __future__ import annotations

import copy
import re

import pytest
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from alliance_review import figures
from alliance_review.figures.style import TOKENS
from conftest import text_that_fits

WEIGHTS, TILTS = (1.0, 0.5, 0.25, 0.1), (-0.2, 0.0, 0.1, 0.2, 0.5, 1.0)
NONE = {"r": None, "r_low": None, "r_high": None, "problem": "no maximum"}


def row(key, value, r, low, high):
    return {key: value, "r": r, "r_low": low, "r_high": high, "problem": ""}


def pool(start, drop):
    """A made-up pool; ``drop``: how far r falls from the first to the last weight, by kind."""
    selected = {
        kind: [row("weight", w, start - d * i / 3, start - d * i / 3 - 0.1, start + 0.1 - i / 100)
               for i, w in enumerate(WEIGHTS)]
        for kind, d in drop.items()
    }  # fmt: skip
    tilted = [row("tilt", t, start - t / 20, start - t / 20 - 0.1, start + 0.15) for t in TILTS]
    return {"selected": selected, "tilted": tilted}


POOLS = {
    "core": pool(0.31, {"two-sided": 0.09, "positive": 0.27}),
    "adherence": pool(0.42, {"two-sided": 0.06, "positive": 0.12}),
    "extended": pool(0.22, {"two-sided": 0.15, "positive": 0.19}),
}
GAPS = copy.deepcopy(POOLS)
GAPS["core"]["selected"]["positive"][3] |= NONE
GAPS["core"]["selected"]["two-sided"][2] |= NONE
GAPS["adherence"]["selected"]["positive"][3] |= {"r_low": None, "r_high": None}
GAPS["extended"]["selected"]["two-sided"][3] |= {"r_low": -0.99, "r_high": 0.97}
GAPS["core"]["tilted"][5] |= NONE
WHOLE = {"core": {"r": 0.25, "r_low": 0.2, "r_high": 0.4}}
DRAWN = {
    "selection": lambda: figures.selection_sensitivity(POOLS),
    "selection_gaps": lambda: figures.selection_sensitivity(GAPS),
    "selection_whole": lambda: figures.selection_sensitivity(POOLS, WHOLE),
    "selection_one": lambda: figures.selection_sensitivity({"core": POOLS["core"]}),
    "selection_five": lambda: figures.selection_sensitivity(
        POOLS | {"fourth": POOLS["core"], "fifth_pool": POOLS["core"]}
    ),
    "tilt": lambda: figures.tilt_sensitivity(POOLS),
    "tilt_gaps": lambda: figures.tilt_sensitivity(GAPS),
}


@pytest.fixture(scope="module")
def drawn():
    """Every figure once: name -> (figure, alt, svg)."""
    out = {}
    for name, draw in DRAWN.items():
        figure, alt = draw()
        out[name] = (figure, alt, figures.to_svg(figure, alt, f"Test {name}"))
    return out


def ids(svg, kind):
    return re.findall(rf'id="f[0-9a-f]{{8}}-({kind}-\d+)"', svg)


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text().strip()]


def marks(figure, kind="mark"):
    """Centres of the marks, in points, in drawing order."""
    found = [patch for patch in figure.findobj(PathPatch) if patch.get_gid() == kind]
    boxes = [patch.get_path().get_extents() for patch in found]
    return [((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2) for box in boxes]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("selection", [
            "of 3 pools",
            "Core: complete record .31, at 1 in 10 .22 (not significant rarer), .04 (significant "
            "negative rarer too). Adherence: .42, .36, .30. Extended: .22, .07, .03.",
            "4 of 21 intervals hold zero: Core at 1 in 10, Extended at 1 in 4 and 1 in 10 "
            "(significant negative rarer too); Extended at 1 in 10 (not significant rarer).",
        ]),
        ("selection_gaps", [
            "2 values have no estimate", ", no estimate (significant negative rarer too).",
            "Adherence: .42, .36, .30 (no interval).",
            "3 of 18 intervals hold zero: Extended at 1 in 10 (not significant rarer); "
            "Extended at 1 in 4 and 1 in 10 (significant negative rarer too).",
        ]),
        ("selection_one", ["of 1 pool ", "1 of 7 intervals holds zero: Core at 1 in 10 ("]),
        ("tilt", [
            "tilts from −.2 to 1.", "0 of 18 intervals hold zero.",
            "Core: tilt 0 .31, at tilt 1 .26. Adherence: .42, .37. Extended: .22, .17.",
        ]),
        ("tilt_gaps", ["0 of 17", "1 value has no estimate", "at tilt 1 no estimate."]),
    ],
)  # fmt: skip
def test_alt_says_what_the_data_say(drawn, name, words):
    for word in words:
        assert word in drawn[name][1]


@pytest.mark.parametrize("name", DRAWN)
def test_alt_is_prose_of_every_pool(drawn, name):
    alt = drawn[name][1]
    assert 80 < len(alt) <= 900 and alt.endswith(".")
    assert not re.search(r"\bnan\b|\bNone\b|-\.\d|-0|0\.\d\d|\{|\}|\. \.", alt), alt
    assert len(alt) <= 440 or name == "selection_five"
    for pool in ("Core",) if name == "selection_one" else ("Core", "Adherence", "Extended"):
        assert alt.count(f"{pool}: ") == 1
    assert "two-sided" not in alt and "positive" not in alt


@pytest.mark.parametrize(
    ("name", "own", "shared", "crosses", "cut"),
    [
        ("selection", 18, 3, 0, 0),
        ("selection_gaps", 16, 3, 2, 2),
        ("selection_whole", 18, 3, 0, 0),
        ("selection_five", 30, 5, 0, 0),
        ("tilt", 15, 3, 0, 0),
        ("tilt_gaps", 14, 3, 1, 0),
    ],
)
def test_one_mark_for_every_value_and_a_cross_where_there_is_none(
    drawn, name, own, shared, crosses, cut
):
    figure, _, svg = drawn[name]
    assert len(ids(svg, "mark")) == own
    assert len(ids(svg, "pooled")) == shared, "the pool as it is stands once in each panel"
    assert texts(figure).count("×") == crosses
    assert any("×: no estimate" in text for text in texts(figure)) == bool(crosses)
    assert len(ids(svg, "clip")) == cut


def test_marks_stand_where_their_values_are(drawn):
    """Heights are linear in r, over all panels; a stronger assumption stands further right."""
    figure = drawn["selection"][0]
    values = [
        cell["r"]
        for part in POOLS.values()
        for kind in ("two-sided", "positive")
        for cell in part["selected"][kind][1:]
    ]
    places = marks(figure)
    (_, foot), (_, top) = places[values.index(min(values))], places[values.index(max(values))]
    slope = (top - foot) / (max(values) - min(values))
    for value, (_, y) in zip(values, places, strict=True):
        assert y == pytest.approx(foot + slope * (value - min(values)), abs=1e-6)
    assert slope < 0
    for i in range(0, len(places), 3):
        assert places[i][0] < places[i + 1][0] < places[i + 2][0]
    for start, first in zip(marks(figure, "pooled"), places[::6], strict=True):
        assert start[0] < first[0]


def test_order_of_the_rows_does_not_matter(drawn):
    turned = copy.deepcopy(POOLS)
    for part in turned.values():
        part["tilted"].reverse()
        for rows in part["selected"].values():
            rows.reverse()
    for name, draw in (("selection", figures.selection_sensitivity),
                       ("tilt", figures.tilt_sensitivity)):  # fmt: skip
        figure, alt = draw(turned)
        assert figures.to_svg(figure, alt, f"Test {name}") == drawn[name][2]


def test_numbers_and_series_are_labelled_directly(drawn):
    said = texts(drawn["selection"][0])
    for word in ("Core", "Adherence", "Extended", "not significant rarer", "1 in 10",
                 "significant negative rarer too", ".31", ".22", ".04", ".36", ".03"):  # fmt: skip
        assert word in said
    assert said.count("not significant rarer") == 1
    assert "Fifth pool" in texts(drawn["selection_five"][0])


def test_the_given_pool_is_the_dotted_line(drawn):
    assert ".25" in texts(drawn["selection_whole"][0])
    assert ".25" not in texts(drawn["selection"][0])
    assert "(significant negative rarer too), dotted line at .25." in drawn["selection_whole"][1]
    assert drawn["selection_whole"][1].count("dotted") == 1
    assert "dotted" not in drawn["selection"][1]


def test_what_cannot_be_drawn_is_refused():
    for draw in (figures.selection_sensitivity, figures.tilt_sensitivity):
        with pytest.raises(ValueError, match="no pool"):
            draw({})
    nothing = {"selected": {"two-sided": [], "positive": []}, "tilted": []}
    for draw in (figures.selection_sensitivity, figures.tilt_sensitivity):
        with pytest.raises(ValueError, match="'core' has no rows"):
            draw({"core": nothing})
    empty = {"core": copy.deepcopy(POOLS["core"])}
    for cell in [*empty["core"]["tilted"], *sum(empty["core"]["selected"].values(), [])]:
        cell |= NONE
    for draw in (figures.selection_sensitivity, figures.tilt_sensitivity):
        with pytest.raises(ValueError, match="none of the pools has an estimate"):
            draw(empty)
    for weight in (0.0, -0.5, 2.0):
        wrong = copy.deepcopy(POOLS)
        wrong["core"]["selected"]["positive"][3]["weight"] = weight
        with pytest.raises(ValueError, match="not above 0 and at most 1"):
            figures.selection_sensitivity(wrong)
    differ = copy.deepcopy(POOLS)
    differ["core"]["selected"]["positive"][0]["r_low"] += 0.01
    with pytest.raises(ValueError, match="differ about the complete record"):
        figures.selection_sensitivity(differ)
    alone = {"core": {"tilted": [row("tilt", 0.0, 0.2, 0.1, 0.3)]}}
    with pytest.raises(ValueError, match="nothing to draw beside"):
        figures.tilt_sensitivity(alone)


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_overlaps_or_leaves_the_sheet(drawn, name):
    text_that_fits(drawn[name][0])


@pytest.mark.parametrize("name", DRAWN)
def test_colours_are_the_light_tokens_and_bytes_do_not_move(drawn, name):
    svg = drawn[name][2]
    style = " ".join(re.findall(r'(?:style|fill|stroke)="([^"]*)"', svg))
    used = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", style))
    assert used <= {light for light, _ in TOKENS.values()}
    figure, alt = DRAWN[name]()
    assert figures.to_svg(figure, alt, f"Test {name}") == svg


def test_a_mark_of_the_middle_grey_is_seen_on_the_paper_of_both_schemes():
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    for scheme in (0, 1):
        low, high = sorted(luminance(TOKENS[name][scheme]) for name in ("mid", "paper"))
        assert (high + 0.05) / (low + 0.05) >= 3, "WCAG 1.4.11"


def test_the_reference_of_a_specification_plot_is_drawn_once():
    rows = [{"label": label, "group": group, "r": r, "r_low": r - 0.1, "r_high": r + 0.1}
            for label, group, r in (("As planned", "primary", 0.2), ("One", "a", 0.15),
                                    ("Two", "b", 0.25))]  # fmt: skip
    figure, alt = figures.specification_curve(rows, rows[0])
    assert "As planned" not in texts(figure) and "of 2 specifications" in alt
    figure, alt = figures.specification_curve(rows)
    assert "As planned" in texts(figure) and "of 3 specifications" in alt
