from shared.flowlog import Decoded, SetAside, Unit


def test_tuples_records_and_ranges_are_counted_apart():
    units = [Unit.TUPLE, Unit.RANGE, Unit.TUPLE, Unit.RECORD, Unit.TUPLE]
    decoded = Decoded(["{}", "{}"], [SetAside(unit, "", "It is broken.", b"") for unit in units])
    assert (decoded.tuples_set_aside, decoded.records_set_aside, decoded.ranges_set_aside) == (3, 1, 1)
    assert decoded.tuples == 5
