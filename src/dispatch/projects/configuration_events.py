"""What admins change of a project beside its plugins. About the project; `before` and `after` are by label."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dispatch.kit.events import Fact, fact


@dataclass(frozen=True, kw_only=True)
class _Configured(Fact):
    icon = "settings"

    project: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@fact
@dataclass(frozen=True, kw_only=True)
class ProjectCreated(_Configured):
    name = "project.created"
    says = "{by} created the project {project}"
    icon = "folder"


@fact
@dataclass(frozen=True, kw_only=True)
class ProjectChanged(_Configured):
    """`changed` are the labels of the settings."""

    name = "project.changed"
    says = "{by} changed the project {project}: {changed}"

    changed: str


@dataclass(frozen=True, kw_only=True)
class _Choice(_Configured):
    """`kind` is type, severity or priority; `item` is the row's id."""

    icon = "list"

    kind: str
    what: str
    item: int


@fact
@dataclass(frozen=True, kw_only=True)
class ChoiceAdded(_Choice):
    name = "project.choice_added"
    says = "{by} added the {kind} {what} to {project}"


@fact
@dataclass(frozen=True, kw_only=True)
class ChoiceChanged(_Choice):
    name = "project.choice_changed"
    says = "{by} changed the {kind} {what} of {project}: {changed}"

    changed: str


@fact
@dataclass(frozen=True, kw_only=True)
class ChoiceRemoved(_Choice):
    name = "project.choice_removed"
    says = "{by} removed the {kind} {what} from {project}"
    icon = "trash"


@fact
@dataclass(frozen=True, kw_only=True)
class TagsAdded(_Configured):
    name = "project.tags_added"
    says = "{by} added tags to {project}: {tags}"
    icon = "label"

    tags: str


@fact
@dataclass(frozen=True, kw_only=True)
class TagChanged(_Configured):
    name = "project.tag_changed"
    says = "{by} changed the tag {tag} of {project}"
    icon = "label"

    tag: str


@fact
@dataclass(frozen=True, kw_only=True)
class TagRemoved(_Configured):
    name = "project.tag_removed"
    says = "{by} removed the tag {tag} from {project}"
    icon = "trash"

    tag: str
