"""Access by interval, as the book learns it step by step, against the state of the world at each instant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.scenarios import OWN_PIXEL, SMALL_PIXEL, ending_of, small
from pixelsim.base.clock import DAY, HOUR
from pixelsim.scenario.plan import PlannedAction
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing import actions as do
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.simulate import Simulation, simulate
from pixelsim.world.queries import is_linked

LINK = do.LinkPixel(actor="agency_admin", bc="bc_agency", pixel=SMALL_PIXEL, account="acc_agency")
SHARE = do.SharePixel(actor="brand_admin", bc="bc_brand", pixel=SMALL_PIXEL, partner="bc_agency")


def back_and_forth() -> Scenario:
    """Unshared on day 1.5, shared and linked again on day 3.25, unshared for good on day 4."""
    again = [PlannedAction(day=3.25, action=action) for action in (SHARE, LINK)]
    steps = (
        *ending_of("agency", stop=None, unshare=1.5),
        *again,
        *ending_of("agency", stop=None, unshare=4.0),
    )
    return small(steps=steps, policy="continue")


def book_of(run: Simulation, steps: int) -> AccessBook:
    book = AccessBook(run.timeline, run.numbering)
    length = run.scenario.length
    for n in range(1, steps + 1):
        book.extend(length * n // steps)
    return book


def asked(run: Simulation, book: AccessBook, at: list[int], pixel: str, account: str) -> list[bool]:
    count = len(at)
    number = run.numbering.pixels.index(pixel), run.numbering.accounts.index(account)
    columns: Any = (np.full(count, number[0], dtype=np.int32), np.full(count, number[1], dtype=np.int32))
    return book.has(*columns, np.array(at, dtype=np.int64)).tolist()


@pytest.mark.parametrize("steps", [1, 6, 7, 144])
def test_book_knows_what_the_world_was(steps: int) -> None:
    run = simulate(back_and_forth(), seed=7)
    assert [record.decision.allowed for record in run.history.records] == [True] * 4
    book = book_of(run, steps)
    instants = [n * HOUR // 2 for n in range(6 * 48)] + [int(1.5 * DAY) - 1, int(3.25 * DAY) - 1, 4 * DAY - 1]
    for account in ("acc_brand", "acc_agency", "acc_second"):
        expected = [is_linked(run.history.at(at), SMALL_PIXEL, account) for at in instants]
        assert asked(run, book, instants, SMALL_PIXEL, account) == expected
    assert not book.always


def test_access_ends_at_its_very_instant() -> None:
    run = simulate(back_and_forth(), seed=7)
    borders = [int(1.5 * DAY), int(3.25 * DAY), 4 * DAY]
    around = [at + shift for at in borders for shift in (-1, 0)]
    assert asked(run, book_of(run, 3), around, SMALL_PIXEL, "acc_agency") == [True, False, False, True, True, False]


def test_access_without_a_gap() -> None:
    run = simulate(small(days=2), seed=7)
    assert book_of(run, 5).always
    assert AccessBook(run.timeline, run.numbering).has(
        np.zeros(1, np.int32), np.zeros(1, np.int32), np.zeros(1, np.int64)
    ).tolist() == [False], "nothing is known before the first step"


def test_pixels_are_told_apart() -> None:
    run = simulate(small(days=2, own_pixel=True), seed=7)
    book = book_of(run, 2)
    # Pairs without ad groups are of no account's credit, whatever links there are.
    assert asked(run, book, [0, HOUR], OWN_PIXEL, "acc_second") == [True, True]
    assert asked(run, book, [0, HOUR], OWN_PIXEL, "acc_brand") == [False, False]
    assert asked(run, book, [0, HOUR], SMALL_PIXEL, "acc_second") == [False, False]
