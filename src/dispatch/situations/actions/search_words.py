"""Keeping the words of titles and descriptions, so that a search knows them when they are mistyped."""

from __future__ import annotations

from sqlalchemy import text

from dispatch.kit.db import Tx

# In order, so that two reports with the same new words wait for each other instead of locking each other out.
_REMEMBER = text(
    "insert into search_word (org_id, word)"
    " select distinct s.org_id, word"
    " from situation s, unnest(tsvector_to_array(to_tsvector('simple', s.title || ' ' || s.description))) as word"
    " where s.org_id = :org and s.id = :id and length(word) between 4 and 40 and word !~ '[0-9]'"
    " order by 1, 2 on conflict do nothing"
)


async def remember_words(t: Tx, situation_id: int) -> None:
    """Words of 4 to 40 letters; numbers are not misspelt in a way that could be guessed."""
    await t.execute(_REMEMBER, {"org": t.org, "id": situation_id})
