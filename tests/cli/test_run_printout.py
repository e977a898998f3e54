"""What ``pixelsim run`` prints beside its tables: what rests on organic sessions, how copies count, audits."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pixelsim as ps
from benchmarks.scenarios import SMALL_PIXEL, small
from pixelsim.cli import main
from pixelsim.measure import organic_sensitivity
from pixelsim.scenario import Scenario, write_scenario

SOLD = {
    "products": [{"name": "shirt", "share": 0.9}, {"name": "coat", "share": 0.1}],
    "markets": [{"name": "Japan", "share": 1.0, "utc_offset": "+09:00"}],
}


def printed(scenario: Scenario, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Give what one replication prints, with line ends and frames as single spaces."""
    path = folder / "scenario.toml"
    write_scenario(scenario, path)
    with pytest.raises(SystemExit) as end:
        main(["run", str(path), "--replications", "1", "--seed", "3", "--out", str(folder / "out")])
    assert end.value.code == 0
    return re.sub(r"[\s│]+", " ", capsys.readouterr().out)


def test_what_rests_on_organic_sessions_is_printed_for_half_and_twice_as_many(tmp_path, capsys):
    given = small(days=2, site=SOLD, capture={"loads": {SMALL_PIXEL: 2}, "browser_event_id": False})
    out = printed(given, tmp_path, capsys)
    table = organic_sensitivity(ps.run(given, seed=3).simulation).set_index("event")
    share = table["organic"] / table["total"]
    told = [f"{name} {-share[name] / 2:+.0%} or {share[name]:+.0%}" for name in ("PageView", "Purchase")]
    assert f"with half as many, or twice as many, total events would be: {'; '.join(told)}" in out
    assert "count once within 48 h (browser and server merge within 5 min)" in out
    assert "repeats of a visitor without an id count each time (window 0 s)" in out
    assert f"shop loads the same pixel {SMALL_PIXEL} 2 times; remove the extra installations" in out
    assert "product shirt: share" in out
    assert "market Japan: share" in out


def test_a_repeat_window_is_named_and_a_sound_shop_has_no_audit(tmp_path, capsys):
    given = small(days=2, measurement={"repeat_seconds": 600.0})
    out = printed(given, tmp_path, capsys)
    assert "repeats of a visitor without an id count once within 600 s" in out
    assert "Audit of replication 0" not in out
