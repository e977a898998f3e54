from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from shown_code import executed

import pixelsim as ps
from pixelsim.base.errors import InputError
from pixelsim.explore import comparing, comparing_widget
from pixelsim.explore.comparing import costs, differing, differing_figure, in_names, rows, same_outcomes
from pixelsim.explore.comparing_widget import comparison_table
from pixelsim.explore.moving import quick_png
from pixelsim.scenario import Scenario, write_scenario
from pixelsim.scenario.practices import one_domain
from pixelsim.study import Comparison

AGENCY = "Agency's account for the brand"


@pytest.fixture(scope="module")
def variants(agency: Scenario) -> dict[str, Scenario]:
    return {
        "stop first": agency,
        "unshare first": agency.replace(plan=agency.plan.unshare_first(3)),
        "strict policy": agency.replace(policy="strict"),
    }


@pytest.fixture(scope="module")
def strict(variants: dict[str, Scenario]) -> Comparison:
    names = ("stop first", "strict policy")
    return ps.compare(*(variants[name] for name in names), replications=3, seed=7, names=names)


@pytest.fixture(scope="module")
def markets() -> dict[str, Scenario]:
    return {f"{n} regions": one_domain(regions=n, accounts_of_region=1, days=9) for n in (1, 2)}


def test_rows_are_the_comparison_in_words(strict: Comparison) -> None:
    found = {(row.outcome, row.of): row for row in rows(strict)}
    assert len(found) == len(strict.summary())
    row = found["orphaned spend", AGENCY]
    spent = strict.replications().response("orphaned spend", object="acc_agency")
    assert row.baseline == pytest.approx(np.mean(spent))
    # Under the strict policy nothing delivers without access.
    assert row.variant == 0
    assert row.difference.mean == pytest.approx(-np.mean(spent))
    assert not any(of.startswith(("acc_", "launch_")) for _, of in found)


def test_what_is_the_same_in_every_pair_is_told_apart(strict: Comparison) -> None:
    found = differing(strict)
    values = strict.values[:, :, list(strict.outcomes)]
    differs = (values[:, 0] != values[:, 1]).any(axis=0)
    table = strict.responses.iloc[list(strict.outcomes)]
    assert [row.outcome for row in found] == list(table["response"][differs])
    assert ("blind days", AGENCY) in {(row.outcome, row.of) for row in found}
    assert set(same_outcomes(strict)) == set(table["response"]) - set(table["response"][differs])
    assert not {row.outcome for row in found} & set(same_outcomes(strict))
    assert differing(ps.compare(strict.scenarios[0], strict.scenarios[0], replications=2)) == []


def test_audiences_are_named_with_their_account(markets: dict[str, Scenario]) -> None:
    names = in_names(*markets.values())
    assert names["acc_region_1_1_visitors"] == "Visitors of 30 days, Region 1, account 1"
    assert names["acc_region_2_1_campaign_2_group"] == "Region 2, new campaign"


def test_a_picture_has_the_surest_differences(strict: Comparison) -> None:
    texts = [text.get_text() for text in differing_figure(strict, 8.0).axes[0].texts]
    assert f"orphaned spend, {AGENCY}" in texts


def test_where_there_are_too_many_the_surest_are_drawn(strict: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sorted(differing(strict), key=lambda row: row.difference.p_value)
    monkeypatch.setattr(comparing, "DRAWN", 2)
    drawn = [text.get_text() for text in differing_figure(strict, 8.0).axes[0].texts if text.get_weight() == "bold"]
    assert len(drawn) == 2 < len(found)
    # Those that are the same difference in every pair have a p value of 0.
    assert set(drawn) <= {f"{row.outcome}, {row.of}" for row in found if row.difference.p_value == 0}


def test_variants_that_do_not_differ_are_said_not_to(strict: Comparison) -> None:
    same = ps.compare(strict.scenarios[0], strict.scenarios[0], replications=2)
    ax = differing_figure(same, 8.0).axes[0]
    assert [text.get_text() for text in ax.texts] == ["No outcome differs in any of 2 pairs."]
    assert "2 pairs, event by event, seed 1" in comparison_table(same, 2, 40)


def test_costs_are_orphaned_spend_and_the_value_of_lost_conversions(strict: Comparison) -> None:
    ranked = costs(strict, 10.0)
    assert ranked is not None
    for place, name in enumerate(strict.names):
        runs = strict.replications(name)
        spent = runs.response("orphaned spend", object="acc_agency")
        lost = runs.response("conversions lost to attribution", object="acc_agency")
        assert ranked.loc[name, "expected_cost"] == pytest.approx(np.mean(spent + 10 * lost)), place
    assert ranked.index[0] == "strict policy"


def test_costs_of_different_accounts_are_not_added_up(markets: dict[str, Scenario]) -> None:
    found = ps.compare(*markets.values(), replications=2, names=list(markets))
    assert costs(found, 40) is None
    assert "Costs are not added up" in comparison_table(found, 2, 40)


def test_a_long_table_ends_with_the_number_of_the_rest(strict: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    more = len(differing(strict)) - 1
    assert more > 0
    monkeypatch.setattr(comparing_widget, "MOST", 1)
    assert f"{more} more differ." in comparison_table(strict, 3, 40)


# ---- the explorer ------------------------------------------------------------------------------------------------


def test_its_controls_show_what_compare_gives(variants: dict[str, Scenario]) -> None:
    explorer = ps.explore.compare_variants(variants, replications=2, seed=7)
    explorer.controls["variant"].value = "strict policy"
    explorer.controls["conversion_value"].value = 100
    names = ("stop first", "strict policy")
    pair = [variants[name] for name in names]
    for detail in ("counts", "events"):
        expected = ps.compare(*pair, replications=2, seed=7, names=names, detail=detail)
        assert explorer.table.value == comparison_table(expected, 2, 100)
        assert explorer.picture.value == quick_png(differing_figure(expected, 8.0))
        # Without a closed form behind it, nothing is approximate.
        assert ("approximate" in explorer.table.value) == (detail == "counts")
        assert "acc_agency" not in explorer.static_html()
        explorer.run_events.click()
    assert explorer.failures == []


def test_nothing_is_compared_with_itself(variants: dict[str, Scenario]) -> None:
    explorer = ps.explore.compare_variants(variants, replications=1)
    assert (explorer.controls["baseline"].value, explorer.controls["variant"].value) == ("stop first", "unshare first")
    explorer.controls["baseline"].value = "unshare first"
    assert explorer.controls["variant"].value == "stop first"
    explorer.controls["variant"].value = "strict policy"
    explorer.controls["baseline"].value = "stop first"
    assert explorer.controls["variant"].value == "strict policy"
    assert explorer.failures == []


def test_pairs_come_in_one_by_one_and_cancel_keeps_what_is_there(variants: dict[str, Scenario]) -> None:
    async def notebook() -> None:
        explorer = ps.explore.compare_variants(variants, replications=300)
        assert "1 of 300 pairs so far, in counts" in explorer.table.value
        while explorer.progress.value < 3:
            await asyncio.sleep(0)
        explorer.cancel.click()
        await explorer.finished()
        done = len(explorer.found)
        assert 3 <= done < 300
        assert f"{done} of 300 pairs so far" in explorer.table.value
        # Another price is put on the same pairs at once.
        explorer.controls["conversion_value"].value = 7
        assert len(explorer.found) == done
        explorer.stop()

    asyncio.run(notebook())


def test_another_price_is_put_on_the_same_picture(variants: dict[str, Scenario]) -> None:
    explorer = ps.explore.compare_variants(variants, replications=2, seed=7)
    found, picture, table = explorer.found, explorer.picture.value, explorer.table.value
    explorer.controls["conversion_value"].value = 400
    assert explorer.found is found
    assert explorer.picture.value == picture
    assert explorer.table.value != table


def test_a_difference_says_how_far_it_can_be_trusted(variants: dict[str, Scenario]) -> None:
    pair = variants["stop first"], variants["strict policy"]
    found = ps.compare(*pair, replications=2, seed=7, detail="counts", names=("stop first", "strict policy"))
    told = {row.outcome: row.exactness for row in rows(found) if row.of == AGENCY}
    # The agency competes with the brand for the same people: what is attributed rests on a closed form, money does not.
    assert told["orphaned spend"] == told["blind days"] == "exact"
    assert told["conversions lost to attribution"] == "approximate"
    drawn = [text.get_text() for text in differing_figure(found, 8.0).axes[0].texts if text.get_weight() == "bold"]
    assert f"conversions lost to attribution, {AGENCY} (approximate)" in drawn
    assert f"orphaned spend, {AGENCY}" in drawn


def test_its_code_and_its_state_bring_the_same_back(
    variants: dict[str, Scenario], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = ps.explore.compare_variants(variants, replications=1, seed=3)
    explorer.controls["baseline"].value = "strict policy"
    explorer.controls["variant"].value = "stop first"
    for name, scenario in variants.items():
        write_scenario(scenario, tmp_path / f"{name.replace(' ', '_')}.toml")
    ran = executed(explorer.as_code(), tmp_path, monkeypatch)
    assert comparison_table(ran["found"], 1, 40) == explorer.table.value
    assert "stop first against strict policy, orphaned spend, acc_agency: undecided" in ran["printed"]
    again = ps.explore.compare_variants(variants, replications=1, seed=3)
    again.load(explorer.state())
    assert (again.table.value, again.picture.value) == (explorer.table.value, explorer.picture.value)


def test_fewer_than_two_scenarios_and_no_runs_are_refused(variants: dict[str, Scenario], agency: Scenario) -> None:
    with pytest.raises(InputError, match="at least 2 scenarios by name"):
        ps.explore.compare_variants({"alone": agency})
    with pytest.raises(InputError, match="replications is '0'"):
        ps.explore.compare_variants(variants, replications=0)
