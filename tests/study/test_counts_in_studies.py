"""Studies with ``detail="counts"``: the same tables and verdicts, with the exactness of each figure beside it."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from study_scenarios import cancelled, ending
from typer.testing import CliRunner

from pixelsim.base.errors import InputError
from pixelsim.cli.app import app
from pixelsim.counts import count_by_product
from pixelsim.explore.remembering import Remembering
from pixelsim.measure import by_product
from pixelsim.scenario import Scenario
from pixelsim.study import (
    CountRun,
    compare,
    decide,
    open_study,
    replicate,
    rerun,
    run,
    sensitivity,
    sweep,
    threshold,
)

sensitivities = sys.modules["pixelsim.study.sensitivity"]
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


@pytest.mark.parametrize("beside", [0, 2])
@pytest.mark.parametrize("detail", ["events", "counts"])
def test_the_shops_books_tell_products_and_markets_of_the_days_that_count(detail, beside) -> None:
    value = {"median": 20.0, "sigma": 0.0}
    products = [{"name": "shirt", "share": 0.7, "value": value}, {"name": "coat", "share": 0.3, "value": value}]
    markets = [{"name": name, "share": 0.5, "utc_offset": "+00:00"} for name in ("Spain", "Chile")]
    data = ending().plain()
    data["traffic"]["sites"][0] |= {"products": products, "markets": markets, "refund_share": 0.3}
    found = run(Scenario.read(data), seed=2, warm_up_days=beside, cool_down_days=beside, detail=detail)
    everything = {"events": by_product, "counts": count_by_product}[detail](found.simulation)
    of_product, of_market = found.by_product(), found.by_market()
    assert of_product["product"].tolist() == ["shirt", "coat"]
    assert of_market["market"].tolist()[:2] == ["Spain", "Chile"]
    of_totals = found.outcomes().set_index(["outcome", "object"])["value"]
    for table in (of_product, of_market):
        assert table["orders"].sum() == of_totals["orders", "all sites"]
        assert table["orders seen"].sum() == of_totals["orders seen", "all sites"]
        assert (table["orders"] - table["orders refunded"]).sum() == of_totals["net orders", "all sites"]
        assert table["value"].sum() == pytest.approx(20 * table["orders"].sum())
        assert (table["orders"].sum() < everything["orders"].sum()) == (beside > 0)
        assert ("exactness" in table) == ("exactness of value" in table) == (detail == "counts")
    # Sessions are known for the whole run only.
    assert of_market["sessions"].isna().tolist() == [beside > 0] * len(of_market)
    assert beside or of_market["sessions"].sum() == found.simulation.sessions.sum()


@pytest.mark.parametrize("work", [run, replicate])
def test_an_unknown_detail_is_refused(work) -> None:
    with pytest.raises(InputError, match="events or counts"):
        work(ending(), detail="crowds")


def test_a_threshold_in_counts_is_that_of_events() -> None:
    """Money is the same to the cent in both, so the level at which a limit is met is the same too."""
    spends = [run(cancelled(4.0), replication=k).response("orphaned spend", object="acc_agency") for k in range(3)]
    asked = (ending(), cancelled, "orphaned spend, acc_agency", np.mean(spends), [3.5, 4.0, 4.5])
    events, counts = (threshold(*asked, replications=3, detail=detail) for detail in ("events", "counts"))
    np.testing.assert_allclose(counts.values, events.values, rtol=1e-9)
    assert counts.found.level == pytest.approx(events.found.level) == pytest.approx(4.0)


def test_sensitivity_analyses_what_counts_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """The design and the indices stand still here; what is analysed must be the means of runs in counts."""
    analysed: list[np.ndarray] = []

    def analyze(problem: object, values: np.ndarray, **_: object) -> dict[str, list[float]]:
        analysed.append(values)
        return {key: [1.0] for key in ("S1", "S1_conf", "ST", "ST_conf")}

    design = SimpleNamespace(sample=lambda *_, **__: np.array([[0.25], [0.75], [0.5]]))
    monkeypatch.setattr(sensitivities, "_salib", lambda: (design, SimpleNamespace(analyze=analyze)))
    asked = {"replications": 2, "seed": 4, "detail": "counts"}
    sensitivity(ending(), {BUDGET: (10.0, 90.0)}, "orders, all sites", n=2, **asked)
    for budget, found in zip((30.0, 70.0, 50.0), analysed[0], strict=True):
        runs = replicate(ending().vary(BUDGET, budget), 2, seed=4, detail="counts")
        assert found == runs.summary().set_index("response").loc["orders", "mean"]


def test_a_memory_keeps_both_details_apart() -> None:
    memory = Remembering()
    asked = {"replications": 2, "seed": 4, "executor": memory}
    counts = compare(ending(), cancelled(on=2.0), detail="counts", **asked)
    assert memory.known(ending(), seed=4, detail="counts") == 2
    assert memory.known(ending(), seed=4) == 0
    events = compare(ending(), cancelled(on=2.0), **asked)
    assert memory.known(ending(), seed=4) == 2
    assert "exactness" in counts.summary()
    assert "exactness" not in events.summary()


def test_commands_take_the_detail(tmp_path) -> None:
    asked = ["compare", "agency", "ending", "--replications", "2", "--detail", "counts", "--out", str(tmp_path)]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert "exactness" in pd.read_csv(tmp_path / "differences.csv").columns
