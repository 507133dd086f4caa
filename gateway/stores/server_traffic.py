"""The attribute `Server Traffic` of machines: the latest answers to their agents' deliveries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from gateway.clock import from_ms, iso, to_ms
from gateway.stores.database import Database

KEPT: Final = 100
"""How many answers are kept for each machine: at an interval of a minute, those of the last hour and a half."""
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a delivery.

    Attributes:
        at: When.
        status: The HTTP status.
        flows: How many flows were accepted; None if the delivery was refused.
        reason: Why it was refused, or what was left out of it; empty if nothing was.
    """

    at: datetime
    status: int
    flows: int | None = None
    reason: str = ""

    @property
    def good(self) -> bool:
        """Whether the delivery was accepted, and at least one of its lines, if it has any."""
        return self.status == HTTPStatus.OK and (bool(self.flows) or not self.reason)

    @property
    def value(self) -> str:
        """The attribute's value, such as `HTTP/1.1 200 OK 2026-11-23T07:02:11Z flows=143`."""
        flows = "" if self.flows is None else f" flows={self.flows}"
        return f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase} {iso(self.at)}{flows}"


class ServerTraffic:
    """The store of answers. Every method may be called from any thread, and blocks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, item: int, answer: Answer) -> None:
        """Store an answer, and delete the oldest ones beyond the limit; do nothing for a machine that is gone."""
        with self._database.transaction():
            self._database.run(
                """INSERT INTO server_traffic (item, at, status, flows, reason)
                   SELECT id, ?, ?, ?, ? FROM items WHERE id = ?""",
                to_ms(answer.at),
                answer.status,
                answer.flows,
                answer.reason[:_LONGEST],
                item,
            )
            self._database.run(
                """DELETE FROM server_traffic WHERE item = ?1 AND id <=
                   (SELECT id FROM server_traffic WHERE item = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)""",
                item,
                KEPT,
            )

    def history(self, item: int) -> list[Answer]:
        """Return the answers of a machine, the newest first."""
        rows = self._database.run(
            "SELECT at, status, flows, reason FROM server_traffic WHERE item = ? ORDER BY id DESC", item
        )
        return [_answer(*row) for row in rows]

    def last(self, items: Iterable[int]) -> dict[int, Answer]:
        """Return the latest answer for each machine that has one, by machine number."""
        found = {}
        for item in items:
            rows = self._database.run(
                "SELECT at, status, flows, reason FROM server_traffic WHERE item = ? ORDER BY id DESC LIMIT 1", item
            )
            if rows:
                found[item] = _answer(*rows[0])
        return found


def _answer(*row: Any) -> Answer:  # noqa: ANN401 - as the columns are
    at, status, flows, reason = row
    return Answer(from_ms(at), status, flows, reason)
