"""The report of a study: every point with its figures, what moves and what does not, and where it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from test_page import outline

from pixelsim.base.errors import InputError
from pixelsim.cli import main
from pixelsim.scenario import scenario
from pixelsim.show import study_points, study_report, write_study_report
from pixelsim.show.digits import plus_minus
from pixelsim.study import Study, open_study, sweep


@pytest.fixture(scope="module")
def factor() -> str:
    return f"traffic.delivery[{scenario('agency').traffic.delivery[0].ad_group}].daily_budget"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, factor: str) -> Study:
    folder = tmp_path_factory.mktemp("study") / "one"
    short = scenario("agency").replace(plan=scenario("agency").plan.replace(steps=()), days=6)
    return sweep(short, {factor: [20.0, 60.0]}, replications=3, seed=3, out=folder, detail="counts")


@pytest.fixture(scope="module")
def html(study: Study) -> str:
    return study_report(study)


def test_the_page_is_whole_and_asks_nobody_for_anything(html: str) -> None:
    found = outline(html)
    assert found.faults == []
    assert found.open == []
    sources = [attrs[name] for _, attrs in found.tags for name in ("src", "srcset", "href") if attrs.get(name)]
    assert sources
    assert all(str(source).startswith(("data:image/png;base64,", "#")) for source in sources)


def test_every_mean_of_every_point_is_in_the_table(html: str, study: Study) -> None:
    words = set(outline(html).texts)
    summary = study.summary()
    for row in summary.dropna(subset="mean").to_dict("records"):
        assert plus_minus(row["mean"], row["half_width"]) in words, row
    assert {"20", "60"} <= words


def test_what_does_not_move_is_said_once_and_not_drawn(html: str, study: Study) -> None:
    spread = study.summary().groupby("outcome")["mean"].agg(["min", "max"])
    moved = int((spread["min"] < spread["max"]).sum())
    assert 0 < moved < len(spread)
    assert html.count("<figure>") == moved
    assert html.count("The same at every point") == 1


def test_seed_version_and_detail_are_told(html: str) -> None:
    words = " ".join(outline(html).texts)
    for told in ("seed 3", "counts", "6 of 6 replications", "pixelsim 0.", "an assumption has no source"):
        assert told in words


def test_without_pictures_the_tables_stay(study: Study) -> None:
    html = study_report(study, pictures=False)
    assert "<figure>" not in html
    assert "Outcomes by design point" in html


def test_points_stand_where_their_factor_is(study: Study, factor: str) -> None:
    rows = study.summary("spend")
    rows = rows[rows["outcome"] == rows["outcome"].iloc[0]]
    ax = study_points(Figure().subplots(), rows, [factor], "spend")
    line = ax.lines[0]
    np.testing.assert_array_equal(line.get_xdata(), [20.0, 60.0])
    np.testing.assert_array_equal(line.get_ydata(), rows["mean"])
    assert ax.get_ylabel() == rows["unit"].iloc[0]


def test_the_command_takes_the_folder_of_a_study(study: Study, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", str(study.folder), "-o", str(tmp_path / "report.html")])
    assert not ended.value.code
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert written == study_report(open_study(study.folder))
    assert write_study_report(study, tmp_path / "again.html").read_text(encoding="utf-8") == written


def test_a_folder_without_a_study_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["report", str(tmp_path), "-o", str(tmp_path / "report.html")])
    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_study_with_nothing_stored_is_refused(tmp_path: Path, factor: str) -> None:
    none = sweep(scenario("agency"), {factor: [20.0]}, replications=1, seed=3, out=tmp_path / "s", cancel=lambda: True)
    if none.done:
        # The work is asked to stop after each result: take away what the first one stored.
        for path in none.folder.rglob("*/*.parquet"):
            path.unlink()
    with pytest.raises(InputError, match="stored replications"):
        study_report(open_study(none.folder))
