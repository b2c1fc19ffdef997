def post_init_hook(env):
    """Accounts for the level-1 dealers that are there already."""
    env["crab.wallet"]._open_for(env["crab.dealer"].search([("level", "=", "1")]))
