"""What can go wrong with one job."""

from dataclasses import dataclass
from typing import Literal

Reason = Literal["timeout", "memory", "crash", "start"]


@dataclass(eq=False)
class WorkerFailure(Exception):
    """The worker did not answer this job; the pool goes on with a new one.

    ``timeout``: it took too long and was killed. ``memory``: it reached its memory limit.
    ``crash``: it died, or its handler raised. ``start``: no worker could be started, so the job
    was never tried.
    """

    reason: Reason

    def __str__(self) -> str:
        return self.reason
