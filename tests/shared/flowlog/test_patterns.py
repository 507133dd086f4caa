import pytest

from shared.flowlog.patterns import NSG_V1, NSG_V2, UNUSUAL, VNET_V4
from tests.shared.flowlog.made import NSG_V1_TUPLE, NSG_V2_TUPLE, VNET_TUPLE

NSG, VNET = NSG_V2_TUPLE.split("A,E")[0], VNET_TUPLE.split("E,NX")[0]


@pytest.mark.parametrize(
    ("kind", "usual"),
    [
        (NSG_V1, NSG_V1_TUPLE),
        (NSG_V1, NSG_V1_TUPLE.replace("T,O,A", "U,I,D")),
        (NSG_V2, NSG_V2_TUPLE),
        (NSG_V2, NSG + "A,B,,,,"),
        (NSG_V2, NSG + "D,B,,,,"),
        (NSG_V2, NSG + "A,C,0,0,0,0"),
        (NSG_V2, NSG_V2_TUPLE.replace("10.0.0.4", "2001:DB8::1")),
        (VNET_V4, VNET_TUPLE),
        (VNET_V4, VNET + "B,NX,0,0,0,0"),
        (VNET_V4, VNET + "B,NX,,,,"),
        (VNET_V4, VNET + "D,NX_NOT_ACCEPTED,0,0,0,0"),
        (VNET_V4, VNET + "C,NX_LOCAL_DST,1,2,3,4"),
    ],
)
def test_what_azure_writes_is_usual(kind, usual):
    rows = kind.rows([usual, "x", "", usual])
    assert [bool(row[0]) for row in rows] == [True, False, False, True]


def test_addresses_of_version_6_are_brought_into_canonical_text():
    rows = VNET_V4.rows([VNET_TUPLE.replace("10.0.0.4", address) for address in ("2001:DB8:0::1", "1.2.3.4", "::1::")])
    assert [row[1] for row in rows[:2]] == ["2001:db8::1", "1.2.3.4"]
    assert rows[2] == UNUSUAL


def test_a_tuple_that_is_not_a_string_has_no_row():
    with pytest.raises(TypeError):
        NSG_V2.rows([NSG_V2_TUPLE, 1])
