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
from dev.demo.verdict import Verdict
from gateway.local import Customer

_EXAMPLES = 3


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
    """Tell where the gateway's console is, and how to get in."""
    console.print(
        f"The console: {url}/?range=all  (sign in as {customer.user}, password {customer.password})", soft_wrap=True
    )


def show_summary(console: Console, ledger: Ledger, verdict: Verdict, posts: int) -> None:
    """Print the figures, and what differs if anything does."""
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


def show_agent(console: Console, posts: Sequence[Post], neighbours_address: str | None) -> None:
    """Tell what the agent on this machine delivered beside the logs."""
    flows = sum(post.records for post in posts)
    console.print(f"The agent on this machine delivered {len(posts)} intervals with {flows:,} flows. ", end="")
    if neighbours_address:
        console.print(f"Search for ip:{neighbours_address}, a neighbour made for it, or source:agent.")
    else:
        console.print("Loopback is left out, and only root can make it a neighbour. Search for source:agent.")


def _show_examples[Thing](console: Console, what: str, found: Counter[Thing]) -> None:
    for each, count in islice(found.items(), _EXAMPLES):
        console.print(f"  {what}, {count} times: {each}", markup=False, soft_wrap=True)


def _seconds(lag: dt.timedelta | None) -> str:
    return "-" if lag is None else f"{lag.total_seconds():.2f} s"
