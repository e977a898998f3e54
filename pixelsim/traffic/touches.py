"""Touchpoints that may earn credit, and the windows in which they can."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.clock import DAY
from pixelsim.base.errors import Fault, InputError
from pixelsim.traffic.keys import inside, sort_groups

__all__ = ["TouchKind", "Touches", "Windows", "open_touches"]

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
_Number = TypeVar("_Number", np.int64, np.int32, np.int8)


class TouchKind(enum.IntEnum):
    """What a person did with an ad, the strongest first."""

    CLICK = 0
    ENGAGED_VIEW = 1
    VIEW = 2


@dataclass(frozen=True, slots=True, eq=False)
class Touches:
    """Touchpoints that may earn credit, ascending in time, one entry for each, shape (m,).

    Parameters
    ----------
    at
        Time in ms, int64.
    person
        Number of the match key (click id, cookie or person), int64, -1 = cannot be matched.
    kind
        Codes of `TouchKind`, int8.
    ad_group, account, pixel
        Numbers, int32; pixel -1 = the ad group uses none.
    id
        Number of the touch over the whole run, int64; it outlives blocks, unlike a position in these arrays.

    Raises
    ------
    InputError
        Columns differ in length, times descend, or a kind is unknown.
    """

    at: Longs
    person: Longs
    kind: NDArray[np.int8]
    ad_group: NDArray[np.int32]
    account: NDArray[np.int32]
    pixel: NDArray[np.int32]
    id: Longs

    def __post_init__(self) -> None:
        rule = f"as long as 'at' ({len(self.at)} rows)"
        faults = [
            Fault(f"$.{f.name}", f.name, f"{len(column)} rows", rule, "give one entry for each touch")
            for f in fields(self)
            if len(column := getattr(self, f.name)) != len(self.at)
        ]
        if np.any(self.at[1:] < self.at[:-1]):
            faults.append(Fault("$.at", "at", "descending", "ascending", "sort the touches by time, or use Touches.of"))
        if len(self.kind) and (self.kind.min() < TouchKind.CLICK or self.kind.max() > TouchKind.VIEW):
            value = f"{self.kind.min()} to {self.kind.max()}"
            faults.append(Fault("$.kind", "kind", value, "0, 1 or 2", "use the codes of TouchKind"))
        if faults:
            raise InputError("touches", faults)

    @classmethod
    def of(
        cls,
        at: ArrayLike,
        person: ArrayLike,
        kind: ArrayLike = TouchKind.CLICK,
        *,
        ad_group: ArrayLike = 0,
        account: ArrayLike = 0,
        pixel: ArrayLike = 0,
    ) -> Touches:
        """Make touches from columns in any order; a single value holds for all, and ids number the given rows."""
        times = np.asarray(at, dtype=np.int64).reshape(-1)
        order = np.argsort(times, kind="stable")

        def column(values: ArrayLike, dtype: type[_Number]) -> NDArray[_Number]:
            array = np.asarray(values, dtype=dtype)
            if array.ndim == 0:
                return np.full(len(times), array, dtype=dtype)
            return array[order] if len(array) == len(times) else array

        return cls(
            times[order],
            column(person, np.int64),
            column(kind, np.int8),
            column(ad_group, np.int32),
            column(account, np.int32),
            column(pixel, np.int32),
            order,
        )

    def __deepcopy__(self, memo: dict[int, object]) -> Touches:
        # Nothing changes it once it is made, so copies of what holds it may share it.
        return self

    def take(self, index: Longs | Mask | slice) -> Touches:
        """Pick touches by ascending position, mask or slice."""
        return Touches(*(getattr(self, field.name)[index] for field in fields(self)))

    @classmethod
    def gather(cls, parts: Iterable[tuple[Touches, Longs]]) -> Touches:
        """Put picked rows of tables one after another, none of which lies before the one that it follows."""
        none = np.empty(0, dtype=np.int64)
        small = none.astype(np.int32)
        tables = [(cls(none, none, none.astype(np.int8), small, small, small, none), none), *parts]
        return cls(
            *(np.concatenate([getattr(table, f.name).take(here) for table, here in tables]) for f in fields(cls))
        )

    def then(self, later: Touches) -> Touches:
        """Append touches that do not lie before these."""
        return Touches.gather([(self, np.arange(len(self))), (later, np.arange(len(later)))])

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Attribution windows in ms by number of the ad group, int64, shape (g,); 0 = off.

    Raises
    ------
    InputError
        The three differ in length, or a window is negative.
    """

    click: Longs
    engaged_view: Longs
    view: Longs

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        for field in fields(self):
            column = getattr(self, field.name)
            if len(column) != len(self.click):
                rule = f"as long as 'click' ({len(self.click)} ad groups)"
                faults.append(
                    Fault(f"$.{field.name}", field.name, f"{len(column)} ad groups", rule, "give one entry an ad group")
                )
            if len(column) and column.min() < 0:
                rule = "at least 0 milliseconds"
                faults.append(Fault(f"$.{field.name}", field.name, str(column.min()), rule, "use 0 to switch it off"))
        if faults:
            raise InputError("attribution windows", faults)

    @classmethod
    def alike(cls, ad_groups: int = 1, *, click: int = 7 * DAY, engaged_view: int = DAY, view: int = DAY) -> Windows:
        """Give every ad group the same windows.

        The defaults are the platform's: 7 days after a click and 1 day after a view (TikTok help page "Attribution
        settings at the ad group level"), and, as an assumption, 1 day after an engaged view.
        """
        return cls(*(np.full(ad_groups, window, dtype=np.int64) for window in (click, engaged_view, view)))

    def capped(self, *, click: int | None = None, engaged_view: int | None = None, view: int | None = None) -> Windows:
        """Shorten windows to at most these ms, as when the platform retires longer ones (field case P67)."""
        caps = ((self.click, click), (self.engaged_view, engaged_view), (self.view, view))
        return Windows(*(window if cap is None else np.minimum(window, cap) for window, cap in caps))

    def by_kind(self) -> Longs:
        """Give the windows as a table of shape (3, g), a row for each `TouchKind`."""
        return np.stack([self.click, self.engaged_view, self.view])


def open_touches(
    touches: Touches, now: int, windows: Windows, *, inclusive: bool = True, remember: bool = False
) -> Touches:
    """Keep the touches that can still earn an event at ``now`` or later, to be carried into the next block.

    Parameters
    ----------
    now
        Time in ms before which no further event comes.
    remember
        Keep also the last touch of each person, pixel and account, so that a later event is told
        ``OUTSIDE_WINDOW`` and not ``NO_TOUCH``; else only the reasons of later blocks differ from one call's.
    """
    window = windows.by_kind()[touches.kind, touches.ad_group]
    keep = inside(now - touches.at, window, inclusive=inclusive)
    if remember and len(touches):
        order, heads = sort_groups(touches.person, touches.pixel, touches.account)
        keep[order[np.append(heads[1:], True)]] = True
    return touches.take(keep)
