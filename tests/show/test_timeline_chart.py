from __future__ import annotations

import datetime as dt
from pathlib import Path

import matplotlib.dates as mdates
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from show_figures import cut_texts, overlapping_texts, small, texts

from pixelsim.scenario import Scenario, scenario
from pixelsim.show.story import spend_by_day
from pixelsim.show.style import COLOURS, NARROW, WIDE, new_figure, styled
from pixelsim.show.timeline import action_lines, timeline, timeline_figure, write_timeline
from pixelsim.study import Run, run

START = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)


def day(number: float) -> float:
    return float(mdates.date2num(START + dt.timedelta(days=number)))


def drawn(one: Run, width: float = WIDE) -> Axes:
    figure = new_figure(width, 6)
    with styled():
        ax = figure.subplots()
        assert timeline(ax, one) is ax
    return ax


def bars(ax: Axes) -> set[tuple[str, float, float]]:
    """Give colour, first and last day of every block that is drawn."""
    found = set()
    for collection in ax.collections:
        assert isinstance(collection, PolyCollection)
        for path in collection.get_paths():
            xs = path.vertices[:, 0]
            colour = to_hex(collection.get_facecolor()[0]).upper()
            found.add((colour, round(float(xs.min()), 6), round(float(xs.max()), 6)))
    return found


def test_blocks_stand_at_their_dates_in_the_colour_of_their_meaning(one: Run) -> None:
    assert {
        (COLOURS["access"], day(0), day(15)),
        (COLOURS["access"], day(0), day(35)),
        (COLOURS["delivering"], day(0), day(14)),
        (COLOURS["off"], day(14), day(35)),
        (COLOURS["orphaned"], day(18), day(32)),
    } <= bars(drawn(one))


def test_every_action_is_a_line_at_its_date_and_the_unshare_a_thick_one(one: Run) -> None:
    lines = {round(float(np.asarray(line.get_xdata())[0]), 6): line.get_linewidth() for line in drawn(one).lines}
    assert set(lines) == {day(14), day(15)}
    assert lines[day(15)] > lines[day(14)]


def test_spend_has_a_bar_for_each_day_and_orphaned_spend_its_own_colour(one: Run) -> None:
    ax = drawn(one)
    (panel,) = ax.child_axes
    table = spend_by_day(one)["USD"]
    by_colour: dict[str, list[float]] = {}
    for bar in panel.patches:
        by_colour.setdefault(to_hex(bar.get_facecolor()).upper(), []).append(bar.get_height())
    assert by_colour[COLOURS["spend"]] == pytest.approx(list(table["spend"]))
    assert by_colour[COLOURS["orphaned"]] == pytest.approx([o for o in table["orphaned"] if o > 0])
    assert len(by_colour[COLOURS["orphaned"]]) == 14


def test_the_picture_says_that_it_is_one_history_and_names_things_by_their_names(one: Run) -> None:
    shown = [found.get_text() for found in texts(timeline_figure(one))]
    assert any(text.startswith("One possible history: replication 0 of seed 7") for text in shown)
    assert {"Agency's account for the brand", "Launch, scheduled", "Spend a day, USD"} <= set(shown)
    everything = " ".join(shown)
    for entity in ("acc_agency", "acc_brand", "bc_agency", "launch_1", "prospecting_1", "brand_admin"):
        assert entity not in everything


def test_the_legend_explains_what_is_drawn_and_nothing_else(one: Run, wrong_order: Run) -> None:
    legend = drawn(one).get_legend()
    assert legend is not None
    labels = [text.get_text() for text in legend.get_texts()]
    assert "delivery and spend without access" in labels
    assert "refused" not in labels
    refused = drawn(wrong_order).get_legend()
    assert refused is not None
    assert "refused" in [text.get_text() for text in refused.get_texts()]


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("which", ["one", "wrong_order"])
def test_no_text_is_cut_and_none_lies_on_another(width: float, which: str, request: pytest.FixtureRequest) -> None:
    figure = timeline_figure(request.getfixturevalue(which), width)
    assert cut_texts(figure) == []
    assert overlapping_texts(figure) == []


@pytest.mark.parametrize("name", ["agency_clients", "many_domains_wrong", "ending_unshare_first"])
def test_large_scenarios_stay_readable(name: str) -> None:
    figure = timeline_figure(run(small(scenario(name)), seed=1), NARROW)
    assert cut_texts(figure) == []
    assert overlapping_texts(figure) == []
    assert figure.get_figheight() < 16


def test_numbers_of_near_actions_are_put_together_where_the_unshare_is(one: Run) -> None:
    badges = {t.get_text(): t.get_position()[0] for t in texts(timeline_figure(one)) if t.get_text().startswith("0")}
    assert badges["0–2"] == pytest.approx(day(15))


def test_the_key_tells_number_time_and_sentence(one: Run) -> None:
    assert action_lines(one, 200)[2] == (
        "2  20 Jan 00:00  Brand's Admin: unshare pixel “Brand's shop” from Business Center “Agency”"
    )
    assert all(len(line) <= 40 for line in action_lines(one, 40))
    assert action_lines(one, 200, most=1)[-1] == "and 2 more, in the change log"


def test_a_run_without_actions_says_so(agency: Scenario) -> None:
    quiet = run(agency.replace(plan=agency.plan.replace(steps=())), seed=1)
    assert action_lines(quiet, 80) == ["No action was planned."]
    assert cut_texts(timeline_figure(quiet)) == []


def test_years_of_simulation_are_dated_by_month(agency: Scenario) -> None:
    long = run(agency.replace(days=365), seed=1)
    ax = drawn(long)
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert any(label.endswith("2026") for label in labels)
    assert "2026–2027" in ax.get_xlabel()


def test_the_timeline_is_written_as_a_png_that_never_differs(one: Run, tmp_path: Path) -> None:
    first = write_timeline(one, tmp_path / "a.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    assert write_timeline(one, tmp_path / "b.png").read_bytes() == first
    assert write_timeline(one, tmp_path / "c.png", narrow=True).read_bytes() != first
