"""Everything that is built from the settings, in one place, for the function app and for each command."""

import os
from dataclasses import dataclass
from functools import cache

from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableClient, TableErrorCode
from azure.storage.blob import BlobServiceClient, StorageErrorCode

from shared.apigw.client import GatewayClient
from shared.apigw.http import Session
from shared.apigw.token import FixedToken, TokenSource, VaultToken
from shared.clock import Clock
from shared.delivery.breaker import Refusals
from shared.delivery.claims import Claims
from shared.delivery.collaborators import Collaborators
from shared.delivery.horizon import Horizon
from shared.delivery.worker import Worker
from shared.egress import check_authorities
from shared.identity import Identity
from shared.settings import Settings, VaultSecret
from shared.storage.account import account_name, blob_service, storage_errors
from shared.storage.answers import says
from shared.storage.checkpoints import CONTAINER as OVERFLOWS
from shared.storage.checkpoints import Checkpoints
from shared.storage.dead_letters import DeadLetters
from shared.storage.logs import FlowLogAccount
from shared.storage.pointers import Pointers
from shared.storage.quarantine import CONTAINER as QUARANTINE
from shared.storage.quarantine import QuarantineContainer
from shared.storage.storage_clock import StorageClock
from shared.storage.table_client import checkpoint_table
from shared.storage.watermarks import Watermarks

_CONTAINERS = (OVERFLOWS, QUARANTINE)


@dataclass(frozen=True, slots=True)
class Services:
    """What a process works with: each client is created once, and shared.

    Attributes:
        settings: What the environment says.
        clock: The time.
        own: The function's own account.
        logs: The account that is read.
        table: The table in it.
        checkpoints: How far each log blob is delivered.
        pointers: Which checkpoints are open.
        claims: What is known of log blobs, and claims on them.
        watermarks: From which hour on the sweep looks.
        horizon: How far back logs are read.
        quarantine: What could not be delivered.
        dead_letters: Events that could not be delivered to the function app.
        tokens: The source of the subscription token.
        gateway: Where records go.
    """

    settings: Settings
    clock: Clock
    own: BlobServiceClient
    logs: FlowLogAccount
    table: TableClient
    checkpoints: Checkpoints
    pointers: Pointers
    claims: Claims
    watermarks: Watermarks
    horizon: Horizon
    quarantine: QuarantineContainer
    dead_letters: DeadLetters
    tokens: TokenSource
    gateway: GatewayClient

    def collaborators(self) -> Collaborators:
        """Return what passes share, with no memory of the gateway yet."""
        return Collaborators(self.gateway, self.quarantine, Refusals(), self.clock, self.settings.posts_in_flight)

    def worker(self) -> Worker:
        """Return the worker that delivers log blobs, with no memory of the gateway yet."""
        return Worker(
            self.logs, self.claims, self.collaborators(), self.horizon.oldest, self.settings.batch_max_records
        )


def open_services(settings: Settings, clock: Clock, identity: Identity) -> Services:
    """Build the services; nothing is read or written yet.

    Args:
        settings: What the environment says.
        clock: The time.
        identity: Returns the credential, if an account or the vault is reached with an identity.

    Raises:
        SettingError: A setting can't be used.
    """
    check_authorities(os.environ)
    identity = cache(identity)  # one credential per identity, so one request for a token, not one per client
    own = blob_service(settings.own_storage, "AzureWebJobsStorage", identity)
    logs = FlowLogAccount(blob_service(settings.flow_logs, "FLOW_LOGS", identity))
    storage_clock = StorageClock(clock)
    table = checkpoint_table(settings.own_storage, "AzureWebJobsStorage", clock, storage_clock, identity)
    checkpoints, pointers = (
        Checkpoints(table, own, logs.name),
        Pointers(table, account_name(own), logs.name, storage_clock),
    )
    watermarks = Watermarks(table, account_name(own), logs.name)
    tokens = _token_source(settings, clock, identity)
    return Services(
        settings=settings,
        clock=clock,
        own=own,
        logs=logs,
        table=table,
        checkpoints=checkpoints,
        pointers=pointers,
        claims=Claims(checkpoints, pointers, storage_clock, clock),
        watermarks=watermarks,
        horizon=Horizon(watermarks, clock, settings.start_from),
        quarantine=QuarantineContainer(own),
        dead_letters=DeadLetters(own),
        tokens=tokens,
        gateway=GatewayClient(settings.apigw_url, tokens, clock),
    )


def make_places(own: BlobServiceClient, table: TableClient) -> None:
    """Create the containers and the table that delivery uses, if they are missing.

    Raises:
        StorageAway: The account can't be reached, or refuses.
    """
    with storage_errors(account_name(own)):
        for name in _CONTAINERS:
            try:
                own.create_container(name)
            except HttpResponseError as error:
                if not says(error, StorageErrorCode.CONTAINER_ALREADY_EXISTS):
                    raise
        try:
            table.create_table()
        except HttpResponseError as error:
            if not says(error, TableErrorCode.TABLE_ALREADY_EXISTS):
                raise


def _token_source(settings: Settings, clock: Clock, identity: Identity) -> TokenSource:
    if isinstance(settings.token, VaultSecret):
        return VaultToken(settings.token.uri, identity(settings.client_id), Session(), clock)
    return FixedToken(settings.token)
