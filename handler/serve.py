"""python handler/serve.py path/to/model, with the AIP_* variables that Vertex AI sets; without them on port 5000.

A replica, in the standard library alone, of the server inside the Hugging Face inference container for Vertex AI
(huggingface-inference-toolkit 0.5.2): load the model folder's handler.py -> answer health -> predict one at a time.
"""

import argparse
import importlib.util
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

Handler = Callable[[dict[str, object]], object]
JSON_TYPES = ("application/json", "application/json; charset=UTF-8")
log = logging.getLogger("serve")


def load_handler(model_dir: Path) -> Handler:
    """The model folder's own handler.py, found and built as the toolkit does."""
    file = model_dir / "handler.py"
    if not file.is_file():
        sys.exit(f"{file} is missing: the model's folder brings its own handler")
    sys.path.insert(0, str(model_dir))
    spec = importlib.util.spec_from_file_location("handler.EndpointHandler", file)
    if spec is None or spec.loader is None:
        sys.exit(f"{file} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules["handler.EndpointHandler"] = module
    spec.loader.exec_module(module)
    return module.EndpointHandler(str(model_dir))


def routes() -> tuple[set[str], set[str], str | None]:
    """(health paths, predict paths, metrics path). Under Vertex AI there are exactly two, both named by it."""
    if os.environ.get("AIP_MODE") != "PREDICTION":
        return {"/", "/health"}, {"/", "/predict"}, "/metrics"
    health, predict = os.environ.get("AIP_HEALTH_ROUTE"), os.environ.get("AIP_PREDICT_ROUTE")
    if not health or not predict:
        raise ValueError("AIP_HEALTH_ROUTE and AIP_PREDICT_ROUTE must be set when AIP_MODE is PREDICTION")
    return {health}, {predict}, None


def read_body(content_type: str | None, raw: bytes, query: str) -> dict[str, object]:
    """The request as the handler gets it. Raises with the words that end up in the 400."""
    if not content_type:
        raise ValueError("No content type provided and no default one configured.")
    if content_type not in JSON_TYPES:
        raise ValueError(f'Content type "{content_type}" not supported. Supported content types are: {JSON_TYPES[0]}')
    body = json.loads(raw)
    if "inputs" not in body and "instances" not in body:
        raise ValueError(f"Body needs to provide a inputs key, recieved: {json.dumps(body).encode()!r}")
    parameters = {name: number_or_word(value) for name, value in parse_qsl(query)}
    if parameters and "parameters" not in body:
        body["parameters"] = parameters
    return body


def number_or_word(value: str) -> int | bool | str:
    """Query values as the toolkit reads them: whole numbers and booleans are told from words."""
    if value.isnumeric():
        return int(value)
    return {"true": True, "false": False}.get(value.lower(), value)


def create_server(port: int, handler: Handler) -> ThreadingHTTPServer:
    """One prediction at a time, an unbounded queue before it, and health beside them: as in the container."""
    health, predict, metrics = routes()
    one_at_a_time = threading.Semaphore(1)
    waiting = 0

    class Request(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path in health:
                self.reply(200, b"Ok", "text/plain; charset=utf-8")
            elif path == metrics:
                text = f"inf_batch_current_size{{}} 1\ninf_queue_size{{}} {waiting}\n"
                self.reply(200, text.encode(), "text/plain; charset=utf-8")
            else:
                self.refuse(path)

        def do_POST(self) -> None:
            nonlocal waiting
            target = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            if target.path not in predict:
                self.refuse(target.path)
                return
            try:
                body = read_body(self.headers.get("content-type"), raw, target.query)
                waiting += 1
                with one_at_a_time:
                    waiting -= 1
                    started = time.perf_counter()
                    status, answer = 200, json.dumps(handler(body), ensure_ascii=False, allow_nan=False).encode()
                log.info("POST %s | Duration: %.2f ms", target.path, (time.perf_counter() - started) * 1000)
            except Exception as error:  # every fault is a 400 there, the handler's own and running out of memory too
                log.error("%s", error)
                status, answer = 400, json.dumps({"error": str(error)}).encode()
            self.reply(status, answer, "application/json")

        def refuse(self, path: str) -> None:
            known = path in health | predict or path == metrics
            status, words = (405, b"Method Not Allowed") if known else (404, b"Not Found")
            self.reply(status, words, "text/plain; charset=utf-8")

        def reply(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The container hides access logs."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """A caller who hung up before the answer is no fault of ours."""
            log.info("a caller went away: %s", sys.exc_info()[1])

    return Server(("127.0.0.1", port), Request)


def leave_with(parent: int) -> None:
    """Ends this process as soon as the one that started it is gone, whatever is being generated."""
    while os.getppid() == parent:
        time.sleep(0.3)
    os._exit(1)


def main() -> None:
    """Loads before it listens, so that health says only what is true."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model_dir", nargs="?", default=os.environ.get("HF_MODEL_DIR", "/opt/huggingface/model"))
    model_dir = Path(parser.parse_args().model_dir)
    logging.basicConfig(format="%(asctime)s | %(levelname)s | %(message)s", level=logging.INFO)
    threading.Thread(target=leave_with, args=[os.getppid()], daemon=True).start()
    routes()
    port = int(os.environ.get("AIP_HTTP_PORT", "8080")) if os.environ.get("AIP_MODE") else 5000
    server = create_server(port, load_handler(model_dir))
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
