from datetime import UTC, datetime, timedelta

from shared.delivery.report import Outcome
from shared.delivery.silent import silent_nics
from shared.flowlog import LogKind

PASSED = datetime(2026, 11, 27, 10, tzinfo=UTC)
H = timedelta(hours=1)


def told(newest):
    return list(silent_nics(LogKind.VNET, newest, PASSED))


def test_nics_without_a_log_since_what_was_passed_are_told_in_one_line():
    (report,) = told({("id=/A/WEB", "000D3A000001"): PASSED - H, ("id=/A/DB", "000D3A000002"): PASSED - 2 * H})
    assert report.outcome is Outcome.NIC_SILENT
    assert report.blob == LogKind.VNET.container
    assert report.message.startswith(
        "2 NICs have logged nothing since 2026-11-27 10:00 UTC: 000D3A000002 of DB, 000D3A000001 of WEB. "
    )


def test_nothing_is_told_of_nics_that_log_and_of_those_that_stopped_days_ago():
    assert told({}) == []
    assert told({("id=/A/WEB", "000D3A000001"): PASSED, ("id=/A/DB", "000D3A000002"): PASSED - 25 * H}) == []


def test_of_many_the_first_are_named():
    (report,) = told({("id=/A/WEB", f"{number:012}"): PASSED - H for number in range(13)})
    assert "13 NICs have" in report.message
    assert "000000000009 of WEB, and 3 more." in report.message
