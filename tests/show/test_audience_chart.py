from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from show_figures import cut_texts, overlapping_texts

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.scenario import Scenario
from pixelsim.scenario.plan import PlannedAction
from pixelsim.sharing.actions import BuildAudience
from pixelsim.show.audience import AudienceCurve, audience_curve, audience_frame, audience_growth
from pixelsim.show.style import NARROW, SERIES, WIDE, new_figure, styled
from pixelsim.study import Run, run


def curve(people: list[float], usable_from: int | None = None, *, frozen: bool = False) -> AudienceCurve:
    """Make a curve by hand: built on day 1, refreshed at the ends of days 2, 3 and so on."""
    days = np.arange(2, 2 + len(people))
    return AudienceCurve(
        day=days.astype(float),
        people=np.array(people, dtype=float),
        usable=np.array([usable_from is not None and day >= usable_from for day in days]),
        frozen=np.full(len(people), frozen),
        built=1.0,
        minimum=1000,
    )


WAYS = {
    "each alone": [curve([100, 200, 300, 400]), curve([110, 220, 330, 440])],
    "together": [curve([500, 999, 1500, 2000], 4), curve([600, 1200, 1800, 2400], 3)],
    "lost on the way": [curve([500, np.nan, np.nan, np.nan])] * 2,
}


@pytest.fixture(scope="module")
def built(agency: Scenario) -> Run:
    """The agency builds an audience of all visitors on day 1, and loses access on day 15."""
    build = BuildAudience(
        actor="agency_buyer", account="acc_agency", audience="visitors", pixel="BRANDSHOPPIXEL000001", name="Visitors"
    )
    step = PlannedAction(day=1.0, action=build, why="to win them back")
    return run(agency.replace(plan=agency.plan.replace(steps=(step, *agency.plan.steps))), seed=7)


def drawn(width: float = WIDE) -> Axes:
    figure = new_figure(width, 4.4)
    with styled():
        ax = figure.subplots()
        assert audience_growth(ax, WAYS, title="People with PageView in 30 days, Agency's account") is ax
    return ax


def test_a_curve_is_what_the_run_kept_of_the_audience(built: Run) -> None:
    found = audience_curve(built, "visitors")
    assert found.built == 1
    assert list(found.day) == list(range(2, 36))
    people = found.people
    # Nobody leaves within the look-back of 30 days, and nothing is refreshed once access has ended on day 15.
    assert (np.diff(people) >= 0).all()
    assert found.frozen.tolist() == [day > 15 for day in range(2, 36)]
    assert np.ptp(people[found.frozen]) == 0
    log = built.simulation.log
    seen = np.unique(log.person[log.received < 15 * 86_400_000])
    assert 0 < people[-1] <= len(seen)


def test_usable_takes_the_minimum_and_a_day(built: Run) -> None:
    found = audience_curve(built, "visitors")
    assert found.minimum == 1000
    assert found.usable.tolist() == [n >= 1000 and day >= 2 for n, day in zip(found.people, found.day, strict=True)]


def test_waiting_counts_from_the_day_it_was_built() -> None:
    assert curve([999, 1000, 1001], 3).wait == 2
    assert np.isnan(curve([100, 200, 300]).wait)


def test_states_are_told_apart() -> None:
    assert curve([1200.0], 2).state == "usable"
    assert curve([1200.0], 2, frozen=True).state == "frozen, usable"
    assert curve([12.0]).state == "not usable"
    assert curve([np.nan]).state == "lost"


def test_the_frame_tells_waits_sizes_and_states() -> None:
    frame = audience_frame(WAYS).set_index("way")
    # Waits of 3 and 2 days: mean 2.5, half-width 12.7062 (t, one degree of freedom) x sqrt(0.5) / sqrt(2) = 6.35.
    assert frame.loc["together", "days until usable"] == "2.5 ± 6.4"
    assert frame.loc["together", "people at the end"].startswith("2,200 ± 2,54")
    assert frame.loc["each alone", "usable in"] == "0 of 2 runs"
    assert frame.loc["lost on the way", "at the end"] == "lost"


def test_lines_are_means_and_bands_single_runs() -> None:
    ax = drawn()
    lines = {str(line.get_label()).partition(":")[0]: line for line in ax.lines}
    assert list(np.asarray(lines["together"].get_ydata())) == [550.0, 1099.5, 1650.0, 2200.0]
    assert np.isnan(np.asarray(lines["lost on the way"].get_ydata(), dtype=float)[1:]).all()
    assert lines["1,000 people"].get_ydata()[0] == 1000
    assert len(ax.collections) == len(WAYS)
    looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in ax.lines[:3]}
    assert len(looks) == 3
    assert [line.get_color() for line in ax.lines[:3]] == list(SERIES[:3])


def test_the_legend_says_when_it_is_usable() -> None:
    legend = drawn().get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "each alone: never usable",
        "together: usable after 2.5 ± 6.4 days",
        "lost on the way: never usable",
        "1,000 people: usable",
    ]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_text_is_cut_and_none_lies_on_another(width: float) -> None:
    figure = drawn(width).figure
    assert cut_texts(figure) == []  # type: ignore[arg-type]
    assert overlapping_texts(figure) == []  # type: ignore[arg-type]


def test_unknown_audiences_and_empty_pictures_are_refused(built: Run) -> None:
    with pytest.raises(UnknownNameError, match="audience 'visitor' does not exist; did you mean 'visitors'"):
        audience_curve(built, "visitor")
    with pytest.raises(InputError, match="at least one curve"):
        audience_growth(new_figure(WIDE, 2).subplots(), {"together": []})
