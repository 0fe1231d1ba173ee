"""Plays a scripted interview in a process that may be killed at any moment. Started by test_kill.py.

The imports take over a second, so this process does them once and forks a fresh process for every run: `play` opens the
database anew in it, as a program that was started again does. Requests come as lines on standard input:

    play DATABASE ACKNOWLEDGED-FILE    forks a player; answers with its process id
    reap PID                           waits for it; answers with its return code, negative for a signal
"""

import os
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from builders import HashEmbedder, KeywordGrader, question  # noqa: E402

from interviewer.conductor import Conductor  # noqa: E402
from interviewer.domain import Act, Mode, Setup, Stage  # noqa: E402
from interviewer.errors import UnknownInterview  # noqa: E402
from interviewer.store import SqlStore  # noqa: E402
from interviewer.wiring import SystemClock  # noqa: E402

NAME = "the-interview"
QUESTIONS = tuple((question(name, is_open=name == "third"), 10.0) for name in ("first", "second", "third", "fourth"))
MESSAGES: tuple[tuple[str, Act | None], ...] = (
    ("Give me a moment.", Act.THINK),
    ("I would say alpha and leave it at that.", Act.ANSWER),
    ("hint", None),
    ("Then beta also, with ünïcode 🙂.", Act.ANSWER),
    ("Now it is slip and nothing else, I am afraid.", Act.ANSWER),
    ("Then gamma.", Act.ANSWER),
    ("I don't know", None),
    ("hint", None),
    ("hint", None),
    ("hint", None),
    ("It may be alpha .", Act.ANSWER),
    ("How many users do we have?", Act.CLARIFY),
    ("How many users do we have?", Act.CLARIFY),  # the same words again are a message of their own
    ("alpha beta are what I would look at for that many users.", Act.ANSWER),
    ("I said that.", Act.PUSHBACK),
    ("pause", None),
    ("scope gamma delta", Act.ANSWER),
    ("repeat", None),
    ("alpha", Act.ANSWER),
    ("Nothing to add but words.", Act.ANSWER),
    ("beta scope", Act.ANSWER),
    ("skip", None),
    ("skip", None),
    ("skip", None),
)


class SlowGrader(KeywordGrader):
    """Takes a moment, so that a kill can fall between a message and its grade."""

    def assess(self, asked, answer):
        time.sleep(0.004)
        return super().assess(asked, answer)


def play(database: str, acknowledged: Path) -> None:
    """Goes on with the interview where it stands, from the first message that was not acknowledged."""
    store = SqlStore(f"sqlite:///{database}")
    conductor = Conductor(store, SlowGrader(), HashEmbedder(), SystemClock(), lambda: NAME)
    try:
        interview = conductor.open(NAME)
    except UnknownInterview:
        interview = conductor.start(Setup(blueprint="default", mode=Mode.PRACTICE, minutes=60), QUESTIONS)
    with acknowledged.open("ab", buffering=0) as out:  # unbuffered: what is written stays, whatever becomes of us
        for index in range(len(acknowledged.read_text().split()), len(MESSAGES)):
            text, act = MESSAGES[index]
            # a page that got no answer sends again what it sent, having seen what it had seen
            if interview.stage is Stage.DEBRIEF and len([t for t in interview.turns if t.speaker == "candidate"]) <= index:
                break
            interview = conductor.say(NAME, text, shown=index, act=act)
            out.write(f"{index}\n".encode())
    store.close()


def serve() -> None:
    for line in sys.stdin:
        request, *arguments = line.split()
        if request == "play":
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    play(arguments[0], Path(arguments[1]))
                    code = 0
                except BaseException:
                    traceback.print_exc()
                Path(arguments[1]).with_name("ended").touch()
                os._exit(code)
            print(pid, flush=True)
        else:
            print(os.waitstatus_to_exitcode(os.waitpid(int(arguments[0]), 0)[1]), flush=True)


if __name__ == "__main__":
    serve()
