import contextvars
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Thread

import pytest
from azure_functions_runtime import invocation_id_cv

from dev.host.host_json import HostJson
from dev.host.logs import HostLog

_APP = logging.getLogger("app")


@dataclass(frozen=True, slots=True)
class Logged:
    """A host's log, and what stands in it."""

    log: HostLog
    stream: io.StringIO

    def lines(self) -> list[str]:
        """Each line less its time."""
        return [line.partition(" ")[2] for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def logged() -> Iterator[Logged]:
    root = logging.getLogger()
    level, stream = root.level, io.StringIO()
    log = HostLog(HostJson(parallelism=1, tries=1, log_levels={"default": logging.INFO}), stream)
    log.install()
    yield Logged(log, stream)
    root.removeHandler(log)
    root.setLevel(level)


def _in_a_thread(message: str, *, of_invocation: str | None) -> None:
    """Log in a thread without any context, as the library's are, which runs a function if an id is given."""

    def run() -> None:
        invocation_id_cv.set(of_invocation)
        _APP.error(message)

    thread = Thread(target=contextvars.Context().run, args=[run])
    thread.start()
    thread.join()


def test_what_the_function_logs_is_filed_under_it(logged: Logged):
    with logged.log.filed_under("on_log", "1"), logged.log.filed_under("sweep", "2"):
        _in_a_thread("of the first", of_invocation="1")
        _in_a_thread("of the second", of_invocation="2")
    assert logged.lines() == ["ERROR Function.on_log.User: of the first", "ERROR Function.sweep.User: of the second"]


def test_what_is_logged_on_the_way_to_the_function_is_filed_under_it_too(logged: Logged):
    def run() -> None:
        logged.log.begin_host()
        with logged.log.filed_under("on_log", "1"):
            _APP.error("while the arguments are made")

    contextvars.Context().run(run)
    assert logged.lines() == ["ERROR Function.on_log.User: while the arguments are made"]


def test_what_is_logged_in_another_thread_or_after_the_end_is_dropped(logged: Logged):
    with logged.log.filed_under("on_log", "1"):
        _in_a_thread("from a thread of the function's", of_invocation=None)
    _in_a_thread("too late", of_invocation="1")
    assert logged.lines() == []


def test_what_the_app_logs_before_any_invocation_is_dropped(logged: Logged):
    contextvars.Context().run(_APP.critical, "imported")
    assert logged.lines() == []


@pytest.mark.parametrize("name", ["azure.functions", "azure.functions.WsgiMiddleware", "azure_functions_runtime"])
def test_the_workers_own_lines_are_dropped_in_invocations_too(logged: Logged, name: str):
    with logged.log.filed_under("on_log", "1"):
        logging.getLogger(name).critical("for Microsoft")
    assert logged.lines() == []


def test_the_hosts_own_lines_have_their_category_and_its_libraries_warn(logged: Logged):
    def run() -> None:
        logged.log.begin_host()
        logging.getLogger("Host.Results").info("succeeded")
        logging.getLogger("uvicorn").info("started")
        logging.getLogger("uvicorn").warning("slow")
        with logged.log.filed_under("on_log", "1"):
            pass
        logging.getLogger("Host.Results").info("still the host")

    contextvars.Context().run(run)
    assert logged.lines() == [
        "INFO Host.Results: succeeded",
        "WARNING Host.General: slow",
        "INFO Host.Results: still the host",
    ]


def test_an_app_cannot_pass_for_the_host(logged: Logged):
    contextvars.Context().run(logging.getLogger("Host.Results").critical, "forged")
    assert logged.lines() == []
