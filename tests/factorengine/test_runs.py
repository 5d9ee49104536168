"""`runs`, `status`, `resume` and `ablate`, and what they refuse; `tests/engine/test_job.py` has live runs."""

import json


def test_a_finished_run_is_listed_with_its_best(command, store) -> None:
    (row,) = json.loads(command("runs", "--store", store, "--format", "json")[1])
    assert (row["run"], row["state"], row["iterations"]) == ("small", "finished", "4/4")
    assert row["trials"] > 0
    assert "small" in command("runs", "--store", store)[1]


def test_the_status_names_the_newest_run_unless_told(command, store) -> None:
    facts = json.loads(command("status", "--store", store, "--format", "json")[1])
    assert (facts["run"], facts["state"], facts["working"]) == ("small", "finished", False)
    assert facts["reason"] == "all iterations are done"
    assert len(facts["programs_by_island"]) == 2
    assert facts["seconds_left"] is None
    best = json.loads(command("rank", "--store", store, "--top", "1", "--format", "json")[1])
    assert facts["elites"][0] == best[0]
    text = command("status", "small", "--store", store)[1]
    assert "run small: finished (all iterations are done)" in text
    assert "4/4 iterations" in text


def test_unknown_runs_and_idle_ones_are_refused(command, store) -> None:
    for name in ("status", "stop", "pause", "resume"):
        assert "got 'nobody'" in command.refuses(name, "nobody", "--store", store)
    for name in ("stop", "pause"):
        assert "nobody works on run 'small'" in command.refuses(name, "small", "--store", store)


def test_a_finished_run_is_extended(command, prices, tmp_path) -> None:
    where = ("--store", tmp_path / "r.db")
    settings = ("--data", prices, "--trials", "2", "--workers", "1", "--run", "r")
    assert command("mine", *settings, "--iterations", "1", *where)[0] == 0
    log = tmp_path / "log.jsonl"
    code, out, _ = command("resume", "r", "--iterations", "3", "--log-json", log, *where)
    assert code == 0
    assert "run r finished (all iterations are done): 3 iterations" in out
    assert json.loads(log.read_text().splitlines()[-1])["iterations_done"] == 3
    assert json.loads(command("status", *where, "--format", "json")[1])["iterations"] == 3


def test_a_target_and_patience_end_a_run_with_their_reason(command, prices, tmp_path) -> None:
    settings = ("--data", prices, "--trials", "2", "--workers", "1", "--iterations", "50")
    ended = json.loads(
        command("mine", *settings, "--store", tmp_path / "a.db", "--target", "-9", "--format", "json")[1]
    )
    assert (ended["status"], ended["reason"]) == ("finished", "a program has the target fitness of -9")
    assert ended["iterations"] < 50
    assert "setting `patience`" in command.refuses("mine", *settings, "--patience", "0")


def test_parts_are_left_out_and_compared(command, prices) -> None:
    asked = ("--what", "micro-search", "--seeds", "1", "--iterations", "1", "--trials", "2", "--data", prices)
    found = json.loads(command("ablate", *asked, "--format", "json")[1])
    assert [row["variant"] for row in found["summary"]] == ["everything", "default parameters only"]
    whole, without = found["runs"]
    assert without["trials"] < whole["trials"]
    assert "micro-search, allotment, sampler, islands" in command.refuses("ablate", "--what", "luck")
