from gateway.clock import to_ms
from shared.flowlog.record import COUNTERS
from tests.gateway.client import record
from tests.gateway.console.sheet import Sheet
from tests.shared.flowlog.test_check import AGENTS

MINUTE = 60_000


def seen(minute, direction, host, process):
    """What an agent at one end of a web server's connection to its database sees."""
    return AGENTS | {
        "time": minute,
        "src_ip": "10.1.0.4",
        "dst_ip": "10.2.0.4",
        "dst_port": 5432,
        "direction": direction,
        "host": host,
        "process": process,
    }


def logged(time, **changes):
    return record(time=time, src_ip="10.1.0.4", dst_ip="10.2.0.4", dst_port=5432, rule="UserRule_database", **changes)


def test_logs_and_both_agents_on_one_conversation_are_one_line_that_opens_into_each(team, post, clock):
    minute = (to_ms(clock.now()) // MINUTE - 5) * MINUTE
    post(
        team,
        logged(minute + 1, direction="outbound"),
        logged(minute + 59_999, direction="inbound"),
        seen(minute, "outbound", "web-1", "gunicorn"),
        seen(minute, "inbound", "db-1", "postgres"),
    )
    (line,) = Sheet.of(team.reader.get("/conversations")).rows("conversations")
    text = " ".join(line.cells)
    for part in ("gunicorn on web-1", "postgres on db-1", "tcp/5432", "allow", "UserRule_database"):
        assert part in text
    opened = {link.text: Sheet.of(team.reader.get(link.address)).rows("records") for link in line.links}
    assert {name: len(rows) for name, rows in opened.items() if name in {"all", "web-1", "db-1", "2"}} == {
        "all": 4,
        "2": 2,
        "web-1": 1,
        "db-1": 1,
    }


def test_another_minute_service_or_direction_is_another_line(team, post, clock):
    minute = (to_ms(clock.now()) // MINUTE - 5) * MINUTE
    post(
        team,
        logged(minute + 1),
        seen(minute - MINUTE, "outbound", "web-1", "gunicorn"),
        seen(minute, "outbound", "web-1", "gunicorn") | {"protocol": 17},
        seen(minute, "inbound", "web-1", "nginx") | {"src_ip": "10.2.0.4", "dst_ip": "10.1.0.4"},
    )
    assert len(Sheet.of(team.reader.get("/conversations")).rows("conversations")) == 4


def test_older_conversations_follow_and_the_newest_are_a_click_away(team, post, clock):
    minute = (to_ms(clock.now()) // MINUTE - 200) * MINUTE
    post(team, *(logged(minute + number * MINUTE, src_port=number) for number in range(60)))
    first = Sheet.of(team.reader.get("/conversations"))
    pages = {link.said["data-page"]: link.address for link in first.links if "data-page" in link.said}
    assert pages.keys() == {"older"}
    second = Sheet.of(team.reader.get(pages["older"]))
    assert (len(first.rows("conversations")), len(second.rows("conversations"))) == (50, 10)
    pages = {link.said["data-page"]: link.address for link in second.links if "data-page" in link.said}
    assert pages.keys() == {"newest"}
    newest = Sheet.of(team.reader.get(pages["newest"])).rows("conversations")
    assert [row.cells[0] for row in newest] == [row.cells[0] for row in first.rows("conversations")]


def test_a_place_that_is_none_is_told(team, post, clock):
    post(team, logged(to_ms(clock.now()) - 1))
    answer = team.reader.get("/conversations?after=x")
    assert answer.status_code == 422
    assert "This position in the list is not valid" in answer.text


def test_what_nobody_measured_is_no_byte(team, post, clock):
    minute = (to_ms(clock.now()) // MINUTE - 5) * MINUTE
    unmeasured = seen(minute, "outbound", "web-1", None) | {"counter_source": "none"} | dict.fromkeys(COUNTERS)
    post(team, unmeasured)
    (line,) = Sheet.of(team.reader.get("/conversations")).rows("conversations")
    assert "0 B" in " ".join(line.cells)
    assert "web-1" in " ".join(line.cells)
