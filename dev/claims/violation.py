"""What can go wrong."""

from enum import Enum


class Violation(Enum):
    """Something that must never happen; the value says it in a sentence."""

    LOST = "Tuples are lost."
    STORED_TWICE = "Tuples are stored twice: in a whole batch, and in its halves."
    LEFT_BEHIND = "Nobody was killed, and yet a commit whose event came waits for the next sweep."
    CLAIM_STAYS = "Everybody has left, and the log is still claimed."
    GOES_BACK = "The checkpoint goes back."
    HALVING_FORGOTTEN = "The checkpoint forgets that a batch was halved."
    OLD_LIST = "A block list from before the checkpoint is compared with it, so the blob looks rewritten."
    SENT_TWICE = "Nothing went wrong, and yet a batch is sent twice."
    POST_AFTER_TAKEOVER = "A worker posts after its claim was taken over, though it slept for less than the margins."
    TAKEOVER_DURING_POST = "A claim is taken over while a post of its holder is on its way, and the holder is awake."

    NEVER_DELIVERED = "A commit that somebody wrote down, in whatever form, is never delivered."
    POINTER_STAYS = "The pointer stays for ever."
    STAYS_OPEN = "The checkpoint stays open for ever."
    WATERMARK_STAYS = "The watermark never passes the hour."
    COSTS_FOR_EVER = "A closed checkpoint costs every sweep something."
    HELD_DELETED = "The checkpoint is deleted while somebody holds it."
