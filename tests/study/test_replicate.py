from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from study_scenarios import slow_people

from pixelsim.base.errors import InputError, PixelsimError, UnknownNameError
from pixelsim.study import Direction, replicate, rerun, run


@pytest.fixture(scope="module")
def found(scenario):
    return replicate(scenario, 5, seed=9)


class TestReplications:
    def test_each_is_the_run_alone(self, scenario, found):
        alone = run(scenario, seed=9, replication=3).responses()
        assert found.names.equals(alone[found.names.columns])
        assert np.array_equal(found.values[3], alone["value"], equal_nan=True)

    def test_summary_is_students(self, found):
        values = found.response("spend", object="acc_agency")
        row = found.summary(0.9).query("response == 'spend' and object == 'acc_agency'").iloc[0]
        interval = stats.t.interval(0.9, 4, loc=values.mean(), scale=stats.sem(values))
        assert (row["mean"] - row["half_width"], row["mean"] + row["half_width"]) == pytest.approx(interval)
        assert row["replications"] == 5

    def test_frame_is_tidy(self, scenario, found):
        frame = found.frame()
        assert len(frame) == 5 * len(found.names)
        assert set(frame["seed"]) == {9}
        assert set(frame["scenario_hash"]) == {scenario.content_hash}
        orders = frame[frame["response"] == "orders"]
        assert list(orders["replication"]) == [0, 1, 2, 3, 4]
        assert np.array_equal(orders["value"], found.response("orders"))

    def test_names_are_matched_when_people_take_their_time(self):
        found = replicate(slow_people(), 6, seed=3)
        read = {"viewer": "agency", "surface": "Events Manager", "event": "Purchase"}
        values = found.response("total events", **read)
        kept = np.array([run(slow_people(), seed=3, replication=k).response("total events", **read) for k in range(6)])
        assert np.array_equal(values, kept, equal_nan=True)
        assert 0 < np.isnan(values).sum() < 6

    def test_refusals(self, scenario, found):
        with pytest.raises(InputError, match="at least 1"):
            replicate(scenario, 0)
        with pytest.raises(InputError, match="workers"):
            replicate(scenario, 2, workers=0)
        with pytest.raises(UnknownNameError):
            found.response("revenue")
        with pytest.raises(InputError, match="at least one website"):
            replicate(scenario.replace(structure={}, traffic={}, plan={}, viewers=()), 2)


class TestFailures:
    def test_a_failed_replication_is_a_row_and_costs_no_other(self, scenario, found, failing):
        failing(lambda _, replication: replication == 2)
        partly = replicate(scenario, 5, seed=9)
        assert np.isnan(partly.values[2]).all()
        others = [0, 1, 3, 4]
        assert np.array_equal(partly.values[others], found.values[others], equal_nan=True)
        (failure,) = partly.failures
        assert (failure.seed, failure.replication) == (9, 2)
        assert failure.message == "ZeroDivisionError: division by zero"
        assert "in simulate" in failure.traceback
        assert str(failure) == "replication 2 of ending, seed 9: ZeroDivisionError: division by zero"
        assert set(partly.summary()["missing"]) >= {1}

    def test_rerun_repeats_it_alone(self, scenario, found, failing, monkeypatch):
        failing(lambda _, replication: replication == 2)
        (failure,) = replicate(scenario, 3, seed=9).failures
        with pytest.raises(ZeroDivisionError):
            rerun(failure)
        monkeypatch.undo()
        assert rerun(failure).response("orders") == found.response("orders")[2]
        assert rerun(found, 4).response("orders") == found.response("orders")[4]

    def test_rerun_has_to_be_told_which(self, found):
        with pytest.raises(InputError, match="number of a replication"):
            rerun(found)
        with pytest.raises(PixelsimError, match="only a study has design points"):
            rerun(found, 1, point=2)

    def test_when_all_fail_the_first_error_is_raised(self, scenario, failing):
        failing(lambda *_: True, error=KeyError("lost"))
        with pytest.raises(PixelsimError, match="every replication failed; the first with KeyError: 'lost'"):
            replicate(scenario, 2)


class TestStopping:
    def test_cancel_keeps_what_is_done(self, scenario, found):
        left = iter([False, False, True])
        stopped = replicate(scenario, 50, seed=9, cancel=lambda: next(left))
        assert len(stopped) == 3
        assert stopped.stopped
        assert stopped.asked == 50
        assert np.array_equal(stopped.values, found.values[:3], equal_nan=True)
        assert not found.stopped

    def test_an_interrupt_keeps_what_is_done(self, scenario, found, failing):
        failing(lambda _, replication: replication == 2, error=KeyboardInterrupt())
        stopped = replicate(scenario, 50, seed=9)
        assert np.array_equal(stopped.values, found.values[:2], equal_nan=True)

    def test_an_interrupt_before_the_first_is_an_error(self, scenario, failing):
        failing(lambda *_: True, error=KeyboardInterrupt())
        with pytest.raises(PixelsimError, match="before the first replication was done"):
            replicate(scenario, 5)


class TestProgress:
    def test_a_wrapper_sees_every_result_and_their_number(self, scenario):
        seen = []

        def wrapper(stream, total):
            for result in stream:
                seen.append(total)
                yield result

        replicate(scenario, 3, progress=wrapper)
        assert seen == [3, 3, 3]

    def test_a_bar(self, scenario, capsys):
        replicate(scenario, 2, progress=True)
        assert "2/2" in capsys.readouterr().err


def test_directions_are_words():
    assert [d.value for d in Direction] == ["higher", "lower", "neither"]
