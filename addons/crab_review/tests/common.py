import io

from PIL import Image

from odoo.addons.crab_shop.tests.common import ShopCase


def picture(color="red", size=(8, 8)):
    output = io.BytesIO()
    Image.new("RGB", size, color).save(output, "PNG")
    return output.getvalue()


class ReviewCase(ShopCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Review = cls.env["crab.review"]
        cls.subject = cls._subject(cls.member)
        cls.service = cls._new_user("review-service", "customer_service")

    @classmethod
    def _received(cls, *lines, member=None):
        order = cls._paid(list(lines) or [(cls.thousand, 1)], member)
        cls._ship(order)
        order._crab_receive()
        return order

    @classmethod
    def _write(cls, order, *scores, member=None, key=None, **values):
        """Review the goods lines of ``order`` in order; None leaves one alone."""
        reviews = [
            {"line_id": line.id, "score": score, **values}
            for line, score in zip(cls._goods(order), scores, strict=False)
            if score is not None
        ]
        return cls.Review._write_review(cls._subject(member or cls.member), order.id, reviews, key)
