"""Helper prompts of frontends get their shape without a look-up; people's questions are answered."""

import json

import pytest

from api.openai.tasks import recognise, title_of
from tests.api.fakes import QUESTIONS

pytestmark = pytest.mark.anyio
URL = "/v1/chat/completions"


def history(question, answer="…"):
    return f"<chat_history>\nUSER: {question}\nASSISTANT: {answer}\n</chat_history>"


def tag_style(task, shape, question):
    """A prompt as frontends with a JSON reply write it."""
    return (
        f"### Task:\n{task}\n### Guidelines:\n- Use the chat's primary language.\n"
        f"### Output:\nJSON format: {shape}\n### Chat History:\n{history(question)}"
    )


TITLE = "Generate a concise title for the conversation, in 3-5 words."
TITLES = {"ar": "أوكرانيًّا تسعى كييف إلى إطلاق سراحهم", "en": "Kyiv free"}


def prompts(question):
    """(kind, messages) of each frontend's way to ask."""
    line = "Give it as a title of at most 5 words, without punctuation; return only the title."
    return [
        ("title", [("user", tag_style(TITLE, '{ "title": "short title" }', question))]),
        (
            "title",
            [
                (
                    "user",
                    "Provide a concise, 5-word-or-less title for the conversation. Only return the "
                    f"title itself.\n\nConversation:\nUser: {question}\nAI: some answer",
                )
            ],
        ),
        (
            "title",
            [
                ("system", f"You summarise a conversation and create its title. {line}"),
                ("user", f"user: {question}\nassistant: some answer"),
            ],
        ),
        (
            "title",
            [
                ("user", question),
                ("assistant", "some answer"),
                ("user", f"Now write a title for our conversation. {line}"),
            ],
        ),
        (  # the conversation as JSON, in the ways that frontends keep their messages
            "title",
            [
                ("system", f"You summarise the session and write its title. {line}"),
                ("user", json.dumps([{"role": "user", "mainText": question}])),
            ],
        ),
        (
            "title",
            [
                ("system", f"You will generate a short title from the first message. {line}"),
                (
                    "user",
                    json.dumps({"role": "user", "parts": [{"type": "text", "text": question}]}),
                ),
            ],
        ),
        (
            "title",
            [
                ("system", f"You write titles of chats. Produce a short title. {line}"),
                ("user", "Generate a title for this conversation:"),
                ("user", question),
            ],
        ),
        (
            "title",
            [
                (
                    "user",
                    f'Summarise this in a title of 10 words. Give the title only.\n"{question}"',
                )
            ],
        ),
        (
            "title",
            [
                (
                    "user",
                    "From the chat history, give this conversation a name. Keep it short, 10 characters "
                    f"at most, no quotes.\n\n```\n{question}\n\n---------\n\nan answer\n```\n\nThe name is:",
                )
            ],
        ),
        (
            "tags",
            [("user", tag_style("Generate 1-3 broad tags.", '{ "tags": ["tag"] }', question))],
        ),
        (
            "follow_ups",
            [
                (
                    "user",
                    tag_style(
                        "Suggest 3-5 follow-ups the user might ask in this conversation.",
                        '{ "follow_ups": ["…"] }',
                        question,
                    ),
                )
            ],
        ),
        (
            "queries",
            [
                (
                    "user",
                    tag_style(
                        "Decide whether search queries are needed for the conversation.",
                        '{ "queries": ["query1"] }',
                        question,
                    ),
                )
            ],
        ),
        (
            "autocomplete",
            [
                (
                    "user",
                    "You are an autocompletion system. Continue the text in <text>. Respond as "
                    f'{{ "text": "…" }}.\n{history(question)}\n<text>How many</text>',
                )
            ],
        ),
    ]


CASES = [(language, n) for language in ("ar", "en") for n in range(len(prompts("")))]


@pytest.mark.parametrize(("language", "n"), CASES)
async def test_a_helper_prompt_is_answered_without_retrieval(client, engine, language, n):
    question = QUESTIONS[language]
    kind, said = prompts(question)[n]
    messages = [{"role": role, "content": text} for role, text in said]
    content = (await client.post(URL, json={"messages": messages})).json()
    text = content["choices"][0]["message"]["content"]
    assert engine.asked == []
    assert content["sanad"] is None
    if kind == "title":
        title = json.loads(text)["title"] if text.startswith("{") else text
        assert title == TITLES[language]
    else:
        shape = {"tags": list, "follow_ups": list, "queries": list, "autocomplete": str}[kind]
        name = "text" if kind == "autocomplete" else kind
        assert isinstance(json.loads(text)[name], shape)
    if kind == "queries":
        assert json.loads(text) == {"queries": [question]}
    streamed = await client.post(URL, json={"messages": messages, "stream": True})
    chunks = [line[6:] for line in streamed.text.split("\n\n") if line.startswith("data: {")]
    deltas = [json.loads(chunk)["choices"][0] for chunk in chunks]
    assert "".join(delta["delta"].get("content", "") for delta in deltas) == text
    assert deltas[-1]["finish_reason"] == "stop"
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert engine.asked == []


@pytest.mark.parametrize(
    "question",
    [
        "What is the title of the article about prisoners?",
        "ما عنوان المقال الذي يتحدث عن الأسرى؟",
        "Which tags did the newspaper use for the story about Bakhmut, and who wrote it, and when was it?",
        "Who suggested the follow-up talks, which questions were discussed, and what did Zelensky say?",
        "Write down what Zelensky said about the title fight in Istanbul, and when he said it to the press",
        "In the chat with reporters Zelensky gave this conversation a name, no matter how short: which was it?",
        'Who said "the title only goes to those who never give up" in the message to the press of Kyiv?',
        "هل اقترح زيلينسكي عنوانًا للمحادثات التي جرت في تركيا والإمارات بدعم من الشركاء الدوليين؟",
    ],
)
async def test_a_persons_own_question_is_looked_up(client, engine, question):
    messages = [{"role": "user", "content": question}]
    assert (await client.post(URL, json={"messages": messages})).status_code == 200
    assert [asked for asked, *_ in engine.asked] == [question]


async def test_a_system_prompt_for_a_persona_changes_nothing(client, engine):
    system = (
        "You are a helpful assistant. Be concise and never use more than fifty words in a reply."
    )
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": QUESTIONS["ar"]},
    ]
    assert (await client.post(URL, json={"messages": messages})).status_code == 200
    assert len(engine.asked) == 1


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("متى سيطرت روسيا على باخموت؟", "سيطرت روسيا على باخموت"),
        ("When did Russia seize Bakhmut?", "Russia seize Bakhmut"),
        ("وكم عدد الأسرى؟", "عدد الأسرى"),
        ("why?", "Why"),
        ("prisoner exchange", "Prisoner exchange"),
        ("", ""),
        ("؟؟", ""),
    ],
)
def test_titles_are_made_from_the_question(question, title):
    assert title_of(question) == title


def test_a_prompt_around_nothing_is_no_title_of_itself():
    prompt = "Create a short title for this conversation. Return only the title, no punctuation."
    assert recognise([("user", prompt)]).reply == "Sanad"


def test_a_follow_up_becomes_a_query_that_stands_alone():
    spoken = (
        "<chat_history>\nUSER: متى سيطرت روسيا على باخموت؟\nASSISTANT: مايو 2023\n"
        "USER: ولماذا؟\n</chat_history>"
    )
    prompt = f'Write search queries for this conversation as {{ "queries": ["…"] }}.\n{spoken}'
    reply = json.loads(recognise([("user", prompt)]).reply)
    assert reply == {"queries": ["لماذا سيطرت روسيا على باخموت؟"]}


@pytest.mark.parametrize("language", ["ar", "en"])
def test_suggestions_are_in_the_language_of_the_conversation_and_not_what_was_asked(language):
    (prompt,) = [said for kind, said in prompts("متى؟" if language == "ar" else "When was it?") if kind == "follow_ups"]  # fmt: skip
    suggested = json.loads(recognise(prompt).reply)["follow_ups"]
    assert suggested
    assert all(("؟" in text) == (language == "ar") for text in suggested)
    assert not any(text.startswith(("متى", "When")) for text in suggested)
