import json
import sys
import urllib.parse

import pytest

from tests.support.servers import always, answer, error
from tests.terraform.setup.conftest import TOKEN, A, everywhere, written

SUBSCRIPTION = f"/subscriptions/{A}"
ACCOUNT = f"{SUBSCRIPTION}/resourceGroups/logs/providers/Microsoft.Storage/storageAccounts/flowlogs"
WATCHER = f"{SUBSCRIPTION}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/eastus"
GROUP = f"{SUBSCRIPTION}/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/operators"
RIGHTS, LOCKS, FLEX, STORAGE, WATCHERS, POLICIES = (
    f"{SUBSCRIPTION}/providers/{name}"
    for name in (
        "Microsoft.Authorization/permissions",
        "Microsoft.Authorization/locks",
        "Microsoft.Web/geoRegions",
        "Microsoft.Storage/storageAccounts",
        "Microsoft.Network/networkWatchers",
        "Microsoft.PolicyInsights/checkPolicyRestrictions",
    )
)
BLOBS = "flowlogs.blob.core.windows.net"
APPLICATIONS, MY_ROLES = "/v1.0/policies/authorizationPolicy", "/v1.0/me/memberOf/microsoft.graph.directoryRole"


def account(**properties):
    settings = {"networkAcls": {"defaultAction": "Allow"}, "publicNetworkAccess": "Enabled"} | properties
    return {"id": ACCOUNT, "name": "flowlogs", "location": "eastus", "kind": "StorageV2", "properties": settings}


def values(*each):
    return {"value": list(each)}


def all_is_well():
    return {
        SUBSCRIPTION: {"state": "Enabled", "displayName": "Production"},
        RIGHTS: values({"actions": ["*"], "notActions": []}),
        LOCKS: values(),
        FLEX: values({"name": "East US"}, {"name": "westeurope"}),
        STORAGE: values(account()),
        WATCHERS: values({"id": WATCHER}),
        f"{WATCHER}/flowLogs": values({"properties": {"storageId": ACCOUNT.upper(), "enabled": True}}),
        POLICIES: {"contentEvaluationResult": {"policyEvaluations": []}, "fieldRestrictions": []},
        APPLICATIONS: {"defaultUserRolePermissions": {"allowedToCreateApps": True}},
        MY_ROLES: values(),
        GROUP: {"properties": {"enabled": True}},
        BLOBS: answer(200, b"<EnumerationResults/>"),
    }


@pytest.fixture
def azure(machine, apps_certificate):
    """What Azure answers, by path; a test changes it. What is missing, or None, may not be read."""
    answers = all_is_well()

    def respond(request):
        host = str(request.headers["Host"])
        content = answers.get(host if ".blob." in host else urllib.parse.urlsplit(request.path).path)
        return answer(403) if content is None else content if isinstance(content, list) else answer(200, content)

    with everywhere(machine, respond, apps_certificate) as server:
        answers["requests"] = server.requests
        yield answers


@pytest.fixture
def variables(gateway):
    """The content of the customer's file, with everything in it, and a gateway that takes the token."""
    entry = {"location": "eastus", "flow_logs_storage_connection_string": "AccountName=flowlogs;AccountKey=c2VjcmV0"}
    gateway.respond = always(*answer(200, {"expiresAt": "2027-11-05T22:07:57Z"}))
    return {"apigw_url": gateway.url, "subscription_token": TOKEN, "region_set": {"location1": entry}}


@pytest.fixture(autouse=True)
def terraform(machine):
    """Sets the version that terraform tells."""

    def version(number):
        program = f'#!/bin/sh\necho \'{{"terraform_version": "{number}"}}\'\n'
        machine.program("terraform", program)

    (machine.folder / "function.zip").touch()
    version("1.11.4")
    return version


@pytest.fixture
def found(machine):
    """Runs preflight; gives how it ended and its table, blanks in a row as one."""

    def running(content, *options, **environment):
        done = machine.run("preflight", A, str(written(machine, content)), *options, **environment)
        return done.status, "\n".join(" ".join(line.split()) for line in done.said.splitlines())

    return running


@pytest.mark.usefixtures("azure")
def test_when_nothing_is_missing_every_line_says_ok(found, variables):
    status, table = found(variables)
    assert {line.split()[0] for line in table.splitlines()} == {"ok"}, table
    assert status == 0
    assert "ok token the gateway accepts it until 2027-11-05T22:07:57Z" in table
    assert f"ok subscription az and terraform will work on Production ({A})" in table
    assert "ok account flowlogs a flow log writes to it" in table


@pytest.mark.usefixtures("azure")
def test_an_agents_token_is_reported_as_one(found, variables, gateway):
    gateway.respond = always(*error(403, "wrong_token_kind"))
    status, table = found(variables)
    assert status == 1
    assert "missing token the gateway refuses it. It is an agent's token: create one of kind ingest" in table


@pytest.mark.usefixtures("azure")
def test_a_program_reads_the_same_as_json(machine, variables):
    done = machine.run("preflight", A, str(written(machine, variables)), "--json")
    said = json.loads(done.said)
    assert said["ready"] is True
    assert {"state": "ok", "what": "locks", "finding": "there are none in the way"} in said["checks"]


def test_what_is_missing_has_a_line_and_the_rest_is_looked_at_all_the_same(machine, found, variables, gateway):
    machine.az("sys.exit('Please run az login.')")
    gateway.respond = always(*error(401, "unauthorized"))
    status, table = found(variables)
    assert status == 1
    assert "missing subscription az is not signed in: Please run az login. Run az login, then run this again." in table
    assert "missing token the gateway refuses it. Get a new one from its console" in table
    assert "ok gateway" in table


def test_every_token_of_az_is_for_the_subscription(machine, azure, found, variables):
    found(variables)
    assert len(machine.az_words) == 2
    assert all(words.startswith(f"account get-access-token --subscription {A} ") for words in machine.az_words)
    signed = {request.headers["Host"]: request.headers["Authorization"] for request in azure["requests"]}
    assert signed.pop(BLOBS).startswith("SharedKey flowlogs:")
    assert set(signed.values()) == {"Bearer access-token"}


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("version", ["1.10.5", "0.15.0", "1.9.8"])
def test_an_old_terraform_is_missing(found, variables, terraform, version):
    terraform(version)
    status, table = found(variables)
    assert status == 1
    assert f"terraform/install. This is {version}" in table


@pytest.mark.usefixtures("azure")
def test_a_machine_without_terraform_lacks_it(machine, found, variables):
    (machine.folder / "bin" / "terraform").unlink()
    assert "missing terraform terraform 1.11 or newer is required" in found(variables)[1]


def test_a_machine_without_az_lacks_it(machine, found, variables):
    (machine.folder / "bin" / "az").unlink()
    assert "missing az the Azure CLI is required: https://" in found(variables)[1]


@pytest.mark.usefixtures("azure")
def test_a_machine_whose_python_has_another_name_is_told_what_to_write(machine, found, variables):
    (machine.folder / "bin" / "python3").rename(machine.folder / "bin" / "python3.13")
    assert 'missing Python python3 does not run. Set "python": "' in found(variables)[1]
    assert "ok Python python3.13 is 3.13" in found(variables | {"python": "python3.13"})[1]


def test_a_python_that_is_too_old_is_reported(machine, found, variables):
    (machine.folder / "bin" / "python3").rename(machine.folder / "bin" / "python3.13")
    machine.program("python3", "#!/bin/echo 3 8")  # which writes that, and the rest of what it is called with
    assert "missing Python python3 does not run" in found(variables)[1]
    machine.program("python3", f"#!{sys.executable} -IS\nprint(3, 8)\n")
    assert "missing Python python3 is 3.8, and 3.9 or newer is required. Set" in found(variables)[1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_with_a_byte_order_mark_is_reported_as_such(machine, variables, encoding):
    file = machine.folder / "terraform.tfvars.json"
    file.write_text(json.dumps(variables), encoding=encoding)
    table = machine.run("preflight", A, str(file)).said
    assert "begins with a byte order mark, or is UTF-16. Save it as UTF-8 without one" in table


@pytest.mark.parametrize(
    "permission",
    [
        {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]},
        {"actions": ["Microsoft.Authorization/roleAssignments/*"], "notActions": []},
        {"actions": ["*/read"], "notActions": []},
    ],
)
def test_rights_that_do_not_do_are_missing(azure, found, variables, permission):
    azure[RIGHTS] = values(permission)
    status, table = found(variables)
    assert status == 1
    assert (
        "missing rights you need the role Owner, or Contributor with User Access Administrator. Not allowed: " in table
    )


def test_rights_of_two_roles_on_two_pages_add_up(azure, found, variables):
    contributor = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
    administrator = {"actions": ["Microsoft.Authorization/*"], "notActions": []}
    azure[RIGHTS] = values(contributor) | {"nextLink": "https://management.azure.com/second"}
    azure["/second"] = values(administrator)
    assert "ok rights" in found(variables)[1]


def test_a_next_page_elsewhere_is_not_asked_for_with_the_token(azure, found, variables):
    azure[RIGHTS] = values() | {"nextLink": "https://graph.microsoft.com/second"}
    assert "unsure rights" in found(variables)[1]
    assert not any(request.path == "/second" for request in azure["requests"])


def test_whoever_may_not_create_an_application_lacks_that_unless_a_role_gives_it(azure, found, variables):
    azure[APPLICATIONS] = {"defaultUserRolePermissions": {"allowedToCreateApps": False}}
    status, table = found(variables)
    assert (status, "missing Entra you may not create an application" in table) == (1, True)
    azure[MY_ROLES] = values({"displayName": "Application Developer"})
    assert found(variables)[0] == 0


def test_what_cannot_be_read_is_unsure_and_no_obstacle(azure, found, variables):
    for path in (RIGHTS, APPLICATIONS, MY_ROLES, LOCKS, FLEX, WATCHERS, POLICIES):
        azure[path] = None
    status, table = found(variables)
    assert status == 0
    unsure = {line.split()[1] for line in table.splitlines() if line.startswith("unsure")}
    assert unsure == {"rights", "Entra", "locks", "Flex", "account", "policies"}


@pytest.mark.parametrize("state", ["Disabled", "Warned", "Deleted"])
def test_a_subscription_that_is_not_in_use_is_missing(azure, found, variables, state):
    azure[SUBSCRIPTION] = {"state": state}
    assert f"missing subscription subscription {A} is {state}" in found(variables)[1]


def test_a_location_without_flex_consumption_is_missing(azure, found, variables):
    azure[FLEX] = values({"name": "westeurope"})
    status, table = found(variables)
    assert status == 1
    assert "missing Flex in eastus Flex Consumption is not available there" in table


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ([], f"is not in subscription {A}, or you may not see it"),
        ([account() | {"location": "westeurope"}], "is in westeurope, not in eastus"),
        ([account() | {"kind": "Storage"}], "is a general-purpose v1 account, which sends no events"),
        ([account(publicNetworkAccess="Disabled")], "has no public network access"),
        ([account(publicNetworkAccess="SecuredByPerimeter")], "has no public network access"),
        ([account(networkAcls={"defaultAction": "Deny", "bypass": "AzureServices"})], "has a firewall"),
        ([account(allowSharedKeyAccess=False)], "does not accept keys. Use flow_logs_storage_account_id"),
    ],
)
def test_an_account_that_the_function_app_will_not_get_at_is_missing(azure, found, variables, there, said):
    azure[STORAGE] = values(*there)
    status, table = found(variables)
    assert status == 1
    assert f"missing account flowlogs {said}" in table


def test_a_key_of_another_account_is_missing(azure, found, variables):
    azure[BLOBS] = answer(403, b"<Error><Code>AuthenticationFailed</Code></Error>")
    status, table = found(variables)
    assert (status, "missing account flowlogs the key in the connection string is not this account's" in table) == (
        1,
        True,
    )


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("key", ["", "not base64!", "YWJj="])
def test_a_key_that_can_not_be_one_is_missing(found, variables, key):
    string = f"AccountName=flowlogs;AccountKey={key}"
    variables["region_set"]["location1"]["flow_logs_storage_connection_string"] = string
    assert "missing account flowlogs the key in the connection string is not this account's" in found(variables)[1]


def test_an_account_that_this_machine_may_not_reach_is_unsure(azure, found, variables):
    azure[BLOBS] = answer(403, b"<Error><Code>AuthorizationFailure</Code></Error>")
    status, table = found(variables)
    assert (status, "unsure account flowlogs could not check from here whether it accepts the key" in table) == (
        0,
        True,
    )


def test_an_account_without_keys_is_right_by_its_id(azure, found, variables):
    azure[STORAGE] = values(account(allowSharedKeyAccess=False))
    variables["region_set"]["location1"] = {"location": "East US", "flow_logs_storage_account_id": ACCOUNT}
    assert found(variables)[0] == 0


def test_an_account_that_no_flow_log_writes_to_is_reported(azure, found, variables):
    azure[f"{WATCHER}/flowLogs"] = values({"properties": {"storageId": ACCOUNT, "enabled": False}})
    assert "missing account flowlogs the flow log that writes to it is disabled" in found(variables)[1]
    azure[f"{WATCHER}/flowLogs"] = values()
    status, table = found(variables)
    assert (status, "unsure account flowlogs no flow log of this subscription writes to it" in table) == (0, True)


@pytest.mark.parametrize(
    ("scope", "level", "state"),
    [
        (SUBSCRIPTION, "ReadOnly", "missing"),
        (f"{SUBSCRIPTION}/resourceGroups/LOGS", "ReadOnly", "missing"),
        (ACCOUNT, "CanNotDelete", "unsure"),
        (f"{SUBSCRIPTION}/resourceGroups/others", "ReadOnly", None),
        (f"{ACCOUNT}2", "ReadOnly", None),
    ],
)
def test_a_lock_is_told_where_it_is_in_the_way(azure, found, variables, scope, level, state):
    lock = f"{scope}/providers/Microsoft.Authorization/locks/careful"
    azure[LOCKS] = values({"id": lock, "name": "careful", "properties": {"level": level}})
    status, table = found(variables)
    assert status == (1 if state == "missing" else 0)
    assert (f"{state} lock careful" in table) is (state is not None)


def test_an_action_group_that_is_not_there_is_missing(azure, found, variables):
    variables["alert_action_group_id"] = GROUP
    assert "ok action group it exists" in found(variables)[1]
    azure[GROUP] = answer(404)
    status, table = found(variables)
    assert (status, f"missing action group {GROUP} does not exist" in table) == (1, True)


def test_a_policy_that_denies_what_is_made_is_missing(azure, found, variables):
    evaluation = {
        "policyInfo": {"policyAssignmentId": "/assignments/Enforce-GR-KeyVault"},
        "evaluationResult": "NonCompliant",
        "effectDetails": {"policyEffect": "Deny"},
    }
    azure[POLICIES] = {"contentEvaluationResult": {"policyEvaluations": [evaluation]}}
    status, table = found(variables)
    assert status == 1
    assert "missing policy /assignments/Enforce-GR-KeyVault denies Microsoft.KeyVault/vaults in eastus" in table
    asked = [json.loads(request.body) for request in azure["requests"] if request.method == "POST"]
    vault = next(
        one for one in asked if one["resourceDetails"]["resourceContent"]["type"] == "Microsoft.KeyVault/vaults"
    )
    assert "enablePurgeProtection" not in vault["resourceDetails"]["resourceContent"]["properties"]


@pytest.mark.parametrize("changed", [{"evaluationResult": "Compliant"}, {"effectDetails": {"policyEffect": "Audit"}}])
def test_a_policy_that_denies_nothing_is_not_an_obstacle(azure, found, variables, changed):
    evaluation = {"evaluationResult": "NonCompliant", "effectDetails": {"policyEffect": "Deny"}} | changed
    azure[POLICIES] = {"contentEvaluationResult": {"policyEvaluations": [evaluation]}}
    assert found(variables)[0] == 0


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("status", [401, 403])
def test_a_firewall_before_the_gateway_is_missing_and_says_nothing_of_the_token(found, variables, gateway, status):
    gateway.respond = always(*answer(status, b"<html><h1>Forbidden</h1></html>"))
    ended, table = found(variables)
    assert ended == 1
    assert f"missing gateway The gateway at {gateway.url} answered HTTP {status}, but not in its own form" in table
    assert "unsure token it could not be checked" in table


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("content", [b"<html>Welcome</html>", {"expiresAt": TOKEN}, {}])
def test_a_page_that_says_200_is_not_a_gateway(found, variables, gateway, content):
    gateway.respond = always(*answer(200, content))
    status, table = found(variables)
    assert status == 1
    assert f"missing gateway {gateway.url}: what answers there is not an API gateway" in table
    assert "subscription-token-with" not in table


@pytest.mark.usefixtures("azure")
def test_a_gateway_that_is_not_there_is_missing(found, variables):
    status, table = found(variables | {"apigw_url": "https://127.0.0.1:1"})
    assert status == 1
    assert "missing gateway https://127.0.0.1:1: connection refused" in table


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("url", ["http://gateway.example.com", "file:///etc/passwd", "gateway.example.com", "https://"])
def test_no_token_is_sent_without_tls(found, variables, url):
    assert (
        "missing terraform.tfvars.json apigw_url must be an https:// address"
        in found(variables | {"apigw_url": url})[1]
    )


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("content", ["[]", "{}", '{"apigw_url": "https://x", "region_set": {"location1": {}}}'])
def test_a_file_that_is_not_filled_in_is_missing(found, content):
    status, table = found(content)
    assert status == 1
    assert "missing terraform.tfvars.json apigw_url or region_set is missing or incomplete" in table


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("content", ["", "{", '{"subscription_token": "planted", }'])
def test_a_file_that_is_not_json_is_reported_without_a_word_of_it(found, content):
    status, table = found(content)
    assert status == 1
    assert "missing terraform.tfvars.json the file is not valid JSON" in table
    assert "planted" not in table


def test_what_has_a_strange_form_is_not_a_reason_to_stop(azure, found, variables):
    entry = {"location": "eastus", "flow_logs_storage_account_id": 7}
    strange = {"tags": ["a"], "endpoint_suffix": ["b"], "alert_action_group_id": {}, "region_set": {"location1": entry}}
    azure[POLICIES] = {"contentEvaluationResult": {"policyEvaluations": ["x", {"effectDetails": 1, "policyInfo": 2}]}}
    azure[LOCKS] = values({"id": 1, "properties": []}, {"id": SUBSCRIPTION, "name": "\x1b[2Jgone"})
    azure[f"{WATCHER}/flowLogs"] = values({"properties": None})
    azure[STORAGE] = values({"name": "7", "location": None, "properties": [], "id": None})
    status, table = found(variables | strange)
    assert status == 1
    assert "Traceback" not in table
    assert "\x1b" not in table


@pytest.mark.parametrize("arguments", [(), ("--json",), ("a", "b", "c")])
def test_without_a_subscription_it_tells_how_it_is_called(machine, arguments):
    done = machine.run("preflight", *arguments)
    assert done.status == 2
    assert "SUBSCRIPTION_ID [VARIABLES_FILE] [--json]" in done.said


@pytest.mark.parametrize("subscription", ["prod", f"{A} & calc.exe", A.replace("-", "")])
def test_a_subscription_that_is_not_an_id_reaches_no_program(machine, variables, subscription):
    done = machine.run("preflight", subscription, str(written(machine, variables)))
    assert "its id must be a GUID in lower case" in done.said
    assert not machine.az_words


@pytest.mark.usefixtures("azure")
def test_no_command_line_and_no_message_shows_a_secret(machine, found, variables):
    _, table = found(variables)
    for shown in ("".join(machine.az_words), table):
        assert "subscription-token-with" not in shown
        assert "c2VjcmV0" not in shown
