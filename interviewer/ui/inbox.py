"""What a candidate sent on a page, kept until it is saved."""

from dataclasses import dataclass, field
from typing import NamedTuple

import streamlit as st


class Sent(NamedTuple):
    """A message, and how many of the candidate's messages the page showed when it was sent."""

    text: str
    shown: int


@dataclass
class Inbox:
    """Messages in the order in which they were sent.

    Streamlit cuts a run short, wherever it draws or touches the session's state, when another event comes in, and tells a message to one run
    alone. So it is noted here before the page's script begins, and stays until the page has saved it. `shown` is what the page showed last.
    """

    shown: int = 0
    waiting: list[Sent] = field(default_factory=list)

    def note(self, key: str) -> None:
        """Takes what the chat input of this key holds; its `on_submit`."""
        text = st.session_state[key]
        if text:
            self.waiting.append(Sent(text, self.shown))

    def taken(self, shown: int) -> None:
        """The first one is saved, or refused: the page shows this many now, and what was sent meanwhile answers that."""
        self.shown = shown
        self.waiting = [Sent(text, shown) for text, _ in self.waiting[1:]]


def inbox(name: str) -> Inbox:
    """The inbox of this name in this browser tab."""
    kept: Inbox = st.session_state.setdefault(f"inbox-{name}", Inbox())
    return kept
