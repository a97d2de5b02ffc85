"""The PDF route: built pages in, one accessible, linked, reproducible document out."""

import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from alliance_review.book.pdf import PdfError, build_pdf
from alliance_review.book.pdf.clean import read_page
from alliance_review.book.pdf.links import label
from alliance_review.book.pdf.svg import lift, stand_alone

NASTY = (
    "#let x = 1 $y$ user@host @cite <script>alert(1)</script> 2*3*4 a_b_c back\\slash "
    "// no comment /* nor this */ ~tilde --- -- ... -5 'single' \"double\" \\(z\\) `tick` [b] {c} "
    "= head + plus 1. item / term: 100 % <c1:x>"
)
SVG = (
    '<svg viewBox="0 0 300 100" role="img"><title>Forest</title>'
    "<desc>Two samples; both right of zero.</desc>"
    '<rect x="10" y="10" width="80" height="40" fill="var(--ar-accent, #0b5a6e)"/>'
    '<text x="120" y="40" font-family="Inter, sans-serif">label</text></svg>'
)


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(rows: int, columns: int = 4) -> str:
    head = "".join(f'<th scope="col">Head {c}</th>' for c in range(columns))
    body = "".join(
        f'<tr><th scope="row">Row {r}</th>'
        + "".join(f'<td class="num">.{r:02d}</td>' for _ in range(columns - 1))
        + "</tr>"
        for r in range(rows)
    )
    return f'<table class="ar-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


FRONT = f"""
<section id="the-title"><h1>The Title<a class="headerlink" href="#the-title">#</a></h1>
<p>See <a href="c1.html#deep">the deep place</a>, <a href="c1.html#fig-x">Fig. 1.1</a>,
<a href="c1.html#tab-long">Table 1.1</a>, <a href="c1.html#eq-1">(1)</a>,
<a href="c1.html">the chapter</a> and <a href="https://example.org/a#b">the world</a>.</p>
<p>{escape(NASTY)}</p><p><code>{escape("#raw $x$ // <b>")}</code></p>
<div class="only-html">SITEONLY</div><div class="only-pdf">PAPERONLY</div>
<script>SCRIPTED</script></section>"""
CHAPTER = f"""
<section id="one"><span id="alias"></span>
<h1><span class="section-number">1. </span>Chapter one</h1>
<p>Inline <math alttext="x^2 + \\tau"><mi>x</mi></math> and
<span class="math notranslate">\\(a \\le b\\)</span>.<a class="footnote-reference brackets"
 href="#fn1" id="r1">1</a></p>
<div class="math" id="eq-1"><span class="eqno">(1)</span><math display="block"
 alttext="\\bar z = \\frac{{1}}{{k}}"><mi>z</mi></math></div>
<section id="deep"><h2><span class="section-number">1.1. </span>Deep section</h2>
<figure id="fig-x">{SVG}<figcaption><p><span class="caption-number">Fig. 1.1 </span>
<span class="caption-text">Caption of the figure.</span></p></figcaption></figure>
<div class="table-block" id="tab-long"><p class="caption"><span class="caption-number">Table 1.1
</span>A long table.</p><div class="cell_output">{table(110)}</div></div>
<ul><li><p>outer</p><ul><li><p>inner</p></li></ul></li></ul>
<ul><li><p><input type="checkbox" checked> done task</p></li></ul>
<dl><dt>Term</dt><dd><p>Definition.</p></dd></dl>
<div class="admonition warning"><p class="admonition-title">Careful</p><p>Mind it.</p></div>
<div class="cell"><div class="cell_input"><div class="highlight-ipython3"><pre>shown = 1</pre></div>
</div></div>
<details class="hide above-input"><summary>Show code</summary><div class="cell_input">
<div class="highlight-ipython3"><pre>concealed = 1</pre></div></div></details>
<details><summary>Fold</summary><p>Folded prose.</p><pre>folded_code = 2</pre></details>
</section></section>
<aside class="footnote-list"><aside class="footnote" id="fn1"><span class="label">1</span>
<p>Note at the foot.</p></aside></aside>"""
LANDSCAPE = f"""<section id="two"><h1>Chapter two</h1><h3>Level skipped</h3>{
    table(60, 14).replace("Row", "Averylongsamplename").replace("Head ", "Heading ")
}<p>After it.</p></section>"""


def site(tmp_path: Path, **pages: str) -> tuple[Path, Path]:
    """A tiny built book of the pages index, c1 and part/c2."""
    html = tmp_path / "_build" / "html"
    (html / "part").mkdir(parents=True)
    (tmp_path / "_config.yml").write_text(
        "title: The Title\nauthor: A. Author\nsphinx:\n  config: {language: en-GB}\n", "utf-8"
    )
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- caption: First part\n  chapters:\n"
        "  - file: c1\n  - file: part/c2\n",
        "utf-8",
    )
    bodies = {"index": FRONT, "c1": CHAPTER, "c2": LANDSCAPE} | pages
    for name, body in bodies.items():
        (html / ("part" if name == "c2" else "") / f"{name}.html").write_text(
            '<html><head><meta name="ar-version" content="26.1.0"><meta content="2026-11-22" '
            f'name="ar-search-date"></head><body><nav>NAVIGATION</nav><article class="bd-article">'
            f"{body}</article></body></html>",
            "utf-8",
        )
    return tmp_path, html


def build(tmp_path: Path, **pages: str) -> Path:
    root, html = site(tmp_path, **pages)
    out = tmp_path / "out" / "book.pdf"
    assert build_pdf(root, html, out) == []
    return out


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> PdfReader:
    return PdfReader(build(tmp_path_factory.mktemp("book")))


@pytest.fixture(scope="module")
def text(reader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def outline(reader: PdfReader) -> list[str]:
    def walk(items):
        for item in items:
            if isinstance(item, list):
                yield from walk(item)
            else:
                yield item.title

    return list(walk(reader.outline))


def structure(reader: PdfReader) -> list[str]:
    """Kinds of all structure elements, in reading order."""
    kinds: list[str] = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for kid in node:
                walk(kid)
        elif isinstance(node, dict):
            if "/S" in node:
                kinds.append(str(node["/S"]))
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return kinds


def test_any_text_is_set_literally(text):
    squeezed = text.replace(" ", "").replace("\u2010", "-")
    assert NASTY.replace(" ", "") in squeezed
    assert "#raw$x$//<b>" in squeezed


def test_what_the_page_hides_stays_out(text):
    for word in ("SITEONLY", "SCRIPTED", "NAVIGATION", "concealed", "folded_code", "Show code"):
        assert word not in text
    for word in (
        "PAPERONLY",
        "shown = 1",
        "Folded prose.",
        "Note at the foot.",
        "Mind it.",
        "done task",
        "inner",
        "Definition.",
    ):
        assert word in text


def test_title_page_states_version_and_search(reader):
    first = " ".join(reader.pages[0].extract_text().split())
    assert "The Title" in first
    assert "A. Author" in first
    assert "26.1.0" in first
    assert "22 November 2026" in first


def test_outline_follows_the_headings(reader):
    titles = [re.sub(r"\s+", " ", t) for t in outline(reader)]
    assert titles == [
        "Contents",
        "Summary",
        "1 Chapter one",
        "1.1 Deep section",
        "Chapter two",
        "Level skipped",
    ]


def test_document_is_tagged_titled_and_in_a_language(reader):
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == "The Title"
    assert reader.metadata.author == "A. Author"
    assert b"pdfuaid" in root["/Metadata"].get_data()
    kinds = structure(reader)
    assert {
        "/H1",
        "/H2",
        "/Table",
        "/TH",
        "/TD",
        "/Figure",
        "/Formula",
        "/L",
        "/Note",
        "/Link",
        "/Caption",
        "/TOC",
    } <= set(kinds)
    assert kinds.count("/TH") == 4 + 14  # each header once, however often it is repeated


def test_figure_and_formula_speak(reader):
    spoken = [o.get_object()["/Alt"] for o in objects(reader) if "/Alt" in o.get_object()]
    assert "Two samples; both right of zero." in spoken
    assert "\\bar z = \\frac{1}{k}" in spoken


def objects(reader: PdfReader):
    found = []

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for kid in node:
                walk(kid)
        elif isinstance(node, dict):
            if "/S" in node:
                found.append(node)
            if "/K" in node:
                walk(node["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"])
    return found


def test_pages_are_a4_and_a_wide_table_turns_the_page(reader):
    sizes = {tuple(round(float(v)) for v in page.mediabox[2:]) for page in reader.pages}
    assert sizes == {(595, 842), (842, 595)}
    turned = [p.extract_text() for p in reader.pages if p.mediabox.width > p.mediabox.height]
    assert all("Averylongsamplename" in t for t in turned)


def test_heading_before_a_turned_page_goes_with_its_table(reader):
    page = next(
        p
        for p in reader.pages
        if "Level skipped" in p.extract_text() and "Contents" not in p.extract_text()
    )
    assert page.mediabox.width > page.mediabox.height


def test_long_table_repeats_its_header_on_every_page(reader):
    pages = [p.extract_text() for p in reader.pages]
    holding = [t for t in pages if re.search(r"\bRow \d+", t)]
    assert len(holding) >= 3
    assert all("Head 0" in t and "Head 3" in t for t in holding)
    assert "".join(holding).count("Table 1.1") == 1


def test_caption_stays_with_its_table(reader):
    page = next(
        t for p in reader.pages if "A long table." in (t := p.extract_text()) and "Row" in t
    )
    assert "Head 0" in page


def test_links_reach_their_places(reader):
    front = next(p for p in reader.pages if "the deep place" in p.extract_text())
    reached, outside = [], set()
    for annotation in front["/Annots"]:
        note = annotation.get_object()
        action = note.get("/A", {})
        if "/URI" in action:
            outside.add(action["/URI"])
            continue
        place = note.get("/Dest", action.get("/D"))
        if isinstance(place, str):
            target = reader.named_destinations[place]
            number, top = reader.get_destination_page_number(target), float(target.top)
        else:
            number, top = reader.get_page_number(place[0].get_object()), float(place[3])
        reached.append((number, top))
    assert outside == {"https://example.org/a#b"}
    deep, figure, table_, equation, chapter = reached
    first = next(i for i, p in enumerate(reader.pages) if "Inline" in p.extract_text())
    assert chapter[0] == equation[0] == deep[0] == first
    assert chapter[1] > equation[1] > deep[1]  # down the page
    assert "Caption of the figure." in reader.pages[figure[0]].extract_text()
    assert "A long table." in reader.pages[table_[0]].extract_text()


def test_same_input_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    root, html = site(tmp_path)
    build_pdf(root, html, tmp_path / "a.pdf")
    build_pdf(root, html, tmp_path / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert PdfReader(tmp_path / "a.pdf").metadata.creation_date.year == 2026


def test_date_is_source_date_epoch_when_given(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert PdfReader(build(tmp_path)).metadata.creation_date.year == 2001


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ('<h1>T</h1><p><a href="nowhere.html">x</a></p>', "nowhere.html"),
        ('<h1>T</h1><p><a href="c1.html#gone">x</a></p>', "c1.html#gone"),
        ('<h1>T</h1><p><a href="#gone">x</a></p>', "#gone"),
        (
            "<h1>T</h1><figure><svg viewBox='0 0 9 9'><path d='M0 0'/></svg><figcaption>"
            "<span class='caption-number'>Fig. 7</span></figcaption></figure>",
            "Fig. 7 has no alternative text",
        ),
        ('<h1>T</h1><img src="x.png" alt="words">', "x.png"),
        ("<p>no title</p>", "no title"),
        ('<h1>T</h1><p><math alttext=""><mi>x</mi></math></p>', "alttext"),
        ('<h1>T</h1><p><a class="footnote-reference" href="#f9">1</a></p>', "#f9"),
        ('<h1>T</h1><p><math alttext="\\frac{1"><mi>x</mi></math></p>', "frac"),
    ],
)
def test_what_is_wrong_stops_the_build_and_is_named(tmp_path, page, says):
    root, html = site(tmp_path, index=page)
    out = tmp_path / "book.pdf"
    out.write_bytes(b"the last good one")
    with pytest.raises(PdfError) as caught:
        build_pdf(root, html, out)
    assert says in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert out.read_bytes() == b"the last good one"


def test_every_dead_link_is_listed_at_once(tmp_path):
    root, html = site(
        tmp_path, index='<h1>T</h1><a href="#a">1</a>', c2='<h1>U</h1><a href="#b">2</a>'
    )
    with pytest.raises(PdfError, match=r"(?s)index: #a.*part/c2: #b"):
        build_pdf(root, html, tmp_path / "x.pdf")


def test_missing_page_is_named(tmp_path):
    root, html = site(tmp_path)
    (html / "c1.html").unlink()
    with pytest.raises(PdfError, match="c1"):
        build_pdf(root, html, tmp_path / "x.pdf")


def test_link_to_the_document_itself_is_text(tmp_path):
    root, html = site(
        tmp_path, index='<h1>T</h1><p>The <a href="review.pdf">PDF</a></p>', c1="<h1>U</h1>"
    )
    build_pdf(root, html, tmp_path / "new.pdf")
    assert b"review.pdf" not in (tmp_path / "new.pdf").read_bytes()


def test_version_and_search_are_read_from_the_results_when_no_page_states_them(tmp_path):
    root, html = site(tmp_path, c1="<h1>U</h1>", index="<h1>T</h1>")
    for file in html.rglob("*.html"):
        file.write_text(re.sub("<head>.*</head>", "", file.read_text("utf-8")), "utf-8")
    (html / "results.json").write_text(
        '{"meta": {"version": "31.2.0", "search_date": "2031-02-03"}}', "utf-8"
    )
    build_pdf(root, html, tmp_path / "x.pdf")
    first = PdfReader(tmp_path / "x.pdf").pages[0].extract_text()
    assert "31.2.0" in first
    assert "3 February 2031" in first


def lines(tmp_path: Path, body: str) -> tuple[list[str], list[str]]:
    """Lines of the front page as laid out, and the warnings."""
    root, html = site(tmp_path, index=f"<h1>T</h1>{body}", c1="<h1>U</h1>", c2="<h1>V</h1>")
    warnings = build_pdf(root, html, tmp_path / "x.pdf")
    for page in PdfReader(tmp_path / "x.pdf").pages[2:]:
        text = page.extract_text(extraction_mode="layout")
        if "MARK" in text:
            return text.splitlines(), warnings
    raise AssertionError("the front page is gone")


def cells(rows: list[list[str]]) -> str:
    return (
        "<table><thead><tr><th>MARK</th>"
        + "".join(f"<th>c{i}</th>" for i in range(len(rows[0]) - 1))
        + "</tr></thead><tbody>"
        + "".join("<tr>" + "".join(rows_) + "</tr>" for rows_ in rows)
        + "</tbody></table>"
    )


def test_numbers_are_set_right_only_where_the_class_says_so(tmp_path):
    values = ["1.00", "1234567.25"]
    rows = [["<td>x</td>", f"<td>{v}</td>", f'<td class="num">{v}</td>'] for v in values]
    text, _ = lines(tmp_path, cells(rows))
    short, long = (next(t for t in text if v in t) for v in values)
    assert short.index("1.00") == long.index("1234567.25")
    assert abs(len(short.rstrip()) - len(long.rstrip())) <= 1  # the layout is in whole characters


def test_table_that_fits_no_page_is_reported(tmp_path):
    row = [f"<td>{'Unbreakablename' * 1}{i}X</td>" for i in range(30)]
    _, warnings = lines(tmp_path, cells([row]))
    assert len(warnings) == 1
    assert "30 columns, first heading MARK" in warnings[0]


def test_caption_element_is_the_caption_of_its_table(tmp_path):
    inner = table(3).replace(
        "<thead>",
        '<caption id="t-caption"><span class="caption-number">'
        'Table 2 </span><span class="caption-text">MARK of it.</span>'
        '<a class="headerlink" href="#t">#</a></caption><thead>',
        1,
    )
    text, _ = lines(
        tmp_path, inner.replace("<table", '<table id="t"', 1) + '<p><a href="#t">there</a></p>'
    )
    assert any("Table 2 MARK of it." in " ".join(line.split()) for line in text)
    assert "/Caption" in structure(PdfReader(tmp_path / "x.pdf"))


def test_heading_row_without_words_is_no_heading(tmp_path):
    empty = (
        "<table><thead><tr><th></th><th></th></tr></thead><tbody><tr><td>MARK</td><td>v</td>"
        "</tr></tbody></table>"
    )
    lines(tmp_path, empty)
    assert "/TH" not in structure(PdfReader(tmp_path / "x.pdf"))


@pytest.mark.parametrize(
    "box",
    [
        '<div class="admonition note"><p class="admonition-title">MARK</p>{}</div>',
        "<details><summary>MARK</summary>{}</details>",
        "<ul><li><p>MARK</p>{}</li></ul>",
        "<blockquote><div><p>MARK</p>{}</div></blockquote>",
        '<aside class="margin sidebar"><p>MARK</p>{}</aside>',
    ],
)
def test_figures_and_tables_may_lie_in_boxes(tmp_path, box):
    figure = f"<figure>{SVG}<figcaption><p>Boxed figure.</p></figcaption></figure>"
    lines(tmp_path, box.format(figure + table(30)))
    kinds = structure(PdfReader(tmp_path / "x.pdf"))
    assert "/Figure" in kinds
    assert "/Table" in kinds


def test_wide_table_in_a_fold_out_turns_the_page(tmp_path):
    wide = table(4, 14).replace("Row", "Averylongsamplename").replace("Head", "Heading")
    lines(tmp_path, f"<details><summary>MARK</summary>{wide}</details>")
    assert any(p.mediabox.width > p.mediabox.height for p in PdfReader(tmp_path / "x.pdf").pages)


def turned_site(tmp_path: Path) -> PdfReader:
    """A chapter of one page whose two captioned tables fit no upright page."""
    wide = table(4, 14).replace("Row", "Averylongsamplename").replace("Head", "Heading")
    block = (
        '<div class="table-block"><p class="caption"><span class="caption-number">Table 1.{0} '
        "</span>Wide {0}.</p>{1}</div>"
    )
    body = (
        f"<h1>Chapter</h1><h2>First</h2><p>BEFORE</p>{block.format(1, wide)}<p>AFTER</p>"
        f"<h2>Second</h2>{block.format(2, wide)}<p>LAST</p><h2>Third</h2>{block.format(3, wide)}"
    )
    return PdfReader(build(tmp_path, c1=body, index="<h1>T</h1>", c2="<h1>NEXT</h1>"))


def test_turned_tables_share_pages_at_the_end_of_their_chapter(tmp_path):
    pages = turned_site(tmp_path).pages[2:]
    turned = [p.mediabox.width > p.mediabox.height for p in pages]
    assert turned == [False, False, True, False]  # front page, chapter, its tables, next chapter
    told, tables = (" ".join(pages[i].extract_text().split()) for i in (1, 2))
    assert re.search(r"BEFORE Table 1\.1 → p\. 5 AFTER Second Table 1\.2 → p\. 5 LAST", told)
    assert "Third" not in told  # a section that is only its table goes with it
    assert re.search(r"Wide 1\..*Wide 2\..*Third Table 1\.3 Wide 3\.", tables)


def widths_of(tmp_path: Path, rows: list[list[str]]) -> list[int]:
    """Where the columns of a table begin, in characters of the laid out page."""
    text, _ = lines(tmp_path, cells(rows))
    head = next(line for line in text if "MARK" in line)
    return [head.index(f"c{i}") for i in range(len(rows[0]) - 1)]


def test_column_of_short_codes_leaves_its_room_to_the_text(tmp_path):
    prose = "<td>" + "some words of a longer text that has to wrap " * 6 + "</td>"
    code = '<td class="missing">not recorded</td>'
    first, second, third = widths_of(tmp_path, [["<td>a</td>", code, prose, "<td>yes</td>"]] * 6)
    assert third - second > 4 * (second - first)


def test_short_cell_and_heading_stay_whole_beside_long_text(tmp_path):
    prose = "<td>" + "some words of a longer text that has to wrap " * 30 + "</td>"
    row = ["<td>Therapist</td>", '<td class="missing">not recorded</td>', prose]
    text, _ = lines(tmp_path, cells([row] * 3))
    assert sum("not recorded" in line for line in text) == 3
    assert sum("Therapist" in line for line in text) == 3


def test_table_at_the_foot_of_a_page_begins_with_its_first_rows(tmp_path):
    # Whatever the room left on the page, caption, headings and first row stand together.
    for filler in range(34, 46, 2):
        body = (
            "<h1>T</h1>" + "<p>filler</p>" * filler + '<h2>ABOVE</h2><div class="table-block">'
            '<p class="caption"><span class="caption-number">Table 1 </span>MARK</p>'
            f"{table(40)}</div>"
        )
        folder = tmp_path / str(filler)
        folder.mkdir()
        pages = [p.extract_text() for p in PdfReader(build(folder, index=body)).pages]
        page = next(t for t in pages if "MARK" in t)
        assert "Row 1" in page
        assert "ABOVE" in page


def test_answer_stands_with_its_certainty(tmp_path):
    text, _ = lines(
        tmp_path,
        '<p class="kicker">KICK</p><div class="answer"><div class="big">'
        '<p>r = .20</p><p>MARK small</p></div><div class="says"><p>It says.</p>'
        '<p><span class="sure">certainty: low</span></p></div></div>',
    )
    joined = " ".join(" ".join(text).split())
    assert "KICK" not in joined
    for words in ("r = .20", "MARK small", "It says.", "certainty: low"):
        assert words in joined


def test_link_to_a_file_of_the_site_becomes_text_or_leads_to_the_site(tmp_path):
    page = '<h1>T</h1><p><a href="data.csv">the table</a></p>'
    root, html = site(tmp_path, index=page, c1="<h1>U</h1>")
    (html / "data.csv").write_text("x", "utf-8")
    build_pdf(root, html, tmp_path / "x.pdf")
    assert not any(b"data.csv" in x for x in [(tmp_path / "x.pdf").read_bytes()])
    config = root / "_config.yml"
    config.write_text(
        config.read_text("utf-8") + "html: {baseurl: 'https://example.org/r'}\n", "utf-8"
    )
    build_pdf(root, html, tmp_path / "y.pdf")
    assert b"https://example.org/r/data.csv" in (tmp_path / "y.pdf").read_bytes()


def test_drawings_leave_the_page_with_light_colours_and_letter_case():
    page, drawings = lift(f"<p>a</p>{SVG}<svg aria-hidden='true'><svg/></svg></svg><p>b</p>")
    assert "<svg" not in page
    assert page.count("ar-svg") == 2
    assert drawings[0].alt == "Two samples; both right of zero."
    assert 'fill="#0b5a6e"' in drawings[0].source
    assert "viewBox" in drawings[0].source
    assert "xmlns" in drawings[0].source
    assert "var(" not in drawings[0].source
    assert "Inter" not in drawings[0].source
    assert drawings[1].decorative


def test_drawing_keeps_entities_readable_outside_html():
    source = stand_alone(
        '<svg><text style="font-family: Inter; fill: currentColor">a&nbsp;&lt;b</text></svg>'
    )
    assert "a&#160;&lt;b" in source
    assert "font-family: DejaVu Sans; fill: #1d2125" in source


def test_drawing_without_a_colour_for_paper_is_refused():
    with pytest.raises(PdfError, match="--ar-ink"):
        stand_alone('<svg><path fill="var(--ar-ink)"/></svg>')


def test_ids_before_a_heading_stand_for_the_heading():
    page = read_page(
        "p",
        '<article class="bd-article"><section id="s"><span id="a"></span>'
        "<h1>T</h1></section></article>",
    )
    assert page.alias == {"s": "s", "a": "s", "": "s"}


def test_labels_of_different_places_differ():
    assert len({label("a-b", "c"), label("a", "b-c"), label("a", "b.c"), label("a", "b c")}) == 4
