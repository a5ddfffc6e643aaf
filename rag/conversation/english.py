"""The English words and patterns that the rules of follow-ups look for."""

from __future__ import annotations

import regex

from rag.folding import fold

# English, folded. Question words may be followed by what asks no more ("when exactly").
EN_OPENERS = regex.compile(
    r"^(?:(?:and|but|so|ok|okay|well|now|then|also|alright)\b[\s,]*)*(?P<about>(?:what|how)\s+about\b\s*)?",
    regex.IGNORECASE,
)
EN_ASKS = regex.compile(
    r"^(?:how\s+(?:many|much|long|old|far|often|come)|(?:in|since|by|from|at|on)?\s*"
    r"(?:what|which)\s+(?:year|month|day|date|country|city|place|time)|since\s+when|who|whom|when|"
    r"where|why|how|what|which)\b",
    regex.IGNORECASE,
)
EN_CLAUSE = regex.compile(
    r"^(?P<ask>how\s+(?:many|much)|which|what|whose)\s+(?P<noun>.+?)\s+"
    r"(?P<aux>did|does|do|is|are|was|were|will|has|have|had|can|could|would|should)\s+(?P<rest>.+)$",
    regex.IGNORECASE,
)
EN_INVERTED = regex.compile(
    r"^(?:when|where|why|how|what|who|whom|(?:how|in|what|which|since)\s+\w+)\s+"
    r"(?P<aux>did|does|do|is|are|was|were|will|has|have|had|can|could|would|should)\s+(?P<rest>.+)$",
    regex.IGNORECASE,
)
EN_WHAT_IS = regex.compile(
    r"^(?:who|what|which|where)\s+(?:is|are|was|were)\s+(?P<noun>.+)$", regex.IGNORECASE
)
EN_COUNTED = regex.compile(
    r"^how\s+many\s+(?P<noun>\w+(?:\s+\w+)?)\s+(?:did|does|do|is|are|was|were|will|has|have|had)\b",
    regex.IGNORECASE,
)
EN_HAPPENED = regex.compile(
    r"^(?:exactly\s+)?(?:(?:did|does|do|has|is|was|will|would)\s+)?(?:all\s+)?"
    r"(?:(?:that|this)(?:\s+(?:so|the\s+case))?|"
    r"(?:that|this|it)\s+(?:happen|happened|occur|occurred|take\s+place|begin|start|be))$",
    regex.IGNORECASE,
)
EN_BE = frozenset("is are was were".split())
EN_PREPOSITIONS = frozenset(
    "in on at during after before from to with for by about near against since under over".split()
)
EN_ASKED = frozenset("which whom what whose where when who".split())
EN_PERSONS = frozenset("he she him his hers himself herself".split())
EN_PLURALS = frozenset("they them their theirs".split())
EN_THINGS = frozenset("it its".split())
EN_POSSESSIVES = frozenset("his her their its".split())
EN_DEMONSTRATIVES = frozenset("that this these those".split())
EN_AUXILIARIES = EN_BE | frozenset(
    "did does do will has have had can could would should may might must".split()
)
EN_TIMES = frozenset("year month week day morning evening time century summer winter".split())
# "Is it true that", "how long does it take to": this "it" stands for nothing.
EN_EMPTY_IT = frozenset("snow rain snowing raining".split())
EN_BEHIND_EMPTY_IT = frozenset("that to for whether if".split())
# "How many were injured", "who will attend": a question with nothing it is about.
EN_BARE = regex.compile(
    r"^(?:[Hh]ow\s+many\s+(?:did|do|is|are|was|were|will|has|have|had)\s+\w+|"
    r"[Ww]ho\s+(?:(?:will|did|has|have|would|can)\s+)?(?:not\s+)?\p{Ll}{4,})$"
)
EN_MORE = regex.compile(
    r"^(?:(?:please|can you|could you)\s+)*(?:tell me more|more details?|go on|continue|elaborate|"
    r"explain(?: more)?|more)(?:\s+please)?$",
    regex.IGNORECASE,
)
EN_NAME = regex.compile(
    r"\p{Lu}[\p{L}\p{M}'’.-]*(?:\s+(?:(?:of|al|el|bin|de|von)\s+)?\p{Lu}[\p{L}\p{M}'’.-]*)*"
)
_EN_NOT_NAMES = frozenset("i the a an".split())


def no_noun(after: str) -> bool:
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


# What may go by its name alone: "what does Arvex produce?", "who founded the company?"
EN_ORGANISATIONS = frozenset(
    """company firm bank hospital university school college institute factory museum airline
    organisation organization agency foundation newspaper publisher club team party group""".split()
)
EN_SAID_BY_PEOPLE = frozenset(
    """say said says tell told announce announced sign signed meet met born die died write wrote
    win won visit visited he she him her his who whom""".split()
)


def names_in(text: str, *, anywhere: bool = False) -> list[tuple[int, int]]:
    """The places of capitalised names; a capital at the beginning tells nothing."""
    found = []
    for match in EN_NAME.finditer(text):
        start, end = match.span()
        if start == 0 and not anywhere:
            first, _, more = match.group().partition(" ")
            if not more or fold(first) not in _EN_NOT_NAMES:
                continue
            start += len(first) + 1
        if fold(text[start:end]) not in _EN_NOT_NAMES:
            found.append((start, end))
    return found
