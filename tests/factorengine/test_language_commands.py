"""Language models from the command line, against the scripted endpoint."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from agents.stub import ScriptedEndpoint
from engine.config import MineConfig

URL = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module")
def language_store(tmp_path_factory, prices) -> str:
    """A store with one run whose programs came from a scripted model, named `told`."""
    import factorengine as fe

    url = f"sqlite:///{tmp_path_factory.mktemp('language') / 'factors.db'}"
    with ScriptedEndpoint(seed=2) as endpoint:
        model = {"name": "any", "input_price": 1.0, "output_price": 4.0, "knowledge_cutoff": "2012-06-30"}
        llm = {"base_url": endpoint.url, "models": [model]}
        settings = {"iterations": 4, "trials": 2, "workers": 1, "proposals_ahead": 0, "seeds": "alpha158-5"}
        result = fe.mine(data=prices, store=url, run="told", proposer="llm", llm=llm, **settings)
    assert result.status == "finished"
    return url


def test_a_run_with_a_language_model_is_one_command(command, prices, tmp_path) -> None:
    with ScriptedEndpoint() as endpoint:
        arguments = ("--base-url", endpoint.url, "--model", "any", "--iterations", "2", "--trials", "2")
        code, out, err = command(
            "mine",
            "--proposer",
            "llm",
            *arguments,
            "--data",
            prices,
            "--run",
            "r",
            "--store",
            tmp_path / "r.db",
        )
        assert code == 0, err
        assert "run r finished (all iterations are done): 2 iterations" in out
        code, out, _ = command("resume", "r", "--iterations", "3", "--store", tmp_path / "r.db")
    assert code == 0
    assert "3 iterations" in out


def test_the_cost_is_shown_by_role_and_for_each_accepted_factor(command, language_store) -> None:
    facts = json.loads(command("cost", "told", "--store", language_store, "--format", "json")[1])
    assert facts["proposals"] == 4
    assert facts["usd"] > 0
    assert facts["usd"] == pytest.approx(sum(row["usd"] for row in facts["by_role"]))
    assert facts["usd_per_accepted"] == pytest.approx(facts["usd"] / facts["accepted"])
    assert {"idea", "critic", "analyst"} <= {row["role"] for row in facts["by_role"]}
    text = command("cost", "told", "--store", language_store)[1]
    assert "4 proposals of the language model" in text
    assert "USD" in command("cost", "--store", language_store)[1]


def test_the_cost_of_a_run_without_a_model_is_none(command, store) -> None:
    assert "no calls of language models" in command("cost", "small", "--store", store)[1]
    assert "'nobody'" in command.refuses("cost", "nobody", "--store", store)
    assert "name it" in command.refuses("cost", "--cassette", "x.jsonl", "--store", store)


def test_the_status_shows_what_is_left_of_the_budget(command, language_store) -> None:
    text = command("status", "told", "--store", language_store)[1]
    assert "of 10 USD" in text
    facts = json.loads(command("status", "told", "--store", language_store, "--format", "json")[1])
    assert facts["language_models"]["budget_usd"] == 10
    assert facts["language_models"]["trouble"] is None


def test_a_cassette_answers_a_replay_from_the_command_line(command, language_store, prices, tmp_path) -> None:
    cassette = tmp_path / "told.jsonl"
    assert command("cost", "told", "--cassette", cassette, "--store", language_store)[0] == 0
    assert len(cassette.read_text().splitlines()) >= 8
    code, out, err = command("mine", "--llm-replay", "told", "--run", "again", "--store", language_store)
    assert code == 0, err
    assert "run again finished" in out
    told, again = (
        json.loads(command("rank", "--run", run, "--all", "--store", language_store, "--format", "json")[1])
        for run in ("told", "again")
    )
    assert [row["fitness"] for row in told] == [row["fitness"] for row in again]


def test_ranks_are_split_at_a_day_or_at_the_models_cutoff(command, language_store) -> None:
    where = ("--run", "told", "--store", language_store, "--format", "json")
    (row, *_) = json.loads(command("rank", *where, "--cutoff", "2012-06-30")[1])
    (same, *_) = json.loads(command("rank", *where, "--cutoff", "models")[1])
    assert row["cutoff"] == "2012-06-30"
    assert row == same
    (late, *_) = json.loads(command("rank", *where, "--cutoff", "2199-01-01")[1])
    assert late["fitness_before"] == pytest.approx(late["fitness"])
    assert late["fitness_after"] is None
    text = command("rank", "--run", "told", "--store", language_store, "--cutoff", "2199-01-01")[1]
    assert "before 2199-01-01" in text


def test_a_cutoff_that_is_unknown_or_no_day_is_refused(command, store) -> None:
    assert "is a day" in command.refuses("rank", "--store", store, "--cutoff", "soon")
    assert "knowledge_cutoff" in command.refuses("rank", "--store", store, "--cutoff", "models")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--proposer", "llm"), "--model NAME"),
        (
            ("--proposer", "llm", "--model", "m", "--base-url", "example.com"),
            "must be an http or https address",
        ),
        (("--proposer", "llm", "--model", "m", "--base-url", "https://example.com/v1"), "--price m=IN/OUT"),
        (("--proposer", "llm", "--model", "m", "--price", "m=1"), "NAME=IN/OUT"),
        (("--proposer", "llm", "--model", "m", "--price", "x=1/2"), "'x' is not among the models"),
        (("--proposer", "llm", "--model", "m", "--price", "m=a/b"), "input_price"),
        (
            ("--proposer", "llm", "--model", "m", "--model", "m", "--base-url", URL),
            "each model is named once",
        ),
        (("--proposer", "llm", "--model", "m=0", "--base-url", URL), "weight"),
        (("--proposer", "oracle"), "proposer"),
        (("--proposer", "llm", "--model", "m", "--base-url", URL, "--budget-usd", "-1"), "budget_usd"),
        (("--proposer", "llm", "--model", "m", "--base-url", URL, "--when-spent", "cry"), "when_spent"),
        (("--proposer", "llm", "--model", "m", "--llm-replay", "nothing"), "replay needs recorded calls"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(
    command, tmp_path, monkeypatch, prices, arguments, told
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert told in command.refuses("mine", *arguments, "--data", prices, "--store", tmp_path / "s.db")


def test_an_unknown_setting_in_the_llm_table_names_the_known_ones(command, tmp_path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text("[llm]\nmodle = 'm'\n")
    assert "unknown setting `llm.modle`; known: base_url, models" in command.refuses(
        "mine", "--config", config
    )


def test_an_endpoint_that_refuses_the_key_ends_the_run_in_one_line(command, prices, tmp_path) -> None:
    with ScriptedEndpoint(scenarios=["auth"]) as endpoint:
        arguments = (
            "--proposer",
            "llm",
            "--model",
            "m",
            "--base-url",
            endpoint.url,
            "--seeds",
            "alpha158:corr5",
        )
        code, _, err = command(
            "mine", *arguments, "--data", prices, "--store", tmp_path / "s.db", "--trials", "1"
        )
    assert code == 2
    assert "factorengine: the endpoint answered 401" in err.splitlines()[-1]
    text = command("status", "--store", tmp_path / "s.db")[1]
    assert (
        "the latest call failed: the " in text
    )  # endpoint answered 401, or run ended while another was in flight


def test_the_settings_shown_in_the_documentation_are_settings() -> None:
    text = (Path(__file__).parents[2] / "docs" / "language_models.md").read_text()
    (block,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    config = MineConfig.of(tomllib.loads(block))
    config.require_language()
    assert [model.weight for model in config.llm.models] == [1, 3]
