"""Web to app to database, an agent on each, and the edge: four machines in network namespaces of their own."""

import datetime as dt
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from dev.certificate import make_certificate
from shared.flowlog import check
from tests.agent.agent_process import running_agent
from tests.agent.namespaces import machines, require_namespaces
from tests.agent.standin import stand_in

TIER = Path(__file__).parent / "tier.py"
APP_PORT, DATABASE_PORT = 8000, 5432


@pytest.fixture
def network(tmp_path):
    """The four machines."""
    require_namespaces(in_ci=bool(os.environ.get("CI")))
    with machines("web", "app", "database", "edge", directory=tmp_path) as made:
        yield made


@contextmanager
def tier(machine, port, *behind):
    """Run a tier of the application on a machine."""
    with subprocess.Popen([*machine.prefix, sys.executable, TIER, machine.name, str(port), *behind]) as process:
        try:
            yield
        finally:
            process.kill()


def wait_until(holds):
    deadline = time.monotonic() + 40
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def seen(network, tmp_path, token_file):
    """What the agents reported of an application that began while they watched."""
    *tiers, edge_machine = network
    web, app, database = tiers
    certificate = make_certificate(tmp_path, dt.datetime.now(dt.UTC), hosts=["edge.test"])
    with ExitStack() as running:
        with edge_machine.entered():
            edge = running.enter_context(stand_in(certificate, host="0.0.0.0", port=8048))
        edge.want(collect=True, interval_seconds=10)
        for machine in tiers:
            state = tmp_path / machine.name
            agent = running_agent("edge.test", state, token_file, certificate.certificate, machine.prefix)
            running.enter_context(agent)
        wait_until(lambda: len({each["Agent-Host"] for each in edge.asked if each["known"] == "1"}) == len(tiers))
        running.enter_context(tier(database, DATABASE_PORT))
        running.enter_context(tier(app, APP_PORT, f"{database.address}:{DATABASE_PORT}"))
        running.enter_context(tier(web, 0, f"{app.address}:{APP_PORT}"))
        hosts = {machine.name for machine in tiers}
        wait_until(lambda: {record["host"] for record in edge.records if record["links_live"] == 3} == hosts)
        # One interval more, in which nothing begins or ends.
        edge.wait_for_posts(len(edge.posts) + len(tiers))
        return web, app, database, edge.records


def test_exactly_the_two_edges_are_seen_with_process_names_at_both_ends(seen):
    web, app, database, records = seen
    to_app, to_database = (web.address, app.address, APP_PORT), (app.address, database.address, DATABASE_PORT)
    told = {
        (
            record["host"],
            record["process"],
            record["direction"],
            record["direction_basis"],
            (record["src_ip"], record["dst_ip"], record["dst_port"]),
        )
        for record in records
    }
    assert told == {
        ("web", "web", "outbound", "ephemeral", to_app),
        ("app", "app", "inbound", "listen", to_app),
        ("app", "app", "outbound", "ephemeral", to_database),
        ("database", "database", "inbound", "listen", to_database),
    }
    assert {(record["protocol"], record["src_port"]) for record in records} == {(6, None)}
    assert {check(record) for record in records} == {None}
    # Each end counts each connection once, and what it carried.
    for host, direction in (("web", "outbound"), ("app", "inbound"), ("app", "outbound"), ("database", "inbound")):
        of_this_end = [each for each in records if (each["host"], each["direction"]) == (host, direction)]
        assert sum(each["links_established"] for each in of_this_end) == 3
        assert sum(each["links_terminated"] + each["links_failed"] for each in of_this_end) == 0
        assert {each["counter_source"] for each in of_this_end} == {"tcp_info"}
        assert all(each["bytes_src_to_dst"] > 0 and each["bytes_dst_to_src"] > 0 for each in of_this_end)
