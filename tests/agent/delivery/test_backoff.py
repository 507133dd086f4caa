from hypothesis import given
from hypothesis import strategies as st

from agent.delivery.backoff import Backoff


def test_it_waits_longer_each_time_up_to_five_minutes():
    backoff = Backoff(chance=lambda: 1.0)
    assert [backoff.wait() for _ in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


@given(st.floats(0, 1, exclude_max=True))
def test_chance_takes_off_half_at_most(chance):
    backoff = Backoff(chance=lambda: chance)
    assert all(seconds / 2 <= backoff.wait() <= seconds for seconds in (1, 2, 4, 8))


def test_what_the_edge_asks_for_is_honoured_within_reason():
    assert Backoff().wait(120) == 120
    assert Backoff(chance=lambda: 1.0).wait(0) == 1
    assert Backoff().wait(10**9) == 3600


def test_an_answer_ends_it():
    backoff = Backoff(chance=lambda: 1.0)
    backoff.wait()
    backoff.reset()
    assert backoff.wait() == 1
