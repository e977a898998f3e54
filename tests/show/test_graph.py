from __future__ import annotations

import pytest
from matplotlib.patches import FancyArrowPatch, Rectangle
from show_figures import cut_texts, overlapping_texts

from pixelsim.scenario import Scenario, scenario
from pixelsim.scenario.practices import agency_clients, one_domain
from pixelsim.show.graph import MOST, Tie, access_graph, access_graph_figure, graph_of
from pixelsim.show.style import NARROW, WIDE, figure_png, new_figure, styled
from pixelsim.study import Run
from pixelsim.world.entities import AccountRole, AdAccount, BusinessCenter
from pixelsim.world.relations import AccountGrant, Partnership, RelationStatus
from pixelsim.world.world import World


def ties(world: World) -> set[tuple[str, str, Tie]]:
    return {(one, other, data["tie"]) for one, other, data in graph_of(world).edges(data=True)}


def test_the_graph_holds_every_tie_of_the_world(agency: Scenario) -> None:
    pixel = "pixels:BRANDSHOPPIXEL000001"
    assert ties(agency.structure.world()) == {
        ("business_centers:bc_brand", pixel, Tie.OWNS),
        ("ad_accounts:acc_brand", pixel, Tie.CREATED),
        (pixel, "business_centers:bc_agency", Tie.SHARED),
        (pixel, "ad_accounts:acc_agency", Tie.LINKED),
        ("business_centers:bc_brand", "business_centers:bc_agency", Tie.PARTNERS),
    }


def test_after_the_unshare_share_and_link_are_gone(one: Run) -> None:
    kinds = {tie for _, _, tie in ties(one.simulation.history.now)}
    assert kinds == {Tie.OWNS, Tie.CREATED, Tie.PARTNERS}


def test_a_share_over_a_pending_partnership_is_no_tie_yet(agency: Scenario) -> None:
    world = agency.structure.world()
    pending = world.with_item("partnerships", ("bc_brand", "bc_agency"), Partnership(status=RelationStatus.PENDING))
    assert Tie.SHARED not in {tie for _, _, tie in ties(pending)}


def test_a_role_on_anothers_account_is_a_tie(agency: Scenario) -> None:
    world = agency.structure.world()
    granted = world.with_item("account_grants", ("bc_agency", "acc_brand"), AccountGrant(role=AccountRole.OPERATOR))
    assert ("business_centers:bc_agency", "ad_accounts:acc_brand", Tie.GRANTED) in ties(granted)


def test_boxes_ties_and_legend_are_drawn(agency: Scenario) -> None:
    world = agency.structure.world()
    figure = new_figure(WIDE, 3.5)
    with styled():
        ax = figure.subplots()
        assert access_graph(ax, world) is ax
    boxes = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    # A box and its coloured edge for three Business Centers, three ad accounts and one pixel.
    assert len(boxes) == 2 * 7
    assert sum(isinstance(patch, FancyArrowPatch) for patch in ax.patches) == 5
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        tie.value for tie in (Tie.OWNS, Tie.SHARED, Tie.CREATED, Tie.LINKED, Tie.PARTNERS)
    ]
    names = {text.get_text().replace("\n", " ") for text in ax.texts}
    assert {"Brand", "Agency", "Brand's shop", "Agency's account for the brand"} <= names


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("name", ["agency", "agency_clients", "one_domain_wrong"])
def test_no_text_is_cut_and_none_lies_on_another(width: float, name: str) -> None:
    figure = access_graph_figure(scenario(name).structure.world(), width)
    assert cut_texts(figure) == []
    assert overlapping_texts(figure) == []


def test_the_picture_does_not_depend_on_the_order_of_the_world() -> None:
    world = scenario("many_domains").structure.world()
    turned = World(**{name: dict(reversed(list(items.items()))) for name, items in vars(world).items()})
    assert figure_png(access_graph_figure(world)) == figure_png(access_graph_figure(turned))


def test_numbered_things_stand_by_number_and_those_of_one_business_together() -> None:
    world = agency_clients(clients=11).structure.world()
    found = graph_of(world).nodes(data=True)
    businesses = [data["key"] for _, data in found if data["kind"] == "business_centers"]
    assert businesses[1:] == [f"bc_client_{number}" for number in range(1, 12)]
    for kind in ("pixels", "ad_accounts"):
        homes = [data["home"] for _, data in found if data["kind"] == kind]
        assert homes == sorted(homes, key=businesses.index)


def test_ids_of_equal_numbers_have_an_order_of_their_own() -> None:
    keys = [BusinessCenter(id=f"bc_{number}", name=number) for number in ("2", "010", "10", "1", "01")]
    found = [list(graph_of(World.of(*some))) for some in (keys, keys[::-1])]
    assert found[0] == found[1] == [f"business_centers:bc_{number}" for number in ("01", "1", "2", "010", "10")]


@pytest.mark.parametrize(("regions", "accounts", "inches"), [(2, 2, 0.72), (8, 2, 0.5)])
def test_many_rows_are_lower_so_that_what_stands_below_is_near(regions: int, accounts: int, inches: float) -> None:
    world = one_domain(regions=regions, accounts_of_region=accounts).structure.world()
    figure = access_graph_figure(world)
    rows = len(world.ad_accounts)
    assert rows * inches < figure.get_figheight() < rows * inches + 1.5
    assert cut_texts(figure) == []
    assert overlapping_texts(figure) == []


def test_the_least_tied_are_left_out_and_counted() -> None:
    world = World.of(
        BusinessCenter(id="hub", name="Hub"),
        *(AdAccount(id=f"a{i:02d}", name=f"Account {i}", owner_bc="hub") for i in range(MOST + 5)),
        account_grants={("hub", "a28"): AccountGrant(role=AccountRole.ADMIN)},
    )
    ax = access_graph_figure(world).axes[0]
    names = {text.get_text() for text in ax.texts}
    assert ax.get_title(loc="left").endswith("5 with the fewest ties are not drawn")
    assert "Account 28" in names
    assert "Account 27" not in names


def test_an_empty_world_is_an_empty_picture() -> None:
    figure = access_graph_figure(World.of())
    assert cut_texts(figure) == []
    assert figure.axes[0].get_legend() is None
