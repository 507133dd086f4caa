"""What storage says is checked before it is believed: the schedules of `make chaos-controls`, with the checks in."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from dev.chaos.checks import Check
from dev.chaos.clock import Ahead
from dev.chaos.play import Played, play
from dev.chaos.safeguards import Safeguards
from dev.chaos.storage_pieces import pieces
from dev.chaos.world import World

PIECES = {piece.check: piece for piece in pieces()}
_AT_ONCE = 3


@pytest.fixture(scope="module")
def played(world):
    """Plays several at a time, each with a time of its own, since workers start and wait."""

    def apart(piece) -> Played:
        return play(piece.schedule, World(world.accounts, world.storage, world.gateway, Ahead.make()))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures: dict[Check, Future[Played]] = {check: pool.submit(apart, piece) for check, piece in PIECES.items()}
        yield futures


@pytest.mark.long
@pytest.mark.parametrize("check", Check, ids=lambda check: check.value)
def test_everything_arrives_once_whatever_storage_says(check, played):
    assert PIECES[check].wrongs(played[check].result()) == []


@pytest.mark.long
def test_with_a_check_its_schedule_goes_right_and_without_it_wrong(world):
    piece = PIECES[Check.SECOND_LOOK]
    assert piece.wrongs(play(piece.schedule, world)) == []
    assert any(
        "stored too often" in wrong
        for wrong in piece.wrongs(play(piece.schedule, world, Safeguards(without=piece.check)))
    )
