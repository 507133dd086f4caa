import argparse
import json
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import AccountSasPermissions, BlobServiceClient, ResourceTypes, Services, generate_account_sas

from shared.cli import main
from shared.commands.diagnosis import State, diagnose
from shared.commands.opening import open_for_operator
from shared.settings import ByIdentity
from tests.support.account import reached
from tests.support.secrets import TOKEN, forms, traces
from tests.support.servers import always, answer, error, serving
from tests.support.time import StillClock


def states(said):
    return {each["check"]: each["state"] for each in said.json}


def messages(said):
    return {each["check"]: each["message"] for each in said.json}


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.usefixtures("before_the_first_run")
def test_a_healthy_installation_is_fine_before_the_app_ever_ran(operator):
    operator.log().minute(1)
    said = operator.run("doctor", "--json")
    assert set(states(said).values()) == {"ok"}


def test_a_healthy_installation_is_fine(operator):
    operator.log().minute(1)
    said = operator.run("doctor")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * 6
    assert "NSG flow logs" in said.out


def test_json_gives_one_object_a_check(operator):
    operator.log().minute(1)
    said = operator.run("doctor", "--json")
    assert states(said) == dict.fromkeys(
        ["settings", "clock", "flow logs", "own storage", "gateway", "token"], State.OK.value
    )


def test_an_account_without_flow_logs_is_a_warning(operator):
    said = operator.run("doctor", "--json")
    assert said.code == 1
    assert states(said)["flow logs"] == "warn"


def test_every_wrong_setting_has_a_line(tmp_path, capsys, monkeypatch):
    for name in ("FLOW_LOGS", "AzureWebJobsStorage", "APIGW_URL", "SUBSCRIPTION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"Values": {"APIGW_URL": "http://gateway.example.com", "POSTS_IN_FLIGHT": "0"}}))
    assert main(["doctor", "--settings", str(file)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("fail  settings ") for line in lines)
    for name in ("FLOW_LOGS", "AzureWebJobsStorage", "APIGW_URL", "SUBSCRIPTION_TOKEN", "POSTS_IN_FLIGHT"):
        assert any(f"{name} " in line for line in lines)


@pytest.mark.usefixtures("before_the_first_run")
def test_it_leaves_nothing_in_storage_but_the_apps_containers_and_table(operator):
    operator.run("doctor")
    with TableServiceClient.from_connection_string(operator.own.connection_string) as tables:
        assert [table.name for table in tables.list_tables()] == ["checkpoints"]
        assert list(tables.get_table_client("checkpoints").list_entities()) == []
    service = BlobServiceClient.from_connection_string(operator.own.connection_string)
    assert sorted(each.name for each in service.list_containers()) == ["checkpoints", "quarantine"]
    assert list(service.get_container_client("checkpoints").list_blobs()) == []


def test_a_right_that_is_missing_fails(operator):
    may_read = generate_account_sas(
        operator.own.name,
        account_key=operator.own.key,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    operator.settings["AzureWebJobsStorage"] = (
        f"BlobEndpoint={operator.own.blob_endpoint};TableEndpoint={operator.own.table_endpoint};"
        f"SharedAccessSignature={may_read}"
    )
    said = operator.run("doctor", "--json")
    assert said.code == 2
    assert states(said)["own storage"] == "fail"
    assert "forbids this" in messages(said)["own storage"]
    assert states(said)["token"] == "ok"


def test_a_right_to_tables_that_is_missing_fails(operator):
    blobs_alone = generate_account_sas(
        operator.own.name,
        account_key=operator.own.key,
        resource_types=ResourceTypes(service=True, container=True, object=True),
        permission=AccountSasPermissions(read=True, write=True, delete=True, list=True, add=True, create=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
        services=Services(blob=True),
    )
    operator.settings["AzureWebJobsStorage"] = (
        f"BlobEndpoint={operator.own.blob_endpoint};TableEndpoint={operator.own.table_endpoint};"
        f"SharedAccessSignature={blobs_alone}"
    )
    said = operator.run("doctor", "--json")
    assert said.code == 2
    assert states(said) == dict.fromkeys(["settings", "clock", "flow logs", "gateway", "token"], "ok") | {
        "flow logs": "warn",
        "own storage": "fail",
    }
    assert "forbids this" in messages(said)["own storage"]


def test_an_identity_that_lacks_a_right_is_told_both_roles(operator):
    services = operator.services
    refused = replace(
        services,
        own=reached(replace(operator.own, key=operator.logs.key)),
        settings=replace(
            services.settings, own_storage=ByIdentity(operator.own.blob_endpoint, operator.own.table_endpoint, None)
        ),
    )
    (finding,) = (each for each in diagnose(refused) if each.subject == "own storage")
    assert finding.state is State.FAIL
    assert "You need the roles Storage Blob Data Owner and Storage Table Data Contributor" in finding.message


def test_an_account_that_can_not_be_used_fails_and_the_others_are_checked(operator):
    operator.settings["FLOW_LOGS"] = operator.logs.connection_string.replace(operator.logs.key, "bm90IHRoZSBrZXk=")
    said = operator.run("doctor", "--json")
    assert states(said) == {
        "settings": "ok",
        "clock": "ok",
        "flow logs": "fail",
        "own storage": "ok",
        "gateway": "ok",
        "token": "ok",
    }


def test_a_gateway_that_is_away_fails(operator):
    operator.settings["APIGW_URL"] = f"http://127.0.0.1:{closed_port()}"
    said = operator.run("doctor", "--json")
    assert said.code == 2
    assert states(said)["gateway"] == "fail"
    assert "connection to the gateway failed" in messages(said)["gateway"]


def test_tls_that_does_not_work_fails(operator):
    operator.settings["APIGW_URL"] = operator.gateway.url.replace("http:", "https:")
    said = operator.run("doctor", "--json")
    assert states(said)["gateway"] == "fail"
    assert "TLS" in messages(said)["gateway"]


def test_a_token_that_is_refused_fails_and_says_what_to_do(operator):
    operator.settings["SUBSCRIPTION_TOKEN"] = "another-token-altogether"
    said = operator.run("doctor", "--json")
    assert (states(said)["gateway"], states(said)["token"]) == ("ok", "fail")
    assert "Create a new one" in messages(said)["token"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_firewall_before_the_gateway_is_not_a_refused_token(operator, status):
    with serving(always(*answer(status, b"<html><h1>Forbidden</h1></html>"))) as firewall:
        operator.settings["APIGW_URL"] = firewall.url
        said = operator.run("doctor", "--json")
    assert said.code == 2
    assert states(said)["gateway"] == "fail"
    assert f"answered {status}, but not in its own form" in messages(said)["gateway"]
    assert "token" not in states(said)
    assert "Create a new one" not in said.out


def test_what_a_gateway_repeats_of_the_token_is_not_shown(operator):
    operator.settings["SUBSCRIPTION_TOKEN"] = TOKEN
    with serving(always()) as gateway:
        operator.settings["APIGW_URL"] = gateway.url
        for text in (forms(TOKEN)[form][0] for form in ("alone", "40 characters", "hex")):
            for pieces in (
                *(error(status, text[:40].lower(), text, X_Echo=TOKEN) for status in (401, 403, 500)),
                answer(200, {"expiresAt": text}),
            ):
                gateway.respond = always(*pieces)
                said = operator.run("doctor")
                assert not traces(TOKEN, said.out + said.err)


@pytest.mark.parametrize(("days", "state"), [(13, "warn"), (15, "ok")])
def test_a_token_that_ends_within_fourteen_days_is_a_warning(operator, days, state):
    tokens = operator.gateway.stores.tokens
    token, made = tokens.add(operator.customer.number, datetime.now(UTC), timedelta(days=days))
    operator.settings["SUBSCRIPTION_TOKEN"] = token
    operator.log().minute(1)
    said = operator.run("doctor", "--json")
    assert states(said)["token"] == state
    assert said.code == (state == "warn")
    assert f"{made.expires_at:%Y-%m-%d %H:%M}" in messages(said)["token"]


@pytest.mark.parametrize(("minutes", "state"), [(0.5, State.OK), (5, State.WARN), (-20, State.FAIL)])
def test_a_clock_that_differs_from_storages_is_reported(operator, tmp_path, minutes, state):
    operator.run("status")
    services = open_for_operator(argparse.Namespace(settings=tmp_path / "local.settings.json"))
    clock = StillClock(datetime.now(UTC) + timedelta(minutes=minutes))
    found = {finding.subject: finding for finding in diagnose(replace(services, clock=clock))}
    assert found["clock"].state is state


def test_no_secret_is_in_any_output(operator):
    token, key = "planted-token-0123456789", operator.own.key
    signature = "sig=planted%2Fsignature"
    wrong = [
        {"SUBSCRIPTION_TOKEN": token},
        {"SUBSCRIPTION_TOKEN": f"{token} {token}"},
        {"SUBSCRIPTION_TOKEN_SECRET": token},
        {"APIGW_URL": f"https://user:{token}@127.0.0.1:1/"},
        {"APIGW_URL": f"https://127.0.0.1:1/?token={token}"},
        {"AzureWebJobsStorage": f"AccountName={key};AccountKey={key}"},
        {"AzureWebJobsStorage": f"AccountName=x;{key}"},
        {"AzureWebJobsStorage": f"BlobEndpoint={operator.own.blob_endpoint};SharedAccessSignature=sv=1&{signature}"},
        {"FLOW_LOGS": operator.logs.connection_string.replace("devstore", "").replace("http:", f"http:{key}")},
    ]
    right = dict(operator.settings)
    for settings in wrong:
        operator.settings = right | settings
        for words in (["doctor"], ["doctor", "--json"], ["status"], ["quarantine", "list"]):
            said = operator.run(*words)
            for secret in (token, key, signature, right["SUBSCRIPTION_TOKEN"], operator.logs.key):
                assert secret not in said.out + said.err
