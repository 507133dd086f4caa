import pytest

from agent.flows.connections import Tracker, connections_of
from agent.flows.table import Protocol, Snapshot, State
from tests.agent.builders import EPHEMERAL, NOON, changes_between, connection, listening, looks

HERE, THERE = "10.0.0.4:41000", "10.0.0.5:443"


def counts(*tables):
    """Established, terminated, failed and live of the only connection at the last reading; None without a change."""
    changes = changes_between(*tables)
    if not changes:
        return None
    [change] = changes
    return change.established, change.terminated, change.failed, change.live


def one(state, **options):
    return [connection(HERE, THERE, state, **options)]


def test_what_is_there_at_the_first_look_is_live_and_not_established():
    assert counts(one(State.ESTABLISHED)) == (0, 0, 0, 1)


def test_what_is_over_at_the_first_look_says_nothing():
    assert counts(one(State.TIME_WAIT)) is None


@pytest.mark.parametrize("state", [State.ESTABLISHED, State.CLOSE_WAIT, State.FIN_WAIT_1, State.FIN_WAIT_2])
def test_a_new_link_is_established_and_live(state):
    assert counts([], one(state)) == (1, 0, 0, 1)


@pytest.mark.parametrize("state", [State.TIME_WAIT, State.LAST_ACK, State.CLOSING, State.CLOSED])
def test_a_link_first_seen_when_it_is_over_was_established_and_terminated(state):
    assert counts([], one(state)) == (1, 1, 0, 0)


def test_a_link_that_continues_is_live():
    assert counts([], one(State.ESTABLISHED), one(State.ESTABLISHED)) == (0, 0, 0, 1)


def test_a_link_that_is_gone_is_terminated():
    assert counts([], one(State.ESTABLISHED), []) == (0, 1, 0, 0)


def test_a_link_is_terminated_once_however_long_the_system_remembers_it():
    assert counts(one(State.ESTABLISHED), one(State.TIME_WAIT)) == (0, 1, 0, 0)
    assert counts(one(State.ESTABLISHED), one(State.TIME_WAIT), one(State.TIME_WAIT)) is None
    assert counts(one(State.ESTABLISHED), one(State.TIME_WAIT), []) is None


def test_a_link_that_comes_again_with_the_same_ports_is_another():
    assert counts([], one(State.TIME_WAIT), one(State.ESTABLISHED)) == (1, 0, 0, 1)


def test_two_looks_without_an_answer_are_a_failure_counted_once():
    asked = one(State.SYN_SENT)
    assert counts([], asked) is None
    assert counts([], asked, asked) == (0, 0, 1, 0)
    assert counts([], asked, asked, asked) is None
    assert counts([], asked, asked, []) is None


def test_a_link_that_is_gone_without_an_answer_failed():
    assert counts([], one(State.SYN_SENT), []) == (0, 0, 1, 0)


def test_a_link_asked_for_before_the_first_look_fails_like_any_other():
    assert counts(one(State.SYN_SENT), one(State.SYN_SENT)) == (0, 0, 1, 0)


def test_an_answer_after_all_establishes_the_link():
    assert counts([], one(State.SYN_SENT), one(State.ESTABLISHED)) == (1, 0, 0, 1)
    assert counts([], one(State.SYN_SENT), one(State.TIME_WAIT)) == (1, 1, 0, 0)


def test_what_was_offered_and_came_to_nothing_is_no_link():
    assert counts([], one(State.SYN_RECEIVED), []) is None
    assert counts([], one(State.SYN_RECEIVED), one(State.SYN_RECEIVED)) is None


def test_a_new_link_has_carried_all_that_was_counted():
    [change] = changes_between([], one(State.ESTABLISHED, counters=(500, 7000)))
    assert change.carried == (500, 7000, 1, 8)


def test_a_link_has_carried_the_difference_since_the_last_look():
    [change] = changes_between(
        one(State.ESTABLISHED, counters=(500, 7000)), one(State.ESTABLISHED, counters=(1500, 7100))
    )
    assert change.carried == (1000, 100, 1, 0)


def test_what_an_old_link_carried_before_it_was_measured_is_not_known():
    [change] = changes_between(one(State.ESTABLISHED), one(State.ESTABLISHED, counters=(500, 7000)))
    assert change.carried is None


def test_a_look_without_counters_does_not_lose_what_was_carried():
    tables = [one(State.ESTABLISHED, counters=(size, 0)) for size in (100, 900)]
    [change] = changes_between(tables[0], one(State.ESTABLISHED), tables[1])
    assert change.carried == (800, 0, 0, 0)


def test_counters_that_went_back_are_those_of_another_link():
    [change] = changes_between(
        one(State.ESTABLISHED, counters=(500, 7000)), one(State.ESTABLISHED, counters=(400, 8000))
    )
    assert (change.established, change.terminated, change.live) == (1, 1, 1)
    assert change.carried == (400, 8000, 1, 9)


def test_counters_that_went_back_on_a_link_that_is_over_are_those_of_another_link():
    [change] = changes_between(one(State.ESTABLISHED, counters=(500, 7000)), one(State.LAST_ACK, counters=(400, 8000)))
    assert (change.established, change.terminated, change.live) == (1, 2, 0)
    assert change.carried == (400, 8000, 1, 9)


def test_counters_of_a_link_that_is_over_are_not_those_of_the_next():
    [change] = changes_between(
        one(State.ESTABLISHED, counters=(500, 0)),
        one(State.TIME_WAIT),
        one(State.ESTABLISHED),
        one(State.ESTABLISHED, counters=(900, 0)),
    )
    assert change.carried is None


def test_a_process_once_seen_is_remembered():
    [change] = changes_between(one(State.ESTABLISHED, process="curl"), one(State.TIME_WAIT))
    assert change.process == "curl"


def test_a_process_is_not_remembered_for_the_next_link_with_the_same_ports():
    [change] = changes_between(one(State.ESTABLISHED, process="curl"), one(State.TIME_WAIT), one(State.ESTABLISHED))
    assert (change.established, change.process) == (1, None)


def test_an_inbound_link_without_a_process_is_its_listeners():
    [change] = changes_between([], [listening("0.0.0.0:80", "nginx"), connection("10.0.0.4:80", HERE, State.TIME_WAIT)])
    assert change.process == "nginx"


def test_a_direction_stays_when_the_listener_closes():
    inbound = connection("10.0.0.4:80", "10.0.0.5:41000")
    before, after = (
        changes_between(*tables)[0].bearing
        for tables in ([[listening("0.0.0.0:80"), inbound]], [[listening("0.0.0.0:80"), inbound], [inbound]])
    )
    assert before == after


def test_a_link_that_stands_twice_in_the_table_is_one():
    table = [connection(HERE, THERE, State.TIME_WAIT), connection(HERE, THERE, process="curl"), connection(HERE, THERE)]
    [socket] = connections_of(Snapshot(NOON, tuple(table))).values()
    assert (socket.state, socket.process) == (State.ESTABLISHED, "curl")


def test_protocols_are_kept_apart():
    table = [connection(HERE, THERE), connection(HERE, THERE, State.CONNECTED, protocol=Protocol.UDP)]
    assert [change.established for change in changes_between([], table)] == [1, 1]


def test_what_is_left_out_is_neither_live_nor_terminated():
    tracker = Tracker(EPHEMERAL)
    first, second = looks(one(State.ESTABLISHED), one(State.ESTABLISHED))
    assert tracker.observe(first, connections_of(first)) == []
    assert tracker.observe(second, connections_of(second)) == []


def test_knocking_carries_nothing():
    asked = one(State.SYN_SENT, counters=(0, 0))
    assert counts([], asked) is None
    assert [change.carried for change in changes_between([], asked, asked)] == [None]


def test_a_link_first_seen_closing_has_carried_all_that_was_counted():
    [change] = changes_between([], one(State.LAST_ACK, counters=(500, 7000)))
    assert change.carried == (500, 7000, 1, 8)
