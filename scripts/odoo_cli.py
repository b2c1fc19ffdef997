"""Odoo's command line. ``python -m odoo`` cannot start its gevent child, this can.

``CRAB_TERMS`` names a folder for the terms of what is installed, see terms.py.
"""

import os

import crabenv

crabenv.mute_old_libraries()

import odoo.cli  # noqa: E402

if __name__ == "__main__":
    if os.environ.get("CRAB_TERMS"):
        import terms

        terms.export_into(os.environ["CRAB_TERMS"])
    odoo.cli.main()
