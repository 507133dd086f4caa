from collections import Counter

from dev.chaos.control import Arrived
from dev.chaos.crew import CrewLog
from dev.chaos.draw import draw
from dev.chaos.failures import Failure
from dev.chaos.figures import Figures
from dev.chaos.play import Played
from dev.chaos.steps import Blow, Step, Trap
from dev.chaos.storage_faults import Operation, StorageFault
from dev.chaos.verdict import Expectation, Observation, judge

HITS = Counter({(Operation.READ, StorageFault.CUT): 4, (Operation.WRITE, StorageFault.CUT): 1})


def figures(times, *, lost=0):
    seen = Observation(stored=Counter("a"), aside=Counter(), logs=(), sent_twice=2)
    blows = Counter({Trap(Step.HALVED, 1, Blow.KILL): 1, Trap(Step.HALVED, 2, Blow.KILL): 2})
    log = CrewLog(blows=blows, passed=Counter({Step.MARKED: 1}))
    arrived = Arrived(3, Counter({Failure.BUSY.value: 4}), Counter(), 2, seen.stored)
    verdict = judge(Expectation(Counter("a" + "b" * lost), Counter()), seen, calm=False)
    added = Figures()
    for _ in range(times):
        added.add(draw(1), Played(seen, log, HITS, arrived), verdict)
    return added


def test_schedules_are_added_up():
    lines = "\n".join(figures(2, lost=1).lines())
    assert "2 schedules" in lines
    assert "2 failed" in lines
    assert "lost 2, doubled 0" in lines
    assert "sent twice 4" in lines


def test_a_step_is_counted_whenever_it_was_struck():
    line = next(line for line in figures(2).lines() if line.startswith(Step.HALVED.value))
    assert line.split()[-4:] == ["6", "0", "-", "0"]


def test_a_step_of_a_race_counts_when_it_was_come_to():
    assert Step.MARKED.value in figures(1).rare(2)
    assert Step.MARKED.value not in figures(2).rare(2)


def test_wrong_answers_of_storage_are_counted_by_kind_and_by_what_was_asked():
    lines = {line[:40].strip(): line.split()[-1] for line in figures(2).lines() if line}
    assert (lines[StorageFault.CUT.value], lines[Operation.READ.value], lines[Operation.WRITE.value]) == (
        "10",
        "8",
        "2",
    )


def test_what_was_hit_too_rarely_is_named():
    rare = figures(2).rare(6)
    assert Step.HALVED.value not in rare
    assert Failure.BUSY.value not in rare
    assert Step.LOG_READ.value in rare
    assert Failure.RESET.value in rare
    assert StorageFault.CUT.value not in rare
    assert StorageFault.SHORT.value in rare
    assert Operation.READ.value not in rare
    assert Operation.WRITE.value in rare
    assert figures(1).rare(0) == []
