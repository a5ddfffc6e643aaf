import asyncio

import pytest

from tests.api.fakes import served, until_ready


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="module")
def address(seed_engine):
    """The address of a real service over the seed articles, on a real socket."""
    with served(seed_engine) as address:
        until_ready(address)
        yield address


@pytest.fixture(scope="session", autouse=True)
def closed_loops():
    """Some clients leave a loop of their own behind."""
    yield
    asyncio.set_event_loop(None)
