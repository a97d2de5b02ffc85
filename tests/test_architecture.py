"""The shape of the code, read from its source: who imports whom, who reads what, what is explained.

Nothing is imported or run here: every module is parsed, imports inside functions included.
"""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from alliance_review.paths import LOCK, ROOT, SOURCE
from alliance_review.paths import PACKAGE as PACKAGE_FILE

PACKAGE = "alliance_review"
#: Each part may import those before it; figures know nothing of tables and prose.
ORDER = ("paths", "formats", "effect_sizes", "evidence", "synthesis", "interpretation",
         "verification", "analysis", "simulation_study", "figures", "reporting", "book",
         "__main__")  # fmt: skip
#: Parts that stand alone: pure statistics, rules and formulas, of use without this review.
ALONE = {"paths", "formats", "effect_sizes", "synthesis", "interpretation"}
SLOW_TO_LOAD = {"pandas", "statsmodels", "matplotlib"}
#: Modules outside ``evidence`` that touch the folder of the data without reading a table: they
#: take digests of its bytes, copy or publish its files, or hand the folder on.
HANDLE_FILES = {
    "paths": "names the folder",
    "analysis": "digest of the bytes, to know whether the results are stale",
    "book.cache": "digest of the bytes, to know whether a chapter is stale",
    "book.pipeline": "digest of the bytes, to know whether the pages are stale",
    "book.html": "copies the files beside the pages",
    "book.sphinx_extension": "whether a file to link to exists",
    "__main__": "hands the folder to explain",
}
#: What would read a table.
READERS = {"read_csv", "read_table", "DictReader", "reader", "genfromtxt", "loadtxt"}

FILES = sorted(SOURCE.rglob("*.py"))


def name_of(file: Path) -> str:
    """Dotted name below the package; the package itself is empty."""
    parts = file.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): ast.parse(file.read_text("utf-8")) for file in FILES}
PACKAGES = {name_of(file) for file in FILES if file.name == "__init__.py"}


def part(module: str) -> str:
    return module.partition(".")[0]


def imports(tree: ast.AST, module: str) -> Iterator[str]:
    """Full dotted names of all that is imported, relative imports resolved."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = [node.module] if node.module else []
            if node.level:
                here = [PACKAGE, *filter(None, module.split("."))]
                up = node.level - (module in PACKAGES)
                start = here[: len(here) - up] + start
            yield from (".".join([*start, alias.name]) for alias in node.names)


def own_imports(module: str) -> set[str]:
    """Parts of this package that a module imports."""
    below = (name.split(".")[1:] for name in imports(MODULES[module], module)
             if name.split(".")[0] == PACKAGE)  # fmt: skip
    return {rest[0] for rest in below if rest and rest[0] in ORDER}


def at_module_level(tree: ast.Module) -> ast.Module:
    """The tree without the bodies of its functions: what runs when the module is loaded."""

    class Drop(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            return None

        visit_AsyncFunctionDef = visit_FunctionDef

    return Drop().visit(ast.parse(ast.unparse(tree)))


def test_every_module_has_its_place_in_the_order():
    assert {part(module) for module in MODULES if module} == set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module):
    if not module:
        assert own_imports(module) == set()  # the package itself loads nothing
        return
    here = part(module)
    before = set() if here in ALONE else set(ORDER[: ORDER.index(here)])
    assert own_imports(module) <= before | {here}


def test_the_order_would_notice_an_import_against_it():
    tree = ast.parse("def f():\n    from ..analysis import pools\n    from . import checks\n")
    assert list(imports(tree, "synthesis.pooling")) == [
        "alliance_review.analysis.pools", "alliance_review.synthesis.checks"]  # fmt: skip
    tree = ast.parse("from .pools import plain\nimport alliance_review.book as b")
    assert list(imports(tree, "analysis")) == [
        "alliance_review.analysis.pools.plain", "alliance_review.book"]  # fmt: skip


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) == "synthesis"])
def test_the_statistics_load_without_frames_models_and_drawing(module):
    loaded = {name.split(".")[0] for name in imports(at_module_level(MODULES[module]), module)}
    assert not loaded & SLOW_TO_LOAD


def names_of_data(tree: ast.AST) -> list[str]:
    """Expressions for the folder of the data or for a file in it, but no keys of dictionaries."""
    keys = {
        key
        for node in ast.walk(tree)
        for key in ([node.slice] if isinstance(node, ast.Subscript)
                    else node.args if isinstance(node, ast.Call) and ast.unparse(node.func)
                    .endswith((".get", ".pop")) else [])
    }  # fmt: skip
    return [ast.unparse(node) for node in ast.walk(tree) if names_data(node) and node not in keys]


def names_data(node: ast.AST) -> bool:
    """Whether this one node is the folder of the data or a file in it."""
    if isinstance(node, ast.Attribute):
        return node.attr in {"DATA", "PACKAGE"} and ast.unparse(node.value) == "paths"
    if isinstance(node, ast.ImportFrom):
        wanted = {alias.name for alias in node.names}
        return (node.module or "").endswith("paths") and bool(wanted & {"DATA", "PACKAGE"})
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and bool(re.fullmatch(r"data(/.*)?|[\w/]*\.csv", text))


def reads_tables(tree: ast.AST, module: str) -> list[str]:
    """Imports and calls that turn a CSV file into rows."""
    found = [name for name in imports(tree, module) if name.split(".")[0] == "csv"]
    return found + [
        ast.unparse(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute) and node.func.attr in READERS
    ]  # fmt: skip


@pytest.mark.parametrize("module", [m for m in MODULES if part(m) != "evidence"])
def test_only_the_evidence_reads_the_data(module):
    """Showing a row as it is written goes through ``evidence.read.as_written`` as well."""
    tree = MODULES[module]
    assert reads_tables(tree, module) == []
    assert module in HANDLE_FILES or names_of_data(tree) == []


def test_modules_that_handle_the_files_are_still_those():
    for module in HANDLE_FILES.keys() - {"paths"}:
        assert names_of_data(MODULES[module]), module


def public_definitions(module: str) -> Iterator[tuple[str, ast.AST]]:
    """Public functions and classes of a module, and the public methods of those classes."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in MODULES[module].body:
        if not isinstance(node, kinds) or node.name.startswith("_"):
            continue
        yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, kinds) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


@pytest.mark.parametrize("module", MODULES)
def test_what_is_public_is_explained(module):
    assert ast.get_docstring(MODULES[module]), "the module says what it is"
    silent = [n for n, node in public_definitions(module) if not ast.get_docstring(node)]
    assert silent == []


def plain_name(requirement: str) -> str:
    """Name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement)[0]).lower()


LOCKED = {plain_name(line) for line in LOCK.read_text("utf-8").splitlines() if "==" in line}


def test_every_declared_package_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {plain_name(name) for name in project["dependencies"]} <= LOCKED
    assert project["requires-python"] == ">=3.11"  # as the Makefile and the README say


def test_every_package_imported_is_locked():
    folders = (SOURCE, ROOT / "tests", ROOT / "benchmarks")
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    trees = [ast.parse(file.read_text("utf-8")) for file in files]
    # relative imports cannot leave the package, so the name of the module does not matter here
    used = {name.split(".")[0] for tree in trees for name in imports(tree, "x.y.z")}
    foreign = used - set(sys.stdlib_module_names) - {PACKAGE, "conftest"}
    origin = packages_distributions()
    assert {name for name in foreign if not
            LOCKED & {plain_name(o) for o in origin.get(name, [])}} == set()  # fmt: skip


def test_files_that_are_not_python_go_into_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    listed = project["tool"]["setuptools"]["package-data"]
    found = {
        file
        for package, patterns in listed.items()
        for pattern in patterns
        for file in SOURCE.joinpath(*package.split(".")[1:]).glob(pattern)
    }
    other = {f for f in SOURCE.rglob("*") if f.is_file() and f.suffix not in (".py", ".pyc")}
    assert other and found == other


def test_the_version_is_the_same_wherever_it_stands():
    code = re.search(r'__version__ = "(.+)"', (SOURCE / "__init__.py").read_text("utf-8"))[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    package = json.loads(PACKAGE_FILE.read_text("utf-8"))["version"]
    citation = re.search(r'^version: "(.+)"', (ROOT / "CITATION.cff").read_text("utf-8"), re.M)[1]
    readme = re.search(r"Version (\S+)\. ", (ROOT / "README.md").read_text("utf-8"))[1]
    assert {project, package, citation, readme} == {code}
