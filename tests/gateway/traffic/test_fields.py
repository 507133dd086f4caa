import re
import subprocess
import sys
from pathlib import Path

from gateway.stores.duckdb.columns import ORIGINS, WORKED_OUT
from gateway.stores.duckdb.loading import INSERTED
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.traffic.field import Origin, TextField
from gateway.traffic.fields import FIELDS
from gateway.traffic.posts import Post
from gateway.traffic.transposed import transposed
from shared.flowlog.record import AGENT_KEYS, KEYS
from tests.gateway.client import record
from tests.gateway.contract.test_edges import NOW

ROOT = Path(__file__).parents[3]
STORED = {field.name for field in FIELDS if field.origin is Origin.STORED}


def test_every_key_of_a_record_is_a_stored_field_and_so_is_what_the_store_adds():
    assert {*KEYS, *AGENT_KEYS, "counted"} == STORED


def test_the_store_has_a_column_for_every_stored_field():
    own = {"src_ip": "src_number", "dst_ip": "dst_number", "rule": "rule_id"}
    repeated = {field.name for field in ORIGINS}
    assert {own.get(name, name) for name in STORED} <= INSERTED.keys() | repeated
    assert all(field.repeats for field in FIELDS if isinstance(field, TextField) and field.origin is Origin.STORED)


def test_no_two_fields_have_the_same_name_or_key():
    for told in (
        [field.name for field in FIELDS],
        [key for each in FIELDS for key in (each.key, *each.aliases) if key],
    ):
        assert len(set(told)) == len(told)


def test_what_lists_show_has_a_label_and_what_is_searched_for_an_example():
    assert [field.name for field in FIELDS if field.in_lists and not field.label] == []
    assert [field.name for field in FIELDS if field.key and not field.examples] == []


def test_the_documentation_names_every_key():
    text = (ROOT / "docs" / "traffic.md").read_text()
    table = re.findall(r"^\|.*`.*\|.*\|$", text, re.MULTILINE)
    written = {key for line in table for key in re.findall(r"`-?([a-z]+):", line)}
    assert written >= {key for each in FIELDS for key in (each.key, *each.aliases) if key}


ADDED = """
import sys
from dataclasses import replace
from pathlib import Path
import shared.flowlog.record as flow_record

flow_record.KEYS = (*flow_record.KEYS, "vlan", "mtu")

from gateway.traffic import fields
from gateway.traffic.field import Example, NumberField, Origin, TextField

vlan = TextField(name="vlan", label="VLAN", repeats=True, key="vlan", examples=(Example("vlan:blue", "a VLAN"),))
mtu = NumberField(name="mtu", label="MTU", largest=65_535, is_number=True, key="mtu")
spare = NumberField(
    name="spare", label="Spare", origin=Origin.WORKED_OUT, largest=65_535, key="spare",
    value=lambda record: None if record["mtu"] is None else 9000 - record["mtu"],
)

def sites(customer, patterns):
    assert customer == 1
    from gateway.traffic.terms import Patterns
    return Patterns(vlan, tuple(replace(each, text=each.text.removesuffix(" site")) for each in patterns))

site = TextField(
    name="site", label="Site", origin=Origin.LOOKED_UP, key="site", select=sites,
    value=lambda record: None if record["vlan"] is None else f"{record['vlan']} site",
)
fields.FIELDS = (*fields.FIELDS, vlan, mtu, spare, site)

from gateway.stores.duckdb import columns, schema
from gateway.stores.migrations import Step

step = Step("VLANs", ("ALTER TABLE origins ADD COLUMN vlan VARCHAR", "ALTER TABLE records ADD COLUMN mtu BIGINT"))
schema.SCHEMA = replace(schema.SCHEMA, steps=(*schema.SCHEMA.steps, step))
columns.WORKED_OUT[spare] = "(9000 - mtu)"

from gateway.console.traffic.columns import COLUMNS
from gateway.console.traffic.search_help import EXAMPLES
from gateway.stores.duckdb.records import DuckDBRecords
from gateway.stores.upgrade import upgrade
from gateway.traffic.posts import Post
from gateway.traffic.question import Question
from gateway.traffic.search import parse
from gateway.traffic.terms import Search
from gateway.traffic.transposed import transposed
from tests.gateway.client import record
from tests.gateway.contract.test_edges import NOW

data = Path(sys.argv[1])
upgrade(data, lambda told: None)
records = DuckDBRecords.open(data / "records.duckdb")
assert sum(1 for _ in records.rows("SELECT 1 FROM origins", [])) == 1
new = [record(src_port=1), record(src_port=2, vlan="blue", mtu=1500), record(src_port=3, vlan="red", mtu=9000)]
records.store(Post(1, "new", b"", b"{}", NOW), transposed(new))
# What was stored before repeats in the new post, under the number that it has.
assert sum(1 for _ in records.rows("SELECT 1 FROM origins", [])) == 3

def found(search):
    question = Question.all_of(1)
    return sorted(each["src_port"] for each in records.every(replace(question, search=search)))

for text, ports in (
    ("vlan:b*", [2]), ("-vlan:*", [0, 1]), ("mtu:>=1500", [2, 3]), ("spare:>0", [2]), ("-spare:>0", [0, 1, 3]),
    ('site:"red site"', [3]), ('-site:"red site"', [0, 1, 2]),
):
    search = parse(text)
    assert str(parse(str(search))) == str(search)
    assert found(search) == ports, text
every = list(records.every(Question.all_of(1)))
for each in every:
    for name in ("vlan", "mtu", "spare", "site"):
        column = COLUMNS[name]
        same = [other["src_port"] for other in every if column.value(other) == column.value(each)]
        assert found(Search((column.term(each),))) == sorted(same), (name, each)
assert COLUMNS["site"].value({"vlan": "red"}) == "red site"
assert Example("vlan:blue", "a VLAN") in EXAMPLES
"""
"""Adds two stored fields, one that is worked out and one that is looked up, to a directory that has records already."""


def test_a_field_of_each_origin_is_added_by_its_row_and_a_step_of_the_schema(tmp_path):
    before = DuckDBRecords.open(tmp_path / "records.duckdb")
    before.store(Post(1, "old", b"", b"{}", NOW), transposed([record(src_port=0)]))
    before.close()
    subprocess.run([sys.executable, "-c", ADDED, tmp_path], cwd=ROOT, check=True)


def test_each_field_that_is_worked_out_and_searched_for_by_its_value_is_worked_out_by_the_store():
    searched = {field for field in FIELDS if field.origin is Origin.WORKED_OUT and field.key and field.value}
    assert set(WORKED_OUT) == searched
