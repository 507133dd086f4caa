from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from shared.flowlog import LogKind, day_prefix, hour_prefix, is_named_like_a_log, parse_blob_name

NSG = "resourceId=/SUBSCRIPTIONS/S_1/RESOURCEGROUPS/RG_A/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/WEB_NSG"
VNET_SHAPES = [
    "flowLogResourceID=/6F1C2A4E_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_SHOP_FLOWLOG",
    (
        "flowLogResourceID=/SUBSCRIPTIONS/S/RESOURCEGROUPS/NETWORKWATCHERRG/PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/"
        "NETWORKWATCHER_WESTEUROPE/FLOWLOGS/SHOP-FLOWLOG"
    ),
    "flowLogResourceID=/6F1C2A4E_NETWORKWATCHERRG/NETWORKWATCHER_WESTEUROPE_SHOP-RG-FLOWLOGS",
]
WHEN = "/y=2026/m=11/d=02/h=09/m=00/macAddress=00224871C205/PT1H.json"


def test_an_nsg_name_gives_its_resource_hour_and_card():
    log = parse_blob_name(LogKind.NSG.container, NSG + WHEN)
    assert log is not None
    assert (log.kind, log.resource, log.hour) == (LogKind.NSG, NSG, datetime(2026, 11, 2, 9, tzinfo=UTC))
    assert (log.name, log.mac) == (NSG + WHEN, "00224871C205")


@pytest.mark.parametrize("resource", VNET_SHAPES)
def test_every_shape_of_vnet_name_is_known_and_its_resource_left_whole(resource):
    log = parse_blob_name(LogKind.VNET.container, resource + WHEN)
    assert log is not None
    assert (log.kind, log.resource) == (LogKind.VNET, resource)


def test_a_name_of_before_2018_has_no_card():
    log = parse_blob_name(LogKind.NSG.container, f"{NSG}/y=2017/m=06/d=16/h=20/m=00/PT1H.json")
    assert log is not None
    assert (log.mac, log.hour) == (None, datetime(2017, 6, 16, 20, tzinfo=UTC))


def test_path_keys_are_known_in_any_case():
    log = parse_blob_name(LogKind.NSG.container, (NSG + WHEN).upper())
    assert log is not None
    assert log.resource == NSG.upper()


def test_a_resource_that_looks_like_a_date_is_not_taken_for_the_hour():
    resource = NSG + "/y=2020/m=01/d=01/h=00/m=00"
    log = parse_blob_name(LogKind.NSG.container, resource + WHEN)
    assert log is not None
    assert (log.resource, log.hour.year) == (resource, 2026)


@pytest.mark.parametrize("card", ["00-22-48-71-c2-05", "00:22:48:71:c2:05", "00224871c205"])
def test_a_card_in_another_notation_is_brought_into_one(card):
    log = parse_blob_name(LogKind.NSG.container, NSG + WHEN.replace("00224871C205", card))
    assert log is not None
    assert log.mac == "00224871C205"


def test_a_card_that_is_not_valid_does_not_hide_the_log():
    log = parse_blob_name(LogKind.NSG.container, NSG + WHEN.replace("00224871C205", "UNKNOWN"))
    assert log is not None
    assert log.mac is None


@pytest.mark.parametrize("name", [NSG + WHEN, VNET_SHAPES[0] + WHEN, f"targetResourceID=/S{WHEN}"])
@pytest.mark.parametrize("kind", LogKind)
def test_the_container_tells_the_kind_whatever_key_a_name_begins_with(kind, name):
    log = parse_blob_name(kind.container, name)
    assert log is not None
    assert (log.kind, log.resource) == (kind, name.removesuffix(WHEN))


@pytest.mark.parametrize(
    "name",
    [
        "PT1H.json",
        "pt1h.JSON",
        f"copies/{NSG}{WHEN}",
        f"{NSG}{WHEN}.gz",
        f"{NSG}{WHEN} (1)",
        f"{NSG}/PT1H.json",
        f"{NSG}{WHEN.replace('m=11', 'm=1')}",
        f"line\nbreak{WHEN}",
    ],
)
def test_a_name_that_is_like_a_log_s_is_told_from_others(name):
    assert is_named_like_a_log(name)


@pytest.mark.parametrize("name", ["", "notes.txt", "PT1H", "xPT1H.json", f"{NSG}/PT1H.json/notes.txt", "PT5M.json"])
def test_a_name_that_is_not_like_a_log_s_is_nobody_s_business(name):
    assert not is_named_like_a_log(name)


@pytest.mark.parametrize(
    ("container", "name"),
    [
        ("insights-logs-other", NSG + WHEN),
        (LogKind.NSG.container, f"copies/{NSG}{WHEN}"),
        (LogKind.NSG.container, WHEN[1:]),
        (LogKind.VNET.container, f"logs{WHEN}"),
        (LogKind.NSG.container, NSG + WHEN.replace("PT1H.json", "PT1H.json.tmp")),
        (LogKind.NSG.container, NSG + WHEN.replace("m=11", "m=13")),
        (LogKind.NSG.container, NSG + WHEN.replace("h=09", "h=24")),
        (LogKind.NSG.container, NSG + WHEN.replace("y=2026", "y=0000")),
        (LogKind.NSG.container, "PT1H.json"),
        (LogKind.NSG.container, ""),
    ],
)
def test_other_blobs_are_not_flow_logs(container, name):
    assert parse_blob_name(container, name) is None


def test_prefixes_list_exactly_the_hour_and_the_day_of_a_name():
    name = NSG + WHEN
    assert name.startswith(hour_prefix(NSG, datetime(2026, 11, 2, 9, tzinfo=UTC)))
    assert hour_prefix(NSG, datetime(2026, 11, 2, 9, tzinfo=UTC)) == f"{NSG}/y=2026/m=11/d=02/h=09/"
    assert day_prefix(NSG, date(2026, 11, 2)) == f"{NSG}/y=2026/m=11/d=02/"


def test_the_hour_of_a_prefix_is_utc():
    berlin = datetime(2026, 11, 2, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert hour_prefix(NSG, berlin) == f"{NSG}/y=2026/m=11/d=01/h=23/"
