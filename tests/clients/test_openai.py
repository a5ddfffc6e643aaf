"""OpenAI's own Python client against a running service, in both languages."""

import re

import openai
import pytest

from tests.clients.dialogues import ANSWER, FOLLOW_UPS, QUESTIONS

MARK = re.compile(r"\[(\d+)\]", re.ASCII)


@pytest.fixture(params=["", "/v1"])
def client(address, request):
    with openai.OpenAI(base_url=address + request.param, api_key="none", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_question_is_answered_with_annotations(client, language):
    done = client.chat.completions.create(
        model="sanad",
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": QUESTIONS[language]},
        ],
        temperature=0,
        max_tokens=10,
    )
    message = done.choices[0].message
    assert done.choices[0].finish_reason == "stop"
    assert message.content.startswith(ANSWER)
    assert done.usage.total_tokens == done.usage.prompt_tokens + done.usage.completion_tokens
    numbers = list(dict.fromkeys(MARK.findall(message.content)))
    assert numbers == [str(n) for n in range(1, len(message.annotations) + 1)]
    for number, annotation in zip(numbers, message.annotations, strict=True):
        cited = annotation.url_citation
        assert message.content[cited.start_index : cited.end_index] == f"[{number}]"
        assert cited.title
        assert "/#document=" in cited.url
    assert done.sanad["citations"][0]["quote"] in message.content


@pytest.mark.parametrize("language", QUESTIONS)
def test_a_stream_is_the_same_reply(client, language):
    asked = {"model": "sanad", "messages": [{"role": "user", "content": QUESTIONS[language]}]}
    whole = client.chat.completions.create(**asked).choices[0].message
    text, annotations, finish, usage = "", [], None, None
    for chunk in client.chat.completions.create(
        **asked, stream=True, stream_options={"include_usage": True}
    ):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            annotations += getattr(choice.delta, "annotations", None) or []
            finish = choice.finish_reason or finish
    assert text == whole.content
    assert finish == "stop"
    assert usage.total_tokens > 0
    assert annotations == [a.model_dump() for a in whole.annotations]


@pytest.mark.parametrize("language", QUESTIONS)
def test_the_stream_helper_accumulates(client, language):
    asked = {"model": "sanad", "messages": [{"role": "user", "content": QUESTIONS[language]}]}
    with client.chat.completions.stream(**asked) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content.startswith(ANSWER)


@pytest.mark.parametrize("language", FOLLOW_UPS)
def test_a_follow_up_is_resolved_and_reported(client, language):
    before, follow_up, word = FOLLOW_UPS[language]
    messages = [
        {"role": "user", "content": before[0]},
        {"role": "assistant", "content": before[1]},
        {"role": "user", "content": follow_up},
    ]
    done = client.chat.completions.create(model="sanad", messages=messages)
    assert done.sanad["question"] == follow_up
    assert done.sanad["resolved_question"] not in (None, follow_up)
    assert word in done.choices[0].message.content
    alone = client.chat.completions.create(model="sanad", messages=messages[-1:])
    assert alone.sanad["resolved_question"] is None


@pytest.mark.parametrize("style", ["markdown", "none"])
def test_citations_can_be_chosen_in_the_body(client, style):
    done = client.chat.completions.create(
        model="sanad",
        messages=[{"role": "user", "content": QUESTIONS["ar"]}],
        extra_body={"citations": style},
    )
    message = done.choices[0].message
    assert not message.annotations
    assert ("](http" in message.content) == (style == "markdown")


def test_models_are_listed(client):
    assert [model.id for model in client.models.list()] == ["sanad"]
    assert client.models.retrieve("sanad").owned_by == "sanad"


@pytest.mark.parametrize(
    ("more", "kind", "param"),
    [
        ({"model": "gpt-4"}, openai.NotFoundError, "model"),
        ({"n": 2}, openai.BadRequestError, "n"),
        ({"messages": []}, openai.BadRequestError, "messages"),
        ({"messages": [{"role": "user", "content": "؟"}]}, openai.BadRequestError, "messages"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_errors_are_openais_classes(client, more, kind, param, stream):
    asked = {"model": "sanad", "messages": [{"role": "user", "content": "من؟"}]} | more
    with pytest.raises(kind) as raised:
        client.chat.completions.create(**asked, stream=stream)
    assert raised.value.param == param
    assert raised.value.code
