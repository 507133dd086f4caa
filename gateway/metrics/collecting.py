"""The figures as Prometheus reads them."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway import __version__
from gateway.clock import Clock
from gateway.keeping.budgets import Share, shares_of_all
from gateway.metrics.activity import Activity
from gateway.stores.errors import STORAGE_ERRORS
from gateway.stores.health import StillFailingError
from gateway.stores.machines import SILENT, Machines, machines
from gateway.stores.schemas import FILES
from gateway.stores.stores import Stores
from gateway.traffic.freshness import Heard

_FILES: Final = tuple(f"{kind.name}{log}" for kind in FILES for log in ("", kind.logs[0]))
_SOURCES: Final = 50
"""The most storage accounts reported for a customer, those that it has configured first: a sender may name any number.
"""
_STATES: Final = tuple(each.name for each in fields(Machines))


class Totals(Collector):
    """Figures that name no customer."""

    def __init__(self, stores: Stores, activity: Activity, data: Path, clock: Clock) -> None:
        self._stores = stores
        self._activity = activity
        self._data = data
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Return all figures. Blocks."""
        build = GaugeMetricFamily("sluice_build_info", "The version that runs; always 1.", labels=("version",))
        build.add_metric((__version__,), 1)
        yield build
        yield from self._requests()
        yield from self._under_way()
        yield from self._stored()

    def _requests(self) -> Iterator[Metric]:
        tally = self._activity.tally
        requests = CounterMetricFamily("sluice_requests", "Requests that have ended.", labels=("route", "status"))
        for (route, status), count in sorted(tally.requests.copy().items()):
            requests.add_metric((route, str(status)), count)
        yield requests
        yield _counter("sluice_received_bytes", "Bytes of request bodies.", tally.received_bytes)
        yield _counter("sluice_records_accepted", "Flow records that were stored.", tally.records.total())
        yield _counter(
            "sluice_lines_rejected", "Lines of accepted posts that are not flow records.", tally.rejected.total()
        )

    def _under_way(self) -> Iterator[Metric]:
        activity = self._activity
        connections = {name: (len(each), each.most, each.refused) for name, each in activity.connections.items()}
        opened = _by_listener("sluice_connections", "Open connections.")
        most = _by_listener("sluice_connections_limit", "Limit for open connections.")
        refused = CounterMetricFamily(
            "sluice_connections_refused", "Connections that were refused.", labels=("listener",)
        )
        for name, (count, limit, denied) in connections.items():
            opened.add_metric((name,), count)
            most.add_metric((name,), limit)
            refused.add_metric((name,), denied)
        bodies = _by_listener("sluice_bodies_bytes", "Bytes of bodies being received.")
        room = _by_listener("sluice_bodies_limit_bytes", "Limit for bytes of bodies being received together.")
        for name, each in activity.bodies.items():
            bodies.add_metric((name,), each.taken)
            room.add_metric((name,), each.most)
        yield from (opened, most, refused, bodies, room)
        yield _gauge("sluice_queries_running", "Page queries in progress.", activity.slots.running)
        yield _gauge("sluice_queries_waiting", "Page queries waiting for a slot.", activity.slots.waiting)
        yield _counter(
            "sluice_queries_stopped", "Page queries stopped because they took too long.", activity.slots.stopped
        )

    def _stored(self) -> Iterator[Metric]:
        yield _gauge("sluice_storing", "1 while posts can be stored, as in /healthz.", int(self._storing()))
        stored = self._stores.records.stored()
        yield _gauge("sluice_stored_records", "Flow records that are stored.", stored.records)
        yield _gauge("sluice_unsettled_hours", "Hours whose bytes may still count twice.", stored.unsettled_hours)
        files = GaugeMetricFamily("sluice_file_bytes", "Size of the gateway's files.", labels=("file",))
        for name in _FILES:
            path = self._data / name
            files.add_metric((name,), path.stat().st_size if path.exists() else 0)
        yield files
        yield _gauge(
            "sluice_disk_free_bytes",
            "Free bytes on the disk of the data directory.",
            shutil.disk_usage(self._data).free,
        )
        counts = machines(self._stores.database, self._clock() - SILENT).values()
        family = GaugeMetricFamily("sluice_machines", "Machines.", labels=("state",))
        for state in _STATES:
            family.add_metric((state,), sum(getattr(each, state) for each in counts))
        yield family

    def _storing(self) -> bool:
        try:
            self._stores.check(self._clock())
        except (*STORAGE_ERRORS, StillFailingError):
            return False
        return True


class Customers(Collector):
    """Figures of each customer by name."""

    def __init__(self, stores: Stores, activity: Activity, clock: Clock) -> None:
        self._stores = stores
        self._activity = activity
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        """Return all figures. Blocks."""
        now = self._clock()
        shares = list(shares_of_all(self._stores, now))
        names = {customer.number: customer.name for customer, _ in shares}
        yield from self._posts(names)
        yield from _budgets((customer.name, parts) for customer, parts in shares)
        yield from self._machines(names)
        yield from self._sources(names)

    def _posts(self, names: dict[int, str]) -> Iterator[Metric]:
        tally = self._activity.tally
        posts = CounterMetricFamily(
            "sluice_customer_posts", "Posts of flow records that have ended.", labels=("customer", "route", "status")
        )
        # Customers that were removed in the meantime are counted as unknown.
        counted: Counter[tuple[str, str, str]] = Counter()
        for each, count in tally.posts.copy().items():
            counted[names.get(each.customer, ""), each.route, str(each.status)] += count
        for of, count in counted.items():
            posts.add_metric(of, count)
        yield posts
        for name, told, counts in (
            ("sluice_customer_records_accepted", "Flow records that were stored.", tally.records),
            ("sluice_customer_lines_rejected", "Lines of accepted posts that are not flow records.", tally.rejected),
        ):
            family = CounterMetricFamily(name, told, labels=("customer",))
            for customer, count in counts.copy().items():
                if customer in names:
                    family.add_metric((names[customer],), count)
            yield family

    def _machines(self, names: dict[int, str]) -> Iterator[Metric]:
        family = GaugeMetricFamily("sluice_customer_machines", "Machines.", labels=("customer", "state"))
        for number, found in machines(self._stores.database, self._clock() - SILENT).items():
            if number in names:
                for state in _STATES:
                    family.add_metric((names[number], state), getattr(found, state))
        yield family

    def _sources(self, names: dict[int, str]) -> Iterator[Metric]:
        labels = ("customer", "source", "account")
        newest = GaugeMetricFamily(
            "sluice_customer_newest_record_timestamp_seconds", "Timestamp of the newest record.", labels=labels
        )
        accepted = GaugeMetricFamily(
            "sluice_customer_last_post_timestamp_seconds", "When a post was last accepted.", labels=labels
        )
        refused = GaugeMetricFamily(
            "sluice_customer_refused", "1 for a source whose deliveries are refused.", labels=labels
        )
        configured = self._stores.deployments.configured_by_all()
        for number, found in self._stores.records.heard_of_all(configured, _SOURCES).items():
            for each in found if number in names else ():
                of = (names[number], *_source(each))
                if each.last is not None:
                    newest.add_metric(of, each.last / 1000)
                if each.accepted is not None:
                    accepted.add_metric(of, each.accepted / 1000)
                refused.add_metric(of, int(each.refusal is not None))
        yield from (newest, accepted, refused)


def _source(each: Heard) -> tuple[str, str]:
    return ("agents", "") if each.by_agent else ("logs", each.account or "")


def _budgets(shares: Iterable[tuple[str, tuple[Share, ...]]]) -> Iterator[Metric]:
    used = GaugeMetricFamily("sluice_customer_used", "How much of a budget is used.", labels=("customer", "budget"))
    most = GaugeMetricFamily("sluice_customer_budget", "How much may be used.", labels=("customer", "budget"))
    for name, parts in shares:
        for each in parts:
            of = (name, each.what.replace(" ", "_"))
            used.add_metric(of, each.used)
            most.add_metric(of, each.most)
    yield from (used, most)


def _counter(name: str, told: str, value: float) -> Metric:
    return CounterMetricFamily(name, told, value=value)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _by_listener(name: str, told: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, labels=("listener",))
