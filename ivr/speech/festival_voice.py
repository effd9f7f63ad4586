"""Festival with the Russian voice msu_ru_nsh: natural Russian from Debian packages, in a process of its own.

Owns how Festival is asked: one interpreter, kept alive, Scheme on its input. Its Russian letter rules stop at a sign
they do not know (a dash, quotation marks, Latin letters) and then no file is written, so only what they know is sent.
It speaks at one pace; ours is put on top. What it prints to a pipe stays in its buffer until it is told to flush.
"""

from __future__ import annotations

import atexit
import ctypes
import re
import shutil
import signal
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ivr.speech.audio import Samples, from_pcm
from ivr.speech.catalogue import Catalogue
from ivr.speech.pace import at_pace
from ivr.speech.voice_child import Synthesize, serve
from ivr.speech.voice_process import ProcessVoice

NAME = "festival"
PROGRAM = "festival"
VOICES = {"ru": "msu_ru_nsh_clunits"}
PACKAGES = "festival festvox-ru"
VOICES_DIRS = (Path("/usr/share/festival/voices"), Path("/usr/local/share/festival/voices"))
_KNOWN = re.compile(r"[^а-яё ,.?!:;-]+")
_DONE = "spoken"
_END_S = 1.0
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def installed(language: str) -> bool:
    """Are the program and a voice for the language here?"""
    name = VOICES.get(language)
    if name is None or shutil.which(PROGRAM) is None:
        return False
    return any(next(folder.glob(f"*/{name}"), None) for folder in VOICES_DIRS)


def voice(_catalogue: Catalogue, languages: Sequence[str], *, steady: bool = False) -> ProcessVoice | None:
    """The voice for those of the languages that are installed; it always sounds the same."""
    found = {language: f"{NAME}-{VOICES[language]}" for language in languages if installed(language)}
    return ProcessVoice(NAME, __name__, [], found) if found else None


def _dies_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)


class _Interpreter:
    """A running Festival."""

    def __init__(self, voice: str) -> None:
        self._process = subprocess.Popen(
            [PROGRAM, "--pipe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=_dies_with_parent,  # noqa: PLW1509 - this process has one thread
        )
        self._ask(f"(voice_{voice})")

    def speak(self, words: str, path: Path) -> None:
        """Write the words as a WAV. An error leaves none."""
        self._ask(f'(utt.save.wave (utt.synth (Utterance Text "{words}")) "{path}" (quote riff))')

    def close(self) -> None:
        """End it, and wait: what it used is then known to whoever measures."""
        given, _ = _pipes(self._process)
        given.close()
        self._process.wait(_END_S)

    def _ask(self, command: str) -> None:
        given, answers = _pipes(self._process)
        # An error ends the evaluation of its own command only: the next line is read all the same.
        given.write(f'{command}\n(begin (format t "{_DONE}\\n") (fflush nil))\n')
        given.flush()
        while _DONE not in (line := answers.readline()):
            if not line:
                raise RuntimeError("Festival ended")


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("Festival has no pipes")
    return process.stdin, process.stdout


def _load() -> Synthesize:
    interpreter = _Interpreter(VOICES["ru"])
    atexit.register(interpreter.close)

    def synthesize(text: str, language: str, pace: float) -> tuple[Samples, int]:
        words = " ".join(_KNOWN.sub(" ", text.lower()).split())
        with tempfile.TemporaryDirectory(prefix="ivr-voice-") as folder:
            path = Path(folder) / "prompt.wav"
            interpreter.speak(words, path)
            if not path.exists():
                raise RuntimeError(f"Festival cannot speak {words!r} in {language}")
            with wave.open(str(path), "rb") as file:
                samples, rate_hz = from_pcm(file.readframes(file.getnframes())), file.getframerate()
        return at_pace(samples, rate_hz, pace), rate_hz

    synthesize("Готово.", "ru", 1.0)
    return synthesize


if __name__ == "__main__":
    serve(_load)
