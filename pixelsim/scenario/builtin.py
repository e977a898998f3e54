"""Built-in scenarios and sample files, found by name."""

from __future__ import annotations

from pathlib import Path

from pixelsim.base.errors import UnknownNameError
from pixelsim.scenario.practices import PRACTICES
from pixelsim.scenario.scenario import Scenario
from pixelsim.scenario.toml import load_scenario

__all__ = ["data_folder", "sample", "scenario", "scenario_names"]


def data_folder() -> Path:
    """Give the folder of shipped data: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "data"
    return inside if inside.is_dir() else package.parent / "data"


def scenario_names() -> list[str]:
    """List the built-in scenarios by name."""
    return sorted({*PRACTICES, *(path.stem for path in (data_folder() / "scenarios").glob("*.toml"))})


def scenario(name: str) -> Scenario:
    """Give a built-in scenario, or read one from a file whose name ends in ``.toml``.

    Raises
    ------
    UnknownNameError
        No built-in scenario has this name.
    InputError
        The file is missing or has faults.
    """
    if name.endswith(".toml"):
        return load_scenario(name)
    if name not in scenario_names():
        raise UnknownNameError("scenario", name, scenario_names())
    if name in PRACTICES:
        return PRACTICES[name]()
    return load_scenario(data_folder() / "scenarios" / f"{name}.toml")


def sample(name: str) -> Path:
    """Give the path of a shipped sample file.

    Raises
    ------
    UnknownNameError
        No sample has this name.
    """
    path = data_folder() / "samples" / name
    if not path.is_file():
        known = sorted(p.name for p in (data_folder() / "samples").rglob("*") if p.is_file())
        raise UnknownNameError("sample", name, known)
    return path
