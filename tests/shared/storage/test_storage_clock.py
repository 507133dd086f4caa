import pytest

from shared.storage.storage_clock import StorageClock
from tests.support.time import StillClock

_DATE = 1_795_447_800.0


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def storage(clock: StillClock) -> StorageClock:
    return StorageClock(clock)


def _answered(storage: StorageClock, clock: StillClock, date: float, seconds: float) -> None:
    """Ask, and be answered after so many seconds."""
    asked = clock.monotonic()
    clock.move(seconds)
    storage.note(date, asked)


def test_before_storage_has_told_its_time_there_is_none(storage: StorageClock):
    assert (storage.earliest, storage.latest) == (None, None)


def test_the_time_is_known_between_two_bounds(storage: StorageClock, clock: StillClock):
    # The Date was cut to a second, and written between question and answer: at once, or right before it came.
    _answered(storage, clock, _DATE, 0.5)
    assert (storage.earliest, storage.latest) == (_DATE, _DATE + 1.5)


def test_the_time_goes_on_with_the_process_s_own_clock(storage: StorageClock, clock: StillClock):
    _answered(storage, clock, _DATE, 0.5)
    clock.move(3600)
    assert (storage.earliest, storage.latest) == (_DATE + 3600, _DATE + 3601.5)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 7.0])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("fraction", [0.0, 0.999])
def test_the_true_time_is_never_outside_the_bounds(
    storage: StorageClock, clock: StillClock, seconds: float, share: float, fraction: float
):
    written = _DATE + fraction  # by storage's clock, some time after the question
    _answered(storage, clock, _DATE, seconds)
    true = written + (1 - share) * seconds
    assert storage.earliest is not None
    assert storage.latest is not None
    assert storage.earliest <= true <= storage.latest


def test_a_later_answer_replaces_an_earlier_one(storage: StorageClock, clock: StillClock):
    _answered(storage, clock, _DATE, 9)
    _answered(storage, clock, _DATE + 20, 0.25)
    assert (storage.earliest, storage.latest) == (_DATE + 20, _DATE + 21.25)


def test_an_answer_to_an_earlier_question_does_not_replace_that_to_a_later_one(
    storage: StorageClock, clock: StillClock
):
    first = clock.monotonic()
    clock.move(2)
    _answered(storage, clock, _DATE, 0)
    clock.move(1)
    storage.note(_DATE - 3, first)
    assert (storage.earliest, storage.latest) == (_DATE + 1, _DATE + 2)
