"""The rules of closing, pointers, the watermark and deletion, each of which can be taken out."""

from dataclasses import dataclass

from dev.claims.rule import rule


@dataclass(frozen=True, slots=True)
class Rules:
    """The protocol is all of them; each field says its rule.

    Without `pointer_always`, pointers are written only from a watermark on that has passed the hour.
    """

    pointer_always: bool = rule(
        "A checkpoint has its pointer from before it is made or opened again until after it closed."
    )
    pointer_anew: bool = rule("After a refused claim the pointer is written again before the next.")
    pointer_if_match: bool = rule(
        "A pointer is removed under the ETag that the closed entity names, or that was listed."
    )
    pointer_then_log: bool = rule(
        "A sweep that finds a pointer lists the log before it removes it, also for a closed checkpoint."
    )
    closed_ends_claim: bool = rule("Only the write that ends the claim says closed.")
    close_if_match: bool = rule("Who closes a checkpoint without a claim writes under the ETag that was known.")
    gone_closes: bool = rule("An open checkpoint that nobody holds is closed when its log is gone.")
    pointer_aged: bool = rule(
        "Where the log is gone, a sweep removes only a pointer that is an hour old: whoever wrote it has ended."
    )
    delete_if_match: bool = rule("A checkpoint is deleted under the ETag that was listed.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may happen in an exploration.

    Attributes:
        commits: How often Azure commits; each commit has its event.
        kills: How many of the actors may die.
        expiries: How many claims may run out though their holder lives.
        sweeps: How many sweeps there are, one after the other.
        tidying: Whether a tidying may delete the closed checkpoint.
        deletion: Whether the log may be deleted at any time.
        passed: Whether the watermark has passed the hour from the beginning.
    """

    commits: int = 2
    kills: int = 0
    expiries: int = 0
    sweeps: int = 1
    tidying: bool = False
    deletion: bool = False
    passed: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What does not change during an exploration."""

    bounds: Bounds
    rules: Rules
