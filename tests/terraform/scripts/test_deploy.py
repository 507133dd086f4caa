from urllib.parse import urlsplit

import pytest

from tests.support.servers import answer, serving

APP = "sluice-location1-0a1b2c3d.azurewebsites.net"
SCM = "sluice-location1-0a1b2c3d.scm.azurewebsites.net"
APP_ID = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/group/providers/Microsoft.Web/sites/app"
AZ = 'case "$*" in *get-access-token*) echo access-token ;; *listKeys*) echo {key} ;; *) exit 1 ;; esac'
PACKAGE = (
    "import pathlib; pathlib.Path('dist').mkdir(exist_ok=True); pathlib.Path('dist/function.zip').write_text('zip')"
)


class App:
    """A function app and its deployment service; a test changes what they answer."""

    def __init__(self):
        self.publish = [202]
        self.statuses = [4]
        self.webhook = 200

    def __call__(self, request):
        if request.headers["Host"] == APP:
            return answer(self.webhook if request.path.endswith("&code=key") else 401)
        if request.method == "POST":
            return answer(self._next(self.publish), "one")
        return answer(200, {"status": self._next(self.statuses)})

    def _next(self, answers):
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def app():
    return App()


@pytest.fixture
def azure(app, certificate, machine):
    """What answers for every host name."""
    with serving(app, certificate) as server:
        port = urlsplit(server.url).port
        (machine.folder / ".curlrc").write_text(f'insecure\nconnect-to = "::127.0.0.1:{port}"\n')
        machine.az(AZ.format(key="key"))
        (machine.folder / "dev").mkdir()
        (machine.folder / "dev" / "package.py").write_text(PACKAGE)
        yield server


def deploy(machine, **environment):
    settings = {"APP_HOST": APP, "APP_ID": APP_ID, "FUNCTIONS": "nsg_flow_log vnet_flow_log", "SOURCE_ROOT": "."}
    return machine.run("deploy.sh", **settings | environment)


def test_the_package_is_sent_and_every_function_greeted(machine, azure):
    done = deploy(machine)
    assert (done.status, done.said) == (0, f"The code runs in {APP}.\n")
    webhook = "/runtime/webhooks/blobs?functionName=Host.Functions."
    assert [(request.method, request.headers["Host"], request.path) for request in azure.requests] == [
        ("POST", SCM, "/api/publish?RemoteBuild=false&Deployer=sluice"),
        ("GET", SCM, "/api/deployments/one"),
        ("POST", APP, f"{webhook}nsg_flow_log&code=key"),
        ("POST", APP, f"{webhook}vnet_flow_log&code=key"),
    ]
    assert azure.requests[0].body == b"zip"
    assert azure.requests[0].headers["Authorization"] == "Bearer access-token"
    assert azure.requests[2].headers["aeg-event-type"] == "SubscriptionValidation"


@pytest.mark.usefixtures("azure")
def test_no_command_line_and_no_message_shows_a_token_or_a_key(machine):
    done = deploy(machine)
    assert machine.curl_words
    for shown in (machine.curl_words, done.said):
        assert "access-token" not in shown
        assert "code=" not in shown


@pytest.mark.usefixtures("azure")
def test_a_package_that_cannot_be_built_stops_it(machine):
    (machine.folder / "dev" / "package.py").write_text("import sys; sys.exit('no index')")
    done = deploy(machine)
    assert done.status == 1
    assert "no index" in done.said
    assert "The package could not be built. Apply again once the cause above is removed." in done.said


def test_whoever_is_not_signed_in_is_told(machine, azure):
    machine.az("echo 'Please run az login.' >&2; exit 1")
    done = deploy(machine)
    assert done.status == 1
    assert "Please run az login." in done.said
    assert not azure.requests


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("status", [400, 401, 413, 415])
def test_a_refused_package_is_told_at_once(machine, app, status):
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
def test_an_app_that_never_gets_ready_is_told(machine, app):
    app.publish = [503]
    done = deploy(machine)
    assert done.status == 1
    assert f"The code could not be sent to {APP} (HTTP 503 )" in done.said


@pytest.mark.usefixtures("azure")
def test_a_deployment_is_waited_for(machine, app):
    app.statuses = [1, 4]
    assert deploy(machine, SLUICE_PATIENCE="60").status == 0


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("status", [-1, 3, 5, 6])
def test_a_deployment_that_fails_is_told(machine, app, status):
    app.statuses = [status]
    done = deploy(machine)
    assert done.status == 1
    assert f"Azure could not deploy the code to {APP}." in done.said


@pytest.mark.usefixtures("azure")
@pytest.mark.parametrize("key", ["", "None"])
def test_a_host_that_makes_no_key_has_a_message_of_its_own(machine, key):
    machine.az(AZ.format(key=key))
    done = deploy(machine)
    assert done.status == 1
    assert f"The function app {APP} has no key blobs_extension: its host did not load the code." in done.said


def test_a_host_that_makes_its_key_later_is_waited_for_and_kept_awake(machine, azure):
    machine.az(AZ.format(key="$([ -e asked ] && echo key; touch asked)"))
    assert deploy(machine, SLUICE_PATIENCE="60").status == 0
    assert [request.path for request in azure.requests if request.path.endswith("code=")] != []


@pytest.mark.usefixtures("azure")
def test_a_host_that_does_not_answer_event_grid_is_told(machine, app):
    app.webhook = 503
    done = deploy(machine)
    assert done.status == 1
    assert f"The function app {APP} does not answer Event Grid (HTTP 503 )." in done.said
