"""What a holder finds when it compares the block list with its place: step 6 of `docs/claims.md`."""

from dev.claims.passes.rules import Given
from dev.claims.passes.states import Log, Place, Step, Worker


def compared(given: Given, log: Log, worker: Worker) -> Worker:
    """Return the worker with its next step, by what it listed and where it is."""
    generation, batches = log.content(worker.listed)
    place = worker.place
    if generation != place.generation or batches < place.delivered:
        # Something else than what was delivered: rewritten, or so it seems if the list is the older of the two.
        return worker._replace(step=Step.SAVE_GENERATION, place=Place(place.generation + 1), part=0)
    if batches > place.delivered:
        return worker._replace(step=Step.CHECK, part=1 if place.halved >> place.delivered & 1 else 0)
    if worker.marked and given.rules.finish_keeps_mark:
        return to_look(given, worker)
    return worker._replace(step=Step.FINISH, part=0)


def to_look(given: Given, worker: Worker) -> Worker:
    """Return the worker that knows of a mark, and looks at the log once more before it finishes."""
    if given.rules.take_off_first:
        return worker._replace(step=Step.TAKE_OFF_MARK, part=0)
    return worker._replace(step=Step.LIST_AGAIN, part=0, marked=False)
