import re
from datetime import timedelta
from itertools import count

import pytest

from dev.gateway.local import new_customer, run_in_thread
from gateway.clock import to_ms
from gateway.stores.deployments import NewStorageAccount, StorageAccount
from gateway.stores.server_traffic import Answer
from tests.gateway.client import Client, agent_record, ndjson, record
from tests.gateway.console.person import Person, text_of
from tests.gateway.console.setup.configured import ID

_keys = count()


def log(account):
    return {"Flow-Log": f"{account}/insights-logs-flowlogflowevent/PT1H.json"}


@pytest.fixture
def configure(gateway, team, clock):
    """Saves a configuration of storage accounts, of a while ago."""

    def save(*accounts, name="azure-production"):
        new = [NewStorageAccount(StorageAccount(each, "eastus"), "secret") for each in accounts]
        gateway.stores.deployments.add(team.customer, name, ID, new, clock.now() - timedelta(days=1))

    return save


@pytest.fixture
def send(machine, clock):
    """Posts a record of an account, of some minutes ago."""

    def post(account, minutes=0):
        time = to_ms(clock.now() - timedelta(minutes=minutes))
        assert machine.post(ndjson(record(time=time)), f"home-{next(_keys)}", log(account)).status_code == 202

    return post


def attention(page):
    """Return what the page says that needs attention."""
    section = re.search(r'<section id="attention".*?</section>', page.text, re.DOTALL)[0]
    items = re.findall(r"<li[^>]*>(.*?)(?:<a |</li>)", section, re.DOTALL)
    return [" ".join(item.split()) for item in items]


@pytest.fixture
def collector(gateway, team, new_agent, accept, apply):
    """The agent of a machine that collects."""
    agent = accept(new_agent(team.customer))
    apply(team.customer, gateway.stores.agents.find(team.customer, agent.id).item)
    return agent


def test_logs_that_have_stopped_show_though_agents_continue(reader, configure, send, collector, clock):
    configure("flowlogsone")
    send("flowlogsone", minutes=34)
    collector.deliver(ndjson(agent_record(time=to_ms(clock.now()))))
    page = reader.get("/")
    assert "No flow logs from flowlogsone for 34 min." in attention(page)
    assert '<span class="state warn">34 min</span>' in page.text
    assert "Agents" in text_of(page)
    assert '<span class="state good">0 s</span>' in page.text


def test_agents_that_were_all_stopped_show_no_lag(gateway, reader, team, collector, clock):
    item = gateway.stores.agents.find(team.customer, collector.id).item
    (blueprint,) = gateway.stores.blueprints.applied(item)
    collector.deliver(ndjson(agent_record(time=to_ms(clock.now()))))
    assert '<span class="state good">0 s</span>' in reader.get("/").text
    gateway.stores.server_traffic.add(item, Answer(clock.now(), 413, None, "The body is too large."))
    assert "The latest delivery of 1 machine was refused." in attention(reader.get("/"))
    gateway.stores.items.save(team.customer, item, [], [blueprint], clock.now())
    page = reader.get("/")
    assert "Agents stopped" in text_of(page)
    assert '<span class="state good">' not in page.text
    assert "The latest delivery of 1 machine was refused." not in attention(page)


def test_each_account_has_a_lag_of_its_own_and_the_worst_comes_first(reader, configure, send):
    configure("flowlogsone", "flowlogstwo", "flowlogsthree")
    for account, minutes in (("flowlogsone", 1), ("flowlogstwo", 90), ("flowlogsthree", 20)):
        send(account, minutes)
    page = reader.get("/")
    assert re.findall(r'<span class="state (\w+)">([\w ]+)</span></td>', page.text) == [
        ("bad", "1 h 30 min"),
        ("warn", "20 min"),
        ("good", "1 min"),
    ]
    assert attention(page)[0] == "No flow logs from flowlogstwo for 1 h 30 min."


def test_a_revoked_token_shows_on_the_first_page_and_in_the_list(
    gateway, reader, team, configure, machine, send, clock
):
    configure("flowlogsone")
    send("flowlogsone")
    clock.move(60)
    (token,) = gateway.stores.tokens.all(team.customer)
    gateway.stores.tokens.revoke(team.customer, token.number, clock.now())
    assert machine.post(ndjson(record()), "refused", log("flowlogsone")).status_code == 401
    since = f"{clock.now():%Y-%m-%d %H:%M:%S}"
    told = attention(reader.get("/"))[0]
    assert told.startswith(f"Deliveries from flowlogsone have been refused since {since} UTC, with 401: ")
    listed = text_of(reader.get("/setup/flow-logs"))
    assert f"flowlogsone eastus refused since {since} UTC, with 401" in listed


def test_an_account_without_a_configuration_shows_on_the_first_page_and_in_the_list(reader, send):
    send("strayaccount")
    assert "strayaccount delivers flow logs, but is not configured." in attention(reader.get("/"))
    listed = text_of(reader.get("/setup/flow-logs"))
    assert "Not configured" in listed
    assert "strayaccount" in listed
    assert "No flow logs are configured yet" not in listed


def test_a_configured_account_is_not_listed_as_one_without(reader, configure, send):
    configure("flowlogsone")
    send("flowlogsone")
    assert "Not configured" not in text_of(reader.get("/setup/flow-logs"))


def test_a_token_that_ends_in_three_days_shows_on_the_first_page_and_among_the_tokens(gateway, reader, team, clock):
    gateway.stores.tokens.add(team.customer, clock.now(), timedelta(days=3), "Production", "ada")
    gateway.stores.tokens.add(team.customer, clock.now(), timedelta(days=300), "Later", "ada")
    (told,) = attention(reader.get("/"))
    assert told.endswith("(Production) expires in 3 days. Replace it before then.")
    page = reader.get("/setup/tokens")
    assert '<span class="state bad">expires in 3 days</span>' in page.text
    assert "300 days" not in page.text


def test_a_customer_without_any_record_is_told_what_needs_attention_too(reader, configure, machine):
    configure("flowlogsone")
    machine.post(b"no gzip", "refused", log("flowlogsone"), compressed=True)
    page = reader.get("/")
    assert "There are no records yet." in text_of(page)
    assert "Deliveries from flowlogsone have been refused since" in attention(page)[0]


def test_where_all_is_well_nothing_needs_attention(reader, gateway, team, configure, clock):
    configure("flowlogsone")
    token, _ = gateway.stores.tokens.add(team.customer, clock.now(), timedelta(days=300), "Production", "ada")
    client = Client(gateway.url, token, team.customer)
    client.post(ndjson(record(time=to_ms(clock.now()))), "fresh", log("flowlogsone"))
    assert attention(reader.get("/")) == []


def test_many_notices_are_the_first_and_how_many_others_there_are(reader, send):
    for number in range(20):
        send(f"stray{number:02}", minutes=90)
    page = reader.get("/")
    assert attention(page)[-1] == "and 16 others"  # all are silent, have no configuration; a token ends
    assert "and 12 other sources" in text_of(page)


def test_a_machine_that_is_silent_is_counted(reader, team, new_agent, accept, clock):
    agent = accept(new_agent(team.customer))
    agent.deliver(ndjson(agent_record(time=to_ms(clock.now()))))
    clock.move(600)
    page = reader.get("/")
    assert "1 of 1 machine with an agent is silent." in attention(page)
    assert "Agents 1 of 1 silent" in text_of(page)


def test_nobody_is_told_of_another_customers_sources(new_team, send):
    send("strayaccount")
    assert "strayaccount" not in new_team().reader.get("/").text


def test_a_gateway_that_can_store_nothing_says_so_on_its_first_page(tmp_path, clock):
    with run_in_thread(tmp_path, clock=clock.now) as gateway:
        customer = new_customer(gateway.stores.database, "ada", clock.now)
        person = Person(gateway.url)
        person.sign_in("ada", customer.password)
        gateway.stores.health.failed(clock.now())
        assert attention(person.get("/"))[0].startswith("The gateway has been unable to store deliveries since")
        gateway.stores.health.stored()
        assert attention(person.get("/")) == []


def test_what_a_token_was_made_for_is_not_markup(gateway, reader, team, clock):
    gateway.stores.tokens.add(team.customer, clock.now(), timedelta(days=1), "<b>\u202ename", "ada")
    page = reader.get("/").text
    assert "<b>" not in page
    assert "\u202e" not in page
