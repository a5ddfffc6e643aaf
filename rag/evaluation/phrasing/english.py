"""English sentences as questions."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from rag.evaluation.phrasing.clauses import Clause, Phrased, quotations, reported
from rag.quantities.reading import Value
from rag.quantities.values import values_in

_IRREGULAR = dict(
    pair.split("=")
    for pair in """paid=pay bought=buy sold=sell won=win lost=lose shot=shoot built=build left=leave began=begin met=meet
    sent=send fell=fall rose=rise wrote=write became=become sank=sink took=take spent=spend held=hold gave=give spread=spread
    grew=grow led=lead withdrew=withdraw fled=flee taught=teach broke=break lit=light drew=draw made=make chose=choose
    struck=strike hit=hit cost=cost came=come went=go saw=see brought=bring caught=catch found=find fought=fight kept=keep
    laid=lay ran=run sang=sing spoke=speak stole=steal swam=swim threw=throw wore=wear wove=weave flew=fly froze=freeze
    dug=dig fed=feed felt=feel got=get had=have heard=hear hid=hide hung=hang knew=know lent=lend put=put read=read
    rode=ride set=set shut=shut slew=slay stood=stand swept=sweep sought=seek thought=think told=tell bore=bear beat=beat
    bound=bind burnt=burn cut=cut dealt=deal drank=drink drove=drive ate=eat forbade=forbid overthrew=overthrow
    overran=overrun rebuilt=rebuild split=split undertook=undertake underwent=undergo foresaw=foresee oversaw=oversee
    shrank=shrink sprang=spring swore=swear tore=tear understood=understand woke=wake""".split()
)
_REGULAR = """abandon abolish absorb accept accuse achieve acquire add address adopt advance agree allow announce annex appear
    appoint approve arrest arrive assassinate assemble attack attend award ban bequeath besiege bomb borrow build burn buy
    call cancel capture carry celebrate change charge claim climb close collapse collect colonise colonize compile complete
    compose conclude condemn conduct confirm conquer construct convene convert crash create cross crown damage declare
    decorate decree dedicate defeat defend deliver deport depose descend describe design destroy detain detect develop die
    direct disappear discover dismiss displace dissolve divide donate drop earn elect employ end endorse enlarge enter
    erect erupt establish evacuate examine excavate execute exhibit exile expand expel explode explore export extend
    extract finance finish flood flow force form found free fund gain gather govern graduate grant grasp halt hand happen
    harvest head help hire host identify impose imprison inaugurate increase inflict inherit injure install introduce
    invade invent invest invite issue join kill land last launch leap legalise legalize lift liquidate list live locate
    manufacture march marry measure merge migrate mint move murder name nationalise nationalize negotiate nominate obtain
    occupy offer open operate oppose order organise organize oust outlaw own paint pardon pass patent perform perish persuade
    photograph pioneer plan plant play pledge present preserve proclaim produce prohibit promise promote propose prove
    publish purchase raid raise ratify reach rebel receive recognise recognize reconstruct record recover reduce reform refuse
    reject release relocate remain remove rename renovate reopen repair replace report request rescue resign resolve restore
    restrict retire retreat return reveal revive revolt rule sail save score seize sentence serve settle shape share shell
    sign smuggle sponsor stage start starve stop storm strengthen study submit subsidise succeed suffer supply support
    surrender suspend tax test topple trade train transfer translate transport travel treat triple try unearth unite unveil
    uncover urge use vaccinate vanish veto visit vote vow warn weaken welcome withhold witness work wound adapt administer
    advise allocate alter amend appeal arrange assume attach attract avoid boycott broadcast calculate cede chair circulate
    cite clash combine commission commit compete compose condense consecrate contribute control cover cultivate debut
    decide demand demolish demonstrate deploy derail detonate devise dismantle dispatch distribute dominate double draft
    eliminate emerge emigrate enact encourage engrave evolve exceed exchange expire face fail film flee forge formulate
    fuse halve hijack honour house immigrate import impress improve incorporate inspire insure isolate kidnap lobby loot lower
    maintain map mine model modify observe originate overturn pave perfect performed pilot pillage pour praise print process
    protest publicise pull push quit ransack recruit refine regain register reign reinstate relieve renew renounce rent
    reproduce requisition reside retain reunite review revise rout sack scrap sculpt secure separate ship shorten sink
    slaughter sponsor stabilise standardise summon swap synthesise synthesize target tour trace triumph turn unify
    unload vacate value view volunteer widen yield""".split()
_DOUBLED = frozenset(
    "ban drop stop plan ship submit commit swap transfer control expel rebel scrap propel".split()
)


def _past(base: str) -> str:
    if base in _DOUBLED:
        return f"{base}{base[-1]}ed"
    if base.endswith("e"):
        return f"{base}d"
    return f"{base[:-1]}ied" if regex.search(r"[^aeiou]y$", base) else f"{base}ed"


_PAST = {_past(base): base for base in _REGULAR if base not in _IRREGULAR.values()} | _IRREGULAR
_PAST |= {"cancelled": "cancel", "travelled": "travel", "found": "find", "founded": "found"}
_PRESENT = dict(
    pair.split("=")
    for pair in """costs=cost employs=employ has=have produces=produce exports=export weighs=weigh covers=cover carries=carry
    contains=contain holds=hold houses=house comprises=comprise receives=receive attracts=attract operates=operate""".split()
)
_PARTICIPLES = """born borne taken given written known shown seen done drawn grown thrown flown driven broken chosen frozen
    stolen woven begun sung sunk run won put set cut hit shut sent spent built burnt held told sold found bound laid paid
    made led shot lost kept left bought brought caught taught fought struck dug torn sworn hidden beaten forbidden
    overthrown withdrawn rebuilt split read heard hung met crowned awarded""".split()
_PASSIVE = rf"(?:\p{{Ll}}{{2,}}ed|{'|'.join(_PARTICIPLES)})"
_VERB = rf"(?:{'|'.join(sorted(_PAST, key=len, reverse=True))})"
_BE = "was|were|is|are"
_BACK = regex.compile(
    r"^(?:he|she|it|they|we|i|you|this|that|these|those|there|his|her|its|their|our|my|both|all|some|many|most|another"
    r"|others?|such|each|one|who|which|what|when|while|after|before|if|but|and|or|as|in|on|at|for|with|by|from|to|of|about"
    r"|according|however|meanwhile|since|until|under|over|during|despite|although|because|not|no|then|only|even|two|three|four)\b",
    regex.IGNORECASE,
)
_REFERS = regex.compile(
    r"\b(?:he|she|it|they|him|her|them|his|its|their|this|these|those|that|there|then|later|earlier|here|ago|yesterday|today"
    r"|tomorrow|last|next|same|former|latter|we|our|us|i|my|you|your|following|previous|preceding|subsequent|latest|also|too"
    r"|however|another|others?|both|himself|herself|itself|themselves|whose|which|who|first time)\b",
    regex.IGNORECASE,
)
# "The town" with nothing behind it is one told of before; "the town of Lorne", "the first town" are not.
_TOLD_BEFORE = regex.compile(
    r"\b[Tt]he\s(?!(?:first|second|third|fourth|fifth|largest|longest|highest|oldest|earliest|biggest|tallest|only|entire|whole"
    r"|world|sun|sea|moon|earth)\b)(?:\p{Ll}[\p{Ll}-]*[\s'’]*s?\s?){1,3}"
    r"(?=$|\b(?:to|on|after|before|as|with|because|into|over|under|during|back|down|up|out|off|away|by|a|an|the|against|between)\b"
    r"|\b(?:in|at|from|near|by|of|for)\s(?!(?:\p{Ll}+\s){0,2}\p{Lu}|(?:a|an|the)?\s?\p{Ll}))"
)
_NOUN_AFTER = r"(?P<noun>(?:[a-z][a-z-]+\s){0,2}?(?:(?!was|has|is|years|days|months|weeks)[a-z-]+s|people|men|women|children))"
_ABOUT = r"(?:(?:at least|at most|about|around|some|nearly|almost|more than|over|up to|roughly|only|a total of)\s+)?"
_WORD = r"\p{Lu}[\p{L}'’-]+"
_NAME = rf"{_WORD}(?:\s(?:(?:of|al|el|bin|ibn|van|von|de|da|di)\s)?{_WORD})+"
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_YEAR = r"(?:1[0-9]|20)\d\d(?!\d|,\d|\s(?:people|men|women|metres|meters|\p{Ll}+s\b))"
_DATE = (
    rf"(?P<date>(?:the\s(?:morning|afternoon|evening|night|eve|spring|summer|autumn|winter|beginning|end)\sof\s)?(?:(?:early|late|mid)[\s-])?"
    rf"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?\s)?(?:\d{{1,2}}\s(?:{_MONTHS})(?:,?\s\d{{3,4}})?"
    rf"|(?:{_MONTHS})\s\d{{1,2}}(?:,\s\d{{4}})?(?!\d)|(?:{_MONTHS})\s\d{{4}}|{_YEAR}|the\s(?:early\s|late\s|mid-)?(?:1[0-9]|20)\d0s"
    r"|the\s(?:early\s|late\s)?\p{Ll}+(?:-first|-second|th|rd|st|nd)?\scentury(?:\s(?:BC|AD))?))"
)
_WHEN = rf"(?:in|on|around)\s{_DATE}"
_BEHIND = r"(?:in|on|at|from|of|for|to|near|during|by|across|with)"
_TAIL = regex.compile(
    r",?\s(?:according to\s[^,]+|(?:[\p{L}’'-]+\s){1,6}(?:said|says|reported|announced|told reporters))(?:\son\s\p{Lu}\w+)?\.?$"
)
_END = regex.compile(
    r",(?!\d)|\s[–—-]\s|;|\sand\s(?:then\s|later\s|also\s)?(?:[a-z]+ed|said|was|were|is|are|had|has|sold|took|became|began|led|won|went|came|made|left|put|gave|held|set)\b"
    r"|\s(?:but|while|which|who|whose|where|because|although|though|so|when|unlike|whereas)\s"
    r"|\s(?:after|before|as|following|since|until|despite)\s(?=\p{Ll}+ing\b|(?:the|a|an|he|she|it|they|part|one)\b)"
)
_DATELINE = regex.compile(r"^\p{Lu}[\p{Lu}\s.]{2,}(?:\([^)]*\))?\s[-–—]\s(?=\p{Lu})")
_BRACKETS = regex.compile(r"\s\([^()]{1,60}\)")
_LEAD = regex.compile(
    r"^(?:But|Then|And|So|Yet|However|Even so|Still|Finally|Later|Eventually),?\s(?=\p{Lu}|in\s|on\s)"
)
# "The town of Grindavik, which had about 3,800 inhabitants, was evacuated"
_INSERTED = regex.compile(
    rf"(?<=^\P{{Po}}{{3,80}}),\s(?!(?:and|or|but)\b)(?:[^,;:.“”\"]|,(?=\d)){{2,80}},(?=\s(?:{_BE}|will|would|has|had|{_VERB})\b)"
)


def _prepared(sentence: Clause) -> Clause:
    """The sentence without dateline, brackets, what a comma inserts behind its subject, and who says it."""
    for unneeded in (_DATELINE, _LEAD):
        if found := unneeded.match(sentence.text):
            sentence = sentence.part(found.end())
    for unneeded in (_BRACKETS, _INSERTED):
        while found := unneeded.search(sentence.text):
            sentence = sentence.without(*found.span())
    tail = _TAIL.search(sentence.text)
    return sentence.part(0, tail.start() if tail else None)


def _clause(sentence: Clause) -> Clause:
    """Its first clause without the full stop."""
    found = _END.search(sentence.text)
    clause = sentence.part(0, found.start() if found else None)
    return clause.part(0, len(clause.text.rstrip(". ")))


def _explicit(subject: str, rest: str = "") -> bool:
    """Whether the words are understood by themselves: they hold a name and nothing refers back."""
    whole = f"{subject} {rest}"
    named = regex.search(r"(?<!^)(?<![.!?]\s)\p{Lu}\p{L}", whole) or (
        len(subject.split()) == 1 and regex.match(r"\p{Lu}\p{Ll}{2}", subject)
    )
    if not named or _BACK.match(subject) or _OF_NOTHING.match(subject) or _REFERS.search(whole):
        return False
    return not (_TOLD_BEFORE.search(subject) or _TOLD_BEFORE.search(rest.strip()))


# What is capital only because it opens the sentence.
_OPENS_SMALL = regex.compile(
    r"(?:The|An?|\p{Lu}\p{Ll}+(?:ing|tion|sion|ment|ers|ists|men)|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Eleven|Twelve|\p{Lu}\p{Ll}+(?:teen|ty))\b(?=\s\p{L})"
)
# Work on what, water of which river?
_OF_NOTHING = regex.compile(
    r"(?:Tickets|Sales|Losses|Profits|Costs|Families|Workers|Residents|Officials|Investigators|Engineers|Doctors|Scientists|Women|Men|Children|Work|Water|Trade|People|Crowds|Troops|Police|Rain|Snow|Fire|Power|Life|Prices|\p{Lu}\p{Ll}+(?:tion|sion|ment|ness|ing))$"
)


def _lower(subject: str) -> str:
    """The subject as it stands inside a sentence."""
    return subject[0].lower() + subject[1:] if _OPENS_SMALL.match(subject) else subject


def _subject(who: str) -> bool:
    """Whether the words are one noun phrase: no verb, at most ten words, nothing that waits for a noun."""
    return (
        len(who.split()) <= 10
        and not regex.search(
            rf"\b(?:{_BE}|has|have|had|will|would|said|says|that|to|{_VERB})\b|\d|,", who
        )
        and not regex.search(
            r"(?:^|\s)(?:the|a|an|its|their|his|her|newly|of|in|and|by|with|be|been|not|s)$",
            who,
            regex.I,
        )
    )


def _joined(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip()) + "?"


_FRONT = regex.compile(
    rf"(?:[Ii]n|[Oo]n|[Aa]round)\s{_DATE}(?:,\s(?:in|at|near)\s[^,]{{3,40}})?,?\s(?=\S)"
)


def _parted(prepared: Clause) -> tuple[regex.Match[str] | None, Clause]:
    """The date that opens the sentence, where one does, and the first clause behind it."""
    front = _FRONT.match(prepared.text)
    return front, _clause(prepared.part(front.end()) if front else prepared)


def _people(sentence: Clause) -> Iterator[Phrased]:
    """From "Seven people were killed in Odesa" to "How many people were killed in Odesa?"; also shares."""
    clause = _clause(_prepared(sentence))
    text = clause.text
    for value in values_in(text):
        before = text[: value.start]
        if not regex.fullmatch(_ABOUT, before, regex.IGNORECASE) or before.lower().startswith(
            "a total"
        ):
            continue
        rest = text[value.end if value.kind == "share" else value.core :].strip()
        if value.kind == "number" and _plain(value, text):
            found = regex.match(
                _NOUN_AFTER
                + r"\s(?P<verb>were|have|are|died|took|live|work|fled|attended|had|\p{Ll}+ed)\b",
                rest,
            )
            if found and found["verb"] != "had" and _explicit("seven", rest):
                yield from clause.asked("number", (value.start, value.core), f"How many {rest}?")
        elif (
            value.kind == "share"
            and regex.match(r"of\s.+\s(?:were|have|are|is|was|live|work|\p{Ll}+ed)\b", rest)
            and _explicit("seven", rest)
        ):
            asked = f"What percentage {rest}?"
            yield from clause.asked("number", (value.start, value.end), asked)


def _plain(value: Value, text: str) -> bool:
    """Whether the number is bare, with no bound or range to lose."""
    return value.high is None and text[value.core : value.core + 1] in (" ", "")


def _counted(sentence: Clause) -> Iterator[Phrased]:
    """From "The blaze in Dorvale killed 7 people" to "How many people did the blaze in Dorvale kill?"."""
    prepared = _prepared(sentence)
    front, clause = _parted(prepared)
    when = prepared.text[: front.end("date")] if front else ""
    when = when[:1].lower() + when[1:]
    text = clause.text
    for value in values_in(text):
        found = regex.fullmatch(
            rf"(?P<who>.+?)\s(?P<verb>\p{{Ll}}+)\s{_ABOUT}", text[: value.start]
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
        rest = text[value.core :].strip()
        if value.kind == "number" and _plain(value, text):
            noun = regex.match(_NOUN_AFTER + rf"(?=\s{_BEHIND}\s|$)", rest)
            if noun is None:
                continue
            asked, behind = f"How many {noun['noun']}", rest[noun.end() :].strip()
            end = value.core
        elif value.kind == "money":
            asked, behind = "How much", text[value.end :].strip()
            if base in ("raise", "donate", "receive", "send", "earn", "collect", "invest", "spend"):
                asked = f"{asked} money"
            end = value.end
        elif value.kind == "measure" and base == "weigh":
            asked, behind, end = "How much", text[value.end :].strip(), value.end
        else:
            continue
        if behind and (not regex.match(rf"{_BEHIND}\s", behind) or regex.match(r"of\s", behind)):
            continue
        if _explicit(who, behind) and _subject(who):
            question = _joined(f"{asked} {aux}", _lower(who), base or "", behind, when)
            yield from clause.asked("number", (value.start, end), question)


_EXTENT = regex.compile(r"\s(?P<how>high|tall|long|wide|deep|thick|old)\b")


def _extent(sentence: Clause) -> Iterator[Phrased]:
    """From "The Halden bridge is 430 metres long" to "How long is the Halden bridge?"."""
    clause = _clause(_prepared(sentence))
    text = clause.text
    for value in values_in(text):
        found = regex.fullmatch(rf"(?P<who>.+?)\s(?P<be>{_BE})\s{_ABOUT}", text[: value.start])
        how = _EXTENT.match(text, pos=value.end)
        if (
            found
            and how
            and value.kind in ("measure", "number")
            and _subject(found["who"])
            and _explicit(found["who"])
        ):
            if text[how.end() :].strip():
                continue
            asked = _joined(f"How {how['how']} {found['be']}", _lower(found["who"]))
            yield from clause.asked("number", (value.start, value.end), asked)


_PLACE = rf"(?P<place>(?:the\s)?(?:\p{{Ll}}[\p{{Ll}}-]*\s){{0,2}}{_WORD}(?:\s(?:{_WORD}|of|the|in|near|\p{{Ll}}+(?=\s(?:in|near|of)\s))){{0,7}}(?<=\s{_WORD}|^{_WORD}))"
_PLACED = "born|signed|held|buried|built|founded|found|killed|arrested|raised|published|opened|discovered|established|assassinated|executed|inaugurated|launched|unveiled|crowned|imprisoned|exiled"


def _passive(sentence: Clause) -> Iterator[Phrased]:
    """From "The treaty of Lorne was signed in Vienna on 4 May 1956" to when, where, and by whom."""
    prepared = _prepared(sentence)
    front, clause = _parted(prepared)
    found = regex.fullmatch(
        rf"(?P<who>.+?)\s(?P<be>was|were)\s(?P<verb>(?:\p{{Ll}}+ly\s)?{_PASSIVE})(?P<rest>(?:\s.+)?)",
        clause.text,
    )
    if not found or not _subject(found["who"]):
        return
    who, be, verb, rest = _lower(found["who"]), found["be"], found["verb"], found["rest"]
    at = found.start("rest")
    date = regex.search(
        rf"\s{_WHEN}(?=$|\s{_BEHIND}\s|\s(?:as|after|following|when|before)\s)", rest
    )
    more = rest[date.end() :] if date else ""
    if not regex.match(rf"\s{_BEHIND}\s", more):
        more = ""
    bare = rest[: date.start()] if date else rest
    settled = verb not in ("expected", "due", "based", "located", "used", "supposed", "needed")
    if settled and front and not date and _explicit(found["who"], bare):
        asked = _joined(f"When {be}", who, verb, bare)
        yield from prepared.asked("date", front.span("date"), asked)
    elif settled and date and not front and _explicit(found["who"], bare + more):
        asked = _joined(f"When {be}", who, verb, bare, more)
        yield from clause.asked("date", _behind(at, date.span("date")), asked)
    told = date.group().strip() if date else ""
    where = regex.search(rf"\s(?:in|at|near)\s{_PLACE}$", bare)
    if (
        where
        and verb in _PLACED.split("|")
        and not regex.search(rf"\b(?:{_MONTHS})\b", where["place"])
    ):
        behind = bare[: where.start()]
        if not regex.search(r"\b(?:in|at|near)\b", behind) and _explicit(found["who"], behind):
            asked = _joined(f"Where {be}", who, verb, behind, told)
            yield from clause.asked("place", _behind(at, where.span("place")), asked)
    by = regex.match(
        rf"(?P<before>(?:\s(?:in|on|at|from)\s.+?)?)\sby\s(?:the\s(?:\p{{L}}[\p{{L}}-]*\s){{0,3}}?)?(?P<name>{_NAME})(?=$|\s{_BEHIND}\s)",
        bare,
    )
    if by and _explicit(found["who"], by["before"]) and _is_person(by["name"]):
        asked = _joined(f"Who {be}", who, verb, f"{by['before']} by")
        yield from clause.asked("person", _behind(at, by.span("name")), asked)


def _behind(at: int, span: tuple[int, int]) -> tuple[int, int]:
    """Where in the whole a span of the part that begins at ``at`` stands."""
    return at + span[0], at + span[1]


def _when(sentence: Clause) -> Iterator[Phrased]:
    """From "Terravia joined the union in 1994", "In 1994 Terravia …" to "When did Terravia join the union?"."""
    prepared = _prepared(sentence)
    front, clause = _parted(prepared)
    verb = rf"(?P<verb>{_VERB})"
    more = ""
    if front:
        found = regex.fullmatch(rf"(?P<who>.+?)\s{verb}(?P<rest>(?:\s.+)?)", clause.text)
        place = prepared.place(*front.span("date"))
    else:
        found = regex.fullmatch(
            rf"(?P<who>.+?)\s{verb}(?P<rest>(?:\s.+?)?)\s{_WHEN}(?P<more>(?:\s(?:{_BEHIND}|as|after|following|when|before)\s.+)?)",
            clause.text,
        )
        place = clause.place(*found.span("date")) if found else None
        more = found["more"] if found and regex.match(rf"\s{_BEHIND}\s", found["more"]) else ""
    if not found or place is None or not _subject(found["who"]):
        return
    rest = f"{found['rest']}{more}"
    if not _explicit(found["who"], rest) or regex.search(rf"\b{_DATE}", rest):
        return
    # A second verb, or an aim that the date may belong to.
    if regex.search(
        rf"\b(?:{_BE}|that|has|had|have|between|{_VERB})\b|\bto\s(?!(?:the|a|an)\s|\p{{Lu}})", rest
    ):
        return
    yield Phrased(
        "date", place, _joined("When did", _lower(found["who"]), _PAST[found["verb"]], rest)
    )


_SETTLED = "died|met|landed|crashed|gathered|assembled|settled|sank|opened|exploded|graduated|surrendered|perished"


def _where(sentence: Clause) -> Iterator[Phrased]:
    """From "Storm Noor landed in Terravia" to "Where did Storm Noor land?"."""
    clause = _clause(_prepared(sentence))
    found = regex.fullmatch(
        rf"(?P<who>.+?)\s(?P<verb>{_SETTLED})\s(?:in|at|near)\s{_PLACE}(?P<when>(?:\s{_WHEN})?)",
        clause.text,
    )
    if found is None or regex.search(rf"\b(?:{_MONTHS})\b", found["place"]):
        return
    if _subject(found["who"]) and _explicit(found["who"]):
        question = _joined("Where did", _lower(found["who"]), _PAST[found["verb"]], found["when"])
        yield from clause.asked("place", found.span("place"), question)


_ROLE = (
    r"(?:president|prime minister|vice-president|deputy|mayor|governor|director|director-general|secretary-general|head|chair"
    r"|chairman|chairwoman|founder|co-founder|minister|ministry|chief|chief executive|spokesman|spokeswoman|leader|owner|coach"
    r"|captain|editor|king|queen|emir|sultan|ambassador|commander|commissioner|curator|superintendent|architect|designer|author"
    r"|inventor|chancellor|secretary|bishop|archbishop|patriarch|imam|mufti|rector|dean|manager|general manager|treasurer|envoy)"
)
_OFFICE = rf"(?P<office>(?:\p{{Ll}}[\p{{Ll}}-]*\s){{0,3}}{_ROLE}(?:\s(?:for|at)(?:\s[a-z]+){{1,3}})?\s(?:of|at|for)\s(?:the\s)?{_WORD}(?:\s(?:(?:of|for|and|the)\s)*{_WORD})*)"
_OWNED = rf"(?P<office>{_WORD}(?:\s{_WORD})*['’]s\s(?:\p{{Ll}}[\p{{Ll}}-]*\s){{0,3}}{_ROLE})"


def _who(sentence: Clause) -> Iterator[Phrased]:
    """From "Martin Keller founded the Halden Post" to "Who founded the Halden Post?"; and the holder of an office."""
    _, clause = _parted(_prepared(sentence))
    found = regex.match(
        rf"(?:[Tt]he\s(?:(?!{_VERB}\b)\p{{L}}[\p{{L}}-]*\s){{1,4}}?)?(?P<name>{_NAME})\s(?P<rest>{_VERB}\s(?!(?:in|on|at|for|from|to|of|with|by|that)\s).+)",
        clause.text,
    )
    if found and not regex.match(r"(?:The|A|An|In|On|At|After|Police|Officials)\b", found["name"]):
        rest = found["rest"]
        named = regex.search(r"\p{Lu}\p{L}", rest)
        if (
            named
            and not _REFERS.search(rest)
            and not _TOLD_BEFORE.search(rest)
            and _is_person(found["name"])
        ):
            yield from clause.asked("person", found.span("name"), f"Who {rest}?")
    patterns = (
        rf"(?<!\p{{L}})[Tt]he\s{_OFFICE},\s(?P<name>{_NAME}),",
        rf"(?P<name>{_NAME}),\s(?:the\s)?{_OFFICE}(?=[,.])",
        rf"{_OWNED},\s(?P<name>{_NAME}),",
    )
    for number, pattern in enumerate(patterns):
        for told in regex.finditer(pattern, sentence.text):
            if _is_person(told["name"]) and not _REFERS.search(told["office"]):
                article = "" if number == 2 else "the "
                office = regex.sub(r"^The\s", "the ", told["office"])
                asked = f"Who is {article}{office}?"
                yield from sentence.asked("person", told.span("name"), asked)


_NO_PERSON = regex.compile(
    r"(?i)\b(?:united|university|council|ministry|company|group|party|union|bank|court|army|north|south|east|west|new|national|club"
    r"|post|times|town|city|river|lake|bridge|island|republic|kingdom|states|agency|office|institute|museum|police|of|world|storm|hurricane|cyclone|operation|engineering|construction|international|fund|front|brigade|empire|nations|organisation|organization|association|authority|parliament|congress|senate|committee|commission|federation|league|corporation|society|church|college|school|academy|theatre|hospital|airlines?|motors?|films?|records|house|street|square|mount|mountains?|ocean|sea|gulf|war|treaty|act|prize|first|second|third|old|great|government|navy|force|forces|red|black|white|green|royal|central|western|eastern|northern|southern|african|american|european|asian|arab|british|french|german|russian|soviet|ottoman|roman|turkish|chinese|japanese|indian"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august|september|october|november|december)\b"
)


def _is_person(name: str) -> bool:
    """Whether two to four words may be a person: none that organisations and places have."""
    words = [word for word in name.split() if word[0].isupper()]
    return 2 <= len(words) <= 4 and not _NO_PERSON.search(name)


def _quoted(sentence: Clause) -> Iterator[Phrased]:
    """Who said the quoted words, where the sentence names the speaker."""
    for said, who in quotations(sentence.text):
        if not _is_speaker(sentence.text[who.start : who.end]):
            continue
        yield Phrased("person", who, f"Who said “{said}”?")


_REPORTS = regex.compile(
    r"\b(?:said(?:\sthat)?|(?:added|explained|confirmed|warned|claimed|stressed|noted|argued|announced|revealed|reported)\sthat)\s(?P<what>(?:[^.,;:“”\"«»?!()]|[.,](?=\d))+)"
)


def _reported(sentence: Clause) -> Iterator[Phrased]:
    """From "Minister Ana Reyes said the bridge would cost $40 million" to "Who said that the bridge …?"."""
    for what, who in reported(sentence.text, _REPORTS):
        name = sentence.text[who.start : who.end]
        if not _is_speaker(name) or _REFERS.search(what) or _TOLD_BEFORE.search(what):
            continue
        if not regex.search(r"\d|\p{Lu}\p{L}", what):
            continue
        if 5 <= len(what.split()) <= 18 and regex.search(
            rf"\b(?:{_BE}|will|would|had|has|have|could|{_VERB})\b", what
        ):
            yield Phrased("person", who, f"Who said that {what}?")


def _is_speaker(name: str) -> bool:
    """Whether it names somebody, in two words or more, without the article's help."""
    bare = regex.sub(r"^(?:the|a|an)\s", "", name, flags=regex.IGNORECASE)
    if not regex.search(r"\p{Lu}\p{L}", bare) or len(bare.split()) < 2:
        return False
    return not (
        _BACK.match(name) or _REFERS.search(name) or regex.search(rf"\p{{Ll}}\.|\d|{_MONTHS}", name)
    )


RULES = (_who, _people, _counted, _extent, _passive, _when, _where, _quoted, _reported)
