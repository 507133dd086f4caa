from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import to_ms
from gateway.console.home.notices import KINDS, Notice, Situation, notices
from gateway.console.home.sources import Grade, Source, grade, sources
from gateway.stores.deployments import Configured
from gateway.stores.machines import Machines
from gateway.stores.tokens import SubscriptionToken, TokenKind
from gateway.traffic.freshness import Heard, Refusal

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


def heard(account="shop", minutes=1.0, *, by_agent=False, refusal=None, accepted=None):
    last = to_ms(NOW - timedelta(minutes=minutes))
    return Heard(account, by_agent, last, last if accepted is None else accepted, refusal)


def situation(*found, configured=("shop",), **more):
    where = {name: Configured("azure-production", NOW - timedelta(days=1)) for name in configured}
    return Situation(NOW, sources(found, where, NOW), configured=where, **more)


def token(ends, used=None, purpose="Production"):
    return SubscriptionToken(7, 1, TokenKind.INGEST, purpose, "ada", NOW - timedelta(days=300), NOW + ends, used, None)


def told(situation):
    return [(notice.grade, notice.sentence) for notice in notices(situation)]


def test_nothing_needs_attention_where_all_is_well():
    assert told(situation(heard())) == []


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0, Grade.GOOD), (10, Grade.GOOD), (11, Grade.WARN), (60, Grade.WARN), (61, Grade.BAD), (100_000, Grade.BAD)],
)
def test_a_lag_is_good_for_ten_minutes_and_bad_after_an_hour(minutes, expected):
    assert grade(timedelta(minutes=minutes)) is expected


def test_logs_that_have_stopped_are_reported_however_fresh_the_agents_are():
    found = situation(heard(minutes=34), heard(None, 1, by_agent=True))
    assert told(found) == [(Grade.WARN, "No flow logs from shop for 34 min.")]


def test_agents_that_are_silent_are_no_silence_of_logs():
    found = situation(heard(), heard(None, 600, by_agent=True), machines=Machines(4, 0, 4, 2))
    assert told(found) == [(Grade.WARN, "2 of 4 machines with an agent are silent.")]


def test_all_machines_silent_is_worse_than_some():
    assert told(situation(machines=Machines(4, 0, 4, 4), configured=()))[0][0] is Grade.BAD


def test_a_refused_account_is_reported_with_since_when_status_and_why_and_not_as_silent_besides():
    refusal = Refusal(to_ms(NOW), to_ms(NOW - timedelta(hours=2)), 413, "The body is too large.")
    (notice,) = notices(situation(heard(minutes=120, refusal=refusal)))
    assert notice == Notice(
        Grade.BAD,
        "Deliveries from shop have been refused since 2026-11-24 13:30:00 UTC, with 413: The body is too large.",
        "/setup/flow-logs/azure-production",
    )


def test_an_account_that_nobody_has_configured_is_reported_with_where_to_do_it():
    (notice,) = notices(situation(heard("stray"), heard()))
    assert notice == Notice(Grade.INFO, "stray delivers flow logs, but is not configured.", "/setup/flow-logs")


def test_many_accounts_that_nobody_has_configured_are_one_notice():
    found = notices(situation(heard("stray"), heard(), heard("other")))
    sentence = "2 storage accounts deliver flow logs, but are not configured."
    assert found == [Notice(Grade.INFO, sentence, "/setup/flow-logs")]


def test_a_configured_account_that_nothing_came_from_is_reported_after_an_hour():
    found = situation(configured=("shop", "new"))
    assert told(found)[0] == (Grade.WARN, "Nothing has arrived yet from shop, which is configured in azure-production.")
    young = {"new": Configured("azure-production", NOW - timedelta(minutes=59))}
    assert told(Situation(NOW, configured=young)) == []


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (timedelta(days=30), (Grade.WARN, "The token 7 (Production) expires in 30 days.")),
        (timedelta(days=8), (Grade.WARN, "The token 7 (Production) expires in 8 days.")),
        (timedelta(days=7), (Grade.BAD, "The token 7 (Production) expires in 7 days.")),
        (timedelta(days=3), (Grade.BAD, "The token 7 (Production) expires in 3 days.")),
        (timedelta(days=3, minutes=-1), (Grade.BAD, "The token 7 (Production) expires in 3 days.")),
        (timedelta(days=1), (Grade.BAD, "The token 7 (Production) expires in 1 day.")),
        (timedelta(hours=5), (Grade.BAD, "The token 7 (Production) expires in 5 h.")),
    ],
)
def test_a_token_that_is_about_to_end_says_in_how_long(ends, expected):
    ((severity, sentence),) = told(Situation(NOW, tokens=[token(ends)]))
    assert (severity, sentence) == (expected[0], f"{expected[1]} Replace it before then.")


def test_a_token_that_has_ended_while_it_was_in_use_is_reported():
    ((severity, sentence),) = told(Situation(NOW, tokens=[token(-timedelta(hours=1), NOW - timedelta(hours=1))]))
    assert severity is Grade.BAD
    assert sentence.startswith("The token 7 (Production) expired at 2026-11-24 14:30:00 UTC while in use.")


def test_machines_that_wait_or_are_refused_are_reported():
    found = Situation(NOW, machines=Machines(accepted=1, pending=2, reporting=3, collecting=1, refused=1))
    assert told(found) == [
        (Grade.BAD, "The latest delivery of 1 machine was refused."),
        (Grade.WARN, "2 machines are waiting for acceptance."),
    ]


def test_a_gateway_that_can_store_nothing_comes_first():
    found = Situation(NOW, tokens=[token(timedelta(days=1))], failing_since=NOW - timedelta(minutes=5))
    assert "been unable to store deliveries since 2026-11-24 15:25:00 UTC" in told(found)[0][1]


def test_agents_without_a_connection_yet_are_nothing_to_worry_about():
    (agents,) = situation(Heard(None, True, None, to_ms(NOW))).sources
    assert (agents.lag, agents.grade) == (None, Grade.INFO)


def test_a_source_of_the_future_is_reported_as_a_wrong_clock():
    found = situation(Heard("shop", False, None, to_ms(NOW)))
    assert told(found) == [
        (Grade.BAD, "shop: all records are dated in the future. The clock of whatever wrote them is wrong.")
    ]


def test_an_account_that_nobody_has_configured_is_forgotten_after_a_month():
    assert told(situation(heard("stray", 31 * 24 * 60), configured=())) == []
    assert [each.name for each in sources([heard("shop", 31 * 24 * 60)], ["shop"], NOW)] == ["shop"]


def test_another_kind_is_another_function():
    def budget(_situation):
        yield Notice(Grade.BAD, "80 % of the budget is used.")

    assert [each.sentence for each in notices(Situation(NOW), (*KINDS, budget))] == ["80 % of the budget is used."]


@given(st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=20), st.permutations(range(20)))
def test_the_worst_come_first_in_whatever_order_they_were_heard(drawn, order):
    found = [
        heard(f"account{number}", minutes, refusal=Refusal(to_ms(NOW), 0, 400, "x.") if refused else None)
        for number, (minutes, refused) in enumerate(drawn)
    ]
    shuffled = [found[place] for place in order if place < len(found)]
    listed = sources(shuffled, [], NOW)
    grades = [each.grade for each in listed]
    assert grades == sorted(grades)
    assert {each.heard for each in listed} == set(found)
    assert all(isinstance(each, Source) for each in listed)
    severities = [each.grade for each in notices(situation(*shuffled))]
    assert severities == sorted(severities)
