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
    CLOCK_BACKWARDS = "CLOCK_BACKWARDS"
    CONDITION_NOT_MET = "CONDITION_NOT_MET"
    CREATOR_STAYS = "CREATOR_STAYS"
    DELETED = "DELETED"
    DUPLICATE_ID = "DUPLICATE_ID"
    DUPLICATE_NAME = "DUPLICATE_NAME"
    EDITING_NOT_GRANTED = "EDITING_NOT_GRANTED"
    EXPIRED = "EXPIRED"
    IRREVERSIBLE = "IRREVERSIBLE"
    LEVEL_TOO_LOW = "LEVEL_TOO_LOW"
    NEED_ADMIN_ON_OWNER_ACCOUNT = "NEED_ADMIN_ON_OWNER_ACCOUNT"
    NO_ACCESS = "NO_ACCESS"
    NO_ADMIN_LEFT = "NO_ADMIN_LEFT"
    NO_RESHARE = "NO_RESHARE"
    NO_RIGHT_ON_ACCOUNT = "NO_RIGHT_ON_ACCOUNT"
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
        "{blocking} in {account} still run on pixel {pixel}. Scheduled ones that do not block: {scheduled}.",
        ("stop {blocking}, and cancel what is scheduled, then unshare",),
    ),
    Cause.ALREADY_LINKED: Wording("Pixel {pixel} is already linked to ad account {account}."),
    Cause.ALREADY_OWNED: Wording(
        "Pixel {pixel} already belongs to Business Center {owner}.",
        ("ask an Admin of {owner} to share it",),
    ),
    Cause.ALREADY_SHARED: Wording("Pixel {pixel} is already shared with Business Center {partner}."),
    Cause.ALREADY_SO: Wording("{what} is so already; nothing would change."),
    Cause.ASSET_NOT_ASSIGNED: Wording(
        "{person} has no role on {asset}: the asset was never assigned to them.",
        ("have an Admin assign {asset} to {person}",),
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
    Cause.DELETED: Wording("{what} is deleted and cannot be changed."),
    Cause.DUPLICATE_ID: Wording("{what} exists already; identifiers are unique.", ("choose another identifier",)),
    Cause.DUPLICATE_NAME: Wording(
        "Ad account {account} already has a pixel named '{name}' ({pixel}).",
        ("use {pixel}, since pixels cannot be deleted, or choose another name",),
    ),
    Cause.EDITING_NOT_GRANTED: Wording(
        "{person} may see pixel {pixel}, but a share or a link gives no editing.",
        (
            "have an Admin of {owner} grant {person} pixel editing",
            "give {person} the Admin role on the creating ad account {creator}",
        ),
    ),
    Cause.EXPIRED: Wording(
        "Audience {audience} was not used for {days} days and has expired.", ("build a new audience from the pixel",)
    ),
    Cause.IRREVERSIBLE: Wording(
        "Pixel {pixel} was transferred to {owner}, and a transfer has no way back.",
        ("ask an Admin of {owner} to share it",),
    ),
    Cause.LEVEL_TOO_LOW: Wording(
        "{person} is {role} on ad account {account}; this needs {needed}.",
        ("raise {person} to {needed} on ad account {account}",),
    ),
    Cause.NEED_ADMIN_ON_OWNER_ACCOUNT: Wording(
        "Business Center {bc} needs Admin access to ad account {account}, which created pixel {pixel}.",
        ("have ad account {account} grant {bc} Admin access",),
    ),
    Cause.NO_ACCESS: Wording(
        "{who} has no access to pixel {pixel}.",
        ("have an Admin of {owner} share it with {who}, or link it",),
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
    Cause.NOT_ALLOWED_VALUE: Wording("{field} cannot be {value}.", ("choose one of {allowed}",)),
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
    Cause.NOT_SHARED: Wording("Pixel {pixel} is not shared with Business Center {partner}."),
    Cause.OTHER_BC: Wording(
        "Ad accounts {account} and {other} belong to different Business Centers; audiences are shared inside one only.",
        ("build the audience in {other} from the shared pixel",),
    ),
    Cause.OWNED_NOT_LINKED: Wording(
        "Pixel {pixel} belongs to {owner}, but is not linked to ad account {account}.",
        ("have an Admin of {owner} link it to ad account {account}",),
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
        "Website {website} already carries {held}; its campaigns would lose their signal.",
        ("add the pixel beside it, or say that it replaces {held}",),
    ),
    Cause.REVOKED: Wording(
        "Access of ad account {account} to pixel {pixel} was revoked; pixel, events and reports are gone there.",
        ("have an Admin of {owner} link it again",),
    ),
    Cause.ROLE_TOO_LOW: Wording(
        "{person} is {role} of Business Center {bc}; this needs an Admin.", ("have an Admin of {bc} do it",)
    ),
    Cause.SELF_SHARE: Wording("Business Center {bc} cannot share with itself.", ("name another Business Center",)),
    Cause.TOO_MANY: Wording(
        "{count} ad accounts in one call are more than {limit}.", ("split the call into parts of {limit}",)
    ),
    Cause.TOO_SMALL: Wording(
        "Audience {audience} has {people} of the {minimum} matched people it needs.",
        ("wait, look back further, or use a wider event",),
    ),
    Cause.TYPE_NOT_ELIGIBLE: Wording("Business Center {bc} of type {type} cannot share pixels."),
    Cause.UNKNOWN_ID: Wording("{kind} {id} does not exist.", ("check the id",)),
    Cause.WRONG_BC: Wording(
        "{person} acts from Business Center {bc}; {asset} is in {other}.", ("switch to Business Center {other}",)
    ),
}
