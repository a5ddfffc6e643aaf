"""Names in roles: what the grammar shows, and which names can be one."""

import pytest
from hypothesis import given, settings

from rag.question import understand
from rag.roles import holders, role_asked, told_apart
from tests.strategies import rows, texts

ASKED = """
Who founded the Halden Post? | found
Which company built the bridge? | build
Where was Leo Mandel born? | born
In which city was the treaty signed? | signed
من كتب رواية نهر الزجاج؟ | write
في أي بلد ولد الرسام؟ | born
من سجل هدف الفوز في النهائي؟ | decide
Who scored in the final? | -
Who is the mayor of Halden? | -
Who took part in the march? | -
Who wrote and directed the film? | -
Who did not sign? | -
When was the Post founded? | -
من هو رئيس البلدية؟ | -
متى تأسست الجامعة؟ | -
"""


@pytest.mark.parametrize(("question", "name"), rows(ASKED))
def test_a_role_with_one_holder_is_asked_for_or_none(question, name):
    role = role_asked(understand(question))
    assert (role.name if role else "-") == name


WROTE = "Who wrote the novel Salt?"
STATED = """
The novel Salt was written by Clara Menzel in 1954. | Clara Menzel
In 1954 Dr Clara Menzel wrote the novel Salt. | Clara Menzel
Salt was written by the young Englishwoman Clara Menzel. | Clara Menzel
Salt was not written by Clara Menzel. | -
Salt was perhaps written by Clara Menzel. | -
Salt was written by Clara Menzel and Tobias Rand. | -
Salt was written by Clara Menzel with a friend. | -
Clara Menzel, known as Max Twill, wrote Salt. | -
Salt was written by Mother Abu Nour. | -
The foreword was written by Clara Menzel. | foreword: Clara Menzel
Salt was written by a teacher. | -
Salt appeared in May 1954 and was written by Clara Menzel. | Clara Menzel
"""


@pytest.mark.parametrize(("text", "expected"), rows(STATED))
def test_only_what_is_plainly_said_names_a_holder(text, expected):
    question = understand(WROTE)
    found = holders(role_asked(question), question, text)
    about, _, name = expected.rpartition(": ")
    assert [one.text for one in found] == ([] if expected == "-" else [name])
    assert all(text[one.start : one.end] == one.text for one in found)
    if about:
        assert found[0].about == (about,)


STATED_AR = """
كتبت ليلى العمري رواية الملح عام 1954. | ليلى العمري
وكتبت الروائية ليلى العمري رواية الملح. | ليلى العمري
ورواية الملح من تأليف ليلى العمري. | ليلى العمري
يقول كتاب جديد إن ليلى العمري كتبت رواية الملح. | ليلى العمري
كتبت ليلى العمري وحسام الدباغ رواية الملح. | -
لم تكتب ليلى العمري رواية الملح، كتبها غيرها. | -
كتبت معلمة شابة رواية الملح. | -
كتب أبو نور رواية الملح. | -
كتب وليد الخازن مقدمة رواية الملح. | -
"""


@pytest.mark.parametrize(("text", "expected"), rows(STATED_AR))
def test_only_what_is_plainly_said_names_a_holder_in_arabic(text, expected):
    question = understand("من كتب رواية الملح؟")
    found = holders(role_asked(question), question, text)
    assert [one.text for one in found] == ([] if expected == "-" else [expected])
    assert all(text[one.start : one.end] == one.text for one in found)


APART = """
Clara Menzel | Tobias Rand | yes
Clara Menzel | حسام الدباغ | yes
ليلى العمري | حسام الدباغ | yes
Clara Menzel | Menzel | no
Clara Menzel | Clara Rand | no
Katherine Muller | Kathryn Müller | no
Georg Schultze | جورج شولتز | no
عبد الرحمن الخطيب | عبدالرحمن خطيب | no
Clara Menzel | Rand | no
World Aid Fund | WAF International | no
"""


@pytest.mark.parametrize(("one", "two", "expected"), rows(APART))
def test_names_that_may_be_one_are_not_told_apart(one, two, expected):
    question = understand(WROTE)
    role = role_asked(question)
    assert told_apart(role, question, one, two) is (expected == "yes")
    assert told_apart(role, question, two, one) is (expected == "yes")


PLACES = """
Austria | المجر | yes
Vienna | Geneva | yes
Vienna | فيينا | no
Vienna | Austria | no
Graz | Vienna | no
"""


@pytest.mark.parametrize(("one", "two", "expected"), rows(PLACES))
def test_only_places_of_one_level_are_told_apart(one, two, expected):
    question = understand("Where was Leo Mandel born?")
    assert told_apart(role_asked(question), question, one, two) is (expected == "yes")


@given(texts)
@settings(deadline=None, max_examples=200)
def test_a_holder_is_a_part_of_the_text(text):
    for asked in (WROTE, "من كتب رواية الملح؟", "Where was Leo Mandel born?"):
        question = understand(asked)
        for one in holders(role_asked(question), question, text):
            assert text[one.start : one.end] == one.text
