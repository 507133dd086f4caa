from datetime import UTC, datetime, timedelta

import pytest

from gateway.stores.audit_log import KEPT, Action, Actor, AuditLog

NOW = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


@pytest.fixture
def audit_log(database):
    return AuditLog(database)


def test_entries_come_newest_first_page_by_page(audit_log, customer):
    for number in range(5):
        audit_log.add(Actor(customer, "ada"), NOW + timedelta(seconds=number), Action.MADE_TOKEN, f"token {number}")
    first = audit_log.page(customer, size=3)
    assert [entry.subject for entry in first] == ["token 4", "token 3", "token 2"]
    assert (first[0].who, first[0].action, first[0].at) == ("ada", Action.MADE_TOKEN, NOW + timedelta(seconds=4))
    assert [entry.subject for entry in audit_log.page(customer, before=first[-1].number, size=3)] == [
        "token 1",
        "token 0",
    ]


def test_a_customer_sees_its_own_entries_only(audit_log, customer, accounts):
    audit_log.add(Actor(accounts.add_customer("other"), "eve"), NOW, Action.SIGNED_IN)
    assert audit_log.page(customer) == []


def test_an_entry_that_is_not_valid_leaves_nothing_and_harms_nothing(audit_log, customer, accounts):
    key = accounts.signing_key()
    audit_log.add_none()
    assert audit_log.page(customer) == []
    assert accounts.signing_key() == key


def test_old_entries_are_forgotten(audit_log, customer):
    audit_log.add(Actor(customer, "old"), NOW - KEPT - timedelta(seconds=1), Action.SIGNED_IN)
    audit_log.add(Actor(customer, "young"), NOW - KEPT, Action.SIGNED_IN)
    audit_log.forget(NOW)
    assert [entry.who for entry in audit_log.page(customer)] == ["young"]
