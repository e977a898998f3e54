"""Numbers that identify people, sessions and events in the arrays of a run, packed into 64 bits.

A person is a population and a number in it; bots and the visitors of preview and foreign hosts are people who come
once. An event is an origin, the draw number of its session there, and a place among the session's events. The id that
an event is sent with has three bits more, for servers and repeated loads that make ids of their own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.numbering import Numbering

__all__ = [
    "STRANGER",
    "event_key",
    "event_keys_as_text",
    "in_population",
    "once_only",
    "origins_of",
    "person_base",
    "sent_id",
]

Longs = NDArray[np.int64]

PLACE_BITS = 8
NUMBER_BITS = 34
PERSON_BITS = 32
STRANGER = 1 << 31
"""Numbers of people from here on come once only; bots that click ads have the lower half of them."""
PAGE_STRANGER = STRANGER + (1 << 30)


def person_base(numbering: Numbering, population: str) -> int:
    """Give the number of the first person of a population."""
    return numbering.populations.index(population) << PERSON_BITS


def once_only(numbering: Numbering, population: str, origin: int, number: Longs) -> Longs:
    """Give people who come once: one for each origin of sessions and session number."""
    place = number * len(numbering.origins) + origin
    return person_base(numbering, population) + PAGE_STRANGER + (place & ((1 << 30) - 1))


def in_population(person: Longs) -> Longs:
    """Give people's numbers inside their population, which no other population moves."""
    return person & ((1 << PERSON_BITS) - 1)


def event_key(origin: NDArray[np.int32], number: Longs, place: Longs) -> Longs:
    """Give the number of an event: where its session comes from, the session's draw number, and its place there.

    ``place`` is the event name's number plus five for each navigation before it, below 256.
    """
    return ((origin.astype(np.int64) << NUMBER_BITS | number) << PLACE_BITS) | place


def sent_id(key: Longs, variant: int) -> Longs:
    """Give the id that an event is sent with: 0 shared by all copies, 1 to 7 of a load's or a server's own."""
    return key << 3 | variant


def origins_of(key: Longs) -> Longs:
    """Give the numbers of the origins that events come from, by the events' own numbers."""
    return key >> (NUMBER_BITS + PLACE_BITS)


def event_keys_as_text(key: Longs, numbering: Numbering) -> pd.Series:
    """Write events as text that names where the session came from, so that it is the same in every variant."""
    origin = origins_of(key)
    number = (key >> PLACE_BITS) & ((1 << NUMBER_BITS) - 1)
    place = key & ((1 << PLACE_BITS) - 1)
    names = np.array([o.key for o in numbering.origins], dtype=object)
    text = pd.Series(names[origin] if len(names) else [], dtype="str")
    navigation, event = np.divmod(place, len(EVENT_NAMES))
    return text + ":" + pd.Series(number).astype("str") + ":" + pd.Series(event + 10 * navigation).astype("str")
