"""What a figure of the effect report says beside its value, in English and Russian. Owns the words, no figures."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "": "",
        "no_calls": "no calls it could rest on",
        "raw": "the kinder figure others report: it hides who gave up and who had to call again",
        "by_request": "stated: settled calls, times the share of such requests an agent would have had to take{all}",
        "all": " (not stated: all of them)",
        "by_household": "held-out households less the others, {held} and {served} of them, times the others",
        "noted": "agents noted something of {held:.0%} of the held-out transfers and {served:.0%} of the others",
        "post": "{hours:g} h a day, {occupied:.0%} occupied",
        "state": "state {name} in [effects]",
        "state_agent_s": "state agent_s in [effects]: seconds an agent takes for each request",
        "identified": "transferred calls whose caller was known, times identify_s",
        "asked_again": "transferred calls, times the share nobody had to repeat themselves in ({noted} noted by "
        "agents; before: {before:.0%}{how}), times again_s",
        "stated_before": ", stated",
        "held_before": ", of held-out calls",
        "moved_stated": "share of transfers passed on before (stated, moved_twice) less the share now, times transfers",
        "moved_unknown": "no share before: state moved_twice in [effects], or hold calls out (handling_holdout)",
        "unnoted": "agents noted how none of the transfers ended",
        "holdout_off": "no calls are held out: set handling_holdout in [effects] to measure what agents would have had "
        "to do; until then it is reckoned from what you state",
        "holdout_short": "{held} held-out households and {taken} of their calls taken by agents; measurable from "
        "{units} and {calls} on",
        "held": "calls that went straight to the queue, by a hash of the household",
        "none_taken": "no held-out call was taken by an agent yet",
        "moved_away": "{calls} calls left us with their agent: how long these talked is not seen",
        "unsure": "it may still be nothing: about {more} more held-out households would tell",
        "talked": "held-out calls, from the agent's yes to the end; their wrap-up is not in it",
        "out_of_hours": "settled while nobody was there{hours}; as if all of them had been lost",
        "hours_assumed": " (working_hours not stated: Monday to Friday, 9 to 18 UTC)",
        "not_randomised": "not randomised: compared with nothing, it proves nothing",
        "no_experiment": "no sound experiment with this outcome yet",
        "experiment_short": "the experiment is not sound, or has not begun",
        "no_churn": "nobody told of lost customers 90 days after an opportunity yet: churned_90d, by your systems",
        "few_events": "too few events: {events} of {least} in the smaller arm",
        "too_early": "too early: {rows} of {planned} households",
        "as_first": "as if later offers did what the first one of a household does: only that is measured",
        "no_opportunities": "no opportunities in this time",
        "posterior": "How likely harm beyond the margin is. Easy to read, decides nothing: each rate starts from a "
        "flat prior (worth two callers), and how often and at how many groups one looks is not allowed for.",
        "stated": "What callers said of the offer they heard: those who answered, compared with nobody. "
        "Nothing is decided by it.",
        "arms": "{treated} treated, {expected:.1f} expected, p = {p:.4f}",
        "certain": "{rows} opportunities came while [offers] holdout was 0: without households that hear no offer "
        "nothing can be learned from them",
        "no_holdout": "[offers] holdout is 0: without households that hear no offer nothing can be learned",
        "elsewhere": "{rows} opportunities were drawn by another [offers] salt, and are not counted",
        "probabilities": "{bad} of {rows} rows without a usable one",
        "ghosts": "{ghosts} drawn for {held} held out",
        "uncounted": "not compared: no call is in the log",
        "counts": "{stored} stored, {counted} in the call log",
        "nothing_before": "nothing known before the call",
        "before": "smallest p = {p:.4f}, alarm below {limit:.5f}",
        "missing": "{treated:.2%} of the treated, {held:.2%} of the holdout, p = {p:.4f}",
        "untold": "not told is not none: no request of the assistant is one, and no other system has told of any",
        "detect_csat": "satisfaction -{margin:g} (sd 1.1, 40 % answer)",
        "detect_annoyed": "annoyed +{margin:.1%} (of 12 %)",
        "detect_repeat": "repeat calls 10 -> 12 %",
        "detect_hangup": "hang-ups 2 -> 3 %",
        "detect_complaint": "complaints 0.5 -> 0.7 %",
        "detect_aht": "handling time +10 s (sd 70)",
        "per_household": "calls of a household in this time: served by the bot less held out",
    },
    "ru": {
        "": "",
        "no_calls": "нет звонков, по которым считать",
        "raw": "так считают другие: не видно тех, кто бросил трубку или перезвонил",
        "by_request": "по вашим данным: решённые звонки на долю просьб, где нужен был бы сотрудник{all}",
        "all": " (не указана: все)",
        "by_household": "контрольные домохозяйства минус остальные, {held} и {served}, на число остальных",
        "noted": "сотрудники отметили {held:.0%} контрольных переводов и {served:.0%} остальных",
        "post": "{hours:g} ч в день, занятость {occupied:.0%}",
        "state": "укажите {name} в [effects]",
        "state_agent_s": "укажите agent_s в [effects]: сколько секунд сотрудник тратит на каждую просьбу",
        "identified": "переводы, где звонящий уже известен, на identify_s",
        "asked_again": "переводы на долю тех, где не пришлось повторять (отмечено сотрудниками: {noted}; раньше "
        "повторяли: {before:.0%}{how}), на again_s",
        "stated_before": ", по вашим данным",
        "held_before": ", в контрольных звонках",
        "moved_stated": "доля повторных переводов раньше (moved_twice, по вашим данным) минус нынешняя, на переводы",
        "moved_unknown": "не с чем сравнить: укажите moved_twice в [effects] или включите handling_holdout",
        "unnoted": "сотрудники не отметили, чем кончились переводы",
        "holdout_off": "контрольных звонков нет: включите handling_holdout в [effects], чтобы измерить работу, от "
        "которой бот избавил сотрудников; до тех пор она считается по вашим данным",
        "holdout_short": "контрольных домохозяйств {held}, их звонков у сотрудников {taken}; измеримо начиная с "
        "{units} и {calls}",
        "held": "звонки, ушедшие прямо в очередь, по хешу домохозяйства",
        "none_taken": "сотрудники ещё не приняли ни одного контрольного звонка",
        "moved_away": "звонков, ушедших от нас вместе с сотрудником: {calls}; сколько длился разговор, не видно",
        "unsure": "возможно, разницы нет: это покажут ещё около {more} контрольных домохозяйств",
        "talked": "контрольные звонки, от согласия сотрудника до конца; без работы после звонка",
        "out_of_hours": "решено, когда никого не было{hours}; как если бы все они пропали",
        "hours_assumed": " (working_hours не указаны: понедельник - пятница, 9-18 UTC)",
        "not_randomised": "без контрольной группы: сравнить не с чем, это ничего не доказывает",
        "no_experiment": "чистого опыта с этим показателем пока нет",
        "experiment_short": "опыт нечист или ещё не начался",
        "no_churn": "ещё никто не сообщил об ушедших за 90 дней клиентах: churned_90d, от ваших систем",
        "few_events": "мало событий: {events} из {least} в меньшей группе",
        "too_early": "рано: {rows} из {planned} домохозяйств",
        "as_first": "как если бы каждое предложение действовало так же, как первое: измерено только оно",
        "no_opportunities": "за это время возможностей не было",
        "posterior": "Насколько вероятен вред больше допуска. Легко читать, но ничего не решает: каждая доля исходит "
        "из плоского априорного распределения (весит как два звонящих); то, как часто и на сколько групп "
        "смотрят, не учтено.",
        "stated": "Что звонящие сказали о предложении. Только об ответивших, сравнить не с кем; этим ничего "
        "не решается.",
        "arms": "с предложением {treated}, ожидалось {expected:.1f}, p = {p:.4f}",
        "certain": "возможностей, когда [offers] holdout был равен 0: {rows}; без домохозяйств, которым ничего не "
        "предлагают, узнать по ним нечего",
        "no_holdout": "[offers] holdout равен 0: без домохозяйств без предложений рядом с другими узнать нечего",
        "elsewhere": "возможностей, вытянутых с другим [offers] salt: {rows}; они не учтены",
        "probabilities": "строк без пригодной вероятности: {bad} из {rows}",
        "ghosts": "{ghosts} на {held} в контроле",
        "uncounted": "не сравнивалось: в журнале нет звонков",
        "counts": "сохранено {stored}, в журнале звонков {counted}",
        "nothing_before": "до звонка ничего не известно",
        "before": "наименьшее p = {p:.4f}, тревога ниже {limit:.5f}",
        "missing": "{treated:.2%} с предложением, {held:.2%} в контроле, p = {p:.4f}",
        "untold": "это не значит, что их нет: помощник не принимает жалоб, и другие системы о них не сообщали",
        "detect_csat": "оценка -{margin:g} (разброс 1.1, отвечают 40 %)",
        "detect_annoyed": "раздражённые +{margin:.1%} (из 12 %)",
        "detect_repeat": "повторные звонки 10 -> 12 %",
        "detect_hangup": "брошенные трубки 2 -> 3 %",
        "detect_complaint": "жалобы 0.5 -> 0.7 %",
        "detect_aht": "время разговора +10 с (разброс 70)",
        "per_household": "звонков на домохозяйство за это время: с ботом минус контрольные",
    },
}
LANGUAGES = tuple(_WORDS)


def note(name: str, /, **facts: object) -> Mapping[str, str]:
    """Language -> the words. A fact may be a note itself. Raises KeyError for an unknown name or a missing fact."""
    return {
        language: words[name].format(
            **{fact: value.get(language, "") if isinstance(value, Mapping) else value for fact, value in facts.items()}
        )
        for language, words in _WORDS.items()
    }


def joined(*notes: Mapping[str, str]) -> Mapping[str, str]:
    """Several notes as one."""
    return {language: "; ".join(n[language] for n in notes if n.get(language)) for language in LANGUAGES}
