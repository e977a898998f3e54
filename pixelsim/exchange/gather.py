"""Files of any kind: each is recognised by what it holds, and read as a report, as events, or as saved answers.

Reports may be exports (CSV, XLSX), answers of the report call, or warehouse tables; events may be payloads or logs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pixelsim.base.errors import Fault, InputError
from pixelsim.exchange.answers import Answer
from pixelsim.exchange.api_folder import SUFFIXES, ApiFolder, read_api_folder
from pixelsim.exchange.event_log import read_events
from pixelsim.exchange.event_table import EventTable
from pixelsim.exchange.read import read_export
from pixelsim.exchange.report import AdsReport
from pixelsim.exchange.warehouse import is_warehouse, read_warehouse

__all__ = ["Gathered", "gather", "read_report"]

TABLES = (".csv", ".tsv", ".txt", ".xlsx")
LOGS = (".parquet",)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What some files hold.

    Parameters
    ----------
    reports
        Reports, in the order in which they were named; hours of warehouse tables are added up to days.
    hourly
        The same of those that have hours, by hour.
    events
        Tables of events.
    answers
        Saved answers of the Business API.
    passed_over
        Files of a folder that hold nothing of these, in words.
    """

    reports: tuple[AdsReport, ...] = ()
    hourly: tuple[AdsReport, ...] = ()
    events: tuple[EventTable, ...] = ()
    answers: tuple[ApiFolder, ...] = ()
    passed_over: tuple[str, ...] = ()

    @property
    def mismatch(self) -> bool:
        """Whether totals of a report differ from its rows and the caller accepted it."""
        return any(report.mismatch for report in self.reports)


@dataclass
class _Gatherer:
    encoding: str | None
    currency: str | None
    accept_mismatch: bool
    reports: list[AdsReport] = field(default_factory=list)
    hourly: list[AdsReport] = field(default_factory=list)
    events: list[EventTable] = field(default_factory=list)
    answers: list[ApiFolder] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)

    def add(self, path: Path) -> None:
        """Read a file or folder that the user named."""
        if path.is_dir():
            self._folder(path)
        elif path.suffix.lower() in SUFFIXES:
            self._json(path)
        elif path.suffix.lower() in LOGS:
            self.events.append(read_events(path))
        else:
            self._table(path)

    def _table(self, path: Path) -> None:
        """Read an export; what has no header of an export may be a log of events."""
        try:
            report = read_export(path, encoding=self.encoding, accept_mismatch=self.accept_mismatch)
        except InputError as error:
            if not any(fault.place == "header" for fault in error.faults):
                raise
            try:
                self.events.append(read_events(path, encoding=self.encoding or "utf-8-sig"))
            except InputError:
                raise error from None
            return
        self.reports.append(report)
        if "hour" in report.frame.columns:
            self.hourly.append(report)

    def _answers(self, found: ApiFolder) -> None:
        self.answers.append(found)
        for report in found.reports(currency=self.currency):
            self.reports.append(report)
            if "hour" in report.frame.columns:
                self.hourly.append(report)

    def _json(self, path: Path) -> None:
        """Read saved answers; a file without the answer of a known call may hold events."""
        faults: list[Fault] = []
        found = None
        try:
            found = read_api_folder(path)
        except InputError as error:
            faults += error.faults
        if found is None or not any(answer.endpoint for answer in found.answers):
            try:
                self.events.append(read_events(path))
            except InputError as error:
                if found is None:
                    raise InputError(path.name, [*faults, *error.faults]) from None
            else:
                return
        if found is not None:
            self._answers(found)

    def _folder(self, folder: Path) -> None:
        """Read a folder with its subfolders: warehouse tables, saved answers, and files of any other kind."""
        before = len(self.reports) + len(self.events) + len(self.answers)
        inside = sorted(folder.rglob("*"))
        own: set[Path] = set()
        for place in (folder, *(path for path in inside if path.is_dir())):
            if is_warehouse(place):
                own |= set(place.glob("*.csv"))
                self._warehouse(place)
        files = [path for path in inside if path.is_file()]
        documents = [path for path in files if path.suffix.lower() in SUFFIXES]
        if documents:
            self._documents(folder, documents)
        for file in files:
            if file.suffix.lower() in (*TABLES, *LOGS) and file not in own:
                self._perhaps(file)
        if len(self.reports) + len(self.events) + len(self.answers) == before:
            raise InputError.single(
                str(folder),
                field="folder",
                value="; ".join(self.passed_over[:3]) or "no file of a known kind",
                rule="a folder with exports, saved answers, warehouse tables or events",
                remedy="check the path",
            )

    def _warehouse(self, folder: Path) -> None:
        self.reports.append(read_warehouse(folder))
        by_hour = read_warehouse(folder, by_hour=True)
        if "hour" in by_hour.frame.columns:
            self.hourly.append(by_hour)

    def _documents(self, folder: Path, documents: Sequence[Path]) -> None:
        """Read all answers of a folder together, since they come in pages, and the rest of its documents as events."""
        answers: tuple[Answer, ...] = ()
        try:
            found = read_api_folder(folder)
        except InputError:
            pass  # none of the documents has an answer; each is tried alone
        else:
            answers = found.answers
            self._answers(found)
        for file in documents:
            name = file.relative_to(folder).as_posix()
            mine = [answer for answer in answers if answer.place.startswith(name)]
            if any(answer.endpoint for answer in mine):
                continue
            try:
                self.events.append(read_events(file))
            except InputError:
                if not mine:
                    self.passed_over.append(f"{name} holds neither answers nor events")

    def _perhaps(self, file: Path) -> None:
        """Read a table of a folder; one of another kind is passed over, one with faults is not."""
        try:
            self.add(file)
        except InputError as error:
            if not any(fault.place == "header" for fault in error.faults):
                raise
            self.passed_over.append(f"{file.name} has no header of an export and no events")


def gather(
    paths: Iterable[str | Path],
    *,
    encoding: str | None = None,
    currency: str | None = None,
    accept_mismatch: bool = False,
) -> Gathered:
    """Read files and folders of any kind, each recognised by what it holds.

    Parameters
    ----------
    paths
        Exports, files of saved answers or events, folders of these or of warehouse tables.
    encoding, accept_mismatch
        As in :func:`~pixelsim.exchange.read.read_export`.
    currency
        Three-letter code of amounts in answers that do not say.

    Raises
    ------
    InputError
        A file is refused; the faults of all files are listed.
    """
    made = _Gatherer(encoding, currency, accept_mismatch)
    refused: list[InputError] = []
    for path in paths:
        try:
            made.add(Path(path))
        except InputError as error:
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise InputError(
            f"{len(refused)} files",
            [
                Fault(e.source if f.place == "$" else f"{e.source}, {f.place}", f.field, f.value, f.rule, f.remedy)
                for e in refused
                for f in e.faults
            ],
        )
    return Gathered(
        tuple(made.reports), tuple(made.hourly), tuple(made.events), tuple(made.answers), tuple(made.passed_over)
    )


def read_report(
    path: str | Path, *, currency: str | None = None, encoding: str | None = None, accept_mismatch: bool = False
) -> AdsReport:
    """Read the one report of a file or folder of any kind.

    Parameters
    ----------
    path, currency, encoding, accept_mismatch
        As in :func:`gather`.

    Raises
    ------
    InputError
        It is refused, or holds no report or several.
    """
    found = gather([path], encoding=encoding, currency=currency, accept_mismatch=accept_mismatch)
    reports = found.reports
    if len(reports) == 1:
        return reports[0]
    failed = [answer for folder in found.answers for answer in folder.failed]
    if failed and not reports:
        raise InputError.single(
            str(path),
            place=failed[0].place,
            field="code",
            value=f"{failed[0].code}, {failed[0].message}",
            rule="0 or 20001; the call failed inside, whatever its HTTP status",
            remedy="ask again, and save the new answer",
        )
    raise InputError.single(
        str(path),
        field="reports",
        value=", ".join(report.source for report in reports) or "none",
        rule="exactly one report",
        remedy="name the file of the report" if reports else "name an export, an answer of the report call, or tables",
    )
