"""Odoo's command line. ``python -m odoo`` cannot start its gevent child, this can."""

import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
