"""Where sources differ: the values they give for what was asked, each with who says it.

The value in the sentence told first is compared with those of the other sentences that answer.
Only values of one kind are compared, in sentences on the same subject: another day, another place,
another thing counted is no disagreement, and where that cannot be told none is claimed. Inside
one article only different speakers can disagree. Copies of one text count once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import regex

from rag import late_interaction
from rag.attribution import speaker
from rag.folding import fold
from rag.protocols import PassageIndex, PieceEmbedder
from rag.quantities.names import names_in, states
from rag.quantities.reading import Value
from rag.quantities.values import same, values_in
from rag.question import Question
from rag.reading.answers import short_answer
from rag.terms import stem, term_set, terms
from rag.types import Evidence, Language, Passage, Pieces, Span

Group = Callable[[str], Hashable]

MOST_SENTENCES = 16  # evidence that is compared with what leads
MOST_VALUES = 4  # told in one answer
_LEAST_SHARE = (
    0.005  # of the first sentence's probability: below, a sentence is not on the question
)
_LEAST_ACROSS = 0.002  # … for text in the other language, which the reader finds less probable
_COPY = 0.6  # share of three-word shingles from which two sentences are copies of one
_SAME_WORD = 0.55  # cosine from which two words are taken for one, in either language
_SAME_COUNTED = 0.30  # … for nouns right behind a number, which inflect and have many synonyms
_OTHER_WORD = 0.35  # … under which a word is surely another: names that differ are near 0
_SPEECH = 16  # characters from a speaker to the day of speaking, "said on" between
_RARE = 1.4  # length of a word's vector from which it is rare: common nouns have 1.1 to 1.3
# A sentence may lack so much of the question where the reader finds it nearly as good an answer: it
# says "took away" for "kidnapped". What is on something else has far less of the probability.
_MAY_MISS = 0.3
_NEARLY = 0.25
_TELLING = 0.15  # weight of a question's word from which it must not be missing
_ALIKE = 0.25  # least share of the first sentence's words met in another sentence on the subject

# Words that count different things in the same place; whoever compares must not mix the rows of one
# block. Stems or beginnings of folded words.
_CONTRASTS = """
kill dead death die dying fatal slain toll lost_their_lives قتل قتي مقتل مصرع وفا توف ضحايا ضحيه شهيد شهداء استشهد لقو لقي متوف موت مات حصيله
injur wound hurt جرح جري مصاب اصيب اصاب
missing مفقود فقدان فقدو
arrest detain captur custody اعتقل اعتقال معتقل موقوف توقيف احتجز محتجز
displac evacuat flee fled homeless نزح نازح نزوح اجلاء اجلي تشريد مشرد
rescu surviv انقاذ انقذ ناج نجا
releas freed افراج سراح افرج
---
rise rose rising increas grew grow gain climb ارتفع ارتفاع زاد زياده نما نمو
fall fell drop declin decreas shrank shrink انخفض انخفاض تراجع هبط هبوط انكماش انكمش
---
export صادرات تصدير صدر
import واردات استيراد استورد
---
begin began start open launch بدا بدات بدء انطلق انطلاق افتتح افتتاح اندلع اندلاع
end ended clos finish انتهي نهايه انتهاء اغلق اغلاق ختام اختتم
---
drone مسير
missile rocket صاروخ صواريخ
tank دباب
helicopter مروحي
ship vessel سفين سفن
aircraft plane jet طايرات_حربيه مقاتل
---
soldier troop جندي جنود عسكري
civilian مدني
child childr طفل اطفال
women woman نساء امراه
---
length long طول
width wide عرض
height high tall ارتفاعه علو
depth deep عمق
weigh وزن
area مساح
---
win won victor فاز فوز انتصر
lose lost defeat خسر خساره هزيم
---
house home building منزل منازل مبني مباني
car vehicle سياره سيارات مركب
---
voter ناخب
seat مقعد مقاعد
---
profit earn ارباح ربح
loss خساير خساره
revenue sale ايراد مبيعات
debt ديون دين
---
birth born ولد مولد ولاده
marri تزوج زواج
---
student pupil طالب طلاب تلميذ
teacher معلم مدرس
"""
_PEOPLE = frozenset(
    """people person persons dead killed deaths civilians victims men fatalities casualties lives others
    شخص شخصا اشخاص قتيل قتيلا قتلي ضحيه ضحايا مدني مدنيا مدنيين مدنيون فرد فردا افراد انسان مواطن مواطنا مواطنين
    نسمه شهيد شهيدا شهداء اخرين اخرون وفاه وفيات""".split()
)
# Who people may be called without being a part of them, as women and soldiers are.
_PERSONS = frozenset(
    """workers miners employees passengers residents villagers inhabitants demonstrators protesters participants
    marchers pilgrims fans worshippers refugees migrants travellers guests customers patients members
    عامل عاملا عمال العمال موظف موظفا موظفين راكب راكبا ركاب ساكن ساكنا سكان متظاهر متظاهرا متظاهرين مشارك
    مشاركا مشاركين حاج حاجا حجاج لاجي لاجيا لاجيين مهاجر مهاجرا مهاجرين مسافر مسافرا مسافرين""".split()
)
# Words that carry a sentence without saying what it is about.
_LIGHT = """say said says tell told report reported announce announced according official officials authorities
people person cost number total reach reached amount قال قالت اعلن اعلنت افاد ذكر بحسب وفق بلغ بلغت يبلغ تبلغ
ستبلغ سيبلغ وصل وصلت عدد مسوول مسوولين مسوولون شخص شخصا اشخاص سلطات السلطات انسان"""
_PLACE_BEFORE = frozenset(
    "في بمدينه بمحافظه قرب شمال جنوب شرق غرب وسط شمالي جنوبي شرقي غربي بلده مدينه قريه محافظه منطقه in near at outside".split()
)
_NO_PLACE = frozenset(
    """حين وقت ظل اطار هجوم حادث انفجار حريق زلزال غاره غارات المييه الميه المايه هذا هذه ذلك تلك بيان تصريح موتمر
    مقابله البلاد المدينه المنطقه العالم اليوم الليل المساء الصباح نهايه بدايه مطلع عام سنه شهر يوم الساعه حادثه
    القصف الهجوم الحريق الانفجار الزلزال الحادث الغاره المجموع اشتباكات معارك قصف فيضانات الفيضانات الوقت المكان
    the a an its this that his her their total all least addition fact which hospital""".split()
)


@dataclass(frozen=True, slots=True)
class Stand:
    """One value, the sentences that give it (best first) and the ``[start, end)`` of the value in each."""

    evidence: tuple[Evidence, ...]
    places: tuple[Span, ...]
    speakers: tuple[Span | None, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence that answers: its text, its value, who says it; offsets into the text."""

    evidence: Evidence
    text: str
    passage: str
    value: Value
    speaker: Span | None
    language: Language


@dataclass(frozen=True, slots=True)
class Comparison:
    """Finds where sources differ; ``group`` names the text a document is a copy of."""

    pieces: PieceEmbedder
    group: Group | None = None

    def stands(
        self,
        question: Question,
        evidence: Sequence[Evidence],
        passages: Mapping[str, Passage],
        index: PassageIndex,
    ) -> list[Stand]:
        """The different values, that of the first evidence first; empty where sources agree."""
        sentences = self._sentences(question, evidence, passages)
        if not sentences or sentences[0].evidence is not evidence[0]:
            return []
        lead = sentences[0]
        titles = {
            one.evidence.document_id: index.document(one.evidence.document_id).title
            for one in sentences
        }
        kept = [lead]
        for other in [*_inside(lead), *sentences[1:]]:
            if self._comparable(question, lead, other, titles):
                kept.append(other)
        found: list[list[_Sentence]] = []
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

    def _sentences(
        self, question: Question, evidence: Sequence[Evidence], passages: Mapping[str, Passage]
    ) -> list[_Sentence]:
        """The evidence with a value of the kind that the first one has."""
        found: list[_Sentence] = []
        for item in evidence[:MOST_SENTENCES]:
            passage = passages[item.passage_id]
            least = _LEAST_SHARE if passage.language == question.language else _LEAST_ACROSS
            if item.probability < least * evidence[0].probability:
                continue
            start = item.quote.start - passage.start
            text = passage.text[start : start + len(item.quote)]
            value = _answering(question, item, text, found[0].value if found else None)
            if value is None:
                if not found:
                    return []
                continue
            who = speaker(text, Span(start=value.start, end=value.end))
            found.append(_Sentence(item, text, passage.text, value, who, passage.language))
        return found

    def _comparable(
        self, question: Question, lead: _Sentence, other: _Sentence, titles: Mapping[str, str]
    ) -> bool:
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
        if not _uncontrasted(question, lead, other):
            return False
        if lead.evidence is other.evidence:
            return True
        if not self._one_counted(lead, other) or not _one_day(question, lead, other):
            return False
        if not _one_place(lead, other, titles):
            return False
        return self._one_subject(question, lead, other, titles)

    def _one_counted(self, lead: _Sentence, other: _Sentence) -> bool:
        """Whether the nouns behind the two numbers may be the same."""
        if lead.value.kind != "number":
            return True
        one, two = _counted(lead), _counted(other)
        if not one or not two or stem(one) == stem(two) or {one, two} <= _PEOPLE:
            return True
        if _PEOPLE & {one, two}:
            return {one, two} <= _PEOPLE | _PERSONS
        first, second = self.pieces.many_pieces([one, two])
        if not len(first.word_vectors) or not len(second.word_vectors):
            return True
        return float((first.word_vectors @ second.word_vectors.T).max()) >= _SAME_COUNTED

    def _one_subject(
        self, question: Question, lead: _Sentence, other: _Sentence, titles: Mapping[str, str]
    ) -> bool:
        """Whether the other text says of the question what the first does, and the sentences meet."""
        asked = late_interaction.content_words(self.pieces.pieces(question.text), question.terms)
        texts = [f"{titles[one.evidence.document_id]}\n{one.passage}" for one in (lead, other)]
        held = [
            late_interaction.word_matches(asked, pieces, term_set(text))
            for pieces, text in zip(self.pieces.many_pieces(texts), texts, strict=True)
        ]
        missing = (held[0] >= _SAME_WORD) & (held[1] < _OTHER_WORD) & (asked.weights >= _TELLING)
        gone = [n for n in np.flatnonzero(missing) if not asked.keys[n] <= _light()]
        near = other.evidence.probability >= _NEARLY * lead.evidence.probability
        if gone and not (near and float(asked.weights[gone].sum()) <= _MAY_MISS):
            return False
        if _parted(question, texts, self.pieces):
            return False
        told = [
            term
            for term in terms(lead.text)
            if term.kind != "value"
            and not (lead.speaker and lead.speaker.start <= term.start < lead.speaker.end)
            and term.text not in _light()
        ]
        said = late_interaction.content_words(self.pieces.pieces(lead.text), told)
        met = late_interaction.word_matches(
            said, self.pieces.pieces(other.text), term_set(other.text)
        )
        return float(said.weights @ (met >= _SAME_WORD)) >= _ALIKE

    def _stand(self, sentences: Sequence[_Sentence]) -> Stand:
        """The sentences with one value, copies of one text counted once."""
        heard: dict[Hashable, float] = {}
        voices: list[_Sentence] = []
        for one in sentences:
            key = self._group_of(one, voices)
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

    def _group_of(self, one: _Sentence, voices: Sequence[_Sentence]) -> Hashable:
        if self.group is not None:
            return self.group(one.evidence.document_id)
        for voice in voices:
            if voice.evidence.document_id == one.evidence.document_id or _copies(
                voice.text, one.text
            ):
                return voice.evidence.document_id
        return one.evidence.document_id


_NUMERIC = frozenset({"number", "share", "money", "measure"})


@cache
def _light() -> frozenset[str]:
    return frozenset(term.text for word in _LIGHT.split() for term in terms(word))


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


def _inside(lead: _Sentence) -> list[_Sentence]:
    """Other values of the first sentence that somebody else states."""
    found = []
    for value in values_in(lead.text):
        if value.start == lead.value.start or not _one_kind(lead.value, value):
            continue
        who = speaker(lead.text, Span(start=value.start, end=value.end))
        if who is not None and lead.speaker is not None and who != lead.speaker:
            found.append(
                _Sentence(lead.evidence, lead.text, lead.passage, value, who, lead.language)
            )
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
    return one.unit == two.unit


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


def _same_speaker(one: _Sentence, two: _Sentence) -> bool:
    assert one.speaker is not None and two.speaker is not None  # noqa: S101, PT018 - asked before
    names = [
        side.text[side.speaker.start : side.speaker.end]
        for side in (one, two)
        if side.speaker is not None
    ]
    sets = [{stem(word) for word in fold(name).split()} for name in names]
    return bool(sets[0] & sets[1]) or states(names[0], names[1])


def _asked_of(question: Question, one: _Sentence) -> bool:
    """Whether the question names the speaker: what one side says is asked for, not who is right."""
    if one.speaker is None:
        return False
    words = [word for word in _WORDS.findall(one.text[one.speaker.start : one.speaker.end])]
    return all(states(question.text, word) for word in words if terms(word))


# What is told of the value, in its own clause.


@cache
def _contrasts() -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(
        tuple(tuple(row.split()) for row in block.strip().splitlines())
        for block in _CONTRASTS.split("---")
    )


_TOKEN = regex.compile(r"[\p{L}\p{M}]+")
_BARE = regex.compile(r"^(?:وال|بال|لل|ال|و|ب|ل|ف)(?=\p{Arabic}{3})")


def _row_near(
    text: str, rows: tuple[tuple[str, ...], ...], place: Span | None, who: Span | None = None
) -> int | None:
    """Which row of a contrast stands nearest to a place in a folded text; without one, the first.

    Words of ``who`` speaks do not count: survivors may tell how many died.
    """
    best: tuple[int, int] | None = None
    for match in _TOKEN.finditer(text):
        word = match.group()
        bare = _BARE.sub("", word)
        row = next(
            (n for n, row in enumerate(rows) if any(_begins(word, bare, known) for known in row)),
            None,
        )
        if row is None or (who is not None and who.start <= match.start() < who.end):
            continue
        if place is None:
            return row
        gap = max(match.start() - place.end, place.start - match.end(), 0)
        between = text[min(match.end(), place.end) : max(match.start(), place.start)]
        if any(mark in between for mark in ",،;؛.") or regex.search(r"\d|\sو\p{L}", between):
            gap += 60  # another clause speaks of something else
        if best is None or gap < best[0]:
            best = (gap, row)
    return best[1] if best else None


def _begins(word: str, bare: str, known: str) -> bool:
    if known.isascii():
        return word.startswith(known) and len(word) <= len(known) + 5
    return bare.startswith(known) or word.startswith(known)


def _uncontrasted(question: Question, lead: _Sentence, other: _Sentence) -> bool:
    """Whether neither value is about the opposite of what was asked, or of what the other is."""
    asked = fold(question.text)
    for rows in _contrasts():
        wanted = _row_near(asked, rows, None)
        rows_near = [_row_near(fold(one.text), rows, *_folded(one)) for one in (lead, other)]
        first, second = rows_near
        if wanted is not None and first == wanted and second is not None and second != wanted:
            return False
        if wanted is None and None not in rows_near and first != second:
            return False
        if wanted is not None and first is not None and first != wanted and second == wanted:
            return False
    return True


def _folded(one: _Sentence) -> tuple[Span, Span | None]:
    """The places of the value and of the speaker in the folded text: it is folded letter by letter."""

    def there(start: int, end: int) -> Span:
        return Span(start=len(fold(one.text[:start])), end=len(fold(one.text[:end])))

    who = None if one.speaker is None else there(one.speaker.start, one.speaker.end)
    return there(one.value.start, one.value.end), who


def _counted(one: _Sentence) -> str:
    """The folded word behind the number, or nothing."""
    match = regex.match(r"\s+(?:of\s+|من\s+)?([\p{L}\p{M}]+)", one.text, pos=one.value.end)
    word = fold(match[1]) if match else ""
    return "" if not word or not terms(word) else word


def _one_day(question: Question, lead: _Sentence, other: _Sentence) -> bool:
    """Whether no day, month or year told beside the values parts the two."""
    for kind in ("date", "weekday"):
        told = [
            [
                value
                for value in values_in(one.text)
                if value.kind == kind
                and value.start != one.value.start
                and not _of_speech(one, value)
            ]
            for one in (lead, other)
        ]
        if all(told) and not any(_meets(a, b) for a in told[0] for b in told[1]):
            return False
        asked = [value for value in values_in(question.text) if value.kind == kind]
        if asked and told[1] and not any(_meets(a, b) for a in asked for b in told[1]):
            return False
    return True


def _of_speech(one: _Sentence, day: Value) -> bool:
    """Whether a day is that on which somebody spoke: "the mayor said on Saturday"."""
    return one.speaker is not None and 0 <= day.start - one.speaker.end <= _SPEECH


def _meets(one: Value, two: Value) -> bool:
    if one.kind == "weekday":
        return one.amount == two.amount
    return one.calendar != two.calendar or all(
        a is None or b is None or a == b for a, b in zip(one.date, two.date, strict=True)
    )


def _one_place(lead: _Sentence, other: _Sentence, titles: Mapping[str, str]) -> bool:
    """Whether the texts share a name, where both have some; and no place parts the sentences."""
    if lead.evidence.document_id == other.evidence.document_id:
        return True
    wholes = [f"{titles[one.evidence.document_id]}\n{one.passage}" for one in (lead, other)]
    places = [_places(one.text) for one in (lead, other)]
    for mine, theirs, whole, own in (
        (places[0], places[1], wholes[1], wholes[0]),
        (places[1], places[0], wholes[0], wholes[1]),
    ):
        if mine and theirs and not any(states(whole, name) for name in mine):
            if not any(states(own, name) for name in theirs):
                return False
    names = [_names(one, whole) for one, whole in zip((lead, other), wholes, strict=True)]
    if names[0] and names[1]:
        return any(states(wholes[1], name) for name in names[0]) or any(
            states(wholes[0], name) for name in names[1]
        )
    return True


def _names(one: _Sentence, whole: str) -> list[str]:
    """The names of a text; who speaks in it says nothing about what it is about."""
    return list(dict.fromkeys(name.text for name in names_in(whole)))


def _parted(question: Question, texts: Sequence[str], embedder: PieceEmbedder) -> bool:
    """Whether each text names a place the other does not, and the question no name that both hold."""
    for name in names_in(question.text):
        if all(states(text, name.text) for text in texts):
            return False
    asked = [question.text[t.start : t.end] for t in question.terms if t.kind == "word"]
    pieces = [embedder.pieces(text) for text in texts]
    for word in _rare(asked, embedder):
        if all(
            _held(word, text, whole, embedder) for text, whole in zip(texts, pieces, strict=True)
        ):
            return False
    lacking = [
        any(not _held(place, texts[1 - n], pieces[1 - n], embedder) for place in _places(texts[n]))
        for n in (0, 1)
    ]
    return all(lacking)


def _rare(words: Sequence[str], embedder: PieceEmbedder) -> list[str]:
    """The words the model has no piece of its own for, as it has for all but names."""
    return [
        word
        for word, pieces in zip(words, embedder.many_pieces(words), strict=True)
        if len(pieces.weights) > 1 and float(pieces.word_weights.max()) >= _RARE
    ]


def _held(word: str, text: str, whole: Pieces, embedder: PieceEmbedder) -> bool:
    """Whether a text holds a word, in either language."""
    if states(text, word) or stem(fold(word)) in term_set(text):
        return True
    one = embedder.pieces(word)
    if not len(one.word_vectors) or not len(whole.word_vectors):
        return True
    return float((one.word_vectors @ whole.word_vectors.T).max()) >= _SAME_WORD


def _places(text: str) -> list[str]:
    """Words that stand where places do: "in Odesa", «قرب دمشق»."""
    found = []
    words = list(_WORDS.finditer(text))
    for before, word in zip(words, words[1:], strict=False):
        folded = fold(word.group())
        if fold(before.group()) not in _PLACE_BEFORE or folded in _NO_PLACE | _PLACE_BEFORE:
            continue
        if folded.isascii() and not word.group()[0].isupper():
            continue
        if any(value.start <= word.start() < value.end for value in values_in(text)):
            continue
        found.append(word.group())
    return found


_WORDS = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*")


def _copies(one: str, two: str) -> bool:
    """Whether two sentences share most of their three-word shingles."""
    sets = [
        {tuple(words[n : n + 3]) for n in range(max(1, len(words) - 2))}
        for words in (_TOKEN.findall(fold(text)) for text in (one, two))
    ]
    union = len(sets[0] | sets[1])
    return bool(union) and len(sets[0] & sets[1]) / union >= _COPY
