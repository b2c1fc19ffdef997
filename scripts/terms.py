"""The terms of addons, exported while Odoo installs them: each as soon as it is there, before others change it."""

from pathlib import Path

import crabenv


def export_into(folder):
    """From here on each addon of ours that this process installs leaves its terms in ``<folder>/<addon>.pot``."""
    from odoo.modules.registry import Registry

    new = Registry.new

    def new_with_export(*args, **kwargs):
        Registry.new = new
        _export_installed(Path(folder))
        return new(*args, **kwargs)

    Registry.new = new_with_export


def _export_installed(folder):
    from odoo.tools.translate import trans_export

    import odoo.addons
    from odoo.addons.base.models.ir_module import IrModuleModule

    write, ours = IrModuleModule.write, crabenv.our_addons()

    def write_and_export(self, values):
        result = write(self, values)
        for addon in self.mapped("name") if values.get("state") == "installed" else ():
            if addon in ours:
                elsewhere = odoo.addons.__path__
                odoo.addons.__path__ = [str(crabenv.ROOT / "addons")]  # no other code is searched for terms
                with (folder / f"{addon}.pot").open("wb") as target:
                    trans_export(False, [addon], target, "po", self.env)
                odoo.addons.__path__ = elsewhere
        return result

    IrModuleModule.write = write_and_export
