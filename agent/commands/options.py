"""Options that several commands share, and what is built from them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from agent.clock import SystemClock
from agent.delivery.edge import Edge, make_context, parse_address
from agent.delivery.token import read_token
from agent.identity import Identity

if sys.platform == "win32":
    STATE: Final = Path(r"C:\ProgramData\SluiceAgent")
    TOKEN: Final = STATE / "token"
else:
    STATE: Final = Path("/var/lib/sluice-agent")
    TOKEN: Final = Path("/etc/sluice-agent/token")
FINE, ATTENTION, FAILED, WRONG_USAGE = 0, 1, 2, 2
"""The exit codes of the commands."""


def add_edge_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options for reaching the edge."""
    parser.add_argument(
        "--edge", required=True, metavar="HOST[:PORT]", help="address of the edge; its port is 8048 unless given"
    )
    parser.add_argument(
        "--token-file", type=Path, default=TOKEN, metavar="FILE", help="file with the token (%(default)s)"
    )
    parser.add_argument(
        "--ca-file", type=Path, metavar="FILE", help="trust only the certificate authorities in this file"
    )


def add_state_option(parser: argparse.ArgumentParser) -> None:
    """Declare the option for the directory of the agent's id and unsent intervals."""
    parser.add_argument(
        "--state", type=Path, default=STATE, metavar="DIR", help="the agent's state directory (%(default)s)"
    )


def make_edge(options: argparse.Namespace, identity: Identity) -> Edge:
    """Return the edge that the options describe.

    Raises:
        SettingError: An option is wrong.
    """
    address, context = parse_address(options.edge), make_context(options.ca_file)
    file: Path = options.token_file
    return Edge(address, context, lambda: read_token(file), identity, SystemClock())


def seconds(text: str) -> int:
    """Return an option's number of seconds."""
    longest = 3600
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= longest):
        message = f"must be from 1 to {longest}, not {text!r:.40}"
        raise argparse.ArgumentTypeError(message)
    return int(text)
