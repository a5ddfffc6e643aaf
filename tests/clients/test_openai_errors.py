"""What OpenAI's client makes of an error in the middle of a stream."""

import openai
import pytest

from rag.errors import IndexDamaged
from tests.api.fakes import QUESTIONS, FakeEngine, served, until_ready


def test_an_error_in_the_middle_is_raised():
    engine = FakeEngine()
    engine.ask_error = IndexDamaged("sha256 mismatch")
    with served(engine) as address:
        until_ready(address)
        with openai.OpenAI(base_url=address, api_key="none", max_retries=0) as client:
            messages = [{"role": "user", "content": QUESTIONS["ar"]}]
            stream = client.chat.completions.create(model="sanad", messages=messages, stream=True)
            with pytest.raises(openai.APIError, match="sanad verify"):
                list(stream)
