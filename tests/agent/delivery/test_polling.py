import pytest

from agent.delivery.backoff import Backoff
from agent.delivery.polling import Polling
from agent.delivery.settings import Settings
from tests.support.secrets import TOKEN, traces


@pytest.fixture
def applied():
    return []


@pytest.fixture
def polling(edge, applied, standing_in):
    standing_in.hold_seconds = 0
    return Polling(edge, applied.append, Backoff(chance=lambda: 1.0))


def test_new_settings_are_passed_on_once(polling, applied, standing_in):
    polling.step()
    polling.step()
    standing_in.want(collect=True, interval_seconds=30)
    polling.step()
    polling.step()
    assert applied == [Settings(collect=False, interval_seconds=None, etag="0"), Settings(True, 30, "1")]
    assert [question["known"] for question in standing_in.asked] == [None, "0", "0", "1"]


def test_an_edge_that_answers_at_once_is_not_asked_without_pause(polling):
    assert polling.step() == 1


def test_the_last_good_settings_stay(polling, applied, standing_in, caplog):
    standing_in.want(collect=True, interval_seconds=60)
    polling.step()
    standing_in.want(collect=True, interval_seconds=5)
    assert polling.step() == 1
    assert polling.step() == 2
    assert applied == [Settings(True, 60, "1")]
    assert caplog.text.count("interval_seconds must be from 10 to 3600, not 5") == 1
    assert standing_in.asked[-1]["known"] == "1"


def test_settings_nobody_knows_are_reported_once(polling, applied, standing_in, caplog):
    for _ in range(2):
        standing_in.want(collect=True, interval_seconds=60, **{"command": "reboot", f"Bearer {TOKEN}": "x"})
        polling.step()
    assert caplog.text.count("sends 2 settings that this agent does not know, and ignores") == 1
    assert len(applied) == 2
    assert not traces(TOKEN, caplog.text)


def test_a_refused_token_is_reported_once_and_asked_about_again(polling, applied, standing_in, caplog):
    standing_in.token = "other"
    assert [polling.step() for _ in range(3)] == [1, 2, 4]
    assert caplog.text.count("answers 401") == 1
    standing_in.token = "a.subscription-token"
    polling.step()
    assert len(applied) == 1
    assert caplog.messages[-1] == "The edge answers again."


def test_what_the_edge_asks_for_is_honoured(polling, standing_in):
    standing_in.script.append((503, {"Retry-After": "90"}, {}))
    assert polling.step() == 90
