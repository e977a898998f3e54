"""Mutation fuzzing of the reader: damaged copies of the sample files.

Two things must hold of every mutant. It is read, or refused with an ``InputError`` that can be shown: never another
exception. And what is read agrees with the totals that the file itself prints, or says that it does not.

``PIXELSIM_FUZZ`` sets the number of mutants (2,000 by default); 100,000 others are tried under the marker ``slow``.
"""

from __future__ import annotations

import io
import os
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.exchange import AdsReport, calibrate, read_export
from pixelsim.scenario import Scenario, dump_scenario
from pixelsim.scenario.drawing import drawn

MUTANTS = int(os.environ.get("PIXELSIM_FUZZ", "2000"))
SAMPLES = Path(__file__).parents[2] / "data" / "samples"


SHEET = "xl/worksheets/sheet1.xml"


@dataclass(frozen=True)
class Seed:
    """A sample and the totals in its last row, read by eye from the file."""

    name: str
    data: bytes
    totals: dict[str, float]
    suffix: str = ".csv"
    label: str | None = None  # of the totals, where one of the sample's own rows has the same numbers
    sheet: bytes = b""  # the workbook around ``data``, where that is the text of its sheet

    def pack(self, data: bytes) -> bytes:
        """Give the file of a mutant."""
        if not self.sheet:
            return data
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(self.sheet)) as book, zipfile.ZipFile(out, "w") as made:
            for name in book.namelist():
                made.writestr(name, data if name == SHEET else book.read(name))
        return out.getvalue()


def _constructed() -> Seed:
    """Take the first 40 rows of the long sample under a row of their own totals."""
    lines = (SAMPLES / "constructed_120_days.csv").read_text("utf-8-sig").splitlines()[:41]
    cells = [line.split(",") for line in lines[1:]]
    spend = sum(round(float(c[7]) * 100) for c in cells) / 100
    counts = [sum(int(c[at]) for c in cells) for at in (10, 11, 13)]
    last = ["Total of 40 results", *["-"] * 6, f"{spend:.2f}", "0", "0", str(counts[0]), str(counts[1]), "0"]
    last += [str(counts[2]), "0", "0", "USD"]
    text = "\n".join([*lines, ",".join(last)]) + "\n"
    names = ("spend", "impressions", "clicks", "conversions")
    return Seed("constructed", text.encode("utf-8-sig"), dict(zip(names, [spend, *map(float, counts)], strict=True)))


def _seeds() -> list[Seed]:
    folder = SAMPLES / "ads_manager_and_api"
    named = {
        "en_custom_report_ad_day_bom.csv": (4618872.0, 423844.0, 1999.0, 62.0),
        "ko_ad_day_bom_dupheader.csv": (815435.0, 388303.0, 10481.0, 16.0),
        "ja_campaign_cp932.csv": (64000.0, 160000.0, 500.0, 2.0),
        "campaign_report_dimension_A1.xlsx": (1710618.0, 1233794.0, 23251.0, 46.0),
    }
    names = ("spend", "impressions", "clicks", "conversions")
    labels = {"ja_campaign_cp932.csv": "全2件の結果", "campaign_report_dimension_A1.xlsx": "Total of 2 results"}
    seeds = [
        Seed(
            name,
            (folder / name).read_bytes(),
            dict(zip(names, totals, strict=True)),
            Path(name).suffix,
            labels.get(name),
        )
        for name, totals in named.items()
    ]
    warehouse = SAMPLES / "warehouse_fivetran" / "tiktok_campaign_country_report_data.csv"
    book = seeds[-1]
    with zipfile.ZipFile(io.BytesIO(book.data)) as opened:
        inside = Seed("sheet", opened.read(SHEET), book.totals, book.suffix, book.label, book.data)
    return [*seeds, inside, _constructed(), Seed("warehouse", warehouse.read_bytes(), {})]


SEEDS = _seeds()
BYTES = [
    b"",
    b"-",
    b"--",
    b"0",
    b"9",
    b",",
    b";",
    b"\t",
    b'"',
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\x80",
    b"\xe3\x81",
    b".",
]
BYTES += [
    b"1.5",
    b"1,5",
    b"1E+18",
    b"-1",
    b"%",
    b"=",
    b"'",
    b" ",
    b"nan",
    b"inf",
    b"Total",
    b"\xef\xbb\xbf",
    "日".encode(),
]


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def mutate(data: bytes, kind: int, at: int, size: int, piece: bytes) -> bytes:
    """Damage a file in one of twelve ways."""
    if not data:
        return piece
    place = at % len(data)
    lines = _lines(data)
    row, other = at % len(lines), size % len(lines)
    match kind:
        case 0:
            return data[:place] + piece + data[place:]
        case 1:
            return data[:place] + data[place + size % 40 + 1 :]
        case 2:
            return data[:place] + piece + data[place + max(1, len(piece)) :]
        case 3:
            return data[:place]
        case 4:
            return b"".join([*lines[:row], lines[row], *lines[row:]])
        case 5:
            return b"".join(lines[:row] + lines[row + 1 :])
        case 6:
            lines[row], lines[other] = lines[other], lines[row]
            return b"".join(lines)
        case 7 | 8:
            cells = lines[row].rstrip(b"\r\n").split(b",")
            if kind == 7:
                cells[size % len(cells)] = piece
            else:
                cells.insert(size % len(cells), cells[at % len(cells)])
            return b"".join([*lines[:row], b",".join(cells) + b"\n", *lines[row + 1 :]])
        case 9:
            return data.replace(b",", piece or b";")
        case 10:
            return data[: place // 2] + data[place:] if size % 2 else data + data[place:]
        case _:
            return bytes([data[place] ^ (1 << size % 8)]).join([data[:place], data[place + 1 :]])


MUTATIONS = st.tuples(st.integers(0, 11), st.integers(0, 1 << 16), st.integers(0, 1 << 10), st.sampled_from(BYTES))


def read_or_refuse(path: Path) -> tuple[AdsReport | None, str]:
    """Read a file, or give the text of its refusal; any other exception is a fault of the reader."""
    try:
        return read_export(path), ""
    except InputError as refused:
        return None, str(refused)


def check(report: AdsReport, seed: Seed) -> None:
    """Compare what was read with the totals of the file."""
    assert len(report.frame)
    assert not report.mismatch
    said = set(report.checks.loc[report.checks["how"] != "differs", "column"])
    for name, total in (report.footer or {}).items():
        if name not in report.additive:
            continue
        rows = report.frame[name].to_numpy(dtype=np.float64)
        added = float(np.nansum(rows))
        if report.currency is None and "currency" in report.frame and report.frame["currency"].nunique() > 1:
            continue
        assert name in said
        if abs(added - total) > 1e-9 * max(1.0, abs(total)):
            assert report.checks.set_index("column").loc[name, "how"] == "rounding"
            assert any(note.startswith(f"{name}: the rows add up to") for note in report.notes)
    if report.footer is None:
        assert any("no row of totals" in note for note in report.notes)
    # No row may be the totals of the sample taken for data, unless that is said.
    known = [n for n in seed.totals if n in report.frame.columns]
    if len(known) == len(seed.totals) and known and len(report.frame) > 1:
        same = np.ones(len(report.frame), dtype=bool)
        if seed.label is not None:
            same &= (
                (report.frame["campaign_name"] == seed.label).to_numpy() if "campaign_name" in report.frame else False
            )
        for name in known:
            same &= report.frame[name].to_numpy(dtype=np.float64) == seed.totals[name]
        sums = {n: float(np.nansum(report.frame[n].to_numpy(dtype=np.float64))) for n in known}
        if same.any() and all(sums[n] != seed.totals[n] for n in known):
            assert any("read as data" in note for note in report.notes), report.notes


MUTANT = (st.sampled_from(SEEDS), st.lists(MUTATIONS, min_size=1, max_size=3))
QUIET = list(HealthCheck)


def try_mutant(seed: Seed, mutations: list[tuple[int, int, int, bytes]]) -> None:
    """Damage a sample and read it."""
    data = seed.data
    for kind, at, size, piece in mutations:
        data = mutate(data, kind, at, size, piece)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mutant{seed.suffix}"
        path.write_bytes(seed.pack(data))
        report, refusal = read_or_refuse(path)
    if report is None:
        assert refusal
    else:
        check(report, seed)


@pytest.mark.fuzz
@settings(derandomize=True, deadline=None, max_examples=MUTANTS, suppress_health_check=QUIET)
@given(*MUTANT)
def test_mutants_are_read_or_refused_and_never_lie(seed: Seed, mutations: list[tuple[int, int, int, bytes]]):
    try_mutant(seed, mutations)


@pytest.mark.fuzz
@pytest.mark.slow
@settings(derandomize=True, deadline=None, max_examples=100_000, suppress_health_check=QUIET, database=None)
@given(*MUTANT)
def test_a_hundred_thousand_mutants_are_read_or_refused_and_never_lie(
    seed: Seed, mutations: list[tuple[int, int, int, bytes]]
):
    try_mutant(seed, mutations)


@pytest.mark.fuzz
@settings(derandomize=True, deadline=None, max_examples=200, suppress_health_check=QUIET)
@given(*MUTANT)
def test_mutants_calibrate_a_scenario_or_are_refused(seed: Seed, mutations: list[tuple[int, int, int, bytes]]):
    data = seed.data
    for kind, at, size, piece in mutations:
        data = mutate(data, kind, at, size, piece)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mutant{seed.suffix}"
        path.write_bytes(seed.pack(data))
        try:
            mine = calibrate(path, accept_mismatch=True)
        except InputError:
            return
    assert drawn(mine, 1, 0).cross_faults() == []
    assert Scenario.read(tomllib.loads(dump_scenario(mine))) == mine


@pytest.mark.parametrize("seed", SEEDS, ids=lambda s: s.name)
def test_the_check_holds_for_the_samples_themselves(seed: Seed, tmp_path: Path):
    path = tmp_path / f"sample{seed.suffix}"
    path.write_bytes(seed.pack(seed.data))
    report = read_export(path)
    check(report, seed)
    for name, total in seed.totals.items():
        assert report.footer is not None
        assert report.footer[name] == total
        assert report.totals()[name] == pytest.approx(total, rel=1e-12)
