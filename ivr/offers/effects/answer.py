"""The report in one paragraph, in English and Russian: "Always?" Owns the words; says nothing the report does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ivr.offers.effects.plan import ANNOYED, CSAT
from ivr.offers.effects.report import EffectReport, stopping
from ivr.offers.effects.verdicts import Finding, GroupVerdict, Verdict
from ivr.offers.effects.words import MEASURED, OUTCOMES, about, number, title_of

WEEKS_MOST = 104
"""Beyond, a wait is told in years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The sentences of one language. Placeholders: share, groups, group, needs, facts, checks, net, wait."""

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
        no="Always? No: {share:.0%} of the callers do not mind or like it ({groups}).",
        yes="Yes for {group}: {facts}; offers to them are off.",
        unknown="Not known yet: {groups}.",
        unknown_all="Always? It is not known yet of any group: {groups}.",
        needs="{group} (about {needs} more households{wait})",
        weeks=", {count} weeks at this pace",
        years=", {count} years at this pace",
        together="All together so far: {facts}.",
        money="An opportunity is worth {net:+.2f} net of harm.",
        stop="All offers have stopped: {facts}.",
        satisfaction="satisfaction {effect:+.2f} [{low:+.2f}, {high:+.2f}]",
        per_hundred="{outcome} {effect:+.1f} in 100 [{low:+.1f}, {high:+.1f}]",
        other="{outcome} {effect:+.2f} [{low:+.2f}, {high:+.2f}]",
        group_list=_listed(" and "),
    ),
    "ru": Words(
        unsound="Вывода нет: опыт проведён с нарушением ({checks}). Пока это не исправлено, верить нельзя ничему ниже.",
        nobody="Считать пока нечего: что предложение делает со звонящим, видно через две недели.",
        no="Всегда ли? Нет: {share:.0%} звонящих не против или довольны ({groups}).",
        yes="Да для группы {group}: {facts}; предложения ей выключены.",
        unknown="Пока не известно: {groups}.",
        unknown_all="Всегда ли? Пока не известно ни об одной группе: {groups}.",
        needs="{group} (нужно ещё около {needs} домохозяйств{wait})",
        weeks=", при таком темпе недель: {count}",
        years=", при таком темпе лет: {count}",
        together="Все вместе пока: {facts}.",
        money="Одна возможность приносит {net:+.2f} за вычетом вреда.",
        stop="Все предложения остановлены: {facts}.",
        satisfaction="оценка {effect:+.2f} [{low:+.2f}; {high:+.2f}]",
        per_hundred="{outcome} {effect:+.1f} на 100 [{low:+.1f}; {high:+.1f}]",
        other="{outcome} {effect:+.2f} [{low:+.2f}; {high:+.2f}]",
        group_list=_listed(" и "),
    ),
}


def answer(report: EffectReport, language: str) -> str:
    """The paragraph. Raises KeyError for a language without words."""
    words = LANGUAGES[language]
    if not report.rows:
        return words.nobody
    if not report.sound:
        red = [c for c in report.checks if not c.passed]
        return words.unsound.format(checks="; ".join(f"{title_of(c.name, language)}: {c.words[language]}" for c in red))
    return " ".join(_sentences(report, language))


def _sentences(report: EffectReport, language: str) -> list[str]:
    words = LANGUAGES[language]
    by_verdict: dict[Verdict, list[GroupVerdict]] = {verdict: [] for verdict in Verdict}
    for group in report.groups:
        by_verdict[group.verdict].append(group)
    stop = stopping(report.overall)
    said = [words.stop.format(facts=_fact(stop, language))] if stop is not None else []
    fine = [*by_verdict[Verdict.LIKES], *by_verdict[Verdict.DOES_NOT_MIND]]
    if fine:
        share = sum(report.share[group.group] for group in fine)
        said.append(words.no.format(share=share, groups=words.group_list([group.group for group in fine])))
    said += [words.yes.format(group=g.group, facts=_facts(g.findings, language)) for g in by_verdict[Verdict.HATES]]
    open_yet = by_verdict[Verdict.NOT_KNOWN_YET]
    if open_yet:
        sentence = words.unknown_all if len(open_yet) == len(report.groups) else words.unknown
        said.append(sentence.format(groups=words.group_list([_open(g, report, language) for g in open_yet])))
    together = _facts([f for f in report.overall if f.estimate.outcome in {CSAT, ANNOYED}], language)
    if together:
        said.append(words.together.format(facts=together))
    if report.money is not None:
        said.append(words.money.format(net=report.money.net))
    return said


def _open(group: GroupVerdict, report: EffectReport, language: str) -> str:
    """A group with what it still takes, as far as that can be said."""
    words, weekly = LANGUAGES[language], report.weekly * report.share[group.group]
    if not group.needs:
        return group.group
    wait = ""
    if weekly > 0.0:
        weeks = group.needs / weekly
        form, count = (words.weeks, weeks) if weeks <= WEEKS_MOST else (words.years, weeks / 52.0)
        wait = form.format(count=number(about(max(1, round(count))), language))
    return words.needs.format(group=group.group, needs=number(about(group.needs), language), wait=wait)


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
