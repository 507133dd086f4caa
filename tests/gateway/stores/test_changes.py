import asyncio
import threading

from gateway.stores.changes import Changes


def test_a_change_wakes_the_agents_of_its_customer_from_any_thread():
    changes = Changes()

    async def waiting():
        with changes.watched(1, "a") as own, changes.watched(2, "a") as foreign:
            threading.Thread(target=changes.tell, args=(1,)).start()
            return await own.wait(20), await foreign.wait(0.01), len(changes)

    assert asyncio.run(waiting()) == (True, False, 2)
    assert len(changes) == 0


def test_a_wait_that_is_over_ends_for_the_agents_of_its_customer():
    changes = Changes()

    async def waiting():
        with changes.watched(1, "a") as own, changes.watched(2, "a") as foreign:
            changes.tell(1, over=True)
            return await own.wait(20), own.over, foreign.over

    assert asyncio.run(waiting()) == (True, True, False)


def test_a_change_between_two_waits_is_not_missed():
    changes = Changes()

    async def waiting():
        with changes.watched(1, "a") as watch:
            changes.tell(1)
            changes.tell(1)
            return [await watch.wait(20), await watch.wait(0.01)]

    assert asyncio.run(waiting()) == [True, False]


def test_an_agent_waits_once():
    changes = Changes()

    async def waiting():
        with changes.watched(1, "a") as first:
            with changes.watched(1, "a") as second:
                told = (await first.wait(20), first.over, second.over, len(changes))
            return (*told, len(changes))

    assert asyncio.run(waiting()) == (True, True, False, 1, 0)


def test_at_the_end_nobody_waits_any_more():
    changes = Changes()

    async def waiting():
        with changes.watched(1, "a") as before:
            changes.end()
            with changes.watched(1, "b") as after:
                return await before.wait(20), before.over, after.over

    assert asyncio.run(waiting()) == (True, True, True)
