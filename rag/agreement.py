"""Where sources differ: the values they give for what was asked, each with who says it.

The value, or the name in the role that is asked for, in the sentence told first is compared with
those of the other sentences that answer. Only values of one kind are compared, in sentences on the
same subject: another day, another place, another thing counted is no disagreement, and where that
cannot be told none is claimed. Inside one article only different speakers can disagree. Copies of
one text count once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import regex

from rag.attribution import speaker
from rag.errors import UnknownDocument
from rag.folding import fold
from rag.protocols import PassageIndex, PieceEmbedder
from rag.quantities.names import same_name, states
from rag.quantities.reading import Value
from rag.quantities.values import one_unit, same, values_in
from rag.question import Question
from rag.reading.answers import short_answer
from rag.roles import Role, aliased, holders, role_asked, told_apart
from rag.subjects import Statement, dated_alike, one_thing, speaks_of
from rag.terms import stem, terms
from rag.types import Evidence, Passage, Span

MOST_SENTENCES = 16  # evidence that is compared with what leads
MOST_VALUES = 4  # told in one answer
# Of the first sentence's probability: below, a sentence is not on the question.
_LEAST_SHARE = 0.005
_LEAST_ACROSS = 0.002  # … for text in the other language, which the reader finds less probable
_LEAST_NAMED = 0.001  # … where the grammar shows that it names who was asked for
_LONG_ARTICLE = 100_000  # characters of an article that is not searched for a name
_COPY = 0.6  # share of three-word shingles from which two sentences are copies of one


@dataclass(frozen=True, slots=True)
class Stand:
    """One value, the sentences that give it (best first) and the ``[start, end)`` of the value in each."""

    evidence: tuple[Evidence, ...]
    places: tuple[Span, ...]
    speakers: tuple[Span | None, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Finds where sources differ.

    Whole copies of an article were left out when it was looked for; sentences that are copied into
    another article count once here.
    """

    pieces: PieceEmbedder

    def stands(
        self,
        question: Question,
        evidence: Sequence[Evidence],
        passages: Mapping[str, Passage],
        index: PassageIndex,
    ) -> list[Stand]:
        """The different values, that of the first evidence first; empty where sources agree."""
        return self._values(question, evidence, passages, index) or self._names(
            question, evidence, passages, index
        )

    def _values(
        self,
        question: Question,
        evidence: Sequence[Evidence],
        passages: Mapping[str, Passage],
        index: PassageIndex,
    ) -> list[Stand]:
        """Where amounts, dates and the like differ."""
        sentences = self._statements(question, evidence, passages)
        if not sentences or sentences[0].evidence is not evidence[0]:
            return []
        others = [*_inside(sentences[0]), *sentences[1:]]
        if all(_agree(sentences[0].value, other.value) for other in others):
            return []
        lead, *others = (_with_title(one, index) for one in [sentences[0], *others])
        kept = [lead, *(one for one in others if self._comparable(question, lead, one))]
        found: list[list[Statement]] = []
        for one in kept:
            for known in found:
                if _agree(known[0].value, one.value):
                    known.append(one)
                    break
            else:
                found.append([one])
        if len(found) < 2:
            return []
        return [self._stand(same_value) for same_value in found[:MOST_VALUES]]

    def _statements(
        self,
        question: Question,
        evidence: Sequence[Evidence],
        passages: Mapping[str, Passage],
    ) -> list[Statement]:
        """The evidence with a value of the kind that the first one has."""
        found: list[Statement] = []
        for item in evidence[:MOST_SENTENCES]:
            passage = passages.get(item.passage_id)
            if passage is None or not _inside_of(passage, item.quote):
                continue
            least = _LEAST_SHARE if passage.language == question.language else _LEAST_ACROSS
            if item.probability < least * evidence[0].probability:
                continue
            start = item.quote.start - passage.start
            text = passage.text[start : start + len(item.quote)]
            value = _answering(question, item, text, found[0].value if found else None)
            if value is not None:
                who = speaker(text, Span(start=value.start, end=value.end))
                found.append(Statement(item, text, passage.text, value, who))
            elif not found:
                break
        return found

    def _names(
        self,
        question: Question,
        evidence: Sequence[Evidence],
        passages: Mapping[str, Passage],
        index: PassageIndex,
    ) -> list[Stand]:
        """Where two names are told in one role; more than two, and the role is shared."""
        role = role_asked(question)
        if role is None:
            return []
        sentences = list(_in_role(role, question, evidence, passages, self.pieces))
        if not sentences or sentences[0].evidence is not evidence[0]:
            return []
        lead, *others = (_with_title(one, index) for one in sentences)
        found: list[list[Statement]] = [[lead]]
        for one in others:
            if same_name(_said(lead), _said(one)):
                found[0].append(one)
            elif self._other_holder(question, role, lead, one, index):
                known = next((f for f in found[1:] if same_name(_said(f[0]), _said(one))), None)
                if known is None:
                    found.append([one])
                else:
                    known.append(one)
        return [self._stand(same_value) for same_value in found] if len(found) == 2 else []

    def _other_holder(
        self, question: Question, role: Role, lead: Statement, other: Statement, index: PassageIndex
    ) -> bool:
        """Whether the other sentence surely gives the role to somebody else."""
        if not told_apart(role, question, _said(lead), _said(other)):
            return False
        one_article = lead.evidence.document_id == other.evidence.document_id
        two_sides = lead.speaker and other.speaker and not _same_speaker(lead, other)
        if (one_article or role.sided) and not two_sides:
            return False
        if any(_asked_of(question, one) or aliased(one.context) for one in (lead, other)):
            return False
        if not one_article and (
            _told_in(lead, _said(other), index) or _told_in(other, _said(lead), index)
        ):
            return False
        if role.dated and not dated_alike(question, lead, other):
            return False
        return one_thing(question, lead, other, self.pieces, place_asked=role.kind == "place")

    def _comparable(self, question: Question, lead: Statement, other: Statement) -> bool:
        """Whether the two values answer the same question about the same thing."""
        if not _one_kind(lead.value, other.value):
            return False
        equal = _agree(lead.value, other.value)
        if lead.evidence.document_id == other.evidence.document_id and not equal:
            if lead.speaker is None or other.speaker is None:
                return False
            if _same_speaker(lead, other):
                return False
        if _asked_of(question, lead) != _asked_of(question, other):
            return False
        return one_thing(question, lead, other, self.pieces)

    def _stand(self, sentences: Sequence[Statement]) -> Stand:
        """The sentences with one value, copies of one text counted once."""
        heard: dict[str, float] = {}
        voices: list[Statement] = []
        for one in sentences:
            key = self._voice_of(one, voices)
            if key not in heard:
                voices.append(one)
            heard[key] = max(heard.get(key, 0.0), one.evidence.probability)
        return Stand(
            evidence=tuple(one.evidence for one in voices),
            places=tuple(
                Span(
                    start=one.evidence.quote.start + one.value.start,
                    end=one.evidence.quote.start + one.value.end,
                )
                for one in voices
            ),
            speakers=tuple(
                None
                if one.speaker is None
                else Span(
                    start=one.evidence.quote.start + one.speaker.start,
                    end=one.evidence.quote.start + one.speaker.end,
                )
                for one in voices
            ),
            weight=sum(heard.values()),
        )

    def _voice_of(self, one: Statement, voices: Sequence[Statement]) -> str:
        for voice in voices:
            if voice.evidence.document_id == one.evidence.document_id or _copies(
                voice.text, one.text
            ):
                return voice.evidence.document_id
        return one.evidence.document_id


def _inside_of(passage: Passage, quote: Span) -> bool:
    return Span(start=passage.start, end=passage.end).contains(quote)


def _with_title(one: Statement, index: PassageIndex) -> Statement:
    """The statement with the title of its article in its context."""
    try:
        title = index.document(one.evidence.document_id).title
    except UnknownDocument:  # counted where it is cited
        return one
    return replace(one, context=f"{title}\n{one.context}")


def _in_role(
    role: Role,
    question: Question,
    evidence: Sequence[Evidence],
    passages: Mapping[str, Passage],
    pieces: PieceEmbedder,
) -> Iterator[Statement]:
    """The names in the role that the sentences state, that of the first sentence's answer first."""
    for place, item in enumerate(evidence[:MOST_SENTENCES]):
        passage = passages.get(item.passage_id)
        if passage is None or not _inside_of(passage, item.quote):
            continue
        if item.probability < _LEAST_NAMED * evidence[0].probability:
            continue
        at = item.quote.start - passage.start
        text = passage.text[at : at + len(item.quote)]
        names = holders(role, question, text)
        if place == 0 and item.answer is not None:
            told = Span(
                start=item.answer.start - item.quote.start, end=item.answer.end - item.quote.start
            )
            inside = [name for name in names if name.start < told.end and told.start < name.end]
            names = [*inside, *(name for name in names if name not in inside)] if inside else []
        elif place and len(names) > 1:
            continue
        for name in names:
            if not speaks_of(question, name.about, pieces):
                continue
            span = Span(start=name.start, end=name.end)
            value = Value(kind="name", start=name.start, end=name.end, core=name.end)
            yield Statement(item, text, passage.text, value, speaker(text, span))


def _said(one: Statement) -> str:
    return one.text[one.value.start : one.value.end]


def _told_in(one: Statement, name: str, index: PassageIndex) -> bool:
    """Whether the article of a statement names somebody, so may know both; also where it is too long."""
    try:
        text = index.document(one.evidence.document_id).text
    except UnknownDocument:
        return True
    return len(text) > _LONG_ARTICLE or states(text, name)


_NUMERIC = frozenset({"number", "share", "money", "measure"})


def _answering(question: Question, item: Evidence, text: str, like: Value | None) -> Value | None:
    """The value in the sentence that answers; ``like`` is the one it will be compared with."""
    values = [value for value in values_in(text) if value.kind not in ("weekday", "ordinal")]
    if like is not None:
        values = [value for value in values if _one_kind(like, value)]
    answer = item.answer
    told = None
    if answer is not None:
        told = Span(start=answer.start - item.quote.start, end=answer.end - item.quote.start)
    elif question.answer_type in ("number", "date"):
        told = short_answer(question, text, 0)
    if told is not None:
        inside = [value for value in values if value.start < told.end and told.start < value.end]
        wanted = {"number": _NUMERIC, "date": {"date", "time"}}.get(question.answer_type)
        inside = [value for value in inside if wanted is None or value.kind in wanted] or inside
        if inside:
            return inside[0]
    if like is None:
        return None
    asked = values_in(question.text)
    values = [value for value in values if not any(same(value, known) for known in asked)]
    return values[0] if len(values) == 1 else None


def _inside(lead: Statement) -> list[Statement]:
    """Other values of the first sentence that somebody else states."""
    found = []
    for value in values_in(lead.text):
        if value.start == lead.value.start or not _one_kind(lead.value, value):
            continue
        who = speaker(lead.text, Span(start=value.start, end=value.end))
        if who is not None and lead.speaker is not None and who != lead.speaker:
            found.append(Statement(lead.evidence, lead.text, lead.context, value, who))
    return found


def _one_kind(one: Value, two: Value) -> bool:
    """Whether two values can be compared: the same kind in the same unit."""
    if one.kind != two.kind:
        return False
    if one.kind == "money":
        return one.unit.partition(" ")[0] == two.unit.partition(" ")[0]
    if one.kind == "date":
        precise = [sum(part is not None for part in value.date) for value in (one, two)]
        return one.calendar == two.calendar and min(precise) > 0
    return one_unit(one, two)


def _agree(one: Value, two: Value) -> bool:
    """Whether one of the values says what the other does, more exactly or less.

    "More than 100" agrees with 120 and not with 90, "5 to 7" with 6.
    """
    if same(one, two) or same(two, one):
        return True
    if one.kind == "date":
        return all(
            a is None or b is None or a == b for a, b in zip(one.date, two.date, strict=True)
        )
    for bounded, plain in ((one, two), (two, one)):
        if bounded.amount is None or plain.amount is None:
            continue
        if bounded.high is not None and bounded.amount <= plain.amount <= bounded.high:
            return True
        if bounded.bound == "over" and bounded.amount <= plain.amount <= 2 * bounded.amount:
            return True
        if bounded.bound == "under" and plain.amount <= bounded.amount <= 2 * plain.amount:
            return True
    return False


def _same_speaker(one: Statement, two: Statement) -> bool:
    assert one.speaker is not None and two.speaker is not None  # noqa: S101, PT018 - asked before
    names = [
        side.text[side.speaker.start : side.speaker.end]
        for side in (one, two)
        if side.speaker is not None
    ]
    sets = [{stem(word) for word in fold(name).split()} for name in names]
    return bool(sets[0] & sets[1]) or states(names[0], names[1])


def _asked_of(question: Question, one: Statement) -> bool:
    """Whether the question names the speaker: what one side says is asked for, not who is right."""
    if one.speaker is None:
        return False
    said = one.text[one.speaker.start : one.speaker.end]
    words = [word for word in _TOKEN.findall(said) if terms(word)]
    return bool(words) and all(states(question.text, word) for word in words)


_TOKEN = regex.compile(r"[\p{L}\p{M}]+")


def _copies(one: str, two: str) -> bool:
    """Whether two sentences share most of their three-word shingles."""
    sets = [
        {tuple(words[n : n + 3]) for n in range(max(1, len(words) - 2))}
        for words in (_TOKEN.findall(fold(text)) for text in (one, two))
    ]
    union = len(sets[0] | sets[1])
    return bool(union) and len(sets[0] & sets[1]) / union >= _COPY
