"""What holds keep."""

from gateway.clock import to_ms
from gateway.stores.holds import Hold
from gateway.traffic.question import Question
from gateway.traffic.search import SearchError, parse
from gateway.traffic.terms import Search


def search_of(hold: Hold) -> Search | None:
    """Return what a hold searches for; None if it can't be parsed, because a version with other keys wrote it."""
    try:
        return parse(hold.search)
    except SearchError:
        return None


def covered(customer: int, hold: Hold) -> Question:
    """Return which of a customer's records a hold keeps: all of its period, if its search can't be parsed."""
    search = search_of(hold)
    return Question(customer, to_ms(hold.begins_at), to_ms(hold.ends_at), Search() if search is None else search)
