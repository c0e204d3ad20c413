"""The custom ids of the panels: all that a press must know before anything is looked up."""

import enum
import re
from dataclasses import dataclass
from typing import Self

from bot.domain.moderation.policy import RuleId

NO_RULE: RuleId = "none"


class Page(enum.StrEnum):
    """The panels of a policy."""

    SETUP = "setup"
    HOME = "home"
    RULE = "rule"
    PEOPLE = "people"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Press:
    """What a control does, on which panel, for which rule; buttons carry their value along."""

    page: Page
    what: str
    rule_id: RuleId = NO_RULE
    value: str = ""

    TEMPLATE = (
        r"lookout:policy:(?P<page>setup|home|rule|people|words):(?P<what>[a-z_0-9]{1,20})"
        r":(?P<rule>[a-z_]{1,24}(?:-[0-9]{1,9})?):(?P<value>[a-z0-9_]{0,20})"
    )

    @property
    def custom_id(self) -> str:
        """Write it down."""
        rule = self.rule_id.replace(":", "-")
        return f"lookout:policy:{self.page}:{self.what}:{rule}:{self.value}"

    @classmethod
    def read(cls, match: re.Match[str]) -> Self:
        """Read what ``custom_id`` wrote, by ``TEMPLATE``."""
        rule_id = match["rule"].replace("-", ":")
        return cls(Page(match["page"]), match["what"], rule_id, match["value"])
