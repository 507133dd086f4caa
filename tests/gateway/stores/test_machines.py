from datetime import timedelta

from gateway.stores.agents import AgentIdentity, Standing
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.machines import Machines, machines
from gateway.stores.server_traffic import Answer


def test_machines_are_counted_by_how_they_are(gateway, clock):
    stores, now = gateway.stores, clock.now()
    customer = stores.accounts.add_customer("counted machines")
    other = stores.accounts.add_customer("another with machines")
    silent_since = now - timedelta(minutes=3)
    for number, (seen, answers) in enumerate([(0, [200]), (10, [200, 413]), (1, [413, 200]), (99, [])]):
        identity = AgentIdentity(f"agent-{number}", f"web-{number}", "Linux", "1.0", ())
        item = stores.agents.register(customer, identity, now - timedelta(minutes=seen)).item
        for status in answers:
            stores.server_traffic.add(item, Answer(now, status))
    stores.agents.decide(customer, item, "agent-3", Standing.ACCEPTED)
    stores.server_traffic.add(item, Answer(now, 403))
    web = stores.agents.find(customer, "agent-1").item
    stores.agents.decide(customer, web, "agent-1", Standing.ACCEPTED)
    blueprint = stores.blueprints.put(customer, NewBlueprint("Minute", "", 60, ""), now)
    stores.items.save(customer, web, [blueprint], [], now)
    stores.agents.register(customer, AgentIdentity("agent-4", "web-3", "Linux", "1.0", ()), now)
    stores.items.add(customer, "by-hand", [], "Linux")
    stores.items.add(other, "by-hand", [], "Linux")
    found = Machines(accepted=3, pending=2, reporting=4, silent=2, collecting=1, refused=1)
    assert machines(stores.database, silent_since, customer) == {customer: found}
    everybody = machines(stores.database, silent_since)
    assert everybody[customer] == found
    assert everybody[other] == Machines(accepted=1)


def test_a_customer_without_machines_has_none(gateway, clock):
    assert machines(gateway.stores.database, clock.now(), -1) == {}
