"""Deduplication against a plain loop over rows, whole and in blocks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.traffic.dedup import (
    BROWSER,
    SERVER,
    DedupOutcome,
    DedupRule,
    DedupState,
    deduplicate,
)
from pixelsim.traffic.keys import maybe_in, pack_columns, sort_groups
from pixelsim.traffic.over_dedup import over_dedup

MINUTE, HOUR = 60_000, 3_600_000
exact = settings(derandomize=True, deadline=None, max_examples=200)

COLUMNS = ("at", "pixel", "event", "event_id", "channel", "visitor")


@st.composite
def logs(draw, longest=40):
    """Draw received copies that collide often, with pauses around the lengths of the small windows used here."""
    row = st.tuples(
        st.sampled_from([0, 0, 1, 2, 3, 7, 10, 11]),
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from([0, 0, 0, 1]),
        st.sampled_from([-1, -1, 0, 1, 2]),
        st.sampled_from([BROWSER, SERVER]),
        st.sampled_from([-1, 0, 0, 1]),
    )
    rows = draw(st.lists(row, min_size=draw(st.sampled_from([0, 10, longest])), max_size=longest))
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
    columns[0] = np.cumsum(columns[0]).astype(int).tolist()
    return tuple(np.array(column, dtype=np.int64) for column in columns)


@st.composite
def rules(draw):
    window = draw(st.sampled_from([0, 1, 10, 25]))
    return DedupRule(
        window=window,
        merge=draw(st.integers(0, min(window, 12))),
        repeat=draw(st.sampled_from([0, 0, 3, 40])),
        inclusive=draw(st.booleans()),
    )


def reference(log, rule):
    """Deduplicate one row after another."""

    def inside(age, window):
        return window > 0 and (age <= window if rule.inclusive else age < window)

    first_of_id, last_of_visitor, outcomes, firsts = {}, {}, [], []
    for row, (at, pixel, event, event_id, channel, visitor) in enumerate(zip(*log, strict=True)):
        outcome, kept = DedupOutcome.KEPT, row
        if event_id != -1:
            before = first_of_id.get((pixel, event, event_id))
            if before is not None and inside(at - log[0][before], rule.window):
                merged = channel != log[4][before] and inside(at - log[0][before], rule.merge)
                outcome, kept = (DedupOutcome.MERGED if merged else DedupOutcome.DUPLICATE), before
            else:
                first_of_id[pixel, event, event_id] = row
        elif visitor != -1 and (pixel, event, visitor) in last_of_visitor:
            before = last_of_visitor[pixel, event, visitor]
            age = at - log[0][before]
            if channel == SERVER and inside(age, rule.window):
                merged = log[4][before] == BROWSER and inside(age, rule.merge)
                outcome, kept = (DedupOutcome.MERGED if merged else DedupOutcome.DUPLICATE), before
            elif inside(age, rule.repeat):
                outcome, kept = DedupOutcome.REPEAT, before
        if outcome == DedupOutcome.KEPT and visitor != -1:
            last_of_visitor[pixel, event, visitor] = row
        outcomes.append(outcome)
        firsts.append(kept)
    return outcomes, firsts


@exact
@given(logs(), rules())
def test_equals_a_loop_over_rows(log, rule):
    result = deduplicate(*log, rule)
    outcomes, firsts = reference(log, rule)
    assert result.outcome.tolist() == outcomes
    assert result.first.tolist() == firsts


@exact
@given(logs(), rules(), st.lists(st.integers(0, 40), max_size=6))
def test_blocks_give_what_one_call_gives(log, rule, cuts):
    whole = deduplicate(*log, rule)
    borders = [0, *sorted(min(cut, len(log[0])) for cut in cuts), len(log[0])]
    state = DedupState()
    outcome, first = [], []
    for begin, end in itertools.pairwise(borders):
        part = deduplicate(*(column[begin:end] for column in log), rule, state=state)
        state = part.state
        outcome += part.outcome.tolist()
        first += part.first.tolist()
    assert outcome == whole.outcome.tolist()
    assert first == whole.first.tolist()


@exact
@given(logs(), rules())
def test_state_holds_only_open_windows(log, rule):
    result = deduplicate(*log, rule)
    longest = max(rule.window, rule.repeat)
    assert np.all(result.kept[result.state.row])
    if len(log[0]):
        assert np.all(log[0][-1] - result.state.copies.at <= longest)
    np.testing.assert_array_equal(result.state.copies.at, log[0][result.state.row])


@exact
@given(logs(), rules())
def test_totals_are_conserved_and_firsts_are_kept(log, rule):
    result = deduplicate(*log, rule)
    assert sum(result.totals().values()) == len(log[0])
    assert np.all(result.kept[result.first])
    assert np.all(result.first <= np.arange(len(log[0])))


@exact
@given(logs(), rules(), st.integers(2, 2**40), st.integers(-(2**62), 2**62 - 1))
def test_any_ids_of_64_bits_serve(log, rule, factor, shift):
    plain = deduplicate(*log, rule)
    at, pixel, event, event_id, channel, visitor = log
    wide = np.where(event_id == -1, -1, event_id * factor + np.where(shift == -1, 0, shift))
    if np.any((wide == -1) != (event_id == -1)):
        return
    far = np.where(visitor == -1, -1, 2**62 + visitor * 3)
    result = deduplicate(at, pixel, event, wide, channel, far, rule)
    np.testing.assert_array_equal(result.outcome, plain.outcome)
    np.testing.assert_array_equal(result.first, plain.first)


def test_long_log_in_daily_blocks():
    rng = np.random.default_rng(3)
    n = 20_000
    at = np.sort(rng.integers(0, 10 * 24 * HOUR, n))
    log = (
        at,
        rng.integers(0, 2, n),
        rng.integers(0, 3, n),
        np.where(rng.random(n) < 0.3, -1, rng.integers(0, 3_000, n)),
        rng.integers(0, 2, n),
        rng.integers(-1, 800, n),
    )
    rule = DedupRule(repeat=20 * MINUTE)
    outcomes, firsts = reference(log, rule)
    assert {DedupOutcome.KEPT, DedupOutcome.DUPLICATE, DedupOutcome.REPEAT} <= set(outcomes)
    state, row = DedupState(), 0
    for day in range(10):
        mine = at // (24 * HOUR) == day
        part = deduplicate(*(column[mine] for column in log), rule, state=state)
        assert part.outcome.tolist() == outcomes[row : row + len(part.outcome)]
        assert part.first.tolist() == firsts[row : row + len(part.outcome)]
        state, row = part.state, row + len(part.outcome)
    assert row == n


def test_one_key_with_many_windows():
    # 5,001 copies a minute apart, window of ten minutes with its end inside: every eleventh opens a new one.
    at = np.arange(5_001) * MINUTE
    zero = np.zeros(5_001, dtype=np.int64)
    result = deduplicate(at, zero, zero, zero, zero, zero, DedupRule(window=10 * MINUTE))
    np.testing.assert_array_equal(np.flatnonzero(result.kept), np.arange(0, 5_001, 11))


@pytest.mark.parametrize(("inclusive", "kept"), [(True, 1), (False, 2)])
def test_border_of_the_window_is_a_choice(inclusive, kept):
    at = [0, 48 * HOUR]
    result = deduplicate(at, [0, 0], [0, 0], [7, 7], [0, 0], [-1, -1], DedupRule(inclusive=inclusive))
    assert np.count_nonzero(result.kept) == kept


@pytest.mark.parametrize(
    ("channels", "minutes", "outcome"),
    [
        ((BROWSER, SERVER), 5, DedupOutcome.MERGED),
        ((SERVER, BROWSER), 5, DedupOutcome.MERGED),
        ((BROWSER, SERVER), 6, DedupOutcome.DUPLICATE),
        ((BROWSER, BROWSER), 1, DedupOutcome.DUPLICATE),
        ((SERVER, SERVER), 1, DedupOutcome.DUPLICATE),
    ],
)
def test_only_the_other_channel_merges(channels, minutes, outcome):
    result = deduplicate([0, minutes * MINUTE], [0, 0], [0, 0], [4, 4], channels, [-1, -1])
    assert result.outcome.tolist() == [DedupOutcome.KEPT, outcome]


def test_server_copy_without_id_is_tried_on_the_cookie():
    at = [0, MINUTE, 10 * MINUTE, 49 * HOUR]
    server = [BROWSER, SERVER, SERVER, SERVER]
    result = deduplicate(at, [0] * 4, [0] * 4, [9, -1, -1, -1], server, [5] * 4)
    assert result.outcome.tolist() == [0, DedupOutcome.MERGED, DedupOutcome.DUPLICATE, 0]
    assert result.first.tolist() == [0, 0, 0, 3]
    without_cookie = deduplicate(at, [0] * 4, [0] * 4, [9, -1, -1, -1], server, [-1] * 4)
    assert without_cookie.kept.all()


def test_browser_copies_without_id_are_never_equal():
    result = deduplicate([0, 0, 1], [0] * 3, [0] * 3, [-1] * 3, [BROWSER] * 3, [5] * 3)
    assert result.kept.all()


def test_rule_refuses_all_faults_at_once():
    with pytest.raises(InputError) as caught:
        DedupRule(window=-1, merge=5, repeat=-2)
    assert [fault.field for fault in caught.value.faults] == ["window", "repeat", "merge"]


def test_columns_are_checked():
    with pytest.raises(InputError) as caught:
        deduplicate([2, 1], [0, 0], [0], [0, 0], [0, 3], [0, 0])
    assert [fault.field for fault in caught.value.faults] == ["event", "at", "channel"]


def test_a_block_may_not_lie_before_the_last():
    state = deduplicate([10], [0], [0], [0], [0], [0]).state
    with pytest.raises(InputError, match="block to block"):
        deduplicate([9], [0], [0], [0], [0], [0], state=state)


def test_over_dedup_counts_orders_not_copies():
    # Order 1 loses both its copies to order 0; order 2 keeps one; a row without an order is nobody's loss.
    result = deduplicate([0, 1, 2, 3, 4, 5], [0] * 6, [0] * 6, [7, 7, 7, 8, 7, 7], [0, 0, 1, 0, 1, 0], [-1] * 6)
    found = over_dedup([0, 1, 1, 2, 2, -1], result)
    assert found.rows.tolist() == [1, 2, 4]
    assert found.lost.tolist() == [1]
    with pytest.raises(InputError, match="order_of_row"):
        over_dedup([0], result)


wide = st.one_of(st.integers(-2, 2), st.integers(-(2**61), 2**61), st.integers(-(2**63), 2**63 - 1))
columns = st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[wide] * width), min_size=1, max_size=30))


@exact
@given(columns)
def test_groups_are_those_of_sorted_tuples(rows):
    arrays = [np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)]
    order, heads = sort_groups(*arrays)
    assert order.tolist() == sorted(range(len(rows)), key=lambda row: (rows[row], row))
    ordered = [rows[row] for row in order]
    assert heads.tolist() == [not i or ordered[i] != ordered[i - 1] for i in range(len(rows))]


@exact
@given(columns)
def test_packed_keys_are_in_order_of_the_rows(rows):
    key, bits = pack_columns(*([np.array(column, dtype=np.int64)] for column in zip(*rows, strict=True)))
    assert bits <= 63
    assert all((key[i] < key[j]) == (rows[i] < rows[j]) for i in range(len(rows)) for j in range(len(rows)))


@exact
@given(st.lists(st.integers(-50, 50)), st.lists(st.integers(-50, 50)))
def test_sieve_misses_nothing(values, wanted):
    marked = maybe_in(np.array(values, dtype=np.int64), np.array(wanted, dtype=np.int64))
    assert all(marked[i] for i, value in enumerate(values) if value in wanted)
