"""Whatever the judge's server does, an interview reaches its debrief with every message, no invented score and one calm sentence.

Afterwards the server is well again, and grading anew mends what was left.
"""

import re

import pytest
from builders import numbered, said, spoken
from pydantic import SecretStr
from servers.openai_server import FAULTS, OpenAiServer

from interviewer import export, prices
from interviewer.chat import Access, chat_model
from interviewer.conductor import Conductor, messages, report_of
from interviewer.domain import Kind, Mode, Setup, Stage, TurnKind, VerdictValue
from interviewer.errors import ModelUnavailable
from interviewer.grading import evidence
from interviewer.grading.judge import Judge
from interviewer.prompts import CLOSE, OPEN

pytestmark = pytest.mark.timeout(120)

KEY = "sk-secret-0123456789"
QUESTIONS = ("random-forest-vs-boosting", "l1-vs-l2")


def rubric(request):
    """The criteria of a request, and the candidate's text."""
    whole = "\n".join(m["content"] if isinstance(m["content"], str) else "".join(p["text"] for p in m["content"]) for m in request["messages"])
    ids = re.findall(r"^([a-z0-9-]+) \| (\w+) \|", whole, re.MULTILINE)
    return ids, whole.rsplit(OPEN, 1)[1].split(CLOSE, 1)[0].strip()


def well(request):
    """A sound reply: the first two sentences carry what they carry, and nothing else is said."""
    ids, text = rubric(request)
    quotes = re.split(r"(?<=[.!?])\s+", text)
    return {
        "findings": [
            {
                "criterion_id": c,
                "reason": "the words say so",
                "quotes": [] if kind == "mistake" else [quotes[n % len(quotes)]],
                "verdict": "unmet" if kind == "mistake" else "met",
            }
            for n, (c, kind) in enumerate(ids)
        ]
    }


def unknown(request):
    return {"findings": [f | {"criterion_id": f"x-{n}"} for n, f in enumerate(well(request)["findings"])]}


def missing(request):
    return {"findings": well(request)["findings"][:-2]}


def invented(request):
    return {"findings": [f | {"quotes": ["I have built and shipped exactly this for nine years."], "verdict": "met"} for f in well(request)["findings"]]}


def contradicting(request):
    findings = well(request)["findings"]
    return {"findings": [*findings, *(f | {"verdict": "partial"} for f in findings)]}


CONTENT = {"unknown ids": unknown, "missing criteria": missing, "duplicates": contradicting}
REPLIED = {**dict.fromkeys(CONTENT, 1), "refusal": 1, "wrong_types": 2, "401": 0, "refused": 0}
"""How many replies a judgement that failed took; they are paid for."""


@pytest.fixture(scope="module", autouse=True)
def imported():
    """The provider's library is imported once, so that no deadline has to wait for it."""
    import openai  # noqa: F401


def conductor(server, grader, bank, store, embedder, clock):
    """Its model waits for a server that never ends for as short as it can, and for a sound one for as long as that needs."""
    seconds = 0.6 if server.fault in ("stall_mid_stream", "slow_drip") else 30.0
    model = chat_model("openai:some-model", Access("INTERVIEWER_MODEL", server.url, SecretStr(KEY), seconds), prices.Prices((), ()), sleep=lambda _: None)
    return Conductor(store, Judge(model, grader, bank.sections), embedder, clock, numbered())


def play(made, bank):
    """Two questions with an answer each, to the debrief."""
    plan = [(bank.questions[q], 10.0) for q in QUESTIONS]
    interview = made.start(Setup(blueprint="default", mode=Mode.REAL, minutes=30), plan)
    sent = []
    for name in QUESTIONS:
        text = max(bank.questions[name].exemplars, key=lambda e: e.band).text
        for message in (text, "skip"):
            if interview.stage is Stage.DEBRIEF or interview.current.question.id != name:
                break
            sent.append(message)
            interview = made.say(interview.id, message, shown=messages(interview))
    return made.finish(interview.id), sent


def sound(interview):
    """Every credit rests on words that stand where they are said to stand."""
    for progress in interview.plan:
        for verdict in progress.assessment.verdicts:
            assert all(evidence.verified(e, interview.turns) for e in verdict.evidence)
            assert verdict.evidence or verdict.value is VerdictValue.UNMET


@pytest.mark.parametrize("fault", [*FAULTS, *CONTENT])
def test_an_interview_outlives_the_fault_and_is_mended_afterwards(fault, grader, bank, store, embedder, clock):
    with OpenAiServer(reply=CONTENT.get(fault, well)) as server:
        server.retry_after = "0"
        server.fault = fault if fault in FAULTS else ""
        broken = conductor(server, grader, bank, store, embedder, clock)
        ended, sent = play(broken, bank)
        assert ended.stage is Stage.DEBRIEF
        assert said(ended) == sent
        sound(ended)
        offline = {q: grader.assess(bank.questions[q], [t for t in ended.turns if t.question_id == q and t.counts]) for q in QUESTIONS}
        for progress in ended.plan:
            assert progress.assessment.failure
            assert progress.assessment.grader == grader.info
            assert [v.value for v in progress.assessment.verdicts] == [v.value for v in offline[progress.question.id].verdicts]
            assert progress.assessment.usage.calls == REPLIED.get(fault, progress.assessment.usage.calls)
        notices = [t for t in spoken(ended, TurnKind.NOTICE) if "language model" in t.lower()]
        assert len(notices) == 1
        shown = "\n".join([*notices, *(p.assessment.failure for p in ended.plan), export.as_markdown(ended), export.as_json(ended)])
        assert KEY not in shown
        assert "Traceback" not in shown
        with pytest.raises(ModelUnavailable):
            broken.regrade(ended.id)
        assert broken.open(ended.id) == ended

        server.fault, server.reply = "", well
        mended = conductor(server, grader, bank, store, embedder, clock).regrade(ended.id)
        sound(mended)
        for progress in mended.plan:
            assert not progress.assessment.failure
            assert progress.assessment.grader.name == "llm"
            assert progress.earlier
        assert said(mended) == sent
        assert mended.usage.calls >= len(QUESTIONS)
        assert len(export.regradings(mended)) == len(QUESTIONS)
        assert "Graded anew" in export.as_markdown(mended)


def test_invented_quotes_earn_nothing(grader, bank, store, embedder, clock):
    with OpenAiServer(reply=invented) as server:
        ended, _ = play(conductor(server, grader, bank, store, embedder, clock), bank)
        for progress in ended.plan:
            points = [v for v in progress.assessment.verdicts if progress.question.criterion(v.criterion_id).kind is not Kind.ANTI]
            assert all(v.value is VerdictValue.UNMET for v in points)
        assert report_of(ended).score == 0.0
        server.reply = well
        assert report_of(conductor(server, grader, bank, store, embedder, clock).regrade(ended.id)).score > 0.0
