"""The product offer in the conversation: permission, pitch, read-back, and an answer that is never taken for a yes
unless it is one.

Owns what the dialog tells the gate, how an offer is put, and what counts as accepting it (key 1, or a plain yes heard
with confidence >= 0.9, after the read-back of product and price). A yes with more words, or half-hearted, is asked once
more, and questions are answered once; whatever else is said declines, and is taken up when it is a request. Where
permission is consent to advertising, it takes as much, after the whole question, and is stored before the pitch.
Whether and what to offer was decided elsewhere.
"""

from __future__ import annotations

from ivr.dialog import steps as st
from ivr.dialog.after_yes import take_yes
from ivr.dialog.asking import YES_NO_KEYS
from ivr.dialog.everywhere import do_global, refuse_offers
from ivr.dialog.listening import hear
from ivr.dialog.offer_reply import ABOUT, INTEREST, LIKELY, PLAIN, PRICE, SURE_YES, YES, read
from ivr.dialog.run import Run
from ivr.dialog.session import Phase, Session, Wait
from ivr.dialog.stack import follow
from ivr.dialog.steps import NEXT, Global, Option
from ivr.dialog.taking_up import take_up
from ivr.model.consent import ConsentKept, KeepConsent
from ivr.model.dialog import BargeIn, DigitsDialed, OfferDecided, PromptsEnded, RecordOfferAnswer, UtteranceHeard
from ivr.model.hearing import Hypothesis
from ivr.model.offers import DialogFacts, OfferAnswer, OfferDecision, OfferScript

SOLVED = ("resolved", "informed")
UNINTERRUPTED = BargeIn(speech=False, dtmf=False)
_NOT_ASKED = (OfferAnswer.NEVER_AGAIN, OfferAnswer.HUNG_UP)  # what the offer was like


def facts_so_far(session: Session) -> DialogFacts:
    """What the gate may look at, as far as the dialog knows it."""
    nothing = {"intent": "", "result": ""}
    innermost = (frame.request for frame in reversed(session.stack) if frame.request >= 0)
    at = next(innermost, len(session.requests) - 1)
    served = session.requests[at] if at >= 0 else nothing
    others = [request for number, request in enumerate(session.requests) if number != at]
    return DialogFacts(
        intent=served["intent"],
        solved=served["result"] in SOLVED,
        confirmed=served["result"] == "resolved",
        other_intents=tuple(request["intent"] for request in others),
        unsolved=tuple(request["intent"] for request in others if request["result"] not in SOLVED),
        repairs=session.repairs,
        recent_failures=1 if session.repairs and session.quiet_turns < 2 else 0,
        agent_requested=session.agent_requested,
        bot_disclosed=session.bot_disclosed,
        negative_words=session.negative_words,
        vulnerable_words=session.vulnerable_words,
        no_offers=session.no_offers,
    )


def on_decided(run: Run, event: OfferDecided) -> None:
    """The offer desk answered: put the offer, or go on silently."""
    decision, step = event.decision, run.step
    if run.session.phase is Phase.OFFER_CONSENT:
        return  # decided long ago
    run.change(survey=decision if decision.survey else None)
    if not decision.speak or decision.script is None or not isinstance(step, st.OfferStep):
        follow(run, NEXT)
        return
    run.change(decision=decision, phase=Phase.OFFER_PERMISSION, read_back="", said_again=frozenset())
    if not run.session.hearing and run.session.hearing_excuse:
        run.change(hearing_excuse=False)
        run.say_own("no_hearing")
    if decision.script.notice:
        run.say_text(decision.script.notice, "offer.notice", step.policy.barge_in)
    run.say_text(decision.script.ask, "offer.ask", step.policy.barge_in)
    hear(run, step, step.policy.barge_in)


def on_utterance(run: Run, step: st.OfferStep, event: UtteranceHeard) -> None:
    """Words while an offer stands."""
    said, hypothesis = read(run, step, event), event.recognition.hypothesis
    if isinstance(said, Option):
        _record_left(run, hypothesis.text)
        take_up(run, said, event, step.next)
    elif isinstance(said, Global):
        _on_global(run, step, said, hypothesis.text)
    elif run.session.phase is Phase.OFFER_PERMISSION:
        _at_permission(run, step, said, hypothesis)
    else:
        _at_read_back(run, step, said, hypothesis)


def _at_permission(run: Run, step: st.OfferStep, answer: str, hypothesis: Hypothesis) -> None:
    """Interest is permission: any yes, or a question about the offer. Consent to advertising takes a plain yes."""
    interested = answer in INTEREST and hypothesis.confidence >= step.policy.accept
    if interested and (answer == PLAIN or not _decision(run).asks_consent):
        _permitted(run, step, method="speech", heard=hypothesis.text, confidence=hypothesis.confidence)
    elif interested and _once(run, "consent"):
        _ask_again(run, step, _script(run).ask, "offer.ask")
    else:
        _end(
            run,
            OfferAnswer.NOT_PERMITTED,
            heard=hypothesis.text,
            confidence=hypothesis.confidence,
            doubtful=interested,
        )


def _at_read_back(run: Run, step: st.OfferStep, answer: str, hypothesis: Hypothesis) -> None:
    """A plain yes to product and price accepts; a doubtful one and a question about the price are read back to once
    more, a question what it is gets the whole offer once more. Anything else declines."""
    yes = answer in YES
    if yes and not run.session.read_back:
        _ask_again(run, step, _script(run).confirm, "offer.confirm")
    elif answer == PLAIN and hypothesis.confidence >= SURE_YES:
        _end(run, OfferAnswer.ACCEPTED, method="speech", heard=hypothesis.text, confidence=hypothesis.confidence)
    elif answer in (LIKELY, PRICE) and _once(run, answer):
        _ask_again(run, step, _script(run).confirm, "offer.confirm", step.policy.barge_in)
    elif answer == ABOUT and _once(run, answer):
        _pitch(run, step)
    else:
        _end(run, OfferAnswer.DECLINED, heard=hypothesis.text, confidence=hypothesis.confidence, doubtful=yes)


def _once(run: Run, reason: str) -> bool:
    """True the first time in an offer that something is said again for this reason."""
    first = reason not in run.session.said_again
    run.change(said_again=run.session.said_again | {reason})
    return first


def on_keys(run: Run, step: st.OfferStep, event: DigitsDialed) -> None:
    """Keys while an offer stands."""
    found = next((g for g in run.assistant.globals if g.dtmf and g.dtmf == event.digits), None)
    yes = YES_NO_KEYS.get(event.digits)
    if found is not None:
        _on_global(run, step, found, "", event.digits)
    elif run.session.phase is Phase.OFFER_PERMISSION:
        if yes:
            _permitted(run, step, method="dtmf", digits=event.digits)
        else:
            _end(run, OfferAnswer.NOT_PERMITTED, digits=event.digits)
    elif yes and not run.session.read_back:
        _ask_again(run, step, _script(run).confirm, "offer.confirm")
    else:
        _end(run, OfferAnswer.ACCEPTED if yes else OfferAnswer.DECLINED, method="dtmf", digits=event.digits)


def on_said(run: Run, event: PromptsEnded) -> None:
    """What is not heard to its end was not read back, and no consent was asked for."""
    decision = run.session.decision
    if event.interrupted or decision is None or decision.script is None:
        return
    if run.session.phase is Phase.OFFER_CONFIRM:
        run.change(read_back=decision.script.confirm)
    elif run.session.phase is Phase.OFFER_PERMISSION and decision.asks_consent:
        run.change(read_back=decision.script.ask)


def on_consent_kept(run: Run, event: ConsentKept) -> None:
    """The consent is on record, and the pitch follows; or it is not, and nothing is offered."""
    step = run.step
    if run.session.phase is not Phase.OFFER_CONSENT or not isinstance(step, st.OfferStep):
        return
    if event.stored:
        _pitch(run, step)
    else:
        _end(run, OfferAnswer.NOT_PERMITTED)


def on_nothing(run: Run) -> None:
    """Silence or a noise while an offer stands: no answer, and it is not asked twice."""
    _end(run, OfferAnswer.NO_ANSWER)


def on_hung_up(run: Run) -> None:
    """The caller hung up on the offer."""
    if run.session.decision is not None:
        _record(run, run.session.decision, OfferAnswer.HUNG_UP)


def _permitted(
    run: Run, step: st.OfferStep, *, method: str, heard: str = "", confidence: float = 0.0, digits: str = ""
) -> None:
    """The caller wants to hear it. As consent to advertising that is taken as an acceptance is: the whole question was
    heard, and key 1 or a clear yes came after it."""
    decision = _decision(run)
    if not decision.asks_consent:
        _pitch(run, step)
    elif not run.session.read_back:
        _ask_again(run, step, _script(run).ask, "offer.ask")
    elif method == "speech" and confidence < SURE_YES:
        _end(run, OfferAnswer.NOT_PERMITTED, heard=heard, confidence=confidence, doubtful=True)
    else:
        words = run.session.read_back
        run.emit(
            KeepConsent(
                decision=decision, words=words, method=method, heard=heard, confidence=confidence, digits=digits
            )
        )
        run.change(phase=Phase.OFFER_CONSENT, wait=Wait.OFFER_DESK, read_back="")


def _pitch(run: Run, step: st.OfferStep) -> None:
    script = _script(run)
    run.change(phase=Phase.OFFER_CONFIRM, read_back="")
    run.say_text(script.pitch, "offer.pitch", step.policy.barge_in)
    run.say_text(script.confirm, "offer.confirm", step.policy.barge_in)
    hear(run, step, step.policy.barge_in)


def _ask_again(run: Run, step: st.OfferStep, question: str, name: str, barge_in: BargeIn = UNINTERRUPTED) -> None:
    """A yes that cut the question short is no informed consent: it is asked to the end."""
    run.say_text(question, name, barge_in)
    hear(run, step, barge_in)


def _on_global(run: Run, step: st.OfferStep, choice: Global, heard: str, digits: str = "") -> None:
    if choice.does == "no_offers":
        _end(run, OfferAnswer.NEVER_AGAIN, heard=heard, digits=digits)
    elif choice.go:
        _record_left(run, heard, digits)
        do_global(run, step, choice)
    else:
        do_global(run, step, choice)


def _record_left(run: Run, heard: str, digits: str = "") -> None:
    """The caller wants something else: the offer is declined, without a word about it."""
    answer = OfferAnswer.DECLINED if run.session.phase is Phase.OFFER_CONFIRM else OfferAnswer.NOT_PERMITTED
    if run.session.decision is not None:
        _record(run, run.session.decision, answer, heard=heard, digits=digits)


def _end(
    run: Run,
    answer: OfferAnswer,
    *,
    method: str = "",
    heard: str = "",
    confidence: float = 0.0,
    digits: str = "",
    doubtful: bool = False,
) -> None:
    """The offer ended: record it, say so, go on with the flow."""
    decision = run.session.decision
    if decision is None or decision.script is None:
        follow(run, NEXT)
        return
    script = decision.script
    _record(run, decision, answer, method=method, heard=heard, confidence=confidence, digits=digits)
    if answer is OfferAnswer.ACCEPTED:
        take_yes(run, decision, script)
        return
    if answer is OfferAnswer.NEVER_AGAIN:
        refuse_offers(run)
        run.say_own("no_offers")
    elif doubtful:
        run.say_own("offer_unclear")
    else:
        run.say_text(script.declined, "offer.declined")
    follow(run, NEXT)


def _record(
    run: Run,
    decision: OfferDecision,
    answer: OfferAnswer,
    *,
    method: str = "",
    heard: str = "",
    confidence: float = 0.0,
    digits: str = "",
) -> None:
    run.emit(
        RecordOfferAnswer(
            decision=decision,
            answer=answer,
            read_back=run.session.read_back,
            method=method,
            heard=heard,
            confidence=confidence,
            digits=digits,
        )
    )
    asked = decision.stated is not None and answer not in _NOT_ASKED
    run.change(decision=None, read_back="", stated=decision if asked else None, phase=Phase.MAIN, wait=Wait.RUNNING)


def _decision(run: Run) -> OfferDecision:
    if run.session.decision is None:
        raise ValueError("no offer stands")
    return run.session.decision


def _script(run: Run) -> OfferScript:
    if (script := _decision(run).script) is None:
        raise ValueError("no offer stands")
    return script
