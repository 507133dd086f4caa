from itertools import pairwise

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.turns import Turns

PATHS = st.tuples(st.sampled_from("ABC"), st.sampled_from("abc"))


def order(*paths, leaving=()):
    """Let many wait at once, and return in which order they had their turns; some leave before."""
    had = []

    async def wait(turns, number):
        async with turns.turn(*paths[number]):
            had.append(paths[number])

    async def play():
        turns = Turns()
        async with anyio.create_task_group() as tasks:
            async with turns.turn("first"):
                scopes = []
                for number in range(len(paths)):
                    scope = anyio.CancelScope()
                    scopes.append(scope)
                    tasks.start_soon(_within, scope, wait, turns, number)
                    await anyio.wait_all_tasks_blocked()
                for number in leaving:
                    scopes[number].cancel()
                await anyio.wait_all_tasks_blocked()
            await anyio.wait_all_tasks_blocked()
        async with turns.turn("last"):  # nobody keeps the place
            pass

    anyio.run(play)
    return had


async def _within(scope, work, *arguments):
    with scope:
        await work(*arguments)


def test_an_address_that_waits_often_gets_ahead_of_no_other():
    flood = [("flood", str(number)) for number in range(50)]
    assert order(*flood, ("other", "ada")).index(("other", "ada")) == 1


def test_names_of_an_address_take_turns_too():
    flood = [("shared", "flood")] * 50
    assert order(*flood, ("shared", "ada")).index(("shared", "ada")) == 1


def test_those_of_one_name_come_in_their_order():
    assert order(("a", "x"), ("b", "x"), ("a", "y"), ("b", "y")) == [("a", "x"), ("b", "x"), ("a", "y"), ("b", "y")]


def test_whoever_leaves_is_not_waited_for():
    assert order(("a", "x"), ("b", "x"), ("a", "y"), leaving=[1]) == [("a", "x"), ("a", "y")]


@given(st.lists(PATHS, max_size=12), st.data())
def test_everybody_who_stays_has_one_turn_and_nobody_waits_for_more_rounds_than_are_ahead(paths, data):
    leaving = data.draw(st.sets(st.sampled_from(range(len(paths))))) if paths else set()
    staying = [path for number, path in enumerate(paths) if number not in leaving]
    had = order(*paths, leaving=sorted(leaving))
    assert sorted(had) == sorted(staying)
    names = {name for name, _ in staying}
    for name in names:
        mine = [place for place, path in enumerate(had) if path[0] == name]
        assert all(later - earlier <= len(names) for earlier, later in pairwise(mine))


@pytest.mark.parametrize("failing", [RuntimeError, KeyError])
def test_a_turn_that_fails_gives_the_place_back(failing):
    async def play():
        turns = Turns()
        with pytest.raises(failing):
            async with turns.turn("a"):
                raise failing
        with anyio.fail_after(1):
            async with turns.turn("b"):
                pass

    anyio.run(play)
