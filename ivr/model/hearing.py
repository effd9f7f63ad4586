"""Speech nouns, and the messages between the control process and a speech worker.

Times named *_at_ms are CLOCK_MONOTONIC milliseconds of this machine; the other *_ms are durations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ivr.model.voiceprint import VoiceSample


class ExpectationKind(StrEnum):
    """What kind of answer the dialog expects; engines constrain decoding by it."""

    OPEN = "open"
    CHOICE = "choice"
    DIGITS = "digits"
    YES_NO = "yes_no"
    DATE = "date"
    MONEY = "money"
    NAME = "name"


class EndpointProfile(StrEnum):
    """How long a pause ends the turn: SHORT (yes/no, menu), NORMAL (sentence), LONG (numbers, addresses)."""

    SHORT = "short"
    NORMAL = "normal"
    LONG = "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One phrase of a closed list and the value it stands for; several phrases may share a value."""

    text: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the dialog expects to hear next.

    phrases: the closed list for CHOICE, YES_NO and NAME (a caller may still say something else: engines fall back to
    open decoding when no phrase fits well). min_length/max_length: digits for DIGITS, 0 = not known.
    candidates: digit strings known to exist; one of them is preferred when it fits. languages: to be told apart in this
    turn, by the ear; () = it is the one asked for.
    """

    kind: ExpectationKind = ExpectationKind.OPEN
    profile: EndpointProfile = EndpointProfile.NORMAL
    phrases: tuple[Phrase, ...] = ()
    min_length: int = 0
    max_length: int = 0
    candidates: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another reading of the same audio; log_probability is the sum over tokens, in nats, <= 0."""

    text: str
    log_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What an engine made of some audio.

    text: normalised lower-case words or digits, "" when nothing was understood. value: the Phrase.value or digit
    string matched, None for open speech. confidence: 0..1. margin: nats between the best and the second reading,
    None when there was only one. log_probability: of the text, as Alternative has it, None when the engine does not
    tell. reason: why text is empty ("no_speech", "too_short", "length", ...), else "".
    language: what was spoken, when the expectation had languages to tell apart; else "".
    """

    text: str
    confidence: float
    engine: str
    value: str | None = None
    margin: float | None = None
    alternatives: tuple[Alternative, ...] = ()
    reason: str = ""
    language: str = ""
    log_probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """A finished turn of the caller: the hypothesis with its language and its times.

    speech_ended_at_ms is when the last voiced sample reached the machine; decided_at_ms when the turn was declared
    over and the text was ready. decode_ms is the engine's part, decodes how many times it was asked.
    """

    hypothesis: Hypothesis
    language: str
    speech_started_at_ms: int
    speech_ended_at_ms: int
    decided_at_ms: int
    decode_ms: int
    decodes: int


# ---- control -> speech worker -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Hear one turn of this call. turn counts up within a call; a new Listen replaces an older one."""

    call_id: str
    turn: int
    language: str
    expectation: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class StopListening:
    """Forget the turn (keys were used, the prompt changed); nothing is reported for it any more."""

    call_id: str
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetCall:
    """The call is over: drop its audio and its state."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """Bring a prompt into the cache. urgent: a caller waits for it (goes before warm-up renders). audio: a recorded WAV
    to make ready for the telephone instead of speaking the text.
    """

    request_id: str
    text: str
    language: str
    urgent: bool = True
    audio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureVoice:
    """Measure this caller's voice from the next utterance on, where the worker can: its customer agreed to that."""

    call_id: str


# ---- speech worker -> control -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechReady:
    """Models are loaded and the frame socket is open. recognizers and voices: engine names in order of preference.

    voice_ids: language -> id of the preferred voice, the key under which its prompts are cached.
    """

    frames_path: str
    recognizers: tuple[str, ...]
    voices: tuple[str, ...]
    voice_ids: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted:
    """The caller began to speak at started_at_ms; we were sure of it at detected_at_ms."""

    call_id: str
    turn: int
    started_at_ms: int
    detected_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechHeard:
    """The turn is over and was understood as text."""

    call_id: str
    turn: int
    recognition: Recognition


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRejected:
    """The turn is over and held no usable words. reason: "noise" | "too_short" | "no_speech" | "length" | "engine"."""

    call_id: str
    turn: int
    reason: str
    speech_started_at_ms: int
    speech_ended_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceMarked:
    """After SpeechHeard: hashes of samples of the utterance, the same again when the same recording is played."""

    call_id: str
    turn: int
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceMeasured:
    """What the caller's voice was like in the utterances since MeasureVoice; none of their sound is kept."""

    call_id: str
    sample: VoiceSample


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The prompt stands at path (WAV, 8 kHz, mono, 16 bit)."""

    request_id: str
    path: str
    duration_ms: int
    voice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderFailed:
    """No voice could speak the text."""

    request_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechHealth:
    """Once a second from SpeechReady on: the worker's loop is alive. calls: how many it hears."""

    calls: int
    rss_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """What a speech worker is started with (argv --settings, as JSON).

    control_fd: inherited SEQPACKET socket to the control process. frames_path: the SEQPACKET socket media workers
    send caller audio to. languages: what must be heard and spoken. recognizer: "auto", "whisper" or "vosk";
    recognizers: another one for single languages. voices: engine names in order of preference ("piper", "pyttsx3").
    threads: of one decode; decodes: how many at a time. preload: start the voices before they are asked for. marks:
    report UtteranceMarked. voiceprints: what measures voices, "off" for nothing.
    """

    control_fd: int
    frames_path: str
    cache_dir: str
    models_dir: str
    languages: tuple[str, ...] = ("en",)
    recognizer: str = "auto"
    recognizers: dict[str, str] = field(default_factory=dict)
    voices: tuple[str, ...] = ("piper", "festival", "pyttsx3")
    threads: int = 1
    decodes: int = 2
    preload: bool = True
    marks: bool = False
    voiceprints: str = "off"
    log_level: str = "info"
