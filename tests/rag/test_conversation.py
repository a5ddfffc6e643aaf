"""Dialogues in both languages: what a follow-up is understood to ask, and what is left alone."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.conversation import MOST_TURNS, Turn, resolve
from rag.question import LONGEST_QUESTION
from tests.conftest import SEEDS

# (what was said before: question, answer, question, …), the follow-up, what it asks
ENGLISH = [
    (["How many drones did Russia shoot down?", "57 [1]"], "And when?", "When did Russia shoot down drones?"),
    (["How many drones did Russia shoot down?", "57"], "What about Ukraine?", "How many drones did Ukraine shoot down?"),
    (["How many people were killed in the north?", "7"], "And in the south?", "How many people were killed in the south?"),
    (["How many people were killed in Kyiv?", "7"], "in the south?", "How many people were killed in the south?"),
    (["When did Russia seize Bakhmut?", "May 2023"], "And Avdiivka?", "When did Russia seize Avdiivka?"),
    (["When did Russia seize Bakhmut?", "May 2023"], "why?", "Why did Russia seize Bakhmut?"),
    (["Who seized Bakhmut?", "Russia"], "When did that happen?", "When did that happen (seized Bakhmut)?"),
    (["When did Russia seize Bakhmut?", "May 2023"], "Why is it important?", "Why is Bakhmut important?"),
    (["Who heads the national security council?", "Rustem Umerov [1]"], "Who is he?", "Who is Rustem Umerov?"),
    (["Who heads the national security council?", "Rustem Umerov"], "What did he say about the talks?", "What did Rustem Umerov say about the talks?"),
    (["Who is Rustem Umerov?", "the head of the council"], "What did he say?", "What did Rustem Umerov say?"),
    (["What did Zelensky say on Telegram?", "…"], "And what will he sign with Greece?", "What will Zelensky sign with Greece?"),
    (["What will Zelensky sign with Greece?", "a deal"], "What about Spain?", "What will Zelensky sign with Spain?"),
    (["What are the Istanbul agreements?", "…"], "When were they signed?", "When were the Istanbul agreements signed?"),
    (["What are the Istanbul agreements?", "…"], "What is their purpose?", "What is the Istanbul agreements' purpose?"),
    (["Which city is Russia approaching?", "Pokrovsk"], "Where is it?", "Where is Pokrovsk?"),
    (["Which city is Russia approaching?", "Pokrovsk"], "Who lives there?", "Who lives in Pokrovsk?"),
    (["How many prisoners does Kyiv hope to free?", "1200"], "Who holds them?", "Who holds the prisoners?"),
    (["What happened in 2022?", "…"], "and 2023?", "What happened in 2023?"),
    (["Who is he?", "I do not know."], "Where does he live?", None),
    (["Where did the strikes hit?", "Kyiv"], "Was that decided by the council?", "Was that decided by the council (the strikes hit)?"),
    (["How many people were killed in Kyiv?", "7", "And in the south?", "4", "thanks!", "You are welcome."], "When?", "When were people killed in the south?"),
    (["How many drones did Russia shoot down?", "57"], "tell me more", "How many drones did Russia shoot down?"),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "Why?", "Why (سيطرت روسيا على باخموت)?"),
    (["من هو رئيس مجلس الأمن القومي؟", "رستم أوميروف"], "Who is he?", "Who is رستم أوميروف?"),
    # Other subjects than the articles the rules were written beside.
    (["Who invented the telephone?", "Alexander Graham Bell"], "When was he born?", "When was Alexander Graham Bell born?"),
    (["How much did Egypt spend on the new capital?", "58 billion"], "and Saudi Arabia?", "How much did Saudi Arabia spend on the new capital?"),
    (["How many medals did Morocco win in Paris?", "two"], "And in Tokyo?", "How many medals did Morocco win in Tokyo?"),
    (["What is the Suez Canal?", "a waterway"], "How long is it?", "How long is the Suez Canal?"),
    (["Which company makes the vaccine?", "Pfizer"], "How much does it cost?", "How much does it cost (company makes the vaccine)?"),
    (["How many people died in the earthquake?", "2,900"], "How many were injured?", "How many were injured (people died in the earthquake)?"),
    (["Where is the summit being held?", "Doha"], "Who will attend?", "Who will attend (the summit being held)?"),
    (["Did the central bank raise interest rates?", "yes"], "By how much?", "Did the central bank raise interest rates by how much?"),
    # Left alone: the question names what it asks about, or there is nothing to lean on.
    ([], "And when?", None),
    ([], "Who is he?", None),
    (["thanks"], "Why?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "What is the capital of Japan?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "How many prisoners does Kyiv hope to free?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "Did Zelensky say he will sign a deal?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "How long does it take to train a pilot?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "Is it true that prisoners were freed?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "Is there an agreement with Greece?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "What happened this year?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "Zelensky", None),
    (["Who invented the telephone?", "Bell"], "With whom did Japan trade?", None),
    (["Who invented the telephone?", "Bell"], "In his post, what did Zelensky ask for?", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "prisoner exchange", None),
    (["When did Russia seize Bakhmut?", "May 2023"], "Which agreements regulate the exchange?", None),
]  # fmt: skip
ARABIC = [
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "ولماذا؟", "لماذا سيطرت روسيا على باخموت؟"),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "وبوكروفسك؟", "متى سيطرت روسيا على بوكروفسك؟"),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "وماذا عن أفدييفكا؟", "متى سيطرت روسيا على أفدييفكا؟"),
    (["من سيطر على باخموت؟", "روسيا [1]"], "ومتى حدث ذلك؟", "متى سيطر على باخموت؟"),
    (["من سيطر على باخموت؟", "روسيا"], "متى؟", "متى سيطر على باخموت؟"),
    (["كم عدد القتلى في كييف؟", "سبعة"], "وفي جنوب البلاد؟", "كم عدد القتلى في جنوب البلاد؟"),
    (["كم عدد القتلى في كييف؟", "سبعة"], "في الجنوب؟", "كم عدد القتلى في الجنوب؟"),
    (["كم عدد القتلى في كييف يوم الجمعة؟", "سبعة"], "متى؟", "متى القتلى في كييف يوم الجمعة؟"),
    (["كم طائرة مسيّرة أسقطت روسيا؟", "57"], "وأوكرانيا؟", "كم طائرة مسيّرة أسقطت أوكرانيا؟"),
    (["من هم الأسرى الذين تأمل كييف إطلاق سراحهم؟", "…"], "وكم كان عددهم؟", "كم كان عدد الأسرى الذين تأمل كييف إطلاق سراحهم؟"),
    (["من هو رئيس مجلس الأمن القومي الأوكراني؟", "رستم أوميروف [1]"], "وماذا قال؟", "ماذا قال رستم أوميروف؟"),
    (["من هو رئيس مجلس الأمن القومي الأوكراني؟", "رستم أوميروف"], "من هو؟", "من رستم أوميروف؟"),
    (["من هو رستم أوميروف؟", "رئيس مجلس الأمن القومي"], "وماذا أعلن؟", "ماذا أعلن رستم أوميروف؟"),
    (["من هو زيلينسكي؟", "الرئيس"], "ما رأيه في الحرب؟", "ما رأي زيلينسكي في الحرب؟"),
    (["ماذا قال زيلينسكي عن الدفاعات الجوية؟", "…"], "وماذا قال عن الغاز؟", "ماذا قال زيلينسكي عن الغاز؟"),
    (["ماذا قال زيلينسكي؟", "…"], "وماذا عن أوميروف؟", "ماذا قال أوميروف؟"),
    (["مع أي دولة سيوقع زيلينسكي اتفاقية الغاز؟", "اليونان"], "وماذا عن الطيران؟", "مع أي دولة سيوقع زيلينسكي اتفاقية الطيران؟"),
    (["ما هي اتفاقيات إسطنبول؟", "…"], "ومتى وُضعت؟", "متى وُضعت اتفاقيات إسطنبول؟"),
    (["ما هي اتفاقيات إسطنبول؟", "…"], "ما أهميتها؟", "ما أهمية اتفاقيات إسطنبول؟"),
    (["أي مدينة تقترب منها روسيا؟", "بوكروفسك"], "وأين تقع؟", "أين تقع بوكروفسك؟"),
    (["أي مدينة تقترب منها روسيا؟", "بوكروفسك"], "كم عدد سكانها؟", "كم عدد سكان بوكروفسك؟"),
    (["أي مدينة تقترب منها روسيا؟", "بوكروفسك"], "من يعيش هناك؟", "من يعيش في بوكروفسك؟"),
    (["ماذا حدث عام 2022؟", "…"], "وماذا عن 2023؟", "ماذا حدث عام 2023؟"),
    (["كم عدد القتلى في كييف؟", "سبعة", "وفي الجنوب؟", "أربعة", "شكرا", "عفوا"], "لماذا؟", "لماذا القتلى في الجنوب؟"),
    (["When did Russia seize Bakhmut?", "May 2023"], "ولماذا؟", "لماذا (Russia seize Bakhmut)؟"),
    (["كم بلغ سعر النفط أمس؟", "80"], "وبالنسبة للغاز؟", "كم بلغ سعر الغاز أمس؟"),
    (["كم بلغ سعر النفط أمس؟", "80"], "طيب وماذا بشأن الذهب؟", "كم بلغ سعر الذهب أمس؟"),
    (["من اخترع الهاتف؟", "ألكسندر غراهام بيل"], "ومتى وُلد؟", "متى وُلد ألكسندر غراهام بيل؟"),
    (["من كتب التقرير؟", "سارة حداد [1]"], "أين تعمل؟", "أين تعمل سارة حداد؟"),
    (["كم ميدالية فاز بها المغرب في باريس؟", "اثنتان"], "وفي طوكيو؟", "كم ميدالية فاز بها المغرب في طوكيو؟"),
    (["ما عاصمة الأردن؟", "عمّان"], "كم عدد سكانها؟", "كم عدد سكان عاصمة الأردن؟"),
    (["متى افتتحت قناة السويس؟", "1869"], "ومن حفرها؟", "من حفر قناة السويس؟"),
    (["ما الشركة التي تنتج اللقاح؟", "فايزر"], "وأين مقرها؟", "أين مقر فايزر؟"),
    (["ما سبب انقطاع الكهرباء في إسبانيا؟", "عطل"], "ومتى حدث؟", "متى انقطاع الكهرباء في إسبانيا؟"),
    (["من فاز بالانتخابات في تونس؟", "قيس سعيد"], "وماذا عن الجزائر؟", "من فاز بالانتخابات في الجزائر؟"),
    (["أين تعقد القمة؟", "الدوحة"], "ومن سيحضرها؟", "من سيحضر القمة؟"),
    (["من هو وزير الخارجية؟", "أيمن الصفدي"], "وما موقفه من الاتفاق؟", "ما موقف أيمن الصفدي من الاتفاق؟"),
    # Left alone.
    (["ما عدد سكان القاهرة؟", "10 ملايين"], "ما هو التمثيل الضوئي؟", None),
    (["من اخترع الهاتف؟", "غراهام بيل"], "مع مين وقعوا الاتفاق؟", None),
    (["من اخترع الهاتف؟", "غراهام بيل"], "كيف يُنظر إلى العقود طويلة الأجل؟", None),
    (["ما عدد سكان القاهرة؟", "10 ملايين"], "كيف تنتج الطاقة الشمسية في الصحراء؟", None),
    ([], "ولماذا؟", None),
    ([], "وكم كان عددهم؟", None),
    (["شكرا"], "متى؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "ما عاصمة اليابان؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "كم عدد الأسرى الذين تأمل كييف إطلاق سراحهم؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "من هو رئيس أوكرانيا؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "ماذا قال زيلينسكي عن الغاز؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "هل هناك اتفاق مع اليونان؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "ماذا حدث هذا العام؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "أين بيروت؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "واشنطن؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "ما أهم بنود الاتفاق؟", None),
    (["متى سيطرت روسيا على باخموت؟", "مايو 2023"], "تبادل الأسرى", None),
]  # fmt: skip

# Definite nouns and subjects that nobody names again, on subjects of their own.
UNNAMED = [
    (["Where is Nalo Hospital?", "in the old town"], "Who runs the hospital?", "Who runs Nalo Hospital?"),
    (["When was the company Arvex founded?", "1987 [1]"], "And who founded the company?", "Who founded the company Arvex?"),
    (["Which company makes the vaccine?", "Pfizer [1]"], "Who founded the company?", "Who founded Pfizer?"),
    (["What does Arvex produce?", "batteries"], "And who founded the company?", "Who founded the company Arvex?"),
    (["What are the Istanbul agreements?", "…"], "Who signed the agreements?", "Who signed the Istanbul agreements?"),
    (["How long is the Kerch bridge?", "19 km"], "When was the bridge opened?", "When was the Kerch bridge opened?"),
    (["How many students does the University of Nalo have?", "9,000"], "Who heads the university?", "Who heads the University of Nalo?"),
    (["Who is the mayor of Nalo?", "Sara Haddad"], "When was the mayor elected?", "When was the mayor of Nalo elected?"),
    (["Which city hosted the summit?", "Doha"], "How many people live in the city?", "How many people live in Doha?"),
    (["How many people work at the Dorvale factory?", "300", "Who owns it?", "Arvex"], "What does the factory make?", "What does the Dorvale factory make?"),
    (["أين يقع مستشفى الأمل؟", "في المدينة القديمة"], "ومن مدير المستشفى؟", "من مدير مستشفى الأمل؟"),
    (["متى تأسست شركة أرفكس؟", "1987 [1]"], "ومن أسس الشركة؟", "من أسس شركة أرفكس؟"),
    (["أي شركة تنتج اللقاح؟", "فايزر [1]"], "من أسس الشركة؟", "من أسس فايزر؟"),
    (["ما الشركة التي تنتج اللقاح؟", "فايزر"], "ومن يملك الشركة؟", "من يملك فايزر؟"),
    (["متى تأسس البنك العربي؟", "1930"], "وأين مقر البنك؟", "أين مقر البنك العربي؟"),
    (["كم عدد طلاب جامعة اليرموك؟", "40 ألفًا"], "ومن رئيس الجامعة؟", "من رئيس جامعة اليرموك؟"),
    (["كم يبلغ طول جسر كيرتش؟", "19 كم"], "متى افتتح الجسر؟", "متى افتتح جسر كيرتش؟"),
    (["ماذا قال زيلينسكي عن الغاز؟", "…"], "وأين أجرى محادثات؟", "أين أجرى زيلينسكي محادثات؟"),
    (["من هو وزير الخارجية؟", "أيمن الصفدي"], "متى ألقى خطابًا؟", "متى ألقى أيمن الصفدي خطابًا؟"),
    (["ما هي اتفاقيات إسطنبول؟", "…"], "من وقّع الاتفاقيات؟", "من وقّع اتفاقيات إسطنبول؟"),
    (["ماذا تنتج أرفكس؟", "بطاريات"], "ومن أسس الشركة؟", "من أسس شركة أرفكس؟"),
    (["When did Dorvale University open?", "1950"], "How many students does the university have?", "How many students does Dorvale University have?"),
    (["Who wrote the novel Season of Migration?", "Tayeb Salih"], "When was the novel published?", "When was the novel Season of Migration published?"),
    (["What is the capital of Jordan?", "Amman"], "How many people live in the capital?", "How many people live in the capital of Jordan?"),
    (["When was Arvex founded?", "1987"], "What is the company's turnover?", "What is the company Arvex's turnover?"),
    (["How high is the Nasser dam?", "100 m"], "Who paid for the dam?", "Who paid for the Nasser dam?"),
    (["Who heads Nalo Bank?", "Sara Haddad"], "Where was she born?", "Where was Sara Haddad born?"),
    (["Who heads Nalo Bank?", "Sara Haddad"], "Where is the bank based?", "Where is Nalo Bank based?"),
    (["متى بُني سد النصر؟", "1970"], "كم ارتفاع السد؟", "كم ارتفاع سد النصر؟"),
    (["من كتب رواية موسم الهجرة إلى الشمال؟", "الطيب صالح"], "متى نُشرت الرواية؟", "متى نُشرت رواية موسم الهجرة؟"),
    (["ما عاصمة الأردن؟", "عمّان"], "كم عدد سكان العاصمة؟", "كم عدد سكان عاصمة الأردن؟"),
    (["من رئيس نادي نالو؟", "سارة"], "كم لاعبًا في النادي؟", "كم لاعبًا في نادي نالو؟"),
]  # fmt: skip
# Several candidates, none, or a noun that says itself which is meant.
NAMED_WELL_ENOUGH = [
    (["Where is Nalo Hospital?", "…", "And where is Kedar Hospital?", "…"], "Who runs the hospital?"),
    (["What did Zelensky say?", "…"], "Who founded the company?"),
    (["How many people live in Nalo?", "9,000"], "Who runs the hospital?"),
    (["Where is Nalo Hospital?", "in the old town"], "Who runs the hospital of Kedar?"),
    (["Where is Nalo Hospital?", "in the old town"], "Who runs the hospital in the north?"),
    (["Where is Nalo Hospital?", "in the old town"], "Who is the president of the republic?"),
    (["Where is Nalo Hospital?", "in the old town"], "Who runs Kedar Hospital?"),
    (["When was the company Arvex founded?", "1987"], "Which company makes the vaccine?"),
    (["When was the company Arvex founded?", "1987"], "Why do companies pay the tax?"),
    (["When did Arvex buy Belmo?", "2019"], "Who founded the company?"),
    (["What are the Istanbul agreements?", "…"], "Which agreements did Greece sign?"),
    (["How long is the Kerch bridge?", "19 km"], "When did the war begin?"),
    (["أين يقع مستشفى الأمل؟", "…", "وأين يقع مستشفى الشفاء؟", "…"], "من مدير المستشفى؟"),
    (["كم عدد سكان القاهرة؟", "10 ملايين"], "من مدير المستشفى؟"),
    (["أين يقع مستشفى الأمل؟", "…"], "من مدير مستشفى الشفاء؟"),
    (["أين يقع مستشفى الأمل؟", "…"], "من مدير المستشفى الوطني؟"),
    (["أين يقع مستشفى الأمل؟", "…"], "من مدير المستشفى في عمّان؟"),
    (["متى تأسست شركة أرفكس؟", "1987"], "كم عدد الشركات المسجلة في الأردن؟"),
    (["متى تأسست شركة أرفكس؟", "1987"], "من وقّع الاتفاقية؟"),
    (["ماذا قال زيلينسكي عن الغاز؟", "…"], "أين سقطت طائرة؟"),
    (["متى تأسس البنك العربي؟", "1930"], "ما سبب الحرب؟"),
    (["متى اشترت أرفكس شركة بلمو؟", "2019"], "متى تأسست شركة نالو؟"),
    (["ماذا قال زيلينسكي؟", "…"], "من أسس الشركة؟"),
    (["How many people were killed in Kyiv?", "7"], "Who attacked the city?"),
    (["When was Arvex founded?", "1987"], "Who won the election?"),
    (["When was Arvex founded?", "1987"], "What did the government say?"),
    (["How long is the Kerch bridge?", "19 km"], "Who built the railway?"),
    (["What is the capital of Jordan?", "Amman"], "What is the weather like?"),
    (["What is the capital of Jordan?", "Amman"], "How big is the sun?"),
    (["Who heads Nalo Bank?", "Sara Haddad"], "Which bank is the largest?"),
    (["كم ارتفاع سد النصر؟", "111 م"], "ما أسباب الأزمة الاقتصادية؟"),
    (["كم ارتفاع سد النصر؟", "111 م"], "من فاز في الانتخابات؟"),
    (["متى تأسست شركة أرفكس؟", "1987"], "من هو الرئيس؟"),
    (["متى تأسست شركة أرفكس؟", "1987"], "ما حجم الشركة الأم؟"),
    (["When did the Hamra museum open?", "1950"], "Is the museum open on Fridays?"),  # might be resolved, but a noun with more behind it may be told apart by it
    (["متى افتُتح متحف بيروت؟", "1942"], "هل المتحف مفتوح؟"),  # might be resolved, but a noun with more behind it may be told apart by it
]  # fmt: skip


def spoken(*messages):
    roles = ("user", "assistant")
    return [Turn(roles[n % 2], text) for n, text in enumerate(messages)]


@pytest.mark.parametrize(("before", "asked", "meant"), ENGLISH, ids=lambda v: str(v)[:60])
def test_english_follow_ups(before, asked, meant):
    assert resolve(asked, spoken(*before)) == meant


@pytest.mark.parametrize(("before", "asked", "meant"), ARABIC, ids=lambda v: str(v)[:60])
def test_arabic_follow_ups(before, asked, meant):
    assert resolve(asked, spoken(*before)) == meant


@pytest.mark.parametrize(("before", "asked", "meant"), UNNAMED, ids=lambda v: str(v)[:60])
def test_what_only_the_conversation_names(before, asked, meant):
    assert resolve(asked, spoken(*before)) == meant


@pytest.mark.parametrize(("before", "asked"), NAMED_WELL_ENOUGH, ids=lambda v: str(v)[:60])
def test_what_could_be_several_things_is_left_alone(before, asked):
    assert resolve(asked, spoken(*before)) is None


def test_there_are_enough_dialogues_of_both_kinds():
    for dialogues in (ENGLISH, ARABIC):
        assert sum(meant is not None for *_, meant in dialogues) >= 20
        assert sum(meant is None for *_, meant in dialogues) >= 10


@pytest.mark.parametrize(
    "before", [ENGLISH[0][0], ARABIC[0][0], ["Who invented the telephone?", "Bell"]]
)
def test_questions_that_stand_alone_are_left_alone(before):
    """All questions of the seeds stand alone; whatever was asked before must not change them."""
    files = (SEEDS / "facts.jsonl", SEEDS / "unseen.jsonl")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    asked = [json.loads(line)["question"] for line in lines]
    assert len(asked) > 200
    assert [text for text in asked if resolve(text, spoken(*before))] == []


def test_only_the_last_messages_are_looked_at():
    old = spoken("When did Russia seize Bakhmut?", "May 2023")
    filler = [Turn("assistant", "…")] * MOST_TURNS
    assert resolve("Why?", [*old, *filler]) is None
    assert resolve("Why?", [*filler, *old]) == "Why did Russia seize Bakhmut?"


@given(
    st.lists(st.tuples(st.sampled_from(["user", "assistant"]), st.text(max_size=80)), max_size=6),
    st.text(max_size=80),
)
def test_any_text_is_survived_and_what_comes_out_is_a_question(history, asked):
    found = resolve(asked, [Turn(role, text) for role, text in history])
    assert found is None or (found != asked.strip() and 0 < len(found) <= LONGEST_QUESTION)


@settings(deadline=None)  # three dialogues each, also on a busy machine
@given(
    st.sampled_from([before for before, *_ in ENGLISH + ARABIC + UNNAMED if before]),
    st.sampled_from([asked for _, asked, *_ in ENGLISH + ARABIC + UNNAMED + NAMED_WELL_ENOUGH]),
    st.text(max_size=12),
)
def test_any_mixture_of_dialogues_is_survived(before, asked, noise):
    for text in (asked, asked + noise, noise + asked):
        found = resolve(text, spoken(*before))
        assert found is None or len(found) <= LONGEST_QUESTION
