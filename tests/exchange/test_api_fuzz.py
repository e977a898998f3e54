"""Damaged copies of the JSON samples: read, or refused in words; never another exception, never an unsound world."""

from __future__ import annotations

import contextlib
import copy
import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.exchange.api_folder import read_api_folder
from pixelsim.exchange.api_report import read_api_report
from pixelsim.exchange.api_world import world_from_api
from pixelsim.exchange.audit import audit_events
from pixelsim.exchange.event_log import read_events
from pixelsim.world.integrity import integrity_faults

FOLDER = Path(__file__).parents[2] / "data" / "samples" / "ads_manager_and_api"
TEXTS = {p.name: p.read_text("utf-8") for p in sorted(FOLDER.glob("*.json"))}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(["", "-", "0", "UNBOUND", "SHARED", "7644201699552690002", "7000000000000000001", [], {}, [[]]]),
    st.lists(st.integers(), max_size=2),
)
SETTINGS = settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        return found + [p for k, v in value.items() for p in _paths(v, (*path, k))]
    if isinstance(value, list):
        return found + [p for k, v in enumerate(value) for p in _paths(v, (*path, k))]
    return found


@st.composite
def mutants(draw: st.DrawFn) -> tuple[str, str]:
    name = draw(st.sampled_from(sorted(TEXTS)))
    value = json.loads(TEXTS[name])
    for _ in range(draw(st.integers(1, 3))):
        paths = _paths(value)
        if not paths:
            break
        *parents, last = draw(st.sampled_from(paths))
        inner = value
        for step in parents:
            inner = inner[step]
        if draw(st.booleans()):
            inner[last] = copy.deepcopy(draw(VALUES))
        elif isinstance(inner, dict):
            del inner[last]
        else:
            inner.append(copy.deepcopy(inner[last]))
    return name, json.dumps(value)


def _try(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            found = read_api_folder(path)
        except InputError:
            return
        found.summary()
        found.event_stats()
        given_ids = {"bc": "7000000000000000001", "advertiser": "7000000000000000101", "pixel": "D0SAMPLEC77U9J3L2402"}
        for asked in ({}, given_ids):
            imported = world_from_api(found, **asked)
            assert integrity_faults(imported.world) == []
            assert set(imported.links["state"]) <= {"linked", "not linked", "unknown"}
        with contextlib.suppress(InputError):
            assert all(len(report.frame) for report in found.reports(currency="USD"))
        with contextlib.suppress(InputError):
            read_api_report(path)
        with contextlib.suppress(InputError):
            audit_events(read_events(path))


@SETTINGS
@given(mutants())
def test_changed_values_are_read_or_refused(mutant: tuple[str, str]):
    _try(mutant[0], mutant[1].encode())


@SETTINGS
@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 9000), st.binary(max_size=4), st.integers(0, 40))
def test_changed_bytes_are_read_or_refused(name: str, at: int, put: bytes, cut: int):
    data = TEXTS[name].encode()
    at %= len(data)
    _try(name, data[:at] + put + data[at + cut :])


def test_deep_nesting_and_strange_numbers_are_refused_or_read():
    for text in (
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"code": NaN}',
        '{"code": 1e999999}',
        '{"code": ' + "9" * 9000 + "}",
    ):
        _try("pixel_list.json", text.encode())
    _try("pixel_list.json", b'{"code": 0, "message": "\\ud800", "data": {"pixels": [{"pixel_code": "\\udfff"}]}}')
    _try("pixel_list.json", b"\xff\xfe{}")
