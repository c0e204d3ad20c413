"""What can be told without a model: remembered copies, codes, and words that were read.

Nothing here is asked whether a rule is switched on: findings say what is there, ``deciding`` what
it counts for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from bot.domain.moderation.assessment import MAX_EVIDENCE_CHARACTERS, Assessment, Finding, Source
from bot.domain.moderation.fingerprint import (
    MAX_ALLOWED_DISTANCE,
    MAX_DISTANCE,
    BankKind,
    BankMatch,
    Fingerprint,
)
from bot.domain.moderation.policy import (
    BLOCKED_PICTURE,
    ORDERS,
    REPORTED,
    UNANSWERED,
    Category,
    Policy,
)
from bot.domain.moderation.ports import Bank, CaseStore
from bot.services.moderation.orders import order_in
from bot.services.moderation.scams import scam_in
from bot.services.moderation.wording import plain

_NOT_OF_COPIES = frozenset({REPORTED, BLOCKED_PICTURE})
_COPY_SEVERITY = 2
"""How bad a copy is taken to be of what people blocked, and of what has no case any more."""
_INVITE = re.compile(r"(?:discord\.gg|discord(?:app)?\.com/invite)/")
_LOGIN = re.compile(r"(?:https?://)?(?:[a-z]+\.)?discord(?:app)?\.com/ra/", re.IGNORECASE)
_LINK = re.compile(r"[a-z][a-z0-9+.-]{1,20}:", re.IGNORECASE)
_NO_BLANKS_BETWEEN_WORDS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff]")
"""Thai, Lao, Burmese, Japanese, Chinese."""


async def recall(
    bank: Bank, cases: CaseStore, guild_id: int, fingerprint: Fingerprint
) -> Assessment:
    """Return what remembered pictures say of an upload: its copies are as bad as they are.

    Raises StorageFailed.
    """
    matches = await bank.match(guild_id, fingerprint)
    severities: dict[int, int] = {}
    for match in matches:
        if match.kind is BankKind.SEEN and match.case_id is not None:
            severity = await cases.severity(match.case_id)
            if severity is not None:
                severities[match.case_id] = severity
    return recognised(matches, severities)


def recognised(
    matches: Sequence[BankMatch], severities: Mapping[int, int] = MappingProxyType({})
) -> Assessment:
    """Return what remembered pictures say of an upload that is a copy of them.

    ``severities`` says how bad the pictures of cases were found to be.

    Of a picture with a case, whatever moderators have allowed since is left out, and that somebody
    reported it: that is about another upload. That it was a copy of a blocked one counts for as
    long as that is blocked. A picture that is only like an allowed one is let
    through for what was said of that one; that the model could not answer about it is not.
    """
    findings: list[Finding] = []
    allowed: set[str] = set()
    for match in matches:
        if match.kind is BankKind.ALLOWED and (
            match.exact or match.distance <= MAX_ALLOWED_DISTANCE
        ):
            allowed.update(match.rules if match.exact else set(match.rules) - {UNANSWERED})
    for match in matches:
        if match.kind is BankKind.BLOCKED:
            findings.append(_copy(BLOCKED_PICTURE, match, _COPY_SEVERITY))
        elif match.kind is BankKind.SEEN:
            left = [rule for rule in match.rules if rule not in allowed | _NOT_OF_COPIES]
            severity = severities.get(match.case_id or 0, _COPY_SEVERITY)
            findings += [_copy(rule, match, severity) for rule in left]
    return Assessment(findings=tuple(findings), allowed_rules=frozenset(allowed))


def read_codes(codes: Sequence[str]) -> tuple[Finding, ...]:
    """Return what QR and bar codes say, as one finding a rule."""
    return _surest(finding for code in codes for finding in _read_code(code))


def read_words(text: str, policy: Policy) -> tuple[Finding, ...]:
    """Return what words that were read in a picture say, as one finding a rule.

    ``text`` is what a reader or the model read in the picture; what its message says is something
    else, and no order to anybody.
    """
    words = plain(text)
    found = [*_orders(words, Source.WORDS), *_scams(words, Source.WORDS)]
    blocked = next((word for word in policy.blocked_words if _contains(words, word)), None)
    if blocked is not None:
        found.append(_finding(Category.SPAM, Source.WORDS, 0.99, 1, blocked))
    return _surest(found)


def _copy(rule: str, match: BankMatch, severity: int) -> Finding:
    # As sure as a hash can be: copies were found up to the whole distance, others never.
    score = 1.0 if match.exact else 1 - 0.1 * match.distance / MAX_DISTANCE
    return Finding(rule, Source.BANK, score, severity, case_id=match.case_id)


def _read_code(code: str) -> Iterable[Finding]:
    text = code.strip()
    words = plain(text)
    yield from _orders(words, Source.QR)
    yield from _scams(words, Source.QR)
    if _LOGIN.match(text):
        # Whoever scans it with Discord's app is logged in where the code came from.
        yield _finding(Category.SCAM, Source.QR, 0.99, 3, text)
    elif _INVITE.search(words):
        yield _finding(Category.SPAM, Source.QR, 0.6, 1, text)
    elif words.startswith("wc:"):
        yield _finding(Category.SCAM, Source.QR, 0.8, 2, text)
    elif words.startswith(("bitcoin:", "ethereum:", "solana:", "tron:", "litecoin:")):
        yield _finding(Category.SCAM, Source.QR, 0.5, 1, text)
    elif _LINK.match(text):
        yield _finding(Category.SPAM, Source.QR, 0.3, 0, text)


def _orders(words: str, source: Source) -> Iterable[Finding]:
    order = order_in(words)
    if order is not None:
        yield _finding(ORDERS, source, 0.9, 1, order)


def _scams(words: str, source: Source) -> Iterable[Finding]:
    scam = scam_in(words)
    if scam is not None:
        yield _finding(Category.SCAM, source, scam.score, scam.severity, scam.words)


def _contains(words: str, blocked: str) -> bool:
    wanted = plain(blocked)
    if not wanted:
        return False
    if _NO_BLANKS_BETWEEN_WORDS.search(wanted):
        return wanted in words
    between = r"[\W_]{1,3}".join(re.escape(part) for part in wanted.split())
    return re.search(rf"(?<!\w){between}(?!\w)", words) is not None


def _finding(rule: str, source: Source, score: float, severity: int, evidence: str) -> Finding:
    return Finding(rule, source, score, severity, evidence=evidence[:MAX_EVIDENCE_CHARACTERS])


def _surest(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Keep the surest finding of each rule."""
    best: dict[str, Finding] = {}
    for finding in findings:
        kept = best.get(finding.rule)
        if kept is None or (finding.score, finding.severity) > (kept.score, kept.severity):
            best[finding.rule] = finding
    return tuple(best.values())
