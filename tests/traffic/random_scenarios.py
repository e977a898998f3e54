"""Random small businesses: two shops of the same people, three pixels, three accounts, and whatever can go wrong."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pixelsim.scenario import Scenario

EVENTS = ("PageView", "ViewContent", "AddToCart", "InitiateCheckout", "Purchase")
PIXELS = ("px_1", "px_2", "px_3")
SITES = ("a", "b")
GROUPS = {
    "g_1": ("acc_1", "px_1", "a"),
    "g_2": ("acc_2", "px_1", "a"),
    "g_3": ("acc_2", "px_2", "b"),
    "g_4": ("acc_1", "px_1", "a"),
}

STEPS = (
    (1.6, {"do": "unlink_pixel", "bc": "bc", "pixel": "px_1", "account": "acc_2"}),
    (1.0, {"do": "uninstall_pixel", "website": "a", "pixel": "px_3"}),
    (1.5, {"do": "install_pixel", "website": "b", "pixel": "px_3", "beside": True}),
    (2.0, {"do": "revoke_token", "token": "t_1"}),
)
"""What people may do: at the border of steps, and in the midst of them."""

MARKETS = [{"name": "here", "share": 0.6}, {"name": "there", "share": 0.4, "utc_offset": "-09:30", "order_rate": 0.1}]
PRODUCTS = [{"name": "cheap", "share": 0.6, "value": {"median": 3.0}}, {"name": "dear", "share": 0.4}]

shares = st.sampled_from([0.0, 0.0, 0.1, 0.4])


@st.composite
def servers(draw: st.DrawFn) -> dict[str, Any]:
    """A server leg, from perfect to hardly there."""
    return {
        "events": draw(st.sampled_from([EVENTS, ("Purchase",), ("PageView", "AddToCart", "Purchase")])),
        "sent": draw(st.sampled_from([1.0, 0.7])),
        "lost": draw(shares),
        "delay_seconds": draw(st.sampled_from([0.5, 200.0, 20_000.0])),
        "delay_sigma": draw(st.sampled_from([0.0, 1.0, 2.0])),
        "event_id": draw(st.sampled_from(["shared", "own", "missing"])),
        "cookie": draw(st.booleans()),
        "token": draw(st.sampled_from([None, "t_1"])),
    }


@st.composite
def captures(draw: st.DrawFn) -> dict[str, Any]:
    """What happens to a site's events on their way."""
    tags = st.lists(
        st.fixed_dictionaries({"event": st.sampled_from(EVENTS), "pixel": st.sampled_from([*PIXELS, None])}), max_size=6
    )
    return {
        "blocked_people": draw(shares),
        "refusing_people": draw(shares),
        "late_consent_people": draw(shares),
        "consent_seconds": draw(st.sampled_from([8.0, 3_000.0])),
        "untrackable_people": draw(shares),
        "lost_events": draw(shares),
        "lost_by_event": draw(st.sampled_from([{}, {"Purchase": 0.5}, {"PageView": 1.0}])),
        "other_checkout": draw(shares),
        "click_id_passed": draw(st.booleans()),
        "browser_event_id": draw(st.booleans()),
        "id_from": draw(st.sampled_from(["event", "event", "visitor"])),
        "server": draw(st.none() | servers()),
        "tags": draw(st.just([]) | tags),
        "loads": draw(st.dictionaries(st.sampled_from(PIXELS), st.integers(0, 3), max_size=2)),
        "id_per_load": draw(st.booleans()),
        "page_views": draw(st.sampled_from(["auto", "manual", "both"])),
        "navigations": draw(st.sampled_from([0.0, 1.5])),
        "resends_previous": draw(st.booleans()),
        "junk": {
            "bots": draw(shares),
            "preview_sessions": draw(st.sampled_from([0.0, 10.0])),
            "foreign_sessions": draw(st.sampled_from([0.0, 10.0])),
        },
        "weight": {"lost_per_second": draw(st.sampled_from([0.0, 0.5]))},
    }


def structure(*, late: float = 1.0) -> dict[str, Any]:
    """Accounts on clocks far apart; g_4 begins on the day ``late``."""
    accounts = {"acc_0": "+00:00", "acc_1": "-08:00", "acc_2": "+05:30"}
    return {
        "business_centers": [{"id": "bc", "name": "Owner", "verified": True}],
        "people": [{"id": "ann", "name": "Ann"}],
        "members": [{"bc": "bc", "person": "ann", "role": "ADMIN"}],
        "ad_accounts": [{"id": k, "name": k, "owner_bc": "bc", "utc_offset": v} for k, v in accounts.items()],
        "account_people": [{"account": k, "person": "ann", "role": "ADMIN", "via": "bc"} for k in accounts],
        "websites": [
            {"id": "a", "name": "a", "domains": ["a.example"], "pixels": ["px_1", "px_3"]},
            {"id": "b", "name": "b", "domains": ["b.example"], "pixels": ["px_2", "px_1"]},
        ],
        "pixels": [
            {"code": code, "number": str(n), "name": code, "creator": "acc_0", "owner_bc": "bc"}
            for n, code in enumerate(PIXELS)
        ],
        "links": [
            {"pixel": pixel, "account": account, "by_bc": "bc"}
            for pixel, account in (("px_1", "acc_1"), ("px_1", "acc_2"), ("px_2", "acc_2"))
        ],
        "campaigns": [{"id": f"{k}_camp", "account": account, "name": k} for k, (account, _, _) in GROUPS.items()],
        "ad_groups": [
            {"id": k, "campaign": f"{k}_camp", "name": k, "pixel": pixel, "start_day": late if k == "g_4" else 0.0}
            for k, (_, pixel, _) in GROUPS.items()
        ],
        "tokens": [{"id": "t_1", "pixel": "px_1", "holder_bc": "bc"}],
        "ads": [{"id": f"{k}_ad_{n}", "ad_group": k, "name": k} for k in GROUPS for n in (1, 2)],
    }


@st.composite
def scenarios(draw: st.DrawFn, *, days: int = 3, **fixed: Any) -> Scenario:
    """A scenario of few people and many events; ``fixed`` are fields of the measurement."""
    site = {
        "organic_sessions": 60.0,
        "people": 40,
        "order_rate": 0.3,
        "population": "people of both",
        "funnel": {"view": 0.6, "cart": 0.4, "checkout": 0.3},
    }
    # The people are those of both sites, so that these divide them into the same markets.
    site |= {"markets": draw(st.sampled_from([[], MARKETS])), "return_days": 0.3}
    sites = [
        site
        | {"website": key, "capture": draw(captures()), "return_share": draw(shares), "refund_share": draw(shares)}
        | {"products": draw(st.sampled_from([[], PRODUCTS]))}
        for key in SITES
    ]
    delivery = [
        {"ad_group": k, "website": where, "daily_budget": 10.0, "click_rate": 0.02, "conversion_rate": 0.3}
        | {"engaged_view_rate": 0.003, "view_rate": 0.003, "bots": draw(shares)}
        for k, (_, _, where) in GROUPS.items()
    ]
    steps = [
        {"day": day, "action": {"actor": "ann"} | action}
        for day, action in sorted(draw(st.lists(st.sampled_from(STEPS), max_size=3, unique_by=repr)), key=repr)
    ]
    measurement = {
        "scope": draw(st.sampled_from(["pixel", "account"])),
        "in_flight": draw(st.sampled_from(["cut", "until_window_ends"])),
        "count": draw(st.sampled_from(["by_goal", "every", "once"])),
        "repeat_seconds": draw(st.sampled_from([0.0, 600.0])),
        "consent": draw(st.sampled_from(["drop", "hold"])),
        "last_instant": draw(st.booleans()),
    }
    learning = {
        "learned_at_start": draw(st.booleans()),
        "shared_history": draw(st.sampled_from([0.0, 0.4, 1.0])),
        "calm_conversions": draw(st.integers(1, 60)),
        "stable_conversions": draw(st.integers(5, 120)),
        "stable_days": 2,
    }
    return Scenario.read(
        {
            "name": "random",
            "start": draw(st.sampled_from(["2026-01-05T00:00:00Z", "2026-01-05T10:30:00+05:30"])),
            "days": days,
            "structure": structure(late=days - 2.0),
            "traffic": {"sites": sites, "delivery": delivery, "learning": learning},
            "measurement": measurement | fixed,
            "plan": {"steps": steps},
            "policy": "continue",
        }
    )


def one_shop(*, days: int = 2, **site: Any) -> Scenario:
    """Give site ``a`` alone in the same structure, without ads; whatever is not given is perfect."""
    capture = {"blocked_people": 0.0, "refusing_people": 0.0, "lost_events": 0.0} | site.pop("capture", {})
    given = {"website": "a", "organic_sessions": 400.0, "people": 100_000, "capture": capture} | site
    return Scenario.read({"days": days, "structure": structure(), "traffic": {"sites": [given]}, "policy": "continue"})
