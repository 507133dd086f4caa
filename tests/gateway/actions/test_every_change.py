"""Nothing of a customer's is changed without an entry in a log, but for what is named here."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.actions import blueprints, deployments, exports, machines, people, registrations, retention, tokens
from gateway.operator.budget import budget
from gateway.operator.removal import remove
from gateway.operator.work import Work
from gateway.stores.accounts import Role
from gateway.stores.agents import AgentIdentity, Standing
from gateway.stores.audit_log import Action, Actor
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.deployments import NewStorageAccount, StorageAccount
from gateway.stores.holds import NewHold
from gateway.stores.items import ItemFilter
from gateway.stores.stores import open_stores
from gateway.stores.tokens import TokenKind
from shared.flowlog.record import Source
from tests.gateway.actions.statements import GATEWAY, Recorder, calls_of, changing_functions

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
WITHOUT_AN_ENTRY = {
    "AuditLog.add_none": "changes nothing: it takes as long as an entry",
    "AuditLog.forget": "entries that have expired their time",
    "Database.open": "begins an empty file",
    "Database.touch": "changes nothing: it is how the gateway looks whether it can write",
    "Tokens.find": "when a token was last used",
    "Sessions.begin": "sessions: signing in is the action",
    "Sessions.find": "when a session was last seen",
    "Sessions.end": "sessions end with a click or by themselves",
    "Sessions.forget": "sessions that are over",
    "Agents.register": "when an agent was last seen, and what it says of itself; a new machine has its entry",
    "Agents._describe": "as Agents.register",
    "Agents._machine": "as Agents.register: an agent may say that it is on another machine",
    "Agents.note_delivery": "how far behind an agent is",
    "Removals.begin": "the entry is written once all is gone; until then the removal itself is on record",
    "Removals._end_access": "likewise",
    "ServerTraffic.add": "how a delivery was answered",
    "require_room_for_agent": "agents and machines that nobody accepted, which came and went",
    "require_room_for_machine": "likewise",
}
"""Functions that may change something in a transaction without an entry, and why."""


@pytest.fixture
def stores(tmp_path):
    with open_stores(tmp_path) as opened:
        yield opened


@pytest.fixture
def recorder(monkeypatch):
    made = Recorder()
    made.install(monkeypatch)
    return made


def account(secret="secret"):
    return [NewStorageAccount(StorageAccount("shop", "eastus"), secret)]


def everything(stores):
    """Do all that changes something of a customer's."""
    people.add_customer(stores.database, NOW, "contoso", "ada", Role.ADMINISTRATOR, "a password")
    operator = Actor.command_line(stores.accounts.customer_of("ada"))
    people.add_user(stores.database, operator, NOW, "bob", Role.READER, "a password")
    people.change_role(stores.database, operator, NOW, "bob", Role.ADMINISTRATOR)
    people.reset_password(stores.database, operator, NOW, "ada", "another one")
    ada = people.sign_in(stores, NOW, "ada", "another one", "192.0.2.1", Action.SIGNED_IN)
    people.sign_in(stores, NOW, "ada", "wrong", "192.0.2.1", Action.SIGNED_IN)
    people.sign_in(stores, NOW, "nobody", "wrong", "192.0.2.1", Action.SIGNED_IN)
    people.change_password(stores, NOW, ada, "another one", "my own one", "192.0.2.1")
    stores.sessions.find(secret := stores.sessions.begin(ada.id, NOW), NOW + timedelta(minutes=5))
    stores.sessions.end(secret)
    actor = Actor.user(ada, "192.0.2.1")
    token, made = tokens.make_token(stores, actor, NOW, TokenKind.INGEST, timedelta(days=1), "Production")
    stores.tokens.find(token, NOW)
    tokens.revoke_token(stores, actor, NOW, made.number)
    deployments.add_deployment(stores, actor, NOW, "azure", "id", account())
    deployments.replace_deployment(stores, actor, NOW, "azure", "id", account(None), "")
    deployments.give_out_scripts(stores, actor, NOW, "azure", lambda _secrets: b"")
    deployments.remove_deployment(stores, actor, NOW, "azure")
    _machines(stores, actor)
    retention.set_retention(stores, actor, NOW, {Source.NSG: 30})
    hold = NewHold("ip:10.0.0.1", NOW.date(), NOW.date(), "a case")
    retention.lift_hold(stores, actor, NOW, retention.make_hold(stores, actor, NOW, hold))
    for name in ("one", "two"):
        registrations.register(stores, actor, NOW, "id", {"deployment": name})
    registrations.deregister(stores, actor, NOW, "id", "one")
    registrations.deregister_only(stores, actor, NOW, "id")
    exports.note_export(stores, actor, NOW, Action.EXPORTED_TRAFFIC, "CSV")
    people.remove_user(stores.database, operator, NOW, "ada")
    arguments = {"customer": "contoso", "who": "the operator", "texts": 5_000_000, "look_only": False}
    budget(Work(stores, lambda: NOW, lambda _told: None, arguments))
    remove(Work(stores, lambda: NOW, lambda _told: None, arguments))
    stores.audit_log.forget(NOW)
    stores.sessions.forget(NOW)
    stores.database.touch()


def _machines(stores, actor):
    number = blueprints.import_blueprint(stores, actor, NOW, NewBlueprint("Minute", "", 60, "<x/>"))
    edited = NewBlueprint("Hour", "", 3600, "<x/>")
    stored = stores.blueprints.find(actor.customer, blueprints.add_blueprint(stores, actor, NOW, edited))
    blueprints.edit_blueprint(stores, actor, NOW, stored, edited, stored.mark)
    said = AgentIdentity("0b1f6471-1bf0-4dda-aec3-cb9272f09590", "web-1", "Linux", "1.0", ("10.0.0.4",))
    machines.register_agent(stores, actor, NOW, said, "192.0.2.2")
    machines.add_machine(stores, actor, NOW, "by-hand", ["10.0.0.9"], "Linux")
    (machine,) = stores.items.page(actor.customer, ItemFilter(name="web-1"), 9)
    machines.save_machine(stores, actor, NOW, machine, machines.MachineChange([number], [], said.id))
    machines.register_agent(stores, actor, NOW, said, "192.0.2.2")
    machines.decide_on_agent(stores, actor, NOW, machine, said.id, Standing.REFUSED)
    machines.save_machine(stores, actor, NOW, machine, machines.MachineChange([], [number]))
    blueprints.remove_blueprint(stores, actor, NOW, number)
    machines.remove_machine(stores, actor, NOW, machine)


def test_every_statement_that_changes_something_runs_in_an_action_that_writes_its_entry(stores, recorder):
    everything(stores)
    assert recorder.silent - WITHOUT_AN_ENTRY.keys() == set()
    unheard = changing_functions() - recorder.logged - recorder.silent - WITHOUT_AN_ENTRY.keys()
    assert unheard == set(), "nothing here runs them: add them above"


def test_nobody_changes_anything_but_through_an_action():
    """Stores are called by actions, by what an operator asks of the gateway, and by the gateway's own chores alone."""
    changing = {name.rpartition(".")[2] for name in changing_functions() - WITHOUT_AN_ENTRY.keys()} | {"set_password"}
    called = set().union(*(calls_of(GATEWAY / room) for room in ("api", "console", "edge", "keeping", "metrics")))
    assert {call for call in called if call[1] in changing} == {("server_traffic", "add")}
    assert ("tokens", "add") in calls_of(GATEWAY / "actions"), "this test would see a call"
