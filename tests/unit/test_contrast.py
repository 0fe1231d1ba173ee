"""Discriminants between what meets a criterion and what nearly does."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewer.grading.contrast import BREAKS, HASHED, JOINS, MANY, RIDGE, SHORTEST_PART, SIDES, Spread, contrast, meaning_of, parts_of, sides, wording_of

SIZE = 6


def spread(rest: float = 0.5, seed: int = 0, scale: float = 1.0) -> Spread:
    """A covariance whose variances along two directions differ from the rest."""
    axes = np.linalg.qr(np.random.default_rng(seed).standard_normal((SIZE, SIZE)))[0][:, :2].astype(np.float32)
    return Spread(np.full(SIZE, scale, dtype=np.float32), axes, np.array([2.0, 4.0], dtype=np.float32), rest)


def covariance(of: Spread) -> np.ndarray:
    """The same as a matrix."""
    return of.rest * np.eye(SIZE) + (of.axes * (of.along - of.rest)) @ of.axes.T


def texts(*rows: float) -> np.ndarray:
    """Vectors that differ along the first direction only."""
    found = np.zeros((len(rows), SIZE), dtype=np.float32)
    found[:, 0] = rows
    return found


OWNER = np.array([0, 0, 0, 1, 1, 1])
MISS = np.array([False, False, True, False, False, True])


def read(vectors: np.ndarray, said: np.ndarray, owner: np.ndarray = OWNER, miss: np.ndarray = MISS, of: Spread | None = None) -> dict[str, np.ndarray]:
    """The sides by name, (points, sentences)."""
    found = sides(contrast(vectors, owner, miss, of or spread()), said)
    return {name: found[:, :, k] for k, name in enumerate(SIDES)}


def test_the_covariance_and_its_shrunk_inverse_are_those_of_the_matrix():
    of = spread()
    vectors = np.random.default_rng(1).standard_normal((3, SIZE)).astype(np.float32)
    full = covariance(of)
    ridge = RIDGE * np.trace(full) / SIZE
    assert of.times_covariance(vectors) == pytest.approx(vectors @ full, abs=1e-4)
    assert of.whitened(vectors) == pytest.approx(vectors @ np.linalg.inv(full + ridge * np.eye(SIZE)), abs=1e-4)


def test_what_is_said_lies_on_the_side_of_the_phrasings_or_of_the_near_misses():
    vectors = texts(2.0, 2.2, 1.0, -2.0, -2.2, -1.0)
    found = read(vectors, texts(2.1, 1.55, 1.0))
    assert found["own_miss"][0, 0] > 0 > found["own_miss"][0, 2]
    assert found["own_miss"][0, 1] == pytest.approx(0.0, abs=1e-4)
    assert found["any_other"][0, 0] > 0 > found["any_other"][1, 0]
    assert found["others"][0, 0] > found["others"][0, 1] > found["others"][0, 2]


def test_a_boundary_is_as_far_as_texts_that_say_the_same_would_reach():
    of = spread()
    random = np.random.default_rng(2)
    vectors = random.standard_normal((6, SIZE)).astype(np.float32)
    direction = np.linalg.inv(covariance(of) + of.ridge * np.eye(SIZE)) @ (vectors[:2].mean(axis=0) - vectors[2])
    said = random.standard_normal((1, SIZE)).astype(np.float32)
    away = (said[0] - (vectors[:2].mean(axis=0) + vectors[2]) / 2) @ direction / np.sqrt(direction @ covariance(of) @ direction)
    assert read(vectors, said, of=of)["own_miss"][0, 0] == pytest.approx(away, rel=1e-3)


def test_the_nearest_near_miss_is_that_of_any_criterion():
    vectors = texts(2.0, 2.0, -5.0, -2.0, -2.0, 3.0)
    found = read(vectors, texts(2.9))
    assert found["own_miss"][0, 0] > 0 > found["any_miss"][0, 0]


def test_where_there_is_nothing_to_tell_from_it_lies_on_neither_side():
    one = read(texts(1.0, 2.0), texts(1.5, 9.0), np.array([0, 0]), np.array([False, False]))
    assert all(np.all(v == 0.0) for v in one.values())
    bare = read(texts(1.0, 2.0, -1.0), texts(1.5), np.array([0, 0, 1]), np.zeros(3, dtype=bool))
    assert bare["own_miss"][0, 0] == bare["any_miss"][0, 0] == 0.0
    assert bare["others"][0, 0] > 0
    assert bare["any_other"][0, 0] > 0


def test_scaling_the_vectors_is_part_of_the_spread():
    vectors = np.random.default_rng(3).standard_normal((6, SIZE)).astype(np.float32)
    plain, scaled = (read(v, v[:1], of=spread(scale=s)) for v, s in ((vectors * 3.0, 1.0), (vectors, 3.0)))
    assert all(plain[name] == pytest.approx(scaled[name], rel=1e-3, abs=1e-4) for name in SIDES)


@pytest.mark.parametrize(("points", "counting"), [(MANY - 1, 1), (MANY, 2), (2 * MANY, 2)])
def test_of_many_points_the_two_nearest_count(points, counting):
    random = np.random.default_rng(5)
    vectors = random.standard_normal((2 * points, SIZE)).astype(np.float32)
    owner, miss = np.repeat(np.arange(points), 2), np.tile([False, True], points)
    said = random.standard_normal((1, SIZE)).astype(np.float32)
    found = read(vectors, said, owner, miss)
    alone = [read(vectors[[0, k]], said, np.array([0, 1]), np.zeros(2, dtype=bool))["any_other"][0, 0] for k in range(2, 2 * points, 2)]
    assert found["any_other"][0, 0] == pytest.approx(np.mean(sorted(alone)[:counting]), rel=1e-3)


def test_points_that_are_the_same_are_told_from_nothing():
    vectors = np.repeat(np.random.default_rng(6).standard_normal((1, SIZE)).astype(np.float32) * 30.0, 6, axis=0)
    found = read(vectors, np.random.default_rng(7).standard_normal((3, SIZE)).astype(np.float32) * 30.0)
    assert all(np.all(v == 0.0) for v in found.values())


@given(st.integers(1, 8), st.integers(0, 1000))
def test_a_sentence_is_read_alike_whatever_stands_beside_it(amount, seed):
    random = np.random.default_rng(seed)
    points = contrast(random.standard_normal((6, SIZE)).astype(np.float32), OWNER, MISS, spread())
    said = random.standard_normal((amount, SIZE)).astype(np.float32)
    alone = np.concatenate([sides(points, s[None]) for s in said], axis=1)
    assert sides(points, said) == pytest.approx(alone, abs=1e-4)


def test_meaning_knows_the_order_of_tokens_and_a_mean_does_not():
    tokens = np.random.default_rng(4).standard_normal((5, 3)).astype(np.float32)
    there, back = meaning_of(tokens), meaning_of(tokens[::-1])
    same = np.r_[0:6, 9:15]
    assert there[same] == pytest.approx(back[same], abs=1e-5)
    assert there[6:9] == pytest.approx(-back[6:9], abs=1e-5)
    assert np.abs(there[6:9]).max() > 0.01
    assert meaning_of(tokens[:1]) == pytest.approx(np.concatenate([tokens[0], tokens[0], np.zeros(3), tokens[0] ** 2, tokens[0]]))


def test_wording_knows_which_words_are_neighbours_and_no_case():
    grams, weights = np.eye(4, dtype=np.float32), [1.0, 0.5, 0.25, 0.0]
    there, back = (wording_of(t, grams, weights) for t in ("bias grows as variance falls", "Variance grows as bias falls"))
    words, pairs = slice(4, 4 + HASHED), slice(4 + HASHED, None)
    assert there[:4] == pytest.approx(np.array(weights) / 2)
    assert there[words] == pytest.approx(back[words])
    assert np.abs(there[pairs] - back[pairs]).max() > 0
    assert wording_of("BIAS grows AS variance falls", grams, weights) == pytest.approx(there)


def pieces_of(text: str) -> tuple[str, ...]:
    """Word pieces as if each word were one."""
    return tuple(re.findall(r"\w+|[^\w\s]", text))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "I add a missing flag, fit the median on training rows, and compare it with dropped rows",
            ["I add a missing flag ,", "fit the median on training rows ,", "and compare it with dropped rows"],
        ),
        (
            "Because the loss is flat the gradient vanishes; then training stalls and nothing moves any more",
            ["Because the loss is flat the gradient vanishes ;", "then training stalls and nothing moves any more"],
        ),
        (
            "The weights shrink under the penalty because large ones cost more, as said",
            ["The weights shrink under the penalty", "because large ones cost more , as said"],
        ),
        ("High bias, low variance, and so on", []),
        ("The gradient of the loss vanishes where every weight is zero", []),
    ],
)
def test_a_sentence_that_makes_several_points_has_parts(text, parts):
    pieces = pieces_of(text)
    assert [" ".join(pieces[part]) for part in parts_of(pieces)] == parts


@given(st.lists(st.sampled_from(("model", "##s", "fits", "data", *sorted(BREAKS), *sorted(JOINS))), max_size=60))
def test_parts_hold_the_whole_sentence_in_order_and_none_is_short(pieces):
    parts = parts_of(pieces)
    assert [p for part in parts for p in pieces[part]] == (pieces if parts else [])
    assert len(parts) != 1
    assert all(sum(p.isalnum() for p in pieces[part]) >= SHORTEST_PART for part in parts)
