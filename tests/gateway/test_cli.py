import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
import requests

from gateway.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _umask():
    """The command line changes it for its process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def serve(data, *options):
    command = [sys.executable, "-m", "gateway", "serve", "--data", str(data), "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return process, orjson.loads(process.stdout.readline())["listening"]


def end(process):
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    return errors.decode()


def sign_in(url, name, password, **options):
    form = {"username": name, "password": password, "token": "true"}
    return requests.post(url + "/auth", data=form, timeout=20, **options).status_code


def test_the_first_start_tells_a_password_once_and_it_works(tmp_path):
    process, url = serve(tmp_path / "data")
    process.stderr.flush()
    told = re.search(r"administrator is (\S+), with the password (\S+) ", process.stderr.readline().decode())
    assert told is not None
    assert sign_in(url, *told.groups()) == 201
    assert end(process) == ""
    process, _ = serve(tmp_path / "data")
    assert end(process) == ""


def test_what_the_gateway_keeps_is_for_its_own_user_only(tmp_path):
    process, _ = serve(tmp_path / "data")
    files = [tmp_path / "data", *(tmp_path / "data").iterdir()]
    end(process)
    assert {file.name: oct(file.stat().st_mode & 0o077) for file in files if file.exists()} == dict.fromkeys(
        [file.name for file in files if file.exists()], "0o0"
    )


def test_tls_is_served_from_files(tmp_path, certificate):
    process, url = serve(tmp_path, "--certificate", str(certificate.certificate), "--key", str(certificate.key))
    assert url.startswith("https://127.0.0.1:")
    assert requests.get(url + "/healthz", verify=str(certificate.certificate), timeout=20).status_code == 200
    end(process)


def test_a_user_can_be_added_while_the_gateway_serves_and_the_password_replaced(tmp_path, capsys):
    process, url = serve(tmp_path)
    assert main(["user", "add", "ada", "--customer", "contoso", "--data", str(tmp_path)]) == 0
    first = told_password(capsys)
    assert sign_in(url, "ada", first) == 201
    assert main(["user", "password", "ada", "--data", str(tmp_path)]) == 0
    assert sign_in(url, "ada", first) == 401
    assert sign_in(url, "ada", told_password(capsys)) == 201
    end(process)


def told_password(capsys):
    found = re.search(r"password of ada is (\S+) ", capsys.readouterr().err)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--host", "0.0.0.0"], "unencrypted on 0.0.0.0"),
        (["--host", "::"], "unencrypted on ::"),
        (["--host", "gateway.example"], "unencrypted on gateway.example"),
        (["--certificate", "c.pem"], "go together"),
        (["--key", "k.pem"], "go together"),
        (["--certificate", "pyproject.toml", "--key", "pyproject.toml"], "no certificate and its key"),
        (["--host", "192.0.2.1", "--behind-a-proxy"], "Cannot listen on 192.0.2.1"),
    ],
)
def test_serving_in_a_way_that_cannot_be_right_is_refused(tmp_path, capsys, options, named):
    assert main(["serve", "--data", str(tmp_path), *options]) == 1
    assert named in capsys.readouterr().err


def test_a_directory_that_cannot_be_used_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["serve", "--data", str(tmp_path / "file" / "data")]) == 1
    assert "file/data cannot be used" in capsys.readouterr().err


def test_an_unknown_user_gets_no_password(tmp_path, capsys):
    assert main(["user", "password", "ada", "--data", str(tmp_path)]) == 1
    assert "no user 'ada'" in capsys.readouterr().err


def test_a_misspelt_command_is_refused():
    with pytest.raises(SystemExit, match="2"):
        main(["sevre"])
