"""Two pixels on one page, each with ads of its own: a sale that the one's ad brought is heard by the other, too."""

from __future__ import annotations

import pytest
from count_worlds import alike, grid


@pytest.mark.parametrize("scope", ["pixel", "account"])
def test_who_was_brought_by_an_ad_of_another_pixel_earns_for_ads_met_before(scope: str) -> None:
    alike(grid(1.0, own_pixel=True, measurement={"scope": scope}), 8)
