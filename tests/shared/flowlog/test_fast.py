import random

import orjson
import pytest

from shared.flowlog import check
from shared.flowlog.decode import decode_plainly
from shared.flowlog.fast import decode_fast
from tests.shared.flowlog.made import NSG_V2_TUPLE, TUPLES, VNET_TUPLE, nsg, record, text, vnet

KINDS = pytest.mark.parametrize("kind", TUPLES)


@KINDS
@pytest.mark.parametrize("count", [0, 1, 1000, 1001])
def test_usual_records_are_taken(kind, count):
    data = text(record(kind, [TUPLES[kind]] * count, [TUPLES[kind]]), record(kind, []))
    decoded = decode_fast(data)
    assert decoded is not None
    assert decoded == decode_plainly(data)
    assert len(decoded.lines) == count + 1


def test_usual_records_are_taken_whatever_their_number():
    data = text(*(record(kind, [TUPLES[kind]] * 20, ["x"]) for kind in [*TUPLES, *reversed(TUPLES)] * 30))
    decoded = decode_fast(data)
    assert len(data) > 3 * 64 * 1024
    assert decoded is not None
    assert decoded == decode_plainly(data)
    assert decoded.set_aside[-1].position == "records[179].flows[1].flows[0].flowTuples[0]"


def test_a_place_that_looks_like_the_end_of_a_record_does_no_harm():
    long = nsg([NSG_V2_TUPLE] * 1200, more={"a": [{"b": {}}, {"c": 1}]})
    looks = text(nsg([NSG_V2_TUPLE] * 1200 + ["}},{"] + [NSG_V2_TUPLE] * 1200))
    assert decode_fast(looks) is None
    assert decode_fast(text(long)) is None


@pytest.mark.parametrize(
    "data",
    [
        text(nsg([1])),
        text(nsg(["\n"])),
        text(vnet([VNET_TUPLE], version=5)),
        text(nsg([NSG_V2_TUPLE]) | vnet([VNET_TUPLE])),
        text(vnet([VNET_TUPLE], more={"a": "b"})),
        text(vnet([VNET_TUPLE])).replace(b'"aclID"', b'"aclID":"","aclID"'),
        text(vnet([VNET_TUPLE]), 1),
        b"{",
        b"1",
    ],
    ids=range(9),
)
def test_records_of_another_form_are_declined(data):
    assert decode_fast(data) is None


WORDS = {
    "time": ["1793610020", "1793610020101", "946684799", "99999999999", "100000000000", "4102444799", "17936100201"],
    "address": [
        *("10.0.0.4", "255.255.255.255", "0.0.0.0", "1.2.3.4", "199.99.249.250", "256.1.1.1", "1.2.3", "1.2.3.04"),
        *("01.2.3.4", "1.2.3.4.5", "2001:db8::1", "2001:DB8::01", "::", "::1", ":1", "1:", "::ffff:1.2.3.4", "::1.2.3"),
        *("fe80::1%1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "12345::", "\u0661.2.3.4", "1.2.3.4:5"),
    ],
    "port": ["0", "1", "443", "9999", "59999", "65535", "65536", "66000", "70000", "99999", "100000", "00", "0443"],
    "letter": ["T", "U", "6", "17", "1", "58", "255", "256", "0", "I", "O", "A", "D", "B", "C", "E", "t", "TT"],
    "token": ["NX", "X", "NX_LOCAL_DST", "nx", "N X", "\u00e9", "X-1"],
    "counter": ["0", "1", "999999999999999999", "1000000000000000000", "01", "00", "-1", "+1", "1.0", "\u0663"],
    "any": ["", " ", "x", "null", "1 ", " 1", "1e3", "1_0", "]", "}", "{", "flowTuples", "\ud7ff", "\x7f", "\u2028"],
}
EVERY_WORD = [word for words in WORDS.values() for word in words]


def mutated(source, kind):
    words = TUPLES[kind].split(",")
    if source.random() < 0.5:
        words[7:] = source.choice(
            {
                "nsg1": [["A"], ["D"]],
                "nsg2": [["A", "B", "", "", "", ""], ["D", "B", "", "", "", ""], ["A", "C", "0", "0", "0", "0"]],
                "vnet": [["B", "NX", "0", "0", "0", "0"], ["D", "X", "", "", "", ""], ["C", "NX", "0", "0", "0", "0"]],
            }[kind]
        )
    for _ in range(source.choice([0, 1, 1, 1, 2])):
        place = source.randrange(len(words))
        match source.randrange(8):
            case 0:
                del words[place]
            case 1:
                words.insert(place, source.choice(EVERY_WORD))
            case 2:
                words += [""] * source.randrange(1, 3)
            case 3:
                letter = source.randrange(len(words[place]) + 1)
                words[place] = words[place][:letter] + source.choice("0123456789.:,-ATx '") + words[place][letter:]
            case 4:
                other = source.randrange(len(words))
                words[place], words[other] = words[other], words[place]
            case _:
                words[place] = source.choice(EVERY_WORD)
        if not words:
            break
    return ",".join(words)


@KINDS
@pytest.mark.parametrize("share", [1.0, 0.05], ids=["all mutated", "few mutated"])
def test_mutated_tuples_on_the_fast_path_give_what_the_plain_reference_gives(kind, share):
    source = random.Random(f"{kind} {share}")
    lines, aside = 0, 0
    for turn in range(10):
        tuples = [mutated(source, kind) if source.random() < share else TUPLES[kind] for _ in range(700)]
        if turn % 2:  # IPv4 alone takes a shorter path
            tuples = [each.replace(":", ".") for each in tuples]
        data = text(*(record(kind, tuples[start : start + 350], tuples[:3]) for start in (0, 350)))
        decoded = decode_fast(data)
        assert decoded == decode_plainly(data)
        assert decoded.tuples == 706
        assert all(check(orjson.loads(line)) is None for line in decoded.lines)
        lines, aside = lines + len(decoded.lines), aside + len(decoded.set_aside)
    assert lines > 500
    assert aside > 100
