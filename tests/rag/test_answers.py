from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.reading.answers import short_answer, values_of_type
from tests.strategies import grapheme_starts, question, rows, texts

ASKING = (
    "كم عدد الأسرى؟",
    "متى؟",
    "ماذا قال الرئيس؟",
    "Who said it?",
    "How many?",
    "When?",
    "What did he say?",
)


@given(texts, st.sampled_from(ASKING), st.integers(0, 10**6))
@settings(deadline=None, max_examples=300)
def test_spans_are_legal_in_any_text(text, asked, offset):
    starts = grapheme_starts(text)
    asked = question(asked)
    for span in values_of_type(asked, text):
        assert 0 <= span.start < span.end <= len(text)
        assert span.start in starts
        assert span.end in starts
        for place in (span.start, span.end):
            inside = 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()
            assert not inside or asked.answer_type == "quote"
    best = short_answer(asked, text, offset)
    if best:
        assert offset <= best.start < best.end <= offset + len(text)
        assert best.start - offset in starts


# question | sentence | short answer (empty: none can be told)
CASES = """
كم عدد الأسرى الأوكرانيين؟ | على أمل إطلاق سراح 1200 أوكراني محتجزين لدى القوات الروسية. | 1200
كم اسير اوكراني | خلال مايو 2023 أطلق سراح ١٢٠٠ أسير أوكراني. | ١٢٠٠
كم طائرة مسيرة أسقطت روسيا؟ | أسقطت 57 طائرة مسيّرة أوكرانية خلال ليلة الأحد. | 57
كم عدد القتلى في كييف؟ | هجوم روسي على كييف أسفر عن سبعة قتلى عقب سقوط صواريخ. | سبعة
كم شخصا قتل يوم السبت؟ | أعلنت السلطات مقتل أربعة أشخاص يوم السبت نتيجة ضربات. | أربعة
قديش عدد الجنود | شارك خمسة وعشرون ألف جندي في المعركة عام 2022. | خمسة وعشرون ألف
كم بلغت النسبة؟ | بلغت النسبة ٣٫٥٪ في آذار 2020. | ٣٫٥٪
كم كلف الجسر؟ | كلف الجسر 3.5 مليون دولار في 2019. | 3.5 مليون
ما عدد السكان؟ | يبلغ عدد السكان ألفين وأربعمئة نسمة. | ألفين وأربعمئة
كم مرة سقطت المدينة؟ | سقطت المدينة ثلاث مرات منذ عام 1990. | ثلاث
كم من 1200 أسير عاد؟ | من أصل 1200 أسير عاد 300 فقط. | 300
كم أسيرا؟ | في خطوة لتبادل الأسرى. |
كم جنديا في المدينة؟ | وصل 1500 جندي في مايو إلى المدينة. | 1500
متى سقطت باخموت؟ | أكبر مدينة تستولي عليها روسيا منذ باخموت في مايو 2023. | مايو 2023
متى بدأت الحرب؟ | استمرار الحرب الروسية على أوكرانيا منذ فبراير 2022. | فبراير 2022
امتى بدات الحرب | بدأت الحرب في 24 شباط 2022 وقتل فيها 1200 جندي. | 24 شباط 2022
في أي عام وضعت الاتفاقيات؟ | وتُعد هذه الاتفاقيات التي وُضعت عام 2022 إطارًا. | 2022
متى وُقّع الاتفاق؟ | وقع الاتفاق في الخامس من كانون الثاني/يناير ٢٠٢٠. | كانون الثاني/يناير ٢٠٢٠
متى يزور فرنسا؟ | يستعد لتوقيع اتفاقية مع فرنسا غدًا لتعزيز القدرات. | غدًا
متى اسقطت المسيرات؟ | أسقطت 57 طائرة مسيّرة خلال ليلة الأحد. | الأحد
متى قتل السبعة؟ | قتل سبعة أشخاص في كييف الجمعة الماضية. | الجمعة
متى ولد؟ | ولد في 5 آب من عام 1970 في القاهرة. | 5 آب من عام 1970
متى انتهت؟ | انتهت بعد عام طويل من القتال. |
ماذا قال زيلينسكي؟ | أكد زيلينسكي: "نأمل استئناف عمليات التبادل قريبًا". | نأمل استئناف عمليات التبادل قريبًا
ماذا قال زيلينسكي؟ | وفي رسالة عبر "تيليغرام"، أكد: "نأمل استئناف التبادل". | نأمل استئناف التبادل
شو قال الرئيس | نشره على تطبيق «تلغرام»: «نتطلع لاستئناف عمليات التبادل». | نتطلع لاستئناف عمليات التبادل
ماذا قال الناطق؟ | نقلت وكالة "تاس" عن الناطق: "لن نتوقف أبدا". | لن نتوقف أبدا
ماذا قالت الشبكة؟ | وصفته شبكة CNN بأنه “أشبه بنهاية العالم”. | أشبه بنهاية العالم
ماذا قال؟ | لم يقل شيئا. |
How many prisoners does Kyiv want? | Kyiv hopes to free 1,200 Ukrainian prisoners in May 2024. | 1,200
How many drones were shot down? | Russia shot down 57 drones overnight on Sunday. | 57
How many people died? | Seven people died in Kyiv in 2024. | Seven
How many soldiers? | About twenty-five thousand soldiers took part. | twenty-five thousand
How much did it cost? | It cost 3.5 million dollars in 2019. | 3.5 million
number of prisoners | An exchange of 1200 prisoners was agreed. | 1200
How many drones fell? | Ukraine lost 57 in May. | 57
How many died? | Nobody was hurt. |
When did Bakhmut fall? | It is the largest town since Bakhmut in May 2023. | May 2023
When did the war begin? | The war began on February 24, 2022, with 1200 tanks. | February 24, 2022
What year were the agreements made? | The agreements were made in 2022 and hold. | 2022
when was it signed | It was signed on 5 March 2014 in Minsk. | 5 March 2014
When does he travel? | The president travels to Paris tomorrow. | tomorrow
When did it happen? | The talks failed on Sunday. | Sunday
When did it happen? | He may go. |
What did Zelensky say? | Zelensky said: “We hope to resume exchanges soon.” | We hope to resume exchanges soon.
What did he say about "TASS"? | He told "TASS" that "we will not stop at all". | we will not stop at all
Who leads Ukraine? | The president is Volodymyr Zelensky. | Volodymyr Zelensky
Who is the president of Ukraine? | On Sunday in Kyiv the president of Ukraine, Volodymyr Zelensky, spoke. | Volodymyr Zelensky
Who wrote it? | It was written by J. K. Rowling in May 1997. | J. K. Rowling
Who leads Ukraine? | Ukraine is at war. |
Where were the talks? | The talks were in Turkey. |
Why did it end? | It ended in 2022. |
"""


@pytest.mark.parametrize(("asked", "sentence", "expected"), rows(CASES))
def test_short_answers(asked, sentence, expected):
    span = short_answer(question(asked), sentence, 0)
    assert (sentence[span.start : span.end] if span else "") == expected


@pytest.mark.parametrize(("asked", "sentence", "expected"), [row for row in rows(CASES) if row[2]])
def test_short_answers_are_offset_into_the_document(asked, sentence, expected):
    text = f"مقدمة قصيرة. {sentence}"
    span = short_answer(question(asked), sentence, len(text) - len(sentence))
    assert text[span.start : span.end] == expected
