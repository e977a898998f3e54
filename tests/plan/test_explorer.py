"""The exhaustive runs, in a process of their own; they print the alphabet, states, transitions and refusals."""

from __future__ import annotations

import sys

import pytest

from pixelsim.plan import (
    SWAPS,
    ActionPlan,
    Exploration,
    Letter,
    check_interleavings,
    explore,
    full_alphabet,
    plan_onboard,
    plan_share,
    plan_transfer,
    plan_unshare,
    running_world,
    small_world,
)
from pixelsim.plan.alphabet import written
from pixelsim.sharing import PRESETS, Rulebook, SharingSettings
from pixelsim.sharing import actions as do
from pixelsim.world import World

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


def test_ages_of_audiences_hold_every_invariant_too() -> None:
    """R18 asks how old an audience is, so that here each day of its life is a state of its own, until it expires."""
    ages = Rulebook(settings=SharingSettings(audience_ready_hours=24.0, audience_expiry_days=3.0))
    more = [
        do.CreateAdGroup(actor="pit", campaign="c_p1", ad_group="g_aud", audiences=("au_p1_1",)),
        do.CreateAd(actor="pit", ad_group="g_aud", ad="d_aud"),
        do.EditAdGroup(actor="pit", ad_group="g_p1", audiences=("au_p1_1",)),
        do.ShareAudience(actor="pit", audience="au_p1_1", account="acc_p2"),
        do.DeleteAudience(actor="pit", audience="au_p1_1"),
    ]
    letters = [*LETTERS, *(Letter.of(action) for action in more)]
    assert shown("with ages", explore(running_world(), letters, ages, depth=3)).ok


def plans() -> dict[str, tuple[World, ActionPlan]]:
    """Every kind of plan that the planner makes, each with the world that it begins in."""
    fresh = written(
        small_world(),
        [Letter.of(do.CreatePixel(actor="ann", account="acc_own", pixel="px_1", number="1", name="n"))],
        DOCUMENTED,
    )
    running = running_world()
    return {
        "unshare": (running, plan_unshare(running, "px_1", from_="bc_par")),
        "unshare from the region": (running, plan_unshare(running, "px_1", from_="bc_reg")),
        "unlink": (running, plan_unshare(running, "px_1", from_="acc_p1")),
        "share": (fresh, plan_share(fresh, "px_1", to="bc_par")),
        "transfer": (fresh, plan_transfer(fresh, "px_1", to_bc="bc_own")),
        "onboard": (
            fresh,
            plan_onboard(fresh, partner="bc_par", pixels=["px_1"], accounts=["acc_own", "acc_p1"], people=["pit"]),
        ),
    }


@pytest.mark.parametrize("kind", list(plans()))
def test_every_kind_of_plan_is_safe_under_every_delay(kind: str) -> None:
    world, plan = plans()[kind]
    found = check_interleavings(world, plan, DOCUMENTED, delays=(0, 1, 2))
    sys.stdout.write(f"\n{kind}: {found.text()}\n")
    assert plan.safe
    assert found.safe


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
