"""Decoding the bytes of a flow log into flow records: every tuple becomes a line, or is set aside with the reason."""

from shared.flowlog.decoded import Decoded, Unit
from shared.flowlog.fast import decode_fast
from shared.flowlog.framing import without_envelope
from shared.flowlog.pieces import pieces
from shared.flowlog.plain import add_range, decode_record, decode_tuple
from shared.flowlog.tuples import Envelope


def decode(data: bytes) -> Decoded:
    """Decode the bytes of a committed block, or of any range that is cut between records.

    Records may be separate, joined by commas, or have the envelope or one end of it around them. It never raises
    because of the bytes' content: what can't be read is set aside.
    """
    fast = decode_fast(without_envelope(data))
    return _decode_pieces(data, fast_first=True) if fast is None else fast


def decode_plainly(data: bytes) -> Decoded:
    """Decode only with the plain reference; `decode` must return the same for all bytes."""
    return _decode_pieces(data, fast_first=False)


def decode_set_aside(unit: Unit, raw: bytes, context: Envelope | None) -> Decoded:
    """Decode once more what was set aside (see `SetAside`); positions in the result count from its own start."""
    if unit is not Unit.TUPLE or context is None:
        return decode(raw)
    decoded = Decoded()
    decode_tuple(b'"%b"' % raw, context, "flowTuples[0]", decoded)
    return decoded


def _decode_pieces(data: bytes, *, fast_first: bool) -> Decoded:
    decoded = Decoded()
    number = 0
    for piece in pieces(data):
        if piece.problem:
            add_range(piece.text, piece.offset, piece.problem, decoded)
            continue
        # The fast path would open what `pieces` has left closed.
        fast = decode_fast(piece.text, number) if fast_first and b'"records"' not in piece.text else None
        if fast is None:
            decode_record(piece.text, number, piece.offset, decoded)
        else:
            decoded.lines += fast.lines
            decoded.set_aside += fast.set_aside
        number += 1
    return decoded
