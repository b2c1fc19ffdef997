"""The benchmark ``member_pages``: what members page through, beside messages that plain Odoo pages by offset.

Ours goes through the services of the app, with all that they check; each page is read as it is shown.
"""

import statistics
import time

DEEP = 0.95  # of all pages lie before the deep one
PAGE, TURNS = 20, 9
FIELDS = {
    "crab.review": ("score", "text", "reply", "picture_ids", "create_date"),
    "crab.notice": ("title", "body", "told_at", "read_at"),
    "crab.point.entry": ("points", "kind", "happened_at", "order_id"),
}


def fill(env, bench, name, count):
    """``count`` reviews of one product, notices and points, all of one member, and messages of plain Odoo.

    The first of each comes about as in production, the others are rows like it.

    :return: ids of product, member and partner
    """
    from everything import shop_order

    from odoo.addons.crab_base.models.crab_public_id_mixin import uuid7
    from odoo.addons.crab_base.tools.rows import insert_like
    from odoo.addons.crab_base.tools.subject import Subject

    package = env["product.template"].create(
        {"name": name, "default_code": name, "list_price": 1000, "crab_kind": "package", "crab_state": "on_sale"}
    )
    product = package.product_variant_id
    group = env["res.company"]._crab_company("group")
    env["product.product"].with_company(group)._crab_adjust_stock({product: 100})
    member = env["crab.member"].create(
        {"name": name, "phone": f"135{time.time_ns() // 1000 % 10**8:08}", "dealer_id": bench.world.below_id}
    )
    order = shop_order(env, member, product, "received", 1)
    line = order.order_line.filtered(lambda line: line.crab_role == "goods")
    written = {"line_id": line.id, "score": 5, "text": "蟹肥膏黄，送货准时。"}
    review = env["crab.review"]._write_review(Subject("member", member.id), order.id, [written])
    refund = env["crab.refund"]._refund(order, [(line, 0, "1")], "少发")
    while env["crab.outbox"]._dispatch("_notice"):
        pass
    notice = env["crab.notice"].search([("member_id", "=", member.id)], limit=1)
    entry = env["crab.point.entry"].search([("refund_id", "=", refund.id)])
    message = member.partner_id.message_post(body="蟹肥膏黄，送货准时。", message_type="comment")

    def ids_outside():
        return [uuid7() for _row in range(count)]

    lines = insert_like(line, {"sequence": [10] * count})
    insert_like(review, {"order_line_id": lines.ids, "public_id": ids_outside()})
    insert_like(notice, {"event_id": range(-count, 0), "public_id": ids_outside()})
    refunds = insert_like(refund, {"key": [str(at) for at in range(count)], "public_id": ids_outside()})
    insert_like(entry, {"refund_id": refunds.ids, "public_id": ids_outside()})
    insert_like(message, {"message_id": [f"<{at}@bench>" for at in range(count)]})
    return package.id, member.id, member.partner_id.id


def pages(env, package_id, member_id):
    """``{list: (model, its page from a cursor on)}``"""
    from odoo.addons.crab_base.tools.subject import Subject

    subject = Subject("member", member_id)
    reviews, notices, entries = (env[model] for model in FIELDS)
    package = env["product.template"].browse(package_id)
    return {
        "reviews of a product": (reviews, lambda cursor: reviews._of_product(package, cursor, PAGE)[0]),
        "own reviews": (reviews, lambda cursor: reviews._of_subject(subject, cursor, PAGE)[0]),
        "messages": (notices, lambda cursor: notices._of_subject(subject, cursor, PAGE)[0]),
        "points": (entries, lambda cursor: entries._statement(subject, cursor, PAGE)["entries"]),
    }


def measure(env, call):
    """Median of milliseconds, nothing cached."""
    call()
    times = []
    for _turn in range(TURNS):
        env.invalidate_all()
        started = time.perf_counter()
        assert len(call()) == PAGE
        times.append((time.perf_counter() - started) * 1000)
    return round(statistics.median(times), 1)


def member_pages(bench, name, count):
    """Figures and reference, see :func:`scripts.benches.member_pages`."""
    ids = package_id, member_id, partner_id = bench.run(lambda env: fill(env, bench, name, count))
    tables = ("crab_review", "crab_notice", "crab_point_entry", "mail_message")
    for table in tables:
        bench.vacuum(table)
    figures, reference = {"rows of each list": count}, {}

    def ours(env):
        for label, (model, page) in pages(env, *ids[:2]).items():
            column = "product_tmpl_id" if label == "reviews of a product" else "member_id"
            [cursor] = bench.query(
                f"SELECT public_id FROM {model._table} WHERE {column} = %s ORDER BY id DESC OFFSET %s LIMIT 1",
                package_id if column == "product_tmpl_id" else member_id,
                int(count * DEEP),
            )[0]

            def read(cursor, page=page, model=model):
                return page(cursor).read(FIELDS[model._name])

            figures[f"{label}, first page, ms"] = measure(env, lambda read=read: read(None))
            figures[f"{label}, page behind {DEEP:.0%}, ms"] = measure(
                env, lambda read=read, cursor=cursor: read(cursor)
            )

    def plain(env):
        messages = env["mail.message"]
        domain = [("model", "=", "res.partner"), ("res_id", "=", partner_id), ("message_type", "=", "comment")]

        def read(offset):
            found = messages.search(domain, order="id desc", limit=PAGE, offset=offset)
            return found.read(("body", "date", "author_id"))

        reference["plain Odoo: messages, first page, ms"] = measure(env, lambda: read(0))
        reference[f"plain Odoo: messages, page behind {DEEP:.0%}, ms"] = measure(env, lambda: read(int(count * DEEP)))

    bench.run(ours)
    bench.run(plain)
    pages_of_ours = {key: value for key, value in figures.items() if key.endswith("ms")}
    figures["slowest page, ms"] = max(pages_of_ours.values())
    return {"figures": figures, "reference": reference}
