from __future__ import annotations

import math

import pytest

import pixelsim as ps
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.explore.pixels import COUNTS, Choice, Designs, compare_designs, design, own_pixels, sharers
from pixelsim.scenario import Scenario, scenario
from pixelsim.scenario.capture import Tag
from pixelsim.scenario.drafting import step
from pixelsim.scenario.measurement import Scope
from pixelsim.scenario.plan import Plan
from pixelsim.scenario.practices import one_domain
from pixelsim.sharing.actions import CreateAdGroup, SetTrackingPixel, UnlinkPixel

SHARED = "PIXEL000000000000001"
OWN = "OWNPIXEL000000000001"
REGION = "acc_region_1_1"


@pytest.fixture(scope="module")
def mine() -> Scenario:
    """Headquarters and two regions, an ad account each beside that of the pixel; few people, eight days."""
    found = one_domain(regions=2, accounts_of_region=1, days=8)
    return found.vary("traffic.sites[0].people", 1500)


@pytest.fixture(scope="module")
def designs(mine: Scenario) -> Designs:
    return compare_designs(mine, Choice(3, 100, 10), replications=2, seed=3)


def check_unchanged(scenario: Scenario, moved: Scenario) -> None:
    """Nothing but who uses which pixel may differ."""
    for name in ("business_centers", "people", "ad_accounts", "campaigns", "members", "account_grants", "shares"):
        assert getattr(moved.structure, name) == getattr(scenario.structure, name)


# ---- pixels of their own -----------------------------------------------------------------------------------------


def test_sharers_advertise_with_a_pixel_that_another_account_created(mine: Scenario) -> None:
    assert sharers(mine) == ("acc_hq_2", "acc_region_1_1", "acc_region_2_1")
    assert sharers(scenario("agency")) == ("acc_agency",)
    assert sharers(one_domain(regions=2, wrong=True, accounts_of_region=1)) == ("acc_hq_2",)
    # A link without an ad is no use of the pixel.
    idle = scenario("agency")
    groups = tuple(g for g in idle.structure.ad_groups if g.pixel is None or "brand" in g.id)
    structure = idle.structure.replace(ad_groups=groups, ads=())
    assert sharers(idle.replace(structure=structure, traffic=idle.traffic.replace(delivery=()), plan=Plan())) == ()


def test_P14_an_account_with_its_own_pixel_takes_ads_and_audiences_along(mine: Scenario) -> None:
    moved = own_pixels(mine, [REGION])
    check_unchanged(mine, moved)
    (pixel,) = (p for p in moved.structure.pixels if p.code == OWN)
    assert (pixel.creator, pixel.owner_bc, pixel.name) == (REGION, "bc_region_1", "Region 1, account 1's own")
    assert moved.structure.websites[0].pixels == (SHARED, OWN)
    used = {g.id: g.pixel for g in moved.structure.ad_groups}
    assert {code for key, code in used.items() if key.startswith(REGION)} == {OWN}
    assert {code for key, code in used.items() if not key.startswith(REGION)} == {SHARED}
    assert (SHARED, REGION) not in {(link.pixel, link.account) for link in moved.structure.links}
    built = {getattr(s.action, "account", None): getattr(s.action, "pixel", None) for s in moved.plan.steps}
    assert built == {REGION: OWN, "acc_region_2_1": SHARED}
    assert sharers(moved) == ("acc_hq_2", "acc_region_2_1")


def test_identifiers_of_new_pixels_are_like_no_other(mine: Scenario) -> None:
    moved = own_pixels(own_pixels(mine, [REGION]), ["acc_hq_2", "acc_region_2_1"])
    for name in ("code", "number"):
        values = [getattr(p, name) for p in moved.structure.pixels]
        assert len(set(values)) == len(values) == 4
    assert {len(p.code) for p in moved.structure.pixels} == {20}
    assert {len(p.number) for p in moved.structure.pixels} == {19}


def test_planned_steps_and_tags_of_the_account_move_too(mine: Scenario) -> None:
    campaign, ad = f"{REGION}_campaign_1", f"{REGION}_campaign_1_ad"
    steps = [
        step(2, CreateAdGroup(actor="region_1_buyer", campaign=campaign, ad_group="g", pixel=SHARED), "more"),
        step(3, SetTrackingPixel(actor="region_1_buyer", ad=ad, pixel=SHARED), "measure"),
        step(4, UnlinkPixel(actor="hq_admin", bc="bc_hq", pixel=SHARED, account=REGION), "no more"),
        step(4, UnlinkPixel(actor="hq_admin", bc="bc_hq", pixel=SHARED, account="acc_hq_2"), "no more"),
    ]
    site = mine.traffic.sites[0]
    tags = (Tag(event="Purchase", pixel=SHARED), Tag(event="PageView"))
    tagged = site.replace(capture=site.capture.replace(tags=tags))
    full = mine.replace(plan=mine.plan.also(*steps), traffic=mine.traffic.replace(sites=(tagged,)))
    moved = own_pixels(full, [REGION])
    after = [s.action for s in moved.plan.steps[len(mine.plan.steps) :]]
    assert [getattr(action, "pixel", None) for action in after] == [OWN, OWN, SHARED]
    assert [action.account for action in after if isinstance(action, UnlinkPixel)] == ["acc_hq_2"]
    assert moved.traffic.sites[0].capture.tags == (*tags, Tag(event="Purchase", pixel=OWN))


def test_a_built_in_agency_runs_on_its_own_pixel_without_a_refusal() -> None:
    moved = own_pixels(scenario("agency").replace(days=20), ["acc_agency"])
    assert len(ps.run(moved, seed=1).refused()) == 0


def test_an_account_that_shares_nothing_is_refused(mine: Scenario) -> None:
    with pytest.raises(UnknownNameError, match="ad account that shares a pixel 'acc_hq_1' does not exist"):
        own_pixels(mine, ["acc_hq_1"])


# ---- designs -----------------------------------------------------------------------------------------------------


def test_the_choice_sets_weight_people_and_scope_on_both_designs(mine: Scenario) -> None:
    choice = Choice(2, 150, 7, Scope.ACCOUNT, people=900)
    for own in (0, 2):
        found = design(mine, choice, own)
        weight = found.traffic.sites[0].capture.weight
        assert (weight.milliseconds_per_pixel, weight.lost_per_second) == (150, 0.07)
        assert (found.traffic.sites[0].people, found.measurement.scope) == (900, Scope.ACCOUNT)
        assert len(found.structure.websites[0].pixels) == 1 + own
    assert design(mine, Choice(0, 80, 5), 0).traffic.sites[0].people == mine.traffic.sites[0].people
    # The last sharers come first.
    assert sharers(design(mine, choice, 2)) == ("acc_hq_2",)


def test_more_pixels_than_sharers_and_impossible_weights_are_refused(mine: Scenario) -> None:
    with pytest.raises(InputError, match="own is '4', but must be from 0 to 3, the ad accounts that share a pixel"):
        compare_designs(mine, Choice(4, 80, 5))
    with pytest.raises(InputError, match="lost_per_second"):
        compare_designs(mine, Choice(1, 80, 500))
    with pytest.raises(InputError, match="replications is '0'"):
        compare_designs(mine, Choice(1, 80, 5), replications=0)


# ---- what runs bring ---------------------------------------------------------------------------------------------


def test_P14_without_weight_each_pixel_hears_the_same_and_requests_are_as_many_times_more(mine: Scenario) -> None:
    found = compare_designs(mine, Choice(3, 0, 0), replications=1, seed=3)
    ((shared, many),) = found.runs
    requests = {c.measure: (v, many.claims[c]) for c, v in shared.claims.items()}["events sent"]
    assert requests[1] == pytest.approx(4 * requests[0], rel=0.002)
    # The visitors are the same, so the orders in truth are, as far as ads that learn alone bring them.
    assert many.loads[0].came[0] == pytest.approx(shared.loads[0].came[0], rel=0.05)
    assert many.loads[0].lost == shared.loads[0].lost == (0,)


def test_Q3_adding_up_the_pixels_counts_a_sale_as_often_as_there_are_pixels(designs: Designs) -> None:
    told = {name: (shared.mean, many.mean) for name, shared, many, _ in designs.counts()}
    assert list(told) == list(COUNTS)
    assert told[COUNTS[2]][0] == told[COUNTS[1]][0]
    assert told[COUNTS[2]][1] == pytest.approx(4 * told[COUNTS[1]][1], rel=0.01)
    orders, claimed = told[COUNTS[0]], told[COUNTS[3]]
    # With one pixel a sale is credited once; with own pixels every account that met the buyer claims it.
    assert claimed[0] <= orders[0]
    assert claimed[1] > 1.2 * claimed[0]


def test_in_counts_the_same_sales_are_counted_in_the_same_ways(mine: Scenario, designs: Designs) -> None:
    found = compare_designs(mine, Choice(3, 100, 10), replications=6, seed=3, detail="counts")
    for (told, *means, trust), (_, *others, none) in zip(found.counts(), designs.counts(), strict=True):
        # So few people meet so many ads that the closed form was not tested there.
        assert (trust, none) == ("outside tested range" if told == COUNTS[3] else "exact", "")
        for mean, other in zip(means, others, strict=True):
            # The half-width is 2.57 standard errors of a mean of six; the difference from a mean of two has twice that.
            assert abs(mean.mean - other.mean) <= 5 * 2 * mean.half_width / 2.57, told
    # Which sales several accounts claim, each by its own pixel, is told as the chance of having met other ads as well.
    claimed = {c.claim.measure: c for c in found.claims()}["claimed conversions over orders in truth"]
    assert (claimed.first.n, claimed.second.n, claimed.exactness) == (6, 6, "outside tested range")
    (orders, seen, added, _) = (shared.mean for _, shared, *_ in found.counts())
    # One pixel keeps each order once, in counts too.
    assert added == seen < orders
    for side, pixels in zip(found.loads(), (1, 4), strict=True):
        share, came = 1 - 0.9 ** (pixels / 10), sum(side[0].came)
        assert abs(sum(side[0].lost) / came - share) < 4 * math.sqrt(share * (1 - share) / came)


def test_Q3_by_account_a_shared_pixel_does_not_stop_double_claims(mine: Scenario) -> None:
    found = compare_designs(mine, Choice(3, 100, 10, Scope.ACCOUNT), replications=1, seed=3)
    ((shared, many),) = found.runs
    assert shared.counts[3] > shared.counts[0]
    assert many.counts[3] == pytest.approx(shared.counts[3], rel=0.1)


def test_Q4_pages_lose_what_their_weight_says(designs: Designs) -> None:
    for side, pixels in zip(designs.loads(), (1, 4), strict=True):
        assert [(page.pixels, page.milliseconds) for page in side] == [(pixels, 100 * pixels)]
        assert [len(page.came) for page in side] == [2]
        # A tenth of the sessions goes in each second of load time; four standard deviations of a binomial share.
        share, came = 1 - 0.9 ** (pixels / 10), sum(side[0].came)
        assert abs(sum(side[0].lost) / came - share) < 4 * math.sqrt(share * (1 - share) / came)


def test_Q5_one_edit_reaches_all_accounts_or_one(designs: Designs) -> None:
    found = {c.claim.measure: [c.second.mean, c.first.mean] for c in designs.claims()}
    # Four ad accounts: all of them on the one pixel, or one on each.
    expected = {"pixels to configure": [1, 4], "ad accounts that an edit reaches, mean of pixels": [4, 1]}
    assert {name: found[name] for name in expected} == expected
    assert {c.claim.claim for c in designs.claims()} == {"Q3", "Q4", "Q5"}
