"""Who may do what, tried through the web client's RPC for every role, model, field and public method of the suite."""

import os

import pytest
import survey as rights
from lxml import etree

import harness

EXPECTED = rights.expected()
# What an auditor starts besides reading: a check of histories in the background, and statements it downloads.
AUDITOR_STARTS = {
    "crab.chain.seal.action_check",
    "crab.earning.action_explain",
    "crab.earning.statement.action_make",
    "crab.wallet.statement.action_excel",
}
# Read-only fields that a client may set by itself: never back; the other side of a field that it may write.
ONE_WAY = {("crab.dealer.invitation", "is_revoked"), ("crab.freight.template", "product_ids")}
# Shown where the record says so (``may_import``).
BY_RECORD = {("crab.import", "action_import"), ("crab.import", "action_reset")}
# Wizards that only show something; they are rows of a table all the same.
AUDITOR_MAKES = {"crab.earning.statement", "crab.wallet.statement"}


@pytest.fixture(scope="module")
def survey(everything):
    return rights.Survey(everything)


@pytest.fixture(scope="module")
def matrix(survey):
    found = survey.matrix()
    if os.environ.get("CRAB_RIGHTS") == "write":
        rights.write(found)
        EXPECTED.update(found)
    return found


@harness.covers("ERP-02", "roles", via="web")
def test_every_model_is_in_the_matrix(matrix):
    assert sorted(matrix) == sorted(EXPECTED)


@harness.covers("ERP-02", "a user reaches only what was granted", via="web")
@pytest.mark.parametrize("model", sorted(EXPECTED))
def test_roles_can_do_what_the_matrix_says(matrix, model):
    assert matrix[model] == EXPECTED[model], "look at the difference; CRAB_RIGHTS=write writes rights.yaml anew"


def test_no_attempt_ends_in_a_traceback(matrix, survey):
    assert not survey.broken


@harness.covers("HQ-63", "roles", via="web")
def test_auditors_change_nothing(matrix, survey):
    auditor = survey.users["auditor"]
    for model, found in matrix.items():
        for key in ("create", "unlink", "write"):
            assert model in AUDITOR_MAKES or "auditor" not in found.get(key, ()), (model, key)
    wrote = {
        f"{model}.{method}"
        for model, methods in survey.methods.items()
        for method in set(methods) - rights.LEAVES
        if survey.kinds[model] != "abstract"
        for target in survey.targets(auditor, model)
        if survey.call(auditor, model, method, target).wrote
    }
    assert wrote <= AUDITOR_STARTS


def test_results_are_not_written_by_clients(matrix, survey):
    """A field that every view shows read-only is written by a method, whatever a client sends."""
    readonly = survey.world.run(
        lambda env: {
            name: {field.name for field in env[name]._fields.values() if field.readonly and not field.compute}
            for name in survey.models
        }
    )
    written = {
        (model, field)
        for model in survey.models
        for fields in matrix.get(model, {}).get("write", {}).values()
        for field in fields
        if field in readonly[model]
    }
    assert written <= ONE_WAY


def offered(env, name):
    """``(model, method)`` of the buttons in this model's views as the user of ``env`` gets them."""
    views = env["ir.ui.view"].sudo().search([("model", "=", name), ("mode", "=", "primary")])
    for view in views.filtered(
        lambda view: view.type in ("list", "form", "kanban") and view.xml_id.startswith("crab_")
    ):
        for button in etree.fromstring(env[name].get_view(view.id, view.type)["arch"]).iter("button"):
            owner = name
            for field in reversed(list(button.iterancestors("field"))):
                owner = env[owner]._fields[field.get("name")].comodel_name
            if button.get("type") == "object":
                yield owner, button.get("name")


@harness.covers("HQ-63", "roles", via="web")
@pytest.mark.parametrize("role", harness.ROLES)
def test_a_button_is_shown_to_whom_its_method_obeys(survey, role):
    def denied(env):
        return {
            (model, method)
            for name in EXPECTED
            if env[name].has_access("read")
            for model, method in offered(env, name)
            if role not in allowed(model, method) and (model, method) not in BY_RECORD
        }

    def allowed(model, method):
        rights = EXPECTED.get(model, {})
        roles = rights.get("methods", {}).get(method, "all")
        # who sees a part of the records may press for those
        return harness.ROLES if roles == "all" else [*roles, *rights.get("part", ())]

    assert not survey.world.run(denied, uid=survey.users[role])


def test_each_list_is_exported(survey):
    def export(env, name):
        model = env[name].with_context(import_compat=False)
        columns = etree.fromstring(model.get_view(False, "list")["arch"]).iterfind("./field")
        shown = [column.get("name") for column in columns if column.get("optional") != "hide"]
        return model.browse(survey.ids[name]).exists().export_data(shown)

    auditor = survey.users["auditor"]
    outcomes = {
        name: harness.undone(survey.registry, auditor, lambda env, name=name: export(env, name))
        for name in survey.ids
        if (auditor, name, "read") in survey.granted
    }
    assert {name: outcome.error for name, outcome in outcomes.items() if outcome.kind != "ok"} == {}
