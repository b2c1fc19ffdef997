"""Odoo's command line. ``python -m odoo`` cannot start its gevent child, this can."""

import contextlib
import warnings

with warnings.catch_warnings(), contextlib.suppress(ImportError):
    warnings.simplefilter("ignore")
    import PyPDF2  # noqa: F401  Odoo prefers it; its own warning about its age would stand in every log

import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
