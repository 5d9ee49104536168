"""Jobs on workers, with workers that answer from a script instead of a process."""

import os
import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from agents.errors import BudgetError
from engine.crew import LATER, Crew
from engine.requests import Request, Thought, in_parts, nothing
from factors.errors import ExecutionError, ProgramError, TimeoutProgramError
from market.errors import ConfigError

Reply = dict | ProgramError


class ScriptedWorker:
    """Answers a request at once with `reply(method)`; a pipe makes it selectable as a process is."""

    seconds_left, spent_s = 60.0, 0.5

    def __init__(self, reply: Callable[[str], Reply]) -> None:
        self._reply = reply
        self._read_end, self._write_end = os.pipe()
        self.asked: list[str] = []
        self.refuse_next = False

    def fileno(self) -> int:
        return self._read_end

    def submit(self, method: str, **_: object) -> None:
        if self.refuse_next:
            self.refuse_next = False
            raise ExecutionError("the process died.")
        self.asked.append(method)
        os.write(self._write_end, b".")

    def receive(self) -> dict:
        os.read(self._read_end, 1)
        reply = self._reply(self.asked[-1])
        if isinstance(reply, ProgramError):
            raise reply
        return reply

    def close(self) -> None:
        os.close(self._read_end)
        os.close(self._write_end)


@pytest.fixture
def hire() -> Iterator[Callable[..., list[ScriptedWorker]]]:
    hired: list[ScriptedWorker] = []

    def workers(count: int, reply: Callable[[str], Reply] = lambda method: {"said": method}):
        hired.extend(ScriptedWorker(reply) for _ in range(count))
        return hired

    yield workers
    for worker in hired:
        worker.close()


def job(name: str, *steps: str):
    """Ask each step in turn; the result tells what was answered."""
    answers = []
    for step in steps:
        try:
            answers.append((yield Request(f"{name}.{step}", {}))["said"])
        except ProgramError as error:
            answers.append(type(error).__name__)
    return name, answers


def never() -> bool:
    return False


def test_every_job_is_done_once_and_gets_its_own_answers(hire) -> None:
    names = [f"j{number}" for number in range(7)]
    queue = iter([job(name, "a", "b") for name in names])
    results = dict(Crew(hire(3)).work(lambda: next(queue, None), never))
    assert results == {name: [f"{name}.a", f"{name}.b"] for name in names}


def test_a_worker_stays_with_its_job_until_that_is_done(hire) -> None:
    workers = hire(2)
    queue = iter([job(f"j{number}", "a", "b", "c") for number in range(5)])
    list(Crew(workers).work(lambda: next(queue, None), never))
    for worker in workers:
        jobs = [method.split(".")[0] for method in worker.asked]
        assert jobs == [name for name in dict.fromkeys(jobs) for _ in "abc"]


def test_one_worker_takes_the_jobs_in_order(hire) -> None:
    queue = iter([job(f"j{number}", "a") for number in range(4)])
    results = list(Crew(hire(1)).work(lambda: next(queue, None), never))
    assert [name for name, _ in results] == ["j0", "j1", "j2", "j3"]


def test_a_jobs_error_reaches_that_job_and_no_other(hire) -> None:
    def reply(method: str) -> Reply:
        return TimeoutProgramError("too slow.") if method == "bad.b" else {"said": method}

    queue = iter([job("bad", "a", "b", "c"), job("good", "a")])
    results = dict(Crew(hire(1, reply)).work(lambda: next(queue, None), never))
    assert results == {"bad": ["bad.a", "TimeoutProgramError", "bad.c"], "good": ["good.a"]}


def test_a_worker_that_died_before_it_was_asked_is_the_jobs_error(hire) -> None:
    workers = hire(1)
    workers[0].refuse_next = True
    queue = iter([job("j", "a", "b")])
    assert list(Crew(workers).work(lambda: next(queue, None), never)) == [("j", ["ExecutionError", "j.b"])]


def test_jobs_that_ask_nothing_end_without_a_worker(hire) -> None:
    workers = hire(1)
    queue = iter([job("j0"), job("j1")])
    assert list(Crew(workers).work(lambda: next(queue, None), never)) == [("j0", []), ("j1", [])]
    assert workers[0].asked == []


def test_a_stopped_crew_starts_no_other_job(hire) -> None:
    workers = hire(1)
    started = []

    def next_job():
        started.append(len(started))
        return job(f"j{started[-1]}", "a")

    results = []
    for result in Crew(workers).work(next_job, lambda: len(results) >= 2):
        results.append(result)  # noqa: PERF402 (the stop condition reads the list as it grows)
    assert [name for name, _ in results] == ["j0", "j1"]
    assert started == [0, 1]


def test_a_job_that_is_not_there_yet_is_asked_for_again(hire) -> None:
    queue = iter([LATER, job("j0", "a"), LATER, LATER, job("j1", "a")])
    crew = Crew(hire(2))
    assert sorted(name for name, _ in crew.work(lambda: next(queue, None), never)) == ["j0", "j1"]
    assert crew.busy_s == 1.0


def test_what_can_be_done_meanwhile_is_done_while_the_worker_is_busy(hire) -> None:
    workers = hire(1)
    seen = []

    def busy():
        answer = yield Request("j.a", {}, lambda: seen.append(list(workers[0].asked)))
        return answer["said"]

    queue = iter([busy()])
    assert list(Crew(workers).work(lambda: next(queue, None), never)) == ["j.a"]
    assert seen == [["j.a"]]


def test_a_job_that_thinks_leaves_its_worker_to_others(hire) -> None:
    workers, thought = hire(1), Event()

    def thinker():
        yield Request("t.a", {})
        said = yield Thought(lambda: thought.wait(5) and "thought")
        answer = yield Request("t.b", {})
        return said, answer["said"]

    def other():
        answer = yield Request("o.a", {})
        thought.set()
        return answer["said"]

    queue = iter([thinker(), other()])
    assert list(Crew(workers).work(lambda: next(queue, None), never)) == ["o.a", ("thought", "t.b")]
    assert workers[0].asked == ["t.a", "o.a", "t.b"]


def test_one_by_one_nothing_new_begins_while_a_job_thinks(hire) -> None:
    workers = hire(1)

    def thinker(name: str):
        yield Thought(lambda: time.sleep(0.02))
        yield Request(f"{name}.a", {})
        return name

    queue = iter([thinker("one"), thinker("two")])
    crew = Crew(workers, one_by_one=True)
    assert list(crew.work(lambda: next(queue, None), never)) == ["one", "two"]
    assert workers[0].asked == ["one.a", "two.a"]


def test_an_error_of_a_thought_reaches_its_job_and_a_bug_everybody(hire) -> None:
    def failing(error: Exception):
        def fail():
            raise error

        try:
            yield Thought(fail)
        except BudgetError:
            return "caught"

    queue = iter([failing(BudgetError("spent."))])
    assert list(Crew(hire(1)).work(lambda: next(queue, None), never)) == ["caught"]
    queue = iter([failing(ZeroDivisionError())])
    with pytest.raises(ZeroDivisionError):
        list(Crew(hire(1)).work(lambda: next(queue, None), never))


# --- parts of a job


def shared(name: str, *steps: str):
    """A job with a part for each step: the result tells which answers came, in their order."""
    todo, answers = iter(steps), []

    def next_part(share):
        step = next(todo, None)
        return None if step is None else part(step, share)

    def part(step, share):
        answers.append((yield Request(f"{name}.{step}", {}, share=share))["said"])

    yield from in_parts(next_part)
    return name, answers


class LateWorker(ScriptedWorker):
    """Answers when it is released."""

    def submit(self, method: str, **_: object) -> None:
        self.asked.append(method)

    def release(self) -> None:
        os.write(self._write_end, b"." * len(self.asked))


@pytest.fixture
def late():
    worker = LateWorker(lambda method: {"said": method})
    yield worker
    worker.close()


def test_workers_without_a_job_take_parts_of_another_workers(hire) -> None:
    workers = hire(3)
    queue = iter([shared("j", *"abcdef")])
    [(name, answers)] = Crew(workers).work(lambda: next(queue, None), never)
    assert (name, sorted(answers)) == ("j", [f"j.{step}" for step in "abcdef"])
    assert [len(worker.asked) for worker in workers] == [2, 2, 2]


def test_one_worker_does_the_parts_in_order(hire) -> None:
    queue = iter([shared("j", *"abc")])
    assert list(Crew(hire(1)).work(lambda: next(queue, None), never)) == [("j", ["j.a", "j.b", "j.c"])]


def test_a_whole_job_comes_before_a_part(hire) -> None:
    workers = hire(2)
    queue = iter([shared("j", *"abcd"), job("k", "a"), LATER, LATER, job("l", "a")])
    results = list(Crew(workers).work(lambda: next(queue, None), never))
    assert sorted(name for name, _ in results) == ["j", "k", "l"]
    assert workers[0].asked[0] == "j.a"
    assert [method[0] for method in workers[1].asked[:2]] == ["k", "j"]


def test_a_job_ends_after_its_parts_and_its_worker_does_another_meanwhile(hire, late) -> None:
    [worker] = hire(1)

    def other():
        answer = yield Request("k.a", {})
        late.release()
        return answer["said"]

    first, then = [shared("j", *"abc")], [other()]

    def next_job():
        if "j.c" not in worker.asked:
            return first.pop() if first else LATER
        return then.pop() if then else None

    results = list(Crew([worker, late]).work(next_job, never))
    assert results == ["k.a", ("j", ["j.a", "j.c", "j.b"])]
    assert (worker.asked, late.asked) == (["j.a", "j.c", "k.a"], ["j.b"])


@pytest.mark.parametrize("error", [ZeroDivisionError, ConfigError])
def test_what_a_part_raises_reaches_everybody(hire, error) -> None:
    def part(share):
        yield Request("j.a", {}, share=share)
        if share is nothing:  # another worker took it
            raise error("a fault")

    def whole():
        yield from in_parts(part)

    queue = iter([whole()])
    with pytest.raises(error):
        list(Crew(hire(2)).work(lambda: next(queue, None), never))


def test_a_part_is_told_its_own_program_error(hire) -> None:
    def reply(method):
        return ExecutionError("no") if method == "j.b" else {"said": method}

    def part(step, share):
        try:
            told.append((yield Request(f"j.{step}", {}, share=share))["said"])
        except ProgramError as error:
            told.append(str(error))

    def whole():
        yield from in_parts(lambda share: part(todo.pop(0), share) if todo else None)

    told, todo, queue = [], [*"abc"], [whole()]
    list(Crew(hire(2, reply)).work(lambda: queue.pop() if queue else None, never))
    assert sorted(told) == ["j.a", "j.c", "no"]


def test_a_stopped_crew_begins_no_other_part(hire) -> None:
    workers = hire(2)
    queue = iter([shared("j", *"abcdefgh")])
    crew = Crew(workers).work(lambda: next(queue, None), lambda: sum(len(w.asked) for w in workers) >= 3)
    assert list(crew) == []
    assert 3 <= sum(len(worker.asked) for worker in workers) <= 4
