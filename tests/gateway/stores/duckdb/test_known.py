from gateway.stores.duckdb.known import Known


def numbers(customer, count, first=0):
    return {f"{customer}-{number}": number for number in range(first, first + count)}


def find_all(known, customer, count, first=0):
    return [known.find(customer, key) for key in numbers(customer, count, first)]


def test_what_was_learned_is_known_to_its_customer_alone():
    known = Known(10)
    known.learn(1, {"key": 7})
    assert known.find(1, "key") == 7
    assert known.find(2, "key") is None


def test_no_more_is_known_than_there_is_room_for():
    known = Known(100)
    for customer in range(20):
        known.learn(customer, numbers(customer, 30))
        assert len(known) <= 100
    known.learn(99, numbers(99, 1000))
    assert len(known) <= 100


def test_a_flood_of_one_customer_takes_nothing_from_another():
    known = Known(100)
    known.learn(1, numbers(1, 40))
    for first in range(0, 10_000, 20):
        known.learn(2, numbers(2, 20, first))
    assert find_all(known, 1, 40) == list(range(40))


def test_what_is_used_again_and_again_outlives_a_flood_of_its_own_customer():
    known = Known(100)
    known.learn(1, {"used": 5})
    for first in range(0, 10_000, 20):
        assert known.find(1, "used") == 5
        known.learn(1, numbers(1, 20, first))


def test_what_was_forgotten_is_not_known_and_its_room_is_free():
    known = Known(100)
    known.learn(1, numbers(1, 90))
    known.forget()
    assert find_all(known, 1, 90) == [None] * 90
    known.learn(2, numbers(2, 90))
    assert find_all(known, 2, 90) == list(range(90))


def test_what_is_learned_twice_takes_its_room_once():
    known = Known(100)
    for _ in range(10):
        known.learn(1, numbers(1, 30))
        find_all(known, 1, 30)
    assert len(known) == 30
