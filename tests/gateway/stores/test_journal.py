from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.journal import KEPT, Deed, Journal

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@pytest.fixture
def journal(database):
    return Journal(database)


def test_entries_come_newest_first_page_by_page(journal, customer):
    for number in range(5):
        journal.add(customer, NOW + timedelta(seconds=number), "ada", Deed.MADE_TOKEN, f"token {number}")
    first = journal.page(customer, size=3)
    assert [entry.subject for entry in first] == ["token 4", "token 3", "token 2"]
    assert (first[0].who, first[0].deed, first[0].at) == ("ada", Deed.MADE_TOKEN, NOW + timedelta(seconds=4))
    assert [entry.subject for entry in journal.page(customer, before=first[-1].number, size=3)] == [
        "token 1",
        "token 0",
    ]


def test_a_customer_sees_its_own_entries_only(journal, customer, accounts):
    journal.add(accounts.add_customer("other"), NOW, "eve", Deed.SIGNED_IN)
    assert journal.page(customer) == []


def test_an_entry_that_is_none_leaves_nothing_and_harms_nothing(journal, customer, accounts):
    key = accounts.signing_key()
    journal.add_none()
    assert journal.page(customer) == []
    assert accounts.signing_key() == key


def test_old_entries_are_forgotten(journal, customer):
    journal.add(customer, NOW - KEPT - timedelta(seconds=1), "old", Deed.SIGNED_IN)
    journal.add(customer, NOW - KEPT, "young", Deed.SIGNED_IN)
    journal.forget(NOW)
    assert [entry.who for entry in journal.page(customer)] == ["young"]
