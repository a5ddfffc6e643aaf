import pytest
from hypothesis import given, settings

from rag.attribution import speaker
from rag.quantities.values import values_in
from rag.types import Span
from tests.strategies import rows, texts

SAID = """
Ukraine said 7 people were killed, while Russia said 9 died. | Ukraine; Russia
Seven people were killed, the mayor of Kharkiv said. | the mayor of Kharkiv
According to the health ministry, 12 people died in the fire. | the health ministry
At least 40 people died, according to local officials. | local officials
The army said it had shot down 57 drones; the air force put the number at 60. | The army; the air force
Officials in Cairo announced that 5 ships had passed. | Officials in Cairo
"We lost 15 ships", said the minister. | the minister
He said 5 were killed. | -
The fire killed 5 people. | -
قالت كييف إن 7 أشخاص قُتلوا، بينما قالت موسكو إن 9 قُتلوا. | كييف; موسكو
أعلنت وزارة الصحة مقتل 12 شخصًا في الحريق. | وزارة الصحة
وأفادت وكالة "تاس" نقلًا عن وزارة الدفاع بأن أنظمة الدفاع أسقطت 57 مسيّرة | وزارة الدفاع
قُتل 40 شخصًا على الأقل، بحسب مسؤولين محليين. | مسؤولين محليين
وزارة الدفاع أعلنت أن 5 سفن عبرت القناة. | وزارة الدفاع
وقال رئيس البلدية إن عدد القتلى 7، فيما ذكر شهود أن العدد 9. | رئيس البلدية; شهود
أما الجيش الروسي فأعلن إسقاط 60 مسيّرة. | الجيش الروسي
وأسفر الحريق عن مقتل 5 أشخاص. | -
وقال رئيس بلدية هالدن: «فقدنا 5 قوارب». | رئيس بلدية هالدن
"""


@pytest.mark.parametrize(("text", "expected"), rows(SAID))
def test_each_value_has_the_speaker_of_its_clause(text, expected):
    found = []
    for value in values_in(text):
        span = speaker(text, Span(start=value.start, end=value.end))
        found.append("-" if span is None else text[span.start : span.end])
    assert "; ".join(found) == expected


@given(texts)
@settings(deadline=None, max_examples=200)
def test_a_speaker_is_a_part_of_the_text(text):
    for value in values_in(text):
        span = speaker(text, Span(start=value.start, end=value.end))
        assert span is None or 0 <= span.start < span.end <= len(text)
