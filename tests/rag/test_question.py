from __future__ import annotations

import pytest
from hypothesis import given, settings

from rag.errors import InvalidQuestion
from rag.languages import language_of
from rag.question import LONGEST_QUESTION, answer_type_of, validate
from rag.types import AnswerType
from tests.strategies import rows, texts

TYPES = """
كم عدد الأسرى؟ | number
كم اسير اوكراني بدهم يرجعوهم | number
كام واحد اتقتل | number
قديش عدد القتلى | number
قد ايش عدد الطيارات | number
بكم بيعت اللوحة؟ | number
عدد القتلى في كييف | number
ما عدد الطائرات التي أسقطتها روسيا؟ | number
ما هو عدد القتلى | number
كم طائرة مسيرة اسقطت روسيا | number
ما نسبة التضخم؟ | number
وكم بلغ عدد الجرحى؟ | number
متى سقطت باخموت؟ | date
امتى سقطت باخموت | date
ايمتى بلشت الحرب | date
في أي عام وُضعت اتفاقيات إسطنبول؟ | date
في اي سنة بدات الحرب | date
منذ متى والحرب مستمرة؟ | date
ما تاريخ توقيع الاتفاق | date
اي شهر سقطت فيه باخموت | date
ومتى يعود الأسرى؟ | date
أين جرت المحادثات؟ | place
وين صارت المحادثات | place
فين اتقابلوا | place
من وين الغاز | place
ما الدولة التي ستورد الغاز؟ | place
في اي مدينة | place
أي دولة وقعت الاتفاق؟ | place
من هو رستم أوميروف؟ | person
من قال إن الأسرى سيعودون؟ | person
مين رئيس اوكرانيا | person
اوميروف مين | person
منو رئيس أوكرانيا | person
ما اسم الرئيس الأوكراني؟ | person
من الذي أجرى المحادثات؟ | person
لماذا ارتفع عدد القتلى؟ | reason
ليش راح زيلينسكي على فرنسا | reason
ليه روسيا هاجمت | reason
روسيا هاجمت ليه | reason
ما سبب الهجوم؟ | reason
لاي سبب زار زيلينسكي اسبانيا | reason
لم تأجلت المفاوضات؟ | reason
كيف سيعود الأسرى؟ | manner
ازاي هيرجعوا | manner
شلون صار هذا | manner
هل علقت موسكو؟ | yes-no
هل سقطت مدينة بوكروفسك | yes-no
ماذا قال زيلينسكي؟ | quote
شو قال زيلينسكي عن الأسرى | quote
ايش قال الرئيس | quote
زيلينسكي قال ايه | quote
شو هي بوكروفسك | thing
ما هي اتفاقيات إسطنبول؟ | thing
ماذا أسقطت روسيا؟ | thing
اتفاقيات اسطنبول | thing
أي وكالة نقلت الخبر؟ | which
ما هو GDP؟ | thing
How many prisoners does Kyiv want back? | number
how much did it cost | number
number of drones shot down | number
What is the number of dead? | number
what percentage of voters | number
How old is the president? | number
How long did it last? | number
how many drones were shot down? | number
When did Bakhmut fall? | date
In what year were the agreements made? | date
in which year did the war begin | date
what year was it | date
Since when has the war been going on? | date
date of the agreement | date
what month did bakhmut fall | date
Where did the talks take place? | place
Which country will supply gas? | place
In which city did they meet? | place
what countries hosted the talks | place
Who is Rustem Umerov? | person
who leads ukraine | person
What is the name of the president? | person
by whom was it signed | person
Why did the number of dead rise? | reason
how come they left | reason
What was the reason for the attack? | reason
How will they return? | manner
Which agency reported it? | which
What did Zelensky say? | quote
What did Zelensky say about prisoners? | quote
What is Pokrovsk? | thing
What did Russia shoot down? | thing
zelensky | thing
كم drones اسقطت روسيا | number
how many مسيرة shot down | number
who is زيلينسكي | person
What does "كم" mean? | thing
Who said the prisoners will return? | person
كم عددهم؟ | number
عدد الاسرى كم | number
كم سنه استمرت الحرب | number
في اي يوم قتل السبعة | date
ما موعد تبادل الاسرى | date
من اين الغاز؟ | place
لوين رايح زيلينسكي | place
علاش هجمت روسيا | reason
وش قال زيلينسكي | quote
الرئيس قال ايه | quote
لماذا قال الرئيس ذلك؟ | reason
متى قال الرئيس ذلك؟ | date
how tall is it | number
when was the number of dead announced | date
what caused the attack | reason
"""


@pytest.mark.parametrize(("text", "type"), rows(TYPES))
def test_answer_type(text, type):
    assert answer_type_of(text, language_of(text)) == type


@pytest.mark.parametrize(("text", "type"), rows(TYPES))
def test_answer_type_without_question_mark_and_in_capitals(text, type):
    bare = text.rstrip("?؟").upper()
    assert answer_type_of(bare, language_of(bare)) == type


@given(texts)
@settings(deadline=None)
def test_every_text_has_an_answer_type(text):
    assert answer_type_of(text, language_of(text)) in AnswerType.__args__


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("   \n\t\u00a0", "is empty"),
        ("؟؟", "لا كلمات"),
        ("??", "no words"),
        ("...", "no words"),
        ("\u064e\u0651", "no words"),
        ("😀", "no words"),
        ("\u200f\u200e", "no words"),
        ("متى\x00بدأت", r"في السؤال محرف .* U\+0000 في الموضع 3"),
        ("when\x00was", r"the character U\+0000 at 4"),
        ("who\x07", r"U\+0007"),
        ("a\x1bb", r"U\+001B"),
        ("a\x7fb", r"U\+007F"),
        ("a\x90b", r"U\+0090"),
        ("a\ud800b", r"U\+D800 at 1"),
        ("\udfff", r"U\+DFFF"),
        ("س" * (LONGEST_QUESTION + 1), "2001 من المحارف، والحد الأقصى 2000"),
        ("w" * (LONGEST_QUESTION + 1), "2001 characters, at most 2000"),
        (None, "is null, expected text"),
        (5, "is a number"),
        (b"who", "is bytes"),
        (["who"], "is a list"),
    ],
)
def test_what_is_no_question_is_refused(text, problem):
    with pytest.raises(InvalidQuestion, match=problem) as caught:
        validate(text)
    assert caught.value.parameter == "question"
    assert caught.value.code == "invalid_question"


@pytest.mark.parametrize(
    "text",
    [
        "متى؟",
        "1908",
        "١٩٠٨",
        "س" * LONGEST_QUESTION,
        "a\tb\nc",
        "اوميروف مين",
        "\u202bمن هو؟\u202c",
        "😀 who",
    ],
)
def test_questions_are_kept_as_typed(text):
    assert validate(f"  {text}\n") == text


@pytest.mark.parametrize(
    ("language", "said"), [("ar", "2001 من المحارف"), ("en", "2001 characters")]
)
@pytest.mark.parametrize("letter", ["س", "w"])
def test_a_refusal_is_in_the_language_of_messages_that_was_chosen(letter, language, said):
    with pytest.raises(InvalidQuestion, match=said) as caught:
        validate(letter * (LONGEST_QUESTION + 1), language)
    assert language_of(caught.value.hint) == language
