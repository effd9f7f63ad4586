"""What the neural voice needs while it speaks, it has again at once; what it does not need, others have."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivr.speech.catalogue import Catalogue
from ivr.speech.voice_child import IDLE_S
from ivr.speech.voices import make_voices

SENTENCE = "Your claim of the third of November was paid, and the money is on its way to your account."


def figures(pid: int) -> tuple[int, int]:
    """(resident memory in MB, page faults so far) of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    faults = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[7])
    return pages * 4096 // 1_000_000, faults


@pytest.mark.models
async def test_a_voice_keeps_its_memory_between_sentences_and_gives_it_back_at_rest(repo_root: Path) -> None:
    (voice,) = make_voices(Catalogue(repo_root / "voice_models"), ["piper"], ["en"])
    try:
        for _ in range(3):
            await voice.render(SENTENCE, "en")
        assert voice.pid is not None
        busy_mb, before = figures(voice.pid)
        await voice.render(SENTENCE, "en")
        faults = figures(voice.pid)[1] - before
        assert faults < 30_000, "every array mapped anew makes 110,000"
        await asyncio.sleep(IDLE_S + 1)
        assert figures(voice.pid)[0] < busy_mb - 50
        assert len(await voice.render(SENTENCE, "en")) > 8000
    finally:
        await voice.close()
