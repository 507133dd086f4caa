from tests.gateway.console.person import text_of
from tests.gateway.console.setup.configured import configuration
from tests.gateway.console.setup.registered import ID, PATH, registration

PAGE = "/setup/registrations"


def test_what_terraform_registers_appears(machine, reader, clock):
    assert "No subscription is registered yet." in text_of(reader.get(PAGE))
    assert machine.call("PUT", PATH, json=registration()).status_code == 201
    page = reader.get(PAGE)
    assert (
        f"{ID} registered sluice-0a1b2c3d 22222222-1bf0-4dda-aec3-cb9272f09590 11111111-1bf0-4dda-aec3-cb9272f09590 "
        f"eastus: flowlogsone → sluice-location1 {clock.now():%Y-%m-%d %H:%M:%S} UTC"
    ) in text_of(page)
    assert "planted-secret" not in page.text


def test_it_is_marked_gone_on_destroy_and_comes_back_on_the_next_apply(machine, reader, clock):
    machine.call("PUT", PATH, json=registration())
    clock.move(60)
    assert machine.call("DELETE", PATH).status_code == 204
    assert f"{ID} gone {clock.now():%Y-%m-%d %H:%M:%S} UTC" in text_of(reader.get(PAGE))
    assert machine.call("DELETE", PATH).status_code == 404
    clock.move(60)
    assert machine.call("PUT", PATH, json=registration()).status_code == 201
    text = text_of(reader.get(PAGE))
    assert f"{ID} registered" in text
    assert "gone" not in text.replace("that are gone", "")


def test_the_audit_log_tells_of_the_first_apply_and_the_destroy_and_by_which_token(gateway, team, machine):
    for method in ("PUT", "PUT", "DELETE", "DELETE"):
        machine.call(method, PATH, json=registration())
    (token,) = gateway.stores.tokens.all(team.customer)
    told = [
        (each.who, each.action.words, each.subject) for each in gateway.stores.audit_log.page(team.customer, size=3)
    ]
    assert told == [
        (token.name, "removed a subscription's registration", ID),
        (token.name, "updated a subscription's registration", ID),
        (token.name, "registered a subscription", ID),
    ]
    assert token.name == f"token {token.number} (Production)"


def test_the_deployment_of_the_subscription_tells_too(machine, administrator):
    administrator.send("/setup/flow-logs/new", configuration("flowlogsone"))
    details = "/setup/flow-logs/azure-production"
    assert "not registered" in text_of(administrator.get(details))
    machine.call("PUT", PATH, json=registration())
    assert "registered by application 22222222-1bf0-4dda-aec3-cb9272f09590" in text_of(administrator.get(details))
