"""What needs attention: each kind of notice is a function of the customer's situation."""

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
"""How soon a token must expire for a notice."""
_VERY_SOON: Final = timedelta(days=7)
LATELY: Final = timedelta(days=7)
"""How recently an expired token must have been used for a notice."""
_SETTING_UP: Final = timedelta(hours=1)
"""The time that the first flow logs of a new configuration may take to arrive."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that needs attention.

    Attributes:
        grade: How bad it is.
        sentence: What is wrong, in plain text.
        link: The address of the page where it can be fixed; empty if that is not in the console.
    """

    grade: Grade
    sentence: str
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """A customer's situation.

    Attributes:
        now: The present moment.
        sources: Who delivers.
        other_sources: How many more sources there are than are listed.
        configured: Where storage accounts are configured, by account name.
        tokens: The tokens that expire soon, or that expired while in use.
        machines: The state of the machines.
        shares: How much of the customer's budget is spent.
        failing_since: Since when the gateway has been unable to store posts; None if it can.
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
"""Yields the notices of one kind."""


def failing(situation: Situation) -> Iterable[Notice]:
    """Yield a notice if the gateway can't store what is delivered."""
    if situation.failing_since is not None:
        since = moment(situation.failing_since)
        yield Notice(
            Grade.BAD,
            f"The gateway has been unable to store deliveries since {since}. Senders keep it in the meantime. "
            f"Check for a full disk.",
        )


def refusals(situation: Situation) -> Iterable[Notice]:
    """Yield a notice for each storage account whose deliveries are refused."""
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
    """Yield a notice for each source whose logs have stopped, even if agents still deliver."""
    for each in situation.sources:
        if each.heard.by_agent or each.heard.refusal is not None or each.grade is Grade.GOOD:
            continue
        if each.lag is None:
            sentence = f"{each.name}: all records are dated in the future. The clock of whatever wrote them is wrong."
        else:
            sentence = f"No flow logs from {each.name} for {span(each.lag)}."
        yield Notice(each.grade, sentence, _page_of(each, situation))


def unheard(situation: Situation) -> Iterable[Notice]:
    """Yield a notice for each configured storage account that nothing has ever arrived from."""
    known = {each.heard.account for each in situation.sources}
    for account, where in situation.configured.items():
        if account not in known and situation.now - where.saved_at > _SETTING_UP:
            sentence = f"Nothing has arrived yet from {account}, which is configured in {where.deployment}."
            yield Notice(Grade.WARN, sentence, flow_logs_url(where.deployment))


def unconfigured(situation: Situation) -> Iterable[Notice]:
    """Yield a notice if storage accounts deliver without being configured."""
    found = [each.heard.account for each in situation.sources if each.heard.account is not None]
    strays = [account for account in found if account not in situation.configured]
    if len(strays) == 1:
        yield Notice(Grade.INFO, f"{strays[0]} delivers flow logs, but is not configured.", FLOW_LOGS)
    elif strays:
        sentence = f"{len(strays):,} storage accounts deliver flow logs, but are not configured."
        yield Notice(Grade.INFO, sentence, FLOW_LOGS)


def tokens(situation: Situation) -> Iterable[Notice]:
    """Yield a notice for each token that expires soon, or that expired while in use."""
    for token in situation.tokens:
        name = f"The {token.name}"
        if token.expires_at <= situation.now:
            sentence = f"{name} expired at {moment(token.expires_at)} while in use. Deliveries with it are refused."
            yield Notice(Grade.BAD, sentence, TOKENS)
        else:
            yield Notice(
                grade_of_life(token, situation.now),
                f"{name} {ends_in(token, situation.now)}. Replace it before then.",
                TOKENS,
            )


def machines(situation: Situation) -> Iterable[Notice]:
    """Yield notices about machines that are silent, refused, or not accepted yet."""
    found = situation.machines
    if found.silent:
        all_of_them = found.silent == found.reporting
        are = "is" if found.silent == 1 else "are"
        sentence = f"{found.silent} of {_counted(found.reporting)} with an agent {are} silent."
        yield Notice(Grade.BAD if all_of_them else Grade.WARN, sentence, MACHINES)
    if found.refused:
        sentence = f"The latest delivery of {_counted(found.refused)} was refused."
        yield Notice(Grade.BAD, sentence, ATTRIBUTES)
    if found.pending:
        sentence = f"{_counted(found.pending)} {'is' if found.pending == 1 else 'are'} waiting for acceptance."
        yield Notice(Grade.WARN, sentence, url(MACHINES, state="pending"))


def budgets(situation: Situation) -> Iterable[Notice]:
    """Yield a notice for each budget that is spent or nearly spent."""
    for share in situation.shares:
        if share.is_low:
            yield Notice(
                Grade.BAD if share.is_spent else Grade.WARN,
                f"{share.used:,} of the budget of {share.most:,} {share.what} are used. Posts that would exceed it "
                "are deferred until the gateway's operator raises it (`python -m gateway customer budget`), or records "
                "are deleted.",
                STORAGE,
            )


KINDS: Final[Sequence[Kind]] = (failing, budgets, refusals, silent_sources, machines, tokens, unheard, unconfigured)
"""All kinds, in the order of notices that are equally bad."""


def notices(situation: Situation, kinds: Iterable[Kind] = KINDS) -> list[Notice]:
    """Return what needs attention, the worst first."""
    return sorted((notice for kind in kinds for notice in kind(situation)), key=lambda notice: notice.grade)


def grade_of_life(token: SubscriptionToken, now: datetime) -> Grade:
    """Return how urgently a valid token needs to be replaced."""
    left = token.expires_at - now
    return Grade.BAD if left <= _VERY_SOON else Grade.WARN if left <= SOON else Grade.GOOD


def ends_in(token: SubscriptionToken, now: datetime) -> str:
    """Return when a valid token expires, such as "expires in 3 days"."""
    left = token.expires_at - now
    if left < timedelta(days=1):
        return f"expires in {span(left)}"
    # Rounded: one that was created a minute ago for three days does not expire in two.
    days = round(left / timedelta(days=1))
    return f"expires in {days} day{'s' if days > 1 else ''}"


def _counted(count: int) -> str:
    return f"{count:,} machine{'' if count == 1 else 's'}"


def _page_of(source: Source, situation: Situation) -> str:
    where = situation.configured.get(source.heard.account or "")
    return FLOW_LOGS if where is None else flow_logs_url(where.deployment)
