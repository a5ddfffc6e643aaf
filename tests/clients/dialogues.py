"""What every client asks of the seed articles: (question, follow-up, a word of the quotation)."""

QUESTIONS = {
    "ar": "كم طائرة مسيّرة أسقطت روسيا؟",
    "en": "How many drones did Russia say it shot down?",
}
ANSWER = "57"
FOLLOW_UPS = {
    "ar": (
        ["من هو رئيس مجلس الأمن القومي الأوكراني؟", "رستم أوميروف [1]"],
        "وماذا قال؟",
        "أوميروف",
    ),
    "en": (
        ["What are the Istanbul agreements?", "An agreement [1]"],
        "When were they made?",
        "2022",
    ),
}
