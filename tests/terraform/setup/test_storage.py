import subprocess
import sys

from tests.terraform.setup.conftest import SETUP

_ASK = """
import sys
sys.path.insert(0, sys.argv[1])
import storage
answer = storage.list_containers(sys.stdin.read())
print(answer.status, b"AuthenticationFailed" in answer.body or b"AuthorizationFailure" in answer.body)
"""


def ask(connection_string):
    command = [sys.executable, "-Bc", _ASK, SETUP]
    return subprocess.run(command, input=connection_string, capture_output=True, text=True, check=True).stdout.split()


def test_the_emulator_takes_the_signature_and_refuses_that_of_another_key(account):
    assert ask(account.connection_string) == ["200", "False"]
    other = account.connection_string.replace("AccountKey=", "AccountKey=AAAA")
    assert ask(other) == ["403", "True"]
