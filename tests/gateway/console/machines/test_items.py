import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.stores.agents import AgentIdentity, Standing
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.server_traffic import Answer
from tests.gateway.console.person import text_of
from tests.gateway.console.sheet import Sheet

WEB = AgentIdentity("0b1f6471-1bf0-4dda-aec3-cb9272f09590", "web-1", "Linux 6.1 x86_64", "1.0", ("10.0.0.4", "fd00::4"))


@pytest.fixture
def met(gateway, team, clock):
    """The number of a machine whose agent has asked."""
    return gateway.stores.agents.register(team.customer, WEB, clock.now()).item


@pytest.fixture
def blueprints(gateway, team, clock):
    """The numbers of two blueprints: one for every minute, one for every hour."""
    put = gateway.stores.blueprints.put
    return [
        put(team.customer, NewBlueprint(name, f"Each {name}.", seconds, f"<{name}/>"), clock.now())
        for name, seconds in (("Minute", 60), ("Hour", 3600))
    ]


def names(page):
    return [link.text for link in Sheet.of(page).links if re.fullmatch(r"/setup/items/[0-9]+", link.address)]


def hidden_agents(person, item):
    """The agents that a machine's page accepts as it is saved."""
    return re.findall(r'<input type="hidden" name="agent" value="([^"]+)"', person.get(f"/setup/items/{item}").text)


def errors_of(page):
    found = re.findall(r'<p class="error" id="([^"]+)-error">([^<]+)</p>', page.text)
    return {field: html.unescape(error) for field, error in found}


def test_an_empty_list_tells_how_machines_get_into_it(administrator, reader):
    assert 'href="/help/agent#install"' in administrator.get("/setup/items").text
    assert "create a machine by hand" in text_of(administrator.get("/setup/items"))
    assert "by hand" not in text_of(reader.get("/setup/items")).replace("or created by hand", "")


def test_a_machine_appears_by_itself_as_pending(reader, met, clock):
    text = text_of(reader.get("/setup/items"))
    assert "Configuration \u203a Configuration Items \u203a List" in text
    assert f"web-1 10.0.0.4, fd00::4 Linux 6.1 x86_64 pending none {clock.now():%Y-%m-%d %H:%M:%S} UTC" in text
    assert met


@pytest.mark.usefixtures("met")
def test_each_column_filters_the_list(gateway, team, reader, clock):
    gateway.stores.items.add(team.customer, "db-1", ["10.0.0.5"], "Windows")
    gateway.stores.agents.register(
        team.customer, replace(WEB, id="b", host="web-2", addresses=("10.0.0.6",)), clock.now()
    )
    for query, expected in [
        ("", ["db-1", "web-1", "web-2"]),
        ("name=WEB", ["web-1", "web-2"]),
        ("address=10.0.0.5", ["db-1"]),
        ("address=10.0.0.4/31", ["db-1", "web-1"]),
        ("address=10.0.0.6/31", ["web-2"]),
        ("address=10.0.0.7/31", ["web-2"]),
        ("address=FD00::/8", ["web-1"]),
        ("address=fd00::/127", []),
        ("address=0.0.0.0/0&name=web", ["web-1", "web-2"]),
        ("address=10.0.0.0/255.255.255.0&state=accepted", ["db-1"]),
        ("system=linux&name=2", ["web-2"]),
        ("state=accepted", ["db-1"]),
        ("state=pending&address=fd00", ["web-1"]),
        ("state=nonsense", ["db-1", "web-1", "web-2"]),
        ("name=nothing", []),
    ]:
        assert names(reader.get(f"/setup/items?{query}")) == expected, query
    assert "Change the filters" in text_of(reader.get("/setup/items?name=nothing"))


@pytest.mark.parametrize("text", ["10.0.0.0/33", "10.0.0/24", "fd00::/129", "web/1", "/", "10.0.0.0/8/8"])
def test_what_looks_like_a_network_and_is_none_is_said_at_the_field(reader, met, text):
    page = reader.get("/setup/items", params={"address": text})
    assert page.status_code == 422
    assert errors_of(page)["address"].startswith("This is not a network. Enter one such as 10.1.0.0/16 or fd00::/8")
    assert 'aria-describedby="address-error"' in page.text
    assert met


def test_of_a_network_too_long_a_list_says_so_too(gateway, team, reader, monkeypatch):
    for number in range(4):
        gateway.stores.items.add(team.customer, f"m-{number}", [f"10.0.0.{number}"], "")
    monkeypatch.setattr("gateway.console.machines.items.MOST_LISTED", 2)
    page = reader.get("/setup/items?address=10.0.0.0/24")
    assert names(page) == ["m-0", "m-1"]
    assert "more machines than are listed" in text_of(page)


def test_a_list_that_is_too_long_says_so(reader, met, monkeypatch):
    monkeypatch.setattr("gateway.console.machines.items.MOST_LISTED", 0)
    assert "more machines than are listed" in text_of(reader.get("/setup/items?name=web"))
    assert met


def test_a_machine_is_made_by_hand_and_found_by_its_agent(gateway, team, administrator, clock):
    form = {"name": " WEB-1 ", "addresses": "10.0.0.9, FD00::0009", "system": "Linux"}
    answer = administrator.send("/setup/items/new", form)
    page = text_of(administrator.get(answer.headers["Location"]))
    assert "WEB-1 is saved. No blueprint is applied" in page
    assert "WEB-1 10.0.0.9, fd00::9 Linux accepted none no agent yet" in page
    met = gateway.stores.agents.register(team.customer, WEB, clock.now(), "192.0.2.7")
    assert not met.new
    listed = text_of(administrator.get("/setup/items"))
    assert "WEB-1 10.0.0.9, fd00::9 Linux accepted none 1 waiting for acceptance" in listed
    text = text_of(administrator.get(f"/setup/items/{met.item}"))
    assert "An agent says that it is on this machine. Its deliveries are refused until" in text
    assert f"{WEB.id} Version 1.0 pending 192.0.2.7 {clock.now():%Y-%m-%d %H:%M:%S} UTC" in text
    accepted = administrator.send(f"/setup/items/{met.item}/agents/{WEB.id}/accept")
    assert f"Agent {WEB.id} is accepted." in text_of(administrator.get(accepted.headers["Location"]))
    assert "WEB-1 10.0.0.4, fd00::4 Linux 6.1 x86_64 accepted" in text_of(administrator.get("/setup/items"))


@pytest.mark.parametrize(
    ("form", "field", "told"),
    [
        ({"name": ""}, "name", "Enter a text"),
        ({"name": "x" * 256}, "name", "Shorten this to 255"),
        ({"name": "a\u0007b"}, "name", "control characters"),
        ({"name": "db-1", "addresses": "10.0.0.4;10.0.0.5"}, "addresses", "separated by commas"),
        ({"name": "db-1", "addresses": "10.0.0.4 " * 65}, "addresses", "at most 64"),
        ({"name": "db-1", "system": "x" * 201}, "system", "Shorten this to 200"),
        ({"name": "web-1"}, "name", "There is already a machine web-1."),
    ],
)
@pytest.mark.usefixtures("met")
def test_what_is_wrong_is_at_its_field(gateway, team, administrator, form, field, told):
    answer = administrator.send("/setup/items/new", form)
    assert answer.status_code == 422
    assert errors_of(answer).keys() == {field}
    assert told in errors_of(answer)[field]
    assert gateway.stores.items.find(team.customer, 10**9) is None


def test_saving_the_editor_applies_accepts_and_leads_back_to_the_list(gateway, administrator, met, blueprints):
    page = text_of(administrator.get(f"/setup/items/{met}"))
    assert "Nobody has reviewed this machine yet" in page
    minute, hour = blueprints
    assert hidden_agents(administrator, met) == [WEB.id]
    form = {"listed": [str(minute), str(hour)], "applied": str(minute), "agent": WEB.id}
    answer = administrator.send(f"/setup/items/{met}", form)
    assert answer.headers["Location"] == f"/setup/items?saved={met}"
    told = text_of(administrator.get(answer.headers["Location"]))
    assert (
        "web-1 is saved. Applied: Minute. Its agent is asked again within 1 min, then every 1 min. Its deliveries"
        in told
    )
    assert "accepted Minute" in told
    assert gateway.stores.blueprints.interval(met) == 60
    assert gateway.stores.agents.standing(met, WEB.id) == "accepted"
    again = administrator.get(f"/setup/items/{met}").text
    assert re.search(rf'value="{minute}"[^>]* checked', again)
    assert not re.search(rf'value="{hour}"[^>]* checked', again)
    assert "Nobody has reviewed" not in again


def test_what_a_filter_keeps_from_the_panel_stays_as_it_is(gateway, team, administrator, met, blueprints, clock):
    minute, hour = blueprints
    gateway.stores.items.save(team.customer, met, blueprints, [], clock.now())
    page = administrator.get(f"/setup/items/{met}?blueprint=HOU")
    assert "Hour" in page.text
    assert "Each Minute." not in page.text
    administrator.send(f"/setup/items/{met}", {"listed": str(hour)})
    assert gateway.stores.blueprints.applied(met) == {minute}
    assert "Change the filter" in text_of(administrator.get(f"/setup/items/{met}?blueprint=x"))


def boxes(page):
    """The numbers of the ticked boxes, by whether they can be seen."""
    seen = re.findall(r'<input type="checkbox"[^>]* value="([0-9]+)"[^>]* checked', page.text)
    carried = re.findall(r'<input type="hidden" name="applied" value="([0-9]+)"', page.text)
    return set(map(int, seen)), set(map(int, carried))


def test_what_is_ticked_and_not_saved_survives_the_filter(gateway, team, administrator, met, blueprints, clock):
    minute, hour = blueprints
    gateway.stores.items.save(team.customer, met, [hour], [], clock.now())
    # Minute was ticked, Hour no longer, and then the list was filtered.
    query = {"listed": [minute, hour], "applied": [minute], "blueprint": "hour"}
    page = administrator.get(f"/setup/items/{met}", params=query)
    assert boxes(page) == (set(), {minute})
    assert "Minute, which the filter hides, is ticked, and not saved yet." in text_of(page)
    assert "Hour not saved yet" in text_of(page)
    assert gateway.stores.blueprints.applied(met) == {hour}
    # All are shown again, and then saved as they stand.
    page = administrator.get(f"/setup/items/{met}", params=query | {"all": "1"})
    assert boxes(page) == ({minute}, set())
    assert "which the filter hides" not in text_of(page)
    administrator.send(f"/setup/items/{met}", {"listed": [str(minute), str(hour)], "applied": str(minute)})
    assert gateway.stores.blueprints.applied(met) == {minute}


def test_a_tick_that_was_removed_and_is_hidden_is_removed_when_saved(
    gateway, team, administrator, met, blueprints, clock
):
    minute, hour = blueprints
    gateway.stores.items.save(team.customer, met, [minute, hour], [], clock.now())
    query = {"listed": [minute, hour], "applied": [hour], "blueprint": "hour"}
    page = administrator.get(f"/setup/items/{met}", params=query)
    assert "Minute, which the filter hides, is no longer ticked, and not saved yet." in text_of(page)
    listed = re.findall(r'name="listed" value="([0-9]+)"', page.text)
    assert set(map(int, listed)) == {minute, hour}
    assert boxes(page) == ({hour}, set())


@pytest.mark.parametrize("query", [{"listed": "x", "applied": "1e9"}, {"listed": "999999", "applied": "999999"}])
def test_ticks_that_no_page_of_ours_has_are_passed_over(administrator, met, blueprints, query):
    page = administrator.get(f"/setup/items/{met}", params=query)
    assert (page.status_code, boxes(page)) == (200, (set(), set()))
    assert blueprints


def test_no_address_has_what_only_saving_needs(administrator, met, blueprints):
    form = re.search(
        r'<form class="panel" method="get".*?</form>', administrator.get(f"/setup/items/{met}").text, re.DOTALL
    )
    assert '<button class="main" formmethod="post" name="csrf"' in form[0]
    assert '<input type="hidden" name="csrf"' not in form[0]
    assert blueprints


@pytest.mark.parametrize("form", [{"listed": "x", "applied": "1e9"}, {"listed": "999999", "applied": "999999"}, {}])
def test_blueprints_that_no_page_of_ours_lists_are_passed_over(gateway, administrator, met, form):
    assert administrator.send(f"/setup/items/{met}", form).status_code == 303
    assert gateway.stores.blueprints.applied(met) == set()


def test_no_confirmation_is_made_up_by_an_address(reader, met):
    for number in (met + 1000, "x", "-1"):
        assert "is saved" not in text_of(reader.get(f"/setup/items?saved={number}"))


def test_the_editor_without_blueprints_tells_where_they_come_from(administrator, reader, met):
    assert "Import the one that comes with the gateway" in text_of(administrator.get(f"/setup/items/{met}"))
    assert "An administrator can import one." in text_of(reader.get(f"/setup/items/{met}"))


def test_the_editor_tells_of_the_agent_its_clock_and_what_it_dropped(gateway, team, reader, met, apply, clock):
    assert "unknown" in text_of(reader.get(f"/setup/items/{met}"))
    for behind, told in [
        (timedelta(hours=1), "1 h behind: correct it"),
        (-timedelta(hours=2), "2 h ahead: correct it"),
        (timedelta(seconds=5), "correct"),
    ]:
        gateway.stores.agents.note_delivery(team.customer, WEB.id, behind, 3)
        assert f"UTC {told} 3" in text_of(reader.get(f"/setup/items/{met}"))
    gateway.stores.agents.decide(team.customer, met, WEB.id, Standing.ACCEPTED)
    apply(team.customer, met)
    gateway.stores.server_traffic.add(met, Answer(clock.now(), 413, None, "The body is too large."))
    text = text_of(reader.get(f"/setup/items/{met}"))
    assert "413 Content Too Large" in text
    assert "The body is too large. History" in text


def next_asked(person, item):
    return re.search("Next asked (.*?) Server Traffic", text_of(person.get(f"/setup/items/{item}")))[1]


def test_a_machine_tells_when_its_agent_is_next_asked(gateway, team, reader, met, apply, clock):
    assert next_asked(reader, met) == "not at all: no blueprint is applied"
    blueprint = apply(team.customer, met)
    assert next_asked(reader, met) == "as soon as an agent on it is accepted"
    gateway.stores.agents.decide(team.customer, met, WEB.id, Standing.ACCEPTED)
    # Nothing was delivered yet: it begins now, and delivers at the interval's end.
    assert next_asked(reader, met) == "within 1 min, then every 1 min"
    gateway.stores.server_traffic.add(met, Answer(clock.now(), 200, 1))
    clock.move(20)
    assert next_asked(reader, met) == "within 40 s, then every 1 min"
    # What was delivered long ago, before a pause, says nothing about the next time.
    clock.move(100)
    assert next_asked(reader, met) == "within 1 min, then every 1 min"
    clock.move(100)
    assert next_asked(reader, met) == "as soon as it polls again, then every 1 min"
    gateway.stores.items.save(team.customer, met, [], [blueprint], clock.now())
    assert next_asked(reader, met) == "not at all: no blueprint is applied"


def test_an_agent_that_is_heard_of_no_more_is_called_silent(reader, met, clock):
    assert "silent" not in text_of(reader.get("/setup/items"))
    clock.move(200)
    assert "silent" in text_of(reader.get("/setup/items"))
    assert "silent" in text_of(reader.get(f"/setup/items/{met}"))


def test_a_removed_machine_is_gone_and_the_audit_log_tells_all(gateway, team, administrator, met, blueprints):
    form = {"listed": list(map(str, blueprints)), "applied": list(map(str, blueprints))}
    administrator.send(f"/setup/items/{met}", form)
    gone = administrator.send(f"/setup/items/{met}/remove")
    assert "The machine was removed." in text_of(administrator.get(gone.headers["Location"]))
    assert administrator.get(f"/setup/items/{met}").status_code == 404
    entries = [(each.action.words, each.subject) for each in gateway.stores.audit_log.page(team.customer, size=2)]
    assert entries == [
        ("removed a machine", "web-1"),
        ("saved a machine", "web-1: Hour, Minute"),
    ]


@pytest.mark.usefixtures("blueprints")
def test_a_reader_looks_on(gateway, reader, met):
    page = reader.get(f"/setup/items/{met}")
    assert page.status_code == 200
    assert ">Save<" not in page.text
    assert "disabled" in page.text
    assert reader.get("/setup/items/new").status_code == 403
    for address in ("/setup/items/new", f"/setup/items/{met}", f"/setup/items/{met}/remove"):
        assert reader.send(address, {"name": "x"}).status_code == 403
    assert gateway.stores.blueprints.applied(met) == set()


def test_saving_accepts_the_agent_that_was_seen_and_none_that_asked_in_the_meantime(
    gateway, team, administrator, met, clock
):
    (seen,) = hidden_agents(administrator, met)
    stranger = replace(WEB, id="1c1f6471-1bf0-4dda-aec3-cb9272f09590", addresses=("192.0.2.66",))
    gateway.stores.agents.register(team.customer, stranger, clock.now())
    administrator.send(f"/setup/items/{met}", {"agent": seen})
    agents = gateway.stores.agents.of_item(met)
    assert [(each.identity.id, each.standing) for each in agents] == [(WEB.id, "accepted"), (stranger.id, "pending")]


def test_of_two_agents_that_ask_for_a_new_machine_saving_accepts_neither(gateway, team, administrator, met, clock):
    stranger = replace(WEB, id="1c1f6471-1bf0-4dda-aec3-cb9272f09590")
    gateway.stores.agents.register(team.customer, stranger, clock.now())
    assert hidden_agents(administrator, met) == []
    text = text_of(administrator.get(f"/setup/items/{met}"))
    assert "2 agents say that they are on this machine." in text
    administrator.send(f"/setup/items/{met}")
    assert gateway.stores.items.find(team.customer, met).waiting == 2
    administrator.send(f"/setup/items/{met}/agents/{WEB.id}/refuse")
    administrator.send(f"/setup/items/{met}/agents/{stranger.id}/accept")
    assert [each.standing for each in gateway.stores.agents.of_item(met)] == ["accepted", "refused"]
    entries = [(each.action.words, each.subject) for each in gateway.stores.audit_log.page(team.customer, size=2)]
    assert entries == [
        ("accepted an agent", f"{stranger.id} on web-1"),
        ("refused an agent", f"{WEB.id} on web-1"),
    ]


def test_an_agent_that_is_not_on_the_machine_is_not_accepted(gateway, team, administrator, reader, met, clock):
    other = gateway.stores.items.add(team.customer, "db-1", [], "")
    for address in (f"/setup/items/{other}/agents/{WEB.id}/accept", f"/setup/items/{met}/agents/{met}/accept"):
        assert administrator.send(address).status_code == 404
    for verb in ("accept", "refuse"):
        assert reader.send(f"/setup/items/{met}/agents/{WEB.id}/{verb}").status_code == 403
        assert administrator.post(f"/setup/items/{met}/agents/{WEB.id}/{verb}").status_code == 403
    assert gateway.stores.agents.find(team.customer, WEB.id).standing == "pending"
    assert clock


def test_agents_without_number_do_not_hide_the_one_that_is_accepted(gateway, team, administrator, met, clock):
    administrator.send(f"/setup/items/{met}/agents/{WEB.id}/accept")
    for number in range(205):
        gateway.stores.agents.register(team.customer, replace(WEB, id=str(number)), clock.now())
    page = text_of(administrator.get(f"/setup/items/{met}"))
    assert f"{WEB.id} Version 1.0 accepted" in page
    assert "and 6 other agents" in page
