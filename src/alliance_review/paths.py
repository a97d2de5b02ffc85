"""Where things are: the only module that knows folders.

The root is the repository that holds this file, unless ``ALLIANCE_REVIEW_ROOT`` names another
one: tests and authors rebuild a changed copy of the review without touching this one.
"""

import os
from pathlib import Path

ROOT = Path(os.environ.get("ALLIANCE_REVIEW_ROOT") or Path(__file__).resolve().parents[2])

DATA = ROOT / "data"
PACKAGE = DATA / "datapackage.json"
CHAPTERS = ROOT / "chapters"
SOURCE = Path(__file__).resolve().parent
STATIC = ROOT / "_static"
VALIDATION = ROOT / "validation"
SIMULATION = VALIDATION / "simulation"
SIMULATION_RESULTS = SIMULATION / "results.csv"
LOCK = ROOT / "requirements.lock"
CONFIG = ROOT / "_config.yml"
TOC = ROOT / "_toc.yml"
BIBLIOGRAPHY = ROOT / "references.bib"

BUILD = ROOT / "_build"
HTML = BUILD / "html"
PDF = BUILD / "review.pdf"
RESULTS = BUILD / "results.json"
