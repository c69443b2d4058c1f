"""The house stands as its design draws it: rooms, imports, names, sizes."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("kernel", "audit", "profiles", "consent", "dsar", "api")
KERNEL = {"__init__", "clock", "database", "errors", "ids", "jobs", "postgres"}
#: Stands alone on purpose, so that it can be copied and read by somebody who does not trust us.
LONGER = {"audit/verify.py": 700}
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60


def _modules(*rooms: str) -> Iterator[Path]:
    for room in rooms or (*ROOMS, "migrations"):
        yield from sorted((ROOT / room).rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imported(tree: ast.AST) -> Iterator[str]:
    """Every module a tree imports, and every name out of one as if it were a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_imports_keep_to_the_contracts() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert "0 broken" in found.stdout


def test_the_kernel_is_no_place_for_leftovers() -> None:
    assert {path.stem for path in _modules("kernel")} == KERNEL


def test_a_table_never_leaves_its_room() -> None:
    strays = [
        (_name(path), name)
        for path in _modules()
        for name in _imported(ast.parse(path.read_text()))
        if re.match(r"\w+\.tables(\.|$)", name)
        and name.split(".", maxsplit=1)[0] != path.relative_to(ROOT).parts[0]
    ]
    assert strays == []


def test_the_verifier_needs_nothing_of_ours() -> None:
    tree = ast.parse((ROOT / "audit" / "verify.py").read_text())
    outside = {name.split(".")[0] for name in _imported(tree)} - sys.stdlib_module_names
    assert outside == {"cryptography"}


def test_the_environment_is_read_in_one_place() -> None:
    reads = re.compile(r"\bos\.(environ|getenv)\b")
    readers = {_name(path) for path in _modules() if reads.search(path.read_text())}
    assert readers == {"api/settings.py"}


def test_nothing_is_imported_inside_a_function() -> None:
    inside = [
        f"{_name(path)}:{node.lineno}"
        for path in _modules()
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_nothing_is_left_to_do() -> None:
    words = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    paths = [*_modules(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    paths += [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "Makefile"]
    left = [_name(p) for p in paths if p != Path(__file__) and words.search(p.read_text())]
    assert left == []


def test_no_module_is_named_for_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "base"}
    assert [_name(path) for path in _modules() if path.stem in vague] == []


def test_no_class_is_named_for_nothing() -> None:
    vague = re.compile(r"class \w*(Manager|Helper|Util|Utils|Handler)\b")
    assert [_name(path) for path in _modules() if vague.search(path.read_text())] == []


def test_modules_and_functions_fit_in_a_head() -> None:
    long = []
    for path in _modules():
        text = path.read_text()
        if len(text.splitlines()) > LONGER.get(_name(path), LONGEST_MODULE):
            long.append(_name(path))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                if node.end_lineno - node.lineno >= LONGEST_FUNCTION:
                    long.append(f"{_name(path)}:{node.name}")
    assert long == []


@pytest.mark.parametrize("path", list(_modules()), ids=_name)
def test_a_module_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    if text.strip() and path.parent.name != "versions":
        assert ast.get_docstring(ast.parse(text)), "a module begins with what it is"
