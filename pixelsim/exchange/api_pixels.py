"""Pixels, shares and links from saved answers, from both the pixel's and the ad account's side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pixelsim.exchange.answers import Answer
from pixelsim.exchange.api_drafts import STAND_IN, Draft
from pixelsim.exchange.documents import as_row, rows_of, text_of
from pixelsim.exchange.event_names import standard_event
from pixelsim.world.entities import AdAccount, Pixel
from pixelsim.world.relations import AudienceAfter, Effect, Link, PixelShare, RelationStatus, Unbound

__all__ = ["PixelReader"]


class PixelReader:
    """Reads ``pixel/list``, the pixels among the assets, ``bc/pixel/link/get`` and ``bc/asset/partner/get``.

    Parameters
    ----------
    draft
        Where it is gathered.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._codes: dict[str, str] = {}
        self._creators: dict[str, str] = {}
        self._owners: dict[str, str] = {}
        self._seen: dict[str, Pixel] = {}

    def code_of(self, number: str) -> str:
        """Give the code of the pixel of a number; a pixel that no answer lists gets a stand-in."""
        if number in self._seen:
            return number
        code = self._codes.get(number)
        if code is None:
            code = f"{STAND_IN}pixel {number}"
            self._codes[number] = code
            self._seen[code] = Pixel(code=code, number=number, name=number, creator=STAND_IN)
            self.draft.miss("pixel", number, "ads use it and no list has it; its code is not known")
        return code

    def read(self) -> None:
        """Read all answers."""
        folder = self.draft.folder
        for answer, row in folder.rows("bc/asset/admin/get", "bc/asset/get"):
            if text_of(row, "asset_type") == "PIXEL":
                self._asset(answer, row)
        for answer in folder.of("pixel/list"):
            account = self.draft.asked(answer, "advertiser_id")
            if account is None:
                self.draft.miss("pixel list", answer.place, "it does not say of which ad account; pass advertiser=")
            else:
                self.draft.need_account(account)
                if folder.whole(answer):
                    self.draft.account_lists.add(account)
            for row in answer.rows:
                self._listed(account, row)
        for answer in folder.of("bc/pixel/link/get"):
            self._links(answer)
        for answer in folder.of("bc/asset/partner/get"):
            self._partners(answer)

    def _pixel(self, row: Mapping[str, Any], number: str | None, name: str | None) -> str | None:
        code = text_of(row, "pixel_code", "code")
        if code is None:
            return None
        known = self._seen.get(code)
        if number is not None:
            self._codes.setdefault(number, code)
        if known is None:
            if number is None:
                self.draft.miss("pixel number", code, "no answer tells it; the code stands in")
            self._seen[code] = Pixel(code=code, number=number or code, name=name or code, creator=STAND_IN)
        return code

    def _asset(self, answer: Answer, row: Mapping[str, Any]) -> None:
        code = self._pixel(row, text_of(row, "asset_id"), text_of(row, "asset_name"))
        if code is None:
            self.draft.miss("pixel code", text_of(row, "asset_id") or answer.place, "the asset's row has none")
            return
        bc, relation = self.draft.asked(answer, "bc_id"), text_of(row, "relation_type")
        if bc is not None:
            self.draft.need_bc(bc)
        if relation == "OWNER_BC" and bc is not None:
            self._owners.setdefault(code, bc)
            return
        name = text_of(row, "owner_bc_name")
        named = [b.id for b in self.draft.get("business_centers").values() if name is not None and b.name == name]
        if len(named) == 1:
            self._owners.setdefault(code, named[0])
        if bc is None:
            self.draft.miss("pixel owner", code, f"{answer.place} does not say of which Business Center; pass bc=")
        elif relation == "OWNER_PARTNER" and text_of(row, "relation_status") in {None, "BOUND"}:
            self.draft.put("shares", (code, bc), PixelShare())

    def _listed(self, account: str | None, row: Mapping[str, Any]) -> None:
        code = self._pixel(row, text_of(row, "pixel_id"), text_of(row, "pixel_name", "name"))
        if code is None:
            return
        ownership, matching = as_row(row.get("asset_ownership")), as_row(row.get("advanced_matching_fields"))
        names = [
            standard_event(n)
            for event in rows_of(row.get("events"))
            if (n := text_of(event, "event_type", "custom_event_type", "name")) is not None
        ]
        self._seen[code] = replace(
            self._seen[code],
            first_party_cookies=row.get("enable_first_party_cookies") is not False,
            advanced_matching=any(v is True for v in matching.values()),
            events=tuple(dict.fromkeys(names)),
        )
        owner = text_of(ownership, "owner_bc_id")
        if owner is not None:
            self._owners[code] = self.draft.need_bc(owner)
        relation = (text_of(ownership, "asset_relation_status") or "").upper()
        mine = ownership.get("ownership_status") is True or relation == "TRANSFERRED"
        if account is None:
            return
        if mine:
            self._creators[code] = account
            self.draft.linked[code, account] = "account side"
        elif relation == "SHARED":
            self.draft.linked[code, account] = "account side"
        elif relation == "UNBOUND":
            self._unbound(code, account)
        elif not ownership:
            self.draft.miss("relation", f"{code} and {account}", "pixel/list does not say (asset_ownership)")

    def _unbound(self, code: str, account: str) -> None:
        self.draft.notes.append(
            f"pixel {code} was unlinked from {account} before the start; its ads are taken not to deliver and its "
            "audiences to be frozen (assumption)"
        )
        tombstone = Unbound(
            at=0, effect=Effect.NOT_DELIVERING, tracking_only=Effect.NOT_DELIVERING, audiences=AudienceAfter.FROZEN
        )
        self.draft.put("unbound", (code, account), tombstone)

    def _links(self, answer: Answer) -> None:
        code = self.draft.asked(answer, "pixel_code")
        accounts = [a for row in answer.rows if (a := text_of(row, "advertiser_id", "asset_id")) is not None]
        for account in accounts:
            self.draft.need_account(account)
        if code is None:
            self.draft.miss("links", answer.place, "it does not say of which pixel; pass pixel=")
            return
        if code not in self._seen:
            self._pixel({"pixel_code": code}, None, None)
        if self.draft.folder.whole(answer):
            self.draft.pixel_lists.add(code)
        bc = self.draft.asked(answer, "bc_id")
        if bc is not None:
            self._owners.setdefault(code, self.draft.need_bc(bc))
        for account in accounts:
            self.draft.linked[code, account] = "pixel side"

    def _partners(self, answer: Answer) -> None:
        number, bc = self.draft.asked(answer, "asset_id"), self.draft.asked(answer, "bc_id")
        code = None if number is None else self._codes.get(number)
        if code is None:
            self.draft.miss("shares", answer.place, "it does not say of which pixel, or the pixel is in no list")
            return
        for row in answer.rows:
            partner = text_of(row, "bc_id", "partner_id")
            if partner is None or partner == bc:
                continue
            self.draft.need_bc(partner, text_of(row, "bc_name", "partner_name"))
            self.draft.put("shares", (code, partner), PixelShare())
            self.draft.notes.append(
                f"pixel {code} was shared with {partner} at some time; the call does not say whether it still is"
            )

    def settle(self) -> None:
        """File the pixels with creator and owner, and keep only shares and links that a world can hold."""
        draft = self.draft
        numbers: dict[str, str] = {}
        for code, listed in self._seen.items():
            pixel = listed
            if numbers.setdefault(pixel.number, code) != code:
                why = f"{pixel.number} is also that of {numbers[pixel.number]}; the code stands in (R02)"
                draft.miss("pixel number", code, why)
                pixel = replace(listed, number=code)
            creator, owner = self._creators.get(code), self._owners.get(code)
            if creator is None:
                creator = f"{STAND_IN}creator of {code}"
                draft.put("ad_accounts", creator, AdAccount(id=creator, name="unknown"))
                draft.miss("pixel creator", code, "no pixel list of its ad account was read")
            if owner is None:
                draft.miss("pixel owner", code, "no answer names a Business Center that owns it")
            draft.put("pixels", code, replace(pixel, creator=creator, owner_bc=owner))
            if draft.get("unbound").pop((code, creator), None) is not None:
                draft.notes.append(f"pixel {code} is listed as unbound from {creator}, which created it; ignored (R11)")
        self._settle_shares()
        for (code, account), side in list(draft.linked.items()):
            self._settle_link(code, account, side)

    def _settle_shares(self) -> None:
        draft, shares = self.draft, self.draft.get("shares")
        for code, bc in list(shares):
            owner = self._owners.get(code)
            pairs = {(owner, bc), (bc, owner)}
            bound = any(
                pair in pairs and p.status is RelationStatus.BOUND for pair, p in draft.get("partnerships").items()
            )
            if owner is None or owner == bc or not bound:
                del shares[code, bc]
                if owner != bc:
                    draft.miss(
                        "share", f"{code} with {bc}", "its owner, or a partnership with it, is not in the answers"
                    )

    def _settle_link(self, code: str, account: str, side: str) -> None:
        draft = self.draft
        pixel: Pixel = draft.get("pixels")[code]
        if (code, account) in draft.get("unbound"):
            if side == "account side":
                return
            # The pixel's side was read as linked, the account's as unbound: they were read at different times.
            del draft.get("unbound")[code, account]
            draft.notes.append(f"pixel {code} and {account}: linked by its owner's list, unbound by the account's")
        if pixel.creator == account:
            return
        holders = [bc for c, bc in draft.get("shares") if c == code]
        maker = pixel.owner_bc if side == "pixel side" or not holders else None
        account_owner = draft.get("ad_accounts")[account].owner_bc
        if maker is None and account_owner in holders:
            maker = account_owner
        if maker is None:
            maker = pixel.owner_bc
        if maker is None:
            draft.miss("link", f"{code} and {account}", "linked, but no Business Center that owns the pixel is known")
            return
        draft.put("links", (code, account), Link(by_bc=maker))
