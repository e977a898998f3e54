from __future__ import annotations

import base64
import hashlib
import math
import re
from html.parser import HTMLParser

from pixelsim.show.page import Cell, data_uri, details, facts, page, paragraph, picture, section, table
from pixelsim.show.style import NARROW, WIDE, figure_png, new_figure

EVIL = "<script>alert(1)</script> & \"quoted\" 'single' $x$"
VOID = {"meta", "img", "source", "br", "hr", "link", "input"}


class Outline(HTMLParser):
    """Collects tags, attributes and texts, and finds tags that are not closed in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["script"] and self.open[-1:] != ["style"]:
            self.texts.append(data)


def outline(html: str) -> Outline:
    found = Outline()
    found.feed(html)
    found.close()
    return found


def test_every_text_is_escaped() -> None:
    rows = [(EVIL, Cell(EVIL, 3.0))]
    html = page(
        EVIL,
        facts([(EVIL, EVIL)]),
        [("a", EVIL, paragraph(EVIL) + table(EVIL, [EVIL, "n"], rows, numeric=["n"]) + details(EVIL, ""))],
        EVIL,
    )
    found = outline(html)
    assert found.faults == []
    assert found.open == []
    assert sum(tag == "script" for tag, _ in found.tags) == 1
    # Twice in head and heading, twice in the facts, contents, section, paragraph, caption, column, two cells,
    # the details' summary, and the footer.
    assert found.texts.count(EVIL) == 13
    assert "alert(1)" not in re.sub(r"&lt;script&gt;alert\(1\)&lt;/script&gt;", "", html)


def test_the_policy_lets_only_the_pages_own_script_run() -> None:
    html = page("t", "", [], "f")
    (script,) = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(attrs["content"] for tag, attrs in outline(html).tags if attrs.get("http-equiv"))
    assert policy == (f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'")


def test_contents_lead_to_every_section() -> None:
    found = outline(page("t", "", [("one", "First", ""), ("two", "Second", "")], "f"))
    links = [attrs["href"] for tag, attrs in found.tags if tag == "a"]
    assert links == ["#one", "#two"]
    assert {"one", "two"} <= {attrs.get("id") for tag, attrs in found.tags if tag == "section"}


def test_a_section_is_named_by_its_heading() -> None:
    tags = outline(section("x", "Heading", "<p>text</p>")).tags
    assert tags[0] == ("section", {"id": "x", "aria-labelledby": "x-h"})
    assert tags[1] == ("h2", {"id": "x-h"})


def test_cells_carry_what_they_are_sorted_by_and_their_heading() -> None:
    rows = [("a", Cell("1,078 ± 6", 1078.25)), ("b", Cell("no access", math.nan, missing=True)), ("c", "plain")]
    cells = [attrs for tag, attrs in outline(table("t", ["who", "n"], rows, numeric=["n"])).tags if tag == "td"]
    assert [cell.get("data-sort") for cell in cells] == [None, "1078.25", None, "", None, None]
    assert [cell["data-label"] for cell in cells] == ["who", "n"] * 3
    assert [cell.get("class") for cell in cells] == [None, "number", None, "number missing", None, "number"]


def test_headings_are_buttons_and_the_scrolling_part_can_be_reached_by_key() -> None:
    tags = outline(table("Numbers", ["a", "b"], [])).tags
    assert sum(tag == "button" for tag, _ in tags) == 2
    assert tags[0] == ("div", {"class": "scroll", "role": "region", "tabindex": "0", "aria-label": "Numbers"})


def test_a_picture_comes_in_two_widths_with_words() -> None:
    wide, narrow = new_figure(WIDE, 4), new_figure(NARROW, 6)
    tags = dict(outline(picture(wide, narrow, 'a "told" picture')).tags)
    assert tags["source"]["srcset"] == data_uri(figure_png(narrow))
    assert tags["source"]["media"] == "(max-width: 600px)"
    assert tags["img"]["src"] == data_uri(figure_png(wide))
    assert tags["img"]["alt"] == 'a "told" picture'
    assert (tags["img"]["width"], tags["img"]["height"]) == ("1000", "400")


def test_data_uris_hold_the_bytes() -> None:
    assert data_uri(b"\x89PNG") == "data:image/png;base64,iVBORw=="
    assert details("More", "<p>x</p>", opened=True) == "<details open><summary>More</summary><p>x</p></details>"
