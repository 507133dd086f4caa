"""What each case costs: the requests to storage, in order, refused ones included."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport

from shared.delivery.report import Outcome

LIST, RANGE = "list blocks", "read range"
READ, INSERT, WRITE, MARK = "read entity", "insert entity", "write entity", "mark entity"
POINT, UNPOINT = "write pointer", "remove pointer"
_ENTITIES = {"GET": READ, "POST": INSERT, "PUT": WRITE, "PATCH": MARK}
_UPDATE = [LIST, WRITE, RANGE, WRITE]


def _name(method: str, url: str) -> str | None:
    if "/checkpoints" in url and re.search(r"PartitionKey='pointers-", url):
        return {"PUT": POINT, "DELETE": UNPOINT}[method]
    if re.search(r"/checkpoints(\(|\?|$)", url):
        return _ENTITIES[method]
    if method != "GET":
        return None  # the log's own writer
    return LIST if "comp=blocklist" in url else RANGE


@contextmanager
def counted(lost: int = 0) -> Iterator[list[str]]:
    """Gather what storage is asked; the answer to one of these requests is lost, if its number is given."""
    asked, send = list[str](), RequestsTransport.send

    def note(self, request, **options):
        asked.extend(filter(None, [_name(request.method, request.url)]))
        answer = send(self, request, **options)
        if len(asked) == lost:
            raise ServiceResponseError("The answer is lost.")
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RequestsTransport, "send", note)
        yield asked


class Bench:
    """A log that two commits were delivered of, by the workers named; and others that know nothing of it yet."""

    def __init__(self, world, *updates: int) -> None:
        self.world = world
        self.log = world.log()
        self.workers = [world.process() for _ in range(3)]
        world.horizon.oldest(self.log.log.kind)
        self.minutes = iter(range(60))
        for number in updates:
            self.commit()
            self.event(number)

    def commit(self) -> None:
        self.log.minute(next(self.minutes))

    def event(self, number: int, lost: int = 0) -> list[str]:
        with counted(lost) as asked:
            self.outcome = self.world.event(self.log, self.workers[number]).outcome
        return asked

    def update(self, number: int, lost: int = 0) -> list[str]:
        self.commit()
        return self.event(number, lost)

    def over(self) -> None:
        self.world.clock.move(3600)


def test_an_update_where_this_process_worked_last_takes_four_requests_and_no_blob_write(world):
    assert Bench(world, 0, 0).update(0) == _UPDATE


def test_an_update_that_this_process_does_not_know_takes_five(world):
    assert Bench(world, 0, 0).update(2) == [READ, *_UPDATE]


def test_an_update_where_another_process_worked_last_takes_seven(world):
    assert Bench(world, 0, 1).update(0) == [LIST, WRITE, READ, LIST, WRITE, RANGE, WRITE]


def test_a_first_visit_settles_the_layout_and_writes_the_pointer_before_the_entity(world):
    assert Bench(world).update(0) == [READ, LIST, RANGE, RANGE, POINT, INSERT, RANGE, WRITE]


@pytest.mark.parametrize(
    ("updates", "number", "asked"),
    [((0, 0), 0, [LIST]), ((0, 0), 2, [READ, LIST]), ((0, 1, 1), 0, [LIST, WRITE, READ])],
    ids=["known", "not known", "an older one known"],
)
def test_nothing_new_costs_no_write_that_succeeds(world, updates, number, asked):
    bench = Bench(world, *updates)
    assert bench.event(number) == asked
    assert bench.outcome is Outcome.NOTHING_NEW


@pytest.mark.parametrize(
    ("number", "asked"),
    [(2, [READ, LIST, MARK]), (0, [LIST, WRITE, READ, MARK])],
    ids=["not known", "an older one known"],
)
def test_a_log_that_is_held_is_marked(world, number, asked):
    bench = Bench(world, 0, 1)
    bench.commit()
    with world.held(bench.log):
        assert bench.event(number) == asked
        assert bench.outcome is Outcome.HELD_ELSEWHERE
        assert bench.event(number) == [LIST, MARK]


@pytest.mark.parametrize(
    ("number", "asked"),
    [(2, [READ, *_UPDATE]), (0, [LIST, WRITE, READ, LIST, WRITE, RANGE, WRITE])],
    ids=["not known", "an older one known"],
)
def test_a_dead_holders_log_is_taken_over_after_seventy_five_seconds(world, number, asked):
    bench = Bench(world, 0, 1)
    bench.commit()
    claims = world.claims()
    claims.claim(bench.log.log, claims.read(bench.log.log))
    world.clock.move(74)
    bench.event(2)
    assert bench.outcome is Outcome.HELD_ELSEWHERE
    bench.workers[2] = world.process()
    world.clock.move(2)
    assert bench.event(number) == asked
    assert bench.outcome is Outcome.DELIVERED


def test_closing_takes_one_write_and_the_pointer_goes(world):
    bench = Bench(world, 0, 0)
    bench.over()
    assert bench.event(0) == [LIST, WRITE, UNPOINT]
    assert bench.event(0) == [LIST]


def test_closing_a_log_that_is_not_known_takes_four(world):
    bench = Bench(world, 0, 0)
    bench.over()
    assert bench.event(2) == [READ, LIST, WRITE, UNPOINT]


def test_an_update_that_closes_takes_five_and_a_late_one_of_a_closed_log_six(world):
    bench = Bench(world, 0, 0)
    bench.over()
    assert bench.update(0) == [*_UPDATE, UNPOINT]
    assert bench.update(0) == [LIST, POINT, WRITE, RANGE, WRITE, UNPOINT]


def test_a_mark_in_the_middle_has_the_holder_take_it_off_and_list_again(world):
    bench = Bench(world, 0, 0)

    def commit_and_wake(*_):
        bench.commit()
        world.event(bench.log, bench.workers[1])

    world.gateway.faults = [commit_and_wake]
    # Beside the holder's nine: the other's reading, listing and marking.
    assert bench.update(0) == [*_UPDATE[:3], READ, LIST, MARK, WRITE, READ, WRITE, LIST, RANGE, WRITE]
    assert world.stored == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("lost", "asked"),
    [(2, [LIST, WRITE, WRITE, READ, LIST, RANGE, WRITE]), (4, [*_UPDATE, WRITE, READ])],
    ids=["the claim's", "the finish's"],
)
def test_an_answer_that_is_lost_costs_its_repetition_and_a_reading(world, lost, asked):
    bench = Bench(world, 0, 0)
    assert bench.update(0, lost) == asked
    assert bench.outcome is Outcome.DELIVERED
    assert world.stored == [0, 1, 2]
    assert len(world.gateway.posts) == 3
