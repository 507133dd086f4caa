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
            json=REGISTRATION | {"regions": [REGION | {"location": "eastus"}]},
        ).status_code
        == 200
    )
    (kept,) = gateway.stores.registrations.in_force(client.customer)
    assert (kept.subscription_id, kept.deployment) == (ID, "azure-one")
    assert kept.content["regions"] == [REGION | {"location": "eastus"}]


def test_the_credential_is_neither_kept_nor_shown(gateway, client):
    answer = client.call("PUT", PATH, json=REGISTRATION)
    assert "planted-secret" not in answer.text
    assert "planted-secret" not in str(gateway.stores.registrations.in_force(client.customer))


def test_a_removed_registration_is_gone_and_may_come_again(client):
    client.call("PUT", PATH, json=REGISTRATION)
    assert client.call("DELETE", PATH).status_code == 204
    assert code(client.call("DELETE", PATH)) == (404, "not_registered")
    assert client.call("PUT", PATH, json=REGISTRATION).status_code == 201


def in_force(gateway, client):
    return sorted(each.deployment for each in gateway.stores.registrations.in_force(client.customer))


def test_two_deployments_of_a_subscription_stand_side_by_side_and_end_by_name(gateway, client):
    assert client.call("PUT", PATH, json=REGISTRATION).status_code == 201
    assert client.call("PUT", PATH, json=REGISTRATION | {"deployment": "azure two"}).status_code == 201
    assert in_force(gateway, client) == ["azure two", "azure-one"]
    refused = client.call("DELETE", PATH)  # as version 0.1 does, whose script turns 403 into a warning
    assert code(refused) == (403, "deployment_missing")
    assert "?deployment=NAME" in refused.json()["error"]["message"]
    assert client.call("DELETE", f"{PATH}?deployment=azure%20two").status_code == 204
    assert in_force(gateway, client) == ["azure-one"]
    assert code(client.call("DELETE", f"{PATH}?deployment=azure%20two")) == (404, "not_registered")
    assert client.call("DELETE", PATH).status_code == 204
    assert in_force(gateway, client) == []


@pytest.mark.parametrize(
    "query", ["deployment=", "deployment=a&deployment=b", "deployment=%00", f"deployment={'x' * 301}"]
)
def test_a_deployment_that_no_registration_can_have_is_refused_and_ends_nothing(gateway, client, query):
    client.call("PUT", PATH, json=REGISTRATION)
    assert code(client.call("DELETE", f"{PATH}?{query}")) == (400, "bad_deployment")
    assert in_force(gateway, client) == ["azure-one"]


def test_the_cloud_and_the_ends_of_credentials_are_kept_where_they_are_sent(gateway, client):
    sent = {
        "cloud": "usgovernment",
        "credentialExpiresAt": "2027-11-20T15:00:00Z",
        "secretExpiresAt": "2027-11-19T15:00:00Z",
    }
    answer = client.call("PUT", PATH, json=REGISTRATION | sent)
    assert answer.json().items() >= sent.items()
    (kept,) = gateway.stores.registrations.in_force(client.customer)
    assert kept.cloud == "usgovernment"
    assert kept.credential_expires_at.isoformat() == "2027-11-20T15:00:00+00:00"
    later = {"credentialExpiresAt": "2027-11-20T17:00:00.5+02:00"}
    assert client.call("PUT", PATH, json=REGISTRATION | later).json()["credentialExpiresAt"] == "2027-11-20T15:00:00Z"
    longest_ago = {"credentialExpiresAt": "0001-01-01T00:00:00Z"}
    assert client.call("PUT", PATH, json=REGISTRATION | longest_ago).json().items() >= longest_ago.items()
    (kept,) = gateway.stores.registrations.in_force(client.customer)
    assert kept.credential_expires_at.year == 1
    client.call("PUT", PATH, json=REGISTRATION | dict.fromkeys(sent))
    (kept,) = gateway.stores.registrations.in_force(client.customer)
    assert (kept.cloud, kept.credential_expires_at) == (None, None)


def test_customers_do_not_touch_each_others_registrations(gateway, new_client):
    one, other = new_client(), new_client()
    one.call("PUT", PATH, json=REGISTRATION)
    assert code(other.call("DELETE", PATH)) == (404, "not_registered")
    assert other.call("PUT", PATH, json=REGISTRATION).status_code == 201
    assert other.call("DELETE", PATH).status_code == 204
    assert in_force(gateway, one) == ["azure-one"]


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
        ({"deployment": "azure-\u202egnp.exe"}, "deployment"),
        ({"deployment": "azure-\x00"}, "deployment"),
        ({"deployment": "azure-\x1b[2J"}, "deployment"),
        ({"deployment": "azure-\r\nSet-Cookie: x"}, "deployment"),
        ({"deployment": "azure-\u200bone"}, "deployment"),
        ({"deployment": " "}, "deployment"),
        ({"deployment": "\u3164"}, "deployment"),
        ({"regions": [REGION | {"location": "west\u2066europe"}]}, "regions"),
        ({"regions": [REGION | {"storageAccount": "flow\nlogs"}]}, "regions"),
        ({"regions": [REGION | {"functionApp": "\x07"}]}, "regions"),
        ({"credentialExpiresAt": "soon"}, "credentialExpiresAt"),
        ({"credentialExpiresAt": "2027-11-20T15:00:00"}, "credentialExpiresAt"),
        ({"credentialExpiresAt": "0001-01-01T00:00:00+23:59"}, "credentialExpiresAt"),
        ({"secretExpiresAt": 1795534200}, "secretExpiresAt"),
        ({"cloud": "AzureCloud"}, "cloud"),
        ({"cloud": ["public"]}, "cloud"),
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


def test_a_registration_needs_no_credential(client):
    body = {key: value for key, value in REGISTRATION.items() if key != "credential"}
    assert client.call("PUT", PATH, json=body).status_code == 201
