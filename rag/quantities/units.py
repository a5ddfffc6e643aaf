"""Units, currencies, shares, ordinals and counted nouns of both languages, as data.

Every word stands in the folded form (:mod:`rag.folding`). A unit maps to the base unit it is
compared in and its size there; only sizes that are exact are given, so months and years stay apart
from days.
"""

from __future__ import annotations

from fractions import Fraction

# base unit: size → the words for it
_MEASURES: dict[str, dict[Fraction, str]] = {
    "metre": {
        Fraction(1): "m metre metres meter meters متر مترا امتار",
        Fraction(1000): "km kms kilometre kilometres kilometer kilometers كم كلم كيلومتر كيلومترا كيلومترات",
        Fraction(1, 100): "cm centimetre centimetres centimeter centimeters سم سنتيمتر سنتيمترا سنتيمترات",
        Fraction(1, 1000): "mm millimetre millimetres millimeter millimeters ملم مليمتر مليمترا مليمترات",
    },
    "mile": {Fraction(1): "mile miles ميل ميلا اميال"},
    "foot": {Fraction(1): "ft foot feet قدم قدما اقدام"},
    "inch": {Fraction(1): "inch inches بوصه بوصات"},
    "gram": {
        Fraction(1): "g gram grams gramme grammes غرام غراما غرامات جرام جراما جرامات",
        Fraction(
            1000
        ): "kg kgs kilo kilos kilogram kilograms كغ كغم كجم كيلوغرام كيلوغراما كيلوغرامات كيلوجرام كيلوجراما كيلوجرامات كيلو",
        Fraction(10**6): "tonne tonnes ton tons طن طنا اطنان",
    },
    "pound weight": {Fraction(1): "lb lbs رطل رطلا ارطال"},
    "litre": {Fraction(1): "litre litres liter liters لتر لترا لترات ليتر ليترا ليترات"},
    "barrel": {Fraction(1): "barrel barrels برميل برميلا براميل"},
    "yard": {Fraction(1): "yard yards يارده ياردات"},
    "ounce": {Fraction(1): "ounce ounces oz اونصه اونصات اوقيه اوقيات"},
    "gallon": {Fraction(1): "gallon gallons غالون غالونا غالونات جالون جالونا جالونات"},
    "square metre": {
        Fraction(1): "m2 sqm",
        Fraction(10**4): "hectare hectares هكتار هكتارا هكتارات",
        Fraction(10**6): "km2",
    },
    "acre": {Fraction(1): "acre acres"},
    "feddan": {Fraction(1): "feddan feddans فدان فدانا افدنه"},
    "dunam": {Fraction(1): "dunam dunams دونم دونما دونمات"},
    "byte": {
        Fraction(10**3): "kb kilobyte kilobytes كيلوبايت",
        Fraction(10**6): "mb megabyte megabytes ميغابايت ميجابايت",
        Fraction(10**9): "gb gigabyte gigabytes غيغابايت جيجابايت",
        Fraction(10**12): "tb terabyte terabytes تيرابايت",
    },
    "hertz": {
        Fraction(1): "hz hertz هرتز",
        Fraction(10**6): "mhz megahertz ميغاهرتز ميجاهرتز",
        Fraction(10**9): "ghz gigahertz غيغاهرتز جيجاهرتز",
    },
    "watt": {
        Fraction(1): "watt watts واط واطا",
        Fraction(1000): "kw kilowatt kilowatts كيلوواط كيلووات",
        Fraction(10**6): "mw megawatt megawatts ميغاواط ميغاوات ميجاواط ميجاوات",
        Fraction(10**9): "gw gigawatt gigawatts غيغاواط جيجاواط جيجاوات",
    },
    "degree": {Fraction(1): "degree degrees درجه درجات °"},
    "second": {
        Fraction(1): "second seconds secs ثانيه ثواني ثوان",
        Fraction(60): "minute minutes mins دقيقه دقايق",
        Fraction(3600): "hour hours hrs ساعه ساعات",
        Fraction(86400): "day days يوم يوما ايام",
        Fraction(604800): "week weeks اسبوع اسبوعا اسابيع",
        Fraction(1209600): "fortnight fortnights",
    },
    "month": {
        Fraction(1): "month months شهر شهرا اشهر شهور",
        Fraction(12): "year years yrs سنه سنوات سنين عام عاما اعوام",
        Fraction(120): "decade decades عقد عقدا عقود",
        Fraction(1200): "century centuries قرن قرنا قرون",
    },
    "time": {Fraction(1): "times مره مرات"},
}  # fmt: skip
MEASURES: dict[str, tuple[str, Fraction]] = {
    word: (base, size)
    for base, sizes in _MEASURES.items()
    for size, words in sizes.items()
    for word in words.split()
}
# A unit of its own after «مربع» or "square" beside a length.
SQUARE = frozenset({"square", "sq", "مربع", "مربعا", "مربعه"})
CUBIC = frozenset({"cubic", "cu", "مكعب", "مكعبا", "مكعبه"})
PER_HOUR = ("per hour", "an hour", "في الساعه", "بالساعه", "/h", "/س")

CURRENCIES: dict[str, str] = {
    word: currency
    for currency, words in {
        "dollar": "$ dollar dollars دولار دولارا دولارات",
        "dollar us": "usd",
        "dollar ca": "cad",
        "dollar au": "aud",
        "euro": "€ euro euros eur يورو اورو",
        "pound": "pound pounds جنيه جنيها جنيهات",
        "pound gb": "£ gbp sterling استرليني",
        "pound eg": "egp",
        "yen": "¥ yen jpy ين",
        "yuan": "yuan cny renminbi يوان يوانا",
        "ruble": "ruble rubles rouble roubles rub روبل روبلا روبلات",
        "riyal": "riyal riyals rial rials ريال ريالا ريالات",
        "riyal sa": "sar",
        "riyal qa": "qar",
        "dinar": "dinar dinars دينار دينارا دنانير",
        "dinar kw": "kwd",
        "dinar iq": "iqd",
        "dinar jo": "jod",
        "dirham": "dirham dirhams درهم درهما دراهم",
        "dirham ae": "aed",
        "dirham ma": "mad",
        "lira": "lira liras ليره ليرات",
        "lira tr": "try",
        "lira lb": "lbp",
        "lira sy": "syp",
        "riyal ye": "yer",
        "riyal om": "omr",
        "dinar bh": "bhd",
        "dinar tn": "tnd",
        "dinar dz": "dzd",
        "dinar ly": "lyd",
        "pound sd": "sdg",
        "franc ch": "chf",
        "rupee in": "inr",
        "rupee pk": "pkr",
        "cent": "cent cents سنت سنتا سنتات",
        "penny": "penny pence بنس بنسا",
        "piastre": "piastre piastres piaster piasters قرش قرشا قروش",
        "fils": "fils فلس فلسا",
        "halala": "halala halalas هلله هللات",
        "krone": "krone kroner krona kronor كرونه كرونات",
        "zloty": "zloty zlotys زلوتي",
        "peso": "peso pesos بيزو",
        "toman": "toman tomans تومان",
        "bitcoin": "bitcoin bitcoins بيتكوين بتكوين",
        "shekel": "₪ shekel shekels ils شيكل شيقل شواكل شيكلا",
        "rupee": "rupee rupees روبيه روبيات",
        "hryvnia": "hryvnia hryvnias uah هريفنيا",
        "franc": "franc francs فرنك فرنكا فرنكات",
    }.items()
    for word in words.split()
}  # fmt: skip
# Codes that stand before the number too; not those that are English words.
CODES = frozenset(
    """usd cad aud eur gbp egp jpy cny rub sar qar kwd iqd jod aed ils uah lbp syp yer omr bhd tnd dzd lyd sdg chf inr
    pkr""".split()
)  # fmt: skip
# Whose money it is: «جنيه مصري», «دنانير كويتية», "Egyptian pounds".
COUNTRIES: dict[str, str] = {
    form: country
    for country, words in {
        "us": "us american امريكي امريكيا اميركي اميركيا u.s",
        "ca": "canadian كندي كنديا",
        "au": "australian استرالي استراليا",
        "gb": "british sterling استرليني استرلينيا بريطاني",
        "eg": "egyptian مصري مصريا مصريه",
        "sd": "sudanese سوداني سودانيا",
        "lb": "lebanese لبناني لبنانيه",
        "sy": "syrian سوري سوريه",
        "tr": "turkish تركي تركيه",
        "sa": "saudi سعودي سعوديا",
        "qa": "qatari قطري قطريا",
        "ye": "yemeni يمني يمنيا",
        "om": "omani عماني عمانيا",
        "ir": "iranian ايراني ايرانيا",
        "kw": "kuwaiti كويتي كويتيا",
        "iq": "iraqi عراقي عراقيا",
        "jo": "jordanian اردني اردنيا",
        "tn": "tunisian تونسي تونسيا",
        "dz": "algerian جزايري جزايريا",
        "bh": "bahraini بحريني بحرينيا",
        "ae": "emirati uae اماراتي اماراتيا",
        "ma": "moroccan مغربي مغربيا",
        "ru": "russian روسي روسيا",
        "in": "indian هندي هنديا هنديه",
        "jp": "japanese ياباني يابانيا",
        "cn": "chinese صيني صينيا",
        "ch": "swiss سويسري سويسريا",
        "ly": "libyan ليبي ليبيا",
        "pk": "pakistani باكستاني",
        "no": "norwegian نرويجي نرويجيا",
        "se": "swedish سويدي سويديا",
        "dk": "danish دنماركي دنماركيا",
        "mx": "mexican مكسيكي مكسيكيا",
    }.items()
    for word in words.split()
    for form in ((word, word + "ه") if word.endswith("ي") else (word,))
}
# A "pound" of these countries is what Arabic calls a lira.
LIRA_POUNDS = frozenset({"lb", "sy"})  # fmt: skip

PERCENT = r"%|٪|percent\b|per cent\b|pct\b|(?:في|ب)\s*ال(?:ميه|مايه)\b|بالميه\b|بالمايه\b|ميويه\b"

FRACTIONS: dict[str, Fraction] = {
    "half": Fraction(1, 2), "نصف": Fraction(1, 2),
    "third": Fraction(1, 3), "ثلث": Fraction(1, 3), "ثلثي": Fraction(2, 3), "ثلثا": Fraction(2, 3),
    "ثلثين": Fraction(2, 3), "ثلثان": Fraction(2, 3),
    "quarter": Fraction(1, 4), "ربع": Fraction(1, 4),
    "خمس": Fraction(1, 5), "سدس": Fraction(1, 6), "عشر": Fraction(1, 10),
    "ارباع": Fraction(1, 4), "اخماس": Fraction(1, 5), "fourth": Fraction(1, 4), "fifth": Fraction(1, 5),
    "sixth": Fraction(1, 6), "eighth": Fraction(1, 8), "tenth": Fraction(1, 10),
}  # fmt: skip

_ORDINALS_AR = {
    1: "اول اولي", 2: "ثان ثاني ثانيه", 3: "ثالث ثالثه", 4: "رابع رابعه", 5: "خامس خامسه",
    6: "سادس سادسه", 7: "سابع سابعه", 8: "ثامن ثامنه", 9: "تاسع تاسعه", 10: "عاشر عاشره",
}  # fmt: skip
ORDINALS: dict[str, int] = {word: n for n, words in _ORDINALS_AR.items() for word in words.split()}
# «الحادي عشر», «الحادي والعشرون»: only together with the tens.
ORDINAL_ELEVEN = frozenset("حادي حاديه".split())
ORDINAL_TENS: dict[str, int] = {
    word: 10 * n
    for n, root in enumerate("عشر ثلاث اربع خمس ست سبع ثمان تسع".split(), 2)
    for word in (f"{root}ون", f"{root}ين")
}
ORDINALS_EN: dict[str, int] = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50,
    "sixtieth": 60, "seventieth": 70, "eightieth": 80, "ninetieth": 90, "hundredth": 100,
}  # fmt: skip

# Nouns whose dual is a count: «يومان», «أسبوعين». Units keep their unit.
_DUAL_STEMS = {
    "يوم": "day", "اسبوع": "week", "شهر": "month", "سنت": "year", "عام": "year", "ساعت": "hour",
    "دقيقت": "minute", "ثانيت": "second", "مرت": "times", "عقد": "decade", "قرن": "century",
    "كيلومتر": "km", "متر": "metre", "طن": "ton", "برميل": "barrel", "درجت": "degree",
    "دولار": "dollar", "جنيه": "pound", "ريال": "riyal", "دينار": "dinar", "درهم": "dirham",
    "شخص": "", "رجل": "", "امرات": "", "طفل": "", "طفلت": "", "فتات": "", "شاب": "",
    "قتيل": "", "جريح": "", "جندي": "", "ضابط": "", "شرطي": "",
    "اسير": "", "رهينت": "", "سايح": "", "طالب": "",
    "دولت": "", "مدينت": "", "قريت": "", "بلدت": "", "محافظت": "", "منزل": "", "مبني": "",
    "صاروخ": "", "طايرت": "", "سفينت": "", "سيارت": "", "شاحنت": "", "قذيفت": "", "هدف": "",
    "هجوم": "", "انفجار": "", "غارت": "", "زلزال": "", "اتفاقيت": "", "اتفاق": "", "كتاب": "",
    "شركت": "", "جامعت": "", "مدرست": "", "مستشفي": "", "مقعد": "", "صوت": "", "نقطت": "",
    "مبارات": "", "جولت": "", "ميداليت": "", "جايزت": "", "بطولت": "",
    "جسر": "", "مبن": "", "بنايت": "", "بيت": "", "شقت": "", "غرفت": "", "طابق": "", "فندق": "", "متجر": "",
    "مصنع": "", "محطت": "", "قاعدت": "", "مطار": "", "مسجد": "", "كنيست": "", "معبد": "", "سد": "", "طريق": "",
    "شارع": "", "ملعب": "", "مركز": "", "مخيم": "", "مستوطنت": "", "سجن": "", "معبر": "", "حاجز": "",
    "مسيرت": "", "مروحيت": "", "مقاتلت": "", "دبابت": "", "مدرعت": "", "زورق": "", "قارب": "", "ناقلت": "",
    "قنبلت": "", "عبوت": "", "رصاصت": "", "طلقت": "", "ضربت": "", "عمليت": "", "حادثت": "", "حريق": "",
    "حافلت": "", "قطار": "", "عربت": "", "دراجت": "", "طبيب": "", "وزير": "", "نايب": "", "سفير": "",
    "رييس": "", "شقيق": "", "شقيقت": "", "سيدت": "", "شهيد": "", "سجين": "", "ضحيت": "", "جثت": "", "ولد": "",
    "حزب": "", "فريق": "", "قانون": "", "قرار": "", "مشروع": "", "مرحلت": "", "اجتماع": "", "جلست": "", "خطوت": "",
    "صفقت": "", "وثيقت": "", "صورت": "", "فيلم": "", "روايت": "", "لوحت": "", "حالت": "", "لغت": "", "نسخت": "",
    "بطاقت": "", "جزيرت": "", "منطقت": "", "ناحيت": "", "قسم": "", "فصل": "", "قطعت": "", "سبب": "",
}  # fmt: skip
# «مصابين» may be any number of them, «مصابان» are two.
_PLURAL_IN_EEN = {
    "مدني": "", "مصاب": "", "مواطن": "", "صحفي": "", "صحافي": "", "عامل": "", "لاعب": "", "مقاتل": "", "مسلح": "",
    "مسعف": "", "معتقل": "", "متهم": "", "نازح": "", "مهاجر": "", "مرشح": "", "ناشط": "", "معلم": "", "موظف": "", "لاجي": "", "مشتبه": "",
}  # fmt: skip
DUALS: dict[str, str] = {
    **{stem + ending: unit for stem, unit in _DUAL_STEMS.items() for ending in ("ان", "ين")},
    **{f"{stem}ان": unit for stem, unit in _PLURAL_IN_EEN.items()},
}
# Nouns that make «واحد» and "one" a count rather than a pronoun.
SINGULAR = frozenset(
    """شخص رجل امراه طفل طفله مدني قتيل جريح مصاب جندي ضابط صحفي صحافي مواطن اسير دوله مدينه قريه منزل صاروخ طايره
    هدف صوت مقعد نقطه كتاب
    person man woman child civilian soldier officer journalist citizen prisoner country city village house
    missile drone plane goal vote seat point book death""".split()
)

HIJRI_MONTHS: dict[str, int] = {
    "محرم": 1, "صفر": 2, "ربيع الاول": 3, "ربيع الاخر": 4, "ربيع الثاني": 4, "جمادي الاولي": 5,
    "جمادي الاخره": 6, "جمادي الثانيه": 6, "رجب": 7, "شعبان": 8, "رمضان": 9, "شوال": 10,
    "ذو القعده": 11, "ذي القعده": 11, "ذو الحجه": 12, "ذي الحجه": 12,
    "muharram": 1, "safar": 2, "rabi al-awwal": 3, "rabi al-thani": 4, "rabi al-akhir": 4,
    "jumada al-ula": 5, "jumada al-awwal": 5, "jumada al-thani": 6, "jumada al-akhira": 6,
    "rajab": 7, "shaban": 8, "sha'ban": 8, "ramadan": 9, "shawwal": 10, "dhu al-qadah": 11,
    "dhu al-hijjah": 12, "dhul hijjah": 12, "dhul qadah": 11,
}  # fmt: skip

# Months of the hijra that are also people's names, a number or an ordinary word.
HIJRI_NAMES = frozenset("محرم صفر رجب شعبان شوال rajab shaban sha'ban safar".split())

# Morocco's names; those of Algeria and Tunisia are in rag.languages.arabic.
MAGHREBI_MONTHS: dict[str, int] = {
    "يوليوز": 7, "غشت": 8, "شتنبر": 9, "نونبر": 11, "دجنبر": 12,
}  # fmt: skip

DECADES: dict[str, int] = {
    word: 10 * n
    for n, (root, english) in enumerate(
        zip(
            "عشرين ثلاثين اربعين خمسين ستين سبعين ثمانين تسعين".split(),
            "twenties thirties forties fifties sixties seventies eighties nineties".split(),
            strict=True,
        ),
        2,
    )
    for word in (root + "ات", root + "يات", english)
}

WEEKDAYS: dict[str, int] = {
    word: n
    for n, words in enumerate(
        "monday الاثنين الاثنان|tuesday tue tues الثلاثاء|wednesday الاربعاء"
        "|thursday thu thur thurs الخميس|friday fri الجمعه|saturday السبت|sunday الاحد".split("|")
    )
    for word in words.split()
}

# Nouns behind a number that is no year.
COUNTED = frozenset(
    """people persons soldiers civilians prisoners deaths houses homes families students workers schools
    شخص شخصا جندي جنديا مدني مدنيا اسير اسيرا مواطن مواطنا منزل منزلا اسره عايله طالب طالبا عامل عاملا قتيل قتيلا
    اوكراني روسي جريح جريحا مصاب مصابا ضحيه موظف موظفا لاجي لاجيا نازح نازحا""".split()
)
