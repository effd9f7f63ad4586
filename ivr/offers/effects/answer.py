"""The report in one paragraph, in English and Russian: "Always?" Owns the words; says nothing the report does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ivr.offers.effects.plan import ANNOYED, CSAT
from ivr.offers.effects.report import EffectReport
from ivr.offers.effects.verdicts import Finding, GroupVerdict, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The sentences of one language. Placeholders: share, groups, group, rows, needs, facts, checks, net."""

    unsound: str
    nobody: str
    no: str
    yes: str
    unknown: str
    needs: str
    money: str
    stop: str
    satisfaction: str
    annoyed: str
    group_list: Callable[[Sequence[str]], str]


def _listed(joint: str) -> Callable[[Sequence[str]], str]:
    def listed(names: Sequence[str]) -> str:
        return joint.join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)

    return listed


LANGUAGES: Mapping[str, Words] = {
    "en": Words(
        unsound="No verdict: the experiment is not sound ({checks}).",
        nobody="Nobody was offered anything yet.",
        no="Always? No: {share:.0%} of the callers do not mind or like it ({groups}).",
        yes="Yes for {group}: {facts}; offers to them are off.",
        unknown="Not known yet: {groups}.",
        needs="{group} (needs about {needs:,} more)",
        money="An opportunity is worth {net:+.2f} net of harm.",
        stop="All offers have stopped: {facts}.",
        satisfaction="satisfaction {effect:+.2f} [{low:+.2f}, {high:+.2f}]",
        annoyed="{effect:+.1%} annoyed [{low:+.1%}, {high:+.1%}]",
        group_list=_listed(" and "),
    ),
    "ru": Words(
        unsound="Вывода нет: опыт проведён с нарушением ({checks}).",
        nobody="Пока никому ничего не предлагали.",
        no="Всегда ли? Нет: {share:.0%} звонящих не против или довольны ({groups}).",
        yes="Да для группы {group}: {facts}; предложения ей выключены.",
        unknown="Пока не известно: {groups}.",
        needs="{group} (нужно ещё около {needs:,})",
        money="Одна возможность приносит {net:+.2f} за вычетом вреда.",
        stop="Все предложения остановлены: {facts}.",
        satisfaction="оценка {effect:+.2f} [{low:+.2f}; {high:+.2f}]",
        annoyed="раздражённых {effect:+.1%} [{low:+.1%}; {high:+.1%}]",
        group_list=_listed(" и "),
    ),
}


def answer(report: EffectReport, language: str) -> str:
    """The paragraph. Raises KeyError for a language without words."""
    words = LANGUAGES[language]
    if not report.rows:
        return words.nobody
    if not report.sound:
        return words.unsound.format(checks="; ".join(f"{c.name}: {c.detail}" for c in report.checks if not c.passed))
    return " ".join(_sentences(report, words))


def _sentences(report: EffectReport, words: Words) -> list[str]:
    by_verdict: dict[Verdict, list[GroupVerdict]] = {verdict: [] for verdict in Verdict}
    for group in report.groups:
        by_verdict[group.verdict].append(group)
    said = [words.stop.format(facts=report.stop)] if report.stop else []
    fine = [*by_verdict[Verdict.LIKES], *by_verdict[Verdict.DOES_NOT_MIND]]
    if fine:
        share = sum(report.share[group.group] for group in fine)
        said.append(words.no.format(share=share, groups=words.group_list([group.group for group in fine])))
    said += [words.yes.format(group=g.group, facts=_facts(g, words)) for g in by_verdict[Verdict.HATES]]
    open_yet = by_verdict[Verdict.NOT_KNOWN_YET]
    if open_yet:
        names = [words.needs.format(group=g.group, needs=g.needs) if g.needs else g.group for g in open_yet]
        said.append(words.unknown.format(groups=words.group_list(names)))
    if report.money is not None:
        said.append(words.money.format(net=report.money.net))
    return said


def _facts(group: GroupVerdict, words: Words) -> str:
    return ", ".join(_fact(finding, words) for finding in group.findings if not finding.why)


def _fact(finding: Finding, words: Words) -> str:
    templates = {CSAT: words.satisfaction, ANNOYED: words.annoyed}
    template = templates.get(
        finding.estimate.outcome, finding.estimate.outcome + " {effect:+.3f} [{low:+.3f}, {high:+.3f}]"
    )
    return template.format(effect=finding.estimate.effect, low=finding.low, high=finding.high)
