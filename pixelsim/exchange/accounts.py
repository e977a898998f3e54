"""Which ad account the rows of a file belong to (field case P123)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from pixelsim.base.errors import Fault, InputError

__all__ = ["NO_ACCOUNT", "account_in_name", "fill_account"]

NO_ACCOUNT = "the file does not say which ad account it is of"
"""Note on a report whose rows have no account id."""

_ID = re.compile(r"(?<!\d)\d{15,20}(?!\d)")


def account_in_name(name: str) -> str | None:
    """Find an ad account's id (15 to 20 digits) in a file name; None if there is none, or more than one."""
    found = set(_ID.findall(name))
    return found.pop() if len(found) == 1 else None


def _groups(frame: pd.DataFrame) -> tuple[str, list[str]] | None:
    """Find a column that shows that rows of several accounts are mixed: account names, or currencies."""
    for column in ("account_name", "currency"):
        if column in frame.columns:
            values = frame[column].dropna().unique().tolist()
            if len(values) > 1:
                return column, [str(v) for v in values]
    return None


def fill_account(
    frame: pd.DataFrame, source: str, account: str | Mapping[str, str] | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Add ``account_id`` to rows that lack it, from the request or the file name; never guess among several accounts.

    Parameters
    ----------
    frame
        Rows with ``source_row``; unchanged if it has ``account_id`` in every row.
    source
        Name of the file, in which the id is looked for if ``account`` is None.
    account
        Id of the account that was asked for, or ids by account name.

    Returns
    -------
    frame : DataFrame
    notes : list of str

    Raises
    ------
    InputError
        The rows are of several accounts and nothing says which row is whose (NO_ACCOUNT_ID), or an id in the rows is
        another one than the caller's.
    """
    if "account_id" in frame.columns and frame["account_id"].notna().all():
        _compare(frame, source, account)
        return frame, []
    if isinstance(account, Mapping):
        return _by_name(frame, source, account)
    mixed = _groups(frame)
    if mixed is not None:
        column, values = mixed
        faults = []
        for value in values:
            rows = frame.loc[frame[column] == value, "source_row"]
            faults.append(
                Fault(
                    place=f"rows {_shown(rows.tolist())}",
                    field="account_id",
                    value=f"missing for {column} {value}",
                    rule="given in every row when a file holds several accounts (NO_ACCOUNT_ID)",
                    remedy="export with the column Account ID, or pass account={name: id}",
                )
            )
        raise InputError(source, faults)
    if account is not None:
        return frame.assign(account_id=account), [f"account_id {account} taken from the request"]
    found = account_in_name(source)
    if found is not None:
        return frame.assign(account_id=found), [f"account_id {found} taken from the file name"]
    return frame, [NO_ACCOUNT]


def _compare(frame: pd.DataFrame, source: str, account: str | Mapping[str, str] | None) -> None:
    if not isinstance(account, str):
        return
    others = frame.loc[frame["account_id"] != account, ["account_id", "source_row"]]
    if len(others):
        raise InputError.single(
            source,
            place=f"rows {_shown(others['source_row'].tolist())}",
            field="account_id",
            value=others["account_id"].iloc[0],
            rule=f"the account asked for, {account}",
            remedy="leave out account=, or export that account alone",
        )


def _by_name(frame: pd.DataFrame, source: str, account: Mapping[str, str]) -> tuple[pd.DataFrame, list[str]]:
    if "account_name" not in frame.columns:
        raise InputError.single(
            source,
            field="account_name",
            value="no such column",
            rule="a column of the file when account= gives ids by name",
            remedy="pass the id alone, or export with the column Account name",
        )
    ids = frame["account_name"].map(dict(account))
    lost = frame.loc[ids.isna()]
    if len(lost):
        raise InputError.single(
            source,
            place=f"rows {_shown(lost['source_row'].tolist())}",
            field="account_id",
            value=lost["account_name"].iloc[0],
            rule="an account name among those given (NO_ACCOUNT_ID)",
            remedy="add its id to account=",
        )
    return frame.assign(account_id=ids), ["account_id taken from the request, by account name"]


def _shown(rows: Sequence[int]) -> str:
    """List row numbers, runs shortened, at most six pieces."""
    parts: list[str] = []
    start = previous = None
    for row in sorted(rows):
        if previous is not None and row == previous + 1:
            previous = row
            continue
        if start is not None:
            parts.append(f"{start}-{previous}" if previous != start else f"{start}")
        start = previous = row
    if start is not None:
        parts.append(f"{start}-{previous}" if previous != start else f"{start}")
    return ", ".join(parts[:6]) + (", ..." if len(parts) > 6 else "")
