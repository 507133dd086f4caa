"""Deploying the code to a function app, until Event Grid can call it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from azure import access_token
from speaking import Failed, Patience, say, setting
from turns import taking_turns
from web import Answer, request

_KEY_NAME = "blobs_extension"
_KEY_VARIABLE = "WEBHOOK_KEY"
_GREETING = [
    {
        "id": "0",
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "subject": "",
        "eventTime": "2026-01-01T00:00:00Z",
        "dataVersion": "1",
        "data": {"validationCode": "0"},
    }
]
_OK, _ACCEPTED, _CREATED, _FORBIDDEN = 200, 202, 201, 403
_NOT_ALLOWED = {401, 403}
_REFUSED = {400, 401, 413, 415}
_DEPLOYED, _NOT_DEPLOYED = 4, {-1, 3, 5, 6}  # in Kudu's numbers


def deploy() -> None:
    """Deploy the code to a function app, give it the key that Event Grid calls with, and wait until it answers.

    APP_HOST is the app's host name, APP_ID its resource id, ARM the address of Azure Resource Manager, FUNCTIONS the
    names of the functions that Event Grid calls, WEBHOOK_KEY the key. READY_MADE is the package, if it does not have
    to be built from the folder SOURCE_ROOT. Raises Failed.
    """
    app = _App(setting("APP_HOST"), setting("APP_ID"))
    with taking_turns():
        app.patience = Patience(900)
        package = _package()
        app.token = access_token(app.subscription)
        deployment = app.publish(package)
        if deployment:
            app.wait_for_deployment(deployment)
        app.wait_for_webhook(setting("ARM"), setting(_KEY_VARIABLE), setting("FUNCTIONS").split())
    say(f"The code is running in {app.host}.")


def _package() -> bytes:
    ready_made, root = os.environ.get("READY_MADE", ""), os.environ.get("SOURCE_ROOT", ".")
    try:
        if ready_made:
            return Path(ready_made).read_bytes()
        subprocess.run(
            [sys.executable, "-m", "dev.package"],
            cwd=root,
            env={name: value for name, value in os.environ.items() if name != _KEY_VARIABLE},
            stdin=subprocess.DEVNULL,
            check=True,
        )
        return (Path(root) / "dist" / "function.zip").read_bytes()
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed("The package could not be built. Fix the cause above, then apply again.") from error


class _App:
    def __init__(self, host: str, resource_id: str) -> None:
        self.host = host
        self.id = resource_id
        self.token = ""
        self.patience = Patience(0)
        name, _, domain = host.partition(".")
        self._scm = f"https://{name}.scm.{domain}"

    @property
    def subscription(self) -> str:
        return [*self.id.split("/"), "", "", ""][2]

    def publish(self, package: bytes) -> str:
        """Send the package; return the number of the deployment that is under way, if there is one."""
        while True:
            # Like `az functionapp deployment source config-zip`, but without the remote build that it always requests.
            answer = request(
                "POST",
                f"{self._scm}/api/publish?RemoteBuild=false&Deployer=sluice",
                headers={"Content-Type": "application/zip"},
                body=package,
                bearer=self.token,
                seconds=300,
            )
            if answer.status == _OK:
                return ""
            if answer.status == _ACCEPTED:
                return re.sub("[^A-Za-z0-9-]", "", answer.body.decode(errors="ignore")[:200]) or "latest"
            if answer.status in _REFUSED:
                raise Failed(
                    f"The function app {self.host} refuses the package ({answer.why}). Sign az in as the same user "
                    "that runs terraform, then apply again."
                )
            # A new app's name and roles take a while to propagate, and only one deployment is accepted at a time.
            if not self.patience.wait():
                hint = " The user that az is signed in as may not deploy to it, or a firewall is in the way." * (
                    answer.status == _FORBIDDEN
                )
                raise Failed(f"The code could not be sent to {self.host} ({answer.why}).{hint} Apply again.")

    def wait_for_deployment(self, deployment: str) -> None:
        while True:
            answer = request("GET", f"{self._scm}/api/deployments/{deployment}", bearer=self.token)
            said = answer.json()
            status = said.get("status") if isinstance(said, dict) else None
            if status == _DEPLOYED:
                return
            if isinstance(status, int) and status in _NOT_DEPLOYED:
                raise Failed(
                    f"Azure could not deploy the code to {self.host}. The reason is in the portal, under the function "
                    "app's Deployment Center. Fix it, then apply again."
                )
            if not self.patience.wait():
                raise Failed(f"The deployment to {self.host} did not finish in time ({answer.why}). Apply again.")

    def wait_for_webhook(self, arm: str, key: str, functions: list[str]) -> None:
        while True:
            taken = self._give_key(arm, key)
            greeted = [self._greet(function, key) for function in functions]  # which also starts the host
            failed = [answer for answer in greeted if answer.status != _OK]
            if taken.status in {_OK, _CREATED} and not failed:
                return
            if not self.patience.wait():
                raise Failed(f"The function app {self.host} {_problem(taken, failed)} Fix this, then apply again.")

    def _give_key(self, arm: str, key: str) -> Answer:
        # The host creates a key of this name by itself only where there is none.
        body = json.dumps({"properties": {"name": _KEY_NAME, "value": key}}).encode()
        return request(
            "PUT",
            f"{arm.rstrip('/')}{self.id}/host/default/systemkeys/{_KEY_NAME}?api-version=2024-04-01",
            headers={"Content-Type": "application/json"},
            body=body,
            bearer=self.token,
        )

    def _greet(self, function: str, key: str) -> Answer:
        # Event Grid's own question before it sends anything.
        return request(
            "POST",
            f"https://{self.host}/runtime/webhooks/blobs?functionName=Host.Functions.{function}&code={key}",
            headers={"Content-Type": "application/json", "aeg-event-type": "SubscriptionValidation"},
            body=json.dumps(_GREETING).encode(),
        )


def _problem(taken: Answer, failed: list[Answer]) -> str:
    if taken.status in _NOT_ALLOWED:
        return f"does not accept the key {_KEY_NAME} ({taken.why}): the user that az is signed in as may not set it."
    tells = "Its log stream in the portal says why."
    if taken.status in {_OK, _CREATED} and failed:
        return f"does not answer Event Grid ({failed[0].why}). {tells}"
    return (
        f"does not accept the key {_KEY_NAME} ({taken.why}): its host is not running, or did not load the code. {tells}"
    )
