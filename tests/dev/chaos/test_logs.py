from collections import Counter
from datetime import UTC, datetime
from random import Random

import orjson
import pytest

from dev.chaos.logs import REFUSED_ADDRESS, REJECTED_ADDRESS, LogWriter, Quirk, canonical
from dev.flowlogs.nics import Format, Load, Nic
from shared.flowlog import decode

TIME = datetime(2026, 11, 23, 10, 4, 30, tzinfo=UTC)
QUIRKS = {Quirk.MALFORMED: 0.2, Quirk.REFUSED: 0.1, Quirk.REJECTED: 0.1}


def chunks(form, quirks):
    writer = LogWriter(Random(1), quirks)
    return [writer.chunk(Nic(form, number, Load.SPARSE), TIME) for number in (1, 2) for _ in range(20)]


@pytest.mark.parametrize("form", Format)
def test_a_chunk_decodes_to_what_must_become_of_it(form):
    for chunk in chunks(form, {Quirk.MALFORMED: 0.2}):
        decoded = decode(chunk.data)
        assert Counter(canonical(orjson.loads(line)) for line in decoded.lines) == Counter(chunk.stored)
        assert Counter(item.raw.decode() for item in decoded.set_aside) == Counter(chunk.aside)


@pytest.mark.parametrize("form", Format)
def test_no_tuple_comes_twice(form):
    texts = Counter(text for chunk in chunks(form, QUIRKS) for text in (*chunk.stored, *chunk.aside))
    assert set(texts.values()) == {1}


def test_records_that_the_gateway_is_not_to_take_are_known_by_their_destination():
    texts = [text for chunk in chunks(Format.NSG_2, QUIRKS) for text in chunk.aside]
    assert {True} == {REFUSED_ADDRESS in text or REJECTED_ADDRESS in text for text in texts if text.startswith("{")}
    stored = [text for chunk in chunks(Format.NSG_2, QUIRKS) for text in chunk.stored]
    assert not any(REFUSED_ADDRESS in text or REJECTED_ADDRESS in text for text in stored)
