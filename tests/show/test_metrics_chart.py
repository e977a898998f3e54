from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.axes import Axes
from show_figures import cut_texts, overlapping_texts

from pixelsim.base.errors import UnknownNameError
from pixelsim.show.metrics import METRICS, metrics_by_viewer, readings
from pixelsim.show.style import NARROW, WIDE, new_figure, styled
from pixelsim.study import Replications, Run


def drawn(result: Run | Replications, width: float = WIDE, event: str = "Purchase") -> Axes:
    figure = new_figure(width, 5)
    with styled():
        ax = figure.subplots()
        assert metrics_by_viewer(ax, result, event=event) is ax
    return ax


def test_there_are_five_metrics_by_rule() -> None:
    assert [rule for _, _, rule in METRICS] == ["R24", "R25", "R26", "R26", "R27"]


def test_a_run_gives_each_viewers_own_count(one: Run) -> None:
    table = one.metrics()
    table = table[table["event"] == "Purchase"]
    expected = table.groupby(["viewer", "surface", "metric"], sort=False)["value"].sum(min_count=1)
    found = readings(one)
    assert len(found) == 5 * 3
    for reading in found:
        value = expected[reading.viewer, reading.surface, reading.metric]
        if reading.missing:
            assert value is not None
            assert np.isnan(reading.mean)
        else:
            assert reading.mean == value


def test_no_access_is_said_with_its_rule_and_never_drawn_as_a_bar(one: Run) -> None:
    ax = drawn(one)
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("agency: no access (R20)") == 4
    assert texts.count("outsider: no access (R17)") == 5
    # The brand reads five metrics, and the agency keeps its own campaigns' reports (R20).
    assert len(ax.patches) == 5 + 1


def test_bars_are_as_long_as_the_counts(one: Run) -> None:
    widths = sorted(bar.get_width() for bar in drawn(one).patches)
    assert widths == sorted(r.mean for r in readings(one) if not r.missing)


def test_means_of_runs_carry_their_interval(many: Replications) -> None:
    found = {(r.viewer, r.metric, r.surface): r for r in readings(many)}
    values = many.response("total events", viewer="brand", surface="Events Manager", event="Purchase")
    brand = found["brand", "total events", "Events Manager"]
    assert brand.mean == pytest.approx(values.mean())
    # Student's t for three degrees of freedom at 97.5 %.
    assert brand.half_width == pytest.approx(3.182446 * values.std(ddof=1) / 2, rel=1e-6)
    lines = [np.asarray(line.get_xdata(), dtype=float) for line in drawn(many).lines]
    assert any(np.allclose(x, [brand.mean - brand.half_width, brand.mean + brand.half_width]) for x in lines)


def test_the_campaign_level_of_an_account_is_summed_run_by_run(many: Replications) -> None:
    values = sum(
        many.response("attributed events (campaign level)", viewer="agency", event="Purchase", object=campaign)
        for campaign in ("launch", "prospecting", "retargeting")
    )
    reading = next(r for r in readings(many) if r.viewer == "agency" and r.rule == "R27")
    assert reading.mean == pytest.approx(np.mean(values))
    assert reading.low == pytest.approx(np.quantile(values, 0.05))


def test_access_in_some_runs_only_is_said(many: Replications) -> None:
    values = many.values.copy()
    brand = ((many.names["viewer"] == "brand") & (many.names["kind"] == "metric")).to_numpy()
    values[0, brand] = np.nan
    partly = dataclasses.replace(many, values=values)
    texts = [reading.text for reading in readings(partly) if reading.viewer == "brand"]
    assert all(text.endswith("no access in 1 of 4 runs") for text in texts)


def test_title_and_axis_say_what_is_counted(one: Run, many: Replications) -> None:
    assert drawn(one).get_title(loc="left") == "Pixel Brand's shop as each viewer reads it: one possible history"
    ax = drawn(many, event="PageView")
    assert ax.get_title(loc="left").endswith("mean of 4 runs")
    assert ax.get_xlabel() == "PageView events in 35 days"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_text_is_cut_and_none_lies_on_another(width: float, many: Replications) -> None:
    figure = drawn(many, width).figure
    assert figure is not None
    assert cut_texts(figure) == []  # type: ignore[arg-type]
    assert overlapping_texts(figure) == []  # type: ignore[arg-type]


def test_unknown_pixels_and_events_are_refused(one: Run) -> None:
    with pytest.raises(UnknownNameError, match="pixel 'PX'"):
        readings(one, pixel="PX")
    with pytest.raises(UnknownNameError, match="event 'Purchse' does not exist; did you mean 'Purchase'"):
        readings(one, event="Purchse")
