"""A website's own traffic from estimates: shapes of visits, order values, and the delay from click to order."""

from __future__ import annotations

import numpy as np

from pixelsim.exchange.conversion_delay import FIELDS, SCALES
from pixelsim.exchange.estimates import Estimate
from pixelsim.exchange.evidence import Evidence
from pixelsim.exchange.origins import Origins, relative, shape_fields
from pixelsim.scenario.traffic import ConversionDelay, OrderValue, SiteTraffic

__all__ = ["fitted_delay", "fitted_site"]

VALUE_PER_COST = 2.5
"""Order value over cost per conversion where a file has no values (assumption: the return of a usual campaign)."""


def fitted_delay(base: ConversionDelay, evidence: Evidence, origins: Origins) -> ConversionDelay:
    """Give the delay from click to order: the files' own where they tell it."""
    fitted = evidence.delay
    if isinstance(fitted, str):
        return base
    for at, (name, scale) in enumerate(zip(FIELDS, SCALES, strict=True)):
        spread = {f"conversion delay {cause}": float(row[at]) for cause, row in enumerate(fitted.loadings, 1)}
        origins.told(f"traffic.delay.{name}", fitted.source, fitted.rows, spread=spread, scale=scale)
    return fitted.delay


def fitted_site(
    site: SiteTraffic, evidence: Evidence, origins: Origins, *, currency: str, organic_sessions: float | None
) -> SiteTraffic:
    """Give a website's traffic from what files tell.

    Parameters
    ----------
    site
        The scenario's website.
    evidence, origins
        What the files tell, and where sources are noted.
    currency
        Three-letter code.
    organic_sessions
        Organic sessions a day, as the user says; None keeps the scenario's.
    """
    path = f"traffic.sites[{site.website}]"
    site = site.replace(currency=currency)
    if organic_sessions is not None:
        site = site.replace(organic_sessions=organic_sessions)
        origins.given(f"{path}.organic_sessions")
    seen = evidence.events
    hours, weekdays, week = (
        None if isinstance(shape, str) else shape for shape in (seen.hours, seen.weekdays, seen.hours_of_week)
    )
    shapes = shape_fields(origins, path, site.website, SiteTraffic, hours=hours, weekdays=weekdays, week=week)
    value = _value(site.value, f"{path}.value", evidence, origins)
    return site.replace(value=value, **shapes)


def _value(now: OrderValue, path: str, evidence: Evidence, origins: Origins) -> OrderValue:
    """Give order values: from events, else the mean of a report, else from the cost per conversion."""
    events, mean = evidence.events.value, evidence.mean_value
    if not isinstance(events, str):
        for name, found in zip(("median", "sigma"), events, strict=True):
            origins.from_file(f"{path}.{name}", found, spread={f"order value {name}": relative(found)})
        return now.replace(median=events[0].value, sigma=events[1].value)
    # The mean of a log-normal value is exp(sigma^2 / 2) above its median.
    below = float(np.exp(-(now.sigma**2) / 2))
    if isinstance(mean, Estimate):
        spread = {"order value median": relative(mean)}
        origins.from_file(f"{path}.median", mean, more=", with the default spread", spread=spread)
        return now.replace(median=mean.value * below)
    sums = [r.frame[["spend", "conversions"]].sum() for r in evidence.reports.reports if "conversions" in r.frame]
    spend, conversions = (float(sum(s[name] for s in sums)) for name in ("spend", "conversions"))
    if not conversions > 0:
        return now
    text = f"{VALUE_PER_COST} times the file's cost per conversion; {mean}"
    origins.assumed(f"{path}.median", text)
    return now.replace(median=VALUE_PER_COST * spend / conversions)
