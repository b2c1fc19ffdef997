"""Coming in: by an invitation, by code or password, in another role, over a bad network."""

import pytest

from harness import covers

PHONE = "13655550001"
DEALER = "13900000001"  # of the made-up company


@pytest.fixture(scope="module")
def invited(world):
    """What the invitation of a dealer carries."""
    return world.run(lambda env: env["crab.dealer"].browse(world.below_id).invite_code)


@covers("MB-01", "member belongs to the inviter's dealer", via="api")
@covers("MB-04", "an unknown phone registers", via="api")
def test_invited(phone, world, invited):
    phone.login(PHONE, invite=invited).at("pages/home/index")
    dealer_id = world.run(lambda env: env["crab.member"].search([("phone", "=", f"+86{PHONE}")]).dealer_id.id)
    assert dealer_id == world.below_id
    phone.tap("我的").at("pages/mine/index").see("普通会员")


def test_wrong_invitation(phone):
    """Whoever holds a dead invitation comes in without it."""
    phone.login("13655550002", invite="NOSUCHCODE").see("邀请无效")
    phone.tap("不使用邀请，直接登录").at("pages/home/index")


def test_code_is_wrong_then_right(phone, world):
    """What was typed stays, and says what is wrong with it."""
    phone.open("pages/login/index").fill("手机号", "13655550003").tap("获取验证码").see("秒后重发")
    code = world.code("13655550003")
    phone.fill("验证码", str((int(code) + 1) % 10**6).zfill(6)).tap("同意用户协议").tap("登录", exact=True).see(
        "验证码错误"
    )
    phone.fill("验证码", code).tap("登录", exact=True).at("pages/home/index")


def test_agreement_first(phone):
    phone.open("pages/login/index").tap("密码登录").fill("手机号", PHONE).fill("密码", "secret-secret")
    phone.tap("登录", exact=True).see("请先阅读并同意用户协议").confirm(False)
    phone.tap("登录", exact=True).confirm().see("手机号或密码不正确")


@covers("MB-05", "log in with phone and password", via="api")
@covers("MB-31", "set or change password", via="api")
def test_forgotten_password(phone, other_phone, world):
    number = "13655550004"
    world.tokens(number)
    phone.open("pages/login/index").tap("密码登录").fill("手机号", number).tap("忘记密码").at("pages/login/password")
    phone.tap("获取验证码").see("秒后重发").fill("验证码", world.code(number)).fill("新密码", "nine crabs and 1 pot")
    phone.tap("更改密码并登录").at("pages/home/index")
    other_phone.open("pages/login/index").tap("密码登录").fill("手机号", number).fill("密码", "nine crabs and 1 pot")
    other_phone.tap("同意用户协议").tap("登录", exact=True).at("pages/home/index")


def test_roles(phone, world):
    """A dealer who is a member too chooses, and goes on in the other role without logging in again."""
    world.tokens(DEALER)
    phone.login(DEALER).see("以什么身份进入").tap("渠道商", exact=False).at("pages/mine/index").see("进入工作台")
    phone.page.locator(".mine__role:visible").click()
    phone.tap("会员").see("我的订单")
    phone.page.reload()
    phone.settle().see("我的订单")


def test_login_is_asked_for_and_goes_back(phone, world):
    """Who must log in comes back to where it was asked for."""
    number = "13655550005"
    phone.open("pages/mine/index").tap("收货地址").at("pages/login/index")
    phone.fill("手机号", number).tap("获取验证码").see("秒后重发").fill("验证码", world.code(number))
    phone.tap("同意用户协议").tap("登录", exact=True).at("packages/member/pages/addresses")


def test_ended_token_is_renewed(phone):
    """The access token ended; nobody notices, and the refresh token is used once for all who wait."""
    renewals = []
    phone.page.on("request", lambda request: request.url.endswith("/auth/refresh") and renewals.append(request))
    phone.enter_as(PHONE)
    phone.page.evaluate(
        """() => {
            const kept = JSON.parse(localStorage.getItem('crab.tokens'));
            kept.data.access_token = 'ended';
            localStorage.setItem('crab.tokens', JSON.stringify(kept));
        }"""
    )
    phone.open("pages/mine/index").see("普通会员")
    assert len(renewals) == 1


def test_ended_session_asks_again(phone, world):
    phone.enter_as("13655550006")
    world.run(lambda env: env["crab.session"].search([])._end("logout"))
    phone.open("pages/mine/index").see("登录 / 注册")


def test_bad_network(phone):
    """No network is said, a lost answer can be asked for again, and what stood there stays."""
    phone.allow("ERR_CONNECTION_RESET", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "status of 500")
    phone.enter_as("13655550007")
    phone.net.fail("/member/me")
    phone.open("pages/mine/index").see("服务繁忙").tap("重试").see("普通会员")
    phone.net.lose("/member/me", times=2)
    phone.open("pages/mine/index").see("网络不给力").tap("重试").see("普通会员")
    phone.net.offline()
    phone.see("网络已断开")
    phone.net.offline(False)
    phone.page.locator(".app-page__offline").first.wait_for(state="detached")


def test_big_text(phone):
    """Large letters stay, and fit the screen."""
    phone.enter_as("13655550008").open("pages/mine/index")
    phone.page.locator("[aria-label='大字模式']:visible").click()
    size = "() => parseFloat(getComputedStyle(document.querySelector('.mine__name')).fontSize)"
    big = phone.page.evaluate(size)
    phone.open("pages/mine/index").see("普通会员")
    assert phone.page.evaluate(size) == big
    assert phone.page.locator(".app-page.is-big").count()


def test_dealers_are_members_as_well(phone, world):
    """A dealer gives feedback as such, and whom a link leads to a member's things goes on as one."""
    dealer = "13900000001"
    world.tokens(dealer)
    phone.enter_as(dealer, "dealer").open("pages/mine/index").tap("意见反馈").at("packages/member/pages/feedback").see(
        "还没有反馈记录"
    )
    phone.open("packages/member/pages/orders").tap("切换为会员").see("还没有订单")
