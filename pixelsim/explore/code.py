"""What is on the screen as Python code that can be run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pixelsim.scenario import scenario, scenario_names
from pixelsim.scenario.scenario import Scenario

__all__ = ["scenario_code", "scenarios_code"]


def _built_in(mine: Scenario) -> bool:
    return mine.name in scenario_names() and scenario(mine.name) == mine


def scenario_code(mine: Scenario) -> str:
    """Give the lines that bring a scenario: the built-in one by its name, any other from a file to be written first."""
    if _built_in(mine):
        return f"import pixelsim as ps\n\nmine = ps.scenario({mine.name!r})"
    path = f"{mine.name}.toml"
    return (
        f"import pixelsim as ps\n\n"
        f"# write it once: ps.write_scenario(mine, {path!r})\n"
        f"mine = ps.load_scenario({path!r})"
    )


def scenarios_code(ways: Mapping[str, Scenario]) -> str:
    """Give the lines that bring several scenarios by name, as ``ways``; see `scenario_code`."""
    lines, writes = [], []
    for name, mine in ways.items():
        if _built_in(mine):
            lines.append(f"    {name!r}: ps.scenario({mine.name!r}),")
        else:
            path = f"{re.sub(r'[^0-9A-Za-z]+', '_', name).strip('_') or 'scenario'}.toml"
            lines.append(f"    {name!r}: ps.load_scenario({path!r}),")
            writes.append(f"# write it once: ps.write_scenario(ways[{name!r}], {path!r})")
    return "\n".join(["import pixelsim as ps", "", *writes, "ways = {", *lines, "}"])
