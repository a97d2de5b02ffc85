"""Ask statsmodels, PyMARE and PyMetaAnalysis for what the README lists, on all data sets.

    python validation/peers/make.py

writes ``<package>.json`` beside this file, each with the version of the package. The packages are
used at their default control. A fit that the package refuses is kept as {"refused": its message}.
Needs the packages of the test environment; nothing of ``alliance_review`` is used here.
"""

import json
import warnings
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
PACKAGES = {"statsmodels": "statsmodels", "PyMARE": "pymare", "PyMetaAnalysis": "pymetaanalysis"}


def data_sets() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Effects and variances of the nine published sets and the stress sets, by name."""
    folder = HERE.parent / "metafor"
    real = json.loads((folder / "effects.json").read_text("utf-8"))
    stress = json.loads((folder / "stress_sets.json").read_text("utf-8"))["sets"]
    return {n: (np.array(d["y"]), np.array(d["v"])) for n, d in (real | stress).items()}


def numbers(package: str, y, v) -> dict:
    """All that one package says about one data set: {key: {field: number or numbers}}."""
    answers = {}
    for key, ask in import_module(f"ask_{package.lower()}").questions(y, v):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                answers[key] = {name: _plain(value) for name, value in ask().items()}
            except Exception as refusal:  # whatever it raises is its answer
                answers[key] = {"refused": f"{type(refusal).__name__}: {refusal}"}
    return answers


def _plain(value):
    array = np.asarray(value, dtype=float)
    plain = [x if np.isfinite(x) else None for x in array.ravel().tolist()]
    return plain if array.ndim else plain[0]


def write(package: str) -> Path:
    """Write the answers of one package on every data set; one line per question."""
    lines = []
    for name, (y, v) in data_sets().items():
        answers = numbers(package, y, v)
        inner = ",\n".join(f"   {json.dumps(k)}: {json.dumps(a)}" for k, a in answers.items())
        lines.append(f"  {json.dumps(name)}: {{\n{inner}\n  }}")
    head = f' "package": "{package}",\n "version": "{version(PACKAGES[package])}",\n'
    path = HERE / f"{PACKAGES[package]}.json"
    path.write_text(f'{{\n{head} "sets": {{\n' + ",\n".join(lines) + "\n }\n}\n", "utf-8")
    return path


if __name__ == "__main__":
    for name in PACKAGES:
        print(write(name))
