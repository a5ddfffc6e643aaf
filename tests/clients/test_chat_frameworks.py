"""LangChain's and LlamaIndex's chat models for OpenAI, pointed at a running service."""

import pytest

from tests.clients.dialogues import ANSWER, FOLLOW_UPS, QUESTIONS


@pytest.mark.parametrize("language", QUESTIONS)
def test_langchain_answers_and_streams(address, language):
    pytest.importorskip("langchain_openai")
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="sanad", base_url=f"{address}/v1", api_key="none")
    whole = model.invoke(QUESTIONS[language])
    assert whole.content.startswith(ANSWER)
    assert whole.usage_metadata["total_tokens"] > 0
    streamed = "".join(chunk.text for chunk in model.stream(QUESTIONS[language]))
    assert streamed == whole.content


@pytest.mark.parametrize("language", FOLLOW_UPS)
def test_langchain_dialogues(address, language):
    pytest.importorskip("langchain_openai")
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
    from langchain_openai import ChatOpenAI

    (asked, answered), follow_up, word = FOLLOW_UPS[language]
    model = ChatOpenAI(model="sanad", base_url=address, api_key="none")
    messages = [SystemMessage("Be brief."), HumanMessage(asked), AIMessage(answered)]
    assert word in model.invoke([*messages, HumanMessage(follow_up)]).content


@pytest.mark.parametrize("language", QUESTIONS)
def test_llama_index_answers_and_streams(address, language):
    pytest.importorskip("llama_index.llms.openai_like")
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(model="sanad", api_base=f"{address}/v1", api_key="none", is_chat_model=True)
    asked = [ChatMessage(role="user", content=QUESTIONS[language])]
    whole = model.chat(asked).message.content
    assert whole.startswith(ANSWER)
    assert "".join(part.delta or "" for part in model.stream_chat(asked)) == whole
