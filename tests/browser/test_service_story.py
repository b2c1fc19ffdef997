"""Customer service on screen: after-sales requests, reviews, the site; pictures lie in ``.build/screenshots``."""

import io

import pytest
from everything import shop_order
from PIL import Image, ImageDraw
from shop_world import ShopWorld

import harness

CHINESE = {"lang": "zh_CN", "tz": "Asia/Shanghai"}


@pytest.fixture(scope="module")
def shop(module_registry, module_server):
    world = ShopWorld(module_registry)
    world.run(harness.make_users)
    return world


def look(view, name):
    """Keep a picture of a page that is as it should be."""
    view.shot(f"service-{name}")
    assert view.faults() == []


def photo(color="#c1440e", size=(960, 480)):
    """Something to see: a picture as a phone sends it."""
    picture = Image.new("RGB", size, "#f6e7d7")
    draw = ImageDraw.Draw(picture)
    draw.ellipse([size[0] // 3, size[1] // 4, size[0] * 2 // 3, size[1] * 3 // 4], fill=color)
    output = io.BytesIO()
    picture.save(output, "JPEG")
    return output.getvalue()


def subject(member_id):
    from odoo.addons.crab_base.tools.subject import Subject

    return Subject("member", member_id)


def received(shop, *quantities):
    """``[(order id, its name)]`` of the member, received."""

    def make(env):
        member, product = env["crab.member"].browse(shop.member_id), env["product.product"].browse(shop.package_id)
        orders = [shop_order(env, member, product, "received", quantity) for quantity in quantities]
        return [(order.id, order.name) for order in orders]

    return shop.run(make, context=CHINESE)


def ask(shop, order_id, kind, reason, text, quantity, amount=None):
    """The member asks in the app, with two pictures; ``(id, number, public id)`` of the request."""

    def make(env):
        order = env["sale.order"].browse(order_id)
        line = order.order_line.filtered(lambda line: line.crab_role == "goods")
        request = env["crab.aftersale"]._ask(
            subject(shop.member_id),
            order.public_id,
            [(line, quantity, amount)],
            kind,
            reason,
            text=text,
            pictures=[photo(), photo("#3d5a40")],
        )
        return request.id, request.name, request.public_id

    return shop.run(make, context=CHINESE)


@harness.covers("HQ-46", "after-sales", via="web")
@harness.covers("MB-24", "ask with reason and pictures", via="service")
def test_a_return_is_approved_sent_back_received_and_refunded_another_request_rejected(shop, module_server, screen):
    (order_id, order_name), (other_id, _name) = received(shop, 3, 2)
    request_id, name, public_id = ask(shop, order_id, "return", "quality", "三只里有两只是死蟹，肉已发黑。", 2)
    _id, other, _public_id = ask(shop, other_id, "refund", "late", "晚到了一天，希望补偿。", 0, 300)

    # both wait for the merchant
    service = screen(module_server, "e2e_customer_service")
    page = service.page
    service.open("crab_shop_aftersale.crab_aftersale_action")
    row = page.locator(".o_data_row", has_text=name)
    row.wait_for()
    assert all(text in row.inner_text() for text in (order_name, "退货退款", "死蟹或质量问题", "待商家处理"))
    look(service, "01-requests")
    with service.arriving():
        row.locator("td.o_data_cell").first.click()
    service.wait_for_state("待商家处理")
    page.locator(".o_field_widget[name='picture_ids'] img").nth(1).wait_for()
    look(service, "02-request")

    # one of the two pieces is granted
    service.press("action_approve")
    service.wait_for_dialog()
    line = page.locator(".modal .o_field_widget[name='line_ids'] .o_data_row").first
    line.locator("td[name='quantity']").click()
    line.locator("[name='quantity'] input").fill("1")
    line.locator("[name='quantity'] input").press("Tab")
    line.locator("[name='amount'] input").fill("1000")
    line.locator("[name='amount'] input").press("Tab")
    look(service, "03-approve")
    service.press("action_confirm")
    service.wait_for_dialog(shown=False)
    service.wait_for_state("待买家处理")
    look(service, "04-approved")

    # the member sends the parcel; it waits for the merchant again, and arrives
    def send(env):
        env["crab.aftersale"]._send_back(subject(shop.member_id), public_id, "顺丰速运", "SF123456789")

    shop.run(send, context=CHINESE)
    service.open("crab_shop_aftersale.crab_aftersale_action")
    row = page.locator(".o_data_row", has_text=name)
    row.wait_for()
    with service.arriving():
        row.locator("td.o_data_cell").first.click()
    service.wait_for_state("待商家处理")
    assert "SF123456789" in service.field("tracking_reference").inner_text()
    look(service, "05-parcel-on-its-way")
    service.press("action_receive")
    service.wait_for_dialog()
    service.field("condition").locator(".o_radio_item", has_text="退回库存").locator("input").check()
    look(service, "06-goods-came-back")
    service.press("action_confirm", confirm=True)
    service.wait_for_dialog(shown=False)
    service.wait_for_state("已完成")
    assert "1,000.00" in service.field("amount_granted").inner_text()
    look(service, "07-done")

    # the other one is rejected for a reason
    service.open("crab_shop_aftersale.crab_aftersale_action")
    row = page.locator(".o_data_row", has_text=other)
    row.wait_for()
    with service.arriving():
        row.locator("td.o_data_cell").first.click()
    service.press("action_reject")
    service.wait_for_dialog()
    service.fill("reason", "物流显示按约定日期送达。")
    look(service, "08-reject")
    service.press("action_confirm")
    service.wait_for_dialog(shown=False)
    page.locator(".o_field_widget[name='end_reason']", has_text="物流显示").wait_for()
    look(service, "09-rejected")

    # the order shows both money and request; the analysis counts
    service.open("crab_shop.sale_order_action_package", order_id)
    service.wait_for_state("待评价")
    assert "1,000.00" in service.field("crab_amount_refunded").inner_text()
    look(service, "10-order")
    with service.arriving():
        service.press("action_crab_aftersales")
    look(service, "11-requests-of-the-order")
    service.open("crab_shop_aftersale.crab_aftersale_line_action")
    look(service, "12-analysis")

    def told(env):
        request = env["crab.aftersale"].browse(request_id)
        return request.refund_id.amount, request.state

    assert shop.run(told) == (1000, "done")
    shop.assert_books()


@harness.covers("HQ-46", "reviews", via="web")
@harness.covers("MB-18", "review each product of a completed order", via="service")
def test_reviews_are_answered_hidden_and_counted(shop, module_server, screen):
    orders = received(shop, 1, 1, 1)
    words = [
        (5, "蟹很肥，膏满黄多，家里老人孩子都爱吃，下次还会再来。", False, [photo()]),
        (4, "包装好，送货准时。", True, []),
        (1, "加微信低价买蟹，详情看我主页！！！", False, []),
    ]

    def write(env):
        for (order_id, _name), (score, text, is_anonymous, pictures) in zip(orders, words, strict=True):
            line = env["sale.order"].browse(order_id).order_line.filtered(lambda line: line.crab_role == "goods")
            review = {"line_id": line.id, "score": score, "text": text}
            review.update(is_anonymous=is_anonymous, pictures=pictures)
            env["crab.review"]._write_review(subject(shop.member_id), order_id, [review])

    shop.run(write, context=CHINESE)
    service = screen(module_server, "e2e_customer_service")
    page = service.page
    service.open("crab_review.crab_review_action")
    row = page.locator(".o_data_row", has_text="膏满黄多")
    row.wait_for()
    look(service, "20-reviews")

    # one is answered
    with service.arriving():
        row.locator("td.o_data_cell").first.click()
    page.locator(".o_field_widget[name='picture_ids'] img").first.wait_for()
    look(service, "21-review")
    service.press("action_reply")
    service.wait_for_dialog()
    service.field("reply").locator("textarea").fill("感谢您的支持，欢迎明年再来！")
    look(service, "22-reply")
    service.press("action_reply")
    service.wait_for_dialog(shown=False)
    page.locator(".o_field_widget[name='reply']", has_text="感谢您的支持").wait_for()
    look(service, "23-answered")

    # an advertisement is hidden, and counts no longer
    service.open("crab_review.crab_review_action")
    row = page.locator(".o_data_row", has_text="加微信")
    row.wait_for()
    with service.arriving():
        row.locator("td.o_data_cell").first.click()
    service.press("action_hide")
    service.wait_for_dialog()
    service.fill("reason", "广告")
    look(service, "24-hide")
    service.press("action_hide")
    service.wait_for_dialog(shown=False)
    service.wait_for_state("已隐藏")
    look(service, "25-hidden")
    service.open("crab_review.crab_review_action")
    page.locator(".o_data_row", has_text="已隐藏").wait_for()
    look(service, "26-reviews-afterwards")

    # the product tells of the two that are left
    service.open("crab_catalog.product_template_action_package")
    row = page.locator(".o_data_row", has_text="W-PKG").first
    row.wait_for()
    with service.arriving():
        row.locator("td.o_data_cell").nth(1).click()
    assert "4.5" in service.field("crab_review_average").inner_text()
    assert "100" in service.field("crab_review_good").inner_text()
    assert page.locator(".o_field_widget[name='crab_review_count']").first.inner_text().strip().startswith("2")
    look(service, "27-product")


def write_text(view, name, text):
    """Into the editor of a text with pictures and headings."""
    editor = view.field(name).locator(".odoo-editor-editable")
    editor.click()
    view.page.keyboard.insert_text(text)


def saved(view):
    view.page.locator(".o_form_status_indicator_buttons.invisible").wait_for(state="attached")
    view.settle()


def save(view):
    view.page.locator(".o_form_button_save:visible").click()
    saved(view)


@harness.covers("HQ-59", "agreements with versions", via="web")
@harness.covers("HQ-64", "feedback with handling", via="web")
@harness.covers("HQ-68", "from, until, on and off", "picture, target, order", via="web")
@harness.covers("MB-27", "feedback with pictures", via="service")
def test_banner_article_agreement_and_feedback(shop, module_server, screen):
    admin = screen(module_server, "e2e_admin")
    page = admin.page

    # an article, and a banner that opens it from yesterday for a month
    admin.open("crab_site.crab_article_action")
    look(admin, "40-no-articles")
    admin.new()
    admin.fill("title", "大闸蟹保鲜方法")
    write_text(admin, "body", "收到后请冷藏保存，三天内食用。")
    admin.field("is_published").locator("input").check()
    saved(admin)  # by the switch itself
    look(admin, "41-article")
    admin.open("crab_site.crab_article_action")
    page.locator(".o_data_row", has_text="大闸蟹保鲜方法").wait_for()
    look(admin, "42-articles")

    admin.open("crab_site.crab_banner_action")
    look(admin, "43-no-banners")
    admin.new()
    admin.fill("title", "阳澄湖开湖")
    picture = {"name": "banner.jpg", "mimeType": "image/jpeg", "buffer": photo(size=(1200, 500))}
    admin.field("image").locator("input[type=file]").set_input_files(picture)
    admin.select("target_kind", "文章")
    admin.choose("article_id", "大闸蟹保鲜方法")
    admin.fill("start_at", "-1d")
    admin.fill("end_at", "+30d")
    save(admin)
    admin.wait_for_state("展示中")
    look(admin, "44-banner")
    admin.open("crab_site.crab_banner_action")
    page.locator(".o_data_row", has_text="阳澄湖开湖").wait_for()
    look(admin, "45-banners")
    assert shop.run(lambda env: env["crab.banner"]._shown().mapped("title")) == ["阳澄湖开湖"]

    # the first version of an agreement is published and accepted; a second one asks again
    admin.open("crab_site.crab_agreement_action")
    admin.new()
    admin.fill("title", "会员注册协议")
    write_text(admin, "body", "第一条 本协议由您与本公司订立。")
    save(admin)
    admin.press("action_publish", confirm=True)
    admin.wait_for_state("已发布")
    look(admin, "46-agreement")

    def missing(env):
        return env["crab.agreement"]._missing(subject(shop.member_id)).mapped("display_name")

    assert shop.run(missing, context=CHINESE) == ["注册协议 第 1 版"]
    shop.run(
        lambda env: env["crab.agreement"]._holding()._accept(subject(shop.member_id), "203.0.113.7") and None,
        context=CHINESE,
    )
    assert not shop.run(missing, context=CHINESE)
    with admin.arriving():
        admin.press("action_new_version")
    admin.wait_for_state("草稿")
    write_text(admin, "body", "（修订）")
    save(admin)
    admin.press("action_publish", confirm=True)
    admin.wait_for_state("已发布")
    assert shop.run(missing, context=CHINESE) == ["注册协议 第 2 版"]
    admin.open("crab_site.crab_agreement_action")
    page.locator(".o_group_header").first.wait_for()
    for header in page.locator(".o_group_header").all():
        header.click()
    page.locator(".o_data_row", has_text="会员注册协议").nth(1).wait_for()
    look(admin, "47-versions")
    service = screen(module_server, "e2e_customer_service")
    service.open("crab_site.crab_agreement_acceptance_action")
    service.page.locator(".o_data_row", has_text="203.0.113.7").wait_for()
    look(service, "48-acceptances")

    # a member writes, customer service takes it in hand and answers
    def write(env):
        text = "订单页面看不到物流信息，刷新多次还是一样，请帮忙处理。"
        return env["crab.feedback"]._send(subject(shop.member_id), text, [photo()]).id

    feedback_id = shop.run(write, context=CHINESE)
    service.open("crab_site.crab_feedback_action")
    service.page.locator(".o_group_header").first.wait_for()
    service.page.locator(".o_group_header", has_text="待处理").click()
    row = service.page.locator(".o_data_row", has_text="看不到物流信息")
    row.wait_for()
    look(service, "50-feedback")
    with service.arriving():
        row.locator("td.o_data_cell").first.click()
    service.press("action_take")
    service.wait_for_state("处理中")
    service.fill("answer", "您好，物流信息已恢复显示，给您带来不便敬请谅解。")
    look(service, "51-in-hand")
    service.press("action_answer")
    service.wait_for_state("已回复")
    look(service, "52-answered")
    read = shop.run(
        lambda env: env["crab.feedback"]._for_subject(subject(shop.member_id)).mapped("answer"), context=CHINESE
    )
    assert [text[:2] for text in read] == ["您好"] and feedback_id
