"""WeChat's mini-program side: ``python tests/sandboxes/wechat --keys DIR [--port N] [--state FILE]``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sandbox import main  # noqa: E402

from miniprogram import Miniprogram  # noqa: E402

main(Miniprogram, "wechat", 8500)
