from datetime import timedelta

import pytest

from gateway.stores.agents import AgentIdentity
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.server_traffic import Answer
from tests.gateway.console.person import text_of
from tests.gateway.console.sheet import Sheet


@pytest.fixture
def items(gateway, team):
    """The numbers of machines by their names."""
    add = gateway.stores.items.add
    return {name: add(team.customer, name, [], "") for name in ("web-1", "db-1", "app-1")}


@pytest.fixture
def answered(gateway, items, clock):
    now, add = clock.now(), gateway.stores.server_traffic.add
    add(items["web-1"], Answer(now - timedelta(minutes=1), 401, None, "The subscription token has expired."))
    add(items["web-1"], Answer(now, 200, 143))
    add(items["db-1"], Answer(now, 200, 1))
    add(items["db-1"], Answer(now, 413, None, "The body is too large."))
    return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def listed(page):
    return [row.links[0].text for row in Sheet.of(page).rows("attributes") if len(row.cells) == 3 and row.links]


def test_the_list_shows_the_last_value_and_what_is_not_200_stands_out(reader, answered):
    page = reader.get("/setup/attributes")
    text = text_of(page)
    assert "Attributes \u203a List" in text
    assert f"Server Traffic web-1 200 HTTP/1.1 200 OK {answered} flows=143" in text
    assert f"Server Traffic db-1 413 HTTP/1.1 413 Content Too Large {answered} The body is too large." in text
    assert "Server Traffic app-1 nothing yet" in text
    assert page.text.count('<tr class="bad">') == 1
    assert page.text.count('<span class="state bad">') == 1


@pytest.mark.usefixtures("answered")
def test_each_column_filters_the_list(reader):
    for query, expected in [
        ("", ["app-1", "db-1", "web-1"]),
        ("item=WEB", ["web-1"]),
        ("answer=200", ["web-1"]),
        ("answer=other", ["db-1"]),
        ("answer=none", ["app-1"]),
        ("answer=x", ["app-1", "db-1", "web-1"]),
        ("item=web&answer=other", []),
    ]:
        assert listed(reader.get(f"/setup/attributes?{query}")) == expected, query
    assert "Change the filters" in text_of(reader.get("/setup/attributes?item=nothing"))


def test_the_history_has_every_answer_the_newest_first(reader, items, answered):
    page = reader.get(f"/setup/attributes/{items['web-1']}")
    text = text_of(page)
    assert text.index(f"HTTP/1.1 200 OK {answered} flows=143") < text.index("HTTP/1.1 401 Unauthorized")
    assert "The subscription token has expired." in text
    assert page.text.count('<tr class="bad">') == 1


def test_what_was_left_out_of_a_good_delivery_is_reported(gateway, reader, items, clock):
    gateway.stores.server_traffic.add(items["web-1"], Answer(clock.now(), 200, 3, "2 left out; the first, line 0: why"))
    page = reader.get("/setup/attributes")
    assert "flows=3 2 left out; the first, line 0: why" in text_of(page)
    assert '<tr class="bad">' not in page.text
    assert '<span class="state warn">200' in page.text


def test_a_delivery_of_which_nothing_was_taken_stands_out(gateway, reader, items, clock):
    gateway.stores.server_traffic.add(items["web-1"], Answer(clock.now(), 200, 0, "6 left out; the first, line 0: why"))
    page = reader.get("/setup/attributes?answer=other")
    assert '<span class="state bad">200' in page.text
    assert "6 left out" in text_of(page)


def test_an_old_value_of_an_agent_that_is_silent_is_not_taken_for_a_good_one(gateway, team, reader, clock):
    identity = AgentIdentity("0b1f6471-1bf0-4dda-aec3-cb9272f09590", "web-1", "", "", ())
    seen_at = clock.now()
    item = gateway.stores.agents.register(team.customer, identity, seen_at).item
    gateway.stores.server_traffic.add(item, Answer(seen_at, 200, 1))
    assert "silent" not in text_of(reader.get("/setup/attributes"))
    clock.move(181)
    text = text_of(reader.get("/setup/attributes"))
    assert f"flows=1 Its agent has been silent since {seen_at:%Y-%m-%d %H:%M:%S} UTC" in text


def test_empty_pages_tell_what_to_do(gateway, team, reader, clock):
    assert 'href="/help/agent#install"' in reader.get("/setup/attributes").text
    number = gateway.stores.items.add(team.customer, "web-1", [], "")
    assert "No blueprint is applied to web-1" in text_of(reader.get(f"/setup/attributes/{number}"))
    blueprint = gateway.stores.blueprints.put(team.customer, NewBlueprint("Minute", "", 60, ""), clock.now())
    gateway.stores.items.save(team.customer, number, [blueprint], [], clock.now())
    assert "sluice-agent doctor" in text_of(reader.get(f"/setup/attributes/{number}"))


def test_a_list_that_is_too_long_says_so(reader, items, monkeypatch):
    monkeypatch.setattr("gateway.console.machines.attributes.MOST_LISTED", 2)
    page = reader.get("/setup/attributes")
    assert listed(page) == ["app-1", "db-1"]
    assert "more machines than are listed" in text_of(page)
    assert items
