"""The exhaustive runs, in a process of their own; they print the alphabet, states, transitions and refusals."""

from __future__ import annotations

import sys

import pytest

from pixelsim.plan import (
    SWAPS,
    Exploration,
    check_interleavings,
    explore,
    full_alphabet,
    plan_unshare,
    running_world,
    small_world,
)
from pixelsim.sharing import PRESETS, Rulebook, SharingSettings

pytestmark = pytest.mark.explorer
LETTERS = full_alphabet()
DOCUMENTED = Rulebook()


def shown(title: str, found: Exploration, *, alphabet: bool = False) -> Exploration:
    sys.stdout.write(f"\n{title}\n{found.text(alphabet=alphabet)}\n")
    return found


def test_every_order_of_actions_up_to_the_depths_holds_every_invariant() -> None:
    runs = [
        shown("from an empty world", explore(small_world(), LETTERS, DOCUMENTED, depth=8, swaps=SWAPS), alphabet=True),
        shown("from a running world", explore(running_world(), LETTERS, DOCUMENTED, depth=5, swaps=SWAPS)),
        shown(
            "with human delays",
            explore(running_world(), LETTERS, DOCUMENTED, depth=3, delays=(0, 1, 2), in_flight=2, swaps=SWAPS),
        ),
    ]
    assert all(run.ok for run in runs)
    states = sum(run.states for run in runs)
    sys.stdout.write(f"\n{states:,} distinct states in all\n")
    assert states >= 150_000


def test_partnerships_that_wait_for_approval_hold_every_invariant_too() -> None:
    pending = Rulebook(policy=PRESETS["pause"], settings=SharingSettings(partnership_acceptance=1.0))
    assert shown("pending", explore(small_world(), LETTERS, pending, depth=6, swaps=SWAPS)).ok
    assert shown("pause", explore(running_world(), LETTERS, pending, depth=3, swaps=SWAPS)).ok


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_planned_unshare_is_safe_in_every_order(preset: str) -> None:
    rulebook = Rulebook(policy=PRESETS[preset])
    plan = plan_unshare(running_world(), "px_1", from_="bc_par", rulebook=rulebook)
    found = check_interleavings(running_world(), plan, rulebook)
    sys.stdout.write(f"\n{preset}: {found.text()}\n")
    assert found.safe


@pytest.mark.slow
def test_deep_from_a_running_world() -> None:
    assert shown("deep", explore(running_world(), LETTERS, DOCUMENTED, depth=8, swaps=SWAPS)).ok


@pytest.mark.slow
def test_deep_with_delays() -> None:
    found = explore(running_world(), LETTERS, DOCUMENTED, depth=5, delays=(0, 1, 2), in_flight=2, swaps=SWAPS)
    assert shown("deep with delays", found).ok
