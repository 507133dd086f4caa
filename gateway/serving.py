"""`serve`: the listeners of the gateway, the edge, the metrics and the operator, in one process."""

import argparse
import re
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gateway.api.request_log import Sink
from gateway.app import create_app
from gateway.clock import utc_now
from gateway.connections import MOST_OF_AN_ADDRESS, MOST_SCRAPERS, Connections, most_connections
from gateway.edge.app import PORT, create_edge
from gateway.metrics.activity import Activity
from gateway.metrics.app import TokenFileError, create_metrics, read_token
from gateway.operator.app import create_operator
from gateway.operator.socket import listening
from gateway.server import Server, end_on_signals, listen, run, server
from gateway.site import PACKAGE, Site
from gateway.stores.accounts import Accounts
from gateway.stores.errors import StoreError
from gateway.stores.passwords import new_password
from gateway.stores.retention import MOST_DAYS
from gateway.stores.stores import Stores, open_stores
from gateway.stores.upgrade import upgrade
from gateway.strangers import Strangers

_SWITCH_SECONDS: Final = 0.001
"""How long a thread, such as one that reads a body, may keep others from running. A post needs its turn about thirty
times, so Python's default of 5 ms would add up: while another customer's bodies are read, it would take three times as
long.
"""
_WHOLE: Final = re.compile(r"[0-9]{1,5}")
_URL: Final = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")


class UsageError(Exception):
    """The command cannot be carried out as given; the message says why and what to do."""


def add_serve_arguments(serve: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=8080, help="port, or 0 for a free one (default: %(default)s)")
    serve.add_argument("--certificate", type=Path, help="TLS certificate with its chain, PEM")
    serve.add_argument("--key", type=Path, help="private key of the certificate, PEM")
    serve.add_argument(
        "--edge-port",
        type=int,
        help=f"port for agents, which needs a certificate; 0 for a free one (default: {PORT})",
    )
    serve.add_argument("--edge-certificate", type=Path, help="TLS certificate for agents (default: --certificate)")
    serve.add_argument("--edge-key", type=Path, help="private key of that certificate (default: --key)")
    serve.add_argument(
        "--behind-a-proxy", action="store_true", help="listen beyond loopback without TLS, because a proxy adds it"
    )
    serve.add_argument(
        "--keep-days",
        type=_days,
        metavar="DAYS",
        help="delete flow records older than this many days, except of customers with their own retention "
        "(default: keep all)",
    )
    serve.add_argument(
        "--public-url", metavar="URL", help="address at which others reach the gateway (default: where it listens)"
    )
    serve.add_argument(
        "--metrics-port", type=int, help="port for Prometheus, or 0 for a free one (default: no metrics)"
    )
    serve.add_argument(
        "--metrics-host",
        default="127.0.0.1",
        help="address of that port (default: %(default)s)",
    )
    serve.add_argument(
        "--metrics-token-file",
        type=Path,
        help="file with the token that gives Prometheus access to each customer's figures",
    )
    serve.add_argument(
        "--package",
        type=Path,
        default=PACKAGE,
        help="the function app's package, which the console offers for download (default: %(default)s)",
    )


def serve(
    options: argparse.Namespace,
    write: Sink,
    say: Callable[[str], None],
    middleware: Sequence[Middleware] = (),
    protocol: type[H11Protocol] = H11Protocol,
) -> None:
    """Serve until a signal ends it.

    Args:
        options: Those of the command.
        write: Receives the addresses first, then the request log.
        say: Receives messages for people.
        middleware: Further layers between the request log and the calls.
        protocol: Speaks HTTP.

    Raises:
        UsageError: The options can't be used together, or an address can't be listened on.
    """
    tls = _pair(options, "certificate", "key") is not None
    edge = _pair(options, "edge_certificate", "edge_key") or _pair(options, "certificate", "key")
    if edge is None and options.edge_port is not None:
        raise UsageError("Agents connect over TLS only: give --edge-certificate and --edge-key too.")
    if not (tls or options.behind_a_proxy or _is_loopback(options.host)):
        raise UsageError(
            f"Tokens would cross the network unencrypted on {options.host}. Give --certificate and --key, or use "
            f"--behind-a-proxy if a proxy on the same machine adds TLS."
        )
    metrics_token = _metrics_token(options, tls=tls)
    public_url = None if options.public_url is None else _public_url(options.public_url)
    upgrade(options.data, say)
    with ExitStack() as open_things:
        stores = open_things.enter_context(open_stores(options.data))
        counted = _connections(options)
        listener = open_things.enter_context(_listener(options.host, options.port, counted))
        url = _url(*listener.getsockname()[:2], tls=tls)
        site = Site(
            public_url or url,
            encrypted=tls or options.behind_a_proxy or (public_url or "").startswith("https:"),
            behind_a_proxy=options.behind_a_proxy,
            package=options.package,
        )
        activity = Activity(connections={"gateway": counted})
        app = create_app(
            stores,
            site,
            utc_now,
            write,
            middleware=middleware,
            records_life=options.keep_days,
            activity=activity,
        )
        app = Strangers(app, utc_now, behind_a_proxy=options.behind_a_proxy)
        servings = [(_server(app, options.certificate, options.key, protocol, connections=counted), listener)]
        told = {"listening": url}
        if edge is not None:
            port = PORT if options.edge_port is None else options.edge_port
            agents = activity.connections["edge"] = Connections(most_connections())
            edge_listener = open_things.enter_context(_listener(options.host, port, agents, "--edge-port"))
            edge_app = Strangers(create_edge(stores, utc_now, write, activity=activity), utc_now, behind_a_proxy=False)
            edge_server = _server(edge_app, *edge, ending=stores.changes.end, connections=agents)
            servings.append((edge_server, edge_listener))
            told["edge"] = _url(*edge_listener.getsockname()[:2], tls=True)
        if options.metrics_port is not None:
            scrapers = activity.connections["metrics"] = Connections(MOST_SCRAPERS)
            metrics_listener = open_things.enter_context(
                _listener(options.metrics_host, options.metrics_port, scrapers, "--metrics-port")
            )
            metrics = create_metrics(stores, activity, options.data, utc_now, metrics_token)
            servings.append(
                (_server(metrics, options.certificate, options.key, connections=scrapers), metrics_listener)
            )
            told["metrics"] = _url(*metrics_listener.getsockname()[:2], tls=tls)
        operator = open_things.enter_context(listening(options.data))
        servings.append((_server(create_operator(stores, utc_now)), operator))
        sys.setswitchinterval(_SWITCH_SECONDS)
        end_on_signals(*(serving for serving, _ in servings))
        _first_start(stores.accounts, say)
        _warn_about_the_key(stores, options.data, say)
        _warn_about_the_package(options.package, say)
        write(told)
        run(*servings)


def _metrics_token(options: argparse.Namespace, *, tls: bool) -> str | None:
    """Read the token for customers' figures, if there is one."""
    if options.metrics_port is not None and not (tls or _is_loopback(options.metrics_host)):
        raise UsageError(
            f"Figures and their token would cross the network unencrypted on {options.metrics_host}. Give "
            "--certificate and --key, or leave --metrics-host on loopback."
        )
    if options.metrics_token_file is None:
        return None
    if options.metrics_port is None:
        raise UsageError("--metrics-token-file needs --metrics-port.")
    try:
        return read_token(options.metrics_token_file)
    except TokenFileError as error:
        raise UsageError(str(error)) from None


def _pair(options: argparse.Namespace, certificate: str, key: str) -> tuple[Path, Path] | None:
    """Return a certificate and its key, or neither."""
    pair = getattr(options, certificate), getattr(options, key)
    if (pair[0] is None) != (pair[1] is None):
        names = (f"--{name.replace('_', '-')}" for name in (certificate, key))
        raise UsageError(f"{' and '.join(names)} go together: give both or neither.")
    return None if pair[0] is None else pair


def _server(
    app: ASGIApp,
    certificate: Path | None = None,
    key: Path | None = None,
    protocol: type[H11Protocol] = H11Protocol,
    ending: Callable[[], None] = lambda: None,
    connections: Connections | None = None,
) -> Server:
    try:
        return server(app, certificate, key, protocol, ending, connections)
    except OSError as error:
        raise UsageError(f"{certificate} and {key} are not a certificate and its key: {error}") from None


def _url(host: str, port: int, *, tls: bool) -> str:
    return f"http{'s' * tls}://{f'[{host}]' if ':' in host else host}:{port}"


def _days(text: str) -> timedelta:
    """Read a number of days."""
    if not (_WHOLE.fullmatch(text) and 1 <= int(text) <= MOST_DAYS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days from 1 to {MOST_DAYS}")
    return timedelta(days=int(text))


def _public_url(text: str) -> str:
    """Check the address at which others reach the gateway, and which people will paste into commands."""
    url = text.removesuffix("/")
    host = None
    with suppress(ValueError):
        parts = urlsplit(url)
        host = parts.hostname if _URL.fullmatch(url) and parts.port != 0 else None
    if host is None or not (url.startswith("https:") or _is_loopback(host)):
        raise UsageError(
            f"--public-url {text} is not a valid gateway address: use https://HOST or https://HOST:PORT, "
            "without a path; "
            "http:// only on loopback."
        )
    return url


def _connections(options: argparse.Namespace) -> Connections:
    """Return the connections of the main listener. Behind a proxy, all come from its address."""
    return Connections(most_connections(), None if options.behind_a_proxy else MOST_OF_AN_ADDRESS)


def _listener(host: str, port: int, connections: Connections, option: str = "--port") -> socket.socket:
    try:
        return listen(host, port, connections)
    except OSError as error:
        raise UsageError(f"Cannot listen on {host}, port {port}: {error}. Choose another --host or {option}.") from None


def _first_start(accounts: Accounts, say: Callable[[str], None]) -> None:
    """Add the first administrator to a gateway without users, and print the password once."""
    if not accounts.has_users():
        password = new_password()
        try:
            accounts.add_user("admin", accounts.add_customer("default"), password, one_time=True)
        except StoreError as error:  # the removal of that customer was interrupted
            say(f"Nobody can sign in. {error}")
            return
        say(
            f"First start. The administrator is admin, with the password {password} (it is not shown again); the "
            "customer is default."
        )


def _warn_about_the_key(stores: Stores, data: Path, say: Callable[[str], None]) -> None:
    """Warn now if the secrets key is missing or wrong, which would otherwise only be noticed at the next download."""
    lost = stores.deployments.sealed_for_good()
    if lost:
        named = ", ".join(f"{deployment} of {customer}" for customer, deployment in lost)
        say(
            f"{data / 'secrets.key'} is missing, damaged, or not the key of this directory: the connection strings of "
            f"{named} can't be decrypted. Restore the right key, or enter them again in the console. Everything else "
            f"works."
        )


def _warn_about_the_package(package: Path, say: Callable[[str], None]) -> None:
    """Name the command that builds the function app's package, if there is none to download yet."""
    if not package.is_file():
        say(
            f"{package} is missing, so scripts can't be downloaded yet. `make package` builds it in a checkout, while "
            f"the gateway runs too; a release contains it as function.zip, for --package."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False
