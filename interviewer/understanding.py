"""A second opinion on what a message is, asked of a language model only where `dialogue.py` is unsure.

It is never asked about what a button or a plain request says, and it can turn content into a dismissal as little as the offline reader
can: an answer that was read with fair certainty stays one, and a longer message is never dismissed on the model's word alone.
"""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from interviewer import budget
from interviewer.dialogue import CUES, Reading, normal
from interviewer.domain import Act, Usage
from interviewer.errors import ModelError
from interviewer.ports import ChatModel
from interviewer.prompts import Prompt, fenced, render

UNSURE = 0.7
"""Below this the offline reader is unsure: 17 of its 21 errors on tests/golden/utterances_heldout.jsonl lie there, and 11 % of the messages."""

ANSWER_STANDS = 0.5
"""An answer read with this probability is not asked about: answers are never dismissed."""

DISMISSED_WORDS = 25
"""A longer message holds content: the model alone cannot dismiss it."""

MAX_OUTPUT = 60
MESSAGE_TOKENS = 200

ABOUT: dict[Act, str] = {
    Act.ANSWER: "says something about the matter of the question",
    Act.CLARIFY: "asks what the question means, allows or leaves open",
    Act.HINT: "asks for a hint or for help to get started",
    Act.DONT_KNOW: "says that they do not know, and nothing else on the matter",
    Act.REPEAT: "asks to hear the question again",
    Act.REPHRASE: "asks for the question in other words, or did not understand it",
    Act.SKIP: "wants to leave this question",
    Act.END: "wants to end the whole interview",
    Act.ASK_ANSWER: "asks for the answer or solution",
    Act.ASK_SCORE: "asks how they did, or whether something was right",
    Act.PUSHBACK: "objects to the question or to having to say more",
    Act.THINK: "is still thinking, or asks for a moment",
    Act.PAUSE: "wants to stop for a while and come back",
    Act.ACKNOWLEDGE: "only greets, thanks, agrees or is ready",
    Act.OFF_TOPIC: "talks about something else",
}
"""Every act in a line, for the prompt."""

CONTENT = (Act.ANSWER, Act.CLARIFY, Act.PUSHBACK)
"""Acts whose words count for something; all others dismiss what was said."""

CUED = {Act.END: "end", Act.SKIP: "skip"}
"""What ends a question or the interview needs a word for it in the message."""


class Heard(BaseModel):
    """The model's reply: one act."""

    model_config = ConfigDict(extra="forbid")

    act: Act


class Understood(NamedTuple):
    """What a message was taken for, what asking took, and the sentence of a model that failed."""

    reading: Reading
    usage: Usage = Usage()
    failure: str = ""


def unsure(reading: Reading) -> bool:
    """Whether the offline reading leaves room for a second opinion."""
    return reading.sure < (ANSWER_STANDS if reading.acts[0] is Act.ANSWER else UNSURE)


def settled(text: str, reading: Reading, heard: Act) -> Reading:
    """The reading after the second opinion; the offline one where the opinion may not be followed. Pure."""
    if heard in reading.acts[:1]:
        return reading
    plain = normal(text)
    if heard not in CONTENT and len(plain.split()) > DISMISSED_WORDS:
        return reading
    if heard in CUED and not CUES[CUED[heard]].search(plain):
        return reading
    acts = (Act.ANSWER, Act.CLARIFY) if heard is Act.ANSWER and Act.CLARIFY in reading.acts and "?" in text else (heard,)
    return Reading(acts, reading.sure, reading.addition and heard is Act.ANSWER)


class Listener:
    """Asks a language model where the offline reader is unsure."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model

    def hear(self, text: str, reading: Reading, question: str) -> Understood:
        """The message's reading. `question` is what the candidate was last asked."""
        if not unsure(reading):
            return Understood(reading)
        try:
            heard, usage = self._model.structured(prompt(text, question), Heard)
        except ModelError as error:
            return Understood(reading, error.usage, str(error))
        return Understood(settled(text, reading, heard.act), usage)


def prompt(text: str, question: str) -> Prompt:
    """What the model is told: never more than the question and the message."""
    acts = "\n".join(f"- {act}: {line}" for act, line in ABOUT.items())
    candidate = fenced(budget.cut(text, MESSAGE_TOKENS)[0])
    return render("understanding", MAX_OUTPUT, {"acts": acts, "question": question, "candidate": candidate})
