from odoo.tests import tagged

from odoo.addons.crab_base.tests.common import covers

from .common import KEY, OTHER_KEY, MemberApiCase


@tagged("post_install", "-at_install")
class TestReviews(MemberApiCase):
    def _given(self, product, **values):
        return {"product_id": product.public_id, "score": 5, **values}

    @covers("MB-18", "review each product of a completed order", "only once", via="api")
    @covers("MB-19", "own reviews", via="api")
    def test_products_are_reviewed_once(self):
        order = self._received((self.thousand, 1), (self.package1, 1))
        path = f"/orders/{order.public_id}/reviews"
        pending = self._ok(self.mine.get("/reviews/pending"))["items"]
        self.assertEqual({one["product_id"] for one in pending}, {self.thousand.public_id, self.package1.public_id})
        given = {"reviews": [self._given(self.thousand, text="Good", pictures=[self._upload()])]}
        written = self._ok(self.mine.post(path, json=given, key=KEY), 201)["items"]
        self.assertEqual((written[0]["score"], written[0]["text"], len(written[0]["pictures"])), (5, "Good", 1))
        self.assertEqual(self._ok(self.mine.post(path, json=given, key=KEY), 201)["items"], written)
        self._refused_as(self.mine.post(path, json=given, key=OTHER_KEY), 422, "reviewed already")
        [left] = self._ok(self.mine.get("/reviews/pending"))["items"]
        self.assertEqual((left["product_id"], left["order_id"]), (self.package1.public_id, order.public_id))
        rest = {"reviews": [self._given(self.package1, score=2, is_anonymous=True)]}
        self._ok(self.mine.post(path, json=rest, key=OTHER_KEY), 201)
        self.assertEqual(self._ok(self.mine.get(f"/orders/{order.public_id}"))["state"], "done")
        own = self._pages(self.mine, "/member/reviews", limit=1)
        self.assertEqual([one["product_id"] for one in own], [self.package1.public_id, self.thousand.public_id])
        self.assertEqual(self._pages(self.theirs, "/member/reviews"), [])
        shown = self._pages(self.nobody, f"/catalog/products/{self.package1.public_id}/reviews")
        self.assertEqual([one["author"] for one in shown], ["Anonymous member"])

    def test_what_cannot_be_reviewed_is_refused(self):
        shipped = self._shipped()
        received = self._received()
        given = {"reviews": [self._given(self.thousand)]}
        self._refused_as(self.mine.post(f"/orders/{shipped.public_id}/reviews", json=given, key=KEY), 422, "received")
        path = f"/orders/{received.public_id}/reviews"
        self._refused_as(self.theirs.post(path, json=given, key=KEY), 404)
        wrong = (
            ({"reviews": [self._given(self.package2)]}, 404),
            ({"reviews": [self._given(self.thousand), self._given(self.thousand)]}, 422),
            ({"reviews": [self._given(self.thousand, score=6)]}, 422),
            ({"reviews": []}, 422),
            ({"reviews": [self._given(self.thousand, pictures=[self._upload(self.theirs)])]}, 404),
            ({"reviews": [self._given(self.thousand, text="x" * 1001)]}, 422),
        )
        for body, status in wrong:
            self._refused_as(self.mine.post(path, json=body, key=KEY), status)
        self.assertFalse(received.crab_review_ids)
