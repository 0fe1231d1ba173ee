"""The language model adapter over real HTTP: every fault ends in time with one calm sentence, and what works, works in every way."""

import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import chain, repeat
from typing import Annotated, Literal

import pytest
from pydantic import Field, SecretStr
from servers.openai_server import FAULTS, OpenAiServer, Reply

from interviewer import prices
from interviewer.chat import MAX_TEXT, Access, LangChainModel, address_of, chat_model, is_local, read_json, retry_after, schema_of, try_out
from interviewer.domain import Usage, Value
from interviewer.errors import BadReply, ModelError, ModelRejected, ModelUnavailable, NotConfigured
from interviewer.prompts import Prompt

pytestmark = pytest.mark.timeout(60)

KEY = "sk-secret-0123456789"
PROMPT = Prompt("judge", "You are a judge.", "Judge this, please.", 50)
GOOD = {"verdict": "met", "count": 3}
SPEECH = "You said so yourself. Why would that hold?"


class Judged(Value):
    """A verdict."""

    verdict: Literal["met", "unmet"]
    count: int


class Person:
    """A model, and what it waited."""

    def __init__(self, server, seconds=0.4, name="openai:some-model", table=None, url=None):
        self.slept = []
        access = Access("INTERVIEWER_MODEL", url or server.url, SecretStr(KEY), seconds)
        self.model = chat_model(name, access, table or prices.Prices((), ()), sleep=self.slept.append)

    def heard(self, prompt=PROMPT):
        """The pieces of a stream and what it took."""
        pieces, replies = [], self.model.stream(prompt)
        while True:
            try:
                pieces.append(next(replies))
            except StopIteration as end:
                return pieces, end.value

    def structured(self):
        return self.model.structured(PROMPT, Judged)


def answers(request):
    """JSON where JSON is asked for, speech elsewhere."""
    return GOOD if request.get("response_format") or request.get("tools") else SPEECH


@pytest.fixture(scope="module", autouse=True)
def imported():
    """The provider's library is imported once, so that no test waits for it."""
    import openai  # noqa: F401


@pytest.fixture
def server():
    with OpenAiServer(reply=answers) as made:
        yield made


@pytest.fixture
def person(server):
    return Person(server, seconds=30)


TRIED_AGAIN = {"408", "429", "429_retry_after", "500", "503"}
EXPECTED = {
    **dict.fromkeys(("refused", "dns", "reset_mid_stream", "stall_mid_stream", "slow_drip", *TRIED_AGAIN), ModelUnavailable),
    **dict.fromkeys(("401", "403", "404"), ModelRejected),
    **dict.fromkeys(("ends_mid_stream", "empty", "refusal", "content_filter", "length", "10mb", "invalid_utf8", "not_json"), BadReply),
    **dict.fromkeys(("prose", "truncated_json", "wrong_types"), BadReply),
}
ONLY_STRUCTURED = {"prose", "truncated_json", "wrong_types"}


def check_sentence(error):
    text = str(error)
    assert text[0].isupper()
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 260
    assert KEY not in text
    assert "Traceback" not in text


@pytest.mark.parametrize("how", ["stream", "structured"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_one_calm_sentence_of_the_right_kind(fault, how, server):
    if how == "stream" and fault in ONLY_STRUCTURED:
        pytest.skip("a fault of JSON")
    server.fault = fault
    # What stalls is cut by the deadline, so that one is short; the others end by themselves.
    person = Person(server, seconds=0.5 if fault in ("stall_mid_stream", "slow_drip") else 30)
    with pytest.raises(EXPECTED[fault]) as raised:
        person.heard() if how == "stream" else person.structured()
    check_sentence(raised.value)
    once = fault not in TRIED_AGAIN and not (fault == "reset_mid_stream" and how == "structured")
    sent = 0 if fault in ("refused", "dns") else 2 if fault in ONLY_STRUCTURED else 1 if once else 3
    assert len(server.requests) == sent
    assert len(person.slept) == (2 if fault in ("refused", "dns") or not once else 0)
    server.fault = ""
    assert isinstance(raised.value, ModelError)
    if fault != "dns":  # a name is not healed at the same address
        assert person.structured()[0] == Judged(**GOOD)


def test_every_fault_of_the_server_is_expected():
    assert set(EXPECTED) == set(FAULTS)


def test_a_stream_comes_piece_by_piece_with_its_usage(server):
    table = prices.Prices((), (prices.Price(model="openai:some-*", input=1.0, cached=0.5, output=10.0),))
    server.reply = Reply(SPEECH, usage={"prompt_tokens": 1000, "completion_tokens": 40, "total_tokens": 1040, "prompt_tokens_details": {"cached_tokens": 600}})
    # A server of one's own is free, unless one's own price table says otherwise.
    pieces, usage = Person(server, seconds=30, table=table).heard()
    assert "".join(pieces) == SPEECH
    assert len(pieces) > 5
    assert usage == Usage(calls=1, input_tokens=1000, cached_tokens=600, output_tokens=40)
    own = prices.Prices(table.bundled, ())
    assert Person(server, seconds=30, table=own).heard()[1].cost == pytest.approx((400 * 1.0 + 600 * 0.5 + 40 * 10.0) / 1e6)


def test_the_prompt_is_sent_static_part_first_at_temperature_zero_within_its_budget(person, server):
    person.heard()
    body = server.requests[0].body
    assert [(m["role"], m["content"]) for m in body["messages"]] == [("system", PROMPT.static), ("user", PROMPT.rest)]
    assert body["temperature"] == 0
    assert body["max_tokens"] == PROMPT.max_output
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in server.requests[0].text


def test_without_counts_from_the_server_tokens_are_counted_here(person, server):
    server.counts = False
    _, usage = person.heard()
    assert usage.calls == 1
    assert 5 <= usage.input_tokens <= 12
    assert 8 <= usage.output_tokens <= 12
    assert usage.cached_tokens == 0


def test_the_second_call_reads_the_static_part_from_the_servers_cache(person):
    first, second = person.heard()[1], person.heard()[1]
    assert first.cached_tokens == 0
    assert second.cached_tokens == second.input_tokens


@pytest.mark.parametrize(
    ("refuses", "form", "requests"),
    [
        ((), "JSON schema", 1),
        (("json_schema",), "tool calling", 2),
        (("json_schema", "tools"), "JSON mode", 3),
        (("json_schema", "tools", "json_object"), "JSON in its text", 4),
        (("temperature",), "JSON schema", 2),
        (("max_tokens",), "JSON schema", 2),
    ],
)
def test_json_is_asked_for_in_the_best_way_that_the_server_takes_and_that_is_remembered(refuses, form, requests, server):
    server.refuses, server.reply = refuses, GOOD
    person = Person(server, seconds=30)
    value, usage = person.structured()
    assert value == Judged(**GOOD)
    assert usage.calls == 1
    assert (person.model.way, len(server.requests)) == (form, requests)
    person.structured()
    assert len(server.requests) == requests + 1


def test_the_schema_is_strict(person, server):
    person.structured()
    sent = server.requests[0].body["response_format"]["json_schema"]
    assert sent["strict"] is True
    assert sent["schema"]["required"] == ["verdict", "count"]
    assert sent["schema"]["additionalProperties"] is False


class Bounded(Value):
    """Has bounds, a default, and a field named as a keyword."""

    title: Annotated[str, Field(max_length=20)]
    default: tuple[Annotated[str, Field(min_length=1)], ...] = Field(default=(), max_length=3)


def test_a_schema_keeps_fields_that_are_named_as_keywords_and_bounds_only_where_wanted():
    with_bounds, without = schema_of(Bounded), schema_of(Bounded, bounds=False)
    assert list(with_bounds["properties"]) == with_bounds["required"] == ["title", "default"]
    assert with_bounds["properties"]["title"] == {"type": "string", "maxLength": 20}
    assert without["properties"]["title"] == {"type": "string"}
    assert without["properties"]["default"] == {"type": "array", "items": {"type": "string"}}


def test_a_reply_of_the_wrong_form_is_repaired_once_with_what_was_wrong_shown(server):
    replies = iter([{"verdict": "splendid", "count": 3}, GOOD])
    server.reply = lambda _: next(replies)
    value, usage = Person(server, seconds=30).structured()
    assert value == Judged(**GOOD)
    assert usage.calls == 2
    first, second = (r.body["messages"] for r in server.requests)
    assert second[:2] == first
    assert [m["role"] for m in second[2:]] == ["assistant", "user"]
    assert "verdict: Input should be 'met' or 'unmet'" in second[3]["content"]


def test_there_is_no_second_repair(server):
    server.reply = {"verdict": "splendid", "count": 3}
    with pytest.raises(BadReply) as raised:
        Person(server, seconds=30).structured()
    assert len(server.requests) == 2
    assert raised.value.usage.calls == 2
    assert raised.value.usage.input_tokens > 0


def test_a_stream_that_is_no_reply_is_paid_for_all_the_same(server):
    server.fault = "refusal"
    with pytest.raises(BadReply) as raised:
        list(Person(server, seconds=30).model.stream(PROMPT))
    assert raised.value.usage.calls == 1


def test_a_server_that_ignores_the_schema_is_asked_by_tool_calling_from_then_on(server):
    server.reply = lambda request: GOOD if request.get("tools") else "It is met, three times."
    person = Person(server, seconds=30)
    assert person.structured()[0] == Judged(**GOOD)
    assert person.model.way == "tool calling"
    person.structured()
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{json.dumps(GOOD)}\n```",
        f"Let me think {{about}} it.\n{json.dumps(GOOD)}\nThat is all.",
        f"<think>Is {json.dumps({'verdict': 'no', 'count': 1})} it?</think> {json.dumps(GOOD)}",
    ],
)
def test_json_is_found_within_prose(text, server):
    server.reply = text
    assert Person(server, seconds=30).structured()[0] == Judged(**GOOD)
    assert len(server.requests) == 1


def test_a_failure_that_passes_is_tried_again(server):
    server.faults = ["503", "reset_mid_stream"]
    person = Person(server, seconds=30)
    assert person.structured()[0] == Judged(**GOOD)
    assert len(server.requests) == 3
    assert person.slept[1] > person.slept[0] > 0


def test_nothing_is_tried_again_once_a_piece_was_given(server):
    server.faults = ["reset_mid_stream"]
    replies = Person(server, seconds=30).model.stream(PROMPT)
    assert next(replies).strip()
    with pytest.raises(ModelUnavailable):
        list(replies)
    assert len(server.requests) == 1


def test_what_a_server_asks_to_wait_is_waited_within_bounds(server):
    server.faults, server.retry_after = ["429_retry_after"], "3"
    person = Person(server, seconds=30)
    person.structured()
    assert 3 <= person.slept[0] <= 3.5
    server.faults, server.retry_after = ["429_retry_after"], "3600"
    person.structured()
    assert 10 <= person.slept[1] <= 10.5


def test_no_wait_reaches_beyond_the_deadline(server):
    server.fault, server.retry_after = "429_retry_after", "9"
    person = Person(server, seconds=5)
    with pytest.raises(ModelUnavailable):
        person.structured()
    assert (person.slept, len(server.requests)) == ([], 1)


def test_a_reader_who_stops_ends_the_call(server):
    server.reply, server.gap = "word " * 400, 0.02
    replies = Person(server, seconds=30).model.stream(PROMPT)
    next(replies)
    replies.close()
    gone = threading.Event()
    for _ in range(500):
        if server.disconnected or gone.wait(0.02):
            break
    assert server.disconnected == 1


def test_a_reply_without_end_is_not_read_to_its_end(server):
    server.fault = "10mb"
    replies = Person(server, seconds=30).model.stream(PROMPT)
    size = 0
    with pytest.raises(BadReply):  # noqa: PT012 — what came before it counts
        while True:
            size += len(next(replies))
    assert 0 < size <= MAX_TEXT


def test_the_test_call_asks_twice(server):
    server.reply = lambda request: {"ready": True}
    usage = try_out(Person(server, seconds=30).model)
    assert usage.calls == 2
    assert [bool(r.body.get("stream")) for r in server.requests] == [True, False]


def test_an_account_without_credit_is_not_tried_again(server):
    server.fault = "429"
    person = Person(server, seconds=30)
    server.messages[429] = "You exceeded your current quota (insufficient_quota)."
    with pytest.raises(ModelRejected, match="no credit"):
        person.structured()
    assert len(server.requests) == 1


def test_a_model_that_cannot_be_used_as_set_says_what_to_do():
    nothing = prices.Prices((), ())
    with pytest.raises(NotConfigured, match="OPENAI_API_KEY is not set"):
        chat_model("openai:gpt-4.1-mini", Access(), nothing)
    with pytest.raises(NotConfigured, match="uv pip install langchain-ollama"):
        chat_model("ollama:llama3.1", Access(), nothing)
    with pytest.raises(NotConfigured, match="knows no provider nonsense"):
        chat_model("nonsense:thing", Access("INTERVIEWER_JUDGE_MODEL"), nothing)


def test_user_password_and_query_of_an_address_are_never_shown(server):
    url = server.url.replace("http://", "http://me:hush@") + "?token=hush"
    assert address_of(url) == server.url
    server.fault = "404"
    with pytest.raises(ModelRejected) as raised:
        Person(server, seconds=30, url=url).structured()
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8080/v1", True),
        ("http://127.0.0.1:1234/v1", True),
        ("http://192.168.1.7/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://gpu-box:8000/v1", True),
        ("https://api.openai.com/v1", False),
        ("https://8.8.8.8/v1", False),
        ("", False),
    ],
)
def test_ones_own_servers_are_told_from_others(url, local):
    assert is_local(url) is local


def test_retry_after_is_read_as_seconds_or_as_a_date():
    now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    assert retry_after("2.5", now) == 2.5
    assert retry_after(format_datetime(now + timedelta(seconds=40), usegmt=True), now) == 40
    assert retry_after(format_datetime(now - timedelta(seconds=40), usegmt=True), now) == 0
    for said in (None, "", "soon", "nan", "inf", "-3x"):
        assert retry_after(said, now) is None
    assert retry_after("-3", now) == 0


def test_what_is_wrong_is_told_without_the_text_that_was_wrong():
    value, fault = read_json([{"verdict": "my secret words", "count": "many"}], Judged)
    assert value is None
    assert "count" in fault
    assert "secret" not in fault


def plain_model(said, reason="end_turn"):
    """A chat model of another provider: neither JSON schema nor tools, and a name of its own for the reason to end."""
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Plain(BaseChatModel):
        asked: list = []
        max_tokens: int = 0

        @property
        def _llm_type(self):
            return "plain"

        def _generate(self, messages, stop=None, run_manager=None, **kwargs):
            self.asked.append((messages, self.max_tokens))
            return ChatResult(generations=[ChatGeneration(message=AIMessage(said, response_metadata={"stop_reason": reason} if reason else {}))])

    return Plain()


def test_a_provider_without_schema_and_tools_is_asked_in_prose():
    plain = plain_model(f"Here it is: {json.dumps(GOOD)}")
    model = LangChainModel("plain:model", lambda: plain)
    value, usage = model.structured(PROMPT, Judged)
    assert value == Judged(**GOOD)
    assert model.way == "JSON in its text"
    assert (usage.calls, usage.unpriced) == (1, 1)
    messages, max_tokens = plain.asked[0]
    assert '"enum": ["met", "unmet"]' in messages[-1].text
    assert max_tokens == PROMPT.max_output
    assert list(model.stream(PROMPT)) == [f"Here it is: {json.dumps(GOOD)}"]


@pytest.mark.parametrize(("reason", "said"), [("max_tokens", "Half a"), ("refusal", "I cannot"), ("", "Who knows"), ("end_turn", "  ")])
def test_another_providers_reasons_to_end_are_read_too(reason, said):
    with pytest.raises(BadReply):
        list(LangChainModel("plain:model", lambda: plain_model(said, reason)).stream(PROMPT))


def test_nothing_is_asked_beyond_the_deadline_of_the_clock_given():
    plain, times = plain_model("Well."), chain([0.0], repeat(99.0))
    with pytest.raises(ModelUnavailable, match="took too long"):
        list(LangChainModel("plain:model", lambda: plain, seconds=10, now=lambda: next(times)).stream(PROMPT))


def test_neither_text_nor_key_is_logged(server, caplog):
    caplog.set_level(logging.DEBUG)
    person = Person(server, seconds=30)
    person.heard()
    person.structured()
    ours = [r.getMessage() for r in caplog.records if r.name.startswith("interviewer")]
    assert any("tokens in" in line for line in ours)
    for word in (KEY, PROMPT.static, PROMPT.rest, "You said so yourself", '"met"'):
        assert word not in caplog.text
