import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote

import orjson
import pytest
from azure.core.pipeline.policies import RetryPolicy
from azure.data.tables import TableClient, UpdateMode
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ResourceTypes,
    generate_account_sas,
)

from dev.azurite import StorageAccount
from dev.chaos.storage_control import StorageControl
from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble
from shared.delivery.horizon import whole_hour
from shared.errors import HeldElsewhere
from shared.ingester import Ingester
from shared.invocations import Invocations
from shared.storage.answers import CheckedRetry
from shared.storage.quarantine import CONTAINER as QUARANTINE
from shared.storage.table_client import TABLE
from tests.support.gateway_server import accept, accepting_gateway, lines_of
from tests.support.logs import GrowingLog, log_blob, ports_of
from tests.support.secrets import TOKEN, forms, traces
from tests.support.servers import LocalServer, Request, always, answer

_TOKEN = "planted-subscription-token"
_LATER = answer(503, Retry_After="86400")
ASKED_BY_SWEEPS = {Operation.LIST, Operation.CHECKPOINT_QUERY}


@dataclass(frozen=True, slots=True)
class World:
    """What surrounds a process of the function app: two accounts, a gateway, and the settings."""

    logs: StorageAccount
    own: StorageAccount
    gateway: LocalServer
    monkeypatch: pytest.MonkeyPatch

    def set(self, **settings: str | None) -> None:
        for name, value in settings.items():
            if value is None:
                self.monkeypatch.delenv(name, raising=False)
            else:
                self.monkeypatch.setenv(name, value)

    def log(self) -> GrowingLog:
        """Return this hour's log of a network card, with one commit."""
        log = GrowingLog(self.logs, log_blob(whole_hour(datetime.now(UTC))))
        log.minute(1, 2)
        return log

    @property
    def delivered(self) -> list[int]:
        """The source ports of all that was posted."""
        return [port for request in self.gateway.requests for port in ports_of(lines_of(request))]


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalServer]:
    with accepting_gateway() as running:
        yield running


@pytest.fixture
def world(
    new_account: Callable[[], StorageAccount], gateway: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    gateway.respond = accept
    gateway.requests.clear()
    monkeypatch.setattr(CheckedRetry, "get_backoff_time", lambda *_: 0)
    monkeypatch.setattr(RetryPolicy, "get_backoff_time", lambda *_: 0)
    world = World(new_account(), new_account(), gateway, monkeypatch)
    world.set(
        FLOW_LOGS=world.logs.connection_string,
        AzureWebJobsStorage=world.own.connection_string,
        APIGW_URL=gateway.url,
        SLUICE_LOG="each",
        SUBSCRIPTION_TOKEN=_TOKEN,
        START_FROM=f"{datetime.now(UTC) - timedelta(hours=2):%Y-%m-%dT%H}",
    )
    return world


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[int, str]]]:
    """Gives the lines that were logged since it was last asked, each with its level."""
    caplog.set_level(logging.INFO)

    def gathered() -> list[tuple[int, str]]:
        gathered = [(record.levelno, record.getMessage()) for record in caplog.records]
        caplog.clear()
        return gathered

    return gathered


def _event(invocations: Invocations, log: GrowingLog) -> None:
    invocations.event(log.log.kind.container, log.log.name)


def test_one_account_under_several_addresses_is_delivered_once(world: World):
    log = world.log()
    _event(Invocations(), log)
    for settings in (
        world.logs.connection_string.replace(
            f"AccountName={world.logs.name}", f"AccountName={world.logs.name.upper()}"
        ),
        _by_signature(world, world.logs.blob_endpoint),
        _by_signature(world, f"{world.logs.blob_endpoint.replace('127.0.0.1', 'localhost')}/"),
    ):
        world.set(FLOW_LOGS=settings)
        invocations = Invocations()
        _event(invocations, log)
        invocations.sweep()
    assert world.delivered == [1, 2]


@pytest.mark.parametrize("form", ["{}", '"{}"'])
def test_authorities_that_are_not_there_are_a_wrong_setting_and_no_bug(world: World, lines, tmp_path: Path, form: str):
    world.set(REQUESTS_CA_BUNDLE=form.format(tmp_path / "missing.pem"))
    _event(Invocations(), world.log())
    ((level, line),) = lines()
    assert level == logging.CRITICAL
    assert orjson.loads(line)["message"].startswith("The setting REQUESTS_CA_BUNDLE ")


def test_an_event_delivers_what_is_new_and_logs_one_line(world: World, lines):
    invocations, log = Invocations(), world.log()
    _event(invocations, log)
    ((level, line),) = lines()
    assert world.delivered == [1, 2]
    assert level == logging.INFO
    assert {"outcome": "delivered", "records": 2, "posts": 1}.items() <= orjson.loads(line).items()


def test_by_default_an_event_with_nothing_to_tell_logs_no_line(world: World, lines):
    world.set(SLUICE_LOG=None)
    _event(Invocations(), world.log())
    assert world.delivered == [1, 2]
    assert lines() == []


def test_an_event_that_brings_nothing_new_logs_nothing(world: World, lines):
    invocations, log = Invocations(), world.log()
    for _ in range(2):
        _event(invocations, log)
    assert len(lines()) == 1


def test_a_sweep_delivers_what_no_event_told_of(world: World, lines):
    world.log()
    Invocations().sweep()
    assert world.delivered == [1, 2]
    swept, delivered = lines()
    assert [swept[0], delivered[0]] == [logging.INFO] * 2
    assert '"outcome":"swept"' in swept[1]


def test_events_and_sweeps_share_one_ingester(world: World):
    made = []
    make = Ingester.from_settings
    world.monkeypatch.setattr(Ingester, "from_settings", lambda *given: made.append(make(*given)) or made[-1])
    invocations, log = Invocations(), world.log()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _event(invocations, log), range(8)))
    invocations.sweep()
    assert len(made) == 1
    assert world.delivered == [1, 2]


@pytest.mark.parametrize("name", ["FLOW_LOGS", "AzureWebJobsStorage", "APIGW_URL", "SUBSCRIPTION_TOKEN"])
def test_a_missing_setting_ends_in_one_line_that_names_it(world: World, lines, name: str):
    invocations, log = Invocations(), world.log()
    world.set(**{name: None})
    for invoke in (lambda: _event(invocations, log), invocations.sweep):
        invoke()
        ((level, line),) = lines()
        assert level == logging.CRITICAL
        assert name in line


def test_a_setting_that_was_put_right_takes_at_the_next_event(world: World):
    invocations, log = Invocations(), world.log()
    world.set(APIGW_URL="gateway")
    _event(invocations, log)
    world.set(APIGW_URL=world.gateway.url)
    _event(invocations, log)
    assert world.delivered == [1, 2]


def test_storage_that_is_away_at_first_is_asked_again_at_the_next_event(world: World, lines):
    invocations, log = Invocations(), world.log()
    world.set(AzureWebJobsStorage=world.own.connection_string.replace(world.own.key, world.logs.key))
    for invoke in (lambda: _event(invocations, log), invocations.sweep):
        invoke()
        ((level, line),) = lines()
        assert level == logging.ERROR
        assert f"Storage account {world.own.name} forbids this" in line
    world.set(AzureWebJobsStorage=world.own.connection_string)
    _event(invocations, log)
    assert world.delivered == [1, 2]


def test_a_gateway_that_fails_is_one_line_and_no_error_of_the_function(world: World, lines):
    invocations, log = Invocations(), world.log()
    world.gateway.respond = always(*_LATER)
    _event(invocations, log)
    ((level, line),) = lines()
    assert level == logging.ERROR
    assert "503" in line


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422])
def test_a_firewall_before_the_gateway_that_refuses_a_post_leaves_everything_as_it_is(world: World, lines, status: int):
    invocations, log = Invocations(), world.log()
    world.gateway.respond = always(*answer(status, b"<html><h1>Forbidden</h1></html>", Content_Type="text/html"))
    for _ in range(2):
        _event(invocations, log)
    ((level, line),) = lines()  # the second event is paused
    assert level == logging.ERROR
    assert orjson.loads(line)["outcome"] == "unexpected_answer"
    assert "something in front of it (a WAF, a firewall, a proxy)" in line
    assert "token" not in line
    assert _quarantined(world) == ""
    world.gateway.respond = accept
    world.gateway.requests.clear()
    _event(Invocations(), log)
    assert world.delivered == [1, 2]


def test_reasons_that_repeat_the_token_in_any_form_put_nothing_of_it_into_quarantine_or_the_log(world: World, lines):
    reasons = [text for texts in forms(TOKEN).values() for text in texts]
    rejected = [{"line": line, "reason": reason} for line, reason in enumerate(reasons)]
    world.gateway.respond = always(*answer(202, {"accepted": 0, "duplicate": True, "rejected": rejected}))
    world.set(SUBSCRIPTION_TOKEN=TOKEN)
    log = GrowingLog(world.logs, log_blob(whole_hour(datetime.now(UTC))))
    log.minute(*range(len(reasons)))
    _event(Invocations(), log)
    ((_, line),) = lines()
    quarantined = _quarantined(world)
    assert orjson.loads(line)["lines_refused"] == quarantined.count('"unit":"line"') == len(reasons)
    assert not traces(TOKEN, "".join(str(orjson.loads(each)["reason"]) for each in quarantined.splitlines()))
    assert not traces(TOKEN, line)


@pytest.mark.parametrize(
    "fault",
    [
        StorageFault.PAGE_200,
        *(pytest.param(fault, marks=pytest.mark.long) for fault in (StorageFault.PAGE_404, StorageFault.GARBLED_XML)),
    ],
)
@pytest.mark.parametrize(
    "operation",
    [
        Operation.OTHER,
        Operation.CHECKPOINT_READ,
        Operation.CHECKPOINT_INSERT,
        Operation.CHECKPOINT_QUERY,
        Operation.POINTER_REPLACE,
        Operation.WATERMARK_READ,
        Operation.BLOCK_LIST,
        Operation.READ,
        Operation.LIST,
    ],
)
def test_whatever_answers_in_storage_s_place_ends_in_one_line_with_an_outcome_and_is_delivered_later(
    world: World, wrong_storage: StorageControl, lines, operation: Operation, fault: StorageFault
):
    log, accounts = world.log(), [world.logs, world.own]
    world.set(
        FLOW_LOGS=wrong_storage.before(world.logs).connection_string,
        AzureWebJobsStorage=wrong_storage.before(world.own).connection_string,
    )
    invocations = Invocations()
    wrong_storage.plan(accounts, [StorageTrouble(operation, 1, fault, 999)])
    lines()  # those of writing the log
    _event(invocations, log)
    told = [orjson.loads(line)["outcome"] for _, line in lines()]
    assert told == (["delivered"] if operation in ASKED_BY_SWEEPS else ["retry_later"])
    invocations.sweep()
    assert "retry_later" in [orjson.loads(line)["outcome"] for _, line in lines()]
    wrong_storage.plan(accounts, [])
    invocations.sweep()
    assert world.delivered == [1, 2]


def test_another_sweep_at_work_is_not_an_error(world: World, lines):
    def overtaken(_: Ingester) -> list[object]:
        raise HeldElsewhere("Another sweep is running.")

    world.monkeypatch.setattr(Ingester, "sweep", overtaken)
    Invocations().sweep()
    assert all(level == logging.INFO for level, _ in lines())


def test_a_bug_is_raised(world: World):
    world.monkeypatch.setattr(Ingester, "handle", lambda *_: 1 / 0)
    world.monkeypatch.setattr(Ingester, "sweep", lambda *_: 1 / 0)
    invocations, log = Invocations(), world.log()
    for invoke in (lambda: _event(invocations, log), invocations.sweep):
        with pytest.raises(ZeroDivisionError):
            invoke()


def _success(_: World) -> None:
    """Nothing goes wrong."""


def _echo(request: Request) -> list[bytes]:
    said = {"code": _TOKEN, "message": request.headers["Authorization"]}
    return answer(401, {"error": said}, X_Echo=request.headers["Authorization"])


def _refused_token(world: World) -> None:
    world.gateway.respond = _echo


def _echo_where_headers_should_be(world: World) -> None:
    world.gateway.respond = always(f"HTTP/1.1 202 -\r\nno header\r\nBearer {_TOKEN}\r\n\r\n".encode())


def _rejected_lines(world: World) -> None:
    rejected = [{"line": line, "reason": f"not with {_TOKEN}"} for line in range(2)]
    world.gateway.respond = always(*answer(202, {"accepted": 0, "duplicate": False, "rejected": rejected}))


def _failing_gateway(world: World) -> None:
    world.gateway.respond = always(*answer(500, _TOKEN.encode(), Retry_After="86400"))


def _no_gateway(world: World) -> None:
    world.set(APIGW_URL=f"https://{_TOKEN}:{_TOKEN}@gateway.example.com")


def _bad_checkpoint(world: World) -> None:
    Invocations().sweep()
    with TableClient.from_connection_string(world.own.connection_string, TABLE) as table:
        for entity in table.query_entities("text0 ne ''"):
            table.update_entity(entity | {"text0": '{"format":2}'}, mode=UpdateMode.REPLACE)


def _unreachable_storage(world: World) -> None:
    away = f"http://127.0.0.1:9/{world.logs.name}"
    world.set(FLOW_LOGS=world.logs.connection_string.replace(world.logs.blob_endpoint, away))


def _wrong_key(world: World) -> None:
    world.set(FLOW_LOGS=world.logs.connection_string.replace(world.logs.key, world.own.key))


def _malformed_string(world: World) -> None:
    world.set(FLOW_LOGS=world.logs.connection_string.replace("AccountName=", f"AccountName={world.logs.key}"))


def _by_signature(world: World, endpoint: str) -> str:
    signature = generate_account_sas(
        world.logs.name,
        world.logs.key,
        ResourceTypes(container=True, object=True),
        AccountSasPermissions(read=True, list=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    return f"BlobEndpoint={endpoint};SharedAccessSignature={signature}"


def _shared_access_signature(world: World) -> None:
    world.set(FLOW_LOGS=_by_signature(world, world.logs.blob_endpoint))


@pytest.mark.parametrize("happens", [_success, _refused_token, _rejected_lines, _failing_gateway, _bad_checkpoint])
def test_every_line_is_logged_by_the_thread_of_its_invocation_since_the_host_drops_others(
    world: World, caplog: pytest.LogCaptureFixture, happens: Callable[[World], None]
):
    caplog.set_level(logging.INFO)
    log = world.log()
    happens(world)
    caplog.clear()
    invocations = Invocations()
    _event(invocations, log)
    log.minute(3)
    invocations.sweep()
    assert caplog.records
    assert {record.thread for record in caplog.records} == {threading.get_ident()}


@pytest.mark.parametrize(
    "happens",
    [
        _success,
        _refused_token,
        _echo_where_headers_should_be,
        _rejected_lines,
        _failing_gateway,
        _no_gateway,
        _bad_checkpoint,
        _unreachable_storage,
        _wrong_key,
        _malformed_string,
        _shared_access_signature,
    ],
)
def test_no_secret_shows_whatever_happens(
    world: World,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    happens: Callable[[World], None],
):
    caplog.set_level(logging.DEBUG)
    for name in ("azure", "azure.core", "azure.data", "azure.identity", "azure.storage", "msal", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    log = world.log()
    caplog.clear()
    happens(world)
    invocations = Invocations()
    _event(invocations, log)
    invocations.sweep()
    addresses = [request.path for request in world.gateway.requests]
    shown = "".join([caplog.text, *capfd.readouterr(), repr(invocations._process), *addresses, _quarantined(world)])
    assert caplog.text
    assert not [secret for secret in _secrets(world) if secret in shown]


def _secrets(world: World) -> list[str]:
    secrets = [_TOKEN]
    for account in (world.logs, world.own):
        secrets += [account.key, quote(account.key, safe=""), account.connection_string]
    string = os.environ["FLOW_LOGS"]
    signature = parse_qs(string.partition("SharedAccessSignature=")[2]).get("sig", [])
    return secrets + signature + [quote(each, safe="") for each in signature]


def _quarantined(world: World) -> str:
    container = BlobServiceClient.from_connection_string(world.own.connection_string).get_container_client(QUARANTINE)
    if not container.exists():
        return ""
    return "".join(container.download_blob(name).readall().decode() for name in container.list_blob_names())
