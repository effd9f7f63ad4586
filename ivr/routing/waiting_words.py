"""What a waiting caller is told, sentence by sentence: who is before them, how long it takes, and which keys to press.

Every sentence there can be is known beforehand, so all are spoken before anybody calls. A wait that has grown is never
read without saying so. Pure; times: monotonic milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.routing.expected_wait import BOUNDS_MIN, WaitRange, spoken, wait_range
from ivr.routing.waiting_outlook import Outlook
from ivr.routing.waiting_terms import Tell, WaitingTerms

CALLBACK_KEY, ASSISTANT_KEY = "1", "2"
MOST_AHEAD = 10
"""More callers than that before one are not counted out loud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a caller was told last; by_ms: when the wait should be over, None when that was not told."""

    ahead: int | None = None
    wait: WaitRange | None = None
    by_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """sentences: what is said now; told: what the caller knows then; better: is it good news since the last time?"""

    sentences: tuple[str, ...]
    told: Told
    better: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """ahead: for none before the caller, one, two ... MOST_AHEAD, more. wait: {} stands for the range; bounded: for a
    range that says "less than" or "more than" itself. by_voice: where a call back is not offered, and where it is."""

    busy: str
    thanks: str
    ahead: tuple[str, ...]
    urgent: str
    wait: str
    bounded: str
    longer: str
    sooner: str
    callback: str
    assistant: str
    by_voice: tuple[str, str]
    stay: str
    turned_away: str


def _english() -> _Words:
    counts = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    some = tuple(f"There are {count} callers before you." for count in counts)
    return _Words(
        busy="All my colleagues are busy at the moment.",
        thanks="Thank you for waiting.",
        ahead=(
            "You are next.",
            "There is one caller before you.",
            *some,
            "There are more than ten callers before you.",
        ),
        urgent="More urgent calls have come in.",
        wait="The wait is about {}.",
        bounded="The wait is {}.",
        longer="I am sorry, it takes longer than expected.",
        sooner="It goes faster than expected.",
        callback="To be called back instead, with your place kept, press one.",
        assistant="To go back to the assistant, press two.",
        by_voice=(
            "After this message you can also say: assistant.",
            "After this message you can also say: call me back, or: assistant.",
        ),
        stay="Or simply stay on the line.",
        turned_away="That line has hung up. You are still connected, one moment please.",
    )


def _russian() -> _Words:
    counts = ("один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять")
    # one: человек; two to four: человека; from five on: человек
    people = tuple(f"{count} человек{'а' if n in {2, 3, 4} else ''}" for n, count in enumerate(counts, 1))
    return _Words(
        busy="Сейчас все сотрудники заняты.",
        thanks="Спасибо за ожидание.",
        ahead=(
            "Ваш звонок следующий.",
            *(f"Перед вами в очереди {each}." for each in people),
            "Перед вами в очереди больше десяти человек.",
        ),
        urgent="Поступили более срочные звонки.",
        wait="Ждать примерно {}.",
        bounded="Ждать {}.",
        longer="Извините, ждать придётся дольше, чем ожидалось.",
        sooner="Очередь идёт быстрее, чем ожидалось.",
        callback="Если лучше перезвонить вам, сохранив ваше место, нажмите один.",
        assistant="Чтобы вернуться к помощнику, нажмите два.",
        by_voice=(
            "После этого сообщения можно и сказать: помощник.",
            "После этого сообщения можно и сказать: перезвоните мне, или: помощник.",
        ),
        stay="Или просто оставайтесь на линии.",
        turned_away="Там положили трубку. Вы остаётесь на связи, одну минуту, пожалуйста.",
    )


_LANGUAGES = {"en": _english(), "ru": _russian()}


def announcement(
    terms: WaitingTerms, language: str, seen: Outlook, told: Told | None, now_ms: int, *, by_voice: bool = False
) -> Announcement | None:
    """What to say now; told: what was said before, None for the first time. by_voice: the choices can be said, too,
    which is told once. None where there are no words: in another language without words of its own."""
    words, own = _LANGUAGES.get(language), terms.words.get(language, "")
    if words is None:
        known = told or Told()
        return Announcement(sentences=(own,), told=known, better=False) if own else None
    before = told or Told()
    ahead = seen.ahead if Tell.POSITION in terms.tell else None
    wait = wait_range(seen.expected_ms) if seen.expected_ms is not None and Tell.WAIT in terms.tell else None
    longer, sooner = _compared(before, wait, now_ms)
    overtaken = ahead is not None and before.ahead is not None and ahead > before.ahead
    sentences = [words.busy if told is None else own or words.thanks]
    if overtaken:
        sentences.append(words.urgent)
    if ahead is not None:
        sentences.append(words.ahead[min(ahead, MOST_AHEAD + 1)])
    if longer or sooner:
        sentences.append(words.longer if longer else words.sooner)
    if wait is not None:
        sentences.append(_wait_sentence(words, wait, language))
    offered = seen.expected_ms is None or seen.expected_ms > terms.callback_after_ms
    sentences += [words.callback] * offered + [words.assistant]
    if by_voice and told is None:  # once is enough: it is long, and the keys are told again
        sentences.append(words.by_voice[offered])
    sentences.append(words.stay)
    known = Told(ahead=ahead, wait=wait or before.wait, by_ms=_promised(before, wait, now_ms, changed=longer or sooner))
    closer = ahead is not None and before.ahead is not None and ahead < before.ahead
    better = not overtaken and not longer and (sooner or closer)
    return Announcement(sentences=tuple(sentences), told=known, better=better)


def turned_away(language: str) -> str:
    """For a caller a contact center's queue has hung up on; "" where there are no words."""
    words = _LANGUAGES.get(language)
    return words.turned_away if words is not None else ""


def sentences_of(terms: WaitingTerms, language: str) -> Iterator[str]:
    """Every sentence a waiting caller can hear in this language."""
    words, own = _LANGUAGES.get(language), terms.words.get(language, "")
    if own:
        yield own
    if words is not None:
        yield words.turned_away
    if words is None or not terms.words_every_ms or not terms.longest_ms:
        return
    yield from (words.busy, words.callback, words.assistant, *words.by_voice, words.stay)
    if not own:
        yield words.thanks
    if Tell.POSITION in terms.tell:
        yield from (words.urgent, *words.ahead)
    if Tell.WAIT in terms.tell:
        yield from (words.longer, words.sooner)
        yield from (_wait_sentence(words, wait, language) for wait in ranges())


def ranges() -> tuple[WaitRange, ...]:
    """Every range there can be, the shortest first."""
    last_s = BOUNDS_MIN[-1] * 60 * 2
    return tuple(dict.fromkeys(wait_range(seconds * 1000) for seconds in range(0, last_s, 3)))


def _wait_sentence(words: _Words, wait: WaitRange, language: str) -> str:
    bounded = wait.low_min == 0 or wait.high_min is None
    return (words.bounded if bounded else words.wait).format(spoken(wait, language))


def _compared(before: Told, wait: WaitRange | None, now_ms: int) -> tuple[bool, bool]:
    """(longer, shorter) than told. A wait that should have been over by now is longer, whatever its range."""
    overdue = before.by_ms is not None and now_ms >= before.by_ms
    if wait is None or before.wait is None:
        return overdue, False
    longer = _end(wait) > _end(before.wait) or overdue
    return longer, not longer and _end(wait) < _end(before.wait)


def _promised(before: Told, wait: WaitRange | None, now_ms: int, *, changed: bool) -> int | None:
    """Until when the wait should be over; the same range read again promises no more time."""
    if wait is None:
        return None if changed else before.by_ms
    if wait == before.wait and not changed:
        return before.by_ms
    return None if wait.high_min is None else now_ms + wait.high_min * 60_000


def _end(wait: WaitRange) -> float:
    return float("inf") if wait.high_min is None else wait.high_min
