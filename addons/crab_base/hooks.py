from .tools import retry_policy


def post_load():
    retry_policy.install()


def post_init_hook(env):
    """Set the two companies up on a fresh database; an existing company that is already in use is left as it is."""
    env["res.company"]._crab_set_up_companies()
