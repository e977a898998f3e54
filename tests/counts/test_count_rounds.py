"""Learning goes round in counts, and comes to an end however dense a contest is."""

from __future__ import annotations

import pytest

from pixelsim.counts import count
from pixelsim.counts.learning import LearningCounts
from pixelsim.counts.paid import Paces
from pixelsim.explore.pixels import Choice, design
from pixelsim.scenario.measurement import Scope
from pixelsim.scenario.practices import one_domain


@pytest.mark.parametrize("seed", [7, 8])
def test_rounds_end_after_as_many_as_there_are_days(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Two thousand people with 200 clicks a day: what is drawn for later days moves the credit of earlier ones."""
    rounds = []
    phases = LearningCounts.phases

    def counted(*given):
        rounds.append(given)
        return phases(*given)

    monkeypatch.setattr(LearningCounts, "phases", counted)
    dense = design(one_domain(regions=3, accounts_of_region=1), Choice(1, 200, 10, Scope.ACCOUNT, 2000), 0)
    found = count(dense, seed, 0)
    assert 1 < len(rounds) <= dense.days + 2
    assert found.phases.shape == (dense.days, len(dense.traffic.delivery))


def test_learning_is_idle_where_it_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Paces] = []
    paces = LearningCounts.paces

    def noted(*given) -> list[Paces]:
        found = paces(*given)
        told.extend(found)
        return found

    monkeypatch.setattr(LearningCounts, "paces", noted)
    count(one_domain(regions=2, accounts_of_region=2), 4)
    idle = [one.idle for one in told]
    assert idle == [bool((one.cpm == 1).all() and (one.orders == 1).all()) for one in told]
    assert 0 < sum(idle) < len(idle)
