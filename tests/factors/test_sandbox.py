"""A worker process survives what programs do, and programs do not reach the host."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import landlockpy
import pytest

from factors.errors import (
    ContractError,
    ExecutionError,
    MemoryProgramError,
    TamperingError,
    TimeoutProgramError,
)
from factors.sandbox import Limits, Worker, wait_for_any
from market.errors import ConfigError

SERVICE = "tests.factors.sandbox_service:Misbehaving"


@pytest.fixture
def worker(tmp_path):
    limits = Limits(timeout_s=5.0, memory_bytes=2**29)
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    root = Path(__file__).parents[2]
    with Worker(SERVICE, {"greeting": "hello"}, limits, readable=[root], writable=[allowed]) as worker:
        yield worker


def test_a_request_is_answered_by_the_services_method(worker) -> None:
    assert worker.call("echo", text="x") == {"text": "hello x"}


def test_a_launched_worker_gets_ready_by_itself_and_is_the_one_that_is_started_and_asked(worker) -> None:
    worker.launch()
    process = worker._process
    assert not worker.is_idle
    worker.start()
    assert worker.is_idle
    assert worker.call("echo", text="there") == {"text": "hello there"}
    worker.launch()
    assert worker._process is not process
    process = worker._process
    assert worker.call("echo", text="again") == {"text": "hello again"}
    assert worker._process is process


def test_a_service_that_does_not_start_is_reported_when_it_is_waited_for() -> None:
    with Worker(SERVICE, {"no": "greeting"}) as worker:
        worker.launch()
        with pytest.raises(ExecutionError, match="ended its worker process"):
            worker.start()


def test_a_program_error_crosses_the_pipe_with_its_type(worker) -> None:
    with pytest.raises(ContractError, match="one clear line"):
        worker.call("fail")


def test_an_endless_loop_is_ended_and_the_worker_starts_again(worker) -> None:
    with pytest.raises(TimeoutProgramError, match="longer than 5 s"):
        worker.call("hang")
    assert worker.spent_s > 4.9
    assert worker.call("echo", text="again") == {"text": "hello again"}


def test_too_much_memory_is_an_error_not_a_crash(worker) -> None:
    with pytest.raises(MemoryProgramError, match="memory"):
        worker.call("devour")
    assert worker.call("echo", text="still") == {"text": "hello still"}


def test_a_dead_process_is_reported(worker) -> None:
    with pytest.raises(ExecutionError, match=r"ended its worker process \(exit status 7\)"):
        worker.call("die")
    assert worker.call("echo", text="anew") == {"text": "hello anew"}


@pytest.mark.parametrize("deed", ["read_a_secret", "write_a_file", "call_home", "start_a_process", "fork"])
def test_the_host_is_out_of_reach(worker, deed, tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    assert worker.call("attempt", deed=deed, path=str(secret)) == {"refused": True}
    assert secret.read_text() == "key"


def test_only_the_given_folder_can_be_written(worker, tmp_path) -> None:
    target = tmp_path / "allowed" / "x"
    assert worker.call("attempt", deed="write_a_file", path=str(target)) == {"refused": False}


def test_all_walls_stand_on_this_platform(worker) -> None:
    worker.start()
    if sys.platform != "linux" or not landlockpy.supported():
        pytest.skip("the kernel has no Landlock")
    assert [wall.name for wall in worker.protections] == ["limits", "files", "calls", "interpreter"]
    assert not any(wall.missing for wall in worker.protections)


def test_a_missing_wall_is_reported_and_the_others_stand(tmp_path) -> None:
    with Worker("tests.factors.sandbox_service:WithoutLandlock", {"greeting": "hello"}) as worker:
        worker.start()
        missing = {wall.name: wall.missing for wall in worker.protections if wall.missing}
        assert list(missing) == ["files"]
        assert "landlockpy" in missing["files"]
        for deed in ("read_a_secret", "write_a_file", "call_home", "start_a_process", "fork"):
            assert worker.call("attempt", deed=deed, path=str(tmp_path / "x")) == {"refused": True}


def test_a_required_sandbox_must_be_whole() -> None:
    service = "tests.factors.sandbox_service:WithoutLandlock"
    worker = Worker(service, {"greeting": "hello"}, require_sandbox=True)
    with pytest.raises(ConfigError, match=r"the whole sandbox is required, this system lacks: files \("):
        worker.call("echo", text="x")
    with pytest.raises(ConfigError):
        worker.call("echo", text="x")


def test_an_unconfined_worker_says_so(tmp_path) -> None:
    with Worker(SERVICE, {"greeting": "hello"}, confined=False) as worker:
        assert worker.call("attempt", deed="write_a_file", path=str(tmp_path / "x")) == {"refused": False}
        assert worker.protections == ()


def test_a_stricter_limit_of_the_system_stays() -> None:
    code = f"""
import resource
from factors.sandbox import Worker
for what, most in ((resource.RLIMIT_NOFILE, 200), (resource.RLIMIT_CPU, 30)):
    resource.setrlimit(what, (most, most))
with Worker("{SERVICE}", {{"greeting": "hello"}}) as worker:
    print(worker.call("open_files")["most"])
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "200"


def test_keys_in_the_environment_are_not_inherited(worker, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    worker.start()
    assert "OPENAI_API_KEY" not in json.dumps(worker.call("environment"))


def test_what_a_program_prints_does_not_disturb_the_answers(worker) -> None:
    assert worker.call("print_noise") == {"done": True}


def test_a_worker_dies_with_its_host(worker) -> None:
    pid = worker.call("pid")["pid"]
    worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_waiting_tells_who_is_ready(worker, tmp_path) -> None:
    worker.submit("echo", text="1")
    assert wait_for_any([worker], 3.0) == [worker]
    assert worker.receive() == {"text": "hello 1"}


def test_an_answer_that_lies_unread_keeps_no_worker_busy(worker) -> None:
    worker.start()
    asked_s = time.monotonic()
    worker.submit("echo", text="1")
    assert wait_for_any([worker], 3.0) == [worker]
    there_s = time.monotonic()
    time.sleep(0.01)
    worker.receive()
    assert 0.0 < worker.spent_s <= there_s - asked_s


@pytest.mark.parametrize("time_told", ["NaN", "Infinity", "-1e9", "1e9"])
def test_a_time_that_cannot_be_is_not_believed(worker, monkeypatch, time_told) -> None:
    worker.start()
    asked_s = time.monotonic()
    worker.submit("echo", text="1")
    assert wait_for_any([worker], 3.0) == [worker]
    genuine = json.dumps({"token": worker._token, "result": {}})
    monkeypatch.setattr("os.read", lambda *_: f'{genuine[:-1]}, "answered_s": {time_told}}}\n'.encode())
    worker.receive()
    assert 0.0 <= worker.spent_s <= time.monotonic() - asked_s


@pytest.mark.parametrize("time_told", ["null", '"soon"', "1" + "0" * 400])
def test_an_answer_without_a_time_is_not_the_workers(worker, monkeypatch, time_told) -> None:
    worker.submit("echo", text="1")
    genuine = json.dumps({"token": worker._token, "result": {}})
    monkeypatch.setattr("os.read", lambda *_: f'{genuine[:-1]}, "answered_s": {time_told}}}\n'.encode())
    with pytest.raises(TamperingError, match="not the worker's own"):
        worker.receive()
    assert not worker.is_idle


def test_the_seal_is_looked_at_without_events_for_the_watcher() -> None:
    """Each event costs a call of the interpreter's wall, and the seal is looked at after every request."""
    code = """
import sys, engine.evaluator
from factors.sandbox.seal import Seal
seal, events, watching = Seal(("factors", "backtest", "engine")), [], [False]
sys.addaudithook(lambda event, _: events.append(event) if watching[0] else None)
watching[0] = True
broken = seal.broken()
watching[0] = False
print(len(events), repr(broken))
"""
    answer = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert answer.stdout.split() == ["0", "''"]
