"""Users without any role of the suite reach nothing of it, whatever they call."""

import pytest
import survey as rights

import harness

# What every employee may read: the administrative divisions, which the address of any contact needs.
EMPLOYEES_READ = {"crab.region"}
# Models that nobody writes by hand: they say so before they look at rights.
DOORS = {"crab.card", "crab.card.event", "crab.wallet.entry"}
# Answers that come from the model's definition, not from records; core gives them to everybody.
OF_DEFINITION = {"default_get", "fields_get", "onchange"}
# A button of core that the suite refuses to everybody.
REFUSED_TO_ALL = {("crab.wallet.document", "restart_validation")}


@pytest.fixture(scope="module")
def survey(everything):
    return rights.Survey(everything)


@pytest.fixture(scope="module")
def strangers(survey):
    def make(env):
        companies = env["res.company"]._crab_company("group") | env["res.company"]._crab_company("sales")
        return {
            "employee": rights.user(env, "without-role", companies, ["base.group_user"]),
            "portal": rights.user(env, "portal", companies, ["base.group_portal"]),
            "public": env.ref("base.public_user").id,
        }

    return survey.world.run(make)


def generic_calls(record_id):
    """What the web client and scripts call on any model."""
    on = [record_id]
    return [
        ("search", [[]], {}),
        ("search_count", [[]], {}),
        ("search_read", [[]], {"fields": ["display_name"]}),
        ("web_search_read", [], {"domain": [], "specification": {"display_name": {}}}),
        ("web_read_group", [], {"domain": [], "groupby": ["create_uid"], "aggregates": ["__count"]}),
        ("formatted_read_group", [], {"domain": [], "groupby": [], "aggregates": ["__count"]}),
        ("name_search", [], {"name": ""}),
        ("name_create", ["x"], {}),
        ("create", [{}], {}),
        ("default_get", [["name", "state"]], {}),
        ("fields_get", [], {}),
        ("onchange", [on, {}, [], {}], {}),
        ("read", [on], {}),
        ("web_read", [on], {"specification": {"display_name": {}}}),
        ("export_data", [on, ["id"]], {}),
        ("copy", [on], {}),
        ("write", [on, {}], {}),
        ("web_save", [on, {}], {"specification": {}}),
        ("unlink", [on], {}),
        ("action_archive", [on], {}),
        ("message_post", [on], {"body": "x"}),
        ("message_subscribe", [on], {"partner_ids": [1]}),
        ("activity_schedule", [on], {}),
    ]


@pytest.mark.parametrize("who", ["employee", "portal", "public"])
@harness.covers("ERP-02", "a user reaches only what was granted", via="web")
def test_a_user_without_role_reads_and_writes_nothing(survey, strangers, who):
    reached, fields = [], survey.world.run(lambda env: {name: set(env[name]._fields) for name in survey.models})
    for model in survey.models:
        if survey.kinds[model] == "abstract":
            continue
        for method, args, kwargs in generic_calls(survey.targets(strangers[who], model)[0]):
            if method.startswith(("message_", "activity_")) and "message_ids" not in fields[model]:
                continue
            if method == "action_archive" and "active" not in fields[model]:
                continue
            outcome = survey.attempt(strangers[who], model, method, *args, **kwargs)
            nothing = outcome.kind == "ok" and not outcome.wrote and (method in OF_DEFINITION or not outcome.value)
            reads = who == "employee" and model in EMPLOYEES_READ and outcome.kind == "ok" and not outcome.wrote
            refused = outcome.kind == "refused" and (method in ("copy", "export_data") or model in DOORS)
            if not (outcome.kind == "denied" or nothing or reads or refused):
                reached.append((model, method, outcome))
    assert not reached, "\n".join(map(str, reached))


@pytest.mark.parametrize("who", ["employee", "portal", "public"])
@harness.covers("ERP-02", "a user reaches only what was granted", via="web")
def test_a_user_without_role_presses_no_button(survey, strangers, who):
    reached = []
    for model, methods in survey.methods.items():
        if survey.kinds.get(model, "abstract") == "abstract":
            continue
        for method in set(methods) - rights.CRUD:
            for target in survey.targets(strangers[who], model)[:3]:
                outcome = survey.call(strangers[who], model, method, target)
                if outcome.kind == "refused" and (model, method) in REFUSED_TO_ALL:
                    continue
                if outcome.kind != "denied" and not rights.does_nothing(outcome):
                    reached.append((model, method, target, outcome))
    assert not reached, "\n".join(map(str, reached))
