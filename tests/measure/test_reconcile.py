"""The bridge between any two figures: nothing is left over, and every step is the number of rows that it says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_runs import EVENTS, VARIANTS, counted, measured

from pixelsim.base.errors import InputError
from pixelsim.measure import Figure, Stage, reconcile
from pixelsim.measure.figures import CREDITS, FATES, LOSSES, UNSENT

CAMPAIGNS = {"acc_brand": ["brand_always_on"], "acc_agency": ["prospecting", "retargeting", "launch"]}
DAYS = [None, None, "2026-01-05", "2026-01-07", "2026-01-09", "2026-01-11", "2026-02-01"]

WORDS = {
    *UNSENT.values(),
    *LOSSES.values(),
    *FATES.values(),
    *CREDITS.values(),
    "a further copy of the same event",
    "from a preview host",
    "credited to another account",
    "credited to another campaign",
    "not reported yet",
    "stands on another day, by day of the event on the clock of the figure",
    "stands on another day, by day of the interaction on the clock of the figure",
}


@st.composite
def figures(draw: st.DrawFn, event: str) -> Figure:
    """Draw a figure of one event, at any stage, day, clock and age."""
    stage = draw(st.sampled_from(list(Stage)))
    account = draw(st.sampled_from([*CAMPAIGNS]))
    return Figure(
        stage=stage,
        event=event,
        account=account if list(Stage).index(stage) >= 5 or draw(st.booleans()) else None,
        campaign=draw(st.sampled_from([None, *CAMPAIGNS[account]])) if stage is Stage.CAMPAIGN else None,
        day=draw(st.sampled_from(DAYS)),
        basis=draw(st.sampled_from(["event", "interaction"])),
        utc_offset=draw(st.sampled_from([None, None, 0, 14 * 3_600_000, -10 * 1_800_000])),
        as_of=draw(st.sampled_from([None, None, 1.0, 3.3, 6.9, 50.0])),
    )


@st.composite
def pairs(draw: st.DrawFn) -> tuple[str, Figure, Figure]:
    """Draw a run and two figures of one event in it."""
    event = draw(st.sampled_from(["Purchase", "Purchase", "AddToCart", "PageView"]))
    return draw(st.sampled_from([*VARIANTS])), draw(figures(event)), draw(figures(event))


@settings(derandomize=True, deadline=None, max_examples=80)
@given(pairs())
def test_every_difference_is_explained_event_by_event(pair):
    variant, start, end = pair
    bridge = reconcile(measured(variant), start, end)
    one, other = counted(variant, start), counted(variant, end)
    assert (bridge.start_value, bridge.end_value) == (len(one), len(other))
    assert bridge.rest == 0
    less = bridge.steps[bridge.steps["step"].str.startswith("less: ")]
    plus = bridge.steps[bridge.steps["step"].str.startswith("plus, not in the first figure: ")]
    assert len(less) + len(plus) == len(bridge.steps)
    assert -less["change"].sum() == len(one - other)
    assert plus["change"].sum() == len(other - one)
    assert (less["change"] < 0).all()
    assert (plus["change"] > 0).all()
    assert not bridge.steps["step"].duplicated().any()
    assert set(bridge.steps["step"].str.split(": ", n=1).str[1]) <= WORDS


@settings(derandomize=True, deadline=None, max_examples=25)
@given(pairs())
def test_the_way_back_is_the_same_way(pair):
    variant, start, end = pair
    there, back = (reconcile(measured(variant), *way) for way in ((start, end), (end, start)))
    assert (there.start_value, there.end_value) == (back.end_value, back.start_value)

    def told(bridge):
        return {(step.split(": ", 1)[1], abs(change)) for step, change in bridge.steps.itertuples(index=False)}

    assert told(there) == told(back)
    assert reconcile(measured(variant), start, start).steps.empty


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_table_runs_from_the_first_figure_to_the_last(variant):
    start = Figure(stage=Stage.HAPPENED)
    end = Figure(stage=Stage.CAMPAIGN, account="acc_agency", campaign="prospecting", basis="interaction")
    table = reconcile(measured(variant), start, end).table()
    assert table["step"].iloc[0] == "happened, Purchase"
    assert table["step"].iloc[-1] == str(end)
    assert table["total"].iloc[0] == table["change"].iloc[0] == len(measured(variant).orders)
    assert table["total"].iloc[-2] == table["total"].iloc[-1] == len(counted(variant, end))
    inner = table.iloc[1:-1]
    assert (inner["total"].diff().dropna() == inner["change"].iloc[1:]).all()
    assert len(inner) >= 4


def test_steps_of_one_sort_stand_in_the_order_of_their_words():
    steps = reconcile(
        measured("no ids, each account claims"), Figure(stage=Stage.SENT), Figure(stage=Stage.ATTRIBUTED)
    ).steps
    assert steps["step"].tolist() == sorted(steps["step"])


def test_a_difference_of_clocks_alone_is_days_alone():
    day = "2026-01-08"
    figures_ = [Figure(stage=Stage.TOTAL, event="PageView", account=a, day=day) for a in ("acc_brand", "acc_agency")]
    bridge = reconcile(measured("server leg"), *figures_)
    assert {step.split(": ", 1)[1] for step in bridge.steps["step"]} == {
        "stands on another day, by day of the event on the clock of the figure"
    }
    assert len(bridge.steps) == 2


@pytest.mark.parametrize(("field", "other"), [("event", "AddToCart"), ("pixel", "BRANDSHOPPIXEL000001")])
def test_figures_of_different_events_or_pixels_are_refused(field, other):
    one = Figure(stage=Stage.TOTAL)
    with pytest.raises(InputError, match=f"{field} is"):
        reconcile(measured("server leg"), one, Figure(stage=Stage.TOTAL, **{field: other}))
    assert "AddToCart" in EVENTS
