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
    if name.lower().endswith(".toml"):
        return load_scenario(name)
    if name not in scenario_names():
        raise UnknownNameError("scenario", name, scenario_names())
    if name in PRACTICES:
        return PRACTICES[name]()
    return load_scenario(data_folder() / "scenarios" / f"{name}.toml")


def sample(name: str) -> Path:
    """Give the path of a shipped sample file, by its name or by its path in the folder of samples.

    Raises
    ------
    UnknownNameError
        No sample has this name, or several have.
    """
    folder = data_folder() / "samples"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    found = [path for path in files if name in {path.name, path.relative_to(folder).as_posix()}]
    if len(found) != 1:
        raise UnknownNameError("sample", name, [path.relative_to(folder).as_posix() for path in found or files])
    return found[0]
