import os

import pytest

from agent.delivery.token import read_token
from agent.errors import SettingError


@pytest.fixture
def file(tmp_path):
    made = tmp_path / "token"
    made.write_text("abc.DEF-1_2~3+/==\n")
    made.chmod(0o600)
    return made


def refusal(file):
    with pytest.raises(SettingError) as caught:
        read_token(file)
    return str(caught.value)


def test_the_token_is_what_is_in_the_file(file):
    assert read_token(file).reveal == "abc.DEF-1_2~3+/=="


def test_the_token_is_in_no_text_of_it(file):
    token = read_token(file)
    assert "abc" not in f"{token} {token!r}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_file_that_others_may_use_is_refused(file, mode):
    file.chmod(mode)
    assert f"`chmod 600 {file}`" in refusal(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(file):
    os.chown(file, 12345, -1)
    assert "belongs to another user" in refusal(file)
    assert f"`chmod 600 {file}`" in refusal(file)


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("two tokens", "has a space in it"),
        ("Bearer planted", "has a space in it"),
        ("two\ntokens", "has several lines"),
        ("two\r\ntokens\r\n", "has several lines"),
        ('"planted"\n', "has the token in quotes"),
        ("'planted'", "has the token in quotes"),
        ("\u201cplanted\u201d", "has the token in quotes"),
        ('planted"', "has a quotation mark in it"),
        ("TOKEN=planted", "begins with a name"),
        ("token: planted", "begins with a name"),
        ('export TOKEN="planted"', "begins with a name"),
        ("tök", "has characters that a token can't have"),
        ("plan\u200bted", "has characters that a token can't have"),
        ("plan\u00a0ted", "has characters that a token can't have"),
        ("a\x00b", "has characters that a token can't have"),
        ("\ufeffplanted", "begins with a byte order mark"),
        ("x" * 20_000, "is too long"),
    ],
)
def test_what_a_file_holds_beside_a_token_is_named_and_not_repeated(file, content, flaw):
    file.write_text(content)
    said = refusal(file)
    assert f"The token file {file} {flaw}" in said
    assert said.endswith("It must contain one token, and nothing else.")
    assert not content.strip() or content.strip() not in said
    assert "planted" not in said


def test_a_file_that_powershell_wrote_is_named(file):
    file.write_text("planted", "utf-16")
    assert "is in UTF-16" in refusal(file)


def test_a_line_end_of_windows_is_left_out(file):
    file.write_bytes(b"abc==\r\n")
    assert read_token(file).reveal == "abc=="


def test_a_missing_file_is_named(tmp_path):
    assert refusal(tmp_path / "none") == f"The token file {tmp_path / 'none'} can't be read: No such file or directory."


def test_a_directory_a_pipe_and_a_link_are_not_token_files(tmp_path, file):
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "link").symlink_to(file)
    assert "can't be read" in refusal(tmp_path)
    assert "not a regular file" in refusal(tmp_path / "pipe")
    assert "can't be read" in refusal(tmp_path / "link")


def test_a_credential_of_systemd_may_show_its_access_list(file, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(file.parent))
    file.chmod(0o440)
    assert read_token(file)
    file.chmod(0o444)
    assert "can be read by anybody" in refusal(file)


def test_other_files_are_not_credentials(file, monkeypatch):
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/other.service")
    file.chmod(0o440)
    assert "chmod 600" in refusal(file)
