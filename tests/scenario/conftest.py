"""One small scenario as plain data, with every kind of relation in it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pixelsim.scenario import Scenario

PLAIN: dict[str, Any] = {
    "name": "small",
    "title": "A brand, its agency, and an old partner",
    "start": "2026-03-02T00:00:00Z",
    "days": 10,
    "structure": {
        "business_centers": [
            {"id": "bc_brand", "name": "Brand", "type": "DIRECT", "managed": True, "verified": True},
            {"id": "bc_agency", "name": "Agency", "type": "AGENCY", "managed": True, "verified": True},
            {"id": "bc_other", "name": "Another partner", "type": "SELF_SERVICE"},
        ],
        "people": [
            {"id": "ann", "name": "Ann"},
            {"id": "ben", "name": "Ben"},
            {"id": "cara", "name": "Cara"},
        ],
        "ad_accounts": [
            {"id": "acc_brand", "name": "Brand", "owner_bc": "bc_brand", "created_from_bc": "bc_brand"},
            {"id": "acc_agency", "name": "Agency", "owner_bc": "bc_agency", "created_from_bc": "bc_agency"},
            {"id": "acc_other", "name": "Other", "owner_bc": "bc_other", "created_from_bc": "bc_other"},
        ],
        "websites": [{"id": "shop", "name": "Shop", "domains": ["shop.example"], "pixels": ["PX"]}],
        "pixels": [
            {"code": "PX", "number": "1", "name": "Shop", "creator": "acc_brand", "owner_bc": "bc_brand"},
            {"code": "PY", "number": "2", "name": "Not transferred", "creator": "acc_other"},
        ],
        "campaigns": [
            {"id": "c_brand", "account": "acc_brand", "name": "Always on"},
            {"id": "c_agency", "account": "acc_agency", "name": "Prospecting"},
        ],
        "ad_groups": [
            {"id": "g_brand", "campaign": "c_brand", "name": "Always on", "pixel": "PX"},
            {"id": "g_agency", "campaign": "c_agency", "name": "Prospecting", "pixel": "PX"},
            {"id": "g_plain", "campaign": "c_agency", "name": "Without a pixel"},
        ],
        "ads": [
            {"id": "a_brand", "ad_group": "g_brand", "name": "Spot"},
            {"id": "a_agency", "ad_group": "g_agency", "name": "Spot", "tracking_pixel": "PX"},
            {"id": "a_plain", "ad_group": "g_plain", "name": "Spot", "tracking_pixel": "PX"},
        ],
        "tokens": [{"id": "t_1", "pixel": "PX", "holder_bc": "bc_agency"}],
        "members": [
            {"bc": "bc_brand", "person": "ann", "role": "ADMIN"},
            {"bc": "bc_agency", "person": "ben", "role": "ADMIN"},
        ],
        "account_people": [
            {"account": "acc_brand", "person": "ann", "role": "ADMIN", "via": "bc_brand"},
            {"account": "acc_brand", "person": "ben", "role": "OPERATOR", "via": "bc_agency"},
            {"account": "acc_agency", "person": "ben", "role": "ADMIN", "via": "bc_agency"},
            {"account": "acc_other", "person": "cara", "role": "ADMIN"},
        ],
        "account_grants": [{"bc": "bc_agency", "account": "acc_brand", "role": "OPERATOR"}],
        "partnerships": [
            {"bc": "bc_brand", "partner": "bc_agency"},
            {"bc": "bc_brand", "partner": "bc_other", "status": "PENDING"},
        ],
        "shares": [{"pixel": "PX", "partner": "bc_agency"}, {"pixel": "PX", "partner": "bc_other"}],
        "links": [{"pixel": "PX", "account": "acc_agency", "by_bc": "bc_agency"}],
        "pixel_people": [
            {"pixel": "PX", "person": "ann", "level": "EDIT", "via": "bc_brand"},
            {"pixel": "PX", "person": "ben", "level": "VIEW", "via": "bc_agency"},
            {"pixel": "PX", "person": "cara", "level": "EDIT"},
        ],
    },
    "traffic": {
        "sites": [{"website": "shop", "organic_sessions": 50.0}],
        "delivery": [
            {"ad_group": "g_brand", "website": "shop", "daily_budget": 10.0},
            {"ad_group": "g_agency", "website": "shop", "daily_budget": 20.0},
        ],
    },
    "plan": {
        "steps": [
            {"day": 4.0, "action": {"do": "switch", "actor": "ben", "kind": "campaign", "id": "c_agency", "to": "off"}},
            {
                "day": 5.0,
                "why": "the contract ends",
                "action": {
                    "do": "unshare_pixel",
                    "actor": "ann",
                    "bc": "bc_brand",
                    "pixel": "PX",
                    "partner": "bc_agency",
                },
            },
        ],
        "delays": {"ben": {"median_hours": 3.0, "sigma": 0.5}},
    },
    "viewers": [{"name": "brand", "account": "acc_brand"}, {"name": "agency", "account": "acc_agency"}],
}


@pytest.fixture
def plain() -> dict[str, Any]:
    """The scenario as plain data of its own, to be spoilt at will."""
    return copy.deepcopy(PLAIN)


@pytest.fixture
def small() -> Scenario:
    """The scenario itself."""
    return Scenario.read(copy.deepcopy(PLAIN))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write a scenario file and give its path."""

    def make(text: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make
