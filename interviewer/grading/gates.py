"""What can be said of an answer before any model looks at it: deterministic, each with its sentence for the candidate."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from interviewer.dialogue import is_instruction
from interviewer.sentences import Span

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
OPENER = re.compile(
    r"^\W*(?:(?:my |the )?(?:thought process|thoughts?|reasoning|answer|analysis|response|solution|approach)|let me think(?: about (?:it|this|that))?"
    r"|let['’]?s think(?: step by step)?|thinking(?: out loud)?|step by step|okay|ok|so|well|sure|um+|uh+|hm+|here (?:is|goes)(?: my answer)?|first(?:ly)?)\W*$",
    re.IGNORECASE,
)
NO_IDEA = re.compile(
    r"\b(?:i (?:really |honestly )?(?:do ?n'?t|do not|dunno)(?: really)? know|no (?:idea|clue)(?! of)|not (?:really )?sure|idk|dunno|can'?t (?:remember|recall)"
    r"|(?:i have(?:n't| not)|i'?ve not) (?:seen|used|heard|learned|come across)[^.,;:]{0,60}|(?:i(?:'ve| have)? |^|(?<=[.!?] ))never (?:used|heard|seen|learned)[^.,;:]{0,60}"
    r"|i(?:'m| am) (?:stuck|blank|lost|drawing a blank)|i give up|(?:i'?ll |i |let'?s |please )(?:skip|pass)\b(?! (?:the|a|an|my|through)\b)"
    r"|(?:^|(?<=[.!?] ))(?:skip|pass)(?: (?:this|that)(?: one)?| it)?(?=\s*(?:[.,!?]|$)))",
    re.IGNORECASE,
)
ENGLISH = frozenset(
    "the a an of to in is are and or it that for on with as be by this from at not you we i can would if then so but when which have has do "
    "because than more less use using one each all my was were what how they there will your into over no only also between".split()
)
FOREIGN = frozenset(
    "der die das und ist nicht ein eine mit für auf wir wenn auch sich dass le la les des est une pour dans que qui avec sur nous pas el los las una "
    "por con para como es del se más il di che sono con è um uma para não os dos com ao é het een van niet met voor zijn ik och att det som är på "
    "я и в не на что это как для мы при".split()
)
LETTERS = re.compile(r"[^\W\d_]{3,}")
"""Runs long enough to be words; one or two letters are symbols of a formula."""

BETWEEN_TERMS = re.compile(r"[\n,;:|/?!.•·#()]+|\s[-–—&+]\s|\b(?:and|or)\b", re.IGNORECASE)
BEFORE_TERM = re.compile(
    r"^\W*(?:(?:\d{1,2}|[ivx]{1,4}|[a-z])(?![\w'’]))?\W*(?:(?:and|then|also|plus|next|finally|lastly|what about|how about|first|second|third)\s+)*(?:(?:the|a|an)\s+)?",
    re.IGNORECASE,
)
HEADING = re.compile(r"^\W*(?:index|agenda|glossary|contents|table of contents|keywords?|key (?:points|words|terms)|terms|topics|plan)\s*:", re.IGNORECASE)
CLAIMS = re.compile(
    r"[=<>→≤≥≈∝∈_^{}\[\]~]|\w\(|\d{2,}|\d\.\d|\w\d|\d%|\d\w|\w ?\*|\w: *\S"
    r"|\b(?:more|less|fewer|most|least|low|high|small|large|slow|fast|same|no|not|yes|none|never|always|only|without|we|you|it|is|are|has|use|add|take|stop|drop|keep|avoid|try"
    r"|make|compare|remove|reduce|increase|\w+er than)\b|(?-i:\bI [a-z])|\b(?:low|high|small|larg|slow|fast|strong|weak)er\b",
    re.IGNORECASE,
)
"""Signs that a list says something: relations, figures, comparisons, things to do."""

LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")

ECHO_SHARE = 0.85
MIN_LANGUAGE_WORDS = 6
MIN_LETTERS = 6
MIN_TERMS = 8
MEAN_TERM = 1.8
LONGEST_TERM = 3
"""Words: where no item is longer than this, and the items are no longer than that on average, nothing is said of what they name."""


class Gate(NamedTuple):
    """Why an answer earns nothing or cannot be graded. `unscored`: it cannot be graded; else it was read and shows nothing."""

    reason: str
    unscored: bool


def words(text: str) -> list[str]:
    """The lower-case words of a text."""
    return [w.lower() for w in WORD.findall(text.replace("’", "'"))]


def ring(said: Sequence[str]) -> tuple[str, ...]:
    """The words that a text says over and over, begun wherever they sort first; all of its words, so begun, where it says nothing twice.

    A line without a full stop that is repeated is cut anywhere, so that its pieces begin in other places than the line. The shortest period
    is what the longest border leaves (Knuth, Morris & Pratt 1977).
    """
    border = [0] * len(said)
    for i in range(1, len(said)):
        k = border[i - 1]
        while k and said[i] != said[k]:
            k = border[k - 1]
        border[i] = k + (said[i] == said[k])
    once = tuple(said[: len(said) - border[-1]]) if said else ()
    return min((once[i:] + once[:i] for i in range(len(once))), default=())


def is_echo(text: str, source: Sequence[str]) -> bool:
    """Whether nearly all of a text's word pairs stand in one of the sources (the question, a heading)."""
    own = words(text)
    pairs = set(pairwise(own))
    if len(pairs) < 3:
        return False
    for s in source:
        theirs = words(s)
        if len(pairs & set(pairwise(theirs))) / len(pairs) >= ECHO_SHARE:
            return True
    return False


def is_list_of_terms(text: str) -> bool:
    """Whether a text only names things, a few words each: many of them, and nothing said about any."""
    text = HEADING.sub("", text)
    lengths = [n for n in (len(words(BEFORE_TERM.sub("", item.strip()))) for item in BETWEEN_TERMS.split(text)) if n]
    if len(lengths) < MIN_TERMS or CLAIMS.search(text):
        return False
    return max(lengths) <= LONGEST_TERM and sum(lengths) / len(lengths) <= MEAN_TERM


def language_problem(text: str) -> str | None:
    """A sentence where the text is in a language that the offline grader cannot read; None for English, code and formulas."""
    runs = LETTERS.findall(unicodedata.normalize("NFKC", text))
    letters = "".join(r for r in runs if len({LATIN.match(c) is None for c in r}) == 1)  # a run of mixed scripts, such as λΣwⱼ, is a formula
    if len(letters) >= MIN_LETTERS and sum(LATIN.match(c) is not None for c in letters) / len(letters) < 0.6:
        return "This is not in English, which is all that the offline grader reads."
    own = words(text)
    if len(own) < MIN_LANGUAGE_WORDS:
        return None
    english = sum(w in ENGLISH for w in own) / len(own)
    strange = [w for w in own if w in FOREIGN and w not in ENGLISH]
    foreign = len(strange) / len(own)
    if len(set(strange)) > 1 and foreign > 0.12 and foreign > 1.5 * english:
        return "This does not look like English, which is all that the offline grader reads."
    return None


def terms_only(text: str, phrasings: Iterable[str]) -> Gate | None:
    """The gate for a list of terms, unless one of the `phrasings` of what is asked for is such a list itself."""
    if not is_list_of_terms(text) or any(is_list_of_terms(p) for p in phrasings):
        return None
    return Gate("The answer names terms and says nothing about them.", unscored=False)


def check(text: str, sentences: Sequence[Span], prompt: Sequence[str]) -> Gate | None:
    """The gate that an answer falls to, or None. `prompt` holds what an echo would repeat: question, rephrasing, headings."""
    if not text.strip():
        return Gate("The answer is empty.", unscored=False)
    if not sentences:
        return Gate("The answer holds no words, only punctuation or symbols.", unscored=False)
    problem = language_problem(text)
    if problem is not None:
        return Gate(problem, unscored=True)
    if OPENER.match(text.strip()):
        return Gate("The answer is an opening only; nothing follows it.", unscored=False)
    left = [s for s in sentences if not OPENER.match(s.text)]
    if left and all(is_instruction(s.text) for s in left):
        return Gate("The answer addresses the grader and says nothing about the question.", unscored=False)
    if left and (all(is_echo(s.text, prompt) for s in left) or is_echo(" ".join(s.text for s in left), prompt)):  # a short clause alone proves nothing
        return Gate("The answer repeats the question and adds nothing to it.", unscored=False)
    said = " ".join(s.text for s in left).replace("’", "'")
    if NO_IDEA.search(said) and len([w for w in words(NO_IDEA.sub(" ", said)) if w not in ENGLISH]) < 5:
        return Gate("The answer says that you do not know; no score is drawn from that.", unscored=False)
    return None
