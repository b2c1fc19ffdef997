"""Dealers and members under real parallel connections: the network keeps its order, nobody is there twice."""

import threading

import pytest
from world import new_dealer, refusals

from harness import in_transaction, run_parallel

AT_ONCE = 12


@pytest.fixture(scope="module")
def registry(module_registry):
    return module_registry


@pytest.fixture
def network(registry, request):
    """Ids of a level 1 (0.50), a level 2 (0.60), a level 3 (0.70) below each other, and of a second level 1 (0.50)."""
    name = f"P{abs(hash(request.node.name)) % 10**6}"

    def make(env):
        top = new_dealer(env, f"{name}-A", level="1", dealer_type="city_partner", ratio=0.5)
        below = new_dealer(env, f"{name}-B", level="2", parent_id=top.id, ratio=0.6)
        last = new_dealer(env, f"{name}-C", level="3", parent_id=below.id, ratio=0.7)
        other = new_dealer(env, f"{name}-Z", level="1", dealer_type="city_partner", ratio=0.5)
        return top.id, below.id, last.id, other.id

    return in_transaction(registry, make)


def phone_of(number):
    return f"137{number:08}"


def read(registry, model, ids, field):
    return in_transaction(registry, lambda env: env[model].browse(ids).mapped(field))


def sound_order(env):
    """Whether parent < own < every member level holds for all, and nobody stands below itself."""
    env.cr.execute(
        """SELECT count(*) FROM crab_dealer d JOIN crab_dealer p ON p.id = d.parent_id
            WHERE p.ratio >= d.ratio OR p.level >= d.level
               OR d.parent_path <> p.parent_path || d.id || '/' OR d.level1_id <> p.level1_id"""
    )
    [wrong] = env.cr.fetchone()
    env.cr.execute(
        "SELECT count(*) FROM crab_dealer, crab_member_level l WHERE l.active AND crab_dealer.ratio >= l.ratio"
    )
    return wrong + env.cr.fetchone()[0] == 0


@pytest.fixture(autouse=True)
def order_holds(registry):
    yield
    assert in_transaction(registry, sound_order)


def test_two_ratios_that_break_the_order_together_do_not_both_pass(registry, network):
    """Each of them fits what it sees: parent up to 0.65 below 0.66, child down to 0.55 above 0.50."""
    top, below, *_rest = network

    def change(env, number):
        dealer, ratio = ((top, 0.58), (below, 0.55))[number % 2]
        env["crab.dealer"].browse(dealer)._set_ratio(ratio, "at once")
        return ratio

    results = run_parallel(registry, AT_ONCE, change)
    assert {result for result in results if not isinstance(result, Exception)} in ({0.58}, {0.55})
    assert len(refusals(results)) == AT_ONCE - 1
    lines = read(registry, "crab.dealer", [top, below], "ratio_ids.ratio")
    assert len(lines) == 3, "one change, one line of history"


def test_a_new_child_and_a_higher_parent_do_not_pass_each_other(registry, network):
    """Whoever changes the parent while a child is being made waits, begins again and sees the child."""
    other, made = network[3], threading.Event()

    def change(env, number):
        if number:
            new_dealer(env, f"NEW-{other}", level="2", parent_id=other, ratio=0.55)
            made.set()
        else:
            made.wait(60)
            env["crab.dealer"].browse(other)._set_ratio(0.56, "at once")

    results = run_parallel(registry, 2, change)
    assert results[1] is None
    [error] = refusals(results)
    assert f"NEW-{other}" in str(error), "the refusal names the child"


def test_a_dealer_and_a_member_level_do_not_pass_each_other(registry, network):
    top, *_rest = network

    def make_level(env):
        return env["crab.member.level"].create({"name": f"Level {top}", "ratio": 0.99}).id

    level = in_transaction(registry, make_level)

    def change(env, number):
        if number % 2:
            env["crab.member.level"].browse(level)._set_ratio(0.9, "at once")
        else:
            dealer = env["crab.dealer"].browse(network[2])
            dealer._set_ratio(0.95, "at once")
        return number % 2

    results = run_parallel(registry, AT_ONCE, change)
    assert len({result for result in results if not isinstance(result, Exception)}) == 1, results
    in_transaction(registry, lambda env: env["crab.member.level"].browse(level).unlink())


def test_two_dealers_are_not_moved_into_each_other(registry, network):
    """Either may go below the other, not both: one stays a level 1."""
    _top, _below, _last, first = network
    second = in_transaction(
        registry,
        lambda env: new_dealer(env, f"ROUND-{first}", level="1", dealer_type="city_partner", ratio=0.5).id,
    )

    def move(env, number):
        one, other = (first, second)[:: 1 if number % 2 else -1]
        dealer = env["crab.dealer"].browse(one)
        dealer._relocate(env["crab.dealer"].browse(other), level="2", ratio=0.6, reason="at once")
        return one

    results = run_parallel(registry, AT_ONCE, move)
    assert len([result for result in results if not isinstance(result, Exception)]) == 1, results
    assert sorted(read(registry, "crab.dealer", [first, second], "level")) == ["1", "2"]


def test_closing_a_dealer_and_adding_below_it_do_not_pass_each_other(registry, network):
    _top, _below, _last, other = network

    def work(env, number):
        if number:
            return new_dealer(env, f"LATE-{other}-{number}", level="2", parent_id=other, ratio=0.6).id
        env["crab.dealer"].browse(other)._close("at once")
        return 0

    results = run_parallel(registry, 4, work)
    assert results[0] == 0, results
    for error in refusals(results):
        assert "closed" in str(error) or "已关闭" in str(error)


def test_the_last_use_of_an_invitation_goes_to_one_applicant(registry, network):
    top, *_rest = network

    def invite(env):
        values = {"dealer_id": top, "level": "3", "ratio": 0.8, "max_uses": 3}
        return env["crab.dealer.invitation"].create(values).invite_code

    code = in_transaction(registry, invite)

    def apply(env, number):
        applicant = {"name": f"Shop {number}", "contact_name": "Applicant", "phone": phone_of(top * 1000 + number)}
        return env["crab.dealer.application"]._apply(applicant, code).id

    results = run_parallel(registry, AT_ONCE, apply)
    assert len(refusals(results)) == AT_ONCE - 3
    found = in_transaction(
        registry,
        lambda env: env["crab.dealer.application"].search_count([("invitation_id.invite_code", "=", code)]),
    )
    assert found == 3


def test_one_application_is_decided_once(registry, network):
    top, *_rest = network

    def apply(env):
        values = {"name": "Shop", "contact_name": "Applicant", "phone": phone_of(top * 1000 + 500)}
        values.update(level="2", parent_id=top, ratio=0.7)
        return env["crab.dealer.application"].create(values).id

    application = in_transaction(registry, apply)

    def decide(env, number):
        record = env["crab.dealer.application"].browse(application)
        return record._set_rejected("no") if number % 2 else len(record._set_approved())

    results = run_parallel(registry, AT_ONCE, decide)
    assert len(refusals(results)) == AT_ONCE - 1, results
    dealers = in_transaction(
        registry, lambda env: env["crab.dealer"].search_count([("phone", "=", f"+86{phone_of(top * 1000 + 500)}")])
    )
    assert dealers == (results.index(1) % 2 == 0 if 1 in results else 0)


def test_the_same_phone_registering_at_once_is_one_member_of_the_first_inviter(registry, network):
    """First touch wins, also when it is a matter of milliseconds: all get the same member, with one owner."""
    top, below, *_rest = network
    phone = phone_of(top * 1000 + 600)
    codes = read(registry, "crab.dealer", [top, below], "invite_code")

    def register(env, number):
        [account] = env["crab.account"]._get_or_create([{"name": "Once", "phone": phone}])
        member = env["crab.member"]._sign_up(account, codes[number % 2])
        return member.id, member.dealer_id.id

    results = run_parallel(registry, AT_ONCE, register)
    assert len(set(results)) == 1, results
    assert len(read(registry, "crab.member", [results[0][0]], "ownership_ids.id")) == 1


def test_a_known_person_registering_at_once_is_one_member(registry, network):
    """The account is there (a dealer's contact); only the member is new."""
    account = read(registry, "crab.dealer", [network[0]], "account_id.id")[0]

    def register(env, _number):
        return env["crab.member"]._sign_up(env["crab.account"].browse(account)).id

    results = run_parallel(registry, AT_ONCE, register)
    assert len(set(results)) == 1, results
    assert isinstance(results[0], int), results


def new_members(registry, start, count):
    def make(env):
        numbers = range(start * 1000 + 700, start * 1000 + 700 + count)
        return env["crab.member"].create([{"name": f"M{number}", "phone": phone_of(number)} for number in numbers]).ids

    return in_transaction(registry, make)


def test_merges_in_a_chain_end_with_one_person(registry, network):
    """A into B while B into C, and A into C: nobody is merged twice, what belongs together ends at one member."""
    ids = new_members(registry, network[0], 3)
    accounts = read(registry, "crab.member", ids, "account_id.id")
    pairs = [(0, 1), (1, 2), (0, 2), (1, 0), (2, 1), (2, 0)]

    def merge(env, number):
        source, target = (env["crab.account"].browse(accounts[place]) for place in pairs[number])
        source._merge_into(target)
        return pairs[number]

    results = run_parallel(registry, len(pairs), merge)
    assert len(refusals(results)) == len(pairs) - 2, results

    def look(env):
        members, logins = env["crab.member"].browse(ids), env["crab.account"].browse(accounts)
        return (
            len(members.filtered(lambda member: member.state == "active")),
            len(logins.filtered(lambda login: login.state == "live")),
            sum(bool(member.merged_into_id) for member in members),
            members._has_cycle("merged_into_id"),
        )

    assert in_transaction(registry, look) == (1, 1, 2, False)


def test_two_head_office_users_claim_members_for_different_dealers(registry, network):
    """The last one wins, and the history is a chain without a gap."""
    top, below, _last, other = network
    [member] = new_members(registry, top, 1)

    def claim(env, number):
        dealer = env["crab.dealer"].browse((top, below, other)[number % 3])
        env["crab.member"].browse(member)._set_owner(dealer, env["crab.dealer.staff"], f"claim {number}")

    assert not refusals(run_parallel(registry, AT_ONCE, claim))

    def look(env):
        lines = env["crab.member"].browse(member).ownership_ids.sorted("id")
        holes = sum(later.from_dealer_id != line.to_dealer_id for line, later in zip(lines, lines[1:], strict=False))
        return holes, lines[-1].to_dealer_id == env["crab.member"].browse(member).dealer_id

    assert in_transaction(registry, look) == (0, True)


def test_upgrade_and_a_head_office_change_keep_one_history(registry, network):
    """The nightly run never takes back what head office did meanwhile, and no line of history is lost."""
    [member] = new_members(registry, network[0], 1)

    def make_level(env):
        return env["crab.member.level"].create({"name": f"Up {member}", "ratio": 0.98, "min_invitations": 1}).id

    level = in_transaction(registry, make_level)
    in_transaction(
        registry,
        lambda env: env["crab.member"].create(
            {"name": "Invited", "phone": phone_of(network[0] * 1000 + 990), "inviter_id": member}
        ),
    )

    def rise(env, number):
        record = env["crab.member"].browse(member)
        if number == 0:
            record._set_level(env["crab.member.level"]._default(), "down")
        return record._upgrade_due().ids

    assert not refusals(run_parallel(registry, 6, rise))
    lines = in_transaction(
        registry,
        lambda env: (
            env["crab.member"].browse(member).level_history_ids.sorted("id").mapped(lambda x: x.to_level_id.id),
            env["crab.member"].browse(member).level_id.id,
        ),
    )
    assert lines[0][-1] == lines[1] == level
    assert all(one != other for one, other in zip(lines[0], lines[0][1:], strict=False)), "no line without a change"
