"""What people say to an offer: a plain yes, a yes that is not sure to be one, no, later, or a question about it.

Owns which words alone are consent: an acceptance is a contract with somebody who called for another reason, so a yes is
plain only when nothing was said besides that asks, doubts, postpones or wants something else. "Okay" and "mhm" show
that somebody listens; they are no plain yes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ivr.model.understanding import Entity
from ivr.nlu.spoken.yes_no import find_yes_no
from ivr.nlu.words import words

AMONG_OTHERS_CONFIDENCE = 0.8


class OfferReply(StrEnum):
    """PLAIN: yes, and nothing else; LIKELY: a yes among other words, or half-hearted; LATER: not now; PRICE and ABOUT:
    a question what it costs, what it is."""

    PLAIN = "yes"
    LIKELY = "likely"
    NO = "no"
    LATER = "later"
    PRICE = "price"
    ABOUT = "about"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tongue:
    """Patterns over words without punctuation. yes: consent when nothing else is said; with_yes: adds nothing to it;
    polite: adds nothing to any answer; assent: shows that somebody listens; mine: the question is about what the caller
    has or owes, not about the offer."""

    about: re.Pattern[str]
    price: re.Pattern[str]
    mine: re.Pattern[str]
    later: re.Pattern[str]
    refusal: re.Pattern[str]
    yes: re.Pattern[str]
    with_yes: re.Pattern[str]
    assent: re.Pattern[str]
    polite: re.Pattern[str]

    def without_yes(self, said: str) -> str:
        """What is said besides a yes and besides politeness."""
        for pattern in (self.yes, self.with_yes, self.polite):
            said = pattern.sub(" ", said)
        return " ".join(said.split())


def find_offer_reply(text: str, language: str) -> Entity | None:
    """What text answers to an offer, or None: it is no answer to one. Confidence 1 when all of it is that answer."""
    tongue = _TONGUES.get(language.lower().partition("-")[0])
    said = " ".join(words(text))
    if tongue is None or not said:
        return None
    reply, rest = _reply(said, text, language, tongue)
    if reply is None:
        return None
    return Entity(
        entity="offer_reply",
        value=reply.value,
        readings=(reply.value,),
        start=0,
        end=len(text),
        confidence=AMONG_OTHERS_CONFIDENCE if rest else 1.0,
    )


def _reply(said: str, text: str, language: str, tongue: _Tongue) -> tuple[OfferReply | None, str]:
    """(the reply, the words that are not part of it)."""
    agreed, beside = tongue.yes.search(said) is not None, tongue.without_yes(said)
    if agreed and not beside:
        return OfferReply.PLAIN, ""
    if not tongue.mine.search(said):
        for reply, pattern in ((OfferReply.ABOUT, tongue.about), (OfferReply.PRICE, tongue.price)):
            if pattern.search(said):
                return reply, tongue.without_yes(tongue.price.sub(" ", tongue.about.sub(" ", said)))
    for reply, pattern in ((OfferReply.LATER, tongue.later), (OfferReply.NO, tongue.refusal)):
        if pattern.search(said):
            return reply, tongue.without_yes(pattern.sub(" ", said))
    found = find_yes_no(text, language)
    alone = found is not None and found.confidence == 1.0
    if found is not None and found.value == "no":
        return OfferReply.NO, "" if alone else beside
    if found is not None or agreed or tongue.assent.fullmatch(beside):
        return OfferReply.LIKELY, "" if alone else tongue.assent.sub("", beside).strip()
    return None, beside


def _any(phrases: str) -> re.Pattern[str]:
    """One pattern of phrases, separated by commas, longest first, each of whole words; (..|..) and (..)? as in re."""
    every = sorted((" ".join(phrase.split()) for phrase in phrases.split(",")), key=len, reverse=True)
    return re.compile(rf"(?<![\w'])(?:{'|'.join(filter(None, every))})(?![\w'])")


_TONGUES: Mapping[str, _Tongue] = MappingProxyType(
    {
        "en": _Tongue(
            yes=_any(
                """yes, yeah, yep, yup, yea, yes please, sure, sure thing, of course, absolutely, definitely, certainly,
                affirmative, i agree, i accept, please do(?! not), by all means, i'd like that, i would like that, i'd
                love that, i would love that, i'd love to, that would be (great|good|nice|lovely), that'd be
                (great|good|nice|lovely), let's do (it|that), i'll take it, i want (it|that)"""
            ),
            with_yes=_any(
                """i do, i would, it is, you can, you may, they can, okay, ok, all right, alright, fine, good, great,
                perfect, lovely, go ahead, why not, sounds (good|great), that's (right|fine|okay|good|correct), i
                would like (it|to), i'd like (it|to), do (it|that), a colleague can call me, they can call me, you can
                call me, let them call me, a call is fine"""
            ),
            about=_any(
                """what is (it|that|this), what's (it|that|this), what is (the|this|your) offer, what's (the|this|your)
                offer, what offer, which offer, what kind of (offer|cover|insurance), what does (it|that|this)
                (cover|include|do), what (is|does|would) (it|that|this) (really |exactly )?(about|mean|cover|include),
                what exactly (is it|does it cover), what is (covered|included|insured), what's
                (covered|included|insured|in it), what do i get( for (it|that))?, what would i get, tell me more(
                about (it|that|this))?, tell me( about (it|that|this))?, more about (it|that|this), more information,
                more details, some more details, know more, hear more, (learn|find out|know|hear) (a bit |a little
                )?more( about (it|that|this))?, hear what (it|that|this) (covers|is|includes), what are the
                (conditions|terms|details), how does (it|that|this) work, i'm listening, like what, (how|where)
                (do|can|could|would) i (cancel|stop|end)( it| that)?, can i (cancel|stop|end)( it| that)?( any
                (day|time))?, does (it|that|this) (cover|include|pay for)( .+)?, is (it|that|this) for( .+)?"""
            ),
            price=_any(
                """how much, how much (is|was|does|would|will) (it|that|this|the cover|the insurance|they)( cost| be)?(
                again)?, how much (a|per) (month|year|trip), how much again, how expensive( is (it|that))?, how much
                money( is (it|that))?, what (does|will|would|did) (it|that|this|they) cost( me)?, what's the
                (price|cost|monthly price), at what price, what is the (price|cost|monthly price), what was the
                (price|cost), what price, the price, price, is (it|that|this) free, does (it|that|this) cost( me)?
                (anything|something|extra|money), is (it|that) (expensive|monthly|a month|per month|every month), what
                (it|that|this) costs, how much (it|that|this) (is|costs)"""
            ),
            mine=_any(
                """my (premium|bill|payment|policy|claim|balance|card|account|insurance), i owe, do i (owe|have to
                pay|need to pay), i have to pay, i need to pay, have i (got|paid), is on my"""
            ),
            later=_any(
                """later, later on, maybe later, not now, not yet, not today, not right now, not at the moment, another
                time, another day, some other time, some other day, next time, next week, next month, tomorrow, in a
                few days, think about (it|that), think it over, think (it|that) through, let me think, have to think,
                need to think, sleep on it, (call|ring|phone) (me )?(back )?(later|tomorrow|next (week|month)|another
                (day|time)), no time( now)?, i'm busy, i'm driving, in a hurry, (i )?don't have time, (ask|talk
                to|speak to|speak with|talk with|check with) my (wife|husband|partner|son|daughter|family)( first)?,
                send (it|me|that|something) by (mail|email|e-mail|post|letter), send me (a|an|the)
                (email|e-mail|letter|text|message|brochure|leaflet), email (it|me)"""
            ),
            refusal=_any(
                """i already have( (it|that|one|this))?, i have (it|that|one|this)( already)?, i've (already )?got(
                (it|that|one|this))?( already)?, (already )?insured (elsewhere|already), (i have |i've got
                )?(insurance|cover|one) elsewhere, covered elsewhere, already covered, already insured, no more, too
                (expensive|much|dear), (that's|it's) expensive, can't afford (it|that), not worth (it|that), what for,
                why (would|should) i( want| need)?( (it|that))?, (do not|don't) (want|need|like)
                (it|that|any|this|one), no interest, leave it, hang up, stop, cancel (it|that|this), shut up, but no"""
            ),
            assent=_any("go on, go ahead, carry on, continue, proceed, i'm interested, i am interested"),
            polite=_any(
                """please, thank you, thanks, thank you very much, thanks a lot, very much, oh, well, so, and, but, sir,
                madam, ma'am, then, now, i'd like to, i would like to, can you, could you, i want to, do you know"""
            ),
        ),
        "ru": _Tongue(
            yes=_any(
                """да, да да, конечно, разумеется, обязательно, безусловно, согласен, согласна, давайте, давай, с
                удовольствием, принимаю, подтверждаю, оформляйте, пусть (мне )?(по|пере)?звон(ит|ят), буду (рад|рада),
                не откажусь"""
            ),
            with_yes=_any(
                """хочу, верно, правильно, точно, хорошо, ладно, можно, можете, я, это, устраивает, меня устраивает,
                подходит, мне подходит, жду( звонка)?, буду ждать( звонка)?, отлично, прекрасно, замечательно, так,
                окей, ок"""
            ),
            about=_any(
                """что (это|там)( такое| за предложение)?, а что это( такое)?, что за
                (предложение|страховка|услуга|страхование|защита), что (туда |в нее |в него )?входит, что
                (она|он|оно|это) (покрывает|дает|защищает|значит), что покрывает, от чего( она| он| оно| это)?
                (защищает|страхует), что (я )?получу, подробнее, поподробнее, расскажите( о ней| об этом| подробнее|
                еще)?, рассказывайте, расскажи, слушаю( вас)?, (узнать|послушать|хотелось бы узнать|хочу узнать)( по|
                )?подробнее, какие условия, какое предложение, о чем речь, что именно, как это работает, что (вы
                )?предлагаете, что вы хотите предложить, (?<!\\bне )интересно, как отказаться, отказаться
                (можно|нельзя), можно( ли)? отказаться, какая страховка, какая услуга"""
            ),
            price=_any(
                """сколько стоит, сколько (это|она|он|оно) (стоит|будет стоить|стоило), сколько будет стоить, а сколько(
                это)? стоит, сколько это, почем, по чем, какая (цена|стоимость|там цена), какова (цена|стоимость),
                цена, стоимость, за сколько, сколько (в|за) (месяц|год|поездку), сколько (надо|нужно)
                (платить|заплатить) за (это|нее|него), во сколько (это )?обойдется, это (бесплатно|платно|платная
                услуга), (бесплатно|платно), каждый месяц, какая сумма, сколько( там| это)? (выходит|получается),
                сколько$"""
            ),
            mine=_any(
                """мо[йеяюи]\\w*, сво[йеяюи]\\w*, я долж(ен|на), с меня, мне (надо|нужно) (заплатить|платить),
                платеж\\w*, долг\\w*, взнос\\w*, полис\\w*, остал(ось|ся), на счете, ждать, времени, осталось"""
            ),
            later=_any(
                """потом, попозже, позже, не сейчас, не сегодня, в другой раз, в следующий раз, как-нибудь потом,
                когда-нибудь, завтра, на следующей неделе, через (неделю|месяц), (я )?подумаю, (надо|нужно|хочу|буду)
                (еще )?подумать, (мне )?(надо|нужно) подумать, подумать, дайте подумать, (по|пере)звоните (мне
                )?(потом|позже|завтра|попозже|на следующей неделе|через неделю), нет времени, некогда, я
                (занят|занята), я за рулем, я тороплюсь, (посоветуюсь|посоветоваться|поговорю|поговорить) с
                (женой|мужем|сыном|дочерью|семьей|детьми), пришлите (на почту|письмом|по почте|смс|сообщением), пока
                нет, пока не (надо|нужно|хочу)"""
            ),
            refusal=_any(
                """(у меня )?уже есть, у меня есть, есть уже, уже (застрахован[ао]?|оформлено|застраховали), (это
                )?(слишком |очень )?дорого, дороговато, не по карману, зачем( мне)?( это| она)?, не
                (нужно|надо|хочу|интересно|интересует|буду|стану), ни к чему, хватит, стоп, почему нет скидки, нет
                скидки, но нет, отмена, отмените"""
            ),
            assent=_any("продолжайте, дальше, говорите, попробуем, попробую, посмотрим, неплохо, (по)?звоните( мне)?"),
            polite=_any(
                """пожалуйста, спасибо, большое, вам, вас, ну, а, и, но, ой, так, вот, там, тогда, же, мне, скажите,
                подскажите, можно, хотелось бы, это"""
            ),
        ),
    }
)
