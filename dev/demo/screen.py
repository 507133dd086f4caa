"""What the demo shows: progress while it runs, and a summary at its end."""

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from dev.demo.arrived import Post
from dev.demo.ledger import Ledger
from dev.demo.replayed import Source
from dev.demo.verdict import Verdict
from dev.gateway.local import Customer
from dev.neighbour import Neighbour

_EXAMPLES = 3
_LONGEST_EXAMPLE = 500


@contextlib.contextmanager
def progress(
    console: Console, what: str, total: int, ledger: Ledger, stored: Callable[[], int]
) -> Iterator[Callable[[int], None]]:
    """Show how much of `what` is done, and how many tuples are written and stored; yields what to call with a count."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as shown:
        task = shown.add_task(what, total=total, note="")

        def update(done: int) -> None:
            shown.update(task, completed=done, note=f"{ledger.tuples:,} tuples written, {stored():,} stored")

        yield update


def show_console(console: Console, url: str, customer: Customer) -> None:
    """Print where the gateway's console is, and how to sign in."""
    console.print(
        f"The console: {url}/?range=all  (sign in as {customer.user}, password {customer.password})", soft_wrap=True
    )


def show_trouble(console: Console, trouble: str) -> None:
    """Print why the demo ends here."""
    console.print(
        f"The demo can't continue: {'\n'.join(map(_plain, trouble.splitlines()))}", style="bold red", markup=False
    )


def show_replay(console: Console, sources: Sequence[Source]) -> None:
    """Print how many files are replayed, and what must come of them."""
    console.print(f"Replaying {len(sources)} files; expecting the records that the decoder finds in the readable ones.")


def show_left_out(console: Console, sources: Sequence[Source]) -> None:
    """Print which files can't be replayed, and why."""
    for source in sources:
        if source.problem:
            _say(console, f"{source.path} is skipped: {source.problem}.")


def show_left(console: Console, sources: Sequence[Source], ledger: Ledger, verdict: Verdict) -> None:
    """Print which files end in bytes that are not a complete record, where those are kept as they should be."""
    for source in sources:
        left = ledger.left.get(source.blob)
        if left and source.blob not in verdict.dropped:
            are, them = ("1 byte at the end is", "it") if left == 1 else (f"{left:,} bytes at the end are", "them")
            _say(
                console,
                f"{source.path}: {are} not a complete record. The app keeps {them} as backlog (docs/delivery.md).",
            )


def show_summary(console: Console, ledger: Ledger, verdict: Verdict, posts: int) -> None:
    """Print the figures, and what differs if anything does."""
    waiting = (ledger.backlog + verdict.behind - verdict.dropped).total()
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    rows: list[tuple[str, str, bool]] = [
        ("log blobs", f"{len(ledger.sizes):,}", False),
        ("commits", f"{ledger.commits:,}", False),
        ("log bytes", f"{sum(ledger.sizes.values()):,}", False),
        ("tuples written", f"{ledger.tuples:,}", False),
        ("flow records due", f"{ledger.flow_records.total():,}", False),
        ("flow records stored", f"{verdict.stored:,}", False),
        ("posts", f"{posts:,}", False),
        ("sent twice", f"{verdict.sent_twice:,}", False),
        ("stored twice", f"{verdict.stored_twice.total():,}", bool(verdict.stored_twice)),
        ("lost", f"{verdict.lost.total():,}", bool(verdict.lost)),
        ("never written", f"{verdict.foreign.total():,}", bool(verdict.foreign)),
        ("quarantine due", f"{ledger.asides.total():,}", False),
        ("quarantined", f"{verdict.quarantined:,}", bool(verdict.not_quarantined or verdict.wrongly_quarantined)),
        ("bytes due as backlog", f"{ledger.backlog.total():,}", False),
        ("bytes of backlog", f"{waiting:,}", bool(verdict.behind or verdict.dropped)),
        ("lag, half within", _seconds(verdict.lag(50)), False),
        ("lag, 95 % within", _seconds(verdict.lag(95)), False),
    ]
    for name, figure, wrong in rows:
        table.add_row(name, figure, style="bold red" if wrong else None)
    console.print(table)
    if verdict.is_equal:
        console.print(
            "What was written and what arrived are equal: every flow record once, every bad tuple in quarantine.",
            style="green",
        )
        return
    console.print("What was written and what arrived differ:", style="bold red")
    _show_examples(console, "lost", verdict.lost)
    _show_examples(console, "stored twice", verdict.stored_twice)
    _show_examples(console, "never written", verdict.foreign)
    _show_examples(console, "missing in quarantine", verdict.not_quarantined)
    _show_examples(console, "wrongly in quarantine", verdict.wrongly_quarantined)
    _show_examples(console, "not delivered", verdict.behind, "bytes")
    _show_examples(console, "neither delivered nor kept as backlog", verdict.dropped, "bytes")


def show_agent(console: Console, posts: Sequence[Post], neighbour: Neighbour | None) -> None:
    """Print what the agent on this machine delivered besides the logs."""
    flows = sum(post.records for post in posts)
    console.print(f"The agent on this machine delivered {len(posts)} intervals with {flows:,} flows. ", end="")
    if neighbour:
        console.print(
            f"Search for ip:{neighbour.address}, a neighbour made for it, or source:agent. Under Conversations, the "
            "neighbour's have both the rule from the logs and the process from the agent."
        )
    else:
        console.print(
            "Loopback is left out, and only root can make it a neighbour, so no conversation is in both the logs and "
            "the agent's records. Search for source:agent."
        )


def _show_examples[Thing](console: Console, what: str, found: Counter[Thing], unit: str = "times") -> None:
    for each, count in islice(found.items(), _EXAMPLES):
        console.print(f"  {what}, {count} {unit}: {each}"[:_LONGEST_EXAMPLE], markup=False, soft_wrap=True)


def _say(console: Console, sentence: str) -> None:
    console.print(_plain(sentence), markup=False, highlight=False, soft_wrap=True)


def _plain(text: str) -> str:
    """Return text that may hold the name of a file, without what a terminal would obey or can't print."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _seconds(lag: dt.timedelta | None) -> str:
    return "-" if lag is None else f"{lag.total_seconds():.2f} s"
