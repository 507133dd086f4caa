from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.clock import to_ms
from gateway.console.traffic.columns import COLUMNS
from gateway.traffic.posts import Post
from gateway.traffic.search import KEYS, parse
from gateway.traffic.transposed import transposed
from tests.examples import examples
from tests.gateway.client import record
from tests.gateway.console.person import text_of
from tests.gateway.console.sheet import Sheet
from tests.gateway.contract.oracle import matches
from tests.long import first_of_each

PAGES = ["/", "/traffic", "/timeline", "/top", "/rules", "/exposed", "/conversations"]
HOSTILE = [
    "'; DROP TABLE records; --",
    "' OR '1'='1",
    "\\' OR 1=1 --",
    '") UNION SELECT * FROM posts --',
    "%",
    "_",
    "?",
    "$1",
    "{{ 7 * 7 }}",
    "<script>alert(1)</script>",
    "\x00",
    "a\r\nSet-Cookie: b=c",
]


def now_ms(clock):
    return to_ms(clock.now())


def shown(person, address):
    answer = person.get(address)
    assert answer.status_code == 200, text_of(answer)
    return Sheet.of(answer)


def walk(person, address, way):
    """Give the rows of all pages from one on, and how many pages there were."""
    rows, pages = [], 0
    while address:
        sheet = shown(person, address)
        rows.append([tuple(row.cells) for row in sheet.rows("records")])
        address, pages = sheet.link(page=way), pages + 1
        assert pages < 20
    return rows, pages


def port_text(port):
    return "\N{EN DASH}" if port is None else str(port)


def test_paging_covers_every_record_once_in_both_directions(team, posted):
    everything = f"/traffic?columns={','.join(COLUMNS)}"
    forth, pages = walk(team.reader, everything, "older")
    assert pages == 5
    rows = [row for page in forth for row in page]
    assert len(rows) == len(posted)
    times = [row[1] for row in rows]
    assert times == sorted(times, reverse=True)
    expected = sorted((r["src_ip"], port_text(r["src_port"]), r["dst_ip"], port_text(r["dst_port"])) for r in posted)
    assert sorted(row[2:6] for row in rows) == expected
    oldest = shown(team.reader, everything).link(page="oldest")
    back, pages = walk(team.reader, oldest, "newer")
    assert pages == 5
    assert [row for page in reversed(back) for row in page] == rows
    assert shown(team.reader, oldest).link(page="older") is None
    assert shown(team.reader, everything).link(page="newer") is None


@pytest.mark.parametrize("key", KEYS)
def test_a_search_shows_what_plain_python_finds(key, team, posted):
    values = {
        "src": "10.0.0.0/24", "dst": "20.1.2.3", "ip": "10.0.0.4", "net": "::/0", "sport": ">=1024", "dport": "22,3389",
        "port": "0", "service": "tcp/22", "proto": "udp", "version": "4", "bytes": ">=1000", "packets": "0",
        "reply": ">0", "direction": "inbound",
        "decision": "deny", "state": "end", "source": "vnet", "rule": "*ssh*", "mac": "000D3AF87856", "acl": "*",
        "resource": "/subscriptions/s", "flowlog": "*", "encryption": "NX", "host": "web-*", "process": "nginx",
        "counted": "no", "answered": "yes",
    }  # fmt: skip
    for text in (f"{key}:{values[key]}", f"-{key}:{values[key]}"):
        expected = sum(matches(parse(text), each) for each in posted)
        sheet = shown(team.reader, f"/traffic?q={text}")
        assert sheet.counts("data-count")[0][1] == expected if expected else not sheet.rows("records")


@pytest.mark.parametrize(
    "field", first_of_each(["q", "from", "to", "range", "columns", "cursor", "by", "measure", "rule", "acl"], 3)
)
def test_no_field_lets_hostile_text_do_anything(field, team, posted):
    for text in HOSTILE:
        quoted = text.replace('"', '""')
        parameters = {"q": f'{field}:"{quoted}"'} if field in {"rule", "acl"} else {field: text}
        for page in ("/traffic", "/top"):
            answer = team.reader.get(page, params=parameters)
            assert answer.status_code in {200, 422}
            assert "alert(1)</script>" not in answer.text
            assert "b" not in answer.cookies
    assert shown(team.reader, "/traffic").counts("data-count")[0][1] == len(posted)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*PAGES, "/traffic/export.csv"]),
    st.dictionaries(st.sampled_from(["q", "from", "to", "range", "columns", "cursor", "by", "measure"]), st.text()),
)
def test_no_address_fails(administrator, page, parameters):
    assert administrator.get(page, params=parameters).status_code in {200, 422}


def test_a_script_in_a_record_stays_text_on_every_page(team, post, clock):
    script = "<script>alert('planted')</script>"
    ids = dict.fromkeys(["rule", "acl_id", "resource_id", "flow_log_id", "encryption"], script)
    flow = record(time=now_ms(clock) - 1000, direction="inbound", src_ip="9.9.9.9", source="vnet", version=4, **ids)
    post(team, flow)
    plain = shown(team.reader, "/setup/audit-log").tags["script"]
    for page in [*PAGES, "/top?by=rule", f"/traffic?columns={','.join(COLUMNS)}", f'/traffic?q=rule:="{script}"']:
        answer = team.reader.get(page)
        assert "<script>alert" not in answer.text
        charts = 2 if page in {"/", "/timeline"} else 0
        assert Sheet.of(answer).tags["script"] == plain + charts
    assert script in text_of(team.reader.get("/rules"))
    assert shown(team.reader, f'/traffic?q=rule:="{script}"').counts("data-count")[0][1] == 1


@pytest.mark.usefixtures("posted")
def test_one_customer_never_sees_anothers_records(team, new_team, post, clock):
    stranger = new_team()
    post(stranger, record(time=now_ms(clock) - 5, src_ip="203.0.113.77"))
    for page in PAGES:
        for person in (stranger.administrator, stranger.reader):
            text = team.reader.get(f"{page}?range=all").text
            assert "203.0.113.77" not in text
            assert all(count <= 1 for _, count in shown(person, f"{page}?range=all").counts("data-count"))
    lines = stranger.reader.get("/traffic/export.ndjson?range=all").text.splitlines()
    assert len(lines) == 1
    oldest = shown(team.reader, "/traffic").link(page="older")
    assert len(shown(stranger.reader, oldest).rows("records")) <= 1


@pytest.mark.parametrize("page", PAGES)
def test_without_records_a_page_says_what_to_do(page, reader):
    text = text_of(reader.get(page))
    assert "There are no records yet." in text
    assert "Configure flow logs" in text


@pytest.mark.parametrize("page", ["/", "/traffic", "/timeline", "/top", "/rules"])
@pytest.mark.usefixtures("posted")
def test_where_nothing_is_found_a_page_leads_on(page, team):
    sheet = shown(team.reader, f"{page}?q=sport:7")
    text = text_of(team.reader.get(f"{page}?q=sport:7"))
    assert "Nothing was found from" in text
    assert "or remove a term" in text
    assert any(link.text == "Search all time" for link in sheet.links)


@pytest.mark.parametrize("page", PAGES)
def test_people_sign_in_first(page, nobody):
    answer = nobody.get(page)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("q=vedrict:deny", "Did you mean decision"),
        ("from=yesterday", "Enter one like 2026-11-23T15:30Z."),
        ("range=1y", "Choose one of 1h"),
        ("columns=secret", "There is no column"),
        ("cursor=somewhere", "This position in the list is not valid."),
        ("cursor=older:1.2.99999999999999999999", "This position in the list is not valid."),
        (f"cursor=older:1.2.{'0' * 30}{'9' * 30}", "This position in the list is not valid."),
    ],
)
@pytest.mark.usefixtures("posted")
def test_a_bad_value_is_a_sentence_on_the_page(query, words, team):
    answer = team.reader.get(f"/traffic?{query}")
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Sheet.of(answer).rows("records")


@pytest.mark.usefixtures("posted")
def test_the_stop_follows_the_time_at_once_where_nothing_was_found(team):
    assert " UTC</span>.</p>" in team.reader.get("/traffic?q=dport:1").text


@pytest.mark.usefixtures("posted")
def test_the_trouble_in_a_search_is_marked(team):
    answer = team.reader.get("/traffic?q=src:10.0.0.4 vedrict:deny")
    assert "<mark>vedrict:</mark>deny" in answer.text
    assert 'aria-describedby="q-error"' in answer.text


def test_a_zone_other_than_utc_is_understood_and_utc_is_shown(team, post, clock):
    moment = clock.now() - timedelta(minutes=10)
    post(team, record(time=to_ms(moment)))
    there = moment.astimezone(datetime.strptime("+0530", "%z").tzinfo)
    ends = {"from": there.isoformat(), "to": (there + timedelta(milliseconds=1)).isoformat()}
    answer = team.reader.get("/traffic", params=ends)
    (row,) = Sheet.of(answer).rows("records")
    assert row.cells[1] == moment.astimezone(UTC).strftime("%H:%M:%S")
    assert f'<time datetime="{moment.astimezone(UTC):%Y-%m-%d}">' in answer.text
    assert "Time, UTC" in text_of(answer)
    before = {"from": (there - timedelta(hours=1)).isoformat(), "to": there.isoformat()}
    assert not Sheet.of(team.reader.get("/traffic", params=before)).rows("records")


@pytest.mark.usefixtures("posted")
def test_columns_are_chosen(team):
    answer = team.reader.get("/traffic?columns=rule&columns=time")
    (first, *_) = Sheet.of(answer).rows("records")
    assert len(first.cells) == 3


@pytest.mark.usefixtures("posted")
def test_the_search_goes_along_from_page_to_page(team):
    sheet = shown(team.reader, "/timeline?q=dport:22&range=6h")
    for page in PAGES:
        assert any(link.address == f"{page}?q=dport:22&range=6h" for link in sheet.links)


@pytest.mark.usefixtures("posted")
def test_how_a_table_is_ordered_stays_while_one_searches_and_goes_nowhere_else(team):
    answer = team.reader.get("/top?by=port&measure=bytes")
    presets = [link.address for link in Sheet.of(answer).links if link.text == "7 days"]
    assert presets == ["/top?range=7d&by=port&measure=bytes"]
    assert '<input type="hidden" name="by" value="port">' in answer.text
    assert not any("by=port" in link.address for link in Sheet.of(answer).links if not link.address.startswith("/top"))
    wrong = team.reader.get("/top?by=colour")
    assert wrong.status_code == 422
    assert "Choose one of source, destination, pair" in text_of(wrong)
    assert "/top?" in {link.address for link in Sheet.of(wrong).links if link.text == "Reset"}


def test_a_value_of_a_megabyte_makes_no_page_of_it(gateway, team, clock):
    """As version 0.1 let them in."""
    long = "x" * 1_000_000
    lines = [record(time=now_ms(clock) - place, rule=f"{place}{long}", acl_id=long) for place in range(1, 4)]
    gateway.stores.records.store(Post(team.customer, "long", b"", b"{}", clock.now()), transposed(lines))
    for page in [*PAGES, "/top?by=rule"]:
        answer = team.reader.get(page)
        assert answer.status_code == 200
        assert len(answer.text) < 200_000, page
    assert f"1{long}" in team.reader.get("/traffic/export.csv").text


def test_a_record_of_the_future_does_not_make_old_records_fresh(team, post, clock):
    now = to_ms(clock.now())
    post(team, record(time=4_000_000_000_000))
    assert "all are dated in the future: a clock is wrong" in text_of(team.reader.get("/"))
    assert "All records are dated in the future" in text_of(team.reader.get("/traffic"))
    post(team, record(time=now - 2 * 3_600_000))
    home = team.reader.get("/")
    assert '<span class="state bad">2 h</span>' in home.text
    assert "2096" not in text_of(home)
