"""Writing over HTTP: real sockets, the real engine, other processes and many clients at once."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from rag.documents.values import REASONS
from rag.engine import Engine
from rag.index.collection import Collection
from rag.settings import Settings
from tests.api.fakes import served, until_ready
from tests.files import zipped

ROOT = Path(__file__).parents[2]
AR = "أعلنت بلدية صيدا أن منسوب النهر ارتفع {n} سنتيمترا، وأغلقت الجسر القديم أمام المارة."
EN = "The council of Sidon said that the river rose by {n} centimetres and closed the old bridge."


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """(client, folder of indexes) of a service with the fast embedder and nothing stored."""
    folder = tmp_path_factory.mktemp("indexes")
    engine = Engine(Settings(indexes=folder, embedder="sanad-static-v1"))
    with served(engine) as address:
        until_ready(address)
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as client:
            yield client, folder


@pytest.fixture
def client(service):
    client, folder = service
    yield client
    if Collection(folder / "default").exists():
        for listed in client.get("/v1/documents").json()["documents"]:
            client.delete(f"/v1/documents/{quote(listed['id'])}")


def put(client, id, **sent):
    return client.put(f"/v1/documents/{quote(id)}", json=sent)


def files(*given):
    return [("file", (name, content)) for name, content in given]


@pytest.mark.parametrize(("id", "text"), [("أخبار/فيضان 1", AR), ("news/flood-1", EN)])
def test_put_is_idempotent_and_served_at_once(client, id, text):
    sent = {
        "text": text.format(n=31),
        "title": "Title عنوان",
        "source": "Wire",
        "published": "31/5/2024",
    }
    first = put(client, id, **sent)
    assert first.status_code == 200, first.text
    body = first.json()
    assert (body["document_id"], body["status"], body["reason"]) == (id, "added", None)
    read = client.get(f"/v1/documents/{quote(id)}").json()
    assert read["text"] == sent["text"]
    assert (read["title"], read["source"], read["published"]) == (
        "Title عنوان",
        "Wire",
        "2024-05-31",
    )
    again = put(client, id, **sent).json()
    assert (again["status"], again["generation"]) == ("unchanged", body["generation"])
    changed = put(client, id, **sent | {"title": "Other"}).json()
    assert changed["status"] == "changed"
    assert put(client, id, text=sent["text"]).json()["status"] == "changed"
    read = client.get(f"/v1/documents/{quote(id)}").json()
    assert (read["source"], read["published"]) == (id, None)  # replaced, not merged
    found = client.post("/v1/search", json={"question": sent["text"][:40]}).json()["passages"]
    assert found[0]["document_id"] == id


def test_tags_and_metadata_are_kept_and_filtered_by(client):
    for id, place in (("a", "صيدا"), ("b", "Tyre")):
        sent = {"text": f"{id} {EN.format(n=4)}", "tags": ["نهر"], "metadata": {"place": place}}
        assert put(client, id, **sent).json()["status"] == "added"
        assert put(client, id, **sent).json()["status"] == "unchanged"
    assert client.get("/v1/documents/a").json()["metadata"] == {"place": "صيدا"}
    found = client.get("/v1/documents", params={"where": "metadata.place=صيدا"}).json()
    assert [one["id"] for one in found["documents"]] == ["a"]
    deep = {}
    for _ in range(40):
        deep = {"x": deep}
    reply = put(client, "c", text=AR, metadata=deep)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "metadata")


def test_the_same_text_may_stand_under_two_ids_and_an_id_of_a_file_is_replaced(client):
    for id in ("a", "b"):
        assert put(client, id, text=EN.format(n=1)).json()["status"] == "added"
    uploaded = client.post("/v1/documents", files=files(("c.txt", AR.format(n=1).encode()))).json()
    assert uploaded["results"][0]["document_id"] == "c.txt"
    assert put(client, "c.txt", text=AR.format(n=2)).json()["status"] == "changed"
    assert client.get("/v1/documents/c.txt").json()["text"] == AR.format(n=2)
    assert client.get("/v1/documents").json()["total"] == 3


def test_delete_removes_and_says_where_there_is_nothing(client):
    put(client, "أ/ب", text=AR.format(n=5))
    gone = client.delete(f"/v1/documents/{quote('أ/ب')}").json()
    assert gone["status"] == "removed"
    for reply in (
        client.get(f"/v1/documents/{quote('أ/ب')}"),
        client.delete(f"/v1/documents/{quote('أ/ب')}"),
        client.delete("/v1/documents/%ff"),
    ):
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_document")


def test_files_are_read_as_ingest_reads_them(client):
    page = f"<html><title>عنوان</title><p>{AR.format(n=7)}</p></html>".encode()
    sent = files(
        ("صفحة.html", page),
        ("C:\\Users\\me\\note.txt", EN.format(n=7).encode()),
        ("../../etc/passwd.txt", EN.format(n=8).encode()),
        ("rows.jsonl", f'{{"id": "x", "text": "{AR.format(n=9)}"}}\n{{"id": "y"}}\n'.encode()),
        ("a.zip", zipped({"in/a.txt": EN.format(n=10)})),
        ("تالف.json", b"{"),
        ("film.mp4", b"\x00\x00"),
        ("twin.txt", EN.format(n=7).encode()),
        ("..", b"x"),
    )
    body = client.post("/v1/documents", files=sent).json()
    told = [(r["name"], r["document_id"], r["status"]) for r in body["results"]]
    assert told == [
        ("صفحة.html", "صفحة.html", "added"),
        ("note.txt", "note.txt", "added"),  # the form itself leaves such folders out
        ("../../etc/passwd.txt", "passwd.txt", "added"),
        ("rows.jsonl", "rows.jsonl#x", "added"),
        ("rows.jsonl", None, "failed"),
        ("a.zip", "a.zip/in/a.txt", "added"),
        ("تالف.json", None, "failed"),
        ("film.mp4", None, "failed"),
        ("twin.txt", "note.txt", "unchanged"),
        ("..", None, "failed"),
    ]
    for result in body["results"]:
        assert bool(result["reason"]) == (result["status"] in ("failed", "unchanged"))
        assert (result["code"] in REASONS) == (result["status"] == "failed")
    assert client.get(f"/v1/documents/{quote('صفحة.html')}").json()["title"] == "عنوان"
    again = client.post("/v1/documents", files=sent[:1]).json()
    assert (again["results"][0]["status"], again["generation"]) == ("unchanged", body["generation"])
    newer = files(("صفحة.html", page.replace(b"7", b"77")))
    assert client.post("/v1/documents", files=newer).json()["results"][0]["status"] == "changed"


def test_a_collection_is_named_by_the_query(service, client):
    _, folder = service
    reply = client.put("/v1/documents/x?collection=other", json={"text": AR.format(n=3)})
    assert reply.json()["status"] == "added"
    assert Collection(folder / "other").open().count_documents() == 1
    assert client.get("/v1/documents/x").status_code == 404
    assert client.delete("/v1/documents/x?collection=other").json()["status"] == "removed"
    assert client.get("/v1/documents/x?collection=other").status_code == 404
    for name in ("../x", "", "-a", "a/b", "a" * 65):
        reply = client.put("/v1/documents/x", params={"collection": name}, json={"text": "x"})
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "collection")
    missing = client.delete("/v1/documents/x?collection=nowhere")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "unknown_collection")
    assert not (folder / "nowhere").exists()


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({}, "text"),
        ({"text": " \n؟"}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": AR, "published": "أمس"}, "published"),
        ({"text": AR, "title": "two\nlines"}, "title"),
        ({"text": AR, "source": "x" * 1001}, "source"),
        ({"text": AR, "language": "fr"}, "language"),
        ({"text": AR, "ttle": "x"}, "ttle"),
        ({"text": "ن" * (5 * 1024 * 1024 + 1)}, "text"),
    ],
)
def test_a_document_that_cannot_be_stored_names_the_field(client, sent, param):
    reply = put(client, "x", **sent)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param), reply.text[:300]


@pytest.mark.parametrize("id", ["a\tb", " a", "\x00", "x" * 501, "a\u2028b", "a\x85b"])
def test_an_id_that_cannot_be_one(client, id):
    reply = put(client, id, text=AR)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "id")


def test_lone_surrogates_and_bodies_of_another_kind(client):
    headers = {"Content-Type": "application/json"}
    lone = client.put("/v1/documents/x", content=b'{"text": "\\ud800 abc"}', headers=headers)
    assert lone.status_code == 400
    assert client.put("/v1/documents/x", content=b"{}").status_code == 415
    assert client.post("/v1/documents", json={"file": "x"}).status_code == 415
    for content_type, content in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nno header"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n'),
    ):  # fmt: skip
        reply = client.post(
            "/v1/documents", content=content, headers={"Content-Type": content_type}
        )
        assert reply.status_code == 400, reply.text
        assert reply.json()["error"]["code"] in ("invalid_form", "invalid_request")


def test_a_field_of_text_where_a_file_belongs_is_told_how_to_send_one(client):
    """What `curl -F file=a.pdf` sends, where the @ was forgotten."""
    part = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\na.pdf\r\n--b--\r\n'
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    error = client.post("/v1/documents", content=part, headers=form).json()["error"]
    assert (error["code"], error["param"]) == ("invalid_request", "file")
    assert "expected a file" in error["message"]
    assert "file=@" in error["message"]
    assert "class" not in error["message"]


def test_a_file_that_is_stored_already_is_not_called_a_copy_of_itself(client, service, tmp_path):
    (tmp_path / "a.txt").write_text(AR.format(n=7), encoding="utf-8")
    Engine(Settings(indexes=service[1], embedder="sanad-static-v1")).ingest([tmp_path])
    results = client.post("/v1/documents", files=files(("a.txt", AR.format(n=7).encode()))).json()
    (result,) = results["results"]
    assert (result["document_id"], result["status"]) == ("a.txt", "unchanged")
    assert result["reason"] is None


def test_another_sites_page_may_not_write(client):
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ):
        for reply in (
            client.post("/v1/documents", files=files(("a.txt", b"x y")), headers=headers),
            client.put("/v1/documents/x", json={"text": "x"}, headers=headers),
            client.delete("/v1/documents/x", headers=headers),
        ):
            assert (reply.status_code, reply.json()["error"]["code"]) == (403, "cross_site")
    own = {"Origin": str(client.base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert client.put("/v1/documents/x", json={"text": "x"}, headers=own).status_code == 200


def test_an_upload_is_counted_as_it_comes(client):
    boundary, head = (
        "b",
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n',
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}

    def body(mebibytes):
        yield head
        for _ in range(mebibytes * 16):
            yield b"w " * 32_768
        yield b"\r\n--b--\r\n"

    refused = client.post("/v1/documents", content=body(26), headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "body_too_large")
    whole = client.post("/v1/documents", content=body(11), headers=headers).json()["results"][0]
    assert whole["status"] == "failed"  # of no kind that is read, but it came whole
    connection = http.client.HTTPConnection(str(client.base_url)[7:].rstrip("/"), timeout=10)
    connection.putrequest("POST", "/v1/documents")
    connection.putheader("Content-Type", headers["Content-Type"])
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
    assert put(client, "after", text=AR).status_code == 200


def test_a_writer_elsewhere_is_told_and_readers_are_not_held_up(service, client):
    _, folder = service
    put(client, "x", text=AR.format(n=1))
    before = client.get("/v1/documents").json()
    with Collection(folder / "default")._writing(None):
        for reply in (
            put(client, "x", text=AR.format(n=2)),
            client.delete("/v1/documents/x"),
            client.post("/v1/documents", files=files(("a.txt", b"some words"))),
        ):
            assert (reply.status_code, reply.json()["error"]["code"]) == (409, "locked")
            assert "try again" in reply.json()["error"]["message"]
        assert client.get("/v1/documents").json() == before
    assert put(client, "x", text=AR.format(n=2)).json()["status"] == "changed"


class Reader(threading.Thread):
    """Asks until it is told to stop."""

    def __init__(self, address, question, stop):
        super().__init__()
        self.address, self.question, self.stop = address, question, stop
        self.statuses, self.cited = [], []

    def run(self):
        with httpx.Client(base_url=self.address, trust_env=False, timeout=60) as client:
            while not self.stop.is_set():
                reply = client.post("/v1/ask", json={"question": self.question})
                self.statuses.append(reply.status_code)
                answer = reply.json()
                self.cited += [
                    (number_of(answer["index"]["generation"]), cited["quote"])
                    for cited in answer.get("citations", ())
                    if cited["document_id"] == "wire"
                ]


class Uploader(threading.Thread):
    """Adds files and reads each of them at once."""

    def __init__(self, address, name):
        super().__init__()
        self.address, self.name_of_files, self.statuses = address, name, []

    def run(self):
        with httpx.Client(base_url=self.address, trust_env=False, timeout=60) as client:
            for n in range(6):
                id = f"{self.name_of_files}-{n}.txt"
                sent = files((id, f"{id}: {AR.format(n=n)}".encode()))
                reply = client.post("/v1/documents", files=sent)
                self.statuses += [reply.status_code, client.get(f"/v1/documents/{id}").status_code]


def number_of(generation):
    return int(generation.split("-")[1])


def test_clients_that_ask_see_whole_generations_while_many_write(client):
    """Every answer is whole and of one generation, and what a reply names is there at once."""
    address, stop, versions = str(client.base_url), threading.Event(), {}

    def write(n):
        body = put(client, "wire", text=f"{EN.format(n=n)}\n\n{AR.format(n=n)}").json()
        versions[number_of(body["generation"])] = n

    put(client, "fixed", text="The museum of Tyre opens at nine. يفتح متحف صور أبوابه في التاسعة.")
    write(1000)
    questions = ("By how many centimetres did the river rise?", "كم سنتيمترا ارتفع منسوب النهر؟")
    readers = [Reader(address, question, stop) for question in questions * 2]
    uploaders = [Uploader(address, name) for name in ("alef", "beh")]
    for thread in readers + uploaders:
        thread.start()
    for n in range(1001, 1011):
        write(n)
    for thread in uploaders:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    assert {status for thread in readers + uploaders for status in thread.statuses} == {200}
    assert sum(len(thread.statuses) for thread in readers) > 20
    cited = [one for thread in readers for one in thread.cited]
    assert cited
    for generation, quoted in cited:
        version = versions[max(number for number in versions if number <= generation)]
        assert str(version) in quoted


def test_writes_that_wait_for_each_other_share_a_generation_and_fail_alone(service, client):
    """Two dozen at once: each has its own result, and far fewer generations are made."""
    address, replies = str(client.base_url), {}

    def write(n):
        with httpx.Client(base_url=address, trust_env=False, timeout=60) as own:
            if n % 8 == 7:  # somebody else has removed it meanwhile, or it never was
                replies[n] = own.delete(f"/v1/documents/none-{n}")
            elif n % 8 == 5:
                replies[n] = put(own, f"w{n}", text=AR, metadata={"x": "y" * 70_000})
            else:
                replies[n] = put(own, f"w{n}", text=f"{n}. {AR.format(n=n)}")

    before = Collection(service[1] / "default").latest_sequence() or 0
    threads = [threading.Thread(target=write, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = {n: reply.status_code for n, reply in replies.items()}
    assert statuses == {n: {7: 404, 5: 400}.get(n % 8, 200) for n in range(24)}
    listed = {one["id"] for one in client.get("/v1/documents").json()["documents"]}
    assert listed == {f"w{n}" for n in range(24) if n % 8 not in (5, 7)}
    generations = {reply.json()["generation"] for reply in replies.values() if reply.is_success}
    assert len(generations) < 18
    assert (Collection(service[1] / "default").latest_sequence() or 0) > before


SERVER = """
import sys
from pathlib import Path
from api.server import serve
from rag.settings import Settings
serve(Settings(indexes=Path(sys.argv[1]), port=0, embedder="sanad-static-v1"))
"""


def test_a_server_killed_while_it_writes_leaves_whole_documents(tmp_path):
    sent = files(*((f"{n}.txt", f"{n}. {AR.format(n=n)}".encode()) for n in range(40)))
    Engine(Settings(indexes=tmp_path, embedder="sanad-static-v1")).collection.folder.mkdir()
    for delay in (0.05, 0.3):
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(tmp_path)], stderr=subprocess.PIPE, cwd=ROOT
        )
        try:
            address = process.stderr.readline().decode().split()[3]
            until_ready(address)

            def upload(address=address):
                with contextlib.suppress(httpx.TransportError):
                    httpx.post(f"{address}/v1/documents", files=sent, trust_env=False, timeout=60)

            thread = threading.Thread(target=upload)
            thread.start()
            time.sleep(delay)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        thread.join()
        collection = Collection(tmp_path / "default")
        if collection.latest_sequence() is not None:
            assert collection.verify().documents == 40  # all of the upload
    engine = Engine(Settings(indexes=tmp_path, embedder="sanad-static-v1"))
    with served(engine) as address:
        reply = httpx.post(
            f"{address}/v1/documents", files=sent, trust_env=False, timeout=60
        ).json()
    assert {result["status"] for result in reply["results"]} <= {"added", "unchanged"}
    assert not engine.collection.pending()
    assert json.dumps(reply)
