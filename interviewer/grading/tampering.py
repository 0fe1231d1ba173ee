"""Texts that try to sway whoever marks them: commands, verdicts of their own, roles, pleas, and whatever hides such things.

A language model can be talked into things, so a sentence that looks like such a thing is taken out before a model sees the text or the
offline grader is asked for the bound, and then a judge may not go beyond the offline grader, which cannot be talked to. A wrong
suspicion costs what that one sentence says, and is shown as a flag; none of the labelled answers loses a sentence so.
"""

import re
import unicodedata
from collections.abc import Iterable

from interviewer.dialogue import is_instruction
from interviewer.grading import gates
from interviewer.grading.offline import calibration
from interviewer.sentences import Span, split

LOOKALIKES = str.maketrans("аеорсухіјѕԁһкмтвнοαερτυιν", "aeopcyxijsdhkmtbhoaeptuiv")
"""Cyrillic and Greek letters that pass for Latin ones."""

HIDDEN = frozenset(("Cf", "Co", "Cn"))
"""Categories of characters that nobody sees: direction marks, zero-width characters, tags, private use."""

_MARKS = r"(?:full|max(?:imum)?|maximal|top|perfect|best possible|passing|excellent|outstanding) (?:\w+ )?(?:marks?|scores?|points|credits?|grades?|bands?|evaluation)|highest (?:marks?|grades?|bands?|evaluation)|best evaluation"
_ALL = r"(?:all|every|each|any)(?: of)?(?: the| your| these)?(?: \w+)?"
_THINGS = r"(?:criteria|criterion|criterions|boxes|rubrics?|verdicts?|points|items?|requirements|marks)"
STRONG = re.compile(
    rf"\b(?:mark|set|count|treat|tick|label|consider|report|grade|rate|score|enter|award|give|grant|pass|return|output|write|print|say)\b.{{0,40}}\b(?:{_MARKS}|{_ALL} {_THINGS}\b)"
    rf"|\b{_ALL} {_THINGS}\b.{{0,40}}\b(?:met|marked|satisfied|fulfilled|passed|true|present|shown|covered)\b"
    r"|\b(?:ignore|disregard|forget|override|bypass|skip|stop reading|do not read)\b.{0,40}\b(?:instructions?|rules|rubrics?|criteria|guidelines|prompts?|above|directions|policy)\b"
    r"|\b(?:dear|hey|hello|attention|note to|to|for|as)(?: the| an?| my)?(?: \w+)? (?:graders?|examiners?|evaluators?|assessors?|markers?|judges?)\b(?:,|:|;|$| please| you)"
    r"|\byou are (?:now )?(?:an?|the|my|no longer)?\s*(?:\w+ )?(?:grader|judge|examiner|evaluator|assistant|gradebot|dan|teacher|marker|grandmother)\b"
    r"|(?:^\W*|[\[<(]\W*)(?:system|developer|assistant|admin|user|human|ai)(?: prompt| message| note| notice| override)?\s*[:\]>]\s*\S|<\|\w+\|>|\[/?inst\]"
    r"|\bverdicts?\b.{0,20}\b(?:met|full|positive|pass(?:ed)?|true)\b|\bverdict\W+met\b|\bmet\b.{0,3}\bmet\b|[\"']?\b(?:met|verdict|passed|score)\b[\"']?\s*[:=]\s*[\"']?(?:true|met|1(?:\.0)?\b|100|yes|4\b)",
    re.IGNORECASE,
)
"""A sentence that is taken out."""

SUSPECT = re.compile(
    rf"{_MARKS}\b"
    r"|\b(?:rubrics?|graders?|grading|examiners?|evaluators?|assessors?|your instructions?|(?:these|previous|prior|earlier|above|following|new) instructions?|jailbreak|role-?play|pretend (?:that |to be )|let us pretend|act as"
    r"|answer key|reference answer|reference solution|(?:your|the) system (?:prompt|message) and|this (?:candidate|submission|response|transcript)|the candidate (?:is|has|was|should|must|gave|said|explained|knows|deserves|answered|passed)|the candidate'?s answer|the (?:submission|interviewee)"
    r"|i beg|my lawyer|between us|bribe|please (?:pass|mark|give|grade|score|tick|accept|approve|be (?:lenient|generous))|grade (?:it|this|me)|pass me|mark (?:it|this|me)|be lenient"
    r"|already (?:been )?(?:verified|marked|graded|assessed|approved|reviewed)|pre-?approved|positive control|decode (?:the|this|it)|base64|rot13|translate the|hypothetically|(?:that )?imagined answer|chain of thought|hidden (?:note|hint|instruction)"
    r"|step 1: stop|repeat after me|reveal (?:the|your)|print (?:the|your)|output only|respond (?:only )?with|reply (?:only )?with|answer only with|as requested|for your convenience)\b"
    r"|\b(?:all|everything) (?:is |are )?(?:met|satisfied|passed|fulfilled)\b|\b(?:evaluation|marking) (?:summary|result)|\b(?:required|further) points\b|\bmistakes?\W+none\b"
    r"|\|?\s*section\s*\|\s*results?\b|\b(?:must|good|exceptional|anti)\s*:\s*\d"
    r"|<!--|-->|</?\w+[^>]*>|\"\w+\"\s*:\s*(?:true|\"|\[|\{|1)|[<＜‹«]{3,}|[>＞›»]{3,}|\bcandidate>>>|#\s*(?:system|instructions?|evaluation|task)\b"
    r"|(?:kriteri|kryteri|criteri[oi]s?\b|crit[eè]res?\b|критери|оценк|балл|инструкц|评分|标准|满分|指示|採点|満点|指示|기준|만점|bewertung|punktzahl|erfüllt|puntuaci|puntaje|cumplid|instruccion|calificaci"
    r"|bar[eè]me|consignes|note maximale|valutazione|punteggio|soddisfatt|istruzioni|avalia|pontua|instru[cç][õo]es|beoordeling|voldaan|puan|ölçüt|betyg|poäng|uppfyll)",
    re.IGNORECASE,
)
"""Words of marking, in any mouth, and what such words are wrapped in."""

BLOB = re.compile(
    r"(?=[A-Za-z0-9+/_-]*[A-Z])(?=[A-Za-z0-9+/_-]*[a-z])(?=[A-Za-z0-9+/_-]*\d)[A-Za-z0-9+/_-]{20,}={0,2}|[A-Za-z0-9+/]{24,}={1,2}|\b(?:[0-9a-f]{2}[ :]?){12,}\b|(?:[01]{8}\s){3,}|(?:\\[ux][0-9a-f]{2,4}){3,}|(?:&#x?[0-9a-f]+;){3,}|(?:%[0-9a-f]{2}\w*){4,}",
    re.IGNORECASE,
)
SPACED = re.compile(r"(?:\b\w\b[ .*_|-]{1,2}){8,}")
LEET = re.compile(r"\b(?:1gn0re|ign0re|cr1ter\w*|rubr1c|gr4de\w*|sc0re|ma?rk3d|v3rdict\w*)\b", re.IGNORECASE)
MIN_WORDS = 6
KNOWN_SHARE = 0.1


def plain(text: str) -> str:
    """The text as a reader takes it: no hidden characters, no lookalikes, single spaces."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) not in HIDDEN)
    words = [w.translate(LOOKALIKES) if any(c.isascii() and c.isalpha() for c in w) or not w.isascii() else w for w in seen.lower().split()]
    return " ".join(words)


def _unreadable(text: str) -> bool:
    """Whether a sentence is in no language that the offline grader reads: another one, or letters in another order."""
    if gates.language_problem(text) is not None:
        return True
    words = [w for w in gates.words(text) if w.isalpha() and len(w) > 2]
    known = calibration().statistics.idf.words
    return len(words) >= MIN_WORDS and sum(w in gates.ENGLISH or w in known or w.rstrip("s") in known for w in words) < KNOWN_SHARE * len(words)


def commands(text: str) -> bool:
    """Whether a sentence tells whoever marks it what to do, so that no model should read it."""
    return is_instruction(text) or is_instruction(plain(text)) or STRONG.search(plain(text)) is not None


def suspected(texts: Iterable[str]) -> bool:
    """Whether there are signs of tampering anywhere in the texts, which may be parts of one whole."""
    texts = list(texts)
    if any(unicodedata.category(c) in HIDDEN and c not in "\u200d\ufeff\u00ad" for t in texts for c in t):
        return True
    joined = plain(" ".join(texts))
    flat = " ".join(re.findall(r"[\w']+", joined))
    if any(p.search(joined) for p in (STRONG, SUSPECT, BLOB, SPACED, LEET)) or STRONG.search(flat) or is_instruction(flat):
        return True
    if any(BLOB.search(t) for t in texts):  # before its letters were made small
        return True
    return any(_unreadable(s.text) for t in texts for s in split(t))


def taken_out(text: str) -> tuple[str, tuple[Span, ...]]:
    """The text with what is suspected blanked out, every other character at its place, and the sentences that were blanked."""
    found = tuple(s for s in split(text) if commands(s.text) or suspected([s.text]))
    for span in found:
        blank = "".join(c if c == "\n" else " " for c in span.text)
        text = text[: span.start] + blank + text[span.end :]
    return text, found
