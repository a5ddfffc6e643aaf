import pytest

from tests.api.fakes import FakeEngine, opened


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
async def client(engine):
    async with opened(engine) as client:
        yield client
