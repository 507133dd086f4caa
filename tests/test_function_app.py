"""The function app as Azure runs it: indexed and called by Microsoft's worker library, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cronsim import CronSim

from dev.azurite import StorageAccount, azurite
from dev.certificate import Certificate
from dev.host.functions import Result
from dev.host.host_json import HostJson, read_host_json
from dev.host.process import HostProcess, host_process
from shared import ingester
from shared.apigw import client as apigw_client
from shared.delivery import worker
from shared.delivery.horizon import whole_hour
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from tests.support.gateway_server import accepting_gateway, lines_of
from tests.support.identity import HEADER, IdentityEndpoint, access_token, identity_endpoint
from tests.support.logs import GrowingLog, log_blob, ports_of
from tests.support.servers import LocalServer, always, answer, serving

_ROOT = Path(__file__).resolve().parent.parent
_TOKEN = "planted-subscription-token"
_INDEX = """
import asyncio, json
from pathlib import Path
from dev.host.worker import Worker
functions = asyncio.run(Worker.start(Path.cwd())).functions
print(json.dumps({each.name: [json.loads(binding) for binding in each.raw_bindings] for each in functions}))
"""


@pytest.fixture(scope="module")
def bindings() -> dict[str, list[dict[str, object]]]:
    """What the worker library tells the host of each function."""
    indexed = subprocess.run(
        [sys.executable, "-c", _INDEX], cwd=_ROOT, stdout=subprocess.PIPE, check=True, timeout=60
    ).stdout
    return json.loads(indexed)


@pytest.fixture(scope="module")
def host_json() -> HostJson:
    return read_host_json(_ROOT)


def _blob_trigger(container: str) -> dict[str, object]:
    return {
        "direction": "IN",
        "type": "blobTrigger",
        "name": "blob",
        "path": f"{container}/{{name}}",
        "connection": "FLOW_LOGS",
        "source": "EventGrid",
        "properties": {"SupportsDeferredBinding": True},
    }


def test_the_app_has_a_trigger_for_each_kind_of_log_and_a_timer(bindings: dict[str, list[dict[str, object]]]):
    assert bindings == {
        "nsg_flow_log": [_blob_trigger("insights-logs-networksecuritygroupflowevent")],
        "vnet_flow_log": [_blob_trigger("insights-logs-flowlogflowevent")],
        "sweep": [{"direction": "IN", "type": "timerTrigger", "name": "timer", "schedule": "0 */10 * * * *"}],
    }


def test_a_sweep_is_over_before_the_next_is_due(bindings: dict[str, list[dict[str, object]]]):
    due = CronSim(str(bindings["sweep"][0]["schedule"]), datetime(2026, 11, 23, tzinfo=UTC))
    first, second = next(due), next(due)
    assert (second - first).total_seconds() > ingester._SWEEP_SECONDS


def test_a_function_ends_by_itself_before_the_host_ends_the_process():
    hours, minutes, seconds = map(int, json.loads((_ROOT / "host.json").read_text())["functionTimeout"].split(":"))
    timeout = timedelta(hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    # After the budget one post may be on its way, one answer of storage be waited for, and a claim be given up.
    assert timeout > max(worker.BUDGET_SECONDS, ingester._SWEEP_SECONDS) + apigw_client.LONGEST_SECONDS + 120


def test_every_event_that_the_host_hands_over_finds_a_thread(host_json: HostJson):
    settings = json.loads((_ROOT / "local.settings.sample.json").read_text())["Values"]
    # The sweep takes one too, and left to itself Python gives a machine of one core five.
    assert int(settings["PYTHON_THREADPOOL_THREAD_COUNT"]) >= 2 * host_json.parallelism


def test_a_bug_is_tried_again_and_what_the_app_logs_is_let_through(host_json: HostJson):
    assert host_json.tries > 1
    for function in ("nsg_flow_log", "vnet_flow_log", "sweep"):
        assert host_json.log_level(f"Function.{function}.User") == 20
        assert host_json.log_level(f"Function.{function}") > 20  # what the host says of each invocation
    assert host_json.log_level("Host.Startup") > 20


def test_the_sample_of_local_settings_lacks_nothing_but_the_token():
    values = json.loads((_ROOT / "local.settings.sample.json").read_text())["Values"]
    assert {"FLOW_LOGS", "AzureWebJobsStorage", "APIGW_URL", "FUNCTIONS_WORKER_RUNTIME"} < set(values)
    assert " " in values["SUBSCRIPTION_TOKEN"]  # no token, and refused as none


def test_the_app_logs_nothing_while_it_is_imported_since_the_host_would_drop_it():
    logged = "import logging; logging.basicConfig(level=logging.INFO); import function_app"
    done = subprocess.run([sys.executable, "-c", logged], cwd=_ROOT, stderr=subprocess.PIPE, check=True, timeout=60)
    assert done.stderr == b""


@dataclass(frozen=True, slots=True)
class Rig:
    """The app in a host, its log accounts, and what it talks to."""

    host: HostProcess
    logs: StorageAccount
    own: StorageAccount
    gateway: LocalServer

    def run(self, function: str, log: LogBlob | None = None) -> Result:
        """Run a function once, on a log blob if it is a blob function; tell how it ended."""
        before = self.host.status().results
        self.host.invoke(function, f"{log.kind.container}/{log.name}" if log else None)
        after = self.host.wait_until_idle().results
        (ended,) = [key for key, count in after.items() if count != before.get(key, 0)]
        assert ended[0] == function
        return ended[1]

    def delivered(self) -> list[int]:
        """Give the source ports of what was posted since this was last asked."""
        ports = [port for request in self.gateway.requests for port in ports_of(lines_of(request))]
        self.gateway.requests.clear()
        return ports

    def logged(self) -> list[str]:
        return self.host.log.read_text().splitlines()


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalServer]:
    with accepting_gateway() as running:
        yield running


@pytest.fixture(scope="module")
def identity() -> Iterator[IdentityEndpoint]:
    with identity_endpoint() as running:
        yield running


@pytest.fixture(scope="module")
def by_identity(
    certificate: Certificate,
    identity: IdentityEndpoint,
    gateway: LocalServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rig]:
    """The app as in Azure: accounts by identity, the token from a vault; the host has an identity of its own."""
    vault_answer = answer(200, {"value": _TOKEN}, Content_Type="application/json")
    with (
        azurite(accounts=2, certificate=certificate) as storage,
        serving(always(*vault_answer), certificate) as vault,
    ):
        logs, own = storage.accounts
        settings = identity.environment | {
            "FLOW_LOGS__blobServiceUri": logs.blob_endpoint,
            "FLOW_LOGS__queueServiceUri": logs.queue_endpoint,
            "FLOW_LOGS__credential": "managedidentity",
            "AzureWebJobsStorage__blobServiceUri": own.blob_endpoint,
            "AzureWebJobsStorage__queueServiceUri": own.queue_endpoint,
            "AzureWebJobsStorage__tableServiceUri": own.table_endpoint,
            "APIGW_URL": gateway.url,
            "SLUICE_LOG": "each",
            "SUBSCRIPTION_TOKEN_SECRET": f"{vault.url}/secrets/token",
            "AZURE_CLIENT_ID": "client",
            "REQUESTS_CA_BUNDLE": str(certificate.certificate),
        }
        with host_process(_ROOT, settings, tmp_path_factory.mktemp("host") / "log") as host:
            yield Rig(host, logs, own, gateway)


@pytest.fixture(scope="module")
def lacking(
    new_account: Callable[[], StorageAccount], gateway: LocalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    """The app with accounts by connection string, and no APIGW_URL."""
    logs, own = new_account(), new_account()
    settings = {
        "FLOW_LOGS": logs.connection_string,
        "AzureWebJobsStorage": own.connection_string,
        "SUBSCRIPTION_TOKEN": _TOKEN,
    }
    with host_process(_ROOT, settings, tmp_path_factory.mktemp("host") / "log") as host:
        yield Rig(host, logs, own, gateway)


def _nsg() -> LogBlob:
    return log_blob(whole_hour(datetime.now(UTC)))


def _vnet() -> LogBlob:
    hour = whole_hour(datetime.now(UTC))
    name = f"flowLogResourceID=/S_RG/NW_LOG/y={hour:%Y}/m={hour:%m}/d={hour:%d}/h={hour:%H}/m=00/PT1H.json"
    log = parse_blob_name(LogKind.VNET.container, name)
    assert log is not None
    return log


def test_events_and_sweeps_by_identity_deliver_all_with_one_token_request_an_audience(
    by_identity: Rig, identity: IdentityEndpoint, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.certificate))
    nsg, vnet = GrowingLog(by_identity.logs, _nsg()), GrowingLog(by_identity.logs, _vnet())
    asked = 0
    for minute in range(3):
        nsg.minute(2 * minute, 2 * minute + 1)
        assert by_identity.run("nsg_flow_log", nsg.log) is Result.SUCCEEDED
        assert by_identity.delivered() == [2 * minute, 2 * minute + 1]
        asked = asked or len(identity.requests)
    vnet.minute(7)
    assert by_identity.run("vnet_flow_log", vnet.log) is Result.SUCCEEDED
    assert by_identity.delivered() == [7]
    nsg.minute(8)
    assert by_identity.run("sweep") is Result.SUCCEEDED
    assert by_identity.delivered() == [8]
    # The vault's address has no domain here. Not even the binding's clients, new at each event, ask after the first.
    of_the_app = sorted(request.audience for request in identity.requests if request.client_id == "client")
    assert of_the_app == ["https://0.0.1", "https://storage.azure.com"]
    assert len(identity.requests) == asked
    secrets = [_TOKEN, HEADER, access_token("https://storage.azure.com")]
    logged = by_identity.logged()
    assert not [secret for secret in secrets if secret in "\n".join(logged)]
    lines = [line for line in logged if "Function." in line and '"outcome":"swept"' not in line]
    assert [line.count('"outcome":"delivered"') for line in lines] == [1] * 5  # one line an invocation, and no other


def test_a_missing_setting_is_named_in_one_line_and_is_not_a_failure(lacking: Rig):
    log = GrowingLog(lacking.logs, _nsg())
    log.minute(1)
    assert lacking.run("nsg_flow_log", log.log) is Result.SUCCEEDED
    assert lacking.run("sweep") is Result.SUCCEEDED
    told = [line.partition(" ")[2] for line in lacking.logged() if "APIGW_URL" in line]
    sentence = "The setting APIGW_URL is missing. Set it in the function app's settings."
    line = f'{{"outcome":"invalid_setting","message":"{sentence}"}}'
    assert told == [
        f"CRITICAL Function.nsg_flow_log.User: {line}",
        f"CRITICAL Function.sweep.User: {line}",
    ]
    assert not [line for line in lacking.logged() if _TOKEN in line or lacking.own.key in line]
