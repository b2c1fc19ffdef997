from .models.res_company import LANGUAGE
from .tools import connection_reset, log_hygiene, retry_policy, safe_export


def post_load():
    """What the suite changes in Odoo itself; a second call changes nothing."""
    connection_reset.install()
    log_hygiene.install()
    retry_policy.install()
    safe_export.install()


def post_init_hook(env):
    """Chinese and the two companies on a fresh database; a company that is already in use is left as it is."""
    language = env["res.lang"].with_context(active_test=False).search([("code", "=", LANGUAGE)])
    if not language.active:
        env["res.lang"]._activate_and_install_lang(LANGUAGE)
        modules = env["ir.module.module"].search([("state", "=", "installed")]) | env.ref("base.module_crab_base")
        modules._update_translations(LANGUAGE)
    env["res.company"]._crab_set_up_companies()
