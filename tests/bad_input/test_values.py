"""Whatever a client sends to models, wizards and methods of the suite, the answer is one that a user can read."""

import linecache
import os
import re
import sys
import traceback
import zlib
from pathlib import Path

import pytest

import harness

sys.path.append(str(Path(__file__).parent.parent / "rights"))
import survey as rights

MAGIC = {"id", "create_uid", "create_date", "write_uid", "write_date", "display_name"}
HUGE = 10**15
SCRIPT = "<script>alert(1)</script>"
# By type of field: what a client may send instead of a good value. Text that is no number for a number and the like are
# refused by core alike for every model.
BAD = {
    "char": ["", SCRIPT, "长" * 5000, 7, False, "'; DROP TABLE crab_card; --", "‮倒写", "%_\\"],
    "text": ["", SCRIPT, "长" * 5000, 7, False, "=cmd()"],
    "html": [SCRIPT],
    "integer": [0, -1, 2**31 - 1, False],
    "float": [0, -1, 2, HUGE, float("nan"), float("inf"), "NaN", False],
    "monetary": [0, -1, 0.001, HUGE, float("nan"), float("inf"), False],
    "boolean": [None, "x"],
    "selection": [False, "no-such-value", 7],
    "date": [False, "0001-01-01", "9999-12-31"],
    "datetime": [False, "0001-01-01 00:00:00", "9999-12-31 23:59:59"],
    "many2one": [False, 2**31 - 1],
    "many2one_reference": [False, 2**31 - 1],
    "one2many": [[[5]], [[0, 0, {}]]],
    "many2many": [[[5]], [[6, 0, [2**31 - 1]]]],
    "binary": [False, "aGk=", "%%%"],
    "json": [[], {"a": 1}],
}
IDS = [[], [2**31 - 1], [2**31 - 1, 1], [-1]]
OPERATORS = ("=", "!=", "in", "not in", "ilike", "=like", "<", "child_of")
SOUGHT = ("x", 7, False, ["x"], [], "%_\\", "长" * 5000)
ARGUMENTS = [[None], [-1], [["x"]], [{"a": 1}], [SCRIPT], [[[1]]], [True, 1], [HUGE]]
CHINESE = re.compile("[一-鿿]")


def some(values, *key):
    """One of the values, another one for another key, so that each is tried somewhere; CRAB_BAD_INPUT=all tries all."""
    if os.environ.get("CRAB_BAD_INPUT") == "all":
        return values
    return values[(start := zlib.crc32(repr(key).encode()) % len(values)) : start + 1]


def fault_of_ours(outcome):
    """The place in our code that did not expect what came; empty when core alone refused it with its own traceback.

    Our ``create`` and ``write`` hand on to core what core then cannot convert: that is the same for every model.
    """
    if outcome.kind != "broken" or str(outcome.error).startswith("Expected singleton"):
        return ""  # of a method for one record no screen sends more
    frames = [frame for frame in traceback.extract_tb(outcome.error.__traceback__) if "/addons/crab_" in frame.filename]
    if not frames:
        return ""
    place = frames[-1]
    line = linecache.getline(place.filename, place.lineno)
    if "super()." in line or "super(" in line:
        return ""
    return f"{Path(place.filename).name}:{place.lineno} {line.strip()}: {outcome.error!r:.200}"


def unreadable(outcome):
    """A refusal that Chinese users cannot read."""
    return outcome.kind in ("refused", "denied") and not CHINESE.search(str(outcome.error)) and not is_of_core(outcome)


def is_of_core(outcome):
    """Core says in English that a record is gone; it has no Chinese for it."""
    from odoo.exceptions import MissingError

    return isinstance(outcome.error, MissingError)


@pytest.fixture(scope="module")
def survey(everything):
    return rights.Survey(everything)


@pytest.fixture(scope="module")
def fields(survey):
    """``{model: {field: type}}`` of what a client could send."""
    return survey.world.run(
        lambda env: {
            name: {
                field.name: field.type
                for field in env[name]._fields.values()
                if field.name not in MAGIC and field.type in BAD and (field.store or field.inverse)
            }
            for name in survey.models
        }
    )


@pytest.fixture
def told(survey):
    """``told(what, outcome)`` keeps what a user could not read; all of it is shown at the end."""
    found = set()

    def tell(what, outcome):
        if fault := fault_of_ours(outcome) or unreadable(outcome) and str(outcome.error):
            found.add(f"{what:.120}: {fault}")

    yield tell
    assert not found, "\n".join(sorted(found))


def test_wrong_values_of_fields_are_refused_in_words(survey, fields, told):
    for model in survey.models:
        if survey.kinds[model] != "stored":
            continue
        values, ids = survey.new_values(model), survey.ids[model][:1]
        for name, kind in fields[model].items():
            calls = [("write", ids, {name: bad}) for bad in some(BAD[kind], model, name)]
            calls += [("create", {**values, name: bad}) for bad in some(BAD[kind], name, model) if values]
            for method, *args in calls:
                told(f"{model}.{method} {name} {args!r}", survey.attempt(survey.users["admin"], model, method, *args))


def test_wrong_values_in_wizards_are_refused_in_words(survey, fields, told):
    for model, make in rights.WIZARDS.items():
        values = survey.world.run(lambda env, make=make: make(env, survey.world))
        methods = [method for method in survey.methods.get(model, ()) if method not in rights.LEAVES]
        for name, kind in fields.get(model, {}).items():
            for method in methods:
                for bad in some(BAD[kind], model, name, method):

                    def use(env, model=model, name=name, bad=bad, method=method, values=values):
                        return getattr(env[model].create({**values, name: bad}), method)()

                    outcome = harness.undone(survey.registry, survey.users["admin"], use)
                    told(f"{model}.{method} {name}={bad!r:.30}", outcome)


def test_forms_survive_wrong_values(survey, fields, told):
    """A form sends each value before it is saved; what follows from it is shown or said."""
    for model in survey.models:
        if survey.kinds[model] == "abstract":
            continue
        for name, kind in fields[model].items():
            for bad in some(BAD[kind], model, name):
                outcome = survey.attempt(survey.users["admin"], model, "onchange", [], {name: bad}, [name], {name: {}})
                told(f"{model}.onchange {name}={bad!r:.30}", outcome)


def test_wrong_ids_and_arguments_are_refused_in_words(survey, told):
    admin = survey.users["admin"]
    for model, methods in survey.methods.items():
        if survey.kinds.get(model, "abstract") == "abstract":
            continue
        good = survey.targets(admin, model)[:1]
        for method in sorted(set(methods) - rights.LEAVES):
            of_model = survey.is_of_model(model, method)
            calls = [] if of_model else [[ids] for ids in some(IDS, model, method)]
            calls += [[*([] if of_model else [good]), *words] for words in some(ARGUMENTS, model, method)]
            for args in calls:
                told(f"{model}.{method}{args!r:.40}", survey.attempt(admin, model, method, *args))


def test_searches_of_every_kind_are_answered(survey, told):
    """Fields with a search of our own get values of other types; deep conditions, odd pages."""
    searches = survey.world.run(
        lambda env: {
            name: [field.name for field in env[name]._fields.values() if field.search and not field.related]
            for name in survey.models
        }
    )
    deep = ["|"] * 300 + [["id", "=", 1]] * 301
    pages = [{"limit": -1}, {"offset": -1}, {"order": "no_such desc"}, {"limit": "x"}]
    conditions = [(operator, value) for operator in OPERATORS for value in SOUGHT]
    for model in survey.models:
        if survey.kinds[model] == "abstract":
            continue
        domains = [deep] if model == "crab.card" else []
        for name in searches[model]:
            domains += [[[name, operator, value]] for operator, value in some(conditions, model, name)]
        calls = [("search_count", [domain], {}) for domain in domains]
        calls += [("search_read", [[], ["display_name"]], page) for page in some(pages, model)]
        for method, args, kwargs in calls:
            outcome = survey.attempt(survey.users["admin"], model, method, *args, **kwargs)
            if outcome.kind == "broken":  # what core refuses in English is core's
                told(f"{model} {args!r:.60} {kwargs}", outcome)
