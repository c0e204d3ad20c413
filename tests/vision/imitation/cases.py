"""Every way in which Ollama fails, one case each."""

from tests.vision.imitation.refusals import REFUSALS
from tests.vision.imitation.stream_faults import STREAM_FAULTS

CASES = (*REFUSALS, *STREAM_FAULTS)
