"""What the commands say when something answers in storage's place, or names blobs that nobody reads."""

from itertools import cycle, product

import pytest
from azure.core.pipeline.policies import RetryPolicy

from dev.chaos.storage_faults import Operation, StorageFault, StorageTrouble
from shared.flowlog import LogKind
from shared.storage.answers import CheckedRetry
from tests.long import first_of_each
from tests.support.account import reached

PAGES = [StorageFault.PAGE_200, StorageFault.PAGE_404, StorageFault.EMPTY_200, StorageFault.GARBLED_XML]
OF_TABLES = [
    StorageFault.PAGE_200,
    StorageFault.PAGE_404,
    StorageFault.TABLE_404,
    StorageFault.EMPTY_200,
    StorageFault.GARBLED_JSON,
    StorageFault.OTHER_LIST,
    StorageFault.OTHER_ENTITY,
]
LOOKED_AT = [Operation.WATERMARK_READ, Operation.POINTER_QUERY, Operation.CHECKPOINT_QUERY]
WRITTEN = [Operation.CHECKPOINT_READ, Operation.CHECKPOINT_INSERT, Operation.POINTER_REPLACE]
PROBED = [Operation.CHECKPOINT_REPLACE, Operation.CHECKPOINT_READ, Operation.CHECKPOINT_DELETE]
REPEATED = [
    Operation.LIST,
    Operation.WRITE,
    Operation.BLOCK_LIST,
    Operation.DELETE,
    *PROBED,
]
COMMANDS = [
    ["status"],
    ["status", "--json"],
    ["replay", "--from", "{hour}", "--to", "{next}", "--yes"],
    ["quarantine", "list"],
    ["quarantine", "export"],
]


@pytest.fixture
def through(operator, wrong_storage, monkeypatch):
    """Lets the operator reach storage through a proxy; gives what makes that answer wrongly, from then on."""
    monkeypatch.setattr(CheckedRetry, "get_backoff_time", lambda *_: 0)
    monkeypatch.setattr(RetryPolicy, "get_backoff_time", lambda *_: 0)
    operator.log(hours_ago=1).minute(1)
    operator.deliver()
    accounts = [operator.logs, operator.own]
    operator.settings["FLOW_LOGS"] = wrong_storage.before(operator.logs).connection_string
    operator.settings["AzureWebJobsStorage"] = wrong_storage.before(operator.own).connection_string

    def answers(*troubles):
        wrong_storage.plan(accounts, [StorageTrouble(operation, 1, fault, 999) for operation, fault in troubles])

    return answers


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        *zip(COMMANDS, cycle(PAGES), strict=False),
        *(
            pytest.param(command, fault, marks=pytest.mark.long)
            for (command, usual), fault in product(zip(COMMANDS, cycle(PAGES), strict=False), PAGES)
            if fault is not usual
        ),
    ],
    ids=lambda value: value.value if isinstance(value, StorageFault) else " ".join(value),
)
def test_a_command_ends_in_a_sentence_that_says_what_answered(operator, through, command, fault):
    hours = {"hour": f"{operator.hour(1):%Y-%m-%dT%H}", "next": f"{operator.hour(0):%Y-%m-%dT%H}"}
    through((Operation.LIST, fault))
    said = operator.run(*(word.format(**hours) for word in command))
    assert (said.code, said.out) == (2, "")
    assert "storage account" in said.err.lower()
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("fault", first_of_each(OF_TABLES, 3), ids=lambda fault: fault.value)
@pytest.mark.parametrize("operation", LOOKED_AT, ids=lambda operation: operation.value)
def test_what_answers_in_a_table_s_place_is_not_taken_for_a_state_of_delivery(operator, through, operation, fault):
    through((operation, fault))
    said = operator.run("status", "--json")
    assert (said.code, said.out) == (2, "")
    assert f"storage account {operator.own.name}" in said.err.replace("Storage", "storage")
    assert said.err.count("\n") == 1
    through()
    assert operator.run("status", "--json").json["watermarks"] == {"nsg": None, "vnet": None}


@pytest.mark.parametrize("fault", first_of_each(OF_TABLES, 3), ids=lambda fault: fault.value)
@pytest.mark.parametrize("operation", WRITTEN, ids=lambda operation: operation.value)
def test_what_answers_in_a_table_s_place_leaves_a_replay_to_be_told_and_begun_again(
    operator, through, operation, fault
):
    log = operator.log(hours_ago=5)
    log.minute(7)
    hours = [f"{operator.hour(ago):%Y-%m-%dT%H}" for ago in (5, 4)]
    through((operation, fault))
    said = operator.run("replay", "--from", hours[0], "--to", hours[1], "--yes")
    assert said.code == 1
    assert log.log.name in said.err
    assert operator.stored == []
    through()
    assert operator.run("replay", "--from", hours[0], "--to", hours[1], "--yes").code == 0
    assert operator.stored == [7]


@pytest.mark.parametrize("fault", first_of_each(OF_TABLES, 3), ids=lambda fault: fault.value)
@pytest.mark.parametrize("operation", PROBED, ids=lambda operation: operation.value)
def test_doctor_finds_what_answers_in_the_table_s_place(operator, through, operation, fault):
    through((operation, fault))
    said = operator.run("doctor", "--json")
    states = {each["check"]: each["state"] for each in said.json}
    assert said.code == 2
    assert (states["own storage"], states["gateway"], states["token"]) == ("fail", "ok", "ok")


@pytest.mark.parametrize("fault", PAGES, ids=lambda fault: fault.value)
def test_doctor_says_it_and_continues_with_its_other_checks(operator, through, fault):
    through((Operation.LIST, fault))
    said = operator.run("doctor", "--json")
    states = {each["check"]: each["state"] for each in said.json}
    assert said.code == 2
    assert (states["flow logs"], states["gateway"], states["token"]) == ("fail", "ok", "ok")


@pytest.mark.usefixtures("through")
@pytest.mark.parametrize("nth", [1, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("operation", first_of_each(REPEATED, 3), ids=lambda operation: operation.value)
def test_what_the_library_repeats_by_itself_changes_nothing(operator, wrong_storage, operation, nth):
    accounts = [operator.logs, operator.own]
    wrong_storage.plan(accounts, [StorageTrouble(operation, nth, StorageFault.RESET_AFTER)])
    said = operator.run("doctor")
    assert said.code == 0, said.out


def test_a_blob_that_a_replay_is_told_is_gone_though_it_was_planned_ends_it(operator, through):
    hours = [f"{operator.hour(ago):%Y-%m-%dT%H}" for ago in (1, 0)]
    through((Operation.BLOCK_LIST, StorageFault.BLOB_404))
    said = operator.run("replay", "--from", hours[0], "--to", hours[1], "--yes")
    assert said.code == 1
    assert "though its listing shows it" in said.err
    through()
    assert operator.run("replay", "--from", hours[0], "--to", hours[1], "--yes").code == 0
    assert operator.stored == [1]


@pytest.mark.parametrize("name", ["PT1H.json", "copies/{name}", "{name}.gz", "{resource}/y=2026/PT1H.json"])
def test_a_name_that_nobody_reads_is_reported(operator, name):
    log = operator.log()
    log.minute(1)
    operator.deliver(log)
    odd = name.format(name=log.log.name, resource=log.log.resource)
    reached(operator.logs).get_container_client(log.log.kind.container).upload_blob(odd, b"{}")
    said = operator.run("status")
    assert said.code == 1
    assert f"Not read: {log.log.kind.container}/{odd}" in said.out
    assert "not have a known form" in said.out
    assert operator.run("status", "--json").json["not_read"] == [{"container": log.log.kind.container, "blob": odd}]
    said = operator.run("doctor")
    assert said.code == 1
    assert f"A blob is not read, such as {odd}." in said.out
    assert "NSG flow logs, and they can be listed and read" in said.out


def test_a_name_in_an_hour_that_the_watermark_has_passed_is_reported(operator):
    log = operator.log()
    log.minute(1)
    operator.deliver(log)
    list(operator.ingester.sweep())
    odd = f"{operator.log(hours_ago=9).log.name}.gz"
    reached(operator.logs).get_container_client(log.log.kind.container).upload_blob(odd, b"{}")
    list(operator.ingester.sweep())
    assert f"/{odd}" in operator.run("status").out
    assert odd in operator.run("doctor").out


def test_a_container_that_was_there_and_is_not_is_reported(operator):
    log = operator.log()
    log.minute(1)
    list(operator.ingester.sweep())
    reached(operator.logs).delete_container(log.log.kind.container)
    said = operator.run("status")
    assert said.code == 1
    assert f"has no container {log.log.kind.container}. It used to have one, so everything waits" in said.out
    lost = operator.run("status", "--json").json["lost_containers"]
    assert [each["container"] for each in lost] == [log.log.kind.container]
    said = operator.run("doctor")
    assert said.code == 2
    assert f"has no container {log.log.kind.container}. It used to have one" in said.out


def test_a_container_that_never_was_is_not_told(operator):
    operator.log().minute(1)
    list(operator.ingester.sweep())
    for command in ("status", "doctor"):
        said = operator.run(command)
        assert said.code == 0
        assert LogKind.VNET.container not in said.out
