"""How many bytes of a log blob are read over an hour of updates, against the bytes that are in it."""

from benchmarks import report
from benchmarks.observed import storage_requests
from benchmarks.stage import deliver, stage
from benchmarks.synthetic import Shape, Traffic, ranges

_UPDATES = 60
_DISTINCT = 5
_MINUTES = {
    "dense": Traffic(Shape.NSG, 8_000),
    "sparse": Traffic(Shape.NSG, 5, tuples_a_record=5),
}
_CLAIM = (
    f"A log blob grows by {_UPDATES} commits, a minute's block each, and an event tells of every one. Counted are the "
    "bytes that storage sent: of the log, and apart from them the block lists. Reading the whole blob at each event is "
    "what a blob trigger with the blob's content does."
)


def measure() -> report.Result:
    """Count the bytes of an hour of updates, of each log in turn."""
    rows: list[tuple[report.Cell, ...]] = []
    figures = []
    for network_card, (name, traffic) in enumerate(_MINUTES.items()):
        size, read, lists, whole = _hour(network_card, traffic)
        figures.append(report.Figure(f"log bytes read / bytes in the blob, {name}", read / size, "x", at_most=1.02))
        rows.append((name, size, read, read / size, lists, (read + lists) / size, whole / size))
    columns = ("log", "bytes", "read", "read x", "block lists", "with lists x", "whole blobs x")
    return report.Result(_CLAIM, tuple(figures), (report.Table(columns, tuple(rows)),))


def _hour(network_card: int, minute: Traffic) -> tuple[int, int, int, int]:
    # Gives the bytes in the blob at the end, those read of it, those of block lists, and the sum of its sizes.
    blocks = [b"".join(ranges(minute, seed=number)) for number in range(_DISTINCT)]
    size = whole = 0
    with stage() as parts:
        log = parts.new_log(network_card)
        ingester = parts.ingester()
        read = lists = 0
        for number in range(_UPDATES):
            size = log.commit(blocks[number % _DISTINCT])
            whole += size
            with storage_requests() as made:
                deliver(ingester, log.log)
            read += sum(each.bytes_received for each in made if each.kind == "read: logs")
            lists += sum(each.bytes_received for each in made if each.kind == "block list: logs")
    return size, read, lists, whole


if __name__ == "__main__":
    report.main("reading", measure)
