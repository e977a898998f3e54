from __future__ import annotations

import pytest
from study_scenarios import ending

from pixelsim.base.errors import InputError
from pixelsim.study import run


@pytest.fixture(scope="module")
def refused():
    """Unshared before the campaigns are stopped, under a guard that refuses it."""
    made = ending(policy="strict")
    return run(made.replace(plan=made.plan.unshare_first(days_before_stop=0.5)), seed=2)


class TestRun:
    def test_refused_attempts_say_rule_cause_and_remedy(self, refused):
        table = refused.refused()
        assert table["action"].tolist()[0] == "unshare_pixel"
        assert table["target"].tolist()[0] == "BRANDSHOPPIXEL000001 > bc_agency"
        assert table["rule"].tolist()[0] == "R12"
        assert (table["remedy"].str.len() > 0).all()
        assert len(table) == refused.response("refused actions")

    def test_the_change_log_holds_every_attempt_and_the_retries(self, refused):
        log = refused.change_log()
        assert len(log) == len(refused.simulation.history.records)
        assert (log["verdict"] == "no").sum() == len(refused.refused())
        assert log["note"].str.contains("retry of the refused attempt").any()

    def test_delivery_adds_up_to_the_outcomes(self, refused):
        by_account = refused.delivery().groupby("account")[["spend", "orphaned_spend"]].sum()
        for account in by_account.index:
            assert by_account.loc[account, "spend"] == pytest.approx(refused.response("spend", object=account))
            orphaned = refused.response("orphaned spend", object=account)
            assert by_account.loc[account, "orphaned_spend"] == pytest.approx(orphaned)

    def test_log_and_parameters(self, refused):
        log = refused.log()
        assert len(log) == len(refused.simulation.log)
        assert set(log["currency"].dropna()) == {"USD"}
        assert "traffic.delivery[launch_1].daily_budget" in set(refused.parameters()["parameter"])
        assert refused.conservation()["sent"].sum() == len(log)

    @pytest.mark.parametrize("arguments", [{"seed": -1}, {"replication": -1}, {"cool_down_days": -1}])
    def test_refusals(self, arguments):
        with pytest.raises(InputError, match="at least 0"):
            run(ending(), **arguments)
