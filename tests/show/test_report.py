from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from test_page import Outline, outline

import pixelsim
from pixelsim.base.errors import InputError
from pixelsim.scenario import Scenario, parameter_table
from pixelsim.scenario.shop import Market, Product
from pixelsim.show import findings, html_report, write_report
from pixelsim.show.names import Names
from pixelsim.show.rests import order_tables, organic_table
from pixelsim.show.tables import responses
from pixelsim.study import Replications, Run, replicate, run


@pytest.fixture(scope="module")
def html(many: Replications, one: Run) -> str:
    return html_report(many, one)


@pytest.fixture(scope="module")
def found(html: str) -> Outline:
    return outline(html)


def words(found: Outline) -> str:
    return " ".join(found.texts)


def test_the_page_is_whole_and_asks_nobody_for_anything(html: str, found: Outline) -> None:
    assert found.faults == []
    assert found.open == []
    for tag, attrs in found.tags:
        for name in ("src", "srcset", "href", "action", "data", "poster"):
            target = attrs.get(name)
            if target:
                assert target.startswith(("data:image/png;base64,", "#")), (tag, name, target[:60])
    style = re.search(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    assert style is not None
    assert "url(" not in style.group(1)
    assert "@import" not in style.group(1)


def test_every_picture_has_words(found: Outline) -> None:
    pictures = [attrs for tag, attrs in found.tags if tag == "img"]
    assert len(pictures) == 6
    assert all(len(attrs["alt"] or "") > 20 for attrs in pictures)


def test_seed_version_and_scenario_are_told(found: Outline, many: Replications) -> None:
    text = words(found)
    assert f"pixelsim {pixelsim.__version__}" in text
    assert many.scenario.content_hash in text
    assert "4, seed 7" in text
    assert "replication 0 of seed 7" in text


def test_means_stand_with_their_half_widths(found: Outline, many: Replications) -> None:
    spent = next(r for r in responses(many, "outcome", response="orphaned spend", object="acc_agency"))
    assert spent.summary.mean > 0
    assert " ± " in spent.text
    assert spent.text in found.texts


def test_who_has_no_access_reads_no_access_and_never_0(html: str) -> None:
    rows = re.findall(r"<tr role=\"row\">(.*?)</tr>", html)
    agency = [row for row in rows if ">agency<" in row and "Events Manager" in row]
    assert len(agency) == 2 * 5
    for row in agency:
        assert "no access" in row
        assert re.search(r'class="number"[^>]*>0<', row) is None


def test_names_stand_where_people_read_and_ids_do_not(found: Outline) -> None:
    text = words(found)
    for name in ("Agency's account for the brand", "Brand's Admin", "Launch, scheduled"):
        assert name in text
    for entity in ("acc_agency", "acc_brand", "bc_agency", "bc_brand", "brand_admin", "launch_1", "prospecting_1"):
        assert entity not in text


def test_parameters_stand_with_their_sources(found: Outline, many: Replications) -> None:
    text = words(found)
    for source in set(parameter_table(many.scenario)["source"]):
        assert source in text
    assert "assumption" in found.texts
    assert "traffic.delivery" not in text


def test_the_change_log_is_there_and_refusals_come_with_remedies(agency: Scenario, wrong_order: Run) -> None:
    refused = replicate(wrong_order.scenario, 2, seed=7)
    text = words(outline(html_report(refused, wrong_order, pictures=False)))
    assert "unshare pixel “Brand's shop” from Business Center “Agency”" in text
    assert "stop “Prospecting”, “Retargeting”, and cancel what is scheduled, then unshare" in text


def test_without_actions_and_refusals_the_page_says_so(agency: Scenario) -> None:
    quiet = agency.replace(plan=agency.plan.replace(steps=()), days=3)
    text = words(outline(html_report(replicate(quiet, 2, seed=1), run(quiet, seed=1), pictures=False)))
    assert "No action was planned." in text
    assert "No action was refused in this history." in text
    assert "No ad account spends after its access to the pixel has ended." in text
    assert "At the end:" not in text


def test_without_pictures_the_page_says_in_words_what_they_show(many: Replications, one: Run) -> None:
    found = outline(html_report(many, one, pictures=False))
    assert not any(tag in {"img", "source", "picture"} for tag, _ in found.tags)
    text = words(found)
    assert "Brand → Brand's shop: controls the pixel (R03)" in text
    assert "brand, Events Manager, total events: " in text


def test_findings_are_sentences_with_numbers(many: Replications, one: Run) -> None:
    told = findings(many, one)
    spent = next(r for r in responses(many, "outcome", response="orphaned spend", object="acc_agency"))
    assert told[0].startswith(f"Agency's account for the brand spends {spent.text} USD after its access")
    assert "on 14 days" in told[0]
    assert "The rules refuse no action." in told
    assert any("agency reads nothing (R20)" in sentence for sentence in told)


def test_findings_of_one_refusal_are_in_the_singular(wrong_order: Run) -> None:
    told = findings(replicate(wrong_order.scenario, 2, seed=7), wrong_order)
    assert any(sentence.startswith("The rules refuse 1 action in a run") for sentence in told)


def test_what_users_named_is_escaped_everywhere(agency: Scenario) -> None:
    evil = '<img src=x onerror="alert(1)">'
    structure = agency.structure
    named = structure.replace(
        pixels=tuple(dataclasses.replace(p, name=evil) for p in structure.pixels),
        people=tuple(dataclasses.replace(p, name=f"{evil} {p.id}") for p in structure.people),
        campaigns=tuple(dataclasses.replace(c, name=f"{evil} {c.id}") for c in structure.campaigns),
        ad_accounts=tuple(a.replace(name=f"{evil} {a.id}") for a in structure.ad_accounts),
    )
    hostile = agency.replace(structure=named, title=evil)
    html = html_report(replicate(hostile, 2, seed=1), run(hostile, seed=1), title=evil)
    found = outline(html)
    assert found.faults == []
    assert evil not in html
    assert not any("onerror" in attrs for _, attrs in found.tags)
    assert evil in words(found)


def test_the_same_results_give_the_same_page(many: Replications, one: Run, tmp_path: Path) -> None:
    path = write_report(many, one, tmp_path / "report.html", title="Ours", pictures=False)
    again = replicate(many.scenario, len(many), seed=many.seed)
    assert path.read_text(encoding="utf-8") == html_report(again, one, title="Ours", pictures=False)


def test_a_run_of_another_scenario_is_refused(many: Replications) -> None:
    other = run(many.scenario.replace(days=30), seed=1)
    with pytest.raises(InputError, match="a run of the replicated scenario, agency"):
        html_report(many, other)


def test_one_replication_has_no_range(agency: Scenario) -> None:
    short = agency.replace(days=4, plan=agency.plan.replace(steps=()))
    html = html_report(replicate(short, 1, seed=1), run(short, seed=1), pictures=False)
    assert "nan" not in words(outline(html)).lower().split()


# ---- what only some runs have --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def selling(agency: Scenario) -> Scenario:
    """Two products, two markets, and the pixel's code twice on each page, without event ids."""
    (site,) = agency.traffic.sites
    capture = site.capture.replace(loads={"BRANDSHOPPIXEL000001": 2}, browser_event_id=False)
    products = tuple(Product(name=name, share=0.5) for name in ("Shoes", "Hats <b>"))
    markets = tuple(Market(name=name, share=0.5) for name in ("North", "South"))
    site = site.replace(products=products, markets=markets, capture=capture)
    plan = agency.plan.replace(steps=())
    return agency.replace(traffic=agency.traffic.replace(sites=(site,)), plan=plan)


def test_orders_by_product_and_market_add_up_to_the_orders_in_truth(selling: Scenario) -> None:
    one = run(selling, seed=7)
    html = order_tables(one, Names(one.simulation.history.now))
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, flags=re.DOTALL)
    texts = [[re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row, flags=re.DOTALL)] for row in rows]
    texts = [row for row in texts if row]
    orders = len(one.simulation.orders)
    assert sum(int(row[2]) for row in texts if row[1] in {"Shoes", "Hats &lt;b&gt;"}) == orders > 0
    # Of a market sessions stand before the orders.
    assert sum(int(row[3].replace(",", "")) for row in texts if row[1] in {"North", "South", "none"}) == orders


def test_what_some_runs_have_is_told_of_these_alone(selling: Scenario, found: Outline) -> None:
    told = words(outline(html_report(replicate(selling, 2, seed=7), run(selling, seed=7), pictures=False)))
    assert "Orders by product" in told
    assert "What the audits find" in told
    assert "Orders by product" not in words(found)
    assert "find nothing in this history" in words(found)
    for text in (told, words(found)):
        assert "Total events rest on organic sessions" in text
        assert "PIXEL0" not in text.partition("What the figures rest on")[2]


def test_half_as_many_organic_sessions_take_half_of_their_events(one: Run) -> None:
    html = organic_table(one, Names(one.simulation.history.now))
    row = next(row for row in re.findall(r"<tr[^>]*>(.*?)</tr>", html, flags=re.DOTALL) if ">PageView<" in row)
    total, organic, half, twice = (
        float(re.sub("<[^>]+>|[,%+]", "", cell).replace("−", "-"))
        for cell in re.findall(r"<td.*?</td>", row, flags=re.DOTALL)[3:]
    )
    assert half == pytest.approx(-50 * organic / total, abs=0.5)
    assert twice == pytest.approx(100 * organic / total, abs=0.5)
