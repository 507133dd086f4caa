"""What customers have stored, and what they may."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.stores.duckdb import usage
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.duckdb.usage import (
    EDGE_BYTES,
    FACT_BYTES,
    POST_BYTES,
    RECORD_BYTES,
    REJECTED_BYTES,
    TEXT_BYTES,
    of_texts,
)
from gateway.traffic.budget import DEFAULT_BUDGET, Budget, BudgetSpentError, Spent, Usage
from gateway.traffic.posts import KEY_LIFE, Post
from gateway.traffic.store import StoreUnavailableError
from gateway.traffic.transposed import transposed
from tests.examples import examples
from tests.gateway.client import record
from tests.gateway.stores.duckdb.deleting import delete

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
ROOMY = Budget(texts=10**9, stored_bytes=10**15)
TEXTS = ("", "a", "a name", "ä" * 20)
ORIGIN = ("encryption", "mac", "acl_id", "resource_id", "flow_log_id", "source", "host", "process")


def post(key, customer=1, rejected=0, at=NOW):
    return Post(customer, key, b"hash", b"{}", at, rejected=rejected)


def plainly(records, customer):
    """Count what is stored in the plain way: from what is read back."""
    stored, posts = list(records.records(customer)), list(records.posts(customer))
    rules = {each["rule"] for each in stored}
    origins = {tuple(each.get(key) for key in (*ORIGIN, "version")) for each in stored}
    names = (*ORIGIN, "version", "mapped")
    written = [{"name": rule} for rule in rules] + [dict(zip(names, (*each, 0), strict=True)) for each in origins]
    size = sum(
        len(f"{name}={len(str(text).encode())}:{text}".encode())
        for each in written
        for name, text in each.items()
        if text is not None
    )
    rejected = sum(each.rejected for each in posts)
    facts = sum(
        count
        for table in ("facts", "turned_hours")
        for (count,) in records.rows(f"SELECT count(*) FROM {table} WHERE customer = ?", [customer])
    )
    edges = list(records.edges(customer, date.min, date.max))
    observers = {each.observer for each in edges}
    return Usage(
        len(rules) + len(origins),
        RECORD_BYTES * len(stored)
        + POST_BYTES * len(posts)
        + FACT_BYTES * facts
        + REJECTED_BYTES * rejected
        + EDGE_BYTES * len(edges)
        + sum(TEXT_BYTES + len(each.name.encode()) for each in observers)
        + TEXT_BYTES * (len(rules) + len(origins))
        + size,
        facts,
    )


@settings(max_examples=examples(40))
@given(st.data())
def test_what_is_counted_is_what_is_there_whatever_is_posted_erased_and_opened_again(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("counted") / "records.duckdb"
    texts, records = st.sampled_from(TEXTS), DuckDBRecords.open(path)
    for step in range(data.draw(st.integers(1, 12))):
        customer = data.draw(st.sampled_from((1, 2)))
        kinds = ("store", "store", "store", "spent", "fail", "delete", "slice", "merge", "keys", "open", "remove")
        match data.draw(st.sampled_from(kinds)):
            case "store" | "spent" | "fail" as how:
                drawn = data.draw(st.lists(st.tuples(texts, st.none() | texts, st.integers(0, 1)), max_size=5))
                stored = [record(rule=rule, acl_id=acl, src_port=port) for rule, acl, port in drawn]
                used = records.usage(customer)
                budget = Budget(used.texts + 1, used.stored_bytes + 900) if how == "spent" else ROOMY
                if how == "fail":
                    stored.append(record(src_port=65_536))
                try:
                    made = post(str(step), customer, data.draw(st.integers(0, 3)))
                    records.store(made, transposed(stored), budget)
                except (BudgetSpentError, StoreUnavailableError):
                    assert how != "store"
            case "delete" | "slice" as how:
                delete(records, "sport:1", customer, last=how == "delete")
            case "merge":
                records.merge_edges()
            case "keys":
                records.forget_keys(NOW + KEY_LIFE + timedelta(days=1))
            case "remove":
                records.remove(customer)
            case _:
                records.close()
                records = DuckDBRecords.open(path)
        for each in (1, 2):
            counted = records.usage(each)
            # Between two slices texts wait that no record repeats any more; they are counted as long as they are there.
            unrepeated = next(
                records.rows(
                    """SELECT count(*), coalesce(sum(text_bytes), 0)::BIGINT FROM (
                           SELECT text_bytes FROM rules ANTI JOIN records USING (customer, rule_id) WHERE customer = $1
                           UNION ALL
                           SELECT text_bytes FROM origins ANTI JOIN records USING (customer, origin_id)
                           WHERE customer = $1)""",
                    [each],
                )
            )
            assert counted == plainly(records, each) + of_texts(*unrepeated)
    records.close()


def test_a_post_that_would_pass_the_budget_of_texts_stores_nothing(records):
    records.store(post("first"), transposed([record(rule="a")]), Budget(2, 10**9))
    before = records.usage(1)
    with pytest.raises(BudgetSpentError, match="2 distinct texts") as refused:
        records.store(post("second"), transposed([record(rule="a"), record(rule="b")]), Budget(2, 10**9))
    assert refused.value.what is Spent.TEXTS
    assert records.usage(1) == before
    assert records.find(1, "second") is None
    assert records.count(1) == 1
    assert list(records.rows("SELECT count(*) FROM rules", [])) == [(1,)]
    records.store(post("known texts"), transposed([record(rule="a")]), Budget(1, 10**9))


def test_a_post_that_would_pass_the_budget_of_stored_bytes_stores_nothing(records):
    records.store(post("first"), transposed([record()]), ROOMY)
    full = Budget(10, records.usage(1).stored_bytes)
    for stored in ([], [record()]):
        with pytest.raises(BudgetSpentError, match="stored bytes") as refused:
            records.store(post("second"), transposed(stored), full)
        assert refused.value.what is Spent.STORED_BYTES
    assert records.count(1) == 1
    room = Budget(10, full.stored_bytes + POST_BYTES + RECORD_BYTES)
    records.store(post("second"), transposed([record()]), room)
    assert records.usage(1).stored_bytes == room.stored_bytes


def test_a_spent_budget_of_one_customer_is_nothing_to_another(records):
    records.store(post("first"), transposed([record()]), ROOMY)
    with pytest.raises(BudgetSpentError):
        records.store(post("second"), transposed([record(rule="new")]), Budget(2, 10**9))
    records.store(post("first", customer=2), transposed([record(rule="new")]), Budget(2, 10**9))


def test_what_is_deleted_makes_room(records):
    records.store(post("old"), transposed([record(rule="old", time=1)]), ROOMY)
    budget = Budget(2, 10**9)
    with pytest.raises(BudgetSpentError):
        records.store(post("new"), transposed([record(rule="new")]), budget)
    delete(records, spans=((0, 2),))
    records.store(post("new"), transposed([record(rule="new")]), budget)


def test_a_refused_post_is_not_a_fault_of_the_store(records, monkeypatch):
    with pytest.raises(BudgetSpentError):
        records.store(post("key"), transposed([record()]), Budget(1, 10**9))
    monkeypatch.setattr(DuckDBRecords, "_transaction", None)
    records.check()  # which would write, had a post failed


def test_every_table_of_the_file_that_has_a_customer_is_counted(records):
    """What comes to be stored besides belongs to `_PARTS`.

    But for refusals, of which there are a few at most.
    """
    tables = {
        table for (table,) in records.rows("SELECT table_name FROM duckdb_columns() WHERE column_name = 'customer'", [])
    }
    assert {table for table, *_ in usage._PARTS} == tables - {"refusals"}


def test_the_default_holds_10_000_nics_and_10_000_agents_with_50_processes_each():
    nics, agents, processes = 10_000, 10_000, 50
    # Of a NIC: NSG logs of two versions, a VNet flow log with the seven words for its encryption, and a second VNet.
    texts = nics * (2 + 7 + 1) + nics * 20 + agents * processes * 4
    assert texts <= DEFAULT_BUDGET.texts
    # The longest resource ids that Azure allows, three of them to a text.
    size = of_texts(texts, texts * (3 * 400)).stored_bytes
    minutes = 21 * 24 * 60
    records = minutes * (nics + agents * processes)
    posts = minutes * (nics + agents)
    assert size + RECORD_BYTES * records + POST_BYTES * posts <= DEFAULT_BUDGET.stored_bytes
