"""The web client opens for each role of the back office, in Chinese."""

import pytest

import crabenv
import harness


@pytest.fixture(scope="module")
def users(module_registry):
    return harness.in_transaction(module_registry, harness.make_users)


@pytest.mark.parametrize("role", harness.ROLES)
@harness.covers("HQ-63", "roles", via="web")
def test_the_web_client_opens_for_each_role(users, module_server, screen, role):
    view = screen(module_server, f"e2e_{role}")
    view.page.wait_for_selector(".o_menu_brand, .o_app, .o_navbar_apps_menu")
    view.shot(f"login-{role}")
    assert not view.errors
    assert view.page.evaluate("luxon.Settings.defaultLocale").startswith("zh")
    assert not view.overflows()


def test_a_wrong_password_is_refused(users, module_server):
    with pytest.raises(harness.RpcError) as refused:
        module_server.rpc("e2e_finance", "wrong")
    assert refused.value.name == "odoo.exceptions.AccessDenied"


def test_parallel_calls_have_their_own_connections(module_registry):
    def backend(env, number):
        env.cr.execute("SELECT pg_backend_pid()")
        return env.cr.fetchone()[0]

    assert len(set(harness.run_parallel(module_registry, 20, backend))) == 20


def test_committed_work_survives_a_crash_of_the_database(crashable):
    cluster, database = crashable
    with crabenv.connect(database) as cr:
        cr.execute("UPDATE res_company SET report_footer = '\"committed\"'")
    cluster.stop("immediate")
    cluster.start()
    with crabenv.connect(database) as cr:
        cr.execute("SELECT report_footer FROM res_company LIMIT 1")
        assert "committed" in str(cr.fetchone()[0])
