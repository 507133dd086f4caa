"""`sluice-agent run`: collects while the edge wants it, and sends what it finds."""

from __future__ import annotations

import argparse
import logging
import sys
from typing import Final

from agent.clock import SystemClock
from agent.collecting import Collector, Watch
from agent.commands.options import add_edge_options, add_state_option, make_edge
from agent.delivery.backoff import Backoff
from agent.delivery.delivering import Delivery
from agent.delivery.lock import lock
from agent.delivery.polling import Polling
from agent.delivery.spool import Spool
from agent.delivery.token import read_token
from agent.errors import SettingError
from agent.identity import identify, own_addresses
from agent.running import Runner
from agent.sockets.table import ephemeral_ports, read_snapshot

_DESCRIPTION: Final = """\
Polls the edge over HTTPS for what to do; no open port is needed on this machine. While a blueprint is applied to this
machine, the agent reads its connections at least every 30 seconds, and sends each interval's flows as soon as it ends.
What the edge has not accepted waits in the state directory: up to 360 intervals, after which the oldest are dropped and
counted.

It needs no privileges. Root, or the capabilities CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH together, add the names of
other users' processes; command lines are never read.
"""
_EPILOG: Final = """\
example:
  sluice-agent run --edge console.example.com --token-file token --state state
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    add_edge_options(parser)
    add_state_option(parser)


def run(options: argparse.Namespace) -> int:
    """Run until told to stop.

    Raises:
        SettingError: An option, or what it names, is wrong.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stderr)
    clock = SystemClock()
    read_token(options.token_file)  # report it immediately to whoever starts the agent
    identity = identify(options.state)
    edge = make_edge(options, identity)
    try:
        with lock(options.state):
            spool = Spool(options.state / "spool")
            ephemeral = ephemeral_ports()

            def watch() -> Watch:
                return Watch(read_snapshot, ephemeral, lambda: edge.peers, own_addresses)

            runner = Runner(
                Collector(watch, spool, clock, identity.host),
                Delivery(spool, edge, Backoff(), clock),
                lambda apply: Polling(edge, apply, Backoff()),
            )
            return runner.run()
    except OSError as error:
        message = f"The state directory {options.state} can't be used: {error.strerror}."
        raise SettingError(message) from error
