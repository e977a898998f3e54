"""Studies with ``detail="counts"``: the same tables and verdicts, with the exactness of each figure beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from study_scenarios import cancelled, ending
from typer.testing import CliRunner

from pixelsim.base.errors import InputError
from pixelsim.cli.app import app
from pixelsim.study import CountRun, compare, decide, open_study, replicate, rerun, run, sweep

BUDGET = "traffic.delivery[launch_1].daily_budget"


def test_replications_have_the_names_of_events() -> None:
    events, counts = (replicate(ending(), 3, seed=2, detail=detail) for detail in ("events", "counts"))
    pd.testing.assert_frame_equal(events.names, counts.names)
    assert "exactness" not in events.summary()
    assert set(counts.summary()["exactness"]) <= {"exact", "approximate", "outside tested range"}
    assert np.array_equal(np.isnan(events.values), np.isnan(counts.values))
    one = run(ending(), seed=2, replication=1, detail="counts").response("orders", object="all sites")
    assert counts.response("orders", object="all sites")[1] == one


def test_compare_pairs_on_the_same_numbers() -> None:
    """The forgotten campaign starts on day 3 without access; cancelled on day 2, it spends nothing."""
    found = compare(ending(), cancelled(on=2.0), replications=5, seed=2, detail="counts")
    table = found.summary().set_index("outcome")
    orphaned = next(label for label in table.index if label.startswith("orphaned spend"))
    assert table.loc[orphaned, "exactness"] == "exact"
    assert table.loc[orphaned, "variant_mean"] == 0 < table.loc[orphaned, "baseline_mean"]
    events = compare(ending(), cancelled(on=2.0), replications=5, seed=2).summary().set_index("outcome")
    assert table.index.tolist() == events.index.tolist()
    # A campaign that learns costs the same money in both; what differs in counts is who clicks.
    assert table.loc[orphaned, "mean_difference"] == pytest.approx(events.loc[orphaned, "mean_difference"], rel=1e-9)
    assert len(decide(found, conversion_value=40.0)) > 0
    brand = [i for i, row in found.responses.iterrows() if row["object"] == "acc_brand" and row["response"] == "spend"]
    assert np.array_equal(found.values[:, 0, brand], found.values[:, 1, brand])


def test_a_sweep_is_stored_and_run_again(tmp_path) -> None:
    study = sweep(ending(), {BUDGET: [20.0, 40.0]}, replications=2, seed=3, out=tmp_path, detail="counts")
    assert study.complete
    assert open_study(tmp_path).asked.detail == "counts"
    summary = study.summary("spend")
    assert set(summary["exactness"]) == {"exact"}
    again = rerun(tmp_path, 1, point=1)
    assert isinstance(again, CountRun)
    stored = study.frame("spend", object="acc_agency").query("point == 1 and replication == 1")["value"].item()
    assert again.response("spend", object="acc_agency") == stored
    daily = study.table("daily").query("point == 1 and replication == 1 and account == 'acc_agency'")
    assert daily["spend"].sum() == pytest.approx(stored)
    with pytest.raises(InputError, match="as in the study that the folder holds"):
        sweep(ending(), {BUDGET: [20.0, 40.0]}, replications=2, seed=3, out=tmp_path)


def test_warm_up_and_cool_down_are_cut_away() -> None:
    """Money of the days that count is the same to the cent, whatever was simulated beside them."""
    lengthened = [
        run(ending(), seed=6, warm_up_days=2, cool_down_days=3, detail=detail) for detail in ("events", "counts")
    ]
    keys = ["outcome", "object"]
    one, other = (table.outcomes().set_index(keys)["value"] for table in lengthened)
    for outcome in ("spend", "orphaned spend", "blind days", "refused actions"):
        assert one.loc[outcome].tolist() == other.loc[outcome].tolist()
    rows = [len(table.metrics(by="day")) for table in lengthened]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("work", [run, replicate])
def test_an_unknown_detail_is_refused(work) -> None:
    with pytest.raises(InputError, match="events or counts"):
        work(ending(), detail="crowds")


def test_commands_take_the_detail(tmp_path) -> None:
    asked = ["compare", "agency", "ending", "--replications", "2", "--detail", "counts", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "exactness" in pd.read_csv(tmp_path / "differences.csv").columns
