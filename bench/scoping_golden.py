"""The golden scoping questions: what each tries, and which archetypes' served for development. The tests need it too, without what fits."""

from collections.abc import Mapping

DEVELOPED = frozenset({"ad-click-prediction", "feed-ranking", "harmful-content", "product-recommendation", "search-ranking", "spam-detection"})


def kind_of(row: Mapping[str, object]) -> str:
    """What a golden question tries."""
    facts = row["facts"]
    assert isinstance(facts, list)
    return "not held" if not facts else "several" if len(facts) > 1 else "follow-up" if row["asked"] else "one fact"
