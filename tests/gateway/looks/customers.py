"""The customers that the screens show: one with nothing yet, and one with everything, the longest names included."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final

from dev.gateway.local import Gateway
from gateway.clock import Clock, to_ms
from gateway.edge.blueprint_file import SHIPPED
from gateway.stores.accounts import Role
from gateway.stores.agents import AgentIdentity, Standing
from gateway.stores.audit_log import Action, Actor
from gateway.stores.server_traffic import Answer
from gateway.stores.tokens import TokenKind
from shared.flowlog.record import Source
from tests.gateway.client import Client, agent_record, deliver, record
from tests.gateway.console.person import Person
from tests.gateway.console.setup.configured import configuration
from tests.gateway.console.setup.registered import ID, PATH, registration
from tests.gateway.console.sheet import Sheet

PASSWORD: Final = "correct horse of the looks"
LONG_RULE: Final = f"UserRule_{'x' * 291}"
LONG_HOST: Final = ".".join([63 * "h"] * 4)
_AGENT: Final = "3f2504e0-4f89-41d3-9a0c-0305e82c33{number:02}"
_BLUEPRINT: Final = f"""<blueprint version="1"><name>{"B" * 100}</name><description>{"D" * 500}</description>
<attribute>Server Traffic</attribute><intervalSeconds>60</intervalSeconds></blueprint>"""
_ADDRESSES: Final = (
    "10.0.0.4",
    "10.1.255.250",
    "203.0.113.250",
    "2001:db8:1234:5678:9abc:def0:1234:5678",
    "2600:1f18:2fff:ffff:abcd:abcd:abcd:abcd",
)
_RULES: Final = ("DefaultRule_AllowInternetOutBound", "DefaultRule_DenyAllInBound", "UserRule_allow-web", "")


class Viewer(Enum):
    """Who looks at a screen.

    Attributes:
        NOBODY: Somebody who has not signed in.
        NEWCOMER: An administrator who has a one-time password still.
        BEGINNER: The administrator of a customer with nothing yet.
        READER: A reader of the customer with everything.
        ADMINISTRATOR: An administrator of the same.
    """

    NOBODY = auto()
    NEWCOMER = auto()
    BEGINNER = auto()
    READER = auto()
    ADMINISTRATOR = auto()


@dataclass(frozen=True, slots=True)
class Stage:
    """A gateway with these customers.

    Attributes:
        url: The gateway's address.
        cookies: Each viewer's session, as the name of its cookie and the value.
        places: What addresses name: a machine, a blueprint and a record.
    """

    url: str
    cookies: Mapping[Viewer, tuple[str, str]]
    places: Mapping[str, str]


def set_stage(gateway: Gateway, clock: Clock) -> Stage:
    """Fill a gateway with the customers, and sign the viewers in."""
    accounts = gateway.stores.accounts
    empty, full = accounts.add_customer("looks-empty"), accounts.add_customer("looks-full")
    cast = {
        Viewer.NEWCOMER: _sign_in(gateway, "looks-newcomer", empty, Role.ADMINISTRATOR, one_time=True),
        Viewer.BEGINNER: _sign_in(gateway, "looks-beginner", empty, Role.ADMINISTRATOR),
        Viewer.READER: _sign_in(gateway, "looks-reader", full, Role.READER),
        Viewer.ADMINISTRATOR: _sign_in(gateway, "looks-administrator." + "long" * 10, full, Role.ADMINISTRATOR),
    }
    machine = _fill(gateway, full, cast[Viewer.ADMINISTRATOR], clock())
    links = Sheet.of(cast[Viewer.ADMINISTRATOR].get("/traffic?q=process:nginx")).links
    at = next(link.address for link in links if link.text == "Full record")
    blueprint = gateway.stores.blueprints.all(full)[0].number
    name = f"sluice-{accounts.fingerprint()}"
    cookies = {viewer: (name, person.cookie or "") for viewer, person in cast.items()}
    return Stage(gateway.url, cookies, {"machine": str(machine), "blueprint": str(blueprint), "record": at})


def _sign_in(gateway: Gateway, name: str, customer: int, role: Role, *, one_time: bool = False) -> Person:
    gateway.stores.accounts.add_user(name, customer, PASSWORD, role, one_time=one_time)
    person = Person(gateway.url)
    assert person.sign_in(name, PASSWORD).status_code == 303
    return person


def _fill(gateway: Gateway, customer: int, administrator: Person, now: datetime) -> int:
    """Give a customer something to show on each page; return the number of its machine with the longest name."""
    deliver(gateway, customer, now, "looks", list(_flows(now)))
    _fill_tokens(gateway, customer, now)
    _fill_deployments(gateway, customer, administrator, now)
    machine = _fill_machines(gateway, customer, administrator, now)
    stores = gateway.stores
    stores.retention.set(customer, {Source.NSG: 30})
    for search in (f"rule:={LONG_RULE}", "colour:red", ""):
        hold = stores.holds.add(customer, search, now, now + timedelta(days=1), 200 * "R", "ada", now)
    stores.holds.lift(customer, hold, now)
    stores.audit_log.add(Actor(customer, 120 * "w", "2001:db8:1234:5678:9abc:def0:1234:5678"), now, Action.SIGNED_IN)
    stores.audit_log.add(Actor(customer, "ada", "192.0.2.7"), now, Action.SAVED_MACHINE, LONG_HOST)
    return machine


def _flows(now: datetime) -> list[dict[str, Any]]:
    """Make up flows of two days: with IPv6, gigabytes, the longest names that there can be, and what agents saw."""
    chance, end = random.Random(26), to_ms(now)
    flows = []
    for number in range(120):
        source, destination = chance.sample(_ADDRESSES, 2)
        decision = "deny" if number % 7 == 0 else "allow"
        counted = None if decision == "deny" else chance.choice((66, 1_480, 3_456_789_012))
        flows.append(
            record(
                time=end - number * 20 * 60_000 - number % 3 * 250 - 1_000,
                src_ip=source,
                src_port=chance.choice((49_152, 65_535)),
                dst_ip=destination,
                dst_port=chance.choice((22, 443, 3389, 8080)),
                direction=chance.choice(("inbound", "outbound")),
                decision=decision,
                state="deny" if decision == "deny" else "continue",
                rule=LONG_RULE if number % 10 == 3 else chance.choice(_RULES),
                packets_src_to_dst=counted and 1,
                bytes_src_to_dst=counted,
                packets_dst_to_src=counted and 1,
                bytes_dst_to_src=counted,
            )
        )
    # The same minute, addresses and service as seen by a log and by agents, which Conversations joins.
    joined = {"time": end - 90_000, "src_ip": _ADDRESSES[3], "dst_ip": _ADDRESSES[4]}
    flows.append(record(**joined, direction="inbound", rule=LONG_RULE))
    flows.append(agent_record(**joined, host=LONG_HOST, process="p" * 200))
    flows.append(agent_record(**joined | {"time": end - 60_000}, host="web-1", process="nginx"))
    return flows


def _fill_tokens(gateway: Gateway, customer: int, now: datetime) -> None:
    tokens, day = gateway.stores.tokens, timedelta(days=1)
    tokens.add(customer, now, day, "Production", "ada")
    tokens.add(customer, now - 2 * day, day, 100 * "P", "ada")
    tokens.add(customer, now, day, "Old", "ada", kind=TokenKind.UNRESTRICTED)
    _, revoked = tokens.add(customer, now, day, "Trial", "ada")
    tokens.revoke(customer, revoked.number, now)


def _fill_deployments(gateway: Gateway, customer: int, administrator: Person, now: datetime) -> None:
    form = configuration("flowlogsone", "storageaccountwith000024")
    assert administrator.send("/setup/flow-logs/new", form).status_code == 303
    gateway.stores.records.refuse(customer, "flowlogsone", now, 413, "The body is too large.")
    for number in range(20):
        gateway.stores.records.refuse(customer, f"unconfiguredaccount{number:05}", now, 400, "It is not gzip.")
    token, _ = gateway.stores.tokens.add(customer, now, timedelta(days=1), "Terraform", "ada")
    terraform = Client(gateway.url, token, customer)
    sent = registration(deployment="d" * 60)
    assert terraform.call("PUT", PATH, json=sent).status_code < 300
    other = PATH.replace(ID, ID.replace("0b", "1c"))
    assert terraform.call("PUT", other, json=registration()).status_code < 300
    assert terraform.call("DELETE", other).status_code < 300


def _fill_machines(gateway: Gateway, customer: int, administrator: Person, now: datetime) -> int:
    stores = gateway.stores
    for blueprint in (SHIPPED.read_bytes(), _BLUEPRINT.encode()):
        imported = administrator.post(
            "/setup/blueprints", {"csrf": administrator.csrf}, files={"blueprint": ("b.xml", blueprint)}
        )
        assert imported.status_code == 303
    identity = AgentIdentity(_AGENT.format(number=0), "web-1", "Linux 6.1 x86_64", "1.0", ("10.0.0.4", "fd00::4"))
    web = stores.agents.register(customer, identity, now - timedelta(hours=1), "192.0.2.7").item
    stores.agents.decide(customer, web, identity.id, Standing.ACCEPTED)
    long = replace(identity, host=LONG_HOST, system=200 * "s", addresses=tuple(f"fd00::{last}" for last in range(64)))
    machine = stores.agents.register(customer, replace(long, id=_AGENT.format(number=1)), now, _ADDRESSES[3]).item
    for number, standing in ((2, Standing.ACCEPTED), (3, Standing.REFUSED)):
        agent = stores.agents.register(customer, replace(long, id=_AGENT.format(number=number)), now, "192.0.2.7")
        stores.agents.decide(customer, agent.item, _AGENT.format(number=number), standing)
    stores.agents.note_delivery(customer, _AGENT.format(number=2), timedelta(hours=1), 3)
    blueprints = [each.number for each in stores.blueprints.all(customer)]
    stores.items.save(customer, machine, blueprints, [], now)
    for answer in (Answer(now, 200, 3), Answer(now, 200, 3, "1 left out"), Answer(now, 413, None, 200 * "t")):
        stores.server_traffic.add(machine, answer)
    return machine
