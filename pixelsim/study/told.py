"""What a run tells whatever its detail: what was asked for and run, single figures, and what people tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import pandas as pd

from pixelsim.counts import Counts
from pixelsim.scenario.parameters import parameter_table
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.changes import change_log_of, refused_of
from pixelsim.study.responses import position
from pixelsim.study.window import WHOLE, Window
from pixelsim.traffic.simulate import Simulation

__all__ = ["TellingRun"]

_Made = TypeVar("_Made", Simulation, Counts)


@dataclass(frozen=True, slots=True, eq=False)
class TellingRun(Generic[_Made]):
    """One replication, in events or in counts.

    Parameters
    ----------
    simulation
        All that the replication brought forth, warm-up and cool-down included.
    window
        The days that count. Metrics, outcomes, responses, delivery and the shop's books are of these days; log,
        conservation and change log show everything.
    given
        What was asked for, where it differs from what was run: with its parameters as given, not drawn.
    """

    simulation: _Made
    window: Window = WHOLE
    given: Scenario | None = None

    @property
    def scenario(self) -> Scenario:
        """What was run: uncertain parameters drawn, lengthened by warm-up and cool-down."""
        return self.simulation.scenario

    @property
    def asked(self) -> Scenario:
        """What was asked for, with its parameters as they were given and with how uncertain they are."""
        return self.simulation.scenario if self.given is None else self.given

    def responses(self) -> pd.DataFrame:
        """Give all figures of the run by name."""
        raise NotImplementedError

    def response(self, response: str, **keys: str) -> float:
        """Give one figure of the run.

        Parameters
        ----------
        response
            Name of the metric or outcome.
        **keys
            Values of other columns of `responses`, such as ``viewer="brand"`` or ``object="acc_agency"``.

        Raises
        ------
        UnknownNameError
            There is no such name, or no such column.
        InputError
            None or several figures fit.
        """
        table = self.responses()
        return float(table["value"].iloc[position(table, response, keys)])

    def _of_counted_days(self, markets: pd.DataFrame) -> pd.DataFrame:
        """Leave sessions out where not every day counts: a run with events does not keep them by day."""
        return markets if self.window.whole else markets.assign(sessions=np.nan)

    def change_log(self) -> pd.DataFrame:
        """Give every attempt: when, who, what, decision, rule, reason, and each field it changed (R23)."""
        return change_log_of(self.simulation.history, self.scenario)

    def refused(self) -> pd.DataFrame:
        """Give every refused action with rule, cause and remedy."""
        return refused_of(self.simulation.history, self.scenario)

    def parameters(self) -> pd.DataFrame:
        """Give every parameter with its value, unit and source."""
        return parameter_table(self.asked)
