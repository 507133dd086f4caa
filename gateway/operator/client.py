"""Carries out operations: in the gateway that is serving from a directory, or otherwise in this process."""

from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import orjson

from gateway.clock import utc_now
from gateway.operator.operations import OPERATIONS
from gateway.operator.socket import connected
from gateway.operator.work import RefusedError, Say, Work
from gateway.stores.stores import open_stores
from gateway.stores.whole import require_kept


def carry_out(data: Path, name: str, arguments: dict[str, Any], say: Say) -> dict[str, Any]:
    """Carry out an operation, and return its result.

    Args:
        data: The directory in which the gateway keeps everything.
        name: The operation.
        arguments: Its arguments, as in JSON.
        say: Receives lines of progress.

    Raises:
        RefusedError: The command is refused.
        StoreError: The directory contains no gateway's data.
        OtherVersionError: The directory must be upgraded first.
        OSError, StoreUnavailableError, sqlite3.Error: The directory can't be used.
    """
    require_kept(data)
    connection = connected(data)
    if connection is None:
        with open_stores(data) as stores:
            return OPERATIONS[name](Work(stores, utc_now, say, arguments))
    with closing(HTTPConnection("gateway")) as http:
        http.sock = connection
        try:
            http.request("POST", f"/{name}", orjson.dumps(arguments))
            answer = http.getresponse()
            if answer.status == HTTPStatus.NOT_FOUND:
                raise RefusedError("The gateway that is serving has another version. Restart it, and try again.")
            if answer.status != HTTPStatus.OK:
                raise RefusedError("The gateway that is serving failed; its stderr has the reason.")
            for line in answer:
                said = orjson.loads(line)
                if "progress" in said:
                    say(said["progress"])
                elif "done" in said:
                    return dict(said["done"])
                else:
                    raise RefusedError(said["refused"])
        except (HTTPException, OSError) as error:
            raise RefusedError(
                f"The gateway stopped answering: {error}. Check whether it is running, and try again."
            ) from error
    raise RefusedError("The gateway stopped before it was done. Start it, and try again.")
