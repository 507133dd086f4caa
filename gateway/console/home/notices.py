"""What needs somebody's attention: each kind of notice is a function of what is the case."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import from_ms
from gateway.console.home.sources import Grade, Source
from gateway.console.links import ATTRIBUTES, FLOW_LOGS, MACHINES, STORAGE, TOKENS, flow_logs_url, url
from gateway.console.pages import moment, span
from gateway.keeping.budgets import Share
from gateway.stores.deployments import Configured
from gateway.stores.machines import Machines
from gateway.stores.tokens import SubscriptionToken

SOON: Final = timedelta(days=30)
"""A token whose life ends so soon is told of."""
_VERY_SOON: Final = timedelta(days=7)
LATELY: Final = timedelta(days=7)
"""A token that has ended is told of if it was used so lately."""
_SETTING_UP: Final = timedelta(hours=1)
"""It takes a while until the first flow logs of a new configuration arrive."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs attention.

    Attributes:
        grade: How bad it is.
        sentence: What is the case, in plain text.
        link: The address of the page where something can be done about it; none if that is not in the console.

    """

    grade: Grade
    sentence: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What is the case with a customer.

    Attributes:
        now: The present moment.
        sources: Who delivers.
        other_sources: How many more deliver than are known here.
        configured: Where storage accounts are configured, by their names.
        tokens: The tokens whose life ends soon, or has ended though they were in use.
        machines: How the machines are.
        shares: How far the customer's budget is spent.
        failing_since: Since when the gateway can store nothing; None if it can.

    """

    now: datetime
    sources: Sequence[Source] = ()
    other_sources: int = 0
    configured: Mapping[str, Configured] = field(default_factory=dict)
    tokens: Sequence[SubscriptionToken] = ()
    machines: Machines = field(default_factory=Machines)
    shares: Sequence[Share] = ()
    failing_since: datetime | None = None


type Kind = Callable[[Situation], Iterable[Notice]]
"""Tells what needs attention of one kind."""


def failing(situation: Situation) -> Iterable[Notice]:
    """Tell of a gateway that can't store what is delivered."""
    if situation.failing_since is not None:
        since = moment(situation.failing_since)
        yield Notice(
            Grade.BAD,
            f"The gateway has not been able to store what is delivered since {since}. Senders keep it until it can: "
            "look for a full disk.",
        )


def refusals(situation: Situation) -> Iterable[Notice]:
    """Tell of storage accounts whose deliveries are refused."""
    for each in situation.sources:
        refusal = each.heard.refusal
        if refusal is not None:
            since = moment(from_ms(refusal.since))
            yield Notice(
                Grade.BAD,
                f"Deliveries from {each.name} have been refused since {since}, with {refusal.status}: "
                f"{refusal.message}",
                _page_of(each, situation),
            )


def silent_sources(situation: Situation) -> Iterable[Notice]:
    """Tell of logs that have stopped, whatever the agents deliver meanwhile."""
    for each in situation.sources:
        if each.heard.by_agent or each.heard.refusal is not None or each.grade is Grade.GOOD:
            continue
        if each.lag is None:
            sentence = f"{each.name}: all records are dated in the future. The clock of whatever wrote them is wrong."
        else:
            sentence = f"No flow logs from {each.name} for {span(each.lag)}."
        yield Notice(each.grade, sentence, _page_of(each, situation))


def unheard(situation: Situation) -> Iterable[Notice]:
    """Tell of storage accounts that are configured, and that nothing has ever come from."""
    known = {each.heard.account for each in situation.sources}
    for account, where in situation.configured.items():
        if account not in known and situation.now - where.saved_at > _SETTING_UP:
            sentence = f"Nothing has arrived yet from {account}, which is configured in {where.deployment}."
            yield Notice(Grade.WARN, sentence, flow_logs_url(where.deployment))


def unconfigured(situation: Situation) -> Iterable[Notice]:
    """Tell of storage accounts that deliver without a configuration."""
    found = [each.heard.account for each in situation.sources if each.heard.account is not None]
    strays = [account for account in found if account not in situation.configured]
    if len(strays) == 1:
        yield Notice(Grade.INFO, f"{strays[0]} delivers flow logs, but is not configured.", FLOW_LOGS)
    elif strays:
        sentence = f"{len(strays):,} storage accounts deliver flow logs, but are not configured."
        yield Notice(Grade.INFO, sentence, FLOW_LOGS)


def tokens(situation: Situation) -> Iterable[Notice]:
    """Tell of tokens that are about to end, or have ended though they were in use."""
    for token in situation.tokens:
        name = f"The {token.name}"
        if token.expires_at <= situation.now:
            sentence = f"{name} expired at {moment(token.expires_at)}, and was in use. Deliveries with it are refused."
            yield Notice(Grade.BAD, sentence, TOKENS)
        else:
            yield Notice(
                grade_of_life(token, situation.now),
                f"{name} {ends_in(token, situation.now)}. Replace it before then.",
                TOKENS,
            )


def machines(situation: Situation) -> Iterable[Notice]:
    """Tell of machines that are silent, refused, or not accepted yet."""
    found = situation.machines
    if found.silent:
        all_of_them = found.silent == found.reporting
        are = "is" if found.silent == 1 else "are"
        sentence = f"{found.silent} of {_counted(found.reporting)} with an agent {are} silent."
        yield Notice(Grade.BAD if all_of_them else Grade.WARN, sentence, MACHINES)
    if found.refused:
        sentence = f"The last delivery of {_counted(found.refused)} was refused."
        yield Notice(Grade.BAD, sentence, ATTRIBUTES)
    if found.pending:
        sentence = f"{_counted(found.pending)} {'waits' if found.pending == 1 else 'wait'} to be accepted."
        yield Notice(Grade.WARN, sentence, url(MACHINES, state="pending"))


def budgets(situation: Situation) -> Iterable[Notice]:
    """Tell of budgets that are spent, or will be soon."""
    for share in situation.shares:
        if share.is_low:
            yield Notice(
                Grade.BAD if share.is_spent else Grade.WARN,
                f"{share.used:,} of the budget of {share.most:,} {share.what} are used. Posts that would exceed it "
                "are deferred until whoever runs the gateway raises it (`python -m gateway customer budget`), or "
                "records "
                "are deleted.",
                STORAGE,
            )


KINDS: Final[Sequence[Kind]] = (failing, budgets, refusals, silent_sources, machines, tokens, unheard, unconfigured)
"""All kinds; of notices that are equally bad, those of the first kind come first."""


def notices(situation: Situation, kinds: Iterable[Kind] = KINDS) -> list[Notice]:
    """Return what needs attention, the worst first."""
    return sorted((notice for kind in kinds for notice in kind(situation)), key=lambda notice: notice.grade)


def grade_of_life(token: SubscriptionToken, now: datetime) -> Grade:
    """Return how urgent it is that somebody replaces a valid token."""
    left = token.expires_at - now
    return Grade.BAD if left <= _VERY_SOON else Grade.WARN if left <= SOON else Grade.GOOD


def ends_in(token: SubscriptionToken, now: datetime) -> str:
    """Return when a valid token expires, such as "expires in 3 days"."""
    left = token.expires_at - now
    if left < timedelta(days=1):
        return f"expires in {span(left)}"
    # To the nearest: one that was made a minute ago for three days does not expire in two.
    days = round(left / timedelta(days=1))
    return f"expires in {days} day{'s' if days > 1 else ''}"


def _counted(count: int) -> str:
    return f"{count:,} machine{'' if count == 1 else 's'}"


def _page_of(source: Source, situation: Situation) -> str:
    where = situation.configured.get(source.heard.account or "")
    return FLOW_LOGS if where is None else flow_logs_url(where.deployment)
