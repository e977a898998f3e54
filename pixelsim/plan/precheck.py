"""What has to be known before access to a pixel ends: who runs on it, who holds what, which windows are open."""

from __future__ import annotations

from pixelsim.base.clock import DAY
from pixelsim.base.errors import UnknownNameError
from pixelsim.plan.costs import CostCase, CostKind, Estimator, price
from pixelsim.plan.findings import Code, Finding, Severity, when
from pixelsim.plan.goals import EndAccess, PixelUser, StopBy, UserState, removals
from pixelsim.sharing import actions as do
from pixelsim.sharing.rulebook import Rulebook
from pixelsim.world.relations import AudienceAfter
from pixelsim.world.world import World

__all__ = ["end_access", "latest_conversion", "precheck_unshare"]


def end_access(world: World, pixel: str, from_: str, stop_by: StopBy = StopBy.AUTO) -> EndAccess:
    """Make the goal of an unshare from the id of a partner's Business Center or of an ad account.

    Raises
    ------
    UnknownNameError
        The pixel, or the partner or account, does not exist.
    """
    if pixel not in world.pixels:
        kind = "pixel"
        raise UnknownNameError(kind, pixel, list(world.pixels))
    if from_ in world.business_centers:
        return EndAccess(pixel=pixel, partner=from_, stop_by=stop_by)
    if from_ in world.ad_accounts:
        return EndAccess(pixel=pixel, account=from_, stop_by=stop_by)
    kind = "Business Center or ad account"
    raise UnknownNameError(kind, from_, [*world.business_centers, *world.ad_accounts])


def window_days(world: World, ad_group: str) -> int:
    """Give the longest attribution window of an ad group, in days."""
    group = world.ad_groups[ad_group]
    return max(group.click_days, group.engaged_view_days, group.view_days)


def latest_conversion(world: World, ad_group: str, stopped_at: int) -> int:
    """Give the latest instant (ms) at which a conversion inside its window may come, once an ad group has stopped.

    An ad group that is past its schedule stopped at its end; for one that is switched off the world does not say
    since when, so that ``stopped_at`` is taken, which is never too early.
    """
    group = world.ad_groups[ad_group]
    stop = stopped_at if group.end is None else min(stopped_at, group.end)
    return stop + window_days(world, ad_group) * DAY


def precheck_unshare(
    world: World,
    pixel: str,
    *,
    from_: str,
    at: int = 0,
    rulebook: Rulebook | None = None,
    estimator: Estimator | None = None,
    stop_by: StopBy = StopBy.AUTO,
) -> list[Finding]:
    """List what has to be known before a pixel is unshared from a partner or unlinked from an ad account.

    Parameters
    ----------
    pixel
        Code of the pixel.
    from_
        Id of the partner's Business Center, or of the ad account.
    at
        Milliseconds since the scenario's start at which it is looked.
    rulebook
        Unshare policy and settings; the documented ones by default.
    estimator
        Who prices what would go wrong; without one, costs are not estimated.
    stop_by
        How the plan would stop ad groups; decides which resting ones matter.

    Returns
    -------
    list of Finding
        Accounts, what delivers, what is scheduled, what rests, tracking-only ads, open windows, audiences, tokens,
        people by name, shared ad accounts, and shared payment methods; what there is none of is left out.
    """
    rulebook = rulebook if rulebook is not None else Rulebook()
    goal = end_access(world, pixel, from_, stop_by)
    users = goal.users(world, at)
    found = [*_accounts(world, goal), *_users(world, goal, users, at=at, rulebook=rulebook, estimator=estimator)]
    found += [*_windows(world, goal, users, at, estimator), *_audiences(world, goal, rulebook, estimator)]
    if goal.partner is not None:
        found += _left_behind(world, goal, estimator)
    return found + _payment(world, goal)


def _accounts(world: World, goal: EndAccess) -> list[Finding]:
    accounts = tuple(account for _, account in goal.pairs(world))
    found: list[Finding] = []
    if accounts:
        sentence = f"Access of {_list(accounts)} to pixel {goal.pixel} ends."
        found.append(_note(Code.ACCOUNTS, accounts, sentence, "R14" if goal.partner else "R13"))
    creator = world.pixels[goal.pixel].creator
    if goal.account == creator or (goal.partner and world.ad_accounts[creator].owner_bc == goal.partner):
        found.append(
            Finding(
                code=Code.CREATOR_AMONG_ACCOUNTS,
                severity=Severity.FAULT,
                subjects=(creator,),
                sentence=f"Ad account {creator} created pixel {goal.pixel}, and that link cannot be removed.",
                rule="R11",
                remedy="move to a replacement pixel, created by an account of your own",
            )
        )
    return found


def _users(
    world: World,
    goal: EndAccess,
    users: list[PixelUser],
    *,
    at: int,
    rulebook: Rulebook,
    estimator: Estimator | None,
) -> list[Finding]:
    groups = [user for user in users if user.kind == "ad_group"]
    found: list[Finding] = []
    for state, code, words, remedy in (
        (UserState.DELIVERING, Code.AD_GROUPS_DELIVERING, "in delivery", "stop them before access ends"),
        (UserState.SCHEDULED, Code.AD_GROUPS_SCHEDULED, "with a start to come", "cancel them before access ends"),
    ):
        ids = tuple(user.id for user in groups if user.state is state)
        if ids:
            first = max(at, min(world.ad_groups[group].start for group in ids))
            week = CostCase(
                kind=CostKind.UNATTRIBUTED_SPEND,
                pixel=goal.pixel,
                accounts=tuple(sorted({user.account for user in groups if user.id in ids})),
                ad_groups=ids,
                start=first,
                end=first + 7 * DAY,
            )
            sentence = f"Ad groups {words} on pixel {goal.pixel}: {_list(ids)}."
            found.append(
                Finding(
                    code=code,
                    severity=Severity.WARNING,
                    subjects=ids,
                    sentence=f"{sentence} The cost is that of one week of delivery.",
                    rule="R15",
                    remedy=remedy,
                    cost=price(estimator, world, week),
                )
            )
    resting = tuple(
        user.id for user in groups if user.state is UserState.RESTING and goal.stop(world, user, rulebook) is not None
    )
    if resting:
        sentence = f"At rest, but would spend unattributed if somebody switched them on after: {_list(resting)}."
        found.append(_note(Code.AD_GROUPS_STOPPED, resting, sentence, "R15"))
    ads = tuple(user.id for user in users if user.kind == "ad" and user.state is not UserState.OVER)
    if ads:
        sentence = f"Ads that use pixel {goal.pixel} for tracking only, which can be changed: {_list(ads)}."
        found.append(_note(Code.TRACKING_ONLY_ADS, ads, sentence, "R16a"))
    return found


def _windows(
    world: World, goal: EndAccess, users: list[PixelUser], at: int, estimator: Estimator | None
) -> list[Finding]:
    groups = tuple(user.id for user in users if user.kind == "ad_group" and _may_still_convert(world, user, at))
    open_until = {group: latest_conversion(world, group, at) for group in groups}
    groups = tuple(group for group in groups if open_until[group] > at)
    if not groups:
        return []
    latest = max(open_until[group] for group in groups)
    case = CostCase(kind=CostKind.CUT_WINDOW, pixel=goal.pixel, ad_groups=groups, start=at, end=latest)
    sentence = f"Clicks up to now may still bring conversions until {when(latest)}: open windows have {_list(groups)}."
    return [
        Finding(
            code=Code.OPEN_WINDOWS,
            severity=Severity.WARNING,
            subjects=groups,
            sentence=sentence,
            rule="R20",
            remedy="keep access until the last window has closed, where conversions in flight are cut",
            until=latest,
            cost=price(estimator, world, case),
        )
    ]


def _may_still_convert(world: World, user: PixelUser, at: int) -> bool:
    if (user.pixel, user.account) not in world.links:
        return False
    if user.state is UserState.DELIVERING:
        return True
    return user.state is not UserState.SCHEDULED and world.ad_groups[user.id].start < at


def _audiences(world: World, goal: EndAccess, rulebook: Rulebook, estimator: Estimator | None) -> list[Finding]:
    accounts = {account for _, account in goal.pairs(world)}
    ids = tuple(
        key
        for key, audience in sorted(world.audiences.items())
        if audience.pixel == goal.pixel and audience.account in accounts and not audience.deleted
    )
    if not ids:
        return []
    setting = rulebook.settings.audience_after_access
    fate = {
        AudienceAfter.FROZEN: "stay usable, but are no longer refreshed",
        AudienceAfter.LOST: "are lost, and ad groups run on without them",
        AudienceAfter.DEADLINE: f"stay usable for {rulebook.settings.audience_deadline_days:g} days",
        AudienceAfter.PAUSE_USERS: "are lost, and ad groups that target them stop",
    }[setting]
    kept = setting is AudienceAfter.FROZEN
    case = CostCase(kind=CostKind.LOST_AUDIENCE, pixel=goal.pixel, accounts=tuple(sorted(accounts)))
    return [
        Finding(
            code=Code.AUDIENCES_BUILT,
            severity=Severity.NOTE if kept else Severity.WARNING,
            subjects=ids,
            sentence=f"Audiences built from pixel {goal.pixel} {fate} after access ends: {_list(ids)}.",
            rule="R18",
            remedy="" if kept else "replace them in ad groups that target them first",
            cost=None if kept else price(estimator, world, case),
        )
    ]


def _left_behind(world: World, goal: EndAccess, estimator: Estimator | None) -> list[Finding]:
    residuals = removals(world, goal.pixel, str(goal.partner))
    found: list[Finding] = []
    for kinds, code, words, rule in (
        (do.RevokeToken, Code.TOKENS_HELD, "Server tokens outlive the share", "R14"),
        (do.UnassignPixel | do.UnassignAccount, Code.PEOPLE_BY_NAME, "People keep what they were given", "R15a"),
        (do.RevokeAccountAccess, Code.SHARED_ACCOUNTS, "The partner reaches the pixel through ad accounts", "R17"),
    ):
        chosen = [residual for residual in residuals if isinstance(residual.action, kinds)]
        if chosen:
            shown = ", ".join(f"{residual.holder} can {residual.what}" for residual in chosen)
            holders = tuple(dict.fromkeys(residual.holder for residual in chosen))
            case = CostCase(kind=CostKind.UNWANTED_ACCESS, pixel=goal.pixel)
            found.append(
                Finding(
                    code=code,
                    severity=Severity.WARNING,
                    subjects=holders,
                    sentence=f"{words}: {shown}.",
                    rule=rule,
                    remedy="take each of them away by itself",
                    cost=price(estimator, world, case),
                )
            )
    return found


def _payment(world: World, goal: EndAccess) -> list[Finding]:
    accounts = sorted(account for _, account in goal.pairs(world))
    owner = world.pixels[goal.pixel].owner_bc
    billed = [
        (account, method)
        for account in accounts
        if (method := world.ad_accounts[account].payment_method) is not None
        and world.payment_methods[method].owner_bc == owner
    ]
    if not billed:
        return []
    shown = ", ".join(f"{account} through {method}" for account, method in billed)
    sentence = f"You pay for {shown}: ending that pauses every campaign there, while unsharing the pixel does not."
    return [_note(Code.SHARED_PAYMENT, tuple(account for account, _ in billed), sentence, "R15")]


def _note(code: Code, subjects: tuple[str, ...], sentence: str, rule: str) -> Finding:
    return Finding(code=code, severity=Severity.NOTE, subjects=subjects, sentence=sentence, rule=rule)


def _list(ids: tuple[str, ...]) -> str:
    return ids[0] if len(ids) == 1 else f"{', '.join(ids[:-1])} and {ids[-1]}"
