"""The panel about entities: kinds, lists, GQL, and a form for each entity."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from datastore_emulator import messages as m
from datastore_emulator.errors import DatastoreError
from localcloud.cloud import Cloud
from localcloud.console import values
from localcloud.console.form_text import Control
from localcloud.console.keys import read_key, write_key
from localcloud.console.panels import Panel, back_to, read_cursor, read_number, write_cursor
from localcloud.console.store import ConflictError, Page, Place, Store, aggregates
from localcloud.effects.values import format_key, name_type

_MOST_KINDS = 200
_MOST_COLUMNS = 12


@dataclass(frozen=True)
class Field:
    """A property in the form of an entity; `problem` says what is wrong with what the user has written."""

    name: str
    type: str
    indexed: bool
    control: Control
    link: str | None = None
    problem: str = ""


def make_panel(cloud: Cloud) -> Panel:
    """Make the panel."""
    routes = Blueprint("entities", __name__)
    store = Store(cloud.datastore, cloud.project)
    _add_lists(routes, store)
    _add_forms(routes, store)
    return Panel("Entities", routes)


def _add_lists(routes: Blueprint, store: Store) -> None:
    @routes.get("/")
    def index() -> str:
        places: list[Place] = []
        problem = ""
        try:
            places = store.places()
        except DatastoreError as error:  # Google's Firestore emulator does not list namespaces
            problem = f"The kinds cannot be listed: {' '.join(error.message.split())}"
        kinds = [(place, store.count(place)) for place in places[:_MOST_KINDS]]
        more = len(places) - len(kinds)
        return render_template("entities/kinds.html", kinds=kinds, more=more, place=Place(), problem=problem)

    @routes.get("/kind")
    def kind() -> str:
        place = _read_place()
        page = store.list_entities(place, read_cursor(request.args), read_number(request.args, "shown"))
        return render_template("entities/kind.html", place=place, **_lay_out(page))

    @routes.get("/gql")
    def gql() -> tuple[str, int]:
        place, text = _read_place(), request.args.get("q", "")
        found: dict[str, object] = {}
        status = 200
        try:
            if aggregates(text):
                found["aggregates"] = store.run_aggregation(place, text)
            elif text.strip():
                found = _lay_out(
                    store.run_gql(place, text, read_cursor(request.args), read_number(request.args, "shown"))
                )
        except DatastoreError as error:
            found["problem"], status = " ".join(error.message.split()), 400
        return render_template("entities/gql.html", place=place, text=text, show=values.show, **found), status

    @routes.post("/delete")
    def delete() -> Response:
        keys = [_find_key(text) for text in request.form.getlist("key")]
        if keys:
            count = store.delete(keys)
            flash("1 entity is deleted." if count == 1 else f"{count} entities are deleted.")
        else:
            flash("Nothing is deleted: no entity was selected.")
        return redirect(back_to("entities.index"), 303)


def _add_forms(routes: Blueprint, store: Store) -> None:
    def show_form(
        found: m.EntityResult, texts: dict[str, str] | None = None, problems: dict[str, str] | None = None
    ) -> str:
        fields = [
            _make_field(name, found.entity.properties[name], (texts or {}).get(name), (problems or {}).get(name, ""))
            for name in sorted(found.entity.properties)
        ]
        key = found.entity.key
        return render_template(
            "entities/entity.html",
            key=format_key(key),
            token_of_key=write_key(key),
            place=Place(key.partition_id.database_id, key.partition_id.namespace_id, key.path[-1].kind),
            found=found,
            fields=fields,
        )

    def find(text: str) -> m.EntityResult:
        key = _find_key(text)
        found = store.find(key)
        if found is None:
            abort(404, f"there is no entity {format_key(key)}; it may have been deleted")
        return found

    @routes.get("/entity/<text>")
    def entity(text: str) -> str:
        return show_form(find(text))

    @routes.post("/entity/<text>")
    def save(text: str) -> Response | tuple[str, int]:
        found = find(text)
        version = read_number(request.form, "version")
        # The form numbers the properties of its version. The Datastore compares it again, but for Google's Firestore
        # emulator.
        if version != found.version:
            raise ConflictError("the entity was written meanwhile; open it again, and repeat your change")
        changed = m.Entity()
        changed.CopyFrom(found.entity)
        texts, problems = {}, {}
        for number, name in enumerate(sorted(found.entity.properties)):
            old = found.entity.properties[name]
            written = request.form.get(f"value{number}")
            if written is None:
                continue
            texts[name] = written
            try:
                changed.properties[name].CopyFrom(values.read_text(old, written))
            except values.ValueTextError as error:
                problems[name] = str(error)
        if not problems:
            try:
                store.update(changed, version)
            except DatastoreError as error:
                flash(f"Nothing is saved. The Datastore refuses this: {' '.join(error.message.split())}")
                return show_form(found, texts), 400
            flash("Saved.")
            return redirect(url_for("entities.entity", text=text), 303)
        flash("Nothing is saved: see below.")
        return show_form(found, texts, problems), 400


def _make_field(name: str, value: m.Value, written: str | None, problem: str) -> Field:
    control = values.make_control(value)
    if written is not None:
        control = Control(control.kind, written, control.refusal)
    is_key = value.WhichOneof("value_type") == "key_value"
    return Field(
        name,
        name_type(value),
        not value.exclude_from_indexes,
        control,
        write_key(value.key_value) if is_key else None,
        problem,
    )


def _lay_out(page: Page) -> dict[str, object]:
    """Return a page of entities as a table: its columns, and its rows with the keys."""
    names = list(dict.fromkeys(name for entity in page.entities for name in sorted(entity.properties)))
    rows = [
        (
            format_key(entity.key),
            write_key(entity.key),
            [
                values.show(entity.properties[name]) if name in entity.properties else None
                for name in names[:_MOST_COLUMNS]
            ],
        )
        for entity in page.entities
    ]
    return {
        "columns": names[:_MOST_COLUMNS],
        "hidden": names[_MOST_COLUMNS:],
        "rows": rows,
        "shown": page.shown,
        "next": write_cursor(page.next),
    }


def _read_place() -> Place:
    return Place(*(request.args.get(name, "") for name in Place._fields))


def _find_key(text: str) -> m.Key:
    key = read_key(text)
    if key is None:
        abort(404, "this address names no entity; go back to the list")
    return key
