"""Whether two sentences state values of one thing: what is counted, when, where, and of what.

Everything here may only part: a sentence passes where nothing tells that it speaks of another day,
place or thing, and holds what the question names. Vectors of words meet across the languages; two
names that differ are nearly orthogonal, forms and translations of one word are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import regex

from rag import late_interaction
from rag.folding import fold
from rag.protocols import PieceEmbedder
from rag.quantities.names import names_in, states
from rag.quantities.reading import Value
from rag.quantities.units import DUALS
from rag.quantities.values import values_in
from rag.question import Question
from rag.terms import stem, term_set, terms
from rag.types import Evidence, Pieces, Span

_SAME_WORD = 0.55  # cosine from which two words are taken for one, in either language
_SAME_COUNTED = 0.30  # … for nouns right behind a number, which inflect and have many synonyms
_OTHER_WORD = 0.35  # … under which a word is surely another: names that differ are near 0
_CLAUSE = 60  # characters that another clause between a word and a value counts for
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
kill dead death die dying fatal slain toll قتل قتي مقتل مصرع وفا توف ضحايا ضحيه شهيد شهداء استشهد لقو لقي متوف موت مات حصيله
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
aircraft plane jet مقاتل
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
# Counted things of one kind whose words the vectors do not bring together, in all their forms.
_CALLED_ALIKE = """
customers clients subscribers مشترك مشتركا مشتركين مشتركون زبون زبونا زباين عميل عميلا عملاء
detainees prisoners معتقل معتقلا معتقلين سجين سجينا سجناء محتجز محتجزا محتجزين
tanks دبابه دبابات
strikes raids airstrikes attacks غاره غارات ضربه ضربات هجوم هجوما هجمات
climbers متسلق متسلقا متسلقين
pilgrims حاج حاجا حجاج
demonstrators protesters marchers متظاهر متظاهرا متظاهرين محتج محتجا محتجين
settlements مستوطنه مستوطنات
candidates مرشح مرشحا مرشحين
lawmakers deputies legislators نايب نايبا نواب برلمانيا
ambassadors سفير سفيرا سفراء
"""
# Words that carry a sentence without saying what it is about.
_LIGHT = """say said says tell told report reported announce announced according official officials authorities
impose imposed amounts فرض فرضت تفرض
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
class Statement:
    """A sentence that states a value, with who says so; spans are of ``text``.

    ``context`` is the title of its article and the passage around it.
    """

    evidence: Evidence
    text: str
    context: str
    value: Value
    speaker: Span | None


def one_thing(
    question: Question,
    lead: Statement,
    other: Statement,
    embedder: PieceEmbedder,
    *,
    place_asked: bool = False,
) -> bool:
    """Whether the two values may be compared as answers to the question.

    With ``place_asked`` the values are places, and so do not part the sentences.
    """
    if not _uncontrasted(question, lead, other):
        return False
    if lead.evidence is other.evidence:
        return True
    return (
        _one_counted(lead, other, embedder)
        and _one_day(question, lead, other)
        and (place_asked or _one_place(lead, other))
        and _one_subject(question, lead, other, embedder, place_asked=place_asked)
    )


def _one_counted(lead: Statement, other: Statement, embedder: PieceEmbedder) -> bool:
    """Whether the nouns behind the two numbers may be the same."""
    if lead.value.kind != "number":
        return True
    one, two = _counted(lead), _counted(other)
    if not one or not two or stem(one) == stem(two) or {one, two} <= _PEOPLE:
        return True
    if _PEOPLE & {one, two}:
        return {one, two} <= _PEOPLE | _PERSONS
    if any({one, two} <= known for known in _called_alike()):
        return True
    first, second = (
        [
            pieces.word_vectors
            for pieces in embedder.many_pieces(_forms(word))
            if len(pieces.word_vectors)
        ]
        for word in (one, two)
    )
    if not first or not second:
        return True
    return any(float((a @ b.T).max()) >= _SAME_COUNTED for a in first for b in second)


def _counted_alike(lead: Statement, other: Statement) -> frozenset[str]:
    """The terms of the noun that is counted, where the other counts it by another word."""
    nouns = {_counted(lead), _counted(other)}
    known = any(nouns <= words for words in _called_alike())
    return frozenset(term.text for noun in nouns for term in terms(noun)) if known else frozenset()


def _forms(word: str) -> list[str]:
    """A counted noun, also without the ending it has behind a number («مهاجرًا»)."""
    return [word, word[:-1]] if word.endswith("ا") and len(word) > 3 else [word]


@cache
def _called_alike() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(row.split()) for row in _CALLED_ALIKE.strip().splitlines())


def _one_subject(
    question: Question,
    lead: Statement,
    other: Statement,
    embedder: PieceEmbedder,
    *,
    place_asked: bool,
) -> bool:
    """Whether the other text says of the question what the first does, and the sentences meet."""
    asked = late_interaction.content_words(embedder.pieces(question.text), question.terms)
    texts = [lead.context, other.context]
    held = [
        late_interaction.word_matches(asked, pieces, term_set(text))
        for pieces, text in zip(embedder.many_pieces(texts), texts, strict=True)
    ]
    missing = (held[0] >= _SAME_WORD) & (held[1] < _OTHER_WORD) & (asked.weights >= _TELLING)
    counted = _counted_alike(lead, other)
    gone = [
        n
        for n in np.flatnonzero(missing)
        if not (asked.keys[n] <= _light() or asked.keys[n] & counted)
    ]
    near = other.evidence.probability >= _NEARLY * lead.evidence.probability
    if gone and not (near and float(asked.weights[gone].sum()) <= _MAY_MISS):
        return False
    if not place_asked and _parted(question, texts, embedder):
        return False
    told = [
        term
        for term in terms(lead.text)
        if term.kind != "value"
        and not (lead.speaker and lead.speaker.start <= term.start < lead.speaker.end)
        and term.text not in _light()
    ]
    said = late_interaction.content_words(embedder.pieces(lead.text), told)
    met = late_interaction.word_matches(said, embedder.pieces(other.text), term_set(other.text))
    return float(said.weights @ (met >= _SAME_WORD)) >= _ALIKE


@cache
def _light() -> frozenset[str]:
    return frozenset(term.text for word in _LIGHT.split() for term in terms(word))


@cache
def _contrasts() -> tuple[tuple[tuple[str, ...], ...], ...]:
    return tuple(
        tuple(tuple(row.split()) for row in block.strip().splitlines())
        for block in _CONTRASTS.split("---")
    )


_TOKEN = regex.compile(r"[\p{L}\p{M}]+")
_OTHER_CLAUSE = regex.compile(r"[,،;؛.\d]|\sو\p{L}")
_BARE = regex.compile(r"^(?:وال|بال|لل|ال|و|ب|ل|ف)(?=\p{Arabic}{3})")


@lru_cache(maxsize=16384)
def _rows(word: str) -> tuple[tuple[int, int], ...]:
    """The contrasts a folded word stands in, each with its row."""
    bare = _BARE.sub("", word)
    return tuple(
        (number, row)
        for number, rows in enumerate(_contrasts())
        for row in [
            n for n, known in enumerate(rows) if any(_begins(word, bare, k) for k in known)
        ][:1]
    )


def _begins(word: str, bare: str, known: str) -> bool:
    if known.isascii():
        return word.startswith(known) and len(word) <= len(known) + 5
    return bare.startswith(known) or word.startswith(known)


def _sides(text: str, place: Span | None = None, who: Span | None = None) -> dict[int, int]:
    """Of each contrast, the row whose word is nearest to a place in a folded text, or the first.

    Words of ``who`` speaks do not count: survivors may tell how many died.
    """
    best: dict[int, tuple[int, int]] = {}
    for match in _TOKEN.finditer(text):
        rows = _rows(match.group())
        if not rows or (who is not None and who.start <= match.start() < who.end):
            continue
        gap = match.start() if place is None else _gap(text, match.start(), match.end(), place)
        for number, row in rows:
            best[number] = min(best.get(number, (gap, row)), (gap, row))
    return {number: row for number, (_, row) in best.items()}


def _gap(text: str, start: int, end: int, place: Span) -> int:
    """Characters from a word to a place, many more where another clause stands between."""
    between = text[min(end, place.end) : max(start, place.start)]
    apart = _OTHER_CLAUSE.search(between)
    return max(start - place.end, place.start - end, 0) + (_CLAUSE if apart else 0)


def _uncontrasted(question: Question, lead: Statement, other: Statement) -> bool:
    """Whether neither value is about the opposite of what was asked, or of what the other is."""
    asked = _sides(fold(question.text))
    one, two = (_sides(fold(side.text), *_folded(side)) for side in (lead, other))
    for number in one.keys() & two.keys():
        # What is asked for must be in both or in neither; what is not asked for must be the same.
        wanted = asked.get(number)
        if one[number] != two[number] and wanted in (None, one[number], two[number]):
            return False
    return True


def _folded(one: Statement) -> tuple[Span, Span | None]:
    """The places of the value and of the speaker in the folded text: it is folded letter by letter."""

    def there(start: int, end: int) -> Span:
        return Span(start=len(fold(one.text[:start])), end=len(fold(one.text[:end])))

    who = None if one.speaker is None else there(one.speaker.start, one.speaker.end)
    return there(one.value.start, one.value.end), who


def _counted(one: Statement) -> str:
    """The folded word behind the number, or nothing."""
    said = fold(one.text[one.value.start : one.value.end])
    if said in DUALS:  # «جنديان»: the noun is in the number
        return f"{said[:-3]}ه" if said[-3] == "ت" else said[:-2]
    match = regex.match(r"\s+(?:of\s+|من\s+)?([\p{L}\p{M}]+)", one.text, pos=one.value.end)
    word = fold(match[1]) if match else ""
    return "" if not word or not terms(word) else word


def _one_day(question: Question, lead: Statement, other: Statement) -> bool:
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


def _of_speech(one: Statement, day: Value) -> bool:
    """Whether a day is that on which somebody spoke: "the mayor said on Saturday"."""
    return one.speaker is not None and 0 <= day.start - one.speaker.end <= _SPEECH


def speaks_of(question: Question, words: Sequence[str], embedder: PieceEmbedder) -> bool:
    """Whether the question holds all of the words, in either language."""
    whole = embedder.pieces(question.text)
    return all(_held(word, question.text, whole, embedder) for word in words)


def dated_alike(question: Question, lead: Statement, other: Statement) -> bool:
    """Whether both tell a date and the dates meet, or the question tells one."""
    told = [[v for v in values_in(one.text) if v.kind == "date"] for one in (lead, other)]
    if any(value.kind == "date" for value in values_in(question.text)):
        return True
    return any(_meets(one, two) for one in told[0] for two in told[1])


def _meets(one: Value, two: Value) -> bool:
    if one.kind == "weekday":
        return one.amount == two.amount
    return one.calendar != two.calendar or all(
        a is None or b is None or a == b for a, b in zip(one.date, two.date, strict=True)
    )


def _one_place(lead: Statement, other: Statement) -> bool:
    """Whether the texts share a name, where both have some; and no place parts the sentences."""
    if lead.evidence.document_id == other.evidence.document_id:
        return True
    places = [_places(one.text) for one in (lead, other)]
    shared = any(states(other.context, name) for name in places[0]) or any(
        states(lead.context, name) for name in places[1]
    )
    if all(places) and not shared:
        return False
    names = [[name.text for name in names_in(one.context)] for one in (lead, other)]
    return (
        not all(names)
        or any(states(other.context, name) for name in names[0])
        or any(states(lead.context, name) for name in names[1])
    )


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
    for before, word in pairwise(words):
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
