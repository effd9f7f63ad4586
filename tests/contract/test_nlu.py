"""What every NluEngine promises, run against each of them."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.model.ports import NluEngine
from ivr.nlu.embedded import EmbeddedEngine
from ivr.nlu.sentences import features_of
from tests.fakes.nlu import ScriptedNlu

NLU_EN = Path(__file__).parents[2] / "dialogs/insurance/nlu.en.yml"
SENTENCES = {
    "yes": "affirm",
    "no": "deny",
    "operator": "operator",
    "repeat that": "repeat",
    "i'd like to check the status of my claim": "claim_status",
}


@pytest.fixture(scope="session")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors")


@pytest.fixture(
    scope="module",
    params=[
        "tfidf",
        "scripted",
        pytest.param("minilm", marks=pytest.mark.models),
        pytest.param("e5", marks=pytest.mark.models),
    ],
)
def engine(request: pytest.FixtureRequest, vectors: Path) -> Iterator[NluEngine]:
    built: NluEngine = ScriptedNlu(SENTENCES)
    if request.param != "scripted":
        built = EmbeddedEngine.train({"en": NLU_EN}, features=features_of(request.param, vectors))
    yield built
    asyncio.run(built.close())


@pytest.mark.parametrize(("text", "intent"), SENTENCES.items())
async def test_a_known_sentence_has_its_intent(engine: NluEngine, text: str, intent: str) -> None:
    understood = await engine.parse(text, language="en")
    assert understood.intent.name == intent
    assert 0.5 < understood.intent.confidence <= 1.0
    assert understood.text == text
    assert understood.engine == engine.name


async def test_nonsense_has_no_intent(engine: NluEngine) -> None:
    understood = await engine.parse("blue seventeen elephants", language="en")
    assert understood.intent.name == ""


@pytest.mark.parametrize("text", ["", "   ", "?!", "uh um", "\x00", "🙂", "a" * 20_000])
async def test_no_text_can_break_it(engine: NluEngine, text: str) -> None:
    understood = await engine.parse(text, language="en", slot_types=("digits", "yes_no", "number"))
    assert understood.intent.name == ""
    assert understood.entities == ()


async def test_the_ranking_is_sorted_and_begins_with_the_intent(engine: NluEngine) -> None:
    understood = await engine.parse("repeat that", language="en")
    assert understood.ranking[0] == understood.intent
    confidences = [intent.confidence for intent in understood.ranking]
    assert confidences == sorted(confidences, reverse=True)


async def test_typed_values_are_found_only_when_asked_for(engine: NluEngine) -> None:
    text = "it's two oh four five one eight"
    assert (await engine.parse(text, language="en")).entity("digits") is None
    digits = (await engine.parse(text, language="en", slot_types=("digits",))).entity("digits")
    assert digits is not None
    assert digits.value == digits.readings[0] == "204518"
    assert text[digits.start : digits.end] == "two oh four five one eight"


async def test_a_slot_type_nobody_parses_is_no_error(engine: NluEngine) -> None:
    understood = await engine.parse("yes", language="en", slot_types=("starsign", "yes_no"))
    assert [e.entity for e in understood.entities] == ["yes_no"]


async def test_a_language_without_training_still_gives_typed_values(engine: NluEngine) -> None:
    understood = await engine.parse("два ноль четыре", language="ru", slot_types=("digits",))
    assert understood.intent.name == ""
    digits = understood.entity("digits")
    assert digits is not None
    assert digits.value == "204"


async def test_expecting_other_intents_does_not_hide_a_plain_request(engine: NluEngine) -> None:
    understood = await engine.parse("operator", language="en", expected=("affirm", "deny"))
    assert understood.intent.name == "operator"


async def test_twenty_calls_at_once_get_their_own_answers(engine: NluEngine) -> None:
    texts = list(SENTENCES) * 4
    answers = await asyncio.gather(*(engine.parse(text, language="en") for text in texts))
    assert [(a.text, a.intent.name) for a in answers] == [(t, SENTENCES[t]) for t in texts]


@pytest.mark.alone
async def test_it_answers_fast_enough_for_a_conversation(engine: NluEngine) -> None:
    started = time.perf_counter()
    for _ in range(20):
        await engine.parse("i sent the papers two weeks ago", language="en", slot_types=("digits", "yes_no"))
    assert (time.perf_counter() - started) / 20 < 0.1
