"""Piper, a neural voice. The program is GPL-3.0-or-later, so it runs as a process of its own: `python -m` this module.

Owns how Piper is asked. The parent side never imports it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ivr.log import get_log
from ivr.model.errors import SpeechError
from ivr.speech.audio import Samples
from ivr.speech.catalogue import Catalogue
from ivr.speech.voice_child import Synthesize, serve
from ivr.speech.voice_process import ProcessVoice

NAME = "piper"
_BETWEEN_SENTENCES_S = 0.2
_THREADS = 2  # halves the wait for a prompt; the niceness of the process protects recognition

log = get_log("speech.piper")


def voice(catalogue: Catalogue, languages: Sequence[str], *, steady: bool = False) -> ProcessVoice | None:
    """The voice for those of the languages the catalogue has a verified model for.

    steady: the same sentence always sounds the same, a little flatter.
    """
    found: dict[str, tuple[str, Path]] = {}
    for language in languages:
        try:
            model = catalogue.find("tts", NAME, language)
            found[language] = (model.model_id, _network(catalogue.resolve(model)))
        except SpeechError as error:
            log.info("piper.language_not_spoken", language=language, error=str(error))
    if not found:
        return None
    return ProcessVoice(
        NAME,
        __name__,
        [json.dumps({language: str(path) for language, (_, path) in found.items()}), "steady" if steady else "lively"],
        {language: model_id + ("-steady" if steady else "") for language, (model_id, _) in found.items()},
    )


def _network(folder: Path) -> Path:
    path = next(iter(sorted(folder.glob("*.onnx"))), None)
    if path is None:
        raise SpeechError(f"{folder} holds no .onnx file")
    return path


def _load(paths: Mapping[str, str], *, steady: bool) -> Synthesize:
    import onnxruntime
    from piper.config import PiperConfig, SynthesisConfig
    from piper.voice import PiperVoice

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    voices = {
        language: PiperVoice(
            session=onnxruntime.InferenceSession(path, sess_options=options, providers=["CPUExecutionProvider"]),
            config=PiperConfig.from_dict(json.loads(Path(f"{path}.json").read_text(encoding="utf-8"))),
        )
        for language, path in paths.items()
    }

    def synthesize(text: str, language: str, pace: float) -> tuple[Samples, int]:
        voice = voices[language]
        rate_hz = int(voice.config.sample_rate)
        pause = np.zeros(int(_BETWEEN_SENTENCES_S * rate_hz), dtype=np.float32)
        manner = SynthesisConfig(
            length_scale=voice.config.length_scale / pace,
            noise_scale=0.0 if steady else None,
            noise_w_scale=0.0 if steady else None,
        )
        parts: list[Samples] = []
        for chunk in voice.synthesize(text, syn_config=manner):
            parts += [pause, chunk.audio_float_array.astype(np.float32)] if parts else [chunk.audio_float_array]
        return (np.concatenate(parts) if parts else pause), rate_hz

    for language in voices:
        synthesize("Ready.", language, 1.0)
    return synthesize


if __name__ == "__main__":
    serve(lambda: _load(json.loads(sys.argv[1]), steady=sys.argv[2] == "steady"))
