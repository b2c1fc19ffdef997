"""What each role may do with each model of the suite, found by trying; ``rights.yaml`` says what is expected."""

import collections
import functools
from pathlib import Path

import yaml
from everything import PICTURE

import harness

FILE = Path(__file__).with_name("rights.yaml")
SAMPLE = 5
# What leaves the settings; it is core's.
OPENING = ("ir.actions.act_window", "ir.actions.act_url")
LEAVES = {"cancel"}
OURS = ("odoo.addons.crab_", "odoo.addons.payment_wechatpay")
HEAD = """\
# Who may do what through the web client. Written by CRAB_RIGHTS=write from what the code does, read by the tests:
# every change of rights is a change of this file, to be looked at.
#   all      every role: {roles}
#   read     who sees all records of it; part: who sees some
#   create, unlink  who can make one, remove one
#   methods  whom no right refuses (rules of the business may still say no)
#   write    which fields who can change by itself, outside of the buttons
"""


def does_nothing(outcome):
    """A button that left all as it was: at most it opens a view, in which the user sees what it may see."""
    opens = isinstance(outcome.value, dict) and outcome.value.get("type") in OPENING
    return outcome.kind == "ok" and not outcome.wrote and (opens or outcome.value in (None, True, False))


def our_models(env):
    """Names of the models that our addons make; of ``_inherit`` only, those to which they add public methods."""
    ours = [name for name in env.registry if name.startswith(("crab.", "payment.wechatpay."))]
    return sorted(ours), sorted(set(our_methods(env)) - set(ours))


def our_methods(env):
    """``{model: [public methods of our addons]}``: what RPC can call besides what core gives to every model."""
    from odoo.exceptions import AccessError
    from odoo.models import BaseModel
    from odoo.service.model import get_public_method

    found = collections.defaultdict(set)
    for name, model in env.registry.items():
        for cls in model.__mro__:
            if not cls.__module__.startswith(OURS):
                continue
            for attribute, value in vars(cls).items():
                if attribute.startswith("_") or not callable(value) or hasattr(BaseModel, attribute):
                    continue
                try:
                    get_public_method(env[name], attribute)
                except AccessError:
                    continue
                found[name].add(attribute)
    return {name: sorted(methods) for name, methods in found.items()}


class Survey:
    """Tries everything, as each user; nothing of it stays."""

    def __init__(self, everything):
        self.world, self.registry, self.users = everything, everything.registry, everything.users
        self.models, self.extended = everything.run(our_models)
        self.methods = everything.run(our_methods)
        self.broken = {}  # calls that ended in a traceback

    # --- trying

    def attempt(self, uid, model, method, *args, **kwargs):
        outcome = harness.attempt(self.registry, uid, model, method, *args, **kwargs)
        if outcome.kind == "broken":
            self.broken[f"{model}.{method}{args!r:.200}"] = f"{outcome.error!r:.300}"
        return outcome

    @functools.cached_property
    def kinds(self):
        """``{model: "stored" | "transient" | "abstract"}``; views of SQL count as stored."""

        def kind(env, name):
            model = env[name]
            return "abstract" if model._abstract else "transient" if model._transient else "stored"

        return self.world.run(lambda env: {name: kind(env, name) for name in [*self.models, *self.extended]})

    @functools.cached_property
    def ids(self):
        """``{model: ids}`` of some records of each stored model, as different in state as there are."""

        def sample(env, name):
            model = env[name].sudo().with_context(active_test=False)
            domain = [("crab_kind", "!=", False)] if name in ("product.template", "sale.order") else []
            domain = [("name", "like", "CRAB")] if name == "account.move" else domain
            records = model.search(domain)
            stored = {field.name for field in model._fields.values() if field.store}
            by = [field for field in ("company_id", "state", "kind", "crab_state") if field in stored]
            if name == "crab.card.event":  # who sees a line and its document depends on who holds the number
                records = model.search([("document_id", "!=", 0)]).sorted(lambda line: not line.card_id.dealer_id)
                by = ["card_id.holder_kind", "card_id.dealer_id"]
            groups = {}
            for record in records[:400]:
                groups.setdefault(tuple(str(record.mapped(field)) for field in by), record.id)
            return list(dict.fromkeys([*groups.values(), *records.ids]))[:SAMPLE]

        return self.world.run(
            lambda env: {name: sample(env, name) for name, kind in self.kinds.items() if kind == "stored"}
        )

    def visible(self, uid, model):
        """The ids of the model that a user finds; ``None`` if it may not look."""
        domain = [("id", "in", self.all_ids(model))]
        outcome = self.attempt(uid, model, "search", domain, context={"active_test": False})
        return set(outcome.value) if outcome.kind == "ok" else None

    @functools.cache  # noqa: B019  lives as long as the test module
    def all_ids(self, model):
        return self.world.run(lambda env: env[model].sudo().with_context(active_test=False).search([]).ids)

    # --- the matrix

    def matrix(self):
        return {name: self.rights_of(name) for name in [*self.models, *self.extended] if self.kinds[name] != "abstract"}

    def rights_of(self, name):
        if self.kinds[name] == "transient":
            found = {"create": self.those(lambda uid: self.can_create(uid, name))}
        elif name in self.models:
            found = self.records_of(name)
        else:
            found = {}
        found["methods"] = {
            method: self.those(lambda uid, method=method: self.may_call(uid, name, method))
            for method in self.methods.get(name, ())
            if method not in LEAVES
        }
        return {key: value for key, value in found.items() if value}

    def records_of(self, name):
        seen = {role: self.visible(uid, name) for role, uid in self.users.items()}
        everything = set(self.all_ids(name))
        assert everything, f"{name} has no record: tests/everything.py makes one"
        return {
            "read": self.those(lambda uid: seen[self.role(uid)] == everything),
            "part": self.those(lambda uid: seen[self.role(uid)] is not None and seen[self.role(uid)] != everything),
            "create": self.those(lambda uid: self.can_create(uid, name)),
            "write": self.writable(name),
            "unlink": self.those(lambda uid: self.can_unlink(uid, name)),
        }

    def role(self, uid):
        return next(role for role, user in self.users.items() if user == uid)

    def those(self, test):
        """The roles for which ``test`` holds; ``"all"`` for all of them."""
        roles = [role for role, uid in self.users.items() if test(uid)]
        return "all" if len(roles) == len(self.users) else roles

    def call(self, uid, name, method, target):
        """A public method on the record with this id; without records where the method takes none."""
        return self.attempt(uid, name, method, *(() if self.is_of_model(name, method) else ([target],)))

    def may(self, uid, name, method, *args, **kwargs):
        return self.attempt(uid, name, method, *args, **kwargs).kind != "denied"

    def can(self, uid, name, method, *args, **kwargs):
        return self.attempt(uid, name, method, *args, **kwargs).kind == "ok"

    def can_create(self, uid, name):
        values = self.new_values(name)
        outcome = self.attempt(uid, name, "create", values)
        if outcome.kind == "refused" and name in (NEW | WIZARDS) and uid == self.users["admin"]:
            self.broken[f"{name}.create({values})"] = f"refused to the administrator: {outcome.error}"
        return outcome.kind == "ok"

    @functools.cache  # noqa: B019  lives as long as the test module
    def new_values(self, name):
        make = NEW.get(name) or WIZARDS.get(name)
        assert make or self.kinds[name] != "transient", f"{name}: WIZARDS needs values with which it could work"
        return self.world.run(lambda env: make(env, self.world)) if make else {}

    def can_unlink(self, uid, name):
        return any(self.can(uid, name, "unlink", [i]) for i in self.some(uid, name, "unlink"))

    def may_call(self, uid, name, method):
        targets = self.some(uid, name, "read") if self.kinds[name] == "stored" else self.targets(uid, name)
        return any(self.call(uid, name, method, i).kind != "denied" for i in targets)

    @functools.cache  # noqa: B019
    def is_of_model(self, name, method):
        return self.world.run(lambda env: getattr(getattr(type(env[name]), method), "_api_model", False))

    def some(self, uid, name, operation):
        """Records to try something on: one is enough for whoever has no such right on the model at all."""
        return self.ids[name][: SAMPLE if (uid, name, operation) in self.granted else 1]

    @functools.cached_property
    def granted(self):
        """``(uid, model, operation)`` that the access lists give, for some records at least."""
        return self.world.run(
            lambda env: {
                (uid, name, operation)
                for uid in self.users.values()
                for name in self.kinds
                for operation in ("read", "write", "create", "unlink")
                if env[name].with_user(uid).has_access(operation)
            }
        )

    def targets(self, uid, name):
        if self.kinds[name] == "stored":
            return self.ids[name]
        return [self.wizard(uid, name)]

    # --- fields

    def writable(self, name):
        """``{role: fields}`` that a plain ``write`` can change in some record."""
        found = {}
        for role, uid in self.users.items():
            count, fields = len(self.some(uid, name, "write")), list(self.other_values[name].items())
            if (uid, name, "write") not in self.granted:
                fields = fields[:3]
            names = [
                field
                for field, values in fields
                if any(
                    self.attempt(uid, name, "write", [i], {field: value}).kind == "ok" for i, value in values[:count]
                )
            ]
            if names:
                found[role] = names
        return found

    @functools.cached_property
    def other_values(self):
        """``{model: {field: [(id, another value than the record has)]}}`` for stored fields that the suite defines."""

        def other(env, record, field):
            value = record[field.name]
            if field.type in ("char", "text", "html"):
                return f"{value or ''}9"
            if field.type in ("integer", "float", "monetary", "many2one_reference"):
                return value + 1 if field.type != "float" or field.name != "ratio" else 0.93
            if field.type == "boolean":
                return not value
            if field.type == "selection":
                return next((key for key, _label in field._description_selection(env) if key != value), None)
            if field.type == "date":
                return "2031-01-31"
            if field.type == "datetime":
                return "2031-01-31 00:00:00"
            if field.type == "many2one":
                return env[field.comodel_name].sudo().search([("id", "!=", value.id)], limit=1).id
            if field.type == "binary":
                return "aGk="
            if field.type == "json":
                return {"other": 1}
            return [(5,)]

        def of_model(env, name):
            ours = {
                field.name: field
                for field in env[name]._fields.values()
                if (field.store or field.inverse)
                and field.name not in ("id", "create_uid", "create_date", "write_uid", "write_date")
                and f"odoo.addons.{field._module}".startswith(OURS)
            }
            records = env[name].sudo().browse(self.ids[name])
            return {key: [(record.id, other(env, record, ours[key])) for record in records] for key in sorted(ours)}

        return self.world.run(lambda env: {name: of_model(env, name) for name in self.ids if name in self.models})

    # --- wizards

    @functools.cache  # noqa: B019
    def wizard(self, uid, name):
        """A filled-in wizard that belongs to the user, made behind the back of its rights; the id."""
        world = self.world

        return self.world.run(lambda env: env[name].with_user(uid).sudo().create(WIZARDS[name](env, world)).id)


def first(env, model, *domain):
    return env[model].search(list(domain), limit=1).id


def user(env, login, companies, groups=()):
    """A user with just these groups, in these companies; the id."""
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": login,
                "login": login,
                "password": login,
                "company_id": companies[:1].id,
                "company_ids": [(6, 0, companies.ids)],
                "group_ids": [(6, 0, [env.ref(group).id for group in groups])],
            }
        )
        .id
    )


def unshipped(env):
    """The delivery of an order of several pieces that has not left."""
    domain = [("order_id", "!=", False), ("state", "=", "waiting"), ("line_ids.order_quantity", ">", 1)]
    return env["crab.delivery"].search(domain, limit=1)


def undecided(env):
    """A request that waits for the merchant's decision."""
    return first(env, "crab.aftersale", ("state", "=", "to_merchant"))


# Values with which each wizard could do its work.
WIZARDS = {
    "crab.account.erase": lambda env, world: {
        "account_id": env["crab.member"].browse(world.other_member_id).account_id.id,
        "reason": "本人要求",
        "confirmation": "会员乙",
    },
    "crab.account.merge": lambda env, world: {
        "source_id": env["crab.member"].browse(world.other_member_id).account_id.id,
        "target_id": env["crab.member"].browse(world.member_id).account_id.id,
    },
    "crab.card.generate": lambda env, world: {"product_id": world.card_product_id, "count": 1},
    "crab.card.mark": lambda env, world: {"numbers": "EVP000001"},
    "crab.card.order.pick": lambda env, world: {
        "order_id": first(env, "crab.card.order", ("state", "=", "draft")),
        "method": "entered",
        "text": "EVP000004",
    },
    "crab.card.order.reason": lambda env, world: {
        "order_id": first(env, "crab.card.order", ("state", "=", "in_transit")),
        "step": "reject",
        "text": "破损",
    },
    "crab.card.order.receive": lambda env, world: {
        "order_id": first(env, "crab.card.order", ("state", "=", "in_transit")),
        "text": "EVP000001",
    },
    "crab.dealer.application.reject": lambda env, world: {
        "application_ids": [(6, 0, [first(env, "crab.dealer.application")])],
        "reason": "资料不全",
    },
    "crab.dealer.close": lambda env, world: {"dealer_id": world.stranger_id, "reason": "停业"},
    "crab.dealer.close.line": lambda env, world: {
        "wizard_id": env["crab.dealer.close"].create({"dealer_id": world.top_id}).id
    },
    "crab.dealer.move": lambda env, world: {"dealer_id": world.below_id, "reason": "调整", "ratio": 0.75},
    "crab.dealer.ratio.change": lambda env, world: {"dealer_id": world.stranger_id, "ratio": 0.63, "reason": "调整"},
    "crab.delivery.ship": lambda env, world: {
        "carrier_name": "顺丰",
        "delivery_ids": [(6, 0, [first(env, "crab.delivery", ("state", "=", "waiting"))])],
    },
    "crab.delivery.ship.line": lambda env, world: {
        "ship_id": env["crab.delivery.ship"].create({"carrier_name": "顺丰"}).id,
        "delivery_id": first(env, "crab.delivery"),
    },
    "crab.delivery.split": lambda env, world: {
        "delivery_id": unshipped(env).id,
        "line_ids": [(0, 0, {"order_line_id": unshipped(env).line_ids.order_line_id[:1].id, "quantity": 1})],
    },
    "crab.delivery.split.line": lambda env, world: {
        "split_id": env["crab.delivery.split"].create({"delivery_id": unshipped(env).id}).id,
        "order_line_id": unshipped(env).line_ids.order_line_id[:1].id,
    },
    "crab.delivery.export": lambda env, world: {},
    "crab.greeting.pick": lambda env, world: {
        "greeting_id": first(env, "crab.greeting", ("state", "=", "draft")),
        "numbers": "EVI000004",
    },
    "crab.fapiao.ask": lambda env, world: {
        "order_id": first(env, "sale.order", ("crab_state", "=", "to_receive")),
        "title": "张三",
    },
    "crab.review.hide": lambda env, world: {
        "review_ids": [(6, 0, env["crab.review"].search([], limit=1).ids)],
        "reason": "广告",
    },
    "crab.review.reply": lambda env, world: {
        "review_ids": [(6, 0, env["crab.review"].search([], limit=1).ids)],
        "reply": "谢谢",
    },
    "crab.fapiao.ask.line": lambda env, world: {
        "ask_id": env["crab.fapiao.ask"]
        .create({"order_id": first(env, "sale.order", ("crab_state", "=", "to_receive")), "title": "张三"})
        .id,
        "order_line_id": first(env, "sale.order.line", ("crab_role", "=", "goods")),
    },
    "crab.aftersale.approve": lambda env, world: {"aftersale_id": undecided(env)},
    "crab.aftersale.approve.line": lambda env, world: {
        "approve_id": env["crab.aftersale.approve"].create({"aftersale_id": undecided(env)}).id,
        "line_id": first(env, "crab.aftersale.line"),
    },
    "crab.aftersale.ask": lambda env, world: {
        "order_id": first(env, "sale.order", ("crab_state", "=", "to_receive")),
        "reason": "quality",
    },
    "crab.aftersale.ask.line": lambda env, world: {
        "ask_id": env["crab.aftersale.ask"]
        .create({"order_id": first(env, "sale.order", ("crab_state", "=", "to_receive")), "reason": "quality"})
        .id,
        "order_line_id": first(env, "sale.order.line", ("crab_role", "=", "goods")),
    },
    "crab.aftersale.receive": lambda env, world: {
        "aftersale_id": first(env, "crab.aftersale", ("state", "=", "to_buyer")),
        "condition": "stock",
    },
    "crab.aftersale.reject": lambda env, world: {"aftersale_id": undecided(env), "reason": "已食用"},
    "crab.ledger.batch.post": lambda env, world: {},
    "crab.member.change.level": lambda env, world: {
        "member_ids": [(6, 0, [world.member_id])],
        "level_id": first(env, "crab.member.level"),
        "reason": "调整",
    },
    "crab.member.change.owner": lambda env, world: {"member_ids": [(6, 0, [world.member_id])], "reason": "调整"},
    "crab.member.close": lambda env, world: {"member_ids": [(6, 0, [world.other_member_id])], "reason": "注销"},
    "crab.member.invitation": lambda env, world: {"dealer_id": world.top_id},
    "crab.member.level.change.ratio": lambda env, world: {
        "level_id": first(env, "crab.member.level"),
        "ratio": 0.95,
        "reason": "调整",
    },
    "crab.ecard.refuse": lambda env, world: {
        "order_id": first(env, "sale.order", ("crab_state", "=", "to_audit")),
        "reason": "库存不足",
    },
    "crab.earning.explain": lambda env, world: {"earning_id": first(env, "crab.earning")},
    "crab.earning.explain.step": lambda env, world: {
        "explain_id": env["crab.earning.explain"].create({"earning_id": first(env, "crab.earning")}).id
    },
    "crab.earning.statement": lambda env, world: {"account_id": first(env, "crab.earning.account")},
    "crab.profit.simulation": lambda env, world: {
        "change_ids": [(0, 0, {"dealer_id": world.top_id, "has_ratio": True, "ratio": 0.61})]
    },
    "crab.profit.simulation.change": lambda env, world: {
        "simulation_id": env["crab.profit.simulation"].create({}).id,
        "dealer_id": world.top_id,
    },
    "crab.profit.simulation.result": lambda env, world: {"simulation_id": env["crab.profit.simulation"].create({}).id},
    "crab.refund.enter": lambda env, world: {
        "order_id": first(env, "sale.order", ("crab_state", "=", "to_ship")),
        "reason": "少发",
        "line_ids": [
            (
                0,
                0,
                {
                    "order_line_id": first(
                        env, "sale.order.line", ("crab_role", "=", "goods"), ("order_id.crab_state", "=", "to_ship")
                    ),
                    "amount": 1,
                },
            )
        ],
    },
    "crab.refund.enter.line": lambda env, world: {
        "enter_id": env["crab.refund.enter"]
        .create({"order_id": first(env, "sale.order", ("crab_state", "=", "to_ship")), "reason": "少发"})
        .id,
        "order_line_id": first(env, "sale.order.line", ("crab_role", "=", "goods")),
    },
    "crab.refund.transfer": lambda env, world: {"refund_id": first(env, "crab.refund"), "reference": "BANK-4"},
    "crab.withdrawal.reject": lambda env, world: {
        "withdrawal_id": first(env, "crab.withdrawal", ("state", "=", "requested")),
        "reason": "卡号有误",
    },
    "crab.redemption.cancel": lambda env, world: {
        "redemption_id": first(env, "crab.redemption", ("state", "=", "confirmed")),
        "reason": "地址错误",
    },
    "crab.redemption.enter": lambda env, world: {"number": "EVA000004", "receiver_name": "收货人"},
    "crab.wallet.document.reverse": lambda env, world: {
        "document_id": first(env, "crab.wallet.document", ("state", "=", "done"), ("kind", "=", "repayment")),
        "reason": "录错",
    },
    "crab.wallet.statement": lambda env, world: {"dealer_id": world.top_id},
    "res.config.settings": lambda env, world: {},
}


# Values of a new record that could be made by somebody.
NEW = {
    "crab.sms.account": lambda env, world: {
        "company_id": env["res.company"]._crab_company("group").id,
        "provider": "aliyun",
        "sign_name": "示例公司",
        "key_id": "KEY",
        "active": False,
    },
    "crab.sms.template": lambda env, world: {
        "account_id": first(env, "crab.sms.account"),
        "name": "通知",
        "body": "订单{order}",
        "provider_code": "3",
    },
    "crab.wechat.app": lambda env, world: {"name": "另一小程序", "app_id": "wx0000000000000000", "active": False},
    "crab.wechat.template": lambda env, world: {
        "app_id": first(env, "crab.wechat.app"),
        "name": "发货通知",
        "template_id": "T-2",
        "body": "thing1: {goods}",
    },
    "crab.account": lambda env, world: {"name": "新人", "phone": "13700000101"},
    "crab.agreement": lambda env, world: {"kind": "supplier", "title": "供应商协议", "body": "<p>条款</p>"},
    "crab.article": lambda env, world: {"title": "保存方法"},
    "crab.banner": lambda env, world: {
        "title": "开湖",
        "image": PICTURE,
        "target_kind": "url",
        "url": "https://shop.example.com",
    },
    "crab.card.order": lambda env, world: {"kind": "issue", "receiver_dealer_id": world.top_id},
    "crab.card.order.line": lambda env, world: {
        "order_id": world.direct_draft_id,
        "product_id": world.other_card_id,
        "quantity": 1,
    },
    "crab.dealer": lambda env, world: {
        "name": "新渠道",
        "code": "W-NEW",
        "contact_name": "新联系人",
        "phone": "13700000102",
        "level": "1",
        "dealer_type": "city_partner",
        "ratio": 0.6,
    },
    "crab.dealer.application": lambda env, world: {
        "name": "新门店",
        "contact_name": "申请人",
        "phone": "13700000103",
        "level": "1",
        "dealer_type": "city_partner",
        "ratio": 0.6,
    },
    "crab.dealer.invitation": lambda env, world: {"dealer_id": world.top_id, "level": "3", "ratio": 0.8},
    "crab.dealer.staff": lambda env, world: {"dealer_id": world.top_id, "name": "新店员", "phone": "13700000104"},
    "crab.greeting": lambda env, world: {
        "partner_id": first(env, "res.partner", ("is_company", "=", True)),
        "greeting": "中秋快乐",
        "send_at": "2030-09-25 01:00:00",
    },
    "crab.greeting.line": lambda env, world: {
        "greeting_id": first(env, "crab.greeting", ("state", "=", "draft")),
        "card_id": world.issued_ids[3],
    },
    "crab.import": lambda env, world: {"kind": "card", "file_name": "neu.csv", "file": "aGk="},
    "crab.media": lambda env, world: {"name": "新图片", "content": PICTURE},
    "crab.media.tag": lambda env, world: {"name": "新目录"},
    "crab.member": lambda env, world: {"name": "新会员", "phone": "13700000105"},
    "crab.member.level": lambda env, world: {"name": "金卡", "ratio": 0.9},
    "crab.member.tag": lambda env, world: {"name": "新标签"},
    "crab.package.part": lambda env, world: {
        "package_tmpl_id": world.empty_package_tmpl_id,
        "product_id": world.goods_id,
        "quantity": 1,
    },
    "crab.wallet.document": lambda env, world: {"kind": "topup", "dealer_id": world.top_id, "amount": 1},
}


class _Lines(yaml.SafeDumper):
    """Lists on one line."""

    def represent_list(self, data):
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


_Lines.add_representer(list, _Lines.represent_list)


def write(matrix):
    FILE.write_text(
        HEAD.format(roles=", ".join(harness.ROLES))
        + yaml.dump(matrix, Dumper=_Lines, sort_keys=False, width=10**6, allow_unicode=True),
        encoding="utf-8",
    )


def expected():
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))
