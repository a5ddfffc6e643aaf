"""Names in two scripts: the same name spelt differently, and names that only sound alike.

A name becomes a row of sounds. Consonants fall into small classes (ق with k and g, ش with sh and s);
a long Arabic vowel must meet a vowel of its kind, a short Latin one may have none. So محمد meets
Mohamed and Muhammad but neither محمود nor Mahmoud. Names that are not transliterated at all (مصر,
Egypt) stand in a list. It is made to say no where it is not sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

import regex

from rag.folding import fold, fold_with_origins
from rag.languages import rules_for
from rag.types import LANGUAGES


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it stands at the original ``[start, end)``."""

    text: str
    start: int
    end: int


# Names that each language has a word of its own for, or spells too freely; in the folded form.
_EXONYMS = """
egypt = مصر; greece = اليونان; germany = المانيا; france = فرنسا; hungary = المجر, هنغاريا
austria = النمسا; india = الهند; china = الصين; japan = اليابان; morocco = المغرب; norway = النرويج
algeria, algiers = الجزاير; jordan = الاردن; lebanon = لبنان; cairo = القاهره; jerusalem = القدس
mecca, makkah = مكه; medina = المدينه المنوره; damascus = دمشق; aleppo = حلب; homs = حمص; hebron = الخليل
gaza = غزه; beirut = بيروت; spain = اسبانيا; italy = ايطاليا; croatia = كرواتيا; cyprus = قبرص
georgia = جورجيا; armenia = ارمينيا; switzerland = سويسرا; sweden = السويد; denmark = الدنمارك
finland = فنلندا; netherlands, holland = هولندا; belgium = بلجيكا; poland = بولندا; ukraine = اوكرانيا
russia = روسيا; turkey, turkiye = تركيا; iran = ايران; iraq = العراق; syria = سوريا, سوريه; yemen = اليمن
saudi arabia = السعوديه, المملكه العربيه السعوديه
united states, us, usa, america = الولايات المتحده, امريكا, اميركا; england = انجلترا, انكلترا
united kingdom, uk, britain = المملكه المتحده, بريطانيا; scotland = اسكتلندا; ireland = ايرلندا
united arab emirates, uae, emirates = الامارات; qatar = قطر; kuwait = الكويت; bahrain = البحرين
oman = عمان; amman = عمان; libya = ليبيا; tunisia, tunis = تونس; sudan = السودان; khartoum = الخرطوم
ethiopia = اثيوبيا; somalia = الصومال; nigeria = نيجيريا; south africa = جنوب افريقيا
palestine = فلسطين; israel = اسراييل; brazil = البرازيل; mexico = المكسيك
united nations, un = الامم المتحده; european union, eu = الاتحاد الاوروبي
nato = الناتو, حلف شمال الاطلسي; arab league = جامعه الدول العربيه; security council = مجلس الامن
african union = الاتحاد الافريقي; red cross = الصليب الاحمر; red crescent = الهلال الاحمر
white house = البيت الابيض; kremlin = الكرملين; mediterranean = المتوسط, البحر المتوسط
red sea = البحر الاحمر; black sea = البحر الاسود; nile = النيل; suez = السويس; euphrates = الفرات
tigris = دجله; moscow = موسكو; athens = اثينا; rome = روما; vienna = فيينا; lisbon = لشبونه
venice = البندقيه; brussels = بروكسل; seoul = سيول, سول; beijing = بكين; warsaw = وارسو; geneva = جنيف
paris = باريس; london = لندن; hague, the hague = لاهاي; alexandria = الاسكندريه; kyiv, kiev = كييف
kharkiv, kharkov = خاركيف; odesa, odessa = اوديسا; ankara = انقره; jeddah = جده
tyre = صور; sidon = صيدا; tripoli = طرابلس; mosul = الموصل; basra = البصره; jesus = يسوع, عيسي
moses = موسي; joseph = يوسف; john = يوحنا; mary = مريم; david = داود; solomon = سليمان
abraham = ابراهيم; aristotle = ارسطو; plato = افلاطون; avicenna = ابن سينا; averroes = ابن رشد
latakia = اللاذقيه; casablanca = الدار البيضاء; tangier = طنجه; oran = وهران; constantine = قسنطينه; tel aviv = تل ابيب
ivory coast, cote d'ivoire = ساحل العاج, كوت ديفوار; argentina = الارجنتين; south korea = كوريا الجنوبيه
north korea = كوريا الشماليه; south sudan = جنوب السودان; czechia, czech republic = التشيك; montenegro = الجبل الاسود
comoros = جزر القمر; bosnia = البوسنه; vatican = الفاتيكان; dead sea = البحر الميت; west bank = الضفه الغربيه
gaza strip = قطاع غزه; golan, golan heights = الجولان, مرتفعات الجولان, هضبه الجولان; islamic jihad = الجهاد الاسلامي
houthi, houthis = الحوثي, الحوثيين, الحوثيون; islamic state, isis = داعش, تنظيم الدوله, تنظيم الدوله الاسلاميه
al-qaeda, qaeda = القاعده, تنظيم القاعده; pentagon = البنتاغون, البنتاجون; congress = الكونغرس, الكونجرس; senate = مجلس الشيوخ
house of representatives = مجلس النواب; gulf cooperation council, gcc = مجلس التعاون الخليجي; unicef = يونيسف, اليونيسف
unesco = يونسكو, اليونسكو; unrwa = اونروا, الاونروا; doctors without borders = اطباء بلا حدود
amnesty international = منظمه العفو الدوليه, العفو الدوليه; federal reserve = الاحتياطي الفيدرالي, الاحتياطي الاتحادي
european central bank = البنك المركزي الاوروبي; international court of justice = محكمه العدل الدوليه
international criminal court, icc = المحكمه الجناييه الدوليه; facebook = فيسبوك, فايسبوك; los angeles = لوس انجلوس, لوس انجليس; reuters = رويترز; crimea = القرم; recep = رجب; saladin = صلاح الدين; columbus = كولومبوس; world bank = البنك الدولي
international monetary fund, imf = صندوق النقد الدولي; world health organization, who = منظمه الصحه العالميه
"""


# Common nouns inside names of places and bodies, each language with its own word.
_KINDS = """
university = جامعه; college = كليه; school = مدرسه; institute = معهد; academy = اكاديميه; hospital = مستشفي
airport = مطار; port = ميناء, مرفا; bridge = جسر; tower = برج; square = ميدان, ساحه; street = شارع; palace = قصر
museum = متحف; mosque = مسجد, جامع; church = كنيسه; cathedral = كاتدراييه; stadium = ملعب, استاد; theatre, theater = مسرح
bank = بنك, مصرف; company = شركه; group = مجموعه; club = نادي; party = حزب; union = اتحاد, نقابه; league = رابطه, دوري
ministry = وزاره; council = مجلس; court = محكمه; army = جيش; brigade, brigades = لواء, الويه, كتايب, سرايا; movement = حركه
front = جبهه; organisation, organization = منظمه; agency = وكاله; authority = هييه, سلطه; committee = لجنه
institution, foundation = موسسه; association = جمعيه, رابطه; federation = اتحاد; fund = صندوق; centre, center = مركز
conference = موتمر; summit = قمه; agreement, accord, accords = اتفاق, اتفاقيه; treaty = معاهده; prize, award = جايزه
newspaper = صحيفه, جريده; magazine = مجله; channel, canal = قناه, قنال; radio = اذاعه; battle = معركه; operation = عمليه
city = مدينه; town = بلده; village = قريه; province = محافظه, مقاطعه, ولايه; state = ولايه, دوله; district = منطقه, حي
governorate = محافظه; region = منطقه, اقليم; republic = جمهوريه; kingdom = مملكه; island, islands = جزيره, جزر; river = نهر
lake = بحيره; mount, mountain, mountains = جبل, جبال; valley = وادي; gulf, bay = خليج; sea = بحر; ocean = محيط
strait = مضيق; desert = صحراء; dam = سد; camp = مخيم; crossing = معبر; corridor = محور, ممر; strip = قطاع
north, northern = شمال, شماليه, شمالي; south, southern = جنوب, جنوبيه, جنوبي; east, eastern = شرق, شرقيه, شرقي
west, western = غرب, غربيه, غربي; central = مركزي, المركزي, وسطي, الوسطي; new = جديد, جديده; old = قديم, قديمه; great = كبري, كبير
national = وطني, وطنيه; international = دولي, دوليه; democratic = ديمقراطي, ديمقراطيه, ديموقراطيه; islamic = اسلامي, اسلاميه
king = ملك; queen = ملكه; ii = ثاني, ثانيه; iii = ثالث, ثالثه; iv = رابع, رابعه; vi = سادس, سادسه; arab = عربي, عربيه; american = امريكي, امريكيه, اميركي, اميركيه; people's = شعبي, شعبيه; supreme = اعلي, عليا
"""


@cache
def _kinds() -> dict[str, frozenset[str]]:
    """Every English noun of the list with the Arabic ones, which may have their article."""
    table: dict[str, frozenset[str]] = {}
    for entry in regex.split(r"[;\n]", _KINDS):
        english, _, arabic = entry.partition("=")
        words = frozenset(word.strip().removeprefix("ال") for word in arabic.split(","))
        for name in english.split(","):
            if name.strip():
                table[name.strip()] = words | {f"ال{word}" for word in words}
    return table


@cache
def _kind_words() -> frozenset[str]:
    return frozenset(_kinds()).union(*_kinds().values())


def _one_kind(one: str, two: str) -> bool:
    """Whether a folded English noun and an Arabic one are the same kind of place or body."""
    return two in _kinds().get(one, ()) or one in _kinds().get(two, ())


@cache
def _exonyms() -> dict[str, frozenset[str]]:
    """Every name of the list with all that name the same."""
    table: dict[str, frozenset[str]] = {}
    for entry in regex.split(r"[;\n]", _EXONYMS):
        if not entry.strip():
            continue
        english, _, arabic = entry.partition("=")
        names = frozenset(name.strip() for name in f"{english},{arabic}".split(","))
        for name in names:
            table[name] = table.get(name, frozenset()) | names
    return table


@dataclass(frozen=True, slots=True)
class _Sound:
    """What one letter or group may sound like; ``free`` sounds may have no counterpart."""

    like: frozenset[str]
    free: bool = False


def _sound(letters: str, *, free: bool = False) -> _Sound:
    return _Sound(frozenset(letters), free)


# b t T(th) j H(ha) x(kh) d D(dh) r z s S(sh) g(gh) f k l m n w y v, and the vowels a i u.
_ARABIC = {
    letter: _sound(letters)
    for letter, letters in {
        "ب": "b", "پ": "b", "ت": "t", "ط": "t", "ث": "Tts", "ج": "jg", "چ": "jS", "ح": "H", "خ": "x",
        "د": "d", "ض": "dD", "ذ": "Ddz", "ظ": "zD", "ر": "r", "ز": "z", "ژ": "zj", "س": "s", "ص": "s",
        "ش": "S", "غ": "g", "گ": "g", "ف": "fv", "ڤ": "fv", "ق": "kg", "ك": "kg", "ل": "l", "م": "m",
        "ن": "n", "ه": "H", "و": "uwv", "ي": "iy", "ا": "a",
    }.items()
}  # fmt: skip
_LATIN = {
    letter: _sound(letters)
    for letter, letters in {
        "b": "b", "c": "ks", "d": "dD", "f": "f", "g": "gjk", "j": "jyzg", "k": "k", "l": "l", "m": "m",
        "n": "n", "p": "b", "q": "kg", "r": "r", "s": "sS", "t": "t", "v": "vf", "w": "wuf", "y": "yi",
        "z": "zs", "x": "Szs",
    }.items()
} | {
    "a": _sound("a", free=True), "e": _sound("ia", free=True), "i": _sound("i", free=True),
    "o": _sound("u", free=True), "u": _sound("ua", free=True), "h": _sound("H"),
}  # fmt: skip
_GROUPS = {
    "tsh": _sound("S"), "zh": _sound("jz"), "dj": _sound("jg"), "sch": _sound("S"), "tch": _sound("S"), "kh": _sound("x"), "gh": _sound("g"), "sh": _sound("S"),
    "ch": _sound("Skx"), "th": _sound("Tt"), "dh": _sound("Dzd"), "ph": _sound("f"), "ck": _sound("k"),
    "ou": _sound("uw"), "oo": _sound("u"), "ow": _sound("uw"), "au": _sound("aw"), "aw": _sound("aw"),
    "ee": _sound("i"), "ea": _sound("ia"), "ie": _sound("iy"), "ei": _sound("iy"), "ai": _sound("iay"),
    "ay": _sound("iay"), "ey": _sound("iy"), "yi": _sound("iy"), "yy": _sound("iy"), "iy": _sound("iy"),
    "ayy": _sound("iay"), "aa": _sound("a"), "uw": _sound("uw"), "ts": _sound("s"), "tz": _sound("s"),
    "اعي": _sound("aiy"), "تش": _sound("S"), "تس": _sound("s"), "اي": _sound("aiy"), "لل": _sound("l"),
}  # fmt: skip
_NB = _sound("nm")
_AYN = _sound("aiu", free=True)
_SILENT = frozenset("ءع'`’ʿʾ")
_IS_ARABIC = regex.compile(r"[\u0620-\u06ff]")
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’ʿʾ`-][\p{L}\p{M}]+)*")
_ARTICLE = regex.compile(r"^(?:وال|بال|لل|ال|al[- ]|el[- ]|ash-|as-|an-|ar-|ad-|at-|az-)(?=.{3})")
_LONGEST = 60  # letters; what is longer is no name
_SHORTEST = 2  # consonants that make a name told from others


@lru_cache(maxsize=16384)
def _sounds(word: str, *, strict: bool, bare: bool = True) -> tuple[_Sound, ...]:
    """The sounds of one folded word, ``bare`` of its article; ``strict`` where ع must meet ع."""
    letters = regex.sub(r"(?<=.)x", "ks", _ARTICLE.sub("", word) if bare else word)
    arabic = bool(_IS_ARABIC.search(letters))
    out: list[_Sound] = []
    position = 0
    while position < len(letters):
        size = next((n for n in (3, 2) if letters[position : position + n] in _GROUPS), 1)
        if position == 0 and letters.startswith("او"):
            size = 2
        part = letters[position : position + size]
        before = letters[position - 1] if position else ""
        position += size
        sound = _sound_of(part, before, last=position >= len(letters), strict=strict)
        if part == "ن" and before and letters[position : position + 1] == "ب":
            sound = _NB  # «جنبلاط», Jumblatt
        # A doubled letter is one sound, as is the doubled ي of كييف.
        doubled = out and out[-1] == sound and (not arabic or part == "ي")
        if sound is not None and not doubled:
            out.append(sound)
    return tuple(out)


def _sound_of(part: str, before: str, *, last: bool, strict: bool) -> _Sound | None:
    """What a letter or group sounds like behind the letter before it."""
    if part in _SILENT:
        return _sound("E") if strict and part == "ع" else _AYN
    places = {
        "او": _sound("uwa"),
        "ا": _sound("aiu") if last or not before else None,
        "ه": _sound("Hait") if last else None,  # «فاطمة» is no فاطم: its vowel is heard
        "ي": _sound("iya", free=before == "ي")
        if last
        else None,  # ى and ي are one letter when folded
        # "Mohamed" has an h, "Sarah" may not.
        "h": _sound("Ha" if last else "H") if before and (last or before in "aeiou") else None,
        "e": _sound("iay", free=True) if last else None,
        # «أحمد» begins with a vowel that حمد has not, نورة ends with one that نور has not.
        "a": None if before and not last else _sound("a"),
        "i": None if before and not last else _sound("i"),
        "o": None if before and not last else _sound("u"),
        "u": None if before and not last else _sound("ua"),
        "g": _sound("gjk", free=True) if before == "n" else None,
    }
    return places.get(part) or _GROUPS.get(part) or _ARABIC.get(part) or _LATIN.get(part)


def _consonants(sounds: tuple[_Sound, ...]) -> int:
    return sum(not sound.like & set("aiuwy") for sound in sounds)


@lru_cache(maxsize=16384)
def _meet(one: tuple[_Sound, ...], two: tuple[_Sound, ...]) -> bool:
    """Whether the rows can be laid side by side with only free sounds left over."""
    reach = {(0, 0)}
    for i in range(len(one) + 1):
        for j in range(len(two) + 1):
            if (i, j) not in reach:
                continue
            if i < len(one) and j < len(two) and one[i].like & two[j].like:
                reach.add((i + 1, j + 1))
            if i < len(one) and one[i].free:
                reach.add((i + 1, j))
            if j < len(two) and two[j].free:
                reach.add((i, j + 1))
    return (len(one), len(two)) in reach


def resemble(one: str, two: str) -> float:
    """How much of the consonants of two words may be the same, in order: 0 to 1, in any scripts."""
    first, second = (
        [sound for sound in _sounds(fold(word), strict=False) if not sound.like & set("aiuwy")]
        for word in (one[:_LONGEST], two[:_LONGEST])
    )
    if not first or not second:
        return 1.0  # nothing to tell them apart by
    best = [0] * (len(second) + 1)
    for sound in first:
        before = 0
        for place, other in enumerate(second, start=1):
            above = best[place]
            matched = before + 1 if sound.like & other.like else 0
            best[place], before = max(above, best[place - 1], matched), above
    return 2 * best[-1] / (len(first) + len(second))


def same_word(one: str, two: str, *, short: bool = False) -> bool:
    """Whether two words may be one name in two spellings; ``short`` where other words stand with them."""
    one, two = fold(one), fold(two)
    if one == two or two in _exonyms().get(one, frozenset()) or _one_kind(one, two):
        return True
    if one in _exonyms() and two in _exonyms():
        return False
    if _ARTICLE.sub("", one) == _ARTICLE.sub("", two):
        return True
    if max(len(one), len(two)) > _LONGEST:
        return False
    strict = bool(_IS_ARABIC.search(one) and _IS_ARABIC.search(two))
    # «ألكسندر» begins like the article, and "Alexander" shows that it has none.
    bare = not {one[:2], two[:2]} <= {"ال", "al", "el"} or strict or "-" in one[:3] + two[:3]
    first, second = (_sounds(word, strict=strict, bare=bare) for word in (one, two))
    if min(_consonants(first), _consonants(second)) < _SHORTEST and not (
        short or (min(len(one), len(two)) >= 3 and _consonants(first) == _consonants(second) == 1)
    ):
        return False
    return _meet(first, second)


_LOOSE = frozenset("bin ibn bint al el of the de van von der den بن ابن بنت ال".split())

_ABD = frozenset("abdel abdul abdal abdol abdoul".split())


def _words(name: str) -> list[str]:
    words = [word.replace("'", "").replace("’", "") for word in _WORD.findall(fold(name))]
    # "Abdel Rahman", "Abdulrahman", «عبد الرحمن»: written apart or together.
    return [
        "abd" if word in _ABD and len(words) > 1 else word for word in words if word not in _LOOSE
    ]


def same_name(one: str, two: str) -> bool:
    """Whether two names may be the same: word for word, in order, in any script."""
    first, second = " ".join(_words(one)), " ".join(_words(two))
    if not first or not second:
        return False
    if second in _exonyms().get(first, frozenset()):
        return True
    left, right = first.split()[:_MOST_WORDS], second.split()[:_MOST_WORDS]
    short = min(len(left), len(right)) > 1
    if _side_by_side(tuple(left), tuple(right), short=short):
        return True
    # "Rafah crossing", «معبر رفح»: the noun stands behind the name in English.
    (kinds, names), (others, theirs) = _parted(left), _parted(right)
    return (
        bool(kinds and names)
        and len(kinds) == len(others)
        and all(any(_one_kind(a, b) or a == b for b in others) for a in kinds)
        and _side_by_side(names, theirs, short=min(len(names), len(theirs)) > 1)
    )


def _parted(words: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The common nouns among the words of a name, and the others."""
    kinds = tuple(word for word in words if word in _kind_words())
    return kinds, tuple(word for word in words if word not in kinds)


_MOST_WORDS = 8  # of a name


def _side_by_side(left: tuple[str, ...], right: tuple[str, ...], *, short: bool) -> bool:
    """Whether the words meet in order, one of them perhaps written as up to three («عبد الله», "Abdullah")."""
    if not left or not right:
        return not left and not right
    sizes = [(1, 1), (1, 2), (2, 1), (1, 3), (3, 1)]
    return any(
        any(
            same_word(one, two, short=short and a == b)
            for one in _together(left[:a])
            for two in _together(right[:b])
        )
        and _side_by_side(left[a:], right[b:], short=short)
        for a, b in sizes
        if a <= len(left) and b <= len(right)
    )


def _together(words: tuple[str, ...]) -> set[str]:
    """The words as one, also as an article is said before its letter: «زين الدين», "Zinedine"."""
    if len(words) == 1:
        return {words[0]}
    plain = [word.replace("-", "") for word in words]
    return {"".join(plain), plain[0] + "".join(_SUN.sub("ا", word) for word in plain[1:])}


_SUN = regex.compile(r"^ال(?=[تثدذرزسشصضطظلن])")


_CAPITALISED = regex.compile(
    r"(?<![\p{L}\p{M}\p{N}])\p{Lu}[\p{L}\p{M}'’-]*(?:\s+(?:(?:of|the|al|el|bin|ibn|de|van|von)\s+|(?:a[lnrdtzs]|ash|e[lnrdtzs]|esh)-)?\p{Lu}[\p{L}\p{M}'’-]*)*"
)
# The word or two behind these are a name, which Arabic letters alone do not show.
_TITLES = frozenset(
    """الرييس رييس الوزير وزير الملك الامير الشيخ السيد السيده الدكتور الدكتوره الجنرال العقيد القايد النايب
    السفير المتحدث البابا الاستاذ الصحفي الصحافي اللاعب المدرب مدينه بلده قريه محافظه ولايه مقاطعه
    الريسه الرييسه الوزيره""".split()
)
_TITLE_GOES_ON = frozenset(
    """الاوكراني الروسي الامريكي الاميركي المصري الفرنسي التركي السوري الاسباني البريطاني الالماني الصيني العراقي
    الايراني الاسراييلي الفلسطيني اللبناني الاردني السعودي القطري الكويتي التونسي الجزايري المغربي الليبي
    السوداني اليمني العام الوزراء الخارجيه الدفاع الداخليه الماليه الصحه مجلس الدوله الحكومه البرلمان السابق
    الراحل الحالي المنتخب باسم الرسمي هييه لجنه حزب شركه جمهوريه الجمهوريه التعليم الطاقه الاقتصاد""".split()
)


def names_in(text: str) -> list[Name]:
    """Names that can be told: by their capitals, in Arabic behind a title or in the list.

    The first word of a sentence has a capital in any case and is none by itself, unless it is all
    the text there is.
    """
    found: list[Name] = []
    for match in _CAPITALISED.finditer(text):
        words = [
            (m.group(), match.start() + m.start(), match.start() + m.end())
            for m in _WORD.finditer(match.group())
            if not _is_common(fold(m.group()))
        ]
        opens = regex.search(r"(?:^|[.!?؟:\n]\s*[\"“«'(]*)$", text[: match.start()])
        if not words:
            continue
        alone = match.start() == 0 and match.end() == len(text.rstrip(" ."))
        if opens and not alone and words[0][1] == match.start() and len(words) == 1:
            word = fold(words[0][0])
            if word not in _exonyms():
                continue
        found.append(Name(text[words[0][1] : words[-1][2]], words[0][1], words[-1][2]))
    found += _arabic_names(text)
    return sorted(found, key=lambda name: name.start)


@cache
def _common() -> frozenset[str]:
    rules = [rules_for(language) for language in LANGUAGES]
    return frozenset().union(
        *(r.stop_words | r.question_words.keys() | r.months.keys() | r.weekdays for r in rules),
        *(r.number_words.keys() | r.multipliers.keys() for r in rules),
        "president minister prime mr mrs dr general king prince sheikh am pm usd eur gbp".split(),
    )


def _is_common(folded: str) -> bool:
    return folded in _common()


def _arabic_names(text: str) -> list[Name]:
    """The word behind a title; whether the next one belongs to it, letters do not show."""
    folded = fold_with_origins(text)
    words = [(m.group(), m.start(), m.end()) for m in _WORD.finditer(folded.text)]
    found = []
    for position, (word, _, _) in enumerate(words):
        bare = word if word in _TITLES else word[1:] if word[:1] in "وبلف" else word
        following = position + 1
        while following < len(words) and words[following][0] in _TITLE_GOES_ON | _TITLES:
            following += 1
        if bare not in _TITLES or following == len(words):
            continue
        end = words[following - 1][2]
        name, start, stop = words[following]
        beside = not folded.text[end:start].strip()
        if beside and _IS_ARABIC.match(name) and not _is_common(name):
            span = folded.original_span(start, stop)
            found.append(Name(text[span[0] : span[1]], *span))
    return found


def states(text: str, name: str) -> bool:
    """Whether a text holds a name in any spelling: each of its words, or a name in the list."""
    if regex.search(rf"(?<![\p{{L}}\p{{M}}]){regex.escape(name)}(?![\p{{L}}\p{{M}}])", text):
        return True
    held = [word.replace("'", "") for word in _WORD.findall(fold(text))]
    joined = f" {' '.join(held)} "
    folded = " ".join(_words(name))
    others = _exonyms().get(folded, frozenset())
    if any(_holds(joined, other) for other in (*others, folded)):
        return True
    words = folded.split()
    begins = [
        n for n, word in enumerate(held) if any(_may_begin(one, word) for one in _first(words))
    ]
    if any(
        same_name(name, " ".join(held[n : n + size]))
        for size in (len(words) - 1, len(words), len(words) + 1)
        for n in begins
        if size > (len(words) == 1) and n + size <= len(held)
    ):
        return True
    return all(
        any(same_word(word, other) or _with_clitic(word, other) for other in held)
        or (len(words) > 1 and _in_two(word, held))
        for word in words
    )


def _first(words: list[str]) -> list[str]:
    """The words a name may begin with: any, where one of them is a common noun."""
    return words if any(word in _kind_words() for word in words) else words[:1]


def _may_begin(one: str, two: str) -> bool:
    """Whether a word in another spelling may begin as this one does; cheap, wrong only with yes."""
    if _one_kind(one, two):
        return True
    first, second = _sounds(one, strict=False), _sounds(two, strict=False)
    if not first or not second:
        return True
    return first[0].free or second[0].free or bool(first[0].like & second[0].like)


def _in_two(word: str, held: list[str]) -> bool:
    """Whether a word is written as two beside each other: "Abdulaziz", «عبد العزيز»."""
    return any(
        _may_begin(word, one) and same_word(word, one + other) for one, other in pairwise(held)
    )


def _holds(joined: str, name: str) -> bool:
    return f" {name} " in joined or (
        bool(_IS_ARABIC.match(name))
        and any(f" {clitic}{name.removeprefix('ال') if clitic == 'لل' else name} " in joined
                for clitic in ("و", "ب", "ل", "ف", "ك", "لل", "وب", "ول"))
    )  # fmt: skip


def _with_clitic(word: str, other: str) -> bool:
    return (
        len(other) > 4
        and bool(_IS_ARABIC.match(other))
        and other[0] in "وبلفك"
        and same_word(word, other[1:])
    )
