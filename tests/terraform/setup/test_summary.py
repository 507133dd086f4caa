import json

import pytest

from tests.support.servers import always, answer, error
from tests.terraform.setup.conftest import TOKEN, A

PAGE = "https://gateway.example.com/setup/flow-logs/azure-production"
END = {"expiresAt": "2027-11-05T22:07:57Z"}


@pytest.fixture
def summary(machine, gateway):
    """Sums up an apply, with the token in the customer's file."""
    file = machine.folder / "terraform.tfvars.json"
    file.write_text(json.dumps({"subscription_token": TOKEN}))

    def run(**environment):
        settings = {
            "APIGW_URL": gateway.url,
            "CONSOLE": PAGE,
            "MINUTES": "5",
            "SUBSCRIPTION_ID": A,
            "VARIABLES_FILES": json.dumps([file.name]),
        }
        return machine.run("summary", **settings | environment)

    return run


def test_it_says_where_to_look_and_until_when_the_token_is_valid(summary, gateway):
    gateway.respond = always(*answer(200, END))
    done = summary()
    assert done.status == 0
    assert done.said.splitlines() == [
        "Sluice delivers. First records appear within 5 minutes, if there is traffic.",
        f"Console: {PAGE}",
        "Subscription token: valid until 2027-11-05T22:07:57Z",
    ]
    assert gateway.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("said", [error(401, "unauthorized"), answer(500), answer(200, {"expiresAt": "\x1b[2J"})])
def test_without_an_answer_it_points_to_the_console_and_fails_nothing(summary, gateway, said):
    gateway.respond = always(*said)
    done = summary(SLUICE_PATIENCE="0")
    assert done.status == 0
    assert done.said.splitlines()[2] == "Subscription token: its end is shown under Tokens in the console"
    assert TOKEN not in done.said


def test_without_a_token_nobody_is_asked(summary, gateway):
    done = summary(VARIABLES_FILES="[]")
    assert done.status == 0
    assert "under Tokens in the console" in done.said
    assert gateway.requests == []
