import pytest

from tests.gateway.client import code

ID = "0b1f6471-1bf0-4dda-aec3-cb9272f09590"
PATH = f"/qas/azure/subscriptions/{ID}"
REGION = {"location": "westeurope", "storageAccount": "flowlogs", "functionApp": "sluice-westeurope"}
REGISTRATION = {
    "tenantId": "11111111-1bf0-4dda-aec3-cb9272f09590",
    "applicationId": "22222222-1bf0-4dda-aec3-cb9272f09590",
    "credential": "planted-secret",
    "deployment": "azure-one",
    "regions": [REGION],
}


def test_a_registration_is_new_once_and_may_be_repeated_and_replaced(gateway, client):
    assert client.call("PUT", PATH, json=REGISTRATION).status_code == 201
    assert client.call("PUT", PATH, json=REGISTRATION).status_code == 200
    assert (
        client.call(
            "PUT",
            PATH.upper().replace("/QAS/AZURE/SUBSCRIPTIONS", "/qas/azure/subscriptions"),
            json=REGISTRATION | {"deployment": "azure-two"},
        ).status_code
        == 200
    )
    (kept,) = gateway.stores.registrations.in_force(client.customer).items()
    assert kept[0] == ID
    assert kept[1]["deployment"] == "azure-two"


def test_the_credential_is_neither_kept_nor_shown(gateway, client):
    answer = client.call("PUT", PATH, json=REGISTRATION)
    assert "planted-secret" not in answer.text
    assert "planted-secret" not in str(gateway.stores.registrations.in_force(client.customer))


def test_a_removed_registration_is_gone_and_may_come_again(client):
    client.call("PUT", PATH, json=REGISTRATION)
    assert client.call("DELETE", PATH).status_code == 204
    assert code(client.call("DELETE", PATH)) == (404, "not_registered")
    assert client.call("PUT", PATH, json=REGISTRATION).status_code == 201


def test_customers_do_not_touch_each_others_registrations(gateway, new_client):
    one, other = new_client(), new_client()
    one.call("PUT", PATH, json=REGISTRATION)
    assert code(other.call("DELETE", PATH)) == (404, "not_registered")
    assert other.call("PUT", PATH, json=REGISTRATION).status_code == 201
    assert other.call("DELETE", PATH).status_code == 204
    assert list(gateway.stores.registrations.in_force(one.customer)) == [ID]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_registration_needs_a_subscription_token(client, method):
    client.token = "wrong"
    assert code(client.call(method, PATH, json=REGISTRATION)) == (401, "unauthorized")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_subscription_id_is_a_guid(client, method):
    answer = client.call(method, "/qas/azure/subscriptions/production", json=REGISTRATION)
    assert code(answer) == (400, "bad_subscription_id")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tenantId": "contoso"}, "tenantId"),
        ({"applicationId": None}, "applicationId"),
        ({"deployment": ""}, "deployment"),
        ({"deployment": "x" * 301}, "deployment"),
        ({"regions": []}, "regions"),
        ({"regions": [REGION, {"location": "westeurope"}]}, "regions"),
        ({"regions": "westeurope"}, "regions"),
    ],
)
def test_a_bad_registration_names_what_is_wrong(client, change, named):
    answer = client.call("PUT", PATH, json=REGISTRATION | change)
    assert code(answer) == (400, "bad_registration")
    assert named in answer.json()["error"]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}"])
def test_a_registration_is_a_json_object_with_all_its_keys(client, body):
    assert code(client.call("PUT", PATH, data=body)) == (400, "bad_registration")


def test_a_registration_without_a_credential_is_refused(client):
    body = {key: value for key, value in REGISTRATION.items() if key != "credential"}
    assert "credential" in client.call("PUT", PATH, json=body).json()["error"]["message"]
