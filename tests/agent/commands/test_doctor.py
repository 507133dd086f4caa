import datetime as dt
import json
import socket

import pytest

from agent.cli import main
from dev.certificate import make_certificate
from tests.agent.standin import TOKEN, stand_in
from tests.support import secrets
from tests.support.secrets import forms, traces


@pytest.fixture
def doctor(standing_in, token_file, certificate, tmp_path, capsys):
    """Runs the doctor; returns its exit code, and the state and the message of each check."""

    def run(edge=standing_in.address, ca_file=certificate.certificate):
        options = ["--token-file", str(token_file), "--state", str(tmp_path / "state")]
        options += ["--ca-file", str(ca_file)] if ca_file else []
        code = main(["doctor", "--edge", edge, *options, "--json"])
        said = capsys.readouterr().out
        assert TOKEN not in said
        return code, {each["check"]: (each["state"], each["message"]) for each in json.loads(said)}

    return run


def states(found):
    return [state for state, _ in found.values()]


def test_a_healthy_way_to_the_edge_is_fine(doctor):
    code, found = doctor()
    assert list(found) == ["name resolution", "port", "TLS", "token", "clock"]
    assert (code, states(found)) == (0, ["ok"] * 5)
    assert "no blueprint" in found["token"][1]


def test_each_check_is_a_line(standing_in, token_file, certificate, tmp_path, capsys):
    options = ["--token-file", str(token_file), "--ca-file", str(certificate.certificate), "--state", str(tmp_path)]
    assert main(["doctor", "--edge", standing_in.address, *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * 5


def test_a_blueprint_is_reported(doctor, standing_in):
    standing_in.want(collect=True, interval_seconds=60)
    assert "wants this machine's connections" in doctor()[1]["token"][1]


def test_a_name_nobody_knows_fails_and_so_does_all_that_rests_on_it(doctor):
    code, found = doctor("no-such-host.invalid")
    assert (code, states(found)) == (2, ["fail"] * 5)
    assert "no-such-host.invalid can't be resolved here" in found["name resolution"][1]
    assert found["clock"][1] == "Not checked: see above."


def test_a_closed_port_fails(doctor):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    code, found = doctor(f"localhost:{port}")
    assert (code, states(found)) == (2, ["ok", "fail", "fail", "fail", "fail"])
    assert "Connection refused. Is the edge running, and the port open to here?" in found["port"][1]


def test_a_certificate_of_nobody_we_trust_fails(doctor):
    code, found = doctor(ca_file=None)
    assert (code, states(found)) == (2, ["ok", "ok", "fail", "fail", "fail"])
    assert "--ca-file" in found["TLS"][1]


def test_an_expired_certificate_fails(doctor, tmp_path):
    expired = make_certificate(tmp_path, dt.datetime.now(dt.UTC) - dt.timedelta(days=10))
    with stand_in(expired) as old:
        _, found = doctor(old.address, expired.certificate)
    assert found["TLS"][0] == "fail"
    assert found["TLS"][1].endswith("certificate has expired. Renew it, or correct this machine's clock.")


def test_a_certificate_of_another_edge_fails(doctor, tmp_path):
    others = make_certificate(tmp_path, dt.datetime.now(dt.UTC), hosts=["other.example.com"])
    with stand_in(others) as other:
        _, found = doctor(other.address, others.certificate)
    assert found["TLS"][0] == "fail"
    assert found["TLS"][1].endswith("Use the edge's name as it is in the certificate.")


def test_a_port_without_tls_fails(doctor, monkeypatch):
    monkeypatch.setattr("agent.commands.doctor.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        _, found = doctor(f"localhost:{listener.getsockname()[1]}")
    assert states(found)[:3] == ["ok", "ok", "fail"]
    assert "TLS failed" in found["TLS"][1]


def test_a_wrong_token_fails(doctor, standing_in):
    standing_in.token = "other"
    code, found = doctor()
    assert (code, states(found)) == (2, ["ok", "ok", "ok", "fail", "ok"])
    assert "answers 401: the token is not known" in found["token"][1]


@pytest.mark.parametrize("status", [401, 403])
def test_a_firewall_before_the_edge_is_not_a_refused_token(doctor, standing_in, status):
    standing_in.script.append((status, {}, b"<html><h1>Forbidden</h1></html>"))
    _, found = doctor()
    assert found["token"][0] == "fail"
    assert f"answers {status}, but not in the edge's own form" in found["token"][1]


def test_what_the_edge_repeats_of_the_token_is_not_shown(doctor, standing_in):
    for text in (forms(secrets.TOKEN)[form][0] for form in ("alone", "40 characters", "hex")):
        refused = (401, {}, {"error": {"code": text.lower()[:40], "message": text}})
        standing_in.script.extend([refused, (200, {}, {"time": text})])
        code, found = doctor()
        assert code == 2
        assert not traces(secrets.TOKEN, str(found))


def test_an_open_token_file_fails(doctor, token_file):
    token_file.chmod(0o644)
    _, found = doctor()
    assert states(found) == ["ok", "ok", "ok", "fail", "ok"]
    assert "chmod 600" in found["token"][1]


def test_a_clock_an_hour_off_is_a_warning(doctor, standing_in):
    standing_in.time = lambda: dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    code, found = doctor()
    assert (code, states(found)) == (1, ["ok"] * 4 + ["warn"])
    assert "seconds ahead of the edge's. Correct it" in found["clock"][1]


def test_an_edge_that_has_no_time_fails(doctor, standing_in):
    standing_in.script.extend([(200, {}, {"collect": False, "etag": "0"}), (200, {}, {"status": "ok"})])
    code, found = doctor()
    assert code == 2
    assert found["clock"] == ("fail", "The edge's time can't be understood: None.")


def test_a_wrong_option_is_a_sentence(capsys):
    assert main(["doctor", "--edge", "https://edge"]) == 2
    assert (
        capsys.readouterr().err == "sluice-agent: The edge's address must be HOST or HOST:PORT, not 'https://edge'.\n"
    )
