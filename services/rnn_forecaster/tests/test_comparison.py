"""The comparison as a whole, with model servers whose quality is known."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import urllib3

from services.rnn_forecaster.comparison.comparison import side as side_module
from services.rnn_forecaster.comparison.comparison.__main__ import main
from services.rnn_forecaster.comparison.comparison.random_walk import random_walk
from services.rnn_forecaster.tests.model_servers import (
    Forecaster,
    Handler,
    ModelServer,
    drift,
    last_value,
    model_server,
    noisy,
)

pytestmark = pytest.mark.slow

CONTEXT = Path(__file__).parents[1] / "comparison"
Serve = Callable[[Forecaster], ModelServer]
Command = Callable[..., int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as running:
        yield lambda forecaster: running.enter_context(model_server(forecaster))


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `python -m comparison ARGUMENTS` in this process; gives its code. Tries follow each other at once."""
    monkeypatch.setattr(side_module, "RETRIES", side_module.RETRIES.new(backoff_factor=0))

    def run(*arguments: object) -> int:
        monkeypatch.setattr("sys.argv", ["comparison", *map(str, arguments)])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    return run


def sides(a: ModelServer, b: ModelServer) -> tuple[str, str, str]:
    return f"--a={a.url}", f"--b={b.url}", "--seed=7"


Printed = pytest.CaptureFixture[str]


def verdict(printed: str) -> str:
    (line,) = [line for line in printed.splitlines() if "95 % interval" in line or "same forecasts" in line]
    return line


def test_the_better_side_is_named_whichever_it_is(serve: Serve, command: Command, capsys: Printed) -> None:
    good, bad = serve(last_value), serve(noisy(1))

    assert command(*sides(good, bad), "--days=200") == 0
    assert verdict(capsys.readouterr().out).startswith("A forecasts better than B: its squared error is 0.")
    assert command(*sides(bad, good), "--days=200") == 0
    assert verdict(capsys.readouterr().out).startswith("B forecasts better than A: its squared error is 0.")


def test_equally_good_sides_cannot_be_told_apart(serve: Serve, command: Command, capsys: Printed) -> None:
    assert command(*sides(serve(noisy(1)), serve(noisy(2))), "--days=200") == 0
    assert re.fullmatch(
        r"No difference can be told: A's squared error less B's is (\S+) on average, and its 95 % interval, -\S+ to "
        r"0\.\d+, contains 0 \(p = 0\.\d+\)\.",
        verdict(capsys.readouterr().out),
    )


def test_a_side_compared_with_itself_cannot_be_told_apart(serve: Serve, command: Command, capsys: Printed) -> None:
    server = serve(drift)

    assert command(*sides(server, server), "--days=30") == 0
    assert verdict(capsys.readouterr().out) == "No difference can be told: both sides give the same forecasts."


def test_a_small_difference_takes_more_days(serve: Serve, command: Command, capsys: Printed) -> None:
    good, bad = serve(last_value), serve(drift)

    assert command(*sides(good, bad), "--days=50") == 0
    assert verdict(capsys.readouterr().out).startswith("No difference can be told")
    assert command(*sides(good, bad), "--days=800") == 0
    assert verdict(capsys.readouterr().out).startswith("A forecasts better")


def test_both_sides_get_the_same_windows_of_which_no_two_overlap(serve: Serve, command: Command) -> None:
    a, b = serve(last_value), serve(drift)

    assert command(*sides(a, b), "--days=210") == 0

    received = np.concatenate(a.received)
    assert np.array_equal(received, np.concatenate(b.received))
    assert [len(each) for each in a.received] == [200, 10]
    # Day by day of one walk: a window, and the day that is to be forecast from it.
    assert np.array_equal(received, random_walk(7, 210 * 101).reshape(210, 101)[:, :100])


def test_the_report_has_inputs_table_plot_and_what_the_interval_assumes(
    serve: Serve, command: Command, capsys: Printed
) -> None:
    a, b = serve(last_value), serve(noisy(1))
    a.versions = ["3"]

    assert command(*sides(a, b), "--days=400") == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "Simulated random walk, seed 7: 400 days, each forecast from the 100 before.",
        f"A: {a.url}, model version 3",
        f"B: {b.url}, model version 1",
    ]
    table = {line[:10].strip(): line[10:].split() for line in lines[4:8]}
    assert table[""] == ["MAE", "RMSE", "MASE"]
    assert table["A"] == table["last value"]
    # Of standard normal steps: the mean of their absolute value, their deviation, and 1.
    assert [float(each) for each in table["A"]] == pytest.approx([(2 / np.pi) ** 0.5, 1, 1], rel=0.1)
    assert [float(each) for each in table["B"]] == pytest.approx([(2.5 / np.pi) ** 0.5, 1.25**0.5, 1.25**0.5], rel=0.1)
    plot = [line[1 : line.rindex("│")] for line in lines if line.startswith("│")]
    assert len(plot) == 14
    # Falls from the left above to the right below.
    assert plot[0].strip()
    assert not plot[0][35:].strip("▔ ")
    assert plot[-1].strip()
    assert not plot[-1][:35].strip()
    assert not any("\x1b" in line for line in lines)
    assert any("independent" in line for line in lines)


def test_without_a_seed_every_run_has_a_series_of_its_own(serve: Serve, command: Command, capsys: Printed) -> None:
    server = serve(last_value)
    seeds = set()
    for _ in range(2):
        assert command(f"--a={server.url}", f"--b={server.url}", "--days=30") == 0
        seeds.add(re.findall(r"seed (\d+)", capsys.readouterr().out)[0])

    assert len(seeds) == 2
    assert not np.array_equal(server.received[0], server.received[-1])


def test_an_output_has_a_document_and_a_picture(
    serve: Serve, command: Command, capsys: Printed, tmp_path: Path
) -> None:
    a, b = serve(last_value), serve(noisy(1))

    assert command(*sides(a, b), "--days=200", f"--output={tmp_path.as_uri()}/kept/") == 0

    (folder,) = (tmp_path / "kept").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-seed-7", folder.name)
    printed = capsys.readouterr().out
    written = [f"wrote {(folder / name).as_uri()}" for name in ("comparison.svg", "comparison.json")]
    assert printed.splitlines()[-2:] == written
    document = json.loads((folder / "comparison.json").read_text())
    assert (document["seed"], document["days"], document["better"]) == (7, 200, "a")
    assert document["sides"]["b"] == {"url": b.url, "model_version": "1"}
    assert document["scores"]["b"]["rmse"] > document["scores"]["a"]["rmse"] == document["scores"]["naive"]["rmse"]
    found = document["squared_error_of_a_less_b"]
    assert found["low"] < found["mean"] < found["high"] < 0
    assert document["verdict"] == verdict(printed)
    picture = (folder / "comparison.svg").read_text()
    assert picture.startswith("<?xml")
    assert "A forecasts better than B" in picture


def test_a_store_that_is_down_fails_after_the_report(
    serve: Serve, command: Command, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(last_value)
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "key",
    }.items():
        monkeypatch.setenv(name, value)

    assert command(*sides(server, server), "--days=30", "--output=s3://bucket/kept") == 1

    printed = capsys.readouterr()
    assert "both sides give the same forecasts" in printed.out
    assert re.fullmatch(
        r"comparison: s3://bucket/kept/\S+/comparison.svg can't be written: .*error sending request.*\n", printed.err
    )


def unavailable(handler: Handler) -> bool:
    handler.answer(503, {"error": "being rolled"})
    return True


def dropped(handler: Handler) -> bool:
    handler.close_connection = True
    return True


def test_a_side_that_is_just_rolling_is_waited_for(serve: Serve, command: Command) -> None:
    a, b = serve(last_value), serve(drift)
    a.misbehave = [unavailable, dropped, unavailable]

    assert command(*sides(a, b), "--days=30") == 0
    assert a.requests == b.requests + 3


def test_a_side_is_not_asked_for_ever(serve: Serve, command: Command, capsys: Printed) -> None:
    a, b = serve(last_value), serve(drift)
    b.misbehave = [unavailable] * 100

    assert command(*sides(a, b), "--days=30") == 1
    assert b.requests == 1 + 9
    said = f"comparison: side b, {b.url}: answers 503 to POST {b.url}:predict: being rolled: see its pods' logs\n"
    assert capsys.readouterr().err == said


def answers(status: int, body: object) -> Callable[[Handler], bool]:
    def answer(handler: Handler) -> bool:
        handler.answer(status, body)
        return True

    return answer


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (
            answers(400, {"error": "Tensor series has 0 dims"}),
            2,
            "answers 400 to POST {url}:predict: Tensor series has 0",
        ),
        (
            answers(500, b"<html>\n\x1b[1mbroken"),
            1,
            "answers 500 to POST {url}:predict: <html> [1mbroken: see its pods'",
        ),
        (answers(302, b""), 2, "answers 302 to POST {url}:predict: nothing: give the URL of a model that it serves"),
        (answers(200, b"<html>"), 2, "its answers are no JSON objects: <html>: give the URL of a forecaster"),
        (answers(200, [[1.0]]), 2, "its answers are no JSON objects: [[1.0]]"),
        (answers(200, {"predictions": [[1.0]]}), 2, "its answers are no forecasts: {{'predictions': [[1.0]]}}"),
        (answers(200, {"outputs": "1"}), 2, "its answers have the shape [] instead of [30, 1]"),
        (answers(200, {"outputs": [[1.0]] * 29}), 2, "its answers have the shape [29, 1] instead of [30, 1]"),
        (answers(200, {"outputs": [[1.0, 2.0]] * 30}), 2, "its answers have the shape [30, 2] instead of [30, 1]"),
        (answers(200, {"outputs": [[1.0]] * 29 + [[]]}), 2, "its answers are no forecasts: {{'outputs': [[1.0],"),
        (answers(200, {"outputs": [[1.0]] * 29 + [[float("nan")]]}), 2, "have NaN or infinity among them, 1 of 30"),
        (answers(200, {"outputs": [[1.0]] * 29 + [[None]]}), 2, "have NaN or infinity among them, 1 of 30"),
    ],
)
def test_what_is_no_forecast_is_said_with_the_side_and_its_words(  # noqa: PLR0917 - three fixtures
    answer: Callable[[Handler], bool], code: int, said: str, serve: Serve, command: Command, capsys: Printed
) -> None:
    a, b = serve(last_value), serve(drift)
    b.misbehave = [answer]

    assert command(*sides(a, b), "--days=30") == code

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"comparison: side b, {b.url}: ")
    assert said.format(url=b.url) in printed.err
    assert printed.err.count("\n") == 1


def test_a_side_that_does_not_have_the_model_says_so(serve: Serve, command: Command, capsys: Printed) -> None:
    a, b = serve(last_value), serve(drift)

    assert command(f"--a={a.url}-c", f"--b={b.url}") == 2
    assert f"side a, {a.url}-c: answers 404 to GET {a.url}-c: Could not find any versions" in capsys.readouterr().err


def test_a_side_without_a_server_is_named_with_the_mend(serve: Serve, command: Command, capsys: Printed) -> None:
    a = serve(last_value)

    assert command(f"--a={a.url}", "--b=http://127.0.0.1:1/v1/models/m", "--days=30") == 1

    said = capsys.readouterr().err
    assert said.startswith(
        "comparison: side b, http://127.0.0.1:1/v1/models/m: no answer: Failed to establish a new conn"
    )
    assert said.endswith("Connection refused: see that its pods are ready, and that this one may reach them\n")


def hangs(handler: Handler) -> bool:
    server = handler.server
    assert isinstance(server, ModelServer)
    return server.over.wait(10)


def drips(handler: Handler) -> bool:
    """Each byte is in time, all of them never."""
    server = handler.server
    assert isinstance(server, ModelServer)
    while not server.over.wait(0.02):
        handler.wfile.write(b"x")
    return True


def test_a_side_that_is_silent_is_tried_thrice(
    serve: Serve, command: Command, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_module, "TIMEOUT", urllib3.Timeout(connect=5, read=0.3))
    a, b = serve(last_value), serve(drift)
    b.misbehave = [hangs] * 3

    assert command(*sides(a, b), "--days=30") == 1
    assert f"side b, {b.url}: no answer: Read timed out. (read timeout=0.3): see" in capsys.readouterr().err
    assert not b.misbehave


def test_a_side_that_goes_on_for_ever_is_left(
    serve: Serve, command: Command, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(side_module, "LIMIT_SECONDS", 0.3)
    a, b = serve(last_value), serve(drift)
    a.misbehave = [drips] * 3

    assert command(*sides(a, b), "--days=30") == 1
    assert capsys.readouterr().err.startswith(f"comparison: side a, {a.url}: not done after 0.3 s: see its pods' logs")


def test_a_side_whose_model_is_replaced_meanwhile_is_not_judged(
    serve: Serve, command: Command, capsys: Printed
) -> None:
    a, b = serve(last_value), serve(drift)
    a.versions = ["1", "2"]

    assert command(*sides(a, b), "--days=30") == 1
    assert "its model was version 1 before and 2 after: compare again" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        (
            "--a=http://side/v1/models/m:predict",
            "argument --a: http://side/v1/models/m:predict: give the URL of a model,",
        ),
        ("--a=side:8501", "argument --a: side:8501: give the URL of a model, without :predict, such as http://rnn-"),
        ("--days=29", "argument --days: 29: give a whole number from 30 to 50000"),
        ("--seed=-1", "argument --seed: -1: give a whole number from 0 to 4294967295"),
        ("--output=ftp://host/folder", "--output ftp://host/folder: give a place such as gs://bucket/folder"),
        ("--output=file://folder", "--output file://folder: give a place such as gs://bucket/folder"),
        (
            "--output=az://container/folder",
            "--output az://container/folder: Generic MicrosoftAzure error: Account must",
        ),
    ],
)
def test_what_is_wrong_on_the_command_line_is_said_before_anybody_is_asked(
    argument: str, said: str, serve: Serve, command: Command, capsys: Printed
) -> None:
    server = serve(last_value)

    assert command(*sides(server, server), argument) == 2

    printed = capsys.readouterr().err
    assert printed.startswith(f"comparison: {said}")
    assert printed.count("\n") == 1
    assert server.requests == 0


@pytest.mark.slow
def test_a_process_ends_with_one_line_and_without_a_stack_trace() -> None:
    url = "http://127.0.0.1:1/v1/models/m"
    done = subprocess.run(
        [sys.executable, "-m", "comparison", f"--a={url}", f"--b={url}", "--output=nowhere"],
        cwd=CONTEXT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("comparison: --output nowhere: give a place such as gs://bucket/folder")
    assert done.stderr.count("\n") == 1
