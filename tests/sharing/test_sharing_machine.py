"""No sequence of actions breaks what the rules promise: a state machine over the history."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sharing_strategies import ACCOUNTS, BUSINESSES, KINDS, PEOPLE, PIXELS, action_of, rulebooks, seeds, worlds

from pixelsim.base.clock import DAY
from pixelsim.sharing import ApiRelation, Cause, History, account_may_see, api_relation, change_log, may_see
from pixelsim.sharing.actions import (
    AssignPixel,
    CreateAdGroup,
    EditPixel,
    LinkPixel,
    RemovePartner,
    SharePixel,
    TransferPixel,
    UnlinkPixel,
    UnsharePixel,
)
from pixelsim.sharing.using import may_use_pixel
from pixelsim.world import integrity_faults
from pixelsim.world.queries import accounts_of_pixel, is_linked, share_in_force

ACCESS = (LinkPixel, SharePixel, TransferPixel, UnlinkPixel, UnsharePixel, RemovePartner, AssignPixel, EditPixel)


class Sharing(RuleBasedStateMachine):
    """Attempts of anybody at anything, with the promises of the rules checked after each."""

    @initialize(world=worlds, rulebook=rulebooks)
    def begin(self, world, rulebook):
        self.history = History(world, rulebook)
        self.first = world
        self.now = 0
        self.attempts = 0

    def attempt(self, action, days):
        before = self.history.now
        record = self.history.attempt(action, self.now + days * DAY)
        self.attempts += 1
        if days < 0 and self.attempts > 1:
            assert record.decision.cause is Cause.CLOCK_BACKWARDS
        else:
            self.now += days * DAY
        if record.decision.refused:
            assert self.history.now is before
            assert record.changes == ()
        else:
            assert record.changes
            self.promised(action, before)

    def promised(self, action, before):
        """Check what an allowed action has to keep to."""
        after = self.history.now
        if isinstance(action, SharePixel):
            assert before.pixels[action.pixel].owner_bc == action.bc, "R08, R09: only the owner shares"
        if isinstance(action, LinkPixel):
            owner = before.pixels[action.pixel].owner_bc
            assert action.bc == owner or (action.pixel, action.bc) in before.shares, "R07, R09"
        if isinstance(action, UnlinkPixel):
            assert before.pixels[action.pixel].creator != action.account, "R11"
        if isinstance(action, CreateAdGroup) and action.pixel is not None:
            assert is_linked(before, action.pixel, before.campaigns[action.campaign].account), "R16"
        if isinstance(action, UnsharePixel):
            reached = {a for a in accounts_of_pixel(after, action.pixel) if a != after.pixels[action.pixel].creator}
            assert not {a for a in reached if after.ad_accounts[a].owner_bc == action.partner}, "R14"
            assert not {a for a in reached if after.links[action.pixel, a].by_bc == action.partner}, "R14"

    @rule(kind=st.sampled_from(KINDS), seed=seeds, days=st.integers(0, 2))
    def anybody_tries_anything(self, kind, seed, days):
        self.attempt(action_of(seed, kind, self.history.now), days)

    @rule(kind=st.sampled_from(ACCESS), seed=seeds)
    def anybody_gives_or_takes_access(self, kind, seed):
        self.attempt(action_of(seed, kind, self.history.now), 0)

    @rule(kind=st.sampled_from(KINDS), seed=seeds)
    def the_clock_runs_backwards(self, kind, seed):
        self.attempt(action_of(seed, kind, self.history.now), -1 if self.attempts else 0)

    @invariant()
    def R02_R03_creators_and_owners_are_for_ever(self):
        now = self.history.now
        for code, pixel in self.first.pixels.items():
            assert now.pixels[code].creator == pixel.creator
            assert now.pixels[code].number == pixel.number
            assert pixel.owner_bc in {None, now.pixels[code].owner_bc}
        numbers = [pixel.number for pixel in now.pixels.values()]
        assert len(set(numbers)) == len(numbers)

    @invariant()
    def R09_no_access_by_two_share_edges(self):
        now = self.history.now
        for (code, account), link in now.links.items():
            pixel = now.pixels[code]
            if pixel.creator == account:
                continue
            edges = 0 if link.by_bc == pixel.owner_bc else 1
            assert edges == 0 or share_in_force(now, code, link.by_bc)
        for code, bc in now.shares:
            assert now.pixels[code].owner_bc not in {None, bc}

    @invariant()
    def R11_the_creating_account_always_has_access(self):
        now = self.history.now
        for code, pixel in now.pixels.items():
            assert is_linked(now, code, pixel.creator)
            assert (code, pixel.creator) not in now.unbound
            assert account_may_see(now, pixel.creator, code).allowed

    @invariant()
    def R16_without_access_nobody_uses_a_pixel(self):
        now = self.history.now
        for code in PIXELS:
            for account in ACCOUNTS:
                if not is_linked(now, code, account):
                    assert all(may_use_pixel(now, person, code, account).refused for person in PEOPLE)

    @invariant()
    def R20_what_was_revoked_is_not_seen_there(self):
        now = self.history.now
        for code, account in now.unbound:
            decision = account_may_see(now, account, code)
            assert (decision.rule, decision.cause) == ("R20", Cause.REVOKED)
            assert api_relation(now, code, account) is ApiRelation.UNBOUND

    @invariant()
    def R17_who_left_sees_nothing(self):
        now = self.history.now
        for person in (key for key, found in now.people.items() if found.left):
            assert all(may_see(now, person, code).refused for code in now.pixels)

    @invariant()
    def everything_hangs_together(self):
        assert integrity_faults(self.history.now) == []
        assert set(BUSINESSES) == set(self.history.now.business_centers)

    def teardown(self):
        if not hasattr(self, "history"):
            return
        records = self.history.records
        assert len(records) == self.attempts
        assert [record.number for record in records] == list(range(len(records)))
        assert [record.at for record in records] == sorted(record.at for record in records)
        assert self.history.versions == 1 + sum(bool(record.changes) for record in records)
        assert len(set(change_log(self.history)["number"])) == len(records)
        assert list(self.history.diff(self.now, self.now)) == []


Sharing.TestCase.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=40)
TestSharing = Sharing.TestCase
