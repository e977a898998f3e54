"""Rehearse pixel sharing before a live account is touched.

::

    import pixelsim as ps

    mine = ps.calibrate("Ads Manager export.csv", scenario="agency")   # or ps.scenario("agency")
    result = ps.run(mine, seed=7)                                      # one possible history
    result.metrics(viewer="agency")                                    # the five metrics, a tidy DataFrame
    ps.replicate(mine, 50, seed=7).summary()                           # means, half-widths, 5-95 % ranges
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pixelsim._version import __version__

# Imported at once, since the function bears the name of the package it lives in, which would take its place later.
from pixelsim.scenario import scenario

if TYPE_CHECKING:
    from pixelsim import explore, show
    from pixelsim.base.errors import PixelsimError
    from pixelsim.exchange import calibrate, read_export
    from pixelsim.scenario import Scenario, load_scenario, sample, scenario_names, write_scenario
    from pixelsim.study import Replications, Run, branch, compare, decide, replicate, rerun, run, sweep, threshold

_HOMES = {
    "PixelsimError": "pixelsim.base.errors",
    "Replications": "pixelsim.study",
    "Run": "pixelsim.study",
    "Scenario": "pixelsim.scenario",
    "branch": "pixelsim.study",
    "calibrate": "pixelsim.exchange",
    "threshold": "pixelsim.study",
    "sweep": "pixelsim.study",
    "rerun": "pixelsim.study",
    "decide": "pixelsim.study",
    "compare": "pixelsim.study",
    "explore": "pixelsim.explore",
    "load_scenario": "pixelsim.scenario",
    "read_export": "pixelsim.exchange",
    "replicate": "pixelsim.study",
    "run": "pixelsim.study",
    "sample": "pixelsim.scenario",
    "scenario_names": "pixelsim.scenario",
    "show": "pixelsim.show",
    "write_scenario": "pixelsim.scenario",
}
"""Where each public name lives; a name is imported when it is first asked for, so that ``import pixelsim`` is quick."""

__all__ = [
    "PixelsimError",
    "Replications",
    "Run",
    "Scenario",
    "__version__",
    "branch",
    "calibrate",
    "compare",
    "decide",
    "explore",
    "load_scenario",
    "read_export",
    "replicate",
    "rerun",
    "run",
    "sample",
    "scenario",
    "scenario_names",
    "show",
    "sweep",
    "threshold",
    "write_scenario",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        msg = f"module 'pixelsim' has no attribute {name!r}"
        raise AttributeError(msg)
    module = importlib.import_module(home)
    value = module if home == f"pixelsim.{name}" and name in {"explore", "show"} else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
