"""Words a person typed, as conditions: beginnings of words, other forms of them, and after a miss also typing errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from dispatch.kit.db import Read
from dispatch.situations.models import SearchWord, Situation

#: Words looked for; more of them narrow nothing down.
MOST_WORDS = 12
#: How alike two words must be (pg_trgm, 0 to 1) for one to be a misspelling of the other: "chekcout" and "checkout" are 0.38.
ALIKE = 0.3
#: Known words tried for one that was mistyped.
MOST_ALIKE = 3
#: Shorter words have too few letters to tell an error from another word.
SHORTEST = 4

Alike = Mapping[str, Sequence[str]]


def typed_words(q: str) -> list[str]:
    """The words of a search. PostgreSQL takes no NUL in a text."""
    return q.replace("\0", " ").split()[:MOST_WORDS]


def matches(q: str, alike: Alike | None = None) -> ColumnElement[bool]:
    """Whether a situation has all words typed, or is called so.

    Args:
        alike: for mistyped words, known ones that are also taken (see `misspelt`).
    """
    wanted: Any = None
    for word in typed_words(q):
        forms = [word, *(alike or {}).get(word.lower(), ())]
        either: Any = None
        for form in forms:
            here = _query("simple", f"{_quoted(form)}:*").op("||")(_query("english", _quoted(form)))
            either = here if either is None else either.op("||")(here)
        wanted = either if wanted is None else wanted.op("&&")(either)
    return or_(Situation.words.op("@@")(wanted), Situation.name == q.replace("\0", " ").strip().upper())


async def misspelt(t: Read, q: str) -> dict[str, list[str]]:
    """Word typed -> words of this organization that look like it, the most alike first. One statement.

    Without an index: pg_trgm's operators are not leakproof, so that row-level security keeps PostgreSQL from using
    one. The vocabulary grows slowly - 100,000 incidents had some 10,000 words.
    """
    words = sorted({word.lower() for word in typed_words(q) if len(word) >= SHORTEST})
    if not words:
        return {}
    each = func.unnest(bindparam("typed", words, type_=ARRAY(Text))).table_valued("word", name="typed").render_derived()
    typed = each.c.word
    score = func.similarity(SearchWord.word, typed)
    ranked = (
        select(
            typed.label("typed"),
            SearchWord.word,
            func.row_number().over(partition_by=typed, order_by=(score.desc(), SearchWord.word)).label("place"),
        )
        .select_from(SearchWord)
        .join(each, score >= literal(ALIKE))
        .where(SearchWord.org_id == t.org)
        .subquery()
    )
    found: dict[str, list[str]] = {}
    for word, known in await t.execute(
        select(ranked.c.typed, ranked.c.word).where(ranked.c.place <= MOST_ALIKE).order_by(ranked.c.place)
    ):
        found.setdefault(word, []).append(known)
    return found


def _query(language: str, text: str) -> ColumnElement[Any]:
    return func.to_tsquery(language, text)


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
