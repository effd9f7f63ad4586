"""`ivr bench voices`: how long a caller waits for a sentence nobody has rendered, and what rendering costs.

Owns the sentences and the measure: from Say to the first Play that holds a file, with the speaker, the library, the
render queue and the voices of a service. A gap is the time a part comes later than the part before it ends. Times are
milliseconds; cost is processor time of the voices for a second of audio.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr.call.record import percentile
from ivr.call.speaking import Speaker
from ivr.config import Settings
from ivr.dialog.assistant import load_assistant
from ivr.dialog.saying import parts
from ivr.dialog.texts import PLACEHOLDER
from ivr.model.dialog import Prompt
from ivr.model.ids import monotonic_ms
from ivr.model.media import Play
from ivr.speech.cache import duration_ms
from ivr.supervisor.studio import Studio, studio

LIMIT_MS = 400
GAP_MS = 150
ROUNDS = 10
# Sentences with a value in them; the numbers are other ones in every round.
SENTENCES = {
    "en": (
        "Your account balance is {n} euros and {m} cents.",
        "I heard {n}, {m}.",
        "Claim {n} was approved by our office, and we will pay {m} euros by Friday.",
        "Welcome back, customer {n}, your policy number {m} is active and there is nothing you have to do today.",
    ),
    "ru": (
        "На вашем счёте {n} евро {m} центов.",
        "Я услышал {n}, {m}.",
        "Заявка {n} одобрена нашим отделением, и мы выплатим {m} евро до пятницы.",
        "Здравствуйте, клиент {n}, ваш договор номер {m} действует, и сегодня вам ничего не нужно делать.",
    ),
}


@dataclass(slots=True)
class Waited:
    """One sentence. first_ms: to the first sound. gaps_ms: of the parts behind it."""

    first_ms: int = -1
    gaps_ms: list[int] = field(default_factory=list)


class _Line:
    """A leg that notes when files come, instead of playing them."""

    def __init__(self) -> None:
        self.waited, self.ended, self._began_ms, self._until_ms = Waited(), asyncio.Event(), monotonic_ms(), 0

    def begin(self) -> None:
        self.waited, self._began_ms = Waited(), monotonic_ms()
        self.ended.clear()

    def send(self, message: object) -> None:
        if not isinstance(message, Play):
            return
        now_ms = monotonic_ms()
        if message.files and self.waited.first_ms < 0:
            self.waited.first_ms, self._until_ms = now_ms - self._began_ms, now_ms
        elif message.files:
            self.waited.gaps_ms.append(max(0, now_ms - self._until_ms))
            self._until_ms = max(self._until_ms, now_ms)
        self._until_ms += sum(duration_ms(Path(name)) for name in message.files)
        if message.last:
            self.ended.set()

    def note(self, _kind: str, **_data: object) -> None:
        """The speaker's journal: nobody reads it."""


async def bench_voices(settings: Settings, *, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure with a cache of its own. Returns first_ms, gap_ms and cost of every language spoken here, and ok."""
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        room = settings.model_copy(update={"speech": settings.speech.model_copy(update={"cache_dir": Path(folder)})})
        found = {}
        for language in SENTENCES:
            async with studio(room, load_assistant(settings.server.assistant), (language,)) as where:
                if where.voices:
                    found[language] = await _language(where, language, rounds)
    ok = all(each["first_p95_ms"] <= LIMIT_MS and each["gap_max_ms"] <= GAP_MS for each in found.values())
    return {**found, "limit_ms": LIMIT_MS, "gap_limit_ms": GAP_MS, "ok": ok}


async def _language(room: Studio, language: str, rounds: int) -> dict[str, Any]:
    before_s = _children_s()
    fixed = [
        Prompt(text=t, language=language) for s in SENTENCES[language] for t in parts(s) if not PLACEHOLDER.search(t)
    ]
    await room.library.warm_up([Prompt(text="1 2 3.", language=language), *fixed], 60)
    line = _Line()
    speaker = Speaker("bench", line.send, room.library.find, room.library.render, line, mute=line.ended.set)  # type: ignore[arg-type]
    feeding = asyncio.create_task(speaker.feed())
    waited: list[Waited] = []
    for at in range(rounds):
        for sentence in SENTENCES[language]:
            fill = _filling(at * 37 + 113)
            said = Prompt(text=fill(sentence), language=language, parts=tuple(map(fill, parts(sentence))))
            line.begin()
            speaker.say([said])
            await line.ended.wait()
            waited.append(line.waited)
    feeding.cancel()
    audio_s = sum(duration_ms(path) for path in await asyncio.to_thread(_files, room)) / 1000
    voices = ", ".join(voice.voice_id(language) or "" for voice in room.voices[:1])
    for voice in room.voices:
        await voice.close()  # what a child has used is known when it has ended
    first = [each.first_ms for each in waited]
    gaps = [gap for each in waited for gap in each.gaps_ms] or [0]
    return {
        "voice": voices,
        "n": len(waited),
        "first_p50_ms": percentile(first, 50),
        "first_p95_ms": percentile(first, 95),
        "gap_p95_ms": percentile(gaps, 95),
        "gap_max_ms": max(gaps),
        "cpu_s_per_audio_s": round((_children_s() - before_s) / max(audio_s, 0.1), 3),
    }


def _filling(number: int) -> Callable[[str], str]:
    values = {"{n}": str(number), "{m}": str(number % 89 + 2)}

    def fill(text: str) -> str:
        for name, value in values.items():
            text = text.replace(name, value)
        return text

    return fill


def _files(room: Studio) -> list[Path]:
    return list(room.library.cache_dir.rglob("*.wav"))


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
