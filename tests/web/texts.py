"""Articles and questions of the page's tests."""

from tests.web.service import answered, cited, stored

WAR = stored(
    "news/حرب 🕊.txt",
    "الحرب الروسية 🕊🕊 إلى مرحلة جديدة\n\n"
    "CNN وصفت المشهد بأنه «أشبه بنهاية العالم»، وفق ما نقلته عنها الصحف العربية.\n"
    + "وقال مراسلون إن القوافل استمرت في التقدم نحو المدينة طوال الليل.\n"
    * 30
    + "وأعلنت الوزارة 😀 أن الدفاعات أسقطت 57 طائرة مسيّرة خلال ليلة الأحد، في مؤشر على التصعيد.\n"
    "The ministry did not comment on the claim.\n" + "ولم يصدر تعليق آخر.\n" * 20,
    source="الجزيرة / news.txt",
    published="2025-11-16",
)
TALKS = stored(
    "talks.txt",
    "Talks resume in Istanbul\nKyiv said 9 people were killed on Friday.\nMoscow said 7 people were killed.",
    published="2025-11-17",
)
QUOTE = "وأعلنت الوزارة 😀 أن الدفاعات أسقطت 57 طائرة مسيّرة خلال ليلة الأحد، في مؤشر على التصعيد."
WORDS = "57 طائرة مسيّرة"
QUESTION = {"ar": "كم طائرة مسيّرة أسقطت روسيا؟", "en": "How many drones were shot down?"}


def drones(body):
    """An Arabic answer with two citations, in any language of question."""
    citations = [cited(WAR, QUOTE, WORDS), cited(TALKS, "Talks resume in Istanbul", n=2)]
    return answered(body["question"], WORDS, citations)


SPEAKER = {"text": "Kyiv", "start": 25, "end": 29, "document_id": "talks.txt"}
NOTE = {"code": "sources_differ", "message": "The sources differ on this: 9 / 7."}


def killed(body):
    """An answer on which two sources disagree."""
    citations = [
        cited(TALKS, "Kyiv said 9 people were killed on Friday.", "9", n=1),
        cited(TALKS, "Moscow said 7 people were killed.", "7", n=2),
    ]
    sides = [
        {"value": "9", "citations": [1], "speaker": SPEAKER, "published": "2025-11-17"},
        {"value": "7", "citations": [2], "speaker": None, "published": None},
    ]
    return answered(
        body["question"], "9 people", citations, disagreement=sides, note=NOTE, confidence=0.42
    )
