"""The scripted endpoint: the command."""

import os
import re
import signal
import subprocess
import sys

import openai
from click.testing import CliRunner

from agents.stub import SCENARIOS, ScriptedEndpoint
from factorengine.cli.llm_stub import command
from market.errors import ConfigError
from tests.agents.stub.support import CHANGE, text_of


def test_the_command_serves_logs_and_sums_up_until_a_signal() -> None:
    run = [sys.executable, "-c", "from factorengine.cli.llm_stub import command; command()"]
    options = ["--scenario", "crlf", "--seed", "4", "--log"]
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([*run, *options], stdout=subprocess.PIPE, text=True)
        url = re.search(r"http://127\.0\.0\.1:\d+/v1", process.stdout.readline()).group()
        assert f"factorengine mine --proposer llm --base-url {url} --model any" in process.stdout.readline()
        with openai.OpenAI(base_url=url, api_key="any") as opened:
            reply = opened.chat.completions.create(model="m", messages=CHANGE).choices[0].message.content
        os.kill(process.pid, number)
        rest, _ = process.communicate(timeout=20)
        assert re.fullmatch(r"\S+ #1 idea: crlf → 200, \d+ characters\n1 requests: 1 crlf\n", rest)
        assert process.returncode == 0
        with ScriptedEndpoint(seed=4) as here:
            assert text_of(here, CHANGE) == reply.replace("\r\n", "\n")


def test_the_command_lists_the_scenarios_and_refuses_unknown_ones() -> None:
    listed = CliRunner().invoke(command, ["--list"])
    assert [line.split()[0] for line in listed.output.splitlines()] == [*SCENARIOS]
    refused = CliRunner().invoke(command, ["--plan", "goods"])
    assert isinstance(refused.exception, ConfigError)
    assert CliRunner().invoke(command, ["--port", "70000"]).exit_code == 2
    assert "Examples:" in CliRunner().invoke(command, ["--help"]).output


def test_the_command_is_imported_without_the_endpoint() -> None:
    code = "import sys, factorengine.cli.llm_stub; sys.exit('agents.stub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
