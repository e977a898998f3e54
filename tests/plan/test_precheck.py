from __future__ import annotations

import tomllib

import pytest
from plan_worlds import client_and_agency, with_ad_group, with_shared_account

from pixelsim.base.clock import DAY
from pixelsim.base.errors import UnknownNameError
from pixelsim.plan import Code, Finding, RateEstimator, Severity, StopBy, precheck_unshare
from pixelsim.plan.precheck import latest_conversion
from pixelsim.scenario import Scenario, Structure, dump_scenario
from pixelsim.scenario.practices import ending
from pixelsim.sharing import PRESETS, Rulebook, SharingSettings
from pixelsim.world import Audience, AudienceAfter, PaymentMethod, PixelAssignment, PixelLevel, Token


def by_code(findings: list[Finding]) -> dict[Code, Finding]:
    assert len({finding.code for finding in findings}) == len(findings)
    return {finding.code: finding for finding in findings}


def test_nothing_uses_it_means_only_the_accounts_are_named() -> None:
    found = by_code(precheck_unshare(client_and_agency(), "px", from_="bc_ag"))
    assert list(found) == [Code.ACCOUNTS]
    assert found[Code.ACCOUNTS].sentence == "Access of acc_a to pixel px ends."
    assert by_code(precheck_unshare(client_and_agency(), "px", from_="acc_a"))[Code.ACCOUNTS].rule == "R13"


def test_running_scheduled_resting_and_tracking_only_are_told_apart() -> None:
    world = with_ad_group(client_and_agency(), "runs")
    world = with_ad_group(world, "later", start=3 * DAY)
    world = with_ad_group(world, "off", on=False)
    world = with_ad_group(world, "tracks", pixel=None, tracking="px")
    found = by_code(precheck_unshare(world, "px", from_="bc_ag"))
    assert found[Code.AD_GROUPS_DELIVERING].subjects == ("runs",)
    assert found[Code.AD_GROUPS_SCHEDULED].subjects == ("later",)
    assert found[Code.AD_GROUPS_STOPPED].subjects == ("off",)
    assert found[Code.TRACKING_ONLY_ADS].subjects == ("d_tracks",)


def test_resting_ad_groups_matter_only_where_they_would_run_on() -> None:
    world = with_ad_group(client_and_agency(), "off", on=False)
    strict = Rulebook(policy=PRESETS["strict"])
    assert Code.AD_GROUPS_STOPPED not in by_code(precheck_unshare(world, "px", from_="bc_ag", rulebook=strict))
    deleted = precheck_unshare(world, "px", from_="bc_ag", rulebook=strict, stop_by=StopBy.DELETED)
    assert Code.AD_GROUPS_STOPPED in by_code(deleted)


def test_a_week_of_what_runs_is_priced_by_the_estimator() -> None:
    world = with_ad_group(with_ad_group(client_and_agency(), "a"), "b", start=5 * DAY)
    estimator = RateEstimator(spend_per_day={"a": 100, "b": 40})
    found = by_code(precheck_unshare(world, "px", from_="bc_ag", estimator=estimator))
    running, later = found[Code.AD_GROUPS_DELIVERING].cost, found[Code.AD_GROUPS_SCHEDULED].cost
    assert running is not None
    assert later is not None
    assert (running.amount("USD"), later.amount("USD")) == (7 * 100, 7 * 40)


def test_windows_stay_open_until_the_longest_one_closes() -> None:
    world = with_ad_group(client_and_agency(), "week", click_days=7)
    world = with_ad_group(world, "month", click_days=28)
    world = with_ad_group(world, "ended", start=-9 * DAY, end=-2 * DAY)
    world = with_ad_group(world, "long_over", start=-90 * DAY, end=-60 * DAY)
    world = with_ad_group(world, "not_yet", start=DAY)
    found = by_code(precheck_unshare(world, "px", from_="bc_ag", at=0))[Code.OPEN_WINDOWS]
    assert found.subjects == ("ended", "month", "week")
    assert found.until == 28 * DAY
    assert latest_conversion(world, "ended", 0) == (-2 + 7) * DAY


@pytest.mark.parametrize(
    ("setting", "severity", "words"),
    [
        (AudienceAfter.FROZEN, Severity.NOTE, "no longer refreshed"),
        (AudienceAfter.LOST, Severity.WARNING, "run on without them"),
        (AudienceAfter.DEADLINE, Severity.WARNING, "for 30 days"),
        (AudienceAfter.PAUSE_USERS, Severity.WARNING, "target them stop"),
    ],
)
def test_audiences_built_on_the_pixel_are_named_with_their_fate(
    setting: AudienceAfter, severity: Severity, words: str
) -> None:
    world = client_and_agency()
    for key, account in (("au", "acc_a"), ("own", "acc_c")):
        world = world.with_item("audiences", key, Audience(id=key, account=account, name=key, pixel="px"))
    rulebook = Rulebook(settings=SharingSettings(audience_after_access=setting))
    found = by_code(precheck_unshare(world, "px", from_="bc_ag", rulebook=rulebook))[Code.AUDIENCES_BUILT]
    assert (found.subjects, found.severity) == (("au",), severity)
    assert words in found.sentence


def test_tokens_people_roles_and_shared_payment_are_found() -> None:
    key = "tk"
    world = with_shared_account(client_and_agency())
    world = world.with_item("tokens", key, Token(id=key, pixel="px", holder_bc="bc_ag"))
    world = world.with_item("pixel_people", ("px", "otto"), PixelAssignment(level=PixelLevel.EDIT))
    world = world.with_item("payment_methods", "pm", PaymentMethod(id="pm", name="card", owner_bc="bc_c"))
    world = world.changed("ad_accounts", "acc_a", payment_method="pm")
    found = by_code(precheck_unshare(world, "px", from_="bc_ag"))
    assert found[Code.TOKENS_HELD].subjects == ("tk",)
    assert found[Code.PEOPLE_BY_NAME].sentence == "People keep what they were given: otto can edit px."
    assert found[Code.SHARED_ACCOUNTS].subjects == ("bc_ag",)
    assert found[Code.SHARED_PAYMENT].subjects == ("acc_a",)
    assert "acc_a through pm" in found[Code.SHARED_PAYMENT].sentence


@pytest.mark.parametrize("from_", ["acc_a", "bc_ag"])
def test_a_creating_account_is_a_fault(from_: str) -> None:
    world = client_and_agency().changed("pixels", "px", creator="acc_a")
    found = by_code(precheck_unshare(world, "px", from_=from_))
    assert found[Code.CREATOR_AMONG_ACCOUNTS].severity is Severity.FAULT


def test_unknown_names_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="pixel 'py' does not exist"):
        precheck_unshare(client_and_agency(), "py", from_="bc_ag")
    with pytest.raises(UnknownNameError, match="Business Center or ad account 'bc_ab'"):
        precheck_unshare(client_and_agency(), "px", from_="bc_ab")


def test_audiences_and_payment_methods_of_a_scenario_are_in_the_precheck_of_its_exit() -> None:
    one = ending()
    plain = one.structure.model_dump(mode="json")
    agency = next(account for account in plain["ad_accounts"] if account["id"] == "acc_agency")
    agency["payment_method"] = "card"
    pixel = one.structure.pixels[0].code
    structure = Structure.checked(
        plain
        | {
            "audiences": [{"id": "au", "account": "acc_agency", "name": "Visitors", "pixel": pixel}],
            "payment_methods": [{"id": "card", "name": "Card", "owner_bc": "bc_client"}],
            "payment_shares": [{"payment": "card", "partner": "bc_agency"}],
        },
        "structure",
    )
    written = Scenario.read(tomllib.loads(dump_scenario(one.replace(structure=structure))))
    found = by_code(precheck_unshare(written.structure.world(), pixel, from_="bc_agency"))
    assert found[Code.AUDIENCES_BUILT].subjects == ("au",)
    assert found[Code.AUDIENCES_BUILT].price == "", "a frozen audience costs nothing by itself"
    assert found[Code.SHARED_PAYMENT].subjects == ("acc_agency",)
    assert "acc_agency through card" in found[Code.SHARED_PAYMENT].sentence
