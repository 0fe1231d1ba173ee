"""What a candidate sent on a page, typed or by a button, kept until it is saved."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import streamlit as st

from interviewer.domain import Act
from interviewer.errors import InvalidMessage, StaleInterview


class Sent(NamedTuple):
    """A message, and how many of the candidate's messages the page showed when it was sent."""

    text: str
    shown: int


class Press(NamedTuple):
    """A button, and how many turns the page showed when it was pressed."""

    what: str
    turns: int


@dataclass
class Inbox:
    """Messages in the order in which they were sent, and the button that was pressed last.

    Streamlit cuts a run short, wherever it draws or touches the session's state, when another event comes in, and tells a message or a click to
    one run alone; and where a fragment is due at the same moment, it may tell that fragment instead of the page. So both are noted here before
    anything is drawn, and stay until the page has acted on them. `shown` is what the page showed last.
    """

    shown: int = 0
    waiting: list[Sent] = field(default_factory=list)
    pressed: Press | None = None

    def note(self, key: str) -> None:
        """Takes what the chat input of this key holds; its `on_submit`."""
        text = st.session_state[key]
        if text:
            self.waiting.append(Sent(text, self.shown))

    def press(self, what: str, turns: int) -> None:
        """Takes a click on a button; its `on_click`."""
        self.pressed = Press(what, turns)

    def button(self, label: str, what: str, turns: int, icon: str | None = None, shortcut: str | None = None) -> bool:
        """Draws a button, and says whether it was pressed and nothing has been done about that yet.

        A press on a page with fewer turns is none, and what was typed goes first.
        """
        st.button(
            label,
            key=f"{what}-{turns}",
            type="secondary" if icon else "tertiary",
            icon=icon,
            shortcut=shortcut,
            on_click=self.press,
            args=(what, turns),
        )
        return self.pressed == Press(what, turns) and not self.waiting

    @property
    def open(self) -> bool:
        """Whether there is anything that the page has not acted on."""
        return bool(self.waiting) or self.pressed is not None

    def done(self) -> None:
        """The button has had its effect, or can have none."""
        self.pressed = None

    def taken(self, shown: int, act: Act | None = None) -> None:
        """The first message, or with an act the button that stands for it, is saved, or refused.

        The page shows this many now, and what was typed meanwhile answers that.
        """
        self.shown = shown
        if act is None:
            self.waiting.pop(0)
        else:
            self.done()
        self.waiting = [Sent(text, shown) for text, _ in self.waiting]

    def keep(self, say: Callable[[str, int], object]) -> None:
        """Hands over what came after the end: `say` refuses it, and keeps it as a draft."""
        while self.waiting:
            with suppress(InvalidMessage, StaleInterview):
                say(*self.waiting[0])
            self.taken(self.shown)


def inbox(name: str) -> Inbox:
    """The inbox of this name in this browser tab."""
    kept: Inbox = st.session_state.setdefault(f"inbox-{name}", Inbox())
    return kept
