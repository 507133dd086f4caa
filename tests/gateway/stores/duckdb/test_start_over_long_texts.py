"""The gateway starts over whatever version 0.1 let in."""

import subprocess
import sys
from pathlib import Path

import pytest

from dev.gateway.local import GatewayProcess
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.top import Dimension, Measure

ROOT = Path(__file__).parents[3]
POSTS = 11

WRITTEN = """
import os, signal, sys
import duckdb
from gateway.stores.duckdb import schema as records_schema

connection = duckdb.connect(sys.argv[1], config={"memory_limit": "512MB", "threads": 2})
for statement in records_schema.SCHEMA.make:
    connection.execute(statement)
connection.execute("INSERT INTO rules SELECT range + 1000, 'rule ' || range FROM range(5000)")
connection.execute("INSERT INTO origins (id, source, version, mapped) VALUES (0, 'nsg', 2, 0)")
for post in range(int(sys.argv[2]) + 1):
    connection.begin()
    connection.execute("INSERT INTO posts VALUES (?, 1, ?, '', '{}', 0, NULL, NULL, NULL, 0)", [post, f"{post}"])
    connection.execute("INSERT INTO rules VALUES (?, ?)", [post, chr(97 + post) * (31 << 20) if post else "short"])
    connection.execute(
        "INSERT INTO records (post, line, customer, time, src_number, src_port, dst_number, dst_port, protocol,"
        " direction, decision, rule_id, origin_id)"
        " VALUES (?, 0, 1, 1795534200000, 281470681743364, 1, 281470681743365, 2, 6, 'inbound', 'allow', ?, 0)",
        [post, post],
    )
    connection.commit()
os.kill(os.getpid(), signal.SIGKILL)
"""
"""Writes the file as version 0.1 did with posts that have a rule of 31 MiB each, and is killed."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A directory of version 0.1, which that version does not start over any more."""
    data = tmp_path_factory.mktemp("long") / "data"
    data.mkdir()
    subprocess.run([sys.executable, "-c", WRITTEN, data / "records.duckdb", str(POSTS)], cwd=ROOT, check=False)
    return data


@pytest.mark.long
def test_the_gateway_starts_and_its_pages_have_the_names_cut(data):
    with GatewayProcess(data) as gateway:
        assert gateway.url
    records = DuckDBRecords.open(data / "records.duckdb")
    question = Question(1, 0, 2**62, parse(""))
    names = {hit.rule for hit in records.rule_hits(question).rows}
    assert len(names) == POSTS + 1
    assert "short" in names
    assert "b" * 100 in max(names - {"short"}, key=lambda name: name[0] == "b")
    assert max(map(len, names)) < 512
    assert {group.name[0] for group in records.top(question, Dimension.RULE, Measure.RECORDS, 50).groups} == names
    assert records.count(1) == POSTS + 1
    # What no record repeats is forgotten.
    assert list(records.rows("SELECT count(*) FROM rules", [])) == [(POSTS + 1,)]
    records.close()
