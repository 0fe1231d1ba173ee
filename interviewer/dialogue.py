"""What a candidate's message is: an answer, a clarifying question, a request, an objection, and so on.

A softmax over three views of the message: its sentence vectors (which the grader needs anyway), hashed character and word n-grams,
and cue patterns. The weights are fitted by `bench/fit_dialogue.py` on labelled utterances and shipped in `dialogue_weights.npz`.
Content counts for more than cues: where it is not clear that a message is something else, it is an answer.
"""

import re
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from interviewer import sentences
from interviewer.domain import Act, Fact
from interviewer.ports import Embedder, Vectors

ACTS = tuple(Act)
HASHED = 4096
LONG_WORDS = 45
"""A message longer than this is an answer unless it opens or closes with a plain request."""

EDGE = 160
"""Characters at each end of a long message that the n-gram view reads."""

ANSWER_MARGIN = 0.5
"""Another act must reach this probability, or leave `answer` this improbable, to win over it."""

ANSWER_FLOOR = 0.12

CONTENT_SURE = 0.6
"""A sentence that is an answer with this probability is content …"""

CONTENT_WORDS = 4
"""… if it has at least this many words."""

QUOTED = re.compile(r"[\"“][^\"”\n]{3,}[\"”]")
"""Quoted words are spoken about, not said: cues do not count in them."""

_IT = r"(?:this|that|it|the|one|question|interview|answer)"
CUES: dict[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "hint": r"\b(?:hints?|clues?|nudge|pointers?|steer me|push (?:me|in)|little push|starting point|get(?:ting)? (?:me )?started|jog my memory|"
        r"help me|some (?:help|guidance|assistance)|guide me|lead me|where (?:should|do|would|could) (?:i|one) (?:even )?(?:start|begin)|first (?:step|letter)|how (?:should|do) i (?:start|begin|approach))\b|^\W*help\W*$",
        "dont_know": r"\b(?:i (?:really |honestly |just )?(?:do ?n'?t|do not) (?:really )?(?:know|remember|recall|have (?:an|any|a) )|no (?:idea|clue)|idk|dunno|not a clue|haven'?t (?:a|the) |"
        r"never (?:used|heard|seen|learned|worked|did|done|had|came|come|studied|touched|wrote)|haven'?t (?:used|heard|seen|learned|worked|studied|touched|covered)|stuck|blank(?:ing|ed)?|black ?out|"
        r"can(?:'?t|not) (?:say|tell|answer|remember|recall|think of)|couldn'?t (?:say|tell)|beyond (?:me|what)|over my head|out of my depth|nothing comes|clueless|stumped|forgot(?:ten)?|escapes me|lost me|beats me)\b",
        "repeat": r"\b(?:repeat|say (?:that|it) again|again (?:please|pls)|once more|one more time|come again|pardon|resend|re-?send|restate|what was (?:the|that|it|your)|which question|what did you (?:ask|say)|"
        r"missed (?:that|it|the|what|your)|(?:read|paste|show|post|send) (?:it|me|that|the)[^.]{0,20}(?:again|back|prompt|question)|cut off|scrolled|forgot (?:the|what you|your) (?:question|asked)?)\b|\bsry again\b",
        "rephrase": r"\b(?:re-?phrase|re-?word|reformulate|differently|(?:in )?(?:other|different|simpler|plain|easier|simple) (?:words?|terms|english|way)|another way|(?:do ?n'?t|do not|didn'?t|not|can'?t|cannot) (?:really )?(?:understand|get|follow(?:ing)?|parse|grasp)|"
        r"unclear|confus(?:ed|ing)|what (?:are you (?:actually )?asking|do you mean by the question|does (?:this|that|the) question)|getting at|simplify|like i'?m (?:five|5)|eli5|too abstract|more (?:specific|concrete))\b",
        "skip": r"\b(?:skip(?: it| this| that| the| one| please| pls)?$|skip (?:it|this|that|to|the question|question)|(?:i(?:'ll| will|'d)?|gonna|have to|hard|let me|can i|may i) pass|pass(?: on (?:this|that|it))?\W*$|next (?:question|one|topic|please|pls)|^\W*next\W*$|move (?:on|along|forward|to the next)|"
        r"go on to|another (?:question|one|topic)|different (?:question|one|topic)|something else|change the (?:subject|topic)|leave (?:it|this|that) (?:out|here|aside)|onto the next|proceed to)\b",
        "end": r"\b(?:(?:end|finish|stop|close|quit|terminate|wrap (?:it |this )?up|conclude|abort|exit|leave)(?: (?:it|this|the|here|now|up|my|our))*(?: (?:interview|session|round|test|here|now|debrief|mock))|call it (?:a day|quits)|(?:have|need|got|gotta|must) (?:to )?(?:go|run|leave)\b|"
        r"(?:i'?m|im) (?:out|done|finished)|enough for (?:today|now)|no more questions|(?:show|see|go to|take me to|jump to|get)[^.]{0,20}(?:debrief|report|summary|results?)|bye|that'?s all for (?:today|me|now)|let'?s (?:end|stop|finish|wrap))\b|^\W*(?:end|quit|exit|stop|finish|done)\W*(?:please|pls|now)?\W*$",
        "ask_answer": r"\b(?:(?:tell|give|show|reveal|share)(?: me| us)?(?: the| a| your| me)*(?: (?:correct|right|sample|model|full|ideal|best|real|actual))* (?:answer|solution|implementation|code|explanation|result)|(?:what(?:'?s| is| would| was)|whats) (?:the |a |your )?(?:(?:correct|right|ideal|perfect|best|expected|model) )*(?:answer|solution|one)\b|"
        r"answer (?:please|pls)|(?:explain|teach) (?:it |this |that )?(?:to )?me|enlighten|how would you (?:have )?(?:answer|solve|do|approach)|spill|just tell me|what (?:were you|are you) expecting|what would a (?:senior|strong|good|perfect))\b",
        "ask_score": r"\b(?:how (?:did|am|was|do) i|how'?s my|how was (?:that|my|it)|was (?:that|it|my)[^.?]{0,25}(?:right|good|ok|okay|correct|any good|enough|fine)|is (?:that|this|it) (?:right|correct|ok|good|enough)|am i (?:right|correct|on the right|close|failing|doing|passing)|did i (?:get|pass|do|miss)|"
        r"(?:my|the|a|what) (?:score|rating|grade|mark|result)|score|grade (?:my|me|this|it)|rate (?:my|me)|feedback|on the right track|what did i miss|hire|points)\b|^\W*(?:correct|right|good)\W*\?+$",
        "pushback": r"\b(?:(?:i(?:'ve| have)?|just|we) (?:already|just)? ?(?:said|answered|told|mentioned|covered|explained|did|gave)(?: you| that| this| it)*|already (?:said|answered|told|mentioned|covered|explained|did)|as i (?:said|mentioned|explained)|like i said|same (?:thing|question)|"
        r"disagree|premise|assumes?|who (?:says|cares|said)|why (?:does|do|is|are|would) (?:it|this|that|you|we)|(?:is|how is) (?:this|that|it) (?:really |even )?relevant|unfair|trick question|not what i said|misunderst(?:ood|and)|words in my mouth|never (?:said|claimed)|nitpick|too broad|pointless|what'?s the point|keep (?:asking|drilling)|can'?t expect|nobody)\b",
        "think": r"\b(?:let me think|lemme think|(?:one|1|a|just a|give me a|gimme a|hold on|hang on|few) (?:sec(?:ond)?s?|min(?:ute)?s?|moment)|hold on|hang on|thinking|to think|gather my thoughts|need (?:a bit|some|more) (?:of )?time|wait|still (?:here|thinking)|composing|typing|figuring|sketch)\b|^\W*(?:h+m+|u+h+m*|u+m+|e+r+m*)\W*$",
        "pause": r"\b(?:pause|break|brb|afk|be (?:right )?back|back in|come back|(?:on|put) (?:this |it )?(?:on )?hold|freeze|resume|continue (?:tomorrow|later)|later today|pick (?:it )?up (?:later|again|at)|someone'?s at|phone|call|bathroom|toilet|water|coffee|lunch|dinner|battery|wifi|restart)\b",
        "acknowledge": r"^\W*(?:ok(?:ay)?|k+|kk|alright|all right|got it|gotcha|thanks?|thank you|thx|ty|understood|i see|ahh? i see|makes sense|sure|ready|yes|yep|yeah|yup|cool|great|nice|perfect|fine|fair enough|hi|hello|hey|good (?:morning|evening|afternoon)|noted|sounds good|let'?s (?:go|start|begin|do it)|i'?m (?:ready|back)|go ahead|will do|right|oh right)\b",
        "off_topic": r"\b(?:are you (?:a |an |even )?(?:real|human|bot|ai|robot|person|machine|chatgpt|llm|gpt)|who (?:built|made|are you)|what(?:'s| is) your name|which (?:llm|model) are you|weather|salary|job market|joke|cover letter|resume|cv|phd|recommend me|my (?:cat|dog|kid|wife|boss)|how'?s your|your day|the game|movie|dark mode|open source|recorded|nervous)\b",
        "asks": r"^\W*(?:(?:ok|okay|sure|sorry|thanks|so|and|but|wait|hmm|before i answer|quick question|one question)[\s,.:;]*)*(?:what|which|who|how|is|are|do|does|did|can|could|may|should|would|will|when|where|why|shall|am)\b",
        "may_i": r"\b(?:can|may|could|should|shall|do|am) (?:i|we)\b|\b(?:ok|okay|fair|fine) (?:to|if)\b|\b(?:do|are|did) you (?:want|mean|care|asking|expect|after|looking)\b|\byou mean\b|\bwhen you say\b|\bby (?:\"|“)?\w+(?:\"|”)?,? (?:do )?you\b|\bassum(?:e|ing|ption)\b",
        "scope": r"\b(?:how (?:many|much|big|large|often|long|fast|deep|fresh|old)|latency|qps|budget|volume|scale|traffic|users?|constraints?|requirements?|define|definition|available|deadline|hardware|existing|in scope|baseline)\b",
        "i_would": r"\b(?:i(?:'d| would| will|'ll)|we(?:'d| would| can| could)?|you (?:can|could|should|would|need)|because|since|therefore|so that|which means|e\.g|for example|for instance|would|depends on)\b",
        "formula": r"[=≈≤≥∑√λσμ^]|\w+\([^)]*\)|\b\d+(?:\.\d+)?\s?%|\b0\.\d+|->|→|\n\s*(?:[-*•]|\d+[.)])",
        "request": r"\b(?:please|pls|plz|can you|could you|would you|can u|let'?s|let us|give me|gimme|i(?:'d| would) (?:like|prefer|rather)|i want|i need|mind)\b",
        "adds": r"^\W*(?:oh |and |also |plus )*(?:let me add|i(?:'d| would)? (?:like|want) to add|one more thing|also|plus|and for|forgot to (?:say|mention|add)|should have mentioned|to add|addition)\b",
        "corrects": r"\b(?:scratch that|correction|take that back|i was wrong|i misspoke|wait no|no wait|actually|let me correct)\b",
    }.items()
}
ADDITION = re.compile(
    r"^\W*(?:oh|and|also|sorry|wait|ah|actually|ok|okay)?[\s,.:]*(?:"
    r"(?:let me|can i|may i|could i|i(?:'d| would) (?:like|want) to|i want to|i wanted to|just to) (?:also |just |quickly )?(?:add|mention)\b"
    r"|(?:one|another) (?:more|last|other)? ?(?:thing|point)\b|i (?:also )?forgot (?:to (?:say|mention|add)|one)|(?:i )?should (?:also )?have (?:said|mentioned|added)"
    r"|(?:going |coming )?back to (?:the |my )?(?:last|previous|earlier|first)|(?:on|for|about) the (?:previous|last) (?:question|one|answer)|to (?:complete|finish) my (?:last|previous)? ?answer)",
    re.IGNORECASE,
)
PLAIN: tuple[tuple[Act, re.Pattern[str]], ...] = tuple(
    (
        act,
        re.compile(rf"^\W*(?:ok(?:ay)?|so|please|pls|sorry|well|hm+|um+)?[\s,.:]*(?:{pattern})\W*(?:please|pls|plz|now|thanks?|thank you)?\W*$", re.IGNORECASE),
    )
    for act, pattern in (
        (Act.END, r"end(?: (?:the )?(?:interview|session|round))?(?: and debrief| here)?|quit|exit|stop the interview|finish the interview"),
        (Act.SKIP, r"skip(?: (?:it|this|that|this one|this question|the question))?|pass|next(?: question| one)?"),
        (Act.HINT, r"(?:a |another |one more )?hint|give me a hint|(?:can|could|may) i (?:have|get) a hint|help"),
        (Act.REPEAT, r"repeat(?: (?:that|it|the question))?|(?:can|could) you repeat (?:that|it|the question)"),
        (Act.REPHRASE, r"re-?phrase(?: (?:that|it|the question))?"),
        (Act.DONT_KNOW, r"i do ?n[o']?t know|i don't know|no idea|idk|dunno"),
        (Act.PAUSE, r"pause"),
    )
)


_SCORE = (
    r"(?:\b(?:full|max|maximum|top|highest|perfect|best)(?: possible)? (?:marks?|scores?|points?|credit|band|grade|rating)\b|\bfull (?:marks|credit)\b"
    r"|\bstrong hire\b|\bband 4\b|\b\d+ ?/ ?(?:4|5|10|100)\b|\b\d+ out of (?:4|5|10|100)\b)"
)
_AWARD = r"\b(?:give|award|assign|grant|rate|score|grade|mark)\b"
INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,20}\b(?:instructions?|(?:your|the|this|any|scoring|grading) (?:rubric|criteria)|guidelines|(?:your|the) prompt)\b"
    r"|\b(?:ignore|disregard|forget|override) (?:(?:all|any|your|the|these|my) )*(?:previous|above|prior|earlier|grading|scoring) (?:rules|prompts?|text|messages?)\b"
    r"|\b(?:ignore|disregard|forget) (?:everything|all|anything|the) (?:above|before|previous)(?=\W*(?:$|[.,;:]|and\b))"
    rf"|{_AWARD}[^.\n]{{0,30}}\b(?:me|it|(?:my|this|the) (?:answer|response|submission|candidate)|this)\b[^.\n]{{0,40}}{_SCORE}"
    rf"|{_AWARD}[^.\n]{{0,20}}{_SCORE}[^.\n]{{0,20}}\b(?:to|for) (?:me|my|this|the following)\b"
    rf"|{_AWARD} (?:me|(?:my|this) (?:answer|response|submission|one))(?: (?:as|with|at))?(?: (?:a|an|the))? (?:full|max|maximum|top|highest|perfect|best|10|100|4)\W*$"
    r"|\b(?:mark|set|treat|label|consider|count)\b[^.\n]{0,10}\b(?:all|every|each|the|these)(?: of)?(?: the| your)?(?: rubric| grading| scoring)? "
    r"(?:criteria|criterion|verdicts?|rubric|rubric (?:points?|items?)|items?|points?) (?:as |to |to be |is |are )?(?:met|satisfied|passed|fulfilled|covered)\b"
    r"|\byou are (?:now )?(?:a|an|the) (?:generous|lenient|helpful)?\s*(?:grader|judge|examiner|evaluator)\b"
    r"|^\W*(?:system|developer|assistant) (?:override|note|message)\s*:|^\W*(?-i:SYSTEM|DEVELOPER|ASSISTANT)\s*:|\[(?:system|developer|assistant)\s*:"
    r"|^\W*(?:system|developer|assistant)\s*:\s*(?:award|give|ignore|disregard|mark|grade|rate|you|the candidate)\b"
    r"|\b(?:dear|attention|note to(?: the)?|message (?:to|for)(?: the)?) (?:grader|judge|evaluator|examiner)\b|\bas the (?:grader|judge|evaluator|examiner),? you\b"
    r"|</?(?:system|instructions?|rubric|answer|grade)>",
    re.IGNORECASE,
)
"""Speaks to the grader. Every branch needs the grader's own matters (its rubric, its marks, its role): the same verbs are plain
machine learning elsewhere ("ignore outliers above …", "score each candidate and keep the top 100", "the forget gate")."""


class Reading(NamedTuple):
    """What a message is. `acts[0]` is the main act; `addition` marks “let me add …”; `sure` is its probability."""

    acts: tuple[Act, ...]
    sure: float
    addition: bool = False


class Weights(NamedTuple):
    """The fitted softmax: `matrix` (features, acts) and `bias` (acts,)."""

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]


def is_instruction(text: str) -> bool:
    """Whether a sentence speaks to the grader instead of about the question."""
    return INSTRUCTION.search(text) is not None


@cache
def weights() -> Weights:
    """The shipped weights."""
    with np.load(Path(__file__).with_name("dialogue_weights.npz")) as stored:
        return Weights(stored["matrix"].astype(np.float32), stored["bias"].astype(np.float32))


def normal(text: str) -> str:
    """Lower case, plain apostrophes, single spaces."""
    return re.sub(r"\s+", " ", text.lower().replace("’", "'").replace("`", "'")).strip()


def key_sentences(text: str) -> list[str]:
    """The sentences whose vectors stand for a message: the first three and the last two."""
    found = [s.text for s in sentences.split(text)]
    return found if len(found) <= 5 else found[:3] + found[-2:]


def features(text: str, vectors: Vectors) -> NDArray[np.float32]:
    """The feature row of a message: 384 of its vectors' mean, hashed n-grams, cues, shape."""
    plain = normal(text)
    read = plain if len(plain) <= 2 * EDGE else f"{plain[:EDGE]} {plain[-EDGE:]}"
    mean = vectors.mean(axis=0) if len(vectors) else np.zeros(384, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    hashed = np.zeros(HASHED, dtype=np.float32)
    own = re.findall(r"[\w']+|\?", read)
    grams = [" ".join(own[i : i + n]) for n in (1, 2, 3) for i in range(len(own) - n + 1)]
    for word in own:
        padded = f" {word} "
        grams += [f"#{padded[i : i + n]}" for n in (3, 4, 5) for i in range(max(1, len(padded) - n + 1))]
    for gram in grams:
        code = zlib.crc32(gram.encode())
        hashed[code % HASHED] += 1.0 if code & 0x80000000 else -1.0
    norm = float(np.linalg.norm(hashed))
    words = len(plain.split())
    cues = [float(pattern.search(plain) is not None) for pattern in CUES.values()]
    shape = [min(words, 60) / 20, float(words <= 2), float(words <= 5), float(words > 20), float("?" in plain), float(plain.endswith("?")), float("\n" in text)]
    return np.concatenate([mean / length if length else mean, hashed / norm if norm else hashed, np.asarray(cues + shape, dtype=np.float32)]).astype(np.float32)


def probabilities(row: NDArray[np.float32], fitted: Weights) -> NDArray[np.float32]:
    """Softmax over the acts."""
    logits = row @ fitted.matrix + fitted.bias
    exponent = np.exp(logits - logits.max())
    return np.asarray(exponent / exponent.sum(), dtype=np.float32)


def choose(p: NDArray[np.float32]) -> tuple[Act, float]:
    """The act with the highest probability, unless an answer stays too probable to dismiss."""
    best = int(p.argmax())
    answer = ACTS.index(Act.ANSWER)
    if best != answer and p[best] < ANSWER_MARGIN and p[answer] > ANSWER_FLOOR:
        best = answer
    return ACTS[best], float(p[best])


def classify(text: str, embedder: Embedder, fitted: Weights | None = None) -> Reading:
    """What the message is. Deterministic; costs no embedding beyond the message's own sentences.

    Content beats requests and remarks that come with it: “lasso zeroes some weights. is that right?” is an answer. Only a leading
    objection, a skip or an end stands against content.
    """
    plain = normal(text)
    for act, pattern in PLAIN:
        if pattern.match(plain):
            return Reading((act,), 1.0)
    if is_instruction(plain):  # what speaks to the grader is answer text: it earns nothing there, and is flagged
        return Reading((Act.ANSWER,), 1.0)
    key = key_sentences(text)
    if not key:
        return Reading((Act.THINK,) if re.search(r"[.…?]", text) else (Act.ANSWER,), 0.5)
    fitted = fitted or weights()
    vectors = embedder.embed(key)
    act, sure = choose(probabilities(features(QUOTED.sub(" ", text), vectors), fitted))
    parts = [(p, *choose(probabilities(features(p, v[None, :]), fitted))) for p, v in zip(key, vectors, strict=True)] if len(key) > 1 else []
    content = [p for p, a, certain in parts if a is Act.ANSWER and certain >= CONTENT_SURE and len(p.split()) >= CONTENT_WORDS]
    if act not in (Act.ANSWER, Act.PUSHBACK, Act.SKIP, Act.END) and (content or len(plain.split()) > LONG_WORDS):
        # A clarifying question with a preamble stays one: what is not a question in it must say more than the questions do.
        asked = sum(len(p.split()) for p, a, _ in parts if a is Act.CLARIFY or "?" in p)
        if act is not Act.CLARIFY or sum(len(p.split()) for p in content) > asked:
            act, sure = Act.ANSWER, max(0.5, 1.0 - sure)
    if ADDITION.match(plain) is not None and act in (Act.ANSWER, Act.ACKNOWLEDGE, Act.OFF_TOPIC):
        return Reading((Act.ANSWER,), sure, addition=True)
    if act is Act.ANSWER and parts and parts[-1][1] is Act.CLARIFY and "?" in parts[-1][0]:
        return Reading((act, Act.CLARIFY), sure)
    return Reading((act,), sure)


FACT_FLOOR = 0.5
"""Least match between a clarifying question and a fact's `ask` phrases."""

_LIGHT = frozenset(
    "a an the of to in is are be we i you it do does did have has had can could should would will may what which how who when where why there this that for on with our your my me any "
    "some or and so if at by about from as not many much".split()
)


def _content(text: str) -> set[str]:
    return {w.rstrip("s") for w in re.findall(r"[a-z0-9]+", normal(text)) if w not in _LIGHT}


def facts(text: str, sheet: Mapping[str, Fact], embedder: Embedder) -> tuple[str, ...]:
    """Which facts of the sheet a clarifying question asks for, in the order asked; at most one a question sentence.

    A phrase matches by its content words and by its vector; a match needs a shared word or a near vector.
    """
    found: list[str] = []
    asked = [s.text for s in sentences.split(text) if "?" in s.text] or [s.text for s in sentences.split(text)]
    phrases = [(name, phrase) for name, fact in sheet.items() for phrase in fact.ask]
    if not phrases or not asked:
        return ()
    phrase_vectors = embedder.embed([p for _, p in phrases])
    for sentence in asked:
        similarity = phrase_vectors @ embedder.embed([sentence])[0]
        own = _content(sentence)
        scores: dict[str, float] = {}
        for (name, phrase), cosine in zip(phrases, similarity, strict=True):
            wanted = _content(phrase)
            overlap = len(wanted & own) / len(wanted) if wanted else 0.0
            scores[name] = max(scores.get(name, 0.0), 0.6 * float(cosine) + 0.4 * overlap)
        best = max(scores, key=lambda n: scores[n])
        if scores[best] >= FACT_FLOOR and best not in found:
            found.append(best)
    return tuple(found)
