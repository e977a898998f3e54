"""All that some files tell about a scenario: estimates from reports and events, and why others are lacking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pixelsim.exchange.ad_life import ad_life
from pixelsim.exchange.combine import Combined, combine
from pixelsim.exchange.conversion_delay import FittedDelay, SeenPulls, fit_delay, pulls_of
from pixelsim.exchange.estimate import estimate
from pixelsim.exchange.estimates import CampaignEstimates, Estimate, Estimates, shown
from pixelsim.exchange.event_estimates import EventEstimates, event_estimates
from pixelsim.exchange.gather import Gathered
from pixelsim.exchange.order_values import mean_value
from pixelsim.exchange.shapes import Shape
from pixelsim.scenario.scenario import Scenario

__all__ = ["ClaimShares", "Evidence", "weigh"]

CLAIM_COUNTS = {"click": 189, "engaged_view": 42, "view": 90}
"""Reported conversions by kind of touch: 321 purchases of one account, Korea 2026."""

PRODUCT = "hours times weekdays"
"""What stands in for a week by the hour."""

CLAIM_COLUMNS = {"click": "cta_purchases", "engaged_view": "evta_purchases", "view": "vta_purchases"}


@dataclass(frozen=True, slots=True)
class ClaimShares:
    """How reported conversions split by kind of touch.

    Parameters
    ----------
    counts
        Conversions by kind: ``click``, ``engaged_view``, ``view``.
    told
        Whose conversions these are, in words.
    """

    counts: dict[str, float]
    told: str

    def share(self, kind: str) -> float:
        """Give the share of one kind in [0, 1]."""
        return self.counts[kind] / sum(self.counts.values())

    def spread(self, kind: str) -> dict[str, float]:
        """Give the relative errors of a share by cause: each kind's count scatters by counting."""
        return {
            f"conversions by {other.replace('_', ' ')}": ((other == kind) - self.share(other)) / np.sqrt(count)
            for other, count in self.counts.items()
            if count > 0
        }


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What files tell; a text says why something cannot be told and keeps its default.

    Parameters
    ----------
    reports, estimates
        The reports put together, and what they tell of campaigns and of the shapes of weeks and days.
    events
        What events tell.
    delay
        The delay from click to order.
    mean_value
        Mean value of a purchase in the reports.
    life
        Median life of the ads.
    claims
        Split of conversions by kind of touch.
    passed_over
        Files that hold nothing of use, in words.
    """

    reports: Combined
    estimates: Estimates
    events: EventEstimates
    delay: FittedDelay | str
    mean_value: Estimate | str
    life: Estimate | str
    claims: ClaimShares
    passed_over: tuple[str, ...] = ()

    @property
    def usable(self) -> tuple[CampaignEstimates, ...]:
        """The campaigns of which all is known that a scenario needs."""
        needed = ("cpm", "click_rate", "conversions_per_click", "daily_spend")
        return tuple(c for c in self.estimates.campaigns if all(getattr(c, name) for name in needed))

    @property
    def ended(self) -> tuple[CampaignEstimates, ...]:
        """Those of them that stopped delivering well before their report ends."""
        return tuple(c for c in self.usable if c.ended is not None)

    @property
    def running(self) -> tuple[CampaignEstimates, ...]:
        """Those of them that may still run."""
        return tuple(c for c in self.usable if c.ended is None)

    @property
    def untold(self) -> tuple[str, ...]:
        """What a model needs and no file tells, in words."""
        told = {
            "order values": not isinstance(self.events.value, str),
            "the delay from click to conversion": not isinstance(self.delay, str),
        }
        return tuple(
            text
            for text in self.estimates.could_not_tell
            if not any(found and text.startswith(what) for what, found in told.items())
        )

    def lines(self) -> Iterator[str]:
        """Say in one line each what was told beside the campaigns' own figures, and what keeps its default."""
        found, events = self.estimates, self.events
        hours = found.hour_shape or str(found.hour_reason)
        parts: tuple[tuple[str, object], ...] = (
            ("weekdays of ads", found.weekday_shape or str(found.weekday_reason)),
            ("hours of ads", hours),
            ("week of ads by the hour", _week(found.week_shape or str(found.week_reason), hours)),
            ("hours of the website", events.hours),
            ("weekdays of the website", events.weekdays),
            ("week of the website by the hour", _week(events.hours_of_week, events.hours)),
            ("delay from click to order", self.delay),
            ("order values", events.value if not isinstance(events.value, str) else self.mean_value),
            ("life of ads", f"not told, since {self.life}" if isinstance(self.life, str) else self.life),
        )
        for what, told in parts:
            if told is not None:
                yield f"{what}: {_line(told)}"
        yield f"split of conversions: {self.claims.told}"
        if self.ended:
            named = ", ".join(f"{c.name} on {c.ended:%Y-%m-%d}" for c in self.ended)
            left = "left out, since they spend nothing any more" if self.running else "kept, as all campaigns have"
            yield f"campaigns that have ended, {left}: {named}"
        yield from self.estimates.notes
        yield from self.events.notes
        yield from (f"left out: {text}" for text in self.passed_over)


def _week(week: Shape | str, hours: Shape | str) -> Shape | str | None:
    """Give what is told of a week by the hour; nothing where there are no hours at all, which is told already."""
    if isinstance(week, str):
        return f"{PRODUCT}, since {week}" if week != hours else None
    return week


def _line(told: object) -> str:
    if isinstance(told, str):
        return told if told.startswith(("default", "not told", PRODUCT)) else f"default, since {told}"
    if isinstance(told, Estimate):
        return f"{shown(told.value)} {told.unit}, 95 % {shown(told.low)} to {shown(told.high)} ({told.source})"
    if isinstance(told, tuple):
        errors = [e.sd / e.value for e in told if e.value]
        if len(told) == 2:
            return "; ".join(_line(one) for one in told)
        return f"estimated to {np.median(errors):.1%} each ({told[0].source})"
    return told.source if isinstance(told, FittedDelay) else str(told)


def weigh(gathered: Gathered, base: Scenario) -> Evidence:
    """Estimate all that files tell about a scenario.

    Parameters
    ----------
    gathered
        Reports and events.
    base
        The scenario: its website's clock, and its delay as a prior.

    Raises
    ------
    InputError
        There is no report, or the reports cannot be put together.
    """
    combined = combine(gathered.reports)
    site = base.traffic.sites[0]
    events = event_estimates(gathered.events, offset=site.offset, currency=combined.currency)
    seen = events.delays
    restated = [p for pulls in combined.pulls if isinstance(p := pulls_of(pulls), SeenPulls)]
    delay = fit_delay(base.traffic.delay, None if isinstance(seen, str) else seen, restated[0] if restated else None)
    if isinstance(delay, str):
        delay = f"{pulls_of(combined.pulls[0])}, and {seen if isinstance(seen, str) else delay}"
    hourly = combine(gathered.hourly) if gathered.hourly else None
    estimates = estimate(combined, hourly, None if isinstance(delay, str) else delay.delay)
    return Evidence(
        reports=combined,
        estimates=estimates,
        events=events,
        delay=delay,
        mean_value=mean_value(combined),
        life=ad_life(combined.reports[0]),
        claims=_claims(combined),
        passed_over=gathered.passed_over,
    )


def _claims(combined: Combined) -> ClaimShares:
    """Give the split of conversions by kind of touch: the files' own where they have it, else a published one."""
    frames = [r.frame for r in combined.reports if set(CLAIM_COLUMNS.values()) <= set(r.frame.columns)]
    own = {kind: float(sum(f[column].sum() for f in frames)) for kind, column in CLAIM_COLUMNS.items()}
    if sum(own.values()) > 0:
        return ClaimShares(own, f"of {sum(own.values()):g} purchases in the file")
    published = {kind: float(count) for kind, count in CLAIM_COUNTS.items()}
    return ClaimShares(published, "of 321 purchases of one account, Korea 2026")
