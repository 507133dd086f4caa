import pytest

from dev.chaos import set_pieces
from dev.chaos.play import play
from dev.chaos.verdict import expectation, judge
from shared.delivery.report import Outcome


@pytest.mark.long
def test_after_five_days_of_refused_tokens_everything_arrives_once(world):
    schedule = set_pieces.refused_for_five_days()
    played = play(schedule, world)
    assert not list(judge(expectation(schedule), played.observation, calm=False).sentences())
    assert played.crew.outcomes[Outcome.TOKEN_REFUSED] >= 10
    assert played.crew.outcomes[Outcome.DELIVERED] == len(schedule.logs)
