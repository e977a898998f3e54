"""Ads whose visitors a pixel hears of, though they report to another pixel on the page, or to none."""

from __future__ import annotations

import pytest
from count_worlds import alike, grid


@pytest.mark.parametrize("scope", ["pixel", "account"])
def test_who_was_brought_by_an_ad_of_another_pixel_earns_for_ads_met_before(scope: str) -> None:
    alike(grid(1.0, own_pixel=True, measurement={"scope": scope}), 8)


def test_who_was_brought_by_an_ad_without_a_pixel_earns_for_ads_met_before() -> None:
    scenario = grid(1.0)
    groups = [one.replace(pixel=None) if one.id == "agency_group" else one for one in scenario.structure.ad_groups]
    alike(scenario.replace(structure=scenario.structure.replace(ad_groups=tuple(groups))), 8)
