"""The page's files as the service sends them; no browser is needed here."""

import re
from pathlib import Path

import pytest

import api
from tests.api.fakes import FakeEngine, opened

pytestmark = pytest.mark.anyio
FOLDER = Path(api.__file__).parent / "static" / "page"
FONTS = {path.name: path for path in (FOLDER.parent / "fonts").glob("*.woff2")}
FILES = sorted(path.name for path in FOLDER.iterdir())
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    async with opened(FakeEngine()) as client:
        yield client


async def test_the_page_has_the_strict_policy(client):
    page = await client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", [name for name in FILES if name != "index.html"])
async def test_every_file_is_served_and_names_nothing_elsewhere(client, name):
    reply = await client.get(f"/page/{name}")
    assert reply.status_code == 200
    kinds = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
    assert reply.headers["content-type"].partition(";")[0] == kinds[name.rpartition(".")[2]]
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", reply.text) == []
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", reply.text)
        == []
    )
    again = await client.get(f"/page/{name}", headers={"If-None-Match": reply.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["index.html", "nothing.js", "..%2f..%2fapp.py", "%00", ""])
async def test_nothing_else_is_served(client, name):
    reply = await client.get(f"/page/{name}")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


async def test_the_page_has_no_inline_script_or_style_and_is_small(client):
    text = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", text) == []
    assert sum((FOLDER / name).stat().st_size for name in FILES) < 120_000


@pytest.mark.parametrize("name", sorted(FONTS))
async def test_every_face_is_served_and_named(client, name):
    reply = await client.get(f"/page/{name}")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "font/woff2")
    assert reply.content == FONTS[name].read_bytes()
    assert reply.content[:4] == b"wOF2"
    assert f'url("{name}")' in (FOLDER / "page.css").read_text(encoding="utf-8")


def test_the_faces_keep_their_licence_and_the_page_stays_small():
    assert "SIL Open\nFont License" in (FOLDER.parent / "fonts" / "OFL.txt").read_text("utf-8")
    assert len(FONTS) == 4
    paths = [*FONTS.values(), *(FOLDER / name for name in FILES)]
    assert sum(path.stat().st_size for path in paths) < 400_000


async def test_only_logical_properties_are_used():
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    sides = r"(?:margin|padding|border)-(?:left|right|top|bottom)|[{;\s](?:left|right|top|bottom|width|height)\s*:"
    assert re.findall(sides, style) == []
    assert re.findall(r"text-align:\s*(?:left|right)|float:", style) == []


async def test_the_page_is_not_part_of_the_interface(client):
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert not [path for path in paths if path == "/" or path.startswith("/page")]


def entries(language):
    text = (FOLDER / "strings.js").read_text(encoding="utf-8")
    part = text.partition(f"\n  {language}: {{\n")[2].partition("\n  },\n")[0]
    return dict(re.findall(r"^    (\w+):(.*?)(?=^    \w+:|\Z)", part, re.MULTILINE | re.DOTALL))


def test_both_languages_say_everything_with_the_same_values():
    arabic, english = entries("ar"), entries("en")
    assert list(arabic) == list(english)
    assert len(english) > 90
    for key, text in english.items():
        # A count may be a word in one language and a figure in the other.
        values = set(re.findall(r"\{(\w+)\}", text)) - {"n"}
        assert values == set(re.findall(r"\{(\w+)\}", arabic[key])) - {"n"}, key
    used = set()
    for name in FILES:
        source = (FOLDER / name).read_text(encoding="utf-8")
        used |= set(re.findall(r'(?:say|phrase)\("(\w+)"', source))
        used |= set(re.findall(r'data-(?:text|label|placeholder)="(\w+)"', source))
    assert used <= set(english)


def test_every_failure_has_its_words():
    service = (FOLDER / "service.js").read_text(encoding="utf-8")
    tables = re.findall(r"const BY_\w+ = \{(.*?)\};", service, re.DOTALL)
    kinds = {kind for table in tables for kind in re.findall(r': "(\w+)"', table)}
    kinds |= set(re.findall(r'new Failure\("(\w+)"', service)) | {"internal", "refused"}
    kinds.discard("no_uploads")  # told where files are sent, with a text of its own
    assert {f"error_{kind}" for kind in kinds} <= set(entries("en"))
