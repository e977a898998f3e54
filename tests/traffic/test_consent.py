"""Consent against a state machine that takes one message after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError
from pixelsim.traffic.consent import (
    Consent,
    ConsentOutcome,
    Signal,
    WhileRevoked,
    audience_after_loss,
    release_events,
    untrackable_share,
)

exact = settings(derandomize=True, deadline=None, max_examples=300)


def reference(events, signals, while_revoked, start):
    """Play all visitors' messages in the order of time; answers come before events of the same instant."""
    sent, outcome = [-1] * len(events), [ConsentOutcome.HELD] * len(events)
    messages = [(at, 0, number, visitor, code) for number, (at, visitor, code) in enumerate(signals)]
    messages += [(at, 1, number, visitor, 0) for number, (at, visitor) in enumerate(events)]
    state, queue = {}, {}
    for at, is_event, number, visitor, code in sorted(messages):
        waiting = queue.setdefault(visitor, [])
        now = state.get(visitor, start)
        if is_event:
            if now == Consent.GRANTED:
                sent[number], outcome[number] = at, ConsentOutcome.SENT
            elif now == Consent.REVOKED and while_revoked == WhileRevoked.DROP:
                outcome[number] = ConsentOutcome.DROPPED
            else:
                waiting.append(number)
        elif code == Signal.GRANT:
            state[visitor] = Consent.GRANTED
            for held in waiting:
                sent[held], outcome[held] = at, ConsentOutcome.RELEASED
            waiting.clear()
        else:
            state[visitor] = Consent.REVOKED
            if while_revoked == WhileRevoked.DROP:
                for held in waiting:
                    outcome[held] = ConsentOutcome.DROPPED
                waiting.clear()
    return sent, outcome


@exact
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2)), max_size=15),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2), st.sampled_from(list(Signal))), max_size=10),
    st.sampled_from(list(WhileRevoked)),
    st.sampled_from(list(Consent)),
)
def test_equals_a_state_machine(events, signals, while_revoked, start):
    event_at, event_visitor = [e[0] for e in events], [e[1] for e in events]
    columns = ([s[place] for s in signals] for place in range(3))
    result = release_events(event_at, event_visitor, *columns, while_revoked=while_revoked, start=start)
    sent, outcome = reference(events, signals, while_revoked, start)
    assert result.outcome.tolist() == outcome
    assert result.sent_at.tolist() == sent


def test_unknown_signal_is_refused():
    with pytest.raises(InputError, match="signal"):
        release_events([0], [0], [0], [0], [3])


@exact
@given(*[st.floats(0, 1)] * 3)
def test_untrackable_share_is_a_share(device, adoption, opt_in):
    share = untrackable_share(device, adoption, opt_in)
    assert 0 <= share <= device
    assert share == pytest.approx(device * adoption - device * adoption * opt_in, abs=1e-12)


def test_shares_are_checked_together():
    with pytest.raises(InputError) as caught:
        untrackable_share(1.2, 0.5, float("nan"))
    assert [fault.field for fault in caught.value.faults] == ["device_share", "opt_in"]
    with pytest.raises(InputError, match="lost_share"):
        audience_after_loss(1_000, 13)


def test_audience_is_usable_from_its_minimum_on():
    assert audience_after_loss(2_000, 0.5) == (1_000, True)
    assert audience_after_loss(1_998, 0.5) == (999, False)
    assert np.all([audience_after_loss(10, share, minimum=0)[1] for share in (0, 1)])
