"""Cases in SQL."""

from bot.storage.moderation.actions import Acting
from bot.storage.moderation.deciding import Deciding
from bot.storage.moderation.finding import Finding
from bot.storage.moderation.stats import Figures


class SqlCaseStore(Deciding, Acting, Finding, Figures):
    """Keeps cases, decisions, actions and appeals, and reads figures. Raises StorageFailed.

    ``woken`` is called when there are new jobs; ``clock`` gives UTC times.
    """
