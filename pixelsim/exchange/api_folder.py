"""A folder of saved Business API answers: what each call listed, what failed, which pages are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.exchange.answers import ENDPOINTS, Answer, AnswerStatus, answers_in, overall
from pixelsim.exchange.api_report import report_of_rows
from pixelsim.exchange.api_stats import stats_of
from pixelsim.exchange.documents import as_row, read_documents, text_of
from pixelsim.exchange.report import AdsReport

__all__ = ["ApiFolder", "read_api_folder"]

SUFFIXES = (".json", ".jsonl", ".ndjson")
LEVEL_IDS = ("campaign_id", "adgroup_id", "ad_id")
"""Dimensions that say what a row is about."""

_Told = tuple[str | None, Mapping[str, Any]]
"""A row with the id of its ad account."""


@dataclass(frozen=True, eq=False)
class ApiFolder:
    """Saved answers, read.

    Parameters
    ----------
    source
        Name of the folder or file.
    answers
        All answers of the calls in ``ENDPOINTS``, and all that failed, in the order of file names and places.
    missing
        Pages or rows that an answer speaks of and no file has, in words.
    unread
        Files and lines that are no JSON.
    notes
        What else a reader should know.
    """

    source: str
    answers: tuple[Answer, ...]
    missing: tuple[str, ...]
    unread: tuple[Fault, ...]
    notes: tuple[str, ...]

    @property
    def status(self) -> AnswerStatus:
        """``complete`` if everything was read, ``failed`` if nothing was, else ``partial``."""
        return overall([a.status for a in self.answers], incomplete=bool(self.missing or self.unread))

    @property
    def failed(self) -> tuple[Answer, ...]:
        """The answers whose code says that the call failed; nothing follows from them."""
        return tuple(a for a in self.answers if a.status == "failed")

    @property
    def partial(self) -> tuple[Answer, ...]:
        """The answers that succeeded in part only."""
        return tuple(a for a in self.answers if a.status == "partial")

    def of(self, *endpoints: str) -> tuple[Answer, ...]:
        """Give the answers of some calls that did not fail."""
        return tuple(a for a in self.answers if a.endpoint in endpoints and a.status != "failed")

    def rows(self, *endpoints: str) -> Iterator[tuple[Answer, Mapping[str, Any]]]:
        """Give every row of some calls with the answer it stands in; of all calls if none is named."""
        for answer in self.of(*(endpoints or ENDPOINTS)):
            for row in answer.rows:
                yield answer, row

    def whole(self, answer: Answer) -> bool:
        """Whether all that a call lists was read: success, every page, and as many rows as it speaks of."""
        return answer.status == "complete" and not any(text.startswith(f"{_about(answer)}:") for text in self.missing)

    def report(self, *, currency: str | None = None, account: str | None = None) -> AdsReport:
        """Give the rows of all answers of the report call as one report; each of several ad accounts has its own id.

        Parameters
        ----------
        currency
            Three-letter code of the amounts of accounts whose currency neither rows nor ``advertiser/info`` say.
        account
            Id of the ad account, where neither rows nor requests say.

        Raises
        ------
        InputError
            No answer has rows, or none can be read.
        """
        return self._made(self._told(account), self.source, currency)

    def reports(self, *, currency: str | None = None) -> tuple[AdsReport, ...]:
        """Give a report for each ad account and each level that was asked for.

        Rows of campaigns and of their ads do not add up, and accounts have currencies and clocks of their own.

        Parameters
        ----------
        currency
            As in :meth:`report`.

        Raises
        ------
        InputError
            Rows of an answer cannot be read.
        """
        groups: dict[tuple[str, str], list[_Told]] = {}
        for account, row in self._told(None):
            about = sorted(str(name) for name in as_row(row.get("dimensions")) if str(name) in LEVEL_IDS)
            groups.setdefault((", ".join(about), account or ""), []).append((account, row))
        levels, accounts = ({key[at] for key in groups} for at in (0, 1))
        made = []
        for (ids, account), told in groups.items():
            name = f"{self.source}, {ids or 'no object'}" if len(levels) > 1 else self.source
            if len(accounts) > 1:
                name = f"{name}, ad account {account or 'unknown'}"
            made.append(self._made(told, name, currency))
        return tuple(made)

    def _told(self, account: str | None) -> list[_Told]:
        """Give all rows of the report call, each with its ad account: its own, else the one that was asked for."""
        asked = {a.asked["advertiser_id"] for a in self.of("report/integrated/get") if "advertiser_id" in a.asked}
        other = account or (asked.pop() if len(asked) == 1 else None)
        return [
            (
                text_of(as_row(row.get("dimensions")), "advertiser_id")
                or text_of(as_row(row.get("metrics")), "advertiser_id")
                or answer.asked.get("advertiser_id", other),
                row,
            )
            for answer, row in self.rows("report/integrated/get")
        ]

    def _made(self, told: Sequence[_Told], source: str, currency: str | None) -> AdsReport:
        """Make a report of rows, with the currency and the clock of each one's ad account."""
        about = [row for _, row in self.rows("advertiser/info")]
        known = {account: _about_account(about, account, currency) for account, _ in told}
        notes = [f"{a.place} failed with code {a.code}: {a.message}" for a in self.failed]
        notes += [f"{a.place} is a partial success" for a in self.partial if a.endpoint == "report/integrated/get"]
        notes += [text for text in self.missing if "report/integrated/get" in text]
        codes = {about.get("currency") for about in known.values()}
        one = codes.pop() if len(codes) == 1 else None
        rows: list[Mapping[str, Any]] = []
        for account, row in told:
            metrics = dict(known[account])
            if one is not None:
                del metrics["currency"]  # the report says once where it is from
            if len(known) > 1 and account is not None:
                metrics["advertiser_id"] = account
            rows.append({**row, "metrics": {**metrics, **as_row(row.get("metrics"))}})
        account = next(iter(known)) if len(known) == 1 else None
        return report_of_rows(rows, source, currency=one, account=account, notes=notes)

    def event_stats(self) -> pd.DataFrame:
        """Give the event statistics; see :func:`~pixelsim.exchange.api_stats.stats_of`."""
        return stats_of(self.of("pixel/event/stats"))

    def summary(self) -> pd.DataFrame:
        """Give one row for each answer: ``place``, ``endpoint``, ``status``, ``code``, ``message``, ``rows``."""
        return pd.DataFrame(
            [(a.place, a.endpoint or "unknown", a.status, a.code, a.message, len(a.rows)) for a in self.answers],
            columns=["place", "endpoint", "status", "code", "message", "rows"],
        ).astype({"code": "Int64", "rows": "int64"})

    def __repr__(self) -> str:
        rows = sum(len(a.rows) for a in self.answers)
        return f"<ApiFolder {self.source}: {len(self.answers)} answers, {rows} rows, {self.status}>"


def read_api_folder(folder: str | Path) -> ApiFolder:
    """Read saved answers of the Business API from a folder (or one file), and look inside each (field case P138).

    Files may hold one answer, several by name, a request with its response, or one row or answer on each line. The
    call is told by the name of file or key (``pixel_list.json``, ``bc/pixel/link/get``) or by the shape of the rows.
    What an answer does not repeat (``bc_id``, ``advertiser_id``, ``pixel_code``) is taken from a saved request, or
    from the one id in the name.

    Parameters
    ----------
    folder
        The folder, searched with its subfolders for ``.json``, ``.jsonl`` and ``.ndjson``; or a file.

    Raises
    ------
    InputError
        There is no such folder, it has no such file, or no file has an answer.
    """
    folder = Path(folder)
    files = [folder] if folder.is_file() else sorted(f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES)
    if not files:
        raise InputError.single(
            str(folder),
            field="folder",
            value="no JSON file" if folder.is_dir() else "no such folder",
            rule="a folder with answers saved as .json or .jsonl",
            remedy="check the path, and save each answer as it came",
        )
    answers: list[Answer] = []
    unread: list[Fault] = []
    notes: list[str] = []
    for file in files:
        name = file.name if folder.is_file() else file.relative_to(folder).as_posix()
        try:
            values, faults = read_documents(file)
        except InputError as error:
            unread += [Fault(f"{name}, {f.place}", f.field, f.value, f.rule, f.remedy) for f in error.faults]
            continue
        unread += [Fault(f"{name}, {f.place}", f.field, f.value, f.rule, f.remedy) for f in faults]
        placed = [(name if at == 1 else f"{name} row {at}", value) for at, value in values]
        found = _joined([a for place, value in placed for a in answers_in(value, name, place)])
        useful = [a for a in found if a.status == "failed" or a.endpoint is not None]
        if not useful:
            notes.append(f"{name} has no answer of a call that is read here")
        answers += useful
    if not answers:
        raise InputError(folder.name, unread or [_no_answer(notes)])
    answers, again = _without_repeats(answers)
    return ApiFolder(folder.name, tuple(answers), tuple(_missing(answers)), tuple(unread), (*notes, *again))


def _about_account(rows: Sequence[Mapping[str, Any]], account: str | None, currency: str | None) -> dict[str, str]:
    """Find an ad account's currency and clock in what ``advertiser/info`` listed; a stated currency stands in."""
    mine = [row for row in rows if account in {None, text_of(row, "advertiser_id", "id")}]
    found = {"currency": currency} if currency is not None else {}
    for name, fields in (("currency", ("currency",)), ("timezone", ("timezone", "display_timezone"))):
        texts = {text for row in mine if (text := text_of(row, *fields))}
        if len(texts) == 1:
            found[name] = texts.pop()
    return found


def _no_answer(notes: Sequence[str]) -> Fault:
    return Fault(
        "folder",
        "answers",
        "; ".join(notes) or "none",
        "at least one answer of a call such as report/integrated/get or pixel/list",
        "save the answers of the Business API",
    )


def _joined(answers: list[Answer]) -> list[Answer]:
    """Make one answer of report rows that stand on lines of their own."""
    bare = [a for a in answers if a.code is None and a.endpoint == "report/integrated/get" and a.status == "complete"]
    if len(bare) < 2:
        return answers
    rows = tuple(row for a in bare for row in a.rows)
    joined = Answer("report/integrated/get", bare[0].place, "complete", None, bare[0].message, rows)
    return [joined if a is bare[0] else a for a in answers if a is bare[0] or a not in bare]


def _about(answer: Answer) -> str:
    """Name a call with what was asked for."""
    asked = ", ".join(f"{k} {v}" for k, v in sorted(answer.asked.items()))
    return f"{answer.endpoint}" + (f" ({asked})" if asked else "")


def _without_repeats(answers: Sequence[Answer]) -> tuple[list[Answer], list[str]]:
    """Leave out answers that say the very same as an earlier one, such as a page saved twice."""
    kept: list[Answer] = []
    notes: list[str] = []
    seen: dict[str, Answer] = {}
    for answer in answers:
        key = f"{answer.endpoint} {answer.page} {sorted(answer.asked.items())} {answer.rows!r}"
        if answer.rows and key in seen and answer.status == seen[key].status and answer.page is not None:
            notes.append(f"{answer.place} says the same as {seen[key].place}; read once")
            continue
        seen.setdefault(key, answer)
        kept.append(answer)
    return kept, notes


def _missing(answers: Sequence[Answer]) -> Iterator[str]:
    """List missing pages, and answers with fewer rows than they speak of."""
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        if answer.endpoint is not None and answer.status != "failed":
            groups.setdefault(_about(answer), []).append(answer)
    for about, group in groups.items():
        pages = max((a.pages for a in group if a.pages is not None), default=1)
        have = {a.page for a in group}
        if pages > 1:
            lost = pages - len({p for p in have if p is not None and 1 <= p <= pages})
            if lost:
                first = list(islice((p for p in range(1, pages + 1) if p not in have), 8))
                shown = ", ".join(map(str, first)) + (", ..." if lost > len(first) else "")
                yield f"{about}: {lost} of {pages} pages missing ({shown})"
                continue
            rows, total = sum(len(a.rows) for a in group), max((a.total or 0 for a in group), default=0)
            if rows < total:
                yield f"{about}: {rows} of {total} rows"
            continue
        for answer in group:
            if answer.total is not None and len(answer.rows) < answer.total:
                yield f"{about}: {len(answer.rows)} of {answer.total} rows in {answer.place}"
