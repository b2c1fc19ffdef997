"""The register of numbers under real parallel connections: imports, generation, binding, guesses, rotation, marks."""

import contextlib
import os
import shutil
from pathlib import Path

import pytest
from test_cards_and_wallets import system
from world import ADDRESS, PASSWORD, World, redeem, refusals, sms_account

import harness


@pytest.fixture(scope="module")
def world(module_registry):
    return World(module_registry)


@contextlib.contextmanager
def own_keys(folder):
    """A key file of this test's own, which it may change."""
    shared = os.environ["CRAB_CARD_KEYS_FILE"]
    path = Path(folder) / "keys.json"
    shutil.copy(shared, path)
    os.environ["CRAB_CARD_KEYS_FILE"] = str(path)
    try:
        yield path
    finally:
        os.environ["CRAB_CARD_KEYS_FILE"] = shared


def members(world, count, start):
    """Ids of new members."""

    def make(env):
        made = env["crab.member"].create(
            [{"name": f"会员 {i}", "phone": f"139{start + i:08}", "dealer_id": world.top_id} for i in range(count)]
        )
        return made.ids

    return world.run(make)


def test_files_that_overlap_imported_at_once_bring_each_number_once(world):
    """Of two files with common numbers one is loaded whole, the other is refused and names the common rows."""

    def content(number):
        rows = "".join(f"OVL{i:06},{PASSWORD},W-CARD\n" for i in range(number * 100, number * 100 + 300))
        return f"卡号,卡密,卡编码\n{rows}".encode()

    def load(env, number):
        done = env["crab.import"]._run_file("card", f"overlap-{number}.csv", content(number))
        return done.state, done.error_rows, done.count_loaded

    results = harness.run_parallel(world.registry, 6, load)
    assert not refusals(results)
    loaded = {number for number, (state, _rows, _count) in enumerate(results) if state == "done"}
    assert loaded, results
    expected = {i for number in loaded for i in range(number * 100, number * 100 + 300)}
    assert len(expected) == 300 * len(loaded), "no two loaded files overlap"
    for number, (state, rows, count) in enumerate(results):
        common = {i - number * 100 + 2 for i in range(number * 100, number * 100 + 300) if i in expected}
        if number in loaded:
            assert (state, rows, count) == ("done", [], 300)
        else:  # what was loaded before it was judged
            assert (state, count) == ("refused", 0)
            assert rows and common.issuperset(rows), (number, rows)

    def found(env):
        cards = env["crab.card"].search([("number", "=like", "OVL%")])
        stock = env["crab.card"]._compare_with_stock()
        return {int(card.number[3:]) for card in cards}, len(cards), stock

    assert world.run(found) == (expected, len(expected), [])
    world.assert_sound()


def test_blocks_of_serials_generated_at_once_never_meet(world):
    def generate(env, number):
        wizard = env["crab.card.generate"].create(
            {"product_id": world.card_product_id, "prefix": "GEN", "season": "26", "count": 50 + number}
        )
        wizard.action_generate()
        return True

    assert harness.run_parallel(world.registry, 8, generate) == [True] * 8

    def serials(env):
        cards = env["crab.card"].search([("number", "=like", "GEN26%")])
        return [int(card.number[5:13]) for card in cards]

    count = sum(50 + number for number in range(8))
    assert world.run(serials) == list(range(1, count + 1)), "no gap, nothing twice"


def test_one_number_bound_by_20_members_at_once_belongs_to_one(world):
    from odoo.addons.crab_base.tools.subject import Subject

    [card_id] = world.active(1, "BND")
    ids = members(world, 20, 1000)

    def bind(env, number):
        env["crab.card"]._bind_for_subject(Subject("member", ids[number]), "BND000001", PASSWORD, f"192.0.2.{number}")
        return ids[number]

    results = harness.run_parallel(world.registry, 20, bind)
    assert len(refusals(results)) == 19
    [winner] = [result for result in results if not isinstance(result, Exception)]

    def state(env):
        card = env["crab.card"].browse(card_id)
        return card.member_id.id, card.event_ids.mapped("event").count("bind")

    assert world.run(state) == (winner, 1)
    world.assert_sound()


def test_binding_while_the_member_is_merged_loses_no_card(world):
    from odoo.addons.crab_base.tools.subject import Subject

    ids = world.active(6, "MRG")
    old, kept = members(world, 2, 2000)

    def act(env, number):
        if number == 6:
            env["crab.member"].browse(old).account_id._merge_into(env["crab.member"].browse(kept).account_id)
        else:
            env["crab.card"]._bind_for_subject(Subject("member", old), f"MRG{number + 1:06}", PASSWORD)
        return True

    results = harness.run_parallel(world.registry, 7, act)
    refusals(results)
    assert results[6] is True
    holders = world.run(lambda env: [card.member_id.id for card in env["crab.card"].browse(ids)])
    assert holders == [kept if result is True else False for result in results[:6]]
    world.assert_sound()


@pytest.mark.parametrize("prefix", ["GUS", "GUN"])
def test_guesses_from_20_connections_are_judged_up_to_the_limit_exactly(world, prefix):
    """Five of one source, fifteen of all: the others are refused unjudged, and the right password after them too."""
    world.active(1, prefix)
    number = f"{prefix}000001"
    from odoo.addons.crab_base.tools.subject import Subject

    def source(at):
        return "198.51.100.1" if prefix == "GUS" else f"198.51.100.{at}"

    def guess(env, at):
        env["crab.card"]._open_with_password(Subject("member", 10**6 + at), number, f"wrong{at:03}", source(at))

    texts = [str(error) for error in refusals(harness.run_parallel(world.registry, 20, guess))]
    limit = 5 if prefix == "GUS" else 15
    assert sum("number or the password is wrong" in text for text in texts) == limit, texts
    assert sum("too many wrong" in text for text in texts) == 20 - limit
    assert world.run(lambda env: env["crab.card.guess"].search_count([("number", "=", number)])) == limit

    def right(env, _number):
        env["crab.card"]._open_with_password(Subject("member", 10**6), number, PASSWORD, source(0))

    [refused] = refusals(harness.run_parallel(world.registry, 1, right))
    assert "too many wrong" in str(refused)


def test_a_person_guessing_at_25_numbers_at_once_is_judged_20_times(world):
    world.numbers(25, "GUP")
    from odoo.addons.crab_base.tools.subject import Subject

    def guess(env, at):
        env["crab.card"]._open_with_password(Subject("member", 10**7), f"GUP{at + 1:06}", "wrong", f"203.0.113.{at}")

    texts = [str(error) for error in refusals(harness.run_parallel(world.registry, 25, guess))]
    assert sum("number or the password is wrong" in text for text in texts) == 20


def send_code(env, phone, code):
    """As ``_request`` does it; what would be called does not answer. Earlier ones were asked for long ago."""
    env["crab.sms.code"].search([("phone", "=", phone)]).asked_at = "2026-01-01"
    env.flush_all()
    env["crab.sms.code"]._make(phone, "card", "198.51.100.1", code)


@pytest.fixture(scope="module")
def with_codes(world):
    account_id = world.run(sms_account)
    yield
    world.run(lambda env: env["crab.sms.account"].browse(account_id).write({"active": False}))


@harness.covers("MB-14", "wrong pairs are throttled", via="service")
def test_a_number_locked_from_everywhere_is_redeemed_with_a_code_and_guessed_at_with_none(world, with_codes):
    """Strangers lock it from 15 sources; of 12 parallel guesses with codes of one phone five are judged, and its holder
    redeems it with one code after a slip. Each in transactions of its own.
    """
    world.active(1, "SMS")
    number, attacker, holder = "SMS000001", "+8613900000101", "+8613900000102"

    def enter(env, password, source, **code):
        card = env["crab.card"]._open_with_password(system(), number, password, source, **code)
        return env["crab.redemption"]._redeem(system(), card, ADDRESS).card_id.number

    def lock(env, at):
        enter(env, f"wrong{at:03}", f"198.51.100.{at}")

    texts = [str(error) for error in refusals(harness.run_parallel(world.registry, 20, lock))]
    assert sum("number or the password is wrong" in text for text in texts) == 15, texts

    def refusal(func):
        outcome = harness.undone(world.registry, 1, func)
        assert outcome.kind == "refused", outcome
        return getattr(outcome.error, "error_code", str(outcome.error))

    assert refusal(lambda env: enter(env, PASSWORD, "203.0.113.1")) == "sms_code_required"

    # one code, which a wrong password leaves good, is shown by 12 machines at once
    world.run(lambda env: send_code(env, attacker, "111111"))

    def guess(env, at):
        enter(env, f"guess{at:03}", f"203.0.113.{at + 10}", phone=attacker, code="111111")

    errors = refusals(harness.run_parallel(world.registry, 12, guess))
    judged = [error for error in errors if "number or the password is wrong" in str(error)]
    assert len(judged) == 5, errors
    assert {getattr(error, "error_code", None) for error in errors if error not in judged} == {"card_locked"}
    world.run(lambda env: send_code(env, attacker, "222222"))
    code = {"phone": attacker, "code": "222222"}
    assert refusal(lambda env: enter(env, PASSWORD, "203.0.113.50", **code)) == "card_locked"

    # its holder mistypes once and redeems, all with one code
    world.run(lambda env: send_code(env, holder, "333333"))
    code = {"phone": holder, "code": "333333"}
    assert refusal(lambda env: enter(env, "mistyped", "203.0.113.60", **code)) == "卡号或卡密错误。"

    assert world.run(lambda env: enter(env, PASSWORD, "203.0.113.60", **code)) == number
    state = world.run(lambda env: env["crab.sms.code"].search([("phone", "=", holder)], limit=1).state)
    assert state == "used"
    world.assert_sound()


def test_keys_are_rotated_while_cards_are_redeemed(registry, tmp_path):
    from odoo.addons.crab_card.tools import keyring

    world = World(registry)
    world.active(12, "ROT")
    with own_keys(tmp_path) as path:
        keyring.add(path, "k2")

        def act(env, number):
            if number % 4 == 0:
                return env["crab.card.key"]._rotate() or "rotated"
            card_number = f"ROT{number - number // 4:06}"
            return redeem(env, card_number).id

        results = harness.run_parallel(world.registry, 16, act)
        assert not refusals(results)

        def left(env):
            env["crab.card.key"]._rotate()
            env.cr.execute(
                "SELECT DISTINCT k.chain FROM crab_card c JOIN crab_card_key k ON k.id = c.key_id"
                " WHERE c.number LIKE 'ROT%'"
            )
            chains = env.cr.fetchall()
            used = env["crab.card"].search_count([("number", "=like", "ROT%"), ("state", "=", "used")])
            is_right = env["crab.card"]._check_password("ROT000001", PASSWORD)
            is_wrong = env["crab.card"]._check_password("ROT000001", PASSWORD + "x")
            return chains, used, len(is_right), len(is_wrong)

        assert world.run(left) == ([("k1,k2",)], 12, 1, 0)
        world.assert_sound()


def test_marks_set_and_redeemed_at_once_are_in_one_order(world):
    ids = world.active(4, "VIP")

    def act(env, number):
        cards = env["crab.card"].browse(ids)
        if number % 3 == 0:
            redeem(env, f"VIP{number // 3 + 1:06}")
        else:
            cards.filtered(lambda card: card.state == "active")._mark_vip(number % 3 == 1)
        return True

    refusals(harness.run_parallel(world.registry, 12, act))

    def marks(env):
        return [
            (card.is_vip, [event for event in card.event_ids.mapped("event") if event in ("vip", "unvip")])
            for card in env["crab.card"].browse(ids)
        ]

    for is_vip, events in world.run(marks):
        assert events == ["vip", "unvip"] * (len(events) // 2) + ["vip"] * (len(events) % 2), events
        assert is_vip == bool(len(events) % 2)
    world.assert_sound()
