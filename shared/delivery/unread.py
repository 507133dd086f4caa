"""Log blobs that can't be read according to listings, counted for a single log line, since there may be thousands."""

from collections.abc import Iterator

from shared.delivery.report import Outcome, Report, Tally
from shared.flowlog import LogKind
from shared.storage.log_listings import ListedLog

UNKNOWN_NAME = (
    "Its name resembles a flow log's but does not have a known form, so no sweep reads it. Names that are read look "
    "like KEY=.../y=2026/m=11/d=23/h=15/m=00/macAddress=000D3AF87856/PT1H.json."
)


class Unread:
    """What a sweep of one kind of log left unread."""

    def __init__(self, kind: LogKind) -> None:
        self._kind = kind
        self._counts: dict[str, int] = {}
        self._examples: dict[str, str] = {}

    def add(self, item: ListedLog) -> None:
        """Count a log blob that can't be read as it is."""
        self._count(item.problem, item.log.name)

    def add_name(self, name: str) -> None:
        """Count a blob whose name does not have a known form."""
        self._count(UNKNOWN_NAME, name)

    def report(self) -> Iterator[Report]:
        """Yield one report for all of them; none if there are none."""
        if self._counts:
            sentences = (f"{n}, such as {self._examples[reason]}: {reason}" for reason, n in self._counts.items())
            message = f"Log blobs that can't be read: {' '.join(sentences)}"
            yield Report(self._kind.container, Outcome.UNSUPPORTED, Tally(), 0, message)

    def _count(self, reason: str, name: str) -> None:
        self._counts[reason] = self._counts.get(reason, 0) + 1
        self._examples.setdefault(reason, name)
