"""What a sweep costs where everything is delivered: requests to storage, CPU and wall time, by the number of NICs."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched, groupby
from types import MappingProxyType
from typing import Any, Final

from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient, ContainerClient

from benchmarks import report
from benchmarks.observed import storage_requests
from benchmarks.stage import Stage, stage
from shared.clock import SystemClock
from shared.delivery.horizon import KEPT, whole_hour
from shared.flowlog import LogBlob, LogKind, parse_blob_name
from shared.ingester import Ingester
from shared.settings import Settings
from shared.storage.checkpoint import Checkpoint, CutRule, Layout, State
from shared.storage.entry import Entry, properties_of
from shared.storage.keys import Keys
from shared.storage.tables import TABLE

NICS_A_FLOW_LOG: Final = 100
"""A flow log of a virtual network has the NICs in it; a listing is of one flow log and hour."""
OPEN_HOURS: Final = 3
"""What a sweep goes through: the hour that runs, and two that the watermark has not passed yet."""
_NICS: Final = (10, 1_000, 10_000)
_KIND: Final = LogKind.VNET
_THREADS: Final = 8
_IN_A_BATCH: Final = 100
_ROUNDS: Final = 3
_CLAIM: Final = (
    f"A sweep over an hour in which every NIC's log is delivered, {NICS_A_FLOW_LOG} NICs in a flow log; over "
    f"{OPEN_HOURS} hours, as it usually is; with the closed checkpoints of {KEPT.days} days behind it, which must "
    "not be asked for; and with tidying, once a day. Requests to storage are counted where azure-core hands them to "
    f"HTTP, each page of a listing. CPU is this process's own; wall time has the emulator's, too. Medians of {_ROUNDS}."
)


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took: requests to storage by kind, seconds of CPU and of wall time."""

    requests: Counter[str]
    cpu: float
    wall: float

    @property
    def all_requests(self) -> int:
        return self.requests.total()


@dataclass(frozen=True, slots=True)
class Sweeps:
    """One of the sweeps that find nothing to do, and the first one, which tidies."""

    usual: Swept
    tidying: Swept


def measure() -> report.Result:
    """Measure sweeps over more and more NICs, each of them in accounts of its own."""
    found = {f"{nics:,} NICs": swept(nics) for nics in _NICS}
    fewest, most = f"{_NICS[0]} NICs", f"{_NICS[-1]:,} NICs"
    behind = swept(_NICS[0], behind=KEPT)
    usual = {name: sweeps.usual for name, sweeps in found.items()}
    usual[f"{_NICS[1]:,} NICs, {OPEN_HOURS} hours"] = swept(_NICS[1], OPEN_HOURS).usual
    usual[f"{fewest}, {KEPT.days} days behind"] = behind.usual
    tidying = {name: sweeps.tidying for name, sweeps in found.items()}
    tidying[f"{fewest}, {KEPT.days} days behind"] = behind.tidying
    grown = max(
        behind.usual.all_requests - usual[fewest].all_requests,
        behind.tidying.all_requests - tidying[fewest].all_requests,
    )
    return report.Result(
        _CLAIM,
        (
            report.Figure(f"requests more with {KEPT.days} days of closed checkpoints", grown, at_most=0),
            report.Figure(f"requests a sweep, {most}", usual[most].all_requests),
            report.Figure(f"CPU a sweep, {most}", usual[most].cpu, "s"),
            report.Figure(f"wall a sweep, {most}", usual[most].wall, "s"),
        ),
        (_table("a sweep", usual), _table("a sweep with tidying", tidying)),
    )


def swept(nics: int, hours: int = 1, behind: timedelta = timedelta()) -> Sweeps:
    """Sweep so many hours of so many NICs, with closed checkpoints behind them."""
    with stage() as parts:
        first = whole_hour(datetime.now(UTC)) - timedelta(hours=hours - 1)
        settings = parts.environment() | {"START_FROM": f"{first:%Y-%m-%dT%HZ}"}
        ingester = Ingester.from_settings(Settings.from_environment(settings), SystemClock())
        delivered = [log for number in range(hours) for log in _logs(nics, first + timedelta(hours=number))]
        _check_in(parts, delivered, _committed(parts, delivered))
        before = range(1, behind // timedelta(hours=1) - hours)
        _check_in(parts, [log for number in before for log in _logs(nics, first - timedelta(hours=number))])
        tidying = _sweep(ingester)
        rounds = sorted((_sweep(ingester) for _ in range(_ROUNDS)), key=lambda each: each.cpu)
        return Sweeps(rounds[_ROUNDS // 2], tidying)


def _sweep(ingester: Ingester) -> Swept:
    wall, cpu = time.perf_counter(), time.process_time()
    with storage_requests() as made:
        ingester.health()
        found = list(ingester.sweep())
    taken = time.process_time() - cpu, time.perf_counter() - wall
    if found:
        raise RuntimeError(f"The sweep found something to do: {found}")
    return Swept(Counter(request.kind for request in made), *taken)


def _logs(nics: int, hour: datetime) -> Iterator[LogBlob]:
    for number in range(nics):
        flow_log = f"{_KIND.value}=/S_NETWORKWATCHERRG/NETWORKWATCHER_EASTUS_LOG-{number // NICS_A_FLOW_LOG:04}"
        name = f"{flow_log}/{hour:y=%Y/m=%m/d=%d/h=%H}/m=00/macAddress={number:012X}/PT1H.json"
        log = parse_blob_name(_KIND.container, name)
        if log is None:
            raise AssertionError(name)
        yield log


def _committed(parts: Stage, logs: Sequence[LogBlob]) -> dict[str, str]:
    # Their ETags: a sweep reads none of them, so that they may be short.
    service = BlobServiceClient.from_connection_string(parts.logs.connection_string)
    container = service.create_container(_KIND.container)
    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(pool.map(partial(_put, container), logs))


def _put(container: ContainerClient, log: LogBlob) -> tuple[str, str]:
    written = container.get_blob_client(log.name).upload_blob(b"[]")
    return log.name, str(written["etag"])


def _check_in(parts: Stage, logs: Sequence[LogBlob], etags: Mapping[str, str] = MappingProxyType({})) -> None:
    # Closed checkpoints, as many of a partition at once as the table takes.
    account, keys = parts.own, Keys("checkpoints", parts.logs.name)
    credential = AzureNamedKeyCredential(account.name, account.key)
    table = TableClient(account.table_endpoint, TABLE, credential=credential)
    made = sorted((_entity(keys, log, etags.get(log.name, "gone")) for log in logs), key=_partition)
    batches = [
        [("create", entity) for entity in some]
        for _, of_partition in groupby(made, key=_partition)
        for some in batched(of_partition, _IN_A_BATCH, strict=False)
    ]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(table.submit_transaction, batches))


def _entity(keys: Keys, log: LogBlob, etag: str) -> dict[str, Any]:
    key = keys.of(log)
    checkpoint = Checkpoint(log.name, Layout.BLOCKS, CutRule(1, 10_000), etag=etag, state=State.CLOSED)
    entry = Entry(checkpoint, moved=log.hour, pointer="removed")
    properties = properties_of(entry, checkpoint.to_json().decode())
    return {"PartitionKey": key.partition, "RowKey": key.row, **properties}


def _partition(entity: Mapping[str, Any]) -> str:
    return str(entity["PartitionKey"])


def _table(heading: str, sweeps: Mapping[str, Swept]) -> report.Table:
    kinds = sorted({kind for swept in sweeps.values() for kind in swept.requests})
    rows: list[tuple[report.Cell, ...]] = [
        (kind, *(swept.requests[kind] for swept in sweeps.values())) for kind in kinds
    ]
    rows.append(("all requests", *(swept.all_requests for swept in sweeps.values())))
    rows.append(("CPU (s)", *(swept.cpu for swept in sweeps.values())))
    rows.append(("wall (s)", *(swept.wall for swept in sweeps.values())))
    return report.Table((heading, *sweeps), tuple(rows))


if __name__ == "__main__":
    report.main("sweeping", measure)
