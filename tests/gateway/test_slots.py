import threading

import anyio
import pytest

from gateway.slots import Slots


class Question:
    """Something that takes a place until it is answered."""

    def __init__(self):
        self.begun, self.answered = threading.Event(), threading.Event()

    def __call__(self):
        self.begun.set()
        assert self.answered.wait(20)


async def begins(question):
    await anyio.to_thread.run_sync(question.begun.wait, 20)
    assert question.begun.is_set()


def test_one_customer_leaves_half_of_the_places_to_the_others():
    async def ask():
        slots = Slots(4, 2)
        mine, another = [Question() for _ in range(5)], Question()
        async with anyio.create_task_group() as tasks:
            for question in mine:
                tasks.start_soon(slots.run, 1, question)
            await begins(mine[0])
            await begins(mine[1])
            tasks.start_soon(slots.run, 2, another)
            await begins(another)
            assert [each.begun.is_set() for each in mine] == [True, True, False, False, False]
            for question in (*mine, another):
                question.answered.set()

    anyio.run(ask)


def test_who_has_the_fewest_places_comes_next():
    async def ask():
        slots = Slots(4, 2)
        mine, others, third = [Question() for _ in range(2)], [Question() for _ in range(3)], Question()
        async with anyio.create_task_group() as tasks:
            for customer, question in ((1, mine[0]), (2, others[0]), (2, others[1]), (4, others[2])):
                tasks.start_soon(slots.run, customer, question)
                await begins(question)
            for customer, question in ((1, mine[1]), (3, third)):
                tasks.start_soon(slots.run, customer, question)
                await anyio.lowlevel.checkpoint()
            others[0].answered.set()
            await begins(third)
            assert not mine[1].begun.is_set()
            for question in (*mine, *others, third):
                question.answered.set()

    anyio.run(ask)


def test_who_leaves_waits_no_longer_and_takes_no_place():
    async def ask():
        slots = Slots(2, 1)
        first, second = Question(), Question()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(slots.run, 1, first)
            await begins(first)
            with anyio.move_on_after(0.01) as waiting:
                await slots.run(1, second)
            assert waiting.cancelled_caught
            first.answered.set()
            second.answered.set()
            await slots.run(1, second)

    anyio.run(ask)


@pytest.mark.parametrize("fault", [RuntimeError, KeyError])
def test_a_question_that_fails_gives_its_place_back(fault):
    def fail():
        raise fault

    async def ask():
        slots = Slots(1, 1)
        for _ in range(3):
            with pytest.raises(fault):
                await slots.run(1, fail)
        return await slots.run(1, lambda: "answered")

    assert anyio.run(ask) == "answered"
