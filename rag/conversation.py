"""A follow-up made to stand alone: what retrieval is asked when a question leans on earlier ones.

"And in the south?", «ومتى حدث ذلك؟» and "Who is he?" name nothing a document could be found by. Here
they borrow it from the conversation, by rules alone: a phrase takes the place of its like, a question
word is put to the clause it asks about, a pronoun gives way to what it stands for. Where the rules
cannot tell, the earlier clause is added in brackets, so that nothing is lost and nothing is guessed.
A question that names what it asks about is left as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import regex

from rag.folding import fold
from rag.languages import language_of
from rag.question import LONGEST_QUESTION, answer_type_of
from rag.terms import is_stop_word, words
from rag.types import Language

MOST_TURNS = 20  # earlier messages that are looked at; what is older is seldom meant
_LONGEST_FRAGMENT = 6  # words; a longer piece without a question word is a question of its own
_LONGEST_NAME = 6  # words of an answer that can stand for a pronoun
_SHORT_CLAUSE = 3  # words
_BORROWED = 300  # characters of an earlier message that are ever carried on

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class _Topic:
    """What was last asked, standing alone, and what was answered."""

    question: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class _Word:
    folded: str
    start: int
    end: int


# English, folded. Question words may be followed by what asks no more ("when exactly").
_EN_OPENERS = regex.compile(
    r"^(?:(?:and|but|so|ok|okay|well|now|then|also|alright)\b[\s,]*)*(?P<about>(?:what|how)\s+about\b\s*)?",
    regex.IGNORECASE,
)
_EN_ASKS = regex.compile(
    r"^(?:how\s+(?:many|much|long|old|far|often|come)|(?:in|since|by|from|at|on)?\s*"
    r"(?:what|which)\s+(?:year|month|day|date|country|city|place|time)|since\s+when|who|whom|when|"
    r"where|why|how|what|which)\b",
    regex.IGNORECASE,
)
_EN_CLAUSE = regex.compile(
    r"^(?P<ask>how\s+(?:many|much)|which|what|whose)\s+(?P<noun>.+?)\s+"
    r"(?P<aux>did|does|do|is|are|was|were|will|has|have|had|can|could|would|should)\s+(?P<rest>.+)$",
    regex.IGNORECASE,
)
_EN_INVERTED = regex.compile(
    r"^(?:when|where|why|how|what|who|whom|(?:how|in|what|which|since)\s+\w+)\s+"
    r"(?P<aux>did|does|do|is|are|was|were|will|has|have|had|can|could|would|should)\s+(?P<rest>.+)$",
    regex.IGNORECASE,
)
_EN_WHAT_IS = regex.compile(
    r"^(?:who|what|which|where)\s+(?:is|are|was|were)\s+(?P<noun>.+)$", regex.IGNORECASE
)
_EN_COUNTED = regex.compile(
    r"^how\s+many\s+(?P<noun>\w+(?:\s+\w+)?)\s+(?:did|does|do|is|are|was|were|will|has|have|had)\b",
    regex.IGNORECASE,
)
_EN_HAPPENED = regex.compile(
    r"^(?:exactly\s+)?(?:(?:did|does|do|has|is|was|will|would)\s+)?(?:all\s+)?"
    r"(?:(?:that|this)(?:\s+(?:so|the\s+case))?|"
    r"(?:that|this|it)\s+(?:happen|happened|occur|occurred|take\s+place|begin|start|be))$",
    regex.IGNORECASE,
)
_EN_BE = frozenset("is are was were".split())
_EN_PREPOSITIONS = frozenset(
    "in on at during after before from to with for by about near against since under over".split()
)
_EN_ASKED = frozenset("which whom what whose where when who".split())
_EN_PERSONS = frozenset("he she him his hers himself herself".split())
_EN_PLURALS = frozenset("they them their theirs".split())
_EN_THINGS = frozenset("it its".split())
_EN_POSSESSIVES = frozenset("his her their its".split())
_EN_DEMONSTRATIVES = frozenset("that this these those".split())
_EN_TIMES = frozenset("year month week day morning evening time century summer winter".split())
# "Is it true that", "how long does it take to": this "it" stands for nothing.
_EN_EMPTY_IT = frozenset("snow rain snowing raining".split())
_EN_BEHIND_EMPTY_IT = frozenset("that to for whether if".split())
# "How many were injured", "who will attend": a question with nothing it is about.
_EN_BARE = regex.compile(
    r"^(?:[Hh]ow\s+many\s+(?:did|do|is|are|was|were|will|has|have|had)\s+\w+|"
    r"[Ww]ho\s+(?:(?:will|did|has|have|would|can)\s+)?(?:not\s+)?\p{Ll}{4,})$"
)
_EN_MORE = regex.compile(
    r"^(?:(?:please|can you|could you)\s+)*(?:tell me more|more details?|go on|continue|elaborate|"
    r"explain(?: more)?|more)(?:\s+please)?$",
    regex.IGNORECASE,
)
_EN_NAME = regex.compile(
    r"\p{Lu}[\p{L}\p{M}'’.-]*(?:\s+(?:(?:of|al|el|bin|de|von)\s+)?\p{Lu}[\p{L}\p{M}'’.-]*)*"
)
_EN_NOT_NAMES = frozenset("i the a an".split())

# Arabic, folded: ا for أإآ, ه for ة, ي for ى.
_AR_OPENERS = regex.compile(
    r"^(?:(?:طيب|طب|حسنا|اوكي|تمام|لكن|ولكن|ثم|ايضا|كذلك|وايضا|اذن)\s*,?\s+)*"
    r"(?P<about>(?:و|ف)?(?:ماذا|شو|ايش|وش)\s+(?:عن|بشان|بخصوص)\s+|"
    r"(?:و|ف)?بالنسبه\s+(?:الي\s+|(?=ل)))?"
)
_AR_ASKS = regex.compile(
    r"^[وف]?(?:كم\s+عدد|كم|بكم|(?:في|منذ)\s+اي\s+\w+|منذ\s+متي|متي|امتي|اين|وين|فين|من\s+اين|الي\s+اين|"
    r"لماذا|ليش|ليه|كيف|ازاي|ماذا|بماذا|لمن|ما|من|مين|هل|اي)(?!\w)(?:\s+(?:بالضبط|تحديدا|اذن|بالتحديد))?"
)
# After these a verb comes first; after the others a noun.
_AR_BEFORE_VERBS = frozenset("متي امتي اين وين فين لماذا ليش ليه كيف ازاي ماذا بماذا هل".split())
_AR_COPULAS = frozenset("هو هي هم هما هن كان كانت يكون تكون كانوا".split())
_AR_HAPPENED = regex.compile(
    r"^(?:(?:حدث|حدثت|وقع|وقعت|حصل|حصلت|جري|جرت|تم|صار|كان|بدا|انتهي|سيحدث|يحدث)?\s*"
    r"(?:ذلك|هذا|ذاك|هذه|تلك|هالشي|هذا الامر|كل ذلك)|حدث|وقع|حصل|جري|صار|سيحدث)$"
)
_AR_RELATIVES = frozenset("التي الذي الذين اللذان اللتان".split())
_AR_DEMONSTRATIVES = frozenset("ذلك هذا هذه تلك ذاك هولاء اولئك".split())
_AR_TIMES = frozenset(
    "العام السنه الشهر الاسبوع اليوم الصباح المساء الوقت الصيف الشتاء القرن".split()
)
_AR_PREPOSITIONS = frozenset("في من الي علي عن مع خلال بعد قبل منذ ضد حول بين عند لدي قرب".split())
_AR_WITH_SUFFIX = {
    "عن": "عن ", "في": "في ", "من": "من ", "علي": "على ", "الي": "إلى ", "مع": "مع ", "ب": "ب",
    "ل": "ل", "بين": "بين ", "حول": "حول ", "ضد": "ضد ", "لدي": "لدى ", "عند": "عند ", "بعد": "بعد ",
    "قبل": "قبل ",
}  # fmt: skip
# Words that end as if a pronoun hung on them.
_AR_NO_SUFFIX = frozenset(
    "مهم اهم درهم فهم وهم سهم متهم هم ابها عليهم ملهم مبهم اسهم لاهم ادهم انها انهم انه لانه لانها "
    "منها كلها كلهم بعضهم نفسها نفسه".split()
)
# With a bare ه a word may as well end in ة as people type it; these nouns are asked about with a pronoun.
_AR_RELATIONAL = frozenset(
    "عدد اسم عمر دور سبب حجم موقف منصب راي هدف مكان تاريخ مصير رد بلد عمل موعد سعر طول لون قايد رييس "
    "مدير مقر تعليق قرار تصريح والد ابن اخ زوج حزب شعب جيش موقع شرط بيان نص محتوي مضمون مصدر اصل معني".split()
)
_AR_VERBS = frozenset(
    """قال صرح اعلن اكد اضاف اوضح ذكر كشف طالب دعا اشار ولد توفي مات انتخب عين وصل غادر زار سافر
    عاد بدا انتهي وقع حدث حصل جري تم صار وقعت بدات انتهت حدثت قالت صرحت اعلنت اكدت اضافت اوضحت كشفت
    طالبت دعت اشارت وصلت غادرت زارت سقط سقطت انشي تاسس تاسست افتتح قتل قتلت اعتقل اصيب فاز خسر فعل
    فعلت قرر قررت رد ردت يقول يريد تريد ينوي تنوي سيفعل ستفعل يعيش تعيش يسكن سيوقع سيزور ستعقد سيعقد
    يبدا ينتهي تنتهي تبدا استقال حكم تخرج درس تزوج سيحدث ستبدا سيبدا طلب طلبت وعد وعدت اجري عقد
    وضع وضعت تقع يقع ابرم ابرمت نشر نشرت عقدت اقيم اقيمت انشيت اطلق اطلقت بني بنيت صدر صدرت ظهر ظهرت
    اندلع اندلعت استمر استمرت يستمر تستمر تبعد يبعد تعمل يعمل تنتج ينتج تضم يضم ولدت توفيت ماتت
    انتخبت عادت زارت سافرت تولي تولت وقعوا قالوا فعلوا وصلوا قتلوا عادوا ماتوا""".split()
)
# «سيزورون», «يحتفل»: an imperfect verb by its first letters; these begin like one.
_AR_IMPERFECT = regex.compile(r"^(?:س[يت]\w{3,}|ي\w{3,})$")
_AR_NOT_VERBS = frozenset(
    "يوسف يونس يافا يناير يونيو يوليو يعقوب ياسر يوميا يابان يوغوسلافيا سيناء سيرجي سيول".split()
)
# «ما سبب …», «ما تاريخ …»: what is asked of a thing, not the thing.
_AR_ASKED_OF = frozenset("سبب اسباب تاريخ موعد عدد".split())
_AR_TITLES = frozenset(
    "رييس الرييس وزير الوزير مدير قايد امين ملك امير حاكم زعيم مستشار سفير متحدث ناطق نايب عاصمه اكبر "
    "اول اخر صاحب مولف مخترع".split()
)
_AR_STARTS_WITH_WAW = regex.compile(
    r"^(?:واشنطن|وارسو|وزير|وزار|وزراء|وفا|وقت|وكال|وحد|ولاي|وليد|وايل|وسايل|وثيق|وضع|وفد|وقف|وصول|وجود|ورق|وطن)"
)
_AR_MORE = frozenset(
    ("المزيد", "اخبرني المزيد", "مزيد من التفاصيل", "اكمل", "تابع", "وضح اكثر", "التفاصيل")
)
_COURTESIES = frozenset(
    """thanks thank you hello hi hey ok okay great cool nice bye yes no please good morning evening
    شكرا مرحبا اهلا سلام السلام عليكم تمام حسنا جيد ممتاز نعم لا مشكور جزيلا لك يعطيك العافيه صباح الخير""".split()
)
_REFUSALS = frozenset("i not sorry no cannot لا لم لن ليس ليست عذرا اسف للاسف لست".split())
_NOT_TEXT = regex.compile(r"[\p{Cs}\p{Cc}]")
_MARKS = regex.compile(r"\[\[?\d+\]?\](?:\([^)\s]*\))?")
_END = regex.compile(r"[\s?؟!.،,;؛:…]+$")


def resolve(question: str, history: Sequence[Turn]) -> str | None:
    """The question standing alone, or None where it does so already.

    ``history`` are the earlier messages, oldest first, without the question; the last MOST_TURNS are
    looked at. Never longer than a question may be.
    """
    topic: _Topic | None = None
    for turn in history[-MOST_TURNS:]:
        if turn.role == "user":
            asked = _NOT_TEXT.sub(" ", turn.text[: 2 * _BORROWED]).strip()[:_BORROWED]
            if _is_content(asked):
                alone = _standing_alone(asked, topic)
                topic = _Topic(alone) if _content(_words(alone)) else topic
        elif topic is not None and not topic.answer:
            topic = _Topic(topic.question, _short_answer(turn.text))
    if topic is None:
        return None
    found = _standing_alone(question.strip(), topic)
    changed = found != question.strip() and len(found) <= LONGEST_QUESTION
    return found if changed else None


def _standing_alone(text: str, topic: _Topic | None) -> str:
    if topic is None or not text:
        return text
    ruled = _arabic if language_of(text) == "ar" else _english
    found = ruled(_END.sub("", text), topic)
    if found is None:
        return text
    return _closed(" ".join(found.split()), language_of(text))


def _is_content(text: str) -> bool:
    """Whether a message asks something, rather than thanks or greets."""
    said = [word.folded for word in _words(text)]
    return bool(said) and not all(word in _COURTESIES for word in said)


def _words(text: str) -> list[_Word]:
    return [_Word(*found) for found in words(text)]


def _closed(text: str, language: Language) -> str:
    bare = _END.sub("", text)
    return f"{bare}؟" if language == "ar" else f"{bare[:1].upper()}{bare[1:]}?"


def _short_answer(text: str) -> str:
    """The first line of a reply where it can stand for what was asked; empty otherwise."""
    first = next((line for line in text[:2000].splitlines() if line.strip()), "")
    bare = _END.sub("", _MARKS.sub("", _NOT_TEXT.sub(" ", first))).strip(" *_>\"'«»“”")
    said = {word.folded for word in _words(bare)}
    return bare if 0 < len(bare.split()) <= _LONGEST_NAME and not said & _REFUSALS else ""


def _with_context(text: str, topic: _Topic) -> str:
    """The question with what it leans on in brackets."""
    return f"{text} ({_clause(topic.question)[:_BORROWED]})"


def _clause(question: str) -> str:
    """A question without the words that ask: what it is about."""
    text = _END.sub("", question)
    if language_of(text) == "ar":
        return _arabic_clause(text)
    asks = _EN_ASKS.match(text)
    rest = text[asks.end() :].strip() if asks else text
    return regex.sub(
        r"^(?:did|does|do|is|are|was|were|will|has|have|had)\s+", "", rest, flags=regex.IGNORECASE
    )


def _content(found: Sequence[_Word]) -> list[_Word]:
    return [word for word in found if not is_stop_word(word.folded)]


# ---- English


def _english(text: str, topic: _Topic) -> str | None:
    if _EN_MORE.match(text):
        return topic.question
    opener = _EN_OPENERS.match(text)
    opened = opener is not None and opener.end() > 0
    rest = text[opener.end() :].strip() if opener else text
    found = _words(rest)
    if not found:
        return None
    asks = _EN_ASKS.match(rest)
    about = opener is not None and opener.group("about") is not None
    if asks and not about:
        after = rest[asks.end() :].strip()
        if not _content(_words(after)) and _no_noun(after):
            return _asked_again(asks.group(), topic)
        if _EN_HAPPENED.match(after):
            return _asked_again(asks.group(), topic, rest)
        if _EN_BARE.match(rest):
            return _with_context(rest, topic)
    elif (
        len(found) <= _LONGEST_FRAGMENT
        and (opened or found[0].folded in _EN_PREPOSITIONS)
        and all(word.folded not in _EN_ASKED for word in found[1:2])
        and all(word.folded not in _EN_PERSONS | _EN_PLURALS for word in found)
    ):
        return _put_in_place(rest, topic.question)
    return _english_pronouns(rest if opened else text, topic)


def _no_noun(after: str) -> bool:
    """Whether nothing follows the question word but what leaves it as it is."""
    return after == "" or fold(after) in {
        "exactly",
        "then",
        "so",
        "not",
        "else",
        "of them",
        "precisely",
    }


def _asked_again(asks: str, topic: _Topic, text: str = "") -> str:
    """The clause of the earlier question, asked with another question word.

    Where the clause has no subject of its own, ``text`` keeps its words.
    """
    question = _END.sub("", topic.question)
    ask = asks[:1].upper() + asks[1:].lower()
    if language_of(question) == "ar":
        return f"{ask} ({_clause(question)})"
    if inverted := _EN_INVERTED.match(question):
        return f"{ask} {inverted.group('aux')} {inverted.group('rest')}"
    if clause := _EN_CLAUSE.match(question):
        aux, rest, noun = clause.group("aux"), clause.group("rest"), clause.group("noun")
        # "How many people were killed", but "how many drones did Russia shoot down".
        subject = fold(aux) in _EN_BE
        return f"{ask} {aux} {noun} {rest}" if subject else f"{ask} {aux} {rest} {noun}"
    return _with_context(text, topic) if text else f"{ask} {_clause(question)}"


def _put_in_place(fragment: str, question: str) -> str:
    """The earlier question with the fragment in the place of its like, or added to it."""
    base = _END.sub("", question)
    if language_of(base) == "ar":
        return f"{base}, {fragment}"
    found, given = _words(base), _words(fragment)
    if not given:
        return base
    first = given[0].folded
    if first in _EN_PREPOSITIONS:
        place = _phrase(base, found, first, _EN_PREPOSITIONS)
        added = fragment[:1].lower() + fragment[1:]
        return base[: place[0]] + fragment + base[place[1] :] if place else f"{base} {added}"
    if first[0].isdigit():
        numbers = [word for word in found if word.folded[0].isdigit()]
        if numbers:
            return base[: numbers[-1].start] + fragment + base[numbers[-1].end :]
    names = _names(base)
    if names and (_names(fragment, anywhere=True) or len(names) == 1):
        start, end = names[-1]
        return base[:start] + fragment + base[end:]
    return f"{base}, {fragment}"


def _phrase(
    base: str, found: Sequence[_Word], preposition: str, prepositions: frozenset[str]
) -> tuple[int, int] | None:
    """The place of the last phrase that begins with the preposition, up to the next one."""
    at = [n for n, word in enumerate(found) if word.folded == preposition and n > 0]
    if not at:
        return None
    following = found[at[-1] + 1 :]
    stop = next((word.start for word in following if word.folded in prepositions), len(base))
    end = stop if stop == len(base) else stop - 1
    return found[at[-1]].start, end


def _names(text: str, *, anywhere: bool = False) -> list[tuple[int, int]]:
    """The places of capitalised names; a capital at the beginning tells nothing."""
    found = []
    for match in _EN_NAME.finditer(text):
        start, end = match.span()
        if start == 0 and not anywhere:
            first, _, more = match.group().partition(" ")
            if not more or fold(first) not in _EN_NOT_NAMES:
                continue
            start += len(first) + 1
        if fold(text[start:end]) not in _EN_NOT_NAMES:
            found.append((start, end))
    return found


def _english_pronouns(text: str, topic: _Topic) -> str | None:
    found = _words(text)
    ahead = "," in text and found and found[0].folded in _EN_PREPOSITIONS
    for n, word in enumerate(found):
        if n == 1 and ahead:
            continue  # "in his post, what did …": the name follows
        before, after = found[:n], found[n + 1 :]
        kind = _english_kind(word.folded, before, after)
        if kind is None:
            continue
        if kind == "clause":
            return _with_context(text, topic)
        stands_for = _english_antecedent(kind, topic)
        if not stands_for:
            return _with_context(text, topic)
        return _replaced(text, found[n:], kind, stands_for)
    return None


def _english_kind(word: str, before: Sequence[_Word], after: Sequence[_Word]) -> str | None:
    """What a word stands for here: person, plural, thing, place, clause; None where for nothing."""
    # A noun before it in the same question is what it stands for, though not the verb in "who said".
    led = [each for each in _content(before) if each.folded not in {"said", "say", "know"}]
    if len(before) > 1 and before[0].folded == "how" and led[:1] == [before[1]]:
        led = led[1:]  # "how long is it"
    following = after[0].folded if after else ""
    if word == "there":
        existential = bool(before) and before[-1].folded in {"is", "are", "was", "were", "will"}
        return "place" if not after and not existential and len(before) > 1 else None
    if before and before[0].folded in {"who", "what"} and led[:1] == list(before[1:2]):
        led = led[1:]  # "who holds them": a verb
    if led and not (word in _EN_DEMONSTRATIVES and not after):
        return None
    if word in _EN_PERSONS or word == "her":
        return "person"
    if word in _EN_PLURALS:
        return "plural"
    if word in _EN_THINGS:
        behind = after[1].folded if len(after) > 1 else ""
        empty = following in _EN_EMPTY_IT or behind in _EN_BEHIND_EMPTY_IT
        asked_time = any(each.folded == "time" for each in before)
        return None if word == "it" and (empty or asked_time or not before) else "thing"
    if word in _EN_DEMONSTRATIVES and before:
        return None if following in _EN_TIMES else "clause"
    return None


def _english_antecedent(kind: str, topic: _Topic) -> str:
    question = _END.sub("", topic.question)
    if language_of(question) == "ar":
        return _arabic_antecedent(kind, topic)
    type = answer_type_of(question, "en")
    names = [question[start:end] for start, end in _names(question)]
    is_what = _EN_WHAT_IS.match(question)
    if kind == "person":
        if is_what and names:
            return names[0] if fold(is_what.group("noun")) == fold(names[0]) else topic.answer
        if type == "person" and topic.answer:
            return topic.answer
        return names[0] if names else ""
    if kind == "plural":
        if is_what:
            return is_what.group("noun")
        counted = _EN_COUNTED.match(question)
        return f"the {counted.group('noun')}" if counted else ""
    which = _words(question)[0].folded in {"which", "what"} and not is_what
    if topic.answer and type == "place" and (which or kind == "place"):
        return topic.answer
    if is_what:
        return is_what.group("noun")
    if which and names == []:
        return ""
    return names[-1] if names else ""


def _replaced(text: str, found: Sequence[_Word], kind: str, stands_for: str) -> str:
    """The text with its pronouns of one kind replaced, from the last to the first."""
    group = {
        "person": _EN_PERSONS | {"her"},
        "plural": _EN_PLURALS,
        "thing": _EN_THINGS,
        "place": frozenset({"there"}),
    }[kind]
    for n, word in reversed(list(enumerate(found))):
        if word.folded not in group:
            continue
        owned = word.folded in _EN_POSSESSIVES and n + 1 < len(found)
        if word.folded == "her" and owned:
            owned = not is_stop_word(found[n + 1].folded)
        ending = "'" if stands_for.endswith("s") else "'s"
        put = f"{stands_for}{ending}" if owned else stands_for
        put = f"in {put}" if kind == "place" else put
        text = text[: word.start] + put + text[word.end :]
    return text


# ---- Arabic


def _arabic(text: str, topic: _Topic) -> str | None:
    if fold(text).removeprefix("و") in _AR_MORE:
        return topic.question
    about, rest = _arabic_opener(text)
    found = _words(rest)
    if not found:
        return None
    if about:
        return _arabic_in_place(rest, topic.question)
    asks = _AR_ASKS.match(fold(rest))
    if asks is None:
        return _arabic_fragment(rest, found, topic)
    ask, after = _split_at(rest, asks.group())
    if ask[:1] in "وف" and fold(ask)[1:] and _AR_ASKS.match(fold(ask)[1:]):
        ask = ask[1:]
    following = _words(after)
    if not _content(following) and all(w.folded in _AR_COPULAS for w in following) and following:
        return _arabic_who_is(ask, topic)
    if not following and fold(ask) == "ما":
        return None
    if not following or _AR_HAPPENED.match(fold(after)):
        return _arabic_asked_again(ask, topic)
    return _arabic_pronouns(ask, after, following, topic)


def _arabic_opener(text: str) -> tuple[bool, str]:
    """Whether the text begins with "what about", and what follows its opening."""
    folded = fold(text)
    opener = _AR_OPENERS.match(folded)
    if opener is None or not opener.end():
        return False, text
    _, rest = _split_at(text, folded[: opener.end()])
    about = opener.group("about") is not None
    if about and opener.group("about").strip().endswith("بالنسبه"):
        rest = rest.removeprefix("ل")
        rest = rest if rest[:1] != "ل" else f"ا{rest}"
    return about, rest


def _split_at(text: str, folded_part: str) -> tuple[str, str]:
    """The text cut behind its first words, as many as the folded part has."""
    count = len(folded_part.split())
    pieces = text.split(maxsplit=count)
    return " ".join(pieces[:count]), pieces[count] if len(pieces) > count else ""


def _arabic_fragment(rest: str, found: Sequence[_Word], topic: _Topic) -> str | None:
    """«وفي الجنوب؟», «وبيروت؟», «في مايو؟»; a longer piece is a question of its own."""
    first = found[0].folded
    joined = first.startswith("و") and len(first) > 2 and not _AR_STARTS_WITH_WAW.match(first)
    bare = rest[1:] if joined else rest
    if len(found) > _LONGEST_FRAGMENT or not (joined or first in _AR_PREPOSITIONS):
        return None
    if any(_AR_ASKS.match(word.folded) for word in found[1:2]):
        return None  # «مع من …»
    if any(_suffix(word.folded, _slice(rest, word)) for word in found):
        return _with_context(bare, topic)
    return _arabic_in_place(bare, topic.question)


def _slice(text: str, word: _Word) -> str:
    return text[word.start : word.end]


def _arabic_clause(text: str) -> str:
    asks = _AR_ASKS.match(fold(text))
    rest = _split_at(text, asks.group())[1] if asks else text
    found = _words(rest)
    while found and found[0].folded in _AR_COPULAS and len(found) > 1:
        rest = rest[found[1].start :]
        found = _words(rest)
    if len(found) > 1 and found[0].folded in _AR_ASKED_OF:
        rest = rest[found[1].start :]
    return rest


def _arabic_asked_again(ask: str, topic: _Topic) -> str:
    if language_of(topic.question) != "ar":
        return f"{ask} ({_clause(topic.question)})"
    return f"{ask} {_arabic_clause(_END.sub('', topic.question))}"


def _arabic_who_is(ask: str, topic: _Topic) -> str:
    """«من هو؟», «أين هي؟»: who or what was spoken of last."""
    stands_for = _arabic_antecedent("person" if fold(ask) in ("من", "مين") else "thing", topic)
    return f"{ask} {stands_for}" if stands_for else _with_context(ask, topic)


def _arabic_in_place(fragment: str, question: str) -> str:
    """The earlier question with the fragment in the place of its like, or added to it."""
    base = _END.sub("", question)
    if language_of(base) != "ar":
        return _english_in_place_of_arabic(fragment, base)
    found, given = _words(base), _words(fragment)
    if not given:
        return base
    first = given[0].folded
    if first in _AR_PREPOSITIONS:
        asks = _AR_ASKS.match(fold(base))
        skip = len(asks.group().split()) if asks else 0
        place = _phrase(base, found[skip:], first, _AR_PREPOSITIONS) if skip < len(found) else None
        if place is None:
            return f"{base} {fragment}"
        return f"{base[: place[0]]}{fragment} {base[place[1] :].strip()}"
    if first[0].isdigit():
        numbers = [word for word in found if word.folded[0].isdigit()]
        if numbers:
            return base[: numbers[-1].start] + fragment + base[numbers[-1].end :]
    slot = _arabic_slot(base, first) or _arabic_object(base)
    if slot is None:
        return f"{base} {fragment}"
    return base[: slot[0]] + fragment + base[slot[1] :]


def _english_in_place_of_arabic(fragment: str, base: str) -> str:
    return f"{fragment} ({_clause(base)})"


def _arabic_slot(base: str, first: str) -> tuple[int, int] | None:
    """The last noun of a question that is definite as the fragment is; with its adjective."""
    asks = _AR_ASKS.match(fold(base))
    skip = len(asks.group().split()) if asks else 0
    verb_first = (
        bool(asks) and asks is not None and asks.group().lstrip("وف").split()[0] in _AR_BEFORE_VERBS
    )
    found = _words(base)[skip:]
    nouns = [
        word
        for n, word in enumerate(found)
        if not is_stop_word(word.folded)
        and word.folded not in _AR_VERBS
        and not (n == 0 and verb_first)
    ]
    definite = first.startswith("ال")
    alike = [word for word in nouns if word.folded.startswith("ال") == definite]
    if not alike:
        return None
    last = alike[-1]
    start = last.start
    if definite and len(alike) > 1 and base[alike[-2].end : last.start].isspace():
        start = alike[-2].start  # «الحرب الروسية» gives way as a whole
    return start, last.end


def _arabic_object(base: str) -> tuple[int, int] | None:
    """The last word of a question where a preposition leads it: «… في تونس»."""
    found = _words(base)
    if len(found) < 3 or found[-2].folded not in _AR_PREPOSITIONS:
        return None
    return found[-1].start, found[-1].end


def _suffix(folded: str, original: str) -> str:
    """The pronoun that hangs on a word, empty where none does."""
    bare = folded[1:] if folded.startswith(("و", "ف")) and len(folded) > 4 else folded
    if folded in _AR_NO_SUFFIX or bare in _AR_NO_SUFFIX:
        return ""
    for suffix in ("هما", "ها", "هم", "هن"):
        stem = bare.removesuffix(suffix)
        if stem != bare and (len(stem) >= 3 or stem in _AR_WITH_SUFFIX):
            return "" if stem.startswith("ال") else suffix
    stem = bare.removesuffix("ه")
    if (
        stem != bare
        and not original.endswith("ة")
        and (stem in _AR_RELATIONAL or stem in _AR_WITH_SUFFIX)
    ):
        return "ه"
    return ""


def _arabic_pronouns(ask: str, after: str, following: Sequence[_Word], topic: _Topic) -> str | None:
    verb_first = fold(ask).split()[0] in _AR_BEFORE_VERBS
    for n, word in enumerate(following):
        led = [
            w for m, w in enumerate(following[:n]) if _names_something(w, m, verb_first=verb_first)
        ]
        if led:
            break
        if word.folded in _AR_DEMONSTRATIVES:
            nexts = following[n + 1].folded if n + 1 < len(following) else ""
            return None if nexts in _AR_TIMES else _with_context(f"{ask} {after}", topic)
        if word.folded == "هناك" and n == len(following) - 1 and n > 0:
            place = _arabic_antecedent("place", topic)
            put = f"في {place}" if place else ""
            replaced = f"{ask} {after[: word.start]}{put}{after[word.end :]}"
            return replaced if put else _with_context(f"{ask} {after}", topic)
        if suffix := _suffix(word.folded, _slice(after, word)):
            return _arabic_unhung(ask, after, word, suffix, topic)
    if fold(ask) in ("من", "مين") and len(following) == 1 and regex.fullmatch(r"\w{3,}ه", after):
        return _with_context(f"{ask} {after}", topic)  # «من أقره؟»
    if _subject_is_dropped(following, verb_first=verb_first):
        verb = following[0].folded
        feminine = verb.startswith(("ت", "ست")) or verb.endswith("ت")
        first, second = ("thing", "person") if feminine else ("person", "thing")
        stands_for = _arabic_antecedent(first, topic) or _arabic_antecedent(second, topic)
        if not stands_for:
            return _with_context(f"{ask} {after}", topic)
        end = following[0].end
        return f"{ask} {after[:end]} {stands_for}{after[end:]}"
    return None


def _names_something(word: _Word, position: int, *, verb_first: bool) -> bool:
    if is_stop_word(word.folded) or _is_verb(word.folded):
        return False
    return not (position == 0 and verb_first and not word.folded.startswith("ال"))


def _is_verb(word: str) -> bool:
    imperfect = _AR_IMPERFECT.match(word) is not None and word not in _AR_NOT_VERBS
    return word in _AR_VERBS or imperfect


def _subject_is_dropped(following: Sequence[_Word], *, verb_first: bool) -> bool:
    """«ماذا قال؟», «متى انتخب؟», «ماذا قال عن الغاز؟»: a verb and nobody who does it."""
    if not verb_first or not _is_verb(following[0].folded):
        return False
    if len(following) == 1:
        return True
    if following[0].folded not in _AR_VERBS and len(following) > _SHORT_CLAUSE:
        return False  # «كيف ينظر إلى …»: perhaps a passive, which has no subject
    return following[1].folded in _AR_PREPOSITIONS | {"ان", "بان", "ايضا", "بعد", "بعدها", "الان"}


def _arabic_unhung(ask: str, after: str, word: _Word, suffix: str, topic: _Topic) -> str:
    """The question with a hanging pronoun replaced: «كم كان عددهم» → «كم كان عدد الأسرى»."""
    kind = {"هم": "plural", "هن": "plural", "هما": "plural", "ه": "person", "ها": "thing"}[suffix]
    stands_for = _arabic_antecedent(kind, topic)
    whole = f"{ask} {after}"
    if not stands_for:
        return _with_context(whole, topic)
    stem = word.folded.removesuffix(suffix)
    if stem in _AR_WITH_SUFFIX:
        put = f"{_AR_WITH_SUFFIX[stem]}{stands_for}"
    else:
        kept = _slice(after, word)[: -len(suffix)]
        kept = f"{kept[:-1]}ة" if kept.endswith("ت") and len(kept) >= 4 else kept
        put = f"{kept} {stands_for}"
    return f"{ask} {after[: word.start]}{put}{after[word.end :]}"


def _arabic_antecedent(kind: str, topic: _Topic) -> str:
    """What a pronoun of this kind stands for; empty where the rules cannot tell."""
    question = _END.sub("", topic.question)
    if language_of(question) != "ar":
        return _english_antecedent(kind, topic)
    folded = fold(question)
    asks = _AR_ASKS.match(folded)
    clause = _arabic_clause(question)
    found = _words(clause)
    if not found:
        return topic.answer
    ask = asks.group().lstrip("وف").split()[0] if asks else ""
    about_noun = ask in {"ما", "من", "مين", "كم"}
    copula = any(word in _AR_COPULAS for word in folded.split()[1:2])
    titled = any(word.folded in _AR_TITLES for word in found[:2])
    does = ask in {"من", "مين"} and not copula and len(found) > 1 and not titled
    starts_with_verb = found[0].folded in _AR_VERBS or does
    if ask in {"من", "مين"} and kind != "plural":
        named = topic.answer if starts_with_verb or titled or len(found) > 3 else ""
        return named or ("" if starts_with_verb else clause)
    if kind == "person":
        return _subject(clause, found, verb_first=not about_noun)
    if kind == "plural":
        return clause if about_noun and not starts_with_verb else ""
    which = ask in {"اي", "في", "مع"} or (len(found) > 1 and found[1].folded in _AR_RELATIVES)
    type = answer_type_of(question, "ar")
    if topic.answer and (which or (kind == "place" and type == "place")):
        return topic.answer
    if about_noun and not starts_with_verb and len(found) <= 3:
        return clause
    return _last_noun(clause, found)


def _last_noun(clause: str, found: Sequence[_Word]) -> str:
    """The last noun of a clause with what belongs to it: «قناة السويس»."""
    last = len(found) - 1
    while last > 0 and is_stop_word(found[last].folded):
        last -= 1
    first = last
    while first > 1 and found[first].folded.startswith("ال"):
        before = found[first - 1]
        if is_stop_word(before.folded) or _is_verb(before.folded):
            break
        first -= 1
    return clause[found[first].start : found[last].end] if last > 0 else ""


def _subject(clause: str, found: Sequence[_Word], *, verb_first: bool) -> str:
    """Who does what a clause tells: the words behind its verb, up to the next preposition."""
    start = 1 if verb_first or found[0].folded in _AR_VERBS else 0
    run: list[_Word] = []
    for word in found[start:]:
        if is_stop_word(word.folded):
            break
        if run and not word.folded.startswith("ال") and not run[-1].folded.startswith("ال"):
            break
        run.append(word)
    return clause[run[0].start : run[-1].end] if run else ""
