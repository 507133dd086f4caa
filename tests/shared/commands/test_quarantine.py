import json

import pytest

from shared.apigw.client import Rejection
from shared.delivery.batch import Batch, Origin
from shared.delivery.quarantine import Position
from shared.storage.checkpoint import CutRule
from tests.support.logs import HEAD, log_blob
from tests.support.secrets import TOKEN, forms, traces


@pytest.fixture
def bad(operator):
    """A log with two bad tuples, delivered."""
    log = operator.log(hours_ago=1)
    log.minute(1, 2, bad=2)
    operator.deliver(log)
    return log


def test_an_empty_quarantine_is_fine(operator):
    said = operator.run("quarantine", "list")
    assert (said.code, said.out, said.err) == (0, "Objects: 0. Blobs: 0.\n", "")


def test_objects_are_counted_by_day_unit_and_reason(operator, bad):
    said = operator.run("quarantine", "list", "--json")
    assert said.code == 1
    (count,) = said.json["counts"]
    assert count["day"] == f"{bad.log.hour:%Y-%m-%d}"
    assert count["unit"] == "tuple"
    assert count["objects"] == 2
    assert "'...' is not an IP address" in count["reason"]
    assert "not an IP address" in operator.run("quarantine", "list").out


def test_a_day_is_listed_with_its_blobs_and_their_keys(operator, bad):
    day = f"{bad.log.hour:%Y-%m-%d}"
    (blob,) = operator.run("quarantine", "list", "--day", day, "--json").json["blobs"]
    assert (blob["log"], blob["objects"]) == (bad.log.name, 2)
    assert blob["key"][:12] in operator.run("quarantine", "list", "--day", day).out
    assert operator.run("quarantine", "list", "--day", "2001-01-01").code == 0


def test_a_blob_is_shown_by_how_its_key_begins(operator, bad):
    (blob,) = operator.run("quarantine", "list", "--day", f"{bad.log.hour:%Y-%m-%d}", "--json").json["blobs"]
    said = operator.run("quarantine", "show", blob["key"][:8])
    assert said.code == 0
    assert said.out.count("tuple: ") == 2
    assert bad.log.name in said.out
    assert "nowhere" in said.out
    shown = operator.run("quarantine", "show", blob["key"], "--json").json
    assert [each["unit"] for each in shown] == ["tuple", "tuple"]


def test_a_key_that_is_not_there_is_reported(operator):
    said = operator.run("quarantine", "show", "c0ffee")
    assert (said.code, said.out) == (2, "")
    assert "begins with c0ffee" in said.err


def test_objects_are_exported_as_they_are_stored(operator, bad, tmp_path):
    said = operator.run("quarantine", "export")
    lines = said.out.splitlines()
    assert (said.code, len(lines)) == (0, 2)
    assert {json.loads(line)["blob"] for line in lines} == {bad.log.name}
    file = tmp_path / "objects.ndjson"
    assert operator.run("quarantine", "export", "--output", str(file)).code == 0
    assert file.read_text() == said.out
    again = operator.run("quarantine", "export", "--output", str(file))
    assert again.code == 2
    assert "already exists" in again.err


@pytest.mark.usefixtures("bad")
def test_what_still_can_not_be_read_stays(operator):
    said = operator.run("quarantine", "resubmit", "--yes")
    assert said.code == 1
    assert "2 can't be read by this version either" in said.err
    assert "Objects that stay in quarantine: 2." in said.out
    assert operator.stored == [1, 2]


@pytest.mark.usefixtures("bad")
def test_what_can_be_read_now_is_sent_and_leaves(operator):
    mend(operator)
    said = operator.run("quarantine", "resubmit", "--yes", "--json")
    assert (said.code, said.json) == (0, {"accepted": 2, "left": 0, "failed": []})
    assert operator.stored == [0, 1, 1, 2]
    assert operator.run("quarantine", "list").code == 0
    assert operator.run("quarantine", "resubmit", "--yes").code == 0
    assert operator.stored == [0, 1, 1, 2]


@pytest.mark.usefixtures("bad")
def test_it_asks_before_it_sends(operator, somebody_types):
    mend(operator)
    somebody_types("n")
    said = operator.run("quarantine", "resubmit")
    assert said.code == 2
    assert "They yield 2 records to send" in said.err
    assert operator.stored == [1, 2]
    somebody_types("yes")
    assert operator.run("quarantine", "resubmit").code == 0
    assert operator.stored == [0, 1, 1, 2]


@pytest.mark.usefixtures("bad")
def test_a_refused_token_leaves_everything_where_it_is(operator):
    mend(operator)
    operator.settings["SUBSCRIPTION_TOKEN"] = "another-token-altogether"
    said = operator.run("quarantine", "resubmit", "--yes")
    assert said.code == 1
    assert "refuses the subscription token" in said.err
    assert "stay in quarantine: 2" in said.out
    assert "another-token" not in said.out + said.err


def test_a_hostile_log_can_not_steer_the_terminal(operator):
    log = operator.log(hours_ago=1)
    log.put(HEAD + b"[red]\x1b[2J\xff{}]}")
    operator.deliver(log)
    listed = operator.run("quarantine", "list")
    (line,) = operator.run("quarantine", "export").out.splitlines()[:1]
    shown = operator.run("quarantine", "show", "")
    assert json.loads(line)["container"] == log.log.kind.container
    assert "\x1b" not in listed.out + shown.out


def test_reasons_that_an_older_version_kept_as_they_came_are_shown_without_secrets(operator):
    texts = [text for texts in forms(TOKEN).values() for text in texts]
    log = log_blob(operator.hour(1))
    position = Position(Origin("logs", log, 0, 12, 400, "c0ffee", CutRule(1, 1000)), "block")
    as_they_came = [Rejection(number, text) for number, text in enumerate(["bad port", *texts])]
    stored = position.of_gateway(Batch((0,), ["{}"] * len(as_they_came)), as_they_came)
    operator.deliver()
    operator.services.quarantine.put(log, "old", [*stored, b"no json"])
    day = f"{log.hour:%Y-%m-%d}"
    shown = [
        operator.run("quarantine", *words)
        for words in (
            ["list"],
            ["list", "--json"],
            ["list", "--day", day],
            ["show", "old"],
            ["show", "old", "--json"],
            ["export"],
        )
    ]
    assert all("bad port" in said.out for said in shown)
    assert not any(traces(TOKEN, said.out + said.err) for said in shown)
    exported = shown[-1].out.splitlines()
    assert exported[0].encode() == stored[0]
    assert exported[-1] == "no json"
    assert [json.loads(line)["raw"] for line in exported[:-1]] == ["{}"] * len(stored)
    assert (
        operator.services.quarantine.get(f"y={log.hour:%Y}/m={log.hour:%m}/d={log.hour:%d}/old.ndjson")[1] == stored[1]
    )


def mend(operator):
    """Make the bad tuples readable, as a newer version would find them: what changes is what is stored."""
    container = operator.services.quarantine
    for blob in list(container.listed()):
        lines, etag = container.read(blob.name)
        container.replace(blob.name, [line.replace(b"nowhere", b"10.9.9.9") for line in lines], etag)
