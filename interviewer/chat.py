"""A language model of any provider behind LangChain's `init_chat_model`: the adapter of the `ChatModel` seam.

What a call may cost is bounded here: tries, seconds over all of them, and the length of the reply. A reply that is not whole (no
finish reason, cut off, refused, empty) is a `BadReply`. LangChain and the provider's library are imported when a model is made.
Neither a prompt, a reply nor a key is ever logged, and no error text of a server is passed on: it may repeat the key.
"""

import contextlib
import json
import logging
import math
import queue
import random
import re
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from interviewer import budget
from interviewer.domain import Usage, Value
from interviewer.errors import BadReply, ModelError, ModelRejected, ModelUnavailable, NotConfigured
from interviewer.ports import ChatModel, Shape
from interviewer.prices import Price, Prices
from interviewer.prompts import Prompt, render

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage

T = TypeVar("T")

_log = logging.getLogger(__name__)

TRIES = 3
LONGEST_WAIT = 10.0
"""Seconds between two tries at most, whatever a server asks for."""

MAX_TEXT = 64_000
"""Characters of a reply; a longer one is not read to its end."""

MAX_BYTES = 16_000_000
"""Bytes of a response, in which a streamed reply takes some 200 a token."""

MAX_BYTES_WHOLE = 1_000_000
"""Bytes of a response that is not streamed."""

REASONING_RESERVE = 2_000
"""Tokens that OpenAI's reasoning models get beside the reply: they count what they think as output."""

Way = Literal["json_schema", "function_calling", "json_mode", "prose"]
WAYS: tuple[Way, ...] = ("json_schema", "function_calling", "json_mode", "prose")
BOUNDS = ("minLength", "maxLength", "pattern", "minItems", "maxItems")
"""What a server of one's own turns into its grammar, so that a small model comes to an end; OpenAI's refuses some of it, and would compile a schema for each question."""
WAY_WORDS: dict[Way, str] = {"json_schema": "JSON schema", "function_calling": "tool calling", "json_mode": "JSON mode", "prose": "JSON in its text"}

_CUT_OFF = {"length", "max_tokens", "model_length"}
_REFUSED = {"content_filter", "safety", "refusal", "recitation", "blocklist", "prohibited_content", "spii", "guardrail_intervened"}
_FORM = re.compile(r"response_format|json_schema|json_object|json mode|structured|schema|grammar|tool|function")
_UNPAID = re.compile(r"insufficient_quota|billing|credit")
_TOO_LONG = re.compile(r"context|too long|too many tokens|exceeds?_")
_THINKS = re.compile(r"o\d|gpt-5(?!.*chat)")
_LIMITS = ("max_tokens", "num_predict", "max_output_tokens", "max_new_tokens")
_FENCED = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


class _MayPass(ModelUnavailable):
    """A failure that another try may not meet; `after` is what the server asked to wait, in seconds."""

    after: float | None = None


class _Rejected(ModelRejected):
    """A rejection; `about` is what the server said of it, in lower case, never shown."""

    about: str = ""


class _TooMuch(Exception):
    """A response that is longer, or takes longer, than any that is wanted."""


# --- reading from a blocking library with a deadline ------------------------------------------------------------------


class _Pump(Generic[T]):
    """Takes items from a blocking source in a thread of its own, so that who waits for them can stop waiting."""

    def __init__(self, source: Callable[[], Iterable[T]]) -> None:
        self._items: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()
        self._abandoned = threading.Event()
        self._ended = False
        threading.Thread(target=self._run, args=(source,), name="language model", daemon=True).start()

    def _run(self, source: Callable[[], Iterable[T]]) -> None:
        from langsmith import tracing_context

        try:
            with tracing_context(enabled=False):  # what is said goes to the model and nowhere else
                items = source()
                try:
                    for item in items:
                        self._items.put((item, None))
                        if self._abandoned.is_set():
                            break
                finally:
                    if isinstance(items, Generator):
                        items.close()  # gives the connection back
            self._items.put((None, None))
        except Exception as error:  # any provider's library may raise anything; `_mapped` reads it
            self._items.put((None, error))

    def next(self, seconds: float) -> T | None:
        """The next item; None at the end; `queue.Empty` where none came in time."""
        if self._ended:
            return None
        if seconds <= 0:
            raise queue.Empty
        item, error = self._items.get(timeout=seconds)
        if error is not None:
            raise error
        self._ended = item is None
        return item

    def abandon(self) -> None:
        """Nothing more is wanted; the thread ends with the next item, or with its own time-out."""
        self._abandoned.set()


def _bounded(stream: Any, most: int, seconds: float) -> Any:
    """The body of a response, up to so many bytes and seconds."""
    from httpx2 import SyncByteStream  # the SDK's own HTTP library

    class Bounded(SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            size, until = 0, time.monotonic() + seconds
            for part in stream:
                size += len(part)
                if size > most or time.monotonic() > until:
                    raise _TooMuch
                yield part

        def close(self) -> None:
            stream.close()

    return Bounded()


# --- what went wrong --------------------------------------------------------------------------------------------------


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, given as seconds or as an HTTP date; None where it says nothing that can be read."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found:
        found.append(following)
        following = following.__cause__ or following.__context__
    return found


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "code"):
            status = getattr(holder, name, None)
            if isinstance(status, int) and 300 <= status < 600:
                return status
    return None


class _Setup(NamedTuple):
    """What the sentences name: the model, the setting that chose it, where its server is, and which setting holds its key."""

    model: str
    setting: str
    address: str
    key: str

    @property
    def server(self) -> str:
        """The server, for a sentence."""
        return f"the language model's server{f' at {self.address}' if self.address else ''}"

    @property
    def where(self) -> str:
        """What to look at where nothing is reached."""
        return "Check that it runs and that OPENAI_BASE_URL is its address." if self.address else "Check the connection to the internet."


def _mapped(error: Exception, setup: _Setup) -> ModelError:
    """What any library raised, as one of ours."""
    if isinstance(error, ModelError):
        return error
    chain = _chain(error)
    names = " ".join(type(e).__name__ for e in chain)
    if any(isinstance(e, _TooMuch) for e in chain):
        return _too_long()
    if any(isinstance(e, UnicodeDecodeError) for e in chain):
        return BadReply(f"The language model {setup.model} sent text that cannot be read.")
    if "LengthFinishReason" in names:
        return _cut_off(setup)
    if "ContentFilterFinishReason" in names:
        return _refused(setup)
    for each in chain:
        if (status := _status(each)) is not None:
            return _of_status(status, each, setup)
    if any(isinstance(e, TimeoutError) for e in chain) or "Timeout" in names:
        return _MayPass(f"{_first_upper(setup.server)} was too slow. It may be busy; INTERVIEWER_MODEL_SECONDS gives it more time.")
    if any(isinstance(e, ConnectionResetError | BrokenPipeError) for e in chain) or re.search(r"ReadError|WriteError|RemoteProtocol", names):
        return _MayPass(f"The connection to {setup.server} broke off. Try again later.")
    if any(isinstance(e, OSError) for e in chain) or re.search(r"Connect|Protocol|Network", names):
        return _MayPass(f"{_first_upper(setup.server)} cannot be reached. {setup.where}")
    if any(isinstance(e, ValueError | TypeError | LookupError | AttributeError) for e in chain):
        return BadReply(f"{_first_upper(setup.server)} sent something that is not a reply of a language model. Check OPENAI_BASE_URL: most end in /v1.")
    return ModelUnavailable(f"{_first_upper(setup.server)} failed ({type(error).__name__}).")


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_status(status: int, error: BaseException, setup: _Setup) -> ModelError:
    about = f"{getattr(error, 'message', '')} {error} {getattr(error, 'body', '')}".lower()
    server = _first_upper(setup.server)
    if status == 402 or (status == 429 and _UNPAID.search(about)):
        return ModelRejected("The account of the language model has no credit left. Look at its billing page, or take another model.")
    if status in (408, 409, 429) or (status >= 500 and not (status in (500, 501) and _FORM.search(about))):
        busy = {408: "was too slow", 429: "is too busy just now, or the account's rate limit is reached"}.get(status, f"failed (status {status})")
        passing = _MayPass(f"{server} {busy}. Try again later.")
        headers = getattr(getattr(error, "response", None), "headers", None) or {}
        passing.after = retry_after(headers.get("retry-after"), datetime.now(UTC))
        return passing
    if status == 401:
        text = f"{server} does not accept the key. Check {setup.key}."
    elif status == 403:
        text = f"{server} does not allow this key to use {setup.model}. Check {setup.setting}, and what the key of {setup.key} may do."
    elif status == 404:
        text = f"{server} knows no model {setup.model}. Check {setup.setting}{' and OPENAI_BASE_URL (most end in /v1)' if setup.address else ''}."
    elif status == 413 or (status in (400, 422) and _TOO_LONG.search(about)):
        text = f"The model {setup.model} takes no text as long as this. Set {setup.setting} to one with a context of at least 8,192 tokens."
    else:
        text = f"{server} does not take the request (status {status}). Check that {setup.setting} names a chat model; it is {setup.model}."
    rejected = _Rejected(text)
    rejected.about = about
    return rejected


def _cut_off(setup: _Setup) -> BadReply:
    return BadReply(f"The reply of {setup.model} was cut off at its length limit. A model that thinks aloud at length is not suited.")


def _refused(setup: _Setup) -> BadReply:
    return BadReply(f"The language model {setup.model} refused to reply.")


def _too_long() -> BadReply:
    return BadReply("The language model's reply was far too long; it was not read to its end.")


def _checked(reason: str | None, text: str, refusal: object, setup: _Setup) -> None:
    """Raises `BadReply` unless the reply is whole and says something."""
    reason = (reason or "").lower()
    if refusal or reason in _REFUSED:
        raise _refused(setup)
    if reason in _CUT_OFF:
        raise _cut_off(setup)
    if not text.strip():
        raise BadReply(f"The language model {setup.model} replied with nothing.")
    if not reason:
        raise BadReply(f"The reply of {setup.model} broke off: its server did not say that it was finished.")


# --- JSON out of a reply ----------------------------------------------------------------------------------------------


def _candidates(text: str) -> Iterator[Any]:
    """Every JSON object in a text: the whole, what stands in code fences, what stands anywhere."""
    for piece in (text, *_FENCED.findall(text)):
        with contextlib.suppress(ValueError, RecursionError):
            yield json.loads(piece.strip())
    decoder = json.JSONDecoder()
    at, tries = text.find("{"), 0
    while at >= 0 and tries < 100:
        tries += 1
        end = at + 1
        with contextlib.suppress(ValueError, RecursionError):
            value, end = decoder.raw_decode(text, at)
            yield value
        at = text.find("{", end)


def read_json(values: Iterable[Any], shape: type[Shape]) -> tuple[Shape | None, str]:
    """The first of the values that has the shape; else None and what is wrong, in words for the model (nothing of its text)."""
    fault = ""
    for value in values:
        if not isinstance(value, dict):
            continue
        try:
            return shape.model_validate_json(json.dumps(value)), ""
        except ValidationError as error:
            places = [f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in error.errors(include_input=False, include_url=False)[:5]]
            fault = fault or "; ".join(places)
        except (ValueError, RecursionError):
            continue
    return None, fault


def _strict(schema: Any, bounds: bool = True) -> Any:
    """A JSON schema as strict servers want it: every field required, none beyond them, no titles or defaults."""
    if isinstance(schema, list):
        return [_strict(part, bounds) for part in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = ("title", "default", *(() if bounds else BOUNDS))
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "$defs"):  # what is below has names of fields, not of keywords
            made[key] = {name: _strict(part, bounds) for name, part in value.items()}
        elif key not in left_out:
            made[key] = _strict(value, bounds)
    if "properties" in made:
        made |= {"required": list(made["properties"]), "additionalProperties": False}
    return made


def schema_of(shape: type[Shape], bounds: bool = True) -> dict[str, Any]:
    """The strict JSON schema of a shape, with the name that LangChain wants in `title`. Without `bounds` any text and any number of items will do."""
    return {**_strict(shape.model_json_schema(), bounds), "title": shape.__name__.strip("_")}


# --- the adapter ------------------------------------------------------------------------------------------------------


class LangChainModel:
    """A `ChatModel` over a LangChain chat model, which `make` makes when it is first needed.

    `seconds` bounds a structured call over all its tries and its repair, `wording_seconds` (default: half of it) a streamed one.
    `ways` are the ways to ask for JSON, best first; which of them works is found out once and remembered.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], "BaseChatModel"],
        *,
        setting: str = "INTERVIEWER_MODEL",
        address: str = "",
        key: str = "OPENAI_API_KEY",
        price: Price | None = None,
        seconds: float = 30.0,
        wording_seconds: float | None = None,
        ways: tuple[Way, ...] = WAYS,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._make = make
        self._setup = _Setup(name.partition(":")[2], setting, address, key)
        self._price = price
        self._seconds = seconds
        self._wording_seconds = seconds / 2 if wording_seconds is None else wording_seconds
        self._ways = ways
        self._now = now
        self._sleep = sleep
        self._lock = threading.Lock()
        self._made: BaseChatModel | None = None
        self._lacks: frozenset[str] = frozenset()  # parameters that the server was found not to take
        # Servers other than OpenAI's own know the older name of the output limit best.
        self._old_limit = bool(address)

    @property
    def name(self) -> str:
        """`provider:model`."""
        return self._name

    @property
    def way(self) -> str:
        """How JSON is asked for, in words."""
        return WAY_WORDS[self._ways[0]]

    def warm(self) -> None:
        """Imports and makes what the first call needs, in the background."""
        threading.Thread(target=self._chat, name="language model", daemon=True).start()

    def _chat(self) -> "BaseChatModel":
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    # --- parameters that not every server takes -----------------------------------------------------------------------

    def _fitted(self, max_output: int) -> "BaseChatModel":
        """The chat model with this output limit, without the parameters that its server does not take."""
        chat = self._chat()
        fields = type(chat).model_fields
        changes: dict[str, Any] = {}
        if "temperature" in self._lacks:
            changes["temperature"] = None
        if "stream_options" in self._lacks:
            changes["stream_usage"] = False
        if "reasoning_effort" in fields and "reasoning_effort" not in self._lacks and not self._setup.address and _THINKS.match(self._setup.model):
            changes["reasoning_effort"] = "low"
            max_output += REASONING_RESERVE
        if self._old_limit and "extra_body" in fields:
            changes["extra_body"] = {"max_tokens": max_output}
        elif limit := next((f for f in _LIMITS if f in fields), None):
            changes[limit] = max_output
        return chat.model_copy(update=changes)

    def _adapted(self, about: str) -> bool:
        """Whether a rejection names a parameter that can be left out, and was not yet."""
        for parameter in ("temperature", "stream_options", "reasoning_effort", "system role", "max_tokens", "max_completion_tokens"):
            if parameter in about and parameter not in self._lacks:
                self._lacks |= {parameter}
                if parameter.startswith("max_"):
                    self._lacks |= {"max_tokens", "max_completion_tokens"}
                    self._old_limit = not self._old_limit
                return True
        return False

    def _messages(self, prompt: Prompt) -> "list[BaseMessage]":
        from langchain_core.messages import HumanMessage, SystemMessage

        if "system role" in self._lacks:
            return [HumanMessage(f"{prompt.static}\n\n{prompt.rest}")]
        return [SystemMessage(prompt.static), HumanMessage(prompt.rest)]

    # --- tries and time -----------------------------------------------------------------------------------------------

    def _tried(self, attempt: Callable[[], T], deadline: float) -> T:
        """What the attempt gives, tried again where that may help and there is time."""
        from tenacity import RetryCallState, Retrying, retry_if_exception_type

        def wait(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            asked = error.after if isinstance(error, _MayPass) else None
            backoff = min(0.5 * 2 ** (state.attempt_number - 1), LONGEST_WAIT) * random.uniform(0.75, 1.25)
            return backoff if asked is None else min(asked, LONGEST_WAIT) + random.uniform(0, 0.25)

        def stop(state: RetryCallState) -> bool:
            return state.attempt_number >= TRIES or self._now() + state.upcoming_sleep >= deadline

        return Retrying(sleep=self._sleep, wait=wait, stop=stop, retry=retry_if_exception_type(_MayPass), reraise=True)(attempt)

    def _next(self, pump: _Pump[T], deadline: float) -> T | None:
        try:
            return pump.next(deadline - self._now())
        except queue.Empty:
            raise ModelUnavailable(
                f"The language model {self._setup.model} took too long, so it was not waited for. INTERVIEWER_MODEL_SECONDS gives it more time."
            ) from None
        except Exception as error:
            raise _mapped(error, self._setup) from error

    def _usage(self, counted: Any, said: str, messages: "list[BaseMessage]") -> Usage:
        """What one reply took, as the server counted it, or else by our own count."""
        if counted:
            usage = Usage(
                calls=1,
                input_tokens=counted.get("input_tokens") or 0,
                cached_tokens=(counted.get("input_token_details") or {}).get("cache_read") or 0,
                output_tokens=counted.get("output_tokens") or 0,
            )
        else:
            usage = Usage(calls=1, input_tokens=budget.count("\n".join(m.text for m in messages)), output_tokens=budget.count(said))
        _log.debug("%s: %d tokens in, %d cached, %d out", self._name, usage.input_tokens, usage.cached_tokens, usage.output_tokens)
        if self._price is None:
            return usage.model_copy(update={"unpriced": 1})
        return usage.model_copy(update={"cost": self._price.of(usage)})

    # --- a streamed reply ---------------------------------------------------------------------------------------------

    def stream(self, prompt: Prompt) -> Generator[str, None, Usage]:
        """The reply piece by piece; its `Usage` is the generator's return value. Never tried again once a piece was given."""
        self._chat()  # before the clock starts: the first call imports the library
        deadline = self._now() + self._wording_seconds
        while True:
            messages = self._messages(prompt)
            try:
                chunks, pump = self._tried(partial(self._opened, messages, prompt.max_output, deadline), deadline)
                break
            except _Rejected as rejected:
                if not self._adapted(rejected.about):
                    raise
        said, reason, refusal, counted = "", None, None, dict[str, Any]()
        try:
            waiting = list(reversed(chunks))
            while (chunk := waiting.pop() if waiting else self._next(pump, deadline)) is not None:
                reason = _reason(chunk) or reason
                refusal = chunk.additional_kwargs.get("refusal") or refusal
                counted = self._together(counted, chunk.usage_metadata)
                said += chunk.text
                if len(said) > MAX_TEXT:
                    raise _too_long()
                if chunk.text:
                    yield str(chunk.text)
        finally:
            pump.abandon()
        usage = self._usage(counted, said, messages)
        try:
            _checked(reason, said, refusal, self._setup)
        except ModelError as error:
            error.usage = usage
            raise
        return usage

    def _opened(self, messages: "list[BaseMessage]", max_output: int, deadline: float) -> "tuple[list[AIMessage], _Pump[AIMessage]]":
        """The first chunks of a stream, up to the first that holds text, and where the others come from."""
        chat = self._fitted(max_output)
        pump: _Pump[AIMessage] = _Pump(lambda: chat.stream(messages))
        chunks: list[AIMessage] = []
        try:
            while (chunk := self._next(pump, deadline)) is not None:
                chunks.append(chunk)
                if chunk.text:
                    break
        except ModelError:
            pump.abandon()
            raise
        return chunks, pump

    def _together(self, before: dict[str, Any], more: Any) -> dict[str, Any]:
        """The counts of a stream so far. OpenAI's and its likes repeat them, with every chunk or at the end; others send what is new."""
        if not more:
            return before
        join: Callable[[int, int], int] = max if self._name.startswith("openai:") else lambda a, b: a + b
        made: dict[str, Any] = {k: join(before.get(k) or 0, more.get(k) or 0) for k in ("input_tokens", "output_tokens")}
        cached = join((before.get("input_token_details") or {}).get("cache_read") or 0, (more.get("input_token_details") or {}).get("cache_read") or 0)
        return {**made, "input_token_details": {"cache_read": cached}}

    # --- a structured reply -------------------------------------------------------------------------------------------

    def structured(self, prompt: Prompt, shape: type[Shape]) -> tuple[Shape, Usage]:
        """The reply as a value of the shape, with at most one repair, in which the model is shown what was wrong."""
        from langchain_core.messages import AIMessage, HumanMessage

        self._chat()
        deadline = self._now() + self._seconds
        used = Usage()
        repair: list[BaseMessage] = []
        try:
            for last in (False, True):
                reply, way, messages = self._replied(prompt, repair, shape, deadline)
                said, values = _held(reply)
                used += self._usage(reply.usage_metadata, said, messages)
                if len(said) > MAX_TEXT:
                    raise _too_long()
                _checked(_reason(reply), said, reply.additional_kwargs.get("refusal"), self._setup)
                value, fault = read_json(values, shape)
                if value is not None:
                    self._ways = self._ways[self._ways.index(way) :] if way in self._ways else self._ways
                    return value, used
                if last:
                    break
                if not fault and way == self._ways[0] and len(self._ways) > 1:
                    # Words where JSON was asked for: the server ignores this way. The repair goes the next one.
                    self._ways = self._ways[1:]
                wrong = fault or "it is not a JSON object"
                repair = [
                    AIMessage(said[:4000]),
                    HumanMessage(f"That reply cannot be used: {wrong}. Reply again, to the same task, with the JSON object alone."),
                ]
            raise BadReply(f"The language model {self._setup.model} did not keep to the form that was asked for, not even when asked again.")
        except ModelError as error:
            error.usage = used  # replies that cannot be used are paid for too
            raise

    def _replied(self, prompt: Prompt, repair: "list[BaseMessage]", shape: type[Shape], deadline: float) -> "tuple[AIMessage, Way, list[BaseMessage]]":
        """A reply by the best way that the server takes, that way, and what was said for it."""
        while True:
            way = self._ways[0]
            messages = [*self._messages(prompt), *repair]
            if way in ("json_mode", "prose"):
                form = json.dumps(_strict(shape.model_json_schema()), ensure_ascii=False)
                last = messages[-1]
                messages[-1] = type(last)(f"{last.text}\n\nReply with one JSON object that has this JSON schema, and with nothing else:\n{form}")
            try:
                whole = partial(self._whole, messages, prompt.max_output, way, shape, deadline)
                return self._tried(whole, deadline), way, messages
            except _Rejected as rejected:
                if self._adapted(rejected.about):
                    continue
                if len(self._ways) == 1 or not _FORM.search(rejected.about):
                    raise
                self._ways = tuple(w for w in self._ways if w != way) or self._ways

    def _whole(self, messages: "list[BaseMessage]", max_output: int, way: Way, shape: type[Shape], deadline: float) -> "AIMessage":
        chat = self._fitted(max_output)

        def source() -> "list[AIMessage]":
            if way == "prose":
                return [chat.invoke(messages)]
            # Bounds on text keep a weak model from going on for ever; OpenAI's own servers do not take them.
            form = None if way == "json_mode" else schema_of(shape, bounds=bool(self._setup.address))
            strict = {"strict": True} if way == "json_schema" and self._name.startswith("openai:") else {}
            try:
                asked = chat.with_structured_output(form, method=way, include_raw=True, **strict)  # type: ignore[arg-type]
            except (NotImplementedError, TypeError, ValueError) as error:  # the provider's class does not have this way
                unsupported = _Rejected(f"{self._setup.model} cannot be asked for JSON.")
                unsupported.about = "response_format"
                raise unsupported from error
            return [asked.invoke(messages)["raw"]]  # type: ignore[index]

        pump = _Pump(source)
        try:
            reply = self._next(pump, deadline)
        finally:
            pump.abandon()
        if reply is None:
            raise BadReply(f"The language model {self._setup.model} replied with nothing.")
        return reply


def _reason(message: "AIMessage") -> str | None:
    """Why the reply ended, by whatever name the provider has for it."""
    for name in ("finish_reason", "stop_reason", "stopReason", "done_reason"):
        if isinstance(reason := message.response_metadata.get(name), str) and reason:
            return reason
    return None


def _held(reply: "AIMessage") -> tuple[str, Iterator[Any]]:
    """What a reply says, in its text or in the arguments of a tool call, and every JSON value in it."""
    if reply.tool_calls:
        arguments = [call["args"] for call in reply.tool_calls]
        return json.dumps(arguments[0], ensure_ascii=False), iter(arguments)
    if reply.invalid_tool_calls:
        said = reply.invalid_tool_calls[0]["args"] or ""
        return said, _candidates(said)
    return str(reply.text), _candidates(str(reply.text))


# --- making one -------------------------------------------------------------------------------------------------------


def address_of(url: str) -> str:
    """A URL for a sentence: without user, password, query or fragment."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}" if host else ""


def is_local(url: str) -> bool:
    """Whether a server is on this machine or in this network, where calls cost nothing."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_private
    except ValueError:
        return bool(host) and ("." not in host or host.endswith((".local", ".localhost", ".internal", ".lan", ".home.arpa")))


class Access(NamedTuple):
    """What a call needs beside the model's name: the setting that holds the name, a server and key for `openai:`, seconds a call."""

    setting: str = "INTERVIEWER_MODEL"
    base_url: str = ""
    key: SecretStr | None = None
    seconds: float = 30.0


def _make_openai(name: str, access: Access) -> "BaseChatModel":
    from langchain.chat_models import init_chat_model
    from openai import DefaultHttpxClient

    # The SDK writes whole requests into its debug log.
    logging.getLogger("openai").setLevel(max(logging.getLogger("openai").getEffectiveLevel(), logging.INFO))

    def bound(response: Any) -> None:
        streamed = "event-stream" in response.headers.get("content-type", "")
        response.stream = _bounded(response.stream, MAX_BYTES if streamed else MAX_BYTES_WHOLE, access.seconds)

    key = access.key.get_secret_value() if access.key else "none-needed"
    made: BaseChatModel = init_chat_model(
        name,
        api_key=key,
        base_url=access.base_url or None,
        temperature=0,
        timeout=access.seconds,
        max_retries=0,
        stream_usage=True,
        use_responses_api=False,
        http_client=DefaultHttpxClient(timeout=access.seconds, event_hooks={"response": [bound]}),
    )
    return made


def _make_other(name: str, access: Access) -> "BaseChatModel":
    from langchain.chat_models import init_chat_model

    provider, setting = name.partition(":")[0], access.setting
    try:
        made: BaseChatModel = init_chat_model(name, temperature=0, timeout=access.seconds, max_retries=0)
    except ImportError as error:
        package = re.search(r"pip install ([\w.\-\[\]]+)", str(error))
        command = f".venv/bin/uv pip install {package[1] if package else 'langchain-' + provider.replace('_', '-')}"
        raise NotConfigured(f"{setting} is {name}, and the package for {provider} is not installed. Run: {command}") from error
    except ValueError as error:
        if re.search(r"Unsupported|Unable to infer", str(error)):
            raise NotConfigured(
                f"{setting} is {name}, and LangChain knows no provider {provider}. For a server that speaks OpenAI's protocol write openai:MODEL and set OPENAI_BASE_URL."
            ) from error
        raise NotConfigured(f"{setting} is {name}, which cannot be set up. Mostly its key is missing: set {provider.upper()}_API_KEY.") from error
    except Exception as error:  # any provider's class may raise anything, and its text may hold a key
        raise NotConfigured(f"{setting} is {name}, which cannot be set up ({type(error).__name__}). See what its provider needs in the environment.") from error
    return made


def chat_model(name: str, access: Access, prices: Prices, *, sleep: Callable[[float], None] = time.sleep) -> LangChainModel:
    """The model `provider:model`. Raises `NotConfigured`, with what to do, where it cannot be used as things are."""
    provider = name.partition(":")[0]
    if provider != "openai":
        made = _make_other(name, access)
        return LangChainModel(
            name,
            lambda: made,
            setting=access.setting,
            key=f"{provider.upper()}_API_KEY",
            price=prices.of(name),
            seconds=access.seconds,
            sleep=sleep,
        )
    if access.key is None and not access.base_url:
        raise NotConfigured(
            f"{access.setting} is {name}, and OPENAI_API_KEY is not set. Set it, or set OPENAI_BASE_URL to a server of your own, which may need no key."
        )
    model = LangChainModel(
        name,
        lambda: _make_openai(name, access),
        setting=access.setting,
        address=address_of(access.base_url),
        price=prices.of(name, local=is_local(access.base_url)),
        seconds=access.seconds,
        sleep=sleep,
    )
    model.warm()
    return model


# --- a test call ------------------------------------------------------------------------------------------------------


class Ready(Value):
    """Whether you are ready."""

    ready: bool


def try_out(model: ChatModel) -> Usage:
    """Two small calls, one streamed and one for JSON. Raises a `ModelError` that says what is wrong."""
    prompt = render("ready", 60, {})
    replies = model.stream(prompt)
    while True:
        try:
            next(replies)
        except StopIteration as end:
            usage: Usage = end.value
            break
    return usage + model.structured(prompt, Ready)[1]
