"""Odoo's command line. ``python -m odoo`` cannot start its gevent child, this can."""

import crabenv

crabenv.mute_old_libraries()

import odoo.cli  # noqa: E402

if __name__ == "__main__":
    odoo.cli.main()
