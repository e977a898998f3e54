"""Who controls, reads and edits pixels in a structure: facts about a Business Center and its people."""

from __future__ import annotations

from dataclasses import dataclass

from pixelsim.base.errors import UnknownNameError
from pixelsim.plan.practices import owner_of
from pixelsim.sharing import Rulebook, explain
from pixelsim.world.world import World

__all__ = ["Fact", "facts", "people_of"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A number of things out of all of them, under a rule."""

    told: str
    rule: str
    count: int
    of: int

    def __str__(self) -> str:
        return f"{self.count:,} of {self.of:,}"


def people_of(world: World, bc: str) -> list[str]:
    """List the people of a Business Center by id."""
    return sorted(person for home, person in world.members if home == bc)


def facts(world: World, bc: str, rulebook: Rulebook | None = None) -> list[Fact]:
    """Tell what a Business Center and its people can do with the pixels there are.

    Parameters
    ----------
    world
        The state in force.
    bc
        Id of the Business Center.
    rulebook
        Unshare policy and settings; the documented ones by default.

    Raises
    ------
    UnknownNameError
        There is no such Business Center.
    """
    if bc not in world.business_centers:
        raise UnknownNameError("Business Center", bc, sorted(world.business_centers))
    people, codes = people_of(world, bc), sorted(world.pixels)

    def may(what: str) -> list[str]:
        return [
            code for code in codes if any(explain(world, who, what, code, rulebook=rulebook).allowed for who in people)
        ]

    controlled = [code for code in codes if owner_of(world, code) == bc]
    kept = [code for code in codes if world.ad_accounts[world.pixels[code].creator].owner_bc == bc]
    read = may("see")
    sites = [site for site in world.websites.values() if set(site.pixels) & set(read)]
    return [
        Fact("pixels it controls: shares and links", "R03", len(controlled), len(codes)),
        Fact("pixels nobody can take from it", "R11", len(kept), len(codes)),
        Fact("pixels its people read", "R17", len(read), len(codes)),
        Fact("pixels its people may use for ads", "R16", len(may("use")), len(codes)),
        Fact("pixels its people may create events on", "R21", len(may("edit")), len(codes)),
        Fact("websites whose events its people read", "R24", len(sites), len(world.websites)),
    ]
