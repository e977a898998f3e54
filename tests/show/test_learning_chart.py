from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from show_figures import cut_texts, overlapping_texts

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.scenario.practices import ending, one_domain
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.show.learning import LearningCurve, learning_curve, learning_curves, learning_frame, new_ad_groups
from pixelsim.show.style import NARROW, WIDE, new_figure, styled
from pixelsim.study import Run, run
from pixelsim.traffic.learning import LearningRules, learn

NEW = "acc_region_1_1_campaign_2_group"


def by_day(conversions: list[float], inherited: float = 0.0) -> LearningCurve:
    """Make a curve by hand from conversions by day, by the rule of 50 in 7 days."""
    found = learn([conversions], LearningRules(inherited_share=1.0), history=inherited)
    return LearningCurve(found.in_week[0], found.phase[0], inherited, wanted=50, week=7)


WAYS = {
    "nothing inherited": [by_day([5.0] * 14), by_day([8.0] * 14)],
    "with a share of the pixel's history": [by_day([5.0] * 14, 46.0), by_day([8.0] * 14, 46.0)],
}


@pytest.fixture(scope="module")
def shared() -> Run:
    """A quarter of the pixel's week counts for new ad groups, which start on day 7 of 28."""
    return run(one_domain(regions=2, accounts_of_region=1).vary("traffic.learning.shared_history", 0.25), seed=5)


def drawn(width: float = WIDE) -> Axes:
    figure = new_figure(width, 4.4)
    with styled():
        ax = figure.subplots()
        assert learning_curves(ax, WAYS) is ax
    return ax


def test_only_ad_groups_that_had_not_learned_are_new(shared: Run) -> None:
    assert new_ad_groups(shared) == [NEW, NEW.replace("region_1", "region_2")]


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_a_curve_recounted_from_the_claims_leads_to_the_phases_of_the_run(share: float, shared: Run) -> None:
    one = shared if share else run(shared.scenario.vary("traffic.learning.shared_history", 0.0), seed=5)
    found = learning_curve(one, NEW)
    claims = one.simulation.claims
    groups = np.array(one.simulation.numbering.ad_groups, dtype=object)
    table = pd.DataFrame({"group": groups[claims.ad_group], "day": claims.received // DAY, "event": claims.event})
    table = table[claims.counted & (table["event"] == EVENT_NAMES.index("Purchase"))]
    # All ad groups are on the one pixel, and learn on purchases; the new one delivers from day 7 on.
    week = table[table["day"] < 7]
    assert found.inherited == pytest.approx(share * len(week))
    mine = table[table["group"] == NEW].groupby("day").size().reindex(range(7, 28), fill_value=0)
    expected = learn([mine.to_numpy()], LearningRules(inherited_share=1.0), history=found.inherited)
    assert found.in_week.tolist() == pytest.approx(expected.in_week[0].tolist())
    assert found.phase.tolist() == expected.phase[0].tolist()
    assert one.response("days in learning", object=NEW) == found.days


def test_days_in_learning_end_with_the_fiftieth_conversion_of_a_week() -> None:
    # Field case P79: 8 a day make 56 in 7 days, 5 a day make 35 and stay limited.
    assert (by_day([8.0] * 14).days, by_day([8.0] * 14).stable) == (6, True)
    assert (by_day([5.0] * 14).days, by_day([5.0] * 14).stable) == (14, False)
    assert by_day([5.0] * 14, 46.0).days == 0


def test_the_frame_tells_what_was_inherited_and_how_long_it_took() -> None:
    frame = learning_frame(WAYS).set_index("way")
    # 14 and 6 days: mean 10, half-width 12.7062 x sqrt(32) / sqrt(2) = 51.
    assert frame.loc["nothing inherited"].tolist() == ["0", "10 ± 51", "stable in 1 of 2 runs"]
    assert frame.loc["with a share of the pixel's history"].tolist() == ["46", "0", "stable in 2 of 2 runs"]


def test_lines_are_the_means_of_the_last_week() -> None:
    ax = drawn()
    # 5 and 8 a day: 6.5 on the first day, 45.5 in every full week; what is inherited leaves with the first day.
    first, second = (np.asarray(line.get_ydata(), dtype=float) for line in ax.lines[:2])
    assert first[0] == 6.5
    assert first[6:].tolist() == [45.5] * 8
    assert second[:7].tolist() == [46 + 6.5 * day for day in range(1, 8)]
    assert second[7:].tolist() == [45.5] * 7
    assert ax.lines[2].get_ydata()[0] == 50


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_text_is_cut_and_none_lies_on_another(width: float) -> None:
    figure = drawn(width).figure
    assert cut_texts(figure) == []  # type: ignore[arg-type]
    assert overlapping_texts(figure) == []  # type: ignore[arg-type]


def test_learned_ad_groups_and_empty_pictures_are_refused(shared: Run) -> None:
    with pytest.raises(UnknownNameError, match="new ad group 'acc_hq_1_campaign_1_group' does not exist"):
        learning_curve(shared, "acc_hq_1_campaign_1_group")
    with pytest.raises(InputError, match="at least one curve"):
        learning_curves(new_figure(WIDE, 2).subplots(), {})


def test_nothing_learns_where_everything_had_learned_before() -> None:
    # The agency's second campaign would start on day 18.
    assert new_ad_groups(run(ending(way="never", days=17), seed=1)) == []
