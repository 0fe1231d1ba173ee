"""Locates quotes in what the candidate wrote. A quote that is not there is no evidence."""

import unicodedata
from collections.abc import Sequence

from interviewer.domain import Evidence, Turn


def _folded(text: str) -> tuple[str, list[int]]:
    """The text with case and white space folded, and for each folded character its place in the original."""
    out: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isspace():
            if out and out[-1] != " ":
                out.append(" ")
                places.append(place)
            continue
        for folded in unicodedata.normalize("NFKC", character).casefold():
            out.append(folded)
            places.append(place)
    return "".join(out), places


def locate(quote: str, turns: Sequence[Turn]) -> Evidence | None:
    """The first place where the quote stands in the turns, white space and case folded; None if nowhere."""
    wanted = _folded(quote.strip())[0].strip()
    if not wanted:
        return None
    for turn in turns:
        text, places = _folded(turn.text)
        at = text.find(wanted)
        if at >= 0:
            start, end = places[at], places[at + len(wanted) - 1] + 1
            return Evidence(turn=turn.index, start=start, end=end, quote=turn.text[start:end])
    return None


def verified(evidence: Evidence, turns: Sequence[Turn]) -> bool:
    """Whether the evidence is exactly what stands at its place in a turn."""
    return any(t.index == evidence.turn and t.text[evidence.start : evidence.end] == evidence.quote for t in turns)
