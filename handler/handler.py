"""What the serving container loads: EndpointHandler(model_dir), called with {"instances", "parameters"}.

parse -> tokenize -> group by room and length -> generate in micro-batches -> put back in order

One file: newer containers do not put its folder on sys.path. The container turns every exception into HTTP 400, so a
fault of the whole request starts with "invalid_request:" (never worth a retry) or "internal:" (may pass).
"""

import hashlib
import logging
import math
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, StoppingCriteriaList

MAX_INSTANCES, MICRO_BATCH, MAX_PROMPT_TOKENS, MAX_STOPS = 32, 16, 2048, 4
# name: (type, least, most, default); numbers are clamped into their range.
NUMBERS = {
    "max_new_tokens": (int, 1, 256, 64),
    "temperature": (float, 0.0, 2.0, 0.0),
    "top_p": (float, 0.01, 1.0, 1.0),
    "top_k": (int, 0, 1000, 0),
    "repetition_penalty": (float, 1.0, 2.0, 1.0),
    "seed": (int, 0, 2**32 - 1, None),
}
log = logging.getLogger("handler")


class InvalidRequest(ValueError):
    """The caller's fault; the same request will never succeed."""


class Job(NamedTuple):
    place: int  # in the request
    tokens: list[int]
    budget: int  # how many new tokens there is room for


class EndpointHandler:
    def __init__(self, model_dir: str, **_: object) -> None:
        path = str(model_dir)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.float16 if self.device.type == "cuda" else torch.float32
        self.tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left", local_files_only=True)
        self.model = AutoModelForCausalLM.from_pretrained(
            path, torch_dtype=dtype, attn_implementation="sdpa", low_cpu_mem_usage=True, local_files_only=True
        )
        self.model.to(self.device).eval()
        declared, known = self.model.generation_config.eos_token_id, self.tokenizer.get_vocab()
        stop_ids = [*(declared if isinstance(declared, list) else [declared]), self.tokenizer.eos_token_id]
        stop_ids += [known.get(token) for token in ("<|end|>", "<|endoftext|>")]
        self.stop_ids = {token for token in stop_ids if token is not None}
        self.pad_id = min(self.stop_ids) if self.tokenizer.unk_token_id is None else self.tokenizer.unk_token_id
        self.context = int(self.model.config.max_position_embeddings)
        self.max_prompt = min(MAX_PROMPT_TOKENS, self.context - 1)
        # A token that the space does not break (one character, blanks) opens no turn and is left alone.
        added = {token.content for token in self.tokenizer.added_tokens_decoder.values()} - {""}
        self.forgeable = sorted((t for t in added if t not in f"{t[0]} {t[1:]}"), key=lambda t: (-len(t), t))
        self._run([Job(0, [self.pad_id] * 4, 2)], _parameters({}))
        digest = hashlib.sha256((Path(path) / "config.json").read_bytes()).hexdigest()[:12]
        log.info("model loaded: config sha256 %s, %s, %s, torch %s", digest, self.device, dtype, torch.__version__)

    def __call__(self, data: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """{"instances": [{"prompt"} | {"messages"}], "parameters"} -> {"predictions"}, same length and order."""
        try:
            instances = data.get("instances") if isinstance(data, dict) else None
            if not isinstance(instances, list) or not 1 <= len(instances) <= MAX_INSTANCES:
                raise InvalidRequest(f'"instances" is a list of 1 to {MAX_INSTANCES}')
            options = _parameters(data.get("parameters"))
        except InvalidRequest as error:
            raise ValueError(f"invalid_request: {error}") from error
        try:
            return {"predictions": self._predict(instances, options)}
        except Exception as error:
            raise RuntimeError(f"internal: {type(error).__name__}: {error}") from error

    def _predict(self, instances: list[Any], options: dict[str, Any]) -> list[dict[str, Any]]:
        predictions: dict[int, dict[str, Any]] = {}
        jobs: list[Job] = []
        for place, instance in enumerate(instances):
            try:
                tokens = self._tokens(instance)
                jobs.append(Job(place, tokens, min(options["max_new_tokens"], self.context - len(tokens))))
            except InvalidRequest as error:
                predictions[place] = {"error": {"code": "invalid_request", "message": str(error)}}
        if options["seed"] is not None:
            torch.manual_seed(options["seed"])
        # A prompt near the end of the context has less room; batched apart, it does not cut its neighbours short.
        jobs.sort(key=lambda job: (job.budget, len(job.tokens)))
        while jobs:
            batch = [job for job in jobs[:MICRO_BATCH] if job.budget == jobs[0].budget]
            jobs = jobs[len(batch) :]
            for job, prediction in zip(batch, self._generate(batch, options), strict=True):
                predictions[job.place] = prediction
        return [predictions[place] for place in range(len(instances))]

    def _tokens(self, instance: object) -> list[int]:
        if not isinstance(instance, dict) or ("prompt" in instance) == ("messages" in instance):
            raise InvalidRequest('an instance is an object with either "prompt" or "messages"')
        prompt = _text(instance["prompt"]) if "prompt" in instance else self._templated(instance["messages"])
        tokens = self.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        if not 1 <= len(tokens) <= self.max_prompt:
            raise InvalidRequest(f"the prompt has {len(tokens)} tokens; 1 to {self.max_prompt} are taken")
        return tokens

    def _templated(self, messages: object) -> str:
        turns = [m if isinstance(m, dict) else {} for m in messages] if isinstance(messages, list) else []
        if not turns or any(turn.get("role") not in ("system", "user", "assistant") for turn in turns):
            raise InvalidRequest('"messages" is a list of {"role": "system" | "user" | "assistant", "content"}')
        safe = [{"role": m["role"], "content": harmless(_text(m.get("content")), self.forgeable)} for m in turns]
        try:
            return self.tokenizer.apply_chat_template(safe, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # templates raise what they like for an order of turns that they do not know
            raise InvalidRequest(f"the model's chat template refuses these messages: {error}") from error

    def _generate(self, batch: list[Job], options: dict[str, Any]) -> list[dict[str, Any]]:
        """Out of memory, or one instance that breaks its batch: the halves are tried apart, down to single ones."""
        try:
            return self._run(batch, options)
        except Exception as error:
            log.warning("a batch of %d failed: %r", len(batch), error)
            if len(batch) == 1:
                return [{"error": {"code": "internal", "message": f"{type(error).__name__}: {error}"}}]
        # Outside of the except clause, so that the traceback no longer holds the failed attempt's tensors.
        torch.cuda.empty_cache()
        half = len(batch) // 2
        return self._generate(batch[:half], options) + self._generate(batch[half:], options)

    @torch.inference_mode()
    def _run(self, batch: list[Job], options: dict[str, Any]) -> list[dict[str, Any]]:
        started = time.perf_counter()
        width = max(len(job.tokens) for job in batch)
        drawn = {name: options[name] for name in ("temperature", "top_p", "top_k")} if options["temperature"] else {}
        config = GenerationConfig(
            max_new_tokens=batch[0].budget, do_sample=bool(drawn), repetition_penalty=options["repetition_penalty"],
            eos_token_id=sorted(self.stop_ids), pad_token_id=self.pad_id, **drawn,
        )  # fmt: skip
        ids = torch.tensor([[self.pad_id] * (width - len(job.tokens)) + job.tokens for job in batch])
        mask = torch.tensor([[0] * (width - len(job.tokens)) + [1] * len(job.tokens) for job in batch])
        given = {"input_ids": ids.to(self.device), "attention_mask": mask.to(self.device)}

        def stopped(ids: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
            texts = self.tokenizer.batch_decode(ids[:, width:], skip_special_tokens=True)
            return torch.tensor([any(words in text for words in options["stop"]) for text in texts], device=ids.device)

        ends = StoppingCriteriaList([stopped] if options["stop"] else [])
        output = self.model.generate(**given, generation_config=config, stopping_criteria=ends)
        took, said = round((time.perf_counter() - started) * 1000, 1), output[:, width:].tolist()
        return [self._prediction(job, row, options["stop"], took) for job, row in zip(batch, said, strict=True)]

    def _prediction(self, job: Job, row: list[int], stop: list[str], took: float) -> dict[str, Any]:
        end = next((at for at, token in enumerate(row) if token in self.stop_ids), None)
        said = row[:end]
        while end is None and said and said[-1] == self.pad_id:
            said.pop()  # padding behind a stop text, while the rest of the batch went on
        text = self.tokenizer.decode(said, skip_special_tokens=True).strip()
        cut = min((text.index(words) for words in stop if words in text), default=None)
        reason = "length" if end is None and cut is None else "stop"
        counts = {"prompt_tokens": len(job.tokens), "completion_tokens": len(said), "latency_ms": took}
        return {"generated_text": text[:cut].rstrip(), "finish_reason": reason, **counts}


def harmless(text: str, forgeable: list[str]) -> str:
    """Puts a space after the first character of every special token in people's text, until none is left."""
    while any(token in text for token in forgeable):
        for token in forgeable:
            text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def _parameters(given: object) -> dict[str, Any]:
    if not isinstance(given := {} if given is None else given, dict):
        raise InvalidRequest('"parameters" is an object')
    if unknown := sorted(set(given) - {*NUMBERS, "stop"}):
        raise InvalidRequest(f"unknown parameter {', '.join(unknown)}; known are {', '.join([*NUMBERS, 'stop'])}")
    stop = given.get("stop")
    stop = [] if stop is None else [stop] if isinstance(stop, str) else stop
    if not isinstance(stop, list) or len(stop) > MAX_STOPS or not all(isinstance(s, str) and s.strip() for s in stop):
        raise InvalidRequest(f'"stop" is a text or a list of at most {MAX_STOPS}, none of them blank')
    return {name: _number(name, given.get(name)) for name in NUMBERS} | {"stop": stop}


def _number(name: str, value: object) -> int | float | None:
    kind, least, most, default = NUMBERS[name]
    if value is None:
        return default
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    # Vertex AI carries every number as a double, so a whole one may arrive as 64.0.
    if not number or (kind is int and value != int(value)):
        raise InvalidRequest(f'"{name}" is a {"whole " if kind is int else ""}number from {least} to {most}')
    return kind(min(max(value, least), most))


def _text(value: object) -> str:
    if not isinstance(value, str) or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise InvalidRequest('"prompt" and "content" are texts in valid Unicode')
    return value
