import random

import pytest

from dev.flowlogs import malformed
from dev.flowlogs.malformed import break_tuple

_TUPLES = [
    "1542110402,192.0.2.190,10.5.16.4,28746,443,U,I,D",
    "1542110437,10.5.16.4,10.13.0.5,59336,3389,T,O,A,B,,,,",
    "1663146003599,10.0.0.6,52.239.184.180,23956,443,6,O,E,NX,3,767,2,1580",
]


@pytest.mark.parametrize("text", _TUPLES)
def test_a_broken_tuple_is_another_tuple(text: str):
    chance = random.Random(1)
    assert all(break_tuple(text, chance) != text for _ in range(200))


@pytest.mark.parametrize("text", _TUPLES)
def test_every_way_to_break_is_taken(text: str):
    chance = random.Random(1)
    assert len({break_tuple(text, chance) for _ in range(500)}) == len(malformed._WAYS)
