import json

import pytest
from azure.storage.blob import BlobServiceClient, StandardBlobTier

from shared.cli import main

OTHER = "000D3AF87857"


def cards(said):
    return {card["mac"]: card for card in said.json["cards"]}


def test_what_is_delivered_is_fine(operator):
    log = operator.log()
    log.minute(1)
    operator.deliver(log)
    said = operator.run("status")
    assert said.code == 0
    assert said.err == ""
    assert log.log.mac in said.out
    assert "NICs: 1, behind: 0. Blobs: 1, waiting: 0, with 0 bytes. Longest lag: none." in said.out


def test_json_gives_each_card_with_its_lag_and_backlog(operator):
    done, waiting = operator.log(), operator.log(hours_ago=3, mac=OTHER)
    done.minute(1)
    waiting.minute(2)
    operator.deliver(done)
    said = operator.run("status", "--json")
    assert said.code == 1
    found = cards(said)
    assert found[done.log.mac]["lag_seconds"] == 0
    assert found[OTHER]["bytes_waiting"] == waiting.client.get_blob_properties().size
    assert found[OTHER]["lag_seconds"] >= 3 * 3600
    assert found[OTHER]["resource"] == waiting.log.resource
    assert said.json["totals"]["cards_behind"] == 1


def test_a_blob_that_is_blocked_is_named_and_exits_1(operator):
    log = operator.log()
    log.minute(1)
    operator.deliver()
    log.client.set_standard_blob_tier(StandardBlobTier.ARCHIVE)
    said = operator.run("status")
    assert said.code == 1
    assert f"Blocked: {log.log.name}" in said.out
    assert "Rehydrate" in said.out


@pytest.mark.usefixtures("before_the_first_run")
def test_before_the_app_ever_ran_it_says_so_and_writes_nothing_not_even_the_containers(operator):
    said = operator.run("status")
    assert (said.code, said.out) == (2, "")
    assert "The function app creates its table when it starts" in said.err
    assert list(BlobServiceClient.from_connection_string(operator.own.connection_string).list_containers()) == []


def test_storage_that_can_not_be_reached_exits_2_with_a_sentence(operator):
    operator.settings["FLOW_LOGS"] = operator.logs.connection_string.replace(operator.logs.key, "bm90IHRoZSBrZXk=")
    said = operator.run("status")
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("Storage account")
    assert "AuthorizationFailure" in said.err
    assert said.err.count("\n") == 1


def test_a_missing_setting_is_named(operator):
    del operator.settings["FLOW_LOGS"]
    said = operator.run("status")
    assert (said.code, said.out) == (2, "")
    assert "FLOW_LOGS is missing" in said.err


def test_the_environment_goes_before_the_settings_file(operator, monkeypatch):
    monkeypatch.setenv("APIGW_URL", "http://gateway.example.com")
    said = operator.run("status")
    assert said.code == 2
    assert "APIGW_URL begins with http://" in said.err


def test_a_settings_file_that_is_not_valid_is_reported(tmp_path, capfd):
    for text, words in (
        (None, "can't be read"),
        ("{", "is not valid JSON"),
        ("[]", "no object `Values`"),
        (json.dumps({"IsEncrypted": True, "Values": {}}), "is encrypted"),
    ):
        file = tmp_path / "settings.json"
        if text is not None:
            file.write_text(text)
        assert main(["status", "--settings", str(file)]) == 2
        assert words in capfd.readouterr().err


def test_a_settings_file_that_an_editor_of_windows_wrote_is_read(operator, tmp_path, capfd):
    file = tmp_path / "settings.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"Values": operator.settings}).encode())
    assert main(["status", "--settings", str(file)]) == 0
    file.write_text(json.dumps({"Values": operator.settings}), "utf-16")
    assert main(["status", "--settings", str(file)]) == 2
    assert "not valid JSON in UTF-8" in capfd.readouterr().err


def test_a_name_can_not_steer_the_terminal(operator):
    log = operator.log()
    log.minute(1)
    container = BlobServiceClient.from_connection_string(operator.logs.connection_string).get_container_client(
        log.log.kind.container
    )
    container.upload_blob(log.log.name.replace("NSG/", "[red]\u202e/"), b"x")
    said = operator.run("status")
    assert "\u202e" not in said.out
    assert r"[red]\u202e" in said.out
