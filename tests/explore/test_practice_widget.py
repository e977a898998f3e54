from __future__ import annotations

import asyncio
import contextlib
import io
import json
import re
import struct
import zlib
from collections.abc import Callable
from html import unescape
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

import pixelsim as ps
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.explore import practice_widget
from pixelsim.explore.moving import DOTS, quick_png, quick_strip, stacked_png
from pixelsim.explore.practice import Measured, Ways, compare_ways, ways
from pixelsim.explore.practice_chart import Bars, pair_bars_figure, rough
from pixelsim.explore.practice_pairs import Claim, contrasts
from pixelsim.explore.practice_shell import contrast_table, pairs_told
from pixelsim.explore.practice_widget import practice_picture, practice_tables, structure_strip
from pixelsim.world.world import World

CLIENTS = {"clients": 1}


def texts(html: str) -> list[str]:
    """Give the texts of all cells."""
    return [unescape(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", html)]


@pytest.fixture(scope="module")
def clients() -> Ways:
    return compare_ways("agency_clients", CLIENTS, replications=1, seed=5, detail="counts")


def opened() -> Any:
    return ps.explore.best_practice("agency_clients", sizes=CLIENTS, replications=1, seed=5)


@pytest.fixture(scope="module")
def first() -> Any:
    return opened()


@pytest.fixture
def explorer(first: Any) -> Any:
    """An explorer as it opens; what was run for it is kept from test to test."""
    wanted = {"business": "agency_clients", "way": "right", **CLIENTS}
    if any(first.controls[name].value != value for name, value in wanted.items()):
        first.load({**first.state(), "controls": wanted})
    return first


# ---- the explorer ------------------------------------------------------------------------------------------------


def test_the_controls_show_what_the_pure_function_gives(explorer: Any, clients: Ways) -> None:
    assert explorer.table.value == practice_tables(clients, 1, 5)
    assert explorer.picture.value == practice_picture(clients, structure_strip(clients, "right"))
    right = explorer.picture.value
    explorer.controls["way"].value = "wrong"
    assert explorer.picture.value == practice_picture(clients, structure_strip(clients, "wrong")) != right
    assert explorer.table.value == practice_tables(clients, 1, 5)
    explorer.run_events.click()
    events = compare_ways("agency_clients", CLIENTS, replications=1, seed=5)
    assert explorer.table.value == practice_tables(events, 1, 5) != practice_tables(clients, 1, 5)
    assert explorer.failures == []
    explorer.update()
    assert explorer.table.value == practice_tables(clients, 1, 5)


def test_a_business_offers_its_own_sizes_and_its_ways_in_words(explorer: Any) -> None:
    shown = [name for name, control in explorer.controls.items() if control.layout.display != "none"]
    assert shown == ["business", "way", "clients"]
    assert [label for label, _ in explorer.controls["way"].options] == [
        "right: each client owns its pixel",
        "wrong: the agency owns the pixels",
    ]
    explorer.controls["way"].value = "wrong"
    with explorer._quiet():
        explorer.controls["business"].value = "many_domains"
        explorer.arrange()
    shown = [name for name, control in explorer.controls.items() if control.layout.display != "none"]
    assert shown == ["business", "way", "domains", "brands"]
    assert explorer.controls["way"].label == "wrong: one pixel of headquarters on all domains"
    assert explorer.sizes == {"domains": 4, "brands": 2}


def test_no_brand_is_left_without_a_domain(explorer: Any) -> None:
    with explorer._quiet():
        explorer.controls["business"].value = "many_domains"
        explorer.controls["domains"].value = 12
        explorer.arrange()
        assert explorer.controls["brands"].max == 8
        explorer.controls["brands"].value = 8
        explorer.controls["domains"].value = 3
        explorer.arrange()
    assert explorer.sizes == {"domains": 3, "brands": 3}


def test_choices_that_are_hidden_are_not_told_in_a_saved_notebook(explorer: Any) -> None:
    html, told = explorer.static_html(), explorer._repr_mimebundle_()["text/plain"]
    assert "<li>clients: 1</li>" in html
    assert "regions" not in html.partition("<img")[0]
    assert told == (
        "Good practice and its wrong way: business=an agency and its clients (B3), "
        "way=right: each client owns its pixel, clients=1"
    )


def test_state_goes_through_json_and_back(explorer: Any) -> None:
    state = json.loads(json.dumps(explorer.state()))
    other = opened()
    with other._quiet():
        other.controls["clients"].value = 9
        other.controls["way"].value = "wrong"
    other.load(state)
    assert other.state() == state
    assert other.table.value == explorer.table.value
    with pytest.raises(InputError, match="seed is '6', but must be 5"):
        other.load({**state, "seed": 6})


def test_its_code_gives_the_same_numbers(explorer: Any) -> None:
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(explorer.as_code(), "shown", "exec"), names)  # noqa: S102 - the shown code is the subject
    assert practice_tables(names["found"], 1, 5) == explorer.table.value


def test_runs_come_in_pair_by_pair_and_cancel_keeps_what_is_there() -> None:
    async def notebook() -> None:
        explorer = ps.explore.best_practice("agency_clients", sizes=CLIENTS, replications=300)
        assert explorer.found is not None
        # The structure is there before any run.
        assert explorer.found.runs == ()
        assert "pixels it controls" in explorer.table.value
        assert "claimed to bring" not in explorer.table.value
        while explorer.progress.value < 1:
            await asyncio.sleep(0)
        explorer.cancel.click()
        await explorer.finished()
        done = len(explorer.found.runs)
        assert 1 <= done < 300
        assert f"{done} of 300 pairs so far, in counts" in explorer.table.value
        assert f"Stopped after {done} of 300 runs." in explorer.message.value

    asyncio.run(notebook())


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Note the pixels and the ad accounts of every structure that is drawn."""
    found, draw = [], practice_widget.access_graph_figure

    def noted(world: World, width: float) -> Figure:
        found.append((len(world.pixels), len(world.ad_accounts)))
        return draw(world, width)

    monkeypatch.setattr(practice_widget, "access_graph_figure", noted)
    return found


def test_the_next_step_of_the_slider_is_drawn_while_the_hand_rests(drawn: list[tuple[int, ...]]) -> None:
    async def notebook() -> None:
        explorer = ps.explore.best_practice("agency_clients", sizes={"clients": 3}, replications=1)
        await explorer.finished()
        explorer.controls["clients"].value = 2
        await explorer.finished()
        assert [pixels for pixels, _ in drawn] == [3, 2, 1]
        explorer.controls["clients"].value = 1
        # The structure is there already, and no business has fewer clients than one.
        await explorer.finished()
        assert len(drawn) == 3

    asyncio.run(notebook())


def test_once_nothing_goes_on_a_step_of_any_slider_is_drawn_already(
    drawn: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pixelsim.explore.base.QUIET", 0.01)

    async def notebook() -> None:
        explorer = ps.explore.best_practice("many_domains", sizes={"domains": 2, "brands": 2}, replications=1)
        await explorer.finished()
        assert len(drawn) == 1
        # One domain with one brand of its own is no step away, since no brand is without a domain.
        await until(lambda: len(drawn) == 3)
        await asyncio.sleep(0.2)
        assert len(drawn) == 3
        for name, value in (("domains", 3), ("domains", 2), ("brands", 1), ("brands", 2)):
            explorer.controls[name].value = value
            assert len(drawn) == 3, (name, value)
            # Another choice comes before anything else is drawn ahead.

    asyncio.run(notebook())


async def until(come: Callable[[], bool]) -> None:
    """Wait at most half a minute."""
    for _ in range(3000):
        if come():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come")


def test_what_cannot_be_explored_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="business 'agency' does not exist; did you mean 'agency_clients'"):
        ps.explore.best_practice("agency")
    with pytest.raises(InputError, match="replications is '0'"):
        ps.explore.best_practice(replications=0)
    with pytest.raises(UnknownNameError, match="size 'client' does not exist; did you mean 'clients'"):
        ps.explore.best_practice("agency_clients", sizes={"client": 2})


# ---- tables ------------------------------------------------------------------------------------------------------


def test_tables_name_things_and_say_where_nothing_is_read(clients: Ways) -> None:
    html = practice_tables(clients, 1, 5)
    assert not re.search(r"bc_|acc_|PIXEL0|client_1", html)
    found = texts(html)
    row = found.index("attributed events (campaign level)")
    assert found[row - 2 : row + 4][:2] == ["Client 1", "Ads Manager"]
    assert found[row + 3] == "no campaign"
    assert ">1 pair, in counts, seed 5" in html


def test_measures_are_shown_with_their_difference_unit_and_verdict() -> None:
    share, waits = Claim("Q4", "sessions lost", "share", "lower"), Claim("Q2", "days until usable", "days", "lower")
    same = Claim("Q5", "set-ups", "set-ups", "lower")
    many = [{share: 0.02, waits: float("nan"), same: 1.0}, {share: 0.04, waits: float("nan"), same: 1.0}]
    one = [{share: 0.01, waits: 1.0, same: 1.0}, {share: 0.01, waits: 1.0, same: 1.0}]
    html = contrast_table(contrasts(many, one), "many", "one")
    assert "one minus many" in html
    rows = np.reshape(texts(html), (3, 7)).tolist()
    # Student's t at 1 degree of freedom: 12.71 at 95 %; differences of two measures are judged at 97.5 %, with 25.45.
    assert rows[0] == ["Q4", "sessions lost", "1", "3 ± 13", "−2 ± 25", "%", "no difference shown"]
    assert rows[1] == ["Q2", "days until usable", "1", "–", "–", "days", "not measured"]
    assert rows[2] == ["Q5", "set-ups", "1", "1", "0", "set-ups", "equal"]


def test_it_is_said_how_many_pairs_there_are() -> None:
    assert "3 of 9 pairs so far, in counts, seed 4" in pairs_told(3, 9, 4, "counts")
    assert ">9 pairs, event by event, seed 4" in pairs_told(9, 9, 4, "events")


def test_every_table_has_a_heading_cell_for_each_column(clients: Ways) -> None:
    tables = re.findall(r"<table.*?</table>", practice_tables(clients, 1, 5))
    assert len(tables) == 3
    for table in tables:
        widths = {len(re.findall(r"<t[hd]\b", row)) for row in re.findall(r"<tr>.*?</tr>", table)}
        assert len(widths) == 1


# ---- pictures ----------------------------------------------------------------------------------------------------


def test_before_any_run_the_picture_is_the_structure_and_as_tall_as_it_will_be(clients: Ways) -> None:
    bare = Ways("agency_clients", *ways("agency_clients", CLIENTS))
    structure = structure_strip(bare, "right")
    before, after = (imread(io.BytesIO(practice_picture(found, structure))) for found in (bare, clients))
    assert before.shape == after.shape
    assert before.shape[1] == 8 * DOTS
    height = structure.height
    assert np.array_equal(before[:height], after[:height])
    assert not np.array_equal(before[height:], after[height:])


def test_bars_are_as_long_as_their_means_and_a_missing_one_is_said() -> None:
    bars = [Bars("total", (120.0, 30.0), (4.0, 2.0)), Bars("campaign", (9.0, np.nan), (1.0, np.nan), "none")]
    figure = pair_bars_figure(bars, ("right", "wrong"), width=8, title="What is read", unit="events")
    (ax,) = figure.axes
    assert [bar.get_width() for bar in ax.patches] == [120, 30, 9]  # type: ignore[attr-defined]
    told = [text.get_text() for text in ax.texts]
    assert {"120.0 ± 4.0", "30.0 ± 2.0", "none", "9.0 ± 1.0"} <= set(told)
    # Told apart by hatches as well as by colours.
    assert [bool(bar.get_hatch()) for bar in ax.patches] == [False, True, False]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["right", "wrong"]


def test_before_any_run_there_is_no_scale_and_what_is_drawn_later_has_its_own() -> None:
    nothing = Bars("purchases", (float("nan"),) * 2, (float("nan"),) * 2, "not run yet")
    few = Bars("purchases", (0.5, 0.6), (0.05, 0.05))
    told: dict[str, Any] = {"width": 4, "title": "What is read", "unit": "events"}
    waiting, known = (pair_bars_figure([bar], ("right", "wrong"), **told) for bar in (nothing, few))
    assert list(waiting.axes[0].get_xticks()) == []
    assert len(known.axes[0].get_xticks()) > 2
    alone = quick_png(pair_bars_figure([few], ("right", "wrong"), **told))
    assert quick_png(waiting) != alone
    assert quick_png(known) == alone
    assert {text.get_text() for text in waiting.axes[0].texts} >= {"not run yet"}


def test_stacked_figures_keep_their_dots_and_a_gap() -> None:
    bars = [Bars("total", (120.0, 30.0), (4.0, 2.0))]
    above, below = (
        pair_bars_figure(bars * number, ("right", "wrong"), width=3, title="What is read", unit="events")
        for number in (1, 2)
    )
    one, two = (imread(io.BytesIO(quick_png(figure))) for figure in (above, below))
    png = stacked_png(quick_strip(above), quick_strip(below))
    picture = imread(io.BytesIO(png))
    assert picture.shape == (len(one) + 24 + len(two), 3 * DOTS, 3)
    assert np.array_equal(picture[: len(one)], one)
    assert (picture[len(one) : len(one) + 24] == 1).all()
    assert np.array_equal(picture[len(one) + 24 :], two)
    # The parts were packed one by one; the sum over all their bytes is checked here.
    start = png.index(b"IDAT")
    (size,) = struct.unpack(">I", png[start - 4 : start])
    assert len(zlib.decompress(png[start + 4 : start + 4 + size])) == len(picture) * (1 + 3 * 3 * DOTS)


def test_a_heading_says_what_is_not_exact() -> None:
    assert [rough("sales", word) for word in ("", "exact", "approximate")] == ["sales", "sales", "sales (approximate)"]


def test_measured_runs_are_kept_and_come_back_at_once(explorer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before = explorer.table.value

    def never(*_args: object, **_options: object) -> Measured:
        raise AssertionError("was run before")

    explorer.controls["clients"].value = 2
    assert explorer.table.value != before
    monkeypatch.setattr("pixelsim.explore.practice_widget.both_measured", never)
    explorer.controls["clients"].value = 1
    assert explorer.table.value == before
