"""Text from the other side, made safe to be stored and shown.

A gateway, or a proxy in front of it, may repeat what it was sent, including the token: complete, cut, encoded, in
pieces across several reasons, or an older token that nothing here remembers. So this does not search for secrets: only
known words of a foreign sentence are kept, and short numbers among them, and only the gateway's own codes. Nothing is
lost by this: the record that a reason is about is stored beside the reason.

The agent has a copy (`agent/foreign.py`), since it runs without this package.
"""

import re
from typing import Final

import orjson

_MOST_WORDS: Final = 40
"""The longest reason of the reference gateway has 33: it names every key of a flow record."""
_MOST_NUMBERS: Final = 3
_CODE: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_WORD: Final = re.compile(r"""["'(]?([A-Za-z][A-Za-z0-9_-]*(?:'[a-z])?)["')]?[.,:;]?""")
_SMALL: Final = re.compile(r"""["'(]?(?:[Aa]|[0-9]{1,5})["')]?[.,:;]?""")
_LEFT_OUT: Final = "..."
_CODES: Final = """
agent_refused bad_agent bad_deployment bad_expiry bad_form bad_gzip bad_idempotency_key bad_registration
bad_subscription_id bad_token_kind budget_spent busy cut_short deployment_missing fault in_progress key_reused
machine_pending method_not_allowed no_blueprint not_administrator not_found not_ndjson not_registered one_time_password
storage timeout too_large too_many_agents too_many_tries two_lengths unauthorized unknown_agent unsupported_media_type
wrong_password wrong_token_kind
"""
CODES: Final = frozenset(_CODES.split())
"""The codes of the errors of the gateway's API and of its edge."""
_WORDS: Final = """
accept accepted accepts acl_id add added address addresses administrator after again agent agent's agents all allow
allowed allows already also always an and another answer answered answers any anything API apply are array as at bad
basis batch be been before begin begins between blank blocked blueprint body boolean both busy but by byte bytes
bytes_dst_to_src bytes_src_to_dst call can can't cannot canonical case character characters check checked compress
compressed console contain contains content contents continue control could count counter_source counters counts create
created customers data date decimal decision decoded decompressed deferred deleted deliver delivered denies deny depth
different digit digits direction direction_basis do document does doesn't done dst_ip dst_port due duplicate duplicates
each earlier edge either else empty encoded encoding encryption end entries ephemeral epoch error errors every exceeded
exceeds expected expired expires expiry failed fails false fault field fields finds first flow flow_log_id for form
format formed found four from gateway gateway's get gets given gives greater GUID had has have header headers here
hexadecimal host how HTTP ICMP ID identifier if ignored in inbound incorrect input instead integer integers interval
intervals invalid IP IPv4 IPv6 is isn't ISO it item items its JSON key keys kind known lacks large larger largest last
later latest leading least left length limit limits line lines links_established links_failed links_live
links_terminated list listed listen log logs long longer lower lower-case lowercase MAC mac machine machine's made make
makes malformed many match matched matches matching maximum may measured milliseconds minimum missing more most must
name named names NDJSON needs negative never new newer newline next no none not now nowhere NSG nsg null number numbers
object objects of old older one only open operator or other others out outbound own packets_dst_to_src
packets_src_to_dst parse parsed parsing password payload peer_listen pending permitted places port ports positive post
posts present previous process progress protocol raise range ranges read reason received recognised recognized record
records refuse refused refuses rejected rejects removed repeated request required requires resource resource_id
retention revoked RFC rule rules same schema second seconds send sends sent separator should size so source src_ip
src_port state storage store stored str string strings subscription supported surrogates syntax take taken takes TCP
tcp_info text than that the their them these they this time times timestamp timestamps to token tokens too true
truncated tuple two type types UDP unauthorized under unexpected unique units unknown unreadable unrecognised
unrecognized unsupported up upper upper-case uppercase URL use used uses UTC UTF-8 UUID valid value values variable
version VNet vnet was were when where which whole whose why will with within without would wrong yet you zero
zero-length
"""
WORDS: Final = CODES | frozenset(_WORDS.split())
"""What a foreign sentence may say: the words of the flow record's rules, and others that refusals use."""


def plain_words(text: str) -> str:
    """Return the part of a foreign sentence that is known not to be secret; "..." stands for the rest.

    A word stays only beside another, or a token that is spelled in words would leave a few; a number or a single letter
    stays only between words, and a few of them at most, or a token that is cut into small pieces would leave them.
    """
    parts = text.split(maxsplit=_MOST_WORDS)[:_MOST_WORDS]
    known = [_is_known(part) for part in parts]
    small = [
        _SMALL.fullmatch(part) is not None and _neighbours(known, number) == {True} for number, part in enumerate(parts)
    ]
    if sum(is_small and part[:1].isdigit() for is_small, part in zip(small, parts, strict=True)) > _MOST_NUMBERS:
        small = [False] * len(parts)
    kept: list[str] = []
    for number, part in enumerate(parts):
        alone = len(parts) > 1 and not any(_neighbours(known, number) | _neighbours(small, number))
        word = part if small[number] or (known[number] and not alone) else _LEFT_OUT
        if word != _LEFT_OUT or kept[-1:] != [_LEFT_OUT]:
            kept.append(word)
    return " ".join(kept)


def error_code(content: bytes) -> str | None:
    """Return the code of an error in the gateway's own form; "" for a code that it is not known to have.

    For any other form return None: then it was not the gateway that answered, but something in front of it.
    """
    try:
        error = orjson.loads(content)["error"]
        code, message = error["code"], error["message"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(code, str) or not isinstance(message, str) or not _CODE.fullmatch(code):
        return None
    return code if code in CODES else ""


def _is_known(part: str) -> bool:
    match = _WORD.fullmatch(part)
    return match is not None and (match[1] in WORDS or match[1][0].lower() + match[1][1:] in WORDS)


def _neighbours(flags: list[bool], number: int) -> set[bool]:
    return set(flags[max(0, number - 1) : number] + flags[number + 1 : number + 2])
