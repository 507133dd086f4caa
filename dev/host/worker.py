"""Microsoft's Python worker library, `azure-functions-runtime`, in this process."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import azure_functions_runtime as runtime  # type: ignore[import-untyped]

from dev.host import protos
from dev.host.errors import HostError
from dev.host.functions import Function, read_function


class Worker:
    """Runs the functions of one app. The library can index one app in the life of a process."""

    def __init__(self, functions: tuple[Function, ...]) -> None:
        self.functions = functions

    @classmethod
    async def start(cls, directory: Path) -> Self:
        """Import and index the `function_app.py` of a directory.

        Raises HostError if it can't be imported, its bindings are wrong, or this host does not run its triggers.
        """
        if not (directory / "function_app.py").is_file():
            raise HostError(f"{directory} has no function_app.py")
        sys.path.insert(0, str(directory))
        runtime.start_threadpool_executor()
        wanted = SimpleNamespace(capabilities={}, function_app_directory=str(directory))
        started: protos.WorkerInitResponse = await runtime.worker_init_request(_request(worker_init_request=wanted))
        if started.result.exception:
            raise HostError(f"the worker could not index {directory}: {started.result.exception.message}")
        indexed: protos.FunctionMetadataResponse = await runtime.functions_metadata_request(_request())
        found = indexed.function_metadata_results or ()
        return cls(tuple(read_function(f.name, f.function_id, f.raw_bindings) for f in found))

    async def invoke(
        self, function: Function, value: protos.TypedData, invocation_id: str
    ) -> protos.RpcException | None:
        """Call a function with the value of its trigger, and return what it raised."""
        wanted = SimpleNamespace(
            invocation_id=invocation_id,
            function_id=function.id,
            input_data=[protos.ParameterBinding(function.trigger.parameter, value)],
            trigger_metadata={},
            trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
            retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
        )
        answer: protos.InvocationResponse = await runtime.invocation_request(_request(invocation_request=wanted))
        return answer.result.exception


def blob_reference(connection: str, container: str, name: str) -> protos.TypedData:
    """Return the value of a blob trigger whose parameter is a BlobClient: where the blob is, and nothing of it."""
    content = {"Connection": connection, "ContainerName": container, "BlobName": name}
    reference = protos.ModelBindingData("1.0", "AzureStorageBlobs", "application/json", json.dumps(content).encode())
    return protos.TypedData(model_binding_data=reference)


def timer_tick(*, past_due: bool) -> protos.TypedData:
    """Return the value of a timer trigger."""
    tick = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": past_due}
    return protos.TypedData(json=json.dumps(tick))


def _request(**message: Any) -> Any:  # noqa: ANN401 - the library takes anything of this shape
    return SimpleNamespace(request=SimpleNamespace(**message), properties={"protos": protos, "host": "127.0.0.1"})
