"""Stands in for the protobuf module `FunctionRpc_pb2`, which no package carries.

The worker library is handed this module, builds its answers from these classes and reads enumerations off them. Names
and fields are those of Microsoft's FunctionRpc.proto, as far as the library uses them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


class BindingInfo:
    """One binding of a function, with the enumerations of its direction and data type."""

    out: ClassVar = 1
    inout: ClassVar = 2
    undefined: ClassVar = 0

    def __init__(self, type: str, data_type: int | None, direction: int) -> None:  # noqa: A002 - the message's field
        self.type = type
        self.data_type = data_type
        self.direction = direction


@dataclass(frozen=True, slots=True)
class RpcException:
    """What a function raised."""

    message: str
    stack_trace: str


@dataclass(frozen=True, slots=True)
class StatusResult:
    """Whether a request succeeded."""

    Failure: ClassVar = 0
    Success: ClassVar = 1

    status: int
    exception: RpcException | None = None


@dataclass(frozen=True, slots=True)
class ModelBindingData:
    """A reference to data that the function opens itself, as a blob trigger of an SDK type is passed."""

    version: str
    source: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class TypedData:
    """One value, in one of its fields; those are left out in which no trigger of this host comes."""

    json: str | None = None
    model_binding_data: ModelBindingData | None = None

    def WhichOneof(self, _group: Literal["data"]) -> str | None:  # noqa: N802 - protobuf's name
        return next((name for name in self.__slots__ if getattr(self, name) is not None), None)


@dataclass(frozen=True, slots=True)
class ParameterBinding:
    """The value of one parameter of an invocation."""

    name: str
    data: TypedData

    def WhichOneof(self, _group: Literal["rpc_data"]) -> str:  # noqa: N802 - protobuf's name
        return "data"


@dataclass(frozen=True, slots=True)
class RpcRetryOptions:
    """What `@app.retry` asked for; the host follows it for none of the triggers used here."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: Any = None
    minimum_interval: Any = None
    maximum_interval: Any = None


@dataclass(frozen=True, slots=True)
class RpcFunctionMetadata:
    """One indexed function; `raw_bindings` holds one JSON object a binding."""

    name: str
    function_id: str
    managed_dependency_enabled: bool
    directory: str
    script_file: str
    entry_point: str
    is_proxy: bool
    language: str
    bindings: Mapping[str, BindingInfo]
    raw_bindings: Sequence[str]
    retry_options: RpcRetryOptions | None
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WorkerMetadata:
    """The versions of the worker."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WorkerInitResponse:
    """The answer to the request that indexes the function app."""

    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(frozen=True, slots=True)
class FunctionMetadataResponse:
    """The functions that were indexed; None where there is no `function_app.py`."""

    use_default_metadata_indexing: bool
    function_metadata_results: Sequence[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(frozen=True, slots=True)
class InvocationResponse:
    """The outcome of one invocation."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()
