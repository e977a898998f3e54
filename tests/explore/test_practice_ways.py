from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import pixelsim as ps
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.explore.practice import BUSINESSES, Fact, Ways, both_measured, compare_ways, facts, measured, reads, ways
from pixelsim.plan import Code, check
from pixelsim.study import Run
from pixelsim.study.count_run import CountRun

TINY = {
    "one_domain": {"regions": 2, "accounts_of_region": 1},
    "many_domains": {"domains": 3, "brands": 2},
    "agency_clients": {"clients": 2},
}
TOTAL, ATTRIBUTED, CAMPAIGN = (
    ("Events Manager", "total events", "R24"),
    ("Events Manager", "attributed events", "R25"),
    ("Ads Manager", "attributed events (campaign level)", "R27"),
)


EXACT = ("pixels on a page, mean of sites", "load time added to a page")
"""Measures that luck does not move."""


@pytest.fixture(scope="module", params=sorted(BUSINESSES))
def found(request: pytest.FixtureRequest) -> Ways:
    """Two pairs of runs of each business, of six days each."""
    right, wrong = (way.replace(days=6) for way in ways(request.param, TINY[request.param]))
    found = Ways(request.param, right, wrong)
    return dataclasses.replace(found, runs=tuple(both_measured(found, 3, range(2))))


@pytest.fixture(scope="module")
def domains() -> tuple[Run, Run]:
    right, wrong = ways("many_domains", TINY["many_domains"])
    return ps.run(right.replace(days=10), seed=3), ps.run(wrong.replace(days=10), seed=3)


def read(one: Run | CountRun, bc: str) -> dict[tuple[str, str, str], float]:
    values, _ = reads(one, [bc])
    return {key: value for (_, key), value in values.items()}


def told(ways_found: Ways, party: str, begins: str) -> tuple[str, str]:
    return next((str(r), str(w)) for who, r, w in ways_found.structure() if who == party and r.told.startswith(begins))


# ---- ways and sizes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("business", "breaks"),
    [
        ("one_domain", Code.PIXELS_FOR_ONE_DOMAIN),
        ("many_domains", Code.ONE_PIXEL_ON_ALL_DOMAINS),
        ("agency_clients", Code.AGENCY_OWNS_PIXEL),
    ],
)
def test_the_wrong_way_breaks_its_practice_and_the_right_way_does_not(business: str, breaks: Code) -> None:
    right, wrong = ways(business, TINY[business])
    assert breaks in {finding.code for finding in check(wrong.structure.world())}
    assert breaks not in {finding.code for finding in check(right.structure.world())}
    assert BUSINESSES[business].rule in {"B1", "B2", "B3"}


def test_sizes_that_are_not_given_take_their_usual_value() -> None:
    right, _ = ways("one_domain", {"regions": 4})
    assert len(right.structure.business_centers) == 1 + 4
    assert len(right.structure.ad_accounts) == 2 + 4
    assert [len(way.structure.websites) for way in ways("many_domains")] == [4, 4]


@pytest.mark.parametrize(("business", "error"), [("one_domian", "business"), ("", "business")])
def test_unknown_businesses_are_refused(business: str, error: str) -> None:
    with pytest.raises(UnknownNameError, match=f"{error} '{business}' does not exist"):
        ways(business)


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="size 'region' does not exist; did you mean 'regions'"):
        ways("one_domain", {"region": 3})
    with pytest.raises(InputError, match="brands is '5', but must be at most the number of domains, 3; add domains"):
        ways("many_domains", {"brands": 5, "domains": 3})
    with pytest.raises(InputError, match="clients is '0'"):
        ways("agency_clients", {"clients": 0})
    with pytest.raises(InputError, match="replications is '0'"):
        compare_ways("one_domain", replications=0)


# ---- who controls, reads and edits -------------------------------------------------------------------------------


def test_one_domain_a_region_uses_and_edits_the_shared_pixel_without_controlling_it() -> None:
    found = Ways("one_domain", *ways("one_domain", TINY["one_domain"]))
    assert {what: (r, w) for what, r, w in found.sizes()}["pixels on a page, most"] == (1, 3)
    assert told(found, "Region 1", "pixels it controls") == ("0 of 1", "1 of 3")
    assert told(found, "Region 1", "pixels nobody can take") == ("0 of 1", "1 of 3")
    assert told(found, "Region 1", "pixels its people may create events on") == ("1 of 1", "1 of 3")
    assert told(found, "Headquarters", "pixels its people read") == ("1 of 1", "1 of 3")


def test_many_domains_a_brand_reads_other_brands_websites_only_the_wrong_way(domains: tuple[Run, Run]) -> None:
    # Of three domains, dealt out in turn, brand 1 has the first and the third.
    right, wrong = (facts(one.simulation.history.now, "bc_brand_1") for one in domains)
    assert [str(fact) for fact in right] == ["2 of 3"] * 6
    assert {fact.told: str(fact) for fact in wrong} == {
        "pixels it controls: shares and links": "0 of 1",
        "pixels nobody can take from it": "0 of 1",
        "pixels its people read": "1 of 1",
        "pixels its people may use for ads": "1 of 1",
        "pixels its people may create events on": "0 of 1",
        "websites whose events its people read": "3 of 3",
    }


def test_agency_a_client_owns_its_pixel_only_the_right_way() -> None:
    right, wrong = (way.structure.world() for way in ways("agency_clients", TINY["agency_clients"]))
    own = {fact.rule: str(fact) for fact in facts(right, "bc_client_1")}
    lent = {fact.rule: str(fact) for fact in facts(wrong, "bc_client_1")}
    assert (own["R03"], own["R11"], own["R21"]) == ("1 of 2", "1 of 2", "1 of 2")
    assert (lent["R03"], lent["R11"], lent["R21"]) == ("0 of 2", "0 of 2", "0 of 2")
    assert own["R17"] == lent["R17"] == "1 of 2"


def test_facts_of_an_unknown_business_center_are_refused(domains: tuple[Run, Run]) -> None:
    with pytest.raises(UnknownNameError, match="Business Center 'bc_brnd_1'.*did you mean 'bc_brand_1'"):
        facts(domains[0].simulation.history.now, "bc_brnd_1")
    assert str(Fact("pixels", "R03", 1200, 3400)) == "1,200 of 3,400"


# ---- what is read ------------------------------------------------------------------------------------------------


def test_headquarters_read_in_the_accounts_on_which_they_are_admins(domains: tuple[Run, Run]) -> None:
    right, wrong = domains
    # Each pixel is on one domain, so the log's kept purchases by pixel are those of the domains.
    kept = right.log().query("event == 'Purchase' and fate == 'kept'").groupby("pixel", observed=True).size()
    assert read(right, "bc_hq")[TOTAL] == kept.sum()
    assert read(right, "bc_brand_1")[TOTAL] == kept["PIXEL000000000000001"] + kept["PIXEL000000000000003"]
    # One pixel on all domains: the same sales, and the brand reads all of them.
    assert read(wrong, "bc_brand_1")[TOTAL] == read(wrong, "bc_hq")[TOTAL] == kept.sum()
    # The account of headquarters itself reads nothing of a pixel that is not linked to it.
    assert right.metrics("headquarters")["value"].isna().all()


def test_campaign_figures_are_those_of_the_accounts_on_which_they_have_a_role(domains: tuple[Run, Run]) -> None:
    claims = domains[0].simulation.claims
    counted = int((claims.counted & (claims.event == 4)).sum())
    assert read(domains[0], "bc_hq")[CAMPAIGN] == counted
    assert read(domains[0], "bc_brand_1")[CAMPAIGN] + read(domains[0], "bc_brand_2")[CAMPAIGN] == counted


def test_who_reads_no_pixel_reads_nothing_and_not_zero() -> None:
    right, _ = ways("many_domains", TINY["many_domains"])
    structure = right.structure.replace(
        account_grants=(), account_people=tuple(p for p in right.structure.account_people if p.via != "bc_hq")
    )
    one = ps.run(right.replace(structure=structure, days=2), seed=3)
    assert all(math.isnan(value) for value in read(one, "bc_hq").values())


def test_a_client_without_campaigns_reads_no_campaign_figure() -> None:
    _, wrong = ways("agency_clients", {"clients": 1})
    found = read(ps.run(wrong.replace(days=4), seed=3), "bc_client_1")
    assert found[TOTAL] > 0
    assert math.isnan(found[CAMPAIGN])


# ---- runs --------------------------------------------------------------------------------------------------------


def test_pairs_of_runs_are_those_of_the_single_runs(found: Ways) -> None:
    parties = BUSINESSES[found.business].parties
    again = measured(ps.run(found.wrong, seed=3, replication=1), parties)
    expected = found.runs[1][1]
    for one, other in ((again.reads, expected.reads), (again.claims, expected.claims)):
        assert list(one) == list(other)
        np.testing.assert_array_equal([*one.values()], [*other.values()])
    assert len(found.readings()) == 5 * len(parties)
    who, key, right, wrong, trust = found.readings()[0]
    assert key == TOTAL
    assert right.mean == pytest.approx(sum(r.reads[parties[0], TOTAL] for r, _ in found.runs) / 2)
    assert (wrong.n, trust) == (2, "")
    assert who == found.right.structure.world().business_centers[parties[0]].name


def test_in_counts_both_ways_say_the_same_as_event_by_event(found: Ways) -> None:
    counted = dataclasses.replace(found, detail="counts", runs=())
    counted = dataclasses.replace(counted, runs=tuple(both_measured(counted, 3, range(8))))
    assert repr(both_measured(counted, 3, [5])) == repr([counted.runs[5]])
    for side in (0, 1):
        claims, events = ([pair[side].claims for pair in runs] for runs in (counted.runs, found.runs))
        assert list(claims[0]) == list(events[0])
        for claim in claims[0]:
            some, few = (np.array([one[claim] for one in many]) for many in (claims, events))
            if claim.claim == "Q5" or claim.measure in EXACT:
                np.testing.assert_array_equal(some, few[0])
            elif np.isfinite([*some, *few]).all():
                # Five standard errors of the difference of both means, the spread taken from all ten.
                error = np.std([*some, *few], ddof=1) * math.sqrt(1 / 2 + 1 / 8)
                assert abs(some.mean() - few.mean()) <= 5 * error + 1e-9, claim
            else:
                assert not np.isfinite(few).all(), claim
    for (who, key, *means, trust), (_, _, *known, _) in zip(counted.readings(), found.readings(), strict=True):
        assert trust in ("exact", "approximate"), (who, key)
        for mean, other in zip(means, known, strict=True):
            assert (mean.n == 0) == (other.n == 0)
            if mean.n:
                # The half-width is 2.36 standard errors of a mean of eight; the mean of two has twice as large ones.
                assert abs(mean.mean - other.mean) <= 5 * math.sqrt(5) * mean.half_width / 2.36 + 1


def test_what_is_read_in_counts_is_what_the_reports_in_counts_say() -> None:
    scenario = ways("agency_clients", {"clients": 1})[0].replace(days=6)
    one = ps.run(scenario, seed=3, detail="counts")
    report = one.metrics("client 1").query("event == 'Purchase'").groupby(["surface", "metric", "rule"])["value"].sum()
    values, trust = reads(one, ["bc_client_1"])
    for key in (TOTAL, ATTRIBUTED):
        assert values["bc_client_1", key] == report[key] > 0
    assert trust["bc_client_1", TOTAL] == "exact"


def test_one_domain_the_claims_say_what_a_pixel_for_each_region_costs() -> None:
    found = compare_ways("one_domain", {"regions": 2}, replications=2, seed=3)
    # Two regions bring a pixel each beside that of headquarters: three, of 80 ms each.
    for measure, right, wrong in (("pixels on a page", 1, 3), ("load time added", 80, 240)):
        contrast = found.claim("Q4", measure)
        assert (contrast.second.mean, contrast.first.mean) == (right, wrong)
        assert contrast.difference.verdict.value == "better"
    assert found.claim("Q3", "purchases of all pixels").first.mean == 3
    assert found.claim("Q5", "pixels to configure").difference.mean == -2
    with pytest.raises(UnknownNameError, match="measure 'Q5 pixel weight' does not exist"):
        found.claim("Q5", "pixel weight")


def test_before_any_run_only_the_structure_is_told(found: Ways) -> None:
    bare = dataclasses.replace(found, runs=())
    assert {summary.n for *_, right, wrong, _ in bare.readings() for summary in (right, wrong)} == {0}
    assert bare.claims() == []
    assert bare.structure() == found.structure()
