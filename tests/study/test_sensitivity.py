from __future__ import annotations

import sys

import numpy as np
import pytest

from pixelsim.base.errors import InputError, MissingExtraError, UnknownNameError
from pixelsim.study import sensitivity

BUDGET = "traffic.delivery[launch_1].daily_budget"
OTHER = "traffic.delivery[brand_always_on_1].daily_budget"
ORPHANED = "orphaned spend, acc_agency"


def test_without_salib_it_says_what_to_install(scenario, monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pixelsim\[sensitivity\]'"):
        sensitivity(scenario, {BUDGET: (10.0, 90.0)}, ORPHANED)


class TestWithSALib:
    @pytest.fixture(autouse=True)
    def _salib(self):
        pytest.importorskip("SALib", reason="the extra `sensitivity` (SALib) is not installed")

    def test_spend_in_proportion_to_one_budget_depends_on_it_alone(self, scenario):
        factors = {BUDGET: (10.0, 90.0), OTHER: (10.0, 90.0)}
        found = sensitivity(scenario, factors, [ORPHANED, "blind days, acc_brand"], n=16, replications=1)
        spent = found[found["outcome"] == ORPHANED].set_index("factor")
        assert spent.loc[BUDGET, "total"] == pytest.approx(1.0, abs=0.3)
        assert spent.loc[OTHER, ["first_order", "total"]].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
        constant = found[found["outcome"] != ORPHANED]
        assert np.isnan(constant["total"]).all()

    def test_refusals(self, scenario):
        with pytest.raises(InputError, match="power of 2"):
            sensitivity(scenario, {BUDGET: (10.0, 90.0)}, ORPHANED, n=12)
        with pytest.raises(InputError, match="at least one path"):
            sensitivity(scenario, {}, ORPHANED)
        with pytest.raises(InputError, match="narrow the ranges"):
            sensitivity(scenario, {"days": (1, 8)}, ORPHANED, n=4, replications=1)
        with pytest.raises(UnknownNameError, match="orphaned spend"):
            sensitivity(scenario, {BUDGET: (10.0, 90.0)}, "orphan spend", n=2, replications=1)
