"""Draw the pictures of the README again.

    python docs/make_pictures.py

The explorer's is the screenshot that the browser tests leave in ``artefacts/``; without it the old one stays.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pixelsim as ps
from pixelsim.study.paired import Direction, paired

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
SCREENSHOT = ROOT / "artefacts" / "lab_unshare_timing.png"
REPLICATIONS = 20


def main() -> None:
    """Draw all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    mine = ps.scenario("agency")
    first = mine.replace(plan=mine.plan.unshare_first(3))
    one = ps.run(first, seed=7)
    many, wrong = (ps.replicate(variant, REPLICATIONS, seed=7) for variant in (mine, first))

    ps.show.write_timeline(one, PICTURES / "timeline.png")
    ps.show.write_png(ps.show.access_graph_figure(mine.structure.world()), PICTURES / "access.png")
    metrics = ps.show.chart(lambda ax: ps.show.metrics_by_viewer(ax, many), height=5.2)
    (PICTURES / "metrics.png").write_bytes(metrics.png)
    flow = ps.show.chart(lambda ax: ps.show.event_flow(ax, one), height=3.7)
    (PICTURES / "event_flow.png").write_bytes(flow.png)
    outcomes = {"conversions attributed": Direction.HIGHER, "conversions lost to attribution": Direction.LOWER}
    differences = {
        f"{outcome}, agency's account": paired(
            many.response(outcome, object="acc_agency"),
            wrong.response(outcome, object="acc_agency"),
            unit="conversions",
            direction=direction,
        )
        for outcome, direction in outcomes.items()
    }
    differences["refused actions"] = paired(
        many.response("refused actions"), wrong.response("refused actions"), unit="actions", direction=Direction.LOWER
    )
    title = "Unshared 3 days before the stop, minus unshared after it"
    difference = ps.show.chart(lambda ax: ps.show.difference(ax, differences, title=title), height=2.9)
    (PICTURES / "difference.png").write_bytes(difference.png)
    if SCREENSHOT.is_file():
        shutil.copyfile(SCREENSHOT, PICTURES / "explorer.png")


if __name__ == "__main__":
    main()
