"""English, as data. Every word stands in the folded form: lower case, no accents."""

from rag.languages import Rules

_STOP = """
a an the of to in on at by for from with without into onto over under about after before between during
through against and or but nor so if then than as that this these those there here it its he him his she
her they them their we us our you your i me my is are was were be been being am do does did done has have
had having will would shall should can could may might must not no any some all each every both either
also just only very more most such same other another own s t
""".split()

# "All" or "most" is an answer; an approximation without its number, or a link without its clause, none.
_ANSWERING = frozenset("all both each some most".split())
_LINKS = """
around nearly almost approximately roughly least less fewer since until till upon within among amid toward towards
per via despite because while although though whether like unlike along across behind below beneath beside besides
beyond inside near off out outside past up down except regarding who whom whose when where which what why how
""".split()

RULES = Rules(
    language="en",
    stop_words=frozenset(_STOP),
    function_words=frozenset((*_STOP, *_LINKS)) - _ANSWERING,
    homographs=frozenset({"May", "Will"}),
    question_words={
        "who": "person", "whom": "person", "whose": "person", "when": "date", "where": "place",
        "what": "thing", "which": "which", "why": "reason", "how": "manner",
    },
    question_phrases={
        "how many": "number", "how much": "number", "number of": "number", "how old": "number",
        "how long": "number", "how far": "number", "how often": "number", "what percentage": "number",
        "what number": "number", "what year": "date", "which year": "date", "what month": "date",
        "which month": "date", "what day": "date", "which day": "date", "what date": "date",
        "since when": "date", "what time": "date", "year of": "date", "date of": "date",
        "which country": "place", "what country": "place", "which countries": "place",
        "what countries": "place", "which city": "place", "what city": "place", "what town": "place",
        "which town": "place", "which place": "place", "what place": "place", "who is": "person",
        "name of": "person", "what did": "thing", "say": "quote", "said": "quote",
        "amount of": "number", "value of": "number", "price of": "number", "cost of": "number",
        "toll": "number", "size of": "number", "population of": "number", "how big": "number", "how tall": "number", "how high": "number",
        "what percent": "number", "what age": "number", "how come": "reason",
        "what for": "reason", "reason for": "reason",
        "what reason": "reason", "reasons for": "reason", "what caused": "reason",
    },
    opening_only=frozenset(),
    abbreviations=frozenset(
        """mr mrs ms dr prof st jr sr vs etc e.g i.e u.s u.k u.n a.m p.m no inc ltd co corp gen lt col sgt
        capt gov sen rep rev jan feb mar apr jun jul aug sep sept oct nov dec fig approx est mt""".split()
    ),
    months={
        "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7,
        "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
        "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9,
        "sept": 9, "oct": 10, "nov": 11, "dec": 12,
    },
    weekdays=frozenset("sunday monday tuesday wednesday thursday friday saturday".split()),
    number_words={
        "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
        "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
        "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
        "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
        "seventy": 70, "eighty": 80, "ninety": 90,
    },
    multipliers={
        "hundred": 100, "hundreds": 100, "thousand": 1000, "thousands": 1000,
        "million": 10**6, "millions": 10**6, "billion": 10**9, "billions": 10**9,
        "bn": 10**9, "trillion": 10**12, "trillions": 10**12,
    },
    related_links=(
        "read also", "read more", "also read", "see also", "related", "related articles",
        "related stories", "more on this story", "you may also like", "don't miss", "watch also",
    ),
)  # fmt: skip
