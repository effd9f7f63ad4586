"""Yes and no with their idioms: "not really" is no, "why not" is yes, "I don't know" is neither.

Clear words count among other words ("yes it's the red one"), a bare "no" only at either end, soft ones ("right",
"correct") only when nothing else is said: "check it right now" is no answer. Of several answers the last one holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ivr.model.understanding import Entity
from ivr.nlu.words import spans, words

AMONG_OTHERS_CONFIDENCE = 0.8

_LONGEST_PHRASE = 5
# Said alone it is a no; among other words it is hesitation.
_UH_UH = re.compile(r"\W*n?uh[\W_]*uh\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A phrase found: words first..after. value: "yes", "no" or "" (undecided)."""

    value: str
    clear: bool
    first: int
    after: int


def find_yes_no(text: str, language: str) -> Entity | None:
    """ "yes" or "no" when text answers so, else None: undecided answers and other sentences are no answers."""
    table = _LANGUAGES.get(language.lower().partition("-")[0])
    if table is None:
        return None
    if language[:2] == "en" and _UH_UH.fullmatch(text):
        return Entity(entity="yes_no", value="no", readings=("no",), start=0, end=len(text))
    said = [word for word in spans(text) if words(word[0])]
    answers = _answers([word for word, _, _ in said], table)
    if any(answer.value == "" for answer in answers):
        return None
    covered = {at for answer in answers for at in range(answer.first, answer.after)}
    others = [at for at, (word, _, _) in enumerate(said) if at not in covered and word not in _PADDING]
    if others:
        opening = next((at for at, (word, _, _) in enumerate(said) if word not in _OPENERS), 0)
        answers = [a for a in answers if a.clear and _stands_out(a, opening, others[-1])]
    # "Not now, please": the last word is politeness where there is another answer.
    answers = [a for a in answers if said[a.first][0] not in _POLITE] or answers
    if not answers:
        return None
    held = answers[-1]
    return Entity(
        entity="yes_no",
        value=held.value,
        readings=(held.value,),
        start=said[held.first][1],
        end=said[held.after - 1][2],
        confidence=AMONG_OTHERS_CONFIDENCE if others else 1.0,
    )


def _stands_out(answer: _Answer, opening: int, last_other: int) -> bool:
    """A one-word "no" inside a sentence is a determiner ("there is no answer"); at its ends it is an answer."""
    if answer.value == "yes" or answer.after - answer.first > 1:
        return True
    return answer.first == opening or answer.first > last_other


def _answers(said: Sequence[str], table: Mapping[str, tuple[str, bool]]) -> list[_Answer]:
    found: list[_Answer] = []
    at = 0
    while at < len(said):
        for size in range(min(_LONGEST_PHRASE, len(said) - at), 0, -1):
            meaning = table.get(" ".join(said[at : at + size]))
            if meaning:
                found.append(_Answer(value=meaning[0], clear=meaning[1], first=at, after=at + size))
                at += size
                break
        else:
            at += 1
    return found


def _table(*, yes: str, no: str, soft_yes: str, soft_no: str, undecided: str) -> Mapping[str, tuple[str, bool]]:
    """phrase -> (value, clear); phrases are separated by commas."""
    groups = (
        ("yes", True, yes), ("no", True, no), ("yes", False, soft_yes), ("no", False, soft_no), ("", True, undecided),
    )  # fmt: skip
    return MappingProxyType(
        {" ".join(words(p)): (value, clear) for value, clear, phrases in groups for p in phrases.split(",")}
    )


_POLITE = frozenset(words("please пожалуйста"))
_OPENERS = frozenset(words("well oh so and but hi hello sorry ну а но ой так"))
_PADDING = _OPENERS | frozenset(
    words(
        """please thanks thank you very much that that's it it's is the i am i'm just then sir ma'am madam
        answer my there now это пожалуйста спасибо вам большое я вот там мне тогда ответ мой"""
    )
)

_LANGUAGES: Mapping[str, Mapping[str, tuple[str, bool]]] = MappingProxyType(
    {
        "en": _table(
            yes="""yes, yeah, yep, yup, yea, yes please, yeah sure, that's right, that is right, that's correct,
            that is correct, affirmative, absolutely, definitely, of course, go ahead, please do, go for it,

            sounds good, sounds great, that works for me, let's do that, that sounds good, that would be great,
            why not, no problem, not a problem, no objection, you bet, i think so,
            i guess so, i suppose so, i suppose, by all means, you're right, uh huh, mm hmm, mhm, ya, yes i would,
            all right then, no that's right, no that is right, no that's correct, no that is correct, no you're right,
            i don't mind, i wouldn't mind, sure thing, fine by me, fine with me, i'd like that, i'd love that,
            i'd love to,
            i would love to, i would like that, that's true, for sure, go right ahead, i'm interested,
            i'll take it, happy to, that'd be lovely, that would be lovely, that'd be great, that'd be good,
            that would be good, very much so, most definitely,
            okay then, let's go ahead, let's do this, that's the right one, it sure is""",
            no="""no, nope, nah, no thank you, no thanks, not really, not at all, of course not, absolutely not,
            definitely not, certainly not, i don't think so, i do not think so, don't think so, not now, not today,
            not right now, not at the moment, there is no need, there's no need,
            not this time, not interested, i'm not interested, no way, no need, that's wrong, that is wrong,
            incorrect, that's incorrect, not right, that's not right, that is not right, that isn't right,
            not correct, that's not correct, that is not correct, that isn't correct, not quite, not exactly,
            i'd rather not, i would rather not, i'd prefer not, negative, uh uh, nuh uh, no that's all,
            no that is all, no that's fine, no that's okay, no that's ok, no i'm fine, no i'm good, no it's fine,
            no it's okay, no that's it, i'm good thanks, i'm good thank you, i'm fine thanks, no not really, yeah no,
            no i don't, no it isn't, no it's not, maybe later, another time, some other time, i guess not,
            don't bother, i don't want it, i don't want that, i'm afraid not, not that one, that's not, that is not,
            forget it, not for me, i'll pass, no chance, i don't need it, i don't need that, i don't need any,
            i don't want any, that isn't it, wrong number, leave it, i disagree, i decline, not anymore, hardly,
            i don't agree, no i do not, i'm all set, not that i know of, not likely""",
            soft_yes="""right, correct, exactly, i do, i would, it is, it did, it does, i agree, i accept, okay, ok,
            sure, fine, certainly, indeed, true, alright, all right, good, great, perfect, please, do, do it,
            let's do it, let's go, that's it, that's the one, that's fine, that's good, that's me, this is, speaking,
            that works, works for me, i guess, i'd like to, i'm in, cool, very well, totally, you got it""",
            soft_no="""don't, i don't, i do not, i didn't, i can't, i won't, not, i'm good, i'm fine, i'm okay,
            never mind, wrong, it's not, it is not, it isn't, it didn't, it did not, it doesn't, it does not, do not,
            please don't, please do not, never, not yet, nevermind, nothing, nothing else, none, neither, that's all,
            stop, cancel, i don't want to, not me, false, no more""",
            undecided="""there is no answer, there's no answer, i don't know, i do not know,
            don't know, dunno, i dunno, no idea, i have no idea, not sure,
            i'm not sure, i am not sure, maybe, perhaps, possibly, i'm not certain, hard to say, i can't say,
            i can't tell, it depends, depends, yes and no, i don't remember, i can't remember, i'm not really sure,
            i don't really know, not really sure, no i don't know, what do you mean, what was the question,
            i don't understand, i do not understand, let me think, let me check, i forgot""",
        ),
        "ru": _table(
            yes="""да, ага, угу, верно, правильно, точно, именно, конечно, разумеется, согласен, согласна, безусловно,
            да конечно, совершенно верно, это я,
            все верно, все правильно, так и есть, не против, я не против, не возражаю,
            почему бы и нет, без проблем, не вопрос, да да, давайте, давай, подтверждаю, обязательно,
            было бы неплохо, было бы хорошо, неплохо бы, с удовольствием, помогло, получилось, да помогло,
            было бы здорово, все так, меня устраивает, устраивает, договорились, почему бы нет, скорее да, вполне,
            естественно, само собой, не откажусь, принимаю, оформляйте, совпадает, это мой номер,
            буду рад, буду рада, отлично, прекрасно, замечательно, по рукам, поехали, так оно и есть,
            вы правы""",
            no="""нет, неа, не надо, не нужно, не хочу, неверно, неправильно, не верно, не правильно, не так,
            это не так, не согласен, не согласна, да нет, конечно нет, нет конечно,
            ни в коем случае, ни за что, вы ошиблись, вовсе нет, нет спасибо,
            не совсем, не очень, вряд ли, может быть позже, может позже, попозже,
            не сейчас, в другой раз, не интересует, не интересно, да не надо,
            да не нужно, ничего подобного, еще нет, пока нет, нет не надо, против, я против, откажусь, отказываюсь,
            не помогло, не получилось, никак нет, не сегодня, никогда, ошибка, это ошибка, не стоит, обойдусь,
            скорее нет,
            это не, отнюдь, не подходит, не устраивает, воздержусь, нет уж, не то, к сожалению нет, увы нет, не желаю,
            не планирую, не думаю, мне ничего не надо, нет необходимости, не требуется,
            ничего не нужно, ничего не надо""",
            soft_yes="""хорошо, ладно, ок, окей, хочу, можно, так, годится, подходит, пойдет, пожалуй, пожалуйста, идет,
            хотелось бы, почему нет, мне интересно""",
            soft_no="не, стоп, хватит, ничего, больше ничего, это все, не буду",
            undecided="""не знаю, я не знаю, наверное, может быть, может, возможно, не уверен, не уверена, не помню,
            трудно сказать, сложно сказать, да нет наверное, да нет наверно, наверно, и да и нет, не понял, не поняла,
            не понимаю, как сказать, затрудняюсь ответить""",
        ),
    }
)
