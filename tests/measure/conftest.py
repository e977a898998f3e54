"""Runs of the crowded scenario, each made once."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from credit_by_hand import counted, touches_of, verdicts
from crowded_run import Story, crowded

import pixelsim as ps
from pixelsim.traffic.crediting import Crediting
from pixelsim.traffic.flow import TouchRows

Tell = Callable[..., Story]


@pytest.fixture(scope="session")
def tell() -> Tell:
    """Run a variant once, record its touches, and work its credit out by hand."""

    @functools.cache
    def story(*, again: bool = False, **settings: object) -> Story:
        one = crowded(again=again)
        one = one.replace(measurement=one.measurement.replace(**settings))
        recorded: list[TouchRows] = []
        keep = Crediting.add

        def record(crediting: Crediting, rows: TouchRows) -> None:
            recorded.append(rows)
            keep(crediting, rows)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Crediting, "add", record)
            made = ps.run(one, seed=5)
        touches = touches_of(made.simulation, recorded)
        found = list(verdicts(made.simulation, touches))
        return Story(made, touches, found, counted(made.simulation, found))

    return story
