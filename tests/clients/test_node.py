"""OpenAI's client for Node and the AI SDK, as installed by `make clients`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.dialogues import ANSWER, QUESTIONS

FOLDER = Path(__file__).parent / "node"
NODE = shutil.which("node")


@pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules" / "ai").exists(),
    reason="make clients installs the packages for Node",
)
@pytest.mark.parametrize("language", QUESTIONS)
def test_every_client_shows_the_answer_and_its_sources(address, language):
    done = subprocess.run(
        [NODE, "check.mjs", address, QUESTIONS[language]],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    text = found["openai"]["text"]
    assert text.startswith(ANSWER)
    for client in ("openai", "aiOpenai"):
        assert found[client]["text"] == found[client]["streamed"] == text
        assert found[client]["finish"] == "stop"
        assert found[client]["urls"] == found["openai"]["urls"]
    assert found["openai"]["urls"][0].startswith(f"{address}/v1/documents/")
    assert found["aiCompatible"]["text"] == text
    assert found["aiCompatible"]["finish"] == "stop"
    assert found["aiCompatible"]["usage"] > 0
    assert found["ui"]["role"] == "assistant"
    assert found["ui"]["text"] == text
    assert found["ui"]["urls"] == found["openai"]["urls"]
    assert all(quote in text for quote in found["ui"]["quotes"])
    assert found["ui"]["status"] == "answered"
    assert found["models"] == ["sanad"]
    assert found["refused"] == [404, "model_not_found", "model"]
