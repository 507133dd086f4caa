"""In what order a sweep goes through what there is."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.cycle import Leg, legs
from shared.delivery.hours import Hours
from shared.storage.watermarks import StoppedAt
from tests.support.logs import HOUR

H = timedelta(hours=1)
HOURS = [Hours(HOUR + number * H, HOUR + (number + 1) * H) for number in range(4)]
NAMES = st.text("ab/", max_size=3)


def test_a_sweep_begins_with_what_was_begun_before_and_then_goes_by_the_hours():
    assert legs(HOURS, None) == [Leg(None), *map(Leg, HOURS)]


def test_a_sweep_that_was_stopped_is_taken_up_there_and_comes_around():
    around = legs(HOURS, StoppedAt(HOUR + 2 * H, "b"))
    assert around == [
        Leg(HOURS[2], after="b"),
        Leg(HOURS[3]),
        Leg(None),
        Leg(HOURS[0]),
        Leg(HOURS[1]),
        Leg(HOURS[2], until="b"),
    ]


def test_a_sweep_that_was_stopped_before_the_hours_is_taken_up_there():
    assert legs(HOURS, StoppedAt(HOUR - H, "b"))[0] == Leg(None, after="b")


@given(st.integers(-3, 6), NAMES, st.lists(st.tuples(st.integers(0, 3), NAMES.filter(bool)), unique=True))
def test_wherever_it_was_stopped_everything_belongs_to_one_leg(hours, name, blobs):
    around = legs(HOURS, StoppedAt(HOUR + hours * H, name))
    for hour, blob in blobs:
        assert sum(leg.hours == HOURS[hour] and leg.has(blob) for leg in around) == 1


@given(NAMES, NAMES, st.text("ab-", min_size=1, max_size=2), NAMES)
def test_a_resource_with_something_of_a_leg_is_never_passed_over(after, until, resource, rest):
    name = f"{resource}/{rest}"
    for leg in (Leg(None, after=after), Leg(None, until=until), Leg(None, after=after, until=until)):
        assert leg.may_have(resource) or not leg.has(name)
