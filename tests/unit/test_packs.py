"""The bundled bank is sound, and a broken pack lists every fault at its file and line and keeps the rest usable."""

import json
import shutil

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interviewer import packs
from interviewer.domain import Round
from interviewer.settings import ROOT

QUESTION = """\
  - id: {id}
    title: A title
    round: fundamentals
    topic: topic
    roles: [mle]
    level: mid
    difficulty: 2
    minutes: 6
    prompt: Tell me how you would approach this.
    rephrase: In other words, what would you do?
    reference: [knowledge/topic/page#first]
    criteria:
"""
CRITERION = """\
      - id: {id}
        dimension: mechanism
        kind: must
        statement: Compares {id} errors measured during training against validation.
        examples: [one example, two examples]
        counter_examples: [a near miss]
        probe: What would you look at?
        hints: [nudge, category, choice]
"""
VALUES = {4: "met", 2: "partial", 1: "unmet"}
PAGE = "---\ntitle: Page\nsummary: About it.\nsources: [A book]\n---\n## First heading {#first}\nSome text.\n\n## Second heading\nMore text.\n"
NAMES = ("aa", "bb", "cc", "dd", "ee")


def question(name="sound"):
    text = QUESTION.format(id=name) + "".join(CRITERION.format(id=n) for n in NAMES) + "    exemplars:\n"
    for band, value in VALUES.items():
        verdicts = ", ".join(f"{n}: {value}" for n in NAMES)
        text += f"      - band: {band}\n        text: An answer.\n        verdicts: {{{verdicts}}}\n"
    return text


def pack(*questions):
    return "pack: {id: p, version: 1}\nquestions:\n" + "".join(questions or (question(),))


BLUEPRINT = "id: plan\ntitle: Plan\ndescription: A plan.\nminutes: 30\nquestions: 2\nshares:\n  fundamentals: 1.0\n"


@pytest.fixture
def root(tmp_path):
    """A small sound pack on disk."""
    for folder in ("rubrics/questions/fundamentals", "rubrics/blueprints", "knowledge/topic"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "rubrics/questions/fundamentals/good.yaml").write_text(pack())
    (tmp_path / "rubrics/blueprints/plan.yaml").write_text(BLUEPRINT)
    (tmp_path / "knowledge/topic/page.md").write_text(PAGE)
    return tmp_path


def add(root, content, name="rubrics/questions/fundamentals/zz-bad.yaml"):
    path = root / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def line_of(text, wanted, nth=1):
    """The 1-based line of the nth line that holds these words."""
    return [n for n, line in enumerate(text.split("\n"), 1) if wanted in line][nth - 1]


def one_fault(root, path, line, problem):
    """Exactly one fault, at this place; the sound question, page and plan are still there."""
    bank, faults = packs.load([root])
    assert [(f.path, f.line) for f in faults] == [(str(path), line)], [str(f) for f in faults]
    assert problem in faults[0].problem
    assert str(faults[0]) == f"{path}:{line}: {faults[0].problem}"
    assert "sound" in bank.questions
    assert "knowledge/topic/page" in bank.pages
    assert "plan" in bank.blueprints
    return bank


# --- the bundled bank -------------------------------------------------------------------------------------------------


def test_the_bundled_bank_loads_without_a_fault_and_is_large_enough():
    bank, faults = packs.load([ROOT])
    assert [str(f) for f in faults] == []
    assert len(bank.questions) >= 45
    assert {q.round for q in bank.questions.values()} == set(Round)
    assert len(bank.pages) >= 30
    assert len(bank.blueprints) >= 1


def test_the_bundled_bank_passes_the_check_command():
    assert [str(f) for f in packs.check([ROOT], ROOT)] == []


def test_every_reference_of_the_bank_leads_to_text(bank):
    sections = bank.sections
    assert all(sections[r].text.strip() for q in bank.questions.values() for r in q.reference)


def test_the_stored_schema_is_what_the_types_say():
    assert (ROOT / "rubrics/schema.json").read_text(encoding="utf-8") == packs.schema()
    assert set(json.loads(packs.schema())["properties"]) == {"pack", "questions"}


def test_an_old_schema_is_a_fault(tmp_path):
    shutil.copytree(ROOT / "rubrics", tmp_path / "rubrics")
    shutil.copytree(ROOT / "knowledge", tmp_path / "knowledge")
    assert packs.check([tmp_path], tmp_path) == []
    (tmp_path / "rubrics/schema.json").write_text("{}")
    faults = packs.check([tmp_path], tmp_path)
    assert [f.path for f in faults] == [str(tmp_path / "rubrics/schema.json")]


# --- a sound small pack -----------------------------------------------------------------------------------------------


def test_a_sound_pack_loads_whole(root):
    bank, faults = packs.load([root])
    assert faults == []
    assert list(bank.questions) == ["sound"]
    assert [s.source for s in bank.pages["knowledge/topic/page"].sections] == ["knowledge/topic/page#first", "knowledge/topic/page#second-heading"]
    assert bank.sections["knowledge/topic/page#second-heading"].text == "More text."


def test_yes_no_on_and_dates_stay_words(root):
    add(root, pack(question("words").replace("title: A title", "title: no").replace("[one example, two examples]", "[on, 2024-01-01]")))
    bank, faults = packs.load([root])
    assert faults == []
    assert bank.questions["words"].title == "no"
    assert bank.questions["words"].criteria[0].examples == ("on", "2024-01-01")


# --- broken question files --------------------------------------------------------------------------------------------


def test_broken_yaml_is_named_with_its_line(root):
    text = pack(question("bad")).replace("    difficulty: 2", "    difficulty: [2")
    one_fault(root, add(root, text), line_of(text, "minutes: 6"), "not valid YAML")


CASES = [
    ("wrong type", "difficulty: 2", "difficulty: hard", "difficulty: hard", "difficulty"),
    ("out of range", "minutes: 6", "minutes: 600", "minutes: 600", "minutes"),
    ("unknown field", "    level: mid", "    level: mid\n    colour: red", "colour: red", "colour"),
    ("unknown round", "round: fundamentals", "round: chess", "round: chess", "round"),
    ("unknown reference", "page#first", "page#nowhere", "page#nowhere", "no such guide section: knowledge/topic/page#nowhere"),
    ("malformed reference", "knowledge/topic/page#first", "page.md", "page.md", "reference"),
    ("wrong band", "- band: 2", "- band: 3", "- band: 3", "says band 3 but its verdicts add up to band 2"),
    ("leak in the prompt", "approach this.", "compare errors measured during training against validation.", "    prompt:", "prompt gives away criterion"),
    ("bad slug", "topic: topic", "topic: A Topic", "topic: A Topic", "topic"),
]


@pytest.mark.parametrize(("old", "new", "at", "problem"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_each_kind_of_fault_is_named_at_its_line(root, old, new, at, problem):
    text = pack(question("bad").replace(old, new, 1))
    path = add(root, text)
    bank, faults = packs.load([root])
    assert faults, "no fault was found"
    assert {(f.path, f.line) for f in faults} == {(str(path), line_of(text, at))}
    assert all(problem in f.problem for f in faults)
    assert list(bank.questions) == ["sound"]


def test_a_missing_hint_is_named_at_its_criterion(root):
    text = pack(question("bad").replace("hints: [nudge, category, choice]", "hints: [nudge, category]", 1))
    one_fault(root, add(root, text), line_of(text, "- id: aa"), "exactly three hints, found 2")


def test_a_missing_field_is_named_at_its_question(root):
    text = pack(question("bad").replace("    rephrase: In other words, what would you do?\n", ""))
    one_fault(root, add(root, text), line_of(text, "- id: bad"), "rephrase: Field required")


def test_a_missing_exemplar_verdict_is_named(root):
    text = pack(question("bad").replace(", ee: unmet", ""))
    one_fault(root, add(root, text), line_of(text, "- id: bad"), "exemplar 3 has no verdict for ee")


def test_a_probe_and_a_hint_that_give_the_answer_away_are_named(root):
    secret = "Do you compare aa errors measured during training against validation?"
    text = pack(question("bad").replace("What would you look at?", secret, 1).replace("[nudge, category, choice]", f"[nudge, '{secret}', choice]", 1))
    path = add(root, text)
    faults = packs.load([root])[1]
    assert {(f.path, f.line) for f in faults} == {(str(path), line_of(text, "probe: Do")), (str(path), line_of(text, "hints: [nudge, 'Do"))}
    assert any("probe of aa" in f.problem for f in faults)
    assert any("hint 2 of aa" in f.problem for f in faults)


def test_the_last_hint_may_say_it(root):
    secret = "So compare aa errors measured during training against validation."
    add(root, pack(question("fine").replace("[nudge, category, choice]", f"[nudge, category, '{secret}']", 1)))
    assert packs.load([root])[1] == []


def test_a_duplicate_id_is_named_where_it_comes_second_and_the_first_stays(root):
    text = pack(question("other"), question("sound"))
    bank = one_fault(root, add(root, text), line_of(text, "- id: sound"), "defined twice")
    assert set(bank.questions) == {"sound", "other"}


def test_a_sound_question_beside_a_broken_one_stays_usable(root):
    text = pack(question("bad").replace("minutes: 6", "minutes: x"), question("fine"))
    bank = one_fault(root, add(root, text), line_of(text, "minutes: x"), "minutes")
    assert set(bank.questions) == {"sound", "fine"}


def test_all_faults_of_all_files_are_listed_at_once(root):
    one = pack(question("bad").replace("minutes: 6", "minutes: x").replace("level: mid", "level: boss"))
    two = pack(question("worse").replace("page#first", "page#nowhere"))
    first, second = add(root, one), add(root, two, "rubrics/questions/fundamentals/zz-worse.yaml")
    faults = packs.load([root])[1]
    assert sorted((f.path, f.line) for f in faults) == sorted(
        [(str(first), line_of(one, "minutes: x")), (str(first), line_of(one, "level: boss")), (str(second), line_of(two, "nowhere"))]
    )


def test_an_unknown_field_of_the_pack_is_named(root):
    text = "pack: {id: p, version: 1}\nauthor: me\nquestions:\n" + question("fine")
    bank = one_fault(root, add(root, text), 2, "author")
    assert "fine" in bank.questions


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"", 1, "expected a mapping"),
        (b"# only a comment\n", 1, "expected a mapping"),
        (b"- a\n- list\n", 1, "expected a mapping"),
        (b"pack: \xff\xfe\n", 1, "not UTF-8 text (byte 6)"),
        (b"pack: {id: p, version: 1}\nquestions:\n  - id: \x00x\n", 3, "not valid YAML"),
        (b"pack: p\nquestions: !!int ''\n", 1, "does not fit its tag"),
        (b"questions: !!timestamp soon\n", 1, "does not fit its tag"),
        (b"questions: " + b"[" * 200_000, 1, "nested deeper"),
        (b"pack: *nobody\n", 1, "not valid YAML"),
        (b"pack: {id: p, version: 1}\nquestions: []\n", 2, "questions"),
        (b"pack: {id: p, version: 1}\nquestions: three\n", 2, "questions"),
    ],
)
def test_files_that_are_not_packs_at_all_are_named(root, content, line, problem):
    one_fault(root, add(root, content), line, problem)


# --- pages and blueprints ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("## A heading\ntext\n", 1, "front matter"),
        ("", 1, "front matter"),
        ("---\ntitle: x\nno end\n", 1, "front matter"),
        (PAGE.replace("title: Page", "title: [Page"), 3, "not valid YAML"),
        (PAGE.replace("sources: [A book]", "sources: []"), 4, "sources"),
        (PAGE.replace("title: Page", "title: Page\ncolour: red"), 3, "colour"),
        (PAGE.replace("Some text.\n", ""), 6, "section first is empty"),
        (PAGE.replace("## Second heading", "## Second heading {#first}"), 9, "section id first repeats"),
        (PAGE.replace("---\n## First", "---\nStray words.\n## First"), 6, "belongs to no section"),
    ],
)
def test_a_broken_page_is_named_at_its_line_and_left_out(root, text, line, problem):
    bank = one_fault(root, add(root, text, "knowledge/topic/zz.md"), line, problem)
    assert list(bank.pages) == ["knowledge/topic/page"]


def test_a_page_that_is_not_utf8_is_named(root):
    one_fault(root, add(root, PAGE.encode() + b"\xe9", "knowledge/topic/zz.md"), 1, "not UTF-8")


def test_a_heading_inside_a_code_block_is_no_section(root):
    add(root, PAGE.replace("Some text.", "```\n## not a heading\n```"))
    (root / "rubrics/questions/fundamentals/zz-bad.yaml").rename(root / "knowledge/topic/page.md")
    bank, faults = packs.load([root])
    assert faults == []
    assert len(bank.pages["knowledge/topic/page"].sections) == 2


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (BLUEPRINT.replace("id: plan", "id: plan2").replace("1.0", "0.9"), 1, "shares add up to 0.900"),
        (BLUEPRINT.replace("id: plan", "id: plan2").replace("minutes: 30", "minutes: 3"), 4, "minutes"),
        (BLUEPRINT, 1, "defined twice"),
    ],
)
def test_a_broken_blueprint_is_named(root, text, line, problem):
    bank = one_fault(root, add(root, text, "rubrics/blueprints/zz.yaml"), line, problem)
    assert list(bank.blueprints) == ["plan"]


def test_a_missing_folder_and_an_empty_one_are_faults(root, tmp_path):
    (tmp_path / "empty").mkdir()
    bank, faults = packs.load([tmp_path / "nowhere", tmp_path / "empty", root])
    assert [(f.path, f.line) for f in faults] == [(str(tmp_path / "nowhere"), 1), (str(tmp_path / "empty"), 1)]
    assert "sound" in bank.questions


def test_a_single_file_is_checked_against_the_guide_that_exists_elsewhere(root):
    path = root / "rubrics/questions/fundamentals/good.yaml"
    assert packs.check([path], root) == []
    text = path.read_text().replace("page#first", "page#gone")
    path.write_text(text)
    assert [(f.path, f.line) for f in packs.check([path], root)] == [(str(path), line_of(text, "gone"))]


# --- anything at all --------------------------------------------------------------------------------------------------


def survives(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    bank, faults = packs.load([path])
    assert all(f.path == str(path) and 1 <= f.line <= content.count(b"\n") + content.count(b"\r") + 2 for f in faults)
    assert faults or bank.questions or bank.pages
    return faults


anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
yamlish = st.text(alphabet=" \n-:[]{}#&*!|>'\"%@,?abinotesf0123._~=", max_size=80)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=6) | st.integers() | st.sampled_from(["id", "pack", "questions", "criteria"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@anything
@given(content=st.one_of(st.binary(max_size=120), yamlish.map(str.encode), yamlish.map(lambda t: f"questions:\n- {t}".encode())))
def test_arbitrary_bytes_never_raise_and_always_give_a_fault(tmp_path, content):
    assert survives(tmp_path, "x.yaml", content)


@anything
@given(
    tag=st.sampled_from(["int", "float", "bool", "null", "timestamp", "binary", "set", "omap", "pairs", "map", "seq", "str", "merge", "python/name:os"]),
    value=yamlish,
)
def test_no_yaml_tag_ever_raises(tmp_path, tag, value):
    assert survives(tmp_path, "x.yaml", f"questions: !!{tag} {value}".encode())


@anything
@given(data=plain, place=st.sampled_from(["top", "questions", "question", "criteria", "exemplars", "fact_sheet", "pack"]))
def test_arbitrary_values_anywhere_in_a_pack_never_raise(tmp_path, data, place):
    document = yaml.safe_load(pack())
    match place:
        case "top":
            document = data
        case "pack" | "questions":
            document[place] = data
        case "question":
            document["questions"].append(data)
        case _:
            document["questions"][0][place] = data
    survives(tmp_path, "x.yaml", yaml.safe_dump(document, allow_unicode=True).encode())


@anything
@given(
    content=st.one_of(
        st.binary(max_size=120), yamlish.map(lambda t: f"---\n{t}\n---\n## h\nx".encode()), yamlish.map(lambda t: f"---\ntitle: t\n---\n{t}".encode())
    )
)
def test_arbitrary_pages_never_raise(tmp_path, content):
    survives(tmp_path, "x.md", content)


# --- criteria of every design ---------------------------------------------------------------------------------------------

DESIGNS = ROOT / "rubrics" / "questions" / "system_design"


@pytest.fixture
def designs(tmp_path):
    """A root with one real archetype and the criteria of every design."""
    folder = tmp_path / "rubrics" / "questions" / "system_design"
    folder.mkdir(parents=True)
    for name in ("feed-ranking.yaml", "every-design.yaml"):
        shutil.copy(DESIGNS / name, folder / name)
    return folder


def loaded_designs(designs, bank):
    return packs.load([designs.parents[2]], known=bank.sections)


def test_every_archetype_has_the_common_criteria_after_its_own_whatever_it_wears(designs, bank):
    common = [c["id"] for c in yaml.safe_load((designs / "every-design.yaml").read_text("utf-8"))["common"]["criteria"]]
    found, faults = loaded_designs(designs, bank)
    assert not faults
    feed = found.archetypes["feed-ranking"]
    (designs / "every-design.yaml").unlink()
    alone = loaded_designs(designs, bank)[0].archetypes["feed-ranking"]
    assert [c.id for c in feed.criteria] == [*(c.id for c in alone.criteria), *common]
    for variant in feed.variants:
        assert set(common) <= {c.id for c in feed.skinned(variant.id).criteria}


def test_a_common_criterion_that_an_archetype_or_a_variant_has_too_is_a_fault(designs, bank):
    path = designs / "every-design.yaml"
    feed = bank.archetypes["feed-ranking"]
    for taken in (feed.criteria[0].id, feed.deep_dives[0].criteria[0].id, feed.variants[0].criteria[0].id):
        shutil.copy(DESIGNS / path.name, path)
        path.write_text(path.read_text("utf-8").replace("id: every-price\n", f"id: {taken}\n"), "utf-8")
        found, faults = loaded_designs(designs, bank)
        assert not found.archetypes
        assert [f.problem for f in faults] == [f"feed-ranking: criterion id {taken} is that of a common criterion"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("id: every-owner\n", "id: every-price\n", "ids repeat"),
        ("level: staff\n", "level: sergeant\n", "junior"),
        ("common:\n", "extra: 1\ncommon:\n", "not a field of a file of common criteria"),
        (
            "probe: How do you know that an answer arrives in time?",
            "probe: Splits the time allowed for a response among the stages in numbers?",
            "gives it away",
        ),
    ],
)
def test_a_broken_file_of_common_criteria_is_a_fault_at_its_line_and_leaves_the_archetypes(designs, bank, old, new, problem):
    path = designs / "every-design.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    found, faults = loaded_designs(designs, bank)
    assert any(problem in f.problem and f.path.endswith(path.name) and f.line > 1 for f in faults)
    assert not any(c.id.startswith("every-") for c in found.archetypes["feed-ranking"].criteria)
