"""Model folders made to run code: loaded with the real library, and nothing of them is run."""

from __future__ import annotations

import json
import pickle
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from rag.errors import ConfigurationError
from tests.rag import tiny_models

pytestmark = pytest.mark.models

CODE = """
from pathlib import Path
Path({canary!r}).write_text("ran")
from sentence_transformers.sentence_transformer.modules import Pooling
class Evil(Pooling):
    pass
"""


class Payload:
    """What a pickle runs when it is read."""

    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return Path.write_text, (self.canary, "ran")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A folder as sentence-transformers saves it: a tiny network, pooling and a dense layer."""
    library = pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer import modules

    network = tiny_models.save(tmp_path_factory.mktemp("network"), "bert")
    folder = tmp_path_factory.mktemp("model")
    transformer = modules.Transformer(network)
    size = tiny_models.SMALL["hidden_size"]
    parts = [transformer, modules.Pooling(size), modules.Dense(size, size)]
    library.SentenceTransformer(modules=parts, device="cpu").save(str(folder))
    return folder


def edited(path, **values):
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | values), encoding="utf-8")


def module_of(folder, place, kind):
    path = folder / "modules.json"
    listed = json.loads(path.read_text(encoding="utf-8"))
    listed[place]["type"] = kind
    path.write_text(json.dumps(listed), encoding="utf-8")


def pickled_weights(folder, canary):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(canary)))


def pickle_beside_the_weights(folder, canary):
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(canary)))


def pickled_dense_layer(folder, canary):
    (folder / "2_Dense" / "model.safetensors").unlink()
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(canary)))


def own_network(folder, canary):
    (folder / "evil.py").write_text(CODE.format(canary=str(canary)), encoding="utf-8")
    edited(folder / "config.json", auto_map={"AutoModel": "evil.Evil", "AutoConfig": "evil.Evil"})


def own_attention(folder, canary):
    (folder / "evil.py").write_text(CODE.format(canary=str(canary)), encoding="utf-8")
    edited(
        folder / "config.json",
        _attn_implementation_internal="evil/kernel",
        attn_implementation="evil/kernel",
    )


def own_module(folder, canary):
    (folder / "evil.py").write_text(CODE.format(canary=str(canary)), encoding="utf-8")
    module_of(folder, 1, "evil.Evil")


def module_of_another_library(folder, _canary):
    module_of(folder, 1, "subprocess.Popen")


def activation_of_another_library(folder, _canary):
    edited(folder / "2_Dense" / "config.json", activation_function="os.getcwd")


def own_tokenizer(folder, canary):
    (folder / "evil.py").write_text(CODE.format(canary=str(canary)), encoding="utf-8")
    edited(
        folder / "tokenizer_config.json",
        auto_map={"AutoTokenizer": ["evil.Evil", "evil.Evil"]},
        tokenizer_class="Evil",
    )


REFUSED = [pickled_weights, own_module, module_of_another_library]
HARMLESS = [
    activation_of_another_library,
    pickle_beside_the_weights,
    pickled_dense_layer,
    own_network,
    own_attention,
    own_tokenizer,
]


@pytest.mark.parametrize("harm", REFUSED + HARMLESS)
@pytest.mark.filterwarnings("ignore")  # the library's own, about what is in such folders
def test_nothing_of_a_hostile_model_is_run(good, harm, tmp_path, monkeypatch):
    """Refused in a line, or loaded without what would run."""
    from rag.embedding.sentence_transformer import SentenceTransformerEmbedder

    monkeypatch.syspath_prepend(str(tmp_path / "model"))  # where a class would be found, too
    shutil.copytree(good, tmp_path / "model")
    canary = tmp_path / "canary"
    harm(tmp_path / "model", canary)
    if harm in REFUSED:
        with pytest.raises(ConfigurationError, match=r"^the embedder .* could not be loaded: \S"):
            SentenceTransformerEmbedder(str(tmp_path / "model"))
    else:
        with suppress(ConfigurationError):
            embedder = SentenceTransformerEmbedder(str(tmp_path / "model"))
            assert embedder.embed_queries(["سؤال"]).shape[0] == 1
    assert not canary.exists()


def test_the_folder_is_loaded_where_nothing_was_done_to_it(good):
    from rag.embedding.sentence_transformer import SentenceTransformerEmbedder

    rows = SentenceTransformerEmbedder(str(good)).embed_passages(["نص", "text"])
    assert rows.shape == (2, tiny_models.SMALL["hidden_size"])


def test_the_pickle_would_run(tmp_path):
    pickle.loads(pickle.dumps(Payload(tmp_path / "canary")))
    assert (tmp_path / "canary").read_text(encoding="utf-8") == "ran"
