"""The time of a call by its samples. Owns nothing else: which moment of the machine's clock a sample belongs to."""

from __future__ import annotations

from ivr.speech.endpointing import SAMPLES_PER_MS


class SampleClock:
    """Samples of a call as monotonic milliseconds, by the last frame that came."""

    def __init__(self) -> None:
        self.samples = 0
        self._at_ms = 0

    def advance(self, samples: int, at_ms: int) -> None:
        """samples more, the last of which reached the machine at at_ms."""
        self.samples += samples
        self._at_ms = at_ms

    def at_ms(self, sample: int) -> int:
        """When a sample reached the machine."""
        return self._at_ms - (self.samples - sample) // SAMPLES_PER_MS
