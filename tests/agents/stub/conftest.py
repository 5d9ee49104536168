import pytest

from agents.stub import ScriptedEndpoint


@pytest.fixture
def good():
    with ScriptedEndpoint() as endpoint:
        yield endpoint
