import threading

import duckdb
from duckdb.sqltypes import BIGINT

from gateway.stores.duckdb.reading import OpenFile


def test_a_file_that_is_closed_while_a_query_runs_is_closed_after_it():
    file = OpenFile(duckdb.connect())
    begun, may_end, found = threading.Event(), threading.Event(), []

    def held(value):
        begun.set()
        may_end.wait()
        return value

    cursor = file.cursor()
    cursor.create_function("held", held, [BIGINT], BIGINT)
    query = threading.Thread(target=lambda: found.extend(cursor.execute("SELECT held(7)").fetchall()))
    query.start()
    begun.wait()
    closing = threading.Thread(target=file.close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    may_end.set()
    for thread in (query, closing):
        thread.join()
    assert found == [(7,)]
