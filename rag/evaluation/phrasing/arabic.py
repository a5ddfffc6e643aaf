"""Arabic sentences as questions."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from rag.evaluation.phrasing.clauses import Clause, Phrased, quotations, reported
from rag.folding import fold
from rag.quantities.values import values_in

# Verbs that open a sentence, folded; feminine forms are made.
_VERBS = frozenset(
    """اسس تاسس كتب الف صمم بني شيد اكتشف اخترع رسم فاز سجل قتل اصيب جرح اعتقل احتجز اسقط دمر ولد توفي مات دفن وقع عقد انعقد
اقيم افتتح اغلق اندلع انطلق بدا انتهي انتخب عين تولي استقال انضم اعلن وصل زار غادر انتج صدر استورد باع اشتري انفق دفع خسر ربح احرق ضرب
هز ادي اسفر خلف نزح شارك حضر عبر انقذ اطلق استعاد سيطر استولي نشر احتل حرر انسحب هاجم قصف استهدف اصدر تزوج انشي تخرج طرح اغتال ايد اقر اطاح تدفق منع ثار
حصل تخلي عاد ظهر تراس نال حصد قدم رشح وافق الغي حكم هزم دخل خرج سقط رحل اقترح ترجم درس عثر كشف عمل نقل نشا زرع استقر صعد غزا فتح ضم اكمل نجا انشا حفر
شكل هدم عرض بيع فر خطف غرق تحطم هبط اقلع ارسل تسلم تلقي جمع وظف تسحب يقام تقام يعقد تعقد يبدا تبدا ينطلق تنطلق يفتتح تفتتح ينتهي تنتهي
توجه تحول توصل تعرض تعهد تمكن تقدم تراجع تحرك تجمع تظاهر تسبب تبرع تبني تعاقد تنازل تقاسم توقف توج تسلق تعلم تاهل تنحي تكبد تجاوز
ادرج ادان ادخل ادار اذاع اراق ازاح اسند اسر اضاف اضرم اعاد اعترف اعتمد اعدم اعتلي اغار اغرق اقام اقتحم اقسم اكد امر امم انتزع انتقل انجز انجب اندمج انشق
انفجر انفصل انهار اهدي اوقف اوصي اودع ابتكر ابحر ابرم ابعد ابلغ ابتلع اتاح اتفق اتم اثبت اجبر اجتاح اجتمع اجري اجل احال احبط احتضن احتفل احيا اخترق اختار اختطف
اخلي اخمد ارتفع ارتكب استخدم استخرج استضاف استقبل استقل استسلم استشهد استعان استغرق استقطب استكشف استانف اشاد اشعل اصبح اطفا افرج افلس افتي قاد قاطع قام قاوم قاتل قبض قرر
قضي قطع قلد قمع حاز حاصر حافظ حج حاكم حدد حدث حذر حرم حسم حصر حضر حظر حقق حكي حل حمل حوكم حول حصن حجز خاض خدم خصص خطط خفض خلص خلع خضع ختم خرق خسف
دافع دخل دشن دعا دعم دمج دام داهم درب ذبح ذكر ذهب راس ربط رحب رد رسخ رسا رفض رفع رمم رمي روي رصد رخص زحف زود زوج زلزل زعم ساعد سافر سحب سحق سرق سك سكن سلم سمح
سمي سن سجن ساهم شب شجع شرد شق شنق شن شهد شيع شاع صادر صادق صام صاغ صدم صرح صلب صوت صور صنع صنف صلي ضبط ضحي ضاعف ضيق طالب طاف طبع طرد طلب طور طعن طاح طوي عبا عثرت
عدل عذب عرف عزز عزل عزف علق علم غرس غرم غطي غير غني غنم غلب فاوض فاجا فجر فجع فرض فرق فسخ فصل فشل فقد فك فكك فند فوض فاض لجا لحق لقي لعب لغم لقب مثل محا مد مر مزق مسح مكث ملك منح مول
نادي ناقش نجح نحت ندد نزل نسب نسف نصب نصح نظم نفذ نفي نكب نهب نوه نفق نقح نصر نفد هاجر هجر هدد هرب هلك هنا هيا واجه واصل وجد وجه وحد ودع ورث وزع وسع وصف وضع وعد وفد وقف ولي وهب وثق وري""".split()
)
# Forms that are verbs wherever they open a sentence: «استقبلت», «اجتمع», «انفجر».
_VERB_FORM = regex.compile(r"(?:است[^ا\W]{2,3}|ا[^ا\Wل]ت[^ا\W]{2}|ان[^ا\W]{3})ت?")
# Names that look like them.
_NO_VERB = frozenset("استريد استير انقره انطون انجيل اندلس انجلز ارتين استون".split())
_OPENS = regex.compile(r"^(?:[وف]?(?:قد|لقد)\s|كما\s)?(?P<verb>[\p{L}\p{M}]+)\s")
_REFERS = regex.compile(
    r"(?<!\p{L})(?:هذا|هذه|ذلك|تلك|هولاء|هو|هي|هم|اليوم|امس|غدا|الماضي|الماضيه|المقبل|المقبله|الجاري|الحالي|الحاليه|هناك|هنا|ايضا|كذلك|انه|انها|بانه|بانها"
    r"|له|لها|لهم|منه|منها|منهم|فيه|فيها|عليه|عليها|عنه|عنها|اليه|اليها|به|بها|بهم|معه|معها|بعدها|بعده|قبلها|قبله|حينها|وقتها|انذاك|الاخر|الاخري|نفسه|نفسها|ذاته|ذاتها|المذكور|المذكوره|الثلاثه|الاربعه|الاثنان|الاثنين معا|الاخير|الاخيره"
    r"|التالي|التاليه|السابق|السابقه|كلاهما|كليهما|بينهم|بينها|بينهما|الراحل|الراحله|فوقه|فوقها|تحته|تحتها|حوله|حولها|داخله|داخلها|امامه|امامها|مولفه|صاحبه|ابنه|ابنته|والده|والدته|زوجته|زوجها|وفاته|مقتله)(?!\p{L})"
    r"|(?<!\p{L})(?:قبل|بعد)\s(?:\p{L}+\s)?(?:ايام|يوم|يومين|اسبوع|اسابيع|شهر|اشهر|سنه|سنوات|عام|اعوام|ساعات)(?!\p{L})"
)
_SUFFIXED = regex.compile(r"(?<!\p{L})(?:و|ف|ب|ل)?\p{L}{3,}(?:ها|هم|هما)(?!\p{L})")
_PREPOSITION = r"(?:في|من|على|علي|عن|إلى|الى|الي|خلال|منذ|بعد|قبل|بسبب|قرب|ضمن|أثناء|لدى|مقابل|جراء|جرّاء|إثر|يوم|ليلة|عام|سنة|مع|حتى|عبر|ضد|بين|تحت|فوق|أمام)"
_MONTH = (
    r"(?:يناير|كانون الثاني|فبراير|شباط|مارس|آذار|اذار|أبريل|إبريل|ابريل|نيسان|مايو|أيار|ايار|يونيو|حزيران|يوليو|تموز|أغسطس|اغسطس|آب|سبتمبر|أيلول|ايلول"
    r"|أكتوبر|اكتوبر|تشرين الأول|تشرين الاول|نوفمبر|تشرين الثاني|ديسمبر|كانون الأول|كانون الاول|جانفي|فيفري|أفريل|افريل|ماي|جوان|جويلية|أوت|اوت)"
)
_ORDINAL = r"(?:الأول|الاول|الثاني|الثالث|الرابع|الخامس|السادس|السابع|الثامن|التاسع|العاشر|الحادي|الثاني)(?:\sعشر|\sوالعشرين|\sوالعشرون)?"
_YEAR = r"[\d٠-٩]{3,4}(?![\d٠-٩.,٫٬])\s?[مه]?(?!\p{L})(?:\.(?=$))?"
_CENTURY = rf"القرن\s{_ORDINAL}(?:\sقبل الميلاد|\sالميلادي|\sالهجري)?"
_DECADE = r"(?:عشرينيات|ثلاثينيات|أربعينيات|خمسينيات|ستينيات|سبعينيات|ثمانينيات|تسعينيات)"
_WEEKDAY = r"(?:الأحد|الاحد|الاثنين|الإثنين|الثلاثاء|الأربعاء|الاربعاء|الخميس|الجمعة|السبت)"
_DATE = regex.compile(
    rf"(?<!\p{{L}})(?:(?:و?في)\s)?(?:(?:يوم|فجر|صباح|مساء|ليلة|ظهر|شهر)\s)?(?:(?:يوم\s)?{_WEEKDAY}\s)?"
    rf"(?P<date>(?:(?:أوائل|أواخر|مطلع|منتصف|نهاية|بداية)\s(?:شهر\s)?)?(?:"
    rf"(?:(?<![\d٠-٩])[\d٠-٩]{{1,2}}\s(?:من\s)?|أول\s|{_ORDINAL}\sمن\s(?:شهر\s)?)?{_MONTH}(?:\s?/\s?{_MONTH})?(?:\s(?:من\s)?(?:عام\s|سنة\s)?{_YEAR})?"
    rf"|(?:(?:{_DECADE})\s)?{_CENTURY}|(?<=(?:عام|سنة|العام|السنة)\s){_YEAR}|(?<=(?:أوائل|أواخر|مطلع|منتصف|نهاية|بداية)\s)(?:عام|سنة)\s{_YEAR}|(?<=(?<!\p{{L}})في\s)(?:1[0-9]|20)\d\d\s?م?(?!\p{{L}}|\d|[.,]\d)))(?=$|[\s،.])"
)
_LEADS_DATE = regex.compile(
    rf"(?:\s(?:و?في|يوم|فجر|صباح|مساء|ليلة|ظهر|شهر|عام|سنة|العام|السنة|{_WEEKDAY}))+\s*$"
)
_HEDGED = regex.compile(
    r"(?:بين|من|منذ|حتى|إلى|الى|قبل|بعد|نحو|حوالي|أو|و|لغاية|غاية|ابتداء|اعتبارا|اعتبارًا|يومي|عامي|شهري|بحلول|[\d٠-٩])$"
)
# «دستور بلجيكا الصادر عام 1831»: the date is that of the constitution.
_OWN_DATE = regex.compile(
    r"\s(?:ال)?(?:صادر|مورخ|منعقد|موقع|مقرر|مولود|مبرم|واقع|متوفي|منتهي|معقود|منشور)ه?$"
)
_GOES_ON = regex.compile(
    r"^تقريب|^(?:أو|و|إلى|حتى|-|–)(?:\s|[\d٠-٩])|^و(?:[\d٠-٩]|عام|سنة|في\s[\d٠-٩])"
)
_DATELINE = regex.compile(r"^[\p{L}\s]{2,30}(?:\([^)]*\))?\s[-–—]\s(?=\p{L})")
_BRACKETS = regex.compile(r"\s\([^()]{1,60}\)")
# «في الصين، نشرت الحكومة …»: where it was is no part of what is asked.
_AHEAD = regex.compile(r"^و?(?:في|ب|عند|خلال|قرب)\s?[\p{L}\s]{3,40}،\s(?=\p{L})")
_END = regex.compile(
    r"[،؛:,](?!\d)|\s[–—-]\s|\s(?:بينما|فيما|لكن|حيث|بعدما|بعد أن|قبل أن|عندما|حين|مما|ما\s(?=[يت])|بحسب|وفق|وفقا|وفقًا|حسب|الذي|التي|اللذين|الذين|إذ|لأن|وهو|وهي|على أن|غير أن|إلا أن|من غير أن|ثم|حتى إن)\s"
    r"|[.؟!]\s|\sو(?=\p{L}{3,}(?:ت|وا)?\s)(?=(?:قال|قالت|أعلن|أعلنت|أكد|أكدت|أصبح|كان|كانت|صار|صارت|بلغ|بلغت|قد)\s)"
)


def _prepared(sentence: Clause) -> Clause:
    """The sentence without its dateline and brackets."""
    if found := _DATELINE.match(sentence.text):
        sentence = sentence.part(found.end())
    while found := _BRACKETS.search(sentence.text):
        sentence = sentence.without(*found.span())
    return sentence


def _clause(sentence: Clause) -> Clause:
    """The first clause without its full stop and what a comma adds."""
    text = sentence.text.rstrip(".؟! ")
    found = _END.search(text)
    clause = sentence.part(0, found.start() if found else len(text))
    # «ومات في دمشق ووضع كتابًا»: a second verb begins another statement.
    for second in regex.finditer(r"\s[وف](?P<verb>\p{L}[\p{L}\p{M}]{2,})(?=\s|$)", clause.text):
        verb = fold(second["verb"])
        bare = regex.sub(r"(?:وا|ها|هم|ه|تها|ته)$", "", verb)
        if second.start() > 12 and (_is_verb(verb) or (len(bare) > 2 and _is_verb(bare))):
            return clause.part(0, second.start())
    return clause


def _is_verb(folded: str) -> bool:
    bare = folded.removesuffix("ت")
    if folded in _NO_VERB:
        return False
    return (
        folded in _VERBS
        or bare in _VERBS
        or f"{bare}ي" in _VERBS
        or bool(_VERB_FORM.fullmatch(folded))
    )


def _opened(clause: str) -> tuple[str, int] | None:
    """The verb that opens the clause as written without «و», and where the rest begins."""
    found = _OPENS.match(clause)
    if found is None:
        return None
    verb, folded = found["verb"], fold(found["verb"])
    for bare, form in ((verb, folded), (verb[1:], folded[1:])):
        if bare is not verb and not (folded[:1] in ("و", "ف") and verb[:1] in ("و", "ف")):
            continue
        if _is_verb(form):
            return regex.sub(r"^\p{M}+", "", bare), found.end()
    return None


def _led(sentence: Clause) -> tuple[Clause, str, int] | None:
    """The first clause, the verb that opens it, and where the rest begins; None without a verb."""
    clause = _clause(_prepared(sentence))
    opened = _opened(clause.text)
    return None if opened is None else (clause, *opened)


# «الشركة» with nothing behind it is one told of before.
_TOLD_BEFORE = regex.compile(
    r"(?<!\p{L})(?:و|ب|ل)?(?:الشركه|البلديه|المدينتين|المدينه|البلده|القريه|الجامعه|المشروع|الفريق|النادي|المصنع|المستشفي|المنطقه|البلاد|الحركه|الحزب|المنظمه|اللجنه|المحكمه|الباب"
    r"|المتهم|المتهمين|الضحيه|الضحايا|الهالك|الهالكه|المظنون|الجاني|القاضي|الوفد|الوزير|الرييس|المدير|الكتاب|الفيلم|الروايه|القصيده|المعركه|الحادث|الحادثه|الجريمه|القضيه|الاتفاق|الاتفاقيه|القانون|القرار|العمل|المبني|القصر|القلعه|الجزيره|السفينه|الطائره|الوباء|المرض|الهدف|المباراه|البطوله|الجايزه|الموسسه|المكان|السلطات|السكان|الناس|الاهالي|الامر|الجزء|الفصل|الطبعه|العدد|المبلغ|النص|البرنامج|التنظيم|الفرقه|الملك|السلطان|الخليفه|الامير)"
    rf"(?=\s{_PREPOSITION}\s|\s\p{{L}}+[ًا]?$|$)"
)
_COUNTRIES = frozenset(
    """المغرب الجزاير العراق السعوديه الاردن لبنان الكويت البحرين اليمن السودان الصين الهند اليابان المانيا الامارات القاهره الرياض الخرطوم المنامه الدوحه الفاتيكان البرتغال البرازيل
الارجنتين المكسيك السويد النرويج الدنمارك النمسا المجر الفلبين السنغال الصومال الكاميرون الكونغو الاسكندريه القدس البصره الموصل اليونان اليونسكو الفيفا الناتو الكرملين البنتاغون الكونغرس العثمانيون الفرنسيون البريطانيون الانجليز الانكليز
الروس الاسبان البرتغاليون الايطاليون الالمان الاتراك المغول الصليبيون العباسيون الامويون الفاطميون المماليك الرومان الفرس العراقيون السوريون المصريون التونسيون الجزايريون اللبنانيون الفلسطينيون الاردنيون المغاربه""".split()
)


# They begin with a letter that may be a preposition.
_NAMED_SO = frozenset(
    """لينا ليلي لطفي لمياء لبني لويس ليندا بشار بشري بسام بلال باسم برهان بطرس بنيامين بسمه بثينه بهاء بشير باسل بديع بن بانش بو بول بوتفليقه بورقيبه بوش بوتين باراك بريطانيا بلجيكا بولندا بيروت باريس
    بغداد برلين بنغلاديش بلغاريا بابل بيزنطه لبنان ليبيا لندن لشبونه ليفربول لوثر بيتر بيكاسو بطليموس بلقيس بيبرس لجنه لواء لاعبو لاعبات بعثه بلديه بنك برلمان بطل بطله برنامج باحثون باحثات بركان بحاره بناوون""".split()
)


def _clear(words: str) -> bool:
    """Whether the words are understood by themselves: somebody is named right behind the verb."""
    folded = fold(words.strip())
    first = folded.split()[:2]
    if not first:
        return False
    bent = any(_SUFFIXED.fullmatch(word) for word in first) or any(
        word.endswith("ه") and not word.endswith("الله") for word in words.split()[:2]
    )
    led = first[0] not in _NAMED_SO and regex.fullmatch(
        rf"(?:{_PREPOSITION}|ان|انه|ب\p{{L}}+|ل\p{{L}}+)", first[0]
    )
    # «الرئيس في …»: which one? «الرئيس الفرنسي …» says it.
    alone = (
        first[0].startswith("ال")
        and first[0] not in _COUNTRIES
        and (
            len(first) == 1
            or bool(regex.fullmatch(rf"{_PREPOSITION}|[بلك](?!ال)\p{{L}}{{3,}}", first[1]))
        )
    )
    said = regex.search(r"(?<!\p{L})[وب]?ان(?!\p{L})", folded)
    if _TOLD_BEFORE.search(folded):
        return False
    return not (_REFERS.search(folded) or bent or led or said or alone)


# With these verbs the noun is what was won, held or written, so that who did it is told before.
_TAKING = frozenset("نال حاز تولي نظم كتب الف تسلم تلقي حصد ترجم درس قدم بدا انهي اكمل ترك".split())
_TAKEN = frozenset(
    """جايزه وسام ميداليه لقب شهاده رياسه وزاره منصب قياده اداره قصيده روايه كتاب كتابا ديوان مجله صحيفه رساله مذكرات دراسه
    عضويه مقعد الانتاج العمل الدراسه الحرب مسيره حياه مسرحيه مقال مقالا سيره موسوعه""".split()
)


def _agent_dropped(verb: str, rest: str) -> bool:
    """Whether only the object follows the verb: «نال جائزة نوبل»."""
    bare = fold(verb).removesuffix("ت")
    return (bare in _TAKING or f"{bare}ي" in _TAKING) and fold(rest).split()[0] in _TAKEN


def _joined(*parts: str) -> str:
    return " ".join(part.strip() for part in parts if part.strip()) + "؟"


def _when(sentence: Clause) -> Iterator[Phrased]:
    """From «تأسست جامعة كالفيرا عام 1821» to «متى تأسست جامعة كالفيرا؟»."""
    prepared = _prepared(sentence)
    if found := _AHEAD.match(prepared.text):
        after = prepared.part(found.end())
        if _opened(after.text) and not _DATE.search(found.group()):
            prepared = after
    front = regex.match(rf"(?:و?في|و?خلال)?\s?{_DATE.pattern}،?\s", prepared.text)
    if front and prepared.text.startswith(("في ", "وفي ")):
        # The date first: «وفي ديسمبر 2019 طرحت أرامكو …».
        clause = _clause(prepared.part(front.end()))
        opened = _opened(clause.text)
        rest = clause.text[opened[1] :] if opened else ""
        place = prepared.place(*_bare_date(front))
        if not opened or not rest.strip() or _agent_dropped(opened[0], rest):
            return
        if place and len(rest.split()) >= 2 and _clear(rest) and not _DATE.search(f" {rest}"):
            yield Phrased("date", place, _joined("متى", opened[0], rest))
        return
    between = regex.search(rf"،\s?{_DATE.pattern}،", prepared.text)
    if between and not regex.search(r"[،؛:]", prepared.text[: between.start()]):
        place = prepared.place(*_bare_date(between))
        clause = _clause(prepared.without(*between.span()))
        rest_of = clause.text
    else:
        clause = _clause(prepared)
        dates = [found for found in _DATE.finditer(clause.text) if found.start() > 0]
        if len(dates) != 1:
            return
        told = dates[0]
        ahead = _LEADS_DATE.sub("", clause.text[: told.start("date")]).rstrip()
        behind = clause.text[told.end() :].strip()
        if _HEDGED.search(ahead) or _OWN_DATE.search(fold(ahead)) or _GOES_ON.match(behind):
            return
        place = clause.place(*_bare_date(told))
        rest_of = f"{ahead} {behind}".strip()
    opened = _opened(rest_of)
    if opened is None or place is None:
        return
    verb, at = opened
    rest = rest_of[at:].strip()
    if (
        len(rest.split()) < 2
        or _agent_dropped(verb, rest)
        or not _clear(rest)
        or _DATE.search(f" {rest}")
        or regex.search(r"(?:في|عام|سنة|يوم)$", rest)
    ):
        return
    yield Phrased("date", place, _joined("متى", verb, rest))


def _bare_date(found: regex.Match[str]) -> tuple[int, int]:
    """The date without what says which calendar its year is of."""
    start, end = found.span("date")
    return start, end - len(found["date"]) + len(
        regex.sub(r"(?<=[\d٠-٩])\s?[مه]?\.?$", "", found["date"])
    )


_CITIES = frozenset(
    """القاهره الاسكندريه بيروت دمشق حلب حمص بغداد البصره الموصل عمان الرياض جده مكه الدوحه المنامه مسقط صنعاء عدن طرابلس بنغازي تونس صفاقس سوسه الجزاير وهران الرباط فاس مراكش طنجه
الخرطوم القدس غزه باريس لندن روما برلين مدريد لشبونه فيينا موسكو وارسو براغ بودابست اثينا اسطنبول انقره طهران كابول دلهي بكين طوكيو سيول نيويورك واشنطن بوسطن شيكاغو بروكسل امستردام
جنيف زيورخ ستوكهولم اوسلو كوبنهاغن هلسنكي دبلن كييف لاهاي فرنسا المانيا ايطاليا اسبانيا مصر سوريا لبنان العراق الاردن السودان ليبيا المغرب اليمن تركيا ايران الهند الصين اليابان روسيا
بريطانيا ايرلندا بولندا السويد النرويج هولندا بلجيكا سويسرا النمسا البرتغال اليونان البرازيل المكسيك كندا استراليا اثيوبيا نيجيريا كينيا الصومال""".split()
)
_KIND = r"(?:مدينة|بلدة|قرية|محافظة|ولاية|منطقة|العاصمة|جزيرة|إقليم|ميناء|مقاطعة|بمدينة|ضاحية|حي|مطار|ملعب|قصر|متحف|جامعة)"


_PLACED = regex.compile(
    rf"\sفي\s(?P<place>{_KIND}\s\p{{L}}+(?:\sال\p{{L}}+)?|\p{{L}}+)(?P<when>\s(?:(?:في\s)?(?:عام|سنة|يوم)\s)?{_DATE.pattern})?$"
)


_TAKING_PLACE = frozenset(
    """ولد توفي مات دفن قتل اغتيل وقع عقد انعقد اقيم افتتح اسس تاسس اجتمع التقي هبط تحطم غرق اعدم نفي اعتقل نشا درس عثر اكتشف بني شيد اندلع
    سجن صدر اصدر عرض ظهر استقر تظاهر تجمع انفجر يقام تقام تعقد يعقد تسحب استشهد اصيب سقط تخرج انشي انتخب توج جرت""".split()
)


def _takes_place(verb: str) -> bool:
    bare = fold(verb).removesuffix("ت")
    return fold(verb) in _TAKING_PLACE or bare in _TAKING_PLACE or f"{bare}ي" in _TAKING_PLACE


def _where(sentence: Clause) -> Iterator[Phrased]:
    """From «ولد الشاعر زهير المنصور في مدينة طنطا» to «أين ولد الشاعر زهير المنصور؟»."""
    led = _led(sentence)
    if led is None:
        return
    clause, verb, at = led
    found = _PLACED.search(clause.text)
    if found is None or found.start() < at or not _takes_place(verb):
        return
    if regex.match(rf".*?،\s?{_DATE.pattern}", sentence.text[len(clause.text) :][:60]):
        return  # what was done is told behind the date
    if not regex.match(_KIND, found["place"]) and fold(found["place"]) not in _CITIES:
        return
    rest = clause.text[at : found.start()].strip()
    if len(rest.split()) >= 2 and _clear(rest) and not regex.search(r"(?<!\p{L})في(?!\p{L})", rest):
        asked = _joined("أين", verb, rest, found["when"] or "")
        yield from clause.asked("place", found.span("place"), asked)


_ONE_OF = dict(
    pair.split("=")
    for pair in """أشخاص=شخصًا اشخاص=شخصًا سنوات=سنة أعوام=عامًا أشهر=شهرًا أيام=يومًا ساعات=ساعة دقائق=دقيقة جنود=جنديًا قتلى=قتيلًا جرحى=جريحًا مقاعد=مقعدًا دول=دولة
مدارس=مدرسة مواطنين=مواطنًا أطفال=طفلًا عمال=عاملًا نقاط=نقطة كتب=كتابًا صواريخ=صاروخًا منازل=منزلًا قرى=قرية جزر=جزيرة أهداف=هدفًا لاعبين=لاعبًا سفن=سفينة مباريات=مباراة
مرات=مرة نساء=امرأة رجال=رجلًا طلاب=طالبًا أفلام=فيلمًا جوائز=جائزة ميداليات=ميدالية أحزاب=حزبًا نواب=نائبًا قتلة=قاتلًا لغات=لغة مدن=مدينة أسرى=أسيرًا رهائن=رهينة آلاف=ألفًا""".split()
)


def _counted(sentence: Clause) -> Iterator[Phrased]:
    """From «أسقطت روسيا 57 طائرة مسيّرة في كورسك» to «كم طائرة مسيّرة أسقطت روسيا في كورسك؟»."""
    led = _led(sentence)
    if led is None:
        return
    clause, verb, at = led
    text = clause.text
    for value in values_in(text):
        if value.kind != "number" or value.amount is None or value.high is not None:
            continue
        noun = _NOUN.match(text, pos=value.core)
        if value.start < at or value.amount.denominator != 1 or noun is None:
            continue
        counted = _after_how_many(noun["noun"], int(value.amount), bool(noun["more"]))
        before, rest = text[at : value.start].strip(), text[noun.end() :].strip()
        if counted is None or not _is_object(before, noun["more"]):
            continue
        if len(f"{before} {rest}".split()) < 2 or not _clear(f"{before} {rest}"):
            continue
        asked = _joined(f"كم {counted}{noun['more']}", verb, before, rest)
        yield from clause.asked("number", (value.start, value.core), asked)


_NOUN = regex.compile(
    rf"\s(?P<noun>\p{{L}}[\p{{L}}\p{{M}}]+)(?P<more>(?:\s(?!{_PREPOSITION}\s)[\p{{L}}\p{{M}}]+){{0,2}})(?=\s{_PREPOSITION}\s|$)"
)
# Behind these it is another thing than the verb's object that is counted: «أول 36 مراقبا», «ممثلو 52 دولة».
_COUNTED_ELSEWHERE = regex.compile(
    rf"(?<!\p{{L}})(?:{_PREPOSITION}|[لب]\p{{L}}{{3,}})(?!\p{{L}})"
    r"|(?:نحو|حوالي|أكثر|قرابة|زهاء|مقتل|ب|عدد|إصابة|إسقاط|اعتقال|سقوط|وفاة|أول|آخر|مدة|عمر|رقم|كل|نسبة|أو|بـ"
    r"|و|ها|قادة|زعماء|رؤساء|وفود|وزراء|أعضاء|سكان|ممثلي|مندوبي|أهالي|مصرع|حصار)$"
)


def _is_object(before: str, more: str) -> bool:
    """Whether what is counted is the verb's object: only the subject stands between them."""
    if not before or _COUNTED_ELSEWHERE.search(before):
        return False
    # Another verb in between, or one that tells more of what is counted; «ًا» may end an adverb.
    if any(word[0] == "و" and len(word) > 3 for word in before.split()):
        return False
    telling = any(
        _is_verb(fold(word))
        or regex.match(r"\p{L}\u064f", word)  # «صُهرت»
        or regex.fullmatch(_PREPOSITION, word)
        for word in more.split()
    )
    return not telling and not more.endswith(("ًا", "اً"))


def _after_how_many(noun: str, number: int, more: bool) -> str | None:
    """The noun as it stands behind «كم»: singular and accusative. None where it is a plural."""
    two = number % 100
    if 3 <= two <= 10 and not more:
        if noun in _ONE_OF:
            return _ONE_OF[noun]
        return f"{noun[:-2]}ة" if noun.endswith("ات") and len(noun) > 4 else None
    if 11 <= two <= 99:
        return noun if noun.endswith(("ة", "ًا", "ا", "اً")) else None
    if number >= 100 and two == 0:
        if noun.endswith("ة"):
            return noun
        # «1200 شخص» ← «كم شخصًا»; an adjective behind it would have to follow.
        return None if more or noun.endswith(("ى", "اء", "ا", "ي", "ين")) else f"{noun}ًا"
    return None


def _reached(sentence: Clause) -> Iterator[Phrased]:
    """From «بلغ معدل التضخم في تيرافيا 4%» to «كم بلغ معدل التضخم في تيرافيا؟»."""
    clause = _clause(_prepared(sentence))
    text = clause.text
    found = regex.match(
        r"^(?:و)?(?:قد\s)?(?P<verb>(?:ست|سي|ي|ت)?بلغ(?:ت)?|تكلف|كلف|كلّف|كلفت|كلّفت|(?:ي|ت)?ناهز(?:ت)?|وصل(?:ت)?)\s",
        text,
    )
    if found is None:
        return
    for value in values_in(text):
        if value.kind not in ("number", "share", "money", "measure") or value.bound:
            continue
        if value.kind != "money" and fold(found["verb"]).endswith(("كلف", "كلفت")):
            continue  # «كلّف الرئيس …» is somebody
        subject = text[found.end() : value.start].strip()
        rest = text[value.end :].strip()
        subject = regex.sub(
            r"\s(?:نحو|حوالي|قرابة|زهاء|إلى)(?:\s(?:نحو|حوالي|قرابة))?$", "", subject
        )
        if value.kind == "number":
            counted = regex.match(r"(?:\p{L}[\p{L}\p{M}]+)?", rest)
            rest = (
                rest[counted.end() :].strip()
                if counted and not regex.match(rf"{_PREPOSITION}(?!\p{{L}})", rest)
                else rest
            )
        if len(subject.split()) < 3 or not _clear(f"{subject} {rest}"):
            continue
        if rest and not regex.match(rf"{_PREPOSITION}\s", rest):
            continue
        if regex.search(r"\d|من$|بين$|أكثر|أقل", subject):
            continue
        asked = _joined(f"كم {found['verb']}", subject, rest)
        yield from clause.asked("number", (value.start, value.end), asked)


_ROLE = (
    r"(?:رئيس|رئيسة|وزير|وزيرة|محافظ|حاكم|سفير|سفيرة|قائد|مدير|مديرة|المدير العام ل\p{L}+|الرئيس التنفيذي ل\p{L}+|المتحدث باسم|المتحدثة باسم|المتحدث الرسمي باسم|الناطق باسم|الناطق الرسمي باسم|الناطقة باسم"
    r"|أمين عام|الأمين العام ل\p{L}+|الأمينة العامة ل\p{L}+|الكاتب العام ل\p{L}+|مؤسس|مؤسسة|نائب رئيس|مدرب|عميد|نقيب|والي|مفتي|أمير|ملك|عمدة|قائدة|مديرة|رئيس بلدية)"
)
_NAME = r"(?P<name>(?!ال)\p{L}[\p{L}\p{M}]+(?:\s(?:بن|أبو|بو|آل|عبد)\s?(?:ال)?[\p{L}\p{M}]+|\s\p{L}[\p{L}\p{M}]+){1,2})"


def _office(sentence: Clause) -> Iterator[Phrased]:
    """From «وقال وزير الصحة اللبناني فراس الأبيض إن …» to «من هو وزير الصحة اللبناني؟»."""
    close = rf"(?<!\p{{L}})(?:و|ل)?(?P<office>{_ROLE}(?:\s\p{{L}}[\p{{L}}\p{{M}}]+){{0,4}}?\sال\p{{L}}+)\s(?P<name>(?!ال)\p{{L}}[\p{{L}}\p{{M}}]+\s\p{{L}}[\p{{L}}\p{{M}}]+)(?=\s(?:إن|أن|إنّ|أنّ|بأن|عن)\s|،|\.$)"
    # «رئيس جمعية "أحبك تونس"، وليد بن حسن، …»: commas show where the name begins and ends.
    apart = rf"(?<!\p{{L}})(?:و|ل)?(?P<office>{_ROLE}(?:\s[\p{{L}}\p{{M}}]+){{1,6}}?)،\s{_NAME}(?=،|\s(?:إن|أن|إنّ|أنّ|بأن)\s)"
    for pattern, parted in ((close, False), (apart, True)):
        for found in regex.finditer(pattern, sentence.text):
            office, name = _UNTITLED.sub("", found["office"]), found["name"]
            if not _is_name(name) or not _is_office(office, parted):
                continue
            asked = "من هي" if office.split()[0].endswith("ة") else "من هو"
            yield from sentence.asked("person", found.span("name"), f"{asked} {office}؟")


_UNTITLED = regex.compile(
    r"\s(?:الدكتور|الدكتورة|اللواء|العميد|العقيد|السيد|السيدة|الشيخ|المهندس|المهندسة|الجنرال|الأستاذ|المقال|المستقيل)$"
)


def _is_name(name: str) -> bool:
    words = [fold(word) for word in name.split()]
    if (
        regex.match(r"[بل]\p{L}{3,}", words[0])
        and words[1].startswith("ال")
        and words[0] not in _NAMED_SO
    ):
        return False  # «لكرة القدم»
    return not any(
        word in _NO_NAME
        or word.startswith(("لل", "بال", "وال", "كال"))
        or (_VERB_FORM.fullmatch(word) and len(word) > 4)
        or (regex.match(r"[يتن]\p{L}{4}", word) is not None and number == 0 and word in _PRESENT)
        for number, word in enumerate(words)
    )


def _is_office(office: str, parted: bool) -> bool:
    words = office.split()
    folded = [fold(word) for word in words]
    if (
        len(words) < 2
        or len(set(folded)) < len(folded)
        or any(word in _PRESENT or word in _NO_NAME - {"السابق"} for word in folded[1:])
    ):
        return False
    if (
        len(words) == 2
        and words[1].startswith("ال")
        and regex.match(r"(?:رئيس|وزير|مدير)", words[0])
    ):
        return False  # of which country, of which house?
    if parted:
        return _clear(" ".join(words[1:])) or not regex.search(r"(?:ه|ها|هم)$", words[-1])
    if not words[-1].startswith("ال") or office.endswith("الله") or not _clear(office):
        return False
    # «رئيس التحرير» of what? «رئيس الحكومة» of which country? A second word says it.
    return not regex.search(r"\s(?:في|من|على|و\p{L}+)(?:\s|$)", office) and len(words) > 2


_NO_NAME = frozenset(
    """في من علي عن الي ان قد هو هي خلال بعد قبل اليوم امس مساء صباح يوم عام وقال وقالت قال قالت اعلن رسميا فجر ليل لدي مع اثناء ضمن
    حول بين كما ثم السابق السابقه الحالي الحاليه الراحل بشكل بصفه وفدا عددا سابقا لمكافحه علما حسب وفق ليلا صباحا مساء نحو كل بعض اي غير وزير رييس مدير نايب عضو قايد محافظ سفير ملك امير
    ابرز اعرب شدد لفت نوه اعتبر اوضح ابلغ اكد افاد اضاف اشار دعا صرح نفي طالب وصف حذر كشف عبر ابدي يبحث لوكاله لقناه لمراسل لصحيفه لاذاعه لموقع لدى هذه هذا ذلك الذي التي كان كانت ايضا فيما بينما حيث ما لا لم لن""".split()
)
_PRESENT = frozenset(
    """يدعو يستقبل يوكد يعلن يطالب يقول يكشف يحذر ينفي يشرف يفتتح يزور يلتقي يقدم يرد يعلق يتحدث يتهم يرفض يقترح يصرح يدين يوضح يتسلم يعد يقاطع تدعو تستقبل توكد تعلن تطالب تقول تكشف""".split()
)


def _reported(sentence: Clause) -> Iterator[Phrased]:
    """From «قالت الوزيرة سلمى خوري إن الجسر سيفتح في مايو» to «من قال إن الجسر سيفتح في مايو؟»."""
    for what, who in reported(sentence.text, _REPORTS):
        if _is_speaker(sentence.text[who.start : who.end]) and _holds_news(what):
            yield Phrased("person", who, f"من قال إن {what}؟")


_REPORTS = regex.compile(
    r"(?<!\p{L})و?(?:قال|أعلن|أكد|أكّد|أوضح|أضاف|ذكر|كشف|اعتبر|أفاد|صرح|صرّح|أشار|بين|بيّن|رأى|حذر|حذّر)(?:ت)?\s[^،.]*?(?:،[^،.]{2,50}،)?[^،.]*?(?<!\p{L})(?:إن|أن|إنّ|أنّ|بأن|أنَّ)\s(?P<what>(?:[^.،؛:«»\"؟!()]|\.(?=\d))+)(?=\.?\s*$)"
)


def _holds_news(what: str) -> bool:
    """Whether it can be told from other news: a number or seven words, and nothing told before."""
    folded = fold(what)
    words = len(what.split())
    return (
        (5 if any(character.isdigit() for character in what) else 7) <= words <= 18
        and not _TOLD_BEFORE.search(folded)
        # «أن ينسوا» is what is wanted, not what is.
        and (not regex.match(r"[يت]\p{L}{2,}", folded) or folded.split()[0] in _CITIES)
        and not _REFERS.search(folded)
        and not _SUFFIXED.search(folded)
        and not regex.search(rf"(?:{_PREPOSITION}|ان|التي|الذي|قد)$", folded)
    )


def _is_speaker(name: str) -> bool:
    folded = fold(name)
    return not (
        len(name.split()) < 2
        or _REFERS.search(folded)
        or any(word.endswith(("ه", "ها")) for word in name.split())
        or regex.search(r"(?<!\p{L})(?:وهو|وهي|في|من|قد|على|عن|خلال|ان|كل)(?!\p{L})", name)
        or regex.match(
            r"(?:ال)?(?:ه|ها|هم|هو|هي|انه|انها|بيان|نص|تقرير|مصدر|مصادر|دراسه|بلاغ|صحيفه|موقع|وكاله|قناه|شاهد|شهود|ذات|نفس|عدد|ادله|مسوولون|خبراء|[فل]\p{L}{3,})\b",
            folded,
        )
    )


def _quoted(sentence: Clause) -> Iterator[Phrased]:
    """Who said the quoted words, where the sentence names the speaker."""
    for said, who in quotations(sentence.text):
        # «تلميذه», «يعمل فيه» are understood in the article alone.
        if not _is_speaker(sentence.text[who.start : who.end]):
            continue
        yield Phrased("person", who, f"من قال: «{said}»؟")


RULES = (_office, _counted, _reached, _when, _where, _quoted, _reported)
