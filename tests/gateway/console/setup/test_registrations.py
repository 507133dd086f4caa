import re

from tests.gateway.console.person import text_of
from tests.gateway.console.setup.configured import configuration
from tests.gateway.console.setup.registered import ID, PATH, registration

PAGE = "/setup/registrations"


def test_what_terraform_registers_appears(machine, reader, clock):
    assert "No deployment is registered yet." in text_of(reader.get(PAGE))
    sent = registration(cloud="public", credentialExpiresAt="2027-11-20T15:00:00Z")
    assert machine.call("PUT", PATH, json=sent).status_code == 201
    page = reader.get(PAGE)
    assert (
        f"sluice-0a1b2c3d {ID} public cloud registered {clock.now():%Y-%m-%d %H:%M:%S} UTC "
        "22222222-1bf0-4dda-aec3-cb9272f09590 11111111-1bf0-4dda-aec3-cb9272f09590 credential until "
        "2027-11-20 15:00:00 UTC eastus: flowlogsone → sluice-location1"
    ) in text_of(page)
    assert "planted-secret" not in page.text


def test_it_is_marked_gone_on_destroy_and_comes_back_on_the_next_apply(machine, reader, clock):
    machine.call("PUT", PATH, json=registration())
    clock.move(60)
    assert machine.call("DELETE", PATH).status_code == 204
    assert f"sluice-0a1b2c3d {ID} gone {clock.now():%Y-%m-%d %H:%M:%S} UTC" in text_of(reader.get(PAGE))
    assert machine.call("DELETE", PATH).status_code == 404
    clock.move(60)
    assert machine.call("PUT", PATH, json=registration()).status_code == 201
    text = text_of(reader.get(PAGE))
    assert f"sluice-0a1b2c3d {ID} registered" in text
    assert "gone" not in text


def test_the_audit_log_tells_of_the_first_apply_and_the_destroy_and_by_which_token(gateway, team, machine):
    for method in ("PUT", "PUT", "DELETE", "DELETE"):
        machine.call(method, PATH, json=registration())
    (token,) = gateway.stores.tokens.all(team.customer)
    told = [
        (each.who, each.action.words, each.subject) for each in gateway.stores.audit_log.page(team.customer, size=3)
    ]
    assert told == [
        (token.name, "removed a subscription's registration", f"{ID} sluice-0a1b2c3d"),
        (token.name, "updated a subscription's registration", f"{ID} sluice-0a1b2c3d"),
        (token.name, "registered a subscription", f"{ID} sluice-0a1b2c3d"),
    ]
    assert token.name == f"token {token.number} (Production)"


def endings(page):
    """The addresses that end a registration, by the name that their buttons say."""
    found = re.findall(r'action="([^"]+/end)".*?aria-label="End the registration of ([^"]+)"', page.text, re.DOTALL)
    return {name: address for address, name in found}


def test_an_administrator_ends_one_of_two_registrations_of_a_subscription(
    gateway, team, machine, administrator, reader
):
    for name in ("azure-one", "azure-two"):
        machine.call("PUT", PATH, json=registration(deployment=name))
    page = administrator.get(PAGE)
    assert 'data-confirm="End the registration of azure-one? What is deployed in Azure keeps running' in page.text
    assert endings(reader.get(PAGE)) == {}
    assert reader.send(endings(page)["azure-one"]).status_code == 403
    ended = administrator.send(endings(page)["azure-one"])
    assert "The registration of azure-one was ended." in text_of(administrator.get(ended.headers["Location"]))
    (left,) = gateway.stores.registrations.in_force(team.customer)
    assert left.deployment == "azure-two"
    (entry,) = gateway.stores.audit_log.page(team.customer, size=1)
    assert (entry.action.words, entry.subject) == ("removed a subscription's registration", f"{ID} azure-one")
    assert entry.who.startswith("user-")
    assert administrator.send(endings(page)["azure-one"]).status_code == 404


def test_nobody_ends_another_customers_registration(gateway, new_client, administrator):
    other = new_client()
    other.call("PUT", PATH, json=registration(deployment="azure-theirs"))
    (theirs,) = gateway.stores.registrations.in_force(other.customer)
    assert administrator.send(f"{PAGE}/{theirs.key}/end").status_code == 404
    assert gateway.stores.registrations.in_force(other.customer)


ODD = "azure-\u202egnp.exe\x00\x1b[2J\r\n"


def test_what_an_earlier_version_took_is_shown_with_every_character_visible_and_can_be_ended(
    gateway, team, administrator, clock
):
    odd = registration(deployment=ODD, regions=[{"location": ODD, "storageAccount": ODD, "functionApp": ODD}])
    gateway.stores.registrations.put(team.customer, ID, odd, clock.now())
    page = administrator.get(PAGE)
    seen = r"azure-\u202egnp.exe\u0000\u001b[2J\u000d\u000a"
    assert page.text.count(seen) >= 4
    assert administrator.send(endings(page)[seen]).status_code == 303
    assert gateway.stores.registrations.in_force(team.customer) == []
    for address in (f"{PAGE}", "/setup/audit-log", "/setup/audit-log/export.csv"):
        text = administrator.get(address).text
        assert seen in text, address
        assert not any(each in text for each in "\u202e\x00\x1b"), address


def test_an_account_of_two_deployments_is_marked_on_both_pages(machine, administrator):
    administrator.send("/setup/flow-logs/new", configuration("flowlogsone"))
    details = "/setup/flow-logs/azure-production"
    machine.call("PUT", PATH, json=registration(deployment="azure-production"))
    assert "twice" not in text_of(administrator.get(details))
    answer = machine.call("PUT", PATH, json=registration(deployment="azure-by-hand"))
    assert answer.status_code == 201
    assert "flowlogsone twice also in azure-by-hand" in text_of(administrator.get(details))
    text = text_of(administrator.get(PAGE))
    for name in ("azure-by-hand", "azure-production"):
        assert f"flowlogsone → sluice-location1 twice also in {name}" in text


def test_the_deployment_tells_of_its_own_registration_and_of_its_end(machine, administrator):
    administrator.send("/setup/flow-logs/new", configuration("flowlogsone"))
    details = "/setup/flow-logs/azure-production"
    machine.call("PUT", PATH, json=registration(deployment="azure-production"))
    machine.call("PUT", PATH, json=registration(deployment="azure-other"))
    assert "by application 22222222-1bf0-4dda-aec3-cb9272f09590" in text_of(administrator.get(details))
    machine.call("DELETE", f"{PATH}?deployment=azure-production")
    text = text_of(administrator.get(details))
    # tests/terraform/test_life.py tries both.
    again = "terraform apply -replace=module.sluice.module.identity.terraform_data.registration registers it again"
    assert f"While it is deployed, {again};" in text


def test_a_module_that_does_not_send_the_name_is_found_by_its_account(machine, administrator):
    administrator.send("/setup/flow-logs/new", configuration("flowlogsone"))
    machine.call("PUT", PATH, json=registration())
    assert ", as sluice-0a1b2c3d" in text_of(administrator.get("/setup/flow-logs/azure-production"))
