"""The Arabic words and patterns that the rules of follow-ups look for, folded: ا for أإآ, ه for ة, ي for ى."""

from __future__ import annotations

import regex

from rag.conversation.topic import words_of
from rag.folding import fold

# Arabic, folded: ا for أإآ, ه for ة, ي for ى.
_AR_OPENERS = regex.compile(
    r"^(?:(?:طيب|طب|حسنا|اوكي|تمام|لكن|ولكن|ثم|ايضا|كذلك|وايضا|اذن)\s*,?\s+)*"
    r"(?P<about>(?:و|ف)?(?:ماذا|شو|ايش|وش)\s+(?:عن|بشان|بخصوص)\s+|"
    r"(?:و|ف)?بالنسبه\s+(?:الي\s+|(?=ل)))?"
)
AR_ASKS = regex.compile(
    r"^[وف]?(?:كم\s+عدد|كم|بكم|(?:في|منذ)\s+اي\s+\w+|منذ\s+متي|متي|امتي|اين|وين|فين|من\s+اين|الي\s+اين|"
    r"لماذا|ليش|ليه|كيف|ازاي|ماذا|بماذا|لمن|ما|من|مين|هل|اي)(?!\w)(?:\s+(?:بالضبط|تحديدا|اذن|بالتحديد))?"
)
# After these a verb comes first; after the others a noun.
AR_BEFORE_VERBS = frozenset("متي امتي اين وين فين لماذا ليش ليه كيف ازاي ماذا بماذا هل".split())
AR_COPULAS = frozenset("هو هي هم هما هن كان كانت يكون تكون كانوا".split())
AR_HAPPENED = regex.compile(
    r"^(?:(?:حدث|حدثت|وقع|وقعت|حصل|حصلت|جري|جرت|تم|صار|كان|بدا|انتهي|سيحدث|يحدث)?\s*"
    r"(?:ذلك|هذا|ذاك|هذه|تلك|هالشي|هذا الامر|كل ذلك)|حدث|وقع|حصل|جري|صار|سيحدث)$"
)
AR_RELATIVES = frozenset("التي الذي الذين اللذان اللتان".split())
AR_DEMONSTRATIVES = frozenset("ذلك هذا هذه تلك ذاك هولاء اولئك".split())
AR_TIMES = frozenset(
    "العام السنه الشهر الاسبوع اليوم الصباح المساء الوقت الصيف الشتاء القرن".split()
)
AR_PREPOSITIONS = frozenset("في من الي علي عن مع خلال بعد قبل منذ ضد حول بين عند لدي قرب".split())
AR_WITH_SUFFIX = {
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
AR_VERBS = frozenset(
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
AR_TITLES = frozenset(
    "رييس الرييس وزير الوزير مدير قايد امين ملك امير حاكم زعيم مستشار سفير متحدث ناطق نايب عاصمه اكبر "
    "اول اخر صاحب مولف مخترع".split()
)
AR_STARTS_WITH_WAW = regex.compile(
    r"^(?:واشنطن|وارسو|وزير|وزار|وزراء|وفا|وقت|وكال|وحد|ولاي|وليد|وايل|وسايل|وثيق|وضع|وفد|وقف|وصول|وجود|ورق|وطن)"
)
AR_MORE = frozenset(
    ("المزيد", "اخبرني المزيد", "مزيد من التفاصيل", "اكمل", "تابع", "وضح اكثر", "التفاصيل")
)

# What may go by its name alone, and what is asked of such: «ماذا تنتج أرفكس؟», «من أسس الشركة؟».
AR_ORGANISATIONS = frozenset(
    """شركه موسسه بنك مصرف مستشفي جامعه مدرسه كليه معهد مصنع متحف منظمه وكاله هييه صحيفه دار نادي
    فريق حزب مجموعه""".split()
)
AR_NAMED_BY_WHAT_THEY_DO = frozenset(
    "تاسس تاسست اسست انشي انشيت تنتج ينتج تصنع يصنع تبيع يبيع توظف يوظف تملك يملك تقع يقع".split()
)
# Who does it need not be said again, what is done does: «أين أجرى محادثات؟».
AR_DOES = frozenset("اجري القي عقد وجه قدم ادلي اصدر نشر بعث ارسل".split())


def arabic_opener(text: str) -> tuple[bool, str]:
    """Whether the text begins with "what about", and what follows its opening."""
    folded = fold(text)
    opener = _AR_OPENERS.match(folded)
    if opener is None or not opener.end():
        return False, text
    _, rest = split_at(text, folded[: opener.end()])
    about = opener.group("about") is not None
    if about and opener.group("about").strip().endswith("بالنسبه"):
        rest = rest.removeprefix("ل")
        rest = rest if rest[:1] != "ل" else f"ا{rest}"
    return about, rest


def split_at(text: str, folded_part: str) -> tuple[str, str]:
    """The text cut behind its first words, as many as the folded part has."""
    count = len(folded_part.split())
    pieces = text.split(maxsplit=count)
    return " ".join(pieces[:count]), pieces[count] if len(pieces) > count else ""


def clause_without_asking(text: str) -> str:
    """An Arabic question without the words that ask, its copula and what is asked of a thing."""
    asks = AR_ASKS.match(fold(text))
    rest = split_at(text, asks.group())[1] if asks else text
    found = words_of(rest)
    while found and found[0].folded in AR_COPULAS and len(found) > 1:
        rest = rest[found[1].start :]
        found = words_of(rest)
    if len(found) > 1 and found[0].folded in _AR_ASKED_OF:
        rest = rest[found[1].start :]
    return rest


def hanging_pronoun(folded: str, original: str) -> str:
    """The pronoun that hangs on a word, empty where none does."""
    bare = folded[1:] if folded.startswith(("و", "ف")) and len(folded) > 4 else folded
    if folded in _AR_NO_SUFFIX or bare in _AR_NO_SUFFIX:
        return ""
    for suffix in ("هما", "ها", "هم", "هن"):
        stem = bare.removesuffix(suffix)
        if stem != bare and (len(stem) >= 3 or stem in AR_WITH_SUFFIX):
            return "" if stem.startswith("ال") else suffix
    stem = bare.removesuffix("ه")
    if (
        stem != bare
        and not original.endswith("ة")
        and (stem in _AR_RELATIONAL or stem in AR_WITH_SUFFIX)
    ):
        return "ه"
    return ""


def is_verb(word: str) -> bool:
    """Whether a folded word is a known verb, or an imperfect one by its first letters."""
    imperfect = _AR_IMPERFECT.match(word) is not None and word not in _AR_NOT_VERBS
    return word in AR_VERBS or imperfect
