"""Made the data directory `data.tar.gz` beside it, with the gateway of version 0.1 (both files at version 3).

It is kept for what it says of the content. Later code writes later versions, so it is run no more.
"""
# Its imports are those of version 0.1.
# isort: skip_file

import sys
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.stores.accounts import Role
from gateway.stores.agents import Presence
from gateway.stores.blueprints import NewBlueprint
from gateway.stores.columns import columns
from gateway.stores.deployments import NewStorageAccount, StorageAccount
from gateway.stores.journal import Deed
from gateway.stores.posts import Log, Post
from gateway.stores.server_traffic import Answer
from gateway.stores.stores import Stores, open_stores
from shared.flowlog.record import AGENT_KEYS, KEYS

_NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
_CONNECTION = "DefaultEndpointsProtocol=https;AccountName={};AccountKey=a2V5;EndpointSuffix=core.windows.net"
_WEB = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/web/providers/Microsoft.Network"
_RECORD = dict.fromkeys(KEYS) | {
    "time": 1795534200000,
    "src_ip": "10.0.0.4",
    "src_port": 44931,
    "dst_ip": "13.107.21.200",
    "dst_port": 443,
    "protocol": 6,
    "direction": "outbound",
    "decision": "allow",
    "state": "continue",
    "packets_src_to_dst": 10,
    "bytes_src_to_dst": 1660,
    "packets_dst_to_src": 12,
    "bytes_dst_to_src": 20132,
    "encryption": "NX",
    "rule": "AllowInternetOutBound",
    "mac": "000D3A7B5C21",
    "acl_id": f"{_WEB}/networkSecurityGroups/web",
    "resource_id": f"{_WEB}/virtualNetworks/web",
    "flow_log_id": f"{_WEB}/networkWatchers/eastus/flowLogs/web",
    "source": "vnet",
    "version": 4,
}
_NSG = _RECORD | {"source": "nsg", "version": 2, "encryption": None, "flow_log_id": None}
_AGENT = _RECORD | dict.fromkeys(
    ("decision", "state", "encryption", "rule", "mac", "acl_id", "resource_id", "flow_log_id")
)
_AGENT |= dict.fromkeys(AGENT_KEYS) | {
    "source": "agent",
    "version": 1,
    "host": "web-1",
    "process": "nginx",
    "direction": "inbound",
    "direction_basis": "listen",
    "counter_source": "tcp_info",
    "src_port": None,
}


def _posts(stores: Stores, customer: int, prefix: str, count: int) -> None:
    for number in range(count):
        lines = [
            _RECORD | {"time": _RECORD["time"] + 1000 * number, "src_port": 40_000 + number},
            _NSG | {"decision": "deny", "state": "deny", "dst_port": 22, "rule": f"rule {number % 3}"},
            _RECORD | {"src_ip": "fd00::4", "dst_ip": "2603:1030::1"},
            _RECORD | {"src_ip": "::ffff:10.0.0.4", "packets_src_to_dst": None, "bytes_src_to_dst": None},
        ]
        log = None if number % 5 == 4 else Log(f"{prefix}logs", f"insights-logs-flowlogflowevent/{number}/PT1H.json")
        at = _NOW - timedelta(days=number % 40, seconds=number)
        key = f"{prefix}-{number:04}"
        stores.records.store(
            Post(customer, key, key.encode() * 2, b'{"accepted":4}', at, log, number % 2), columns(lines)
        )
    agents = [{key: _AGENT[key] for key in (*KEYS, *AGENT_KEYS)}]
    stores.records.store(Post(customer, f"{prefix}-agent", b"hash", b'{"accepted":1}', _NOW), columns(agents))
    stores.records.refuse(customer, f"{prefix}old", _NOW, 401, "The token has ended.")


def _people(stores: Stores, customer: int, prefix: str) -> None:
    for role in Role:
        user = stores.accounts.add_user(
            f"{prefix}-{role}", customer, "correct horse", role, one_time=role is Role.READER
        )
        stores.sessions.begin(user.id, _NOW)
        stores.journal.add(customer, _NOW, user.name, Deed.SIGNED_IN)
    for number in range(3):
        token, made = stores.tokens.add(
            customer, _NOW, timedelta(days=10 * number + 1), f"purpose {number}", f"{prefix}-x"
        )
        stores.tokens.find(token, _NOW)
        stores.journal.add(customer, _NOW, f"{prefix}-x", Deed.MADE_TOKEN, made.name)
        if number == 1:
            stores.tokens.revoke(customer, made.number, _NOW)


def _set_up(stores: Stores, customer: int, prefix: str) -> None:
    subscription = "22222222-2222-4222-8222-222222222222"
    accounts = [
        NewStorageAccount(StorageAccount(f"{prefix}{region}", region), _CONNECTION.format(f"{prefix}{region}"))
        for region in ("eastus", "westeurope")
    ]
    stores.deployments.add(customer, f"{prefix}-production", subscription, accounts, _NOW)
    content = {"tenantId": "t", "applicationId": "a", "deployment": f"sluice-{prefix}", "regions": []}
    stores.registrations.put(customer, subscription, content, _NOW)
    gone = subscription.replace("2", "3")
    stores.registrations.put(customer, gone, content, _NOW)
    stores.registrations.end(customer, gone, _NOW)


def _machines(stores: Stores, customer: int, prefix: str) -> None:
    presence = Presence(f"{prefix}-agent", f"{prefix}-web-1", "linux", "0.1.0", ("10.0.0.4",))
    item = stores.agents.meet(customer, presence, _NOW).item
    stores.agents.note_delivery(customer, presence.id, timedelta(seconds=3), 7)
    stores.items.add(customer, f"{prefix}-by-hand", ["10.0.0.9", "fd00::9"], "windows")
    xml = "<blueprint><name>all</name></blueprint>"
    blueprint = stores.blueprints.put(customer, NewBlueprint("All traffic", "Collects all.", 60, xml), _NOW)
    stores.items.save(customer, item, [blueprint], [])
    stores.server_traffic.add(item, Answer(_NOW, 202, 12, ""))
    stores.server_traffic.add(item, Answer(_NOW, 503, None, "The store is full."))


def main(data: Path) -> None:
    """Make it in a folder that is not there."""
    with open_stores(data) as stores:
        for prefix, count in (("contoso", 60), ("fabrikam", 5)):
            customer = stores.accounts.add_customer(prefix)
            _people(stores, customer, prefix)
            _set_up(stores, customer, prefix)
            _machines(stores, customer, prefix)
            _posts(stores, customer, prefix, count)
    with tarfile.open(Path(__file__).with_name("data.tar.gz"), "w:gz") as archive:
        for file in sorted(data.iterdir()):
            archive.add(file, file.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
