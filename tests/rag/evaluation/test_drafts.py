import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.drafts import BLANK, drafts
from rag.evaluation.phrasing import phrased
from rag.languages import language_of
from rag.types import Document
from tests.strategies import rows, texts

ENGLISH = (
    "Russia said on 4 May 2023 that it shot down 57 drones over the border region.\n\n"
    'Mayor Vitali Klitschko told reporters that "nobody has been hurt so far" in the city.'
)
ARABIC = "أعلنت روسيا في 4 مايو 2023 أنها أسقطت 57 طائرة مسيّرة فوق المنطقة الحدودية."


def document(text):
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id="d.txt", text=text, sha256=digest, title="t", source="d", language=language_of(text)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH, {"number": "57", "date": "4 May 2023", "quote": "nobody has been hurt so far"}),
        (ARABIC, {"number": "57", "date": "4 مايو 2023"}),
    ],
)
def test_values_become_questions_in_both_languages(text, expected):
    found = drafts([document(text)])
    for kind, quote in expected.items():
        some = [one for one in found if one.tags[0] == kind and one.answers == (quote,)]
        assert [one.language for one in some] == ["ar", "en"]
        assert some[0].pair == some[1].pair
        assert some[0].gold == some[1].gold
    assert all(one.draft for one in found)
    assert len({one.id for one in found}) == len(found)


def test_names_are_told_where_capitals_show_them():
    assert any(one.answers == ("Vitali Klitschko",) or "Klitschko" in one.answers[0]
               for one in drafts([document(ENGLISH)]) if one.tags[0] == "name")  # fmt: skip


@given(
    st.text(st.sampled_from('abc كلم 1 23 «»"\n.May٤ 2019, '), max_size=120)
    | st.just(ENGLISH + ARABIC)
)
def test_the_gold_is_the_text_and_the_question_does_not_tell_it(text):
    for one in drafts([document(text)]):
        (gold,) = one.gold
        assert text[gold.start : gold.end] == gold.quote
        if "phrased" in one.tags:
            assert gold.quote not in one.question
            assert one.language == language_of(one.question)
            continue
        assert one.question.count(BLANK) == 1
        shown = one.question.split("«" if one.language == "ar" else "“", 1)[1]
        assert gold.quote not in shown


PHRASED = """
The treaty of Lorne was signed in Vienna on 12 May 1956. | When was the treaty of Lorne signed in Vienna? 12 May 1956; Where was the treaty of Lorne signed on 12 May 1956? Vienna
Martin Keller founded the Halden Post in 1912. | Who founded the Halden Post in 1912? Martin Keller; When did Martin Keller found the Halden Post? 1912
In 1994 Terravia joined the northern union of states. | When did Terravia join the northern union of states? 1994
The blaze in Dorvale killed 7 people, officials said. | How many people did the blaze in Dorvale kill? 7
At least nine workers died in the Dorvale fire, according to a union. | How many workers died in the Dorvale fire? nine
The new bridge in Halden will cost $40 million. | How much will the new bridge in Halden cost? $40 million
About 12% of voters in Halden were older than ninety. | What percentage of voters in Halden were older than ninety? 12%
The novel Salt was written by Clara Menzel. | Who was the novel Salt written by? Clara Menzel
The mayor of Halden, Jonas Reve, was not there. | Who is the mayor of Halden? Jonas Reve
"We lost all our boats that night," said Marta Lind of Halden. | Who said “We lost all our boats that night”? Marta Lind of Halden
It was signed in Vienna on 12 May 1956. | -
He founded the Halden Post in 1912. | -
The blaze killed 7 people there. | -
Storm Noor reached the coast of Terravia on Monday. | -
تأسست جامعة كالفيرا عام 1821. | متى تأسست جامعة كالفيرا؟ 1821
وفي ديسمبر 2019 طرحت أرامكو بعض أسهمها في السوق المالية. | متى طرحت أرامكو بعض أسهمها في السوق المالية؟ ديسمبر 2019
ولد الشاعر زهير المنصور في مدينة طنطا. | أين ولد الشاعر زهير المنصور؟ مدينة طنطا
أسقطت روسيا 57 طائرة مسيّرة فوق كورسك. | كم طائرة مسيّرة أسقطت روسيا فوق كورسك؟ 57
أسقطت روسيا 57 طائرة مسيّرة في كورسك. | كم طائرة مسيّرة أسقطت روسيا في كورسك؟ 57
قتل زلزال مورفان 48 شخصًا في القرى الجبلية. | كم شخصًا قتل زلزال مورفان في القرى الجبلية؟ 48
بلغ معدل التضخم في تيرافيا 4%، بحسب البنك المركزي. | كم بلغ معدل التضخم في تيرافيا؟ 4%
وقال وزير الدفاع الأوكراني رستم أوميروف إن المحادثات مستمرة. | من هو وزير الدفاع الأوكراني؟ رستم أوميروف
وقال رئيس بلدية هالدن: «فقدنا كل قواربنا تلك الليلة». | من قال: «فقدنا كل قواربنا تلك الليلة»؟ رئيس بلدية هالدن
وأسسها سامي الحداد عام 1998. | -
واشترت الرياض ربع أصول الشركة عام 1973. | -
أعلن وزير التعليم أن 30 مدرسة ستُبنى في إقليم ساهل. | من قال إن 30 مدرسة ستُبنى في إقليم ساهل؟ وزير التعليم
وقُتل 7 أشخاص هناك. | -
HALDEN - The town of Lorne, which had about 3,800 inhabitants, was evacuated in November 2023. | When was the town of Lorne evacuated? November 2023
In late August 2020 the Halden parliament adopted a law on fishing. | When did the Halden parliament adopt a law on fishing? late August 2020
On 26 February 2008 a seed vault was inaugurated in northern Terravia. | When was a seed vault inaugurated in northern Terravia? 26 February 2008
Thirteen miners surfaced near Lorne on the morning of 3 May 1931. | -
The Halden ruby was found at the Premier mine near Lorne in Terravia on 26 January 1905. | When was the Halden ruby found at the Premier mine near Lorne in Terravia? 26 January 1905; Where was the Halden ruby found on 26 January 1905? the Premier mine near Lorne in Terravia
The young surgeon Frederick Lorne persuaded John Keller in 1921. | Who persuaded John Keller in 1921? Frederick Lorne; When did the young surgeon Frederick Lorne persuade John Keller? 1921
The Halden bridge is 430 metres long. | How long is the Halden bridge? 430 metres
Minister Ana Reyes said the Halden bridge would carry 30,000 cars a day. | Who said that the Halden bridge would carry 30,000 cars a day? Minister Ana Reyes
The head of the White Monastery, Martin Lorne, was absent. | Who is the head of the White Monastery? Martin Lorne
UNESCO placed the tradition on a list in 2008. | -
The village lost the castle in 2008. | -
Work began in June 1971. | -
The abandoned castle of Lorne burned in 1945. | -
هالدن - أيد الاتحاد الأفريقي في آب/أغسطس 2025 حملة لحماية الغابات. | متى أيد الاتحاد الأفريقي حملة لحماية الغابات؟ آب/أغسطس 2025
أطاح ضباط شبان، فجر 25 نيسان/أبريل 1974، بنظام استبدادي حكم تيرافيا ثلاثين عامًا. | متى أطاح ضباط شبان بنظام استبدادي حكم تيرافيا ثلاثين عامًا؟ 25 نيسان/أبريل 1974
أقر برلمان هالدن في الثاني من كانون الأول/ديسمبر 1766 قانونًا لحرية الطباعة. | متى أقر برلمان هالدن قانونًا لحرية الطباعة؟ الثاني من كانون الأول/ديسمبر 1766
وُلدت عالمة الفلك سميرة كامل عام 1917م في محافظة الغربية بمصر. | متى وُلدت عالمة الفلك سميرة كامل في محافظة الغربية بمصر؟ 1917
سجلت تيرافيا الشمالية في 2023 أدنى معدل خصوبة. | متى سجلت تيرافيا الشمالية أدنى معدل خصوبة؟ 2023
وُلد الرسام سامي نحو عام 1858 في قبيلة بعيدة. | -
نال جائزة نوبل للسلام عام 2006. | -
استلهمت لجنة هالدن دستور بلجيكا الصادر عام 1831. | -
عُدلت الاتفاقية لتحظر استعمال السلاح عام 1984. | -
اجتمع ممثلو 52 دولة في فندق لورن. | -
وُلد الشاعر زهير المنصور في القاهرة عام 1905. | متى وُلد الشاعر زهير المنصور في القاهرة؟ 1905; أين وُلد الشاعر زهير المنصور عام 1905؟ القاهرة
وقال رئيس جمعية أحباب لورن، وليد بن حسن، إن الحفل تأجل. | من هو رئيس جمعية أحباب لورن؟ وليد بن حسن
وقال رئيس الاتحاد السعودي لكرة القدم، اليوم، إن الحفل تأجل. | -
وقال مدير السجن عز الدين الراشدي إن أحدًا من 41 نزيلًا سابقًا لم يعد. | من قال إن أحدًا من 41 نزيلًا سابقًا لم يعد؟ مدير السجن عز الدين الراشدي
أستريد لورن كاتبة وُلدت عام 1907. | -
دمر أسطول تيرافيا أسطول هالدن في مضيق لورن يومي 27 و28 مايو 1905. | -
سلّم كل طرف في لورن 200 بندقية صُهرت أمام الجمهور. | -
توفيت بأزمة قلبية في ميامي عام 2016. | -
وقال رئيس الدفاع المدني اللواء عاطف زيدان إن الماء ارتفع. | من هو رئيس الدفاع المدني؟ عاطف زيدان
وطلب المدرب سامي الحداد أن ينسوا النتيجة ويلعبوا كل دقيقة على حدة. | -
"""


@pytest.mark.parametrize(("text", "expected"), rows(PHRASED))
def test_a_plain_sentence_is_asked_about_in_its_own_words(text, expected):
    found = [
        f"{one.question} {text[one.place.start : one.place.end]}"
        for one in phrased(text, language_of(text))
    ]
    expected = [] if expected == "-" else expected.split("; ")
    assert found == expected


def test_a_real_question_has_the_blank_as_its_pair_in_the_other_language():
    found = drafts([document("The novel Salt was written by Clara Menzel.")])
    asked = {one.language: one for one in found if one.answers == ("Clara Menzel",)}
    assert asked["en"].question == "Who was the novel Salt written by?"
    assert asked["en"].tags == ("person", "phrased")
    assert BLANK in asked["ar"].question
    assert asked["ar"].pair == asked["en"].pair


@given(texts)
def test_what_is_phrased_is_a_place_of_the_text(text):
    for language in ("ar", "en"):
        for one in phrased(text, language):
            assert text[one.place.start : one.place.end].strip()


def test_the_limit_counts_places_of_each_document():
    assert len(drafts([document(ENGLISH), document(ARABIC)], limit=1)) == 4


def test_a_limit_leaves_out_blanks_first():
    text = f"{ENGLISH} The novel Salt was written by Clara Menzel."
    (asked, _) = sorted(
        drafts([document(text)], limit=1), key=lambda one: "phrased" not in one.tags
    )
    assert asked.question == "Who was the novel Salt written by?"
