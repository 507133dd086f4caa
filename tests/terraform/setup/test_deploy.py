import json
import threading
from dataclasses import replace

import pytest

from tests.support.servers import answer
from tests.terraform.setup.conftest import A, everywhere, forking_python

APP = "sluice-location1-0a1b2c3d.azurewebsites.net"
SCM = "sluice-location1-0a1b2c3d.scm.azurewebsites.net"
APP_ID = f"/subscriptions/{A}/resourceGroups/group/providers/Microsoft.Web/sites/app"
KEY_PATH = f"{APP_ID}/host/default/systemkeys/blobs_extension?api-version=2024-04-01"
PACKAGE = (
    "import pathlib; pathlib.Path('dist').mkdir(exist_ok=True); pathlib.Path('dist/function.zip').write_text('zip')"
)


class App:
    """A function app, its deployment service and Azure Resource Manager; a test changes what they answer."""

    def __init__(self):
        self.publish = [202]
        self.statuses = [4]
        self.key = [201]
        self.webhook = 200

    def __call__(self, request):
        match request.headers["Host"], request.method:
            case ("management.azure.com", "PUT"):
                return answer(self._next(self.key))
            case (host, "POST") if host == APP:
                return answer(self.webhook if request.path.endswith("&code=webhook-key") else 401)
            case (host, "POST") if host == SCM:
                return answer(self._next(self.publish), "one")
            case (host, "GET") if host == SCM:
                return answer(200, {"status": self._next(self.statuses)})
        return answer(404)

    def _next(self, answers):
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def app():
    return App()


@pytest.fixture
def azure(app, apps_certificate, machine):
    """What answers for every host name."""
    with everywhere(machine, app, apps_certificate) as server:
        (machine.folder / "dev").mkdir()
        (machine.folder / "dev" / "package.py").write_text(PACKAGE)
        yield server


def deploy(machine, **environment):
    settings = {
        "APP_HOST": APP,
        "APP_ID": APP_ID,
        "ARM": "https://management.azure.com",
        "FUNCTIONS": "nsg_flow_log vnet_flow_log",
        "SOURCE_ROOT": ".",
        "WEBHOOK_KEY": "webhook-key",
    }
    return machine.run("deploy", **settings | environment)


def test_the_package_is_sent_and_every_function_greeted(machine, azure):
    done = deploy(machine)
    assert (done.status, done.said) == (0, f"The code is running in {APP}.\n")
    webhook = "/runtime/webhooks/blobs?functionName=Host.Functions."
    assert [(request.method, request.headers["Host"], request.path) for request in azure.requests] == [
        ("POST", SCM, "/api/publish?RemoteBuild=false&Deployer=sluice"),
        ("GET", SCM, "/api/deployments/one"),
        ("PUT", "management.azure.com", KEY_PATH),
        ("POST", APP, f"{webhook}nsg_flow_log&code=webhook-key"),
        ("POST", APP, f"{webhook}vnet_flow_log&code=webhook-key"),
    ]
    assert azure.requests[0].body == b"zip"
    assert azure.requests[0].headers["Authorization"] == "Bearer access-token"
    assert json.loads(azure.requests[2].body) == {"properties": {"name": "blobs_extension", "value": "webhook-key"}}
    assert azure.requests[2].headers["Authorization"] == "Bearer access-token"
    assert azure.requests[3].headers["aeg-event-type"] == "SubscriptionValidation"
    assert [words.partition(" --query")[0] for words in machine.az_words] == [
        f"account get-access-token --subscription {A}"
    ]


@pytest.mark.usefixtures("azure")
def test_no_command_line_and_no_message_shows_a_token_or_a_key(machine):
    done = deploy(machine)
    for shown in ("".join(machine.az_words).replace("get-access-token", ""), done.said):
        assert "access-token" not in shown
        assert "webhook-key" not in shown


@pytest.mark.usefixtures("azure")
def test_a_package_that_cannot_be_built_stops_it(machine):
    (machine.folder / "dev" / "package.py").write_text("import sys; sys.exit('no index')")
    done = deploy(machine)
    assert done.status == 1
    assert "no index" in done.said
    assert "The package could not be built. Fix the cause above, then apply again." in done.said


def test_whoever_is_not_signed_in_is_reported(machine, azure):
    machine.az("sys.exit('Please run az login.')")
    done = deploy(machine)
    assert done.status == 1
    assert "Please run az login." in done.said
    assert not azure.requests


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("status", [400, 401, 413, 415])
def test_a_refused_package_is_reported_at_once(machine, app, status):
    app.publish = [status]
    done = deploy(machine, SLUICE_PATIENCE="60")
    assert done.status == 1
    assert f"The function app {APP} refuses the package (HTTP {status})." in done.said


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("status", [403, 404, 409, 429, 500, 502, 503])
def test_an_app_that_is_not_ready_yet_is_asked_again(machine, app, status):
    app.publish = [status, 202]
    assert deploy(machine, SLUICE_PATIENCE="60").status == 0


@pytest.mark.usefixtures("azure")
def test_an_app_that_never_gets_ready_is_reported(machine, app):
    app.publish = [503]
    done = deploy(machine)
    assert done.status == 1
    assert f"The code could not be sent to {APP} (HTTP 503)" in done.said


@pytest.mark.usefixtures("azure")
def test_a_deployment_is_waited_for(machine, app):
    app.statuses = [1, 4]
    assert deploy(machine, SLUICE_PATIENCE="60").status == 0


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("status", [-1, 3, 5, 6])
def test_a_deployment_that_fails_is_reported(machine, app, status):
    app.statuses = [status]
    done = deploy(machine)
    assert done.status == 1
    assert f"Azure could not deploy the code to {APP}." in done.said


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize(
    ("status", "why"),
    [
        *((status, "its host is not running, or did not load the code. ") for status in (400, 500)),
        *((status, "the user that az is signed in as may not set it.") for status in (401, 403)),
    ],
)
def test_a_host_that_takes_no_key_has_a_message_of_its_own(machine, app, status, why):
    app.key = [status]
    done = deploy(machine)
    assert done.status == 1
    assert f"The function app {APP} does not accept the key blobs_extension (HTTP {status}): {why}" in done.said


def test_a_host_that_takes_its_key_later_is_waited_for_and_kept_awake(machine, azure, app):
    app.key = [400, 200]
    assert deploy(machine, SLUICE_PATIENCE="60").status == 0
    assert len([request for request in azure.requests if "/runtime/webhooks/" in request.path]) == 4


@pytest.mark.usefixtures("azure")
def test_a_host_that_does_not_answer_event_grid_is_reported(machine, app):
    app.webhook = 503
    done = deploy(machine)
    assert done.status == 1
    assert f"The function app {APP} does not answer Event Grid (HTTP 503)." in done.said


def test_a_deployment_that_is_answered_with_200_is_done(machine, azure, app):
    app.publish = [200]
    assert deploy(machine).status == 0
    assert not [request for request in azure.requests if "/api/deployments/" in request.path]


def test_a_ready_made_package_is_sent_as_it_is(machine, azure):
    (machine.folder / "function.zip").write_bytes(b"ready")
    (machine.folder / "dev" / "package.py").unlink()
    assert deploy(machine, READY_MADE="function.zip").status == 0
    assert azure.requests[0].body == b"ready"


def test_deployments_from_one_folder_go_in_turn(machine, azure):
    (machine.folder / ".terraform").mkdir()
    begun, both_inside, inside, most = threading.Barrier(2), threading.Event(), [], []

    def respond(request, answered=azure.respond):
        if request.path.startswith("/api/publish"):
            inside.append(request)
            most.append(len(inside))
            if len(inside) == 2:
                both_inside.set()
            # As long as the other needs to come in, if nothing holds it back.
            both_inside.wait(0.5)
        pieces = answered(request)
        if request.path.endswith("vnet_flow_log&code=webhook-key"):
            inside.pop()
        return pieces

    azure.respond = respond
    done = []

    def run(machine):
        begun.wait()
        done.append(deploy(machine).status)

    with forking_python() as another:
        threads = [threading.Thread(target=run, args=[each]) for each in (machine, replace(machine, forking=another))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert done == [0, 0]
    assert most == [1, 1]


@pytest.mark.usefixtures("azure")
def test_a_machine_without_az_is_reported(machine):
    (machine.folder / "bin" / "az").unlink()
    assert "The Azure CLI, az, is missing: https://" in deploy(machine).said
