"""`sluice-agent doctor`: checks name resolution, port, TLS, token and clock, and prints a line for each."""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import sys
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple

from agent.clock import Clock, SystemClock
from agent.collecting import NOTHING_WANTED
from agent.commands.options import ATTENTION, FAILED, FINE, add_edge_options, add_state_option, make_edge
from agent.delivery.edge import (
    CONNECT_SECONDS,
    SKEW_MAX_SECONDS,
    Address,
    Edge,
    make_context,
    parse_address,
    skew_sentence,
)
from agent.errors import AgentError
from agent.foreign import shape
from agent.identity import identify

_DESCRIPTION: Final = """\
Checks what the agent needs to reach the edge: that its name resolves, its port is open, its certificate is valid, the
token is accepted, and the clocks agree. Checking the token adds this machine to the console; nothing else is sent.
"""
_EPILOG: Final = """\
exit codes:
  0  everything is fine
  1  something needs attention soon
  2  something fails, or could not be checked

example:
  sudo sluice-agent doctor --edge console.example.com
"""
_USUAL_ADVICE: Final = "If the edge's certificate is from a private CA, name the CA's file with --ca-file."
_OUT_OF_TIME: Final = "Renew it, or correct this machine's clock."
_OF_ANOTHER: Final = "Use the edge's name as it is in the certificate."
_ADVICE: Final = {9: _OUT_OF_TIME, 10: _OUT_OF_TIME, 62: _OF_ANOTHER, 64: _OF_ANOTHER}
"""What to do about a certificate, by OpenSSL's error number."""


class State(Enum):
    """What a check found."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        check: Its name.
        state: The outcome.
        message: A sentence or two.
    """

    check: str
    state: State
    message: str


_EXITS: Final = {State.OK: FINE, State.WARN: ATTENTION, State.FAIL: FAILED}
_NAME, _PORT, _TLS, _TOKEN, _CLOCK = "name resolution", "port", "TLS", "token", "clock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_edge_options(parser)
    add_state_option(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def run(options: argparse.Namespace) -> int:
    """Check everything, and print each finding as it comes.

    Raises:
        SettingError: An option is wrong.
    """
    findings = []
    for finding in _findings(options):
        findings.append(finding)
        if not options.json:
            sys.stdout.write(f"{finding.state.value:<4}  {finding.check:<15}  {finding.message}\n")
            sys.stdout.flush()
    if options.json:
        listed = [{"check": each.check, "state": each.state.value, "message": each.message} for each in findings]
        sys.stdout.write(f"{json.dumps(listed, indent=2)}\n")
    return max(_EXITS[finding.state] for finding in findings)


def _findings(options: argparse.Namespace) -> Iterator[Finding]:
    checks = [_NAME, _PORT, _TLS, _TOKEN, _CLOCK]
    for state, message in _found(options):
        yield Finding(checks.pop(0), state, message)
    for check in checks:
        yield Finding(check, State.FAIL, "Not checked: see above.")


def _found(options: argparse.Namespace) -> Iterator[tuple[State, str]]:
    """Run one check after another, until one fails that the others depend on."""
    address, context = parse_address(options.edge), make_context(options.ca_file)
    yield (resolved := _resolve(address))
    if resolved[0] is State.FAIL:
        return
    yield (connected := _connect(address))
    if connected[0] is State.FAIL:
        return
    yield (shaken := _shake_hands(address, context))
    if shaken[0] is State.FAIL:
        return
    try:
        edge = make_edge(options, identify(options.state))
    except AgentError as error:
        yield State.FAIL, str(error)
        return
    yield _ask(edge)
    yield compare_clock(edge, SystemClock())


def _resolve(address: Address) -> tuple[State, str]:
    try:
        found = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        return State.FAIL, f"The name {address.host} can't be resolved here: {reason}."
    addresses = sorted({str(each[4][0]) for each in found})
    return State.OK, f"{address.host} resolves to {', '.join(addresses)}."


def _connect(address: Address) -> tuple[State, str]:
    try:
        with socket.create_connection(address, CONNECT_SECONDS):
            return State.OK, f"{address} accepts connections."
    except OSError as error:
        reason = error.strerror or error
        return (
            State.FAIL,
            f"{address} does not accept connections: {reason}. Is the edge running, and the port open to here?",
        )


def _shake_hands(address: Address, context: ssl.SSLContext) -> tuple[State, str]:
    try:
        plain = socket.create_connection(address, CONNECT_SECONDS)
        with plain, context.wrap_socket(plain, server_hostname=address.host) as secured:
            return State.OK, f"The certificate is valid; {secured.version()}."
    except ssl.SSLCertVerificationError as error:
        advice = _ADVICE.get(error.verify_code, _USUAL_ADVICE)
        return State.FAIL, f"The certificate can't be trusted: {error.verify_message}. {advice}"
    except OSError as error:
        return State.FAIL, f"TLS failed: {error.strerror or error}."


def _ask(edge: Edge) -> tuple[State, str]:
    try:
        document = edge.ask(None)
    except AgentError as error:
        return State.FAIL, str(error)
    if document.get("collect") is True:
        return State.OK, "The edge accepts the token, and wants this machine's connections."
    return State.OK, f"The edge accepts the token, but wants nothing from this machine: {NOTHING_WANTED}"


def compare_clock(edge: Edge, clock: Clock) -> tuple[State, str]:
    """Compare the machine's clock with the edge's."""
    try:
        text = edge.health().get("time")
    except AgentError as error:
        return State.FAIL, str(error)
    try:
        # Python 3.9 reads no Z.
        theirs = datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return State.FAIL, f"The edge's time can't be understood: {shape(text)}."
    skew = clock.now_ms() / 1000 - theirs
    if abs(skew) > SKEW_MAX_SECONDS:
        return State.WARN, f"{skew_sentence(skew)} Correct it, or flows are recorded at the wrong time."
    return State.OK, f"It agrees with the edge's to {max(1, round(abs(skew)))} s."
