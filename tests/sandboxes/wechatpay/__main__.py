"""A WeChat Pay for development and tests: ``python tests/sandboxes/wechatpay --keys DIR [--port N] [--state FILE]``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gateway import WeChatPay  # noqa: E402
from sandbox import main  # noqa: E402

main(WeChatPay, "wechatpay", 8480)
