"""What records repeat, each customer's apart."""

from collections import Counter
from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.stores.duckdb import dictionary
from gateway.stores.duckdb import schema as records_schema
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.upgrade import upgrade
from gateway.traffic.posts import Post
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.store import StoreUnavailableError
from gateway.traffic.top import Dimension, Measure
from gateway.traffic.transposed import transposed
from tests.examples import examples
from tests.gateway.client import record
from tests.gateway.stores.duckdb.deleting import delete
from tests.shared.flowlog.test_check import AGENTS

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
TEXTS = ("", "a", "A", "1:a", "-", "ä", "\x00", "a" * 512, "it's", "日本", "\u200b")


def store(records, key, *stored, customer=1):
    records.store(Post(customer, key, b"hash", b"{}", NOW), transposed(stored))


def repeated(records, customer=1):
    """Count what is stored of a customer's rules and origins."""
    counts = (f"(SELECT count(*) FROM {table} WHERE customer = $1)" for table in ("rules", "origins"))
    return next(records.rows(f"SELECT {', '.join(counts)}", [customer]))


def found(records, search, customer):
    return records.totals(Question(customer, 0, 2**62, parse(search))).records


def test_the_same_text_has_a_number_with_each_customer_and_is_counted_with_each_once(records):
    store(records, "key", record(rule="secret of one"), record(rule="both"), customer=1)
    store(records, "key", record(rule="both"), record(rule="both"), customer=2)
    for customer, names in ((1, {"secret of one": 1, "both": 1}), (2, {"both": 2})):
        question = Question(customer, 0, 2**62, parse(""))
        assert {hit.rule: hit.records for hit in records.rule_hits(question).rows} == names
        groups = records.top(question, Dimension.RULE, Measure.RECORDS).groups
        assert {group.name[0]: group.records for group in groups} == names
        assert Counter(each["rule"] for each in records.records(customer)) == names


@pytest.mark.parametrize(
    "search",
    ["rule:secret*", "rule:=secret", "host:web-1", "process:*", "mac:0*", "resource:*", "source:agent", "version:2"],
)
def test_a_search_finds_the_customer_s_own_records_whatever_numbers_others_have(records, search):
    # The same numbers stand for other texts with the other customer.
    store(records, "key", AGENTS | {"host": "db-1", "process": None}, record(rule="x", mac=None), customer=1)
    store(records, "key", record(rule="secret", version=2), AGENTS | {"host": "web-1"}, customer=2)
    question = parse(search)
    expected = {1: {"source:agent": 1, "resource:*": 1, "version:2": 1}, 2: {"host:web-1": 1}}
    for customer in (1, 2):
        here = found(records, search, customer)
        there = found(records, f"-{question.terms[0]}", customer)
        assert here + there == 2
        if search in expected[customer]:
            assert here == expected[customer][search]
    assert found(records, "rule:secret", 1) == 0
    assert found(records, "host:web-1", 1) == 0


def test_what_is_in_no_memory_is_looked_up(path, monkeypatch):
    monkeypatch.setattr(dictionary, "_KNOWN", 3)
    records = DuckDBRecords.open(path)
    stored = [record(rule=f"rule {number}", mac=f"{number:012X}") for number in range(50)]
    for round_ in range(3):
        store(records, str(round_), *stored)
    assert repeated(records) == (50, 50)
    records.close()
    again = DuckDBRecords.open(path)
    store(again, "again", *stored, record(rule="new"))
    assert repeated(again) == (51, 51)
    assert Counter(each["rule"] for each in again.records(1)) == Counter(
        [each["rule"] for each in stored] * 4 + ["new"]
    )
    again.close()


def test_what_a_customer_has_is_not_read_at_the_start(path):
    records = DuckDBRecords.open(path)
    store(records, "many", *(record(rule=f"rule {number}") for number in range(1000)))
    records.close()
    again = DuckDBRecords.open(path)
    assert len(again._loader._rules._known) == 0
    again.close()


def test_a_customer_that_has_been_through_all_numbers_gets_those_that_are_free(records, path):
    store(records, "a", *(record(rule=str(number)) for number in range(5)))
    records.close()
    with duckdb.connect(path) as connection:
        last = 2**31 - 2
        connection.execute(f"UPDATE rules SET rule_id = {last} WHERE rule_id = 1")
        connection.execute(f"UPDATE records SET rule_id = {last} WHERE rule_id = 1")
    again = DuckDBRecords.open(path)
    for number in range(5, 9):
        store(again, f"then {number}", record(rule=str(number)), record(rule="0"), record(rule=f"-{number}"))
    assert Counter(each["rule"] for each in again.records(1)) == Counter(
        [*map(str, range(9)), *["0"] * 4, *(f"-{number}" for number in range(5, 9))]
    )
    store(again, "other", record(rule="0"), customer=2)
    assert found(again, "rule:0", 2) == 1
    again.close()


def test_what_a_failed_post_brought_is_not_known(records):
    with pytest.raises(StoreUnavailableError):
        store(records, "undone", record(rule="undone"), record(src_port=65_536))
    store(records, "done", record(rule="undone"), record(rule="other"))
    assert sorted(each["rule"] for each in records.records(1)) == ["other", "undone"]
    assert repeated(records) == (2, 1)


def test_what_one_customer_does_not_repeat_any_more_is_forgotten_and_another_keeps_it(records):
    store(records, "key", record(rule="gone"), record(rule="kept", src_port=1), customer=1)
    store(records, "key", record(rule="gone"), customer=2)
    delete(records, "-sport:1")
    assert (repeated(records, 1), repeated(records, 2)) == ((1, 1), (1, 1))
    store(records, "new", record(rule="new"), record(rule="gone"), customer=1)
    assert sorted(each["rule"] for each in records.records(1)) == ["gone", "kept", "new"]
    assert [each["rule"] for each in records.records(2)] == ["gone"]


@settings(max_examples=examples(30))
@given(st.data())
def test_records_come_back_with_their_texts_whatever_is_known_deleted_and_opened_again(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("many") / "records.duckdb"
    texts = st.sampled_from(TEXTS)
    records, expected, keys = DuckDBRecords.open(path), {1: [], 2: []}, 0
    for _ in range(data.draw(st.integers(1, 12))):
        customer = data.draw(st.sampled_from((1, 2)))
        match data.draw(st.sampled_from(("store", "store", "store", "delete", "open"))):
            case "store":
                pairs = data.draw(st.lists(st.tuples(texts, st.none() | texts, st.integers(0, 1)), max_size=5))
                stored = [record(rule=rule, acl_id=acl, src_port=port) for rule, acl, port in pairs]
                store(records, str(keys), *stored, customer=customer)
                expected[customer] += pairs
                keys += 1
            case "delete":
                delete(records, "sport:1", customer)
                expected[customer] = [each for each in expected[customer] if each[2] == 0]
            case _:
                records.close()
                records = DuckDBRecords.open(path)
    for customer, pairs in expected.items():
        kept = [(each["rule"], each["acl_id"], each["src_port"]) for each in records.records(customer)]
        assert Counter(kept) == Counter(pairs)
    records.close()


def old_file(path, rules, origins, records):
    """Make a file as version 0.1 wrote it, with what all customers shared."""
    with duckdb.connect(path) as connection:
        for statement in records_schema.SCHEMA.make:
            connection.execute(statement)
        for number, name in enumerate(rules):
            connection.execute("INSERT INTO rules VALUES (?, ?)", [number, name])
        for number, (resource, source, version) in enumerate(origins):
            connection.execute(
                "INSERT INTO origins (id, resource_id, source, version, mapped) VALUES (?, ?, ?, ?, 0)",
                [number, resource, source, version],
            )
        for line, (customer, rule, origin) in enumerate(records):
            connection.execute(
                """INSERT INTO records (post, line, customer, time, src_number, src_port, dst_number, dst_port,
                       protocol, direction, decision, rule_id, origin_id)
                   VALUES (1, ?, ?, 1795534200000, 281470681743364, 1, 281470681743365, 2, 6,
                       'inbound', 'allow', ?, ?)""",
                [line, customer, rule, origin],
            )


def test_what_all_customers_shared_in_version_0_1_each_of_them_has_afterwards_and_nothing_else(tmp_path):
    path = tmp_path / "records.duckdb"
    origins = [("it's ä", "vnet", 4), (None, "nsg", 2)]
    old_file(
        path,
        ["both", "of one", "of nobody", "", None],
        origins,
        [(1, 0, 0), (1, 1, 1), (2, 0, 1), (2, 3, 0), (2, 4, 0)],
    )
    upgrade(tmp_path, lambda _told: None)
    records = DuckDBRecords.open(path)
    assert Counter(each["rule"] for each in records.records(1)) == {"both": 1, "of one": 1}
    assert Counter(each["rule"] for each in records.records(2)) == {"both": 1, "": 1, None: 1}
    assert (repeated(records, 1), repeated(records, 2)) == ((2, 2), (3, 2))
    assert found(records, 'rule:"of one"', 2) == 0
    # What comes again is found under the digest that the upgrade made, and takes no place of its own.
    bare = record(**dict.fromkeys(("encryption", "mac", "acl_id", "flow_log_id")))
    again = [
        bare | {"rule": "both", "resource_id": "it's ä", "source": "vnet", "version": 4},
        bare | {"rule": "", "resource_id": None, "source": "nsg", "version": 2},
    ]
    store(records, "again", *again, customer=2)
    assert repeated(records, 2) == (3, 2)
    records.close()


def test_texts_that_version_0_1_took_are_cut_and_those_that_differed_still_do(tmp_path):
    path = tmp_path / "records.duckdb"
    long = "x" * 1_000_000
    rules = [f"{long}a", f"{long}b", "y" * 512, "z" * 513]
    origins = [("r" * 1024, "nsg", 2), ("ä" * 513, "nsg", 2)]
    old_file(path, rules, origins, [(1, rule, rule % 2) for rule in range(4)])
    upgrade(tmp_path, lambda _told: None)
    records = DuckDBRecords.open(path)
    names = sorted((each["rule"] for each in records.records(1)), reverse=True)
    assert names[1] == "y" * 512
    assert names[0].startswith("z" * 100 + "... (cut: 513 bytes, SHA-256 ")
    assert names[2].startswith("x" * 100 + "... (cut: 1000001 bytes, SHA-256 ")
    assert names[2] != names[3]
    resources = {each["resource_id"][:101] for each in records.records(1)}
    assert resources == {"r" * 101, "ä" * 100 + "."}
    assert all(len(name.encode()) <= 512 for name in names)
    records.close()
