"""What becomes of copies: chances against formulas, and totals conserved at every pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from pixelsim.base.streams import Streams
from pixelsim.counts.copies import HOPS, CopyFates
from pixelsim.counts.visitors import JUNK, VisitorKind, Visitors
from pixelsim.scenario.capture import Capture, ServerLeg
from pixelsim.scenario.measurement import MeasurementSettings

PLAIN = VisitorKind(browser=True, server=True, matched=True, matched_at_checkout=True, late=False)
BLOCKING = VisitorKind(browser=False, server=True, matched=True, matched_at_checkout=True, late=False)


def mean_hops(kind: VisitorKind, settings: MeasurementSettings | None = None, **fields: Any) -> dict[str, float]:
    """Expected copies of a purchase at one pixel, by hop."""
    made = CopyFates.of(Capture(**fields), settings or MeasurementSettings(), (kind, JUNK), 30.0)
    table = made.at_pixel("P", token=True)
    assert np.allclose(made.chances.sum(axis=2), 1)
    assert np.all(table[..., 1] == table[..., 2:].sum(axis=-1)), "received = kept + merged + dropped"
    assert np.all(table[..., 0] >= table[..., 1])
    return dict(zip(HOPS, made.chances[0, 4] @ table[4], strict=True))


def test_browser_alone_loses_what_leaves_too_soon() -> None:
    assert mean_hops(PLAIN, lost_events=0.02) == pytest.approx(
        {"sent": 1, "received": 0.98, "kept": 0.98, "merged": 0, "dropped": 0}
    )


@pytest.mark.parametrize(("event_id", "kept"), [("shared", 0.98 + 0.02 * 0.9), ("own", 0.98 + 0.9)])
def test_server_copies_merge_by_their_id(event_id: str, kept: float) -> None:
    server = ServerLeg(event_id=event_id, lost=0.1, delay_seconds=120.0, delay_sigma=1.5)
    found = mean_hops(PLAIN, lost_events=0.02, server=server)
    soon = stats.norm.cdf(np.log(300 / 120) / 1.5)
    late = stats.norm.cdf(np.log(48 * 3600 / 120) / 1.5)
    pairs = 0.98 * 0.9 if event_id == "shared" else 0.0
    assert found["sent"] == pytest.approx(2)
    assert found["received"] == pytest.approx(0.98 + 0.9)
    assert found["merged"] == pytest.approx(pairs * soon)
    assert found["dropped"] == pytest.approx(pairs * (late - soon))
    assert found["kept"] == pytest.approx(kept + pairs * (1 - late))


def test_a_blocker_stops_the_browser_and_not_the_server() -> None:
    found = mean_hops(BLOCKING, server=ServerLeg(lost=0.25))
    assert (found["received"], found["kept"]) == pytest.approx((0.75, 0.75))


def test_loads_with_and_without_an_id_of_their_own() -> None:
    assert mean_hops(PLAIN, lost_events=0.0, loads={"P": 3})["kept"] == pytest.approx(3)
    same = mean_hops(PLAIN, lost_events=0.0, loads={"P": 3}, id_per_load=False)
    assert (same["sent"], same["kept"], same["dropped"]) == pytest.approx((3, 1, 2))


@pytest.mark.parametrize(("repeat", "kept"), [(0.0, 4), (600.0, 1)])
def test_without_ids_a_repeat_window_leaves_one_of_the_loads(repeat: float, kept: int) -> None:
    """Field case P53: raw events rise with the loads of a page, reported ones do so without a repeat window only."""
    settings = MeasurementSettings(repeat_seconds=repeat)
    found = mean_hops(PLAIN, settings, browser_event_id=False, lost_events=0.0, loads={"P": 4})
    assert (found["sent"], found["kept"], found["dropped"]) == pytest.approx((4, kept, 4 - kept))


@pytest.mark.parametrize(
    ("fields", "settings", "window"),
    [
        ({}, {"repeat_seconds": 600.0}, 0),
        ({"browser_event_id": False}, {"repeat_seconds": 600.0}, 600_000),
        ({"browser_event_id": False, "id_from": "visitor"}, {}, 0),
        ({"id_from": "visitor"}, {"dedup_hours": 12.0}, 12 * 3_600_000),
        ({"id_from": "visitor"}, {"dedup_hours": 0.0}, 0),
    ],
)
def test_how_long_events_of_a_person_are_repeats(
    fields: dict[str, Any], settings: dict[str, float], window: int
) -> None:
    made = CopyFates.of(Capture(**fields), MeasurementSettings(**settings), (PLAIN, JUNK), 30.0)
    assert made.repeat_window == window


@pytest.mark.parametrize(
    ("event_id", "cookie", "beside"),
    [("shared", True, 0), ("own", True, 1), ("missing", True, 0), ("missing", False, 1)],
)
def test_a_servers_copy_counts_beside_repeats_where_nothing_tells_whose_it_is(
    event_id: str, cookie: bool, beside: int
) -> None:
    capture = Capture(id_from="visitor", server=ServerLeg(event_id=event_id, cookie=cookie))
    table = CopyFates.of(capture, MeasurementSettings(), (PLAIN, JUNK), 30.0).beside_repeats("P", token=True)
    # Fates are the browser's two times the server's five, of which the last three arrive.
    assert table.tolist() == [[0, 0, *[beside] * 3] * 2] * 5


def test_people_have_traits_as_often_as_the_shares_say() -> None:
    capture = Capture(blocked_people=0.2, refusing_people=0.1, untrackable_people=0.3)
    drawn = Visitors.draw(Streams(3), "shop", 1_000_000, capture)
    assert drawn.people.sum() == 1_000_000
    by_kind = {(k.browser, k.matched): n for k, n in zip(drawn.kinds, drawn.people.tolist(), strict=True)}
    audible = 0.8 * 0.9
    for key, share in (((True, True), audible * 0.7), ((True, False), audible * 0.3), ((False, False), 1 - audible)):
        sigma = np.sqrt(1_000_000 * share * (1 - share))
        assert abs(by_kind[key] - 1_000_000 * share) < 4 * sigma
    assert drawn.heard == by_kind[True, True]
