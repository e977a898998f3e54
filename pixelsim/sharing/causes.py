"""Every cause of a refusal, with its sentence and its remedies: all wording in one place.

Names in braces are filled in from the facts of the decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["WORDING", "Cause", "Wording"]


class Cause(StrEnum):
    """Why a decision fell as it did, as a code that programs can compare."""

    ALLOWED = "ALLOWED"
    ACCOUNT_DISABLED = "CANNOT_CHANGE_DISABLED_ACCOUNT"
    ACCOUNT_HAS_TAG = "ACCOUNT_HAS_TAG"
    ACTIVE_CAMPAIGNS = "ACTIVE_CAMPAIGNS"
    ALREADY_LINKED = "ALREADY_LINKED"
    ALREADY_OWNED = "ALREADY_OWNED"
    ALREADY_SHARED = "ALREADY_SHARED"
    ALREADY_SO = "ALREADY_SO"
    ASSET_NOT_ASSIGNED = "ASSET_NOT_ASSIGNED"
    AUDIENCE_GONE = "AUDIENCE_GONE"
    AUDIENCE_NOT_SHARED = "AUDIENCE_NOT_SHARED"
    CLOCK_BACKWARDS = "CLOCK_BACKWARDS"
    CONDITION_NOT_MET = "CONDITION_NOT_MET"
    CREATOR_STAYS = "CREATOR_STAYS"
    DELETED = "DELETED"
    DOWNGRADE = "DOWNGRADE"
    DUPLICATE_ID = "DUPLICATE_ID"
    DUPLICATE_NAME = "DUPLICATE_NAME"
    EDITING_BEFORE_TRANSFER = "EDITING_BEFORE_TRANSFER"
    EDITING_NOT_GRANTED = "EDITING_NOT_GRANTED"
    EXPIRED = "EXPIRED"
    HELD_OTHERWISE = "HELD_OTHERWISE"
    IN_REVIEW = "IN_REVIEW"
    IRREVERSIBLE = "IRREVERSIBLE"
    LEVEL_TOO_LOW = "LEVEL_TOO_LOW"
    LIMIT_REACHED = "LIMIT_REACHED"
    NEED_ADMIN_ON_OWNER_ACCOUNT = "NEED_ADMIN_ON_OWNER_ACCOUNT"
    NO_ACCESS = "NO_ACCESS"
    NO_ADMIN_LEFT = "NO_ADMIN_LEFT"
    NO_RESHARE = "NO_RESHARE"
    NO_RIGHT_ON_ACCOUNT = "NO_RIGHT_ON_ACCOUNT"
    NOT_ACCEPTED = "NOT_ACCEPTED"
    NOT_ALLOWED_VALUE = "NOT_ALLOWED"
    NOT_A_MEMBER = "NOT_A_MEMBER"
    NOT_CREATED_FROM_BC = "NOT_CREATED_FROM_BC"
    NOT_IN_BC = "NOT_IN_BC"
    NOT_LINKED = "NOT_LINKED"
    NOT_OWNER = "NOT_OWNER"
    NOT_OWN_ACCOUNT = "NOT_OWN_ACCOUNT"
    NOT_PARTNER = "NOT_PARTNER"
    NOT_READABLE = "NOT_READABLE"
    NOT_READY = "NOT_READY"
    NOT_SHARED = "NOT_SHARED"
    OTHER_BC = "OTHER_BC"
    OWNED_NOT_LINKED = "OWNED_NOT_LINKED"
    OWNS_IT = "OWNS_IT"
    PENDING = "PENDING"
    PERSON_LEFT = "PERSON_LEFT"
    PUBLISHED = "PUBLISHED"
    REJECTED = "REJECTED"
    REPLACES_PIXEL = "REPLACES_PIXEL"
    REVOKED = "REVOKED"
    ROLE_TOO_LOW = "ROLE_TOO_LOW"
    SELF_SHARE = "SELF_SHARE"
    TOO_MANY = "TOO_MANY"
    TOO_SMALL = "TOO_SMALL"
    TYPE_NOT_ELIGIBLE = "TYPE_NOT_ELIGIBLE"
    UNKNOWN_CODE = "UNKNOWN_CODE"
    UNKNOWN_ID = "UNKNOWN_ID"
    WRONG_BC = "WRONG_BC"


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentence and remedies of a cause; templates for ``str.format_map``."""

    sentence: str
    remedies: tuple[str, ...] = ()


WORDING: dict[Cause, Wording] = {
    Cause.ALLOWED: Wording("Allowed."),
    Cause.ACCOUNT_DISABLED: Wording(
        "Ad account {account} is not in good standing, so nothing in it can be changed.",
        ("restore the standing of ad account {account} first",),
    ),
    Cause.ACCOUNT_HAS_TAG: Wording(
        "Ad account {account} already holds {held}, and may hold no more than {limit}.",
        ("unlink {held} from ad account {account} first",),
    ),
    Cause.ACTIVE_CAMPAIGNS: Wording(
        "{blocking} in {account} still use pixel {pixel}. Scheduled ones that do not block: {scheduled}.",
        ("stop {blocking}, and cancel what is scheduled, then unshare",),
    ),
    Cause.ALREADY_LINKED: Wording(
        "Pixel {pixel} is already linked to ad account {account}.", ("use it; nothing has to be done",)
    ),
    Cause.ALREADY_OWNED: Wording(
        "Pixel {pixel} already belongs to Business Center {owner}.",
        ("ask an Admin of {owner} to share it",),
    ),
    Cause.ALREADY_SHARED: Wording(
        "Pixel {pixel} is already shared with Business Center {partner}.",
        ("have {partner} link it to its ad accounts",),
    ),
    Cause.ALREADY_SO: Wording("Nothing would change: {what}.", ("leave it as it is",)),
    Cause.ASSET_NOT_ASSIGNED: Wording(
        "{person} has no role on {asset}: the asset was never assigned to them.",
        ("have an Admin assign {asset} to {person}",),
    ),
    Cause.AUDIENCE_GONE: Wording(
        "Audience {audience} was built from pixel {pixel}, which ad account {account} lost; it can no longer be used.",
        ("have the pixel linked to ad account {account} again", "build the audience from a pixel of one's own"),
    ),
    Cause.AUDIENCE_NOT_SHARED: Wording(
        "Audience {audience} belongs to ad account {owner} and is not shared with ad account {account}.",
        ("have ad account {owner} share it, inside one Business Center", "build it in {account} from the pixel"),
    ),
    Cause.CLOCK_BACKWARDS: Wording(
        "The action is dated {at} ms, before the last one at {last} ms.", ("give actions in the order of their dates",)
    ),
    Cause.CONDITION_NOT_MET: Wording(
        "Business Center {bc} is an unmanaged regular one and fails the condition '{condition}'.",
        ("meet the condition '{condition}' for {bc}", "share from an eligible Business Center"),
    ),
    Cause.CREATOR_STAYS: Wording(
        "Ad account {account} created pixel {pixel}; that link cannot be removed.",
        ("leave the link, and stop the account's ads instead",),
    ),
    Cause.DELETED: Wording("{what} is deleted and cannot be changed.", ("make a new one",)),
    Cause.DOWNGRADE: Wording(
        "Business Center {partner} is {held} on ad account {account}; a role is raised in place, but never lowered.",
        ("revoke the role of {partner} on ad account {account}, then grant {wanted}",),
    ),
    Cause.DUPLICATE_ID: Wording("{what} exists already; identifiers are unique.", ("choose another identifier",)),
    Cause.DUPLICATE_NAME: Wording(
        "Ad account {account} already has a pixel named '{name}' ({pixel}).",
        ("use {pixel}, since pixels cannot be deleted, or choose another name",),
    ),
    Cause.EDITING_BEFORE_TRANSFER: Wording(
        "{person} is no Admin of ad account {creator}, which created pixel {pixel}, and the pixel is in no Business "
        "Center that could grant pixel editing.",
        (
            "give {person} the Admin role on the creating ad account {creator}",
            "transfer the pixel to a Business Center, and have it grant {person} pixel editing",
        ),
    ),
    Cause.EDITING_NOT_GRANTED: Wording(
        "{person} is no Admin of ad account {creator}, which created pixel {pixel}, and has no pixel editing; a share "
        "or a link gives none.",
        (
            "have an Admin of {owner} grant {person} pixel editing",
            "give {person} the Admin role on the creating ad account {creator}",
        ),
    ),
    Cause.EXPIRED: Wording(
        "Audience {audience} was not used for {days} days and has expired.", ("build a new audience from the pixel",)
    ),
    Cause.HELD_OTHERWISE: Wording(
        "{person} holds {asset} {via}, and {bc} cannot change that.", ("have it changed {via}, where it was given",)
    ),
    Cause.IN_REVIEW: Wording(
        "{what} is in review until day {day}, and cannot be switched on before.", ("wait until the review is over",)
    ),
    Cause.IRREVERSIBLE: Wording(
        "Pixel {pixel} was transferred to {owner}, and a transfer has no way back.",
        ("ask an Admin of {owner} to share it",),
    ),
    Cause.LEVEL_TOO_LOW: Wording(
        "{person} is {role} on ad account {account}; this needs {needed}.",
        ("raise {person} to {needed} on ad account {account}",),
    ),
    Cause.LIMIT_REACHED: Wording(
        "{holder} has {count} {things}, the most that the platform allows.",
        ("remove one of the {things} of {holder} first",),
    ),
    Cause.NEED_ADMIN_ON_OWNER_ACCOUNT: Wording(
        "Business Center {bc} needs Admin access to ad account {account}, which created pixel {pixel}.",
        ("have ad account {account} grant {bc} Admin access",),
    ),
    Cause.NO_ACCESS: Wording(
        "{who} has no access to pixel {pixel}.", ("ask an Admin of {owner} for access for {who}",)
    ),
    Cause.NO_ADMIN_LEFT: Wording(
        "No Admin is left on ad account {account}, so nobody can hand pixel {pixel} over.",
        ("assign an Admin to ad account {account} before revoking anyone",),
    ),
    Cause.NO_RESHARE: Wording(
        "{bc} received pixel {pixel} from {owner}; it may use it, but never share it on.",
        ("have {owner} share it with {partner} itself",),
    ),
    Cause.NO_RIGHT_ON_ACCOUNT: Wording(
        "Business Center {bc} has pixel {pixel}, but no access to ad account {account}.",
        (
            "have the owner of ad account {account} share the account with {bc}",
            "share pixel {pixel} with the Business Center that owns ad account {account}, and let it link",
        ),
    ),
    Cause.NOT_ALLOWED_VALUE: Wording("{field} cannot be {value}.", ("choose {allowed}",)),
    Cause.NOT_A_MEMBER: Wording(
        "{person} is not a member of Business Center {bc}.", ("invite {person} to {bc}", "let a member of {bc} do it")
    ),
    Cause.NOT_CREATED_FROM_BC: Wording(
        "{bc} is an agency, and ad account {account} was not created from it.",
        ("let the client's Business Center take the pixel and share it with {bc}",),
    ),
    Cause.NOT_IN_BC: Wording(
        "Pixel {pixel} belongs to no Business Center yet, and can be shared only after a transfer.",
        ("have an Admin transfer it to a Business Center first",),
    ),
    Cause.NOT_LINKED: Wording("Pixel {pixel} is not linked to ad account {account}.", ("link it first",)),
    Cause.NOT_OWNER: Wording(
        "{what} belongs to {owner}, not to Business Center {bc}.", ("have an Admin of {owner} do it",)
    ),
    Cause.NOT_OWN_ACCOUNT: Wording(
        "Ad account {account} is not {bc}'s own, and a partner may link a shared pixel to its own accounts only.",
        ("link one of {bc}'s own ad accounts", "have {owner} link ad account {account}"),
    ),
    Cause.NOT_PARTNER: Wording(
        "Business Centers {bc} and {partner} are not partners.", ("request the partnership first",)
    ),
    Cause.NOT_READABLE: Wording(
        "{what} could not be read, so whether it is so is not known.",
        ("read it from the other side, or with a person who holds the asset",),
    ),
    Cause.NOT_READY: Wording(
        "Audience {audience} was built {hours} h ago and is ready after {ready} h.", ("wait until it is ready",)
    ),
    Cause.NOT_SHARED: Wording(
        "{what} is not shared with Business Center {partner}.", ("name one that it is shared with",)
    ),
    Cause.OTHER_BC: Wording(
        "Ad accounts {account} and {other} are not in one Business Center; audiences are shared inside one only.",
        ("build the audience in {other} from the shared pixel",),
    ),
    Cause.OWNED_NOT_LINKED: Wording(
        "Business Center {owner} has pixel {pixel}, but it is not linked to ad account {account}.",
        ("have an Admin of {owner} link it to ad account {account}",),
    ),
    Cause.OWNS_IT: Wording(
        "Pixel {pixel} belongs to Business Center {partner} itself, which needs no share of it.",
        ("name a Business Center that does not own it",),
    ),
    Cause.PENDING: Wording(
        "The partnership of {bc} and {partner} is still waiting for {waiting} to approve it.",
        ("have an Admin of {waiting} approve it",),
    ),
    Cause.PERSON_LEFT: Wording("{person} has left and can do nothing any more.", ("name someone who is still there",)),
    Cause.PUBLISHED: Wording(
        "Ad group {ad_group} is published, so its {field} is fixed.", ("make a new ad group; it learns from zero",)
    ),
    Cause.REJECTED: Wording(
        "The partnership of {bc} and {partner} was rejected.", ("agree with {partner} and request it again",)
    ),
    Cause.REPLACES_PIXEL: Wording(
        "Website {website} already carries {held}; replaced, {losing} would lose their signal.",
        ("add pixel {pixel} beside it", "say that it replaces {held}"),
    ),
    Cause.REVOKED: Wording(
        "Access of ad account {account} to pixel {pixel} was revoked; pixel, events and reports are gone there.",
        ("have an Admin of {owner} link it again",),
    ),
    Cause.ROLE_TOO_LOW: Wording(
        "{person} is {role} of Business Center {bc}; this needs an Admin.", ("have an Admin of {bc} do it",)
    ),
    Cause.SELF_SHARE: Wording("Business Center {bc} cannot share with itself.", ("name another Business Center",)),
    Cause.NOT_ACCEPTED: Wording(
        "Token {token} was revoked, so the platform accepts nothing that is sent with it.", ("issue a new token",)
    ),
    Cause.TOO_MANY: Wording(
        "{count} ad accounts in one call are more than {limit}.", ("split the call into parts of {limit}",)
    ),
    Cause.TOO_SMALL: Wording(
        "Audience {audience} has {people} of the {minimum} matched people it needs.",
        ("wait, look back further, or use a wider event",),
    ),
    Cause.TYPE_NOT_ELIGIBLE: Wording(
        "Business Center {bc} of type {type} cannot share pixels.",
        ("share from a direct, agency, small-business or unmanaged regular Business Center",),
    ),
    Cause.UNKNOWN_CODE: Wording(
        "No pixel has the code '{id}'{hint}.",
        ("ask an Admin of the ad account that created it for the code that Events Manager shows",),
    ),
    Cause.UNKNOWN_ID: Wording("{kind} '{id}' does not exist.", ("check the id",)),
    Cause.WRONG_BC: Wording(
        "{person} acts from Business Center {bc}; {asset} is in {other}.", ("switch to Business Center {other}",)
    ),
}
"""Sentence and remedies of every cause."""
