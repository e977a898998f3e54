"""The public names of pixelsim: listed, sorted, importable, and described."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import pixelsim

PACKAGE = Path(pixelsim.__file__).parent


def test_all_is_sorted_and_says_each_name_once():
    assert pixelsim.__all__ == sorted(set(pixelsim.__all__))


@pytest.mark.parametrize("name", pixelsim.__all__)
def test_every_public_name_can_be_imported_and_is_described(name):
    found = getattr(pixelsim, name)
    if name != "__version__":
        assert (inspect.getdoc(found) or "").strip(), name


def test_dir_offers_the_public_names_and_nothing_else():
    assert dir(pixelsim) == pixelsim.__all__


def test_every_name_that_the_package_can_hand_out_is_listed():
    public = {name for name in pixelsim._HOMES if not name.startswith("_")}
    assert public | {"__version__", "scenario"} == set(pixelsim.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'pixelsim' has no attribute 'nonsense'"):
        _ = pixelsim.nonsense


CODE = """
import sys
import pixelsim as ps
assert callable(ps.scenario)
quick = [name for name in ("matplotlib", "scipy.stats", "duckdb", "ipywidgets") if name in sys.modules]
assert not quick, quick
ps.run, ps.calibrate, ps.replicate
assert callable(ps.scenario), "the package of the same name took the function's place"
print(ps.scenario("agency").name)
"""


def test_import_is_light_and_scenario_stays_the_function():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("agency\n", "")


def modules() -> list[str]:
    """List the modules of the package, those left out whose import takes an optional package."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found.append(".".join(parts).removesuffix(".__init__"))
    return [name for name in found if name != "pixelsim.__main__"]


@pytest.mark.parametrize("name", modules())
def test_every_name_in_all_exists_and_no_module_is_without_a_docstring(name):
    path = PACKAGE.parent / (name.replace(".", "/") + ".py")
    path = path if path.is_file() else PACKAGE.parent / name.replace(".", "/") / "__init__.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not tree.body, name
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
    ]
    if listed:
        module = importlib.import_module(name)
        assert [item for item in listed[0] if not hasattr(module, item)] == []
        assert len(set(listed[0])) == len(listed[0])
