"""Figures: what is drawn, what is said about it, and that the bytes never move.

All values here are made up for the tests; none is a result of the review.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import combinations

import numpy as np
import pytest
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from alliance_review import figures, paths
from alliance_review.figures.strokes import hatch
from alliance_review.figures.style import TOKENS, Sheet, wrap
from alliance_review.figures.subsets import _percent
from alliance_review.figures.wording import r_text
from conftest import text_that_fits


def report(label, n, form, low, high, weight, r=None, **more):
    """One row of a pool, made up."""
    row = {
        "effect_id": f"T{label}", "sample_id": f"t-{label}", "label": f"Test sample {label}",
        "citation_key": "test", "n": n, "n_low": None, "n_high": None, "n_basis": "reported",
        "rater": "patient", "timing": "early", "diagnosis_group": "depression",
        "design": "prospective_cohort", "adjusted": "no", "measure": "test", "outcome": "test",
        "reported_as": "made up", "form": form, "sign": 1, "r": r, "r_low": low, "r_high": high,
        "weight": weight,
    }  # fmt: skip
    return row | more


ROWS = [
    report("B (null)", 133, "null", -0.17, 0.17, 0.13, reported_as="in words: not significant"),
    report("A", 31, "exact", 0.18, 0.87, 0.06, 0.62, reported_as="38 % of variance",
           rater="clinician", timing="unclear"),
    report("with a rather long name (Author and Another 2008)", 813, "exact", 0.04, 0.18, 0.31,
           0.11, reported_as="b 0.354 (SE 0.110), adjusted for seven predictors"),
    report("C", 169, "significant", 0.15, 1, 0.1, reported_as="in words: significant"),
    report("D <script>alert(1)</script> & $x^2$", None, "significant", 0.24, 1, 0.04, n_low=20,
           n_high=67, n_basis="missing", rater="unclear", timing="unclear",
           reported_as="in words: predicted the outcome, n not printed"),
    report("E", 40, "significant", -1, -0.31, 0.04, sign=-1,
           reported_as="in words: significant, less improvement"),
    report("F", 80, "null", -0.22, 0.22, 0.09, n_basis="assumed"),
    report("F", 80, "exact", 0.06, 0.46, 0.23, 0.277, reported_as="p = .013", p_exact=True),
]  # fmt: skip
POOL = {
    "tier": "core",
    "label": "Core",
    "rows": ROWS,
    "all_reports": {
        "z": 0.2, "r": 0.2, "r_low": 0.11, "r_high": 0.36, "tau": 0.1, "tau_low": 0.0,
        "tau_high": 0.3, "prediction_r_low": 0.02, "prediction_r_high": 0.45,
        "log_likelihood": -3.0, "k": 8, "k_exact": 3, "n_total": 1346,
    },
    "printed_only": {
        "k": 3,
        "REML": {"r": 0.27, "r_low": -0.21, "r_high": 0.9, "prediction_r_low": -0.4,
                 "prediction_r_high": 0.7},
    },
    "counts": {},
}  # fmt: skip
FLOW = {
    "stages": [
        {"id": "a", "label": "Records seen in the first search", "count": None, "parent": None,
         "excluded": []},
        {"id": "b", "label": "Results of the second, logged search", "count": 896, "parent": None,
         "excluded": [{"label": "repeated pages", "count": 421},
                      {"label": "not about the question", "count": 370}]},
        {"id": "c", "label": "Effects extracted and coded", "count": 285, "parent": ["a", "b"],
         "excluded": [{"label": "outcome is neither clinical nor adherence", "count": 60},
                      {"label": "relationship with a psychotherapist <b>", "count": 106},
                      {"label": "result not visible", "count": 22}]},
        {"id": "d", "label": "Core: alliance with the prescriber, clinical outcome", "count": 21,
         "parent": "c", "excluded": []},
        {"id": "e", "label": "Adherence", "count": 28, "parent": "c", "excluded": []},
        {"id": "f", "label": "Extended", "count": 48, "parent": "c",
         "excluded": [{"label": "no sample size", "count": 3}]},
    ]
}  # fmt: skip
MAP = {
    "rows": [
        {"sample_id": s, "label": f"Test sample {s}", "rater": rater, "outcome_domain": domain,
         "form": form}
        for s, rater, domain, form in [
            ("A", "patient", "symptoms", "exact"), ("A", "clinician", "symptoms", "exact"),
            ("A", "patient", "adherence", "unusable"), ("B", "patient", "symptoms", "null"),
            ("B", "observer", "remission", "significant"), ("C", "unclear", "functioning", "null"),
            ("C", "patient", "symptoms", "p_exact"), ("C", "patient", "symptoms", "null"),
            ("C", "clinician", "symptoms", "null"), ("C", "clinician", "symptoms", "unusable"),
            ("D with a long name (Author 2008)", "other", "staying in care", "significant"),
        ]
    ]
}  # fmt: skip
BENCHMARKS = [
    {"id": i, "label": label, "r": r, "r_low": low, "r_high": high, "k": k, "n": n,
     "field": field, "citation_key": "test"}
    for i, (label, r, low, high, k, n, field) in enumerate([
        ("Test review one", 0.29, 0.2, 0.37, 8, 1065, "pharmacotherapy"),
        ("Test review two, adults in individual treatment", 0.278, 0.256, 0.299, 295, 30000,
         "psychotherapy"),
        ("Test review three", 0.12, None, None, 40, None, "psychotherapy"),
        ("Test review four", 0.24, 0.19, 0.3, 47, 12000, "medicine"),
    ])
]  # fmt: skip
LEAVE = [
    {"label": f"Test sample {name}", "r": r, "r_low": r - 0.1, "r_high": r + 0.15}
    for name, r in (("A", 0.15), ("B", 0.21), ("C", 0.2), ("D", 0.23))
] + [{"label": "Test sample E", "r": None, "r_low": None, "r_high": None}]
SPECIFICATIONS = [row | {"group": g} for row, g in zip(LEAVE, "aabbb", strict=True)]
MULTIVERSE = {
    "choices": [
        {"key": "rule", "label": "Rule", "levels": [
            {"label": "first", "primary": True},
            {"label": "second", "primary": False, "change": -0.05, "pairs": 9},
            {"label": "third <b>", "primary": False, "change": 0.01, "pairs": 9}]},
        {"key": "alpha", "label": "Alpha", "levels": [
            {"label": "alpha .05", "primary": True},
            {"label": "alpha .01", "primary": False, "change": 0.04, "pairs": 9}]},
    ],
    "points": {
        "code": [f"{i % 3}{i % 2}" for i in range(60)],
        "reached": [f"{1 << i % 3:x}.{1 << i % 2:x}" for i in range(60)],
        "r": [round(0.05 + i / 200, 4) for i in range(60)],
        "r_low": [round(i / 200 - 0.05, 4) for i in range(60)],
        "r_high": [round(0.3 + i / 100, 4) for i in range(60)],
        "k": [9] * 60, "k_exact": [9 if i in (20, 50) else 3 for i in range(60)],
    },
    "summary": {"specifications": 200, "primary_place": 30},
}  # fmt: skip
CHOSEN = [chosen for size in range(2, 8) for chosen in combinations(range(7), size)]
SUBSETS = {
    "points": [{"k": len(c), "r": 0.2 + 0.12 * ((sum(c) * 7) % 11 - 5) / 5 / len(c)
                + (0 in c) * 0.06} for c in CHOSEN],
    "above": "".join("1" if len(c) > 2 else "0" for c in CHOSEN),
    "named": {"label": "Test sample A", "members": "".join("01"[0 in c] for c in CHOSEN)},
}  # fmt: skip
NEVER = {"n": None, "until": None, "changes": 0}
TIPPING = {
    "small": 0.1, "largest": 100_000,
    "kinds": {name: {
        "label": label, "holds_zero": zero, "below_small": NEVER, "holds_zero_t": window,
        "curve": {"n": [10, 100, 1000, 10_000, 100_000], "r": [0.2, 0.18, low + 0.1, 0.14, 0.13],
                  "r_low": [0.1, 0.05, low, low, low], "r_high": [0.35, 0.33, 0.3, 0.3, 0.3],
                  "t_low": [0.08, low - 0.02, low - 0.02, low, low]},
    } for name, label, zero, low, window in (
        ("null", "not significant", NEVER, 0.03, NEVER),
        ("opposite", "significant, the other way", {"n": 320, "until": None}, -0.04,
         {"n": 60, "until": 4000}))},
}  # fmt: skip
CURVE = {
    "r": [round(-0.2 + i / 50, 2) for i in range(41)],
    "deviance": [(((-0.2 + i / 50) - 0.2) / 0.06) ** 2 for i in range(41)],
    "printed": {"r": [round(-0.2 + i / 50, 2) for i in range(41)],
                "deviance": [(((-0.2 + i / 50) - 0.27) / 0.12) ** 2 for i in range(41)]},
}  # fmt: skip
PATH = {
    "relationship_adherence": {"r": 0.24, "r_low": 0.19, "r_high": 0.29, "k": 12},
    "adherence_outcome": 0.26, "label": "Test review of adherence and outcome (Author 2002)",
    "relationship_outcome": {"r": 0.2, "r_low": 0.11, "r_high": 0.36, "k": 11},
    "indirect": 0.05, "indirect_interval": {"low": 0.02, "high": 0.08}, "direct": 0.15,
    "share": 0.25, "share_interval": {"low": 0.1, "high": 0.4},
}  # fmt: skip
SCENARIO = [{"share": i / 20, "extra": i * 1.55, "low": i * 0.8, "high": i * 2.8}
            for i in range(21)]  # fmt: skip
WHOLE = POOL["all_reports"]
DRAWN = {
    "forest": lambda: figures.forest(POOL),
    "forest_narrow": lambda: figures.forest(POOL, narrow=True),
    "evidence_map": lambda: figures.evidence_map(MAP),
    "flow": lambda: figures.flow(FLOW),
    "benchmarks": lambda: figures.benchmark_forest(BENCHMARKS, POOL),
    "funnel": lambda: figures.funnel(POOL),
    "leave_one_out": lambda: figures.leave_one_out(LEAVE, WHOLE),
    "specifications": lambda: figures.specification_curve(SPECIFICATIONS, WHOLE),
    "multiverse": lambda: figures.multiverse_curve(MULTIVERSE, WHOLE),
    "subsets": lambda: figures.subset_plot(SUBSETS, WHOLE),
    "tipping": lambda: figures.tipping_study(TIPPING, WHOLE),
    "likelihood": lambda: figures.profile_likelihood(CURVE, WHOLE),
    "words": lambda: figures.reading_words([31, 80, 800]),
    "path": lambda: figures.path_diagram(PATH),
    "scenario": lambda: figures.scenario(SCENARIO),
}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawn():
    """Every figure once: name -> (figure, alt, svg)."""
    out = {}
    for name, draw in DRAWN.items():
        figure, alt = draw()
        out[name] = (figure, alt, figures.to_svg(figure, alt, f"Test {name}"))
    return out


def ids(svg: str, kind: str) -> list[str]:
    return re.findall(rf'id="f[0-9a-f]{{8}}-({kind}-\d+)"', svg)


@pytest.mark.parametrize("name", DRAWN)
def test_svg_is_well_formed_and_says_what_it_shows(drawn, name):
    _, alt, svg = drawn[name]
    root = ET.fromstring(svg)
    assert root.tag == SVG + "svg"
    assert root.get("role") == "img"
    assert root.find(SVG + "title").text == f"Test {name}"
    assert root.find(SVG + "desc").text == alt
    assert root.get("viewBox") and not root.get("width") and not root.get("height")
    assert root.find(f".//{SVG}style") is None, "a style sheet would reach the whole page"
    assert root.find(f".//{SVG}metadata") is None
    assert root.find(f".//{SVG}text") is None, "text must not depend on the fonts of a machine"
    references = {root.get("aria-labelledby"), root.get("aria-describedby")}
    references |= {v[1:] for n in root.iter() for k, v in n.items() if k.endswith("href")}
    known = [n.get("id") for n in root.iter() if n.get("id")]
    assert references <= set(known) and len(known) == len(set(known))


@pytest.mark.parametrize("name", DRAWN)
def test_bytes_do_not_move(drawn, name):
    figure, alt = DRAWN[name]()
    assert figures.to_svg(figure, alt, f"Test {name}") == drawn[name][2]


@pytest.mark.parametrize("name", DRAWN)
def test_colours_are_the_light_tokens_and_nothing_else(drawn, name):
    svg = drawn[name][2]
    style = " ".join(re.findall(r'(?:style|fill|stroke)="([^"]*)"', svg))
    used = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", style))
    assert used <= {light for light, _ in TOKENS.values()}
    assert not re.findall(r"(?:fill|stroke): (?!none|#)[a-z]+", style)
    assert "fill: #ffffff" not in svg


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_overlaps_or_leaves_the_sheet(drawn, name):
    assert len(text_that_fits(drawn[name][0])) > 5


@pytest.mark.parametrize("name", DRAWN)
def test_alt_is_prose(drawn, name):
    alt = drawn[name][1]
    assert 80 < len(alt) <= 900
    assert alt.endswith((".", "?"))
    assert not re.search(r"\bnan\b|\bNone\b|-\.\d|-0|0\.\d\d|\{|\}|\. \.", alt), alt


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("forest", ["8 reports", "3 with a printed number", "5 in words (3 significant, 2 not",
                    "r = .20", ".11 to .36", ".02 to .45", "r = .27", "−.21 to .90", "31 %",
                    ".11 to .62", "For 1 report"]),
        ("evidence_map", ["11 effects", "4 samples", "5 outcome domains",
                          "3 with a printed number", "2 measured without a visible result",
                          "2 samples of 4 print"]),
        ("flow", ["first search: not recorded", "896", "“repeated pages” (421)", "28"]),
        ("benchmarks", ["4 published", "r = .20", "r = .27", ".12 to .28", "3 of 4"]),
        ("funnel", ["8 reports", "3 printed", "r = .20", "2 of the 3", "Test sample A (r = .62)"]),
        ("leave_one_out", ["5 omissions", ".15 to .23", "Test sample A", "4 of 4", "1 had no"]),
        ("specifications", ["5 specifications", ".15 to .23"]),
        ("multiverse", ["60 distinct specifications", "200 combinations", "runs from .05 to",
                        "49 of 60", "second (−.05), alpha .01 (+.04)", ".20 (.11 to .36)"]),
        ("subsets", ["120 subsets of 2 to 7 samples", "100 % are above zero", "83 % of all",
                     "0 % with 2 samples, 100 % with 3 samples", "with Test sample A"]),
        ("tipping", ["2 kinds of report", "Not significant: the pooled r runs from .13 to .20",
                     "lowest limit is .03; neither is reached", "holds zero from n = 320",
                     "limit of t is .01, above zero throughout", "−.06, and the interval of t "
                     "holds zero from n = 60 to 4,000"]),
        ("likelihood", ["r = .20", ".11 and .36", "11.1", "outside"]),
        ("words", ["In 80 people", "at .05 from .22 on", ".36 at n = 31, .22 at n = 80",
                   ".07 at n = 800", "here .30", "minus and plus .22"]),
        ("path", ["r = .24 (.19 to .29)", "to outcome r = .26",
                  "through adherence: .05 (.02 to .08)", "25 % (10 % to 40 %)"]),
        ("scenario", ["With 0 % it is 0 people", "with 100 % 31 people (16 to 56)"]),
    ],
)  # fmt: skip
def test_alt_holds_the_numbers(drawn, name, words):
    for word in words:
        assert word in drawn[name][1]


@pytest.mark.parametrize("name", ["forest", "forest_narrow"])
def test_forest_draws_every_row_once_by_index(drawn, name):
    found = ids(drawn[name][2], "row")
    assert sorted(found) == sorted(f"row-{i}" for i in range(len(ROWS)))
    texts = [t.get_text() for t in drawn[name][0].findobj(Text)]
    assert texts.count("Test sample F") == 2, "two rows share a label and both must stand"
    assert sum(text == "in words" for text in texts) == 5
    assert ids(drawn[name][2], "pooled") and ids(drawn[name][2], "contrast")


def test_forest_puts_printed_numbers_first_and_larger_samples_higher(drawn):
    heights = {t.get_text(): t.get_position()[1] for t in drawn["forest"][0].findobj(Text)}
    order = [
        "Printed as a number (3)",
        "n 813 · patient · early",
        "n 31 · clinician · timing not stated",
        "Reported in words (5)",
        "n 169 · patient · early",
        "n 40 · patient · early",
        "n 133 · patient · early",
        "n 80 (assumed) · patient · early",
        "All reports pooled (k = 8)",
        "Printed numbers only (k = 3)",
    ]
    assert [heights[text] for text in order] == sorted(heights[text] for text in order)


def test_forest_marks_cut_intervals_and_only_those(drawn):
    # A (upper), C and D (upper), E (lower), contrast (upper)
    assert len(ids(drawn["forest"][2], "clip")) == 5
    short = POOL | {"rows": [ROWS[0], ROWS[2]], "printed_only": {"k": 1}}
    figure, alt = figures.forest(short)
    assert not ids(figures.to_svg(figure, alt), "clip")


def test_forest_says_where_the_sample_size_is_missing(drawn):
    texts = " ".join(t.get_text() for t in drawn["forest"][0].findobj(Text))
    assert "n not printed (20 to 67)" in texts
    assert "rater and timing" in texts


def test_forest_without_a_contrast_and_without_a_prediction_interval():
    whole = {k: v for k, v in WHOLE.items() if not k.startswith("prediction")}
    figure, alt = figures.forest(POOL | {"all_reports": whole, "printed_only": {"k": 1}})
    assert "prediction" not in alt and "printed numbers alone" not in alt
    assert not ids(figures.to_svg(figure, alt), "contrast")


def test_row_changes_the_picture():
    changed = [row | ({"r": 0.3} if i == 7 else {}) for i, row in enumerate(ROWS)]
    one, two = (figures.to_svg(*figures.forest(POOL | {"rows": rows})) for rows in (ROWS, changed))
    assert one != two


def test_markup_in_a_label_stays_text(drawn):
    for name in ("forest", "flow"):
        svg = drawn[name][2]
        assert "<script" not in svg and "<b>" not in svg
    figure, alt = figures.forest(POOL | {"rows": [r | {"weight": 0.9} for r in ROWS[4:5]]})
    svg = figures.to_svg(figure, alt, "a </title><script>x</script> \x00 b")
    assert "&lt;script&gt;alert(1)" in svg and "<script" not in svg
    assert ET.fromstring(svg).find(SVG + "title").text == "a </title><script>x</script> b"


def test_map_draws_every_effect_and_totals_add_up(drawn):
    figure, _, svg = drawn["evidence_map"]
    assert len(ids(svg, "mark")) == len(MAP["rows"])
    texts = [t.get_text() for t in figure.findobj(Text)]
    assert "2 of 3" in texts and "1 of 5" in texts and "0 of 1" in texts
    with pytest.raises(ValueError, match="without a column: adherence"):
        figures.evidence_map(MAP | {"columns": ["symptoms"]})


def test_flow_writes_what_was_not_recorded_and_refuses_unknown_parents(drawn):
    texts = [t.get_text() for t in drawn["flow"][0].findobj(Text)]
    assert texts.count("not recorded") == 1
    assert "188" in texts, "the sum of the reasons"
    assert len(ids(drawn["flow"][2], "stage")) == len(FLOW["stages"])
    with pytest.raises(ValueError, match="parent x"):
        figures.flow({"stages": [{"id": "a", "label": "A", "count": 1, "parent": "x"}]})


def test_rows_of_the_other_figures(drawn):
    assert len(ids(drawn["benchmarks"][2], "row")) == 6
    assert len(ids(drawn["funnel"][2], "row")) == 8
    assert len(ids(drawn["leave_one_out"][2], "row")) == 4
    assert len(ids(drawn["words"][2], "row")) == 5
    assert len(ids(drawn["multiverse"][2], "mark")) == 2, "printed numbers stand out"
    assert len(ids(drawn["tipping"][2], "mark")) == 1, "one kind of study tips the pool"


def test_every_point_of_the_curve_has_a_tick_in_one_lane_of_each_choice(drawn):
    """The ticks of a choice, all lanes together, cover the curve from end to end, once."""
    figure = drawn["multiverse"][0]
    widths: dict[float, float] = {}
    for patch in figure.findobj(PathPatch):
        corners = patch.get_path().vertices
        whole = corners[~np.isnan(corners[:, 0])]
        # below the legend; taller where the interval lies above zero
        if round(patch.get_linewidth(), 2) in (6.6, 2.6) and whole[0, 1] > 100:
            for (x0, y0), (x1, _) in zip(whole[::2], whole[1::2], strict=True):
                widths[round(y0, 3)] = widths.get(round(y0, 3), 0) + x1 - x0
    lanes = [widths[y] for y in sorted(widths)]
    assert len(lanes) == 5
    assert sum(lanes[:3]) == pytest.approx(sum(lanes[3:]))
    assert lanes[0] == pytest.approx(sum(lanes[:3]) / 3)


def test_the_curve_needs_two_points():
    single = {name: column[:1] for name, column in MULTIVERSE["points"].items()}
    with pytest.raises(ValueError, match="at least two points"):
        figures.multiverse_curve(MULTIVERSE | {"points": single})


def test_subsets_need_one_digit_for_each():
    with pytest.raises(ValueError, match="one digit"):
        figures.subset_plot(SUBSETS | {"above": "10"})
    plain = {"points": SUBSETS["points"]}
    figure, alt = figures.subset_plot(plain)
    assert "interval" not in alt and "Test sample A" not in alt
    assert not [t for t in figure.findobj(Text) if "above zero" in t.get_text()]


def test_a_share_of_nearly_all_is_not_written_as_all():
    assert [_percent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == [
        "0 %", "1 %", "50 %", "99 %", "100 %"]  # fmt: skip


def test_hatching_stays_in_its_frame_and_matches_its_neighbour():
    def drawn_lines(x0, x1):
        sheet = Sheet()
        hatch(sheet, x0, 10, x1, 20, step=4)
        path = sheet.axes.patches[0].get_path().vertices
        return path[~np.isnan(path[:, 0])].reshape(-1, 2, 2)

    lines = drawn_lines(3, 50)
    assert lines[..., 0].min() >= 3 and lines[..., 0].max() <= 50
    assert lines[..., 1].min() >= 10 and lines[..., 1].max() <= 20
    rise = lines[:, 1] - lines[:, 0]
    assert np.allclose(rise[:, 0], -rise[:, 1]), "all at the same angle"
    left, right = drawn_lines(3, 30), drawn_lines(30, 50)
    length = sum(np.abs(part[:, 1, 0] - part[:, 0, 0]).sum() for part in (left, right))
    assert length == pytest.approx(np.abs(rise[:, 0]).sum())


def test_words_rule_out_what_they_should(drawn):
    """The bars of the upper part end where the critical values are, on the scale of z."""
    texts = [t.get_text() for t in drawn["words"][0].findobj(Text)]
    for words in (".30 itself", ".22 or more", "−.22 to .22", "above 0", "anything",
                  "n = 31: ±.36", "n = 800: ±.07", "about a sample of 80 people"):  # fmt: skip
        assert words in texts
    one, two = (figures.reading_words([31, 80, 800], example=r)[1] for r in (0.3, 0.4))
    assert one != two and "here .40" in two
    with pytest.raises(ValueError, match="between -1 and 1"):
        figures.reading_words([31], example=1.0)


def test_lists_and_dicts_of_the_scenario_draw_the_same(drawn):
    lists = {name: [point[name] for point in SCENARIO] for name in SCENARIO[0]}
    assert figures.scenario(lists)[1] == drawn["scenario"][1]
    assert "no effect at all" in [t.get_text() for t in drawn["scenario"][0].findobj(Text)]


def test_a_missing_link_of_the_path_is_said():
    figure, alt = figures.path_diagram({"relationship_outcome": 0.2})
    assert alt.count("not recorded") == 2
    assert [t.get_text() for t in figure.findobj(Text)].count("not recorded") == 2


def test_words_refuse_impossible_sizes():
    with pytest.raises(ValueError, match="at least 4"):
        figures.reading_words([3])


def test_two_figures_share_no_id(drawn):
    one, two = (set(re.findall(r'id="([^"]+)"', drawn[n][2])) for n in ("forest", "flow"))
    assert one and two and not one & two


def test_a_figure_needs_an_alt():
    figure, _ = figures.reading_words([31, 80, 800])
    with pytest.raises(ValueError, match="alt is empty"):
        figures.to_svg(figure, " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.2, ".20"), (-0.05, "−.05"), (-0.001, ".00"), (1, "1.00"), (-0.999, "−1.00")],
)
def test_r_text(value, text):
    assert r_text(value) == text


def test_wrap_keeps_every_character():
    text = "Short words and one Donaudampfschifffahrtsgesellschaftskapitaensmuetze"
    lines = wrap(text, 60, 8)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert len(lines) > 5


def luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "accent2"])
@pytest.mark.parametrize("ground", ["paper", "band"])
def test_text_has_the_contrast_of_wcag_aa(theme, text, ground):
    low, high = sorted(luminance(TOKENS[name][theme]) for name in (text, ground))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_style_sheet_holds_the_same_tokens_and_asks_for_nothing():
    sheet = (paths.STATIC / "review.css").read_text(encoding="utf-8")
    root, dark, system = re.findall(r"\{([^{}]*--ar-paper:[^{}]*)\}", sheet)[:3]
    for name, (light, night) in TOKENS.items():
        assert re.search(rf"--ar-{name}: {light};", root)
        assert re.search(rf"--ar-{name}: {night};", dark)
        assert re.search(rf"--ar-{name}: {night};", system)
    assert "url(" not in sheet and "@import" not in sheet and "http" not in sheet
