"""Enrolment and rectification: how values get into the store and are set right (Art. 16)."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import psycopg

from audit.acts import Act
from audit.entries import Kind
from kernel.database import raw
from kernel.ids import uuid7
from profiles import lookup
from profiles.catalogue import nearest
from profiles.errors import AlreadyEnrolled, BadValue, UnknownField
from profiles.keys import MemberKey
from profiles.members import NUMBER, Member
from profiles.placing import place, place_traits, take_out
from profiles.sealing import TRAITS, open_value, pack, seal_traits, seal_value
from profiles.traits import compute
from profiles.unit import Unit
from profiles.values import Value


def check_values(unit: Unit, values: Mapping[str, object]) -> dict[str, Value]:
    """`values` as the catalogue keeps them. Raises `UnknownField` or `BadValue`."""
    catalogue, today = unit.schema.catalogue, unit.today
    checked: dict[str, Value] = {}
    for name, raw_value in values.items():
        field = catalogue.fields.get(name)
        if field is None:
            raise UnknownField(
                f"there is no field {name!r}",
                place=name,
                remedy=nearest(name, frozenset(catalogue.fields)),
            )
        checked[name] = field.check(raw_value, today=today)
    return checked


async def enrol(
    unit: Unit, act: Act, people: Sequence[Mapping[str, object]], *, source: str
) -> list[Member]:
    """New members with their values, each with a key and an ordinal of their own.

    Writes one `member.enrolled` entry each. Raises `BadValue` or `UnknownField` for a value
    that does not fit, `AlreadyEnrolled` for a member number that is taken; then none is enrolled.
    """
    if not people:
        return []
    checked = [check_values(unit, person) for person in people]
    for values in checked:
        if NUMBER not in values:
            raise BadValue("a member needs a member number", place=NUMBER)
    # Nobody has bought anything yet: the traits are the same for all of them.
    traits = compute(unit.schema.catalogue.traits.values(), [], unit.today)
    members = [
        _prepare(unit, ordinal, values, traits, source)
        for ordinal, values in zip(await _ordinals(unit, len(people)), checked, strict=True)
    ]
    connection = await raw(unit.session)
    async with connection.cursor() as cursor:
        async with cursor.copy(
            "COPY member (id, ordinal, sealed) FROM STDIN (FORMAT BINARY)"
        ) as rows:
            rows.set_types(["uuid", "int8", "bytea"])
            for member in members:
                await rows.write_row((member.id, member.ordinal, pack(member.sealed)))
        async with cursor.copy(
            "COPY member_key (member, epoch, wrapped) FROM STDIN (FORMAT BINARY)"
        ) as rows:
            rows.set_types(["uuid", "int4", "bytea"])
            for member in members:
                wrapped = unit.epoch.wrap(member.key, ordinal=member.ordinal)
                await rows.write_row((member.id, unit.epoch.number, wrapped))
    await _index(unit, [(m.id, values) for m, values in zip(members, checked, strict=True)])
    facts = {"source": source}
    await unit.record.write_many(
        unit.session,
        [act.entry(Kind.MEMBER_ENROLLED, subject=m.key.subject(), facts=facts) for m in members],
    )
    return members


def differing(unit: Unit, member: Member, values: Mapping[str, object]) -> dict[str, Value]:
    """Those of `values` that the member has not, or has otherwise: what there is to rectify."""
    catalogue = unit.schema.catalogue
    return {
        name: value
        for name, value in check_values(unit, values).items()
        if name not in member.sealed
        or open_value(member.key, catalogue.fields[name], member.sealed[name])[0] != value
    }


def check_correction(unit: Unit, values: Mapping[str, object]) -> dict[str, Value]:
    """What is to be set, as the catalogue keeps it. Raises `UnknownField` or `BadValue`."""
    catalogue = unit.schema.catalogue
    for name in values:
        if name not in catalogue.fields:
            check_values(unit, {name: None})
    if NUMBER in values and values[NUMBER] is None:
        raise BadValue("a member keeps a member number", place=NUMBER)
    checked = check_values(unit, {n: v for n, v in values.items() if v is not None})
    lookup.digests(unit.epoch, catalogue, checked, region=unit.schema.region)
    return checked


async def is_taken(unit: Unit, member: Member, number: str) -> bool:
    """Whether somebody else has that member number. Opens nothing."""
    text = lookup.normalise(NUMBER, number, region=unit.schema.region)
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT FROM lookup WHERE digest = %s AND field = %s AND member <> %s",
        (lookup.digest(unit.epoch, NUMBER, text), NUMBER, member.id),
    )
    return await cursor.fetchone() is not None


async def rectify(
    unit: Unit, act: Act, member: Member, values: Mapping[str, object], *, source: str
) -> Member:
    """Set the given fields of a member loaded with `lock=True`; None removes one (Art. 16).

    Writes one `profile.changed` entry that names the fields and no value. Raises as
    `check_correction`, and `AlreadyEnrolled` for a member number that is taken; then the
    transaction is lost.
    """
    catalogue = unit.schema.catalogue
    checked = check_correction(unit, values)
    sealed = dict(member.sealed)
    for name in values:
        if name in sealed:
            old, _ = open_value(member.key, catalogue.fields[name], sealed.pop(name))
            take_out(unit.changes, catalogue.fields[name], member.ordinal, old)
    for name, value in checked.items():
        sealed[name] = seal_value(member.key, name, value, source=source, at=unit.now)
    place(unit.changes, catalogue, member.ordinal, checked)
    connection = await raw(unit.session)
    await connection.execute(
        "UPDATE member SET sealed = %s WHERE id = %s", (pack(sealed), member.id)
    )
    await connection.execute(
        "DELETE FROM lookup WHERE member = %s AND field = ANY(%s)", (member.id, list(values))
    )
    await _index(unit, [(member.id, checked)])
    await unit.record.write(
        unit.session,
        act.entry(
            Kind.PROFILE_CHANGED,
            subject=member.key.subject(),
            facts={"fields": sorted(values), "source": source},
        ),
    )
    return Member(member.id, member.ordinal, member.key, sealed)


def _prepare(
    unit: Unit,
    ordinal: int,
    values: Mapping[str, Value],
    traits: Mapping[str, Value],
    source: str,
) -> Member:
    catalogue = unit.schema.catalogue
    key = MemberKey.new(uuid7(unit.milliseconds))
    sealed = {
        name: seal_value(key, name, value, source=source, at=unit.now)
        for name, value in values.items()
    }
    sealed[TRAITS] = seal_traits(key, traits, version=unit.schema.version, due=None)
    unit.changes.join(ordinal, key.member)
    place(unit.changes, catalogue, ordinal, values)
    place_traits(unit.changes, catalogue, ordinal, values=traits, due=None)
    return Member(key.member, ordinal, key, sealed)


async def _ordinals(unit: Unit, count: int) -> list[int]:
    """Fresh ordinals; the sequence never gives one twice, also when this transaction fails."""
    connection = await raw(unit.session)
    cursor = await connection.execute(
        "SELECT nextval('member_ordinal') FROM generate_series(1, %s)", (count,)
    )
    return [row[0] for row in await cursor.fetchall()]


async def _index(unit: Unit, people: Iterable[tuple[UUID, Mapping[str, Value]]]) -> None:
    """Into the lookup index, each identifier normalised and hashed."""
    catalogue, region = unit.schema.catalogue, unit.schema.region
    connection = await raw(unit.session)
    try:
        async with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY lookup (digest, member, field, epoch) FROM STDIN (FORMAT BINARY)"
            ) as rows,
        ):
            rows.set_types(["bytea", "uuid", "text", "int4"])
            for member, values in people:
                found = lookup.digests(unit.epoch, catalogue, values, region=region)
                for name, digest in found.items():
                    await rows.write_row((digest, member, name, unit.epoch.number))
    except psycopg.errors.UniqueViolation as error:
        raise AlreadyEnrolled(
            "a member with this member number is already enrolled",
            place=NUMBER,
            remedy="change that member instead, or give another number",
        ) from error
