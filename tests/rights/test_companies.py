"""Who works for one company reaches nothing of the other; who sees a part reaches nothing of the rest."""

import collections

import pytest
import survey as rights

import harness

# Models whose records belong to no company; decisions.md, "Companies and stock".
COMPANY_FREE = {
    "crab.account",
    "crab.account.openid",
    "crab.agreement",
    "crab.agreement.acceptance",
    "crab.article",
    "crab.banner",
    "crab.card.guess",
    "crab.card.key",
    "crab.card.serial",
    "crab.carrier",
    "crab.cart.line",
    "crab.chain.seal",
    "crab.dealer",
    "crab.dealer.application",
    "crab.dealer.invitation",
    "crab.dealer.ratio",
    "crab.dealer.staff",
    "crab.dealer.staff.ratio",
    "crab.favourite",
    "crab.feedback",
    "crab.freight.rule",
    "crab.freight.template",
    "crab.greeting",
    "crab.idempotency",
    "crab.import.progress",
    "crab.ledger.check",
    "crab.login.attempt",
    "crab.media",
    "crab.media.hit",
    "crab.media.tag",
    "crab.media.traffic",
    "crab.member",
    "crab.member.address",
    "crab.member.level",
    "crab.member.level.history",
    "crab.member.level.ratio",
    "crab.member.ownership",
    "crab.member.tag",
    "crab.notice",
    "crab.notice.template",
    "crab.outbox",
    "crab.outbox.delivery",
    "crab.package.part",
    "crab.point.entry",
    "crab.price.list",
    "crab.region",
    "crab.review",
    "crab.session",
    "crab.settlement.price",
    "crab.sms.code",
    "crab.sms.limit",
    "crab.staff.settlement",
    "crab.stock.claim",
    "crab.stock.level",
    "crab.upload",
    "crab.wechat.app",
    "crab.wechat.event",
    "crab.wechat.login",
    "crab.wechat.message",
    "crab.wechat.scene",
    "crab.wechat.template",
    "crab.wechat.token",
}
# Models that nobody writes by hand: they say so before they look at rights.
DOORS = {"crab.card", "crab.card.event", "crab.wallet.entry"}
# A button of core that the suite refuses to everybody.
REFUSED_TO_ALL = {("crab.wallet.document", "restart_validation")}


@pytest.fixture(scope="module")
def survey(everything):
    return rights.Survey(everything)


@pytest.fixture(scope="module")
def users(survey):
    """``{company: {role: uid}}``"""
    return {
        company: survey.world.run(
            lambda env, company=company: harness.make_users(env, companies=(company,), prefix=company)
        )
        for company in ("group", "sales")
    }


@pytest.fixture(scope="module")
def companies(survey):
    roles = ("group", "sales")
    return survey.world.run(lambda env: {role: env["res.company"]._crab_company(role).id for role in roles})


@pytest.fixture(scope="module")
def owners(survey):
    """``{model: {id: company id}}``, by the record's own company or by that of the record it is a part of."""

    def path(env, name):
        fields = env[name]._fields
        if "company_id" in fields:
            return "company_id"
        parts = [
            field.name
            for field in fields.values()
            if field.type == "many2one"
            and field.required
            and "company_id" in env[field.comodel_name]._fields
            and field.comodel_name.startswith("crab.")
        ]
        return f"{parts[0]}.company_id" if parts else None

    def read(env):
        found = {}
        for name in survey.models:
            if survey.kinds[name] == "stored" and (way := path(env, name)):
                records = env[name].sudo().with_context(active_test=False).search([])
                found[name] = {record.id: record.mapped(way).id for record in records}
        return found

    return survey.world.run(read)


def test_every_model_has_a_company_or_is_known_to_have_none(survey, owners):
    stored = {name for name in survey.models if survey.kinds[name] == "stored"}
    assert stored - owners.keys() == COMPANY_FREE


def test_both_companies_have_records(owners, companies):
    found = collections.Counter(company for ids in owners.values() for company in set(ids.values()))
    assert found[companies["group"]] > 15 and found[companies["sales"]] > 8


@pytest.mark.parametrize("role", harness.ROLES)
@pytest.mark.parametrize(("own", "other"), [("group", "sales"), ("sales", "group")])
@harness.covers("ERP-02", "a user reaches only what was granted", via="web")
def test_nothing_of_the_other_company_is_found(survey, users, owners, companies, own, other, role):
    uid = users[own][role]
    seen = {}
    for model, ids in owners.items():
        foreign = {record_id for record_id, company in ids.items() if company == companies[other]}
        seen[model] = foreign & (survey.visible(uid, model) or set())
    assert not {model: ids for model, ids in seen.items() if ids}


@pytest.mark.parametrize(("own", "other"), [("group", "sales"), ("sales", "group")])
@harness.covers("ERP-02", "a user reaches only what was granted", via="web")
def test_a_client_cannot_choose_a_company_that_is_not_its_own(survey, users, companies, own, other):
    for model in ("crab.card", "crab.wallet", "crab.card.order"):
        outcome = survey.attempt(
            users[own]["finance"], model, "search", [], context={"allowed_company_ids": [companies[other]]}
        )
        assert outcome.kind == "denied"


# Rules of companies hold for every role; who sees a part within its company are the sales team.
@pytest.mark.parametrize(
    ("own", "role"),
    [
        ("group", "admin"),
        ("group", "auditor"),
        ("sales", "admin"),
        ("sales", "auditor"),
        ("both", "sales_rep"),
        ("both", "department_manager"),
    ],
)
@harness.covers("ERP-02", "a user reaches only what was granted", via="web")
def test_ids_that_are_not_found_are_of_no_use(survey, users, own, role):
    uid = survey.users[role] if own == "both" else users[own][role]
    reached = []
    for model in survey.models:
        seen = survey.visible(uid, model) if survey.kinds[model] == "stored" else None
        for record_id in [record_id for record_id in survey.ids.get(model, ()) if record_id not in (seen or ())][:1]:
            calls = [("read", ["display_name"]), ("write", {}), ("unlink",), ("copy",)]
            calls += [(method,) for method in set(survey.methods.get(model, ())) - rights.LEAVES]
            for method, *args in calls:
                if survey.is_of_model(model, method):
                    continue
                outcome = survey.attempt(uid, model, method, [record_id], *args)
                refused = outcome.kind == "refused" and (
                    method == "copy" or model in DOORS or (model, method) in REFUSED_TO_ALL
                )
                if outcome.kind != "denied" and not refused and not rights.does_nothing(outcome):
                    reached.append((model, method, record_id, outcome))
    assert not reached, "\n".join(map(str, reached))
