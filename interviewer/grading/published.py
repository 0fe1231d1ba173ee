"""The published figures of the offline grader, as `python -m bench grading` wrote them."""

import logging
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationError

from interviewer.domain import Value

FILE = Path(__file__).with_name("agreement.json")

_log = logging.getLogger(__name__)


def _finite(figure: float | None) -> float | None:
    """None for NaN: kappa has no value where every label of a kind is the same."""
    return figure if figure is not None and figure == figure else None  # noqa: PLR0124


class _Row(Value, extra="ignore"):
    """A value that a later benchmark may add to."""


class MethodAgreement(_Row):
    """How well one way of grading agrees with the labels: quadratic kappa and its 95 % interval."""

    method: str
    kappa: float
    low: float
    high: float


class ReliabilityPoint(_Row):
    """A tenth of the verdicts by confidence: the mean confidence, the share that agreed with the labels, how many."""

    said: float
    was: float
    n: int


class StyleAgreement(_Row):
    """Agreement on one kind of answer: kappa (None where it has no value), the share of same verdicts, how many verdicts."""

    style: str
    kappa: Annotated[float | None, AfterValidator(_finite)]
    same: float
    n: int


class AdversaryResult(_Row):
    """One kind of answer that deserves nothing: how many, how many scored above the limit, the highest score."""

    kind: str
    answers: int
    above: int
    highest: float


class Published(_Row):
    """All figures. `labellings` is the kappa between the two labellings; `verdicts` are rows under `header`.

    `sets`, under `set_header`, say the same of all that is labelled, which is more than the `answers` and `labels` that the other figures are from.
    """

    version: str
    answers: int
    labels: int
    agreement: tuple[MethodAgreement, ...]
    labellings: float
    reliability: tuple[ReliabilityPoint, ...]
    calibration_error: float
    header: tuple[str, ...]
    verdicts: tuple[tuple[str, ...], ...]
    set_header: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]
    styles: tuple[StyleAgreement, ...]
    adversaries: tuple[AdversaryResult, ...]


def read(path: Path = FILE) -> Published | None:
    """The figures, or None where there are none or an older benchmark wrote them in another shape."""
    try:
        return Published.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        _log.warning("the figures in %s cannot be read; make them again with `python -m bench grading`", path, exc_info=True)
        return None
