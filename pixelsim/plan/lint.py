"""Look a structure over: which good practice it follows, what breaks one, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pixelsim.base.clock import DAY
from pixelsim.plan.costs import CostCase, CostKind, Estimator, price
from pixelsim.plan.findings import Code, Finding, Severity
from pixelsim.plan.practices import followed, live_users, owner_of, sites
from pixelsim.plan.replay import orphaned_ad_groups
from pixelsim.sharing.editing import edit_decision
from pixelsim.sharing.ownership import orphaned_pixels
from pixelsim.sharing.revoking import links_through
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.entities import AccountRole, BusinessRole
from pixelsim.world.queries import account_of_ad_group, account_role_of_business, accounts_of_pixel, share_in_force
from pixelsim.world.world import World

__all__ = ["Tag", "check", "in_order"]

WEEK = 7 * DAY
_ORDER = (Severity.FAULT, Severity.WARNING, Severity.NOTE, Severity.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag on a website's pages: its name, and the pixel that it targets; None targets every pixel of the page."""

    website: str
    name: str
    pixel: str | None = None


def check(
    world: World,
    rulebook: Rulebook | None = None,
    *,
    at: int = 0,
    tags: Iterable[Tag] = (),
    estimator: Estimator | None = None,
) -> list[Finding]:
    """Check a structure against the good practices B1 to B4.

    Parameters
    ----------
    world
        The state to look over.
    rulebook
        Unshare policy and settings; the documented ones by default. They decide what a broken practice leads to.
    at
        Milliseconds since the scenario's start at which it is looked.
    tags
        Tags on the websites' pages, where they are known.
    estimator
        Who prices what was found; without one, costs are not estimated. Running costs are those of one week.

    Returns
    -------
    list of Finding
        Faults first, then warnings, notes, and the practices that are followed.
    """
    linter = _Linter(world, rulebook if rulebook is not None else Rulebook(), at, estimator)
    found = [
        *linter.pixels_for_one_domain(),
        *linter.one_pixel_on_all_domains(),
        *linter.agency_owns(),
        *linter.headquarters_own_all(),
        *linter.shared_to_nobody(),
        *linter.never_unshared(),
        *linter.unshared_before_stop(),
        *linter.left_behind(),
        *linter.admins(),
        *linter.empty_targets(tags),
        *linter.nobody_edits(),
        *followed(world, at),
    ]
    return in_order(found)


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Sort findings: faults first, then warnings, notes, and practices that are followed; the same code together."""
    return sorted(found, key=lambda one: (_ORDER.index(one.severity), one.code, one.since or 0, one.subjects))


@dataclass(frozen=True, slots=True)
class _Linter:
    """The single looks, each giving what it finds."""

    world: World
    rulebook: Rulebook
    at: int
    estimator: Estimator | None

    def _finding(
        self,
        code: Code,
        severity: Severity,
        subjects: tuple[str, ...],
        sentence: str,
        *,
        rule: str,
        remedy: str,
        cost: CostCase | None = None,
    ) -> Finding:
        priced = None if cost is None else price(self.estimator, self.world, cost)
        return Finding(
            code=code, severity=severity, subjects=subjects, sentence=sentence, rule=rule, remedy=remedy, cost=priced
        )

    def _case(self, kind: CostKind, pixel: str | None, ad_groups: tuple[str, ...] = ()) -> CostCase:
        accounts = () if pixel is None else tuple(accounts_of_pixel(self.world, pixel))
        return CostCase(
            kind=kind, pixel=pixel, accounts=accounts, ad_groups=ad_groups, start=self.at, end=self.at + WEEK
        )

    def pixels_for_one_domain(self) -> Iterator[Finding]:
        """B1: several pixels on one domain, such as one for each region."""
        for names, pixels in sites(self.world):
            if len(pixels) > 1:
                yield self._finding(
                    Code.PIXELS_FOR_ONE_DOMAIN,
                    Severity.WARNING,
                    (*names, *pixels),
                    f"{', '.join(names)} carries {len(pixels)} pixels ({', '.join(pixels)}): events, audiences and "
                    "learning are scattered, and each page loads all of them.",
                    rule="B1",
                    remedy="keep one pixel and share it with the other Business Centers",
                    cost=self._case(CostKind.SPLIT_SIGNAL, pixels[0]),
                )

    def one_pixel_on_all_domains(self) -> Iterator[Finding]:
        """B2: one pixel on sites that have no domain in common."""
        carried: dict[str, list[str]] = {}
        for names, pixels in sites(self.world):
            for pixel in pixels:
                carried.setdefault(pixel, []).append("/".join(names))
        for pixel, where in sorted(carried.items()):
            if len(where) > 1:
                yield self._finding(
                    Code.ONE_PIXEL_ON_ALL_DOMAINS,
                    Severity.WARNING,
                    (pixel, *where),
                    f"Pixel {pixel} is on {len(where)} sites without a common domain ({', '.join(where)}): their "
                    "events are mixed, and ads learn from visitors of other brands.",
                    rule="B2",
                    remedy="give each domain a pixel of its own brand",
                    cost=self._case(CostKind.MIXED_SIGNAL, pixel),
                )

    def agency_owns(self) -> Iterator[Finding]:
        """B3: an agency controls a pixel that is on a website."""
        carried = {pixel for _, pixels in sites(self.world) for pixel in pixels}
        for pixel in sorted(carried):
            owner = owner_of(self.world, pixel)
            if owner is not None and self.world.business_centers[owner].type.is_agency:
                for_ever = self.world.pixels[pixel].owner_bc is not None
                yield self._finding(
                    Code.AGENCY_OWNS_PIXEL,
                    Severity.FAULT if for_ever else Severity.WARNING,
                    (pixel, owner),
                    f"Agency {owner} owns pixel {pixel}, which is on a brand's site"
                    + (
                        ": a transfer has no way back, and the brand loses it with the agency."
                        if for_ever
                        else "; it is not transferred yet."
                    ),
                    rule="B3",
                    remedy=(
                        "have the brand create a pixel of its own and share it with the agency"
                        if for_ever
                        else "have the brand's Business Center take it, and share it with the agency"
                    ),
                    cost=self._case(CostKind.RELEARNING, pixel),
                )

    def headquarters_own_all(self) -> Iterator[Finding]:
        """B2: one Business Center owns the pixels of several sites, which others use."""
        owned: dict[str, list[str]] = {}
        for _, pixels in sites(self.world):
            for pixel in pixels:
                owner = self.world.pixels[pixel].owner_bc
                homes = {self.world.ad_accounts[account].owner_bc for account in accounts_of_pixel(self.world, pixel)}
                centers = self.world.business_centers
                others = [bc for bc in homes - {owner} if bc is not None and not centers[bc].type.is_agency]
                if owner is not None and others and not self.world.business_centers[owner].type.is_agency:
                    owned.setdefault(owner, []).append(pixel)
        for owner, listed in sorted(owned.items()):
            codes = tuple(sorted(set(listed)))
            if len(codes) > 1:
                yield self._finding(
                    Code.HEADQUARTERS_OWNS_ALL,
                    Severity.WARNING,
                    (owner, *codes),
                    f"{owner} owns the pixels of {len(codes)} sites ({', '.join(codes)}) that other Business Centers "
                    "run: every event and every share has to go through it.",
                    rule="B2",
                    remedy="let each brand own its pixel, and give headquarters Admin access",
                )

    def shared_to_nobody(self) -> Iterator[Finding]:
        """P01: a pixel that is shared, but that the receiver linked to no ad account.

        Who runs ads in an account that has the pixel, such as an agency in its client's (B3), needs no link of its own.
        """
        for pixel, partner in sorted(self.world.shares):
            roles = [account_role_of_business(self.world, partner, a) for a in accounts_of_pixel(self.world, pixel)]
            if any(role is not None and role.at_least(AccountRole.OPERATOR) for role in roles):
                continue
            if share_in_force(self.world, pixel, partner) and not links_through(self.world, pixel, partner):
                yield self._finding(
                    Code.SHARED_TO_NOBODY,
                    Severity.WARNING,
                    (pixel, partner),
                    f"Pixel {pixel} is shared with {partner}, which linked it to no ad account: nobody can pick it.",
                    rule="R09",
                    remedy=f"have an Admin of {partner} link it, or unshare it",
                )

    def never_unshared(self) -> Iterator[Finding]:
        """B4: a partner whose ads on a pixel are all over still has it."""
        for pixel, partner in sorted(self.world.shares):
            if not share_in_force(self.world, pixel, partner):
                continue
            accounts = [
                a for (code, a), link in sorted(self.world.links.items()) if code == pixel and link.by_bc == partner
            ]
            used = any(
                group.pixel == pixel and account_of_ad_group(self.world, key) in accounts
                for key, group in self.world.ad_groups.items()
            )
            if used and not any(live_users(self.world, pixel, account, self.at) for account in accounts):
                yield self._finding(
                    Code.NEVER_UNSHARED,
                    Severity.WARNING,
                    (pixel, partner),
                    f"{partner} has run ads on pixel {pixel} and runs none any more, but still sees and may use it.",
                    rule="B4",
                    remedy=f"unshare pixel {pixel} from {partner}",
                    cost=self._case(CostKind.UNWANTED_ACCESS, pixel),
                )

    def unshared_before_stop(self) -> Iterator[Finding]:
        """B4: access ended while something was still on: it spends unattributed, or stands still."""
        spending = set(orphaned_ad_groups(self.world, self.at))
        for pixel, account in sorted(self.world.unbound):
            live = live_users(self.world, pixel, account, self.at)
            orphans = tuple(key for key in live if key in spending)
            still = tuple(key for key in live if key not in spending)
            if orphans:
                yield self._finding(
                    Code.ORPHANED_SPEND,
                    Severity.FAULT,
                    orphans,
                    f"{', '.join(orphans)} in {account} spend without access to pixel {pixel}: it was unshared before "
                    "they were stopped.",
                    rule="R15",
                    remedy="stop them now",
                    cost=self._case(CostKind.UNATTRIBUTED_SPEND, pixel, orphans),
                )
            if still:
                yield self._finding(
                    Code.UNSHARED_BEFORE_STOP,
                    Severity.WARNING,
                    still,
                    f"{', '.join(still)} in {account} are on, but pixel {pixel} was unshared before they were stopped.",
                    rule="B4",
                    remedy="switch them off, or link the pixel again",
                    cost=self._case(CostKind.LOST_DELIVERY, pixel, still),
                )

    def left_behind(self) -> Iterator[Finding]:
        """P28 and P29: tokens and people that outlived a share."""
        for key, token in sorted(self.world.tokens.items()):
            entitled = owner_of(self.world, token.pixel) == token.holder_bc
            if not token.revoked and not entitled and not share_in_force(self.world, token.pixel, token.holder_bc):
                yield self._finding(
                    Code.TOKENS_LEFT,
                    Severity.FAULT,
                    (key, token.holder_bc),
                    f"Server token {key} of {token.holder_bc} still sends events to pixel {token.pixel}, which is no "
                    "longer shared with it.",
                    rule="R14",
                    remedy=f"revoke token {key}",
                    cost=self._case(CostKind.UNWANTED_ACCESS, token.pixel),
                )
        yield from self._people_by_name()

    def _people_by_name(self) -> Iterator[Finding]:
        world = self.world
        listed = [
            (person, pixel, owner_of(world, pixel), held.via) for (pixel, person), held in world.pixel_people.items()
        ]
        listed += [
            (person, account, world.ad_accounts[account].owner_bc, assigned.via)
            for (account, person), assigned in world.account_people.items()
        ]
        for person, asset, owner, via in sorted(listed, key=lambda row: row[:2]):
            outsider = owner is not None and (owner, person) not in world.members
            if via is None and outsider and not world.people[person].left:
                yield self._finding(
                    Code.PEOPLE_BY_NAME,
                    Severity.WARNING,
                    (person, asset),
                    f"{person} was added to {asset} by name and is no member of {owner}: ending a partnership does "
                    "not take that away.",
                    rule="B4",
                    remedy=f"take {asset} away from {person}, or assign it through a Business Center",
                )

    def admins(self) -> Iterator[Finding]:
        """P39: Business Centers with pixels and one Admin or none, and pixels that nobody can hand over."""
        world = self.world
        owners = {pixel.owner_bc for pixel in world.pixels.values()} - {None}
        for bc in sorted(str(owner) for owner in owners):
            there = [
                person
                for (home, person), role in sorted(world.members.items())
                if home == bc and role is BusinessRole.ADMIN and not world.people[person].left
            ]
            if len(there) == 1:
                yield self._finding(
                    Code.SOLE_ADMIN,
                    Severity.WARNING,
                    (bc, there[0]),
                    f"{there[0]} is the only Admin of {bc}: when they are away, nobody shares or unshares its pixels.",
                    rule="R08",
                    remedy=f"make a second person an Admin of {bc}",
                )
            elif not there:
                yield self._stranded((bc,), f"Nobody is left who is an Admin of {bc}, which owns pixels.")
        for pixel in orphaned_pixels(world):
            creator = world.pixels[pixel].creator
            if world.pixels[pixel].owner_bc is not None:
                continue  # told with its Business Center
            yield self._stranded((pixel, creator), f"No Admin is left on {creator}, so nobody can hand {pixel} over.")

    def _stranded(self, subjects: tuple[str, ...], sentence: str) -> Finding:
        return self._finding(
            Code.PIXEL_WITHOUT_ADMIN,
            Severity.FAULT,
            subjects,
            sentence,
            rule="R05",
            remedy="have the platform's support restore an Admin, or move to a replacement pixel",
        )

    def nobody_edits(self) -> Iterator[Finding]:
        """R21: a share gives no editing, so that events need somebody who was granted it."""
        for pixel, partner in sorted(self.world.shares):
            if not share_in_force(self.world, pixel, partner):
                continue
            people = sorted(person for home, person in self.world.members if home == partner)
            if any(edit_decision(self.world, person, pixel, self.rulebook).allowed for person in people):
                continue
            creator = self.world.pixels[pixel].creator
            yield self._finding(
                Code.NOBODY_EDITS,
                Severity.NOTE,
                (pixel, partner),
                f"Nobody of {partner} may create events on pixel {pixel}: a share gives no editing.",
                rule="R21",
                remedy=f"grant one of its people pixel editing, or the Admin role on ad account {creator}",
            )

    def empty_targets(self, tags: Iterable[Tag]) -> Iterator[Finding]:
        """P45: a tag without a target on a page with several pixels fires on all of them."""
        for tag in tags:
            website = self.world.websites.get(tag.website)
            if website is not None and tag.pixel is None and len(website.pixels) > 1:
                yield self._finding(
                    Code.EMPTY_TAG_TARGET,
                    Severity.WARNING,
                    (tag.website, tag.name),
                    f"Tag {tag.name} on {tag.website} names no pixel, so its events go to all of "
                    f"{', '.join(website.pixels)}.",
                    rule="B1",
                    remedy="name the pixel that the tag is for",
                )
