"""Attribution against a plain loop over events and touches: both scopes, vetoes, blocks and the compiled kernel."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.clock import DAY
from pixelsim.base.errors import InputError
from pixelsim.traffic.access import Grants
from pixelsim.traffic.attribution import (
    Reason,
    Scope,
    Touches,
    TouchKind,
    Windows,
    credit,
    last_source,
    open_touches,
)
from pixelsim.traffic.kernels import kernels
from pixelsim.traffic.models import Position, Share, channel_credit, touch_shares

exact = settings(derandomize=True, deadline=None, max_examples=150)
GROUPS = 4


def arrays(rows, columns):
    return (
        tuple(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
        if rows
        else tuple(np.empty(0, dtype=np.int64) for _ in range(columns))
    )


@st.composite
def cases(draw, longest=25):
    """Draw events, touches and windows: few people, pixels and instants, so that everything meets."""
    time, person, pixel = st.integers(0, 30), st.sampled_from([-1, 0, 0, 0, 1]), st.sampled_from([-1, 0, 0, 0, 1])
    least = draw(st.sampled_from([0, 8, longest]))
    events = arrays(draw(st.lists(st.tuples(time, person, pixel), min_size=least, max_size=longest)), 3)
    touch = st.tuples(time, person, st.integers(0, 2), st.integers(0, GROUPS - 1), pixel)
    at, who, kind, ad_group, where = arrays(draw(st.lists(touch, min_size=least, max_size=longest)), 5)
    touches = Touches.of(at, who, kind, ad_group=ad_group, account=ad_group % 3, pixel=where)
    windows = Windows(
        *(np.array(draw(st.lists(st.sampled_from([0, 3, 7, 20]), min_size=GROUPS, max_size=GROUPS))) for _ in range(3))
    )
    return events, touches, windows


def reference(events, touches, windows, *, inclusive=True, account=None, eligible=None):
    """Look at every touch for every event."""
    results = []
    for event, (at, person, pixel) in enumerate(zip(*events, strict=True)):
        earlier = [
            touch
            for touch in range(len(touches))
            if person != -1
            and pixel != -1
            and touches.person[touch] == person
            and touches.pixel[touch] == pixel
            and touches.at[touch] <= at
            and (account is None or touches.account[touch] == account)
        ]
        inside = []
        for touch in earlier:
            window = (windows.click, windows.engaged_view, windows.view)[touches.kind[touch]][touches.ad_group[touch]]
            age = at - touches.at[touch]
            if window > 0 and (age <= window if inclusive else age < window):
                inside.append(touch)
        inside.sort(key=lambda touch: (touches.kind[touch], -touch))
        allowed = [eligible is None or eligible(touch, event) for touch in inside]
        refused = inside[0] if inside and not allowed[0] else -1
        if any(allowed):
            results.append((inside[allowed.index(True)], Reason.CREDITED, refused))
        elif inside:
            results.append((-1, Reason.ACCESS_ENDED, refused))
        else:
            results.append((-1, Reason.OUTSIDE_WINDOW if earlier else Reason.NO_TOUCH, -1))
    return results


def triples(result):
    return list(zip(result.touch.tolist(), result.reason.tolist(), result.refused.tolist(), strict=True))


def odd_veto(touch, event):
    """Refuse pairs by an arbitrary rule that needs both positions."""
    return (touch * 7 + event * 3) % 4 != 0


@exact
@given(cases(), st.booleans(), st.sampled_from([None, odd_veto]))
def test_equals_a_loop_over_touches(case, inclusive, eligible):
    events, touches, windows = case
    result = credit(*events, touches, windows, inclusive=inclusive, eligible=eligible)
    assert triples(result) == reference(events, touches, windows, inclusive=inclusive, eligible=eligible)
    credited = np.flatnonzero(result.touch != -1)
    np.testing.assert_array_equal(result.claims.event, credited)
    np.testing.assert_array_equal(result.claims.touch, result.touch[credited])
    np.testing.assert_array_equal(result.claims.account, touches.account[result.touch[credited]])


@exact
@given(cases(), st.sampled_from([None, odd_veto]))
def test_each_account_claims_what_it_earns_alone(case, eligible):
    events, touches, windows = case
    result = credit(*events, touches, windows, scope=Scope.ACCOUNT, eligible=eligible)
    expected = []
    for account in range(3):
        alone = reference(events, touches, windows, account=account, eligible=eligible)
        assert triples(credit(*events, touches, windows, account=account, eligible=eligible)) == alone
        expected += [(event, account, touch) for event, (touch, _, _) in enumerate(alone) if touch != -1]
    claims = result.claims
    claimed = list(zip(claims.event.tolist(), claims.account.tolist(), claims.touch.tolist(), strict=True))
    assert sorted(claimed) == sorted(expected)
    assert claims.event.tolist() == sorted(claims.event.tolist())
    assert triples(result) == triples(credit(*events, touches, windows, eligible=eligible))


@st.composite
def grants_of(draw, touches):
    """Draw access intervals of three pairs, and leave some touches without a pair."""
    pair = np.array([draw(st.sampled_from([-1, 0, 1, 2])) for _ in range(len(touches))], dtype=np.int32)
    borders = np.array([sorted(draw(st.lists(st.integers(0, 32), min_size=4, max_size=4))) for _ in range(3)])
    return Grants(touches.at, pair, borders[:, ::2].copy(), borders[:, 1::2].copy(), draw(st.booleans()))


@exact
@given(cases(), st.data(), st.booleans())
def test_grants_are_a_veto_by_intervals(case, data, inclusive):
    events, touches, windows = case
    grants = data.draw(grants_of(touches))

    def held(touch, at):
        pair = grants.pair[touch]
        borders = zip(grants.begin[pair], grants.end[pair], strict=True)
        return pair != -1 and any(begin <= at < end for begin, end in borders)

    def eligible(touch, event):
        return held(touch, touches.at[touch]) and (not grants.cut or held(touch, events[0][event]))

    result = credit(*events, touches, windows, inclusive=inclusive, eligible=grants)
    assert triples(result) == reference(events, touches, windows, inclusive=inclusive, eligible=eligible)


@exact
@given(cases(), st.data(), st.sampled_from(list(Scope)), st.booleans(), st.sampled_from([None, 1]))
def test_compiled_kernel_gives_the_same_bytes(case, data, scope, inclusive, account):
    events, touches, windows = case
    grants = data.draw(st.one_of(st.none(), grants_of(touches)))
    settings_ = {"scope": scope, "inclusive": inclusive, "eligible": grants, "account": account}
    plain = credit(*events, touches, windows, **settings_)
    with kernels(compiled=True):
        compiled = credit(*events, touches, windows, **settings_)
    assert_same_bytes(plain, compiled)


def assert_same_bytes(one, other):
    for left, right in (
        *((getattr(one, name), getattr(other, name)) for name in ("touch", "reason", "refused")),
        *((getattr(one.claims, name), getattr(other.claims, name)) for name in ("event", "account", "touch")),
    ):
        assert left.dtype == right.dtype
        assert left.tobytes() == right.tobytes()


@pytest.mark.parametrize("people", [40, 5_000, 2**61])
def test_compiled_kernel_gives_the_same_bytes_on_many_rows(people):
    rng = np.random.default_rng(5)
    n = 20_000
    known = rng.integers(0, people, 3_000)
    touches = Touches.of(
        rng.integers(0, 20 * DAY, n),
        rng.choice(known, n),
        rng.integers(0, 3, n),
        ad_group=rng.integers(0, 30, n),
        account=rng.integers(0, 6, n),
        pixel=rng.integers(0, 3, n),
    )
    begin = np.sort(rng.integers(0, 20 * DAY, (9, 2, 2)), axis=2)
    grants = Grants(touches.at, rng.integers(-1, 9, n).astype(np.int32), begin[:, :, 0], begin[:, :, 1], cut=True)
    windows = Windows(*(rng.choice([0, 1, 7, 28], 30) * DAY for _ in range(3)))
    events = (np.sort(rng.integers(0, 20 * DAY, n)), rng.choice(known, n), rng.integers(0, 3, n))
    for scope, eligible in itertools.product(Scope, (None, grants)):
        plain = credit(*events, touches, windows, scope=scope, eligible=eligible)
        with kernels(compiled=True):
            assert_same_bytes(plain, credit(*events, touches, windows, scope=scope, eligible=eligible))
        found = {Reason.CREDITED, Reason.OUTSIDE_WINDOW} | ({Reason.ACCESS_ENDED} if eligible else set())
        assert set(plain.reason.tolist()) >= found


@exact
@given(cases(), st.lists(st.integers(0, 31), max_size=4), st.booleans())
def test_blocks_with_carried_touches_give_what_one_call_gives(case, cuts, inclusive):
    events, touches, windows = case
    order = np.argsort(events[0], kind="stable")
    events = tuple(column[order] for column in events)
    whole = credit(*events, touches, windows, inclusive=inclusive)
    ids, reasons = [], []
    carried = touches.take(np.zeros(len(touches), dtype=np.bool_))
    borders = [0, *sorted(cuts), 31]
    for begin, end in itertools.pairwise(borders):
        known = carried.then(touches.take((touches.at >= begin) & (touches.at < end)))
        mine = (events[0] >= begin) & (events[0] < end)
        part = credit(*(column[mine] for column in events), known, windows, inclusive=inclusive)
        ids += np.where(part.touch == -1, -1, np.append(known.id, -1)[part.touch]).tolist()
        reasons += part.reason.tolist()
        carried = open_touches(known, end, windows, inclusive=inclusive, remember=True)
    assert ids == np.where(whole.touch == -1, -1, np.append(touches.id, -1)[whole.touch]).tolist()
    assert reasons == whole.reason.tolist()


def test_open_touches_are_those_that_an_event_now_could_fall_to():
    touches = Touches.of([0, 5, 6, 6], [1, 1, 2, 2], [TouchKind.CLICK] * 3 + [TouchKind.VIEW])
    windows = Windows.alike(click=4, view=0)
    assert open_touches(touches, 10, windows).id.tolist() == [2]
    assert open_touches(touches, 9, windows, inclusive=False).id.tolist() == [2]
    assert open_touches(touches, 9, windows).id.tolist() == [1, 2]
    assert open_touches(touches, 99, windows, remember=True).id.tolist() == [1, 3]


def test_window_is_that_of_the_touchs_own_ad_group():
    # The later click's ad group has a day, the earlier one's a month.
    touches = Touches.of([0, 2 * DAY], [1, 1], ad_group=[0, 1])
    windows = Windows(*(np.array([28, 1]) * DAY for _ in range(3)))
    result = credit([2 * DAY + DAY // 2, 5 * DAY], [1, 1], [0, 0], touches, windows)
    assert result.touch.tolist() == [1, 0]


def test_veto_steps_back_and_tells_whom_it_passed_over():
    touches = Touches.of([0, 1, 2], [1, 1, 1], account=[0, 1, 1])
    ended = touches.account == 1
    result = credit([3, 0], [1, 1], [0, 0], touches, Windows.alike(), eligible=lambda touch, _: ~ended[touch])
    assert result.touch.tolist() == [0, 0]
    assert result.refused.tolist() == [2, -1]
    none = credit([3], [1], [0], touches, Windows.alike(), account=1, eligible=lambda touch, _: ~ended[touch])
    assert none.reason.tolist() == [Reason.ACCESS_ENDED]
    assert none.refused.tolist() == [2]


def test_veto_may_weigh_touch_and_event_together():
    # Clicks before the cut keep their window, clicks after it earn nothing: "until the window ends".
    touches = Touches.of([0, 4], [1, 1])
    result = credit([5], [1], [0], touches, Windows.alike(), eligible=lambda touch, _: touches.at[touch] < 3)
    assert result.touch.tolist() == [0]


def test_events_need_no_order():
    touches = Touches.of([10, 20], [1, 1])
    result = credit([25, 5, 15], [1, 1, 1], [0, 0, 0], touches, Windows.alike())
    assert result.touch.tolist() == [1, -1, 0]


def test_without_touches_or_events():
    none = Touches.of([], [], [])
    for scope in Scope:
        result = credit([1, 2], [1, -1], [0, 0], none, Windows.alike(), scope=scope)
        assert result.reason.tolist() == [Reason.NO_TOUCH] * 2
        assert len(credit([], [], [], Touches.of([1], [1]), Windows.alike(), scope=scope).touch) == 0


def test_columns_are_checked():
    with pytest.raises(InputError) as caught:
        Touches(*(np.zeros(size, dtype=np.int64) for size in (2, 1, 2, 2, 2, 2, 2)))
    assert [fault.field for fault in caught.value.faults] == ["person"]
    with pytest.raises(InputError) as caught:
        Windows(np.array([1, 1]), np.array([-1, 1]), np.array([1]))
    assert [fault.field for fault in caught.value.faults] == ["engaged_view", "view"]
    with pytest.raises(InputError, match="TouchKind"):
        Touches.of([0], [0], [3])
    with pytest.raises(InputError) as caught:
        credit([1], [1, 2], [0], Touches.of([0], [1], ad_group=4), Windows.alike(4))
    assert [fault.field for fault in caught.value.faults] == ["event_person", "ad_group"]


@exact
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2), st.integers(0, 3)), max_size=25),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), max_size=15),
    st.sets(st.integers(0, 3)),
)
def test_last_source_equals_a_loop(visits, events, ignored):
    visits, events = sorted(visits, key=lambda row: row[0]), sorted(events, key=lambda row: row[0])
    expected = []
    for at, person in events:
        sources = [source for time, who, source in visits if time <= at and who == person and source not in ignored]
        expected.append(sources[-1] if sources else -1)
    found = last_source(*arrays(events, 2), *arrays(visits, 3), ignored=ignored)
    assert found.tolist() == expected


paths = st.lists(st.integers(0, 5), min_size=1, max_size=40)
weights = st.tuples(*[st.integers(0, 10)] * 3).filter(lambda shares: sum(shares) > 0)


@exact
@given(paths, weights)
def test_every_model_shares_out_each_path(path, shares):
    models = [*Share, Position(*(share / sum(shares) for share in shares))]
    for model in models:
        share = touch_shares(path, model)
        assert np.all(share >= 0)
        totals = np.bincount(path, weights=share)
        np.testing.assert_allclose(totals[np.unique(path)], 1, atol=1e-12)


def test_position_shares_by_length():
    path = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3]
    share = touch_shares(path, Position(0.5, 0.3, 0.2))
    np.testing.assert_allclose(share, [1, 5 / 7, 2 / 7, 0.5, 0.3, 0.2, 0.5, 0.15, 0.15, 0.2])
    np.testing.assert_allclose(touch_shares([0, 0], Position(0, 1, 0)), [0.5, 0.5])


def test_only_converted_paths_earn():
    credit_ = channel_credit([0, 0, 1], [0, 1, 2], [True, False], Share.LINEAR, channels=3)
    np.testing.assert_allclose(credit_, [0.5, 0.5, 0])


def test_position_model_refuses_shares_that_do_not_add_up():
    with pytest.raises(InputError) as caught:
        Position(-0.5, 0.5, 0.5)
    assert [fault.field for fault in caught.value.faults] == ["first", "sum of shares"]
