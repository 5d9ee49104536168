"""The scripted endpoint: schedules."""

from collections import Counter

import pytest

from agents.stub import ScriptedEndpoint
from market.errors import ConfigError
from tests.agents.stub.support import VERDICT, Clock, address_of, ask, messages


def drawn(count: int, **settings) -> list[str]:
    with ScriptedEndpoint(**settings) as endpoint:
        for number in range(count):
            ask(endpoint, messages("critic", str(number)))
        return [exchange.scenario for exchange in endpoint.requests]


def test_a_mix_follows_its_weights_and_its_seed() -> None:
    mix = {"scenarios": ["good=8", "auth", "server-error=1"]}
    first = drawn(120, **mix)
    counts = Counter(first)
    assert counts.keys() == {"good", "auth", "server-error"}
    assert counts["good"] > 70
    assert drawn(120, **mix) == first
    assert drawn(120, **mix, seed=1) != first


def test_a_plan_is_followed_step_by_step_and_ends_well() -> None:
    assert drawn(6, plan="good:2, auth:1,empty:2") == ["good", "good", "auth", "empty", "empty", "good"]
    assert drawn(3, plan="auth") == ["auth"] * 3


def test_a_timed_step_begins_when_the_step_before_is_used_up() -> None:
    clock = Clock()
    with ScriptedEndpoint(plan="good:1,auth:10s,empty:1m,good", clock=clock) as endpoint:
        for now in (100, 109, 111, 169, 171):
            clock.now = now
            ask(endpoint, VERDICT)
        assert [exchange.scenario for exchange in endpoint.requests] == [
            "good",
            "auth",
            "empty",
            "empty",
            "good",
        ]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"scenarios": ["goood"]}, "nearest is `good`"),
        ({"scenarios": [""]}, "unknown scenario"),
        ({"scenarios": ["good=0"]}, "the weight in `good=0` must lie above 0"),
        ({"scenarios": ["good=nan"]}, "the weight"),
        ({"scenarios": ["good="]}, "the weight"),
        ({"scenarios": ["good@3"]}, "takes no seconds"),
        ({"scenarios": ["slow@soon"]}, "the seconds of `slow`"),
        ({"scenarios": ["slow@inf"]}, "the seconds of `slow`"),
        ({"scenarios": ["good"], "plan": "good"}, "not both"),
        ({"plan": "good,auth"}, "only the last step"),
        ({"plan": "good:0"}, "lasts requests (10) or time"),
        ({"plan": "good:10x"}, "lasts requests (10) or time"),
        ({"plan": "outage:3"}, "lasts seconds"),
        ({"plan": "good:1,,good"}, "unknown scenario"),
        ({"seed": -1}, "`seed`"),
        ({"script": "absent.toml"}, "`absent.toml` cannot be read"),
    ],
)
def test_bad_settings_are_named(settings, says) -> None:
    with pytest.raises(ConfigError) as refused:
        ScriptedEndpoint(**settings)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_port_in_use_is_named(good) -> None:
    port = address_of(good)[1]
    with pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be served"), ScriptedEndpoint(port=port):
        pass
