"""The report in one paragraph, in English and Russian: "Always?", and who is offered nothing now. Owns the words; says
nothing the report does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ivr.model.offers import EVERYBODY, Suspension
from ivr.offers.effects.plan import ANNOYED, CSAT
from ivr.offers.effects.report import EffectReport
from ivr.offers.effects.verdicts import Finding, GroupVerdict, Verdict
from ivr.offers.effects.words import MEASURED, OUTCOMES, about, day, number, percent, title_of

WEEKS_MOST = 104
"""Beyond, a wait is told in years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The sentences of one language. Placeholders: share, groups, group, needs, facts, checks, net, wait, state, day,
    by. off, all_off, on_again, not_yet: the state of a group found harmed; is_off, is_on: of any other."""

    unsound: str
    nobody: str
    no: str
    yes: str
    unknown: str
    unknown_all: str
    needs: str
    weeks: str
    years: str
    together: str
    money: str
    stop: str
    everybody: str
    off: str
    all_off: str
    on_again: str
    not_yet: str
    is_off: str
    is_on: str
    by: str
    satisfaction: str
    other: str
    per_hundred: str
    group_list: Callable[[Sequence[str]], str]


def _listed(joint: str) -> Callable[[Sequence[str]], str]:
    def listed(names: Sequence[str]) -> str:
        return joint.join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)

    return listed


LANGUAGES: Mapping[str, Words] = {
    "en": Words(
        unsound="No verdict: the experiment is not sound ({checks}). Until that is mended, believe nothing below.",
        nobody="There is nothing to count yet: what an offer does to a caller is known a fortnight after it.",
        no="Always? No: {share} of the callers do not mind or like it ({groups}).",
        yes="Yes for {group}: {facts}; {state}.",
        unknown="Not known yet: {groups}.",
        unknown_all="Always? It is not known yet of any group: {groups}.",
        needs="{group} (about {needs} more households{wait})",
        weeks=", {count} weeks at this pace",
        years=", {count} years at this pace",
        together="All together so far: {facts}.",
        money="An opportunity is worth {net:+.2f} net of harm.",
        stop="Offers do harm to {group}: {facts}; {state}.",
        everybody="everybody",
        off="offers to them are off since {day}{by}",
        all_off="all offers are off since {day}{by}",
        on_again="offers to them are ON: {by} reopened them on {day}, and the next look switches them off again",
        not_yet="offers to them are still ON, and will be switched off at the next look",
        is_off="Offers to {group} are off since {day}{by}.",
        is_on="Offers to {group} are on again: {by} reopened them on {day}; judged by the households that first came "
        "since.",
        by=", by {by}",
        satisfaction="satisfaction {effect:+.2f} [{low:+.2f}, {high:+.2f}]",
        per_hundred="{outcome} {effect:+.1f} in 100 [{low:+.1f}, {high:+.1f}]",
        other="{outcome} {effect:+.2f} [{low:+.2f}, {high:+.2f}]",
        group_list=_listed(" and "),
    ),
    "ru": Words(
        unsound="Вывода нет: опыт проведён с нарушением ({checks}). Пока это не исправлено, верить нельзя ничему ниже.",
        nobody="Считать пока нечего: что предложение делает со звонящим, видно через две недели.",
        no="Всегда ли? Нет: {share} звонящих не против или довольны ({groups}).",
        yes="Да для группы {group}: {facts}; {state}.",
        unknown="Пока не известно: {groups}.",
        unknown_all="Всегда ли? Пока не известно ни об одной группе: {groups}.",
        needs="{group} (нужно ещё около {needs} домохозяйств{wait})",
        weeks=", при таком темпе недель: {count}",
        years=", при таком темпе лет: {count}",
        together="Все вместе пока: {facts}.",
        money="Одна возможность приносит {net:+.2f} за вычетом вреда.",
        stop="Предложения вредят ({group}): {facts}; {state}.",
        everybody="все",
        off="эти предложения выключены с {day}{by}",
        all_off="все предложения выключены с {day}{by}",
        on_again="эти предложения ВКЛЮЧЕНЫ ({day}, включил(а) {by}); при следующей проверке будут выключены снова",
        not_yet="эти предложения ещё ВКЛЮЧЕНЫ и будут выключены при следующей проверке",
        is_off="Предложения выключены с {day}{by}: {group}.",
        is_on="Предложения снова включены: {group} ({day}, включил(а) {by}); судим по домохозяйствам, впервые "
        "позвонившим с тех пор.",
        by=" (выключил(а) {by})",
        satisfaction="оценка {effect:+.2f} [{low:+.2f}; {high:+.2f}]",
        per_hundred="{outcome} {effect:+.1f} на 100 [{low:+.1f}; {high:+.1f}]",
        other="{outcome} {effect:+.2f} [{low:+.2f}; {high:+.2f}]",
        group_list=_listed(" и "),
    ),
}


def answer(report: EffectReport, language: str) -> str:
    """The paragraph. Raises KeyError for a language without words."""
    words = LANGUAGES[language]
    if not report.sound:
        red = [c for c in report.checks if not c.passed]
        checks = "; ".join(f"{title_of(c.name, language)}: {c.words[language]}" for c in red)
        return " ".join([words.unsound.format(checks=checks), *_others(report, language, ())])
    if not report.rows:
        return " ".join([words.nobody, *_others(report, language, ())])
    return " ".join(_sentences(report, language))


def _sentences(report: EffectReport, language: str) -> list[str]:
    words = LANGUAGES[language]
    by_verdict: dict[Verdict, list[GroupVerdict]] = {verdict: [] for verdict in Verdict}
    for group in report.groups:
        by_verdict[group.verdict].append(group)
    fine = [*by_verdict[Verdict.LIKES], *by_verdict[Verdict.DOES_NOT_MIND]]
    harmed = {g.group: g.findings for g in by_verdict[Verdict.HATES]}
    said = []
    if report.stopped_by is not None:
        harm, state = _fact(report.stopped_by, language), _state(report, EVERYBODY, language)
        said.append(words.stop.format(group=words.everybody, facts=harm, state=state))
    if fine:
        share = percent(sum(report.share[group.group] for group in fine))
        groups = words.group_list([report.plan.title(group.group, language) for group in fine])
        said.append(words.no.format(share=share, groups=groups))
    for name, findings in harmed.items():
        title, state = report.plan.title(name, language), _state(report, name, language)
        said.append(words.yes.format(group=title, facts=_facts(findings, language), state=state))
    open_yet = by_verdict[Verdict.NOT_KNOWN_YET]
    if open_yet:
        sentence = words.unknown_all if len(open_yet) == len(report.groups) else words.unknown
        said.append(sentence.format(groups=words.group_list([_open(g, report, language) for g in open_yet])))
    told = {*harmed, *(off.group for name in harmed if (off := report.standing.off(name)) is not None)}
    said += _others(report, language, told | ({EVERYBODY} if report.stopped_by is not None else set()))
    together = _facts([f for f in report.overall if f.estimate.outcome in {CSAT, ANNOYED}], language)
    if together:
        said.append(words.together.format(facts=together))
    if report.money is not None:
        said.append(words.money.format(net=report.money.net))
    return said


def _state(report: EffectReport, group: str, language: str) -> str:
    """Is a group that is harmed offered anything now?"""
    words, standing = LANGUAGES[language], report.standing
    off, reopened = standing.off(group), standing.reopened(group)
    if off is not None:
        form = words.all_off if off.group == EVERYBODY else words.off
        return form.format(day=day(off.at, language), by=_by(off, language))
    if reopened is not None:
        return words.on_again.format(by=reopened.reopened_by, day=day(reopened.reopened_at, language))
    return words.not_yet


def _others(report: EffectReport, language: str, told: Collection[str]) -> Iterator[str]:
    """Whoever else is offered nothing, or again something. told: groups already spoken of."""
    words, standing = LANGUAGES[language], report.standing
    for off in (s for s in standing.in_force() if s.group not in told):
        title = _title(report, off.group, language)
        yield words.is_off.format(group=title, day=day(off.at, language), by=_by(off, language))
    for on in (s for s in standing.on_again() if s.group not in told and standing.off(s.group) is None):
        title = _title(report, on.group, language)
        yield words.is_on.format(group=title, by=on.reopened_by, day=day(on.reopened_at, language))


def _title(report: EffectReport, group: str, language: str) -> str:
    return LANGUAGES[language].everybody if group == EVERYBODY else report.plan.title(group, language)


def _by(off: Suspension, language: str) -> str:
    return LANGUAGES[language].by.format(by=off.suspended_by) if off.suspended_by else ""


def _open(group: GroupVerdict, report: EffectReport, language: str) -> str:
    """A group with what it still takes, as far as that can be said."""
    words, weekly = LANGUAGES[language], report.weekly * report.share[group.group]
    title = report.plan.title(group.group, language)
    if not group.needs:
        return title
    wait = ""
    if weekly > 0.0:
        weeks = group.needs / weekly
        form, count = (words.weeks, weeks) if weeks <= WEEKS_MOST else (words.years, weeks / 52.0)
        wait = form.format(count=number(about(max(1, round(count))), language))
    return words.needs.format(group=title, needs=number(about(group.needs), language), wait=wait)


def _facts(findings: Sequence[Finding], language: str) -> str:
    return ", ".join(_fact(finding, language) for finding in findings if not finding.why)


def _fact(finding: Finding, language: str) -> str:
    words, outcome = LANGUAGES[language], finding.estimate.outcome
    template, times = (words.other, 1.0) if outcome in MEASURED else (words.per_hundred, 100.0)
    if outcome == CSAT:
        template = words.satisfaction
    ends = (finding.estimate.effect, finding.low, finding.high)
    effect, low, high = (times * end for end in ends)
    return template.format(outcome=OUTCOMES[language][outcome], effect=effect, low=low, high=high)
