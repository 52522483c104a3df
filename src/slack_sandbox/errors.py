"""How Slack and the sandbox say no."""

from typing import Any


class SlackError(Exception):
    """A refusal by the Web API, answered as `{"ok": false, "error": name, ...}`."""

    def __init__(self, error: str, *, messages: list[str] | None = None, **more: Any) -> None:
        super().__init__(error)
        self.error = error
        self.messages = messages or []
        self.more = more

    def answer(self) -> dict[str, Any]:
        body: dict[str, Any] = {"ok": False, "error": self.error, **self.more}
        if self.messages:
            body["response_metadata"] = {"messages": [f"[ERROR] {text}" for text in self.messages]}
        return body


class Impossible(Exception):
    """What a person in the sandbox cannot do (typing an unknown command, pressing a button that is not there)."""

    def __init__(self, error: str, detail: str = "", *, status: int = 400) -> None:
        super().__init__(f"{error}: {detail}" if detail else error)
        self.error = error
        self.detail = detail
        self.status = status
