"""Has an operation carried out: by the gateway that serves from a directory, or else by this process."""

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


def carry_out(data: Path, name: str, wishes: dict[str, Any], say: Say) -> dict[str, Any]:
    """Do what an operator wants, and return what is to be told of it.

    Args:
        data: The directory in which the gateway keeps everything.
        name: The operation.
        wishes: What it is to do, as JSON has it.
        say: Takes lines of progress.

    Raises:
        RefusedError: It is not done.
        StoreError: No gateway has kept anything in the directory.
        OtherVersionError: The directory is to be brought forward first.
        OSError, StoreUnavailableError, sqlite3.Error: The directory can't be used.

    """
    require_kept(data)
    connection = connected(data)
    if connection is None:
        with open_stores(data) as stores:
            return OPERATIONS[name](Work(stores, utc_now, say, wishes))
    with closing(HTTPConnection("gateway")) as http:
        http.sock = connection
        try:
            http.request("POST", f"/{name}", orjson.dumps(wishes))
            answer = http.getresponse()
            if answer.status == HTTPStatus.NOT_FOUND:
                raise RefusedError("The gateway that is serving is of another version. Restart it, and try again.")
            if answer.status != HTTPStatus.OK:
                raise RefusedError("The gateway that is serving failed, and has said how on stderr.")
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
    raise RefusedError("The gateway ended before it was done. Start it, and try again.")
