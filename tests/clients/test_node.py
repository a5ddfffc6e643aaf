"""OpenAI's client for Node, the AI SDK and LibreChat's configuration, as installed by `make clients`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.dialogues import ANSWER, QUESTIONS
from tests.conftest import ROOT

FOLDER = Path(__file__).parent / "node"
NODE = shutil.which("node")


installed = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules" / "librechat-data-provider").exists(),
    reason="make clients installs the packages for Node",
)


@installed
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
    assert found["openai"]["urls"][0].startswith(f"{address}/#document=")
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


def keeps(given, taken):
    """Whether all that is given is in what was taken: the schema drops keys it does not know."""
    if isinstance(given, dict):
        return isinstance(taken, dict) and all(
            name in taken and keeps(value, taken[name]) for name, value in given.items()
        )
    if isinstance(given, list):
        return len(given) == len(taken) and all(map(keeps, given, taken))
    return given == taken


@installed
@pytest.mark.parametrize(
    ("old", "new", "fine"),
    [("", "", True), ("baseURL:", "baseUrl:", False), ("addParams", "addParameters", False)],
)
def test_the_documented_configuration_is_what_librechat_takes(old, new, fine):
    page = (ROOT / "docs" / "chat-frontends.md").read_text(encoding="utf-8")
    example = page.partition("## LibreChat")[2].partition("```yaml\n")[2].partition("```")[0]
    assert "name: Sanad" in example
    done = subprocess.run(
        [NODE, "librechat.mjs"],
        cwd=FOLDER,
        input=example.replace(old, new),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["issues"] == [] and keeps(found["given"], found["taken"])) == fine
