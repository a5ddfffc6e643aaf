"""Who says it: the words of a sentence that name the speaker of a value in it.

«قالت كييف إن 7 قُتلوا، بينما قالت موسكو إن 9 قُتلوا»: each value belongs to the speaker of its own
clause. A clause without one has no speaker here; nobody is guessed.
"""

from __future__ import annotations

from functools import lru_cache

import regex

from rag.folding import fold_with_origins
from rag.languages import arabic
from rag.quantities.reading import any_of
from rag.reading.answers import whole_words
from rag.types import Span

_WORD = r"[\p{L}\p{M}\p{N}'’.-]++"  # possessive: a long word is tried once
_VERBS_EN = (
    r"said|says|say|told|announced|announces|reported|reports|confirmed|confirms|claimed|claims|stated|states"
    r"|estimated|estimates|insisted|insists|declared|maintained|puts?|counted|acknowledged|admitted|gave"
)
_VERBS_AR = (
    r"[وف]?(?:قال|قالت|قالوا|اعلن|اعلنت|افاد|افادت|ذكر|ذكرت|اكد|اكدت|صرح|صرحت|اوضح|اوضحت|زعم|زعمت|قدر|قدرت|بين|بينت"
    r"|كشف|كشفت|اشار|اشارت|تحدث|تحدثت|تقول|يقول|تؤكد|توكد|يوكد|اعترف|اعترفت|احصت|احصي|سجلت|نقلت|رجح|رجحت)"
)
_BEFORE_CLAIM_AR = (
    r"(?:[وب]?ان|انه|انها|بان|بانه|بانها|عن|الي|ب?مقتل|ب?سقوط|اسقاط|ب?اصابه|وفاه|ارتفاع|حصيله|تدمير|اعتقال|وجود|في|خلال"
    r"|ب?(?:غرق|فقدان|فقد|انهيار|احتراق|تحطم|اندلاع|استشهاد|ضبط|مصادره|اختطاف|احتجاز|توقيف|تسجيل|رصد|نجاه|تضرر|انقطاع"
    r"|اجلاء|اخلاء|تشريد|ترحيل|هدم|اغلاق|افتتاح|الغاء|زياده|انخفاض|تراجع|هبوط|اطلاق|استهداف|قصف|سيطره|تحرير|افراج|الافراج)"
    r"|اليوم|امس|ل|علي|عدد|بلوغ|وقوع|انقاذ|نزوح|من)"
)
# «أعلن خفر السواحل إغراق سبع سفن»: what was done stands between the speaker and the number.
_OF_A_NUMBER = (
    rf"\s+(?!ال)\p{{Arabic}}{{3,}}\s+(?:\d|(?:{any_of(arabic.RULES.number_words)})(?!\p{{L}}))"
)
# Where one speaker's part ends and another's may begin.
_CLAUSES = regex.compile(
    r"[;؛]|(?:^|[\s,])(?:while|whereas|but|however|although|meanwhile)(?=[\s,])"
    r"|(?:^|[\s,])و?(?:بينما|فيما|في حين|لكن|غير ان|الا ان|اما|في المقابل|من جهته|من جهتها|من جانبه|من جانبها|بالمقابل)(?=[\s,])"
    r"|[.!?](?=\s|$)"
)
_ACCORDING = regex.compile(
    rf"(?:\baccording to|\bas reported by|\bas stated by|\bin the words of)\s+(?P<who>{_WORD}(?:\s+{_WORD}){{0,6}}?)(?=[,.;:)]|\s+(?:{_VERBS_EN}|at least|about|some|more|as many|that|in|on|after)\b|$|\s+\d)"
    rf"|(?<!\p{{L}})(?:وفقا\s+ل|طبقا\s+ل|وفق|بحسب|حسب|نقلا عن|علي لسان|استنادا الي)\s*(?P<who>{_WORD}(?:\s+{_WORD}){{0,5}}?)(?=[,.;:)]|\s+{_BEFORE_CLAIM_AR}(?!\p{{L}})|$|\s+\d|\s+{_VERBS_AR}(?!\p{{L}})|\s+(?:قتل|اصيب|لقي|بلغ|بلغت|ارتفع|ارتفعت|توفي|اسقط|اسقطت|شارك|شاركت|نزح|وقع|وقعت|دمر|دمرت|تضرر|ضرب|هاجم|اعتقل|انقذ|اسفر|خسر|عبر|وصل|غادر|حضر|فاز|كلف|سجل|قتلت|كان|كانت|يبلغ|تبلغ)(?!\p{{L}}))"
    rf"|(?<!\p{{L}})(?:وفقا|طبقا)\s+(?P<who>ل\p{{L}}+)(?=\s)"
)
_SAID_EN = regex.compile(
    rf"(?:^|[,:\s\"“”])(?P<who>(?:{_WORD}\s+){{1,8}}?)(?:(?:has|have|had|later|also)\s+)?(?:{_VERBS_EN})\b(?!\s+to\s+have)"
)
_SAID_BY_EN = regex.compile(
    rf",\s*[\"”]?\s*(?:{_VERBS_EN})\s+(?P<who>{_WORD}(?:\s+{_WORD}){{0,6}}?)(?=[,.;]|$)"
)
_SAID_AR = regex.compile(
    rf"(?<!\p{{L}}){_VERBS_AR}\s+(?P<who>{_WORD}(?:\s+{_WORD}){{0,6}}?)(?=\s+\"?{_BEFORE_CLAIM_AR}(?!\p{{L}})|\s*:|\s+[،,\d]|{_OF_A_NUMBER})"
)
_SUBJECT_FIRST_AR = regex.compile(
    rf"(?:^|[,\s])(?P<who>(?:{_WORD}\s+){{1,6}}?){_VERBS_AR}\s+(?=\"?{_BEFORE_CLAIM_AR}(?!\p{{L}})|:)"
)
_NOBODY = regex.compile(
    r"^(?:he|she|it|they|we|i|who|which|that|this|there|not|had|were|was|هو|هي|هم|ان|انه|انها|من|ما|قد|لم|لا|كما|ثم|التي"
    r"|الذي|حيث|عن|في|الي|ب?مقتل|ب?سقوط|اسقاط|ب?اصابه|وفاه|ارتفاع|تدمير|اعتقال|وجود|انقاذ|نزوح|خلال|عدد)$"
)
_LEADING = regex.compile(
    r"^(?:and|while|but|as|that|then|however|meanwhile|و(?=\s)|كما|ثم|قد|لقد|اما|ف(?=\s))[\s,]+"
)


@lru_cache(maxsize=256)
def _speakers(text: str) -> tuple[tuple[int, int, int, int], ...]:
    """(clause start, clause end, speaker start, speaker end) for clauses that name a speaker."""
    folded = fold_with_origins(text)
    found = []
    for start, end in _clauses(folded.text):
        span = _speaker_of(folded.text[start:end])
        if span is not None:
            clause = folded.original_span(start, end)
            found.append((*clause, *folded.original_span(start + span[0], start + span[1])))
    return tuple(found)


def _clauses(text: str) -> list[tuple[int, int]]:
    starts = [0, *(found.end() for found in _CLAUSES.finditer(text))]
    ends = [*(found.start() for found in _CLAUSES.finditer(text)), len(text)]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]


def _speaker_of(clause: str) -> tuple[int, int] | None:
    """The span of the first speaker named in a folded clause."""
    for pattern in (_ACCORDING, _SAID_AR, _SUBJECT_FIRST_AR, _SAID_BY_EN, _SAID_EN):
        for match in pattern.finditer(clause):
            span = _trimmed(clause, *match.span("who"))
            if span is not None:
                return span
    return None


def _trimmed(clause: str, start: int, end: int) -> tuple[int, int] | None:
    """The words of a name without what only leads to it; None where they name nobody."""
    words = clause[start:end]
    # "A strike on Kyiv killed 7, the mayor said": the speaker begins behind the last comma.
    cut = max(words.rfind(","), words.rfind(":"), words.rfind('"'))
    if cut >= 0:
        start += cut + 1
    while leading := _LEADING.match(clause[start:end].lstrip()):
        start += len(clause[start:end]) - len(clause[start:end].lstrip()) + leading.end()
    text = clause[start:end]
    start += len(text) - len(text.lstrip(" \t\n\"'«“"))
    end -= len(text) - len(text.rstrip(" \t\n\"'»”.،,"))
    if start >= end or _NOBODY.match(clause[start:end].split(maxsplit=1)[0]):
        return None
    return (start, end) if any(c.isalpha() for c in clause[start:end]) else None


def speaker(text: str, place: Span) -> Span | None:
    """The span in ``text`` of who is said to state what stands at ``place``; None where nobody is."""
    for start, end, first, last in _speakers(text):
        if start <= place.start < end and not (first < place.end and place.start < last):
            return whole_words(text, first, last)
    return None
