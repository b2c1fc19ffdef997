def post_init_hook(env):
    """The journal of fapiao for the companies that have a role in the suite."""
    env["res.company"].search([("crab_role", "!=", False)])._crab_set_up_ledger()
