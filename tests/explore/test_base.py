from __future__ import annotations

import asyncio
import base64
import io
import json
import re
from collections.abc import Generator, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.explore.base import Explorer
from pixelsim.explore.moving import DOTS, keep_words, quick_png, rounded_up
from pixelsim.explore.tables import html_table
from pixelsim.explore.toolkit import widgets
from pixelsim.show.style import new_figure, placed, styled

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=")


class Doubling(Explorer):
    """Doubles a number, and fails on 13."""

    kind = "doubling"

    def __init__(self) -> None:
        self.shown: list[int] = []
        controls = {
            "number": widgets.IntSlider(value=1, min=0, max=20, description="number"),
            "colour": widgets.Dropdown(options=[("red", "r"), ("green", "g")], description="colour"),
        }
        super().__init__("Doubling", controls, "a dot")
        self.update()

    def refresh(self) -> None:
        number = self.controls["number"].value
        if number == 13:
            raise ValueError("thirteen <b>is</b> out\nof luck")
        if number == 14:
            raise InputError.single("doubling", field="number", value=14, rule="no 14", remedy="choose another")
        self.shown.append(number)
        self.paint(PNG)
        self.table.value = html_table(["n"], [[str(2 * number)]])

    def as_code(self) -> str:
        return f"print({self.controls['number'].value} * 2 < 9)"

    def fingerprint(self) -> dict[str, Any]:
        return {"version": 1}


@pytest.fixture
def outside_of_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let explorers believe that no test runs."""
    monkeypatch.setattr(Explorer, "reraises", property(lambda _explorer: False))


def test_tests_are_told_by_what_pytest_leaves_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = Doubling()
    assert explorer.reraises
    monkeypatch.delenv("PYTEST_VERSION", raising=False)
    assert explorer.reraises
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    assert not explorer.reraises


def test_moving_a_control_shows_its_value() -> None:
    explorer = Doubling()
    explorer.controls["number"].value = 4
    assert explorer.shown == [1, 4]
    assert ">8<" in explorer.table.value


def test_a_failure_is_let_through_where_tests_run() -> None:
    explorer = Doubling()
    with pytest.raises(ValueError, match="thirteen"):
        explorer.controls["number"].value = 13
    assert len(explorer.failures) == 1


@pytest.mark.usefixtures("outside_of_tests")
def test_a_failure_is_one_escaped_line_in_the_page_and_the_next_value_works() -> None:
    explorer = Doubling()
    explorer.controls["number"].value = 13
    assert 'role="alert"' in explorer.message.value
    assert "ValueError: thirteen &lt;b&gt;is&lt;/b&gt; out</div>" in explorer.message.value
    assert "luck" not in explorer.message.value
    explorer.controls["number"].value = 5
    assert explorer.message.value == ""
    assert ">10<" in explorer.table.value
    assert [type(failure) for failure in explorer.failures] == [ValueError]


@pytest.mark.usefixtures("outside_of_tests")
def test_a_users_mistake_is_told_in_its_own_words() -> None:
    explorer = Doubling()
    explorer.controls["number"].value = 14
    assert "number is &#x27;14&#x27;, but must be no 14; choose another." in explorer.message.value
    assert "went wrong" not in explorer.message.value


def test_code_is_shown_on_demand_and_escaped() -> None:
    explorer = Doubling()
    assert explorer.code.layout.display == "none"
    explorer.show_code.value = True
    assert explorer.code.layout.display == ""
    assert "print(1 * 2 &lt; 9)" in explorer.code.value
    explorer.show_code.value = False
    assert explorer.code.layout.display == "none"


def test_every_control_can_be_named_and_hinted() -> None:
    explorer = Doubling()
    assert [control.description for control in explorer.controls.values()] == ["number", "colour"]
    assert explorer.cancel.tooltip
    assert ">a dot<" in explorer.caption.value
    explorer.say("ready")
    assert 'role="status" aria-live="polite">ready<' in explorer.message.value


def test_state_goes_through_json_and_back() -> None:
    explorer = Doubling()
    explorer.controls["number"].value = 7
    explorer.controls["colour"].value = "g"
    state = json.loads(json.dumps(explorer.state()))
    assert state == {"explorer": "doubling", "version": 1, "controls": {"number": 7, "colour": "g"}}
    other = Doubling()
    other.load(state)
    assert other.state() == state
    # Loaded at once, not control by control.
    assert other.shown == [1, 7]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"explorer": "tripling"}, "explorer is 'tripling', but must be doubling"),
        ({"version": 2}, "version is '2', but must be 1"),
        ({"controls": {"number": 99}}, "number is '99', but must be a value that the control takes"),
        ({"controls": {"number": True}}, "number is 'True'"),
        ({"controls": {"number": "7"}}, "number is '7'"),
        ({"controls": {"colour": "blue", "number": 3}}, "colour is 'blue'"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: dict[str, Any], message: str) -> None:
    explorer = Doubling()
    explorer.controls["number"].value = 2
    before = explorer.state()
    with pytest.raises(InputError, match=re.escape(message)):
        explorer.load({**before, **change})
    assert explorer.state() == before
    assert explorer.shown == [1, 2]


def test_an_unknown_control_is_refused_by_name() -> None:
    explorer = Doubling()
    with pytest.raises(UnknownNameError, match="control 'numbr' does not exist; did you mean 'number'"):
        explorer.load({**explorer.state(), "controls": {"numbr": 3}})


def test_a_saved_notebook_keeps_picture_and_table() -> None:
    explorer = Doubling()
    explorer.controls["colour"].value = "g"
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == "Doubling: number=1, colour=green"
    html = bundle["text/html"]
    assert base64.b64encode(PNG).decode() in html
    assert 'alt="a dot"' in html
    assert explorer.table.value in html
    assert "<li>colour: green</li>" in html
    assert Doubling().static_html() == Doubling().static_html()


def test_before_there_is_a_picture_none_is_claimed() -> None:
    explorer = Doubling()
    explorer.picture.value = b""
    assert "<img" not in explorer.static_html()


class Counting(Explorer):
    """Counts in parts, the way long work is done."""

    kind = "counting"

    def __init__(self, parts: int, fail_at: int | None = None) -> None:
        self.parts, self.fail_at, self.done = parts, fail_at, 0
        super().__init__("Counting", {"start": widgets.IntSlider(min=0, max=9)}, "nothing")

    def refresh(self) -> None:
        self.start(self._count(), self.parts)

    def _count(self) -> Generator[int]:
        # Nobody else is there to begin.
        yield 0
        for part in range(self.parts):
            if part == self.fail_at:
                raise ValueError("part failed")
            self.done += 1
            yield self.done

    def as_code(self) -> str:
        return "pass"


def test_without_a_loop_long_work_is_done_at_once() -> None:
    explorer = Counting(5)
    explorer.update()
    assert explorer.done == 5
    assert not explorer.working


def test_in_a_notebook_long_work_goes_on_and_can_be_awaited() -> None:
    async def notebook() -> Counting:
        explorer = Counting(5)
        explorer.update()
        assert explorer.working
        assert explorer.done == 0
        assert explorer.work.layout.visibility == "visible"
        assert await explorer.finished() is explorer
        return explorer

    explorer = asyncio.run(notebook())
    assert explorer.done == 5
    assert explorer.progress.value == explorer.progress.max == 5
    assert explorer.work.layout.visibility == "hidden"


def test_cancel_really_stops_and_says_how_far_it_was() -> None:
    async def notebook() -> Counting:
        explorer = Counting(1000)
        explorer.update()
        while explorer.done < 3:
            await asyncio.sleep(0)
        explorer.cancel.click()
        done = explorer.done
        await explorer.finished()
        await asyncio.sleep(0.05)
        assert explorer.done == done
        return explorer

    explorer = asyncio.run(notebook())
    assert not explorer.working
    assert re.search(r"Stopped after \d+ of 1000 runs\.", explorer.message.value)
    assert explorer.work.layout.visibility == "hidden"


def test_cancel_when_nothing_is_going_on_says_nothing() -> None:
    explorer = Counting(1)
    explorer.cancel.click()
    assert explorer.message.value == ""


def test_new_work_takes_the_place_of_old_work() -> None:
    async def notebook() -> Counting:
        explorer = Counting(1000)
        explorer.update()
        await asyncio.sleep(0)
        explorer.parts = 3
        explorer.done = 0
        explorer.controls["start"].value = 1
        await explorer.finished()
        return explorer

    explorer = asyncio.run(notebook())
    assert explorer.done == 3
    assert explorer.work.layout.visibility == "hidden"


def test_all_garbage_is_looked_for_once_nothing_goes_on_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that ends and is followed by other work at once leaves it to the last."""
    monkeypatch.setattr("pixelsim.explore.base.QUIET", 0.05)
    looked: list[int] = []
    monkeypatch.setattr("pixelsim.explore.undisturbed.gc.collect", lambda generation=2: looked.append(generation))

    async def notebook() -> list[int]:
        explorer = Counting(3)
        explorer.update()
        await explorer.finished()
        explorer.controls["start"].value = 1
        await explorer.finished()
        before = looked.count(2)
        await asyncio.sleep(0.2)
        return [before, looked.count(2)]

    assert asyncio.run(notebook()) == [0, 1]


def test_after_an_answer_without_work_nothing_keeps_the_next_choice_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """All garbage is looked for after long work only; what is expected next is prepared at once."""
    monkeypatch.setattr("pixelsim.explore.base.QUIET", 0.01)
    looked: list[int] = []
    monkeypatch.setattr("pixelsim.explore.undisturbed.gc.collect", lambda generation=2: looked.append(generation))
    expected: list[int] = []

    class Answering(Counting):
        def refresh(self) -> None:
            self.done += 1

        def expect(self) -> Iterator[None]:
            expected.append(self.done)
            yield

    async def notebook() -> None:
        explorer = Answering(1)
        for value in (1, 2):
            explorer.controls["start"].value = value
            assert explorer.moved == ("start", value - 1)
            await asyncio.sleep(0.1)

    asyncio.run(notebook())
    assert expected == [1, 2]
    assert 2 not in looked


def test_a_failure_in_long_work_comes_out_where_it_is_awaited() -> None:
    async def notebook() -> None:
        explorer = Counting(5, fail_at=2)
        explorer.update()
        with pytest.raises(ValueError, match="part failed"):
            await explorer.finished()
        assert "part failed" in explorer.message.value
        assert explorer.done == 2

    asyncio.run(notebook())


@pytest.mark.usefixtures("outside_of_tests")
def test_a_failure_in_long_work_is_one_line_in_the_page() -> None:
    async def notebook() -> Counting:
        explorer = Counting(5, fail_at=2)
        explorer.update()
        return await explorer.finished()

    explorer = asyncio.run(notebook())
    assert "part failed" in explorer.message.value
    assert explorer.work.layout.visibility == "hidden"


def test_subclasses_have_to_say_what_they_show() -> None:
    bare = Explorer("Bare", {}, "nothing")
    with pytest.raises(NotImplementedError):
        bare.refresh()
    with pytest.raises(NotImplementedError):
        bare.as_code()
    assert bare.fingerprint() == {}


def test_tables_escape_and_align() -> None:
    html = html_table(["a", "n"], [["<b>", "1 < 2"]], numeric=["n"])
    assert '<td style="text-align:left">&lt;b&gt;</td>' in html
    assert '<td class="number" style="text-align:right;white-space:nowrap">1 &lt; 2</td>' in html
    assert '<th scope="col" class="number" style="text-align:right">n</th>' in html


def bars(lengths: list[float], title: str) -> Figure:
    figure = new_figure(3, 2)
    with styled():
        ax = placed(figure, left=0.3, right=0.9, top=0.4, height=1)
        ax.set(xlim=(0, 3), title=title)
        keep_words(ax)
        ax.barh([0, 1], lengths, color=["#0072B2", "#E69F00"], label="bars")
        ax.legend(loc="upper right")
        ax.grid(axis="x")
    return figure


@pytest.mark.parametrize(("lengths", "title"), [([1.0, 2.0], "first"), ([2.0, 0.5], "second, over the same scales")])
def test_a_quick_png_is_the_figure_whatever_was_drawn_before(lengths: list[float], title: str) -> None:
    quick_png(bars([3.0, 3.0], "before"))
    quick = imread(io.BytesIO(quick_png(bars(lengths, title))))
    buffer = io.BytesIO()
    # Quick pictures leave letters as they are, and do not fit them to the dots.
    with styled(), mpl.rc_context({"text.hinting": "none"}):
        bars(lengths, title).savefig(buffer, dpi=DOTS)
    slow = imread(io.BytesIO(buffer.getvalue()))[..., :3]
    assert quick.shape == slow.shape == (2 * DOTS, 3 * DOTS, 3)
    assert np.array_equal(quick, slow)


@pytest.mark.parametrize(
    ("value", "end"), [(0, 1), (0.07, 0.08), (1.0, 1.0), (1.01, 1.5), (5.2, 6), (8.4, 10), (999, 1000), (10001, 15000)]
)
def test_the_end_of_a_scale_holds_the_value_and_is_a_round_number(value: float, end: float) -> None:
    assert rounded_up(value) == pytest.approx(end)
