from __future__ import annotations

import numpy as np
import pytest
from show_figures import cut_texts, overlapping_texts

from pixelsim.base.errors import UnknownNameError
from pixelsim.show.flow import event_flow, funnel, funnel_table, hops
from pixelsim.show.style import NARROW, WIDE, new_figure, styled
from pixelsim.study import Run


def test_nothing_is_lost_between_hops(one: Run) -> None:
    left = None
    for hop in hops(one):
        if left is None:
            left = hop.size
        elif hop.total:
            assert hop.size == left, hop.name
        else:
            left -= hop.size
            assert hop.start == left


def test_totals_are_those_of_the_event_log(one: Run) -> None:
    log = one.log()
    sizes = {hop.name: hop.size for hop in hops(one)}
    assert sizes["sent"] == len(log)
    assert sizes["received"] == (log["fate"] != "lost").sum()
    assert sizes["kept"] == (log["fate"] == "kept").sum()
    assert sizes["attributed"] == (log["credit"] == "credited").sum()
    assert sizes["access ended"] == (log["credit"] == "access_ended").sum() > 0


def test_the_flow_draws_each_hop_where_it_belongs(one: Run) -> None:
    figure = new_figure(WIDE, 3.7)
    with styled():
        ax = figure.subplots()
        assert event_flow(ax, one) is ax
    found = hops(one)
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(hop.start, hop.size) for hop in found]
    labels = [label.get_text().removeprefix("− ") for label in ax.get_yticklabels()]
    assert labels == [hop.name for hop in found]
    assert ax.texts[0].get_text().endswith("(100 %)")


def test_the_funnel_counts_kept_and_attributed_events_by_name(one: Run) -> None:
    log, table = one.log(), funnel_table(one)
    kept = log[log["fate"] == "kept"]["event"].value_counts()
    credited = log[log["credit"] == "credited"]["event"].value_counts()
    for row in table.itertuples():
        assert row.kept == kept[row.event]
        assert row.attributed == credited[row.event]
    assert np.isnan(table["share"].iloc[0])
    assert table["share"].iloc[1] == pytest.approx(kept["ViewContent"] / kept["PageView"])


def test_the_funnel_draws_both_counts(one: Run) -> None:
    figure = new_figure(WIDE, 3)
    with styled():
        ax = figure.subplots()
        assert funnel(ax, one) is ax
    table = funnel_table(one)
    assert [bar.get_width() for bar in ax.patches] == [*table["kept"], *table["attributed"]]


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("draw", [event_flow, funnel])
def test_no_text_is_cut_and_none_lies_on_another(width: float, draw: object, one: Run) -> None:
    figure = new_figure(width, 3.6)
    with styled():
        draw(figure.subplots(), one)  # type: ignore[operator]
    assert cut_texts(figure) == []
    assert overlapping_texts(figure) == []


def test_unknown_pixels_are_refused(one: Run) -> None:
    for ask in (hops, funnel_table):
        with pytest.raises(UnknownNameError, match="pixel 'PX' does not exist"):
            ask(one, "PX")
