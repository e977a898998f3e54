"""Whether the audiences and payment methods that a scenario declares could have come about by the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pixelsim.base.errors import Fault
from pixelsim.scenario.structure import Structure
from pixelsim.world.queries import account_of_ad_group, is_billed, is_linked, partnership_status
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = ["audience_faults", "payment_faults"]

_Kept = Mapping[str, set[int]]


def audience_faults(structure: Structure, kept: _Kept, world: World, place: str) -> Iterator[Fault]:
    """Give what is declared about audiences against R18, each fault with its place, the rule and a remedy.

    Parameters
    ----------
    structure
        What exists at the start.
    kept
        Numbers of the entries, by list, whose references lead somewhere; the others are passed over.
    world
        The world of these entries.
    place
        Where the structure stands.
    """
    for i in sorted(kept["audiences"]):
        audience, where = structure.audiences[i], f"{place}.audiences[{i}]"
        if not is_linked(world, audience.pixel, audience.account):
            rule = f"a pixel that ad account {audience.account} has access to (R18)"
            remedy = f"link {audience.pixel} to {audience.account} in structure.links, or choose another pixel"
            yield Fault(f"{where}.pixel", "pixel", audience.pixel, rule, remedy)
        home = world.ad_accounts[audience.account].owner_bc
        for account in audience.shared_with:
            if home is None or world.ad_accounts[account].owner_bc != home:
                rule = f"an ad account of the Business Center that owns {audience.account} (R18)"
                remedy = f"remove it, and build the audience in {account} from the pixel"
                yield Fault(f"{where}.shared_with", "shared_with", account, rule, remedy)
        if audience.seed is not None:
            yield from _seed_faults(world, audience.id, f"{where}.seed")
    for i in sorted(kept["ad_groups"]):
        group = structure.ad_groups[i]
        account = account_of_ad_group(world, group.id)
        for key in group.audiences:
            held = world.audiences[key]
            if account != held.account and account not in held.shared_with:
                rule = f"an audience of ad account {account}, or one shared with it (R18)"
                remedy = f"add {account} to shared_with of {key}, or choose another audience"
                yield Fault(f"{place}.ad_groups[{i}].audiences", "audiences", key, rule, remedy)


def _seed_faults(world: World, audience: str, where: str) -> Iterator[Fault]:
    seed = str(world.audiences[audience].seed)
    if world.audiences[seed].account != world.audiences[audience].account:
        rule = f"an audience of ad account {world.audiences[audience].account} (R18)"
        yield Fault(where, "seed", seed, rule, "choose a seed of the same ad account")
    above: set[str] = set()
    here: str | None = seed
    while here is not None and here not in above:
        above.add(here)
        here = world.audiences[here].seed
    if audience in above:
        rule = "an audience that was there before its lookalike (R18)"
        yield Fault(where, "seed", seed, rule, "break the circle of seeds")


def payment_faults(structure: Structure, kept: _Kept, world: World, place: str) -> Iterator[Fault]:
    """Give what is declared about payment methods against P34; see :func:`audience_faults`."""
    for i in sorted(kept["ad_accounts"]):
        account = structure.ad_accounts[i]
        if not is_billed(world, account.id):
            rule = "a payment method of the account's Business Center, or one lent to it (P34)"
            remedy = "add it to structure.payment_shares, or leave it out for the account's own billing"
            where = f"{place}.ad_accounts[{i}].payment_method"
            yield Fault(where, "payment_method", str(account.payment_method), rule, remedy)
    for i in sorted(kept["payment_shares"]):
        share = structure.payment_shares[i]
        owner = world.payment_methods[share.payment].owner_bc
        if share.partner == owner or partnership_status(world, owner, share.partner) is not RelationStatus.BOUND:
            rule = f"a bound partner of {owner}, which owns the payment method (P34)"
            remedy = "add the partnership to structure.partnerships, or remove the entry"
            yield Fault(f"{place}.payment_shares[{i}].partner", "partner", share.partner, rule, remedy)
