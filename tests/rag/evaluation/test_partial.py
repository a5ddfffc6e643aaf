import pytest

from rag.errors import ConfigurationError
from rag.evaluation.partial import Partial
from rag.evaluation.run import run
from rag.evaluation.targets import LocalTarget


@pytest.fixture
def kept(engine, questions, tmp_path):
    """A file of the first three questions, and all that was asked."""
    done = []
    run(LocalTarget(engine), questions, 8, keep=done.append)
    with Partial(tmp_path / "p", {"k": 8}) as partial:
        for one in done[:3]:
            partial.keep(one)
    return tmp_path / "p", done


def test_what_was_asked_is_found_again(kept):
    path, done = kept
    with Partial(path, {"k": 8}) as partial:
        assert list(partial.found.values()) == done[:3]


def test_a_run_of_another_kind_begins_anew(kept):
    path, _ = kept
    with Partial(path, {"k": 9}) as partial:
        assert partial.found == {}
    with Partial(path, {"k": 8}) as partial:
        assert partial.found == {}


def test_a_line_cut_short_is_asked_again(kept):
    path, done = kept
    path.write_bytes(path.read_bytes()[:-20])
    with Partial(path, {"k": 8}) as partial:
        assert list(partial.found.values()) == done[:2]
        partial.keep(done[2])
    with Partial(path, {"k": 8}) as partial:
        assert list(partial.found.values()) == done[:3]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b'{"run": {"k": 8}}\n[]\n{"row": 1}\nnull'])
def test_any_other_content_is_no_run(tmp_path, content):
    path = tmp_path / "p"
    path.write_bytes(content)
    with Partial(path, {"k": 8}) as partial:
        assert partial.found == {}


def test_it_goes_away_when_the_run_is_complete(kept):
    path, _ = kept
    with Partial(path, {"k": 8}) as partial:
        partial.remove()
    assert not path.exists()


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="No such file"):
        Partial(tmp_path / "none" / "p", {})
