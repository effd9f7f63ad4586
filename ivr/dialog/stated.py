"""After the goodbye, a few of those who heard an offer are asked what it was like: useful, not minded, annoying.

Owns that the closing line is out before: up to its end a call is the same whether it is asked or not, so early hang-ups
and handling time are counted alike in both arms. And that it is asked once, never after "no offers" or a complaint, and
never in the way: whatever is no answer ends the call. Who is asked was decided with the offer.
"""

from __future__ import annotations

import re

from ivr.dialog import steps as st
from ivr.dialog.everywhere import do_global, refuse_offers
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Wait
from ivr.dialog.steps import Global
from ivr.dialog.tongues import TONGUES
from ivr.model.call import Outcome
from ivr.model.dialog import DigitsDialed, Hear, Keys, PromptsEnded, RecordSurvey, UtteranceHeard
from ivr.model.hearing import EndpointProfile, Expectation, ExpectationKind, Phrase
from ivr.model.offers import Stated, StatedQuestion

WAIT_MS = 4000
_DENIED_WITHIN = 3  # words: "was not really useful"
_WITH_A_FIGURE = 2  # words: "number two", but not "the second one annoyed me"


def wait_for_goodbye(run: Run) -> bool:
    """The closing line is being said. True when the question comes after it: the call goes on for so long."""
    question = _question(run)
    if question is None or run.session.no_offers:
        return False
    if any(request["intent"] in question.never_after for request in run.session.requests):
        return False
    run.note("dialog.closing")
    run.close(_reason(run), Outcome.UNRESOLVED)  # the dialog has come to what it comes to
    run.change(wait=Wait.CLOSING)
    return True


def on_said(run: Run, event: PromptsEnded) -> None:
    """The closing line is out. Whoever cut it short is in a hurry."""
    question = _question(run)
    if question is None or event.interrupted:
        _end(run)
        return
    run.change(phase=Phase.STATED)
    run.say_text(question.ask, "offer.stated")
    said = _phrases(run.session.language)
    phrases = tuple(Phrase(text=text, value=str(int(answer))) for text, answer in said.items())
    run.emit(
        Hear(
            step=run.place,
            expectation=Expectation(kind=ExpectationKind.CHOICE, profile=EndpointProfile.SHORT, phrases=phrases),
            keys=Keys(max_digits=1, terminator="", inter_digit_ms=run.assistant.policy.inter_digit_ms),
            noinput_ms=WAIT_MS,
            intents=tuple(choice.intent for choice in run.assistant.globals if _matters(run, choice)),
            speech=run.session.hearing and bool(phrases),
        )
    )
    run.change(wait=Wait.CALLER)


def on_utterance(run: Run, event: UtteranceHeard) -> None:
    """The caller said something."""
    intent, text = event.understanding.intent, event.recognition.hypothesis.text.lower()
    answer = _heard_in(text, run.session.language)
    sure = text not in _phrases(run.session.language) and intent.confidence >= run.assistant.policy.accept
    choice = next((c for c in run.assistant.globals if c.intent == intent.name), None) if sure else None
    _answered(run, answer, choice)


def on_keys(run: Run, event: DigitsDialed) -> None:
    """The caller pressed something."""
    answer = next((each for each in Stated if str(int(each)) == event.digits), None)
    choice = next((c for c in run.assistant.globals if c.dtmf and c.dtmf == event.digits), None)
    _answered(run, answer, None if answer else choice)


def on_nothing(run: Run) -> None:
    """Silence, a noise, or our own deafness."""
    _answered(run, None, None)


def on_hung_up(run: Run) -> None:
    """The caller hung up after the goodbye had begun, with which the dialog ended."""
    if run.session.phase is Phase.STATED:
        _record(run, None)
    run.change(wait=Wait.OVER, phase=Phase.MAIN)


def _answered(run: Run, answer: Stated | None, choice: Global | None) -> None:
    """What is said of offers altogether goes before what is said of this one; whoever asks for a person gets one."""
    question = _question(run)
    if choice is not None and choice.does == "no_offers":
        _record(run, answer)
        refuse_offers(run)
        run.say_own("no_offers")
    elif choice is not None and answer is None and _matters(run, choice):
        _record(run, None)
        run.change(phase=Phase.MAIN)
        do_global(run, run.step, choice)
        return
    else:
        _record(run, answer)
        if answer is not None and question is not None:
            run.say_text(question.thanks, "offer.thanks")
    _end(run)


def _matters(run: Run, choice: Global) -> bool:
    """Of what may be said anywhere, what still counts after the goodbye: no offers, and a person."""
    return choice.does == "no_offers" or (bool(choice.go) and choice.go == run.assistant.escape)


def _question(run: Run) -> StatedQuestion | None:
    decision = run.session.stated
    return decision.stated if decision is not None else None


def _record(run: Run, answer: Stated | None) -> None:
    if run.session.stated is not None:
        grade = int(answer) if answer is not None else 0
        run.emit(RecordSurvey(decision=run.session.stated, grade=grade, outcome="stated"))
    run.change(stated=None)


def _end(run: Run) -> None:
    run.change(stated=None, phase=Phase.MAIN)
    run.end(_reason(run))


def _reason(run: Run) -> str:
    return (run.step.reason if isinstance(run.step, st.HangupStep) else "") or "goodbye"


def _phrases(language: str) -> dict[str, Stated]:
    tongue = TONGUES.get(language)
    said = zip(Stated, tongue.stated, strict=False) if tongue else ()
    return {phrase: answer for answer, phrases in said for phrase in phrases}


def _heard_in(text: str, language: str) -> Stated | None:
    """The one answer these words give; None when they give none, several, or deny it."""
    phrases, tongue = _phrases(language), TONGUES.get(language)
    if text in phrases or tongue is None:
        return phrases.get(text)
    figures = {said[0]: answer for answer, said in zip(Stated, tongue.stated, strict=False)}
    longest_first = sorted(phrases.keys() - figures.keys(), key=len, reverse=True)
    found = list(re.finditer(rf"\b({'|'.join(map(re.escape, longest_first))})\b", text)) if longest_first else []
    before = [word for match in found for word in text[: match.start()].split()[-_DENIED_WITHIN:]]
    if any(word in tongue.negations or word.endswith("n't") for word in before):
        return None
    spoken = text.split()
    answers = {phrases[match[1]] for match in found}
    if not answers and len(spoken) <= _WITH_A_FIGURE:
        answers = {figures[word] for word in spoken if word in figures}
    return answers.pop() if len(answers) == 1 else None
