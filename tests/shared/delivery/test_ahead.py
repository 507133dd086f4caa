import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from shared.delivery import ahead as ahead_module
from shared.delivery.ahead import Ahead, attend, fetched_ahead
from shared.errors import Overtaken


def nothing():
    """See to nothing."""


def fetch(piece):
    if piece == "gone":
        raise Overtaken(piece)
    return piece.encode()


@pytest.fixture(params=[None, 1, 3])
def ahead(request):
    if request.param is None:
        yield None
        return
    with ThreadPoolExecutor(request.param) as threads:
        yield Ahead(threads, nothing)


@pytest.mark.parametrize("pieces", [[], ["a"], ["a", "b", "c", "d"]])
def test_every_piece_comes_once_in_order_with_its_bytes(ahead, pieces):
    assert list(fetched_ahead(fetch, pieces, ahead)) == [(piece, piece.encode()) for piece in pieces]


def test_an_error_comes_where_its_piece_would_have_come(ahead):
    fetched = fetched_ahead(fetch, ["a", "b", "gone", "c"], ahead)
    assert [next(fetched)[0], next(fetched)[0]] == ["a", "b"]
    with pytest.raises(Overtaken):
        next(fetched)


def test_with_a_pool_the_next_piece_is_on_its_way_while_the_one_before_is_worked_on():
    begun = threading.Event()

    def told(piece):
        if piece == "b":
            begun.set()
        return fetch(piece)

    with ThreadPoolExecutor(1) as pool:
        fetched = fetched_ahead(told, ["a", "b"], Ahead(pool, nothing))
        next(fetched)
        assert begun.wait(10)
        assert list(fetched) == [("b", b"b")]


def test_without_a_pool_and_for_a_single_piece_everything_is_fetched_by_the_thread_that_asks():
    threads = []

    def told(piece):
        threads.append(threading.current_thread())
        return fetch(piece)

    list(fetched_ahead(told, ["a", "b"], None))
    with ThreadPoolExecutor(1) as pool:
        list(fetched_ahead(told, ["a"], Ahead(pool, nothing)))
    assert set(threads) == {threading.current_thread()}


def test_nothing_is_fetched_before_it_is_asked_for():
    asked = []
    fetched = fetched_ahead(lambda piece: asked.append(piece) or fetch(piece), ["a", "b", "c"], None)
    assert asked == []
    next(fetched)
    assert asked == ["a"]


def test_what_is_waited_for_is_seen_to_until_it_is_there_and_once_afterwards(monkeypatch):
    future, kept = Future(), []
    monkeypatch.setattr(ahead_module, "wait", lambda futures, _seconds: len(kept) == 2 and futures[0].set_result(b"x"))
    attend(future, lambda: kept.append(future.done()))
    assert kept == [False, False, True]
