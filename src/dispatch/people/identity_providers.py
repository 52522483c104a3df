"""An organization's OpenID provider: its settings, and whom it may let in as what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy import select

from dispatch.kit import clock
from dispatch.kit.crypto import CannotDecrypt, Vault
from dispatch.kit.db import Read, Tx
from dispatch.kit.errors import Invalid, NotAllowed
from dispatch.kit.events import Subject, record
from dispatch.people.access import rank, require
from dispatch.people.actions import account_for, add_member, person_for
from dispatch.people.events import MemberJoined, SignInConfigured
from dispatch.people.membership import checked_email, lock_roles, member, set_role
from dispatch.people.models import PROVIDER_SECRET, ROLES, Account, ExternalIdentity, IdentityProvider, Membership
from dispatch.people.oidc_metadata import not_secure
from dispatch.people.queries import Viewer


def _words(value: Any) -> Any:
    return [word for word in value.replace(",", " ").split() if word] if isinstance(value, str) else value


def _pairs(value: Any) -> Any:
    """`group = role`, one a line."""
    if not isinstance(value, str):
        return value
    found: dict[str, str] = {}
    for line in filter(str.strip, value.splitlines()):
        group, sign, role = line.rpartition("=")
        if not sign or not group.strip():
            raise ValueError(f'"{line.strip()}" is not "group = role"')
        found[group.strip()] = role.strip().lower()
    return found


class Configuration(BaseModel):
    """What can be set, with the words of form and command line."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field("your organization's login", min_length=1, max_length=40)
    issuer: str = Field(max_length=300)
    client_id: str = Field(min_length=1, max_length=300)
    client_secret: SecretStr
    scopes: str = "openid email profile"
    domains: Annotated[list[str], BeforeValidator(_words)] = []
    create_members: bool = False
    default_role: str = "member"
    required_claim: str = Field("", max_length=200)
    required_values: Annotated[list[str], BeforeValidator(_words)] = []
    groups_claim: str = Field("", max_length=200)
    role_of_group: Annotated[dict[str, str], BeforeValidator(_pairs)] = {}
    enabled: bool = True

    @field_validator("issuer")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme != "https" and not (
            parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
        ):
            raise ValueError("an issuer starts with https://")
        if not parts.hostname or parts.query or parts.fragment or parts.username:
            raise ValueError("an issuer is an address without anything behind a ? or #")
        return value.removesuffix("/.well-known/openid-configuration")

    @field_validator("client_secret")
    @classmethod
    def _a_secret(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise ValueError("the provider gives you a client secret; it is needed")
        return value

    @field_validator("domains")
    @classmethod
    def _domains(cls, value: list[str]) -> list[str]:
        found = list(dict.fromkeys(each.lower().removeprefix("@") for each in value))
        for each in found:
            if "." not in each or "@" in each or "*" in each:
                raise ValueError(f'"{each}" is not a domain such as example.com')
        return found

    @field_validator("scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        return " ".join(dict.fromkeys(["openid", *value.split()]))

    @model_validator(mode="after")
    def _together(self) -> Configuration:
        for role in (self.default_role, *self.role_of_group.values()):
            if role not in ROLES:
                raise ValueError(f'"{role}" is not a role; there are {", ".join(ROLES)}')
        if self.default_role == "owner":
            raise ValueError("nobody becomes an owner without being named; take another default role")
        if bool(self.required_claim) != bool(self.required_values):
            raise ValueError("to let in by a claim, give both: the claim, and the values it may have")
        if self.create_members and not self.domains and not self.required_claim:
            raise ValueError(
                "to let new people in, name the domains of their addresses, or a claim they must have; otherwise everybody "
                "the provider knows could join"
            )
        if self.role_of_group and not self.groups_claim:
            raise ValueError("to give roles by group, name the claim that holds the groups")
        return self


async def identity_provider(t: Read) -> IdentityProvider | None:
    """The organization's provider, enabled or not."""
    return await t.scalar(select(IdentityProvider).where(IdentityProvider.org_id == t.org))


def client_secret(found: IdentityProvider, vault: Vault) -> str:
    """The secret, opened.

    Raises:
        CannotDecrypt: the key is missing.
    """
    return vault.open(found.client_secret, context=PROVIDER_SECRET.context(org_id=found.org_id)).decode()


async def configure(
    t: Tx, values: Mapping[str, Any], *, vault: Vault, viewer: Viewer | None = None, loopback: bool = False
) -> IdentityProvider:
    """Change exactly the given settings; a secret that is not given stays.

    Args:
        viewer: None for the operator.
        loopback: whether a provider on this machine, without https, is meant: in the demo and in tests.

    Raises:
        NotAllowed: the viewer is no owner.
        Invalid: the settings would not be valid; names the field.
    """
    if viewer is not None:
        await require(t, viewer, "sign_in.configure")
    found = await t.scalar(select(IdentityProvider).where(IdentityProvider.org_id == t.org).with_for_update())
    before = {} if found is None else shown(found)
    known: dict[str, Any] = {} if found is None else {**before, "client_secret": _opened(found, vault)}
    try:
        wanted = Configuration.model_validate({**known, **values})
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False, include_context=False)[0]
        where = str(first["loc"][0]) if first["loc"] else ""
        said = first["msg"].removeprefix("Value error, ")
        if first["type"] == "missing":
            said = f"{where.replace('_', ' ')} is missing"
        raise Invalid(said[:1].upper() + said[1:] + ".", field=where) from None
    if wanted.enabled and not loopback and (why := not_secure(wanted.issuer)):
        raise Invalid(why, field="issuer")
    after = wanted.model_dump(exclude={"client_secret"})
    secret = wanted.client_secret.get_secret_value()
    changed = [key for key in after if after[key] != before.get(key)]
    if secret != known.get("client_secret"):
        changed.append("client_secret")
    if found is None:
        found = IdentityProvider(org_id=t.org, version=0)
        t.add(found)
    if not changed:
        return found
    for key in after:
        setattr(found, key, after[key])
    if "client_secret" in changed:
        found.client_secret = vault.seal(secret.encode(), context=PROVIDER_SECRET.context(org_id=t.org))
    found.version += 1
    found.changed_at = clock.now()
    await t.flush()
    masked = {"client_secret": "replaced" if known else "set"} if "client_secret" in changed else {}
    await record(
        t,
        SignInConfigured(
            changed=", ".join(key.replace("_", " ") for key in changed),
            before={key.replace("_", " "): before[key] for key in changed if key in before},
            after={key.replace("_", " "): {**after, **masked}[key] for key in changed},
        ),
        about=Subject("organization", t.org),
        by=viewer.person_id if viewer is not None else None,
    )
    return found


def _opened(found: IdentityProvider, vault: Vault) -> str:
    """The secret; where its key is gone something that is none: so it can be given anew, or the provider switched off."""
    try:
        return client_secret(found, vault)
    except CannotDecrypt:
        return "(cannot be opened)"


def shown(found: IdentityProvider) -> dict[str, Any]:
    """Everything but the secret."""
    return {key: getattr(found, key) for key in Configuration.model_fields if key != "client_secret"}


async def let_in(t: Tx, found: IdentityProvider, claims: Mapping[str, Any]) -> int:
    """The account that the provider's claims stand for, as a member with the role they give. Says why not.

    Raises:
        NotAllowed: unverified address, foreign domain, no member, or the address belongs to another login there.
    """
    # One sign-in at a time, or two of the same new person would both make them.
    await lock_roles(t)
    ask = "Ask an admin of your organization to invite you."
    subject = str(claims["sub"])
    email = checked_email(str(claims.get("email") or "")) if claims.get("email") else ""
    linked = await t.scalar(
        select(ExternalIdentity.account_id).where(
            ExternalIdentity.org_id == t.org,
            ExternalIdentity.issuer == found.issuer,
            ExternalIdentity.subject == subject,
        )
    )
    if found.required_claim and not _has_required(found, claims):
        raise NotAllowed(f"Only some people of {found.title} may sign in here, and you are none of them. {ask}")
    # Some send the flag as a word; anything but a plain yes means no.
    verified = claims.get("email_verified")
    if verified is not True and verified != "true":
        raise NotAllowed(
            f"{found.title} does not confirm that your e-mail address is yours. Confirm it there, then sign in again."
        )
    if found.domains and email.rpartition("@")[2] not in found.domains:
        raise NotAllowed(
            f"Only addresses of {', '.join(found.domains)} may sign in here; {found.title} says {email or 'none'}."
        )
    account = linked if linked is not None else await t.scalar(select(Account.id).where(Account.email == email))
    person = None
    if account is not None:
        person = await t.scalar(
            select(Membership.person_id).where(Membership.org_id == t.org, Membership.account_id == account)
        )
    given = role_from(found, claims)
    if person is None:
        if not found.create_members:
            raise NotAllowed(f"{email} is not a member here. {ask}")
        account = await account_for(t, email)
        who = await person_for(t, email, name=str(claims.get("name") or "")[:100], **_zone(claims))
        if who.left_at is not None:
            raise NotAllowed(f"{email} was deactivated here. {ask}")
        await add_member(t, account_id=account, person_id=who.id, role=given or found.default_role)
        await record(
            t,
            MemberJoined(person=who.name, provider=found.title, after=given or found.default_role),
            about=Subject("member", who.id),
        )
    elif given is not None:
        there = await member(t, person, lock=True)
        # A provider that stops naming the owners must not lock everybody out.
        if not (there.role == "owner" and rank(given) < rank("owner") and await _only_owner(t)):
            await set_role(t, there, given, by=None, why=f"by the groups {found.title} named")
    assert account is not None
    if linked is None:
        await _link(t, found, account, subject)
    return account


def role_from(found: IdentityProvider, claims: Mapping[str, Any]) -> str | None:
    """The highest role that the groups give, else the default one; None when roles are not taken from groups."""
    if not found.groups_claim or not found.role_of_group:
        return None
    said = claims.get(found.groups_claim)
    groups = said if isinstance(said, list) else [said]
    roles = [found.role_of_group[g] for g in groups if isinstance(g, str) and g in found.role_of_group]
    return max(roles, key=rank, default=found.default_role)


def _has_required(found: IdentityProvider, claims: Mapping[str, Any]) -> bool:
    said = claims.get(found.required_claim)
    return any(
        isinstance(each, str) and each in found.required_values for each in (said if isinstance(said, list) else [said])
    )


async def _link(t: Tx, found: IdentityProvider, account: int, subject: str) -> None:
    other = await t.scalar(
        select(ExternalIdentity.id).where(
            ExternalIdentity.org_id == t.org,
            ExternalIdentity.issuer == found.issuer,
            ExternalIdentity.account_id == account,
        )
    )
    if other is not None:
        # The address was given to somebody else there; they must not inherit what the first one may.
        raise NotAllowed(
            f"This e-mail address belongs to another login of {found.title}. If it is yours now, ask an admin to "
            "deactivate the member and invite you again."
        )
    t.add(
        ExternalIdentity(org_id=t.org, account_id=account, issuer=found.issuer, subject=subject, created_at=clock.now())
    )
    await t.flush()


async def _only_owner(t: Read) -> bool:
    owners = await t.scalars(
        select(Membership.id).where(Membership.org_id == t.org, Membership.role == "owner").limit(2)
    )
    return len(list(owners)) == 1


def _zone(claims: Mapping[str, Any]) -> dict[str, str]:
    zone = claims.get("zoneinfo")
    return {"tz": zone} if isinstance(zone, str) and 0 < len(zone) <= 60 else {}
