"""Open the built pages in a browser: no error, no request to the network, no sideways scroll."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from alliance_review import paths

pytestmark = pytest.mark.browser

tree = yaml.safe_load(paths.TOC.read_text(encoding="utf-8"))
PAGES = [tree["root"]] + [c["file"] for part in tree["parts"] for c in part["chapters"]]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                 None)  # fmt: skip
    if found is None:
        message = "no Chromium on this machine: browser tests are left out"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_opens_cleanly(built: Path, browser, width: int, scheme: str):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda r: problems.append(r.url) if r.url.startswith("http") else None)
    for name in PAGES:
        page.goto((built / f"{name}.html").as_uri(), wait_until="load")
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} scrolls sideways by {wide} px at {width} px"
        assert problems == [], f"{name}: {problems}"
    context.close()


def test_the_answer_is_on_the_first_screen(built: Path, browser):
    for width, height in ((1280, 800), (360, 740)):
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto((built / "index.html").as_uri())
        box = page.locator(".answer .big").bounding_box()
        assert box and box["y"] + box["height"] < height
        page.close()


def test_figures_follow_the_theme(built: Path, browser):
    colours = []
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto((built / "chapters/04_pooled.html").as_uri())
        colours.append(page.evaluate(
            "getComputedStyle(document.querySelector('#fig-forest-core svg path[style]')).fill"
            " + getComputedStyle(document.body).backgroundColor"
        ))  # fmt: skip
        context.close()
    assert colours[0] != colours[1]
