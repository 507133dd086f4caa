"""The rules of claiming, marking and finishing, each of which can be taken out."""

from dataclasses import dataclass

from dev.claims.rule import rule


@dataclass(frozen=True, slots=True)
class Rules:
    """The protocol is all of them; each field says its rule."""

    claim_if_match: bool = rule("A claim carries the ETag that was known.")
    known_before_list: bool = rule("What is known of the entity was known before the blocks were listed.")
    list_anew: bool = rule(
        "After a refused claim the blocks are listed again, also if the claim proves to be one's own."
    )
    own_id: bool = rule("A refused claim that finds its own id was made, and its answer was lost.")
    id_per_invocation: bool = rule("An id belongs to one invocation, not to a process.")
    mark_if_match: bool = rule("A mark carries the ETag that was known.")
    mark_refused_reads: bool = rule("Who is refused a mark reads the entity again.")
    mark_anew: bool = rule("An event writes its mark also where one stands already.")
    take_off_first: bool = rule("A mark is taken off by a write before the blocks are listed again.")
    finish_keeps_mark: bool = rule("A finish that was refused because of a mark is not made before another list.")
    finish_if_match: bool = rule("Saves and finishes carry the ETag last known.")
    finish_again: bool = rule("A refused finish that finds its own id is made again, never taken for done.")
    save_again: bool = rule("A refused save that finds its own id is made again, never taken for done.")
    finish_replaces: bool = rule("A finish replaces the whole entity.")
    prolong: bool = rule("A holder prolongs its claim in time.")
    check_before_post: bool = rule("A holder looks at its claim's end before every post.")
    attempt_ends_first: bool = rule("No post begins in a claim's last 15 s, and those on their way end before.")
    takeover_margin: bool = rule("A claim is taken over only 15 s after its end.")
    halved_first: bool = rule("That a batch is halved is saved before a half is posted.")


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may happen in an exploration.

    Attributes:
        commits: How often Azure commits; each commit has its event.
        rewrite: Whether one of the commits, not the first, may replace the blob.
        sweep: Whether a sweep may look at the log at any time.
        kills: How many workers may die.
        lost: How many writes may be left without an answer, made or not, or made later.
        sleeps: How many workers may be frozen for as long as may be.
        naps: How many holders may be frozen for less than 15 s.
        cuts: How many holders may be cut off from storage for a while.
        late: How many posts may be given up and arrive nevertheless.
        give_ups: How many holders may run out of time, or into trouble with the gateway.
        prolongs: How often a claim may be prolonged before it must be.
        large: The batch of the first generation that the gateway takes only in halves; None for none.
        takes_large_later: Whether the gateway may take that batch whole from some moment on at which no post is on its
            way. Not together with `sleeps`: docs/delivery.md names that limit.
    """

    commits: int = 3
    rewrite: bool = False
    sweep: bool = False
    kills: int = 0
    lost: int = 0
    sleeps: int = 0
    naps: int = 0
    cuts: int = 0
    late: int = 0
    give_ups: int = 0
    prolongs: int = 0
    large: int | None = None
    takes_large_later: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What does not change during an exploration."""

    bounds: Bounds
    rules: Rules
