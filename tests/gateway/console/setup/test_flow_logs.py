import html
import re
from datetime import timedelta

import pytest

from gateway.stores.deployments import StorageAccount
from gateway.stores.errors import KeyLostError
from gateway.traffic.posts import Log, Post
from gateway.traffic.transposed import transposed
from tests.gateway.client import record
from tests.gateway.console.person import text_of
from tests.gateway.console.setup.configured import ID, configuration, connection_string
from tests.gateway.console.setup.registered import PATH, registration

NEW = "/setup/flow-logs/new"
KEY = "cGxhbnRlZA"


@pytest.fixture
def saved(administrator):
    """A configuration with two storage accounts."""
    answer = administrator.send(NEW, configuration("flowlogsone", "flowlogstwo"))
    assert answer.headers["Location"] == "/setup/flow-logs?saved=azure-production"
    return "/setup/flow-logs/azure-production"


def errors_of(page):
    """What stands at which field."""
    found = re.findall(r'<p class="error" id="([^"]+)-error">([^<]+)</p>', page.text)
    return {field: html.unescape(error) for field, error in found}


@pytest.mark.usefixtures("saved")
def test_what_is_saved_is_confirmed_and_listed(reader):
    text = text_of(reader.get("/setup/flow-logs?saved=azure-production"))
    assert "azure-production is saved." in text
    assert f"azure-production {ID} flowlogsone eastus nothing yet flowlogstwo eastus nothing yet" in text


def test_no_confirmation_is_made_up_by_an_address(reader):
    assert "is saved" not in text_of(reader.get("/setup/flow-logs?saved=azure-other"))


def test_secrets_are_on_no_page_again(administrator, saved):
    for address in ("/setup/flow-logs", saved, f"{saved}/edit", "/setup/audit-log"):
        page = administrator.get(address)
        assert page.status_code == 200
        assert KEY not in page.text


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"name": "production"}, "name", "must begin with azure-"),
        ({"name": "azure\u2014production"}, "name", "Write the name with a hyphen: azure-production"),
        ({"name": "azure\u2013production"}, "name", "Write the name with a hyphen: azure-production"),
        ({"name": "azure-"}, "name", "lowercase letters, digits and hyphens after azure-"),
        ({"name": "azure-../x"}, "name", "lowercase letters, digits and hyphens after azure-"),
        ({"name": "azure-" + "x" * 43}, "name", "up to 42"),
        ({"subscription_id": "production"}, "subscription_id", "such as 00000000"),
        ({"account_1": "Flow_Logs"}, "account-1", "3 to 24 lowercase letters and digits"),
        ({"account_2": "flowlogsone"}, "account-2", "is already listed above"),
        ({"region_1": ""}, "region-1", "such as eastus"),
        ({"region_1": "<script>"}, "region-1", "such as eastus"),
        ({"secret_2": ""}, "secret-2", "Enter the connection string"),
        ({"secret_2": "something-else"}, "secret-2", "This is not a connection string."),
        ({"secret_2": connection_string("flowlogsone")}, "secret-2", "belongs to another storage account"),
        (
            {"secret_2": connection_string("flowlogstwo").replace("windows.net", "chinacloudapi.cn")},
            "secret-2",
            "different cloud",
        ),
    ],
)
def test_what_is_wrong_is_at_its_field(gateway, team, administrator, change, field, told):
    answer = administrator.send(NEW, configuration("flowlogsone", "flowlogstwo", **change))
    assert answer.status_code == 422
    assert errors_of(answer).keys() == {field}
    assert told in errors_of(answer)[field]
    assert re.search(rf'id="{field}"[^>]+aria-invalid="true"[^>]+aria-describedby="{field}-error', answer.text)
    assert 'value="flowlogstwo"' in answer.text or "account_2" in change
    assert KEY not in answer.text
    assert gateway.stores.deployments.all(team.customer) == []


def test_a_name_is_taken_once(administrator, saved):
    again = administrator.send(NEW, configuration("flowlogsthree"))
    assert errors_of(again) == {"name": "There is already a deployment azure-production. Choose another name."}
    assert administrator.get(saved).status_code == 200


def test_a_region_may_be_written_as_the_portal_does(gateway, team, administrator):
    administrator.send(NEW, configuration("flowlogsone", region_1="East US 2"))
    (deployment,) = gateway.stores.deployments.all(team.customer)
    assert deployment.accounts == (StorageAccount("flowlogsone", "eastus2"),)


def test_a_storage_account_is_in_one_deployment(gateway, team, administrator, saved):
    second = configuration("flowlogstwo", "flowlogsthree", name="azure-second")
    refused = administrator.send(NEW, second)
    assert refused.status_code == 422
    assert errors_of(refused) == {
        "account-1": "flowlogstwo is already in the deployment azure-production. Two would deliver the same logs: they "
        "are stored once, but cost twice. Change azure-production, or remove this account here."
    }
    assert administrator.send(NEW, configuration("flowlogsthree", name="azure-second")).status_code == 303
    edited = administrator.send("/setup/flow-logs/azure-second/edit", second)
    assert errors_of(edited).keys() == {"account-1"}
    assert administrator.send(f"{saved}/edit", configuration("flowlogsone", "flowlogstwo")).status_code == 303
    accounts = [each.name for each in gateway.stores.deployments.find(team.customer, "azure-second").accounts]
    assert accounts == ["flowlogsthree"]


def step(page, name):
    """What a row of the set-up says, after its name."""
    row = re.search(rf'<th scope="row">{name}</th>(.*?)</tr>', page.text, re.DOTALL)[1]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", row)).split())


def shown(moment):
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def test_the_details_tell_how_far_the_set_up_has_come(gateway, team, administrator, machine, saved, clock):
    page = administrator.get(saved)
    assert [
        step(page, name) for name in ("Scripts downloaded", "Registered", "First record", "Last record", "Refused")
    ] == [
        "not yet Download them below.",
        "not yet terraform apply registers it.",
        "not yet It arrives within five minutes of terraform apply , if there is traffic.",
        "not yet",
        "no",
    ]
    downloaded = clock.now()
    administrator.send(f"{saved}/scripts")
    clock.move(60)
    registered = clock.now()
    machine.call(
        "PUT", PATH, json=registration(deployment="azure-production", credentialExpiresAt="2027-11-20T15:00:00Z")
    )
    clock.move(60)
    refused = clock.now()
    gateway.stores.records.refuse(team.customer, "flowlogstwo", refused, 413, "The body is too large.")
    clock.move(60)
    arrived = clock.now()
    newest = int(arrived.timestamp() * 1000) - 90_000
    log = Log("flowlogsone", "insights-logs-flowlogflowevent/one/PT1H.json")
    gateway.stores.records.store(
        Post(team.customer, "key", b"", b"{}", arrived, log), transposed([record(time=newest)])
    )
    page = administrator.get(saved)
    assert step(page, "Scripts downloaded") == f"done {shown(downloaded)}"
    assert step(page, "Registered") == (
        f"done {shown(registered)} by application {registration()['applicationId']} , whose credential expires "
        "2027-11-20 15:00:00 UTC"
    )
    assert step(page, "First record") == f"done {shown(arrived)}"
    assert step(page, "Last record") == f"1 min 30 s {shown(arrived - timedelta(seconds=90))} from flowlogsone"
    assert step(page, "Refused") == f"yes since {shown(refused)} from flowlogstwo: The body is too large."


def test_what_was_changed_after_the_download_is_downloaded_again(administrator, saved, clock):
    administrator.send(f"{saved}/scripts")
    clock.move(1)
    administrator.send(f"{saved}/edit", configuration("flowlogsone"))
    assert step(administrator.get(saved), "Scripts downloaded").startswith("changed since ")
    clock.move(1)
    administrator.send(f"{saved}/scripts")
    assert step(administrator.get(saved), "Scripts downloaded").startswith("done ")


@pytest.mark.parametrize(("days", "told"), [(30, "done"), (40, "done by")])
def test_the_first_record_is_certain_only_while_no_earlier_post_can_have_been_forgotten(
    gateway, team, administrator, saved, clock, days, told
):
    arrived = clock.now() - timedelta(days=days)
    log = Log("flowlogsone", "insights-logs-flowlogflowevent/one/PT1H.json")
    post = Post(team.customer, "key", b"", b"{}", arrived, log)
    gateway.stores.records.store(post, transposed([record(time=int(arrived.timestamp() * 1000) - 90_000)]))
    assert step(administrator.get(saved), "First record") == f"{told} {shown(arrived)}"


@pytest.mark.parametrize(
    ("region", "told"),
    [
        ("easstus", "easstus is not a known Azure region. Did you mean eastus?"),
        ("West Europ", "Did you mean westeurope?"),
        ("Atlantis", "atlantis is not a known Azure region. Check the spelling."),
    ],
)
def test_an_unknown_region_is_warned_of_once_and_saved_if_it_is_saved_again(gateway, team, administrator, region, told):
    form = configuration("flowlogsone", region_1=region)
    warned = administrator.send(NEW, form)
    assert warned.status_code == 422
    assert told in errors_of(warned)["region-1"]
    assert gateway.stores.deployments.all(team.customer) == []
    hidden = re.search(r'name="warned-1" value="([^"]*)"', warned.text)[1]
    other = administrator.send(NEW, form | {"warned-1": hidden, "region-1": "eastuss"})
    assert "eastuss is not a known Azure region." in errors_of(other)["region-1"]
    assert administrator.send(NEW, form | {"warned-1": hidden}).status_code == 303
    (deployment,) = gateway.stores.deployments.all(team.customer)
    assert deployment.accounts == (StorageAccount("flowlogsone", hidden),)
    # What is saved once is not asked about again when something else is changed.
    edited = administrator.send("/setup/flow-logs/azure-production/edit", form | {"seen": deployment.mark})
    assert edited.status_code == 303


def test_the_regions_to_choose_from_are_those_of_three_clouds(administrator):
    offered = dict(re.findall(r'<option value="([a-z0-9]+)">([^<]+)</option>', administrator.get(NEW).text))
    assert {
        "eastus": "East US",
        "usgovvirginia": "US Gov Virginia",
        "chinanorth3": "China North 3",
    }.items() <= offered.items()


def rows_of(page):
    return re.findall(r'name="row" value="([0-9]+)"', page.text)


def test_more_storage_accounts_are_added_and_removed_without_a_script(administrator):
    page = administrator.send(NEW, configuration("flowlogsone", "flowlogstwo") | {"add": "1"})
    assert rows_of(page) == ["1", "2", "3"]
    assert 'value="flowlogstwo"' in page.text
    assert KEY not in page.text
    page = administrator.send(NEW, configuration("flowlogsone", "flowlogstwo") | {"remove": "1"})
    assert rows_of(page) == ["2"]
    assert 'value="flowlogstwo"' in page.text
    assert 'value="flowlogsone"' not in page.text
    assert errors_of(page) == {}


@pytest.mark.parametrize("rows", [[], ["x"], ["9" * 30], ['"><script>'], ["1", "1"]])
def test_rows_that_no_page_of_ours_has_are_left_out(administrator, rows):
    page = administrator.send(NEW, configuration() | {"row": rows})
    assert page.status_code == 422
    assert rows_of(page) == ["1"]


def test_there_are_no_more_rows_than_a_form_can_carry(administrator):
    page = administrator.send(NEW, configuration() | {"row": [str(number) for number in range(200)], "add": "1"})
    assert len(rows_of(page)) == 50
    assert "Add storage account" not in page.text


def test_an_empty_connection_string_keeps_the_stored_one(gateway, team, administrator, saved):
    assert "Leave this empty to keep it." in text_of(administrator.get(f"{saved}/edit"))
    form = configuration("flowlogstwo", "flowlogsone", secret_1="", secret_2=connection_string("flowlogsone", "bmV3"))
    assert administrator.send(f"{saved}/edit", form).status_code == 303
    kept = gateway.stores.deployments.connection_strings(team.customer, "azure-production")
    assert kept == {
        "flowlogstwo": connection_string("flowlogstwo"),
        "flowlogsone": connection_string("flowlogsone", "bmV3"),
    }


def test_an_account_that_is_new_to_a_deployment_needs_its_connection_string(administrator, saved):
    answer = administrator.send(f"{saved}/edit", configuration("flowlogsthree", secret_1=""))
    assert errors_of(answer).keys() == {"secret-1"}


def test_what_somebody_else_has_saved_in_the_meantime_is_not_overwritten(gateway, team, administrator, saved, clock):
    seen = re.search(r'name="seen" value="(\d+)"', administrator.get(f"{saved}/edit").text)[1]
    clock.move(1)
    theirs = configuration("flowlogsone", "flowlogstwo", "flowlogsthree", seen=seen)
    assert administrator.send(f"{saved}/edit", theirs).status_code == 303
    answer = administrator.send(f"{saved}/edit", configuration("flowlogsone", seen=seen))
    assert answer.status_code == 422
    assert "Somebody else has changed azure-production in the meantime." in errors_of(answer)["name"]
    (deployment,) = gateway.stores.deployments.all(team.customer)
    assert [each.name for each in deployment.accounts] == ["flowlogsone", "flowlogstwo", "flowlogsthree"]


def test_a_changed_deployment_keeps_its_name(gateway, team, administrator, saved):
    administrator.send(f"{saved}/edit", configuration("flowlogsone", name="azure-other"))
    assert [each.name for each in gateway.stores.deployments.all(team.customer)] == ["azure-production"]


def test_the_details_tell_what_has_arrived_from_each_account(gateway, team, reader, saved, clock):
    now = clock.now()
    newest = int(now.timestamp() * 1000) - 90_000
    log = Log("flowlogsone", "insights-logs-flowlogflowevent/one/PT1H.json")
    gateway.stores.records.store(Post(team.customer, "key", b"", b"{}", now, log, 3), transposed([record(time=newest)]))
    clock.move(3600)
    text = text_of(reader.get(saved))
    last_record = f"{now - timedelta(seconds=90):%Y-%m-%d %H:%M:%S} UTC"
    assert (
        f"flowlogsone eastus insights-logs-flowlogflowevent/one/PT1H.json {last_record} 1 h 1 min 1 min 30 s 3 none"
        in text
    )
    assert "flowlogstwo eastus nothing yet nothing yet unknown unknown 0 none" in text


def test_the_details_tell_the_last_refusal_until_a_post_is_accepted(gateway, team, reader, saved, clock):
    log = Log("flowlogsone", "insights-logs-flowlogflowevent/one/PT1H.json")
    gateway.stores.records.refuse(team.customer, log.account, clock.now(), 413, "The body is too large.")
    assert "The body is too large." in text_of(reader.get(saved))
    clock.move(1)
    gateway.stores.records.store(Post(team.customer, "key", b"", b"{}", clock.now(), log), transposed([record()]))
    assert "The body is too large." not in text_of(reader.get(saved))


def test_removing_forgets_the_secrets_and_is_reported(gateway, team, administrator, saved):
    gone = administrator.send(f"{saved}/remove")
    assert "The deployment was removed from the gateway." in text_of(administrator.get(gone.headers["Location"]))
    assert administrator.get(saved).status_code == 404
    assert gateway.stores.deployments.connection_strings(team.customer, "azure-production") == {}


def test_the_audit_log_tells_what_was_saved_and_removed(gateway, team, administrator, saved):
    administrator.send(f"{saved}/remove")
    entries = [(each.action.words, each.subject) for each in gateway.stores.audit_log.page(team.customer, size=2)]
    assert entries == [("removed a deployment", "azure-production"), ("saved a deployment", "azure-production")]


def test_a_reader_looks_on(reader, saved):
    page = reader.get(saved)
    assert page.status_code == 200
    assert f'action="{saved}' not in page.text
    assert reader.get(f"{saved}/edit").status_code == 403
    assert reader.get(NEW).status_code == 403
    for address in (NEW, f"{saved}/edit", f"{saved}/remove", f"{saved}/scripts"):
        assert reader.send(address, configuration("flowlogsone")).status_code == 403
    assert reader.get(saved).status_code == 200


def test_a_lost_key_is_a_fault_of_the_gateway_and_not_of_the_name(administrator, monkeypatch):
    def seal(_vault, _secret):
        raise KeyLostError("secrets.key is missing. Restore it from a backup.")

    monkeypatch.setattr("gateway.stores.vault.Vault.seal", seal)
    page = administrator.send("/setup/flow-logs/new", configuration("flowlogsone"))
    assert page.status_code == 500
    assert "Restore it from a backup." in text_of(page)
    assert "azure-production" not in text_of(administrator.get("/setup/flow-logs"))
