"""Questions that a sentence allows, by rules of its language: who, when, where, how many, how much.

Only sentences whose grammar is plain are asked about: the words of the question are those of the
sentence, moved and not bent, but for an English verb behind "did" and the case of the noun behind
«كم». What refers back ("he", "the next day", «هذا») is left alone, for the question would not be
understood by itself. Nothing here is sure: a person reads every draft.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from rag.attribution import speaker
from rag.folding import fold
from rag.quantities.reading import Value
from rag.quantities.values import values_in
from rag.types import AnswerType, Language, Span

_LONGEST = 22  # words of a question


@dataclass(frozen=True, slots=True)
class Phrased:
    """A question and the place of its answer in the sentence."""

    kind: AnswerType
    place: Span
    question: str


def phrased(text: str, language: Language) -> Iterator[Phrased]:
    """The questions that the sentence answers, each with the place that does."""
    rules = _ENGLISH if language == "en" else _ARABIC
    taken: list[Span] = []
    for rule in rules:
        for one in rule(text):
            words = one.question.split()
            if not _FEWEST <= len(words) <= _LONGEST or regex.search(
                r"[\"“”«»()\[\]:;؛\n]", _bare(one)
            ):
                continue
            if any(one.place.start < other.end and other.start < one.place.end for other in taken):
                continue
            if text[one.place.start : one.place.end] in one.question:
                continue  # it would tell its answer
            taken.append(one.place)
            yield one


_FEWEST = 3


def _bare(one: Phrased) -> str:
    """The question without the words it quotes."""
    return regex.sub(r"“[^”]*”|«[^»]*»|: (?=$)", "", one.question).replace("قال: ", "")


# English

_PAST = dict(
    pair.split("=")
    for pair in """killed=kill wounded=wound injured=injure destroyed=destroy damaged=damage burned=burn cost=cost
    paid=pay bought=buy sold=sell won=win lost=lose scored=score shot=shoot arrested=arrest detained=detain freed=free
    released=release captured=capture rescued=rescue evacuated=evacuate built=build opened=open closed=close
    planted=plant published=publish signed=sign visited=visit left=leave arrived=arrive began=begin started=start
    ended=end launched=launch died=die resigned=resign married=marry moved=move met=meet agreed=agree approved=approve
    announced=announce recorded=record produced=produce exported=export imported=import sent=send received=receive
    invested=invest raised=raise donated=donate attended=attend employed=employ hired=hire fell=fall rose=rise
    founded=found wrote=write discovered=discover invented=invent designed=design painted=paint composed=compose
    directed=direct joined=join became=become crossed=cross sank=sink landed=land crashed=crash carried=carry
    took=take used=use spent=spend earned=earn owned=own held=hold reached=reach covered=cover ordered=order
    flowed=flow adopted=adopt dropped=drop collected=collect gave=give sold=sell gathered=gather spread=spread grew=grow led=lead
    ruled=rule defeated=defeat conquered=conquer invaded=invade attacked=attack bombed=bomb banned=ban abolished=abolish
    introduced=introduce developed=develop tested=test completed=complete finished=finish changed=change expanded=expand
    entered=enter withdrew=withdraw fled=flee sailed=sail travelled=travel climbed=climb worked=work taught=teach studied=study
    graduated=graduate appeared=appear disappeared=disappear vanished=vanish collapsed=collapse exploded=explode broke=break
    lit=light drew=draw made=make called=call named=name chose=choose elected=elect appointed=appoint dismissed=dismiss
    declared=declare proclaimed=proclaim presented=present handed=hand delivered=deliver unveiled=unveil issued=issue adopted=adopt
    established=establish removed=remove replaced=replace restored=restore translated=translate settled=settle retired=retire
    created=create established=establish seized=seize returned=return erupted=erupt struck=strike hit=hit""".split()
)
_PRESENT = dict(
    pair.split("=")
    for pair in "costs=cost employs=employ has=have produces=produce exports=export weighs=weigh covers=cover carries=carry".split()
)
_BE = "was|were|is|are"
_BACK = regex.compile(
    r"^(?:he|she|it|they|we|i|you|this|that|these|those|there|his|her|its|their|our|my|both|all|some|many|most|another"
    r"|others?|such|each|one|who|which|what|when|while|after|before|if|but|and|or|as|in|on|at|for|with|by|from|to|of|about"
    r"|according|however|meanwhile|since|until|under|over|during|despite|although|because|not|no)\b",
    regex.IGNORECASE,
)
_REFERS = regex.compile(
    r"\b(?:he|she|it|they|him|her|them|his|its|their|this|these|those|that|there|then|later|earlier|here|ago|yesterday|today"
    r"|tomorrow|last|next|same|former|latter|we|our|us|i|my|you|your|following|previous|preceding|subsequent|latest|also|too|however|another|other|both)\b",
    regex.IGNORECASE,
)
_NOUN_AFTER = r"(?P<noun>(?:[a-z][a-z-]+\s){0,2}?(?:[a-z-]+s|people|men|women|children))"
_ABOUT = r"(?:(?:at least|at most|about|around|some|nearly|almost|more than|over|up to|roughly|only|a total of)\s+)?"
_NAME = r"\p{Lu}[\p{L}'’-]+(?:\s(?:(?:of|al|el|bin|van|de)\s)?\p{Lu}[\p{L}'’-]+)+"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE_EN = (
    rf"(?P<date>(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?\s)?(?:\d{{1,2}}\s(?:{_MONTHS})(?:,?\s\d{{4}})?"
    rf"|(?:{_MONTHS})\s\d{{1,2}}(?:,\s\d{{4}})?|(?:{_MONTHS})\s\d{{4}}|(?:1[0-9]|20)\d\d))"
)
_TAIL = regex.compile(
    r",?\s(?:according to\s[^,]+|(?:[\p{L}’'-]+\s){1,6}(?:said|says|reported|announced|told reporters))(?:\son\s\p{Lu}\w+)?\.?$"
)


def _clause(text: str) -> str:
    """The sentence without who says it at its end, its full stop, and what a comma adds."""
    cut = _TAIL.sub("", text.strip()).rstrip(". ")
    first = regex.search(
        r",(?!\d)|\s[–—-]\s|\sand\s(?:[a-z]+ed|said|was|were|is|are)\b|\s(?:but|while|which|who|because|although|after|before|when)\s",
        cut,
    )
    return cut[: first.start()] if first else cut


def _explicit(subject: str, rest: str = "") -> bool:
    """Whether the words are understood by themselves: they hold a name and nothing refers back."""
    whole = f"{subject} {rest}"
    named = regex.search(r"(?<!^)(?<![.!?]\s)\p{Lu}\p{L}", whole) or (
        len(subject.split()) == 1 and regex.match(r"\p{Lu}\p{Ll}{2}", subject)
    )
    return bool(named) and not _BACK.match(subject) and not _REFERS.search(whole)


def _lower(subject: str) -> str:
    """The subject as it stands inside a sentence."""
    first = subject.split(maxsplit=1)[0]
    return subject[0].lower() + subject[1:] if first in ("The", "A", "An") else subject


def _people_en(text: str) -> Iterator[Phrased]:
    """From "Seven people were killed in Odesa" to "How many people were killed in Odesa?"; also shares."""
    clause = _clause(text)
    for value in values_in(clause):
        before = clause[: value.start]
        if not regex.fullmatch(_ABOUT, before, regex.IGNORECASE) or before.lower().startswith(
            "a total"
        ):
            continue
        rest = clause[value.end if value.kind == "share" else value.core :].strip()
        place = Span(start=value.start, end=value.core)
        if value.kind == "number" and _plain(value, clause):
            found = regex.match(
                _NOUN_AFTER
                + r"\s(?P<verb>were|have|are|died|took|live|work|fled|attended|had|\p{Ll}+ed)\b",
                rest,
            )
            if found and found["verb"] != "had" and _explicit("seven", rest):
                yield Phrased("number", place, f"How many {rest}?")
        elif value.kind == "share":
            found = regex.match(r"of\s", rest)
            if (
                found
                and _explicit("seven", rest)
                and regex.search(r"\s(?:were|have|are|is|was|live|work|\p{Ll}+ed)\b", rest)
            ):
                yield Phrased(
                    "number", Span(start=value.start, end=value.end), f"What percentage {rest}?"
                )


def _plain(value: Value, text: str) -> bool:
    """Whether the number is bare, with no bound or range to lose."""
    return value.high is None and text[value.core : value.core + 1] in (" ", "")


def _counted_en(text: str) -> Iterator[Phrased]:
    """From "The blaze in Dorvale killed 7 people" to "How many people did the blaze in Dorvale kill?"."""
    clause = _clause(text)
    for value in values_in(clause):
        found = regex.fullmatch(
            rf"(?P<who>.+?)\s(?P<verb>\p{{Ll}}+)\s{_ABOUT}", clause[: value.start]
        )
        if not found:
            continue
        who, verb = found["who"], found["verb"]
        base, aux = (_PAST.get(verb), "did") if verb in _PAST else (_PRESENT.get(verb), "does")
        modal = regex.search(r"\s(will|would|can|could|may|might)$", who)
        if modal and verb in ("cost", "take", "carry", "cover"):
            who, base, aux = who[: modal.start()], verb, modal[1]
        elif (
            modal or base is None or regex.search(rf"\s(?:{_BE}|be|been|has|have|had|not|to)$", who)
        ):
            continue
        rest = clause[value.core :].strip()
        if value.kind == "number" and _plain(value, clause):
            noun = regex.match(
                _NOUN_AFTER + r"(?=\s(?:in|on|at|from|of|for|to|near|during|by|with|across)\s|$)",
                rest,
            )
            if noun is None:
                continue
            asked, behind = f"How many {noun['noun']}", rest[noun.end() :].strip()
            place = Span(start=value.start, end=value.core)
        elif value.kind == "money":
            asked, behind = "How much", clause[value.end :].strip()
            asked = (
                f"{asked} money"
                if base in ("raise", "donate", "receive", "send", "earn")
                else asked
            )
            place = Span(start=value.start, end=value.end)
        else:
            continue
        if behind and not regex.match(
            r"(?:in|on|at|from|of|for|to|near|during|by|with|across)\s", behind
        ):
            continue
        if _explicit(who, behind) and _subject(who):
            yield Phrased(
                "number", place, _joined(f"{asked} {aux}", _lower(who), base or "", behind)
            )


def _subject(who: str) -> bool:
    """Whether the words are one noun phrase: no verb, at most eight words."""
    return len(who.split()) <= 8 and not regex.search(
        rf"\b(?:{_BE}|has|have|had|will|would|said|says|that|to|{'|'.join(_PAST)})\b|\d", who
    )


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part) + "?"


def _passive_en(text: str) -> Iterator[Phrased]:
    """From "The treaty of Lorne was signed in Vienna on 4 May 1956" to when, where, and by whom."""
    clause = _clause(text)
    found = regex.fullmatch(
        r"(?P<who>.+?)\s(?P<be>was|were)\s(?P<verb>\p{Ll}+(?:ed|en|t|ld|wn|rn|ck|de|ng))(?P<rest>\s.+)",
        clause,
    )
    if not found or not _subject(found["who"]):
        return
    who, be, verb, rest = _lower(found["who"]), found["be"], found["verb"], found["rest"]
    at = found.start("rest")
    date = regex.search(rf"\s(?:in|on)\s{_DATE_EN}$", rest)
    bare = rest[: date.start()] if date else rest
    if date and _explicit(found["who"], bare) and verb not in ("expected", "due"):
        place = Span(start=at + date.start("date"), end=at + date.end("date"))
        yield Phrased("date", place, _joined(f"When {be}", who, verb, bare.strip()))
    where = regex.search(
        r"\s(?:in|at|near)\s(?P<place>\p{Lu}[\p{L}'’-]+(?:\s\p{Lu}[\p{L}'’-]+)*)$", bare
    )
    months = rf"(?:{_MONTHS})"
    if (
        where
        and not regex.match(months, where["place"])
        and verb
        in (
            "born",
            "signed",
            "held",
            "buried",
            "built",
            "founded",
            "found",
            "killed",
            "arrested",
            "raised",
            "published",
        )
    ):
        behind = bare[: where.start()].strip()
        if not regex.search(r"\b(?:in|at|near)\b", behind) and _explicit(found["who"], behind):
            place = Span(start=at + where.start("place"), end=at + where.end("place"))
            yield Phrased(
                "place",
                place,
                _joined(f"Where {be}", who, verb, behind, date.group().strip() if date else ""),
            )
    by = regex.fullmatch(rf"\sby\s(?P<name>{_NAME})(?P<tail>.*)", bare)
    if by and not by["tail"] and _explicit(found["who"], by["tail"]):
        place = Span(start=at + by.start("name"), end=at + by.end("name"))
        yield Phrased("person", place, _joined(f"Who {be}", who, verb, "by"))


def _when_en(text: str) -> Iterator[Phrased]:
    """From "Terravia joined the union in 1994", "In 1994 Terravia …" to "When did Terravia join the union?"."""
    fronted = regex.match(rf"(?:In|On)\s{_DATE_EN},?\s(?=\S)", text)
    verb = rf"(?P<verb>{'|'.join(_PAST)})(?P<rest>(?:\s.+?)?)"
    if fronted:
        clause = _clause(text[fronted.end() :])
        found = regex.fullmatch(rf"(?P<who>.+?)\s{verb}", clause)
    else:
        found = regex.fullmatch(rf"(?P<who>.+?)\s{verb}\s(?:in|on)\s{_DATE_EN}", _clause(text))
    if not found or not _subject(found["who"]) or not _explicit(found["who"], found["rest"]):
        return
    if regex.search(rf"\b(?:{_BE}|that|to|has|had|have)\b", found["rest"]):
        return
    told = fronted or found
    if regex.search(rf"\b{_DATE_EN}", found["rest"]):
        return
    place = Span(start=told.start("date"), end=told.end("date"))
    yield Phrased(
        "date",
        place,
        _joined("When did", _lower(found["who"]), _PAST[found["verb"]], found["rest"].strip()),
    )


def _who_en(text: str) -> Iterator[Phrased]:
    """From "Martin Keller founded the Halden Post" to "Who founded the Halden Post?"; and the holder of an office."""
    clause = _clause(text)
    found = regex.match(
        rf"(?P<name>{_NAME})\s(?P<rest>(?:{'|'.join(_PAST)})\s(?!(?:in|on|at|for|from|to|of|with|by|that)\s).+)",
        clause,
    )
    if found and not regex.match(r"(?:The|A|An|In|On|At|After|Police|Officials)\b", found["name"]):
        object_named = regex.search(r"\p{Lu}\p{L}", found["rest"])
        if object_named and not _REFERS.search(found["rest"]) and _is_person(found["name"]):
            yield Phrased(
                "person",
                Span(start=found.start("name"), end=found.end("name")),
                f"Who {found['rest']}?",
            )
    office = r"(?P<office>(?:president|prime minister|mayor|governor|director|head|chairman|chairwoman|founder|minister|chief executive|spokesman|spokeswoman|leader|owner|coach|captain|editor)\sof\s(?:the\s)?\p{Lu}[\p{L}'’-]+(?:\s\p{Lu}[\p{L}'’-]+)*)"
    patterns = (
        rf"[Tt]he\s{office},\s(?P<name>{_NAME}),",
        rf"(?P<name>{_NAME}),\sthe\s{office}[,.]",
    )
    for pattern in patterns:
        for told in regex.finditer(pattern, text):
            if _is_person(told["name"]):
                place = Span(start=told.start("name"), end=told.end("name"))
                yield Phrased("person", place, f"Who is the {told['office']}?")


def _is_person(name: str) -> bool:
    """Whether two to three words may be a person: none that organisations and places have."""
    words = name.split()
    return 2 <= len(words) <= 3 and not regex.search(
        r"(?i)\b(?:united|university|council|ministry|company|group|party|union|bank|court|army|north|south|east|west|new|national|club"
        r"|post|times|town|city|river|lake|bridge|island|republic|kingdom|states|agency|office|institute|museum|police|of|world|storm|hurricane|cyclone|operation|engineering|construction|international|fund|front|brigade"
        r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august|september|october|november|december)\b",
        name,
    )


def _quoted(text: str, language: Language) -> Iterator[Phrased]:
    """Who said the quoted words, where the sentence names the speaker."""
    for found in regex.finditer(r"“([^“”]{12,160})”|\"([^\"]{12,160})\"|«([^«»]{12,160})»", text):
        words = next(group for group in found.groups() if group is not None)
        if not 4 <= len(words.split()) <= 20:
            continue
        who = speaker(text, Span(start=found.start(), end=found.end()))
        if who is None or (who.start < found.end() and found.start() < who.end):
            continue
        name = text[who.start : who.end]
        named = regex.search(
            r"\p{Lu}\p{L}", regex.sub(r"^(?:the|a|an)\s", "", name, flags=regex.IGNORECASE)
        )
        told = (
            named and len(name.split()) > 1 + name.lower().startswith("the ")
            if language == "en"
            else len(name.split()) > 1
        )
        if (
            not told
            or _BACK.match(name)
            or regex.match(r"(?:ه|ها|هم|هو|هي|انه|انها)\b", fold(name))
        ):
            continue
        said = words.strip().rstrip(",،.")
        if language == "en":
            yield Phrased("person", who, f"Who said “{said}”?")
        else:
            yield Phrased("person", who, f"من قال: «{said}»؟")


def _quoted_en(text: str) -> Iterator[Phrased]:
    yield from _quoted(text, "en")


# Arabic

# Verbs that open a sentence, folded; feminine forms are made.
_VERBS_AR = """اسس تاسس كتب الف صمم بني شيد اكتشف اخترع رسم فاز سجل قتل اصيب جرح اعتقل احتجز اسقط دمر ولد توفي مات دفن وقع عقد انعقد
اقيم افتتح اغلق اندلع انطلق بدا انتهي انتخب عين تولي استقال انضم اعلن وصل زار غادر انتج صدر استورد باع اشتري انفق دفع خسر ربح احرق ضرب
هز ادي اسفر خلف نزح شارك حضر عبر انقذ اطلق استعاد سيطر استولي نشر صدرت احتل حرر انسحب هاجم قصف استهدف اصدر تزوج انشي اطلقت تخرج طرح اغتال ايد اقر اطاح تدفق منع ثار حصل تخلي عاد ظهر تراس نال حصد قدم رشح وافق الغي حكم
هزم دخل خرج سقط رحل اقترح ترجم درس عثر كشف عمل نقل نشا زرع استقر صعد غزا فتح ضم اكمل نجا انشا حفر شكل هدم عرض بيع تسحب يقام تقام يعقد تعقد
يبدا تبدا ينطلق تنطلق يفتتح تفتتح ينتهي تنتهي
فر خطف غرق تحطم هبط اقلع ارسل تسلم تلقي جمع وظف""".split()
_OPENS_AR = regex.compile(r"^(?:[وف]?(?:قد|لقد)\s|كما\s)?(?P<verb>[\p{L}\p{M}]+)\s")
_REFERS_AR = regex.compile(
    r"(?<!\p{L})(?:هذا|هذه|ذلك|تلك|هولاء|هو|هي|هم|اليوم|امس|غدا|الماضي|الماضيه|المقبل|المقبله|الجاري|الحالي|هناك|هنا|ايضا|كذلك|انه|انها|بانه|بانها"
    r"|له|لها|لهم|منه|منها|فيه|فيها|عليه|عليها|به|بها|بعدها|قبلها|حينها|وقتها|انذاك|الاخر|الاخري|نفسه|نفسها|ذاته|المذكور|الاخير|الاخيره)(?!\p{L})"
)
_SUFFIXED_AR = regex.compile(r"(?<!\p{L})(?:و|ف|ب|ل)?\p{L}{3,}(?:ها|هم|هما)(?!\p{L})")
_PREPOSITION_AR = r"(?:في|من|على|علي|عن|إلى|الى|الي|خلال|منذ|بعد|قبل|بسبب|قرب|ضمن|أثناء|لدى|مقابل|جراء|جرّاء|إثر|يوم|ليلة|عام|سنة)"
_DATE_AR = regex.compile(
    r"\s(?:في\s)?(?:(?:عام|سنة|العام|يوم|شهر)\s)?(?P<date>(?:\d{1,2}|[٠-٩]{1,2})?\s?(?:(?:يناير|فبراير|مارس|أبريل|إبريل|ابريل|مايو|يونيو|يوليو|أغسطس|سبتمبر|أكتوبر|نوفمبر|ديسمبر"
    r"|كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول)(?:/\p{L}+(?:\s\p{L}+)?)?)(?:\s(?:من\s)?(?:عام\s)?[\d٠-٩]{4})?|(?<=(?:عام|سنة|العام)\s)[\d٠-٩]{4})(?=$|\s)"
)


def _clause_ar(text: str) -> str:
    """The first clause without its full stop and what a comma adds."""
    cut = text.strip().rstrip(".؟! ")
    first = regex.search(
        r"[،؛:,](?!\d)|\s[–—-]\s|\s(?:بينما|فيما|لكن|حيث|بعدما|عندما|حين|مما|بحسب|وفق|وفقا|وفقًا|حسب|الذي|التي|إذ|لأن|وهو|وهي|على أن)\s|\sو(?=\p{L}{3,}(?:ت|وا)?\s)(?=(?:قال|قالت|أعلن|أعلنت|أكد|أكدت|أصبح|كان|كانت))",
        cut,
    )
    return cut[: first.start()] if first else cut


def _opened_ar(clause: str) -> tuple[str, int] | None:
    """The verb that opens the clause as written without «و», and where the rest begins."""
    found = _OPENS_AR.match(clause)
    if found is None:
        return None
    verb, folded = found["verb"], fold(found["verb"])
    for bare, form in ((verb, folded), (verb[1:], folded[1:])):
        if bare is not verb and not (folded[:1] in ("و", "ف") and verb[:1] in ("و", "ف")):
            continue
        bare_form = form.removesuffix("ت")
        if form in _VERBS_AR or bare_form in _VERBS_AR or f"{bare_form}ي" in _VERBS_AR:
            return regex.sub(r"^\p{M}+", "", bare), found.end()
    return None


# «الشركة» with nothing behind it is one told of before.
_TOLD_BEFORE_AR = regex.compile(
    rf"(?<!\p{{L}})(?:و|ب)?(?:الشركه|البلديه|المدينتين|المدينه|البلده|القريه|الجامعه|المشروع|الفريق|النادي|المصنع|المستشفي|المنطقه|البلاد|الحركه|الحزب|المنظمه|اللجنه|المحكمه|الباب)(?=\s{_PREPOSITION_AR}\s|$)"
)


def _clear_ar(clause: str) -> bool:
    """Whether the words are understood by themselves: somebody is named right behind the verb."""
    folded = fold(clause)
    first = folded.split()[:2]
    bent = any(_SUFFIXED_AR.fullmatch(word) for word in first) or any(
        word.endswith("ه") and not word.endswith("الله") for word in clause.split()[:2]
    )
    led = bool(first) and regex.fullmatch(
        rf"{_PREPOSITION_AR}|ان|انه|ب\p{{L}}+|ل\p{{L}}+", first[0]
    )
    said = regex.search(r"(?<!\p{L})[وب]?ان(?!\p{L})", folded)
    if _TOLD_BEFORE_AR.search(folded):
        return False
    return not _REFERS_AR.search(folded) and not bent and not led and not said


def _when_ar(text: str) -> Iterator[Phrased]:
    """From «تأسست جامعة كالفيرا عام 1821» to «متى تأسست جامعة كالفيرا؟»."""
    clause = _clause_ar(text)
    dates = list(_DATE_AR.finditer(clause))
    if len(dates) == 1 and regex.fullmatch(r"و?في", clause[: dates[0].start()]):
        # The date first: «وفي ديسمبر 2019 طرحت أرامكو …».
        behind = clause[dates[0].end() :].lstrip()
        opened = _opened_ar(behind)
        rest = behind[opened[1] :] if opened else ""
        if opened and len(rest.split()) >= 2 and _clear_ar(rest):
            place = _stripped(clause, dates[0].start("date"), dates[0].end("date"))
            yield Phrased("date", place, f"متى {opened[0]} {rest}؟")
        return
    opened = _opened_ar(clause)
    if opened is None or len(dates) != 1:
        return
    verb, at = opened
    date = dates[0]
    if date.start() < at:
        return
    rest = f"{clause[at : date.start()]} {clause[date.end() :].strip()}".strip()
    if (
        len(rest) < 3
        or not _clear_ar(rest)
        or regex.match(r"(?:من|أو|و|إلى|حتى|-)(?!\p{L}{3})", clause[date.end() :].strip())
    ):
        return
    if regex.search(
        r"(?:بين|من|منذ|حتى|إلى|قبل|بعد|نهاية|بداية|مطلع|منتصف|أواخر|أوائل)$",
        clause[: date.start()].strip(),
    ):
        return
    place = _stripped(clause, date.start("date"), date.end("date"))
    yield Phrased("date", place, f"متى {verb} {rest}؟")


def _stripped(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start=start, end=end)


def _where_ar(text: str) -> Iterator[Phrased]:
    """From «ولد الشاعر زهير المنصور في مدينة طنطا» to «أين ولد الشاعر زهير المنصور؟»."""
    clause = _clause_ar(text)
    opened = _opened_ar(clause)
    if opened is None:
        return
    verb, at = opened
    found = regex.search(
        r"\sفي\s(?P<place>(?:مدينة|بلدة|قرية|محافظة|ولاية|منطقة|العاصمة|جزيرة|إقليم)\s\p{L}+)(?P<date>\s(?:عام|سنة)\s[\d٠-٩]{4})?$",
        clause,
    )
    if found is None or found.start() < at:
        return
    rest = clause[at : found.start()].strip()
    if len(rest.split()) >= 2 and _clear_ar(rest):
        place = Span(start=found.start("place"), end=found.end("place"))
        yield Phrased("place", place, f"أين {verb} {rest}{found['date'] or ''}؟")


def _counted_ar(text: str) -> Iterator[Phrased]:
    """From «أسقطت روسيا 57 طائرة مسيّرة فوق كورسك» to «كم طائرة مسيّرة أسقطت روسيا فوق كورسك؟»."""
    clause = _clause_ar(text)
    opened = _opened_ar(clause)
    if opened is None:
        return
    verb, at = opened
    for value in values_in(clause):
        if (
            value.kind != "number"
            or value.amount is None
            or value.start < at
            or value.high is not None
        ):
            continue
        if value.amount.denominator != 1 or not clause[value.start].isdigit():
            continue
        number = int(value.amount)
        noun = regex.match(
            rf"\s(?P<noun>\p{{L}}[\p{{L}}\p{{M}}]+)(?P<more>(?:\s(?!{_PREPOSITION_AR}\s)[\p{{L}}\p{{M}}]+){{0,2}})(?=\s{_PREPOSITION_AR}\s|$)",
            clause,
            pos=value.core,
        )
        if noun is None:
            continue
        counted = _after_how_many(noun["noun"], number, bool(noun["more"]))
        before = clause[at : value.start].strip()
        # Behind «على متنها» it is no object, and what ends in «ًا» may be an adverb.
        if noun["more"].endswith(("ًا", "اً")) or before.endswith("ها"):
            continue
        if counted is None or regex.search(
            r"(?:نحو|حوالي|أكثر من|قرابة|زهاء|مقتل|بمقتل|إلى|عن|على|من|في|بـ|ب|عدد|إصابة|بين|بعد|قبل|خلال|إسقاط|اعتقال|سقوط|وفاة)$",
            before,
        ):
            continue
        # Another verb in between: the number is counted by that one.
        if any(word[0] == "و" and len(word) > 3 for word in before.split()):
            continue
        rest = clause[noun.end() :].strip()
        if len(f"{before} {rest}".split()) < 2 or not _clear_ar(f"{before} {rest}"):
            continue
        words = [f"كم {counted}{noun['more']}", verb, before, rest]
        yield Phrased(
            "number", Span(start=value.start, end=value.core), " ".join(w for w in words if w) + "؟"
        )


def _after_how_many(noun: str, number: int, more: bool) -> str | None:
    """The noun as it stands behind «كم»: singular and accusative. None where it is a plural."""
    two = number % 100
    if 11 <= two <= 99:
        return noun if noun.endswith(("ة", "ًا", "ا", "اً")) else None
    if number >= 100 and two == 0:
        if noun.endswith("ة"):
            return noun
        # «1200 شخص» ← «كم شخصًا»; an adjective behind it would have to follow.
        return None if more or noun.endswith(("ى", "اء", "ا", "ي", "ين")) else f"{noun}ًا"
    return None


def _reached_ar(text: str) -> Iterator[Phrased]:
    """From «بلغ معدل التضخم في تيرافيا 4%» to «كم بلغ معدل التضخم في تيرافيا؟»."""
    clause = _clause_ar(text)
    found = regex.match(
        r"^(?:و)?(?:قد\s)?(?P<verb>(?:س|ست|ي|ت|سي)?بلغ(?:ت)?|تكلف|كلف|كلّف|كلفت|كلّفت)\s", clause
    )
    if found is None or found["verb"] in ("سبلغ",):
        return
    for value in values_in(clause):
        if value.kind not in ("number", "share", "money", "measure") or value.bound:
            continue
        subject = clause[found.end() : value.start].strip()
        rest = clause[value.end :].strip()
        subject = regex.sub(r"\s(?:نحو|حوالي|قرابة|زهاء|إلى)$", "", subject)
        if value.kind == "number":
            counted = regex.match(r"(?:\p{L}[\p{L}\p{M}]+)?", rest)
            rest = (
                rest[counted.end() :].strip()
                if counted and not regex.match(rf"{_PREPOSITION_AR}(?!\p{{L}})", rest)
                else rest
            )
        if len(subject.split()) < 3 or not _clear_ar(f"{subject} {rest}"):
            continue
        if rest and not regex.match(rf"{_PREPOSITION_AR}\s", rest):
            continue
        if regex.search(r"\d|من$|بين$|أكثر|أقل", subject):
            continue
        words = [f"كم {found['verb']}", subject, rest]
        yield Phrased(
            "number", Span(start=value.start, end=value.end), " ".join(w for w in words if w) + "؟"
        )


_OFFICE_AR = r"(?:رئيس|رئيسة|وزير|وزيرة|محافظ|حاكم|سفير|سفيرة|قائد|مدير|مديرة|المتحدث باسم|المتحدثة باسم|الناطق باسم|أمين عام|الأمين العام ل\p{L}+|مؤسس|نائب رئيس)"


def _office_ar(text: str) -> Iterator[Phrased]:
    """From «وقال وزير الصحة اللبناني فراس الأبيض إن …» to «من هو وزير الصحة اللبناني؟»."""
    for found in regex.finditer(
        rf"(?<!\p{{L}})(?:و|ل)?(?P<office>{_OFFICE_AR}(?:\s\p{{L}}[\p{{L}}\p{{M}}]+){{0,4}}?\sال\p{{L}}+)\s(?P<name>(?!ال)\p{{L}}[\p{{L}}\p{{M}}]+\s\p{{L}}[\p{{L}}\p{{M}}]+)(?=\s(?:إن|أن|إنّ|أنّ|بأن|عن)\s|،|\.$)",
        text,
    ):
        office, name = found["office"], found["name"]
        words = [fold(word) for word in name.split()]
        if any(word in _NO_NAME_AR or word.startswith(("لل", "بال")) for word in words):
            continue
        if (
            not regex.search(r"\sال\p{L}+$", office)
            or office.endswith("الله")
            or not _clear_ar(office)
        ):
            continue
        if len(office.split()) < 2 or regex.search(r"\s(?:في|من|على|و\p{L}+)(?:\s|$)", office):
            continue
        asked = "من هي" if office.split()[0].endswith("ة") else "من هو"
        yield Phrased(
            "person", Span(start=found.start("name"), end=found.end("name")), f"{asked} {office}؟"
        )


_NO_NAME_AR = frozenset(
    """في من علي عن الي ان قد هو هي خلال بعد قبل اليوم امس مساء صباح يوم عام وقال وقالت قال اعلن رسميا فجر ليل لدي مع اثناء ضمن
    حول بين كما ثم السابق السابقه الحالي الحاليه الراحل""".split()
)


def _quoted_ar(text: str) -> Iterator[Phrased]:
    yield from _quoted(text, "ar")


_ENGLISH = (_who_en, _people_en, _counted_en, _passive_en, _when_en, _quoted_en)
_ARABIC = (_office_ar, _counted_ar, _reached_ar, _when_ar, _where_ar, _quoted_ar)
