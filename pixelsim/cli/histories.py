"""One possible history as the tables that real files hold: report rows, received events, event statistics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import typer

from pixelsim.base.errors import InputError
from pixelsim.scenario.builtin import scenario as find_scenario
from pixelsim.scenario.drawing import drawn
from pixelsim.study.run import Run
from pixelsim.traffic.streaming import stream_log
from pixelsim.world.queries import is_linked

__all__ = ["events_of_run", "report_of_run", "stats_of_run", "write_log"]


def write_log(scenario: str, folder: Path, *, seed: int, replication: int, compiled: bool) -> None:
    """Stream the event log of one replication to a folder, and print what is in it.

    Raises
    ------
    InputError, UnknownNameError
        The scenario or the folder is refused.
    MissingExtraError
        The compiled kernels are asked for, and Numba is not installed.
    """
    given = drawn(find_scenario(scenario), seed, replication)
    try:
        found = stream_log(given, folder, seed=seed, replication=replication, compiled=compiled)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            "log", field="out", value=folder, rule=f"a folder to write to ({reason})", remedy="choose another place"
        ) from None
    rows = ", ".join(f"{count:,} {fate}" for fate, count in found.fates.items() if count)
    typer.echo(f"{given.name}, seed {seed}, replication {replication}: {found.rows['log']:,} copies of events ({rows})")
    typer.echo(f"{found.rows['claims']:,} claims of ad accounts, {found.rows['orders']:,} orders in truth")
    typer.echo(f"{found.blocks} files of each table in {folder}; run.json has the names of the numbers in them")


def report_of_run(one: Run, account: str | None = None) -> pd.DataFrame:
    """Give a run as the rows of a report: ad group by day, as Ads Manager shows it to each account.

    Parameters
    ----------
    one
        The run.
    account
        Id of one ad account; None for all.

    Returns
    -------
    DataFrame
        ``date``, ``account_id``, ``campaign_id``, ``campaign_name``, ``ad_group_id``, ``ad_group_name``, ``spend``,
        ``impressions``, ``clicks``, ``conversions`` (attributed events of the ad group's own event), ``purchases`` and
        ``currency``.
    """
    world = one.simulation.history.now
    delivery = one.delivery().drop(columns=["utc_offset", "orphaned_spend"])
    metrics = one.metrics(by="day", level="ad_group")
    mine = (metrics["surface"] == "Ads Manager") & (metrics["rule"] == "R27") & (metrics["object_type"] == "ad_group")
    credited = metrics.loc[mine].drop_duplicates(["account", "object", "event", "day"]).copy()
    # Each account reads the figures of its own ad groups.
    owners = {g.id: world.campaigns[g.campaign].account for g in world.ad_groups.values()}
    credited = credited[credited["object"].map(owners) == credited["account"]]
    goals = credited["object"].map({g.id: g.event for g in world.ad_groups.values()})
    key = ["ad_group", "day"]
    credited = credited.rename(columns={"object": "ad_group"})
    counts = {
        "conversions": credited[credited["event"] == goals],
        "purchases": credited[credited["event"] == "Purchase"],
    }
    table = delivery
    for name, part in counts.items():
        numbers = part[key].assign(**{name: part["value"].astype("float64")})
        table = table.merge(numbers.groupby(key).sum(min_count=1).reset_index(), on=key, how="left")
    groups = table["ad_group"].map(world.ad_groups.get)
    campaigns = [world.campaigns[g.campaign] for g in groups]
    made = pd.DataFrame(
        {
            "date": table["day"].astype("datetime64[s]"),
            "account_id": table["account"],
            "campaign_id": [c.id for c in campaigns],
            "campaign_name": [c.name for c in campaigns],
            "ad_group_id": table["ad_group"],
            "ad_group_name": [g.name for g in groups],
            "spend": table["spend"].astype(np.float64),
            "impressions": table["impressions"].astype(np.float64),
            "clicks": table["clicks"].astype(np.float64),
            "conversions": table["conversions"],
            "purchases": table["purchases"],
            "currency": table["currency"],
        }
    )
    return made if account is None else made[made["account_id"] == account].reset_index(drop=True)


def events_of_run(one: Run) -> pd.DataFrame:
    """Give the copies of events that reached a pixel, as the platform received them: what it could have seen only."""
    log = one.log()
    heard = log[(log["fate"].astype(str) != "lost") & (log["loss"].astype(str) == "received")]
    times = {n: heard[n].dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[ms]") for n in ("at", "received")}
    ids = heard["event_id"].astype("object")
    made = pd.DataFrame(
        {
            "pixel": heard["pixel"].astype("object"),
            "event": heard["event"].astype("object"),
            "event_id": [None if pd.isna(v) or str(v) in {"-1", ""} else str(v) for v in ids],
            "at": times["at"],
            "received_at": times["received"],
            "channel": heard["channel"].astype("object"),
            "value": heard["value"].astype("float64"),
            "currency": heard["currency"].astype("object"),
        }
    )
    return made.sort_values("received_at", kind="stable", ignore_index=True)


def stats_of_run(one: Run, account: str) -> pd.DataFrame:
    """Give the statistics of the pixels that an ad account is linked to at the end of a run.

    Returns
    -------
    DataFrame
        ``pixel_id``, ``event``, ``total``, ``browser``, ``server`` (kept events by the channel of the kept copy) and
        ``attributed`` (to the account's own ads).

    Raises
    ------
    InputError
        The account is linked to no pixel at the end; the platform counts unlinked ones no longer.
    """
    world, log = one.simulation.history.now, one.log()
    linked = {p.code: p.number for p in world.pixels.values() if is_linked(world, p.code, account)}
    kept = log[(log["fate"].astype(str) == "kept") & log["pixel"].astype(str).isin(linked)]
    if not linked or kept.empty:
        raise InputError.single(
            "export",
            field="account",
            value=account,
            rule="an ad account that is linked to a pixel with events at the end of the run (R20)",
            remedy="choose another ad account, or a scenario without the unshare",
        )
    channel, mine = kept["channel"].astype(str), kept["credit"].astype(str) == "credited"
    table = pd.DataFrame(
        {
            "pixel_id": kept["pixel"].astype(str).map(linked),
            "event": kept["event"].astype(str),
            "total": 1.0,
            "browser": (channel == "browser").astype(float),
            "server": (channel == "server").astype(float),
            "attributed": (mine & (kept["account"].astype(str) == account)).astype(float),
        }
    )
    return table.groupby(["pixel_id", "event"], as_index=False, sort=True).sum()
