"""Numbers of people and events: packed without loss, distinct, and the same text in every variant."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from random_scenarios import one_shop, structure

from pixelsim.scenario import Scenario
from pixelsim.traffic.identity import (
    STRANGER,
    event_key,
    event_keys_as_text,
    in_population,
    once_only,
    origins_of,
    person_base,
    sent_id,
)
from pixelsim.traffic.numbering import Numbering

origins = st.integers(0, 2_000)
numbers = st.integers(0, 2**34 - 1)
places = st.integers(0, 255)


def numbering_of(scenario: Scenario) -> Numbering:
    return Numbering.of(scenario, scenario.structure.world())


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(origins, numbers, places), min_size=1, max_size=30))
def test_an_event_is_told_by_its_number_alone(rows):
    origin, number, place = (np.array(column) for column in zip(*rows, strict=True))
    key = event_key(origin.astype(np.int32), number, place)
    assert key.dtype == np.int64
    assert (key >= 0).all()
    np.testing.assert_array_equal(origins_of(key), origin)
    assert len(np.unique(key)) == len(set(rows))
    # Keys are in the order of origin, session and place.
    assert np.argsort(key, kind="stable").tolist() == sorted(range(len(rows)), key=lambda i: rows[i])


@settings(derandomize=True, deadline=None)
@given(st.tuples(origins, numbers, places), st.tuples(origins, numbers, places))
def test_sent_ids_differ_between_events_and_between_variants(one, other):
    # An id has three bits more than a key, so keys must leave them free.
    keys = [event_key(np.array([o], np.int32), np.array([n]), np.array([p])) for o, n, p in (one, other)]
    ids = {(event, variant): int(sent_id(keys[event], variant)[0]) for event in (0, 1) for variant in range(8)}
    assert min(ids.values()) >= 0
    assert len(set(ids.values())) == (8 if one == other else 16)
    assert ids[0, 0] | 6 == ids[0, 6], "a load's own id is the shared one with its number put in"


def test_text_names_where_the_session_came_from_and_not_its_number():
    numbering = numbering_of(one_shop())
    place = [o.key for o in numbering.origins].index("organic > a")
    key = event_key(np.array([place, place, place], np.int32), np.array([7, 7, 8]), np.array([4, 5, 13]))
    # Place 5 is the first navigation's page view, place 13 the second's third event.
    assert event_keys_as_text(key, numbering).tolist() == ["organic > a:7:4", "organic > a:7:10", "organic > a:8:23"]
    assert event_keys_as_text(key[:0], numbering).tolist() == []


def test_text_stays_when_ad_groups_are_added_before():
    few, many = one_shop(), one_shop()
    plain = many.plain()
    plain["structure"]["ad_groups"].append({"id": "a_first", "campaign": "g_1_camp", "name": "new", "pixel": "px_1"})
    many = Scenario.read(plain)
    texts = []
    for scenario in (few, many):
        numbering = numbering_of(scenario)
        origin = [o.key for o in numbering.origins].index("click > g_2")
        key = event_key(np.array([origin], np.int32), np.array([3]), np.array([0]))
        texts.append((event_keys_as_text(key, numbering)[0], int(key[0])))
    assert texts[0][0] == texts[1][0] == "click > g_2:3:0"
    assert texts[0][1] != texts[1][1]


def test_people_of_populations_and_strangers_never_meet():
    sites = [{"website": key, "people": 2_000_000_000} for key in ("a", "b")]
    numbering = numbering_of(Scenario.read({"days": 1, "structure": structure(), "traffic": {"sites": sites}}))
    assert numbering.populations == ("a", "b")
    ranges = []
    for population in numbering.populations:
        base = person_base(numbering, population)
        number = np.array([0, 1, 10**6, 10**7])
        strangers = np.array([once_only(numbering, population, o, number) for o in range(len(numbering.origins))])
        assert len(np.unique(strangers)) == strangers.size
        assert strangers.min() >= base + STRANGER > base + 2_000_000_000
        np.testing.assert_array_equal(in_population(strangers) + base, strangers)
        ranges.append((base, int(strangers.max())))
    assert ranges[0][1] < ranges[1][0]
    assert ranges[1][1] < 1 << 62, "the bit that marks a cookie of another checkout domain is free"
