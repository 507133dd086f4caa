"""Fetching ahead: while one piece is worked on, the next is on its way."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor


def fetched_ahead[Piece](
    fetch: Callable[[Piece], bytes], pieces: Iterable[Piece], pool: Executor | None
) -> Iterator[tuple[Piece, bytes]]:
    """Yield each piece with its bytes, in order.

    Args:
        fetch: Returns a piece's bytes; what it raises is raised where the piece would have been yielded.
        pieces: What to fetch.
        pool: Fetches the next piece meanwhile; without one, and for the first piece, nothing is fetched ahead.
    """
    waiting = iter(pieces)
    piece = next(waiting, None)
    if piece is None:
        return
    data = fetch(piece)
    for following in waiting:
        if pool is None:
            yield piece, data
            data = fetch(following)
        else:
            coming = pool.submit(fetch, following)
            yield piece, data
            data = coming.result()
        piece = following
    yield piece, data
