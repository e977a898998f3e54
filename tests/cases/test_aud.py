"""Field cases of audiences, through the simulator: sizes come from what pixels kept, decisions from the rules."""

from __future__ import annotations

import numpy as np
import pytest
from field_shops import DAY, HOUR, MINUTE, business, kept, play, read, visits

from pixelsim.base.errors import InputError
from pixelsim.measure.overlap import overlap, overlap_table
from pixelsim.sharing import Cause, may_use_audience


def build(account: str, audience: str, pixel: str = "px_1", **how) -> dict:
    return {"do": "build_audience", "account": account, "audience": audience, "pixel": pixel} | how


# P14: one site with 1,000 visits of three events each, four accounts; four pixels, or one that all accounts share.

FOUR = ("acc_1", "acc_2", "acc_3", "acc_4")


def four_accounts(shared: bool):
    """Each account builds the audience of everybody who viewed a page, from the pixel that it uses."""
    own = {account: "px_1" if shared else f"px_{n}" for n, account in enumerate(FOUR, start=1)}
    pixels = {"px_1": "acc_1"} if shared else {own[account]: account for account in FOUR}
    one = business(
        days=2,
        accounts=FOUR,
        sites={"shop": {"pixels": [*pixels], "funnel": {"view": 1.0, "cart": 1.0, "checkout": 0.0}}},
        pixels=pixels,
        links=[("px_1", account) for account in FOUR[1:]] if shared else [],
        steps=[(0.0, build(account, f"aud_{account}", own[account])) for account in FOUR],
    )
    # 1,000 visits of 800 people: 200 of them come twice.
    return play(one, [visits("shop", np.arange(1_000) * MINUTE, np.arange(1_000) % 800, length=MINUTE)])


@pytest.mark.parametrize(("shared", "requests", "pixels"), [(False, 12_000, 4), (True, 3_000, 1)])
def test_P14_traffic_side_four_pixels_or_one_shared(shared, requests, pixels):
    run = four_accounts(shared)
    assert len(run.log()) == requests
    assert kept(run, "pixel", event=None) == {f"px_{n}": 3_000 for n in range(1, pixels + 1)}
    for account in FOUR:
        seen = sum(read(run, account, "total events", event=name) for name in ("PageView", "ViewContent", "AddToCart"))
        assert seen == 3_000
    sizes = {day.audience: day.people for day in run.simulation.audiences if day.at == 2 * DAY}
    assert sizes == {f"aud_{account}": 800 for account in FOUR}


def test_P14_the_visitors_are_the_same_in_both_designs():
    one, four = four_accounts(True).simulation, four_accounts(False).simulation
    for column in ("at", "person", "event", "key"):
        both = [getattr(run.log, column)[run.log.pixel == 0] for run in (one, four)]
        np.testing.assert_array_equal(*both)
    shared = [one.members[f"aud_{account}"] for account in FOUR]
    assert all(np.array_equal(shared[0], other) for other in shared[1:])


# P74: 5,000 events by 999 matched people; then one more.


@pytest.mark.parametrize(("people", "usable"), [(999, False), (1_000, True)])
def test_P74_people_and_not_events_make_an_audience_large_enough(people, usable):
    one = business(days=4, steps=[(0.0, build("acc_0", "aud_1"))], settings={"audience_ready_hours": 48.0})
    events = visits("shop", np.arange(5_000) * 4 * 1_000, np.arange(5_000) % people)
    run = play(one, [events])
    assert kept(run, "pixel", event="PageView") == {"px_1": 5_000}
    by_day = {day.at // DAY: (day.people, day.usable) for day in run.simulation.audiences}
    assert by_day == {1: (people, False), 2: (people, usable), 3: (people, usable), 4: (people, usable)}

    def use(hours: float):
        return may_use_audience(
            run.simulation.history.now,
            "ann",
            "aud_1",
            "acc_0",
            matched=by_day[1][0],
            rulebook=one.rulebook,
            at=round(hours * HOUR),
        )

    if usable:
        assert (use(10).cause, use(48).cause) == (Cause.NOT_READY, Cause.ALLOWED)
    else:
        assert use(48).cause is Cause.TOO_SMALL
        assert "999 of the 1000" in use(48).reason


# P77: an audience that is not used for 180 days expires.


def expiring(*uses: float, again: bool = False):
    """Build on day 0, apply to a new ad group on given days, and perhaps build anew after that."""
    steps = [(0.0, build("acc_0", "aud_1"))]
    for day in uses:
        group = {"do": "create_ad_group", "campaign": "g_1_camp", "ad_group": f"ag_{day:g}", "audiences": ["aud_1"]}
        # It is never in delivery, so that only the applying counts as use.
        steps.append((day, group | {"end": round((day + 0.01) * DAY)}))
    if again:
        steps += [(181.5, build("acc_0", "aud_1")), (181.5, build("acc_0", "aud_2"))]
    one = business(
        days=182,
        groups={"g_1": {"account": "acc_0", "on": False}},
        steps=steps,
        settings={"audience_expiry_days": 180.0, "audience_minimum": 1},
        traffic={"step_hours": 24},
    )
    run = play(one, [visits("shop", HOUR, np.arange(10))])
    return run, [record.decision.cause for record in run.simulation.history.records][1:]


def test_P77_use_within_the_period_starts_the_clock_anew():
    run, causes = expiring(179.0, 181.0)
    assert causes == [Cause.ALLOWED, Cause.ALLOWED]
    assert run.simulation.history.now.audiences["aud_1"].last_used == 181 * DAY


def test_P77_an_unused_audience_is_refused_and_only_a_new_one_helps():
    run, causes = expiring(181.0, again=True)
    assert causes == [Cause.EXPIRED, Cause.DUPLICATE_ID, Cause.ALLOWED]
    assert "ag_181" not in run.simulation.history.now.ad_groups
    assert run.simulation.history.now.audiences["aud_2"].built_at == round(181.5 * DAY)


# P78: aud_1 has 3,000 people, aud_2 2,000, of whom 900 are in both.


@pytest.fixture(scope="module")
def two_audiences():
    """Two shops with the same people and a pixel each; the accounts chase the visitors of their own shop."""
    both = {"population": "people of both"}
    one = business(
        days=2,
        sites={"a": both | {"pixels": ["px_1"]}, "b": both | {"pixels": ["px_2"]}},
        pixels={"px_1": "acc_0", "px_2": "acc_1"},
        steps=[(0.0, build("acc_0", "aud_1")), (0.0, build("acc_1", "aud_2", "px_2"))],
    )
    came = [visits("a", HOUR, np.arange(3_000)), visits("b", HOUR, 2_100 + np.arange(2_000))]
    return play(one, came).simulation.members


def test_P78_overlap_is_told_both_ways_with_its_base(two_audiences):
    one, other = overlap(two_audiences)
    assert (one.base, one.base_people, one.common, one.share) == ("aud_1", 3_000, 900, 0.30)
    assert (other.base, other.base_people, other.common, other.share) == ("aud_2", 2_000, 900, 0.45)
    assert (one.flag, other.flag) == ("overlap", "nearly the same audience")
    assert str(one) == "30% of aud_1 (900 of 3000 people) are in aud_2 too: overlap"
    table = overlap_table(two_audiences)
    assert table["base"].tolist() == ["aud_1", "aud_2"]
    assert table["share"].tolist() == [0.30, 0.45]


def test_P78_two_accounts_on_one_pixel_have_the_same_audience():
    members = four_accounts(True).simulation.members
    found = overlap(members)
    assert len(found) == 12
    assert {o.share for o in found} == {1.0}
    assert {o.flag for o in found} == {"nearly the same audience"}


def test_P78_limits_are_not_flagged_themselves_and_empty_audiences_have_no_share():
    exactly = overlap({"a": np.arange(10), "b": np.arange(8, 13), "c": []})
    by_pair = {(o.base, o.other): o for o in exactly}
    assert (by_pair["a", "b"].share, by_pair["a", "b"].flag) == (0.2, "")
    assert (by_pair["b", "a"].share, by_pair["b", "a"].flag) == (0.4, "overlap")
    assert np.isnan(by_pair["c", "a"].share)
    assert by_pair["c", "a"].flag == ""
    assert overlap({"a": [1, 1, 2], "b": [1, 3]})[0].share == 0.5, "people are counted once"
    with pytest.raises(InputError, match="ascending"):
        overlap({}, high=0.5, nearly_same=0.4)
