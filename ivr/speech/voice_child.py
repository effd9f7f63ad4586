"""The inside of a voice process: requests on standard input, prompts on standard output.

Owns the loop and the shape of messages between a voice and its parent. A message is a 4-byte big-endian length and
that many bytes: a request is JSON {"text", "language"}; an answer is one byte, 0 and 16-bit 8 kHz PCM, or 1 and why
it failed in UTF-8. The engine's own prints go nowhere. End of input ends the process, so it never outlives its
parent.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

from ivr.speech.audio import Samples, finish_prompt, to_pcm

LENGTH = struct.Struct("!I")
READY = b"\x00"
NICENESS = 5  # a decode a caller waits for goes before a prompt; a process cannot lower it again for urgent ones

Synthesize = Callable[[str, str], tuple[Samples, int]]


def serve(load: Callable[[], Synthesize]) -> None:
    """Load an engine, say READY, and render until the input ends. synthesize(text, language) -> (samples, rate_hz)."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.nice(NICENESS)
    synthesize = load()
    requests = sys.stdin.buffer
    try:
        _write(answers, READY)
        while header := requests.read(LENGTH.size):
            request = json.loads(requests.read(LENGTH.unpack(header)[0]))
            _write(answers, _answer(synthesize, request["text"], request["language"]))
    except BrokenPipeError:
        os._exit(0)  # the speech worker is gone: nobody wants an answer, and closing the pipe would complain again


def _answer(synthesize: Synthesize, text: str, language: str) -> bytes:
    try:
        samples, rate_hz = synthesize(text, language)
        pcm = to_pcm(finish_prompt(samples, rate_hz))
    except Exception as error:  # noqa: BLE001 - whatever an engine raises, its parent must learn of it
        return b"\x01" + repr(error).encode()
    return b"\x00" + pcm if pcm else b"\x01the engine made no sound"


def _write(answers: BinaryIO, body: bytes) -> None:
    answers.write(LENGTH.pack(len(body)) + body)
    answers.flush()
