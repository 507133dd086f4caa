"""A stand-in for the providers hashicorp/azurerm and hashicorp/azuread, in this process.

It speaks plugin protocol 5, and terraform reaches it as it does a provider under a debugger (`TF_REATTACH_PROVIDERS`):
that needs no registry, starts no program, and takes a fraction of a second. Unknown arguments are refused, since
terraform is given a schema, that of `table`; a plan is what `planning` makes of it; what Azure refuses is in `rules`.

What it does not prove stands in `azure`. Besides, terraform compares no version constraints with a provider that is
reached like this.
"""

# ruff: noqa: N802 -- the protocol's own names

import contextlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]  # ships no types

from tests.terraform.standin.azure import Azure, Features, HalfMade
from tests.terraform.standin.planning import missing, mistakes, planned, replacing
from tests.terraform.standin.rules import Refused
from tests.terraform.standin.table import Block, ProviderTable, ResourceType, read_tables
from tests.terraform.standin.values import decode, encode, is_known

_PROTO = Path(__file__).with_name("plugin.proto").relative_to(Path(__file__).parents[3])
_messages: Any
_services: Any
_messages, _services = grpc.protos_and_services(str(_PROTO))
_THREADS = 16


@contextlib.contextmanager
def providing(azure: Azure) -> Iterator[dict[str, str]]:
    """Serve all providers for as long as the block lasts. Gives the environment in which terraform finds them."""
    with contextlib.ExitStack() as stack:
        found = {
            f"registry.terraform.io/hashicorp/{name}": {
                "Protocol": "grpc",
                "ProtocolVersion": 5,
                "Pid": os.getpid(),
                "Test": True,  # terraform is not to end this process
                "Addr": {"Network": "tcp", "String": stack.enter_context(_serving(_Provider(table, azure)))},
            }
            for name, table in read_tables().items()
        }
        yield {"TF_REATTACH_PROVIDERS": json.dumps(found)}


@contextlib.contextmanager
def _serving(provider: "_Provider") -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(_THREADS))
    _services.add_ProviderServicer_to_server(provider, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()


class _Provider(_services.ProviderServicer):  # type: ignore[misc]  # its base is made from plugin.proto at run time
    def __init__(self, table: ProviderTable, azure: Azure) -> None:
        self._table = table
        self._azure = azure

    def GetSchema(self, _request: Any, _context: object) -> Any:
        resources = {name: _schema(resource) for name, resource in self._table.resources.items()}
        sources = {name: _schema(source) for name, source in self._table.data_sources.items()}
        provider = _messages.Schema(block=_block(self._table.provider))
        return _messages.GetProviderSchema.Response(
            provider=provider, resource_schemas=resources, data_source_schemas=sources
        )

    def PrepareProviderConfig(self, request: Any, _context: object) -> Any:
        return _messages.PrepareProviderConfig.Response(prepared_config=request.config)

    def ValidateResourceTypeConfig(self, request: Any, _context: object) -> Any:
        table, config = self._table.resources[request.type_name], decode(request.config.msgpack)
        found = mistakes(table, config) + missing(table, config)
        return _messages.ValidateConfig.Response(diagnostics=map(_error, found))

    def ValidateDataSourceConfig(self, _request: Any, _context: object) -> Any:
        return _messages.ValidateConfig.Response()

    def Configure(self, request: Any, _context: object) -> Any:
        config = decode(request.config.msgpack)
        if "subscription_id" not in config:
            return _messages.Configure.Response()
        if not config["subscription_id"]:
            return _messages.Configure.Response(
                diagnostics=[_error("`subscription_id` is a required provider property")]
            )
        if is_known(config["subscription_id"]):
            self._azure.estate.subscription_id = config["subscription_id"]
        [features] = config["features"]
        self._azure.features = Features(
            persists_id=bool(features["persist_id_on_create_before_polling_for_completion"]),
            overwrites=bool(features["skip_import_check_on_create_and_allow_overwriting_existing_resources"]),
        )
        return _messages.Configure.Response()

    def UpgradeResourceState(self, request: Any, _context: object) -> Any:
        state = json.loads(request.raw_state.json)
        return _messages.UpgradeResourceState.Response(upgraded_state=_value(state))

    def ReadResource(self, request: Any, _context: object) -> Any:
        state = decode(request.current_state.msgpack)
        return _messages.ReadResource.Response(new_state=_value(self._azure.read(request.type_name, state)))

    def PlanResourceChange(self, request: Any, _context: object) -> Any:
        proposed = decode(request.proposed_new_state.msgpack)
        prior = decode(request.prior_state.msgpack)
        if proposed is None:
            return _messages.PlanResourceChange.Response(planned_state=_value(None))
        table = self._table.resources[request.type_name]
        plan = planned(table, proposed, prior)
        replaced = [] if prior is None else replacing(table, prior, plan)
        return _messages.PlanResourceChange.Response(
            planned_state=_value(plan),
            requires_replace=[_messages.AttributePath(steps=[{"attribute_name": name}]) for name in replaced],
            legacy_type_system=True,  # as both real providers are
        )

    def ApplyResourceChange(self, request: Any, _context: object) -> Any:
        kind = request.type_name
        table = self._table.resources[kind]
        prior, plan, config = (
            decode(value.msgpack) for value in (request.prior_state, request.planned_state, request.config)
        )
        state, failed = prior, []
        try:
            if plan is None:
                self._azure.delete(prior["id"])
                state = None
            elif prior is None:
                state = self._azure.create(kind, table, plan, config)
            else:
                state = self._azure.update(kind, table, plan, config)
        except HalfMade as half:
            state, failed = half.values, [_error(str(half))]
        except Refused as refused:
            failed = [_error(str(refused))]
        return _messages.ApplyResourceChange.Response(
            new_state=_value(state), diagnostics=failed, legacy_type_system=True
        )

    def ImportResourceState(self, request: Any, _context: object) -> Any:
        try:
            state = self._azure.found(request.type_name, request.id)
        except Refused as refused:
            return _messages.ImportResourceState.Response(diagnostics=[_error(str(refused))])
        return _messages.ImportResourceState.Response(
            imported_resources=[{"type_name": request.type_name, "state": _value(state)}]
        )

    def ReadDataSource(self, request: Any, _context: object) -> Any:
        state = self._azure.read_data(request.type_name, decode(request.config.msgpack))
        return _messages.ReadDataSource.Response(state=_value(state))

    def Stop(self, _request: Any, _context: object) -> Any:
        return _messages.Stop.Response()


def _value(value: object) -> Any:
    return _messages.DynamicValue(msgpack=encode(value))


def _error(text: str) -> Any:
    return _messages.Diagnostic(severity="ERROR", summary=text)


def _schema(resource: ResourceType) -> Any:
    return _messages.Schema(version=resource.version, block=_block(resource.block))


def _block(block: Block) -> Any:
    return _messages.Schema.Block(
        attributes=[
            {
                "name": name,
                "type": json.dumps(attribute.type).encode(),
                "required": attribute.required,
                "optional": attribute.optional,
                "computed": attribute.computed,
                "sensitive": attribute.sensitive,
                "write_only": attribute.write_only,
            }
            for name, attribute in block.attributes.items()
        ],
        block_types=[
            _messages.Schema.NestedBlock(
                type_name=name,
                block=_block(nested.block),
                nesting=nested.nesting.upper(),
                min_items=nested.least,
                max_items=nested.most,
            )
            for name, nested in block.blocks.items()
        ],
    )
