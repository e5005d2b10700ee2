"""The replica of the serving container, as a process of its own and over HTTP."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

SERVE = Path(__file__).parents[1] / "serve.py"
# Takes 0.3 s a call; says how many calls ran at once, fails as it is told.
SLOW_HANDLER = """
import threading, time
class EndpointHandler:
    def __init__(self, model_dir):
        time.sleep(0.5)
        self.running = 0
    def __call__(self, data):
        if "fail" in data["instances"]:
            raise RuntimeError("internal: told to")
        if "nan" in data["instances"]:
            return {"predictions": [float("nan")]}
        self.running += 1
        time.sleep(0.3)
        seen = self.running
        self.running -= 1
        return {"predictions": [seen for _ in data["instances"]], "parameters": data.get("parameters")}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def vertex_environment(port: int) -> dict[str, str]:
    names = {"AIP_MODE": "PREDICTION", "AIP_HTTP_PORT": str(port)}
    routes = {"AIP_HEALTH_ROUTE": "/v1/health", "AIP_PREDICT_ROUTE": "/v1/predict"}
    return {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1", **names, **routes}


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, subprocess.Popen]]:
    port = free_port()
    environment = {**vertex_environment(port), "HF_MODEL_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, str(SERVE)], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield port, process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("slow")
    (folder / "handler.py").write_text(SLOW_HANDLER)
    with served(folder) as (port, _):
        yield port


def call(
    port: int, method: str, path: str, body: object = None, kind: str | None = "application/json"
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    connection.request(method, path, text, {} if kind is None else {"content-type": kind})
    response = connection.getresponse()
    answer = response.status, response.read().decode()
    connection.close()
    return answer


def test_only_the_two_routes_of_vertex_exist(slow: int) -> None:
    assert call(slow, "GET", "/v1/health") == (200, "Ok")
    assert call(slow, "GET", "/health")[0] == 404
    assert call(slow, "GET", "/metrics")[0] == 404
    assert call(slow, "POST", "/predict", {"instances": [1]})[0] == 404
    assert call(slow, "GET", "/v1/predict")[0] == 405


def test_every_exception_is_a_400_with_its_words(slow: int) -> None:
    assert call(slow, "POST", "/v1/predict", {"instances": ["fail"]}) == (400, '{"error": "internal: told to"}')
    assert call(slow, "POST", "/v1/predict", {"instances": ["nan"]})[0] == 400
    assert call(slow, "POST", "/v1/predict", "{broken")[0] == 400
    status, words = call(slow, "POST", "/v1/predict", {"prompt": "a"})
    assert status == 400
    assert "Body needs to provide a inputs key" in words


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", 200), ("application/json; charset=UTF-8", 200), ("application/json;charset=utf-8", 400)]
    + [("text/plain", 400), (None, 400)],
)
def test_the_content_type_must_be_spelt_exactly(slow: int, kind: str | None, status: int) -> None:
    assert call(slow, "POST", "/v1/predict", {"instances": [1]}, kind)[0] == status


def test_query_parameters_stand_in_for_missing_ones(slow: int) -> None:
    answer = json.loads(call(slow, "POST", "/v1/predict?top_k=5&fast=true&name=yoda", {"instances": [1]})[1])
    assert answer["parameters"] == {"top_k": 5, "fast": True, "name": "yoda"}


def test_predictions_run_one_at_a_time_while_health_answers(slow: int) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(call, slow, "POST", "/v1/predict", {"instances": [1, 2]}) for _ in range(5)]
        time.sleep(0.1)
        asked = time.monotonic()
        assert call(slow, "GET", "/v1/health") == (200, "Ok")
        assert time.monotonic() - asked < 0.2
        answers = [json.loads(each.result()[1]) for each in calls]
    assert [answer["predictions"] for answer in answers] == [[1, 1]] * 5
    assert time.monotonic() - started >= 1.5


def test_health_is_silent_until_the_model_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text(SLOW_HANDLER)
    port = free_port()
    environment = {**vertex_environment(port), "HF_MODEL_DIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, str(SERVE)], env=environment, stdout=subprocess.PIPE) as process:
        time.sleep(0.2)
        with pytest.raises(ConnectionRefusedError):
            call(port, "GET", "/v1/health")
        assert process.stdout is not None
        process.stdout.readline()
        assert call(port, "GET", "/v1/health") == (200, "Ok")
        process.kill()


def test_it_ends_on_sigterm_at_once_even_while_it_predicts(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text(SLOW_HANDLER.replace("sleep(0.3)", "sleep(30)"))
    with served(tmp_path) as (port, process), ThreadPoolExecutor(1) as pool:
        pending = pool.submit(call, port, "POST", "/v1/predict", {"instances": [1]})
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=1)
        assert isinstance(pending.exception(), OSError | http.client.HTTPException)


def test_it_ends_when_its_parent_dies(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text(SLOW_HANDLER)
    port = free_port()
    environment = {**vertex_environment(port), "HF_MODEL_DIR": str(tmp_path)}
    start = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); p.wait()"
    command = [sys.executable, "-c", start, sys.executable, str(SERVE)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        parent.kill()
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        try:
            call(port, "GET", "/v1/health")
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("the server outlived its parent")


@pytest.mark.parametrize("missing", ["AIP_HEALTH_ROUTE", "AIP_PREDICT_ROUTE"])
def test_under_vertex_both_routes_must_be_named(tmp_path: Path, missing: str) -> None:
    (tmp_path / "handler.py").write_text(SLOW_HANDLER)
    environment = {name: value for name, value in vertex_environment(free_port()).items() if name != missing}
    ended = subprocess.run([sys.executable, str(SERVE), str(tmp_path)], env=environment, capture_output=True)
    assert ended.returncode == 1
    assert b"must be set when AIP_MODE" in ended.stderr


def test_the_real_handler_answers_over_http_and_fifty_instances_beat_fifty_requests(model_dir: Path) -> None:
    folder = model_dir.parent / "served"
    shutil.copytree(model_dir, folder)
    instance = {"prompt": "<|user|>\nGo.<|end|>\n<|assistant|>\n"}
    parameters = {"max_new_tokens": 8}
    with served(folder) as (port, _), ThreadPoolExecutor(50) as pool:

        def predict(count: int) -> int:
            body = {"instances": [instance] * count, "parameters": parameters}
            status, text = call(port, "POST", "/v1/predict", body)
            assert status == 200
            return len(json.loads(text)["predictions"])

        predict(1)
        began = time.monotonic()
        assert sum(pool.map(predict, [1] * 50)) == 50
        single = time.monotonic() - began
        began = time.monotonic()
        assert sum(pool.map(predict, [13, 13, 12, 12])) == 50
        gathered = time.monotonic() - began
        assert gathered * 3 < single
        status, text = call(port, "POST", "/v1/predict", {"instances": [instance], "parameters": {"top": 1}})
        assert status == 400
        assert json.loads(text)["error"].startswith("invalid_request: ")
