"""Business Centers, partners and ad accounts from saved answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pixelsim.base.clock import fixed_offset
from pixelsim.base.errors import InputError
from pixelsim.exchange.answers import Answer
from pixelsim.exchange.api_drafts import Draft
from pixelsim.exchange.documents import as_row, text_of
from pixelsim.world.entities import AccountRole, AccountStatus, AdAccount, BusinessCenter, BusinessCenterType
from pixelsim.world.relations import AccountGrant, Partnership, RelationStatus

__all__ = ["AccountReader"]

_STATUSES = {"STATUS_ENABLE": AccountStatus.ENABLE, "STATUS_DISABLE": AccountStatus.DISABLE}


class AccountReader:
    """Reads ``bc/get``, ``bc/partner/get``, ``advertiser/info`` and the ad accounts among the assets.

    Parameters
    ----------
    draft
        Where it is gathered.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    def read(self) -> None:
        """Read all answers."""
        for _, row in self.draft.folder.rows("bc/get"):
            self._business_center(as_row(row.get("bc_info")) or row)
        for answer, row in self.draft.folder.rows("bc/partner/get"):
            self._partner(answer, row)
        for _, row in self.draft.folder.rows("advertiser/info"):
            self._account(row)
        for answer, row in self.draft.folder.rows("bc/asset/admin/get", "bc/asset/get"):
            if text_of(row, "asset_type") == "ADVERTISER":
                self._asset(answer, row)

    def _business_center(self, row: Mapping[str, Any]) -> None:
        key = text_of(row, "bc_id")
        if key is None:
            return
        told = (text_of(row, "type") or "").upper()
        known = told in set(BusinessCenterType)
        kind = BusinessCenterType(told) if known else BusinessCenterType.DIRECT
        if not known:
            self.draft.miss("business center type", key, f"type {told or 'is missing'}; DIRECT stands in")
        verified = text_of(row, "verification_status", "qualification_status")
        if kind is BusinessCenterType.NORMAL and verified is None:
            self.draft.miss("verification", key, "bc/get does not say; not verified stands in (R01)")
        self.draft.replace(
            "business_centers",
            key,
            BusinessCenter(
                id=key,
                name=text_of(row, "name", "bc_name") or key,
                type=kind,
                managed=kind in {BusinessCenterType.DIRECT, BusinessCenterType.AGENCY},
                verified=verified == "VERIFIED",
            ),
        )

    def _partner(self, answer: Answer, row: Mapping[str, Any]) -> None:
        partner, bc = text_of(row, "bc_id", "partner_id"), self.draft.asked(answer, "bc_id")
        if partner is None:
            return
        self.draft.need_bc(partner, text_of(row, "bc_name", "partner_name", "name"))
        if bc is None:
            self.draft.miss("partnership", partner, f"{answer.place} does not say of which Business Center; pass bc=")
        elif bc != partner:
            self.draft.need_bc(bc)
            self.draft.put("partnerships", (bc, partner), Partnership(status=RelationStatus.BOUND))

    def _account(self, row: Mapping[str, Any]) -> None:
        key = text_of(row, "advertiser_id", "id")
        if key is None:
            return
        currency = text_of(row, "currency")
        if currency is None or len(currency) != 3 or not currency.isalpha():
            self.draft.miss("currency", key, "advertiser/info does not say; USD stands in")
            currency = "USD"
        owner = text_of(row, "owner_bc_id")
        if owner is not None:
            self.draft.need_bc(owner)
        status = _STATUSES.get(text_of(row, "status") or "STATUS_ENABLE", AccountStatus.LIMIT)
        self.draft.replace(
            "ad_accounts",
            key,
            AdAccount(
                id=key,
                name=text_of(row, "name", "advertiser_name") or key,
                owner_bc=owner,
                currency=currency.upper(),
                utc_offset=self._offset(key, text_of(row, "timezone", "display_timezone")),
                status=status,
            ),
        )

    def _offset(self, key: str, zone: str | None) -> int:
        if zone is None:
            self.draft.miss("clock", key, "advertiser/info does not say; UTC stands in")
            return 0
        try:
            offset, note = fixed_offset(zone)
        except InputError as error:
            self.draft.miss("clock", key, f"{error.faults[0].value} is {error.faults[0].rule}; UTC stands in")
            return 0
        if note:
            self.draft.notes.append(f"ad account {key}: {note}")
        return offset

    def _asset(self, answer: Answer, row: Mapping[str, Any]) -> None:
        key = text_of(row, "asset_id")
        if key is None:
            return
        known: AdAccount | None = self.draft.get("ad_accounts").get(key)
        if known is None:
            status = _STATUSES.get(text_of(row, "advertiser_status") or "STATUS_ENABLE", AccountStatus.LIMIT)
            known = AdAccount(id=key, name=text_of(row, "asset_name") or key, status=status)
            self.draft.miss("currency and clock", key, "no advertiser/info; USD and UTC stand in")
        bc, relation = self.draft.asked(answer, "bc_id"), text_of(row, "relation_type")
        owner = known.owner_bc or self._owner(row, bc, relation)
        self.draft.replace("ad_accounts", key, replace(known, owner_bc=owner))
        if owner is None:
            self.draft.miss("owner", key, f"{answer.place} does not tell the owner's id")
        self._grant(key, bc, owner, row)

    def _owner(self, row: Mapping[str, Any], bc: str | None, relation: str | None) -> str | None:
        """Give the owning Business Center: the one asked for, or a known one of the owner's name."""
        if relation == "OWNER_BC":
            return self.draft.need_bc(bc) if bc is not None else None
        name = text_of(row, "owner_bc_name")
        named = [b.id for b in self.draft.get("business_centers").values() if name is not None and b.name == name]
        return named[0] if len(named) == 1 else None

    def _grant(self, key: str, bc: str | None, owner: str | None, row: Mapping[str, Any]) -> None:
        status = text_of(row, "relation_status")
        if bc is None or bc == owner or text_of(row, "relation_type") == "OWNER_BC":
            return
        self.draft.need_bc(bc)
        if status not in {None, "BOUND"}:
            self.draft.notes.append(f"ad account {key}: access of {bc} is {status}; nothing can be linked to it yet")
            return
        told = (text_of(row, "advertiser_role") or "").upper().removeprefix("ADVERTISER_ROLE_")
        if told not in set(AccountRole):
            self.draft.miss("role", f"{bc} on {key}", "the answer does not say; Analyst stands in")
            told = AccountRole.ANALYST.value
        self.draft.put("account_grants", (bc, key), AccountGrant(role=AccountRole(told)))
