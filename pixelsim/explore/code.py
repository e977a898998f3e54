"""What is on the screen as Python code that can be run."""

from __future__ import annotations

from pixelsim.scenario import scenario, scenario_names
from pixelsim.scenario.scenario import Scenario

__all__ = ["scenario_code"]


def scenario_code(mine: Scenario) -> str:
    """Give the lines that bring a scenario: the built-in one by its name, any other from a file to be written first."""
    if mine.name in scenario_names() and scenario(mine.name) == mine:
        return f"import pixelsim as ps\n\nmine = ps.scenario({mine.name!r})"
    path = f"{mine.name}.toml"
    return (
        f"import pixelsim as ps\n\n"
        f"# write it once: ps.write_scenario(mine, {path!r})\n"
        f"mine = ps.load_scenario({path!r})"
    )
