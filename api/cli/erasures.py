"""`tillit request preview` and `hold`: what an erasure would do, and what stops one."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer

from api.bootstrap import Tillit
from api.cli.days import day_at
from api.cli.door import run
from api.cli.finding import one_member
from api.cli.speaking import ActingAs, AsJson, officer, say_json
from dsar import holds, previews
from dsar.holds import Broken, Ground, Hold, Lifted
from dsar.previews import Preview

holding = typer.Typer(
    no_args_is_help=True, help="Legal holds: while one stands, nothing of a member is erased."
)


def preview(
    request: Annotated[UUID, typer.Argument(help="The request's id.", show_default=False)],
    acting: ActingAs,
    as_json: AsJson = False,
) -> None:
    """What an erasure would destroy, what must stay, and who would be told."""
    act = officer(acting)

    async def step(tillit: Tillit) -> Preview:
        async with tillit.unit() as work:
            return await previews.of_request(work.unit, act, work.active, request)

    found = run(step)
    if as_json:
        say_json(_plain(found))
        return
    for line in _lines(found):
        typer.echo(line)


@holding.command()
def place(
    member: Annotated[str, typer.Argument(help="The member number.", show_default=False)],
    *,
    ground: Annotated[str, typer.Option("--ground", help="One of " + ", ".join(Ground) + ".")],
    acting: ActingAs,
    until: Annotated[
        date | None,
        typer.Option("--until", parser=day_at("--until"), help="Its last day; else until lifted."),
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Sealed with the member.")] = "",
    as_json: AsJson = False,
) -> None:
    """Keep a member from being erased (Art. 17(3))."""
    act, why = officer(acting), holds.ground_named(ground)

    async def step(tillit: Tillit) -> Hold:
        async with tillit.unit() as work:
            who = await one_member(work, "member_number", member)
            return await holds.place(work.unit, act, who, why, until=until, note=note)

    _say([run(step)], as_json=as_json)


@holding.command()
def lift(
    hold: Annotated[UUID, typer.Argument(help="The hold's id.", show_default=False)],
    acting: ActingAs,
    as_json: AsJson = False,
) -> None:
    """End a hold; an erasure that waited for it is carried out."""
    act = officer(acting)

    async def step(tillit: Tillit) -> Lifted:
        async with tillit.unit() as work:
            return await holds.lift(work.unit, act, hold)

    found = run(step)
    _say([found.hold, *found.broken], as_json=as_json)


@holding.command("list")
def list_(
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended too.")] = False,
    as_json: AsJson = False,
) -> None:
    """The holds that stand, the oldest first."""

    async def step(tillit: Tillit) -> list[Hold | Broken]:
        async with tillit.unit() as work:
            return await holds.listed(work.unit, only_standing=not ended)

    _say(run(step), as_json=as_json)


def _say(found: Sequence[Hold | Broken], *, as_json: bool) -> None:
    if as_json:
        plain = [_broken(one) if isinstance(one, Broken) else _hold(one) for one in found]
        say_json({"holds": plain})
        return
    for one in found:
        since = f"since {one.placed_at:%Y-%m-%d}"
        if isinstance(one, Broken):
            typer.echo(f"{one.id}  {'BROKEN':<15} {since}  member {one.member}")
            typer.echo(f"error: {one.id}: {one.why}", err=True)
            continue
        end = f"lifted {one.lifted_at:%Y-%m-%d}" if one.lifted_at else f"until {one.until}"
        last = end if one.lifted_at or one.until else "until lifted"
        typer.echo(f"{one.id}  {one.ground:<15} {since}  {last}")


def _hold(one: Hold) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "member": str(one.member),
        "ground": one.ground.value,
        "placed_at": one.placed_at.isoformat(),
        "placed_by": one.by,
        "until": one.until.isoformat() if one.until else None,
        "lifted_at": one.lifted_at.isoformat() if one.lifted_at else None,
        "note": one.note,
        "broken": None,
    }


def _broken(one: Broken) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "member": str(one.member),
        "ground": None,
        "placed_at": one.placed_at.isoformat(),
        "placed_by": None,
        "until": None,
        "lifted_at": one.lifted_at.isoformat() if one.lifted_at else None,
        "note": None,
        "broken": str(one.why),
    }


def _plain(found: Preview) -> dict[str, Any]:
    return {
        "destroys": dict(found.destroys),
        "keeps": found.keeps.facts() if found.keeps else [],
        "tells": list(found.tells),
        "by_hand": [one.facts() for one in found.by_hand],
        "holds": [_hold(one) for one in found.holds],
        "closes": found.closes,
        "waits_days": found.waits,
    }


def _lines(found: Preview) -> list[str]:
    lines = [f"goes    {words}" for words in found.words()]
    if found.keeps:
        for day, count in sorted(found.keeps.by_day.items()):
            words = "1 voucher" if count == 1 else f"{count} vouchers"
            lines.append(f"stays   {words} until {day}: {found.keeps.books.law}")
    lines += [f"told    {name}" for name in found.tells]
    lines += [f"by hand {one.name} ({one.contact})" for one in found.by_hand]
    if found.closes:
        lines.append(f"closes  {found.closes} other open requests")
    if found.waits:
        lines.append(f"waits   {found.waits} days after approval")
    lines += [f"HELD    {one.ground} ({one.id})" for one in found.holds]
    return lines
