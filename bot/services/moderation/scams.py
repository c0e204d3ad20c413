"""What scams say and where they send people.

Collected from what moderators and makers of bots report: fake gifts of Discord and Steam, casinos
that "pay out", doubled coins, wallets' secret words, commands to paste, codes that log one in.
"""

import re
from dataclasses import dataclass
from functools import cache

from bot.services.moderation.wording import compiled

_PARTS = {
    "coin": r"""\b(?:btc|bitcoins?|eth|ethereum|usdt|usdc|sol|solana|doge|xrp|crypto|tokens?
        |coins?)\b""",
    # Bounded, as all that is looked for at every place of a text: else hostile ones take seconds.
    "money": r"""[$€£₽]_\d[\d.,]{0,14}k?
        |\b\d[\d.,]{0,14}k?_(?:[$€£₽]|usd\b|eur\b|usdt\b|dollars?\b)""",
    "promo": "(?:promo|bonus|activation|gift|referral|special)_code",
    "star": r"""\b(?:mr_beast|elon_musk|musk|tesla|spacex|binance|coinbase|ishowspeed|kai_cenat
        |cristiano|ronaldo|drake|vitalik)\b""",
    "paid": r"\b(?:withdraw\w*|payout|cash_out)",
    "done": r"\b(?:success\w*|complete\w*|received|processed|approved)",
    "phrase": "(?:seed|recovery|secret|mnemonic|backup|wallet)_phrase",
}

_PHRASES: tuple[tuple[float, str], ...] = (
    (
        0.8,
        r"""
        \bfree_(?:discord_)?nitro\b | \bnitro_(?:for_)?free\b
        | \b(?:claim|get|redeem)_(?:your_|a_)?(?:free_)?(?:discord_)?nitro\b
        | \bnitro_(?:gratis|grátis|gratuit|kostenlos)
        | \b(?:gratis|kostenloses|бесплатн\w+)_(?:discord_)?(?:nitro|нитро) | нитро_бесплатно
        """,
    ),
    (
        0.8,
        r"""
        (?:<money>)_steam_(?:gift_cards?|gift|wallet|code)
        | \b(?:free|claim)_(?:your_)?(?:(?:<money>)_)?steam_(?:gift|wallet|skins?)
        """,
    ),
    (
        0.85,
        r"""
        \bscan_(?:this|the|with|my)_.{0,30}?(?:qr|code).{0,60}?
        (?:discord|verif|log_in|nitro|claim|unlock)
        """,
    ),
    (0.85, r"(?:accidentally|mistakenly|by_(?:accident|mistake)).{0,20}?reported_you"),
    (
        0.8,
        r"""
        \b(?:account|profile)_(?:has_been|will_be|is)_
        (?:suspended|limited|locked|disabled|terminated|restricted)
        .{0,90}?(?:verify|confirm|click|log_in|appeal_(?:here|at))
        """,
    ),
    (
        0.95,
        r"""
        \b(?:press|hit|hold)_(?:the_)?win(?:dows)?(?:_key|_button|_logo)?_r\b
        .{0,140}?(?:ctrl|paste|enter)
        """,
    ),
    (
        0.9,
        r"""
        \bpowershell\b.{0,40}?(?:-e(?:nc|ncodedcommand)?\b|hidden|\biex\b|invoke|\biwr\b)
        | \bmshta_https? | \bcurl\s.{0,80}?\|\s?(?:ba)?sh\b
        """,
    ),
    (
        0.85,
        r"""
        (?:casino|crypto|\bbet(?:s|ting)?\b|usdt|\bbtc\b).{0,120}?<promo>
        | <promo>.{0,120}?(?:casino|crypto|usdt|\bbtc\b|withdraw)
        """,
    ),
    (
        0.8,
        r"""
        <paid>.{0,60}?<done>.{0,80}?(?:<coin>|<money>|casino)
        | (?:<coin>|<money>|casino).{0,80}?<paid>.{0,40}?<done>
        | <paid>.{0,40}?(?:<coin>|<money>).{0,40}?<done>
        """,
    ),
    (0.85, r"<star>.{0,80}?(?:giv(?:e_away|ing_away)|casino|bonus|promo|airdrop)"),
    (
        0.9,
        r"""
        \bsend_.{0,30}?<coin>.{0,60}?(?:double|\b2_x\b|\bx_2\b|twice|\bback\b|return)
        | \b(?:double|triple|2_x)_(?:your_|the_)?<coin>
        """,
    ),
    (
        0.9,
        r"""
        \b(?:enter|type|input|confirm|verify|provide|share|submit|restore|import|paste)\b
        .{0,50}?<phrase>
        | \b(?:12|24|twelve)_words?_(?:seed|recovery|secret|phrase)
        """,
    ),
    (
        0.85,
        r"""
        (?:seed|wiederherstellungs)_phrase_.{0,30}?(?:eingeben|bestätigen)
        | (?:introduce|ingresa|escribe|digite|insira).{0,40}?frase_(?:semilla|semente|de_recupera)
        | (?:saisi\w{1,9}|entre[zr]).{0,40}?phrase_(?:de_récup|secr) | введите.{0,40}?(?:сид|seed)
        | (?:输入|輸入|填写|填寫).{0,10}?(?:助记词|助記詞)
        | (?:シード|リカバリー)フレーズ.{0,10}?入力
        """,
    ),
    (
        0.8,
        r"""
        \b(?:connect|verify|validate|sync\w*)_(?:your_)?wallet.{0,100}?
            (?:claim|airdrop|reward|\bmint\b|eligib|bonus)
        | \b(?:claim|airdrop|mint)\b.{0,80}?(?:connect|verify)_(?:your_)?wallet
        """,
    ),
    (
        0.75,
        r"""
        \b(?:earn|make|profit|gain)\b.{0,20}?(?:<money>).{0,20}?\b(?:an?|per|every|each|in|within)_
        (?:day|week|hour|month|\d+_(?:h\b|hours|days|minutes))
        """,
    ),
    (0.85, r"\b(?:earn|make)_.{0,40}?(?:with)?in_\d+_(?:h\b|hours|days).{0,120}?(?:\d+_%|profit)"),
    (
        0.75,
        r"\b(?:invest\w*|trading|forex|crypto|profits?)\b.{0,120}?(?:whats_app|telegram|t\.me/)",
    ),
    (
        0.75,
        r"""
        (?:congratulations|congrats|\byou(?:['’]ve|_have)?_won\b|you_are_(?:the|a|our)_\w*_winner)
        .{0,100}?(?:\bclaim|<money>|gift_card|iphone|\bprize)
        """,
    ),
    (0.75, r"\b(?:send|buy)_.{0,30}?gift_cards?.{0,60}?(?:codes?\b|picture|photo|back)"),
)
"""How sure each makes a scam; a server's threshold decides what that is worth."""

_LOOKALIKE = re.compile(
    r"""d[i1l]s+c+[o0]r+(?:d|cl|cd) | discrod | disocrd | diccord | disc[o0]rcl
    | st[ea]{1,2}[mn]+-?c[o0u]m+[a-z]*n[a-z]*t | st[ea]{1,2}rn-?c[o0]m | steamp[a-z]*wer[a-z]*d""",
    re.VERBOSE,
)
"""Names of hosts that mean to be taken for Discord's and Steam's."""
_GIFTS = re.compile("nitro|gift|free|promo|claim|boost|airdrop|login|verif|giveaway")
_REAL = frozenset(
    {
        "discord.com", "discord.gg", "discord.gift", "discord.new", "discord.media", "discord.dev",
        "discord.co", "discordapp.com", "discordapp.net", "discordstatus.com", "discordmerch.com",
        "steamcommunity.com", "steampowered.com", "steamstatic.com", "steamgames.com",
    }
)  # fmt: skip
_HOST = re.compile(r"(?<![\w@-])((?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,24})(?![\w-])")


@dataclass(frozen=True, slots=True)
class Scam:
    """How sure (0 to 1), how bad (0 to 3), and the words that say so."""

    score: float
    severity: int
    words: str


def scam_in(words: str) -> Scam | None:
    """Return what most looks like a scam in a ``plain`` text; None where nothing does."""
    host = next((name for name in _HOST.findall(words) if pretends(name)), None)
    if host is not None:
        return Scam(0.95, 3, host)
    scams = [
        Scam(score, 2, found[0].strip())
        for score, pattern in _patterns()
        if (found := pattern.search(words)) is not None
    ]
    return max(scams, key=lambda scam: scam.score, default=None)


def pretends(host: str) -> bool:
    """Say whether a host's name means to be taken for Discord's or Steam's."""
    labels = host.split(".")
    if any(".".join(labels[start:]) in _REAL for start in range(len(labels))):
        return False
    names = ".".join(labels[:-1])
    # Others may well have "discord" in their names: libraries, lists of bots.
    if _LOOKALIKE.search(names.replace("discord", "")) is not None:
        return True
    return "discord" in names and _GIFTS.search(host) is not None


@cache
def _patterns() -> tuple[tuple[float, re.Pattern[str]], ...]:
    return tuple((score, compiled(pattern, _PARTS)) for score, pattern in _PHRASES)
