"""The shape of the code: dependencies point one way, modules stay small, and nothing speaks of the workshop."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 450
"""Most lines that a module may have."""
SHIPPED = [
    path
    for folder in ("pixelsim", "tests", "notebooks", "benchmarks", "data", "docs", ".ci")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".toml", ".md", ".ipynb", ".yml", ".yaml", ".json", ".cfg", ""}
    and path.is_file()
    and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
]
SHIPPED += [path for path in sorted(ROOT.glob("*")) if path.suffix in {".py", ".md", ".toml"} and path.is_file()]
OUTSIDE = re.compile(
    "|".join(
        [
            r"(?<![\w.])/" + r"work/",
            r"\.\./" + r"shared",
            r"(?<![\w/])/" + r"root/",
            r"(?<![\w/])/" + r"home/\w",
            r"(?<![\w/])/" + r"Users/\w",
            r"\b[A-Z]:\\\\?Users\b",
        ]
    )
)
"""Paths of somebody's machine."""


def test_dependencies_point_one_way():
    # The linter's own console script, so that its exit code counts.
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 kept, 0 broken" in done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "pixelsim").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_has_one_idea_and_few_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST


def test_no_path_leads_out_of_the_project():
    assert len(SHIPPED) > 100
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in SHIPPED
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if OUTSIDE.search(line)
    ]
    assert found == []


def test_no_test_is_skipped_and_no_assert_guards_users():
    """Tests run or fail, unless an optional package is not installed; users are told by errors of our own."""
    skips = re.compile(r"pytest\.(?:mark\.)?(?:skip|skipif|xfail)\b")
    mine = Path(__file__).resolve()
    tests = [path for path in SHIPPED if "tests" in path.parts and path.suffix == ".py" and path != mine]
    assert [path.name for path in tests if skips.search(path.read_text(encoding="utf-8"))] == []
    guards = re.compile(r"^\s*assert\b", re.MULTILINE)
    package = sorted((ROOT / "pixelsim").rglob("*.py"))
    assert [path.name for path in package if guards.search(path.read_text(encoding="utf-8"))] == []


def test_test_modules_have_names_of_their_own():
    # Folders of tests are no packages, so that two modules of one name would take each other's place.
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [name for name, count in names.items() if count > 1] == []
