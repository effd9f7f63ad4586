"""The inside of a voice process: requests on standard input, prompts on standard output.

Owns the loop, the shape of messages between a voice and its parent, and all that voices have in common: markup, figures
as words, silence for breaks, the level of the telephone. An engine only speaks plain words at a pace.

A message is a 4-byte big-endian length and that many bytes: a request is JSON {"text", "language"}; an answer is one
byte, 0 and 16-bit 8 kHz PCM, or 1 and why it failed in UTF-8. The engine's own prints go nowhere. End of input ends the
process, so it never outlives its parent.
"""

from __future__ import annotations

import json
import os
import select
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

import numpy as np

from ivr.model.markup import Words, pieces
from ivr.model.media import SAMPLE_RATE_HZ
from ivr.speech.allocation import give_back_memory, keep_memory
from ivr.speech.audio import Samples, resample, to_pcm
from ivr.speech.mastering import master, trimmed
from ivr.speech.phrasing import pause_ms
from ivr.speech.verbalization import verbalized

LENGTH = struct.Struct("!I")
READY = b"\x00"
IDLE_S = 2.0  # without a request; a call's next sentence comes later, and is as quick with memory taken anew
NICENESS = 5  # a decode a caller waits for goes before a prompt; a process cannot lower it again for urgent ones

Synthesize = Callable[[str, str, float], tuple[Samples, int]]
"""(words, language, pace) -> (samples, rate_hz). pace 1 is the voice's own, 2 twice as fast."""


def serve(load: Callable[[], Synthesize]) -> None:
    """Load an engine, say READY, and render until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.nice(NICENESS)
    keep_memory()
    synthesize = load()
    requests = sys.stdin.buffer
    try:
        _write(answers, READY)
        while header := _awaited(requests):
            request = json.loads(requests.read(LENGTH.unpack(header)[0]))
            _write(answers, _answer(synthesize, request["text"], request["language"]))
    except BrokenPipeError:
        os._exit(0)  # the speech worker is gone: nobody wants an answer, and closing the pipe would complain again


def _awaited(requests: BinaryIO) -> bytes:
    """The head of the next request, b"" at the end. None of it can be in the buffer: the parent awaits each answer."""
    if not select.select([requests], [], [], IDLE_S)[0]:
        give_back_memory()
    return requests.read(LENGTH.size)


def spoken(synthesize: Synthesize, text: str, language: str) -> Samples:
    """A prompt at the level of the telephone, 8 kHz; empty when there is nothing to hear."""
    parts: list[Samples] = []
    found = pieces(text)
    for at, piece in enumerate(found):
        if not isinstance(piece, Words):
            parts.append(np.zeros(piece.ms * SAMPLE_RATE_HZ // 1000, dtype=np.float32))
            continue
        words = verbalized(piece.text, language)
        if not any(character.isalnum() for character in words):
            continue
        samples, rate_hz = synthesize(words, language, piece.pace)
        narrow = resample(samples, rate_hz)
        parts.append(trimmed(narrow) if len(found) > 1 else narrow)
        if at + 1 < len(found) and isinstance(found[at + 1], Words):
            parts.append(np.zeros(pause_ms(words) * SAMPLE_RATE_HZ // 1000, dtype=np.float32))
    if not parts:
        return np.zeros(0, dtype=np.float32)
    return master(np.concatenate(parts), SAMPLE_RATE_HZ, pause_ms=pause_ms(text))


def _answer(synthesize: Synthesize, text: str, language: str) -> bytes:
    try:
        pcm = to_pcm(spoken(synthesize, text, language))
    except Exception as error:  # noqa: BLE001 - whatever an engine raises, its parent must learn of it
        return b"\x01" + repr(error).encode()
    return b"\x00" + pcm if pcm else b"\x01the engine made no sound"


def _write(answers: BinaryIO, body: bytes) -> None:
    answers.write(LENGTH.pack(len(body)) + body)
    answers.flush()
