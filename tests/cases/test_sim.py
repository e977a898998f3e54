"""Field cases of the simulation itself: seeds, repeats, ties, ends, common random numbers, sweeps and windows."""

from __future__ import annotations

import gc
import itertools
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sim_worlds import PIXELS, reference, world

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.base.streams import Streams
from pixelsim.base.tables import read_parquet
from pixelsim.control.timeline import Timeline
from pixelsim.scenario import PlannedAction, Scenario
from pixelsim.sharing.actions import Switch
from pixelsim.sharing.history import History
from pixelsim.study import compare, paired, replicate, run, summarise, sweep
from pixelsim.study.chunks import Chunk, run_chunk
from pixelsim.study.window import WHOLE
from pixelsim.traffic.access import AccessBook
from pixelsim.traffic.attribution import Reason
from pixelsim.traffic.capture import Copies, Loss
from pixelsim.traffic.collector import Collector
from pixelsim.traffic.counting import CountMode
from pixelsim.traffic.flow import TouchRows
from pixelsim.traffic.log import Fate, LogRows
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.touches import TouchKind, Windows

PURCHASE = 4
TRUTH = ("at", "received", "person", "visitor", "event", "key", "event_id", "pixel", "channel", "value", "visit")


def rows_of(log: LogRows, names: tuple[str, ...] = LogRows.names()) -> pd.DataFrame:
    return pd.DataFrame({name: getattr(log, name) for name in names})


def fresh(code: str, hash_seed: str, **how: object) -> subprocess.Popen[str]:
    """Start a fresh process on code that may import the worlds of these cases."""
    here = Path(__file__).parent
    paths = os.pathsep.join([str(here), str(here.parents[1])])
    env = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": hash_seed}
    return subprocess.Popen([sys.executable, "-c", code], env=env, text=True, **how)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# ---------------------------------------------------------------------------------------------------------------------


def test_P140_repetitions_differ_and_each_is_the_same_alone():
    given = world()
    ten, twenty = replicate(given, 10, seed=42), replicate(given, 20, seed=42)
    seen = [tuple(row) for row in np.nan_to_num(ten.values, nan=-1.0).tolist()]
    assert len(set(seen)) == 10
    assert ten.response("orders").std(ddof=1) > 0
    alone = run(given, seed=42, replication=7).responses()["value"]
    assert np.array_equal(alone, ten.values[7], equal_nan=True)
    assert np.array_equal(twenty.values[:10], ten.values, equal_nan=True)
    assert len({tuple(row) for row in np.nan_to_num(twenty.values, nan=-1.0).tolist()}) == 20
    assert set(ten.frame()["seed"]) == {42}
    assert sorted(set(ten.frame()["replication"])) == list(range(10))


def test_P141_no_run_is_the_odd_one_out():
    purposes = ("arrivals", "conversion", "delay", "bots")
    drawn = [Streams(0, r).generator(p, "shop").random(100) for r in range(10) for p in purposes]
    assert not any(np.array_equal(one, other) for one, other in itertools.combinations(drawn, 2))
    # Run 0 with seed 0 is as good as any other: no two of the ten histories are alike.
    given = world(days=1)
    orders = [run(given, seed=0, replication=r).simulation.log.at[:50].tobytes() for r in range(10)]
    assert len(set(orders)) == 10


def test_P142_byte_equal_in_fresh_processes_on_one_and_four_workers(tmp_path):
    """100,000 events of 20 accounts and 50 campaigns; three hash seeds; one worker, and four at a time."""
    serial = "from sim_worlds import write_all\nfor k in {1}: write_all({0!r}, k)"
    four = (
        "from concurrent.futures import ThreadPoolExecutor\nfrom functools import partial\n"
        "from sim_worlds import write_all\n"
        "with ThreadPoolExecutor(4) as pool: list(pool.map(partial(write_all, {0!r}), {1}))"
    )
    for name, code, replications in (("0", serial, (0, 1)), ("1", four, (1, 0)), ("4242", serial, (0,))):
        # One after the other: memory of one of them at a time.
        assert fresh(code.format(str(tmp_path / name), replications), name).wait(timeout=300) == 0
    one, other, third = (contents(tmp_path / name) for name in ("0", "1", "4242"))
    assert len(one) == 14
    assert other == one
    assert third == {name: text for name, text in one.items() if name.startswith("replication_0/")}
    log = read_parquet(tmp_path / "0" / "replication_0" / "log.parquet")
    assert len(log) >= 100_000
    assert log["account"].nunique() > 10
    structure = reference().structure
    assert (len(structure.ad_accounts), len(structure.campaigns)) == (20, 50)


@pytest.mark.slow
def test_P142_byte_equal_on_four_processes(tmp_path):
    head = "from sim_worlds import *\nfrom pixelsim.study import sweep\n"
    code = head + "sweep(reference(), {{'days': [10]}}, out={0!r}, {1})"
    asked = "replications=8, chunk=1, seed=42"
    for workers in (1, 4):
        text = code.format(str(tmp_path / str(workers)), f"{asked}, workers={workers}")
        assert fresh(text, str(workers)).wait(timeout=600) == 0
    one, four = (contents(tmp_path / str(workers)) for workers in (1, 4))
    for found in (one, four):
        del found["run_times.jsonl"]
    assert one == four


# ---------------------------------------------------------------------------------------------------------------------

VISITORS = 1_000


def collected(at: int, unshare: float, *, touched: int | None = None, backwards: bool = False) -> LogRows:
    """Let 1,000 visitors of the agency's campaign buy at one instant, each touched once, and collect what comes."""
    given = world(unshare=unshare, days=3)
    history = History(given.structure.world(), given.rulebook)
    for step in given.plan.steps:
        assert history.attempt(step.action, step.at).decision.allowed
    numbering = Numbering.of(given, history.at(-1))
    group = numbering.ad_groups.index("camp_01_group")
    one = np.full(len(numbering.ad_groups), 7 * DAY)
    collector = Collector(
        given.measurement,
        numbering,
        Windows(one, one // 7, one // 7),
        np.full((len(numbering.ad_groups), 5), CountMode.EVERY, dtype=np.int8),
        AccessBook(Timeline(history), numbering),
    )
    person = np.arange(VISITORS, dtype=np.int64)
    same = np.zeros(VISITORS, dtype=np.int64)
    touches = TouchRows(
        same + (at if touched is None else touched),
        person,
        np.full(VISITORS, TouchKind.CLICK, dtype=np.int8),
        (same + group).astype(np.int32),
        same.astype(np.int32),
        person,
        same.astype(np.bool_),
    )
    small = same.astype(np.int8)
    copies = Copies(
        same + at,
        same + at,
        person,
        person,
        person,
        small + np.int8(PURCHASE),
        person,
        person,
        same.astype(np.int32),
        small,
        same + 100,
        small,
        small + np.int8(Loss.RECEIVED),
    )
    if backwards:
        order = np.arange(VISITORS)[::-1]
        touches, copies = touches.take(order), copies.take(order)
    logs = []
    for day in (1, 2):
        share = [touches] if touches.at[0] // DAY == day - 1 else []
        here = at // DAY == day - 1
        logs.append(collector.collect(share, [copies if here else copies.take(slice(0, 0))], day * DAY)[0])
    return LogRows.join(logs)


@pytest.mark.parametrize("backwards", [False, True])
def test_P144_a_thousand_visitors_at_the_instant_of_an_unshare(backwards):
    """Order of ties: control action, touchpoint, event copy; so access has ended for what happens at that instant."""
    log = collected(DAY, unshare=1.0, backwards=backwards)
    assert len(log) == VISITORS
    assert (log.fate == Fate.KEPT).sum() == VISITORS
    assert (log.reason == Reason.ACCESS_ENDED).sum() == VISITORS
    assert (log.refused_account >= 0).all()
    # At one instant the order is that of entity and draw number, whatever order they came in.
    assert log.key.tolist() == list(range(VISITORS))


def test_P144_one_millisecond_to_either_side():
    # A touch and an event of the same instant: the touch is first, and earns the event.
    log = collected(DAY - 1, unshare=1.0)
    assert (log.reason == Reason.CREDITED).sum() == VISITORS
    # Touched just before the unshare, bought at it: access had ended when the event came.
    log = collected(DAY, unshare=1.0, touched=DAY - 1)
    assert (log.reason == Reason.ACCESS_ENDED).sum() == VISITORS


def test_P144_unshare_and_end_of_the_campaign_at_one_instant():
    """In a whole run: nothing is delivered from that instant on, and every event is accounted for."""
    given = world(unshare=1.0, schedule={"end_day": 1.0}, days=3, organic=200.0, budget=200.0)
    found = run(given, seed=5)
    assert (found.simulation.claims.touch_at < DAY).all()
    assert found.response("orphaned spend", object="acc_01") == 0
    assert found.response("spend", object="acc_01") > 0
    assert len(set(found.delivery()["day"])) == 1
    table = found.conservation()
    assert table["sent"].sum() == len(found.simulation.log) > 1_000
    assert (table["sent"] == table["lost"] + table["received"]).all()
    assert (table["received"] == table["kept"] + table["merged"] + table["dropped"]).all()
    fates = ["attributed", "not counted again", "access ended", "outside window", "no touch"]
    assert (table["kept"] == table[fates].sum(axis=1)).all()


# ---------------------------------------------------------------------------------------------------------------------


def daily_actions(days: int, **more: object) -> Scenario:
    """A campaign switched off and on in turn, at the beginning of every day of the run."""
    given = world(days=days, organic=60.0, budget=80.0, **more)
    steps = [
        PlannedAction(
            day=float(day),
            action=Switch(actor="hq_admin", kind="campaign", id="camp_00", to="off" if day % 2 == 0 else "on"),
        )
        for day in range(days)
    ]
    return given.replace(plan=given.plan.also(*steps))


def test_P146_the_end_is_not_included_and_a_longer_run_begins_like_a_shorter_one():
    five, ten = run(daily_actions(5), seed=3), run(daily_actions(10), seed=3)
    # Actions of days 0 to 4 in the one and 0 to 9 in the other, each once; that of day 5 belongs to the longer run.
    done = [[record.at // DAY for record in one.simulation.history.records] for one in (five, ten)]
    assert done == [list(range(5)), list(range(10))]
    assert (five.simulation.log.received < 5 * DAY).all()
    early = ten.simulation.log.received < 5 * DAY
    assert rows_of(ten.simulation.log.take(early)).equals(rows_of(five.simulation.log))
    assert early.sum() < len(ten.simulation.log)
    # The clock ends at exactly ten days: ten whole days were settled, none more.
    assert len(ten.simulation.phases) == 10
    assert ten.simulation.scenario.length == 10 * DAY
    with pytest.raises(InputError, match="must be before the end, day 5"):
        daily_actions(10).replace(days=5)


@pytest.mark.parametrize("hours", [1, 5, 12])
def test_P146_one_run_in_many_steps_is_one_run(hours):
    whole = daily_actions(4)
    parts = whole.replace(traffic=whole.traffic.replace(step_hours=hours))
    one, other = run(whole, seed=3), run(parts, seed=3)
    assert rows_of(one.simulation.log).equals(rows_of(other.simulation.log))
    assert one.change_log().equals(other.change_log())
    assert one.outcomes().equals(other.outcomes())


# ---------------------------------------------------------------------------------------------------------------------


def unshared_on(day: float, **more: object) -> Scenario:
    return world(days=24, organic=25.0, budget=25.0, unshare=day, **more)


def test_P147_policies_are_compared_with_the_same_luck():
    a, b = run(unshared_on(20.0), seed=11), run(unshared_on(10.0), seed=11)
    before = [rows_of(one.simulation.log.take(one.simulation.log.received < 10 * DAY)) for one in (a, b)]
    assert before[0].equals(before[1])
    assert len(before[0]) > 500
    # Under this policy delivery goes on, so that everything true is the same to the end, and only credit differs.
    assert rows_of(a.simulation.log, TRUTH).equals(rows_of(b.simulation.log, TRUTH))
    assert (a.simulation.log.reason != b.simulation.log.reason).any()


def test_P147_the_difference_in_spend_has_no_noise_before():
    a, b = (run(unshared_on(day, policy="pause"), seed=11).delivery() for day in (20.0, 10.0))
    spent = [one.groupby(["account", "day"])["spend"].sum() for one in (a, b)]
    difference = spent[1].reindex(spent[0].index, fill_value=0.0) - spent[0]
    day = (difference.index.get_level_values("day") - pd.Timestamp("2026-01-05")).days
    agency = difference.index.get_level_values("account") == "acc_01"
    assert (difference[(day < 10) | ~agency] == 0).all()
    assert (difference[(day >= 10) & (day < 20) & agency] < 0).all()
    # Organic visitors come all the same, to the last one.
    organic = []
    for one in (20.0, 10.0):
        orders = run(unshared_on(one, policy="pause"), seed=11).simulation.orders
        organic.append((orders.at[orders.touch_at < 0].tolist(), orders.person[orders.touch_at < 0].tolist()))
    assert organic[0] == organic[1]
    assert len(organic[0][0]) > 3


def test_P147_another_account_does_not_move_the_others():
    two, three = (run(world(accounts=n, campaigns=n, days=6, organic=40.0, budget=60.0), seed=11) for n in (2, 3))
    old = ["acc_00", "acc_01"]
    delivery = three.delivery()
    assert delivery[delivery["account"].isin(old)].reset_index(drop=True).equals(two.delivery())
    keys = []
    for one in (two, three):
        log, names = one.simulation.log, one.simulation.numbering
        origin = np.array([o.entity for o in names.origins])
        table = one.log()
        table["of"] = table["event_key"].str.rsplit(" ", n=2).str[0]
        assert len(origin)
        keys.append(table[["at", "person", "event", "event_key", "value"]].astype({"event": str}))
        assert len(log) == len(table)
    both = keys[0].merge(keys[1], how="left", indicator=True)
    assert (both["_merge"] == "both").all()
    assert len(keys[1]) > len(keys[0]) > 500


def test_P147_common_random_numbers_tell_a_small_difference_that_other_luck_hides():
    a, b = (world(days=8, organic=5.0, budget=25.0, unshare=day) for day in (5.0, 4.9))
    found = compare(a, b, replications=4, seed=1, outcomes="orphaned spend, acc_01", correction="none")
    (same,) = found.differences.values()
    one = found.replications().response("orphaned spend", object="acc_01")
    other = replicate(b, 4, seed=2).response("orphaned spend", object="acc_01")
    assert same.half_width < paired(one, other).half_width
    assert same.low > 0


# ---------------------------------------------------------------------------------------------------------------------


def test_P149_memory_does_not_grow_and_tables_hold_parameters_once(tmp_path):
    given, factors = world(days=2, organic=150.0), {"traffic.sites[0].organic_sessions": [150.0]}
    held: list[int] = []

    def weigh() -> bool:
        # What the garbage collector would get at some time anyway, it gets now, so that the figure is no accident.
        gc.collect()
        held.append(tracemalloc.get_traced_memory()[0])
        return False

    tracemalloc.start()
    try:
        assert sweep(given, factors, replications=8, chunk=2, out=tmp_path / "many", cancel=weigh).complete
    finally:
        tracemalloc.stop()
    chunk = run_chunk(Chunk(0, given, 1, WHOLE, 0, 2))
    weight = sum(int(table.memory_usage(deep=True).sum()) for table in chunk.tables.values())
    assert len(held) == 4
    assert (held[-1] - held[1]) / 2 < 0.1 * weight
    # Interrupted after the first chunk, it goes on where it stopped, to the same bytes.
    left = iter([True])
    stopped = sweep(given, factors, replications=8, chunk=2, out=tmp_path / "again", cancel=lambda: next(left, False))
    assert (stopped.done, stopped.expected) == (2, 8)
    study = sweep(given, factors, replications=8, chunk=2, out=tmp_path / "again")
    kept = [contents(tmp_path / name) for name in ("many", "again")]
    for found in kept:
        del found["run_times.jsonl"]
    assert kept[0] == kept[1]
    check_tables(study, runs=8, factors=list(factors))


def check_tables(study, runs: int, factors: list[str]) -> None:
    table = study.runs()
    assert len(table) == runs
    assert set(factors) <= set(table.columns)
    for name in ("daily", "accounts"):
        big = study.table(name)
        assert len(big) > runs
        assert not set(factors) & set(big.columns)
        assert big.groupby(["point", "replication"]).ngroups == runs


@pytest.mark.slow
def test_P149_two_hundred_runs_of_100_000_events_below_one_gigabyte(tmp_path):
    code = (
        "from benchmarks.memory import peak_bytes\nfrom sim_worlds import *\nfrom pixelsim.study import sweep\n"
        f"study = sweep(reference(), {{'traffic.sites[0].organic_sessions': [1350.0, 1400.0]}}, replications=100, "
        f"out={str(tmp_path / 'study')!r})\n"
        "print(len(study.runs()), peak_bytes())\n"
    )
    process = fresh(code, "0", stdout=subprocess.PIPE)
    told, _ = process.communicate(timeout=3_600)
    runs, most = map(int, told.split())
    assert runs == 200
    assert most < 1_000_000_000


def test_P150_a_batch_has_what_a_single_run_has():
    given = world(unshare=1.0)
    one, many = run(given), replicate(given, 2)
    names = ["kind", "viewer", "surface", "response", "pixel", "event", "object", "unit"]
    single = one.responses()[names]
    assert many.summary()[names].equals(single)
    assert many.frame().query("replication == 1")[names].reset_index(drop=True).equals(single)
    study = sweep(given, {"days": [3]}, replications=1)
    assert study.table("responses")[names].fillna("").equals(single)
    assert set(one.outcomes()["outcome"]) <= set(single["response"])
    assert compare(given, given, replications=1).responses[names].equals(single)
    for ask in (
        lambda: one.response("revenue"),
        lambda: many.response("revenue"),
        lambda: study.frame("revenue"),
        lambda: study.summary("revenue"),
        lambda: compare(given, given, replications=1, outcomes="revenue"),
    ):
        with pytest.raises(UnknownNameError, match="response 'revenue' does not exist"):
            ask()


# ---------------------------------------------------------------------------------------------------------------------


def clicks_that_buy(clicks: float, **delay: float) -> Scenario:
    """Thirty days of clicks at 10 % of which somebody buys after a fixed delay, and nothing is lost on the way."""
    made = world(accounts=2, campaigns=1, days=30, organic=0.0, schedule={"click_days": 7})
    cpm, rate = 10.0, 0.01
    delivery = made.traffic.delivery[0].replace(
        daily_budget=clicks / rate * cpm / 1_000,
        budget_spent=1.0,
        budget_spread=0.0,
        cpm=cpm,
        cpm_sigma=0.0,
        click_rate=rate,
        conversion_rate=0.1,
        landing_share=1.0,
        hours=(1 / 24,) * 24,
    )
    nothing_lost = {"blocked_people": 0.0, "refusing_people": 0.0, "lost_events": 0.0}
    sites = tuple(
        site.replace(people=2_000_000_000, capture=site.capture.replace(**nothing_lost)) for site in made.traffic.sites
    )
    # Narrow enough to be a fixed delay: a second, or so many days give or take two percent.
    fixed = {"fast_mu": 0.0, "fast_sigma": 0.01, "slow_shape": 100.0, **delay}
    return made.replace(
        traffic=made.traffic.replace(delivery=(delivery,), sites=sites, delay=made.traffic.delay.replace(**fixed)),
        viewers=made.viewers[:1],
    )


def delayed() -> tuple[Scenario, Scenario]:
    """100 clicks a day whose orders come after 0, 3 and 6 days (50, 30 and 20 %), in two parts that are added up."""
    day = 86_400.0
    return (
        clicks_that_buy(80.0, fast_share=5 / 8, slow_scale=3 * day),
        clicks_that_buy(20.0, fast_share=0.0, slow_scale=6 * day),
    )


def bought(
    parts: tuple[Scenario, ...], replications: int, seed: int, cool_down_days: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give purchases that the report counts, and clicks, of all parts in each replication."""
    purchases, clicks = np.zeros(replications), np.zeros(replications)
    for part, given in enumerate(parts):
        for replication in range(replications):
            one = run(given, seed=seed + part, replication=replication, cool_down_days=cool_down_days)
            outcomes = one.outcomes().set_index(["outcome", "object"])["value"]
            purchases[replication] += outcomes["conversions attributed", "acc_00"]
            clicks[replication] += one.delivery()["clicks"].sum()
    return purchases, clicks


def test_P151_a_cool_down_gives_the_last_clicks_their_orders():
    early, clicks = bought(delayed(), 10, seed=1, cool_down_days=0)
    whole, again = bought(delayed(), 10, seed=1, cool_down_days=6)
    assert np.array_equal(clicks, again)
    assert abs(clicks.mean() - 3_000) < 4 * np.sqrt(3_000 / 10)
    # The last 3 days miss 30 % and the last 6 days 20 % of 10 orders a day: 9 + 12 of 300.
    late = whole - early
    assert abs(late.mean() - 21) < 4 * np.sqrt(21 / 10)
    assert abs(whole.mean() - 300) < 4 * np.sqrt(300 / 10)
    assert abs(early.mean() - 279) < 4 * np.sqrt(279 / 10)
    with_it, without = summarise(whole / clicks), summarise(early / clicks)
    assert abs(with_it.mean - 0.10) <= 1.5 * with_it.half_width
    assert without.mean + without.half_width < 0.10


@pytest.mark.slow
def test_P151_the_interval_covers_the_true_rate_in_95_of_100_studies():
    """100 studies of 30 repetitions; four fifths of the orders come at once, and one fifth after 6 days."""
    given = clicks_that_buy(100.0, fast_share=0.8, slow_scale=6 * 86_400.0)
    whole, clicks = bought((given,), 3_000, seed=100, cool_down_days=6)
    rates = (whole / clicks).reshape(100, 30)
    found = [summarise(study) for study in rates]
    covered = sum(abs(one.mean - 0.10) <= one.half_width for one in found)
    low, high = stats.binom.ppf([0.0005, 0.9995], 100, 0.95)
    assert low <= covered <= high


def test_P151_a_point_value_never_comes_without_its_spread():
    found = replicate(world(), 3).summary()
    told = found[found["missing"] == 0]
    assert told["half_width"].notna().all()
    one = replicate(world(), 1).summary()
    assert one["half_width"].isna().all()


# ---------------------------------------------------------------------------------------------------------------------


def test_P152_the_world_is_unchanged_and_running_again_gives_the_same():
    given = world(unshare=1.0)
    kept, key, before = given.plain(), given.content_hash, given.structure.world()
    first, second = run(given, seed=6), run(given, seed=6)
    assert given.plain() == kept
    assert given.content_hash == key
    assert given.structure.world() == before
    assert first.simulation.history.at(-1) == before
    assert first.simulation.history.now != before
    assert first.log().equals(second.log())
    assert first.responses().equals(second.responses())
    compare(given, given, replications=1)
    assert run(given, seed=6).responses().equals(first.responses())
    assert PIXELS[0] in before.pixels
