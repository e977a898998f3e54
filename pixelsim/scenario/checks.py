"""Whether what a scenario declares to exist at its start could have come about by the rules.

Every share, link, role and ad of the structure is checked as if someone had made it, and each fault names the rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from pixelsim.base.errors import Fault
from pixelsim.scenario.checks_ads import audience_faults, payment_faults
from pixelsim.scenario.references import sound
from pixelsim.scenario.structure import Structure
from pixelsim.sharing.checks import availability_refusal
from pixelsim.sharing.rulebook import PartnerMayLink, Rulebook
from pixelsim.world.entities import AccountRole, PixelLevel
from pixelsim.world.queries import (
    account_of_ad_group,
    account_role_of_business,
    is_linked,
    partnership_status,
    share_in_force,
)
from pixelsim.world.relations import RelationStatus
from pixelsim.world.world import World

__all__ = ["rule_faults"]

_ALIVE = {RelationStatus.BOUND, RelationStatus.PENDING}


def rule_faults(structure: Structure, rulebook: Rulebook, place: str = "$.structure") -> list[Fault]:
    """List what a structure declares against the rules, each fault with its place, the rule and a remedy.

    Parameters
    ----------
    structure
        What exists at the start; entries that refer to something unknown are passed over.
    rulebook
        Settings that decide whether a partner may link accounts of others, and whether it may grant pixel editing.
    place
        Where the structure stands.
    """
    return _Checks(structure, rulebook, place).all()


class _Checks:
    """The checks of one structure."""

    def __init__(self, structure: Structure, rulebook: Rulebook, place: str) -> None:
        self.kept = sound(structure.model_dump(mode="json"))
        parts = {
            name: tuple(entry for i, entry in enumerate(getattr(structure, name)) if i in numbers)
            for name, numbers in self.kept.items()
        }
        self.structure, self.rulebook, self.place = structure, rulebook, place
        self.world: World = structure.model_copy(update=parts).world()

    def all(self) -> list[Fault]:
        """Give all faults, in the order of the structure's lists."""
        return [
            *self._websites(),
            *self._pixels(),
            *self._ad_groups(),
            *self._ads(),
            *self._account_people(),
            *self._account_grants(),
            *self._partnerships(),
            *self._shares(),
            *self._links(),
            *self._pixel_people(),
            *audience_faults(self.structure, self.kept, self.world, self.place),
            *payment_faults(self.structure, self.kept, self.world, self.place),
        ]

    def _numbers(self, name: str) -> Iterator[int]:
        yield from sorted(self.kept[name])

    def _fault(self, at: tuple[str, int, str], value: str, rule: str, remedy: str) -> Fault:
        name, number, field = at
        return Fault(f"{self.place}.{name}[{number}].{field}", field, value, rule, remedy)

    def _websites(self) -> Iterator[Fault]:
        for i in self._numbers("websites"):
            site = self.structure.websites[i]
            for pixel in sorted({p for p in site.pixels if site.pixels.count(p) > 1}):
                yield self._fault(("websites", i, "pixels"), pixel, "on a website once", "name each pixel once")

    def _pixels(self) -> Iterator[Fault]:
        """R02: identifiers are unique; R06: an agency owns pixels of accounts that were created from it."""
        first: dict[str, str] = {}
        for i in self._numbers("pixels"):
            pixel = self.structure.pixels[i]
            other = first.setdefault(pixel.number, pixel.code)
            if other != pixel.code:
                rule = f"unlike that of pixel {other} (R02)"
                yield self._fault(("pixels", i, "number"), pixel.number, rule, "give each pixel its own number")
            owner, account = pixel.owner_bc, self.world.ad_accounts[pixel.creator]
            if owner is None or not self.world.business_centers[owner].type.is_agency:
                continue
            if account.created_from_bc != owner:
                rule = f"no agency but the one that ad account {account.id} was created from (R06)"
                remedy = f"set created_from_bc of {account.id} to {owner}, or let another Business Center own the pixel"
                yield self._fault(("pixels", i, "owner_bc"), owner, rule, remedy)

    def _ad_groups(self) -> Iterator[Fault]:
        """R16: an ad group uses a pixel that its account has access to; its schedule ends after its start."""
        for i in self._numbers("ad_groups"):
            group = self.structure.ad_groups[i]
            if group.end_day is not None and group.end_day <= group.start_day:
                rule = f"after start_day, {group.start_day:g}"
                yield self._fault(("ad_groups", i, "end_day"), f"{group.end_day:g}", rule, "date the end later")
            account = account_of_ad_group(self.world, group.id)
            if group.pixel is not None and not is_linked(self.world, group.pixel, account):
                rule = f"a pixel that ad account {account} has access to (R16)"
                remedy = f"link {group.pixel} to {account} in structure.links, or choose another pixel"
                yield self._fault(("ad_groups", i, "pixel"), group.pixel, rule, remedy)

    def _ads(self) -> Iterator[Fault]:
        """R16a: a tracking pixel is the ad group's own when that is set, an accessible one otherwise."""
        for i in self._numbers("ads"):
            ad = self.structure.ads[i]
            group = self.world.ad_groups[ad.ad_group]
            if ad.tracking_pixel is None:
                continue
            account = account_of_ad_group(self.world, group.id)
            if group.pixel not in {None, ad.tracking_pixel}:
                rule = f"the pixel of its ad group, {group.pixel} (R16a)"
                yield self._fault(("ads", i, "tracking_pixel"), ad.tracking_pixel, rule, "leave it out")
            elif not is_linked(self.world, ad.tracking_pixel, account):
                rule = f"a pixel that ad account {account} has access to (R16)"
                remedy = f"link {ad.tracking_pixel} to {account} in structure.links, or choose another pixel"
                yield self._fault(("ads", i, "tracking_pixel"), ad.tracking_pixel, rule, remedy)

    def _account_people(self) -> Iterator[Fault]:
        """R16: a role on an account comes by name, or through a Business Center that has one, to its members."""
        for i in self._numbers("account_people"):
            held = self.structure.account_people[i]
            if held.via is None:
                continue
            if (held.via, held.person) not in self.world.members:
                rule = f"a Business Center that {held.person} is a member of (R16)"
                remedy = "add the person to structure.members, or leave via out for someone added by name"
                yield self._fault(("account_people", i, "via"), held.via, rule, remedy)
            elif account_role_of_business(self.world, held.via, held.account) is None:
                rule = f"a Business Center with a role on ad account {held.account} (R16)"
                remedy = "let it own the account, or add it to structure.account_grants over a partnership"
                yield self._fault(("account_people", i, "via"), held.via, rule, remedy)

    def _account_grants(self) -> Iterator[Fault]:
        """R07: access to an account of another Business Center is granted over a partnership."""
        for i in self._numbers("account_grants"):
            grant = self.structure.account_grants[i]
            owner = self.world.ad_accounts[grant.account].owner_bc
            if owner in {None, grant.bc} or partnership_status(self.world, str(owner), grant.bc) in _ALIVE:
                continue
            rule = f"a partner of {owner}, which owns ad account {grant.account} (R07)"
            remedy = "add the partnership to structure.partnerships, or remove the grant"
            yield self._fault(("account_grants", i, "bc"), grant.bc, rule, remedy)

    def _partnerships(self) -> Iterator[Fault]:
        for i in self._numbers("partnerships"):
            pair = self.structure.partnerships[i]
            if pair.bc == pair.partner:
                rule = "another Business Center (R08)"
                yield self._fault(("partnerships", i, "partner"), pair.partner, rule, "remove the partnership")

    def _shares(self) -> Iterator[Fault]:
        """R01, R03 and R08: an eligible Business Center shares what it owns with a partner."""
        for i in self._numbers("shares"):
            share = self.structure.shares[i]
            owner = self.world.pixels[share.pixel].owner_bc
            if owner is None:
                rule = "a pixel that was transferred to a Business Center (R03)"
                remedy = "set owner_bc of the pixel, or remove the share"
                yield self._fault(("shares", i, "pixel"), share.pixel, rule, remedy)
                continue
            if share.partner == owner or partnership_status(self.world, owner, share.partner) not in _ALIVE:
                rule = f"a partner of {owner}, which owns the pixel (R08)"
                remedy = "add the partnership to structure.partnerships, or remove the share"
                yield self._fault(("shares", i, "partner"), share.partner, rule, remedy)
            refusal = availability_refusal(self.world, owner, share.partner, self.rulebook)
            if refusal is not None:
                rule = f"a pixel of a Business Center that may share: {refusal.reason.rstrip('.')} (R01)"
                remedy = "change its type or verification, or remove the share"
                yield self._fault(("shares", i, "pixel"), share.pixel, rule, remedy)

    def _links(self) -> Iterator[Fault]:
        """R03, R07 and R09: the owner links accounts it has access to, a partner its own."""
        for i in self._numbers("links"):
            link = self.structure.links[i]
            pixel, account = self.world.pixels[link.pixel], self.world.ad_accounts[link.account]
            if pixel.creator == account.id:
                continue
            if pixel.owner_bc is None:
                rule = "a pixel that was transferred to a Business Center (R03)"
                remedy = "set owner_bc of the pixel, or remove the link"
                yield self._fault(("links", i, "pixel"), link.pixel, rule, remedy)
            elif link.by_bc == pixel.owner_bc:
                if account_role_of_business(self.world, link.by_bc, account.id) is None:
                    rule = f"an ad account that {link.by_bc} has access to (R07)"
                    remedy = "add the access to structure.account_grants over a partnership, or remove the link"
                    yield self._fault(("links", i, "account"), link.account, rule, remedy)
            elif not share_in_force(self.world, link.pixel, link.by_bc):
                rule = f"the owner, {pixel.owner_bc}, or a partner that the pixel is shared with (R09)"
                remedy = "add the share and its partnership, or let the owner make the link"
                yield self._fault(("links", i, "by_bc"), link.by_bc, rule, remedy)
            elif not self._may_link_as_partner(link.by_bc, account.id):
                rule = f"an ad account of {link.by_bc}, which links as a partner (R09)"
                remedy = "choose an account of its own, or change settings.partner_may_link"
                yield self._fault(("links", i, "account"), link.account, rule, remedy)

    def _may_link_as_partner(self, bc: str, account: str) -> bool:
        if self.world.ad_accounts[account].owner_bc == bc:
            return True
        wide = self.rulebook.settings.partner_may_link is PartnerMayLink.ADMIN_ACCESS
        return wide and account_role_of_business(self.world, bc, account) is AccountRole.ADMIN

    def _pixel_people(self) -> Iterator[Fault]:
        """R10: a Business Center assigns its members; a partner's members get no editing unless a setting says so."""
        for i in self._numbers("pixel_people"):
            held = self.structure.pixel_people[i]
            if held.via is None:
                continue
            owner = self.world.pixels[held.pixel].owner_bc
            if (held.via, held.person) not in self.world.members:
                rule = f"a Business Center that {held.person} is a member of (R10)"
                remedy = "add the person to structure.members, or leave via out for someone added by name"
                yield self._fault(("pixel_people", i, "via"), held.via, rule, remedy)
            elif owner != held.via and not share_in_force(self.world, held.pixel, held.via):
                rule = "the pixel's Business Center, or a partner that it is shared with (R10)"
                remedy = "add the share and its partnership, or remove the assignment"
                yield self._fault(("pixel_people", i, "via"), held.via, rule, remedy)
            elif (
                owner != held.via
                and held.level is PixelLevel.EDIT
                and not self.rulebook.settings.partner_admin_may_grant_editing
            ):
                rule = "VIEW, since a partner cannot grant pixel editing (R21)"
                remedy = "lower the level, or set settings.partner_admin_may_grant_editing"
                yield self._fault(("pixel_people", i, "level"), held.level.value, rule, remedy)
