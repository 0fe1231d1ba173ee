"""Every error a user can meet, as one small tree.

InterviewerError            its text is a sentence for the user: what happened and what to do
├── SettingError            a setting holds a value that is not allowed
├── PackError               the question bank or the guide cannot be used; carries the faults
├── ModelFileError          a bundled model file is missing or is not the file we pinned
├── IllegalTransition       the interview cannot take this event in its present stage
├── StaleInterview          the interview moved on elsewhere (another tab) since it was shown
├── InvalidMessage          a message cannot be accepted (nothing in it, or too long)
├── UnknownInterview        no interview has this id, or it was deleted
├── UnknownAnswer           no written answer has this id, or it was deleted
├── StoreError              the data directory or database cannot be read or written
│   └── NewerDatabase       the database was written by a later version of this program
├── IndexUnavailable        the guide index cannot be opened or rebuilt
├── InputFileError          an input file as a whole cannot be read
├── DocumentError           an uploaded document cannot be read as text
├── DiagramError             a drawing cannot be read: the line, and what to write instead
├── NotConfigured           the call needs a part (a language model) that is not configured
└── ModelError              a language model was asked and gave nothing that can be used; carries what that took
    ├── ModelRejected       it refused the request as it stands: key, permission, model name, settings
    ├── ModelUnavailable    it cannot be reached, is too busy, failed, or was too slow
    └── BadReply            it replied, but with nothing, a refusal, half a reply, or not in the form that was asked for
"""

from interviewer.domain import Usage


class InterviewerError(Exception):
    """Base of the tree. `str(error)` is shown to the user as it is."""


class SettingError(InterviewerError):
    """A setting holds a value that is not allowed; names the setting, the value and what is allowed."""


class PackError(InterviewerError):
    """No usable questions or pages could be loaded."""


class ModelFileError(InterviewerError):
    """A bundled model file is missing or differs from the pinned one."""


class IllegalTransition(InterviewerError):
    """The event is not in the transition table for the present stage."""


class StaleInterview(InterviewerError):
    """The interview has moved on since the caller last saw it."""


class InvalidMessage(InterviewerError):
    """The message holds nothing that could be read, or is too long."""


class UnknownInterview(InterviewerError):
    """No interview has this id."""


class UnknownAnswer(InterviewerError):
    """No written answer has this id."""


class StoreError(InterviewerError):
    """The database cannot be read or written."""


class NewerDatabase(StoreError):
    """The database was written by a later version of this program."""


class IndexUnavailable(InterviewerError):
    """The guide index cannot be opened or rebuilt."""


class InputFileError(InterviewerError):
    """An input file as a whole cannot be read."""


class DocumentError(InterviewerError):
    """An uploaded document cannot be read as text."""


class DiagramError(InterviewerError):
    """A drawing's text cannot be read, or is too large. `line` counts from one; None where no single line is to blame."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason if line is None else f"Line {line}: {reason}")
        self.line = line
        self.reason = reason


class NotConfigured(InterviewerError):
    """The call needs a part that is not configured."""


class ModelError(InterviewerError):
    """A language model was asked and gave nothing that can be used. `usage` is what it took nevertheless."""

    usage: Usage = Usage()


class ModelRejected(ModelError):
    """The request cannot succeed as it stands; asking again is of no use before a setting is mended."""


class ModelUnavailable(ModelError):
    """No reply within the bounds on retries and time; asking again later may help."""


class BadReply(ModelError):
    """There was a reply, and nothing in it can be used."""
