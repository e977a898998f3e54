"""Delivery of ad groups from estimates: budgets, prices and true rates, each with its source and its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pixelsim.base.errors import InputError
from pixelsim.exchange.estimates import CampaignEstimates, Estimate
from pixelsim.exchange.evidence import Evidence
from pixelsim.exchange.origins import Origins, logit_spread, relative, shape_fields
from pixelsim.scenario.traffic import AdDelivery, ConversionDelay, SiteTraffic
from pixelsim.traffic.delay import delay_share

__all__ = ["DeliveryFit"]

WINDOWS = {"conversion_rate": 7.0, "engaged_view_rate": 1.0, "view_rate": 1.0}
"""Days after a touch whose orders a report shows."""
KINDS = {"conversion_rate": "click", "engaged_view_rate": "engaged_view", "view_rate": "view"}

FEWEST_FOR_SPREAD = 3
"""Campaigns from which their differences tell how another one may differ."""

Errors = dict[str, float]


class DeliveryFit:
    """Fits the delivery of ad groups.

    Parameters
    ----------
    evidence
        What the files tell.
    site, delay
        The website, and the delay from click to order, which decide what a report can see of the truth.
    origins
        Where sources are noted.
    """

    def __init__(
        self,
        evidence: Evidence,
        site: SiteTraffic,
        delay: ConversionDelay,
        origins: Origins,
    ) -> None:
        self.evidence, self.delay, self.origins = evidence, delay, origins
        self.seen = site.capture.seen_share or 1.0
        self.delay_errors = {days: self._delay_errors(days) for days in set(WINDOWS.values())}

    def _delay_errors(self, days: float) -> Errors:
        """Give what each cause of the delay's uncertainty moves the logarithm of the share of orders within days."""
        fitted = self.evidence.delay
        if isinstance(fitted, str):
            return {}
        now = delay_share(self.delay, days)
        return {
            f"conversion delay {at}": float(np.log(delay_share(fitted.moved(cause), days) / now))
            for at, cause in enumerate(fitted.loadings, 1)
        }

    def delivery(self, template: AdDelivery, key: str, share: float, campaign: CampaignEstimates) -> AdDelivery:
        """Give one ad group's delivery from its campaign's estimates and its share of the campaign's spend."""
        cpm, clicks = campaign.cpm, campaign.click_rate
        conversions, spend = campaign.conversions_per_click, campaign.daily_spend
        if cpm is None or clicks is None or conversions is None or spend is None:  # filtered before
            raise InputError.single(
                "calibrate", field="campaign", value=campaign.name, rule="fully estimated", remedy="leave it out"
            )
        path, which = f"traffic.delivery[{key}]", f"of {campaign.campaign}"
        budget, spent = self._budget(path, campaign, spend)
        price = {f"CPM {which}": relative(cpm)}
        self.origins.from_file(f"{path}.cpm", cpm, more="; money over impressions of a long period", spread=price)
        click = {f"click rate {which}": relative(clicks)}
        self.origins.from_file(f"{path}.click_rate", clicks, spread=logit_spread(clicks.value, click), scale="logit")
        rates = self.true_rates(conversions.value, clicks.value)
        own = {f"conversions per click {which}": relative(conversions)}
        for name, rate in rates.items():
            kind = KINDS[name]
            told = (
                f"share {self.evidence.claims.share(kind):.3g} by {kind.replace('_', ' ')}, {self.evidence.claims.told}"
            )
            errors = self._rate_errors(name, own, click)
            self.origins.from_file(
                f"{path}.{name}", conversions, more=f"; {told}", spread=logit_spread(rate, errors), scale="logit"
            )
        sigma = template.cpm_sigma
        if (scatter := campaign.cpm_log_sigma) is not None:
            sigma = scatter.value
            self.origins.from_file(f"{path}.cpm_sigma", scatter, spread={f"CPM scatter {which}": relative(scatter)})
        shapes = self._shapes(path)
        return template.replace(
            ad_group=key,
            daily_budget=budget * share,
            budget_spent=spent,
            budget_spread=0.0,
            cpm=money_over_impressions(campaign, cpm),
            cpm_sigma=sigma,
            click_rate=clicks.value,
            **shapes,
            **rates,
        )

    def _shapes(self, path: str) -> dict[str, tuple[float, ...] | None]:
        """Give the shapes of days and weeks, the same for all ad groups of the files."""
        found = self.evidence.estimates
        made = shape_fields(
            self.origins,
            path,
            "ads",
            AdDelivery,
            hours=found.hour_shape,
            weekdays=found.weekday_shape,
            week=found.week_shape,
        )
        if "weekdays" not in made:  # the default hours name their own source
            self.origins.assumed(f"{path}.weekdays", found.weekday_reason or "no shape in the file")
        return made

    def _budget(self, path: str, campaign: CampaignEstimates, spend: Estimate) -> tuple[float, float]:
        """Give a campaign's daily budget and the share of it that is spent; spend stands in where there is none."""
        budget, cause = campaign.budget, f"daily spend of {campaign.campaign}"
        if budget is not None and budget.value >= spend.value > 0:
            spent = spend.value / budget.value
            self.origins.from_file(f"{path}.daily_budget", budget)
            self.origins.from_file(
                f"{path}.budget_spent",
                spend,
                more="; over the budget that the file prints",
                spread=logit_spread(spent, {cause: relative(spend)}),
                scale="logit",
            )
            self.origins.assumed(f"{path}.budget_spread", "the mean share every day")
            return budget.value, spent
        why = "the export has no budget" if budget is None else "more was spent than the budget that it prints"
        self.origins.from_file(
            f"{path}.daily_budget",
            spend,
            more=f"; spend on days with spend, since {why}",
            spread={cause: relative(spend)},
        )
        for name in ("budget_spent", "budget_spread"):
            self.origins.assumed(f"{path}.{name}", "spend stands in for the budget, all of it is spent")
        return spend.value, 1.0

    def true_rates(self, conversions_per_click: float, click_rate: float) -> dict[str, float]:
        """Give the rates in truth behind a reported rate of conversions per click.

        A report sees the orders inside a window, 7 days after clicks and 1 day after views, whose event was captured.
        """
        per = {"click": conversions_per_click}
        per_impression = conversions_per_click * click_rate
        return {
            name: min(
                1.0,
                per.get(kind, per_impression)
                * self.evidence.claims.share(kind)
                / (delay_share(self.delay, WINDOWS[name]) * self.seen),
            )
            for name, kind in KINDS.items()
        }

    def _rate_errors(self, name: str, own: Mapping[str, float], click: Mapping[str, float]) -> Errors:
        """Put the relative errors of a true rate together, by cause."""
        errors: Errors = {**own, **self.evidence.claims.spread(KINDS[name])}
        if name != "conversion_rate":
            errors |= click  # orders per impression are orders per click times the click rate
        return errors | {cause: -error for cause, error in self.delay_errors[WINDOWS[name]].items()}

    def pooled(self, delivery: AdDelivery, typical_budget: float) -> AdDelivery:
        """Give an ad group that the files do not have their middle rates, as uncertain as campaigns differ."""
        usable = self.evidence.usable
        path, count = f"traffic.delivery[{delivery.ad_group}]", len(usable)
        which = f"median of the file's {count} campaigns" if count > 1 else "as the file's one campaign"
        text = f"{which}; the file does not have this ad group"

        def values(name: str) -> list[float]:
            return [found.value for c in usable if (found := getattr(c, name)) is not None]

        def middle(name: str) -> float:
            return float(np.median(found)) if (found := values(name)) else delivery.cpm_sigma

        def differ(name: str, cause: str) -> Errors:
            positive = [value for value in values(name) if value > 0]
            if len(positive) < FEWEST_FOR_SPREAD:
                return {}
            return {f"{cause} of {delivery.ad_group}": float(np.std(np.log(positive), ddof=1))}

        click_rate = middle("click_rate")
        rates = self.true_rates(middle("conversions_per_click"), click_rate)
        own, click = differ("conversions_per_click", "conversions per click"), differ("click_rate", "click rate")
        for name in ("daily_budget", "budget_spent", "budget_spread", "cpm_sigma"):
            self.origins.assumed(f"{path}.{name}", text)
        self.origins.assumed(f"{path}.cpm", text, spread=differ("cpm", "CPM"))
        shares = {"click_rate": (click_rate, click)}
        shares |= {name: (rate, self._rate_errors(name, own, click)) for name, rate in rates.items()}
        for name, (share, errors) in shares.items():
            self.origins.assumed(f"{path}.{name}", text, spread=logit_spread(share, errors), scale="logit")
        prices = [money_over_impressions(c, c.cpm) for c in usable if c.cpm is not None]
        return delivery.replace(
            daily_budget=typical_budget,
            budget_spent=1.0,
            budget_spread=0.0,
            cpm=float(np.median(prices)),
            cpm_sigma=middle("cpm_log_sigma"),
            click_rate=click_rate,
            **rates,
        )


def money_over_impressions(campaign: CampaignEstimates, cpm: Estimate) -> float:
    """Give the CPM that money over impressions comes to, from the mean of the days' CPMs.

    For a log-normal CPM the mean of its days is exp(sigma^2 / 2) above its median, and what a fixed budget buys is
    that much below it.
    """
    sigma = campaign.cpm_log_sigma.value if campaign.cpm_log_sigma is not None else 0.0
    return float(cpm.value * np.exp(-(sigma**2)))
