import re
from datetime import timedelta

import pytest

from gateway.stores.agents import Standing
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.server_traffic import Answer
from tests.gateway.console.person import text_of
from tests.gateway.console.sheet import Sheet


@pytest.fixture
def items(team, collecting):
    """The numbers of machines that collect, by their names."""
    return {name: collecting(team.customer, name) for name in ("web-1", "db-1", "app-1")}


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


def test_an_old_value_of_an_agent_that_is_silent_is_not_taken_for_a_good_one(gateway, team, reader, collecting, clock):
    seen_at = clock.now()
    item = collecting(team.customer, "web-1")
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


@pytest.fixture
def stop(gateway, administrator, items):
    """Ends the collection of web-1, in one of three ways, and returns the sentence that says why."""

    def end(how):
        item = items["web-1"]
        match how:
            case "unticked":
                (blueprint,) = gateway.stores.blueprints.applied(item)
                administrator.send(f"/setup/items/{item}", {"listed": str(blueprint)})
            case "blueprint removed":
                (blueprint,) = gateway.stores.blueprints.applied(item)
                administrator.send(f"/setup/blueprints/{blueprint}/remove")
            case "agent refused":
                administrator.send(f"/setup/items/{item}/agents/agent-of-web-1/refuse")
                return "Its agent is not accepted."
        return "No blueprint is applied."

    return end


@pytest.mark.parametrize("how", ["unticked", "blueprint removed", "agent refused"])
def test_a_collection_that_was_stopped_does_not_look_as_if_it_went_on(reader, items, answered, stop, clock, how):
    clock.move(60)
    reason = stop(how)
    stopped = f"stopped at {clock.now():%Y-%m-%d %H:%M:%S} UTC"
    clock.move(600)
    told = f"{stopped} {reason} The last value was HTTP/1.1 200 OK {answered} flows=143 ."
    page = reader.get("/setup/attributes?item=web-1")
    assert told in text_of(page)
    assert '<span class="state good">' not in page.text
    assert "silent" not in text_of(page)
    for address in (f"/setup/items/{items['web-1']}", f"/setup/attributes/{items['web-1']}"):
        assert told in text_of(reader.get(address)), address
    assert f"accepted {stopped}" in text_of(reader.get("/setup/items?name=web-1"))
    assert listed(reader.get("/setup/attributes?answer=stopped&item=web")) == ["web-1"]
    assert listed(reader.get("/setup/attributes?answer=200&item=web")) == []


@pytest.mark.usefixtures("answered")
def test_a_collection_that_goes_on_again_is_shown_as_before(gateway, team, reader, items, stop, apply, clock):
    stop("agent refused")
    gateway.stores.agents.decide(team.customer, items["web-1"], "agent-of-web-1", Standing.ACCEPTED)
    assert "stopped at" not in text_of(reader.get("/setup/attributes"))
    stop("unticked")
    assert "stopped at" in text_of(reader.get("/setup/attributes"))
    apply(team.customer, items["web-1"])
    assert "stopped at" not in text_of(reader.get("/setup/attributes"))
    assert clock


def test_who_was_refused_before_it_collected_anything_did_not_stop(gateway, team, administrator, collecting, clock):
    item = collecting(team.customer, "web-1")
    gateway.stores.agents.decide(team.customer, item, "agent-of-web-1", Standing.PENDING)
    administrator.send(f"/setup/items/{item}/agents/agent-of-web-1/refuse")
    assert "stopped" not in text_of(administrator.get("/setup/items?name=web-1"))
    assert clock


def test_the_breadcrumb_tells_which_machine_is_chosen_and_another_can_be_searched(reader, items):
    page = reader.get("/setup/attributes?item=web-1")
    assert "Configuration \u203a Attributes \u203a List \u203a web-1" in text_of(page)
    assert 'name="item" value="web-1"' in page.text
    history = reader.get(f"/setup/attributes/{items['web-1']}")
    assert "Attributes \u203a web-1 \u203a Server Traffic" in text_of(history)
    assert re.search(
        '<form class="filter" method="get" action="/setup/attributes"[^>]*>\\s*<input name="item"', history.text
    )
