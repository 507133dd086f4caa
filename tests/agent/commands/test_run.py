import os
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.agent.agent_process import run_agent, running_agent
from tests.agent.standin import TOKEN, stand_in


@pytest.fixture
def agent(standing_in, tmp_path, token_file, certificate):
    """Starts an agent against the stand-in."""

    def start():
        return running_agent(standing_in.address, tmp_path / "state", token_file, certificate.certificate)

    return start


def end(process):
    """End an agent in order, and return what it said."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    return said


def wait_until(holds):
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def waiting(folder):
    return sorted((folder / "state" / "spool").glob("*.ndjson.gz"))


def test_it_collects_while_it_is_wanted_and_ends_in_order(agent, standing_in, tmp_path):
    with agent() as process:
        wait_until(lambda: standing_in.asked)
        assert standing_in.posts == []
        standing_in.want(collect=True, interval_seconds=10)
        [post, *_] = standing_in.wait_for_posts(1)
        assert post.headers["Agent-Id"] == (tmp_path / "state" / "agent-id").read_text().strip()
        standing_in.want(collect=False)
        wait_until(lambda: standing_in.asked[-1]["known"] == "2")
        said = end(process)
    assert "Connections are collected and sent every 10 seconds." in said
    assert "Nothing is being collected" in said
    assert TOKEN not in said
    assert "ERROR" not in said


def test_what_was_found_until_the_end_is_in_the_spool(agent, standing_in, tmp_path):
    with agent() as process:
        standing_in.want(collect=True, interval_seconds=3600)
        wait_until(lambda: standing_in.asked and standing_in.asked[-1]["known"] == "1")
        end(process)
    assert len(waiting(tmp_path)) == 1
    standing_in.want(collect=False)
    with agent() as process:
        standing_in.wait_for_posts(1)
        wait_until(lambda: not waiting(tmp_path))
        end(process)


def test_an_interval_survives_a_kill_and_arrives_once(agent, standing_in, tmp_path):
    with agent() as process:
        standing_in.want(collect=True, interval_seconds=10)
        wait_until(lambda: standing_in.asked and standing_in.asked[-1]["known"] == "1")
        standing_in.script.extend([(503, {"Retry-After": "3600"}, {})] * 2)  # for a post and a question
        standing_in.want(collect=True, interval_seconds=11)
        wait_until(lambda: waiting(tmp_path))
        process.kill()
        process.wait()
    kept = [file.name.partition("-")[0] for file in waiting(tmp_path)]
    standing_in.script.clear()
    with agent() as process:
        posts = standing_in.wait_for_posts(len(kept))
        end(process)
    assert [post.key.partition(":")[2] for post in posts][: len(kept)] == kept


def test_a_second_agent_is_kept_out(agent, standing_in, tmp_path, token_file, certificate):
    with agent() as process:
        wait_until(lambda: standing_in.asked)
        arguments = ("--state", tmp_path / "state", "--token-file", token_file, "--ca-file", certificate.certificate)
        second = run_agent("run", "--edge", standing_in.address, *arguments)
        end(process)
    assert second.returncode == 2
    assert second.stderr == f"sluice-agent: Another agent is using the state directory {tmp_path / 'state'}.\n"


def test_an_edge_that_is_away_is_waited_for(tmp_path, token_file, certificate):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with running_agent(f"localhost:{port}", tmp_path / "state", token_file, certificate.certificate) as process:
        wait_until(lambda: "Connection refused" in process.stderr.readline())
        with stand_in(certificate, port=port) as edge:
            wait_until(lambda: edge.asked)
        end(process)


def test_it_can_end_while_the_edge_holds_its_answer_back(agent, standing_in):
    standing_in.hold_seconds = 60
    with agent() as process:
        wait_until(lambda: standing_in.asked)
        began = time.monotonic()
        end(process)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda file: file.chmod(0o644), "is open to other users: `chmod 600 "),
        (lambda file: file.unlink(), "can't be read: No such file or directory."),
        (lambda file: file.write_text("no token"), "has a space in it"),
    ],
)
def test_a_token_file_that_is_wrong_is_said_at_once(tmp_path, token_file, break_it, sentence):
    break_it(token_file)
    done = run_agent("run", "--edge", "localhost", "--state", tmp_path / "state", "--token-file", token_file)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not Path("/usr/bin/python3").exists(), reason="the system has no Python that everybody can run")
def test_it_needs_no_root(standing_in, public_copy, certificate):
    state, token_file, ca_file = (public_copy / name for name in ("state", "token", "ca.pem"))
    state.mkdir(mode=0o700)
    token_file.touch(mode=0o600)
    token_file.write_text(TOKEN)
    shutil.copy(certificate.certificate, ca_file)
    ca_file.chmod(0o644)
    for path in (state, token_file):
        os.chown(path, 65534, 65534)
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs")
    standing_in.want(collect=True, interval_seconds=3600)
    with running_agent(
        standing_in.address, state, token_file, ca_file, as_nobody, python="/usr/bin/python3", cwd=public_copy
    ) as process:
        wait_until(lambda: standing_in.asked and standing_in.asked[-1]["known"] == "1")
        assert "ERROR" not in end(process)
    assert len(waiting(public_copy)) == 1
