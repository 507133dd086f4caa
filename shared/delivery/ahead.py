"""Fetching ahead: while one piece is worked on, the next is on its way."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass
from typing import Final

_LOOKS_EVERY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Ahead:
    """Fetches in another thread, while the calling one sees to something else.

    Attributes:
        pool: Fetches.
        keep: Is called every second that a fetch is waited for.
    """

    pool: Executor
    keep: Callable[[], None]

    def result(self, coming: Future[bytes]) -> bytes:
        """Wait for a fetch; return its bytes, or raise what it raised."""
        attend(coming, self.keep)
        return coming.result()


def attend[T](future: Future[T], keep: Callable[[], None]) -> None:
    """Wait until something is done, and call `keep` every second until then, and once afterwards."""
    while not future.done():
        wait([future], _LOOKS_EVERY_SECONDS)
        keep()


def fetched_ahead[Piece](
    fetch: Callable[[Piece], bytes], pieces: Iterable[Piece], ahead: Ahead | None
) -> Iterator[tuple[Piece, bytes]]:
    """Yield each piece with its bytes, in order.

    Args:
        fetch: Returns a piece's bytes; what it raises is raised where the piece would have been yielded.
        pieces: What to fetch.
        ahead: Fetches the next piece meanwhile; without it, and for the first piece, nothing is fetched ahead.
    """
    waiting = iter(pieces)
    piece = next(waiting, None)
    if piece is None:
        return
    data = fetch(piece)
    for following in waiting:
        if ahead is None:
            yield piece, data
            data = fetch(following)
        else:
            coming = ahead.pool.submit(fetch, following)
            yield piece, data
            data = ahead.result(coming)
        piece = following
    yield piece, data
