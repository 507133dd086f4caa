import json

import pytest

from dev.host.errors import HostError
from dev.host.functions import BlobTrigger, TimerTrigger, read_function

_BLOB = {
    "direction": "IN",
    "type": "blobTrigger",
    "name": "blob",
    "path": "logs/{name}",
    "connection": "FLOW_LOGS",
    "source": "EventGrid",
    "properties": {"SupportsDeferredBinding": True},
}
_TIMER = {"direction": "IN", "type": "timerTrigger", "name": "timer", "schedule": "0 */10 * * * *"}


def _read(*bindings: dict[str, object]):
    return read_function("f", "id", [json.dumps(binding) for binding in bindings])


def test_a_blob_trigger_names_its_container_and_connection():
    assert _read(_BLOB).trigger == BlobTrigger(parameter="blob", container="logs", connection="FLOW_LOGS")


def test_a_timer_trigger_names_its_schedule():
    assert _read(_TIMER).trigger == TimerTrigger(parameter="timer", schedule="0 */10 * * * *")


@pytest.mark.parametrize(
    ("binding", "reason"),
    [
        pytest.param({**_BLOB, "source": "LogsAndContainerScan"}, "polls", id="polling"),
        pytest.param({k: v for k, v in _BLOB.items() if k != "source"}, "polls", id="polling by default"),
        pytest.param({**_BLOB, "properties": {}}, "takes the blob's bytes", id="bytes"),
        pytest.param({"type": "httpTrigger", "name": "request"}, "httpTrigger", id="another trigger"),
    ],
)
def test_a_trigger_that_the_host_does_not_run_is_refused_with_the_reason(binding: dict[str, object], reason: str):
    with pytest.raises(HostError, match=reason):
        _read(binding)


@pytest.mark.parametrize("bindings", [(), (_BLOB, _TIMER)])
def test_a_function_has_one_trigger(bindings: tuple[dict[str, object], ...]):
    with pytest.raises(HostError, match="it must have one"):
        _read(*bindings)
