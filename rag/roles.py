"""Who did it, and where it was: the name that fills the one role a question asks for.

Only roles with one holder whatever the day are read (who founded, wrote, designed it; where somebody
was born), and only where the grammar of the sentence shows who holds it: "founded by X", «على يد س».
What is denied, supposed, shared or told of one among several gives no name. Two names are told apart
only where they can hardly be one: full names of people without a word in common, countries, cities
of a list. It is made to say nothing where it is not sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import Literal

import regex

from rag.folding import fold
from rag.quantities.names import resemble, same_name, same_word
from rag.question import Question
from rag.terms import is_stop_word, stem

Kind = Literal["agent", "place"]


@dataclass(frozen=True, slots=True)
class Role:
    """A relation that a question asks the one holder of.

    ``dated`` roles come again, so a day or year must be told; ``sided`` ones are only compared
    between two speakers, for more than one may have done it.
    """

    name: str
    kind: Kind
    words: frozenset[str]
    dated: bool = False
    sided: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """A name in a role at ``[start, end)`` of the sentence; ``about`` are the words of what it is the role of."""

    text: str
    start: int
    end: int
    about: tuple[str, ...] = ()


# Verbs and nouns of a relation, folded.
_AGENTS = """
found: founded founds founder established اسس اسست اسسه اسسها تاسس تاسست تاسيس موسس موسسه
write: wrote written writes author penned كتب كتبت كتبه كتبها الف الفت الفه الفها تاليف مولف مولفه
design: designed designs صمم صممت صممه صممها تصميم مصمم
build: built constructed بني بنت بناه بنتها بناها شيد شيدت شيدها
discover: discovered discovers discoverer اكتشف اكتشفت اكتشفه اكتشفها مكتشف
invent: invented invents inventor اخترع اخترعت اخترعه اخترعها اختراع مخترع
paint: painted paints رسم رسمت رسمها
compose: composed composes composer لحن لحنت لحنه لحنها تلحين ملحن
direct: directed directs اخرج اخرجت اخرجه اخراج مخرج
win (dated): won winner wins فاز فازت
decide: scored سجل سجلت احرز احرزت
attack (sided): attacked killed shot bombed shelled assassinated هاجم هاجمت هاجمه هاجمها هاجمته هاجمتها قتل قتلت قصف قصفت اغتال اغتالت
"""
_PLACES = """
born: born ولد ولدت مولد
died: died die توفي توفيت
buried: buried دفن دفنت
signed: signed وقع وقعت توقيع
held (dated): held عقد عقدت انعقد انعقدت اقيم اقيمت
"""
_DECIDING = regex.compile(r"\b(?:winning|only|decisive)\b|(?:هدف الفوز|الهدف الوحيد)")


@cache
def _roles() -> tuple[Role, ...]:
    found = []
    for kind, rows in (("agent", _AGENTS), ("place", _PLACES)):
        for row in rows.strip().splitlines():
            name, _, words = row.partition(":")
            found.append(
                Role(
                    name=name.split()[0],
                    kind="agent" if kind == "agent" else "place",
                    words=frozenset(words.split()),
                    dated="(dated)" in name,
                    sided="(sided)" in name,
                )
            )
    return tuple(found)


_WHO = regex.compile(
    r"^(?:and\s+)?(?:who|by whom|which (?:company|firm|organi[sz]ation|group|architect|author|writer|painter|engineer))\b"
    r"|^(?:و)?من (?!اين|اي |متي)|^(?:و)?(?:اي|ايه|ما) (?:شركه|منظمه|جهه|مهندس|كاتب|رسام|الشركه التي|الجهه التي)"
    r"|^علي يد من"
)
_WHERE = regex.compile(
    r"^(?:and\s+)?(?:where|in (?:which|what) (?:city|country|town|village|state))\b"
    r"|^(?:و)?(?:اين|في اي (?:مدينه|بلد|دوله|بلده|قريه|ولايه))(?!\p{L})"
)
_ORGANISATION = regex.compile(
    r"\b(?:company|firm|organi[sz]ation|group)\b|(?<!\p{L})(?:ال)?(?:شركه|منظمه|جهه)(?!\p{L})"
)
_UNSURE = regex.compile(
    r"\b(?:not|never|nor|neither|denie[sd]|deny|perhaps|possibly|probably|might|maybe|allegedly|reportedly|supposedly"
    r"|believed|thought|rumou?red|suspected|attributed|claims? to|instead|rather than|wrongly|falsely|fake)\b|n['’]t\b"
    r"|(?<!\d )(?<!\bin )\bmay\b(?!,? \d)"
    r"|(?<!\p{L})(?:و|ف)?(?:لم|لن|ليس|ليست|لا|ما لم|نفي|نفت|ينفي|تنفي|ربما|قد يكون|لعل|يعتقد|يظن|يرجح|يقال|قيل|ينسب|تنسب|نسب|نسبت|مزعوم|زعما|خطا|بدلا|وليس)(?!\p{L})"
)
_SHARED = regex.compile(
    r"\bco-|\bcofound|\b(?:one|two|some|several|many) of\b|\b(?:together|along|jointly|helped|among|others|another|partly|team|founders"
    r"|authors|brothers|sisters|siblings|couple|colleagues?|partners?|first|second|third|also|edition|version|remake)\b"
    r"|(?<!\p{L})(?:و)?(?:احد|احدي|بين|معا|بالاشتراك|بمشاركه|بمساعده|شريك|شركا\p{L}*|ساعد|ساعدت|شارك|شاركت|اخرون|اخرين|مع|ايضا|اخوان|شقيق|شقيقه|زملا\p{L}*"
    r"|الاول|الثاني|الثالث|الاولي|الثانيه|كذلك|موسسي|مولفي|نسخه|طبعه)(?!\p{L})"
)
_ALIAS = regex.compile(
    r"\b(?:known as|alias|a\.?k\.?a|called|n[eé]e|pen[- ]name|pseudonym|nicknamed?|real name|stage name|born as|formerly|renamed|writing as)\b"
    r"|(?<!\p{L})(?:و|ب)?(?:المعروف\p{L}*|يعرف|تعرف|عرف|عرفت|الملقب\p{L}*|يلقب|لقب\p{L}*|المكني|كني\p{L}*|كنيه|الاسم المستعار|اسم مستعار|باسم مستعار|الشهير\p{L}*|واسمه|اسمها|اسمه|سابقا)(?!\p{L})"
)
_TOKEN = regex.compile(r"[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*|\d+|[^\s\p{L}\p{M}\d]")
# Words before a name that are no part of it.
_BEFORE_NAME = frozenset(
    """the a an architect engineer doctor dr professor prof mr mrs ms miss sir lady lord painter writer author novelist poet composer director
    astronomer physicist inventor scientist businessman businesswoman striker midfielder defender player forward captain
    runner young german french norwegian british american italian spanish company firm group late
    المهندس المهندسه المعماري المعماريه الدكتور الدكتوره الطبيب الكاتب الكاتبه الروايي الرواييه الاديب الشاعر الشاعره الرسام
    الرسامه الفنان الفنانه الموسيقار الملحن المخرج المخرجه العالم العالمه الفلكي المخترع الاستاذ الشيخ السيد السيده اللاعب
    المهاجم العداء العداءه العدا القايد رجل الاعمال شركه الراحل الامير الملك""".split()
)
# Words that describe somebody and name nobody.
_DESCRIBES = frozenset(
    """معلم معلمه شاب شابه طبيب مهندس مهندسون كاتب كاتبه رسام شاعر عالم فلكي رجل رجال امراه نساء شخص اشخاص مجموعه فريق عدد
    مواطن تاجر فلاح طالب طلاب طالبه مدرس مدرسه عامل عمال مجهول مجهوله مجهولون محلي محليه فرنسي فرنسيه الماني المانيه بريطاني
    مصري امريكي اميركي ايطالي شركه شركات وزاره حكومه جماعه حزب بلديه لجنه احد كبير كبيره قديم والده ابنه اخوه زوجته زوجها جده
    رييس مدير وزير ملك امير قايد مسلح مسلحون جندي جنود""".split()
)
_NICKNAMES = frozenset("ابو ام ابي ابا بنت ابن بنات abu umm um bint".split())
_CONNECTS = frozenset(
    "al el bin ibn de van von der la le da di of abdel abdul بن ابن عبد ال".split()
)
_ENDS_NAME = frozenset(
    """في من علي عن الي خلال قبل بعد منذ عام سنه حين عند لدي هو هي كان كانت ان الذي التي قد لقد و ثم حتي هذا هذه ذلك
    يوم شهر ليله امس اليوم كتاب روايه شركه قصيده فيلم""".split()
)
_LONGEST_NAME = 4  # words
_REACH = 7  # words from the verb to "by" or "in"
_BY = frozenset({"by"})
_IN = frozenset({"in", "at", "near", "في", "بمدينه", "بمدينة"})
_LEVELS = {
    "city": "city", "town": "city", "country": "country", "village": "village",
    "مدينه": "city", "بمدينه": "city", "دوله": "country", "بلد": "country", "قريه": "village", "بلده": "village",
}  # fmt: skip

_COUNTRIES = frozenset(
    """egypt greece germany france hungary austria india china japan morocco norway algeria jordan lebanon spain italy
    croatia cyprus armenia switzerland sweden denmark finland netherlands belgium poland ukraine russia turkey iran iraq
    syria yemen ireland scotland qatar kuwait bahrain oman libya tunisia sudan ethiopia somalia nigeria brazil mexico
    مصر اليونان المانيا فرنسا المجر هنغاريا النمسا الهند الصين اليابان المغرب النرويج الجزاير الاردن لبنان اسبانيا ايطاليا
    كرواتيا قبرص ارمينيا سويسرا السويد الدنمارك فنلندا هولندا بلجيكا بولندا اوكرانيا روسيا تركيا ايران العراق سوريا سوريه
    اليمن ايرلندا اسكتلندا قطر الكويت البحرين ليبيا السودان اثيوبيا الصومال نيجيريا البرازيل المكسيك""".split()
)
_CITIES = frozenset(
    """cairo damascus aleppo homs beirut moscow athens rome vienna lisbon venice brussels seoul beijing warsaw geneva paris
    london alexandria kyiv kharkiv odesa ankara jeddah baghdad berlin madrid oslo stockholm mosul basra khartoum tokyo
    القاهره دمشق حلب حمص بيروت موسكو اثينا روما فيينا لشبونه البندقيه بروكسل سيول بكين وارسو جنيف باريس لندن الاسكندريه
    كييف خاركيف اوديسا انقره جده بغداد برلين مدريد اوسلو ستوكهولم الموصل البصره الخرطوم طوكيو""".split()
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    word: str
    start: int
    end: int


@lru_cache(maxsize=512)
def _tokens(text: str) -> tuple[_Token, ...]:
    return tuple(
        _Token(found.group(), fold(found.group()), *found.span()) for found in _TOKEN.finditer(text)
    )


def role_asked(question: Question) -> Role | None:
    """The role whose holder is asked for; None where it may have several or none is known."""
    folded = fold(question.text)
    kind: Kind | None = (
        "place" if _WHERE.search(folded) else "agent" if _WHO.search(folded) else None
    )
    if kind is None:
        return None
    words = {_bare(token.word) for token in _tokens(question.text)}
    found = [role for role in _roles() if role.kind == kind and role.words & words]
    if len(found) != 1 or _UNSURE.search(folded):
        return None
    if found[0].name == "decide" and not _DECIDING.search(folded):
        return None
    return found[0]


def holders(role: Role, question: Question, text: str) -> list[Holder]:
    """The names that the sentence states in the role, in its order; none where it leaves doubt."""
    folded = fold(text)
    if _UNSURE.search(folded) or _SHARED.search(folded) or _ALIAS.search(folded):
        return []
    if role.name == "decide" and not _DECIDING.search(folded):
        return []
    tokens = _tokens(text)
    asked = {_key(token.word) for token in _tokens(question.text)} | set(question.weights)
    found: dict[int, Holder] = {}
    for place, token in enumerate(tokens):
        if _bare(token.word) not in role.words:
            continue
        for name, about in _frames(role, tokens, place, asked):
            holder = _holder(role.kind, name, about, text)
            if holder is not None:
                found.setdefault(holder.start, holder)
    return [found[start] for start in sorted(found)]


_Words = Sequence[_Token]
_CLAUSE_ENDS = frozenset(". ; : ؛ ، , while but whereas بينما لكن فيما".split())
_PHRASE_ENDS = _CLAUSE_ENDS | frozenset(
    """in on at by from with before after during for when while who which that is was were are had has be been to
    في من علي عن الي خلال قبل بعد منذ عام سنه حين عندما الذي التي قد وقد هو هي كان كانت يد مع""".split()
)


def _frames(
    role: Role, tokens: tuple[_Token, ...], place: int, asked: set[str]
) -> Iterator[tuple[_Words, _Words]]:
    """Each way the relation's word at ``place`` may name a holder: the name, and what it is about."""
    arabic = not tokens[place].word.isascii()
    before = _phrase_before(tokens, place)
    marked = list(_marked(role, tokens, place))
    for first in marked:
        behind = tokens[place + 1 : first]
        named_first = tokens[place].word in _OF_WHAT_STANDS_BEFORE or not arabic
        about = before if named_first else behind
        name, _ = _name_at(role, tokens, first, asked)
        yield name, _phrase(about)
    if role.kind == "place" or marked:
        return
    if not arabic:
        yield _name_before(tokens, place, asked), _phrase(tokens[place + 1 :])
        return
    # «يقول إن س أسس …», else the verb first: then two words are the name, more may hold the object.
    subject = _behind_that(before)
    if subject is not None:
        yield subject, _phrase(tokens[place + 1 :])
        return
    object_end = place + 1
    while object_end < len(tokens) and _key(tokens[object_end].word) in asked:
        object_end += 1
    if place + 1 < object_end < len(tokens) and tokens[object_end].word in _BEFORE_NAME:
        # «صمم البرج المهندس س»: a title shows where the object has ended.
        name, _ = _name_at(role, tokens, object_end, asked)
        yield name, tokens[place + 1 : object_end]
        return
    name, end = _name_at(role, tokens, place + 1, asked)
    if len([word for word in name if word.word not in _CONNECTS]) <= _SURELY_NAME:
        suffixed = tokens[place].word.endswith(("ها", "ته", "مه"))
        yield name, before if suffixed else _phrase(tokens[end:])


_SURELY_NAME = 2  # words of a name where nothing but the object behind it shows its end
_OF_WHAT_STANDS_BEFORE = frozenset("تاليف تصميم تلحين اخراج اختراع".split())
_THAT = frozenset({"ان", "بان"})


def _phrase_before(tokens: tuple[_Token, ...], place: int) -> _Words:
    """The words before the relation's word in its clause; what stands between commas is left out."""
    start = place
    while start > 0 and tokens[start - 1].word not in _CLAUSE_ENDS:
        start -= 1
    words: _Words = tokens[start:place]
    if start > 1 and tokens[start - 1].word in (",", "،") and not _contents(words):
        first = start - 1
        while first > 0 and tokens[first - 1].word not in _CLAUSE_ENDS - {",", "،"}:
            first -= 1
        relative = tokens[start].word in ("which", "that")
        words = _antecedent(tokens[first : start - 1]) if relative else tokens[first : start - 1]
        words = _phrase(words)
    that = [n for n, word in enumerate(words) if word.word in _THAT | {"said", "says", "that"}]
    return words[that[-1] + 1 :] if that and words[that[-1]].word not in _THAT else words


def _antecedent(words: _Words) -> _Words:
    """What ", which was …" is said of: the last phrase with an article, if no other holds it."""
    articles = [n for n, word in enumerate(words) if word.word in ("the", "a", "an")]
    held = articles and articles[-1] and words[articles[-1] - 1].word in _HOLDS
    return words[articles[-1] :] if articles and not held else words


_HOLDS = frozenset("of in at near on and or".split())


def _phrase(words: _Words) -> _Words:
    """The words up to a preposition, a verb or a mark."""
    kept: list[_Token] = []
    for word in words:
        if word.word in _PHRASE_ENDS or word.text[0].isdigit():
            break
        kept.append(word)
    return kept


def _behind_that(before: _Words) -> _Words | None:
    """The two or three words between «إن» and the verb; None where there is no «إن»."""
    places = [n for n, word in enumerate(before) if word.word in _THAT]
    if not places:
        return None
    words = [word for word in before[places[-1] + 1 :] if word.word not in ("قد", "هو")]
    while words and words[0].word in _BEFORE_NAME:
        words = words[1:]
    return words if _SURELY_NAME <= len(words) <= _LONGEST_NAME - 1 else []


def _contents(words: _Words) -> list[str]:
    return [
        word.text
        for word in words
        if word.text[0].isalpha() and not is_stop_word(word.word) and word.word not in _KINDS
    ]


# What a thing may be called beside its name, in a question or not.
_KINDS = frozenset(
    """novel book film company newspaper paper club team song picture firm new famous old city
    was were is been had has has which who then later
    روايه كتاب فيلم شركه صحيفه نادي فريق اغنيه لوحه مدينه وقد قد كانت كان هو هي""".split()
)


def _bare(word: str) -> str:
    """The word without an «و» or «ف» before it."""
    if word[:1] in ("و", "ف") and any(word[1:] in role.words for role in _roles()):
        return word[1:]
    return word


def _key(word: str) -> str:
    bare = regex.sub(r"^(?:وال|بال|لل|ال|[وبلف])(?=\p{Arabic}{3})", "", word)
    return stem(bare)


def _marked(role: Role, tokens: tuple[_Token, ...], place: int) -> Iterator[int]:
    """Where a name begins that a word marks: behind "by", «على يد», «من تأليف», "in"."""
    wanted = _BY if role.kind == "agent" else _IN
    if tokens[place].word in _OF_WHAT_STANDS_BEFORE:
        if place and tokens[place - 1].word == "من":
            yield place + 1
        return
    for at in range(place + 1, min(place + 1 + _REACH, len(tokens))):
        if tokens[at].word in _CLAUSE_ENDS:
            return
        if tokens[at].word in wanted:
            yield at + 1
            return
        hand = tokens[at].word in ("يد", "قبل") and tokens[at - 1].word in ("علي", "من")
        if role.kind == "agent" and hand:
            yield at + 1
            return


def _name_at(
    role: Role, tokens: tuple[_Token, ...], first: int, asked: set[str]
) -> tuple[list[_Token], int]:
    """The words of the name that begins at ``first`` or behind a title there, and where it ends."""
    while first < len(tokens) and (
        tokens[first].word in _BEFORE_NAME
        or bool(_DEMONYM.fullmatch(tokens[first].word))
        or (role.kind == "place" and tokens[first].word in _LEVELS)
    ):
        first += 1
    words: list[_Token] = []
    for token in tokens[first : first + _LONGEST_NAME + 1]:
        if not _goes_on(token, words, asked):
            break
        words.append(token)
    end = first + len(words)
    following = tokens[end : end + 2]
    after = following[0].word if following else ""
    # "in Hungary and came …" goes on with a verb, "in Hungary and Serbia" with a name.
    goes_on = role.kind == "place" and after == "and" and following[-1].text[0].islower()
    shared = after in ("and", "&", "or", "with", "او") and not goes_on
    arabic = bool(words) and not words[0].word.isascii()
    if shared or (arabic and role.kind == "agent" and after.startswith("و") and len(after) > 3):
        return [], end
    return words, end


_DEMONYM = regex.compile(r"(?:english|french|irish|scots|dutch|welsh)(?:wo)?m[ae]n")


def _goes_on(token: _Token, words: list[_Token], asked: set[str]) -> bool:
    """Whether the token belongs to a name that has begun, or begins one."""
    if not token.text[0].isalpha() or _key(token.word) in asked:
        return False
    if token.word.isascii() or token.text[0].isupper():
        return token.text[0].isupper() or (bool(words) and token.word in _CONNECTS)
    return token.word not in _ENDS_NAME and not (
        is_stop_word(token.word) and token.word not in _CONNECTS
    )


def _name_before(tokens: tuple[_Token, ...], place: int, asked: set[str]) -> list[_Token]:
    """The capitalised words right before an English verb."""
    first = place
    while first > max(0, place - _LONGEST_NAME - 1) and (
        tokens[first - 1].text[0].isupper() or tokens[first - 1].word in _CONNECTS
    ):
        first -= 1
    words = list(tokens[first:place])
    while words and (
        words[0].word in _BEFORE_NAME | _CONNECTS or _DEMONYM.fullmatch(words[0].word)
    ):
        words.pop(0)
        first += 1
    if not words or any(_key(word.word) in asked for word in words):
        return []
    before = tokens[first - 1].word if first else ""
    listed = before == "," and first > 1 and tokens[first - 2].text[0].isupper()
    if before in ("and", "&", "with", "or") or listed:
        return []
    return words


def _holder(kind: Kind, words: _Words, about: _Words, text: str) -> Holder | None:
    if not words or len(words) > _LONGEST_NAME or words[-1].word in _CONNECTS:
        return None
    if not words[0].word.isascii() and kind == "agent":
        if words[0].word.startswith("ال") or any(_described(word.word) for word in words):
            return None
        if any(word.word.startswith("و") for word in words[1:]):
            return None
    told = _contents(about)
    if not told or any(word.word in _NICKNAMES for word in words):
        return None
    start, end = words[0].start, words[-1].end
    return Holder(text[start:end], start, end, tuple(told))


def _described(word: str) -> bool:
    return word in _DESCRIBES


def told_apart(role: Role, question: Question, one: str, two: str) -> bool:
    """Whether the two names are surely of different people, organisations or places."""
    if same_name(one, two):
        return False
    if role.kind == "place":
        places = {fold(one), fold(two)}
        return any(places <= known for known in (_COUNTRIES, _CITIES))
    left, right = (_name_words(name) for name in (one, two))
    organisations = role.sided or bool(_ORGANISATION.search(fold(question.text)))
    if not organisations and min(len(left), len(right)) < 2:
        return False  # a first name, a surname, what somebody is called by
    if _initials(left, right) or _initials(right, left):
        return False
    return not any(_alike(a, b) for a in left for b in right)


def _name_words(name: str) -> list[str]:
    return [token.word for token in _tokens(name) if token.word not in _CONNECTS]


def _initials(short: list[str], long: list[str]) -> bool:
    letters = "".join(word[0] for word in long)
    return len(long) > 1 and any(word == letters or word.rstrip("s") == letters for word in short)


def _alike(one: str, two: str) -> bool:
    """Whether two words may be spellings of one, generously."""
    if same_word(one, two):
        return True
    if one.isascii() == two.isascii():
        return SequenceMatcher(None, one, two).ratio() >= _SPELT_ALIKE
    return resemble(one, two) >= _SOUND_ALIKE


_SPELT_ALIKE = 0.7
_SOUND_ALIKE = 0.8


def aliased(text: str) -> bool:
    """Whether the text tells another name of somebody."""
    return bool(_ALIAS.search(fold(text)))
