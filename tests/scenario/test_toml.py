"""Scenario files: what is written reads back the same, and what cannot be read is refused in words."""

from __future__ import annotations

import string
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.scenario import (
    Scenario,
    Source,
    SourceKind,
    dump_scenario,
    load_scenario,
    scenario,
    scenario_names,
    write_scenario,
)


@pytest.mark.parametrize("name", scenario_names())
def test_every_built_in_scenario_reads_back_equal(name):
    one = scenario(name)
    again = Scenario.read(tomllib.loads(dump_scenario(one)))
    assert again == one
    assert again.content_hash == one.content_hash


def test_a_file_holds_only_what_differs_from_the_defaults(small):
    text = dump_scenario(small)
    assert "measurement" not in text
    assert "cpm" not in text
    assert "organic_sessions = 50.0" in text


def test_values_with_a_known_source_carry_it_as_a_comment_and_keep_it(small, tmp_path):
    source = Source(kind=SourceKind.FILE, text="report.csv: 30 campaign days", rows=30)
    path = "traffic.delivery[g_agency].daily_budget"
    written = small.replace(sources={path: source})
    write_scenario(written, tmp_path / "a.toml")
    text = (tmp_path / "a.toml").read_text(encoding="utf-8")
    assert "daily_budget = 20.0 # file: report.csv: 30 campaign days, 30 rows" in text
    assert load_scenario(tmp_path / "a.toml").sources == {path: source}


def test_comments_cannot_break_out_of_their_line(small):
    nasty = "a\nname = 'broken'\r\x00\u2028[structure]"
    path = "traffic.sites[shop].organic_sessions"
    one = small.replace(name=nasty, sources={path: Source(kind=SourceKind.GIVEN, text=nasty)})
    assert Scenario.read(tomllib.loads(dump_scenario(one))) == one


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
WORDS = st.text(string.ascii_letters + " .[]'\"#äß-_/", min_size=1, max_size=8)
IDS = st.lists(WORDS, min_size=3, max_size=3, unique=True)
SHARES = st.floats(0, 1)
SESSIONS = st.floats(0, 1e6)
HOURS = st.lists(st.floats(0, 9), min_size=24, max_size=24).filter(any)
STARTS = st.sampled_from(["2026-01-05T00:00:00Z", "2024-02-29T23:59:59.125+05:30", "1999-12-31T12:00:00-08:00"])
KINDS = st.sampled_from(["DIRECT", "AGENCY"])
OFFSETS = st.sampled_from(["+05:30", "-8", "America/Los_Angeles"])


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """Draw small sound scenarios with ids, names and numbers of all sorts."""
    group, other, person = draw(IDS)
    steps = draw(st.lists(st.floats(0, 9.5), max_size=3))
    return {
        "name": draw(NAMES),
        "title": draw(NAMES),
        "start": draw(STARTS),
        "days": draw(st.integers(10, 3660)),
        "structure": {
            "business_centers": [{"id": "bc", "name": draw(NAMES), "type": draw(KINDS)}],
            "people": [{"id": person, "name": draw(NAMES), "left": draw(st.booleans())}],
            "ad_accounts": [
                {
                    "id": "acc",
                    "name": draw(NAMES),
                    "owner_bc": "bc",
                    "utc_offset": draw(OFFSETS),
                }
            ],
            "websites": [{"id": "shop", "name": "Shop", "pixels": draw(st.sampled_from([[], ["PX"]]))}],
            "pixels": [{"code": "PX", "number": "1", "name": draw(NAMES), "creator": "acc"}],
            "campaigns": [{"id": "c", "account": "acc", "name": draw(NAMES), "on": draw(st.booleans())}],
            "ad_groups": [
                {"id": key, "campaign": "c", "name": draw(NAMES), "pixel": "PX", "start_day": draw(st.floats(0, 99))}
                for key in (group, other)
            ],
        },
        "traffic": {
            "sites": [{"website": "shop", "organic_sessions": draw(SESSIONS), "funnel": {"view": draw(SHARES)}}],
            "delivery": [
                {"ad_group": group, "website": "shop", "cpm": draw(st.floats(1e-6, 1e6)), "click_rate": draw(SHARES)},
                {
                    "ad_group": other,
                    "website": "shop",
                    "hours": draw(HOURS),
                },
            ],
        },
        "plan": {
            "steps": [
                {
                    "day": day,
                    "why": draw(NAMES),
                    "action": {"do": "switch", "actor": person, "kind": "ad_group", "id": group, "to": "off"},
                }
                for day in steps
            ],
            "delays": {person: {"median_hours": draw(st.floats(0, 100))}},
        },
        "policy": draw(st.sampled_from(["documented", "strict", "pause", "continue"])),
        "settings": {"links_per_account": draw(st.none() | st.integers(1, 9))},
        "measurement": {"scope": draw(st.sampled_from(["pixel", "account"])), "last_instant": draw(st.booleans())},
        "viewers": [{"name": draw(NAMES), "account": "acc"}],
        "sources": {f"traffic.delivery[{group}].cpm": {"kind": "file", "text": draw(NAMES), "rows": 3}},
    }


@settings(derandomize=True, deadline=None, max_examples=40)
@given(scenarios())
def test_any_scenario_survives_the_way_through_a_file(plain):
    one = Scenario.read(plain)
    again = Scenario.read(tomllib.loads(dump_scenario(one)))
    assert again == one
    assert again.content_hash == one.content_hash
    assert dump_scenario(again) == dump_scenario(one)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        (b"\xff\xfe\x00", "must be UTF-8 text"),
        (b"days = = 3\n", "line 1, column 8: file is 'Invalid value', but must be valid TOML"),
        (b"name = 'x'\n[structure\n", "line 2, column 11"),
        (b"days = 0\n", r"\$\.days: days is '0', but must be at least 1"),
    ],
    ids=["missing", "undecodable", "a broken line", "an open bracket", "a wrong value"],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path, content, told):
    path = tmp_path / "a.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=told) as caught:
        load_scenario(path)
    assert caught.value.source == str(path)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="a file that can be read"):
        load_scenario(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path, small):
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf" + dump_scenario(small).encode())
    assert load_scenario(path) == small
