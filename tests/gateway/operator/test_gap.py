from datetime import UTC, datetime, timedelta

import pytest

from gateway.operator.gap import gaps
from gateway.stores.files import RECORDS
from gateway.stores.schemas import read_delivered
from gateway.stores.stores import open_stores
from tests.gateway.operator.conftest import delivered

MOMENT = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NAMES = {1: "contoso", 2: "fabrikam"}


@pytest.fixture
def stores(tmp_path):
    with open_stores(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def found(stores, tmp_path):
    def gaps_of(configured=()):
        stores.close()
        delivered, _version = read_delivered(tmp_path / "data" / RECORDS)
        return {(gap.customer, gap.account): gap.start for gap in gaps(delivered, NAMES, configured, MOMENT)}

    return gaps_of


def at(hour, day=23):
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_the_gap_begins_an_hour_before_that_of_the_newest_record(stores, found):
    delivered(stores, 1, "1", MOMENT - HOUR, MOMENT - 2 * HOUR)
    delivered(stores, 1, "2", MOMENT, MOMENT - MINUTE)
    assert found() == {("contoso", "shop"): at(14)}


def test_a_card_that_is_behind_moves_it_back(stores, found):
    delivered(stores, 1, "1", MOMENT, MOMENT - MINUTE, mac="A")
    delivered(stores, 1, "2", MOMENT, MOMENT - 3 * DAY, mac="B")
    assert found() == {("contoso", "shop"): at(14, day=20)}


def test_a_card_that_is_gone_does_not(stores, found):
    delivered(stores, 1, "1", MOMENT, MOMENT - MINUTE, mac="A")
    delivered(stores, 1, "2", MOMENT - 2 * DAY, MOMENT - 2 * DAY - MINUTE, mac="B")
    assert found() == {("contoso", "shop"): at(14)}


def test_each_account_of_each_customer_has_its_own(stores, found):
    delivered(stores, 1, "1", MOMENT, MOMENT - MINUTE)
    delivered(stores, 1, "2", MOMENT - 5 * DAY, MOMENT - 5 * DAY - MINUTE, account="idle")
    delivered(stores, 2, "1", MOMENT - 4 * HOUR, MOMENT - 4 * HOUR)
    assert found() == {
        ("contoso", "shop"): at(14),
        ("contoso", "idle"): at(14, day=18),
        ("fabrikam", "shop"): at(10),
    }


def test_a_clock_that_is_ahead_does_not_move_it_beyond_the_moment(stores, found):
    delivered(stores, 1, "1", MOMENT + 4 * MINUTE, MOMENT + 31 * MINUTE)
    delivered(stores, 1, "2", MOMENT, MOMENT + 4 * MINUTE)
    assert found() == {("contoso", "shop"): at(14)}


def test_without_posts_there_is_none(found):
    assert found() == {}


def test_an_account_that_had_delivered_nothing_yet_has_one_too(stores, found):
    """It is configured, or was refused: its function may have begun to deliver right after the backup."""
    delivered(stores, 1, "1", MOMENT, MOMENT - MINUTE)
    stores.records.refuse(2, "refused", MOMENT - DAY, 401, "The token has ended.")
    assert found([(1, "shop"), (1, "new"), (3, "of nobody")]) == {
        ("contoso", "shop"): at(14),
        ("contoso", "new"): at(14),
        ("fabrikam", "refused"): at(14),
    }
