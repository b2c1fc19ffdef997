import io
import logging

from psycopg2 import IntegrityError

from odoo.tests import BaseCase, tagged

from ..tools.log_hygiene import MASK, MaskingFormatter, install, mask
from .common import CrabCase

SECRET = "S3cr-et_Value9"


@tagged("post_install", "-at_install")
class TestMask(BaseCase):
    def test_values_of_secrets_are_masked_in_every_spelling(self):
        for text in (
            f"password={SECRET}",
            f'{{"password": "{SECRET}", "a": 1}}',
            f"{{'new_password': '{SECRET}'}}",
            f"GET /x?a=1&access_token={SECRET}&b=2",
            f"Authorization: Bearer {SECRET}",
            f"headers {{'Authorization': 'Basic {SECRET}'}}",
            f"api_key = {SECRET}",
            f"卡密：{SECRET}".replace("：", ":"),
            f"client_secret:'{SECRET}'",
            f"bad query: INSERT INTO crab_account (phone, password_hash) VALUES ('138', '{SECRET}')\nERROR: x",
            f"bad query: UPDATE t SET a = 1 WHERE token = E'{SECRET}'",
            f"bad query: b'INSERT INTO t (password) VALUES (\\'{SECRET}\\')'\nERROR: duplicate\n"
            f"DETAIL:  Key (x)=({SECRET}) already exists.",
            f"bad query: INSERT password\nDETAIL:  Failing row contains (1, {SECRET}, null).",
        ):
            self.assertNotIn(SECRET, mask(text), text)
            self.assertIn(MASK, mask(text))

    def test_other_text_stays_as_it_is(self):
        for text in (
            "GET /web/login 200 - 0.1",
            "bad query: SELECT 'x' FROM crab_card WHERE number = 'C001'",
            "the token has expired",
            "Password reset requested for user 5",
        ):
            self.assertEqual(mask(text), text)

    def test_tracebacks_are_masked_and_installing_twice_wraps_once(self):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(message)s"))
        root = logging.getLogger()
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)
        install()
        install()
        self.assertIsInstance(handler.formatter, MaskingFormatter)
        self.assertNotIsInstance(handler.formatter._formatter, MaskingFormatter)
        try:
            raise ValueError(f"login failed, password='{SECRET}'")
        except ValueError:
            handler.handle(
                logging.makeLogRecord({"msg": "x %s", "args": (1,), "exc_info": __import__("sys").exc_info()})
            )
        self.assertIn("login failed", stream.getvalue())
        self.assertNotIn(SECRET, stream.getvalue())


class TestFailedQuery(CrabCase):
    def test_a_failed_query_with_a_password_is_logged_without_it(self):
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(MaskingFormatter(logging.Formatter("%(message)s")))
        logger = logging.getLogger("odoo.sql_db")
        logger.addHandler(handler)
        self.addCleanup(logger.removeHandler, handler)
        propagate, logger.propagate = logger.propagate, False
        self.addCleanup(setattr, logger, "propagate", propagate)
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self.env.cr.execute(
                "INSERT INTO res_users (login, password, company_id) VALUES ('admin', %s, %s)", [SECRET, self.group.id]
            )
        self.assertIn("bad query", stream.getvalue())
        self.assertNotIn(SECRET, stream.getvalue())
