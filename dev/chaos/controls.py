"""`python -m dev.chaos.controls`: show that each check of storage's answers is needed.

Each check has a schedule that comes out right with it. Here every one of them is played twice, with its check and
without it, and must go wrong without.
"""

import sys

from dev.chaos.play import play
from dev.chaos.safeguards import Safeguards
from dev.chaos.storage_pieces import Piece, pieces
from dev.chaos.world import World, running_world


def main() -> int:
    """Play, print, and return the exit status: 0 if every schedule was right with its check, and wrong without it."""
    made = pieces()
    with running_world(2 * len(made)) as world:
        failed = [piece for piece in made if not _holds(piece, world)]
    print(f"{len(made) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _holds(piece: Piece, world: World) -> bool:
    right = piece.wrongs(play(piece.schedule, world))
    wrong = piece.wrongs(play(piece.schedule, world, Safeguards(without=piece.check)))
    print(f"{piece.check.value}\n  with it:    {_said(right)}\n  without it: {_said(wrong)}", flush=True)
    return not right and bool(wrong)


def _said(wrongs: list[str]) -> str:
    return "; ".join(wrong[:160] for wrong in wrongs) or "right"


if __name__ == "__main__":
    sys.exit(main())
