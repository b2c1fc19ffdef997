from odoo.addons.crab_api.tests.common import ApiCase
from odoo.addons.crab_card_order.tests.common import OrderCase
from odoo.addons.crab_profit.tests.common import ProfitCase

BASE_KEY = "test-key-"


class DealerApiCase(ApiCase, ProfitCase, OrderCase):
    """The networks of ``DealerCase`` (a … y) and ``MemberCase`` (dealer1 … dealer3), called as their people.

    ::

        a (0.60, exclusive store) ── b (0.70) ── c (0.80)
                                  └─ d (level 3, 0.75)
        z (0.55, city partner) ── y (0.65)
    """

    keys = 0

    def _client(self, who):
        """The logged-in client of a dealer, staff member or member (None: a stranger); one for each of them."""
        clients = self.__dict__.setdefault("_clients", {})
        if who not in clients:
            clients[who] = self.api(who and self.subject(who))
        return clients[who]

    def _call(self, who, method, path, status=200, key=None, **request):
        """The JSON of the answer to ``who``, which has this status."""
        if method == "post":
            DealerApiCase.keys += 1
            key = f"{BASE_KEY}{key or DealerApiCase.keys}"
        answer = getattr(self._client(who), method)(path, key=key, **request)
        self.assertEqual(answer.status, status, answer.content)
        return answer.json

    def _get(self, who, path, status=200, **params):
        return self._call(who, "get", path, status, params=params)

    def _post(self, who, path, json=None, status=201, key=None):
        return self._call(who, "post", path, status, key, json=json)

    def _queries(self, who, path, **params):
        """How many queries an answer takes, with nothing in the cache."""
        self._get(who, path, **params)  # what is cached for the whole registry is there
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._get(who, path, **params)
        return self.env.cr.sql_log_count - before

    def assertSameQueries(self, who, path, few=1, many=4, **params):
        """A page takes as many queries with ``many`` records as with ``few``."""
        counts = {}
        for limit in (few, many):
            self.assertEqual(len(self._get(who, path, limit=limit, **params)["items"]), limit)
            counts[limit] = self._queries(who, path, limit=limit, **params)
        self.assertEqual(counts[few], counts[many])

    def assertPages(self, who, path, **params):
        """Pages of one hold the same as one page of all, each once; returns them."""
        everything = self._get(who, path, limit=100, **params)
        self.assertIsNone(everything["next_cursor"])
        items, cursor = [], None
        while True:
            page = self._get(who, path, limit=1, **params, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                break
        self.assertEqual(items, everything["items"])
        return items
