from __future__ import annotations

import json
import runpy
from pathlib import Path

import pandas as pd


def test_constructed_export_is_what_its_script_makes(samples: Path, tmp_path: Path):
    script = runpy.run_path(str(samples / "make_constructed.py"))
    script["main"](tmp_path)
    for name in ("constructed_120_days.csv", "constructed_120_days.json"):
        assert (tmp_path / name).read_bytes() == (samples / name).read_bytes(), name


def test_constructed_export_has_the_promised_size(samples: Path):
    frame = pd.read_csv(samples / "constructed_120_days.csv", dtype=str).iloc[:-1]
    assert frame["By Day"].nunique() == 120
    assert frame["Campaign ID"].nunique() == 12
    assert frame["Ad ID"].nunique() == 60


def test_every_sample_is_described_and_every_foreign_one_licensed(samples: Path):
    text = (samples / "README.md").read_text("utf-8")
    for path in samples.rglob("*"):
        if path.is_file() and path.name not in {"README.md", "LICENSE"} and path.parent.name != "warehouse_fivetran":
            assert path.name in text, path
    assert "Apache License" in (samples / "warehouse_fivetran" / "LICENSE").read_text("utf-8")
    assert "Airbyte" in (samples / "api_report_rows" / "LICENSE").read_text("utf-8")


def test_api_samples_are_whole(samples: Path):
    for path in (samples / "ads_manager_and_api").glob("*.json"):
        assert json.loads(path.read_text("utf-8"))
    lines = (samples / "api_report_rows" / "report_rows_transcribed.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["metrics"]["impressions"] for line in lines] == ["5870", "6137", "3682"]
