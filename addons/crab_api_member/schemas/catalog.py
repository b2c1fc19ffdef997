from typing import Literal

from odoo.tools import is_html_empty

from odoo.addons.crab_api.schemas import Amount, Out, When

Kind = Literal["package", "physical_card", "ecard"]
Sort = Literal["recommended", "sales", "price", "-price"]
Shelf = Literal["in_stock", "few", "sold_out"]


def html(text):
    """Rich text, None where there is nothing to read."""
    return None if is_html_empty(text) else str(text)


class Category(Out):
    id: str
    name: str
    kind: Kind
    parts: list["Category"] = []

    @classmethod
    def from_category(cls, category, below):
        """:param below: ``{category: its sub-categories}``"""
        return cls(
            id=category.public_id,
            name=category.name,
            kind=category.crab_kind,
            parts=[cls.from_category(part, below) for part in below.get(category, ())],
        )


class ReviewFigures(Out):
    count: int
    average: float | None
    good: float | None  # share from 0 to 1 of those with 4 or 5 points


class Product(Out):
    """A product as lists show it. ``sold`` and ``left`` only where head office shows them."""

    id: str
    kind: Kind
    name: str
    picture: str | None
    retail_price: Amount
    currency: str = "CNY"
    is_recommended: bool
    stock: Shelf
    left: int | None
    sold: int | None
    reviews: ReviewFigures

    @classmethod
    def from_product(cls, product, shown, **more):
        """:param shown: what the service looked up for the page: ``picture``, ``price``, ``shelf``, ``reviews``"""
        shelf, reviews = shown["shelf"], shown["reviews"]
        return cls(
            id=product.public_id,
            kind=product.crab_kind,
            name=product.name,
            picture=shown["picture"],
            retail_price=shown["price"],
            is_recommended=product.crab_is_recommended,
            stock=shelf["shelf"],
            left=shelf["left"],
            sold=shelf["sold"],
            reviews=ReviewFigures(
                count=reviews.get("count", 0), average=reviews.get("average"), good=reviews.get("good")
            ),
            **more,
        )


class Part(Out):
    name: str
    quantity: float
    unit: str

    @classmethod
    def from_part(cls, part):
        return cls(name=part.product_id.name, quantity=part.quantity, unit=part.uom_id.name)


class Choice(Out):
    """A package that a card can be redeemed for."""

    id: str
    name: str
    picture: str | None
    parts: list[Part]

    @classmethod
    def from_product(cls, product, picture):
        """:param product: ``product.product``"""
        return cls(
            id=product.product_tmpl_id.public_id,
            name=product.name,
            picture=picture,
            parts=[Part.from_part(part) for part in product.crab_part_ids],
        )


class CategoryName(Out):
    id: str
    name: str


class ProductDetail(Product):
    """``choice_count`` of the ``choices`` are what one number of a card is redeemed for."""

    picture_large: str | None
    category: CategoryName
    unit: str
    detail_html: str | None
    parts: list[Part]
    rule: Literal["fixed", "choice"] | None
    choice_count: int | None
    choices: list[Choice]

    @classmethod
    def from_detail(cls, product, shown, choices):
        is_card = product.crab_kind in ("physical_card", "ecard")
        return cls.from_product(
            product,
            shown,
            picture_large=shown["picture"] and shown["picture"] + "&size=1920",
            category=CategoryName(id=product.categ_id.public_id, name=product.categ_id.name),
            unit=product.uom_id.name,
            detail_html=html(product.crab_detail_html),
            parts=[Part.from_part(part) for part in product.crab_part_ids],
            rule=product.crab_rule if is_card else None,
            choice_count=product.crab_choice_count if is_card else None,
            choices=choices,
        )


class PublicReview(Out):
    id: str
    author: str
    score: int
    text: str | None
    pictures: list[str]
    written_at: When
    reply: str | None
    replied_at: When | None

    @classmethod
    def from_review(cls, review, pictures):
        return cls(
            id=review.public_id,
            author=review._shown_author(),
            score=review.score,
            text=review.text or None,
            pictures=pictures,
            written_at=review.create_date,
            reply=review.reply or None,
            replied_at=review.replied_at or None,
        )


class OwnPrice(Out):
    """``price`` is the caller's; None for who sees the retail price only."""

    product_id: str
    retail_price: Amount
    price: Amount | None
    currency: str = "CNY"
    is_favourite: bool
