"""Whisper in CTranslate2 with a context as short as a telephone turn.

Owns the network: mel, encoder, free and constrained decoding, scoring of given texts. Decides nothing about turns: see
whisper. The mel and the tokenizer are faster-whisper's; its package is not imported whole, because that loads a media
library (av) and a download client which a telephone bot has no use for.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ivr.model.errors import AbandonedError, SpeechError
from ivr.speech.audio import Samples, upsample

FRAMES = 800  # 8 s of mel frames: shorter contexts make Whisper loop, 30 s costs five times as much
_MAX_FRAMES = 3000
_FRAME_SAMPLES = 160  # at 16 kHz
_MARGIN_FRAMES = 60  # padding that must follow the speech
_PADDING_RMS = 1e-3  # quiet noise: digital silence after digits makes Whisper repeat them
_TARGET_PEAK = 0.5
_MAX_GAIN = 20.0
_TOKENS_PER_SECOND = 5
_TOKENS_FLOOR = 6
_FLOOR_PROBABILITY = 1e-10
AT_ONCE = 2  # decodes in parallel on one copy of the weights
_POSITIONS_PER_S = 50  # of the encoder: one for two mel frames
_SCORED_AFTER_S = 1.0


def _part(name: str) -> ModuleType:
    """One module of faster-whisper without the package's own imports. Raises SpeechError."""
    full = f"faster_whisper.{name}"
    if full in sys.modules:
        return sys.modules[full]
    package = importlib.util.find_spec("faster_whisper")
    if package is None or package.origin is None:
        raise SpeechError("faster-whisper is not installed: pip install faster-whisper")
    spec = importlib.util.spec_from_file_location(full, Path(package.origin).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise SpeechError(f"faster-whisper has no module {name}; install the version of requirements/run.txt")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """One text of the decoder. log_probability: sum over tokens incl. the end, nats; mean: the same per token.

    capped: it was cut off at the most tokens such audio can hold, as a decoder that repeats itself is.
    """

    text: str
    tokens: tuple[int, ...]
    log_probability: float
    mean: float
    no_speech: float
    capped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """The encoder's view of one recording. seconds: of real audio; frames: mel frames including padding; wanted: is
    what is made of it still waited for? Whoever decodes it asks before each piece of work."""

    states: Any
    seconds: float
    frames: int
    wanted: Callable[[], bool] = lambda: True

    def check(self) -> None:
        """Raises AbandonedError when nobody waits."""
        if not self.wanted():
            raise AbandonedError("the turn went on")


class WhisperModel:
    """One loaded model in one language. Used from one thread at a time; the GIL is free while it computes.

    sharing: a model of the same folder whose network is used, for another language. Raises SpeechError.
    """

    def __init__(self, path: Path, language: str, threads: int = 1, *, sharing: WhisperModel | None = None) -> None:
        import ctranslate2
        import tokenizers

        self.folder, self.language = path, language
        try:
            self._model: Any = (
                sharing._model
                if sharing is not None
                else ctranslate2.models.Whisper(
                    str(path), device="cpu", compute_type="int8", intra_threads=threads, inter_threads=AT_ONCE
                )
            )
            words = tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))
        except (RuntimeError, ValueError, OSError) as error:
            raise SpeechError(f"cannot load the Whisper model at {path}: {error}") from error
        self._storage = ctranslate2.StorageView
        self._extract = _part("feature_extractor").FeatureExtractor(feature_size=self._model.n_mels)
        self._tokenizer = _part("tokenizer").Tokenizer(
            words, self._model.is_multilingual, task="transcribe", language=language
        )
        self._prompt: list[int] = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        self._size = int(words.get_vocab_size())
        self._blocked: dict[frozenset[int], list[int]] = {}
        noise = np.random.default_rng(8000).standard_normal(_MAX_FRAMES * _FRAME_SAMPLES)
        self._noise: Samples = (noise * _PADDING_RMS).astype(np.float32)

    @property
    def multilingual(self) -> bool:
        """Can it tell languages apart?"""
        return bool(self._model.is_multilingual)

    def encode(
        self,
        samples: Samples,
        least_frames: int = FRAMES,
        peak: float = _TARGET_PEAK,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Encoded:
        """Encode 8 kHz audio, the last 29 s of it when longer, in at least so many frames, at this peak."""
        limit = (_MAX_FRAMES - _MARGIN_FRAMES) * _FRAME_SAMPLES // 2
        wide = upsample(samples[-limit:])
        wide *= min(_MAX_GAIN, peak / max(float(np.abs(wide).max(initial=0.0)), 1e-6))
        frames = max(least_frames, -(-wide.size // _FRAME_SAMPLES) + _MARGIN_FRAMES)
        frames += frames % 2
        padded = self._noise[: frames * _FRAME_SAMPLES].copy()
        padded[: wide.size] += wide
        mel = np.ascontiguousarray(self._extract(padded)[None, :, :frames], dtype=np.float32)
        states = self._model.encode(self._storage.from_array(mel), to_cpu=True)
        return Encoded(states=states, seconds=samples.size / 8000, frames=frames, wanted=wanted)

    def tokens(self, text: str) -> list[int]:
        """The tokens of a text as it stands inside a sentence."""
        found: list[int] = self._tokenizer.encode(" " + text.strip())
        return found

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return str(self._tokenizer.decode(list(tokens)))

    def generate(
        self,
        encoded: Encoded,
        *,
        prefix: Sequence[int] = (),
        allowed: frozenset[int] | None = None,
        beam: int = 1,
        hypotheses: int = 1,
        repetition_penalty: float = 1.0,
    ) -> list[Decoded]:
        """Decode freely, or with only the allowed tokens, after a prefix already known. Best first. Raises
        AbandonedError."""
        encoded.check()
        prompt = [*self._prompt, *prefix]
        new = int(_TOKENS_PER_SECOND * encoded.seconds) + _TOKENS_FLOOR
        result = self._model.generate(
            encoded.states,
            [prompt],
            beam_size=beam,
            num_hypotheses=hypotheses,
            repetition_penalty=repetition_penalty,
            # CTranslate2 makes min(max_length / 2, max_length - len(prompt)) new tokens.
            max_length=min(448, max(2 * new, len(prompt) + new)),
            suppress_tokens=[-1] if allowed is None else self._complement(allowed),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        return [
            Decoded(
                text=self.text(ids),
                tokens=tuple(ids),
                log_probability=score * len(ids),
                mean=score * len(ids) / (len(ids) + 1),
                no_speech=result.no_speech_prob,
                capped=len(ids) >= new,
            )
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]

    def languages(self, encoded: Encoded, among: Sequence[str]) -> dict[str, float]:
        """How probable each of these languages is, given that it is one of them. Raises SpeechError for one language's
        model."""
        if not self.multilingual:
            raise SpeechError(f"the model in {self.folder} knows one language only")
        found = dict(self._model.detect_language(encoded.states)[0])
        weights = {language: max(found.get(f"<|{language}|>", 0.0), _FLOOR_PROBABILITY) for language in among}
        total = sum(weights.values())
        return {language: weight / total for language, weight in weights.items()}

    def score(self, encoded: Encoded, texts: Sequence[Sequence[int]]) -> list[float]:
        """Log-probability of each token sequence given the audio, sums in nats, in one batched pass.

        Only the states of the speech and _SCORED_AFTER_S behind it are looked at: the same choices at less than half
        the cost. Free decoding needs them all: with fewer it repeats itself.
        """
        encoded.check()
        positions = min(encoded.frames // 2, int((encoded.seconds + _SCORED_AFTER_S) * _POSITIONS_PER_S))
        states = np.repeat(np.array(encoded.states)[:, :positions], len(texts), axis=0)
        results = self._model.align(
            self._storage.from_array(np.ascontiguousarray(states)),
            self._prompt[:-1],
            [list(text) for text in texts],
            [2 * positions] * len(texts),
        )
        return [float(np.log(np.maximum(r.text_token_probs, _FLOOR_PROBABILITY)).sum()) for r in results]

    def _complement(self, allowed: frozenset[int]) -> list[int]:
        if allowed not in self._blocked:
            self._blocked[allowed] = [t for t in range(self._size) if t not in allowed and t != self._tokenizer.eot]
        return self._blocked[allowed]
